"""One program, six ways to run it: the same effects, the same time and the same result.

Over a loopback server with urllib3, trio and asyncio; from a replay, blocking, and under both.
Time is virtual in all of them, so that a back-off of hours takes none.
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
from calcom_core.retry import Exchange, exchanging
from calcom_transports import Recorder, Replay, interpreter, iterate, run
from calcom_transports.__main__ import WALK, walk
from calcom_transports.async_interpreter import run_async
from calcom_transports.async_runtime import runtime_for
from calcom_transports.asyncio import AsyncioTransport, iterate_asyncio
from calcom_transports.cassette import Cassette, Failure, Recorded, Run, load
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
Asked = tuple[Branch, Operation[Any], Response | NoAnswer]
"""In which branch what is asked, and what comes of it."""


def refused(status: int, **headers: str) -> Response:
    body = {"status": "error", "error": {"code": "X", "message": "not now"}}
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, fields, json.dumps(body).encode())


def success(data: Any, status: int = 200, **more: Any) -> Response:
    body = {"status": "success", "data": data, **more}
    # As servers write it, and a replay: without spaces.
    return Response(status, (), json.dumps(body, separators=(",", ":")).encode())


def data(uid: str, **changes: Any) -> dict[str, Any]:
    return {**LIKE, "uid": uid, **changes}


def booking(uid: str, **changes: Any) -> Booking:
    read = bookings.get_one(uid).read(success(data(uid, **changes)))
    assert isinstance(read, Booking)
    return read


@frozen
class Case:
    """A program, what it is answered, and what must be seen of it."""

    program: Callable[[Api], Program]
    asked: list[Asked]
    log: Log
    result: Any
    streams: bool = False
    versions: Versions = EVERYWHERE

    def api(self, url: str = HOSTED_URL) -> Api:
        return Api(Anonymous(), url, self.versions)


def logged(program: Program, log: Log) -> Program:
    """Return the program, with each of its effects noted in *log*, and its branches' in theirs."""
    answer: Any = None
    failure: Exception | None = None
    try:
        while True:
            try:
                effect = program.send(answer) if failure is None else program.throw(failure)
            except StopIteration as stop:
                return stop.value
            branches: list[Log] = []
            match effect:
                case Send():
                    log.append(line_of(effect.request))
                case Sleep():
                    log.append(f"sleep {effect.seconds:g}, jitter {effect.jitter:g}")
                case Gather():
                    branches = [[] for _ in effect.programs]
                    log.append((f"gather {effect.limit}", *branches))
                    watched = map(logged, effect.programs, branches)
                    effect = Gather(tuple(watched), effect.limit)
                case Emit():
                    log.append(f"emit {name_of(effect.item)}")
            try:
                answer, failure = (yield effect), None
            except Exception as error:
                failure = error
            if isinstance(effect, Clock):
                log.append(f"clock {answer:g}")
    finally:
        program.close()


def line_of(request: Request) -> str:
    target = "/" + request.url.partition("//")[2].partition("/")[2]
    return f"{request.method} {target}"


def name_of(item: Any) -> str:
    return "a page" if isinstance(item, Page) else item.uid


def seen(result: Any) -> Any:
    """Leave out what differs from way to way: the headers and the texts of the connection."""
    match result:
        case tuple():
            return tuple(map(seen, result))
        case Page():
            return result.items, result.pagination, result.next
        case Exchange():
            response = result.response
            return line_of(result.request), response.status, response.body, result.value
        case CalcomError():
            cause = getattr(result, "cause", None)
            return type(result), result.attempts, result.gave_up, cause and seen(cause)
    return result


class Script:
    """Answers each request with what is next for its target, whatever comes in between."""

    def __init__(self, case: Case) -> None:
        self.waiting: defaultdict[str, list[Response | NoAnswer]] = defaultdict(list)
        for _, operation, outcome in case.asked:
            self.waiting[line_of(case.api().request(operation))].append(outcome)

    def __call__(self, peer: Peer) -> None:
        while request := peer.request():
            outcome = self.waiting[request.partition(b" HTTP/1.1\r\n")[0].decode()].pop(0)
            if isinstance(outcome, NoAnswer):
                return
            peer.send(wire(outcome))

    def is_over(self) -> bool:
        return not any(self.waiting.values())


def wire(response: Response) -> bytes:
    fields = [*response.headers, ("Content-Length", str(len(response.body)))]
    head = [f"HTTP/1.1 {response.status} X", *(f"{name}: {value}" for name, value in fields)]
    return "\r\n".join([*head, "", ""]).encode() + response.body


