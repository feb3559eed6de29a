"""Every request: method, target, headers and body."""

import copy
import json
import math
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import attrs
import pytest
from core_calls import NOT_EXPRESSIBLE, RECORDED_CALLS, REFUSED_CALLS
from core_recorded import NAMES, RECORDED

from calcom_core import (
    EVERYWHERE,
    AccessToken,
    Anonymous,
    Api,
    ApiKey,
    Auth,
    Headers,
    InvalidInput,
    OAuthClient,
    Secret,
    bookings,
)
from calcom_core.serialization import to_body

KEY = "cal_test_0123456789abcdef"
API = Api(ApiKey(KEY))

# The server treats an absent body like an empty one here.
MAY_BE_EMPTY = {"139-reassign-to-user-no-body"}


def credentials_like(recorded: dict[str, str]) -> tuple[Auth, list[tuple[str, str]]]:
    """Return credentials of the recorded kind, and their headers."""
    if "x-cal-client-id" in recorded:
        headers = [("x-cal-client-id", "cl1"), ("x-cal-secret-key", "hush")]
        return OAuthClient("cl1", "hush"), headers
    if "Authorization" in recorded:
        return ApiKey(KEY), [("Authorization", "Bearer cal_test_0123456789abcdef")]
    return Anonymous(), []


@pytest.mark.parametrize("name", RECORDED_CALLS)
def test_a_call_sends_the_recorded_request(name: str) -> None:
    recorded = RECORDED[name]["request"]
    auth, credentials = credentials_like(recorded["headers"])
    request = Api(auth).request(RECORDED_CALLS[name]())
    url, recorded_url = urlsplit(request.url), urlsplit(recorded["path"])
    assert (url.scheme, url.netloc, url.fragment) == ("https", "api.cal.com", "")
    assert (request.method, url.path) == (recorded["method"], recorded_url.path)
    assert sorted(parse_qsl(url.query)) == sorted(parse_qsl(recorded_url.query))
    sent = json.loads(request.body) if request.body else None
    if name in MAY_BE_EMPTY:
        sent = sent or None
    assert sent == recorded["body"]
    family = recorded_url.path.split("/")[2]
    version = {"slots": "2024-09-04", "event-types": "2024-06-14"}.get(family, "2024-08-13")
    expected = [
        ("Accept", "application/json"),
        ("User-Agent", "calcom-bookings/0.2.0"),
        ("cal-api-version", version),
        *credentials,
    ]
    if request.body:
        expected.append(("Content-Type", "application/json"))
    assert list(request.headers) == expected
    assert recorded["headers"]["cal-api-version"] == version


@pytest.mark.parametrize("name", REFUSED_CALLS)
def test_a_recorded_request_with_refused_input_names_the_field(name: str) -> None:
    call, field = REFUSED_CALLS[name]
    with pytest.raises(InvalidInput) as caught:
        call()
    assert caught.value.field == field


def test_each_recording_is_sent_refused_or_not_expressible() -> None:
    listed = [*RECORDED_CALLS, *REFUSED_CALLS, *NOT_EXPRESSIBLE]
    assert sorted(listed) == NAMES


def test_a_body_is_compact_utf_8() -> None:
    operation = bookings.cancel("bk7", {"cancellation_reason": "é ☕"})
    assert operation.body == '{"cancellationReason":"é ☕"}'.encode()


CYCLE: list[Any] = []
CYCLE.append(CYCLE)


