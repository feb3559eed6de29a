"""Parse JSON strictly, and limit how deeply it is nested.

Python's `json` accepts NaN, and its errors hold the whole text, which may hold a token.
`parse_json` refuses NaN, and raises one error that gives the reason without the text.
"""

import json
from collections.abc import Callable
from typing import Any, NoReturn


class InvalidJson(Exception):
    """A body that is not JSON; the message gives the reason, never the body."""


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_decoder = json.JSONDecoder(parse_constant=_refuse_constant)


def parse_json(body: bytes) -> Any:
    """Parse JSON in UTF-8, UTF-16 or UTF-32, with or without a byte order mark.

    Raises `InvalidJson` and nothing else, whatever the bytes.
    """
    try:
        return _decoder.decode(_decode(body))
    # From None, because the causes hold the body, which may repeat a token.
    except RecursionError:
        raise InvalidJson("JSON that is nested too deeply") from None
    except ValueError:  # malformed, NaN, or an integer of thousands of digits
        raise InvalidJson(_describe(body)) from None


def _describe(body: bytes) -> str:
    try:
        body.decode()
    except UnicodeDecodeError:
        return "bytes that are not UTF-8"
    return "text that is not JSON" if body.strip() else "nothing"


# Byte order marks. The codecs that read a mark are built in; Python would import the others.
_MARKS = {
    "utf-16-be": b"\xfe\xff",
    "utf-16-le": b"\xff\xfe",
    "utf-32-be": b"\x00\x00\xfe\xff",
    "utf-32-le": b"\xff\xfe\x00\x00",
}


def _decode(body: bytes) -> str:
    """Decode JSON by its first bytes (RFC 4627, 3); raises `UnicodeDecodeError`."""
    encoding = json.detect_encoding(body)
    if encoding.startswith("utf-8"):
        return body.decode().removeprefix("\ufeff")
    return (_MARKS.get(encoding, b"") + body).decode(encoding[:6])


def to_utf8(body: bytes) -> bytes:
    """Convert JSON in UTF-16 or UTF-32 to UTF-8; return any other body unchanged.

    A search for bytes then finds text in every encoding that `parse_json` accepts.
    """
    if json.detect_encoding(body) == "utf-8":
        return body
    try:
        return _decode(body).encode()
    except UnicodeError:
        return body


def is_deeper_than(levels: int, tree: Any) -> bool:
    """Return whether JSON holds a value inside *levels* nested arrays and objects."""
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


def map_strings(function: Callable[[str], str], tree: Any, levels: int = -1) -> Any:
    """Copy JSON, with *function* applied to each string, keys included.

    *levels* is the number of nested arrays and objects to keep; deeper ones are replaced by null.
    """
    match tree:
        case str():
            return function(tree)
        case list() | dict() if levels == 0:
            return None
        case list():
            return [map_strings(function, item, levels - 1) for item in tree]
        case dict():
            return {
                function(key): map_strings(function, item, levels - 1) for key, item in tree.items()
            }
    return tree
