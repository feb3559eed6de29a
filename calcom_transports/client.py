"""The blocking and the async client; their methods are bound from the functions of the core."""

import inspect
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Generator, Iterator
from copy import copy
from types import TracebackType
from typing import Generic, NoReturn, Self, TypeVar, cast

from attrs import evolve

from calcom_core.api import HOSTED_URL, Anonymous, Api, ApiKey, Auth
from calcom_core.effects import Program, Stream
from calcom_core.errors import InvalidInput
from calcom_core.http import HeadersInput, Timeout, to_timeout
from calcom_core.model.booking import Booking
from calcom_core.operation import Operation, Page
from calcom_core.pacing import DEFAULT_PACE, Pace, check_pace
from calcom_core.paging import at_least_1, items, pages
from calcom_core.retry import (
    DEFAULT_RETRY,
    Exchange,
    RetryPolicy,
    check_policy,
    exchange_with_retries,
)
from calcom_core.secret import Secret, parse_secret, to_secret
from calcom_core.versions import EVERYWHERE, Versions
from calcom_transports import environment
from calcom_transports.async_interpreter import AnyAsyncTransport, AsyncItems, run_async
from calcom_transports.instrumentation import (
    ON_EXCHANGE,
    AsyncObservedItems,
    OnExchange,
    check_on_exchange,
    observe_items,
)
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
    Slots,
    Teams,
)
from calcom_transports.pacing import Pacer

T = TypeVar("T")
Sender = TypeVar("Sender")


def _api(
    api_key: Secret | InvalidInput | None,
    auth: Auth | None,
    base_url: str | None,
    versions: Versions,
    headers: HeadersInput | None,
    replays: bool,
    recorded_url: str | None,
) -> Api:
    """Return the API of a client; with a replay it reads no environment variable."""
    if api_key is not None and auth is not None:
        raise InvalidInput("auth", "cannot stand with api_key; give one of them")
    if auth is None:
        if api_key is None:
            auth = Anonymous() if replays else ApiKey(_key_of_environment())
        else:
            auth = ApiKey(to_secret(api_key))
    if base_url is None:
        base_url = recorded_url if replays else environment.base_url()
    return Api(
        auth,
        HOSTED_URL if base_url is None else base_url,
        versions,
        headers=() if headers is None else headers,
    )


def _given_key(api_key: str | Secret | None, replays: bool) -> Secret | InvalidInput | None:
    """Return the key, if one was given, or the error for an invalid one."""
    if api_key is None or (api_key == "" and replays):  # a replay needs no key
        return None
    if api_key == "":
        way_out = f"give a key, or leave it out to read {environment.API_KEY}"
        return InvalidInput("api_key", f"is empty; {way_out}")
    return parse_secret(api_key, "api_key")


def _key_of_environment() -> Secret:
    key = environment.api_key()
    if key is None:
        raise InvalidInput(
            "api_key",
            f"is missing; give it, or set the environment variable {environment.API_KEY}; "
            "to call without credentials on purpose, say auth=Anonymous()",
        )
    return key


