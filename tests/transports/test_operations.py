"""Every operation over a real socket, called with both clients as a user would.

The server knows the request of each call, and responds to any other with 599.
"""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from operator import attrgetter
from typing import Any

import pytest
from attrs import frozen
from core_operations import OPERATIONS, Sent
from sending import under
from server import Peer, Server

from calcom_core import (
    EVERYWHERE,
    HOSTED,
    Anonymous,
    Api,
    Booking,
    BookingReference,
    BookingShape,
    CalendarLink,
    ConferencingSession,
    ConfirmedSeats,
    CursorPagination,
    DeclinedSeats,
    EventType,
    EventTypeSeats,
    InvalidInput,
    Me,
    OffsetPagination,
    Operation,
    OutcomeUnknown,
    Page,
    Reassignment,
    Recording,
    RemovedAttendee,
    Reservation,
    SeriesReturned,
    Slot,
    Slots,
)
from calcom_core.model.booking import BookingAttendee, NewHost
from calcom_core.model.conferencing import Participant
from calcom_core.routes import ROUTES
from calcom_transports import AsyncClient, Client
from calcom_transports.urllib3 import Urllib3Transport


@frozen
class Exchange:
    """A row of the table of calls, the response of the server, and the result of the call.

    A booking is given by its outline.
    """

    label: str
    status: int
    body: dict[str, Any]
    result: Any


PER = {
    "name": "Per Dal",
    "email": "per@guest.example",
    "displayEmail": "per@guest.example",
    "timeZone": "Europe/Oslo",
    "language": "en",
    "absent": False,
}
SEATED = {
    "id": 9201,
    "uid": "seated",
    "title": "Class of Rosa Lind",
    "description": None,
    "hosts": [
        {
            "id": 77,
            "name": "Rosa Lind",
            "email": "rosa@host.example",
            "displayEmail": "rosa@host.example",
            "username": "rosa",
            "timeZone": "Europe/Oslo",
        }
    ],
    "status": "accepted",
    "cancellationReason": "",
    "rescheduledByEmail": None,
    "start": "2027-04-05T09:30:00.000Z",
    "end": "2027-04-05T10:00:00.000Z",
    "duration": 30,
    "eventTypeId": 501,
    "eventType": {"id": 501, "slug": "class"},
    "meetingUrl": None,
    "location": None,
    "absentHost": False,
    "createdAt": "2027-01-01T12:00:00.123Z",
    "updatedAt": "2027-01-01T12:00:00.123Z",
    "rating": None,
    "icsUid": "",
    "attendees": [
        {
            **PER,
            "seatUid": "seat-1",
            "bookingFieldsResponses": {"name": "Per Dal"},
            "metadata": {},
        }
    ],
}
SINGLE = {
    **SEATED,
    "id": 9001,
    "uid": "single",
    "attendees": [PER],
    "bookingFieldsResponses": {"name": "Per Dal", "email": "per@guest.example"},
    "metadata": {},
}
FIRST = {**SINGLE, "id": 9101, "uid": "first", "recurringBookingUid": "series"}
SECOND = {**FIRST, "id": 9102, "uid": "second", "start": "2027-04-12T09:30:00.000Z"}

OUTLINE_OF_SINGLE = (Booking, 9001, "single", "accepted", BookingShape.SINGLE)
OUTLINE_OF_SEATED = (Booking, 9201, "seated", "accepted", BookingShape.SEATED)
OUTLINE_OF_FIRST = (Booking, 9101, "first", "accepted", BookingShape.RECURRING)
OUTLINE_OF_SECOND = (Booking, 9102, "second", "accepted", BookingShape.RECURRING)

