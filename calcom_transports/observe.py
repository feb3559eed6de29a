"""What can be seen of exchanges: a line in the log for each, and a hook around any transport.

The interpreters of programs, and so the clients, log each exchange that they carry out, recorded
and replayed ones too, on the logger `calcom_transports` at level DEBUG.
Method, path, outcome, duration, attempt and the server's request id are in that line;
no query, no header, no body, and no credential wherever else it stands.
The network transports log a write that is cut off after it was sent at level WARNING.
"""

import logging
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from inspect import iscoroutinefunction
from types import TracebackType
from typing import Any, Self, TypeAlias, TypeVar, cast
from urllib.parse import urlsplit

from attrs import define, frozen

from calcom_core.effects import Send
from calcom_core.errors import InvalidInput, TransportError
from calcom_core.execution import Branch, Execution
from calcom_core.http import Request, Response, Timeout
from calcom_core.redaction import Redactor, credentials_of

T = TypeVar("T")

LOGGER = logging.getLogger("calcom_transports")


@frozen
class Sending:
    """A request that an interpreter sends, and the place of it in its program."""

    effect: Send
    run: object
    """Identifies the run of the program."""
    branch: Branch


SENDING: ContextVar[Sending | None] = ContextVar("sending", default=None)
"""What is being sent, which an interpreter knows and a transport is not told."""

_REQUEST_ID = re.compile(r"[\w.:/+=@-]{1,128}", re.ASCII)


@define
class Observation:
    """One exchange: what is to be sent, and, once it is over, what came of it.

    *attempt* is 1 for the first time that a program sends something, and so on.
    *seconds* is how long it took, by the monotonic clock, and under trio by trio's.
    Either *response* is set at the end, or *error*, which may be any exception: trio's `Cancelled`
    where the exchange was cancelled.
    """

    request: Request
    attempt: int = 1
    seconds: float = 0.0
    response: Response | None = None
    error: BaseException | None = None

    @property
    def method(self) -> str:
        """The method of the request."""
        return self.request.method

    @property
    def path(self) -> str:
        """The path of the request, without its query, which may hold personal data."""
        return urlsplit(self.request.url).path

    @property
    def status(self) -> int | None:
        """The status of the answer, or None where none came."""
        return self.response.status if self.response else None

    @property
    def request_id(self) -> str | None:
        """The server's `X-Request-Id`, or None where there is none that looks like one."""
        found = self.response.headers.get("x-request-id") if self.response else None
        return found if found and _REQUEST_ID.fullmatch(found) else None


Hook: TypeAlias = Callable[[Observation], AbstractContextManager[object]]
"""Makes what is entered before an exchange and left after it, when the observation is complete.

It may look at the error, but not keep it from whoever asked: that is raised in any case.
What it raises itself reaches whoever asked, so that a hook that may fail should catch it: on
leaving, the exchange is over, and a write may have happened.
"""


@contextmanager
def observing(hook: Hook, request: Request, clock: Callable[[], float]) -> Iterator[Observation]:
    """Put *hook* around an exchange; the body sets the response, or fails."""
    sending = SENDING.get()
    observation = Observation(request, sending.effect.attempt if sending else 1)
    with hook(observation):
        began = clock()
        try:
            yield observation
        except BaseException as error:
            observation.error = error
            raise
        finally:
            observation.seconds = clock() - began
    if observation.error is not None:  # which the hook has kept for itself
        raise observation.error


@contextmanager
def exchanging(
    effect: Send, execution: Execution[Any], clock: Callable[[], float]
) -> Iterator[Observation]:
    """Log the exchange of a `Send`; hooks and transports see its place in `SENDING`."""
    before = SENDING.set(Sending(effect, execution.run, execution.branch))
    try:
        if not is_logged():
            yield Observation(effect.request)
        else:
            with observing(logged, effect.request, clock) as observation:
                yield observation
    finally:
        SENDING.reset(before)


def is_logged() -> bool:
    """Tell whether anybody listens to the log."""
    return LOGGER.isEnabledFor(logging.DEBUG)


@contextmanager
def logged(observation: Observation) -> Iterator[None]:
    """Log an exchange once it is over; a hook, for transports that no interpreter uses."""
    try:
        yield
    finally:
        if is_logged():
            LOGGER.debug("%s", _line(observation))


