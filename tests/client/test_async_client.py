"""`AsyncClient` under asyncio and under trio: which library runs, and which transport it opens."""

import asyncio
import gc
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
import trio
from server import OK, Server, responding

from calcom_core import (
    Booking,
    InvalidInput,
    NotSent,
    Request,
    Response,
    Timeout,
    bookings,
    responses,
)
from calcom_core.paging import items
from calcom_transports import AsyncClient, Recorder, Replay, use_cassette
from calcom_transports.async_runtime import NativeTransport, running_library
from calcom_transports.async_transport import PooledTransport
from calcom_transports.asyncio import AsyncioTransport
from calcom_transports.trio import TrioTransport

if sys.platform != "win32":
    import uvloop

KEY = "cal_test_0123456789abcdef"
ROOT = Path(__file__).parent.parent.parent
T = TypeVar("T")
Run = Callable[[Callable[[], Coroutine[Any, Any, Any]]], Any]


def under_asyncio(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    return asyncio.run(main(), debug=True)


def under_uvloop(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    if sys.platform == "win32":
        pytest.skip("uvloop is not for Windows")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop, debug=True) as runner:
        return runner.run(main())


def under_trio(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    return trio.run(main)


LIBRARIES: dict[Run, type] = {
    under_asyncio: AsyncioTransport,
    under_uvloop: AsyncioTransport,
    under_trio: TrioTransport,
}
everywhere = pytest.mark.parametrize("run", LIBRARIES)


def wire(response: Response) -> bytes:
    head = b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n"
    return head % (response.status, len(response.body)) + response.body


BOOKED = responses.booking(uid="bk7", title="Yoga")
PAGE = responses.page([{"uid": "a"}, {"uid": "b"}])


def serving(response: Response = BOOKED) -> Server:
    return Server(responding(wire(response)))


@pytest.fixture
def created(monkeypatch: pytest.MonkeyPatch) -> list[type]:
    """Return the classes of the network transports that the test has created, a list that grows."""
    found: list[type] = []
    real = PooledTransport.__init__

    def note(self: PooledTransport, **options: Any) -> None:
        found.append(type(self))
        real(self, **options)

    monkeypatch.setattr(PooledTransport, "__init__", note)
    return found


@everywhere
def test_it_opens_the_transport_of_the_library_that_runs(run: Run, created: list[type]) -> None:
    async def main() -> Booking:
        async with AsyncClient(KEY, base_url=server.url) as client:
            assert created == [LIBRARIES[run]]  # at once, since a loop runs
            return await client.bookings.get_one("bk7")

    with serving() as server:
        assert run(main).title == "Yoga"
    assert server.connections == 1


@everywhere
def test_one_that_is_created_outside_a_loop_opens_its_transport_in_it(
    run: Run, created: list[type]
) -> None:
    async def entered() -> str | None:
        async with client:
            assert created == [LIBRARIES[run]]
            return (await client.bookings.get_one("bk7")).title

    async def called() -> str | None:
        title = (await client.bookings.get_one("bk7")).title
        await client.aclose()
        return title

    with serving() as server:
        for main in (entered, called):
            client = AsyncClient(KEY, base_url=server.url)
            assert created == []
            assert run(main) == "Yoga"
            assert created == [LIBRARIES[run]]
            created.clear()


@everywhere
def test_copies_share_the_transport_that_any_of_them_opens(run: Run) -> None:
    async def main() -> None:
        async with client:
            for each in (copy, client, copy.with_options(timeout=9)):
                await each.bookings.get_one("bk7")
        with pytest.raises(NotSent, match="the transport is closed"):
            await copy.bookings.get_one("bk7")

    with serving() as server:
        client = AsyncClient(KEY, base_url=server.url)
        copy = client.with_options(timeout=5)
        run(main)
    assert server.connections == 1
    assert len(server.requests) == 3


@everywhere
def test_it_iterates_over_pages_at_once(run: Run) -> None:
    async def main() -> list[str]:
        async with AsyncClient(KEY, base_url=server.url, concurrency=3) as client:
            return [booking.uid async for booking in client.bookings.iterate(status="upcoming")]

    with serving(PAGE) as server:
        assert run(main) == ["a", "b"]


@everywhere
def test_one_that_is_closed_before_its_first_call_sends_nothing(run: Run) -> None:
    async def main() -> None:
        await client.aclose()
        with pytest.raises(NotSent) as caught:
            await client.bookings.get_one("bk7")
        assert caught.value.reason == "transport-closed"

    with serving() as server:
        client = AsyncClient(KEY, base_url=server.url)
        run(main)
    assert server.connections == 0


@pytest.mark.parametrize("run", [under_asyncio, under_trio])
def test_one_that_was_used_in_a_loop_belongs_to_it(run: Run) -> None:
    async def main() -> None:
        await clients[0].bookings.get_one("bk7")

    with serving() as server:
        clients = [AsyncClient(KEY, base_url=server.url)]
        run(main)
        with pytest.raises(InvalidInput, match=r"belongs to the .* it was first used in"):
            run(main)
        other = under_trio if run is under_asyncio else under_asyncio
        with pytest.raises(InvalidInput, match="; create a client in each"):
            other(main)
        with pytest.warns(ResourceWarning, match="discarded while it holds open") as warned:
            clients.clear() or gc.collect()  # type: ignore[func-returns-value]
        assert len(warned) == 1


class Awaited:
    """A transport that works under both libraries."""

    async def send(self, request: Request, timeout: Timeout | None) -> Response:
        return BOOKED


@everywhere
def test_a_transport_that_names_no_library_works_under_both(run: Run) -> None:
    async def main() -> str | None:
        async with AsyncClient(KEY, transport=Awaited()) as client:
            return (await client.bookings.get_one("bk7")).title

    assert run(main) == "Yoga"


OTHERS: list[tuple[Run, type, str]] = [
    (
        under_asyncio,
        TrioTransport,
        "transport: TrioTransport is for trio, and this is asyncio; "
        "use AsyncioTransport, or leave it out",
    ),
    (
        under_trio,
        AsyncioTransport,
        "transport: AsyncioTransport is for asyncio, and this is trio; "
        "use TrioTransport, or leave it out",
    ),
]


@pytest.mark.parametrize(("run", "other", "said"), OTHERS)
def test_a_transport_of_the_other_library_is_refused(run: Run, other: type, said: str) -> None:
    async def entering(client: AsyncClient) -> None:
        async with client:
            raise AssertionError

    async def calling(client: AsyncClient) -> None:
        await client.bookings.get_one("bk7")

    async def iterating(client: AsyncClient) -> None:
        client.items(bookings.list())

    for use in (entering, calling, iterating):
        client = AsyncClient(KEY, transport=other())
        with pytest.raises(InvalidInput) as caught:
            run(lambda use=use, client=client: use(client))  # type: ignore[misc]
        assert str(caught.value) == said


def test_outside_of_both_libraries_it_says_where_it_runs() -> None:
    client = AsyncClient(KEY)
    said = "AsyncClient: runs under asyncio or trio only; in other code use Client, which blocks"

    async def entering() -> None:
        async with client:
            raise AssertionError

    for use in (
        lambda: entering().send(None),
        lambda: client.aclose().send(None),
        lambda: client.call(bookings.get_one("bk7")).send(None),
        lambda: client.iterate(items(client.api, bookings.list())),
    ):
        with pytest.raises(InvalidInput) as caught:
            use()
        assert str(caught.value) == said


def test_a_trio_guest_of_asyncio_is_trio_and_its_host_is_asyncio() -> None:
    seen: list[Any] = []

    async def guest() -> None:
        seen.append(running_library())
        await trio.sleep(0.01)

    async def host() -> None:
        loop = asyncio.get_running_loop()
        over = loop.create_future()
        trio.lowlevel.start_guest_run(
            guest, run_sync_soon_threadsafe=loop.call_soon_threadsafe, done_callback=over.set_result
        )
        await asyncio.sleep(0)
        seen.append(running_library())
        (await over).unwrap()

    asyncio.run(host())
    assert sorted(seen) == ["asyncio", "trio"]
    assert running_library() is None


@pytest.mark.parametrize("run", [under_asyncio, under_trio])
def test_without_the_extra_it_names_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    name = run.__name__.removeprefix("under_")

    async def main() -> None:
        async with AsyncClient(KEY):
            raise AssertionError

    for module in ("h11_messages", "asyncio", "async_connection", "async_transport", "trio"):
        monkeypatch.delitem(sys.modules, f"calcom_transports.{module}", raising=False)
    monkeypatch.setitem(sys.modules, "h11", None)
    with pytest.raises(ImportError, match=rf"pip install 'calcom-bookings\[{name}\]'"):
        run(main)


@everywhere
def test_a_cassette_recorded_under_one_library_is_replayed_under_any(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    contents = []

    async def main() -> list[str]:
        async with AsyncClient(KEY, base_url=server.url, transport=transport) as client:
            return [booking.uid async for booking in client.bookings.iterate(take=2)]

    with serving(PAGE) as server:
        for recording in LIBRARIES:
            path = tmp_path / f"{recording.__name__}.json"
            transport: Any = use_cassette(path, "once")
            assert type(transport) is Recorder
            assert recording(main) == ["a", "b"]
            contents.append(path.read_bytes())
    assert len(set(contents)) == 1
    transport = use_cassette(path)
    assert type(transport) is Replay
    assert run(main) == ["a", "b"]


@everywhere
def test_a_recorder_with_the_transport_of_the_other_library_says_so(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    other: Any = AsyncioTransport() if run is under_trio else TrioTransport()

    async def main() -> None:
        client = AsyncClient(KEY, transport=Recorder(tmp_path / "one.json", other))
        await client.bookings.get_one("bk7")

    with pytest.raises(InvalidInput, match=f"{type(other).__name__} "):
        run(main)


@asynccontextmanager
async def native(**options: Any) -> AsyncIterator[NativeTransport]:
    async with NativeTransport() as transport:
        yield transport


@everywhere
def test_the_native_transport_has_the_limits_of_the_one_it_opens(run: Run) -> None:
    async def main() -> Response:
        async with native() as transport:
            assert transport.timeout == Timeout()
            assert transport.library == LIBRARIES[run].library  # type: ignore[attr-defined]
            return await transport.send(Request("GET", server.url))

    with Server(responding(OK)) as server:
        assert run(main).body == b"ok"


ASYNC = """
import {library}, sys
from calcom_core import bookings, responses
from calcom_transports import AsyncClient, Replay
from calcom_transports.{library} import {transport}

async def main():
    async with AsyncClient("cal_test_x", transport={transport}()) as client:
        pass
    async with AsyncClient("cal_test_x") as client:
        pass
    replay = Replay.of((bookings.get_one("bk7"), responses.booking(uid="bk7")))
    async with AsyncClient(transport=replay) as client:
        await client.bookings.get_one("bk7")

{library}.run({main})
others = {{"asyncio", "trio", "urllib3", "anyio", "sniffio"}} - {{"{library}", "{needs}"}}
print(others & set(sys.modules))
"""
ASYNCIO = ASYNC.format(
    library="asyncio", transport="AsyncioTransport", main="main()", needs="asyncio"
)
TRIO = ASYNC.format(library="trio", transport="TrioTransport", main="main", needs="sniffio")
BLOCKING = """
import sys
from calcom_core import bookings, responses
from calcom_transports import AsyncClient, Client, Replay
from calcom_transports.urllib3 import Urllib3Transport

Urllib3Transport()
AsyncClient("cal_test_x")
replay = Replay.of((bookings.get_one("bk7"), responses.booking(uid="bk7")))
with Client(transport=replay) as client:
    client.bookings.get_one("bk7")
print({"asyncio", "trio", "anyio"} & set(sys.modules))
"""


@pytest.mark.parametrize("program", [ASYNCIO, TRIO, BLOCKING], ids=["asyncio", "trio", "blocking"])
def test_the_users_of_one_library_import_no_other(program: str) -> None:
    """Trio itself imports no asyncio."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, cwd=ROOT
    )
    assert (done.stdout, done.stderr) == ("set()\n", "")