class _Configured(ABC, Generic[Sender]):
    """What both clients are made of: whom to ask, how, and by what."""

    _awaits = False

    def __init__(
        self,
        api_key: str | Secret | None = None,
        *,
        auth: Auth | None = None,
        base_url: str | None = None,
        versions: Versions = EVERYWHERE,
        transport: Sender | None = None,
        timeout: Timeout | float | None = None,
        retry: RetryPolicy = DEFAULT_RETRY,
        pace: Pace = DEFAULT_PACE,
        concurrency: int = 1,
        headers: HeadersInput | None = None,
        on_exchange: OnExchange | None = None,
    ) -> None:
        # From here on no frame holds the text of a credential, which a traceback could show:
        # `auth` and `base_url` may hold one in the wrong place, and `headers` in the right one.
        replays = hasattr(transport, "begin")
        key = _given_key(api_key, replays)
        del api_key
        try:
            recorded = getattr(transport, "base_url", None)
            self.api = _api(key, auth, base_url, versions, headers, replays, recorded)
        except InvalidInput as error:
            del auth, base_url, versions, headers
            raise error.with_traceback(None) from error.__cause__
        del headers
        if transport is not None:
            self._check(transport)
        self._timeout = to_timeout(timeout)
        self.retry = check_policy(retry, "retry")
        self.pace = check_pace(pace)
        self._pacer = Pacer.of(self.pace, self.api, replays)
        self.concurrency = at_least_1(concurrency)
        self._on_exchange = check_on_exchange(on_exchange)
        self._transport: Sender = self._usual_transport() if transport is None else transport

    @abstractmethod
    def _usual_transport(self) -> Sender: ...

    def _check(self, transport: object) -> None:
        """Refuse a transport of the other kind, which would send before anyone noticed."""
        send = getattr(transport, "send", None)
        serves_both = hasattr(transport, "begin") or hasattr(transport, "sync_transport")
        if isinstance(transport, type) or not (serves_both or callable(send)):
            raise InvalidInput("transport", "must be a Replay, or have send(request, timeout)")
        if not serves_both and inspect.iscoroutinefunction(send) is not self._awaits:
            if self._awaits:
                raise InvalidInput("transport", "must have `async def send`; else it is for Client")
            raise InvalidInput("transport", "has `async def send`, which is for AsyncClient")

    def with_options(
        self,
        *,
        timeout: Timeout | float | None = None,
        retry: RetryPolicy | None = None,
        pace: Pace | None = None,
        concurrency: int | None = None,
        headers: HeadersInput | None = None,
        auth: Auth | None = None,
        on_exchange: OnExchange | None = None,
    ) -> Self:
        """Return a client that shares the transport and differs in what is given.

        None leaves an option as it is. Base URL and versions always stay.

        Args:
            timeout: as the client takes it.
            retry: as the client takes it.
            pace: as the client takes it; `NO_PACE` never waits.
            concurrency: as the client takes it.
            headers: extra headers, which replace all earlier extra headers; `{}` removes them.
            auth: fresh credentials, such as `AccessToken(new)`; this client keeps its own.
            on_exchange: as the client takes it, in place of an earlier one.

        Raises:
            InvalidInput: for a value that the client itself refuses.
        """
        client = copy(self)
        try:
            if auth is not None:
                client.api = evolve(client.api, auth=auth)
            if headers is not None:
                client.api = evolve(client.api, headers=headers)
        except InvalidInput as error:
            del auth, headers  # no frame holds the text of a credential
            raise error.with_traceback(None) from None
        del headers
        client._timeout = self._timeout if timeout is None else to_timeout(timeout)
        client.retry = self.retry if retry is None else check_policy(retry, "retry")
        client.pace = self.pace if pace is None else check_pace(pace)
        if pace is not None or auth is not None:
            client._pacer = Pacer.of(client.pace, client.api, hasattr(self._transport, "begin"))
        if concurrency is not None:
            client.concurrency = at_least_1(concurrency)
        if on_exchange is not None:
            client._on_exchange = check_on_exchange(on_exchange)
        return client

    def _exchanging(self, op: Operation[T]) -> Program[Exchange[T]]:
        return exchange_with_retries(self.api, op, self.retry)

    def _pages(self, op: Operation[Page[Booking]]) -> Stream[Page[Booking]]:
        return pages(self.api, op, self.retry, concurrency=self.concurrency)

    def _items(self, op: Operation[Page[Booking]]) -> Stream[Booking]:
        return items(self.api, op, self.retry, concurrency=self.concurrency)

    def __copy__(self) -> Self:
        client = object.__new__(type(self))
        vars(client).update(vars(self))
        return client

    def __reduce__(self) -> NoReturn:
        name = type(self).__name__
        raise TypeError(
            f"a {name} is not pickled: it holds a credential and open connections; "
            f"make a {name} in each process"
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.api.base_url!r}, {type(self.api.auth).__name__})"


class Client(_Configured[AnyTransport]):
    """The blocking client.

    Args:
        api_key: the key of the account, as a string or a `Secret`; by default that in the
            environment variable `CALCOM_API_KEY`.
        auth: credentials of another kind, or `Anonymous()`, in place of *api_key*.
        base_url: the server, without `/v2`; may have a path prefix; by default that in the
            environment variable `CALCOM_BASE_URL`, or else the hosted service.
        versions: which `cal-api-version` each operation speaks: `EVERYWHERE`, which every server
            answers, or `HOSTED`, the newest of the hosted service.
        transport: what sends; by default urllib3's, which needs the extra `urllib3`.
            A `Replay` needs no key, reads no environment variable, and brings the recorded base
            URL.
        timeout: seconds for a whole exchange, above 0, or a `Timeout`;
            None is the transport's own, which is finite.
        retry: when to retry; by default up to four attempts within 3 minutes, of requests that
            cannot do anything twice. `NO_RETRY` never retries.
        pace: how to share and spread the rate limits that responses state; `NO_PACE` never waits.
            Clients with the same credential in a process share what they learned. A replay has no
            limits.
        concurrency: how many pages of a list a walk may ask for at once, at least 1; more than the
            10 connections of a usual transport gain nothing.
        headers: extra headers for every request, such as those of a proxy in front of the API;
            a mapping or pairs. They replace none of the library's own, but for `User-Agent`.
            `calcom_core.Api` says which headers are refused.
        on_exchange: a function that is called with the `Observation` of each exchange, retries
            included, and returns a context manager to run the exchange in.
            `calcom_transports.instrumentation.OnExchange` says what it may do.

    Raises:
        InvalidInput: without credentials, for an invalid base URL, timeout or header, and for an
            environment variable that is read and blank.

    It is a context manager, which closes the transport, also one that other clients share.
    It may be used by several threads, and is not pickled.
    """

    def _usual_transport(self) -> Transport:
        from calcom_transports.urllib3 import Urllib3Transport

        return Urllib3Transport()

    @property
    def bookings(self) -> Bookings:
        """The operations on bookings."""
        return Bookings(self)

    @property
    def slots(self) -> Slots:
        """The operations on free slots and their reservations."""
        return Slots(self)

    @property
    def teams(self) -> Teams:
        """The lists of the bookings of teams and organisations."""
        return Teams(self)

    @property
    def event_types(self) -> EventTypes:
        """The operations that find an event type to book."""
        return EventTypes(self)

    @property
    def me(self) -> Me:
        """The operation that tells whose credentials these are."""
        return Me(self)

    def call(self, op: Operation[T]) -> T:
        """Carry out one operation and return what it reads."""
        return self.run(self._exchanging(op)).value

    def exchange(self, op: Operation[T]) -> Exchange[T]:
        """Carry out one operation and return request, response and value."""
        return self.run(self._exchanging(op))

    def run(self, program: Program[T]) -> T:
        """Carry out a program and return its result; the client's timeout holds for it too."""
        before = ON_EXCHANGE.set(self._on_exchange)
        try:
            return run(self._pacer.paced(program), self._transport, self._timeout)
        finally:
            ON_EXCHANGE.reset(before)

    def iterate(self, stream: Stream[T]) -> Iterator[T]:
        """Carry out a streaming program and yield the items it emits."""
        emitted = iterate(self._pacer.paced(stream), self._transport, self._timeout)
        return observe_items(self._on_exchange, cast("Generator[T, None, None]", emitted))

    def pages(self, op: Operation[Page[Booking]]) -> Iterator[Page[Booking]]:
        """Walk a list from the page that *op* lists; see `calcom_core.paging.pages`."""
        return self.iterate(self._pages(op))

    def items(self, op: Operation[Page[Booking]]) -> Iterator[Booking]:
        """Walk the bookings of a list, each uid once; see `calcom_core.paging.items`."""
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


