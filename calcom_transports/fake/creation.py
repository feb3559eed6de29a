"""Creating bookings: one, a series, or a seat; the event type decides which.

A create is checked in the server's order: the form, the event type and its bookers, the
requirements of the event type, and then the time.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from attrs import evolve

from calcom_transports.fake.availability import find_place, is_busy, starts, zone
from calcom_transports.fake.call import Call, made, ok
from calcom_transports.fake.new_booking import (
    NewBooking,
    check_recorded,
    event_type_of,
    new_booking_of,
    occurrences_of,
)
from calcom_transports.fake.refusals import NotRecorded, refuse
from calcom_transports.fake.rendering import Json
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
    weeks = [(local + timedelta(weeks=number)).astimezone(UTC) for number in range(count)]
    return ok([_book(call, new, week, series_uid, later=week > start) for week in weeks])


def create_legacy(call: Call) -> Json:
    """Refuse a create of the current API by the legacy one, which wants other properties."""
    check_legacy_create(call.body)
    raise NotRecorded("bookings.create of the legacy API, with a body of that API")


def _check_limits(state: State, new: NewBooking, start: datetime) -> None:
    event_type = new.event_type
    most, daily = event_type.max_active_bookings, event_type.bookings_per_day
    own = [booking for booking in state.active() if booking.event_type_id == event_type.id]
    theirs = [
        booking for booking in own if booking.end > state.now and booking.has(new.attendee.email)
    ]
    if most is not None and len(theirs) >= most:
        name = "max-active-reschedule" if event_type.offers_reschedule else "max-active"
        refuse(name, uid=theirs[0].uid)
    day = start.date()
    if daily is not None and sum(booking.start.date() == day for booking in own) >= daily:
        refuse("day-is-full")


def _book(
    call: Call, new: NewBooking, start: datetime, series_uid: str | None, later: bool = False
) -> Json:
    """Book one time; *later* times of a series are not checked as the first one is."""
    state, event_type, person = call.state, new.event_type, new.attendee
    end, seated = start + minutes(new.length), event_type.seats is not None
    place = find_place(state, event_type, start, end)
    if place.refusal == "taken":
        (_refuse_later_time if later else _refuse_taken)(state, event_type, start, end)
    if place.joins is not None and place.joins.has(person.email):
        refuse("second-seat")
    if place.refusal is not None:
        refuse(place.refusal)
    if place.joins is not None:
        return _join(call, place.joins, new, series_uid)
    if event_type.scheduling == "round_robin" and _is_repeated(state, new, start):
        # The server is known to return the earlier booking.
        raise NotRecorded("bookings.create once more for the same attendee and start")
    check_grid(call, event_type, start, end)
    uid = state.new_uid()
    people: tuple[Attendee, ...] = (
        (_seat(state, new),)
        if seated
        else (
            evolve(person, id=state.new_attendee_id()),
            *guests_of(state, new.guests, person.time_zone),
            *_team(state, place.hosts),
        )
    )
    booking = state.save(
        Booking(
            id=state.new_booking_id(),
            uid=uid,
            title=title_of(state, event_type, place.hosts[0], person.name),
            event_type_id=event_type.id,
            host_ids=place.hosts,
            status="pending" if event_type.requires_confirmation else "accepted",
            start=start,
            end=end,
            created_at=state.now,
            updated_at=state.now,
            attendees=people,
            location=new.location,
            ics_uid=f"{state.new_uid() if seated else uid}@Cal.com",
            seated=seated,
            series_uid=series_uid,
            metadata={} if seated else new.metadata,
            responses={} if seated else new.responses,
        )
    )
    state.tell("BOOKING_REQUESTED" if booking.status == "pending" else "BOOKING_CREATED", booking)
    return made(call.shown(booking), people[0].seat_uid)


def _refuse_taken(state: State, event_type: EventType, start: datetime, end: datetime) -> NoReturn:
    for booking in state.active():
        waits = booking.status == "pending" and booking.start <= start < booking.end
        if waits and set(booking.host_ids) & set(event_type.host_ids):
            raise NotRecorded(
                "bookings.create at the time of a booking that waits for confirmation"
            )
    refuse("taken")


def _refuse_later_time(
    state: State, event_type: EventType, start: datetime, end: datetime
) -> NoReturn:
    """Refuse a later time of a series that another booking has taken, as far as it was recorded."""
    owner = event_type.host_ids[0]
    for booking in state.active():
        if booking.host_ids[0] == owner and (booking.start, booking.end) == (start, end):
            refuse("conflict")
    if is_busy(state, owner, start, end):
        raise NotRecorded("a series with a later time that overlaps another booking")
    raise NotRecorded("a series with a later time outside the hours")


def check_grid(call: Call, event_type: EventType, start: datetime, end: datetime) -> None:
    """Stop where no slot begins at *start*, for any of the hosts."""
    if not starts(call.state, event_type, int((end - start) / minutes(1)), start, start):
        raise NotRecorded(f"{call.operation} with a time that is no start of a slot")


def _is_repeated(state: State, new: NewBooking, start: datetime) -> bool:
    return any(
        booking.event_type_id == new.event_type.id
        and booking.start == start
        and booking.attendees[0].email == new.attendee.email
        for booking in state.active()
    )


def _join(call: Call, booking: Booking, new: NewBooking, series_uid: str | None) -> Json:
    """Take a seat of a booking that is there."""
    state = call.state
    if (booking.series_uid is None) != (series_uid is None):
        raise NotRecorded("bookings.create of seats of a series at the time of a single booking")
    taken = _seat(state, new)
    booking = state.save(evolve(booking, attendees=(*booking.attendees, taken)))
    state.tell("BOOKING_CREATED", booking)
    data = call.shown(booking)
    return {**data, "seatUid": taken.seat_uid} if series_uid is None else made(data, taken.seat_uid)


def _seat(state: State, new: NewBooking) -> Attendee:
    """Return an attendee with a new seat."""
    own = {key: value for key, value in new.responses.items() if key not in {"email", "guests"}}
    return evolve(
        new.attendee,
        id=state.new_attendee_id(),
        seat_uid=state.new_uuid(),
        responses={**own, "guests": list(new.guests)},
        metadata=new.metadata,
    )


def guests_of(state: State, emails: Iterable[str], time_zone: str) -> tuple[Attendee, ...]:
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
