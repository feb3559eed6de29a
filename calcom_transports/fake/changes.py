"""Rescheduling, confirming and declining bookings, marking who was absent, and reassigning hosts.

A rescheduled booking is cancelled, and a new one with a new uid takes its place; each names the
other. A booking with seats moves as a whole, or one seat of it moves to a booking of its own.
"""

from datetime import datetime, timedelta
from typing import Literal

from attrs import evolve

from calcom_transports.fake.availability import find_place, is_busy, is_on_grid, next_hosts
from calcom_transports.fake.call import Call, ok
from calcom_transports.fake.creation import guests_of, title_of
from calcom_transports.fake.refusals import NotRecorded, refuse
from calcom_transports.fake.rendering import (
    Json,
    booking_json,
    instant,
    new_booking_json,
)
from calcom_transports.fake.state import Booking, minutes, utc
from calcom_transports.fake.validation import check_mark_absent, check_reschedule

_REASON = "rescheduledReason"
"""The response in which a booking keeps why it was rescheduled."""


def reschedule(call: Call) -> Json:
    """`POST /v2/bookings/{booking_uid}/reschedule`."""
    check_reschedule(call.body)
    booking, state = call.booking(), call.state
    if booking.status == "cancelled":
        if booking.rescheduled_to is not None:
            refuse("rescheduled-already", uid=booking.uid, new_uid=booking.rescheduled_to)
        refuse("reschedule-cancelled", uid=booking.uid)
    if booking.status == "rejected":
        raise NotRecorded("bookings.reschedule of a declined booking")
    seat_uid = call.body.get("seatUid")
    if seat_uid is not None and not any(p.seat_uid == seat_uid for p in booking.attendees):
        if state.of_seat(seat_uid) is not None:
            raise NotRecorded("bookings.reschedule with a seat of another booking")
        refuse("no-seat", seat_uid=seat_uid)
    if booking.seated and seat_uid is None and not call.is_host(booking):
        if call.caller is not None:
            raise NotRecorded("bookings.reschedule of all seats by somebody who is no host")
        refuse("reschedule-seats-anonymously")
    event_type = state.event_types[booking.event_type_id]
    notice = event_type.reschedule_notice
    is_late = notice is not None and booking.start - state.now < minutes(notice)
    if is_late and not call.is_host(booking):
        refuse("reschedule-notice")
    if event_type.scheduling is not None:
        raise NotRecorded(f"bookings.reschedule of a {event_type.scheduling} event type")
    start = utc(call.body["start"])
    if seat_uid is not None:
        return _move_seat(call, booking, seat_uid, start)
    place = find_place(state, event_type, start, start + _length(booking), booking.uid)
    if place.refusal is not None and place.refusal != "no-seats":
        refuse(place.refusal)
    if place.joins is not None:
        raise NotRecorded("bookings.reschedule of all seats to a time that has seats already")
    _check_grid(call, booking, start)
    return _move_seats(call, booking, start) if booking.seated else _move(call, booking, start)


def _length(booking: Booking) -> timedelta:
    return booking.end - booking.start


def _check_grid(call: Call, booking: Booking, start: datetime) -> None:
    event_type = call.state.event_types[booking.event_type_id]
    length = int(_length(booking) / minutes(1))
    if not is_on_grid(call.state, event_type, start, length):
        raise NotRecorded("bookings.reschedule to a time that is no start of a slot")


def _move(call: Call, booking: Booking, start: datetime) -> Json:
    """Cancel a booking, and put another one in its place."""
    state, event_type = call.state, call.state.event_types[booking.event_type_id]
    by, reason = call.body.get("rescheduledBy"), call.body.get("reschedulingReason")
    first = booking.attendees[0]
    responses = {key: value for key, value in booking.responses.items() if key != _REASON}
    if reason is not None:
        responses[_REASON] = reason
    guests = tuple(booking.responses.get("guests", ()))
    by_host = call.is_host(booking) if by is None else by == state.organizer(booking).email
    waits = event_type.requires_confirmation and not by_host
    uid = state.new_uid()
    new = state.save(
        evolve(
            booking,
            id=state.new_booking_id(),
            uid=uid,
            status="pending" if waits else "accepted",
            start=start,
            end=start + _length(booking),
            created_at=state.now,
            updated_at=state.now,
            attendees=(
                evolve(first, id=state.new_attendee_id(), absent=False),
                *guests_of(state, guests, first.time_zone),
            ),
            responses=responses,
            cancellation_reason="",
            rescheduling_reason=reason,
            rescheduled_by=by,
            rescheduled_from=booking.uid,
            absent_host=False,
        )
    )
    old = evolve(
        booking,
        status="cancelled",
        rescheduled_by=by,
        rescheduled_to=uid,
        updated_at=state.now,
    )
    state.save(old)
    state.tell("BOOKING_REQUESTED" if waits else "BOOKING_RESCHEDULED", new, old)
    return ok(new_booking_json(booking_json(state, new)))


