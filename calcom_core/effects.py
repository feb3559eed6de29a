"""Effects: the values that a program yields to request I/O.

A program is a generator that yields effects and receives their results; an interpreter performs
them. Retrying and paging are programs; tests run them without a clock or a network.
A program must not yield in `finally`, because an interpreter closes the generator early.
"""

from collections.abc import Generator, Iterable
from types import GeneratorType
from typing import Any, Generic, TypeAlias, TypeVar, cast

from attrs import evolve, field, frozen

from calcom_core._lazy_methods import LazyMethods
from calcom_core.checks import seconds
from calcom_core.errors import InvalidInput
from calcom_core.http import Request, Response, Timeout, to_timeout
from calcom_core.operation import Operation

T = TypeVar("T")


def _is_request(effect: "Send", attribute: object, request: Request) -> None:
    if not isinstance(request, Request):
        raise InvalidInput("request", "must be a Request; create one with api.request(operation)")


def _at_least_1(effect: "Send", attribute: object, value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidInput("attempt", "must be an integer of at least 1; the first attempt is 1")


def _is_remaining(effect: "Send", attribute: object, value: float | None) -> None:
    if value is None:
        return
    if not isinstance(value, (int, float)) or not 0 < value < float("inf"):
        raise InvalidInput("remaining", "must be a finite number of seconds, above 0")


@frozen
class Send(LazyMethods):
    """Send *request*; the result is the `Response`.

    The interpreter raises `NotSent` or `NoAnswer` in the program if no complete response arrives.
    *operation* is the operation of the request, which the errors hold.
    *timeout* is a `Timeout` or a total in seconds; None means the client's, then the transport's.
    *remaining* is the rest of a deadline, in seconds above 0; it caps the timeout.
    *attempt* counts the attempts of the call from 1.
    *waited* is how long the call waited before this attempt, in seconds.
    Comparisons ignore the last three.
    """

    request: Request = field(validator=_is_request)
    operation: Operation[Any] | None = None
    timeout: Timeout | None = field(default=None, converter=to_timeout)
    remaining: float | None = field(default=None, validator=_is_remaining, eq=False)
    attempt: int = field(default=1, validator=_at_least_1, eq=False)
    waited: float = field(default=0.0, eq=False)

    def timeout_or(self, *usual: Timeout | None) -> Timeout | None:
        """Return the effective timeout; *usual* holds the defaults, the client's first."""
        timeout = next((given for given in (self.timeout, *usual) if given is not None), None)
        return (
            timeout if self.remaining is None else (timeout or Timeout()).capped_at(self.remaining)
        )

    def after(self, seconds: float) -> "Send":
        """Return the effect after a wait of *seconds*, which shortens its *remaining* time."""
        if not seconds:
            return self
        remaining = None if self.remaining is None else self.remaining - seconds
        return evolve(self, remaining=remaining, waited=self.waited + seconds)


_SLEEP_TIME = seconds(10**9, may_be_zero=True)
"""A clock cannot wait for more than some centuries."""


def _is_sleep_time(effect: "Sleep", attribute: object, value: float) -> None:
    _SLEEP_TIME(value, "seconds")


def _is_jitter(effect: "Sleep", attribute: object, value: float) -> None:
    if not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise InvalidInput("jitter", "must be from 0 to 1")


@frozen
class Sleep(LazyMethods):
    """Sleep a random time from *seconds* x (1 - *jitter*) to *seconds*; the result is None."""

    seconds: float = field(validator=_is_sleep_time)
    jitter: float = field(default=0.0, validator=_is_jitter)


@frozen
class Clock(LazyMethods):
    """The result is the time of a monotonic clock, in seconds."""


def _is_limit(effect: "Gather", attribute: object, value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidInput("limit", "must be an integer of at least 1")


def check_program(value: object) -> "Program[Any]":
    """Check that a value is a program that has not run yet."""
    if not isinstance(value, (GeneratorType, Generator)):  # the first check is faster
        remedy = (
            "pass it to call(), or a list to items()"
            if isinstance(value, Operation)
            else "call the function first"
        )
        raise InvalidInput("program", f"must be a generator, not {type(value).__name__}; {remedy}")
    if getattr(value, "gi_frame", value) is None:
        raise InvalidInput("program", "has run already; call the function again for a new one")
    return value


def no_effect(effect: object) -> InvalidInput:
    """Return the error for a yielded value that is not an effect."""
    return InvalidInput("program", f"yielded {type(effect).__name__}, which is not an effect")


def _are_programs(effect: "Gather", attribute: object, programs: tuple[Any, ...]) -> None:
    if not isinstance(programs, tuple):
        raise InvalidInput("programs", "must be a tuple; gather(…) takes any iterable")
    for program in programs:
        check_program(program)
    if len({id(program) for program in programs}) < len(programs):
        raise InvalidInput(
            "programs", "contains one program twice; call its function again for another"
        )


@frozen(eq=False)
class Gather:
    """Run *programs* concurrently, at most *limit* at once; the result is a tuple of their results.

    The results have the order of the programs.
    If one fails, the others are cancelled, and its error is raised.
    On threads, a running exchange first completes or reaches its timeout.
    """

    programs: tuple["Program[Any]", ...] = field(validator=_are_programs)
    limit: int = field(validator=_is_limit)


@frozen(eq=False)
class Emit(Generic[T]):
    """Pass *item* to the consumer of a stream; the result is None."""

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
    """Run programs concurrently: `results = yield from gather(programs, limit=4)`."""
    return cast(tuple[T, ...], (yield Gather(tuple(programs), limit)))


def emit(item: T) -> Stream[T]:
    """Pass an item to the consumer: `yield from emit(item)`."""
    yield Emit(item)
