"""A call as a value: what to ask, and how to read the answer."""

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar, cast

from attrs import evolve, field, frozen

from calcom_core.errors import Answer, DecodingError, InvalidInput
from calcom_core.http import Response
from calcom_core.meanings import (
    asked,
    error_of,
    legacy_answer,
    read_error_body,
    without_credentials,
)
from calcom_core.model.booking import OffsetPagination
from calcom_core.model.fields import kind
from calcom_core.wire import MISSING, NotJson, Odd, kind_found, parse, read, read_all

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
U = TypeVar("U")

Reader = Callable[["Operation[Any]", Response, Mapping[str, Any]], T]
"""Makes the result from the operation, the answer and its envelope; raises `Odd`."""


@frozen
class Operation(Generic[T_co]):
    """A request still to be sent, and the pure function that reads its answer.

    Nothing happens when one is made; equal calls make equal operations.
    *repeatable* is true where asking twice does no harm.
    Where it is not, *verify* is the read operation that tells whether it happened.
    *version* is the pinned `cal-api-version`, or None for the one of the `Api`'s table.
    """

    name: str
    method: str
    path: str
    reader: Reader[Any] = field(repr=False)
    query: tuple[tuple[str, str], ...] = field(
        default=(), repr=lambda query: f"<{', '.join(name for name, _ in query)}>"
    )
    body: bytes | None = field(
        default=None, repr=lambda body: "None" if body is None else f"<{len(body)} bytes>"
    )
    repeatable: bool = False
    version: str | None = None
    verify: "Operation[Any] | None" = field(default=None, repr=False)
    then: tuple[Callable[[Any], Any], ...] = field(default=(), repr=False)

    def map(self, function: Callable[[T_co], U]) -> "Operation[U]":
        """Return the operation whose result is *function* of this one's result."""
        return cast("Operation[U]", evolve(self, then=(*self.then, function)))

    @property
    def _plain(self) -> "Operation[Any]":
        """The operation as errors hold it: without functions, which may not pickle."""
        return evolve(self, then=()) if self.then else self

    def read(self, response: Response) -> T_co:
        """Read an answer to this operation.

        Raises `ApiError` for an answer outside 2xx, `VersionMismatch` where the legacy API
        answered, and `DecodingError` for a 2xx that cannot be read.
        """
        if not isinstance(response, Response):
            raise InvalidInput("response", f"must be a Response, not {type(response).__name__}")
        if not 200 <= response.status < 300:
            raise error_of(self._plain, response)
        try:
            envelope = parse(response.body)
        except NotJson as error:
            what = "a page of HTML" if read_error_body(response).is_html else str(error)
            raise _undecodable(self, response, "$", "JSON", what) from error
        if not isinstance(envelope, dict) or envelope.get("status") != "success":
            raise _no_success(self, response, envelope)
        try:
            result = self.reader(self, response, envelope)
        except Odd as odd:
            legacy = legacy_answer(self._plain, response, envelope.get("data"))
            if legacy is not None:
                raise legacy from odd
            raise _undecodable(self, response, odd.json_path, odd.expected, odd.found) from odd
        for function in self.then:
            result = function(result)
        return cast("T_co", result)


@frozen
class Page(Generic[T_co]):
    """One page of a list.

    *next* is the operation for the following page, filters included, or None at the end.
    """

    items: tuple[T_co, ...]
    pagination: OffsetPagination
    response: Response = field(repr=False)
    next: "Operation[Page[T_co]] | None" = field(repr=False)


@frozen
class One:
    """Reads one item of a model."""

    model: type[Any]

    def __call__(
        self, operation: Operation[Any], response: Response, envelope: Mapping[str, Any]
    ) -> Any:
        """Read the answer."""
        return _data(envelope, lambda data: read(self.model, data))


@frozen
class Many:
    """Reads a list of a model; with *lone*, also one item, which becomes a list of one."""

    model: type[Any]
    lone: bool = False

    def __call__(
        self, operation: Operation[Any], response: Response, envelope: Mapping[str, Any]
    ) -> Any:
        """Read the answer."""
        if self.lone and isinstance(envelope.get("data"), dict):
            return (_data(envelope, lambda data: read(self.model, data)),)
        return _data(envelope, lambda data: read_all(self.model, data))


