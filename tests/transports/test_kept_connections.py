"""Kept connections that end, or on which the server sends bytes, at any moment after a response.

In clear and over TLS, no transport sends a byte of a request twice. If a kept connection fails,
the request goes out on a new one, or it may have been sent and the outcome is NoAnswer.
"""

import random
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from typing import Any

import pytest
import trio
import trio.testing
from attrs import field, frozen
from cancelling import Steps
from pooling import Ended, on_time, opened, outcome_of
from sending import (
    ASYNC,
    OK,
    OK_RESPONSE,
    each_async_transport,
    each_transport,
    encrypted_or_not,
    get,
    post,
    under,
)
from server import PATIENCE, Handler, Peer, Server, responding

from calcom_core import NO_RETRY, RetryPolicy, bookings, slots
from calcom_core.errors import NoAnswer, NotSent
from calcom_core.http import Request, Response
from calcom_transports import AsyncClient

LOST = (NoAnswer, "closed")
UNSENT = (NotSent, "closed")
FIELDS = b"Accept-Encoding: gzip\r\nConnection: keep-alive\r\n\r\n"
STRAY = OK.replace(b"ok", b"no")
REQUEST_TIMEOUT = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


Act = Callable[[Peer], None]


def first(server: Server) -> Request:
    return get(server, "/first")


def wire(server: Server) -> bytes:
    """Return the bytes of `post(server)`."""
    return (
        b"POST /v2/x?q=1 HTTP/1.1\r\nHost: %b:%d\r\n"
        b"Accept-Encoding: gzip\r\nConnection: keep-alive\r\n"
        b"Content-Length: 2\r\n\r\n{}" % (server.host.encode(), server.port)
    )


def finish(peer: Peer) -> None:
    """Close the sending side, over TLS without close_notify."""
    socket.socket.shutdown(peer.connection, socket.SHUT_WR)


def close(peer: Peer) -> None:
    """Close both sides: the next bytes from the client cause a reset."""
    peer.connection.close()


def reset(peer: Peer) -> None:
    peer.reset()


def say(data: bytes) -> Act:
    return lambda peer: peer.send(data)


def in_turn(*acts: Act) -> Act:
    def all_of_them(peer: Peer) -> None:
        for act in acts:
            act(peer)

    return all_of_them


def close_notify(peer: Peer) -> None:
    """Send close_notify, without waiting for that of the client."""
    assert isinstance(peer.connection, ssl.SSLSocket)
    peer.connection.settimeout(0)
    with suppress(ssl.SSLWantReadError):
        peer.connection.unwrap()
    peer.connection.settimeout(None)


def raw(data: bytes) -> Act:
    """Send bytes below TLS."""
    return lambda peer: socket.socket.sendall(peer.connection, data)


def handshake_message(peer: Peer) -> None:
    """Send a handshake message after the handshake, such as a late session ticket."""
    assert isinstance(peer.connection, ssl.SSLSocket)
    peer.connection.verify_client_post_handshake()
    peer.connection.write(b"")  # which sends that message alone
    peer.connection.do_handshake()


class Kept:
    """Responds to the first request of the first connection, then runs *act* on it, when told.

    It responds on any other connection. `received` holds the bytes of each after the first request.
    """

    def __init__(self, act: Act) -> None:
        self.act = act
        self.go = threading.Event()
        self.executed = threading.Event()
        self.received: list[bytes] = []
        self.connections = Ended()

    def now(self) -> None:
        """Let *act* run, and return when it has."""
        self.go.set()
        assert self.executed.wait(PATIENCE)

    def __call__(self, peer: Peer) -> None:
        number = len(self.received)
        self.received.append(b"")
        with self.connections:
            if number == 0:
                peer.request()
                self.begin(peer)
                assert self.go.wait(PATIENCE)
                self.act(peer)
                self.executed.set()
                with suppress(OSError):
                    while data := peer.connection.recv(65_536):
                        self.received[0] += data
            else:
                while request := peer.request():
                    self.received[number] += request
                    peer.send(OK)

    def begin(self, peer: Peer) -> None:
        peer.send(OK)


