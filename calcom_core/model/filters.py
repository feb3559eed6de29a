"""The filters of lists of bookings: their names, their checks, and their conflicts.

Each kind of list supports its own set of filters.
Any other is refused, because the server ignores it and returns all bookings.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypedDict, get_args

from attrs import fields_dict, frozen

from calcom_core._lazy_methods import LazyMethods
from calcom_core.checks import (
    bounded_int,
    check_fields,
    did_you_mean,
    list_of,
    non_empty_string,
    non_negative_int,
    one_of,
    optional,
    positive_int,
    utc_datetime,
)
from calcom_core.errors import InvalidInput
from calcom_core.model.inputs import Moment

Status = Literal["upcoming", "recurring", "past", "cancelled", "unconfirmed"]
Sort = Literal["asc", "desc"]

STATUSES: tuple[Status, ...] = get_args(Status)


class TeamBookingFilters(TypedDict, total=False):
    """The filters of a list of a team's bookings; `bookings.list` describes each."""

    status: Status | Iterable[Status] | None
    attendee_email: str | None
    attendee_name: str | None
    booking_uid: str | None
    event_type_ids: Iterable[int] | None
    event_type_id: int | None
    after_start: Moment | None
    before_end: Moment | None
    sort_start: Sort | None
    sort_end: Sort | None
    sort_created: Sort | None
    take: int | None
    skip: int | None


class UserBookingFilters(TeamBookingFilters, total=False):
    """The filters of a list of a member's bookings."""

    teams_ids: Iterable[int] | None
    team_id: int | None
    after_created_at: Moment | None
    before_created_at: Moment | None
    after_updated_at: Moment | None
    before_updated_at: Moment | None
    sort_updated_at: Sort | None


class AllBookingFilters(UserBookingFilters, total=False):
    """The filters of `bookings.list`."""

    cursor: str | None
    limit: int | None


class OrganizationBookingFilters(AllBookingFilters, total=False):
    """The filters of a list of an organisation's bookings."""

    user_ids: Iterable[int] | None


_status = one_of(*STATUSES)
_some_statuses = list_of(_status, least=1)


def _statuses(value: object, name: str) -> tuple[str, ...]:
    return (_status(value, name),) if isinstance(value, str) else _some_statuses(value, name)


_ids = list_of(positive_int, least=1)
_sort = one_of("asc", "desc")
_EXCLUSIVE: tuple[tuple[str, ...], ...] = (
    ("event_type_ids", "event_type_id"),
    ("teams_ids", "team_id"),
    ("sort_start", "sort_end", "sort_created", "sort_updated_at"),
)
_RANGES = (
    ("after_start", "before_end"),
    ("after_created_at", "before_created_at"),
    ("after_updated_at", "before_updated_at"),
)
_ORDER = "the status determines the order of a list by cursor"
# Versions that page by cursor ignore or refuse these filters.
_BY_OFFSET: Mapping[str, str] = {
    "take": "a list by cursor uses limit instead",
    "skip": "a list by cursor uses cursor instead",
    "sort_start": _ORDER,
    "sort_end": _ORDER,
    "sort_created": _ORDER,
    "sort_updated_at": _ORDER,
}
# Versions that page by take and skip ignore these.
_BY_CURSOR = ("limit", "cursor")


@frozen(kw_only=True, field_transformer=check_fields)
class BookingFilters(LazyMethods):
    """The query parameters of a list of bookings."""

    status: Iterable[str] | None = optional(_statuses)
    attendee_email: str | None = optional(non_empty_string)
    attendee_name: str | None = optional(non_empty_string)
    booking_uid: str | None = optional(non_empty_string)
    event_type_ids: Iterable[int] | None = optional(_ids)
    event_type_id: int | None = optional(positive_int)
    teams_ids: Iterable[int] | None = optional(_ids)
    team_id: int | None = optional(positive_int)
    after_start: Moment | None = optional(utc_datetime)
    before_end: Moment | None = optional(utc_datetime)
    after_created_at: Moment | None = optional(utc_datetime)
    before_created_at: Moment | None = optional(utc_datetime)
    after_updated_at: Moment | None = optional(utc_datetime)
    before_updated_at: Moment | None = optional(utc_datetime)
    sort_start: str | None = optional(_sort)
    sort_end: str | None = optional(_sort)
    sort_created: str | None = optional(_sort)
    sort_updated_at: str | None = optional(_sort)
    take: int | None = optional(bounded_int(1, 250))
    skip: int | None = optional(non_negative_int)
    user_ids: Iterable[int] | None = optional(_ids)
    limit: int | None = optional(bounded_int(1, 100))
    cursor: str | None = optional(non_empty_string)

    def __attrs_post_init__(self) -> None:
        for names in _EXCLUSIVE:
            given = self._given(names)
            if len(given) > 1:
                raise InvalidInput(
                    given[1],
                    f"cannot be combined with {given[0]}; the server would use only one",
                )
        for first, last in _RANGES:
            after, before = getattr(self, first), getattr(self, last)
            if after is not None and before is not None and before < after:
                raise InvalidInput(last, f"is before {first}, so no booking can match")
        by_offset, by_cursor = self.only_by_offset, self.only_by_cursor
        if by_offset and by_cursor:
            name, why = by_offset
            raise InvalidInput(name, f"cannot be combined with {by_cursor[0]}: {why}")

    def _given(self, names: Iterable[str]) -> list[str]:
        return [name for name in names if getattr(self, name) is not None]

    @property
    def only_by_offset(self) -> tuple[str, str] | None:
        """A given filter that only a list by *take* and *skip* supports, and the reason."""
        if isinstance(self.status, tuple) and len(self.status) > 1:
            return "status", "a list by cursor accepts only one"
        return next(((name, _BY_OFFSET[name]) for name in self._given(_BY_OFFSET)), None)

    @property
    def only_by_cursor(self) -> tuple[str, str] | None:
        """A given filter that only a list by *cursor* and *limit* supports, and the reason."""
        why = "a list by take and skip does not support it"
        return next(((name, why) for name in self._given(_BY_CURSOR)), None)


ReferenceType = Literal[
    "google_calendar",
    "office365_calendar",
    "daily_video",
    "google_video",
    "office365_video",
    "zoom_video",
]


@frozen(kw_only=True, field_transformer=check_fields)
class ReferenceFilter(LazyMethods):
    """The query parameters of a list of references."""

    type: str | None = optional(one_of(*get_args(ReferenceType)))


def booking_filters(kind: type[Any], given: Mapping[str, Any]) -> BookingFilters:
    """Create the filters of a list from keywords.

    *kind* is the typed dict with the filters that the list supports.
    Raises `InvalidInput` for any other filter.
    """
    known = tuple(kind.__annotations__)
    for name in given:
        if name not in known:
            of_another_list = name in fields_dict(BookingFilters)
            hint = "" if of_another_list else did_you_mean(name, known)
            hint = hint or f", which supports {', '.join(known)}"
            raise InvalidInput(name, f"is not a filter of this list{hint}")
    return BookingFilters(**given)
