"""The trio transport: a pool of HTTP/1.1 connections on trio's streams.

An exchange runs without a nursery.
"""

import ssl
from collections.abc import Coroutine
from typing import Any, TypeVar

try:
    import trio

    from calcom_transports.async_transport import Event, PooledTransport
    from calcom_transports.exchange import OutgoingExchange
    from calcom_transports.trio_connection import TrioConnection, connect, with_deadline
except ModuleNotFoundError as missing:
    raise ImportError(
        "the trio transport needs trio, h11 and truststore: pip install 'calcom-bookings[trio]'"
    ) from missing

from calcom_transports.trio_runtime import iterate_trio as iterate_trio
from calcom_transports.trio_runtime import run_trio as run_trio

T = TypeVar("T")


class TrioTransport(PooledTransport[TrioConnection]):
    """The transport for trio; `PooledTransport` documents its options.

    It belongs to the `trio.run` that it is first used in.
    """

    library = "trio"
    _loop_name = "trio.run"
    _cancelled = trio.Cancelled

    def _running_loop(self) -> trio.lowlevel.TrioToken | None:
        try:
            return trio.lowlevel.current_trio_token()
        except RuntimeError:
            return None

    def _now(self) -> float:
        return trio.current_time()

    def _event(self) -> Event:
        return trio.Event()

    async def _with_deadline(
        self, deadline: float, exchange: OutgoingExchange, waiting: Coroutine[Any, Any, T]
    ) -> T:
        return await with_deadline(deadline, exchange, waiting)

    async def _connect(
        self, exchange: OutgoingExchange, context: ssl.SSLContext | None
    ) -> TrioConnection:
        return await connect(exchange, context)

    async def aclose(self) -> None:
        """Close every idle connection now, and those in use when their exchange is over.

        From then on `send` raises `NotSent`, also in tasks that wait for a connection.
        """
        await super().aclose()
        await trio.lowlevel.checkpoint()
