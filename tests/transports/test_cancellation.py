"""The async transports, cancelled: at every step of an exchange, and at random under contention.

A cancelled exchange loses only its connection, raises the cancellation unchanged, and is not sent
again. Other tests check the timeouts, with a clock that the test moves.
"""

import gzip
import random
import ssl
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import anyio
import anyio.to_thread
import pytest
import trio
import trio.testing
from attrs import frozen
from cancelling import NEVER, Steps, cancelling, only, ways
from pooling import (
    CLOSED,
    PATIENT,
    TOO_MUCH,
    Ended,
    Gate,
    RandomFaults,
    check,
    chunked,
    on_time,
    open_sockets,
    outcome_of,
    sockets_beyond,
)
from sending import (
    ASYNC,
    OK,
    OK_RESPONSE,
    each_async_transport,
    encrypted_or_not,
    get,
    post,
    settled,
    tasks_living,
    under,
)
from server import PATIENCE, Handler, Peer, Server, responding, stalling

from calcom_core.errors import NoAnswer, NotSent, TransportError
from calcom_core.http import Request, Response, Timeout
from calcom_transports.trio import TrioTransport

ZIPPED = gzip.compress(random.Random(0).randbytes(30_000))


class InParts:
    """Responds to a POST in parts, which the client probably reads one by one, and to a GET."""

    def __init__(self, parts: list[bytes]) -> None:
        self._parts = parts
        self.connections = Ended()

    def __call__(self, peer: Peer) -> None:
        with self.connections:
            while request := peer.request():
                for part in self._parts if request.startswith(b"POST") else [OK]:
                    peer.send(part)
                    peer.server.over.wait(0.0005)


@frozen
class Way:
    """An exchange: the sizes of its requests, the parts of its response, and the decoded body."""

    parts: list[bytes]
    body: bytes
    sends: int = 2


WAYS = {
    "short": Way([OK], b"ok"),
    "in two parts": Way([OK[:20], OK[20:]], b"ok"),
    "chunked": Way(chunked(b"chunk" * 40, 50), b"chunk" * 40),
    "gzip": Way(chunked(ZIPPED, 8_000, b"Content-Encoding: gzip\r\n"), gzip.decompress(ZIPPED)),
    "large request": Way([OK], b"ok", 3_000_000),
}


@pytest.mark.exhaustive(sample=3)
@ways
@pytest.mark.parametrize("way", WAYS.values(), ids=list(WAYS))
@pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])
@encrypted_or_not
@on_time
def test_an_exchange_can_be_cancelled_at_every_step(
    kind: str,
    within_step: bool,
    way: Way,
    warm: bool,
    encrypted: bool,
    certified: ssl.SSLContext,
    trusting: ssl.SSLContext,
    counted: Callable[[str, int], None],
) -> None:
    async def run() -> int:
        for step in range(1, 500):
            async with ASYNC[kind](max_connections=1, ssl_context=trusting) as transport:
                if warm:
                    assert await transport.send(get(server, f"/warm/{step}")) == OK_RESPONSE
                request = Request("POST", f"{server.url}/{step}", (), bytes(way.sends))
                responses: list[Response] = []

                async def call() -> None:
                    responses.append(await transport.send(request, PATIENT))  # noqa: B023

                ending = await cancelling(call, step, within_step=within_step)
                # Either a response or a cancellation: no cancellation is swallowed.
                assert ending.cancelled == (responses == [])
                assert all(response.body == way.body for response in responses)
                assert await transport.send(get(server, f"/then/{step}")) == OK_RESPONSE
            if ending.left > 0:
                return step
        raise AssertionError("never came to its end")

    handler = InParts(way.parts)
    with Server(handler, tls=certified if encrypted else None) as server:
        before = open_sockets()
        steps = under(kind, run)
        assert handler.connections.wait()
        assert sockets_beyond(before) == 0
    arrived = Counter(request.split(b" ")[1] for request in server.requests)
    assert set(arrived.values()) == {1}
    assert all(arrived[b"/then/%d" % step] == 1 for step in range(1, steps + 1))
    assert steps >= 2
    counted(f"cancellations at a step of an exchange: {kind}", steps - 1)


def targets(server: Server) -> list[str]:
    return [request.split(b" ")[1].decode() for request in server.requests]


