"""What a program may ask for, as values; a driver carries them out.

A program is a generator that yields effects and is sent their results, so retrying and paging are
pure: they need no clock, no socket and no random number to be run or to be tested.
A program never yields in `finally`, since a driver closes it there.
"""

from collections.abc import Generator, Iterable
from typing import Any, Generic, TypeAlias, TypeVar, cast

from attrs import field, frozen

from calcom_core.errors import InvalidInput
from calcom_core.http import Request, Response, Timeout
from calcom_core.operation import Operation

T = TypeVar("T")


@frozen
class Send:
    """Send *request*; the result is the `Response`, or `NotSent` or `NoAnswer` is raised.

    *operation* is the call it belongs to, which the errors then carry; *timeout* None means the
    transport's own.
    """

    request: Request
    operation: Operation[Any] | None = None
    timeout: Timeout | None = None


def _seconds(effect: "Sleep", attribute: object, value: float) -> None:
    if not 0 <= value < float("inf"):
        raise InvalidInput("seconds", "must be a finite number of seconds, at least 0")


def _share(effect: "Sleep", attribute: object, value: float) -> None:
    if not 0 <= value <= 1:
        raise InvalidInput("jitter", "must be from 0 to 1")


@frozen
class Sleep:
    """Sleep a random time from *seconds* x (1 - *jitter*) to *seconds*; the result is None."""

    seconds: float = field(validator=_seconds)
    jitter: float = field(default=0.0, validator=_share)


@frozen
class Clock:
    """The result is the time of a monotonic clock, in seconds."""


def _limit(effect: "Gather", attribute: object, value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidInput("limit", "must be an integer of at least 1")


@frozen(eq=False)
class Gather:
    """Run *programs*, up to *limit* at once; the result is the tuple of theirs, in their order.

    When one fails, the others end and its error is raised alone.
    """

    programs: tuple["Program[Any]", ...]
    limit: int = field(validator=_limit)


@frozen(eq=False)
class Emit(Generic[T]):
    """Hand *item* to the consumer of a streaming program; the result is None."""

    item: T


Effect: TypeAlias = Send | Sleep | Clock | Gather
Program: TypeAlias = Generator[Effect, Any, T]
Stream: TypeAlias = Generator[Effect | Emit[T], Any, None]


def send(
    request: Request, operation: Operation[Any] | None = None, timeout: Timeout | None = None
) -> Program[Response]:
    """Send a request: `response = yield from send(request)`."""
    return cast(Response, (yield Send(request, operation, timeout)))


def sleep(seconds: float, jitter: float = 0.0) -> Program[None]:
    """Sleep: `yield from sleep(2.0, jitter=1.0)`."""
    yield Sleep(seconds, jitter)


def clock() -> Program[float]:
    """Read the clock: `now = yield from clock()`."""
    return cast(float, (yield Clock()))


def gather(programs: Iterable["Program[T]"], limit: int) -> Program[tuple[T, ...]]:
    """Run programs at once: `results = yield from gather(programs, limit=4)`."""
    return cast(tuple[T, ...], (yield Gather(tuple(programs), limit)))


def emit(item: T) -> Stream[T]:
    """Hand an item to the consumer: `yield from emit(item)`."""
    yield Emit(item)