class AtOnce(Kept):
    """Closes its side together with the response: the FIN is in the same segment."""

    def begin(self, peer: Peer) -> None:
        socket.socket.setsockopt(peer.connection, socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        peer.send(OK)
        finish(peer)
        self.go.set()


@frozen
class Seen:
    """The result of the second call, and its bytes that the server received on each connection."""

    result: Any
    received: tuple[bytes, ...] = field(converter=tuple)


def on_a_new_connection(server: Server) -> Seen:
    """Return the expected outcome of a call that is sent on a new connection and on no other."""
    return Seen(OK_RESPONSE, (b"", wire(server)))


@contextmanager
def while_idle(kind: str, call: Callable[[], None]) -> Iterator[None]:
    call()
    yield


@contextmanager
def when_taken(kind: str, call: Callable[[], None]) -> Iterator[None]:
    """Make a call just before a transport sends its next byte.

    By then it has checked the connection, and does not check it again.
    """
    client = threading.current_thread()

    def once() -> None:
        if threading.current_thread() is client:  # and not that of the server
            patch.undo()
            call()

    with pytest.MonkeyPatch.context() as patch:
        for owner in (socket.socket, ssl.SSLSocket):
            for name, real in [("send", owner.send), ("sendall", owner.sendall)]:

                def hand_over(sock: Any, *args: Any, real: Any = real) -> Any:
                    once()
                    return real(sock, *args)

                patch.setattr(owner, name, hand_over)
        yield


def kept(
    kind: str,
    handler: Kept,
    tls: ssl.SSLContext | None,
    trusting: ssl.SSLContext | None,
    when: Callable[[str, Callable[[], None]], AbstractContextManager[None]] = while_idle,
) -> tuple[Seen, Server]:
    """Send two requests, and let the handler act on the connection between them."""

    async def run() -> Any:
        async with opened(kind, ssl_context=trusting, max_connections=1) as transport:
            assert await outcome_of(transport, first(server)) == OK_RESPONSE
            with when(kind, handler.now):
                return await outcome_of(transport, post(server))

    with Server(handler, tls=tls) as server:
        result = under(kind, run)
        assert handler.connections.wait()
    return Seen(result, handler.received), server


IDLE: dict[str, Act] = {
    "fin": finish,
    "close": close,
    "reset": reset,
    "408": say(REQUEST_TIMEOUT),
    "408 and fin": in_turn(say(REQUEST_TIMEOUT), finish),
    "408 and close": in_turn(say(REQUEST_TIMEOUT), close),
    "a stray byte": say(b"\n"),
    "a stray response": say(STRAY),
    "a stray interim response": say(b"HTTP/1.1 100 Continue\r\n\r\n"),
}

IDLE_TLS: dict[str, Act] = {
    "close_notify": close_notify,
    "close_notify and fin": in_turn(close_notify, finish),
    "close_notify and close": in_turn(close_notify, close),
    "close_notify and reset": in_turn(close_notify, reset),
    "a byte that is not TLS": raw(b"\x17"),
    "an invalid record": raw(b"\x17\x03\x03\x00\x20" + bytes(32)),
}


@each_transport
@encrypted_or_not
@on_time
def test_an_idle_connection_that_ends_or_receives_bytes_is_not_reused(
    kind: str,
    encrypted: bool,
    certified: ssl.SSLContext,
    trusting: ssl.SSLContext,
    counted: Callable[[str, int], None],
) -> None:
    acts = {**IDLE, **(IDLE_TLS if encrypted else {})}
    seen = {}
    expected = {}
    for name, act in acts.items():
        seen[name], server = kept(kind, Kept(act), certified if encrypted else None, trusting)
        expected[name] = on_a_new_connection(server)
    assert seen == expected
    counted(f"idle connections: {kind}", len(acts))


@each_transport
@encrypted_or_not
@on_time
def test_a_connection_that_ends_with_its_response_is_not_reused(
    kind: str, encrypted: bool, certified: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    handler = AtOnce(lambda peer: None)
    seen, server = kept(kind, handler, certified if encrypted else None, trusting)
    assert seen == on_a_new_connection(server)


@each_transport
@on_time
def test_a_late_tls_message_costs_at_most_the_connection(
    kind: str, certified: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    """RFC 8446, 4.6: a server may send such messages, as session tickets, at any time."""
    trusting.post_handshake_auth = True
    certified.verify_mode = ssl.CERT_OPTIONAL
    try:
        seen, server = kept(kind, Kept(handshake_message), certified, trusting)
    finally:
        certified.verify_mode = ssl.CERT_NONE
    assert seen in (on_a_new_connection(server), Seen(OK_RESPONSE, (wire(server),)))


def corked(*parts: bytes) -> Handler:
    """Respond to every request with the parts: a TLS record each, all in one segment."""

    def handler(peer: Peer) -> None:
        while peer.request():
            socket.socket.setsockopt(peer.connection, socket.IPPROTO_TCP, socket.TCP_CORK, 1)
            for part in parts:
                peer.send(part)
            socket.socket.setsockopt(peer.connection, socket.IPPROTO_TCP, socket.TCP_CORK, 0)

    return handler


def response_of(size: int) -> bytes:
    """Return a response of exactly *size* bytes."""
    head = b"HTTP/1.1 200 OK\r\nX: %b\r\nContent-Length: 5\r\n\r\n"
    return head % bytes(b"x" * (size - len(head % b"") - 5)) + b"first"


# Sizes of buffers: one read ends there, and another layer may keep the bytes after it.
# More than half of a TCP window (of 64 kB) would arrive in two segments.
SIZES = [100, 1_024, 2_048, 4_096, 8_192, 12_288, 16_384, 24_576]


@pytest.mark.exhaustive(sample=2)
@each_transport
@encrypted_or_not
@on_time
def test_bytes_sent_with_a_response_are_never_the_next_response(
    kind: str,
    encrypted: bool,
    certified: ssl.SSLContext,
    trusting: ssl.SSLContext,
    counted: Callable[[str, int], None],
) -> None:
    async def run() -> Any:
        async with opened(kind, ssl_context=trusting) as transport:
            results = [await outcome_of(transport, get(server)) for _ in range(3)]
        return [getattr(result, "body", result) for result in results], server.connections

    ways = {}
    for size in SIZES:
        ways[f"with {size} bytes"] = (response_of(size) + STRAY,)
        ways[f"after {size} bytes"] = (response_of(size), STRAY)
        ways[f"a byte after {size} bytes"] = (response_of(size), b"\n")
    seen = {}
    for name, parts in ways.items():
        with Server(corked(*parts), tls=certified if encrypted else None) as server:
            seen[name] = under(kind, run)
    assert seen == dict.fromkeys(ways, ([b"first"] * 3, 3))
    counted(f"bytes after a response: {kind}", len(ways))


@each_transport
@encrypted_or_not
@on_time
def test_a_connection_that_ends_just_before_the_first_byte_gets_the_request_at_most_once(
    kind: str,
    encrypted: bool,
    certified: ssl.SSLContext,
    trusting: ssl.SSLContext,
    counted: Callable[[str, int], None],
) -> None:
    """The client cannot tell after which byte the server closed, and does not send again.

    Bytes that the server sent meanwhile are read as the response, since nothing distinguishes
    them from one. A 408 is then true: the server did not wait for the request (RFC 9110, 15.5.9).
    """
    tls = certified if encrypted else None
    refused = Response(408, {"Connection": "close", "Content-Length": "0"})
    acts: dict[str, tuple[Act, Any, bool]] = {
        "fin": (finish, LOST, True),
        "close": (close, LOST, False),
        # A send to a reset socket fails; OpenSSL does not report that.
        "reset": (reset, LOST if encrypted and kind == "urllib3" else UNSENT, False),
        "408 and fin": (in_turn(say(REQUEST_TIMEOUT), finish), refused, True),
    }
    if encrypted:
        acts["close_notify"] = (close_notify, LOST, True)
        acts["close_notify and fin"] = (in_turn(close_notify, finish), LOST, True)
        acts["close_notify and close"] = (in_turn(close_notify, close), LOST, False)
    seen = {}
    expected = {}
    for name, (act, result, arrives) in acts.items():
        seen[name], server = kept(kind, Kept(act), tls, trusting, when_taken)
        expected[name] = Seen(result, (wire(server) if arrives else b"",))
    assert seen == expected
    counted(f"connections ended before the first byte: {kind}", len(acts))


@each_async_transport
@encrypted_or_not
@on_time
def test_a_connection_that_ends_after_any_step_of_a_task_gets_the_request_at_most_once(
    kind: str, encrypted: bool, certified: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async def run(step: int, handler: Kept) -> Any:
        async with opened(kind, ssl_context=trusting) as transport:
            assert await outcome_of(transport, first(server)) == OK_RESPONSE
            return await Steps(step, handler.now).of(partial(outcome_of, transport, post(server)))

    tls = certified if encrypted else None
    for act in (finish, reset):
        for step in (1, 2):
            handler = Kept(act)
            with Server(handler, tls=tls) as server:
                result = under(kind, run, step, handler)
                assert handler.connections.wait()
            possible = [Seen(LOST, (wire(server),)), Seen(UNSENT, (b"",))]
            if act is reset:  # which discards what the server has received
                possible.append(Seen(LOST, (b"",)))
            assert Seen(result, handler.received) in possible


class Executing:
    """Executes every request, and closes its first connection on demand.

    `executed` counts the writes.
    """

    def __init__(self) -> None:
        self.go = threading.Event()
        self.closed = threading.Event()
        self.executed = 0

    def close_idle(self) -> None:
        """Close the first connection, and return when the client can notice it."""
        self.go.set()
        assert self.closed.wait(PATIENCE)

    def __call__(self, peer: Peer) -> None:
        is_first = peer.server.connections == 1
        while request := peer.request():
            self.executed += request.startswith(b"POST")
            peer.send(SUCCESS)
            if is_first:
                assert self.go.wait(PATIENCE)
                finish(peer)
                self.closed.set()


SUCCESS = b'HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{"status":"success"}'


@each_async_transport
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@on_time
def test_a_write_whose_connection_is_closed_while_other_tasks_run_is_not_sent_and_then_retried(
    kind: str, version: ssl.TLSVersion, certified: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    """Other tasks run after the pool has found the connection good."""
    trusting.maximum_version = version
    write = bookings.request_reschedule("bk7", cal_api_version="2026-02-25")

    async def run(retry: RetryPolicy) -> tuple[Any, int]:
        transport = ASYNC[kind](ssl_context=trusting)
        async with AsyncClient(
            "cal_test_key", base_url=server.url, transport=transport, retry=retry
        ) as client:
            await client.call(slots.delete_reservation("r7"))
            try:
                writing = partial(client.exchange, write)
                exchange = await Steps(1, executing.close_idle).of(writing)
            except NotSent as error:
                return (error.reason, str(error)), error.attempts
            return exchange.response.body, exchange.attempts

    executing = Executing()
    with Server(executing, tls=certified) as server:
        found = under(kind, run, NO_RETRY)
    ended = (
        "POST /v2/bookings/bk7/request-reschedule: the connection to "
        f"localhost:{server.port} ended while it was idle; nothing was sent, a retry is safe "
        "(after 1 attempt: the policy allows no more)"
    )
    assert found == (("closed", ended), 1)
    assert executing.executed == 0

    executing = Executing()
    with Server(executing, tls=certified) as server:
        found = under(kind, run, RetryPolicy(attempts=2, base=0, cap=0))
    assert found == (b'{"status":"success"}', 2)
    assert executing.executed == 1


@frozen
class Break:
    """Where a connection breaks: after *read* bytes of a request, or *sent* of the response."""

    read: int | None
    sent: int
    reset: bool


def every_break(request: int) -> list[Break]:
    return [
        *(Break(count, 0, reset) for count in range(request) for reset in (False, True)),
        *(Break(None, count, reset) for count in range(len(OK)) for reset in (False, True)),
    ]


class Breaking:
    """Responds to the first request of each connection, and breaks it in the second.

    `received` holds the bytes of each after the first request; over TLS they are still encrypted.
    """

    def __init__(self, breaks: Sequence[Break]) -> None:
        self.breaks = breaks
        self.received: list[bytes] = []
        self.connections = Ended()

    def __call__(self, peer: Peer) -> None:
        number = len(self.received)
        self.received.append(b"")
        with self.connections:
            peer.request()
            peer.send(OK)
            self.received[number] = self._broken(peer, self.breaks[number])

    def _broken(self, peer: Peer, at: Break) -> bytes:
        # Read below TLS, to count bytes and not records.
        receive = socket.socket.recv
        received = b""
        if at.read is None:
            received = peer.request()
            peer.send(OK[: at.sent])
        elif at.read == 0:  # else the client would find it closed and discard it
            receive(peer.connection, 1, socket.MSG_PEEK)
        while at.read is not None and len(received) < at.read:
            data = receive(peer.connection, at.read - len(received))
            assert data, "the client hung up within its request"
            received += data
        if at.reset:
            reset(peer)
        else:
            finish(peer)
            while data := receive(peer.connection, 65_536):
                received += data
        return received


def broken(
    kind: str, tls: ssl.SSLContext | None, trusting: ssl.SSLContext, breaks: Sequence[Break]
) -> tuple[list[Any], list[bytes], Server]:
    """Send requests through a transport with one connection, which breaks; return the outcomes.

    The requests that break have no body: in TLS they are one record.
    """
    handler = Breaking(breaks)

    async def run() -> list[Any]:
        results = []
        async with opened(kind, ssl_context=trusting, max_connections=1) as transport:
            for _ in breaks:
                assert await outcome_of(transport, first(server)) == OK_RESPONSE
                results.append(await outcome_of(transport, get(server)))
        return results

    with Server(handler, tls=tls) as server:
        results = under(kind, run)
        assert handler.connections.wait()
        assert server.connections == len(breaks)
    return results, handler.received, server


@each_transport
@on_time
def test_a_kept_connection_that_breaks_at_any_byte_gets_the_request_once(
    kind: str,
    trusting: ssl.SSLContext,
    sample: Callable[..., Any],
    counted: Callable[[str, int], None],
) -> None:
    breaks = sample(every_break(96), 24)
    results, received, server = broken(kind, None, trusting, breaks)

    whole = b"GET /v2/x?q=1 HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n" + FIELDS
    whole %= server.port
    assert len(whole) == 96
    assert results == [LOST] * len(breaks)
    assert received == [whole[: at.read] if at.reset else whole for at in breaks]
    counted(f"kept connections that break: {kind}", len(breaks))


@each_transport
@on_time
def test_a_kept_tls_connection_that_breaks_at_any_byte_gets_the_request_once(
    kind: str,
    certified: ssl.SSLContext,
    trusting: ssl.SSLContext,
    sample: Callable[..., Any],
    counted: Callable[[str, int], None],
) -> None:
    # RFC 8446, 5.2: a header of 5 bytes, a type of one, and a tag of 16.
    breaks = sample(every_break(96 + 22), 24)
    results, received, server = broken(kind, certified, trusting, breaks)

    whole = b"GET /v2/x?q=1 HTTP/1.1\r\nHost: localhost:%d\r\n" + FIELDS
    whole %= server.port
    assert len(whole) == 96
    assert results == [LOST] * len(breaks)
    # If TLS ends without close_notify, OpenSSL sends an alert, and the others do not.
    alert = 24 if kind == "urllib3" else 0
    lengths = []
    for at in breaks:
        request = 96 if at.read is None else at.read if at.reset else 118
        lengths.append(request if at.reset else request + alert)
    assert [len(data) for data in received] == lengths
    # Only the first requests, and those that the server read to their end, were complete.
    assert server.requests.count(whole) == len([at for at in breaks if at.read is None])
    counted(f"kept connections that break: {kind}", len(breaks))


@pytest.mark.exhaustive(sample=4)
@each_transport
@pytest.mark.parametrize(
    ("announced", "passed", "connections"),
    [
        (b"timeout=3", 1.9, 1),
        (b"timeout=3", 2.1, 2),
        (b"timeout=3600", 3.9, 1),
        (b"timeout=3600", 4.1, 2),
        (b"max=1000", 3.9, 1),
        (b"max=1000", 4.1, 2),
    ],
)
@encrypted_or_not
@on_time
def test_a_connection_is_kept_a_second_less_than_announced_and_at_most_four_seconds(
    kind: str,
    announced: bytes,
    passed: float,
    connections: int,
    encrypted: bool,
    certified: ssl.SSLContext,
    trusting: ssl.SSLContext,
) -> None:
    clock = trio.testing.MockClock()
    clock.jump(1)

    async def run() -> None:
        async with opened(kind, ssl_context=trusting) as transport:
            assert isinstance(await outcome_of(transport, get(server)), Response)
            clock.jump(passed)
            assert isinstance(await outcome_of(transport, get(server)), Response)

    response = b"HTTP/1.1 200 OK\r\nKeep-Alive: %b\r\nContent-Length: 0\r\n\r\n" % announced
    with (
        Server(responding(response), tls=certified if encrypted else None) as server,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(time, "monotonic", clock.current_time)
        under(kind, run, clock=clock)
    assert (server.connections, len(server.requests)) == (connections, 2)


@pytest.mark.exhaustive(sample=1)
@each_transport
@encrypted_or_not
@on_time
def test_a_connection_that_ends_at_an_unknown_moment_gets_the_request_at_most_once(
    kind: str,
    encrypted: bool,
    certified: ssl.SSLContext,
    trusting: ssl.SSLContext,
    sample: Callable[..., Any],
    counted: Callable[[str, int], None],
) -> None:
    """Client and server race: a call may get its response on a new connection, or none."""
    chance = random.Random(8)
    choices = [(chance.choice([finish, close, reset]), chance.randrange(400)) for _ in range(200)]
    choices = sample(choices, 60)
    turns = iter(choices)
    connections = Ended()

    def end_soon(peer: Peer) -> None:
        with connections:
            act, microseconds = next(turns)
            peer.request()
            peer.send(OK)
            until = time.perf_counter() + microseconds / 1e6
            while time.perf_counter() < until:
                pass
            act(peer)
            with suppress(OSError):
                while peer.request():
                    pass

    async def run() -> list[Any]:
        async with opened(kind, ssl_context=trusting, max_connections=1) as transport:
            return [await outcome_of(transport, get(server, f"/{n}")) for n in range(len(choices))]

    with Server(end_soon, tls=certified if encrypted else None) as server:
        results = under(kind, run)
        assert connections.wait()
    arrived = [request.partition(b" HTTP")[0] for request in server.requests]
    assert len(arrived) == len(set(arrived))
    assert set(map(repr, results)) <= {repr(OK_RESPONSE), repr(LOST), repr(UNSENT)}
    for number, result in enumerate(results):
        if result != LOST:
            assert (b"GET /%d" % number in arrived) is (result == OK_RESPONSE)
    counted(f"connections that end at an unknown moment: {kind}", len(choices))
