"""The file format of recorded exchanges, and when two requests are the same.

A cassette is one JSON file: a list of runs, one for each program that was carried out, and in each
the exchanges by branch path, with the request and its response, or the failure, or `cancelled`.
A body that is JSON stands there as JSON, no body as null, and any other as `{"base64": …}`.
The least that one can hold; of a request's headers only the version counts:

    {"format": "calcom-bookings cassette", "version": 1, "runs": [{"exchanges": [{
      "branch": [],
      "request": {"method": "GET", "url": "https://api.cal.com/v2/bookings/uid",
                  "headers": [["cal-api-version", "2024-08-13"]], "body": null},
      "response": {"status": 404, "headers": [], "body": {"statusCode": 404, "message": "gone"}}
    }]}]}

In place of `response` may stand `"cancelled": true`, or
`"failure": {"type": "NoAnswer", "reason": "timeout", "message": "nothing came within 60 s"}`.
"""

import base64
import json
from collections import Counter
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from attrs import field, frozen

from calcom_core.errors import (
    CassetteMissing,
    CassetteUnreadable,
    NoAnswer,
    NotSent,
    TransportError,
)
from calcom_core.http import Headers, Request, Response
from calcom_core.wire import NotJson, parse
from calcom_transports.driver import Branch

FORMAT = "calcom-bookings cassette"
VERSION = 1
VERSION_HEADER = "cal-api-version"

# All that reading a tree of another form can raise; `InvalidInput` is a ValueError.
_DAMAGE = (NotJson, LookupError, TypeError, ValueError, AttributeError)

_FAILURES: Mapping[str, type[TransportError]] = {"NotSent": NotSent, "NoAnswer": NoAnswer}


@frozen
class Failure:
    """A recorded failure of the transport."""

    error: type[TransportError]
    message: str
    reason: str

    def make(self) -> TransportError:
        """Return the error to raise, new each time."""
        return self.error(self.message, reason=self.reason)


@frozen
class Cancelled:
    """The exchange was cancelled before it came to anything."""


Outcome = Response | Failure | Cancelled


@frozen
class Recorded:
    """One exchange: what was asked in which branch, and what came of it."""

    branch: Branch
    request: Request
    outcome: Outcome


@frozen
class Run:
    """The exchanges of one program, sorted by branch, in the order of their sending in each."""

    exchanges: tuple[Recorded, ...]


@frozen
class Cassette:
    """What a file holds; *name* says which, for messages."""

    runs: tuple[Run, ...]
    name: str = field(default="the replay")


@frozen
class MatchKey:
    """What makes two requests the same: not the credentials, not the order of the query."""

    method: str
    url: str
    query: tuple[tuple[str, str], ...]
    version: str | None
    body: str

    @classmethod
    def of(cls, request: Request) -> "MatchKey":
        """Return the key of a request."""
        parts = urlsplit(request.url)
        return cls(
            request.method,
            f"{parts.scheme}://{parts.netloc}{parts.path}",
            tuple(sorted(parse_qsl(parts.query, keep_blank_values=True))),
            request.headers.get(VERSION_HEADER),
            _canonical(request.body),
        )

    def differences(self, other: "MatchKey") -> list[str]:
        """Return in which parts the other key differs, without values that may be personal."""
        found = [part for part in ("method", "url") if getattr(self, part) != getattr(other, part)]
        if self.query != other.query:
            mine, theirs = Counter(self.query), Counter(other.query)
            names = sorted({name for name, _ in (mine - theirs) + (theirs - mine)})
            found.append(f"query ({', '.join(names)})")
        if self.version != other.version:
            found.append(f"version ({self.version}, recorded {other.version})")
        if self.body != other.body:
            found.append(_body_difference(self.body, other.body))
        return found


def _canonical(body: bytes) -> str:
    if not body:
        return ""
    try:
        return json.dumps(parse(body), sort_keys=True)
    except NotJson:
        return base64.b64encode(body).decode()


def _body_difference(mine: str, theirs: str) -> str:
    try:
        one, other = json.loads(mine or "{}"), json.loads(theirs or "{}")
    except ValueError:
        return "body"
    if not isinstance(one, dict) or not isinstance(other, dict):
        return "body"
    keys = sorted(key for key in one.keys() | other.keys() if one.get(key) != other.get(key))
    return f"body ({', '.join(keys)})" if keys else "body"


def load(path: str | PathLike[str]) -> Cassette:
    """Read a cassette from a file.

    Raises `CassetteMissing` where there is none, and `CassetteUnreadable` where it is damaged or
    was written by a newer version.
    """
    try:
        content = Path(path).read_bytes()
    except FileNotFoundError as error:
        raise CassetteMissing(
            f"there is no cassette at {path}; record one, or mend the path"
        ) from error
    except (OSError, TypeError, ValueError) as error:  # ValueError: a NUL in the path
        raise CassetteUnreadable(f"the cassette {path} cannot be opened: {error}") from error
    return loads(content, name=str(path))


def loads(content: bytes, *, name: str = "the cassette") -> Cassette:
    """Read a cassette from its bytes; raises `CassetteUnreadable` as `load` does."""
    try:
        tree = parse(content)
        if tree["format"] != FORMAT:
            raise CassetteUnreadable(f"{name} is no {FORMAT}")
        if tree["version"] != VERSION:
            raise CassetteUnreadable(
                f"{name} has version {tree['version']} of the format, and only {VERSION} is known "
                "here; install a newer calcom-bookings"
            )
        runs = []
        for number, run in enumerate(_array(tree["runs"])):
            exchanges = enumerate(_array(run["exchanges"]))
            place = f"runs[{number}].exchanges"
            runs.append(Run(tuple(_placed(item, f"{place}[{count}]") for count, item in exchanges)))
        return Cassette(tuple(runs), name)
    except _DAMAGE as error:
        raise CassetteUnreadable(f"{name} is damaged ({_said(error)}); restore it") from error


def _array(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("an array is something else")
    return value


def _said(error: BaseException) -> str:
    return f"there is no {error}" if isinstance(error, KeyError) else str(error)


def _placed(item: Any, place: str) -> Recorded:
    try:
        return _recorded(item)
    except _DAMAGE as error:
        raise ValueError(f"{place}: {_said(error)}") from error


def _recorded(item: Mapping[str, Any]) -> Recorded:
    request = item["request"]
    return Recorded(
        tuple(int(number) for number in item["branch"]),
        Request(
            request["method"],
            request["url"],
            _headers(request["headers"]),
            body_bytes(request["body"]),
        ),
        _outcome(item),
    )


def _outcome(item: Mapping[str, Any]) -> Outcome:
    if item.get("cancelled"):
        return Cancelled()
    if "failure" in item:
        failure = item["failure"]
        return Failure(_FAILURES[failure["type"]], str(failure["message"]), str(failure["reason"]))
    response = item["response"]
    return Response(response["status"], _headers(response["headers"]), body_bytes(response["body"]))


def _headers(pairs: list[list[str]]) -> Headers:
    return Headers([(name, value) for name, value in pairs])


def body_bytes(body: Any) -> bytes:
    """Return the bytes of a body as the file holds it."""
    if body is None:
        return b""
    if isinstance(body, dict) and body.keys() == {"base64"}:
        return base64.b64decode(body["base64"], validate=True)
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
