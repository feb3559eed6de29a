"""Following changes: nothing is missed, and nothing comes twice in a run, whatever happens."""

import json
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import changing_server
import pytest
from changing_server import BEGIN, LIKE, ChangingServer, many, text
from core_recorded import response_of

from calcom_core import (
    Anonymous,
    Api,
    DecodingError,
    InvalidInput,
    PagingError,
    Request,
    Response,
    bookings,
    teams,
)
from calcom_core.effects import Clock, Emit, Send
from calcom_core.sync import Changes, SyncState, changes

API = Api(Anonymous())
FIRST = {
    "status": "upcoming,recurring,past,cancelled,unconfirmed",
    "sortUpdatedAt": "asc",
}


class Killed(Exception):
    """The process ends here."""


def run(
    server: ChangingServer,
    since: Any = None,
    *,
    between: Any = lambda: None,
    kill_after: int = 10_000,
    **options: Any,
) -> Iterator[Changes]:
    """Run once; *between* happens before each request; after so many effects it is killed."""
    stream = changes(API, since, **options)
    outcome: object = None
    while True:
        try:
            effect = stream.send(outcome)
        except StopIteration:
            return
        outcome = None
        kill_after -= 1
        if not kill_after:
            raise Killed
        match effect:
            case Emit():
                yield effect.item
            case Clock():
                outcome = 0.0
            case Send():
                between()
                outcome = server.respond(effect.request)
            case _:
                raise AssertionError(effect)


def uids(found: Any) -> list[list[str]]:
    return [[booking.uid for booking in page.bookings] for page in found]


def all_uids(found: Any) -> list[str]:
    return list(chain.from_iterable(uids(found)))


@pytest.mark.exhaustive(sample=6)
@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("seed", range(200))
def test_200_runs_with_changes_and_kills_in_between(seed: int, late: bool) -> None:
    random = Random(f"{seed} {late}")
    server = ChangingServer(random, late=late)
    for _ in range(random.randint(0, 120)):
        server.pass_time(random.random() / 10)
        server.change_something()
    table: dict[str, tuple[datetime, str]] = {}
    stored: Any = None

    def happening() -> None:
        for _ in range(random.choice([0, 0, 1, 3, 12])):
            server.pass_time(random.random() * 0.3)
            server.change_something()
        server.pass_time(random.random())

    def sync(kill_after: int = 10_000, between: Any = happening) -> None:
        nonlocal stored
        emitted: list[tuple[str, datetime | None]] = []
        try:
            state = None if stored is None else SyncState.from_json(json.loads(stored))
            found = run(server, state, between=between, kill_after=kill_after, take=10, overlap=5.0)
            for page in found:
                assert page.bookings
                emitted += [(booking.uid, booking.updated_at) for booking in page.bookings]
                if random.random() < 0.05:
                    raise Killed  # before it is stored
                for booking in page.bookings:
                    assert booking.updated_at
                    table[booking.uid] = (booking.updated_at, booking.status)
                stored = json.dumps(page.state.to_json())
        except Killed:
            pass
        assert len(set(emitted)) == len(emitted)
        if not late:
            assert len({uid for uid, _ in emitted}) == len(emitted)

    for _ in range(random.randint(1, 6)):
        sync(kill_after=random.choice([2, 5, 9, 20, 10_000]))
    server.busy = False
    server.pass_time(3)
    for _ in range(8):  # each may be killed between two pages
        sync(between=lambda: None)

    assert not server.pending
    assert table == server.visible


def test_all_bookings_come_in_the_order_of_change() -> None:
    server = many(7)
    server.pass_time(120)

    found = list(run(server, take=3))

    assert uids(found) == [["b0", "b1", "b2"], ["b3", "b4"], ["b5", "b6"]]
    assert server.requests == [
        {**FIRST, "take": "3"},
        {**FIRST, "take": "3", "afterUpdatedAt": "2026-11-27T09:00:02Z"},
        {**FIRST, "take": "3", "afterUpdatedAt": "2026-11-27T09:00:04Z"},
        {**FIRST, "take": "3", "afterUpdatedAt": "2026-11-27T09:00:06Z"},
    ]


