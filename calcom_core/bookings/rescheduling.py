"""The operations that reschedule a booking or one seat of it.

The server cancels the old booking and creates a new one with a new uid.
The key `seat_uid` in *data* selects a seat.
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
    create_whole_or_seat,
    find_minimum_versions,
)
from calcom_core.operation import Operation, operation
from calcom_core.serialization import to_body


def reschedule(
    booking_uid: str,
    data: Reschedule | SeatReschedule | RescheduleDict | SeatRescheduleDict,
    *,
    cal_api_version: str | None = None,
) -> Operation[Booking]:
    """Reschedule a booking, or with `seat_uid` in *data* one seat of it.

    `POST /v2/bookings/{booking_uid}/reschedule`, version 2024-08-13 or 2026-02-25.
    Credentials are optional.

    Args:
        booking_uid: the uid of a booking or of one occurrence, not of a series.
        data: a `Reschedule` or a `SeatReschedule`, or a mapping of the keys of one of them.
        cal_api_version: pins the version for this call.

    Returns:
        The new `Booking`, with a new uid; the old one is cancelled, and its
        `rescheduled_to_uid` is the new uid.

    Raises:
        InvalidInput: for unknown keys, for whole-booking keys with `seat_uid`, and for the
            options of a host (`allow_conflicts`, …) in a version before 2026-02-25.
        BookingConflict: for a booking that is cancelled, or was rescheduled before.
        SlotUnavailable: if the new time cannot be booked.
    """
    moved = create_whole_or_seat(data, Reschedule, SeatReschedule)
    seat = isinstance(moved, SeatReschedule)
    name = "bookings.reschedule_seat" if seat else "bookings.reschedule"
    return operation(
        name,
        cal_api_version,
        booking_uid=booking_uid,
        body=to_body(moved),
        minimum_versions=find_minimum_versions(moved, "data."),
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
    """Reschedule one seat of a booking to another time.

    As `reschedule`; the result has the new `seat_uid`, and may be another booking.
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
        minimum_versions=find_minimum_versions(moved),
    )


def request_reschedule(
    booking_uid: str,
    *,
    reschedule_reason: str | None = None,
    cal_api_version: str | None = None,
) -> Operation[None]:
    """Cancel a booking and request a new time from the attendee by mail; hosted service only.

    `POST /v2/bookings/{booking_uid}/request-reschedule`, version 2026-02-25.
    Credentials are needed.
    The profile `EVERYWHERE` lacks it: use `HOSTED`, or pin the version.

    Args:
        booking_uid: the uid of a booking.
        reschedule_reason: the text for the attendee.
        cal_api_version: pins the version for this call.

    Returns:
        None; get the booking to see that it is cancelled.

    Raises:
        InvalidInput: for a uid that is empty, reserved or not printable.
        PermissionDenied, NotFound: for a booking that you may not change, or that does not exist.
    """
    body = to_body(RescheduleReason(reschedule_reason=reschedule_reason))
    return operation(
        "bookings.request_reschedule", cal_api_version, booking_uid=booking_uid, body=body
    )
