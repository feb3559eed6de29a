"""The interpreters of programs perform the same effects: blocking, under trio, under asyncio."""

import asyncio
import importlib
import inspect
import sys
import threading
from collections.abc import Callable, Generator
from contextvars import ContextVar
from functools import partial
from typing import Any

import pytest
import trio
import trio.testing
from virtual_loop import run_virtually

from calcom_core import (
    Anonymous,
    Api,
    InvalidInput,
    NoAnswer,
    NotSent,
    OutcomeUnknown,
    Request,
    Response,
    Timeout,
    bookings,
    retrying,
)
from calcom_core.effects import (
    Gather,
    Program,
    Send,
    Sleep,
    Stream,
    clock,
    emit,
    gather,
    send,
    sleep,
)
from calcom_transports import Replay, iterate, run
from calcom_transports.asyncio import iterate_asyncio, run_asyncio
from calcom_transports.interpreter import draw_seconds
from calcom_transports.thread_scope import BranchCancelled, ThreadScope
from calcom_transports.trio import iterate_trio, run_trio

Drive = Callable[[Program[Any]], Any]


def request(name: str) -> Request:
    return Request("GET", f"https://api.cal.com/{name}")


class Echo:
    """Responds with the last part of the path; a part that begins with `bad` fails."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Timeout | None]] = []

    def respond(self, request: Request, timeout: Timeout | None) -> Response:
        name = request.url.rpartition("/")[2]
        self.sent.append((name, timeout))
        if name.startswith("bad"):
            raise NotSent(name, reason="connect")
        return Response(200, {}, name.encode())

    def send(self, request: Request, timeout: Timeout | None) -> Response:
        return self.respond(request, timeout)


class AsyncEcho(Echo):
    async def send(self, request: Request, timeout: Timeout | None) -> Response:  # type: ignore[override]
        await (trio.lowlevel.checkpoint() if under_trio_now() else asyncio.sleep(0))
        return self.respond(request, timeout)


def under_trio_now() -> bool:
    return trio.lowlevel.in_trio_run()


def blocking(program: Program[Any], echo: Echo | None = None) -> Any:
    return run(program, echo or Echo())


def under_trio(program: Program[Any], echo: AsyncEcho | None = None) -> Any:
    return trio.run(
        run_trio, program, echo or AsyncEcho(), clock=trio.testing.MockClock(autojump_threshold=0)
    )


def under_asyncio(program: Program[Any], echo: AsyncEcho | None = None) -> Any:
    return run_virtually(run_asyncio(program, echo or AsyncEcho()))


def replayed(program: Program[Any]) -> Any:
    return run(program, Replay.of())


def replayed_under_trio(program: Program[Any]) -> Any:
    return trio.run(run_trio, program, Replay.of())


def replayed_under_asyncio(program: Program[Any]) -> Any:
    return asyncio.run(run_asyncio(program, Replay.of()), debug=True)


asyncs = pytest.mark.parametrize("drive", [under_trio, under_asyncio])
with_transports = pytest.mark.parametrize("drive", [blocking, under_trio, under_asyncio])
replays = pytest.mark.parametrize("drive", [replayed, replayed_under_trio, replayed_under_asyncio])
everywhere = pytest.mark.parametrize(
    "drive",
    [blocking, under_trio, under_asyncio, replayed, replayed_under_trio, replayed_under_asyncio],
)

Loop = Callable[..., Any]


def on_trio(main: Callable[[], Any]) -> Any:
    return trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


def on_asyncio(main: Callable[[], Any]) -> Any:
    return run_virtually(main())


loops = pytest.mark.parametrize(
    ("loop", "items_of"), [(on_trio, iterate_trio), (on_asyncio, iterate_asyncio)]
)


def fetch(name: str, ended: list[str] | None = None) -> Program[str]:
    try:
        response = yield from send(request(name))
        return response.body.decode()
    finally:
        if ended is not None:
            ended.append(name)


@with_transports
def test_a_program_gets_the_results_of_its_effects(drive: Drive) -> None:
    def program() -> Program[list[Any]]:
        one = yield from fetch("one")
        start = yield from clock()
        yield from sleep(0.001)
        ended = yield from clock()
        many = yield from gather([fetch(str(number)) for number in range(9)], limit=3)
        return [one, ended - start >= 0.001, many]

    assert drive(program()) == ["one", True, tuple("012345678")]


@pytest.mark.parametrize(
    ("drive", "echo"),
    [(blocking, Echo()), (under_trio, AsyncEcho()), (under_asyncio, AsyncEcho())],
)
def test_the_timeout_of_an_effect_reaches_the_transport(drive: Any, echo: Any) -> None:
    def program() -> Program[None]:
        yield from send(request("a"), timeout=Timeout(1, 2, 3))
        yield from send(request("b"))

    drive(program(), echo)

    assert echo.sent == [("a", Timeout(1, 2, 3)), ("b", None)]


@with_transports
def test_a_program_may_continue_after_an_error(drive: Drive) -> None:
    def program() -> Program[str]:
        try:
            yield from send(request("bad"))
        except NotSent as error:
            return f"caught {error}, then {(yield from fetch('good'))}"
        return "not raised"

    assert drive(program()) == "caught bad, then good"


@with_transports
def test_an_uncaught_error_reaches_the_caller_and_closes_the_program(
    drive: Drive,
) -> None:
    ended: list[str] = []

    with pytest.raises(NotSent, match=r"^bad$"):
        drive(fetch("bad", ended))

    assert ended == ["bad"]


@everywhere
def test_a_program_that_yields_another_type_is_refused(drive: Drive) -> None:
    def program() -> Generator[Any, Any, None]:
        yield "something"

    with pytest.raises(InvalidInput, match="program: yielded str, which is not an effect"):
        drive(program())


@everywhere
def test_only_a_stream_may_emit(drive: Drive) -> None:
    closed: list[bool] = []

    def stream() -> Generator[Any, Any, None]:
        try:
            yield from emit(1)
        finally:
            closed.append(True)

    with pytest.raises(
        InvalidInput, match="emitted an item, so it is a stream; pass it to iterate"
    ):
        drive(stream())

    assert closed == [True]


@with_transports
def test_the_error_of_a_branch_reaches_the_caller_and_closes_every_branch(drive: Drive) -> None:
    programs = [fetch(name) for name in ("0", "1", "bad", "3", "4", "5")]

    with pytest.raises(NotSent, match=r"^bad$") as caught:
        drive(gather(programs, limit=2))

    assert type(caught.value) is NotSent
    assert [inspect.getgeneratorstate(program) for program in programs] == ["GEN_CLOSED"] * 6


@with_transports
def test_an_error_ends_an_inner_gather(drive: Drive) -> None:
    sleeping = [sleep(3600), sleep(3600)]
    programs: list[Program[Any]] = [gather(sleeping, limit=2), fetch("bad")]

    with pytest.raises(NotSent, match=r"^bad$"):
        drive(gather(programs, limit=2))

    states = [inspect.getgeneratorstate(program) for program in (*programs, *sleeping)]
    # A gather that never started does not start its branches.
    assert states in (["GEN_CLOSED"] * 4, ["GEN_CLOSED", "GEN_CLOSED", *["GEN_CREATED"] * 2])


@replays
def test_a_replay_runs_branches_and_sleeps_without_threads_or_waiting(
    drive: Drive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*args: object) -> None:
        raise AssertionError("a replay neither waits nor starts a thread")

    for name in ("threading.Thread.start", "time.sleep", "trio.sleep", "asyncio.create_task"):
        monkeypatch.setattr(name, refused)

    def branch(seconds: float) -> Program[float]:
        yield from sleep(seconds)
        return (yield from clock())

    def program() -> Program[Any]:
        times = yield from gather([branch(3600), branch(7200)], limit=2)
        return times, (yield from clock())

    assert drive(program()) == ((3600.0, 7200.0), 7200.0)


@everywhere
def test_a_gather_of_nothing_is_an_empty_tuple(drive: Drive) -> None:
    assert drive(gather([], limit=1)) == ()


@with_transports
def test_no_more_branches_than_the_limit_run_at_once(drive: Drive) -> None:
    running, maximum = 0, 0
    lock = threading.Lock()

    def branch() -> Program[None]:
        nonlocal running, maximum
        with lock:
            running += 1
            maximum = max(maximum, running)
        yield from sleep(0.001)
        with lock:
            running -= 1

    def program() -> Program[Any]:
        return (yield from gather([branch() for _ in range(20)], limit=3))

    drive(program())

    assert maximum <= 3


def test_a_blocking_gather_runs_its_branches_concurrently() -> None:
    barrier = threading.Barrier(4, timeout=10)

    class MeetingTransport:
        def send(self, request: Request, timeout: Timeout | None) -> Response:
            barrier.wait()
            return Response(200)

    results = run(gather([fetch(str(n)) for n in range(4)], limit=4), MeetingTransport())

    assert results == ("", "", "", "")


@asyncs
@pytest.mark.parametrize(("limit", "hours"), [(1, 4), (2, 2), (4, 1), (9, 1)])
def test_an_async_gather_runs_as_many_at_once_as_its_limit(
    limit: int, hours: int, drive: Drive
) -> None:
    def program() -> Program[float]:
        start = yield from clock()
        yield from gather([sleep(3600) for _ in range(4)], limit)
        return (yield from clock()) - start

    assert drive(program()) == pytest.approx(hours * 3600)


def test_an_interrupt_while_waiting_ends_the_branches(monkeypatch: pytest.MonkeyPatch) -> None:
    joined = threading.Thread.join
    interrupts = [KeyboardInterrupt()]

    def interrupted(self: threading.Thread, timeout: float | None = None) -> None:
        if interrupts:
            raise interrupts.pop()
        joined(self, timeout)

    monkeypatch.setattr(threading.Thread, "join", interrupted)
    before = threading.active_count()
    programs = [sleep(3600), sleep(3600), sleep(3600)]

    with pytest.raises(KeyboardInterrupt):
        run(gather(programs, limit=2), Echo())

    assert [inspect.getgeneratorstate(program) for program in programs] == ["GEN_CLOSED"] * 3
    assert threading.active_count() == before


def test_a_thread_that_cannot_start_ends_the_started_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    start = threading.Thread.start
    refusals = [RuntimeError("can't start new thread"), None]

    def refused(self: threading.Thread) -> None:
        if error := refusals.pop():
            raise error
        start(self)

    monkeypatch.setattr(threading.Thread, "start", refused)
    before = threading.active_count()
    programs = [sleep(3600), sleep(3600)]

    with pytest.raises(RuntimeError, match="can't start new thread"):
        run(gather(programs, limit=2), Echo())

    assert [inspect.getgeneratorstate(program) for program in programs] == ["GEN_CLOSED"] * 2
    assert threading.active_count() == before


def test_the_branches_see_the_context_of_the_program() -> None:
    variable: ContextVar[str] = ContextVar("variable", default="not seen")
    variable.set("seen")

    def branch() -> Program[str]:
        yield from send(request("a"))
        return variable.get()

    assert blocking(gather([branch()], limit=1)) == ("seen",)


def test_cancelling_a_stream_closes_it() -> None:
    async def main() -> str:
        stream: Stream[None] = (effect for effect in [Sleep(3600)])  # type: ignore[assignment]
        items = iterate_trio(stream, AsyncEcho())
        with trio.move_on_after(1):
            await items.__anext__()
        return inspect.getgeneratorstate(stream)

    assert trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0)) == "GEN_CLOSED"


def test_an_outer_cancellation_passes_through_a_gather_unchanged() -> None:
    seen: list[type[BaseException]] = []

    async def main() -> None:
        inner = gather([sleep(3600), sleep(3600)], limit=2)
        with trio.move_on_after(1):
            try:
                await run_trio(gather([inner, sleep(3600)], limit=2), AsyncEcho())
            except BaseException as error:
                seen.append(type(error))
                raise

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))

    assert seen == [trio.Cancelled]


class InvalidTransport:
    """Returns a value that is not a response."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def send(self, request: Request, timeout: Timeout | None) -> Any:
        return self.value


