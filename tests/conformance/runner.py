"""Runs scenarios with a transport, and reports where it does not meet their expectations.

In every scenario a failure is `NotSent` or `NoAnswer`, and `NotSent` only if the server saw no
byte of the request; no request arrives twice; and a failure leaves no connection open.
"""

import asyncio
import math
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from functools import partial
from inspect import isawaitable
from threading import Thread
from typing import Any, TypeAlias, TypeVar

import trio
from attrs import astuple, define, field, frozen
from server import PATIENCE, NeverAccepting, Server

from calcom_core.errors import NotSent, TransportError
from calcom_core.http import Request, Response, Timeout
from conformance.comparison import outcome_difference, request_difference
from conformance.scenarios import Exchange, Place, Scenario

AT_ONCE = 24
MARGIN = 10.0
"""How many seconds an exchange may outlast its timeouts on a slow machine."""
GRACE = 2.0
"""How many seconds a transport has to end when its connections are gone."""
TIME_TO_NOTICE = 0.05
"""How many seconds a transport has to notice that the server ended a kept connection."""

T = TypeVar("T")
Make: TypeAlias = Callable[[], Any]
Send: TypeAlias = Callable[[Request, Timeout | None], Any]
Use: TypeAlias = Callable[[Send], None]
Runtime: TypeAlias = Callable[[Make, Use], None]


@frozen
class Target:
    """A transport, how it runs, and the TLS of the servers that it trusts and does not trust."""

    make: Make
    runtime: Runtime
    tls: ssl.SSLContext | None = None
    untrusted: ssl.SSLContext | None = None


def failures(scenarios: Sequence[Scenario], target: Target) -> list[str]:
    """Run the scenarios, some at once; return the expected and actual outcome of each failure.

    The next `AT_ONCE` scenarios run only if none of those before them fails.
    """
    found: list[str] = []
    while scenarios and not found:
        batch, scenarios = scenarios[:AT_ONCE], scenarios[AT_ONCE:]
        problems = _at_once([Trial(scenario, target).run for scenario in batch])
        results = zip(batch, problems, strict=True)
        found = [f"{scenario}: expected {problem}" for scenario, problem in results if problem]
    return found


def _in_thread(call: Callable[[], T]) -> Future[T]:
    """Start *call* in a daemon thread: if it hangs, it does not keep the process alive."""
    future: Future[T] = Future()

    def work() -> None:
        try:
            future.set_result(call())
        except BaseException as error:
            future.set_exception(error)

    Thread(target=work, daemon=True).start()
    return future


def _at_once(calls: Sequence[Callable[[], T]]) -> list[T]:
    return [future.result() for future in [_in_thread(call) for call in calls]]


# A transport of each kind behind one blocking `send`.


def blocking(make: Make, use: Use) -> None:
    """Run a blocking transport."""
    with ExitStack() as stack:
        transport = make()
        if hasattr(transport, "__enter__"):
            transport = stack.enter_context(transport)
        elif hasattr(transport, "close"):
            stack.callback(transport.close)
        use(transport.send)


def on_trio(make: Make, use: Use) -> None:
    """Run an async transport under trio."""

    async def main() -> None:
        token = trio.lowlevel.current_trio_token()
        async with _opened(make()) as transport:
            send = partial(trio.from_thread.run, transport.send, trio_token=token)
            await trio.to_thread.run_sync(use, send)

    trio.run(main)


