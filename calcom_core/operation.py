"""A call as a value: an `Operation`, made by its name in the table of routes, and how it is read.

An `Operation` is plain data; `read` finds the decoder by the name.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Generic, TypeVar, cast

from attrs import Factory, evolve, field, frozen

from calcom_core._lazy_methods import LazyMethods
from calcom_core.checks import found_type, path_segment, positive_int
from calcom_core.decoders import Decoder, data_of, decoding_error
from calcom_core.error_body import read_error_body
from calcom_core.error_mapping import legacy_response_error, parse_error
from calcom_core.errors import DecodingError, InvalidInput
from calcom_core.http import Response
from calcom_core.json_text import InvalidJson, parse_json
from calcom_core.model.booking import Booking
from calcom_core.model.filters import BookingFilters
from calcom_core.model.page import Page as Page
from calcom_core.redaction import without_credentials
from calcom_core.routes import ROUTES
from calcom_core.serialization import UnexpectedValue, to_query
from calcom_core.tokens import text_without_tokens
from calcom_core.versions import BY_CURSOR, BY_OFFSET, check_pinned_version, require_version

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
U = TypeVar("U")

_LONGEST = 500
"""How many characters of the server's words are in a message."""


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
class Operation(LazyMethods, Generic[T_co]):
    """A request still to be sent, and how its response is read.

    Nothing happens when one is made; equal calls make equal operations.
    The functions of the core make those of the bookings API, each with the decoder of its *name*.
    One of your own needs another *name*, a *method* and a *path*, and reads the JSON under `data`:
    `Operation("webhooks.list", "GET", "/v2/webhooks", query={"take": "10"})`.
    A *decoder* of your own replaces either.
    *query* is a mapping or pairs of strings; *body* is the JSON as bytes.
    *idempotent* is true where a second request does no harm; by default for GET and HEAD.
    Where it is not, *verify* is the read operation that tells whether it happened, or makes it;
    it follows from the rest, so that equality needs not look at it.
    *version* is the pinned `cal-api-version`, or None for the one of the `Api`'s table, which
    has 2024-08-13 for names that it does not list;
    *supported_versions* holds the versions that know the parameters, the usual one first; empty
    if all do.
    *minimum_versions* holds the given fields that an older version lacks, each with the oldest
    version that has it.
    *seen_cursors* holds the cursors of the pages before this one.
    """

    name: str
    method: str
    path: str = field(validator=_is_path)
    decoder: Decoder[Any] | None = field(default=None, repr=False)
    query: tuple[tuple[str, str], ...] = field(
        default=(), converter=_pairs, repr=lambda query: f"<{', '.join(name for name, _ in query)}>"
    )
    body: bytes | None = field(
        default=None, repr=lambda body: "None" if body is None else f"<{len(body)} bytes>"
    )
    idempotent: bool = field(
        default=Factory(lambda operation: operation.method in ("GET", "HEAD"), takes_self=True)
    )
    version: str | None = None
    supported_versions: tuple[str, ...] = field(default=(), repr=False)
    minimum_versions: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    _verify: "Operation[Any] | Callable[[], Operation[Any]] | None" = field(
        default=None, repr=False, eq=False, alias="verify"
    )
    transforms: tuple[Callable[[Any], Any], ...] = field(default=(), repr=False)
    seen_cursors: tuple[str, ...] = field(default=(), repr=False, eq=False)

    def map(self, function: Callable[[T_co], U]) -> "Operation[U]":
        """Return the operation whose result is *function* of this one's result."""
        return cast("Operation[U]", evolve(self, transforms=(*self.transforms, function)))

    @property
    def verify(self) -> "Operation[Any] | None":
        """The read operation that tells whether this happened.

        None where it may be repeated, and where a write of your own names none.
        """
        # Most writes succeed, and need none.
        return self._verify() if callable(self._verify) else self._verify

    @property
    def plain(self) -> "Operation[Any]":
        """The operation as errors hold it: without functions, which may not pickle."""
        return evolve(self, transforms=()) if self.transforms else self

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
        for function in self.transforms:
            result = function(result)
        return cast("T_co", result)

    def _read(self, response: Response, credentials: str) -> Any:
        if not isinstance(response, Response):
            raise InvalidInput("response", f"must be a Response, not {type(response).__name__}")
        if not 200 <= response.status < 300:
            raise parse_error(self.plain, response, credentials)
        try:
            envelope = parse_json(response.body)
        except InvalidJson as error:
            what = "a page of HTML" if read_error_body(response).is_html else str(error)
            raise decoding_error(self, response, "$", "JSON", what) from error
        if not isinstance(envelope, dict) or envelope.get("status") != "success":
            raise _no_success(self, response, envelope)
        try:
            return find_decoder(self)(self, response, envelope)
        except UnexpectedValue as error:
            legacy = legacy_response_error(self.plain, response, envelope.get("data"))
            if legacy is not None:
                raise legacy from error
            raise decoding_error(
                self,
                response,
                error.json_path,
                error.expected,
                error.found,
                also=error.also_missing,
            ) from error


