"""A write whose connection breaks at any byte of its exchange is executed at most once.

The server breaks the first connection of a call at one byte, and responds on later connections:
it would execute and count a second request.
"""

import json
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from attrs import evolve, frozen
from sending import ASYNC, each_transport, under
from server import PATIENCE, Peer, Server

from calcom_core import (
    Anonymous,
    CalcomError,
    NoAnswer,
    NotSent,
    OutcomeUnknown,
    Request,
    Response,
    RetryPolicy,
    Timeout,
    bookings,
)
from calcom_transports import AsyncClient, Client
from calcom_transports.urllib3 import Urllib3Transport

POLICY = RetryPolicy(attempts=4, base=0.0, cap=0.0)
BOOKING = {
    "id": 1,
    "uid": "bk7",
    "title": "",
    "hosts": [],
    "status": "accepted",
    "start": "2027-04-05T09:00:00Z",
    "end": "2027-04-05T09:30:00Z",
    "duration": 30,
    "absentHost": False,
    "createdAt": "2026-11-22T16:00:00Z",
    "attendees": [],
}
BODY = json.dumps({"status": "success", "data": BOOKING}, separators=(",", ":")).encode()
MADE = bookings.get_one("bk7").read(Response(200, (), BODY))
RESPONSE = b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
CHUNKED = b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n" + b"".join(
    b"%x\r\n%s\r\n" % (len(part), part) for part in (BODY[:150], BODY[150:], b"")
)

NEW = {
    "start": "2027-04-05T09:00:00Z",
    "event_type_id": 1,
    "attendee": {"name": "Ann", "email": "ann@example.net", "time_zone": "UTC"},
}
LARGE = "x" * 8 * 1024 * 1024

Call = Callable[[Any], Any]


def create(client: Any) -> Any:
    return client.bookings.create(NEW)


def create_large(client: Any) -> Any:
    """Send more than the buffers of a connection hold, which then breaks during the send."""
    return client.bookings.create({**NEW, "booking_fields_responses": {"notes": LARGE}})


def cancel_seat(client: Any) -> Any:
    return client.bookings.cancel_seat("bk7", "seat-1")


def get_one(client: Any) -> Any:
    return client.bookings.get_one("bk7")


writes = pytest.mark.parametrize("write", [create, cancel_seat])


@frozen
class Fault:
    """Where a connection breaks: after *read* bytes of the request, or *sent* of the response.

    It is *reset* or closed in order. A *warm* connection has served another call before.
    """

    read: int | None = None
    sent: int = 0
    reset: bool = False
    warm: bool = False


@frozen
class Seen:
    """The result of a call, and what the server received.

    *received* is the number of bytes received on each connection, *complete* the number of complete
    requests.
    """

    result: Any
    received: tuple[int, ...]
    complete: int


class Breaking:
    """Breaks the first connection of each call at its fault, and responds on the others."""

    def __init__(self, response: bytes) -> None:
        self._response = response
        self._ended = threading.Semaphore(0)
        self.begin(None)

    def begin(self, fault: Fault | None) -> None:
        """Prepare for a call; without a fault, every connection gets a response."""
        self._fault = fault
        self._received: list[int] = []

    def end(self) -> tuple[int, ...]:
        """Return the number of bytes received on each connection, once all have ended."""
        for _ in self._received:
            assert self._ended.acquire(timeout=PATIENCE)
        return tuple(self._received)

    def __call__(self, peer: Peer) -> None:
        number = len(self._received)
        self._received.append(0)
        try:
            if self._fault is not None and number == 0:
                self._break(peer, self._fault)
            else:
                self._received[number] = len(peer.request())
                peer.send(self._response)
        finally:
            self._ended.release()

    def _break(self, peer: Peer, fault: Fault) -> None:
        if fault.warm:
            peer.request()
            peer.send(self._response)
        if fault.read is None:
            self._received[0] = len(peer.request())
            peer.send(self._response[: fault.sent])
        else:
            if fault.warm:  # else the client would find it closed and discard it
                peer.connection.recv(1, socket.MSG_PEEK)
            while self._received[0] < fault.read:
                data = peer.connection.recv(fault.read - self._received[0])
                assert data, "the client hung up within its request"
                self._received[0] += len(data)
        if fault.reset:
            peer.reset()
            return
        # Closing it with unread bytes would also be a reset.
        peer.connection.shutdown(socket.SHUT_WR)
        with suppress(ConnectionResetError):
            while unread := peer.connection.recv(65_536):
                self._received[0] += len(unread)


