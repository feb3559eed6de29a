"""Programs of the clients: retries, pagination and create_once."""

import inspect
import json
from collections.abc import Callable
from threading import Barrier
from typing import Any

import pytest
import trio
from core_lists import ListServer, list_response
from core_recorded import A_BOOKING, RECORDED, response_of

from calcom_core import (
    DEFAULT_RETRY,
    NO_RETRY,
    Booking,
    InvalidInput,
    NoAnswer,
    NotSent,
    OutcomeUnknown,
    Page,
    PagingError,
    Request,
    Response,
    RetryPolicy,
    ServerError,
    Timeout,
    bookings,
    create_once,
)
from calcom_transports import AsyncClient, Client, Replay
from calcom_transports.namespaces import AsyncBookings, Bookings
from calcom_transports.trio import TrioTransport
from calcom_transports.urllib3 import Urllib3Transport

KEY = "cal_test_programs"
HURRIED = RetryPolicy(attempts=3, base=0)
GET = bookings.get_one("bk7")
GOOD = response_of("29-get-normal")
BUSY = Response(503, (), b"busy")


class RespondingTransport:
    """A transport that responds by a function of the request."""

    def __init__(self, respond: Callable[[Request], Response]) -> None:
        self.timeouts: list[Timeout | None] = []
        self._respond = respond

    def send(self, request: Request, timeout: Timeout | None) -> Response:
        self.timeouts.append(timeout)
        return self._respond(request)


class AsyncRespondingTransport(RespondingTransport):
    async def send(self, request: Request, timeout: Timeout | None) -> Response:  # type: ignore[override]
        await trio.lowlevel.checkpoint()
        return RespondingTransport.send(self, request, timeout)


def in_turn(*outcomes: Response | Exception) -> Callable[[Request], Response]:
    waiting = iter(outcomes)

    def respond(request: Request) -> Response:
        outcome = next(waiting)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return respond


def both(
    respond: Callable[[], Callable[[Request], Response]],
    blocking: Callable[[Client], Any],
    awaited: Callable[[AsyncClient], Any],
    **options: Any,
) -> list[Any]:
    """Return the results of the same calls in both clients."""

    async def under_trio() -> Any:
        async with AsyncClient(
            KEY, transport=AsyncRespondingTransport(respond()), **options
        ) as client:
            return await awaited(client)

    with Client(KEY, transport=RespondingTransport(respond()), **options) as client:
        return [blocking(client), trio.run(under_trio)]


def test_a_client_retries_safe_requests_unless_retries_are_off() -> None:
    def respond() -> Callable[[Request], Response]:
        return in_turn(BUSY, NoAnswer("cut short", reason="closed"), GOOD)

    def blocking(client: Client) -> Booking:
        return client.with_options(retry=HURRIED).bookings.get_one("bk7")

    async def awaited(client: AsyncClient) -> Booking:
        return await client.with_options(retry=HURRIED).bookings.get_one("bk7")

    assert both(respond, blocking, awaited) == [GET.read(GOOD)] * 2
    with (
        Client(KEY, transport=RespondingTransport(respond()), retry=NO_RETRY) as client,
        pytest.raises(ServerError) as caught,
    ):
        client.bookings.get_one("bk7")
    assert caught.value.attempts == 1


def test_the_default_policy_is_that_of_the_core() -> None:
    with Client(KEY, transport=Replay.of()) as client:
        assert client.retry is DEFAULT_RETRY
        assert client.with_options(retry=HURRIED).retry is HURRIED
        assert client.with_options(timeout=2).retry is DEFAULT_RETRY
    assert AsyncClient(KEY, transport=Replay.of()).retry is DEFAULT_RETRY


def test_a_later_attempt_has_the_rest_of_the_deadline_if_it_is_shorter() -> None:
    transport = RespondingTransport(in_turn(BUSY, BUSY, GOOD))
    client = Client(KEY, transport=transport, timeout=50, retry=RetryPolicy(base=0, deadline=20))
    client.bookings.get_one("bk7")
    first, *later = transport.timeouts
    assert first == Timeout(10, 30, 50)
    for timeout in later:
        assert timeout is not None
        assert 0 < timeout.total <= 20
        assert timeout == Timeout(10, timeout.total, timeout.total)
    usual = RespondingTransport(in_turn(BUSY, GOOD))
    Client(KEY, transport=usual, retry=RetryPolicy(base=0, deadline=3_600)).call(GET)
    assert usual.timeouts == [None, Timeout()]


