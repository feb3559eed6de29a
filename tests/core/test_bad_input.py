"""Invalid input is refused before anything is sent: with its field, without its value."""

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any

import pytest
from core_refused import MARK, refused

from calcom_core import (
    AccessToken,
    AddressLocation,
    Anonymous,
    Api,
    ApiKey,
    AttendeePhoneLocation,
    Cancellation,
    Headers,
    IntegrationLocation,
    NewAttendee,
    NewBooking,
    OAuthClient,
    Request,
    Reschedule,
    SeatCancellation,
    SeatReschedule,
    Secret,
    Timeout,
    bookings,
    slots,
    teams,
)

START = "2027-04-05T09:00:00Z"
PER = {"name": "Per", "email": "per@guest.example", "time_zone": "UTC"}

CYCLE: dict[str, Any] = {"mark": MARK}
CYCLE["again"] = CYCLE
DEEP: list[Any] = []
for _ in range(100_000):
    DEEP = [DEEP]


class NoOffset(tzinfo):
    """A zone without an offset."""

    def utcoffset(self, _: datetime | None) -> timedelta | None:
        return None


class DayOffset(tzinfo):
    """A zone that is a day away."""

    def utcoffset(self, _: datetime | None) -> timedelta:
        return timedelta(days=1)


class Broken(tzinfo):
    """A zone that raises."""

    def utcoffset(self, _: datetime | None) -> timedelta:
        raise KeyError("zone")


class WrongOffsetType(tzinfo):
    """A zone whose offset is of another type."""

    def utcoffset(self, _: datetime | None) -> timedelta:
        return "+02:00"  # type: ignore[return-value]


class NotATime(datetime):
    """An invalid time, as `pandas.NaT` is."""

    def utcoffset(self) -> timedelta:
        raise ValueError("NotATime does not support utcoffset")


class NoYear(datetime):
    """A time with an invalid year."""

    @property
    def year(self) -> int:  # type: ignore[override]
        return math.nan  # type: ignore[return-value]


class NoDay(date):
    """A date with an invalid day."""

    @property
    def day(self) -> int:  # type: ignore[override]
        return math.nan  # type: ignore[return-value]


def create(**more: Any) -> Any:
    return bookings.create({"start": START, "event_type_id": 1, "attendee": PER, **more})


def by(**attendee: Any) -> Any:
    return create(attendee={**PER, **attendee})


def of(**event_type: Any) -> Any:
    return bookings.create({"start": START, "attendee": PER, **event_type})


TIMES = {
    "naive": datetime(2027, 4, 5, 9),
    "without an offset": "2027-04-05T09:00:00",
    "only a date": "2027-04-05",
    "a date object": date(2027, 4, 5),
    "nonsense": MARK,
    "empty": "",
    "a number": 1_800_000_000,
    "of a zone that does not know": datetime(2027, 4, 5, 9, tzinfo=NoOffset()),
    "of a zone that is a day away": datetime(2027, 4, 5, 9, tzinfo=DayOffset()),
    "of a zone a day away, as a string": "2027-04-05T09:00:00+24:00",
    "of a zone that raises": datetime(2027, 4, 5, 9, tzinfo=Broken()),
    "of a zone with another offset type": datetime(2027, 4, 5, 9, tzinfo=WrongOffsetType()),
    "not a time": NotATime(1, 1, 1),
    "not a time, with a zone": NotATime(2027, 4, 5, tzinfo=UTC),
    "with an invalid year": NoYear(2027, 4, 5, tzinfo=UTC),
    "before the year 1": "0001-01-01T00:00:00+01:00",
    "after the year 9999": datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))),
}

DATES = {"only a date", "a date object"}


@pytest.mark.parametrize("name", TIMES)
def test_a_time_without_an_offset_or_calendar_date_is_refused(name: str) -> None:
    time = TIMES[name]
    assert refused(lambda: create(start=time)).field == "data.start"
    assert refused(lambda: bookings.list(after_start=time)).field == "after_start"
    assert refused(lambda: bookings.list(before_updated_at=time)).field == "before_updated_at"
    assert refused(lambda: Reschedule(start=time)).field == "start"
    assert refused(lambda: bookings.reschedule_seat("bk7", "s", time)).field == "start"
    reserve = {"event_type_id": 1, "slot_start": time}
    assert refused(lambda: slots.reserve(**reserve)).field == "slot_start"
    assert refused(lambda: slots.update_reservation("r", **reserve)).field == "slot_start"


@pytest.mark.parametrize("name", [*sorted(TIMES.keys() - DATES), "a date with an invalid day"])
def test_an_invalid_date_or_time_is_refused_as_a_bound_of_slots(name: str) -> None:
    time = NoDay(2027, 4, 5) if name not in TIMES else TIMES[name]
    day = date(2027, 4, 5)
    assert refused(lambda: slots.list(start=time, end=day, event_type_id=1)).field == "start"
    assert refused(lambda: slots.list(start=day, end=time, event_type_id=1)).field == "end"


