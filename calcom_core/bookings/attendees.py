"""The operations on the attendees of a booking.

They use numeric ids, which `list` returns and the booking itself does not show.
"""

from calcom_core.checks import email as email_address
from calcom_core.model.booking import BookingAttendee, RemovedAttendee
from calcom_core.model.inputs import NewAttendee
from calcom_core.operation import Operation, operation
from calcom_core.serialization import to_body


def list(
    booking_uid: str, *, cal_api_version: str | None = None
) -> Operation[tuple[BookingAttendee, ...]]:
    """List the attendees of a booking with their ids, which the booking itself does not show.

    `GET /v2/bookings/{booking_uid}/attendees`, version 2024-08-13.
    Credentials are needed.

    Args:
        booking_uid: the uid of a booking.
        cal_api_version: pins the version for this call.

    Returns:
        A tuple of `BookingAttendee`s, each with its *id*.

    Raises:
        InvalidInput: for a uid that is empty, reserved or not printable.
        PermissionDenied: for a booking that you may not see, or that does not exist.
    """
    return operation("bookings.attendees.list", cal_api_version, booking_uid=booking_uid)


def get(
    booking_uid: str, attendee_id: int, *, cal_api_version: str | None = None
) -> Operation[BookingAttendee]:
    """Get one attendee of a booking.

    `GET /v2/bookings/{booking_uid}/attendees/{attendee_id}`, version 2024-08-13.
    Credentials are needed.

    Args:
        booking_uid: the uid of a booking.
        attendee_id: the id of an attendee, at least 1.
        cal_api_version: pins the version for this call.

    Returns:
        The `BookingAttendee`.

    Raises:
        InvalidInput: for an invalid uid or id.
        NotFound: if the booking has no attendee with this id.
        PermissionDenied: for a booking that you may not see, or that does not exist.
    """
    return operation(
        "bookings.attendees.get", cal_api_version, booking_uid=booking_uid, attendee_id=attendee_id
    )


def add(
    booking_uid: str,
    *,
    name: str,
    email: str,
    time_zone: str,
    phone_number: str | None = None,
    language: str | None = None,
    cal_api_version: str | None = None,
) -> Operation[BookingAttendee]:
    """Add an attendee to a booking; the server accepts five calls a minute.

    `POST /v2/bookings/{booking_uid}/attendees`, version 2024-08-13.
    Credentials are needed.

    Args:
        booking_uid: the uid of a booking.
        name: the name of the attendee.
        email: the e-mail address.
        time_zone: an IANA name such as `Europe/Rome`.
        phone_number: in international form.
        language: a code such as `en` or `pt-BR`.
        cal_api_version: pins the version for this call.

    Returns:
        The `BookingAttendee`, with *id* and *booking_id*.

    Raises:
        InvalidInput: for invalid values.
        ValidationFailed: for an address that attends already, or that is not allowed.
        PermissionDenied: for a booking that you may not change.
    """
    attendee = NewAttendee(
        name=name,
        email=email_address(email, "email"),  # optional only for the first attendee
        time_zone=time_zone,
        phone_number=phone_number,
        language=language,
    )
    return operation(
        "bookings.attendees.add", cal_api_version, booking_uid=booking_uid, body=to_body(attendee)
    )


def remove(
    booking_uid: str, attendee_id: int, *, cal_api_version: str | None = None
) -> Operation[RemovedAttendee]:
    """Remove an attendee from a booking; the server accepts five calls a minute.

    `DELETE /v2/bookings/{booking_uid}/attendees/{attendee_id}`, version 2024-08-13.
    Credentials are needed.

    Args:
        booking_uid: the uid of a booking.
        attendee_id: the id of an attendee, at least 1, as `list` returns it.
        cal_api_version: pins the version for this call.

    Returns:
        The `RemovedAttendee`.

    Raises:
        InvalidInput: for an invalid uid or id.
        BookingConflict: for the first attendee; cancel the booking instead.
        NotFound: if the booking has no attendee with this id.
        VersionMismatch: from an older server, which lacks the route.
    """
    return operation(
        "bookings.attendees.remove",
        cal_api_version,
        booking_uid=booking_uid,
        attendee_id=attendee_id,
    )
