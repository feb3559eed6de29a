"""The free times of a host: one function decides the offered slots and the accepted bookings.

`find_place` looks at the past, the notice, the hours of the hosts, their bookings with buffers and
the seats. A create and a reschedule refuse what it refuses, and the list of slots leaves that out.
The hours are minutes of a local day, so that slots move with daylight saving time.
"""

from bisect import bisect_left, bisect_right
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from attrs import frozen

from calcom_transports.fake.state import Booking, EventType, Span, State, User, minutes


@frozen
class Place:
    """Where a booking would go: its hosts, or the booking whose seats it joins, or a refusal."""

    hosts: tuple[int, ...] = ()
    joins: Booking | None = None
    refusal: str | None = None


def find_place(
    state: State, event_type: EventType, time: Span, ignored: str | None = None
) -> Place:
    """Return the place of a booking at that *time*; *ignored* is a booking that moves."""
    if time.start < state.now:
        return Place(refusal="past")
    if time.start < state.now + minutes(event_type.minimum_notice):
        return Place(refusal="too-soon")
    if event_type.seats is not None:
        there = seated_booking(state, event_type, time.start)
        if there is not None and there.uid != ignored:
            full = len(there.attendees) >= event_type.seats
            return Place(there.host_ids, there, "no-seats" if full else None)
    hosts = _hosts(state, event_type, time, ignored)
    return Place(hosts) if hosts else Place(refusal="taken")


def seated_booking(state: State, event_type: EventType, start: datetime) -> Booking | None:
    """Return the booking whose seats are those of the slot at *start*."""
    for booking in state.active():
        if booking.start == start and booking.seated and booking.event_type_id == event_type.id:
            return booking
    return None


def is_busy(
    state: State, host_id: int, time: Span, ignored: str | None, before: int = 0, after: int = 0
) -> bool:
    """Tell whether a host has an active booking then, with the buffers around both in minutes."""
    for booking in state.active():
        if host_id in booking.host_ids and booking.uid != ignored:
            other = state.type_of(booking)
            begins = booking.start - minutes(other.buffer_before + after)
            ends = booking.end + minutes(other.buffer_after + before)
            if begins < time.end and time.start < ends:
                return True
    return False


def _hosts(state: State, event_type: EventType, time: Span, ignored: str | None) -> tuple[int, ...]:
    """Return the hosts who take a booking: the owner, the one whose turn it is, or all."""
    owner_alone = event_type.scheduling is None
    wanted = event_type.host_ids[:1] if owner_alone else event_type.host_ids
    buffers = event_type.buffer_before, event_type.buffer_after
    free = [
        host
        for host in wanted
        if is_open(state.users[host], time) and not is_busy(state, host, time, ignored, *buffers)
    ]
    if event_type.scheduling == "round_robin":
        return next_hosts(state, event_type, free)
    return wanted if len(free) == len(wanted) else ()


def next_hosts(state: State, event_type: EventType, free: list[int]) -> tuple[int, ...]:
    """Return the free host of a round robin who has the fewest bookings of it, or none."""
    counts = dict.fromkeys(free, 0)
    for booking in state.bookings.values():
        if booking.event_type_id == event_type.id and booking.host_ids[0] in counts:
            counts[booking.host_ids[0]] += 1
    return (min(free, key=counts.__getitem__),) if free else ()


@lru_cache
def zone(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name; raises `ZoneInfoNotFoundError` or `ValueError`."""
    return ZoneInfo(name)


def is_open(user: User, time: Span) -> bool:
    """Tell whether the hours of a user cover the time."""
    local = time.start.astimezone(zone(user.time_zone))
    opens, closes = user.hours.get(local.weekday(), (0, 0))
    begins = local.hour * 60 + local.minute
    return opens <= begins and begins + time.length / minutes(1) <= closes


def starts(
    state: State, event_type: EventType, length: int, first: datetime, last: datetime
) -> list[datetime]:
    """Return the starts of the slots from *first* to *last* in order, whether they are free or not.

    The slots of a day begin with the hours of a host, one interval after another.
    """
    step, found = event_type.slot_interval or length, set[datetime]()
    for host_id in event_type.host_ids:
        user = state.users[host_id]
        here = zone(user.time_zone)
        day, until = first.astimezone(here).date(), last.astimezone(here).date()
        while day <= until:
            opens, closes = user.hours.get(day.weekday(), (0, 0))
            times = _starts_of_day(user.time_zone, day, range(opens, closes - length + 1, step))
            found.update(times[bisect_left(times, first) : bisect_right(times, last)])
            day += timedelta(days=1)
    return sorted(found)


@lru_cache(maxsize=1024)
def _starts_of_day(time_zone: str, day: date, at: range) -> list[datetime]:
    """Return the times of a local day at these minutes, in order."""
    here = zone(time_zone)
    times = (datetime(day.year, day.month, day.day, *divmod(m, 60), tzinfo=here) for m in at)
    return sorted(moment.astimezone(UTC) for moment in times)
