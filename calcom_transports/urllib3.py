"""The blocking transport: an adapter to urllib3's `PoolManager` and `ProxyManager`.

urllib3 pools, connects, speaks TLS and HTTP/1.1. `urllib3_connection` adds deadlines and exact
errors to its connections. A pool of the user's own, and that of a tool such as VCR.py, has other
connections: there the exceptions of urllib3 alone tell whether a request was sent.
"""

import os
import ssl
import sys
import time
from collections.abc import Callable, Iterable
from http.client import IncompleteRead
from typing import Any, NoReturn, Self, cast
from weakref import WeakSet

try:
    import urllib3
    from urllib3 import exceptions
    from urllib3.util import SKIP_HEADER

    from calcom_transports.exchange import (
        MAX_BODY,
        MAX_CONNECTIONS,
        MAX_IDLE,
        READ_SIZE,
        OutgoingExchange,
        strip_tracebacks,
        warn_unclosed,
    )
    from calcom_transports.settings import Settings, default_ssl_context
    from calcom_transports.urllib3_connection import (
        RUNNING,
        STOCK_CONNECTION,
        ConnectionQueue,
        PlainConnection,
        Running,
        TlsConnection,
    )
except ModuleNotFoundError as missing:
    raise ImportError(
        "the blocking transport needs urllib3 and truststore: "
        "pip install 'calcom-bookings[urllib3]'"
    ) from missing

from calcom_core.errors import InvalidInput, TransportError
from calcom_core.http import Request, Response, Timeout
from calcom_core.secret import hides_arguments
from calcom_transports.body import Body
from calcom_transports.proxies import ENVIRONMENT, Proxy, parse_proxies
from calcom_transports.unpicklable import refuse_pickling
from calcom_transports.urls import Origin


class _PlainPool(urllib3.HTTPConnectionPool):
    QueueCls = ConnectionQueue
    ConnectionCls = PlainConnection  # pyright: ignore[reportAssignmentType]


class _TlsPool(urllib3.HTTPSConnectionPool):
    QueueCls = ConnectionQueue
    ConnectionCls = TlsConnection  # pyright: ignore[reportAssignmentType]


