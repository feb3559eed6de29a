"""Custom operations, for routes of the API without a function in this library."""

import copy
import json
import pickle
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
import trio
from server import Peer, Server

from calcom_core import (
    HOSTED,
    Anonymous,
    Api,
    ApiKey,
    Booking,
    DecodingError,
    InvalidInput,
    NoAnswer,
    NotFound,
    Operation,
    OutcomeUnknown,
    Request,
    Response,
    RetryPolicy,
    bookings,
    responses,
    run_script,
)
from calcom_core.decoders import One, PageOf
from calcom_core.effects import Clock, Sleep
from calcom_core.responses import json as json_response
from calcom_core.retry import retrying
from calcom_transports import AsyncClient, Client, Recorder, Replay

KEY = "cal_test_own_operations"
LIST: Operation[list[dict[str, Any]]] = Operation(
    "webhooks.list", "GET", "/v2/webhooks", query={"take": "2", "skip": "0"}
)
CREATE: Operation[dict[str, Any]] = Operation(
    "webhooks.create",
    "POST",
    "/v2/webhooks",
    body=b'{"active":true,"subscriberUrl":"https://hooks.example/a","triggers":["PING"]}',
)
WEBHOOKS = [{"id": "w1", "active": True}, {"id": "w2", "active": False}]
LISTED = {"status": "success", "data": WEBHOOKS}
CREATED = {"status": "success", "data": {"id": "w3", "active": True}}
API = Api(ApiKey(KEY))
BUSY = Response(503, (), b"busy")


def serving(peer: Peer) -> None:
    """Serve the two routes."""
    while request := peer.request():
        content = json.dumps(LISTED if request.startswith(b"GET") else CREATED).encode()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(content) + content)


