"""The trio transport: a pool of HTTP/1.1 connections on sockets.

Every wait is trio's own, also under a `MockClock`. An exchange runs without a nursery.
"""

import socket
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

try:
    import trio

    from calcom_transports.async_connection import Semaphore, SetDeadline
    from calcom_transports.async_transport import PooledTransport
    from calcom_transports.exchange import READ_SIZE
except ModuleNotFoundError as missing:
    raise ImportError(
        "the trio transport needs trio, h11 and truststore: pip install 'calcom-bookings[trio]'"
    ) from missing

from calcom_transports.trio_runtime import first_of
from calcom_transports.trio_runtime import iterate_trio as iterate_trio
from calcom_transports.trio_runtime import run_trio as run_trio

T = TypeVar("T")


class _Trio:
    """Sockets, time and events of trio."""

    def running_loop(self) -> trio.lowlevel.TrioToken | None:
        try:
            return trio.lowlevel.current_trio_token()
        except RuntimeError:
            return None

    def now(self) -> float:
        return trio.current_time()

    def semaphore(self, slots: int) -> Semaphore:
        return _Slots(slots)

    async def checkpoint(self) -> None:
        await trio.lowlevel.checkpoint()

    async def with_deadline(
        self, deadline: float, function: Callable[[SetDeadline], Awaitable[T]]
    ) -> T:
        with trio.CancelScope(deadline=deadline) as scope:
            return await function(partial(setattr, scope, "deadline"))
        raise TimeoutError

    async def connect(self, host: str, port: int) -> socket.socket:
        try:
            stream = await trio.open_tcp_stream(host, port)
        except BaseExceptionGroup as group:  # of a nursery of trio's, and of one cancellation
            raise first_of(group) from None
        # Not the stream: its functions let other tasks run before and after each byte.
        tcp = socket.socket(fileno=stream.socket.detach())
        tcp.setblocking(False)
        return tcp

    async def receive(self, tcp: socket.socket) -> bytes:
        while True:
            try:
                return tcp.recv(READ_SIZE)
            except BlockingIOError:
                await trio.lowlevel.wait_readable(tcp)

    async def send_all(self, tcp: socket.socket, data: bytes | memoryview) -> None:
        left = memoryview(data)
        while left:
            try:
                left = left[tcp.send(left) :]
            except BlockingIOError:
                await trio.lowlevel.wait_writable(tcp)


class _Slots:
    """A semaphore that lets no other task run where a slot is free."""

    def __init__(self, number: int) -> None:
        self._slots = trio.Semaphore(number)
        self.release = self._slots.release

    async def acquire(self) -> None:
        try:
            self._slots.acquire_nowait()
        except trio.WouldBlock:
            await self._slots.acquire()


class TrioTransport(PooledTransport):
    """The transport for trio; `PooledTransport` documents its options.

    It belongs to the `trio.run` that it is first used in.
    """

    library = "trio"
    sockets = _Trio()
    _loop_name = "trio.run"
    _cancelled = trio.Cancelled
