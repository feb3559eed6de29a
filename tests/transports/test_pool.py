"""The pools of the transports: waiting callers, their order, closing, and concurrent use.

A test of all transports calls the blocking one in threads and the others in tasks.
"""

import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Any

import anyio
import anyio.abc
import anyio.to_thread
import pytest
import trio.testing
from anyio import create_task_group
from pooling import (
    CLOSED,
    PATIENT,
    Ended,
    Gate,
    Transport,
    blocking_outcome,
    concurrent_outcome,
    ending_within,
    on_time,
    open_sockets,
    opened,
    outcome_of,
    sockets_beyond,
)
from sending import OK, OK_RESPONSE, each_async_transport, each_transport, get, settled, under
from server import PATIENCE, Peer, Server, responding

import calcom_transports.urllib3
from calcom_core.errors import NotSent
from calcom_core.http import Timeout
from calcom_transports.urllib3 import Urllib3Transport

NONE_FREE = (NotSent, "pool")


class Callers:
    """Concurrent calls on one transport, each with a name of its own, and their outcomes."""

    def __init__(self, transport: Transport, server: Server, nursery: anyio.abc.TaskGroup) -> None:
        self.transport = transport
        self.server = server
        self.nursery = nursery
        self.results: dict[str, Any] = {}
        self.scopes: dict[str, anyio.CancelScope] = {}
        self._ended: dict[str, anyio.Event] = {}

    def start(self, name: str, within: Timeout = PATIENT) -> None:
        self.scopes[name] = anyio.CancelScope()
        self._ended[name] = anyio.Event()
        self.nursery.start_soon(self._call, name, within)

    async def _call(self, name: str, within: Timeout) -> None:
        request = get(self.server, f"/{name}")
        with self.scopes[name]:
            self.results[name] = await concurrent_outcome(self.transport, request, within)
        self._ended[name].set()

    async def ended(self, name: str) -> Any:
        await self._ended[name].wait()
        return self.results.get(name)

    async def waiting(self, number: int) -> None:
        """Return when that many calls wait for a connection."""
        if not isinstance(self.transport, Urllib3Transport):
            await settled()
            return
        # Only the stacks of threads show how many of them wait for the queue of urllib3.
        while sum(map(_waits, sys._current_frames().values())) != number:
            await anyio.sleep(0.001)


def _waits(top: FrameType) -> bool:
    """Return whether the stack of a thread shows that it waits within the blocking transport."""
    if top.f_code.co_filename != threading.__file__:
        return False
    frame: FrameType | None = top
    while frame is not None and frame.f_code.co_filename != calcom_transports.urllib3.__file__:
        frame = frame.f_back
    return frame is not None


def targets(server: Server) -> list[str]:
    """Return the names of the calls whose requests arrived, in that order."""
    return [request.split(b" ")[1].decode()[1:] for request in server.requests]


@each_async_transport
@on_time
def test_waiting_tasks_get_connections_in_order(kind: str) -> None:
    async def run() -> dict[str, Any]:
        async with opened(kind, max_connections=1) as transport, create_task_group() as nursery:
            callers = Callers(transport, server, nursery)
            callers.start("first")
            await gate.reached(1)
            for number in range(20):
                callers.start(str(number))
                await callers.waiting(number + 1)
            gate.opened.set()
        return callers.results

    gate = Gate()
    with Server(gate) as server:
        results = under(kind, run)
    order = ["first", *map(str, range(20))]
    assert targets(server) == order
    assert results == dict.fromkeys(order, OK_RESPONSE)
    assert server.connections == 1


@pytest.mark.exhaustive(sample=1)
@each_transport
@on_time
def test_a_caller_that_stops_waiting_loses_no_connection_and_keeps_the_order(kind: str) -> None:
    """The first caller, some in between and the last one stop: by a timeout, or cancelled."""

    async def run() -> dict[str, Any]:
        async with (
            opened(kind, max_connections=1) as transport,
            create_task_group() as nursery,
        ):
            callers = Callers(transport, server, nursery)
            callers.start("first")
            await gate.reached(1)
            for number in range(12):
                impatient = number in (0, 4, 5, 11)
                callers.start(str(number), Timeout(connect=0.3) if impatient else PATIENT)
                await callers.waiting(number + 1)
            if kind != "urllib3":  # a thread cannot be cancelled
                callers.scopes["1"].cancel()
                callers.scopes["8"].cancel()
            for number in (0, 4, 5, 11):
                await callers.ended(str(number))
            gate.opened.set()
        assert [name for name, scope in callers.scopes.items() if scope.cancelled_caught] == cut
        return callers.results

    cut = [] if kind == "urllib3" else ["1", "8"]
    gate = Gate()
    with Server(gate) as server:
        results = under(kind, run)
        assert gate.connections.wait()
    served = ["first", "2", "3", "6", "7", "9", "10"]
    if kind == "urllib3":
        served = ["first", "1", "2", "3", "6", "7", "8", "9", "10"]
    # urllib3 serves waiting threads in no defined order.
    assert sorted(targets(server)) == sorted(served)
    assert targets(server) == served or kind == "urllib3"
    assert results == {
        **dict.fromkeys(served, OK_RESPONSE),
        **dict.fromkeys(["0", "4", "5", "11"], NONE_FREE),
    }
    assert server.connections == 1


