"""The operations that move, cancel, confirm, decline and reassign bookings."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from calcom_core.checks import from_mapping, string
from calcom_core.errors import InvalidInput
from calcom_core.model.booking import Booking, ConfirmedSeats, DeclinedSeats, Reassignment
from calcom_core.model.input_dicts import (
    AbsenceDict,
    CancellationDict,
    NewLocationDict,
    RescheduleDict,
    SeatCancellationDict,
    SeatRescheduleDict,
)
from calcom_core.model.inputs import (
    Absence,
    Absences,
    Cancellation,
    Moment,
    Move,
    Reason,
    Reschedule,
    RescheduleReason,
    SeatCancellation,
    SeatReschedule,
    SeatUids,
    needs_of,
)
from calcom_core.model.location import NewLocation
from calcom_core.operation import Operation, operation
from calcom_core.serialization import to_body

T = TypeVar("T")
U = TypeVar("U")


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
    moved = _whole_or_seat(data, Reschedule, SeatReschedule)
    seat = isinstance(moved, SeatReschedule)
    name = "bookings.reschedule_seat" if seat else "bookings.reschedule"
    return operation(
        name,
        cal_api_version,
        booking_uid=booking_uid,
        body=to_body(moved),
        needs=needs_of(moved, "data."),
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
        needs=needs_of(moved),
    )


def cancel(
    booking_uid: str,
    data: (
        Cancellation | SeatCancellation | CancellationDict | SeatCancellationDict
    ) = Cancellation(),  # noqa: B008 - frozen
    *,
    cal_api_version: str | None = None,
) -> Operation[Booking | tuple[Booking, ...]]:
    """Cancel a booking, all that is left of a series, or with `seat_uid` in *data* one seat.

    `POST /v2/bookings/{booking_uid}/cancel`, version 2024-08-13 or 2026-02-25.
    Credentials are optional.

    Args:
        booking_uid: the uid of a booking, of one occurrence, or of a series.
        data: a `Cancellation` or a `SeatCancellation`, or a mapping of the keys of one of them.
            A given `seat_uid` is never dropped: one that is None is refused.
        cal_api_version: pins the version for this call.

    Returns:
        The `Booking`, or a tuple of all occurrences of the series.

    Raises:
        InvalidInput: for unknown keys, and for whole-booking keys beside `seat_uid`.
        BookingConflict: where the server says that the booking has been cancelled already.
            It may mean any occurrence of a series, or the old uid of a booking that was moved,
            while others are still accepted: get the booking or the series, and cancel those.
        ValidationFailed: where a reason is required.
    """
    cancelled = _whole_or_seat(data, Cancellation, SeatCancellation)
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

    As `cancel`; the result is one `Booking`.
    Raises `InvalidInput` for `cancel_subsequent_bookings`, which cancels several.
    Raises `SeriesReturned` for the uid of a series: it has all its bookings, which are cancelled.
    """
    cancelled = _whole_or_seat(data, Cancellation, SeatCancellation)
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
    Raises `BookingConflict`, whose `may_have_happened` is true, where the server removes the seat
    and then fails to find its record, as it does now and then.
    """
    why = None if reason is None else string(reason, "reason")
    seat = SeatCancellation(seat_uid=seat_uid, cancellation_reason=why)
    return operation(
        "bookings.cancel_seat", cal_api_version, booking_uid=booking_uid, body=to_body(seat)
    )


def _whole_or_seat(data: object, whole: type[T], seat: type[U]) -> T | U:
    """Pick the input by the presence of `seat_uid`, never by trying one after the other.

    A union that is tried drops the seat, and the server then cancels everybody's.
    """
    if isinstance(data, seat) or (isinstance(data, Mapping) and "seat_uid" in data):
        if isinstance(data, Mapping) and data["seat_uid"] is None:
            raise InvalidInput(
                "data.seat_uid", "is None; leave the key out to mean the whole booking"
            )
        return from_mapping(seat, data, "data")
    return from_mapping(whole, data, "data", also=("seat_uid",))


def confirm(booking_uid: str, *, cal_api_version: str | None = None) -> Operation[Booking]:
    """Confirm a booking that waits for it, or by the uid of one occurrence a whole series.

    `POST /v2/bookings/{booking_uid}/confirm`, version 2024-08-13 or 2026-02-25.
    Credentials are needed.
    A booking that was declined or cancelled becomes accepted, too.
    The server refuses a booking whose event type has seats and confirmation: use `confirm_seats`.

    Args:
        booking_uid: the uid of a booking or of one occurrence; that of a series is not found.
        cal_api_version: pins the version for this call.

    Returns:
        The `Booking` or the occurrence; the others of its series change as well.

    Raises:
        InvalidInput: for a uid that is empty, reserved or not printable.
        AlreadyDone: for one that is confirmed.
        PermissionDenied, NotFound: as the server says.
    """
    return operation("bookings.confirm", cal_api_version, booking_uid=booking_uid)


def decline(
    booking_uid: str, *, reason: str | None = None, cal_api_version: str | None = None
) -> Operation[Booking]:
    """Decline a booking that waits, or by the uid of one occurrence a whole series.

    `POST /v2/bookings/{booking_uid}/decline`, version 2024-08-13 or 2026-02-25.
    Credentials are needed.
    Declining twice sends the mails twice.
    The server refuses a booking whose event type has seats and confirmation: use `decline_seats`.

    Args:
        booking_uid: the uid of a booking or of one occurrence; that of a series is not found.
        reason: what the attendee is told.
        cal_api_version: pins the version for this call.

    Returns:
        The `Booking` or the occurrence, whose status is `rejected`; the others of its series
        change as well.

    Raises:
        InvalidInput: for a uid that is empty, reserved or not printable.
        BookingConflict: for a booking that is confirmed already.
    """
    body = to_body(Reason(reason=reason))
    return operation("bookings.decline", cal_api_version, booking_uid=booking_uid, body=body)


def confirm_seats(
    booking_uid: str, seat_uids: Iterable[str], *, cal_api_version: str | None = None
) -> Operation[ConfirmedSeats]:
    """Confirm seats of a booking whose event type has seats and needs confirmation.

    `POST /v2/bookings/{booking_uid}/seats/confirm`, version 2024-08-13 or 2026-02-25.
    Credentials of a host are needed.

    Args:
        booking_uid: the uid of a booking.
        seat_uids: the uids of the seats, at least 1.
        cal_api_version: pins the version for this call.

    Returns:
        The `ConfirmedSeats`.

    Raises:
        InvalidInput: for an invalid uid, and for an empty list of seats.
        PermissionDenied, NotFound: as the server says.
        VersionMismatch: from a server that lacks the route, as most self-hosted ones do.
    """
    return operation(
        "bookings.confirm_seats",
        cal_api_version,
        booking_uid=booking_uid,
        body=to_body(SeatUids(seat_uids=seat_uids)),
    )


def decline_seats(
    booking_uid: str, seat_uids: Iterable[str], *, cal_api_version: str | None = None
) -> Operation[DeclinedSeats]:
    """Decline seats of a booking whose event type has seats and needs confirmation.

    `POST /v2/bookings/{booking_uid}/seats/decline`, version 2024-08-13 or 2026-02-25.
    Credentials of a host are needed.
    It declines seats that are pending, and seats that were confirmed before.

    Args:
        booking_uid: the uid of a booking.
        seat_uids: the uids of the seats, at least 1.
        cal_api_version: pins the version for this call.

    Returns:
        The `DeclinedSeats`.

    Raises:
        InvalidInput: for an invalid uid, and for an empty list of seats.
        PermissionDenied, NotFound: as the server says.
        VersionMismatch: from a server that lacks the route, as most self-hosted ones do.
    """
    return operation(
        "bookings.decline_seats",
        cal_api_version,
        booking_uid=booking_uid,
        body=to_body(SeatUids(seat_uids=seat_uids)),
    )


def mark_absent(
    booking_uid: str,
    *,
    host: bool | None = None,
    attendees: Iterable[Absence | AbsenceDict] | None = None,
    cal_api_version: str | None = None,
) -> Operation[Booking]:
    """Mark the host or attendees as absent, or as present again, once the booking has started.

    `POST /v2/bookings/{booking_uid}/mark-absent`, version 2024-08-13 or 2026-02-25.
    Credentials are needed.

    Args:
        booking_uid: the uid of a booking.
        host: whether the host was absent.
        attendees: one or more `Absence`s, or mappings of `email` and `absent`.
            For an address that no attendee has, the call succeeds and changes nothing.
        cal_api_version: pins the version for this call.

    Returns:
        The `Booking`; see in its *attendees* who is absent now.
        Its shape is never seated, whatever the booking is.

    Raises:
        InvalidInput: for values of another kind, and for an empty list.
        BookingConflict: before the booking's start.
    """
    absences = Absences(host=host, attendees=attendees)
    return operation(
        "bookings.mark_absent", cal_api_version, booking_uid=booking_uid, body=to_body(absences)
    )


def reassign(booking_uid: str, *, cal_api_version: str | None = None) -> Operation[Reassignment]:
    """Give a round-robin booking to another host, whom the server picks.

    `POST /v2/bookings/{booking_uid}/reassign`, version 2024-08-13 or 2026-02-25.
    Credentials are needed.

    Args:
        booking_uid: the uid of a booking.
        cal_api_version: pins the version for this call.

    Returns:
        The `Reassignment`.

    Raises:
        InvalidInput: for a uid that is empty, reserved or not printable.
        SlotUnavailable: where no other host is free.
        PermissionDenied: as the server says.
    """
    return operation("bookings.reassign", cal_api_version, booking_uid=booking_uid)


def reassign_to_user(
    booking_uid: str,
    user_id: int,
    *,
    reason: str | None = None,
    cal_api_version: str | None = None,
) -> Operation[Reassignment]:
    """Give a round-robin booking to the host that you name.

    `POST /v2/bookings/{booking_uid}/reassign/{user_id}`, version 2024-08-13 or 2026-02-25.
    Credentials are needed.

    Args:
        booking_uid: the uid of a booking.
        user_id: the id of the user, at least 1; an integral float counts as an integer.
        reason: why.
        cal_api_version: pins the version for this call.

    Returns:
        The `Reassignment`; compare `reassigned_to.id` with *user_id*, since
        some servers keep the host silently.

    Raises:
        InvalidInput: for an invalid uid or id.
        NotFound: for an unknown user.
        ValidationFailed: for one who is no host of the event type.
    """
    return operation(
        "bookings.reassign_to_user",
        cal_api_version,
        booking_uid=booking_uid,
        user_id=user_id,
        body=to_body(Reason(reason=reason)),
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


def update_location(
    booking_uid: str, location: NewLocation | NewLocationDict, *, cal_api_version: str | None = None
) -> Operation[Booking]:
    """Move a booking to another place; the participants are told by mail.

    `PATCH /v2/bookings/{booking_uid}/location`, version 2024-08-13.
    Credentials are needed.
    The server takes five such calls a minute, as it does to add or remove an attendee, and to add
    guests.

    Args:
        booking_uid: the uid of a booking.
        location: one of the `New…Location`s, `IntegrationLocation` or `Attendee…Location`s,
            or a mapping of its keys and a *type*: address, link, phone, attendeeAddress,
            attendeePhone, attendeeDefined or integration.
        cal_api_version: pins the version for this call.

    Returns:
        The `Booking`; read its *location*, since the server may fall back to Cal Video.

    Raises:
        InvalidInput: for another type, and for a value that its type does not take.
        ValidationFailed, PermissionDenied, NotFound: as the server says.
    """
    return operation(
        "bookings.update_location",
        cal_api_version,
        booking_uid=booking_uid,
        body=to_body(Move(location=location)),
    )
