"""Responses without some keys, as from older or newer servers."""

import copy
import json
import pickle
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import attrs
import pytest
from core_lossless import snake
from core_recorded import RECORDED, operation_of, response_of
from core_responses import changed, json_path, success
from test_recorded_responses import SHAPES

from calcom_core import (
    Attendee,
    Booking,
    BookingAttendee,
    BookingReference,
    BookingShape,
    CalendarLink,
    ConferencingSession,
    CursorPagination,
    DecodingError,
    EventTypeRef,
    Host,
    NewHost,
    OffsetPagination,
    Operation,
    Page,
    Participant,
    Reassignment,
    Recording,
    RemovedAttendee,
    Reservation,
    Response,
    Slot,
    Slots,
    bookings,
    slots,
)

SLOTS = {name for name in SHAPES if isinstance(SHAPES[name], dict)}
Steps = tuple[str | int, ...]

# Without these a response cannot be read.
REQUIRED: dict[str, set[str]] = {
    "envelope": {"status", "data", "pagination"},
    "Booking": {"uid", "start", "end", "status"},
    "BookingAttendee": {"id"},
    "RemovedAttendee": {"id"},
    "BookingReference": {"type", "eventUid"},
    "CalendarLink": {"label"},
    "ConferencingSession": {"id"},
    "Reassignment": {"bookingUid"},
    "Reservation": {"reservationUid"},
    "Slot": {"start"},
    "EventType": {"id"},
    "Me": {"id"},
}
# Without the key, the value equals the one that was sent.
COMPUTED = {
    ("Host", "displayEmail"),
    ("Attendee", "displayEmail"),
    ("BookingAttendee", "displayEmail"),
    ("NewHost", "displayEmail"),
    ("Booking", "duration"),
    ("Booking", "location"),
    ("Booking", "eventTypeId"),
    ("OffsetPagination", "hasNextPage"),
}
EMPTY = {("Booking", "hosts"), ("Booking", "attendees"), ("ConferencingSession", "participants")}


def envelopes(name: str) -> Iterator[dict[str, Any]]:
    """Yield a recorded body; yields a list as one body for each item."""
    envelope = RECORDED[name]["response"]["body"]
    data = envelope.get("data")
    if isinstance(data, list) and data:
        yield from ({**envelope, "data": [item]} for item in data)
    elif name in SLOTS and data:
        yield from ({**envelope, "data": {day: [slot]}} for day in data for slot in data[day])
    else:
        yield envelope


def places(raw: Any, value: object, steps: Steps = ()) -> Iterator[tuple[Steps, str]]:
    """Yield the place of each key of the models in a response, and the name of its model."""
    if attrs.has(type(value)) and isinstance(raw, dict):
        for key in raw.keys() - getattr(value, "extra", {}).keys():
            item = raw[key]
            yield (*steps, key), type(value).__name__
            yield from places(item, getattr(value, snake(key)), (*steps, key))
    elif isinstance(value, tuple):
        for index, (item, inner) in enumerate(zip(raw, value, strict=True)):
            yield from places(item, inner, (*steps, index))


def places_of(envelope: dict[str, Any], value: object) -> Iterator[tuple[Steps, str]]:
    for key in envelope:
        yield (key,), "envelope"
    if isinstance(value, Page):
        yield from places(envelope["data"], value.items, ("data",))
        yield from places(envelope["pagination"], value.pagination, ("pagination",))
    elif isinstance(value, Slots):
        for day, free in value.items():
            yield from places(envelope["data"][day.isoformat()], free, ("data", day.isoformat()))
    elif value is not None:
        yield from places(envelope["data"], value, ("data",))


def model_at(value: Any, steps: Steps) -> Any:
    """Return the model at a place in a decoded response."""
    if isinstance(value, Page):
        value = value.items if steps[0] == "data" else value.pagination
    for step in steps[1:]:
        if isinstance(value, Slots):
            value = {day.isoformat(): free for day, free in value.items()}[str(step)]
        else:
            value = value[step] if isinstance(step, int) else getattr(value, snake(step))
    return value


