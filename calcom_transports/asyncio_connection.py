"""One HTTP/1.1 connection under asyncio: a plain socket of the event loop, and TLS in memory.

asyncio's own TLS neither tells that bytes arrived which nothing read, nor when the first byte of a
request leaves. Here both are known: `ssl.MemoryBIO` holds what TLS has not read yet, and a request
is encrypted first and then sent like a plain one.
"""

import asyncio
import os
import socket
import ssl
from collections.abc import Coroutine
from itertools import zip_longest
from typing import Any, TypeAlias, TypeVar

from calcom_core.http import Response
from calcom_transports.asyncio_runtime import all_ended
from calcom_transports.exchange import READ_SIZE, OutgoingExchange
from calcom_transports.h11_messages import HttpMessages, TunnelMessages

T = TypeVar("T")
_Address: TypeAlias = tuple[Any, ...]

NEXT_ADDRESS = 0.25
"""Seconds to wait for one address before the next is tried beside it (RFC 8305, 5)."""


def loop_time() -> float:
    """Return the time of the event loop."""
    return asyncio.get_running_loop().time()


async def with_deadline(
    deadline: float, exchange: OutgoingExchange, waiting: Coroutine[Any, Any, T]
) -> T:
    """Await something; raise the exchange's error for a deadline if it takes too long."""
    limit = asyncio.timeout_at(deadline)
    try:
        async with limit:
            return await waiting
    except TimeoutError:
        if not limit.expired():  # that of a socket
            raise
        raise exchange.timed_out(loop_time()) from None


class AsyncioConnection:
    """An open connection, plain or TLS; `reusable_until` is 0 while it must not be reused."""

    def __init__(self, tcp: socket.socket) -> None:
        self._tcp = tcp
        self._tls: _Tls | None = None
        self.reusable_until = 0.0

    def is_usable(self, now: float) -> bool:
        """Return whether it can be reused: not idle for too long, and nothing received on it."""
        return now < self.reusable_until and self._is_silent

    @property
    def _is_silent(self) -> bool:
        if self._tls is not None and self._tls.unread:
            return False
        try:
            self._tcp.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def close(self) -> None:
        """Close it without waiting."""
        self._tcp.close()

    abandon = close

    async def exchange(self, exchange: OutgoingExchange, messages: HttpMessages) -> Response:
        """Send the request, and read the response."""
        is_reused = self.reusable_until > 0.0
        self.reusable_until = 0.0
        await self._send(exchange, messages.request_bytes(), is_reused)
        response = messages.feed(await self._receive(exchange))
        while response is None:
            await asyncio.sleep(0)  # a socket with more to read lets no other task run
            response = messages.feed(await self._receive(exchange))
        if messages.is_reusable():
            exchange.mark_reusable(loop_time())
            self.reusable_until = exchange.reusable_until
        return response

    async def _send(self, exchange: OutgoingExchange, data: memoryview, is_reused: bool) -> None:
        # A cancelled task ends here, while nothing has left; other tasks get their turn.
        await asyncio.sleep(0)
        # A new connection may hold session tickets, which TLS reads with the response.
        if is_reused and not self._is_silent:
            raise exchange.ended_while_idle()
        try:
            if self._tls is not None:
                data = self._tls.encrypted(data)
            left = data[_send_some(self._tcp, data) :]
        except OSError as error:  # a socket takes a byte or fails
            raise exchange.connection_lost(error, loop_time()) from error
        exchange.phase = "sent"
        if not left:
            return
        sending = asyncio.get_running_loop().sock_sendall(self._tcp, left)
        try:
            await with_deadline(exchange.end, exchange, sending)
        except OSError:
            # The server may have responded before it closed; if not, reading notices it.
            exchange.broken = True

    async def _receive(self, exchange: OutgoingExchange) -> bytes:
        if loop_time() >= exchange.end:  # a timeout notices that only where the task waits
            raise exchange.timed_out(loop_time())
        read = self._read_tls(self._tls) if self._tls else self._read()
        try:
            return await with_deadline(exchange.read_by(loop_time()), exchange, read)
        except OSError as error:
            raise exchange.connection_lost(error, loop_time()) from error

    async def _read(self) -> bytes:
        return await asyncio.get_running_loop().sock_recv(self._tcp, READ_SIZE)

    async def _read_tls(self, tls: "_Tls") -> bytes:
        while (data := tls.decrypted()) is None:
            await self._feed(tls)
        return data

    async def _feed(self, tls: "_Tls") -> None:
        """Send the pending bytes of TLS, and give it the next bytes that arrive."""
        await self._flush(tls)
        tls.take(await self._read())

    async def _flush(self, tls: "_Tls") -> None:
        if data := tls.outgoing():
            await asyncio.get_running_loop().sock_sendall(self._tcp, data)

    async def open_tunnel(self, exchange: OutgoingExchange) -> None:
        """Have the proxy open a tunnel to the origin; raises `NotSent`."""
        messages = TunnelMessages(exchange)
        try:
            loop = asyncio.get_running_loop()
            await loop.sock_sendall(self._tcp, messages.request_bytes())
            while not messages.feed(await self._read()):
                pass
        except OSError as error:
            raise exchange.not_connected(error) from error

    async def encrypt(self, exchange: OutgoingExchange, context: ssl.SSLContext) -> None:
        """Start TLS; raises `NotSent`."""
        self._tls = tls = _Tls(context, exchange.target.origin.host.rstrip("."))
        try:
            while not tls.has_shaken_hands():
                await self._feed(tls)
            await self._flush(tls)
        except OSError as error:
            raise exchange.not_trusted(error) from error
        if (protocol := tls.protocol) not in (None, "http/1.1"):
            raise exchange.not_http_1(protocol)


