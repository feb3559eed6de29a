"""Every field of every input is checked, and every input takes keywords only."""

from typing import Any

import attrs
import pytest

from calcom_core import (
    Absence,
    AddressLocation,
    AttendeeAddressLocation,
    AttendeeDefinedLocation,
    AttendeePhoneLocation,
    Cancellation,
    IntegrationLocation,
    InvalidInput,
    LinkLocation,
    NewAddressLocation,
    NewAttendee,
    NewBooking,
    NewGuest,
    NewLinkLocation,
    NewPhoneLocation,
    OrganizersDefaultAppLocation,
    PhoneLocation,
    Reschedule,
    Routing,
    SeatCancellation,
    SeatReschedule,
    bookings,
)
from calcom_core.model.filters import BookingFilters, ReferenceFilter
from calcom_core.model.inputs import Absences, Move, NewGuests, Reason, RescheduleReason
from calcom_core.model.slot import NewReservation, SlotFilters

START = "2027-04-05T09:00:00Z"
PER = {"name": "Per", "email": "per@guest.example", "time_zone": "UTC"}

# Each input with its required fields.
INPUTS: list[tuple[type[Any], dict[str, Any]]] = [
    (NewAttendee, PER),
    (Routing, {"team_member_ids": [1]}),
    (NewBooking, {"start": START, "event_type_id": 1, "attendee": PER}),
    (Reschedule, {"start": START}),
    (SeatReschedule, {"start": START, "seat_uid": "s"}),
    (Cancellation, {}),
    (SeatCancellation, {"seat_uid": "s"}),
    (Absence, {"email": "a@b", "absent": True}),
    (Absences, {}),
    (Reason, {}),
    (BookingFilters, {}),
    (ReferenceFilter, {}),
    (SlotFilters, {"start": START, "end": START, "event_type_id": 1}),
    (NewReservation, {"event_type_id": 1, "slot_start": START}),
    (RescheduleReason, {}),
    (NewGuest, {"email": "a@b"}),
    (NewGuests, {"guests": [{"email": "a@b"}]}),
    (Move, {"location": {"type": "link", "link": "x"}}),
    (NewAddressLocation, {"address": "here"}),
    (NewLinkLocation, {"link": "https://h"}),
    (NewPhoneLocation, {"phone": "+4791234567"}),
    (IntegrationLocation, {"integration": "zoom"}),
    (AttendeeAddressLocation, {"address": "here"}),
    (AttendeePhoneLocation, {"phone": "+4791234567"}),
    (AttendeeDefinedLocation, {"location": "here"}),
]
LOCATIONS_OF_NO_FIELDS = [
    (AddressLocation, "address"),
    (LinkLocation, "link"),
    (PhoneLocation, "phone"),
    (OrganizersDefaultAppLocation, "organizersDefaultApp"),
]
# From a refusal that lists the allowed words.
LAST_WORDS = ("asc, desc", "time, range", "zoom_video")
FIELDS = [
    (cls, needed, field.name) for cls, needed in INPUTS for field in attrs.fields(cls) if field.init
]


