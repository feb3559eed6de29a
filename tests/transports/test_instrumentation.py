"""The log line of each exchange, and the client's function around it."""

import logging
import re
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest
import trio
import trio.testing
from anyio import create_task_group
from sending import (
    ASYNC,
    OK_RESPONSE,
    each_async_transport,
    each_transport,
    encrypted_or_not,
    under,
)
from server import PATIENCE, Handler, Peer, Server, responding, responding_once, stalling

from calcom_core import (
    NO_RETRY,
    InvalidInput,
    NoAnswer,
    NotFound,
    Operation,
    OutcomeUnknown,
    Request,
    Response,
    RetryPolicy,
    ServerError,
    Timeout,
    bookings,
    responses,
    slots,
)
from calcom_core.effects import Emit, Program, Send, Stream, gather, send
from calcom_transports import (
    AsyncClient,
    Client,
    Observation,
    Recorder,
    Replay,
)
from calcom_transports.replay_errors import NoMatch
from calcom_transports.urllib3 import Urllib3Transport

KEY = "cal_test_0123456789abcdef"
RETRY = RetryPolicy(attempts=3, base=0, cap=0)

DELETED = b'{"status":"success"}'


def wire_response(body: bytes, status: int = 200, *fields: bytes) -> bytes:
    lines = [b"HTTP/1.1 %d X" % status, *fields, b"Content-Length: %d" % len(body), b"", body]
    return b"\r\n".join(lines)


def in_turn(*responses: bytes) -> Callable[[Peer], None]:
    """Respond to the first request with the first response, and so on."""

    def handler(peer: Peer) -> None:
        while peer.request():
            peer.send(responses[len(peer.server.requests) - 1])

    return handler


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the lines of our logger, without the durations."""
    found = [record for record in caplog.records if record.name == "calcom_transports"]
    assert {record.levelno for record in found} <= {logging.DEBUG}
    shown = [record.getMessage() for record in found]
    assert all(re.search(r" in \d\.\d{3} s, ", line) for line in shown)
    return [re.sub(r" in \d\.\d{3} s, ", ", ", line) for line in shown]


def call(kind: str, operation: Any, transport: Any = None, **options: Any) -> Any:
    """Run an operation with a client over that transport."""
    if kind == "urllib3":
        with Client(KEY, transport=transport or Urllib3Transport(), **options) as client:
            return client.call(operation)

    async def run_it() -> Any:
        own = transport or ASYNC[kind]()
        async with AsyncClient(KEY, transport=own, **options) as client:
            return await client.call(operation)

    return under(kind, run_it)


def delete(uid: str = "r7") -> Any:
    return slots.delete_reservation(uid)


@each_transport
def test_each_exchange_is_logged_with_its_attempt_and_without_secrets(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "calcom_transports")
    handler = in_turn(
        wire_response(b"{}", 503, b"X-Request-Id: one"),
        wire_response(b"{}", 429, b"Retry-After: 0", b"X-Request-Id: " + KEY.encode()),
        wire_response(DELETED, 200, b"X-Request-Id: a/b:c=d.e-F_1@2"),
    )
    with Server(handler) as server:
        call(kind, delete(), base_url=server.url, retry=RETRY)
    assert lines(caplog) == [
        "DELETE /v2/slots/reservations/r7: 503, attempt 1, request id one",
        "DELETE /v2/slots/reservations/r7: 429, attempt 2, request id [redacted]",
        "DELETE /v2/slots/reservations/r7: 200, attempt 3, request id a/b:c=d.e-F_1@2",
    ]


@each_transport
def test_no_query_and_no_invalid_request_id_is_logged(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "calcom_transports")
    page = b'{"status":"success","data":[]}'
    missing = pytest.raises(NotFound)
    with Server(in_turn(wire_response(page, 404, b"X-Request-Id: a b\tc"))) as server, missing:
        call(kind, bookings.list(attendee_email="ann@example.com"), base_url=server.url)
    assert lines(caplog) == ["GET /v2/bookings: 404, attempt 1"]


@each_transport
def test_a_failed_exchange_is_logged(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "calcom_transports")
    with Server(responding_once(b"")) as server:
        with pytest.raises(OutcomeUnknown):
            call(kind, bookings.confirm("bk7"), base_url=server.url)
        with pytest.raises(NoAnswer):
            call(kind, delete(), base_url=server.url, retry=RetryPolicy(attempts=2, base=0, cap=0))
    assert lines(caplog) == [
        "POST /v2/bookings/bk7/confirm: NoAnswer (closed), attempt 1",
        "DELETE /v2/slots/reservations/r7: NoAnswer (closed), attempt 1",
        "DELETE /v2/slots/reservations/r7: NoAnswer (closed), attempt 2",
    ]


@each_async_transport
def test_a_cancelled_exchange_is_logged(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "calcom_transports")

    async def cancelled() -> None:
        async with AsyncClient(KEY, base_url=server.url) as client, create_task_group() as nursery:
            nursery.start_soon(client.call, bookings.get("bk7"))
            await anyio.to_thread.run_sync(server.requested.wait, PATIENCE)
            nursery.cancel_scope.cancel()

    with Server(stalling()) as server:
        under(kind, cancelled)
    error = "Cancelled" if kind == "trio" else "CancelledError"
    assert lines(caplog) == [f"GET /v2/bookings/bk7: {error}, attempt 1"]


def warned(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Return the loggers and messages at level INFO or above."""
    found = [record for record in caplog.records if record.levelno >= logging.INFO]
    assert {record.levelno for record in found} <= {logging.WARNING}
    return [(record.name, record.getMessage()) for record in found]


