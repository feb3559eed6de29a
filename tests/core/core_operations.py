"""The table of calls: what each sends under either version profile, as literals."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from functools import partial
from typing import Any

from attrs import frozen

from calcom_core import (
    Absence,
    AddressLocation,
    AttendeeAddressLocation,
    AttendeeDefinedLocation,
    AttendeePhoneLocation,
    Cancellation,
    IntegrationLocation,
    LinkLocation,
    NewAddressLocation,
    NewAttendee,
    NewBooking,
    NewGuest,
    NewLinkLocation,
    NewPhoneLocation,
    Operation,
    OrganizersDefaultAppLocation,
    PhoneLocation,
    Reschedule,
    Routing,
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
    """Takes the place of a version under which the call is refused by its *field*."""

    field: str


@frozen
class Sent:
    """A call and its request: method and target, `cal-api-version`, and the body's JSON.

    *versions* has the version under EVERYWHERE and the one under HOSTED.
    *verify* is the read that verifies a write; an idempotent call has none.
    """

    call: "partial[Operation[Any]]"
    to: str
    versions: tuple[str | Refused, str]
    body: Any = None
    verify: "partial[Operation[Any]] | None" = None


START = datetime(2027, 4, 5, 11, 30, tzinfo=timezone(timedelta(hours=2)))
PER = {"name": "Per Dal", "email": "per@guest.example", "time_zone": "Europe/Oslo"}
PER_SENT = {"name": "Per Dal", "timeZone": "Europe/Oslo", "email": "per@guest.example"}
SENT = {"start": "2027-04-05T09:30:00Z", "attendee": PER_SENT, "eventTypeId": 501}
BY_PHONE = {"name": "", "phone_number": "+4791234567", "time_zone": "UTC"}
BY_PHONE_SENT = {"name": "", "timeZone": "UTC", "phoneNumber": "+4791234567"}
NEW = {"start": START, "event_type_id": 501, "attendee": PER}
EVA: dict[str, Any] = {"name": "Eva Lie", "email": "eva@guest.example", "time_zone": "Europe/Oslo"}
EVA_SENT = {"name": "Eva Lie", "timeZone": "Europe/Oslo", "email": "eva@guest.example"}
FLAGS: dict[str, Any] = {
    "allow_conflicts": True,
    "allow_booking_out_of_bounds": False,
    "skip_booking_limits": True,
}
FLAGS_SENT = {"allowConflicts": True, "allowBookingOutOfBounds": False, "skipBookingLimits": True}
ROUTING = {
    "team_member_ids": [7, 8],
    "response_id": 3,
    "queued_response_id": "q1",
    "team_member_email": "rosa@host.example",
    "skip_contact_owner": False,
    "crm_app_slug": "crm",
    "crm_owner_record_type": "lead",
}
ROUTING_SENT = {
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
    "metadata": {"orderId": "A-17", "snake_key": ""},
    "booking_fields_responses": {"snake_key": [1, None, 2.5], "myField": {"innerKey": True}},
    "length_in_minutes": 45,
    "routing": ROUTING,
    "email_verification_code": "123456",
    "rr_host_subset_ids": [4, 5],
}
DETAILS_SENT = {
    "organizationSlug": "rosa-org",
    "guests": ["eva@guest.example"],
    "location": {"type": "integration", "integration": "cal-video"},
    "metadata": {"orderId": "A-17", "snake_key": ""},
    "bookingFieldsResponses": {"snake_key": [1, None, 2.5], "myField": {"innerKey": True}},
    "lengthInMinutes": 45,
    "routing": ROUTING_SENT,
    "emailVerificationCode": "123456",
    "rrHostSubsetIds": [4, 5],
}
BY_SLUG_SENT = {"start": "2027-04-05T09:30:00Z", "attendee": {}, "eventTypeSlug": "chat"}

# The filters of lists of bookings, as arguments and as sent.
FILTERS: dict[str, Any] = {
    "status": ["past", "cancelled"],
    "attendee_email": "per+1@guest.example",
    "attendee_name": "Per Dal",
    "booking_uid": "bk7",
    "event_type_ids": [4, 3.0],
}
FILTERS_SENT = (
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

GET = partial(bookings.get, "bk7")
GET_NEWER = partial(bookings.get, "bk7", cal_api_version="2026-02-25")
ATTENDEES = partial(attendees.list, "bk7")
# The read that verifies a create.
CREATED_BY_SLUG = partial(
    bookings.list,
    status=["upcoming", "recurring", "past", "cancelled", "unconfirmed"],
    after_start=START,
    sort_start="asc",
    take=100,
)
CREATED_501 = partial(CREATED_BY_SLUG, event_type_id=501)

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


def _write(
    path: str,
    call: "partial[Operation[Any]]",
    body: Any,
    versions: tuple[str | Refused, str] = (OLD, NEWER),
    verify: "partial[Operation[Any]]" = GET,
) -> Sent:
    return Sent(call, f"POST {ONE}/{path}", versions, body, verify)


def _create(
    call: "partial[Operation[Any]]",
    body: Any,
    versions: tuple[str | Refused, str] = (OLD, NEWER),
    verify: "partial[Operation[Any]]" = CREATED_501,
) -> Sent:
    return Sent(call, f"POST {ALL}", versions, body, verify)


def _located(location: Any, sent: Any) -> Sent:
    call = partial(bookings.create, {**NEW, "location": location})
    return _create(call, {**SENT, "location": sent})


def _list(query: str, everywhere: str, hosted: str, **filters: Any) -> Sent:
    target = f"{ALL}?{query}" if query else ALL
    return Sent(partial(bookings.list, **filters), f"GET {target}", (everywhere, hosted))


def _list_of_organization(query: str, everywhere: str, hosted: str, **filters: Any) -> Sent:
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


def _locate(location: Any, sent: dict[str, str]) -> Sent:
    call = partial(bookings.update_location, "bk7", location)
    return Sent(call, f"PATCH {ONE}/location", (OLD, OLD), {"location": sent}, GET)


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


LIST = {
    "in short": _list("", OLD, CURSOR),
    "in full, by take": _list(
        f"{FILTERS_SENT}&teamsIds=1,2&{TIMES_SENT}&{CHANGES_SENT}&sortStart=asc&take=250&skip=0",
        OLD,
        OLD,
        **FILTERS,
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
    "filters of both paging styles": _list(
        "attendeeName=Per%20%26%20D%C3%A5l&teamId=1",
        OLD,
        CURSOR,
        attendee_name="Per & Dål",
        team_id=1,
    ),
    "a time with microseconds": _list(
        "beforeEnd=2027-04-05T09:30:00.125Z",
        OLD,
        CURSOR,
        before_end=datetime(2027, 4, 5, 9, 30, 0, 125_999, UTC),
    ),
    "several statuses": _list(
        "status=upcoming,unconfirmed", OLD, OLD, status=("upcoming", "unconfirmed")
    ),
    "take": _list("take=1", OLD, OLD, take=1.0),
    "skip": _list("skip=7", OLD, OLD, skip=7),
    "sort_start": _list("sortStart=desc", OLD, OLD, sort_start="desc"),
    "sort_end": _list("sortEnd=asc", OLD, OLD, sort_end="asc"),
    "sort_created": _list("sortCreated=desc", OLD, OLD, sort_created="desc"),
    "sort_updated_at": _list("sortUpdatedAt=asc", OLD, OLD, sort_updated_at="asc"),
    "limit": _list("limit=1", CURSOR, CURSOR, limit=1),
    "cursor": _list("cursor=a%2Fb", CURSOR, CURSOR, cursor="a/b"),
    "limit and one status": _list("status=past&limit=9", CURSOR, CURSOR, status=["past"], limit=9),
    "take in a pinned newer version": _list("take=5", NEWER, NEWER, take=5, cal_api_version=NEWER),
    "one status in the older version, pinned": _list(
        "status=past", OLD, OLD, status="past", cal_api_version=OLD
    ),
    "one status in the version by cursor, pinned": _list(
        "status=past", CURSOR, CURSOR, status="past", cal_api_version=CURSOR
    ),
}

MEET = {"type": "integration", "integration": "google-meet"}
CREATE = {
    "in short": _create(partial(bookings.create, NEW), SENT),
    "by an attendee with only a phone number": _create(
        partial(bookings.create, {**NEW, "attendee": BY_PHONE}), {**SENT, "attendee": BY_PHONE_SENT}
    ),
    "in the middle of a second": _create(
        partial(bookings.create, {**NEW, "start": "2027-04-05T09:30:00.5Z"}),
        {**SENT, "start": "2027-04-05T09:30:00.500Z"},
    ),
    "in full, by a team's slug": _create(
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
        {
            **BY_SLUG_SENT,
            "attendee": {**PER_SENT, "phoneNumber": "+47 912 34 567", "language": "no"},
            "teamSlug": "rosa-team",
            **DETAILS_SENT,
        },
        verify=CREATED_BY_SLUG,
    ),
    "in full, by a user's slug, typed": _create(
        partial(
            bookings.create,
            NewBooking(
                start=START,
                attendee=NewAttendee(
                    name="Pér ☕",
                    phone_number="+4791234567",
                    time_zone="Europe/Oslo",
                    language="no",
                ),
                event_type_slug="chat",
                username="rosa",
                **{**DETAILS, "guests": ("eva@guest.example",), "routing": Routing(**ROUTING)},
            ),
        ),
        {
            **BY_SLUG_SENT,
            "attendee": {
                "name": "Pér ☕",
                "timeZone": "Europe/Oslo",
                "phoneNumber": "+4791234567",
                "language": "no",
            },
            "username": "rosa",
            **DETAILS_SENT,
        },
        verify=CREATED_BY_SLUG,
    ),
    "so many occurrences": _create(
        partial(bookings.create, {**NEW, "recurrence_count": 3}), {**SENT, "recurrenceCount": 3}
    ),
    "at once": _create(
        partial(bookings.create, {**NEW, "instant": True}), {**SENT, "instant": True}
    ),
    "empty lists": _create(
        partial(
            bookings.create,
            {**NEW, "guests": [], "routing": {"team_member_ids": []}, "rr_host_subset_ids": ()},
        ),
        {**SENT, "guests": [], "routing": {"teamMemberIds": []}, "rrHostSubsetIds": []},
    ),
    "None for an omitted key": _create(partial(bookings.create, {**NEW, "metadata": None}), SENT),
    "not instant": _create(partial(bookings.create, {**NEW, "instant": False}), SENT),
    "at an address": _located({"type": "address"}, {"type": "address"}),
    "at an address, typed": _located(AddressLocation(), {"type": "address"}),
    "by a link, typed": _located(LinkLocation(), {"type": "link"}),
    "by phone, typed": _located(PhoneLocation(), {"type": "phone"}),
    "by the organizer's default app, typed": _located(
        OrganizersDefaultAppLocation(), {"type": "organizersDefaultApp"}
    ),
    "by an integration": _located(MEET, MEET),
    "by an integration, typed": _located(IntegrationLocation(integration="google-meet"), MEET),
    "at the attendee's address, typed": _located(
        AttendeeAddressLocation(address="Storgata 1"),
        {"type": "attendeeAddress", "address": "Storgata 1"},
    ),
    "by the attendee's phone, typed": _located(
        AttendeePhoneLocation(phone="+47 912 34 567"),
        {"type": "attendeePhone", "phone": "+47 912 34 567"},
    ),
    "defined by the attendee, typed": _located(
        AttendeeDefinedLocation(location="the quay"),
        {"type": "attendeeDefined", "location": "the quay"},
    ),
    "as a host": _create(
        partial(bookings.create, {**NEW, **FLAGS}),
        {**SENT, **FLAGS_SENT},
        (Refused("data.allow_conflicts"), NEWER),
    ),
    "as a host, pinned": _create(
        partial(bookings.create, {**NEW, **FLAGS}, cal_api_version=NEWER),
        {**SENT, **FLAGS_SENT},
        (NEWER, NEWER),
    ),
}

RESCHEDULE = {
    "in short": _write(
        "reschedule",
        partial(bookings.reschedule, "bk7", {"start": START}),
        {"start": "2027-04-05T09:30:00Z"},
    ),
    "in full": _write(
        "reschedule",
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
        {
            "start": "2027-04-05T09:30:00Z",
            "rescheduledBy": "rosa@host.example",
            "reschedulingReason": "train strike",
            "emailVerificationCode": "1",
            "rrHostSubsetIds": [4],
        },
    ),
    "as a host": _write(
        "reschedule",
        partial(bookings.reschedule, "bk7", Reschedule(start=START, **FLAGS)),
        {"start": "2027-04-05T09:30:00Z", **FLAGS_SENT},
        (Refused("data.allow_conflicts"), NEWER),
    ),
    "as a host, pinned": _write(
        "reschedule",
        partial(bookings.reschedule, "bk7", {"start": START, **FLAGS}, cal_api_version=NEWER),
        {"start": "2027-04-05T09:30:00Z", **FLAGS_SENT},
        (NEWER, NEWER),
        verify=GET_NEWER,
    ),
}

SEAT_SENT = {"seatUid": "seat-1", "start": "2027-04-05T09:30:00Z"}
RESCHEDULE_SEAT = {
    "in short": _write(
        "reschedule", partial(bookings.reschedule_seat, "bk7", "seat-1", START), SEAT_SENT
    ),
    "in full": _write(
        "reschedule",
        partial(
            bookings.reschedule_seat,
            "bk7",
            "seat-1",
            START,
            rescheduled_by="per@guest.example",
            email_verification_code="2",
            **FLAGS,
        ),
        {
            **SEAT_SENT,
            "rescheduledBy": "per@guest.example",
            "emailVerificationCode": "2",
            **FLAGS_SENT,
        },
        (Refused("allow_conflicts"), NEWER),
    ),
    "in full, pinned": _write(
        "reschedule",
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
        {
            **SEAT_SENT,
            "rescheduledBy": "per@guest.example",
            "emailVerificationCode": "2",
            **FLAGS_SENT,
        },
        (NEWER, NEWER),
        verify=GET_NEWER,
    ),
    "by reschedule, typed": _write(
        "reschedule",
        partial(bookings.reschedule, "bk7", SeatReschedule(seat_uid="seat-1", start=START)),
        SEAT_SENT,
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
UPDATE_LOCATION = {
    "in short": _locate(LINK, LINK),
    # A mapping of a location has the keys of the API.
    **{f"to {sent['type']}": _locate(sent, sent) for _, sent in PLACES},
    **{f"to {sent['type']}, typed": _locate(typed, sent) for typed, sent in PLACES},
}

LIST_SLOTS = {
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
    # The server moves an end at midnight to the end of the following day.
    "until midnight": _slots_until("2027-04-06T00:00:00Z", "2027-04-05T23:59:59Z"),
    "until midnight in UTC, with another offset": _slots_until(
        "2027-04-06T02:00:00+02:00", "2027-04-05T23:59:59Z"
    ),
    "until midnight as a datetime": _slots_until(
        datetime(2027, 4, 6, tzinfo=UTC), "2027-04-05T23:59:59Z"
    ),
    "until midnight in another zone": _slots_until(
        "2027-04-06T00:00:00+02:00", "2027-04-05T22:00:00Z"
    ),
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
    "bookings.list": LIST,
    "bookings.get": {
        **_read(bookings.get),
        "a uid with a slash, dots and a query": Sent(
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
        )
    },
    "bookings.create": CREATE,
    "bookings.create_one": {
        "in short": _create(partial(bookings.create_one, NEW), SENT),
        "as a host": _create(
            partial(bookings.create_one, {**NEW, **FLAGS}),
            {**SENT, **FLAGS_SENT},
            (Refused("data.allow_conflicts"), NEWER),
        ),
    },
    "bookings.create_recurring": {
        "in short": _create(partial(bookings.create_recurring, NEW), SENT),
        "in full": _create(
            partial(bookings.create_recurring, {**NEW, **FLAGS}, recurrence_count=3),
            {**SENT, "recurrenceCount": 3, **FLAGS_SENT},
            (Refused("data.allow_conflicts"), NEWER),
        ),
    },
    "bookings.create_instant": {
        "in short": _create(partial(bookings.create_instant, NEW), {**SENT, "instant": True}),
        "as a host": _create(
            partial(bookings.create_instant, {**NEW, **FLAGS}),
            {**SENT, "instant": True, **FLAGS_SENT},
            (Refused("data.allow_conflicts"), NEWER),
        ),
    },
    "bookings.reschedule": RESCHEDULE,
    "bookings.reschedule_seat": RESCHEDULE_SEAT,
    "bookings.request_reschedule": {
        "in short": _write(
            "request-reschedule",
            partial(bookings.request_reschedule, "bk7"),
            {},
            (Refused("versions"), NEWER),
        ),
        "in full": _write(
            "request-reschedule",
            partial(bookings.request_reschedule, "bk7", reschedule_reason="train strike"),
            {"rescheduleReason": "train strike"},
            (Refused("versions"), NEWER),
        ),
        "in full, pinned": _write(
            "request-reschedule",
            partial(
                bookings.request_reschedule,
                "bk7",
                reschedule_reason="train strike",
                cal_api_version=NEWER,
            ),
            {"rescheduleReason": "train strike"},
            (NEWER, NEWER),
            verify=GET_NEWER,
        ),
    },
    "bookings.cancel": {
        "in short": _write("cancel", partial(bookings.cancel, "bk7"), {}),
        "in full": _write(
            "cancel",
            partial(
                bookings.cancel,
                "bk7",
                Cancellation(cancellation_reason="ill", cancel_subsequent_bookings=True),
            ),
            {"cancellationReason": "ill", "cancelSubsequentBookings": True},
        ),
        "a uid with a slash": Sent(
            partial(bookings.cancel, "b/7"),
            f"POST {ALL}/b%2F7/cancel",
            (OLD, NEWER),
            {},
            partial(bookings.get, "b/7"),
        ),
    },
    "bookings.cancel_one": {
        "in short": _write("cancel", partial(bookings.cancel_one, "bk7"), {}),
        "in full": _write(
            "cancel",
            partial(bookings.cancel_one, "bk7", {"cancellation_reason": "ill"}),
            {"cancellationReason": "ill"},
        ),
        "an empty reason and False, typed": _write(
            "cancel",
            partial(
                bookings.cancel_one,
                "bk7",
                Cancellation(cancellation_reason="", cancel_subsequent_bookings=False),
            ),
            {"cancellationReason": "", "cancelSubsequentBookings": False},
        ),
    },
    "bookings.cancel_seat": {
        "in short": _write(
            "cancel", partial(bookings.cancel_seat, "bk7", "seat-1"), {"seatUid": "seat-1"}
        ),
        "in full": _write(
            "cancel",
            partial(bookings.cancel_seat, "bk7", "seat-1", reason="ill"),
            {"seatUid": "seat-1", "cancellationReason": "ill"},
        ),
        "by cancel_one": _write(
            "cancel",
            partial(bookings.cancel_one, "bk7", {"seat_uid": "seat-1"}),
            {"seatUid": "seat-1"},
        ),
        "by cancel": _write(
            "cancel",
            partial(
                bookings.cancel,
                "bk7",
                SeatCancellation(seat_uid="seat-1", cancellation_reason="ill"),
            ),
            {"seatUid": "seat-1", "cancellationReason": "ill"},
        ),
    },
    "bookings.confirm": {"in short": _write("confirm", partial(bookings.confirm, "bk7"), None)},
    "bookings.decline": {
        "in short": _write("decline", partial(bookings.decline, "bk7"), {}),
        "in full": _write(
            "decline", partial(bookings.decline, "bk7", reason="no room"), {"reason": "no room"}
        ),
    },
    "bookings.confirm_seats": {
        "in short": _write(
            "seats/confirm",
            partial(bookings.confirm_seats, "bk7", ["seat-1"]),
            {"seatUids": ["seat-1"]},
        ),
        "several seats": _write(
            "seats/confirm",
            partial(bookings.confirm_seats, "bk7", {"seat-1": 1, "seat-2": 2}.keys()),
            {"seatUids": ["seat-1", "seat-2"]},
        ),
    },
    "bookings.decline_seats": {
        "in short": _write(
            "seats/decline",
            partial(bookings.decline_seats, "bk7", ("seat-1",)),
            {"seatUids": ["seat-1"]},
        )
    },
    "bookings.mark_absent": {
        "in short": _write(
            "mark-absent", partial(bookings.mark_absent, "bk7", host=True), {"host": True}
        ),
        "in full": _write(
            "mark-absent",
            partial(
                bookings.mark_absent,
                "bk7",
                host=False,
                attendees=[
                    Absence(email="per@guest.example", absent=True),
                    {"email": "eva@guest.example", "absent": False},
                ],
            ),
            {
                "host": False,
                "attendees": [
                    {"email": "per@guest.example", "absent": True},
                    {"email": "eva@guest.example", "absent": False},
                ],
            },
        ),
    },
    "bookings.reassign": {"in short": _write("reassign", partial(bookings.reassign, "bk7"), None)},
    "bookings.reassign_to_user": {
        "in short": _write("reassign/78", partial(bookings.reassign_to_user, "bk7", 78), {}),
        "in full": _write(
            "reassign/78",
            partial(bookings.reassign_to_user, "bk7", 78, reason="holiday"),
            {"reason": "holiday"},
        ),
    },
    "bookings.update_location": UPDATE_LOCATION,
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
        )
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
        )
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
                    {
                        "email": "eva@guest.example",
                        "name": "Eva Lie",
                        "timeZone": "Europe/Oslo",
                        "phoneNumber": "+4791234567",
                        "language": "no",
                    },
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
    "slots.list": LIST_SLOTS,
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
        "on the next morning in another zone": Sent(
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
        "a uid with a slash": Sent(
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
        )
    },
    "teams.bookings": {
        "in short": Sent(partial(teams.bookings, 3), f"GET {TEAM}", (OLD, OLD)),
        "in full": Sent(
            partial(teams.bookings, 3, **FILTERS, **TIMES, sort_start="asc", take=50, skip=100),
            f"GET {TEAM}?{FILTERS_SENT}&{TIMES_SENT}&sortStart=asc&take=50&skip=100",
            (OLD, OLD),
        ),
        "one event type, by its end": Sent(
            partial(teams.bookings, 3, event_type_id=4, sort_end="desc"),
            f"GET {TEAM}?eventTypeId=4&sortEnd=desc",
            (OLD, OLD),
        ),
        "one status, by its creation": Sent(
            partial(teams.bookings, 3, status="past", sort_created="asc"),
            f"GET {TEAM}?status=past&sortCreated=asc",
            (OLD, OLD),
        ),
    },
    "teams.organization_bookings": {
        "in short": Sent(
            partial(teams.organization_bookings, 2), f"GET {ORGANIZATION}", (OLD, CURSOR)
        ),
        "in full, by take": _list_of_organization(
            f"{FILTERS_SENT}&teamsIds=1,2&{TIMES_SENT}&{CHANGES_SENT}&sortUpdatedAt=asc"
            "&take=50&skip=0&userIds=77,78",
            OLD,
            OLD,
            **FILTERS,
            teams_ids=[1, 2],
            **TIMES,
            **CHANGES,
            sort_updated_at="asc",
            take=50,
            skip=0,
            user_ids=[77, 78],
        ),
        "in full, by cursor": _list_of_organization(
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
        "one status": _list_of_organization(
            "status=past&userIds=77", OLD, CURSOR, status="past", user_ids=[77]
        ),
        "several statuses": _list_of_organization(
            "status=past,cancelled&userIds=77",
            OLD,
            OLD,
            status=["past", "cancelled"],
            user_ids=(77,),
        ),
        "take": _list_of_organization("take=1", OLD, OLD, take=1),
        "sort_start": _list_of_organization("sortStart=desc", OLD, OLD, sort_start="desc"),
        "sort_end": _list_of_organization("sortEnd=desc", OLD, OLD, sort_end="desc"),
        "sort_created": _list_of_organization("sortCreated=asc", OLD, OLD, sort_created="asc"),
        "limit": _list_of_organization("limit=1", CURSOR, CURSOR, limit=1),
        "cursor and one status": _list_of_organization(
            "status=past&cursor=c", CURSOR, CURSOR, status="past", cursor="c"
        ),
        "one status in the older version, pinned": _list_of_organization(
            "status=past", OLD, OLD, status="past", cal_api_version=OLD
        ),
        "one status in the version by cursor, pinned": _list_of_organization(
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
                **FILTERS,
                **TIMES,
                sort_created="desc",
                take=250,
                skip=1,
            ),
            f"GET {ORGANIZATION_TEAM}?{FILTERS_SENT}&{TIMES_SENT}&sortCreated=desc&take=250&skip=1",
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
                **FILTERS,
                teams_ids=[3],
                **TIMES,
                **CHANGES,
                sort_updated_at="desc",
                take=1,
                skip=2,
            ),
            f"GET {ORGANIZATION_USER}?{FILTERS_SENT}&teamsIds=3&{TIMES_SENT}&{CHANGES_SENT}"
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
        "by its creation": Sent(
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
        )
    },
    "me.get": {"in short": Sent(partial(me.get), "GET /v2/me", (OLD, OLD))},
}

CHAT_UID = "9dfkso7iDs9uZtHquD1zR1"
CHAT = f"{ALL}/{CHAT_UID}"
CHAT_CALL: dict[str, Any] = {"booking_uid": CHAT_UID, "cal_api_version": OLD}
CHAT_READ = partial(bookings.get, CHAT_UID, cal_api_version=OLD)


def _chat(function: Callable[..., Operation[Any]], path: str, body: Any, **given: Any) -> Sent:
    call = partial(function, **CHAT_CALL, **given)
    return Sent(call, f"POST {CHAT}/{path}", (OLD, OLD), body, CHAT_READ)


REFERENCE = "as in the reference of the SDK"
"""The label of the ten calls of the Python SDK's reference; only placeholders are replaced."""

