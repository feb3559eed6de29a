"""Create at most one booking for each key.

The API has no idempotency key, so a create whose response is lost cannot safely be retried.
`create_once` stores a key in the booking's metadata and looks it up: before the create, after an
unknown outcome, and after a refusal that an earlier booking with the key may have caused.
It lists the bookings from the booking's start on, for any attendee, because the server may store
another address than the one sent.
One run sends at most one create that may have happened.

Which booking a look-up returns:

- A booking with the key that is neither cancelled nor rejected; the key can be used again after
  one that is.
- The booking to which it was rescheduled: the server cancels the old one, whose
  `rescheduled_to_uid` is the uid of the new one.
- A series, if at least one of its bookings is active and `recurrence_count` of them exist.
  The server creates a series booking by booking, so any other number is an `OutcomeUnknown`.

A look-up cannot find:

- Any booking, without the permission to list bookings.
  The create is sent all the same, because anonymous callers may book; a later run may book twice.
- Seats of hidden attendees, seats that moved to another booking, and bookings with hidden metadata.
- A booking after the first 1,000 that start at the same time.
- A booking that the server is still creating, such as that of a concurrent run.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from attrs import evolve, frozen

from calcom_core import bookings
from calcom_core._lazy_methods import LazyMethods
from calcom_core.api import Api
from calcom_core.bookings.creation import list_from_start
from calcom_core.checks import exact_str, from_mapping, metadata, utc_datetime
from calcom_core.effects import Program, clock, sleep
from calcom_core.error_mapping import describe
from calcom_core.errors import (
    AlreadyDone,
    ApiError,
    BadRequest,
    BookingConflict,
    CalcomError,
    DecodingError,
    ExistingBookingReturned,
    InvalidInput,
    OutcomeUnknown,
    PagingError,
    PermissionDenied,
    ReplayError,
    SlotUnavailable,
    Unauthenticated,
)
from calcom_core.http import Timeout
from calcom_core.model.booking import Booking
from calcom_core.model.input_dicts import NewBookingDict
from calcom_core.model.inputs import NewBooking
from calcom_core.operation import Operation, Page
from calcom_core.paging import read_page
from calcom_core.retry import (
    DEFAULT_RETRY,
    NOT_TRANSIENT,
    RetryPolicy,
    check_policy,
    describe_failure,
    exchange_with_retries,
    max_backoff,
    outcome_unknown,
    retrying,
)

T = TypeVar("T")

Booked = Booking | tuple[Booking, ...]

METADATA_KEY = "create_once_key"
"""The name of the key in the booking's metadata."""

_MAX_PAGES = 10
"""The largest number of pages that a look-up reads, of 100 bookings each."""

_MAX_MOVES = 20
"""The largest number of reschedules that a look-up follows; without it, a cycle would not end."""

_INACTIVE = ("cancelled", "rejected")
"""The statuses of a booking that a look-up ignores."""

_AMBIGUOUS_REFUSALS = (AlreadyDone, BadRequest, BookingConflict, DecodingError, SlotUnavailable)
"""The errors of a create that an earlier booking with the key may have caused."""


def create_once(
    api: Api,
    booking: NewBooking | NewBookingDict,
    key: str,
    *,
    policy: RetryPolicy | None = None,
    timeout: Timeout | None = None,
    cal_api_version: str | None = None,
) -> Program[Booked]:
    """Create a booking, or return the existing booking with this key.

    `GET /v2/bookings`, then `POST /v2/bookings` if no booking with the key is found.
    If the outcome is unknown, or an earlier booking with the key may have caused a refusal,
    `GET /v2/bookings` again.

    One run never books twice, and a later run with the same key and start finds the booking.
    Two concurrent runs can both book if the server allows it, as with seats or `allow_conflicts`.
    A cancelled or rejected booking is ignored; a rescheduled one is returned at its new time.
    The look-up needs credentials that may list the bookings of the event type.
    Without that permission the create is sent all the same, and a later run may book twice.

    Args:
        api: where to send it.
        booking: a `NewBooking`, or a mapping of its keys; not an instant one.
        key: identifies the booking, such as the number of an order; 1 to 500 characters, stored in
            the booking's metadata as `create_once_key`.
        policy: when to retry, and how often to look up; its deadline applies to the look-ups and
            the create together, but each is sent at least once.
            None, the default, is the client's `retry`, or else `DEFAULT_RETRY`.
        timeout: the timeout of each exchange.
        cal_api_version: pins the version of the create.

    Returns:
        The `Booking`, or a tuple of them for a series, as `bookings.create` does.
        A booking from a look-up has its seat in its attendees, as in every list.

    Raises:
        InvalidInput: as `bookings.create` does, and for a key that metadata cannot hold.
        OutcomeUnknown: if the booking may exist, but no look-up found it; `found` holds the
            bookings of a series that may be incomplete.
        ExistingBookingReturned: if the server returned a booking without the key.
        SlotUnavailable, ValidationFailed, ApiError: if the server refuses the create.
        NotSent, NoAnswer, ServerError, CalcomError: if the first look-up fails; nothing was
            booked.
    """
    new = from_mapping(NewBooking, booking, "booking")
    if new.instant:
        raise InvalidInput(
            "booking.instant",
            "starts at once, so a look-up cannot find it; call bookings.create_instant",
        )
    create = bookings.create(_with_key(new, key), cal_api_version=cal_api_version)
    checked_policy = DEFAULT_RETRY if policy is None else check_policy(policy)
    return _run(_Lookup(api, new, exact_str(key), checked_policy, timeout), create)


