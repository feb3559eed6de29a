"""The file format of a cassette: each form is read, written and read again."""

import base64
import copy
import json
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from replay_helpers import URL, raises_cassette_error

from calcom_core.effects import send
from calcom_core.errors import (
    InvalidInput,
    NoAnswer,
    NotSent,
    ReplayError,
    TransportError,
)
from calcom_core.execution import CancelledInRecording
from calcom_core.http import Headers, Request, Response
from calcom_core.json_text import InvalidJson, parse_json
from calcom_transports import Redaction, Replay, run
from calcom_transports.__main__ import DEMO_CASSETTE
from calcom_transports.cassette import (
    Cancelled,
    Cassette,
    Failure,
    RecordedExchange,
    Run,
    dumps,
    load,
    loads,
)
from calcom_transports.replay_errors import CassetteError, NoMatch, Unplayed


def exchange(**changes: Any) -> dict[str, Any]:
    default = {
        "branch": [],
        "request": {"method": "GET", "url": URL, "headers": [], "body": None},
        "response": {"status": 200, "headers": [["A", "b"]], "body": {"é": 1}},
    }
    return {key: value for key, value in (default | changes).items() if value is not ...}


def cassette(*exchanges: Any, **changes: Any) -> bytes:
    tree = {
        "format": "calcom-bookings cassette",
        "version": 1,
        "runs": [{"exchanges": list(exchanges)}],
        **changes,
    }
    return json.dumps(tree).encode()


def test_every_field_of_a_cassette_is_read() -> None:
    content = cassette(
        exchange(),
        exchange(
            branch=[0, 2],
            request={
                "method": "POST",
                "url": URL,
                "headers": [["cal-api-version", "2024-08-13"]],
                "body": {"base64": "/w=="},
            },
            response={"status": 204, "headers": [], "body": None},
        ),
        exchange(
            response=..., failure={"type": "NotSent", "reason": "connect", "message": "refused"}
        ),
        exchange(
            response=..., failure={"type": "NoAnswer", "reason": "timeout", "message": "slow"}
        ),
        exchange(response=..., cancelled=True),
        exchange(response={"status": 200, "headers": [], "body": "text"}),
    )

    get = Request("GET", URL)
    assert loads(content, name="x") == Cassette(
        (
            Run(
                (
                    RecordedExchange(
                        (), get, Response(200, Headers([("A", "b")]), '{"é":1}'.encode())
                    ),
                    RecordedExchange(
                        (0, 2),
                        Request("POST", URL, {"cal-api-version": "2024-08-13"}, b"\xff"),
                        Response(204),
                    ),
                    RecordedExchange((), get, Failure(NotSent, "refused", "connect")),
                    RecordedExchange((), get, Failure(NoAnswer, "slow", "timeout")),
                    RecordedExchange((), get, Cancelled()),
                    RecordedExchange((), get, Response(200, Headers(), b'"text"')),
                )
            ),
        ),
        "x",
    )


def test_the_error_for_a_missing_cassette_names_the_way_out(tmp_path: Path) -> None:
    with raises_cassette_error(
        "missing", match=r"record it \(mode once; with pytest --calcom-record=once\), or fix"
    ):
        load(tmp_path / "none.json")


def test_a_cassette_that_cannot_be_opened_is_unreadable(tmp_path: Path) -> None:
    with raises_cassette_error("unreadable", match="cannot be opened"):
        load(tmp_path)