def test_a_transport_that_returns_no_response_leaves_the_outcome_unknown() -> None:
    with pytest.raises(NoAnswer, match="transport's send returned dict, not a Response"):
        run(fetch("a"), InvalidTransport({}))
    with pytest.raises(NoAnswer, match="transport's send is not async; it is one for Client"):
        under_trio(fetch("a"), InvalidTransport(Response(200)))  # type: ignore[arg-type]
    write = bookings.confirm("bk7")
    with pytest.raises(OutcomeUnknown):
        run(retrying(Api(Anonymous()), write), InvalidTransport(None))


def test_iterating_over_a_program_with_a_result_is_refused() -> None:
    program = fetch("a")
    with pytest.raises(InvalidInput, match="stream: returned str, so it is a program") as first:
        list(iterate(program, Echo()))
    for loop, items_of in ((on_trio, iterate_trio), (on_asyncio, iterate_asyncio)):
        with pytest.raises(InvalidInput) as second:
            loop(partial(list_items, items_of))
        assert str(second.value) == str(first.value)


async def list_items(items_of: Any) -> list[Any]:
    return [item async for item in items_of(fetch("a"), AsyncEcho())]


def numbers(closed: list[str]) -> Stream[str]:
    try:
        for number in range(3):
            text = yield from fetch(str(number))
            yield from emit(text)
    finally:
        closed.append("closed")


