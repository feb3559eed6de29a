"""The recorded requests about slots, seats, people, places and event types as calls."""

from collections.abc import Callable
from typing import Any

import attrs

from calcom_core import Operation, bookings, event_types, me, slots

Call = Callable[[], Operation[Any]]

FIRST = "8q36zVzjeFHywNswG41LH7"
MISSING = "rp4rFJFqZV4kKE8R5WtTzj"
STRANGERS = "hRnkTSq4NXDS9KvHDBjFLD"
FULL = "xBpMpHmFG7ZR2Vj46oAdxD"
RESERVED = "285e5553-c159-48d8-9caa-24ffa48fac76"


def day(**more: Any) -> Operation[Any]:
    return slots.list(start="2026-12-12", end="2026-12-12", **more)


def in_zone(operation: Operation[Any], zone: str) -> Operation[Any]:
    """Ask for dates in a time zone, as was recorded, which `slots.list` refuses."""
    return attrs.evolve(operation, query=(*operation.query, ("timeZone", zone)))


OTHER_RECORDED_CALLS: dict[str, Call] = {
    "01-slots-by-id": lambda: day(event_type_id=1),
    "02-slots-range-format-tz": lambda: in_zone(
        day(event_type_id=1, format="range"), "Europe/Rome"
    ),
    "03-slots-by-slug-username-noauth": lambda: day(event_type_slug="normal", username="alice"),
    "05-slots-team-round-robin": lambda: day(event_type_slug="round-robin", team_slug="rocket"),
    "06-slots-seated": lambda: day(event_type_id=4),
    "07-slots-past-range-empty": lambda: slots.list(
        event_type_id=1, start="2020-01-01", end="2020-01-02"
    ),
    "09-slots-bad-eventtype": lambda: day(event_type_id=999999),
    "10-slots-bad-timezone": lambda: in_zone(day(event_type_id=1), "Mars/Olympus"),
    "story-01-slots": lambda: in_zone(
        slots.list(event_type_id=1, start="2027-04-05", end="2027-04-06"), "Europe/Rome"
    ),
    "13-slot-reserve": lambda: slots.reserve(
        event_type_id=1, slot_start="2026-12-12T20:00:00Z", reservation_duration=5
    ),
    "14-slot-reservation-get": lambda: slots.get_reservation(RESERVED),
    "15-slot-reserve-taken": lambda: slots.reserve(
        event_type_id=1, slot_start="2026-12-12T20:00:00Z"
    ),
    "16-slot-reservation-update": lambda: slots.update_reservation(
        RESERVED, event_type_id=1, slot_start="2026-12-12T21:00:00Z"
    ),
    "17-slot-reservation-delete": lambda: slots.delete_reservation(RESERVED),
    "18-slot-reservation-get-missing": lambda: slots.get_reservation(RESERVED),
    "114-get-by-seat": lambda: bookings.get_by_seat("d9ae34c0-38ab-40e1-866a-31eb1eef6595"),
    "115-get-by-seat-missing": lambda: bookings.get_by_seat("nope"),
    "127-get-by-seat-hidden-noauth": lambda: bookings.get_by_seat(
        "ea023aa8-5559-41fe-b675-525edd5ee7f9"
    ),
    "197-calendar-links-bad-uid": lambda: bookings.calendar_links("does-not-exist"),
    "263-guests-duplicate": lambda: bookings.guests.add(FULL, [{"email": "ann@example.net"}]),
    "284-me": me.get,
    "285-event-types-list": event_types.list,
    "287-event-type-get": lambda: event_types.get(1),
    "286-event-types-by-username": lambda: event_types.list(username="alice"),
    "32-get-calendar-links": lambda: bookings.calendar_links(FIRST),
    "33-get-references": lambda: bookings.references(FIRST),
    "34-get-recordings": lambda: bookings.recordings(FIRST),
    "35-get-transcripts": lambda: bookings.transcripts(FIRST),
    "37-attendees-list": lambda: bookings.attendees.list(FIRST),
    "38-attendee-add": lambda: bookings.attendees.add(
        FIRST, name="Extra", email="extra@example.net", time_zone="Europe/Rome"
    ),
    "39-attendee-get": lambda: bookings.attendees.get(FIRST, 11),
    "40-attendee-remove": lambda: bookings.attendees.remove(FIRST, 11),
    "41-guests-add": lambda: bookings.guests.add(
        FIRST, [{"email": "guest2@example.net", "name": "Guest Two"}]
    ),
    "42-location-update-address": lambda: bookings.update_location(
        FIRST, {"type": "address", "address": "New St 2"}
    ),
    "43-location-update-link": lambda: bookings.update_location(
        FIRST, {"type": "link", "link": "https://zoom.example.com/j/1"}
    ),
    "450-attendee-get-missing": lambda: bookings.attendees.get(MISSING, 999999),
    "451-attendees-list-noauth": lambda: bookings.attendees.list(MISSING),
    "453-attendee-remove-missing": lambda: bookings.attendees.remove(MISSING, 999999),
    "455-guests-stranger": lambda: bookings.guests.add(STRANGERS, [{"email": "z@example.net"}]),
    "457-location-stranger": lambda: bookings.update_location(
        STRANGERS, {"type": "address", "address": "X"}
    ),
    "458-attendee-remove-primary": lambda: bookings.attendees.remove(STRANGERS, 98),
    "459-references-stranger": lambda: bookings.references(STRANGERS),
    "461-recordings-stranger": lambda: bookings.recordings(STRANGERS),
}

OTHER_REFUSED_CALLS: dict[str, tuple[Call, str]] = {
    "11-slots-no-identification": (day, "event_type_id"),
    "261-guests-bad-email": (
        lambda: bookings.guests.add(FULL, [{"email": "nope"}]),
        "guests[0].email",
    ),
    "262-guests-empty": (lambda: bookings.guests.add(FULL, []), "guests"),
}

OTHER_NOT_EXPRESSIBLE: dict[str, str] = {
    "19-slots-old-version-2024-04-15": "it is a route of the legacy API",
    "266-unknown-booking-subroute": "there is no such operation",
    "267-method-not-allowed-delete": "there is no such operation",
    "269-api-v2-prefix": "a prefix is part of the base URL",
    "282-version-missing-slots": "its cal-api-version is missing, or one that no reader is for",
    "283-version-2024-08-13-slots": "its cal-api-version is missing, or one that no reader is for",
}