def timeless(program: Program, now: list[float]) -> Program:
    """Return the program, whose sleeps take no time; *now* holds the time, which they move.

    Each branch has its own time, since the sleeps of branches pass at once.
    """
    result: Any = None
    failure: Exception | None = None
    try:
        while True:
            try:
                effect = program.send(result) if failure is None else program.throw(failure)
            except StopIteration as stop:
                return stop.value
            result = failure = None
            match effect:
                case Sleep():
                    now[0] += effect.seconds
                case Clock():
                    result = now[0]
                case _:
                    times = [now]
                    if isinstance(effect, Gather):
                        times = [[*now] for _ in effect.programs]
                        effect = Gather(tuple(map(timeless, effect.programs, times)), effect.limit)
                    try:
                        result = yield effect
                    except Exception as error:
                        failure = error
                    now[0] = max(time[0] for time in times)
    finally:
        program.close()


class StillWhileSending:
    """Sends by a real transport, and lets no time pass while anything is under way.

    The autojump of a mock clock sees only that every task waits, be it for a sleep or for a real
    socket; it would jump past the time limits of an exchange that the loopback just takes a moment
    to carry. So it is off from the first exchange that begins to the last one that ends: then all
    that is waited for is sleeps.
    """

    def __init__(
        self,
        transport: TrioTransport | AsyncioTransport,
        clock: trio.testing.MockClock | VirtualLoop,
    ) -> None:
        self._transport = transport
        self._clock = clock
        self._under_way = 0

    async def send(self, request: Request, timeout: Timeout | None) -> Response:
        self._under_way += 1
        self._let_jump(False)
        try:
            return await self._transport.send(request, timeout)
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._let_jump(True)

    def _let_jump(self, jumps: bool) -> None:
        if isinstance(self._clock, VirtualLoop):
            self._clock.jumps = jumps
        else:
            self._clock.autojump_threshold = 0 if jumps else float("inf")


def blocking(case: Case, api: Api, transport: Any) -> tuple[Any, Log]:
    log: Log = []
    program = logged(case.program(api), log)
    if not isinstance(transport, Replay):
        program = timeless(program, [0.0])
    try:
        result = tuple(iterate(program, transport)) if case.streams else run(program, transport)
    except CalcomError as error:
        result = error
    return seen(result), log


def items_of(stream: Program, transport: Any) -> Any:
    under_trio = trio.lowlevel.in_trio_run()
    return (iterate_trio if under_trio else iterate_asyncio)(stream, transport)


async def awaited(case: Case, api: Api, transport: Any) -> tuple[Any, Log]:
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
    return seen(result), log


def by_urllib3(case: Case) -> tuple[Any, Log]:
    script = Script(case)
    with Server(script) as server, Urllib3Transport() as transport:
        outcome = blocking(case, case.api(server.url), transport)
    assert script.is_over()
    return outcome


def by_trio(case: Case) -> tuple[Any, Log]:
    script = Script(case)
    clock = trio.testing.MockClock()

    async def main() -> tuple[Any, Log]:
        async with TrioTransport() as transport:
            return await awaited(case, case.api(server.url), StillWhileSending(transport, clock))

    with Server(script) as server:
        outcome = trio.run(main, clock=clock)
    assert script.is_over()
    return outcome


def by_asyncio(case: Case) -> tuple[Any, Log]:
    script = Script(case)

    async def main() -> tuple[Any, Log]:
        loop: Any = asyncio.get_running_loop()
        async with AsyncioTransport() as transport:
            return await awaited(case, case.api(server.url), StillWhileSending(transport, loop))

    with Server(script) as server:
        outcome = run_virtually(main())
    assert script.is_over()
    return outcome


def recorded_by_urllib3(case: Case, api: Api, path: Path) -> tuple[Any, Log]:
    with Recorder(path) as recorder:
        return blocking(case, api, recorder)


def recorded_by_trio(case: Case, api: Api, path: Path) -> tuple[Any, Log]:
    clock = trio.testing.MockClock()

    async def main() -> tuple[Any, Log]:
        async with TrioTransport() as transport:
            still = StillWhileSending(transport, clock)
            with Recorder(path, still) as recorder:
                return await awaited(case, api, recorder)

    return trio.run(main, clock=clock)


def recorded_by_asyncio(case: Case, api: Api, path: Path) -> tuple[Any, Log]:
    async def main() -> tuple[Any, Log]:
        loop: Any = asyncio.get_running_loop()
        async with AsyncioTransport() as transport:
            with Recorder(path, StillWhileSending(transport, loop)) as recorder:
                return await awaited(case, api, recorder)

    return run_virtually(main())


