"""JSON to models and models to JSON; the only place that knows cattrs.

Reading is forgiving about additions and about keys that are missing, and strict about types.
cattrs calls `str()` and `int()` on primitives, so that null would become "None"; therefore a reader
is generated for each class that checks types inline, keeps unknown keys in `extra`, and names the
JSON path of what is odd.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import cache
from math import isfinite
from types import NoneType, UnionType
from typing import Any, NoReturn, TypeVar, Union, get_args, get_origin

import attrs
import cattrs

from calcom_core.errors import InvalidInput
from calcom_core.model.conferencing import UnixTime
from calcom_core.model.fields import API_KEY, GIVEN, kind

T = TypeVar("T")


class NotJson(Exception):
    """A body that is no JSON; the message says why, without the body."""


class Odd(Exception):
    """A JSON value of another kind than its place wants; *path* grows as the error rises.

    *missing* holds the other required keys that the same object lacks.
    """

    def __init__(
        self, expected: str, found: str, *path: str | int, missing: tuple[str, ...] = ()
    ) -> None:
        super().__init__(expected, found)
        self.expected = expected
        self.found = found
        self.path: list[str | int] = list(path)
        self.missing = missing

    @property
    def json_path(self) -> str:
        """The path from the root of the answer, such as `$.data.hosts[0].id`."""
        return _json_path(self.path)

    @property
    def also_missing(self) -> str:
        """The paths of the keys in *missing* as a part of a message; empty without any."""
        paths = [_json_path([*self.path[:-1], key]) for key in self.missing]
        return f"; also missing: {', '.join(paths)}" if paths else ""


def _json_path(steps: list[str | int]) -> str:
    return "$" + "".join(
        f".{step}" if isinstance(step, str) and step.isidentifier() else f"[{step!r}]"
        for step in steps
    )


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


_decoder = json.JSONDecoder(parse_constant=_no_constant)


def parse(body: bytes) -> Any:
    """Parse JSON in UTF-8, UTF-16 or UTF-32, with or without a byte order mark.

    Raises `NotJson` and nothing else, whatever the bytes.
    """
    try:
        return _decoder.decode(_decoded(body))
    # From None: the causes hold the body, which may repeat a token.
    except RecursionError:
        raise NotJson("JSON that is nested too deeply") from None
    except ValueError:  # malformed, NaN, or an integer of thousands of digits
        raise NotJson(_instead_of_json(body)) from None


def _instead_of_json(body: bytes) -> str:
    try:
        body.decode()
    except UnicodeDecodeError:
        return "bytes that are not UTF-8"
    return "text that is not JSON" if body.strip() else "nothing"


# Python has the codecs that know a mark built in, and imports the others at their first use.
_MARKS = {
    "utf-16-be": b"\xfe\xff",
    "utf-16-le": b"\xff\xfe",
    "utf-32-be": b"\x00\x00\xfe\xff",
    "utf-32-le": b"\xff\xfe\x00\x00",
}


def _decoded(body: bytes) -> str:
    """Decode JSON by how it begins (RFC 4627, 3); raises `UnicodeDecodeError`."""
    encoding = json.detect_encoding(body)
    if encoding.startswith("utf-8"):
        return body.decode().removeprefix("\ufeff")
    return (_MARKS.get(encoding, b"") + body).decode(encoding[:6])


def in_utf_8(body: bytes) -> bytes:
    """Return a body of the encodings that `parse` reads in UTF-8, where credentials are found.

    A body in UTF-8, and one that cannot be decoded, stays as it is.
    """
    if json.detect_encoding(body) == "utf-8":
        return body
    try:
        return _decoded(body).encode()
    except UnicodeError:
        return body


def is_as_deep_as(levels: int, tree: Any) -> bool:
    """Tell whether JSON has something within that many arrays and objects."""
    level = [tree]
    for _ in range(levels):
        level = [
            item
            for value in level
            if isinstance(value, (dict, list))
            for item in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return False
    return True


def without_depth(levels: int, tree: Any, text: Callable[[str], str]) -> Any:
    """Return a copy of JSON with *text* of each string, and null for what lies too deep to pickle.

    Arguments:
        levels: how many arrays and objects may lie in each other.
        tree: the JSON.
        text: makes the new string, of keys as of values.
    """
    if isinstance(tree, str):
        return text(tree)
    if not isinstance(tree, (dict, list)):
        return tree
    if levels == 0:
        return None
    if isinstance(tree, list):
        return [without_depth(levels - 1, item, text) for item in tree]
    return {text(key): without_depth(levels - 1, item, text) for key, item in tree.items()}


def camel(name: str) -> str:
    """Return the API's name of a field: `event_type_id` is `eventTypeId`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def instant(value: datetime) -> str:
    """Return a time as the API takes it: UTC with `Z`, milliseconds only where there are any."""
    spec = "milliseconds" if value.microsecond else "seconds"
    in_utc = value if value.tzinfo is UTC else value.astimezone(UTC)
    return in_utc.isoformat("T", spec).removesuffix("+00:00") + "Z"


