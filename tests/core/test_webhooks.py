"""Webhook deliveries parse as their events, and nothing of them is lost."""

import copy
import json
import pickle
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from email.message import Message
from typing import Any

import attrs
import pytest
from core_deliveries import BODIES, NEWER, RECORDED, SECRET, assert_nothing_lost
from core_recorded import response_of

from calcom_core import (
    DeliveryTooOld,
    DeliveryUnreadable,
    Headers,
    InvalidInput,
    SignatureMismatch,
    bookings,
    webhooks,
)
from calcom_core.webhooks import (
    BookingCancelled,
    BookingCreated,
    BookingEvent,
    BookingNoShowUpdated,
    BookingPaid,
    BookingPaymentInitiated,
    BookingRejected,
    BookingRequested,
    BookingRescheduled,
    DelegationCredentialError,
    Delivery,
    DownloadLinks,
    Event,
    FormSubmitted,
    FormSubmittedNoEvent,
    GuestsNoShow,
    HostsNoShow,
    InstantMeeting,
    Language,
    MeetingEnded,
    MeetingStarted,
    OutOfOffice,
    OutOfOfficeCreated,
    Person,
    Ping,
    RecordingReady,
    RecordingTranscriptionGenerated,
    ReportedBooking,
    Team,
    Transcript,
    UnknownEvent,
    WrongAssignmentReport,
)

# The event of each delivery.
EVENT_OF = {
    "01-BOOKING_CREATED-normal": BookingCreated,
    "02-BOOKING_CREATED-phone": BookingCreated,
    "03-BOOKING_CREATED-address": BookingCreated,
    "05-BOOKING_CREATED-fields": BookingCreated,
    "06-BOOKING_RESCHEDULED-normal-resched": BookingRescheduled,
    "07-BOOKING_CANCELLED-normal": BookingCancelled,
    "09-BOOKING_CREATED-no-cancel": BookingCreated,
    "10-BOOKING_CREATED-no-reschedule": BookingCreated,
    "11-BOOKING_RESCHEDULED-no-reschedule-resched": BookingRescheduled,
    "13-BOOKING_RESCHEDULED-reschedule-notice-resched": BookingRescheduled,
    "14-BOOKING_CREATED-auth-required": BookingCreated,
    "15-BOOKING_CREATED-max-active": BookingCreated,
    "17-BOOKING_CREATED-confirm": BookingCreated,
    "18-BOOKING_REJECTED-confirm": BookingRejected,
    "19-BOOKING_CANCELLED-confirm": BookingCancelled,
    "21-BOOKING_CREATED-recurring": BookingCreated,
    "22-BOOKING_RESCHEDULED-recurring-resched": BookingRescheduled,
    "23-BOOKING_CANCELLED-recurring": BookingCancelled,
    "25-BOOKING_RESCHEDULED-seated-resched": BookingRescheduled,
    "26-BOOKING_CANCELLED-seated": BookingCancelled,
    "27-BOOKING_CREATED-seated-hidden": BookingCreated,
    "29-BOOKING_RESCHEDULED-recurring-seated-resched": BookingRescheduled,
    "30-BOOKING_CANCELLED-recurring-seated": BookingCancelled,
    "31-BOOKING_CREATED-round-robin": BookingCreated,
    "33-BOOKING_NO_SHOW_UPDATED-x": BookingNoShowUpdated,
    "live-01-BOOKING_CREATED-conferenceData": BookingCreated,
    "live-02-BOOKING_RESCHEDULED-conferenceData": BookingRescheduled,
    "live-03-BOOKING_REQUESTED-bookingSeat": BookingRequested,
    "wh_rescheduled": BookingRescheduled,
    "wh_no_show": BookingNoShowUpdated,
    "wh_meeting_ended": MeetingEnded,
    "wh_ping": Ping,
    "wh_form": FormSubmitted,
    "2026-07-27": BookingCreated,
}

# Keys without a field: those of several types, and newer ones.
EXTRA = {
    *("customInputs", "destinationCalendar", "hashedLink", "appsStatus", "assignmentReason"),
    *("payment", "references"),
    *("eventTypeTitle", "privateNoteEnabled", "privateNoteMode", "privateNoteTemplate"),
    *("disableReschedulingScope", "disableCancellingScope"),
    *("cancellationReason", "rejectionReason"),  # in an event about neither
}


def test_the_table_covers_every_delivery() -> None:
    assert len(RECORDED) == 28
    assert EVENT_OF.keys() == BODIES.keys()


@pytest.mark.parametrize("name", BODIES)
def test_a_delivery_parses_as_its_event_and_loses_nothing(name: str) -> None:
    event = webhooks.parse(BODIES[name])
    assert type(event) is EVENT_OF[name]
    assert event.extra.keys() <= EXTRA
    assert_nothing_lost(json.loads(BODIES[name]), event)


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_delivery_is_accepted_with_its_version(name: str) -> None:
    recorded = RECORDED[name]
    event = webhooks.receive(recorded.headers, recorded.body, SECRET)
    assert type(event) is EVENT_OF[name]
    assert event.delivery.version == "2021-10-20"
    assert event == webhooks.parse(recorded.body, version="2021-10-20")


def form_response(label: str, hidden: bool = False, **value: Any) -> dict[str, Any]:
    return {"label": label, **value, "isHidden": hidden}


