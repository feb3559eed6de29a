"""Make a booking at most once, and find out whether it was made.

The API knows no idempotency key, so that a create whose answer is lost cannot just be repeated.
Here the booking carries a token in its metadata, and after an unknown outcome it is looked up: in
the list of bookings, from its start on, whoever attends (the server matches addresses letter by
letter, and stores some in another form than they were sent).

What a look-up can prove:

- That the booking was made, wherever it shows the token.
- That it was not made: only to credentials that may list the bookings of this event type, as those
  of its host or of an admin of its team, and only once the server cannot be at work any more.
  That is why nothing is made a second time but with `recreate_after`.
- Of a series that it was begun; that it is complete only if `recurrence_count` says how long it is,
  since the server makes its bookings one after another.
- Of a seat: the token is the attendee's, and is not shown to those who may not see the attendees.

What it cannot prove ends as `OutcomeUnknown`, as does a look-up that is not answered.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import evolve, frozen

from calcom_core import bookings
from calcom_core.api import Api
from calcom_core.bookings.creating import starting_with
from calcom_core.effects import Program, clock, sleep
from calcom_core.errors import (
    AlreadyDone,
    ApiError,
    BadRequest,
    BookingConflict,
    CalcomError,
    DecodingError,
    InvalidInput,
    NotBooked,
    OlderBooking,
    OutcomeUnknown,
    ReplayError,
    SlotUnavailable,
)
from calcom_core.http import Timeout
from calcom_core.meanings import asked
from calcom_core.model.booking import Booking
from calcom_core.model.fields import build, exact_str, metadata, moment
from calcom_core.model.input_dicts import NewBookingDict
from calcom_core.model.inputs import NewBooking
from calcom_core.operation import Operation, Page
from calcom_core.retry import (
    DEFAULT_RETRY,
    NO_MORE,
    SAME_AGAIN,
    Exchange,
    RetryPolicy,
    backoff_of,
    exchanging,
    outcome_unknown,
    policy_of,
    retrying,
    what_came,
)
from calcom_core.value import Value

TOKEN = "create_once_key"  # noqa: S105 - the name of a key, and no secret
"""The name that the token has in the booking's metadata."""

_PAGES = 10
"""How many pages of bookings that start together are searched."""

_PERHAPS_OURS = (AlreadyDone, BadRequest, BookingConflict, DecodingError, SlotUnavailable)
"""The refusals that an earlier booking of ours may cause, and 4xx whose text is not known."""

Made = Booking | tuple[Booking, ...]


def create_once(
    api: Api,
    booking: NewBooking | NewBookingDict,
    key: str,
    *,
    recreate_after: float | None = None,
    policy: RetryPolicy | None = None,
    timeout: Timeout | None = None,
    cal_api_version: str | None = None,
) -> Program[Made]:
    """Make a booking, and where the answer is lost find out whether it was made.

    `POST /v2/bookings`, then `GET /v2/bookings` where the outcome is unknown, or where the server
    refuses what may be our own booking: so a call that is repeated with the same key, by a program
    that was started again, returns the booking that its first run made; if the server refuses, as
    it does not with *allow_conflicts*, or once the first one was cancelled.
    A look-up needs credentials that see the booking.

    Args:
        api: where to send it.
        booking: a `NewBooking`, or a mapping of its keys; not an instant one.
        key: what tells this booking from every other, such as the number of an order; 1 to 500
            characters, kept in the booking's metadata as `create_once_key`.
        recreate_after: seconds after which the server, if it has not made the booking, will not
            make it any more; then a booking that is not found is made again.
            It is safe only if the server is never later than that, and if the credentials may list
            every booking of the event type: else there may be two.
            None, the default, never makes a second one.
        policy: when to ask again, and how often and how long to look; its deadline is that of a
            create and its look-ups together, but that one look-up is always made, and begins anew
            after each wait of *recreate_after*.
            None, the default, is the client's `retry`, or else `DEFAULT_RETRY`.
        timeout: of each exchange.
        cal_api_version: pins the version of the create.

    Returns:
        The `Booking`, or a tuple of them for a series, as `bookings.create` does.
        One that was looked up is as the list shows it: its seat is in its attendees.

    Raises:
        InvalidInput: for what `bookings.create` refuses, and a key that metadata cannot hold.
        OutcomeUnknown: if it may have been made, and no look-up has shown it; `found` holds the
            bookings of a series that does not show to be complete.
        NotBooked: if every create that the policy allows was lost, and none was carried out.
        OlderBooking: if the server answered with a booking that has not our token.
        SlotUnavailable, ValidationFailed: among others, as the server refuses.
        NotSent: if no create left, or none after the last that a look-up showed to be lost.
    """
    new = build(NewBooking, booking, "booking")
    if new.instant:
        raise InvalidInput(
            "booking.instant",
            "starts at once, where no look-up would find it; use bookings.create_instant",
        )
    if recreate_after is not None:
        _is_wait(recreate_after)
    create = bookings.create(_marked(new, key), cal_api_version=cal_api_version)
    patience = DEFAULT_RETRY if policy is None else policy_of(policy)
    looking = _Looking(api, new, exact_str(key), patience, timeout)
    return _creating(looking, create, recreate_after)


