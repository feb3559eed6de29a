"""Bookings as the JSON of the API, in the shapes of version 2024-08-13.

A booking has one of four shapes: with or without seats, alone or in a series. What a shape lacks
is a missing key, and not null. Times stay times until the whole response is encoded.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any

from calcom_core.serialization import camel_case
from calcom_transports.fake.state import Attendee, Booking, State

Json = dict[str, Any]


@lru_cache(maxsize=4096)  # a booking has four, and is shown again and again
def instant(moment: datetime) -> str:
    """Return a moment as the API writes it: in UTC, with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def to_json(value: Any) -> Any:
    """Return what JSON has for a value of the state that it does not know; for an encoder."""
    return instant(value) if isinstance(value, datetime) else dict(value)


def columns(names: str) -> Callable[[Any], Json]:
    """Return a function that shows the named attributes of a value, by their keys in the API.

    A key that is not the name in camel case stands before it: `displayEmail=email`.
    A name with a question mark is left out where it is None.
    """
    pairs = [name.rstrip("?").rpartition("=") for name in names.split()]
    keys = [key or camel_case(name) for key, _, name in pairs]
    optional = [key for key, name in zip(keys, names.split(), strict=True) if name.endswith("?")]
    read = attrgetter(*(name for _, _, name in pairs))

    def show(value: Any) -> Json:
        data = dict(zip(keys, read(value), strict=False))  # checking takes as long again
        for key in optional:
            if data[key] is None:
                del data[key]
        return data

    return show


_PERSON = "name email displayEmail=email time_zone language absent"
_BOOKING = columns(
    "id uid title status cancellation_reason start end event_type_id meetingUrl=location location "
    "absent_host created_at updated_at icsUid=ics_uid recurringBookingUid=series_uid? "
    "rescheduledFromUid=rescheduled_from?"
)
_SINGLE = columns("rescheduledByEmail=rescheduled_by rescheduledToUid=rescheduled_to?")
_UNSEATED = columns("metadata reschedulingReason=rescheduling_reason?")
_SEAT = columns(f"{_PERSON} seat_uid bookingFieldsResponses=responses metadata")
_ATTENDEE = columns(f"{_PERSON} phone_number?")
_ATTENDEE_OF_SERIES = columns(_PERSON)
attendee_json = columns(f"{_PERSON} phone_number? id")
"""Shows an attendee alone."""
host_json = columns("id name email displayEmail=email username time_zone")
"""Shows a user as the host of a booking."""


def booking_json(state: State, booking: Booking, attendees: Iterable[Attendee]) -> Json:
    """Return a booking, which shows these *attendees*."""
    event_type, length = state.type_of(booking), booking.length.total_seconds() / 60
    data = _BOOKING(booking)
    data["description"] = None if booking.seated else ""
    data["hosts"] = [host_json(state.organizer(booking))]
    data["duration"] = int(length) if length.is_integer() else length
    data["eventType"] = {"id": event_type.id, "slug": event_type.slug}
    data["rating"] = None
    if booking.series_uid is None:
        data |= _SINGLE(booking)
    if booking.seated:
        data["attendees"] = [_SEAT(person) for person in attendees]
        return data
    show = _ATTENDEE if booking.series_uid is None else _ATTENDEE_OF_SERIES
    responses = {**booking.responses, "displayEmail": booking.responses["email"]}
    if "guests" in responses:
        responses["displayGuests"] = data["guests"] = responses["guests"]
    data["attendees"] = [show(person) for person in attendees]
    data["cancelledByEmail"] = ""
    data["bookingFieldsResponses"] = responses
    return data | _UNSEATED(booking)


def page_json(total: int, take: int, skip: int) -> Json:
    """Return the pagination of a list by *take* and *skip*."""
    before, pages = min(skip, total), -(-total // take)
    return {
        "returnedItems": min(total - before, take),
        "totalItems": total,
        "itemsPerPage": take,
        "remainingItems": max(total - before - take, 0),
        "currentPage": min(before // take + 1, pages),
        "totalPages": pages,
        "hasNextPage": before + take < total,
        "hasPreviousPage": before > 0,
    }
