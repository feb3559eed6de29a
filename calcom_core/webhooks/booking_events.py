"""The events of bookings: their changes, payments, absences and meetings.

Uids and times have the names of `Booking`: `start` is the delivery's `startTime`, and `ics_uid`
its `iCalUID`.
Fields that may hold passwords or links are hidden in the `repr`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import field, frozen

from calcom_core.serialization import json_key
from calcom_core.webhooks.delivery import BookingEventBase, Person, Team, free_form, hidden


@frozen(kw_only=True)
class BookingEvent(BookingEventBase):
    """A change of a booking; every kind of change is a subclass.

    *ics_uid* is that of `Booking`: it stays the same when the booking is rescheduled, while *uid*
    changes.
    Deliveries may omit it, and those of reschedules often do; `booking()` gets a booking that has
    it, and `BookingRescheduled.old_uid` is the previous uid.
    A seat that moves to another booking gets the *ics_uid* of that booking.

    *status* is in capitals, such as `ACCEPTED`; *length* is in minutes, and *price* in the smallest
    unit of *currency*.
    *type* is the slug of the event type, and *event_title* its title.
    *description* may repeat *additional_notes*.
    *seat_uid* is the seat of the event, if the event type has seats.
    *responses* has the slugs of the booking fields as keys; an empty field has no `value`.
    *video_call_data* and *conference_data* may hold passwords.
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
    """A booking was created, or a requested booking was confirmed."""


@frozen(kw_only=True)
class _Reschedule(BookingEvent):
    old_uid: str | None = field(default=None, metadata=json_key("rescheduleUid"))
    old_booking_id: int | None = field(default=None, metadata=json_key("rescheduleId"))
    old_start: datetime | None = field(default=None, metadata=json_key("rescheduleStartTime"))
    old_end: datetime | None = field(default=None, metadata=json_key("rescheduleEndTime"))
    rescheduled_by: str | None = None


@frozen(kw_only=True)
class BookingRequested(_Reschedule):
    """A booking needs the confirmation of the host.

    With an *old_uid* it is a reschedule; *old_uid*, *old_start* and *old_end* are those of the
    previous booking.
    """


@frozen(kw_only=True)
class BookingRejected(BookingEvent):
    """The host declined a requested booking."""

    rejection_reason: str | None = None


@frozen(kw_only=True)
class BookingCancelled(BookingEvent):
    """A booking or one of its seats was cancelled.

    The delivery for a seat looks like that for a booking: *uid* and *status* are those of a
    cancelled booking, *seat_uid* is omitted, and *attendees* has the former holder of the seat.
    *request_reschedule* is true if the host requests a new time from the attendee.
    """

    cancelled_by: str | None = None
    cancellation_reason: str | None = None
    request_reschedule: bool | None = None

    @property
    def may_be_one_seat(self) -> bool:
        """Whether only a seat may be cancelled; `booking()` gets the remaining booking."""
        return self.seats_per_time_slot is not None


@frozen(kw_only=True)
class BookingRescheduled(_Reschedule):
    """A booking was rescheduled; a new booking replaces it.

    *uid*, *start* and *end* are those of the new booking, and so are *new_uid*, *new_start* and
    *new_end*; those of the previous booking are *old_uid*, *old_start* and *old_end*.
    With a *seat_uid* only that seat moved: the previous booking remains for its other attendees,
    and its times are omitted.
    """

    @property
    def new_uid(self) -> str:
        """The uid of the new booking."""
        return self.uid

    @property
    def new_start(self) -> datetime | None:
        """The start of the new booking."""
        return self.start

    @property
    def new_end(self) -> datetime | None:
        """The end of the new booking."""
        return self.end


@frozen(kw_only=True)
class _Payment(BookingEvent):
    payment_id: int | None = None
    payment_data: Mapping[str, Any] | None = free_form(shown=False)


@frozen(kw_only=True)
class BookingPaid(_Payment):
    """A booking was paid."""


@frozen(kw_only=True)
class BookingPaymentInitiated(_Payment):
    """The payment of a booking has started."""


@frozen(kw_only=True)
class BookingNoShowUpdated(BookingEventBase):
    """Attendees were marked as absent or present, in their *no_show*."""

    uid: str = field(metadata=json_key("bookingUid"))
    booking_id: int | None = None
    message: str | None = None
    attendees: tuple[Person, ...] | None = None


@frozen(kw_only=True)
class _Meeting(BookingEventBase):
    """A booking whose meeting starts or ends, as the server stores it.

    *created_at* and *updated_at* are those of the booking, not of the delivery.
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
    """The start of a booking has been reached."""


@frozen(kw_only=True)
class MeetingEnded(_Meeting):
    """The end of a booking has been reached."""
