"""What does not change from call to call: each operation's method, path and reader, in one table.

What is said of an operation elsewhere (documentation, clients, tests) is derived from here.
"""

from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen

from calcom_core.errors import InvalidInput
from calcom_core.model.booking import (
    Booking,
    BookingAttendee,
    BookingReference,
    CalendarLink,
    ConfirmedSeats,
    DeclinedSeats,
    Reassignment,
    RemovedAttendee,
)
from calcom_core.model.conferencing import ConferencingSession, Recording
from calcom_core.model.event_type import EventType, Me
from calcom_core.model.fields import integer, segment
from calcom_core.model.filters import BookingFilters
from calcom_core.model.slot import Reservation
from calcom_core.operation import Operation, Page, Reader
from calcom_core.readers import (
    Many,
    Nothing,
    One,
    OneOfSeries,
    OneOrMany,
    OneOrNone,
    PageOf,
    SlotsByDate,
)
from calcom_core.value import Value
from calcom_core.versions import BY_CURSOR, BY_OFFSET, pinned, sufficient
from calcom_core.wire import to_query


@frozen
class Route(Value):
    """A row of the table.

    *public* operations need no credentials.
    *idempotent* ones may be asked twice though they are no reads.
    *verify* names the read that tells whether a write happened, where its parameters suffice.
    """

    name: str
    method: str
    path: str
    reader: Reader[Any]
    public: bool = False
    idempotent: bool = False
    verify: str = "bookings.get"

    @property
    def repeatable(self) -> bool:
        """Whether asking twice does no harm: reads, and what is idempotent."""
        return self.method == "GET" or self.idempotent


def _single(other: str) -> OneOfSeries:
    return OneOfSeries(Booking, other)


_ALL = "/v2/bookings"
_ONE = "/v2/bookings/{booking_uid}"
_ATTENDEES = f"{_ONE}/attendees"
_ATTENDEE = f"{_ATTENDEES}/{{attendee_id}}"
_RESERVATIONS = "/v2/slots/reservations"
_RESERVATION = f"{_RESERVATIONS}/{{reservation_uid}}"
_TEAM = "/v2/teams/{team_id}/bookings"
_ORGANIZATION = "/v2/organizations/{org_id}"
_ORGANIZATION_TEAM = f"{_ORGANIZATION}/teams/{{team_id}}/bookings"
_LISTED = "bookings.attendees.list"
_ROUTES = (
    Route("bookings.list", "GET", _ALL, PageOf(Booking)),
    Route("bookings.get", "GET", _ONE, OneOrMany(Booking), public=True),
    Route("bookings.get_one", "GET", _ONE, _single("bookings.get"), public=True),
    Route("bookings.get_series", "GET", _ONE, Many(Booking), public=True),
    Route("bookings.get_by_seat", "GET", f"{_ALL}/by-seat/{{seat_uid}}", One(Booking), public=True),
    Route("bookings.create", "POST", _ALL, OneOrMany(Booking), public=True),
    Route("bookings.create_one", "POST", _ALL, _single("bookings.create"), public=True),
    Route("bookings.create_recurring", "POST", _ALL, Many(Booking, lone=True), public=True),
    Route("bookings.create_instant", "POST", _ALL, One(Booking), public=True),
    Route("bookings.reschedule", "POST", f"{_ONE}/reschedule", One(Booking), public=True),
    Route("bookings.reschedule_seat", "POST", f"{_ONE}/reschedule", One(Booking), public=True),
    Route("bookings.request_reschedule", "POST", f"{_ONE}/request-reschedule", Nothing()),
    Route("bookings.cancel", "POST", f"{_ONE}/cancel", OneOrMany(Booking), public=True),
    Route("bookings.cancel_one", "POST", f"{_ONE}/cancel", _single("bookings.cancel"), public=True),
    Route("bookings.cancel_seat", "POST", f"{_ONE}/cancel", One(Booking), public=True),
    Route("bookings.confirm", "POST", f"{_ONE}/confirm", One(Booking)),
    Route("bookings.decline", "POST", f"{_ONE}/decline", One(Booking)),
    Route("bookings.confirm_seats", "POST", f"{_ONE}/seats/confirm", One(ConfirmedSeats)),
    Route("bookings.decline_seats", "POST", f"{_ONE}/seats/decline", One(DeclinedSeats)),
    Route("bookings.mark_absent", "POST", f"{_ONE}/mark-absent", One(Booking)),
    Route("bookings.reassign", "POST", f"{_ONE}/reassign", One(Reassignment)),
    Route("bookings.reassign_to_user", "POST", f"{_ONE}/reassign/{{user_id}}", One(Reassignment)),
    Route("bookings.update_location", "PATCH", f"{_ONE}/location", One(Booking)),
    Route("bookings.recordings", "GET", f"{_ONE}/recordings", Many(Recording)),
    Route("bookings.transcripts", "GET", f"{_ONE}/transcripts", Many(str)),
    Route("bookings.calendar_links", "GET", f"{_ONE}/calendar-links", Many(CalendarLink)),
    Route("bookings.references", "GET", f"{_ONE}/references", Many(BookingReference)),
    Route(
        "bookings.conferencing_sessions",
        "GET",
        f"{_ONE}/conferencing-sessions",
        Many(ConferencingSession),
    ),
    Route("bookings.attendees.list", "GET", _ATTENDEES, Many(BookingAttendee)),
    Route("bookings.attendees.get", "GET", _ATTENDEE, One(BookingAttendee)),
    Route("bookings.attendees.add", "POST", _ATTENDEES, One(BookingAttendee), verify=_LISTED),
    Route("bookings.attendees.remove", "DELETE", _ATTENDEE, One(RemovedAttendee), verify=_LISTED),
    Route("bookings.guests.add", "POST", f"{_ONE}/guests", One(Booking), verify=_LISTED),
    Route("slots.list", "GET", "/v2/slots", SlotsByDate(), public=True),
    Route("slots.reserve", "POST", _RESERVATIONS, One(Reservation), public=True),
    Route("slots.get_reservation", "GET", _RESERVATION, OneOrNone(Reservation), public=True),
    Route(
        "slots.update_reservation",
        "PATCH",
        _RESERVATION,
        One(Reservation),
        public=True,
        verify="slots.get_reservation",
    ),
    Route(
        "slots.delete_reservation", "DELETE", _RESERVATION, Nothing(), public=True, idempotent=True
    ),
    Route("teams.bookings", "GET", _TEAM, PageOf(Booking)),
    Route("teams.organization_bookings", "GET", f"{_ORGANIZATION}/bookings", PageOf(Booking)),
    Route("teams.organization_team_bookings", "GET", _ORGANIZATION_TEAM, PageOf(Booking)),
    Route(
        "teams.organization_user_bookings",
        "GET",
        f"{_ORGANIZATION}/users/{{user_id}}/bookings",
        PageOf(Booking),
    ),
    Route(
        "teams.references",
        "GET",
        f"{_ORGANIZATION_TEAM}/{{booking_uid}}/references",
        Many(BookingReference),
    ),
    Route("event_types.list", "GET", "/v2/event-types", Many(EventType), public=True),
    Route("event_types.get", "GET", "/v2/event-types/{event_type_id}", One(EventType)),
    Route("me.get", "GET", "/v2/me", One(Me)),
)
ROUTES: Mapping[str, Route] = {route.name: route for route in _ROUTES}
"""Every operation by its name."""


