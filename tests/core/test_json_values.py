"""Requests, responses, failures and operations come back from JSON as they were, without a key."""

import json
from collections.abc import Callable
from itertools import chain
from typing import Any

import pytest
from core_operations import OPERATIONS, Refused
from core_recorded import NAMES, response_of
from hypothesis import given
from hypothesis import strategies as st

from calcom_core import (
    HOSTED,
    AccessToken,
    Anonymous,
    Api,
    ApiKey,
    InvalidInput,
    NoAnswer,
    NotSent,
    OAuthClient,
    Operation,
    Request,
    Response,
    TransportError,
    bookings,
)
from calcom_core.json_values import from_json, to_json

KEY = "cal_test_0123456789abcdef"
API = Api(ApiKey(KEY))
SENT = list(chain.from_iterable(table.values() for table in OPERATIONS.values()))


def there_and_back(cls: type[Any], value: Any, api: Api | None = None) -> Any:
    return from_json(cls, json.loads(json.dumps(to_json(value))), api)


def made(operation: Operation[Any], api: Api) -> Request | None:
    try:
        return api.request(operation)
    except InvalidInput:  # this table of versions lacks it
        return None


@pytest.mark.parametrize(
    "api",
    [
        API,
        Api(AccessToken("s3cret-token-0123456789"), "http://127.0.0.1:8080/prefix", HOSTED),
        Api(OAuthClient("client", "s3cret-of-the-client")),
        Api(Anonymous(), headers={"CF-Access-Client-Secret": "s3cret", "User-Agent": "mine"}),
    ],
    ids=["key", "token", "client", "anonymous"],
)
def test_every_request_comes_back_and_its_json_holds_no_credential(api: Api) -> None:
    count = 0
    for sent in SENT:
        request = made(sent.call(), api)
        if request is not None:
            count += 1
            text = json.dumps(to_json(request))
            assert not any(secret in text for secret in (KEY, "s3cret", "uthorization"))
            assert from_json(Request, json.loads(text), api) == request
    assert count > 80


def test_every_operation_comes_back_with_its_verify() -> None:
    for sent in SENT:
        operation = sent.call()
        found = there_and_back(Operation, operation)
        assert found == operation
        assert (found.verify, found.seen_cursors) == (operation.verify, operation.seen_cursors)
    assert any(isinstance(version, Refused) for sent in SENT for version in sent.versions)


@pytest.mark.parametrize("name", ["bookings.get", "webhooks.list"])
def test_operations_of_your_own_and_pages_that_follow(name: str) -> None:
    operation = Operation(name, "GET", "/v2/x", query={"a": "b"}, seen_cursors=("c1", "c2"))

    assert there_and_back(Operation, operation).seen_cursors == ("c1", "c2")
    assert there_and_back(Operation, operation) == operation
    write = Operation("mine", "POST", "/v2/x", body=b"{}", verify=operation)
    assert there_and_back(Operation, write).verify == operation
    assert there_and_back(Operation, Operation("mine", "POST", "/v2/x")).verify is None


def test_every_recorded_success_comes_back_to_the_byte() -> None:
    for name in NAMES:
        response = response_of(name)
        found = there_and_back(Response, response)
        assert (found.status, found.headers) == (response.status, response.headers)
        if response.status < 300:
            assert found.body == response.body


