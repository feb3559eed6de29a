"""One request and its response, as every network transport sees them.

An `OutgoingExchange` knows its deadlines and its phase. From the phase follows what a failure
means: `NotSent` as long as no byte can have left, `NoAnswer` from then on. The messages of all
errors are here, so that the transports cannot differ.
Nothing here opens a socket, or waits.
"""

import re
import socket
import ssl
import warnings
from collections.abc import Iterable
from functools import lru_cache
from http import HTTPStatus
from typing import Literal

from attrs import define

from calcom_core.errors import NoAnswer, NotSent, TransportError
from calcom_core.http import Headers, Pairs, Request, Timeout
from calcom_core.secret import Hidden
from calcom_transports.instrumentation import log_cancelled_write
from calcom_transports.proxies import Proxy
from calcom_transports.urls import Origin, Target

MAX_BODY = 16 * 1024 * 1024
"""How many bytes the body of a response may have after content decoding."""

MAX_CONNECTIONS = 10
"""How many connections may be open to one origin at once."""

MAX_IDLE = 4.0
"""A connection idle for more seconds is not reused: common servers close theirs after 5."""

_IDLE_MARGIN = 1.0
"""How many seconds of an announced limit are not used, because a request takes time to arrive."""

READ_SIZE = 65_536
"""How many bytes to read from a socket at once."""

_NO_HEADERS = Headers()
_KEEP_ALIVE_TIMEOUT = re.compile(r"(?:^|[,\s])timeout\s*=\s*\"?(\d{1,9})", re.IGNORECASE)

# How the message of a `NotSent` ends, by its reason; only a temporary reason invites a retry.
_RETRYABLE = "nothing was sent, a retry is safe"
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

# The errors of TLS for a connection that ends; any other is about its content.
_TLS_ENDS = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)

# RFC 9110, 8.6: with any other method an empty body is announced as such.
_NEEDS_NO_BODY = frozenset({"GET", "HEAD", "DELETE", "OPTIONS", "TRACE"})


def seconds_left(deadline: float, now: float) -> float:
    """Return the seconds until a deadline; raise `TimeoutError` if it has passed."""
    if deadline <= now:
        raise TimeoutError
    return deadline - now