PER_RESULT = BookingAttendee(
    name="Per Dal",
    email="per@guest.example",
    display_email="per@guest.example",
    time_zone="Europe/Oslo",
    absent=False,
    language="en",
    id=4401,
)
REASSIGNED = {
    "bookingUid": "bk7",
    "reassignedTo": {
        "id": 78,
        "name": "Ola Berg",
        "email": "ola@host.example",
        "displayEmail": "ola@host.example",
    },
}
REASSIGNED_RESULT = Reassignment(
    "bk7", NewHost(78, "Ola Berg", "ola@host.example", "ola@host.example")
)
REFERENCES = [
    {"type": "daily_video", "eventUid": "room-4411", "id": 31, "destinationCalendarId": None},
    {"type": "google_calendar", "eventUid": "g", "id": 32, "destinationCalendarId": "cal-1"},
]
REFERENCES_RESULT = (
    BookingReference("daily_video", "room-4411", 31),
    BookingReference("google_calendar", "g", 32, "cal-1"),
)
RESERVATION = {
    "eventTypeId": 501,
    "slotStart": "2027-04-05T09:30:00.000Z",
    "slotEnd": "2027-04-05T10:15:00.000Z",
    "slotDuration": 45,
    "reservationUid": "res-1",
    "reservationUntil": "2027-04-01T12:05:00.456Z",
}
RESERVATION_FIELDS = (
    "res-1",
    501,
    datetime(2027, 4, 5, 9, 30, tzinfo=UTC),
    datetime(2027, 4, 5, 10, 15, tzinfo=UTC),
    45,
    datetime(2027, 4, 1, 12, 5, 0, 456_000, UTC),
)
LAST_PAGE = {
    "totalItems": 3,
    "itemsPerPage": 50,
    "returnedItems": 1,
    "remainingItems": 0,
    "totalPages": 1,
    "currentPage": 1,
    "hasNextPage": False,
    "hasPreviousPage": True,
}
LAST_PAGE_RESULT = OffsetPagination(
    total_items=3,
    items_per_page=50,
    returned_items=1,
    remaining_items=0,
    total_pages=1,
    current_page=1,
    has_next_page=False,
    has_previous_page=True,
)

CHAT = {"id": 501, "slug": "chat", "lengthInMinutes": 30, "seats": {"disabled": True}}
CHAT_RESULT = EventType(501, "chat", length_in_minutes=30, seats=EventTypeSeats(disabled=True))


def _page(*items: Any, **pagination: Any) -> dict[str, Any]:
    return {"status": "success", "data": items, "pagination": pagination}


def _success(data: Any) -> dict[str, Any]:
    return {"status": "success", "data": data}


def _single(label: str, status: int = 200) -> tuple[Exchange, ...]:
    return (Exchange(label, status, _success(SINGLE), OUTLINE_OF_SINGLE),)


def _seated(label: str, status: int = 200) -> tuple[Exchange, ...]:
    return (Exchange(label, status, _success(SEATED), OUTLINE_OF_SEATED),)


def _series(label: str, status: int = 200) -> tuple[Exchange, ...]:
    outlines = (OUTLINE_OF_FIRST, OUTLINE_OF_SECOND)
    return (Exchange(label, status, _success([FIRST, SECOND]), outlines),)


def _last_page(label: str) -> Exchange:
    return Exchange(
        label, 200, _page(SEATED, **LAST_PAGE), ((OUTLINE_OF_SEATED,), LAST_PAGE_RESULT, None)
    )


def _reservation(label: str, status: int) -> tuple[Exchange, ...]:
    body = _success({**RESERVATION, "reservationDuration": 10})
    return (Exchange(label, status, body, Reservation(*RESERVATION_FIELDS, 10)),)


