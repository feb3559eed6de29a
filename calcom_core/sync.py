"""Follow the changes of bookings: a stream of those created, moved or cancelled since last time.

`changes` lists bookings by the time of their last change, from a `SyncState` on, and emits pages of
changed bookings, each with the state after it. The state is JSON: store it with the bookings, and
the next run, in any process, goes on from there. Bookings are never deleted, only cancelled.

How nothing is missed and nothing comes twice in a run:

- The next page is the one from the last time that was read, not from a count of items, so bookings
  that change meanwhile shift nothing. The server's totals are not used: they ignore this filter.
- A run ends at the time at which it began, by the `Date` of its first response. What changes later
  comes with the next run, so each booking comes once in a run, and a run ends.
- A write that becomes visible late, with an earlier time, is found again: each run begins *overlap*
  seconds before the last time that was read, and leaves out the versions that the state lists.
- More bookings than a page with one and the same time are read by their start, since the server has
  no fixed order among them.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from attrs import evolve, field, frozen

from calcom_core import bookings
from calcom_core._lazy_methods import LazyMethods
from calcom_core.api import Api
from calcom_core.checks import (
    bounded_int,
    check_fields,
    checked_by,
    list_of,
    optional,
    seconds,
    string,
    utc_datetime,
)
from calcom_core.decoding_errors import paging_error
from calcom_core.effects import Emit, Stream
from calcom_core.errors import InvalidInput, PagingError
from calcom_core.model.booking import Booking
from calcom_core.model.filters import STATUSES
from calcom_core.model.inputs import Moment
from calcom_core.operation import Operation, Page
from calcom_core.paging import read_page
from calcom_core.rate_limits import parse_http_date
from calcom_core.retry import DEFAULT_RETRY, RetryPolicy, check_policy, retrying
from calcom_core.serialization import format_datetime
from calcom_core.versions import BY_CURSOR, BY_OFFSET

Version: TypeAlias = tuple[str, datetime]
"""The uid of a booking, and the time of its change."""

_VERSION = 1
_FOLLOWED = (
    "bookings.list",
    "teams.organization_bookings",
    "teams.organization_user_bookings",
)
"""The lists that know the filter by the time of change."""

_RESERVED = {"afterUpdatedAt", "beforeUpdatedAt", "take", "skip", "limit", "cursor"} | {
    f"sort{name}" for name in ("Start", "End", "Created", "UpdatedAt")
}
_overlap = seconds(86_400, may_be_zero=True)
_LARGEST_PAGE = 250
_INSTANT = timedelta(milliseconds=1)
"""The precision of the API's times."""
_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)


def _version(value: object, name: str) -> Version:
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise InvalidInput(name, "must be a pair of a uid and an aware datetime")
    return string(value[0], name), utc_datetime(value[1], name)


@frozen(field_transformer=check_fields)
class SyncState(LazyMethods):
    """How far the changes were read.

    *watermark* is the latest time of a change that was read; None is the beginning.
    *recent* lists the versions that were read within the overlap before it.
    Raises `InvalidInput` for values of another type.
    """

    watermark: datetime | None = optional(utc_datetime)
    recent: tuple[Version, ...] = field(
        default=(),
        metadata=checked_by(list_of(_version)),
        repr=lambda recent: f"<{len(recent)} versions>",
    )

    def to_json(self) -> dict[str, Any]:
        """Return the state as JSON; it holds uids and times only."""
        return {
            "version": _VERSION,
            "watermark": self.watermark and self.watermark.isoformat(),
            "recent": [[uid, changed.isoformat()] for uid, changed in self.recent],
        }

    @classmethod
    def from_json(cls, tree: Mapping[str, Any]) -> "SyncState":
        """Return the state that `to_json` described; raises `InvalidInput` for anything else."""
        if not isinstance(tree, Mapping) or tree.get("version") != _VERSION:
            raise InvalidInput("state", f"must be JSON of `to_json`, version {_VERSION}")
        try:
            return cls(tree["watermark"], tree["recent"])
        except (LookupError, InvalidInput) as error:
            raise InvalidInput("state", f"is damaged: {error}") from error


