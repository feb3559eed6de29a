"""The operations that create bookings."""

from functools import partial
from typing import Any

from attrs import evolve

from calcom_core.bookings.reads import list as list_bookings
from calcom_core.checks import from_mapping, utc_datetime
from calcom_core.errors import InvalidInput
from calcom_core.model.booking import Booking
from calcom_core.model.filters import STATUSES
from calcom_core.model.input_dicts import NewBookingDict
from calcom_core.model.inputs import Moment, NewBooking, minimum_versions_of
from calcom_core.operation import Operation, Page, operation
from calcom_core.serialization import to_body


def create(
    data: NewBooking | NewBookingDict, *, cal_api_version: str | None = None
) -> Operation[Booking | tuple[Booking, ...]]:
    """Book: `create({"start": "2027-04-05T09:00:00Z", "event_type_id": 1, "attendee": {…}})`.

    `POST /v2/bookings`, version 2024-08-13 or 2026-02-25.
    Credentials are optional.
    What is made depends on the event type: one booking, a series, or a seat.

    Args:
        data: a `NewBooking`, which lists the keys, or a mapping of them;
            *attendee* has name, time_zone, and email or phone_number.
        cal_api_version: pins the version for this call.

    Returns:
        The `Booking`, or a tuple of them where the event type repeats.
        Its `status` may be `pending`.
        It is not idempotent; its `verify` lists the bookings of the event type from *start* on,
        the earliest first.
        It does not filter by attendee, since the server may store another address.
        Where a slug names the event type, it lists the bookings of all event types.

    Raises:
        InvalidInput: for unknown keys and refused values, and for what only a host may ask
            (`allow_conflicts`, …) in a version before 2026-02-25.
        SlotUnavailable, BookingFieldError, BookingConflict: among others, as the server says.
    """
    return _creation("bookings.create", data, cal_api_version)


def create_one(
    data: NewBooking | NewBookingDict, *, cal_api_version: str | None = None
) -> Operation[Booking]:
    """Book one booking or one seat.

    As `create`, for an event type that does not repeat; the result is one `Booking`.
    Raises `InvalidInput` for `recurrence_count`, which asks for a series.
    Raises `SeriesReturned` where the event type repeats: it has all the bookings, which exist.
    """
    booking = from_mapping(NewBooking, data, "data")
    if booking.recurrence_count is not None:
        raise InvalidInput(
            "data.recurrence_count", "asks for a series; call bookings.create_recurring"
        )
    return _creation("bookings.create_one", booking, cal_api_version)


def create_recurring(
    data: NewBooking | NewBookingDict,
    *,
    recurrence_count: int | None = None,
    cal_api_version: str | None = None,
) -> Operation[tuple[Booking, ...]]:
    """Book a series, of at most *recurrence_count* occurrences.

    As `create`, for an event type that repeats; the result is always a tuple, and holds one
    booking where the event type turns out not to repeat.
    A `BookingConflict` says `may_have_happened`: occurrences before the one that clashed stay
    booked.
    """
    booking = from_mapping(NewBooking, data, "data")
    if recurrence_count is not None:
        booking = evolve(booking, recurrence_count=recurrence_count)
    return _creation("bookings.create_recurring", booking, cal_api_version)


def create_instant(
    data: NewBooking | NewBookingDict, *, cal_api_version: str | None = None
) -> Operation[Booking]:
    """Book a meeting that starts at once; team event types of the hosted service only.

    As `create`; elsewhere the server answers that it does not know `instant`.
    """
    booking = evolve(from_mapping(NewBooking, data, "data"), instant=True)
    return _creation("bookings.create_instant", booking, cal_api_version)


def _creation(name: str, data: NewBooking | NewBookingDict, version: str | None) -> Operation[Any]:
    booking = from_mapping(NewBooking, data, "data")
    if booking.instant is False:
        booking = evolve(booking, instant=None)  # its mere presence picks the instant class
    return operation(
        name,
        version,
        body=to_body(booking),
        minimum_versions=minimum_versions_of(booking, "data."),
        # Without the rest of the booking, which may be personal and which tools would show.
        verify=partial(starting_with, booking.start, booking.event_type_id),
    )


def starting_with(start: Moment, event_type_id: int | None) -> Operation[Page[Booking]]:
    """List the bookings that start then or later, the earliest first.

    The attendee is no filter: the server compares addresses letter by letter, and may store
    another one where a phone number is given.
    No version is pinned, since every server can list bookings in the version of its table.
    """
    # Whole seconds, since the server may keep no less.
    return list_bookings(
        status=STATUSES,
        event_type_id=event_type_id,
        after_start=utc_datetime(start, "start").replace(microsecond=0),
        sort_start="asc",
        take=100,
    )
