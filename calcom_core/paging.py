"""Programs that walk a list page by page.

The next page is the one that `Page.next` names.
A list by *take* and *skip* says with each page how many items there are in all, so that the pages
up to there may be asked for at once; a list by cursor is read one page after another.
"""

from collections.abc import Callable, Generator, Sequence
from typing import Any, Generic, TypeVar

from attrs import define, evolve

from calcom_core.api import Api
from calcom_core.effects import Effect, Emit, Program, Stream, emit, gather
from calcom_core.errors import DecodingError, InvalidInput, PagingError
from calcom_core.model.booking import Booking
from calcom_core.operation import Operation, Page, undecodable
from calcom_core.retry import DEFAULT_RETRY, RetryPolicy, retrying

T = TypeVar("T")
U = TypeVar("U")

_EMPTY = 10
"""How many empty pages in a row a list by cursor may have."""


def pages(
    api: Api,
    operation: Operation[Page[T]],
    policy: RetryPolicy = DEFAULT_RETRY,
    *,
    concurrency: int = 1,
) -> Stream[Page[T]]:
    """Emit the page that *operation* lists, and those after it.

    Args:
        api: whom to ask.
        operation: the first page, such as `bookings.list(status="upcoming", take=100)`.
        policy: when to ask again; its deadline is that of each page, not of the walk.
        concurrency: how many pages to ask for at once, at least 1, where it is known how many there
            are: after the first page of a list by *take* and *skip*. So many are held in memory.

    Raises:
        InvalidInput: for a concurrency that is none.
        DecodingError: for a page with odd items, once the page of the others was emitted;
            to go on, walk from its `page.next`.
        PagingError: once its page was emitted, for one that does not say how to go on, and for a
            list that does not end: by cursor, at a page that shows the same as the one before it,
            or the tenth in a row that is empty; by *take* and *skip*, after twice the pages that
            the first one told of, and ten more.
        CalcomError: what `retrying` raises.
    """
    return _walk(api, operation, policy, at_least_1(concurrency), lambda page: (page,))


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
    What is held in memory is the pages in flight, and the uid of every booking shown.
    """
    seen: set[str] = set()

    def unseen(page: Page[Booking]) -> list[Booking]:
        fresh = []
        for booking in page.items:
            if booking.uid not in seen:
                seen.add(booking.uid)
                fresh.append(booking)
        return fresh

    return _walk(api, operation, policy, at_least_1(concurrency), unseen)


def at_least_1(concurrency: int) -> int:
    """Check a concurrency."""
    if isinstance(concurrency, bool) or not isinstance(concurrency, int) or concurrency < 1:
        raise InvalidInput("concurrency", "must be an integer of at least 1")
    return concurrency


def _walk(
    api: Api,
    first: Operation[Page[T]],
    policy: RetryPolicy,
    concurrency: int,
    shown: Callable[[Page[T]], Sequence[U]],
) -> Stream[U]:
    progress: _Progress[T] = _Progress()
    asked = [first]
    while asked:
        read = [_page(api, operation, policy) for operation in asked]
        asked = yield from _shown(read, asked, concurrency, progress, shown)


def _shown(
    read: list[Program[tuple[Page[T], DecodingError | None]]],
    asked: list[Operation[Page[T]]],
    concurrency: int,
    progress: "_Progress[T]",
    shown: Callable[[Page[T]], Sequence[U]],
) -> Generator[Effect | Emit[U], Any, list[Operation[Page[T]]]]:
    """Read some pages and emit what they show; the result is what to ask for next.

    When it ends nothing holds these pages any more.
    """
    if len(read) == 1:
        batch = [(yield from read[0])]
    else:
        batch = list((yield from gather(read, limit=concurrency)))
    following: list[Operation[Page[T]]] = []
    for operation in asked:
        page, odd = batch.pop(0)  # so that those that were shown are not kept
        fresh = shown(page)
        for item in fresh:
            yield from emit(item)
        if odd is not None:
            raise odd
        if page.next is not None and not progress.made(operation, page, new=bool(fresh)):
            raise _endless(operation, page, progress.count)
        if not batch:  # the last one, since what the list says of itself changes meanwhile
            following = _following(operation, page, concurrency)
    return following


@define
class _Progress(Generic[T]):
    """How far a walk has come."""

    count: int = 0
    _most: int = 0
    _empty: int = 0
    _before: tuple[T, ...] | None = None

    def made(self, operation: Operation[Page[T]], page: Page[T], *, new: bool) -> bool:
        """Whether a page that names another one leads on.

        By *skip* a page may well show what the one before it did, where as many items came before
        it meanwhile; but not for ever.
        """
        self.count += 1
        if page.total_items is not None:
            self._most = self._most or 2 * (1 + _pages_after(operation, page)) + 10
            return self.count < self._most
        before, self._before = self._before, page.items
        self._empty = 0 if page.items else self._empty + 1
        if self._empty:
            return self._empty < _EMPTY
        return new and page.items != before


def _page(
    api: Api, operation: Operation[Page[T]], policy: RetryPolicy
) -> Program[tuple[Page[T], DecodingError | None]]:
    """Read a page; one that has odd items, or does not say how to go on, comes with its error."""
    try:
        return (yield from retrying(api, operation, policy)), None
    except DecodingError as error:
        if error.page is None:
            raise
        return error.page, error


def _skip(operation: Operation[Page[T]]) -> int:
    return int(dict(operation.query).get("skip", 0))


def _pages_after(operation: Operation[Page[T]], page: Page[T]) -> int:
    """Return how many pages a page that names another one tells of; 1 if it does not count them."""
    if page.next is None or page.total_items is None:
        return 1
    step = _skip(page.next) - _skip(operation)
    return max(-(-(page.total_items - _skip(page.next)) // step), 1)


def _following(
    operation: Operation[Page[T]], page: Page[T], concurrency: int
) -> list[Operation[Page[T]]]:
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


def _endless(operation: Operation[Page[T]], page: Page[T], count: int) -> DecodingError:
    """Return the error for a page that names another one in a list that leads nowhere."""
    flag = "hasMore" if page.total_items is None else "hasNextPage"
    return undecodable(
        operation,
        page.response,
        f"$.pagination.{flag}",
        f"false, after {count} pages,",
        "true",
        page=evolve(page, next=None),
        error=PagingError,
    )