def test_a_run_without_changes_is_one_request() -> None:
    server = many(7)
    *_, last = run(server)
    server.requests.clear()

    assert list(run(server, last.state)) == []
    assert server.requests == [
        {**FIRST, "take": "100", "afterUpdatedAt": "2026-11-27T08:59:06Z"},
    ]


def test_a_later_run_emits_what_changed() -> None:
    server = many(7)
    *_, last = run(server)
    server.write("b3", "cancelled")
    server.write("new", "accepted")
    server.pass_time(1)

    [page] = run(server, last.state)

    assert sorted(booking.uid for booking in page.bookings) == ["b3", "new"]
    assert page.state.watermark == BEGIN + timedelta(seconds=7)


def test_a_run_ends_at_the_time_at_which_it_began() -> None:
    server = many(7)

    def busy() -> None:
        server.pass_time(1)
        server.write("b3", "cancelled")
        server.write(f"n{server.now:%S}", "accepted")

    found = list(run(server, between=busy, take=3))

    # The first request is sent at 09:00:08, together with the first change.
    assert all_uids(found) == ["b0", "b1", "b2", "b4", "b5", "b6", "n08"]
    server.pass_time(1)
    later = all_uids(run(server, found[-1].state))
    assert sorted(later) == ["b3", *sorted(set(server.visible) - set(all_uids(found)) - {"b3"})]


@pytest.mark.parametrize("since", [BEGIN + timedelta(seconds=4), "2026-11-27T09:00:04Z"])
def test_changes_since_a_time(since: Any) -> None:
    assert uids(run(many(7), since)) == [["b4", "b5", "b6"]]


def test_more_bookings_of_one_time_than_a_page_holds() -> None:
    server = many(695, same=690)
    server.pass_time(120)

    found = list(run(server, take=10))

    assert sorted(all_uids(found)) == sorted(f"b{n}" for n in range(695))
    instant = "2026-11-27T09:00:00Z"
    alone = {"status": FIRST["status"], "take": "250", "sortStart": "asc"} | {
        "afterUpdatedAt": instant,
        "beforeUpdatedAt": instant,
    }
    assert server.requests == [
        {**FIRST, "take": "10"},
        {**FIRST, "take": "10", "afterUpdatedAt": instant},
        alone,
        {**alone, "afterStart": text(BEGIN + timedelta(days=1, hours=124)).replace(".000", "")},
        {**alone, "afterStart": text(BEGIN + timedelta(days=1, hours=248)).replace(".000", "")},
        {**FIRST, "take": "10", "afterUpdatedAt": "2026-11-27T09:00:00.001Z"},
        {**FIRST, "take": "10", "afterUpdatedAt": "2026-11-27T09:00:01Z"},
    ]


def test_more_of_one_time_and_one_start_cannot_be_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changing_server, "start_of", lambda uid: BEGIN)
    server = many(300, same=300)

    with pytest.raises(PagingError, match="has the same again where another start belongs"):
        list(run(server))


def test_a_late_write_of_the_same_second_is_found() -> None:
    server = many(7)
    *_, last = run(server)
    assert last.state.watermark == BEGIN + timedelta(seconds=6)
    server.visible["late"] = (BEGIN + timedelta(seconds=5, milliseconds=900), "accepted")

    assert uids(run(server, last.state)) == [["late"]]


def test_a_write_that_is_later_than_the_overlap_is_missed() -> None:
    server = many(7)
    *_, last = run(server, overlap=1)
    assert [uid for uid, _ in last.state.recent] == ["b5", "b6"]
    server.visible["late"] = (BEGIN + timedelta(seconds=4), "accepted")

    assert list(run(server, last.state, overlap=1)) == []


