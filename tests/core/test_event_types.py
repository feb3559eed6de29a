"""Event types and accounts: requests, responses and refusals."""

import pickle
from collections.abc import Callable

import pytest
from core_recorded import RECORDED, response_of, response_with_data

from calcom_core import (
    DecodingError,
    EventType,
    EventTypeConfirmation,
    EventTypeField,
    EventTypeLocation,
    EventTypeRecurrence,
    EventTypeSeats,
    InvalidInput,
    Me,
    event_types,
    me,
)

LIST = "285-event-types-list"
OWN = event_types.list()


ALICES = EventTypeLocation(type="link", link="https://meet.example.com/alice", public=True)
PREFILLED = {"disableOnPrefill": False}
USUAL_FIELDS = (
    EventTypeField(
        "name", "name", label="your_name", required=True, is_default=True, extra=PREFILLED
    ),
    EventTypeField("email", "email", required=True, hidden=False, is_default=True, extra=PREFILLED),
    EventTypeField("location", "radioInput", required=False, hidden=False, is_default=True),
    EventTypeField(
        "notes", "textarea", required=False, hidden=False, is_default=True, extra=PREFILLED
    ),
    EventTypeField(
        "guests", "multiemail", required=False, hidden=False, is_default=True, extra=PREFILLED
    ),
    EventTypeField(
        "rescheduleReason",
        "textarea",
        required=False,
        hidden=False,
        is_default=True,
        extra=PREFILLED,
    ),
)
NORMAL = EventType(
    id=1,
    slug="normal",
    title="Normal",
    description="",
    length_in_minutes=30,
    length_in_minutes_options=None,
    locations=(ALICES,),
    booking_fields=USUAL_FIELDS,
    recurrence=None,
    seats=EventTypeSeats(disabled=True),
    confirmation_policy=EventTypeConfirmation(disabled=True),
    booking_requires_authentication=False,
    requires_booker_email_verification=False,
    disable_guests=False,
    minimum_booking_notice=0,
    is_instant_event=False,
    hidden=False,
    booking_url="http://localhost:3000/alice/normal",
    owner_id=1,
    team_id=None,
    extra={
        "slotInterval": None,
        "beforeEventBuffer": 0,
        "afterEventBuffer": 0,
        "metadata": {},
        "price": 0,
        "currency": "usd",
        "lockTimeZoneToggleOnBookingPage": False,
        "forwardParamsSuccessRedirect": True,
        "successRedirectUrl": None,
        "users": [
            {
                "id": 1,
                "name": "Alice Host",
                "username": "alice",
                "avatarUrl": None,
                "brandColor": None,
                "darkBrandColor": None,
                "weekStart": "Monday",
                "metadata": {},
            }
        ],
        "scheduleId": None,
        "onlyShowFirstAvailableSlot": False,
        "offsetStart": 0,
        "bookingWindow": {"disabled": True},
        "hideCalendarNotes": False,
        "useDestinationCalendarEmail": False,
        "hideCalendarEventDetails": False,
        "hideOrganizerEmail": False,
        "calVideoSettings": {"sendTranscriptionEmails": True},
        "bookerActiveBookingsLimit": {"disabled": True},
        "disableCancelling": {"disabled": False},
        "disableRescheduling": {"disabled": False},
        "interfaceLanguage": None,
        "allowReschedulingPastBookings": False,
        "allowReschedulingCancelledBookings": False,
        "showOptimizedSlots": False,
    },
)

# The id, the slug, the lengths if any, and the shape of its bookings.
OUTLINES: list[tuple[int, str, tuple[int, ...] | None, str]] = [
    (1, "normal", None, ""),
    (2, "confirm", None, "needs_confirmation"),
    (3, "recurring", None, "is_recurring"),
    (4, "seated", None, "is_seated"),
    (5, "seated-hidden", None, "is_seated"),
    (7, "multi-length", (15, 30, 60), ""),
    (9, "phone", None, ""),
    (8, "fields", None, ""),
    (10, "address", None, ""),
    (11, "notice", None, ""),
    (6, "recurring-seated", None, "is_recurring is_seated"),
    (15, "recurring-seated-strict", None, "is_recurring is_seated"),
    (16, "no-cancel", None, ""),
    (17, "no-reschedule", None, ""),
    (18, "auth-required", None, ""),
    (21, "reason-always", None, ""),
    (19, "max-active", None, ""),
    (20, "reschedule-notice", None, ""),
]


