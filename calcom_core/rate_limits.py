"""Rate limits, as the headers of a response state them.

The API sends up to three headers for each limit:

    X-RateLimit-Limit-<name>        requests per window
    X-RateLimit-Remaining-<name>    requests left in this window
    X-RateLimit-Reset-<name>        seconds until the window ends

A gateway in front of the API may send `Retry-After`, in seconds or as a date.
The longest stated wait wins, because the server refuses an earlier request.
Some servers state a reset in milliseconds or as a Unix time; `_wait` infers the unit from its size.
Times are relative to the response's own `Date`; this module never reads a clock.
"""

import math
import re
from datetime import UTC, datetime

from attrs import frozen

from calcom_core._lazy_methods import LazyMethods
from calcom_core.http import Headers

LONGEST_WAIT = 86_400.0
"""The longest plausible wait, in seconds; a longer one counts as not stated."""

_SMALLEST_UNIX_TIME = 10.0**9  # seconds: the year 2001
_SMALLEST_UNIX_MILLISECONDS = 10.0**12
_HEADER = re.compile(r"x-ratelimit-(limit|remaining|reset)(?:-(.*))?", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]+(\.[0-9]*)?")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
# RFC 9110, 5.6.7: the only form of a date that a server may send.
_DATE = re.compile(r"\w{3}, (\d\d) (\w{3}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT")


@frozen
class RateLimit(LazyMethods):
    """One named limit.

    *limit* and *remaining* are numbers of requests, or None if not stated.
    *reset* is in seconds, from the response until the window ends.
    """

    name: str
    limit: int | None
    remaining: int | None
    reset: float


def parse_http_date(text: str | None) -> datetime | None:
    """Parse a date in the form of RFC 9110; return None for any other text."""
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
    if text is None or not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def _count(text: str | None) -> int | None:
    number = _number(text)
    return None if number is None else int(number)


def _wait(text: str | None, headers: Headers) -> float | None:
    """Convert a stated reset to seconds from the response, or return None if it is implausible.

    Numbers up to a day are seconds, larger ones milliseconds.
    From 10^9 on they are Unix times in seconds, and from 10^12 on in milliseconds.
    """
    wait = _number(text)
    if wait is None:
        return None
    if wait >= _SMALLEST_UNIX_TIME:
        sent = parse_http_date(headers.get("date"))
        if sent is None:
            return None
        wait = (wait / 1000 if wait >= _SMALLEST_UNIX_MILLISECONDS else wait) - sent.timestamp()
    elif wait > LONGEST_WAIT:
        wait /= 1000
    return _plausible(wait)


def _plausible(wait: float) -> float | None:
    """Return a wait of up to a day, 0 for a time in the past day, and None for any other."""
    return max(wait, 0.0) if abs(wait) <= LONGEST_WAIT else None


def parse_rate_limits(headers: Headers) -> tuple[RateLimit, ...]:
    """Return every limit whose reset is stated, in the order of the headers."""
    stated: dict[str, dict[str, str]] = {}
    names: dict[str, str] = {}
    for header, value in headers.pairs:
        if match := _HEADER.fullmatch(header):
            name = match[2] or ""  # "Default" as the server sends it, "" as documented
            names.setdefault(name.lower(), name)
            stated.setdefault(name.lower(), {}).setdefault(match[1].lower(), value)
    limits = []
    for key, values in stated.items():
        reset = _wait(values.get("reset"), headers)
        if reset is not None:
            limit, remaining = _count(values.get("limit")), _count(values.get("remaining"))
            limits.append(RateLimit(names[key], limit, remaining, reset))
    return tuple(limits)


def wait_seconds(headers: Headers, limits: tuple[RateLimit, ...]) -> float | None:
    """Return the longest wait that a 429 states, in seconds, or None if it states none.

    Exhausted *limits* count, or all of them if none is exhausted.
    """
    exhausted = [limit for limit in limits if limit.remaining == 0] or limits
    waits = [limit.reset for limit in exhausted]
    if (stated := retry_after(headers)) is not None:
        waits.append(stated)
    return max(waits, default=None)


def retry_after(headers: Headers) -> float | None:
    """Return the wait that `Retry-After` states, in seconds, or None."""
    value = headers.get("retry-after")
    date, sent = parse_http_date(value), parse_http_date(headers.get("date"))
    if date is not None and sent is not None:
        return _plausible((date - sent).total_seconds())
    return _wait(value, headers)
