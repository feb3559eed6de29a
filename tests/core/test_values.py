"""Requests, responses, headers, secrets, operations, pages and models as values."""

import copy
import json
import pickle
import weakref
import wsgiref.headers
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import attrs
import pytest
from attrs import evolve
from core_recorded import RECORDED, operation_of, response_of

import calcom_core
from calcom_core import (
    EVERYWHERE,
    HOSTED,
    AccessToken,
    Anonymous,
    Api,
    ApiKey,
    Booking,
    BookingShape,
    CalcomError,
    Headers,
    InvalidInput,
    NewAttendee,
    NewBooking,
    NoAnswer,
    NotSent,
    OAuthClient,
    Operation,
    OutcomeUnknown,
    Page,
    ReplayError,
    Request,
    Response,
    Secret,
    Timeout,
    Versions,
    bookings,
    slots,
)
from calcom_core.checks import json_object
from calcom_core.effects import Gather, Sleep
from calcom_core.http import to_timeout
from calcom_core.model.inputs import NewGuest
from calcom_core.serialization import read


class Name(StrEnum):
    X = "x"


PAIRS = (("X-A", "1"), ("x-b", "2"), ("x-a", "3"))


@pytest.mark.parametrize(
    "given",
    [
        PAIRS,
        list(PAIRS),
        (pair for pair in PAIRS),
        [(name.encode(), value.encode()) for name, value in PAIRS],
        [(b"X-A", "1"), ("x-b", b"2"), (b"x-a", "3")],
        Headers(PAIRS),
        wsgiref.headers.Headers(list(PAIRS)),
    ],
)
def test_headers_are_created_from_any_pairs(given: Any) -> None:
    headers = Headers(given)
    assert headers.pairs == PAIRS
    assert list(headers) == list(PAIRS)
    assert len(headers) == 3


@pytest.mark.parametrize("given", [{"X-A": "1", "x-b": "2"}, {b"X-A": b"1", b"x-b": b"2"}])
def test_headers_are_created_from_a_mapping(given: Any) -> None:
    assert Headers(given) == Headers((("X-A", "1"), ("x-b", "2")))
    assert Response(200, given).headers == Headers((("X-A", "1"), ("x-b", "2")))


def test_header_bytes_outside_ascii_are_latin_1() -> None:
    assert Headers([(b"x", b"caf\xe9")]).get("x") == "café"
    assert Headers([(Name.X, Name.X)]) == Headers([("x", "x")])


def test_headers_are_looked_up_in_any_case_and_have_several_values() -> None:
    headers = Headers(PAIRS)
    assert headers.get("x-A") == "1"
    assert headers.get_all("X-a") == ("1", "3")
    assert headers.get("x-c") is None
    assert headers.get("x-c", "?") == "?"
    assert headers.get_all("x-c") == ()
    assert "X-B" in headers
    assert "x-c" not in headers
    assert 5 not in headers
    assert Headers().pairs == ()


def test_headers_contain_their_names() -> None:
    headers = Headers([("Set-Cookie", "a"), ("X-Empty", ""), ("set-cookie", "b")])
    assert list(headers.names) == ["set-cookie", "x-empty"]
    assert list(Headers().names) == []


def test_the_repr_of_headers_has_no_credential() -> None:
    names = ["Authorization", "proxy-authorization", "X-Cal-Secret-Key", "Cookie", "Set-Cookie"]
    headers = Headers([("X-A", "1"), *((name, "hush") for name in names)])
    assert repr(headers) == (
        "Headers([('X-A', '1'), ('Authorization', '…'), ('proxy-authorization', '…'), "
        "('X-Cal-Secret-Key', '…'), ('Cookie', '…'), ('Set-Cookie', '…')])"
    )
    assert "hush" not in str(headers) + repr(Request("GET", "https://h/", headers))
    assert "hush" not in repr(Response(200, headers))


def test_the_end_of_a_header_name_makes_it_secret() -> None:
    headers = Headers(
        [
            ("CF-Access-Client-Id", "shop.access"),
            ("CF-Access-Client-Secret", "hush"),
            ("X-Goog-Api-Key", "hush"),
            ("X-Serverless-Authorization", "hush"),
            ("X-Token-Kind", "open"),
        ]
    )
    assert repr(headers) == (
        "Headers([('CF-Access-Client-Id', 'shop.access'), ('CF-Access-Client-Secret', '…'), "
        "('X-Goog-Api-Key', '…'), ('X-Serverless-Authorization', '…'), ('X-Token-Kind', 'open')])"
    )


