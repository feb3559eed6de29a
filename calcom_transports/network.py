"""What both network transports agree on, each fact in one place."""

import re
import socket
import ssl
import warnings
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from http import HTTPStatus
from typing import Literal

import truststore
from attrs import define, field, frozen

from calcom_core.errors import InvalidInput, NoAnswer, NotSent, TransportError
from calcom_core.http import Headers, Request, Timeout, to_timeout
from calcom_transports.instrumentation import log_cancelled_write
from calcom_transports.proxies import Proxies, Proxy
from calcom_transports.urls import Destination, Origin, split_url

MAX_BODY = 16 * 1024 * 1024
"""How many bytes the body of an answer may have after content decoding."""

MAX_CONNECTIONS = 10
"""How many connections may be open to one origin at once."""

IDLE_LIMIT = 4.0
"""A connection idle for more seconds is not used again: common servers close them after 5."""

ACCEPT_ENCODING = "gzip"

MAX_HEAD = 65_536
"""How many bytes the head of an answer may have."""

READ_SIZE = 65_536
"""How many bytes are asked of a socket at once."""

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")  # RFC 9110, 5.5: all but the tab
_UNFIT = re.compile(rf"{_CONTROL.pattern}|[^\x00-\xff]")
_SPACE = " \t"
_NO_HEADERS = Headers()
_KEEP_ALIVE_TIMEOUT = re.compile(r"(?:^|[,\s])timeout\s*=\s*\"?(\d{1,9})", re.IGNORECASE)

_STATUS_LINE = re.compile(rb"HTTP/1\.[0-9] ([1-9][0-9]{2})(?: [^\r\n]*)?(?:\r\n|$)")

# Framing is the transport's: two of any of these would let two readers see two requests.
_OURS = frozenset({"host", "content-length", "transfer-encoding", "accept-encoding"})

# How a `NotSent` ends, by its reason; only a reason that may pass invites to repeat.
_RETRYABLE = "nothing was sent, it may be repeated"
_ENDINGS = {
    "host": "nothing was sent",
    "tls": "nothing was sent",
    "transport-closed": "nothing was sent",
    "proxy": "the server got nothing",  # though the proxy may have got the request
}

# What getaddrinfo says of a name without an address; some systems lack some of them.
_NO_ADDRESS = frozenset(
    getattr(socket, name)
    for name in ("EAI_NONAME", "EAI_NODATA", "EAI_FAIL", "EAI_ADDRFAMILY")
    if hasattr(socket, name)
)

# What TLS says of a connection that ends; any other error of it is about its content.
_TLS_ENDS = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)

# RFC 9110, 8.6: with any other method an empty body is announced as such.
_NEEDS_NO_BODY = frozenset({"GET", "HEAD", "DELETE", "OPTIONS", "TRACE"})


def _lines_of(fields: Iterable[tuple[str, str]]) -> str:
    return "".join([f"{name}: {value.strip(_SPACE)}\r\n" for name, value in fields])


def _lines_of_request(fields: Headers) -> str:
    # The repr of fields shows no credential, and no frame that raises holds more.
    # All at once, since nearly always there is nothing wrong.
    if not _OURS.isdisjoint(fields.names) or _UNFIT.search("".join([v for _, v in fields.pairs])):
        raise next(filter(None, (_problem(*field) for field in fields)))
    return _lines_of(fields.pairs)


def _problem(name: str, value: str) -> InvalidInput | None:
    """Return what is wrong with a header field; no frame that raises may hold its value."""
    if name.lower() in _OURS:
        return InvalidInput(f"headers[{name!r}]", "is set by the transport; leave it out")
    if _CONTROL.search(value):
        return InvalidInput(f"headers[{name!r}]", "holds a control character")
    if any(character > "\xff" for character in value):
        return InvalidInput(
            f"headers[{name!r}]", "holds a character outside Latin-1; encode it first"
        )
    return None


def seconds_left(by: float, now: float) -> float:
    """Return how long it still is until a time; raise `TimeoutError` where that has passed."""
    if by <= now:
        raise TimeoutError
    return by - now


def without_frames(error: BaseException, handled: BaseException | None) -> None:
    """Take from an error of an exchange, and from what caused it, the frames they came through.

    The frames of HTTP libraries hold the request as it is sent, with its credentials. Tools that
    show the locals of a failure, as pytest can, would show them.
    The exception that the caller *handled* meanwhile, and all that led to it, stays whole.
    """
    kept = {id(found) for found in _linked(handled)}
    for found in _linked(error):
        if id(found) in kept:
            continue
        found.__traceback__ = None
        hidden = found.__suppress_context__ and found.__context__ is not found.__cause__
        if hidden and id(found.__context__) not in kept:
            found.__context__ = None


