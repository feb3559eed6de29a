"""A booking as flat rows for tables: one of the booking, one of each attendee and of each host.

Column names are stable: a later version only adds some at the end.
A cell is text, a number, a boolean, an aware datetime in UTC, or None; every column has one type.
Free-form maps and lists are JSON as text, with sorted keys.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeAlias, TypedDict

from calcom_core.model.booking import Attendee, Booking, Host

Cell: TypeAlias = str | int | float | bool | datetime | None
Row: TypeAlias = dict[str, Cell]


class Rows(TypedDict):
    """The rows of a booking, by the names of their tables."""

    bookings: list[Row]
    attendees: list[Row]
    hosts: list[Row]


def _json(value: Any) -> str | None:
    if value is None:
        return None
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=list)


def _map(value: Mapping[str, Any]) -> str | None:
    return _json(value) if value else None


def _integer(value: int | str | None) -> int | None:
    return value if isinstance(value, int) else None  # the id of a host may be `unknown`


_BOOKING: dict[str, Callable[[Booking], Cell]] = {
    "uid": lambda booking: booking.uid,
    "id": lambda booking: booking.id,
    "status": lambda booking: booking.status,
    "shape": lambda booking: booking.shape.value,
    "title": lambda booking: booking.title,
    "description": lambda booking: booking.description,
    "start": lambda booking: booking.start,
    "end": lambda booking: booking.end,
    "duration": lambda booking: float(booking.duration),
    "event_type_id": lambda booking: booking.event_type_id,
    "event_type_slug": lambda booking: booking.event_type.slug if booking.event_type else None,
    "location": lambda booking: booking.location,
    "absent_host": lambda booking: booking.absent_host,
    "created_at": lambda booking: booking.created_at,
    "updated_at": lambda booking: booking.updated_at,
    "cancellation_reason": lambda booking: booking.cancellation_reason,
    "cancelled_by_email": lambda booking: booking.cancelled_by_email,
    "rescheduling_reason": lambda booking: booking.rescheduling_reason,
    "rescheduled_by_email": lambda booking: booking.rescheduled_by_email,
    "rescheduled_from_uid": lambda booking: booking.rescheduled_from_uid,
    "rescheduled_to_uid": lambda booking: booking.rescheduled_to_uid,
    "recurring_booking_uid": lambda booking: booking.recurring_booking_uid,
    "ics_uid": lambda booking: booking.ics_uid,
    "rating": lambda booking: None if booking.rating is None else float(booking.rating),
    "guests": lambda booking: _json(booking.guests),
    "metadata": lambda booking: _json(booking.metadata),
    "booking_fields_responses": lambda booking: _json(booking.booking_fields_responses),
    "extra": lambda booking: _map(booking.extra),
}
_ATTENDEE: dict[str, Callable[[Attendee], Cell]] = {
    "name": lambda attendee: attendee.name,
    "email": lambda attendee: attendee.email,
    "display_email": lambda attendee: attendee.display_email,
    "time_zone": lambda attendee: attendee.time_zone,
    "language": lambda attendee: attendee.language,
    "phone_number": lambda attendee: attendee.phone_number,
    "absent": lambda attendee: attendee.absent,
    "seat_uid": lambda attendee: attendee.seat_uid,
    "created_at": lambda attendee: attendee.created_at,
    "metadata": lambda attendee: _json(attendee.metadata),
    "booking_fields_responses": lambda attendee: _json(attendee.booking_fields_responses),
    "extra": lambda attendee: _map(attendee.extra),
}
_HOST: dict[str, Callable[[Host], Cell]] = {
    "id": lambda host: _integer(host.id),
    "name": lambda host: host.name,
    "email": lambda host: host.email,
    "display_email": lambda host: host.display_email,
    "username": lambda host: host.username,
    "time_zone": lambda host: host.time_zone,
    "extra": lambda host: _map(host.extra),
}
_PLACE = ("booking_uid", "position")

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "bookings": tuple(_BOOKING),
    "attendees": (*_PLACE, *_ATTENDEE),
    "hosts": (*_PLACE, *_HOST),
}
"""The column names of each table, in order.

A row of an attendee or a host begins with the uid of its booking and its position there, from 0.
"""


def rows(booking: Booking) -> Rows:
    """Return the rows of a booking.

    An attendee has no id in a list, so replace all rows of a *booking_uid* when it changed.
    """
    return {
        "bookings": [{name: cell(booking) for name, cell in _BOOKING.items()}],
        "attendees": _placed(booking, booking.attendees, _ATTENDEE),
        "hosts": _placed(booking, booking.hosts, _HOST),
    }


def _placed(
    booking: Booking, people: Iterable[Any], columns: Mapping[str, Callable[[Any], Cell]]
) -> list[Row]:
    return [
        {
            "booking_uid": booking.uid,
            "position": position,
            **{name: cell(person) for name, cell in columns.items()},
        }
        for position, person in enumerate(people)
    ]
