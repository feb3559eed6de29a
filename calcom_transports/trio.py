"""The trio transport: a pool of HTTP/1.1 connections on trio's streams, read and written by h11.

The pool counts connections by a `trio.Semaphore`, so tasks get them first come, first served.
An exchange runs in the task that called `send`, without a nursery.
"""

import ssl
import sys
from collections import defaultdict
from types import TracebackType
from typing import NoReturn, Self

try:
    import trio

    from calcom_transports.exchange import (
        MAX_BODY,
        MAX_CONNECTIONS,
        OutgoingExchange,
        strip_tracebacks,
        warn_unclosed,
    )
    from calcom_transports.h11_messages import HttpMessages
    from calcom_transports.settings import Settings
    from calcom_transports.trio_connection import TrioConnection, connect, with_deadline
except ModuleNotFoundError as missing:
    raise ImportError(
        "the trio transport needs trio, h11 and truststore: pip install 'calcom-bookings[trio]'"
    ) from missing

from calcom_core.errors import InvalidInput, TransportError
from calcom_core.http import Request, Response, Timeout
from calcom_transports.proxies import ENVIRONMENT, parse_proxies
from calcom_transports.trio_runtime import iterate_trio as iterate_trio
from calcom_transports.trio_runtime import run_trio as run_trio
from calcom_transports.unpicklable import refuse_pickling
from calcom_transports.urls import Origin


class TrioTransport:
    """Sends requests and returns their responses, from any number of tasks of one `trio.run`.

    It never retries, and follows no redirect.
    A cancelled `send` closes its connection; the others stay usable.
    A connection idle for too long is closed by the next request to its origin;
    `aclose`, or the end of an `async with` block, closes the idle ones.

    Arguments:
        timeout: the limits of an exchange without limits of its own; a number is its total, in
            seconds.
        ssl_context: verifies servers, and may hold a client certificate; by default servers are
            verified against the operating system's trust store. A context that does not verify
            certificates and host names is refused.
        proxy: the URL of an HTTP proxy, `http://name:password@host:port`, for all other machines;
            None for no proxy; by default the environment variables `HTTPS_PROXY`, `HTTP_PROXY`,
            `ALL_PROXY` and `NO_PROXY`, in either case, when the transport is created.
            `https://` stays encrypted between you and the server.
        allow_http: whether to send unencrypted to other machines.
        max_connections: how many connections may be open to one origin at once, at least 1.
        max_body: how many bytes the body of a response may have after decoding, at least 1.

    Raises `InvalidInput` for an invalid option.
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
        self._pools: defaultdict[Origin, _Pool] = defaultdict(lambda: _Pool(max_connections))
        proxies = parse_proxies(proxy)
        del proxy  # from here on no frame holds its password
        self._settings = Settings(
            timeout, ssl_context, allow_http, max_connections, max_body, proxies
        )
        self._run: trio.lowlevel.TrioToken | None = None
        self._closed = False

    @property
    def timeout(self) -> Timeout:
        """The limits of an exchange without limits of its own."""
        return self._settings.timeout

    async def send(self, request: Request, timeout: Timeout | None = None) -> Response:
        """Send *request* once, and return its response of any status.

        Arguments:
            request: `Host`, `Content-Length` and `Accept-Encoding` are added to it.
            timeout: the limits of this exchange, in seconds.

        Raises `InvalidInput` for a request that must not be sent, or not from here,
        `NotSent` if certainly no byte of it left,
        and `NoAnswer` if a byte may have left and no complete response arrived.
        """
        self._stay_in_one_run()
        exchange = self._settings.start(request, timeout, trio.current_time())
        handled = sys.exception()
        try:
            return await self._send(exchange)
        except TransportError as error:
            strip_tracebacks(error, handled)
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

    def _check_open(self, exchange: OutgoingExchange) -> None:
        if self._closed:
            raise exchange.transport_closed()

    async def _send(self, exchange: OutgoingExchange) -> Response:
        origin = exchange.target.origin
        pool = self._pools[origin]
        self._check_open(exchange)
        if not pool.try_acquire():
            await with_deadline(exchange.connect_by, exchange, pool.slots.acquire())
        try:
            self._check_open(exchange)
            exchange.phase = "connecting"
            connection = pool.take(trio.current_time())
            if connection is None:
                connecting = connect(exchange, self._settings.context_for(origin))
                connection = await with_deadline(exchange.connect_by, exchange, connecting)
            try:
                now = trio.current_time()
                if now >= exchange.end:  # a scope notices it only where the task waits
                    raise exchange.timed_out(now)
                messages = HttpMessages(exchange, self._settings.max_body)
                return await connection.exchange(exchange, messages)
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
        """Close every idle connection now, and those in use when their exchange is over.

        From then on `send` raises `NotSent`, also in tasks that wait for a connection.
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
        self.idle: list[TrioConnection] = []

    def try_acquire(self) -> bool:
        """Take a free slot, without a checkpoint; return whether there was one."""
        try:
            self.slots.acquire_nowait()
        except trio.WouldBlock:
            return False
        return True

    def take(self, now: float) -> TrioConnection | None:
        """Return the usable connection that was used last; close those idle for too long.

        Only the returned one is checked for received bytes, since that takes a system call.
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
        """Close the idle connections, and wake the tasks that wait for one."""
        while self.idle:
            self.idle.pop().close()
        for _ in range(self.slots.statistics().tasks_waiting):
            self.slots.release()
