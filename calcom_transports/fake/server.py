"""From a request to a response: the order in which the server looks at a request.

The route and its version come first, then the key and its rate limits, then the credentials, and
then the operation. Refusals become responses here and nowhere else.
"""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote

from attrs import define, field

from calcom_core.http import Request, Response
from calcom_core.routes import ROUTES
from calcom_transports.fake.call import Call
from calcom_transports.fake.limits import ENDPOINT_LIMITS, Counters, RateLimit
from calcom_transports.fake.refusals import NotRecorded, Refused, RefusedByForm, refuse
from calcom_transports.fake.rendering import Json, instant
from calcom_transports.fake.state import State, User
from calcom_transports.fake.transitions import (
    LEGACY,
    LEGACY_ROUTES,
    TRANSITIONS,
    Transition,
)

_Places = tuple[tuple[int, str], ...]
_Pattern = tuple[_Places, _Places, str]


def _patterns() -> dict[tuple[str, int], list[_Pattern]]:
    """Return the routes by their method and number of segments, those with fewer parameters first.

    Each has its fixed segments, its parameters, and the operation, with the places of both.
    """
    found: dict[tuple[str, int], list[_Pattern]] = {}
    for route in ROUTES.values():
        segments = list(enumerate(route.path.split("/")))
        fixed = tuple((place, text) for place, text in segments if not text.startswith("{"))
        named = tuple((place, text[1:-1]) for place, text in segments if text.startswith("{"))
        known = found.setdefault((route.method, len(segments)), [])
        if all(fixed != other for other, _, _ in known):  # several operations may share a route
            known.append((fixed, named, route.name))
            known.sort(key=lambda pattern: len(pattern[1]))
    return found


_PATTERNS = _patterns()

_VERSIONS: Mapping[str, str] = {
    "bookings": "2024-08-13",
    "slots": "2024-09-04",
    "event_types": "2024-06-14",
}
"""The version of each family that was recorded; the others have no versions."""

_LATER = frozenset({"2026-02-25", "2026-05-01", "2026-06-12"})
"""Versions that the hosted service knows, and that no recording here shows."""

_KNOWN = frozenset({*_VERSIONS.values(), "2024-04-15", "2024-06-11"})
"""The versions that the recorded server knows; any other is the legacy one."""

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_BEARER = "Bearer "
_REMEDY = "nothing was changed; use fake.fail(…) or Replay.of for this case"


@define
class Server:
    """The state and the counters of a fake server; it responds to one request after another."""

    state: State
    limits: tuple[RateLimit, ...] = ()
    counters: Counters = field(factory=lambda: Counters({}))

    def operation(self, request: Request) -> str | None:
        """Return the name of the operation that a request belongs to, or None."""
        path, _, _ = _path(request.url)
        found = _route_of(request.method, path)
        return None if found is None else found[0]

    def respond(self, request: Request) -> Response:
        """Return the response to a request, and change the state as the operation does."""
        url, raw, query = _path(request.url)
        headers: list[tuple[str, str]] = []
        sent = f"{raw}?{query}" if query else raw
        status, body = 501, None
        before, delivered = dict(self.state.bookings), len(self.state.transitions)
        try:
            status, body = self._dispatch(request, url, sent, query, headers)
        except Refused as refused:
            status = refused.refusal.status
            body = refused.refusal.body(refused.text, instant(self.state.now), sent)
        except RefusedByForm as refused:
            status, body = 400, refused.body(instant(self.state.now), sent)
        except NotRecorded as missing:
            # The effect on a server is unknown, so the state stays as it was.
            self.state.bookings.clear()
            self.state.bookings.update(before)
            del self.state.transitions[delivered:]
            message = f"not recorded, so the fake cannot respond: {missing}; {_REMEDY}"
            error = {"code": "NotRecorded", "message": message}
            now = instant(self.state.now)
            body = {"status": "error", "timestamp": now, "path": sent, "error": error}
        headers.append(("X-Request-Id", self.state.new_uuid()))
        headers.append(("Content-Type", "application/json; charset=utf-8"))
        return Response(status, headers, _ENCODER.encode(body).encode())

    def _dispatch(
        self, request: Request, path: str, sent: str, query: str, headers: list[tuple[str, str]]
    ) -> tuple[int, Json]:
        if _BAD_ESCAPE.search(path):
            refuse("bad-path", path=path.removeprefix("/"))
        found = _route_of(request.method, path)
        if found is None:
            refuse("no-route", method=request.method, path=sent)
        operation, values = found
        transition = _transition(operation, request, sent)
        caller = self._caller(request, operation, headers)
        if any("\0" in value for value in values.values()):
            refuse("nul")
        call = Call(
            self.state,
            operation,
            caller,
            sent,
            values,
            parse_qs(query, keep_blank_values=True) if query else {},
            _body(request),
        )
        return transition.status, transition.run(call)

    def _caller(
        self, request: Request, operation: str, headers: list[tuple[str, str]]
    ) -> User | None:
        """Count the request, and return the user of its credentials; None is anonymous."""
        if "x-cal-client-id" in request.headers:
            raise NotRecorded("an OAuth client")
        token = (request.headers.get("authorization") or "").removeprefix(_BEARER)
        caller, public = None, ROUTES[operation].public
        if token.startswith("cal_"):
            caller = next((user for user in self.state.users.values() if user.key == token), None)
            if caller is None:
                refuse("unknown-key")
        if self.limits:
            own = ENDPOINT_LIMITS.get(operation)
            limits = self.limits if own is None else (own,)
            counted, refused = self.counters.count(token, limits, self.state.now)
            headers += counted
            if refused:
                refuse("rate-limit")
        if caller is None and token:
            if public:
                raise NotRecorded("an unknown access token at an operation that needs none")
            refuse("unknown-token", token=token)
        if caller is None and not public:
            refuse("no-credentials")
        return caller