def test_a_stream_yields_its_items_and_is_closed() -> None:
    closed: list[str] = []

    assert list(iterate(numbers(closed), Echo())) == ["0", "1", "2"]
    assert closed == ["closed"]


def test_leaving_a_stream_closes_it_and_sends_nothing_more() -> None:
    closed: list[str] = []
    echo = Echo()

    items = iterate(numbers(closed), echo)
    assert next(items) == "0"
    items.close()  # type: ignore[attr-defined]

    assert closed == ["closed"]
    assert [name for name, _ in echo.sent] == ["0"]


@loops
def test_an_async_stream_yields_its_items_and_is_closed(loop: Loop, items_of: Any) -> None:
    closed: list[str] = []

    async def main() -> list[str]:
        return [item async for item in items_of(numbers(closed), AsyncEcho())]

    assert loop(main) == ["0", "1", "2"]
    assert closed == ["closed"]


@loops
def test_leaving_an_async_stream_and_closing_it_sends_nothing_more(
    loop: Loop, items_of: Any
) -> None:
    closed: list[str] = []
    echo = AsyncEcho()

    async def main() -> None:
        items = items_of(numbers(closed), echo)
        async for item in items:
            assert item == "0"
            break
        items.close()

    loop(main)

    assert closed == ["closed"]
    assert [name for name, _ in echo.sent] == ["0"]


