"""Invalid input of slots, reservations, attendees, locations and lists of teams."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from core_refused import MARK, refused

from calcom_core import AddressLocation, Anonymous, Api, NewLinkLocation, bookings, slots, teams

START = "2027-04-05T09:00:00Z"
PER = {"name": "Per", "email": "per@guest.example", "time_zone": "UTC"}
EVA = {"email": "eva@guest.example"}


def listed(**more: Any) -> Any:
    return slots.list(**{"start": "2027-04-05", "end": "2027-04-06", "event_type_id": 1, **more})


def of(**event_type: Any) -> Any:
    return listed(event_type_id=None, **event_type)


def reserved(**more: Any) -> Any:
    return slots.reserve(**{"event_type_id": 1, "slot_start": START, **more})


def updated(**more: Any) -> Any:
    return slots.update_reservation("r", **{"event_type_id": 1, "slot_start": START, **more})


def guests(*given: Any) -> Any:
    return bookings.guests.add("bk7", given)


def added(**more: Any) -> Any:
    return bookings.attendees.add("bk7", **{**PER, **more})


def moved(location: Any) -> Any:
    return bookings.update_location("bk7", location)


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    # Slots.
    "an end before the start": (lambda: listed(end="2027-04-04"), "end"),
    "an end a second before the start": (
        lambda: listed(start=START, end="2027-04-05T08:59:59Z"),
        "end",
    ),
    "an end before the day of the start": (
        lambda: listed(start="2027-04-05", end="2027-04-04T23:59:59Z"),
        "end",
    ),
    "a day before the moment of the start": (lambda: listed(start=START, end="2027-04-04"), "end"),
    "nothing between two midnights": (
        lambda: listed(start="2027-04-05T00:00:00Z", end="2027-04-05T00:00:00Z"),
        "end",
    ),
    "the first moment of all": (
        lambda: listed(start=datetime.min.replace(tzinfo=UTC), end="0001-01-01T00:00:00Z"),
        "end",
    ),
    "a naive start": (lambda: listed(start="2027-04-05T09:00:00"), "start"),
    "a naive end": (lambda: listed(end=datetime(2027, 4, 6)), "end"),
    "an invalid day": (lambda: listed(start="2027-02-31"), "start"),
    "an invalid start": (lambda: listed(start=MARK), "start"),
    "a start of None": (lambda: listed(start=None), "start"),
    "a start of a number": (lambda: listed(start=20270405), "start"),
    "a duration of 0": (lambda: listed(duration=0), "duration"),
    "a negative duration": (lambda: listed(duration=-30), "duration"),
    "a duration with a fraction": (lambda: listed(duration=30.5), "duration"),
    "a duration as a string": (lambda: listed(duration="30"), "duration"),
    "an invalid format": (lambda: listed(format=MARK), "format"),
    "an invalid zone": (lambda: listed(time_zone="EST"), "time_zone"),
    "dates in another zone": (lambda: listed(time_zone="Australia/Sydney"), "start"),
    "a first day in another zone": (
        lambda: listed(start=date(2027, 4, 5), end="2027-04-06T14:00:00Z", time_zone="Etc/GMT+1"),
        "start",
    ),
    "a last day in another zone": (
        lambda: listed(start=START, end=date(2027, 4, 6), time_zone="Europe/Rome"),
        "end",
    ),
    "no hosts": (lambda: listed(rr_host_subset_ids=[]), "rr_host_subset_ids"),
    "a host of 0": (lambda: listed(rr_host_subset_ids=[1, 0]), "rr_host_subset_ids[1]"),
    "an empty booking to move": (
        lambda: listed(booking_uid_to_reschedule=""),
        "booking_uid_to_reschedule",
    ),
    # Event types.
    "no event type": (of, "event_type_id"),
    "an event type of 0": (lambda: listed(event_type_id=0), "event_type_id"),
    "an id and a slug": (lambda: listed(event_type_slug="chat"), "event_type_slug"),
    "an id and an organisation": (lambda: listed(organization_slug="acme"), "organization_slug"),
    "an id and usernames": (lambda: listed(usernames=["a", "b"]), "event_type_id"),
    "a slug alone": (lambda: of(event_type_slug="chat"), "event_type_slug"),
    "a slug of two": (
        lambda: of(event_type_slug="chat", username="rosa", team_slug="gym"),
        "team_slug",
    ),
    "a username alone": (lambda: of(username="rosa"), "event_type_id"),
    "one username": (lambda: of(usernames=["rosa"], organization_slug="acme"), "usernames"),
    "usernames as a string": (
        lambda: of(usernames="rosa,per", organization_slug="acme"),
        "usernames",
    ),
    "usernames without their organisation": (
        lambda: of(usernames=["rosa", "per"]),
        "organization_slug",
    ),
    "usernames and a slug": (
        lambda: of(usernames=["rosa", "per"], event_type_slug="chat", organization_slug="acme"),
        "event_type_slug",
    ),
    "a username that is two": (
        lambda: of(usernames=["rosa", f"per,{MARK}"], organization_slug="acme"),
        "usernames[1]",
    ),
    # Reservations.
    "a reservation without an event type": (lambda: reserved(event_type_id=None), "event_type_id"),
    "a reservation of a day": (lambda: reserved(slot_start="2027-04-05"), "slot_start"),
    "a reservation of a date": (lambda: reserved(slot_start=date(2027, 4, 5)), "slot_start"),
    "a slot of 0 minutes": (lambda: reserved(slot_duration=0), "slot_duration"),
    "a reservation for no minutes": (
        lambda: reserved(reservation_duration=0),
        "reservation_duration",
    ),
    "a reservation moved for negative minutes": (
        lambda: updated(reservation_duration=-5),
        "reservation_duration",
    ),
    "a reservation moved to a naive time": (
        lambda: updated(slot_start="2027-04-05T09:00:00"),
        "slot_start",
    ),
    # Attendees and guests.
    "no guests": (guests, "guests"),
    "eleven guests": (lambda: guests(*[EVA] * 11), "guests"),
    "a guest as a string": (lambda: guests(f"{MARK}@guest.example"), "guests[0]"),
    "guests as a string": (lambda: bookings.guests.add("bk7", f"{MARK}@x"), "guests"),  # type: ignore[arg-type]
    "one guest alone": (lambda: bookings.guests.add("bk7", EVA), "guests"),  # type: ignore[arg-type]
    "a guest without an address": (lambda: guests(EVA, {"name": "Eva"}), "guests[1].email"),
    "a guest with an invalid address": (lambda: guests({"email": MARK}), "guests[0].email"),
    "a guest with another key": (
        lambda: guests({**EVA, "timezone": "UTC"}),
        "guests[0]['timezone']",
    ),
    "a guest with an invalid phone": (
        lambda: guests({**EVA, "phone_number": MARK}),
        "guests[0].phone_number",
    ),
    "an attendee without an address": (lambda: added(email=None), "email"),
    "an attendee with a phone only": (
        lambda: added(email=None, phone_number="+4791234567"),
        "email",
    ),
    "an attendee with an invalid address": (lambda: added(email=MARK), "email"),
    "an attendee without a name": (lambda: added(name=None), "name"),
    "an attendee without a zone": (lambda: added(time_zone=None), "time_zone"),
    "an attendee of 0": (lambda: bookings.attendees.get("bk7", 0), "attendee_id"),
    "an attendee of a string": (
        lambda: bookings.attendees.remove("bk7", f"1/{MARK}"),  # type: ignore[arg-type]
        "attendee_id",
    ),
    # Locations.
    "no place": (lambda: moved(None), "location"),
    "a place as a string": (lambda: moved(MARK), "location"),
    "a place without a type": (lambda: moved({"link": "x"}), "location.type"),
    "a place of another type": (lambda: moved({"type": "organizersDefaultApp"}), "location.type"),
    "a place that only a new booking has": (lambda: moved(AddressLocation()), "location"),
    "a new place for a new booking": (
        lambda: bookings.create(
            {
                "start": START,
                "event_type_id": 1,
                "attendee": PER,
                "location": NewLinkLocation(link="x"),
            }
        ),
        "data.location",
    ),
    "an address without an address": (lambda: moved({"type": "address"}), "location.address"),
    "an empty link": (lambda: moved({"type": "link", "link": ""}), "location.link"),
    "a link with a space": (lambda: moved({"type": "link", "link": f"{MARK} x"}), "location.link"),
    "an invalid phone": (lambda: moved({"type": "phone", "phone": MARK}), "location.phone"),
    "a link with an address": (
        lambda: moved({"type": "link", "link": "x", "address": MARK}),
        "location['address']",
    ),
    # Teams.
    "a team of 0": (lambda: teams.bookings(0), "team_id"),
    "a team of a string": (lambda: teams.bookings("5"), "team_id"),  # type: ignore[arg-type]
    "an organisation of None": (lambda: teams.organization_bookings(None), "org_id"),  # type: ignore[arg-type]
    "a user of -1": (lambda: teams.organization_user_bookings(5, -1), "user_id"),
    "a team of an organisation of 0": (lambda: teams.references(5, 0, "bk7"), "team_id"),
    "a filter that a team's list lacks": (
        lambda: teams.bookings(5, after_updated_at=START),  # type: ignore[call-arg]
        "after_updated_at",
    ),
    "a sort that a team's list lacks": (
        lambda: teams.organization_team_bookings(5, 6, sort_updated_at="asc"),  # type: ignore[call-arg]
        "sort_updated_at",
    ),
    "a filter that no list has": (
        lambda: teams.bookings(5, sort_createt="asc"),  # type: ignore[call-arg]
        "sort_createt",
    ),
    "a cursor for a team": (lambda: teams.bookings(5, cursor="c"), "cursor"),  # type: ignore[call-arg]
    "a limit for a member": (
        lambda: teams.organization_user_bookings(5, 6, limit=3),  # type: ignore[call-arg]
        "limit",
    ),
    "user ids for a member": (
        lambda: teams.organization_user_bookings(5, 6, user_ids=[7]),  # type: ignore[call-arg]
        "user_ids",
    ),
    "no user ids": (lambda: teams.organization_bookings(5, user_ids=[]), "user_ids"),
    "both ways of paging an organisation": (
        lambda: teams.organization_bookings(5, take=3, cursor="c"),
        "take",
    ),
    "take 251 of a team": (lambda: teams.bookings(5, take=251), "take"),
    "limit 101 of an organisation": (lambda: teams.organization_bookings(5, limit=101), "limit"),
    "a team's list by the version of cursors": (
        lambda: teams.bookings(5, cal_api_version="2026-05-01"),
        "cal_api_version",
    ),
    "slots in the version of bookings": (
        lambda: listed(cal_api_version="2024-08-13"),
        "cal_api_version",
    ),
    "bookings in the version of slots": (
        lambda: bookings.get_by_seat("s", cal_api_version="2024-09-04"),
        "cal_api_version",
    ),
    "attendees in a version that returns 404": (
        lambda: bookings.attendees.list("bk7", cal_api_version="2026-02-25"),
        "cal_api_version",
    ),
    "a reference of another type": (lambda: bookings.references("bk7", type=MARK), "type"),  # type: ignore[arg-type]
    # Host-only flags, in a version without them.
    "a flag in an older version": (
        lambda: bookings.reschedule(
            "bk7",
            {"start": START, "skip_booking_limits": True},
            cal_api_version="2024-08-13",
        ),
        "data.skip_booking_limits",
    ),
    "a flag in the table of older versions": (
        lambda: Api(Anonymous()).request(
            bookings.create(
                {"start": START, "event_type_id": 1, "attendee": PER, "allow_conflicts": False}
            )
        ),
        "data.allow_conflicts",
    ),
    "a flag of a seat in the table of older versions": (
        lambda: Api(Anonymous()).request(
            bookings.reschedule_seat("bk7", "s", START, allow_booking_out_of_bounds=True)
        ),
        "allow_booking_out_of_bounds",
    ),
    "a flag that is not a boolean": (
        lambda: bookings.reschedule("bk7", {"start": START, "allow_conflicts": "yes"}),
        "data.allow_conflicts",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_invalid_input_is_refused_by_its_field(name: str) -> None:
    call, field = REFUSED[name]
    assert refused(call).field == field


PROBLEMS: dict[str, str] = {
    "an end before the start": "is before start",
    "nothing between two midnights": "equals start, so no slot can match",
    "a last day in another zone": (
        "is a date, which the server reads in UTC, not in time_zone; pass a datetime, such as "
        "datetime(2027, 4, 5, tzinfo=ZoneInfo('Europe/Rome')): "
        "the midnight before the first day, and the one after the last"
    ),
    "eleven guests": "has 11 items; the server accepts 10",
    "one username": "needs at least 2 items",
    "no guests": "needs at least 1 item",
    "no event type": (
        "is missing; pass it, or event_type_slug with username or team_slug, "
        "or usernames with organization_slug"
    ),
    "a cursor for a team": (
        "is not a filter of this list, which supports status, attendee_email, attendee_name, "
        "booking_uid, event_type_ids, event_type_id, after_start, before_end, sort_start, "
        "sort_end, sort_created, take, skip"
    ),
    "a filter that no list has": "is not a filter of this list; did you mean sort_created?",
    "a place as a string": (
        "must be a mapping with a type, one of address, attendeeAddress, attendeeDefined, "
        "attendeePhone, integration, link, phone, not a string"
    ),
    "a place of another type": (
        "must be one of address, attendeeAddress, attendeeDefined, attendeePhone, integration, "
        "link, phone; for a video app pass {'type': 'integration', 'integration': 'zoom'}"
    ),
    "a flag in the table of older versions": (
        "needs version 2026-02-25 or later, but this call sends 2024-08-13; "
        "pin cal_api_version='2026-02-25' for it, or pass versions=HOSTED and pin none"
    ),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_problem_states_a_remedy(name: str) -> None:
    assert refused(REFUSED[name][0]).problem == PROBLEMS[name]


@pytest.mark.parametrize(
    ("start", "end", "sent"),
    [
        ("2027-04-05", "2027-04-05", ("2027-04-05", "2027-04-05")),
        (date(2027, 4, 5), date(2027, 4, 6), ("2027-04-05", "2027-04-06")),
        (START, "2027-04-05", ("2027-04-05T09:00:00Z", "2027-04-05")),
        (START, START, ("2027-04-05T09:00:00Z", "2027-04-05T09:00:00Z")),
        (
            "2027-04-05T00:00:00Z",
            "2027-04-06T02:00:00+02:00",
            ("2027-04-05T00:00:00Z", "2027-04-05T23:59:59Z"),
        ),
        (
            START,
            datetime(2027, 4, 6, 0, 0, 0, 999, tzinfo=UTC),
            ("2027-04-05T09:00:00Z", "2027-04-05T23:59:59.000Z"),
        ),
        (
            START,
            datetime(2027, 4, 6, 0, 0, 0, 999_999, tzinfo=UTC),
            ("2027-04-05T09:00:00Z", "2027-04-05T23:59:59.999Z"),
        ),
        (
            START,
            "2027-04-06T00:00:01Z",
            ("2027-04-05T09:00:00Z", "2027-04-06T00:00:01Z"),
        ),
        (
            "2027-04-05T23:59:59.5Z",
            "2027-04-06T00:00:00Z",
            ("2027-04-05T23:59:59.500Z", "2027-04-05T23:59:59.500Z"),
        ),
        (
            datetime.min.replace(tzinfo=UTC),
            "0001-01-01T00:00:00.5Z",
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ),
        (
            "2027-04-06T00:00:00Z",
            "2027-04-06T00:00:00.5Z",
            ("2027-04-06T00:00:00Z", "2027-04-06T00:00:00Z"),
        ),
    ],
)
def test_the_bounds_of_slots_keep_their_meaning_on_the_server(
    start: Any, end: Any, sent: tuple[str, str]
) -> None:
    query = dict(slots.list(event_type_id=1, start=start, end=end).query)
    assert (query["start"], query["end"]) == sent


@pytest.mark.parametrize(
    "zone", ["UTC", "Etc/UTC", "Etc/Zulu", "GMT", "Etc/GMT+0", "Etc/Greenwich", "Universal", "UCT"]
)
def test_dates_are_accepted_with_any_name_of_utc(zone: str) -> None:
    query = dict(listed(time_zone=zone).query)
    assert (query["start"], query["end"], query["timeZone"]) == ("2027-04-05", "2027-04-06", zone)


def test_the_days_of_another_zone_are_sent_as_instants() -> None:
    sydney = timezone(timedelta(hours=11))
    query = dict(
        listed(
            start=datetime(2024, 11, 25, tzinfo=sydney),
            end=datetime(2024, 11, 27, tzinfo=sydney),
            time_zone="Australia/Sydney",
        ).query
    )
    assert query == {
        "start": "2024-11-24T13:00:00Z",
        "end": "2024-11-26T13:00:00Z",
        "eventTypeId": "1",
        "timeZone": "Australia/Sydney",
    }


def test_ten_guests_are_sent() -> None:
    assert guests(*[EVA] * 10).body.count(b"eva@guest.example") == 10