@pytest.mark.exhaustive(sample=1)
@each_async_transport
@on_time
def test_no_waiting_caller_is_overtaken_by_repeated_requests(
    kind: str, sample: Callable[..., Any], counted: Callable[[str, int], None]
) -> None:
    """Of 32 callers, none sees many more than the other 31 calls end before its own.

    The bound has room for running calls.
    """
    times = len(sample(range(60), 20))
    ended = 0
    most = 0

    async def run() -> None:
        async with opened(kind, max_connections=2) as transport, create_task_group() as nursery:
            for _ in range(32):
                nursery.start_soon(call_repeatedly, transport)

    async def call_repeatedly(transport: Transport) -> None:
        for _ in range(times):
            with counting():
                assert await outcome_of(transport, get(server)) == OK_RESPONSE

    @contextmanager
    def counting() -> Iterator[None]:
        nonlocal ended, most
        before = ended
        yield
        most = max(most, ended - before)
        ended += 1

    with Server(responding(OK)) as server:
        under(kind, run)
    assert most < 200
    counted(f"calls that wait in a queue: {kind}", 32 * times)


@each_transport
@on_time
def test_closing_completes_running_exchanges_and_releases_waiting_callers(kind: str) -> None:
    async def run() -> dict[str, Any]:
        async with (
            opened(kind, max_connections=3) as transport,
            create_task_group() as nursery,
        ):
            callers = Callers(transport, server, nursery)
            for name in ("a", "b", "c"):
                callers.start(name)
            await gate.reached(3)
            for number in range(10):
                callers.start(str(number))
                await callers.waiting(number + 1)
            await closed(transport)
            # Waiting callers are released before any response, which the gate still holds.
            for number in range(10):
                assert await callers.ended(str(number)) == CLOSED
            callers.start("late")
            assert await callers.ended("late") == CLOSED
            assert gate.connections.now == 3
            gate.opened.set()
        return callers.results

    gate = Gate()
    with Server(gate) as server:
        before = open_sockets()
        results = under(kind, run)
        assert gate.connections.wait()
        assert sockets_beyond(before) == 0
    assert sorted(targets(server)) == ["a", "b", "c"]
    assert results == {
        **dict.fromkeys(["a", "b", "c"], OK_RESPONSE),
        **dict.fromkeys([*map(str, range(10)), "late"], CLOSED),
    }


async def closed(transport: Transport) -> None:
    if isinstance(transport, Urllib3Transport):
        transport.close()
    else:
        await transport.aclose()


@each_transport
@on_time
def test_a_call_after_closing_does_not_wait_for_running_exchanges(kind: str) -> None:
    async def run() -> Any:
        async with (
            opened(kind, max_connections=1) as transport,
            create_task_group() as nursery,
        ):
            callers = Callers(transport, server, nursery)
            callers.start("first")
            await gate.reached(1)
            await closed(transport)
            callers.start("late", Timeout(connect=60))
            await callers.ended("late")
            assert callers.results == {"late": CLOSED}
            gate.opened.set()
        return callers.results["first"]

    gate = Gate()
    with Server(gate) as server:
        assert under(kind, run) == OK_RESPONSE
        assert gate.connections.wait()


@each_transport
@on_time
def test_a_transport_can_be_closed_concurrently(kind: str) -> None:
    async def run() -> None:
        async with opened(kind) as transport:
            assert await outcome_of(transport, get(server)) == OK_RESPONSE
            async with create_task_group() as nursery:
                for _ in range(5):
                    nursery.start_soon(closing, transport)
            assert await outcome_of(transport, get(server)) == CLOSED

    async def closing(transport: Transport) -> None:
        if isinstance(transport, Urllib3Transport):
            await anyio.to_thread.run_sync(transport.close)
        else:
            await transport.aclose()

    gate = Gate()
    gate.opened.set()
    with Server(gate) as server:
        under(kind, run)
        assert gate.connections.wait()
    assert server.connections == 1