CANCELLED = "cancelled after it was sent; it may have been executed, so read the booking first"


def cancel_call(
    kind: str, handler: Handler, tls: Any, call: Callable[[Server], Awaitable[object]]
) -> None:
    """Cancel a call once the server has its request, or its connection."""

    async def end(scope: anyio.CancelScope) -> None:
        await anyio.to_thread.run_sync(server.requested.wait, PATIENCE)
        scope.cancel()

    async def limited() -> None:
        async with create_task_group() as nursery:
            with anyio.CancelScope() as scope:
                nursery.start_soon(end, scope)
                await call(server)

    with Server(handler, tls=tls) as server:
        under(kind, limited)


@each_async_transport
@encrypted_or_not
def test_a_write_that_is_cancelled_after_it_was_sent_is_logged(
    kind: str,
    encrypted: bool,
    certified: ssl.SSLContext,
    trusting: ssl.SSLContext,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def call(server: Server) -> None:
        transport = ASYNC[kind](ssl_context=trusting)
        async with AsyncClient(KEY, base_url=server.url, transport=transport) as client:
            await client.bookings.confirm("bk7")

    cancel_call(kind, stalling(), certified if encrypted else None, call)
    assert warned(caplog) == [
        ("calcom_transports", f"bookings.confirm: POST /v2/bookings/bk7/confirm: {CANCELLED}")
    ]


@each_async_transport
def test_a_request_without_an_operation_is_logged_without_query_and_credential(
    kind: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def call(server: Server) -> None:
        headers = {"Authorization": f"Bearer {KEY}"}
        url = f"{server.url}/v2/{KEY}?attendeeEmail=ann@example.com"
        async with ASYNC[kind]() as transport:
            await transport.send(Request("DELETE", url, headers))

    cancel_call(kind, stalling(), None, call)
    assert warned(caplog) == [("calcom_transports", f"DELETE /v2/[redacted]: {CANCELLED}")]


@each_async_transport
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_cancelled_read_is_not_logged(
    kind: str, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def call(server: Server) -> None:
        async with ASYNC[kind]() as transport:
            await transport.send(Request(method, server.url))

    cancel_call(kind, stalling(), None, call)
    assert warned(caplog) == []


@each_async_transport
def test_a_write_that_is_cancelled_before_it_was_sent_is_not_logged(
    kind: str, trusting: ssl.SSLContext, caplog: pytest.LogCaptureFixture
) -> None:
    def stall_handshake(peer: Peer) -> None:
        peer.connection.recv(1)
        peer.server.requested.set()
        peer.stall()

    async def call(server: Server) -> None:
        async with ASYNC[kind](ssl_context=trusting) as transport:
            await transport.send(Request("POST", f"https://localhost:{server.port}/"))

    cancel_call(kind, stall_handshake, None, call)
    assert warned(caplog) == []


def test_an_interrupted_write_is_logged(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    client_thread = threading.current_thread()
    receive = socket.socket.recv_into

    def interrupt(sock: socket.socket, *args: Any) -> int:
        if threading.current_thread() is client_thread:
            raise KeyboardInterrupt
        return receive(sock, *args)

    with Server(stalling()) as server, Client(KEY, base_url=server.url) as client:
        monkeypatch.setattr(socket.socket, "recv_into", interrupt)
        with pytest.raises(KeyboardInterrupt):
            client.bookings.confirm("bk7")
        monkeypatch.undo()
    assert warned(caplog) == [
        ("calcom_transports", f"bookings.confirm: POST /v2/bookings/bk7/confirm: {CANCELLED}")
    ]


@each_transport
def test_a_replayed_exchange_is_logged(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "calcom_transports")
    replay = Replay.of((delete(), responses.json({"status": "success"})))
    call(kind, delete(), replay)
    with pytest.raises(NoMatch):
        call(kind, delete("r8"), Replay.of())
    assert lines(caplog) == [
        "DELETE /v2/slots/reservations/r7: 200, attempt 1",
        "DELETE /v2/slots/reservations/r8: NoMatch, attempt 1",
    ]


def test_a_program_sets_the_number_of_its_attempt(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "calcom_transports")
    seen: list[Observation] = []
    request = Request("GET", "https://api.test/")

    def program() -> Program[None]:
        for number in (3, 1, 2):
            yield from send(request, attempt=number)

    replay = Replay.of([(request, OK_RESPONSE)] * 3)
    with Client(transport=replay, on_exchange=collect(seen)) as client:
        client.run(program())
    assert [(one.attempt, one.operation) for one in seen] == [(3, None), (1, None), (2, None)]
    assert lines(caplog) == [f"GET /: 200, attempt {number}" for number in (3, 1, 2)]


def test_an_observation_has_the_template_of_the_path_and_the_wait_before_it() -> None:
    seen: list[Observation] = []
    own = Operation[Any]("webhooks.get", "GET", "/v2/webhooks/7")
    operations = (bookings.get_one("bk7"), bookings.cancel_seat("bk7", "seat-2"), own, None)
    request = Request("GET", "https://api.test/")

    def program() -> Program[None]:
        for number, operation in enumerate(operations):
            yield Send(request, operation, waited=number / 2)

    replay = Replay.of([(request, OK_RESPONSE)] * 4)
    with Client(transport=replay, on_exchange=collect(seen)) as client:
        client.run(program())
    assert [(one.operation, one.template, one.waited) for one in seen] == [
        ("bookings.get_one", "/v2/bookings/{booking_uid}", 0.0),
        ("bookings.cancel_seat", "/v2/bookings/{booking_uid}/cancel", 0.5),
        ("webhooks.get", None, 1.0),
        (None, None, 1.5),
    ]


def test_an_on_exchange_without_a_context_manager_is_refused_before_anything_is_sent() -> None:
    def forgotten(exchange: Observation) -> Any:
        return None

    replay = Replay.of((delete(), responses.json({"status": "success"})))
    client = Client(transport=replay, on_exchange=forgotten)
    with pytest.raises(InvalidInput, match="on_exchange: must return a context manager; decorate"):
        client.call(delete())


def test_nothing_is_logged_above_the_level_debug(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "calcom_transports")
    for kind in ("urllib3", "trio"):
        call(kind, delete(), Replay.of((delete(), responses.json({"status": "success"}))))
    assert lines(caplog) == []


def collect(seen: list[Observation], events: list[str] | None = None) -> Any:
    """Return a function that collects the observations, and checks that they start empty."""

    @contextmanager
    def on_exchange(observation: Observation) -> Iterator[None]:
        assert (observation.response, observation.error, observation.status) == (None, None, None)
        if events is not None:
            events.append(f"begin {observation.method}")
        try:
            yield
        finally:
            seen.append(observation)
            if events is not None:
                events.append(f"end {observation.status}")

    return on_exchange


@each_transport
def test_a_function_runs_around_each_attempt(kind: str) -> None:
    seen: list[Observation] = []
    events: list[str] = []
    with Server(
        in_turn(wire_response(b"", 500), wire_response(DELETED, 200, b"X-Request-Id: i1"))
    ) as server:
        on_exchange = collect(seen, events)
        call(kind, delete(), base_url=server.url, retry=RETRY, on_exchange=on_exchange)
    assert events == ["begin DELETE", "end 500", "begin DELETE", "end 200"]
    path, name = "/v2/slots/reservations/r7", "slots.delete_reservation"
    assert [
        (one.path, one.operation, one.attempt, one.status, one.request_id, one.error)
        for one in seen
    ] == [
        (path, name, 1, 500, None, None),
        (path, name, 2, 200, "i1", None),
    ]
    assert all(0 < one.seconds < PATIENCE for one in seen)
    assert KEY not in repr(seen)


@each_transport
def test_a_function_sees_the_error_of_a_failed_exchange(kind: str) -> None:
    seen: list[Observation] = []
    failed = pytest.raises(NoAnswer)
    with Server(responding_once(b"")) as server, failed as caught:
        call(kind, delete(), base_url=server.url, retry=NO_RETRY, on_exchange=collect(seen))
    assert [(one.method, one.response, one.attempt) for one in seen] == [("DELETE", None, 1)]
    assert seen[0].error is caught.value


def test_under_trio_an_observation_uses_its_clock_and_shows_a_cancellation() -> None:
    seen: list[Observation] = []
    clock = trio.testing.MockClock()

    async def run_it() -> None:
        options: Any = {"timeout": Timeout(read=9000, total=9000), "on_exchange": collect(seen)}
        async with (
            AsyncClient(KEY, base_url=server.url, **options) as client,
            trio.open_nursery() as nursery,
        ):
            nursery.start_soon(client.call, bookings.get("bk7"))
            await trio.to_thread.run_sync(server.requested.wait, PATIENCE)
            clock.jump(3600)
            nursery.cancel_scope.cancel()

    with Server(stalling()) as server:
        trio.run(run_it, clock=clock)
    (observation,) = seen
    assert (observation.seconds, type(observation.error)) == (3600.0, trio.Cancelled)


@each_transport
def test_a_function_runs_around_the_exchanges_of_recordings_and_replays(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    seen: list[Observation] = []
    path = tmp_path / "c.json"
    with Server(responding(wire_response(DELETED))) as server:
        call(kind, delete(), Recorder(path), base_url=server.url, on_exchange=collect(seen))
    call(kind, delete(), Replay(path), on_exchange=collect(seen))
    assert [(one.path, one.status) for one in seen] == [("/v2/slots/reservations/r7", 200)] * 2


class ThreePages:
    """Returns three pages of one booking each."""

    def send(self, request: Request, timeout: Timeout | None) -> Response:
        skip = re.search(r"skip=(\d+)", request.url)
        number = int(skip[1]) if skip else 0
        return responses.page([{"uid": f"b{number}"}], skip=number, take=1, total_items=3)


class AsyncThreePages:
    async def send(self, request: Request, timeout: Timeout | None) -> Response:
        await anyio.lowlevel.checkpoint()
        return ThreePages().send(request, timeout)


@pytest.mark.parametrize("concurrency", [1, 3])
@each_transport
def test_a_function_runs_around_the_pages_of_an_iteration_but_not_around_its_loop(
    kind: str, concurrency: int
) -> None:
    seen: list[Observation] = []
    running: list[Observation] = []
    found: list[str] = []

    @contextmanager
    def around(exchange: Observation) -> Iterator[None]:
        seen.append(exchange)
        running.append(exchange)
        yield
        running.remove(exchange)

    options: Any = {"concurrency": concurrency, "on_exchange": around}
    if kind == "urllib3":
        with Client(KEY, transport=ThreePages(), **options) as client:
            for booking in client.bookings.iterate(take=1):
                assert running == []
                found.append(booking.uid)
    else:

        async def run_it() -> None:
            async with AsyncClient(KEY, transport=AsyncThreePages(), **options) as client:
                async for booking in client.bookings.iterate(take=1):
                    assert running == []
                    found.append(booking.uid)

        under(kind, run_it)
    assert found == ["b0", "b1", "b2"]
    assert [(one.operation, one.status) for one in seen] == [("bookings.list", 200)] * 3


def numbers(closed: list[str]) -> Stream[int]:
    try:
        yield Emit(1)
        yield Emit(2)
    finally:
        closed.append("closed")


def test_closing_an_iteration_closes_its_program() -> None:
    closed: list[str] = []
    with Client(KEY, transport=ThreePages()) as client:
        emitted: Any = client.iterate(numbers(closed))
        assert next(emitted) == 1
        emitted.close()
    assert closed == ["closed"]

    async def run_it() -> None:
        async with AsyncClient(KEY, transport=AsyncThreePages()) as client:
            emitted: Any = client.iterate(numbers(closed))
            assert await anext(emitted) == 1
            emitted.close()

    trio.run(run_it)
    assert closed == ["closed"] * 2


def test_a_client_inside_a_transport_does_not_inherit_the_function() -> None:
    seen: list[Observation] = []
    inner = Client(
        KEY, transport=Replay.of((delete("inner"), responses.json({"status": "success"})))
    )

    class Forwarding:
        def send(self, request: Request, timeout: Timeout | None) -> Response:
            inner.call(delete("inner"))
            return responses.json({"status": "success"})

    with Client(KEY, transport=Forwarding(), on_exchange=collect(seen)) as client:
        client.call(delete())
    assert [one.path for one in seen] == ["/v2/slots/reservations/r7"]


def test_with_options_sets_the_function_and_keeps_it() -> None:
    first: list[Observation] = []
    second: list[Observation] = []
    replay = Replay.of(*[(delete(), responses.json({"status": "success"}))] * 4)
    with Client(transport=replay) as client:
        with_first = client.with_options(on_exchange=collect(first))
        for variant in (
            client,
            with_first,
            with_first.with_options(retry=NO_RETRY),
            with_first.with_options(on_exchange=collect(second)),
        ):
            variant.call(delete())
    assert (len(first), len(second)) == (2, 1)


def test_the_log_line_is_written_inside_the_function(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "calcom_transports")
    found: list[list[str]] = []

    @contextmanager
    def on_exchange(observation: Observation) -> Iterator[None]:
        yield
        found.append(lines(caplog))

    replay = Replay.of((delete(), responses.json({"status": "success"})))
    call("urllib3", delete(), replay, on_exchange=on_exchange)
    assert found == [["DELETE /v2/slots/reservations/r7: 200, attempt 1"]]


def test_an_error_of_the_function_reaches_the_caller() -> None:
    @contextmanager
    def early(observation: Observation) -> Iterator[None]:
        raise LookupError("early")
        yield

    @contextmanager
    def late(observation: Observation) -> Iterator[None]:
        yield
        raise LookupError("late")

    with Server(responding(wire_response(DELETED))) as server:
        with pytest.raises(LookupError, match="early"):
            call("urllib3", delete(), base_url=server.url, on_exchange=early)
        assert server.connections == 0
        with pytest.raises(LookupError, match="late"):
            call("urllib3", delete(), base_url=server.url, on_exchange=late)
        assert len(server.requests) == 1


@each_transport
def test_a_function_cannot_suppress_the_error_of_an_exchange(kind: str) -> None:
    @contextmanager
    def suppressing(observation: Observation) -> Iterator[None]:
        with suppress(BaseException):
            yield

    with Server(responding_once(b"")) as server, pytest.raises(OutcomeUnknown) as caught:
        call(kind, bookings.confirm("bk7"), base_url=server.url, on_exchange=suppressing)
    assert str(caught.value.cause).startswith(
        "POST /v2/bookings/bk7/confirm: the server closed the connection within its response"
    )


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_value_that_is_not_a_function_is_refused(kind: Any) -> None:
    for refuse in (partial(kind, KEY), kind(transport=Replay.of()).with_options):
        with pytest.raises(InvalidInput) as caught:
            refuse(on_exchange=5)
        assert str(caught.value) == "on_exchange: must be a function, not int"


@pytest.mark.parametrize("attempt", [0, -1, True, "1", 1.0])
def test_an_attempt_must_be_an_integer_from_1(attempt: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        Send(Request("GET", "https://api.test/"), attempt=attempt)
    assert str(caught.value) == "attempt: must be an integer of at least 1; the first attempt is 1"


def test_attempt_and_wait_do_not_count_when_sends_are_compared() -> None:
    request = Request("GET", "https://api.test/")
    assert Send(request, attempt=2, waited=1.0) == Send(request)


def test_threads_and_tasks_do_not_see_the_attempts_of_others() -> None:
    seen: list[Observation] = []
    request = Request("GET", "https://api.test/")
    barrier = threading.Barrier(3)

    class Meeting:
        def send(self, request: Request, timeout: Timeout | None) -> Response:
            barrier.wait(PATIENCE)
            return OK_RESPONSE

    class AsyncMeeting:
        async def send(self, request: Request, timeout: Timeout | None) -> Response:
            await trio.testing.wait_all_tasks_blocked()
            return OK_RESPONSE

    def program(attempt: int) -> Program[Response]:
        return (yield from send(request, attempt=attempt))

    def concurrently() -> Program[Any]:
        return gather([program(number) for number in (1, 2, 3)], limit=3)

    with Client(KEY, transport=Meeting(), on_exchange=collect(seen)) as client:
        client.run(concurrently())

    async def run_it() -> None:
        async with AsyncClient(KEY, transport=AsyncMeeting(), on_exchange=collect(seen)) as client:
            await client.run(concurrently())

    trio.run(run_it)
    assert sorted(one.attempt for one in seen) == [1, 1, 2, 2, 3, 3]


def test_without_retries_there_is_one_attempt(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "calcom_transports")
    replay = Replay.of((delete(), responses.json({}, 503)))
    with pytest.raises(ServerError):
        call("urllib3", delete(), replay, retry=NO_RETRY)
    assert lines(caplog) == ["DELETE /v2/slots/reservations/r7: 503, attempt 1"]