def test_the_json_is_literally_this() -> None:
    assert to_json(API.request(bookings.confirm("bk7"))) == {
        "type": "request",
        "version": 1,
        "method": "POST",
        "url": "https://api.cal.com/v2/bookings/bk7/confirm",
        "cal_api_version": "2024-08-13",
        "body": None,
    }
    assert to_json(API.request(bookings.decline("bk7", reason="ill")))["body"] == {
        "json": {"reason": "ill"}
    }
    assert to_json(Response(200, {"X-Request-Id": "7"}, b'{"a":1.5}')) == {
        "type": "response",
        "version": 1,
        "status": 200,
        "headers": [["X-Request-Id", "7"]],
        "body": {"json": {"a": 1.5}},
    }
    assert to_json(NotSent("no route", reason="connect")) == {
        "type": "failure",
        "version": 1,
        "error": "NotSent",
        "message": "no route",
        "reason": "connect",
    }
    get = {
        "name": "bookings.get",
        "method": "GET",
        "path": "/v2/bookings/bk7",
        "query": [],
        "body": None,
        "idempotent": True,
        "cal_api_version": None,
        "supported_versions": [],
        "minimum_versions": [],
        "seen_cursors": [],
        "verify": None,
    }
    tree = to_json(bookings.confirm("bk7", cal_api_version="2026-02-25"))
    assert tree == {
        **get,
        "type": "operation",
        "version": 1,
        "name": "bookings.confirm",
        "method": "POST",
        "path": "/v2/bookings/bk7/confirm",
        "idempotent": False,
        "cal_api_version": "2026-02-25",
        "verify": {**get, "cal_api_version": "2026-02-25", "name": tree["verify"]["name"]},
    }


@pytest.mark.parametrize(
    ("body", "form"),
    [
        (b'{"b":1,"a":[null,true,1.5,"\xc3\xa4"]}', "json"),
        (b'"text"', "json"),
        (b"null", "json"),
        (b'{"a": 1}', "text"),
        (b'{"a":1,"a":1}', "text"),
        (b'{"a":1e3}', "text"),
        (b'{"a":NaN}', "text"),
        (b'{"a":"\\ud800"}', "text"),
        (b"[" * 100_000, "text"),
        (b"<html>", "text"),
        (b"", "text"),
        (b"\xff\xfe", "base64"),
    ],
)
def test_a_body_comes_back_to_the_byte(body: bytes, form: str) -> None:
    tree = to_json(Response(200, (), body))

    assert list(tree["body"]) == [form]
    assert from_json(Response, tree) == Response(200, (), body)


@given(
    st.binary() | st.text().map(str.encode) | st.text().map(lambda text: json.dumps(text).encode())
)
def test_any_body_comes_back(body: bytes) -> None:
    assert there_and_back(Response, Response(200, (), body)).body == body


@pytest.mark.parametrize("cls", [NotSent, NoAnswer])
def test_failures_come_back(cls: type[TransportError]) -> None:
    error = cls("it broke", reason="closed", operation=bookings.get("bk7"))
    error.attempts, error.stop_reason = 3, "enough"

    found = there_and_back(TransportError, error)

    assert (type(found), found.args, found.reason) == (cls, ("it broke",), "closed")
    assert found.operation is None


def test_what_a_response_repeats_is_not_stored() -> None:
    refused = Response(
        403, {"Set-Cookie": "sid=1", "X": f"Bearer {KEY}"}, f'{{"error":"{KEY}"}}'.encode()
    )
    link = Response(200, {"set-cookie": "sid=1"}, b'{"link":"https://h/?token=abcdef0123456789"}')

    assert KEY not in json.dumps(to_json(refused))
    assert to_json(refused)["headers"] == [["X", "Bearer [redacted]"]]
    assert from_json(Response, to_json(link)) == Response(200, (), link.body)


def request_with(url: str = "https://api.cal.com/v2/me", body: bytes = b"") -> Request:
    return Request("GET", url, API.request(bookings.get("x")).headers, body)


UNSTORABLE: list[tuple[Callable[[], Any], str]] = [
    (lambda: 5, "value: must be a Request, a Response, NotSent, NoAnswer or an Operation, not int"),
    (
        lambda: TransportError("x", reason="y"),
        "value: must be NotSent or NoAnswer, not TransportError",
    ),
    (lambda: Request("GET", "https://api.cal.com/v2/me"), "value: has no cal-api-version"),
    (lambda: request_with(f"https://api.cal.com/v2/me?key={KEY}"), "value: holds a credential"),
    (lambda: request_with(body=KEY.encode()), "value: holds a credential in its URL or body"),
    (lambda: bookings.get("x").map(len), "value: holds functions"),
    (lambda: Operation("x", "GET", "/v2/x", lambda *_: 1), "value: holds functions"),
]


