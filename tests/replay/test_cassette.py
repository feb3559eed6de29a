"""The cassette's format, and when two requests are the same."""

import json
from pathlib import Path
from typing import Any

import pytest

from calcom_core.errors import CassetteMissing, CassetteUnreadable, NoAnswer, NotSent
from calcom_core.http import Headers, Request, Response
from calcom_transports.cassette import (
    Cancelled,
    Cassette,
    Failure,
    Recorded,
    Run,
    load,
    loads,
)

URL = "https://api.cal.com/v2/bookings"


def exchange(**changes: Any) -> dict[str, Any]:
    usual = {
        "branch": [],
        "request": {"method": "GET", "url": URL, "headers": [], "body": None},
        "response": {"status": 200, "headers": [["A", "b"]], "body": {"é": 1}},
    }
    return {key: value for key, value in (usual | changes).items() if value is not ...}


def cassette(*exchanges: Any, **changes: Any) -> bytes:
    tree = {
        "format": "calcom-bookings cassette",
        "version": 1,
        "runs": [{"exchanges": list(exchanges)}],
        **changes,
    }
    return json.dumps(tree).encode()


def test_a_cassette_is_read_whole() -> None:
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
                    Recorded((), get, Response(200, Headers([("A", "b")]), '{"é":1}'.encode())),
                    Recorded(
                        (0, 2),
                        Request("POST", URL, {"cal-api-version": "2024-08-13"}, b"\xff"),
                        Response(204),
                    ),
                    Recorded((), get, Failure(NotSent, "refused", "connect")),
                    Recorded((), get, Failure(NoAnswer, "slow", "timeout")),
                    Recorded((), get, Cancelled()),
                    Recorded((), get, Response(200, Headers(), b'"text"')),
                )
            ),
        ),
        "x",
    )


def test_a_missing_cassette_says_so(tmp_path: Path) -> None:
    with pytest.raises(CassetteMissing, match=r"record it \(mode once\), or mend the path"):
        load(tmp_path / "none.json")


def test_a_cassette_that_cannot_be_opened_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(CassetteUnreadable, match="cannot be opened"):
        load(tmp_path)


def test_a_newer_cassette_is_unreadable_and_says_what_to_install(tmp_path: Path) -> None:
    path = tmp_path / "new.json"
    path.write_bytes(cassette(version=2))

    with pytest.raises(CassetteUnreadable, match=r"version 2 .* install a newer"):
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
        cassette(runs=None),
        cassette(runs=[{}]),
        cassette(runs={}),
        cassette(5),
        cassette(exchange(branch=["x"])),
        cassette(exchange(branch=5)),
        cassette(exchange(request=...)),
        cassette(exchange(request={"method": "GET", "url": "a b", "headers": [], "body": None})),
        cassette(exchange(response=...)),
        cassette(exchange(response={"status": "200", "headers": [], "body": None})),
        cassette(exchange(response={"status": 200, "headers": ["x"], "body": None})),
        cassette(exchange(response={"status": 200, "headers": [], "body": {"base64": "?"}})),
        cassette(exchange(response=..., failure={"type": "Else", "message": "", "reason": ""})),
    ],
)
def test_a_damaged_cassette_is_unreadable_and_nothing_else(content: bytes) -> None:
    with pytest.raises(CassetteUnreadable):
        loads(content)


@pytest.mark.parametrize(
    ("damaged", "said"),
    [
        (exchange(branch=...), "runs[0].exchanges[1]: there is no 'branch'"),
        (
            exchange(response={"status": "200", "headers": [], "body": None}),
            "runs[0].exchanges[1]: status: must be an integer, not str",
        ),
    ],
)
def test_damage_is_said_by_its_place(damaged: Any, said: str) -> None:
    with pytest.raises(CassetteUnreadable) as caught:
        loads(cassette(exchange(), damaged), name="x.json")

    assert str(caught.value) == f"x.json is damaged ({said}); restore it"