@each_async_transport
@encrypted_or_not
@on_time
def test_a_waiting_caller_can_be_cancelled_at_every_step(
    kind: str,
    encrypted: bool,
    certified: ssl.SSLContext,
    trusting: ssl.SSLContext,
    counted: Callable[[str, int], None],
) -> None:
    """The steps include the one in which an exchange hands its connection to a waiting caller."""

    async def run(step: int) -> int:
        scope = anyio.CancelScope()
        counted = Steps(step, scope.cancel)
        results: dict[str, Any] = {}

        async def send_one(target: str) -> None:
            results[target] = await outcome_of(transport, get(server, target), PATIENT)

        async def wait_and_release() -> None:
            await anyio.to_thread.run_sync(server.requested.wait, PATIENCE)
            for task in (cancelled, partial(send_one, "/second"), partial(send_one, "/third")):
                group.start_soon(task)
                await settled()
            gate.opened.set()

        async def cancelled() -> None:
            with scope, only(anyio.get_cancelled_exc_class()):
                await send_one("/cancelled")

        async with ASYNC[kind](max_connections=1, ssl_context=trusting) as transport:
            async with anyio.create_task_group() as group:
                group.start_soon(wait_and_release)
                await counted.of(partial(send_one, "/first"))
            assert scope.cancelled_caught == ("/cancelled" not in results)
            assert results == dict.fromkeys(results, OK_RESPONSE)
            assert {"/first", "/second", "/third"} <= set(results)
        return counted.left

    ended = 0
    for step in range(1, 100):
        gate = Gate()
        with Server(gate, tls=certified if encrypted else None) as server:
            left = under(kind, run, step)
            assert gate.connections.wait()
        order = targets(server)
        assert order in (
            ["/first", "/second", "/third"],
            ["/first", "/cancelled", "/second", "/third"],
        )
        if left > 0:
            ended = step
            break
    assert ended >= 3
    counted(f"cancellations of a waiting caller: {kind}", ended - 1)


@each_async_transport
@on_time
def test_a_cancelled_aclose_closes_everything_and_releases_all_callers(kind: str) -> None:
    async def run() -> None:
        results: dict[str, Any] = {}

        async def send_one(target: str) -> None:
            results[target] = await outcome_of(transport, get(server, target), PATIENT)

        transport = ASYNC[kind](max_connections=2)
        async with anyio.create_task_group() as group:
            group.start_soon(send_one, "/a")
            group.start_soon(send_one, "/b")
            await gate.reached(2)
            group.start_soon(send_one, "/c")
            group.start_soon(send_one, "/d")
            await settled()
            ending = await cancelling(transport.aclose, 1, within_step=True)
            assert ending.cancelled
            await settled()
            assert results == {"/c": CLOSED, "/d": CLOSED}
            gate.opened.set()
        assert results == {"/a": OK_RESPONSE, "/b": OK_RESPONSE, "/c": CLOSED, "/d": CLOSED}

    gate = Gate()
    with Server(gate) as server:
        under(kind, run)
        assert gate.connections.wait()


@each_async_transport
@on_time
def test_a_cancelled_block_closes_its_transport(kind: str) -> None:
    async def run() -> None:
        with anyio.CancelScope() as scope:
            async with ASYNC[kind]() as transport:
                assert await transport.send(get(server)) == OK_RESPONSE
                scope.cancel()
                await anyio.sleep_forever()
        assert scope.cancelled_caught

    handler = InParts([OK])
    with Server(handler) as server:
        under(kind, run)
        assert handler.connections.wait()


@each_async_transport
@pytest.mark.parametrize(("steps", "seconds"), [(0, None), (NEVER, 0), (NEVER, 1e-9), (NEVER, -1)])
@on_time
def test_an_exchange_cancelled_before_it_begins_sends_nothing(
    kind: str, steps: int, seconds: float | None
) -> None:
    async def run() -> None:
        async with ASYNC[kind]() as transport:
            call = partial(transport.send, get(server))
            assert (await cancelling(call, steps, seconds, within_step=True)).cancelled

    with Server(responding(OK)) as server:
        under(kind, run)
    assert server.requests == []


