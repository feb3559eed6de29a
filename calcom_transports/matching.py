"""When two requests match, and where they differ.

A `MatchKey` holds the parts of a request that a replay compares: method, host, path, version,
query and body, each without credentials. Two requests match if their keys are equal.
`Match` excludes parts from the comparison. `MatchKey.differences` describes the others for a
message, and shows only values that cannot be personal data.
"""

import base64
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import parse_qsl

from attrs import field, frozen

from calcom_core.errors import InvalidInput
from calcom_core.http import Request
from calcom_core.json_text import InvalidJson, parse_json
from calcom_transports.cassette_values import require
from calcom_transports.redaction import PLAIN, RecordingRedactor

VERSION_HEADER = "cal-api-version"

_PARTS = ("method", "host", "path", "version", "query", "body")
_MAX_SHOWN = 8  # differences in a message
# Messages show times and small numbers: a word may be a name, a long number a phone number.
_SHOWN_TEXT = re.compile(r"\d{4}-\d\d-\d\d(?:T[\d:.+\-]*Z?)?|\d{1,6}")
_MAX_SHOWN_NUMBER = 10**7
# These parameters take one of a few words, so messages show them too.
_ENUM_PARAMETERS = frozenset(
    f"query.{name}"
    for name in ("status", "sortStart", "sortEnd", "sortCreated", "sortUpdatedAt", "format")
)
_ENUM_VALUE = re.compile(r"[a-z,]{1,64}")

_MISSING = object()

# RFC 3986, appendix B: it matches any text. `urlsplit` raises for some.
_URL = re.compile(r"(?:([^:/?#]*):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?")


def split_url(url: str) -> tuple[str, str, str]:
    """Return the scheme and host of a URL, its path, and its query."""
    scheme, host, path, query = _URL.match(url).groups("")  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
    return f"{scheme.lower()}://{host}", path, query


def _parse_ignore(names: Iterable[str]) -> frozenset[str]:
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise InvalidInput("ignore", 'must be several names, not one string: ("body.start",)')
    names = tuple(names)
    for name in names:
        part, dot, rest = name.partition(".") if isinstance(name, str) else ("", "", "")
        if part not in _PARTS or (dot and (part not in ("query", "body") or not rest)):
            raise InvalidInput(
                "ignore",
                f"holds an unknown name; use {', '.join(_PARTS)}, query.NAME, body.KEY "
                "or body.KEY.KEY",
            )
    return frozenset(names)


@frozen
class Match:
    """The parts in which two requests must be equal: all of them, except those in *ignore*.

    The parts are method, host (with its scheme), path, `cal-api-version`, query and body.
    The order of query parameters and of JSON keys never counts, nor does any other header.

    Args:
        ignore: names of parts, of query parameters or of JSON keys: `"host"`,
            `"query.afterStart"`, `"body.start"`, `"body.attendee.email"`.

    Raises:
        InvalidInput: an unknown name.
    """

    ignore: frozenset[str] = field(default=frozenset(), converter=_parse_ignore)


STRICT = Match()


def check_match(match: object) -> Match:
    """Return *match*; raise `InvalidInput` for a value of another type."""
    return require("match", match, Match, "a Match(…)")


