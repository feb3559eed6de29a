"""A booking as flat rows for tables: one of the booking, one of each attendee and of each host.

Column names are stable: a later version only adds some at the end.
A cell is text, a number, a boolean, an aware datetime in UTC, or None; every column has one type.
Free-form maps and lists are JSON as text, with sorted keys.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeAlias, TypedDict

from calcom_core.model.booking import Booking

Cell: TypeAlias = str | int | float | bool | datetime | None
Row: TypeAlias = dict[str, Cell]


class Rows(TypedDict):
    """The rows of a booking, by the names of their tables."""

    bookings: list[Row]
    attendees: list[Row]
    hosts: list[Row]


_PLACE = ("booking_uid", "position")
_BOOKING = (
    *("uid", "id", "status", "shape", "title", "description", "start", "end", "duration"),
    *("event_type_id", "event_type_slug", "location", "absent_host", "created_at", "updated_at"),
    *("cancellation_reason", "cancelled_by_email", "rescheduling_reason", "rescheduled_by_email"),
    *("rescheduled_from_uid", "rescheduled_to_uid", "recurring_booking_uid", "ics_uid", "rating"),
    *("guests", "metadata", "booking_fields_responses", "extra"),
)
_ATTENDEE = (
    *("name", "email", "display_email", "time_zone", "language", "phone_number", "absent"),
    *("seat_uid", "created_at", "metadata", "booking_fields_responses", "extra"),
)
_HOST = ("id", "name", "email", "display_email", "username", "time_zone", "extra")
# All other columns are attributes of that name.
_COMPUTED: Mapping[str, Callable[[Any], Any]] = {
    "shape": lambda booking: booking.shape.value,
    "event_type_slug": lambda booking: booking.event_type.slug if booking.event_type else None,
}

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "bookings": _BOOKING,
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
        "bookings": [_row(booking, _BOOKING)],
        "attendees": _placed(booking.uid, booking.attendees, _ATTENDEE),
        "hosts": _placed(booking.uid, booking.hosts, _HOST),
    }


def _placed(uid: str, people: Iterable[object], columns: Iterable[str]) -> list[Row]:
    return [
        {"booking_uid": uid, "position": position, **_row(person, columns)}
        for position, person in enumerate(people)
    ]


def _row(source: object, columns: Iterable[str]) -> Row:
    return {name: _cell(source, name) for name in columns}


def _cell(source: object, name: str) -> Cell:
    value: Any = _COMPUTED[name](source) if name in _COMPUTED else getattr(source, name)
    if value is None or (name == "extra" and not value):
        return None
    if name == "id" and isinstance(value, str):  # the id of a host may be `unknown`
        return None
    if name in ("duration", "rating"):
        return float(value)
    if isinstance(value, (tuple, Mapping)):
        return json.dumps(value, ensure_ascii=False, sort_keys=True, default=list)
    cell: Cell = value
    return cell