class AsyncClient(_Configured[AnyAsyncTransport]):
    """The client for asyncio and for trio: as `Client`, with `await`.

    By default it sends by `AsyncioTransport`, which needs the extra `asyncio`, or under trio by
    `TrioTransport`, which needs the extra `trio`: whichever library runs where the client is
    created, or else where it is first used.
    It belongs to one event loop, and may be used by several tasks of it.
    It is an async context manager, which closes the transport.

    A write that is cancelled, as by `asyncio.timeout` or `trio.fail_after`, may have happened; the
    log names it.
    Limit writes by `with_options(timeout=…)` instead, whose error says what may have happened, or
    call `create_once` again with the same key.
    """

    _awaits = True

    def _usual_transport(self) -> AsyncTransport:
        from calcom_transports.async_runtime import NativeTransport

        return NativeTransport()

    @property
    def bookings(self) -> AsyncBookings:
        """The operations on bookings."""
        return AsyncBookings(self)

    @property
    def slots(self) -> AsyncSlots:
        """The operations on free slots and their reservations."""
        return AsyncSlots(self)

    @property
    def teams(self) -> AsyncTeams:
        """The lists of the bookings of teams and organisations."""
        return AsyncTeams(self)

    @property
    def event_types(self) -> AsyncEventTypes:
        """The operations that find an event type to book."""
        return AsyncEventTypes(self)

    @property
    def me(self) -> AsyncMe:
        """The operation that tells whose credentials these are."""
        return AsyncMe(self)

    async def call(self, op: Operation[T]) -> T:
        """Carry out one operation and return what it reads."""
        return (await self.run(self._exchanging(op))).value

    async def exchange(self, op: Operation[T]) -> Exchange[T]:
        """Carry out one operation and return request, response and value."""
        return await self.run(self._exchanging(op))

    async def run(self, program: Program[T]) -> T:
        """Carry out a program and return its result; the client's timeout holds for it too."""
        from calcom_transports.async_runtime import runtime_for

        before = ON_EXCHANGE.set(self._on_exchange)
        try:
            runtime = runtime_for(self._transport)
            return await run_async(
                self._pacer.paced(program), self._transport, self._timeout, runtime
            )
        finally:
            ON_EXCHANGE.reset(before)

    def iterate(self, stream: Stream[T]) -> AsyncIterator[T]:
        """Carry out a streaming program; an async iterator of the items it emits."""
        from calcom_transports.async_runtime import runtime_for

        runtime = runtime_for(self._transport)
        emitted = AsyncItems(self._pacer.paced(stream), self._transport, self._timeout, runtime)
        return AsyncObservedItems(self._on_exchange, emitted)

    def pages(self, op: Operation[Page[Booking]]) -> AsyncIterator[Page[Booking]]:
        """Walk a list from the page that *op* lists; see `calcom_core.paging.pages`."""
        return self.iterate(self._pages(op))

    def items(self, op: Operation[Page[Booking]]) -> AsyncIterator[Booking]:
        """Walk the bookings of a list, each uid once; see `calcom_core.paging.items`."""
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
        elif leave is not None:  # a replay, which has nothing to wait for
            leave(kind, error, traceback)
