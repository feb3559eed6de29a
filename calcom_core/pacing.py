"""How long to wait before the next request, so that a rate limit is not exceeded.

`PaceState` holds the limits in the `X-RateLimit-…` headers of one credential so far.
Four pure functions change it:

- `reserve` gives the next request a time slot. It counts the request and returns 0, or returns the
  wait until its slot.
- `admit` counts the request after that wait. It returns 0, or a further wait while a limit is
  exhausted.
- `learn` reads the headers of the response.
- `release` gives back the slot of a request that gave up before it was admitted.

Slots spread the requests that a window has left over the time that it has left.
Up to *burst* of a window's requests may run ahead of that, so that a few calls do not wait.
A request obeys every limit that its operation last reported; an operation that has not reported
any obeys those of the others, except the limits that the API has for single operations.
Limits with a window beyond *longest* are ignored.
Until the first response only a few requests are sent, because the limits are unknown.

A stated reset is in whole seconds, rounded up, so the end of a window is never underestimated.
The next window begins with the first request after that end.
Times are seconds of the caller's own monotonic clock; this module never reads one.
"""

from collections.abc import Mapping

from attrs import Attribute, field, frozen

from calcom_core._lazy_methods import LazyMethods
from calcom_core.checks import found_type
from calcom_core.errors import InvalidInput
from calcom_core.http import Response
from calcom_core.rate_limits import RateLimit, parse_rate_limits, retry_after

_ROUNDING = 1.0
"""Two statements about the end of one window differ by less, in seconds, plus the latency."""

_MOST = 256
"""How many limits, and how many operations, a state remembers."""

_AT_FIRST = 4
"""How many requests may wait for the first response at once; common limits allow 5."""

_FIRST_RESPONSE = 1.0
"""The others wait for it for at most so many seconds, and look for it after each `_LOOK`."""

_LOOK = 0.05

_OWN_LIMITS = {
    "bookings.attendees.add": "booking_attendees_add",
    "bookings.attendees.remove": "booking_attendees_remove",
    "bookings.guests.add": "booking_guests_add",
    "bookings.update_location": "booking_location_update",
}
"""Operations with a limit of their own, which replaces the general ones; in lower case."""

_OWNED = frozenset(_OWN_LIMITS.values())


def _check_number(pace: "Pace", attribute: "Attribute[float]", value: float) -> None:
    least, most, bound = _BOUNDS[attribute.name]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        kind = found_type(value)
        raise InvalidInput(attribute.name, f"must be a number from {bound}, not {kind}")
    if not least <= value <= most:
        raise InvalidInput(attribute.name, f"must be a number from {bound}")


_BOUNDS = {
    "share": (0.0, 0.999, "0 to 0.999"),
    "burst": (0.0, 1.0, "0 to 1"),
    "longest": (0.0, 86_400.0, "0 to 86,400"),
}


@frozen
class Pace(LazyMethods):
    """How to share a rate limit and how to spread requests over its window.

    Args:
        share: the part of each limit that is left to other programs with the same credential,
            from 0 to 0.999; at least one request of each window is used.
        burst: the part of each limit that may be used without spacing, from 0 to 1; 1 spaces
            nothing and only waits once a limit is exhausted.
        longest: the longest window to pace, in seconds, from 0 to 86,400. A limit with a longer
            window is left to the server, whose 429 states the wait; 0 paces nothing.

    Raises:
        InvalidInput: for a number out of its bounds.
    """

    share: float = field(default=0.0, validator=_check_number)
    burst: float = field(default=0.1, validator=_check_number)
    longest: float = field(default=90.0, validator=_check_number)


DEFAULT_PACE = Pace()
"""Uses the whole limit, and a tenth of it without spacing."""

NO_PACE = Pace(longest=0.0)
"""Never waits."""


def check_pace(value: object) -> Pace:
    """Check that a value is a `Pace`."""
    if not isinstance(value, Pace):
        raise InvalidInput("pace", f"must be a Pace or NO_PACE, not {type(value).__name__}")
    return value


