"""The asyncio transport: a pool of HTTP/1.1 connections on sockets of the event loop.

It needs no other library for the network, and works with every event loop, uvloop included.
"""

import asyncio
import ssl
from collections.abc import Coroutine
from typing import Any, TypeVar

try:
    from calcom_transports.async_transport import Event, PooledTransport
    from calcom_transports.asyncio_connection import AsyncioConnection, connect, with_deadline
    from calcom_transports.exchange import OutgoingExchange
except ModuleNotFoundError as missing:
    raise ImportError(
        "the asyncio transport needs h11 and truststore: pip install 'calcom-bookings[asyncio]'"
    ) from missing

from calcom_transports.asyncio_runtime import iterate_asyncio as iterate_asyncio
from calcom_transports.asyncio_runtime import run_asyncio as run_asyncio

T = TypeVar("T")


class AsyncioTransport(PooledTransport[AsyncioConnection]):
    """The transport for asyncio; `PooledTransport` documents its options.

    It belongs to the event loop that it is first used in.
    """

    library = "asyncio"
    _loop_name = "event loop"
    _cancelled = asyncio.CancelledError

    def _running_loop(self) -> asyncio.AbstractEventLoop | None:
        try:
            return asyncio.get_running_loop()
        except RuntimeError:
            return None

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _event(self) -> Event:
        return asyncio.Event()

    async def _with_deadline(
        self, deadline: float, exchange: OutgoingExchange, waiting: Coroutine[Any, Any, T]
    ) -> T:
        return await with_deadline(deadline, exchange, waiting)

    async def _connect(
        self, exchange: OutgoingExchange, context: ssl.SSLContext | None
    ) -> AsyncioConnection:
        return await connect(exchange, context)
