"""When two requests are the same, and in what they differ."""

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
from calcom_transports.redaction import PLAIN, RecordingRedactor

VERSION_HEADER = "cal-api-version"

_PARTS = ("method", "host", "path", "version", "query", "body")
_MOST_SHOWN = 8
# Times and small numbers; a word could be of a person, and a long number a phone's.
_SHOWABLE = re.compile(r"\d{4}-\d\d-\d\d(?:T[\d:.+\-]*Z?)?|\d{1,6}")
_LARGEST_SHOWN = 10**7
_CHOICES = frozenset(
    f"query.{name}"
    for name in ("status", "sortStart", "sortEnd", "sortCreated", "sortUpdatedAt", "format")
)
_CHOICE = re.compile(r"[a-z,]{1,64}")

_NOTHING = object()

# RFC 3986, appendix B: it matches any text, and raises for none.
_URL = re.compile(r"(?:([^:/?#]*):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?")


def split(url: str) -> tuple[str, str, str]:
    """Return the scheme with the host of a URL, its path and its query."""
    scheme, host, path, query = _URL.match(url).groups("")  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
    return f"{scheme.lower()}://{host}", path, query


def _ignored(given: Iterable[str]) -> frozenset[str]:
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise InvalidInput("ignore", 'must be several names, not one string: ("body.start",)')
    names = tuple(given)
    for name in names:
        part, dot, rest = name.partition(".") if isinstance(name, str) else ("", "", "")
        if part not in _PARTS or (dot and (part not in ("query", "body") or not rest)):
            raise InvalidInput(
                "ignore",
                f"holds a name that is none of {', '.join(_PARTS)}, query.NAME, body.KEY "
                "and body.KEY.KEY",
            )
    return frozenset(names)


@frozen
class Match:
    """What two requests must have in common to be the same: everything but what is ignored.

    Strict without arguments: method, host (with its scheme), path, `cal-api-version`, query in any
    order, and body, as JSON in any order of its keys.
    *ignore* holds names of parts, or of what is in them: `"host"`, `"query.afterStart"`,
    `"body.start"`, `"body.attendee.email"`.
    Headers other than the version never count.
    Raises `InvalidInput` for an unknown name.
    """

    ignore: frozenset[str] = field(default=frozenset(), converter=_ignored)


STRICT = Match()


def match_of(given: object) -> Match:
    """Return what requests must have in common; refuse an argument of another type."""
    if not isinstance(given, Match):
        raise InvalidInput("match", f"must be a Match(…), not {type(given).__name__}")
    return given


@frozen(cache_hash=True)
class MatchKey:
    """What makes two requests the same: not the credentials, not the order of the query."""

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
        """Return the key of a request, made from its redacted form.

        Compare it only with those of the same *match*.
        """
        url, body = redactor.asked(request)
        host, path, given = split(url)
        ignore = match.ignore
        query = sorted(parse_qsl(given, keep_blank_values=True)) if given else []
        if not ignore:
            return cls(
                request.method,
                host,
                path,
                request.headers.get(VERSION_HEADER),
                tuple(query),
                _canonical(body, ()),
            )
        in_body = [name.split(".")[1:] for name in ignore if name.startswith("body.")]
        return cls(
            "" if "method" in ignore else request.method,
            "" if "host" in ignore else host,
            "" if "path" in ignore else path,
            None if "version" in ignore else request.headers.get(VERSION_HEADER),
            ()
            if "query" in ignore
            else tuple(pair for pair in query if f"query.{pair[0]}" not in ignore),
            "" if "body" in ignore else _canonical(body, in_body),
        )

    def distance(self, other: "MatchKey") -> tuple[int, int]:
        """Return how far another key is: first by its target, then by the number of differences."""
        differing = [part for part in _PARTS if getattr(self, part) != getattr(other, part)]
        return len(differing), len(self.differences(other))

    def differences(self, recorded: "MatchKey") -> list[str]:
        """Return in what this differs from what was recorded, without what may be personal."""
        found = [
            f"{part} ({getattr(self, part)}, recorded {getattr(recorded, part)})"
            for part in ("method", "host", "path", "version")
            if getattr(self, part) != getattr(recorded, part)
        ]
        here, there = _by_name(self.query), _by_name(recorded.query)
        names = dict.fromkeys([*here, *there])
        found += [
            _said(f"query.{name}", here.get(name, _NOTHING), there.get(name, _NOTHING))
            for name in names
            if here.get(name) != there.get(name)
        ]
        if self.body != recorded.body:
            try:
                found += list(_differences("body", _tree(self.body), _tree(recorded.body)))
            except RecursionError:  # both are nested deeply
                found.append("body")
        if not found and self != recorded:
            found = ["the spelling of its query"]
        if len(found) > _MOST_SHOWN:
            more = len(found) - _MOST_SHOWN
            found = [*found[:_MOST_SHOWN], f"{more} more"]
        return found


def _by_name(query: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in query:
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def _canonical(body: bytes, ignore: Iterable[list[str]]) -> str:
    if not body:
        return ""
    try:
        tree = parse_json(body)
        for path in ignore:
            _without(tree, path)
        return json.dumps(tree, sort_keys=True)
    except (InvalidJson, RecursionError):
        return "base64:" + base64.b64encode(body).decode()


def _without(tree: Any, path: list[str]) -> None:
    *steps, last = path
    for step in steps:
        if not isinstance(tree, dict):
            return
        tree = tree.get(step)
    if isinstance(tree, dict):
        tree.pop(last, None)


def _tree(body: str) -> Any:
    if not body:
        return _NOTHING
    try:
        return json.loads(body)
    except ValueError:
        return body  # not JSON, of which nothing but its length is shown


def _differences(place: str, here: Any, there: Any) -> Iterator[str]:
    if isinstance(here, dict) and isinstance(there, dict):
        for key in dict.fromkeys([*here, *there]):
            one, other = here.get(key, _NOTHING), there.get(key, _NOTHING)
            if not _same(one, other):
                yield from _differences(f"{place}.{key}", one, other)
    elif isinstance(here, list) and isinstance(there, list) and len(here) == len(there):
        for index, (one, other) in enumerate(zip(here, there, strict=True)):
            if not _same(one, other):
                yield from _differences(f"{place}[{index}]", one, other)
    else:
        yield _said(place, here, there)


def _same(one: Any, other: Any) -> bool:
    if one is _NOTHING or other is _NOTHING:
        return one is other
    # Python takes true for 1.
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _said(name: str, here: Any, there: Any) -> str:
    return f"{name} ({_shown(name, here)}, recorded {_shown(name, there)})"


def _shown(name: str, value: Any) -> str:
    match value:
        case str() if _SHOWABLE.fullmatch(value):
            return value
        case str() if name in _CHOICES and _CHOICE.fullmatch(value):
            return value
        case str():
            return f"{len(value)} characters"
        case dict():
            return "an object"
        case list():
            return f"an array of {len(value)}"
        case int() | float() if abs(value) > _LARGEST_SHOWN:
            return "a number"
        case bool() | int() | float() | None:
            return json.dumps(value)
    return "nothing"
