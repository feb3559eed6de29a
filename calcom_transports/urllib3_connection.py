"""The connections that the blocking transport gives to urllib3's pools, as their `ConnectionCls`.

They add to urllib3's own:
- each socket operation ends by the deadline of the exchange, even if the response drips;
- they note when a byte of the request may have left: before it is `NotSent`, then `NoAnswer`;
- they try all addresses of a host, and first the one that worked last;
- an idle connection is not reused after too long, or with bytes left on it.

urllib3 chooses the connection of an exchange, so they find the exchange in `RUNNING`.
"""

import io
import re
import socket
import ssl
import time
from contextlib import suppress
from contextvars import ContextVar
from http.client import HTTPException
from queue import Empty, Full, LifoQueue
from typing import Any, cast

from attrs import define

# Not from urllib3.connection: VCR.py replaces the names there while a cassette is in use, and
# subclasses of its own classes would outlive the cassette.
from urllib3.connectionpool import (  # type: ignore[attr-defined]
    HTTPConnection,  # pyright: ignore[reportPrivateImportUsage]
    HTTPSConnection,  # pyright: ignore[reportPrivateImportUsage]
)
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError
from urllib3.response import HTTPResponse

from calcom_core.errors import TransportError
from calcom_transports.exchange import READ_SIZE, OutgoingExchange, seconds_left

STOCK_CONNECTION = HTTPSConnection
"""The connections of an `HTTPSConnectionPool` that no tool has replaced."""

_TUNNEL_STATUS = re.compile(r"Tunnel connection failed: ([0-9]{3})\b")
"""The only trace that http.client leaves of a proxy's status."""


@define
class Running:
    """The exchange that this thread runs, and the connections and addresses of its transport."""

    exchange: OutgoingExchange
    addresses: dict[str, str]
    """The address of each host that worked last."""
    connections: "set[PlainConnection]"
    """Those that are open."""
    response: HTTPResponse | None = None

    def release(self) -> None:
        """Give the connection back, even if an interrupt lost the response on its way."""
        if self.response is not None:
            self.response.close()
            self.response.release_conn()


RUNNING: ContextVar[Running] = ContextVar("running")


def left(deadline: float) -> float:
    """Return the seconds until a deadline; raise `TimeoutError` if it has passed."""
    return seconds_left(deadline, time.monotonic())


class ConnectionQueue(LifoQueue[Any]):
    """The queue of a pool: an idle connection, or None, for each connection that may be open."""

    is_closed = False

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Wait for an item; raise `Empty` if none comes in time, or the queue is closed."""
        item = super().get(block, timeout)
        if self.is_closed:
            self.put(item, block=False)
            raise Empty
        return item

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Add an item."""
        try:
            super().put(item, block, timeout)
        except Full:  # an interrupt made urllib3 return a connection that it did not get
            if item is not None:
                item.close()
        if self.is_closed:
            self.close()

    def close(self) -> None:
        """Close the idle connections, and wake a thread that waits, which wakes the next one."""
        self.is_closed = True
        with suppress(Empty):
            while True:
                item = super().get(block=False)
                if item is not None:
                    item.close()
        with suppress(Full):
            super().put(None, block=False)