def outline(found: EventType) -> tuple[int, str | None, tuple[int, ...] | None, str]:
    names = ("is_recurring", "is_seated", "needs_confirmation")
    flags = " ".join(name for name in names if getattr(found, name))
    return found.id, found.slug, found.length_in_minutes_options, flags


def test_the_users_event_types_are_read() -> None:
    found = OWN.read(response_of(LIST))

    assert found[0] == NORMAL
    assert [outline(each) for each in found] == OUTLINES
    assert {each.length_in_minutes for each in found} == {30}
    assert pickle.loads(pickle.dumps(found)) == found


def test_a_users_event_types_are_read_without_credentials() -> None:
    recording = "286-event-types-by-username"
    assert "Authorization" not in RECORDED[recording]["request"]["headers"]
    of_alice = event_types.list(username="alice").read(response_of(recording))
    assert of_alice == OWN.read(response_of(LIST))


def test_one_event_type_is_read() -> None:
    first = RECORDED[LIST]["response"]["body"]["data"][0]
    assert event_types.get(1).read(response_with_data(LIST, first)) == NORMAL


def test_the_requirements_of_an_event_type_are_read() -> None:
    found = {each.slug: each for each in OWN.read(response_of(LIST))}

    assert found["confirm"].confirmation_policy == EventTypeConfirmation(
        type="always", block_unconfirmed_bookings_in_booker=False
    )
    assert found["recurring"].recurrence == EventTypeRecurrence(
        disabled=False, interval=1, occurrences=4, frequency="weekly"
    )
    assert found["seated-hidden"].seats == EventTypeSeats(
        disabled=False,
        seats_per_time_slot=3,
        show_attendee_info=False,
        show_availability_count=True,
    )
    assert found["phone"].locations == (EventTypeLocation(type="attendeePhone"),)
    assert found["address"].locations == (
        EventTypeLocation(type="address", address="Street 1, Berlin", public=True),
    )
    assert found["auth-required"].booking_requires_authentication is True
    assert found["notice"].minimum_booking_notice == 2_880
    assert [field.slug for field in found["phone"].booking_fields or ()] == [
        "name",
        "location",
        "notes",
        "guests",
        "rescheduleReason",
    ]
    assert [field for field in found["fields"].booking_fields or () if not field.is_default] == [
        EventTypeField(
            slug="topic",
            type="text",
            label="Topic",
            required=True,
            hidden=False,
            is_default=False,
            placeholder="x",
            extra=PREFILLED,
        ),
        EventTypeField(
            slug="size",
            type="select",
            label="Size",
            required=False,
            hidden=False,
            is_default=False,
            options=("small", "big"),
            placeholder="x",
            extra=PREFILLED,
        ),
    ]


# As in version 2026-06-12.
NEWER_FIELDS: list[dict[str, object]] = [
    {"field": "name", "slug": "name", "variant": "fullName", "disableOnPrefill": False},
    {
        "field": "email",
        "slug": "email",
        "required": True,
        "hidden": False,
        "disableOnPrefill": False,
    },
    {
        "field": "attendeePhoneNumber",
        "slug": "attendeePhoneNumber",
        "required": False,
        "hidden": True,
        "disableOnPrefill": False,
    },
    {"field": "location", "slug": "location"},
    {
        "field": "title",
        "slug": "title",
        "required": True,
        "hidden": True,
        "disableOnPrefill": False,
    },
]


def test_the_booking_fields_of_the_newer_version_are_read() -> None:
    operation = event_types.get(501, cal_api_version="2026-06-12")
    found = operation.read(response_with_data(LIST, {"id": 501, "bookingFields": NEWER_FIELDS}))

    assert found == EventType(
        501,
        booking_fields=(
            EventTypeField("name", field="name", extra={"variant": "fullName", **PREFILLED}),
            EventTypeField("email", field="email", required=True, hidden=False, extra=PREFILLED),
            EventTypeField(
                "attendeePhoneNumber",
                field="attendeePhoneNumber",
                required=False,
                hidden=True,
                extra=PREFILLED,
            ),
            EventTypeField("location", field="location"),
            EventTypeField("title", field="title", required=True, hidden=True, extra=PREFILLED),
        ),
    )


