"""The inputs as typed dicts, for editors and type checkers.

Each has the keys of the class of the same name in `inputs` or `location`, which checks the values.
A test compares the keys of both.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

from calcom_core.model.inputs import NewAttendee, Routing
from calcom_core.model.location import LocationInput


class NewAttendeeDict(TypedDict):
    """The keys of `NewAttendee`."""

    name: str
    time_zone: str
    email: NotRequired[str | None]
    phone_number: NotRequired[str | None]
    language: NotRequired[str | None]


class RoutingDict(TypedDict):
    """The keys of `Routing`."""

    team_member_ids: Iterable[int]
    response_id: NotRequired[int | None]
    queued_response_id: NotRequired[str | None]
    team_member_email: NotRequired[str | None]
    skip_contact_owner: NotRequired[bool | None]
    crm_app_slug: NotRequired[str | None]
    crm_owner_record_type: NotRequired[str | None]


class ConfiguredLocationDict(TypedDict):
    """A location that the organiser configured."""

    type: Literal["address", "link", "phone", "organizersDefaultApp"]


class IntegrationLocationDict(TypedDict):
    """The keys of `IntegrationLocation`."""

    type: Literal["integration"]
    integration: str


class AttendeeAddressLocationDict(TypedDict):
    """The keys of `AttendeeAddressLocation`."""

    type: Literal["attendeeAddress"]
    address: str


class AttendeePhoneLocationDict(TypedDict):
    """The keys of `AttendeePhoneLocation`."""

    type: Literal["attendeePhone"]
    phone: str


class AttendeeDefinedLocationDict(TypedDict):
    """The keys of `AttendeeDefinedLocation`."""

    type: Literal["attendeeDefined"]
    location: str


class NewAddressLocationDict(TypedDict):
    """The keys of `NewAddressLocation`."""

    type: Literal["address"]
    address: str


class NewLinkLocationDict(TypedDict):
    """The keys of `NewLinkLocation`."""

    type: Literal["link"]
    link: str


class NewPhoneLocationDict(TypedDict):
    """The keys of `NewPhoneLocation`."""

    type: Literal["phone"]
    phone: str


LocationDict: TypeAlias = (
    ConfiguredLocationDict
    | IntegrationLocationDict
    | AttendeeAddressLocationDict
    | AttendeePhoneLocationDict
    | AttendeeDefinedLocationDict
)
"""The location of a new booking."""

NewLocationDict: TypeAlias = (
    NewAddressLocationDict
    | NewLinkLocationDict
    | NewPhoneLocationDict
    | IntegrationLocationDict
    | AttendeeAddressLocationDict
    | AttendeePhoneLocationDict
    | AttendeeDefinedLocationDict
)
"""The new location of an existing booking."""


class NewBookingDict(TypedDict):
    """The keys of `NewBooking`."""

    start: datetime | str
    attendee: NewAttendeeDict | NewAttendee
    event_type_id: NotRequired[int | None]
    event_type_slug: NotRequired[str | None]
    username: NotRequired[str | None]
    team_slug: NotRequired[str | None]
    organization_slug: NotRequired[str | None]
    guests: NotRequired[Iterable[str] | None]
    location: NotRequired[LocationDict | LocationInput | None]
    metadata: NotRequired[Mapping[str, str] | None]
    booking_fields_responses: NotRequired[Mapping[str, Any] | None]
    length_in_minutes: NotRequired[int | None]
    routing: NotRequired[RoutingDict | Routing | None]
    email_verification_code: NotRequired[str | None]
    rr_host_subset_ids: NotRequired[Iterable[int] | None]
    recurrence_count: NotRequired[int | None]
    instant: NotRequired[bool | None]
    allow_conflicts: NotRequired[bool | None]
    allow_booking_out_of_bounds: NotRequired[bool | None]
    skip_booking_limits: NotRequired[bool | None]


class RescheduleDict(TypedDict):
    """The keys of `Reschedule`."""

    start: datetime | str
    rescheduled_by: NotRequired[str | None]
    rescheduling_reason: NotRequired[str | None]
    email_verification_code: NotRequired[str | None]
    rr_host_subset_ids: NotRequired[Iterable[int] | None]
    allow_conflicts: NotRequired[bool | None]
    allow_booking_out_of_bounds: NotRequired[bool | None]
    skip_booking_limits: NotRequired[bool | None]


class SeatRescheduleDict(TypedDict):
    """The keys of `SeatReschedule`."""

    seat_uid: str
    start: datetime | str
    rescheduled_by: NotRequired[str | None]
    email_verification_code: NotRequired[str | None]
    allow_conflicts: NotRequired[bool | None]
    allow_booking_out_of_bounds: NotRequired[bool | None]
    skip_booking_limits: NotRequired[bool | None]


class CancellationDict(TypedDict, total=False):
    """The keys of `Cancellation`."""

    cancellation_reason: str | None
    cancel_subsequent_bookings: bool | None


class SeatCancellationDict(TypedDict):
    """The keys of `SeatCancellation`."""

    seat_uid: str
    cancellation_reason: NotRequired[str | None]


class AbsenceDict(TypedDict):
    """The keys of `Absence`."""

    email: str
    absent: bool


class NewGuestDict(TypedDict):
    """The keys of `NewGuest`."""

    email: str
    name: NotRequired[str | None]
    time_zone: NotRequired[str | None]
    phone_number: NotRequired[str | None]
    language: NotRequired[str | None]
