"""Requests, responses, headers and timeouts as immutable values.

They hold a message as bytes and text, and know nothing of the API.
A `repr` shows neither a credential nor a body nor the values of a query.
Header values, methods and URLs are checked here, because they could inject another request.
"""

import re
from collections.abc import Iterable, Iterator, KeysView, Mapping
from functools import cached_property, lru_cache
from typing import Any

from attrs import Attribute, field, frozen

from calcom_core._lazy_methods import LazyMethods
from calcom_core.checks import seconds
from calcom_core.errors import InvalidInput
from calcom_core.secret import Hidden
from calcom_core.tokens import is_secret_name, redact_text

SECRET_HEADERS = frozenset(
    {"authorization", "proxy-authorization", "cookie", "set-cookie"}
    | {"x-access-token", "x-api-key", "x-auth-token", "x-cal-secret-key"}
)
"""Names, in lower case, of headers whose values are never shown."""


# Cached, because servers repeat the same names: an error takes 48 µs instead of 104.
@lru_cache(maxsize=512)
def is_secret_header(name: str) -> bool:
    """Return whether a header is in `SECRET_HEADERS`, or its name ends like a credential's."""
    return name.lower() in SECRET_HEADERS or is_secret_name(name)


# RFC 9110, 5.6.2 and 5.5.
TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_UNSAFE_VALUE = re.compile(r"[\r\n\0]")
_SAFE = re.compile(rf"(?:(?:{TOKEN.pattern})\0[^\r\n\0]*\n)*")
_UNSAFE_URL = re.compile(r"[\x00-\x20\x7f]")
_USER = re.compile(r"//[^/?#]*@")

HeaderText = str | bytes
Pairs = tuple[tuple[str, str], ...]
HeadersInput = Mapping[str, str] | Mapping[bytes, bytes] | Iterable[tuple[HeaderText, HeaderText]]


def _decode(value: HeaderText) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")  # RFC 9110, 5.5: any octet may occur
    if not isinstance(value, str):
        raise InvalidInput("headers", f"contains {type(value).__name__} instead of text")
    return str.__str__(value)  # exactly a `str`: that of an Enum member may be its name


def _parse_pairs(given: object) -> Hidden[Pairs]:
    if isinstance(given, Headers):
        return given._pairs
    if isinstance(given, Hidden):  # from `attrs.evolve`, which passes the value of the field
        return given
    items: Any = given
    if isinstance(given, (tuple, list)):
        pass
    elif callable(getattr(given, "items", None)):
        # Duck typing, because the headers of http.client are not a Mapping.
        items = items.items()
    elif not isinstance(given, Iterable):
        raise InvalidInput("headers", f"must be a mapping or pairs, not {type(given).__name__}")
    try:
        pairs = tuple(
            [
                (
                    name if type(name) is str else _decode(name),
                    value if type(value) is str else _decode(value),
                )
                for name, value in items
            ]
        )
    except InvalidInput:
        raise
    except (TypeError, ValueError) as error:
        raise InvalidInput("headers", "must be pairs of a name and a value") from error
    return Hidden(pairs)


def _masked(pairs: Hidden[Pairs]) -> str:
    shown = (
        f"({name!r}, {'…' if is_secret_header(name) else redact_text(value)!r})"
        for name, value in pairs.reveal()
    )
    return f"[{', '.join(shown)}]"


@frozen(repr=False)
class Headers(LazyMethods):
    """Header fields in order; names may repeat, and look-ups ignore case.

    Create it from any mapping or pairs of `str` or `bytes`.
    The values are hidden, because any of them may be a credential.
    """

    _pairs: Hidden[Pairs] = field(converter=_parse_pairs, default=Hidden(()), repr=_masked)

    @property
    def pairs(self) -> Pairs:
        """The names and values in order, unmasked."""
        return self._pairs.reveal()

    @cached_property  # callers look up several names of one response
    def _positions(self) -> dict[str, list[int]]:
        positions: dict[str, list[int]] = {}
        for position, (name, _) in enumerate(self.pairs):
            positions.setdefault(name.lower(), []).append(position)
        return positions

    @property
    def names(self) -> KeysView[str]:
        """The names, each once and in lower case."""
        return self._positions.keys()

    def get(self, name: str, default: str | None = None) -> str | None:
        """Return the first value of *name*, or *default*."""
        positions = self._positions.get(name.lower())
        return self.pairs[positions[0]][1] if positions else default

    def get_all(self, name: str) -> tuple[str, ...]:
        """Return every value of *name*, in order."""
        return tuple(
            [self.pairs[position][1] for position in self._positions.get(name.lower(), ())]
        )

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.pairs)

    def __len__(self) -> int:
        return len(self.pairs)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

    def __repr__(self) -> str:
        return f"Headers({_masked(self._pairs)})"


