"""Read models from JSON and write inputs to JSON, with hooks registered in cattrs.

Reading is lenient about keys and strict about types:

- A model keeps unknown keys in its `extra`.
- An absent or null key leaves its field at the default; a field without a default is required.
- A value of another type raises `UnexpectedValue`, which holds its JSON path.

The hooks are strict because cattrs alone would convert with `str()`: null would become "None".
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import cache
from math import isfinite
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import attrs
import cattrs

from calcom_core.checks import MISSING, found_type
from calcom_core.errors import InvalidInput

T = TypeVar("T")

UnixTime = Annotated[datetime, "seconds since 1970"]
"""A time that the API writes as a number of seconds; the model has an aware datetime in UTC."""

_JSON_KEY = "calcom_core JSON key"
_NOT_IN_JSON = "calcom_core not in JSON"


def json_key(key: str) -> dict[str, Any]:
    """Return the attrs metadata of a field whose JSON key is not its name in camelCase."""
    return {_JSON_KEY: key}


def not_in_json() -> dict[str, Any]:
    """Return the attrs metadata of a field that is not in the JSON; pass its value to `read`."""
    return {_NOT_IN_JSON: True}


def unknown_keys(*, repr: bool = True) -> Any:
    """Return the field `extra`, which holds the keys that a model does not know."""
    return attrs.field(factory=dict, hash=False, repr=repr)


def computed(function: Callable[[Any], Any]) -> Any:
    """Return a field whose default is computed from the model's other fields."""
    return attrs.field(default=attrs.Factory(function, takes_self=True))


class UnexpectedValue(Exception):
    """A JSON value has another type than expected; each level of nesting adds its step to *path*.

    *missing* holds other required keys that the same object lacks.
    """

    def __init__(self, expected: str, found: str, *path: str | int) -> None:
        super().__init__(expected, found)
        self.expected = expected
        self.found = found
        self.path: list[str | int] = list(path)
        self.missing: tuple[str, ...] = ()

    @property
    def json_path(self) -> str:
        """The path from the root of the response, such as `$.data.hosts[0].id`."""
        return _json_path(self.path)

    @property
    def also_missing(self) -> str:
        """The paths of the keys in *missing*, as the end of a message; empty without any."""
        paths = [_json_path([*self.path[:-1], key]) for key in self.missing]
        return f"; also missing: {', '.join(paths)}" if paths else ""


def _json_path(steps: list[str | int]) -> str:
    return "$" + "".join(
        f".{step}" if isinstance(step, str) and step.isidentifier() else f"[{step!r}]"
        for step in steps
    )


