"""Clients of one credential share its limits; in virtual time, on servers that enforce them."""

import asyncio
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest
import trio
import trio.testing
from attrs import define
from limited_server import LATENCY, Limit, LimitedServer, LimitedTransport, VirtualTime, module
from virtual_loop import VirtualLoop

from calcom_core import (
    NO_RETRY,
    AccessToken,
    InvalidInput,
    NotSent,
    Program,
    RateLimited,
    Request,
    Response,
    RetryPolicy,
    Stream,
    Timeout,
    bookings,
    responses,
    retrying,
)
from calcom_core.effects import Send, clock, emit, gather
from calcom_core.pacing import DEFAULT_PACE, NO_PACE, Pace
from calcom_transports import AsyncClient, Client, Observation, Replay, interpreter, pacing

URL = "http://127.0.0.1:9"
KEY = "cal_test_0123456789abcdef"
TOTAL = 500

# A limit, and the seconds in which the limit itself lets that many requests through.
LIMITS = {
    "120 a minute": (("Default", 120, 60.0), 240.0),
    "5 in 3 s": (("Default", 5, 3.0), 297.0),
}


@pytest.fixture(autouse=True)
def nothing_was_learned_before() -> Iterator[None]:
    pacing.REGISTRY.limits.clear()
    yield
    pacing.REGISTRY.limits.clear()


@pytest.fixture
def virtual(monkeypatch: pytest.MonkeyPatch) -> VirtualTime:
    """Let threads sleep in virtual time."""
    time = VirtualTime()
    monkeypatch.setattr(interpreter, "time", module(time))
    monkeypatch.setattr(pacing, "time", module(time))
    return time


def client_of(server: LimitedServer, time: VirtualTime, **options: Any) -> Client:
    return Client(KEY, base_url=URL, transport=LimitedTransport(server, time), **options)


def run_threads(
    limits: list[Limit], time: VirtualTime, *, threads: int = 32, clients: int = 1, **options: Any
) -> tuple[LimitedServer, int]:
    """Send all requests from cold; return the server and how many calls failed."""
    server = LimitedServer(limits, time.monotonic)
    made = [client_of(server, time, **options) for _ in range(clients)]
    left = iter(range(TOTAL))
    failed: list[RateLimited] = []

    def work(client: Client) -> None:
        try:
            while next(left, None) is not None:
                try:
                    client.bookings.get_one("first")
                except RateLimited as error:
                    failed.append(error)
        finally:
            time.end()

    workers = [Thread(target=work, args=(made[n % clients],)) for n in range(threads)]
    time.start(threads)
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return server, len(failed)


def took(server: LimitedServer) -> float:
    return server.times[-1] - server.times[0]


@pytest.mark.exhaustive(sample=2)
@pytest.mark.parametrize("clients", [1, 2])
@pytest.mark.parametrize("limit", LIMITS)
def test_32_threads_keep_to_the_limit(limit: str, clients: int, virtual: VirtualTime) -> None:
    (name, count, period), least = LIMITS[limit]

    server, failed = run_threads([Limit(name, count, period)], virtual, clients=clients)

    assert (failed, len(server.times)) == (0, TOTAL)
    assert server.refused <= TOTAL * 0.01
    assert least <= took(server) <= least * 1.1


@pytest.mark.exhaustive
@pytest.mark.parametrize("limit", LIMITS)
def test_without_pacing_the_same_run_is_refused(limit: str, virtual: VirtualTime) -> None:
    (name, count, period), _ = LIMITS[limit]

    server, failed = run_threads([Limit(name, count, period)], virtual, pace=NO_PACE)

    assert server.refused >= 100
    assert failed >= 1


def test_two_limits_hold_at_the_same_time(virtual: VirtualTime) -> None:
    # 5 in 3 s is 100 a minute; the other one is the stricter of the two in the long run.
    limits = [Limit("Short", 5, 3.0), Limit("Long", 80, 60.0)]

    server, failed = run_threads(limits, virtual)

    assert (failed, server.refused) == (0, 0)
    assert took(server) <= 360 * 1.1  # six windows for the first 480, and one for the rest