@pytest.mark.parametrize(
    ("time", "problem"),
    [
        (
            NotATime(1, 1, 1),
            "is not a valid time: its fields or the offset of its tzinfo cannot be read",
        ),
        (
            datetime(2027, 4, 5, tzinfo=DayOffset()),
            "is not a valid time: its fields or the offset of its tzinfo cannot be read",
        ),
        (NoDay(2027, 4, 5), "is not a valid date: its fields cannot be read"),
    ],
    ids=["not a time", "a day away", "not a date"],
)
def test_the_error_of_an_invalid_time_names_it_and_keeps_its_cause(time: Any, problem: str) -> None:
    error = refused(lambda: slots.list(start=time, end=date(2027, 4, 5), event_type_id=1))
    assert error.problem == problem
    assert isinstance(error.__cause__, (TypeError, ValueError))


ZONES = ["EST", "UTC-05:00", "", None, "+02:00", "Z", f"{MARK} time", "Europe/", "UTC\n", 2, b"UTC"]


@pytest.mark.parametrize("zone", ZONES, ids=repr)
def test_an_invalid_time_zone_is_refused(zone: object) -> None:
    assert refused(lambda: by(time_zone=zone)).field == "data.attendee.time_zone"


@pytest.mark.parametrize(
    "zone",
    [
        "Europe/Rome",
        "America/Argentina/Buenos_Aires",
        "Etc/GMT+5",
        "UTC",
        "GMT",
        "Japan",
        "NZ",
        "CET",
        "EST5EDT",
    ],
)
def test_the_form_of_an_iana_name_is_enough(zone: str) -> None:
    assert NewAttendee(name="", email="a@b", time_zone=zone).time_zone == zone


UIDS = {
    "empty": "",
    "a dot": ".",
    "two dots": "..",
    "a word of the route": "by-seat",
    "with a line break": f"a\n{MARK}",
    "with NUL": f"a\0{MARK}",
    "with DEL": f"a\x7f{MARK}",
    "with a C1 control": f"a\x85{MARK}",
    "of 10 kB": MARK * 1_280,
    "of 513 characters": "u" * 513,
    "a number": 7,
    "None": None,
    "bytes": b"bk7",
    "half a surrogate pair": f"{MARK}\ud800",
}

UID_CALLS: dict[str, Callable[[Any], object]] = {
    "get": bookings.get,
    "get_one": bookings.get_one,
    "get_series": bookings.get_series,
    "cancel": bookings.cancel,
    "cancel_seat": lambda uid: bookings.cancel_seat(uid, "s"),
    "reschedule": lambda uid: bookings.reschedule(uid, {"start": START}),
    "reschedule_seat": lambda uid: bookings.reschedule_seat(uid, "s", START),
    "confirm": bookings.confirm,
    "decline": bookings.decline,
    "confirm_seats": lambda uid: bookings.confirm_seats(uid, ["s"]),
    "decline_seats": lambda uid: bookings.decline_seats(uid, ["s"]),
    "mark_absent": bookings.mark_absent,
    "reassign": bookings.reassign,
    "reassign_to_user": lambda uid: bookings.reassign_to_user(uid, 1),
    "request_reschedule": bookings.request_reschedule,
    "update_location": lambda uid: bookings.update_location(uid, {"type": "link", "link": "x"}),
    "recordings": bookings.recordings,
    "transcripts": bookings.transcripts,
    "calendar_links": bookings.calendar_links,
    "references": bookings.references,
    "conferencing_sessions": bookings.conferencing_sessions,
    "attendees.list": bookings.attendees.list,
    "attendees.get": lambda uid: bookings.attendees.get(uid, 1),
    "attendees.add": lambda uid: bookings.attendees.add(uid, **PER),
    "attendees.remove": lambda uid: bookings.attendees.remove(uid, 1),
    "guests.add": lambda uid: bookings.guests.add(uid, [{"email": "eva@guest.example"}]),
    "teams.references": lambda uid: teams.references(5, 6, uid),
}


@pytest.mark.parametrize("name", UIDS)
@pytest.mark.parametrize("function", UID_CALLS)
def test_an_invalid_uid_is_refused(function: str, name: str) -> None:
    assert refused(lambda: UID_CALLS[function](UIDS[name])).field == "booking_uid"


OTHER_UID_CALLS: dict[str, tuple[Callable[[Any], object], str]] = {
    "get_by_seat": (bookings.get_by_seat, "seat_uid"),
    "get_reservation": (slots.get_reservation, "reservation_uid"),
    "update_reservation": (
        lambda uid: slots.update_reservation(uid, event_type_id=1, slot_start=START),
        "reservation_uid",
    ),
    "delete_reservation": (slots.delete_reservation, "reservation_uid"),
}


