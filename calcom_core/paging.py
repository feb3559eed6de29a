"""Programs that walk a list page by page.

The next page is the one that `Page.next` names.
A list by *take* and *skip* says with each page how many items there are in all, so that the pages
up to there may be requested at once; a list by cursor is read one page after another.
"""

from collections.abc import Callable, Generator, Sequence
from typing import Any, TypeVar, cast

from attrs import define, evolve, field

from calcom_core.api import Api
from calcom_core.decoders import PageOf, json_of
from calcom_core.effects import Effect, Emit, Program, Stream, emit, gather
from calcom_core.error_mapping import describe
from calcom_core.errors import (
    CalcomError,
    DecodingError,
    InvalidInput,
    PagingError,
    ReplayError,
)
from calcom_core.model.booking import Booking
from calcom_core.model.page import CursorPagination
from calcom_core.operation import Operation, Page, find_decoder
from calcom_core.redaction import without_credentials
from calcom_core.retry import DEFAULT_RETRY, RetryPolicy, check_policy, retrying

T = TypeVar("T")

_List = Operation[Page[Booking]]
_Read = tuple[Page[Booking] | None, CalcomError | None]
"""A page, and what is wrong: with it, or with the call that was to bring it."""

_IDLE = 10
"""How many pages in a row may show nothing new."""


def pages(
    api: Api,
    operation: Operation[Page[Booking]],
    policy: RetryPolicy = DEFAULT_RETRY,
    *,
    concurrency: int = 1,
) -> Stream[Page[Booking]]:
    """Emit the page that *operation* lists, and those after it.

    Args:
        api: where to send it.
        operation: the first page, such as `bookings.list(status="upcoming", take=100)`.
        policy: when to retry; its deadline holds for each page, not for the whole iteration.
        concurrency: how many pages to ask for at once, at least 1, where it is known how many there
            are: after the first page of a list by *take* and *skip*.
            So many pages are held in memory, and the uid of every booking.

    Raises:
        InvalidInput: for an operation that lists no bookings, and for an invalid concurrency.
        DecodingError: for a page with odd items, once the page of the others was emitted;
            to go on, walk from its `page.next`.
        PagingError: once its page was emitted, for one that does not say how to go on, and for a
            list that does not end: by cursor at a page of nothing but what was shown before, or the
            tenth in a row that is empty; by *take* and *skip* at the tenth in a row with nothing
            new, or after twice the pages that the first one told of, and ten more.
        CalcomError: what `retrying` raises, once the pages before were emitted.
    """
    return _walk(api, operation, policy, concurrency, lambda page, fresh: (page,))


def items(
    api: Api,
    operation: Operation[Page[Booking]],
    policy: RetryPolicy = DEFAULT_RETRY,
    *,
    concurrency: int = 1,
) -> Stream[Booking]:
    """Emit the bookings of all pages in their order, each uid once; otherwise as `pages`.

    A list that changes while it is walked by *take* and *skip* shows some bookings twice, which are
    left out here, and hides others, which nobody can tell; by *cursor* it does neither.
    """
    return _walk(api, operation, policy, concurrency, lambda page, fresh: fresh)


def at_least_1(concurrency: int) -> int:
    """Check a concurrency."""
    if isinstance(concurrency, bool) or not isinstance(concurrency, int) or concurrency < 1:
        raise InvalidInput("concurrency", "must be an integer of at least 1")
    return concurrency


def _walk(
    api: Api,
    first: _List,
    policy: RetryPolicy,
    concurrency: int,
    shown: Callable[[Page[Booking], Sequence[Booking]], Sequence[T]],
) -> Stream[T]:
    """Check what is given, and return the walk."""
    # Before it begins: what lists nothing might be a write.
    listing = isinstance(first, Operation) and isinstance(find_decoder(first), PageOf)
    if not listing or first.transforms:
        raise InvalidInput("operation", "must be one that lists bookings, such as bookings.list(…)")
    return _walked(api, first, check_policy(policy), at_least_1(concurrency), shown)


def _walked(
    api: Api,
    first: _List,
    policy: RetryPolicy,
    concurrency: int,
    shown: Callable[[Page[Booking], Sequence[Booking]], Sequence[T]],
) -> Stream[T]:
    progress = _Progress()
    following = [first]
    while following:
        read = [_page(api, operation, policy) for operation in following]
        following = yield from _shown(read, following, concurrency, progress, shown)