def sent(request: bytes) -> tuple[str, dict[str, str], bytes]:
    """Return the first line, the relevant headers and the body of a request."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    named = ("authorization", "cal-api-version", "content-type")
    return first, {name: headers[name] for name in named if name in headers}, body


def test_both_clients_send_custom_operations_and_return_the_data() -> None:
    async def under_trio(url: str) -> list[Any]:
        async with AsyncClient(KEY, base_url=url) as client:
            return [await client.call(LIST), await client.call(CREATE)]

    with Server(serving) as server:
        with Client(KEY, base_url=server.url) as client:
            assert [client.call(LIST), client.call(CREATE)] == [WEBHOOKS, CREATED["data"]]
        assert trio.run(under_trio, server.url) == [WEBHOOKS, CREATED["data"]]

    headers = {"authorization": f"bearer {KEY}", "cal-api-version": "2024-08-13"}
    listed = ("GET /v2/webhooks?take=2&skip=0 HTTP/1.1", headers, b"")
    created = (
        "POST /v2/webhooks HTTP/1.1",
        {**headers, "content-type": "application/json"},
        b'{"active":true,"subscriberUrl":"https://hooks.example/a","triggers":["PING"]}',
    )
    assert [sent(request) for request in server.requests] == [listed, created] * 2


@pytest.mark.parametrize(
    ("operation", "version"),
    [
        (LIST, "2024-08-13"),
        (Operation("event-types.schedules", "GET", "/v2/schedules"), "2024-08-13"),
        (Operation("schedules.list", "GET", "/v2/schedules", version="2024-06-11"), "2024-06-11"),
        # A name in a family has the version of the family.
        (Operation("bookings.count", "GET", "/v2/bookings/count"), "2026-02-25"),
    ],
)
def test_the_version_is_the_one_given_or_2024_08_13(
    operation: Operation[Any], version: str
) -> None:
    request = Api(Anonymous(), versions=HOSTED).request(operation)
    assert request.headers.get_all("cal-api-version") == (version,)


def test_a_custom_operation_sends_a_complete_request() -> None:
    assert API.request(CREATE) == Request(
        "POST",
        "https://api.cal.com/v2/webhooks",
        (
            ("Accept", "application/json"),
            ("User-Agent", "calcom-bookings/0.2.0"),
            ("cal-api-version", "2024-08-13"),
            ("Authorization", "Bearer cal_test_own_operations"),
            ("Content-Type", "application/json"),
        ),
        b'{"active":true,"subscriberUrl":"https://hooks.example/a","triggers":["PING"]}',
    )


@pytest.mark.parametrize(
    ("method", "idempotent"),
    [
        ("GET", True),
        ("HEAD", True),
        ("POST", False),
        ("PUT", False),
        ("PATCH", False),
        ("DELETE", False),
    ],
)
def test_only_a_read_is_idempotent_by_default(method: str, idempotent: bool) -> None:
    assert Operation("x", method, "/v2/x").idempotent is idempotent
    assert Operation("x", method, "/v2/x", idempotent=not idempotent).idempotent is not idempotent


def test_a_read_is_retried() -> None:
    result = run_script(
        retrying(API, LIST, RetryPolicy(attempts=2, base=1)),
        [
            (Clock(), 0.0),
            (LIST, BUSY),
            (Clock(), 0.1),
            (Sleep(1, jitter=1), None),
            (LIST, json_response(LISTED)),
        ],
    )
    assert result == WEBHOOKS


@pytest.mark.parametrize("received", [NoAnswer("cut short", reason="closed"), BUSY])
def test_a_custom_write_is_sent_once_and_has_no_verify(received: Any) -> None:
    with pytest.raises(OutcomeUnknown) as caught:
        run_script(retrying(API, CREATE), [(Clock(), 0.0), (CREATE, received)])

    words = "cut short" if isinstance(received, NoAnswer) else "the response was 503"
    assert str(caught.value).startswith(
        "webhooks.create (POST /v2/webhooks): it may have happened: " + words
    )
    assert "; before you repeat it, check whether it happened (after 1 attempt" in str(caught.value)
    assert caught.value.verify is None
    assert caught.value.operation == CREATE


def test_a_custom_write_may_have_a_verify() -> None:
    operation = Operation("webhooks.create", "POST", "/v2/webhooks", verify=LIST)
    with pytest.raises(OutcomeUnknown, match=r"run error\.verify") as caught:
        run_script(retrying(API, operation), [(Clock(), 0.0), (operation, BUSY)])
    assert caught.value.verify == LIST


def test_an_error_with_status_200_is_an_unknown_outcome_of_a_write() -> None:
    with pytest.raises(DecodingError) as caught:
        CREATE.read(json_response({"status": "error", "error": {"code": "X", "message": "busy"}}))
    assert str(caught.value) == (
        "webhooks.create (POST /v2/webhooks): 200 with another string at $.status instead of the "
        'string "success"; server message: X: busy; the write may have happened: '
        "check whether it happened before you repeat it"
    )


def test_custom_operations_raise_the_usual_errors() -> None:
    missing = {"status": "error", "error": {"code": "NotFoundException", "message": "gone"}}
    with pytest.raises(NotFound) as caught:
        LIST.read(json_response(missing, 404))
    assert caught.value.operation == LIST
    with pytest.raises(DecodingError, match=r"webhooks\.list .* a page of HTML at \$"):
        LIST.read(Response(200, (), b"<html>"))


@pytest.mark.parametrize("data", [None, [], {}, 5, "x", [{"id": 1}]])
def test_the_data_is_returned_unchanged(data: object) -> None:
    assert LIST.read(json_response({"status": "success", "data": data})) == data


def test_without_data_the_result_is_none() -> None:
    assert LIST.read(json_response({"status": "success"})) is None


def test_a_function_or_a_decoder_converts_the_data() -> None:
    active = LIST.map(lambda webhooks: [each["id"] for each in webhooks if each["active"]])
    assert active.read(json_response(LISTED)) == ["w1"]
    assert API.request(active) == API.request(LIST)
    latest: Operation[Booking] = Operation(
        "bookings.latest", "GET", "/v2/bookings/latest", One(Booking)
    )
    least = {"uid": "bk7", "status": "accepted"}
    times = {"start": "2027-04-05T09:00:00.000Z", "end": "2027-04-05T09:30:00.000Z"}
    assert (
        latest.read(json_response({"status": "success", "data": {**least, **times}})).uid == "bk7"
    )


def test_a_replay_serves_custom_operations() -> None:
    with Client(
        transport=Replay.of((LIST, json_response(LISTED)), (CREATE, json_response(CREATED)))
    ) as client:
        assert client.call(LIST) == WEBHOOKS
        assert client.call(CREATE) == {"id": "w3", "active": True}


def test_custom_operations_are_recorded_and_replayed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    path = tmp_path / "webhooks.json"
    with (
        Server(serving) as server,
        Client(KEY, base_url=server.url, transport=Recorder(path)) as client,
    ):
        recorded = [client.call(LIST), client.call(CREATE)]
    with Client(base_url=server.url, transport=Replay(path)) as client:
        assert [client.call(LIST), client.call(CREATE)] == recorded == [WEBHOOKS, CREATED["data"]]
    assert KEY not in path.read_text("utf-8")


class Paths(StrEnum):
    WEBHOOKS = "/v2/webhooks"


@pytest.mark.parametrize("method", ["get", "", "G ET", "GET ", "GET\n", b"GET", None])
def test_a_method_that_is_not_in_capital_letters_is_refused(method: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        Operation("x", method, "/v2/x")
    assert str(caught.value) == "method: must be in capital letters, such as GET"


@pytest.mark.parametrize(
    "path",
    [
        "/v2/webhooks",
        "/v2/webhooks/",
        "/v2/a%2Fb/c.d/~e/f:g@h/.well-known/..a/a..",
        "/v2/teams/5/%C3%A9",
        Paths.WEBHOOKS,
    ],
)
def test_a_path_is_sent_unchanged(path: str) -> None:
    url = API.request(Operation("x", "GET", path)).url
    assert url == f"https://api.cal.com{str.__str__(path)}"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "v2/webhooks",
        ".example.com/v2",
        "@example.com/v2",
        ":80/v2",
        "https://example.com/v2",
        "/v2/../admin",
        "/v2/..",
        "/v2/./webhooks",
        "/v2/%2e%2E/admin",
        "/v2/.%2e",
        "/v2/webhooks?take=1",
        "/v2/webhooks#a",
        "/v2/web hooks",
        "/v2/webhooks\r\nX: y",
        "/v2/webhooks\n",
        "/v2/\\webhooks",
        "/v2/é",
        "/v2/%",
        "/v2/%zz",
        None,
        b"/v2/webhooks",
        5,
    ],
)
def test_a_path_to_another_host_or_folder_is_refused(path: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        Operation("x", "GET", path)
    assert str(caught.value) == (
        "path: must begin with a slash, be percent-encoded and have no segment . or ..; "
        "pass the query as query="
    )


@pytest.mark.parametrize(
    ("query", "target"),
    [
        ({}, "/v2/x"),
        ((), "/v2/x"),
        ({"a": "1", "b": ""}, "/v2/x?a=1&b="),
        ([("a", "1"), ("a", "2")], "/v2/x?a=1&a=2"),
        ({"q": "é&=+ #", "n&m": "x"}, "/v2/x?q=%C3%A9%26%3D%2B%20%23&n%26m=x"),
    ],
)
def test_a_query_is_a_mapping_or_pairs_and_is_encoded(query: Any, target: str) -> None:
    request = API.request(Operation("x", "GET", "/v2/x", query=query))
    assert request.url == f"https://api.cal.com{target}"


@pytest.mark.parametrize(
    "query",
    [
        5,
        None,
        "a=1",
        ["a=1"],
        [("a",)],
        [("a", "1", "2")],
        {"a": 1},
        {1: "a"},
        {"a": None},
        [["a", "1"]],
    ],
)
def test_a_query_of_other_values_is_refused(query: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        Operation("x", "GET", "/v2/x", query=query)
    assert str(caught.value) == "query: must be a mapping of strings to strings, or their pairs"


@pytest.mark.parametrize(
    ("operation", "field"),
    [
        (Operation("x", "POST", "/v2/x", body={"a": 1}), "body"),  # type: ignore[arg-type]
        (Operation("x", "GET", "/v2/x", version="2024\r\nX: y"), "headers['cal-api-version']"),
    ],
)
def test_an_invalid_custom_request_is_refused_before_it_is_sent(
    operation: Operation[Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        API.request(operation)
    assert caught.value.field == field


def test_custom_operations_compare_and_pickle() -> None:
    same = Operation("webhooks.list", "GET", "/v2/webhooks", query=[("take", "2"), ("skip", "0")])
    assert (same, hash(same)) == (LIST, hash(LIST))
    for other in (
        Operation("webhooks.all", "GET", "/v2/webhooks", query=LIST.query),
        Operation("webhooks.list", "GET", "/v2/webhooks"),
        Operation("webhooks.list", "GET", "/v2/webhooks", query=LIST.query, version="2024-06-11"),
        Operation("webhooks.list", "GET", "/v2/webhooks", query=LIST.query, idempotent=False),
    ):
        assert other != LIST
    for operation in (LIST, CREATE):
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            assert pickle.loads(pickle.dumps(operation, protocol)) == operation
        assert copy.deepcopy(operation) == operation
    assert repr(CREATE) == (
        "Operation(name='webhooks.create', method='POST', path='/v2/webhooks', query=<>, "
        "body=<77 bytes>, idempotent=False, version=None)"
    )


def test_an_operation_is_plain_data_and_is_decoded_by_its_name() -> None:
    operation = bookings.get_one("bk7")
    same: Operation[Booking] = Operation("bookings.get_one", "GET", "/v2/bookings/bk7")

    assert operation == same
    assert operation.decoder is None
    response = responses.booking(uid="bk7")
    assert same.read(response) == operation.read(response)
    assert same.read(response).uid == "bk7"


def test_a_custom_decoder_replaces_the_decoder_of_the_name() -> None:
    raw: Operation[Any] = Operation(
        "bookings.get", "GET", "/v2/bookings/bk7", lambda operation, response, envelope: envelope
    )

    assert raw.read(json_response(CREATED)) == CREATED
    assert raw != bookings.get("bk7")


def test_a_list_of_bookings_is_recognized_by_its_decoder() -> None:
    listed = responses.page([{"uid": "a"}], next_cursor=None)
    named: Operation[Any] = Operation("bookings.list", "GET", "/v2/bookings")
    own: Operation[Any] = Operation("bookings.latest", "GET", "/v2/latest", PageOf(Booking))

    for operation in (named, own):
        with Client(transport=Replay.of((operation, listed))) as client:
            assert [booking.uid for booking in client.items(operation)] == ["a"]
    for operation in (LIST, named.map(len)):
        with pytest.raises(InvalidInput, match="must list bookings"):
            Client(transport=Replay.of()).items(operation)
