"""A value of a subclass is sent as the built-in type that it extends, whatever its `str()`."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum, IntEnum, StrEnum
from http import HTTPMethod
from typing import Any

import attrs
import pytest

from calcom_core import (
    AccessToken,
    Anonymous,
    Api,
    ApiKey,
    Headers,
    InvalidInput,
    NewBooking,
    OAuthClient,
    Operation,
    Request,
    Secret,
    Versions,
    bookings,
    create_once,
    responses,
    slots,
    teams,
)
from calcom_core.effects import Send

API = Api(Anonymous())


class Word(str):
    """A string whose str() and format() are another string."""

    __slots__ = ()

    def __str__(self) -> str:
        return "another"

    def __repr__(self) -> str:
        return "another"

    def __format__(self, _: str) -> str:
        return "another"


def _member(text: str) -> Any:
    return Enum("Member", {"ONLY": text}, type=str)["ONLY"]


def _str_member(text: str) -> Any:
    return StrEnum("StrMember", {"ONLY": text})["ONLY"]


KINDS: dict[str, Callable[[str], Any]] = {
    "a str": str,
    "a member of a str Enum": _member,
    "a member of a StrEnum": _str_member,
    "a str of another kind": Word,
}

As = Callable[[str], Any]
PER = {"name": "Per", "email": "per@guest.test", "time_zone": "UTC"}
PER_SENT = {"name": "Per", "email": "per@guest.test", "timeZone": "UTC"}
ALL = "/v2/bookings"

SENT: dict[str, tuple[Callable[[As], Operation[Any]], str, Any]] = {
    "filters": (
        lambda a: bookings.list(
            status=[a("upcoming"), a("past")],
            attendee_email=a("per@guest.test"),
            attendee_name=a("Per"),
            booking_uid=a("bk7"),
            after_start=a("2027-04-05T09:30:00Z"),
            sort_start=a("asc"),
        ),
        f"GET {ALL}?status=upcoming,past&attendeeEmail=per@guest.test&attendeeName=Per"
        "&bookingUid=bk7&afterStart=2027-04-05T09:30:00Z&sortStart=asc",
        None,
    ),
    "one status": (lambda a: bookings.list(status=a("past")), f"GET {ALL}?status=past", None),
    "a cursor": (lambda a: bookings.list(cursor=a("c7")), f"GET {ALL}?cursor=c7", None),
    "the filters of a team": (
        lambda a: teams.bookings(7, **{a("sort_end"): a("desc")}),
        "GET /v2/teams/7/bookings?sortEnd=desc",
        None,
    ),
    "the uid of a booking": (lambda a: bookings.confirm(a("bk7")), f"POST {ALL}/bk7/confirm", None),
    "a uid that is quoted": (lambda a: bookings.get(a("a/b")), f"GET {ALL}/a%2Fb", None),
    "the uid of a seat in a path": (
        lambda a: bookings.get_by_seat(a("s-1")),
        f"GET {ALL}/by-seat/s-1",
        None,
    ),
    "the uid of a reservation": (
        lambda a: slots.get_reservation(a("r-1")),
        "GET /v2/slots/reservations/r-1",
        None,
    ),
    "the type of a reference": (
        lambda a: bookings.references("bk7", type=a("daily_video")),
        f"GET {ALL}/bk7/references?type=daily_video",
        None,
    ),
    "the version": (
        lambda a: bookings.get("bk7", cal_api_version=a("2024-08-13")),
        f"GET {ALL}/bk7",
        None,
    ),
    "slots": (
        lambda a: slots.list(
            start=a("2027-04-05"),
            end=a("2027-04-06T09:30:00Z"),
            event_type_slug=a("chat"),
            username=a("rosa"),
            format=a("range"),
            booking_uid_to_reschedule=a("bk7"),
        ),
        "GET /v2/slots?start=2027-04-05&end=2027-04-06T09:30:00Z&eventTypeSlug=chat&username=rosa"
        "&format=range&bookingUidToReschedule=bk7",
        None,
    ),
    "slots of several users": (
        lambda a: slots.list(
            start="2027-04-05",
            end="2027-04-06",
            usernames=[a("rosa"), a("per")],
            organization_slug=a("acme"),
            time_zone=a("Etc/UTC"),
        ),
        "GET /v2/slots?start=2027-04-05&end=2027-04-06&usernames=rosa,per&organizationSlug=acme"
        "&timeZone=Etc%2FUTC",
        None,
    ),
    "a booking": (
        lambda a: bookings.create(
            {
                a("start"): a("2027-04-05T09:30:00Z"),
                a("event_type_slug"): a("chat"),
                a("username"): a("rosa"),
                a("attendee"): {a(key): a(value) for key, value in PER.items()}
                | {a("phone_number"): a("+4791234567"), a("language"): a("no")},
                a("guests"): [a("eva@guest.test")],
                a("location"): {a("type"): a("integration"), a("integration"): a("zoom")},
                a("metadata"): {a("order"): a("A-17")},
                a("booking_fields_responses"): {a("topic"): [a("x"), {a("k"): a("v")}]},
            }
        ),
        f"POST {ALL}",
        {
            "start": "2027-04-05T09:30:00Z",
            "eventTypeSlug": "chat",
            "username": "rosa",
            "attendee": {**PER_SENT, "phoneNumber": "+4791234567", "language": "no"},
            "guests": ["eva@guest.test"],
            "location": {"type": "integration", "integration": "zoom"},
            "metadata": {"order": "A-17"},
            "bookingFieldsResponses": {"topic": ["x", {"k": "v"}]},
        },
    ),
    "one seat": (
        lambda a: bookings.cancel("bk7", {a("seat_uid"): a("s-1"), "cancellation_reason": a("")}),
        f"POST {ALL}/bk7/cancel",
        {"seatUid": "s-1", "cancellationReason": ""},
    ),
    "a link": (
        lambda a: bookings.update_location("bk7", {"type": a("link"), "link": a("https://x.test")}),
        f"PATCH {ALL}/bk7/location",
        {"location": {"type": "link", "link": "https://x.test"}},
    ),
}


def sent(request: Request) -> tuple[str, Any]:
    path = request.url.removeprefix("https://api.cal.com")
    return f"{request.method} {path}", json.loads(request.body) if request.body else None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", SENT)
def test_a_string_is_sent_as_its_text(name: str, kind: str) -> None:
    call, target, body = SENT[name]
    operation = call(KINDS[kind])
    request = API.request(operation)
    assert sent(request) == (target, body)
    assert request == API.request(call(str))
    assert_exact([operation.path, operation.query, operation.version])
    assert {type(text) for pair in request.headers for text in pair} == {str}


BUILT_IN = (str, int, float, bool, bytes, type(None), datetime, date)


def assert_exact(value: Any) -> None:
    """Check a value recursively; nothing in it may be of a subclass."""
    assert type(value) in (*BUILT_IN, dict, list, tuple)
    for inner in _inner(value):
        assert_exact(inner)


def _inner(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        yield from value.keys()
        yield from value.values()
    elif isinstance(value, (list, tuple)):
        yield from value


class Size(IntEnum):
    SMALL = 30


class Mixed(int, Enum):
    SMALL = 30


class Ratio(float):
    def __repr__(self) -> str:
        return "another"

    __str__ = __repr__


class Stamp(datetime):
    """A datetime subclass with another isoformat, like pandas.Timestamp."""

    def isoformat(self, *_: Any) -> str:
        return "another"

    def astimezone(self, *_: Any) -> "Stamp":
        return self


class Day(date):
    def isoformat(self) -> str:
        return "another"


@pytest.mark.parametrize("small", [Size.SMALL, Mixed.SMALL, Ratio(30)])
def test_a_number_is_sent_as_digits(small: Any) -> None:
    assert bookings.list(take=small, event_type_ids=[small]).query == (
        ("eventTypeIds", "30"),
        ("take", "30"),
    )
    assert teams.references(small, small, "bk7").path == (
        "/v2/organizations/30/teams/30/bookings/bk7/references"
    )
    booking = NewBooking(
        start="2027-04-05T09:30:00Z",
        event_type_id=small,
        attendee=PER,  # type: ignore[arg-type]
        length_in_minutes=small,
        booking_fields_responses={"size": small, "more": [small], "ratio": Ratio(0.5)},
    )
    assert_exact(attrs.asdict(booking))
    assert sent(API.request(bookings.create(booking)))[1] == {
        "start": "2027-04-05T09:30:00Z",
        "attendee": PER_SENT,
        "eventTypeId": 30,
        "bookingFieldsResponses": {"size": 30, "more": [30], "ratio": 0.5},
        "lengthInMinutes": 30,
    }


def test_an_input_holds_values_of_built_in_types() -> None:
    booking = NewBooking(
        start=Stamp(2027, 4, 5, 11, 30, 0, 500_000, tzinfo=timezone(timedelta(hours=2))),
        event_type_id=Size.SMALL,
        attendee={key: Word(value) for key, value in PER.items()},  # type: ignore[arg-type]
        metadata={Word("order"): Word("A-17")},
        booking_fields_responses={Word("topic"): {Word("k"): Word("v")}},
    )
    assert_exact(attrs.asdict(booking))
    assert booking.start == datetime(2027, 4, 5, 9, 30, 0, 500_000, UTC)


def test_a_datetime_or_date_subclass_is_sent_like_any_other() -> None:
    stamp = Stamp(2027, 4, 5, 11, 30, tzinfo=timezone(timedelta(hours=2)))
    assert bookings.list(after_start=stamp).query == (("afterStart", "2027-04-05T09:30:00Z"),)
    assert slots.list(start=Day(2027, 4, 5), end=stamp, event_type_id=1).query == (
        ("start", "2027-04-05"),
        ("end", "2027-04-05T09:30:00Z"),
        ("eventTypeId", "1"),
    )


@pytest.mark.parametrize("kind", KINDS)
def test_base_url_and_headers_are_sent_as_their_text(kind: str) -> None:
    as_ = KINDS[kind]
    api = Api(
        OAuthClient(as_("client"), as_("hush")),
        base_url=as_("https://cal.example"),
        versions=Versions("mine", {as_("bookings"): as_("2024-08-13")}),
        user_agent=as_("mine/1"),
    )
    request = api.request(bookings.get("bk7"))
    assert request.url == "https://cal.example/v2/bookings/bk7"
    assert list(request.headers) == [
        ("Accept", "application/json"),
        ("User-Agent", "mine/1"),
        ("cal-api-version", "2024-08-13"),
        ("x-cal-client-id", "client"),
        ("x-cal-secret-key", "hush"),
    ]
    assert {type(text) for pair in request.headers for text in pair} == {str}
    assert type(request.url) is type(api.base_url) is str
    assert_exact(api.versions.table)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("credentials", [ApiKey, AccessToken, lambda key: ApiKey(Secret(key))])
def test_a_credential_is_sent_as_its_text(credentials: Any, kind: str) -> None:
    auth = credentials(KINDS[kind]("cal_test_key"))
    assert auth.headers() == (("Authorization", "Bearer cal_test_key"),)


@pytest.mark.parametrize("kind", KINDS)
def test_a_custom_request_holds_exact_strings(kind: str) -> None:
    as_ = KINDS[kind]
    headers = Headers([(as_("X-Name"), as_("value"))])
    request = Request(as_("GET"), as_("https://cal.example/v2"), headers)
    assert request == Request("GET", "https://cal.example/v2", [("X-Name", "value")])
    assert_exact([request.method, request.url, request.headers.pairs])
    assert f"{Request(HTTPMethod.POST, 'https://cal.example').method}" == "POST"


@pytest.mark.parametrize("kind", KINDS)
def test_the_key_of_create_once_is_sent_as_its_text(kind: str) -> None:
    booking = {"start": "2027-04-05T09:30:00Z", "event_type_id": 1, "attendee": PER}
    program = create_once(API, booking, KINDS[kind]("order-1"))
    effect = next(program)
    while not (isinstance(effect, Send) and effect.request.method == "POST"):
        effect = program.send(responses.page([]) if isinstance(effect, Send) else 0.0)
    program.close()
    assert sent(effect.request)[1]["metadata"] == {"create_once_key": "order-1"}


def test_a_word_with_a_false_equality_is_refused() -> None:
    class Lax(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = str.__hash__

    with pytest.raises(InvalidInput, match="must be one of asc, desc"):
        bookings.list(sort_start=Lax("up"))  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="is empty"):
        bookings.get(Lax(""))
