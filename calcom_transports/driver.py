"""The blocking interpreter of programs; imports no async library.

`run` carries out a program's effects one after the other, and a `Gather` on threads.
A transport does one thing, `send`; sleep and clock are the driver's.
What brings its own answers and its own time, as a replay does, has `begin` instead, which opens a
`Session` for one run.
"""

import random
import time
from collections.abc import Awaitable, Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import copy_context
from threading import Event, Lock, Thread
from typing import Any, Protocol, TypeVar, cast

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
from calcom_core.http import Request, Response, Timeout
from calcom_transports.instrumentation import SENDING, instrumented, is_instrumented
from calcom_transports.replay_errors import NoMatch

T = TypeVar("T")

Branch = tuple[int, ...]
"""Where in a program a step is: for each `Gather` around it, the number of the branch.

A program numbers the branches of all its `Gather`s in one row, so that each has its own number.
"""


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

        Raises `Held` where there is none, since the branch was cancelled when it was recorded.
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


class Held(BaseException):
    """Ends a branch that was cancelled when it was recorded; its program is closed by it."""


class AsyncSession(Protocol):
    """As `Session`, for trio's interpreter: `send` and `sleep` are awaited."""

    concurrent: bool

    async def send(self, effect: Send, branch: Branch) -> Response:
        """Return the answer to a request made in that branch."""
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


class Sessions(Protocol):
    """What opens a session for each run, instead of sending.

    One that never waits, as a replay's, also serves trio's interpreter.
    One that sends for real has *live* = True: then a client needs credentials.
    """

    def begin(self, timeout: Timeout | None) -> Session:
        """Open a session for one run; *timeout* is for each `Send` that has none of its own."""
        ...


class AsyncSessions(Protocol):
    """What opens a session for each run of trio's interpreter."""

    def begin_async(self, timeout: Timeout | None) -> AsyncSession:
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


def branches_of(effect: Gather, branch: Branch, branched: int) -> list[tuple[Branch, Program[Any]]]:
    """Return the programs of a `Gather` by branch, where a program has had *branched* so far."""
    return [
        ((*branch, number), program) for number, program in enumerate(effect.programs, branched)
    ]


def seconds_of(effect: Sleep) -> float:
    """Draw how long a sleep is to be."""
    return effect.seconds * (1 - effect.jitter * random.random())  # noqa: S311 - no secret


class Live:
    """The session of a transport: real time, real answers."""

    concurrent = True

    def __init__(self, transport: Transport, timeout: Timeout | None) -> None:
        self._transport = transport
        self._timeout = timeout

    def send(self, effect: Send, branch: Branch) -> Response:
        """Send by the transport."""
        timeout = timeout_for(effect, self._timeout, self._transport)
        return answered(self._transport.send(effect.request, timeout))

    def sleep(self, effect: Sleep, branch: Branch, wait: Callable[[float], object]) -> None:
        """Wait for a random part of a sleep."""
        wait(seconds_of(effect))

    def clock(self, branch: Branch) -> float:
        """Return the time of the machine's clock."""
        return time.monotonic()

    def join(self, branch: Branch, *, until: int, failed: bool) -> None:
        """Note nothing."""


def _begin(transport: Transport | Sessions, timeout: Timeout | None) -> Session:
    if hasattr(transport, "begin"):
        return cast(Sessions, transport).begin(timeout)
    return Live(transport, timeout)  # pyright: ignore[reportArgumentType]


def run(program: Program[T], transport: Transport | Sessions, timeout: Timeout | None = None) -> T:
    """Carry out *program* and return its result.

    *timeout* is for each `Send` that has none of its own.
    Raises whatever the program raises; closes it in any case.
    """
    steps = _Steps(program_of(program), _begin(transport, timeout), (), _Outermost())
    try:
        return cast(T, _finish(steps))
    except Held as held:
        raise NoMatch(str(held)) from held


def iterate(
    stream: Stream[T], transport: Transport | Sessions, timeout: Timeout | None = None
) -> Iterator[T]:
    """Carry out a streaming program and yield the items it emits.

    *timeout* is for each `Send` that has none of its own.
    Nothing is in flight while an item is out; leaving the loop closes the program.
    """
    return _items(_Steps(program_of(stream), _begin(transport, timeout), (), _Outermost()))


def _items(steps: "_Steps") -> Generator[Any, None, None]:
    try:
        while (item := steps.advance()) is not None:
            yield item.item
        if steps.result is not None:
            raise no_stream(steps.result)
    except Held as held:
        raise NoMatch(str(held)) from held
    finally:
        steps.close()