def _is_wait(seconds: float) -> None:
    number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
    if not number or not 0 <= seconds <= 86_400:
        raise InvalidInput("recreate_after", "must be a number of seconds, from 0 to 86,400")


def _marked(new: NewBooking, key: str) -> NewBooking:
    """Return the booking with the token in its metadata."""
    given = new.metadata or {}
    if TOKEN in given:
        raise InvalidInput(f"booking.metadata[{TOKEN!r}]", "is where the key is kept; leave it out")
    if not isinstance(key, str) or not key.strip() or "\x00" in key:
        raise InvalidInput("key", "must be a string that is not blank, without NUL")
    try:
        return evolve(new, metadata=metadata({**given, TOKEN: key}, "metadata"))
    except InvalidInput as error:
        problem = error.problem if error.field != "metadata" else f"metadata {error.problem}"
        raise InvalidInput("key", problem) from error


@frozen
class _Looking(Value):
    """Whom to ask, what for and how patiently."""

    api: Api
    new: NewBooking
    key: str
    policy: RetryPolicy
    timeout: Timeout | None

    def ours(self, booking: Booking) -> bool:
        """Whether a booking shows the token."""
        return any(found.get(TOKEN) == self.key for found in _metadata_of(booking))

    def answered(self, made: Made) -> bool:
        """Whether an answer to our create is of our making, as far as it shows."""
        all_of_them = made if isinstance(made, tuple) else (made,)
        # Seats that are hidden show no token; and of a seat no older one is given away, since the
        # server refuses the same attendee twice.
        # A response without metadata shows no token either.
        return not all_of_them or any(
            self.ours(booking) or not _metadata_of(booking) for booking in all_of_them
        )


def _metadata_of(booking: Booking) -> list[Mapping[str, Any]]:
    """Return the metadata that a booking and its attendees show."""
    shown = [booking.metadata, *(attendee.metadata for attendee in booking.attendees)]
    return [metadata for metadata in shown if metadata is not None]


@frozen
class _Seen(Value):
    """What a look-up showed: the booking as a whole, or what is *unsure*, or that there is none."""

    made: Made | None = None
    unsure: str = ""
    found: tuple[Booking, ...] = ()
    error: CalcomError | None = None


def _creating(
    looking: _Looking, create: Operation[Made], recreate_after: float | None
) -> Program[Made]:
    api, policy, timeout = looking.api, looking.policy, looking.timeout
    sent, number = 0, 0
    while True:
        number += 1
        begun = yield from clock()
        try:
            exchange = yield from exchanging(api, create, policy, timeout, begun)
        except ReplayError:
            raise
        except CalcomError as error:
            if not (isinstance(error, _PERHAPS_OURS) or error.may_have_happened):
                error.attempts += sent
                raise
            failure = error
        else:
            if looking.answered(exchange.value):
                return exchange.value
            raise _older(create, exchange, sent)
        sent += failure.attempts
        failure.attempts = sent
        if isinstance(failure, OutcomeUnknown):
            seen = yield from _watched(looking, recreate_after, begun)
            if seen.made is not None:
                return seen.made
            if seen.unsure or recreate_after is None:
                raise _unknown(create, failure, seen) from (seen.error or failure.cause)
            if number >= policy.attempts:
                raise _not_booked(create, failure) from failure.cause
        else:
            seen = yield from _looked_up(looking, begun)
            if seen.made is not None:
                return seen.made
            if number > 1 and seen.unsure and not failure.may_have_happened:
                # What is in the way may be the booking of an earlier create.
                raise _unknown(create, failure, seen) from failure
            if seen.unsure:
                failure.gave_up += f"; whether it is our own is not known: {seen.unsure}"
            raise failure from seen.error


def _unknown(create: Operation[Made], failure: CalcomError, seen: _Seen) -> OutcomeUnknown:
    cause = failure.cause if isinstance(failure, OutcomeUnknown) else failure
    why = seen.unsure or "a look-up does not find it so far"
    unknown = outcome_unknown(create, cause, f"; {why}", seen.found)
    unknown.attempts = failure.attempts
    return unknown