@loops
def test_an_error_in_an_async_stream_closes_it(loop: Loop, items_of: Any) -> None:
    closed: list[str] = []

    def stream() -> Stream[str]:
        try:
            yield from emit((yield from fetch("bad")))
        finally:
            closed.append("closed")

    async def main() -> None:
        async for _ in items_of(stream(), AsyncEcho()):
            raise AssertionError

    with pytest.raises(NotSent):
        loop(main)
    assert closed == ["closed"]


def test_cancelling_a_program_closes_its_branches() -> None:
    ended: list[str] = []

    def sleeping(name: str) -> Program[None]:
        try:
            yield from sleep(3600)
        finally:
            ended.append(name)

    def program() -> Program[Any]:
        return (yield from gather([sleeping("a"), sleeping("b"), sleeping("c")], limit=2))

    async def main() -> bool:
        with trio.move_on_after(1) as scope:
            await run_trio(program(), AsyncEcho())
        return scope.cancelled_caught

    assert trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
    assert sorted(ended) == ["a", "b"]


def test_sleeps_obey_the_clock_of_the_event_loop() -> None:
    async def main() -> float:
        await run_asyncio(sleep(3600), AsyncEcho())
        return asyncio.get_running_loop().time()

    assert run_virtually(main()) == 3600.0