@frozen
class OneOrMany:
    """Reads what the server says: an object as one item, an array as a list."""

    model: type[Any]

    def __call__(
        self, operation: Operation[Any], response: Response, envelope: Mapping[str, Any]
    ) -> Any:
        """Read the answer."""
        single = not isinstance(envelope.get("data"), list)
        return (One if single else Many)(self.model)(operation, response, envelope)


@frozen
class PageOf:
    """Reads a page of a model, listed by *take* and *skip*."""

    model: type[Any]

    def __call__(
        self, operation: Operation[Any], response: Response, envelope: Mapping[str, Any]
    ) -> "Page[Any]":
        """Read the answer."""
        data = envelope.get("data", MISSING)
        if not isinstance(data, list):
            raise Odd("an array", kind_found(data), "data")
        items, odd, first = [], [], None
        for index, value in enumerate(data):
            try:
                items.append(read(self.model, value))
            except Odd as error:
                error.path[:0] = ["data", index]
                first = first or error
                odd.append(value)
        try:
            pagination = read(OffsetPagination, envelope.get("pagination", MISSING))
        except Odd as error:
            error.path.insert(0, "pagination")
            raise
        if first is not None:
            operation = operation._plain
        following = _following(operation, pagination, returned=len(data))
        page: Page[Any] = Page(tuple(items), pagination, response, following)
        if first is not None:
            clean = without_credentials(response)
            if clean != response:  # then neither the page nor what is odd may hold them
                return self(operation, clean, parse(clean.body))
            raise _undecodable(
                operation,
                response,
                first.json_path,
                first.expected,
                first.found,
                page=page,
                odd=tuple(odd),
            ) from first
        return page


def _data(envelope: Mapping[str, Any], reading: Callable[[Any], T]) -> T:
    try:
        return reading(envelope.get("data", MISSING))
    except Odd as odd:
        odd.path.insert(0, "data")
        raise


def _following(
    operation: Operation[Any], pagination: OffsetPagination, *, returned: int
) -> Operation[Any] | None:
    # By `take`, never by the number of items: rows may vanish between the server's two queries.
    # An empty page ends the walk, whatever the flag says.
    if not pagination.has_next_page or not returned:
        return None
    query = dict(operation.query)
    take = int(query.get("take", pagination.items_per_page))
    if take < 1:
        take = returned  # a server that counts wrongly must not make a pager stand still
    query["skip"] = str(int(query.get("skip", 0)) + take)
    return evolve(operation, query=tuple(query.items()))


def _accepted(operation: Operation[Any]) -> str:
    return "" if operation.repeatable else "; the server accepted the request all the same"


def _undecodable(
    operation: Operation[Any],
    response: Response,
    path: str,
    expected: str,
    found: str,
    *,
    page: Page[Any] | None = None,
    odd: tuple[Any, ...] = (),
) -> DecodingError:
    hint = "; check the base URL" if path == "$" else ""
    rest = ""
    if page is not None:
        rest = f" ({len(odd)} such; the other {len(page.items)} are in error.page)"
    return DecodingError(
        f"{asked(operation)}: {response.status} with {found} at {path}, where {expected} belongs"
        f"{rest}{hint}{_accepted(operation)}",
        operation=operation._plain,
        # Pyright does not see through the converter of its headers.
        response=cast(Answer, without_credentials(response)),
        path=path,
        found=found,
        may_have_happened=not operation.repeatable,
        page=page,
        odd=odd,
    )


def _no_success(operation: Operation[Any], response: Response, envelope: object) -> DecodingError:
    if isinstance(envelope, dict):
        expected, path = 'the string "success"', "$.status"
        found = "another string" if isinstance(envelope.get("status"), str) else "no string"
    else:
        expected, path, found = "an object", "$", kind(envelope)
    return _undecodable(operation, response, path, expected, found)
