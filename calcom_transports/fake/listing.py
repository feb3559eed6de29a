"""Reading bookings: one, a series, by a seat, and the list with its filters, orders and pages.

The totals of a list ignore the filters by creation and update, as the server's do.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from attrs import frozen

from calcom_transports.fake.call import Call, ok
from calcom_transports.fake.refusals import NotRecorded, RefusedByForm, refuse
from calcom_transports.fake.rendering import (
    Json,
    booking_json,
    legacy_booking_json,
    page_json,
)
from calcom_transports.fake.state import Booking, utc
from calcom_transports.fake.validation import is_iso, problem_of

_ENDED = frozenset({"cancelled", "rejected"})


def get(call: Call) -> Json:
    """`GET /v2/bookings/{booking_uid}`, of a booking or of a series."""
    if series := call.state.series(call.params["booking_uid"]):
        return ok([_shown(call, booking) for booking in series])
    return ok(_shown(call, call.booking()))


def _shown(call: Call, booking: Booking) -> Json:
    event_type = call.state.event_types[booking.event_type_id]
    hidden = booking.seated and not event_type.shows_attendees and not call.is_host(booking)
    return booking_json(call.state, booking, () if hidden else None)


def get_legacy(call: Call) -> Json:
    """Return a booking in the shape of the legacy API."""
    booking = call.state.bookings.get(call.params["booking_uid"])
    if booking is None or booking.seated or booking.series_uid is not None:
        raise NotRecorded("the legacy API with a booking that is unknown, recurring or seated")
    return ok(legacy_booking_json(call.state, booking))


def get_by_seat(call: Call) -> Json:
    """`GET /v2/bookings/by-seat/{seat_uid}`; only here a host lacks the time zone."""
    seat_uid = call.params["seat_uid"]
    booking = call.state.of_seat(seat_uid)
    if booking is None:
        refuse("no-booking-of-seat", seat_uid=seat_uid)
    event_type = call.state.event_types[booking.event_type_id]
    all_shown = event_type.shows_attendees or call.is_host(booking)
    own = [person for person in booking.attendees if all_shown or person.seat_uid == seat_uid]
    data = booking_json(call.state, booking, own)
    del data["hosts"][0]["timeZone"]
    return ok(data)


def _is_upcoming(booking: Booking, now: datetime) -> bool:
    if booking.series_uid is not None:
        return booking.end >= now and booking.status == "accepted"
    return booking.end >= now and booking.status not in _ENDED


_STATUSES: dict[str, Callable[[Booking, datetime], bool]] = {
    "upcoming": _is_upcoming,
    "recurring": lambda booking, now: (
        booking.end >= now and booking.series_uid is not None and booking.status not in _ENDED
    ),
    "past": lambda booking, now: booking.end <= now and booking.status not in _ENDED,
    "cancelled": lambda booking, now: booking.status in _ENDED,
    "unconfirmed": lambda booking, now: booking.end >= now and booking.status == "pending",
}
_NEWEST_FIRST = frozenset({"past", "cancelled"})
"""The statuses whose list, alone and without an order, begins with the latest booking."""

_SORTS: dict[str, Callable[[Booking], datetime]] = {
    "sortStart": lambda booking: booking.start,
    "sortEnd": lambda booking: booking.end,
    "sortCreated": lambda booking: booking.created_at,
    "sortUpdatedAt": lambda booking: booking.updated_at,
}
_TIMES: dict[str, Callable[[Booking, datetime], bool]] = {
    "afterStart": lambda booking, moment: booking.start >= moment,
    "beforeEnd": lambda booking, moment: booking.end <= moment,
    "afterCreatedAt": lambda booking, moment: booking.created_at >= moment,
    "beforeCreatedAt": lambda booking, moment: booking.created_at <= moment,
    "afterUpdatedAt": lambda booking, moment: booking.updated_at >= moment,
    "beforeUpdatedAt": lambda booking, moment: booking.updated_at <= moment,
}
_NOT_COUNTED = ("afterCreatedAt", "beforeCreatedAt", "afterUpdatedAt", "beforeUpdatedAt")
"""The filters that the totals ignore."""


def list_bookings(call: Call) -> Json:
    """`GET /v2/bookings`."""
    take, skip = _number(call, "take", 100, 1), _number(call, "skip", 0, 0)
    if take > 250:
        raise NotRecorded("bookings.list with take above 250")
    statuses = _statuses(call)
    wanted = _Filter(
        statuses,
        _ids(call, "eventTypeIds", "eventTypeId"),
        _ids(call, "teamsIds", "teamId"),
        {name: call.query[name][0] for name in _TEXTS if name in call.query},
    )
    counted = [item for item in call.state.bookings.values() if wanted.passes(call, item)]
    times = {name: _moment(call, name) for name in _TIMES if name in call.query}
    for name, moment in times.items():
        if name not in _NOT_COUNTED:
            counted = [booking for booking in counted if _TIMES[name](booking, moment)]
    found = counted
    for name, moment in times.items():
        if name in _NOT_COUNTED:
            found = [booking for booking in found if _TIMES[name](booking, moment)]
    found = _sorted(call, found, statuses)[skip : skip + take]
    return {
        "status": "success",
        "data": [booking_json(call.state, booking) for booking in found],
        "pagination": page_json(len(counted), take, skip),
    }


@frozen
class _Filter:
    """The conditions of a booking apart from its times."""

    statuses: list[str]
    types: set[int] | None
    teams: set[int] | None
    texts: Mapping[str, str]

    def passes(self, call: Call, booking: Booking) -> bool:
        """Tell whether a booking is the caller's, and passes."""
        user = call.user
        if user.id not in booking.host_ids and not any(
            person.email == user.email for person in booking.attendees
        ):
            return False
        now, event_type = call.state.now, call.state.event_types[booking.event_type_id]
        return (
            (not self.statuses or any(_STATUSES[name](booking, now) for name in self.statuses))
            and (self.types is None or booking.event_type_id in self.types)
            and (self.teams is None or event_type.team_id in self.teams)
            and all(_TEXTS[name](booking, text) for name, text in self.texts.items())
        )


