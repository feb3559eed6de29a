"""Decode the JSON of a response: one item, a list, a page, or slots by date.

A decoder is called with the operation, the response and its JSON envelope.
It returns the result, or raises `UnexpectedValue` for a value of another type.
`calcom_core.routes` assigns a decoder to each operation.

The decoder of a page also creates the operation for the next page.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import evolve, frozen

from calcom_core._lazy_methods import LazyMethods
from calcom_core.checks import LARGEST_INTEGER, MISSING, found_type
from calcom_core.decoding_errors import decoding_error
from calcom_core.errors import DecodingError, PagingError, SeriesReturned
from calcom_core.http import Response
from calcom_core.json_text import parse_json
from calcom_core.model.page import CursorPagination, OffsetPagination, Page
from calcom_core.model.slot import Slot, Slots
from calcom_core.redaction import redact_response
from calcom_core.serialization import UnexpectedValue, read, read_all, structure_hook
from calcom_core.versions import BY_CURSOR, BY_OFFSET, readable_versions

if TYPE_CHECKING:  # which imports this module
    from calcom_core.operation import Operation

T = TypeVar("T")

Decoder = Callable[["Operation[Any]", Response, Mapping[str, Any]], T]


def raw_data(operation: "Operation[Any]", response: Response, envelope: Mapping[str, Any]) -> Any:
    """Return the JSON under `data`, or None without that key."""
    return envelope.get("data")


@frozen
class Data(LazyMethods):
    """Decodes the JSON under `data` by *read*, a function of the model and this JSON."""

    read: Callable[[type[Any], Any], Any]
    model: type[Any]

    def __call__(
        self, operation: "Operation[Any]", response: Response, envelope: Mapping[str, Any]
    ) -> Any:
        """Decode a response."""
        try:
            return self.read(self.model, envelope.get("data", MISSING))
        except UnexpectedValue as error:
            error.path.insert(0, "data")
            raise


def _as_many(model: type[Any], data: Any) -> tuple[Any, ...]:
    return (read(model, data),) if isinstance(data, dict) else read_all(model, data)


def _one_or_many(model: type[Any], data: Any) -> Any:
    return read_all(model, data) if isinstance(data, list) else read(model, data)


def _one_or_none(model: type[Any], data: Any) -> Any:
    return None if data is None else read(model, data)


def _by_date(model: type[Any], data: Any) -> Slots:
    if not isinstance(data, dict):
        raise UnexpectedValue("an object", found_type(data))
    by_date = {}
    for key, items in data.items():
        day = _parse_date(key)
        try:
            by_date[day] = read_all(model, items)
        except UnexpectedValue as error:
            error.path.insert(0, key)
            raise
    return Slots(by_date)


def _parse_date(key: str) -> date:
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", key):
        try:
            return date.fromisoformat(key)
        except ValueError:
            pass  # such as 31 February
    raise UnexpectedValue("dates as keys", "another key")


One = partial(Data, read)
"""Decodes one item of a model."""

Many = partial(Data, read_all)
"""Decodes a list of a model."""

OneAsMany = partial(Data, _as_many)
"""Decodes a list of a model, or one item as a list of one."""

OneOrMany = partial(Data, _one_or_many)
"""Decodes an object as one item and an array as a list."""

OneOrNone = partial(Data, _one_or_none)
"""Decodes one item of a model, or null as None."""

SLOTS_BY_DATE = Data(_by_date, Slot)
"""Decodes free slots, an object with dates as keys."""


@frozen
class OneOfSeries(LazyMethods):
    """Decodes one item of a model; raises `SeriesReturned` for a series.

    *other* is the operation that accepts both; the message names it.
    """

    model: type[Any]
    other: str

    def __call__(
        self, operation: "Operation[Any]", response: Response, envelope: Mapping[str, Any]
    ) -> Any:
        """Decode a response."""
        data = envelope.get("data")
        if not isinstance(data, list) or not data:
            return One(self.model)(operation, response, envelope)
        clean = redact_response(response)
        found = Many(self.model)(operation, clean, parse_json(clean.body))
        error = decoding_error(
            operation,
            response,
            "$.data",
            "one booking",
            f"a series of {len(found)}",
            hint=f"; error.bookings holds them; {self.other} returns one booking or a series",
            error=SeriesReturned,
        )
        cast(SeriesReturned, error).bookings = found
        raise error


def nothing(operation: "Operation[Any]", response: Response, envelope: Mapping[str, Any]) -> None:
    """Decode a response that holds no more than its success."""


@frozen
class PageOf(LazyMethods):
    """Decodes a page of a model, and creates the operation for the next page.

    The response shows the paging style; the server may have ignored the version sent.
    """

    model: type[Any]

    def __call__(
        self, operation: "Operation[Any]", response: Response, envelope: Mapping[str, Any]
    ) -> Page[Any]:
        """Decode a response."""
        items, unreadable, error = self._items(envelope.get("data", MISSING))
        pagination, pagination_error = _pagination(envelope.get("pagination", MISSING))
        next_page, error_class = None, DecodingError
        try:
            if pagination_error is not None:
                raise pagination_error
            next_page = _next_page(operation, pagination, returned=len(items) + len(unreadable))
        except UnexpectedValue as no_next:
            # It takes precedence over an unreadable item: the iteration would silently end here.
            error, error_class = no_next, PagingError
        if error is None:
            return Page(items, pagination, response, next_page)
        clean = redact_response(response)
        if clean != response:  # decode again, because the items may repeat a credential
            envelope = parse_json(clean.body)
            items, unreadable, _ = self._items(envelope["data"])
            pagination, _ = _pagination(envelope.get("pagination"))
        if next_page is not None:
            next_page = next_page.plain
        raise decoding_error(
            operation,
            response,
            error.json_path,
            error.expected,
            error.found,
            also=error.also_missing,
            page=Page(items, pagination, clean, next_page),
            unreadable=unreadable,
            error=error_class,
        ) from error

    def _items(self, data: Any) -> tuple[tuple[Any, ...], tuple[Any, ...], UnexpectedValue | None]:
        if not isinstance(data, list):
            raise UnexpectedValue("an array", found_type(data), "data")
        read_item = structure_hook(self.model)
        items: list[Any] = []
        unreadable: list[Any] = []
        first: UnexpectedValue | None = None
        data.reverse()
        while data:  # release each value once it is read, to reuse its memory
            value = data.pop()
            try:
                items.append(read_item(value, None))
            except UnexpectedValue as error:
                error.path[:0] = ["data", len(items) + len(unreadable)]
                first = first or error
                unreadable.append(value)
        return tuple(items), tuple(unreadable), first


def _pagination(value: Any) -> tuple[OffsetPagination | CursorPagination, UnexpectedValue | None]:
    """Return the pagination, or an empty one and the error if it is unreadable."""
    # Its keys show the paging style; the version sent does not, since the server may ignore it.
    by_cursor = isinstance(value, dict) and not value.keys().isdisjoint({"nextCursor", "hasMore"})
    try:
        found = read(CursorPagination, value) if by_cursor else read(OffsetPagination, value)
    except UnexpectedValue as error:
        error.path.insert(0, "pagination")
        return OffsetPagination(), error
    return found, None


def _next_page(
    operation: "Operation[Any]",
    pagination: OffsetPagination | CursorPagination,
    *,
    returned: int,
) -> "Operation[Any] | None":
    if isinstance(pagination, CursorPagination):
        return _next_by_cursor(operation, pagination)
    # An empty page is the end, even with hasNextPage: the server counts without some filters
    # (recording live-20-list-before-created-empty-but-total).
    if not returned:
        return None
    if pagination.has_next_page is None:
        raise UnexpectedValue("a boolean", "nothing", "pagination", "hasNextPage")
    if not pagination.has_next_page:
        return None
    requested_size = dict(operation.query).get("take")
    query, operation = _in_paging_style(operation, BY_OFFSET)
    skip = int(query.get("skip", 0))
    if skip and pagination.has_previous_page is False:
        # A version that ignores `skip` would return its first page forever.
        raise UnexpectedValue(f"true after {skip} items", "false", "pagination", "hasPreviousPage")
    # Use the server's size without `take`, because it may ignore `limit`.
    # Do not use a smaller number of items: rows may vanish between the server's two queries.
    size = pagination.items_per_page if requested_size is None else int(requested_size)
    step = max(size or 0, returned)
    if skip + step > LARGEST_INTEGER:
        raise UnexpectedValue("a count", "a larger number", "pagination", "itemsPerPage")
    if "take" in query:
        query["take"] = str(step)
    query["skip"] = str(skip + step)
    return evolve(operation, query=tuple(query.items()))


def _next_by_cursor(
    operation: "Operation[Any]", pagination: CursorPagination
) -> "Operation[Any] | None":
    more = pagination.has_more
    if not (pagination.next_cursor is not None if more is None else more):
        return None
    query, operation = _in_paging_style(operation, BY_CURSOR)
    cursor, requested = pagination.next_cursor, query.get("cursor")
    seen = operation.seen_cursors if requested is None else (*operation.seen_cursors, requested)
    if not cursor:
        found = "nothing" if cursor is None else "an empty string"
        raise UnexpectedValue(
            "a cursor, because hasMore is true", found, "pagination", "nextCursor"
        )
    if cursor in seen:
        raise UnexpectedValue("a new cursor", "a repeated cursor", "pagination", "nextCursor")
    try:
        cursor.encode()
    except UnicodeEncodeError:  # from None, because its text repeats the cursor
        raise UnexpectedValue(
            "a cursor", "half a surrogate pair", "pagination", "nextCursor"
        ) from None
    query["cursor"] = cursor
    return evolve(operation, query=tuple(query.items()), seen_cursors=seen)


def _in_paging_style(
    operation: "Operation[Any]", style: tuple[str, ...]
) -> "tuple[dict[str, str], Operation[Any]]":
    """Return the query and the operation in the paging style of the response.

    *style* is `BY_OFFSET` or `BY_CURSOR`.
    Raises `UnexpectedValue` if that style cannot express the query.
    """
    query, version = dict(operation.query), operation.version
    known = not readable_versions(operation.name).isdisjoint(style)
    if (
        known
        and operation.supported_versions in ((), style)
        and (version is None or version in style)
    ):
        return query, evolve(operation, supported_versions=style)
    size = query.pop("take" if style is BY_CURSOR else "limit", None)
    if (
        not known
        or not query.keys().isdisjoint({"skip", "cursor"})
        or any(name.startswith("sort") for name in query)
        or (style is BY_CURSOR and "," in query.get("status", ""))
    ):
        expected, found = (
            ("take and skip", "cursor") if style is BY_CURSOR else ("cursor", "take and skip")
        )
        raise UnexpectedValue(
            f"a page by {expected}, as requested", f"a page by {found}", "pagination"
        )
    if size is not None:
        query |= {"limit": str(min(int(size), 100))} if style is BY_CURSOR else {"take": size}
    return query, evolve(
        operation, supported_versions=style, version=None if version is None else style[0]
    )