class Refused:
    """A transport that sends the first few requests to a port where nothing listens."""

    def __init__(self, real: Any, refusals: int, nobody: str) -> None:
        self._real = real
        self._left = refusals
        self._nobody = nobody

    def addressed(self, request: Request) -> Request:
        self._left -= 1
        if self._left < 0:
            return request
        return evolve(request, url=self._nobody + request.url[request.url.index("/v2/") :])

    def send(self, request: Request, timeout: Timeout | None) -> Any:
        return self._real.send(self.addressed(request), timeout)


class AsyncRefused(Refused):
    """The async variant of `Refused`."""

    async def send(self, request: Request, timeout: Timeout | None) -> Any:
        return await self._real.send(self.addressed(request), timeout)


def outcome(error: CalcomError) -> tuple[Any, ...]:
    """Return the class of an error, that of its cause, and how many attempts there were."""
    return type(error), type(getattr(error, "cause", None)), error.attempts


UNKNOWN = (OutcomeUnknown, NoAnswer, 1)


async def attempt(kind: str, call: Call, url: str, *, warm: bool, refusals: int) -> Any:
    """Make a call with a transport of its own, blocking or not; return its result or its error."""
    options: dict[str, Any] = {"auth": Anonymous(), "base_url": url, "retry": POLICY}
    # A bound port without a listener, which no other process can take.
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{bound.getsockname()[1]}"
        try:
            if kind == "urllib3":
                with Urllib3Transport() as real:
                    client = Client(**options, transport=Refused(real, refusals, nobody))
                    if warm:
                        get_one(client)
                    return call(client)
            async with ASYNC[kind]() as real_async:
                transport = AsyncRefused(real_async, refusals, nobody)
                async_client = AsyncClient(**options, transport=transport)
                if warm:
                    await get_one(async_client)
                return await call(async_client)
        except CalcomError as error:
            return outcome(error)


def seen_of(
    kind: str,
    call: Call,
    faults: list[Fault | None],
    *,
    response: bytes = RESPONSE,
    refusals: int = 0,
) -> list[Seen]:
    """Make the call once for each fault."""
    handler = Breaking(response)

    async def run() -> list[Seen]:
        seen = []
        for fault in faults:
            warm = fault is not None and fault.warm
            before = len(server.requests) + warm
            handler.begin(fault)
            result = await attempt(kind, call, server.url, warm=warm, refusals=refusals)
            seen.append(Seen(result, handler.end(), len(server.requests) - before))
        return seen

    with Server(handler) as server:
        return under(kind, run)


def length_of(kind: str, call: Call) -> int:
    """Return how many bytes the request of a call has."""
    (seen,) = seen_of(kind, call, [None])
    return seen.received[0]


def every_fault(
    request: int,
    response: int = len(RESPONSE),
    *,
    resets: tuple[bool, ...] = (False, True),
    warm: bool = False,
) -> list[Any]:
    """Return a fault at each byte of an exchange of these sizes."""
    faults: list[Any] = []
    for reset in resets:
        faults += [Fault(read=count, reset=reset, warm=warm) for count in range(request)]
        faults += [Fault(sent=count, reset=reset, warm=warm) for count in range(response)]
    return faults


def received_by(fault: Fault, length: int) -> int:
    """Return how many bytes the server sees of a request of that length."""
    return length if fault.read is None or not fault.reset else fault.read


AT_ONCE = Fault(read=0, reset=True)
"""The one fault that can reach a client while it connects, before it has sent anything."""


