"""Bookings and their parts as the API returns them: one `Booking` for all four shapes.

Every class keeps unknown keys in `extra`.
Free-form mappings are plain dicts, typed as `Mapping`, which the hash ignores.
`calcom_core.model` lists the required keys and the defaults.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from attrs import field, frozen

from calcom_core._lazy_methods import LazyMethods
from calcom_core.serialization import computed, json_key, unknown_keys


class BookingShape(Enum):
    """The API's four shapes of a booking."""

    SINGLE = "single"
    RECURRING = "recurring"
    SEATED = "seated"
    RECURRING_SEATED = "recurring-seated"


# The suffix that distinguishes the managed users of different platform clients.
_MANAGED_USER = re.compile(r"\+[a-zA-Z0-9]{25}")


def _display_email(person: Any) -> str | None:
    return None if person.email is None else _MANAGED_USER.sub("", person.email, count=1)


@frozen
class Host(LazyMethods):
    """A host of a booking; *id* is the string `unknown` if the booking has no user."""

    id: int | str | None = None
    email: str | None = None
    display_email: str | None = computed(_display_email)
    username: str | None = None
    name: str | None = None
    time_zone: str | None = None
    extra: Mapping[str, Any] = unknown_keys()


@frozen
class EventTypeRef(LazyMethods):
    """The event type of a booking."""

    id: int | None = None
    slug: str | None = None
    extra: Mapping[str, Any] = unknown_keys()


@frozen
class Attendee(LazyMethods):
    """An attendee of a booking.

    Attendees of a seated booking have *seat_uid*, *booking_fields_responses* and *metadata*.
    An attendee who gave only a phone number has a synthetic *email*.
    """

    name: str | None = None
    email: str | None = None
    display_email: str | None = computed(_display_email)
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
class BookingAttendee(LazyMethods):
    """An attendee with the *id* that `bookings.attendees` uses.

    *booking_id*, a number, is set only in the response to adding an attendee.
    """

    id: int
    name: str | None = None
    email: str | None = None
    display_email: str | None = computed(_display_email)
    time_zone: str | None = None
    absent: bool | None = None
    language: str | None = None
    phone_number: str | None = None
    booking_id: int | None = None
    extra: Mapping[str, Any] = unknown_keys()


@frozen
class RemovedAttendee(LazyMethods):
    """An attendee who was removed from a booking."""

    id: int
    booking_id: int | None = None
    name: str | None = None
    email: str | None = None
    time_zone: str | None = None
    extra: Mapping[str, Any] = unknown_keys()


@frozen
class Booking(LazyMethods):
    """A booking of any shape; fields that its shape lacks are None.

    *status* is `accepted`, `pending`, `cancelled`, `rejected`, `awaiting_host` (instant bookings),
    or a value that the server adds later.
    *location* is a string, not always a URL; *meeting_url* is deprecated and equal to it.
    *duration* is in minutes.
    *ics_uid* stays the same when a booking is rescheduled, while *uid* changes.
    *seat_uid* is set only in the responses to creating or rescheduling a seat.
    """

    uid: str
    status: str
    start: datetime
    end: datetime
    id: int | None = None
    title: str | None = None
    hosts: tuple[Host, ...] = ()
    attendees: tuple[Attendee, ...] = ()
    duration: float = computed(lambda booking: (booking.end - booking.start) / timedelta(minutes=1))
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
    event_type_id: int | None = computed(
        lambda booking: booking.event_type.id if booking.event_type else None
    )
    meeting_url: str | None = None
    location: str | None = computed(lambda booking: booking.meeting_url)
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
        """Whether the booking belongs to a series, whose uid is *recurring_booking_uid*."""
        return self.recurring_booking_uid is not None

    @property
    def is_seated(self) -> bool:
        """Whether the attendees hold seats; false in the response to `mark_absent`.

        Only seated shapes lack *booking_fields_responses*.
        Older servers never send them, so all their bookings count as seated.
        """
        # The other signs, *seat_uid* and *attendees*, may be hidden (113-get-seated-noauth).
        return self.booking_fields_responses is None

    @property
    def shape(self) -> BookingShape:
        """The shape of the booking."""
        return _SHAPES[self.is_recurring, self.is_seated]


_SHAPES = {
    (False, False): BookingShape.SINGLE,
    (True, False): BookingShape.RECURRING,
    (False, True): BookingShape.SEATED,
    (True, True): BookingShape.RECURRING_SEATED,
}


@frozen
class NewHost(LazyMethods):
    """The new host of a reassigned booking; *id* is 0 if the server does not know it."""

    id: int | None = None
    name: str | None = None
    email: str | None = None
    display_email: str | None = computed(_display_email)
    extra: Mapping[str, Any] = unknown_keys()


@frozen
class Reassignment(LazyMethods):
    """The result of reassigning a booking."""

    booking_uid: str
    reassigned_to: NewHost | None = None
    extra: Mapping[str, Any] = unknown_keys()


@frozen
class ConfirmedSeats(LazyMethods):
    """The seats that a call confirmed.

    *seat_uids* omits seats that were confirmed before; None if the server does not list them.
    """

    seat_uids: tuple[str, ...] | None = field(default=None, metadata=json_key("confirmedSeatUids"))
    extra: Mapping[str, Any] = unknown_keys()


@frozen
class DeclinedSeats(LazyMethods):
    """The seats that a call declined; *seat_uids* is None if the server does not list them."""

    seat_uids: tuple[str, ...] | None = field(default=None, metadata=json_key("declinedSeatUids"))
    extra: Mapping[str, Any] = unknown_keys()


@frozen
class BookingReference(LazyMethods):
    """The event of a booking in a calendar or a video app; *type* names the system.

    *event_uid* is its uid in that system, not the uid of a booking.
    """

    type: str
    event_uid: str
    id: int | None = None
    destination_calendar_id: str | None = None
    extra: Mapping[str, Any] = unknown_keys()


@frozen
class CalendarLink(LazyMethods):
    """A link that adds a booking to a calendar.

    *id* is `googleCalendar`, `microsoftOffice`, `microsoftOutlook` or `ics`.
    The *link* of `ics` is a `data:` URI of some kilobytes, or empty.
    """

    label: str
    link: str | None = None
    id: str | None = None
    extra: Mapping[str, Any] = unknown_keys()
