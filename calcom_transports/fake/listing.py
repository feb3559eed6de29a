"""Reading bookings: one, a series, by a seat, and the list with its filters, orders and pages.

The totals of a list ignore the filters by creation and update, as the server's do.
A list by cursor has no totals, and its status decides the order.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import datetime
from operator import attrgetter, ge, le
from typing import Any, NoReturn
from uuid import UUID

from calcom_core.versions import BY_CURSOR
from calcom_transports.fake.call import Call, ok
from calcom_transports.fake.refusals import NotRecorded, RefusedByForm, refuse
from calcom_transports.fake.rendering import Json, page_json
from calcom_transports.fake.state import Booking, utc
from calcom_transports.fake.validation import is_iso, problem_of


def get(call: Call) -> Json:
    """`GET /v2/bookings/{booking_uid}`, of a booking or of a series."""
    if series := call.state.series(call.uid):
        return ok([call.shown(booking) for booking in series])
    return ok(call.shown(call.booking()))


def get_by_seat(call: Call) -> Json:
    """`GET /v2/bookings/by-seat/{seat_uid}`; only here a host lacks the time zone."""
    seat_uid = call.params["seat_uid"]
    booking = call.state.of_seat(seat_uid)
    if booking is None:
        refuse("no-booking-of-seat", seat_uid=seat_uid)
    data = call.shown(booking, seat_uid)
    del data["hosts"][0]["timeZone"]
    return ok(data)


_ENDED = frozenset({"cancelled", "rejected"})
_STATUSES: dict[str, Callable[[Booking, datetime], bool]] = {
    "upcoming": lambda booking, now: (
        booking.end >= now
        and booking.status not in (_ENDED if booking.series_uid is None else {*_ENDED, "pending"})
    ),
    "recurring": lambda booking, now: (
        booking.end >= now and booking.series_uid is not None and booking.status not in _ENDED
    ),
    "past": lambda booking, now: booking.end <= now and booking.status not in _ENDED,
    "cancelled": lambda booking, now: booking.status in _ENDED,
    "unconfirmed": lambda booking, now: booking.end >= now and booking.status == "pending",
}
_NEWEST_FIRST = frozenset({"past", "cancelled"})
"""The statuses whose list, alone and without an order, begins with the latest booking."""

_SORTS = {
    "sortStart": "start",
    "sortEnd": "end",
    "sortCreated": "created_at",
    "sortUpdatedAt": "updated_at",
}
_TEXTS: dict[str, Callable[[Booking, str], bool]] = {
    "attendeeEmail": Booking.has,
    "attendeeName": lambda booking, text: any(p.name == text for p in booking.attendees),
    "bookingUid": lambda booking, text: booking.uid == text,
}
_Times = dict[str, tuple[str, Callable[[datetime, datetime], bool]]]
_TIMES: _Times = {"afterStart": ("start", ge), "beforeEnd": ("end", le)}
_NOT_COUNTED: _Times = {
    "afterCreatedAt": ("created_at", ge),
    "beforeCreatedAt": ("created_at", le),
    "afterUpdatedAt": ("updated_at", ge),
    "beforeUpdatedAt": ("updated_at", le),
}
"""The filters that the totals ignore."""

_INVALID = {
    "status": ("isEnum", f"Invalid status. Allowed are {', '.join(_STATUSES)}"),
    "sortStart": ("isEnum", 'SortStart must be either "asc" or "desc".'),
    "eventTypeId": ("isInt", "eventTypeId must be an integer number"),
    "afterStart": ("isIso8601", "fromDate must be a valid ISO 8601 date."),
}
"""The rule and the text by which the server refuses a parameter, where that was recorded."""


def list_bookings(call: Call) -> Json:
    """`GET /v2/bookings`, by *take* and *skip*, or in newer versions by *limit* and *cursor*."""
    if call.version in BY_CURSOR:
        return _list_by_cursor(call)
    take, skip = _number(call, "take", 100, 1), _number(call, "skip", 0, 0)
    if take > 250:
        raise NotRecorded("bookings.list with take above 250")
    statuses = _statuses(call)
    counted = _filtered(call, statuses)
    found = _sorted(call, _within(call, _NOT_COUNTED, counted), statuses)
    return {
        **ok([call.shown(booking) for booking in found[skip : skip + take]]),
        "pagination": page_json(len(counted), take, skip),
    }


def _list_by_cursor(call: Call) -> Json:
    statuses, limit = _statuses(call), _number(call, "limit", 50, 1)
    if len(statuses) > 1 or limit > 100:
        raise NotRecorded("bookings.list by cursor with several statuses, or a limit above 100")
    newest_first = not statuses or statuses[0] in _NEWEST_FIRST
    found = _within(call, _NOT_COUNTED, _filtered(call, statuses))
    found.sort(key=_sort_uuid, reverse=newest_first)
    if (cursor := call.text("cursor")) is not None:
        last = _read_cursor(cursor)
        is_next = last.__gt__ if newest_first else last.__lt__
        found = [item for item in found if is_next(_sort_uuid(item))]
    page = found[:limit]
    cursor = _cursor(page[-1]) if len(found) > limit else None
    pagination = {"nextCursor": cursor, "hasMore": cursor is not None}
    return {**ok([call.shown(booking) for booking in page]), "pagination": pagination}


def _sort_uuid(booking: Booking) -> str:
    """Return a uuid of version 7 that sorts as the start of a booking, as those of the server."""
    milliseconds = int(booking.start.timestamp() * 1000)
    return str(UUID(int=(milliseconds << 80) | (7 << 76) | (2 << 62) | booking.id))


def _cursor(booking: Booking) -> str:
    text = json.dumps({"v": 1, "sortUuid": _sort_uuid(booking)}, separators=(",", ":"))
    return b64encode(text.encode()).decode()


def _read_cursor(cursor: str) -> str:
    try:
        return str(json.loads(b64decode(cursor))["sortUuid"])
    except (ValueError, LookupError, TypeError):
        raise NotRecorded("bookings.list by a cursor that the server did not send") from None


def _filtered(call: Call, statuses: list[str]) -> list[Booking]:
    """Return the caller's bookings that pass the filters which the totals count."""
    user, now = call.user, call.state.now
    types = _ids(call, "eventTypeIds", "eventTypeId")
    teams = _ids(call, "teamsIds", "teamId")
    texts = {name: call.query[name][0] for name in _TEXTS if name in call.query}
    found = [
        booking
        for booking in call.state.bookings.values()
        if (user.id in booking.host_ids or booking.has(user.email))
        and (not statuses or any(_STATUSES[name](booking, now) for name in statuses))
        and (types is None or booking.event_type_id in types)
        and (teams is None or call.state.type_of(booking).team_id in teams)
        and all(_TEXTS[name](booking, text) for name, text in texts.items())
    ]
    return _within(call, _TIMES, found)


