"""What both network transports agree on, each fact in one place."""

import re
import ssl
import zlib
from functools import cache
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

import truststore
from attrs import define, field, frozen

from calcom_core.errors import InvalidInput, NoAnswer, NotSent, TransportError
from calcom_core.http import Headers, Request, Timeout, timeout_of

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

"""What methods and the names of header fields are made of: RFC 9110, 5.6.2."""

_PORTS = {"http": 80, "https": 443}
_HOST_NAME = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")  # RFC 9110, 5.5: all but the tab
_KEEP_ALIVE_TIMEOUT = re.compile(r"(?:^|[,\s])timeout\s*=\s*\"?(\d{1,9})", re.IGNORECASE)

# Framing is the transport's: two of any of these would let two readers see two requests.
_OURS = frozenset({"host", "content-length", "transfer-encoding", "accept-encoding"})

# RFC 9110, 8.6: with any other method an empty body is announced as such.
_NEEDS_NO_BODY = frozenset({"GET", "HEAD", "DELETE", "OPTIONS", "TRACE"})


@frozen
class Origin:
    """Where connections lead; *host* has no brackets, also if it is an IPv6 address."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@frozen
class Destination:
    """A URL taken apart.

    *authority* is the value of `Host`, and *target* the path and query, byte for byte as given.
    """

    origin: Origin
    authority: str
    target: str

    @property
    def path(self) -> str:
        """The target without its query, which may hold personal data."""
        return self.target.partition("?")[0]


def is_loopback(host: str) -> bool:
    """Tell whether *host* can only be this machine; no name is looked up."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        name = host.rstrip(".")
        return name == "localhost" or name.endswith(".localhost")


