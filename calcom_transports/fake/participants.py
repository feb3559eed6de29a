"""The parts of a booking: its attendees and guests, its location and its references.

An attendee or guest who is added also becomes a guest of the booking's responses.
"""

import re
from typing import Any

from calcom_transports.fake.call import Call, ok
from calcom_transports.fake.refusals import NotRecorded, RefusedByForm, refuse
from calcom_transports.fake.rendering import Json, attendee_json, columns
from calcom_transports.fake.state import Attendee, Booking, State
from calcom_transports.fake.validation import check_guests, is_attendee, problem_of

_REMOVED = columns("id name email time_zone")


def _accessible(call: Call) -> Booking:
    """Return the booking of the path if the caller may look into it, and else refuse."""
    booking = call.state.bookings.get(call.uid)
    if booking is None or not call.is_host(booking):
        refuse("no-access", user_id=call.user.id, uid=call.uid)
    return booking


def _unseated(call: Call, booking: Booking) -> Booking:
    if booking.seated:
        raise NotRecorded(f"{call.operation} of a booking with seats")
    return booking


def _readable(call: Call) -> Booking:
    booking = _accessible(call)
    if booking.seated and not booking.is_active:
        raise NotRecorded(f"{call.operation} of a cancelled booking with seats")
    return booking


def _attendee(call: Call, booking: Booking, refusal: str) -> Attendee:
    """Return the attendee of the path, or refuse."""
    given = call.params["attendee_id"]
    if not given.isdecimal():
        raise NotRecorded("an attendee whose id is no number")
    found = next((item for item in booking.attendees if item.id == int(given)), None)
    if found is None:
        refuse(refusal, attendee_id=given, uid=booking.uid)
    return found


def list_attendees(call: Call) -> Json:
    """`GET /v2/bookings/{booking_uid}/attendees`."""
    return ok([attendee_json(attendee) for attendee in _readable(call).attendees])


def get_attendee(call: Call) -> Json:
    """`GET /v2/bookings/{booking_uid}/attendees/{attendee_id}`."""
    return ok(attendee_json(_attendee(call, _readable(call), "no-attendee")))


def _new(state: State, person: Json) -> Attendee:
    return Attendee(
        state.new_attendee_id(),
        person["name"],
        person["email"],
        person["timeZone"],
        person.get("language", "en"),
        phone_number=person.get("phoneNumber"),
    )


def add_attendee(call: Call) -> Json:
    """`POST /v2/bookings/{booking_uid}/attendees`."""
    booking, person = _unseated(call, _accessible(call)), call.body
    if not is_attendee(person):
        raise NotRecorded("attendees.add with an invalid attendee")
    if booking.has(person["email"]):
        refuse("guest-twice")
    attendee = _new(call.state, person)
    _save_with(call, booking, (attendee,))
    return ok({**attendee_json(attendee), "bookingId": booking.id})


def remove_attendee(call: Call) -> Json:
    """`DELETE /v2/bookings/{booking_uid}/attendees/{attendee_id}`."""
    booking = _unseated(call, _accessible(call))
    attendee = _attendee(call, booking, "attendee-gone")
    if attendee.id == min(item.id for item in booking.attendees):
        refuse("first-attendee")
    guests = [item for item in booking.responses.get("guests", ()) if item != attendee.email]
    responses = {**booking.responses, "guests": guests}
    rest = tuple(item for item in booking.attendees if item is not attendee)
    call.state.change(booking, attendees=rest, responses=responses)
    return ok({**_REMOVED(attendee), "bookingId": booking.id})


def add_guests(call: Call) -> Json:
    """`POST /v2/bookings/{booking_uid}/guests`."""
    check_guests(call.body)
    state, booking = call.state, call.state.bookings.get(call.uid)
    if booking is None:
        raise NotRecorded("guests.add to an unknown booking")
    if not call.is_host(booking):
        refuse("no-permission")
    _unseated(call, booking)
    new = [guest for guest in call.body["guests"] if not booking.has(guest["email"])]
    if not new:
        refuse("guest-twice")
    if len(booking.attendees) + len(new) > 30:
        raise NotRecorded("guests.add beyond 30 guests")
    usual = {"name": "", "timeZone": state.organizer(booking).time_zone}
    guests = tuple(_new(state, {**usual, **guest}) for guest in new)
    return ok(call.shown(_save_with(call, booking, guests)))


def _save_with(call: Call, booking: Booking, people: tuple[Attendee, ...]) -> Booking:
    guests = [*booking.responses.get("guests", ()), *(person.email for person in people)]
    responses = {**booking.responses, "guests": guests}
    return call.state.change(booking, attendees=(*booking.attendees, *people), responses=responses)


_URL = re.compile(r"https?://[^/\s]+\.[A-Za-z]{2,}(/\S*)?")
_NOT_A_URL = (
    "UpdateBookingInputLocationValidator_2024_08_13 - Validation failed for link location: "
    "link must be a URL address"
)
_LOCATIONS = {"address": "inPerson", "link": "link"}
"""How the responses name the types of a location; a type is also the property that holds it."""


def update_location(call: Call) -> Json:
    """`PATCH /v2/bookings/{booking_uid}/location`."""
    booking = call.booking()
    if not call.is_host(booking):
        refuse("no-moving")
    location: Any = call.body.get("location")
    if not isinstance(location, dict):
        raise NotRecorded("bookings.update_location without a location")
    kind = location.get("type")
    if kind == "integration":
        refuse("not-connected", integration=location.get("integration"))
    if kind not in [*_LOCATIONS] or booking.seated:
        raise NotRecorded(f"bookings.update_location to the type {kind}, or of seats")
    value = location.get(kind)
    if not isinstance(value, str) or not value:
        raise NotRecorded(f"bookings.update_location without {kind}")
    if kind == "link" and not _URL.fullmatch(value):
        target = {"location": location}
        raise RefusedByForm(problem_of(target, "location", "ValidateUpdateLocation", _NOT_A_URL))
    said = {"value": _LOCATIONS[kind], "optionValue": ""}
    responses = {**booking.responses, "location": said}
    moved = call.state.change(booking, location=value, responses=responses)
    return ok(call.shown(moved))


def references(call: Call) -> Json:
    """`GET /v2/bookings/{booking_uid}/references`; the fake has no calendar, and so none."""
    booking = call.booking()
    if call.user.id != booking.host_ids[0]:
        refuse("not-your-references", uid=booking.uid)
    return ok([])


def video(call: Call) -> Json:
    """`GET …/recordings` and `…/transcripts`: the fake has no Cal Video."""
    refuse("no-video", uid=_accessible(call).uid)


def sessions(call: Call) -> Json:
    """`GET /v2/bookings/{booking_uid}/conferencing-sessions`."""
    _accessible(call)
    raise NotRecorded("bookings.conferencing_sessions of a booking without Cal Video")


def calendar_links(call: Call) -> Json:
    """`GET /v2/bookings/{booking_uid}/calendar-links`."""
    call.booking("no-booking-of-links")
    raise NotRecorded(
        "bookings.calendar_links with the event of the calendar file, which is random"
    )
