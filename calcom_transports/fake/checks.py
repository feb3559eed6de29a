"""Checks of the options and faults of the fake, beside those of `calcom_core.checks`.

Each returns the value, or raises `InvalidInput` with the field, the fault and its remedy.
"""

from collections.abc import Callable, Mapping
from math import inf
from typing import Any, Literal, get_args, get_origin

from attrs import Attribute, has

from calcom_core.checks import (
    boolean,
    bounded_int,
    check_fields,
    checked_by,
    did_you_mean,
    found_type,
    instance_of,
    list_of,
    non_empty_string,
    one_of,
    positive_int,
    string,
)
from calcom_core.errors import InvalidInput
from calcom_core.routes import ROUTES

_weekday = bounded_int(0, 6)
_minutes = list_of(bounded_int(0, 24 * 60), least=2, most=2)


def check_by_type(cls: type, fields: list["Attribute[Any]"]) -> list["Attribute[Any]"]:
    """Check a field that names no check by its type; pass this as `field_transformer`."""
    typed = [
        item if item.metadata else item.evolve(metadata=checked_by(_check_of(item.type)))
        for item in fields
    ]
    return check_fields(cls, typed)


def _check_of(kind: Any) -> Callable[[object, str], Any]:
    """Return the check of a type; that of an optional one leaves None to attrs."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is tuple:
        return list_of(_check_of(inner[0]))
    if origin is Literal:
        return one_of(*inner)
    if inner:
        return _check_of(inner[0])
    return instance_of(kind) if has(kind) else _CHECKS[kind]


_CHECKS: Mapping[type, Callable[[object, str], Any]] = {
    int: positive_int,
    str: string,
    bool: boolean,
}

error_status = bounded_int(400, 599)
"""Checks that a value is the HTTP status of an error."""


def operation_name(value: object, field: str) -> str:
    """Check that a value is the name of an operation, such as bookings.create."""
    if not isinstance(value, str):
        found = found_type(value)
        raise InvalidInput(field, f"must be a name such as 'bookings.create', not {found}")
    if value not in ROUTES:
        hint = did_you_mean(value, tuple(ROUTES)) or "; leave it out for a fault of every request"
        raise InvalidInput(field, f"is not the name of an operation{hint}")
    return value


def seconds(value: object, field: str) -> float:
    """Check that a value is a finite number of seconds, at least 0."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InvalidInput(field, f"must be a number of seconds, not {found_type(value)}")
    if not 0 <= value < inf:
        raise InvalidInput(field, "must be finite, and at least 0 seconds")
    return value


def positive_seconds(value: object, field: str) -> float:
    """Check that a value is a finite number of seconds above 0."""
    number = seconds(value, field)
    if not number:
        raise InvalidInput(field, "must be above 0 seconds")
    return number


def api_key(value: object, field: str) -> str:
    """Check that a value is an API key, as the server tells keys from access tokens."""
    key = non_empty_string(value, field)
    if not key.startswith("cal_"):
        raise InvalidInput(field, "must begin with cal_, as the API keys of Cal.com do")
    return key


def hours(value: object, field: str) -> dict[int, tuple[int, ...]]:
    """Check the hours of availability: minutes from and to, by weekday from 0, Monday."""
    if not isinstance(value, Mapping):
        raise InvalidInput(
            field, f"must be a mapping such as {{0: (540, 1020)}}, not {found_type(value)}"
        )
    items: Mapping[Any, Any] = value
    return {_weekday(day, field): _minutes(pair, f"{field}[{day}]") for day, pair in items.items()}