def sleeping(name: str, ended: list[str]) -> Program[None]:
    try:
        yield from sleep(3600)
    finally:
        ended.append(name)


def tasks_beside() -> set[Any]:
    return asyncio.all_tasks() - {asyncio.current_task()}


@pytest.mark.parametrize("kind", ["timeout", "cancel"])
def test_a_program_cancelled_under_asyncio_is_closed_and_leaves_no_task(kind: str) -> None:
    ended: list[str] = []

    def program() -> Program[Any]:
        inner = gather([sleeping("a", ended), sleeping("b", ended)], limit=2)
        outer = [inner, sleeping("c", ended), sleeping("never began", ended)]
        return (yield from gather(outer, limit=2))

    async def main() -> None:
        if kind == "timeout":
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(1):
                    await run_asyncio(program(), AsyncEcho())
        else:
            task = asyncio.create_task(run_asyncio(program(), AsyncEcho()))
            await asyncio.sleep(1)
            task.cancel("why")
            with pytest.raises(asyncio.CancelledError) as caught:
                await task
            assert (task.cancelled(), caught.value.args) == (True, ("why",))
        assert asyncio.current_task().cancelling() == 0  # type: ignore[union-attr]
        assert tasks_beside() == set()

    run_virtually(main())
    assert sorted(ended) == ["a", "b", "c"]


class Stubborn:
    """Takes a second to end after a cancellation."""

    async def send(self, request: Request, timeout: Timeout | None) -> Response:
        try:
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(1)
        raise AssertionError


def test_a_gather_that_is_cancelled_twice_waits_for_its_tasks() -> None:
    async def main() -> float:
        loop = asyncio.get_running_loop()
        task = loop.create_task(run_asyncio(gather([fetch("a")], limit=1), Stubborn()))
        await asyncio.sleep(1)
        task.cancel("first")
        await asyncio.sleep(0.5)
        task.cancel("second")
        with pytest.raises(asyncio.CancelledError, match="first"):
            await task
        assert tasks_beside() == set()
        return loop.time()

    assert run_virtually(main()) == 1.5


