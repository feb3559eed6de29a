"""Responses about slots, reservations, attendees and meetings, and unexpected ones."""

import json
import pickle
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from attrs import evolve
from core_responses import success
from hypothesis import given, settings
from hypothesis import strategies as st

from calcom_core import (
    BookingAttendee,
    BookingReference,
    CalcomError,
    CalendarLink,
    ConferencingSession,
    ConfirmedSeats,
    DeclinedSeats,
    DecodingError,
    Operation,
    Participant,
    Recording,
    RemovedAttendee,
    Reservation,
    Response,
    Slot,
    Slots,
    VersionMismatch,
    bookings,
    slots,
)
from calcom_core.routes import ROUTES

FREE = slots.list(start="2027-04-05", end="2027-04-06", event_type_id=1)


CONFIRM_SEATS = bookings.confirm_seats("bk7", ["seat-1", "seat-2"])
DECLINE_SEATS = bookings.decline_seats("bk7", ["seat-1", "seat-2"])


def test_confirmed_or_declined_seats_are_read_with_or_without_a_booking() -> None:
    confirmed = CONFIRM_SEATS.read(success({"confirmedSeatUids": ["seat-2"]}))
    assert confirmed == ConfirmedSeats(seat_uids=("seat-2",))
    declined = DECLINE_SEATS.read(success({"uid": "bk7", "declinedSeatUids": ["seat-1"]}))
    assert declined == DeclinedSeats(seat_uids=("seat-1",), extra={"uid": "bk7"})
    assert CONFIRM_SEATS.read(success({"uid": "bk7"})) == ConfirmedSeats(extra={"uid": "bk7"})
    with pytest.raises(DecodingError) as caught:
        DECLINE_SEATS.read(success({"declinedSeatUids": [5]}))
    assert (caught.value.path, caught.value.found) == ("$.data.declinedSeatUids[0]", "an integer")


ATTENDEE = {
    "id": 4402,
    "bookingId": 9001,
    "name": "Eva Lie",
    "email": "eva@guest.example",
    "displayEmail": "eva@guest.example",
    "timeZone": "Europe/Oslo",
    "absent": False,
}
RECORDING = {
    "id": "rec-1",
    "roomName": "room-4411",
    "startTs": 1930467600,
    "status": "finished",
    "duration": 1733,
    "shareToken": "s3cr3t",
}
SESSION = {
    "id": "sess-1",
    "room": "room-4411",
    "startTime": 1930467590,
    "duration": 1733,
    "ongoing": False,
    "maxParticipants": 2,
    "participants": [{"userId": None, "userName": "Per", "joinTime": 0, "duration": 5}],
}
RESERVED = {
    "eventTypeId": 501,
    "slotStart": "2031-03-04T09:00:00.000Z",
    "slotEnd": "2031-03-04T09:30:00.000Z",
    "slotDuration": 30,
    "reservationUid": "c0ffee00-aaaa-4bbb-8ccc-0123456789ab",
    "reservationUntil": "2031-03-01T12:05:00.456Z",
}
OSLO = timezone(timedelta(hours=1))

