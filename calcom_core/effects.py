"""The effects that a program yields, as values; an interpreter performs them.

A program is a generator that yields effects and receives their results. Retrying and paging are
programs: they need no clock, no socket and no random number to run or to be tested.
A program never yields in `finally`, since an interpreter closes it there.
"""

from collections.abc import Generator, Iterable
from types import GeneratorType
from typing import Any, Generic, TypeAlias, TypeVar, cast

from attrs import field, frozen

from calcom_core._lazy_methods import LazyMethods
from calcom_core.errors import InvalidInput
from calcom_core.http import Request, Response, Timeout, to_timeout
from calcom_core.operation import Operation

T = TypeVar("T")


def _is_request(effect: "Send", attribute: object, request: Request) -> None:
    if not isinstance(request, Request):
        raise InvalidInput("request", "must be a Request; of an operation, api.request(operation)")


def _at_least_1(effect: "Send", attribute: object, value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidInput("attempt", "must be an integer of at least 1, which is the first")


def _left(effect: "Send", attribute: object, value: float | None) -> None:
    if value is None:
        return
    if not isinstance(value, (int, float)) or not 0 < value < float("inf"):
        raise InvalidInput("remaining", "must be a finite number of seconds, above 0")


@frozen
class Send(LazyMethods):
    """Send *request*; the result is the `Response`, or `NotSent` or `NoAnswer` is raised.

    *operation* is the call it belongs to, which the errors then carry.
    *timeout* is a `Timeout` or seconds in all; None means the client's, or else the transport's.
    *remaining* is what is left of a deadline, in seconds above 0; it caps the timeout.
    *attempt* is 1 where this is sent for the first time, 2 for the second, and so on.
    The last two do not count when effects are compared.
    """

    request: Request = field(validator=_is_request)
    operation: Operation[Any] | None = None
    timeout: Timeout | None = field(default=None, converter=to_timeout)
    remaining: float | None = field(default=None, validator=_left, eq=False)
    attempt: int = field(default=1, validator=_at_least_1, eq=False)

    def timeout_or(self, *usual: Timeout | None) -> Timeout | None:
        """Return the timeout to send with, where *usual* are that of the client, and so on."""
        timeout = next((given for given in (self.timeout, *usual) if given is not None), None)
        return (
            timeout if self.remaining is None else (timeout or Timeout()).capped_at(self.remaining)
        )


def _seconds(effect: "Sleep", attribute: object, value: float) -> None:
    # No clock can wait for more than some centuries.
    if not isinstance(value, (int, float)) or not 0 <= value <= 1e9:
        raise InvalidInput("seconds", "must be a number of seconds, from 0 to 10^9")


def _share(effect: "Sleep", attribute: object, value: float) -> None:
    if not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise InvalidInput("jitter", "must be from 0 to 1")


@frozen
class Sleep(LazyMethods):
    """Sleep a random time from *seconds* x (1 - *jitter*) to *seconds*; the result is None."""

    seconds: float = field(validator=_seconds)
    jitter: float = field(default=0.0, validator=_share)


@frozen
class Clock(LazyMethods):
    """The result is the time of a monotonic clock, in seconds."""


def _limit(effect: "Gather", attribute: object, value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidInput("limit", "must be an integer of at least 1")


def check_program(value: object) -> "Program[Any]":
    """Check that a value is a program that has not run yet."""
    if not isinstance(value, (GeneratorType, Generator)):  # the first is sooner found out
        raise InvalidInput(
            "program", f"must be a generator, not {type(value).__name__}; call the function first"
        )
    if getattr(value, "gi_frame", value) is None:
        raise InvalidInput("program", "has run already; call the function again for a new one")
    return value


def no_effect(effect: object) -> InvalidInput:
    """Return the error for a yielded value that is no effect."""
    return InvalidInput("program", f"yielded {type(effect).__name__}, which is no effect")


def _are_programs(effect: "Gather", attribute: object, programs: tuple[Any, ...]) -> None:
    if not isinstance(programs, tuple):
        raise InvalidInput("programs", "must be a tuple; gather(…) takes any iterable")
    for program in programs:
        check_program(program)
    if len({id(program) for program in programs}) < len(programs):
        raise InvalidInput("programs", "holds one twice; call the function again for another")


@frozen(eq=False)
class Gather:
    """Run *programs*, up to *limit* at once; the result is the tuple of theirs, in their order.

    When one fails, the others end and its error is raised alone.
    On threads an exchange that is under way runs to its end or its timeout first.
    """

    programs: tuple["Program[Any]", ...] = field(validator=_are_programs)
    limit: int = field(validator=_limit)


@frozen(eq=False)
class Emit(Generic[T]):
    """Hand *item* to the consumer of a streaming program; the result is None."""

    item: T


Effect: TypeAlias = Send | Sleep | Clock | Gather
Program: TypeAlias = Generator[Effect, Any, T]
Stream: TypeAlias = Generator[Effect | Emit[T], Any, None]


def send(
    request: Request,
    operation: Operation[Any] | None = None,
    timeout: Timeout | float | None = None,
    remaining: float | None = None,
    attempt: int = 1,
) -> Program[Response]:
    """Send a request: `response = yield from send(request)`."""
    return cast(Response, (yield Send(request, operation, timeout, remaining, attempt)))


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