def test_an_event_is_a_whole_value() -> None:
    recorded = RECORDED["11-BOOKING_RESCHEDULED-no-reschedule-resched"]
    assert webhooks.receive(recorded.headers, recorded.body, SECRET) == BookingRescheduled(
        delivery=Delivery(
            trigger="BOOKING_RESCHEDULED",
            created_at=datetime(2026, 11, 22, 16, 3, 5, 632000, UTC),
            identity="7b46dfc24fbe965ddb6e52caaff0f37d151309fd7e7fd9ada51c151e5599e8df",
            version="2021-10-20",
        ),
        uid="vR2o1r1mr5LxxN4rXH8JDj",
        booking_id=20,
        type="no-reschedule",
        title="No Reschedule between Alice Host and Ann Attendee",
        event_title="No Reschedule",
        event_type_id=17,
        description="",
        additional_notes="",
        start=datetime(2026, 12, 12, 22, tzinfo=UTC),
        end=datetime(2026, 12, 12, 22, 30, tzinfo=UTC),
        length=30,
        status="ACCEPTED",
        organizer=Person(
            id=1,
            email="alice@example.com",
            name="Alice Host",
            username="alice",
            time_zone="Europe/Berlin",
            utc_offset=60,
            language=Language(locale="en"),
            time_format="h:mma",
        ),
        attendees=(
            Person(
                email="ann@example.net",
                name="Ann Attendee",
                first_name="",
                last_name="",
                time_zone="Europe/Rome",
                utc_offset=60,
                language=Language(locale="en"),
            ),
        ),
        location="https://meet.example.com/alice",
        responses={
            "attendeePhoneNumber": form_response("phone_number", hidden=True),
            "name": form_response("your_name", value="Ann Attendee"),
            "email": form_response("email_address", value="ann@example.net"),
            "location": form_response(
                "location", value={"value": "https://meet.example.com/alice", "optionValue": ""}
            ),
            "title": form_response("what_is_this_meeting_about", hidden=True),
            "notes": form_response("additional_notes"),
            "guests": form_response("additional_guests"),
            "rescheduleReason": form_response("reason_for_reschedule"),
        },
        user_fields_responses={},
        metadata={"videoCallUrl": "https://meet.example.com/alice"},
        requires_confirmation=False,
        price=0,
        currency="usd",
        ics_sequence=1,
        seats_show_attendees=True,
        seats_show_availability_count=True,
        hide_calendar_notes=False,
        hide_calendar_event_details=False,
        hide_organizer_email=False,
        hide_branding=False,
        disable_rescheduling=True,
        disable_cancelling=False,
        booker_url="http://localhost:3000",
        old_uid="uw5jYiv6fQb2WY6XASZ2r7",
        old_booking_id=19,
        old_start=datetime(2026, 12, 12, 21, 30, tzinfo=UTC),
        old_end=datetime(2026, 12, 12, 22, tzinfo=UTC),
        extra={
            "customInputs": {},
            "destinationCalendar": None,
            "hashedLink": None,
            "appsStatus": [],
        },
    )


# Events without a recording, as documented.
NINE = datetime(2031, 3, 4, 9, tzinfo=UTC)
HALF_PAST = datetime(2031, 3, 4, 9, 30, tzinfo=UTC)
TIMES = {"startTime": "2031-03-04T09:00:00Z", "endTime": "2031-03-04T10:30:00+01:00"}
PER = {"email": "per@guest.test", "name": "Per Dal"}
PERSON = Person(email="per@guest.test", name="Per Dal")
MONEY = {"uid": "bk7", "paymentId": 5, "paymentData": {"id": "pi_1"}, "price": 12.5}
PAID = {"uid": "bk7", "payment_id": 5, "payment_data": {"id": "pi_1"}, "price": 12.5}
VIDEO = {**TIMES, "type": "chat", "title": "Chat", "organizer": PER, "attendees": [PER]}
OF_VIDEO = {
    "start": NINE,
    "end": HALF_PAST.astimezone(timezone(timedelta(hours=1))),
    "type": "chat",
    "title": "Chat",
    "organizer": PERSON,
    "attendees": (PERSON,),
}
LATE = {**TIMES, "title": "Chat", "bookingId": 9, "bookingUid": "bk7", "attendees": [PER]}
OF_LATE = {
    "start": NINE,
    "end": HALF_PAST,
    "title": "Chat",
    "booking_id": 9,
    "uid": "bk7",
    "attendees": (PERSON,),
}
FORM = {"formId": "f0", "formName": "Intake", "teamId": 3, "responses": {"Size": {"value": "1"}}}
OF_FORM = {
    "form_id": "f0",
    "form_name": "Intake",
    "team_id": 3,
    "responses": {"Size": {"value": "1"}},
}