def test_the_rest_of_the_deadline_caps_the_timeout_of_the_transport() -> None:
    class Hurried(RespondingTransport):
        timeout = Timeout(1, 2, 3)

    hurried = Hurried(in_turn(BUSY, GOOD))
    Client(KEY, transport=hurried, retry=RetryPolicy(base=0, deadline=3_600)).call(GET)
    assert hurried.timeouts == [None, Timeout(1, 2, 3)]
    with Urllib3Transport(timeout=4) as transport:
        assert transport.timeout == Timeout(4, 4, 4)
    assert TrioTransport(timeout=Timeout(1, 2, 3)).timeout == Timeout(1, 2, 3)

    class AsyncHurried(AsyncRespondingTransport):
        timeout = Timeout(1, 2, 3)

    waiting = AsyncHurried(in_turn(BUSY, GOOD))
    client = AsyncClient(KEY, transport=waiting, retry=RetryPolicy(base=0, deadline=3_600))
    trio.run(client.call, GET)
    assert waiting.timeouts == [None, Timeout(1, 2, 3)]

    class WithInvalidTimeout(RespondingTransport):
        timeout = "soon"

    invalid = WithInvalidTimeout(in_turn(BUSY, GOOD))
    Client(KEY, transport=invalid, retry=RetryPolicy(base=0, deadline=3_600)).call(GET)
    assert invalid.timeouts == [None, Timeout()]


def test_the_error_of_a_write_that_may_have_happened_has_the_verify() -> None:
    def blocking(client: Client) -> Any:
        with pytest.raises(OutcomeUnknown) as caught:
            client.bookings.confirm("bk7")
        return client.call(caught.value.verify)

    async def awaited(client: AsyncClient) -> Any:
        with pytest.raises(OutcomeUnknown) as caught:
            await client.bookings.confirm("bk7")
        return await client.call(caught.value.verify)

    def respond() -> Callable[[Request], Response]:
        return in_turn(NoAnswer("cut short", reason="closed"), GOOD)

    assert both(respond, blocking, awaited) == [GET.read(GOOD)] * 2


def uids(yielded: list[Booking]) -> list[str]:
    return [booking.uid for booking in yielded]


EXPECTED = [f"b{number}" for number in range(23)]


@pytest.mark.parametrize("concurrency", [1, 3])
@pytest.mark.parametrize("words", [{"take": 4}, {"limit": 4}])
def test_iterate_yields_every_booking_in_both_clients(words: Any, concurrency: int) -> None:
    servers = []

    def respond() -> Callable[[Request], Response]:
        servers.append(ListServer(set(range(23))))
        return servers[-1]

    def blocking(client: Client) -> Any:
        return list(client.bookings.iterate(status="past", **words))

    async def awaited(client: AsyncClient) -> Any:
        return [found async for found in client.bookings.iterate(status="past", **words)]

    yielded = both(respond, blocking, awaited, concurrency=concurrency)
    assert [uids(each) for each in yielded] == [EXPECTED, EXPECTED]
    assert [len(server.queries) for server in servers] == [6, 6]


def test_the_pages_of_any_list_are_iterated_in_both_clients() -> None:
    op = bookings.list(status="past", take=10)

    def blocking(client: Client) -> Any:
        return [*client.pages(op)], [*client.items(op)]

    async def awaited(client: AsyncClient) -> Any:
        return [each async for each in client.pages(op)], [each async for each in client.items(op)]

    for listed, yielded in both(lambda: ListServer(set(range(23))), blocking, awaited):
        assert [len(page.items) for page in listed] == [10, 10, 3]
        assert {type(page) for page in listed} == {Page}
        assert uids(yielded) == EXPECTED


def test_pages_are_requested_concurrently() -> None:
    server = ListServer(set(range(10)))
    together = Barrier(3, timeout=5)  # breaks unless three requests wait at once

    def respond(request: Request) -> Response:
        if server.queries:
            together.wait()
        return server(request)

    with Client(KEY, transport=RespondingTransport(respond)) as client:
        patient = client.with_options(concurrency=3)
        assert len(list(patient.bookings.iterate(status="past", take=1))) == 10
        assert patient.concurrency == 3
        assert client.concurrency == 1


def test_leaving_the_loop_requests_no_more_pages() -> None:
    server = ListServer(set(range(23)))
    with Client(KEY, transport=RespondingTransport(server)) as client:
        for booking in client.bookings.iterate(status="past", take=5):
            if booking.uid == "b6":
                break
    assert len(server.queries) == 2
    server = ListServer(set(range(23)))

    async def under_trio() -> None:
        async with AsyncClient(KEY, transport=AsyncRespondingTransport(server)) as client:
            async for booking in client.bookings.iterate(status="past", take=5):
                if booking.uid == "b6":
                    break

    trio.run(under_trio)
    assert len(server.queries) == 2


