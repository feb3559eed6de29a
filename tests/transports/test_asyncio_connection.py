"""How the asyncio transport connects: to one of several addresses, leaving no other socket open."""

import asyncio
import errno
import gc
import socket
from functools import partial
from typing import Any

import pytest
from cancelling import cancelling
from pooling import all_open_sockets, on_time, open_sockets, sockets_beyond
from resolving import HOST, addresses
from sending import under
from server import NeverAccepting, Server, responding

from calcom_core.errors import NoAnswer, NotSent
from calcom_core.http import Request, Response, Timeout
from calcom_transports import async_transport
from calcom_transports import asyncio as asyncio_transport
from calcom_transports.async_connection import Connection, connect
from calcom_transports.asyncio import AsyncioTransport
from calcom_transports.exchange import OutgoingExchange
from calcom_transports.h11_messages import HttpMessages
from calcom_transports.proxies import Proxies
from calcom_transports.settings import Settings

loops = pytest.mark.parametrize(
    "kind", ["asyncio", pytest.param("uvloop", marks=pytest.mark.exhaustive)]
)


def outgoing(host: str = HOST) -> OutgoingExchange:
    settings = Settings(None, None, False, 1, 1, Proxies())  # type: ignore[arg-type]  # a converter
    return settings.start(Request("GET", f"https://{host}/"), None, 0.0)


async def connected() -> Connection:
    """Open a connection without TLS to the first address of `HOST` that accepts."""
    return await connect(AsyncioTransport.sockets, outgoing(), None)


def listening() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


@loops
@on_time
def test_of_two_accepted_connections_one_is_used_and_the_other_closed(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asyncio_transport, "NEXT_ADDRESS", 0)  # both at once

    async def main() -> None:
        before = set(all_open_sockets())
        connection = await connected()
        [tcp] = set(all_open_sockets()) - before
        assert tcp.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        connection.close()

    with listening() as one, listening() as two:
        addresses(monkeypatch, *[listener.getsockname() for listener in (one, two)])
        for _ in range(20):
            under(kind, main)


@loops
@on_time
def test_a_failed_attempt_starts_the_next_at_once(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asyncio_transport, "NEXT_ADDRESS", 3_600)

    async def main() -> None:
        connection = await connected()
        connection.close()

    with listening() as listener, socket.socket() as bound:
        bound.bind(("127.0.0.2", 0))  # without a listener
        addresses(monkeypatch, bound.getsockname(), listener.getsockname())
        under(kind, main)


@loops
@on_time
def test_if_all_attempts_fail_the_error_has_the_reason_of_each(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        with pytest.raises(NotSent) as caught:
            await connected()
        error = caught.value.__cause__
        assert str(error) == f"no address of {HOST} accepts a connection"
        group = error.__cause__
        assert isinstance(group, ExceptionGroup)
        assert [repr(error) for error in group.exceptions] == [
            "ConnectionRefusedError(111, 'Connection refused')"
        ] * 2

    with socket.socket() as one, socket.socket() as two:
        for bound in (one, two):
            bound.bind(("127.0.0.2", 0))
        addresses(monkeypatch, one.getsockname(), two.getsockname())
        under(kind, main)


@loops
@pytest.mark.parametrize("within_step", [False, True])
@on_time
def test_connecting_can_be_cancelled_at_every_step(
    kind: str,
    within_step: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(asyncio_transport, "NEXT_ADDRESS", 0.001)

    async def main() -> None:
        before = open_sockets()
        for step in range(1, 50):
            opened: list[Connection] = []

            async def call() -> None:
                opened.append(await connected())  # noqa: B023

            ending = await cancelling(call, step, within_step=within_step)
            assert ending.cancelled == (opened == [])
            assert asyncio.all_tasks() == {asyncio.current_task()} | beside
            for connection in opened:
                connection.close()
            assert sockets_beyond(before) == 0
            if ending.left > 0:
                return
        raise AssertionError("never came to its end")

    beside: set[Any] = set()

    async def noting() -> None:
        beside.update(asyncio.all_tasks())
        await main()

    with NeverAccepting() as silent, listening() as listener:
        addresses(monkeypatch, silent.address, listener.getsockname())
        under(kind, noting)
    gc.collect()


def test_addresses_of_both_families_alternate(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(family: socket.AddressFamily, name: str) -> tuple[Any, ...]:
        return (family, socket.SOCK_STREAM, 6, "", (name, 443))

    six = [found(socket.AF_INET6, name) for name in ("::1", "::2", "::3")]
    four = [found(socket.AF_INET, name) for name in ("127.0.0.1", "127.0.0.2")]
    requested: list[int] = []

    def look_up(*args: object, **options: int) -> list[Any]:
        requested.append(options.get("flags", 0))
        if options.get("flags"):
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        return [*six, *four]

    async def main(host: str) -> list[str]:
        """Return the addresses in the order of the attempts, all of which fail."""
        tried: list[str] = []

        async def refuse(tcp: socket.socket, address: tuple[str, int]) -> None:
            tried.append(address[0])
            raise ConnectionRefusedError(errno.ECONNREFUSED, "")

        monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", refuse)
        with pytest.raises(NotSent):
            await connect(AsyncioTransport.sockets, outgoing(host), None)
        return tried

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", look_up)
        assert asyncio.run(main(HOST)) == ["::1", "127.0.0.1", "::2", "127.0.0.2", "::3"]
    assert len(requested) == 2
    assert asyncio.run(main("127.0.0.9")) == ["127.0.0.9"]


@loops
@on_time
def test_other_tasks_run_between_two_reads_of_a_server_that_never_stops_sending(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns, turns_at_feed = 0, []

    class Observed(HttpMessages):
        def feed(self, data: bytes) -> Response | None:
            turns_at_feed.append(turns)
            return super().feed(data)

    def flood(peer: Any) -> None:
        peer.request()
        while True:
            peer.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 5_000)

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def main() -> None:
        counting = asyncio.create_task(count())
        async with AsyncioTransport() as transport:
            with pytest.raises(NoAnswer, match=r"no complete response within 0\.4 s"):
                await transport.send(Request("GET", server.url), Timeout(total=0.4))
        counting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await counting

    monkeypatch.setattr(async_transport, "HttpMessages", Observed)
    with Server(flood) as server:
        under(kind, main)

    assert len(turns_at_feed) > 1
    assert turns_at_feed == sorted(set(turns_at_feed))


@loops
def test_an_exchange_starts_no_thread(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only names need threads under asyncio, for their lookup."""

    async def main() -> bytes:
        async with AsyncioTransport() as transport:
            return (await transport.send(Request("GET", server.url))).body

    with Server(responding(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")) as server:
        monkeypatch.setattr(
            "concurrent.futures.ThreadPoolExecutor.submit", partial(pytest.fail, "x")
        )
        assert under(kind, main) == b"ok"