EXCHANGES: dict[str, tuple[Exchange, ...]] = {
    "bookings.list": (
        Exchange(
            "in full, by take",
            200,
            _page(
                SINGLE,
                FIRST,
                SEATED,
                **{**LAST_PAGE, "totalItems": 253, "hasNextPage": True},
            ),
            (
                (OUTLINE_OF_SINGLE, OUTLINE_OF_FIRST, OUTLINE_OF_SEATED),
                OffsetPagination(253, 50, 1, 0, 1, 1, True, True),
                (
                    "/v2/bookings?status=past,cancelled&attendeeEmail=per%2B1@guest.example"
                    "&attendeeName=Per%20Dal&bookingUid=bk7&eventTypeIds=4,3&teamsIds=1,2"
                    "&afterStart=2027-04-05T09:30:00Z&beforeEnd=2027-04-06T00:00:00.500Z"
                    "&afterCreatedAt=2027-01-01T00:00:00Z&beforeCreatedAt=2027-01-31T23:00:00Z"
                    "&afterUpdatedAt=2027-01-02T00:00:00Z&beforeUpdatedAt=2027-02-02T00:00:00Z"
                    "&sortStart=asc&take=250&skip=250",
                    "2024-08-13",
                ),
            ),
        ),
        Exchange(
            "in full, by cursor",
            200,
            _page(SINGLE, nextCursor="eyJ2IjoyfQ==", hasMore=True),
            (
                (OUTLINE_OF_SINGLE,),
                CursorPagination(True, "eyJ2IjoyfQ=="),
                (
                    "/v2/bookings?status=past&eventTypeId=4&teamId=1"
                    "&afterStart=2027-04-05T09:30:00Z&beforeEnd=2027-04-06T00:00:00.500Z"
                    "&afterCreatedAt=2027-01-01T00:00:00Z&beforeCreatedAt=2027-01-31T23:00:00Z"
                    "&afterUpdatedAt=2027-01-02T00:00:00Z&beforeUpdatedAt=2027-02-02T00:00:00Z"
                    "&limit=100&cursor=eyJ2IjoyfQ%3D%3D",
                    "2026-05-01",
                ),
            ),
        ),
        Exchange(
            "one status",
            200,
            _page(SEATED, nextCursor="next", hasMore=True),
            (
                (OUTLINE_OF_SEATED,),
                CursorPagination(True, "next"),
                ("/v2/bookings?status=past&cursor=next", "2026-05-01"),
            ),
        ),
        Exchange(
            "in short",
            200,
            _page(nextCursor=None, hasMore=False),
            ((), CursorPagination(False), None),
        ),
    ),
    "bookings.get": (*_series("in short"), *_single("in short")),
    "bookings.get_one": _single("in short"),
    "bookings.get_series": _series("in short"),
    "bookings.get_by_seat": _seated("in short"),
    "bookings.create": (
        *_single("in full, by a team's slug", 201),
        *_series("so many occurrences", 201),
        *_seated("as a host", 201),
    ),
    "bookings.create_one": (*_single("in short", 201), *_seated("as a host", 201)),
    "bookings.create_recurring": _series("in full", 201),
    "bookings.create_instant": _single("as a host", 201),
    "bookings.reschedule": _single("in full", 201),
    "bookings.reschedule_seat": _seated("in full", 201),
    "bookings.request_reschedule": (Exchange("in full", 200, {"status": "success"}, None),),
    "bookings.cancel": (*_series("in full"), *_single("in short")),
    "bookings.cancel_one": _single("in full"),
    "bookings.cancel_seat": _seated("in full"),
    "bookings.confirm": _single("in short"),
    "bookings.decline": _single("in full"),
    "bookings.confirm_seats": (
        Exchange(
            "several seats",
            200,
            _success({"confirmedSeatUids": ["seat-2"]}),
            ConfirmedSeats(("seat-2",)),
        ),
    ),
    "bookings.decline_seats": (
        Exchange(
            "in short",
            200,
            _success({"declinedSeatUids": ["seat-1"]}),
            DeclinedSeats(("seat-1",)),
        ),
    ),
    "bookings.mark_absent": _single("in full"),
    "bookings.reassign": (Exchange("in short", 200, _success(REASSIGNED), REASSIGNED_RESULT),),
    "bookings.reassign_to_user": (
        Exchange("in full", 200, _success(REASSIGNED), REASSIGNED_RESULT),
    ),
    "bookings.update_location": _single("to link"),
    "bookings.recordings": (
        Exchange(
            "in short",
            200,
            _success(
                [
                    {
                        "id": "rec-1",
                        "roomName": "room-4411",
                        "startTs": 1806917400,
                        "status": "finished",
                        "maxParticipants": 2,
                        "duration": 1712,
                        "shareToken": "opens-it",
                        "downloadLink": None,
                        "error": "not ready",
                    }
                ]
            ),
            (
                Recording(
                    id="rec-1",
                    room_name="room-4411",
                    start_ts=datetime(2027, 4, 5, 9, 30, tzinfo=UTC),
                    status="finished",
                    duration=1712,
                    share_token="opens-it",
                    max_participants=2,
                    error="not ready",
                ),
            ),
        ),
    ),
    "bookings.transcripts": (
        Exchange(
            "in short",
            200,
            _success(["https://files.example/t1.vtt?sig=abc"]),
            ("https://files.example/t1.vtt?sig=abc",),
        ),
    ),
    "bookings.calendar_links": (
        Exchange(
            "in short",
            200,
            _success([{"label": "ICS", "id": "ics", "link": "data:text/calendar,BEGIN"}]),
            (CalendarLink("ICS", "data:text/calendar,BEGIN", "ics"),),
        ),
    ),
    "bookings.references": (
        Exchange("in short", 200, _success(REFERENCES), REFERENCES_RESULT),
        Exchange("of daily_video", 200, _success([]), ()),
    ),
    "bookings.conferencing_sessions": (
        Exchange(
            "in short",
            200,
            _success(
                [
                    {
                        "id": "s-1",
                        "room": "room-4411",
                        "startTime": 1806917400,
                        "duration": 1733,
                        "ongoing": False,
                        "maxParticipants": 2,
                        "participants": [
                            {
                                "userId": None,
                                "userName": "Per Dal",
                                "joinTime": 1806917460,
                                "duration": 1600,
                            }
                        ],
                    }
                ]
            ),
            (
                ConferencingSession(
                    id="s-1",
                    room="room-4411",
                    start_time=datetime(2027, 4, 5, 9, 30, tzinfo=UTC),
                    duration=1733,
                    ongoing=False,
                    max_participants=2,
                    participants=(
                        Participant(
                            datetime(2027, 4, 5, 9, 31, tzinfo=UTC), 1600, user_name="Per Dal"
                        ),
                    ),
                ),
            ),
        ),
    ),
    "bookings.attendees.list": (
        Exchange("in short", 200, _success([{**PER, "id": 4401}]), (PER_RESULT,)),
    ),
    "bookings.attendees.get": (
        Exchange("in short", 200, _success({**PER, "id": 4401}), PER_RESULT),
    ),
    "bookings.attendees.add": (
        Exchange(
            "in full",
            201,
            _success(
                {
                    "id": 4402,
                    "bookingId": 9001,
                    "name": "Eva Lie",
                    "email": "eva@guest.example",
                    "displayEmail": "eva@guest.example",
                    "timeZone": "Europe/Oslo",
                    "phoneNumber": "+4791234567",
                    "absent": False,
                }
            ),
            BookingAttendee(
                name="Eva Lie",
                email="eva@guest.example",
                display_email="eva@guest.example",
                time_zone="Europe/Oslo",
                absent=False,
                phone_number="+4791234567",
                id=4402,
                booking_id=9001,
            ),
        ),
    ),
    "bookings.attendees.remove": (
        Exchange(
            "in short",
            200,
            _success(
                {
                    "id": 4402,
                    "bookingId": 9001,
                    "name": "Eva Lie",
                    "email": "eva@guest.example",
                    "timeZone": "Europe/Oslo",
                }
            ),
            RemovedAttendee(4402, 9001, "Eva Lie", "eva@guest.example", "Europe/Oslo"),
        ),
    ),
    "bookings.guests.add": _single("in full"),
    "slots.list": (
        Exchange(
            "in full",
            200,
            _success(
                {
                    "2027-04-05": [
                        {
                            "start": "2027-04-05T11:30:00.000+02:00",
                            "end": "2027-04-05T12:15:00.000+02:00",
                            "seatsBooked": 1,
                            "seatsRemaining": 9,
                            "seatsTotal": 10,
                            "bookingUid": "seated",
                        }
                    ]
                }
            ),
            Slots(
                {
                    date(2027, 4, 5): (
                        Slot(
                            datetime(2027, 4, 5, 9, 30, tzinfo=UTC),
                            datetime(2027, 4, 5, 10, 15, tzinfo=UTC),
                            seats_booked=1,
                            seats_remaining=9,
                            seats_total=10,
                            booking_uid="seated",
                        ),
                    )
                }
            ),
        ),
        Exchange("of several users", 200, _success({}), Slots({})),
    ),
    "slots.reserve": _reservation("in full", 201),
    "slots.get_reservation": (
        Exchange("in short", 200, _success(RESERVATION), Reservation(*RESERVATION_FIELDS)),
        Exchange("in short", 200, _success(None), None),
    ),
    "slots.update_reservation": _reservation("in full", 200),
    "slots.delete_reservation": (Exchange("in short", 200, {"status": "success"}, None),),
    "teams.bookings": (_last_page("in full"),),
    "teams.organization_bookings": (
        _last_page("in full, by take"),
        Exchange(
            "one status",
            200,
            _page(FIRST, nextCursor="next", hasMore=True),
            (
                (OUTLINE_OF_FIRST,),
                CursorPagination(True, "next"),
                (
                    "/v2/organizations/2/bookings?status=past&userIds=77&cursor=next",
                    "2026-05-01",
                ),
            ),
        ),
    ),
    "teams.organization_team_bookings": (_last_page("in full"),),
    "teams.organization_user_bookings": (_last_page("in full"),),
    "teams.references": (Exchange("of daily_video", 200, _success(REFERENCES), REFERENCES_RESULT),),
    "event_types.list": (
        Exchange("in short", 200, _success([CHAT]), (CHAT_RESULT,)),
        Exchange("one of a user of an organisation", 200, _success([CHAT]), (CHAT_RESULT,)),
        Exchange("of several users", 200, _success([]), ()),
    ),
    "event_types.get": (Exchange("in short", 200, _success(CHAT), CHAT_RESULT),),
    "me.get": (
        Exchange(
            "in short",
            200,
            _success({"id": 77, "username": "rosa", "timeZone": "Europe/Oslo", "added": 1}),
            Me(77, username="rosa", time_zone="Europe/Oslo", extra={"added": 1}),
        ),
    ),
}