def test_a_cancellation_wins_over_an_error_of_a_branch() -> None:
    """As under trio; a `TaskGroup` of Python 3.11 would raise the error, and lose it."""

    async def main() -> None:
        program = gather([fetch("a"), fetch("bad")], limit=2)
        task = asyncio.create_task(run_asyncio(program, Both()))
        await asyncio.sleep(0.5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert tasks_beside() == set()

    class Both(AsyncEcho):
        async def send(self, request: Request, timeout: Timeout | None) -> Response:  # type: ignore[override]
            if request.url.endswith("/a"):
                return await Stubborn().send(request, timeout)
            return self.respond(request, timeout)

    run_virtually(main())


def test_a_branch_that_other_code_cancels_cancels_the_gather() -> None:
    async def main() -> None:
        program = gather([sleep(3600), sleep(3600)], limit=2)
        task = asyncio.create_task(run_asyncio(program, AsyncEcho()))
        await asyncio.sleep(0)
        for other in tasks_beside() - {task}:
            other.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run_virtually(main())


def test_a_branch_that_is_cancelled_before_it_begins_cancels_the_gather() -> None:
    def cancelled(loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> Any:
        task = asyncio.Task(coroutine, loop=loop, **options)
        task.cancel()
        return task

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_task_factory(cancelled)
        with pytest.raises(asyncio.CancelledError):
            await run_asyncio(gather([fetch("a")], limit=1), AsyncEcho())
        loop.set_task_factory(None)

    run_virtually(main())


@pytest.mark.skipif(sys.version_info < (3, 12), reason="has no eager tasks")
def test_a_gather_of_eager_tasks_runs_no_branch_after_a_failure() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_task_factory(asyncio.eager_task_factory)
        echo = Eager()
        with pytest.raises(NotSent):
            await run_asyncio(gather([fetch("bad"), fetch("b")], limit=2), echo)
        assert [name for name, _ in echo.sent] == ["bad"]
        assert await run_asyncio(gather([fetch("a"), fetch("b")], limit=2), echo) == ("a", "b")

    class Eager(AsyncEcho):
        async def send(self, request: Request, timeout: Timeout | None) -> Response:  # type: ignore[override]
            return self.respond(request, timeout)

    run_virtually(main())


def test_outside_asyncio_the_error_says_what_to_do_and_the_program_is_closed() -> None:
    program = fetch("a")
    wanted = (
        r"asyncio: this works in a running event loop of asyncio only, .* under trio use run_trio"
    )

    with pytest.raises(InvalidInput, match=wanted):
        run_asyncio(program, AsyncEcho()).send(None)
    assert program.gi_frame is None
    with pytest.raises(InvalidInput, match=wanted):
        iterate_asyncio(numbers([]), AsyncEcho())
    with pytest.raises(InvalidInput, match=wanted):
        trio.run(run_asyncio, fetch("a"), AsyncEcho())


def test_sleeps_obey_the_mock_clock() -> None:
    async def main() -> float:
        await run_trio(sleep(3600), AsyncEcho())
        return trio.current_time()

    assert trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0)) == 3600.0


def test_outside_trio_the_error_says_what_to_do_and_the_program_is_closed() -> None:
    program = fetch("a")
    coroutine = run_trio(program, AsyncEcho())

    with pytest.raises(InvalidInput, match=r"under trio\.run only; under asyncio use run_asyncio"):
        coroutine.send(None)

    assert program.gi_frame is None
    with pytest.raises(InvalidInput):
        iterate_trio(numbers([]), AsyncEcho())


def test_jitter_draws_from_the_stated_range() -> None:
    drawn = [draw_seconds(Sleep(8.0, jitter=0.25)) for _ in range(200)]

    assert all(6.0 <= seconds <= 8.0 for seconds in drawn)
    assert len(set(drawn)) > 1
    assert draw_seconds(Sleep(8.0)) == 8.0


def test_a_gather_needs_a_limit_of_at_least_one() -> None:
    for limit in (0, -1, True, 1.5):
        with pytest.raises(InvalidInput, match="limit"):
            Gather((), limit)  # type: ignore[arg-type]


def test_a_gather_that_starts_in_a_cancelled_branch_is_cancelled_at_once() -> None:
    # A program meets this moment only by a race between two threads.
    scope = ThreadScope()
    scope.cancel()

    with ThreadScope(scope) as inner, pytest.raises(BranchCancelled):
        inner.check()


def test_without_trio_its_interpreter_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "calcom_transports.trio_runtime")
    monkeypatch.setitem(sys.modules, "trio", None)

    with pytest.raises(ImportError, match=r"pip install 'calcom-bookings\[trio\]'"):
        importlib.import_module("calcom_transports.trio_runtime")


@with_transports
def test_an_invalid_or_finished_program_is_refused(drive: Drive) -> None:
    finished = fetch("a")
    drive(finished)

    with pytest.raises(InvalidInput, match="must be a generator, not function; call"):
        drive(fetch)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="has run already; call the function again"):
        drive(finished)
    with pytest.raises(InvalidInput, match="must be a generator, not int"):
        drive(gather([1, 2], limit=2))  # type: ignore[list-item]


def test_a_send_needs_a_request_and_accepts_seconds() -> None:
    with pytest.raises(InvalidInput, match=r"create one with api\.request\(operation\)"):
        next(send("x"))  # type: ignore[arg-type]

    assert Send(request("a"), timeout=2).timeout == Timeout(2, 2, 2)
