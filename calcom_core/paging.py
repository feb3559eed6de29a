"""Programs that iterate over a list, by page or by booking.

`Page.next` is the operation for the next page.
A list by *take* and *skip* states its total, so several pages can be requested concurrently.
A list by cursor is read one page after another.

A faulty server must not cause an endless iteration: a list that shows nothing new, or far more
pages than it stated, raises `PagingError`.
"""

from collections.abc import Callable, Generator, Sequence
from typing import Any, TypeVar, cast

from attrs import define, evolve, field

from calcom_core.api import Api
from calcom_core.checks import positive_int
from calcom_core.decoders import PageOf
from calcom_core.decoding_errors import paging_error
from calcom_core.effects import Effect, Emit, Program, Stream, emit, gather
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
from calcom_core.redaction import redact_response
from calcom_core.retry import DEFAULT_RETRY, RetryPolicy, check_policy, retrying

T = TypeVar("T")

_List = Operation[Page[Booking]]
_PageResult = tuple[Page[Booking] | None, CalcomError | None]
"""A page, and the error that ends the iteration; one of them may be None."""

_MAX_IDLE_PAGES = 10
"""The number of consecutive pages without a new booking after which a list counts as endless."""


def pages(
    api: Api,
    operation: Operation[Page[Booking]],
    policy: RetryPolicy = DEFAULT_RETRY,
    *,
    concurrency: int = 1,
) -> Stream[Page[Booking]]:
    """Emit the first page of a list and all pages after it.

    Every error is raised only after the pages before it were emitted.

    Args:
        api: where to send it.
        operation: the first page, such as `bookings.list(status="upcoming", take=100)`.
        policy: when to retry; its deadline applies to each page, not to the whole iteration.
        concurrency: the number of pages to request at once, at least 1; it applies to a list by
            *take* and *skip*, after its first page.
            Memory holds this number of pages, and the uid of every booking.

    Raises:
        InvalidInput: for an operation that does not list bookings, and for an invalid concurrency.
        DecodingError: for a page with unreadable items, after its readable items were emitted;
            to continue, iterate from `error.page.next`.
        PagingError: for a page that does not lead to the next one, and for a list that does not
            end.
            A list by cursor does not end if a page shows only known bookings, or if ten
            consecutive pages are empty.
            A list by *take* and *skip* does not end if ten consecutive pages show nothing new.
            It does not end either if it exceeds twice the stated number of pages, plus ten.
        CalcomError: as `retrying` raises.
    """
    return _checked_iteration(api, operation, policy, concurrency, lambda page, new: (page,))


def items(
    api: Api,
    operation: Operation[Page[Booking]],
    policy: RetryPolicy = DEFAULT_RETRY,
    *,
    concurrency: int = 1,
) -> Stream[Booking]:
    """Emit the bookings of all pages in order, each uid once; otherwise as `pages`.

    A list by *take* and *skip* that changes during the iteration repeats some bookings, which are
    emitted once, and omits others, which cannot be detected.
    A list by *cursor* does neither.
    """
    return _checked_iteration(api, operation, policy, concurrency, lambda page, new: new)


def at_least_1(concurrency: int) -> int:
    """Check that a concurrency is an integer of at least 1."""
    return positive_int(concurrency, "concurrency")


def _checked_iteration(
    api: Api,
    first: _List,
    policy: RetryPolicy,
    concurrency: int,
    select: Callable[[Page[Booking], Sequence[Booking]], Sequence[T]],
) -> Stream[T]:
    """Check the arguments at once, not at the first step: the operation might be a write."""
    listing = isinstance(first, Operation) and isinstance(find_decoder(first), PageOf)
    if not listing or first.transforms:
        raise InvalidInput("operation", "must list bookings, such as bookings.list(…)")
    return _iterate(api, first, check_policy(policy), at_least_1(concurrency), select)


def _iterate(
    api: Api,
    first: _List,
    policy: RetryPolicy,
    concurrency: int,
    select: Callable[[Page[Booking], Sequence[Booking]], Sequence[T]],
) -> Stream[T]:
    progress = _Progress()
    batch = [first]
    while batch:
        reads = [_read_page(api, operation, policy) for operation in batch]
        batch = yield from _emit_batch(reads, batch, concurrency, progress, select)


