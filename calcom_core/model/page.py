"""What a list says of its pages, in the API's two ways of counting them."""

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from calcom_core.model.fields import unknown_keys
from calcom_core.value import Value


@frozen(weakref_slot=False)
class OffsetPagination(Value):
    """Where a page read by *take* and *skip* stands.

    *returned_items* is computed by the server and may be more than the page holds;
    *current_page* is 0 where there is nothing.
    """

    total_items: int
    items_per_page: int
    returned_items: int
    remaining_items: int
    total_pages: int
    current_page: int
    has_next_page: bool
    has_previous_page: bool
    extra: Mapping[str, Any] = unknown_keys()


@frozen(weakref_slot=False)
class CursorPagination(Value):
    """Where a page read by *cursor* and *limit* stands; there are no totals.

    *next_cursor* is opaque, and None at the end.
    """

    has_more: bool
    next_cursor: str | None = None
    extra: Mapping[str, Any] = unknown_keys()
