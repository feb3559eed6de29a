"""Trio's interpreter of programs: the same effects as `calcom_transports.interpreter`, awaited.

Sleeps and clock are trio's, so that they obey `trio.testing.MockClock`.
"""

from collections.abc import Awaitable, Callable, Generator
from typing import Any, Generic, TypeVar, cast

try:
    import trio
except ImportError as error:
    raise ImportError("trio is missing: pip install 'calcom-bookings[trio]'") from error

from calcom_core.effects import (
    Clock,
    Effect,
    Emit,
    Gather,
    Program,
    Send,
    Sleep,
    Stream,
    no_effect,
    no_stream,
    program_of,
)
from calcom_core.errors import InvalidInput, NoAnswer
from calcom_core.execution import Branch, CancelledInRecording
from calcom_core.http import Response, Timeout
from calcom_transports.interpreter import (
    AsyncSession,
    AsyncSessions,
    AsyncTransport,
    Session,
    Sessions,
    answered,
    seconds_of,
    timeout_for,
)
from calcom_transports.observe import SENDING, is_logged, logged, observing
from calcom_transports.replay_errors import NoMatch

T = TypeVar("T")


class Live:
    """The session of a transport: trio's time, real answers."""

    concurrent = True

    def __init__(self, transport: AsyncTransport, timeout: Timeout | None) -> None:
        self._transport = transport
        self._timeout = timeout

    async def send(self, effect: Send, branch: Branch) -> Response:
        """Send by the transport."""
        timeout = timeout_for(effect, self._timeout, self._transport)
        sending = self._transport.send(effect.request, timeout)
        if not hasattr(sending, "__await__"):
            # What it did it has done, so that a write may have happened.
            raise NoAnswer(
                "the transport's send is not async; it is one for Client", reason="protocol"
            )
        return answered(await sending)

    async def sleep(
        self, effect: Sleep, branch: Branch, wait: Callable[[float], Awaitable[object]]
    ) -> None:
        """Wait for a random part of a sleep."""
        await wait(seconds_of(effect))

    def clock(self, branch: Branch) -> float:
        """Return the time of trio's clock."""
        return trio.current_time()

    def join(self, branch: Branch, *, until: int, failed: bool) -> None:
        """Note nothing."""


class _Given:
    """A session that needs no waiting, as a replay's; every step is still a checkpoint."""

    def __init__(self, session: Session) -> None:
        self.concurrent = session.concurrent
        self._session = session

    async def send(self, effect: Send, branch: Branch) -> Response:
        await trio.lowlevel.checkpoint()
        return self._session.send(effect, branch)

    async def sleep(
        self, effect: Sleep, branch: Branch, wait: Callable[[float], Awaitable[object]]
    ) -> None:
        await trio.lowlevel.checkpoint()
        self._session.sleep(effect, branch, lambda seconds: None)

    def clock(self, branch: Branch) -> float:
        return self._session.clock(branch)

    def join(self, branch: Branch, *, until: int, failed: bool) -> None:
        self._session.join(branch, until=until, failed=failed)


def require_trio() -> None:
    """Raise `InvalidInput` outside `trio.run`."""
    if not trio.lowlevel.in_trio_run():
        raise InvalidInput(
            "trio",
            "this works under trio.run only; under asyncio, run the blocking client in a "
            "thread: await asyncio.to_thread(client.bookings.get, …)",
        )


def _begin(transport: AsyncTransport | Sessions, timeout: Timeout | None) -> AsyncSession:
    require_trio()
    if hasattr(transport, "begin_async"):
        return cast(AsyncSessions, transport).begin_async(timeout)
    if hasattr(transport, "begin"):
        return _Given(cast(Sessions, transport).begin(timeout))
    return Live(transport, timeout)  # pyright: ignore[reportArgumentType]


async def run_trio(
    program: Program[T], transport: AsyncTransport | Sessions, timeout: Timeout | None = None
) -> T:
    """Carry out *program* and return its result.

    *timeout* is for each `Send` that has none of its own.
    Raises whatever the program raises; closes it in any case, also when cancelled.
    """
    program_of(program)
    try:
        session = _begin(transport, timeout)
    except BaseException:
        program.close()
        raise
    try:
        return cast(T, await _finish(_Steps(program, session, ())))
    except CancelledInRecording as held:
        raise NoMatch(str(held)) from held


