"""The free times of a host: one function decides the offered slots and the accepted bookings.

`find_place` looks at the past, the notice, the hours of the hosts, their bookings with buffers and
the seats. A create and a reschedule refuse what it refuses, and the list of slots leaves that out.
The hours are minutes of a local day, so that slots move with daylight saving time.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from attrs import frozen

from calcom_transports.fake.state import Booking, EventType, State, User, minutes


@frozen
class Place:
    """Where a booking would go: its hosts, or the booking whose seats it joins, or a refusal."""

    hosts: tuple[int, ...] = ()
    joins: Booking | None = None
    refusal: str | None = None


def find_place(
    state: State,
    event_type: EventType,
    start: datetime,
    end: datetime,
    ignored: str | None = None,
) -> Place:
    """Return the place of a booking from *start* to *end*; *ignored* is a booking that moves."""
    if start < state.now:
        return Place(refusal="past")
    if start < state.now + minutes(event_type.minimum_notice):
        return Place(refusal="too-soon")
    if event_type.seats is not None:
        there = seated_booking(state, event_type, start)
        if there is not None and there.uid != ignored:
            full = len(there.attendees) >= event_type.seats
            return Place(there.host_ids, there, "no-seats" if full else None)
    hosts = _hosts(state, event_type, start, end, ignored)
    return Place(hosts) if hosts else Place(refusal="taken")


def seated_booking(state: State, event_type: EventType, start: datetime) -> Booking | None:
    """Return the booking whose seats are those of the slot at *start*."""
    for booking in state.bookings.values():
        if (
            booking.start == start
            and booking.event_type_id == event_type.id
            and booking.seated
            and booking.is_active
        ):
            return booking
    return None


def is_busy(
    state: State,
    host_id: int,
    start: datetime,
    end: datetime,
    ignored: str | None = None,
    event_type: EventType | None = None,
) -> bool:
    """Tell whether a host has an active booking then, with the buffers around both."""
    before, after = (event_type.buffer_before, event_type.buffer_after) if event_type else (0, 0)
    for booking in state.bookings.values():
        if not booking.is_active or host_id not in booking.host_ids or booking.uid == ignored:
            continue
        other = state.event_types[booking.event_type_id]
        if booking.start - minutes(other.buffer_before + after) < end and start < (
            booking.end + minutes(other.buffer_after + before)
        ):
            return True
    return False


def _hosts(
    state: State, event_type: EventType, start: datetime, end: datetime, ignored: str | None
) -> tuple[int, ...]:
    """Return the hosts who take a booking: the owner, the one whose turn it is, or all."""
    free = [
        host
        for host in event_type.host_ids
        if is_open(state.users[host], start, end)
        and not is_busy(state, host, start, end, ignored, event_type)
    ]
    if event_type.scheduling == "collective":
        return tuple(free) if len(free) == len(event_type.host_ids) else ()
    if event_type.scheduling == "round_robin":
        return next_hosts(state, event_type, free)
    return tuple(free[:1]) if event_type.host_ids[0] in free else ()


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


def is_open(user: User, start: datetime, end: datetime) -> bool:
    """Tell whether the hours of a user cover the time from *start* to *end*."""
    local = start.astimezone(zone(user.time_zone))
    opens, closes = user.hours.get(local.weekday(), (0, 0))
    begins = local.hour * 60 + local.minute
    return opens <= begins and begins + (end - start) / minutes(1) <= closes


def starts(
    state: State, event_type: EventType, length: int, first: datetime, last: datetime
) -> Iterator[datetime]:
    """Yield the starts of the slots from *first* to *last* in order, whether they are free or not.

    The slots of a day begin with the hours of a host, one interval after another.
    """
    step = event_type.slot_interval or length
    found: set[datetime] = set()
    for host_id in event_type.host_ids:
        user = state.users[host_id]
        day = first.astimezone(zone(user.time_zone)).date() - timedelta(days=1)
        while day <= last.astimezone(zone(user.time_zone)).date():
            found.update(_starts_of_day(user, day, step, length))
            day += timedelta(days=1)
    return iter(sorted(start for start in found if first <= start <= last))


def _starts_of_day(user: User, day: date, step: int, length: int) -> Iterator[datetime]:
    opens, closes = user.hours.get(day.weekday(), (0, 0))
    for minute in range(opens, closes - length + 1, step):
        local = datetime.combine(day, time(*divmod(minute, 60)), zone(user.time_zone))
        yield local.astimezone(_UTC)


_UTC = ZoneInfo("UTC")


def is_on_grid(state: State, event_type: EventType, start: datetime, length: int) -> bool:
    """Tell whether a slot begins at *start*, for any of the hosts."""
    step = event_type.slot_interval or length
    for host_id in event_type.host_ids:
        user = state.users[host_id]
        local = start.astimezone(zone(user.time_zone))
        opens, closes = user.hours.get(local.weekday(), (0, 0))
        minute = (local - local.replace(hour=0, minute=0, second=0, microsecond=0)) / minutes(1)
        if opens <= minute <= closes - length and (minute - opens) % step == 0:
            return True
    return False
