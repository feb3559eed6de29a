"""The values of a cassette: runs of exchanges, each with a request and its outcome.

Each value checks the types of its fields and raises `InvalidInput`, since tools make cassettes too.
`calcom_transports.cassette` reads them from a file and writes them to one.
"""

from collections.abc import Callable
from typing import Any

from attrs import Attribute, field, frozen

from calcom_core.errors import InvalidInput, TransportError
from calcom_core.execution import Branch
from calcom_core.http import Request, Response

PERSONAL = ("kept", "replaced", "keyed")

Validator = Callable[[object, "Attribute[Any]", Any], None]


def _wrong(attribute: "Attribute[Any]", wanted: str, given: object) -> InvalidInput:
    return InvalidInput(attribute.name, f"must be {wanted}, not {type(given).__name__}")


def _a(kind: type, wanted: str) -> Validator:
    def check(instance: object, attribute: "Attribute[Any]", given: Any) -> None:
        if not isinstance(given, kind):
            raise _wrong(attribute, wanted, given)

    return check


def _tuple_of(kind: type, wanted: str) -> Validator:
    def check(instance: object, attribute: "Attribute[Any]", given: Any) -> None:
        if not isinstance(given, tuple):
            raise _wrong(attribute, f"a tuple of {wanted}", given)
        for item in given:
            if not isinstance(item, kind):
                raise InvalidInput(attribute.name, f"holds {type(item).__name__} beside {wanted}")

    return check


def _is_branch(instance: object, attribute: "Attribute[Any]", given: Any) -> None:
    if not isinstance(given, tuple) or not all(type(each) is int and each >= 0 for each in given):
        raise InvalidInput(attribute.name, "must be a tuple of integers from 0")


def _is_failure(instance: object, attribute: "Attribute[Any]", given: Any) -> None:
    if not (isinstance(given, type) and issubclass(given, TransportError)):
        raise _wrong(attribute, "NotSent or NoAnswer", given)


def _is_personal(instance: object, attribute: "Attribute[Any]", given: Any) -> None:
    if given not in PERSONAL:
        raise InvalidInput(attribute.name, "must be one of " + ", ".join(PERSONAL))


_TEXT = _a(str, "a string")


@frozen
class Failure:
    """A recorded failure of the transport."""

    error: type[TransportError] = field(validator=_is_failure)
    message: str = field(validator=_TEXT)
    reason: str = field(validator=_TEXT)

    def make(self) -> TransportError:
        """Return the error to raise, new each time."""
        return self.error(self.message, reason=self.reason)


@frozen
class Cancelled:
    """The exchange was cancelled before it came to anything."""


Outcome = Response | Failure | Cancelled


def _is_outcome(instance: object, attribute: "Attribute[Any]", given: Any) -> None:
    if not isinstance(given, Outcome):
        raise _wrong(attribute, "a Response, a Failure or Cancelled()", given)


@frozen
class Recorded:
    """One exchange: what was asked in which branch, and what came of it."""

    branch: Branch = field(validator=_is_branch)
    request: Request = field(validator=_a(Request, "a Request"))
    outcome: Outcome = field(validator=_is_outcome)


@frozen
class Run:
    """The exchanges of one program, sorted by branch, in the order of their sending in each."""

    exchanges: tuple[Recorded, ...] = field(validator=_tuple_of(Recorded, "Recorded"))


@frozen
class Cassette:
    """What a file holds; *name* says which, for messages.

    *personal* says what became of personal data: `"kept"`, `"replaced"`, or `"keyed"`.
    With *loose* a request is answered by the first unplayed exchange that is equal to it, whichever
    run and branch asks.
    Raises `InvalidInput` for an argument of another type, as all of these values do.
    """

    runs: tuple[Run, ...] = field(
        repr=lambda runs: f"<{len(runs)} runs>", validator=_tuple_of(Run, "Runs")
    )
    name: str = field(default="the replay", validator=_TEXT)
    personal: str = field(default="kept", validator=_is_personal)
    loose: bool = field(default=False, validator=_a(bool, "a boolean"))