def test_a_newer_cassette_is_unreadable_and_names_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "new.json"
    path.write_bytes(cassette(version=2))

    with raises_cassette_error("unreadable", match=r"version 2 .* install a newer"):
        load(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        cassette(format="something else"),
        cassette(version="1"),
        cassette(version=True),
        cassette(runs=None),
        cassette(runs=[{}]),
        cassette(runs={}),
        cassette(5),
        cassette(personal="else"),
        cassette(any_order="yes"),
        cassette(exchange(branch=["x"])),
        cassette(exchange(branch=5)),
        cassette(exchange(request=...)),
        cassette(exchange(request={"method": "GET", "url": "a b", "headers": [], "body": None})),
        cassette(exchange(response=...)),
        cassette(exchange(response={"status": "200", "headers": [], "body": None})),
        cassette(exchange(response={"status": 200, "headers": ["x"], "body": None})),
        cassette(exchange(response={"status": 200, "headers": [], "body": {"base64": "?"}})),
        cassette(exchange(response=..., failure={"type": "Else", "message": "", "reason": ""})),
        cassette(exchange(response=..., failure={"type": [], "message": "", "reason": ""})),
        cassette(exchange(response=..., failure={"type": "NotSent", "message": 5, "reason": ""})),
        cassette(
            exchange(response=..., failure={"type": "NotSent", "message": "", "reason": None})
        ),
        cassette(exchange(response=..., failure=["NotSent"])),
        cassette(exchange(cancelled=1)),
        cassette(exchange(cancelled=None)),
        cassette(exchange()).replace(b'"branch": []', b'"branch": [1e999]'),
        cassette(exchange(branch=[1.0])),
        cassette(exchange(branch=[True])),
        cassette(exchange(branch=[-1])),
        cassette(exchange(branch=["7"])),
        cassette(exchange(branch="77")),
        cassette(exchange(branch={"7": 7})),
        cassette(exchange(branch=[[]])),
        cassette(exchange(request=[])),
        cassette(exchange(request={"method": 5, "url": URL, "headers": [], "body": None})),
        cassette(exchange(request={"method": "GET", "url": [URL], "headers": [], "body": None})),
        cassette(exchange(response={"status": True, "headers": [], "body": None})),
        cassette(exchange(response={"status": 2e2, "headers": [], "body": None})),
        cassette(exchange(response={"status": 200, "headers": {"ab": "c"}, "body": None})),
        cassette(exchange(response={"status": 200, "headers": ["ab"], "body": None})),
        cassette(exchange(response={"status": 200, "headers": [["a", 5]], "body": None})),
        cassette(exchange(response={"status": 200, "headers": [["a"]], "body": None})),
        cassette(exchange(response={"status": 200, "headers": [], "body": {"base64": 5}})),
        cassette(exchange(response={"status": 200, "headers": [], "body": "\ud800"})),
        cassette(exchange()).replace(b'{"\\u00e9": 1}', b"[1e999]"),
        cassette(personal=["kept"]),
        cassette(personal=None),
        cassette(any_order=0),
        cassette(version=1.0),
        cassette(runs=[5]),
        cassette(runs=["exchanges"]),
        cassette(runs=[{"exchanges": {}}]),
    ],
)
def test_a_damaged_cassette_is_unreadable(content: bytes) -> None:
    with raises_cassette_error("unreadable"):
        loads(content)


@pytest.mark.parametrize(
    ("damaged", "problem"),
    [
        (exchange(branch=...), "runs[0].exchanges[1]: there is no 'branch'"),
        (
            exchange(response={"status": "200", "headers": [], "body": None}),
            "runs[0].exchanges[1]: status: must be an integer, not str",
        ),
    ],
)
def test_damage_is_reported_with_its_place(damaged: Any, problem: str) -> None:
    with raises_cassette_error("unreadable") as caught:
        loads(cassette(exchange(), damaged), name="x.json")

    assert str(caught.value) == f"x.json is damaged ({problem}); restore it"


GET = Request("GET", URL)
RECORDED = RecordedExchange((), GET, Response(200))