def _linked(error: BaseException | None) -> list[BaseException]:
    """Return an exception, and all that it names as its cause or its context."""
    found: dict[int, BaseException] = {}
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if one is not None and id(one) not in found:
            found[id(one)] = one
            waiting += [one.__cause__, one.__context__]
    return list(found.values())


def warn_unclosed(transport: object, way_out: str) -> None:
    """Warn of a transport that is discarded while it holds open connections."""
    warnings.warn(
        f"{transport!r} is discarded while it holds open connections; {way_out}",
        ResourceWarning,
        stacklevel=3,
        source=transport,
    )


def closes(headers: Headers) -> bool:
    """Tell whether a message says that its connection ends with it (RFC 9112, 9.6)."""
    options = ",".join(headers.get_all("connection")).lower().split(",")
    return "close" in [option.strip(_SPACE) for option in options]


def idle_limit(headers: Headers) -> float:
    """Return for how many seconds a connection may idle after an answer with these headers."""
    return _limit_of(",".join(headers.get_all("keep-alive")))


@lru_cache  # a server says the same each time
def _limit_of(said: str) -> float:
    announced = _KEEP_ALIVE_TIMEOUT.search(said)
    return min(float(announced[1]), IDLE_LIMIT) if announced else IDLE_LIMIT


@cache
def default_ssl_context() -> ssl.SSLContext:
    """Return the one context that verifies against the trust store of the operating system."""
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["http/1.1"])
    return context