class iterate_trio(Generic[T]):  # noqa: N801 - used as the function that it stands for
    """Carry out a streaming program under trio; an async iterator of the items it emits.

    Not an async generator, so that nothing is left open after `break`:
    nothing is in flight while an item is out.
    *timeout* is for each `Send` that has none of its own.
    """

    def __init__(
        self,
        stream: Stream[T],
        transport: AsyncTransport | Sessions,
        timeout: Timeout | None = None,
    ) -> None:
        self._steps = _Steps(program_of(stream), _begin(transport, timeout), ())

    def __aiter__(self) -> "iterate_trio[T]":
        return self

    async def __anext__(self) -> T:
        try:
            item = await self._steps.advance()
        except CancelledInRecording as held:
            self._steps.close()
            raise NoMatch(str(held)) from held
        except BaseException:
            self._steps.close()
            raise
        if item is None:
            if self._steps.result is not None:
                raise no_stream(self._steps.result)
            raise StopAsyncIteration
        return cast(T, item.item)

    def close(self) -> None:
        """Close the program; what is emitted later is lost."""
        self._steps.close()


def first_of(error: BaseException) -> BaseException:
    """Return the first of what a nursery raised together, or what else was raised."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def _finish(steps: "_Steps") -> Any:
    try:
        if await steps.advance() is not None:
            raise InvalidInput("program", "emits, as only a stream may: give it to iterate_trio()")
        return steps.result
    finally:
        steps.close()


class _Steps:
    """A program under way; `advance` goes on until it emits or ends."""

    def __init__(
        self,
        program: Generator[Effect | Emit[Any], Any, Any],
        session: AsyncSession,
        branch: Branch,
    ) -> None:
        self._program = program
        self._session = session
        self._branch = branch
        self._branched = 0  # how many branches it has had so far
        self.result: Any = None

    async def advance(self) -> Emit[Any] | None:
        """Return the next item emitted, or None once the program has returned its result."""
        answer: Any = None
        failure: Exception | None = None
        while True:
            try:
                if failure is None:
                    effect = self._program.send(answer)
                else:
                    effect = self._program.throw(failure)
            except StopIteration as stop:
                self.result = stop.value
                return None
            if isinstance(effect, Emit):
                return effect
            try:
                # By far the most are of these two, of which one is nothing to wait for.
                if isinstance(effect, Clock):
                    answer = self._session.clock(self._branch)
                elif isinstance(effect, Send):
                    answer = await self._send(effect)
                else:
                    answer = await self._perform(effect)
                failure = None
            except Exception as error:  # the program decides what it means
                failure = error

    def close(self) -> None:
        self._program.close()

    async def _perform(self, effect: Effect) -> Any:
        match effect:
            case Sleep():
                return await self._session.sleep(effect, self._branch, trio.sleep)
            case Gather() if not self._session.concurrent:
                return await self._in_order(effect)
            case Gather():
                return await self._gather(effect)
        raise no_effect(effect)

    async def _send(self, effect: Send) -> Response:
        before = SENDING.set(effect)
        try:
            if not is_logged():
                return await self._session.send(effect, self._branch)
            with observing(logged, effect.request, trio.current_time) as observation:
                observation.response = response = await self._session.send(effect, self._branch)
            return response
        finally:
            SENDING.reset(before)

    async def _in_order(self, effect: Gather) -> tuple[Any, ...]:
        results: list[Any] = []
        held: list[CancelledInRecording] = []
        for branch, program in self._branches(effect):
            steps = _Steps(program, self._session, branch)
            try:
                results.append(await _finish(steps))
            except CancelledInRecording as error:
                held.append(error)
            except BaseException:
                self._session.join(self._branch, until=self._branched, failed=True)
                for other in effect.programs:
                    other.close()
                raise
        self._session.join(self._branch, until=self._branched, failed=False)
        if held:
            raise held[0]
        return tuple(results)

    async def _gather(self, effect: Gather) -> tuple[Any, ...]:
        waiting = iter(self._branches(effect))
        results: dict[Branch, Any] = {}
        failures: list[BaseException] = []

        async def work(scope: trio.CancelScope) -> None:
            for branch, program in waiting:
                try:
                    results[branch] = await _finish(_Steps(program, self._session, branch))
                except trio.Cancelled:
                    raise
                except BaseException as error:  # raised alone below, never in a group
                    failures.append(error)
                    scope.cancel()
                    return

        try:
            async with trio.open_nursery() as nursery:
                for _ in range(min(effect.limit, len(effect.programs))):
                    nursery.start_soon(work, nursery.cancel_scope)
        except BaseExceptionGroup as group:
            # Every other error was caught above, so that these are one outer cancellation.
            raise first_of(group) from None
        finally:
            for _, program in waiting:  # those that never started
                program.close()
        self._session.join(self._branch, until=self._branched, failed=bool(failures))
        if failures:
            raise failures[0]
        return tuple(results[branch] for branch in sorted(results))

    def _branches(self, effect: Gather) -> list[tuple[Branch, Program[Any]]]:
        first, self._branched = self._branched, self._branched + len(effect.programs)
        return [((*self._branch, n), program) for n, program in enumerate(effect.programs, first)]