@frozen
class Window(LazyMethods):
    """One limit: *limit* requests in *period* seconds, *remaining* of them until *end*.

    *start* is when the request was sent that opened the window here.
    *assumed* is true after the end of the previous window, until a response states the next one.
    *slot* is the time from which the next request is on schedule.
    """

    name: str
    limit: int
    remaining: int
    end: float
    period: float
    start: float
    assumed: bool = False
    slot: float = 0.0

    # `attrs.evolve` takes five times as long, and each request changes each window twice.
    def with_slot(self, slot: float) -> "Window":
        """Return the window with another *slot*."""
        return Window(
            self.name,
            self.limit,
            self.remaining,
            self.end,
            self.period,
            self.start,
            self.assumed,
            slot,
        )

    def counted(self, now: float) -> "Window":
        """Return the window after one more request, the next window after the *end*."""
        if now < self.end:
            remaining, end, start, assumed = self.remaining - 1, self.end, self.start, self.assumed
        else:
            remaining, end, start, assumed = self.limit - 1, now + self.period, now, True
        return Window(
            self.name,
            self.limit,
            max(remaining, 0),
            end,
            self.period,
            start,
            assumed,
            self.slot,
        )


@frozen
class PaceState(LazyMethods):
    """The known limits of one credential.

    *operations* pairs the name of an operation with the names of the limits it last reported.
    Nothing is sent before *hold*, which a `Retry-After` sets.
    *seen* is the time of the last response, or None before the first one; *first* has the times of
    the requests that were sent before it.
    """

    windows: tuple[Window, ...] = ()
    operations: tuple[tuple[str, tuple[str, ...]], ...] = ()
    hold: float = 0.0
    seen: float | None = None
    first: tuple[float, ...] = ()


def reserve(pace: Pace, state: PaceState, operation: str, now: float) -> tuple[float, PaceState]:
    """Reserve the next slot for a request.

    Args:
        pace: the options.
        state: the known limits.
        operation: the name of the request's operation; "" for a request without one.
        now: the time in seconds.

    Returns:
        0 if the request is sent at once, which counts it; otherwise the seconds to wait before
        `admit`. And the next state; if it is the same object, no slot was reserved, and `reserve`
        is called again after the wait.
    """
    state = _without_other_clock(state, now)
    if state.seen is None:
        return _before_the_first_response(pace, state, now)
    applicable = _applicable(state, operation)
    obeyed = _obeyed(pace, applicable, now)
    slot = max([now, *[_earliest(pace, window, now) for window in obeyed]])
    wait = max(slot - now, _held(pace, state, now))
    changed = {
        window.name: window.with_slot(max(window.slot, slot) + _gap(pace, window, now))
        for window in obeyed
    }
    if not wait:
        changed = _counted({window.name: window for window in applicable} | changed, now)
    return wait, _replacing(state, changed)


def admit(pace: Pace, state: PaceState, operation: str, now: float) -> tuple[float, PaceState]:
    """Count a request after the wait for its slot.

    Args and returns are those of `reserve`; after a further wait, `admit` is called again.
    """
    state = _without_other_clock(state, now)
    applicable = _applicable(state, operation)
    exhausted = [
        window.end - now
        for window in _obeyed(pace, applicable, now)
        if now < window.end and _usable(pace, window) <= 0
    ]
    wait = max([_held(pace, state, now), *exhausted])
    if wait:
        return wait, state
    return 0.0, _replacing(state, _counted({window.name: window for window in applicable}, now))


def slots_taken(before: PaceState, after: PaceState) -> dict[str, float]:
    """Return by how many seconds a reservation moved the slot of each limit, for `release`."""
    slots = {window.name: window.slot for window in before.windows}
    moved = {window.name: window.slot - slots.get(window.name, 0.0) for window in after.windows}
    return {name: seconds for name, seconds in moved.items() if seconds}


def release(state: PaceState, taken: Mapping[str, float]) -> PaceState:
    """Return the state after a request that reserved a slot gave up before it was admitted.

    Args:
        state: the known limits.
        taken: what `slots_taken` returned for its reservation.
    """
    windows = [window for window in state.windows if window.name in taken]
    changed = {
        window.name: window.with_slot(window.slot - taken[window.name]) for window in windows
    }
    return _replacing(state, changed)