OPERATIONS["bookings.list"][REFERENCE] = _list("", OLD, OLD, cal_api_version=OLD)
OPERATIONS["bookings.get"][REFERENCE] = Sent(
    partial(bookings.get, **CHAT_CALL), f"GET {CHAT}", (OLD, OLD)
)
OPERATIONS["bookings.create"][REFERENCE] = _create(
    partial(
        bookings.create,
        cal_api_version=OLD,
        data={
            "attendee": {
                "name": "John Doe",
                "email": "john@guest.example",
                "time_zone": "America/New_York",
            },
            "event_type_id": 123.0,
            "start": "2024-08-13T09:00:00Z",
        },
    ),
    {
        "start": "2024-08-13T09:00:00Z",
        "attendee": {
            "name": "John Doe",
            "timeZone": "America/New_York",
            "email": "john@guest.example",
        },
        "eventTypeId": 123,
    },
    (OLD, OLD),
    verify=partial(CREATED_501, event_type_id=123, after_start="2024-08-13T09:00:00Z"),
)
OPERATIONS["bookings.cancel"][REFERENCE] = _chat(bookings.cancel, "cancel", {}, data={})
OPERATIONS["bookings.confirm"][REFERENCE] = _chat(bookings.confirm, "confirm", None)
OPERATIONS["bookings.decline"][REFERENCE] = _chat(
    bookings.decline,
    "decline",
    {"reason": "Host has to take another call"},
    reason="Host has to take another call",
)
OPERATIONS["bookings.mark_absent"][REFERENCE] = _chat(
    bookings.mark_absent, "mark-absent", {"host": False}, host=False
)
OPERATIONS["bookings.reassign"][REFERENCE] = _chat(bookings.reassign, "reassign", None)
OPERATIONS["bookings.reassign_to_user"][REFERENCE] = _chat(
    bookings.reassign_to_user,
    "reassign/123",
    {"reason": "Host has to take another call"},
    user_id=123.0,
    reason="Host has to take another call",
)
OPERATIONS["bookings.reschedule"][REFERENCE] = _chat(
    bookings.reschedule,
    "reschedule",
    {"start": "2024-08-13T10:00:00Z"},
    data={"start": "2024-08-13T10:00:00Z"},
)