def _path(url: str) -> tuple[str, str, str]:
    """Return the path of the API, the path as it was sent, and the query."""
    before, _, query = url.partition("?")
    sent = before[before.find("/", before.find("//") + 2) :]
    path = sent.removeprefix("/api")
    return path if path == "/" else path.rstrip("/"), sent, query


def _route_of(method: str, path: str) -> tuple[str, dict[str, str]] | None:
    """Return the operation of a path and the values of its parameters, or None."""
    segments = path.split("/")
    for fixed, named, operation in _PATTERNS.get((method, len(segments)), ()):
        for place, text in fixed:
            if segments[place] != text:
                break
        else:
            return operation, {name: unquote(segments[place]) for place, name in named}
    return None


def _transition(operation: str, request: Request, sent: str) -> Transition:
    """Return the transition for the version of a request, or refuse it."""
    wanted = _VERSIONS.get(operation.partition(".")[0])
    version = request.headers.get("cal-api-version")
    if version in _LATER and wanted is not None:
        raise NotRecorded(f"{operation} in version {version}")
    if wanted is None or version == wanted:
        if operation not in TRANSITIONS:
            raise NotRecorded(operation)
        return TRANSITIONS[operation]
    # A missing or an unknown version is the legacy one, which knows few routes.
    legacy = version not in _KNOWN or version in {"2024-04-15", "2024-06-11", "2024-06-14"}
    if wanted == _VERSIONS["bookings"] and legacy and operation in LEGACY_ROUTES:
        if operation not in LEGACY:
            raise NotRecorded(f"{operation} of the legacy API, without a version")
        return LEGACY[operation]
    if operation.startswith("event_types."):
        raise NotRecorded(f"{operation} without version {wanted}")
    raise Refused("no-route", {"method": request.method, "path": sent})


def _body(request: Request) -> Any:
    """Return the body as the server parses it: without valid JSON, an empty object."""
    kind = request.headers.get("content-type") or ""
    if not request.body or not kind.startswith("application/json"):
        return {}
    try:
        body = json.loads(request.body)
    except json.JSONDecodeError as error:
        if error.pos >= len(error.doc.rstrip()):
            refuse("truncated-json")
        raise NotRecorded("a body that is no JSON") from None
    except (ValueError, RecursionError):
        raise NotRecorded("a body that is no text, or too deep") from None
    if not isinstance(body, dict):
        raise NotRecorded("a body that is no JSON object")
    return body