@writes
@each_transport
def test_a_write_that_breaks_at_any_byte_is_sent_once_and_its_outcome_is_unknown(
    kind: str, write: Call, sample: Callable[..., Any]
) -> None:
    length = length_of(kind, write)
    faults = every_fault(length)
    assert len(faults) > 1_000
    faults.remove(AT_ONCE)
    faults = [AT_ONCE, *sample(faults, 24)]

    seen = dict(zip(faults, seen_of(kind, write, faults), strict=True))

    assert seen.pop(AT_ONCE) in (Seen(UNKNOWN, (0,), 0), Seen(MADE, (0, length), 1))
    assert seen == {
        fault: Seen(UNKNOWN, (received_by(fault, length),), 1 if fault.read is None else 0)
        for fault in faults
        if fault != AT_ONCE
    }


@each_transport
def test_a_write_whose_chunked_response_breaks_at_any_byte_is_sent_once(
    kind: str, sample: Callable[..., Any]
) -> None:
    length = length_of(kind, create)
    faults = every_fault(0, len(CHUNKED), resets=(False,))
    assert len(faults) > 300
    faults = sample(faults, 24)

    seen = seen_of(kind, create, faults, response=CHUNKED)

    assert seen == [Seen(UNKNOWN, (length,), 1)] * len(faults)


@each_transport
def test_a_write_on_a_reused_connection_that_breaks_at_any_byte_is_sent_once(
    kind: str, sample: Callable[..., Any]
) -> None:
    length = length_of(kind, create)
    faults = every_fault(length, 1, warm=True)
    assert len(faults) > 500
    faults = sample(faults, 24)

    seen = dict(zip(faults, seen_of(kind, create, faults), strict=True))

    assert seen == {
        fault: Seen(UNKNOWN, (received_by(fault, length),), 1 if fault.read is None else 0)
        for fault in faults
    }


@each_transport
def test_a_write_that_breaks_while_it_is_sent_is_sent_once(kind: str) -> None:
    faults: list[Any] = [Fault(read=count, reset=True) for count in (1, 300, 65_536, 200_000)]

    seen = seen_of(kind, create_large, faults)

    assert seen == [Seen(UNKNOWN, (fault.read,), 0) for fault in faults]


@each_transport
def test_a_write_that_breaks_at_any_byte_after_refused_connections_is_sent_once(
    kind: str, sample: Callable[..., Any]
) -> None:
    length = length_of(kind, create)
    faults = every_fault(length, 1, resets=(False,))
    assert len(faults) > 250
    faults = sample(faults, 24)

    seen = dict(zip(faults, seen_of(kind, create, faults, refusals=2), strict=True))

    unknown = (OutcomeUnknown, NoAnswer, 3)
    assert seen == {
        fault: Seen(unknown, (length,), 1 if fault.read is None else 0) for fault in faults
    }


@writes
@each_transport
@pytest.mark.parametrize("refusals", [0, 1, 2, 3])
def test_a_write_that_was_not_sent_is_retried_and_executed_once(
    kind: str, write: Call, refusals: int
) -> None:
    length = length_of(kind, write)
    assert seen_of(kind, write, [None], refusals=refusals) == [Seen(MADE, (length,), 1)]


@writes
@each_transport
def test_a_write_that_can_never_be_sent_is_not_executed(kind: str, write: Call) -> None:
    never = Seen((NotSent, type(None), 4), (), 0)
    assert seen_of(kind, write, [None], refusals=4) == [never]


@each_transport
def test_a_read_that_breaks_at_any_byte_is_retried_and_returned(
    kind: str, sample: Callable[..., Any]
) -> None:
    length = length_of(kind, get_one)
    faults = every_fault(length, resets=(False,))
    assert len(faults) > 400
    faults = sample(faults, 24)

    seen = dict(zip(faults, seen_of(kind, get_one, faults), strict=True))

    assert seen == {
        fault: Seen(MADE, (received_by(fault, length), length), 2 if fault.read is None else 1)
        for fault in faults
    }
