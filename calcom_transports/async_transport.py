"""The part of a network transport that trio's and asyncio's share: options, pool, one exchange.

A subclass adds the sockets, the clock and the events of its library.
An exchange runs in the task that called `send`.
"""

import ssl
import sys
from collections import defaultdict
from functools import partial
from typing import ClassVar, Literal, NoReturn, Self

from attrs import define, field

from calcom_core.errors import InvalidInput, TransportError
from calcom_core.http import Request, Response, Timeout
from calcom_core.secret import hides_arguments
from calcom_transports.async_connection import Connection, Semaphore, SetDeadline, Sockets, connect
from calcom_transports.exchange import (
    MAX_BODY,
    MAX_CONNECTIONS,
    MAX_IDLE,
    OutgoingExchange,
    strip_tracebacks,
    warn_unclosed,
)
from calcom_transports.h11_messages import HttpMessages
from calcom_transports.proxies import ENVIRONMENT, parse_proxies
from calcom_transports.settings import Settings
from calcom_transports.unpicklable import refuse_pickling
from calcom_transports.urls import Origin

_POOLS: dict[int, object] = {}
"""The pools of every transport, by its id.

Held here, their sockets outlive a transport in a cycle, which Python finalizes in any order.
"""


class PooledTransport:
    """Sends requests and returns their responses, from any number of tasks of one event loop.

    It never retries, and follows no redirect.
    A cancelled `send` closes its connection; the others stay usable.
    A connection idle for too long is closed by the next request to its origin;
    `aclose`, or the end of an `async with` block, closes the idle ones.

    Args:
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
        max_idle: for how many seconds an idle connection is reused, from 0 to 3,600; less if the
            server announces less.

    Raises:
        InvalidInput: for an invalid option.
    """

    library: ClassVar[Literal["asyncio", "trio"]]
    """The async library that it works under; `AsyncClient` reads it."""
    sockets: ClassVar[Sockets]
    """The sockets, the clock and the events of that library."""
    _loop_name: ClassVar[str]
    _cancelled: ClassVar[type[BaseException]]

    @hides_arguments  # the proxy may have a password
    def __init__(
        self,
        *,
        timeout: Timeout | float | None = None,
        ssl_context: ssl.SSLContext | None = None,
        proxy: str | None = ENVIRONMENT,
        allow_http: bool = False,
        max_connections: int = MAX_CONNECTIONS,
        max_body: int = MAX_BODY,
        max_idle: float = MAX_IDLE,
    ) -> None:
        self._settings = Settings(
            timeout,
            ssl_context,
            allow_http,
            max_connections,
            max_body,
            parse_proxies(proxy),
            max_idle,
        )
        new, slots = self.sockets.semaphore, self._settings.max_connections
        self._pools: defaultdict[Origin, _Pool] = defaultdict(lambda: _Pool(new(slots)))
        _POOLS[id(self)] = self._pools
        self._loop: object = None
        self._closed = False

    @property
    def timeout(self) -> Timeout:
        """The limits of an exchange without limits of its own."""
        return self._settings.timeout

    async def send(self, request: Request, timeout: Timeout | None = None) -> Response:
        """Send *request* once, and return its response of any status.

        Args:
            request: `Host`, `Content-Length` and `Accept-Encoding` are added to it.
            timeout: the limits of this exchange, in seconds.

        Raises:
            InvalidInput: for a request that must not be sent, or not from here.
            NotSent: if certainly no byte of it left.
            NoAnswer: if a byte may have left and no complete response arrived.
        """
        self._stay_in_one_loop()
        exchange = self._settings.start(request, timeout, self.sockets.now())
        handled = sys.exception()
        try:
            try:
                return await self.sockets.with_deadline(
                    exchange.connect_by, partial(self._send, exchange)
                )
            except TimeoutError:
                raise exchange.timed_out(self.sockets.now()) from None
        except TransportError as error:
            strip_tracebacks(error, handled)
            raise
        except (self._cancelled, KeyboardInterrupt):
            exchange.note_cut()
            raise

    def _stay_in_one_loop(self) -> None:
        loop = self.sockets.running_loop()
        if loop is None:
            raise InvalidInput(
                "transport",
                f"{type(self).__name__} runs under {self.library} only; use AsyncioTransport under "
                "asyncio, TrioTransport under trio, Urllib3Transport in other code",
            )
        if self._loop not in (None, loop):
            raise InvalidInput(
                "transport",
                f"belongs to the {self._loop_name} it was first used in; "
                "create a client and its transport in each",
            )
        self._loop = loop

    def _check_open(self, exchange: OutgoingExchange) -> None:
        if self._closed:
            raise exchange.transport_closed()

    async def _send(self, exchange: OutgoingExchange, set_deadline: SetDeadline) -> Response:
        origin = exchange.target.origin
        pool = self._pools[origin]
        self._check_open(exchange)
        await pool.slots.acquire()
        try:
            self._check_open(exchange)
            exchange.phase = "connecting"
            connection = pool.take(self.sockets.now())
            if connection is None:
                context = self._settings.context_for(origin)
                connection = await connect(self.sockets, exchange, context)
            try:
                now = self.sockets.now()
                if now >= exchange.end:  # a deadline is noticed only where the task waits
                    raise exchange.timed_out(now)
                messages = HttpMessages(exchange, self._settings.max_body)
                return await connection.exchange(exchange, messages, set_deadline)
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
        await self.sockets.checkpoint()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.aclose()

    def __reduce__(self) -> NoReturn:
        refuse_pickling(self, "holds open connections")

    def __del__(self) -> None:
        if _POOLS.pop(id(self), None) is None:  # the constructor has raised
            return
        idle = [connection for pool in self._pools.values() for connection in pool.idle]
        try:
            if idle:
                warn_unclosed(self, "call aclose(), or use an `async with` block")
        finally:
            for connection in idle:
                connection.close()


@define
class _Pool:
    """The connections to one origin: its slots, and the idle connections."""

    slots: Semaphore
    idle: list[Connection] = field(factory=list)

    def take(self, now: float) -> Connection | None:
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
        """Close the idle connections, and wake a task that waits, which wakes the next one."""
        while self.idle:
            self.idle.pop().close()
        self.slots.release()
