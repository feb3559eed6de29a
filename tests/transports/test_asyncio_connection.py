"""How the asyncio transport connects: to one of several addresses, leaving no other socket open."""

import asyncio
import gc
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from cancelling import cancelling
from pooling import on_time, open_sockets, sockets_beyond
from sending import under
from server import Server, responding

from calcom_core.errors import NoAnswer
from calcom_core.http import Request, Timeout
from calcom_transports import asyncio_connection
from calcom_transports.asyncio import AsyncioTransport
from calcom_transports.asyncio_connection import _addresses, _open_tcp, with_deadline
from calcom_transports.proxies import Proxies
from calcom_transports.settings import Settings

HOST = "api.calendar.test"
STREAM = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")

loops = pytest.mark.parametrize(
    "kind", ["asyncio", pytest.param("uvloop", marks=pytest.mark.exhaustive)]
)


@pytest.fixture
def addressed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Give a function that sets the addresses of every name."""

    def set_addresses(*found: tuple[Any, ...]) -> None:
        async def look_up(host: str, port: int) -> list[Any]:
            return list(found)

        monkeypatch.setattr(asyncio_connection, "_addresses", look_up)

    return set_addresses


def listening() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


@loops
@on_time
def test_of_two_accepted_connections_one_is_used_and_the_other_closed(
    kind: str, addressed: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asyncio_connection, "NEXT_ADDRESS", 0)  # both at once

    async def main() -> None:
        before = open_sockets()
        tcp = await _open_tcp(HOST, 443)
        assert open_sockets() <= before + 1  # sockets of earlier tests may close meanwhile
        assert tcp.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        tcp.close()

    with listening() as one, listening() as two:
        addressed(*[(*STREAM, listener.getsockname()) for listener in (one, two)])
        for _ in range(20):
            under(kind, main)


@loops
@on_time
def test_a_failed_attempt_starts_the_next_at_once(
    kind: str, addressed: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asyncio_connection, "NEXT_ADDRESS", 3_600)

    async def main() -> Any:
        tcp = await _open_tcp(HOST, 443)
        with tcp:
            return tcp.getpeername()

    with listening() as listener, socket.socket() as bound:
        bound.bind(("127.0.0.2", 0))  # without a listener
        addressed((*STREAM, bound.getsockname()), (*STREAM, listener.getsockname()))
        assert under(kind, main) == listener.getsockname()


@loops
@on_time
def test_if_all_attempts_fail_the_error_has_the_reason_of_each(
    kind: str, addressed: Callable[..., None]
) -> None:
    async def main() -> None:
        with pytest.raises(OSError, match=f"no address of {HOST}") as caught:
            await _open_tcp(HOST, 443)
        group = caught.value.__cause__
        assert isinstance(group, ExceptionGroup)
        assert [repr(error) for error in group.exceptions] == [
            "ConnectionRefusedError(111, 'Connection refused')"
        ] * 2

    with socket.socket() as one, socket.socket() as two:
        for bound in (one, two):
            bound.bind(("127.0.0.2", 0))
        addressed((*STREAM, one.getsockname()), (*STREAM, two.getsockname()))
        under(kind, main)


@loops
@pytest.mark.parametrize("within_step", [False, True])
@on_time
def test_connecting_can_be_cancelled_at_every_step(
    kind: str,
    within_step: bool,
    addressed: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(asyncio_connection, "NEXT_ADDRESS", 0.001)

    async def main() -> None:
        before = open_sockets()
        for step in range(1, 50):
            opened: list[socket.socket] = []

            async def call() -> None:
                opened.append(await _open_tcp(HOST, 443))  # noqa: B023

            ending = await cancelling(call, step, within_step=within_step)
            assert ending.cancelled == (opened == [])
            assert asyncio.all_tasks() == {asyncio.current_task()} | beside
            for tcp in opened:
                tcp.close()
            assert sockets_beyond(before) == 0
            if ending.left > 0:
                return
        raise AssertionError("never came to its end")

    beside: set[Any] = set()

    async def noting() -> None:
        beside.update(asyncio.all_tasks())
        await main()

    # The queue of the first is full, so that it does not accept.
    with socket.create_server(("127.0.0.3", 0), backlog=0) as silent, listening() as listener:
        clients = [socket.socket() for _ in range(4)]
        for client in clients:
            client.setblocking(False)
            client.connect_ex(silent.getsockname())
        addressed((*STREAM, silent.getsockname()), (*STREAM, listener.getsockname()))
        under(kind, noting)
        for client in clients:
            client.close()
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

    async def main(host: str) -> list[Any]:
        return [address[4][0] for address in await _addresses(host, 443)]

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", look_up)
        assert asyncio.run(main(HOST)) == ["::1", "127.0.0.1", "::2", "127.0.0.2", "::3"]
    assert len(requested) == 2
    assert asyncio.run(main("127.0.0.9")) == ["127.0.0.9"]


def test_a_socket_timeout_is_not_mistaken_for_the_deadline() -> None:
    settings = Settings(None, None, False, 1, 1, Proxies())  # type: ignore[arg-type]  # a converter
    exchange = settings.start(Request("GET", "https://localhost/"), None, 0.0)

    async def timed_out() -> None:
        raise TimeoutError(110, "Connection timed out")

    async def main() -> None:
        deadline = asyncio.get_running_loop().time() + 60
        with pytest.raises(TimeoutError, match="Connection timed out"):
            await with_deadline(deadline, exchange, timed_out())

    asyncio.run(main())


@loops
@on_time
def test_a_server_that_never_stops_sending_starves_no_other_task(kind: str) -> None:
    def flood(peer: Any) -> None:
        peer.request()
        while True:
            peer.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 5_000)

    async def main() -> int:
        turns = 0

        async def count() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        counting = asyncio.create_task(count())
        async with AsyncioTransport() as transport:
            with pytest.raises(NoAnswer, match=r"no complete response within 0\.2 s"):
                await transport.send(Request("GET", server.url), Timeout(total=0.2))
        counting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await counting
        return turns

    with Server(flood) as server:
        assert under(kind, main) > 10


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
