"""`ConfiguredClient`: the options of both clients.

It checks the options, finds the credentials, and creates the programs of its operations.
Its subclasses `Client` and `AsyncClient` run these programs.
"""

import inspect
from abc import ABC, abstractmethod
from copy import copy
from typing import Generic, NoReturn, Self, TypeVar

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
from calcom_core.secret import Secret, to_secret
from calcom_core.versions import EVERYWHERE, Versions
from calcom_transports import environment
from calcom_transports.instrumentation import (
    OnExchange,
    check_on_exchange,
)
from calcom_transports.pacing import Pacer

T = TypeVar("T")
Sender = TypeVar("Sender")


def _api(
    api_key: Secret | None,
    auth: Auth | None,
    base_url: str | None,
    versions: Versions,
    headers: HeadersInput | None,
    replays: bool,
    recorded_url: str | None,
) -> Api:
    """Create the API of a client; with a replay, read no environment variable."""
    if api_key is not None and auth is not None:
        raise InvalidInput("auth", "cannot be combined with api_key; give one of them")
    if auth is None:
        if api_key is None:
            auth = Anonymous() if replays else ApiKey(_environment_key())
        else:
            auth = ApiKey(api_key)
    if base_url is None:
        base_url = recorded_url if replays else environment.base_url()
    return Api(
        auth,
        HOSTED_URL if base_url is None else base_url,
        versions,
        headers=() if headers is None else headers,
    )


def _check_key(api_key: str | Secret | None, replays: bool) -> Secret | None:
    """Return the given key, or None without one."""
    if api_key is None or (api_key == "" and replays):  # a replay needs no key
        return None
    if api_key == "":
        remedy = f"give a key, or omit it to read {environment.API_KEY}"
        raise InvalidInput("api_key", f"is empty; {remedy}")
    return to_secret(api_key, "api_key")


def _environment_key() -> Secret:
    key = environment.api_key()
    if key is None:
        raise InvalidInput(
            "api_key",
            f"is missing; give it, or set the environment variable {environment.API_KEY}; "
            "to call without credentials, give auth=Anonymous()",
        )
    return key


class ConfiguredClient(ABC, Generic[Sender]):
    """A client without I/O: an `Api`, a transport, and the options of its programs."""

    _is_async = False

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
        # The text of every credential is deleted before anything is raised, because a traceback
        # can show the locals of its frames. `auth` and `base_url` may hold a misplaced one.
        replays = hasattr(transport, "begin")
        try:
            key = _check_key(api_key, replays)
            recorded = getattr(transport, "base_url", None)
            self.api = _api(key, auth, base_url, versions, headers, replays, recorded)
        except InvalidInput as error:
            del api_key, auth, base_url, versions, headers
            raise error.with_traceback(None) from error.__cause__
        del api_key, headers
        if transport is not None:
            self._check(transport)
        self._timeout = to_timeout(timeout)
        self.retry = check_policy(retry, "retry")
        self.pace = check_pace(pace)
        self.pacer = Pacer.of(self.pace, self.api, transport)
        self.concurrency = at_least_1(concurrency)
        self._on_exchange = check_on_exchange(on_exchange)
        self._transport: Sender = self._usual_transport() if transport is None else transport

    @abstractmethod
    def _usual_transport(self) -> Sender: ...

    def _check(self, transport: object) -> None:
        """Refuse a transport of the other kind, whose mistake would show only after it has sent."""
        send = getattr(transport, "send", None)
        serves_both = hasattr(transport, "begin") or hasattr(transport, "sync_transport")
        if isinstance(transport, type) or not (serves_both or callable(send)):
            raise InvalidInput("transport", "must be a Replay, or have send(request, timeout)")
        if not serves_both and inspect.iscoroutinefunction(send) is not self._is_async:
            if self._is_async:
                raise InvalidInput("transport", "must have `async def send`; use this with Client")
            raise InvalidInput("transport", "has `async def send`; use it with AsyncClient")

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
        """Return a client with other options, which shares the transport.

        None keeps an option. Base URL and versions always stay.

        Args:
            timeout: as in the constructor.
            retry: as in the constructor.
            pace: as in the constructor; `NO_PACE` never waits.
            concurrency: as in the constructor.
            headers: extra headers; they replace all earlier extra headers, and `{}` removes those.
            auth: fresh credentials, such as `AccessToken(new)`; this client keeps its own.
            on_exchange: as in the constructor; it replaces an earlier one.

        Raises:
            InvalidInput: for a value that the constructor refuses.
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
            client.pacer = Pacer.of(client.pace, client.api, self._transport)
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
            f"{name} cannot be pickled: it holds a credential and open connections; "
            "create one in each process"
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.api.base_url!r}, {type(self.api.auth).__name__})"
