"""The payloads of webhooks for a booking, by the moment at which the server writes them.

The server writes a payload from what it has at hand, so its keys and the form of its times differ
between a create, a decision of the host, a cancellation and a mark of absence.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from calcom_transports.fake.availability import zone
from calcom_transports.fake.rendering import Json, instant
from calcom_transports.fake.state import Attendee, Booking, EventType, State, Transition, User

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


def payload_of(state: State, transition: Transition) -> Json:
    """Return the payload of a transition."""
    name = "decided" if transition.details.get("decided") else transition.trigger
    return _WRITERS[name](state, transition)


def _created(state: State, transition: Transition) -> Json:
    booking, event_type, data = _common(state, transition)
    people = _seat_holders(booking)
    data |= {
        "status": "ACCEPTED",
        "startTime": _in_seconds(booking.start),
        "endTime": _in_seconds(booking.end),
        "attendees": [_person_of_create(person, booking.start) for person in people],
        "additionalNotes": "",
        "description": "",
        "hideCalendarNotes": False,
        "hideCalendarEventDetails": False,
        "seatsShowAttendees": event_type.shows_attendees,
        "seatsShowAvailabilityCount": True,
        "schedulingType": _scheduling(event_type),
        "disableRescheduling": not event_type.allows_rescheduling,
        "disableCancelling": not event_type.allows_cancelling,
        "responses": _responses_of_create(booking, event_type, people[0]),
        "destinationCalendar": None,
        "iCalUID": booking.ics_uid,
        "iCalSequence": 0,
        "requiresConfirmation": event_type.requires_confirmation,
        "oneTimePassword": None,
        "hashedLink": None,
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
        data |= {
            "rescheduleId": old.id,
            "rescheduleStartTime": _in_seconds(old.start),
            "rescheduleEndTime": _in_seconds(old.end),
            "appsStatus": [],
        }
        if booking.rescheduled_by is not None:
            data["rescheduledBy"] = booking.rescheduled_by
    return data


def _requested(state: State, transition: Transition) -> Json:
    booking, old, data = transition.booking, transition.before, _created(state, transition)
    del data["responses"]["attendeePhoneNumber"]
    data |= {
        "status": "PENDING",
        "startTime": instant(booking.start),
        "endTime": instant(booking.end),
        "attendees": [
            _person_of_create(person, booking.start) | {"bookingSeat": None}
            for person in booking.attendees
        ],
        "organizationId": None,
        "assignmentReason": [],
    }
    if old is not None:
        data |= {
            "rescheduleUid": old.uid,
            "rescheduleStartTime": instant(old.start),
            "rescheduleEndTime": instant(old.end),
        }
    return data


def _decided(state: State, transition: Transition) -> Json:
    booking, event_type, data = _common(state, transition)
    data |= {
        "status": booking.status.upper(),
        "startTime": instant(booking.start),
        "endTime": instant(booking.end),
        "attendees": [_person(person, booking.start) for person in booking.attendees],
        "additionalNotes": "",
        "description": "",
        "hideCalendarNotes": False,
        "hideCalendarEventDetails": False,
        "seatsShowAttendees": False,
        "disableRescheduling": not event_type.allows_rescheduling,
        "disableCancelling": not event_type.allows_cancelling,
        "responses": _responses(booking.responses, event_type),
        "destinationCalendar": [],
        "requiresConfirmation": event_type.requires_confirmation,
        "organizationId": None,
        "assignmentReason": None,
        "price": 0,
    }
    if booking.status == "rejected":
        data["rejectionReason"] = booking.rejection_reason
    else:
        data["metadata"] = _metadata(booking)
    return data


def _cancelled(state: State, transition: Transition) -> Json:
    booking, event_type, data = _common(state, transition)
    before = transition.before or booking
    seat = transition.details.get("seat")
    people = [person for person in before.attendees if seat in (None, person.seat_uid)]
    data |= {
        "status": "CANCELLED",
        "startTime": booking.start.isoformat(timespec="seconds"),
        "endTime": booking.end.isoformat(timespec="seconds"),
        "attendees": [_person(person, booking.start) for person in people],
        "additionalNotes": None if booking.seated else "",
        "description": None if booking.seated else "",
        "responses": _responses(booking.responses, event_type),
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
    if booking.seated:
        data["attendees"] = [_person_of_seat(person, booking) for person in people]
    if seat is not None:
        [gone], place = people, {"value": booking.location, "optionValue": booking.location}
        others = [person.email for person in booking.attendees]
        given = {"name": gone.name, "email": gone.email, "location": place}
        given |= {"notes": "", "guests": others}
        data["responses"] = _responses(given, event_type)
    return data


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


def _common(state: State, transition: Transition) -> tuple[Booking, EventType, Json]:
    """Return a booking, its event type, and the keys of every payload."""
    booking = transition.booking
    event_type = state.event_types[booking.event_type_id]
    return (
        booking,
        event_type,
        {
            "bookerUrl": "http://localhost:3000",
            "type": event_type.slug,
            "title": booking.title,
            "length": int((booking.end - booking.start).total_seconds() // 60),
            "organizer": _host(state.organizer(booking), booking.start),
            "customInputs": {},
            "userFieldsResponses": _own_responses(booking.responses, event_type),
            "location": booking.location,
            "eventTypeId": event_type.id,
            "eventTitle": event_type.title,
            "eventDescription": None,
            "seatsPerTimeSlot": event_type.seats,
            "customReplyToEmail": None,
            "hideOrganizerEmail": False,
            "hideBranding": False,
            "uid": booking.uid,
            "bookingId": booking.id,
            "currency": "usd",
        },
    )


def _seat_holders(booking: Booking) -> tuple[Attendee, ...]:
    """Return whom a create concerns: all attendees, or the one who took a seat just now."""
    return booking.attendees[-1:] if booking.seated else booking.attendees


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


def _in_seconds(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _offset(time_zone: str, moment: datetime) -> int:
    offset = moment.astimezone(zone(time_zone)).utcoffset()
    assert offset is not None  # noqa: S101 - it has a zone
    return int(offset.total_seconds() // 60)


def _host(user: User, moment: datetime) -> Json:
    return {
        "id": user.id,
        "name": user.name,
        "email": user.email,
        "username": user.username,
        "timeZone": user.time_zone,
        "language": {"locale": "en"},
        "timeFormat": "h:mma",
        "utcOffset": _offset(user.time_zone, moment),
    }


def _person(attendee: Attendee, moment: datetime) -> Json:
    return {
        "name": attendee.name,
        "email": attendee.email,
        "timeZone": attendee.time_zone,
        "phoneNumber": attendee.phone_number,
        "language": {"locale": attendee.language},
        "utcOffset": _offset(attendee.time_zone, moment),
    }


def _person_of_create(attendee: Attendee, moment: datetime) -> Json:
    data = {**_person(attendee, moment), "firstName": "", "lastName": ""}
    if attendee.phone_number is None:
        del data["phoneNumber"]
    return data


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
    given = dict(first.responses if booking.seated else booking.responses)
    given |= {"name": first.name, "email": first.email}
    given["location"] = {"value": booking.location, "optionValue": ""}
    data = _responses(given, event_type)
    by_phone = any(location.type == "attendeePhone" for location in event_type.locations)
    data["email"]["isHidden"] = by_phone
    phone: Json = {"label": "phone_number", "isHidden": True}
    if first.phone_number is not None:
        phone["value"] = first.phone_number
    return {**data, "attendeePhoneNumber": phone}
