"""The deliveries of webhooks: each transition as the signed request that the server posts.

A delivery is written when a test looks at it, from the booking as it was at the transition.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from calcom_core.http import Request
from calcom_core.webhooks import SIGNATURE_HEADER, VERSION_HEADER, sign
from calcom_transports.fake.availability import zone
from calcom_transports.fake.rendering import Json, instant
from calcom_transports.fake.state import Attendee, Booking, EventType, State, Transition, User

SUBSCRIBER_URL = "http://127.0.0.1/webhooks"
"""Where deliveries would go."""

_VERSION = "2021-10-20"
_STATUS = {
    "BOOKING_CREATED": "ACCEPTED",
    "BOOKING_RESCHEDULED": "ACCEPTED",
    "BOOKING_REQUESTED": "PENDING",
    "BOOKING_REJECTED": "REJECTED",
    "BOOKING_CANCELLED": "CANCELLED",
}


def request_of(state: State, transition: Transition, secret: str) -> Request:
    """Return the request by which a transition is delivered."""
    root = {
        "triggerEvent": transition.trigger,
        "createdAt": instant(transition.at),
        "payload": payload_of(state, transition),
    }
    body = json.dumps(root, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {
        "Content-Type": "application/json",
        SIGNATURE_HEADER: sign(body, secret),
        VERSION_HEADER: _VERSION,
    }
    return Request("POST", SUBSCRIBER_URL, headers, body)


def payload_of(state: State, transition: Transition) -> Json:
    """Return the payload of a transition."""
    booking = transition.booking
    if transition.trigger == "BOOKING_NO_SHOW_UPDATED":
        marks: Mapping[str, bool] = transition.details["marks"]
        said = [
            f"{email} {'' if absent else 'un'}marked as no-show" for email, absent in marks.items()
        ]
        return {
            "message": ", ".join(said),
            "attendees": [{"email": email, "noShow": absent} for email, absent in marks.items()],
            "bookingUid": booking.uid,
            "bookingId": booking.id,
        }
    event_type = state.event_types[booking.event_type_id]
    payload = {
        **_common(state, booking, event_type),
        "status": _STATUS[transition.trigger],
    }
    if transition.trigger == "BOOKING_REJECTED":
        payload["rejectionReason"] = booking.rejection_reason
    if transition.trigger == "BOOKING_CANCELLED":
        payload["cancellationReason"] = transition.details.get(
            "reason", booking.cancellation_reason
        )
        payload["requestReschedule"] = False
        shown = transition.before or booking
        seat = transition.details.get("seat")
        people = [item for item in shown.attendees if seat in (None, item.seat_uid)]
        payload["attendees"] = [_person(item, booking.start) for item in people]
    elif booking.seated:
        payload["attendeeSeatId"] = booking.attendees[-1].seat_uid
    old = transition.before
    if old is not None and transition.trigger in {"BOOKING_RESCHEDULED", "BOOKING_REQUESTED"}:
        payload["rescheduleUid"] = old.uid
        payload["rescheduleId"] = old.id
        payload["rescheduleStartTime"] = _short(old.start)
        payload["rescheduleEndTime"] = _short(old.end)
        payload["rescheduledBy"] = booking.rescheduled_by
    return payload


def _common(state: State, booking: Booking, event_type: EventType) -> Json:
    host = state.organizer(booking)
    return {
        "bookerUrl": "http://localhost:3000",
        "type": event_type.slug,
        "title": booking.title,
        "startTime": _short(booking.start),
        "endTime": _short(booking.end),
        "length": int((booking.end - booking.start).total_seconds() // 60),
        "organizer": _host(host, booking.start),
        "attendees": [_person(item, booking.start) for item in booking.attendees],
        "additionalNotes": "",
        "description": "",
        "customInputs": {},
        "responses": _responses(booking),
        "userFieldsResponses": {},
        "location": booking.location,
        "eventTypeId": event_type.id,
        "eventTitle": event_type.title,
        "eventDescription": None,
        "schedulingType": None if event_type.scheduling is None else event_type.scheduling.upper(),
        "seatsPerTimeSlot": event_type.seats,
        "requiresConfirmation": event_type.requires_confirmation,
        "iCalUID": booking.ics_uid,
        "uid": booking.uid,
        "bookingId": booking.id,
        "price": 0,
        "currency": "usd",
        "metadata": {"videoCallUrl": booking.location, **booking.metadata},
    }


def _short(moment: datetime) -> str:
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


_LABELS = {"name": "your_name", "email": "email_address", "guests": "additional_guests"}


def _responses(booking: Booking) -> Json:
    given: Mapping[str, Any] = booking.responses
    return {
        slug: {"label": label, "value": given[slug], "isHidden": False}
        for slug, label in _LABELS.items()
        if slug in given
    }