def test_an_apis_repr_has_only_the_names_of_its_extra_headers() -> None:
    api = Api(Anonymous(), headers={"X-Bypass": "hush", "traceparent": "00"})
    assert repr(api).endswith(
        ", user_agent='calcom-bookings/0.2.0', headers=<X-Bypass, traceparent>)"
    )
    assert repr(attrs.asdict(api)["headers"]) == "{'_pairs': ExtraHeaders(…)}"


def test_an_api_with_extra_headers_is_not_pickled() -> None:
    assert pickle.loads(pickle.dumps(Api(Anonymous()))) == Api(Anonymous())
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError) as caught:
            pickle.dumps(Api(Anonymous(), headers={"X-Bypass": "hush"}), protocol)
        assert str(caught.value) == (
            "extra headers cannot be pickled, because they may hold a credential; "
            "create the Api in each process"
        )


def test_no_field_of_headers_holds_a_plain_value() -> None:
    headers = Headers([("Authorization", "Bearer hush"), ("Location", "https://h/?token=hush")])
    request = Request("GET", "https://h/", headers)
    assert headers.get("location") == "https://h/?token=hush"
    names = {name for cls in Headers.__mro__ for name in getattr(cls, "__slots__", ())}
    kept = [getattr(headers, name) for name in names if hasattr(headers, name)]
    assert len(kept) > 1
    for value in (attrs.asdict(request), attrs.astuple(headers), *kept):
        assert "hush" not in repr(value)


def test_hidden_headers_are_values_too() -> None:
    headers = Headers([("Authorization", "Bearer hush"), ("X", "1")])
    request = Request("GET", "https://h/", headers)
    copies = [copy.copy(headers), copy.deepcopy(headers), evolve(headers)]
    copies += [pickle.loads(pickle.dumps(headers)), pickle.loads(pickle.dumps(request)).headers]
    for each in copies:
        assert each == headers
        assert hash(each) == hash(headers)
        assert each.pairs == (("Authorization", "Bearer hush"), ("X", "1"))
    assert evolve(headers, pairs={"X": "2"}) == Headers({"X": "2"})
    assert headers != Headers([("Authorization", "Bearer other"), ("X", "1")])


def test_a_requests_repr_has_no_password_and_no_token_in_its_url() -> None:
    assert repr(Request("GET", "https://ann:hush@h/v2/cal_live_0123456789?x=1")).startswith(
        "Request(method='GET', url='https://…@h/v2/[redacted]?…', "
    )


def test_a_requests_repr_has_the_size_of_its_body_and_not_the_body() -> None:
    request = Request("POST", "https://h/x", {"X": "1"}, b"hush")
    assert repr(request) == (
        "Request(method='POST', url='https://h/x', headers=Headers([('X', '1')]), body=<4 bytes>)"
    )
    assert repr(Response(200, (), b"hush")) == (
        "Response(status=200, headers=Headers([]), body=<4 bytes>)"
    )


VALUES: dict[str, Callable[[], Any]] = {
    "Headers": lambda: Headers(PAIRS),
    "Request": lambda: Request("POST", "https://h/x", PAIRS, b"{}"),
    "Response": lambda: Response(200, PAIRS, b"{}"),
    "Timeout": lambda: Timeout(1, 2, 3),
    "Versions": lambda: Versions("mine", {"bookings": "2024-08-13"}),
    "Anonymous": Anonymous,
    "Operation": lambda: bookings.cancel("bk7", {"cancellation_reason": "x"}),
    "list": lambda: bookings.list(status="past", take=3),
    "mapped": lambda: bookings.get("bk7").map(shape_of_all),
    "Page": lambda: bookings.list(take=3).read(response_of("story-24-list-page-1")),
    "Booking": lambda: bookings.get("bk7").read(response_of("story-14-get-seated")),
    "Reassignment": lambda: bookings.reassign("bk7").read(response_of("story-20-reassign")),
    "NewBooking": lambda: NewBooking(
        start="2027-04-05T09:00:00Z",
        event_type_id=1,
        attendee=NewAttendee(name="Ann", email="ann@example.net", time_zone="UTC"),
        guests=["eva@example.net"],
        metadata={"order": "A-17"},
        booking_fields_responses={"topic": ["x"]},
        location={"type": "link"},
        routing={"team_member_ids": [1]},
    ),
}


