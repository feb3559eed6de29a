"""Every example body of the API's versions is read, refused or sent."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from attrs import frozen
from core_calls import in_zone
from core_lossless import assert_lossless, shape_of

from calcom_core import (
    HOSTED,
    AlreadyDone,
    Anonymous,
    Api,
    ApiError,
    BookingConflict,
    CursorPagination,
    Headers,
    NotFound,
    OffsetPagination,
    Operation,
    Page,
    PermissionDenied,
    RateLimited,
    Response,
    ServerError,
    TokenExpired,
    ValidationFailed,
    VersionMismatch,
    bookings,
    slots,
    teams,
)
from calcom_core.rate_limits import RateLimit, parse_rate_limits
from calcom_core.serialization import read

FOLDER = Path(__file__).parent.parent / "examples"
EXAMPLES: dict[str, dict[str, Any]] = json.loads((FOLDER / "examples.json").read_text("utf-8"))
VERSIONS: dict[str, Any] = {
    path.stem: json.loads(path.read_text("utf-8")) for path in (FOLDER / "versions").glob("*.json")
}

CREATE = "POST /v2/bookings"
UID = "bk7Qm2xVt9LrW4sZp1NhYc"
ONE = f"/v2/bookings/{UID}"
PER = {"name": "Per Dal", "time_zone": "Europe/Oslo", "email": "per@guest.test"}
SEAT = "5d0c2b1a-1111-4222-8333-944455566677"


@frozen
class Example:
    """A call, its method and path, and the shape of its decoded response."""

    call: Callable[[], Operation[Any]]
    target: str
    shape: Any


def created(**more: Any) -> Operation[Any]:
    return bookings.create({"start": "2031-03-04T09:00:00Z", "attendee": PER, **more})


READ: dict[str, Example] = {
    "list": Example(
        lambda: bookings.list(
            status=["upcoming", "past"],
            attendee_email="per@guest.test",
            take=2,
            skip=2,
            sort_start="asc",
        ),
        "GET /v2/bookings",
        ["single", "seated"],
    ),
    "list_empty": Example(bookings.list, "GET /v2/bookings", []),
    "get_plain": Example(lambda: bookings.get(UID), f"GET {ONE}", "single"),
    "get_series": Example(lambda: bookings.get_series(UID), f"GET {ONE}", ("recurring",) * 2),
    "get_recurring_seated": Example(lambda: bookings.get(UID), f"GET {ONE}", "recurring-seated"),
    "get_rescheduled_away": Example(lambda: bookings.get_one(UID), f"GET {ONE}", "single"),
    "get_by_seat": Example(
        lambda: bookings.get_by_seat(SEAT), f"GET /v2/bookings/by-seat/{SEAT}", "seated"
    ),
    "create_plain": Example(
        lambda: created(
            event_type_id=501,
            attendee={**PER, "language": "en"},
            guests=["eva@guest.test"],
            booking_fields_responses={"topic": "pricing"},
            location={"type": "integration", "integration": "cal-video"},
            metadata={"order": "A-17"},
        ),
        CREATE,
        "single",
    ),
    "create_recurring": Example(
        lambda: bookings.create_recurring(
            {
                "start": "2031-03-04T09:00:00Z",
                "event_type_slug": "weekly",
                "username": "rosa",
                "attendee": PER,
            },
            recurrence_count=2,
        ),
        CREATE,
        ("recurring",) * 2,
    ),
    "create_seated": Example(
        lambda: created(
            event_type_id=502,
            booking_fields_responses={"topic": "pricing"},
            metadata={"order": "A-17"},
        ),
        CREATE,
        "seated",
    ),
    "create_recurring_seated": Example(
        lambda: created(event_type_id=502), CREATE, ("recurring-seated",)
    ),
    "create_phone": Example(
        lambda: created(
            event_type_id=501,
            attendee={
                "name": "Per Dal",
                "phone_number": "+4791234567",
                "time_zone": "Europe/Oslo",
            },
        ),
        CREATE,
        "single",
    ),
    "reschedule_plain": Example(
        lambda: bookings.reschedule(
            UID,
            {
                "start": "2031-03-05T10:00:00Z",
                "rescheduling_reason": "train strike",
                "rescheduled_by": "per@guest.test",
            },
        ),
        f"POST {ONE}/reschedule",
        "single",
    ),
    "reschedule_seated": Example(
        lambda: bookings.reschedule_seat(UID, SEAT, "2031-03-05T10:00:00Z"),
        f"POST {ONE}/reschedule",
        "seated",
    ),
    "cancel_plain": Example(
        lambda: bookings.cancel(UID, {"cancellation_reason": "ill"}),
        f"POST {ONE}/cancel",
        "single",
    ),
    "cancel_series": Example(
        lambda: bookings.cancel(UID, {"cancel_subsequent_bookings": True}),
        f"POST {ONE}/cancel",
        ("recurring",) * 2,
    ),
    "cancel_seat": Example(lambda: bookings.cancel_seat(UID, SEAT), f"POST {ONE}/cancel", "seated"),
    "confirm": Example(lambda: bookings.confirm(UID), f"POST {ONE}/confirm", "single"),
    "decline": Example(
        lambda: bookings.decline(UID, reason="no capacity"), f"POST {ONE}/decline", "single"
    ),
    "mark_absent": Example(
        lambda: bookings.mark_absent(
            UID, host=False, attendees=[{"email": "per@guest.test", "absent": True}]
        ),
        f"POST {ONE}/mark-absent",
        "single",
    ),
    "reassign": Example(lambda: bookings.reassign(UID), f"POST {ONE}/reassign", "Reassignment"),
    "reassign_to_user": Example(
        lambda: bookings.reassign_to_user(UID, 78, reason="holiday"),
        f"POST {ONE}/reassign/78",
        "Reassignment",
    ),
    "recordings": Example(
        lambda: bookings.recordings(UID), f"GET {ONE}/recordings", ("Recording",) * 2
    ),
    "transcripts": Example(lambda: bookings.transcripts(UID), f"GET {ONE}/transcripts", ("str",)),
    "calendar_links": Example(
        lambda: bookings.calendar_links(UID), f"GET {ONE}/calendar-links", ("CalendarLink",) * 4
    ),
    "references": Example(
        lambda: bookings.references(UID, type="daily_video"),
        f"GET {ONE}/references",
        ("BookingReference",),
    ),
    "sessions": Example(
        lambda: bookings.conferencing_sessions(UID),
        f"GET {ONE}/conferencing-sessions",
        ("ConferencingSession",),
    ),
    "update_location": Example(
        lambda: bookings.update_location(
            UID, {"type": "link", "link": "https://meet.example.test/abc"}
        ),
        f"PATCH {ONE}/location",
        "single",
    ),
    "attendees": Example(
        lambda: bookings.attendees.list(UID), f"GET {ONE}/attendees", ("BookingAttendee",) * 2
    ),
    "attendee": Example(
        lambda: bookings.attendees.get(UID, 4401), f"GET {ONE}/attendees/4401", "BookingAttendee"
    ),
    "attendee_add": Example(
        lambda: bookings.attendees.add(
            UID, name="Eva Lie", email="eva@guest.test", time_zone="Europe/Oslo"
        ),
        f"POST {ONE}/attendees",
        "BookingAttendee",
    ),
    "attendee_remove": Example(
        lambda: bookings.attendees.remove(UID, 4402),
        f"DELETE {ONE}/attendees/4402",
        "RemovedAttendee",
    ),
    "guests_add": Example(
        lambda: bookings.guests.add(UID, [{"email": "eva@guest.test", "name": "Eva Lie"}]),
        f"POST {ONE}/guests",
        "single",
    ),
    "org_list": Example(
        lambda: teams.organization_bookings(5, user_ids=[77, 78], status="past", take=50),
        "GET /v2/organizations/5/bookings",
        ["recurring"],
    ),
    "org_references": Example(
        lambda: teams.references(5, 6, UID),
        f"GET /v2/organizations/5/teams/6/bookings/{UID}/references",
        ("BookingReference",) * 2,
    ),
    "slots": Example(
        lambda: in_zone(
            slots.list(event_type_id=501, start="2031-03-04", end="2031-03-05"), "Europe/Oslo"
        ),
        "GET /v2/slots",
        {"2031-03-04": 2},
    ),
    "slots_range_seated": Example(
        lambda: slots.list(
            event_type_slug="class",
            team_slug="gym",
            start="2031-03-04T00:00:00Z",
            end="2031-03-04T18:00:00Z",
            format="range",
        ),
        "GET /v2/slots",
        {"2031-03-04": 2},
    ),
    "reserve": Example(
        lambda: slots.reserve(event_type_id=501, slot_start="2031-03-04T09:00:00Z"),
        "POST /v2/slots/reservations",
        "Reservation",
    ),
    "reservation_get": Example(
        lambda: slots.get_reservation("c0ff"), "GET /v2/slots/reservations/c0ff", "Reservation"
    ),
    "reservation_get_unknown": Example(
        lambda: slots.get_reservation("c0ff"), "GET /v2/slots/reservations/c0ff", None
    ),
    "reservation_update": Example(
        lambda: slots.update_reservation(
            "c0ff", event_type_id=501, slot_start="2031-03-04T11:00:00Z", reservation_duration=10
        ),
        "PATCH /v2/slots/reservations/c0ff",
        "Reservation",
    ),
    "reservation_delete": Example(
        lambda: slots.delete_reservation("c0ff"), "DELETE /v2/slots/reservations/c0ff", None
    ),
}

# The server treats an absent body like an empty one.
EMPTY = {"confirm"}
WITHOUT_ITS_REQUEST = {"create_recurring_seated"}

ADD = bookings.guests.add(UID, [{"email": "eva@guest.test"}])
REFUSED: dict[str, tuple[Operation[Any], type[ApiError], dict[str, Any]]] = {
    "e404": (
        bookings.get("nope"),
        NotFound,
        {
            "code": "NotFoundException",
            "message": "Booking with uid=nope was not found in the database",
            "may_have_happened": False,
        },
    ),
    "e400_flat": (
        created(event_type_id=501),
        ValidationFailed,
        {
            "code": "BadRequestException",
            "message": "foo property is wrong,property foo should not exist , start property is "
            "wrong,start must be a valid ISO 8601 date string",
            "may_have_happened": False,
            "fields": {"foo": (), "start": ()},
        },
    ),
    "e400_tree": (
        ADD,
        ValidationFailed,
        {
            "code": "BadRequestException",
            "message": "Bad Request Exception",
            "may_have_happened": False,
            "fields": {"guests.0.email": ("email must be an email",)},
        },
    ),
    "e429": (
        bookings.list(),
        RateLimited,
        {
            "code": "ThrottlerException",
            "message": "CustomThrottlerGuard - Too many requests. Please try again later.",
            "may_have_happened": False,
            "reset": None,
            "limits": (),
        },
    ),
    "e403_trpc": (
        ADD,
        PermissionDenied,
        {
            "code": "TRPCError",
            "message": "you_do_not_have_permission",
            "may_have_happened": False,
        },
    ),
    "e409_default": (
        created(event_type_id=502),
        AlreadyDone,
        {
            "code": None,
            "message": "already_signed_up_for_this_booking_error",
            "may_have_happened": False,
        },
    ),
    "e500_default": (
        created(event_type_id=501),
        ServerError,
        {"code": None, "message": "Internal server error", "may_have_happened": True},
    ),
    "e498": (
        bookings.list(),
        TokenExpired,
        {
            "code": "TokenExpiredException",
            "message": "ACCESS_TOKEN_IS_EXPIRED",
            "may_have_happened": False,
        },
    ),
    "e400_zod": (
        created(event_type_id=501),
        ValidationFailed,
        {
            "code": "BAD_REQUEST",
            "message": "metadata.n - Expected string, received number,",
            "may_have_happened": False,
            "fields": {"metadata.n": ()},
        },
    ),
    "e409_prisma": (
        created(event_type_id=501),
        BookingConflict,
        {
            "code": "CONFLICT",
            "message": "Invalid Input: Trying to create a record that already exists.",
            "may_have_happened": True,
        },
    ),
}


def response(body: object, status: int = 200) -> Response:
    return Response(status, (), json.dumps(body).encode())


def test_each_example_has_a_row() -> None:
    assert sorted([*READ, *REFUSED]) == sorted(EXAMPLES)


@pytest.mark.parametrize("name", READ)
def test_nothing_of_an_example_is_lost(name: str) -> None:
    example, body = READ[name], EXAMPLES[name]["response"]
    value = example.call().read(response(body))
    assert shape_of(value) == example.shape
    assert_lossless(body, value)


@pytest.mark.parametrize("name", READ)
def test_an_example_request_is_sent(name: str) -> None:
    example, recorded = READ[name], EXAMPLES[name]["request"]
    operation = example.call()
    assert f"{operation.method} {operation.path}" == example.target
    request = Api(Anonymous()).request(operation)
    if operation.method == "GET":
        query = dict(parse_qsl(request.url.partition("?")[2]))
        assert query == {key: str(value) for key, value in (recorded or {}).items()}
    elif name not in WITHOUT_ITS_REQUEST:
        body = json.loads(request.body) if request.body else None
        assert body == (None if name in EMPTY else recorded)


@pytest.mark.parametrize("name", REFUSED)
def test_an_example_refusal_becomes_its_error(name: str) -> None:
    operation, error, attributes = REFUSED[name]
    with pytest.raises(ApiError) as caught:
        operation.read(response(EXAMPLES[name]["response"], EXAMPLES[name]["status"]))
    assert type(caught.value) is error
    assert {key: getattr(caught.value, key) for key in attributes} == attributes
    assert hasattr(caught.value, "fields") is ("fields" in attributes)


def test_an_example_list_has_its_next_page() -> None:
    def following(name: str) -> object:
        return READ[name].call().read(response(EXAMPLES[name]["response"])).next

    assert following("list") == bookings.list(
        status=["upcoming", "past"],
        attendee_email="per@guest.test",
        take=2,
        skip=4,
        sort_start="asc",
    )
    assert following("list_empty") is None
    assert following("org_list") is None


WHO = {"time_zone": "America/Los_Angeles", "name": "Kithe Connector Test"}
EVENT = "9ft9mwbNCEM6rE8r59aQQm"

# Bodies of 2026-02-25: the call that sends the request, and the shape of the response.
NEWER: dict[str, tuple[Callable[[], Operation[Any]], str | None, Any]] = {
    "create_2026-02-25": (
        lambda: bookings.create(
            {
                "start": "2026-08-25T10:30:00Z",
                "event_type_id": 6732810,
                "attendee": {
                    "name": "Test Attendee",
                    "time_zone": "America/New_York",
                    "email": "test@example.com",
                },
            }
        ),
        "create_2026-02-25_request",
        "single",
    ),
    "create_hawk": (
        lambda: bookings.create(
            {
                "start": "2026-09-09T16:00:00Z",
                "event_type_id": 6981507,
                "attendee": {**WHO, "language": "en", "email": "redacted@example.invalid"},
                "guests": [],
                "location": {"type": "link"},
                "metadata": {
                    "purpose": "connector-test",
                    "attempt": "cal-test-20260908-096",
                },
            }
        ),
        "create_hawk_request",
        "single",
    ),
    "create_seated": (lambda: created(event_type_id=6981545), None, "seated"),
    "reschedule_2026-02-25": (
        lambda: bookings.reschedule(UID, {"start": "2026-08-25T13:00:00Z"}),
        "reschedule_2026-02-25_request",
        "single",
    ),
    "reschedule_hawk_with_reason": (
        lambda: bookings.reschedule(
            UID,
            {
                "start": "2026-09-09T16:15:00Z",
                "rescheduling_reason": "Kithe connector lifecycle test",
            },
        ),
        "reschedule_hawk_with_reason_request",
        "single",
    ),
    "cancel_2026-02-25": (
        lambda: bookings.cancel(UID, {"cancellation_reason": "Test dryrun cancellation"}),
        "cancel_2026-02-25_request",
        "single",
    ),
    "cancel_recurring_2026-02-25": (
        lambda: bookings.cancel(
            UID,
            {
                "cancellation_reason": "Kithe connector recurring test complete",
                "cancel_subsequent_bookings": True,
            },
        ),
        "cancel_recurring_2026-02-25_request",
        ("recurring",) * 2,
    ),
    "cancel_seat_2026-02-25": (
        lambda: bookings.cancel_seat(
            EVENT,
            "6e69813c-7954-418d-8e4c-b66556d9df00",
            reason="Kithe connector seat test complete",
        ),
        "cancel_seat_2026-02-25_request",
        "seated",
    ),
}


def without_milliseconds(body: Any) -> Any:
    """Remove the `.000` of a start, which the library does not send."""
    return {**body, "start": body["start"].replace(".000Z", "Z")} if "start" in body else body


@pytest.mark.parametrize("name", NEWER)
def test_a_request_body_of_the_newer_version_is_sent_and_parsed(name: str) -> None:
    call, sent, shape = NEWER[name]
    request = Api(Anonymous(), versions=HOSTED).request(call())
    assert request.headers.get("cal-api-version") == "2026-02-25"
    if sent is not None:
        assert json.loads(request.body) == without_milliseconds(VERSIONS[sent])
    body = VERSIONS[f"{name}_response"]
    value = call().read(response(body, 201))
    assert shape_of(value) == shape
    assert_lossless(body, value)


REAL_CURSOR = "eyJ2IjoxLCJzb3J0VXVpZCI6IjAxYTA4NzFjLWIyODAtNzI0Yi1iZmZlLWM0Y2E3ODVmZTk2NyJ9"
FIRST = bookings.list(status="upcoming", limit=2)
SECOND = bookings.list(status="upcoming", limit=2, cursor=REAL_CURSOR)
OTHER_READ: dict[str, tuple[Operation[Any], str, Any, Operation[Any] | None]] = {
    "list_2026-05-01_page1": (FIRST, "2026-05-01", ["single", "seated"], SECOND),
    "list_2026-05-01_page2_recurring": (SECOND, "2026-05-01", ["recurring"] * 2, None),
    "list_2026-05-01_nango": (bookings.list(limit=100), "2026-05-01", ["single"], None),
    "list_2026-05-01_empty": (bookings.list(), "2026-05-01", [], None),
    "get_2026-02-25": (bookings.get_one("4jroE1v7jB4YuNksRedoZp"), "2026-02-25", "single", None),
    "attendees_2024-08-13": (
        bookings.attendees.list(UID),
        "2024-08-13",
        ("BookingAttendee",),
        None,
    ),
}


@pytest.mark.parametrize("name", OTHER_READ)
def test_no_key_of_a_version_body_is_lost(name: str) -> None:
    operation, version, shape, following = OTHER_READ[name]
    request = Api(Anonymous(), versions=HOSTED).request(operation)
    assert request.headers.get("cal-api-version") == version
    value = operation.read(response(VERSIONS[name]))
    assert shape_of(value) == shape
    assert getattr(value, "next", None) == following
    assert_lossless(VERSIONS[name], value)
    if isinstance(value, Page):
        assert isinstance(value.pagination, CursorPagination)
        assert value.total_items is None


ERRORS: dict[str, tuple[Operation[Any], int, type[ApiError], dict[str, Any]]] = {
    "error_400_core_mixed": (
        bookings.attendees.add(UID, name="Eva", email="eva@guest.test", time_zone="UTC"),
        400,
        ValidationFailed,
        {
            "code": "bad_request_error",
            "message": "Emails must be unique and valid",
            "may_have_happened": False,
            "fields": {"email": ()},
        },
    ),
    "error_400_mark_absent": (
        bookings.mark_absent(UID, host=True),
        400,
        BookingConflict,
        {"code": "BadRequestException"},
    ),
    "error_403_org_only": (
        teams.organization_bookings(5),
        403,
        PermissionDenied,
        {"code": "ForbiddenException"},
    ),
}
MISMATCHES = {
    "error_404_route_version": (bookings.attendees.list(UID), 404),
    "error_400_legacy_create_no_header": (created(event_type_id=1), 400),
}


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_of_a_version_has_its_class(name: str) -> None:
    operation, status, error, attributes = ERRORS[name]
    with pytest.raises(ApiError) as caught:
        operation.read(response(VERSIONS[name], status))
    assert type(caught.value) is error
    assert {key: getattr(caught.value, key) for key in attributes} == attributes


@pytest.mark.parametrize("name", MISMATCHES)
def test_an_error_of_the_wrong_version_is_a_version_mismatch(name: str) -> None:
    operation, status = MISMATCHES[name]
    with pytest.raises(VersionMismatch) as caught:
        operation.read(response(VERSIONS[name], status))
    assert caught.value.may_have_happened is False


def test_the_documented_pagination_is_read() -> None:
    assert read(OffsetPagination, VERSIONS["list_2024-08-13_pagination"]) == OffsetPagination(
        total_items=123,
        items_per_page=10,
        returned_items=10,
        remaining_items=103,
        total_pages=13,
        current_page=2,
        has_next_page=True,
        has_previous_page=True,
    )


def test_the_rate_limit_headers_are_parsed() -> None:
    headers = Headers(VERSIONS["response_headers_ratelimit"])
    assert parse_rate_limits(headers) == (RateLimit("default", 120, 116, 53.0),)


def test_each_example_body_of_a_version_has_a_row() -> None:
    pairs = {f"{name}_response" for name in NEWER} | {sent for _, sent, _ in NEWER.values() if sent}
    alone = {"list_2024-08-13_pagination", "response_headers_ratelimit"}
    assert VERSIONS.keys() == pairs | alone | {*OTHER_READ, *ERRORS, *MISMATCHES}