@each_async_transport
@pytest.mark.parametrize(
    ("tasks", "size", "encrypted"),
    [
        pytest.param(20, 3, False, id="20 on 3", marks=pytest.mark.exhaustive),
        pytest.param(50, 5, False, id="50 on 5", marks=pytest.mark.exhaustive),
        pytest.param(40, 4, True, id="40 on 4, tls"),
    ],
)
@on_time
def test_a_thousand_random_cancellations_leave_the_pool_intact(
    kind: str,
    tasks: int,
    size: int,
    encrypted: bool,
    certified: ssl.SSLContext,
    trusting: ssl.SSLContext,
    counted: Callable[[str, int], None],
    sample: Callable[..., Any],
) -> None:
    """Each call is cancelled after some steps, or after a time in which timeouts pass too."""
    chance = random.Random(tasks)
    number = len(sample(range(1_000), 50))
    outcomes: dict[str, Any] = {}
    cancelled = 0

    async def send_one(transport: Any) -> None:
        nonlocal cancelled
        while cancelled < number:
            target = f"/{len(outcomes)}"
            outcomes[target] = None
            doom = chance.choice(["none", "steps", "steps", "time", "time"])
            limits = chance.uniform(2, 9), chance.uniform(1, 3), chance.uniform(2, 9)
            within = Timeout(*(limit / FAST for limit in limits))
            done: list[bool] = []

            async def call() -> None:
                outcomes[target] = await outcome_of(transport, get(server, target), within)  # noqa: B023
                done.append(True)  # noqa: B023

            ending = await cancelling(
                call,
                chance.randrange(1, 16) if doom == "steps" else NEVER,
                chance.uniform(0, 1) / FAST if doom == "time" else None,
                within_step=chance.random() < 0.5,
            )
            assert ending.cancelled != bool(done)
            cancelled += ending.cancelled

    async def run() -> None:
        before = tasks_living()
        async with ASYNC[kind](
            max_connections=size, max_body=TOO_MUCH - 1, ssl_context=trusting, proxy=None
        ) as transport:
            async with anyio.create_task_group() as group:
                for _ in range(tasks):
                    group.start_soon(send_one, transport)
            await anyio.to_thread.run_sync(faults.responses.wait)
            together: list[Any] = []

            async def one(number: int) -> None:
                together.append(
                    await outcome_of(transport, get(server, f"/together/{number}"), PATIENT)
                )

            async with anyio.create_task_group() as group:
                for number in range(size * 3):
                    group.start_soon(one, number)
            assert [response.status for response in together] == [200] * size * 3
        await settled()
        assert tasks_living() == before

    faults = RandomFaults(size, size)
    with Server(faults, tls=certified if encrypted else None) as server:
        before = open_sockets()
        under(kind, run)
        assert faults.connections.wait()
        assert sockets_beyond(before) == 0
        check(outcomes, faults, server)
    assert {type(outcome) for outcome in outcomes.values()} == {Response, tuple, type(None)}
    counted(f"random cancellations: {kind}", cancelled)


FAST = 20
"""The random test divides its timeouts, which are in seconds, by this factor."""


HOUR = 3_600
LONG = Timeout(connect=HOUR, read=2 * HOUR, total=3 * HOUR)


@frozen
class Phase:
    """A phase of an exchange that only a timeout ends: after how many seconds, and how."""

    handler: Handler
    seconds: int
    outcome: tuple[type[TransportError], str]
    within: Timeout = LONG
    body: bytes = b""


def deaf(peer: Peer) -> None:
    peer.connection.recv(1)
    peer.server.requested.set()
    peer.server.over.wait(PATIENCE)


CONNECT_LAST = Timeout(connect=3 * HOUR, read=HOUR, total=2 * HOUR)
READ_LAST = Timeout(connect=HOUR, read=3 * HOUR, total=2 * HOUR)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"

PHASES = {
    "sending": Phase(deaf, 3 * HOUR, (NoAnswer, "timeout"), body=bytes(20_000_000)),
    "before the head": Phase(stalling(), 2 * HOUR, (NoAnswer, "timeout")),
    "within the head": Phase(stalling(HEAD[:9]), 2 * HOUR, (NoAnswer, "timeout")),
    "before the body": Phase(stalling(HEAD), 2 * HOUR, (NoAnswer, "timeout")),
    "within the body": Phase(stalling(HEAD + b"body"), 2 * HOUR, (NoAnswer, "timeout")),
    "before the head, in all": Phase(stalling(), 2 * HOUR, (NoAnswer, "timeout"), READ_LAST),
    "within the body, in all": Phase(
        stalling(HEAD + b"body"), 2 * HOUR, (NoAnswer, "timeout"), READ_LAST
    ),
}


async def after(
    clock: trio.testing.MockClock,
    seconds: int,
    call: Callable[[], Awaitable[Any]],
    until: Callable[[], Awaitable[Any]],
) -> Any:
    """Return the outcome of a call *seconds* after it has reached *until*.

    A second earlier it must not have an outcome.
    """
    results: list[Any] = []

    async def run() -> None:
        results.append(await call())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(run)
        await until()
        await trio.testing.wait_all_tasks_blocked(0.01)
        clock.jump(seconds - 1)
        await trio.testing.wait_all_tasks_blocked(0.01)
        assert results == []
        clock.jump(2)
    return results[0]