DOCUMENTED: list[tuple[str, dict[str, Any], type, dict[str, Any]]] = [
    (
        "BOOKING_REQUESTED",
        {"uid": "bk7", "status": "PENDING"},
        BookingRequested,
        {"status": "PENDING"},
    ),
    (
        "BOOKING_REQUESTED",
        {
            **TIMES,
            "uid": "bk7",
            "attendees": [{**PER, "bookingSeat": {"referenceUid": "seat-1", "bookingId": 9}}],
            "rescheduleUid": "bk6",
            "rescheduleId": 8,
            "rescheduleStartTime": "2031-03-04T09:00:00Z",
            "rescheduleEndTime": "2031-03-04T09:30:00Z",
            "rescheduledBy": "per@guest.test",
        },
        BookingRequested,
        {
            "start": NINE,
            "end": HALF_PAST.astimezone(timezone(timedelta(hours=1))),
            "attendees": (
                Person(
                    email="per@guest.test",
                    name="Per Dal",
                    booking_seat={"referenceUid": "seat-1", "bookingId": 9},
                ),
            ),
            "old_uid": "bk6",
            "old_booking_id": 8,
            "old_start": NINE,
            "old_end": HALF_PAST,
            "rescheduled_by": "per@guest.test",
        },
    ),
    (
        "BOOKING_REJECTED",
        {"uid": "bk7", "rejectionReason": "ill"},
        BookingRejected,
        {"rejection_reason": "ill"},
    ),
    (
        "BOOKING_CANCELLED",
        {
            "uid": "bk7",
            "cancelledBy": "a@b.test",
            "cancellationReason": None,
            "requestReschedule": True,
        },
        BookingCancelled,
        {"cancelled_by": "a@b.test", "request_reschedule": True},
    ),
    (
        "BOOKING_CREATED",
        {
            "uid": "bk7",
            "organizer": {**PER, "timeFormat": 12, "usernameInOrg": "per"},
            "attendees": [{**PER, "phoneNumber": "+4915112345678", "utcOffset": None}],
            "team": {"id": 3, "name": "Rockets", "members": [{**PER, "id": 4}]},
            "videoCallData": {"type": "daily", "url": "https://video.test", "password": "pw"},
            "conferenceData": {"a": 1},
            "oneTimePassword": "otp",
            "customReplyToEmail": "reply@host.test",
            "smsReminderNumber": "+4915112345678",
            "organizationId": 7,
            "platformClientId": "client",
            "platformBookingUrl": "https://a.test",
            "platformCancelUrl": "https://b.test",
            "platformRescheduleUrl": "https://c.test",
            "attendeeIcsContent": "BEGIN:VCALENDAR",
            "organizerIcsContent": "BEGIN",
            "recurrenceTimeZone": "Europe/Oslo",
            "assignmentReason": "legacy",
        },
        BookingCreated,
        {
            "organizer": Person(
                email="per@guest.test", name="Per Dal", time_format=12, username_in_org="per"
            ),
            "attendees": (
                Person(email="per@guest.test", name="Per Dal", phone_number="+4915112345678"),
            ),
            "team": Team(
                id=3,
                name="Rockets",
                members=(Person(email="per@guest.test", name="Per Dal", id=4),),
            ),
            "video_call_data": {"type": "daily", "url": "https://video.test", "password": "pw"},
            "conference_data": {"a": 1},
            "one_time_password": "otp",
            "custom_reply_to_email": "reply@host.test",
            "sms_reminder_number": "+4915112345678",
            "organization_id": 7,
            "platform_client_id": "client",
            "platform_booking_url": "https://a.test",
            "platform_cancel_url": "https://b.test",
            "platform_reschedule_url": "https://c.test",
            "attendee_ics_content": "BEGIN:VCALENDAR",
            "organizer_ics_content": "BEGIN",
            "recurrence_time_zone": "Europe/Oslo",
            "extra": {"assignmentReason": "legacy"},
        },
    ),
    ("BOOKING_PAID", MONEY, BookingPaid, PAID),
    ("BOOKING_PAYMENT_INITIATED", MONEY, BookingPaymentInitiated, PAID),
    (
        "MEETING_STARTED",
        {
            **TIMES,
            "uid": "bk7",
            "id": 9,
            "idempotencyKey": "key",
            "userId": 77,
            "userPrimaryEmail": "a@b.test",
            "createdAt": "2031-03-04T09:00:00.000Z",
            "updatedAt": "2031-03-04T09:30:00.000Z",
            "paid": False,
            "rescheduled": True,
            "rescheduledBy": "c@d.test",
            "cancelledBy": "e@f.test",
            "cancellationReason": "ill",
            "rejectionReason": "busy",
            "fromReschedule": "bk6",
            "recurringEventId": "series",
            "iCalUID": "bk6@Cal.com",
            "iCalSequence": 2,
            "rating": 4,
            "noShowHost": True,
            "creationSource": "API_V2",
            "user": {**PER, "username": "per"},
            "attendees": [{**PER, "id": 1, "locale": "en", "bookingId": 9, "noShow": False}],
        },
        MeetingStarted,
        {
            "start": NINE,
            "end": HALF_PAST,
            "booking_id": 9,
            "idempotency_key": "key",
            "user_id": 77,
            "user_primary_email": "a@b.test",
            "created_at": NINE,
            "updated_at": HALF_PAST,
            "paid": False,
            "rescheduled": True,
            "rescheduled_by": "c@d.test",
            "cancelled_by": "e@f.test",
            "cancellation_reason": "ill",
            "rejection_reason": "busy",
            "rescheduled_from_uid": "bk6",
            "recurring_booking_uid": "series",
            "ics_uid": "bk6@Cal.com",
            "ics_sequence": 2,
            "rating": 4,
            "absent_host": True,
            "creation_source": "API_V2",
            "user": Person(email="per@guest.test", name="Per Dal", username="per"),
            "attendees": (
                Person(
                    email="per@guest.test",
                    name="Per Dal",
                    id=1,
                    locale="en",
                    booking_id=9,
                    no_show=False,
                ),
            ),
        },
    ),
    (
        "RECORDING_READY",
        {**VIDEO, "downloadLink": "https://l.test", "uid": "bk7", "customReplyToEmail": "x@y.test"},
        RecordingReady,
        {
            **OF_VIDEO,
            "download_link": "https://l.test",
            "uid": "bk7",
            "custom_reply_to_email": "x@y.test",
        },
    ),
    (
        "RECORDING_READY",
        {"downloadLink": "https://l.test"},
        RecordingReady,
        {"download_link": "https://l.test", "uid": None},
    ),
    (
        "RECORDING_TRANSCRIPTION_GENERATED",
        {
            "downloadLinks": {
                "transcription": [{"format": "srt", "link": "https://s.test"}],
                "recording": "https://l.test",
            },
            "bookingId": 9,
        },
        RecordingTranscriptionGenerated,
        {
            "download_links": DownloadLinks(
                transcription=(Transcript(format="srt", link="https://s.test"),),
                recording="https://l.test",
            ),
            "booking_id": 9,
            "uid": None,
        },
    ),
    (
        "OOO_CREATED",
        {
            "oooEntry": {
                "id": 1,
                "uuid": "u-u",
                "start": "2031-03-04T09:00:00+00:00",
                "end": "2031-03-04T09:30:00+00:00",
                "createdAt": "2031-03-04T09:00:00.000Z",
                "updatedAt": "2031-03-04T09:00:00.000Z",
                "notes": "at sea",
                "reason": {"emoji": "x", "reason": "ill"},
                "reasonId": 2,
                "user": {**PER, "id": 3, "username": "per", "timeZone": "Europe/Oslo"},
                "toUser": None,
            }
        },
        OutOfOfficeCreated,
        {
            "out_of_office": OutOfOffice(
                id=1,
                uuid="u-u",
                start=NINE,
                end=HALF_PAST,
                created_at=NINE,
                updated_at=NINE,
                notes="at sea",
                reason={"emoji": "x", "reason": "ill"},
                reason_id=2,
                user=Person(
                    email="per@guest.test",
                    name="Per Dal",
                    id=3,
                    username="per",
                    time_zone="Europe/Oslo",
                ),
            )
        },
    ),
    ("FORM_SUBMITTED", FORM, FormSubmitted, OF_FORM),
    (
        "FORM_SUBMITTED_NO_EVENT",
        {**FORM, "redirect": {"type": "customPageMessage", "value": "x"}, "responseId": 8},
        FormSubmittedNoEvent,
        {**OF_FORM, "redirect": {"type": "customPageMessage", "value": "x"}, "response_id": 8},
    ),
    (
        "INSTANT_MEETING",
        {
            "triggerEvent": "INSTANT_MEETING",
            "uid": "bk7",
            "responses": {"name": "Per"},
            "connectAndJoinUrl": "https://join.test/?token=x",
            "eventTypeId": 5,
            "eventTypeTitle": "Chat",
            "customInputs": {},
        },
        InstantMeeting,
        {
            "uid": "bk7",
            "responses": {"name": "Per"},
            "connect_and_join_url": "https://join.test/?token=x",
            "event_type_id": 5,
            "event_type_title": "Chat",
            "extra": {"triggerEvent": "INSTANT_MEETING", "customInputs": {}},
        },
    ),
    (
        "AFTER_HOSTS_CAL_VIDEO_NO_SHOW",
        {
            **LATE,
            "hostEmail": "rosa@host.test",
            "noShowHost": True,
            "eventType": {"id": 5},
            "webhook": {"id": "w"},
            "message": "late",
            "participants": [],
        },
        HostsNoShow,
        {
            **OF_LATE,
            "host_email": "rosa@host.test",
            "absent_host": True,
            "event_type": {"id": 5},
            "webhook": {"id": "w"},
            "message": "late",
            "extra": {"participants": []},
        },
    ),
    (
        "AFTER_GUESTS_CAL_VIDEO_NO_SHOW",
        {**LATE, "guests": [{"x": 1}]},
        GuestsNoShow,
        {**OF_LATE, "extra": {"guests": [{"x": 1}]}},
    ),
    (
        "AFTER_GUESTS_CAL_VIDEO_NO_SHOW",
        {"bookingId": 9, "webhook": {"id": "w"}},
        GuestsNoShow,
        {"uid": None, "booking_id": 9, "webhook": {"id": "w"}},
    ),
    (
        "DELEGATION_CREDENTIAL_ERROR",
        {"error": {"type": "x"}, "credential": {"id": 1}, "user": {"id": 2}},
        DelegationCredentialError,
        {"error": {"type": "x"}, "credential": {"id": 1}, "user": {"id": 2}},
    ),
    (
        "WRONG_ASSIGNMENT_REPORT",
        {
            "booking": {**TIMES, "uid": "bk7", "id": 9, "title": "Chat", "status": "ACCEPTED"},
            "report": {"reportedBy": "x"},
        },
        WrongAssignmentReport,
        {
            "reported": ReportedBooking(
                uid="bk7", id=9, title="Chat", status="ACCEPTED", start=NINE, end=HALF_PAST
            ),
            "report": {"reportedBy": "x"},
        },
    ),
    ("ROUTING_FORM_FALLBACK_HIT", {"a": 1}, UnknownEvent, {"extra": {"a": 1}}),
    ("BOOKING_REASSIGNED", {"uid": "bk7"}, UnknownEvent, {"extra": {"uid": "bk7"}}),
]


