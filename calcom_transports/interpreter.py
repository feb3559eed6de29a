"""The blocking interpreter of programs; imports no async library.

`run` and `iterate` perform the effects of a program one after another, and a `Gather` on threads.
The interpreter sleeps and reads the clock; a transport only sends, so it is easy to replace.
`ReplayedExecution` plays a replay, which needs neither threads nor a clock.
"""

import random
import time
from collections.abc import Iterator
from contextvars import copy_context
from threading import Lock, Thread
from typing import Any, Protocol, TypeAlias, TypeVar, cast

from attrs import evolve, frozen

from calcom_core.effects import (
    Clock,
    Effect,
    Gather,
    Program,
    Send,
    Sleep,
    Stream,
    check_program,
    no_effect,
)
from calcom_core.errors import NoAnswer
from calcom_core.execution import Branch, Execution, Perform
from calcom_core.http import Request, Response, Timeout
from calcom_transports.instrumentation import OnExchange, observe_exchange
from calcom_transports.pacing import Pacer
from calcom_transports.playback import ReplayedExecution, ReplayTransport
from calcom_transports.thread_scope import BranchCancelled, ThreadScope

T = TypeVar("T")


class Transport(Protocol):
    """Sends a request once and returns its response, of any status.

    An attribute *timeout*, a `Timeout`, is optional: the default of the transport, which the
    remaining time of a program shortens.
    """

    def send(self, request: Request, timeout: Timeout | None) -> Response:
        """Send *request* within *timeout*, or within the transport's default if it is None.

        Raises `NotSent` if and only if no byte of the request can have left, and `NoAnswer` if
        some may have and no complete response arrived.
        """
        ...


class AsyncTransport(Protocol):
    """The async counterpart of `Transport`."""

    async def send(self, request: Request, timeout: Timeout | None) -> Response:
        """Send *request* within *timeout*, or within the transport's default if it is None."""
        ...


class TransportPair(Protocol):
    """An object with a transport for each client, such as a `Recorder`."""

    def sync_transport(self) -> Transport:
        """Return the transport for `Client`."""
        ...

    def async_transport(self) -> AsyncTransport:
        """Return the transport for `AsyncClient`."""
        ...


AnyTransport: TypeAlias = Transport | TransportPair | ReplayTransport
"""A transport for `Client` or the blocking interpreter."""


def timeout_for(effect: Send, default: Timeout | None, transport: object) -> Timeout | None:
    """Return the timeout for a request; None means the transport's default.

    The remaining time of the program shortens it.
    """
    if effect.remaining is None:
        return effect.timeout or default
    own = getattr(transport, "timeout", None)
    return effect.timeout_or(default, own if isinstance(own, Timeout) else None)


def check_response(response: object) -> Response:
    """Return *response*; raise `NoAnswer` for another value, since a write may have happened."""
    if not isinstance(response, Response):
        kind = type(response).__name__
        raise NoAnswer(f"the transport's send returned {kind}, not a Response", reason="protocol")
    return response


def draw_seconds(effect: Sleep) -> float:
    """Return the duration of a sleep, with random jitter."""
    return effect.seconds * (1 - effect.jitter * random.random())  # noqa: S311 - not a secret


def run(
    program: Program[T],
    transport: AnyTransport,
    timeout: Timeout | None = None,
    *,
    pacer: Pacer | None = None,
    on_exchange: OnExchange | None = None,
) -> T:
    """Run *program*, close it, and return its result.

    Args:
        program: the program.
        transport: sends its requests.
        timeout: for each `Send` without a timeout of its own.
        pacer: delays requests to keep to the rate limits; a replay has none.
        on_exchange: runs around each exchange.

    Raises the exceptions of the program.
    """
    execution, perform = _start(program, transport, timeout, pacer, on_exchange)
    return execution.finish(perform)