_PINS = {
    (OLD, NEWER, CURSOR): "bookings.list",
    (OLD, NEWER): (
        "bookings.get bookings.get_one bookings.get_series bookings.get_by_seat "
        "bookings.create bookings.create_one bookings.create_recurring bookings.create_instant "
        "bookings.reschedule bookings.reschedule_seat bookings.cancel bookings.cancel_one "
        "bookings.cancel_seat bookings.confirm bookings.decline bookings.confirm_seats "
        "bookings.decline_seats bookings.mark_absent bookings.reassign "
        "bookings.reassign_to_user bookings.recordings bookings.transcripts "
        "bookings.calendar_links bookings.references bookings.conferencing_sessions"
    ),
    (NEWER,): "bookings.request_reschedule",
    (OLD,): (
        "bookings.update_location bookings.attendees.list bookings.attendees.get "
        "bookings.attendees.add bookings.attendees.remove bookings.guests.add teams.bookings "
        "teams.organization_team_bookings teams.organization_user_bookings teams.references "
        "me.get"
    ),
    (SLOTS,): (
        "slots.list slots.reserve slots.get_reservation slots.update_reservation "
        "slots.delete_reservation"
    ),
    (OLD, CURSOR): "teams.organization_bookings",
    (EVENT_TYPES, "2026-06-12"): "event_types.list event_types.get",
}
PINS = {name: versions for versions, names in _PINS.items() for name in names.split()}
"""The versions that each operation may be pinned to."""
