"""The async interpreter of programs; imports no async library.

It performs the same effects as `calcom_transports.interpreter`, awaited.
A `Runtime` provides what differs between async libraries: `trio_runtime` has that of trio.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Generic, Protocol, TypeVar, cast

from attrs import frozen

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
    program_of,
)
from calcom_core.errors import NoAnswer
from calcom_core.execution import (
    Branch,
    CancelledInRecording,
    Execution,
    Returned,
    item_of,
    value_of,
)
from calcom_core.http import Response, Timeout
from calcom_transports.interpreter import (
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


class Runtime(Protocol):
    """The primitives of an async library."""

    def require(self) -> None:
        """Raise `InvalidInput` outside the library's event loop."""
        ...

    def clock(self) -> float:
        """Return the time in seconds."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let *seconds* pass."""
        ...

    async def checkpoint(self) -> None:
        """Let other tasks run, and end here if cancelled."""
        ...

    async def run_workers(self, work: Callable[[], Awaitable[None]], count: int) -> None:
        """Run *work* in *count* tasks.

        When one raises, cancel the others and raise the first error alone, never in a group.
        """
        ...


class AsyncSession(Protocol):
    """As `Session`; `send` and `sleep` are awaited."""

    concurrent: bool

    async def send(self, effect: Send, branch: Branch) -> Response:
        """Return the response to a request of that branch."""
        ...

    async def sleep(
        self, effect: Sleep, branch: Branch, wait: Callable[[float], Awaitable[object]]
    ) -> None:
        """Let the time of the effect pass in that branch; *wait* really waits."""
        ...

    def clock(self, branch: Branch) -> float:
        """Return the time in that branch, in seconds."""
        ...

    def join(self, branch: Branch, *, until: int, failed: bool) -> None:
        """Note that a `Gather` of this branch has ended, in all its branches or by a failure.

        All that has branched off so far has a number below *until*.
        """
        ...


class AsyncSessions(Protocol):
    """Opens a session for each run of the async interpreter."""

    def begin_async(self, timeout: Timeout | None) -> AsyncSession:
        """Open a session for one run; *timeout* is for each `Send` that has none of its own."""
        ...


class AsyncTransportSession:
    """The session of a transport, which sends for real in the time of the runtime."""

    concurrent = True

    def __init__(
        self, transport: AsyncTransport, timeout: Timeout | None, clock: Callable[[], float]
    ) -> None:
        self._transport = transport
        self._timeout = timeout
        self._clock = clock

    async def send(self, effect: Send, branch: Branch) -> Response:
        """Send the request over the transport."""
        timeout = timeout_for(effect, self._timeout, self._transport)
        sending = self._transport.send(effect.request, timeout)
        if not hasattr(sending, "__await__"):
            # It has sent the request already, so a write may have been executed.
            raise NoAnswer(
                "the transport's send is not async; it is one for Client", reason="protocol"
            )
        return answered(await sending)

    async def sleep(
        self, effect: Sleep, branch: Branch, wait: Callable[[float], Awaitable[object]]
    ) -> None:
        """Wait for a random part of the sleep."""
        await wait(seconds_of(effect))

    def clock(self, branch: Branch) -> float:
        """Return the time of the runtime's clock."""
        return self._clock()

    def join(self, branch: Branch, *, until: int, failed: bool) -> None:
        """Do nothing; real time goes on by itself."""


@frozen(eq=False)
class _SyncSession:
    """A session that never waits, such as a replay's; every step is still a checkpoint."""

    session: Session
    runtime: Runtime
    concurrent = False

    async def send(self, effect: Send, branch: Branch) -> Response:
        await self.runtime.checkpoint()
        return self.session.send(effect, branch)

    async def sleep(
        self, effect: Sleep, branch: Branch, wait: Callable[[float], Awaitable[object]]
    ) -> None:
        await self.runtime.checkpoint()
        self.session.sleep(effect, branch, lambda seconds: None)

    def clock(self, branch: Branch) -> float:
        return self.session.clock(branch)

    def join(self, branch: Branch, *, until: int, failed: bool) -> None:
        self.session.join(branch, until=until, failed=failed)


def _session(
    transport: AsyncTransport | Sessions, timeout: Timeout | None, runtime: Runtime
) -> AsyncSession:
    if hasattr(transport, "begin_async"):
        return cast(AsyncSessions, transport).begin_async(timeout)
    if hasattr(transport, "begin"):
        return _SyncSession(cast(Sessions, transport).begin(timeout), runtime)
    # hasattr narrows for mypy only.
    return AsyncTransportSession(transport, timeout, runtime.clock)  # pyright: ignore[reportArgumentType]


