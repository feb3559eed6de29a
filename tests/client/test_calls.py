"""Each call of the table, as a user makes it, sends the same request in both clients."""

from collections.abc import Callable
from contextlib import suppress
from operator import attrgetter
from typing import Any

import pytest
import trio
from core_operations import CHAT_UID, OPERATIONS, REFERENCE

import calcom_core
from calcom_core import (
    HOSTED,
    NO_RETRY,
    Api,
    ApiKey,
    CalcomError,
    InvalidInput,
    Request,
    Response,
    Timeout,
)
from calcom_core.responses import json as json_response
from calcom_core.routes import ROUTES
from calcom_transports import AsyncClient, Client

KEY = "cal_test_calls"


class RecordingTransport:
    """A transport that keeps the requests and returns an empty response."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def send(self, request: Request, timeout: Timeout | None) -> Response:
        self.requests.append(request)
        return json_response({})


class AsyncRecordingTransport(RecordingTransport):
    async def send(self, request: Request, timeout: Timeout | None) -> Response:  # type: ignore[override]
        return RecordingTransport.send(self, request, timeout)


METHODS = {attrgetter(name)(calcom_core): attrgetter(name) for name in ROUTES}
CALLS = [sent.call for rows in OPERATIONS.values() for sent in rows.values()]


def test_each_call_of_the_table_sends_its_request_in_both_clients() -> None:
    api = Api(ApiKey(KEY), versions=HOSTED)
    requests = [api.request(call()) for call in CALLS]
    blocking, awaited = RecordingTransport(), AsyncRecordingTransport()

    with Client(KEY, transport=blocking, retry=NO_RETRY, versions=HOSTED) as client:
        for call in CALLS:
            with suppress(CalcomError):
                METHODS[call.func](client)(*call.args, **call.keywords)

    async def under_trio() -> None:
        async with AsyncClient(KEY, transport=awaited, retry=NO_RETRY, versions=HOSTED) as client:
            for call in CALLS:
                with suppress(CalcomError):
                    await METHODS[call.func](client)(*call.args, **call.keywords)

    trio.run(under_trio)

    assert blocking.requests == requests
    assert awaited.requests == requests


def test_the_table_has_the_ten_calls_of_the_reference() -> None:
    assert {name for name, rows in OPERATIONS.items() if REFERENCE in rows} == {
        f"bookings.{name}"
        for name in (
            *("list", "get", "create", "cancel", "confirm", "decline"),
            *("mark_absent", "reassign", "reassign_to_user", "reschedule"),
        )
    }


# Placeholders of the reference that the API would not accept.
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
    "a user id with a fraction": (
        lambda client: client.bookings.reassign_to_user(booking_uid=CHAT_UID, user_id=123.45),
        "user_id: must be an integer, not a number with a fraction",
    ),
    "a version that is not a date": (
        lambda client: client.bookings.get(booking_uid=CHAT_UID, cal_api_version="string"),
        "cal_api_version: must be 2024-08-13, 2026-02-25 for bookings.get; for an unknown "
        "version the server responds in another format, or really cancels "
        "through its legacy API",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_invalid_placeholder_is_refused_before_anything_is_sent(name: str) -> None:
    call, message = REFUSED[name]
    transport = RecordingTransport()
    with pytest.raises(InvalidInput) as caught, Client(KEY, transport=transport) as client:
        call(client)
    assert str(caught.value) == message
    assert transport.requests == []
