"""The asyncio transport: a pool of HTTP/1.1 connections on sockets of the event loop.

It needs no other library for the network, and works with every event loop, uvloop included.
"""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from itertools import zip_longest
from typing import Any, TypeAlias, TypeVar

try:
    from calcom_transports.async_connection import Semaphore, SetDeadline
    from calcom_transports.async_transport import PooledTransport
    from calcom_transports.exchange import READ_SIZE
except ModuleNotFoundError as missing:
    raise ImportError(
        "the asyncio transport needs h11 and truststore: pip install 'calcom-bookings[asyncio]'"
    ) from missing

from calcom_transports.asyncio_runtime import all_ended
from calcom_transports.asyncio_runtime import iterate_asyncio as iterate_asyncio
from calcom_transports.asyncio_runtime import run_asyncio as run_asyncio

T = TypeVar("T")
_Address: TypeAlias = tuple[Any, ...]

NEXT_ADDRESS = 0.25
"""Seconds to wait for one address before the next is tried beside it (RFC 8305, 5)."""


class _Asyncio:
    """Sockets, time and events of asyncio."""

    def running_loop(self) -> asyncio.AbstractEventLoop | None:
        try:
            return asyncio.get_running_loop()
        except RuntimeError:
            return None

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def semaphore(self, slots: int) -> Semaphore:
        return asyncio.Semaphore(slots)

    async def checkpoint(self) -> None:
        await asyncio.sleep(0)

    async def with_deadline(
        self, deadline: float, function: Callable[[SetDeadline], Awaitable[T]]
    ) -> T:
        async with asyncio.timeout_at(deadline) as limit:
            return await function(limit.reschedule)

    async def receive(self, tcp: socket.socket) -> bytes:
        return await asyncio.get_running_loop().sock_recv(tcp, READ_SIZE)

    async def send_all(self, tcp: socket.socket, data: bytes | memoryview) -> None:
        await asyncio.get_running_loop().sock_sendall(tcp, data)

    async def connect(self, host: str, port: int) -> socket.socket:
        addresses = await _addresses(host, port)
        opened: list[socket.socket] = []
        failures: list[OSError] = []
        tasks: set[asyncio.Task[None]] = set()
        first = asyncio.FIRST_COMPLETED
        try:
            try:
                while (addresses or tasks) and not opened:
                    if addresses:
                        attempt = _attempt(addresses.pop(0), opened, failures)
                        tasks.add(asyncio.create_task(attempt))
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


async def _attempt(address: _Address, opened: list[socket.socket], failures: list[OSError]) -> None:
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
        failures.append(OSError(error.errno, os.strerror(error.errno)) if error.errno else error)


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


class AsyncioTransport(PooledTransport):
    """The transport for asyncio; `PooledTransport` documents its options.

    It belongs to the event loop that it is first used in.
    """

    library = "asyncio"
    sockets = _Asyncio()
    _loop_name = "event loop"
    _cancelled = asyncio.CancelledError
