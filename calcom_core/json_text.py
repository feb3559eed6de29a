"""JSON as bytes: parsing it strictly, and limiting how deep it is nested.

Python's `json` accepts NaN, and its errors hold the whole text.
`parse_json` refuses NaN, and raises one error that says why without repeating the text, which may
hold a token.
"""

import json
from collections.abc import Callable
from typing import Any, NoReturn


class InvalidJson(Exception):
    """A body that is not JSON; the message says why, without the body."""


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_decoder = json.JSONDecoder(parse_constant=_refuse_constant)


def parse_json(body: bytes) -> Any:
    """Parse JSON in UTF-8, UTF-16 or UTF-32, with or without a byte order mark.

    Raises `InvalidJson` and nothing else, whatever the bytes.
    """
    try:
        return _decoder.decode(_decode(body))
    # From None: the causes hold the body, which may repeat a token.
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


# Python has the codecs that read a mark built in, and imports the others at their first use.
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
    """Return a body in an encoding that `parse_json` reads as UTF-8, for a search of its bytes.

    A body in UTF-8, and one that cannot be decoded, is returned unchanged.
    """
    if json.detect_encoding(body) == "utf-8":
        return body
    try:
        return _decode(body).encode()
    except UnicodeError:
        return body


def is_deeper_than(levels: int, tree: Any) -> bool:
    """Return whether JSON holds a value within that many nested arrays and objects."""
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


def limit_depth(levels: int, tree: Any, text: Callable[[str], str]) -> Any:
    """Return a copy of JSON that can be pickled: deeper arrays and objects become null.

    Arguments:
        levels: how many arrays and objects may be nested.
        tree: the JSON.
        text: a function that returns the new text of each string, keys included.
    """
    if isinstance(tree, str):
        return text(tree)
    if not isinstance(tree, (dict, list)):
        return tree
    if levels == 0:
        return None
    if isinstance(tree, list):
        return [limit_depth(levels - 1, item, text) for item in tree]
    return {text(key): limit_depth(levels - 1, item, text) for key, item in tree.items()}
