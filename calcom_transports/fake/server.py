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
from calcom_core.versions import readable_versions
from calcom_transports.fake.call import Call
from calcom_transports.fake.legacy import LEGACY
from calcom_transports.fake.limits import ENDPOINT_LIMITS, Counters, RateLimit
from calcom_transports.fake.refusals import Failed, NotRecorded, refuse
from calcom_transports.fake.rendering import instant, to_json
from calcom_transports.fake.state import State, User
from calcom_transports.fake.transitions import CREATED, TRANSITIONS, Run

_FAMILIES = frozenset(route.path.split("/")[2] for route in ROUTES.values())
"""The first segments of the paths below `/v2` that the fake knows."""

_ROUTES: dict[tuple[str, int], dict[tuple[str, ...], str]] = {}
"""The operations by method and number of segments, and then by their segments.

Routes with fewer parameters come first; the first operation of a route stands for all of it.
"""
for _route in sorted(ROUTES.values(), key=lambda route: route.path.count("{")):
    _segments = tuple(_route.path.split("/"))
    _known = _ROUTES.setdefault((_route.method, len(_segments)), {})
    _known.setdefault(_segments, _route.name)

_NOT_LEGACY = frozenset({"2024-08-13", "2024-09-04", "2026-02-25"})
"""The versions of other routes, in which a route is unknown; any other is the legacy one."""

_NEWEST = frozenset({"2026-05-01", "2026-06-12"})
"""Versions of other routes, in which nobody has seen whether a route of bookings is known."""

_HEADERS = ("Content-Type", "application/json; charset=utf-8")
_ENCODER = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), default=to_json, check_circular=False
)
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


@define
class Server:
    """The state and the counters of a fake server; it responds to one request after another."""

    state: State
    limits: tuple[RateLimit, ...] = ()
    counters: Counters = field(factory=Counters)

    def operation(self, request: Request) -> str | None:
        """Return the name of the operation that a request belongs to, or None."""
        path, _, _ = _path(request.url)
        found = _route_of(request.method, path)
        return None if found is None else found[0]

    def respond(self, request: Request) -> Response:
        """Return the response to a request, and change the state as the operation does."""
        path, raw, query = _path(request.url)
        headers: list[tuple[str, str]] = []
        sent, state = f"{raw}?{query}" if query else raw, self.state
        before, delivered = dict(state.bookings), len(state.transitions)
        try:
            status, body = self._dispatch(request, path, sent, query, headers)
        except Failed as failed:
            status, body = failed.status, failed.body(instant(state.now), sent)
            if isinstance(failed, NotRecorded):
                # The effect on a server is unknown, so the state stays as it was.
                state.bookings.clear()
                state.bookings.update(before)
                del state.transitions[delivered:]
        headers += [("X-Request-Id", state.new_uuid()), _HEADERS]
        return Response(status, headers, _ENCODER.encode(body).encode())

    def _dispatch(
        self, request: Request, path: str, sent: str, query: str, headers: list[tuple[str, str]]
    ) -> tuple[int, Any]:
        if "%" in path and _BAD_ESCAPE.search(path):
            refuse("bad-path", path=path.removeprefix("/"))
        found = _route_of(request.method, path)
        if found is None:
            if path.startswith("/v2/") and path.split("/")[2] not in _FAMILIES:
                raise NotRecorded(f"{request.method} {path}")
            refuse("no-route", method=request.method, path=sent)
        operation, values = found
        given = {name.lower(): value for name, value in reversed(request.headers.pairs)}
        version = given.get("cal-api-version")
        transition = _transition(operation, version)
        if transition is None:
            refuse("no-route", method=request.method, path=sent)
        run, success = transition
        caller = self._caller(given, operation, headers)
        if any("\0" in value for value in values.values()):
            refuse("nul")
        fields = parse_qs(query, keep_blank_values=True) if query else {}
        call = Call(self.state, operation, version, caller, values, fields, _body(request, given))
        return success, run(call)

    def _caller(
        self, given: Mapping[str, str], operation: str, headers: list[tuple[str, str]]
    ) -> User | None:
        """Count the request, and return the user of its credentials; None is anonymous."""
        if "x-cal-client-id" in given:
            raise NotRecorded("an OAuth client")
        token = given.get("authorization", "").removeprefix("Bearer ")
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
    for route, operation in _ROUTES.get((method, len(segments)), {}).items():
        values = {}
        for own, given in zip(route, segments, strict=True):
            if own.startswith("{"):
                values[own[1:-1]] = unquote(given)
            elif own != given:
                break
        else:
            return operation, values
    return None


def _transition(operation: str, version: str | None) -> tuple[Run, int] | None:
    """Return the transition of an operation in a version, and the status of its success.

    None is a version in which the server has no such route.
    """
    if operation not in TRANSITIONS:
        raise NotRecorded(operation)
    known, family = readable_versions(operation), operation.partition(".")[0]
    if family == "event_types" and version != min(known):
        raise NotRecorded(f"{operation} without version {min(known)}")
    if version in known or family == "me":  # the server ignores it there
        return TRANSITIONS[operation], 201 if operation in CREATED else 200
    if version in _NEWEST and family == "bookings":
        raise NotRecorded(f"{operation} in version {version}")
    return None if version in _NOT_LEGACY else LEGACY.get(operation)


def _body(request: Request, given: Mapping[str, str]) -> Any:
    """Return the body as the server parses it: without valid JSON, an empty object."""
    kind = given.get("content-type", "")
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