def shape_of_all(value: Booking | tuple[Booking, ...]) -> tuple[BookingShape, ...]:
    return tuple(b.shape for b in (value if isinstance(value, tuple) else (value,)))


@pytest.mark.parametrize("name", VALUES)
def test_a_value_is_comparable_hashable_frozen_and_picklable(name: str) -> None:
    value, like = VALUES[name](), VALUES[name]()
    assert value is not like
    assert value == like
    assert hash(value) == hash(like)
    assert pickle.loads(pickle.dumps(value)) == value
    assert copy.deepcopy(value) == value
    assert not hasattr(value, "__dict__")
    for field in attrs.fields(type(value)):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(value, field.name, None)
    assert value != object()


def test_every_public_attrs_class_is_frozen_and_slotted() -> None:
    public = vars(calcom_core).values()
    classes = [cls for cls in public if isinstance(cls, type) and attrs.has(cls)]
    assert len(classes) > 30
    for cls in classes:
        assert "__slots__" in vars(cls), cls
        assert cls.__setattr__ is not object.__setattr__, cls


# Secrets.

TEXT = "cal_test_0123456789abcdef"


def test_a_read_value_has_its_class_and_is_frozen() -> None:
    read_one = bookings.get_one("bk7").read(response_of("29-get-normal"))
    for value in (read_one, read_one.hosts[0], read_one.attendees[0], read_one.event_type):
        cls: Any = type(value)
        rebuilt = cls(**{field.name: getattr(value, field.name) for field in attrs.fields(cls)})
        assert type(rebuilt) is cls
        assert (rebuilt, repr(rebuilt), hash(rebuilt)) == (value, repr(value), hash(value))
        assert cls.__module__ == "calcom_core.model.booking"
        for field in attrs.fields(cls):
            with pytest.raises(attrs.exceptions.FrozenInstanceError):
                setattr(value, field.name, None)


def test_an_input_read_from_json_checks_its_fields() -> None:
    assert read(NewGuest, {"email": "ann@example.net"}) == NewGuest(email="ann@example.net")
    with pytest.raises(
        InvalidInput, match=r"^email: must be an e-mail address such as ann@example.com$"
    ):
        read(NewGuest, {"email": "ann"})


def test_a_value_can_be_weakly_referenced() -> None:
    booking = bookings.get_one("bk7").read(response_of("29-get-normal"))
    assert weakref.ref(booking)() is booking


def test_a_secret_reveals_its_text_only_by_reveal() -> None:
    secret = Secret(TEXT)
    assert secret.reveal() == TEXT
    shown = [repr(secret), str(secret), f"{secret}", f"{secret!r}", f"{[secret]}"]
    shown += ["%s" % secret, "%r" % secret, "{:>20}".format("") + "{}".format(secret)]  # noqa: UP031, UP032
    assert TEXT not in "".join(shown)
    assert shown[:3] == ["Secret(…)"] * 3
    assert "0123" not in repr(ApiKey(TEXT)) + repr(Api(ApiKey(TEXT)))
    assert "hush" not in repr(OAuthClient("client", "hush")) + repr(AccessToken("hush"))


def test_a_secret_has_no_attributes_to_list() -> None:
    with pytest.raises(TypeError):
        vars(Secret(TEXT))


def test_a_secret_formatted_with_a_width_is_hidden_too() -> None:
    with pytest.raises(TypeError):
        format(Secret(TEXT), ">20")


def test_a_secret_is_copied_as_itself_and_never_pickled() -> None:
    secret = Secret(TEXT)
    assert copy.copy(secret) is secret
    assert copy.deepcopy([secret])[0] is secret
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        for value in (secret, ApiKey(secret), Api(ApiKey(secret))):
            with pytest.raises(TypeError, match="a Secret cannot be pickled"):
                pickle.dumps(value, protocol)


def test_secrets_are_compared_by_their_text() -> None:
    assert Secret(TEXT) == Secret(TEXT)
    assert hash(Secret(TEXT)) == hash(Secret(TEXT))
    assert Secret(TEXT) != Secret(TEXT + "0")
    assert Secret(TEXT) != TEXT
    assert Api(ApiKey(TEXT)) == Api(ApiKey(Secret(TEXT)))
    assert len({ApiKey(TEXT), ApiKey(Secret(TEXT))}) == 1


# Operations.