@pytest.mark.parametrize("value", [(math.nan,), ("\ud800",), (object(),), CYCLE])
def test_an_unserializable_body_is_refused_even_without_a_check(value: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        to_body(value)
    assert (caught.value.field, caught.value.problem) == ("data", "cannot be written as JSON")


@pytest.mark.parametrize(
    ("auth", "headers"),
    [
        (ApiKey(KEY), [("Authorization", "Bearer cal_test_0123456789abcdef")]),
        (ApiKey(Secret("other-prefix")), [("Authorization", "Bearer other-prefix")]),
        (AccessToken("managed"), [("Authorization", "Bearer managed")]),
        (AccessToken(Secret("managed")), [("Authorization", "Bearer managed")]),
        (
            OAuthClient("client", "hush"),
            [("x-cal-client-id", "client"), ("x-cal-secret-key", "hush")],
        ),
        (
            OAuthClient("client", Secret("hush")),
            [("x-cal-client-id", "client"), ("x-cal-secret-key", "hush")],
        ),
        (Anonymous(), []),
    ],
)
def test_credentials_become_these_headers(auth: Auth, headers: list[tuple[str, str]]) -> None:
    request = Api(auth, user_agent="mine/1").request(bookings.get("bk7"))
    assert list(request.headers) == [
        ("Accept", "application/json"),
        ("User-Agent", "mine/1"),
        ("cal-api-version", "2024-08-13"),
        *headers,
    ]


EXTRA = {
    "CF-Access-Client-Id": "shop.access",
    "CF-Access-Client-Secret": "test-secret-of-the-proxy",
    "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
}


@pytest.mark.parametrize(
    "given",
    [
        EXTRA,
        list(EXTRA.items()),
        iter(EXTRA.items()),
        Headers(EXTRA),
        {name.encode(): value.encode() for name, value in EXTRA.items()},
    ],
)
def test_extra_headers_follow_ours_in_every_request(given: Any) -> None:
    api = Api(ApiKey(KEY), headers=given)
    expected = [
        ("Accept", "application/json"),
        ("User-Agent", "calcom-bookings/0.2.0"),
        ("cal-api-version", "2024-08-13"),
        ("Authorization", "Bearer cal_test_0123456789abcdef"),
        ("CF-Access-Client-Id", "shop.access"),
        ("CF-Access-Client-Secret", "test-secret-of-the-proxy"),
        ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    ]
    assert list(api.request(bookings.get("bk7")).headers) == expected
    expected.insert(4, ("Content-Type", "application/json"))
    assert list(api.request(bookings.cancel("bk7", {})).headers) == expected


def test_an_extra_user_agent_replaces_ours_in_its_place() -> None:
    api = Api(Anonymous(), user_agent="mine/1", headers=[("X-A", "é\t"), ("user-agent", "shop/2")])
    assert list(api.request(bookings.get("bk7")).headers) == [
        ("Accept", "application/json"),
        ("User-Agent", "shop/2"),
        ("cal-api-version", "2024-08-13"),
        ("X-A", "é\t"),
    ]


def test_a_cookie_and_the_credentials_for_a_proxy_may_be_extra_headers() -> None:
    given = {"Cookie": "CF_Authorization=test", "Proxy-Authorization": "Bearer test"}
    request = Api(Anonymous(), headers=given).request(bookings.get("bk7"))
    assert list(request.headers)[3:] == list(given.items())


def test_evolve_changes_the_extra_headers_and_credentials_of_an_api() -> None:
    api = Api(ApiKey(KEY), "https://h", headers=EXTRA)
    api.request(bookings.get("bk7"))
    changed = attrs.evolve(api, auth=AccessToken("cal_test_new"))
    assert changed == Api(AccessToken("cal_test_new"), "https://h", headers=EXTRA)
    assert changed.request(bookings.get("bk7")).headers.get("authorization") == (
        "Bearer cal_test_new"
    )
    assert attrs.evolve(api, headers={}) == Api(ApiKey(KEY), "https://h") != api
    assert api == copy.deepcopy(api)
    assert hash(api) == hash(copy.deepcopy(api))


def test_an_apis_repr_has_no_credential_and_its_copies_are_equal() -> None:
    api = Api(ApiKey(KEY))
    assert KEY not in f"{api} {attrs.asdict(api)}"
    assert api == Api(ApiKey(KEY)) == copy.deepcopy(api)


def test_changing_credentials_are_read_for_each_request() -> None:
    class Renewed(AccessToken):
        def headers(self) -> list[tuple[str, str]]:
            return [("Authorization", f"Bearer cal_test_{next(numbers)}")]

    numbers = iter(range(2))
    api = Api(Renewed("cal_test_at_first"))
    sent = [api.request(bookings.get("a")).headers.get("authorization") for _ in range(2)]
    assert sent == ["Bearer cal_test_0", "Bearer cal_test_1"]


@pytest.mark.parametrize(
    ("base_url", "url"),
    [
        ("https://api.cal.com", "https://api.cal.com/v2/bookings/bk7"),
        ("https://api.cal.eu/", "https://api.cal.eu/v2/bookings/bk7"),
        ("https://cal.example/api/v2", "https://cal.example/api/v2/bookings/bk7"),
        ("https://cal.example/api//", "https://cal.example/api/v2/bookings/bk7"),
        ("https://cal.example/v2/", "https://cal.example/v2/bookings/bk7"),
        ("http://127.0.0.1:5555", "http://127.0.0.1:5555/v2/bookings/bk7"),
        ("http://[::1]:80/x", "http://[::1]:80/x/v2/bookings/bk7"),
    ],
)
def test_a_base_url_may_have_a_prefix_a_slash_and_the_version(base_url: str, url: str) -> None:
    assert Api(Anonymous(), base_url).request(bookings.get("bk7")).url == url


def test_a_base_url_with_a_prefix_sends_the_request_recorded_under_it() -> None:
    recorded = RECORDED["269-api-v2-prefix"]["request"]
    request = Api(ApiKey(KEY), "https://cal.example/api/v2").request(bookings.list(take=1))
    assert request.method == recorded["method"]
    assert request.url == f"https://cal.example{recorded['path']}"


def test_the_default_version_profile_uses_2024_08_13() -> None:
    assert Api(Anonymous()).versions is EVERYWHERE
    assert {EVERYWHERE.of(f"bookings.{name}") for name in ("list", "get", "create")} == {
        "2024-08-13"
    }


def test_a_pinned_version_is_kept_by_the_operation_and_by_its_verify() -> None:
    operation = bookings.confirm("bk7", cal_api_version="2024-08-13")
    assert operation.version == "2024-08-13"
    assert operation.verify == bookings.get("bk7", cal_api_version="2024-08-13")
    assert bookings.confirm("bk7").version is None
    assert API.request(operation).headers.get_all("cal-api-version") == ("2024-08-13",)