class Urllib3Transport:
    """Sends requests and returns their responses, from any number of threads.

    It never retries, and follows no redirect.
    A connection idle for too long is closed in place of being reused;
    `close`, or the end of a `with` block, closes the idle ones.
    After a fork the child opens its own connections.

    Arguments:
        timeout: the limits of an exchange without limits of its own; a number is its total, in
            seconds. A DNS look-up cannot be interrupted, but counts.
        ssl_context: verifies servers, and may hold a client certificate; by default servers are
            verified against the operating system's trust store. A context that does not verify
            certificates and host names is refused.
        proxy: the URL of an HTTP proxy, `http://name:password@host:port`, for all other machines;
            None for no proxy; by default the environment variables `HTTPS_PROXY`, `HTTP_PROXY`,
            `ALL_PROXY` and `NO_PROXY`, in either case, when the transport is created.
            `https://` stays encrypted between you and the server.
        allow_http: whether to send unencrypted to other machines.
        max_connections: how many connections may be open to one origin at once, or to a proxy that
            forwards; at least 1.
        max_body: how many bytes the body of a response may have after decoding, at least 1.
        max_idle: for how many seconds an idle connection is reused, from 0 to 3,600; less if the
            server announces less.
        pool: your own `urllib3.PoolManager`, such as a `SOCKSProxyManager`; you close it.
            It decides about TLS, proxies and connections, so leave those options out.
            A failure is `NotSent` only if urllib3 says that there was no connection. Nothing but
            its own timeouts ends a response that drips.

    Raises `InvalidInput` for an invalid option.
    """

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
        pool: urllib3.PoolManager | None = None,
    ) -> None:
        self._closed = False
        self._given = pool
        self._start_afresh()
        if pool is not None:
            is_default = proxy in (None, ENVIRONMENT)
            is_default &= (max_connections, max_idle) == (MAX_CONNECTIONS, MAX_IDLE)
            if not isinstance(pool, urllib3.PoolManager):
                raise InvalidInput("pool", "must be a urllib3.PoolManager")
            if not is_default or ssl_context is not None:
                problem = "has its own TLS, proxies and connections"
                raise InvalidInput(
                    "pool", f"{problem}; leave out ssl_context, proxy, max_connections and max_idle"
                )
            proxy = None
        self._settings = Settings(
            timeout,
            ssl_context,
            allow_http,
            max_connections,
            max_body,
            parse_proxies(proxy),
            max_idle,
        )
        _all.add(self)

    @property
    def timeout(self) -> Timeout:
        """The limits of an exchange without limits of its own."""
        return self._settings.timeout

    def send(self, request: Request, timeout: Timeout | None = None) -> Response:
        """Send *request* once, and return its response of any status.

        Arguments:
            request: `Host`, `Content-Length` and `Accept-Encoding` are added to it.
            timeout: the limits of this exchange, in seconds.

        Raises `InvalidInput` for a request that must not be sent,
        `NotSent` if certainly no byte of it left,
        and `NoAnswer` if a byte may have left and no complete response arrived.
        """
        exchange = self._settings.start(request, timeout, time.monotonic())
        handled = sys.exception()
        try:
            return self._send(exchange)
        except (TransportError, KeyboardInterrupt) as error:
            strip_tracebacks(error, handled)
            raise

    def _send(self, exchange: OutgoingExchange) -> Response:
        if self._closed:
            raise exchange.transport_closed()
        if self._given is not None:
            return self._send_over(self._given, exchange)
        if urllib3.HTTPSConnectionPool.ConnectionCls is not STOCK_CONNECTION:
            # VCR.py replaces it while a cassette is in use. None of its connections may outlive
            # the cassette, and it takes connections out of a pool that waits for their return.
            with self._create_manager(exchange.proxy) as manager:
                return self._send_over(manager, exchange)
        running = Running(exchange, self._addresses, self._connections)
        before = RUNNING.set(running)
        try:
            urlopen = self._pool(exchange).urlopen
            return self._exchange(urlopen, exchange.request_target, exchange)
        except KeyboardInterrupt:
            exchange.note_cut()
            raise
        except (exceptions.HTTPError, OSError, ValueError) as error:
            raise self._failure(exchange, error) from None
        finally:
            running.release()
            RUNNING.reset(before)

    def _send_over(self, manager: urllib3.PoolManager, exchange: OutgoingExchange) -> Response:
        exchange.phase = "sent"  # unless an exception says that it is not
        try:
            return self._exchange(manager.urlopen, exchange.request.url, exchange)
        except KeyboardInterrupt:
            exchange.note_cut()
            raise
        except (exceptions.HTTPError, OSError, ValueError) as error:
            raise _failure_of(exchange, error) from None

    def _exchange(
        self, urlopen: Callable[..., Any], url: str, exchange: OutgoingExchange
    ) -> Response:
        limits = exchange.timeout
        response = cast(
            urllib3.BaseHTTPResponse,
            urlopen(
                exchange.request.method,
                url,
                body=exchange.request.body or None,
                headers=_headers_of(exchange),
                retries=False,
                redirect=False,
                assert_same_host=False,
                timeout=urllib3.Timeout(
                    connect=min(limits.connect, limits.total), read=min(limits.read, limits.total)
                ),
                pool_timeout=max(exchange.connect_by - time.monotonic(), 0),
                preload_content=False,
                decode_content=False,
            ),
        )
        try:
            if not exchange.status:  # else a connection of ours has noted it
                exchange.receive_head(response.status, response.headers.items())
            if exchange.status < 200:
                raise exchange.failure("protocol", f"status {response.status} is not final")
            body = Body(exchange.headers, self._settings.max_body, exchange.failure)
            for data in _stream(response):
                body.feed(data)
                if time.monotonic() >= exchange.end:
                    raise exchange.timed_out(exchange.end)
            return Response(exchange.status, exchange.headers, body.finish())
        except BaseException:
            response.close()
            raise
        finally:
            response.release_conn()

    def _failure(self, exchange: OutgoingExchange, error: Exception) -> TransportError:
        if not isinstance(error, (exceptions.EmptyPoolError, exceptions.ClosedPoolError)):
            return exchange.unreadable()
        if self._closed:
            return exchange.transport_closed()
        return exchange.timed_out(time.monotonic())

    def _pool(self, exchange: OutgoingExchange) -> urllib3.HTTPConnectionPool:
        origin, proxy = exchange.target.origin, exchange.proxy
        pool = self._pools.get(origin)
        if pool is None:
            manager = self._managers.get(proxy)
            if manager is None:
                new = self._create_manager(proxy)
                new.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}
                manager = self._managers.setdefault(proxy, new)
            found = manager.connection_from_host(origin.host, origin.port, origin.scheme)
            pool = self._pools.setdefault(origin, found)
        if self._closed:  # by another thread just now
            _close(pool)
            raise exchange.transport_closed()
        return pool

    def _create_manager(self, proxy: Proxy | None) -> urllib3.PoolManager:
        settings = self._settings
        options: dict[str, Any] = {
            "maxsize": settings.max_connections,
            "block": True,
            "ssl_context": settings.ssl_context or default_ssl_context(),
        }
        if proxy is None:
            return urllib3.PoolManager(**options)
        host = f"[{proxy.host}]" if ":" in proxy.host else proxy.host
        return urllib3.ProxyManager(
            f"http://{host}:{proxy.port}", proxy_headers=proxy.fields, **options
        )

    def close(self) -> None:
        """Close every idle connection now, and those in use when their exchange is over.

        From then on `send` raises `NotSent`, also in threads that wait for a connection.
        """
        self._closed = True
        for pool in list(self._pools.values()):
            _close(pool)

    def _start_afresh(self) -> None:
        self._managers: dict[Proxy | None, urllib3.PoolManager] = {}
        self._pools: dict[Origin, urllib3.HTTPConnectionPool] = {}
        self._addresses: dict[str, str] = {}
        self._connections: set[PlainConnection] = set()

    def __reduce__(self) -> NoReturn:
        refuse_pickling(self, "holds open connections")

    def __del__(self) -> None:
        if not hasattr(self, "_connections"):  # the constructor has raised
            return
        try:
            if self._connections and not self._closed:
                warn_unclosed(self, "call close(), or use a `with` block")
        finally:
            self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