def test_only_equal_calls_make_equal_operations() -> None:
    one = bookings.list(status=["past"], after_start="2027-04-05T11:00:00+02:00")
    same = bookings.list(status="past", after_start=datetime(2027, 4, 5, 9, tzinfo=UTC))
    assert one == same
    assert len({one, same, bookings.list(status="past")}) == 2
    different: list[Operation[Any]] = [
        bookings.get("bk7"),
        bookings.get_one("bk7"),
        bookings.get_series("bk7"),
        bookings.get("bk8"),
        bookings.get("bk7", cal_api_version="2024-08-13"),
        bookings.get("bk7").map(str),
        bookings.confirm("bk7"),
        bookings.cancel("bk7"),
        bookings.cancel("bk7", {"cancellation_reason": "x"}),
    ]
    assert len(set(different)) == 9


def test_an_operations_repr_has_neither_its_query_nor_its_body() -> None:
    listed = bookings.list(attendee_email="per@guest.example", take=3)
    assert repr(listed) == (
        "Operation(name='bookings.list', method='GET', path='/v2/bookings', "
        "query=<attendeeEmail, take>, body=None, idempotent=True, version=None)"
    )
    cancelled = bookings.cancel("bk7", {"cancellation_reason": "hush"})
    assert repr(cancelled) == (
        "Operation(name='bookings.cancel', method='POST', path='/v2/bookings/bk7/cancel', "
        "query=<>, body=<29 bytes>, idempotent=False, version=None)"
    )


def test_a_mapped_operation_sends_the_same_and_transforms_the_result() -> None:
    plain = bookings.get_one("bk7")
    mapped = plain.map(lambda booking: booking.title).map(len)
    assert (mapped.name, mapped.method, mapped.path) == (plain.name, plain.method, plain.path)
    assert mapped != plain
    assert mapped.read(response_of("29-get-normal")) == 42
    assert Api(Anonymous()).request(mapped) == Api(Anonymous()).request(plain)


def test_a_refusal_is_raised_before_any_transform() -> None:
    mapped = bookings.get_one("bk7").map(lambda booking: pytest.fail("was called"))
    with pytest.raises(calcom_core.NotFound):
        mapped.read(response_of("191-get-bad-uid"))


# Pages.

PAGINATION = RECORDED["story-24-list-page-1"]["response"]["body"]["pagination"]


def page_of(operation: Operation[Page[Booking]], items: int, **pagination: Any) -> Page[Booking]:
    data = RECORDED["story-24-list-page-1"]["response"]["body"]["data"][:items]
    body = {"status": "success", "data": data, "pagination": {**PAGINATION, **pagination}}
    return operation.read(Response(200, (), json.dumps(body).encode()))


def test_the_next_page_keeps_the_filters_and_skips_by_take() -> None:
    first = bookings.list(status="upcoming", take=3, skip=0, sort_start="asc")
    page = first.read(response_of("story-24-list-page-1"))
    assert page.next == bookings.list(status="upcoming", take=3, skip=3, sort_start="asc")
    assert page.next is not None
    assert page.next.read(response_of("story-25-list-page-2")).next == bookings.list(
        status="upcoming", take=3, skip=6, sort_start="asc"
    )


def test_the_next_page_skips_by_take_even_after_fewer_items() -> None:
    page = page_of(bookings.list(take=3, skip=6), items=1, hasPreviousPage=True)
    assert len(page.items) == 1
    assert page.next == bookings.list(take=3, skip=9)


def test_the_next_page_skips_by_the_page_size_of_the_server_without_take() -> None:
    page = page_of(bookings.list(status="past"), items=3, itemsPerPage=100)
    assert page.next is not None
    assert page.next.query == (("status", "past"), ("skip", "100"))


def test_the_next_page_advances_even_if_the_server_miscounts() -> None:
    listed = bookings.list(status="past", skip=5)
    page = page_of(listed, items=3, itemsPerPage=0, hasPreviousPage=True)
    assert page.next is not None
    assert page.next.query == (("status", "past"), ("skip", "8"))


def test_the_next_page_keeps_transforms_and_pinned_version() -> None:
    operation = bookings.list(take=3, cal_api_version="2024-08-13")
    page = page_of(operation, items=3)
    assert page.next == bookings.list(take=3, skip=3, cal_api_version="2024-08-13")


def test_there_is_no_next_page_at_the_end() -> None:
    assert page_of(bookings.list(take=3), items=3, hasNextPage=False).next is None