def _shown(
    read: list[Program[_Read]],
    operations: list[_List],
    concurrency: int,
    progress: "_Progress",
    shown: Callable[[Page[Booking], Sequence[Booking]], Sequence[T]],
) -> Generator[Effect | Emit[T], Any, list[_List]]:
    """Read some pages and emit what they show; the result is what to ask for next.

    When it ends nothing holds these pages any more.
    """
    if len(read) == 1:
        batch = [(yield from read[0])]
    else:
        batch = list((yield from gather(read, limit=concurrency)))
    following: list[_List] = []
    for operation in operations:
        page, error = batch.pop(0)  # so that those that were shown are not kept
        if page is not None:
            fresh = progress.fresh(page)
            for item in shown(page, fresh):
                yield from emit(item)
        if page is None or error is not None:
            raise cast(CalcomError, error)
        if page.next is not None and not progress.leads_on(operation, page):
            raise _endless(operation, page, progress)
        if not batch:  # the last one, since what the list says of itself changes meanwhile
            following = _following(operation, page, concurrency)
    return following


@define
class _Progress:
    """How far a walk has come."""

    count: int = 0
    idle: int = 0
    _most: int = 0
    _seen: set[str] = field(factory=set)

    def fresh(self, page: Page[Booking]) -> list[Booking]:
        """Return the bookings of the next page that no page before it has shown."""
        found = []
        for booking in page.items:
            if booking.uid not in self._seen:
                self._seen.add(booking.uid)
                found.append(booking)
        self.count += 1
        self.idle = 0 if found else self.idle + 1
        return found

    def leads_on(self, operation: _List, page: Page[Booking]) -> bool:
        """Whether that page, which names another one, may be believed.

        By *skip* a page may well show nothing new, where as many bookings came before it meanwhile;
        but not for ever.
        """
        if self.idle >= _IDLE:
            return False
        if isinstance(page.pagination, CursorPagination):
            return not (self.idle and page.items)
        if page.total_items is None:
            return True
        self._most = self._most or 2 * (1 + _pages_after(operation, page)) + 10
        return self.count < self._most


def _page(api: Api, operation: _List, policy: RetryPolicy) -> Program[_Read]:
    """Read a page, or what went wrong, which may carry a page.

    An error is no exception here, so that the pages before it are shown first.
    """
    try:
        return (yield from retrying(api, operation, policy)), None
    except ReplayError:
        raise
    except CalcomError as error:
        return (error.page if isinstance(error, DecodingError) else None), error


def _skip(operation: _List) -> int:
    return int(dict(operation.query).get("skip", 0))


def _pages_after(operation: _List, page: Page[Booking]) -> int:
    """Return how many pages a page that names another one tells of; 1 if it does not count them."""
    if page.next is None or page.total_items is None:
        return 1
    step = _skip(page.next) - _skip(operation)
    return max(-(-(page.total_items - _skip(page.next)) // step), 1)


def _following(operation: _List, page: Page[Booking], concurrency: int) -> list[_List]:
    """Return the operations of the pages to ask for next, after that page."""
    if page.next is None:
        return []
    step = _skip(page.next) - _skip(operation)
    return [page.next] + [
        evolve(
            page.next,
            query=tuple(
                (name, str(int(value) + number * step) if name == "skip" else value)
                for name, value in page.next.query
            ),
        )
        for number in range(1, min(_pages_after(operation, page), concurrency))
    ]


def _endless(operation: _List, page: Page[Booking], progress: _Progress) -> PagingError:
    """Return the error for a page that names another one in a list that leads nowhere."""
    response = without_credentials(page.response)
    if response != page.response:  # then the page may not hold them either
        page = operation.plain.read(response)
    flag = "hasMore" if isinstance(page.pagination, CursorPagination) else "hasNextPage"
    idle = f", {progress.idle} of them in a row with nothing new" if progress.idle else ""
    return PagingError(
        f"{describe(operation)}: the list does not end: {progress.count} pages were read{idle}, "
        f"and the last says that there are more (its {len(page.items)} items in error.page)",
        operation=operation.plain,
        response=response,
        path=f"$.pagination.{flag}",
        found="true",
        may_have_happened=False,
        data=json_of(response),
        page=evolve(page, next=None),
    )
