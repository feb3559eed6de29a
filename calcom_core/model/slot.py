"""Free slots and their reservations: query parameters, inputs and models.

The server reads dates as days in UTC, and treats an end in the first second of a day as the whole
day; `SlotFilters` refuses or corrects both.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal, TypedDict, cast

from attrs import field, frozen

from calcom_core._lazy_methods import LazyMethods
from calcom_core.checks import (
    check_fields,
    checked_by,
    date_or_datetime,
    list_of,
    listed_username,
    non_empty_string,
    one_of,
    optional,
    positive_int,
    time_zone,
    utc_datetime,
)
from calcom_core.errors import InvalidInput
from calcom_core.model.inputs import Moment, check_event_type
from calcom_core.serialization import unknown_keys

Day = date | Moment
"""A date, which means the whole day in UTC, or a time; as a value or a string."""

SlotFormat = Literal["time", "range"]


class SlotFilterDict(TypedDict, total=False):
    """The optional filters of a list of free slots; `slots.list` describes each."""

    event_type_id: int | None
    event_type_slug: str | None
    username: str | None
    team_slug: str | None
    usernames: Iterable[str] | None
    organization_slug: str | None
    time_zone: str | None
    duration: int | None
    format: SlotFormat | None
    booking_uid_to_reschedule: str | None
    rr_host_subset_ids: Iterable[int] | None


# The names of UTC, without the prefix "Etc/" that some have.
_UTC = ("UTC", "UCT", "Universal", "Zulu", "GMT", "GMT0", "GMT+0", "GMT-0", "Greenwich")


@frozen
class Slot(LazyMethods):
    """A free time.

    *end* is set in the format `range`, *seats_…* if the event type has seats, and *booking_uid* if
    one of the seats is booked.
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
    """A mapping of dates to their free slots; dates without a slot are absent.

    The dates are in the time zone of the request.
    """

    by_date: Mapping[date, tuple[Slot, ...]]

    def __getitem__(self, day: date) -> tuple[Slot, ...]:
        return self.by_date[day]

    def __iter__(self) -> Iterator[date]:
        return iter(self.by_date)

    def __len__(self) -> int:
        return len(self.by_date)

    def __hash__(self) -> int:
        return hash(frozenset(self.by_date))  # it equals any mapping with the same items

    @property
    def in_order(self) -> tuple[Slot, ...]:
        """All slots in chronological order of their dates."""
        return tuple(slot for day in sorted(self.by_date) for slot in self.by_date[day])


@frozen
class Reservation(LazyMethods):
    """A slot that is reserved until *reservation_until*.

    *slot_duration* and *reservation_duration* are in minutes; only the responses to creating and
    updating a reservation have the latter.
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
class SlotFilters(LazyMethods):
    """The query parameters of a list of free slots."""

    start: Day = field(metadata=checked_by(date_or_datetime))
    end: Day = field(metadata=checked_by(date_or_datetime))
    event_type_id: int | None = optional(positive_int)
    event_type_slug: str | None = optional(non_empty_string)
    username: str | None = optional(non_empty_string)
    team_slug: str | None = optional(non_empty_string)
    usernames: Iterable[str] | None = optional(list_of(listed_username, least=2))
    organization_slug: str | None = optional(non_empty_string)
    time_zone: str | None = optional(time_zone)
    duration: int | None = optional(positive_int)
    format: str | None = optional(one_of("time", "range"))
    booking_uid_to_reschedule: str | None = optional(non_empty_string)
    rr_host_subset_ids: Iterable[int] | None = optional(list_of(positive_int, least=1))

    def __attrs_post_init__(self) -> None:
        if self.usernames is None:
            check_event_type(self, ", or usernames with organization_slug")
        else:
            for name in ("event_type_id", "event_type_slug", "username", "team_slug"):
                if getattr(self, name) is not None:
                    raise InvalidInput(name, "cannot be combined with usernames")
            if self.organization_slug is None:
                raise InvalidInput("organization_slug", "is missing, but usernames need it")
        self._check_days()
        start, end = _at_time(self.start, time.min), _at_time(self.end, time.max)
        if end < start:
            raise InvalidInput("end", "is before start")
        if end == start and end.time() == time.min:
            raise InvalidInput("end", "equals start, so no slot can match")

    def _check_days(self) -> None:
        # The server reads dates as days in UTC. The core cannot compute when a day begins
        # elsewhere, because time zone data are files.
        if self.time_zone is None or self.time_zone.removeprefix("Etc/") in _UTC:
            return
        for name in ("start", "end"):
            if not isinstance(getattr(self, name), datetime):
                raise InvalidInput(
                    name,
                    "is a date, which the server reads in UTC, not in time_zone; pass a datetime, "
                    "such as datetime(2027, 4, 5, tzinfo=ZoneInfo('Europe/Rome')): "
                    "the midnight before the first day, and the one after the last",
                )

    @property
    def end_to_send(self) -> date | datetime:
        """The end to send; one second earlier than *end* where the server would misread it."""
        end: Any = self.end
        # The server moves an end in the first second of a day, in UTC, to the end of that day.
        if isinstance(end, datetime) and end.time() < time(second=1):
            end -= min(timedelta(seconds=1), end - _at_time(self.start, time.min))
        return cast("date | datetime", end)


def _at_time(day: Any, at: time) -> datetime:
    return day if isinstance(day, datetime) else datetime.combine(day, at, UTC)


@frozen(kw_only=True, field_transformer=check_fields)
class NewReservation(LazyMethods):
    """A slot to reserve; both durations are in minutes, at least 1."""

    event_type_id: int = field(metadata=checked_by(positive_int))
    slot_start: Moment = field(metadata=checked_by(utc_datetime))
    slot_duration: int | None = optional(positive_int)
    reservation_duration: int | None = optional(positive_int)
