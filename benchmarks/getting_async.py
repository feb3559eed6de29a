"""Getting one booking over TLS, with async clients, one at a time and 50 at once.

Each does the work of the blocking ones (`getting`); httpcore2 and aiohttp build and read with our
`Operation`, so only the transport differs.
Each may open a connection for each concurrent call, and has timeouts: httpcore2 gets the defaults
of httpx2, since it has none.
The floor writes and reads the same bytes over streams of trio, without parsing them.
"""

import ssl
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from benchmarks.data import API_KEY, UID
from benchmarks.getting import HEADERS, bare_sockets
from benchmarks.server import BOOKING, request_of
from benchmarks.table import named
from benchmarks.turns import Subject, Turns

Call = Callable[[], Awaitable[object]]
TakeTurns = Callable[[Turns, list[Call]], Awaitable[None]]
MANY = 50
SECONDS = {"connect": 5.0, "read": 5.0, "write": 5.0, "pool": 5.0}


async def repeat_call(call: Call, calls: int) -> None:
    for _ in range(calls):
        await call()


async def take_turns_trio(turns: Turns, calls: list[Call]) -> None:
    """Divide the calls of a turn among tasks, one for each of *calls*."""
    import trio

    for turn in turns:
        share = -(-turn.calls // len(calls))
        turn.calls = share * len(calls)
        with turn:
            if len(calls) == 1:
                await repeat_call(calls[0], share)
            else:
                async with trio.open_nursery() as nursery:
                    for call in calls:
                        nursery.start_soon(repeat_call, call, share)


async def take_turns_asyncio(turns: Turns, calls: list[Call]) -> None:
    """As `take_turns_trio`."""
    import asyncio

    for turn in turns:
        share = -(-turn.calls // len(calls))
        turn.calls = share * len(calls)
        with turn:
            if len(calls) == 1:
                await repeat_call(calls[0], share)
            else:
                async with asyncio.TaskGroup() as tasks:
                    for call in calls:
                        tasks.create_task(repeat_call(call, share))


async def call_ours(
    take_turns: TakeTurns, transport: Any, turns: Turns, url: str, tasks: int
) -> None:
    from calcom_transports import AsyncClient

    async with AsyncClient(API_KEY, base_url=url, transport=transport) as client:
        assert (await client.bookings.get_one(UID)).uid == UID
        await take_turns(turns, [lambda: client.bookings.get_one(UID)] * tasks)


def ours_trio(turns: Turns, url: str, at_once: int) -> None:
    import trio

    from calcom_transports.trio import TrioTransport

    transport = TrioTransport(max_connections=at_once)
    trio.run(call_ours, take_turns_trio, transport, turns, url, at_once)


def ours_asyncio(turns: Turns, url: str, at_once: int) -> None:
    import asyncio

    from calcom_transports.asyncio import AsyncioTransport

    transport = AsyncioTransport(max_connections=at_once)
    asyncio.run(call_ours(take_turns_asyncio, transport, turns, url, at_once))


async def call_httpx2(take_turns: TakeTurns, turns: Turns, url: str, tasks: int) -> None:
    import httpx2

    from benchmarks.peer_models import GetBookingOutput

    limits = httpx2.Limits(max_connections=tasks, max_keepalive_connections=tasks)
    async with httpx2.AsyncClient(base_url=url, headers=HEADERS, limits=limits) as client:

        async def get() -> object:
            response = await client.get(f"/v2/bookings/{UID}")
            response.raise_for_status()
            return GetBookingOutput.model_validate(response.json()).data

        await take_turns(turns, [get] * tasks)


def httpx2_trio(turns: Turns, url: str, at_once: int) -> None:
    import trio

    trio.run(call_httpx2, take_turns_trio, turns, url, at_once)


def httpx2_asyncio(turns: Turns, url: str, at_once: int) -> None:
    import asyncio

    asyncio.run(call_httpx2(take_turns_asyncio, turns, url, at_once))


def httpcore2_ours(turns: Turns, url: str, at_once: int) -> None:
    import httpcore2
    import trio

    from calcom_core import Api, ApiKey, Response, bookings

    async def main() -> None:
        api = Api(ApiKey(API_KEY), url)
        async with httpcore2.AsyncConnectionPool(
            max_connections=at_once, max_keepalive_connections=at_once
        ) as pool:

            async def get() -> object:
                operation = bookings.get_one(UID)
                request = api.request(operation)
                response = await pool.request(
                    request.method,
                    request.url,
                    headers=list(request.headers),
                    extensions={"timeout": SECONDS},
                )
                return operation.read(Response(response.status, response.headers, response.content))

            await take_turns_trio(turns, [get] * at_once)

    trio.run(main)


def aiohttp_ours(turns: Turns, url: str, at_once: int) -> None:
    import asyncio

    import aiohttp

    from calcom_core import Api, ApiKey, Response, bookings

    async def main() -> None:
        api = Api(ApiKey(API_KEY), url)
        connector = aiohttp.TCPConnector(limit=at_once)
        async with aiohttp.ClientSession(connector=connector) as session:

            async def get() -> object:
                operation = bookings.get_one(UID)
                request = api.request(operation)
                async with session.request(
                    request.method, request.url, headers=list(request.headers)
                ) as response:
                    body = await response.read()
                return operation.read(Response(response.status, response.headers.items(), body))

            await take_turns_asyncio(turns, [get] * at_once)

    asyncio.run(main())


def bare_streams(turns: Turns, url: str, at_once: int) -> None:
    import trio

    place = urlsplit(url)
    host, port = str(place.hostname), int(place.port or 443)
    context = ssl.create_default_context()
    request, size = request_of(place.netloc), len(BOOKING)

    async def get(stream: trio.SSLStream[trio.SocketStream]) -> None:
        await stream.send_all(request)
        received = 0
        while received < size:
            received += len(await stream.receive_some())

    async def main() -> None:
        streams = [
            await trio.open_ssl_over_tcp_stream(host, port, ssl_context=context)
            for _ in range(at_once)
        ]
        for stream in streams:
            await stream.do_handshake()
        await take_turns_trio(turns, [partial(get, stream) for stream in streams])
        for stream in streams:
            await stream.aclose()

    trio.run(main)


_BY_NAME: dict[str, Callable[[Turns, str, int], None]] = {
    "ours, trio": ours_trio,
    "ours, asyncio": ours_asyncio,
    "httpx2 + pydantic, trio": httpx2_trio,
    "httpx2 + pydantic, asyncio": httpx2_asyncio,
    "httpcore2 + ours": httpcore2_ours,
    "aiohttp + ours": aiohttp_ours,
    "trio streams": bare_streams,
}


def at_once(subject: Callable[[Turns, str, int], None], number: int) -> Subject:
    return lambda turns, url: subject(turns, url, number)


SUBJECTS: dict[str, Subject] = {
    "bare sockets": bare_sockets,
    **{
        named(name, number): at_once(subject, number)
        for number in (1, MANY)
        for name, subject in _BY_NAME.items()
    },
}
