"""A program runs the same in six ways: the same effects, the same times and the same result.

The ways are urllib3, trio and asyncio with a loopback server, and a replay under each.
Time is virtual in all of them, so a back-off of hours takes no time.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import trio
import trio.testing
from attrs import evolve, frozen
from core_recorded import RECORDED
from server import Peer, Server
from virtual_loop import VirtualLoop, run_virtually

from calcom_core import (
    EVERYWHERE,
    HOSTED,
    Anonymous,
    Api,
    ApiKey,
    Booking,
    CalcomError,
    NoAnswer,
    Operation,
    OutcomeUnknown,
    Page,
    Request,
    Response,
    RetryPolicy,
    ServerError,
    Timeout,
    Versions,
    bookings,
    create_once,
    retrying,
)
from calcom_core.api import HOSTED_URL
from calcom_core.effects import Clock, Emit, Gather, Send, Sleep
from calcom_core.execution import Branch
from calcom_core.paging import items, pages
from calcom_core.retry import Exchange, exchange_with_retries
from calcom_transports import Recorder, Replay, interpreter, iterate, run
from calcom_transports.__main__ import DEMO_CASSETTE, demo
from calcom_transports.async_interpreter import run_async
from calcom_transports.async_runtime import runtime_for
from calcom_transports.asyncio import AsyncioTransport, iterate_asyncio
from calcom_transports.cassette import Cassette, Failure, RecordedExchange, Run, load
from calcom_transports.trio import TrioTransport, iterate_trio
from calcom_transports.urllib3 import Urllib3Transport

LOST = NoAnswer("the server closed the connection", reason="closed")
POLICY = RetryPolicy(attempts=4, base=1, cap=3, deadline=60, wait_budget=20)
PATIENT = RetryPolicy(attempts=6, base=3600, cap=7200, deadline=86400, wait_budget=86400)
LIKE = RECORDED["29-get-normal"]["response"]["body"]["data"]
NEW: dict[str, Any] = {
    "start": "2027-04-05T09:00:00Z",
    "event_type_id": 1,
    "attendee": {"name": "Ann", "email": "ann@example.net", "time_zone": "Europe/Rome"},
}
TOKEN = {"create_once_key": "order-1"}

Log = list[Any]
Program = Generator[Any, Any, Any]
Expected = tuple[Branch, Operation[Any], Response | NoAnswer]
"""A branch, an operation that it sends, and the response or failure of it."""


def refused(status: int, **headers: str) -> Response:
    body = {"status": "error", "error": {"code": "X", "message": "not now"}}
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, fields, json.dumps(body).encode())


def success(data: Any, status: int = 200, **more: Any) -> Response:
    body = {"status": "success", "data": data, **more}
    # Without spaces, as servers and replays write it.
    return Response(status, (), json.dumps(body, separators=(",", ":")).encode())


def data(uid: str, **changes: Any) -> dict[str, Any]:
    return {**LIKE, "uid": uid, **changes}


def booking(uid: str, **changes: Any) -> Booking:
    read = bookings.get_one(uid).read(success(data(uid, **changes)))
    assert isinstance(read, Booking)
    return read


@frozen
class Case:
    """A program, the exchanges it has, and the log and result it must have."""

    program: Callable[[Api], Program]
    exchanges: list[Expected]
    log: Log
    result: Any
    streams: bool = False
    versions: Versions = EVERYWHERE

    def api(self, url: str = HOSTED_URL) -> Api:
        return Api(Anonymous(), url, self.versions)


def replace_effects(program: Program, perform: Callable[[Any], Program]) -> Program:
    """Return a program that runs *perform* for each effect of *program*."""
    result: Any = None
    failure: Exception | None = None
    try:
        while True:
            try:
                effect = program.send(result) if failure is None else program.throw(failure)
            except StopIteration as stop:
                return stop.value
            result = failure = None
            try:
                result = yield from perform(effect)
            except Exception as error:
                failure = error
    finally:
        program.close()


def logged(program: Program, log: Log) -> Program:
    """Return the program, and log its effects in *log*; each branch has a log of its own."""

    def perform(effect: Any) -> Program:
        match effect:
            case Send():
                log.append(request_line(effect.request))
            case Sleep():
                log.append(f"sleep {effect.seconds:g}, jitter {effect.jitter:g}")
            case Gather():
                branches: list[Log] = [[] for _ in effect.programs]
                log.append((f"gather {effect.limit}", *branches))
                effect = Gather(tuple(map(logged, effect.programs, branches)), effect.limit)
            case Emit():
                log.append(f"emit {name_of(effect.item)}")
        result = yield effect
        if isinstance(effect, Clock):
            log.append(f"clock {result:g}")
        return result

    return replace_effects(program, perform)


def request_line(request: Request) -> str:
    target = "/" + request.url.partition("//")[2].partition("/")[2]
    return f"{request.method} {target}"


def name_of(item: Any) -> str:
    return "a page" if isinstance(item, Page) else item.uid


def comparable(result: Any) -> Any:
    """Return a result without the headers and messages that differ between the ways."""
    match result:
        case tuple():
            return tuple(map(comparable, result))
        case Page():
            return result.items, result.pagination, result.next
        case Exchange():
            response = result.response
            return request_line(result.request), response.status, response.body, result.value
        case CalcomError():
            cause = getattr(result, "cause", None)
            return type(result), result.attempts, result.stop_reason, cause and comparable(cause)
    return result


class ScriptedServer:
    """Responds to each request with the next outcome of its request line."""

    def __init__(self, case: Case) -> None:
        self.pending: defaultdict[str, list[Response | NoAnswer]] = defaultdict(list)
        for _, operation, outcome in case.exchanges:
            self.pending[request_line(case.api().request(operation))].append(outcome)

    def __call__(self, peer: Peer) -> None:
        while request := peer.request():
            outcome = self.pending[request.partition(b" HTTP/1.1\r\n")[0].decode()].pop(0)
            if isinstance(outcome, NoAnswer):
                return
            peer.send(wire(outcome))

    def is_over(self) -> bool:
        return not any(self.pending.values())


def wire(response: Response) -> bytes:
    fields = [*response.headers, ("Content-Length", str(len(response.body)))]
    head = [f"HTTP/1.1 {response.status} X", *(f"{name}: {value}" for name, value in fields)]
    return "\r\n".join([*head, "", ""]).encode() + response.body


def in_virtual_time(program: Program, now: list[float]) -> Program:
    """Return the program in virtual time: its sleeps advance *now* and do not wait.

    Each branch has its own time, since branches sleep concurrently.
    """

    def perform(effect: Any) -> Program:
        times = [now]
        match effect:
            case Sleep():
                now[0] += effect.seconds
                return None
            case Clock():
                return now[0]
            case Gather():
                times = [[*now] for _ in effect.programs]
                programs = map(in_virtual_time, effect.programs, times)
                effect = Gather(tuple(programs), effect.limit)
        try:
            return (yield effect)
        finally:
            now[0] = max(time[0] for time in times)

    return replace_effects(program, perform)


class ClockStoppingTransport:
    """Sends over a real transport, and stops the mock clock during exchanges.

    The clock jumps once every task waits, for a sleep or for a real socket. It would jump past the
    time limits of an exchange on the loopback interface. So it jumps only while no exchange is
    running, when tasks wait for sleeps alone.
    """

    def __init__(
        self,
        transport: TrioTransport | AsyncioTransport,
        clock: trio.testing.MockClock | VirtualLoop,
    ) -> None:
        self._transport = transport
        self._clock = clock
        self._running = 0

    async def send(self, request: Request, timeout: Timeout | None) -> Response:
        self._running += 1
        self._let_jump(False)
        try:
            return await self._transport.send(request, timeout)
        finally:
            self._running -= 1
            if not self._running:
                self._let_jump(True)

    def _let_jump(self, jumps: bool) -> None:
        if isinstance(self._clock, VirtualLoop):
            self._clock.jumps = jumps
        else:
            self._clock.autojump_threshold = 0 if jumps else float("inf")


def run_blocking(case: Case, api: Api, transport: Any) -> tuple[Any, Log]:
    log: Log = []
    program = logged(case.program(api), log)
    if not isinstance(transport, Replay):
        program = in_virtual_time(program, [0.0])
    try:
        result = tuple(iterate(program, transport)) if case.streams else run(program, transport)
    except CalcomError as error:
        result = error
    return comparable(result), log


def items_of(stream: Program, transport: Any) -> Any:
    under_trio = trio.lowlevel.in_trio_run()
    return (iterate_trio if under_trio else iterate_asyncio)(stream, transport)


async def run_awaited(case: Case, api: Api, transport: Any) -> tuple[Any, Log]:
    log: Log = []
    program = logged(case.program(api), log)
    try:
        if case.streams:
            iterated = items_of(program, transport)
            result: Any = tuple([item async for item in iterated])
        else:
            result = await run_async(program, transport, None, runtime_for(transport))
    except CalcomError as error:
        result = error
    return comparable(result), log


def over_urllib3(case: Case) -> tuple[Any, Log]:
    script = ScriptedServer(case)
    with Server(script) as server, Urllib3Transport() as transport:
        outcome = run_blocking(case, case.api(server.url), transport)
    assert script.is_over()
    return outcome


def over_trio(case: Case) -> tuple[Any, Log]:
    script = ScriptedServer(case)
    clock = trio.testing.MockClock()

    async def main() -> tuple[Any, Log]:
        async with TrioTransport() as transport:
            return await run_awaited(
                case, case.api(server.url), ClockStoppingTransport(transport, clock)
            )

    with Server(script) as server:
        outcome = trio.run(main, clock=clock)
    assert script.is_over()
    return outcome


def over_asyncio(case: Case) -> tuple[Any, Log]:
    script = ScriptedServer(case)

    async def main() -> tuple[Any, Log]:
        loop: Any = asyncio.get_running_loop()
        async with AsyncioTransport() as transport:
            stopping = ClockStoppingTransport(transport, loop)
            return await run_awaited(case, case.api(server.url), stopping)

    with Server(script) as server:
        outcome = run_virtually(main())
    assert script.is_over()
    return outcome


def record_over_urllib3(case: Case, api: Api, path: Path) -> tuple[Any, Log]:
    with Recorder(path) as recorder:
        return run_blocking(case, api, recorder)


def record_over_trio(case: Case, api: Api, path: Path) -> tuple[Any, Log]:
    clock = trio.testing.MockClock()

    async def main() -> tuple[Any, Log]:
        async with TrioTransport() as transport:
            still = ClockStoppingTransport(transport, clock)
            with Recorder(path, still) as recorder:
                return await run_awaited(case, api, recorder)

    return trio.run(main, clock=clock)


def record_over_asyncio(case: Case, api: Api, path: Path) -> tuple[Any, Log]:
    async def main() -> tuple[Any, Log]:
        loop: Any = asyncio.get_running_loop()
        async with AsyncioTransport() as transport:
            with Recorder(path, ClockStoppingTransport(transport, loop)) as recorder:
                return await run_awaited(case, api, recorder)

    return run_virtually(main())


def replay_of(case: Case) -> Replay:
    if not any(branch for branch, *_ in case.exchanges):
        return Replay.of(
            [(operation, outcome) for _, operation, outcome in case.exchanges], api=case.api()
        )
    recorded = [
        RecordedExchange(
            branch,
            case.api().request(operation),
            Failure(NoAnswer, str(outcome), outcome.reason)
            if isinstance(outcome, NoAnswer)
            else outcome,
        )
        for branch, operation, outcome in case.exchanges
    ]
    return Replay(Cassette((Run(tuple(recorded)),)))


def from_replay(case: Case) -> tuple[Any, Log]:
    with replay_of(case) as replay:
        return run_blocking(case, case.api(), replay)


def from_replay_under_trio(case: Case) -> tuple[Any, Log]:
    with replay_of(case) as replay:
        return trio.run(run_awaited, case, case.api(), replay)


def from_replay_under_asyncio(case: Case) -> tuple[Any, Log]:
    with replay_of(case) as replay:
        return run_virtually(run_awaited(case, case.api(), replay))


WAYS = [
    over_urllib3,
    over_trio,
    over_asyncio,
    from_replay,
    from_replay_under_trio,
    from_replay_under_asyncio,
]


def without_branches(*exchanges: tuple[Operation[Any], Response | NoAnswer]) -> list[Expected]:
    """Return the exchanges of a program without branches."""
    return [((), operation, outcome) for operation, outcome in exchanges]


def only_page(*shown: dict[str, Any]) -> Response:
    """Return the only page of a list."""
    pagination = {
        "totalItems": len(shown),
        "itemsPerPage": 100,
        "returnedItems": len(shown),
        "remainingItems": 0,
        "totalPages": 1,
        "currentPage": 1,
        "hasNextPage": False,
        "hasPreviousPage": False,
    }
    return success(list(shown), pagination=pagination)


READ = bookings.get_one("bk7")
READ_LINE = "GET /v2/bookings/bk7"
GOOD = success(data("bk7"))
FLAKY_READ = without_branches(
    (READ, refused(503)),
    (READ, LOST),
    (READ, refused(429, X_RateLimit_Reset_Default="2")),
    (READ, GOOD),
)
FLAKY_READ_LOG = [
    "clock 0",
    READ_LINE,
    "clock 0",
    "sleep 1, jitter 1",
    "clock 1",
    READ_LINE,
    "clock 1",
    "sleep 2, jitter 1",
    "clock 3",
    READ_LINE,
    "clock 3",
    "sleep 5, jitter 0.6",
    "clock 8",
    READ_LINE,
]
HOURS = [
    "clock 0",
    READ_LINE,
    "clock 0",
    "sleep 3600, jitter 1",
    "clock 3600",
    READ_LINE,
    "clock 3600",
    "sleep 7200, jitter 1",
    "clock 10800",
    READ_LINE,
    "clock 10800",
    "sleep 7200, jitter 1",
    "clock 18000",
    READ_LINE,
    "clock 18000",
    "sleep 14400, jitter 0.5",
    "clock 32400",
    READ_LINE,
    "clock 32400",
    "sleep 7200, jitter 1",
    "clock 39600",
    READ_LINE,
]
FLAKY_READ_FOR_HOURS = without_branches(
    (READ, refused(503)),
    (READ, LOST),
    (READ, refused(502)),
    (READ, refused(429, X_RateLimit_Reset_Default="7200")),
    (READ, refused(504)),
)

WRITE = bookings.create(NEW)
UNKNOWN = "a retry might execute it twice"
WRITE_LINE = "POST /v2/bookings"

ONCE = bookings.create({**NEW, "metadata": TOKEN})
CREATED = success(data("bk7", metadata=TOKEN), 201)
CREATED_BOOKING = booking("bk7", metadata=TOKEN)
LOOK = bookings.list(
    status=("upcoming", "recurring", "past", "cancelled", "unconfirmed"),
    event_type_id=1,
    after_start=NEW["start"],
    sort_start="asc",
    take=100,
)
LISTED = only_page(data("other"), data("bk7", metadata=TOKEN))
EMPTY = only_page()
MOVED = only_page(data("old", metadata=TOKEN, status="cancelled", rescheduledToUid="bk7"))
LOOK_LINE = (
    "GET /v2/bookings?status=upcoming,recurring,past,cancelled,unconfirmed&eventTypeId=1"
    "&afterStart=2027-04-05T09:00:00Z&sortStart=asc&take=100"
)
CREATED_AND_SEARCHED = ["clock 0", LOOK_LINE, WRITE_LINE, "clock 0", LOOK_LINE]

PAGES = 8
COUNT = 15


def of_page(number: int) -> list[str]:
    return [f"b{index}" for index in range(2 * number, min(2 * number + 2, COUNT))]


def by_offset(number: int) -> tuple[Operation[Any], Response]:
    """Return the operation of a page of a list of 15 by two, and its response."""
    shown = of_page(number)
    pagination = {
        "totalItems": COUNT,
        "itemsPerPage": 2,
        "returnedItems": len(shown),
        "remainingItems": COUNT - 2 * number - len(shown),
        "totalPages": PAGES,
        "currentPage": number + 1,
        "hasNextPage": number + 1 < PAGES,
        "hasPreviousPage": number > 0,
    }
    operation = bookings.list(take=2, skip=2 * number) if number else bookings.list(take=2)
    return operation, success([data(uid) for uid in shown], pagination=pagination)


def by_cursor(number: int) -> tuple[Operation[Any], Response]:
    """Return the operation of a page of the same list by cursor, and its response."""
    more = number + 1 < PAGES
    pagination = {"nextCursor": f"c{number + 1}" if more else None, "hasMore": more}
    operation = bookings.list(limit=2, cursor=f"c{number}") if number else bookings.list(limit=2)
    return operation, success([data(uid) for uid in of_page(number)], pagination=pagination)


def page_line(number: int) -> str:
    return "GET /v2/bookings?take=2" + (f"&skip={2 * number}" if number else "")


def cursor_line(number: int) -> str:
    return "GET /v2/bookings?limit=2" + (f"&cursor=c{number}" if number else "")


def emitted(*numbers: int) -> list[str]:
    return [f"emit {uid}" for number in numbers for uid in of_page(number)]


BY_OFFSET = [by_offset(number) for number in range(PAGES)]
BY_CURSOR = [by_cursor(number) for number in range(PAGES)]
ALL = tuple(booking(uid) for number in range(PAGES) for uid in of_page(number))
ALL_PAGES = tuple(comparable(operation.read(response)) for operation, response in BY_OFFSET)
BY_OFFSET_WITH_A_FAILURE: list[tuple[Operation[Any], Response | NoAnswer]] = [
    *BY_OFFSET[:2],
    (BY_OFFSET[2][0], LOST),
    *BY_OFFSET[2:],
]
"""The first request for the third page has no response, the second one has."""
RETRIED = ["clock 0", "sleep 1, jitter 1", "clock 1"]
CONCURRENTLY: list[Expected] = [
    ((), *BY_OFFSET[0]),
    ((), *BY_OFFSET[7]),
    ((0,), *BY_OFFSET[1]),
    ((1,), BY_OFFSET[2][0], LOST),
    ((1,), *BY_OFFSET[2]),
    ((2,), *BY_OFFSET[3]),
    ((3,), *BY_OFFSET[4]),
    ((4,), *BY_OFFSET[5]),
    ((5,), *BY_OFFSET[6]),
]
FIRST_THREE = (
    "gather 3",
    ["clock 0", page_line(1)],
    ["clock 0", page_line(2), *RETRIED, page_line(2)],
    ["clock 0", page_line(3)],
)
OTHER_THREE = ("gather 3", *(["clock 1", page_line(number)] for number in (4, 5, 6)))

CASES = {
    "a read is retried": Case(
        lambda api: retrying(api, READ, POLICY), FLAKY_READ, FLAKY_READ_LOG, booking("bk7")
    ),
    "an exchange is retried": Case(
        lambda api: exchange_with_retries(api, READ, POLICY),
        FLAKY_READ,
        FLAKY_READ_LOG,
        (READ_LINE, 200, GOOD.body, booking("bk7")),
    ),
    "a read is given up": Case(
        lambda api: retrying(api, READ, RetryPolicy(attempts=2, base=1)),
        without_branches((READ, LOST), (READ, refused(503))),
        [*FLAKY_READ_LOG[:6], "clock 1"],
        (ServerError, 2, "the policy allows no more", None),
    ),
    "a read is retried for hours": Case(
        lambda api: retrying(api, READ, PATIENT),
        [*FLAKY_READ_FOR_HOURS, *without_branches((READ, GOOD))],
        HOURS,
        booking("bk7"),
    ),
    "a read is given up after hours": Case(
        lambda api: retrying(api, READ, PATIENT),
        [*FLAKY_READ_FOR_HOURS, *without_branches((READ, LOST))],
        [*HOURS, "clock 39600"],
        (NoAnswer, 6, "the policy allows no more", None),
    ),
    "a write that was refused is retried": Case(
        lambda api: retrying(api, WRITE, POLICY),
        without_branches(
            (WRITE, refused(429, X_RateLimit_Reset_Default="2")),
            (WRITE, success(data("bk7"), 201)),
        ),
        ["clock 0", WRITE_LINE, "clock 0", "sleep 3, jitter 0.333333", "clock 3", WRITE_LINE],
        booking("bk7"),
    ),
    "a write without a response is not retried": Case(
        lambda api: retrying(api, WRITE, POLICY),
        without_branches((WRITE, LOST)),
        ["clock 0", WRITE_LINE, "clock 0"],
        (OutcomeUnknown, 1, UNKNOWN, (NoAnswer, 1, UNKNOWN, None)),
    ),
    "pages one by one": Case(
        lambda api: pages(api, bookings.list(take=2), POLICY),
        without_branches(*BY_OFFSET),
        [
            entry
            for number in range(PAGES)
            for entry in ("clock 0", page_line(number), "emit a page")
        ],
        ALL_PAGES,
        streams=True,
    ),
    "pages, with a concurrency of 3": Case(
        lambda api: pages(api, bookings.list(take=2), POLICY, concurrency=3),
        CONCURRENTLY,
        [
            "clock 0",
            page_line(0),
            "emit a page",
            FIRST_THREE,
            *["emit a page"] * 3,
            OTHER_THREE,
            *["emit a page"] * 3,
            "clock 1",
            page_line(7),
            "emit a page",
        ],
        ALL_PAGES,
        streams=True,
    ),
    "items one by one": Case(
        lambda api: items(api, bookings.list(take=2), POLICY),
        without_branches(*BY_OFFSET_WITH_A_FAILURE),
        [
            *["clock 0", page_line(0), *emitted(0)],
            *["clock 0", page_line(1), *emitted(1)],
            *["clock 0", page_line(2), *RETRIED, page_line(2), *emitted(2)],
            *[
                entry
                for number in range(3, PAGES)
                for entry in ("clock 1", page_line(number), *emitted(number))
            ],
        ],
        ALL,
        streams=True,
    ),
    "items, with a concurrency of 3": Case(
        lambda api: items(api, bookings.list(take=2), POLICY, concurrency=3),
        CONCURRENTLY,
        [
            *["clock 0", page_line(0), *emitted(0)],
            *[FIRST_THREE, *emitted(1, 2, 3)],
            *[OTHER_THREE, *emitted(4, 5, 6)],
            *["clock 1", page_line(7), *emitted(7)],
        ],
        ALL,
        streams=True,
    ),
    **{
        f"items by cursor, with a concurrency of {concurrency}": Case(
            partial(
                items, operation=bookings.list(limit=2), policy=POLICY, concurrency=concurrency
            ),
            without_branches(*BY_CURSOR),
            [
                entry
                for number in range(PAGES)
                for entry in ("clock 0", cursor_line(number), *emitted(number))
            ],
            ALL,
            streams=True,
            versions=HOSTED,
        )
        for concurrency in (1, 3)
    },
    "a booking is created": Case(
        lambda api: create_once(api, NEW, "order-1", policy=POLICY),
        without_branches((LOOK, EMPTY), (ONCE, CREATED)),
        ["clock 0", LOOK_LINE, WRITE_LINE],
        CREATED_BOOKING,
    ),
    "a booking of an earlier run is found": Case(
        lambda api: create_once(api, NEW, "order-1", policy=POLICY),
        without_branches((LOOK, LISTED)),
        ["clock 0", LOOK_LINE],
        CREATED_BOOKING,
    ),
    "a booking that was rescheduled is found": Case(
        lambda api: create_once(api, NEW, "order-1", policy=POLICY),
        without_branches(
            (LOOK, MOVED), (bookings.get_one("bk7"), success(data("bk7", metadata=TOKEN)))
        ),
        ["clock 0", LOOK_LINE, "GET /v2/bookings/bk7"],
        CREATED_BOOKING,
    ),
    "a booking whose response was lost is found": Case(
        lambda api: create_once(api, NEW, "order-1", policy=POLICY),
        without_branches((LOOK, EMPTY), (ONCE, LOST), (LOOK, LISTED)),
        CREATED_AND_SEARCHED,
        CREATED_BOOKING,
    ),
    "a booking whose response was lost is found later": Case(
        lambda api: create_once(api, NEW, "order-1", policy=POLICY),
        without_branches((LOOK, EMPTY), (ONCE, LOST), (LOOK, EMPTY), (LOOK, LOST), (LOOK, LISTED)),
        [
            *CREATED_AND_SEARCHED,
            *["clock 0", "sleep 1, jitter 0", LOOK_LINE],
            *["clock 1", "sleep 1, jitter 1", "clock 2", LOOK_LINE],
        ],
        CREATED_BOOKING,
    ),
    "a booking is never found": Case(
        lambda api: create_once(api, NEW, "order-1", policy=POLICY),
        without_branches((LOOK, EMPTY), (ONCE, LOST), *[(LOOK, EMPTY)] * 4),
        [
            *CREATED_AND_SEARCHED,
            *["clock 0", "sleep 1, jitter 0", LOOK_LINE],
            *["clock 1", "sleep 2, jitter 0", LOOK_LINE],
            *["clock 3", "sleep 3, jitter 0", LOOK_LINE],
        ],
        (OutcomeUnknown, 1, UNKNOWN, (NoAnswer, 1, UNKNOWN, None)),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_program_runs_the_same_everywhere(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = CASES[name]
    # Without jitter, as in a replay.
    monkeypatch.setattr(interpreter, "random", SimpleNamespace(random=lambda: 0.0))

    outcomes = {way.__name__: way(case) for way in WAYS}

    assert outcomes == {way.__name__: (case.result, case.log) for way in WAYS}


@pytest.mark.exhaustive(sample=4)
@pytest.mark.parametrize("name", CASES)
def test_all_transports_record_the_same_cassette_which_replays_the_same(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("CI", raising=False)
    # Without jitter, as in a replay.
    monkeypatch.setattr(interpreter, "random", SimpleNamespace(random=lambda: 0.0))
    case = CASES[name]
    scripts = [ScriptedServer(case), ScriptedServer(case), ScriptedServer(case)]
    pending = list(scripts)
    expected = case.result, case.log
    with Server(lambda peer: pending[0](peer)) as server:
        api = evolve(case.api(), auth=ApiKey("cal_test_everywhere"), base_url=server.url)
        assert record_over_urllib3(case, api, tmp_path / "urllib3.json") == expected
        pending.pop(0)
        assert record_over_trio(case, api, tmp_path / "trio.json") == expected
        pending.pop(0)
        assert record_over_asyncio(case, api, tmp_path / "asyncio.json") == expected
    assert all(script.is_over() for script in scripts)

    content = (tmp_path / "urllib3.json").read_bytes()
    assert (tmp_path / "trio.json").read_bytes() == content
    assert (tmp_path / "asyncio.json").read_bytes() == content
    assert len(load(tmp_path / "trio.json").runs[0].exchanges) == len(case.exchanges)
    assert b"cal_test" not in content
    # Without the key and the server, as on another machine.
    anonymous = evolve(api, auth=Anonymous())
    for _ in range(2):
        with Replay(tmp_path / "urllib3.json") as replay:
            assert run_blocking(case, anonymous, replay) == expected
        with Replay(tmp_path / "urllib3.json") as replay:
            assert trio.run(run_awaited, case, anonymous, replay) == expected
        with Replay(tmp_path / "urllib3.json") as replay:
            assert run_virtually(run_awaited(case, anonymous, replay)) == expected


def test_all_transports_record_the_demo_as_it_is_replayed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("CI", raising=False)
    outcomes = [item.outcome for item in load(DEMO_CASSETTE).runs[0].exchanges]
    pending = iter([*outcomes, *outcomes, *outcomes])

    def handler(peer: Peer) -> None:
        while peer.request():
            outcome = next(pending)
            assert isinstance(outcome, Response)
            peer.send(wire(outcome))

    async def iterated(api: Api, transport: Any) -> list[str]:
        return [line async for line in items_of(demo(api), transport)]

    with Server(handler) as server:
        api = Api(ApiKey("cal_test_demo"), server.url)
        with Recorder(tmp_path / "urllib3.json") as recorder:
            lines = list(iterate(demo(api), recorder))
        with Recorder(tmp_path / "trio.json") as recorder:
            assert trio.run(iterated, api, recorder) == lines
        with Recorder(tmp_path / "asyncio.json") as recorder:
            assert asyncio.run(iterated(api, recorder)) == lines

    assert (tmp_path / "trio.json").read_bytes() == (tmp_path / "urllib3.json").read_bytes()
    assert (tmp_path / "asyncio.json").read_bytes() == (tmp_path / "urllib3.json").read_bytes()
    recorded = [item.outcome for item in load(tmp_path / "trio.json").runs[0].exchanges]
    assert [(one.status, one.body) for one in recorded if isinstance(one, Response)] == [
        (one.status, one.body) for one in outcomes if isinstance(one, Response)
    ]
    with Replay(tmp_path / "trio.json") as replay:
        assert list(iterate(demo(api), replay)) == lines
    with Replay(DEMO_CASSETTE) as replay:
        assert list(iterate(demo(Api(Anonymous())), replay)) == lines
    assert len(outcomes) == 23