@pytest.mark.parametrize("kind", ["trio", "asyncio"])  # the clock of uvloop cannot be moved
@on_time
def test_all_connections_idle_for_too_long_are_closed_by_the_next_request(kind: str) -> None:
    """urllib3 keeps an idle connection, and closes it instead of reusing it."""
    clock = trio.testing.MockClock()
    clock.jump(1)

    async def run() -> None:
        async with opened(kind, max_connections=5) as transport:
            async with create_task_group() as nursery:
                callers = Callers(transport, server, nursery)
                for number in range(5):
                    callers.start(str(number))
                await gate.reached(5)
                gate.opened.set()
            assert gate.connections.now == 5
            clock.jump(4.1)
            assert await outcome_of(transport, get(server)) == OK_RESPONSE
            assert gate.connections.wait(left=1)
        assert gate.connections.ever == 6

    gate = Gate()
    with Server(gate) as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "monotonic", clock.current_time)  # which a loop of asyncio reads
        under(kind, run, clock=clock)
        assert gate.connections.wait()


class AtLine:
    """Makes a call before the n-th line that its thread runs in those files."""

    files: tuple[str, ...] = ("/calcom_transports/urllib3.py", "/urllib3_connection.py")

    def __init__(self, number: int, call: Callable[[], object]) -> None:
        self.left = number
        self.call = call

    def __call__(self, frame: FrameType, event: str, argument: object) -> Any:
        if not any(part in frame.f_code.co_filename for part in self.files):
            return None
        if event == "line":
            self.left -= 1
            if self.left == 0:
                self.call()
        return self

    def __enter__(self) -> "AtLine":
        self._before = sys.gettrace()
        sys.settrace(self)
        return self

    def __exit__(self, *error: object) -> None:
        sys.settrace(self._before)


class Closing:
    """Closes a transport in another thread, which may have to wait for the thread of the test."""

    def __init__(self, transport: Urllib3Transport) -> None:
        self._thread = threading.Thread(target=transport.close, daemon=True)

    def begin(self) -> None:
        """Let it come as far as it can."""
        self._thread.start()
        self._thread.join(0.02)

    def ended(self) -> bool:
        if self._thread.ident is None:
            self._thread.start()
        self._thread.join(PATIENCE)
        return not self._thread.is_alive()


@pytest.mark.exhaustive(sample=1)
@pytest.mark.parametrize("size", [1, 2])
@on_time
def test_a_blocking_transport_can_be_closed_at_every_line_of_an_exchange(
    size: int, sample: Callable[..., Any], counted: Callable[[str, int], None]
) -> None:
    gate = Gate()
    gate.opened.set()
    seen = set()
    closed = 0
    with Server(gate) as server:
        before = open_sockets()
        for number in sample(range(1, 2_000), 500):
            transport = Urllib3Transport(max_connections=size)
            closing = Closing(transport)
            with AtLine(number, closing.begin) as line:
                seen.add(response := blocking(transport, server))
            assert closing.ended(), f"does not close if line {number} waits: {line}"
            assert response in (repr(OK_RESPONSE), repr(CLOSED)), number
            assert gate.connections.wait(), f"leaves a connection if closed at line {number}"
            if line.left > 0:
                break
            closed += 1
        assert sockets_beyond(before) == 0
    assert line.left > 0
    assert number > 100
    assert seen == {repr(OK_RESPONSE), repr(CLOSED)}
    counted("lines at which a transport is closed", closed)


def blocking(transport: Urllib3Transport, server: Server) -> str:
    return repr(blocking_outcome(transport, get(server)))


@pytest.mark.parametrize("size", [1, 2])
@on_time
def test_an_exchange_can_end_at_every_line_of_the_closing_of_its_transport(
    size: int, counted: Callable[[str, int], None]
) -> None:
    seen = []
    for number in range(1, 500):
        gate = Gate()
        with Server(gate) as server:
            transport = Urllib3Transport(max_connections=size)
            results: list[str] = []
            thread = threading.Thread(
                target=lambda: results.append(blocking(transport, server)),  # noqa: B023
                daemon=True,
            )
            thread.start()
            assert gate.requested.acquire(timeout=PATIENCE)

            def end() -> None:
                gate.opened.set()  # noqa: B023
                thread.join(0.05)  # noqa: B023  # it may have to wait for the closing thread

            with AtLine(number, end) as line:
                transport.close()
            gate.opened.set()
            thread.join(PATIENCE)
            seen.append(results)
            assert gate.connections.wait(), f"leaves a connection if it ends at line {number}"
        if line.left > 0:
            break
    assert seen == [[repr(OK_RESPONSE)]] * number
    assert number > 4
    counted("lines at which an exchange ends", number)


