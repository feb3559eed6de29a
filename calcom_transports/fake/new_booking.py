"""The input of a create, checked against its event type, and the event type that it names.

Location, length and the responses of the booking fields come from the input, or else from the event
type.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from calcom_transports.fake.call import Call
from calcom_transports.fake.refusals import NotRecorded, refuse
from calcom_transports.fake.rendering import Json
from calcom_transports.fake.state import (
    Attendee,
    Booking,
    BookingField,
    EventType,
    State,
    minutes,
)
from calcom_transports.fake.validation import is_email


def check_recorded(event_type: EventType, body: Mapping[str, Any]) -> None:
    """Stop where the recordings have no booking of an event type with these settings."""
    team = event_type.scheduling is not None
    several = event_type.occurrences is not None or event_type.seats is not None
    if (team or event_type.requires_confirmation) and several:
        raise NotRecorded("a series or seats of a team's event type, or of one with confirmation")
    if team and event_type.requires_confirmation:
        raise NotRecorded("bookings.create of a team's event type with confirmation")
    if event_type.seats is not None and body.get("guests"):
        raise NotRecorded("bookings.create of a seat with guests")
    known = {item.slug for item in event_type.booking_fields}
    if not known >= body.get("bookingFieldsResponses", {}).keys():
        raise NotRecorded("bookings.create with a response to no field of the event type")


def event_type_of(call: Call) -> EventType:
    """Return the event type that a create names."""
    body = call.body
    if not (number := body.get("eventTypeId")):
        names = (body.get(key) for key in ("eventTypeSlug", "username", "teamSlug"))
        return event_type_of_slug(call.state, *names)
    if number not in call.state.event_types:
        refuse("no-event-type", id=number)
    return call.state.event_types[number]


def event_type_of_slug(
    state: State, slug: str | None, username: str | None, team_slug: str | None
) -> EventType:
    """Return the event type of a user or a team by its slug, or refuse."""
    by_user = username is not None
    owner = state.user_named(username) if by_user else state.team_named(team_slug)
    if owner is None:
        refuse("no-user" if by_user else "no-team", username=username, slug=team_slug)
    found = next((item for item in state.own_types(owner) if item.slug == slug), None)
    if found is None:
        raise NotRecorded("an unknown slug of a user or a team that exists")
    return found


def occurrences_of(event_type: EventType, body: Mapping[str, Any]) -> int | None:
    """Return how many bookings a series gets; None is a single booking."""
    if event_type.occurrences is None:
        return None
    count: int = body.get("recurrenceCount", event_type.occurrences)
    if count > event_type.occurrences:
        refuse("too-many-occurrences")
    return count


def draft_of(call: Call, event_type: EventType, start: datetime) -> Booking:
    """Return the booking of a create, checked, without its ids, its hosts and its title."""
    body, person, now = call.body, call.body["attendee"], call.state.now
    guests, metadata = body.get("guests", []), body.get("metadata", {})
    phone = person.get("phoneNumber")
    email = person.get("email") or f"{(phone or '').lstrip('+')}@sms.cal.com"
    length = _length(event_type, body.get("lengthInMinutes"))
    location, said = _location(event_type, body)
    given = body.get("bookingFieldsResponses", {})
    for item in event_type.booking_fields:
        _check_field(event_type, item, given)
    _check_addresses(email, guests, metadata)
    told = {"attendeePhoneNumber": phone, "guests": guests, "location": said}
    responses = {key: value for key, value in told.items() if value}
    name, time_zone, language = person["name"], person["timeZone"], person.get("language", "en")
    return Booking(
        id=0,
        uid="",
        title="",
        event_type_id=event_type.id,
        host_ids=(),
        status="pending" if event_type.requires_confirmation else "accepted",
        start=start,
        end=start + minutes(length),
        created_at=now,
        updated_at=now,
        attendees=(Attendee(0, name, email, time_zone, language, phone_number=phone),),
        location=location,
        ics_uid="",
        seated=event_type.seats is not None,
        metadata=metadata,
        responses={"email": email, "name": name, **responses, **given},
    )


def _length(event_type: EventType, wanted: int | None) -> int:
    if wanted is None:
        return event_type.length
    if not event_type.lengths:
        refuse("one-length")
    if wanted not in event_type.lengths:
        raise NotRecorded("bookings.create with a length that the event type does not offer")
    return wanted


def _location(event_type: EventType, body: Mapping[str, Any]) -> tuple[str, Json | None]:
    """Return the location of a booking, and its response if the create says where."""
    usual, wanted = event_type.locations[0], body.get("location", body.get("meetingUrl"))
    if wanted is None:
        if not usual.value:
            raise NotRecorded(f"bookings.create without the location that {usual.type} needs")
        return usual.value, None
    if isinstance(wanted, str):
        if not wanted.startswith(("http://", "https://")):
            raise NotRecorded("bookings.create with a location as text that is no URL")
        return wanted, {"value": "link", "optionValue": wanted}
    kind, phone = wanted.get("type"), wanted.get("phone")
    own = next((item for item in event_type.locations if item.type == kind), None)
    if own is None:
        types = ", ".join(item.type for item in event_type.locations)
        refuse("wrong-location", type=kind, id=event_type.id, types=types)
    if kind == "link":
        return own.value, {"value": "link", "optionValue": ""}
    if kind == "attendeePhone" and isinstance(phone, str):
        return phone, {"value": "phone", "optionValue": phone}
    raise NotRecorded(f"bookings.create with a location of the type {kind}")


_NAMES = {bool: "boolean", int: "number", float: "number"}


def _type_in_javascript(value: object) -> str:
    return _NAMES.get(type(value), "object")


def _check_field(event_type: EventType, item: BookingField, given: Mapping[str, Any]) -> None:
    value = given.get(item.slug)
    if value is None:
        if item.required:
            refuse("field-missing", slug=item.slug, id=event_type.id)
    elif item.type == "text" and not isinstance(value, str):
        refuse("field-type", slug=item.slug, received=_type_in_javascript(value))
    elif item.options and value not in item.options:
        raise NotRecorded("bookings.create with a response outside the options")


def _check_addresses(email: str, guests: list[Any], metadata: Mapping[str, Any]) -> None:
    if not is_email(email):
        refuse("zod", path="responses", problem="{email}email_validation_error")
    if not all(is_email(guest) for guest in guests):
        refuse("zod", path="responses", problem="{guests}email_validation_error")
    if len(set(guests)) < len(guests):
        refuse("zod", path="responses", problem="{guests}duplicate_email")
    for key, value in metadata.items():
        if not isinstance(value, str):
            problem = f"Expected string, received {_type_in_javascript(value)}"
            refuse("zod", path=f"metadata.{key}", problem=problem)
