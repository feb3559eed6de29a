"""The trio transport: trio's sockets and TLS, h11, and a small pool of HTTP/1.1 connections.

The pool is ours for an exact `NotSent`, and for time that is trio's own, a `MockClock` included.
An exchange runs in the task that asked; each wait of it has a cancel scope with its own deadline.
"""

import socket
import ssl
import sys
from collections import defaultdict
from collections.abc import Awaitable
from types import TracebackType
from typing import NoReturn, Self, TypeVar

try:
    import trio

    from calcom_transports.http1 import Answer
    from calcom_transports.network import (
        MAX_BODY,
        MAX_CONNECTIONS,
        READ_SIZE,
        Exchange,
        Settings,
        Tunnel,
        warn_unclosed,
        without_frames,
    )
    from calcom_transports.records import Records
except ModuleNotFoundError as missing:
    raise ImportError(
        "the trio transport needs trio, h11 and truststore: pip install 'calcom-bookings[trio]'"
    ) from missing

from calcom_core.errors import InvalidInput, TransportError
from calcom_core.http import Request, Response, Timeout
from calcom_transports.proxies import ENVIRONMENT, proxies_or_error
from calcom_transports.trio_runtime import first_of
from calcom_transports.trio_runtime import iterate_trio as iterate_trio
from calcom_transports.trio_runtime import run_trio as run_trio
from calcom_transports.unpicklable import refuse_pickling
from calcom_transports.urls import Origin

T = TypeVar("T")