@pytest.mark.parametrize("name", sorted(UIDS.keys() - {"a word of the route"}))
@pytest.mark.parametrize("function", OTHER_UID_CALLS)
def test_an_invalid_uid_of_a_seat_or_a_reservation_is_refused(function: str, name: str) -> None:
    call, field = OTHER_UID_CALLS[function]
    assert refused(lambda: call(UIDS[name])).field == field


@pytest.mark.parametrize("call", [bookings.confirm_seats, bookings.decline_seats])
@pytest.mark.parametrize(
    ("seat_uids", "field", "problem"),
    [
        ([], "seat_uids", "needs at least 1 item"),
        ("seat-1", "seat_uids", "must be a list, not a string"),
        (None, "seat_uids", "must be a list, not null"),
        (["seat-1", ""], "seat_uids[1]", "is empty"),
        (["seat-1", 5], "seat_uids[1]", "must be a string, not an integer"),
    ],
)
def test_seats_are_named_by_a_list_of_uids(
    call: Callable[[str, Any], object], seat_uids: object, field: str, problem: str
) -> None:
    error = refused(lambda: call("bk7", seat_uids))
    assert (error.field, error.problem) == (field, problem)


def test_a_uid_of_512_characters_is_sent() -> None:
    assert bookings.get("u" * 512).path == "/v2/bookings/" + "u" * 512


def test_a_path_word_outside_the_routes_is_a_uid() -> None:
    assert bookings.get("BY-SEAT").path == "/v2/bookings/BY-SEAT"


UNKNOWN_KEYS: list[tuple[Callable[[], object], str, str]] = [
    (lambda: of(event_typ_id=1), "data['event_typ_id']", "did you mean event_type_id?"),
    (lambda: of(eventTypeId=1), "data['eventTypeId']", "did you mean event_type_id?"),
    (
        lambda: bookings.cancel("bk7", {"seatUid": MARK}),
        "data['seatUid']",
        "did you mean seat_uid?",
    ),
    (
        lambda: bookings.reschedule("bk7", {"start": START, "seatUID": MARK}),
        "data['seatUID']",
        "did you mean seat_uid?",
    ),
    (
        lambda: bookings.cancel("bk7", {"seat_uid": "s", "cancelationReason": MARK}),
        "data['cancelationReason']",
        "did you mean cancellation_reason?",
    ),
    (
        lambda: by(timezone="UTC"),
        "data.attendee['timezone']",
        "did you mean time_zone?",
    ),
    (
        lambda: create(routing={"team_member_id": [1]}),
        "data.routing['team_member_id']",
        "did you mean team_member_ids?",
    ),
    (
        lambda: create(location={"type": "address", "address": MARK}),
        "data.location['address']",
        "is not a key of AddressLocation, which has none",
    ),
    (
        lambda: create(meeting_url=MARK),
        "data['meeting_url']",
        "pass location={'type': 'link'} instead",
    ),
    (
        lambda: bookings.mark_absent("bk7", attendees=[{"email": "a@b", "absnt": True}]),
        "attendees[0]['absnt']",
        "did you mean absent?",
    ),
    (
        lambda: bookings.cancel("bk7", {"zzz": 1}),
        "data['zzz']",
        "is not a key of Cancellation, which has cancellation_reason, cancel_subsequent_bookings",
    ),
    (
        lambda: bookings.cancel("bk7", {"reason": MARK}),
        "data['reason']",
        "did you mean cancellation_reason?",
    ),
    (
        lambda: bookings.cancel("bk7", {7: "x"}),
        "data[an integer]",
        "is not a key of Cancellation, which has cancellation_reason, cancel_subsequent_bookings",
    ),
]


@pytest.mark.parametrize(
    ("call", "field", "ending"), UNKNOWN_KEYS, ids=[u[1] for u in UNKNOWN_KEYS]
)
def test_an_unknown_key_is_refused_with_the_nearest_known_one(
    call: Callable[[], object], field: str, ending: str
) -> None:
    error = refused(call)
    assert error.field == field
    assert error.problem.endswith(ending)


BOTH_KINDS: dict[str, tuple[Callable[[], object], str]] = {
    "cancel_subsequent_bookings": (
        lambda: bookings.cancel("bk7", {"seat_uid": "s", "cancel_subsequent_bookings": True}),
        "data['cancel_subsequent_bookings']",
    ),
    "rescheduling_reason": (
        lambda: bookings.reschedule(
            "bk7", {"seat_uid": "s", "start": START, "rescheduling_reason": MARK}
        ),
        "data['rescheduling_reason']",
    ),
    "rr_host_subset_ids": (
        lambda: bookings.reschedule(
            "bk7", {"seat_uid": "s", "start": START, "rr_host_subset_ids": [1]}
        ),
        "data['rr_host_subset_ids']",
    ),
}