def delivered(trigger: str, payload: Mapping[str, Any], *, flat: bool = False) -> bytes:
    if flat:
        return json.dumps({"triggerEvent": trigger, **payload}).encode()
    root = {"triggerEvent": trigger, "createdAt": "2031-03-04T09:30:00.000Z", "payload": payload}
    return json.dumps(root).encode()


@pytest.mark.parametrize("flat", [False, True], ids=["enveloped", "flat"])
@pytest.mark.parametrize(("trigger", "payload", "cls", "fields"), DOCUMENTED)
def test_every_event_class_is_parsed_in_both_forms(
    trigger: str, payload: dict[str, Any], cls: type, fields: dict[str, Any], flat: bool
) -> None:
    event: Any = webhooks.parse(delivered(trigger, payload, flat=flat))
    created = None if flat else HALF_PAST
    assert (event.delivery.trigger, event.delivery.created_at) == (trigger, created)
    if "uid" in payload and cls is not UnknownEvent:
        fields = {"uid": "bk7", **fields}
    if flat and "triggerEvent" in payload:
        extra = {key: value for key, value in fields["extra"].items() if key != "triggerEvent"}
        fields = {**fields, "extra": extra}
    assert event == cls(delivery=event.delivery, **fields)
    assert_nothing_lost(json.loads(delivered(trigger, payload, flat=flat)), event)


def test_a_person_without_an_address_is_kept() -> None:
    entry = {"start": "2031-03-04T09:00:00Z", "end": "2031-03-04T09:30:00Z", "toUser": {"id": 1}}
    event = webhooks.parse(delivered("OOO_CREATED", {"oooEntry": entry}))
    assert isinstance(event, OutOfOfficeCreated)
    assert event.out_of_office == OutOfOffice(start=NINE, end=HALF_PAST, to_user=Person(id=1))


def test_every_event_class_is_found_by_its_trigger() -> None:
    tried = {*EVENT_OF.values(), *(cls for _, _, cls, _ in DOCUMENTED)}
    assert tried == {*webhooks.EVENTS.values(), UnknownEvent}
    assert tried == {*Event.__args__}
    assert {
        trigger for trigger, cls in webhooks.EVENTS.items() if issubclass(cls, BookingEvent)
    } == {
        "BOOKING_CREATED",
        "BOOKING_REQUESTED",
        "BOOKING_REJECTED",
        "BOOKING_CANCELLED",
        "BOOKING_RESCHEDULED",
        "BOOKING_PAID",
        "BOOKING_PAYMENT_INITIATED",
    }


@pytest.mark.parametrize("cls", sorted({*Event.__args__}, key=lambda cls: cls.__name__))
def test_no_event_is_an_instance_of_the_class_of_another(cls: type) -> None:
    assert [other for other in Event.__args__ if issubclass(cls, other)] == [cls]


@pytest.mark.parametrize(
    "cls",
    [*Event.__args__, Delivery, DownloadLinks, Language, OutOfOffice, Person, Team, Transcript],
)
def test_the_classes_of_a_delivery_are_keyword_only_and_frozen(cls: Any) -> None:
    # A new field must not move the fields after it.
    assert all(field.kw_only for field in attrs.fields(cls))
    assert "__dict__" not in dir(cls)
    for field in attrs.fields(cls):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(cls.__new__(cls), field.name, None)


