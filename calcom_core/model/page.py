"""A page of a list, and what the list says of its pages: the API counts them in two ways."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from attrs import Factory, field, frozen

from calcom_core._lazy_methods import LazyMethods
from calcom_core.http import Response
from calcom_core.serialization import unknown_keys

if TYPE_CHECKING:  # which imports this module
    from calcom_core.operation import Operation

T_co = TypeVar("T_co", covariant=True)


def _something_remains(page: "OffsetPagination") -> bool | None:
    return None if page.remaining_items is None else page.remaining_items > 0


@frozen
class OffsetPagination(LazyMethods):
    """Where a page read by *take* and *skip* stands.

    The server computes all of it from *total_items*, which some filters do not change, as
    `bookings.list` says.
    *returned_items* may be more than the page holds; *current_page* is 0 where there is nothing.
    """

    total_items: int | None = None
    items_per_page: int | None = None
    returned_items: int | None = None
    remaining_items: int | None = None
    total_pages: int | None = None
    current_page: int | None = None
    has_next_page: bool | None = field(default=Factory(_something_remains, takes_self=True))
    has_previous_page: bool | None = None
    extra: Mapping[str, Any] = unknown_keys()


@frozen
class CursorPagination(LazyMethods):
    """Where a page read by *cursor* and *limit* stands; there are no totals.

    *next_cursor* is opaque, and None at the end.
    """

    has_more: bool | None = None
    next_cursor: str | None = None
    extra: Mapping[str, Any] = unknown_keys()


@frozen
class Page(LazyMethods, Generic[T_co]):
    """One page of a list.

    *next* is the operation for the following page, filters included, or None at the end.
    An empty page that counts its items is the end, whatever its flag says.
    *pagination* is what the server said of it, which tells how it counts.
    """

    items: tuple[T_co, ...]
    pagination: OffsetPagination | CursorPagination
    response: Response = field(repr=False)
    next: "Operation[Page[T_co]] | None" = field(repr=False)

    @property
    def total_items(self) -> int | None:
        """How many items there are on all pages; None where the server does not say."""
        pagination = self.pagination
        return pagination.total_items if isinstance(pagination, OffsetPagination) else None