def test_an_endless_iteration_is_an_error_in_both_clients() -> None:
    def endless(request: Request) -> Response:
        cursor = len(request.url)
        return list_response(["b1"], {"nextCursor": "c" * cursor, "hasMore": True})

    def blocking(client: Client) -> None:
        with pytest.raises(PagingError):
            list(client.bookings.iterate(limit=1))

    async def awaited(client: AsyncClient) -> None:
        with pytest.raises(PagingError):
            async for _ in client.bookings.iterate(limit=1):
                pass

    both(lambda: endless, blocking, awaited)


@pytest.mark.parametrize("concurrency", [0, -1, 2.5, "4"])
def test_an_invalid_concurrency_is_refused(concurrency: Any) -> None:
    with pytest.raises(InvalidInput, match=r"^concurrency: "):
        Client(KEY, transport=Replay.of(), concurrency=concurrency)
    client = AsyncClient(KEY, transport=Replay.of())
    with pytest.raises(InvalidInput, match=r"^concurrency: "):
        client.with_options(concurrency=concurrency)


MARKED = bookings.create({**A_BOOKING, "metadata": {"create_once_key": "order-1"}})
BOOKING_DATA = RECORDED["29-get-normal"]["response"]["body"]["data"]


def ours() -> tuple[Response, Response, Response]:
    """Return a list without our booking, a list with it, and the response to its create."""
    data = {**BOOKING_DATA, "uid": "bk7", "metadata": {"create_once_key": "order-1"}}
    pagination = json.loads(ListServer(set()).page_by_offset(100, 0).body)["pagination"]
    none, listed = (
        Response(
            200,
            (),
            json.dumps({"status": "success", "data": items, "pagination": pagination}).encode(),
        )
        for items in ([], [data])
    )
    created = {"status": "success", "data": data}
    return none, listed, Response(201, (), json.dumps(created).encode())


def test_a_booking_is_created_once_in_both_clients() -> None:
    none, listed, created = ours()
    found = MARKED.read(created)

    def blocking(client: Client) -> Any:
        return client.bookings.create_once(A_BOOKING, "order-1")

    async def awaited(client: AsyncClient) -> Any:
        return await client.bookings.create_once(A_BOOKING, key="order-1")

    lost = NoAnswer("cut short", reason="closed")
    assert both(lambda: in_turn(none, lost, listed), blocking, awaited) == [found, found]
    assert both(lambda: in_turn(none, created), blocking, awaited) == [found, found]
    assert both(lambda: in_turn(listed), blocking, awaited) == [found, found]


def test_create_once_has_the_clients_policy_or_its_own() -> None:
    none, _, created = ours()
    refused = NotSent("refused", reason="refused")

    def blocking(client: Client) -> Any:
        with pytest.raises(NotSent) as caught:
            client.bookings.create_once(A_BOOKING, "order-1", policy=NO_RETRY)
        assert caught.value.attempts == 1
        return client.bookings.create_once(A_BOOKING, "order-1", policy=None)

    async def awaited(client: AsyncClient) -> Any:
        with pytest.raises(NotSent) as caught:
            await client.bookings.create_once(A_BOOKING, "order-1", policy=NO_RETRY)
        assert caught.value.attempts == 1
        return await client.bookings.create_once(A_BOOKING, "order-1")

    outcomes = (none, refused, none, refused, refused, created)
    found = MARKED.read(created)
    assert both(lambda: in_turn(*outcomes), blocking, awaited, retry=HURRIED) == [found, found]


def test_create_once_works_on_a_replay() -> None:
    none, listed, created = ours()
    look = bookings.list(
        status=("upcoming", "recurring", "past", "cancelled", "unconfirmed"),
        event_type_id=1,
        after_start="2027-04-05T09:00:00Z",
        sort_start="asc",
        take=100,
    )
    lost = NoAnswer("cut short", reason="closed")
    with Client(transport=Replay.of([(look, none), (MARKED, lost), (look, listed)])) as client:
        assert client.bookings.create_once(A_BOOKING, "order-1") == MARKED.read(created)


@pytest.mark.parametrize("namespace", [Bookings, AsyncBookings])
def test_the_signatures_of_the_program_methods(namespace: type[Any]) -> None:
    once = inspect.signature(namespace.create_once)
    assert [*once.parameters] == ["self", *list(inspect.signature(create_once).parameters)[1:]]
    assert once.return_annotation == Booking | tuple[Booking, ...]
    api = "    api: where to send it.\n"
    documented = inspect.getdoc(create_once) or ""
    assert api in documented
    assert inspect.getdoc(namespace.create_once) == documented.replace(api, "")
    iterate = inspect.signature(namespace.iterate)
    assert [*iterate.parameters] == ["self", *inspect.signature(bookings.list).parameters]
    assert iterate.return_annotation.__args__ == (Booking,)
    assert namespace.iterate.__name__ == "iterate"
    assert namespace.iterate.__doc__.startswith("Iterate over the bookings that `list` lists")
