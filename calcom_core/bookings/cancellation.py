"""The operations that cancel a booking, a series or one seat.

The key `seat_uid` in *data* selects the seat; without it the server cancels the seats of everyone.
"""

from calcom_core.checks import string
from calcom_core.errors import InvalidInput
from calcom_core.model.booking import Booking
from calcom_core.model.input_dicts import (
    CancellationDict,
    SeatCancellationDict,
)
from calcom_core.model.inputs import (
    Cancellation,
    SeatCancellation,
    create_whole_or_seat,
)
from calcom_core.operation import Operation, operation
from calcom_core.serialization import to_body


def cancel(
    booking_uid: str,
    data: (
        Cancellation | SeatCancellation | CancellationDict | SeatCancellationDict
    ) = Cancellation(),  # noqa: B008 - frozen
    *,
    cal_api_version: str | None = None,
) -> Operation[Booking | tuple[Booking, ...]]:
    """Cancel a booking, the remaining bookings of a series, or with `seat_uid` in *data* one seat.

    `POST /v2/bookings/{booking_uid}/cancel`, version 2024-08-13 or 2026-02-25.
    Credentials are optional.

    Args:
        booking_uid: the uid of a booking, of one occurrence, or of a series.
        data: a `Cancellation` or a `SeatCancellation`, or a mapping of the keys of one of them.
            A `seat_uid` of None is refused, not ignored.
        cal_api_version: pins the version for this call.

    Returns:
        The `Booking`, or a tuple of all occurrences of the series.

    Raises:
        InvalidInput: for unknown keys, and for whole-booking keys together with `seat_uid`.
        BookingConflict: if the server reports that the booking has been cancelled already.
            This may refer to any occurrence of a series, or to the old uid of a rescheduled
            booking: get the booking or the series, and cancel the bookings still accepted.
        ValidationFailed: if a reason is required.
    """
    cancelled = create_whole_or_seat(data, Cancellation, SeatCancellation)
    seat = isinstance(cancelled, SeatCancellation)
    name = "bookings.cancel_seat" if seat else "bookings.cancel"
    return operation(name, cal_api_version, booking_uid=booking_uid, body=to_body(cancelled))


def cancel_one(
    booking_uid: str,
    data: (
        Cancellation | SeatCancellation | CancellationDict | SeatCancellationDict
    ) = Cancellation(),  # noqa: B008 - frozen
    *,
    cal_api_version: str | None = None,
) -> Operation[Booking]:
    """Cancel one booking, one occurrence of a series, or with `seat_uid` in *data* one seat.

    As `cancel`, but the result is one `Booking`.
    Raises `InvalidInput` for `cancel_subsequent_bookings`, which cancels several.
    Raises `SeriesReturned` for the uid of a series; all its bookings are cancelled.
    """
    cancelled = create_whole_or_seat(data, Cancellation, SeatCancellation)
    if isinstance(cancelled, SeatCancellation):
        name = "bookings.cancel_seat"
    elif cancelled.cancel_subsequent_bookings:
        raise InvalidInput(
            "data.cancel_subsequent_bookings", "cancels several bookings; call bookings.cancel"
        )
    else:
        name = "bookings.cancel_one"
    return operation(name, cal_api_version, booking_uid=booking_uid, body=to_body(cancelled))


def cancel_seat(
    booking_uid: str,
    seat_uid: str,
    *,
    reason: str | None = None,
    cal_api_version: str | None = None,
) -> Operation[Booking]:
    """Cancel one seat of a booking, and never the others.

    As `cancel`; *reason* is sent as `cancellationReason`.
    Raises `NotFound` for a seat that does not exist or is cancelled already.
    Raises `BookingConflict` with `may_have_happened` if the server fails to find the seat's record;
    it sometimes does so after it removed the seat.
    """
    cancellation_reason = None if reason is None else string(reason, "reason")
    seat = SeatCancellation(seat_uid=seat_uid, cancellation_reason=cancellation_reason)
    return operation(
        "bookings.cancel_seat", cal_api_version, booking_uid=booking_uid, body=to_body(seat)
    )
