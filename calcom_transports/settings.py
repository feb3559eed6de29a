"""The options of a network transport, checked once when it is created.

`Settings.start` turns a request into an `OutgoingExchange`. It refuses a request that must not be
sent: to `http://` on another machine, or with a header field that only the transport may set.
"""

import re
import ssl
from collections.abc import Callable
from functools import cache, lru_cache
from itertools import starmap

import truststore
from attrs import field, frozen

from calcom_core.checks import boolean, check_fields, checked_by, positive_int, seconds
from calcom_core.errors import InvalidInput
from calcom_core.http import Headers, Pairs, Request, Timeout, to_timeout
from calcom_core.secret import Hidden
from calcom_transports.exchange import MAX_IDLE, OutgoingExchange
from calcom_transports.proxies import Proxies
from calcom_transports.urls import Origin, split_url

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")  # RFC 9110, 5.5: all but the tab

# The transport frames messages: two of any of these would let two readers see two requests.
_RESERVED = frozenset({"host", "content-length", "transfer-encoding", "accept-encoding"})


@cache
def default_ssl_context() -> ssl.SSLContext:
    """Return the one context that verifies against the trust store of the operating system."""
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["http/1.1"])
    return context


def _stripped(headers: Headers) -> Hidden[Pairs]:
    """Return valid header fields without the space around their values.

    Raises `InvalidInput` for a field that is the transport's, or that HTTP cannot carry.
    """
    # The repr of `Headers` shows no credential, and no frame that raises holds more.
    if (problem := next(filter(None, starmap(_problem, headers)), None)) is not None:
        raise problem
    return Hidden(tuple([(name, value.strip(" \t")) for name, value in headers.pairs]))


def _problem(name: str, value: str) -> InvalidInput | None:
    """Return the error for an invalid header field; no frame that raises may hold its value."""
    if name.lower() in _RESERVED:
        return InvalidInput(f"headers[{name!r}]", "is set by the transport; leave it out")
    if _CONTROL.search(value):
        return InvalidInput(f"headers[{name!r}]", "holds a control character")
    if any(character > "\xff" for character in value):
        return InvalidInput(
            f"headers[{name!r}]", "holds a character outside Latin-1; encode it first"
        )
    return None


def _context(value: object, name: str = "ssl_context") -> ssl.SSLContext | None:
    if value is None:
        return None
    if not isinstance(value, ssl.SSLContext) or value.protocol is ssl.PROTOCOL_TLS_SERVER:
        raise InvalidInput(name, "must be an ssl.SSLContext for clients")
    if value.verify_mode is not ssl.CERT_REQUIRED or not value.check_hostname:
        raise InvalidInput(
            name,
            "must verify certificates and host names, or credentials may go to anybody; "
            "load_verify_locations() makes it trust a certificate of your own",
        )
    return value


def _limits(timeout: Timeout | float | None) -> Timeout:
    return to_timeout(timeout) or Timeout()


@frozen(field_transformer=check_fields)
class Settings:
    """The options of a network transport; each transport documents them."""

    timeout: Timeout = field(converter=_limits)
    ssl_context: ssl.SSLContext | None = field(metadata=checked_by(_context))
    allow_http: bool = field(metadata=checked_by(boolean))
    max_connections: int = field(metadata=checked_by(positive_int))
    max_body: int = field(metadata=checked_by(positive_int))
    proxies: Proxies
    max_idle: float = field(default=MAX_IDLE, metadata=checked_by(seconds(3600, may_be_zero=True)))
    # Cached, since many requests have the same fields.
    _fields: Callable[[Headers], Hidden[Pairs]] = field(
        init=False, repr=False, eq=False, factory=lambda: lru_cache(maxsize=8)(_stripped)
    )

    def start(self, request: Request, timeout: Timeout | None, now: float) -> OutgoingExchange:
        """Return the exchange that starts *now*, with *timeout* or else the transport's own.

        Raises `InvalidInput` for a URL or a header field that must not be sent,
        and for a TLS context that no longer verifies.
        """
        _context(self.ssl_context)
        target = split_url(request.url, allow_http=self.allow_http)
        if request.method == "CONNECT":
            raise InvalidInput("method", "CONNECT is for proxies alone; give the proxy as proxy=")
        return OutgoingExchange(
            request,
            target,
            self._fields(request.headers),
            self.proxies.of(target.origin),
            to_timeout(timeout) or self.timeout,
            now,
            self.max_idle,
        )

    def context_for(self, origin: Origin) -> ssl.SSLContext | None:
        """Return the TLS context of connections to *origin*, or None for plain HTTP."""
        if origin.scheme == "http":
            return None
        return self.ssl_context or default_ssl_context()
