"""Replay: strict, without a network, without time, and the same for blocking and trio."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trio
from attrs import evolve

import calcom_transports
from calcom_core import Api, ApiKey, InvalidInput, Response, bookings, responses
from calcom_core.effects import Program, Send, clock, emit, gather, send, sleep
from calcom_core.errors import NoAnswer, NotSent, ReplayError
from calcom_core.http import Headers, Request
from calcom_transports import Client, Replay, iterate, replay_errors, run
from calcom_transports.__main__ import DEMO_CASSETTE
from calcom_transports.cassette import Cancelled, Cassette, Failure, Outcome, RecordedExchange, Run
from calcom_transports.cassette_file import save
from calcom_transports.replay_errors import CassetteError, NoMatch, Unplayed
from calcom_transports.trio import iterate_trio, run_trio

URL = "https://api.cal.com/v2/bookings/"
AGAIN = "record it again (mode rewrite; with pytest --calcom-record=rewrite)"
WAY_OUT = f"if the program was meant to change, {AGAIN}"


def unusable(reason: str, match: str | None = None) -> Any:
    """Expect a `CassetteError` with that reason."""
    return pytest.raises(CassetteError, match=match, check=lambda error: error.reason == reason)


def test_the_errors_of_replays_are_three_under_one_of_the_core() -> None:
    found = {
        name: value
        for name, value in vars(replay_errors).items()
        if isinstance(value, type) and value.__module__ == replay_errors.__name__
    }
    assert found == {"NoMatch": NoMatch, "Unplayed": Unplayed, "CassetteError": CassetteError}
    assert {cls.__base__ for cls in found.values()} == {ReplayError}
    assert {getattr(calcom_transports, name) for name in found} == set(found.values())


@pytest.mark.parametrize(
    "error", [NoMatch("x"), Unplayed("x"), CassetteError("x", reason="missing")]
)
def test_an_error_of_a_replay_pickles_with_its_reason(error: ReplayError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), again.args, vars(again)) == (type(error), ("x",), vars(error))
    assert error.may_have_happened is False


def get(name: str) -> Request:
    return Request("GET", f"{URL}{name}")


def played(*runs: list[tuple[tuple[int, ...], str, Outcome]]) -> Cassette:
    return Cassette(
        tuple(
            Run(
                tuple(
                    RecordedExchange(branch, get(name), outcome)
                    for branch, name, outcome in exchanges
                )
            )
            for exchanges in runs
        ),
        "test.json",
    )


def both(program: Callable[[], Program[Any]], cassette: Cassette) -> Any:
    """Run on a replay of the cassette, blocking and under trio; the two must agree."""

    async def under_trio() -> Any:
        with Replay(cassette) as replay:
            return await run_trio(program(), replay)

    with Replay(cassette) as replay:
        blocking = run(program(), replay)
    assert trio.run(under_trio) == blocking
    return blocking


def asking(*names: str) -> Program[list[int]]:
    statuses = []
    for name in names:
        response = yield from send(get(name))
        statuses.append(response.status)
    return statuses


def test_a_program_gets_its_answers_in_order() -> None:
    cassette = played(
        [((), "a", Response(200)), ((), "b", Response(404)), ((), "a", Response(500))]
    )

    assert both(lambda: asking("a", "b", "a"), cassette) == [200, 404, 500]


def test_branches_get_their_own_answers_in_whatever_order_they_ask() -> None:
    recorded = [((number,), "a", Response(200 + number)) for number in range(20)]

    def program() -> Program[Any]:
        return (yield from gather([asking("a") for _ in range(20)], limit=7))

    assert both(program, played(recorded)) == tuple([200 + number] for number in range(20))


def test_each_run_claims_the_first_that_begins_as_it_does() -> None:
    cassette = played(
        [((), "a", Response(201))], [((), "b", Response(202))], [((), "a", Response(203))]
    )

    with Replay(cassette) as replay:
        assert run(asking("b"), replay) == [202]
        assert run(asking("a"), replay) == [201]
        assert run(asking("a"), replay) == [203]


def test_a_request_that_is_not_recorded_is_no_match_and_names_the_nearest() -> None:
    cassette = played([((), "a", Response(200)), ((), "b", Response(200))])

    with pytest.raises(NoMatch) as first, Replay(cassette) as replay:
        run(asking("x"), replay)
    with pytest.raises(NoMatch) as second, Replay(cassette) as replay:
        run(asking("a", "x"), replay)

    assert str(first.value) == (
        f"nothing in test.json is equal to GET {URL}x; the nearest is GET {URL}a, which differs in "
        f"path (/v2/bookings/x, recorded /v2/bookings/a); {WAY_OUT}"
    )
    assert str(second.value) == (
        "the program diverges at exchange 2 of run 1 of test.json: it sends "
        f"GET {URL}x, where GET {URL}b is recorded; they differ in "
        f"path (/v2/bookings/x, recorded /v2/bookings/b); {WAY_OUT}"
    )


DIFFERENCES: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (
        {"status": "past", "take": 3},
        {"status": "upcoming", "take": 4},
        "query.status (upcoming, recorded past), query.take (4, recorded 3)",
    ),
    ({"take": 3}, {"take": 3, "skip": 0}, "query.skip (0, recorded nothing)"),
    (
        {"take": 3},
        {"limit": 3},
        "version (2026-05-01, recorded 2024-08-13), query.limit (3, recorded nothing), "
        "query.take (nothing, recorded 3)",
    ),
]


@pytest.mark.parametrize(("recorded", "asked", "parts"), DIFFERENCES)
def test_what_differs_in_a_query_or_a_version_is_named(
    recorded: dict[str, Any], asked: dict[str, Any], parts: str
) -> None:
    replay = Replay.of((bookings.list(**recorded), Response(200)))
    with pytest.raises(NoMatch) as caught, Client(transport=replay) as client:
        client.bookings.list(**asked)
    assert str(caught.value).endswith(f"which differs in {parts}; {WAY_OUT}")


def test_personal_data_of_a_query_or_a_body_is_not_in_the_message() -> None:
    op = bookings.list(attendee_email="secret.person@example.com")
    with pytest.raises(NoMatch) as caught, Replay(played([((), "a", Response(200))])) as replay:
        run(send(Api(ApiKey("cal_test_replay")).request(op)), replay)

    assert "secret" not in str(caught.value)


def test_what_was_played_is_consumed() -> None:
    again, longer = (
        Replay(played([((), "a", Response(200))])),
        Replay(played([((), "a", Response(200))])),
    )
    run(asking("a"), again)

    with pytest.raises(NoMatch) as one:
        run(asking("a"), again)
    with pytest.raises(NoMatch) as other:
        run(asking("a", "b"), longer)

    assert str(one.value) == (
        f"GET {URL}a was already played, and test.json does not hold it again; requests of one "
        f"call must be in one run (inline: in one list), otherwise {AGAIN}"
    )
    assert str(other.value) == (
        f"the program goes on with GET {URL}b, but run 1 of test.json has no exchange 2; {WAY_OUT}"
    )


def test_nothing_recorded_matches_nothing() -> None:
    with pytest.raises(NoMatch, match="nothing is left to play"), Replay(played()) as replay:
        run(asking("a"), replay)


def test_what_is_left_unplayed_fails_at_the_end() -> None:
    cassette = played(
        [((), "a", Response(200)), ((), "b", Response(200))], [((), "c", Response(1))]
    )

    with pytest.raises(Unplayed) as caught, Replay(cassette) as replay:
        run(asking("a"), replay)

    assert str(caught.value) == (
        f"2 of the 3 exchanges of test.json were not requested, first GET {URL}b, exchange 2 of "
        f"run 1; request them, or {AGAIN}"
    )
    replay.close()  # said once


def test_an_error_on_its_way_is_not_hidden_by_what_is_unplayed() -> None:
    with pytest.raises(ZeroDivisionError), Replay(played([((), "a", Response(200))])):
        _ = 1 / 0


def test_a_recorded_failure_is_raised_into_the_program() -> None:
    def program() -> Program[list[Any]]:
        seen: list[Any] = []
        for name in ("a", "b"):
            try:
                yield from send(get(name))
            except (NotSent, NoAnswer) as error:
                seen.append((type(error), str(error), error.reason))
        return seen

    cassette = played(
        [
            ((), "a", Failure(NotSent, "refused", "connect")),
            ((), "b", Failure(NoAnswer, "slow", "timeout")),
        ]
    )

    assert both(program, cassette) == [
        (NotSent, "refused", "connect"),
        (NoAnswer, "slow", "timeout"),
    ]


def test_an_exchange_that_was_cancelled_has_no_answer() -> None:
    with (
        pytest.raises(NoMatch, match=r"was cancelled .* record it again, and let it complete"),
        Replay(played([((), "a", Cancelled())])) as replay,
    ):
        run(asking("a"), replay)


def test_time_is_virtual_and_only_sleep_moves_it() -> None:
    def branch(seconds: float) -> Program[float]:
        yield from sleep(seconds, jitter=1.0)
        return (yield from clock())

    def program() -> Program[list[Any]]:
        yield from sleep(3600)
        began = yield from clock()
        ends = yield from gather([branch(1), branch(10), branch(5)], limit=3)
        return [began, ends, (yield from clock())]

    assert both(program, Cassette(())) == [3600.0, (3601.0, 3610.0, 3605.0), 3610.0]


def test_answers_are_given_inline_by_operation_or_by_request() -> None:
    op = bookings.get_one("a")
    api = Api(ApiKey("cal_test_replay"), base_url="https://cal.example.org/prefix")
    request = Request("GET", "https://cal.example.org/x")
    given = responses.json({"status": "success"}, 203, {"X-Request-Id": "r"})

    with Replay.of((op, given), (request, NotSent("no", reason="connect")), api=api) as replay:
        assert run(send(api.request(op)), replay) == Response(
            203,
            Headers([("Content-Type", "application/json"), ("X-Request-Id", "r")]),
            b'{"status": "success"}',
        )
        with pytest.raises(NotSent, match="no"):
            run(send(request), replay)


def test_a_booking_that_was_built_is_the_one_that_a_client_gets() -> None:
    op = bookings.cancel_seat("uid", "b", reason="ill")
    replay = Replay.of((op, responses.booking(uid="uid", seats=["a"])))
    with Client(transport=replay) as client:
        booking = client.bookings.cancel_seat("uid", "b", reason="ill")
    assert (booking.uid, [person.seat_uid for person in booking.attendees]) == ("uid", ["a"])


def test_a_replay_reads_its_cassette_from_a_file() -> None:
    replay = Replay(DEMO_CASSETTE)

    with pytest.raises(Unplayed, match=r"23 of the 23 exchanges of .*demo\.json"):
        replay.close()


@pytest.mark.parametrize(
    "exchanges",
    [
        (bookings.get_one("a"), responses.json({})),
        ((bookings.get_one("a"),),),
        ((bookings.get_one("a"), {"a": 1}),),
        ((bookings.get_one("a"), NoAnswer),),
        (("a", responses.json({})),),
    ],
)
def test_what_is_no_pair_of_call_and_answer_is_refused(exchanges: Any) -> None:
    with pytest.raises(InvalidInput, match=r"exchanges\[0\]: must be a pair"):
        Replay.of(*exchanges)


def test_a_request_at_another_place_is_said_to_be() -> None:
    with pytest.raises(
        NoMatch, match="which is recorded as exchange 1 of branch 0 of run 1: the order differs;"
    ):
        run(asking("a"), Replay(played([((0,), "a", Response(200))])))


def test_a_replay_says_what_it_plays() -> None:
    assert repr(Replay(played([((), "a", Response(200))]))) == "<Replay of test.json: 1 runs>"


def test_a_run_is_claimed_by_its_first_branch_whichever_could_ask_first() -> None:
    def program() -> Program[Any]:
        return (yield from gather([asking("y"), asking("common")], limit=2))

    runs = [
        [((0,), name, Response(status)), ((1,), "common", Response(status))]
        for name, status in (("x", 201), ("y", 202))
    ]
    for _ in range(20):
        replay = Replay(played(*runs))
        assert trio.run(run_trio, program(), replay) == ([202], [202])
        assert run(program(), Replay(played(*runs))) == ([202], [202])


def failing_over(*names: str) -> Callable[[], Program[Any]]:
    def program() -> Program[Any]:
        yield from asking("first")
        try:
            return (yield from gather([asking(name) for name in names], limit=3))
        except NotSent as error:
            return str(error)

    return program


@pytest.mark.parametrize(
    "recorded",
    [
        [((0,), "a", Failure(NotSent, "no", "connect")), ((1,), "b", Cancelled())],
        [((0,), "a", Cancelled()), ((1,), "b", Failure(NotSent, "no", "connect"))],
        [((0,), "a", Failure(NotSent, "no", "connect")), ((1,), "b", Response(200))],
    ],
)
def test_branches_that_a_failure_cancelled_are_not_missed(recorded: Any) -> None:
    cassette = played([((), "first", Response(200)), *recorded])

    assert both(failing_over("a", "b"), cassette) == "no"


def test_a_branch_that_was_cancelled_and_now_is_not_fails() -> None:
    cassette = played(
        [((), "first", Response(200)), ((0,), "a", Cancelled()), ((1,), "b", Response(200))]
    )

    async def under_trio() -> None:
        await run_trio(failing_over("a", "b")(), Replay(cassette))

    with pytest.raises(NoMatch, match="was cancelled when it was recorded"):
        run(failing_over("a", "b")(), Replay(cassette))
    with pytest.raises(NoMatch, match="was cancelled when it was recorded"):
        trio.run(under_trio)


def test_a_stream_that_was_cancelled_has_no_answer() -> None:
    def stream() -> Any:
        yield from emit((yield from asking("a")))

    async def under_trio() -> None:
        async for _ in iterate_trio(stream(), Replay(played([((), "a", Cancelled())]))):
            raise AssertionError

    with pytest.raises(NoMatch, match="was cancelled"):
        list(iterate(stream(), Replay(played([((), "a", Cancelled())]))))
    with pytest.raises(NoMatch, match="was cancelled"):
        trio.run(under_trio)


def test_a_list_of_pairs_answers_one_program() -> None:
    pairs = [(get("a"), Response(201)), (get("b"), Response(202)), (get("a"), Response(203))]

    with Replay.of(pairs) as replay:
        assert run(asking("a", "b", "a"), replay) == [201, 202, 203]


def test_a_request_played_before_in_its_run_is_consumed() -> None:
    with pytest.raises(
        NoMatch, match=r"run 1 of test\.json does not hold it again: .* no exchange 2;"
    ):
        run(asking("a", "a"), Replay(played([((), "a", Response(200))])))


def test_a_pair_of_another_run_is_no_match_and_is_named() -> None:
    replay = Replay.of((get("a"), Response(200)), (get("b"), Response(200)))

    with pytest.raises(NoMatch, match=f"goes on with GET {URL}b, but run 1 of .* no exchange 2;"):
        run(asking("a", "b"), replay)


def test_a_replay_that_failed_says_nothing_more_when_it_is_closed() -> None:
    replay = Replay(played([((), "a", Response(200))]))

    with pytest.raises(ZeroDivisionError), replay:
        _ = 1 / 0

    replay.close()


@pytest.mark.parametrize("api", [5, "https://api.cal.com", Api, ""])
def test_an_api_of_another_type_is_refused(api: Any) -> None:
    with pytest.raises(InvalidInput, match=r"^api: must be an Api, not "):
        Replay.of((bookings.get_one("a"), responses.json({})), api=api)


CIRCULAR: list[Any] = []
CIRCULAR.append(CIRCULAR)


@pytest.mark.parametrize("body", [object(), {(): 1}, b"x", float("nan"), "\ud800", CIRCULAR])
def test_a_body_that_json_cannot_hold_is_refused(body: Any) -> None:
    with pytest.raises(InvalidInput, match=r"^body: cannot be written as JSON"):
        responses.json(body)


def test_a_body_that_is_nested_too_deeply_is_refused() -> None:
    body: list[Any] = []
    for _ in range(100_000):
        body = [body]
    with pytest.raises(InvalidInput, match=r"^body: cannot be written as JSON"):
        responses.json(body)


@pytest.mark.parametrize("path", ["a\0b", None, 5, b"a", object()])
def test_what_is_no_path_is_an_unreadable_cassette(path: Any) -> None:
    with unusable("unreadable", match="cannot be opened"):
        Replay(path)


def test_what_is_left_in_another_place_is_named_as_the_nearest() -> None:
    replay = Replay.of([(get("a"), Response(200)), (get("b"), Response(200))])
    run(asking("a"), replay)

    with pytest.raises(
        NoMatch,
        match=f"begins with GET {URL}b, which is recorded as exchange 2 of run 1: the order",
    ):
        run(asking("b"), replay)


def test_a_run_that_another_branch_of_it_has_claimed_is_claimed() -> None:
    replay = Replay(played([((0,), "a", Response(201)), ((1,), "b", Response(202))]))

    def only_the_second() -> Program[Any]:
        return (yield from gather([asking(), asking("b")], limit=2))

    run(gather([asking("a"), asking("b")], limit=2), replay)

    with pytest.raises(
        NoMatch, match=r"b was already played, and test\.json does not hold it again"
    ):
        run(only_the_second(), replay)


def test_a_loose_cassette_answers_whoever_asks_with_the_first_that_is_equal() -> None:
    cassette = evolve(
        played([((), "a", Response(201)), ((3,), "b", Response(202))], [((), "a", Response(203))]),
        any_order=True,
    )

    def program() -> Program[Any]:
        first = yield from asking("b")
        return first, (yield from gather([asking("a"), asking("a")], limit=2))

    assert both(program, cassette) == ([202], ([201], [203]))
    with pytest.raises(NoMatch, match="does not hold it again"), Replay(cassette) as replay:
        run(asking("b", "b"), replay)
    with pytest.raises(Unplayed, match="2 of the 3 exchanges"), Replay(cassette) as replay:
        run(asking("b"), replay)


def posting(*starts: str) -> Program[None]:
    for start in starts:
        yield from send(
            Request(
                "POST", URL, {"cal-api-version": "2024-08-13"}, b'{"start":"%s"}' % start.encode()
            )
        )


def change_body(exchanges: Any) -> None:
    exchanges[1]["request"]["body"]["start"] = "2027-01-09"


def remove(exchanges: Any) -> None:
    del exchanges[1]


def remove_last(exchanges: Any) -> None:
    del exchanges[2]


def add(exchanges: Any) -> None:
    exchanges.append(exchanges[0])


def swap(exchanges: Any) -> None:
    exchanges[1:] = exchanges[:0:-1]


DIVERGES = "the program diverges at exchange 2 of run 1 of {path}: it sends POST {url}"
EDITS: list[tuple[Any, type[Exception], str]] = [
    (
        change_body,
        NoMatch,
        f"{DIVERGES}, where POST {{url}} is recorded; they differ in "
        f"body.start (2027-01-02, recorded 2027-01-09); {WAY_OUT}",
    ),
    (
        remove,
        NoMatch,
        f"{DIVERGES}, where POST {{url}} is recorded; they differ in "
        f"body.start (2027-01-02, recorded 2027-01-03); {WAY_OUT}",
    ),
    (
        remove_last,
        NoMatch,
        "the program goes on with POST {url}, but run 1 of {path} has no exchange 3; "
        f"{WAY_OUT}",
    ),
    (
        add,
        Unplayed,
        "1 of the 4 exchanges of {path} were not requested, first POST {url}, exchange 4 of run 1; "
        f"request them, or {AGAIN}",
    ),
    (
        swap,
        NoMatch,
        f"{DIVERGES}, which is recorded as exchange 3, after POST {{url}}: the order differs; "
        f"{WAY_OUT}",
    ),
]


@pytest.mark.parametrize(("edit", "error", "said"), EDITS)
def test_each_edit_of_a_file_is_an_error_of_its_own_and_leaves_the_file(
    edit: Any, error: type[Exception], said: str, tmp_path: Path
) -> None:
    path = tmp_path / "test.json"
    starts = ("2027-01-01", "2027-01-02", "2027-01-03")
    recorded = tuple(
        RecordedExchange((), effect.request, Response(201))
        for effect in posting(*starts)
        if isinstance(effect, Send)
    )
    save(Cassette((Run(recorded),)), path)
    with Replay(path) as replay:
        run(posting(*starts), replay)
    tree = json.loads(path.read_bytes())
    edit(tree["runs"][0]["exchanges"])
    path.write_text(json.dumps(tree))
    before = path.read_bytes()

    with pytest.raises(error) as caught, Replay(path) as replay:
        run(posting(*starts), replay)

    assert str(caught.value) == said.format(path=path, url=URL)
    assert path.read_bytes() == before


def test_the_nearest_of_several_is_named() -> None:
    cassette = played(
        [((), "far/away", Response(200))],
        [((), "x?take=1&skip=2&status=past", Response(200))],
        [((), "x?take=1", Response(200))],
    )

    with pytest.raises(NoMatch, match=r"differs in query\.take \(2, recorded 1\);"):
        run(asking("x?take=2"), Replay(cassette))


def test_what_is_asked_once_more_at_the_end_was_played_already() -> None:
    cassette = played([((), "a", Response(200)), ((), "b", Response(200))])

    with pytest.raises(NoMatch, match=r"a was already played, .* there is no exchange 3;"):
        run(asking("a", "b", "a"), Replay(cassette))


@pytest.mark.parametrize("options", [{"match": ("body",)}, {"redaction": True}])
def test_an_option_of_another_kind_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match=r"^(match|redaction): must be a (Match|Redaction)"):
        Replay(played(), **options)