_TEXTS: dict[str, Callable[[Booking, str], bool]] = {
    "attendeeEmail": lambda booking, text: any(p.email == text for p in booking.attendees),
    "attendeeName": lambda booking, text: any(p.name == text for p in booking.attendees),
    "bookingUid": lambda booking, text: booking.uid == text,
}


def _sorted(call: Call, found: list[Booking], statuses: list[str]) -> list[Booking]:
    for name, key in _SORTS.items():
        order = call.text(name)
        if order is not None:
            if order not in {"asc", "desc"}:
                if name != "sortStart":
                    raise NotRecorded(f"bookings.list with {name} that is no order")
                text = 'SortStart must be either "asc" or "desc".'
                raise _invalid(name, order, "isEnum", text)
            return sorted(found, key=lambda b: (key(b), b.id), reverse=order == "desc")
    newest_first = len(statuses) == 1 and statuses[0] in _NEWEST_FIRST
    return sorted(found, key=lambda b: (b.start, b.id), reverse=newest_first)


def _statuses(call: Call) -> list[str]:
    given = [name for text in call.query.get("status", ()) for name in text.split(",")]
    if any(name not in _STATUSES for name in given):
        text = f"Invalid status. Allowed are {', '.join(_STATUSES)}"
        raise _invalid("status", given, "isEnum", text)
    return given


def _invalid(name: str, value: Any, rule: str, text: str) -> RefusedByForm:
    return RefusedByForm([problem_of({name: value}, name, rule, text)])


def _number(call: Call, name: str, usual: int, least: int) -> int:
    text = call.text(name)
    if text is None:
        return usual
    try:
        value = int(text)
    except ValueError:
        raise RefusedByForm([_not_a_number(name, least)]) from None
    if value < least:
        problem = f"{name} must not be less than {least}"
        raise _invalid(name, value, "min", problem)
    return value


def _not_a_number(name: str, least: int) -> Json:
    if name != "take":
        raise NotRecorded(f"bookings.list with {name} that is no number")
    error = problem_of({name: None}, name, "max", "take must not be greater than 250")
    error["constraints"] |= {
        "min": f"take must not be less than {least}",
        "isNumber": "take must be a number conforming to the specified constraints",
    }
    return error


def _ids(call: Call, plural: str, singular: str) -> set[int] | None:
    """Return the ids of a filter; the plural parameter wins over the singular one."""
    if texts := call.query.get(plural):
        ids = [part for text in texts for part in text.split(",")]
        if not all(part.isdigit() for part in ids):
            raise NotRecorded(f"bookings.list with {plural} that are no numbers")
        return {int(part) for part in ids}
    text = call.text(singular)
    if text is None:
        return None
    if not text.isdigit():
        if singular != "eventTypeId":
            raise NotRecorded(f"bookings.list with {singular} that is no number")
        raise _invalid(singular, None, "isInt", "eventTypeId must be an integer number")
    return {int(text)}


_DATE_NAMES = {"afterStart": "fromDate"}
"""The name of each parameter in the text of the server."""


def _moment(call: Call, name: str) -> datetime:
    text = call.text(name)
    if text is None or not is_iso(text):
        if name not in _DATE_NAMES:
            raise NotRecorded(f"bookings.list with {name} that is no date")
        problem = f"{_DATE_NAMES[name]} must be a valid ISO 8601 date."
        raise _invalid(name, text, "isIso8601", problem)
    return utc(text)
