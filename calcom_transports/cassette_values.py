"""The values of a cassette: runs of exchanges, each with a request and its outcome.

Each value checks the types of its fields and raises `InvalidInput`, since other tools can create
cassettes too. `calcom_transports.cassette` reads them from a file and writes them to one.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from attrs import field, frozen

from calcom_core.checks import check_fields, checked_by, one_of
from calcom_core.errors import InvalidInput, TransportError
from calcom_core.execution import Branch
from calcom_core.http import Request, Response

T = TypeVar("T")

PERSONAL = ("kept", "replaced", "keyed")


def require(name: str, value: object, kind: type[T], expected: str) -> T:
    """Return *value*; raise `InvalidInput` if it is not of this kind."""
    if not isinstance(value, kind):
        raise InvalidInput(name, f"must be {expected}, not {type(value).__name__}")
    return value


def _instance_of(kind: Any, expected: str) -> Callable[[object, str], Any]:
    return lambda value, name: require(name, value, kind, expected)


def _tuple_of(kind: type, plural: str) -> Callable[[object, str], Any]:
    def check(value: object, name: str) -> Any:
        for item in require(name, value, tuple, f"a tuple of {plural}"):
            if not isinstance(item, kind):
                raise InvalidInput(name, f"must hold {plural}, not {type(item).__name__}")
        return value

    return check


def _branch(value: object, name: str) -> Any:
    if not isinstance(value, tuple) or not all(type(item) is int and item >= 0 for item in value):
        raise InvalidInput(name, "must be a tuple of integers from 0")
    return value


def _failure(value: object, name: str) -> Any:
    if not (isinstance(value, type) and issubclass(value, TransportError)):
        raise InvalidInput(name, f"must be NotSent or NoAnswer, not {type(value).__name__}")
    return value


_TEXT = checked_by(_instance_of(str, "a string"))


@frozen(field_transformer=check_fields)
class Failure:
    """A recorded failure of the transport."""

    error: type[TransportError] = field(metadata=checked_by(_failure))
    message: str = field(metadata=_TEXT)
    reason: str = field(metadata=_TEXT)

    def to_error(self) -> TransportError:
        """Return a new error to raise."""
        return self.error(self.message, reason=self.reason)


@frozen
class Cancelled:
    """The exchange was cancelled before it had a response or a failure."""


Outcome = Response | Failure | Cancelled

_OUTCOME = _instance_of(Outcome, "a Response, a Failure or Cancelled()")


@frozen(field_transformer=check_fields)
class RecordedExchange:
    """One exchange: the request, its branch in the program, and its outcome."""

    branch: Branch = field(metadata=checked_by(_branch))
    request: Request = field(metadata=checked_by(_instance_of(Request, "a Request")))
    outcome: Outcome = field(metadata=checked_by(_OUTCOME))


@frozen(field_transformer=check_fields)
class Run:
    """The exchanges of one program, sorted by branch, and within a branch in sending order."""

    exchanges: tuple[RecordedExchange, ...] = field(
        metadata=checked_by(_tuple_of(RecordedExchange, "RecordedExchanges"))
    )


@frozen(field_transformer=check_fields)
class Cassette:
    """The content of a cassette file.

    Attributes:
        runs: the recorded programs.
        name: the name of the cassette in messages.
        personal: whether personal data is `"kept"`, `"replaced"`, or `"keyed"`, which means
            replaced by pseudonyms that depend on a key.
        any_order: whether a request gets the first unplayed exchange that is equal to it, from any
            run and branch.

    Raises `InvalidInput` for an argument of another type, as all of these values do.
    """

    runs: tuple[Run, ...] = field(
        repr=lambda runs: f"<{len(runs)} runs>", metadata=checked_by(_tuple_of(Run, "Runs"))
    )
    name: str = field(default="the replay", metadata=_TEXT)
    personal: str = field(default="kept", metadata=checked_by(one_of(*PERSONAL)))
    any_order: bool = field(default=False, metadata=checked_by(_instance_of(bool, "a boolean")))
