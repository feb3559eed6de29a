"""Checks for the fields of inputs: each returns the value to send, or raises `InvalidInput`.

A check refuses a value only if the server certainly refuses or silently misreads it, or if it
would change the path of the URL.
Any other value is sent, because the server's own rules change.
No message repeats the value, because it may be personal data.

An input is an attrs class with `field_transformer=check_fields`; its fields name their checks:
`field(metadata=checked_by(email))`.
"""

import json
import math
import re
from collections.abc import Callable, Iterable, KeysView, Mapping
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from functools import cache
from typing import Any, NoReturn, TypeVar
from urllib.parse import quote

import attrs

from calcom_core.errors import InvalidInput

T = TypeVar("T")

# JavaScript reads numbers as doubles; above this, two ids become one.
LARGEST_INTEGER = 2**53 - 1

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# Area/Location, or one of the old single names such as Japan.
# Not EST, MST, HST and offsets (UTC-05:00): they lack summer time, which callers overlook.
_TIME_ZONE = (
    r"[A-Za-z]+(?:/[A-Za-z0-9_+\-]+){1,2}|[A-Z][a-z]{3,}"
    r"|UTC|UCT|GMT[+-]?0?|CET|EET|MET|WET|(?:EST5E|CST6C|MST7M|PST8P)DT"
    r"|GB|GB-Eire|NZ|NZ-CHAT|PRC|ROC|ROK|W-SU"
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PHONE = r"p*\+p*[1-9](?:p*[0-9]){6,14}p*".replace("p", r"[ ().\-/]")


MISSING = object()
"""A placeholder for the value of an absent key."""


def found_type(value: object) -> str:
    """Describe the type of a Python or JSON value, for messages that must not show the value."""
    if value is MISSING:
        return "nothing"
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean"}
    names |= {int: "an integer", float: "a number with a fraction", type(None): "null"}
    return names.get(type(value), type(value).__name__)


def exact_str(value: str) -> str:
    """Convert a string of a subclass to exactly a `str` with the same text.

    `str()` would return the name of a member of `class Status(str, Enum)`: `Status.UPCOMING`.
    """
    return str.__str__(value)


def string(value: object, field: str) -> str:
    """Check that a value is a string that UTF-8 can encode; it may be empty."""
    if not isinstance(value, str):
        raise InvalidInput(field, f"must be a string, not {found_type(value)}")
    checked = value if type(value) is str else exact_str(value)
    try:
        checked.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(
            field, "contains half a surrogate pair, which is not valid text"
        ) from error
    return checked


def non_empty_string(value: object, field: str) -> str:
    """Check that a value is a string that is not empty."""
    checked = string(value, field)
    if not checked:
        raise InvalidInput(field, "is empty")
    return checked


def boolean(value: object, field: str) -> bool:
    """Check that a value is a boolean."""
    if not isinstance(value, bool):
        raise InvalidInput(field, f"must be True or False, not {found_type(value)}")
    return value


def bounded_int(least: int, most: int = LARGEST_INTEGER) -> Callable[[object, str], int]:
    """Return a check for an integer from *least* to *most*; an integral float is converted."""

    def check(value: object, field: str) -> int:
        if isinstance(value, float) and math.isfinite(value) and value.is_integer():
            value = float.__int__(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise InvalidInput(field, f"must be an integer, not {found_type(value)}")
        number = int.__int__(value)
        if not least <= number <= most:
            least_only = most == LARGEST_INTEGER and number < least
            bounds = f"at least {least}" if least_only else f"from {least} to {most}"
            raise InvalidInput(field, f"must be {bounds}")
        return number

    return check


positive_int = bounded_int(1)
"""Checks that a value is an integer of at least 1, such as an id."""

non_negative_int = bounded_int(0)
"""Checks that a value is an integer of at least 0."""


def seconds(most: int, *, may_be_zero: bool) -> Callable[[object, str], float]:
    """Return a check for a number of seconds, above 0 or from 0, and at most *most*."""
    bounds = f"from 0 to {most:,}" if may_be_zero else f"above 0 and at most {most:,}"

    def check(value: object, field: str) -> float:
        problem = f"must be a number of seconds, {bounds}"
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            remedy = "; pass its total_seconds()" if isinstance(value, timedelta) else ""
            raise InvalidInput(field, f"{problem}, not {found_type(value)}{remedy}")
        if not 0 <= value <= most or not (value or may_be_zero):
            raise InvalidInput(field, problem)
        return value

    return check


def utc_datetime(value: object, field: str) -> datetime:
    """Check an aware datetime, or an ISO 8601 string with an offset; return it in UTC."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(exact_str(value))
        except ValueError:  # from None, because its text repeats the value
            raise InvalidInput(
                field, "is not an ISO 8601 time such as 2027-04-05T09:00:00Z"
            ) from None
    if not isinstance(value, datetime):
        raise InvalidInput(
            field,
            f"must be an aware datetime or a string with an offset, not {found_type(value)}",
        )
    try:
        exact = value if type(value) is datetime else _exact_datetime(value)
        # A tzinfo may return None as its offset.
        if exact.utcoffset() is not None:
            return exact.astimezone(UTC)
    except OverflowError as error:
        raise InvalidInput(field, "is outside the years 1 to 9999 in UTC") from error
    except Exception as error:  # a subclass or a tzinfo may raise anything
        raise InvalidInput(
            field, "is not a valid time: its fields or the offset of its tzinfo cannot be read"
        ) from error
    raise InvalidInput(
        field, "is a naive time, which the server would read as UTC; add a time zone, or a Z"
    )


def _exact_datetime(value: datetime) -> datetime:
    """Convert an instance of a subclass, such as a pandas timestamp, to exactly a `datetime`."""
    value.utcoffset()  # pandas.NaT raises here
    day = (value.year, value.month, value.day)
    time = (value.hour, value.minute, value.second, value.microsecond)
    return datetime(*day, *time, tzinfo=value.tzinfo, fold=value.fold)


def date_or_datetime(value: object, field: str) -> date | datetime:
    """Check a date, or a string `YYYY-MM-DD`; check anything else as `utc_datetime` does."""
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(exact_str(value))
        except ValueError:  # from None, because its text repeats the value
            raise InvalidInput(field, "is not a date in the calendar") from None
    if isinstance(value, (str, datetime)):
        return utc_datetime(value, field)
    if not isinstance(value, date):
        raise InvalidInput(
            field,
            f"must be a date, an aware datetime, or a string of either, not {found_type(value)}",
        )
    if type(value) is date:
        return value
    try:
        return date(value.year, value.month, value.day)
    except Exception as error:  # a subclass may raise anything
        raise InvalidInput(field, "is not a valid date: its fields cannot be read") from error


def matching(pattern: str, problem: str) -> Callable[[object, str], str]:
    """Return a check for a non-empty string that matches a pattern as a whole."""
    matches = re.compile(pattern).fullmatch

    def check(value: object, field: str) -> str:
        text = non_empty_string(value, field)
        if not matches(text):
            raise InvalidInput(field, problem)
        return text

    return check


time_zone = matching(_TIME_ZONE, "must be an IANA time zone such as Europe/Rome or UTC")
"""Checks the form of an IANA name; only the server knows which zones exist."""

email = matching(r"[^@\s]+@[^@\s]+", "must be an e-mail address such as ann@example.com")
"""Checks that a string has the form of an e-mail address."""

listed_username = matching("[^,]+", "contains a comma, which separates usernames")
"""Checks a username for a list that the query joins with commas."""

phone = matching(_PHONE, "must be a phone number in international form such as +4915112345678")
"""Checks a phone number in international form, `+` and 7 to 15 digits, also punctuated."""


def one_of(*allowed: str) -> Callable[[object, str], str]:
    """Return a check for one of the *allowed* strings."""

    def check(value: object, field: str) -> str:
        word = exact_str(value) if isinstance(value, str) else ""
        if word not in allowed:
            words = ", ".join(allowed)
            raise InvalidInput(field, f"must be one of {words}{did_you_mean(word, allowed)}")
        return word

    return check


def list_of(
    check: Callable[[object, str], T], *, least: int = 0, most: int | None = None
) -> Callable[[object, str], tuple[T, ...]]:
    """Return a check for a list of *least* to *most* items; it refuses strings and mappings."""

    def check_list(value: object, field: str) -> tuple[T, ...]:
        if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
            raise InvalidInput(field, f"must be a list, not {found_type(value)}")
        checked = tuple([check(item, f"{field}[{index}]") for index, item in enumerate(value)])
        if len(checked) < least:
            raise InvalidInput(field, f"needs at least {least} item{'s' * (least > 1)}")
        if most is not None and len(checked) > most:
            raise InvalidInput(field, f"has {len(checked)} items; the server accepts {most}")
        return checked

    return check_list


_encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def json_object(value: object, field: str) -> dict[str, Any]:
    """Check that a mapping can be encoded as JSON; return a copy with the same keys."""
    if not isinstance(value, Mapping):
        raise InvalidInput(field, f"must be a mapping, not {found_type(value)}")
    if not all(isinstance(key, str) for key in value):
        raise InvalidInput(field, "has a key that is not a string")
    try:
        written = _encoder.encode(dict(value))
        written.encode()  # fails for half a surrogate pair
        copy: dict[str, Any] = json.loads(written)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(
            field,
            "contains a value that JSON cannot represent: NaN, infinity, half a surrogate pair, "
            "itself, or a Python object",
        ) from error
    return copy


def metadata(value: object, field: str) -> dict[str, str]:
    """Check metadata: at most 50 keys of at most 40 characters, and strings of at most 500.

    Lengths are in UTF-16 code units, as the server counts them.
    The server accepts other values at first, and then fails to create the booking.
    """
    checked = json_object(value, field)
    if len(checked) > 50:
        raise InvalidInput(field, f"has {len(checked)} keys; the server accepts 50")
    for key, item in checked.items():
        if _utf16_length(key) > 40:
            raise InvalidInput(field, "has a key longer than 40 characters")
        if not isinstance(item, str):
            raise InvalidInput(f"{field}[{key!r}]", f"must be a string, not {found_type(item)}")
        if _utf16_length(item) > 500:
            raise InvalidInput(f"{field}[{key!r}]", "is longer than 500 characters")
    return checked


def _utf16_length(value: str) -> int:
    # Counted without the UTF-16 codec, which Python would load from the disk.
    return len(value) + (0 if value.isascii() else sum(character > "\uffff" for character in value))


def path_segment(value: object, field: str, *, reserved: tuple[str, ...] = ()) -> str:
    """Check a path parameter, and percent-encode it as one segment."""
    # An empty segment, a dot or a reserved name would select another route.
    name = non_empty_string(value, field)
    if name in {".", ".."} or name in reserved:
        raise InvalidInput(field, f"must not be {name!r}, which selects another route")
    if len(name) > 512:
        raise InvalidInput(field, "is longer than 512 characters")
    if _CONTROL.search(name):
        raise InvalidInput(field, "contains a control character")
    return quote(name, safe="")


def did_you_mean(given: object, known: tuple[str, ...]) -> str:
    """Return a hint with the nearest known name, or "" if none is near."""
    if not isinstance(given, str):
        return ""
    snake = re.sub(r"(?<=[a-z0-9])([A-Z])", lambda match: f"_{match[1].lower()}", given[:80])
    near = get_close_matches(snake, known, n=1) or get_close_matches(given[:80], known, n=1)
    found = near or [name for name in known if given and given in name]
    return f"; did you mean {found[0]}?" if found else ""


def from_mapping(cls: type[T], value: object, field: str, *, also: tuple[str, ...] = ()) -> T:
    """Create an input from a mapping of its fields; return an instance unchanged.

    Raises `InvalidInput` for an unknown key, because dropping it would silently lose data.
    The message suggests the nearest known key, or one of *also*.
    """
    if isinstance(value, cls):
        return value
    if not isinstance(value, Mapping):
        raise InvalidInput(field, f"must be a mapping or {cls.__name__}, not {found_type(value)}")
    known, required = _field_names(cls)  # type: ignore[arg-type]  # a class is hashable
    if not value.keys() <= known:
        _refuse_unknown_key(cls, value, field, also)
    if not required <= value.keys():
        missing = next(name for name in known if name in required and name not in value)
        raise InvalidInput(f"{field}.{missing}", "is required")
    try:
        return cls(**value)
    except InvalidInput as error:
        raise InvalidInput(f"{field}.{error.field}", error.problem) from error


def instance_of(cls: type[T]) -> Callable[[object, str], T]:
    """Return a check for an instance of an input class, or a mapping of its fields."""
    return lambda value, field: from_mapping(cls, value, field)


@cache
def _field_names(cls: Any) -> tuple[KeysView[str], frozenset[str]]:
    """Return the names of all fields of an input, in order, and of its required fields."""
    fields = {field.name: field for field in attrs.fields(cls) if field.init}
    required = (name for name, field in fields.items() if field.default is attrs.NOTHING)
    return fields.keys(), frozenset(required)


def _refuse_unknown_key(
    cls: type[Any], value: Mapping[Any, Any], field: str, also: tuple[str, ...]
) -> NoReturn:
    known, _ = _field_names(cls)  # type: ignore[arg-type]
    key = next(key for key in value if key not in known)
    meant = did_you_mean(key, (*known, *also)) or f", which has {', '.join(known) or 'none'}"
    reason = getattr(cls, "REFUSED", {}).get(key)
    raise InvalidInput(
        f"{field}[{exact_str(key)!r}]" if isinstance(key, str) else f"{field}[{found_type(key)}]",
        reason or f"is not a key of {cls.__name__}{meant}",
    )


_CHECK = "calcom_core check"


def checked_by(check: Callable[[object, str], Any]) -> dict[str, Any]:
    """Return the attrs metadata that assigns *check* to a field."""
    return {_CHECK: check}


def optional(check: Callable[[object, str], Any], *, hash: bool | None = None) -> Any:
    """Return an optional field of an input, whose values *check* checks."""
    return attrs.field(default=None, metadata=checked_by(check), hash=hash)


def check_fields(cls: type, fields: list["attrs.Attribute[Any]"]) -> list["attrs.Attribute[Any]"]:
    """Make the check of each field its converter; pass this to attrs as `field_transformer`.

    A field whose default is None accepts None as "not given".
    """
    return [
        field.evolve(converter=_converter(field)) if _CHECK in field.metadata else field
        for field in fields
    ]


def _converter(field: "attrs.Attribute[Any]") -> Callable[[Any], Any]:
    check, name, may_be_none = field.metadata[_CHECK], field.name, field.default is None

    def convert(value: Any) -> Any:
        return None if value is None and may_be_none else check(value, name)

    # attrs copies the annotation to the signature of `__init__`.
    convert.__annotations__["value"] = field.type
    return convert
