"""When two requests match, and the description of their differences."""

import inspect
import sys
from collections.abc import Iterable
from typing import Any

import pytest

from calcom_core.errors import InvalidInput
from calcom_core.http import Request
from calcom_core.redaction import Redactor
from calcom_transports.matching import Match, MatchKey

URL = "https://api.cal.com/v2/bookings"


def request(
    method: str = "POST", url: str = URL, version: str = "2024-08-13", **more: Any
) -> Request:
    return Request(method, url, {"cal-api-version": version, "X": "y"}, **more)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (request(), Request("POST", URL, {"Cal-Api-Version": "2024-08-13", "Authorization": "k"})),
        (request(url=f"{URL}?a=1&b=%2C"), request(url=f"{URL}?b=,&a=1")),
        (request(body=b'{"a":1,"b":2}'), request(body=b'{"b": 2, "a": 1}')),
        (request(), Request("POST", URL, {"cal-api-version": "2024-08-13", "traceparent": "00"})),
        (request(body=b"\xff"), request(body=b"\xff")),
        (request(body=b"[" * 100_000), request(body=b"[" * 100_000)),
    ],
)
def test_equivalent_requests_have_equal_keys(one: Request, other: Request) -> None:
    assert MatchKey.of(one) == MatchKey.of(other)


@pytest.mark.parametrize(
    ("other", "differences"),
    [
        (request("PUT"), ["method (POST, recorded PUT)"]),
        (request(url=f"{URL}/x"), ["path (/v2/bookings, recorded /v2/bookings/x)"]),
        (
            request(url=URL.replace("https://api", "http://elsewhere")),
            ["host (https://api.cal.com, recorded http://elsewhere.cal.com)"],
        ),
        (request(url=f"{URL}?a="), ["query.a (nothing, recorded 0 characters)"]),
        (
            request(url=f"{URL}?status=past,cancelled"),
            ["query.status (nothing, recorded past,cancelled)"],
        ),
        (
            request(url=f"{URL}?attendeeName=ann"),
            ["query.attendeeName (nothing, recorded 3 characters)"],
        ),
        (request(version="2024-04-15"), ["version (2024-08-13, recorded 2024-04-15)"]),
        (request(body=b'{"a":1}'), ["body (nothing, recorded an object)"]),
        (request(body=b"[1]"), ["body (nothing, recorded an array of 1)"]),
        (request(body=b"\xff"), ["body (nothing, recorded 11 characters)"]),
        (
            request("GET", f"{URL}?a=1", body=b"null"),
            [
                "method (POST, recorded GET)",
                "query.a (nothing, recorded 1)",
                "body (nothing, recorded null)",
            ],
        ),
    ],
)
def test_the_differences_of_two_requests_are_described(
    other: Request, differences: list[str]
) -> None:
    assert MatchKey.of(request()) != MatchKey.of(other)
    assert MatchKey.of(request()).differences(MatchKey.of(other)) == differences


BODY = b"""{"start": "2027-04-05T09:00:00Z", "eventTypeId": 7, "big": 123456789,
 "attendee": {"name": "Ann", "phone": "393331234567", "ok": true}, "guests": ["a@b.c", "1"]}"""


@pytest.mark.parametrize(
    ("there", "differences"),
    [
        (
            BODY.replace(b"T09", b"T10"),
            ["body.start (2027-04-05T09:00:00Z, recorded 2027-04-05T10:00:00Z)"],
        ),
        (BODY.replace(b": 7", b": 8"), ["body.eventTypeId (7, recorded 8)"]),
        (
            BODY.replace(b"Ann", b"Bert"),
            ["body.attendee.name (3 characters, recorded 4 characters)"],
        ),
        (
            BODY.replace(b"4567", b"4568"),
            [
                "body.big (a number, recorded a number)",
                "body.attendee.phone (12 characters, recorded 12 characters)",
            ],
        ),
        (BODY.replace(b"true", b"1"), ["body.attendee.ok (true, recorded 1)"]),
        (BODY.replace(b'"1"', b'"2"'), ["body.guests[1] (1, recorded 2)"]),
        (
            BODY.replace(b', "1"', b""),
            ["body.guests (an array of 2, recorded an array of 1)"],
        ),
        (
            BODY.replace(b'"ok"', b'"no"'),
            [
                "body.attendee.ok (true, recorded nothing)",
                "body.attendee.no (nothing, recorded true)",
            ],
        ),
        (
            b"{" + b",".join(b'"k%d":null' % number for number in range(9)) + b"}",
            [
                "body.start (2027-04-05T09:00:00Z, recorded nothing)",
                "body.eventTypeId (7, recorded nothing)",
                "body.big (a number, recorded nothing)",
                "body.attendee (an object, recorded nothing)",
                "body.guests (an array of 2, recorded nothing)",
                *(f"body.k{number} (nothing, recorded null)" for number in range(3)),
                "6 more",
            ],
        ),
    ],
)
def test_the_differences_of_two_bodies_show_no_personal_data(
    there: bytes, differences: list[str]
) -> None:
    here = MatchKey.of(request(body=BODY))
    found = here.differences(MatchKey.of(request(body=there)))

    assert sorted(found) == sorted(differences)


