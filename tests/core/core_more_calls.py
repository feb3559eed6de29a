"""Calls that no recording has, and what each must send: method, target and JSON body."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from calcom_core import (
    Absence,
    AddressLocation,
    AttendeeAddressLocation,
    AttendeeDefinedLocation,
    AttendeePhoneLocation,
    Cancellation,
    IntegrationLocation,
    LinkLocation,
    NewAttendee,
    NewBooking,
    Operation,
    OrganizersDefaultAppLocation,
    PhoneLocation,
    Reschedule,
    Routing,
    SeatCancellation,
    SeatReschedule,
    bookings,
)

Sent = tuple[Callable[[], Operation[Any]], str, str, Any]

START = datetime(2027, 4, 5, 11, 30, tzinfo=timezone(timedelta(hours=2)))
PER = {"name": "Per Dal", "email": "per@guest.example", "time_zone": "Europe/Oslo"}
PER_SENT = {"name": "Per Dal", "timeZone": "Europe/Oslo", "email": "per@guest.example"}
SENT = {"start": "2027-04-05T09:30:00Z", "eventTypeId": 501, "attendee": PER_SENT}


def _located(location: Any, sent: Any) -> Sent:
    data = {"start": START, "event_type_id": 501, "attendee": PER, "location": location}
    return (lambda: bookings.create(data), "POST", "/v2/bookings", {**SENT, "location": sent})


def _listed(target: str, **filters: Any) -> Sent:
    return (lambda: bookings.list(**filters), "GET", target, None)


LOCATIONS: dict[str, Sent] = {
    "address": _located(AddressLocation(), {"type": "address"}),
    "link": _located(LinkLocation(), {"type": "link"}),
    "phone": _located(PhoneLocation(), {"type": "phone"}),
    "organizersDefaultApp": _located(
        OrganizersDefaultAppLocation(), {"type": "organizersDefaultApp"}
    ),
    "integration": _located(
        IntegrationLocation(integration="google-meet"),
        {"type": "integration", "integration": "google-meet"},
    ),
    "attendeeAddress": _located(
        AttendeeAddressLocation(address="Storgata 1"),
        {"type": "attendeeAddress", "address": "Storgata 1"},
    ),
    "attendeePhone": _located(
        AttendeePhoneLocation(phone="+47 912 34 567"),
        {"type": "attendeePhone", "phone": "+47 912 34 567"},
    ),
    "attendeeDefined": _located(
        AttendeeDefinedLocation(location="the quay"),
        {"type": "attendeeDefined", "location": "the quay"},
    ),
    "a mapping with no more than a type": _located({"type": "address"}, {"type": "address"}),
    "a mapping of an integration": _located(
        {"type": "integration", "integration": "cal-video"},
        {"type": "integration", "integration": "cal-video"},
    ),
}

WRITES: dict[str, Sent] = {
    "create with everything": (
        lambda: bookings.create(
            NewBooking(
                start="2027-04-05T11:30:00+02:00",
                attendee=NewAttendee(
                    name="Pér ☕",
                    email="per@guest.example",
                    phone_number="+4791234567",
                    time_zone="Europe/Oslo",
                    language="no",
                ),
                event_type_slug="chat",
                team_slug="rosa-team",
                organization_slug="rosa-org",
                guests=("eva@guest.example",),
                metadata={"orderId": "A-17", "snake_key": ""},
                booking_fields_responses={"myField": {"innerKey": [1, None, 2.5]}, "x_y": True},
                length_in_minutes=45,
                routing=Routing(
                    team_member_ids=[7, 8],
                    response_id=3,
                    queued_response_id="q1",
                    team_member_email="rosa@host.example",
                    skip_contact_owner=False,
                    crm_app_slug="crm",
                    crm_owner_record_type="lead",
                ),
                email_verification_code="123456",
                rr_host_subset_ids=[4, 5],
            )
        ),
        "POST",
        "/v2/bookings",
        {
            "start": "2027-04-05T09:30:00Z",
            "attendee": {
                "name": "Pér ☕",
                "timeZone": "Europe/Oslo",
                "email": "per@guest.example",
                "phoneNumber": "+4791234567",
                "language": "no",
            },
            "eventTypeSlug": "chat",
            "teamSlug": "rosa-team",
            "organizationSlug": "rosa-org",
            "guests": ["eva@guest.example"],
            "metadata": {"orderId": "A-17", "snake_key": ""},
            "bookingFieldsResponses": {"myField": {"innerKey": [1, None, 2.5]}, "x_y": True},
            "lengthInMinutes": 45,
            "routing": {
                "teamMemberIds": [7, 8],
                "responseId": 3,
                "queuedResponseId": "q1",
                "teamMemberEmail": "rosa@host.example",
                "skipContactOwner": False,
                "crmAppSlug": "crm",
                "crmOwnerRecordType": "lead",
            },
            "emailVerificationCode": "123456",
            "rrHostSubsetIds": [4, 5],
        },
    ),
    "create with routing as a mapping": (
        lambda: bookings.create(
            {
                "start": START,
                "event_type_id": 501,
                "attendee": PER,
                "routing": {"team_member_ids": [7]},
            }
        ),
        "POST",
        "/v2/bookings",
        {**SENT, "routing": {"teamMemberIds": [7]}},
    ),
    "create with lists that are empty": (
        lambda: bookings.create(
            {
                "start": START,
                "event_type_id": 501,
                "attendee": PER,
                "guests": [],
                "routing": {"team_member_ids": []},
                "rr_host_subset_ids": (),
            }
        ),
        "POST",
        "/v2/bookings",
        {**SENT, "guests": [], "routing": {"teamMemberIds": []}, "rrHostSubsetIds": []},
    ),
    "create within an organisation": (
        lambda: bookings.create(
            {
                "start": START,
                "event_type_slug": "chat",
                "username": "rosa",
                "organization_slug": "rosa-org",
                "attendee": PER,
            }
        ),
        "POST",
        "/v2/bookings",
        {
            "start": "2027-04-05T09:30:00Z",
            "attendee": PER_SENT,
            "eventTypeSlug": "chat",
            "username": "rosa",
            "organizationSlug": "rosa-org",
        },
    ),
    "create with what is not wanted said as None": (
        lambda: bookings.create(
            {"start": START, "event_type_id": 501, "attendee": PER, "metadata": None}
        ),
        "POST",
        "/v2/bookings",
        SENT,
    ),
    "create that says it is not instant": (
        lambda: bookings.create(
            {"start": START, "event_type_id": 501, "attendee": PER, "instant": False}
        ),
        "POST",
        "/v2/bookings",
        SENT,
    ),
    "create by one who gave only a phone number, and no name": (
        lambda: bookings.create(
            {
                "start": START,
                "event_type_id": 501,
                "attendee": {"name": "", "phone_number": "+4791234567", "time_zone": "UTC"},
            }
        ),
        "POST",
        "/v2/bookings",
        {**SENT, "attendee": {"name": "", "timeZone": "UTC", "phoneNumber": "+4791234567"}},
    ),
    "create_recurring": (
        lambda: bookings.create_recurring(
            {"start": START, "event_type_id": 501, "attendee": PER}, recurrence_count=3
        ),
        "POST",
        "/v2/bookings",
        {**SENT, "recurrenceCount": 3},
    ),
    "create_recurring with the count of the event type": (
        lambda: bookings.create_recurring({"start": START, "event_type_id": 501, "attendee": PER}),
        "POST",
        "/v2/bookings",
        SENT,
    ),
    "create_instant": (
        lambda: bookings.create_instant({"start": START, "event_type_id": 501, "attendee": PER}),
        "POST",
        "/v2/bookings",
        {**SENT, "instant": True},
    ),
    "reschedule with everything": (
        lambda: bookings.reschedule(
            "bk7",
            Reschedule(
                start=START,
                rescheduled_by="rosa@host.example",
                rescheduling_reason="train strike",
                email_verification_code="1",
                rr_host_subset_ids=[4],
            ),
        ),
        "POST",
        "/v2/bookings/bk7/reschedule",
        {
            "start": "2027-04-05T09:30:00Z",
            "rescheduledBy": "rosa@host.example",
            "reschedulingReason": "train strike",
            "emailVerificationCode": "1",
            "rrHostSubsetIds": [4],
        },
    ),
    "reschedule_seat": (
        lambda: bookings.reschedule_seat(
            "bk7",
            "seat-1",
            START,
            rescheduled_by="per@guest.example",
            email_verification_code="2",
        ),
        "POST",
        "/v2/bookings/bk7/reschedule",
        {
            "seatUid": "seat-1",
            "start": "2027-04-05T09:30:00Z",
            "rescheduledBy": "per@guest.example",
            "emailVerificationCode": "2",
        },
    ),
    "reschedule with a typed seat": (
        lambda: bookings.reschedule("bk7", SeatReschedule(seat_uid="seat-1", start=START)),
        "POST",
        "/v2/bookings/bk7/reschedule",
        {"seatUid": "seat-1", "start": "2027-04-05T09:30:00Z"},
    ),
    "cancel without a word": (
        lambda: bookings.cancel("bk7"),
        "POST",
        "/v2/bookings/bk7/cancel",
        {},
    ),
    "cancel with a typed input": (
        lambda: bookings.cancel(
            "bk7", Cancellation(cancellation_reason="", cancel_subsequent_bookings=False)
        ),
        "POST",
        "/v2/bookings/bk7/cancel",
        {"cancellationReason": "", "cancelSubsequentBookings": False},
    ),
    "cancel with a typed seat": (
        lambda: bookings.cancel("bk7", SeatCancellation(seat_uid="seat-1")),
        "POST",
        "/v2/bookings/bk7/cancel",
        {"seatUid": "seat-1"},
    ),
    "cancel_seat": (
        lambda: bookings.cancel_seat("bk7", "seat-1", reason="ill"),
        "POST",
        "/v2/bookings/bk7/cancel",
        {"seatUid": "seat-1", "cancellationReason": "ill"},
    ),
    "decline without a reason": (
        lambda: bookings.decline("bk7"),
        "POST",
        "/v2/bookings/bk7/decline",
        {},
    ),
    "mark_absent with both": (
        lambda: bookings.mark_absent(
            "bk7",
            host=False,
            attendees=[
                Absence(email="per@guest.example", absent=True),
                {"email": "eva@guest.example", "absent": False},
            ],
        ),
        "POST",
        "/v2/bookings/bk7/mark-absent",
        {
            "host": False,
            "attendees": [
                {"email": "per@guest.example", "absent": True},
                {"email": "eva@guest.example", "absent": False},
            ],
        },
    ),
    "reassign_to_user with an integral float": (
        lambda: bookings.reassign_to_user("bk7", 123.0, reason="fits"),  # type: ignore[arg-type]
        "POST",
        "/v2/bookings/bk7/reassign/123",
        {"reason": "fits"},
    ),
    "a uid that tries to leave its segment": (
        lambda: bookings.confirm("a/../../me?x=1#f"),
        "POST",
        "/v2/bookings/a%2F..%2F..%2Fme%3Fx%3D1%23f/confirm",
        None,
    ),
}

LISTS: dict[str, Sent] = {
    "nothing": _listed("/v2/bookings"),
    "one status as a word": _listed("/v2/bookings?status=past", status="past"),
    "two statuses": _listed("/v2/bookings?status=past,cancelled", status=("past", "cancelled")),
    "an e-mail address with a plus": _listed(
        "/v2/bookings?attendeeEmail=per%2Bcal@guest.example",
        attendee_email="per+cal@guest.example",
    ),
    "a name of two words": _listed(
        "/v2/bookings?attendeeName=Per%20%26%20D%C3%A5l", attendee_name="Per & Dål"
    ),
    "booking_uid": _listed("/v2/bookings?bookingUid=bk7", booking_uid="bk7"),
    "event_type_ids": _listed("/v2/bookings?eventTypeIds=4,3", event_type_ids=[4, 3.0]),
    "event_type_id": _listed("/v2/bookings?eventTypeId=4", event_type_id=4),
    "teams_ids": _listed("/v2/bookings?teamsIds=1,2", teams_ids=(1, 2)),
    "team_id": _listed("/v2/bookings?teamId=1", team_id=1),
    "after_start": _listed("/v2/bookings?afterStart=2027-04-05T09:30:00Z", after_start=START),
    "before_end": _listed(
        "/v2/bookings?beforeEnd=2027-04-05T09:30:00.125Z",
        before_end=datetime(2027, 4, 5, 9, 30, 0, 125_999, UTC),
    ),
    "after_created_at": _listed(
        "/v2/bookings?afterCreatedAt=2027-04-05T09:30:00Z",
        after_created_at="2027-04-05T15:00:00+05:30",
    ),
    "before_created_at": _listed(
        "/v2/bookings?beforeCreatedAt=2027-04-05T09:30:00Z", before_created_at=START
    ),
    "after_updated_at": _listed(
        "/v2/bookings?afterUpdatedAt=2027-04-05T09:30:00Z", after_updated_at=START
    ),
    "before_updated_at": _listed(
        "/v2/bookings?beforeUpdatedAt=2027-04-05T09:30:00Z", before_updated_at=START
    ),
    "sort_start": _listed("/v2/bookings?sortStart=asc", sort_start="asc"),
    "sort_end": _listed("/v2/bookings?sortEnd=desc", sort_end="desc"),
    "sort_created": _listed("/v2/bookings?sortCreated=asc", sort_created="asc"),
    "sort_updated_at": _listed("/v2/bookings?sortUpdatedAt=desc", sort_updated_at="desc"),
    "take as an integral float": _listed("/v2/bookings?take=10", take=10.0),
    "take and skip at their bounds": _listed("/v2/bookings?take=250&skip=0", take=250, skip=0),
}

MORE_CALLS = {
    **{f"location {name}": sent for name, sent in LOCATIONS.items()},
    **WRITES,
    **{f"list by {name}": sent for name, sent in LISTS.items()},
    "get_one": (lambda: bookings.get_one("bk7"), "GET", "/v2/bookings/bk7", None),
    "get_series": (lambda: bookings.get_series("bk7"), "GET", "/v2/bookings/bk7", None),
}
