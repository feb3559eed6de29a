"""The keywords of `calcom_core.responses`, typed for editors and type checkers.

Each typed dict has the fields of a model, because tests should use the names that clients return.
Times may be strings, and None means null in the JSON.
`responses` checks the values.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypedDict

from calcom_core.model.inputs import Moment


class HostFields(TypedDict, total=False):
    """The fields of a `Host`."""

    id: int | str | None
    email: str | None
    display_email: str | None
    username: str | None
    name: str | None
    time_zone: str | None
    extra: Mapping[str, Any]


class AttendeeFields(TypedDict, total=False):
    """The fields of an `Attendee`."""

    name: str | None
    email: str | None
    display_email: str | None
    time_zone: str | None
    absent: bool | None
    language: str | None
    phone_number: str | None
    seat_uid: str | None
    booking_fields_responses: Mapping[str, Any] | None
    metadata: Mapping[str, Any] | None
    created_at: Moment | None
    extra: Mapping[str, Any]


class EventTypeRefFields(TypedDict, total=False):
    """The fields of an `EventTypeRef`."""

    id: int | None
    slug: str | None
    extra: Mapping[str, Any]


class BookingFields(TypedDict, total=False):
    """The fields of a `Booking`, and *seats*: the uids of seats, one for each attendee.

    *extra* holds further keys of the JSON, under the API's own names.
    """

    seats: Iterable[str]
    uid: str
    status: str
    start: Moment
    end: Moment
    id: int | None
    title: str | None
    hosts: Iterable[HostFields]
    attendees: Iterable[AttendeeFields]
    duration: float | None
    absent_host: bool | None
    created_at: Moment | None
    updated_at: Moment | None
    description: str | None
    cancellation_reason: str | None
    cancelled_by_email: str | None
    rescheduling_reason: str | None
    rescheduled_by_email: str | None
    rescheduled_from_uid: str | None
    rescheduled_to_uid: str | None
    event_type: EventTypeRefFields | None
    event_type_id: int | None
    meeting_url: str | None
    location: str | None
    guests: Sequence[str] | None
    metadata: Mapping[str, Any] | None
    booking_fields_responses: Mapping[str, Any] | None
    rating: float | None
    ics_uid: str | None
    recurring_booking_uid: str | None
    seat_uid: str | None
    is_platform_managed_user_booking: bool | None
    extra: Mapping[str, Any]


class SlotFields(TypedDict, total=False):
    """The fields of a `Slot`."""

    start: Moment
    end: Moment | None
    seats_booked: int | None
    seats_remaining: int | None
    seats_total: int | None
    booking_uid: str | None
    extra: Mapping[str, Any]