def test_a_share_is_left_to_other_programs(virtual: VirtualTime) -> None:
    limit = Limit("Default", 120, 60.0)

    server, failed = run_threads([limit], virtual, pace=Pace(share=0.25))

    assert (failed, server.refused) == (0, 0)
    first = server.times[0]
    for start in range(5):
        inside = [t for t in server.times if start * 60 <= t - first < (start + 1) * 60]
        assert len(inside) <= 91  # three quarters of 120, and one on the border


class Greedy(LimitedServer):
    """Another program with the same credential sends a request for each of ours."""

    def respond(self) -> Response:
        now = self.now()
        for limit in self.limits:
            if limit.hits < limit.limit or now >= limit.end:
                limit.count(now)
        return super().respond()


def test_another_program_with_the_same_credential_is_seen(virtual: VirtualTime) -> None:
    server = Greedy([Limit("Default", 120, 60.0)], virtual.monotonic)
    client = client_of(server, virtual)

    for _ in range(200):
        client.bookings.get_one("first")

    assert server.refused <= 2
    assert took(server) <= 240 * 1.1  # 60 a minute are ours


def test_from_cold_four_requests_are_sent_and_the_others_wait_for_a_response(
    virtual: VirtualTime,
) -> None:
    server = LimitedServer([Limit("Default", 120, 60.0)], virtual.monotonic)
    client = client_of(server, virtual)
    times = []

    def work() -> None:
        try:
            client.bookings.get_one("first")
            times.append(virtual.now)
        finally:
            virtual.end()

    began = virtual.now
    virtual.start(8)
    workers = [Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert [round(time - began, 6) for time in times] == [0.03] * 4 + [0.08] * 4


def test_from_cold_a_failure_ends_the_wait_for_a_response(virtual: VirtualTime) -> None:
    class Broken:
        def send(self, request: Request, timeout: Timeout | None) -> Response:
            raise NotSent("down", reason="refused")

    client = Client(KEY, base_url=URL, transport=Broken(), retry=NO_RETRY)
    began = virtual.now
    for _ in range(9):
        with pytest.raises(NotSent):
            client.bookings.get_one("first")
    assert virtual.now == began


def test_a_few_calls_do_not_wait(virtual: VirtualTime) -> None:
    client = client_of(LimitedServer([Limit("Default", 120, 60.0)], virtual.monotonic), virtual)
    began = virtual.now

    for _ in range(12):
        client.bookings.get_one("first")

    assert round(virtual.now - began, 6) == 12 * 2 * LATENCY


# On trio.


class TrioServer:
    """The same server for trio."""

    def __init__(self, *limits: Limit) -> None:
        self.server = LimitedServer(list(limits), trio.current_time)

    async def send(self, request: Request, timeout: Timeout | None) -> Response:
        await trio.sleep(LATENCY)
        response = self.server.respond()
        await trio.sleep(LATENCY)
        return response


async def run_tasks(
    monkeypatch: pytest.MonkeyPatch, limit: str, *, clients: int = 1, **options: Any
) -> tuple[LimitedServer, int]:
    monkeypatch.setattr(pacing, "time", SimpleNamespace(monotonic=trio.current_time))
    transport = TrioServer(Limit(*LIMITS[limit][0]))
    made = [AsyncClient(KEY, base_url=URL, transport=transport, **options) for _ in range(clients)]
    failed = 0

    async def work(client: AsyncClient, count: int) -> None:
        nonlocal failed
        for _ in range(count):
            try:
                await client.bookings.get_one("first")
            except RateLimited:
                failed += 1

    async with trio.open_nursery() as nursery:
        for number in range(100):
            nursery.start_soon(work, made[number % clients], 5)
    return transport.server, failed


@pytest.mark.exhaustive(sample=2)
@pytest.mark.trio
@pytest.mark.parametrize("clients", [1, 2])
@pytest.mark.parametrize("limit", LIMITS)
async def test_100_tasks_keep_to_the_limit(
    limit: str,
    clients: int,
    autojump_clock: trio.testing.MockClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    least = LIMITS[limit][1]

    server, failed = await run_tasks(monkeypatch, limit, clients=clients)

    assert (failed, len(server.times)) == (0, TOTAL)
    assert server.refused <= TOTAL * 0.01
    assert least <= took(server) <= least * 1.1


@pytest.mark.exhaustive(sample=1)
@pytest.mark.trio
@pytest.mark.parametrize("limit", LIMITS)
async def test_without_pacing_the_same_tasks_are_refused(
    limit: str, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, failed = await run_tasks(monkeypatch, limit, pace=NO_PACE)

    assert server.refused >= 100
    assert failed >= 1


# On asyncio.


@define
class AsyncioServer:
    """The same server for asyncio."""

    server: LimitedServer
    library = "asyncio"

    async def send(self, request: Request, timeout: Timeout | None) -> Response:
        await asyncio.sleep(LATENCY)
        response = self.server.respond()
        await asyncio.sleep(LATENCY)
        return response


def run_asyncio_tasks(
    monkeypatch: pytest.MonkeyPatch, limit: str, *, clients: int = 1, **options: Any
) -> tuple[LimitedServer, int]:
    failed = 0

    async def run() -> LimitedServer:
        clock = asyncio.get_running_loop().time
        monkeypatch.setattr(pacing, "time", SimpleNamespace(monotonic=clock))
        transport = AsyncioServer(LimitedServer([Limit(*LIMITS[limit][0])], clock))
        made = [
            AsyncClient(KEY, base_url=URL, transport=transport, **options) for _ in range(clients)
        ]

        async def work(number: int) -> None:
            nonlocal failed
            for _ in range(5):
                try:
                    await made[number % clients].bookings.get_one("first")
                except RateLimited:
                    failed += 1

        await asyncio.gather(*[work(number) for number in range(100)])
        return transport.server

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(run()), failed


@pytest.mark.exhaustive(sample=2)
@pytest.mark.parametrize("clients", [1, 2])
@pytest.mark.parametrize("limit", LIMITS)
def test_100_tasks_of_asyncio_keep_to_the_limit(
    limit: str, clients: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    least = LIMITS[limit][1]

    server, failed = run_asyncio_tasks(monkeypatch, limit, clients=clients)

    assert (failed, len(server.times)) == (0, TOTAL)
    assert server.refused <= TOTAL * 0.01
    assert least <= took(server) <= least * 1.1


@pytest.mark.exhaustive(sample=1)
@pytest.mark.parametrize("limit", LIMITS)
def test_without_pacing_the_same_tasks_of_asyncio_are_refused(
    limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, failed = run_asyncio_tasks(monkeypatch, limit, pace=NO_PACE)

    assert server.refused >= 100
    assert failed >= 1


@pytest.mark.trio
async def test_a_cancelled_wait_sends_nothing(
    autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "time", SimpleNamespace(monotonic=trio.current_time))
    transport = TrioServer(Limit("Default", 1, 60.0))
    client = AsyncClient(KEY, base_url=URL, transport=transport)
    await client.bookings.get_one("first")

    with trio.move_on_after(5) as scope:
        await client.bookings.get_one("first")

    assert scope.cancelled_caught
    assert len(transport.server.times) == 1
    await client.bookings.get_one("first")
    assert took(transport.server) < 61


# Programs.


def test_a_wait_beyond_the_deadline_of_the_retries_sends_nothing(virtual: VirtualTime) -> None:
    server = LimitedServer([Limit("Default", 1, 60.0)], virtual.monotonic)
    client = client_of(server, virtual)
    client.bookings.get_one("first")

    def late(remaining: float) -> Program[Response]:
        request = client.api.request(bookings.get_one("first"))
        return (yield Send(request, bookings.get_one("first"), remaining=remaining))

    with pytest.raises(NotSent) as caught:
        client.run(late(30))
    assert caught.value.reason == "timeout"
    assert caught.value.operation == bookings.get_one("first")
    assert "needs a wait of 60.0 s, which outlasts the deadline" in str(caught.value)
    assert len(server.times) == 1

    assert client.run(late(80)).status == 200


def test_a_wait_shortens_the_rest_of_a_deadline(virtual: VirtualTime) -> None:
    given: list[Timeout | None] = []

    class Timed(LimitedTransport):
        timeout = Timeout()

        def send(self, request: Request, timeout: Timeout | None) -> Response:
            given.append(timeout)
            return super().send(request, timeout)

    server = LimitedServer([Limit("Default", 1, 60.0)], virtual.monotonic)
    client = Client(KEY, base_url=URL, transport=Timed(server, virtual))
    client.bookings.get_one("first")
    wait = server.limits[0].end + LATENCY - virtual.now

    def late() -> Program[Response]:
        return (yield Send(client.api.request(bookings.get_one("first")), remaining=80.0))

    client.run(late())

    assert given[1] is not None
    assert round(given[1].total, 6) == round(80 - wait, 6)


def test_an_observation_has_the_wait_for_the_limit_and_for_the_retry(virtual: VirtualTime) -> None:
    waits: list[tuple[int, float]] = []

    def note(exchange: Observation) -> AbstractContextManager[None]:
        waits.append((exchange.attempt, round(exchange.waited, 3)))
        return nullcontext()

    class Unavailable(LimitedTransport):
        def send(self, request: Request, timeout: Timeout | None) -> Response:
            response = super().send(request, timeout)
            return Response(503, {"Retry-After": "2"}) if len(waits) == 1 else response

    server = LimitedServer([Limit("Default", 2, 60.0)], virtual.monotonic)
    client = Client(
        KEY,
        base_url=URL,
        transport=Unavailable(server, virtual),
        retry=RetryPolicy(base=0, cap=0, attempts=2),
        on_exchange=note,
    )
    client.bookings.get_one("first")
    client.bookings.get_one("first")

    # The limit is unknown until the second response, and is exhausted then.
    assert waits == [(1, 0.0), (2, 2.0), (1, 58.0)]


def test_a_sleep_that_outlasts_the_deadline_sends_nothing(
    virtual: VirtualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = LimitedServer([Limit("Default", 1, 60.0)], virtual.monotonic)
    client = client_of(server, virtual)
    client.bookings.get_one("first")
    slow = SimpleNamespace(
        monotonic=virtual.monotonic, sleep=lambda seconds: virtual.sleep(seconds + 100)
    )
    monkeypatch.setattr(interpreter, "time", slow)

    def late() -> Program[Response]:
        return (yield Send(client.api.request(bookings.get_one("first")), remaining=80.0))

    with pytest.raises(NotSent, match="outlasts the deadline"):
        client.run(late())
    assert len(server.times) == 1


def test_branches_and_streams_are_paced_and_closed(virtual: VirtualTime) -> None:
    server = LimitedServer([Limit("Default", 2, 60.0)], virtual.monotonic)
    client = client_of(server, virtual)
    closed = []
    operation = bookings.get_one("first")

    def one() -> Program[str]:
        return (yield from retrying(client.api, operation)).uid

    def stream() -> Stream[object]:
        try:
            yield from emit((yield from gather([one(), one()], limit=1)))
            began = yield from clock()
            yield from emit((yield from one()))
            yield from emit((yield from clock()) - began)
            yield from emit("never")
        finally:
            closed.append(True)

    found = []
    for item in client.iterate(stream()):
        found.append(item)
        if len(found) == 3:
            break

    assert found[0] == ("booking1", "booking1")
    assert found[1] == "booking1"
    assert isinstance(found[2], float)
    assert 59 < found[2] < 61
    assert closed == [True]
    assert server.refused == 0


def test_a_paced_program_raises_its_errors(virtual: VirtualTime) -> None:
    server = LimitedServer([Limit("Default", 120, 60.0)], virtual.monotonic)
    client = client_of(server, virtual)

    class Broken:
        def send(self, request: Request, timeout: Timeout | None) -> Response:
            raise NotSent("down", reason="refused")

    def program() -> Program[str]:
        request = client.api.request(bookings.get_one("first"))
        try:
            yield Send(request)
        except NotSent as error:
            return error.reason
        raise AssertionError

    broken = Client(KEY, base_url=URL, transport=Broken())
    assert broken.run(program()) == "refused"

    def failing() -> Program[None]:
        yield Send(client.api.request(bookings.get_one("first")))
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        client.run(failing())
    with pytest.raises(InvalidInput, match="program: must be a generator, not int"):
        client.run(5)  # type: ignore[arg-type]


def test_a_program_that_waits_may_be_closed_while_the_limits_are_locked(
    virtual: VirtualTime,
) -> None:
    server = LimitedServer([Limit("Default", 1, 60.0)], virtual.monotonic)
    client = client_of(server, virtual)
    client.bookings.get_one("first")
    pacer = client.pacer
    assert pacer is not None
    effect = Send(client.api.request(bookings.get_one("first")))
    waits = pacer.waits(effect, virtual.now, virtual.monotonic)
    before = pacer.shared.state.windows
    next(waits)
    with pacer.shared.lock:  # as a garbage collection in the middle of a decision does
        waits.close()

    assert pacer.shared.state.windows == before


def test_a_paced_call_can_be_closed_outside_of_its_event_loop() -> None:
    async def never(request: Request, timeout: Timeout | None) -> Response:
        await asyncio.sleep(3600)
        raise AssertionError

    async def begin() -> Any:
        client = AsyncClient(KEY, base_url=URL, transport=SimpleNamespace(send=never))  # type: ignore[arg-type]
        call = client.bookings.get_one("first")
        call.send(None)
        return call

    asyncio.run(begin()).close()


def test_a_transport_may_have_an_attribute_registry(virtual: VirtualTime) -> None:
    class Measured(LimitedTransport):
        registry = "requests"

    server = LimitedServer([Limit("Default", 120, 60.0)], virtual.monotonic)
    client = Client(KEY, base_url=URL, transport=Measured(server, virtual))

    assert client.bookings.get_one("first").uid == "booking1"
    assert client.pacer is not None


# What is shared, and what is kept.


def state_of(client: Client | AsyncClient) -> object:
    return client.pacer and client.pacer.shared


def test_clients_share_by_credential_and_server() -> None:
    def made(key: str = KEY, url: str = URL, **options: Any) -> Client:
        return Client(key, base_url=url, transport=LimitedTransport(None, None), **options)  # type: ignore[arg-type]

    first = made()
    assert state_of(made()) is state_of(first)
    assert state_of(made(pace=Pace(share=0.5))) is state_of(first)
    assert state_of(made(key=KEY + "x")) is not state_of(first)
    assert state_of(made(url="http://127.0.0.1:8")) is not state_of(first)
    assert state_of(made(pace=NO_PACE)) is None

    assert first.with_options(timeout=5).pacer is first.pacer
    assert state_of(first.with_options(pace=Pace(share=0.5))) is state_of(first)
    shared = first.with_options(pace=Pace(share=0.5)).pacer
    assert shared is not None
    assert shared.pace == Pace(share=0.5)
    assert first.with_options(pace=NO_PACE).with_options(pace=DEFAULT_PACE).pace == DEFAULT_PACE
    assert state_of(first.with_options(auth=AccessToken("other"))) is not state_of(first)

    with pytest.raises(InvalidInput, match="pace: must be a Pace or NO_PACE, not float"):
        made(pace=0.5)
    with pytest.raises(InvalidInput, match="pace"):
        first.with_options(pace="fast")  # type: ignore[arg-type]


def test_a_process_remembers_a_bounded_number_of_credentials_by_their_hash(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pacing.REGISTRY, "most", 2)
    states = [
        state_of(Client(f"{KEY}{n}", base_url=URL, transport=LimitedTransport(None, None)))  # type: ignore[arg-type]
        for n in range(3)
    ]

    assert list(pacing.REGISTRY.limits.values()) == states[1:]
    assert {type(key) for key in pacing.REGISTRY.limits} == {bytes}
    assert KEY not in repr(pacing.REGISTRY.limits)
    assert KEY.encode() not in b"".join(pacing.REGISTRY.limits)


def test_a_replay_takes_no_time() -> None:
    headers = Limit("Default", 1, 60.0, hits=1, end=60.0).headers(0.0)
    operation = bookings.get_one("first")
    pairs = [(operation, Response(200, headers, responses.booking().body))] * 3

    with Client(transport=Replay.of(*pairs)) as client:
        for _ in pairs:
            client.bookings.get_one("first")
        assert state_of(client) is None
        assert client.with_options(pace=Pace(share=0.5)).pacer is None