READ: dict[str, tuple[Operation[Any], object, object]] = {
    "slots": (
        FREE,
        {
            "2031-03-05": [{"start": "2031-03-05T10:00:00.000+01:00", "away": False}],
            "2031-03-04": [
                {
                    "start": "2031-03-04T09:00:00.000Z",
                    "end": "2031-03-04T10:00:00.000Z",
                    "seatsBooked": 1,
                    "seatsRemaining": 9,
                    "seatsTotal": 10,
                    "bookingUid": "st3C",
                },
                {"start": "2031-03-04T10:00:00.000Z"},
            ],
        },
        Slots(
            {
                date(2031, 3, 5): (
                    Slot(datetime(2031, 3, 5, 10, tzinfo=OSLO), extra={"away": False}),
                ),
                date(2031, 3, 4): (
                    Slot(
                        start=datetime(2031, 3, 4, 9, tzinfo=UTC),
                        end=datetime(2031, 3, 4, 10, tzinfo=UTC),
                        seats_booked=1,
                        seats_remaining=9,
                        seats_total=10,
                        booking_uid="st3C",
                    ),
                    Slot(datetime(2031, 3, 4, 10, tzinfo=UTC)),
                ),
            }
        ),
    ),
    "no slots": (FREE, {}, Slots({})),
    "a day without a slot": (FREE, {"2031-03-04": []}, Slots({date(2031, 3, 4): ()})),
    "a reservation": (
        slots.get_reservation("r"),
        RESERVED,
        Reservation(
            reservation_uid="c0ffee00-aaaa-4bbb-8ccc-0123456789ab",
            event_type_id=501,
            slot_start=datetime(2031, 3, 4, 9, tzinfo=UTC),
            slot_end=datetime(2031, 3, 4, 9, 30, tzinfo=UTC),
            slot_duration=30,
            reservation_until=datetime(2031, 3, 1, 12, 5, 0, 456_000, tzinfo=UTC),
        ),
    ),
    "a missing reservation": (slots.get_reservation("r"), None, None),
    "an attendee": (
        bookings.attendees.get("bk7", 4402),
        ATTENDEE,
        BookingAttendee(
            name="Eva Lie",
            email="eva@guest.example",
            display_email="eva@guest.example",
            time_zone="Europe/Oslo",
            absent=False,
            id=4402,
            booking_id=9001,
        ),
    ),
    "a removed attendee": (
        bookings.attendees.remove("bk7", 4402),
        {key: ATTENDEE[key] for key in ("id", "bookingId", "name", "email", "timeZone")},
        RemovedAttendee(4402, 9001, "Eva Lie", "eva@guest.example", "Europe/Oslo"),
    ),
    "recordings": (
        bookings.recordings("bk7"),
        [{**RECORDING, "maxParticipants": 2, "downloadLink": "https://d", "error": "none"}],
        (
            Recording(
                id="rec-1",
                room_name="room-4411",
                start_ts=datetime(2031, 3, 5, 9, tzinfo=UTC),
                status="finished",
                duration=1733,
                share_token="s3cr3t",
                max_participants=2,
                download_link="https://d",
                error="none",
            ),
        ),
    ),
    "sessions": (
        bookings.conferencing_sessions("bk7"),
        [SESSION],
        (
            ConferencingSession(
                id="sess-1",
                room="room-4411",
                start_time=datetime(2031, 3, 5, 8, 59, 50, tzinfo=UTC),
                duration=1733,
                ongoing=False,
                max_participants=2,
                participants=(
                    Participant(
                        join_time=datetime(1970, 1, 1, tzinfo=UTC), duration=5, user_name="Per"
                    ),
                ),
            ),
        ),
    ),
    "transcripts": (bookings.transcripts("bk7"), ["https://t/1", ""], ("https://t/1", "")),
    "links": (
        bookings.calendar_links("bk7"),
        [{"label": "ICS", "link": "data:", "id": "ics"}, {"label": "Office", "link": ""}],
        (CalendarLink("ICS", "data:", "ics"), CalendarLink("Office", "")),
    ),
    "references": (
        bookings.references("bk7"),
        [{"type": "zoom_video", "eventUid": "e", "id": 31, "destinationCalendarId": None}],
        (BookingReference("zoom_video", "e", 31),),
    ),
}


@pytest.mark.parametrize("name", READ)
def test_a_response_reads_as(name: str) -> None:
    operation, data, value = READ[name]
    result = operation.read(success(data))
    assert result == value
    assert pickle.loads(pickle.dumps(result)) == value
    assert hash(result) == hash(value)


def test_a_success_without_data_reads_as_none() -> None:
    operations: list[Operation[None]] = [
        slots.delete_reservation("r"),
        bookings.request_reschedule("bk7", cal_api_version="2026-02-25"),
    ]
    for operation in operations:
        assert operation.read(Response(200, (), b'{"status":"success"}')) is None  # type: ignore[func-returns-value]
        with pytest.raises(DecodingError):
            operation.read(Response(200, (), b"{}"))


def test_slots_are_a_mapping_and_have_an_order() -> None:
    free = FREE.read(success(READ["slots"][1]))
    assert list(free) == [date(2031, 3, 5), date(2031, 3, 4)]
    assert len(free) == 2
    assert date(2031, 3, 6) not in free
    assert free[date(2031, 3, 5)] == (free.in_order[2],)
    assert [slot.start.isoformat() for slot in free.in_order] == [
        "2031-03-04T09:00:00+00:00",
        "2031-03-04T10:00:00+00:00",
        "2031-03-05T10:00:00+01:00",
    ]


def test_no_repr_contains_the_access_code_of_a_recording() -> None:
    recorded = [{**RECORDING, "downloadLink": "https://d/s3cr3t"}]
    assert "s3cr3t" not in repr(bookings.recordings("bk7").read(success(recorded)))


