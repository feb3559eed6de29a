"""Replay: strict, in virtual time, and the same for both clients."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trio
from attrs import evolve
from replay_helpers import fetch, get, raises_cassette_error

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


def test_there_are_three_replay_errors_under_one_base_class_of_the_core() -> None:
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


def cassette_of(*runs: list[tuple[tuple[int, ...], str, Outcome]]) -> Cassette:
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


def run_both(program: Callable[[], Program[Any]], cassette: Cassette) -> Any:
    """Run a program on a replay, blocking and under trio; both must return the same."""

    async def under_trio() -> Any:
        with Replay(cassette) as replay:
            return await run_trio(program(), replay)

    with Replay(cassette) as replay:
        blocking = run(program(), replay)
    assert trio.run(under_trio) == blocking
    return blocking


def test_a_program_gets_its_responses_in_order() -> None:
    cassette = cassette_of(
        [((), "a", Response(200)), ((), "b", Response(404)), ((), "a", Response(500))]
    )

    assert run_both(lambda: fetch("a", "b", "a"), cassette) == [200, 404, 500]


def test_each_branch_gets_its_own_responses_in_any_order() -> None:
    recorded = [((number,), "a", Response(200 + number)) for number in range(20)]

    def program() -> Program[Any]:
        return (yield from gather([fetch("a") for _ in range(20)], limit=7))

    assert run_both(program, cassette_of(recorded)) == tuple([200 + number] for number in range(20))


def test_each_run_claims_the_first_recorded_run_that_begins_with_its_request() -> None:
    cassette = cassette_of(
        [((), "a", Response(201))], [((), "b", Response(202))], [((), "a", Response(203))]
    )

    with Replay(cassette) as replay:
        assert run(fetch("b"), replay) == [202]
        assert run(fetch("a"), replay) == [201]
        assert run(fetch("a"), replay) == [203]


def test_an_unrecorded_request_is_no_match_and_names_the_nearest() -> None:
    cassette = cassette_of([((), "a", Response(200)), ((), "b", Response(200))])

    with pytest.raises(NoMatch) as first, Replay(cassette) as replay:
        run(fetch("x"), replay)
    with pytest.raises(NoMatch) as second, Replay(cassette) as replay:
        run(fetch("a", "x"), replay)

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


@pytest.mark.parametrize(("recorded", "requested", "parts"), DIFFERENCES)
def test_differences_of_query_and_version_are_named(
    recorded: dict[str, Any], requested: dict[str, Any], parts: str
) -> None:
    replay = Replay.of((bookings.list(**recorded), Response(200)))
    with pytest.raises(NoMatch) as caught, Client(transport=replay) as client:
        client.bookings.list(**requested)
    assert str(caught.value).endswith(f"which differs in {parts}; {WAY_OUT}")


def test_personal_data_is_not_in_the_message() -> None:
    op = bookings.list(attendee_email="secret.person@example.com")
    with (
        pytest.raises(NoMatch) as caught,
        Replay(cassette_of([((), "a", Response(200))])) as replay,
    ):
        run(send(Api(ApiKey("cal_test_replay")).request(op)), replay)

    assert "secret" not in str(caught.value)


def test_a_played_exchange_is_consumed() -> None:
    cassette = cassette_of([((), "a", Response(200))])
    replay = Replay(cassette)
    run(fetch("a"), replay)

    with pytest.raises(NoMatch) as one:
        run(fetch("a"), replay)
    with pytest.raises(NoMatch) as other:
        run(fetch("a", "b"), Replay(cassette))

    assert str(one.value) == (
        f"GET {URL}a was already played, and test.json does not hold it again; requests of one "
        f"call must be in one run (inline: in one list), otherwise {AGAIN}"
    )
    assert str(other.value) == (
        f"the program goes on with GET {URL}b, but run 1 of test.json has no exchange 2; {WAY_OUT}"
    )


def test_an_empty_replay_matches_nothing() -> None:
    with pytest.raises(NoMatch, match="nothing is left to play"), Replay(cassette_of()) as replay:
        run(fetch("a"), replay)


def test_unplayed_exchanges_fail_at_the_end() -> None:
    cassette = cassette_of(
        [((), "a", Response(200)), ((), "b", Response(200))], [((), "c", Response(1))]
    )

    with pytest.raises(Unplayed) as caught, Replay(cassette) as replay:
        run(fetch("a"), replay)

    assert str(caught.value) == (
        f"2 of the 3 exchanges of test.json were not requested, first GET {URL}b, exchange 2 of "
        f"run 1; request them, or {AGAIN}"
    )
    replay.close()  # raises only once


def test_unplayed_exchanges_do_not_hide_another_error() -> None:
    with pytest.raises(ZeroDivisionError), Replay(cassette_of([((), "a", Response(200))])):
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

    cassette = cassette_of(
        [
            ((), "a", Failure(NotSent, "refused", "connect")),
            ((), "b", Failure(NoAnswer, "slow", "timeout")),
        ]
    )

    assert run_both(program, cassette) == [
        (NotSent, "refused", "connect"),
        (NoAnswer, "slow", "timeout"),
    ]


def test_a_cancelled_exchange_has_no_response() -> None:
    with (
        pytest.raises(NoMatch, match=r"was cancelled .* record it again, and let it complete"),
        Replay(cassette_of([((), "a", Cancelled())])) as replay,
    ):
        run(fetch("a"), replay)


def test_time_is_virtual_and_only_sleep_moves_it() -> None:
    def branch(seconds: float) -> Program[float]:
        yield from sleep(seconds, jitter=1.0)
        return (yield from clock())

    def program() -> Program[list[Any]]:
        yield from sleep(3600)
        began = yield from clock()
        ends = yield from gather([branch(1), branch(10), branch(5)], limit=3)
        return [began, ends, (yield from clock())]

    assert run_both(program, Cassette(())) == [3600.0, (3601.0, 3610.0, 3605.0), 3610.0]


def test_an_inline_response_belongs_to_an_operation_or_a_request() -> None:
    op = bookings.get_one("a")
    api = Api(ApiKey("cal_test_replay"), base_url="https://cal.example.org/prefix")
    request = Request("GET", "https://cal.example.org/x")
    response = responses.json({"status": "success"}, 203, {"X-Request-Id": "r"})

    with Replay.of((op, response), (request, NotSent("no", reason="connect")), api=api) as replay:
        assert run(send(api.request(op)), replay) == Response(
            203,
            Headers([("Content-Type", "application/json"), ("X-Request-Id", "r")]),
            b'{"status": "success"}',
        )
        with pytest.raises(NotSent, match="no"):
            run(send(request), replay)


def test_a_client_gets_the_booking_that_a_test_builds() -> None:
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
def test_an_invalid_pair_is_refused(exchanges: Any) -> None:
    with pytest.raises(InvalidInput, match=r"exchanges\[0\]: must be a pair"):
        Replay.of(*exchanges)


def test_a_request_that_is_recorded_in_a_branch_names_its_place() -> None:
    with pytest.raises(
        NoMatch, match="which is recorded as exchange 1 of branch 0 of run 1: the order differs;"
    ):
        run(fetch("a"), Replay(cassette_of([((0,), "a", Response(200))])))


def test_the_repr_of_a_replay_names_its_cassette() -> None:
    assert repr(Replay(cassette_of([((), "a", Response(200))]))) == "<Replay of test.json: 1 runs>"


def test_any_branch_can_claim_a_run_with_its_first_request() -> None:
    def program() -> Program[Any]:
        return (yield from gather([fetch("y"), fetch("common")], limit=2))

    runs = [
        [((0,), name, Response(status)), ((1,), "common", Response(status))]
        for name, status in (("x", 201), ("y", 202))
    ]
    for _ in range(20):
        replay = Replay(cassette_of(*runs))
        assert trio.run(run_trio, program(), replay) == ([202], [202])
        assert run(program(), Replay(cassette_of(*runs))) == ([202], [202])


def gather_after_first(*names: str) -> Callable[[], Program[Any]]:
    def program() -> Program[Any]:
        yield from fetch("first")
        try:
            return (yield from gather([fetch(name) for name in names], limit=3))
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
def test_branches_that_a_failure_cancelled_may_stay_uncassette_of(recorded: Any) -> None:
    cassette = cassette_of([((), "first", Response(200)), *recorded])

    assert run_both(gather_after_first("a", "b"), cassette) == "no"


def test_a_branch_that_was_cancelled_only_in_the_recording_fails() -> None:
    cassette = cassette_of(
        [((), "first", Response(200)), ((0,), "a", Cancelled()), ((1,), "b", Response(200))]
    )

    async def under_trio() -> None:
        await run_trio(gather_after_first("a", "b")(), Replay(cassette))

    with pytest.raises(NoMatch, match="was cancelled when it was recorded"):
        run(gather_after_first("a", "b")(), Replay(cassette))
    with pytest.raises(NoMatch, match="was cancelled when it was recorded"):
        trio.run(under_trio)


def test_a_cancelled_stream_has_no_response() -> None:
    def stream() -> Any:
        yield from emit((yield from fetch("a")))

    async def under_trio() -> None:
        async for _ in iterate_trio(stream(), Replay(cassette_of([((), "a", Cancelled())]))):
            raise AssertionError

    with pytest.raises(NoMatch, match="was cancelled"):
        list(iterate(stream(), Replay(cassette_of([((), "a", Cancelled())]))))
    with pytest.raises(NoMatch, match="was cancelled"):
        trio.run(under_trio)


def test_a_list_of_pairs_is_for_one_program() -> None:
    pairs = [(get("a"), Response(201)), (get("b"), Response(202)), (get("a"), Response(203))]

    with Replay.of(pairs) as replay:
        assert run(fetch("a", "b", "a"), replay) == [201, 202, 203]


def test_a_request_played_before_in_its_run_is_consumed() -> None:
    with pytest.raises(
        NoMatch, match=r"run 1 of test\.json does not hold it again: .* no exchange 2;"
    ):
        run(fetch("a", "a"), Replay(cassette_of([((), "a", Response(200))])))


def test_a_pair_of_another_run_is_no_match() -> None:
    replay = Replay.of((get("a"), Response(200)), (get("b"), Response(200)))

    with pytest.raises(NoMatch, match=f"goes on with GET {URL}b, but run 1 of .* no exchange 2;"):
        run(fetch("a", "b"), replay)


def test_closing_a_failed_replay_raises_nothing() -> None:
    replay = Replay(cassette_of([((), "a", Response(200))]))

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
def test_an_invalid_path_is_an_unreadable_cassette(path: Any) -> None:
    with raises_cassette_error("unreadable", match="cannot be opened"):
        Replay(path)


def test_an_equal_request_in_another_place_is_named() -> None:
    replay = Replay.of([(get("a"), Response(200)), (get("b"), Response(200))])
    run(fetch("a"), replay)

    with pytest.raises(
        NoMatch,
        match=f"begins with GET {URL}b, which is recorded as exchange 2 of run 1: the order",
    ):
        run(fetch("b"), replay)


def test_a_run_is_claimed_for_all_of_its_branches() -> None:
    replay = Replay(cassette_of([((0,), "a", Response(201)), ((1,), "b", Response(202))]))

    def only_the_second() -> Program[Any]:
        return (yield from gather([fetch(), fetch("b")], limit=2))

    run(gather([fetch("a"), fetch("b")], limit=2), replay)

    with pytest.raises(
        NoMatch, match=r"b was already played, and test\.json does not hold it again"
    ):
        run(only_the_second(), replay)


def test_a_cassette_of_any_order_plays_the_first_equal_exchange() -> None:
    cassette = evolve(
        cassette_of(
            [((), "a", Response(201)), ((3,), "b", Response(202))], [((), "a", Response(203))]
        ),
        any_order=True,
    )

    def program() -> Program[Any]:
        first = yield from fetch("b")
        return first, (yield from gather([fetch("a"), fetch("a")], limit=2))

    assert run_both(program, cassette) == ([202], ([201], [203]))
    with pytest.raises(NoMatch, match="does not hold it again"), Replay(cassette) as replay:
        run(fetch("b", "b"), replay)
    with pytest.raises(Unplayed, match="2 of the 3 exchanges"), Replay(cassette) as replay:
        run(fetch("b"), replay)


def post(*starts: str) -> Program[None]:
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


@pytest.mark.parametrize(("edit", "error", "message"), EDITS)
def test_each_edit_of_a_file_is_an_error_of_its_own(
    edit: Any, error: type[Exception], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "test.json"
    starts = ("2027-01-01", "2027-01-02", "2027-01-03")
    recorded = tuple(
        RecordedExchange((), effect.request, Response(201))
        for effect in post(*starts)
        if isinstance(effect, Send)
    )
    save(Cassette((Run(recorded),)), path)
    with Replay(path) as replay:
        run(post(*starts), replay)
    tree = json.loads(path.read_bytes())
    edit(tree["runs"][0]["exchanges"])
    path.write_text(json.dumps(tree))
    before = path.read_bytes()

    with pytest.raises(error) as caught, Replay(path) as replay:
        run(post(*starts), replay)

    assert str(caught.value) == message.format(path=path, url=URL)
    assert path.read_bytes() == before


def test_the_nearest_of_several_exchanges_is_named() -> None:
    cassette = cassette_of(
        [((), "far/away", Response(200))],
        [((), "x?take=1&skip=2&status=past", Response(200))],
        [((), "x?take=1", Response(200))],
    )

    with pytest.raises(NoMatch, match=r"differs in query\.take \(2, recorded 1\);"):
        run(fetch("x?take=2"), Replay(cassette))


def test_a_repeated_request_past_the_end_is_no_match() -> None:
    cassette = cassette_of([((), "a", Response(200)), ((), "b", Response(200))])

    with pytest.raises(NoMatch, match=r"a was already played, .* there is no exchange 3;"):
        run(fetch("a", "b", "a"), Replay(cassette))


@pytest.mark.parametrize("options", [{"match": ("body",)}, {"redaction": True}])
def test_an_option_of_another_type_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match=r"^(match|redaction): must be a (Match|Redaction)"):
        Replay(cassette_of(), **options)
