"""The blocking transport, on urllib3.

urllib3 connects and speaks TLS; h11 reads what comes.
What urllib3 lacks is added by subclasses of its connections, and by a pool of our own:
one limit over the whole exchange, the exact moment from which a request may have left, ways through
proxies, the end of idle connections, and a queue in order.
"""

import os
import socket
import ssl
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, NoReturn, Self, cast
from weakref import WeakSet

try:
    from urllib3 import exceptions

    # Not from urllib3.connection: VCR.py replaces the names there while a cassette is in use, and
    # subclasses of its own classes would outlive the cassette.
    from urllib3.connectionpool import (  # type: ignore[attr-defined]
        HTTPConnection,  # pyright: ignore[reportPrivateImportUsage]
        HTTPSConnection,  # pyright: ignore[reportPrivateImportUsage]
    )

    from calcom_transports.http1 import Answer
    from calcom_transports.network import (
        MAX_BODY,
        MAX_CONNECTIONS,
        READ_SIZE,
        Exchange,
        Settings,
        Tunnel,
        seconds_left,
        warn_unclosed,
        without_frames,
    )
    from calcom_transports.urllib3_pool import FairPool, Lease
except ModuleNotFoundError as missing:
    raise ImportError(
        "the blocking transport needs urllib3, h11 and truststore: "
        "pip install 'calcom-bookings[urllib3]'"
    ) from missing

from calcom_core.errors import TransportError
from calcom_core.http import Request, Response, Timeout
from calcom_transports.proxies import ENVIRONMENT, parse_proxies
from calcom_transports.unpicklable import refuse_pickling
from calcom_transports.urls import Origin


class Urllib3Transport:
    """Sends requests and brings their answers, from any number of threads.

    After a fork the child opens connections of its own.

    It repeats nothing and follows no redirect.
    A connection idle for too long is closed when the next request to its origin finds it;
    the connections it keeps are closed by `close`, or at the end of a `with` block.

    Arguments:
        timeout: the limits of an exchange that is given none of its own, or its seconds in all.
            Looking a host name up cannot be interrupted, but counts.
        ssl_context: verifies servers, and shows a certificate of your own to those that ask for
            one; by default servers are verified against the operating system's trust store.
            One that leaves certificates or host names unchecked is refused.
        proxy: the URL of an HTTP proxy, `http://name:password@host:port`, for all that is not on
            this machine; None is none; by default what `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and
            `NO_PROXY` say, in lower case or in upper, when the transport is made.
            Through it `https://` stays between you and the server.
        allow_http: also sends unencrypted to other machines.
        max_connections: how many connections may be open to one origin at once.
        max_body: how many bytes the body of an answer may have after decoding.
    """

    def __init__(
        self,
        *,
        timeout: Timeout | float | None = None,
        ssl_context: ssl.SSLContext | None = None,
        proxy: str | None = ENVIRONMENT,
        allow_http: bool = False,
        max_connections: int = MAX_CONNECTIONS,
        max_body: int = MAX_BODY,
    ) -> None:
        self._pools: dict[Origin, FairPool[_Connection]] = {}
        self._closed = False
        proxies = parse_proxies(proxy)
        del proxy  # from here on no frame holds its password
        self._settings = Settings(
            timeout, ssl_context, allow_http, max_connections, max_body, proxies
        )
        _all.add(self)

    @property
    def timeout(self) -> Timeout:
        """The limits of an exchange that is given none of its own."""
        return self._settings.timeout

    def send(self, request: Request, timeout: Timeout | None = None) -> Response:
        """Send *request* once, and return its answer, whatever its status.

        Arguments:
            request: what to send; `Host`, `Content-Length` and `Accept-Encoding` are added.
            timeout: the limits, in seconds, of this exchange.

        Raises `InvalidInput` if it may not be sent,
        `NotSent` if certainly no byte of it left,
        and `NoAnswer` if it may have left and no complete answer came.
        """
        exchange = self._settings.start(request, timeout, time.monotonic())
        wire = self._settings.wire_of(exchange)
        handled = sys.exception()
        try:
            return self._exchange(exchange, wire)
        except (TransportError, KeyboardInterrupt) as error:
            without_frames(error, handled)
            raise

    def _exchange(self, exchange: Exchange, wire: memoryview) -> Response:
        pool = self._pool(exchange.destination.origin)
        lease: Lease[_Connection] = Lease()
        try:
            try:
                connection = _taken(pool, lease, exchange)
                return connection.serve(exchange, wire, self._settings.max_body)
            except KeyboardInterrupt:
                exchange.note_cut()
                raise
            finally:
                pool.release(lease)
        finally:  # once more, where an exception of a signal handler cut the first one short
            pool.release(lease)

    def _pool(self, origin: Origin) -> "FairPool[_Connection]":
        pool = self._pools.get(origin)
        if pool is None:
            new = FairPool(self._creator(origin), self._settings.max_connections)
            pool = self._pools.setdefault(origin, new)
        if self._closed:  # also where another thread has closed it just now
            pool.close()
        return pool

    def _creator(self, origin: Origin) -> "Callable[[], _Connection]":
        context = self._settings.context_for(origin)
        if context is None:
            return lambda: _Connection(origin.host, origin.port)
        return lambda: _TlsConnection(origin.host, origin.port, ssl_context=context)

    def close(self) -> None:
        """Close every idle connection, and those in use when their exchange is over.

        From then on `send` raises `NotSent`, also where it waits for a connection.
        """
        self._closed = True
        for pool in list(self._pools.values()):
            pool.close()

    def _start_afresh(self) -> None:
        for pool in self._pools.values():
            pool.close_idle()
        self._pools = {}

    def __reduce__(self) -> NoReturn:
        refuse_pickling(self, "holds open connections")

    def __del__(self) -> None:
        try:
            if any(pool.has_idle for pool in self._pools.values()):
                warn_unclosed(self, "call close(), or use a `with` block")
        finally:
            self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


