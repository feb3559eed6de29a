"""A log line for each exchange, and a function of your own around it.

Both interpreters log each exchange on the logger `calcom_transports` at level DEBUG, also recorded
and replayed ones. The line has method, path, outcome, duration, attempt and the server's request
id. It has no query, no header, no body, and no credential.
`Client(on_exchange=…)` runs a context manager around each exchange, over any transport.
The network transports log a write that is cut off after it was sent at level WARNING.
"""

import logging
import re
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, Generic, Self, TypeAlias, TypeVar, cast
from urllib.parse import urlsplit

from attrs import define, frozen

from calcom_core.effects import Send
from calcom_core.errors import InvalidInput, TransportError
from calcom_core.execution import Branch, Execution
from calcom_core.http import Request, Response
from calcom_core.redaction import Redactor, credentials_of

if TYPE_CHECKING:
    from calcom_transports.async_interpreter import AsyncItems

T = TypeVar("T")

LOGGER = logging.getLogger("calcom_transports")

_END: Final = object()
_REQUEST_ID = re.compile(r"[\w.:/+=@-]{1,128}", re.ASCII)


@define
class Observation:
    """One exchange: its request at first, and its outcome at the end.

    *operation* names the operation, such as `bookings.get`; it is None for a request of a program
    of your own. *attempt* counts from 1.
    *seconds* is the duration by the monotonic clock, in an event loop by the loop's clock.
    At the end either *response* is set or *error*, which may be any exception: for a cancelled
    exchange trio's `Cancelled` or asyncio's `CancelledError`.
    """

    request: Request
    operation: str | None = None
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
        """The status of the response, or None without a response."""
        return self.response.status if self.response else None

    @property
    def request_id(self) -> str | None:
        """The server's `X-Request-Id`, or None without a valid one."""
        found = self.response.headers.get("x-request-id") if self.response else None
        return found if found and _REQUEST_ID.fullmatch(found) else None


OnExchange: TypeAlias = Callable[[Observation], AbstractContextManager[object]]
"""Called with each exchange; returns a context manager to run it in.

The observation is complete when the context manager exits. Each attempt is an exchange of its own.
Pages that are requested at once call it from several threads or tasks at once.
It cannot suppress the error of an exchange. Its own error reaches the caller: on entering, nothing
is sent; on exiting, the exchange is over, and a write may have happened.
"""


@frozen
class Sending:
    """A request that an interpreter sends, and its place in the program."""

    effect: Send
    run_id: object
    """Identifies the run of the program."""
    branch: Branch


SENDING: ContextVar[Sending | None] = ContextVar("sending", default=None)
"""What an interpreter sends; a transport gets only the request."""

ON_EXCHANGE: ContextVar[OnExchange | None] = ContextVar("on_exchange", default=None)
"""The function of the client that runs a program; a client without one sets None.

So a client that a transport uses does not inherit the function of the client around it.
"""


def is_instrumented() -> bool:
    """Tell whether exchanges are logged or have a function around them."""
    return LOGGER.isEnabledFor(logging.DEBUG) or ON_EXCHANGE.get() is not None


@contextmanager
def exchanging(
    effect: Send, execution: Execution[Any], clock: Callable[[], float]
) -> Iterator[Observation]:
    """Set `SENDING` for an exchange, and instrument it; the body sets the response."""
    before = SENDING.set(Sending(effect, execution.run_id, execution.branch))
    try:
        if not is_instrumented():
            yield Observation(effect.request)
        else:
            with instrumented(effect, clock) as seen:
                yield seen
    finally:
        SENDING.reset(before)


@contextmanager
def instrumented(effect: Send, clock: Callable[[], float]) -> Iterator[Observation]:
    """Log an exchange, and run it in the client's `on_exchange`."""
    operation = effect.operation.name if effect.operation else None
    seen = Observation(effect.request, operation, effect.attempt)
    on_exchange = ON_EXCHANGE.get()
    with on_exchange(seen) if on_exchange else nullcontext():
        began = clock()
        try:
            yield seen
        except BaseException as error:
            seen.error = error
            raise
        finally:
            seen.seconds = clock() - began
            if LOGGER.isEnabledFor(logging.DEBUG):
                LOGGER.debug("%s", _line(seen))
    if seen.error is not None:  # the context manager suppressed it
        raise seen.error


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
    """Log that a write was cut off after it was sent, since no error tells its caller.

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


def on_exchange_of(given: OnExchange | None) -> OnExchange | None:
    """Return the given function; refuse a value that is not one."""
    if given is not None and not callable(given):
        raise InvalidInput("on_exchange", f"must be a function, not {type(given).__name__}")
    return given


def iterate_with(
    on_exchange: OnExchange | None, items: Generator[T, None, None]
) -> Generator[T, None, None]:
    """Yield *items*, and run their exchanges in *on_exchange*, but not the body of the loop."""
    try:
        while True:
            before = ON_EXCHANGE.set(on_exchange)
            try:
                item = next(items, _END)
            finally:
                ON_EXCHANGE.reset(before)
            if item is _END:
                return
            yield cast(T, item)
    finally:
        items.close()


class AsyncIterateWith(Generic[T]):
    """As `iterate_with`, awaited; not an async generator, since `break` leaves one open."""

    def __init__(self, on_exchange: OnExchange | None, items: "AsyncItems[T]") -> None:
        self._on_exchange = on_exchange
        self._items = items

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        before = ON_EXCHANGE.set(self._on_exchange)
        try:
            return await anext(self._items)
        finally:
            ON_EXCHANGE.reset(before)

    def close(self) -> None:
        """Close the program."""
        self._items.close()
