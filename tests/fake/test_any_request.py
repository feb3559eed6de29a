"""Any request gets a response: a success, a refusal of the server, or a 501; never an exception."""

import json
from typing import Any

from fake.worlds import KEYS, community
from hypothesis import given, settings
from hypothesis import strategies as st

from calcom_core import Request
from calcom_core.routes import ROUTES
from calcom_transports.fake import FakeCalcom

KEYS_OF_BODIES = (
    *("start", "attendee", "eventTypeId", "eventTypeSlug", "username", "teamSlug", "guests"),
    *("bookingFieldsResponses", "location", "metadata", "lengthInMinutes", "recurrenceCount"),
    *("seatUid", "cancellationReason", "cancelSubsequentBookings", "host", "attendees", "email"),
    *("absent", "reason", "name", "timeZone", "language", "phoneNumber", "type", "address", "link"),
    *("slotStart", "slotDuration", "reservationDuration", "rescheduledBy", "meetingUrl"),
)
TEXTS = st.sampled_from(
    ["", "x", "2026-12-14T09:00:00Z", "2026-12-14", "UTC", "ann@example.net", "link", "en", "alice"]
)
SCALARS = st.none() | st.booleans() | st.integers(-3, 20) | st.floats(allow_nan=False) | TEXTS
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(KEYS_OF_BODIES), inner, max_size=5)
    ),
    max_leaves=8,
)
PERSON = {"name": "Ann", "email": "ann@example.net", "timeZone": "Europe/Rome"}
NEW = {"start": "2026-12-14T09:00:00Z", "eventTypeId": 1, "attendee": PERSON}
BODIES = (
    st.dictionaries(st.sampled_from(KEYS_OF_BODIES), JSON, max_size=5)
    | st.dictionaries(st.sampled_from(KEYS_OF_BODIES), JSON, max_size=2).map(lambda b: NEW | b)
    | JSON
)
QUERIES = st.dictionaries(
    st.sampled_from(
        [
            *("take", "skip", "status", "sortStart", "eventTypeId", "eventTypeIds", "teamId"),
            *("afterStart", "beforeEnd", "start", "end", "timeZone", "duration", "format"),
            *("username", "teamSlug", "eventTypeSlug", "attendeeEmail", "usernames", "eventSlug"),
        ]
    ),
    st.sampled_from(["", "1", "-1", "999", "x", "2026-12-14", "UTC", "upcoming", "asc", "range"]),
    max_size=4,
)
SEGMENTS = {
    "event_type_id": ("1", "12", "x"),
    "attendee_id": ("1", "x"),
    "user_id": ("2", "9", "x"),
}


def world() -> tuple[FakeCalcom, tuple[str, ...]]:
    """Return a fake with bookings of several shapes, and their uids and seats."""
    fake = community()
    for number in (1, 2, 3, 4, 13):
        send(fake, "POST", "/v2/bookings", NEW | {"eventTypeId": number})
    bookings = list(fake.state.bookings.values())
    seats = [str(person.seat_uid) for booking in bookings for person in booking.attendees]
    series = [str(booking.series_uid) for booking in bookings]
    return fake, (*fake.state.bookings, *seats, *series, "nobody")


def send(
    fake: FakeCalcom, method: str, path: str, body: Any, version: str = "2024-08-13"
) -> tuple[int, Any]:
    headers = {
        "Authorization": f"Bearer {KEYS['alice']}",
        "cal-api-version": version,
        "Content-Type": "application/json",
    }
    request = Request(method, f"https://api.cal.com{path}", headers, json.dumps(body).encode())
    response = fake.respond(request)
    return response.status, json.loads(response.body)


VERSIONS = {"slots": "2024-09-04", "event_types": "2024-06-14"}


@settings(max_examples=4 * settings().max_examples)
@given(st.sampled_from(sorted(ROUTES)), st.data())
def test_any_request_gets_a_response(name: str, data: st.DataObject) -> None:
    fake, uids = world()
    route = ROUTES[name]
    path = "/".join(
        data.draw(st.sampled_from(SEGMENTS.get(part[1:-1], uids))) if part[:1] == "{" else part
        for part in route.path.split("/")
    )
    query = "&".join(f"{key}={value}" for key, value in data.draw(QUERIES).items())
    version = VERSIONS.get(name.partition(".")[0], "2024-08-13")
    fake.advance(data.draw(st.sampled_from([0, 40 * 86_400])))

    status, body = send(fake, route.method, f"{path}?{query}", data.draw(BODIES), version)

    assert status in {200, 201, 400, 401, 403, 404, 409, 422, 429, 500, 501}
    assert isinstance(body, dict)