@pytest.mark.parametrize("phase", PHASES.values(), ids=list(PHASES))
@on_time
def test_each_phase_of_an_exchange_ends_exactly_at_its_timeout(phase: Phase) -> None:
    clock = trio.testing.MockClock()

    async def run() -> Any:
        async with TrioTransport() as transport:
            return await after(
                clock,
                phase.seconds,
                lambda: outcome_of(transport, post(server, phase.body), phase.within),
                lambda: trio.to_thread.run_sync(server.requested.wait, PATIENCE),
            )

    with Server(phase.handler) as server:
        assert trio.run(run, clock=clock) == phase.outcome
        assert phase.handler is deaf or server.hung_up.wait(PATIENCE)


@pytest.mark.parametrize(
    ("within", "seconds"), [(LONG, HOUR), (CONNECT_LAST, 2 * HOUR)], ids=["connect", "total"]
)
@on_time
def test_waiting_for_a_connection_ends_exactly_at_its_timeout(
    within: Timeout, seconds: int
) -> None:
    clock = trio.testing.MockClock()

    async def run() -> Any:
        async with TrioTransport(max_connections=1) as transport, trio.open_nursery() as nursery:
            day = Timeout(86_400, 86_400, 86_400)
            nursery.start_soon(outcome_of, transport, get(server), day)
            await trio.to_thread.run_sync(server.requested.wait, PATIENCE)
            outcome = await after(
                clock,
                seconds,
                lambda: outcome_of(transport, post(server), within),
                trio.lowlevel.checkpoint,
            )
            nursery.cancel_scope.cancel()
        return outcome

    with Server(stalling()) as server:
        assert trio.run(run, clock=clock) == (NotSent, "pool")


class NoNames(trio.abc.HostnameResolver):
    """Never returns the addresses of a name."""

    async def getaddrinfo(self, *args: Any, **kwargs: Any) -> Any:
        await trio.sleep_forever()

    async def getnameinfo(self, *args: Any) -> Any:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("within", "seconds"), [(LONG, HOUR), (CONNECT_LAST, 2 * HOUR)], ids=["connect", "total"]
)
@pytest.mark.parametrize("phase", ["name", "tls"])
@on_time
def test_connecting_ends_exactly_at_its_timeout(phase: str, within: Timeout, seconds: int) -> None:
    clock = trio.testing.MockClock()
    reached = threading.Event()

    def shake_no_hands(peer: Peer) -> None:
        peer.connection.recv(1)
        reached.set()
        peer.stall()

    async def run() -> Any:
        if phase == "name":
            trio.socket.set_custom_hostname_resolver(NoNames())
            reached.set()
        async with TrioTransport() as transport:
            request = Request("GET", f"https://localhost:{server.port}/")
            return await after(
                clock,
                seconds,
                lambda: outcome_of(transport, request, within),
                lambda: trio.to_thread.run_sync(reached.wait, PATIENCE),
            )

    with Server(shake_no_hands) as server:
        assert trio.run(run, clock=clock) == (NotSent, "timeout")


@pytest.mark.parametrize(
    ("total", "arrived", "outcome"),
    [(86_400, 25, OK_RESPONSE), (10_000, 3, (NoAnswer, "timeout"))],
    ids=["a day", "less"],
)
@on_time
def test_a_slow_response_completes_within_its_timeouts(
    total: int, arrived: int, outcome: Any
) -> None:
    clock = trio.testing.MockClock()
    went = threading.Semaphore(0)
    go = threading.Semaphore(0)

    def hourly(peer: Peer) -> None:
        peer.request()
        for start in range(25):
            go.acquire(timeout=PATIENCE)
            peer.send(OK[start : start + 1] if start < 24 else OK[24:])
            went.release()
        peer.stall()

    async def run() -> Any:
        results: list[Any] = []

        async def send_one() -> None:
            results.append(await outcome_of(transport, get(server), Timeout(1, HOUR, total)))

        count = 0
        async with TrioTransport() as transport, trio.open_nursery() as nursery:
            nursery.start_soon(send_one)
            await trio.to_thread.run_sync(server.requested.wait, PATIENCE)
            while not results:
                clock.jump(3_000)
                await trio.testing.wait_all_tasks_blocked(0.005)
                if not results:
                    count += 1
                    go.release()
                    await trio.to_thread.run_sync(went.acquire, True, PATIENCE)
                    await trio.testing.wait_all_tasks_blocked(0.005)
        return results[0], count

    with Server(hourly) as server:
        result, count = trio.run(run, clock=clock)
        go.release(25)
    assert result == outcome
    assert count == arrived
