"""What comes out: one `Booking` for all four shapes that the API answers with.

Every class keeps in `extra` the keys that it does not know.
Free-form maps are plain dicts, typed as `Mapping` and left out of the hash.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any

from attrs import field, frozen

from calcom_core.model.fields import under, unknown_keys
from calcom_core.value import Value


class BookingShape(Enum):
    """Which of the API's four shapes a booking has."""

    SINGLE = "single"
    RECURRING = "recurring"
    SEATED = "seated"
    RECURRING_SEATED = "recurring-seated"


@frozen(weakref_slot=False)
class Host(Value):
    """A host of a booking; *id* is the string `unknown` where the booking has no user."""

    id: int | str
    email: str
    display_email: str
    username: str
    name: str | None = None
    time_zone: str | None = None
    extra: Mapping[str, Any] = unknown_keys()


@frozen(weakref_slot=False)
class EventTypeRef(Value):
    """The event type of a booking."""

    id: int
    slug: str
    extra: Mapping[str, Any] = unknown_keys()


@frozen(weakref_slot=False)
class Attendee(Value):
    """An attendee of a booking.

    Attendees of a seated booking have *seat_uid*, *booking_fields_responses* and *metadata*;
    one who gave only a phone number has a synthetic *email*.
    """

    name: str
    email: str
    display_email: str
    time_zone: str
    absent: bool
    language: str | None = None
    phone_number: str | None = None
    seat_uid: str | None = None
    booking_fields_responses: Mapping[str, Any] | None = field(default=None, hash=False)
    metadata: Mapping[str, Any] | None = field(default=None, hash=False)
    created_at: datetime | None = None
    extra: Mapping[str, Any] = unknown_keys()


@frozen(weakref_slot=False)
class BookingAttendee(Value):
    """An attendee with the *id* by which `bookings.attendees` gets and removes one.

    *booking_id* is that of the booking, a number, in the answer to adding the attendee.
    """

    id: int
    name: str
    email: str
    display_email: str
    time_zone: str
    absent: bool
    language: str | None = None
    phone_number: str | None = None
    booking_id: int | None = None
    extra: Mapping[str, Any] = unknown_keys()


@frozen(weakref_slot=False)
class RemovedAttendee(Value):
    """An attendee who was taken off a booking."""

    id: int
    booking_id: int
    name: str
    email: str
    time_zone: str
    extra: Mapping[str, Any] = unknown_keys()


@frozen(weakref_slot=False)
class Booking(Value):
    """A booking, of whatever shape; what its shape lacks is None.

    *status* is `accepted`, `pending`, `cancelled`, `rejected`, or what the server may add.
    *location* is one flat string and not always a URL; *meeting_url* is deprecated and equal to it.
    *duration* is in minutes.
    *ics_uid* stays the same when a booking is rescheduled, while *uid* changes.
    *seat_uid* is there only in the answers to creating or moving a seat.
    """

    id: int
    uid: str
    title: str
    status: str
    hosts: tuple[Host, ...]
    attendees: tuple[Attendee, ...]
    start: datetime
    end: datetime
    duration: float
    absent_host: bool
    created_at: datetime
    updated_at: datetime | None = None
    description: str | None = None
    cancellation_reason: str | None = None
    cancelled_by_email: str | None = None
    rescheduling_reason: str | None = None
    rescheduled_by_email: str | None = None
    rescheduled_from_uid: str | None = None
    rescheduled_to_uid: str | None = None
    event_type_id: int | None = None
    event_type: EventTypeRef | None = None
    meeting_url: str | None = None
    location: str | None = None
    guests: tuple[str, ...] | None = None
    metadata: Mapping[str, Any] | None = field(default=None, hash=False)
    booking_fields_responses: Mapping[str, Any] | None = field(default=None, hash=False)
    rating: float | None = None
    ics_uid: str | None = None
    recurring_booking_uid: str | None = None
    seat_uid: str | None = None
    is_platform_managed_user_booking: bool | None = None
    extra: Mapping[str, Any] = unknown_keys()

    @property
    def is_recurring(self) -> bool:
        """Whether this is an occurrence of a series, whose uid is *recurring_booking_uid*."""
        return self.recurring_booking_uid is not None

    @property
    def is_seated(self) -> bool:
        """Whether attendees hold seats; `mark_absent` answers as if they did not."""
        # CONTRACT C.3: only these shapes lack the key; `seat_uid` and attendees may be hidden.
        return self.booking_fields_responses is None

    @property
    def shape(self) -> BookingShape:
        """Which of the four shapes the server answered with."""
        return _SHAPES[self.is_recurring, self.is_seated]


_SHAPES = {
    (False, False): BookingShape.SINGLE,
    (True, False): BookingShape.RECURRING,
    (False, True): BookingShape.SEATED,
    (True, True): BookingShape.RECURRING_SEATED,
}


@frozen(weakref_slot=False)
class NewHost(Value):
    """Who a booking was given to; *id* is 0 where the server does not know."""

    id: int
    name: str
    email: str
    display_email: str
    extra: Mapping[str, Any] = unknown_keys()


@frozen(weakref_slot=False)
class Reassignment(Value):
    """What reassigning a booking led to."""

    booking_uid: str
    reassigned_to: NewHost
    extra: Mapping[str, Any] = unknown_keys()


@frozen(weakref_slot=False)
class ConfirmedSeats(Value):
    """The seats that a call confirmed; *seat_uids* leaves out those that were confirmed before.

    It is None if the server does not list them.
    """

    seat_uids: tuple[str, ...] | None = field(default=None, metadata=under("confirmedSeatUids"))
    extra: Mapping[str, Any] = unknown_keys()


@frozen(weakref_slot=False)
class DeclinedSeats(Value):
    """The seats that a call declined, whether they were pending or confirmed.

    *seat_uids* is None if the server does not list them.
    """

    seat_uids: tuple[str, ...] | None = field(default=None, metadata=under("declinedSeatUids"))
    extra: Mapping[str, Any] = unknown_keys()


@frozen(weakref_slot=False)
class BookingReference(Value):
    """What stands for a booking in a calendar or a video app, by its *type*.

    *event_uid* is that of the other system, not a booking's.
    """

    type: str
    event_uid: str
    id: int
    destination_calendar_id: str | None = None
    extra: Mapping[str, Any] = unknown_keys()


@frozen(weakref_slot=False)
class CalendarLink(Value):
    """A link that puts a booking into a calendar.

    *id* is `googleCalendar`, `microsoftOffice`, `microsoftOutlook` or `ics`;
    the last one's *link* is a `data:` URI of some kilobytes, or empty.
    """

    label: str
    link: str
    id: str | None = None
    extra: Mapping[str, Any] = unknown_keys()
