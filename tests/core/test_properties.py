"""Properties of any text, any time and any metadata."""

import json
import math
import pickle
from collections import OrderedDict
from datetime import UTC, datetime, timedelta, timezone
from enum import IntEnum
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calcom_core import Anonymous, Api, DecodingError, InvalidInput, Request, Response, bookings
from calcom_core.checks import json_object
from calcom_core.redaction import redact_response

API = Api(Anonymous(), "https://cal.example/api")
AWKWARD = st.text("/?#%.\\&=+:;@ \t\n\0é☕aA0", max_size=12)
ANY_TEXT = st.text(max_size=40) | AWKWARD | st.sampled_from([".", "..", "by-seat", "%2e%2e", "%"])
LONE = st.sampled_from(["\ud800", "a\udfff", "\udc00b"])
GOOD_TEXT = (st.text(min_size=1, max_size=40) | AWKWARD).filter(bool)

PLACES: dict[str, Any] = {
    "": bookings.get,
    "/cancel": bookings.cancel,
    "/confirm": bookings.confirm,
    "/reassign/5": lambda uid: bookings.reassign_to_user(uid, 5),
}


def sent(operation: Any) -> Request:
    return API.request(operation)


@given(ANY_TEXT | LONE, st.sampled_from(sorted(PLACES)))
def test_any_text_is_refused_as_a_uid_or_is_one_segment(uid: str, suffix: str) -> None:
    try:
        url = urlsplit(sent(PLACES[suffix](uid)).url)
    except InvalidInput as error:
        assert error.field == "booking_uid"  # noqa: PT017 - either is right
        control = any(ord(c) < 32 or 127 <= ord(c) < 160 for c in uid)
        lone = any(0xD800 <= ord(c) < 0xE000 for c in uid)
        assert control or lone or uid in ("", ".", "..", "by-seat")
        return
    assert (url.scheme, url.netloc, url.query, url.fragment) == ("https", "cal.example", "", "")
    before, after = "/api/v2/bookings/", suffix
    assert url.path.startswith(before)
    assert url.path.endswith(after)
    segment = url.path[len(before) : len(url.path) - len(after)]
    assert "/" not in segment
    assert unquote(segment, errors="strict") == uid


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(("email", "name", "uid"), GOOD_TEXT)))
def test_any_text_of_a_filter_arrives_unchanged(texts: dict[str, str]) -> None:
    names = {"email": "attendeeEmail", "name": "attendeeName", "uid": "bookingUid"}
    operation = bookings.list(
        attendee_email=texts.get("email"),
        attendee_name=texts.get("name"),
        booking_uid=texts.get("uid"),
    )
    query = urlsplit(sent(operation).url).query
    assert "+" not in query
    assert query.isascii()
    arrived = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    assert dict(arrived) == {names[name]: text for name, text in texts.items()}
    assert len(arrived) == len(texts)


def utf16(limit: int) -> st.SearchStrategy[str]:
    return st.text(max_size=limit).filter(lambda t: len(t.encode("utf-16-le")) <= 2 * limit)


@given(st.dictionaries(utf16(40), utf16(60), max_size=50))
def test_any_metadata_within_the_limits_arrive_unchanged(metadata: dict[str, str]) -> None:
    operation = bookings.create(
        {
            "start": "2027-04-05T09:00:00Z",
            "event_type_id": 1,
            "attendee": {"name": "Ann", "email": "ann@example.net", "time_zone": "UTC"},
            "metadata": metadata,
        }
    )
    assert json.loads(sent(operation).body)["metadata"] == metadata


TEXTS = st.text(max_size=10)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(TEXTS, JSON, max_size=5))
def test_any_booking_field_responses_arrive_unchanged_or_are_refused(
    responses: dict[str, Any],
) -> None:
    data = {
        "start": "2027-04-05T09:00:00Z",
        "event_type_id": 1,
        "attendee": {"name": "Ann", "email": "ann@example.net", "time_zone": "UTC"},
        "booking_fields_responses": responses,
    }
    try:
        json.dumps(responses, allow_nan=False)
    except ValueError:  # an infinite number
        with pytest.raises(InvalidInput, match=r"^data\.booking_fields_responses: contains"):
            bookings.create(data)
    else:
        body = json.loads(sent(bookings.create(data)).body)
        assert body["bookingFieldsResponses"] == responses


class Word(str):
    """A string of another class."""


class Level(IntEnum):
    HIGH = 3