def test_there_is_no_next_page_after_an_empty_one() -> None:
    page = page_of(bookings.list(take=3), items=0, hasNextPage=True)
    assert (page.items, page.next) == ((), None)
    assert page.pagination.has_next_page is True


def test_a_pages_repr_has_its_items_and_not_its_response() -> None:
    page = page_of(bookings.list(take=3), items=0)
    assert repr(page) == f"Page(items=(), pagination={page.pagination!r})"


# Models.


@pytest.mark.parametrize(
    ("name", "shape", "recurring", "seated"),
    [
        ("29-get-normal", BookingShape.SINGLE, False, False),
        ("97-get-recurring-one", BookingShape.RECURRING, True, False),
        ("126-get-seated-hidden-noauth", BookingShape.SEATED, False, True),
        ("131-get-recurring-seated-one", BookingShape.RECURRING_SEATED, True, True),
    ],
)
def test_a_booking_has_one_of_four_shapes(
    name: str, shape: BookingShape, recurring: bool, seated: bool
) -> None:
    booking = operation_of(name).read(response_of(name))
    assert booking.shape is shape
    assert (booking.is_recurring, booking.is_seated) == (recurring, seated)


def test_a_recorded_booking_reads_as_these_values() -> None:
    booking = bookings.get_one("bk7").read(response_of("29-get-normal"))
    assert booking == Booking(
        id=1,
        uid="8q36zVzjeFHywNswG41LH7",
        title="Normal between Alice Host and Ann Attendee",
        status="accepted",
        hosts=(
            calcom_core.Host(
                id=1,
                email="alice@example.com",
                display_email="alice@example.com",
                username="alice",
                name="Alice Host",
                time_zone="Europe/Berlin",
            ),
        ),
        attendees=(
            calcom_core.Attendee(
                name="Ann Attendee",
                email="ann@example.net",
                display_email="ann@example.net",
                time_zone="Europe/Rome",
                absent=False,
                language="en",
            ),
            calcom_core.Attendee(
                name="",
                email="guest1@example.net",
                display_email="guest1@example.net",
                time_zone="Europe/Rome",
                absent=False,
                language="en",
            ),
        ),
        start=datetime(2026, 12, 12, 9, tzinfo=UTC),
        end=datetime(2026, 12, 12, 9, 30, tzinfo=UTC),
        duration=30,
        absent_host=False,
        created_at=datetime(2026, 11, 22, 16, 3, 0, 70_000, UTC),
        updated_at=datetime(2026, 11, 22, 16, 3, 0, 184_000, UTC),
        description="",
        cancellation_reason="",
        cancelled_by_email="",
        event_type_id=1,
        event_type=calcom_core.EventTypeRef(id=1, slug="normal"),
        meeting_url="https://meet.example.com/alice",
        location="https://meet.example.com/alice",
        guests=("guest1@example.net",),
        metadata={"ref": "order-42"},
        booking_fields_responses={
            "email": "ann@example.net",
            "name": "Ann Attendee",
            "guests": ["guest1@example.net"],
            "displayEmail": "ann@example.net",
            "displayGuests": ["guest1@example.net"],
        },
        ics_uid="8q36zVzjeFHywNswG41LH7@Cal.com",
    )


def test_free_mappings_count_for_equality_and_not_for_the_hash() -> None:
    booking = bookings.get_one("bk7").read(response_of("29-get-normal"))
    other = attrs.evolve(booking, metadata={"ref": "order-43"})
    assert booking != other
    assert hash(booking) == hash(other)


def test_a_checked_mapping_is_a_separate_copy() -> None:
    given = {"order": {"items": ["A"]}}
    operation_input = NewBooking(
        start="2027-04-05T09:00:00Z",
        event_type_id=1,
        attendee={"name": "Ann", "email": "ann@example.net", "time_zone": "UTC"},
        booking_fields_responses=given,
    )
    given["order"]["items"].append("B")
    assert operation_input.booking_fields_responses == {"order": {"items": ["A"]}}
    assert operation_input.attendee == NewAttendee(
        name="Ann", email="ann@example.net", time_zone="UTC"
    )


