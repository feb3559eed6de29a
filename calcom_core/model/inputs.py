"""What goes in: bookings to make, to move and to cancel, and who comes to them.

Each is made from keywords, or by the operations from a mapping of the same keys;
the names are snake_case of the API's names.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from attrs import field, frozen

from calcom_core.errors import InvalidInput
from calcom_core.model.fields import (
    build,
    by,
    check_fields,
    each,
    email,
    flag,
    free_json,
    integer,
    metadata,
    moment,
    phone,
    prose,
    text,
    time_zone,
)
from calcom_core.model.location import LocationInput, NewLocation, location, new_location
from calcom_core.value import Value

Data = Mapping[str, object]
"""The keys of an input that is part of another, as a mapping; `input_dicts` has them by name."""

Moment = datetime | str
"""An aware datetime, or a string of ISO 8601 with an offset; kept as a datetime in UTC."""

_WHOLE_BOOKING = "belongs to a whole booking and cannot stand with seat_uid"

# Used by a host of the event type, from version 2026-02-25 on.
_HOST_FLAGS = ("allow_conflicts", "allow_booking_out_of_bounds", "skip_booking_limits")

_SLUGS = ("event_type_slug", "username", "team_slug", "organization_slug")


@frozen(kw_only=True, field_transformer=check_fields)
class NewAttendee(Value):
    """Who books.

    *name* and *time_zone* (an IANA name) are required, and *email* or *phone_number* or both,
    the number in international form; *language* is a code such as `en` or `pt-BR`.
    """

    name: str = field(metadata=by(prose))
    time_zone: str = field(metadata=by(time_zone))
    email: str | None = field(default=None, metadata=by(email))
    phone_number: str | None = field(default=None, metadata=by(phone))
    language: str | None = field(default=None, metadata=by(text))

    def __attrs_post_init__(self) -> None:
        if self.email is None and self.phone_number is None:
            raise InvalidInput(
                "email", "is missing, and phone_number too; the server wants one of them"
            )


@frozen(kw_only=True, field_transformer=check_fields)
class Routing(Value):
    """The answers of a routing form that led to the booking."""

    team_member_ids: Iterable[int] = field(metadata=by(each(integer)))
    response_id: int | None = field(default=None, metadata=by(integer))
    queued_response_id: str | None = field(default=None, metadata=by(text))
    team_member_email: str | None = field(default=None, metadata=by(email))
    skip_contact_owner: bool | None = field(default=None, metadata=by(flag))
    crm_app_slug: str | None = field(default=None, metadata=by(text))
    crm_owner_record_type: str | None = field(default=None, metadata=by(text))


def one_event_type(given: Any, otherwise: str = "") -> None:
    """Check that an input names one event type, by its id or by its slug and whose it is.

    *otherwise* is what the input takes instead, for the message where none is named.
    """
    slugs = [name for name in _SLUGS if getattr(given, name) is not None]
    if given.event_type_id is not None:
        if slugs:
            raise InvalidInput(slugs[0], "names the event type a second time; event_type_id does")
    elif given.event_type_slug is None:
        raise InvalidInput(
            "event_type_id",
            f"is missing; give it, or event_type_slug with username or with team_slug{otherwise}",
        )
    elif given.username is not None and given.team_slug is not None:
        raise InvalidInput(
            "team_slug", "cannot stand with username; the server would drop it silently"
        )
    elif given.username is None and given.team_slug is None:
        raise InvalidInput("event_type_slug", "needs username or team_slug beside it")


def _attendee(value: object, name: str) -> NewAttendee:
    return build(NewAttendee, value, name)


def _routing(value: object, name: str) -> Routing:
    return build(Routing, value, name)


@frozen(kw_only=True, field_transformer=check_fields)
class NewBooking(Value):
    """A booking to make.

    *start* is an aware datetime or an ISO 8601 string with an offset.
    The event type is named in one of three ways: *event_type_id*; *event_type_slug* and *username*;
    *event_type_slug* and *team_slug*; the latter two also within an *organization_slug*.
    *recurrence_count* (at least 1) and *length_in_minutes* (at least 1) only fit event types that
    repeat or have several lengths; *instant* only team event types of the hosted service.
    With *allow_conflicts*, *allow_booking_out_of_bounds* and *skip_booking_limits* a host books
    over other bookings, outside the event type's window and over its limits;
    they need version 2026-02-25, and the server ignores them without the credentials of a host.
    """

    REFUSED: ClassVar[Mapping[str, str]] = {
        "meeting_url": "is deprecated by the API; say location={'type': 'link'} instead",
    }

    start: Moment = field(metadata=by(moment))
    attendee: NewAttendee = field(metadata=by(_attendee))
    event_type_id: int | None = field(default=None, metadata=by(integer))
    event_type_slug: str | None = field(default=None, metadata=by(text))
    username: str | None = field(default=None, metadata=by(text))
    team_slug: str | None = field(default=None, metadata=by(text))
    organization_slug: str | None = field(default=None, metadata=by(text))
    guests: Iterable[str] | None = field(default=None, metadata=by(each(email)))
    location: LocationInput | None = field(default=None, metadata=by(location))
    metadata: Mapping[str, str] | None = field(default=None, metadata=by(metadata), hash=False)
    booking_fields_responses: Mapping[str, Any] | None = field(
        default=None, metadata=by(free_json), hash=False
    )
    length_in_minutes: int | None = field(default=None, metadata=by(integer))
    routing: Routing | None = field(default=None, metadata=by(_routing))
    email_verification_code: str | None = field(default=None, metadata=by(text))
    rr_host_subset_ids: Iterable[int] | None = field(default=None, metadata=by(each(integer)))
    recurrence_count: int | None = field(default=None, metadata=by(integer))
    instant: bool | None = field(default=None, metadata=by(flag))
    allow_conflicts: bool | None = field(default=None, metadata=by(flag))
    allow_booking_out_of_bounds: bool | None = field(default=None, metadata=by(flag))
    skip_booking_limits: bool | None = field(default=None, metadata=by(flag))

    def __attrs_post_init__(self) -> None:
        one_event_type(self)
        # Upstream picks the body's class by these keys, and each class forbids the other's.
        if self.instant and self.recurrence_count is not None:
            raise InvalidInput("instant", "cannot stand with recurrence_count")


@frozen(kw_only=True, field_transformer=check_fields)
class Reschedule(Value):
    """A whole booking to move.

    *rescheduled_by* is an e-mail address; the rest is as in `NewBooking`.
    """

    start: Moment = field(metadata=by(moment))
    rescheduled_by: str | None = field(default=None, metadata=by(email))
    rescheduling_reason: str | None = field(default=None, metadata=by(prose))
    email_verification_code: str | None = field(default=None, metadata=by(text))
    rr_host_subset_ids: Iterable[int] | None = field(default=None, metadata=by(each(integer)))
    allow_conflicts: bool | None = field(default=None, metadata=by(flag))
    allow_booking_out_of_bounds: bool | None = field(default=None, metadata=by(flag))
    skip_booking_limits: bool | None = field(default=None, metadata=by(flag))


@frozen(kw_only=True, field_transformer=check_fields)
class SeatReschedule(Value):
    """One seat of a booking to move; the API takes no reason with a seat."""

    REFUSED: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("rescheduling_reason", "rr_host_subset_ids"), _WHOLE_BOOKING
    )

    seat_uid: str = field(metadata=by(text))
    start: Moment = field(metadata=by(moment))
    rescheduled_by: str | None = field(default=None, metadata=by(email))
    email_verification_code: str | None = field(default=None, metadata=by(text))
    allow_conflicts: bool | None = field(default=None, metadata=by(flag))
    allow_booking_out_of_bounds: bool | None = field(default=None, metadata=by(flag))
    skip_booking_limits: bool | None = field(default=None, metadata=by(flag))


@frozen(kw_only=True, field_transformer=check_fields)
class Cancellation(Value):
    """A whole booking to cancel, or a series by its uid.

    *cancel_subsequent_bookings* cancels an occurrence of a series and all after it.
    """

    cancellation_reason: str | None = field(default=None, metadata=by(prose))
    cancel_subsequent_bookings: bool | None = field(default=None, metadata=by(flag))


@frozen(kw_only=True, field_transformer=check_fields)
class SeatCancellation(Value):
    """One seat of a booking to cancel."""

    REFUSED: ClassVar[Mapping[str, str]] = {"cancel_subsequent_bookings": _WHOLE_BOOKING}

    seat_uid: str = field(metadata=by(text))
    cancellation_reason: str | None = field(default=None, metadata=by(prose))


@frozen(kw_only=True, field_transformer=check_fields)
class Absence(Value):
    """Whether the attendee with this e-mail address was absent."""

    email: str = field(metadata=by(email))
    absent: bool = field(metadata=by(flag))


def absence(value: object, name: str) -> Absence:
    """Check an absence, typed or as a mapping."""
    return build(Absence, value, name)


@frozen(kw_only=True, field_transformer=check_fields)
class Absences(Value):
    """Who was absent: the host, attendees, or both."""

    host: bool | None = field(default=None, metadata=by(flag))
    attendees: Iterable[Absence | Data] | None = field(
        default=None, metadata=by(each(absence, least=1))
    )


@frozen(kw_only=True, field_transformer=check_fields)
class Reason(Value):
    """A reason, where that is all a call says."""

    reason: str | None = field(default=None, metadata=by(prose))


@frozen(kw_only=True, field_transformer=check_fields)
class SeatUids(Value):
    """The seats to confirm or to decline, at least 1."""

    seat_uids: Iterable[str] = field(metadata=by(each(text, least=1)))


@frozen(kw_only=True, field_transformer=check_fields)
class RescheduleReason(Value):
    """Why the attendee is asked to pick another time."""

    reschedule_reason: str | None = field(default=None, metadata=by(prose))


@frozen(kw_only=True, field_transformer=check_fields)
class NewGuest(Value):
    """A guest to add to a booking: an e-mail address, and what else is known of the person."""

    email: str = field(metadata=by(email))
    name: str | None = field(default=None, metadata=by(prose))
    time_zone: str | None = field(default=None, metadata=by(time_zone))
    phone_number: str | None = field(default=None, metadata=by(phone))
    language: str | None = field(default=None, metadata=by(text))


def _guest(value: object, name: str) -> NewGuest:
    return build(NewGuest, value, name)


@frozen(kw_only=True, field_transformer=check_fields)
class NewGuests(Value):
    """Guests to add to a booking, 1 to 10 at once."""

    guests: Iterable[NewGuest | Data] = field(metadata=by(each(_guest, least=1, most=10)))


@frozen(kw_only=True, field_transformer=check_fields)
class Move(Value):
    """The place that a booking is moved to."""

    location: NewLocation | Data = field(metadata=by(new_location))


def needs_of(
    data: NewBooking | Reschedule | SeatReschedule, prefix: str = ""
) -> tuple[tuple[str, str], ...]:
    """Return the fields given that not every version has, each with the first that has it."""
    given = [name for name in _HOST_FLAGS if getattr(data, name) is not None]
    return tuple([(f"{prefix}{name}", "2026-02-25") for name in given])
