"""A call as a value: what to ask, and how to read the answer."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar, cast

from attrs import Factory, evolve, field, frozen

from calcom_core.error_body import read_error_body
from calcom_core.errors import DecodingError, InvalidInput
from calcom_core.http import Response
from calcom_core.meanings import asked, error_of, legacy_answer
from calcom_core.model.fields import kind
from calcom_core.model.page import CursorPagination, OffsetPagination
from calcom_core.redaction import without_credentials
from calcom_core.tokens import text_without_tokens
from calcom_core.value import Value
from calcom_core.wire import NotJson, Odd, parse, without_depth

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
U = TypeVar("U")

Reader = Callable[["Operation[Any]", Response, Mapping[str, Any]], T]
"""Makes the result from the operation, the answer and its envelope; raises `Odd`."""

_DEEPEST = 50
"""How many arrays and objects may lie in each other in the JSON that an error holds."""

_LONGEST = 500
"""How many characters of the server's words are in a message."""


def data_of(operation: "Operation[Any]", response: Response, envelope: Mapping[str, Any]) -> Any:
    """Return the JSON under `data`, or None where there is none."""
    return envelope.get("data")


def _is_path(operation: "Operation[Any]", attribute: object, path: str) -> None:
    # It follows the base URL: `.example.com/v2` would take the credentials to another host.
    if not isinstance(path, str) or not _PATH.fullmatch(path):
        raise InvalidInput(
            "path",
            "must begin with a slash, be percent-encoded and have no segment . or ..; "
            "give the query as query=",
        )


_PATH = re.compile(
    r"(?:/(?!(?:\.|%2[Ee]){1,2}(?:/|$))(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*)+"
)