def body_of(envelope: Any) -> Response:
    return Response(200, (), json.dumps(envelope).encode())


def outcome(operation: Operation[Any], envelope: Any) -> Any:
    """Return a decoded body, or the place and the type of its unreadable value."""
    try:
        return operation.read(body_of(envelope))
    except DecodingError as error:
        return error.path, error.found


def assert_as_before(before: Any, after: Any, model: str, key: str) -> None:
    """Check that a model lost only the value of one key."""
    for field in attrs.fields(type(before)):
        kept = getattr(before, field.name)
        if field.name == snake(key) and (model, key) not in COMPUTED:
            kept = () if (model, key) in EMPTY else None
        assert getattr(after, field.name) == kept, (model, key, field.name)


def recorded_bodies() -> Iterator[tuple[Operation[Any], dict[str, Any], Any]]:
    """Yield the recorded bodies, each with its operation and its decoded value."""
    for name in SHAPES:
        operation = operation_of(name)
        for envelope in envelopes(name):
            yield operation, envelope, operation.read(body_of(envelope))


@attrs.frozen
class Key:
    """One key of a model in a recorded body, and the decoded body."""

    operation: Operation[Any]
    envelope: dict[str, Any]
    before: Any
    steps: Steps
    model: str

    @property
    def name(self) -> str:
        return str(self.steps[-1])

    def read_with(self, *value: object) -> Any:
        """Read the body with another value of the key, or without the key."""
        return outcome(self.operation, changed(self.envelope, self.steps, *value))

    def assert_nothing_else_is_lost(self, after: Any) -> None:
        place = self.steps[:-1]
        before = model_at(self.before, place)
        assert_as_before(before, model_at(after, place), self.model, self.name)


@pytest.fixture
def keys(sample: Callable[..., Any]) -> list[Key]:
    """Return the keys of all recorded bodies; by default, a few of each name in each model."""
    found: dict[tuple[str, str], list[Key]] = defaultdict(list)
    for operation, envelope, before in recorded_bodies():
        for steps, model in places_of(envelope, before):
            key = Key(operation, envelope, before, steps, model)
            found[model, key.name].append(key)
    return [key for alike in found.values() for key in sample(alike, 2)]


def test_only_identifying_keys_are_required(
    keys: list[Key], pytestconfig: pytest.Config, capsys: pytest.CaptureFixture[str]
) -> None:
    needed: dict[str, set[str]] = {}
    for key in keys:
        after = key.read_with()
        if key.name in REQUIRED.get(key.model, ()):
            found = "no string" if key.steps == ("status",) else "nothing"
            assert after == (json_path(key.steps), found)
            needed.setdefault(key.model, set()).add(key.name)
        else:
            key.assert_nothing_else_is_lost(after)
    assert needed == REQUIRED
    with capsys.disabled():
        print(f"\n{len(keys):,} keys removed from recorded responses, one at a time")
    assert len(keys) > (9_000 if pytestconfig.getoption("exhaustive") else 200)


def test_null_means_the_same_as_no_key(keys: list[Key]) -> None:
    for key in keys:
        if key.steps in {("status",), ("data",)}:
            continue
        after = key.read_with(None)
        if key.name in REQUIRED.get(key.model, ()):
            assert after == (json_path(key.steps), "null")
        else:
            key.assert_nothing_else_is_lost(after)


def test_a_value_of_another_type_is_an_error_under_every_key(keys: list[Key]) -> None:
    for key in keys:
        if key.model == "envelope":
            continue
        was: Any = key.envelope
        for step in key.steps:
            was = was[step]
        other, found = ("no", "a string") if isinstance(was, bool) else (True, "a boolean")
        assert key.read_with(other) == (json_path(key.steps), found)


NINE = datetime(2027, 4, 5, 9, tzinfo=UTC)
MINIMAL = {
    "uid": "bk7",
    "status": "accepted",
    "start": "2027-04-05T09:00:00.000Z",
    "end": "2027-04-05T09:30:00.000Z",
}


