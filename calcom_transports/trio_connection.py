"""One HTTP/1.1 connection on trio's streams: opening it, and running an exchange on it.

Every wait has a cancel scope with a deadline of the exchange. So time is trio's own, also under a
`MockClock`. A connection is closed without a checkpoint, so that a cancelled exchange can close it.
"""

import socket
import ssl
from collections.abc import Awaitable
from typing import TypeVar

import trio

from calcom_core.http import Response
from calcom_transports.exchange import READ_SIZE, OutgoingExchange
from calcom_transports.h11_messages import HttpMessages, TunnelMessages
from calcom_transports.tls_records import TlsRecordStream
from calcom_transports.trio_runtime import first_of

T = TypeVar("T")
TlsStream = trio.SSLStream[TlsRecordStream]


async def with_deadline(deadline: float, exchange: OutgoingExchange, waiting: Awaitable[T]) -> T:
    """Await something; raise the exchange's error for a deadline if it takes too long."""
    with trio.CancelScope(deadline=deadline):
        return await waiting
    raise exchange.timed_out(trio.current_time())


class TrioConnection:
    """An open connection, plain or TLS; `reusable_until` is 0 while it must not be reused."""

    def __init__(self, tcp: trio.SocketStream, tls: TlsStream | None) -> None:
        self._tcp = tcp
        self._tls = tls
        self.reusable_until = 0.0

    def is_usable(self, now: float) -> bool:
        """Return whether it can be reused: not idle for too long, and nothing received on it."""
        return now < self.reusable_until and self._is_silent

    @property
    def _is_silent(self) -> bool:
        has_unread = self._tls is not None and self._tls.transport_stream.unread
        return not has_unread and not self._tcp.socket.is_readable()

    def close(self) -> None:
        """Close it without a checkpoint."""
        self._tcp.socket.close()

    def abandon(self) -> None:
        """Close it where trio may no longer run."""
        socket.close(self._tcp.socket.detach())

    async def exchange(self, exchange: OutgoingExchange, messages: HttpMessages) -> Response:
        """Send the request, and read the response."""
        is_reused = self.reusable_until > 0.0
        self.reusable_until = 0.0
        await self._send(exchange, messages.request_bytes(), is_reused)
        response = None
        while response is None:
            response = messages.feed(await self._receive(exchange))
        if messages.is_reusable():
            exchange.mark_reusable(trio.current_time())
            self.reusable_until = exchange.reusable_until
        return response

    async def _send(self, exchange: OutgoingExchange, data: memoryview, is_reused: bool) -> None:
        def start() -> None:
            # A new connection may hold session tickets, which TLS reads with the response.
            if is_reused and not self._is_silent:
                raise exchange.ended_while_idle()
            exchange.phase = "sent"

        try:
            # A cancelled task ends here, while nothing has left.
            await trio.lowlevel.checkpoint_if_cancelled()
            if self._tls is not None:
                self._tls.transport_stream.before_next_byte = start
                await with_deadline(exchange.end, exchange, self._tls.send_all(data))
            while self._tls is None and data:
                # Not `send_all`, which does not tell whether a byte left before it failed.
                sending = self._tcp.socket.send(data)
                data = data[await with_deadline(exchange.end, exchange, sending) :]
                exchange.phase = "sent"
        except (OSError, trio.BrokenResourceError) as error:
            if exchange.phase != "sent":
                cause = error.__cause__ or error
                raise exchange.connection_lost(cause, trio.current_time()) from error
            # The server may have responded before it closed; if not, reading notices it.
            exchange.broken = True

    async def _receive(self, exchange: OutgoingExchange) -> bytes:
        stream = self._tls or self._tcp
        try:
            deadline = exchange.read_by(trio.current_time())
            receiving = stream.receive_some(READ_SIZE)
            return bytes(await with_deadline(deadline, exchange, receiving))
        except trio.BrokenResourceError as error:
            raise exchange.connection_lost(error.__cause__, trio.current_time()) from error


async def connect(exchange: OutgoingExchange, context: ssl.SSLContext | None) -> TrioConnection:
    """Open a connection for an exchange, through its proxy if it has one.

    Raises `NotSent`.
    """
    peer = exchange.peer
    try:
        tcp = await trio.open_tcp_stream(peer.host, peer.port)
    except OSError as error:
        raise exchange.not_connected(error) from error
    except BaseExceptionGroup as group:  # of a nursery of trio's, and of one cancellation
        raise first_of(group) from None
    try:
        if exchange.tunnels:
            await _open_tunnel(tcp, exchange)
        tls = await _encrypt(tcp, exchange, context) if context else None
        return TrioConnection(tcp, tls)
    except BaseException:
        tcp.socket.close()
        raise


async def _open_tunnel(tcp: trio.SocketStream, exchange: OutgoingExchange) -> None:
    messages = TunnelMessages(exchange)
    try:
        await tcp.send_all(messages.request_bytes())
        while not messages.feed(bytes(await tcp.receive_some(READ_SIZE))):
            pass
    except trio.BrokenResourceError as error:
        raise exchange.not_connected(error.__cause__ or error) from error


async def _encrypt(
    tcp: trio.SocketStream, exchange: OutgoingExchange, context: ssl.SSLContext
) -> TlsStream:
    name = exchange.target.origin.host.rstrip(".")
    # Not https_compatible, which takes a cut connection for the end of a response.
    tls = trio.SSLStream(TlsRecordStream(tcp), context, server_hostname=name)
    try:
        await tls.do_handshake()
    except trio.BrokenResourceError as error:
        raise exchange.not_trusted(error.__cause__) from error
    if (protocol := tls.selected_alpn_protocol()) not in (None, "http/1.1"):
        raise exchange.not_http_1(protocol)
    return tls