def target_and_version(operation: Operation[Any] | None) -> tuple[str, str | None] | None:
    """Return the target and the version of the operation for the next page."""
    if operation is None:
        return None
    request = Api(Anonymous(), versions=HOSTED).request(operation)
    target = request.url.removeprefix("https://api.cal.com")
    return target, request.headers.get("cal-api-version")


def outline(value: Any) -> Any:
    """Return a result with the outlines of its bookings, and without the raw response of a page."""
    if isinstance(value, Page):
        return outline(value.items), value.pagination, target_and_version(value.next)
    if isinstance(value, tuple):
        return tuple(outline(item) for item in value)
    if isinstance(value, Booking):
        return type(value), value.id, value.uid, value.status, value.shape
    return value


def without_response(value: Any) -> Any:
    """Return a result without the raw response of a page, which differs by connection."""
    return (value.items, value.pagination, value.next) if isinstance(value, Page) else value


def parse_request(request: bytes) -> tuple[str, str | None, Any]:
    """Return the method and target of a request, its version and its body."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    to = first.removesuffix(" HTTP/1.1")
    return to, headers.get("cal-api-version"), json.loads(body) if body else None


def responding_in_turn(name: str) -> Callable[[Peer], None]:
    """Respond on each connection to the calls of an operation, if they send the right requests."""

    def handler(peer: Peer) -> None:
        for exchange in EXCHANGES[name]:
            request = peer.request()
            sent = OPERATIONS[name][exchange.label]
            body = json.dumps(exchange.body).encode()
            status = exchange.status
            if not request or parse_request(request) != (sent.to, sent.versions[1], sent.body):
                status, body = 599, b""
            head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n\r\n"
            peer.send(head.encode() + body)

    return handler


def calls(name: str) -> list[Sent]:
    return [OPERATIONS[name][exchange.label] for exchange in EXCHANGES[name]]


def call_over_urllib3(name: str, url: str, **options: Any) -> list[Any]:
    with Client("cal_test", base_url=url, transport=Urllib3Transport(), **options) as client:
        method = attrgetter(name)(client)
        return [method(*sent.call.args, **sent.call.keywords) for sent in calls(name)]


def call_over_async_client(kind: str, name: str, url: str, **options: Any) -> list[Any]:
    async def main() -> list[Any]:
        async with AsyncClient("cal_test", base_url=url, **options) as client:
            method = attrgetter(name)(client)
            return [await method(*sent.call.args, **sent.call.keywords) for sent in calls(name)]

    return under(kind, main)


call_over_trio = partial(call_over_async_client, "trio")
call_over_asyncio = partial(call_over_async_client, "asyncio")


@pytest.mark.parametrize("name", ROUTES)
def test_all_clients_send_and_read_an_operation_alike(name: str) -> None:
    with Server(responding_in_turn(name)) as server:
        over_urllib3 = call_over_urllib3(name, server.url, versions=HOSTED)
        over_trio = call_over_trio(name, server.url, versions=HOSTED)
        over_asyncio = call_over_asyncio(name, server.url, versions=HOSTED)

    results = [exchange.result for exchange in EXCHANGES[name]]
    assert [outline(value) for value in over_urllib3] == results
    expected = [without_response(value) for value in over_urllib3]
    assert [without_response(value) for value in over_trio] == expected
    assert [without_response(value) for value in over_asyncio] == expected
    assert server.connections == 3


def test_the_server_of_these_tests_refuses_a_different_request() -> None:
    with Server(responding_in_turn("bookings.confirm")) as server:
        # EVERYWHERE sends another version than the table of these tests expects.
        with pytest.raises(OutcomeUnknown, match="599"):
            call_over_urllib3("bookings.confirm", server.url, versions=EVERYWHERE)
        with pytest.raises(OutcomeUnknown, match="599"):
            call_over_asyncio("bookings.confirm", server.url, versions=EVERYWHERE)


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("bookings.request_reschedule", "versions"),
        ("bookings.create_recurring", "data.allow_conflicts"),
        ("bookings.reschedule_seat", "allow_conflicts"),
    ],
)
@pytest.mark.parametrize("run", [call_over_urllib3, call_over_trio, call_over_asyncio])
def test_an_operation_that_the_version_profile_lacks_is_not_sent(
    run: Callable[..., list[Any]], name: str, field: str
) -> None:
    with Server(responding_in_turn(name)) as server, pytest.raises(InvalidInput) as caught:
        run(name, server.url, versions=EVERYWHERE)

    assert caught.value.field == field
    assert server.connections == 0


@pytest.mark.parametrize("name", ["bookings.create_one", "bookings.cancel_one", "bookings.get_one"])
@pytest.mark.parametrize("run", [call_over_urllib3, call_over_trio, call_over_asyncio])
def test_an_unexpected_series_is_requested_once(
    run: Callable[..., list[Any]], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    label = EXCHANGES[name][0].label
    monkeypatch.setitem(EXCHANGES, name, _series(label, 200))
    with Server(responding_in_turn(name)) as server, pytest.raises(SeriesReturned) as caught:
        run(name, server.url, versions=HOSTED)

    assert outline(caught.value.bookings) == (OUTLINE_OF_FIRST, OUTLINE_OF_SECOND)
    assert caught.value.attempts == 1
    assert len(server.requests) == 1
