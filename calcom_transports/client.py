"""The blocking and the async client; `calcom_transports.namespaces` has their methods."""

from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import Self, TypeVar

from calcom_core.effects import Program, Stream
from calcom_core.model.booking import Booking
from calcom_core.operation import Operation, Page
from calcom_core.retry import Exchange
from calcom_transports.async_interpreter import AnyAsyncTransport, AsyncItems, run_async
from calcom_transports.client_options import ConfiguredClient
from calcom_transports.interpreter import AnyTransport, AsyncTransport, Transport, iterate, run
from calcom_transports.namespaces import (
    AsyncBookings,
    AsyncEventTypes,
    AsyncMe,
    AsyncSlots,
    AsyncTeams,
    Bookings,
    EventTypes,
    Me,
    Namespace,
    Slots,
    Teams,
)

T = TypeVar("T")


class Client(ConfiguredClient[AnyTransport]):
    """The blocking client.

    Args:
        api_key: the key of the account, as a string or a `Secret`; by default the
            environment variable `CALCOM_API_KEY`.
        auth: credentials of another kind, or `Anonymous()`, in place of *api_key*.
        base_url: the URL of the server, without `/v2`; it may have a path prefix. By default the
            environment variable `CALCOM_BASE_URL`, or else the hosted service.
        versions: the version profile: `EVERYWHERE`, which every server supports, or `HOSTED`, the
            newest versions of the hosted service.
        transport: sends the requests; by default a `Urllib3Transport`, which needs the extra
            `urllib3`. A `Replay` needs no key, reads no environment variable, and has the recorded
            base URL.
        timeout: seconds for a whole exchange, above 0, or a `Timeout`; by default the timeout of
            the transport, 60 seconds.
        retry: when to retry; by default up to four attempts within 3 minutes, and only requests
            that cannot do anything twice. `NO_RETRY` never retries.
        pace: how to share and spread the rate limits that responses state; `NO_PACE` never waits.
            Clients with the same credential in a process share the known limits. A replay has no
            limits.
        concurrency: how many pages of a list to request at once, at least 1. More than the
            transport's 10 connections gain nothing.
        headers: extra headers for every request, such as those of a proxy in front of the API;
            a mapping or pairs. Only `User-Agent` replaces a header of the library.
            `calcom_core.Api` lists the refused headers.
        on_exchange: a function that is called with the `Observation` of each exchange, retries
            included, and returns a context manager to run the exchange in; see
            `calcom_transports.instrumentation.OnExchange`.

    Raises:
        InvalidInput: without credentials, for an invalid option, and for a blank environment
            variable.

    Its `with` block closes the transport, also if other clients share it.
    Several threads may use it at once. It cannot be pickled.
    """

    def _usual_transport(self) -> Transport:
        from calcom_transports.urllib3 import Urllib3Transport

        return Urllib3Transport()

    bookings = Namespace(Bookings)
    slots = Namespace(Slots)
    teams = Namespace(Teams)
    event_types = Namespace(EventTypes)
    me = Namespace(Me)

    def call(self, op: Operation[T]) -> T:
        """Run one operation and return its result."""
        return self.run(self._exchanging(op)).value

    def exchange(self, op: Operation[T]) -> Exchange[T]:
        """Run one operation and return request, response and result."""
        return self.run(self._exchanging(op))

    def run(self, program: Program[T]) -> T:
        """Run a program within the client's timeout and return its result."""
        return run(
            program,
            self._transport,
            self._timeout,
            pacer=self.pacer,
            on_exchange=self._on_exchange,
        )

    def iterate(self, stream: Stream[T]) -> Iterator[T]:
        """Run a stream and yield the items that it emits."""
        return iterate(
            stream,
            self._transport,
            self._timeout,
            pacer=self.pacer,
            on_exchange=self._on_exchange,
        )

    def pages(self, op: Operation[Page[Booking]]) -> Iterator[Page[Booking]]:
        """Iterate over the pages of a list from that of *op*; see `calcom_core.paging.pages`."""
        return self.iterate(self._pages(op))

    def items(self, op: Operation[Page[Booking]]) -> Iterator[Booking]:
        """Iterate over the bookings of a list, each uid once; see `calcom_core.paging.items`."""
        return self.iterate(self._items(op))

    def close(self) -> None:
        """Close the transport, which clients made by `with_options` share."""
        self.__exit__(None, None, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        leave = getattr(self._transport, "__exit__", None)
        if leave is not None:
            leave(kind, error, traceback)


class AsyncClient(ConfiguredClient[AnyAsyncTransport]):
    """The client for asyncio and for trio: as `Client`, with `await`.

    The default transport is `AsyncioTransport`, which needs the extra `asyncio`, or under trio
    `TrioTransport`, which needs the extra `trio`. The library that runs when the client is created,
    or else when it is first used, decides.
    A client belongs to one event loop; several of its tasks may use it at once.
    Its `async with` block closes the transport.

    A cancelled write, as by `asyncio.timeout` or `trio.fail_after`, may have happened; the log
    names it. Limit writes with `with_options(timeout=…)` instead, whose error tells whether it may
    have happened, or call `create_once` again with the same key.
    """

    _is_async = True

    def _usual_transport(self) -> AsyncTransport:
        from calcom_transports.async_runtime import NativeTransport

        return NativeTransport()

    bookings = Namespace(AsyncBookings)
    slots = Namespace(AsyncSlots)
    teams = Namespace(AsyncTeams)
    event_types = Namespace(AsyncEventTypes)
    me = Namespace(AsyncMe)

    async def call(self, op: Operation[T]) -> T:
        """Run one operation and return its result."""
        return (await self.run(self._exchanging(op))).value

    async def exchange(self, op: Operation[T]) -> Exchange[T]:
        """Run one operation and return request, response and result."""
        return await self.run(self._exchanging(op))

    async def run(self, program: Program[T]) -> T:
        """Run a program within the client's timeout and return its result."""
        from calcom_transports.async_runtime import runtime_for

        return await run_async(
            program,
            self._transport,
            self._timeout,
            runtime_for(self._transport),
            pacer=self.pacer,
            on_exchange=self._on_exchange,
        )

    def iterate(self, stream: Stream[T]) -> AsyncIterator[T]:
        """Run a stream; return an async iterator of the items that it emits."""
        from calcom_transports.async_runtime import runtime_for

        return AsyncItems(
            stream,
            self._transport,
            self._timeout,
            runtime_for(self._transport),
            pacer=self.pacer,
            on_exchange=self._on_exchange,
        )

    def pages(self, op: Operation[Page[Booking]]) -> AsyncIterator[Page[Booking]]:
        """Iterate over the pages of a list from that of *op*; see `calcom_core.paging.pages`."""
        return self.iterate(self._pages(op))

    def items(self, op: Operation[Page[Booking]]) -> AsyncIterator[Booking]:
        """Iterate over the bookings of a list, each uid once; see `calcom_core.paging.items`."""
        return self.iterate(self._items(op))

    async def aclose(self) -> None:
        """Close the transport, which clients made by `with_options` share."""
        await self.__aexit__(None, None, None)

    async def __aenter__(self) -> Self:
        from calcom_transports.async_runtime import NativeTransport, runtime_for

        runtime_for(self._transport)
        if isinstance(self._transport, NativeTransport):
            self._transport.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        leave_async = getattr(self._transport, "__aexit__", None)
        leave = getattr(self._transport, "__exit__", None)
        if leave_async is not None:
            await leave_async(kind, error, traceback)
        elif leave is not None:  # a replay, which has nothing to await
            leave(kind, error, traceback)
