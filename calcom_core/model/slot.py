"""Free slots and their reservations: what to ask for, and what comes out."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from attrs import field, frozen

from calcom_core.errors import InvalidInput
from calcom_core.model.fields import (
    by,
    checks,
    day_or_moment,
    each,
    integer,
    moment,
    one_of,
    text,
    time_zone,
)
from calcom_core.model.inputs import Moment, one_event_type

Day = date | Moment
"""A date, which means the whole day in UTC, or a moment; as values or as strings."""

SlotFormat = Literal["time", "range"]


@frozen
class Slot:
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
    extra: Mapping[str, Any] = field(factory=dict, hash=False)


@frozen
class Slots(Mapping[date, tuple[Slot, ...]]):
    """Free slots by date: a mapping, in which dates without a slot are missing.

    The dates are those of the time zone that was asked for.
    """

    by_date: Mapping[date, tuple[Slot, ...]] = field(hash=False)

    def __getitem__(self, day: date) -> tuple[Slot, ...]:
        return self.by_date[day]

    def __iter__(self) -> Iterator[date]:
        return iter(self.by_date)

    def __len__(self) -> int:
        return len(self.by_date)

    @property
    def in_order(self) -> tuple[Slot, ...]:
        """Every slot, from the first date to the last."""
        return tuple(slot for day in sorted(self.by_date) for slot in self.by_date[day])


@frozen
class Reservation:
    """A slot that is kept from others until *reservation_until*.

    *slot_duration* and *reservation_duration* are in minutes; the latter is only in the answers
    to making and to changing one.
    """

    reservation_uid: str
    event_type_id: int
    slot_start: datetime
    slot_end: datetime
    slot_duration: float
    reservation_until: datetime
    reservation_duration: int | None = None
    extra: Mapping[str, Any] = field(factory=dict, hash=False)


def _end(value: object, name: str) -> date | datetime:
    end = day_or_moment(value, name)
    if not isinstance(end, datetime):
        return end
    if end.time() >= time(microsecond=1000):
        return end
    # CONTRACT B.28: an end at midnight sharp is moved to the end of the day that then begins.
    try:
        return end - timedelta(seconds=1)
    except OverflowError as error:
        raise InvalidInput(name, "is the beginning of time") from error


def _username(value: object, name: str) -> str:
    username = text(value, name)
    if "," in username:
        raise InvalidInput(name, "holds a comma, which would make it two")
    return username


@frozen(kw_only=True, field_transformer=checks)
class SlotFilters:
    """The query of a list of free slots: which event type, from when to when."""

    start: Day = field(metadata=by(day_or_moment))
    end: Day = field(metadata=by(_end))
    event_type_id: int | None = field(default=None, metadata=by(integer))
    event_type_slug: str | None = field(default=None, metadata=by(text))
    username: str | None = field(default=None, metadata=by(text))
    team_slug: str | None = field(default=None, metadata=by(text))
    usernames: Iterable[str] | None = field(default=None, metadata=by(each(_username, least=2)))
    organization_slug: str | None = field(default=None, metadata=by(text))
    time_zone: str | None = field(default=None, metadata=by(time_zone))
    duration: int | None = field(default=None, metadata=by(integer))
    format: str | None = field(default=None, metadata=by(one_of("time", "range")))
    booking_uid_to_reschedule: str | None = field(default=None, metadata=by(text))
    rr_host_subset_ids: Iterable[int] | None = field(
        default=None, metadata=by(each(integer, least=1))
    )

    def __attrs_post_init__(self) -> None:
        one_event_type(self)
        if _moment_of(self.end, time.max) < _moment_of(self.start, time.min):
            raise InvalidInput("end", "is before start")


def _moment_of(day: Any, at: time) -> datetime:
    return day if isinstance(day, datetime) else datetime.combine(day, at, UTC)


@frozen(kw_only=True, field_transformer=checks)
class NewReservation:
    """A slot to reserve; both durations are in minutes, at least 1."""

    event_type_id: int = field(metadata=by(integer))
    slot_start: Moment = field(metadata=by(moment))
    slot_duration: int | None = field(default=None, metadata=by(integer))
    reservation_duration: int | None = field(default=None, metadata=by(integer))
