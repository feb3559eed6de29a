"""What every delivery of a webhook has, and the people in it."""

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
    """Return an optional field with a free-form object."""
    return field(default=None, hash=False, repr=shown)


def hidden() -> Any:
    """Return an optional field with a text that grants access, or that is long."""
    return field(default=None, repr=False)


@frozen(kw_only=True)
class Delivery(LazyMethods):
    """What is known of a delivery beside what it says.

    *trigger* is its kind as the server names it, such as `BOOKING_CREATED`.
    *created_at* is when the server made the delivery;
    None for the meetings that start and end, where they do not say it.
    *identity* is 64 hexadecimal digits, the SHA-256 of the body: the same whenever these bytes are
    delivered again, and those of no other.
    A server that tries again may write them anew, so let it be harmless to do a thing twice.
    *version* is that of the payload, such as `2021-10-20`, where it is known.
    *extra* holds what stands beside the payload, as the answers to a form do.
    """

    trigger: str = field(metadata=json_key("triggerEvent"))
    created_at: datetime | None = None
    identity: str = field(metadata=not_in_json())
    version: str | None = field(metadata=not_in_json())
    extra: Mapping[str, Any] = unknown_keys()


@frozen(kw_only=True)
class Language(LazyMethods):
    """The language of a person; *locale* is such as `en`."""

    locale: str | None = None
    extra: Mapping[str, Any] = unknown_keys()


@frozen(kw_only=True)
class Person(LazyMethods):
    """Somebody in a delivery: an attendee, the organizer, a member of a team, a user.

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
    """What every event has; *extra* may hold passwords and links, and is not shown."""

    delivery: Delivery = field(metadata=not_in_json())
    extra: Mapping[str, Any] = unknown_keys(repr=False)

    def booking(self) -> Operation[Booking] | None:
        """Return the operation that gets the booking, or None where no booking is named."""
        return None


@frozen(kw_only=True)
class BookingEventBase(EventBase):
    """An event of one booking."""

    uid: str

    def booking(self) -> Operation[Booking]:
        """Return the operation that gets the booking as it is now.

        Raises `InvalidInput` for a *uid* that the API cannot be asked for, as no real one is.
        """
        return bookings.get_one(self.uid)


@frozen(kw_only=True)
class OptionalBookingEventBase(EventBase):
    """An event of a booking that some deliveries do not name."""

    uid: str | None = None

    def booking(self) -> Operation[Booking] | None:
        """Return the operation that gets the booking as it is now, or None without a *uid*.

        Raises `InvalidInput` for a *uid* that the API cannot be asked for, as no real one is.
        """
        return None if self.uid is None else bookings.get_one(self.uid)