class PlainConnection(HTTPConnection):
    """A connection that keeps the deadlines of its exchange."""

    _timed: "TimedSocket | None" = None
    _idle_seconds = 0.0
    _tunnel_options: tuple[tuple[Any, ...], dict[str, Any]] | None = None

    @property
    def sock(self) -> Any:
        """The socket, which urllib3 sets as soon as TCP is connected, and again for TLS."""
        return self._timed

    @sock.setter
    def sock(self, connected: socket.socket | None) -> None:
        self._timed = None if connected is None else TimedSocket(connected)
        exchange = RUNNING.get().exchange if connected is not None else None
        if exchange is not None and exchange.tunnels and exchange.phase == "connecting":
            exchange.phase = "tunneling"

    def set_tunnel(self, *args: Any, **kwargs: Any) -> None:
        """Connect through a proxy; keep the options, since a failed attempt drops them."""
        self._tunnel_options = (args, kwargs)
        super().set_tunnel(*args, **kwargs)

    def connect(self) -> None:
        """Connect to the first address that works, through the proxy if there is one.

        Raises `NotSent`.
        """
        exchange, host = RUNNING.get().exchange, self.host
        exchange.phase = "connecting"
        RUNNING.get().connections.add(self)
        try:
            self._try_addresses(exchange, _addresses(exchange))
        except TimeoutError as error:
            raise exchange.timed_out(time.monotonic()) from error
        except (OSError, HTTPException, HTTPError) as error:
            failure = _no_tunnel_or_tls(exchange, error)
            # Without an error number its text is the proxy's, which may repeat a credential.
            cause = error if getattr(error, "errno", None) is not None else None
        else:
            return
        finally:
            self.host = host
        raise failure from cause  # not above, where the error would become its context

    def close(self) -> None:
        """Close it; a pool that is discarded closes it, too, but then it stays noted as open."""
        super().close()
        if (running := RUNNING.get(None)) is not None:
            running.connections.discard(self)

    def _try_addresses(self, exchange: OutgoingExchange, addresses: list[str]) -> None:
        last_used, host = RUNNING.get().addresses, exchange.peer.host
        for tried, address in enumerate(addresses):
            # An address that never responds must leave time for the others.
            self.timeout = left(exchange.connect_by) / (len(addresses) - tried)
            self.host = address
            if self._tunnel_options is not None:
                args, kwargs = self._tunnel_options
                super().set_tunnel(*args, **kwargs)
            try:
                super().connect()
            except (ConnectTimeoutError, NewConnectionError) as error:  # of TCP alone
                last_used.pop(host, None)
                if address is not addresses[-1]:
                    continue
                if isinstance(error.__cause__, TimeoutError):
                    raise error.__cause__ from None
                raise exchange.not_connected(error.__cause__ or error) from error.__cause__
            last_used[host] = address
            return

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Send a request; the connection is not reusable before the response is complete."""
        self._idle_seconds = 0.0
        RUNNING.get().exchange.phase = "connecting"
        super().request(*args, **kwargs)

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # urllib3's own, too
        """Read the head of the response."""
        running = RUNNING.get()
        running.response = response = super().getresponse()
        exchange = running.exchange
        exchange.receive_head(response.status, response.headers.items())
        self._idle_seconds = exchange.idle_seconds
        return response

    @property
    def is_connected(self) -> bool:
        """Whether it can be reused: not idle for too long, and nothing received on it."""
        sock = self._timed
        if sock is None or time.monotonic() >= sock.idle_since + self._idle_seconds:
            return False
        return not sock.has_bytes_left() and super().is_connected


class TlsConnection(PlainConnection, HTTPSConnection):
    """The same, over TLS."""

    def connect(self) -> None:
        """Connect, and verify the server of the exchange, though `host` is an address."""
        exchange = RUNNING.get().exchange
        self.server_hostname = exchange.target.origin.host.rstrip(".")
        super().connect()
        protocol = self.sock.selected_alpn_protocol()
        if protocol not in (None, "http/1.1"):
            raise exchange.not_http_1(protocol)


def _addresses(exchange: OutgoingExchange) -> list[str]:
    """Return the addresses of the host to connect to, first the one that worked last."""
    host = exchange.peer.host
    try:
        # As bytes, the name is not put through a codec that refuses some.
        found = socket.getaddrinfo(host.encode(), exchange.peer.port, type=socket.SOCK_STREAM)
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "the resolver found none")
    except OSError as error:
        raise exchange.not_connected(error) from error
    addresses = dict.fromkeys(str(address[0]) for *_, address in found)
    worked = RUNNING.get().addresses.get(host)
    return sorted(addresses, key=lambda address: address != worked)


def _no_tunnel_or_tls(exchange: OutgoingExchange, error: Exception) -> TransportError:
    status = _TUNNEL_STATUS.search(str(error))
    if status is not None and exchange.tunnels:
        return exchange.proxy_refused(int(status[1]))
    if exchange.phase != "tunneling":
        return exchange.not_trusted(error)
    if isinstance(error, HTTPException):
        return exchange.proxy_unreadable()
    return exchange.not_connected(error)


class TimedSocket:
    """A socket whose operations end by the deadlines of the exchange; what http.client uses of one.

    The timeouts that urllib3 sets are ignored.
    """

    def __init__(self, connected: socket.socket) -> None:
        self._connected = connected
        self._is_tls = isinstance(connected, ssl.SSLSocket)
        if self._is_tls:
            # Else a cut connection would pass as the end of a response.
            cast(Any, connected).suppress_ragged_eofs = False
        self._files = 0
        self._is_closed = False
        self.idle_since = 0.0
        self._has_leftover = False
        self.limit_connecting()

    def limit_connecting(self) -> None:
        """Let a TLS handshake on this socket end by the deadline for connecting."""
        within = RUNNING.get().exchange.connect_by - time.monotonic()
        self._connected.settimeout(max(within, 0.001))  # to raise here would leave it open

    def sendall(self, data: bytes) -> None:
        """Send a part of the request, or the request for a tunnel."""
        exchange = RUNNING.get().exchange
        if exchange.phase == "tunneling":
            self._connected.settimeout(left(exchange.connect_by))
            self._connected.sendall(data)
            return
        rest = memoryview(data)
        try:
            while rest and not exchange.broken:
                self._connected.settimeout(left(exchange.end))
                if self._is_tls:
                    exchange.phase = "sent"  # a part may have left, even if it fails
                rest = rest[self._connected.send(rest) :]
                exchange.phase = "sent"
        except OSError as error:
            if exchange.phase != "sent" or isinstance(error, TimeoutError):
                raise exchange.connection_lost(error, time.monotonic()) from error
            # The server may have responded before it closed; if not, reading notices it.
            exchange.broken = True

    def recv_into(self, buffer: Any) -> int:
        """Wait for bytes; return their number, 0 at the end."""
        exchange, now = RUNNING.get().exchange, time.monotonic()
        if exchange.phase == "tunneling":
            self._connected.settimeout(seconds_left(exchange.connect_by, now))
            received = self._connected.recv_into(buffer)
        else:
            try:
                self._connected.settimeout(seconds_left(exchange.read_by(now), now))
                received = self._connected.recv_into(buffer)
            except OSError as error:
                raise exchange.connection_lost(error, time.monotonic()) from error
        exchange.ended = received == 0
        return received

    def end_response(self, has_leftover: bool) -> None:
        """Note that a response is complete, and whether bytes follow it."""
        self._has_leftover = has_leftover
        self.idle_since = time.monotonic()

    def has_bytes_left(self) -> bool:
        """Return whether bytes were received after the response."""
        tls = self._connected
        return self._has_leftover or (isinstance(tls, ssl.SSLSocket) and tls.pending() > 0)

    def selected_alpn_protocol(self) -> str | None:
        """Return the protocol that a TLS server agreed on."""
        tls = self._connected
        return tls.selected_alpn_protocol() if isinstance(tls, ssl.SSLSocket) else None

    def settimeout(self, seconds: float | None) -> None:
        """Do nothing."""

    def fileno(self) -> int:
        """Return the file descriptor."""
        return self._connected.fileno()

    def makefile(self, mode: str) -> "ResponseFile":
        """Return a file that reads one response; the socket stays open until that is closed."""
        self._files += 1
        return ResponseFile(SocketReader(self), READ_SIZE)

    def release_file(self) -> None:
        """Close the socket if it was only open for its last file."""
        self._files -= 1
        if self._is_closed and not self._files:
            self._connected.close()

    def close(self) -> None:
        """Close the socket once no file reads from it."""
        self._is_closed = True
        if not self._files:
            self._connected.close()


class SocketReader(io.RawIOBase):
    """The unbuffered file of a `TimedSocket`."""

    def __init__(self, sock: TimedSocket) -> None:
        self.sock = sock
        self.is_over = False

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read from the socket, unless the response is over."""
        return 0 if self.is_over else self.sock.recv_into(buffer)

    def close(self) -> None:
        """Release the socket."""
        if not self.closed:
            super().close()
            self.sock.release_file()


class ResponseFile(io.BufferedReader):
    """A file that http.client reads one response from, and closes at its end."""

    raw: SocketReader  # pyright: ignore[reportIncompatibleVariableOverride]

    def readline(self, size: int | None = -1) -> bytes:
        """Return a line; raise an error if the connection ends within it."""
        exchange, line = RUNNING.get().exchange, super().readline(size)
        is_proxy = exchange.phase == "tunneling"
        # http.client takes the end of the connection for the end of a head.
        if not line.endswith(b"\n") and len(line) != size:
            raise exchange.proxy_unreadable() if is_proxy else exchange.unreadable()
        if is_proxy and line in (b"\r\n", b"\n"):  # the end of the proxy's response
            exchange.phase = "tunneled"
            self.raw.sock.limit_connecting()
        return line

    def close(self) -> None:
        """End the response, and note whether bytes follow it."""
        if not self.closed:
            self.raw.is_over = True
            self.raw.sock.end_response(bool(self.peek(1)))
        super().close()
