"""A log line for each exchange, and a function of the caller around it.

Both interpreters log each exchange to the logger `calcom_transports` at level DEBUG, also while
recording and replaying. The line has method, path, outcome, duration, attempt and the server's
request id. It has no query, header, body or credential, so logs hold no secrets.
`Client(on_exchange=…)` runs a context manager around each exchange, over any transport.
The network transports log a write that is cancelled after it was sent at level WARNING.
"""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from contextvars import ContextVar
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from attrs import define, frozen

from calcom_core.effects import Send
from calcom_core.errors import InvalidInput, TransportError
from calcom_core.execution import Branch, Execution
from calcom_core.http import Request, Response
from calcom_core.redaction import Redactor, collect_credentials
from calcom_core.routes import ROUTES

LOGGER = logging.getLogger("calcom_transports")

_REQUEST_ID = re.compile(r"[\w.:/+=@-]{1,128}", re.ASCII)


@define
class Observation:
    """One exchange; its outcome is set when the exchange ends.

    Attributes:
        request: the request.
        operation: the name of the operation, such as `bookings.get`, or None for a request that
            a program sends without one.
        attempt: the number of the attempt, from 1.
        waited: the seconds that the call waited before this attempt, for its back-off and its
            rate limit; `seconds` does not include them.
        seconds: the duration, by the monotonic clock, or by that of the event loop.
        response: the response, or None after a failure.
        error: the exception that ended the exchange, or None; a cancellation is trio's `Cancelled`
            or asyncio's `CancelledError`.
    """

    request: Request
    operation: str | None = None
    attempt: int = 1
    waited: float = 0.0
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
    def template(self) -> str | None:
        """The path with names in place of ids, such as `/v2/bookings/{booking_uid}/cancel`.

        It is below the base URL. It is None for a request whose path this library does not know:
        one of an operation of your own, or without an operation.
        """
        route = ROUTES.get(self.operation or "")
        return route.path if route else None

    @property
    def status(self) -> int | None:
        """The status of the response, or None without a response."""
        return self.response.status if self.response else None

    @property
    def request_id(self) -> str | None:
        """The server's `X-Request-Id`, or None without a valid one."""
        value = self.response.headers.get("x-request-id") if self.response else None
        return value if value and _REQUEST_ID.fullmatch(value) else None


OnExchange: TypeAlias = Callable[[Observation], AbstractContextManager[object]]
"""Gets each exchange, and returns a context manager that runs around it.

The observation is complete when the context manager exits. Each attempt is an exchange of its own.
Concurrent requests call it from several threads or tasks at once.
It cannot suppress the error of an exchange. Its own error reaches the caller: if entering fails,
nothing is sent; if exiting fails, the exchange is over, and a write may have happened.
"""


@frozen
class Sending:
    """A request that an interpreter sends, and its place in the program."""

    effect: Send
    run_id: object
    """Identifies the run of the program."""
    branch: Branch


SENDING: ContextVar[Sending | None] = ContextVar("sending", default=None)
"""The request that an interpreter is sending; `Transport.send` gets only the request itself."""


@contextmanager
def observe_exchange(
    effect: Send,
    execution: Execution[Any],
    clock: Callable[[], float],
    on_exchange: OnExchange | None,
) -> Iterator[Observation]:
    """Set `SENDING` for an exchange, log it, and run *on_exchange* around it.

    The body sets the response; *clock* gives the time in seconds.
    """
    token = SENDING.set(Sending(effect, execution.run_id, execution.branch))
    try:
        operation = effect.operation.name if effect.operation else None
        observation = Observation(effect.request, operation, effect.attempt, effect.waited)
        if on_exchange is None and not LOGGER.isEnabledFor(logging.DEBUG):
            yield observation
            return
        around = on_exchange(observation) if on_exchange else nullcontext()
        if not hasattr(around, "__enter__"):
            remedy = "decorate it with contextlib.contextmanager"
            raise InvalidInput("on_exchange", f"must return a context manager; {remedy}")
        with around:
            start = clock()
            try:
                yield observation
            except BaseException as error:
                observation.error = error
                raise
            finally:
                observation.seconds = clock() - start
                if LOGGER.isEnabledFor(logging.DEBUG):
                    LOGGER.debug("%s", _log_line(observation))
        if observation.error is not None:  # the context manager suppressed it
            raise observation.error
    finally:
        with suppress(ValueError):  # a coroutine may be closed in another context
            SENDING.reset(token)


def _log_line(observation: Observation) -> str:
    outcome = str(observation.status)
    if observation.response is None:
        outcome = type(observation.error).__name__
        if isinstance(observation.error, TransportError):
            outcome += f" ({observation.error.reason})"
    line = (
        f"{observation.method} {observation.path}: {outcome} in {observation.seconds:.3f} s, "
        f"attempt {observation.attempt}"
        + (f", request id {observation.request_id}" if observation.request_id else "")
    )
    return Redactor(collect_credentials(observation.request)).text(line)


def log_cancelled_write(request: Request) -> None:
    """Log that a write was cancelled after it was sent, since its caller gets no error.

    The line has no query and no credential.
    """
    sending = SENDING.get()
    operation = sending.effect.operation if sending else None
    name = f"{operation.name}: " if operation else ""
    line = (
        f"{name}{request.method} {urlsplit(request.url).path}: cancelled after it was sent; "
        "it may have been executed, so read the booking first"
    )
    LOGGER.warning("%s", Redactor(collect_credentials(request)).text(line))


def check_on_exchange(function: OnExchange | None) -> OnExchange | None:
    """Return *function*; raise `InvalidInput` if it is neither a function nor None."""
    if function is not None and not callable(function):
        raise InvalidInput("on_exchange", f"must be a function, not {type(function).__name__}")
    return function