@pytest.mark.parametrize(
    ("create", "problem"),
    [
        (lambda: loads("{}"), "content: must be bytes, not str"),
        (lambda: loads(b"{}", name=5), "name: must be a string, not int"),
        (lambda: dumps(b"{}"), "cassette: must be a Cassette, not bytes"),
        (lambda: dumps(Cassette(()), {}), "redaction: must be a Redaction(…), not dict"),
        (lambda: Cassette(5), "runs: must be a tuple of Runs, not int"),
        (lambda: Cassette((RECORDED,)), "runs: must hold Runs, not RecordedExchange"),
        (lambda: Cassette((), 5), "name: must be a string, not int"),
        (lambda: Cassette((), "x", []), "personal: must be one of kept, replaced, keyed"),
        (lambda: Cassette((), "x", "kept", 1), "any_order: must be a boolean, not int"),
        (lambda: Run([RECORDED]), "exchanges: must be a tuple of RecordedExchanges, not list"),
        (lambda: Run((GET,)), "exchanges: must hold RecordedExchanges, not Request"),
        (
            lambda: RecordedExchange([0], GET, Cancelled()),
            "branch: must be a tuple of integers from 0",
        ),
        (
            lambda: RecordedExchange((True,), GET, Cancelled()),
            "branch: must be a tuple of integers from 0",
        ),
        (
            lambda: RecordedExchange((-1,), GET, Cancelled()),
            "branch: must be a tuple of integers from 0",
        ),
        (lambda: RecordedExchange((), "GET", Cancelled()), "request: must be a Request, not str"),
        (
            lambda: RecordedExchange((), GET, Cancelled),
            "outcome: must be a Response, a Failure or Cancelled(), not type",
        ),
        (lambda: Failure("x", "x", "x"), "error: must be NotSent or NoAnswer, not str"),
        (lambda: Failure(OSError, "x", "x"), "error: must be NotSent or NoAnswer, not type"),
        (lambda: Failure(NotSent, None, "x"), "message: must be a string, not NoneType"),
        (lambda: Failure(NotSent, "x", 5), "reason: must be a string, not int"),
    ],
)
def test_an_argument_of_another_type_is_refused(create: Callable[[], Any], problem: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        create()

    assert str(caught.value) == problem


def test_a_lone_surrogate_is_escaped_as_in_json() -> None:
    failure = RecordedExchange((), GET, Failure(NotSent, "a\ud800b", "connect"))
    response = RecordedExchange((), GET, Response(200, {"A": "\udfff"}))
    given = Cassette((Run((failure, response)),), "half")

    content = dumps(given)

    assert b"a\\ud800b" in content
    assert loads(content, name="half") == given


@pytest.mark.parametrize("url", ["http://[", "//[x", "http://a]b/c?d#e", "::", "?a", ""])
def test_an_invalid_url_is_written_and_replayed(url: str) -> None:
    request = Request("GET", url)
    given = Cassette((Run((RecordedExchange((), request, Response(404)),)),), "invalid")
    read = loads(dumps(given), name="invalid")

    assert read == given
    assert run(send(request), Replay(read)) == Response(404)


ANY_VALUE = st.one_of(
    st.none() | st.booleans() | st.text(max_size=3) | st.integers(),
    st.sampled_from([10**4_000, -(10**300), 1e300, 0.5, "\ud800", "é", "base64", "[redacted]"]),
    st.sampled_from([[], {}, [[]], {"base64": "/w=="}, {"a": None}, [["a", "b"]], [0]]),
    st.sampled_from(["GET", URL, "http://[", "NotSent", "kept", "keyed", "a b", "\r\n"]),
)
NUMBERS = st.sampled_from([b"1e999", b"-1e999", b"NaN", b"9" * 5_000, b"1" + b"0" * 400, b"-0.0"])


def places(tree: Any) -> list[tuple[Any, Any]]:
    """Return each array or object of a tree with each of its keys: the places of its values."""
    found: list[tuple[Any, Any]] = []
    pending = [tree]
    while pending:
        inner = pending.pop()
        keys = inner if isinstance(inner, dict) else range(len(inner))
        found += [(inner, key) for key in keys]
        pending += [inner[key] for key in keys if isinstance(inner[key], (dict, list))]
    return found


def write_and_replay(cassette: Cassette) -> None:
    """Write a cassette, and replay each of its exchanges."""
    try:
        assert loads(dumps(cassette), name=cassette.name).name == cassette.name
    except CassetteError as error:
        if error.reason != "credential-left":
            raise
    replay = Replay(cassette, redaction=Redaction(personal=True, key="k"))
    for number, recorded in enumerate(cassette.runs):
        for item in recorded.exchanges:
            request = evolve(item.request, body=item.request.body + b" " * number)
            with suppress(TransportError, ReplayError, CancelledInRecording):
                run(send(request), replay)
    with suppress(Unplayed):
        replay.close()


@settings(max_examples=2 * settings().max_examples)
@given(st.data())
def test_a_cassette_with_any_value_in_any_place_is_played_or_unreadable(
    data: st.DataObject,
) -> None:
    tree = json.loads(
        cassette(
            exchange(
                branch=[0, 1],
                request={
                    "method": "POST",
                    "url": URL,
                    "headers": [["A", "b"]],
                    "body": {"a": [1, {"b": None}]},
                },
            ),
            exchange(response=..., cancelled=True),
            exchange(response=..., failure={"type": "NotSent", "reason": "x", "message": "y"}),
            exchange(response={"status": 200, "headers": [], "body": {"base64": "/w=="}}),
            personal="kept",
            any_order=False,
        )
    )
    for _ in range(data.draw(st.integers(1, 2))):
        inner, key = data.draw(st.sampled_from(places(tree)))
        if isinstance(inner, dict) and data.draw(st.booleans()):
            del inner[key]
        else:
            drawn = data.draw(ANY_VALUE | NUMBERS.map(lambda number: f"number {number.decode()}"))
            inner[key] = copy.deepcopy(drawn)  # not shared, or a list could contain itself
    content = re.sub(r'"number ([^"]+)"', r"\1", json.dumps(tree)).encode()

    try:
        found = loads(content)
    except CassetteError as error:
        if error.reason != "unreadable":
            raise
        return
    write_and_replay(found)


def test_different_deeply_nested_bodies_do_not_match() -> None:
    body = [b"[" * 300 + b"%d" % number + b"]" * 300 for number in (1, 2)]
    here, there = (Request("POST", URL, (), each) for each in body)
    replay = Replay(Cassette((Run((RecordedExchange((), here, Response(200)),)),)))

    with pytest.raises(NoMatch, match=r"differs in body"):
        run(send(there), replay)


UNICODE = ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]