def test_an_overlap_before_the_first_year() -> None:
    state = SyncState(datetime(1, 1, 1, tzinfo=UTC), (("b1", datetime(1, 1, 1, tzinfo=UTC)),))

    assert uids(run(many(2), state)) == [["b0", "b1"]]


def test_a_server_without_a_date_is_read_to_its_end() -> None:
    emitted: list[Changes] = []

    after_one_page(page_of(item("b1", 9)), None, emitted)

    assert uids(emitted) == [["b1"]]


class LongList(ChangingServer):
    """Bookings b0, b1, …, changed a second apart, which are made when they are listed."""

    def respond(self, request: Request) -> Response:
        query = dict(parse_qsl(urlsplit(request.url).query))
        after = datetime.fromisoformat(query.get("afterUpdatedAt", BEGIN.isoformat()))
        first = int((after - BEGIN).total_seconds())
        return page_of(*[item(f"b{n}", n) for n in range(first, min(first + 100, 2400))])


@pytest.mark.exhaustive
def test_memory_is_flat() -> None:
    peaks = []
    tracemalloc.start()
    try:
        for number, page in enumerate(run(LongList(Random(0))), 1):
            assert len(page.state.recent) <= 61
            if number % 8 == 0:
                peaks.append(tracemalloc.get_traced_memory()[1])
                tracemalloc.reset_peak()
    finally:
        tracemalloc.stop()

    assert len(peaks) == 3
    assert max(peaks) < 1.1 * min(peaks)


# What cannot be followed.


def page_of(*items: dict[str, Any]) -> Response:
    recorded = json.loads(response_of("187-list-after-updated").body)
    return Response(200, (), json.dumps({**recorded, "data": list(items)}).encode())


def after_one_page(response: Response, since: Any, emitted: list[Changes]) -> None:
    """Collect what is emitted until the page after that one would be requested."""
    stream = changes(API, since)
    outcome: object = None
    sent = False
    while True:
        effect = stream.send(outcome)
        outcome = 0.0
        if isinstance(effect, Emit):
            emitted.append(effect.item)
        elif isinstance(effect, Send):
            if sent:
                return
            sent, outcome = True, response


def item(uid: str, second: int | None) -> dict[str, Any]:
    changed = None if second is None else text(BEGIN + timedelta(seconds=second))
    return {**LIKE, "uid": uid, "updatedAt": changed}


@pytest.mark.parametrize(
    ("items", "since", "message"),
    [
        (
            [item("a", 5), item("b", 4)],
            None,
            "bookings.list (GET /v2/bookings): the changes cannot be listed: booking 1 of "
            "the page has an earlier one where a later time of change belongs; the server may not "
            "know the filters",
        ),
        (
            [item("a", 5)],
            BEGIN + timedelta(seconds=6),
            "bookings.list (GET /v2/bookings): the changes cannot be listed: booking 0 of "
            "the page has an earlier one where a later time of change belongs; the server may not "
            "know the filters",
        ),
        (
            [item("a", 5), item("b", None)],
            None,
            "bookings.list (GET /v2/bookings): the changes cannot be listed: booking 1 of "
            "the page has nothing where a time of change belongs; the server may not know the "
            "filters",
        ),
    ],
)
def test_a_list_in_another_order_is_refused(
    items: list[dict[str, Any]], since: Any, message: str
) -> None:
    with pytest.raises(PagingError) as caught:
        after_one_page(page_of(*items), since, [])

    assert str(caught.value) == message
    assert caught.value.operation.name == "bookings.list"


def test_an_unreadable_booking_stops_the_run_after_the_others() -> None:
    state = SyncState(BEGIN)
    emitted: list[Changes] = []
    page = page_of(item("a", 1), {**item("b", 2), "start": 5}, item("c", 3))
    with pytest.raises(DecodingError) as caught:
        after_one_page(page, state, emitted)

    assert uids(emitted) == [["a", "c"]]
    assert emitted[0].state == state
    assert caught.value.path == "$.data[1].start"


def test_a_response_without_a_list_is_its_error() -> None:
    with pytest.raises(DecodingError, match="data"):
        after_one_page(Response(200, (), b'{"status":"success","data":5}'), None, [])