def test_a_booking_with_four_keys_is_read() -> None:
    booking = bookings.get_one("bk7").read(success(MINIMAL))
    assert booking == Booking(
        uid="bk7",
        status="accepted",
        start=NINE,
        end=NINE + timedelta(minutes=30),
        id=None,
        title=None,
        hosts=(),
        attendees=(),
        duration=30,
        absent_host=None,
        created_at=None,
        event_type=None,
        event_type_id=None,
        meeting_url=None,
        location=None,
    )
    assert booking.extra == {}
    assert pickle.loads(pickle.dumps(booking)) == booking


OF_ONE = "bookings.get_one (GET /v2/bookings/bk7): 200 with "
OF_LIST = "bookings.list (GET /v2/bookings): 200 with "
OF_RESERVE = "slots.reserve (POST /v2/slots/reservations): 200 with "
# An operation, its data, and the message that names every missing key of the first such object.
LACKING: list[tuple[Operation[Any], object, str]] = [
    (
        bookings.get_one("bk7"),
        {},
        f"{OF_ONE}nothing at $.data.uid instead of a string; "
        "also missing: $.data.status, $.data.start, $.data.end",
    ),
    (
        bookings.get_one("bk7"),
        {"uid": "bk7", "start": "2027-04-05T09:00:00.000Z"},
        f"{OF_ONE}nothing at $.data.status instead of a string; also missing: $.data.end",
    ),
    (
        bookings.get_one("bk7"),
        {**MINIMAL, "start": None},
        f"{OF_ONE}null at $.data.start instead of a time with its offset",
    ),
    (
        bookings.get_one("bk7"),
        {"uid": "bk7", "status": "accepted", "start": "soon"},
        f"{OF_ONE}nothing at $.data.end instead of a time with its offset",
    ),
    (
        bookings.get_one("bk7"),
        {"uid": 5},
        f"{OF_ONE}nothing at $.data.status instead of a string; "
        "also missing: $.data.start, $.data.end",
    ),
    (
        bookings.list(),
        [MINIMAL, {"uid": "bk8", "status": "accepted"}, {}],
        f"{OF_LIST}nothing at $.data[1].start instead of a time with its offset; "
        "also missing: $.data[1].end (items in error.unreadable: 2, error.page: 1)",
    ),
    (
        bookings.references("bk7"),
        [{}],
        "bookings.references (GET /v2/bookings/bk7/references): 200 with nothing at "
        "$.data[0].type instead of a string; also missing: $.data[0].eventUid",
    ),
    (
        slots.reserve(event_type_id=1, slot_start=NINE),
        {},
        f"{OF_RESERVE}nothing at $.data.reservationUid instead of a string; "
        "the server accepted the request all the same",
    ),
]


@pytest.mark.parametrize(("operation", "data", "message"), LACKING)
def test_every_missing_key_of_an_object_is_named_at_once(
    operation: Operation[Any], data: object, message: str
) -> None:
    pagination = {"hasNextPage": False}
    with pytest.raises(DecodingError) as caught:
        operation.read(body_of({"status": "success", "data": data, "pagination": pagination}))
    assert str(caught.value) == message


