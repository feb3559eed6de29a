"""Slots and their reservations.

The list offers what `find_place` accepts and nobody has reserved. A reservation hides its slot from
the list until it ends; a create does not look at it, and does not use it up.
"""

from datetime import datetime, time, timedelta

from calcom_transports.fake.availability import find_place, starts, zone
from calcom_transports.fake.call import Call, ok
from calcom_transports.fake.new_booking import event_type_of_slug
from calcom_transports.fake.refusals import NotRecorded, refuse
from calcom_transports.fake.rendering import Json, columns, instant
from calcom_transports.fake.state import (
    Booking,
    EventType,
    Reservation,
    Span,
    State,
    minutes,
    utc,
)
from calcom_transports.fake.validation import check_slots, is_integer, is_iso


def list_slots(call: Call) -> Json:
    """`GET /v2/slots`."""
    check_slots(call.query)
    event_type = _event_type(call)
    first, last = _range(call)
    length = event_type.length
    if (wanted := call.text("duration")) is not None:
        if not wanted.isdecimal() or int(wanted) not in (event_type.lengths or (length,)):
            raise NotRecorded("slots.list with a duration that the event type does not offer")
        length = int(wanted)
    local, with_end = call.text("timeZone"), (call.text("format") or "time").lower() == "range"
    by_day: dict[str, list[Json]] = {}
    for start in starts(call.state, event_type, length, first, last):
        time = Span(start, start + minutes(length))
        place = find_place(call.state, event_type, time)
        if place.refusal is None and not _is_reserved(call.state, event_type, time):
            item: Json = {"start": _written(start, local)}
            if with_end:
                item["end"] = _written(time.end, local)
            if event_type.seats is not None:
                item |= _seats(event_type.seats, place.joins)
            by_day.setdefault(item["start"][:10], []).append(item)
    return ok(by_day)


def _is_reserved(state: State, event_type: EventType, time: Span) -> bool:
    """Tell whether a reservation of the event type still holds, and overlaps the time."""
    return any(
        item.event_type_id == event_type.id and item.until > state.now and item.overlaps(time)
        for item in state.reservations.values()
    )


def _event_type(call: Call) -> EventType:
    if (number := call.text("eventTypeId")) is not None:
        event_type = call.state.event_type(number)
        if event_type is None:
            refuse("no-event-type-of-slots")
        return event_type
    if "usernames" in call.query or "organizationSlug" in call.query:
        raise NotRecorded("slots.list of several users, or of an organisation")
    if call.query.keys().isdisjoint({"username", "teamSlug"}):
        raise NotRecorded("slots.list by a slug without username and teamSlug")
    username, team_slug = call.text("username"), call.text("teamSlug")
    if call.state.user_named(username) is None and call.state.team_named(team_slug) is None:
        raise NotRecorded("slots.list of an unknown user or team")
    return event_type_of_slug(call.state, call.text("eventTypeSlug"), username, team_slug)


def _range(call: Call) -> tuple[datetime, datetime]:
    first, last = call.text("start"), call.text("end")
    if first is None or last is None or not (is_iso(first) and is_iso(last)):
        raise NotRecorded("slots.list without a start and an end")
    until = utc(last)
    if until.time() == time():  # midnight means the whole day
        until += timedelta(days=1, seconds=-1)
    return utc(first), until


def _written(moment: datetime, local: str | None) -> str:
    if local is None or zone(local).utcoffset(moment) is None or local == "UTC":
        return instant(moment)
    return moment.astimezone(zone(local)).isoformat(timespec="milliseconds")


def _seats(seats: int, booking: Booking | None) -> Json:
    taken = 0 if booking is None else len(booking.attendees)
    data: Json = {"seatsBooked": taken, "seatsRemaining": seats - taken, "seatsTotal": seats}
    return data if booking is None else {**data, "bookingUid": booking.uid}


def reserve(call: Call) -> Json:
    """`POST /v2/slots/reservations`."""
    if "reservationDuration" in call.body and call.caller is None:
        raise NotRecorded("slots.reserve for a time of one's own without credentials")
    return _reserve(call, call.state.new_uuid())


def _reserve(call: Call, uid: str) -> Json:
    body, state = call.body, call.state
    number, duration = body.get("eventTypeId"), body.get("reservationDuration", 5)
    event_type = state.event_types.get(number) if is_integer(number) else None
    if event_type is None or not is_iso(body.get("slotStart")):
        raise NotRecorded("a reservation of an unknown event type, or without a start")
    if "slotDuration" in body or event_type.seats is not None:
        raise NotRecorded("a reservation with a length of its own, or of a seat")
    if not is_integer(duration) or not 0 < duration <= 1440:
        raise NotRecorded("a reservation for a time that is no number of minutes")
    start = utc(body["slotStart"])
    time = Span(start, start + minutes(event_type.length))
    if find_place(state, event_type, time).refusal is not None:
        raise NotRecorded("a reservation of a slot that is not free")
    if _is_reserved(state, event_type, time):
        refuse("reserved")
    until = state.now + minutes(duration)
    reservation = Reservation(time.start, time.end, uid, event_type.id, until)
    state.reservations[uid] = reservation
    return ok({**_json(reservation), "reservationDuration": duration})


_RESERVATION = columns(
    "reservationUid=uid event_type_id slotStart=start slotEnd=end reservationUntil=until"
)


def _json(item: Reservation) -> Json:
    return {**_RESERVATION(item), "slotDuration": item.length // minutes(1)}


def get_reservation(call: Call) -> Json:
    """`GET /v2/slots/reservations/{reservation_uid}`; an unknown one is null."""
    reservation = call.state.reservations.get(call.params["reservation_uid"])
    return ok(None if reservation is None else _json(reservation))


def update_reservation(call: Call) -> Json:
    """`PATCH /v2/slots/reservations/{reservation_uid}`."""
    uid = call.params["reservation_uid"]
    if uid not in call.state.reservations:
        raise NotRecorded("slots.update_reservation of an unknown reservation")
    return _reserve(call, uid)


def delete_reservation(call: Call) -> Json:
    """`DELETE /v2/slots/reservations/{reservation_uid}`; an unknown one is no error."""
    call.state.reservations.pop(call.params["reservation_uid"], None)
    return {"status": "success"}