def _headers(given: HeadersInput | Headers) -> Headers:
    return given if isinstance(given, Headers) else Headers(given)


def _safe_headers(given: HeadersInput | Headers) -> Headers:
    headers = _headers(given)
    # One match for all fields is faster, and nearly always succeeds.
    if _SAFE.fullmatch("".join([f"{name}\0{value}\n" for name, value in headers.pairs])):
        return headers
    if not all(TOKEN.fullmatch(name) for name, _ in headers):
        raise InvalidInput("headers", "a name is not a token of RFC 9110")
    unsafe = next(name for name, value in headers if _UNSAFE_VALUE.search(value))
    raise InvalidInput(f"headers[{unsafe!r}]", "contains CR, LF or NUL")


def _safe_url(url: str) -> str:
    if not isinstance(url, str) or _UNSAFE_URL.search(url) or not url.isascii():
        raise InvalidInput("url", "must be ASCII text without spaces and control characters")
    return str.__str__(url)


def _method(method: str) -> str:
    if not isinstance(method, str) or not TOKEN.fullmatch(method):
        raise InvalidInput("method", "is not a token of RFC 9110")
    return str.__str__(method)


def _masked_url(url: str) -> str:
    # A query may hold personal data, and the part before the host a password.
    path, mark, _ = url.partition("?")
    return repr(f"{redact_text(_USER.sub('//…@', path))}{mark and '?…'}")


def _is_bytes(message: object, attribute: object, body: bytes) -> None:
    if not isinstance(body, bytes):
        raise InvalidInput("body", f"must be bytes, not {type(body).__name__}")


@frozen
class Request(LazyMethods):
    """A complete HTTP request; a transport adds `Host`, `Content-Length` and `Accept-Encoding`.

    Raises `InvalidInput` for a header value with CR, LF or NUL, and for a URL with spaces, control
    or non-ASCII characters.
    """

    method: str = field(converter=_method)
    url: str = field(converter=_safe_url, repr=_masked_url)
    headers: Headers = field(converter=_safe_headers, factory=Headers)
    body: bytes = field(default=b"", validator=_is_bytes, repr=lambda body: f"<{len(body)} bytes>")


def _is_status(response: "Response", attribute: object, status: int) -> None:
    if isinstance(status, bool) or not isinstance(status, int):
        raise InvalidInput("status", f"must be an integer, not {type(status).__name__}")


@frozen
class Response(LazyMethods):
    """An HTTP response; *body* is the body after content decoding.

    *headers* may be any mapping or pairs of `str` or `bytes`.
    Raises `InvalidInput` for a status or a body of another type.
    """

    status: int = field(validator=_is_status)
    headers: Headers = field(converter=_headers, factory=Headers)
    body: bytes = field(default=b"", validator=_is_bytes, repr=lambda body: f"<{len(body)} bytes>")


_SECONDS = seconds(86_400, may_be_zero=False)


def _seconds(timeout: "Timeout", attribute: "Attribute[float]", value: float) -> None:
    _SECONDS(value, f"timeout.{attribute.name}")


@frozen
class Timeout(LazyMethods):
    """The limits of one exchange, in seconds; each is above 0 and at most 86,400.

    *connect* limits the time until a connection is ready: the wait for a free one, TCP and TLS.
    *read* limits each wait for bytes of the response.
    *total* limits the whole exchange, even while the response arrives slowly.
    """

    connect: float = field(default=10.0, validator=_seconds)
    read: float = field(default=30.0, validator=_seconds)
    total: float = field(default=60.0, validator=_seconds)

    def capped_at(self, most: float) -> "Timeout":
        """Return the timeout with each limit reduced to at most *most* seconds."""
        return Timeout(min(self.connect, most), min(self.read, most), min(self.total, most))


def to_timeout(timeout: Timeout | float | None) -> Timeout | None:
    """Convert a total in seconds to a `Timeout`; return None and a `Timeout` unchanged."""
    if timeout is None or isinstance(timeout, Timeout):
        return timeout
    return Timeout(total=timeout).capped_at(timeout)