def to_json(value: Any) -> Any:
    """Return an input, or a part of one, as JSON: keys in camelCase, None left out, times as text.

    Mappings in an input are the user's own, and keep their keys.
    """
    return _converter().unstructure(value)


_encoder = json.JSONEncoder(
    ensure_ascii=False,
    allow_nan=False,
    check_circular=False,  # a mapping that holds itself is nested too deeply
    separators=(",", ":"),
)


def to_body(value: Any) -> bytes:
    """Return an input as the bytes of a JSON body; mappings in it keep their keys."""
    try:
        return _encoder.encode(to_json(value)).encode()
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidInput("data", "cannot be written as JSON") from error


def to_query(value: Any) -> tuple[tuple[str, str], ...]:
    """Return an input as query parameters; several values of one are joined by commas."""
    return tuple((name, _in_query(item)) for name, item in to_json(value).items())


def _in_query(item: Any) -> str:
    return ",".join(map(str, item)) if isinstance(item, (list, tuple)) else str(item)


def read(cls: type[T], value: Any, **given: Any) -> T:
    """Return a model made from JSON; raises `Odd` where a value has another type.

    Arguments:
        cls: the model.
        value: the JSON.
        given: the fields that are not in the JSON, by their names.
    """
    return cls(**_field_reader(cls)(value), **given)  # type: ignore[arg-type]  # is hashable


def read_all(cls: type[T], value: Any) -> tuple[T, ...]:
    """Return a tuple of models made from a JSON array; raises `Odd` as `read` does."""
    models: tuple[T, ...] = _array_hook(reader_of(cls))(value, None)
    return models


def reader_of(cls: type[T]) -> Callable[[Any, Any], T]:
    """Return the structure hook of *cls*, for reading many values; the second argument is unused.

    It raises `Odd` as `read` does.
    """
    return _converter().get_structure_hook(cls)


# Made at the first use: a program that only imports the core does not pay for it.
@cache
def _converter() -> cattrs.Converter:
    converter = cattrs.Converter()
    for type_, hook in _HOOKS.items():
        converter.register_structure_hook(type_, hook)
    converter.register_structure_hook_func(lambda type_: type_ == UnixTime, _unix_time_hook)
    converter.register_structure_hook_func(_is_mapping, _expecting("an object", dict))
    converter.register_structure_hook_factory(
        _is_tuple,
        lambda type_: _array_hook(converter.get_structure_hook(get_args(type_)[0])),
    )
    converter.register_structure_hook_factory(attrs.has, _model_hook)
    converter.register_unstructure_hook(datetime, instant)
    converter.register_unstructure_hook(date, date.isoformat)
    converter.register_unstructure_hook(dict, lambda mapping: mapping)
    converter.register_unstructure_hook_factory(attrs.has, lambda cls: _input_hook(cls, converter))
    return converter


MISSING = object()
"""Stands for a key that is not there, which is reported as nothing."""


def kind_found(value: object) -> str:
    """Return the type of a value that JSON holds somewhere, for a message."""
    return "nothing" if value is MISSING else kind(value)


# cattrs converts primitives with `str()` and `int()`, so that null would become "None".
# These hooks refuse a value of another type.
def _expecting(expected: str, *types: type) -> Callable[[Any, Any], Any]:
    def structure(value: Any, _: object) -> Any:
        if type(value) not in types:
            raise Odd(expected, kind_found(value))
        return value

    return structure


def _datetime_hook(value: Any, _: object) -> datetime:
    expected = "a time with its offset"
    if not isinstance(value, str):
        raise Odd(expected, kind_found(value))
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        raise Odd(expected, "another string") from None
    if time.tzinfo is None:
        raise Odd(expected, "another string")
    return time


