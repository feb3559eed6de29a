"""The blocking interpreter of programs; imports no async library.

`run` and `iterate` perform the effects of a program one after another, and a `Gather` on threads.
A transport only sends; the interpreter sleeps and reads the clock.
A replay or a recorder has `begin` instead of `send`: it opens a `Session`, which has its own
responses and its own time, for one run.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextvars import copy_context
from threading import Event, Lock, Thread
from typing import Any, Protocol, Self, TypeVar, cast

from attrs import frozen

from calcom_core.effects import (
    Clock,
    Effect,
    Gather,
    Program,
    Send,
    Sleep,
    Stream,
    no_effect,
    program_of,
)
from calcom_core.errors import NoAnswer
from calcom_core.execution import Branch, CancelledInRecording, Execution
from calcom_core.http import Request, Response, Timeout
from calcom_transports.observe import SENDING, is_logged, logged, observing
from calcom_transports.replay_errors import NoMatch

T = TypeVar("T")


class Transport(Protocol):
    """Sends a request and brings the answer, and does nothing else.

    It may have *timeout*, a `Timeout`: its own, which what is left of a deadline then shortens.
    Raises `NotSent` if and only if no byte of the request can have left, and `NoAnswer` where no
    complete answer came; an answer of any status is returned.
    """

    def send(self, request: Request, timeout: Timeout | None) -> Response:
        """Send *request* within *timeout*, or within the transport's own where it is None."""
        ...


class AsyncTransport(Protocol):
    """As `Transport`, awaited."""

    async def send(self, request: Request, timeout: Timeout | None) -> Response:
        """Send *request* within *timeout*, or within the transport's own where it is None."""
        ...


class Session(Protocol):
    """One run of a program: what answers it, and what time it is there."""

    concurrent: bool
    """Whether branches may run at once; where not, they run one after another, in order."""

    def send(self, effect: Send, branch: Branch) -> Response:
        """Return the answer to a request made in that branch.

        Raises `CancelledInRecording` where the branch was cancelled while it was recorded.
        """
        ...

    def sleep(self, effect: Sleep, branch: Branch, wait: Callable[[float], object]) -> None:
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


class Sessions(Protocol):
    """What opens a session for each run, instead of sending.

    One that never waits, as a replay's, also serves the async interpreter.
    One that sends for real has *live* = True: then a client needs credentials.
    """

    def begin(self, timeout: Timeout | None) -> Session:
        """Open a session for one run; *timeout* is for each `Send` that has none of its own."""
        ...


def timeout_for(effect: Send, usual: Timeout | None, transport: object) -> Timeout | None:
    """Return the timeout to send with; what is left of a deadline shortens the transport's own."""
    if effect.within is None:
        return effect.timeout or usual
    own = getattr(transport, "timeout", None)
    return effect.timeout_or(usual, own if isinstance(own, Timeout) else None)


def answered(response: object) -> Response:
    """Check what a transport returned; after anything else a write may have happened."""
    if not isinstance(response, Response):
        kind = type(response).__name__
        raise NoAnswer(
            f"the transport's send returned {kind}, and not a Response", reason="protocol"
        )
    return response


def seconds_of(effect: Sleep) -> float:
    """Draw how long a sleep is to be."""
    return effect.seconds * (1 - effect.jitter * random.random())  # noqa: S311 - no secret


class TransportSession:
    """The session of a transport, which sends for real in the time of the machine."""

    concurrent = True

    def __init__(self, transport: Transport, timeout: Timeout | None) -> None:
        self._transport = transport
        self._timeout = timeout

    def send(self, effect: Send, branch: Branch) -> Response:
        """Send the request over the transport."""
        timeout = timeout_for(effect, self._timeout, self._transport)
        return answered(self._transport.send(effect.request, timeout))

    def sleep(self, effect: Sleep, branch: Branch, wait: Callable[[float], object]) -> None:
        """Wait for a random part of the sleep."""
        wait(seconds_of(effect))

    def clock(self, branch: Branch) -> float:
        """Return the time of the machine's monotonic clock."""
        return time.monotonic()

    def join(self, branch: Branch, *, until: int, failed: bool) -> None:
        """Do nothing; real time goes on by itself."""


def run(program: Program[T], transport: Transport | Sessions, timeout: Timeout | None = None) -> T:
    """Run *program* and return its result.

    *timeout* is for each `Send` that has none of its own.
    Raises whatever the program raises; closes it in any case.
    """
    execution: Execution[T] = Execution(program_of(program))
    try:
        return execution.finish(_Performer(execution, _session(transport, timeout)))
    except CancelledInRecording as error:
        raise NoMatch(str(error)) from error


