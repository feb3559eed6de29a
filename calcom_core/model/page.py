"""A page of a list, and its pagination in the API's two paging styles.

Lists by *take* and *skip* have totals; lists by *cursor* and *limit* have none.
`Page` hides the difference: its `next` is the operation for the next page.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from attrs import field, frozen

from calcom_core._lazy_methods import LazyMethods
from calcom_core.http import Response
from calcom_core.serialization import computed, unknown_keys

if TYPE_CHECKING:  # it imports this module
    from calcom_core.operation import Operation

T_co = TypeVar("T_co", covariant=True)


@frozen
class OffsetPagination(LazyMethods):
    """The pagination of a list by *take* and *skip*.

    The server computes all values from *total_items*, which ignores some filters.
    Therefore *returned_items* may be more than the page holds.
    *current_page* is 0 in an empty list.
    """

    total_items: int | None = None
    items_per_page: int | None = None
    returned_items: int | None = None
    remaining_items: int | None = None
    total_pages: int | None = None
    current_page: int | None = None
    has_next_page: bool | None = computed(
        lambda page: None if page.remaining_items is None else page.remaining_items > 0
    )
    has_previous_page: bool | None = None
    extra: Mapping[str, Any] = unknown_keys()


@frozen
class CursorPagination(LazyMethods):
    """The pagination of a list by *cursor* and *limit*, which has no totals.

    *next_cursor* is opaque, and None on the last page.
    """

    has_more: bool | None = None
    next_cursor: str | None = None
    extra: Mapping[str, Any] = unknown_keys()


@frozen
class Page(LazyMethods, Generic[T_co]):
    """One page of a list.

    *next* is the operation for the next page, filters included, or None on the last page.
    An empty page by *take* and *skip* is the last one, even if *has_next_page* is true.
    *pagination* has the values of the server; its class shows the paging style.
    """

    items: tuple[T_co, ...]
    pagination: OffsetPagination | CursorPagination
    response: Response = field(repr=False)
    next: "Operation[Page[T_co]] | None" = field(repr=False)

    @property
    def total_items(self) -> int | None:
        """The number of items on all pages, or None if the server does not state it."""
        pagination = self.pagination
        return pagination.total_items if isinstance(pagination, OffsetPagination) else None