@define
class Exchange:
    """One request on its way: how long it may still take, and what a failure would mean.

    It changes as the exchange goes on.
    Times are those of the clock that *started* was read from, in seconds.
    """

    request: Request
    destination: Destination
    proxy: Proxy | None
    timeout: Timeout
    started: float
    # "tunneled" once the proxy has opened the way; "sent" once a byte may have left.
    phase: Literal["waiting", "connecting", "tunneling", "tunneled", "sent"] = "waiting"
    broken: bool = False  # not all of the request could be sent
    ended: bool = False  # the server has closed its side of the connection
    received: Headers = _NO_HEADERS  # the header fields of the answer
    reusable_until: float = 0.0  # when its connection is too old to serve another

    @property
    def tunnels(self) -> bool:
        """Whether the proxy only connects, and what it carries is between us and the origin."""
        return self.proxy is not None and self.destination.origin.scheme == "https"

    @property
    def is_forwarded(self) -> bool:
        """Whether the proxy reads the request, and passes it on itself."""
        return self.proxy is not None and not self.tunnels

    @property
    def target(self) -> str:
        """What is asked for: by a proxy that answers itself, the whole URL (RFC 9112, 3.2.2)."""
        destination = self.destination
        if not self.is_forwarded:
            return destination.target
        return f"{destination.origin.scheme}://{destination.authority}{destination.target}"

    @property
    def proxy_fields(self) -> list[tuple[str, str]]:
        """The header fields that are for the proxy, and for nobody else."""
        if self.proxy is None or self.proxy.credentials is None:
            return []
        return [("Proxy-Authorization", f"Basic {self.proxy.credentials.reveal()}")]

    @property
    def peer(self) -> Proxy | Origin:
        """What to connect to."""
        return self.proxy or self.destination.origin

    @property
    def connect_by(self) -> float:
        """When the connection must be there."""
        return self.started + min(self.timeout.connect, self.timeout.total)

    @property
    def end(self) -> float:
        """When everything must be over."""
        return self.started + self.timeout.total

    def read_by(self, now: float) -> float:
        """Return when the next bytes of the answer must be there."""
        return min(now + self.timeout.read, self.end)

    def keep(self, now: float) -> None:
        """Note for how long the connection may idle after this answer."""
        if self.broken or closes(self.request.headers):
            self.reusable_until = 0.0
        else:
            self.reusable_until = now + idle_limit(self.received)

    def note_cut(self) -> None:
        """Log that the exchange is cut off, if it may be a write that is executed."""
        if self.phase == "sent" and self.request.method not in ("GET", "HEAD"):
            log_cancelled_write(self.request)

    def failure(self, reason: str, problem: str) -> TransportError:
        """Return the error to raise: `NoAnswer` if a byte may have left, else `NotSent`."""
        if self.phase == "sent":
            asked = f"{self.request.method} {self.destination.path}"
            return NoAnswer(
                f"{asked}: {problem}; it may have been carried out, look before repeating a write",
                reason=reason,
            )
        return self._not_sent(reason, problem)

    def _not_sent(self, reason: str, problem: str) -> NotSent:
        asked = f"{self.request.method} {self.destination.path}"
        ending = _ENDINGS.get(reason, _RETRYABLE)
        return NotSent(f"{asked}: {problem}; {ending}", reason=reason)

    def out_of_time(self, now: float) -> TransportError:
        """Return the error for a deadline of this exchange that has passed."""
        limits = self.timeout
        is_total = limits.total <= limits.connect or now >= self.end
        name, limit = ("total", limits.total) if is_total else ("connect", limits.connect)
        within = f"within {limit:g} s (Timeout.{name})"
        if self.phase == "waiting":
            busy = f"no connection to {self.destination.origin} became free {within}"
            return self.failure("pool", f"{busy}; raise max_connections, or the timeout")
        if self.phase != "sent":
            return self.failure("timeout", f"{self._no_connection} {within}")
        if now >= self.end:
            problem = f"no complete answer within {limits.total:g} s (Timeout.total)"
        else:
            problem = f"nothing arrived for {limits.read:g} s (Timeout.read)"
        return self.failure("timeout", problem)

    @property
    def _no_connection(self) -> str:
        origin = self.destination.origin
        if self.phase == "tunneling":
            return f"{self.peer} did not open the way to {origin}"
        if self.phase == "tunneled":
            return f"no TLS with {origin} through {self.peer}"
        return f"no connection to {self.peer}"

    def not_connected(self, error: BaseException) -> TransportError:
        """Return the error for a connection, or the way through a proxy, that could not be made."""
        if isinstance(error, socket.gaierror) and error.errno in _NO_ADDRESS:
            problem = f"{self.peer} has no address ({_said(error)}); check its name"
            return self.failure("host", problem)
        causes = getattr(error.__cause__, "exceptions", None) or (error,)
        reason = "connect"
        if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
            reason = "refused"
        said = "; ".join(_said(cause) for cause in causes)
        cannot = f"cannot connect to {self.peer}"
        problem = self._no_connection if self.phase == "tunneling" else cannot
        return self.failure(reason, f"{problem} ({said})")

    def refused_by_proxy(self, did: str, reason: str = "proxy") -> TransportError:
        """Return the error for a proxy that does not pass the request on."""
        return self._not_sent(reason, f"{self.peer}, asked for {self.destination.origin}, {did}")

    def refused_credentials(self) -> TransportError:
        """Return the error for a proxy that wants credentials, or others (status 407)."""
        return self.refused_by_proxy("wants another name and password (407); put them into its URL")

    def transport_closed(self) -> TransportError:
        """Return the error for a transport that was closed before a connection was found."""
        return self.failure(
            "transport-closed",
            "the transport is closed; create a new client, or call it before its `with` block ends",
        )

    def not_trusted(self, error: BaseException | None) -> TransportError:
        """Return the error for a TLS handshake that failed, or whose connection ended in it."""
        origin, said = self.destination.origin, _said(error)
        if _reason_of(error) == "closed":
            return self.failure("closed", f"no TLS with {origin}: the connection ended ({said})")
        return self.failure("tls", f"no TLS with {origin} ({said})")

    def not_http_1(self, protocol: str) -> TransportError:
        """Return the error for a server that has agreed on another protocol."""
        problem = f"{self.destination.origin} speaks {protocol} where HTTP/1.1 is spoken"
        return self.failure("tls", f"{problem}; ssl_context should not offer it (ALPN)")

    def lost(self, error: BaseException | None, now: float) -> TransportError:
        """Return the error for a connection that broke, or took too long, in use."""
        if isinstance(error, TimeoutError):
            return self.out_of_time(now)
        return self.failure(_reason_of(error), f"the connection broke ({_said(error)})")

    def ended_while_idle(self) -> TransportError:
        """Return the error for an idle connection that ended before the first byte was sent."""
        problem = f"the connection to {self.destination.origin} ended while it was idle"
        return self.failure("closed", problem)

    def unreadable(self) -> TransportError:
        """Return the error for bytes that are not a complete HTTP answer."""
        if self.ended:
            return self.failure("closed", "the server closed the connection within its answer")
        return self.failure("protocol", "the answer is not HTTP/1.1")


def _said(error: BaseException | None) -> str:
    return (getattr(error, "strerror", None) or str(error)) if error else "closed by the server"


def _reason_of(error: BaseException | None) -> str:
    # TLS that ends without saying so may have been cut by anybody: RFC 9112, 9.8.
    return (
        "tls" if isinstance(error, ssl.SSLError) and not isinstance(error, _TLS_ENDS) else "closed"
    )


