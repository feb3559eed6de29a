"""The table of operations: name, method, path and decoder of each.

It is the only place that states them; functions, clients, documentation and tests read it.
"""

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from calcom_core._lazy_methods import LazyMethods
from calcom_core.decoders import (
    SLOTS_BY_DATE,
    Decoder,
    Many,
    One,
    OneAsMany,
    OneOfSeries,
    OneOrMany,
    OneOrNone,
    PageOf,
    nothing,
)
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
from calcom_core.model.slot import Reservation


@frozen
class Route(LazyMethods):
    """A row of the table.

    *public* operations work without credentials.
    *idempotent* marks a write that may be sent twice; every GET is idempotent.
    *verify* names the read operation that shows whether a write happened; it must need no other
    parameters in its path.
    """

    name: str
    method: str
    path: str
    decoder: Decoder[Any]
    public: bool = False
    _idempotent: bool = field(default=False, alias="idempotent")
    verify: str = "bookings.get"

    @property
    def idempotent(self) -> bool:
        """Whether a second request is harmless."""
        return self.method == "GET" or self._idempotent


def _one_booking(other: str) -> OneOfSeries:
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
_VERIFY_BY_LIST = "bookings.attendees.list"
_ROUTES = (
    Route("bookings.list", "GET", _ALL, PageOf(Booking)),
    Route("bookings.get", "GET", _ONE, OneOrMany(Booking), public=True),
    Route("bookings.get_one", "GET", _ONE, _one_booking("bookings.get"), public=True),
    Route("bookings.get_series", "GET", _ONE, Many(Booking), public=True),
    Route("bookings.get_by_seat", "GET", f"{_ALL}/by-seat/{{seat_uid}}", One(Booking), public=True),
    Route("bookings.create", "POST", _ALL, OneOrMany(Booking), public=True),
    Route("bookings.create_one", "POST", _ALL, _one_booking("bookings.create"), public=True),
    Route("bookings.create_recurring", "POST", _ALL, OneAsMany(Booking), public=True),
    Route("bookings.create_instant", "POST", _ALL, One(Booking), public=True),
    Route("bookings.reschedule", "POST", f"{_ONE}/reschedule", One(Booking), public=True),
    Route("bookings.reschedule_seat", "POST", f"{_ONE}/reschedule", One(Booking), public=True),
    Route("bookings.request_reschedule", "POST", f"{_ONE}/request-reschedule", nothing),
    Route("bookings.cancel", "POST", f"{_ONE}/cancel", OneOrMany(Booking), public=True),
    Route(
        "bookings.cancel_one",
        "POST",
        f"{_ONE}/cancel",
        _one_booking("bookings.cancel"),
        public=True,
    ),
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
    Route(
        "bookings.attendees.add", "POST", _ATTENDEES, One(BookingAttendee), verify=_VERIFY_BY_LIST
    ),
    Route(
        "bookings.attendees.remove",
        "DELETE",
        _ATTENDEE,
        One(RemovedAttendee),
        verify=_VERIFY_BY_LIST,
    ),
    Route("bookings.guests.add", "POST", f"{_ONE}/guests", One(Booking), verify=_VERIFY_BY_LIST),
    Route("slots.list", "GET", "/v2/slots", SLOTS_BY_DATE, public=True),
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
        "slots.delete_reservation", "DELETE", _RESERVATION, nothing, public=True, idempotent=True
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
