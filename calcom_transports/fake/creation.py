"""Creating bookings: one, a series, or a seat; the event type decides which.

A create is checked in the server's order: the form, the event type and its bookers, the
requirements of the event type, and then the time.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, timedelta
from typing import Any, NoReturn

from attrs import evolve

from calcom_transports.fake.availability import find_place, is_busy, starts, zone
from calcom_transports.fake.call import Call, made, ok
from calcom_transports.fake.new_booking import (
    check_recorded,
    draft_of,
    event_type_of,
    occurrences_of,
)
from calcom_transports.fake.refusals import NotRecorded, refuse
from calcom_transports.fake.rendering import Json
from calcom_transports.fake.state import Attendee, Booking, EventType, Span, State, minutes, utc
from calcom_transports.fake.validation import check_create


def create(call: Call) -> Json:
    """`POST /v2/bookings`."""
    body: Mapping[str, Any] = call.body
    check_create(body)
    state, event_type = call.state, event_type_of(call)
    if event_type.requires_authentication and not call.hosts(event_type):
        refuse("needs-credentials" if call.caller is None else "needs-host")
    check_recorded(event_type, body)
    draft = draft_of(call, event_type, utc(body["start"]))
    if event_type.verifies_email:
        refuse("wrong-code" if body.get("emailVerificationCode") else "unverified")
    _check_limits(state, event_type, draft)
    count = occurrences_of(event_type, body)
    if count is None:
        return ok(_book(call, draft))
    draft = evolve(draft, series_uid=state.new_uuid())
    local = draft.start.astimezone(zone(draft.attendees[0].time_zone))
    weeks = [(local + timedelta(weeks=number)).astimezone(UTC) for number in range(count)]
    drafts = [evolve(draft, start=week, end=week + draft.length) for week in weeks]
    return ok([_book(call, week, later=week.start > draft.start) for week in drafts])


def _check_limits(state: State, event_type: EventType, draft: Booking) -> None:
    most, daily = event_type.max_active_bookings, event_type.bookings_per_day
    own = [booking for booking in state.active() if booking.event_type_id == event_type.id]
    email, day = draft.attendees[0].email, draft.start.date()
    theirs = [booking for booking in own if booking.end > state.now and booking.has(email)]
    if most is not None and len(theirs) >= most:
        name = "max-active-reschedule" if event_type.offers_reschedule else "max-active"
        refuse(name, uid=theirs[0].uid)
    if daily is not None and sum(booking.start.date() == day for booking in own) >= daily:
        refuse("day-is-full")


def _book(call: Call, draft: Booking, later: bool = False) -> Json:
    """Book one time; *later* ones of a series are not checked as the first one is."""
    state, event_type, person = call.state, call.state.type_of(draft), draft.attendees[0]
    place = find_place(state, event_type, draft)
    if place.refusal == "taken":
        (_refuse_later_time if later else _refuse_taken)(state, event_type, draft)
    if place.joins is not None and place.joins.has(person.email):
        refuse("second-seat")
    if place.refusal is not None:
        refuse(place.refusal)
    if place.joins is not None:
        return _join(call, place.joins, draft)
    if event_type.scheduling == "round_robin" and _is_repeated(state, draft):
        # The server is known to return the earlier booking.
        raise NotRecorded("bookings.create once more for the same attendee and start")
    check_grid(call, event_type, draft)
    uid, people = state.new_uid(), _people(state, draft, place.hosts)
    booking = state.save(
        evolve(
            draft,
            id=state.new_booking_id(),
            uid=uid,
            title=title_of(state, event_type, place.hosts[0], person.name),
            host_ids=place.hosts,
            attendees=people,
            ics_uid=f"{state.new_uid() if draft.seated else uid}@Cal.com",
            metadata={} if draft.seated else draft.metadata,
            responses={} if draft.seated else draft.responses,
        )
    )
    state.tell("BOOKING_REQUESTED" if booking.status == "pending" else "BOOKING_CREATED", booking)
    return made(call.shown(booking), people[0].seat_uid)


def _refuse_taken(state: State, event_type: EventType, draft: Booking) -> NoReturn:
    for booking in state.active():
        waits = booking.status == "pending" and booking.start <= draft.start < booking.end
        if waits and set(booking.host_ids) & set(event_type.host_ids):
            raise NotRecorded(
                "bookings.create at the time of a booking that waits for confirmation"
            )
    refuse("taken")


def _refuse_later_time(state: State, event_type: EventType, draft: Booking) -> NoReturn:
    """Refuse a later time of a series that another booking has taken, as far as it was recorded."""
    owner, time = event_type.host_ids[0], (draft.start, draft.end)
    for booking in state.active():
        if booking.host_ids[0] == owner and (booking.start, booking.end) == time:
            refuse("conflict")
    if is_busy(state, owner, draft, None):
        raise NotRecorded("a series with a later time that overlaps another booking")
    raise NotRecorded("a series with a later time outside the hours")


def check_grid(call: Call, event_type: EventType, time: Span) -> None:
    """Stop where no slot begins then, for any of the hosts."""
    if not starts(call.state, event_type, time.length // minutes(1), time.start, time.start):
        raise NotRecorded(f"{call.operation} with a time that is no start of a slot")


def _is_repeated(state: State, draft: Booking) -> bool:
    return any(
        booking.event_type_id == draft.event_type_id
        and booking.start == draft.start
        and booking.attendees[0].email == draft.attendees[0].email
        for booking in state.active()
    )


def _join(call: Call, booking: Booking, draft: Booking) -> Json:
    """Take a seat of a booking that is there."""
    if (booking.series_uid is None) != (draft.series_uid is None):
        raise NotRecorded("bookings.create of seats of a series at the time of a single booking")
    taken = _seat(call.state, draft)
    booking = call.state.save(evolve(booking, attendees=(*booking.attendees, taken)))
    call.state.tell("BOOKING_CREATED", booking)
    data = call.shown(booking)
    single = draft.series_uid is None
    return {**data, "seatUid": taken.seat_uid} if single else made(data, taken.seat_uid)


def _seat(state: State, draft: Booking) -> Attendee:
    """Return the attendee of a draft with a new seat."""
    own = {key: value for key, value in draft.responses.items() if key != "email"}
    return evolve(
        draft.attendees[0],
        id=state.new_attendee_id(),
        seat_uid=state.new_uuid(),
        responses={"guests": [], **own},
        metadata=draft.metadata,
    )


def _people(state: State, draft: Booking, hosts: tuple[int, ...]) -> tuple[Attendee, ...]:
    """Return who attends a new booking: who books, the guests, and hosts beside the organiser."""
    if draft.seated:
        return (_seat(state, draft),)
    person = evolve(draft.attendees[0], id=state.new_attendee_id())
    guests = guests_of(state, draft.responses.get("guests", ()), person.time_zone)
    users = [state.users[host_id] for host_id in hosts[1:]]
    team = [Attendee(state.new_attendee_id(), u.name, u.email, u.time_zone) for u in users]
    return (person, *guests, *team)


def guests_of(state: State, emails: Iterable[str], time_zone: str) -> tuple[Attendee, ...]:
    """Return guests as attendees, who have no name."""
    return tuple(Attendee(state.new_attendee_id(), "", email, time_zone) for email in emails)


def title_of(state: State, event_type: EventType, host_id: int, name: str) -> str:
    """Return the title of a booking: the event type between the host, or the team, and the name."""
    host = state.users[host_id].name
    if event_type.scheduling == "collective" and event_type.team_id is not None:
        host = state.teams[event_type.team_id].name
    return f"{event_type.title} between {host} and {name}"