_all: WeakSet[Urllib3Transport] = WeakSet()


def _in_child() -> None:
    # Its connections are the parent's as well: each would get answers of the other.
    for transport in _all:
        transport._start_afresh()


# Where there is no fork, there is nothing to do.
getattr(os, "register_at_fork", lambda **when: None)(after_in_child=_in_child)


def _taken(
    pool: "FairPool[_Connection]", lease: "Lease[_Connection]", exchange: Exchange
) -> "_Connection":
    within = max(0.0, exchange.connect_by - time.monotonic())
    connection = pool.take(lease, within)
    if connection is None and pool.is_closed:
        raise exchange.transport_closed()
    if connection is None:
        raise exchange.out_of_time(time.monotonic())
    return connection


def _left(by: float) -> float:
    return seconds_left(by, time.monotonic())


def _connect(exchange: Exchange) -> socket.socket:
    peer = exchange.peer
    # As bytes, the name is not put through a codec that refuses some.
    found = socket.getaddrinfo(peer.host.encode(), peer.port, type=socket.SOCK_STREAM)
    failure: OSError | None = None
    for tried, (family, kind, protocol, _, address) in enumerate(found):
        try:
            sock = socket.socket(family, kind, protocol)
            try:
                # An address that never answers must leave time for those after it.
                sock.settimeout(_left(exchange.connect_by) / (len(found) - tried))
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.connect(address)
                sock.settimeout(_left(exchange.connect_by))  # all of a TLS handshake
                return sock
            except BaseException:
                sock.close()
                raise
        except OSError as error:
            failure = error
    raise failure or socket.gaierror(socket.EAI_NONAME, "the resolver found none")


def _tunnel(sock: socket.socket, exchange: Exchange) -> None:
    tunnel = Tunnel(exchange)
    sock.sendall(tunnel.wire)
    while not tunnel.opened_by(sock.recv(READ_SIZE)):
        sock.settimeout(_left(exchange.connect_by))
    sock.settimeout(_left(exchange.connect_by))


class _Connection(HTTPConnection):
    """A connection that obeys the limits of the exchange it serves."""

    _serves: Exchange
    _reusable_until = 0.0

    def serve(self, exchange: Exchange, wire: memoryview, max_body: int) -> Response:
        """Send the request and read its answer."""
        self._reusable_until = 0.0
        self._serves = exchange
        exchange.phase = "connecting"
        if self.sock is None:
            self.connect()
        sock = cast(socket.socket, self.sock)
        self._send(sock, wire)
        answer = Answer(exchange, max_body)
        while (response := answer.after(self._receive(sock))) is None:
            pass
        if answer.leaves_nothing:
            exchange.keep(time.monotonic())
            self._reusable_until = exchange.reusable_until
        return response

    def _new_conn(self) -> socket.socket:
        exchange = self._serves
        try:
            sock = _connect(exchange)
            try:
                if exchange.tunnels:
                    _tunnel(sock, exchange)
            except BaseException:
                sock.close()
                raise
            return sock
        except TimeoutError as error:
            raise exchange.out_of_time(time.monotonic()) from error
        except OSError as error:
            raise exchange.not_connected(error) from error

    def connect(self) -> None:
        exchange = self._serves
        try:
            super().connect()
        except TimeoutError as error:
            raise exchange.out_of_time(time.monotonic()) from error
        # Of TLS: errors of TCP are translated by now.
        except (OSError, exceptions.HTTPError) as error:
            raise exchange.not_trusted(error) from error

    @property
    def is_too_old(self) -> bool:
        """Whether it cannot serve again: idle for too long, new, or amid an exchange."""
        return time.monotonic() >= self._reusable_until

    @property
    def is_connected(self) -> bool:
        """Whether it can serve again, which the pool asks before it does."""
        if self.is_too_old or not super().is_connected:
            return False
        # What came decrypted and was not read is nothing that the socket would tell of.
        return not (isinstance(self.sock, ssl.SSLSocket) and self.sock.pending())

    def _send(self, sock: socket.socket, wire: memoryview) -> None:
        """Send the request before the exchange must be over."""
        exchange = self._serves
        try:
            while wire:
                sock.settimeout(_left(exchange.end))
                if isinstance(sock, ssl.SSLSocket):  # of what fails here a part may have left
                    exchange.phase = "sent"
                wire = wire[sock.send(wire) :]
                exchange.phase = "sent"
        except OSError as error:
            if exchange.phase != "sent" or isinstance(error, TimeoutError):
                raise exchange.lost(error, time.monotonic()) from error
            # The server may have answered before it closed; if it has not, reading says so.
            exchange.broken = True

    def _receive(self, sock: socket.socket) -> bytes:
        """Wait for bytes of the answer; none at the end."""
        exchange, now = self._serves, time.monotonic()
        try:
            sock.settimeout(seconds_left(exchange.read_by(now), now))
            return sock.recv(READ_SIZE)
        except OSError as error:
            raise exchange.lost(error, time.monotonic()) from error


class _TlsConnection(_Connection, HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        encrypted: Any = self.sock
        # Else a connection that is cut would pass as the end of an answer.
        encrypted.suppress_ragged_eofs = False