# The data, the JSON path of the unexpected value, and its type.
INVALID: dict[str, tuple[Operation[Any], object, str, str]] = {
    "slots of null": (FREE, None, "$.data", "null"),
    "slots as a list": (FREE, [], "$.data", "an array"),
    "a day that is not a date": (FREE, {"soon": []}, "$.data", "another key"),
    "a day outside the calendar": (FREE, {"2027-02-31": []}, "$.data", "another key"),
    "a day written otherwise": (FREE, {"20270405": []}, "$.data", "another key"),
    "a day of an object": (FREE, {"2027-04-05": {}}, "$.data['2027-04-05']", "an object"),
    "a slot of a string": (FREE, {"2027-04-05": ["x"]}, "$.data['2027-04-05'][0]", "a string"),
    "a slot without a start": (
        FREE,
        {"2027-04-05": [{"start": "2027-04-05T09:00:00Z"}, {}]},
        "$.data['2027-04-05'][1].start",
        "nothing",
    ),
    "a naive start": (
        FREE,
        {"2027-04-05": [{"start": "2027-04-05T09:00:00"}]},
        "$.data['2027-04-05'][0].start",
        "another string",
    ),
    "a reservation of a list": (slots.get_reservation("r"), [], "$.data", "an array"),
    "a reservation that must be there": (
        slots.update_reservation("r", event_type_id=1, slot_start="2027-04-05T09:00:00Z"),
        None,
        "$.data",
        "null",
    ),
    "a transcript of a number": (bookings.transcripts("bk7"), ["x", 5], "$.data[1]", "an integer"),
    "a time in the year 10^12": (
        bookings.recordings("bk7"),
        [{**RECORDING, "startTs": 10**20}],
        "$.data[0].startTs",
        "a number of another size",
    ),
    "a time in the year 33,658": (
        bookings.recordings("bk7"),
        [{**RECORDING, "startTs": 10**12}],
        "$.data[0].startTs",
        "a number of another size",
    ),
    "a time after the last year": (
        bookings.recordings("bk7"),
        [{**RECORDING, "startTs": 10**17}],
        "$.data[0].startTs",
        "a number of another size",
    ),
    "a time of a string": (
        bookings.conferencing_sessions("bk7"),
        [{**SESSION, "startTime": "1930467590"}],
        "$.data[0].startTime",
        "a string",
    ),
    "a participant of null": (
        bookings.conferencing_sessions("bk7"),
        [{**SESSION, "participants": [None]}],
        "$.data[0].participants[0]",
        "null",
    ),
    "an attendee without an id": (
        bookings.attendees.list("bk7"),
        [ATTENDEE, {**ATTENDEE, "id": None}],
        "$.data[1].id",
        "null",
    ),
    "an absence in words": (
        bookings.attendees.list("bk7"),
        [ATTENDEE, {**ATTENDEE, "absent": "no"}],
        "$.data[1].absent",
        "a string",
    ),
}


@pytest.mark.parametrize("name", INVALID)
def test_an_unexpected_response_is_named_by_its_path(name: str) -> None:
    operation, data, path, found = INVALID[name]
    with pytest.raises(DecodingError) as caught:
        operation.read(success(data))
    assert (caught.value.path, caught.value.found) == (path, found)


def test_a_reservation_response_without_data_is_not_a_missing_reservation() -> None:
    with pytest.raises(DecodingError) as caught:
        slots.get_reservation("r").read(Response(200, (), b'{"status":"success"}'))
    assert (caught.value.path, caught.value.found) == ("$.data", "nothing")


def test_the_slots_of_the_legacy_api_are_a_version_mismatch() -> None:
    legacy = {"slots": {"2026-12-12": [{"time": "2026-12-12T00:00:00.000Z"}]}}
    with pytest.raises(VersionMismatch) as caught:
        FREE.read(success(legacy))
    assert caught.value.may_have_happened is False
    with pytest.raises(DecodingError):  # `slots` is undefined for another response
        bookings.references("bk7").read(success({"slots": {}}))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "start", "type", "2027-04-05", "slots", "hasMore", "nextCursor"])
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@settings(max_examples=4 * settings().max_examples)
@given(st.sampled_from(sorted(ROUTES)), JSON, JSON)
def test_any_response_is_read_or_raises_one_of_our_errors(
    name: str, data: object, pagination: object
) -> None:
    operation = evolve(FREE, name=name)
    envelope = {"status": "success", "data": data, "pagination": pagination}
    message = f"{name} was read"
    try:
        operation.read(Response(200, (), json.dumps(envelope).encode()))
    except CalcomError as error:
        message = str(error)
    assert message.startswith(f"{name} ")