@pytest.mark.parametrize("name", BOTH_KINDS)
def test_keys_of_a_whole_booking_are_refused_with_a_seat(name: str) -> None:
    call, field = BOTH_KINDS[name]
    error = refused(call)
    assert error.field == field
    assert error.problem == "applies to a whole booking and cannot be combined with seat_uid"


@pytest.mark.parametrize(
    "call",
    [
        lambda: bookings.cancel("bk7", {"seat_uid": None}),
        lambda: bookings.reschedule("bk7", {"seat_uid": None, "start": START}),
    ],
)
def test_a_seat_of_none_never_means_the_whole_booking(call: Callable[[], object]) -> None:
    error = refused(call)
    assert error.field == "data.seat_uid"
    assert error.problem == "is None; omit the key for the whole booking"


METADATA: dict[str, tuple[object, str]] = {
    "51 keys": ({f"{MARK}{number}": "" for number in range(51)}, "data.metadata"),
    "a key of 41 characters": ({MARK + "k" * 33: ""}, "data.metadata"),
    "a key of 41 units in UTF-16": ({MARK + "😀" * 16 + "k": ""}, "data.metadata"),
    "a value of 501 characters": ({"key": MARK + "v" * 493}, "data.metadata['key']"),
    "a value of 502 units in UTF-16": (
        {"key": MARK + "😀" * 247},
        "data.metadata['key']",
    ),
    "a number": ({"key": 1}, "data.metadata['key']"),
    "null": ({"key": None}, "data.metadata['key']"),
    "an object": ({"key": {"inner": MARK}}, "data.metadata['key']"),
    "no mapping": ([MARK], "data.metadata"),
    "a key that is a number": ({7: MARK}, "data.metadata"),
    "half a surrogate pair": ({"key": MARK + "\ud800"}, "data.metadata"),
    "itself": (CYCLE, "data.metadata"),
}


@pytest.mark.parametrize("name", METADATA)
def test_metadata_over_a_limit_are_refused(name: str) -> None:
    metadata, field = METADATA[name]
    assert refused(lambda: create(metadata=metadata)).field == field


def test_metadata_at_their_limits_are_sent() -> None:
    metadata = {f"{number:02}" + "😀" * 19: "😀" * 250 for number in range(49)}
    metadata["\uffff" * 40] = "\uffff" * 500
    booking = NewBooking(
        start=START, event_type_id=1, attendee=NewAttendee(**PER), metadata=metadata
    )
    assert booking.metadata == metadata


RESPONSES = {
    "NaN": {"field": math.nan},
    "infinity": {"field": [-math.inf]},
    "an object of Python": {"field": object()},
    "a set": {"field": {MARK}},
    "bytes": {"field": MARK.encode()},
    "itself": CYCLE,
    "100,000 levels": {"field": DEEP},
    "5,000 digits": {"field": 10**5000},
    "half a surrogate pair": {"field": [MARK + "\udfff"]},
    "a key that is not a string": {7: MARK},
    "a list": [MARK],
    "a string": MARK,
}


@pytest.mark.parametrize("name", RESPONSES)
def test_values_outside_json_are_refused(name: str) -> None:
    error = refused(lambda: create(booking_fields_responses=RESPONSES[name]))
    assert error.field == "data.booking_fields_responses"


NAN, INF = math.nan, math.inf

REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    # Paging and filters.
    "take 0": (lambda: bookings.list(take=0), "take"),
    "take 251": (lambda: bookings.list(take=251), "take"),
    "take as a string": (lambda: bookings.list(take="10"), "take"),
    "take NaN": (lambda: bookings.list(take=NAN), "take"),
    "take True": (lambda: bookings.list(take=True), "take"),
    "take 10.5": (lambda: bookings.list(take=10.5), "take"),
    "limit 0": (lambda: bookings.list(limit=0), "limit"),
    "limit 101": (lambda: bookings.list(limit=101), "limit"),
    "limit as a string": (lambda: bookings.list(limit="10"), "limit"),
    "an empty cursor": (lambda: bookings.list(cursor=""), "cursor"),
    "a cursor of a number": (lambda: bookings.list(cursor=5), "cursor"),
    "take with cursor": (lambda: bookings.list(take=3, cursor=MARK), "take"),
    "skip with limit": (lambda: bookings.list(skip=0, limit=3), "skip"),
    "two statuses with cursor": (
        lambda: bookings.list(status=["past", "upcoming"], cursor=MARK),
        "status",
    ),
    "a sort with limit": (lambda: bookings.list(sort_updated_at="asc", limit=3), "sort_updated_at"),
    "take in the version of cursors": (
        lambda: bookings.list(take=3, cal_api_version="2026-05-01"),
        "take",
    ),
    "a sort in the version of cursors": (
        lambda: bookings.list(sort_end="asc", cal_api_version="2026-05-01"),
        "sort_end",
    ),
    "two statuses in the version of cursors": (
        lambda: bookings.list(status=["past", "upcoming"], cal_api_version="2026-05-01"),
        "status",
    ),
    "limit in a version of skip": (
        lambda: bookings.list(limit=3, cal_api_version="2024-08-13"),
        "limit",
    ),
    "a cursor in a version of skip": (
        lambda: bookings.list(cursor=MARK, cal_api_version="2026-02-25"),
        "cursor",
    ),
    "an end before the start": (
        lambda: bookings.list(after_start=START, before_end="2027-04-05T08:59:59Z"),
        "before_end",
    ),
    "created before its creation": (
        lambda: bookings.list(after_created_at=START, before_created_at="2027-04-05T11:00+03:00"),
        "before_created_at",
    ),
    "changed before it was changed": (
        lambda: bookings.list(after_updated_at=START, before_updated_at="2026-01-01T00:00Z"),
        "before_updated_at",
    ),
    "skip -1": (lambda: bookings.list(skip=-1), "skip"),
    "skip as a string": (lambda: bookings.list(skip=MARK), "skip"),
    "an unknown status": (lambda: bookings.list(status=MARK), "status"),
    "an unknown status among others": (lambda: bookings.list(status=["past", MARK]), "status[1]"),
    "a status that is a list": (lambda: bookings.list(status=[["past"]]), "status[0]"),
    "no status": (lambda: bookings.list(status=[]), "status"),
    "a status that is a number": (lambda: bookings.list(status=5), "status"),
    "a status that is a mapping": (lambda: bookings.list(status={"past": 1}), "status"),
    "no event types": (lambda: bookings.list(event_type_ids=()), "event_type_ids"),
    "event types as a string": (lambda: bookings.list(event_type_ids="4,3"), "event_type_ids"),
    "event types as bytes": (lambda: bookings.list(event_type_ids=b"4"), "event_type_ids"),
    "an event type of -1": (lambda: bookings.list(event_type_id=-1), "event_type_id"),
    "a team of 0": (lambda: bookings.list(team_id=0), "team_id"),
    "an infinite id": (lambda: bookings.list(teams_ids=[1, INF]), "teams_ids[1]"),
    "an id above 2**53": (lambda: bookings.list(team_id=2**53), "team_id"),
    "an empty name": (lambda: bookings.list(attendee_name=""), "attendee_name"),
    "a number as a name": (lambda: bookings.list(attendee_name=5), "attendee_name"),
    "an unknown direction": (lambda: bookings.list(sort_end=MARK), "sort_end"),
    "two sorts": (lambda: bookings.list(sort_start="asc", sort_created="asc"), "sort_created"),
    "one and several event types": (
        lambda: bookings.list(event_type_id=1, event_type_ids=[1]),
        "event_type_id",
    ),
    "one and several teams": (lambda: bookings.list(team_id=1, teams_ids=[1]), "team_id"),
    # Event types.
    "no event type": (lambda: of(), "data.event_type_id"),
    "an id and a slug": (
        lambda: of(event_type_id=1, event_type_slug="chat", username="rosa"),
        "data.event_type_slug",
    ),
    "an id and a user": (lambda: of(event_type_id=1, username="rosa"), "data.username"),
    "a user and a team": (
        lambda: of(event_type_slug="chat", username="rosa", team_slug="team"),
        "data.team_slug",
    ),
    "a user without a slug": (lambda: of(username="rosa"), "data.event_type_id"),
    "a slug without a user": (lambda: of(event_type_slug="chat"), "data.event_type_slug"),
    "an empty slug": (lambda: of(event_type_slug="", username="rosa"), "data.event_type_slug"),
    "a negative id": (lambda: of(event_type_id=-5), "data.event_type_id"),
    "an id that is NaN": (lambda: of(event_type_id=NAN), "data.event_type_id"),
    "an id that is True": (lambda: of(event_type_id=True), "data.event_type_id"),
    "an id that is a string": (lambda: of(event_type_id=MARK), "data.event_type_id"),
    # Attendees, locations and options.
    "no e-mail and no phone": (
        lambda: create(attendee={"name": MARK, "time_zone": "UTC"}),
        "data.attendee.email",
    ),
    "an attendee of None": (lambda: create(attendee=None), "data.attendee"),
    "an attendee that is a string": (lambda: create(attendee=MARK), "data.attendee"),
    "a name of None": (lambda: by(name=None), "data.attendee.name"),
    "a name with half a surrogate pair": (lambda: by(name=MARK + "\ud800"), "data.attendee.name"),
    "an e-mail without @": (lambda: by(email=MARK), "data.attendee.email"),
    "an e-mail with a space": (lambda: by(email=f"{MARK} @b"), "data.attendee.email"),
    "an empty e-mail": (lambda: by(email=""), "data.attendee.email"),
    "a national phone number": (lambda: by(phone_number="0151123"), "data.attendee.phone_number"),
    "a phone number of words": (lambda: by(phone_number=MARK), "data.attendee.phone_number"),
    "an empty language": (lambda: by(language=""), "data.attendee.language"),
    "guests as a string": (lambda: create(guests=MARK), "data.guests"),
    "a guest without @": (lambda: create(guests=["a@b", MARK]), "data.guests[1]"),
    "an unknown type of location": (
        lambda: create(location={"type": MARK}),
        "data.location.type",
    ),
    "a location without a type": (
        lambda: create(location={"address": MARK}),
        "data.location.type",
    ),
    "a location that is a string": (lambda: create(location=MARK), "data.location"),
    "an integration without its name": (
        lambda: create(location={"type": "integration"}),
        "data.location.integration",
    ),
    "an address that is empty": (
        lambda: create(location={"type": "attendeeAddress", "address": ""}),
        "data.location.address",
    ),
    "an invalid phone": (lambda: AttendeePhoneLocation(phone=MARK), "phone"),
    "an integration of None": (lambda: IntegrationLocation(integration=None), "integration"),
    "a length of 0": (lambda: create(length_in_minutes=0), "data.length_in_minutes"),
    "a routing without members": (lambda: create(routing={}), "data.routing.team_member_ids"),
    "an instant that is a word": (lambda: create(instant=MARK), "data.instant"),
    "an instant series": (lambda: create(instant=True, recurrence_count=2), "data.instant"),
    "a series of 0": (
        lambda: bookings.create_recurring(
            {"start": START, "event_type_id": 1, "attendee": PER}, recurrence_count=0
        ),
        "recurrence_count",
    ),
    "an instant series by its functions": (
        lambda: bookings.create_recurring(
            {"start": START, "event_type_id": 1, "attendee": PER, "instant": True},
            recurrence_count=2,
        ),
        "instant",
    ),
    # Other writes.
    "a cancellation for a reschedule": (
        lambda: bookings.reschedule("bk7", Cancellation()),
        "data",
    ),
    "a reschedule for a cancellation": (
        lambda: bookings.cancel("bk7", SeatReschedule(seat_uid="s", start=START)),
        "data",
    ),
    "a list for a cancellation": (lambda: bookings.cancel("bk7", [MARK]), "data"),
    "a reason that is a number": (
        lambda: bookings.cancel("bk7", {"cancellation_reason": 5}),
        "data.cancellation_reason",
    ),
    "a seat that is empty": (lambda: bookings.cancel_seat("bk7", ""), "seat_uid"),
    "a seat of None": (lambda: bookings.cancel_seat("bk7", None), "seat_uid"),
    "a typed seat of None": (lambda: SeatCancellation(seat_uid=None), "seat_uid"),
    "a reason for a decline that is a list": (
        lambda: bookings.decline("bk7", reason=[MARK]),
        "reason",
    ),
    "a host that is a word": (lambda: bookings.mark_absent("bk7", host=MARK), "host"),
    "no attendees": (lambda: bookings.mark_absent("bk7", attendees=[]), "attendees"),
    "one attendee, not a list": (
        lambda: bookings.mark_absent("bk7", attendees={"email": MARK, "absent": True}),
        "attendees",
    ),
    "an absence without its flag": (
        lambda: bookings.mark_absent("bk7", attendees=[{"email": "a@b"}]),
        "attendees[0].absent",
    ),
    "an absence by name": (
        lambda: bookings.mark_absent("bk7", attendees=[{"email": MARK, "absent": True}]),
        "attendees[0].email",
    ),
    "a user of 0": (lambda: bookings.reassign_to_user("bk7", 0), "user_id"),
    "a user that is a word": (lambda: bookings.reassign_to_user("bk7", MARK), "user_id"),
    "a user that is NaN": (lambda: bookings.reassign_to_user("bk7", NAN), "user_id"),
    "a user that is infinite": (lambda: bookings.reassign_to_user("bk7", INF), "user_id"),
    "a user that is True": (lambda: bookings.reassign_to_user("bk7", True), "user_id"),
    "a user of a fraction": (lambda: bookings.reassign_to_user("bk7", 1.5), "user_id"),
    # Credentials, URLs, headers, times.
    "a bare string as credentials": (lambda: Api(f"cal_test_{MARK}"), "auth"),
    "no credentials, not anonymous": (lambda: Api(None), "auth"),
    "a key with a line break": (lambda: ApiKey(f"cal_test_{MARK}\n"), "api_key"),
    "a key with a space": (lambda: ApiKey(f"cal_test {MARK}"), "api_key"),
    "a key outside ASCII": (lambda: ApiKey(f"cal_test_{MARK}é"), "api_key"),
    "an empty key": (lambda: ApiKey(""), "api_key"),
    "a key of None": (lambda: ApiKey(None), "api_key"),
    "an empty token": (lambda: AccessToken(""), "token"),
    "an empty client secret": (lambda: OAuthClient("client", ""), "client_secret"),
    "a secret of bytes": (lambda: Secret(MARK.encode()), "secret"),
    "a client id with a line break": (
        lambda: Api(OAuthClient(f"{MARK}\n", "hush")).request(bookings.get("bk7")),
        "client_id",
    ),
    "a user agent with a line break": (
        lambda: Api(Anonymous(), user_agent=f"{MARK}\r\nX: 1"),
        "user_agent",
    ),
    "a user agent of None": (
        lambda: Api(ApiKey(f"cal_test_{MARK}"), user_agent=None),
        "user_agent",
    ),
    "an empty user agent": (lambda: Api(Anonymous(), user_agent=""), "user_agent"),
    "a user agent outside ASCII": (lambda: Api(Anonymous(), user_agent=f"{MARK}é"), "user_agent"),
    "a header with CR": (lambda: Request("GET", "https://h/", {"X": f"{MARK}\r"}), "headers['X']"),
    "a header with LF": (lambda: Request("GET", "https://h/", {"X": f"{MARK}\n"}), "headers['X']"),
    "a header with NUL": (
        lambda: Request("GET", "https://h/", {"X": f"{MARK}\0"}),
        "headers['X']",
    ),
    "a header name with a space": (
        lambda: Request("GET", "https://h/", {f"X {MARK}": "1"}),
        "headers",
    ),
    "a header of a number": (lambda: Headers({"X": 5}), "headers"),
    "a URL with a space": (lambda: Request("GET", f"https://h/{MARK} x"), "url"),
    "a URL with a line break": (lambda: Request("GET", f"https://h/{MARK}\n"), "url"),
    "a URL outside ASCII": (lambda: Request("GET", f"https://h/{MARK}é"), "url"),
    "a timeout of 0": (lambda: Timeout(0), "timeout.connect"),
    "a timeout of NaN": (lambda: Timeout(read=NAN), "timeout.read"),
    "a timeout above a day": (lambda: Timeout(total=86_400.5), "timeout.total"),
    "a timeout of True": (lambda: Timeout(total=True), "timeout.total"),
    "a timeout of None": (lambda: Timeout(None), "timeout.connect"),
    "a negative timeout": (lambda: Timeout(connect=-1), "timeout.connect"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_invalid_input_is_refused_by_its_field(name: str) -> None:
    call, field = REFUSED[name]
    assert refused(call).field == field


CREDENTIALS = "is set from the credentials; pass them as auth=OAuthClient(…)"
JSON = "is set by the library; remove it"
FRAMING = "is set by the transport; remove it"
TWICE = "is repeated, ignoring case; join its values"
CONTROL = "contains a line break or another control character; strip it"
EXTRA_HEADERS: list[tuple[Any, str, str]] = [
    (
        {"authorization": MARK},
        "headers['authorization']",
        "is set from the credentials; pass them as api_key= or auth=",
    ),
    ({"X-Cal-Client-Id": MARK}, "headers['X-Cal-Client-Id']", CREDENTIALS),
    ({"x-cal-secret-key": MARK}, "headers['x-cal-secret-key']", CREDENTIALS),
    (
        {"Cal-Api-Version": MARK},
        "headers['Cal-Api-Version']",
        "is set for each operation; pass versions=, or cal_api_version= to a call",
    ),
    ({"Accept": MARK}, "headers['Accept']", JSON),
    ({"content-type": MARK}, "headers['content-type']", JSON),
    ({"Content-Encoding": MARK}, "headers['Content-Encoding']", JSON),
    ({"X-A": MARK, "x-a": MARK}, "headers['x-a']", TWICE),
    ([("X-A", "1"), ("X-A", MARK)], "headers['X-A']", TWICE),
    ({"X-A": f"{MARK}\r"}, "headers['X-A']", CONTROL),
    ({"X-A": f"{MARK}\n"}, "headers['X-A']", CONTROL),
    ({"X-A": f"{MARK}\0"}, "headers['X-A']", CONTROL),
    ({"X-A": f"{MARK}\x7f"}, "headers['X-A']", CONTROL),
    (
        {"X-A": f"{MARK}€"},
        "headers['X-A']",
        "contains a character outside Latin-1; encode it",
    ),
    ({f"X {MARK}": "1"}, "headers", "a name is not a token of RFC 9110"),
    ({"": MARK}, "headers", "a name is not a token of RFC 9110"),
    (
        {f"cal_test_{MARK}": "X-A"},
        "headers",
        "a name looks like a credential; pass pairs of a name and a value",
    ),
    ({"X-A": 5}, "headers", "contains int instead of text"),
    ({"X-A": None}, "headers", "contains NoneType instead of text"),
    ({5: MARK}, "headers", "contains int instead of text"),
    (f"X-A: {MARK}", "headers", "must be pairs of a name and a value"),
    ([(MARK,)], "headers", "must be pairs of a name and a value"),
    (5, "headers", "must be a mapping or pairs, not int"),
    (None, "headers", "must be a mapping or pairs, not NoneType"),
    *(
        ({name: MARK}, f"headers[{name!r}]", FRAMING)
        for name in (
            *("Host", "Content-Length", "Transfer-Encoding", "Accept-Encoding", "Connection"),
            *("Keep-Alive", "Proxy-Connection", "Upgrade", "TE", "Trailer", "Expect"),
        )
    ),
]


@pytest.mark.parametrize(("headers", "field", "problem"), EXTRA_HEADERS)
def test_a_refused_extra_header_is_named_with_a_remedy(
    headers: Any, field: str, problem: str
) -> None:
    error = refused(lambda: Api(Anonymous(), headers=headers))
    assert (error.field, error.problem) == (field, problem)


@pytest.mark.parametrize(
    "version",
    ["2024-04-15", "2024-09-04", "2026-05-02", "string", "", 5, f"{MARK}\n", ["2024-08-13"]],
)
def test_an_unsupported_version_is_refused(version: Any) -> None:
    calls: list[Callable[[], object]] = [
        lambda: bookings.get("bk7", cal_api_version=version),
        lambda: bookings.cancel("bk7", cal_api_version=version),
        lambda: bookings.create(
            {"start": START, "event_type_id": 1, "attendee": PER}, cal_api_version=version
        ),
    ]
    for call in calls:
        error = refused(call)
        assert error.field == "cal_api_version"
        assert "must be 2024-08-13, 2026-02-25 for bookings." in error.problem
    listed = refused(lambda: bookings.list(cal_api_version=version))
    assert "must be 2024-08-13, 2026-02-25, 2026-05-01 for bookings.list; " in listed.problem


BASE_URLS: dict[str, tuple[object, str]] = {
    "of version 1": (
        "https://api.cal.com/v1",
        "ends in /v1, an API that was shut down in April 2026; remove /v1",
    ),
    "of version 1 and a slash": (
        "https://api.cal.com/v1/",
        "ends in /v1, an API that was shut down in April 2026; remove /v1",
    ),
    "no URL": (MARK, "must be an http or https URL such as https://api.cal.com"),
    "empty": ("", "must be an http or https URL such as https://api.cal.com"),
    "without a host": ("https:///v2", "must be an http or https URL such as https://api.cal.com"),
    "of another scheme": (
        f"ftp://{MARK}",
        "must be an http or https URL such as https://api.cal.com",
    ),
    "with a user": (
        f"https://{MARK}@h",
        "must not contain a user, a query or a fragment",
    ),
    "with a password": (
        f"https://:{MARK}@h",
        "must not contain a user, a query or a fragment",
    ),
    "with a query": ("https://h?x=1", "must not contain a user, a query or a fragment"),
    "with an empty query": ("https://h?", "must not contain a user, a query or a fragment"),
    "with a fragment": ("https://h#x", "must not contain a user, a query or a fragment"),
    "with an empty fragment": ("https://h#", "must not contain a user, a query or a fragment"),
    "with a key in its path": (
        f"https://h/cal_live_{MARK}",
        "contains a credential; pass it as api_key or auth",
    ),
    "with a key as its host": (
        f"https://cal_live_{MARK}",
        "contains a credential; pass it as api_key or auth",
    ),
    "with a password as its port": (f"https://user:{MARK}", "is not a URL"),
    "with a space": (
        f"https://h/{MARK} x",
        "contains a space, a control character or a character outside ASCII",
    ),
    "with a line break": (
        "https://h\n",
        "contains a space, a control character or a character outside ASCII",
    ),
    "with a backslash": (
        "https://h\\x",
        "contains a space, a control character or a character outside ASCII",
    ),
    "outside ASCII": (
        "https://cál.example",
        "contains a space, a control character or a character outside ASCII",
    ),
    "half an IPv6 address": ("https://[::1", "is not a URL"),
    "of an invalid port": ("https://h:99999", "is not a URL"),
    "None": (None, "must be a string, not NoneType"),
    "bytes": (b"https://h", "must be a string, not bytes"),
}


@pytest.mark.parametrize("name", BASE_URLS)
def test_an_invalid_base_url_is_refused(name: str) -> None:
    url, problem = BASE_URLS[name]
    error = refused(lambda: Api(Anonymous(), url))  # type: ignore[arg-type]
    assert (error.field, error.problem) == ("base_url", problem)


def test_a_checked_input_is_used_unchanged() -> None:
    cancellation = Cancellation(cancellation_reason="x")
    assert bookings.cancel("bk7", cancellation).body == b'{"cancellationReason":"x"}'
    assert AddressLocation().type == "address"