def test_the_old_and_new_values_of_a_reschedule_have_separate_names() -> None:
    event = webhooks.parse(BODIES["wh_rescheduled"])
    assert isinstance(event, BookingRescheduled)
    assert (event.old_uid, event.old_start, event.old_end) == (
        "bk7Qm2xVt9LrW4sZp1NhYc",
        datetime(2031, 3, 4, 9, tzinfo=UTC),
        datetime(2031, 3, 4, 9, 30, tzinfo=UTC),
    )
    assert (event.new_uid, event.new_start, event.new_end) == (
        "nw5Em2xVt9LrW4sZp1NhYc",
        datetime(2031, 3, 5, 10, tzinfo=UTC),
        datetime(2031, 3, 5, 10, 30, tzinfo=UTC),
    )
    assert (event.uid, event.start, event.end) == (event.new_uid, event.new_start, event.new_end)


def test_a_booking_keeps_its_lineage_through_reschedules() -> None:
    created = webhooks.parse(BODIES["01-BOOKING_CREATED-normal"])
    moved = webhooks.parse(BODIES["06-BOOKING_RESCHEDULED-normal-resched"])
    cancelled = webhooks.parse(BODIES["07-BOOKING_CANCELLED-normal"])
    assert isinstance(created, BookingCreated)
    assert isinstance(moved, BookingRescheduled)
    assert isinstance(cancelled, BookingCancelled)
    assert len({created.uid, moved.uid, cancelled.uid}) == 3
    lineage = "8q36zVzjeFHywNswG41LH7@Cal.com"
    assert created.ics_uid == cancelled.ics_uid == lineage
    # A reschedule may omit it; the former uid and the booking itself have it.
    assert moved.ics_uid is None
    assert moved.old_uid == created.uid
    assert moved.booking().read(response_of("46-get-rescheduled-new")).ics_uid == lineage


@pytest.mark.parametrize(
    ("name", "response_name"),
    [
        ("26-BOOKING_CANCELLED-seated", "117-cancel-seat"),
        ("30-BOOKING_CANCELLED-recurring-seated", "134-cancel-recurring-seat"),
    ],
)
def test_a_cancelled_seat_is_not_a_cancelled_booking(name: str, response_name: str) -> None:
    event = webhooks.parse(BODIES[name])
    assert isinstance(event, BookingCancelled)
    assert event.may_be_one_seat
    assert (event.status, event.seat_uid) == ("CANCELLED", None)
    # The response to the cancellation: the booking still exists for another attendee.
    left = event.booking().read(response_of(response_name))
    assert (left.uid, left.status, len(left.attendees)) == (event.uid, "accepted", 1)
    assert {attendee.email for attendee in event.attendees or ()}.isdisjoint(
        attendee.email for attendee in left.attendees
    )


@pytest.mark.parametrize(
    "name",
    [
        "07-BOOKING_CANCELLED-normal",
        "19-BOOKING_CANCELLED-confirm",
        "23-BOOKING_CANCELLED-recurring",
    ],
)
def test_a_booking_without_seats_is_cancelled_whole(name: str) -> None:
    event = webhooks.parse(BODIES[name])
    assert isinstance(event, BookingCancelled)
    assert not event.may_be_one_seat


@pytest.mark.parametrize(
    "name",
    ["25-BOOKING_RESCHEDULED-seated-resched", "29-BOOKING_RESCHEDULED-recurring-seated-resched"],
)
def test_a_rescheduled_seat_has_its_uid_and_its_former_booking(name: str) -> None:
    event = webhooks.parse(BODIES[name])
    assert isinstance(event, BookingRescheduled)
    assert event.seat_uid is not None
    assert event.old_uid != event.new_uid
    assert (event.old_start, event.old_end) == (None, None)


def test_an_invalid_seat_uid_is_refused() -> None:
    event = webhooks.parse(BODIES["27-BOOKING_CREATED-seated-hidden"])
    assert isinstance(event, BookingCreated)
    seats = bookings.get_by_seat("x").read(response_of("127-get-by-seat-hidden-noauth"))
    assert event.uid == seats.uid
    assert event.seat_uid in {attendee.seat_uid for attendee in seats.attendees}


NAMED = {
    "BOOKING_CREATED": {"uid": "bk7"},
    "BOOKING_REQUESTED": {"uid": "bk7"},
    "BOOKING_REJECTED": {"uid": "bk7"},
    "BOOKING_CANCELLED": {"uid": "bk7"},
    "BOOKING_RESCHEDULED": {"uid": "bk7", "rescheduleUid": "bk6"},
    "BOOKING_PAID": {"uid": "bk7"},
    "BOOKING_PAYMENT_INITIATED": {"uid": "bk7"},
    "MEETING_STARTED": {"uid": "bk7"},
    "MEETING_ENDED": {"uid": "bk7", "fromReschedule": "bk6"},
    "BOOKING_NO_SHOW_UPDATED": {"bookingUid": "bk7"},
    "RECORDING_READY": {"uid": "bk7", "downloadLink": "x"},
    "RECORDING_TRANSCRIPTION_GENERATED": {"uid": "bk7", "downloadLinks": {}},
    "AFTER_HOSTS_CAL_VIDEO_NO_SHOW": {"bookingUid": "bk7"},
    "AFTER_GUESTS_CAL_VIDEO_NO_SHOW": {"bookingUid": "bk7"},
    "INSTANT_MEETING": {"uid": "bk7"},
    "WRONG_ASSIGNMENT_REPORT": {"booking": {"uid": "bk7"}},
    "BOOKING_REASSIGNED": {"uid": "bk7"},
    "BOOKING_LOCATION_UPDATED": {"uid": None, "bookingUid": "bk7"},
}


@pytest.mark.parametrize("trigger", NAMED)
def test_a_delivery_yields_the_operation_that_gets_its_booking(trigger: str) -> None:
    event = webhooks.parse(delivered(trigger, NAMED[trigger]))
    assert event.booking() == bookings.get_one("bk7")