def _move_seats(call: Call, booking: Booking, start: datetime) -> Json:
    """Move a booking with all of its seats; it keeps its uid."""
    state = call.state
    moved = state.save(
        evolve(booking, start=start, end=start + _length(booking), updated_at=state.now)
    )
    state.tell("BOOKING_RESCHEDULED", moved, booking)
    return ok(new_booking_json(booking_json(state, moved), ""))


def _move_seat(call: Call, booking: Booking, seat_uid: str, start: datetime) -> Json:
    """Move one seat to a booking of its own."""
    state, end = call.state, start + _length(booking)
    event_type = state.event_types[booking.event_type_id]
    place = find_place(state, event_type, start, end)
    if place.joins is not None:
        raise NotRecorded("bookings.reschedule_seat to a time that has seats already")
    if place.refusal is not None:
        refuse(place.refusal)
    if len(booking.attendees) == 1:
        raise NotRecorded("bookings.reschedule_seat of the only seat of a booking")
    _check_grid(call, booking, start)
    person = next(item for item in booking.attendees if item.seat_uid == seat_uid)
    person = evolve(person, id=state.new_attendee_id(), seat_uid=state.new_uuid())
    new = state.save(
        evolve(
            booking,
            id=state.new_booking_id(),
            uid=state.new_uid(),
            title=title_of(state, event_type, booking.host_ids[0], person.name),
            start=start,
            end=end,
            created_at=state.now,
            updated_at=state.now,
            attendees=(person,),
            ics_uid=f"{state.new_uid()}@Cal.com",
            series_uid=None,
        )
    )
    rest = tuple(item for item in booking.attendees if item.seat_uid != seat_uid)
    old = state.save(evolve(booking, attendees=rest))
    state.tell("BOOKING_RESCHEDULED", new, old)
    return ok(new_booking_json(booking_json(state, new), person.seat_uid))


def confirm(call: Call) -> Json:
    """`POST /v2/bookings/{booking_uid}/confirm`."""
    return _decide(call, "accepted")


def decline(call: Call) -> Json:
    """`POST /v2/bookings/{booking_uid}/decline`."""
    return _decide(call, "rejected")


def _decide(call: Call, status: Literal["accepted", "rejected"]) -> Json:
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
    reason = None
    if status == "accepted":
        if is_busy(state, booking.host_ids[0], booking.start, booking.end, booking.uid):
            raise NotRecorded("bookings.confirm of a booking whose time is taken")
    else:
        reason = call.body.get("reason")
    decided = state.save(
        evolve(booking, status=status, rejection_reason=reason, updated_at=state.now)
    )
    trigger = "BOOKING_CREATED" if status == "accepted" else "BOOKING_REJECTED"
    state.tell(trigger, decided, details={"decided": True})
    return ok(booking_json(state, decided))


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
    host = call.body.get("host")
    marked = state.save(
        evolve(
            booking,
            attendees=tuple(people),
            absent_host=booking.absent_host if host is None else host,
            updated_at=booking.updated_at if host is None else state.now,
        )
    )
    if known:
        state.tell("BOOKING_NO_SHOW_UPDATED", marked, details={"marks": marks})
    return ok(booking_json(state, marked))


def reassign(call: Call) -> Json:
    """`POST /v2/bookings/{booking_uid}/reassign`."""
    return _reassign(call, None)


def reassign_to_user(call: Call) -> Json:
    """`POST /v2/bookings/{booking_uid}/reassign/{user_id}`."""
    given = call.params["user_id"]
    if not given.isdigit():
        refuse("not-a-number")
    return _reassign(call, int(given))


def _reassign(call: Call, user_id: int | None) -> Json:
    state, booking = call.state, call.booking()
    event_type = state.event_types[booking.event_type_id]
    if not call.hosts(event_type):
        refuse("no-reassigning")
    if user_id is not None:
        if user_id not in state.users:
            refuse("no-user-id", user_id=user_id)
        if user_id not in event_type.host_ids:
            refuse("not-a-host", user_id=user_id)
        if is_busy(state, user_id, booking.start, booking.end, booking.uid):
            raise NotRecorded("bookings.reassign_to_user to a host who is busy")
        new_host = user_id
    else:
        others = [host for host in event_type.host_ids if host not in booking.host_ids]
        free = [
            host
            for host in others
            if not is_busy(state, host, booking.start, booking.end, booking.uid)
        ]
        if not free:
            refuse("no-other-host")
        [new_host] = next_hosts(state, event_type, free)
    if not booking.is_active:
        raise NotRecorded(f"{call.operation} of a cancelled or declined booking")
    title = title_of(state, event_type, new_host, booking.attendees[0].name)
    state.save(evolve(booking, host_ids=(new_host,), title=title, updated_at=state.now))
    user = state.users[new_host]
    host = {"id": user.id, "name": user.name, "email": user.email, "displayEmail": user.email}
    return ok({"bookingUid": booking.uid, "reassignedTo": host})