# What is given.


def test_other_lists_can_be_followed() -> None:
    listing = teams.organization_bookings(5, status="cancelled")
    stream = changes(API, "2026-11-27T09:00:00.1239Z", listing=listing, take=250)
    effect = next(stream)
    while not isinstance(effect, Send):
        effect = stream.send(0.0)

    assert effect.request.url == (
        "https://api.cal.com/v2/organizations/5/bookings?status=cancelled&take=250"
        "&afterUpdatedAt=2026-11-27T09:00:00.123Z&sortUpdatedAt=asc"
    )
    assert effect.request.headers.get("cal-api-version") == "2024-08-13"


REFUSED: list[tuple[Any, dict[str, Any], str]] = [
    (5, {}, "since: must be"),
    ("yesterday", {}, "since: is not an ISO 8601"),
    (None, {"listing": teams.bookings(5)}, "listing: must be one of bookings.list, teams.org"),
    (None, {"listing": bookings.list().map(len)}, "listing: must be one of"),
    (None, {"listing": "bookings.list"}, "listing: must be one of"),
    (None, {"listing": bookings.list(take=5)}, "listing: has take, which the sync sets"),
    (None, {"listing": bookings.list(sort_start="asc")}, "listing: has sortStart"),
    (None, {"listing": bookings.list(after_updated_at=BEGIN)}, "listing: has afterUpdatedAt"),
    (None, {"listing": bookings.list(cal_api_version="2026-05-01")}, "listing: has version 2026"),
    (None, {"take": 251}, "take"),
    (None, {"overlap": -1}, "overlap: must be a number of seconds, from 0 to 86,400"),
    (None, {"overlap": True}, "overlap: must be a number of seconds, from 0 to 86,400"),
    (None, {"policy": 5}, "policy: must be a RetryPolicy"),
]


@pytest.mark.parametrize(("since", "options", "message"), REFUSED)
def test_other_arguments_are_refused_before_anything_runs(
    since: Any, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidInput, match=message):
        changes(API, since, **options)


STATE = SyncState(
    datetime(2026, 11, 27, 9, 0, 6, 500_000, tzinfo=UTC),
    (("b5", datetime(2026, 11, 27, 9, 0, 5, tzinfo=UTC)),),
)
TREE = {
    "version": 1,
    "watermark": "2026-11-27T09:00:06.500000+00:00",
    "recent": [["b5", "2026-11-27T09:00:05+00:00"]],
}


def test_a_state_is_json() -> None:
    assert STATE.to_json() == TREE
    assert SyncState.from_json(json.loads(json.dumps(TREE))) == STATE
    assert SyncState().to_json() == {"version": 1, "watermark": None, "recent": []}
    assert SyncState.from_json(SyncState().to_json()) == SyncState()
    assert repr(STATE).endswith("recent=<1 versions>)")


@pytest.mark.parametrize(
    "tree",
    [
        5,
        {},
        {**TREE, "version": 2},
        {"version": 1, "recent": []},
        {**TREE, "watermark": "soon"},
        {**TREE, "watermark": "2026-11-27T09:00:06"},
        {**TREE, "recent": [["b5"]]},
        {**TREE, "recent": [[5, "2026-11-27T09:00:05Z"]]},
        {**TREE, "recent": 5},
    ],
)
def test_another_tree_is_no_state(tree: Any) -> None:
    with pytest.raises(InvalidInput):
        SyncState.from_json(tree)


@pytest.mark.parametrize(
    "fields",
    [
        {"watermark": "2026"},
        {"watermark": datetime(2026, 1, 1)},
        {"recent": 5},
        {"recent": ((5, datetime(2026, 1, 1, tzinfo=UTC)),)},
        {"recent": (("b5", datetime(2026, 1, 1)),)},
        {"recent": (("b5",),)},
    ],
)
def test_a_state_checks_its_fields(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        SyncState(**fields)
