"""One API call as a value: an `Operation`.

It holds the method, path, query and body of a request, and reads the response.
It sends nothing; credentials and the base URL belong to `calcom_core.api.Api`.
The functions `operation` and `listing` create operations from the table of routes.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Generic, TypeVar, cast

from attrs import Factory, evolve, field, frozen

from calcom_core._lazy_methods import LazyMethods
from calcom_core.checks import found_type, path_segment, positive_int
from calcom_core.decoders import Decoder, raw_data
from calcom_core.decoding_errors import decoding_error
from calcom_core.error_body import read_error_body
from calcom_core.error_mapping import legacy_response_error, parse_error
from calcom_core.errors import DecodingError, InvalidInput
from calcom_core.http import Response
from calcom_core.json_text import InvalidJson, parse_json
from calcom_core.model.booking import Booking
from calcom_core.model.filters import BookingFilters
from calcom_core.model.page import Page as Page
from calcom_core.redaction import redact_response
from calcom_core.routes import ROUTES
from calcom_core.serialization import UnexpectedValue, to_query
from calcom_core.tokens import redact_text
from calcom_core.versions import BY_CURSOR, BY_OFFSET, check_pinned_version, require_version

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
U = TypeVar("U")

_MAX_TEXT = 500
"""The number of characters of a server's text that a message repeats."""


def _is_path(operation: "Operation[Any]", attribute: object, path: str) -> None:
    # It follows the base URL: `.example.com/v2` would send the credentials to another host.
    if not isinstance(path, str) or not _PATH.fullmatch(path):
        raise InvalidInput(
            "path",
            "must begin with a slash, be percent-encoded and have no segment . or ..; "
            "pass the query as query=",
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
    """A request to send, and the way to read its response.

    Creating an operation sends nothing; equal arguments create equal operations.
    The functions of the core create the operations of the bookings API.
    Create your own with another *name*; it returns the JSON under `data`:
    `Operation("webhooks.list", "GET", "/v2/webhooks", query={"take": "10"})`.

    Attributes:
        name: selects the decoder and the version; errors and logs show it.
        method: the HTTP method.
        path: the percent-encoded path below the base URL.
        decoder: replaces the decoder of *name*.
        query: a mapping or pairs of strings.
        body: the JSON as bytes, or None.
        idempotent: whether a second request is harmless; by default true for GET and HEAD.
        version: the pinned `cal-api-version`; None means the version in the table of the `Api`,
            which is 2024-08-13 for a name that the table lacks.
        supported_versions: the versions that support the parameters, the default first; empty if
            all do.
        minimum_versions: pairs of a given field and the oldest version that supports it.
        verify: for a write, the read operation that shows whether it happened, or a function that
            returns it; comparisons ignore it.
        transforms: the functions passed to `map`.
        seen_cursors: the cursors of the previous pages.
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
        """Return an operation that applies *function* to the result of this one."""
        return cast("Operation[U]", evolve(self, transforms=(*self.transforms, function)))

    @property
    def verify(self) -> "Operation[Any] | None":
        """The read operation that shows whether this write happened.

        None for an idempotent operation, and for a write of your own without one.
        """
        # Created on demand, because it is needed only after a failure.
        return self._verify() if callable(self._verify) else self._verify

    @property
    def plain(self) -> "Operation[Any]":
        """The operation without transforms, for errors: functions may not be picklable."""
        return evolve(self, transforms=()) if self.transforms else self

    def read(self, response: Response, *, credentials: str = "") -> T_co:
        """Read a response to this operation.

        Args:
            response: the response, with its decoded body.
            credentials: the class name of the credentials sent, such as `ApiKey`, which
                `Unauthenticated` shows.

        Raises:
            ApiError: for a response outside 2xx.
            VersionMismatch: for a response of the legacy API.
            DecodingError: for a 2xx that cannot be read.
        """
        return self.apply_transforms(self.decode(response, credentials))

    def apply_transforms(self, result: Any) -> T_co:
        """Apply the functions passed to `map` to a decoded result."""
        for function in self.transforms:
            result = function(result)
        return cast("T_co", result)

    def decode(self, response: Response, credentials: str = "") -> Any:
        """Read a response as `read` does, without the functions passed to `map`."""
        if not isinstance(response, Response):
            raise InvalidInput("response", f"must be a Response, not {type(response).__name__}")
        if not 200 <= response.status < 300:
            raise parse_error(self.plain, response, credentials)
        try:
            envelope = parse_json(response.body)
        except InvalidJson as error:
            found = "a page of HTML" if read_error_body(response).is_html else str(error)
            raise decoding_error(self, response, "$", "JSON", found) from error
        if not isinstance(envelope, dict) or envelope.get("status") != "success":
            raise _status_error(self, response, envelope)
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
    """Return the decoder of an operation: its own, or else that of its name."""
    if operation.decoder is not None:
        return operation.decoder
    route = ROUTES.get(operation.name)
    return raw_data if route is None else route.decoder


def _status_error(operation: Operation[Any], response: Response, envelope: object) -> DecodingError:
    if not isinstance(envelope, dict):
        return decoding_error(operation, response, "$", "an object", found_type(envelope))
    found = "another string" if isinstance(envelope.get("status"), str) else "no string"
    text = _disguised_error(redact_response(response))
    return decoding_error(
        operation, response, "$.status", 'the string "success"', found, disguised=text
    )


def _disguised_error(response: Response) -> str:
    """Return the text of an error that the server sent with status 2xx."""
    body = read_error_body(response)
    text = ": ".join(part for part in (body.code, body.message) if part)
    return redact_text(text)[:_MAX_TEXT]


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
    """Create the operation of a route, with checked *parameters* in its path.

    A write gets the `verify` operation of its route, unless *verify* replaces it.
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
    """Create an operation that lists bookings.

    Filters that only one paging style supports must fit the pinned version.
    Without a pinned version they select a version of that style.
    """
    by_offset, by_cursor = filters.only_by_offset, filters.only_by_cursor
    wrong = by_offset if version in BY_CURSOR else by_cursor if version in BY_OFFSET else None
    if wrong is not None:
        raise InvalidInput(wrong[0], f"is not supported in version {version}: {wrong[1]}")
    supported_versions = BY_OFFSET if by_offset else BY_CURSOR if by_cursor else ()
    return operation(
        name, version, query=to_query(filters), supported_versions=supported_versions, **parameters
    )