def iterate(
    stream: Stream[T], transport: Transport | Sessions, timeout: Timeout | None = None
) -> Iterator[T]:
    """Run a streaming program and yield the items it emits.

    *timeout* is for each `Send` that has none of its own.
    Nothing is in flight while the caller has an item; leaving the loop closes the program.
    """
    execution: Execution[T] = Execution(program_of(stream))
    return _items(execution, _Performer(execution, _session(transport, timeout)))


def _items(execution: Execution[T], performer: "_Performer") -> Iterator[T]:
    try:
        yield from execution.items(performer)
    except CancelledInRecording as error:
        raise NoMatch(str(error)) from error


def _session(transport: Transport | Sessions, timeout: Timeout | None) -> Session:
    if hasattr(transport, "begin"):
        return cast(Sessions, transport).begin(timeout)
    return TransportSession(transport, timeout)  # pyright: ignore[reportArgumentType]


class _BranchCancelled(BaseException):
    """Ends a branch after another one failed; its program is closed and never sees this."""


class _Scope:
    """Cancels the branches of a `Gather`, and those within them."""

    def __init__(self, outer: "_Scope | None" = None) -> None:
        self._outer = outer
        self._inner: list[_Scope] = []
        self._cancelled = Event()

    def __enter__(self) -> Self:
        if self._outer is not None:
            self._outer._inner.append(self)
            # The outer scope may have been cancelled since its last check.
            if self._outer._cancelled.is_set():
                self.cancel()
        return self

    def __exit__(self, *error: object) -> None:
        if self._outer is not None:
            self._outer._inner.remove(self)

    def cancel(self) -> None:
        self._cancelled.set()
        for scope in tuple(self._inner):  # other branches come and go meanwhile
            scope.cancel()

    def check(self) -> None:
        if self._cancelled.is_set():
            raise _BranchCancelled

    def wait(self, seconds: float) -> None:
        if self._cancelled.wait(seconds):
            raise _BranchCancelled


@frozen(eq=False)
class _Performer:
    """Performs the effects of one execution; a branch of it is performed within a *scope*."""

    execution: Execution[Any]
    session: Session
    scope: _Scope | None = None

    def __call__(self, effect: Effect) -> object:
        if self.scope is not None:
            self.scope.check()
        branch = self.execution.branch
        match effect:
            case Send():
                return self._send(effect)
            case Sleep():
                wait = time.sleep if self.scope is None else self.scope.wait
                self.session.sleep(effect, branch, wait)
                return None
            case Clock():
                return self.session.clock(branch)
            case Gather() if not self.session.concurrent:
                return self._in_order(effect)
            case Gather():
                with _Scope(self.scope) as scope:
                    return self._gather(effect, scope)
        raise no_effect(effect)

    def _send(self, effect: Send) -> Response:
        before = SENDING.set(effect)
        try:
            if not is_logged():
                return self.session.send(effect, self.execution.branch)
            with observing(logged, effect.request, time.monotonic) as observation:
                response = self.session.send(effect, self.execution.branch)
                observation.response = response
            return response
        finally:
            SENDING.reset(before)

    def _in_order(self, effect: Gather) -> tuple[object, ...]:
        results: list[object] = []
        cancelled: list[CancelledInRecording] = []
        for execution in self.execution.branches(effect):
            try:
                results.append(execution.finish(_Performer(execution, self.session, self.scope)))
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

    def _gather(self, effect: Gather, scope: _Scope) -> tuple[object, ...]:
        waiting = iter(self.execution.branches(effect))
        lock = Lock()
        results: dict[Branch, object] = {}
        failures: list[BaseException] = []

        def work() -> None:
            while True:
                with lock:
                    execution = next(waiting, None)
                if execution is None:
                    return
                try:
                    scope.check()
                    performer = _Performer(execution, self.session, scope)
                    results[execution.branch] = execution.finish(performer)
                except _BranchCancelled:
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
        except BaseException:  # the waiting thread was interrupted, or no thread could start
            scope.cancel()
            for thread in started:
                thread.join()
            for program in effect.programs:
                program.close()
            raise
        self._join(failed=bool(failures))
        if failures:
            raise failures[0]
        if self.scope is not None:
            self.scope.check()
        return tuple(results[branch] for branch in sorted(results))

    def _join(self, *, failed: bool) -> None:
        execution = self.execution
        self.session.join(execution.branch, until=execution.branch_count, failed=failed)