def test_an_input_may_be_any_mapping() -> None:
    attendee = {"name": "Ann", "email": "ann@example.net", "time_zone": "UTC"}
    location = {"type": "integration", "integration": "zoom"}
    data = {"start": "2027-04-05T09:00:00Z", "event_type_id": 1}
    operation = bookings.create({**data, "attendee": attendee, "location": location})
    views = {"attendee": MappingProxyType(attendee), "location": MappingProxyType(location)}
    assert bookings.create(MappingProxyType({**data, **views})) == operation
    assert location == {"type": "integration", "integration": "zoom"}


def test_a_free_mapping_is_copied_at_every_depth() -> None:
    inner: dict[str, Any] = {"items": [["A"], {"b": 1}], "pair": ({"c": 2},)}
    kept = json_object({"order": inner}, "data")
    as_given = {"order": {"items": [["A"], {"b": 1}], "pair": [{"c": 2}]}}
    assert kept == as_given
    inner["items"][0].append("B")
    inner["items"][1]["b"] = inner["pair"][0]["c"] = 3
    inner["items"].clear()
    assert kept == as_given


@pytest.mark.parametrize("value", [{}, {"large": 2**60}, MappingProxyType({"a": [None]})])
def test_an_unusual_free_mapping_is_kept(value: Mapping[str, Any]) -> None:
    kept = json_object(value, "data")
    assert kept == value
    assert type(kept) is dict


def test_a_version_profile_looks_up_the_operation_and_then_its_family() -> None:
    mine = Versions("mine", {"bookings": "2026-02-25", "bookings.attendees": "2024-08-13"})
    assert mine.of("bookings.get_one") == "2026-02-25"
    assert mine.of("bookings.attendees.list") == "2024-08-13"
    assert mine.of("bookings.list") == "2026-02-25"
    assert (EVERYWHERE.name, HOSTED.name) == ("EVERYWHERE", "HOSTED")
    assert EVERYWHERE.table == (
        ("bookings", "2024-08-13"),
        ("event_types", "2024-06-14"),
        ("me", "2024-08-13"),
        ("slots", "2024-09-04"),
        ("teams", "2024-08-13"),
    )
    assert {HOSTED.of(name) for name in ("event_types.list", "event_types.get")} == {"2024-06-14"}
    assert HOSTED.of("me.get") == "2024-08-13"
    assert Versions("EVERYWHERE", EVERYWHERE.table) == EVERYWHERE


def test_a_version_profile_is_a_copy() -> None:
    given = {"bookings": "2024-08-13"}
    mine = Versions("mine", given)
    given["bookings"] = "2026-02-25"
    assert mine.of("bookings.get") == "2024-08-13"
    assert hash(mine) != hash(EVERYWHERE)
    reversed_table = dict(reversed(EVERYWHERE.table))
    assert Versions("EVERYWHERE", reversed_table) == EVERYWHERE


LACKING: list[tuple[Versions, Any, str]] = [
    (
        EVERYWHERE,
        lambda: bookings.request_reschedule("bk7"),
        "EVERYWHERE has no bookings.request_reschedule: only the hosted service has it; "
        "pass versions=HOSTED, or pin cal_api_version='2026-02-25' for the call",
    ),
    (
        Versions("mine", {"bookings": "2024-08-13"}),
        lambda: slots.get_reservation("r"),
        "mine has no slots.get_reservation: no version is given; "
        "pass versions=HOSTED, or pin cal_api_version='2024-09-04' for the call",
    ),
    (
        Versions("mine", {"bookings": "2026-02-25"}),
        lambda: bookings.attendees.list("bk7"),
        "mine has no bookings.attendees.list: not supported in 2026-02-25; "
        "pass versions=HOSTED, or pin cal_api_version='2024-08-13' for the call",
    ),
]


