"""The parts that all webhook deliveries share: metadata, people, and the bases of events.

Most keys are optional, because deliveries differ by version, event type and server.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import field, frozen

from calcom_core import bookings
from calcom_core._lazy_methods import LazyMethods
from calcom_core.model.booking import Booking
from calcom_core.operation import Operation
from calcom_core.serialization import json_key, not_in_json, unknown_keys


def free_form(*, shown: bool = True) -> Any:
    """Return an optional field for a free-form object; *shown* includes it in the repr."""
    return field(default=None, hash=False, repr=shown)


def hidden() -> Any:
    """Return an optional field for a text that is long or grants access; the repr omits it."""
    return field(default=None, repr=False)


@frozen(kw_only=True)
class Delivery(LazyMethods):
    """The metadata of a delivery.

    *trigger* is the server's name of the event, such as `BOOKING_CREATED`.
    *created_at* is when the server created the delivery; None if the delivery of a meeting's start
    or end omits it.
    *identity* is the SHA-256 of the body in hexadecimal digits: equal for a repeated body.
    A retrying server may write the body differently, so handling a delivery must be idempotent.
    *version* is the version of the payload, such as `2021-10-20`, or None if unknown.
    *extra* holds the keys outside the payload, such as the responses of a form.
    """

    trigger: str = field(metadata=json_key("triggerEvent"))
    created_at: datetime | None = None
    identity: str = field(metadata=not_in_json())
    version: str | None = field(metadata=not_in_json())
    extra: Mapping[str, Any] = unknown_keys()


@frozen(kw_only=True)
class Language(LazyMethods):
    """The language of a person; *locale* is a code such as `en`."""

    locale: str | None = None
    extra: Mapping[str, Any] = unknown_keys()


@frozen(kw_only=True)
class Person(LazyMethods):
    """A person in a delivery: an attendee, the organizer, a team member or a user.

    *utc_offset* is in minutes.
    An attendee who gave only a phone number has a synthetic *email*.
    *id* is that of the attendee or of the user.
    *booking_seat* is the seat of an attendee, as the server stores it.
    """

    email: str | None = None
    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    time_zone: str | None = None
    utc_offset: int | None = None
    language: Language | None = None
    locale: str | None = None
    phone_number: str | None = None
    no_show: bool | None = None
    id: int | None = None
    booking_id: int | None = None
    booking_seat: Mapping[str, Any] | None = free_form()
    username: str | None = None
    username_in_org: str | None = None
    time_format: int | str | None = None
    extra: Mapping[str, Any] = unknown_keys()


@frozen(kw_only=True)
class Team(LazyMethods):
    """The team of a booking."""

    id: int | None = None
    name: str | None = None
    members: tuple[Person, ...] | None = None
    extra: Mapping[str, Any] = unknown_keys()


@frozen(kw_only=True)
class EventBase(LazyMethods):
    """The base of all events; the repr omits *extra*, which may hold passwords and links."""

    delivery: Delivery = field(metadata=not_in_json())
    extra: Mapping[str, Any] = unknown_keys(repr=False)

    def booking(self) -> Operation[Booking] | None:
        """Return the operation that gets the booking, or None without a booking."""
        return None


@frozen(kw_only=True)
class BookingEventBase(EventBase):
    """An event of one booking."""

    uid: str

    def booking(self) -> Operation[Booking]:
        """Return the operation that gets the current booking.

        Raises `InvalidInput` for an invalid *uid*, such as an empty one.
        """
        return bookings.get_one(self.uid)


@frozen(kw_only=True)
class OptionalBookingEventBase(EventBase):
    """An event of a booking that some deliveries do not name."""

    uid: str | None = None

    def booking(self) -> Operation[Booking] | None:
        """Return the operation that gets the current booking, or None without a *uid*.

        Raises `InvalidInput` for an invalid *uid*, such as an empty one.
        """
        return None if self.uid is None else bookings.get_one(self.uid)
