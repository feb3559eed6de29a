"""The data of the benchmarks: recorded exchanges and deliveries of a real server."""

import json
from collections.abc import Iterable
from itertools import chain, cycle, islice
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parent.parent / "tests"
RECORDED = TESTS / "recorded"
DELIVERIES = TESTS / "deliveries"

API_KEY = "cal_test_benchmark"
UID = "8q36zVzjeFHywNswG41LH7"
WEBHOOK_SECRET = "whsec_test_secret"

LISTS = ("159-list-default", "177-list-event-types")
OF_SHAPES = ("159-list-default", "169-list-status-multi", "171-list-status-recurring")

SHAPES = ("single", "recurring", "seated", "recurring-seated")
ERRORS = (
    "191-get-bad-uid",
    "199-list-garbage-token",
    "203-create-slot-taken-same-attendee",
    "213-create-missing-attendee",
    "215-create-missing-event-type",
    "217-create-bad-email",
    "243-create-missing-required-field",
    "297-ratelimit-4",
)
"""Recorded errors that an application may meet."""

NEW: dict[str, Any] = {
    "start": "2027-04-05T09:00:00Z",
    "event_type_id": 1,
    "attendee": {"name": "Ann", "email": "ann@example.net", "time_zone": "Europe/Rome"},
    "guests": ["grace@example.com"],
    "metadata": {"order": "A-1001"},
    "location": {"type": "link"},
}
FULL: dict[str, Any] = {
    **NEW,
    "attendee": {**NEW["attendee"], "language": "it", "phone_number": "+390551234567"},
    "booking_fields_responses": {"notes": "A first talk about the plan.", "rooms": ["A", "B"]},
    "length_in_minutes": 30,
}
"""A booking to create, with the usual fields of an application."""


def recorded_response(name: str) -> dict[str, Any]:
    """Return `status`, `headers` and `body` of a recorded response."""
    response: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_bytes())["response"]
    return response


def recorded(name: str) -> dict[str, Any]:
    body: dict[str, Any] = recorded_response(name)["body"]
    return body


def compact(body: object) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()


def page_of(items: Iterable[object], count: int = 100) -> bytes:
    """Return a page of *count* of these bookings, in turn."""
    pagination = {
        "totalItems": count,
        "itemsPerPage": count,
        "returnedItems": count,
        "remainingItems": 0,
        "totalPages": 1,
        "currentPage": 1,
        "hasNextPage": False,
        "hasPreviousPage": False,
    }
    data = list(islice(cycle(items), count))
    return compact({"status": "success", "data": data, "pagination": pagination})


def page_of_100() -> bytes:
    """Return a page of 100 bookings of all shapes, from the recorded lists."""
    return page_of(chain.from_iterable(recorded(name)["data"] for name in LISTS))


def shape_of(booking: dict[str, Any]) -> str:
    """Return the shape of a booking, by its keys."""
    repeats = "recurring" if "recurringBookingUid" in booking else ""
    seated = "" if "bookingFieldsResponses" in booking else "seated"
    return "-".join(filter(None, (repeats, seated))) or "single"


def pages_of_shapes() -> dict[str, bytes]:
    """Return a page of 100 bookings of each shape."""
    shapes: dict[str, list[object]] = {}
    for booking in chain.from_iterable(recorded(name)["data"] for name in OF_SHAPES):
        shapes.setdefault(shape_of(booking), []).append(booking)
    return {shape: page_of(items) for shape, items in shapes.items()}


def numbered(booking: dict[str, Any], number: int) -> dict[str, Any]:
    """Return a distinct copy of a booking, as another booking of the same account."""
    day, minute = divmod(number, 1440)
    start = f"2027-{day // 28 + 1:02}-{day % 28 + 1:02}T{minute // 60:02}:{minute % 60:02}:00.000Z"
    uid = f"held{number:018}"
    attendees = [
        {**attendee, "name": f"Ann {number}", "email": f"ann.{number}@example.net"}
        for attendee in booking["attendees"]
    ]
    return {
        **booking,
        "id": 10_000 + number,
        "uid": uid,
        "title": f"Consultation between Alice Host and Ann {number}",
        "icsUid": f"{uid}@Cal.com",
        "start": start,
        "end": start,
        "createdAt": start,
        "updatedAt": start,
        "attendees": attendees,
    }


def pages_of_many(count: int = 10_000) -> list[bytes]:
    """Return pages of 100 bookings of all shapes, all different."""
    models = cycle(chain.from_iterable(recorded(name)["data"] for name in LISTS))
    return [
        page_of([numbered(next(models), first + index) for index in range(100)])
        for first in range(0, count, 100)
    ]


def deliveries() -> list[tuple[tuple[tuple[str, str], ...], bytes]]:
    """Return headers and body of each recorded delivery."""
    recordings = [
        json.loads(path.read_bytes()) for path in sorted(DELIVERIES.glob("webhook-*.json"))
    ]
    return [
        (tuple((name, value) for name, value in each["headers"]), each["raw_body"].encode())
        for each in recordings
    ]