@frozen
class Changes(LazyMethods):
    """Changed bookings, at least one, and the *state* to go on from once they are stored."""

    bookings: tuple[Booking, ...]
    state: SyncState


def changes(
    api: Api,
    since: SyncState | Moment | None = None,
    policy: RetryPolicy = DEFAULT_RETRY,
    *,
    listing: Operation[Page[Booking]] | None = None,
    take: int = 100,
    overlap: float = 60.0,
) -> Stream[Changes]:
    """Emit the bookings that changed, the earliest change first, in pages.

    Args:
        api: where to send the requests.
        since: the state of an earlier run; a time, from which on changes count; or None for all.
        policy: when to retry; its deadline holds for each page.
        listing: the list to follow, by default every booking that the caller may see. Another one
            is a `bookings.list`, `teams.organization_bookings` or
            `teams.organization_user_bookings` with filters; give it its statuses too.
        take: how many bookings a page, 1 to 250.
        overlap: for how many seconds a write may stay invisible after the time that it bears,
            from 0 to 86,400. The state lists the changes within that time.

    Raises:
        InvalidInput: for another list, a filter that is set here, and a number out of its bounds.
        DecodingError: for a booking that cannot be read, once the others of its page were emitted
            with an unchanged state; a run from there meets it again.
        PagingError: for a list that is not in the order of change, as of a server that does not
            know the filter, for a booking without *updated_at*, and for more than 250 bookings
            with the same time of change and the same start.
        CalcomError: as `retrying` does.
    """
    if listing is None:
        listing = bookings.list(status=STATUSES)
    if not isinstance(listing, Operation) or listing.name not in _FOLLOWED or listing.transforms:
        raise InvalidInput("listing", f"must be one of {', '.join(_FOLLOWED)}")
    for name, _ in listing.query:
        if name in _RESERVED:
            raise InvalidInput("listing", f"has {name}, which the sync sets; leave it out")
    if listing.version in BY_CURSOR:
        raise InvalidInput("listing", f"has version {listing.version}, which cannot be sorted")
    if not isinstance(since, SyncState):
        since = SyncState(None if since is None else utc_datetime(since, "since"))
    size = ("take", str(bounded_int(1, _LARGEST_PAGE)(take, "take")))
    first = evolve(listing, query=(*listing.query, size), supported_versions=BY_OFFSET)
    duration = timedelta(seconds=_overlap(overlap, "overlap"))
    return _changes(api, first, check_policy(policy), since, duration)


def _at(listing: Operation[Page[Booking]], place: "_Place") -> Operation[Page[Booking]]:
    """Return the page of a list at a place."""
    query = dict(listing.query)
    if place.after is not None:
        query["afterUpdatedAt"] = format_datetime(place.after)
    if place.alone:
        query |= {"beforeUpdatedAt": query["afterUpdatedAt"], "sortStart": "asc"}
        query["take"] = str(_LARGEST_PAGE)
    else:
        query["sortUpdatedAt"] = "asc"
    if place.start is not None:
        query["afterStart"] = format_datetime(place.start)
    return evolve(listing, query=query)


@frozen
class _Place(LazyMethods):
    """The place of the next page: from a time of change on.

    With *alone* only the bookings of that very time, from *start* on by their start.
    """

    after: datetime | None
    alone: bool = False
    start: datetime | None = None

    def following(self, read: "_Read", fresh: bool) -> "_Place | None":
        """Return the place after a page, or None at the end; *fresh* says that it shows changes."""
        if self.alone and self.after is not None:
            if read.full:
                return _Place(self.after, alone=True, start=read.last_start)
            return _Place(self.after + _INSTANT)
        if read.of_one_time(self.after):
            return _Place(self.after, alone=True)
        return _Place(read.reached(self.after)) if fresh or read.leads_on else None