@pytest.mark.parametrize("encoding", UNICODE)
def test_a_json_body_in_another_encoding_is_read_to_the_byte(encoding: str) -> None:
    body = '{"a": "é€"}'.encode(encoding)
    request = Request("POST", URL, (), body)
    given = Cassette((Run((RecordedExchange((), request, Response(200, (), body)),)),), "one")

    content = dumps(given)

    assert loads(content, name="one") == given
    assert run(send(request), Replay(loads(content))).body == body
    stored = {"base64": base64.b64encode(body).decode()}
    assert json.loads(content)["runs"][0]["exchanges"][0]["response"]["body"] == stored


@pytest.mark.parametrize("encoding", UNICODE)
@pytest.mark.parametrize("personal", [False, True])
def test_credentials_and_people_are_redacted_in_any_encoding(encoding: str, personal: bool) -> None:
    key = "cal_test_0123456789abcdef"
    text = json.dumps({"note": f"{key}x", "clientSecret": "hunter2", "email": "ann@corp.example"})
    request = Request("GET", URL, {"Authorization": f"Bearer {key}"})
    response = Response(200, (), text.encode(encoding))
    given = Cassette((Run((RecordedExchange((), request, response),)),))

    read = loads(dumps(given, Redaction(personal=personal)))

    outcome = read.runs[0].exchanges[0].outcome
    assert isinstance(outcome, Response)
    found = json.loads(outcome.body.decode())
    assert found.pop("email") == (
        "person-46cbe43bef43@example.com" if personal else "ann@corp.example"
    )
    assert found == {"note": "[redacted]x", "clientSecret": "[redacted]"}


def cassette_of(**changes: Any) -> Cassette:
    """Return a cassette of one exchange, whose response has these fields."""
    recorded = RecordedExchange((), Request("GET", URL), Response(200, **changes))
    return Cassette((Run((recorded,)),), "one")


@pytest.mark.parametrize(
    ("body", "stored"),
    [
        (b"", "null"),
        (b'{"b":1,"a":[1.5,"\xc3\xa9",null,true]}', '{"b":1,"a":[1.5,"é",null,true]}'),
        (b"[]", "[]"),
        (b'"text"', '"text"'),
        (b"0", "0"),
        (b"null", '{"base64":"bnVsbA=="}'),
        (b'{"base64":"eA=="}', '{"base64":"eyJiYXNlNjQiOiJlQT09In0="}'),
        (b"<html>", '{"base64":"PGh0bWw+"}'),
        (b"\xff", '{"base64":"/w=="}'),
        (b'{"a":1,"a":2}', '{"base64":"eyJhIjoxLCJhIjoyfQ=="}'),
        (b"1e999", '{"base64":"MWU5OTk="}'),
        (b"NaN", '{"base64":"TmFO"}'),
        (b'"\\ud800"', '{"base64":"Ilx1ZDgwMCI="}'),
        (b"[" * 50 + b"]" * 50, "[" * 50 + "]" * 50),
    ],
)
def test_a_body_is_stored_as_json_if_nothing_is_lost(body: bytes, stored: str) -> None:
    content = dumps(cassette_of(body=body))

    found = json.loads(content)["runs"][0]["exchanges"][0]["response"]["body"]
    assert json.dumps(found, ensure_ascii=False, separators=(",", ":")) == stored
    assert loads(content, name="one") == cassette_of(body=body)


@pytest.mark.parametrize("depth", [51, 500, 5_000, 100_000])
def test_a_deeply_nested_body_is_stored_as_base64(depth: int) -> None:
    body = b"[" * depth + b"]" * depth
    content = dumps(cassette_of(body=body))

    assert b'"base64"' in content
    assert loads(content, name="one") == cassette_of(body=body)