def _pairs(query: Mapping[str, str] | Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    given: Any = query.items() if isinstance(query, Mapping) else query
    pairs = tuple(given) if isinstance(given, Iterable) else (given,)
    for pair in pairs:
        if not isinstance(pair, tuple) or [isinstance(part, str) for part in pair] != [True, True]:
            raise InvalidInput("query", "must be a mapping of strings to strings, or their pairs")
    return pairs


@frozen
class Operation(Value, Generic[T_co]):
    """A request still to be sent, and the pure function that reads its response.

    Nothing happens when one is made; equal calls make equal operations.
    The functions of the core make those of the bookings API.
    One of your own needs a *name*, a *method* and a *path*, and reads the JSON under `data`:
    `Operation("webhooks.list", "GET", "/v2/webhooks", query={"take": "10"})`.
    *query* is a mapping or pairs of strings; *body* is the JSON as bytes.
    *repeatable* is true where a second request does no harm; by default for GET and HEAD.
    Where it is not, *verify* is the read operation that tells whether it happened, or makes it;
    it follows from the rest, so that equality needs not look at it.
    *version* is the pinned `cal-api-version`, or None for the one of the `Api`'s table, which
    has 2024-08-13 for names that it does not list;
    *speaks* holds the versions that know what is asked, the usual one first; empty, if all do.
    *needs* names the fields given that an older version lacks, each with the oldest that has it.
    *walked* holds the cursors of the pages before this one.
    """

    name: str
    method: str
    path: str = field(validator=_is_path)
    reader: Reader[Any] = field(default=data_of, repr=False)
    query: tuple[tuple[str, str], ...] = field(
        default=(), converter=_pairs, repr=lambda query: f"<{', '.join(name for name, _ in query)}>"
    )
    body: bytes | None = field(
        default=None, repr=lambda body: "None" if body is None else f"<{len(body)} bytes>"
    )
    repeatable: bool = field(
        default=Factory(lambda operation: operation.method in ("GET", "HEAD"), takes_self=True)
    )
    version: str | None = None
    speaks: tuple[str, ...] = field(default=(), repr=False)
    needs: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    _verify: "Operation[Any] | Callable[[], Operation[Any]] | None" = field(
        default=None, repr=False, eq=False, alias="verify"
    )
    then: tuple[Callable[[Any], Any], ...] = field(default=(), repr=False)
    walked: tuple[str, ...] = field(default=(), repr=False, eq=False)

    def map(self, function: Callable[[T_co], U]) -> "Operation[U]":
        """Return the operation whose result is *function* of this one's result."""
        return cast("Operation[U]", evolve(self, then=(*self.then, function)))

    @property
    def verify(self) -> "Operation[Any] | None":
        """The read operation that tells whether this happened.

        None where it may be repeated, and where a write of your own names none.
        """
        # Most writes succeed, and then nobody asks.
        return self._verify() if callable(self._verify) else self._verify

    @property
    def plain(self) -> "Operation[Any]":
        """The operation as errors hold it: without functions, which may not pickle."""
        return evolve(self, then=()) if self.then else self

    def read(self, response: Response, *, credentials: str = "") -> T_co:
        """Read a response to this operation.

        *credentials* is the class name of the credentials that were sent, such as `ApiKey`;
        `Unauthenticated` names it.

        Raises `ApiError` for a response outside 2xx, `VersionMismatch` where the legacy API
        responded, and `DecodingError` for a 2xx that cannot be read.
        """
        return self.mapped(self._read(response, credentials))

    def mapped(self, result: Any) -> T_co:
        """Apply the functions given to `map` to what was read."""
        for function in self.then:
            result = function(result)
        return cast("T_co", result)

    def _read(self, response: Response, credentials: str) -> Any:
        if not isinstance(response, Response):
            raise InvalidInput("response", f"must be a Response, not {type(response).__name__}")
        if not 200 <= response.status < 300:
            raise error_of(self.plain, response, credentials)
        try:
            envelope = parse(response.body)
        except NotJson as error:
            what = "a page of HTML" if read_error_body(response).is_html else str(error)
            raise undecodable(self, response, "$", "JSON", what) from error
        if not isinstance(envelope, dict) or envelope.get("status") != "success":
            raise _no_success(self, response, envelope)
        try:
            return self.reader(self, response, envelope)
        except Odd as odd:
            legacy = legacy_answer(self.plain, response, envelope.get("data"))
            if legacy is not None:
                raise legacy from odd
            raise undecodable(
                self, response, odd.json_path, odd.expected, odd.found, also=odd.also_missing
            ) from odd


@frozen
class Page(Value, Generic[T_co]):
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


def undecodable(
    operation: Operation[Any],
    response: Response,
    path: str,
    expected: str,
    found: str,
    *,
    also: str = "",
    said: str | None = None,
    page: Page[Any] | None = None,
    odd: tuple[Any, ...] = (),
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
        lost = f"{len(odd)} unreadable, the other " if odd else ""
        rest = f" ({lost}{len(page.items)} of the page in error.page)"
    if said:
        hint = f"; the server says: {said}"
    if not operation.repeatable:
        hint += _ACCEPTED if said is None else _open(operation)
    clean = without_credentials(response)
    return error(
        f"{asked(operation)}: {response.status} with {found} at {path}, where {expected} belongs"
        f"{also}{rest}{hint}",
        operation=operation.plain,
        response=clean,
        path=path,
        found=found,
        may_have_happened=not operation.repeatable,
        data=json_of(clean),
        page=page,
        odd=tuple(_harmless(item) for item in odd),
    )


_ACCEPTED = "; the server accepted the request all the same"


def _open(operation: Operation[Any]) -> str:
    look = "look with error.operation.verify" if operation.verify else "find out"
    return f"; the outcome of this write is open: {look} before you repeat it"


def json_of(response: Response) -> Any:
    """Return the JSON of a response as an error holds it; None if there is none."""
    try:
        return _harmless(parse(response.body))
    except NotJson:
        return None


def _harmless(tree: Any) -> Any:
    """Return JSON without tokens, which escapes may have hidden, and not too deep to pickle."""
    return without_depth(_DEEPEST, tree, text_without_tokens)


def _no_success(operation: Operation[Any], response: Response, envelope: object) -> DecodingError:
    if not isinstance(envelope, dict):
        return undecodable(operation, response, "$", "an object", kind(envelope))
    found = "another string" if isinstance(envelope.get("status"), str) else "no string"
    said = _words_of(without_credentials(response))
    return undecodable(operation, response, "$.status", 'the string "success"', found, said=said)


def _words_of(response: Response) -> str:
    """Return what an error in disguise says, printable and not too long."""
    body = read_error_body(response)
    words = ": ".join(part for part in (body.code, body.message) if part)
    return text_without_tokens(words)[:_LONGEST]
