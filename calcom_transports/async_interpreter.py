"""The async interpreter of programs; imports no async library.

It performs the same effects as `calcom_transports.interpreter`, awaited.
A `Runtime` provides the primitives of an async library: `trio_runtime` has that of trio,
`asyncio_runtime` that of asyncio.
"""

from collections.abc import Awaitable, Callable
from contextlib import closing
from typing import Any, Generic, Protocol, TypeAlias, TypeVar, cast

from attrs import evolve, frozen

from calcom_core.effects import (
    Clock,
    Effect,
    Emit,
    Gather,
    Program,
    Send,
    Sleep,
    Stream,
    check_program,
    no_effect,
)
from calcom_core.errors import NoAnswer
from calcom_core.execution import (
    Branch,
    Execution,
    Returned,
    item_of,
    value_of,
)
from calcom_core.http import Response, Timeout
from calcom_transports.instrumentation import OnExchange, observe_exchange
from calcom_transports.interpreter import (
    AsyncTransport,
    TransportPair,
    check_response,
    draw_seconds,
    timeout_for,
)
from calcom_transports.pacing import Pacer
from calcom_transports.playback import Playback, ReplayedExecution, ReplayTransport

T = TypeVar("T")


class Runtime(Protocol):
    """The primitives of an async library."""

    @property
    def iterate_name(self) -> str:
        """The function that runs streams, for messages: `iterate_trio()`."""
        ...

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


AnyAsyncTransport: TypeAlias = AsyncTransport | TransportPair | ReplayTransport
"""The transports of `AsyncClient` and the async interpreter."""

Advance: TypeAlias = Callable[[], Awaitable[Emit[Any] | Returned[Any]]]


def _begin(
    program: Program[Any] | Stream[Any],
    transport: AnyAsyncTransport,
    timeout: Timeout | None,
    runtime: Runtime,
    pacer: Pacer | None,
    on_exchange: OnExchange | None,
) -> Advance:
    """Return a function that runs *program* until it emits or returns."""
    runtime.require()
    if hasattr(transport, "begin"):
        return _replayed(
            program, cast(ReplayTransport, transport).begin(), timeout, runtime, pacer, on_exchange
        )
    if hasattr(transport, "async_transport"):
        transport = cast(TransportPair, transport).async_transport()
    execution: Execution[Any] = Execution(program)
    # hasattr narrows for mypy only.
    performer = _Performer(
        execution,
        transport,  # pyright: ignore[reportArgumentType]
        timeout,
        runtime,
        pacer,
        on_exchange,
    )
    return performer.advance


def _replayed(
    program: Program[Any] | Stream[Any],
    playback: Playback,
    timeout: Timeout | None,
    runtime: Runtime,
    pacer: Pacer | None,
    on_exchange: OnExchange | None,
) -> Advance:
    play: ReplayedExecution[Any] = ReplayedExecution(
        program,
        playback=playback,
        clock=runtime.clock,
        timeout=timeout,
        pacer=pacer,
        on_exchange=on_exchange,
    )

    async def advance() -> Emit[Any] | Returned[Any]:
        await runtime.checkpoint()
        return play.advance(play.perform)

    return advance


async def run_async(
    program: Program[T],
    transport: AnyAsyncTransport,
    timeout: Timeout | None,
    runtime: Runtime,
    *,
    pacer: Pacer | None = None,
    on_exchange: OnExchange | None = None,
) -> T:
    """Run *program* and return its result; close it in any case, also when cancelled."""
    check_program(program)
    try:
        advance = _begin(program, transport, timeout, runtime, pacer, on_exchange)
        return cast(T, value_of(await advance(), runtime.iterate_name))
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
        transport: AnyAsyncTransport,
        timeout: Timeout | None,
        runtime: Runtime,
        *,
        pacer: Pacer | None = None,
        on_exchange: OnExchange | None = None,
    ) -> None:
        self._stream = check_program(stream)
        self._advance = _begin(stream, transport, timeout, runtime, pacer, on_exchange)

    def __aiter__(self) -> "AsyncItems[T]":
        return self

    async def __anext__(self) -> T:
        try:
            item = item_of(await self._advance())
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
    transport: AsyncTransport
    timeout: Timeout | None
    runtime: Runtime
    pacer: Pacer | None
    on_exchange: OnExchange | None

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
        match effect:
            case Send():
                if self.pacer is None:
                    return await self._send(effect)
                return await self._paced(effect, self.pacer)
            case Sleep():
                await self.runtime.sleep(draw_seconds(effect))
                return None
            case Clock():
                return self.runtime.clock()
            case Gather():
                return await self._gather(effect)
        raise no_effect(effect)

    async def _paced(self, effect: Send, pacer: Pacer) -> Response:
        clock = self.runtime.clock
        began = sent = clock()
        with closing(pacer.waits(effect, began, clock)) as waits:
            for seconds in waits:
                await self.runtime.sleep(seconds)
                sent = clock()
        try:
            response = await self._send(effect.after(sent - began))
        except GeneratorExit:  # closed, perhaps outside of its event loop
            raise
        except BaseException:
            pacer.learn(effect, None, sent, clock())
            raise
        pacer.learn(effect, response, sent, clock())
        return response

    async def _send(self, effect: Send) -> Response:
        timeout = timeout_for(effect, self.timeout, self.transport)
        clock = self.runtime.clock
        with observe_exchange(effect, self.execution, clock, self.on_exchange) as exchange:
            sending = self.transport.send(effect.request, timeout)
            if not hasattr(sending, "__await__"):
                # It has sent the request already, so a write may have been executed.
                raise NoAnswer(
                    "the transport's send is not async; it is one for Client", reason="protocol"
                )
            exchange.response = response = check_response(await sending)
        return response

    async def _gather(self, effect: Gather) -> tuple[object, ...]:
        waiting = iter(self.execution.branches(effect))
        results: dict[Branch, object] = {}

        async def work() -> None:
            for execution in waiting:
                results[execution.branch] = await self._branch(execution)

        try:
            await self.runtime.run_workers(work, min(effect.limit, len(effect.programs)))
        finally:
            for execution in waiting:  # those that never started
                execution.program.close()
        return tuple(results[branch] for branch in sorted(results))

    async def _branch(self, execution: Execution[Any]) -> object:
        try:
            performer = evolve(self, execution=execution)
            return value_of(await performer.advance(), self.runtime.iterate_name)
        finally:
            execution.program.close()
