"""Responses for tests: complete, and decoded as exactly their keywords."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, get_type_hints

import attrs
import pytest
from attrs import evolve
from core_recorded import RECORDED

from calcom_core import (
    Api,
    ApiError,
    ApiKey,
    Attendee,
    Booking,
    BookingShape,
    CursorPagination,
    EventTypeRef,
    Headers,
    Host,
    InvalidInput,
    NotFound,
    OffsetPagination,
    PermissionDenied,
    RateLimited,
    Response,
    ServerError,
    Slot,
    SlotUnavailable,
    TokenExpired,
    Unauthenticated,
    ValidationFailed,
    bookings,
    iterate_script,
    response_fields,
    responses,
    slots,
)
from calcom_core.paging import items

OP = bookings.get_one("uid")
NINE = datetime(2027, 4, 5, 9, tzinfo=UTC)
CREATED = datetime(2026, 11, 22, 16, 3, tzinfo=UTC)
HALF = timedelta(minutes=30)
SERIES = "7c54a3f7-8eff-4a9c-856a-45d8238b5779"

BASE = {
    *("id", "uid", "title", "description", "hosts", "status", "cancellationReason", "start"),
    *("end", "duration", "eventTypeId", "eventType", "meetingUrl", "location", "absentHost"),
    *("createdAt", "updatedAt", "rating", "icsUid", "attendees"),
}
PERSON = {"name", "email", "displayEmail", "timeZone", "language", "absent"}
ORDINARY = BASE | {"cancelledByEmail", "metadata", "bookingFieldsResponses"}
SEAT = PERSON | {"seatUid", "bookingFieldsResponses", "metadata"}

# The keywords of a shape, its recording, its keys, and those of its attendees.
SHAPES: dict[BookingShape, tuple[dict[str, Any], str, set[str], set[str]]] = {
    BookingShape.SINGLE: ({}, "21-create-normal-noauth", ORDINARY | {"rescheduledByEmail"}, PERSON),
    BookingShape.RECURRING: (
        {"recurring_booking_uid": SERIES},
        "97-get-recurring-one",
        ORDINARY | {"recurringBookingUid"},
        PERSON,
    ),
    BookingShape.SEATED: (
        {"seats": ["seat-1"]},
        "story-14-get-seated",
        BASE | {"rescheduledByEmail"},
        SEAT,
    ),
    BookingShape.RECURRING_SEATED: (
        {"seats": ["seat-1"], "recurring_booking_uid": SERIES},
        "131-get-recurring-seated-one",
        BASE | {"recurringBookingUid"},
        SEAT,
    ),
}


def data_of(response: Response) -> Any:
    return json.loads(response.body)["data"]


def read(**fields: Any) -> Booking:
    return OP.read(responses.booking(**fields))


@pytest.mark.parametrize("shape", SHAPES)
def test_a_booking_of_each_shape_has_the_keys_of_the_api(shape: BookingShape) -> None:
    given, name, keys, of_attendees = SHAPES[shape]
    recorded = RECORDED[name]["response"]["body"]
    built = json.loads(responses.booking(**given).body)
    # Only the response to a create has it.
    assert set(recorded["data"]) - {"isPlatformManagedUserBooking"} == keys
    assert set(built["data"]) == keys
    for body in (recorded, built):
        assert set(body) == {"status", "data"}
        assert {frozenset(person) for person in body["data"]["attendees"]} == {
            frozenset(of_attendees)
        }
        assert [set(host) for host in body["data"]["hosts"]] == [
            {"id", "name", "email", "displayEmail", "username", "timeZone"}
        ]
        assert set(body["data"]["eventType"]) == {"id", "slug"}
    assert read(**given).shape is shape


def test_the_default_booking() -> None:
    assert responses.booking().status == 200
    assert responses.booking().headers == Headers([("Content-Type", "application/json")])
    assert responses.booking() == responses.booking()
    assert read() == Booking(
        id=1,
        uid="booking1",
        title="Consultation",
        description="",
        status="accepted",
        cancellation_reason="",
        cancelled_by_email="",
        start=NINE,
        end=NINE + HALF,
        duration=30,
        event_type=EventTypeRef(id=1, slug="consultation"),
        event_type_id=1,
        meeting_url="https://meet.example.com/hanna",
        location="https://meet.example.com/hanna",
        absent_host=False,
        created_at=CREATED,
        updated_at=CREATED,
        metadata={},
        ics_uid="booking1@Cal.com",
        hosts=(
            Host(
                id=1,
                name="Hanna Host",
                email="hanna@example.com",
                username="hanna",
                time_zone="Europe/Berlin",
            ),
        ),
        attendees=(
            Attendee(
                name="Attendee 1",
                email="attendee1@example.com",
                time_zone="Europe/Rome",
                language="en",
                absent=False,
            ),
        ),
        booking_fields_responses={
            "email": "attendee1@example.com",
            "name": "Attendee 1",
            "displayEmail": "attendee1@example.com",
        },
    )


def test_times_and_numbers_have_the_format_of_the_api() -> None:
    data = data_of(responses.booking())
    assert (data["start"], data["end"], data["duration"]) == (
        "2027-04-05T09:00:00.000Z",
        "2027-04-05T09:30:00.000Z",
        30,
    )
    assert type(data["duration"]) is int
    assert data["rating"] is None


FREE = {"order": "A-17", "deep": [1, {"x": None}]}
TEN = NINE + timedelta(hours=1)
ROME = timezone(timedelta(hours=2))
EXACT = datetime(2027, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
# A field, the given value, and the difference in the booking.
FIELDS: list[tuple[str, Any, dict[str, Any]]] = [
    ("uid", "x", {"uid": "x", "ics_uid": "x@Cal.com"}),
    ("status", "cancelled", {"status": "cancelled"}),
    ("status", "a later one", {"status": "a later one"}),
    ("start", "2027-04-05T10:00:00Z", {"start": TEN, "end": TEN + HALF}),
    ("start", "2027-04-05T12:00:00+02:00", {"start": TEN, "end": TEN + HALF}),
    ("start", TEN, {"start": TEN, "end": TEN + HALF}),
    ("start", TEN.astimezone(ROME), {"start": TEN, "end": TEN + HALF}),
    ("start", EXACT, {"start": EXACT, "end": EXACT + HALF}),
    ("end", TEN, {"start": TEN - HALF, "end": TEN}),
    ("end", "2027-04-05T10:00:00Z", {"start": TEN - HALF, "end": TEN}),
    ("duration", 45, {"duration": 45, "end": NINE + timedelta(minutes=45)}),
    ("duration", 0.5, {"duration": 0.5, "end": NINE + timedelta(seconds=30)}),
    ("duration", None, {}),
    ("id", 93, {"id": 93}),
    ("id", 2**60, {"id": 2**60}),
    ("id", None, {"id": None}),
    ("title", "Yoga", {"title": "Yoga"}),
    ("title", "Joga \u2014 \U0001f9d8", {"title": "Joga \u2014 \U0001f9d8"}),
    ("hosts", [], {"hosts": ()}),
    (
        "hosts",
        ({"id": "unknown", "name": "Bo", "email": "bo@example.com", "username": None},),
        {
            "hosts": (
                Host(id="unknown", name="Bo", email="bo@example.com", time_zone="Europe/Berlin"),
            )
        },
    ),
    ("absent_host", True, {"absent_host": True}),
    ("created_at", EXACT, {"created_at": EXACT}),
    ("created_at", "2027-04-05T09:00:00Z", {"created_at": NINE}),
    ("updated_at", None, {"updated_at": None}),
    ("updated_at", EXACT.astimezone(ROME), {"updated_at": EXACT}),
    ("description", "Bring water", {"description": "Bring water"}),
    ("cancellation_reason", "ill", {"cancellation_reason": "ill"}),
    ("cancelled_by_email", "ann@example.com", {"cancelled_by_email": "ann@example.com"}),
    ("rescheduling_reason", "ill", {"rescheduling_reason": "ill"}),
    ("rescheduled_by_email", "ann@example.com", {"rescheduled_by_email": "ann@example.com"}),
    ("rescheduled_from_uid", "old", {"rescheduled_from_uid": "old"}),
    ("rescheduled_to_uid", "new", {"rescheduled_to_uid": "new"}),
    (
        "event_type",
        {"id": 7, "slug": "yoga"},
        {"event_type": EventTypeRef(id=7, slug="yoga"), "event_type_id": 7},
    ),
    (
        "event_type",
        {"extra": {"newKey": 1}},
        {"event_type": EventTypeRef(id=1, slug="consultation", extra={"newKey": 1})},
    ),
    ("event_type", None, {"event_type": None, "event_type_id": None}),
    (
        "event_type_id",
        7,
        {"event_type": EventTypeRef(id=7, slug="consultation"), "event_type_id": 7},
    ),
    ("meeting_url", "https://x", {"meeting_url": "https://x", "location": "https://x"}),
    ("location", "Main Street 1", {"meeting_url": "Main Street 1", "location": "Main Street 1"}),
    ("location", None, {"meeting_url": None, "location": None}),
    ("guests", ["eva@example.com"], {"guests": ("eva@example.com",)}),
    ("guests", ("eva@example.com",), {"guests": ("eva@example.com",)}),
    ("metadata", FREE, {"metadata": FREE}),
    ("rating", 4.5, {"rating": 4.5}),
    ("ics_uid", "i@Cal.com", {"ics_uid": "i@Cal.com"}),
    ("recurring_booking_uid", "s", {"recurring_booking_uid": "s"}),
    ("is_platform_managed_user_booking", True, {"is_platform_managed_user_booking": True}),
    ("extra", {"newKey": [1]}, {"extra": {"newKey": [1]}}),
]
# These determine or follow the shape, and have separate tests.
SHAPING = {"booking_fields_responses", "attendees", "seat_uid"}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("name", "value", "changed"), FIELDS)
def test_each_field_reads_back_as_the_given_value(
    shape: BookingShape, name: str, value: Any, changed: dict[str, Any]
) -> None:
    given = SHAPES[shape][0]
    assert read(**{**given, name: value}) == evolve(read(**given), **changed)


def test_every_field_of_a_booking_has_a_case() -> None:
    assert {name for name, _, _ in FIELDS} | SHAPING == {
        field.name for field in attrs.fields(Booking)
    }


def test_the_booking_field_responses_are_the_given_ones() -> None:
    assert read(booking_fields_responses=FREE) == evolve(read(), booking_fields_responses=FREE)
    assert read(booking_fields_responses=None).is_seated
    with pytest.raises(InvalidInput) as caught:
        responses.booking(seats=["a"], booking_fields_responses={})
    assert str(caught.value) == (
        "booking_fields_responses: belongs to the attendees of a seated booking"
    )


def attendee(number: int, **changes: Any) -> Attendee:
    return evolve(
        Attendee(
            name=f"Attendee {number}",
            email=f"attendee{number}@example.com",
            time_zone="Europe/Rome",
            language="en",
            absent=False,
        ),
        **changes,
    )


def seat(number: int, uid: str, **changes: Any) -> Attendee:
    name = changes.get("name", f"Attendee {number}")
    responses = {"name": name, "guests": []}
    seated = {"seat_uid": uid, "booking_fields_responses": responses, "metadata": {}}
    return attendee(number, **{**seated, **changes})


PEOPLE: list[tuple[dict[str, Any], tuple[Attendee, ...]]] = [
    ({"attendees": []}, ()),
    (
        {"attendees": [{"name": "Ann"}, {"email": "ben@example.com"}, {}]},
        (
            attendee(1, name="Ann"),
            attendee(2, email="ben@example.com", display_email="ben@example.com"),
            attendee(3),
        ),
    ),
    (
        {"attendees": ({"email": "ann+clk12abcdefghijklmnopqrst@example.com"},)},
        (
            attendee(
                1,
                email="ann+clk12abcdefghijklmnopqrst@example.com",
                display_email="ann@example.com",
            ),
        ),
    ),
    (
        {"attendees": [{"phone_number": "+15551234567", "email": None, "created_at": EXACT}]},
        (
            attendee(
                1, phone_number="+15551234567", email=None, display_email=None, created_at=EXACT
            ),
        ),
    ),
    (
        {"attendees": [{"display_email": "shown@example.com", "extra": {"newKey": 1}}]},
        (attendee(1, display_email="shown@example.com", extra={"newKey": 1}),),
    ),
]
WITH_SEATS: list[tuple[dict[str, Any], tuple[Attendee, ...]]] = [
    ({"seats": []}, ()),
    ({"seats": ("a", "b")}, (seat(1, "a"), seat(2, "b"))),
    ({"seat_uid": "b"}, (seat(1, "b"),)),
    (
        {"seat_uid": "b", "attendees": [{}]},
        (seat(1, "00000001-0000-4000-8000-000000000001"),),
    ),
    (
        {"attendees": [{"name": "Ann", "seat_uid": "a", "metadata": FREE}, {"absent": True}]},
        (
            seat(1, "a", name="Ann", metadata=FREE),
            seat(2, "00000001-0000-4000-8000-000000000002", absent=True),
        ),
    ),
    (
        {"attendees": [{"seat_uid": "a", "booking_fields_responses": FREE}]},
        (seat(1, "a", booking_fields_responses=FREE),),
    ),
]


@pytest.mark.parametrize(
    ("given", "people", "seated"),
    [(*row, False) for row in PEOPLE] + [(*row, True) for row in WITH_SEATS],
)
def test_attendees_are_completed_and_hold_seats_if_one_is_given(
    given: dict[str, Any], people: tuple[Attendee, ...], seated: bool
) -> None:
    booking = read(**given)
    assert booking.attendees == people
    assert booking.seat_uid == given.get("seat_uid")
    assert booking.is_seated == seated


def test_a_booking_without_attendees_has_no_attendee_fields() -> None:
    assert read(attendees=[]) == evolve(read(), attendees=(), booking_fields_responses={})


def test_several_keywords_are_consistent() -> None:
    booking = read(start=NINE, end=TEN, duration=45)
    assert (booking.start, booking.end, booking.duration) == (NINE, TEN, 45)
    assert read(start=NINE, end=TEN).duration == 60
    assert read(end=TEN, duration=45).start == TEN - timedelta(minutes=45)
    booking = read(event_type={"id": 7}, event_type_id=8)
    assert (booking.event_type, booking.event_type_id) == (EventTypeRef(7, "consultation"), 8)
    assert read(event_type=None, event_type_id=8).event_type_id == 8
    booking = read(location="a", meeting_url="b")
    assert (booking.location, booking.meeting_url) == ("a", "b")
    assert read(uid="x", ics_uid="y").ics_uid == "y"


MODELS: list[tuple[type[Any], type[Any], set[str]]] = [
    (response_fields.BookingFields, Booking, {"seats"}),
    (response_fields.AttendeeFields, Attendee, set()),
    (response_fields.HostFields, Host, set()),
    (response_fields.EventTypeRefFields, EventTypeRef, set()),
    (response_fields.SlotFields, Slot, set()),
]


@pytest.mark.parametrize(("typed", "model", "more"), MODELS)
def test_the_typed_keywords_are_the_fields_of_the_model(
    typed: type[Any], model: type[Any], more: set[str]
) -> None:
    assert set(get_type_hints(typed)) - more == {field.name for field in attrs.fields(model)}


# The call, and its problem.
REFUSED: list[tuple[Callable[[Any], Response], str]] = [
    (lambda r: r.booking(satus="x"), "satus: is not a field of Booking; did you mean status?"),
    (
        lambda r: r.booking(eventTypeId=5),
        "eventTypeId: is not a field of Booking; did you mean event_type_id?",
    ),
    (lambda r: r.booking(zzz=5), "zzz: is not a field of Booking"),
    (
        lambda r: r.booking(attendees=[{}, {"timezone": "UTC"}]),
        "attendees[1].timezone: is not a field of Attendee; did you mean time_zone?",
    ),
    (
        lambda r: r.booking(hosts=[{"user": "h"}]),
        "hosts[0].user: is not a field of Host; did you mean username?",
    ),
    (
        lambda r: r.series([{}, {"uuid": "h"}]),
        "bookings[1].uuid: is not a field of Booking; did you mean uid?",
    ),
    (lambda r: r.page([{5: "h"}]), "bookings[0].an integer: is not a field of Booking"),
    (lambda r: r.booking(uid=5), "uid: must be a string, not an integer"),
    (lambda r: r.booking(uid=None), "uid: must be a string, not null"),
    (lambda r: r.booking(status=None), "status: must be a string, not null"),
    (lambda r: r.booking(event_type_id="7"), "event_type.id: must be an integer, not a string"),
    (lambda r: r.booking(guests=["a", 5]), "guests[1]: must be a string, not an integer"),
    (lambda r: r.booking(guests="a"), "guests: must be an array, not a string"),
    (
        lambda r: r.booking(attendees=[{"time_zone": 5}]),
        "attendees[0].time_zone: must be a string, not an integer",
    ),
    (
        lambda r: r.page([{"attendees": [{"email": 5}]}]),
        "bookings[0].attendees[0].email: must be a string, not an integer",
    ),
    (lambda r: r.booking(attendees=[5]), "attendees[0]: must be a mapping, not an integer"),
    (lambda r: r.booking(attendees=None), "attendees: must be a list, not null"),
    (lambda r: r.booking(hosts={}), "hosts: must be a list, not an object"),
    (lambda r: r.booking(seats="a"), "seats: must be a list, not a string"),
    (lambda r: r.booking(seats=["a", 5]), "seats[1].seat_uid: must be a string, not an integer"),
    (
        lambda r: r.booking(seats=["a"], attendees=[{}]),
        "seats: cannot be combined with attendees; give each attendee a seat_uid instead",
    ),
    (lambda r: r.booking(event_type=7), "event_type: must be a mapping, not an integer"),
    (lambda r: r.booking(extra=7), "extra: must be a mapping, not an integer"),
    (
        lambda r: r.booking(start=datetime(2027, 4, 5)),
        "start: is a naive time, which the server would read as UTC; add a time zone, or a Z",
    ),
    (
        lambda r: r.booking(created_at=datetime(2027, 4, 5)),
        "created_at: is a naive time, which the server would read as UTC; add a time zone, or a Z",
    ),
    (
        lambda r: r.page([{"end": "soon"}]),
        "bookings[0].end: is not an ISO 8601 time such as 2027-04-05T09:00:00Z",
    ),
    (
        lambda r: r.booking(updated_at="soon"),
        "updated_at: must be a time with its offset, not another string",
    ),
    (
        lambda r: r.booking(duration="30"),
        "duration: must be a number of minutes that fits the calendar",
    ),
    (
        lambda r: r.booking(start="9999-12-31T23:45:00Z"),
        "duration: must be a number of minutes that fits the calendar",
    ),
    (lambda r: r.booking(duration=True), "duration: must be a number, not a boolean"),
    (
        lambda r: r.booking(metadata={"a": object()}),
        "metadata: contains a value that JSON cannot represent: NaN, infinity, half a "
        "surrogate pair, itself, or a Python object",
    ),
    (lambda r: r.series({"uid": "a"}), "bookings: must be a list, not an object"),
    (lambda r: r.page([{}, "a"]), "bookings[1]: must be a mapping, not a string"),
    (lambda r: r.page([], take=0), "take: must be at least 1"),
    (lambda r: r.page([], skip=-1), "skip: must be at least 0"),
    (lambda r: r.page([], total_items=-1), "total_items: must be at least 0"),
    (
        lambda r: r.page([{}, {}], total_items=1),
        "bookings: has 2 items; total_items, take and skip allow 1",
    ),
    (
        lambda r: r.page([{}, {}], take=1),
        "bookings: has 2 items; total_items, take and skip allow 1",
    ),
    (
        lambda r: r.page([{}], total_items=1, skip=5),
        "bookings: has 1 items; total_items, take and skip allow 0",
    ),
    (
        lambda r: r.page([{}], total_items=1, next_cursor="c"),
        "next_cursor: cannot be combined with total_items, take and skip",
    ),
    (lambda r: r.page([{}], next_cursor=""), "next_cursor: is empty"),
    (lambda r: r.page([{}], next_cursor=5), "next_cursor: must be a string, not an integer"),
    (lambda r: r.slots([]), "by_date: must be a mapping, not an array"),
    (
        lambda r: r.slots({"2027-02-31": []}),
        "a key of by_date: is not a date in the calendar",
    ),
    (
        lambda r: r.slots({NINE: []}),
        "a key of by_date: is a time; pass a date such as 2027-04-05",
    ),
    (
        lambda r: r.slots({"2027-04-05": ["soon"]}),
        "by_date['2027-04-05'][0].start: must be a time with its offset, not another string",
    ),
    (
        lambda r: r.slots({"2027-04-05": [{"end": NINE}]}),
        "by_date['2027-04-05'][0].start: must be a time with its offset, not nothing",
    ),
    (
        lambda r: r.slots({"2027-04-05": [{"seats": 3}]}),
        "by_date['2027-04-05'][0].seats: is not a field of Slot; did you mean seats_total?",
    ),
    (lambda r: r.error("404", "x"), "status: must be an integer, not str"),
]


@pytest.mark.parametrize(("call", "message"), REFUSED)
def test_an_invalid_response_keyword_is_refused(
    call: Callable[[Any], Response], message: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        call(responses)
    assert str(caught.value) == message


@pytest.mark.parametrize("body", [float("nan"), {1, 2}, "\ud800"])
def test_a_body_that_json_cannot_hold_is_refused(body: Any) -> None:
    with pytest.raises(InvalidInput, match="cannot be written as JSON") as caught:
        responses.json(body)
    assert caught.value.field == "body"


def test_a_series_has_its_occurrences_a_week_apart() -> None:
    response = responses.series([{}, {"status": "cancelled"}, {"seats": ["a"]}])
    series = bookings.get_series("uid").read(response)
    uid = "10000000-0000-4000-8000-000000000000"
    assert [(booking.uid, booking.id, booking.start, booking.status) for booking in series] == [
        ("booking1", 1, NINE, "accepted"),
        ("booking2", 2, NINE + timedelta(weeks=1), "cancelled"),
        ("booking3", 3, NINE + timedelta(weeks=2), "accepted"),
    ]
    assert {booking.recurring_booking_uid for booking in series} == {uid}
    assert [booking.shape.value for booking in series] == [
        "recurring",
        "recurring",
        "recurring-seated",
    ]
    other = bookings.get_series("uid").read(responses.series([{"recurring_booking_uid": SERIES}]))
    assert other == (evolve(read(), recurring_booking_uid=SERIES),)
    assert bookings.get("uid").read(responses.series([])) == ()


def offset(total: int, size: int, shown: int, rest: int, page: str, more: str) -> OffsetPagination:
    return OffsetPagination(
        total_items=total,
        items_per_page=size,
        returned_items=shown,
        remaining_items=rest,
        current_page=int(page.partition("/")[0]),
        total_pages=int(page.partition("/")[2]),
        has_next_page=">" in more,
        has_previous_page="<" in more,
    )


PAGES: list[tuple[int, dict[str, Any], OffsetPagination | CursorPagination]] = [
    (2, {}, offset(2, 2, 2, 0, "1/1", "")),
    (2, {"total_items": 5}, offset(5, 2, 2, 3, "1/3", ">")),
    (2, {"total_items": 5, "skip": 2}, offset(5, 2, 2, 1, "2/3", "<>")),
    (1, {"total_items": 5, "take": 2, "skip": 4}, offset(5, 2, 1, 0, "3/3", "<")),
    (1, {"skip": 4}, offset(5, 1, 1, 0, "5/5", "<")),
    # A booking that vanished between the server's two queries.
    (1, {"total_items": 5, "take": 2}, offset(5, 2, 2, 3, "1/3", ">")),
    (0, {}, offset(0, 100, 0, 0, "0/0", "")),
    (0, {"take": 5, "total_items": 54, "skip": 5000}, offset(54, 5, 0, 0, "11/11", "<")),
    (3, {"take": 3, "total_items": 52}, offset(52, 3, 3, 49, "1/18", ">")),
    (3, {"take": 3, "total_items": 52, "skip": 3}, offset(52, 3, 3, 46, "2/18", "<>")),
    (2, {"next_cursor": "c"}, CursorPagination(has_more=True, next_cursor="c")),
    (2, {"next_cursor": None}, CursorPagination(has_more=False, next_cursor=None)),
]


@pytest.mark.parametrize(("count", "given", "pagination"), PAGES)
def test_a_page_has_the_pagination_of_the_server(
    count: int, given: dict[str, Any], pagination: OffsetPagination | CursorPagination
) -> None:
    page = bookings.list().read(responses.page([{}] * count, **given))
    assert page.pagination == pagination
    assert page.items == tuple(
        evolve(
            read(),
            id=number,
            uid=f"booking{number}",
            ics_uid=f"booking{number}@Cal.com",
            start=NINE + timedelta(weeks=number - 1),
            end=NINE + timedelta(weeks=number - 1) + HALF,
        )
        for number in range(1, count + 1)
    )


RECORDED_PAGES = {
    "162-list-skip-beyond": (0, {"take": 5, "total_items": 54, "skip": 5000}),
    "189-list-empty-user": (0, {}),
    "story-24-list-page-1": (3, {"take": 3, "total_items": 52}),
    "story-25-list-page-2": (3, {"take": 3, "total_items": 52, "skip": 3}),
}


@pytest.mark.parametrize("name", RECORDED_PAGES)
def test_a_pagination_equals_the_recorded_one(name: str) -> None:
    count, given = RECORDED_PAGES[name]
    built = json.loads(responses.page([{}] * count, **given).body)
    assert built["pagination"] == RECORDED[name]["response"]["body"]["pagination"]


def test_pages_link_to_each_other() -> None:
    api = Api(ApiKey("cal_test_responses"))
    by_take = [
        (bookings.list(take=2), responses.page([{}, {"uid": "b"}], total_items=3)),
        (bookings.list(take=2, skip=2), responses.page([{"uid": "c"}], take=2, skip=2)),
    ]
    by_cursor = [
        (bookings.list(limit=2), responses.page([{}, {"uid": "b"}], next_cursor="x")),
        (bookings.list(limit=2, cursor="x"), responses.page([{"uid": "c"}], next_cursor=None)),
    ]
    for script in (by_take, by_cursor):
        listed = iterate_script(items(api, script[0][0]), script)
        assert [booking.uid for booking in listed] == ["booking1", "b", "c"]


def test_slots_are_given_by_their_dates() -> None:
    op = slots.list(event_type_id=1, start="2027-04-05", end="2027-04-06")
    given: Mapping[Any, Any] = {
        "2027-04-05": [NINE, "2027-04-05T12:00:00+02:00", {"start": NINE, "end": TEN}],
        date(2027, 4, 6): [{"start": NINE, "seats_booked": 1, "extra": {"newKey": 1}}],
        "2027-04-07": [],
    }
    assert op.read(responses.slots(given)) == {
        date(2027, 4, 5): (Slot(start=NINE), Slot(start=TEN), Slot(start=NINE, end=TEN)),
        date(2027, 4, 6): (Slot(start=NINE, seats_booked=1, extra={"newKey": 1}),),
        date(2027, 4, 7): (),
    }
    assert data_of(responses.slots({"2027-04-05": [NINE]})) == {
        "2027-04-05": [{"start": "2027-04-05T09:00:00.000Z"}]
    }


# The arguments, a recording of such an error, and its class.
ERRORS: list[tuple[tuple[Any, ...], str, type[ApiError]]] = [
    ((404, "Event Type not found"), "09-slots-bad-eventtype", NotFound),
    (
        (400, "timeZone property is wrong,timeZone must be a valid IANA time-zone "),
        "10-slots-bad-timezone",
        ValidationFailed,
    ),
    (
        (409, "No more seats left at this seated booking."),
        "111-create-seated-full",
        SlotUnavailable,
    ),
    (
        (500, "There was an error, please try again later."),
        "142-reassign-to-nan-user",
        ServerError,
    ),
    (
        (403, "You do not have permission to reassign this booking"),
        "143-reassign-by-stranger",
        PermissionDenied,
    ),
    (
        (
            422,
            "This time slot is already reserved by another user. Please choose a different time.",
        ),
        "15-slot-reserve-taken",
        SlotUnavailable,
    ),
    ((401, "CustomThrottlerGuard - Invalid API Key"), "198-list-bogus-key", Unauthenticated),
    (
        (400, "emails_must_be_unique_valid", "TRPCError"),
        "263-guests-duplicate",
        ValidationFailed,
    ),
    (
        (429, "CustomThrottlerGuard - Too many requests. Please try again later."),
        "297-ratelimit-4",
        RateLimited,
    ),
    ((498, "ACCESS_TOKEN_IS_EXPIRED"), "live-17-list-expired-access-token", TokenExpired),
]


@pytest.mark.parametrize(("given", "name", "kind"), ERRORS)
def test_an_error_equals_the_one_of_a_server(
    given: tuple[Any, ...], name: str, kind: type[ApiError]
) -> None:
    status, message, *code = given
    response = responses.error(status, message, code=code[0] if code else None)
    body = json.loads(response.body)
    recorded = RECORDED[name]["response"]
    assert response.status == recorded["status"]
    assert body.keys() == recorded["body"].keys()
    assert (body["status"], body["error"]) == ("error", recorded["body"]["error"])
    with pytest.raises(ApiError) as caught:
        OP.read(response)
    assert type(caught.value) is kind
    assert (caught.value.status, caught.value.message) == (status, message.strip())


def test_an_error_has_the_headers_that_are_given() -> None:
    response = responses.error(429, "slow down", headers={"Retry-After": "7"})
    assert response.headers.pairs == (("Content-Type", "application/json"), ("Retry-After", "7"))
    with pytest.raises(RateLimited) as caught:
        OP.read(response)
    assert caught.value.reset == 7


def test_any_json_becomes_a_body_with_its_status_and_headers() -> None:
    assert responses.json({"status": "success", "a": "é"}, 203, {"X-Request-Id": "r"}) == Response(
        203,
        Headers([("Content-Type", "application/json"), ("X-Request-Id", "r")]),
        '{"status": "success", "a": "é"}'.encode(),
    )
