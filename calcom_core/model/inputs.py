"""Inputs: bookings to create, reschedule and cancel, and their attendees and guests.

Create an input with keywords, or pass a mapping of the same keys to an operation.
Field names are the API's names in snake_case.
Creating an input checks its values, so an operation never sends an invalid one.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from attrs import field, frozen

from calcom_core._lazy_methods import LazyMethods
from calcom_core.checks import (
    boolean,
    check_fields,
    checked_by,
    email,
    from_mapping,
    instance_of,
    json_object,
    list_of,
    metadata,
    non_empty_string,
    optional,
    phone,
    positive_int,
    string,
    time_zone,
    utc_datetime,
)
from calcom_core.errors import InvalidInput
from calcom_core.model.location import LocationInput, NewLocation, location, new_location

T = TypeVar("T")
U = TypeVar("U")

Data = Mapping[str, object]
"""A nested input as a mapping; `input_dicts` has the typed dicts."""

Moment = datetime | str
"""An aware datetime, or an ISO 8601 string with an offset; inputs convert it to UTC."""

_WHOLE_BOOKING = "applies to a whole booking and cannot be combined with seat_uid"

# Options for a host of the event type, from version 2026-02-25 on.
_HOST_FLAGS = ("allow_conflicts", "allow_booking_out_of_bounds", "skip_booking_limits")

_SLUGS = ("event_type_slug", "username", "team_slug", "organization_slug")


@frozen(kw_only=True, field_transformer=check_fields)
class NewAttendee(LazyMethods):
    """The attendee who books.

    *name*, *time_zone* (an IANA name) and *email* or *phone_number* are required.
    *phone_number* is in international form, and *language* a code such as `en` or `pt-BR`.
    """

    name: str = field(metadata=checked_by(string))
    time_zone: str = field(metadata=checked_by(time_zone))
    email: str | None = optional(email)
    phone_number: str | None = optional(phone)
    language: str | None = optional(non_empty_string)

    def __attrs_post_init__(self) -> None:
        if self.email is None and self.phone_number is None:
            raise InvalidInput(
                "email", "is missing, and so is phone_number; the server requires one of them"
            )


@frozen(kw_only=True, field_transformer=check_fields)
class Routing(LazyMethods):
    """The routing form that led to the booking."""

    team_member_ids: Iterable[int] = field(metadata=checked_by(list_of(positive_int)))
    response_id: int | None = optional(positive_int)
    queued_response_id: str | None = optional(non_empty_string)
    team_member_email: str | None = optional(email)
    skip_contact_owner: bool | None = optional(boolean)
    crm_app_slug: str | None = optional(non_empty_string)
    crm_owner_record_type: str | None = optional(non_empty_string)


def check_event_type(given: Any, alternative: str = "") -> None:
    """Check that an input selects one event type, by id, or by slug and owner.

    The message for a missing event type ends with *alternative*.
    """
    slugs = [name for name in _SLUGS if getattr(given, name) is not None]
    if given.event_type_id is not None:
        if slugs:
            raise InvalidInput(slugs[0], "cannot be combined with event_type_id")
    elif given.event_type_slug is None:
        raise InvalidInput(
            "event_type_id",
            f"is missing; pass it, or event_type_slug with username or team_slug{alternative}",
        )
    elif given.username is not None and given.team_slug is not None:
        raise InvalidInput(
            "team_slug", "cannot be combined with username; the server would silently ignore it"
        )
    elif given.username is None and given.team_slug is None:
        raise InvalidInput("event_type_slug", "needs username or team_slug")


@frozen(kw_only=True, field_transformer=check_fields)
class NewBooking(LazyMethods):
    """A booking to create.

    *start* is an aware datetime or an ISO 8601 string with an offset.
    Select the event type by *event_type_id*, or by *event_type_slug* with *username* or
    *team_slug*, optionally within an *organization_slug*.
    *recurrence_count* (at least 1) is for recurring event types, and *length_in_minutes* (at least
    1) for those with several lengths.
    *instant* is for team event types of the hosted service.
    *allow_conflicts*, *allow_booking_out_of_bounds* and *skip_booking_limits* let a host ignore
    other bookings, the event type's booking window and its limits.
    They need version 2026-02-25, and the server ignores them without the credentials of a host.
    """

    REFUSED: ClassVar[Mapping[str, str]] = {
        "meeting_url": "is deprecated by the API; pass location={'type': 'link'} instead",
    }

    start: Moment = field(metadata=checked_by(utc_datetime))
    attendee: NewAttendee = field(metadata=checked_by(instance_of(NewAttendee)))
    event_type_id: int | None = optional(positive_int)
    event_type_slug: str | None = optional(non_empty_string)
    username: str | None = optional(non_empty_string)
    team_slug: str | None = optional(non_empty_string)
    organization_slug: str | None = optional(non_empty_string)
    guests: Iterable[str] | None = optional(list_of(email))
    location: LocationInput | None = optional(location)
    metadata: Mapping[str, str] | None = optional(metadata, hash=False)
    booking_fields_responses: Mapping[str, Any] | None = optional(json_object, hash=False)
    length_in_minutes: int | None = optional(positive_int)
    routing: Routing | None = optional(instance_of(Routing))
    email_verification_code: str | None = optional(non_empty_string)
    rr_host_subset_ids: Iterable[int] | None = optional(list_of(positive_int))
    recurrence_count: int | None = optional(positive_int)
    instant: bool | None = optional(boolean)
    allow_conflicts: bool | None = optional(boolean)
    allow_booking_out_of_bounds: bool | None = optional(boolean)
    skip_booking_limits: bool | None = optional(boolean)

    def __attrs_post_init__(self) -> None:
        check_event_type(self)
        # The server selects one schema by these keys, and each schema forbids the other key.
        if self.instant and self.recurrence_count is not None:
            raise InvalidInput("instant", "cannot be combined with recurrence_count")


@frozen(kw_only=True, field_transformer=check_fields)
class Reschedule(LazyMethods):
    """A whole booking to reschedule.

    *rescheduled_by* is an e-mail address; the other fields are as in `NewBooking`.
    """

    start: Moment = field(metadata=checked_by(utc_datetime))
    rescheduled_by: str | None = optional(email)
    rescheduling_reason: str | None = optional(string)
    email_verification_code: str | None = optional(non_empty_string)
    rr_host_subset_ids: Iterable[int] | None = optional(list_of(positive_int))
    allow_conflicts: bool | None = optional(boolean)
    allow_booking_out_of_bounds: bool | None = optional(boolean)
    skip_booking_limits: bool | None = optional(boolean)


@frozen(kw_only=True, field_transformer=check_fields)
class SeatReschedule(LazyMethods):
    """One seat of a booking to reschedule; the API accepts no reason for a seat."""

    REFUSED: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("rescheduling_reason", "rr_host_subset_ids"), _WHOLE_BOOKING
    )

    seat_uid: str = field(metadata=checked_by(non_empty_string))
    start: Moment = field(metadata=checked_by(utc_datetime))
    rescheduled_by: str | None = optional(email)
    email_verification_code: str | None = optional(non_empty_string)
    allow_conflicts: bool | None = optional(boolean)
    allow_booking_out_of_bounds: bool | None = optional(boolean)
    skip_booking_limits: bool | None = optional(boolean)


@frozen(kw_only=True, field_transformer=check_fields)
class Cancellation(LazyMethods):
    """A whole booking to cancel, or a series by its uid.

    *cancel_subsequent_bookings* cancels an occurrence of a series and all occurrences after it.
    """

    cancellation_reason: str | None = optional(string)
    cancel_subsequent_bookings: bool | None = optional(boolean)


@frozen(kw_only=True, field_transformer=check_fields)
class SeatCancellation(LazyMethods):
    """One seat of a booking to cancel."""

    REFUSED: ClassVar[Mapping[str, str]] = {"cancel_subsequent_bookings": _WHOLE_BOOKING}

    seat_uid: str = field(metadata=checked_by(non_empty_string))
    cancellation_reason: str | None = optional(string)


@frozen(kw_only=True, field_transformer=check_fields)
class Absence(LazyMethods):
    """Whether the attendee with this e-mail address was absent."""

    email: str = field(metadata=checked_by(email))
    absent: bool = field(metadata=checked_by(boolean))


@frozen(kw_only=True, field_transformer=check_fields)
class Absences(LazyMethods):
    """The host and attendees to mark as absent or present."""

    host: bool | None = optional(boolean)
    attendees: Iterable[Absence | Data] | None = optional(list_of(instance_of(Absence), least=1))


@frozen(kw_only=True, field_transformer=check_fields)
class Reason(LazyMethods):
    """The body of a call that accepts only a reason."""

    reason: str | None = optional(string)


@frozen(kw_only=True, field_transformer=check_fields)
class SeatUids(LazyMethods):
    """The seats to confirm or decline, at least 1."""

    seat_uids: Iterable[str] = field(metadata=checked_by(list_of(non_empty_string, least=1)))


@frozen(kw_only=True, field_transformer=check_fields)
class RescheduleReason(LazyMethods):
    """The body of `bookings.request_reschedule`."""

    reschedule_reason: str | None = optional(string)


@frozen(kw_only=True, field_transformer=check_fields)
class NewGuest(LazyMethods):
    """A guest to add to a booking; only the e-mail address is required."""

    email: str = field(metadata=checked_by(email))
    name: str | None = optional(string)
    time_zone: str | None = optional(time_zone)
    phone_number: str | None = optional(phone)
    language: str | None = optional(non_empty_string)


@frozen(kw_only=True, field_transformer=check_fields)
class NewGuests(LazyMethods):
    """Guests to add to a booking, 1 to 10."""

    guests: Iterable[NewGuest | Data] = field(
        metadata=checked_by(list_of(instance_of(NewGuest), least=1, most=10))
    )


@frozen(kw_only=True, field_transformer=check_fields)
class Move(LazyMethods):
    """The new location of a booking."""

    location: NewLocation | Data = field(metadata=checked_by(new_location))


def find_minimum_versions(
    data: NewBooking | Reschedule | SeatReschedule, prefix: str = ""
) -> tuple[tuple[str, str], ...]:
    """Return the given fields that some versions lack, each with the oldest that supports it."""
    given = [name for name in _HOST_FLAGS if getattr(data, name) is not None]
    return tuple([(f"{prefix}{name}", "2026-02-25") for name in given])


def create_whole_or_seat(data: object, whole: type[T], seat: type[U]) -> T | U:
    """Create the input for a whole booking or for a seat, depending on the key `seat_uid`.

    Trying one class after the other could drop the seat, and the server would cancel all seats.
    """
    if isinstance(data, seat) or (isinstance(data, Mapping) and "seat_uid" in data):
        if isinstance(data, Mapping) and data["seat_uid"] is None:
            raise InvalidInput("data.seat_uid", "is None; omit the key for the whole booking")
        return from_mapping(seat, data, "data")
    return from_mapping(whole, data, "data", also=("seat_uid",))