@pytest.mark.parametrize(
    ("trigger", "payload"),
    [
        ("RECORDING_READY", {"downloadLink": "x"}),
        ("RECORDING_TRANSCRIPTION_GENERATED", {"downloadLinks": {}, "bookingId": 5}),
        ("AFTER_HOSTS_CAL_VIDEO_NO_SHOW", {"bookingId": 5}),
        ("INSTANT_MEETING", {}),
        ("FORM_SUBMITTED", FORM),
        ("FORM_SUBMITTED_NO_EVENT", FORM),
        ("OOO_CREATED", {"oooEntry": TIMES | {"start": NINE.isoformat(), "end": NINE.isoformat()}}),
        ("DELEGATION_CREDENTIAL_ERROR", {}),
        ("PING", {}),
        ("ROUTING_FORM_FALLBACK_HIT", {"uid": "of the person who filled it in"}),
        ("SOMETHING_NEW", {"uid": 5}),
        ("SOMETHING_NEW", {}),
    ],
)
def test_a_delivery_without_a_booking_yields_no_operation(
    trigger: str, payload: dict[str, Any]
) -> None:
    assert webhooks.parse(delivered(trigger, payload)).booking() is None


def test_a_booking_with_an_invalid_uid_is_refused() -> None:
    event = webhooks.parse(delivered("BOOKING_CREATED", {"uid": "by-seat"}))
    with pytest.raises(InvalidInput, match="must not be 'by-seat'"):
        event.booking()


# The identity of a delivery.


def identity(body: bytes) -> str:
    return webhooks.parse(body).delivery.identity


def test_each_delivery_has_its_own_identity() -> None:
    assert len({identity(body) for body in BODIES.values()}) == len(BODIES)


def test_a_repeated_delivery_has_the_same_identity() -> None:
    body = delivered("BOOKING_CREATED", {"uid": "bk7"})
    # sha256sum
    assert identity(body) == "371e315552b8d02ad29aadaf056371a9946bb2b339ac79329195c93933b73860"
    assert identity(bytearray(body)) == identity(body)
    recorded = RECORDED["33-BOOKING_NO_SHOW_UPDATED-x"]
    received = webhooks.receive(recorded.headers, recorded.body, SECRET)
    assert received.delivery.identity == identity(recorded.body)


def test_two_deliveries_of_one_booking_at_one_time_are_distinct() -> None:
    # A server sends one for each host who misses a call, all within a millisecond.
    first = delivered("AFTER_HOSTS_CAL_VIDEO_NO_SHOW", {**LATE, "hostEmail": "a@host.test"})
    second = delivered("AFTER_HOSTS_CAL_VIDEO_NO_SHOW", {**LATE, "hostEmail": "b@host.test"})
    assert identity(first) != identity(second)


def test_a_meeting_has_its_creation_time_and_no_delivery_time() -> None:
    event = webhooks.parse(BODIES["wh_meeting_ended"])
    assert isinstance(event, MeetingEnded)
    assert event.delivery.created_at is None
    assert event.created_at == datetime(2031, 2, 1, 12, 0, 0, 123000, UTC)
    assert event.booking_id == 9001


def test_a_flat_delivery_other_than_a_meeting_has_its_delivery_time() -> None:
    flat = {"createdAt": "2031-03-04T09:30:00.000Z", "uid": "bk7", "payload": []}
    for trigger in ("BOOKING_CREATED", "SOMETHING_NEW"):
        event = webhooks.parse(json.dumps({"triggerEvent": trigger, **flat}).encode())
        assert event.delivery.created_at == HALF_PAST
        assert "createdAt" not in event.extra
    with pytest.raises(DeliveryUnreadable) as caught:
        webhooks.parse(json.dumps({"triggerEvent": "PING", **flat, "createdAt": 5}).encode())
    assert caught.value.path == "$.createdAt"
    enveloped = {"createdAt": "2031-03-04T09:30:00.000Z", "payload": {"uid": "bk7"}}
    event = webhooks.parse(json.dumps({"triggerEvent": "MEETING_ENDED", **enveloped}).encode())
    assert event.delivery.created_at == HALF_PAST


def test_the_events_by_trigger_are_the_same_for_all() -> None:
    with pytest.raises(TypeError):
        webhooks.EVENTS["PING"] = UnknownEvent  # type: ignore[index]


def test_responses_beside_the_payload_of_a_form_are_kept() -> None:
    event = webhooks.parse(BODIES["wh_form"])
    assert event.delivery.extra == {"How big is the team": ["10 to 50"]}


def test_a_payload_that_is_not_an_object_is_a_form_response() -> None:
    event = webhooks.parse(b'{"triggerEvent": "MEETING_ENDED", "uid": "bk7", "payload": null}')
    assert isinstance(event, MeetingEnded)
    assert event.extra == {"payload": None}


def test_the_newer_payload_has_calendar_files() -> None:
    event = webhooks.parse(NEWER, version="2026-07-27")
    assert isinstance(event, BookingCreated)
    assert event.delivery.version == "2026-07-27"
    assert event.attendee_ics_content == "REDACTED CALENDAR CONTENT"
    assert event.organizer_ics_content == "REDACTED CALENDAR CONTENT"


@pytest.mark.parametrize("name", BODIES)
def test_an_event_is_a_value_that_pickles_and_copies(name: str) -> None:
    event = webhooks.parse(BODIES[name])
    again = pickle.loads(pickle.dumps(event))
    assert again == copy.deepcopy(event) == event
    assert hash(again) == hash(event)
    assert repr(again) == repr(event)


def test_access_codes_are_not_shown() -> None:
    created = delivered(
        "BOOKING_CREATED",
        {
            "uid": "bk7",
            "videoCallData": {"password": "SECRET"},
            "conferenceData": {"entryPoints": [{"pin": "SECRET"}]},
            "oneTimePassword": "SECRET",
            "attendeeIcsContent": "SECRET",
            "organizerIcsContent": "SECRET",
        },
    )
    links = {"transcription": [{"link": "SECRET", "x": "SECRET"}], "recording": "SECRET"}
    bodies = [
        created,
        delivered("BOOKING_PAID", {"uid": "bk7", "paymentData": {"client_secret": "SECRET"}}),
        delivered("BOOKING_CREATED", {"uid": "bk7", "paymentInfo": {"link": "SECRET"}}),
        delivered("MEETING_ENDED", {"uid": "bk7", "references": [{"meetingPassword": "SECRET"}]}),
        delivered("AFTER_HOSTS_CAL_VIDEO_NO_SHOW", {"webhook": {"secret": "SECRET"}}),
        delivered("SOMETHING_NEW", {"password": "SECRET"}),
        delivered("INSTANT_MEETING", {"connectAndJoinUrl": "SECRET"}),
        delivered("RECORDING_READY", {"downloadLink": "SECRET"}),
        delivered("RECORDING_TRANSCRIPTION_GENERATED", {"downloadLinks": {**links, "y": "SECRET"}}),
    ]
    for body in bodies:
        assert "SECRET" not in repr(webhooks.parse(body))
    with pytest.raises(DeliveryUnreadable) as caught:
        webhooks.parse(delivered("RECORDING_READY", {"downloadLink": "SECRET", "uid": 5}))
    assert "SECRET" not in f"{caught.value!r} {caught.value.event!r}"