class TrioTransport:
    """Sends requests and brings their answers, from any number of tasks of one `trio.run`.

    It repeats nothing and follows no redirect.
    A cancelled `send` closes its connection; the others stay usable.
    A connection idle for too long is closed when the next request to its origin finds it;
    the connections it keeps are closed by `aclose`, or at the end of an `async with` block.

    Arguments:
        timeout: the limits of an exchange that is given none of its own, or its seconds in all.
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

    library = "trio"
    """The async library that it works under; `AsyncClient` reads it."""

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
        self._pools: defaultdict[Origin, _Pool] = defaultdict(lambda: _Pool(max_connections))
        proxies = proxies_or_error(proxy)
        del proxy  # from here on no frame holds its password
        self._settings = Settings(
            timeout, ssl_context, allow_http, max_connections, max_body, proxies
        )
        self._run: trio.lowlevel.TrioToken | None = None
        self._closed = False

    @property
    def timeout(self) -> Timeout:
        """The limits of an exchange that is given none of its own."""
        return self._settings.timeout

    async def send(self, request: Request, timeout: Timeout | None = None) -> Response:
        """Send *request* once, and return its answer, whatever its status.

        Arguments:
            request: what to send; `Host`, `Content-Length` and `Accept-Encoding` are added.
            timeout: the limits, in seconds, of this exchange.

        Raises `InvalidInput` if it may not be sent, or not from here,
        `NotSent` if certainly no byte of it left,
        and `NoAnswer` if it may have left and no complete answer came.
        """
        self._stay_in_one_run()
        exchange = self._settings.start(request, timeout, trio.current_time())
        wire = self._settings.wire_of(exchange)
        handled = sys.exception()
        try:
            return await self._exchange(exchange, wire)
        except TransportError as error:
            without_frames(error, handled)
            raise

    def _stay_in_one_run(self) -> None:
        try:
            run = trio.lowlevel.current_trio_token()
        except RuntimeError as error:
            raise InvalidInput(
                "transport",
                "TrioTransport runs under trio.run; elsewhere use Urllib3Transport in a thread",
            ) from error
        if self._run not in (None, run):
            raise InvalidInput(
                "transport", "belongs to the trio.run it was first used in; make one in each"
            )
        self._run = run

    def _stay_open(self, exchange: Exchange) -> None:
        if self._closed:
            raise exchange.transport_closed()

    async def _exchange(self, exchange: Exchange, wire: memoryview) -> Response:
        origin = exchange.destination.origin
        pool = self._pools[origin]
        self._stay_open(exchange)
        if not pool.has_slot():
            await _by(exchange.connect_by, exchange, pool.slots.acquire())
        try:
            self._stay_open(exchange)
            exchange.phase = "connecting"
            now = trio.current_time()
            connection = pool.take(now)
            if connection is None:
                connecting = _connect(exchange, self._settings.context_for(origin))
                connection = await _by(exchange.connect_by, exchange, connecting)
                now = trio.current_time()
            try:
                if now >= exchange.end:  # which a scope notices only where the task waits
                    raise exchange.out_of_time(now)
                return await connection.serve(exchange, wire, self._settings.max_body)
            except (trio.Cancelled, KeyboardInterrupt):
                exchange.note_cut()
                raise
            finally:
                if connection.reusable_until and not self._closed:
                    pool.idle.append(connection)
                else:
                    connection.close()
        finally:
            pool.slots.release()

    async def aclose(self) -> None:
        """Close every idle connection, and those in use when their exchange is over.

        From then on `send` raises `NotSent`, also where it waits for a connection.
        """
        self._closed = True
        for pool in self._pools.values():
            pool.close()
        await trio.lowlevel.checkpoint()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __reduce__(self) -> NoReturn:
        refuse_pickling(self, "holds open connections")

    def __del__(self) -> None:
        idle = [connection for pool in self._pools.values() for connection in pool.idle]
        try:
            if idle:
                warn_unclosed(self, "call aclose(), or use an `async with` block")
        finally:
            for connection in idle:
                connection.abandon()


class _Pool:
    """The connections to one origin: a slot for each in use, and a list of the idle ones."""

    def __init__(self, size: int) -> None:
        self.slots = trio.Semaphore(size)
        self.idle: list[_Connection] = []

    def has_slot(self) -> bool:
        """Take a slot where one is free, which needs no checkpoint."""
        try:
            self.slots.acquire_nowait()
        except trio.WouldBlock:
            return False
        return True

    def take(self, now: float) -> "_Connection | None":
        """Return the connection used last that can serve again, and close those that are too old.

        Only what is returned is asked whether it is still whole, which takes a system call.
        """
        while self.idle and now >= self.idle[0].reusable_until:
            self.idle.pop(0).close()
        while self.idle:
            connection = self.idle.pop()
            if connection.is_usable(now):
                return connection
            connection.close()
        return None

    def close(self) -> None:
        """Close the idle connections, and let those go who wait for one."""
        while self.idle:
            self.idle.pop().close()
        for _ in range(self.slots.statistics().tasks_waiting):
            self.slots.release()


class _Connection:
    """One connection, plain or TLS.

    A plain one is written and read by its bare socket: trio's own lets others run after each write,
    which takes as long as the rest of it, and before an answer is read they run anyway.
    """

    def __init__(self, tcp: trio.SocketStream, tls: trio.SSLStream[Records] | None) -> None:
        self._tls = tls
        self._socket = tcp.socket
        if tls is None:
            self._bare = socket.socket(fileno=tcp.socket.detach())
            self._socket = trio.socket.from_stdlib_socket(self._bare)
        self.reusable_until = 0.0

    def is_usable(self, now: float) -> bool:
        """Tell whether it can serve again: not too old, and nothing on it, not even its end."""
        return now < self.reusable_until and self._is_silent

    @property
    def _is_silent(self) -> bool:
        has_unread = self._tls is not None and self._tls.transport_stream.unread
        return not has_unread and not self._socket.is_readable()

    def close(self) -> None:
        """Close it without a checkpoint, so that a cancelled exchange can."""
        self._socket.close()

    def abandon(self) -> None:
        """Close it where trio may not run any more."""
        socket.close(self._socket.detach())

    async def serve(self, exchange: Exchange, wire: memoryview, max_body: int) -> Response:
        """Send the request and read its answer."""
        is_reused = self.reusable_until > 0.0
        self.reusable_until = 0.0
        await self._send(exchange, wire, is_reused)
        answer = Answer(exchange, max_body)
        response = None
        while response is None:
            response = answer.after(await self._receive(exchange))
        if answer.leaves_nothing:
            exchange.keep(trio.current_time())
            self.reusable_until = exchange.reusable_until
        return response

    async def _send(self, exchange: Exchange, wire: memoryview, is_reused: bool) -> None:
        def start() -> None:
            # A new connection may hold session tickets, which TLS reads with the response.
            if is_reused and not self._is_silent:
                raise exchange.ended_while_idle()
            exchange.phase = "sent"

        try:
            # Who is cancelled by now ends here, while nothing has left.
            await trio.lowlevel.checkpoint_if_cancelled()
            if self._tls:
                self._tls.transport_stream.before_next_byte = start
                await _by(exchange.end, exchange, self._tls.send_all(wire))
            while not self._tls and wire:
                try:
                    wire = wire[self._bare.send(wire) :]
                    exchange.phase = "sent"
                except BlockingIOError:
                    waiting = trio.lowlevel.wait_writable(self._bare)
                    await _by(exchange.end, exchange, waiting)
        except (OSError, trio.BrokenResourceError) as error:
            if exchange.phase != "sent":  # a socket takes a byte or fails
                raise exchange.lost(error.__cause__ or error, trio.current_time()) from error
            # The server may have answered before it closed; if it has not, reading says so.
            exchange.broken = True

    async def _receive(self, exchange: Exchange) -> bytes:
        try:
            with trio.CancelScope(deadline=exchange.read_by(trio.current_time())):
                if self._tls:
                    return bytes(await self._tls.receive_some(READ_SIZE))
                # Others go on while the server answers, and by then it often has.
                await trio.lowlevel.checkpoint()
                while True:
                    try:
                        return self._bare.recv(READ_SIZE)
                    except BlockingIOError:
                        await trio.lowlevel.wait_readable(self._bare)
        except trio.BrokenResourceError as error:
            raise exchange.lost(error.__cause__, trio.current_time()) from error
        except OSError as error:
            raise exchange.lost(error, trio.current_time()) from error
        raise exchange.out_of_time(trio.current_time())


async def _by(deadline: float, exchange: Exchange, waiting: Awaitable[T]) -> T:
    """Wait for something, or raise what a passed deadline of an exchange means."""
    with trio.CancelScope(deadline=deadline):
        return await waiting
    raise exchange.out_of_time(trio.current_time())


async def _connect(exchange: Exchange, context: ssl.SSLContext | None) -> _Connection:
    peer = exchange.peer
    try:
        tcp = await trio.open_tcp_stream(peer.host, peer.port)
    except OSError as error:
        raise exchange.not_connected(error) from error
    except BaseExceptionGroup as group:  # of a nursery of trio's, and of one cancellation
        raise first_of(group) from None
    try:
        if exchange.tunnels:
            await _tunnel(tcp, exchange)
        tls = await _encrypted(tcp, exchange, context) if context else None
        return _Connection(tcp, tls)
    except BaseException:
        tcp.socket.close()
        raise


async def _tunnel(tcp: trio.SocketStream, exchange: Exchange) -> None:
    tunnel = Tunnel(exchange)
    try:
        await tcp.send_all(tunnel.wire)
        while not tunnel.opened_by(bytes(await tcp.receive_some(READ_SIZE))):
            pass
    except trio.BrokenResourceError as error:
        raise exchange.not_connected(error.__cause__ or error) from error


async def _encrypted(
    tcp: trio.SocketStream, exchange: Exchange, context: ssl.SSLContext
) -> trio.SSLStream[Records]:
    name = exchange.destination.origin.host.rstrip(".")
    # Not https_compatible, which takes a cut connection for the end of an answer.
    tls = trio.SSLStream(Records(tcp), context, server_hostname=name)
    try:
        await tls.do_handshake()
    except trio.BrokenResourceError as error:
        raise exchange.not_trusted(error.__cause__) from error
    if (protocol := tls.selected_alpn_protocol()) not in (None, "http/1.1"):
        raise exchange.not_http_1(protocol)
    return tls
