"""The values of a cassette: runs of exchanges, each with a request and its outcome.

Each value checks the types of its fields and raises `InvalidInput`, since other tools can create
cassettes too. `calcom_transports.cassette` reads them from a file and writes them to one.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from attrs import Attribute, field, frozen

from calcom_core.errors import InvalidInput, TransportError
from calcom_core.execution import Branch
from calcom_core.http import Request, Response

T = TypeVar("T")

PERSONAL = ("kept", "replaced", "keyed")

Validator = Callable[[object, "Attribute[Any]", Any], None]


def require(name: str, value: object, kind: type[T], expected: str) -> T:
    """Return *value*; raise `InvalidInput` if it is not of this kind."""
    if not isinstance(value, kind):
        raise InvalidInput(name, f"must be {expected}, not {type(value).__name__}")
    return value


def _instance_of(kind: Any, expected: str) -> Validator:
    def check(instance: object, attribute: "Attribute[Any]", value: Any) -> None:
        require(attribute.name, value, kind, expected)

    return check


def _tuple_of(kind: type, plural: str) -> Validator:
    def check(instance: object, attribute: "Attribute[Any]", value: Any) -> None:
        require(attribute.name, value, tuple, f"a tuple of {plural}")
        for item in value:
            if not isinstance(item, kind):
                raise InvalidInput(attribute.name, f"must hold {plural}, not {type(item).__name__}")

    return check


def _check_branch(instance: object, attribute: "Attribute[Any]", value: Any) -> None:
    if not isinstance(value, tuple) or not all(type(item) is int and item >= 0 for item in value):
        raise InvalidInput(attribute.name, "must be a tuple of integers from 0")


def _check_failure(instance: object, attribute: "Attribute[Any]", value: Any) -> None:
    if not (isinstance(value, type) and issubclass(value, TransportError)):
        problem = f"must be NotSent or NoAnswer, not {type(value).__name__}"
        raise InvalidInput(attribute.name, problem)


def _check_personal(instance: object, attribute: "Attribute[Any]", value: Any) -> None:
    if value not in PERSONAL:
        raise InvalidInput(attribute.name, "must be one of " + ", ".join(PERSONAL))


_IS_TEXT = _instance_of(str, "a string")


@frozen
class Failure:
    """A recorded failure of the transport."""

    error: type[TransportError] = field(validator=_check_failure)
    message: str = field(validator=_IS_TEXT)
    reason: str = field(validator=_IS_TEXT)

    def to_error(self) -> TransportError:
        """Return a new error to raise."""
        return self.error(self.message, reason=self.reason)


@frozen
class Cancelled:
    """The exchange was cancelled before it had a response or a failure."""


Outcome = Response | Failure | Cancelled


@frozen
class RecordedExchange:
    """One exchange: the request, its branch in the program, and its outcome."""

    branch: Branch = field(validator=_check_branch)
    request: Request = field(validator=_instance_of(Request, "a Request"))
    outcome: Outcome = field(
        validator=_instance_of(Outcome, "a Response, a Failure or Cancelled()")
    )


@frozen
class Run:
    """The exchanges of one program, sorted by branch, and within a branch in sending order."""

    exchanges: tuple[RecordedExchange, ...] = field(
        validator=_tuple_of(RecordedExchange, "RecordedExchanges")
    )


@frozen
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
        repr=lambda runs: f"<{len(runs)} runs>", validator=_tuple_of(Run, "Runs")
    )
    name: str = field(default="the replay", validator=_IS_TEXT)
    personal: str = field(default="kept", validator=_check_personal)
    any_order: bool = field(default=False, validator=_instance_of(bool, "a boolean"))