def _emit_batch(
    reads: list[Program[_PageResult]],
    operations: list[_List],
    concurrency: int,
    progress: "_Progress",
    select: Callable[[Page[Booking], Sequence[Booking]], Sequence[T]],
) -> Generator[Effect | Emit[T], Any, list[_List]]:
    """Read some pages and emit their items; the result holds the operations of the next batch.

    It is a program of its own, so that no frame keeps the pages when the next batch is read.
    """
    if len(reads) == 1:
        results = [(yield from reads[0])]
    else:
        results = list((yield from gather(reads, limit=concurrency)))
    next_batch: list[_List] = []
    for operation in operations:
        page, error = results.pop(0)  # releases each page once it was emitted
        if page is not None:
            new = progress.add(page)
            for item in select(page, new):
                yield from emit(item)
        if page is None or error is not None:
            raise cast(CalcomError, error)
        if page.next is not None and not progress.may_continue(operation, page):
            raise _endless_list_error(operation, page, progress)
        if not results:  # the last page states the latest total
            next_batch = _next_batch(operation, page, concurrency)
    return next_batch


@define(eq=False)
class _Progress:
    """The progress of an iteration, to detect a list that does not end."""

    count: int = 0
    idle: int = 0
    _max_pages: int = 0
    _seen: set[str] = field(factory=set)

    def add(self, page: Page[Booking]) -> list[Booking]:
        """Count a page, and return its bookings that no earlier page had."""
        found = []
        for booking in page.items:
            if booking.uid not in self._seen:
                self._seen.add(booking.uid)
                found.append(booking)
        self.count += 1
        self.idle = 0 if found else self.idle + 1
        return found

    def may_continue(self, operation: _List, page: Page[Booking]) -> bool:
        """Return whether to follow the next page of *page*.

        A page by *skip* may show nothing new if bookings were inserted before it, but not forever.
        """
        if self.idle >= _MAX_IDLE_PAGES:
            return False
        if isinstance(page.pagination, CursorPagination):
            return not (self.idle and page.items)
        if page.total_items is None:
            return True
        self._max_pages = self._max_pages or 2 * (1 + _pages_after(operation, page)) + 10
        return self.count < self._max_pages


def read_page(
    reading: Program[Page[Booking]],
) -> Program[tuple[Page[Booking], DecodingError | None]]:
    """Read a page; one with unreadable items is returned with its error."""
    try:
        return (yield from reading), None
    except DecodingError as error:
        if error.page is None:
            raise
        return error.page, error


def _read_page(api: Api, operation: _List, policy: RetryPolicy) -> Program[_PageResult]:
    """Read a page, and return an error instead of raising it.

    The pages before it must be emitted first, and a `DecodingError` may hold a page itself.
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
    """Return how many pages follow according to *page*, at least 1; 1 without a total."""
    if page.next is None or page.total_items is None:
        return 1
    step = _skip(page.next) - _skip(operation)
    return max(-(-(page.total_items - _skip(page.next)) // step), 1)


def _next_batch(operation: _List, page: Page[Booking], concurrency: int) -> list[_List]:
    """Return the operations of the pages after *page*, at most *concurrency*."""
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


def _endless_list_error(operation: _List, page: Page[Booking], progress: _Progress) -> PagingError:
    """Return the error for a list that does not end."""
    response = redact_response(page.response)
    if response != page.response:  # decode again, because the items may repeat a credential
        page = operation.decode(response)
    flag = "hasMore" if isinstance(page.pagination, CursorPagination) else "hasNextPage"
    idle = f", the last {progress.idle} without a new booking" if progress.idle else ""
    return paging_error(
        operation,
        response,
        f"the list does not end: {progress.count} pages were read{idle}, "
        f"and the last one states that more follow (items in error.page: {len(page.items)})",
        f"$.pagination.{flag}",
        "true",
        evolve(page, next=None),
    )