def test_a_different_spelling_of_a_query_is_described() -> None:
    one = MatchKey.of(request(url=f"{URL}?a=1&a=2"))
    other = MatchKey.of(request(url=f"{URL}?a=1%2C2"))

    assert one != other
    assert one.differences(other) == ["the spelling of its query"]


IGNORED: list[tuple[str, Request]] = [
    ("method", request("PUT")),
    ("host", request(url=URL.replace("https://api", "http://elsewhere"))),
    ("path", request(url=f"{URL}/x")),
    ("version", request(version="2024-04-15")),
    ("query", request(url=f"{URL}?a=1")),
    ("query.a", request(url=f"{URL}?a=1")),
    ("body", request(body=b"\xff")),
    ("body.start", request(body=b'{"start": 1}')),
    ("body.attendee.email", request(body=b'{"attendee": {"email": "a"}}')),
]


@pytest.mark.parametrize(("name", "other"), IGNORED)
def test_an_ignored_part_does_not_count_and_every_other_part_does(
    name: str, other: Request
) -> None:
    empty = {"body.start": b"{}", "body.attendee.email": b'{"attendee": {}}'}.get(name, b"")
    match = Match(ignore=(name,))

    assert MatchKey.of(request(body=empty), match) == MatchKey.of(other, match)
    assert MatchKey.of(request(body=empty)) != MatchKey.of(other)
    for ignored, different in IGNORED:
        if not ignored.startswith(name) and not name.startswith(ignored):
            assert MatchKey.of(request(), match) != MatchKey.of(different, match), ignored


@pytest.mark.parametrize("body", [b"[]", b'{"attendee": 5}', b'{"attendee": null}', b"{}"])
def test_an_ignored_key_may_be_missing(body: bytes) -> None:
    match = Match(ignore=("body.attendee.email", "body.attendee.x.y"))

    assert MatchKey.of(request(body=body), match) == MatchKey.of(request(body=body), match)


@pytest.mark.parametrize(
    "ignore",
    [
        *(None, 5, "body.start", b"body", ("headers",), ("query.",), ("body.",), ("host.x",)),
        *(("",), ("Body",), (5,), (["body"],), (None,), (b"body",)),
    ],
)
def test_an_unknown_name_cannot_be_ignored(ignore: Iterable[str]) -> None:
    with pytest.raises(InvalidInput, match=r"^ignore: "):
        Match(ignore=ignore)


def test_a_key_is_created_from_the_redacted_request() -> None:
    raw = request(url=f"{URL}?note=cal_test_0123456789", body=b'{"note": "cal_test_0123456789"}')
    written = Redactor(()).request(raw)

    assert written.url == f"{URL}?note=[redacted]"
    assert MatchKey.of(raw) == MatchKey.of(written)


def test_eight_differences_are_all_shown() -> None:
    here = MatchKey.of(request(body=b"{}"))
    eight = b"{" + b",".join(b'"k%d":1' % number for number in range(8)) + b"}"

    found = here.differences(MatchKey.of(request(body=eight)))

    assert found == [f"body.k{number} (nothing, recorded 1)" for number in range(8)]


def test_bodies_that_are_nested_too_deeply_differ_as_a_whole() -> None:
    here, there = (
        MatchKey.of(request(body=b"[" * 300 + number + b"]" * 300)) for number in (b"1", b"2")
    )

    def within(calls: int) -> list[str]:
        return within(calls - 1) if calls else here.differences(there)

    assert within(sys.getrecursionlimit() - len(inspect.stack(0)) - 100) == ["body"]


def test_the_repr_of_a_key_omits_query_and_body() -> None:
    key = MatchKey.of(request(url=f"{URL}?email=ann@corp.example", body=b'{"name": "Ann"}'))

    assert repr(key) == (
        "MatchKey(method='POST', host='https://api.cal.com', path='/v2/bookings', "
        "version='2024-08-13')"
    )
