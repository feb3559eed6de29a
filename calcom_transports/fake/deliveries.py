"""The deliveries of webhooks: each transition as the signed request that the server posts.

The server writes a payload from what it has at hand, so its keys and the form of its times differ
between a create, a decision of the host, a cancellation and a mark of absence.
Here it is written when a test looks at it, from the booking as it was at the transition.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from calcom_core.http import Request
from calcom_core.serialization import format_datetime
from calcom_core.webhooks import SIGNATURE_HEADER, VERSION_HEADER, sign
from calcom_transports.fake.availability import zone
from calcom_transports.fake.rendering import Json, columns, instant
from calcom_transports.fake.state import (
    Attendee,
    Booking,
    EventType,
    State,
    Transition,
    User,
    minutes,
)

SUBSCRIBER_URL = "http://127.0.0.1/webhooks"
"""Where deliveries would go."""

_LABELS = {
    "name": ("your_name", False),
    "email": ("email_address", False),
    "location": ("location", False),
    "title": ("what_is_this_meeting_about", True),
    "notes": ("additional_notes", False),
    "guests": ("additional_guests", False),
    "rescheduleReason": ("reason_for_reschedule", False),
}
"""The questions that each event type has, with their labels, and whether they are hidden."""

_BOOKING = columns("title location event_type_id uid bookingId=id")
_EVENT_TYPE = columns("type=slug eventTitle=title seatsPerTimeSlot=seats")
_ALWAYS: Json = {
    **dict.fromkeys(("eventDescription", "customReplyToEmail"), None),
    **dict.fromkeys(("hideOrganizerEmail", "hideBranding"), False),
    "bookerUrl": "http://localhost:3000",
    "customInputs": {},
    "currency": "usd",
}
_NO_NOTES: Json = {
    **dict.fromkeys(("additionalNotes", "description"), ""),
    **dict.fromkeys(("hideCalendarNotes", "hideCalendarEventDetails"), False),
}


def request_of(state: State, transition: Transition, secret: str) -> Request:
    """Return the request by which a transition is delivered."""
    name = "decided" if transition.details.get("decided") else transition.trigger
    root = {
        "triggerEvent": transition.trigger,
        "createdAt": instant(transition.at),
        "payload": _WRITERS[name](state, transition),
    }
    body = json.dumps(root, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {
        "Content-Type": "application/json",
        SIGNATURE_HEADER: sign(body, secret),
        VERSION_HEADER: "2021-10-20",
    }
    return Request("POST", SUBSCRIBER_URL, headers, body)


def _created(state: State, transition: Transition) -> Json:
    booking, event_type = transition.booking, state.type_of(transition.booking)
    # The seat that was taken just now is the last one.
    people = booking.attendees[-1:] if booking.seated else booking.attendees
    data = {
        **_common(state, booking),
        **_rules(event_type),
        **_NO_NOTES,
        **dict.fromkeys(("destinationCalendar", "oneTimePassword", "hashedLink"), None),
        **_times(format_datetime, start=booking.start, end=booking.end),
        "status": "ACCEPTED",
        "attendees": [_person_of_create(person, booking.start) for person in people],
        "seatsShowAttendees": event_type.shows_attendees,
        "seatsShowAvailabilityCount": True,
        "schedulingType": _scheduling(event_type),
        "responses": _responses_of_create(booking, event_type, people[0]),
        "iCalUID": booking.ics_uid,
        "iCalSequence": 0,
        "price": 0,
        "metadata": _metadata(booking),
    }
    if booking.seated:
        data["attendeeSeatId"] = people[0].seat_uid
    if event_type.team_id is not None:
        team = state.teams[event_type.team_id]
        data["team"] = {"id": team.id, "name": team.name, "members": []}
    if booking.series_uid is not None and not booking.seated:
        data["recurringEvent"] = {"freq": 2, "count": event_type.occurrences, "interval": 1}
    return data


def _rescheduled(state: State, transition: Transition) -> Json:
    booking, old, data = transition.booking, transition.before, _created(state, transition)
    assert old is not None  # noqa: S101 - each reschedule has one
    data.pop("recurringEvent", None)
    data |= {"rescheduleUid": old.uid, "iCalSequence": _moves(state, booking) or 1}
    if not booking.seated:
        del data["iCalUID"]
        data |= {"rescheduleId": old.id, "appsStatus": []}
        data |= _times(format_datetime, rescheduleStart=old.start, rescheduleEnd=old.end)
        if booking.rescheduled_by is not None:
            data["rescheduledBy"] = booking.rescheduled_by
    return data


def _requested(state: State, transition: Transition) -> Json:
    booking, old, data = transition.booking, transition.before, _created(state, transition)
    del data["responses"]["attendeePhoneNumber"]
    for person in data["attendees"]:
        person["bookingSeat"] = None
    data |= {"status": "PENDING", "organizationId": None, "assignmentReason": []}
    data |= _times(instant, start=booking.start, end=booking.end)
    if old is not None:
        data["rescheduleUid"] = old.uid
        data |= _times(instant, rescheduleStart=old.start, rescheduleEnd=old.end)
    return data


def _decided(state: State, transition: Transition) -> Json:
    booking, event_type = transition.booking, state.type_of(transition.booking)
    decision = (
        {"rejectionReason": booking.rejection_reason}
        if booking.status == "rejected"
        else {"metadata": _metadata(booking)}
    )
    return {
        **_common(state, booking),
        **_rules(event_type),
        **_NO_NOTES,
        **dict.fromkeys(("organizationId", "assignmentReason"), None),
        **_times(instant, start=booking.start, end=booking.end),
        "status": booking.status.upper(),
        "attendees": [_person(person, booking.start) for person in booking.attendees],
        "seatsShowAttendees": False,
        "responses": _responses(booking.responses, event_type),
        "destinationCalendar": [],
        "price": 0,
        **decision,
    }


def _cancelled(state: State, transition: Transition) -> Json:
    booking, event_type = transition.booking, state.type_of(transition.booking)
    before, seat = transition.before or booking, transition.details.get("seat")
    people = [person for person in before.attendees if seat in (None, person.seat_uid)]
    given = booking.responses
    if seat is not None:
        place = {"value": booking.location, "optionValue": booking.location}
        others = [person.email for person in booking.attendees]
        given = {"name": people[0].name, "email": people[0].email, "location": place}
        given |= {"notes": "", "guests": others}
    return {
        **_common(state, booking),
        **dict.fromkeys(("additionalNotes", "description"), None if booking.seated else ""),
        **_times(_with_offset, start=booking.start, end=booking.end),
        "status": "CANCELLED",
        "attendees": [
            _person_of_seat(person, booking) if booking.seated else _person(person, booking.start)
            for person in people
        ],
        "responses": _responses(given, event_type),
        "destinationCalendar": [],
        "cancellationReason": transition.details.get("reason", booking.cancellation_reason),
        "seatsShowAttendees": booking.seated and event_type.shows_attendees,
        "iCalUID": booking.ics_uid,
        "iCalSequence": _moves(state, booking) + 1,
        "schedulingType": _scheduling(event_type),
        "requiresConfirmation": True if event_type.requires_confirmation else None,
        "price": None,
        "requestReschedule": False,
    }


def _marked(state: State, transition: Transition) -> Json:
    marks: Mapping[str, bool] = transition.details["marks"]
    said = [f"{email} {'' if gone else 'un'}marked as no-show" for email, gone in marks.items()]
    return {
        "message": ", ".join(said),
        "attendees": [{"email": email, "noShow": gone} for email, gone in marks.items()],
        "bookingUid": transition.booking.uid,
        "bookingId": transition.booking.id,
    }


_WRITERS: Mapping[str, Callable[[State, Transition], Json]] = {
    "BOOKING_CREATED": _created,
    "BOOKING_RESCHEDULED": _rescheduled,
    "BOOKING_REQUESTED": _requested,
    "BOOKING_CANCELLED": _cancelled,
    "BOOKING_NO_SHOW_UPDATED": _marked,
    "decided": _decided,
}


def _common(state: State, booking: Booking) -> Json:
    """Return the keys of every payload."""
    event_type = state.type_of(booking)
    return {
        **_ALWAYS,
        **_BOOKING(booking),
        **_EVENT_TYPE(event_type),
        "length": booking.length // minutes(1),
        "organizer": _host(state.organizer(booking), booking.start),
        "userFieldsResponses": _own_responses(booking.responses, event_type),
    }


def _rules(event_type: EventType) -> Json:
    return {
        "disableRescheduling": not event_type.allows_rescheduling,
        "disableCancelling": not event_type.allows_cancelling,
        "requiresConfirmation": event_type.requires_confirmation,
    }


def _times(write: Callable[[datetime], str], **moments: datetime) -> Json:
    return {f"{key}Time": write(moment) for key, moment in moments.items()}


def _with_offset(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _moves(state: State, booking: Booking) -> int:
    """Return how often a booking was rescheduled."""
    count, before = 0, booking.rescheduled_from
    while before is not None and before in state.bookings:
        count, before = count + 1, state.bookings[before].rescheduled_from
    return count


def _scheduling(event_type: EventType) -> str | None:
    return None if event_type.scheduling is None else event_type.scheduling.upper()


def _metadata(booking: Booking) -> Json:
    is_url = booking.location.startswith(("http://", "https://"))
    return {**({"videoCallUrl": booking.location} if is_url else {}), **booking.metadata}


_HOST = columns("id name email username time_zone")
_PERSON = columns("name email time_zone phone_number")
_PERSON_OF_CREATE = columns("name email time_zone phone_number?")


def _host(user: User, moment: datetime) -> Json:
    return {**_HOST(user), **_locale(user.time_zone, "en", moment), "timeFormat": "h:mma"}


def _person(attendee: Attendee, moment: datetime) -> Json:
    return {**_PERSON(attendee), **_locale(attendee.time_zone, attendee.language, moment)}


def _locale(time_zone: str, language: str, moment: datetime) -> Json:
    offset = moment.astimezone(zone(time_zone)).utcoffset()
    assert offset is not None  # noqa: S101 - it has a zone
    return {"language": {"locale": language}, "utcOffset": int(offset.total_seconds() // 60)}


def _person_of_create(attendee: Attendee, moment: datetime) -> Json:
    locale = _locale(attendee.time_zone, attendee.language, moment)
    return {**_PERSON_OF_CREATE(attendee), **locale, "firstName": "", "lastName": ""}


def _person_of_seat(attendee: Attendee, booking: Booking) -> Json:
    own = {"id": attendee.id, "bookingId": booking.id, "noShow": attendee.absent}
    return {**_person(attendee, booking.start), **own, "locale": attendee.language}


def _responses(given: Mapping[str, Any], event_type: EventType) -> Json:
    """Return the questions of an event type with the responses that were given."""
    data: Json = {}
    for slug, (label, hidden) in _LABELS.items():
        data[slug] = {"label": label, "isHidden": hidden}
        if slug in given:
            data[slug]["value"] = given[slug]
    return data | _own_responses(given, event_type)


def _own_responses(given: Mapping[str, Any], event_type: EventType) -> Json:
    return {
        item.slug: {"label": item.label, "value": given[item.slug], "isHidden": False}
        for item in event_type.booking_fields
        if item.slug in given
    }


def _responses_of_create(booking: Booking, event_type: EventType, first: Attendee) -> Json:
    given = first.responses if booking.seated else booking.responses
    place = {"value": booking.location, "optionValue": ""}
    own = {"name": first.name, "email": first.email, "location": place}
    data = _responses({**given, **own}, event_type)
    by_phone = any(location.type == "attendeePhone" for location in event_type.locations)
    data["email"]["isHidden"] = by_phone
    phone: Json = {"label": "phone_number", "isHidden": True}
    if first.phone_number is not None:
        phone["value"] = first.phone_number
    return {**data, "attendeePhoneNumber": phone}
