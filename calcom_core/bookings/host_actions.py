"""The operations of a host on a booking: confirm, decline, mark absent, reassign, relocate.

All need credentials.
The server applies `confirm` and `decline` of one occurrence to its whole series.
"""

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
    """Confirm a pending booking, or by the uid of one occurrence a whole series.

    `POST /v2/bookings/{booking_uid}/confirm`, version 2024-08-13 or 2026-02-25.
    Credentials are needed.
    A declined or cancelled booking becomes accepted, too.
    The server refuses a booking whose event type has seats and confirmation: use `confirm_seats`.

    Args:
        booking_uid: the uid of a booking or of one occurrence, not of a series.
        cal_api_version: pins the version for this call.

    Returns:
        The `Booking` or the occurrence; the others of its series change as well.

    Raises:
        InvalidInput: for a uid that is empty, reserved or not printable.
        AlreadyDone: for a booking that is already confirmed.
        PermissionDenied, NotFound: for a booking that you may not confirm, or that does not exist.
    """
    return operation("bookings.confirm", cal_api_version, booking_uid=booking_uid)


def decline(
    booking_uid: str, *, reason: str | None = None, cal_api_version: str | None = None
) -> Operation[Booking]:
    """Decline a pending booking, or by the uid of one occurrence a whole series.

    `POST /v2/bookings/{booking_uid}/decline`, version 2024-08-13 or 2026-02-25.
    Credentials are needed.
    Declining a booking twice sends its mails twice.
    The server refuses a booking whose event type has seats and confirmation: use `decline_seats`.

    Args:
        booking_uid: the uid of a booking or of one occurrence, not of a series.
        reason: the text for the attendee.
        cal_api_version: pins the version for this call.

    Returns:
        The `Booking` or the occurrence, whose status is `rejected`; the others of its series
        change as well.

    Raises:
        InvalidInput: for a uid that is empty, reserved or not printable.
        BookingConflict: for a booking that is already confirmed.
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
        PermissionDenied, NotFound: for a booking that you may not change, or that does not exist.
        VersionMismatch: from a server that lacks the route, such as most self-hosted ones.
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
    Pending and confirmed seats can be declined.

    Args:
        booking_uid: the uid of a booking.
        seat_uids: the uids of the seats, at least 1.
        cal_api_version: pins the version for this call.

    Returns:
        The `DeclinedSeats`.

    Raises:
        InvalidInput: for an invalid uid, and for an empty list of seats.
        PermissionDenied, NotFound: for a booking that you may not change, or that does not exist.
        VersionMismatch: from a server that lacks the route, such as most self-hosted ones.
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
        attendees: one or more `Absence`s, or mappings with `email` and `absent`.
            The server ignores the address of anyone who does not attend.
        cal_api_version: pins the version for this call.

    Returns:
        The `Booking`; its *attendees* show who is absent.
        Its shape is never seated, even if the booking has seats.

    Raises:
        InvalidInput: for invalid values, and for an empty list.
        BookingConflict: before the booking's start.
    """
    absences = Absences(host=host, attendees=attendees)
    return operation(
        "bookings.mark_absent", cal_api_version, booking_uid=booking_uid, body=to_body(absences)
    )


def reassign(booking_uid: str, *, cal_api_version: str | None = None) -> Operation[Reassignment]:
    """Reassign a round-robin booking to another host, whom the server selects.

    `POST /v2/bookings/{booking_uid}/reassign`, version 2024-08-13 or 2026-02-25.
    Credentials are needed.

    Args:
        booking_uid: the uid of a booking.
        cal_api_version: pins the version for this call.

    Returns:
        The `Reassignment`.

    Raises:
        InvalidInput: for a uid that is empty, reserved or not printable.
        SlotUnavailable: if no other host is free.
        PermissionDenied: for a booking that you may not reassign.
    """
    return operation("bookings.reassign", cal_api_version, booking_uid=booking_uid)


def reassign_to_user(
    booking_uid: str,
    user_id: int,
    *,
    reason: str | None = None,
    cal_api_version: str | None = None,
) -> Operation[Reassignment]:
    """Reassign a round-robin booking to a host of your choice.

    `POST /v2/bookings/{booking_uid}/reassign/{user_id}`, version 2024-08-13 or 2026-02-25.
    Credentials are needed.

    Args:
        booking_uid: the uid of a booking.
        user_id: the id of the user, at least 1; an integral float counts as an integer.
        reason: the reason for the change.
        cal_api_version: pins the version for this call.

    Returns:
        The `Reassignment`; compare `reassigned_to.id` with *user_id*, because some servers
        silently keep the host.

    Raises:
        InvalidInput: for an invalid uid or id.
        NotFound: for an unknown user.
        ValidationFailed: for a user who is not a host of the event type.
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
    """Change the location of a booking; the server notifies the participants by mail.

    `PATCH /v2/bookings/{booking_uid}/location`, version 2024-08-13.
    Credentials are needed.
    The server accepts five calls a minute.

    Args:
        booking_uid: the uid of a booking.
        location: a `New…Location`, `IntegrationLocation` or `Attendee…Location`, or a mapping
            of its keys and a *type*: address, link, phone, attendeeAddress, attendeePhone,
            attendeeDefined or integration.
        cal_api_version: pins the version for this call.

    Returns:
        The `Booking`; read its *location*, since the server may fall back to Cal Video.

    Raises:
        InvalidInput: for another type, and for keys or values that its type does not allow.
        ValidationFailed: for a location that the server refuses.
        PermissionDenied, NotFound: for a booking that you may not change, or that does not exist.
    """
    return operation(
        "bookings.update_location",
        cal_api_version,
        booking_uid=booking_uid,
        body=to_body(Move(location=location)),
    )