@each_transport
@on_time
def test_twelve_origins_are_served_at_once(kind: str) -> None:
    """By default urllib3 keeps fewer pools."""
    barrier = threading.Barrier(12)
    connections = Ended()

    def together(peer: Peer) -> None:
        with connections:
            while peer.request():
                barrier.wait(PATIENCE)
                peer.send(OK)

    async def run() -> list[Any]:
        results: list[Any] = []
        async with opened(kind, max_connections=1) as transport:
            for _ in range(3):
                async with create_task_group() as nursery:
                    for server in servers:
                        nursery.start_soon(send_held, transport, server, results)
        return results

    async def send_held(transport: Transport, server: Server, results: list[Any]) -> None:
        results.append(await concurrent_outcome(transport, get(server), PATIENT))

    before = open_sockets()
    with ExitStack() as stack:
        servers = [stack.enter_context(Server(together)) for _ in range(12)]
        results = under(kind, run)
        assert connections.wait()
    assert results == [OK_RESPONSE] * 36
    assert [server.connections for server in servers] == [1] * 12
    assert sockets_beyond(before) == 0


class Interrupted(BaseException):
    """What a signal handler raises."""


class RaisingAt(AtLine):
    """Raises an exception before the n-th line that its thread runs in the transport."""

    def __init__(self, number: int, error: BaseException, files: tuple[str, ...]) -> None:
        self.files = files
        super().__init__(number, self._raise)
        self._error = error

    def _raise(self) -> None:
        raise self._error


class Holding:
    """Responds to each request at once, but to those for `/held` only when `released` is set.

    After a response to `/last` the connection ends.
    """

    def __init__(self) -> None:
        self.released = threading.Event()
        self.held = threading.Semaphore(0)
        self.ended = threading.Semaphore(0)

    def __call__(self, peer: Peer) -> None:
        while request := peer.request():
            if request.startswith(b"GET /held "):
                self.held.release()
                self.released.wait(PATIENCE)
            peer.send(OK)
            if request.startswith(b"GET /last "):
                peer.connection.shutdown(socket.SHUT_WR)
                self.ended.release()

    @contextmanager
    def by(self, transport: Urllib3Transport, server: Server, number: int) -> Iterator[None]:
        """Occupy that many free connections of a transport."""
        self.released.clear()
        with ThreadPoolExecutor(number) as threads:
            held = get(server, "/held")
            calls = [
                threads.submit(blocking_outcome, transport, held, PATIENT) for _ in range(number)
            ]
            try:
                for _ in range(number):
                    assert self.held.acquire(timeout=PATIENCE)
                yield
            finally:
                self.released.set()
            assert [call.result() for call in calls] == [OK_RESPONSE] * number


BRIEF = Timeout(connect=0.001)


@pytest.mark.exhaustive(sample=1)
@pytest.mark.parametrize(
    ("case", "error"),
    [
        ("new", KeyboardInterrupt()),
        ("new", Interrupted()),
        ("new by TLS", Interrupted()),
        ("kept", Interrupted()),
        ("dropped", Interrupted()),
        ("none free", Interrupted()),
    ],
    ids=repr,
)
@pytest.mark.filterwarnings("ignore:unclosed <s:ResourceWarning")  # no variable held it yet
# An HTTPResponse of http.client that has no file yet cannot be discarded in silence.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@ending_within(60)
def test_an_interrupt_at_any_line_of_an_exchange_leaves_the_pool_intact(
    case: str,
    error: BaseException,
    certified: ssl.SSLContext,
    trusting: ssl.SSLContext,
    sample: Callable[..., Any],
    counted: Callable[[str, int], None],
) -> None:
    tls = certified if case == "new by TLS" else None
    interrupted = 0
    holding = Holding()
    with Server(holding, tls=tls) as server:
        for number in sample(range(1, 2_000), 500):
            with (
                Urllib3Transport(max_connections=2, ssl_context=trusting) as transport,
                ExitStack() as before,
            ):
                if case == "none free":
                    before.enter_context(holding.by(transport, server, 2))
                elif case == "kept":
                    assert blocking_outcome(transport, get(server)) == OK_RESPONSE
                elif case == "dropped":
                    assert blocking_outcome(transport, get(server, "/last")) == OK_RESPONSE
                    assert holding.ended.acquire(timeout=PATIENCE)
                # A thread that waits and is interrupted by a line of urllib3 gains a connection.
                urllib3 = () if case == "none free" else ("/urllib3/connectionpool.py",)
                line = RaisingAt(number, error, ("/calcom_transports/", *urllib3))
                try:
                    with line:
                        blocking_outcome(
                            transport, get(server), BRIEF if case == "none free" else None
                        )
                    raised = None
                except BaseException as caught:
                    raised = caught.with_traceback(None)
                before.close()
                assert raised is (error if line.left <= 0 else None), number
                with holding.by(transport, server, 2):
                    assert blocking_outcome(transport, get(server), BRIEF) == NONE_FREE, number
            if line.left > 0:
                break
            interrupted += 1
    assert line.left > 0
    assert number > 40
    counted(f"lines at which an exchange is interrupted, {case}", interrupted)