def _unix_time_hook(value: Any, _: object) -> datetime:
    expected = "seconds since 1970"
    if type(value) is not int:
        raise Odd(expected, kind_found(value))
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        raise Odd(expected, "a number of another size") from None


def _number_hook(value: Any, _: object) -> float:
    # JSON has one type of number, so that a float may be written as 30.
    if type(value) not in (int, float):
        raise Odd("a number", kind_found(value))
    try:
        finite = isfinite(value)  # 1e999 is valid JSON, and infinite
    except OverflowError:  # an integer that no double holds
        finite = False
    if not finite:
        raise Odd("a finite number", "a larger one")
    number: float = value
    return number


_HOOKS: dict[Any, Callable[[Any, Any], Any]] = {
    str: _expecting("a string", str),
    int: _expecting("an integer", int),
    bool: _expecting("a boolean", bool),
    float: _number_hook,
    int | str: _expecting("an integer or a string", int, str),
    datetime: _datetime_hook,
}


def _is_mapping(type_: Any) -> bool:
    return get_origin(type_) is Mapping


def _is_tuple(type_: Any) -> bool:
    return get_origin(type_) is tuple


def _array_hook(hook: Callable[[Any, Any], Any]) -> Callable[[Any, Any], tuple[Any, ...]]:
    """Return the structure hook of a tuple, whose items *hook* structures."""

    def structure(value: Any, _: object) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise Odd("an array", kind_found(value))
        items: list[Any] = []
        try:
            for item in value:
                items.append(hook(item, None))
        except Odd as error:
            error.path.insert(0, len(items))
            raise
        return tuple(items)

    return structure


def _model_hook(cls: type[Any]) -> Callable[[Any, Any], Any]:
    """Return the structure hook of a model."""
    read_fields = _field_reader(cls)  # type: ignore[arg-type]  # is hashable
    return lambda value, _: cls(**read_fields(value))


@cache
def _field_reader(cls: type[Any]) -> Callable[[Any], dict[str, Any]]:
    """Return a function that reads the fields of a model from a JSON object.

    A field without a default must be there.
    A key that is absent, or null, is left out, so that its field has its default.
    """
    rows = [
        # An optional key that is absent counts as null.
        (_key(field), field.name, MISSING if field.default is attrs.NOTHING else None, _hook(field))
        for field in attrs.fields(cls)
        if field.name != "extra" and GIVEN not in field.metadata
    ]
    known = frozenset(key for key, *_ in rows)
    required = [key for key, _, absent, _ in rows if absent is MISSING]

    def read_fields(value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise Odd("an object", kind_found(value))
        fields: dict[str, Any] = {}
        get = value.get
        try:
            for key, name, absent, hook in rows:
                item = get(key, absent)
                if item is not None or absent is MISSING:
                    fields[name] = hook(item, None)
        except Odd as error:
            if not error.path and key in required:
                error.missing = tuple(
                    other for other in required if other != key and other not in value
                )
            error.path.insert(0, key)
            raise
        if not value.keys() <= known:
            fields["extra"] = {key: value[key] for key in value if key not in known}
        return fields

    return read_fields


def _hook(field: "attrs.Attribute[Any]") -> Callable[[Any, Any], Any]:
    return _converter().get_structure_hook(_without_none(field.type))


def _key(field: "attrs.Attribute[Any]") -> str:
    return field.metadata.get(API_KEY) or camel(field.name)


def _input_hook(cls: type[Any], converter: cattrs.Converter) -> Callable[[Any], dict[str, Any]]:
    """Return the unstructure hook of an input: keys in camelCase, fields that are None left out."""
    keys = [(field.name, camel(field.name)) for field in attrs.fields(cls)]

    def unstructure(value: Any) -> dict[str, Any]:
        items = [(key, getattr(value, name)) for name, key in keys]
        return {key: converter.unstructure(item) for key, item in items if item is not None}

    return unstructure


def _without_none(annotation: Any) -> Any:
    if get_origin(annotation) not in (UnionType, Union):
        return annotation
    kept = tuple(item for item in get_args(annotation) if item is not NoneType)
    return Union[kept]  # noqa: UP007 - of a tuple made at run time