def learn(
    state: PaceState, operation: str, response: Response | None, sent: float, now: float
) -> PaceState:
    """Return the state after a response, or after a failure.

    Args:
        state: the known limits.
        operation: the name of the request's operation; "" for a request without one.
        response: the response, of any status, or None after a failure.
        sent: when the request was sent, in seconds.
        now: when it came, in seconds.
    """
    state = _without_other_clock(state, now)
    if response is None:
        if state.seen is None:  # another request may go first
            return PaceState(first=state.first[1:])
        return PaceState(state.windows, state.operations, state.hold, now)
    others_sent = max(len(state.first) - 1, 0)  # the server has not counted them yet
    refused = response.status == 429
    stated = retry_after(response.headers) if refused else None
    hold = state.hold if stated is None else max(state.hold, now + stated)
    windows = {window.name: window for window in state.windows}
    names = []
    for limit in parse_rate_limits(response.headers):
        if limit.limit and limit.remaining is not None:
            names.append(limit.name)
            known = windows.pop(limit.name, None)
            remaining = max(limit.remaining - others_sent, 0)
            windows[limit.name] = _updated(known, limit, limit.limit, remaining, refused, sent, now)
    operations = state.operations
    if names and operation and (operation, tuple(names)) not in operations:
        others = [pair for pair in operations if pair[0] != operation]
        operations = (*others, (operation, tuple(names)))[-_MOST:]
    return PaceState(tuple(windows.values())[-_MOST:], operations, hold, now)


def _without_other_clock(state: PaceState, now: float) -> PaceState:
    """Return an empty state if the clock went back, since its times are then of another clock."""
    return PaceState() if state.seen is not None and now < state.seen - _ROUNDING else state


def _before_the_first_response(pace: Pace, state: PaceState, now: float) -> tuple[float, PaceState]:
    waiting = [sent for sent in state.first if 0 <= now - sent < _FIRST_RESPONSE]
    if len(waiting) >= _AT_FIRST and pace.longest:
        return _LOOK, state
    return 0.0, PaceState(first=(*waiting, now))


def _applicable(state: PaceState, operation: str) -> list[Window]:
    names = dict(state.operations).get(operation)
    if names is not None:
        return [window for window in state.windows if window.name in names]
    own = _OWN_LIMITS.get(operation)
    return [
        window
        for window in state.windows
        if (window.name.lower() == own if own else window.name.lower() not in _OWNED)
    ]


def _obeyed(pace: Pace, windows: list[Window], now: float) -> list[Window]:
    return [
        window
        for window in windows
        if window.period <= pace.longest and window.end - now <= pace.longest
    ]


def _counted(windows: dict[str, Window], now: float) -> dict[str, Window]:
    return {name: window.counted(now) for name, window in windows.items()}


def _held(pace: Pace, state: PaceState, now: float) -> float:
    wait = state.hold - now
    return wait if 0 < wait <= pace.longest else 0.0


def _quota(pace: Pace, window: Window) -> int:
    """Return how many requests of each window are ours, at least 1."""
    return max(window.limit - int(window.limit * pace.share), 1)


def _usable(pace: Pace, window: Window) -> int:
    return window.remaining - (window.limit - _quota(pace, window))


def _earliest(pace: Pace, window: Window, now: float) -> float:
    """Return the earliest time for the next request under one limit."""
    earliest = window.slot - pace.burst * window.period
    if now < window.end and _usable(pace, window) <= 0:
        return max(earliest, window.end)
    return earliest


def _gap(pace: Pace, window: Window, now: float) -> float:
    """Return the seconds between two requests under one limit.

    In the present window the remaining requests are spread over the remaining time. The first
    request of the next window stands at its end. Later slots follow the limit itself.
    """
    usable = _usable(pace, window)
    if usable <= 0 or max(now, window.slot) >= window.end:
        return window.period / _quota(pace, window)
    return (window.end - now) / (usable + 1)


def _updated(
    known: Window | None,
    stated: RateLimit,
    limit: int,
    remaining: int,
    refused: bool,
    sent: float,
    now: float,
) -> Window:
    """Return the window that a response states."""
    end = now + stated.reset
    if known is None:
        return Window(stated.name, limit, remaining, end, stated.reset, sent, slot=now)
    if sent < known.start and end < known.end - _ROUNDING:
        return known  # a late response, which is about an earlier window
    period = known.period
    if not refused and remaining == limit - 1:
        period = stated.reset  # the first request of a window states its length
    elif not refused and remaining:
        period = max(period, stated.reset)
    if refused or end > known.end + _ROUNDING:
        return Window(stated.name, limit, remaining, end, period, sent, slot=known.slot)
    # A statement is never too early, so the earliest is the most exact.
    return Window(
        stated.name,
        limit,
        min(known.remaining, remaining),
        end if known.assumed else min(known.end, end),
        period,
        known.start,
        slot=known.slot,
    )


def _replacing(state: PaceState, changed: dict[str, Window]) -> PaceState:
    windows = tuple([changed.get(window.name, window) for window in state.windows])
    return PaceState(windows, state.operations, state.hold, state.seen, state.first)
