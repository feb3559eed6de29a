"""Creating bookings: one, a series, or a seat; the event type decides which.

A create is checked in the server's order: the form, the event type and its bookers, the
requirements of the event type, and then the time.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import evolve

from calcom_transports.fake.availability import find_place, is_busy, is_on_grid, zone
from calcom_transports.fake.call import Call, ok
from calcom_transports.fake.new_booking import (
    NewBooking,
    check_recorded,
    event_type_of,
    new_booking_of,
    occurrences_of,
)
from calcom_transports.fake.refusals import NotRecorded, refuse
from calcom_transports.fake.rendering import Json, booking_json, new_booking_json
from calcom_transports.fake.state import Attendee, Booking, EventType, State, minutes, utc
from calcom_transports.fake.validation import check_create, check_legacy_create


def create(call: Call) -> Json:
    """`POST /v2/bookings`."""
    body: Mapping[str, Any] = call.body
    check_create(body)
    state, event_type = call.state, event_type_of(call)
    if event_type.requires_authentication and not call.hosts(event_type):
        refuse("needs-credentials" if call.caller is None else "needs-host")
    check_recorded(event_type, body)
    start = utc(body["start"])
    new = new_booking_of(call, event_type)
    if event_type.verifies_email:
        refuse("wrong-code" if body.get("emailVerificationCode") else "unverified")
    _check_limits(state, new, start)
    count = occurrences_of(event_type, body)
    if count is None:
        return ok(_book(call, new, start, None))
    series_uid = state.new_uuid()
    local = start.astimezone(zone(new.attendee.time_zone))
    booked = []
    for number in range(count):
        again = (local + timedelta(weeks=number)).astimezone(UTC)
        booked.append(_book(call, new, again, series_uid, later=number > 0))
    return ok(booked)


def create_legacy(call: Call) -> Json:
    """Refuse a create of the current API by the legacy one, which wants other properties."""
    check_legacy_create(call.body)
    raise NotRecorded("bookings.create of the legacy API, with a body of that API")


def _check_limits(state: State, new: NewBooking, start: datetime) -> None:
    event_type = new.event_type
    own = [
        booking
        for booking in state.bookings.values()
        if booking.event_type_id == event_type.id and booking.is_active
    ]
    most = event_type.max_active_bookings
    if most is not None:
        theirs = [
            booking
            for booking in own
            if booking.end > state.now
            and any(person.email == new.attendee.email for person in booking.attendees)
        ]
        if len(theirs) >= most:
            name = "max-active-reschedule" if event_type.offers_reschedule else "max-active"
            refuse(name, uid=theirs[0].uid)
    if event_type.bookings_per_day is not None:
        day = start.date()
        if sum(booking.start.date() == day for booking in own) >= event_type.bookings_per_day:
            refuse("day-is-full")


def _book(
    call: Call, new: NewBooking, start: datetime, series_uid: str | None, later: bool = False
) -> Json:
    """Book one time; *later* times of a series are not checked as the first one is."""
    state, event_type = call.state, new.event_type
    end = start + minutes(new.length)
    place = find_place(state, event_type, start, end)
    hosts = place.hosts
    if later and place.refusal == "taken":
        hosts = _hosts_of_later_time(state, event_type, start, end)
    elif place.refusal is not None:
        _refuse_place(state, event_type, start, place.refusal)
    if place.joins is not None:
        return _join(call, place.joins, new, series_uid)
    if _is_repeated(state, new, start):
        raise NotRecorded("bookings.create once more for the same attendee and start")
    if not is_on_grid(state, event_type, start, new.length):
        raise NotRecorded("bookings.create at a time that is no start of a slot")
    person, uid = new.attendee, state.new_uid()
    if event_type.seats is not None:
        people: tuple[Attendee, ...] = (seat(state, new),)
    else:
        people = (
            evolve(person, id=state.new_attendee_id()),
            *guests_of(state, new.guests, person.time_zone),
            *_team(state, hosts),
        )
    booking = state.save(
        Booking(
            id=state.new_booking_id(),
            uid=uid,
            title=title_of(state, event_type, hosts[0], person.name),
            event_type_id=event_type.id,
            host_ids=hosts,
            status="pending" if event_type.requires_confirmation else "accepted",
            start=start,
            end=end,
            created_at=state.now,
            updated_at=state.now,
            attendees=people,
            location=new.location,
            ics_uid=f"{state.new_uid() if event_type.seats else uid}@Cal.com",
            seated=event_type.seats is not None,
            series_uid=series_uid,
            metadata={} if event_type.seats else new.metadata,
            responses={} if event_type.seats else new.responses,
        )
    )
    state.tell("BOOKING_REQUESTED" if booking.status == "pending" else "BOOKING_CREATED", booking)
    seat_uid = people[0].seat_uid
    shown = _shown(call, event_type, booking)
    return new_booking_json(booking_json(state, booking, shown), seat_uid)


def _shown(call: Call, event_type: EventType, booking: Booking) -> tuple[Attendee, ...]:
    """Return the attendees whom the caller may see."""
    visible = event_type.shows_attendees or call.hosts(event_type)
    return booking.attendees if visible else ()


def _refuse_place(state: State, event_type: EventType, start: datetime, refusal: str) -> None:
    """Refuse a time, unless only a booking that waits for confirmation has it."""
    if refusal == "taken" and any(
        booking.status == "pending" and booking.start <= start < booking.end
        for booking in state.bookings.values()
        if set(booking.host_ids) & set(event_type.host_ids)
    ):
        raise NotRecorded("bookings.create at the time of a booking that waits for confirmation")
    refuse(refusal)


def _is_repeated(state: State, new: NewBooking, start: datetime) -> bool:
    """Tell whether the server may return an earlier booking, as a round robin's is known for."""
    return new.event_type.scheduling == "round_robin" and any(
        booking.event_type_id == new.event_type.id
        and booking.start == start
        and booking.is_active
        and booking.attendees[0].email == new.attendee.email
        for booking in state.bookings.values()
    )