def replay_of(case: Case) -> Replay:
    if not any(branch for branch, *_ in case.asked):
        return Replay.of([(asked, outcome) for _, asked, outcome in case.asked], api=case.api())
    recorded = [
        Recorded(
            branch,
            case.api().request(asked),
            Failure(NoAnswer, str(outcome), outcome.reason)
            if isinstance(outcome, NoAnswer)
            else outcome,
        )
        for branch, asked, outcome in case.asked
    ]
    return Replay(Cassette((Run(tuple(recorded)),)))


def by_replay(case: Case) -> tuple[Any, Log]:
    with replay_of(case) as replay:
        return blocking(case, case.api(), replay)


def by_replay_under_trio(case: Case) -> tuple[Any, Log]:
    with replay_of(case) as replay:
        return trio.run(awaited, case, case.api(), replay)


def by_replay_under_asyncio(case: Case) -> tuple[Any, Log]:
    with replay_of(case) as replay:
        return run_virtually(awaited(case, case.api(), replay))


WAYS = [
    by_urllib3,
    by_trio,
    by_asyncio,
    by_replay,
    by_replay_under_trio,
    by_replay_under_asyncio,
]


def alone(*asked: tuple[Operation[Any], Response | NoAnswer]) -> list[Asked]:
    """Return what is asked outside any branch."""
    return [((), operation, outcome) for operation, outcome in asked]


