"""What comes out: one `Booking` for all four shapes that the API answers with.

Every class keeps in `extra` the keys that it does not know.
Free-form maps are plain dicts, typed as `Mapping` and left out of the hash.
What a key means that is missing, `calcom_core.model` says.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from attrs import Factory, field, frozen

from calcom_core.model.fields import under, unknown_keys
from calcom_core.value import Value


class BookingShape(Enum):
    """Which of the API's four shapes a booking has."""

    SINGLE = "single"
    RECURRING = "recurring"
    SEATED = "seated"
    RECURRING_SEATED = "recurring-seated"


# The suffix that tells the users of one platform client from those of another.
_MANAGED_USER = re.compile(r"\+[a-zA-Z0-9]{25}")


def _displayed(person: Any) -> str | None:
    return None if person.email is None else _MANAGED_USER.sub("", person.email, count=1)


@frozen
class Host(Value):
    """A host of a booking; *id* is the string `unknown` where the booking has no user."""

    id: int | str | None = None
    email: str | None = None
    display_email: str | None = field(default=Factory(_displayed, takes_self=True))
    username: str | None = None
    name: str | None = None
    time_zone: str | None = None
    extra: Mapping[str, Any] = unknown_keys()


@frozen
class EventTypeRef(Value):
    """The event type of a booking."""

    id: int | None = None
    slug: str | None = None
    extra: Mapping[str, Any] = unknown_keys()


@frozen
class Attendee(Value):
    """An attendee of a booking.

    Attendees of a seated booking have *seat_uid*, *booking_fields_responses* and *metadata*;
    one who gave only a phone number has a synthetic *email*.
    """

    name: str | None = None
    email: str | None = None
    display_email: str | None = field(default=Factory(_displayed, takes_self=True))
    time_zone: str | None = None
    absent: bool | None = None
    language: str | None = None
    phone_number: str | None = None
    seat_uid: str | None = None
    booking_fields_responses: Mapping[str, Any] | None = field(default=None, hash=False)
    metadata: Mapping[str, Any] | None = field(default=None, hash=False)
    created_at: datetime | None = None
    extra: Mapping[str, Any] = unknown_keys()


@frozen
class BookingAttendee(Value):
    """An attendee with the *id* by which `bookings.attendees` gets and removes one.

    *booking_id* is that of the booking, a number, in the answer to adding the attendee.
    """

    id: int
    name: str | None = None
    email: str | None = None
    display_email: str | None = field(default=Factory(_displayed, takes_self=True))
    time_zone: str | None = None
    absent: bool | None = None
    language: str | None = None
    phone_number: str | None = None
    booking_id: int | None = None
    extra: Mapping[str, Any] = unknown_keys()


@frozen
class RemovedAttendee(Value):
    """An attendee who was taken off a booking."""

    id: int
    booking_id: int | None = None
    name: str | None = None
    email: str | None = None
    time_zone: str | None = None
    extra: Mapping[str, Any] = unknown_keys()


def _minutes(booking: "Booking") -> float:
    return (booking.end - booking.start) / timedelta(minutes=1)


def _event_type_id(booking: "Booking") -> int | None:
    return booking.event_type.id if booking.event_type else None


def _meeting_url(booking: "Booking") -> str | None:
    return booking.meeting_url


@frozen
class Booking(Value):
    """A booking, of whatever shape; what its shape lacks is None.

    *status* is `accepted`, `pending`, `cancelled`, `rejected`, `awaiting_host` of an instant
    booking, or what the server may add.
    *location* is one flat string and not always a URL; *meeting_url* is deprecated and equal to it.
    *duration* is in minutes.
    *ics_uid* stays the same when a booking is rescheduled, while *uid* changes.
    *seat_uid* is there only in the answers to creating or moving a seat.
    """

    uid: str
    status: str
    start: datetime
    end: datetime
    id: int | None = None
    title: str | None = None
    hosts: tuple[Host, ...] = ()
    attendees: tuple[Attendee, ...] = ()
    duration: float = field(default=Factory(_minutes, takes_self=True))
    absent_host: bool | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    description: str | None = None
    cancellation_reason: str | None = None
    cancelled_by_email: str | None = None
    rescheduling_reason: str | None = None
    rescheduled_by_email: str | None = None
    rescheduled_from_uid: str | None = None
    rescheduled_to_uid: str | None = None
    event_type: EventTypeRef | None = None
    event_type_id: int | None = field(default=Factory(_event_type_id, takes_self=True))
    meeting_url: str | None = None
    location: str | None = field(default=Factory(_meeting_url, takes_self=True))
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
        """Whether attendees hold seats; `mark_absent` answers as if they did not.

        Only these shapes lack *booking_fields_responses*, so that a booking without them counts as
        seated, also one of an older server that leaves them out of every booking.
        """
        # Recording 113-get-seated-noauth: *seat_uid* and *attendees* may be hidden.
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


@frozen
class NewHost(Value):
    """Who a booking was given to; *id* is 0 where the server does not know."""

    id: int | None = None
    name: str | None = None
    email: str | None = None
    display_email: str | None = field(default=Factory(_displayed, takes_self=True))
    extra: Mapping[str, Any] = unknown_keys()


@frozen
class Reassignment(Value):
    """What reassigning a booking led to."""

    booking_uid: str
    reassigned_to: NewHost | None = None
    extra: Mapping[str, Any] = unknown_keys()


@frozen
class ConfirmedSeats(Value):
    """The seats that a call confirmed; *seat_uids* leaves out those that were confirmed before.

    It is None if the server does not list them.
    """

    seat_uids: tuple[str, ...] | None = field(default=None, metadata=under("confirmedSeatUids"))
    extra: Mapping[str, Any] = unknown_keys()


@frozen
class DeclinedSeats(Value):
    """The seats that a call declined, whether they were pending or confirmed.

    *seat_uids* is None if the server does not list them.
    """

    seat_uids: tuple[str, ...] | None = field(default=None, metadata=under("declinedSeatUids"))
    extra: Mapping[str, Any] = unknown_keys()


@frozen
class BookingReference(Value):
    """What stands for a booking in a calendar or a video app, by its *type*.

    *event_uid* is that of the other system, not a booking's.
    """

    type: str
    event_uid: str
    id: int | None = None
    destination_calendar_id: str | None = None
    extra: Mapping[str, Any] = unknown_keys()


@frozen
class CalendarLink(Value):
    """A link that puts a booking into a calendar.

    *id* is `googleCalendar`, `microsoftOffice`, `microsoftOutlook` or `ics`;
    the last one's *link* is a `data:` URI of some kilobytes, or empty.
    """

    label: str
    link: str | None = None
    id: str | None = None
    extra: Mapping[str, Any] = unknown_keys()