# An operation, its minimal data, and the decoded value.
MINIMAL_DATA: dict[str, tuple[Operation[Any], object, object]] = {
    "people, an event type and an addition": (
        bookings.get_one("bk7"),
        {**MINIMAL, "hosts": [{}], "attendees": [{}], "eventType": {}, "added": 1},
        Booking(
            uid="bk7",
            status="accepted",
            start=NINE,
            end=NINE + timedelta(minutes=30),
            hosts=(
                Host(
                    id=None,
                    email=None,
                    display_email=None,
                    username=None,
                    name=None,
                    time_zone=None,
                ),
            ),
            attendees=(
                Attendee(name=None, email=None, display_email=None, time_zone=None, absent=None),
            ),
            event_type=EventTypeRef(id=None, slug=None),
            extra={"added": 1},
        ),
    ),
    "a duration that is not a whole number": (
        bookings.get_one("bk7"),
        {**MINIMAL, "end": "2027-04-05T09:00:30.000Z"},
        Booking(
            uid="bk7",
            status="accepted",
            start=NINE,
            end=NINE + timedelta(seconds=30),
            duration=0.5,
        ),
    ),
    "the older name of a place, and an event type": (
        bookings.get_one("bk7"),
        {**MINIMAL, "meetingUrl": "https://meet.example.com/a", "eventType": {"id": 7}},
        Booking(
            uid="bk7",
            status="accepted",
            start=NINE,
            end=NINE + timedelta(minutes=30),
            event_type=EventTypeRef(id=7),
            event_type_id=7,
            meeting_url="https://meet.example.com/a",
            location="https://meet.example.com/a",
        ),
    ),
    "an attendee": (bookings.attendees.get("bk7", 5), {"id": 5}, BookingAttendee(id=5)),
    "a removed attendee": (
        bookings.attendees.remove("bk7", 5),
        {"id": 5},
        RemovedAttendee(id=5, booking_id=None, name=None, email=None, time_zone=None),
    ),
    "a reassignment": (
        bookings.reassign("bk7"),
        {"bookingUid": "bk7"},
        Reassignment(booking_uid="bk7", reassigned_to=None),
    ),
    "a new host": (
        bookings.reassign("bk7"),
        {"bookingUid": "bk7", "reassignedTo": {}},
        Reassignment("bk7", NewHost(id=None, name=None, email=None, display_email=None)),
    ),
    "references": (
        bookings.references("bk7"),
        [{"type": "zoom_video", "eventUid": "e"}],
        (BookingReference(type="zoom_video", event_uid="e", id=None),),
    ),
    "links": (
        bookings.calendar_links("bk7"),
        [{"label": "ICS"}],
        (CalendarLink(label="ICS", link=None, id=None),),
    ),
    "recordings": (
        bookings.recordings("bk7"),
        [{"id": "rec-1"}],
        (
            Recording(
                id="rec-1",
                room_name=None,
                start_ts=None,
                status=None,
                duration=None,
                share_token=None,
            ),
        ),
    ),
    "sessions": (
        bookings.conferencing_sessions("bk7"),
        [{"id": "s-1"}, {"id": "s-2", "participants": [{}]}],
        (
            ConferencingSession(
                id="s-1",
                room=None,
                start_time=None,
                duration=None,
                ongoing=None,
                max_participants=None,
                participants=(),
            ),
            ConferencingSession(
                id="s-2", participants=(Participant(join_time=None, duration=None),)
            ),
        ),
    ),
    "a reservation": (
        slots.get_reservation("r"),
        {"reservationUid": "r"},
        Reservation(
            reservation_uid="r",
            event_type_id=None,
            slot_start=None,
            slot_end=None,
            slot_duration=None,
            reservation_until=None,
        ),
    ),
    "slots": (
        slots.list(event_type_id=1, start="2027-04-05", end="2027-04-06"),
        {"2027-04-05": [{"start": "2027-04-05T09:00:00.000Z"}]},
        Slots({date(2027, 4, 5): (Slot(start=NINE),)}),
    ),
}


@pytest.mark.parametrize("name", MINIMAL_DATA)
def test_a_minimal_response_is_read(name: str) -> None:
    operation, data, value = MINIMAL_DATA[name]
    read = operation.read(success(data))
    assert read == value
    assert hash(read) == hash(value)


# A recording, and the keys of its hosts, attendees or new host.
PEOPLE = {
    "29-get-normal": ("hosts", "attendees"),
    "live-14-list-oauth-client": ("hosts", "attendees"),
    "live-57-ee-create-instant": ("hosts", "attendees"),
    "51-cancel-normal": ("hosts", "attendees"),
    "137-reassign-auto": ("reassignedTo",),
}