def listed(*shown: dict[str, Any]) -> Response:
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
FALTERING = alone(
    (READ, refused(503)),
    (READ, LOST),
    (READ, refused(429, X_RateLimit_Reset_Default="2")),
    (READ, GOOD),
)
FALTERING_LOG = [
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
FALTERING_FOR_HOURS = alone(
    (READ, refused(503)),
    (READ, LOST),
    (READ, refused(502)),
    (READ, refused(429, X_RateLimit_Reset_Default="7200")),
    (READ, refused(504)),
)

WRITE = bookings.create(NEW)
UNKNOWN = "it may have happened, and a second time would do it twice"
WRITE_LINE = "POST /v2/bookings"

ONCE = bookings.create({**NEW, "metadata": TOKEN})
MADE = success(data("bk7", metadata=TOKEN), 201)
IS_MADE = booking("bk7", metadata=TOKEN)
LOOK = bookings.list(
    status=("upcoming", "recurring", "past", "cancelled", "unconfirmed"),
    event_type_id=1,
    after_start=NEW["start"],
    sort_start="asc",
    take=100,
)
LISTED = listed(data("other"), data("bk7", metadata=TOKEN))
EMPTY = listed()
MOVED = listed(data("old", metadata=TOKEN, status="cancelled", rescheduledToUid="bk7"))
LOOK_LINE = (
    "GET /v2/bookings?status=upcoming,recurring,past,cancelled,unconfirmed&eventTypeId=1"
    "&afterStart=2027-04-05T09:00:00Z&sortStart=asc&take=100"
)
BEGUN = ["clock 0", LOOK_LINE, WRITE_LINE, "clock 0", LOOK_LINE]

PAGES = 8
COUNT = 15


def of_page(number: int) -> list[str]:
    return [f"b{index}" for index in range(2 * number, min(2 * number + 2, COUNT))]


def by_offset(number: int) -> tuple[Operation[Any], Response]:
    """Return the operation of a page of a list of 15 by two, and its answer."""
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
    asked = bookings.list(take=2, skip=2 * number) if number else bookings.list(take=2)
    return asked, success([data(uid) for uid in shown], pagination=pagination)


def by_cursor(number: int) -> tuple[Operation[Any], Response]:
    """Return the operation of a page of the same list by cursor, and its answer."""
    more = number + 1 < PAGES
    pagination = {"nextCursor": f"c{number + 1}" if more else None, "hasMore": more}
    asked = bookings.list(limit=2, cursor=f"c{number}") if number else bookings.list(limit=2)
    return asked, success([data(uid) for uid in of_page(number)], pagination=pagination)


def page_line(number: int) -> str:
    return "GET /v2/bookings?take=2" + (f"&skip={2 * number}" if number else "")


def cursor_line(number: int) -> str:
    return "GET /v2/bookings?limit=2" + (f"&cursor=c{number}" if number else "")


def emitted(*numbers: int) -> list[str]:
    return [f"emit {uid}" for number in numbers for uid in of_page(number)]


BY_OFFSET = [by_offset(number) for number in range(PAGES)]
BY_CURSOR = [by_cursor(number) for number in range(PAGES)]
ALL = tuple(booking(uid) for number in range(PAGES) for uid in of_page(number))
ALL_PAGES = tuple(seen(asked.read(answer)) for asked, answer in BY_OFFSET)
LOST_ON_THE_WAY: list[tuple[Operation[Any], Response | NoAnswer]] = [
    *BY_OFFSET[:2],
    (BY_OFFSET[2][0], LOST),
    *BY_OFFSET[2:],
]
"""The third page is answered only when it is asked for again."""
RETRIED = ["clock 0", "sleep 1, jitter 1", "clock 1"]
AT_ONCE: list[Asked] = [
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
    "a read is repeated": Case(
        lambda api: retrying(api, READ, POLICY), FALTERING, FALTERING_LOG, booking("bk7")
    ),
    "an exchange is repeated": Case(
        lambda api: exchanging(api, READ, POLICY),
        FALTERING,
        FALTERING_LOG,
        (READ_LINE, 200, GOOD.body, booking("bk7")),
    ),
    "a read is given up": Case(
        lambda api: retrying(api, READ, RetryPolicy(attempts=2, base=1)),
        alone((READ, LOST), (READ, refused(503))),
        [*FALTERING_LOG[:6], "clock 1"],
        (ServerError, 2, "the policy allows no more", None),
    ),
    "a read is repeated for hours": Case(
        lambda api: retrying(api, READ, PATIENT),
        [*FALTERING_FOR_HOURS, *alone((READ, GOOD))],
        HOURS,
        booking("bk7"),
    ),
    "a read is given up after hours": Case(
        lambda api: retrying(api, READ, PATIENT),
        [*FALTERING_FOR_HOURS, *alone((READ, LOST))],
        [*HOURS, "clock 39600"],
        (NoAnswer, 6, "the policy allows no more", None),
    ),
    "a write is repeated where it was refused": Case(
        lambda api: retrying(api, WRITE, POLICY),
        alone(
            (WRITE, refused(429, X_RateLimit_Reset_Default="2")),
            (WRITE, success(data("bk7"), 201)),
        ),
        ["clock 0", WRITE_LINE, "clock 0", "sleep 3, jitter 0.333333", "clock 3", WRITE_LINE],
        booking("bk7"),
    ),
    "a write is not repeated where it is not answered": Case(
        lambda api: retrying(api, WRITE, POLICY),
        alone((WRITE, LOST)),
        ["clock 0", WRITE_LINE, "clock 0"],
        (OutcomeUnknown, 1, UNKNOWN, (NoAnswer, 1, UNKNOWN, None)),
    ),
    "pages one by one": Case(
        lambda api: pages(api, bookings.list(take=2), POLICY),
        alone(*BY_OFFSET),
        [
            entry
            for number in range(PAGES)
            for entry in ("clock 0", page_line(number), "emit a page")
        ],
        ALL_PAGES,
        streams=True,
    ),
    "pages, three at once": Case(
        lambda api: pages(api, bookings.list(take=2), POLICY, concurrency=3),
        AT_ONCE,
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
        alone(*LOST_ON_THE_WAY),
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
    "items, three pages at once": Case(
        lambda api: items(api, bookings.list(take=2), POLICY, concurrency=3),
        AT_ONCE,
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
        f"items by cursor, {concurrency} at once where it is known what to ask": Case(
            partial(
                items, operation=bookings.list(limit=2), policy=POLICY, concurrency=concurrency
            ),
            alone(*BY_CURSOR),
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
    "a booking is made at once": Case(
        lambda api: create_once(api, NEW, "order-1", policy=POLICY),
        alone((LOOK, EMPTY), (ONCE, MADE)),
        ["clock 0", LOOK_LINE, WRITE_LINE],
        IS_MADE,
    ),
    "a booking of an earlier run is found": Case(
        lambda api: create_once(api, NEW, "order-1", policy=POLICY),
        alone((LOOK, LISTED)),
        ["clock 0", LOOK_LINE],
        IS_MADE,
    ),
    "a booking that was rescheduled is found": Case(
        lambda api: create_once(api, NEW, "order-1", policy=POLICY),
        alone((LOOK, MOVED), (bookings.get_one("bk7"), success(data("bk7", metadata=TOKEN)))),
        ["clock 0", LOOK_LINE, "GET /v2/bookings/bk7"],
        IS_MADE,
    ),
    "a booking whose answer was lost is found": Case(
        lambda api: create_once(api, NEW, "order-1", policy=POLICY),
        alone((LOOK, EMPTY), (ONCE, LOST), (LOOK, LISTED)),
        BEGUN,
        IS_MADE,
    ),
    "a booking whose answer was lost is found later": Case(
        lambda api: create_once(api, NEW, "order-1", policy=POLICY),
        alone((LOOK, EMPTY), (ONCE, LOST), (LOOK, EMPTY), (LOOK, LOST), (LOOK, LISTED)),
        [
            *BEGUN,
            *["clock 0", "sleep 1, jitter 0", LOOK_LINE],
            *["clock 1", "sleep 1, jitter 1", "clock 2", LOOK_LINE],
        ],
        IS_MADE,
    ),
    "a booking is found by nobody": Case(
        lambda api: create_once(api, NEW, "order-1", policy=POLICY),
        alone((LOOK, EMPTY), (ONCE, LOST), *[(LOOK, EMPTY)] * 4),
        [
            *BEGUN,
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
    # A random part of a back-off is slept; here it is always all of it, as in a replay.
    monkeypatch.setattr(interpreter, "random", SimpleNamespace(random=lambda: 0.0))

    outcomes = {way.__name__: way(case) for way in WAYS}

    assert outcomes == {way.__name__: (case.result, case.log) for way in WAYS}


@pytest.mark.exhaustive(sample=4)
@pytest.mark.parametrize("name", CASES)
def test_a_program_recorded_by_any_transport_gives_one_cassette_which_replays_the_same(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("CI", raising=False)
    # Time is real while a program is recorded; here it sleeps as long as in a replay.
    monkeypatch.setattr(interpreter, "random", SimpleNamespace(random=lambda: 0.0))
    case = CASES[name]
    scripts = [Script(case), Script(case), Script(case)]
    waiting = list(scripts)
    expected = case.result, case.log
    with Server(lambda peer: waiting[0](peer)) as server:
        api = evolve(case.api(), auth=ApiKey("cal_test_everywhere"), base_url=server.url)
        assert recorded_by_urllib3(case, api, tmp_path / "urllib3.json") == expected
        waiting.pop(0)
        assert recorded_by_trio(case, api, tmp_path / "trio.json") == expected
        waiting.pop(0)
        assert recorded_by_asyncio(case, api, tmp_path / "asyncio.json") == expected
    assert all(script.is_over() for script in scripts)

    content = (tmp_path / "urllib3.json").read_bytes()
    assert (tmp_path / "trio.json").read_bytes() == content
    assert (tmp_path / "asyncio.json").read_bytes() == content
    assert len(load(tmp_path / "trio.json").runs[0].exchanges) == len(case.asked)
    assert b"cal_test" not in content
    # Without the key, and without the server, as on another machine.
    anonymous = evolve(api, auth=Anonymous())
    for _ in range(2):
        with Replay(tmp_path / "urllib3.json") as replay:
            assert blocking(case, anonymous, replay) == expected
        with Replay(tmp_path / "urllib3.json") as replay:
            assert trio.run(awaited, case, anonymous, replay) == expected
        with Replay(tmp_path / "urllib3.json") as replay:
            assert run_virtually(awaited(case, anonymous, replay)) == expected


def test_the_walk_recorded_by_any_transport_is_the_one_that_is_played(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("CI", raising=False)
    answers = [item.outcome for item in load(WALK).runs[0].exchanges]
    waiting = iter([*answers, *answers, *answers])

    def handler(peer: Peer) -> None:
        while peer.request():
            answer = next(waiting)
            assert isinstance(answer, Response)
            peer.send(wire(answer))

    async def iterated(api: Api, transport: Any) -> list[str]:
        return [line async for line in items_of(walk(api), transport)]

    with Server(handler) as server:
        api = Api(ApiKey("cal_test_walk"), server.url)
        with Recorder(tmp_path / "urllib3.json") as recorder:
            lines = list(iterate(walk(api), recorder))
        with Recorder(tmp_path / "trio.json") as recorder:
            assert trio.run(iterated, api, recorder) == lines
        with Recorder(tmp_path / "asyncio.json") as recorder:
            assert asyncio.run(iterated(api, recorder)) == lines

    assert (tmp_path / "trio.json").read_bytes() == (tmp_path / "urllib3.json").read_bytes()
    assert (tmp_path / "asyncio.json").read_bytes() == (tmp_path / "urllib3.json").read_bytes()
    recorded = [item.outcome for item in load(tmp_path / "trio.json").runs[0].exchanges]
    assert [(one.status, one.body) for one in recorded if isinstance(one, Response)] == [
        (one.status, one.body) for one in answers if isinstance(one, Response)
    ]
    with Replay(tmp_path / "trio.json") as replay:
        assert list(iterate(walk(api), replay)) == lines
    with Replay(WALK) as replay:
        assert list(iterate(walk(Api(Anonymous())), replay)) == lines
    assert len(answers) == 23
