"""Unexpected responses: each raises one of our errors and never another."""

import copy
import json
import pickle
from typing import Any

import pytest
from attrs import evolve
from core_recorded import RECORDED, response_of, response_with_data
from core_responses import changed, json_path
from hypothesis import given, settings
from hypothesis import strategies as st

from calcom_core import (
    ApiError,
    BadRequest,
    BlockedByEdge,
    CalcomError,
    DecodingError,
    NotFound,
    OffsetPagination,
    Operation,
    Page,
    PagingError,
    PermissionDenied,
    RateLimited,
    Response,
    ServerError,
    bookings,
)

READ = bookings.get("bk7")
WRITE = bookings.confirm("bk7")
LIST = bookings.list(take=3)

HTML = b"<!DOCTYPE html><html><body>Just a moment...</body></html>"
DEEP = b"[" * 100_000 + b"]" * 100_000

# The body, the JSON path of the unexpected value, and its type.
INVALID_BODIES: dict[str, tuple[bytes, str, str]] = {
    "HTML": (HTML, "$", "a page of HTML"),
    "nothing": (b"", "$", "nothing"),
    "white space": (b" \r\n", "$", "nothing"),
    "JSON cut off": (b'{"status":"success","data":{"id":1', "$", "text that is not JSON"),
    "a string": (b'"success"', "$", "a string"),
    "a number": (b"200", "$", "an integer"),
    "a fraction": (b"2.5", "$", "a number with a fraction"),
    "a boolean": (b"true", "$", "a boolean"),
    "null": (b"null", "$", "null"),
    "a list": (b"[]", "$", "an array"),
    "an empty object": (b"{}", "$.status", "no string"),
    "an error in disguise": (
        b'{"status":"error","error":{"code":"X","message":"no"}}',
        "$.status",
        "another string",
    ),
    "a status that is a number": (b'{"status":1,"data":{}}', "$.status", "no string"),
    "no data": (b'{"status":"success"}', "$.data", "nothing"),
    "data of null": (b'{"status":"success","data":null}', "$.data", "null"),
    "data of a string": (b'{"status":"success","data":"x"}', "$.data", "a string"),
    "data of an empty object": (b'{"status":"success","data":{}}', "$.data.uid", "nothing"),
    "data 100,000 levels deep": (
        b'{"status":"success","data":' + DEEP + b"}",
        "$",
        "JSON that is nested too deeply",
    ),
    "an integer of 5,000 digits": (
        b'{"status":"success","data":{"id":' + b"9" * 5_000 + b"}}",
        "$",
        "text that is not JSON",
    ),
    "NaN": (b'{"status":"success","data":{"id":NaN}}', "$", "text that is not JSON"),
    "infinity": (b'{"status":"success","data":-Infinity}', "$", "text that is not JSON"),
    "5 MB of one letter": (b"a" * 5_000_000, "$", "text that is not JSON"),
    "not UTF-8": (b'{"status":"succ\xe9ss"}', "$", "bytes that are not UTF-8"),
    "UTF-16 without data": ('{"status":"success"}'.encode("utf-16"), "$.data", "nothing"),
    "UTF-16 cut off": ('{"status"}'.encode("utf-16")[:-1], "$", "bytes that are not UTF-8"),
    "UTF-32 cut off": ('{"status"}'.encode("utf-32")[:-1], "$", "bytes that are not UTF-8"),
    "UTF-16 that is not JSON": ('{"status"}'.encode("utf-16-le"), "$", "text that is not JSON"),
    "a byte order mark": (b"\xff\xfe", "$", "bytes that are not UTF-8"),
}


def decoding_error(operation: Operation[Any], response: Response) -> DecodingError:
    with pytest.raises(DecodingError) as caught:
        operation.read(response)
    return caught.value