def _within(call: Call, filters: _Times, found: list[Booking]) -> list[Booking]:
    for name, (attribute, passes) in filters.items():
        if (text := call.text(name)) is not None:
            if not is_iso(text):
                _refuse(name, text, "date")
            moment = utc(text)
            found = [booking for booking in found if passes(getattr(booking, attribute), moment)]
    return found


def _sorted(call: Call, found: list[Booking], statuses: list[str]) -> list[Booking]:
    attribute, reverse = "start", len(statuses) == 1 and statuses[0] in _NEWEST_FIRST
    if name := next((name for name in _SORTS if name in call.query), None):
        order = call.query[name][0]
        if order not in {"asc", "desc"}:
            _refuse(name, order, "order")
        attribute, reverse = _SORTS[name], order == "desc"
    return sorted(found, key=attrgetter(attribute, "id"), reverse=reverse)


def _statuses(call: Call) -> list[str]:
    given = [name for text in call.query.get("status", ()) for name in text.split(",")]
    if any(name not in _STATUSES for name in given):
        _refuse("status", given, "status")
    return given


def _refuse(name: str, value: Any, expected: str) -> NoReturn:
    if name not in _INVALID:
        raise NotRecorded(f"bookings.list with {name} that is no {expected}")
    raise RefusedByForm(problem_of({name: value}, name, *_INVALID[name]))


def _number(call: Call, name: str, usual: int, least: int) -> int:
    text = call.text(name)
    if text is None:
        return usual
    rule, problem = "min", f"{name} must not be less than {least}"
    try:
        value = int(text)
    except ValueError:
        if name != "take":
            _refuse(name, None, "number")
        error = problem_of({name: None}, name, rule, problem)
        error["constraints"] |= {
            "max": "take must not be greater than 250",
            "isNumber": "take must be a number conforming to the specified constraints",
        }
        raise RefusedByForm(error) from None
    if value < least:
        raise RefusedByForm(problem_of({name: value}, name, rule, problem))
    return value


def _ids(call: Call, plural: str, singular: str) -> set[int] | None:
    """Return the ids of a filter; the plural parameter wins over the singular one."""
    name, ids = plural, [part for text in call.query.get(plural, ()) for part in text.split(",")]
    if not ids:
        name, ids = singular, call.query.get(singular, [])[:1]
    if not all(part.isdecimal() for part in ids):
        _refuse(name, None, "number")
    return {int(part) for part in ids} or None
