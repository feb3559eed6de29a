"""One HTTP/1.1 connection of an async transport: a plain socket, and TLS in memory.

The streams of asyncio and trio neither tell that bytes arrived which nothing read, nor when the
first byte of a request leaves. Here both are known: `ssl.MemoryBIO` holds what TLS has not read
yet, and a request is encrypted first and then sent like a plain one.
`Sockets` is the part of a library that a connection needs.
"""

import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from calcom_core.http import Response
from calcom_transports.exchange import READ_SIZE, OutgoingExchange
from calcom_transports.h11_messages import HttpMessages, TunnelMessages

T = TypeVar("T")
SetDeadline = Callable[[float], None]


class Semaphore(Protocol):
    """A semaphore of the library: a number of slots, given first come, first served."""

    async def acquire(self) -> object:
        """Take a slot, as soon as one is free."""
        ...

    def release(self) -> object:
        """Free a slot."""
        ...


class Sockets(Protocol):
    """Sockets, time and events of one async library; the sockets do not block."""

    def running_loop(self) -> object:
        """Return an identity of the running event loop; None outside the library."""
        ...

    def now(self) -> float:
        """Return the time of the event loop, in seconds."""
        ...

    def semaphore(self, slots: int) -> Semaphore:
        """Return a new semaphore with that many free slots."""
        ...

    async def checkpoint(self) -> None:
        """Let other tasks run; a cancelled task ends here."""
        ...

    async def with_deadline(
        self, deadline: float, function: Callable[[SetDeadline], Awaitable[T]]
    ) -> T:
        """Await *function*, which may set another deadline; raises `TimeoutError` after it."""
        ...

    async def connect(self, host: str, port: int) -> socket.socket:
        """Connect to the first address of *host* that accepts.

        Raises `OSError`, whose cause is a group of the errors of all addresses.
        """
        ...

    async def receive(self, tcp: socket.socket) -> bytes:
        """Return the next bytes, none at the end."""
        ...

    async def send_all(self, tcp: socket.socket, data: bytes | memoryview) -> None:
        """Send all of *data*."""
        ...


class Connection:
    """An open connection, plain or TLS; `reusable_until` is 0 while it must not be reused."""

    def __init__(self, sockets: Sockets, tcp: socket.socket) -> None:
        self._sockets = sockets
        self._tcp = tcp
        self._tls: ssl.SSLObject | None = None
        self._received = ssl.MemoryBIO()  # what TLS has not read yet
        self._to_send = ssl.MemoryBIO()
        self.reusable_until = 0.0

    def is_usable(self, now: float) -> bool:
        """Return whether it can be reused: not idle for too long, and nothing received on it."""
        return now < self.reusable_until and self._is_silent

    @property
    def _is_silent(self) -> bool:
        if self._received.pending:
            return False
        try:
            self._tcp.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def close(self) -> None:
        """Close it without waiting, also where the event loop no longer runs."""
        self._tcp.close()

    async def exchange(
        self, exchange: OutgoingExchange, messages: HttpMessages, set_deadline: SetDeadline
    ) -> Response:
        """Send the request, and read the response."""
        is_reused = self.reusable_until > 0.0
        self.reusable_until = 0.0
        await self._send(exchange, messages.request_bytes(), is_reused, set_deadline)
        response = messages.feed(await self._receive(exchange, set_deadline))
        while response is None:
            await self._sockets.checkpoint()  # a socket with more to read lets no other task run
            response = messages.feed(await self._receive(exchange, set_deadline))
        if messages.is_reusable():
            self.reusable_until = exchange.reusable_until(self._sockets.now())
        return response

    async def _send(
        self,
        exchange: OutgoingExchange,
        data: memoryview,
        is_reused: bool,
        set_deadline: SetDeadline,
    ) -> None:
        # A cancelled task ends here, while nothing has left; other tasks get their turn.
        await self._sockets.checkpoint()
        # A new connection may hold session tickets, which TLS reads with the response.
        if is_reused and not self._is_silent:
            raise exchange.ended_while_idle()
        try:
            if self._tls is not None:
                while data:
                    data = data[self._tls.write(data) :]
                data = memoryview(self._to_send.read())
            left = data[_send_some(self._tcp, data) :]
        except OSError as error:  # a socket takes a byte or fails
            raise exchange.connection_lost(error, self._sockets.now()) from error
        exchange.phase = "sent"
        if not left:
            return
        set_deadline(exchange.end)
        try:
            await self._sockets.send_all(self._tcp, left)
        except OSError:
            # The server may have responded before it closed; if not, reading notices it.
            exchange.broken = True

    async def _receive(self, exchange: OutgoingExchange, set_deadline: SetDeadline) -> bytes:
        now = self._sockets.now()
        if now >= exchange.end:  # a deadline is noticed only where the task waits
            raise exchange.timed_out(now)
        set_deadline(exchange.read_by(now))
        try:
            if self._tls is None:
                return await self._sockets.receive(self._tcp)
            tls = self._tls
            return await self._run_tls(lambda: tls.read(READ_SIZE))
        except OSError as error:
            raise exchange.connection_lost(error, self._sockets.now()) from error

    async def _run_tls(self, step: Callable[[], T]) -> T:
        """Run a step of TLS, as often as it needs more bytes of the peer."""
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                await self._flush()
            if data := await self._sockets.receive(self._tcp):
                self._received.write(data)
            else:
                self._received.write_eof()

    async def _flush(self) -> None:
        if data := self._to_send.read():
            await self._sockets.send_all(self._tcp, data)

    async def open_tunnel(self, exchange: OutgoingExchange) -> None:
        """Have the proxy open a tunnel to the origin; raises `NotSent`."""
        messages = TunnelMessages(exchange)
        try:
            await self._sockets.send_all(self._tcp, messages.request_bytes())
            while not messages.feed(await self._sockets.receive(self._tcp)):
                await self._sockets.checkpoint()  # a proxy may send without end
        except OSError as error:
            raise exchange.not_connected(error) from error

    async def encrypt(self, exchange: OutgoingExchange, context: ssl.SSLContext) -> None:
        """Start TLS; raises `NotSent`."""
        name = exchange.target.origin.host.rstrip(".")
        self._tls = tls = context.wrap_bio(self._received, self._to_send, server_hostname=name)
        try:
            await self._run_tls(tls.do_handshake)
            await self._flush()
        except OSError as error:
            raise exchange.not_trusted(error) from error
        if (protocol := tls.selected_alpn_protocol()) not in (None, "http/1.1"):
            raise exchange.not_http_1(protocol)


def _send_some(tcp: socket.socket, data: memoryview) -> int:
    """Send as many bytes as the socket takes at once; return their number."""
    try:
        return tcp.send(data)
    except BlockingIOError:
        return 0


async def connect(
    sockets: Sockets, exchange: OutgoingExchange, context: ssl.SSLContext | None
) -> Connection:
    """Open a connection for an exchange, through its proxy if it has one.

    Raises `NotSent`.
    """
    peer = exchange.peer
    try:
        connection = Connection(sockets, await sockets.connect(peer.host, peer.port))
    except OSError as error:
        raise exchange.not_connected(error) from error
    try:
        if exchange.tunnels:
            await connection.open_tunnel(exchange)
        if context is not None:
            await connection.encrypt(exchange, context)
        return connection
    except BaseException:
        connection.close()
        raise
