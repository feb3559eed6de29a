"""The operation that adds guests to a booking.

A guest becomes an attendee; `bookings.attendees` lists and removes them.
"""

from collections.abc import Iterable

from calcom_core.model.booking import Booking
from calcom_core.model.input_dicts import NewGuestDict
from calcom_core.model.inputs import NewGuest, NewGuests
from calcom_core.operation import Operation, operation
from calcom_core.serialization import to_body


def add(
    booking_uid: str,
    guests: Iterable[NewGuest | NewGuestDict],
    *,
    cal_api_version: str | None = None,
) -> Operation[Booking]:
    """Add guests to a booking; the server accepts five calls a minute.

    `POST /v2/bookings/{booking_uid}/guests`, version 2024-08-13.
    Credentials are needed.

    Args:
        booking_uid: the uid of a booking.
        guests: 1 to 10 `NewGuest`s, or mappings with `email`, and optionally `name`,
            `time_zone`, `phone_number` and `language`.
        cal_api_version: pins the version for this call.

    Returns:
        The `Booking` with the guests among its attendees; the server silently skips those who
        attend already.

    Raises:
        InvalidInput: for an empty list, for more than 10 guests, and for invalid values.
        ValidationFailed: if none of the guests can be added, or the booking would have more than
            30.
        PermissionDenied, NotFound: for a booking that you may not change, or that does not exist.
    """
    return operation(
        "bookings.guests.add",
        cal_api_version,
        booking_uid=booking_uid,
        body=to_body(NewGuests(guests=guests)),
    )