async def run_async(
    program: Program[T],
    transport: AsyncTransport | Sessions,
    timeout: Timeout | None,
    runtime: Runtime,
) -> T:
    """Run *program* and return its result; close it in any case, also when cancelled."""
    execution: Execution[T] = Execution(program_of(program))
    try:
        runtime.require()
        performer = _Performer(execution, _session(transport, timeout, runtime), runtime)
        return cast(T, await performer.finish())
    except CancelledInRecording as error:
        raise NoMatch(str(error)) from error
    finally:
        program.close()


class AsyncItems(Generic[T]):
    """An async iterator of the items that a stream emits.

    It is no async generator, which `break` would leave open.
    Nothing is in flight while the caller has an item.
    """

    def __init__(
        self,
        stream: Stream[T],
        transport: AsyncTransport | Sessions,
        timeout: Timeout | None,
        runtime: Runtime,
    ) -> None:
        execution: Execution[T] = Execution(program_of(stream))
        runtime.require()
        self._stream = stream
        self._performer = _Performer(execution, _session(transport, timeout, runtime), runtime)

    def __aiter__(self) -> "AsyncItems[T]":
        return self

    async def __anext__(self) -> T:
        try:
            item = item_of(await self._performer.advance())
        except CancelledInRecording as error:
            self.close()
            raise NoMatch(str(error)) from error
        except BaseException:
            self.close()
            raise
        if item is None:
            raise StopAsyncIteration
        return cast(T, item.item)

    def close(self) -> None:
        """Close the stream; it emits nothing more."""
        self._stream.close()


@frozen(eq=False)
class _Performer:
    """Runs one execution and performs its effects."""

    execution: Execution[Any]
    session: AsyncSession
    runtime: Runtime

    async def finish(self) -> Any:
        """Run a program that emits nothing, close it and return its value."""
        try:
            return value_of(await self.advance(), "iterate_trio()")
        finally:
            self.execution.program.close()

    async def advance(self) -> Emit[Any] | Returned[Any]:
        """Run until the program emits or returns."""
        outcome: object = None
        failure: Exception | None = None
        while not isinstance(step := self.execution.resume(outcome, failure), (Emit, Returned)):
            outcome = failure = None
            try:
                outcome = await self._perform(step)
            except Exception as error:  # the program decides what it means
                failure = error
        return step

    async def _perform(self, effect: Effect) -> object:
        branch = self.execution.branch
        match effect:
            case Send():
                return await self._send(effect)
            case Sleep():
                await self.session.sleep(effect, branch, self.runtime.sleep)
                return None
            case Clock():
                return self.session.clock(branch)
            case Gather() if not self.session.concurrent:
                return await self._in_order(effect)
            case Gather():
                return await self._gather(effect)
        raise no_effect(effect)

    async def _send(self, effect: Send) -> Response:
        before = SENDING.set(effect)
        try:
            if not is_logged():
                return await self.session.send(effect, self.execution.branch)
            with observing(logged, effect.request, self.runtime.clock) as observation:
                response = await self.session.send(effect, self.execution.branch)
                observation.response = response
            return response
        finally:
            SENDING.reset(before)

    async def _in_order(self, effect: Gather) -> tuple[object, ...]:
        results: list[object] = []
        cancelled: list[CancelledInRecording] = []
        for execution in self.execution.branches(effect):
            try:
                results.append(await self._branch(execution))
            except CancelledInRecording as error:
                cancelled.append(error)
            except BaseException:
                self._join(failed=True)
                for other in effect.programs:
                    other.close()
                raise
        self._join(failed=False)
        if cancelled:
            raise cancelled[0]
        return tuple(results)

    async def _gather(self, effect: Gather) -> tuple[object, ...]:
        waiting = iter(self.execution.branches(effect))
        results: dict[Branch, object] = {}

        async def work() -> None:
            for execution in waiting:
                results[execution.branch] = await self._branch(execution)

        failed = True
        try:
            await self.runtime.run_workers(work, min(effect.limit, len(effect.programs)))
            failed = False
        finally:
            for execution in waiting:  # those that never started
                execution.program.close()
            self._join(failed=failed)
        return tuple(results[branch] for branch in sorted(results))

    async def _branch(self, execution: Execution[Any]) -> object:
        return await _Performer(execution, self.session, self.runtime).finish()

    def _join(self, *, failed: bool) -> None:
        execution = self.execution
        self.session.join(execution.branch, until=execution.branch_count, failed=failed)
