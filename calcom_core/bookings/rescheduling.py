"""The operations that move a booking or one seat of it.

A moved booking gets a new uid.
"""

from calcom_core.model.booking import Booking
from calcom_core.model.input_dicts import (
    RescheduleDict,
    SeatRescheduleDict,
)
from calcom_core.model.inputs import (
    Moment,
    Reschedule,
    RescheduleReason,
    SeatReschedule,
    minimum_versions_of,
    whole_or_seat,
)
from calcom_core.operation import Operation, operation
from calcom_core.serialization import to_body


def reschedule(
    booking_uid: str,
    data: Reschedule | SeatReschedule | RescheduleDict | SeatRescheduleDict,
    *,
    cal_api_version: str | None = None,
) -> Operation[Booking]:
    """Move a booking, or with `seat_uid` in *data* one seat of it.

    `POST /v2/bookings/{booking_uid}/reschedule`, version 2024-08-13 or 2026-02-25.
    Credentials are optional.

    Args:
        booking_uid: the uid of a booking or of one occurrence; a series cannot be moved.
        data: a `Reschedule` or a `SeatReschedule`, or a mapping of the keys of one of them.
        cal_api_version: pins the version for this call.

    Returns:
        The new `Booking`, which has a new uid; the old one becomes cancelled
        and names the new one in `rescheduled_to_uid`.

    Raises:
        InvalidInput: for unknown keys, for whole-booking keys beside `seat_uid`, and for what only
            a host may ask (`allow_conflicts`, …) in a version before 2026-02-25.
        BookingConflict: for a booking that is cancelled, or was rescheduled before.
        SlotUnavailable: among others, as the server says.
    """
    moved = whole_or_seat(data, Reschedule, SeatReschedule)
    seat = isinstance(moved, SeatReschedule)
    name = "bookings.reschedule_seat" if seat else "bookings.reschedule"
    return operation(
        name,
        cal_api_version,
        booking_uid=booking_uid,
        body=to_body(moved),
        minimum_versions=minimum_versions_of(moved, "data."),
    )


def reschedule_seat(
    booking_uid: str,
    seat_uid: str,
    start: Moment,
    *,
    rescheduled_by: str | None = None,
    email_verification_code: str | None = None,
    allow_conflicts: bool | None = None,
    allow_booking_out_of_bounds: bool | None = None,
    skip_booking_limits: bool | None = None,
    cal_api_version: str | None = None,
) -> Operation[Booking]:
    """Move one seat of a booking to another time.

    As `reschedule`; the response has the new `seat_uid`, and may name another booking.
    """
    moved = SeatReschedule(
        seat_uid=seat_uid,
        start=start,
        rescheduled_by=rescheduled_by,
        email_verification_code=email_verification_code,
        allow_conflicts=allow_conflicts,
        allow_booking_out_of_bounds=allow_booking_out_of_bounds,
        skip_booking_limits=skip_booking_limits,
    )
    return operation(
        "bookings.reschedule_seat",
        cal_api_version,
        booking_uid=booking_uid,
        body=to_body(moved),
        minimum_versions=minimum_versions_of(moved),
    )


def request_reschedule(
    booking_uid: str,
    *,
    reschedule_reason: str | None = None,
    cal_api_version: str | None = None,
) -> Operation[None]:
    """Cancel a booking and ask the attendee by mail to pick another time; hosted service only.

    `POST /v2/bookings/{booking_uid}/request-reschedule`, version 2026-02-25.
    Credentials are needed.
    The table `EVERYWHERE` lacks it: use `HOSTED`, or pin the version.

    Args:
        booking_uid: the uid of a booking.
        reschedule_reason: why.
        cal_api_version: pins the version for this call.

    Returns:
        Nothing; get the booking to see that it is cancelled.

    Raises:
        InvalidInput: for a uid that is empty, reserved or not printable.
        PermissionDenied, NotFound: as the server says.
    """
    body = to_body(RescheduleReason(reschedule_reason=reschedule_reason))
    return operation(
        "bookings.request_reschedule", cal_api_version, booking_uid=booking_uid, body=body
    )