UNUSUAL_VALUES = st.sampled_from(
    [
        *(2**53, -(2**53), 2**64, math.nan, math.inf, -0.0, 1e300),
        *("é ☕", "\ud800", Word("x"), Level.HIGH, b"x", {1, 2}, object(), OrderedDict(a=1)),
        *({"\udfff": 1}, {1: "x"}, {None: [True]}, {Word("key"): 1}, {(): 1}),
        MappingProxyType({}),
    ]
)
PYTHON = st.recursive(
    JSON | UNUSUAL_VALUES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(TEXTS, inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(TEXTS | st.sampled_from(["\ud800", Word("key")]), PYTHON, max_size=4))
def test_a_free_mapping_is_kept_as_json_round_trips_it_or_refused(
    value: dict[str, Any],
) -> None:
    try:
        written = json.dumps(value, allow_nan=False, ensure_ascii=False)
        written.encode()
    except (TypeError, ValueError):
        with pytest.raises(InvalidInput, match=r"^data: contains a value that JSON cannot"):
            json_object(value, "data")
    else:
        kept = json_object(value, "data")
        assert classes_of(kept) == classes_of(json.loads(written))
        assert json.dumps(kept) == json.dumps(json.loads(written))


def classes_of(value: Any) -> Any:
    """Return JSON with each key and value replaced by its class."""
    if isinstance(value, dict):
        return type(value), [(type(key), key, classes_of(item)) for key, item in value.items()]
    return (type(value), [classes_of(item) for item in value] if isinstance(value, list) else None)


ZONES = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
TIMES = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=ZONES)


@given(TIMES, st.booleans())
def test_any_aware_time_arrives_as_the_same_instant_to_the_millisecond(
    time: datetime, as_text: bool
) -> None:
    given_time = time.isoformat() if as_text else time
    url = urlsplit(sent(bookings.list(after_start=given_time)).url)
    ((name, text),) = parse_qsl(url.query, strict_parsing=True)
    assert name == "afterStart"
    assert text.endswith("Z")
    milliseconds = timedelta(microseconds=time.microsecond % 1000)
    assert datetime.fromisoformat(text) == (time - milliseconds).astimezone(UTC)


WORDS = [
    *("access_token", "accessToken", "access token=", "Bearer ", "cal_test_0123456", "eyJ"),
    *("refresh_token=", "clientSecret", "secretKey", "pwd", "x-cal-secret-key", "id token: "),
    *("Authorization: Basic ", "authorization", "cookie", "https://", "://a:b@", '\\"token\\":\\"'),
    *('{"secret":"', '\\\\\\"'),
]
AROUND = st.text(' ":=,{}[]\\<>;\n\té' + "ab1_-.", max_size=8)
ECHO = st.lists(st.sampled_from(WORDS) | AROUND, max_size=6).map("".join)
ECHOES = st.recursive(
    st.none() | st.booleans() | st.integers() | ECHO,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ECHO, inner, max_size=4),
    max_leaves=12,
)


def kinds(value: Any) -> Any:
    """Return the structure of a JSON value, without the text of its strings."""
    if isinstance(value, dict):
        return [kinds(item) for item in value.values()]
    if isinstance(value, list):
        return [kinds(item) for item in value]
    return "" if isinstance(value, str) else value


@settings(max_examples=10 * settings().max_examples)
@given(ECHOES, st.booleans())
def test_redacting_tokens_keeps_the_structure_of_json(value: Any, spaced: bool) -> None:
    separators = (", ", ": ") if spaced else (",", ":")
    text = json.dumps(value, ensure_ascii=False, separators=separators)

    clean = redact_response(Response(200, (), text.encode()))

    pairs = json.loads(clean.body, object_pairs_hook=lambda items: [item for _, item in items])
    assert kinds(pairs) == kinds(value)
    assert redact_response(clean) == clean


def test_a_page_with_an_unreadable_item_and_an_empty_token_is_still_read() -> None:
    item = {"accessToken": None, "access_token": 12345}
    pagination = dict.fromkeys(
        ("totalItems", "itemsPerPage", "returnedItems", "remainingItems", "totalPages"), 1
    ) | {"currentPage": 1, "hasNextPage": True, "hasPreviousPage": False}
    body = {"status": "success", "data": [item], "pagination": pagination, "x": "Bearer abc1"}
    operation = bookings.list(take=1).map(lambda page: page)

    with pytest.raises(DecodingError) as caught:
        operation.read(Response(200, {"Set-Cookie": "a=b"}, json.dumps(body).encode()))

    assert caught.value.unreadable == (item,)
    assert caught.value.page.next == bookings.list(take=1, skip=1)
    assert b"a=b" not in pickle.dumps(caught.value)
