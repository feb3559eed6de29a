"""The state of a fake Cal.com, as plain values that tests read and set.

`State` has one dictionary for each kind of value. The values are frozen: a transition replaces
them, and a test changes one with `attrs.evolve`.
Ids count up and uids come from a seeded random generator, so two equal runs are equal byte for
byte. The state has no clock: `State.now` is a field that the transport and `advance` move.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Literal

from attrs import define, evolve, field, frozen

from calcom_core.checks import (
    checked_by,
    email,
    list_of,
    non_empty_string,
    non_negative_int,
    positive_int,
    time_zone,
)
from calcom_transports.fake.checks import api_key, check_by_type, hours

_BASE58 = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_TO_BASE58 = bytes(_BASE58[number % len(_BASE58)] for number in range(256))

ALL_DAY = (0, 24 * 60 - 1)
"""Minutes of a local day: from midnight to 23:59, as Cal.com writes a whole day."""

_MINUTES = checked_by(non_negative_int)
_NAME = checked_by(non_empty_string)


@frozen(field_transformer=check_by_type)
class User:
    """A user of the server, who may host bookings and call the API.

    *key* is the API key of the user.
    *hours* are the hours of availability in *time_zone*: minutes from and to, by weekday.
    """

    id: int
    name: str
    username: str = field(metadata=_NAME)
    email: str = field(metadata=checked_by(email))
    time_zone: str = field(default="Europe/Berlin", metadata=checked_by(time_zone))
    key: str | None = field(default=None, metadata=checked_by(api_key))
    hours: Mapping[int, tuple[int, int]] = field(
        factory=lambda: dict.fromkeys(range(7), ALL_DAY), metadata=checked_by(hours)
    )


@frozen(field_transformer=check_by_type)
class Team:
    """A team, whose event types have several hosts."""

    id: int
    name: str
    slug: str = field(metadata=_NAME)


@frozen(field_transformer=check_by_type)
class Location:
    """Where an event takes place: a type of the API, and the organiser's own value of it."""

    type: str = field(metadata=_NAME)
    value: str = ""


@frozen(field_transformer=check_by_type)
class BookingField:
    """A question of an event type; the responses of a booking have its slug as a key."""

    slug: str = field(metadata=_NAME)
    type: str = field(default="text", metadata=_NAME)
    required: bool = True
    label: str = ""
    options: tuple[str, ...] = ()


@frozen(field_transformer=check_by_type)
class EventType:
    """An event type, with the settings that decide the shape and the state of its bookings.

    *host_ids* are ids of users; the first one owns the event type.
    *lengths* are the lengths to choose from, in minutes; without them it is *length*.
    *occurrences* makes it recurring, once a week; *seats* gives each slot that many seats.
    *minimum_notice*, the buffers and *reschedule_notice* are in minutes.
    """

    id: int
    slug: str = field(metadata=_NAME)
    title: str
    host_ids: tuple[int, ...] = field(
        default=(1,), metadata=checked_by(list_of(positive_int, least=1))
    )
    length: int = 30
    lengths: tuple[int, ...] = ()
    team_id: int | None = None
    scheduling: Literal["round_robin", "collective"] | None = None
    seats: int | None = None
    shows_attendees: bool = True
    requires_confirmation: bool = False
    occurrences: int | None = None
    minimum_notice: int = field(default=0, metadata=_MINUTES)
    buffer_before: int = field(default=0, metadata=_MINUTES)
    buffer_after: int = field(default=0, metadata=_MINUTES)
    slot_interval: int | None = None
    locations: tuple[Location, ...] = (Location("link", "https://meet.example.com/host"),)
    booking_fields: tuple[BookingField, ...] = ()
    requires_authentication: bool = False
    allows_cancelling: bool = True
    allows_rescheduling: bool = True
    reschedule_notice: int | None = field(default=None, metadata=_MINUTES)
    requires_reason: Literal["host", "always"] = "host"
    max_active_bookings: int | None = None
    offers_reschedule: bool = False
    bookings_per_day: int | None = None
    verifies_email: bool = False


@frozen
class Attendee:
    """A person who attends a booking; *seat_uid* is given if the booking has seats."""

    id: int
    name: str
    email: str
    time_zone: str
    language: str = "en"
    absent: bool = False
    phone_number: str | None = None
    seat_uid: str | None = None
    responses: Mapping[str, Any] = field(factory=dict)
    metadata: Mapping[str, Any] = field(factory=dict)