def strip_tracebacks(error: BaseException, handled: BaseException | None) -> None:
    """Remove the tracebacks of an error and of its causes.

    The frames of HTTP libraries hold the request as it is sent, with its credentials. Tools that
    show the locals of a failure, such as pytest, would show them.
    The exception that the caller *handled* meanwhile, with all its causes, stays as it is.
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
    """Return an exception with all its causes and contexts."""
    found: dict[int, BaseException] = {}
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if one is not None and id(one) not in found:
            found[id(one)] = one
            waiting += [one.__cause__, one.__context__]
    return list(found.values())


def warn_unclosed(transport: object, way_out: str) -> None:
    """Warn that a transport is discarded while it holds open connections."""
    warnings.warn(
        f"{transport!r} is discarded while it holds open connections; {way_out}",
        ResourceWarning,
        stacklevel=3,
        source=transport,
    )


def closes(headers: Headers) -> bool:
    """Return whether a message announces the end of its connection (RFC 9112, 9.6)."""
    options = ",".join(headers.get_all("connection")).lower().split(",")
    return "close" in [option.strip(" \t") for option in options]


def idle_limit(headers: Headers, most: float) -> float:
    """Return for how many seconds a connection may idle after a response, at most *most*."""
    announced = _announced_limit(",".join(headers.get_all("keep-alive")))
    return most if announced is None else max(0.0, min(announced - _IDLE_MARGIN, most))


@lru_cache  # a server sends the same values each time
def _announced_limit(keep_alive: str) -> float | None:
    announced = _KEEP_ALIVE_TIMEOUT.search(keep_alive)
    return float(announced[1]) if announced else None


@define
class OutgoingExchange:
    """A request on its way, and the head of its response; it changes as the exchange proceeds.

    *request_fields* are the validated header fields of the request.
    Times are in seconds, by the clock that gave *started*.
    """

    request: Request
    target: Target
    request_fields: Hidden[Pairs]
    proxy: Proxy | None
    timeout: Timeout
    started: float
    max_idle: float = MAX_IDLE
    # "tunneled" once the proxy has opened the tunnel; "sent" once a byte may have left.
    phase: Literal["waiting", "connecting", "tunneling", "tunneled", "sent"] = "waiting"
    broken: bool = False  # a part of the request could not be sent
    ended: bool = False  # the peer has closed its side of the connection
    status: int = 0
    headers: Headers = _NO_HEADERS  # of the response

    @property
    def tunnels(self) -> bool:
        """Whether the proxy only connects, and TLS runs between us and the origin."""
        return self.proxy is not None and self.target.origin.scheme == "https"

    @property
    def is_forwarded(self) -> bool:
        """Whether the proxy reads the request, and forwards it."""
        return self.proxy is not None and not self.tunnels

    @property
    def request_target(self) -> str:
        """The target of the request line: for a forwarding proxy the URL (RFC 9112, 3.2.2)."""
        target = self.target
        if not self.is_forwarded:
            return target.path_and_query
        return f"{target.origin.scheme}://{target.authority}{target.path_and_query}"

    @property
    def fields(self) -> list[tuple[str, str]]:
        """All header fields to send to the server."""
        request = self.request
        fields = [("Host", self.target.authority), *self.request_fields.reveal()]
        fields.append(("Accept-Encoding", "gzip"))
        # Some servers announce their idle limit, as `Keep-Alive: timeout=5`, only on request.
        if "connection" not in request.headers.names:
            fields.append(("Connection", "keep-alive"))
        if request.body or request.method not in _NEEDS_NO_BODY:
            fields.append(("Content-Length", str(len(request.body))))
        return fields

    @property
    def peer(self) -> Proxy | Origin:
        """The proxy or the origin to connect to."""
        return self.proxy or self.target.origin

    @property
    def connect_by(self) -> float:
        """The deadline of the connection."""
        return self.started + min(self.timeout.connect, self.timeout.total)

    @property
    def end(self) -> float:
        """The deadline of the whole exchange."""
        return self.started + self.timeout.total

    def read_by(self, now: float) -> float:
        """Return the deadline of the next bytes of the response."""
        return min(now + self.timeout.read, self.end)

    def receive_head(self, status: int, fields: Iterable[tuple[str, str]]) -> None:
        """Note the head of the response; raise an error if it is not the server's response."""
        # RFC 9110, 15.5.8: only a proxy says so, and does not forward the request.
        if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED and self.is_forwarded:
            raise self.proxy_refused(status)
        self.status = status
        self.headers = Headers([(name, value.strip(" \t")) for name, value in fields])

    @property
    def idle_seconds(self) -> float:
        """For how many seconds the connection may idle after the response; 0 is not at all."""
        if self.broken or closes(self.request.headers) or closes(self.headers):
            return 0.0
        return idle_limit(self.headers, self.max_idle)

    def reusable_until(self, now: float) -> float:
        """Return until when the connection may idle after this response, 0 for not at all."""
        seconds = self.idle_seconds
        return now + seconds if seconds else 0.0

    def note_cut(self) -> None:
        """Log that the exchange is cut off, if it is a write that may have been executed."""
        if self.phase == "sent" and self.request.method not in ("GET", "HEAD"):
            log_cancelled_write(self.request)

    def failure(self, reason: str, problem: str) -> TransportError:
        """Return the error to raise: `NoAnswer` if a byte may have left, else `NotSent`."""
        if self.phase == "sent":
            return NoAnswer(
                f"{self._label}: {problem}; "
                "it may have been executed, look before repeating a write",
                reason=reason,
            )
        return self._not_sent(reason, problem)

    def _not_sent(self, reason: str, problem: str) -> NotSent:
        ending = _ENDINGS.get(reason, _RETRYABLE)
        return NotSent(f"{self._label}: {problem}; {ending}", reason=reason)

    @property
    def _label(self) -> str:
        return f"{self.request.method} {self.target.path}"

    def timed_out(self, now: float) -> TransportError:
        """Return the error for a deadline of this exchange that has passed."""
        limits = self.timeout
        is_total = limits.total <= limits.connect or now >= self.end
        name, limit = ("total", limits.total) if is_total else ("connect", limits.connect)
        within = f"within {limit:g} s (Timeout.{name})"
        if self.phase == "waiting":
            busy = f"no connection to {self.target.origin} became free {within}"
            return self.failure("pool", f"{busy}; raise max_connections, or the timeout")
        if self.phase != "sent":
            return self.failure("timeout", f"{self._no_connection} {within}")
        if now >= self.end:
            problem = f"no complete response within {limits.total:g} s (Timeout.total)"
        else:
            problem = f"nothing arrived for {limits.read:g} s (Timeout.read)"
        return self.failure("timeout", problem)

    @property
    def _no_connection(self) -> str:
        origin = self.target.origin
        if self.phase == "tunneling":
            return f"{self.peer} did not open a tunnel to {origin}"
        if self.phase == "tunneled":
            return f"no TLS with {origin} through {self.peer}"
        return f"no connection to {self.peer}"

    def not_connected(self, error: BaseException) -> TransportError:
        """Return the error for a connection, or a tunnel, that could not be opened."""
        if isinstance(error, socket.gaierror) and error.errno in _NO_ADDRESS:
            problem = f"{self.peer} has no address ({_text_of(error)}); check its name"
            return self.failure("host", problem)
        causes = getattr(error.__cause__, "exceptions", None) or (error,)
        reason = "connect"
        if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
            reason = "refused"
        texts = "; ".join(_text_of(cause) for cause in causes)
        cannot = f"cannot connect to {self.peer}"
        problem = self._no_connection if self.phase == "tunneling" else cannot
        return self.failure(reason, f"{problem} ({texts})")

    def proxy_refused(self, status: int) -> TransportError:
        """Return the error for a proxy that responds with this status of its own."""
        if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
            return self.proxy_failed("wants another name and password (407); put them into its URL")
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return self.proxy_failed(f"failed (status {status})", "connect")
        return self.proxy_failed(f"refused (status {status}); have it allow that, or use another")

    def proxy_failed(self, problem: str, reason: str = "proxy") -> TransportError:
        """Return the error for a proxy that does not forward the request."""
        return self._not_sent(reason, f"{self.peer}, on the way to {self.target.origin}, {problem}")

    def proxy_unreadable(self) -> TransportError:
        """Return the error for a proxy whose response is cut or invalid."""
        if self.ended:
            return self.proxy_failed("closed the connection", "connect")
        return self.proxy_failed("sent something else than HTTP/1.1")

    def transport_closed(self) -> TransportError:
        """Return the error for a transport that was closed before it had a connection."""
        return self.failure(
            "transport-closed",
            "the transport is closed; create a new client, or call it before its `with` block ends",
        )

    def not_trusted(self, error: BaseException | None) -> TransportError:
        """Return the error for a TLS handshake that failed, or whose connection ended in it."""
        origin, text = self.target.origin, _text_of(error)
        if _reason_of(error) == "closed":
            return self.failure("closed", f"no TLS with {origin}: the connection ended ({text})")
        return self.failure("tls", f"no TLS with {origin} ({text})")

    def not_http_1(self, protocol: str) -> TransportError:
        """Return the error for a server that has agreed on another protocol."""
        problem = f"{self.target.origin} uses {protocol} instead of HTTP/1.1"
        return self.failure("tls", f"{problem}; ssl_context should not offer it (ALPN)")

    def connection_lost(self, error: BaseException | None, now: float) -> TransportError:
        """Return the error for a connection that broke, or took too long, in use."""
        if isinstance(error, TimeoutError):
            return self.timed_out(now)
        return self.failure(_reason_of(error), f"the connection broke ({_text_of(error)})")

    def ended_while_idle(self) -> TransportError:
        """Return the error for an idle connection that ended before the first byte was sent."""
        problem = f"the connection to {self.target.origin} ended while it was idle"
        return self.failure("closed", problem)

    def unreadable(self) -> TransportError:
        """Return the error for a response that is cut or invalid."""
        if self.ended:
            return self.failure("closed", "the server closed the connection within its response")
        return self.failure("protocol", "the response is not HTTP/1.1")


def _text_of(error: BaseException | None) -> str:
    return (getattr(error, "strerror", None) or str(error)) if error else "closed by the server"


def _reason_of(error: BaseException | None) -> str:
    # TLS that ends without saying so may have been cut by anybody: RFC 9112, 9.8.
    is_tls = isinstance(error, ssl.SSLError) and not isinstance(error, _TLS_ENDS)
    return "tls" if is_tls else "closed"
