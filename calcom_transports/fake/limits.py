"""Rate limits, counted in the time of the fake.

Each key has its own counters, and anonymous callers share one. A request over a limit blocks the
key for a while; with several limits a request is refused only when all of them block.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from math import ceil

from attrs import define, frozen


@frozen
class RateLimit:
    """How many requests a key may send in *window* seconds, and for how long it blocks then."""

    limit: int = 120
    window: float = 60
    block: float = 60
    name: str = "Default"


ENDPOINT_LIMITS: Mapping[str, RateLimit] = {
    "bookings.attendees.add": RateLimit(5, name="Booking_attendees_add"),
    "bookings.attendees.remove": RateLimit(5, name="Booking_attendees_remove"),
    "bookings.guests.add": RateLimit(5, name="Booking_guests_add"),
    "bookings.update_location": RateLimit(5, name="Booking_location_update"),
}
"""Limits of single operations, which take the place of the others where there are any."""


@define
class _Counter:
    count: int = 0
    until: datetime | None = None
    """When the window ends, or the block."""
    blocks: bool = False


@define
class Counters:
    """The requests of each key in each limit so far."""

    _counters: dict[tuple[str, str], _Counter]

    def count(
        self, key: str, limits: Sequence[RateLimit], now: datetime
    ) -> tuple[list[tuple[str, str]], bool]:
        """Count a request; return its headers, and whether it is over the limits."""
        headers: list[tuple[str, str]] = []
        blocked = []
        for limit in limits:
            counter = self._counters.setdefault((key, limit.name), _Counter())
            _count(counter, limit, now)
            blocked.append(counter.blocks)
            left = 0 if counter.blocks else limit.limit - counter.count
            reset = (counter.until or now) - now
            headers += (
                (f"X-RateLimit-Limit-{limit.name}", str(limit.limit)),
                (f"X-RateLimit-Remaining-{limit.name}", str(left)),
                (f"X-RateLimit-Reset-{limit.name}", str(ceil(reset.total_seconds()))),
            )
        return headers, bool(blocked) and all(blocked)

    def clear(self) -> None:
        """Forget every request."""
        self._counters.clear()


def _count(counter: _Counter, limit: RateLimit, now: datetime) -> None:
    if counter.until is None or now >= counter.until:
        counter.count, counter.blocks = 0, False
        counter.until = now + timedelta(seconds=limit.window)
    if counter.blocks:
        return
    counter.count += 1
    if counter.count > limit.limit:
        counter.blocks = True
        counter.until = now + timedelta(seconds=limit.block)