class Tunnel:
    """The way through a proxy: what to send it, and what its answer says (RFC 9110, 9.3.6)."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._received = b""
        exchange.phase = "tunneling"

    @property
    def wire(self) -> memoryview:
        """The bytes to send to the proxy; a view, since no repr shows what it holds."""
        authority = str(self._exchange.destination.origin)
        fields = [("Host", authority), *self._exchange.proxy_fields]
        lines = [f"CONNECT {authority} HTTP/1.1", *(f"{name}: {value}" for name, value in fields)]
        return memoryview("".join(f"{line}\r\n" for line in [*lines, ""]).encode())

    def opened_by(self, data: bytes) -> bool:
        """Take the next bytes of the proxy, and tell whether the way to the origin is open.

        Raises `NotSent` if it will not be.
        """
        refused = self._exchange.refused_by_proxy
        if not data:
            raise refused("closed the connection", "connect")
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, _, self._received = self._received.partition(b"\r\n\r\n")
            found = _STATUS_LINE.match(head)
            if found is None:
                raise refused("answered with something else than HTTP/1.1")
            status = int(found[1])
            if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
                raise self._exchange.refused_credentials()
            if 500 <= status <= 599:
                raise refused(f"failed (status {status})", "connect")
            if status >= HTTPStatus.MULTIPLE_CHOICES:
                raise refused(f"refused (status {status}); have it allow that, or use another")
            if status >= HTTPStatus.OK:
                # An origin that speaks TLS lets its client speak first.
                if self._received:
                    raise refused("sent more than its answer")
                self._exchange.phase = "tunneled"
                return True
        if len(self._received) > MAX_HEAD:
            raise refused("answered with something else than HTTP/1.1")
        return False


def _at_least_one(settings: "Settings", attribute: object, value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidInput(getattr(attribute, "name", ""), "must be an integer of at least 1")


def _is_context(settings: "Settings", attribute: object, value: ssl.SSLContext | None) -> None:
    if value is None:
        return
    if not isinstance(value, ssl.SSLContext) or value.protocol is ssl.PROTOCOL_TLS_SERVER:
        raise InvalidInput("ssl_context", "must be an ssl.SSLContext for clients")
    if value.verify_mode is not ssl.CERT_REQUIRED or not value.check_hostname:
        raise InvalidInput(
            "ssl_context",
            "must verify certificates and host names, or credentials may go to anybody; "
            "load_verify_locations() makes it trust a certificate of your own",
        )


def _is_bool(settings: "Settings", attribute: object, value: bool) -> None:
    if not isinstance(value, bool):
        raise InvalidInput(getattr(attribute, "name", ""), "must be True or False")


def _proxies(given: Proxies | InvalidInput) -> Proxies:
    if isinstance(given, InvalidInput):
        raise given
    return given


def _limits(timeout: Timeout | float | None) -> Timeout:
    return to_timeout(timeout) or Timeout()


@frozen
class Settings:
    """What a network transport is told when it is made; each transport documents them."""

    timeout: Timeout = field(converter=_limits)
    ssl_context: ssl.SSLContext | None = field(validator=_is_context)
    allow_http: bool = field(validator=_is_bool)
    max_connections: int = field(validator=_at_least_one)
    max_body: int = field(validator=_at_least_one)
    proxies: Proxies = field(converter=_proxies)
    # Kept, since the same fields go with many requests.
    _kept_lines: Callable[[Headers], str] = field(
        init=False, repr=False, eq=False, factory=lambda: lru_cache(maxsize=8)(_lines_of_request)
    )

    def start(self, request: Request, timeout: Timeout | None, now: float) -> Exchange:
        """Return the exchange that begins *now*, with *timeout* or else the transport's own.

        Raises `InvalidInput` for a URL that may not be asked,
        and for a TLS context that has been changed and verifies nothing any more.
        """
        _is_context(self, None, self.ssl_context)
        destination = split_url(request.url, allow_http=self.allow_http)
        if request.method == "CONNECT":
            raise InvalidInput("method", "CONNECT asks a proxy for a connection; give it as proxy=")
        in_force = to_timeout(timeout) or self.timeout
        proxy = self.proxies.of(destination.origin)
        return Exchange(request, destination, proxy, in_force, now)

    def wire_of(self, exchange: Exchange) -> memoryview:
        """Return the bytes of a request with the header fields that are the transport's.

        As a view, which no repr shows: a cancellation brings frames to light as a failure does.
        Raises `InvalidInput` for a field that is the transport's, or that HTTP cannot carry.
        """
        request = exchange.request
        by_proxy = "" if exchange.tunnels else _lines_of(exchange.proxy_fields)
        length = ""
        if request.body or request.method not in _NEEDS_NO_BODY:
            length = f"Content-Length: {len(request.body)}\r\n"
        head = (
            f"{request.method} {exchange.target} HTTP/1.1\r\n"
            f"Host: {exchange.destination.authority}\r\n"
            f"{by_proxy}{self._kept_lines(request.headers)}"
            f"Accept-Encoding: {ACCEPT_ENCODING}\r\n{length}\r\n"
        )
        return memoryview(head.encode("latin-1") + request.body)

    def context_for(self, origin: Origin) -> ssl.SSLContext | None:
        """Return the TLS context of connections to *origin*, or `None` for plain HTTP."""
        if origin.scheme == "http":
            return None
        return self.ssl_context or default_ssl_context()
