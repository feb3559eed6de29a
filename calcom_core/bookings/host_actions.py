"""The operations with which a host handles a booking: confirm, decline, reassign, and so on."""

from collections.abc import Iterable

from calcom_core.model.booking import Booking, ConfirmedSeats, DeclinedSeats, Reassignment
from calcom_core.model.input_dicts import (
    AbsenceDict,
    NewLocationDict,
)
from calcom_core.model.inputs import (
    Absence,
    Absences,
    Move,
    Reason,
    SeatUids,
)
from calcom_core.model.location import NewLocation
from calcom_core.operation import Operation, operation
from calcom_core.serialization import to_body


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