@frozen(cache_hash=True)
class MatchKey:
    """The parts of a request that a replay compares, without credentials."""

    method: str
    host: str
    path: str
    version: str | None
    query: tuple[tuple[str, str], ...] = field(repr=False)
    body: str = field(repr=False)

    @classmethod
    def of(
        cls, request: Request, match: Match = STRICT, redactor: RecordingRedactor = PLAIN
    ) -> "MatchKey":
        """Return the key of a request, created from its redacted form.

        Only keys with the same *match* are comparable.
        """
        url, body = redactor.url_and_body(request)
        host, path, query_text = split_url(url)
        ignore = match.ignore
        query = sorted(parse_qsl(query_text, keep_blank_values=True)) if query_text else []
        ignored_keys = [name.split(".")[1:] for name in ignore if name.startswith("body.")]
        return cls(
            "" if "method" in ignore else request.method,
            "" if "host" in ignore else host,
            "" if "path" in ignore else path,
            None if "version" in ignore else request.headers.get(VERSION_HEADER),
            tuple(pair for pair in query if ignore.isdisjoint(("query", f"query.{pair[0]}"))),
            "" if "body" in ignore else _canonical_body(body, ignored_keys),
        )

    def distance(self, other: "MatchKey") -> tuple[int, int]:
        """Return the number of parts that differ, then the number of differences in them."""
        parts = [part for part in _PARTS if getattr(self, part) != getattr(other, part)]
        return len(parts), len(self.differences(other))

    def differences(self, recorded: "MatchKey") -> list[str]:
        """Return a description of each difference, without values that may be personal data."""
        found = [
            f"{part} ({getattr(self, part)}, recorded {getattr(recorded, part)})"
            for part in ("method", "host", "path", "version")
            if getattr(self, part) != getattr(recorded, part)
        ]
        query, recorded_query = _query_values(self.query), _query_values(recorded.query)
        for name in dict.fromkeys([*query, *recorded_query]):
            value, recorded_value = query.get(name, _MISSING), recorded_query.get(name, _MISSING)
            if value != recorded_value:
                found.append(_describe_difference(f"query.{name}", value, recorded_value))
        if self.body != recorded.body:
            try:
                body, recorded_body = _parse_body(self.body), _parse_body(recorded.body)
                found += list(_differences("body", body, recorded_body))
            except RecursionError:  # both are nested too deeply
                found.append("body")
        if not found and self != recorded:
            found = ["the spelling of its query"]
        if len(found) > _MAX_SHOWN:
            found = [*found[:_MAX_SHOWN], f"{len(found) - _MAX_SHOWN} more"]
        return found


def _query_values(query: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the values of each parameter, joined by commas."""
    found: dict[str, str] = {}
    for name, value in query:
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def _canonical_body(body: bytes, ignored_keys: Iterable[list[str]]) -> str:
    if not body:
        return ""
    try:
        tree = parse_json(body)
        for path in ignored_keys:
            _remove(tree, path)
        return json.dumps(tree, sort_keys=True)
    except (InvalidJson, RecursionError):
        return "base64:" + base64.b64encode(body).decode()


def _remove(tree: Any, path: list[str]) -> None:
    *parents, last = path
    for key in parents:
        if not isinstance(tree, dict):
            return
        tree = tree.get(key)
    if isinstance(tree, dict):
        tree.pop(last, None)


def _parse_body(body: str) -> Any:
    if not body:
        return _MISSING
    try:
        return json.loads(body)
    except ValueError:
        return body  # not JSON; a message shows only its length


def _differences(place: str, value: Any, recorded: Any) -> Iterator[str]:
    if isinstance(value, dict) and isinstance(recorded, dict):
        for key in dict.fromkeys([*value, *recorded]):
            one, other = value.get(key, _MISSING), recorded.get(key, _MISSING)
            if not _is_same(one, other):
                yield from _differences(f"{place}.{key}", one, other)
    elif isinstance(value, list) and isinstance(recorded, list) and len(value) == len(recorded):
        for index, (one, other) in enumerate(zip(value, recorded, strict=True)):
            if not _is_same(one, other):
                yield from _differences(f"{place}[{index}]", one, other)
    else:
        yield _describe_difference(place, value, recorded)


def _is_same(one: Any, other: Any) -> bool:
    if one is _MISSING or other is _MISSING:
        return one is other
    # Compared as JSON: in Python, True equals 1.
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _describe_difference(name: str, value: Any, recorded: Any) -> str:
    return f"{name} ({_describe(name, value)}, recorded {_describe(name, recorded)})"


def _describe(name: str, value: Any) -> str:
    match value:
        case str() if _SHOWN_TEXT.fullmatch(value):
            return value
        case str() if name in _ENUM_PARAMETERS and _ENUM_VALUE.fullmatch(value):
            return value
        case str():
            return f"{len(value)} characters"
        case dict():
            return "an object"
        case list():
            return f"an array of {len(value)}"
        case int() | float() if abs(value) > _MAX_SHOWN_NUMBER:
            return "a number"
        case bool() | int() | float() | None:
            return json.dumps(value)
    return "nothing"