def _line(seen: Observation) -> str:
    outcome = str(seen.status)
    if seen.response is None:
        outcome = type(seen.error).__name__
        if isinstance(seen.error, TransportError):
            outcome += f" ({seen.error.reason})"
    line = (
        f"{seen.method} {seen.path}: {outcome} in {seen.seconds:.3f} s, attempt {seen.attempt}"
        + (f", request id {seen.request_id}" if seen.request_id else "")
    )
    return Redactor(credentials_of(seen.request)).text(line)


def log_cut(request: Request) -> None:
    """Log that a write was cut off after it was sent, since its caller gets no error that says so.

    The line has no query, and no credential.
    """
    sending = SENDING.get()
    operation = sending.effect.operation if sending else None
    name = f"{operation.name}: " if operation else ""
    line = (
        f"{name}{request.method} {urlsplit(request.url).path}: cut off after it was sent; "
        "it may have been executed, look before repeating it"
    )
    LOGGER.warning("%s", Redactor(credentials_of(request)).text(line))


def observed(transport: T, hook: Hook) -> T:
    """Return what stands in for *transport* and puts *hook* around each of its exchanges.

    ```
    @contextmanager
    def measured(exchange: Observation) -> Iterator[None]:
        yield
        metrics.timing(exchange.method, exchange.status, exchange.seconds)


    client = Client(key, transport=observed(Urllib3Transport(), measured))
    ```

    Arguments:
        transport: any transport, blocking or async, or a `Replay` or `Recorder`;
            it is closed with what stands in for it.
        hook: makes, for each exchange, a context manager to do it in.

    Raises `InvalidInput` for what is no transport.
    """
    if isinstance(transport, type) or not any(hasattr(transport, it) for it in _ANY):
        raise InvalidInput("transport", "must have send(request, timeout), or be a Replay")
    if not callable(hook):
        raise InvalidInput("hook", f"must be a function, not {type(hook).__name__}")
    return cast(T, _kind_of(transport)(transport, hook))


_ANY = ("send", "begin", "sync_transport")
"""What a transport, a replay or a recorder has."""


class _Observed:
    """What stands in for something, and is otherwise like it."""

    def __init__(self, inner: Any, hook: Hook) -> None:
        self._inner = inner
        self._hook = hook

    def __getattr__(self, name: str) -> Any:
        if name == "_inner":  # of a copy under way
            raise AttributeError(name)
        return getattr(self._inner, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        leave = getattr(self._inner, "__exit__", None)
        if leave is not None:
            leave(kind, error, traceback)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        leave = getattr(self._inner, "__aexit__", None)
        if leave is not None:
            await leave(kind, error, traceback)
        else:
            self.__exit__(kind, error, traceback)

    def __repr__(self) -> str:
        return f"observed({self._inner!r})"


class _Blocking(_Observed):
    """A transport, or the playback of a replay: their second arguments differ."""

    def send(self, asked: Request | Send, more: object = None) -> Response:
        with observing(self._hook, _request_of(asked), time.monotonic) as observation:
            observation.response = self._inner.send(asked, more)
        return cast(Response, observation.response)


class _Async(_Observed):
    """An async transport."""

    async def send(self, request: Request, timeout: Timeout | None = None) -> Response:
        with observing(self._hook, request, _clock()) as observation:
            observation.response = await self._inner.send(request, timeout)
        return cast(Response, observation.response)


class _Replay(_Observed):
    """A replay."""

    def begin(self) -> _Blocking:
        return _Blocking(self._inner.begin(), self._hook)


class _Recorder(_Observed):
    """A recorder, or another pair of transports."""

    def sync_transport(self) -> _Blocking:
        return _Blocking(self._inner.sync_transport(), self._hook)

    def async_transport(self) -> _Async:
        return _Async(self._inner.async_transport(), self._hook)


def _kind_of(transport: Any) -> type[_Observed]:
    if hasattr(transport, "begin"):
        return _Replay
    if hasattr(transport, "sync_transport"):
        return _Recorder
    return _Async if iscoroutinefunction(transport.send) else _Blocking


def _request_of(asked: Request | Send) -> Request:
    return asked.request if isinstance(asked, Send) else asked


def _clock() -> Callable[[], float]:
    # Trio's where it runs, so that durations obey a MockClock.
    trio = sys.modules.get("trio")
    return trio.current_time if trio and trio.lowlevel.in_trio_run() else time.monotonic