HEADERS = st.lists(
    st.tuples(st.sampled_from(["A", "a", "x-b"]), st.text("abc é\t,;", max_size=8)), max_size=3
)
OUTCOMES = st.one_of(
    st.just(Cancelled()),
    st.builds(Failure, st.sampled_from([NotSent, NoAnswer]), st.text(), st.text()),
    st.builds(Response, st.integers(100, 599), HEADERS, st.binary()),
    st.builds(
        lambda tree: Response(200, (), json.dumps(tree, separators=(",", ":")).encode()),
        st.recursive(st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3)),
    ),
)
CASSETTES = st.builds(
    lambda runs, any_order: Cassette(
        tuple(Run(tuple(run)) for run in runs), "any", any_order=any_order
    ),
    st.lists(
        st.lists(
            st.builds(
                RecordedExchange,
                st.lists(st.integers(0, 9), max_size=2).map(tuple),
                st.builds(Request, st.just("POST"), st.just(f"{URL}?a=1"), HEADERS, st.binary()),
                OUTCOMES,
            ),
            max_size=3,
        ),
        max_size=3,
    ),
    st.booleans(),
)


def parsed_exchanges(cassette: Cassette) -> Any:
    """Return the exchanges of a cassette with parsed bodies, since spaces in JSON do not count."""
    return [
        (item.branch, item.request.url, item.request.headers, parsed(item.request.body), outcome)
        for run in cassette.runs
        for item in run.exchanges
        for outcome in [
            (item.outcome.status, item.outcome.headers, parsed(item.outcome.body))
            if isinstance(item.outcome, Response)
            else item.outcome
        ]
    ]


def parsed(body: bytes) -> Any:
    try:
        return parse_json(body)
    except InvalidJson:
        return body


@given(CASSETTES)
def test_any_cassette_is_read_as_it_was_written(cassette: Cassette) -> None:
    content = dumps(cassette)
    read = loads(content, name="any")

    assert parsed_exchanges(read) == parsed_exchanges(cassette)
    assert [len(run.exchanges) for run in read.runs] == [
        len(run.exchanges) for run in cassette.runs
    ]
    assert read.any_order is cassette.any_order
    assert dumps(read) == content


@given(st.binary() | st.binary().map(lambda rest: dumps(cassette_of())[:-40] + rest))
def test_any_bytes_are_a_cassette_or_unreadable(content: bytes) -> None:
    try:
        loads(content)
    except CassetteError as error:
        if error.reason != "unreadable":
            raise


def test_a_truncated_file_is_unreadable() -> None:
    content = dumps(cassette_of(body=b'{"a":1}')).rstrip()

    for length in range(len(content)):
        with raises_cassette_error("unreadable"):
            loads(content[:length])


@pytest.mark.parametrize(
    ("outcome", "summary"),
    [
        (Response(404), "POST /v2/bookings/uid/cancel?secret=[redacted] 404"),
        (
            Failure(NotSent, "x", "refused"),
            "POST /v2/bookings/uid/cancel?secret=[redacted] NotSent (refused)",
        ),
        (
            Failure(NoAnswer, "x", "timeout"),
            "POST /v2/bookings/uid/cancel?secret=[redacted] NoAnswer (timeout)",
        ),
        (
            Failure(TransportError, "x", "?"),
            "POST /v2/bookings/uid/cancel?secret=[redacted] NoAnswer (?)",
        ),
        (Cancelled(), "POST /v2/bookings/uid/cancel?secret=[redacted] cancelled"),
    ],
)
def test_each_exchange_has_a_summary(outcome: Any, summary: str) -> None:
    request = Request("POST", f"{URL}/uid/cancel?secret=1")
    content = dumps(Cassette((Run((RecordedExchange((), request, outcome),)),)))

    assert json.loads(content)["runs"][0]["exchanges"][0]["summary"] == summary


def test_the_cassette_of_the_demo_does_not_change_when_it_is_written_again() -> None:
    assert dumps(load(DEMO_CASSETTE)) == DEMO_CASSETTE.read_bytes()


def test_the_repr_of_a_cassette_omits_its_content() -> None:
    assert repr(cassette_of(headers={"X": "y"})) == (
        "Cassette(runs=<1 runs>, name='one', personal='kept', any_order=False)"
    )


def test_a_cassette_of_another_tool_is_not_reported_as_damaged() -> None:
    with raises_cassette_error("unreadable", match=r"of VCR\.py; import it with .*load_vcr"):
        loads(b'{"interactions": [], "version": 1}')
    with raises_cassette_error("unreadable", match="is not a calcom-bookings cassette"):
        loads(b'{"format": "else", "interactions": []}')
