"""The operation on the guests of a booking."""

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
    """Add guests to a booking; the server takes five such calls a minute.

    `POST /v2/bookings/{booking_uid}/guests`, version 2024-08-13.
    Credentials are needed.

    Args:
        booking_uid: the uid of a booking.
        guests: 1 to 10 `NewGuest`s, or mappings of `email` and, where they are known, `name`,
            `time_zone`, `phone_number` and `language`.
        cal_api_version: pins the version for this call.

    Returns:
        The `Booking`, guests among its attendees; those who attended before are left out silently.

    Raises:
        InvalidInput: for none, for more than 10, and for values of another kind.
        ValidationFailed: where nobody of them can be added, or the booking would have more than 30.
        PermissionDenied, NotFound: as the server says.
    """
    return operation(
        "bookings.guests.add",
        cal_api_version,
        booking_uid=booking_uid,
        body=to_body(NewGuests(guests=guests)),
    )