def message_of(pairs: tuple[tuple[str, str], ...]) -> Message:
    message = Message()
    for name, value in pairs:
        message[name] = value
    return message


@pytest.mark.parametrize(
    "given",
    [
        dict,
        list,
        tuple,
        Headers,
        lambda pairs: [(name.lower().encode(), value.encode()) for name, value in pairs],
        lambda pairs: {name.upper(): value for name, value in pairs},
        message_of,
    ],
    ids=[
        "a mapping",
        "a list",
        "a tuple",
        "Headers",
        "bytes, as of ASGI",
        "in capitals",
        "of http.server",
    ],
)
def test_headers_may_be_of_any_form(given: Any) -> None:
    recorded = RECORDED["33-BOOKING_NO_SHOW_UPDATED-x"]
    event = webhooks.receive(given(recorded.headers), recorded.body, SECRET)
    assert type(event) is BookingNoShowUpdated


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_a_body_may_be_any_bytes_like_object(kind: Any) -> None:
    recorded = RECORDED["33-BOOKING_NO_SHOW_UPDATED-x"]
    webhooks.verify(kind(recorded.body), recorded.signature, SECRET)
    assert webhooks.parse(kind(recorded.body)) == webhooks.parse(recorded.body)


# The age of a delivery.

DAY = 86_400
OLD_MEETING = {**TIMES, "uid": "bk7", "createdAt": "2031-02-01T12:00:00Z"}
AFTER_CREATED = {
    "at once": 0,
    "as old as may be": 300,
    "ahead as far as may be": -60,
}


def received(body: bytes, now: Any, max_age: Any = 300, secret: str = SECRET) -> Event:
    headers = {"X-Cal-Signature-256": webhooks.sign(body, secret)}
    return webhooks.receive(headers, body, SECRET, max_age=max_age, now=now)


def too_old(body: bytes, now: datetime, max_age: float = 300) -> DeliveryTooOld:
    with pytest.raises(DeliveryTooOld) as caught:
        received(body, now, max_age)
    assert caught.value.event == webhooks.parse(body)
    return caught.value


@pytest.mark.parametrize("name", AFTER_CREATED)
def test_a_delivery_within_the_age_limit_is_accepted(name: str) -> None:
    body = delivered("BOOKING_CREATED", {"uid": "bk7"})
    now = HALF_PAST + timedelta(seconds=AFTER_CREATED[name])
    assert received(body, now.astimezone(timezone(timedelta(hours=9)))) == webhooks.parse(body)


def test_an_old_delivery_is_refused_with_its_event_and_age() -> None:
    body = delivered("BOOKING_CREATED", {"uid": "bk7"})
    error = too_old(body, HALF_PAST + timedelta(hours=1, seconds=0.25))
    assert error.age == 3600.25
    assert str(error) == (
        "a delivery created 3,600.2 seconds ago, above max_age 300; it may be a replay"
    )
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.age, again.event) == (str(error), error.age, error.event)


def test_a_delivery_from_the_future_is_refused() -> None:
    body = delivered("BOOKING_CREATED", {"uid": "bk7"})
    error = too_old(body, HALF_PAST - timedelta(seconds=61), DAY)
    assert error.age == -61
    assert str(error) == (
        "a delivery created 61.0 seconds after now; compare your clock with the server's"
    )


@pytest.mark.parametrize(
    ("trigger", "time"), [("MEETING_STARTED", NINE), ("MEETING_ENDED", HALF_PAST)]
)
def test_the_age_of_a_meeting_event_counts_from_the_meeting(trigger: str, time: datetime) -> None:
    body = delivered(trigger, OLD_MEETING, flat=True)
    assert received(body, time + timedelta(seconds=300)).delivery.created_at is None
    assert too_old(body, time + timedelta(seconds=301)).age == 301
    assert too_old(body, time - timedelta(seconds=61)).age == -61
    # A meeting with a delivery time is treated like any other event.
    assert too_old(delivered(trigger, OLD_MEETING), HALF_PAST + timedelta(seconds=400)).age == 400


@pytest.mark.parametrize("trigger", ["MEETING_STARTED", "MEETING_ENDED", "BOOKING_CREATED"])
def test_a_delivery_of_unknown_age_is_refused(trigger: str) -> None:
    error = too_old(delivered(trigger, {"uid": "bk7"}, flat=True), HALF_PAST, 365 * DAY)
    assert error.age is None
    assert str(error) == (
        "a delivery without a time of creation, so its age is unknown; "
        "receive it without max_age, or check error.event"
    )


def test_the_signature_of_an_old_delivery_is_verified_first() -> None:
    body = delivered("BOOKING_CREATED", {"uid": "bk7"})
    with pytest.raises(SignatureMismatch):
        received(body, HALF_PAST + timedelta(days=9), secret="another")


def test_an_unreadable_delivery_is_unreadable_at_any_age() -> None:
    with pytest.raises(DeliveryUnreadable):
        received(delivered("BOOKING_CREATED", {"uid": 5}), HALF_PAST + timedelta(days=9))


SECONDS = "must be a number of seconds, above 0 and at most 31,536,000"
BAD_AGES: dict[str, tuple[Any, Any, str, str]] = {
    "no now": (300, None, "now", "is missing; pass it with max_age, or pass neither"),
    "no max_age": (None, HALF_PAST, "max_age", "is missing; pass it with now, or pass neither"),
    "0": (0, HALF_PAST, "max_age", SECONDS),
    "more than a year": (365 * DAY + 1, HALF_PAST, "max_age", SECONDS),
    "NaN": (float("nan"), HALF_PAST, "max_age", SECONDS),
    "True": (True, HALF_PAST, "max_age", f"{SECONDS}, not a boolean"),
    "a timedelta": (
        timedelta(hours=1),
        HALF_PAST,
        "max_age",
        f"{SECONDS}, not timedelta; pass its total_seconds()",
    ),
    "a naive now": (
        300,
        datetime(2031, 3, 4, 9, 30),
        "now",
        "is a naive time, which the server would read as UTC; add a time zone, or a Z",
    ),
}