def _send_some(tcp: socket.socket, data: memoryview) -> int:
    """Send as many bytes as the socket takes at once; return their number."""
    try:
        return tcp.send(data)
    except BlockingIOError:
        return 0


class _Tls:
    """TLS in memory: it is given the bytes that arrive, and gives those to send."""

    def __init__(self, context: ssl.SSLContext, name: str) -> None:
        self._received = ssl.MemoryBIO()
        self._to_send = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._received, self._to_send, server_hostname=name)

    @property
    def unread(self) -> int:
        """How many bytes arrived that were not read."""
        return self._received.pending

    @property
    def protocol(self) -> str | None:
        """The protocol that ALPN chose."""
        return self._tls.selected_alpn_protocol()

    def take(self, data: bytes) -> None:
        """Take the next bytes that arrived; none at the end of the connection."""
        if data:
            self._received.write(data)
        else:
            self._received.write_eof()

    def outgoing(self) -> bytes:
        """Return the bytes to send."""
        return self._to_send.read()

    def has_shaken_hands(self) -> bool:
        """Go on with the handshake; return whether it is done."""
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def decrypted(self) -> bytes | None:
        """Return decrypted bytes, b"" at the end that the server announced, or None for no data."""
        try:
            return self._tls.read(READ_SIZE)
        except ssl.SSLWantReadError:
            return None

    def encrypted(self, data: memoryview) -> memoryview:
        """Return *data* encrypted, and any bytes of TLS before it."""
        while data:
            data = data[self._tls.write(data) :]
        return memoryview(self.outgoing())


async def connect(exchange: OutgoingExchange, context: ssl.SSLContext | None) -> AsyncioConnection:
    """Open a connection for an exchange, through its proxy if it has one.

    Raises `NotSent`.
    """
    peer = exchange.peer
    try:
        connection = AsyncioConnection(await _open_tcp(peer.host, peer.port))
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


async def _open_tcp(host: str, port: int) -> socket.socket:
    """Connect to the first address that accepts; attempts begin one after the other (RFC 8305).

    Raises `OSError`, whose cause is a group of the errors of all addresses.
    """
    addresses = await _addresses(host, port)
    opened: list[socket.socket] = []
    failures: list[OSError] = []

    async def attempt(address: _Address) -> None:
        family, kind, protocol, _, target = address
        try:
            tcp = socket.socket(family, kind, protocol)
            try:
                tcp.setblocking(False)
                tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                await asyncio.get_running_loop().sock_connect(tcp, target)
            except BaseException:
                tcp.close()
                raise
            opened.append(tcp)
        except OSError as error:  # another address may accept
            # The text of the event loop names the address, and not the reason.
            failures.append(
                OSError(error.errno, os.strerror(error.errno)) if error.errno else error
            )

    tasks: set[asyncio.Task[None]] = set()
    first = asyncio.FIRST_COMPLETED
    try:
        try:
            while (addresses or tasks) and not opened:
                if addresses:
                    tasks.add(asyncio.create_task(attempt(addresses.pop(0))))
                patience = NEXT_ADDRESS if addresses else None
                _, tasks = await asyncio.wait(tasks, timeout=patience, return_when=first)
        finally:
            for task in tasks:
                task.cancel()
            await all_ended(tasks)
        if opened:
            return opened.pop(0)
    finally:
        for tcp in opened:  # others that connected, or all where the caller was cancelled
            tcp.close()
    problem = f"no address of {host} accepts a connection"
    raise OSError(problem) from ExceptionGroup(problem, failures)


async def _addresses(host: str, port: int) -> list[_Address]:
    """Return the addresses of *host*, those of IPv6 and IPv4 in turn."""
    try:  # an address is its own, and needs no thread
        found = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
        )
    except OSError:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    ours = [address for address in found if address[0] == found[0][0]]
    others = [address for address in found if address[0] != found[0][0]]
    pairs = zip_longest(ours, others)
    return [address for pair in pairs for address in pair if address is not None]
