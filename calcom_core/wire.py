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
from operator import methodcaller
from types import NoneType, UnionType
from typing import Any, NoReturn, TypeVar, Union, get_args, get_origin

import attrs
import cattrs

from calcom_core.errors import InvalidInput
from calcom_core.model.conferencing import UnixTime
from calcom_core.model.fields import API_KEY, GIVEN, generated, kind

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
    """Return a value that JSON has no kind for as one of those that it has.

    An input becomes an object without the fields that were not given; what is in them stays.
    """
    return _writer_of(type(value))(value)  # type: ignore[arg-type]  # a class is hashable


@cache
def _writer_of(cls: Any) -> Callable[[Any], Any]:
    if issubclass(cls, datetime):
        return instant
    if issubclass(cls, date):
        return methodcaller("isoformat")
    lines = ["def write(value):", "    json = {}"]
    for field in attrs.fields(cls):
        lines += [
            f"    item = value.{field.name}",
            f"    if item is not None: json[{camel(field.name)!r}] = item",
        ]
    return generated("write", [*lines, "    return json"], {})


# Mappings are the user's own, and keep their keys.
_encoder = json.JSONEncoder(
    ensure_ascii=False,
    allow_nan=False,
    check_circular=False,  # which takes time; what holds itself is nested too deeply
    separators=(",", ":"),
    default=to_json,
)


def to_body(value: Any) -> bytes:
    """Return an input as the bytes of a JSON body; mappings in it keep their keys."""
    try:
        return _encoder.encode(value).encode()
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidInput("data", "cannot be written as JSON") from error


def to_query(value: Any) -> tuple[tuple[str, str], ...]:
    """Return an input as query parameters; several values of one are joined by commas."""
    return tuple((name, _in_query(item)) for name, item in to_json(value).items())


def _in_query(item: Any) -> str:
    if isinstance(item, tuple):
        return ",".join(map(_in_query, item))
    return str(to_json(item) if isinstance(item, date) else item)


def read(cls: type[T], value: Any, **given: Any) -> T:
    """Make a model from JSON; raises `Odd` where a value is of another kind.

    Arguments:
        cls: the model.
        value: the JSON; an object if fields are given beside it.
        given: the fields that are not in the JSON, by their names.
    """
    if given:
        # JSON's keys are strings, so that these cannot be among them.
        value = {**value, **{(name,): field for name, field in given.items()}}
    return reader_of(cls)(value, None)


def read_all(cls: type[T], value: Any) -> tuple[T, ...]:
    """Make a tuple of models from a JSON array; raises `Odd` as `read` does."""
    if not isinstance(value, list):
        raise Odd("an array", kind_found(value))
    read_item = reader_of(cls)
    try:
        return tuple([read_item(item, None) for item in value])
    except Odd:
        _astray(value, read_item)


def reader_of(cls: type[T]) -> Callable[[Any, Any], T]:
    """Return what `read` calls, for who reads many; its second argument is not looked at."""
    return _converter().get_structure_hook(cls)


# Made at the first use: generating readers at import would tax those who never read.
@cache
def _converter() -> cattrs.Converter:
    converter = cattrs.Converter()
    converter.register_structure_hook(str, _string)
    converter.register_structure_hook(int, _integer)
    converter.register_structure_hook_factory(
        attrs.has, lambda cls: _reader(cls, converter.get_structure_hook)
    )
    return converter


MISSING = object()
"""Stands for a key that is not there, which is reported as nothing."""


def kind_found(value: object) -> str:
    """Return the kind of what was found at a place."""
    return "nothing" if value is MISSING else kind(value)


def _unix_time(seconds: int) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        raise Odd("seconds since 1970", "a number of another size") from None


def _finite(number: float) -> float:
    try:
        finite = isfinite(number)  # which 1e999 is not, though JSON allows it
    except OverflowError:  # an integer that no double holds
        finite = False
    if not finite:
        raise Odd("a finite number", "a larger one")
    return number


def _astray(values: list[Any], read_item: Callable[[Any, Any], Any], *steps: str) -> NoReturn:
    # Found again with its index, so that the usual way need not count.
    for index, value in enumerate(values):
        try:
            read_item(value, None)
        except Odd as odd:
            odd.path[:0] = [*steps, index]
            raise
    raise AssertionError  # pragma: no cover - a reader answers the same twice


def _string(value: Any, _: object) -> str:
    if value.__class__ is not str:
        raise Odd("a string", kind(value))
    return str(value)


def _integer(value: Any, _: object) -> int:
    if value.__class__ is not int:
        raise Odd("an integer", kind(value))
    return int(value)


# JSON's kinds for Python's types; JSON has one kind of number, so a float may be written as 30.
_KINDS: dict[Any, tuple[tuple[str, ...], str]] = {
    str: (("str",), "a string"),
    int: (("int",), "an integer"),
    bool: (("bool",), "a boolean"),
    float: (("int", "float"), "a number"),
    int | str: (("int", "str"), "an integer or a string"),
    datetime: (("str",), "a time with its offset"),
    UnixTime: (("int",), "seconds since 1970"),
}


