"""Helpers for tests of pools: a deadline, one call for every transport, a count of open sockets."""

import functools
import gc
import gzip
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, ParamSpec, TypeVar

import anyio.to_thread
from sending import ASYNC
from server import OK, PATIENCE, Peer, Server

from calcom_core.errors import NoAnswer, NotSent, TransportError
from calcom_core.http import Request, Response, Timeout
from calcom_transports.asyncio import AsyncioTransport
from calcom_transports.trio import TrioTransport
from calcom_transports.urllib3 import Urllib3Transport

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
Transport = Urllib3Transport | TrioTransport | AsyncioTransport

CLOSED = (NotSent, "transport-closed")
PATIENT = Timeout(PATIENCE, PATIENCE, PATIENCE)


def ending_within(
    seconds: float,
) -> Callable[[Callable[Arguments, Result]], Callable[Arguments, Result]]:
    """Run a test in a thread of its own, and fail it if it does not end, where it would hang."""

    def limited(case: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
        @functools.wraps(case)
        def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
            outcome: list[tuple[Result | None, BaseException | None]] = []

            def body() -> None:
                try:
                    outcome.append((case(*args, **kwargs), None))
                except BaseException as error:
                    outcome.append((None, error))

            thread = threading.Thread(target=body, daemon=True, name=case.__name__)
            thread.start()
            thread.join(seconds)
            assert outcome, f"{case.__name__} does not end"
            result, error = outcome[0]
            if error is not None:
                raise error
            return result  # type: ignore[return-value]

        return run

    return limited


on_time = ending_within(20)
"""Fails a test that takes 20 seconds, many times what any of them takes."""


@asynccontextmanager
async def opened(kind: str, **options: Any) -> AsyncIterator[Transport]:
    """Open a transport for the duration of a block."""
    if kind == "urllib3":
        with Urllib3Transport(**options) as blocking:
            yield blocking
    else:
        async with ASYNC[kind](**options) as transport:
            yield transport


Outcome = Response | tuple[type[TransportError], str]
"""A response, or the class and the reason of an error."""


def blocking_outcome(
    transport: Urllib3Transport, request: Request, within: Timeout | None = None
) -> Outcome:
    """Send a request through the blocking transport."""
    try:
        return transport.send(request, within)
    except TransportError as error:
        return type(error), error.reason


async def outcome_of(
    transport: Transport, request: Request, within: Timeout | None = None
) -> Outcome:
    """Send a request through any transport, which may block."""
    if isinstance(transport, Urllib3Transport):
        return blocking_outcome(transport, request, within)
    try:
        return await transport.send(request, within)
    except TransportError as error:
        return type(error), error.reason


async def concurrent_outcome(
    transport: Transport, request: Request, within: Timeout | None = None
) -> Outcome:
    """Send a request while others run: in a thread, if the transport blocks."""
    if isinstance(transport, Urllib3Transport):
        return await anyio.to_thread.run_sync(blocking_outcome, transport, request, within)
    return await outcome_of(transport, request, within)


def open_sockets() -> int:
    """Return how many sockets this process has open, including those of servers."""
    return len(all_open_sockets())


def all_open_sockets() -> list[socket.socket]:
    gc.collect()
    return [
        found
        for found in gc.get_objects()
        if issubclass(type(found), socket.socket) and found.fileno() != -1
    ]


def sockets_beyond(before: int) -> int:
    """Return how many more sockets are open than *before*, once servers have closed theirs."""
    until = time.monotonic() + PATIENCE
    while (more := open_sockets() - before) > 0 and time.monotonic() < until:
        pass
    return max(more, 0)  # sockets of earlier tests may close meanwhile


class Ended:
    """Counts blocks that run, and waits until at most a number of them is left."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self.now = 0
        self.ever = 0

    def __enter__(self) -> None:
        with self._condition:
            self.now += 1
            self.ever += 1

    def __exit__(self, *error: object) -> None:
        with self._condition:
            self.now -= 1
            self._condition.notify_all()

    def wait(self, left: int = 0) -> bool:
        with self._condition:
            return self._condition.wait_for(lambda: self.now <= left, PATIENCE)


class Gate:
    """Holds all responses until it is opened, and counts its open connections."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.connections = Ended()
        self.requested = threading.Semaphore(0)

    def __call__(self, peer: Peer) -> None:
        with self.connections:
            while peer.request():
                self.requested.release()
                self.opened.wait(PATIENCE)
                peer.send(OK)

    async def reached(self, requests: int) -> None:
        """Wait until that many more requests have arrived."""
        for _ in range(requests):
            assert await anyio.to_thread.run_sync(self.requested.acquire, True, PATIENCE)


def chunked(body: bytes, size: int, head: bytes = b"") -> list[bytes]:
    chunks = [body[start : start + size] for start in range(0, len(body), size)]
    return [
        b"HTTP/1.1 200 OK\r\n%bTransfer-Encoding: chunked\r\n\r\n" % head,
        *(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks),
        b"0\r\n\r\n",
    ]


TOO_MUCH = 100_000
"""The limit for the size of a body, and the size of the body that `overdo` sends."""


def framed(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


def respond(peer: Peer, target: bytes) -> bool:
    peer.send(framed(target))
    return True


def drip(peer: Peer, target: bytes) -> bool:
    for part in chunked(gzip.compress(target), 9, b"Content-Encoding: gzip\r\n"):
        peer.send(part)
        peer.server.over.wait(0.001)
    return True


def stall(peer: Peer, target: bytes) -> bool:
    peer.stall()
    return False


def close_within(peer: Peer, target: bytes) -> bool:
    """Close the connection within the response."""
    peer.send(framed(target)[:-1])
    return False


def reset(peer: Peer, target: bytes) -> bool:
    peer.reset()
    return False


def close_after(peer: Peer, target: bytes) -> bool:
    """Close the connection after the response."""
    peer.send(framed(target))
    return False


def send_too_much(peer: Peer, target: bytes) -> bool:
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + bytes(TOO_MUCH))
    return False


class RandomFaults:
    """Responds to each request, or fails in a random way.

    Each response repeats the target of its request, which identifies its call.
    Requests for `/together` get their responses once *size* of them are waiting.
    """

    def __init__(self, seed: int, size: int) -> None:
        self._chance = random.Random(seed)
        self._lock = threading.Lock()
        self._barrier = threading.Barrier(size)
        self.connections = Ended()
        self.responses = Ended()  # a connection is closed before its response counts as ended
        self.partial: list[bytes] = []

    def __call__(self, peer: Peer) -> None:
        with self.connections:
            try:
                self._serve(peer)
            finally:
                self.partial.append(peer.received)

    def _serve(self, peer: Peer) -> None:
        while request := peer.request():
            with self._lock:
                behavior = self._chance.choices(
                    [respond, drip, stall, close_within, reset, close_after, send_too_much],
                    [60, 8, 4, 7, 7, 7, 7],
                )[0]
            target = request.split(b" ")[1]
            if target.startswith(b"/together"):
                self._barrier.wait(PATIENCE)
                behavior = respond
            with self.responses:
                if not behavior(peer, target):
                    peer.connection.close()
                    return


def check(outcomes: dict[str, Any], faults: RandomFaults, server: Server) -> None:
    """Check that each call has an allowed outcome, and that the server got no request twice."""
    arrived = Counter(request.split(b" ")[1].decode() for request in server.requests)
    assert set(arrived.values()) == {1}
    begun = b"".join(faults.partial).decode()
    for target, outcome in outcomes.items():
        if isinstance(outcome, Response):
            assert outcome.body == target.encode()
            assert arrived[target] == 1
        elif outcome is not None and outcome[0] is NotSent:
            assert outcome[1] in ("pool", "timeout", "closed")
            assert target not in arrived
            assert f" {target} " not in begun
        elif outcome is not None:
            assert outcome in [
                (NoAnswer, "closed"),
                (NoAnswer, "timeout"),
                (NoAnswer, "too-large"),
            ]