def on_asyncio(make: Make, use: Use) -> None:
    """Run an async transport under asyncio."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with _opened(make()) as transport:

            def send(request: Request, timeout: Timeout | None) -> Any:
                sending = transport.send(request, timeout)
                return asyncio.run_coroutine_threadsafe(sending, loop).result()

            await asyncio.wrap_future(_in_thread(partial(use, send)))

    asyncio.run(main())


@asynccontextmanager
async def _opened(transport: Any) -> AsyncIterator[Any]:
    async with AsyncExitStack() as stack:
        if hasattr(transport, "__aenter__"):
            transport = await stack.enter_async_context(transport)
        elif hasattr(transport, "__enter__"):
            transport = stack.enter_context(transport)
        elif close := getattr(transport, "aclose", None) or getattr(transport, "close", None):
            stack.push_async_callback(_close, close)
        yield transport


async def _close(close: Callable[[], Any]) -> None:
    closing = close()
    if isawaitable(closing):
        await closing


@define(eq=False)
class Trial:
    """One run of a scenario."""

    scenario: Scenario
    target: Target
    due: float = math.inf
    server: Server = field(init=False)
    outcomes: list[Any] = field(factory=list)

    def run(self) -> str:
        """Run the scenario; return its expected and actual outcome if they differ, else "".

        If it takes too long, end its connections; if it still runs then, abandon it.
        """
        self.due = time.monotonic() + MARGIN
        future = _in_thread(self._run)
        while not wait([future], max(self.due - time.monotonic(), 0)).done:
            if time.monotonic() > self.due:
                self.server.hang_up(reset=True)  # a reset also ends a send
                wait([future], GRACE)
                return "an end within its limits, but it goes on"
        return future.result()

    def _run(self) -> str:
        problem = ""

        def use(send: Send) -> None:
            nonlocal problem
            problem = self._exchange(url, send)

        try:
            with _served(self.scenario, self.target) as (self.server, url):
                self.target.runtime(self.target.make, use)
        except BaseException:
            if not problem:
                raise
        return problem or self._seen()  # now that the server is at rest

    def _exchange(self, url: str, send: Send) -> str:
        exchanges = self.scenario.exchanges
        for batch in [exchanges] if self.scenario.at_once else [(each,) for each in exchanges]:
            if batch[0].after_end:
                self.server.wait_for(self._has_ended, PATIENCE)
                # Real time is the subject: a transport may notice the end in a task or a thread of
                # its own, which nothing shows, and has this long for it.
                time.sleep(TIME_TO_NOTICE)
            # One timeout must end the exchange; the others are longer.
            limit = min(astuple(batch[0].timeout or Timeout()))
            self.due = time.monotonic() + limit + MARGIN
            outcomes = _at_once([partial(_outcome, send, url, each) for each in batch])
            self.due = time.monotonic() + PATIENCE + MARGIN
            self.outcomes += outcomes
            self.server.released.set()
            for each, outcome in zip(batch, outcomes, strict=True):
                if difference := outcome_difference(each.expected, outcome):
                    return difference
            failed = any(isinstance(outcome, TransportError) for outcome in outcomes)
            closes = failed and not self.scenario.may_stay_open
            if closes and not self.server.wait_for(lambda: self.server.is_quiet, PATIENCE):
                return "a connection that is closed after a failure, but it is still open"
        return ""

    def _has_ended(self) -> bool:
        return self.server.ended.is_set() or self.server.is_quiet

    def _seen(self) -> str:
        """Return what is wrong with the requests that the server saw, or ""."""
        responded = sum(isinstance(outcome, Response) for outcome in self.outcomes)
        sent = sum(not isinstance(outcome, NotSent) for outcome in self.outcomes)
        begun = sum(peer.begun for peer in self.server.peers)
        if begun > sent:
            return (
                f"{_requests(sent)} to reach the server, and no byte of one that is NotSent, "
                f"but it saw {begun}"
            )
        if begun < responded:
            return f"{_requests(responded)} to reach the server, but it saw {begun}"
        if self.scenario.at_once:
            return ""  # in any order
        authority = f"{self.server.host}:{self.server.port}"
        pairs = zip(self.scenario.exchanges, self.server.requests, strict=False)
        found = (request_difference(exchange, came, authority) for exchange, came in pairs)
        return next(filter(None, found), "")


def _requests(number: int) -> str:
    return "1 request" if number == 1 else f"{number} requests"


def _outcome(send: Send, url: str, exchange: Exchange) -> Any:
    request = Request(exchange.method, url + exchange.target, exchange.headers, exchange.body)
    try:
        return send(request, exchange.timeout)
    except Exception as error:
        return error


@contextmanager
def _served(scenario: Scenario, target: Target) -> Iterator[tuple[Server, str]]:
    """Start the server of a scenario; yield it, and the URL that requests go to."""
    place = scenario.place
    tls = {Place.CLEAR: None, Place.UNTRUSTED: target.untrusted}.get(place, target.tls)
    with ExitStack() as stack:
        server = stack.enter_context(Server(scenario.handler, tls=tls))
        url = server.url
        if place is Place.CLEAR:
            url = f"https://localhost:{server.port}"
        elif place in (Place.REFUSED, Place.SILENT):
            if place is Place.SILENT:
                taken = stack.enter_context(NeverAccepting()).listener
            else:
                taken = stack.enter_context(socket.socket())
                taken.bind(("127.0.0.1", 0))  # without listen() it refuses
            url = url.replace(str(server.port), str(taken.getsockname()[1]))
        yield server, url