@pytest.mark.parametrize("name", BAD_AGES)
@pytest.mark.parametrize("secret", [SECRET, "another"], ids=["signed", "not signed"])
def test_an_invalid_age_is_refused_for_any_delivery(secret: str, name: str) -> None:
    max_age, now, field, problem = BAD_AGES[name]
    with pytest.raises(InvalidInput) as caught:
        received(delivered("PING", {}), now, max_age, secret)
    assert (caught.value.field, caught.value.problem) == (field, problem)


# Unreadable deliveries.

BAD: list[tuple[bytes, str, str]] = [
    (b"", "$", "nothing"),
    (b"  ", "$", "nothing"),
    (b"name=Ann&uid=x", "$", "text that is not JSON"),
    (b"\xff", "$", "bytes that are not UTF-8"),
    (b"[]", "$", "an array"),
    (b"null", "$", "null"),
    (b"5", "$", "an integer"),
    (b"{}", "$.triggerEvent", "nothing"),
    (b'{"triggerEvent": null, "payload": {}}', "$.triggerEvent", "null"),
    (b'{"triggerEvent": ["BOOKING_CREATED"]}', "$.triggerEvent", "an array"),
    (b'{"triggerEvent": "PING", "createdAt": 5, "payload": {}}', "$.createdAt", "an integer"),
    (
        b'{"triggerEvent": "X", "createdAt": "2031-03-04T09:30", "payload": {}}',
        "$.createdAt",
        "another string",
    ),
    (delivered("BOOKING_CREATED", {}), "$.payload.uid", "nothing"),
    (delivered("BOOKING_CREATED", {"uid": None}), "$.payload.uid", "null"),
    (delivered("BOOKING_CREATED", {"uid": 5}, flat=True), "$.uid", "an integer"),
    (
        delivered("BOOKING_CREATED", {"uid": "bk7", "startTime": "2031-03-04 at nine"}),
        "$.payload.startTime",
        "another string",
    ),
    (
        delivered("BOOKING_CREATED", {"uid": "bk7", "attendees": [PER, {"email": 5}]}),
        "$.payload.attendees[1].email",
        "an integer",
    ),
    (
        delivered("BOOKING_CANCELLED", {"uid": "bk7", "requestReschedule": "false"}),
        "$.payload.requestReschedule",
        "a string",
    ),
    (delivered("BOOKING_NO_SHOW_UPDATED", {"uid": "bk7"}), "$.payload.bookingUid", "nothing"),
    (delivered("WRONG_ASSIGNMENT_REPORT", {}), "$.payload.booking", "nothing"),
    (delivered("MEETING_ENDED", {"id": 5}, flat=True), "$.uid", "nothing"),
    (delivered("BOOKING_PAID", {"uid": "bk7", "price": "free"}), "$.payload.price", "a string"),
    (
        delivered("BOOKING_PAID", {"uid": "bk7", "price": 10**400}),
        "$.payload.price",
        "a larger one",
    ),
]


@pytest.mark.parametrize(("body", "path", "found"), BAD, ids=range(len(BAD)))
def test_an_unreadable_value_in_a_delivery_is_named(body: bytes, path: str, found: str) -> None:
    with pytest.raises(DeliveryUnreadable) as caught:
        webhooks.parse(body)
    error = caught.value
    assert (error.path, error.found) == (path, found)
    assert f"a delivery with {found} at {path} instead of " in str(error)


def test_an_unreadable_delivery_is_kept_unchanged() -> None:
    body = delivered("BOOKING_CREATED", {"uid": "bk7", "title": 5, "x": "secret"})
    with pytest.raises(DeliveryUnreadable) as caught:
        webhooks.parse(body, version="2021-10-20")
    error = caught.value
    assert str(error) == (
        "a delivery with an integer at $.payload.title instead of a string; "
        "error.event holds the JSON"
    )
    assert error.event == UnknownEvent(
        delivery=Delivery(
            trigger="BOOKING_CREATED",
            created_at=HALF_PAST,
            identity=error.event.delivery.identity,
            version="2021-10-20",
        ),
        extra={"uid": "bk7", "title": 5, "x": "secret"},
    )
    assert error.event.booking() == bookings.get_one("bk7")


def test_every_missing_key_of_a_delivery_is_named_at_once() -> None:
    with pytest.raises(DeliveryUnreadable) as caught:
        webhooks.parse(delivered("OOO_CREATED", {"oooEntry": {}}))
    assert str(caught.value) == (
        "a delivery with nothing at $.payload.oooEntry.start instead of a time with its offset"
        "; also missing: $.payload.oooEntry.end; error.event holds the JSON"
    )


def test_a_delivery_with_an_unreadable_time_is_kept_unchanged() -> None:
    body = json.dumps({"triggerEvent": "PING", "createdAt": 5, "x": 1, "payload": {"y": 2}})
    with pytest.raises(DeliveryUnreadable) as caught:
        webhooks.parse(body.encode())
    event = caught.value.event
    assert event == UnknownEvent(
        delivery=Delivery(
            trigger="PING",
            identity=event.delivery.identity,
            version=None,
            extra={"createdAt": 5, "x": 1},
        ),
        extra={"y": 2},
    )


def test_the_error_of_an_empty_delivery_suggests_a_body_read_before() -> None:
    with pytest.raises(DeliveryUnreadable) as caught:
        webhooks.parse(b"")
    assert str(caught.value) == (
        "a delivery with nothing at $ instead of a JSON object; the body may have been read before"
    )


def test_a_body_that_is_not_a_delivery_names_its_likely_origin() -> None:
    with pytest.raises(DeliveryUnreadable) as caught:
        webhooks.parse(b'{"title": "of Zapier"}')
    assert str(caught.value) == (
        "a delivery with nothing at $.triggerEvent instead of a string; "
        "parse() does not read deliveries of Zapier or of a custom template"
    )
    assert caught.value.event is None