def camel_case(name: str) -> str:
    """Convert the name of a field to the API's: `event_type_id` becomes `eventTypeId`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def format_datetime(value: datetime) -> str:
    """Format a time as the API expects it: UTC with `Z`, milliseconds only if not zero."""
    spec = "milliseconds" if value.microsecond else "seconds"
    in_utc = value if value.tzinfo is UTC else value.astimezone(UTC)
    return in_utc.isoformat("T", spec).removesuffix("+00:00") + "Z"


def to_json(value: Any) -> Any:
    """Convert an input, or a value in one, to JSON: keys in camelCase, None omitted, times as text.

    Mappings in an input keep their keys, because the user chose them.
    """
    return _converter().unstructure(value)


_encoder = json.JSONEncoder(
    ensure_ascii=False,
    allow_nan=False,
    check_circular=False,  # a circular mapping raises RecursionError instead
    separators=(",", ":"),
)


def to_body(value: Any) -> bytes:
    """Convert an input to the bytes of a JSON body."""
    try:
        return _encoder.encode(to_json(value)).encode()
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidInput("data", "cannot be written as JSON") from error


def to_query(value: Any) -> tuple[tuple[str, str], ...]:
    """Convert an input to query parameters; commas join the items of a list."""
    return tuple((name, _query_value(item)) for name, item in to_json(value).items())


def _query_value(item: Any) -> str:
    return ",".join(map(str, item)) if isinstance(item, (list, tuple)) else str(item)


def read(cls: type[T], value: Any, **outside: Any) -> T:
    """Read a model from JSON.

    Args:
        cls: the model.
        value: the JSON.
        outside: the values of the fields that are not in the JSON, by name.

    Raises:
        UnexpectedValue: for a value of another type, and for a missing required key.
    """
    model: T = structure_hook(cls)(value, None, **outside)
    return model


def read_all(cls: type[T], value: Any) -> tuple[T, ...]:
    """Read a tuple of models from a JSON array; raises as `read` does."""
    models: tuple[T, ...] = _array_hook(structure_hook(cls))(value, None)
    return models


def structure_hook(cls: type[T]) -> Callable[..., T]:
    """Return the structure hook of *cls*, for reading many values; the second argument is unused.

    The hook raises `UnexpectedValue` as `read` does.
    """
    return _converter().get_structure_hook(cls)


_PLAIN = (str, int, bool)
"""The types whose values need no hook."""


# Created at the first use, because importing the core must stay cheap.
@cache
def _converter() -> cattrs.Converter:
    converter = cattrs.Converter()
    for type_, hook in _HOOKS.items():
        converter.register_structure_hook(type_, hook)
    converter.register_structure_hook_func(lambda type_: type_ == UnixTime, _unix_time_hook)
    converter.register_structure_hook_func(_is_generic(Mapping), _strict_hook("an object", dict))
    converter.register_structure_hook_factory(
        _is_generic(tuple),
        lambda type_: _array_hook(converter.get_structure_hook(get_args(type_)[0])),
    )
    converter.register_structure_hook_factory(attrs.has, _model_hook)
    converter.register_unstructure_hook(datetime, format_datetime)
    converter.register_unstructure_hook(date, date.isoformat)
    converter.register_unstructure_hook(dict, lambda mapping: mapping)
    converter.register_unstructure_hook_factory(attrs.has, lambda cls: _input_hook(cls, converter))
    return converter


def _is_generic(origin: type) -> Callable[[Any], bool]:
    return lambda type_: get_origin(type_) is origin


def _strict_hook(expected: str, type_: type) -> Callable[[Any, Any], Any]:
    def structure(value: Any, _: object) -> Any:
        if type(value) is type_:
            return value
        raise UnexpectedValue(expected, found_type(value))

    return structure


def _int_or_str_hook(value: Any, _: object) -> int | str:
    if type(value) not in (int, str):
        raise UnexpectedValue("an integer or a string", found_type(value))
    either: int | str = value
    return either


def _datetime_hook(value: Any, _: object) -> datetime:
    expected = "a time with its offset"
    if not isinstance(value, str):
        raise UnexpectedValue(expected, found_type(value))
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        raise UnexpectedValue(expected, "another string") from None
    if time.tzinfo is None:
        raise UnexpectedValue(expected, "another string")
    return time


def _unix_time_hook(value: Any, _: object) -> datetime:
    expected = "seconds since 1970"
    if type(value) is not int:
        raise UnexpectedValue(expected, found_type(value))
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        raise UnexpectedValue(expected, "a number of another size") from None


def _number_hook(value: Any, _: object) -> float:
    # JSON has one type of number: a float may be written as 30.
    if type(value) not in (int, float):
        raise UnexpectedValue("a number", found_type(value))
    number: float = value
    try:
        finite = isfinite(number)  # 1e999 is valid JSON, and infinite
    except OverflowError:  # an integer beyond the range of a double
        finite = False
    if not finite:
        raise UnexpectedValue("a finite number", "a larger one")
    return number


_HOOKS: dict[Any, Callable[[Any, Any], Any]] = {
    str: _strict_hook("a string", str),
    int: _strict_hook("an integer", int),
    bool: _strict_hook("a boolean", bool),
    float: _number_hook,
    int | str: _int_or_str_hook,
    datetime: _datetime_hook,
}


def _array_hook(hook: Callable[[Any, Any], Any]) -> Callable[[Any, Any], tuple[Any, ...]]:
    """Return the structure hook of a tuple; *hook* structures its items."""

    def structure(value: Any, _: object) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise UnexpectedValue("an array", found_type(value))
        items: list[Any] = []
        try:
            for item in value:
                items.append(hook(item, None))
        except UnexpectedValue as error:
            error.path.insert(0, len(items))
            raise
        return tuple(items)

    return structure


def _model_hook(cls: type[Any]) -> Callable[..., Any]:
    """Return the structure hook of a model, which also accepts fields that are not in the JSON.

    A field whose key is absent or null keeps its default.
    """
    # A loop over the JSON is faster than a function generated by cattrs, which would need a
    # wrapper around each field to add its key to the path of an error.
    rows: dict[str, tuple[str, object, Callable[[Any, Any], Any]]] = {}
    required: list[str] = []
    for field in attrs.fields(cls):
        if field.name != "extra" and _NOT_IN_JSON not in field.metadata:
            key, type_ = _key(field), _without_none(field.type)
            plain = type_ if type_ in _PLAIN else None
            rows[key] = field.name, plain, _converter().get_structure_hook(type_)
            if field.default is attrs.NOTHING:
                required.append(key)

    def structure(value: Any, _: object, **outside: Any) -> Any:
        if type(value) is not dict:
            raise UnexpectedValue("an object", found_type(value))
        fields, extra, key = outside, {}, ""
        try:
            for key in required:
                if value.get(key) is None:
                    rows[key][2](value.get(key, MISSING), None)
            for key, item in value.items():
                row = rows.get(key)
                if row is None:
                    extra[key] = item
                elif item is not None:
                    name, plain, hook = row
                    fields[name] = item if type(item) is plain else hook(item, None)
        except UnexpectedValue as error:
            if key in required and not error.path:
                error.missing = tuple([each for each in required if each not in {key, *value}])
            error.path.insert(0, key)
            raise
        if extra:
            fields["extra"] = extra
        return cls(**fields)

    return structure


def _key(field: "attrs.Attribute[Any]") -> str:
    return field.metadata.get(_JSON_KEY) or camel_case(field.name)


def _without_none(annotation: Any) -> Any:
    if get_origin(annotation) not in (UnionType, Union):
        return annotation
    kept = tuple(item for item in get_args(annotation) if item is not NoneType)
    return Union[kept]  # noqa: UP007 - of a tuple made at run time


def _input_hook(cls: type[Any], converter: cattrs.Converter) -> Callable[[Any], dict[str, Any]]:
    keys = [(field.name, camel_case(field.name)) for field in attrs.fields(cls)]

    def unstructure(value: Any) -> dict[str, Any]:
        return {
            key: item if type(item) in _PLAIN else converter.unstructure(item)
            for name, key in keys
            if (item := getattr(value, name)) is not None
        }

    return unstructure
