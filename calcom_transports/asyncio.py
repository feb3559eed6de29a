"""The asyncio transport: sockets of the event loop, h11, and a small pool of HTTP/1.1 connections.

It needs no other library for the network, and works with every event loop, uvloop included.
An exchange runs in the task that calls; each wait of it has a deadline of its own.
"""

import asyncio
import ssl
import sys
from collections import defaultdict, deque
from types import TracebackType
from typing import NoReturn, Self

try:
    from calcom_transports.asyncio_connection import (
        AsyncioConnection,
        connect,
        now,
        with_deadline,
    )
    from calcom_transports.exchange import (
        MAX_BODY,
        MAX_CONNECTIONS,
        OutgoingExchange,
        strip_tracebacks,
        warn_unclosed,
    )
    from calcom_transports.h11_messages import HttpMessages
    from calcom_transports.settings import Settings
except ModuleNotFoundError as missing:
    raise ImportError(
        "the asyncio transport needs h11 and truststore: pip install 'calcom-bookings[asyncio]'"
    ) from missing

from calcom_core.errors import InvalidInput, TransportError
from calcom_core.http import Request, Response, Timeout
from calcom_transports.asyncio_runtime import iterate_asyncio as iterate_asyncio
from calcom_transports.asyncio_runtime import run_asyncio as run_asyncio
from calcom_transports.proxies import ENVIRONMENT, proxies_or_error
from calcom_transports.unpicklable import refuse_pickling
from calcom_transports.urls import Origin


class AsyncioTransport:
    """Sends requests and returns their responses, from any number of tasks of one event loop.

    It retries nothing and follows no redirect.
    A cancelled `send` closes its connection; the others stay usable.
    A connection idle for too long is closed when the next request to its origin finds it;
    the connections it keeps are closed by `aclose`, or at the end of an `async with` block.

    Args:
        timeout: the limits of an exchange without its own, as a `Timeout` or as seconds in all.
        ssl_context: verifies servers, and shows a certificate of your own to those that ask for
            one; by default servers are verified against the operating system's trust store.
            One that leaves certificates or host names unchecked is refused.
        proxy: the URL of an HTTP proxy, `http://name:password@host:port`, for all that is not on
            this machine; None uses none; by default what `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`
            and `NO_PROXY` say, in lower or upper case, when the transport is created.
            Through it `https://` stays between you and the server.
        allow_http: also sends unencrypted to other machines.
        max_connections: how many connections may be open to one origin at once, at least 1.
        max_body: how many bytes the body of a response may have after decoding, at least 1.

    Raises:
        InvalidInput: for an invalid option.
    """

    library = "asyncio"
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
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    @property
    def timeout(self) -> Timeout:
        """The limits of an exchange without its own, in seconds."""
        return self._settings.timeout

    async def send(self, request: Request, timeout: Timeout | None = None) -> Response:
        """Send *request* once, and return its response, whatever its status.

        Args:
            request: what to send; `Host`, `Content-Length` and `Accept-Encoding` are added.
            timeout: the limits of this exchange, in seconds.

        Raises:
            InvalidInput: if it may not be sent, or not from here.
            NotSent: if certainly no byte of it left.
            NoAnswer: if it may have left and no complete response came.
        """
        self._stay_in_one_loop()
        exchange = self._settings.start(request, timeout, now())
        handled = sys.exception()
        try:
            return await self._send(exchange)
        except TransportError as error:
            strip_tracebacks(error, handled)
            raise

    def _stay_in_one_loop(self) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            raise InvalidInput(
                "transport",
                "AsyncioTransport works in a running event loop of asyncio; under trio use "
                "TrioTransport, in other code Urllib3Transport",
            ) from None
        if self._loop not in (None, loop):
            raise InvalidInput(
                "transport", "belongs to the event loop it was first used in; create one in each"
            )
        self._loop = loop

    def _check_open(self, exchange: OutgoingExchange) -> None:
        if self._closed:
            raise exchange.transport_closed()

    async def _send(self, exchange: OutgoingExchange) -> Response:
        origin = exchange.target.origin
        pool = self._pools[origin]
        self._check_open(exchange)
        await pool.acquire(exchange)
        try:
            # A cancelled task ends here, while nothing has left; others get their turn.
            await asyncio.sleep(0)
            self._check_open(exchange)
            exchange.phase = "connecting"
            connection = pool.take(now())
            if connection is None:
                connecting = connect(exchange, self._settings.context_for(origin))
                connection = await with_deadline(exchange.connect_by, exchange, connecting)
            try:
                if now() >= exchange.end:  # a timeout notices that only where the task waits
                    raise exchange.timed_out(now())
                messages = HttpMessages(exchange, self._settings.max_body)
                return await connection.exchange(exchange, messages)
            except (asyncio.CancelledError, KeyboardInterrupt):
                exchange.note_cut()
                raise
            finally:
                if connection.reusable_until and not self._closed:
                    pool.idle.append(connection)
                else:
                    connection.close()
        finally:
            pool.release()

    async def aclose(self) -> None:
        """Close every idle connection, and those in use when their exchange is over.

        From then on `send` raises `NotSent`, also where it waits for a connection.
        """
        self._closed = True
        for pool in self._pools.values():
            pool.close()

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
                connection.close()


class _Pool:
    """The connections to one origin: a number of free slots, who waits for one, idle connections.

    Slots are given in the order in which they were requested.
    """

    def __init__(self, size: int) -> None:
        self._free = size
        self._waiting: deque[asyncio.Future[None]] = deque()
        self.idle: list[AsyncioConnection] = []

    async def acquire(self, exchange: OutgoingExchange) -> None:
        """Take a slot, or wait for one until the exchange must be connected."""
        if self._free:  # then none waits
            self._free -= 1
            return
        slot = asyncio.get_running_loop().create_future()
        self._waiting.append(slot)
        try:
            await with_deadline(exchange.connect_by, exchange, _wait(slot))
        except BaseException:
            # It may have been given the slot and cancelled in the same step of the loop.
            if slot.done() and not slot.cancelled():
                self.release()
            elif slot in self._waiting:
                self._waiting.remove(slot)
            raise

    def release(self) -> None:
        """Give a slot back, to the first who waits for one."""
        while self._waiting:
            slot = self._waiting.popleft()
            if not slot.done():
                slot.set_result(None)
                return
        self._free += 1

    def take(self, at: float) -> AsyncioConnection | None:
        """Return the connection used last that can serve again, and close those that are too old.

        The order of their use is that of their age only nearly, since servers announce limits.
        """
        while self.idle and at >= self.idle[0].reusable_until:
            self.idle.pop(0).close()
        while self.idle:
            connection = self.idle.pop()
            if connection.is_usable(at):
                return connection
            connection.close()
        return None

    def close(self) -> None:
        """Close the idle connections, and wake all who wait for one."""
        while self.idle:
            self.idle.pop().close()
        for _ in range(len(self._waiting)):
            self.release()


async def _wait(slot: "asyncio.Future[None]") -> None:
    await slot