@pytest.mark.parametrize("name", INVALID_BODIES)
def test_an_unreadable_success_is_a_decoding_error(name: str) -> None:
    body, path, found = INVALID_BODIES[name]
    response = Response(200, {"content-type": "application/json"}, body)
    error = decoding_error(READ, response)
    assert (error.path, error.found, error.may_have_happened) == (path, found, False)
    assert (error.page, error.unreadable) == (None, ())
    assert error.response == response
    assert error.operation == READ
    assert str(error).startswith(
        f"bookings.get (GET /v2/bookings/bk7): 200 with {found} at {path} instead of "
    )


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_an_unreadable_write_response_means_accepted(status: int) -> None:
    error = decoding_error(WRITE, Response(status))
    assert error.may_have_happened is True
    assert str(error) == (
        f"bookings.confirm (POST /v2/bookings/bk7/confirm): {status} with nothing at $ "
        "instead of JSON; check the base URL; the server accepted the request all the same"
    )


DISGUISED: dict[str, tuple[object, str]] = {
    # The error in a 2xx body, and its text in the message.
    "code and message": ({"code": "X", "message": "host busy"}, "X: host busy"),
    "a text": ("host busy", "host busy"),
    "unprintable text": (
        {"message": "\x1b[31mhost\x07 \u202ebusy \ud800é"},
        "\\x1b[31mhost\\x07 \\u202ebusy \\ud800é",
    ),
    "a credential": (
        {"message": "no user for Bearer cal_test_echoed0123456789"},
        "no user for Bearer [redacted]",
    ),
    "a text without end": ({"message": "m" * 9_000}, "m" * 500),
    "a code without end": ({"code": "C" * 9_000, "message": "m"}, "C" * 500),
}


@pytest.mark.parametrize("name", DISGUISED)
def test_an_error_with_status_200_has_the_message_of_the_server(name: str) -> None:
    reported, words = DISGUISED[name]
    response = Response(200, (), json.dumps({"status": "error", "error": reported}).encode())
    error = decoding_error(READ, response)
    assert str(error) == (
        "bookings.get (GET /v2/bookings/bk7): 200 with another string at $.status "
        f'instead of the string "success"; server message: {words}'
    )
    assert str(error).isprintable()
    assert error.may_have_happened is False
    error = decoding_error(WRITE, response)
    assert str(error) == (
        "bookings.confirm (POST /v2/bookings/bk7/confirm): 200 with another string at $.status "
        f'instead of the string "success"; server message: {words}; the write may have '
        "happened: run error.operation.verify before you repeat it"
    )
    assert error.may_have_happened is True
    assert error.operation.verify == READ
    assert b"cal_test_echoed" not in pickle.dumps(error)


def test_a_success_without_status_and_data_is_an_unknown_outcome_of_a_write() -> None:
    assert str(decoding_error(WRITE, Response(200, (), b"{}"))) == (
        "bookings.confirm (POST /v2/bookings/bk7/confirm): 200 with no string at $.status "
        'instead of the string "success"; the write may have happened: run '
        "error.operation.verify before you repeat it"
    )


DEEPER = '{"a":' * 60 + "{}" + "}" * 60
DEEPEST = "[" * 600 + "]" * 600