def _hosts_of_later_time(
    state: State, event_type: EventType, start: datetime, end: datetime
) -> tuple[int, ...]:
    """Refuse a later time of a series that another booking has taken, as far as it was recorded."""
    owner = event_type.host_ids[0]
    for booking in state.bookings.values():
        own = booking.is_active and booking.host_ids[0] == owner
        if own and (booking.start, booking.end) == (start, end):
            refuse("conflict")
    if is_busy(state, owner, start, end):
        raise NotRecorded("a series with a later time that overlaps another booking")
    raise NotRecorded("a series with a later time outside the hours")


def _join(call: Call, booking: Booking, new: NewBooking, series_uid: str | None) -> Json:
    """Take a seat of a booking that is there."""
    state = call.state
    if any(person.email == new.attendee.email for person in booking.attendees):
        raise NotRecorded("bookings.create of a second seat for the same e-mail address")
    if (booking.series_uid is None) != (series_uid is None):
        raise NotRecorded("bookings.create of seats of a series at the time of a single booking")
    taken = seat(state, new)
    booking = state.save(evolve(booking, attendees=(*booking.attendees, taken)))
    state.tell("BOOKING_CREATED", booking)
    data = booking_json(state, booking, _shown(call, new.event_type, booking))
    if series_uid is not None:
        return new_booking_json(data, taken.seat_uid)
    return {**data, "seatUid": taken.seat_uid}


def seat(state: State, new: NewBooking) -> Attendee:
    """Return an attendee with a new seat."""
    own = {key: value for key, value in new.responses.items() if key not in {"email", "guests"}}
    return evolve(
        new.attendee,
        id=state.new_attendee_id(),
        seat_uid=state.new_uuid(),
        responses={**own, "guests": list(new.guests)},
        metadata=new.metadata,
    )


def guests_of(state: State, emails: tuple[str, ...], time_zone: str) -> tuple[Attendee, ...]:
    """Return guests as attendees, who have no name."""
    return tuple(Attendee(state.new_attendee_id(), "", email, time_zone) for email in emails)


def _team(state: State, hosts: tuple[int, ...]) -> tuple[Attendee, ...]:
    """Return the hosts beside the organiser as attendees, as a collective booking has them."""
    return tuple(
        Attendee(state.new_attendee_id(), user.name, user.email, user.time_zone)
        for user in (state.users[host_id] for host_id in hosts[1:])
    )


def title_of(state: State, event_type: EventType, host_id: int, name: str) -> str:
    """Return the title of a booking: the event type between the host, or the team, and the name."""
    host = state.users[host_id].name
    if event_type.scheduling == "collective" and event_type.team_id is not None:
        host = state.teams[event_type.team_id].name
    return f"{event_type.title} between {host} and {name}"
