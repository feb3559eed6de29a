"""The operations that create bookings.

The event type decides whether a create results in one booking, a series or a seat.
A create is not idempotent; its `verify` lists the bookings that start at or after the same time.
"""

from functools import partial
from typing import Any

from attrs import evolve

from calcom_core.bookings.reads import list as list_bookings
from calcom_core.checks import from_mapping, utc_datetime
from calcom_core.errors import InvalidInput
from calcom_core.model.booking import Booking
from calcom_core.model.filters import STATUSES
from calcom_core.model.input_dicts import NewBookingDict
from calcom_core.model.inputs import Moment, NewBooking, find_minimum_versions
from calcom_core.operation import Operation, Page, operation
from calcom_core.serialization import to_body


def create(
    data: NewBooking | NewBookingDict, *, cal_api_version: str | None = None
) -> Operation[Booking | tuple[Booking, ...]]:
    """Create a booking, a series or a seat, depending on the event type.

    `create({"start": "2027-04-05T09:00:00Z", "event_type_id": 1, "attendee": {…}})`

    `POST /v2/bookings`, version 2024-08-13 or 2026-02-25.
    Credentials are optional.

    Args:
        data: a `NewBooking`, or a mapping of its keys; *attendee* needs name, time_zone, and
            email or phone_number.
        cal_api_version: pins the version for this call.

    Returns:
        The `Booking`, or a tuple of them if the event type is recurring.
        Its `status` may be `pending`.
        It is not idempotent; its `verify` lists the bookings of the event type from *start* on,
        the earliest first.
        The list is not filtered by attendee, because the server may store another address.
        If a slug names the event type, the list has the bookings of all event types.

    Raises:
        InvalidInput: for unknown keys and invalid values, and for the options of a host
            (`allow_conflicts`, …) in a version before 2026-02-25.
        SlotUnavailable, BookingFieldError, BookingConflict: if the server refuses the booking.
    """
    return _creation("bookings.create", data, cal_api_version)


def create_one(
    data: NewBooking | NewBookingDict, *, cal_api_version: str | None = None
) -> Operation[Booking]:
    """Create one booking or one seat.

    As `create`, for an event type that is not recurring; the result is one `Booking`.
    Raises `InvalidInput` for `recurrence_count`, which requests a series.
    Raises `SeriesReturned` if the event type is recurring; the series exists.
    """
    booking = from_mapping(NewBooking, data, "data")
    if booking.recurrence_count is not None:
        raise InvalidInput(
            "data.recurrence_count", "requests a series; call bookings.create_recurring"
        )
    return _creation("bookings.create_one", booking, cal_api_version)


def create_recurring(
    data: NewBooking | NewBookingDict,
    *,
    recurrence_count: int | None = None,
    cal_api_version: str | None = None,
) -> Operation[tuple[Booking, ...]]:
    """Create a series of at most *recurrence_count* occurrences, at least 1.

    As `create`, for a recurring event type; the result is always a tuple, with one booking if the
    event type is not recurring.
    After a `BookingConflict`, `may_have_happened` is true: the server keeps the occurrences before
    the conflict.
    """
    booking = from_mapping(NewBooking, data, "data")
    if recurrence_count is not None:
        booking = evolve(booking, recurrence_count=recurrence_count)
    return _creation("bookings.create_recurring", booking, cal_api_version)


def create_instant(
    data: NewBooking | NewBookingDict, *, cal_api_version: str | None = None
) -> Operation[Booking]:
    """Create a meeting that starts at once; only for team event types of the hosted service.

    As `create`; raises `ValidationFailed` from a server that does not support `instant`.
    """
    booking = evolve(from_mapping(NewBooking, data, "data"), instant=True)
    return _creation("bookings.create_instant", booking, cal_api_version)


def _creation(name: str, data: NewBooking | NewBookingDict, version: str | None) -> Operation[Any]:
    booking = from_mapping(NewBooking, data, "data")
    if booking.instant is False:
        # The server treats any value, even false, as a request for an instant meeting.
        booking = evolve(booking, instant=None)
    return operation(
        name,
        version,
        body=to_body(booking),
        minimum_versions=find_minimum_versions(booking, "data."),
        # Only two fields, because a repr of the partial would show the personal data of others.
        verify=partial(list_from_start, booking.start, booking.event_type_id),
    )


def list_from_start(start: Moment, event_type_id: int | None) -> Operation[Page[Booking]]:
    """List the bookings that start at or after a time, the earliest first.

    The list is not filtered by attendee: the server compares addresses case-sensitively, and
    stores another one if a phone number was given.
    No version is pinned, because every server can list bookings in the version of its profile.
    """
    # Whole seconds, because the server may drop the rest.
    return list_bookings(
        status=STATUSES,
        event_type_id=event_type_id,
        after_start=utc_datetime(start, "start").replace(microsecond=0),
        sort_start="asc",
        take=100,
    )
