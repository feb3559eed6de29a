"""What a field of an input may hold: a check returns the value to send or raises `InvalidInput`.

Refused is only what the server certainly refuses, would silently misread,
or what would escape the URL; when in doubt, a value is sent.
No message repeats the value, which may be personal data.
"""

import json
import math
import re
from collections.abc import Callable, Iterable, KeysView, Mapping
from datetime import UTC, date, datetime
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
# Not EST, MST, HST and offsets (UTC-05:00), which mean another hour than most think in summer.
_TIME_ZONE = re.compile(
    r"[A-Za-z]+(?:/[A-Za-z0-9_+\-]+){1,2}|[A-Z][a-z]{3,}"
    r"|UTC|UCT|GMT[+-]?0?|CET|EET|MET|WET|(?:EST5E|CST6C|MST7M|PST8P)DT"
    r"|GB|GB-Eire|NZ|NZ-CHAT|PRC|ROC|ROK|W-SU"
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_PHONE_PUNCTUATION = re.compile(r"[ ().\-/]")


def kind(value: object) -> str:
    """Return the kind of a Python or JSON value, for messages that must not show the value."""
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean"}
    names |= {int: "an integer", float: "a number with a fraction", type(None): "null"}
    return names.get(type(value), type(value).__name__)


def exact_str(value: str) -> str:
    """Return the text of a string as exactly a `str`, whatever its class makes of `str()`.

    `str()` of a member of a `class Status(str, Enum)` is its name, such as `Status.UPCOMING`.
    """
    return str.__str__(value)


def text(value: object, field: str) -> str:
    """Check a string that names something, so that it is not empty."""
    checked = prose(value, field)
    if not checked:
        raise InvalidInput(field, "is empty")
    return checked


def prose(value: object, field: str) -> str:
    """Check a string of any length, the empty one included, that can be encoded."""
    if not isinstance(value, str):
        raise InvalidInput(field, f"must be a string, not {kind(value)}")
    checked = exact_str(value)
    try:
        checked.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(field, "holds half a surrogate pair, which is no text") from error
    return checked


def flag(value: object, field: str) -> bool:
    """Check a boolean."""
    if not isinstance(value, bool):
        raise InvalidInput(field, f"must be True or False, not {kind(value)}")
    return value


def integer_from(least: int, most: int = LARGEST_INTEGER) -> Callable[[object, str], int]:
    """Return a check for an integer within bounds; an integral float such as `123.0` counts."""

    def check(value: object, field: str) -> int:
        if isinstance(value, float) and math.isfinite(value) and value.is_integer():
            value = float.__int__(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise InvalidInput(field, f"must be an integer, not {kind(value)}")
        number = int.__int__(value)
        if not least <= number <= most:
            least_only = most == LARGEST_INTEGER and number < least
            bounds = f"at least {least}" if least_only else f"from {least} to {most}"
            raise InvalidInput(field, f"must be {bounds}")
        return number

    return check


integer = integer_from(1)
"""Checks an integer of at least 1, such as an id."""

natural = integer_from(0)
"""Checks an integer of at least 0."""


def moment(value: object, field: str) -> datetime:
    """Check an aware datetime, or a string of ISO 8601 with an offset; return it in UTC."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(exact_str(value))
        except ValueError:  # whose text repeats the value
            raise InvalidInput(
                field, "is not a time of ISO 8601 such as 2027-04-05T09:00:00Z"
            ) from None
    if not isinstance(value, datetime):
        raise InvalidInput(
            field, f"must be a datetime with a zone, or a string with an offset, not {kind(value)}"
        )
    try:
        exact = value if type(value) is datetime else _exact_datetime(value)
        # A tzinfo may be there and still not know its offset.
        if exact.utcoffset() is not None:
            return exact.astimezone(UTC)
    except OverflowError as error:
        raise InvalidInput(field, "is outside the years 1 to 9999 in UTC") from error
    except Exception as error:  # a subclass or a tzinfo may raise anything
        raise InvalidInput(
            field, "is not a time: its fields, or the offset of its tzinfo, cannot be read"
        ) from error
    raise InvalidInput(field, "is a naive time, which would be read as UTC; give it a zone, or a Z")


def _exact_datetime(value: datetime) -> datetime:
    """Return a datetime of a subclass, such as a timestamp of pandas, as exactly a datetime."""
    value.utcoffset()  # pandas.NaT raises here
    day = (value.year, value.month, value.day)
    time = (value.hour, value.minute, value.second, value.microsecond)
    return datetime(*day, *time, tzinfo=value.tzinfo, fold=value.fold)


def day_or_moment(value: object, field: str) -> date | datetime:
    """Check a date, as a value or as `YYYY-MM-DD`, or what `moment` takes."""
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(exact_str(value))
        except ValueError:  # whose text repeats the value
            raise InvalidInput(field, "is not a date of the calendar") from None
    if isinstance(value, (str, datetime)):
        return moment(value, field)
    if not isinstance(value, date):
        raise InvalidInput(
            field, f"must be a date, a datetime with a zone, or a string of one, not {kind(value)}"
        )
    if type(value) is date:
        return value
    try:
        return date(value.year, value.month, value.day)
    except Exception as error:  # a subclass may raise anything
        raise InvalidInput(field, "is not a date: its fields cannot be read") from error


def time_zone(value: object, field: str) -> str:
    """Check the form of an IANA name; whether the zone exists, the server knows."""
    name = text(value, field)
    if not _TIME_ZONE.fullmatch(name):
        raise InvalidInput(
            field, "has not the form of an IANA time zone such as Europe/Rome or UTC"
        )
    return name


def email(value: object, field: str) -> str:
    """Check that a string has the form of an e-mail address."""
    address = text(value, field)
    if not _EMAIL.fullmatch(address):
        raise InvalidInput(field, "has not the form of an e-mail address")
    return address


def listed_username(value: object, field: str) -> str:
    """Check a username that is sent in a list, which commas separate."""
    name = text(value, field)
    if "," in name:
        raise InvalidInput(field, "holds a comma, which would make it two")
    return name


def phone(value: object, field: str) -> str:
    """Check the international form, `+` and 7 to 15 digits; it is sent as given."""
    number = text(value, field)
    if not _PHONE.fullmatch(number) and not _PHONE.fullmatch(_PHONE_PUNCTUATION.sub("", number)):
        raise InvalidInput(
            field, "is not a phone number in international form such as +4915112345678"
        )
    return number


def one_of(*allowed: str) -> Callable[[object, str], str]:
    """Return a check for one of a few words."""

    def check(value: object, field: str) -> str:
        word = exact_str(value) if isinstance(value, str) else ""
        if word not in allowed:
            words = ", ".join(allowed)
            raise InvalidInput(field, f"must be one of {words}{nearest(word, allowed)}")
        return word

    return check


def each(
    check: Callable[[object, str], T], *, least: int = 0, most: int | None = None
) -> Callable[[object, str], tuple[T, ...]]:
    """Return a check for *least* to *most* items; a string or a mapping is no list of them."""

    def check_each(value: object, field: str) -> tuple[T, ...]:
        if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
            raise InvalidInput(field, f"must be a list, not {kind(value)}")
        checked = tuple([check(item, f"{field}[{index}]") for index, item in enumerate(value)])
        if len(checked) < least:
            raise InvalidInput(field, f"needs at least {least} item{'s' * (least > 1)}")
        if most is not None and len(checked) > most:
            raise InvalidInput(field, f"has {len(checked)} items; the server takes {most}")
        return checked

    return check_each


_encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def free_json(value: object, field: str) -> dict[str, Any]:
    """Check a mapping of any JSON; return a copy whose keys are untouched."""
    if not isinstance(value, Mapping):
        raise InvalidInput(field, f"must be a mapping, not {kind(value)}")
    if not all(isinstance(key, str) for key in value):
        raise InvalidInput(field, "has a key that is not a string")
    try:
        written = _encoder.encode(dict(value))
        written.encode()  # which half a surrogate pair cannot be
        copy: dict[str, Any] = json.loads(written)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(
            field,
            "holds what JSON cannot: NaN, an infinite number, half a surrogate pair, "
            "itself, or a Python object",
        ) from error
    return copy


def metadata(value: object, field: str) -> dict[str, str]:
    """Check metadata: at most 50 keys of at most 40 characters, strings of at most 500.

    Lengths are counted as the server counts them, in UTF-16 code units;
    other values pass its first check and spoil the whole booking later.
    """
    checked = free_json(value, field)
    if len(checked) > 50:
        raise InvalidInput(field, f"has {len(checked)} keys; the server takes 50")
    for key, item in checked.items():
        if _utf16_length(key) > 40:
            raise InvalidInput(field, "has a key longer than 40 characters")
        if not isinstance(item, str):
            raise InvalidInput(f"{field}[{key!r}]", f"must be a string, not {kind(item)}")
        if _utf16_length(item) > 500:
            raise InvalidInput(f"{field}[{key!r}]", "is longer than 500 characters")
    return checked


def _utf16_length(value: str) -> int:
    # Not by encoding: the first use of that codec reads it from the disk.
    return len(value) + (0 if value.isascii() else sum(each > "\uffff" for each in value))


def segment(value: object, field: str, *, reserved: tuple[str, ...] = ()) -> str:
    """Check a path parameter and return it percent-encoded as one segment."""
    # An empty one is the list's route, and `by-seat` another's.
    name = text(value, field)
    if name in {".", ".."} or name in reserved:
        raise InvalidInput(field, f"must not be {name!r}, which names another route")
    if len(name) > 512:
        raise InvalidInput(field, "is longer than 512 characters")
    if _CONTROL.search(name):
        raise InvalidInput(field, "holds a control character")
    return quote(name, safe="")


def nearest(given: object, known: tuple[str, ...]) -> str:
    """Return the question whether the nearest known name was meant, or nothing."""
    if not isinstance(given, str):
        return ""
    snake = re.sub(r"(?<=[a-z0-9])([A-Z])", lambda match: f"_{match[1].lower()}", given[:80])
    near = get_close_matches(snake, known, n=1) or get_close_matches(given[:80], known, n=1)
    found = near or [name for name in known if given and given in name]
    return f"; did you mean {found[0]}?" if found else ""


def build(cls: type[T], value: object, field: str, *, also: tuple[str, ...] = ()) -> T:
    """Make an input from a mapping of its fields, or take one that is made.

    An unknown key is refused with the nearest known one, or the nearest of *also*,
    since a dropped key is a dropped wish.
    """
    if isinstance(value, cls):
        return value
    if not isinstance(value, Mapping):
        raise InvalidInput(field, f"must be a mapping or {cls.__name__}, not {kind(value)}")
    known, required = _names_of(cls)  # type: ignore[arg-type]  # a class is hashable
    if not value.keys() <= known:
        _refuse_unknown(cls, value, field, also)
    if not required <= value.keys():
        missing = next(name for name in known if name in required and name not in value)
        raise InvalidInput(f"{field}.{missing}", "is required")
    try:
        return cls(**value)
    except InvalidInput as error:
        raise InvalidInput(f"{field}.{error.field}", error.problem) from error


@cache
def _names_of(cls: Any) -> tuple[KeysView[str], frozenset[str]]:
    """Return the fields of an input, in order, and those that must be given."""
    fields = {field.name: field for field in attrs.fields(cls) if field.init}
    must = (name for name, field in fields.items() if field.default is attrs.NOTHING)
    return fields.keys(), frozenset(must)


def _refuse_unknown(
    cls: type[Any], value: Mapping[Any, Any], field: str, also: tuple[str, ...]
) -> NoReturn:
    known, _ = _names_of(cls)  # type: ignore[arg-type]
    key = next(key for key in value if key not in known)
    meant = nearest(key, (*known, *also)) or f", which has {', '.join(known) or 'none'}"
    reason = getattr(cls, "REFUSED", {}).get(key)
    raise InvalidInput(
        f"{field}[{exact_str(key)!r}]" if isinstance(key, str) else f"{field}[{kind(key)}]",
        reason or f"is no key of {cls.__name__}{meant}",
    )


_CHECK = "calcom_core check"


def by(check: Callable[[object, str], Any]) -> dict[str, Any]:
    """Return the metadata of a field of an input, whose values *check* checks."""
    return {_CHECK: check}


def check_fields(cls: type, fields: list["attrs.Attribute[Any]"]) -> list["attrs.Attribute[Any]"]:
    """Convert each field of an input by the check in its metadata: a `field_transformer` of attrs.

    A field whose default is None takes None as "not given".
    """
    return [
        field.evolve(converter=_converter(field)) if _CHECK in field.metadata else field
        for field in fields
    ]


def _converter(field: "attrs.Attribute[Any]") -> Callable[[Any], Any]:
    check, name, optional = field.metadata[_CHECK], field.name, field.default is None

    def convert(value: Any) -> Any:
        return None if value is None and optional else check(value, name)

    # attrs shows it in the signature of the input.
    convert.__annotations__["value"] = field.type
    return convert


API_KEY = "calcom_core key"
GIVEN = "calcom_core given"


def under(key: str) -> dict[str, Any]:
    """Return the metadata of a field whose key in the API is not its name in camel case."""
    return {API_KEY: key}


def given() -> dict[str, Any]:
    """Return the metadata of a field that is not in the JSON, but given beside it."""
    return {GIVEN: True}


def unknown_keys(*, repr: bool = True) -> Any:
    """Return the field in which a model keeps the keys that it does not know."""
    return attrs.field(factory=dict, hash=False, repr=repr)
