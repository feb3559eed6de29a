"""Event types and accounts: the fields that a booker needs; other keys are in `extra`.

Only the id is required; the other fields are None if their key is absent.
"""

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from calcom_core._lazy_methods import LazyMethods
from calcom_core.serialization import unknown_keys


@frozen
class EventTypeLocation(LazyMethods):
    """A location that the event type offers; a new booking selects it by its *type*."""

    type: str | None = None
    address: str | None = None
    link: str | None = None
    phone: str | None = None
    integration: str | None = None
    public: bool | None = None
    extra: Mapping[str, Any] = unknown_keys()


@frozen
class EventTypeField(LazyMethods):
    """A booking field; its *slug* is its key in `booking_fields_responses` of a new booking.

    *type* is a name such as `text` or `select`; *options* are the values of a `select`.
    In version 2026-06-12 the built-in fields have *field* instead of *type*.
    """

    slug: str | None = None
    type: str | None = None
    field: str | None = None
    label: str | None = None
    required: bool | None = None
    hidden: bool | None = None
    is_default: bool | None = None
    options: tuple[str, ...] | None = None
    placeholder: str | None = None
    extra: Mapping[str, Any] = unknown_keys()


@frozen
class EventTypeSeats(LazyMethods):
    """Whether bookings of the event type have seats, and how many."""

    disabled: bool | None = None
    seats_per_time_slot: int | None = None
    show_attendee_info: bool | None = None
    show_availability_count: bool | None = None
    extra: Mapping[str, Any] = unknown_keys()


@frozen
class EventTypeRecurrence(LazyMethods):
    """Whether a booking is a series: *occurrences* bookings, every *interval* of *frequency*."""

    disabled: bool | None = None
    interval: int | None = None
    occurrences: int | None = None
    frequency: str | None = None
    extra: Mapping[str, Any] = unknown_keys()


@frozen
class EventTypeConfirmation(LazyMethods):
    """Whether a host must confirm bookings; *type* is a name such as `always`."""

    disabled: bool | None = None
    type: str | None = None
    block_unconfirmed_bookings_in_booker: bool | None = None
    extra: Mapping[str, Any] = unknown_keys()


@frozen
class EventType(LazyMethods):
    """An event type; book it by its *id*, or by its *slug* and a username.

    *length_in_minutes_options* are the lengths to choose from, or None for a single length.
    *minimum_booking_notice* is in minutes.
    """

    id: int
    slug: str | None = None
    title: str | None = None
    description: str | None = None
    length_in_minutes: int | None = None
    length_in_minutes_options: tuple[int, ...] | None = None
    locations: tuple[EventTypeLocation, ...] | None = None
    booking_fields: tuple[EventTypeField, ...] | None = None
    recurrence: EventTypeRecurrence | None = None
    seats: EventTypeSeats | None = None
    confirmation_policy: EventTypeConfirmation | None = None
    booking_requires_authentication: bool | None = None
    requires_booker_email_verification: bool | None = None
    disable_guests: bool | None = None
    minimum_booking_notice: int | None = None
    is_instant_event: bool | None = None
    hidden: bool | None = None
    booking_url: str | None = None
    owner_id: int | None = None
    team_id: int | None = None
    extra: Mapping[str, Any] = unknown_keys()

    @property
    def is_recurring(self) -> bool:
        """Whether its bookings are series."""
        return self.recurrence is not None and not self.recurrence.disabled

    @property
    def is_seated(self) -> bool:
        """Whether its bookings have seats."""
        return self.seats is not None and not self.seats.disabled

    @property
    def needs_confirmation(self) -> bool:
        """Whether a host must confirm its bookings, at least some of them."""
        return self.confirmation_policy is not None and not self.confirmation_policy.disabled


@frozen
class Me(LazyMethods):
    """The user of the credentials."""

    id: int
    email: str | None = None
    name: str | None = None
    username: str | None = None
    time_zone: str | None = None
    week_start: str | None = None
    time_format: int | None = None
    default_schedule_id: int | None = None
    organization_id: int | None = None
    avatar_url: str | None = None
    bio: str | None = field(default=None, repr=False)
    extra: Mapping[str, Any] = unknown_keys()
