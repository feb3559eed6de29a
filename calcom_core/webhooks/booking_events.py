"""Events of bookings: what was done to one, and that its time has come.

Uids and times bear the names that they have in `Booking`: `start` is the delivery's `startTime`,
and `ics_uid` its `iCalUID`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import field, frozen

from calcom_core.serialization import json_key
from calcom_core.webhooks.delivery import BookingEventBase, Person, Team, free_form, hidden


@frozen(kw_only=True)
class BookingEvent(BookingEventBase):
    """Something was done to a booking; each kind of it is a class of its own.

    The lineage of a booking is *ics_uid*: it stays the same when the booking is rescheduled, while
    *uid* changes, and it is that of `Booking`.
    Any delivery may leave it out, and reschedules often do; the booking that `booking()` gets has
    it, and `BookingRescheduled.old_uid` leads back.
    A seat that moves to another booking takes on that booking's.

    *status* is in capitals, as in `ACCEPTED`, *length* in minutes, *price* in the smallest unit of
    *currency*.
    *type* is the slug of the event type, *event_title* its title.
    *description* falls back to *additional_notes*.
    *seat_uid* is the seat that this is about, where the event type has seats.
    *responses* is by the slugs of the booking fields; a field without an answer has no `value`.
    *video_call_data* has the password of the meeting, *conference_data* may hold others; neither is
    shown.
    """

    booking_id: int | None = None
    type: str | None = None
    title: str | None = None
    event_title: str | None = None
    event_type_id: int | None = None
    event_description: str | None = None
    description: str | None = None
    additional_notes: str | None = None
    start: datetime | None = field(default=None, metadata=json_key("startTime"))
    end: datetime | None = field(default=None, metadata=json_key("endTime"))
    length: int | None = None
    status: str | None = None
    organizer: Person | None = None
    attendees: tuple[Person, ...] | None = None
    team: Team | None = None
    location: str | None = None
    video_call_data: Mapping[str, Any] | None = free_form(shown=False)
    conference_data: Mapping[str, Any] | None = free_form(shown=False)
    responses: Mapping[str, Any] | None = free_form()
    user_fields_responses: Mapping[str, Any] | None = free_form()
    metadata: Mapping[str, Any] | None = free_form()
    recurring_event: Mapping[str, Any] | None = free_form()
    recurrence_time_zone: str | None = None
    requires_confirmation: bool | None = None
    price: float | None = None
    currency: str | None = None
    ics_uid: str | None = field(default=None, metadata=json_key("iCalUID"))
    ics_sequence: int | None = field(default=None, metadata=json_key("iCalSequence"))
    attendee_ics_content: str | None = hidden()
    organizer_ics_content: str | None = hidden()
    organization_id: int | None = None
    one_time_password: str | None = hidden()
    custom_reply_to_email: str | None = None
    scheduling_type: str | None = None
    seat_uid: str | None = field(default=None, metadata=json_key("attendeeSeatId"))
    seats_per_time_slot: int | None = None
    seats_show_attendees: bool | None = None
    seats_show_availability_count: bool | None = None
    hide_calendar_notes: bool | None = None
    hide_calendar_event_details: bool | None = None
    hide_organizer_email: bool | None = None
    hide_branding: bool | None = None
    disable_rescheduling: bool | None = None
    disable_cancelling: bool | None = None
    booker_url: str | None = None
    platform_client_id: str | None = None
    platform_reschedule_url: str | None = None
    platform_cancel_url: str | None = None
    platform_booking_url: str | None = None
    sms_reminder_number: str | None = None


@frozen(kw_only=True)
class BookingCreated(BookingEvent):
    """A booking was made, or one that was requested is confirmed."""


@frozen(kw_only=True)
class _Reschedule(BookingEvent):
    old_uid: str | None = field(default=None, metadata=json_key("rescheduleUid"))
    old_booking_id: int | None = field(default=None, metadata=json_key("rescheduleId"))
    old_start: datetime | None = field(default=None, metadata=json_key("rescheduleStartTime"))
    old_end: datetime | None = field(default=None, metadata=json_key("rescheduleEndTime"))
    rescheduled_by: str | None = None


@frozen(kw_only=True)
class BookingRequested(_Reschedule):
    """A booking waits for the host to confirm it.

    With an *old_uid* it is a reschedule: *old_uid*, *old_start* and *old_end* are those of the
    booking before, as in `BookingRescheduled`.
    """


@frozen(kw_only=True)
class BookingRejected(BookingEvent):
    """The host has declined a booking that was requested."""

    rejection_reason: str | None = None


@frozen(kw_only=True)
class BookingCancelled(BookingEvent):
    """A booking was cancelled, or a seat of it.

    A seat is delivered as if it were the whole: *uid* and *status* are those of a booking that is
    cancelled, *seat_uid* is left out, and *attendees* has who held the seat.
    *request_reschedule* is true where the host asks the attendee to pick another time.
    """

    cancelled_by: str | None = None
    cancellation_reason: str | None = None
    request_reschedule: bool | None = None

    @property
    def may_be_one_seat(self) -> bool:
        """Whether the booking may still be there for others; `booking()` gets what is left."""
        return self.seats_per_time_slot is not None


@frozen(kw_only=True)
class BookingRescheduled(_Reschedule):
    """A booking was moved; a new one takes its place.

    *uid*, *start* and *end* are those of the new booking, also to be had as *new_uid*, *new_start*
    and *new_end*; those of the booking before are *old_uid*, *old_start* and *old_end*.
    With a *seat_uid* only that seat has moved: the booking before is still there for others, and
    its times are not told.
    """

    @property
    def new_uid(self) -> str:
        """The uid from now on."""
        return self.uid

    @property
    def new_start(self) -> datetime | None:
        """When the booking starts from now on."""
        return self.start

    @property
    def new_end(self) -> datetime | None:
        """When the booking ends from now on."""
        return self.end


@frozen(kw_only=True)
class _Payment(BookingEvent):
    payment_id: int | None = None
    payment_data: Mapping[str, Any] | None = free_form(shown=False)


@frozen(kw_only=True)
class BookingPaid(_Payment):
    """A booking was paid for."""


@frozen(kw_only=True)
class BookingPaymentInitiated(_Payment):
    """Somebody has begun to pay for a booking."""


@frozen(kw_only=True)
class BookingNoShowUpdated(BookingEventBase):
    """Attendees were marked as absent, or as present after all: see their *no_show*."""

    uid: str = field(metadata=json_key("bookingUid"))
    booking_id: int | None = None
    message: str | None = None
    attendees: tuple[Person, ...] | None = None


@frozen(kw_only=True)
class _Meeting(BookingEventBase):
    """A booking whose time has come, as the server has stored it.

    *created_at* and *updated_at* are those of the booking.
    """

    booking_id: int | None = field(default=None, metadata=json_key("id"))
    idempotency_key: str | None = None
    title: str | None = None
    description: str | None = None
    start: datetime | None = field(default=None, metadata=json_key("startTime"))
    end: datetime | None = field(default=None, metadata=json_key("endTime"))
    status: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    event_type_id: int | None = None
    location: str | None = None
    user: Person | None = None
    user_id: int | None = None
    user_primary_email: str | None = None
    attendees: tuple[Person, ...] | None = None
    responses: Mapping[str, Any] | None = free_form()
    metadata: Mapping[str, Any] | None = free_form()
    ics_uid: str | None = field(default=None, metadata=json_key("iCalUID"))
    ics_sequence: int | None = field(default=None, metadata=json_key("iCalSequence"))
    recurring_booking_uid: str | None = field(default=None, metadata=json_key("recurringEventId"))
    rescheduled_from_uid: str | None = field(default=None, metadata=json_key("fromReschedule"))
    rescheduled: bool | None = None
    rescheduled_by: str | None = None
    cancelled_by: str | None = None
    cancellation_reason: str | None = None
    rejection_reason: str | None = None
    absent_host: bool | None = field(default=None, metadata=json_key("noShowHost"))
    paid: bool | None = None
    rating: float | None = None
    creation_source: str | None = None


@frozen(kw_only=True)
class MeetingStarted(_Meeting):
    """The time of a booking has begun."""


@frozen(kw_only=True)
class MeetingEnded(_Meeting):
    """The time of a booking is over."""
