"""Book at most once for each key, and find out whether the booking exists.

The API has no idempotency key, so a create whose response is lost cannot simply be sent again.
`create_once` stores a key in the booking's metadata and looks for it: before the create, after an
unknown outcome, and after a refusal that an earlier booking of the key may have caused.
It lists the bookings from the booking's start on, for any attendee, because the server may store
another address than it was sent.
One run sends at most one create that may have happened.

What counts as the booking of the key:

- A booking that is neither cancelled nor rejected; after one that is, the key can book again.
- The booking that it was rescheduled to, however often: the server cancels the old one, and its
  `rescheduled_to_uid` names the new one.
- A series of which any booking counts. It is complete if `recurrence_count` says how long it is,
  since the server creates its bookings one after another; any other is an `OutcomeUnknown`.

What a look-up cannot see:

- Anything, without the permission to list bookings. The create is sent all the same, since
  anonymous callers may book; then the server alone keeps a later run from booking twice.
- Seats whose attendees are hidden, seats that were moved to another booking, and bookings whose
  metadata is hidden.
- More than 1,000 bookings that start together.
- A create that the server is still executing, such as that of a run at the same moment.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from attrs import evolve, frozen

from calcom_core import bookings
from calcom_core._lazy_methods import LazyMethods
from calcom_core.api import Api
from calcom_core.bookings.creation import starting_with
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
from calcom_core.retry import (
    DEFAULT_RETRY,
    SAME_AGAIN,
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
"""The name under which the metadata holds the key."""

_MAX_PAGES = 10
"""How many pages of bookings that start together a look-up reads."""

_MAX_MOVES = 20
"""How many times a booking may have been rescheduled, so that a look-up always ends."""

_GONE = ("cancelled", "rejected")
"""The statuses of a booking that does not count."""

_MAY_BE_OURS = (AlreadyDone, BadRequest, BookingConflict, DecodingError, SlotUnavailable)
"""The refusals that an earlier booking of the key may cause, and 4xx whose text is not known."""


def create_once(
    api: Api,
    booking: NewBooking | NewBookingDict,
    key: str,
    *,
    policy: RetryPolicy | None = None,
    timeout: Timeout | None = None,
    cal_api_version: str | None = None,
) -> Program[Booked]:
    """Book, unless a booking with this key exists; that one is returned instead.

    `GET /v2/bookings`, then `POST /v2/bookings` if no booking with the key is found, then
    `GET /v2/bookings` again if the outcome is unknown, or if an earlier booking of the key may have
    caused a refusal.
    One run never books twice, and a later run with the same key and start finds the booking.
    Two runs at the same moment can both book where the server lets them, as with seats or
    `allow_conflicts`.
    A cancelled or rejected booking does not count, and the key books again; a rescheduled one
    counts, and is returned at its new time.
    The look-up needs credentials that may list the bookings of the event type.
    Without that permission the create is sent all the same, and a later run may book twice.

    Args:
        api: where to send it.
        booking: a `NewBooking`, or a mapping of its keys; not an instant one.
        key: tells this booking from every other, such as the number of an order; 1 to 500
            characters, stored in the booking's metadata as `create_once_key`.
        policy: when to retry, and how often and how long to look; its deadline is that of the
            look-ups and the create together, but each is sent at least once.
            None, the default, is the client's `retry`, or else `DEFAULT_RETRY`.
        timeout: of each exchange.
        cal_api_version: pins the version of the create.

    Returns:
        The `Booking`, or a tuple of them for a series, as `bookings.create` does.
        One that a look-up found is as the list shows it: its seat is in its attendees.

    Raises:
        InvalidInput: for what `bookings.create` refuses, and a key that metadata cannot hold.
        OutcomeUnknown: if the booking may exist, and no look-up has shown it; `found` holds the
            bookings of a series that may be incomplete, also one of an earlier run.
        ExistingBookingReturned: if the server returned a booking that lacks the key.
        SlotUnavailable, ValidationFailed: among others, as the server refuses.
        NotSent, NoAnswer, ServerError: among others, if the first look-up fails; nothing was
            booked.
    """
    new = from_mapping(NewBooking, booking, "booking")
    if new.instant:
        raise InvalidInput(
            "booking.instant",
            "starts at once, where no look-up would find it; use bookings.create_instant",
        )
    create = bookings.create(_with_key(new, key), cal_api_version=cal_api_version)
    checked = DEFAULT_RETRY if policy is None else check_policy(policy)
    return _run(_Lookup(api, new, exact_str(key), checked, timeout), create)


def _with_key(new: NewBooking, key: str) -> NewBooking:
    """Return the booking with the key in its metadata."""
    given = new.metadata or {}
    if METADATA_KEY in given:
        field = f"booking.metadata[{METADATA_KEY!r}]"
        raise InvalidInput(field, "is where the key is kept; leave it out")
    if not isinstance(key, str) or not key.strip() or "\x00" in key:
        raise InvalidInput("key", "must be a string that is not blank, without NUL")
    try:
        return evolve(new, metadata=metadata({**given, METADATA_KEY: key}, "metadata"))
    except InvalidInput as error:
        problem = error.problem if error.field != "metadata" else f"metadata {error.problem}"
        raise InvalidInput("key", problem) from error


@frozen
class _Lookup(LazyMethods):
    """What a look-up needs: API, booking, key, retry policy, timeout and the start of the run."""

    api: Api
    new: NewBooking
    key: str
    policy: RetryPolicy
    timeout: Timeout | None
    begun: float = 0.0

    def read(self, operation: Operation[T]) -> Program[T]:
        """Run a read within the deadline of the whole run."""
        return retrying(self.api, operation, self.policy, self.timeout, self.begun)

    def is_ours(self, booking: Booking) -> bool:
        """Whether a booking shows the key."""
        return any(shown.get(METADATA_KEY) == self.key for shown in _metadata_of(booking))

    def may_hide_ours(self, error: DecodingError) -> bool:
        """Whether our booking may be on the part of a page that cannot be read."""
        pair = json.dumps({METADATA_KEY: self.key})[1:-1]
        unreadable = any(pair in json.dumps(item) for item in error.unreadable)
        return unreadable or isinstance(error, PagingError)

    def is_new(self, booked: Booked) -> bool:
        """Whether the response to our create is a booking of ours, as far as it shows."""
        all_of_them = booked if isinstance(booked, tuple) else (booked,)
        # A hidden seat shows no key, and neither does a response without metadata. The server
        # never returns an older seat: it refuses the same attendee twice.
        return not all_of_them or any(
            self.is_ours(booking) or not _metadata_of(booking) for booking in all_of_them
        )


def _metadata_of(booking: Booking) -> list[Mapping[str, Any]]:
    """Return the metadata that a booking and its attendees show."""
    shown = [booking.metadata, *(attendee.metadata for attendee in booking.attendees)]
    return [metadata for metadata in shown if metadata is not None]


@frozen
class _LookupResult(LazyMethods):
    """The booking, if there is one to return.

    If not, *found* holds what exists of it, *error* what ended the look-up, and *doubt* says why
    the booking may exist all the same.
    """

    booked: Booked | None = None
    doubt: str = ""
    found: tuple[Booking, ...] = ()
    error: CalcomError | None = None


def _run(lookup: _Lookup, create: Operation[Booked]) -> Program[Booked]:
    begun = yield from clock()
    lookup = evolve(lookup, begun=begun)
    earlier = yield from _look_up(lookup)
    if earlier.booked is not None:
        return earlier.booked
    if earlier.found:
        cause = earlier.error or CalcomError(f"an earlier run booked, and {earlier.doubt}")
        raise outcome_unknown(create, cause, found=earlier.found) from earlier.error
    # The exact types: an expired token, for one, says nothing about permissions.
    if earlier.error is not None and type(earlier.error) not in (Unauthenticated, PermissionDenied):
        raise earlier.error
    try:
        exchange = yield from exchange_with_retries(
            lookup.api, create, lookup.policy, lookup.timeout, begun
        )
    except CalcomError as error:
        if not (isinstance(error, _MAY_BE_OURS) or error.may_have_happened):
            raise
        failure = error
    else:
        if not lookup.is_new(exchange.value):
            raise _existing(create, exchange.value, exchange.attempts)
        return exchange.value
    if isinstance(failure, OutcomeUnknown):
        result = yield from _look_up_patiently(lookup)
    else:
        result = yield from _look_up(lookup)
    if result.booked is not None:
        return result.booked
    if isinstance(failure, OutcomeUnknown):
        why = result.doubt or "a look-up does not find it so far"
        unknown = outcome_unknown(create, failure.cause, f"; {why}", result.found)
        raise unknown from (result.error or failure.cause)
    if result.doubt:
        failure.stop_reason += f"; whether it is our own is not known: {result.doubt}"
    raise failure from result.error


def _existing(create: Operation[Booked], booked: Booked, attempts: int) -> ExistingBookingReturned:
    error = ExistingBookingReturned(
        f"{describe(create)}: the server returned an existing booking that lacks the key of this "
        "call, and created none; it is error.booking",
        operation=create.plain,
        booking=booked,
    )
    error.attempts, error.stop_reason = attempts, SAME_AGAIN
    return error


def _look_up_patiently(lookup: _Lookup) -> Program[_LookupResult]:
    """Look up at once, and again after each back-off: the server may still be at work."""
    policy = lookup.policy
    result = yield from _look_up(lookup)
    for attempt in range(1, policy.attempts):
        refused = isinstance(result.error, ApiError) and result.error.stop_reason == SAME_AGAIN
        if result.booked is not None or refused:
            break
        wait = max_backoff(policy, attempt)
        if (yield from clock()) - lookup.begun + wait >= policy.deadline:
            break
        yield from sleep(wait)
        result = yield from _look_up(lookup)
    return result


def _look_up(lookup: _Lookup) -> Program[_LookupResult]:
    """Look for the booking of the key; an error becomes part of the result."""
    found: tuple[Booking, ...] = ()
    try:
        ours, doubt = yield from _list_ours(lookup)
        for booking in ours:
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


def _list_ours(lookup: _Lookup) -> Program[tuple[list[Booking], str]]:
    """Return the listed bookings that show the key, one of each series, and the doubt that is left.

    The pages are read up to the first booking that starts later.
    """
    # Whole seconds, since the server may keep no less.
    start = utc_datetime(lookup.new.start, "start").replace(microsecond=0)
    operation = starting_with(lookup.new.start, lookup.new.event_type_id)
    ours: dict[str, Booking] = {}
    doubt = ""
    for _ in range(_MAX_PAGES):
        unreadable: DecodingError | None = None
        try:
            page = yield from lookup.read(operation)
        except DecodingError as error:
            if error.page is None:
                raise
            unreadable, page = error, error.page
        for booking in page.items:
            if lookup.is_ours(booking):
                ours.setdefault(booking.recurring_booking_uid or booking.uid, booking)
        if unreadable is not None and not ours and lookup.may_hide_ours(unreadable):
            raise unreadable
        doubt = doubt or _doubt(page, start)
        if page.next is None or (page.items and _second_of(page.items[-1]) > start):
            return [*ours.values()], doubt
        if (yield from clock()) - lookup.begun >= lookup.policy.deadline:
            break
        operation = page.next
    return [*ours.values()], "more bookings start then than a look-up reads"


def _doubt(page: Page[Booking], start: datetime) -> str:
    """Return why our booking may be on a page that does not show it."""
    hiding = [
        booking
        for booking in page.items
        if _second_of(booking) == start
        and booking.status not in _GONE
        and not _metadata_of(booking)
    ]
    if any(booking.is_seated and not booking.attendees for booking in hiding):
        return "the attendees of seats are hidden from these credentials"
    return "a booking that starts then does not show its metadata" if hiding else ""


def _second_of(booking: Booking) -> datetime:
    return booking.start.replace(microsecond=0)


def _resolve(lookup: _Lookup, booking: Booking) -> Program[_LookupResult | None]:
    """Follow a booking with the key to its series or its new time; None if it does not count."""
    if booking.recurring_booking_uid is not None:
        series = yield from lookup.read(bookings.get_series(booking.recurring_booking_uid))
        return _resolve_series(lookup, booking, series)
    for _ in range(_MAX_MOVES):
        if booking.status not in _GONE:
            return _LookupResult(booking)
        if not booking.rescheduled_to_uid:
            return None
        booking = yield from lookup.read(bookings.get_one(booking.rescheduled_to_uid))
    return _LookupResult(doubt=f"it was rescheduled {_MAX_MOVES} times or more", found=(booking,))


def _resolve_series(
    lookup: _Lookup, listed: Booking, series: tuple[Booking, ...]
) -> _LookupResult | None:
    moved = {booking.rescheduled_from_uid for booking in series}
    ours = [booking for booking in series if lookup.is_ours(booking) and booking.uid not in moved]
    found = tuple(ours) or (listed,)
    if all(booking.status in _GONE for booking in found):
        return None
    wanted = lookup.new.recurrence_count
    if wanted is not None and len(found) >= wanted:
        return _LookupResult(found)
    length = "unknown; give recurrence_count" if wanted is None else str(wanted)
    doubt = f"{len(found)} of the bookings of a series exist, and its length is {length}"
    return _LookupResult(doubt=doubt, found=found)