def _reader(
    cls: type[Any], hook: Callable[[Any], Callable[[Any, Any], Any]]
) -> Callable[[Any, Any], Any]:
    """Generate the function that reads one attrs class, strictly and with paths.

    A field without a default must be there; a key that is absent, or null, has its field's default.
    """
    fields = [field for field in attrs.fields(cls) if field.name != "extra"]
    keys = [_key(field) for field in fields]
    names: dict[str, Any] = {
        "cls": cls,
        "Odd": Odd,
        "MISSING": MISSING,
        "found": kind_found,
        "moment": datetime.fromisoformat,
        "unix_time": _unix_time,
        "finite": _finite,
        "astray": _astray,
        "draft": _draft(cls),
        "KNOWN": frozenset(keys),
        "REQUIRED": tuple(
            key
            for field, key in zip(fields, keys, strict=True)
            if field.default is attrs.NOTHING and GIVEN not in field.metadata
        ),
        "others": _others_missing,
    }
    lines = [
        "def read(value, _):",
        "    if value.__class__ is not dict: raise Odd('an object', found(value))",
        "    get = value.get",
        "    absent = 0",
    ]
    for index, (field, key) in enumerate(zip(fields, keys, strict=True)):
        if GIVEN in field.metadata:
            lines.append(f"    v{index} = value[{key!r}]")
        else:
            lines += _read_field(index, key, field, names, hook)
    lines += [
        "    model = draft()",
    ]
    for index, field in enumerate(fields):
        # As attrs does it, in the order of the fields: a default may depend on those before.
        compute = getattr(field.default, "factory", None)
        if compute is not None:
            names[f"compute{index}"] = compute
            lines.append(f"    if v{index} is None: v{index} = compute{index}(model)")
        elif field.default == ():
            lines.append(f"    if v{index} is None: v{index} = ()")
        lines.append(f"    model.{field.name} = v{index}")
    lines += [
        # What is not known is seen by the number of keys, since to look at each takes longer.
        f"    model.extra = {{}} if len(value) + absent == {len(keys)} else "
        "{key: value[key] for key in value if key not in KNOWN}",
        "    model.__class__ = cls",
        "    return model",
    ]
    return generated("read", lines, names)


def _others_missing(
    value: Mapping[str, Any], required: tuple[str, ...], key: str
) -> tuple[str, ...]:
    return tuple(other for other in required if other != key and other not in value)


def _draft(cls: type[Any]) -> type[Any]:
    """Return a class of the same layout whose instances can still be changed, and become of *cls*.

    A frozen class with slots calls a function for each field that it is made with, which takes six
    times as long.
    """
    if hasattr(cls, "__attrs_post_init__"):
        raise TypeError(f"{cls.__name__} checks its fields, which reading it would not")
    # Were there a slot for weak references, CPython would take the layouts for different ones.
    changeable = {
        "__slots__": cls.__slots__,
        "__init__": object.__init__,
        "__setattr__": object.__setattr__,
    }
    return type(cls.__name__, cls.__bases__, changeable)


def _key(field: "attrs.Attribute[Any]") -> Any:
    if GIVEN in field.metadata:
        return (field.name,)
    return field.metadata.get(API_KEY) or camel(field.name)


def _read_field(
    index: int,
    key: str,
    field: "attrs.Attribute[Any]",
    names: dict[str, Any],
    hook: Callable[[Any], Callable[[Any, Any], Any]],
) -> list[str]:
    var = f"v{index}"
    wanted = _without_none(field.type)
    origin = get_origin(wanted)
    parse = ""
    if wanted in _KINDS:
        classes, expected = _KINDS[wanted]
        if wanted is UnixTime:
            parse = f"unix_time({var})"
        elif wanted is float:
            parse = f"finite({var})"
    elif origin is tuple:
        classes, expected = ("list",), "an array"
        item = get_args(wanted)[0]
        names[f"read{index}"] = hook(item)
        parse = f"tuple([read{index}(item, None) for item in {var}])"
    elif origin is Mapping:  # collections.abc.Mapping[str, Any]
        classes, expected = ("dict",), "an object"
    else:
        classes, expected = ("dict",), "an object"
        names[f"read{index}"] = hook(wanted)
        parse = f"read{index}({var}, None)"
    wrong = " and ".join(f"{var}.__class__ is not {name}" for name in classes)
    required = field.default is attrs.NOTHING
    missing = f", missing=others(value, REQUIRED, {key!r})" if required else ""
    raising = f"raise Odd({expected!r}, found({var}), {key!r}{missing})"
    if required:  # then it identifies the model, and must be there
        lines = [f"    {var} = get({key!r}, MISSING)"]
        indent = "    "
    else:
        lines = [
            f"    {var} = get({key!r})",
            f"    if {var} is None:",
            f"        if {key!r} not in value: absent += 1",
            "    else:",
        ]
        indent = "        "
    lines.append(f"{indent}if {wrong}: {raising}")
    if wanted is datetime:
        raising = f"raise Odd({expected!r}, 'another string', {key!r}{missing})"
        lines += [
            f"{indent}try: {var} = moment({var})",
            f"{indent}except ValueError: {raising} from None",
            f"{indent}if {var}.tzinfo is None: {raising}",
        ]
    elif origin is tuple:
        lines += [
            f"{indent}try:",
            # Most lists have one item.
            f"{indent}    if len({var}) == 1: {var} = (read{index}({var}[0], None),)",
            f"{indent}    else: {var} = {parse}",
            f"{indent}except Odd: astray({var}, read{index}, {key!r})",
        ]
    elif parse:
        lines += [
            f"{indent}try: {var} = {parse}",
            f"{indent}except Odd as odd: odd.path.insert(0, {key!r}); raise",
        ]
    return lines


def _without_none(annotation: Any) -> Any:
    if get_origin(annotation) not in (UnionType, Union):
        return annotation
    kept = tuple(item for item in get_args(annotation) if item is not NoneType)
    return Union[kept]  # noqa: UP007 - of a tuple made at run time
