"""The ten calls of the bookings API as the reference of the Python SDK writes them.

Only its placeholders are replaced: the uid, the ids, and the e-mail address that the API demands.
"""

from collections.abc import Callable
from typing import Any

import pytest
import trio
from attrs import frozen

from calcom_core import (
    Booking,
    BookingShape,
    InvalidInput,
    NewHost,
    Page,
    Reassignment,
    Request,
    Response,
    Timeout,
)
from calcom_core.responses import json as answer
from calcom_transports import AsyncClient, Client

KEY = "cal_test_reference"
UID = "9dfkso7iDs9uZtHquD1zR1"
BOOKING = {
    "id": 1,
    "uid": UID,
    "title": "Chat between Rosa Lind and John Doe",
    "status": "accepted",
    "start": "2024-08-13T09:00:00.000Z",
    "end": "2024-08-13T09:30:00.000Z",
    "duration": 30,
    "hosts": [],
    "attendees": [],
    "bookingFieldsResponses": {},
}
LAST_PAGE = {"totalItems": 1, "itemsPerPage": 100, "hasNextPage": False, "hasPreviousPage": False}
BOB = {"id": 123, "name": "Bob", "email": "bob@host.example", "displayEmail": "bob@host.example"}


@frozen
class Row:
    """A call, what it sends, the data that comes, and the outline of the result."""

    call: Callable[[Any], Any]
    to: str
    body: bytes
    data: Any
    result: Any


class Replies:
    """Gives one response to every request, and keeps the requests."""

    def __init__(self, response: Response) -> None:
        self.response = response
        self.requests: list[Request] = []

    def send(self, request: Request, timeout: Timeout | None) -> Response:
        self.requests.append(request)
        return self.response


@frozen
class AsyncReplies:
    """Gives the same."""

    replies: Replies

    async def send(self, request: Request, timeout: Timeout | None) -> Response:
        return self.replies.send(request, timeout)


READ = (UID, "accepted", BookingShape.SINGLE)
HOST = Reassignment(UID, NewHost(123, "Bob", "bob@host.example", "bob@host.example"))

CALLS = {
    "list": Row(
        lambda client: client.bookings.list(cal_api_version="2024-08-13"),
        "GET /v2/bookings",
        b"",
        [BOOKING],
        [READ],
    ),
    "get": Row(
        lambda client: client.bookings.get(booking_uid=UID, cal_api_version="2024-08-13"),
        f"GET /v2/bookings/{UID}",
        b"",
        BOOKING,
        READ,
    ),
    "create": Row(
        lambda client: client.bookings.create(
            cal_api_version="2024-08-13",
            data={
                "attendee": {
                    "name": "John Doe",
                    "email": "john@guest.example",
                    "time_zone": "America/New_York",
                },
                "event_type_id": 123.0,
                "start": "2024-08-13T09:00:00Z",
            },
        ),
        "POST /v2/bookings",
        b'{"start":"2024-08-13T09:00:00Z","attendee":{"name":"John Doe",'
        b'"timeZone":"America/New_York","email":"john@guest.example"},"eventTypeId":123}',
        BOOKING,
        READ,
    ),
    "cancel": Row(
        lambda client: client.bookings.cancel(
            booking_uid=UID, cal_api_version="2024-08-13", data={}
        ),
        f"POST /v2/bookings/{UID}/cancel",
        b"{}",
        {**BOOKING, "status": "cancelled"},
        (UID, "cancelled", BookingShape.SINGLE),
    ),
    "confirm": Row(
        lambda client: client.bookings.confirm(booking_uid=UID, cal_api_version="2024-08-13"),
        f"POST /v2/bookings/{UID}/confirm",
        b"",
        BOOKING,
        READ,
    ),
    "decline": Row(
        lambda client: client.bookings.decline(
            booking_uid=UID,
            cal_api_version="2024-08-13",
            reason="Host has to take another call",
        ),
        f"POST /v2/bookings/{UID}/decline",
        b'{"reason":"Host has to take another call"}',
        {**BOOKING, "status": "rejected"},
        (UID, "rejected", BookingShape.SINGLE),
    ),
    "mark_absent": Row(
        lambda client: client.bookings.mark_absent(
            booking_uid=UID, cal_api_version="2024-08-13", host=False
        ),
        f"POST /v2/bookings/{UID}/mark-absent",
        b'{"host":false}',
        BOOKING,
        READ,
    ),
    "reassign": Row(
        lambda client: client.bookings.reassign(booking_uid=UID, cal_api_version="2024-08-13"),
        f"POST /v2/bookings/{UID}/reassign",
        b"",
        {"bookingUid": UID, "reassignedTo": BOB},
        HOST,
    ),
    "reassign_to_user": Row(
        lambda client: client.bookings.reassign_to_user(
            booking_uid=UID,
            cal_api_version="2024-08-13",
            user_id=123.0,
            reason="Host has to take another call",
        ),
        f"POST /v2/bookings/{UID}/reassign/123",
        b'{"reason":"Host has to take another call"}',
        {"bookingUid": UID, "reassignedTo": BOB},
        HOST,
    ),
    "reschedule": Row(
        lambda client: client.bookings.reschedule(
            booking_uid=UID,
            cal_api_version="2024-08-13",
            data={"start": "2024-08-13T10:00:00Z"},
        ),
        f"POST /v2/bookings/{UID}/reschedule",
        b'{"start":"2024-08-13T10:00:00Z"}',
        {**BOOKING, "uid": "new", "rescheduledFromUid": UID},
        ("new", "accepted", BookingShape.SINGLE),
    ),
}