def iterate(
    stream: Stream[T],
    transport: AnyTransport,
    timeout: Timeout | None = None,
    *,
    pacer: Pacer | None = None,
    on_exchange: OnExchange | None = None,
) -> Iterator[T]:
    """Run a streaming program and yield the items it emits.

    The arguments are those of `run`.
    No request is in flight while the caller has an item; leaving the loop closes the program.
    """
    execution, perform = _start(stream, transport, timeout, pacer, on_exchange)
    return execution.items(perform)


def _start(
    program: Program[T] | Stream[T],
    transport: AnyTransport,
    timeout: Timeout | None,
    pacer: Pacer | None,
    on_exchange: OnExchange | None,
) -> tuple[Execution[T], Perform]:
    check_program(program)
    if hasattr(transport, "begin"):
        playback = cast(ReplayTransport, transport).begin()
        play: ReplayedExecution[T] = ReplayedExecution(
            program,
            playback=playback,
            clock=time.monotonic,
            timeout=timeout,
            pacer=pacer,
            on_exchange=on_exchange,
        )
        return play, play.perform
    if hasattr(transport, "sync_transport"):
        transport = cast(TransportPair, transport).sync_transport()
    execution: Execution[T] = Execution(program)
    # hasattr narrows for mypy only.
    performer = _Performer(
        execution,
        transport,  # pyright: ignore[reportArgumentType]
        timeout,
        pacer,
        on_exchange,
    )
    return execution, performer


@frozen(eq=False)
class _Performer:
    """Performs the effects of one execution; that of a branch belongs to a *scope*."""

    execution: Execution[Any]
    transport: Transport
    timeout: Timeout | None
    pacer: Pacer | None
    on_exchange: OnExchange | None
    scope: ThreadScope | None = None

    def __call__(self, effect: Effect) -> object:
        if self.scope is not None:
            self.scope.check()
        match effect:
            case Send():
                if self.pacer is None:
                    return self._send(effect)
                return self.pacer.exchange(effect, time.monotonic, self._sleep, self._send)
            case Sleep():
                self._sleep(draw_seconds(effect))
                return None
            case Clock():
                return time.monotonic()
            case Gather():
                with ThreadScope(self.scope) as scope:
                    return self._gather(effect, scope)
        raise no_effect(effect)

    def _sleep(self, seconds: float) -> None:
        wait = time.sleep if self.scope is None else self.scope.wait
        wait(seconds)

    def _send(self, effect: Send) -> Response:
        timeout = timeout_for(effect, self.timeout, self.transport)
        with observe_exchange(effect, self.execution, time.monotonic, self.on_exchange) as exchange:
            response = check_response(self.transport.send(effect.request, timeout))
            exchange.response = response
        return response

    def _gather(self, effect: Gather, scope: ThreadScope) -> tuple[object, ...]:
        pending = iter(self.execution.branches(effect))
        lock = Lock()
        results: dict[Branch, object] = {}
        failures: list[BaseException] = []

        def work() -> None:
            while True:
                with lock:
                    execution = next(pending, None)
                if execution is None:
                    return
                try:
                    scope.check()
                    performer = evolve(self, execution=execution, scope=scope)
                    results[execution.branch] = execution.finish(performer)
                except BranchCancelled:
                    execution.program.close()
                except BaseException as error:  # the waiting thread raises it again
                    failures.append(error)
                    scope.cancel()

        threads = [
            Thread(target=copy_context().run, args=(work,), daemon=True)
            for _ in range(min(effect.limit, len(effect.programs)))
        ]
        started: list[Thread] = []
        try:
            for thread in threads:
                thread.start()
                started.append(thread)
            for thread in threads:
                thread.join()
        except BaseException:  # an interrupt, or a thread could not start
            scope.cancel()
            for thread in started:
                thread.join()
            for program in effect.programs:
                program.close()
            raise
        if failures:
            raise failures[0]
        if self.scope is not None:
            self.scope.check()
        return tuple(results[branch] for branch in sorted(results))
