"""Every operation, in short and in full: what it sends in each table of versions, as literals."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

from attrs import frozen
from core_more_calls import PER, PER_SENT, SENT, START

from calcom_core import (
    Absence,
    AttendeeAddressLocation,
    AttendeeDefinedLocation,
    AttendeePhoneLocation,
    Cancellation,
    IntegrationLocation,
    NewAddressLocation,
    NewBooking,
    NewGuest,
    NewLinkLocation,
    NewPhoneLocation,
    Operation,
    Reschedule,
    SeatCancellation,
    SeatReschedule,
    bookings,
    event_types,
    me,
    slots,
    teams,
)
from calcom_core.bookings import attendees, guests


@frozen
class Refused:
    """Stands for a version where nothing may be sent; *field* is what the refusal names."""

    field: str


@frozen
class Sent:
    """A call and what it sends: method and target, and the body's JSON.

    *versions* are those that it speaks in EVERYWHERE and in HOSTED; without *verify* it is
    idempotent.
    """

    call: "partial[Operation[Any]]"
    to: str
    versions: tuple[str | Refused, str]
    body: Any = None
    verify: "partial[Operation[Any]] | None" = None


BY_PHONE = {"name": "Per", "phone_number": "+4791234567", "time_zone": "UTC"}
BY_PHONE_SENT = {"name": "Per", "phoneNumber": "+4791234567", "timeZone": "UTC"}
NEW = {"start": START, "event_type_id": 501, "attendee": PER}
EVA: dict[str, Any] = {"name": "Eva Lie", "email": "eva@guest.example", "time_zone": "Europe/Oslo"}
EVA_SENT = {"name": "Eva Lie", "timeZone": "Europe/Oslo", "email": "eva@guest.example"}
FLAGS: dict[str, Any] = {
    "allow_conflicts": True,
    "allow_booking_out_of_bounds": False,
    "skip_booking_limits": True,
}
FLAGS_SENT = {"allowConflicts": True, "allowBookingOutOfBounds": False, "skipBookingLimits": True}
ROUTED = {
    "team_member_ids": [7, 8],
    "response_id": 3,
    "queued_response_id": "q1",
    "team_member_email": "rosa@host.example",
    "skip_contact_owner": False,
    "crm_app_slug": "crm",
    "crm_owner_record_type": "lead",
}
ROUTED_SENT = {
    "teamMemberIds": [7, 8],
    "responseId": 3,
    "queuedResponseId": "q1",
    "teamMemberEmail": "rosa@host.example",
    "skipContactOwner": False,
    "crmAppSlug": "crm",
    "crmOwnerRecordType": "lead",
}
DETAILS: dict[str, Any] = {
    "organization_slug": "rosa-org",
    "guests": ["eva@guest.example"],
    "location": IntegrationLocation(integration="cal-video"),
    "metadata": {"orderId": "A-17"},
    "booking_fields_responses": {"snake_key": [1, None]},
    "length_in_minutes": 45,
    "routing": ROUTED,
    "email_verification_code": "123456",
    "rr_host_subset_ids": [4, 5],
}
DETAILS_SENT = {
    "organizationSlug": "rosa-org",
    "guests": ["eva@guest.example"],
    "location": {"type": "integration", "integration": "cal-video"},
    "metadata": {"orderId": "A-17"},
    "bookingFieldsResponses": {"snake_key": [1, None]},
    "lengthInMinutes": 45,
    "routing": ROUTED_SENT,
    "emailVerificationCode": "123456",
    "rrHostSubsetIds": [4, 5],
}
NAMED_SENT = {
    "start": "2027-04-05T09:30:00Z",
    "attendee": PER_SENT,
    "eventTypeSlug": "chat",
    **DETAILS_SENT,
}

# What lists of bookings can be asked, as arguments and as sent.
PEOPLE: dict[str, Any] = {
    "status": ["past", "cancelled"],
    "attendee_email": "per+1@guest.example",
    "attendee_name": "Per Dal",
    "booking_uid": "bk7",
    "event_type_ids": [4, 3],
}
PEOPLE_SENT = (
    "status=past,cancelled&attendeeEmail=per%2B1@guest.example&attendeeName=Per%20Dal"
    "&bookingUid=bk7&eventTypeIds=4,3"
)
TIMES: dict[str, Any] = {"after_start": START, "before_end": "2027-04-06T00:00:00.5Z"}
TIMES_SENT = "afterStart=2027-04-05T09:30:00Z&beforeEnd=2027-04-06T00:00:00.500Z"
CHANGES: dict[str, Any] = {
    "after_created_at": datetime(2027, 1, 1, tzinfo=UTC),
    "before_created_at": "2027-02-01T00:00:00+01:00",
    "after_updated_at": "2027-01-02T00:00Z",
    "before_updated_at": "2027-02-02T00Z",
}
CHANGES_SENT = (
    "afterCreatedAt=2027-01-01T00:00:00Z&beforeCreatedAt=2027-01-31T23:00:00Z"
    "&afterUpdatedAt=2027-01-02T00:00:00Z&beforeUpdatedAt=2027-02-02T00:00:00Z"
)
BY_CURSOR: dict[str, Any] = {"limit": 100, "cursor": "eyJ2IjoxfQ=="}
BY_CURSOR_SENT = "limit=100&cursor=eyJ2IjoxfQ%3D%3D"

GOT = partial(bookings.get, "bk7")
GOT_NEWER = partial(bookings.get, "bk7", cal_api_version="2026-02-25")
ATTENDEES = partial(attendees.list, "bk7")
# The read that tells whether a booking was made.
MADE = partial(
    bookings.list,
    status=["upcoming", "recurring", "past", "cancelled", "unconfirmed"],
    after_start=START,
    sort_start="asc",
    take=100,
)
MADE_OF_501 = partial(MADE, event_type_id=501)

ALL = "/v2/bookings"
ONE = "/v2/bookings/bk7"
TEAM = "/v2/teams/3/bookings"
ORGANIZATION = "/v2/organizations/2/bookings"
ORGANIZATION_TEAM = "/v2/organizations/2/teams/3/bookings"
ORGANIZATION_USER = "/v2/organizations/2/users/77/bookings"
RESERVATIONS = "/v2/slots/reservations"
OLD, NEWER, CURSOR, SLOTS = "2024-08-13", "2026-02-25", "2026-05-01", "2024-09-04"
EVENT_TYPES = "2024-06-14"


def _read(function: Callable[..., Operation[Any]], rest: str = "") -> dict[str, Sent]:
    return {"in short": Sent(partial(function, "bk7"), f"GET {ONE}{rest}", (OLD, NEWER))}


def _list(query: str, everywhere: str, hosted: str, **filters: Any) -> Sent:
    target = f"{ALL}?{query}" if query else ALL
    return Sent(partial(bookings.list, **filters), f"GET {target}", (everywhere, hosted))


def _of_organization(query: str, everywhere: str, hosted: str, **filters: Any) -> Sent:
    target = f"{ORGANIZATION}?{query}"
    call = partial(teams.organization_bookings, 2, **filters)
    return Sent(call, f"GET {target}", (everywhere, hosted))


def _slots(query: str, **options: Any) -> Sent:
    return Sent(partial(slots.list, **options), f"GET /v2/slots?{query}", (SLOTS, SLOTS))


def _event_types(query: str, **options: Any) -> Sent:
    call = partial(event_types.list, **options)
    return Sent(call, f"GET /v2/event-types?{query}", (EVENT_TYPES, EVENT_TYPES))


def _slots_until(end: Any, sent: str) -> Sent:
    query = f"start=2027-04-05&end={sent}&eventTypeId=501"
    return _slots(query, start="2027-04-05", end=end, event_type_id=501)


def _moved_to(location: Any, sent: dict[str, str]) -> Sent:
    call = partial(bookings.update_location, "bk7", location)
    return Sent(call, f"PATCH {ONE}/location", (OLD, OLD), {"location": sent}, GOT)


def _references(path: str, hosted: str, call: "partial[Operation[Any]]") -> dict[str, Sent]:
    types = (
        *("google_calendar", "office365_calendar"),
        *("daily_video", "google_video", "office365_video", "zoom_video"),
    )
    rows = {
        f"of {type}": Sent(partial(call, type=type), f"GET {path}?type={type}", (OLD, hosted))
        for type in types
    }
    return {"in short": Sent(call, f"GET {path}", (OLD, hosted)), **rows}


LISTED = {
    "in short": _list("", OLD, CURSOR),
    "in full, by take": _list(
        f"{PEOPLE_SENT}&teamsIds=1,2&{TIMES_SENT}&{CHANGES_SENT}&sortStart=asc&take=250&skip=0",
        OLD,
        OLD,
        **PEOPLE,
        teams_ids=(1, 2),
        **TIMES,
        **CHANGES,
        sort_start="asc",
        take=250,
        skip=0,
    ),
    "in full, by cursor": _list(
        f"status=past&eventTypeId=4&teamId=1&{TIMES_SENT}&{CHANGES_SENT}&{BY_CURSOR_SENT}",
        CURSOR,
        CURSOR,
        status="past",
        event_type_id=4,
        team_id=1,
        **TIMES,
        **CHANGES,
        **BY_CURSOR,
    ),
    "one status": _list("status=past", OLD, CURSOR, status="past"),
    "one status in a list": _list("status=past", OLD, CURSOR, status=["past"]),
    "what both ways of paging know": _list(
        "attendeeName=Per&teamId=1", OLD, CURSOR, attendee_name="Per", team_id=1
    ),
    "several statuses": _list(
        "status=upcoming,unconfirmed", OLD, OLD, status=("upcoming", "unconfirmed")
    ),
    "take": _list("take=1", OLD, OLD, take=1),
    "skip": _list("skip=7", OLD, OLD, skip=7),
    "sort_start": _list("sortStart=desc", OLD, OLD, sort_start="desc"),
    "sort_end": _list("sortEnd=asc", OLD, OLD, sort_end="asc"),
    "sort_created": _list("sortCreated=desc", OLD, OLD, sort_created="desc"),
    "sort_updated_at": _list("sortUpdatedAt=asc", OLD, OLD, sort_updated_at="asc"),
    "limit": _list("limit=1", CURSOR, CURSOR, limit=1),
    "cursor": _list("cursor=a%2Fb", CURSOR, CURSOR, cursor="a/b"),
    "limit and one status": _list("status=past&limit=9", CURSOR, CURSOR, status=["past"], limit=9),
    "take in the pinned version that knows it too": _list(
        "take=5", NEWER, NEWER, take=5, cal_api_version=NEWER
    ),
    "one status in the older version, pinned": _list(
        "status=past", OLD, OLD, status="past", cal_api_version=OLD
    ),
    "one status in the version by cursor, pinned": _list(
        "status=past", CURSOR, CURSOR, status="past", cal_api_version=CURSOR
    ),
}

CREATED = {
    "in short": Sent(partial(bookings.create, NEW), f"POST {ALL}", (OLD, NEWER), SENT, MADE_OF_501),
    "by one who gives a phone number only": Sent(
        partial(bookings.create, {**NEW, "attendee": BY_PHONE}),
        f"POST {ALL}",
        (OLD, NEWER),
        {**SENT, "attendee": BY_PHONE_SENT},
        MADE_OF_501,
    ),
    "in the middle of a second": Sent(
        partial(bookings.create, {**NEW, "start": "2027-04-05T09:30:00.5Z"}),
        f"POST {ALL}",
        (OLD, NEWER),
        {**SENT, "start": "2027-04-05T09:30:00.500Z"},
        MADE_OF_501,
    ),
    "in full, by a team's slug": Sent(
        partial(
            bookings.create,
            {
                "start": "2027-04-05T11:30:00+02:00",
                "attendee": {**PER, "phone_number": "+47 912 34 567", "language": "no"},
                "event_type_slug": "chat",
                "team_slug": "rosa-team",
                **DETAILS,
            },
        ),
        f"POST {ALL}",
        (OLD, NEWER),
        {
            **NAMED_SENT,
            "teamSlug": "rosa-team",
            "attendee": {**PER_SENT, "phoneNumber": "+47 912 34 567", "language": "no"},
        },
        MADE,
    ),
    "in full, by a user's slug, typed": Sent(
        partial(
            bookings.create,
            NewBooking(
                start=START,
                attendee=PER,  # type: ignore[arg-type]
                event_type_slug="chat",
                username="rosa",
                **DETAILS,
            ),
        ),
        f"POST {ALL}",
        (OLD, NEWER),
        {**NAMED_SENT, "username": "rosa"},
        MADE,
    ),
    "so many occurrences": Sent(
        partial(bookings.create, {**NEW, "recurrence_count": 3}),
        f"POST {ALL}",
        (OLD, NEWER),
        {**SENT, "recurrenceCount": 3},
        MADE_OF_501,
    ),
    "at once": Sent(
        partial(bookings.create, {**NEW, "instant": True}),
        f"POST {ALL}",
        (OLD, NEWER),
        {**SENT, "instant": True},
        MADE_OF_501,
    ),
    "as a host": Sent(
        partial(bookings.create, {**NEW, **FLAGS}),
        f"POST {ALL}",
        (Refused("data.allow_conflicts"), NEWER),
        {**SENT, **FLAGS_SENT},
        MADE_OF_501,
    ),
    "as a host, pinned": Sent(
        partial(bookings.create, {**NEW, **FLAGS}, cal_api_version=NEWER),
        f"POST {ALL}",
        (NEWER, NEWER),
        {**SENT, **FLAGS_SENT},
        MADE_OF_501,
    ),
}

MOVED = {
    "in short": Sent(
        partial(bookings.reschedule, "bk7", {"start": START}),
        f"POST {ONE}/reschedule",
        (OLD, NEWER),
        {"start": "2027-04-05T09:30:00Z"},
        GOT,
    ),
    "in full": Sent(
        partial(
            bookings.reschedule,
            "bk7",
            {
                "start": START,
                "rescheduled_by": "rosa@host.example",
                "rescheduling_reason": "train strike",
                "email_verification_code": "1",
                "rr_host_subset_ids": [4],
            },
        ),
        f"POST {ONE}/reschedule",
        (OLD, NEWER),
        {
            "start": "2027-04-05T09:30:00Z",
            "rescheduledBy": "rosa@host.example",
            "reschedulingReason": "train strike",
            "emailVerificationCode": "1",
            "rrHostSubsetIds": [4],
        },
        GOT,
    ),
    "as a host": Sent(
        partial(bookings.reschedule, "bk7", Reschedule(start=START, **FLAGS)),
        f"POST {ONE}/reschedule",
        (Refused("data.allow_conflicts"), NEWER),
        {"start": "2027-04-05T09:30:00Z", **FLAGS_SENT},
        GOT,
    ),
    "as a host, pinned": Sent(
        partial(bookings.reschedule, "bk7", {"start": START, **FLAGS}, cal_api_version=NEWER),
        f"POST {ONE}/reschedule",
        (NEWER, NEWER),
        {"start": "2027-04-05T09:30:00Z", **FLAGS_SENT},
        GOT_NEWER,
    ),
}

SEAT_SENT = {"seatUid": "seat-1", "start": "2027-04-05T09:30:00Z"}
SEAT_MOVED = {
    "in short": Sent(
        partial(bookings.reschedule_seat, "bk7", "seat-1", START),
        f"POST {ONE}/reschedule",
        (OLD, NEWER),
        SEAT_SENT,
        GOT,
    ),
    "in full": Sent(
        partial(
            bookings.reschedule_seat,
            "bk7",
            "seat-1",
            START,
            rescheduled_by="per@guest.example",
            email_verification_code="2",
            **FLAGS,
        ),
        f"POST {ONE}/reschedule",
        (Refused("allow_conflicts"), NEWER),
        {
            **SEAT_SENT,
            "rescheduledBy": "per@guest.example",
            "emailVerificationCode": "2",
            **FLAGS_SENT,
        },
        GOT,
    ),
    "in full, pinned": Sent(
        partial(
            bookings.reschedule,
            "bk7",
            {
                "seat_uid": "seat-1",
                "start": START,
                "rescheduled_by": "per@guest.example",
                "email_verification_code": "2",
                **FLAGS,
            },
            cal_api_version=NEWER,
        ),
        f"POST {ONE}/reschedule",
        (NEWER, NEWER),
        {
            **SEAT_SENT,
            "rescheduledBy": "per@guest.example",
            "emailVerificationCode": "2",
            **FLAGS_SENT,
        },
        GOT_NEWER,
    ),
    "by reschedule, typed": Sent(
        partial(bookings.reschedule, "bk7", SeatReschedule(seat_uid="seat-1", start=START)),
        f"POST {ONE}/reschedule",
        (OLD, NEWER),
        SEAT_SENT,
        GOT,
    ),
}

PLACES = (
    (NewAddressLocation(address="Storgata 1"), {"type": "address", "address": "Storgata 1"}),
    (
        NewLinkLocation(link="https://meet.example/a"),
        {"type": "link", "link": "https://meet.example/a"},
    ),
    (NewPhoneLocation(phone="+4791234567"), {"type": "phone", "phone": "+4791234567"}),
    (
        AttendeeAddressLocation(address="Torget 2"),
        {"type": "attendeeAddress", "address": "Torget 2"},
    ),
    (
        AttendeePhoneLocation(phone="+47 912 34 567"),
        {"type": "attendeePhone", "phone": "+47 912 34 567"},
    ),
    (
        AttendeeDefinedLocation(location="the quay"),
        {"type": "attendeeDefined", "location": "the quay"},
    ),
    (IntegrationLocation(integration="zoom"), {"type": "integration", "integration": "zoom"}),
)
LINK = {"type": "link", "link": "https://meet.example/b"}
LOCATED = {
    "in short": _moved_to(LINK, LINK),
    # A mapping of a place has the keys that are sent.
    **{f"to {sent['type']}": _moved_to(sent, sent) for _, sent in PLACES},
    **{f"to {sent['type']}, typed": _moved_to(typed, sent) for typed, sent in PLACES},
}

SLOTS_LISTED = {
    "in short": _slots(
        "start=2027-04-05&end=2027-04-06&eventTypeId=501",
        start="2027-04-05",
        end="2027-04-06",
        event_type_id=501,
    ),
    "in full": _slots(
        "start=2027-04-05T09:30:00Z&end=2027-04-05T18:00:00Z&eventTypeId=501"
        "&timeZone=Europe%2FOslo&duration=45&format=range&bookingUidToReschedule=bk7"
        "&rrHostSubsetIds=4,5",
        start=START,
        end="2027-04-05T20:00:00+02:00",
        event_type_id=501,
        time_zone="Europe/Oslo",
        duration=45,
        format="range",
        booking_uid_to_reschedule="bk7",
        rr_host_subset_ids=[4, 5],
    ),
    "of a user": _slots(
        "start=2027-04-05&end=2027-04-05&eventTypeSlug=chat&username=rosa&format=time",
        start=date(2027, 4, 5),
        end=date(2027, 4, 5),
        event_type_slug="chat",
        username="rosa",
        format="time",
    ),
    "of a user of an organisation": _slots(
        "start=2027-04-05&end=2027-04-05T18:00:00Z&eventTypeSlug=chat&username=rosa"
        "&organizationSlug=rosa-org",
        start=date(2027, 4, 5),
        end=datetime(2027, 4, 5, 18, tzinfo=UTC),
        event_type_slug="chat",
        username="rosa",
        organization_slug="rosa-org",
    ),
    "of a team": _slots(
        "start=2027-04-05T09:30:00Z&end=2027-04-06&eventTypeSlug=class&teamSlug=gym",
        start=START,
        end="2027-04-06",
        event_type_slug="class",
        team_slug="gym",
    ),
    "of a team of an organisation": _slots(
        "start=2027-04-05&end=2027-04-06&eventTypeSlug=class&teamSlug=gym"
        "&organizationSlug=rosa-org",
        start="2027-04-05",
        end="2027-04-06",
        event_type_slug="class",
        team_slug="gym",
        organization_slug="rosa-org",
    ),
    "of several users": _slots(
        "start=2027-04-05&end=2027-04-06&usernames=rosa,ola%20b&organizationSlug=rosa-org",
        start="2027-04-05",
        end="2027-04-06",
        usernames=["rosa", "ola b"],
        organization_slug="rosa-org",
    ),
    # The server moves an end at midnight to the end of the day that then begins.
    "until midnight": _slots_until("2027-04-06T00:00:00Z", "2027-04-05T23:59:59Z"),
    "until midnight in UTC, said elsewhere": _slots_until(
        "2027-04-06T02:00:00+02:00", "2027-04-05T23:59:59Z"
    ),
    "until midnight as a datetime": _slots_until(
        datetime(2027, 4, 6, tzinfo=UTC), "2027-04-05T23:59:59Z"
    ),
    "until midnight elsewhere": _slots_until("2027-04-06T00:00:00+02:00", "2027-04-05T22:00:00Z"),
    "until a second past midnight": _slots_until("2027-04-06T00:00:01Z", "2027-04-06T00:00:01Z"),
    "until a date": _slots_until(date(2027, 4, 6), "2027-04-06"),
    "from midnight": _slots(
        "start=2027-04-05T00:00:00Z&end=2027-04-05&eventTypeId=501",
        start="2027-04-05T00:00:00Z",
        end="2027-04-05",
        event_type_id=501,
    ),
}

SLOT: dict[str, Any] = {"event_type_id": 501, "slot_start": START}
SLOT_SENT = {"eventTypeId": 501, "slotStart": "2027-04-05T09:30:00Z"}
SLOT_IN_FULL: dict[str, Any] = {**SLOT, "slot_duration": 45, "reservation_duration": 10}
SLOT_IN_FULL_SENT = {**SLOT_SENT, "slotDuration": 45, "reservationDuration": 10}
SLOTS_OF_THE_DAY = partial(
    slots.list, start=date(2027, 4, 5), end=date(2027, 4, 5), event_type_id=501
)


OPERATIONS: dict[str, dict[str, Sent]] = {
    "bookings.list": LISTED,
    "bookings.get": {
        **_read(bookings.get),
        "a uid that tries to leave its segment": Sent(
            partial(bookings.get, "a/../b?x=1#é"),
            "GET /v2/bookings/a%2F..%2Fb%3Fx%3D1%23%C3%A9",
            (OLD, NEWER),
        ),
        "pinned": Sent(partial(bookings.get, "bk7", cal_api_version=OLD), f"GET {ONE}", (OLD, OLD)),
    },
    "bookings.get_one": _read(bookings.get_one),
    "bookings.get_series": _read(bookings.get_series),
    "bookings.get_by_seat": {
        "in short": Sent(
            partial(bookings.get_by_seat, "seat-1"), f"GET {ALL}/by-seat/seat-1", (OLD, NEWER)
        ),
    },
    "bookings.create": CREATED,
    "bookings.create_one": {
        "in short": Sent(
            partial(bookings.create_one, NEW), f"POST {ALL}", (OLD, NEWER), SENT, MADE_OF_501
        ),
        "as a host": Sent(
            partial(bookings.create_one, {**NEW, **FLAGS}),
            f"POST {ALL}",
            (Refused("data.allow_conflicts"), NEWER),
            {**SENT, **FLAGS_SENT},
            MADE_OF_501,
        ),
    },
    "bookings.create_recurring": {
        "in short": Sent(
            partial(bookings.create_recurring, NEW), f"POST {ALL}", (OLD, NEWER), SENT, MADE_OF_501
        ),
        "in full": Sent(
            partial(bookings.create_recurring, {**NEW, **FLAGS}, recurrence_count=3),
            f"POST {ALL}",
            (Refused("data.allow_conflicts"), NEWER),
            {**SENT, "recurrenceCount": 3, **FLAGS_SENT},
            MADE_OF_501,
        ),
    },
    "bookings.create_instant": {
        "in short": Sent(
            partial(bookings.create_instant, NEW),
            f"POST {ALL}",
            (OLD, NEWER),
            {**SENT, "instant": True},
            MADE_OF_501,
        ),
        "as a host": Sent(
            partial(bookings.create_instant, {**NEW, **FLAGS}),
            f"POST {ALL}",
            (Refused("data.allow_conflicts"), NEWER),
            {**SENT, "instant": True, **FLAGS_SENT},
            MADE_OF_501,
        ),
    },
    "bookings.reschedule": MOVED,
    "bookings.reschedule_seat": SEAT_MOVED,
    "bookings.request_reschedule": {
        "in short": Sent(
            partial(bookings.request_reschedule, "bk7"),
            f"POST {ONE}/request-reschedule",
            (Refused("versions"), NEWER),
            {},
            GOT,
        ),
        "in full": Sent(
            partial(bookings.request_reschedule, "bk7", reschedule_reason="train strike"),
            f"POST {ONE}/request-reschedule",
            (Refused("versions"), NEWER),
            {"rescheduleReason": "train strike"},
            GOT,
        ),
        "in full, pinned": Sent(
            partial(
                bookings.request_reschedule,
                "bk7",
                reschedule_reason="train strike",
                cal_api_version=NEWER,
            ),
            f"POST {ONE}/request-reschedule",
            (NEWER, NEWER),
            {"rescheduleReason": "train strike"},
            GOT_NEWER,
        ),
    },
    "bookings.cancel": {
        "in short": Sent(
            partial(bookings.cancel, "bk7"), f"POST {ONE}/cancel", (OLD, NEWER), {}, GOT
        ),
        "in full": Sent(
            partial(
                bookings.cancel,
                "bk7",
                Cancellation(cancellation_reason="ill", cancel_subsequent_bookings=True),
            ),
            f"POST {ONE}/cancel",
            (OLD, NEWER),
            {"cancellationReason": "ill", "cancelSubsequentBookings": True},
            GOT,
        ),
    },
    "bookings.cancel_one": {
        "in short": Sent(
            partial(bookings.cancel_one, "bk7"), f"POST {ONE}/cancel", (OLD, NEWER), {}, GOT
        ),
        "in full": Sent(
            partial(bookings.cancel_one, "bk7", {"cancellation_reason": "ill"}),
            f"POST {ONE}/cancel",
            (OLD, NEWER),
            {"cancellationReason": "ill"},
            GOT,
        ),
        "not those that follow, typed": Sent(
            partial(bookings.cancel_one, "bk7", Cancellation(cancel_subsequent_bookings=False)),
            f"POST {ONE}/cancel",
            (OLD, NEWER),
            {"cancelSubsequentBookings": False},
            GOT,
        ),
    },
    "bookings.cancel_seat": {
        "in short": Sent(
            partial(bookings.cancel_seat, "bk7", "seat-1"),
            f"POST {ONE}/cancel",
            (OLD, NEWER),
            {"seatUid": "seat-1"},
            GOT,
        ),
        "in full": Sent(
            partial(bookings.cancel_seat, "bk7", "seat-1", reason="ill"),
            f"POST {ONE}/cancel",
            (OLD, NEWER),
            {"seatUid": "seat-1", "cancellationReason": "ill"},
            GOT,
        ),
        "by cancel_one": Sent(
            partial(bookings.cancel_one, "bk7", {"seat_uid": "seat-1"}),
            f"POST {ONE}/cancel",
            (OLD, NEWER),
            {"seatUid": "seat-1"},
            GOT,
        ),
        "by cancel": Sent(
            partial(
                bookings.cancel,
                "bk7",
                SeatCancellation(seat_uid="seat-1", cancellation_reason="ill"),
            ),
            f"POST {ONE}/cancel",
            (OLD, NEWER),
            {"seatUid": "seat-1", "cancellationReason": "ill"},
            GOT,
        ),
    },
    "bookings.confirm": {
        "in short": Sent(
            partial(bookings.confirm, "bk7"), f"POST {ONE}/confirm", (OLD, NEWER), None, GOT
        ),
    },
    "bookings.decline": {
        "in short": Sent(
            partial(bookings.decline, "bk7"), f"POST {ONE}/decline", (OLD, NEWER), {}, GOT
        ),
        "in full": Sent(
            partial(bookings.decline, "bk7", reason="no room"),
            f"POST {ONE}/decline",
            (OLD, NEWER),
            {"reason": "no room"},
            GOT,
        ),
    },
    "bookings.confirm_seats": {
        "in short": Sent(
            partial(bookings.confirm_seats, "bk7", ["seat-1"]),
            f"POST {ONE}/seats/confirm",
            (OLD, NEWER),
            {"seatUids": ["seat-1"]},
            GOT,
        ),
        "several seats": Sent(
            partial(bookings.confirm_seats, "bk7", {"seat-1": 1, "seat-2": 2}.keys()),
            f"POST {ONE}/seats/confirm",
            (OLD, NEWER),
            {"seatUids": ["seat-1", "seat-2"]},
            GOT,
        ),
    },
    "bookings.decline_seats": {
        "in short": Sent(
            partial(bookings.decline_seats, "bk7", ("seat-1",)),
            f"POST {ONE}/seats/decline",
            (OLD, NEWER),
            {"seatUids": ["seat-1"]},
            GOT,
        ),
    },
    "bookings.mark_absent": {
        "in short": Sent(
            partial(bookings.mark_absent, "bk7", host=True),
            f"POST {ONE}/mark-absent",
            (OLD, NEWER),
            {"host": True},
            GOT,
        ),
        "in full": Sent(
            partial(
                bookings.mark_absent,
                "bk7",
                host=False,
                attendees=[
                    Absence(email="per@guest.example", absent=True),
                    {"email": "eva@guest.example", "absent": False},
                ],
            ),
            f"POST {ONE}/mark-absent",
            (OLD, NEWER),
            {
                "host": False,
                "attendees": [
                    {"email": "per@guest.example", "absent": True},
                    {"email": "eva@guest.example", "absent": False},
                ],
            },
            GOT,
        ),
    },
    "bookings.reassign": {
        "in short": Sent(
            partial(bookings.reassign, "bk7"), f"POST {ONE}/reassign", (OLD, NEWER), None, GOT
        ),
    },
    "bookings.reassign_to_user": {
        "in short": Sent(
            partial(bookings.reassign_to_user, "bk7", 78),
            f"POST {ONE}/reassign/78",
            (OLD, NEWER),
            {},
            GOT,
        ),
        "in full": Sent(
            partial(bookings.reassign_to_user, "bk7", 78, reason="holiday"),
            f"POST {ONE}/reassign/78",
            (OLD, NEWER),
            {"reason": "holiday"},
            GOT,
        ),
    },
    "bookings.update_location": LOCATED,
    "bookings.recordings": _read(bookings.recordings, "/recordings"),
    "bookings.transcripts": _read(bookings.transcripts, "/transcripts"),
    "bookings.calendar_links": _read(bookings.calendar_links, "/calendar-links"),
    "bookings.references": _references(
        f"{ONE}/references", NEWER, partial(bookings.references, "bk7")
    ),
    "bookings.conferencing_sessions": _read(
        bookings.conferencing_sessions, "/conferencing-sessions"
    ),
    "bookings.attendees.list": {"in short": Sent(ATTENDEES, f"GET {ONE}/attendees", (OLD, OLD))},
    "bookings.attendees.get": {
        "in short": Sent(
            partial(attendees.get, "bk7", 4401), f"GET {ONE}/attendees/4401", (OLD, OLD)
        ),
    },
    "bookings.attendees.add": {
        "in short": Sent(
            partial(attendees.add, "bk7", **EVA),
            f"POST {ONE}/attendees",
            (OLD, OLD),
            EVA_SENT,
            ATTENDEES,
        ),
        "in full": Sent(
            partial(attendees.add, "bk7", **EVA, phone_number="+4791234567", language="pt-BR"),
            f"POST {ONE}/attendees",
            (OLD, OLD),
            {**EVA_SENT, "phoneNumber": "+4791234567", "language": "pt-BR"},
            ATTENDEES,
        ),
    },
    "bookings.attendees.remove": {
        "in short": Sent(
            partial(attendees.remove, "bk7", 4402),
            f"DELETE {ONE}/attendees/4402",
            (OLD, OLD),
            None,
            ATTENDEES,
        ),
    },
    "bookings.guests.add": {
        "in short": Sent(
            partial(guests.add, "bk7", [{"email": "eva@guest.example"}]),
            f"POST {ONE}/guests",
            (OLD, OLD),
            {"guests": [{"email": "eva@guest.example"}]},
            ATTENDEES,
        ),
        "in full": Sent(
            partial(
                guests.add,
                "bk7",
                [
                    NewGuest(**EVA, phone_number="+4791234567", language="no"),
                    {"email": "ola@guest.example", "name": "", "time_zone": "UTC"},
                ],
            ),
            f"POST {ONE}/guests",
            (OLD, OLD),
            {
                "guests": [
                    {**EVA_SENT, "phoneNumber": "+4791234567", "language": "no"},
                    {"email": "ola@guest.example", "name": "", "timeZone": "UTC"},
                ]
            },
            ATTENDEES,
        ),
        "pinned": Sent(
            partial(guests.add, "bk7", [{"email": "eva@guest.example"}], cal_api_version=OLD),
            f"POST {ONE}/guests",
            (OLD, OLD),
            {"guests": [{"email": "eva@guest.example"}]},
            partial(ATTENDEES, cal_api_version=OLD),
        ),
    },
    "slots.list": SLOTS_LISTED,
    "slots.reserve": {
        "in short": Sent(
            partial(slots.reserve, **SLOT),
            f"POST {RESERVATIONS}",
            (SLOTS, SLOTS),
            SLOT_SENT,
            SLOTS_OF_THE_DAY,
        ),
        "in full": Sent(
            partial(slots.reserve, **SLOT_IN_FULL),
            f"POST {RESERVATIONS}",
            (SLOTS, SLOTS),
            SLOT_IN_FULL_SENT,
            partial(SLOTS_OF_THE_DAY, duration=45),
        ),
        "on the morning after, elsewhere": Sent(
            partial(slots.reserve, event_type_id=501, slot_start="2027-04-06T01:00:00+02:00"),
            f"POST {RESERVATIONS}",
            (SLOTS, SLOTS),
            {"eventTypeId": 501, "slotStart": "2027-04-05T23:00:00Z"},
            SLOTS_OF_THE_DAY,
        ),
    },
    "slots.get_reservation": {
        "in short": Sent(
            partial(slots.get_reservation, "res-1"), f"GET {RESERVATIONS}/res-1", (SLOTS, SLOTS)
        ),
        "a uid that is no segment": Sent(
            partial(slots.get_reservation, "by-seat/ 1"),
            f"GET {RESERVATIONS}/by-seat%2F%201",
            (SLOTS, SLOTS),
        ),
    },
    "slots.update_reservation": {
        "in short": Sent(
            partial(slots.update_reservation, "res-1", **SLOT),
            f"PATCH {RESERVATIONS}/res-1",
            (SLOTS, SLOTS),
            SLOT_SENT,
            partial(slots.get_reservation, "res-1"),
        ),
        "in full": Sent(
            partial(slots.update_reservation, "res-1", **SLOT_IN_FULL),
            f"PATCH {RESERVATIONS}/res-1",
            (SLOTS, SLOTS),
            SLOT_IN_FULL_SENT,
            partial(slots.get_reservation, "res-1"),
        ),
    },
    "slots.delete_reservation": {
        "in short": Sent(
            partial(slots.delete_reservation, "res-1"),
            f"DELETE {RESERVATIONS}/res-1",
            (SLOTS, SLOTS),
        ),
    },
    "teams.bookings": {
        "in short": Sent(partial(teams.bookings, 3), f"GET {TEAM}", (OLD, OLD)),
        "in full": Sent(
            partial(teams.bookings, 3, **PEOPLE, **TIMES, sort_start="asc", take=50, skip=100),
            f"GET {TEAM}?{PEOPLE_SENT}&{TIMES_SENT}&sortStart=asc&take=50&skip=100",
            (OLD, OLD),
        ),
        "one event type, by its end": Sent(
            partial(teams.bookings, 3, event_type_id=4, sort_end="desc"),
            f"GET {TEAM}?eventTypeId=4&sortEnd=desc",
            (OLD, OLD),
        ),
        "one status, by when it was made": Sent(
            partial(teams.bookings, 3, status="past", sort_created="asc"),
            f"GET {TEAM}?status=past&sortCreated=asc",
            (OLD, OLD),
        ),
    },
    "teams.organization_bookings": {
        "in short": Sent(
            partial(teams.organization_bookings, 2), f"GET {ORGANIZATION}", (OLD, CURSOR)
        ),
        "in full, by take": _of_organization(
            f"{PEOPLE_SENT}&teamsIds=1,2&{TIMES_SENT}&{CHANGES_SENT}&sortUpdatedAt=asc"
            "&take=50&skip=0&userIds=77,78",
            OLD,
            OLD,
            **PEOPLE,
            teams_ids=[1, 2],
            **TIMES,
            **CHANGES,
            sort_updated_at="asc",
            take=50,
            skip=0,
            user_ids=[77, 78],
        ),
        "in full, by cursor": _of_organization(
            f"status=past&eventTypeId=4&teamId=1&{TIMES_SENT}&{CHANGES_SENT}&userIds=77,78"
            f"&{BY_CURSOR_SENT}",
            CURSOR,
            CURSOR,
            status="past",
            event_type_id=4,
            team_id=1,
            **TIMES,
            **CHANGES,
            user_ids=[77, 78],
            **BY_CURSOR,
        ),
        "one status": _of_organization(
            "status=past&userIds=77", OLD, CURSOR, status="past", user_ids=[77]
        ),
        "several statuses": _of_organization(
            "status=past,cancelled&userIds=77",
            OLD,
            OLD,
            status=["past", "cancelled"],
            user_ids=(77,),
        ),
        "take": _of_organization("take=1", OLD, OLD, take=1),
        "sort_start": _of_organization("sortStart=desc", OLD, OLD, sort_start="desc"),
        "sort_end": _of_organization("sortEnd=desc", OLD, OLD, sort_end="desc"),
        "sort_created": _of_organization("sortCreated=asc", OLD, OLD, sort_created="asc"),
        "limit": _of_organization("limit=1", CURSOR, CURSOR, limit=1),
        "cursor and one status": _of_organization(
            "status=past&cursor=c", CURSOR, CURSOR, status="past", cursor="c"
        ),
        "one status in the older version, pinned": _of_organization(
            "status=past", OLD, OLD, status="past", cal_api_version=OLD
        ),
        "one status in the version by cursor, pinned": _of_organization(
            "status=past", CURSOR, CURSOR, status="past", cal_api_version=CURSOR
        ),
    },
    "teams.organization_team_bookings": {
        "in short": Sent(
            partial(teams.organization_team_bookings, 2, 3), f"GET {ORGANIZATION_TEAM}", (OLD, OLD)
        ),
        "in full": Sent(
            partial(
                teams.organization_team_bookings,
                2,
                3,
                **PEOPLE,
                **TIMES,
                sort_created="desc",
                take=250,
                skip=1,
            ),
            f"GET {ORGANIZATION_TEAM}?{PEOPLE_SENT}&{TIMES_SENT}&sortCreated=desc&take=250&skip=1",
            (OLD, OLD),
        ),
        "one event type, by its start": Sent(
            partial(teams.organization_team_bookings, 2, 3, event_type_id=4, sort_start="desc"),
            f"GET {ORGANIZATION_TEAM}?eventTypeId=4&sortStart=desc",
            (OLD, OLD),
        ),
        "by its end": Sent(
            partial(teams.organization_team_bookings, 2, 3, sort_end="asc"),
            f"GET {ORGANIZATION_TEAM}?sortEnd=asc",
            (OLD, OLD),
        ),
    },
    "teams.organization_user_bookings": {
        "in short": Sent(
            partial(teams.organization_user_bookings, 2, 77), f"GET {ORGANIZATION_USER}", (OLD, OLD)
        ),
        "in full": Sent(
            partial(
                teams.organization_user_bookings,
                2,
                77,
                **PEOPLE,
                teams_ids=[3],
                **TIMES,
                **CHANGES,
                sort_updated_at="desc",
                take=1,
                skip=2,
            ),
            f"GET {ORGANIZATION_USER}?{PEOPLE_SENT}&teamsIds=3&{TIMES_SENT}&{CHANGES_SENT}"
            "&sortUpdatedAt=desc&take=1&skip=2",
            (OLD, OLD),
        ),
        "one event type of one team, by its start": Sent(
            partial(
                teams.organization_user_bookings,
                2,
                77,
                status="past",
                event_type_id=4,
                team_id=3,
                sort_start="asc",
            ),
            f"GET {ORGANIZATION_USER}?status=past&eventTypeId=4&teamId=3&sortStart=asc",
            (OLD, OLD),
        ),
        "by its end": Sent(
            partial(teams.organization_user_bookings, 2, 77, sort_end="asc"),
            f"GET {ORGANIZATION_USER}?sortEnd=asc",
            (OLD, OLD),
        ),
        "by when it was made": Sent(
            partial(teams.organization_user_bookings, 2, 77, sort_created="asc"),
            f"GET {ORGANIZATION_USER}?sortCreated=asc",
            (OLD, OLD),
        ),
    },
    "teams.references": _references(
        f"{ORGANIZATION_TEAM}/bk7/references", OLD, partial(teams.references, 2, 3, "bk7")
    ),
    "event_types.list": {
        "in short": Sent(
            partial(event_types.list), "GET /v2/event-types", (EVENT_TYPES, EVENT_TYPES)
        ),
        "of a user": _event_types("username=ola%20b", username="ola b"),
        "one of a user of an organisation": _event_types(
            "username=rosa&eventSlug=chat&orgSlug=rosa-org",
            username="rosa",
            event_slug="chat",
            org_slug="rosa-org",
        ),
        "of several users": _event_types(
            "usernames=rosa,ola%20b&orgId=2", usernames=("rosa", "ola b"), org_id=2
        ),
        "in the newer version, pinned": Sent(
            partial(event_types.list, cal_api_version="2026-06-12"),
            "GET /v2/event-types",
            ("2026-06-12", "2026-06-12"),
        ),
    },
    "event_types.get": {
        "in short": Sent(
            partial(event_types.get, 501), "GET /v2/event-types/501", (EVENT_TYPES, EVENT_TYPES)
        ),
    },
    "me.get": {"in short": Sent(partial(me.get), "GET /v2/me", (OLD, OLD))},
}

PINS: dict[str, tuple[str, ...]] = {
    "bookings.list": ("2024-08-13", "2026-02-25", "2026-05-01"),
    "bookings.get": ("2024-08-13", "2026-02-25"),
    "bookings.get_one": ("2024-08-13", "2026-02-25"),
    "bookings.get_series": ("2024-08-13", "2026-02-25"),
    "bookings.get_by_seat": ("2024-08-13", "2026-02-25"),
    "bookings.create": ("2024-08-13", "2026-02-25"),
    "bookings.create_one": ("2024-08-13", "2026-02-25"),
    "bookings.create_recurring": ("2024-08-13", "2026-02-25"),
    "bookings.create_instant": ("2024-08-13", "2026-02-25"),
    "bookings.reschedule": ("2024-08-13", "2026-02-25"),
    "bookings.reschedule_seat": ("2024-08-13", "2026-02-25"),
    "bookings.request_reschedule": ("2026-02-25",),
    "bookings.cancel": ("2024-08-13", "2026-02-25"),
    "bookings.cancel_one": ("2024-08-13", "2026-02-25"),
    "bookings.cancel_seat": ("2024-08-13", "2026-02-25"),
    "bookings.confirm": ("2024-08-13", "2026-02-25"),
    "bookings.decline": ("2024-08-13", "2026-02-25"),
    "bookings.confirm_seats": ("2024-08-13", "2026-02-25"),
    "bookings.decline_seats": ("2024-08-13", "2026-02-25"),
    "bookings.mark_absent": ("2024-08-13", "2026-02-25"),
    "bookings.reassign": ("2024-08-13", "2026-02-25"),
    "bookings.reassign_to_user": ("2024-08-13", "2026-02-25"),
    "bookings.update_location": ("2024-08-13",),
    "bookings.recordings": ("2024-08-13", "2026-02-25"),
    "bookings.transcripts": ("2024-08-13", "2026-02-25"),
    "bookings.calendar_links": ("2024-08-13", "2026-02-25"),
    "bookings.references": ("2024-08-13", "2026-02-25"),
    "bookings.conferencing_sessions": ("2024-08-13", "2026-02-25"),
    "bookings.attendees.list": ("2024-08-13",),
    "bookings.attendees.get": ("2024-08-13",),
    "bookings.attendees.add": ("2024-08-13",),
    "bookings.attendees.remove": ("2024-08-13",),
    "bookings.guests.add": ("2024-08-13",),
    "slots.list": ("2024-09-04",),
    "slots.reserve": ("2024-09-04",),
    "slots.get_reservation": ("2024-09-04",),
    "slots.update_reservation": ("2024-09-04",),
    "slots.delete_reservation": ("2024-09-04",),
    "teams.bookings": ("2024-08-13",),
    "teams.organization_bookings": ("2024-08-13", "2026-05-01"),
    "teams.organization_team_bookings": ("2024-08-13",),
    "teams.organization_user_bookings": ("2024-08-13",),
    "teams.references": ("2024-08-13",),
    "event_types.list": ("2024-06-14", "2026-06-12"),
    "event_types.get": ("2024-06-14", "2026-06-12"),
    "me.get": ("2024-08-13",),
}
"""The versions that may be pinned."""