def _booking_uid(value: object, field: str) -> str:
    return segment(value, field, reserved=("by-seat",))


_PARAMETERS: Mapping[str, Callable[[object, str], object]] = {
    "booking_uid": _booking_uid,
    "seat_uid": segment,
    "reservation_uid": segment,
    "attendee_id": integer,
    "event_type_id": integer,
    "team_id": integer,
    "org_id": integer,
    "user_id": integer,
}


def operation(
    name: str,
    version: str | None,
    *,
    query: tuple[tuple[str, str], ...] = (),
    body: bytes | None = None,
    speaks: tuple[str, ...] = (),
    needs: tuple[tuple[str, str], ...] = (),
    verify: Operation[Any] | Callable[[], Operation[Any]] | None = None,
    **parameters: Any,
) -> Operation[Any]:
    """Return the operation of that name, with the *parameters* of its path checked and filled in.

    What is not repeatable is verified as its route says, unless *verify* says another way.
    """
    route = ROUTES[name]
    path = route.path
    if parameters:
        path = path.format_map(
            {key: _PARAMETERS[key](value, key) for key, value in parameters.items()}
        )
    version = pinned(route.name, version)
    if version is not None:
        sufficient(version, needs)
    repeatable = route.repeatable
    if not repeatable and verify is None:
        verify = operation(route.verify, version, **parameters)
    return Operation(
        name=route.name,
        method=route.method,
        path=path,
        reader=route.reader,
        query=query,
        body=body,
        repeatable=repeatable,
        version=version,
        speaks=speaks,
        needs=needs,
        verify=verify,
    )


def listing(
    name: str, version: str | None, filters: BookingFilters, **parameters: Any
) -> Operation[Page[Booking]]:
    """Return the operation of that name that lists bookings.

    What only one of the two ways of paging knows must fit the version that is pinned;
    without one, it speaks a version of that way where the table's is of the other.
    """
    by_offset, by_cursor = filters.only_by_offset, filters.only_by_cursor
    wrong = by_offset if version in BY_CURSOR else by_cursor if version in BY_OFFSET else None
    if wrong is not None:
        raise InvalidInput(wrong[0], f"cannot be said in version {version}: {wrong[1]}")
    speaks = BY_OFFSET if by_offset else BY_CURSOR if by_cursor else ()
    return operation(name, version, query=to_query(filters), speaks=speaks, **parameters)
