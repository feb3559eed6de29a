"""Rate limits, counted in the time of the fake.

Each key has its own counters, and anonymous callers share one. A request over a limit blocks the
key for a while; with several limits a request is refused only when all of them block.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from math import ceil

from attrs import define, field, frozen

from calcom_core.checks import checked_by, non_empty_string
from calcom_transports.fake.checks import check_by_type, positive_seconds, seconds


@frozen(field_transformer=check_by_type)
class RateLimit:
    """How many requests a key may send in *window* seconds, and for how long it blocks then."""

    limit: int = 120
    window: float = field(default=60, metadata=checked_by(positive_seconds))
    block: float = field(default=60, metadata=checked_by(seconds))
    name: str = field(default="Default", metadata=checked_by(non_empty_string))


ENDPOINT_LIMITS: Mapping[str, RateLimit] = {
    "bookings.attendees.add": RateLimit(5, name="Booking_attendees_add"),
    "bookings.attendees.remove": RateLimit(5, name="Booking_attendees_remove"),
    "bookings.guests.add": RateLimit(5, name="Booking_guests_add"),
    "bookings.update_location": RateLimit(5, name="Booking_location_update"),
}
"""Limits of single operations, which take the place of the others where there are any."""


@define
class _Counter:
    until: datetime
    """When the window ends, or the block."""
    count: int = 0
    blocks: bool = False


@define
class Counters:
    """The requests of each key in each limit so far."""

    _counters: dict[tuple[str, str], _Counter] = field(factory=dict)

    def count(
        self, key: str, limits: Sequence[RateLimit], now: datetime
    ) -> tuple[list[tuple[str, str]], bool]:
        """Count a request; return its headers, and whether it is over the limits."""
        headers: list[tuple[str, str]] = []
        blocked = []
        for limit in limits:
            counter = self._counters.get((key, limit.name))
            if counter is None or now >= counter.until:
                counter = _Counter(now + timedelta(seconds=limit.window))
                self._counters[key, limit.name] = counter
            counter.count += 1
            if counter.count > limit.limit and not counter.blocks:
                counter.blocks, counter.until = True, now + timedelta(seconds=limit.block)
            blocked.append(counter.blocks)
            shown = {
                "Limit": limit.limit,
                "Remaining": max(limit.limit - counter.count, 0),
                "Reset": ceil((counter.until - now).total_seconds()),
            }
            headers += ((f"X-RateLimit-{name}-{limit.name}", str(n)) for name, n in shown.items())
        return headers, bool(blocked) and all(blocked)

    def clear(self) -> None:
        """Forget every request."""
        self._counters.clear()