def exchange(row: Row) -> tuple[Request, Response]:
    """Return the one exchange of a call: the request in full, and the response."""
    method, target = row.to.split(" ")
    headers = [
        ("Accept", "application/json"),
        ("User-Agent", "calcom-bookings/0.2.0"),
        ("cal-api-version", "2024-08-13"),
        ("Authorization", f"Bearer {KEY}"),
        *([("Content-Type", "application/json")] if row.body else []),
    ]
    envelope = {"status": "success", "data": row.data}
    if isinstance(row.data, list):
        envelope["pagination"] = LAST_PAGE
    return Request(method, f"https://api.cal.com{target}", headers, row.body), answer(envelope)


def outline(value: Any) -> Any:
    if isinstance(value, Page):
        return [outline(item) for item in value.items]
    return (value.uid, value.status, value.shape) if isinstance(value, Booking) else value


@pytest.mark.parametrize("name", CALLS)
def test_each_call_of_the_reference_sends_and_returns_this_in_both_clients(name: str) -> None:
    row = CALLS[name]
    request, response = exchange(row)

    replies = Replies(response)

    async def under_trio() -> Any:
        async with AsyncClient(api_key=KEY, transport=AsyncReplies(replies)) as client:
            return await row.call(client)

    with Client(api_key=KEY, transport=replies) as client:
        blocking = row.call(client)
    awaited = trio.run(under_trio)

    assert replies.requests == [request, request]
    assert outline(blocking) == row.result
    assert awaited == blocking


def test_the_calls_are_those_of_the_reference() -> None:
    assert list(CALLS) == [
        "list",
        "get",
        "create",
        "cancel",
        "confirm",
        "decline",
        "mark_absent",
        "reassign",
        "reassign_to_user",
        "reschedule",
    ]


# What the reference writes, and what the API would not take.
REFUSED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "an attendee without an address": (
        lambda client: client.bookings.create(
            data={
                "attendee": {"name": "John Doe", "time_zone": "America/New_York"},
                "event_type_id": 123.0,
                "start": "2024-08-13T09:00:00Z",
            },
        ),
        "data.attendee.email: is missing, and so is phone_number; the server requires one of them",
    ),
    "a user of no whole id": (
        lambda client: client.bookings.reassign_to_user(booking_uid=UID, user_id=123.45),
        "user_id: must be an integer, not a number with a fraction",
    ),
    "a version of no date": (
        lambda client: client.bookings.get(booking_uid=UID, cal_api_version="string"),
        "cal_api_version: must be 2024-08-13, 2026-02-25 for bookings.get; for an unknown "
        "version the server responds in another format, or really cancels "
        "through its legacy API",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_placeholder_that_the_api_would_not_take_is_refused(name: str) -> None:
    call, message = REFUSED[name]
    replies = Replies(answer({}))
    with pytest.raises(InvalidInput) as caught, Client(api_key=KEY, transport=replies) as client:
        call(client)
    assert str(caught.value) == message
    assert replies.requests == []
