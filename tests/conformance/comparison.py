"""How a request or an outcome differs from the expected one, in words."""

from collections.abc import Iterable
from operator import itemgetter
from typing import Any

from calcom_core.errors import NoAnswer, NotSent
from calcom_core.http import Response
from conformance.scenarios import Exchange, Outcome

# What a transport may add by itself: no field that identifies the caller or describes the body.
_ADDED = {"accept", "accept-encoding", "connection", "keep-alive", "user-agent"}


def request_difference(exchange: Exchange, came: bytes, authority: str) -> str:
    """Return how a received request differs from the given one, or ""."""
    head, _, body = came.partition(b"\r\n\r\n")
    line, *fields = head.decode("latin-1").split("\r\n")
    wanted = f"{exchange.method} {exchange.sent_target or exchange.target} HTTP/1.1"
    if line != wanted:
        return f"{wanted!r}, but {line!r} came"
    if body != exchange.body:
        return f"its {len(exchange.body)} bytes of body, but {len(body)}, {body[:60]!r}, came"
    length = [str(len(body))]
    seen = _by_name(line.partition(":")[::2] for line in fields)
    given = _by_name(exchange.headers) | {"host": [authority], "content-length": length}
    if not body:
        seen.setdefault("content-length", length)
    for name in sorted(given.keys() | seen.keys() - _ADDED):
        if given.get(name) != seen.get(name):
            return f"{name} to be {given.get(name)}, but {seen.get(name)} came"
    return ""


def _by_name(fields: Iterable[Iterable[str]]) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for name, value in fields:
        values.setdefault(name.lower(), []).append(value.strip(" \t"))
    return values


def outcome_difference(expected: tuple[Outcome, ...], outcome: Any) -> str:
    """Return how an outcome differs from all that are allowed, or ""."""
    for each in expected:
        if isinstance(each, type):
            if isinstance(outcome, each):
                return ""
        elif isinstance(outcome, Response) and _normal(outcome) == _normal(each):
            return ""
    return f"{' or '.join(_shown(each) for each in expected)}, but it {_shown(outcome, came=True)}"


def _normal(response: Response) -> tuple[int, list[tuple[str, str]], bytes]:
    # RFC 9110, 5.3: order matters only among fields of one name.
    fields = sorted(((n.lower(), v) for n, v in response.headers), key=itemgetter(0))
    return response.status, fields, response.body


def _shown(value: Any, *, came: bool = False) -> str:
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, BaseException):
        known = isinstance(value, (NotSent, NoAnswer))
        end = "" if known else ", which is neither NotSent nor NoAnswer"
        return f"raised {type(value).__name__} ({value}){end}"
    text = f"{value!r:.200}, which is no Response"
    if isinstance(value, Response):
        rest = f" and {len(value.body) - 60} bytes more" if len(value.body) > 60 else ""
        text = f"{value.status} {list(value.headers)[:8]} {value.body[:60]!r}{rest}"
    return f"returned {text}" if came else text
