"""One function for each operation on free slots and their reservations."""

from collections.abc import Iterable
from datetime import datetime
from typing import cast

from calcom_core.model.inputs import Moment
from calcom_core.model.slot import Day, NewReservation, Reservation, SlotFilters, SlotFormat, Slots
from calcom_core.operation import Operation, operation
from calcom_core.serialization import to_body, to_json, to_query


def list(  # named as in the API
    *,
    start: Day,
    end: Day,
    event_type_id: int | None = None,
    event_type_slug: str | None = None,
    username: str | None = None,
    team_slug: str | None = None,
    usernames: Iterable[str] | None = None,
    organization_slug: str | None = None,
    time_zone: str | None = None,
    duration: int | None = None,
    format: SlotFormat | None = None,
    booking_uid_to_reschedule: str | None = None,
    rr_host_subset_ids: Iterable[int] | None = None,
    cal_api_version: str | None = None,
) -> Operation[Slots]:
    """List the free slots of an event type.

    `GET /v2/slots`, version 2024-09-04.
    No credentials are needed.
    The event type is named by *event_type_id*; by *event_type_slug* and *username*, or
    *event_type_slug* and *team_slug*, both also within an *organization_slug*;
    or by *usernames* of an *organization_slug*, for a meeting of all of them.

    Args:
        start: a date, as a value or as `2027-04-05`, which means its first moment in UTC;
            or an aware datetime or a string with an offset.
            A date is refused with a *time_zone* other than UTC: give the midnight in that zone.
        end: the same, not before *start*; a date is included, a moment is not.
            One in the first second of a day in UTC is sent as the second before,
            since the server would take it for the end of that day.
        event_type_id: the id of the event type.
        event_type_slug: its slug.
        username: of the user whose event type it is.
        team_slug: of the team whose event type it is.
        usernames: two or more.
        organization_slug: of the organisation of user, team or users.
        time_zone: an IANA name; the dates and offsets of the answer are in it, else in UTC.
        duration: in minutes, at least 1, for event types of several lengths.
        format: `range` for slots with their end; `time`, the default, without.
        booking_uid_to_reschedule: a booking that takes no slot away, since it will be moved.
        rr_host_subset_ids: the hosts of a round robin to choose among.
        cal_api_version: pins the version for this call.

    Returns:
        `Slots`, a mapping of dates to tuples of `Slot`.

    Raises:
        InvalidInput: for what the server would refuse or silently misread; nothing is sent.
        NotFound: for an event type, a user or a team that does not exist.
    """
    filters = SlotFilters(
        start=start,
        end=end,
        event_type_id=event_type_id,
        event_type_slug=event_type_slug,
        username=username,
        team_slug=team_slug,
        usernames=usernames,
        organization_slug=organization_slug,
        time_zone=time_zone,
        duration=duration,
        format=format,
        booking_uid_to_reschedule=booking_uid_to_reschedule,
        rr_host_subset_ids=rr_host_subset_ids,
    )
    query = dict(to_query(filters)) | {"end": to_json(filters.end_to_ask)}
    return operation("slots.list", cal_api_version, query=tuple(query.items()))


def reserve(
    *,
    event_type_id: int,
    slot_start: Moment,
    slot_duration: int | None = None,
    reservation_duration: int | None = None,
    cal_api_version: str | None = None,
) -> Operation[Reservation]:
    """Keep a slot from others for some minutes.

    `POST /v2/slots/reservations`, version 2024-09-04.
    Credentials are optional.
    Booking neither needs nor uses up a reservation: delete it, or let it expire.

    Args:
        event_type_id: the id of the event type.
        slot_start: an aware datetime, or a string of ISO 8601 with an offset.
        slot_duration: in minutes, at least 1, for event types of several lengths.
        reservation_duration: in minutes, at least 1, 5 by default; needs the credentials of
            somebody of the event type.
        cal_api_version: pins the version for this call.

    Returns:
        The `Reservation`.
        It is not idempotent; its `verify` lists the free slots of that day, where the slot is
        missing if it was reserved, by this call or by somebody else; its uid cannot be learnt.

    Raises:
        InvalidInput: for values of another kind.
        SlotUnavailable: for a slot that is taken or reserved.
        NotFound: for an event type that does not exist.
    """
    data = NewReservation(
        event_type_id=event_type_id,
        slot_start=slot_start,
        slot_duration=slot_duration,
        reservation_duration=reservation_duration,
    )
    day = cast(datetime, data.slot_start).date()  # in UTC, as every moment of an input
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
    """Get a reservation; one that expired is still there.

    `GET /v2/slots/reservations/{reservation_uid}`, version 2024-09-04.
    No credentials are needed.

    Args:
        reservation_uid: the uid of a reservation.
        cal_api_version: pins the version for this call.

    Returns:
        The `Reservation`, or None where there is no such.

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
    One that has not expired cannot be prolonged: it is in its own way. Delete it and reserve anew.

    Args:
        reservation_uid: the uid of a reservation.
        event_type_id: the id of the event type.
        slot_start: an aware datetime, or a string of ISO 8601 with an offset.
        slot_duration: in minutes, at least 1, for event types of several lengths.
        reservation_duration: in minutes from now, at least 1, 5 by default.
        cal_api_version: pins the version for this call.

    Returns:
        The `Reservation`.

    Raises:
        InvalidInput: for values of another kind.
        SlotUnavailable: for a slot that is taken or reserved, also by this reservation.
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
    """Give a slot back.

    `DELETE /v2/slots/reservations/{reservation_uid}`, version 2024-09-04.
    No credentials are needed.

    Args:
        reservation_uid: the uid of a reservation.
        cal_api_version: pins the version for this call.

    Returns:
        Nothing, also where there is no such reservation; so it may be repeated.

    Raises:
        InvalidInput: for a uid that is empty or not printable.
    """
    return operation("slots.delete_reservation", cal_api_version, reservation_uid=reservation_uid)
