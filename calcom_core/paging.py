"""Programs that walk a list page by page, and follow `Page.next` and nothing else."""

from typing import TypeVar

from calcom_core.api import Api
from calcom_core.effects import Stream, emit
from calcom_core.model.booking import Booking
from calcom_core.operation import Operation, Page
from calcom_core.retry import NO_RETRY, RetryPolicy, retrying

T = TypeVar("T")


def pages(
    api: Api, operation: Operation[Page[T]], policy: RetryPolicy = NO_RETRY
) -> Stream[Page[T]]:
    """Emit the page that *operation* lists, and those after it.

    Raises what `retrying` raises; where a page has odd items, its `DecodingError` carries the rest.
    """
    following: Operation[Page[T]] | None = operation
    while following is not None:
        page = yield from retrying(api, following, policy)
        following = page.next
        yield from emit(page)


def items(
    api: Api, operation: Operation[Page[Booking]], policy: RetryPolicy = NO_RETRY
) -> Stream[Booking]:
    """Emit the bookings of all pages, each uid once.

    A list that changes while it is walked by *take* and *skip* shows some bookings twice, which are
    left out here, and hides others, which nobody can tell; by *cursor* it does neither.
    """
    seen: set[str] = set()
    following: Operation[Page[Booking]] | None = operation
    while following is not None:
        page = yield from retrying(api, following, policy)
        following = page.next
        for booking in page.items:
            if booking.uid not in seen:
                seen.add(booking.uid)
                yield from emit(booking)