# The body of an accepted write, and the JSON in the error.
ACCEPTED: dict[str, tuple[str, object]] = {
    "a booking with an unexpected key": (
        '{"status":"success","data":{"uid":"bk9","start":5}}',
        {"status": "success", "data": {"uid": "bk9", "start": 5}},
    ),
    "an error in disguise": (
        '{"status":"error","error":{"code":"X","message":"host busy"}}',
        {"status": "error", "error": {"code": "X", "message": "host busy"}},
    ),
    "a list": ('[{"uid":"bk9"}]', [{"uid": "bk9"}]),
    "a number": ("1e400", float("inf")),
    "credentials": (
        '{"status":"success","data":{"uid":"bk9","start":"Bearer cal_test_echoed0123456789",'
        '"\\u0063al_test_echoed0123456789":"\\u0063al_test_echoed0123456789"}}',
        {
            "status": "success",
            "data": {
                "uid": "bk9",
                "start": "Bearer [redacted]",
                "[redacted]": "[redacted]",
            },
        },
    ),
    "null": ("null", None),
    "no JSON": ("uid bk9", None),
    "nothing": ("", None),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_the_error_of_an_unreadable_success_has_its_json(name: str) -> None:
    body, data = ACCEPTED[name]
    error = decoding_error(WRITE, Response(200, (), body.encode()))
    assert error.data == data
    assert pickle.loads(pickle.dumps(error)).data == data
    assert "bk9" not in str(error) + repr(error)
    if name == "credentials":
        assert "cal_test_echoed" not in json.dumps(error.data)


def test_deeply_nested_details_are_left_out_of_the_pickled_error() -> None:
    data = f'{{"uid":"bk9","hosts":[{DEEPER}],"start":{DEEPEST}}}'
    body = f'{{"status":"success","data":{data}}}'
    error = pickle.loads(pickle.dumps(decoding_error(WRITE, Response(200, (), body.encode()))))
    assert error.data["data"]["uid"] == "bk9"
    kept = json.dumps(error.data["data"]["hosts"][0])
    assert kept == '{"a": ' * 47 + "null" + "}" * 47
    page = f'{{"status":"success","data":[{{"uid":"bk9","start":{DEEPEST}}}]}}'
    error = pickle.loads(pickle.dumps(decoding_error(LIST, Response(200, (), page.encode()))))
    assert [item["uid"] for item in error.unreadable] == ["bk9"]


ENCODINGS = [
    *("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"),
    *("utf-32", "utf-32-le", "utf-32-be"),
]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_response_is_read_in_each_encoding_of_json(encoding: str) -> None:
    envelope = {"status": "success", "data": {**BOOKING, "title": "Kaffe ☕ 🙂"}}
    text = f" {json.dumps(envelope, ensure_ascii=False)}\r\n"
    booking = bookings.get_one("bk7").read(Response(200, (), text.encode(encoding)))
    assert (booking.uid, booking.title) == ("9dfkso7iDs9uZtHquD1zR1", "Kaffe ☕ 🙂")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_an_error_is_read_in_each_encoding_and_holds_no_credential(encoding: str) -> None:
    body = '{"statusCode":418,"message":"☕ for Bearer cal_test_echoed0123456789"}'
    with pytest.raises(BadRequest) as caught:
        READ.read(Response(418, (), body.encode(encoding)))
    assert caught.value.message == "☕ for Bearer [redacted]"
    assert "cal_test_echoed".encode(encoding) not in caught.value.response.body
    error = decoding_error(WRITE, Response(200, (), body.encode(encoding)))
    assert error.data == {"statusCode": 418, "message": "☕ for Bearer [redacted]"}
    assert "echoed" not in error.response.body.decode()


ERRORS_BY_STATUS: list[tuple[int, type[ApiError], type[ApiError]]] = [
    # Status, the error of any other body, and the error of HTML.
    (100, ApiError, ApiError),
    (302, ApiError, ApiError),
    (304, ApiError, ApiError),
    (400, BadRequest, BlockedByEdge),
    (403, PermissionDenied, BlockedByEdge),
    (404, NotFound, BlockedByEdge),
    (418, BadRequest, BlockedByEdge),
    (429, RateLimited, RateLimited),
    (500, ServerError, ServerError),
    (502, ServerError, ServerError),
    (524, ServerError, ServerError),
    (600, ApiError, ApiError),
]


@pytest.mark.parametrize(("status", "error", "of_html"), ERRORS_BY_STATUS)
def test_an_unexpected_error_body_is_mapped_by_its_status(
    status: int, error: type[ApiError], of_html: type[ApiError]
) -> None:
    for name, (body, _, _) in INVALID_BODIES.items():
        expected = of_html if name == "HTML" else error
        for operation in (READ, WRITE):
            # All 5 MB once, since they are slow.
            whole = status == 500 and operation is READ
            with pytest.raises(ApiError) as caught:
                operation.read(Response(status, (), body if whole else body[:200_000]))
            assert type(caught.value) is expected, name
            assert caught.value.may_have_happened is (operation is WRITE and status >= 500)
            assert len(str(caught.value)) < 1_000
            assert len(caught.value.message) <= 2_000


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"Content-Type": "text/html; charset=UTF-8"}, b"no markup"),
        ({}, b"<html>"),
        ({}, b" \n<!DOCTYPE HTML PUBLIC"),
        ({}, b"<HEAD><title>"),
        ({}, b"<body>"),
        ({}, b'<?xml version="1.0"?>'),
    ],
)
def test_an_html_page_is_blocked_by_the_edge(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(BlockedByEdge) as caught:
        READ.read(Response(403, headers, body))
    assert (caught.value.code, caught.value.message) == (None, "a page of HTML")


BODIES_OF_REFUSALS: dict[str, tuple[bytes, str | None, str, object]] = {
    # The body, then code, message and details.
    "the application's": (
        b'{"status":"error","error":{"code":"C","message":"m","details":{"a":1}}}',
        "C",
        "m",
        {"a": 1},
    ),
    "the framework's": (b'{"statusCode":418,"message":"m"}', None, "m", None),
    "a list of messages": (b'{"statusCode":418,"message":["m",7,"n"]}', None, "m, n", None),
    "an error that is a string": (b'{"error":"m"}', None, "m", None),
    "an error and a message": (b'{"error":"Teapot","message":"m"}', None, "m", None),
    "a message that is an object": (b'{"message":{"m":1}}', None, "", None),
    "a code that is a number": (b'{"error":{"code":7,"message":"m"}}', None, "m", None),
    "plain text": (b"Internal Server Error:\n Failed", None, "Internal Server Error: Failed", None),
    "a JSON string": (b'"m"', None, "m", None),
    "a JSON list": (b'["m"]', None, "", None),
    "nothing": (b"", None, "", None),
}


@pytest.mark.parametrize("name", BODIES_OF_REFUSALS)
def test_each_form_of_an_error_body_is_read(name: str) -> None:
    body, code, message, details = BODIES_OF_REFUSALS[name]
    with pytest.raises(BadRequest) as caught:
        READ.read(Response(418, (), body))
    error = caught.value
    assert (error.code, error.message, error.details) == (code, message, details)


def test_a_long_message_is_cut() -> None:
    with pytest.raises(BadRequest) as caught:
        READ.read(Response(418, (), json.dumps({"message": "m" * 10_000}).encode()))
    assert caught.value.message == "m" * 2_000
    assert "m" * 500 in str(caught.value)
    assert "m" * 501 not in str(caught.value)


BOOKING = RECORDED["story-04-get"]["response"]["body"]["data"]
SEATED = RECORDED["story-14-get-seated"]["response"]["body"]["data"]


INVALID_VALUES: dict[str, tuple[Any, tuple[str | int, ...], object, str]] = {
    "id": (BOOKING, ("id",), "MaRk", "a string"),
    "id of a boolean": (BOOKING, ("id",), True, "a boolean"),
    "id of a fraction": (BOOKING, ("id",), 1.5, "a number with a fraction"),
    "uid": (BOOKING, ("uid",), 7, "an integer"),
    "uid of null": (BOOKING, ("uid",), None, "null"),
    "title": (BOOKING, ("title",), ["MaRk"], "an array"),
    "duration": (BOOKING, ("duration",), "30", "a string"),
    "start that is not a time": (BOOKING, ("start",), "MaRk", "another string"),
    "start without an offset": (BOOKING, ("start",), "2027-04-05T09:00:00", "another string"),
    "start that is a number": (BOOKING, ("start",), 1_800_000_000, "an integer"),
    "updated_at": (BOOKING, ("updatedAt",), "MaRk", "another string"),
    "absent_host": (BOOKING, ("absentHost",), "true", "a string"),
    "start of null": (BOOKING, ("start",), None, "null"),
    "end of null": (BOOKING, ("end",), None, "null"),
    "status of null": (BOOKING, ("status",), None, "null"),
    "duration of a boolean": (BOOKING, ("duration",), False, "a boolean"),
    "hosts": (BOOKING, ("hosts",), {"id": 1}, "an object"),
    "the id of a host": (BOOKING, ("hosts", 0, "id"), 1.5, "a number with a fraction"),
    "the name of a host": (BOOKING, ("hosts", 0, "name"), 5, "an integer"),
    "a host": (BOOKING, ("hosts", 0), "MaRk", "a string"),
    "the event type": (BOOKING, ("eventType",), "MaRk", "a string"),
    "the id of the event type": (BOOKING, ("eventType", "id"), "1", "a string"),
    "an attendee": (BOOKING, ("attendees", 1, "absent"), 0, "an integer"),
    "guests": (BOOKING, ("guests",), "MaRk", "a string"),
    "a guest": (BOOKING, ("guests", 0), {"email": "MaRk"}, "an object"),
    "metadata": (BOOKING, ("metadata",), "MaRk", "a string"),
    "responses": (BOOKING, ("bookingFieldsResponses",), [], "an array"),
    "rating": (BOOKING, ("rating",), "5", "a string"),
    "a seat": (SEATED, ("attendees", 0, "seatUid"), 5, "an integer"),
    "the metadata of a seat": (SEATED, ("attendees", 0, "metadata"), "MaRk", "a string"),
}


def test_json_paths_have_this_form() -> None:
    error = decoding_error(READ, response_with_data("story-04-get", BOOKING | {"attendees": [1]}))
    assert error.path == "$.data.attendees[0]"


@pytest.mark.parametrize("name", INVALID_VALUES)
def test_a_value_of_another_type_is_named_by_path_and_never_shown(name: str) -> None:
    data, path, value, found = INVALID_VALUES[name]
    error = decoding_error(READ, response_with_data("story-04-get", changed(data, path, value)))
    assert (error.path, error.found) == (json_path(("data", *path)), found)
    assert "MaRk" not in str(error)
    assert "MaRk" not in repr(error)


REQUIRED = {"uid", "start", "end", "status"}


def test_additions_are_kept_in_extra_at_every_depth() -> None:
    data = copy.deepcopy(BOOKING)
    data["newKey"] = {"a": [1]}
    data["hosts"][0]["avatarUrl"] = None
    data["attendees"][0]["rank"] = 1
    data["eventType"]["title"] = "T"
    data["status"] = "awaiting_host"
    booking = bookings.get_one("bk7").read(response_with_data("story-04-get", data))
    assert booking.extra == {"newKey": {"a": [1]}}
    assert booking.hosts[0].extra == {"avatarUrl": None}
    assert booking.attendees[0].extra == {"rank": 1}
    assert booking.event_type is not None
    assert booking.event_type.extra == {"title": "T"}
    assert booking.status == "awaiting_host"


@pytest.mark.parametrize("missing", sorted(BOOKING.keys() - REQUIRED))
@pytest.mark.parametrize("known", [True, False], ids=["beside null", "alone"])
def test_an_addition_is_kept_where_a_known_key_is_missing(missing: str, known: bool) -> None:
    data = {name: value for name, value in BOOKING.items() if name != missing} | {"newKey": None}
    if known:
        data["rating"] = None
    booking = bookings.get_one("bk7").read(response_with_data("story-04-get", data))
    assert booking.extra == {"newKey": None}


def test_the_host_of_a_booking_without_a_user_is_unknown() -> None:
    data = copy.deepcopy(BOOKING)
    data["hosts"] = [
        {"id": "unknown", "name": None, "email": "u", "displayEmail": "u", "username": "u"}
    ]
    booking = bookings.get_one("bk7").read(response_with_data("story-04-get", data))
    assert booking.hosts[0].id == "unknown"
    assert (booking.hosts[0].name, booking.hosts[0].time_zone) == (None, None)


WRONG_FORMS: list[tuple[Operation[Any], str, str, str]] = [
    # An operation, a response of another form, and the problem.
    (bookings.get_one("bk7"), "98-get-recurring-all", "$.data", "a series of 4"),
    (bookings.get_series("bk7"), "29-get-normal", "$.data", "an object"),
    (bookings.cancel_seat("bk7", "s"), "103-cancel-recurring-all", "$.data", "an array"),
    (bookings.list(), "29-get-normal", "$.data", "an object"),
    (bookings.get("bk7"), "137-reassign-auto", "$.data.uid", "nothing"),
    (bookings.reassign("bk7"), "29-get-normal", "$.data.bookingUid", "nothing"),
]


@pytest.mark.parametrize(("operation", "name", "path", "found"), WRONG_FORMS)
def test_a_response_of_another_form_is_a_decoding_error(
    operation: Operation[Any], name: str, path: str, found: str
) -> None:
    error = decoding_error(operation, response_of(name))
    assert (error.path, error.found) == (path, found)


def test_create_recurring_reads_a_lone_booking_as_a_series_of_one() -> None:
    operation = bookings.create_recurring(
        {
            "start": "2026-12-14T13:00:00Z",
            "event_type_id": 1,
            "attendee": {"name": "Ann", "email": "ann@example.net", "time_zone": "UTC"},
        },
        recurrence_count=2,
    )
    (booking,) = operation.read(response_of("107-recurring-count-on-normal"))
    assert booking.title == "Normal between Alice Host and Ann Attendee"
    assert booking.is_recurring is False
    both = operation.read(response_of("102-create-recurring-count-2"))
    assert [occurrence.shape.value for occurrence in both] == ["recurring", "recurring"]
    error = decoding_error(
        operation, response_with_data("102-create-recurring-count-2", {"uid": 5})
    )
    assert (error.path, error.may_have_happened) == ("$.data.status", True)


def test_an_unreadable_item_of_a_series_is_named_by_its_index() -> None:
    series = copy.deepcopy(RECORDED["story-18-get-series"]["response"]["body"]["data"])
    series[2]["hosts"][0]["email"] = 5
    error = decoding_error(
        bookings.get_series("bk7"), response_with_data("story-18-get-series", series)
    )
    assert error.path == "$.data[2].hosts[0].email"


def test_one_unreadable_item_leaves_the_rest_of_a_list_readable() -> None:
    data = copy.deepcopy(RECORDED["story-24-list-page-1"]["response"]["body"]["data"])
    data[1]["id"] = "MaRk"
    data[2] = None
    response = response_with_data("story-24-list-page-1", data)
    error = decoding_error(LIST, response)
    assert (error.path, error.found) == ("$.data[1].id", "a string")
    assert error.unreadable == (data[1], None)
    assert isinstance(error.page, Page)
    assert [booking.uid for booking in error.page.items] == [data[0]["uid"]]
    assert error.page.pagination.has_next_page is True
    assert error.page.next == bookings.list(take=3, skip=3)
    assert error.page.response == response
    assert error.may_have_happened is False
    assert str(error) == (
        "bookings.list (GET /v2/bookings): 200 with a string at $.data[1].id "
        "instead of an integer (items in error.unreadable: 2, error.page: 1)"
    )


# The pagination, the JSON path of the invalid value, and its type.
PAGINATIONS: dict[str, tuple[dict[str, object], str, str]] = {
    "no pagination": ({}, "$.pagination", "nothing"),
    "a pagination of null": ({"pagination": None}, "$.pagination", "null"),
    "a list": ({"pagination": []}, "$.pagination", "an array"),
    "a total in words": (
        {"pagination": {"totalItems": "3"}},
        "$.pagination.totalItems",
        "a string",
    ),
    "no word of another page": (
        {"pagination": {"token": "Bearer cal_test_echoed"}},
        "$.pagination.hasNextPage",
        "nothing",
    ),
}


@pytest.mark.parametrize("name", PAGINATIONS)
def test_the_error_of_a_list_without_pagination_has_its_bookings(name: str) -> None:
    more, path, found = PAGINATIONS[name]
    body = json.dumps({"status": "success", "data": [BOOKING], **more}).encode()
    error = decoding_error(LIST, Response(200, (), body))
    assert type(error) is PagingError
    assert (error.path, error.found) == (path, found)
    assert [booking.uid for booking in error.page.items] == ["9dfkso7iDs9uZtHquD1zR1"]
    assert (error.page.next, error.page.total_items) == (None, None)
    assert evolve(error.page.pagination, extra={}) == OffsetPagination()
    assert error.unreadable == ()
    assert str(error).endswith(" (items in error.page: 1)")
    assert b"cal_test_echoed" not in pickle.dumps(error)


def test_an_empty_list_without_its_pagination_is_an_error_too() -> None:
    error = decoding_error(LIST, Response(200, (), b'{"status":"success","data":[]}'))
    assert (type(error), error.path, error.page.items) == (PagingError, "$.pagination", ())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["error", "message", "code", "details", "errors", "children", "property"]
            )
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
HEADER_NAMES = st.sampled_from(
    [
        "content-type",
        "retry-after",
        "date",
        "x-request-id",
        "x-ratelimit-reset-",
        "x-ratelimit-reset-default",
        "x-ratelimit-remaining-default",
        "x-ratelimit-limit-default",
    ]
)
HEADER_VALUES = st.text(max_size=30) | st.sampled_from(
    ["text/html", "Sun, 22 Nov 2026 16:03:01 GMT", "Sun, 99 Nov 0000 16:03:01 GMT", "1e999", "9e18"]
)
OPERATIONS = st.sampled_from(
    [READ, WRITE, LIST, bookings.get_series("bk7"), bookings.reassign("bk7")]
)