def split_url(url: str, *, allow_http: bool) -> Destination:
    """Take an absolute URL apart.

    Raises `InvalidInput` for anything that is not `https://host…`,
    and for `http://` unless the host is this machine or *allow_http* is true.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise InvalidInput("url", f"cannot be read ({error}); write https://host/path") from error
    if parts.scheme not in _PORTS:
        raise InvalidInput("url", "must start with https://")
    if not host:
        raise InvalidInput("url", "names no host; write https://host/path")
    if "@" in parts.netloc:
        raise InvalidInput("url", "holds credentials; send them in a header")
    if not _is_host(host):
        raise InvalidInput("url", "names a host that is neither a name nor an IP address")
    if parts.scheme == "http" and not allow_http and not is_loopback(host):
        raise InvalidInput(
            "url",
            f"is http:// to {host}, which would send credentials unencrypted; "
            "use https://, or give the transport allow_http=True",
        )
    # Cut by hand: urlsplit forgets the difference between no query and an empty one.
    target = url.partition("#")[0].partition("//")[2][len(parts.netloc) :]
    if not target.startswith("/"):
        target = f"/{target}"
    origin = Origin(parts.scheme, host, _PORTS[parts.scheme] if port is None else port)
    return Destination(origin, parts.netloc, target)


def _is_host(host: str) -> bool:
    if ":" not in host:
        return _HOST_NAME.fullmatch(host) is not None
    try:
        ip_address(host)
    except ValueError:
        return False
    return "%" not in host


def fields_to_send(request: Request, destination: Destination) -> Headers:
    """Return the header fields of *request* with those that are the transport's.

    Raises `InvalidInput` for a field that is the transport's, or that HTTP cannot carry.
    """
    fields = [("Host", destination.authority)]
    for name, value in request.headers:
        if name.lower() in _OURS:
            raise InvalidInput(f"headers[{name!r}]", "is set by the transport; leave it out")
        if _CONTROL.search(value):
            raise InvalidInput(f"headers[{name!r}]", "holds a control character")
        try:
            value.encode("latin-1")
        except UnicodeEncodeError as error:
            raise InvalidInput(
                f"headers[{name!r}]", "holds a character outside Latin-1; encode it first"
            ) from error
        fields.append((name, value.strip(" \t")))
    fields.append(("Accept-Encoding", ACCEPT_ENCODING))
    if request.body or request.method not in _NEEDS_NO_BODY:
        fields.append(("Content-Length", str(len(request.body))))
    return Headers(fields)


def without_frames(error: TransportError) -> None:
    """Take from an error the frames that it, and what caused it, came through.

    Those of HTTP libraries hold the request as it is sent, credentials and all, and what shows the
    locals of a failure, as pytest can, would show them.
    """
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        found = waiting.pop()
        if found is not None and id(found) not in seen:
            seen.add(id(found))
            found.__traceback__ = None
            if found.__suppress_context__ and found.__context__ is not found.__cause__:
                found.__context__ = None
            waiting += [found.__cause__, found.__context__]


def idle_limit(headers: Headers) -> float:
    """Return for how many seconds a connection may idle after an answer with these headers."""
    announced = _KEEP_ALIVE_TIMEOUT.search(",".join(headers.get_all("keep-alive")))
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
    timeout: Timeout
    started: float
    # "sent" from just before the first byte is handed over: a byte that may have left has left.
    phase: Literal["waiting", "connecting", "sent"] = "waiting"
    ended: bool = False  # the server has closed its side of the connection
    reusable_until: float = 0.0  # when its connection is too old to serve another

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

    def failure(self, reason: str, problem: str) -> TransportError:
        """Return the error to raise: `NoAnswer` if a byte may have left, else `NotSent`."""
        asked = f"{self.request.method} {self.destination.path}"
        if self.phase == "sent":
            return NoAnswer(
                f"{asked}: {problem}; it may have been carried out, look before repeating a write",
                reason=reason,
            )
        return NotSent(f"{asked}: {problem}; nothing was sent, it may be repeated", reason=reason)

    def out_of_time(self, now: float) -> TransportError:
        """Return the error for a deadline of this exchange that has passed."""
        limits = self.timeout
        name = "total" if limits.total <= limits.connect else "connect"
        within = f"within {min(limits.connect, limits.total):g} s (Timeout.{name})"
        if self.phase == "waiting":
            busy = f"no connection to {self.destination.origin} became free {within}"
            return self.failure("pool", f"{busy}; raise max_connections, or the timeout")
        if self.phase == "connecting":
            return self.failure("timeout", f"no connection to {self.destination.origin} {within}")
        if now >= self.end:
            limit = f"no complete answer within {limits.total:g} s (Timeout.total)"
        else:
            limit = f"nothing arrived for {limits.read:g} s (Timeout.read)"
        return self.failure("timeout", limit)

    def not_connected(self, error: OSError) -> TransportError:
        """Return the error for a TCP connection that could not be made."""
        causes = getattr(error.__cause__, "exceptions", None) or (error,)
        reason = "connect"
        if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
            reason = "refused"
        said = "; ".join(cause.strerror or str(cause) for cause in causes)
        return self.failure(reason, f"cannot connect to {self.destination.origin} ({said})")

    def not_trusted(self, error: BaseException | None) -> TransportError:
        """Return the error for a TLS connection that could not be made."""
        return self.failure("tls", f"no TLS with {self.destination.origin} ({_said(error)})")

    def lost(self, error: BaseException | None, now: float) -> TransportError:
        """Return the error for a connection that broke, or took too long, in use."""
        if isinstance(error, TimeoutError):
            return self.out_of_time(now)
        reason = "tls" if isinstance(error, ssl.SSLError) else "closed"
        return self.failure(reason, f"the connection broke ({_said(error)})")

    def unreadable(self) -> TransportError:
        """Return the error for bytes that are not a complete HTTP answer."""
        if self.ended:
            return self.failure("closed", "the server closed the connection within its answer")
        return self.failure("protocol", "the answer is not HTTP/1.1")


def _said(error: BaseException | None) -> str:
    return (getattr(error, "strerror", None) or str(error)) if error else "closed by the server"


class Body:
    """The body of one answer, decoded and counted as it arrives."""

    def __init__(self, exchange: Exchange, headers: Headers, max_body: int) -> None:
        coding = ",".join(headers.get_all("content-encoding")).strip().lower()
        self._known = coding in {"", "identity", "gzip", "x-gzip"}
        self._gzip = _gunzip() if coding in {"gzip", "x-gzip"} else None
        self._exchange = exchange
        self._max_body = max_body
        self._decoded = bytearray()
        self._empty = True

    def feed(self, data: bytes) -> None:
        """Take the next bytes, at least one, as they came off the wire.

        Raises `NoAnswer` once the body is too large, or cannot be decoded.
        """
        self._empty = False
        while data:
            # One byte more than allowed tells too much from just enough.
            data = self._decode(data, self._max_body + 1 - len(self._decoded))
            if len(self._decoded) > self._max_body:
                raise self._exchange.failure(
                    "too-large",
                    f"the answer has more than {self._max_body} bytes; raise max_body, or ask less",
                )

    def _decode(self, data: bytes, room: int) -> bytes:
        if not self._known:
            raise self._exchange.failure("protocol", "the answer has a coding not asked for")
        if self._gzip is None:
            self._decoded += data[:room]
            return b""
        if self._gzip.eof:  # RFC 1952, 2.2: a file is a series of members
            self._gzip = _gunzip()
        try:
            self._decoded += self._gzip.decompress(data, room)
        except zlib.error as error:
            raise self._exchange.failure("protocol", "the answer is not valid gzip") from error
        return self._gzip.unused_data

    def finish(self) -> bytes:
        """Return the whole decoded body.

        Raises `NoAnswer` if it stops within its coding.
        """
        # No byte at all is no gzip either, but is how HEAD and 304 are answered.
        if self._gzip is not None and not self._gzip.eof and not self._empty:
            raise self._exchange.failure("protocol", "the answer stops within its gzip")
        return bytes(self._decoded)


def _gunzip() -> "zlib._Decompress":
    return zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)


def _at_least_one(settings: "Settings", attribute: object, value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidInput(getattr(attribute, "name", ""), "must be an integer of at least 1")


def _is_context(settings: "Settings", attribute: object, value: ssl.SSLContext | None) -> None:
    if value is not None and not isinstance(value, ssl.SSLContext):
        raise InvalidInput("ssl_context", "must be an ssl.SSLContext")


def _limits(timeout: Timeout | float | None) -> Timeout:
    return timeout_of(timeout) or Timeout()


@frozen
class Settings:
    """What a network transport is told when it is made; each transport documents them."""

    timeout: Timeout = field(converter=_limits)
    ssl_context: ssl.SSLContext | None = field(validator=_is_context)
    allow_http: bool
    max_connections: int = field(validator=_at_least_one)
    max_body: int = field(validator=_at_least_one)

    def start(self, request: Request, timeout: Timeout | None, now: float) -> Exchange:
        """Return the exchange that begins *now*, with *timeout* or else the transport's own.

        Raises `InvalidInput` for a URL that may not be asked.
        """
        destination = split_url(request.url, allow_http=self.allow_http)
        in_force = timeout_of(timeout) or self.timeout
        return Exchange(request, destination, in_force, now)

    def context_for(self, origin: Origin) -> ssl.SSLContext | None:
        """Return the TLS context of connections to *origin*, or `None` for plain HTTP."""
        if origin.scheme == "http":
            return None
        return self.ssl_context or default_ssl_context()
