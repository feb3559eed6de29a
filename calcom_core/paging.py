"""Programs that walk a list page by page, and follow `Page.next` and nothing else."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from calcom_core.api import Api
from calcom_core.effects import Stream, emit
from calcom_core.errors import DecodingError
from calcom_core.model.booking import Booking
from calcom_core.operation import Operation, Page
from calcom_core.retry import NO_RETRY, RetryPolicy, retrying

T = TypeVar("T")
U = TypeVar("U")


def pages(
    api: Api, operation: Operation[Page[T]], policy: RetryPolicy = NO_RETRY
) -> Stream[Page[T]]:
    """Emit the page that *operation* lists, and those after it.

    Raises what `retrying` raises.
    For a page with odd items that is a `DecodingError`, once the page of the others was emitted;
    to go on, walk from its `page.next`.
    For one that does not say how to go on it is a `PagingError`, once that page was emitted.
    """
    yield from _walk(api, operation, policy, lambda page: (page,))


def items(
    api: Api, operation: Operation[Page[Booking]], policy: RetryPolicy = NO_RETRY
) -> Stream[Booking]:
    """Emit the bookings of all pages, each uid once; raises as `pages` does.

    A list that changes while it is walked by *take* and *skip* shows some bookings twice, which are
    left out here, and hides others, which nobody can tell; by *cursor* it does neither.
    """
    seen: set[str] = set()

    def unseen(page: Page[Booking]) -> Iterable[Booking]:
        for booking in page.items:
            if booking.uid not in seen:
                seen.add(booking.uid)
                yield booking

    yield from _walk(api, operation, policy, unseen)


def _walk(
    api: Api,
    operation: Operation[Page[T]],
    policy: RetryPolicy,
    shown: Callable[[Page[T]], Iterable[U]],
) -> Stream[U]:
    following: Operation[Page[T]] | None = operation
    while following is not None:
        odd: DecodingError | None = None
        try:
            page = yield from retrying(api, following, policy)
        except DecodingError as error:
            if error.page is None:
                raise
            odd, page = error, error.page
        for item in shown(page):
            yield from emit(item)
        if odd is not None:
            raise odd
        following = page.next