@pytest.mark.parametrize(("versions", "call", "problem"), LACKING)
def test_an_operation_missing_in_a_version_profile_is_refused_with_the_reason(
    versions: Versions, call: Any, problem: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        Api(Anonymous(), versions=versions).request(call())
    assert (caught.value.field, caught.value.problem) == ("versions", problem)
    version = problem.rpartition("='")[2].partition("'")[0]
    pinned = evolve(call(), version=version)
    request = Api(Anonymous(), versions=versions).request(pinned)
    assert request.headers.get("cal-api-version") == version


@pytest.mark.parametrize(
    "table",
    [
        5,
        {"booking": "2024-08-13"},
        {5: "2024-08-13"},
        "bookings",
        [("slots",)],
        [(["slots"], "2024-09-04")],
    ],
)
def test_an_invalid_version_profile_is_refused(table: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        Versions("mine", table)
    assert caught.value.field == "versions"


@pytest.mark.parametrize(
    "table", [{"bookings": "2024-04-15"}, {"bookings": None}, {"bookings": ["2024-08-13"]}]
)
def test_a_version_profile_with_an_unsupported_version_is_refused(table: Any) -> None:
    with pytest.raises(InvalidInput, match="really cancels") as caught:
        Versions("mine", table)
    assert caught.value.field == "versions['bookings']"


def test_timeouts_are_finite_by_default() -> None:
    assert Timeout() == Timeout(connect=10.0, read=30.0, total=60.0)
    assert Timeout(total=86_400).total == 86_400


def test_an_invalid_input_names_field_and_problem() -> None:
    error = InvalidInput("data.start", "is missing")
    assert (str(error), error.field, error.problem) == (
        "data.start: is missing",
        "data.start",
        "is missing",
    )


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: Response("200"), "status"),
        (lambda: Response(True), "status"),
        (lambda: Response(200, None), "headers"),
        (lambda: Response(200, (), "{}"), "body"),
        (lambda: Request("GET", "https://x.test/", (), "{}"), "body"),
        (lambda: Headers(5), "headers"),
        (lambda: Response(200, ["a"]), "headers"),
        (lambda: Request("GET", None), "url"),
        (lambda: Request("GET / HTTP/1.1", "https://x.test/"), "method"),
        (lambda: Request(5, "https://x.test/"), "method"),
        (lambda: Versions("x", None), "versions"),
        (lambda: OAuthClient("", "cal_test_values"), "client_id"),
        (lambda: Gather([], 1), "programs"),
        (lambda: bookings.get("u").read(None), "response"),
        (lambda: Api(ApiKey("cal_test_values"), versions="2024-08-13"), "versions"),
        (lambda: Api("cal_test_values"), "auth"),
        (lambda: Api(Anonymous()).request("x"), "operation"),
        (lambda: Sleep("1"), "seconds"),
        (lambda: Sleep(1, "1"), "jitter"),
        (lambda: to_timeout("1"), "timeout.total"),
    ],
)
def test_a_value_of_another_type_is_refused_by_name(make: Any, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        make()
    assert caught.value.field == field


def test_seconds_set_the_timeout_of_all_phases() -> None:
    assert to_timeout(None) is None
    assert to_timeout(45) == Timeout(10, 30, 45)
    assert to_timeout(2) == Timeout(2, 2, 2)
    assert to_timeout(Timeout(1, 2, 3)) == Timeout(1, 2, 3)


def test_every_no_answer_states_whether_the_write_may_have_happened() -> None:
    read, write = bookings.get("u"), bookings.confirm("u")
    assert NotSent("x", reason="connect", operation=write).may_have_happened is False
    assert NoAnswer("x", reason="closed", operation=write).may_have_happened is True
    assert NoAnswer("x", reason="closed", operation=read).may_have_happened is False
    assert NoAnswer("x", reason="closed").may_have_happened is True
    no_answer = NoAnswer("x", reason="closed")
    assert OutcomeUnknown("x", operation=write, cause=no_answer).may_have_happened is True


def test_an_inputs_annotations_are_the_types_it_accepts() -> None:
    shown = {name: str(kind) for name, kind in NewAttendee.__init__.__annotations__.items()}
    assert shown["name"] == "<class 'str'>"
    assert shown["email"] == "str | None"


def test_a_reason_is_kept_as_it_was_given() -> None:
    with pytest.raises(InvalidInput, match=r"^reason: must be a string"):
        bookings.cancel_seat("u", "s", reason=5)  # type: ignore[arg-type]


def test_a_requests_repr_has_its_url_without_the_query() -> None:
    request = Api(Anonymous()).request(bookings.list(attendee_email="ann@example.net"))
    assert "ann" not in repr(request)
    assert "url='https://api.cal.com/v2/bookings?…'" in repr(request)


def test_an_error_of_a_mapped_operation_pickles() -> None:
    operation = bookings.get("u").map(lambda booking: booking)
    for response in (Response(404), Response(200), response_of("278-version-missing-get")):
        with pytest.raises(CalcomError) as caught:
            operation.read(response)
        assert pickle.loads(pickle.dumps(caught.value)).operation == bookings.get("u")


def test_every_error_states_whether_the_write_may_have_happened() -> None:
    assert InvalidInput("x", "y").may_have_happened is False
    assert ReplayError("x").may_have_happened is False