# The keys of a server; whether a booking is a series, has seats, and needs confirmation.
FLAGS: dict[str, tuple[dict[str, object], tuple[bool, bool, bool]]] = {
    "nothing": ({}, (False, False, False)),
    "null": (
        {"recurrence": None, "seats": None, "confirmationPolicy": None},
        (False, False, False),
    ),
    "disabled": (
        {
            "recurrence": {"disabled": True},
            "seats": {"disabled": True},
            "confirmationPolicy": {"disabled": True},
        },
        (False, False, False),
    ),
    "enabled": (
        {
            "recurrence": {"disabled": False},
            "seats": {"disabled": False},
            "confirmationPolicy": {"disabled": False},
        },
        (True, True, True),
    ),
    "how, and not whether": (
        {
            "recurrence": {"occurrences": 4},
            "seats": {"seatsPerTimeSlot": 2},
            "confirmationPolicy": {"type": "time"},
        },
        (True, True, True),
    ),
}


@pytest.mark.parametrize("name", FLAGS)
def test_an_event_type_states_the_shape_of_its_bookings(name: str) -> None:
    keys, expected = FLAGS[name]
    found = event_types.get(5).read(response_with_data(LIST, {"id": 5, **keys}))
    assert (found.is_recurring, found.is_seated, found.needs_confirmation) == expected


# The changed key of the second event type, the JSON path and the type found.
INVALID: dict[str, tuple[dict[str, object], str, str]] = {
    "no id": ({"id": None}, "$.data[1].id", "null"),
    "a length in words": (
        {"lengthInMinutesOptions": [15, "30"]},
        "$.data[1].lengthInMinutesOptions[1]",
        "a string",
    ),
    "a length with a fraction": (
        {"lengthInMinutesOptions": [15.0]},
        "$.data[1].lengthInMinutesOptions[0]",
        "a number with a fraction",
    ),
    "a length that is a boolean": (
        {"lengthInMinutesOptions": [True]},
        "$.data[1].lengthInMinutesOptions[0]",
        "a boolean",
    ),
    "one length": (
        {"lengthInMinutesOptions": 30},
        "$.data[1].lengthInMinutesOptions",
        "an integer",
    ),
    "an option that is a number": (
        {"bookingFields": [{"slug": "size", "options": ["small", 5]}]},
        "$.data[1].bookingFields[0].options[1]",
        "an integer",
    ),
    "a location in words": ({"locations": ["link"]}, "$.data[1].locations[0]", "a string"),
}


@pytest.mark.parametrize("name", INVALID)
def test_a_value_of_another_type_is_an_error_with_its_path(name: str) -> None:
    changes, path, found = INVALID[name]
    first, second, *_ = RECORDED[LIST]["response"]["body"]["data"]
    with pytest.raises(DecodingError) as caught:
        OWN.read(response_with_data(LIST, [first, {**second, **changes}]))
    assert (caught.value.path, caught.value.found) == (path, found)
    assert caught.value.may_have_happened is False


def test_the_user_of_the_credentials_is_read() -> None:
    user = me.get().read(response_of("284-me"))
    assert user == Me(
        id=1,
        email="alice@example.com",
        name="Alice Host",
        username="alice",
        time_zone="Europe/Berlin",
        week_start="Monday",
        time_format=12,
        default_schedule_id=1,
        organization_id=None,
        avatar_url=None,
        bio=None,
    )
    assert user.extra == {}
    assert "bio" not in repr(user)


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "a slug without its owner": (
        lambda: event_types.list(event_slug="chat"),
        "event_slug: needs the username of its owner",
    ),
    "a slug of several": (
        lambda: event_types.list(event_slug="chat", usernames=["rosa"]),
        "event_slug: needs the username of its owner",
    ),
    "one and several": (
        lambda: event_types.list(username="rosa", usernames=["ola"]),
        "usernames: cannot be combined with username",
    ),
    "nobody": (lambda: event_types.list(username=""), "username: is empty"),
    "none of several": (
        lambda: event_types.list(usernames=[]),
        "usernames: needs at least 1 item",
    ),
    "two in one": (
        lambda: event_types.list(usernames=["rosa,ola"]),
        "usernames[0]: contains a comma, which separates usernames",
    ),
    "several as text": (
        lambda: event_types.list(usernames="rosa"),
        "usernames: must be a list, not a string",
    ),
    "an id in words": (
        lambda: event_types.list(org_id="x"),
        "org_id: must be an integer, not a string",
    ),  # type: ignore[arg-type]
    "no organisation": (lambda: event_types.list(org_slug=""), "org_slug: is empty"),
    "the id 0": (lambda: event_types.get(0), "event_type_id: must be at least 1"),
    "a slug as id": (
        lambda: event_types.get("chat"),  # type: ignore[arg-type]
        "event_type_id: must be an integer, not a string",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_input_the_server_would_misread_is_refused(name: str) -> None:
    call, message = REFUSED[name]
    with pytest.raises(InvalidInput) as caught:
        call()
    assert str(caught.value) == message