@pytest.mark.parametrize("name", PEOPLE)
def test_an_older_server_without_display_addresses_is_read_the_same(name: str) -> None:
    envelope = copy.deepcopy(RECORDED[name]["response"]["body"])
    removed = 0
    for item in envelope["data"] if isinstance(envelope["data"], list) else [envelope["data"]]:
        for key in PEOPLE[name]:
            for person in item[key] if isinstance(item[key], list) else [item[key]]:
                del person["displayEmail"]
                removed += 1
    assert removed >= 1
    before, after = (
        operation_of(name).read(response_of(name)),
        outcome(operation_of(name), envelope),
    )
    assert getattr(after, "items", after) == getattr(before, "items", before)


DISPLAYED = [
    ("ann@example.net", "ann@example.net"),
    ("ann+clk12abcdefghijklmnopqrst@example.net", "ann@example.net"),
    ("ann+CLK12abcdefghijklmnopqrs@example.net", "ann+CLK12abcdefghijklmnopqrs@example.net"),
    ("ann+work@example.net", "ann+work@example.net"),
    ("unknown", "unknown"),
]


@pytest.mark.parametrize(("email", "displayed"), DISPLAYED)
def test_an_address_is_displayed_without_the_suffix_of_a_managed_user(
    email: str, displayed: str
) -> None:
    data = {**MINIMAL, "hosts": [{"email": email}], "attendees": [{"email": email}]}
    booking = bookings.get_one("bk7").read(success(data))
    assert (booking.hosts[0].display_email, booking.attendees[0].display_email) == (
        displayed,
        displayed,
    )
    assert Host(email=email).display_email == displayed


SHAPES_OF_MINIMAL: list[tuple[dict[str, object], BookingShape]] = [
    ({"bookingFieldsResponses": {}}, BookingShape.SINGLE),
    ({}, BookingShape.SEATED),
    ({"metadata": {}}, BookingShape.SEATED),
    ({"bookingFieldsResponses": {}, "recurringBookingUid": "r"}, BookingShape.RECURRING),
    ({"recurringBookingUid": "r"}, BookingShape.RECURRING_SEATED),
]


@pytest.mark.parametrize(("more", "shape"), SHAPES_OF_MINIMAL)
def test_a_booking_without_responses_counts_as_seated(
    more: dict[str, object], shape: BookingShape
) -> None:
    booking = bookings.get_one("bk7").read(success({**MINIMAL, **more}))
    assert (booking.shape, booking.is_seated) == (shape, shape.value.endswith("seated"))


PAGINATIONS: list[tuple[dict[str, object], object, Operation[Page[Booking]] | None]] = [
    # The pagination by offset, then by cursor; its decoded value, and the next page.
    ({"hasNextPage": False}, OffsetPagination(has_next_page=False), None),
    (
        {"hasNextPage": True},
        OffsetPagination(has_next_page=True),
        bookings.list(take=3, skip=3),
    ),
    (
        {"remainingItems": 4},
        OffsetPagination(remaining_items=4, has_next_page=True),
        bookings.list(take=3, skip=3),
    ),
    ({"remainingItems": 0}, OffsetPagination(remaining_items=0, has_next_page=False), None),
    ({"hasMore": False}, CursorPagination(next_cursor=None, has_more=False), None),
    ({"nextCursor": None}, CursorPagination(next_cursor=None, has_more=None), None),
    ({"nextCursor": None, "hasMore": None}, CursorPagination(has_more=None), None),
    ({"nextCursor": "c", "hasMore": False}, CursorPagination(False, "c"), None),
    (
        {"nextCursor": "c"},
        CursorPagination(next_cursor="c", has_more=None),
        bookings.list(limit=3, cursor="c"),
    ),
]


@pytest.mark.parametrize(("pagination", "read", "following"), PAGINATIONS)
def test_a_page_with_little_pagination_has_the_next_page_it_implies(
    pagination: dict[str, object], read: object, following: Operation[Page[Booking]] | None
) -> None:
    envelope = {"status": "success", "data": [MINIMAL], "pagination": pagination}
    page = bookings.list(take=3).read(body_of(envelope))
    assert (page.pagination, page.next) == (read, following)
    assert page.total_items is None
