"""Rescheduling, confirming and declining bookings, marking who was absent, and reassigning hosts.

A rescheduled booking is cancelled, and a new one with a new uid takes its place; each names the
other. A booking with seats moves as a whole, or one seat of it moves to a booking of its own.
"""

from typing import Any, Literal

from attrs import evolve

from calcom_transports.fake.availability import find_place, is_busy, next_hosts
from calcom_transports.fake.call import Call, made, ok
from calcom_transports.fake.creation import check_grid, guests_of, title_of
from calcom_transports.fake.refusals import NotRecorded, refuse
from calcom_transports.fake.rendering import Json, columns, instant
from calcom_transports.fake.state import Attendee, Booking, Span, minutes, utc
from calcom_transports.fake.validation import check_mark_absent, check_reschedule

_NEW_HOST = columns("id name email displayEmail=email")
_REASON = "rescheduledReason"
"""The response in which a booking keeps why it was rescheduled."""


def reschedule(call: Call) -> Json:
    """`POST /v2/bookings/{booking_uid}/reschedule`."""
    check_reschedule(call.body)
    booking, seat_uid = call.booking(), call.body.get("seatUid")
    person = _check_whether(call, booking, seat_uid)
    event_type, start = call.state.type_of(booking), utc(call.body["start"])
    time, ignored = Span(start, start + booking.length), booking.uid if person is None else None
    place = find_place(call.state, event_type, time, ignored)
    if place.joins is not None:
        what = "bookings.reschedule of all seats" if person is None else "bookings.reschedule_seat"
        raise NotRecorded(f"{what} to a time that has seats already")
    if place.refusal is not None:
        refuse(place.refusal)
    if person is not None and len(booking.attendees) == 1:
        raise NotRecorded("bookings.reschedule_seat of the only seat of a booking")
    check_grid(call, event_type, time)
    if person is not None:
        return _move_seat(call, booking, person, time)
    return _move_seats(call, booking, time) if booking.seated else _move(call, booking, time)


def _check_whether(call: Call, booking: Booking, seat_uid: str | None) -> Attendee | None:
    """Refuse what cannot be moved, or not by this caller; return who holds the seat that moves."""
    if booking.rescheduled_to is not None and booking.status == "cancelled":
        refuse("rescheduled-already", uid=booking.uid, new_uid=booking.rescheduled_to)
    if booking.status == "cancelled":
        refuse("reschedule-cancelled", uid=booking.uid)
    if booking.status == "rejected":
        raise NotRecorded("bookings.reschedule of a declined booking")
    person = None if seat_uid is None else booking.attendee_of(seat_uid)
    if seat_uid is not None and person is None:
        if call.state.of_seat(seat_uid) is not None:
            raise NotRecorded("bookings.reschedule with a seat of another booking")
        refuse("no-seat", seat_uid=seat_uid)
    by_host, event_type = call.is_host(booking), call.state.type_of(booking)
    if booking.seated and seat_uid is None and not by_host:
        if call.caller is not None:
            raise NotRecorded("bookings.reschedule of all seats by somebody who is no host")
        refuse("reschedule-seats-anonymously")
    notice = event_type.reschedule_notice
    if not by_host and notice is not None and booking.start - call.state.now < minutes(notice):
        refuse("reschedule-notice")
    if event_type.scheduling is not None:
        raise NotRecorded(f"bookings.reschedule of a {event_type.scheduling} event type")
    return person


def _moved(call: Call, booking: Booking, time: Span, **changes: Any) -> Booking:
    """Return a new booking like another one at another time, with the *changes*."""
    state = call.state
    return evolve(
        booking,
        id=state.new_booking_id(),
        uid=state.new_uid(),
        start=time.start,
        end=time.end,
        created_at=state.now,
        updated_at=state.now,
        **changes,
    )


def _move(call: Call, booking: Booking, time: Span) -> Json:
    """Cancel a booking, and put another one in its place."""
    state, first = call.state, booking.attendees[0]
    by, reason = call.body.get("rescheduledBy"), call.body.get("reschedulingReason")
    responses = {key: value for key, value in booking.responses.items() if key != _REASON}
    if reason is not None:
        responses[_REASON] = reason
    by_host = call.is_host(booking) if by is None else by == state.organizer(booking).email
    waits = state.type_of(booking).requires_confirmation and not by_host
    new = _moved(
        call,
        booking,
        time,
        status="pending" if waits else "accepted",
        attendees=(
            evolve(first, id=state.new_attendee_id(), absent=False),
            *guests_of(state, booking.responses.get("guests", ()), first.time_zone),
        ),
        responses=responses,
        cancellation_reason="",
        rescheduling_reason=reason,
        rescheduled_by=by,
        rescheduled_from=booking.uid,
        absent_host=False,
    )
    state.save(new)
    old = state.change(booking, status="cancelled", rescheduled_by=by, rescheduled_to=new.uid)
    state.tell("BOOKING_REQUESTED" if waits else "BOOKING_RESCHEDULED", new, old)
    return ok(made(call.shown(new)))


