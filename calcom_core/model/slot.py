"""Free slots and their reservations: what to ask for, and what comes out."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal, cast

from attrs import field, frozen

from calcom_core.errors import InvalidInput
from calcom_core.model.fields import (
    by,
    check_fields,
    day_or_moment,
    each,
    integer,
    listed_username,
    moment,
    one_of,
    text,
    time_zone,
    unknown_keys,
)
from calcom_core.model.inputs import Moment, one_event_type
from calcom_core.value import Value

Day = date | Moment
"""A date, which means the whole day in UTC, or a moment; as values or as strings."""

SlotFormat = Literal["time", "range"]

# The names of UTC, also with "Etc/" before them.
_UTC = ("UTC", "UCT", "Universal", "Zulu", "GMT", "GMT0", "GMT+0", "GMT-0", "Greenwich")


@frozen
class Slot(Value):
    """A time that can be booked.

    *end* is there where the range was asked for, *seats_…* where the event type has seats,
    and *booking_uid* where somebody has taken one of them.
    """

    start: datetime
    end: datetime | None = None
    seats_booked: int | None = None
    seats_remaining: int | None = None
    seats_total: int | None = None
    booking_uid: str | None = None
    extra: Mapping[str, Any] = unknown_keys()


@frozen(eq=False)
class Slots(Mapping[date, tuple[Slot, ...]]):
    """Free slots by date: a mapping, in which dates without a slot are missing.

    The dates are those of the time zone that was asked for.
    """

    by_date: Mapping[date, tuple[Slot, ...]]

    def __getitem__(self, day: date) -> tuple[Slot, ...]:
        return self.by_date[day]

    def __iter__(self) -> Iterator[date]:
        return iter(self.by_date)

    def __len__(self) -> int:
        return len(self.by_date)

    def __hash__(self) -> int:
        return hash(frozenset(self.by_date))  # equal to any mapping of the same items

    @property
    def in_order(self) -> tuple[Slot, ...]:
        """Every slot, from the first date to the last."""
        return tuple(slot for day in sorted(self.by_date) for slot in self.by_date[day])


@frozen
class Reservation(Value):
    """A slot that is kept from others until *reservation_until*.

    *slot_duration* and *reservation_duration* are in minutes; the latter is only in the answers
    to making and to changing one.
    """

    reservation_uid: str
    event_type_id: int | None = None
    slot_start: datetime | None = None
    slot_end: datetime | None = None
    slot_duration: float | None = None
    reservation_until: datetime | None = None
    reservation_duration: int | None = None
    extra: Mapping[str, Any] = unknown_keys()


@frozen(kw_only=True, field_transformer=check_fields)
class SlotFilters(Value):
    """The query of a list of free slots: which event type, from when to when."""

    start: Day = field(metadata=by(day_or_moment))
    end: Day = field(metadata=by(day_or_moment))
    event_type_id: int | None = field(default=None, metadata=by(integer))
    event_type_slug: str | None = field(default=None, metadata=by(text))
    username: str | None = field(default=None, metadata=by(text))
    team_slug: str | None = field(default=None, metadata=by(text))
    usernames: Iterable[str] | None = field(
        default=None, metadata=by(each(listed_username, least=2))
    )
    organization_slug: str | None = field(default=None, metadata=by(text))
    time_zone: str | None = field(default=None, metadata=by(time_zone))
    duration: int | None = field(default=None, metadata=by(integer))
    format: str | None = field(default=None, metadata=by(one_of("time", "range")))
    booking_uid_to_reschedule: str | None = field(default=None, metadata=by(text))
    rr_host_subset_ids: Iterable[int] | None = field(
        default=None, metadata=by(each(integer, least=1))
    )

    def __attrs_post_init__(self) -> None:
        if self.usernames is None:
            one_event_type(self, ", or usernames with organization_slug")
        else:
            for name in ("event_type_id", "event_type_slug", "username", "team_slug"):
                if getattr(self, name) is not None:
                    raise InvalidInput(name, "cannot stand with usernames; the server uses one")
            if self.organization_slug is None:
                raise InvalidInput("organization_slug", "is missing; usernames are of its members")
        self._check_days()
        start, end = _moment(self.start, time.min), _moment(self.end, time.max)
        if end < start:
            raise InvalidInput("end", "is before start")
        if end == start and end.time() == time.min:
            raise InvalidInput("end", "is start, so that nothing lies between")

    def _check_days(self) -> None:
        # The server reads dates as days in UTC. Only a table of time zones, which is a file, says
        # when a day begins elsewhere.
        if self.time_zone is None or self.time_zone.removeprefix("Etc/") in _UTC:
            return
        for name in ("start", "end"):
            if not isinstance(getattr(self, name), datetime):
                raise InvalidInput(
                    name,
                    "is a date, which is a day in UTC and not in that time_zone; give a moment, "
                    "such as datetime(2027, 4, 5, tzinfo=ZoneInfo('Europe/Rome')): "
                    "the midnight before the first day, and the one after the last",
                )

    @property
    def end_to_ask(self) -> date | datetime:
        """The end as the server takes it to mean what was given."""
        end: Any = self.end
        # It moves an end in the first second of a day, in UTC, to the end of that day, so the
        # second before is sent.
        if isinstance(end, datetime) and end.time() < time(second=1):
            end -= min(timedelta(seconds=1), end - _moment(self.start, time.min))
        return cast("date | datetime", end)


def _moment(day: Any, at: time) -> datetime:
    return day if isinstance(day, datetime) else datetime.combine(day, at, UTC)


@frozen(kw_only=True, field_transformer=check_fields)
class NewReservation(Value):
    """A slot to reserve; both durations are in minutes, at least 1."""

    event_type_id: int = field(metadata=by(integer))
    slot_start: Moment = field(metadata=by(moment))
    slot_duration: int | None = field(default=None, metadata=by(integer))
    reservation_duration: int | None = field(default=None, metadata=by(integer))