def _with_key(new: NewBooking, key: str) -> NewBooking:
    """Add the key to the metadata of a booking."""
    given = new.metadata or {}
    if METADATA_KEY in given:
        field = f"booking.metadata[{METADATA_KEY!r}]"
        raise InvalidInput(field, "is reserved for the key; remove it")
    if not isinstance(key, str) or not key.strip() or "\x00" in key:
        raise InvalidInput("key", "must be a string that is not blank and contains no NUL")
    try:
        return evolve(new, metadata=metadata({**given, METADATA_KEY: key}, "metadata"))
    except InvalidInput as error:
        problem = error.problem if error.field != "metadata" else f"metadata {error.problem}"
        raise InvalidInput("key", problem) from error


@frozen
class _Lookup(LazyMethods):
    """The parameters of a look-up; *started* is the start of the run by the program's clock."""

    api: Api
    new: NewBooking
    key: str
    policy: RetryPolicy
    timeout: Timeout | None
    started: float = 0.0

    def read(self, operation: Operation[T]) -> Program[T]:
        """Run a read operation within the deadline of the whole run."""
        return retrying(self.api, operation, self.policy, self.timeout, self.started)

    def has_key(self, booking: Booking) -> bool:
        """Return whether a booking shows the key."""
        return any(shown.get(METADATA_KEY) == self.key for shown in _visible_metadata(booking))

    def may_hide_booking(self, error: DecodingError) -> bool:
        """Return whether the booking may be in the unreadable part of a page."""
        pair = json.dumps({METADATA_KEY: self.key})[1:-1]
        unreadable = any(pair in json.dumps(item) for item in error.unreadable)
        return unreadable or isinstance(error, PagingError)

    def may_be_new(self, booked: Booked) -> bool:
        """Return whether the response to the create may show a booking of this call."""
        created = booked if isinstance(booked, tuple) else (booked,)
        # A hidden seat and a response without metadata do not show the key. They are new, because
        # the server refuses a second seat for the same attendee.
        return not created or any(
            self.has_key(booking) or not _visible_metadata(booking) for booking in created
        )


def _visible_metadata(booking: Booking) -> list[Mapping[str, Any]]:
    """Return the metadata of a booking and of its attendees, as far as they are visible."""
    all_metadata = [booking.metadata, *(attendee.metadata for attendee in booking.attendees)]
    return [metadata for metadata in all_metadata if metadata is not None]


@frozen
class _LookupResult(LazyMethods):
    """The result of a look-up: the booking in *booked*, if it was found.

    Otherwise *doubt* is the reason why it may exist all the same, *found* its existing parts, and
    *error* the error that ended the look-up.
    """

    booked: Booked | None = None
    doubt: str = ""
    found: tuple[Booking, ...] = ()
    error: CalcomError | None = None


def _run(lookup: _Lookup, create: Operation[Booked]) -> Program[Booked]:
    started = yield from clock()
    lookup = evolve(lookup, started=started)
    earlier = yield from _look_up(lookup)
    if earlier.booked is not None:
        return earlier.booked
    if earlier.found:
        cause = earlier.error or CalcomError(f"an earlier run booked, but {earlier.doubt}")
        raise outcome_unknown(create, cause, found=earlier.found) from earlier.error
    # Exactly these types: a subclass such as TokenExpired is not about permissions.
    if earlier.error is not None and type(earlier.error) not in (Unauthenticated, PermissionDenied):
        raise earlier.error
    try:
        exchange = yield from exchange_with_retries(
            lookup.api, create, lookup.policy, lookup.timeout, started
        )
    except CalcomError as error:
        if not (isinstance(error, _AMBIGUOUS_REFUSALS) or error.may_have_happened):
            raise
        failure = error
    else:
        if not lookup.may_be_new(exchange.value):
            raise _existing_booking_error(create, exchange.value, exchange.attempts)
        return exchange.value
    if isinstance(failure, OutcomeUnknown):
        result = yield from _look_up_patiently(lookup)
    else:
        result = yield from _look_up(lookup)
    if result.booked is not None:
        return result.booked
    if isinstance(failure, OutcomeUnknown):
        why = result.doubt or "a look-up has not found it yet"
        unknown = outcome_unknown(create, failure.cause, f"; {why}", result.found)
        raise unknown from (result.error or failure.cause)
    if result.doubt:
        failure.stop_reason += f"; the booking of this key may exist: {result.doubt}"
    raise failure from result.error


