"""The rate limits that an answer states."""

import math
import re
from datetime import UTC, datetime

from attrs import frozen

from calcom_core.http import Headers
from calcom_core.value import Value

DEFAULT_WAIT = 60.0
"""Seconds to wait where a 429 says nothing: the server's usual window."""

# CONTRACT A.6: the rest of the name is that of the limit, and there may be several.
_RESET = "x-ratelimit-reset"
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
# RFC 9110, 5.6.7: the only form of a date that a server may send.
_DATE = re.compile(r"\w{3}, (\d\d) (\w{3}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT")


@frozen
class RateLimit(Value):
    """One named limit; *reset* is in seconds from the answer, *limit* and *remaining* in calls."""

    name: str
    limit: int | None
    remaining: int | None
    reset: float


def http_date(text: str | None) -> datetime | None:
    """Read a date of RFC 9110, or return None where it is none."""
    match = _DATE.fullmatch(text or "")
    if match is None or match[2] not in _MONTHS:
        return None
    day, _, year, hour, minute, second = match.groups()
    month = _MONTHS.index(match[2]) + 1
    try:
        return datetime(int(year), month, int(day), int(hour), int(minute), int(second), tzinfo=UTC)
    except ValueError:
        return None


def _number(text: str | None) -> float | None:
    if text is None or not re.fullmatch(r"[0-9]+(\.[0-9]*)?", text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def _count(text: str | None) -> int | None:
    number = _number(text)
    return None if number is None else int(number)


def _seconds(text: str | None, headers: Headers) -> float | None:
    number = _number(text)
    if number is None or number <= 10**9:
        return number
    # One published form is a Unix time; without the answer's own date nothing can be said.
    sent = http_date(headers.get("date"))
    return None if sent is None else max(number - sent.timestamp(), 0.0)


def limits_of(headers: Headers) -> tuple[RateLimit, ...]:
    """Return every limit that states when it resets, whatever the suffix of its headers."""
    found = []
    for header, value in headers:
        if not header.lower().startswith(_RESET):
            continue
        suffix = header[len(_RESET) :]  # "-Default" as the server sends it, "" as documented
        reset = _seconds(value, headers) if suffix[:1] in ("", "-") else None
        if reset is not None:
            limit = _count(headers.get(f"x-ratelimit-limit{suffix}"))
            remaining = _count(headers.get(f"x-ratelimit-remaining{suffix}"))
            found.append(RateLimit(suffix[1:], limit, remaining, reset))
    return tuple(found)


def wait_of(headers: Headers, limits: tuple[RateLimit, ...]) -> float:
    """Return how many seconds a 429 asks to wait, whose headers state these limits.

    The soonest of the limits that are used up, else the latest of all, else `Retry-After`, else 60.
    """
    used_up = [limit.reset for limit in limits if limit.remaining == 0]
    if used_up:
        return min(used_up)
    if limits:
        return max(limit.reset for limit in limits)
    stated = retry_after(headers)
    return DEFAULT_WAIT if stated is None else stated


def retry_after(headers: Headers) -> float | None:
    """Return how many seconds `Retry-After` asks to wait, or None where it asks for nothing.

    A date is measured against the answer's own `Date`.
    """
    stated = headers.get("retry-after")
    date, sent = http_date(stated), http_date(headers.get("date"))
    if date is not None and sent is not None:
        return max((date - sent).total_seconds(), 0.0)
    return _number(stated)
