"""How the JSON of a response becomes the result: one item, several, a page, or slots by date.

`calcom_core.routes` names the decoder of each operation; `Operation.read` looks it up there.
A decoder takes the operation, the response and its envelope, and raises `Odd`.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import evolve, frozen

from calcom_core._lazy_methods import LazyMethods
from calcom_core.checks import LARGEST_INTEGER, MISSING, found_type
from calcom_core.error_mapping import describe
from calcom_core.errors import DecodingError, PagingError, SeriesReturned
from calcom_core.http import Response
from calcom_core.json_text import InvalidJson, limit_depth, parse_json
from calcom_core.model.page import CursorPagination, OffsetPagination, Page
from calcom_core.model.slot import Slot, Slots
from calcom_core.redaction import without_credentials
from calcom_core.serialization import UnexpectedValue, read, read_all, structure_hook
from calcom_core.tokens import text_without_tokens
from calcom_core.versions import BY_CURSOR, BY_OFFSET, readable

if TYPE_CHECKING:  # which imports this module
    from calcom_core.operation import Operation

T = TypeVar("T")

Decoder = Callable[["Operation[Any]", Response, Mapping[str, Any]], T]

_DEEPEST = 50
"""How many arrays and objects may lie in each other in the JSON that an error holds."""


def data_of(operation: "Operation[Any]", response: Response, envelope: Mapping[str, Any]) -> Any:
    """Return the JSON under `data`, or None where there is none."""
    return envelope.get("data")


@frozen
class One(LazyMethods):
    """Reads one item of a model."""

    model: type[Any]

    def __call__(
        self, operation: "Operation[Any]", response: Response, envelope: Mapping[str, Any]
    ) -> Any:
        """Read the answer."""
        return _data(envelope, lambda data: read(self.model, data))


@frozen
class Many(LazyMethods):
    """Reads a list of a model; with *lone*, also one item, which becomes a list of one."""

    model: type[Any]
    lone: bool = False

    def __call__(
        self, operation: "Operation[Any]", response: Response, envelope: Mapping[str, Any]
    ) -> Any:
        """Read the answer."""
        if self.lone and isinstance(envelope.get("data"), dict):
            return (_data(envelope, lambda data: read(self.model, data)),)
        return _data(envelope, lambda data: read_all(self.model, data))


@frozen
class OneOrMany(LazyMethods):
    """Reads what the server says: an object as one item, an array as a list."""

    model: type[Any]

    def __call__(
        self, operation: "Operation[Any]", response: Response, envelope: Mapping[str, Any]
    ) -> Any:
        """Read the answer."""
        single = not isinstance(envelope.get("data"), list)
        return (One if single else Many)(self.model)(operation, response, envelope)


@frozen
class OneOfSeries(LazyMethods):
    """Reads one item of a model; a series raises an error that holds it and names *other*."""

    model: type[Any]
    other: str

    def __call__(
        self, operation: "Operation[Any]", response: Response, envelope: Mapping[str, Any]
    ) -> Any:
        """Read the response."""
        data = envelope.get("data")
        if not isinstance(data, list) or not data:
            return One(self.model)(operation, response, envelope)
        clean = without_credentials(response)
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


@frozen
class OneOrNone(LazyMethods):
    """Reads one item of a model, or null, which is None."""

    model: type[Any]

    def __call__(
        self, operation: "Operation[Any]", response: Response, envelope: Mapping[str, Any]
    ) -> Any:
        """Read the answer."""
        if envelope.get("data", MISSING) is None:
            return None
        return One(self.model)(operation, response, envelope)


@frozen
class Nothing(LazyMethods):
    """Reads an answer that says no more than that it went well."""

    def __call__(
        self, operation: "Operation[Any]", response: Response, envelope: Mapping[str, Any]
    ) -> None:
        """Read the answer."""


@frozen
class SlotsByDate(LazyMethods):
    """Reads free slots, an object whose keys are dates."""

    def __call__(
        self, operation: "Operation[Any]", response: Response, envelope: Mapping[str, Any]
    ) -> Slots:
        """Read the answer."""
        data = envelope.get("data", MISSING)
        if not isinstance(data, dict):
            raise UnexpectedValue("an object", found_type(data), "data")
        by_date = {}
        for key, items in data.items():
            day = _date(key)
            try:
                by_date[day] = read_all(Slot, items)
            except UnexpectedValue as error:
                error.path[:0] = ["data", key]
                raise
        return Slots(by_date)


def _date(key: str) -> date:
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", key):
        try:
            return date.fromisoformat(key)
        except ValueError:
            pass  # such as the 31st of February
    raise UnexpectedValue("dates as keys", "another key", "data")


@frozen
class PageOf(LazyMethods):
    """Reads a page of a model, and follows the way of paging that the answer shows."""

    model: type[Any]

    def __call__(
        self, operation: "Operation[Any]", response: Response, envelope: Mapping[str, Any]
    ) -> Page[Any]:
        """Read the answer."""
        items, unreadable, error = self._items(envelope.get("data", MISSING))
        pagination, astray = _pagination(envelope.get("pagination", MISSING))
        following, raised = None, DecodingError
        try:
            if astray is not None:
                raise astray
            following = _following(operation, pagination, returned=len(items) + len(unreadable))
        except (
            UnexpectedValue
        ) as lost:  # before an odd item, since without it a walk would just end
            error, raised = lost, PagingError
        if error is None:
            return Page(items, pagination, response, following)
        clean = without_credentials(response)
        if clean != response:  # then neither the page nor what is odd may hold them
            envelope = parse_json(clean.body)
            items, unreadable, _ = self._items(envelope["data"])
            pagination, _ = _pagination(envelope.get("pagination"))
        if following is not None:
            following = following.plain
        raise decoding_error(
            operation,
            response,
            error.json_path,
            error.expected,
            error.found,
            also=error.also_missing,
            page=Page(items, pagination, clean, following),
            unreadable=unreadable,
            error=raised,
        ) from error

    def _items(self, data: Any) -> tuple[tuple[Any, ...], tuple[Any, ...], UnexpectedValue | None]:
        if not isinstance(data, list):
            raise UnexpectedValue("an array", found_type(data), "data")
        read_item = structure_hook(self.model)
        items: list[Any] = []
        unreadable: list[Any] = []
        first: UnexpectedValue | None = None
        data.reverse()
        while data:  # what is read goes, so that its memory is used for what is read next
            value = data.pop()
            try:
                items.append(read_item(value, None))
            except UnexpectedValue as error:
                error.path[:0] = ["data", len(items) + len(unreadable)]
                first = first or error
                unreadable.append(value)
        return tuple(items), tuple(unreadable), first


def _pagination(value: Any) -> tuple[OffsetPagination | CursorPagination, UnexpectedValue | None]:
    """Return what a page says of itself, or one that says nothing and what is wrong with it."""
    # By its keys, not by the version sent: the hosted service has answered in either way.
    by_cursor = isinstance(value, dict) and not value.keys().isdisjoint({"nextCursor", "hasMore"})
    try:
        found = read(CursorPagination, value) if by_cursor else read(OffsetPagination, value)
    except UnexpectedValue as error:
        error.path.insert(0, "pagination")
        return OffsetPagination(), error
    return found, None


def _data(envelope: Mapping[str, Any], reading: Callable[[Any], T]) -> T:
    try:
        return reading(envelope.get("data", MISSING))
    except UnexpectedValue as error:
        error.path.insert(0, "data")
        raise


def _following(
    operation: "Operation[Any]",
    pagination: OffsetPagination | CursorPagination,
    *,
    returned: int,
) -> "Operation[Any] | None":
    if isinstance(pagination, CursorPagination):
        return _by_cursor(operation, pagination)
    # An empty page is the end, whatever its flag says: totals ignore some filters (recording
    # live-20-list-before-created-empty-but-total).
    if not returned:
        return None
    if pagination.has_next_page is None:
        raise UnexpectedValue("a boolean", "nothing", "pagination", "hasNextPage")
    if not pagination.has_next_page:
        return None
    describe = dict(operation.query).get("take")
    query, operation = _worded_for(operation, BY_OFFSET)
    skip = int(query.get("skip", 0))
    if skip and pagination.has_previous_page is False:
        # As where a version that does not know `skip` answers with its first page each time.
        raise UnexpectedValue(
            f"true, after {skip} items,", "false", "pagination", "hasPreviousPage"
        )
    # By `take`, or by the size that the server says: it may have dropped a `limit`.
    # Not by a smaller number of items: rows may vanish between the server's two queries.
    size = pagination.items_per_page if describe is None else int(describe)
    step = max(size or 0, returned)
    if skip + step > LARGEST_INTEGER:
        raise UnexpectedValue("a count", "a larger number", "pagination", "itemsPerPage")
    if "take" in query:
        query["take"] = str(step)
    query["skip"] = str(skip + step)
    return evolve(operation, query=tuple(query.items()))


def _by_cursor(
    operation: "Operation[Any]", pagination: CursorPagination
) -> "Operation[Any] | None":
    more = pagination.has_more
    if not (pagination.next_cursor is not None if more is None else more):
        return None
    query, operation = _worded_for(operation, BY_CURSOR)
    cursor, describe = pagination.next_cursor, query.get("cursor")
    walked = operation.seen_cursors if describe is None else (*operation.seen_cursors, describe)
    if not cursor:
        found = "nothing" if cursor is None else "an empty string"
        raise UnexpectedValue("a cursor, since hasMore is true,", found, "pagination", "nextCursor")
    if cursor in walked:
        raise UnexpectedValue("a new cursor", "one of this walk", "pagination", "nextCursor")
    try:
        cursor.encode()
    except UnicodeEncodeError:  # whose text repeats the cursor
        raise UnexpectedValue(
            "a cursor", "half a surrogate pair", "pagination", "nextCursor"
        ) from None
    query["cursor"] = cursor
    return evolve(operation, query=tuple(query.items()), seen_cursors=walked)


def _worded_for(
    operation: "Operation[Any]", way: tuple[str, ...]
) -> "tuple[dict[str, str], Operation[Any]]":
    """Return the query, and the operation, in the words of the answer's way of paging.

    Raises `Odd` where it is not the way that was asked, and cannot say what was.
    """
    query, version = dict(operation.query), operation.version
    known = not readable(operation.name).isdisjoint(way)
    if known and operation.supported_versions in ((), way) and (version is None or version in way):
        return query, evolve(operation, supported_versions=way)
    size = query.pop("take" if way is BY_CURSOR else "limit", None)
    if (
        not known
        or not query.keys().isdisjoint({"skip", "cursor"})
        or any(name.startswith("sort") for name in query)
        or (way is BY_CURSOR and "," in query.get("status", ""))
    ):
        expected, found = ("take and skip", "cursor") if way is BY_CURSOR else ("cursor", "number")
        raise UnexpectedValue(
            f"a page by {expected}, as was asked for,", f"one by {found}", "pagination"
        )
    if size is not None:
        query |= {"limit": str(min(int(size), 100))} if way is BY_CURSOR else {"take": size}
    return query, evolve(
        operation, supported_versions=way, version=None if version is None else way[0]
    )


def decoding_error(
    operation: "Operation[Any]",
    response: Response,
    path: str,
    expected: str,
    found: str,
    *,
    also: str = "",
    said: str | None = None,
    page: Page[Any] | None = None,
    unreadable: tuple[Any, ...] = (),
    hint: str = "",
    error: type[DecodingError] = DecodingError,
) -> DecodingError:
    """Return the error for a success in which something else was *found* than *expected*.

    *also* names the other keys that are missing.
    *said* is what the server says in place of a success, which leaves the outcome of a write open.
    *hint* is the way out, and begins with a semicolon.
    """
    if path == "$":
        hint = "; check the base URL"
    rest = ""
    if page is not None:
        lost = f"{len(unreadable)} unreadable, the other " if unreadable else ""
        rest = f" ({lost}{len(page.items)} of the page in error.page)"
    if said:
        hint = f"; the server says: {said}"
    if not operation.idempotent:
        hint += _ACCEPTED if said is None else _open(operation)
    clean = without_credentials(response)
    return error(
        f"{describe(operation)}: {response.status} with {found} at {path}, where {expected} belongs"
        f"{also}{rest}{hint}",
        operation=operation.plain,
        response=clean,
        path=path,
        found=found,
        may_have_happened=not operation.idempotent,
        data=json_of(clean),
        page=page,
        unreadable=tuple(_harmless(item) for item in unreadable),
    )


_ACCEPTED = "; the server accepted the request all the same"


def _open(operation: "Operation[Any]") -> str:
    look = "look with error.operation.verify" if operation.verify else "find out"
    return f"; the outcome of this write is open: {look} before you repeat it"


def json_of(response: Response) -> Any:
    """Return the JSON of a response as an error holds it; None if there is none."""
    try:
        return _harmless(parse_json(response.body))
    except InvalidJson:
        return None


def _harmless(tree: Any) -> Any:
    """Return JSON without tokens, which escapes may have hidden, and not too deep to pickle."""
    return limit_depth(_DEEPEST, tree, text_without_tokens)