def _existing_booking_error(
    create: Operation[Booked], booked: Booked, attempts: int
) -> ExistingBookingReturned:
    error = ExistingBookingReturned(
        f"{describe(create)}: the server returned an existing booking without the key of this "
        "call, and created none; error.booking holds it",
        operation=create.plain,
        booking=booked,
    )
    error.attempts, error.stop_reason = attempts, NOT_TRANSIENT
    return error


def _look_up_patiently(lookup: _Lookup) -> Program[_LookupResult]:
    """Look up at once, and again after each back-off: the server may still be creating it."""
    policy = lookup.policy
    result = yield from _look_up(lookup)
    for attempt in range(1, policy.attempts):
        refused = isinstance(result.error, ApiError) and result.error.stop_reason == NOT_TRANSIENT
        if result.booked is not None or refused:
            break
        wait = max_backoff(policy, attempt)
        if (yield from clock()) - lookup.started + wait >= policy.deadline:
            break
        yield from sleep(wait)
        result = yield from _look_up(lookup)
    return result


def _look_up(lookup: _Lookup) -> Program[_LookupResult]:
    """Look up the booking of the key; return an error as a part of the result."""
    found: tuple[Booking, ...] = ()
    try:
        matching, doubt = yield from _list_with_key(lookup)
        for booking in matching:
            found = (booking,)
            result = yield from _resolve(lookup, booking)
            if result is not None:
                return result
    except ReplayError:
        raise
    except CalcomError as error:
        return _LookupResult(
            doubt=f"a look-up failed: {describe_failure(error)}", found=found, error=error
        )
    return _LookupResult(doubt=doubt)


def _list_with_key(lookup: _Lookup) -> Program[tuple[list[Booking], str]]:
    """Return the listed bookings that show the key, one of each series, and a remaining doubt.

    It reads pages up to the first booking that starts later.
    """
    # Whole seconds, because the server may drop the rest.
    start = utc_datetime(lookup.new.start, "start").replace(microsecond=0)
    operation = list_from_start(lookup.new.start, lookup.new.event_type_id)
    matching: dict[str, Booking] = {}
    doubt = ""
    for _ in range(_MAX_PAGES):
        page, unreadable = yield from read_page(lookup.read(operation))
        for booking in page.items:
            if lookup.has_key(booking):
                matching.setdefault(booking.recurring_booking_uid or booking.uid, booking)
        if unreadable is not None and not matching and lookup.may_hide_booking(unreadable):
            raise unreadable
        doubt = doubt or _reason_for_doubt(page, start)
        if page.next is None or (page.items and _start_second(page.items[-1]) > start):
            return [*matching.values()], doubt
        if (yield from clock()) - lookup.started >= lookup.policy.deadline:
            break
        operation = page.next
    return [*matching.values()], "a look-up does not read all bookings with this start"


def _reason_for_doubt(page: Page[Booking], start: datetime) -> str:
    """Return the reason why a page may hide the booking, or ""."""
    hiding = [
        booking
        for booking in page.items
        if _start_second(booking) == start
        and booking.status not in _INACTIVE
        and not _visible_metadata(booking)
    ]
    if any(booking.is_seated and not booking.attendees for booking in hiding):
        return "the attendees of seats are hidden from these credentials"
    return "a booking with this start does not show its metadata" if hiding else ""


def _start_second(booking: Booking) -> datetime:
    return booking.start.replace(microsecond=0)


def _resolve(lookup: _Lookup, booking: Booking) -> Program[_LookupResult | None]:
    """Follow a booking with the key to its series or its new time; None if it is inactive."""
    if booking.recurring_booking_uid is not None:
        series = yield from lookup.read(bookings.get_series(booking.recurring_booking_uid))
        return _resolve_series(lookup, booking, series)
    for _ in range(_MAX_MOVES):
        if booking.status not in _INACTIVE:
            return _LookupResult(booking)
        if not booking.rescheduled_to_uid:
            return None
        booking = yield from lookup.read(bookings.get_one(booking.rescheduled_to_uid))
    return _LookupResult(doubt=f"it was rescheduled {_MAX_MOVES} times or more", found=(booking,))


def _resolve_series(
    lookup: _Lookup, listed: Booking, series: tuple[Booking, ...]
) -> _LookupResult | None:
    moved = {booking.rescheduled_from_uid for booking in series}
    matching = [
        booking for booking in series if lookup.has_key(booking) and booking.uid not in moved
    ]
    found = tuple(matching) or (listed,)
    if all(booking.status in _INACTIVE for booking in found):
        return None
    expected = lookup.new.recurrence_count
    if expected is not None and len(found) >= expected:
        return _LookupResult(found)
    length = "unknown; pass recurrence_count" if expected is None else str(expected)
    doubt = f"{len(found)} of the bookings of a series exist, and its length is {length}"
    return _LookupResult(doubt=doubt, found=found)