@pytest.mark.parametrize(
    ("cls", "needed", "name"), FIELDS, ids=[f"{cls.__name__}.{name}" for cls, _, name in FIELDS]
)
def test_a_field_refuses_values_of_other_types(
    cls: type[Any], needed: dict[str, Any], name: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        cls(**{**needed, name: object()})
    assert caught.value.field == name
    assert caught.value.problem.endswith((", not object", *LAST_WORDS))


@pytest.mark.parametrize(("cls", "needed"), INPUTS, ids=[cls.__name__ for cls, _ in INPUTS])
def test_an_input_takes_keywords_only(cls: type[Any], needed: dict[str, Any]) -> None:
    assert cls(**needed) == cls(**needed)
    with pytest.raises(TypeError):
        cls(*(needed or {"": None}).values())


@pytest.mark.parametrize(("cls", "tag"), LOCATIONS_OF_NO_FIELDS)
def test_a_location_has_one_type_which_is_not_an_argument(cls: type[Any], tag: str) -> None:
    assert cls().type == tag
    with pytest.raises(TypeError):
        cls(type="link")
    with pytest.raises(TypeError):
        cls("link")


@pytest.mark.parametrize(
    ("cls", "tag", "needed"),
    [
        (IntegrationLocation, "integration", {"integration": "zoom"}),
        (AttendeeAddressLocation, "attendeeAddress", {"address": "here"}),
        (AttendeePhoneLocation, "attendeePhone", {"phone": "+4791234567"}),
        (AttendeeDefinedLocation, "attendeeDefined", {"location": "here"}),
        (NewAddressLocation, "address", {"address": "here"}),
        (NewLinkLocation, "link", {"link": "https://h"}),
        (NewPhoneLocation, "phone", {"phone": "+4791234567"}),
    ],
)
def test_a_location_with_a_field_has_one_type_too(
    cls: type[Any], tag: str, needed: dict[str, str]
) -> None:
    assert cls(**needed).type == tag
    with pytest.raises(TypeError):
        cls(**needed, type="link")


PROBLEMS: dict[str, tuple[dict[str, Any], str, str]] = {
    "a bound": ({"take": 251}, "take", "must be from 1 to 250"),
    "a lower bound": ({"skip": -1}, "skip", "must be at least 0"),
    "an id": ({"team_id": 0}, "team_id", "must be at least 1"),
    "a word": (
        {"status": "pst"},
        "status",
        "must be one of upcoming, recurring, past, cancelled, unconfirmed; did you mean past?",
    ),
    "a list": ({"status": []}, "status", "needs at least 1 item"),
    "a text": ({"attendee_name": ""}, "attendee_name", "is empty"),
    "both": (
        {"team_id": 1, "teams_ids": [1]},
        "team_id",
        "cannot be combined with teams_ids; the server would use only one",
    ),
    "two sorts": (
        {"sort_end": "asc", "sort_updated_at": "asc"},
        "sort_updated_at",
        "cannot be combined with sort_end; the server would use only one",
    ),
    "both ways of paging": (
        {"take": 3, "cursor": "c"},
        "take",
        "cannot be combined with cursor: a list by cursor uses limit instead",
    ),
    "a sort with a cursor": (
        {"sort_end": "asc", "limit": 3},
        "sort_end",
        "cannot be combined with limit: the status determines the order of a list by cursor",
    ),
    "two statuses in the version of cursors": (
        {"status": ["past", "upcoming"], "cal_api_version": "2026-05-01"},
        "status",
        "is not supported in version 2026-05-01: a list by cursor accepts only one",
    ),
    "a limit in a version of skip": (
        {"limit": 3, "cal_api_version": "2024-08-13"},
        "limit",
        "is not supported in version 2024-08-13: a list by take and skip does not support it",
    ),
    "a range": (
        {"after_start": "2027-04-05T09:00:00Z", "before_end": "2027-04-05T08:00:00Z"},
        "before_end",
        "is before after_start, so no booking can match",
    ),
    "a naive time": (
        {"after_start": "2027-04-05T09:00:00"},
        "after_start",
        "is a naive time, which the server would read as UTC; add a time zone, or a Z",
    ),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_problem_states_a_remedy(name: str) -> None:
    filters, field, problem = PROBLEMS[name]
    with pytest.raises(InvalidInput) as caught:
        bookings.list(**filters)
    assert (caught.value.field, caught.value.problem) == (field, problem)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({}, "an object"),
        ([], "an array"),
        (True, "a boolean"),
        (1, "an integer"),
        (0.5, "a number with a fraction"),
        (None, "null"),
        (b"", "bytes"),
        ((), "tuple"),
    ],
)
def test_a_value_of_another_type_is_described_by_its_type(value: object, kind: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        bookings.get(value)  # type: ignore[arg-type]
    assert str(caught.value) == f"booking_uid: must be a string, not {kind}"