def _finish(steps: "_Steps") -> Any:
    try:
        if steps.advance() is not None:
            raise InvalidInput("program", "emits, as only a stream may: give it to iterate()")
        return steps.result
    finally:
        steps.close()


class _Stopped(BaseException):
    """Ends a branch whose sibling failed; its program is closed and never sees this."""


class _Outermost:
    """What is around a whole program: nobody ends it."""

    def inner(self) -> AbstractContextManager["_Scope"]:
        return nullcontext(_Scope())

    def check(self) -> None:
        pass

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)


class _Scope:
    """Says to the branches of a `Gather`, and to theirs, that they are to end."""

    def __init__(self) -> None:
        self._stopped = Event()
        self._inner: list[_Scope] = []

    @contextmanager
    def inner(self) -> Iterator["_Scope"]:
        scope = _Scope()
        self._inner.append(scope)
        # The outer scope may have been stopped between the last check and now.
        if self._stopped.is_set():
            scope.stop()
        try:
            yield scope
        finally:
            self._inner.remove(scope)

    def stop(self) -> None:
        self._stopped.set()
        for scope in tuple(self._inner):  # other branches come and go meanwhile
            scope.stop()

    def check(self) -> None:
        if self._stopped.is_set():
            raise _Stopped

    def wait(self, seconds: float) -> None:
        if self._stopped.wait(seconds):
            raise _Stopped


class _Steps:
    """A program under way; `advance` goes on until it emits or ends."""

    def __init__(
        self,
        program: Generator[Effect | Emit[Any], Any, Any],
        session: Session,
        branch: Branch,
        scope: _Scope | _Outermost,
    ) -> None:
        self._program = program
        self._session = session
        self._branch = branch
        self._scope = scope
        self._branched = 0  # how many branches it has had so far
        self.result: Any = None

    def advance(self) -> Emit[Any] | None:
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
                answer, failure = self._perform(effect), None
            except Exception as error:  # the program decides what it means
                failure = error

    def close(self) -> None:
        self._program.close()

    def _perform(self, effect: Effect) -> Any:
        self._scope.check()
        match effect:
            case Send():
                return self._send(effect)
            case Sleep():
                return self._session.sleep(effect, self._branch, self._scope.wait)
            case Clock():
                return self._session.clock(self._branch)
            case Gather() if not self._session.concurrent:
                return self._in_order(effect)
            case Gather():
                with self._scope.inner() as scope:
                    return self._gather(effect, scope)
        raise no_effect(effect)

    def _send(self, effect: Send) -> Response:
        before = SENDING.set(effect)
        try:
            if not is_instrumented():
                return self._session.send(effect, self._branch)
            with instrumented(effect, time.monotonic) as observation:
                observation.response = response = self._session.send(effect, self._branch)
            return response
        finally:
            SENDING.reset(before)

    def _in_order(self, effect: Gather) -> tuple[Any, ...]:
        results: list[Any] = []
        held: list[Held] = []
        for branch, program in self._branches(effect):
            steps = _Steps(program, self._session, branch, self._scope)
            try:
                results.append(_finish(steps))
            except Held as error:
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

    def _gather(self, effect: Gather, scope: _Scope) -> tuple[Any, ...]:
        waiting = iter(self._branches(effect))
        lock = Lock()
        results: dict[Branch, Any] = {}
        failures: list[BaseException] = []

        def work() -> None:
            while True:
                with lock:
                    branch, program = next(waiting, ((), None))
                if program is None:
                    return
                steps = _Steps(program, self._session, branch, scope)
                try:
                    scope.check()
                    results[branch] = _finish(steps)
                except _Stopped:
                    program.close()
                except BaseException as error:  # it is raised again by the thread that waits
                    failures.append(error)
                    scope.stop()

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
        except BaseException:  # an interrupt of the thread that waits, or no more threads
            scope.stop()
            for thread in started:
                thread.join()
            for program in effect.programs:
                program.close()
            raise
        self._session.join(self._branch, until=self._branched, failed=bool(failures))
        if failures:
            raise failures[0]
        self._scope.check()
        return tuple(results[branch] for branch in sorted(results))

    def _branches(self, effect: Gather) -> list[tuple[Branch, Program[Any]]]:
        numbered = branches_of(effect, self._branch, self._branched)
        self._branched += len(numbered)
        return numbered
