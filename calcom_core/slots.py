"""The operations on free slots and their reservations.

Dates are days in UTC, because the core has no time zone data; pass datetimes for other zones.
"""

from datetime import datetime
from typing import Unpack, cast

from calcom_core.model.inputs import Moment
from calcom_core.model.slot import (
    Day,
    NewReservation,
    Reservation,
    SlotFilterDict,
    SlotFilters,
    Slots,
)
from calcom_core.operation import Operation, operation
from calcom_core.serialization import to_body, to_json, to_query


def list(  # named as in the API
    *, start: Day, end: Day, cal_api_version: str | None = None, **filters: Unpack[SlotFilterDict]
) -> Operation[Slots]:
    """List the free slots of an event type.

    `GET /v2/slots`, version 2024-09-04.
    No credentials are needed.
    Select the event type by *event_type_id*; by *event_type_slug* with *username* or *team_slug*,
    optionally within an *organization_slug*; or by *usernames* of an *organization_slug*, for a
    meeting with all of them.

    Args:
        start: a date or a string such as `2027-04-05`, which means the first moment of that day in
            UTC; or an aware datetime or a string with an offset.
            A date is refused with a *time_zone* other than UTC: pass the midnight in that zone.
        end: as *start*, and not before it; a date includes the whole day.
            A time in the first second of a day in UTC is sent as the second before.
            The server would extend it to the end of that day.
        event_type_id: the id of the event type, at least 1.
        event_type_slug: the slug of the event type.
        username: the owner of the event type.
        team_slug: the team that owns the event type.
        usernames: two or more users.
        organization_slug: the organisation of the user, team or users.
        time_zone: an IANA name, for the dates and offsets in the response; by default UTC.
        duration: minutes, at least 1, for an event type with several lengths.
        format: `range` for slots with their end, or `time`, the default.
        booking_uid_to_reschedule: a booking whose time counts as free.
        rr_host_subset_ids: the hosts of a round robin to consider, at least one id.
        cal_api_version: pins the version for this call.

    Returns:
        `Slots`, a mapping of dates to tuples of `Slot`.

    Raises:
        InvalidInput: for values that the server would refuse or silently misread.
        NotFound: for an event type, a user or a team that does not exist.
    """
    given = SlotFilters(start=start, end=end, **filters)
    query = dict(to_query(given)) | {"end": to_json(given.end_to_send)}
    return operation("slots.list", cal_api_version, query=tuple(query.items()))


def reserve(
    *,
    event_type_id: int,
    slot_start: Moment,
    slot_duration: int | None = None,
    reservation_duration: int | None = None,
    cal_api_version: str | None = None,
) -> Operation[Reservation]:
    """Reserve a slot for some minutes.

    `POST /v2/slots/reservations`, version 2024-09-04.
    Credentials are optional.
    A booking neither needs nor consumes a reservation: delete it, or let it expire.

    Args:
        event_type_id: the id of the event type, at least 1.
        slot_start: an aware datetime, or an ISO 8601 string with an offset.
        slot_duration: minutes, at least 1, for an event type with several lengths.
        reservation_duration: minutes, at least 1, by default 5; needs the credentials of a host or
            a member of the event type.
        cal_api_version: pins the version for this call.

    Returns:
        The `Reservation`.
        It is not idempotent; its `verify` lists the free slots of that day.
        The slot is missing there if this call or another one reserved it; the uid of a lost
        reservation cannot be found.

    Raises:
        InvalidInput: for invalid values.
        SlotUnavailable: for a slot that is taken or reserved.
        NotFound: for an event type that does not exist.
    """
    data = NewReservation(
        event_type_id=event_type_id,
        slot_start=slot_start,
        slot_duration=slot_duration,
        reservation_duration=reservation_duration,
    )
    day = cast(datetime, data.slot_start).date()  # inputs convert times to UTC
    verify = list(
        start=day,
        end=day,
        event_type_id=event_type_id,
        duration=slot_duration,
        cal_api_version=cal_api_version,
    )
    return operation("slots.reserve", cal_api_version, body=to_body(data), verify=verify)


def get_reservation(
    reservation_uid: str, *, cal_api_version: str | None = None
) -> Operation[Reservation | None]:
    """Get a reservation, even after it expired.

    `GET /v2/slots/reservations/{reservation_uid}`, version 2024-09-04.
    No credentials are needed.

    Args:
        reservation_uid: the uid of a reservation.
        cal_api_version: pins the version for this call.

    Returns:
        The `Reservation`, or None if it does not exist.

    Raises:
        InvalidInput: for a uid that is empty or not printable.
    """
    return operation("slots.get_reservation", cal_api_version, reservation_uid=reservation_uid)


def update_reservation(
    reservation_uid: str,
    *,
    event_type_id: int,
    slot_start: Moment,
    slot_duration: int | None = None,
    reservation_duration: int | None = None,
    cal_api_version: str | None = None,
) -> Operation[Reservation]:
    """Move a reservation to another slot.

    `PATCH /v2/slots/reservations/{reservation_uid}`, version 2024-09-04.
    No credentials are needed.
    It cannot extend an active reservation, which occupies its own slot: delete it, then reserve
    again.

    Args:
        reservation_uid: the uid of a reservation.
        event_type_id: the id of the event type, at least 1.
        slot_start: an aware datetime, or an ISO 8601 string with an offset.
        slot_duration: minutes, at least 1, for an event type with several lengths.
        reservation_duration: minutes from now, at least 1, by default 5.
        cal_api_version: pins the version for this call.

    Returns:
        The `Reservation`.

    Raises:
        InvalidInput: for invalid values.
        SlotUnavailable: for a slot that is taken or reserved, even by this reservation.
        NotFound: for a uid that does not exist.
    """
    data = NewReservation(
        event_type_id=event_type_id,
        slot_start=slot_start,
        slot_duration=slot_duration,
        reservation_duration=reservation_duration,
    )
    return operation(
        "slots.update_reservation",
        cal_api_version,
        reservation_uid=reservation_uid,
        body=to_body(data),
    )


def delete_reservation(
    reservation_uid: str, *, cal_api_version: str | None = None
) -> Operation[None]:
    """Delete a reservation.

    `DELETE /v2/slots/reservations/{reservation_uid}`, version 2024-09-04.
    No credentials are needed.

    Args:
        reservation_uid: the uid of a reservation.
        cal_api_version: pins the version for this call.

    Returns:
        None, even if the reservation does not exist; the call is idempotent.

    Raises:
        InvalidInput: for a uid that is empty or not printable.
    """
    return operation("slots.delete_reservation", cal_api_version, reservation_uid=reservation_uid)
