"""The parts of a booking: its attendees and guests, its location and its references.

An attendee or guest who is added also becomes a guest of the booking's responses.
"""

import re
from typing import Any

from attrs import evolve

from calcom_transports.fake.call import Call, ok
from calcom_transports.fake.refusals import NotRecorded, RefusedByForm, refuse
from calcom_transports.fake.rendering import Json, attendee_json, booking_json
from calcom_transports.fake.state import Attendee, Booking
from calcom_transports.fake.validation import check_guests, is_email, is_time_zone, problem_of


def _accessible(call: Call) -> Booking:
    """Return the booking of the path if the caller may look into it, and else refuse."""
    booking = call.state.bookings.get(call.params["booking_uid"])
    if booking is None or not call.is_host(booking):
        refuse("no-access", user_id=call.user.id, uid=call.params["booking_uid"])
    return booking


def _unseated(call: Call, booking: Booking) -> Booking:
    if booking.seated:
        raise NotRecorded(f"{call.operation} of a booking with seats")
    return booking


def _attendee(booking: Booking, attendee_id: str) -> Attendee | None:
    if not attendee_id.isdigit():
        raise NotRecorded("an attendee whose id is no number")
    return next((item for item in booking.attendees if item.id == int(attendee_id)), None)


def _json(attendee: Attendee) -> Json:
    data = {**attendee_json(attendee), "id": attendee.id}
    if attendee.phone_number is not None:
        data["phoneNumber"] = attendee.phone_number
    return data


def list_attendees(call: Call) -> Json:
    """`GET /v2/bookings/{booking_uid}/attendees`."""
    return ok([_json(attendee) for attendee in _accessible(call).attendees])


def get_attendee(call: Call) -> Json:
    """`GET /v2/bookings/{booking_uid}/attendees/{attendee_id}`."""
    booking, attendee_id = _accessible(call), call.params["attendee_id"]
    attendee = _attendee(booking, attendee_id)
    if attendee is None:
        refuse("no-attendee", attendee_id=attendee_id, uid=booking.uid)
    return ok(_json(attendee))


def add_attendee(call: Call) -> Json:
    """`POST /v2/bookings/{booking_uid}/attendees`."""
    booking, person = _unseated(call, _accessible(call)), call.body
    if not (
        is_email(person.get("email"))
        and isinstance(person.get("name"), str)
        and is_time_zone(person.get("timeZone"))
    ):
        raise NotRecorded("attendees.add with an invalid attendee")
    if any(item.email == person["email"] for item in booking.attendees):
        refuse("guest-twice")
    attendee = Attendee(
        call.state.new_attendee_id(),
        person["name"],
        person["email"],
        person["timeZone"],
        person.get("language", "en"),
        phone_number=person.get("phoneNumber"),
    )
    _save_with(call, booking, (attendee,))
    return ok({**_json(attendee), "bookingId": booking.id})


def remove_attendee(call: Call) -> Json:
    """`DELETE /v2/bookings/{booking_uid}/attendees/{attendee_id}`."""
    booking = _unseated(call, _accessible(call))
    attendee = _attendee(booking, call.params["attendee_id"])
    if attendee is None:
        refuse("attendee-gone")
    if attendee.id == min(item.id for item in booking.attendees):
        refuse("first-attendee")
    guests = [item for item in booking.responses.get("guests", ()) if item != attendee.email]
    responses = {**booking.responses, "guests": guests}
    rest = tuple(item for item in booking.attendees if item.id != attendee.id)
    now = call.state.now
    call.state.save(evolve(booking, attendees=rest, responses=responses, updated_at=now))
    return ok(
        {
            "id": attendee.id,
            "bookingId": booking.id,
            "name": attendee.name,
            "email": attendee.email,
            "timeZone": attendee.time_zone,
        }
    )


def add_guests(call: Call) -> Json:
    """`POST /v2/bookings/{booking_uid}/guests`."""
    check_guests(call.body)
    booking = call.state.bookings.get(call.params["booking_uid"])
    if booking is None:
        raise NotRecorded("guests.add to an unknown booking")
    if not call.is_host(booking):
        refuse("no-permission")
    _unseated(call, booking)
    known = {attendee.email for attendee in booking.attendees}
    new = [guest for guest in call.body["guests"] if guest["email"] not in known]
    if not new:
        refuse("guest-twice")
    if len(booking.attendees) + len(new) > 30:
        raise NotRecorded("guests.add beyond 30 guests")
    host = call.state.organizer(booking)
    guests = tuple(
        Attendee(
            call.state.new_attendee_id(),
            guest.get("name", ""),
            guest["email"],
            guest.get("timeZone", host.time_zone),
            guest.get("language", "en"),
            phone_number=guest.get("phoneNumber"),
        )
        for guest in new
    )
    return ok(booking_json(call.state, _save_with(call, booking, guests)))


def _save_with(call: Call, booking: Booking, people: tuple[Attendee, ...]) -> Booking:
    guests = [*booking.responses.get("guests", ()), *(person.email for person in people)]
    return call.state.save(
        evolve(
            booking,
            attendees=(*booking.attendees, *people),
            responses={**booking.responses, "guests": guests},
            updated_at=call.state.now,
        )
    )


_URL = re.compile(r"https?://[^/\s]+\.[A-Za-z]{2,}(/\S*)?")
_NOT_A_URL = (
    "UpdateBookingInputLocationValidator_2024_08_13 - Validation failed for link location: "
    "link must be a URL address"
)
_LOCATIONS = {"address": ("address", "inPerson"), "link": ("link", "link")}
"""By the type of a location: the property that holds it, and how the responses name it."""


def update_location(call: Call) -> Json:
    """`PATCH /v2/bookings/{booking_uid}/location`."""
    booking: Booking = call.booking()
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
    key, said = _LOCATIONS[kind]
    value = location.get(key)
    if not isinstance(value, str) or not value:
        raise NotRecorded(f"bookings.update_location without {key}")
    if kind == "link" and not _URL.fullmatch(value):
        raise RefusedByForm(
            [problem_of({"location": location}, "location", "ValidateUpdateLocation", _NOT_A_URL)]
        )
    responses = {**booking.responses, "location": {"value": said, "optionValue": ""}}
    moved = call.state.save(
        evolve(booking, location=value, responses=responses, updated_at=call.state.now)
    )
    return ok(booking_json(call.state, moved))


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