def find_decoder(operation: Operation[Any]) -> Decoder[Any]:
    """Return what decodes a response: the operation's own decoder, or that of its name."""
    if operation.decoder is not None:
        return operation.decoder
    route = ROUTES.get(operation.name)
    return data_of if route is None else route.decoder


def _no_success(operation: Operation[Any], response: Response, envelope: object) -> DecodingError:
    if not isinstance(envelope, dict):
        return decoding_error(operation, response, "$", "an object", found_type(envelope))
    found = "another string" if isinstance(envelope.get("status"), str) else "no string"
    said = _words_of(without_credentials(response))
    return decoding_error(operation, response, "$.status", 'the string "success"', found, said=said)


def _words_of(response: Response) -> str:
    """Return what an error in disguise says, printable and not too long."""
    body = read_error_body(response)
    words = ": ".join(part for part in (body.code, body.message) if part)
    return text_without_tokens(words)[:_LONGEST]


def _booking_uid(value: object, field: str) -> str:
    return path_segment(value, field, reserved=("by-seat",))


_PARAMETERS: Mapping[str, Callable[[object, str], object]] = {
    "booking_uid": _booking_uid,
    "seat_uid": path_segment,
    "reservation_uid": path_segment,
    "attendee_id": positive_int,
    "event_type_id": positive_int,
    "team_id": positive_int,
    "org_id": positive_int,
    "user_id": positive_int,
}


def operation(
    name: str,
    version: str | None,
    *,
    query: tuple[tuple[str, str], ...] = (),
    body: bytes | None = None,
    supported_versions: tuple[str, ...] = (),
    minimum_versions: tuple[tuple[str, str], ...] = (),
    verify: Operation[Any] | Callable[[], Operation[Any]] | None = None,
    **parameters: Any,
) -> Operation[Any]:
    """Return the operation of that name, with the *parameters* of its path checked and filled in.

    What is not idempotent is verified as its route says, unless *verify* says another way.
    """
    route = ROUTES[name]
    path = route.path
    if parameters:
        path = path.format_map(
            {key: _PARAMETERS[key](value, key) for key, value in parameters.items()}
        )
    version = check_pinned_version(route.name, version)
    if version is not None:
        require_version(version, minimum_versions)
    idempotent = route.idempotent
    if not idempotent and verify is None:
        verify = partial(operation, route.verify, version, **parameters)
    return Operation(
        name=route.name,
        method=route.method,
        path=path,
        query=query,
        body=body,
        idempotent=idempotent,
        version=version,
        supported_versions=supported_versions,
        minimum_versions=minimum_versions,
        verify=verify,
    )


def listing(
    name: str, version: str | None, filters: BookingFilters, **parameters: Any
) -> Operation[Page[Booking]]:
    """Return the operation of that name that lists bookings.

    What only one of the two ways of paging knows must fit the version that is pinned;
    without one, it speaks a version of that way where the table's is of the other.
    """
    by_offset, by_cursor = filters.only_by_offset, filters.only_by_cursor
    wrong = by_offset if version in BY_CURSOR else by_cursor if version in BY_OFFSET else None
    if wrong is not None:
        raise InvalidInput(wrong[0], f"cannot be said in version {version}: {wrong[1]}")
    supported_versions = BY_OFFSET if by_offset else BY_CURSOR if by_cursor else ()
    return operation(
        name, version, query=to_query(filters), supported_versions=supported_versions, **parameters
    )