def _not_booked(create: Operation[Made], failure: OutcomeUnknown) -> NotBooked:
    error = NotBooked(
        f"{asked(create)}: a look-up shows that nothing was booked; of the last of the creates: "
        f"{what_came(failure.cause)}",
        operation=create.plain,
        cause=failure.cause,
    )
    error.attempts, error.gave_up = failure.attempts, NO_MORE
    return error


def _older(create: Operation[Made], exchange: Exchange[Made], sent: int) -> OlderBooking:
    error = OlderBooking(
        f"{asked(create)}: the server answered with a booking that has not the key of this call, "
        "an older one, and made none; it is error.booking",
        operation=create.plain,
        booking=exchange.value,
    )
    error.attempts, error.gave_up = sent + exchange.attempts, SAME_AGAIN
    return error


def _watched(looking: _Looking, recreate_after: float | None, begun: float) -> Program[_Seen]:
    """Look a booking up at once, and again while the server may still be making it."""
    policy = looking.policy
    seen = yield from _looked_up(looking, begun)
    if recreate_after is None:
        waits = (backoff_of(policy, attempt) for attempt in range(1, policy.attempts))
    else:
        waits = (wait for wait in (recreate_after,))
    for wait in waits:
        refused = isinstance(seen.error, ApiError) and seen.error.gave_up == SAME_AGAIN
        if seen.made is not None or refused:
            break
        if recreate_after is not None:
            yield from sleep(wait)
            begun = yield from clock()
        elif (yield from clock()) - begun + wait < policy.deadline:
            yield from sleep(wait)
        else:
            break
        seen = yield from _looked_up(looking, begun)
    return seen


def _looked_up(looking: _Looking, begun: float) -> Program[_Seen]:
    """Look a booking up; what goes wrong is part of the result."""
    found: tuple[Booking, ...] = ()
    try:
        seen = yield from _at_the_start(looking, begun)
        if not isinstance(seen, Booking):
            return seen
        if seen.recurring_booking_uid is None:
            return _Seen(seen)
        found = (seen,)
        get = bookings.get_series(seen.recurring_booking_uid)
        series = yield from retrying(looking.api, get, looking.policy, looking.timeout, begun)
    except ReplayError:
        raise
    except CalcomError as error:
        return _Seen(unsure=f"a look-up failed: {what_came(error)}", found=found, error=error)
    found = tuple(booking for booking in series if looking.ours(booking))
    wanted = looking.new.recurrence_count
    if wanted is not None and len(found) >= wanted:
        return _Seen(found)
    long = "nobody said how long it is" if wanted is None else f"it is to be {wanted}"
    return _Seen(unsure=f"{len(found)} of a series are booked, and {long}", found=found)


def _at_the_start(looking: _Looking, begun: float) -> Program[Booking | _Seen]:
    """Return the first booking that shows the token, or what was seen where there is none."""
    # Whole seconds, since the server may keep no less.
    start = moment(looking.new.start, "start").replace(microsecond=0)
    operation = starting_with(looking.new.start, looking.new.event_type_id)
    unsure = ""
    for number in range(_PAGES):
        odd: DecodingError | None = None
        try:
            page = yield from retrying(
                looking.api, operation, looking.policy, looking.timeout, begun
            )
        except DecodingError as error:
            if error.page is None:
                raise
            odd, page = error, error.page
        for booking in page.items:
            if looking.ours(booking):
                return booking
        if odd is not None:
            raise odd
        unsure = unsure or _doubt(page, start, first=number == 0)
        if page.next is None or (page.items and _second_of(page.items[-1]) > start):
            break
        if (yield from clock()) - begun >= looking.policy.deadline:
            break
        operation = page.next
    return _Seen(unsure=unsure)


def _doubt(page: Page[Booking], start: datetime, *, first: bool) -> str:
    """Return why a page on which our booking is not does not show that it is nowhere."""
    starts = [_second_of(booking) for booking in page.items]
    if starts != sorted(starts) or (starts and starts[0] < start):
        return "the list is not in the order that was asked for"
    together = [booking for booking in page.items if _second_of(booking) == start]
    hiding = [
        booking
        for booking in together
        if booking.status != "cancelled" and not _metadata_of(booking)
    ]
    if any(booking.is_seated and not booking.attendees for booking in hiding):
        return "the attendees of seats are hidden from these credentials"
    if hiding:
        return "a booking that starts then does not show its metadata"
    if not first or (page.next is not None and len(together) == len(starts)):
        # Bookings that start together may change their order from one page to the next.
        return "more bookings start then than one page shows"
    if page.next is None and (page.total_items or 0) > len(starts):
        return "the list is shorter than it says"
    return ""


def _second_of(booking: Booking) -> datetime:
    return booking.start.replace(microsecond=0)