@settings(max_examples=3 * settings().max_examples)
@given(
    OPERATIONS,
    st.integers(-1, 999),
    st.lists(st.tuples(HEADER_NAMES, HEADER_VALUES), max_size=6),
    st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()),
)
def test_any_bytes_are_read_or_raise_one_of_our_errors(
    operation: Operation[Any], status: int, headers: list[tuple[str, str]], body: bytes
) -> None:
    with pytest.raises(CalcomError) as caught:
        operation.read(Response(status, headers, body))
    assert str(caught.value).startswith(operation.name)


@settings(max_examples=2 * settings().max_examples)
@given(OPERATIONS, JSON, JSON)
def test_any_data_is_read_or_raises_a_decoding_error(
    operation: Operation[Any], data: object, pagination: object
) -> None:
    envelope = {"status": "success", "data": data, "pagination": pagination}
    try:
        result = operation.read(Response(200, (), json.dumps(envelope).encode()))
    except DecodingError:
        result = ()
    assert (result.items if isinstance(result, Page) else result) == ()


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    if isinstance(value, dict):
        return [leaf for key, inner in value.items() for leaf in leaves(inner, (*path, key))]
    if isinstance(value, list):
        return [leaf for index, inner in enumerate(value) for leaf in leaves(inner, (*path, index))]
    return [path]


@settings(max_examples=3 * settings().max_examples)
@given(
    st.sampled_from([(data, path) for data in (BOOKING, SEATED) for path in leaves(data)]),
    st.sampled_from([None, True, 7, 0.5, "text", [], {}]),
)
def test_a_leaf_of_another_type_is_read_or_named_by_its_path(
    place: tuple[Any, tuple[str | int, ...]], value: object
) -> None:
    data, path = place
    response = response_with_data("story-04-get", changed(data, path, value))
    try:
        bookings.get_one("bk7").read(response)
        named = json_path(("data", *path))
    except DecodingError as error:
        named = error.path
    assert named == json_path(("data", *path))


def test_a_number_outside_the_range_of_json_is_refused() -> None:
    body = json.dumps({"status": "success", "data": BOOKING}).replace(
        '"duration": 30', '"duration": 1e999'
    )
    with pytest.raises(DecodingError) as caught:
        bookings.get_one("u").read(Response(200, (), body.encode()))
    assert (caught.value.path, caught.value.found) == ("$.data.duration", "a larger one")