@pytest.mark.parametrize(("make", "message"), UNSTORABLE)
def test_what_cannot_be_stored_is_refused(make: Callable[[], Any], message: str) -> None:
    value = make()

    with pytest.raises(InvalidInput) as caught:
        to_json(value)

    assert message in str(caught.value)
    assert KEY not in str(caught.value)


REQUEST = to_json(API.request(bookings.decline("bk7", reason="ill")))
RESPONSE = to_json(Response(200, {"a": "b"}, b"{}"))
FAILURE = to_json(NotSent("x", reason="y"))
OPERATION = to_json(bookings.confirm("bk7"))

UNREADABLE: list[tuple[type[Any], Any, str]] = [
    (int, RESPONSE, "cls: must be Request, Response, TransportError or Operation"),
    (NotSent, FAILURE, "cls: must be Request, Response, TransportError or Operation"),
    (Response, 5, "tree: is not the JSON of a Response"),
    (Response, REQUEST, "tree: is not the JSON of a Response"),
    (Response, {**RESPONSE, "version": 2}, "tree: has another version than 1"),
    (Response, {"type": "response", "version": 1}, "tree: is damaged: KeyError 'headers'"),
    (Response, {**RESPONSE, "headers": [["a"]]}, "tree: is damaged: ValueError"),
    (Response, {**RESPONSE, "headers": [["a", 5]]}, "tree: is damaged: TypeError"),
    (Response, {**RESPONSE, "status": "200"}, "status: must be an integer"),
    (Response, {**RESPONSE, "body": {}}, "tree: is damaged: ValueError"),
    (Response, {**RESPONSE, "body": {"yaml": "x"}}, "tree: is damaged: KeyError 'yaml'"),
    (Response, {**RESPONSE, "body": {"base64": "?"}}, "tree: is damaged"),
    (Response, {**RESPONSE, "body": {"text": 5}}, "tree: is damaged: TypeError"),
    (TransportError, {**FAILURE, "error": "Timeout"}, "tree: is damaged: KeyError 'Timeout'"),
    (TransportError, {**FAILURE, "reason": None}, "tree: is damaged: TypeError"),
    (Operation, {**OPERATION, "method": "GET"}, "tree: differs from the route of bookings.confirm"),
    (Operation, {**OPERATION, "idempotent": True}, "tree: differs from the route of"),
    (Operation, {**OPERATION, "name": "mine", "idempotent": 1}, "tree: is damaged: TypeError"),
    (Operation, {**OPERATION, "path": "/v2/../x"}, "path: must begin with a slash"),
    (Operation, {**OPERATION, "query": [["a", 5]]}, "tree: is damaged: TypeError"),
    (Operation, {**OPERATION, "verify": 5}, "tree: is damaged: TypeError"),
    (Operation, {**OPERATION, "cal_api_version": 5}, "tree: is damaged: TypeError"),
]


@pytest.mark.parametrize(("cls", "tree", "message"), UNREADABLE)
def test_another_tree_is_refused(cls: type[Any], tree: Any, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        from_json(cls, tree, API)

    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("api", "message"),
    [
        (None, "api: is missing; a request needs the headers of an Api"),
        (Api(ApiKey(KEY), "https://evil.example"), "tree: has a URL of another server"),
        (Api(ApiKey(KEY), "https://api.cal.com/prefix"), "tree: has a URL of another server"),
    ],
)
def test_a_request_goes_back_to_its_own_server_only(api: Api | None, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        from_json(Request, REQUEST, api)


def test_a_request_with_other_credentials_gets_those() -> None:
    other = Api(ApiKey("cal_test_another_0123456789"))

    assert from_json(Request, REQUEST, other) == other.request(
        bookings.decline("bk7", reason="ill")
    )