@frozen
class Span:
    """A time from *start* to *end*."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.end - self.start

    def overlaps(self, other: "Span") -> bool:
        """Tell whether it shares a moment with another one."""
        return self.start < other.end and other.start < self.end


@frozen(kw_only=True)
class Booking(Span):
    """A booking; *host_ids* are the users whom it keeps busy, the organiser first.

    *responses* are those of the booking fields, which a booking with seats has by attendee.
    """

    id: int
    uid: str
    title: str
    event_type_id: int
    host_ids: tuple[int, ...]
    status: Literal["accepted", "pending", "cancelled", "rejected"]
    created_at: datetime
    updated_at: datetime
    attendees: tuple[Attendee, ...]
    location: str
    ics_uid: str
    seated: bool = False
    series_uid: str | None = None
    metadata: Mapping[str, Any] = field(factory=dict)
    responses: Mapping[str, Any] = field(factory=dict)
    cancellation_reason: str = ""
    rescheduling_reason: str | None = None
    rescheduled_by: str | None = None
    rescheduled_from: str | None = None
    rescheduled_to: str | None = None
    rejection_reason: str | None = None
    absent_host: bool = False

    @property
    def is_active(self) -> bool:
        """Whether the booking keeps its hosts busy: it is accepted, or waits for confirmation."""
        return self.status in {"accepted", "pending"}

    def attendee_of(self, seat_uid: str | None) -> Attendee | None:
        """Return the attendee who holds a seat of the booking."""
        return next((item for item in self.attendees if item.seat_uid == seat_uid), None)

    def has(self, email: str) -> bool:
        """Tell whether somebody with this address attends the booking."""
        return any(attendee.email == email for attendee in self.attendees)


@frozen
class Reservation(Span):
    """A slot that is reserved until a moment, and is offered to nobody else."""

    uid: str
    event_type_id: int
    until: datetime


@frozen
class Transition:
    """A change that the server tells its webhooks: the trigger and the booking after it."""

    trigger: str
    booking: Booking
    at: datetime
    before: Booking | None = None
    details: Mapping[str, Any] = field(factory=dict)


@define
class State:
    """Everything the fake knows; each dictionary may be read and changed.

    Bookings and reservations are found by uid, the others by id.
    """

    now: datetime
    users: dict[int, User]
    event_types: dict[int, EventType]
    teams: dict[int, Team]
    seed: int = 0
    bookings: dict[str, Booking] = field(factory=dict)
    reservations: dict[str, Reservation] = field(factory=dict)
    transitions: list[Transition] = field(factory=list)
    last_booking_id: int = 0
    last_attendee_id: int = 0
    random: Random = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        self.random = Random(self.seed)  # noqa: S311 - no secret

    def new_booking_id(self) -> int:
        """Return the id of the next booking."""
        self.last_booking_id += 1
        return self.last_booking_id

    def new_attendee_id(self) -> int:
        """Return the id of the next attendee."""
        self.last_attendee_id += 1
        return self.last_attendee_id

    def new_uid(self) -> str:
        """Return the uid of a new booking: 22 characters, as the server has them."""
        return self.random.randbytes(22).translate(_TO_BASE58).decode()

    def new_uuid(self) -> str:
        """Return the uid of a new seat, series or reservation."""
        text = f"{self.random.getrandbits(128):032x}"
        # Of version 4, as RFC 9562 has it; `uuid.UUID` takes three times as long.
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"

    def save(self, booking: Booking) -> Booking:
        """Store a booking in place of the one with its uid, and return it."""
        self.bookings[booking.uid] = booking
        return booking

    def change(self, booking: Booking, **changes: Any) -> Booking:
        """Store a booking with these changes, which update it now, and return it."""
        return self.save(evolve(booking, updated_at=self.now, **changes))

    def series(self, uid: str) -> list[Booking]:
        """Return the bookings of a series by start, or none if there is no such series."""
        found = [booking for booking in self.bookings.values() if booking.series_uid == uid]
        return sorted(found, key=lambda booking: (booking.start, booking.id))

    def active(self) -> Iterator[Booking]:
        """Yield the bookings that keep their hosts busy."""
        return (booking for booking in self.bookings.values() if booking.is_active)

    def of_seat(self, seat_uid: str) -> Booking | None:
        """Return the booking that a seat belongs to; that of a cancelled booking is gone."""
        for booking in self.active():
            if booking.attendee_of(seat_uid) is not None:
                return booking
        return None

    def user_named(self, username: str | None) -> User | None:
        """Return the user of this username."""
        return next((user for user in self.users.values() if user.username == username), None)

    def team_named(self, slug: str | None) -> Team | None:
        """Return the team of this slug."""
        return next((team for team in self.teams.values() if team.slug == slug), None)

    def event_type(self, event_type_id: str) -> EventType | None:
        """Return the event type of an id that is given as text."""
        return self.event_types.get(int(event_type_id)) if event_type_id.isdecimal() else None

    def own_types(self, owner: User | Team) -> list[EventType]:
        """Return the event types of a team, or those of a user that are no team's."""
        if isinstance(owner, Team):
            return [item for item in self.event_types.values() if item.team_id == owner.id]
        return [
            item
            for item in self.event_types.values()
            if item.team_id is None and item.host_ids[0] == owner.id
        ]

    def type_of(self, booking: Booking) -> EventType:
        """Return the event type of a booking."""
        return self.event_types[booking.event_type_id]

    def organizer(self, booking: Booking) -> User:
        """Return the host who organises a booking."""
        return self.users[booking.host_ids[0]]

    def tell(
        self,
        trigger: str,
        booking: Booking,
        before: Booking | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Note a transition for the webhooks."""
        self.transitions.append(Transition(trigger, booking, self.now, before, details or {}))


def minutes(count: float) -> timedelta:
    """Return a duration of *count* minutes."""
    return timedelta(minutes=count)


def utc(text: str) -> datetime:
    """Parse a time of ISO 8601; without an offset it is UTC.

    Raises `ValueError` for any other text.
    """
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