def _move_seats(call: Call, booking: Booking, time: Span) -> Json:
    """Move a booking with all of its seats; it keeps its uid."""
    moved = call.state.change(booking, start=time.start, end=time.end)
    call.state.tell("BOOKING_RESCHEDULED", moved, booking)
    return ok(made(call.shown(moved), ""))


def _move_seat(call: Call, booking: Booking, person: Attendee, time: Span) -> Json:
    """Move one seat to a booking of its own."""
    state, title = (
        call.state,
        title_of(call.state, call.state.type_of(booking), booking.host_ids[0], person.name),
    )
    own = evolve(person, id=state.new_attendee_id(), seat_uid=state.new_uuid())
    ics_uid = f"{state.new_uid()}@Cal.com"
    new = state.save(
        _moved(call, booking, time, title=title, attendees=(own,), ics_uid=ics_uid, series_uid=None)
    )
    rest = tuple(item for item in booking.attendees if item is not person)
    old = state.save(evolve(booking, attendees=rest))
    state.tell("BOOKING_RESCHEDULED", new, old)
    return ok(made(call.shown(new, own.seat_uid), own.seat_uid))


def confirm(call: Call) -> Json:
    """`POST /v2/bookings/{booking_uid}/confirm`."""
    return _decide(call, "accepted", "BOOKING_CREATED", None)


def decline(call: Call) -> Json:
    """`POST /v2/bookings/{booking_uid}/decline`."""
    return _decide(call, "rejected", "BOOKING_REJECTED", call.body.get("reason"))


def _decide(
    call: Call, status: Literal["accepted", "rejected"], trigger: str, reason: str | None
) -> Json:
    state, booking = call.state, call.booking()
    if not call.is_host(booking):
        refuse("not-your-booking")
    if booking.status == "accepted":
        refuse("confirmed-already")
    if booking.seated:
        raise NotRecorded(f"{call.operation} of a booking with seats")
    if booking.series_uid is not None:
        raise NotRecorded(f"{call.operation} of a series")
    if booking.status == status:
        raise NotRecorded("bookings.decline of a booking that is declined already")
    if status == "accepted" and is_busy(state, booking.host_ids[0], booking, booking.uid):
        raise NotRecorded("bookings.confirm of a booking whose time is taken")
    decided = state.change(booking, status=status, rejection_reason=reason)
    state.tell(trigger, decided, details={"decided": True})
    return ok(call.shown(decided))


def mark_absent(call: Call) -> Json:
    """`POST /v2/bookings/{booking_uid}/mark-absent`."""
    check_mark_absent(call.body)
    state, booking = call.state, call.booking("no-booking-to-mark")
    if booking.start > state.now:
        refuse("too-early", now=instant(state.now), start=instant(booking.start))
    if booking.seated:
        raise NotRecorded("bookings.mark_absent of a booking with seats")
    marks = {mark["email"]: mark["absent"] for mark in call.body.get("attendees", ())}
    if marks and not call.is_host(booking):
        refuse("not-marked")
    # The server lists those that it has changed last.
    known = [person for person in booking.attendees if person.email in marks]
    people = [person for person in booking.attendees if person.email not in marks]
    people += [evolve(person, absent=marks[person.email]) for person in known]
    marked = state.save(evolve(booking, attendees=tuple(people)))
    if (host := call.body.get("host")) is not None:
        marked = state.change(marked, absent_host=host)
    if known:
        state.tell("BOOKING_NO_SHOW_UPDATED", marked, details={"marks": marks})
    return ok(call.shown(marked))


def reassign(call: Call) -> Json:
    """`POST /v2/bookings/{booking_uid}/reassign`."""
    booking = _of_own_team(call)
    event_type = call.state.type_of(booking)
    free = [
        host
        for host in event_type.host_ids
        if host not in booking.host_ids and not is_busy(call.state, host, booking, booking.uid)
    ]
    if not free:
        refuse("no-other-host")
    return _reassign(call, booking, *next_hosts(call.state, event_type, free))


def reassign_to_user(call: Call) -> Json:
    """`POST /v2/bookings/{booking_uid}/reassign/{user_id}`."""
    given = call.params["user_id"]
    if not given.isdecimal():
        refuse("not-a-number")
    booking, user_id = _of_own_team(call), int(given)
    if user_id not in call.state.users:
        refuse("no-user-id", user_id=user_id)
    if user_id not in call.state.type_of(booking).host_ids:
        refuse("not-a-host", user_id=user_id)
    if is_busy(call.state, user_id, booking, booking.uid):
        raise NotRecorded("bookings.reassign_to_user to a host who is busy")
    return _reassign(call, booking, user_id)


def _of_own_team(call: Call) -> Booking:
    booking = call.booking()
    if not call.hosts(call.state.type_of(booking)):
        refuse("no-reassigning")
    return booking


def _reassign(call: Call, booking: Booking, host_id: int) -> Json:
    if not booking.is_active:
        raise NotRecorded(f"{call.operation} of a cancelled or declined booking")
    state, user = call.state, call.state.users[host_id]
    title = title_of(state, state.type_of(booking), host_id, booking.attendees[0].name)
    state.change(booking, host_ids=(host_id,), title=title)
    return ok({"bookingUid": booking.uid, "reassignedTo": _NEW_HOST(user)})