_all: WeakSet[Urllib3Transport] = WeakSet()


def _in_child() -> None:  # pragma: no cover - coverage does not measure a forked child
    # The parent uses the same connections: each would get responses of the other.
    for transport in _all:
        transport._start_afresh()


# Where there is no fork, there is nothing to do.
getattr(os, "register_at_fork", lambda **when: None)(after_in_child=_in_child)


def _close(pool: urllib3.HTTPConnectionPool) -> None:
    queue = pool.pool
    pool.close()
    if isinstance(queue, ConnectionQueue):  # None if it is closed
        queue.close()


def _stream(response: urllib3.BaseHTTPResponse) -> Iterable[bytes]:
    # urllib3 would wait for the chunks of a response that has no body (RFC 9112, 6.3).
    if response.status in (204, 304) and "transfer-encoding" in response.headers:
        return ()
    return response.stream(READ_SIZE)


def _headers_of(exchange: OutgoingExchange) -> Any:
    fields = exchange.fields
    if "user-agent" not in exchange.request.headers.names:
        fields.append(("User-Agent", SKIP_HEADER))
    # A plain dict is faster, but cannot hold a name twice.
    distinct = {name.lower(): (name, value) for name, value in fields}
    if len(distinct) == len(fields):
        return dict(distinct.values())
    return urllib3.HTTPHeaderDict(fields)


def _failure_of(exchange: OutgoingExchange, error: Exception) -> TransportError:
    """Return the meaning of an exception of urllib3, where only that is known."""
    now = time.monotonic()
    if isinstance(error, (exceptions.EmptyPoolError, exceptions.ClosedPoolError)):
        exchange.phase = "waiting"
        return exchange.failure("pool", f"the pool gave no connection ({type(error).__name__})")
    found = error.original_error if isinstance(error, exceptions.ProxyError) else error
    if isinstance(found, exceptions.NewConnectionError):
        exchange.phase = "connecting"
        return exchange.not_connected(found.__cause__ or found)
    if isinstance(found, exceptions.ConnectTimeoutError):
        exchange.phase = "connecting"
        return exchange.timed_out(now)
    # Of exactly this type: the text of others may be the server's.
    if type(found) is OSError and str(found).startswith("Tunnel connection failed"):
        exchange.phase = "connecting"
        return exchange.failure("proxy", f"the proxy of the pool refused ({found})")
    cause = found if isinstance(found, OSError) or not found.args else found.args[-1]
    if isinstance(cause, ssl.SSLCertVerificationError):
        exchange.phase = "connecting"  # it is raised by a handshake, before any byte of a request
        return exchange.not_trusted(cause)
    if isinstance(found, exceptions.TimeoutError):
        return exchange.timed_out(now)
    if isinstance(cause, OSError):
        return exchange.connection_lost(cause, now)
    exchange.ended = isinstance(cause, IncompleteRead)
    return exchange.unreadable()