@frozen
class _Read(LazyMethods):
    """The content of a page.

    *changed* holds the bookings that changed until the run began, each with its time.
    A booking that changes while the server reads the page shows a new time in its old place.
    That time is after the run began, or at least after *settled*, which is *overlap* before.
    So a full page leads no further than its last settled booking, if there is one.
    """

    changed: tuple[tuple[Booking, datetime], ...]
    full: bool
    leads_on: bool
    settled: datetime
    last_start: datetime | None

    def of_one_time(self, after: datetime | None) -> bool:
        """Whether more bookings of the time *after* follow than this page holds.

        Its last one may show a new time.
        """
        return self.full and any(time == after for _, time in self.changed[-2:])

    def reached(self, after: datetime | None) -> datetime | None:
        """Return the time up to which all bookings were read."""
        times = [time for _, time in self.changed]
        if self.full:
            settled = [time for time in times if time <= self.settled]
            for last in (settled[-1:], times[-2:]):
                if last and (after is None or min(last) > after):
                    return min(last)
        return max(times, default=after)


def _changes(
    api: Api,
    listing: Operation[Page[Booking]],
    policy: RetryPolicy,
    state: SyncState,
    overlap: timedelta,
) -> Stream[Changes]:
    recent = dict(state.recent)
    place: _Place | None = _Place(_start(state, overlap))
    until: datetime | None = None
    while place is not None:
        operation = _at(listing, place)
        page, error = yield from read_page(retrying(api, operation, policy))
        until = until or parse_http_date(page.response.headers.get("date")) or _LAST
        read = _read(operation, page, place, until, overlap)
        shown = read.changed
        if place.alone:  # one that changes meanwhile is shown again
            if read.full and read.last_start == place.start:
                raise _not_listed(
                    operation, page, len(page.items) - 1, "another start", "the same again"
                )
            shown = tuple([pair for pair in shown if pair[1] == place.after])
        fresh = tuple([booking for booking, time in shown if recent.get(booking.uid) != time])
        if fresh:
            recent.update((booking.uid, time) for booking, time in shown)
            if error is None:
                reached = place.after if place.alone else read.reached(place.after)
                state = _advanced(state, recent, reached, overlap)
                recent = dict(state.recent)
            yield Emit(Changes(fresh, state))
        if error is not None:
            raise error
        place = place.following(read, bool(fresh))


def _start(state: SyncState, overlap: timedelta) -> datetime | None:
    """Return from which time on a run reads; without a version there is nothing to overlap."""
    if state.watermark is None or not state.recent:
        return state.watermark and _exact(state.watermark)
    return _exact(_minus(state.watermark, overlap))


def _exact(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _minus(moment: datetime, overlap: timedelta) -> datetime:
    return moment - overlap if moment - _FIRST > overlap else _FIRST


def _advanced(
    state: SyncState,
    recent: Mapping[str, datetime],
    reached: datetime | None,
    overlap: timedelta,
) -> SyncState:
    watermark = max(state.watermark or _FIRST, reached or _FIRST)
    least = _minus(watermark, overlap)
    kept = sorted((time, uid) for uid, time in recent.items() if time >= least)
    return SyncState(watermark, tuple([(uid, time) for time, uid in kept]))


def _read(
    operation: Operation[Page[Booking]],
    page: Page[Booking],
    place: _Place,
    until: datetime,
    overlap: timedelta,
) -> _Read:
    """Return the content of a page; refuse a page that is not in the order of change."""
    settled = _minus(until, overlap) if until < _LAST else _LAST
    changed: list[tuple[Booking, datetime]] = []
    least = place.after or _FIRST
    for number, booking in enumerate(page.items):
        time = booking.updated_at
        if time is None:
            raise _not_listed(operation, page, number, "a time of change", "nothing")
        if time < least:
            raise _not_listed(operation, page, number, "a later time of change", "an earlier one")
        if time <= settled and not place.alone:
            least = time
        if time <= until:
            changed.append((booking, time))
    count = len(page.items)
    full = count >= int(dict(operation.query)["take"])
    leads_on = full and bool(changed) and page.items[-1] is changed[-1][0]
    last_start = page.items[-1].start if page.items else None
    return _Read(tuple(changed), full, leads_on, settled, last_start)


def _not_listed(
    operation: Operation[Page[Booking]], page: Page[Booking], number: int, wanted: str, found: str
) -> PagingError:
    return paging_error(
        operation,
        page.response,
        f"the changes cannot be listed: booking {number} of the page has {found} where {wanted} "
        "belongs; the server may not know the filters",
        f"$.data[{number}]",
        found,
    )
