"""create_once, step by step: its requests, look-ups and results."""

from collections.abc import Sequence
from typing import Any

import pytest
from core_recorded import RECORDED
from core_responses import refused, success

from calcom_core import (
    HOSTED,
    NO_RETRY,
    Anonymous,
    Api,
    BadRequest,
    BlockedByEdge,
    Booking,
    BookingConflict,
    CalcomError,
    DecodingError,
    ExistingBookingReturned,
    InvalidInput,
    NewBooking,
    NoAnswer,
    NotFound,
    NotSent,
    OutcomeUnknown,
    PermissionDenied,
    RateLimited,
    ReplayError,
    Response,
    RetryPolicy,
    ServerError,
    SlotUnavailable,
    TokenExpired,
    Unauthenticated,
    ValidationFailed,
    VersionMismatch,
    bookings,
    create_once,
    run_script,
)
from calcom_core.effects import Clock, Send, Sleep

API = Api(Anonymous())
PERSON = {"name": "Ann", "email": "ann@example.net", "time_zone": "Europe/Rome"}
NEW: dict[str, Any] = {"start": "2027-04-05T09:00:00Z", "event_type_id": 1, "attendee": PERSON}
POLICY = RetryPolicy(attempts=3, base=1, cap=2, deadline=60, wait_budget=20)
BOOKING_DATA = RECORDED["29-get-normal"]["response"]["body"]["data"]
SEATED_DATA = RECORDED["419-create-seated"]["response"]["body"]["data"]
LOST = NoAnswer("cut short", reason="closed")
METADATA_KEY = "create_once_key"


def booking(uid: str = "bk7", key: str | None = "order-1", **changes: Any) -> dict[str, Any]:
    token = {} if key is None else {METADATA_KEY: key}
    return {
        **BOOKING_DATA,
        "uid": uid,
        "start": "2027-04-05T09:00:00.000Z",
        "metadata": token,
        **changes,
    }


def seated(*keys: str, seat_uid: str | None = None, **changes: Any) -> dict[str, Any]:
    """Return a seated booking with an attendee for each key."""
    attendees = [{**SEATED_DATA["attendees"][0], "metadata": {METADATA_KEY: key}} for key in keys]
    data = {name: value for name, value in SEATED_DATA.items() if name != "seatUid"}
    seat = {} if seat_uid is None else {"seatUid": seat_uid}
    start = "2027-04-05T09:00:00.000Z"
    return {**data, "start": start, "attendees": attendees, **seat, **changes}


def created(data: Any) -> Response:
    return success(data, 201)


def listed(*data: Any, more: bool = False, skip: int = 0) -> Response:
    pagination = {
        "totalItems": len(data),
        "itemsPerPage": 100,
        "returnedItems": len(data),
        "remainingItems": 100 if more else 0,
        "totalPages": 1,
        "currentPage": 1,
        "hasNextPage": more,
        "hasPreviousPage": skip > 0,
    }
    return success(data, pagination=pagination)


TAKEN = refused(400, "User either already has booking at this time or is not available")
NO_KEY = refused(401, "no credentials", "UnauthorizedException")


def bk(data: dict[str, Any]) -> Booking:
    result = bookings.get_one("x").read(success(data))
    assert isinstance(result, Booking)
    return result


CREATE = bookings.create({**NEW, "metadata": {METADATA_KEY: "order-1"}})
ALL = ("upcoming", "recurring", "past", "cancelled", "unconfirmed")
LOOK = bookings.list(
    status=ALL, event_type_id=1, after_start="2027-04-05T09:00:00Z", sort_start="asc", take=100
)
NEXT_LOOK = bookings.list(
    status=ALL,
    event_type_id=1,
    after_start="2027-04-05T09:00:00Z",
    sort_start="asc",
    take=100,
    skip=100,
)
NONE = (LOOK, listed())
"""The first look-up, without a booking of the key."""

OTHERS = booking("other", key="order-2")
LATER = booking("later", key=None, start="2027-04-05T09:00:01.000Z")
ONE, TWO = (Sleep(1), None), (Sleep(2), None)


def play(script: Sequence[Any], **options: Any) -> Any:
    data = options.pop("data", NEW)
    program = create_once(API, data, "order-1", **{"policy": POLICY, **options})
    return run_script(program, script)


def unknown(script: Sequence[Any], **options: Any) -> OutcomeUnknown:
    with pytest.raises(OutcomeUnknown) as caught:
        play(script, **options)
    assert caught.value.operation == CREATE or "data" in options
    return caught.value


def test_a_successful_create_sends_one_request() -> None:
    new_booking = booking()
    assert play([NONE, (CREATE, created(new_booking))]) == bk(new_booking)


def test_the_key_is_added_to_the_given_metadata() -> None:
    data = NewBooking(**{**NEW, "metadata": {"order": "A-1"}})
    op = bookings.create({**NEW, "metadata": {"order": "A-1", METADATA_KEY: "order-1"}})
    new_booking = booking(metadata={"order": "A-1", METADATA_KEY: "order-1"})
    assert play([NONE, (op, created(new_booking))], data=data) == bk(new_booking)
    assert data.metadata == {"order": "A-1"}


def test_an_unsent_or_unexecuted_create_is_retried_as_usual() -> None:
    limited = Response(429, {"X-RateLimit-Reset-Default": "3"}, b"")
    script = [
        NONE,
        (CREATE, NotSent("refused", reason="refused")),
        (Sleep(1, jitter=1), None),
        (CREATE, limited),
        (Sleep(5, jitter=0.4), None),
        (CREATE, created(booking())),
    ]
    assert play(script) == bk(booking())
    with pytest.raises(NotSent) as caught:
        play([NONE, (CREATE, NotSent("refused", reason="refused"))], policy=NO_RETRY)
    assert caught.value.attempts == 1
    with pytest.raises(RateLimited):
        play([NONE, (CREATE, limited)], policy=NO_RETRY)


def test_an_existing_booking_in_the_response_is_an_error_with_it() -> None:
    for key in (None, "order-2"):
        older = booking("older", key)
        with pytest.raises(ExistingBookingReturned) as caught:
            play([NONE, (CREATE, created(older))])
        error = caught.value
        assert (error.booking, error.operation) == (bk(older), CREATE)
        assert not error.may_have_happened
        assert str(error) == (
            "bookings.create (POST /v2/bookings): the server returned an existing booking "
            "without the key of this call, and created none; error.booking holds it "
            "(after 1 attempt: a retry would not help)"
        )


def test_an_existing_booking_with_the_key_is_returned_without_a_create() -> None:
    for status in ("accepted", "pending", "awaiting_host", "of_tomorrow"):
        earlier = booking(status=status)
        assert play([(LOOK, listed(OTHERS, earlier))]) == bk(earlier)
    seat = seated("order-2", "order-1")
    assert play([(LOOK, listed(seat))]) == bk(seat)


def test_a_cancelled_or_rejected_booking_is_created_again() -> None:
    cancelled = listed(booking("bk1", status="cancelled"), booking("bk2", status="rejected"))
    assert play([(LOOK, cancelled), (CREATE, created(booking()))]) == bk(booking())
    both = listed(booking("bk1", status="cancelled"), booking())
    assert play([(LOOK, both)]) == bk(booking())
    seat = seated("order-1", status="cancelled")
    new_booking = seated("order-1", seat_uid="seat-1")
    assert play([(LOOK, listed(seat)), (CREATE, created(new_booking))]) == bk(new_booking)


def moved(uid: str, to: str) -> dict[str, Any]:
    return booking(uid, status="cancelled", rescheduledToUid=to)


def test_a_rescheduled_booking_is_returned_at_its_new_time() -> None:
    new = booking("bk3", start="2027-04-06T09:00:00.000Z", rescheduledFromUid="bk2")
    script = [
        (LOOK, listed(moved("bk1", "bk2"))),
        (bookings.get_one("bk2"), success(moved("bk2", "bk3"))),
        (bookings.get_one("bk3"), success(new)),
    ]
    assert play(script) == bk(new)
    assert play([NONE, (CREATE, LOST), *script]) == bk(new)


def test_a_rescheduled_and_then_cancelled_booking_is_created_again() -> None:
    script = [
        (LOOK, listed(moved("bk1", "bk2"))),
        (bookings.get_one("bk2"), success(booking("bk2", status="cancelled"))),
        (CREATE, created(booking())),
    ]
    assert play(script) == bk(booking())


def test_following_reschedules_ends() -> None:
    circle = (bookings.get_one("bk1"), success(moved("bk1", "bk1")))
    error = unknown([(LOOK, listed(moved("bk1", "bk1"))), *[circle] * 20])
    assert error.found == (bk(moved("bk1", "bk1")),)
    assert str(error) == (
        "bookings.create (POST /v2/bookings): it may have happened: an earlier run "
        "booked, but it was rescheduled 20 times or more; before you repeat it, run "
        "error.verify"
    )


def test_an_unreadable_rescheduled_booking_is_not_created_again() -> None:
    for received in (refused(404, "gone", "NotFoundException"), NO_KEY):
        script = [(LOOK, listed(moved("bk1", "bk2"))), (bookings.get_one("bk2"), received)]
        error = unknown(script)
        assert error.found == (bk(moved("bk1", "bk2")),)
        assert error.cause is error.__cause__
        assert isinstance(error.cause, (NotFound, Unauthenticated))


NOT_PERMITTED = [
    NO_KEY,
    refused(403, "PermissionsGuard - no authentication provided."),
    refused(403, "Insufficient permissions", "ForbiddenException"),
]


@pytest.mark.parametrize("received", NOT_PERMITTED)
def test_without_permission_to_list_the_create_is_still_sent(received: Response) -> None:
    assert play([(LOOK, received), (CREATE, created(booking()))]) == bk(booking())
    error = unknown([(LOOK, received), (CREATE, LOST), (LOOK, received)])
    assert "; a look-up failed: the response was 40" in str(error)


@pytest.mark.parametrize(
    ("received", "error"),
    [
        (LOST, NoAnswer),
        (NotSent("refused", reason="refused"), NotSent),
        (refused(500, "Internal server error"), ServerError),
        (Response(429, {"X-RateLimit-Reset-Default": "3"}, b""), RateLimited),
        (refused(498, "ACCESS_TOKEN_IS_EXPIRED"), TokenExpired),
        (refused(400, "eventTypeId must be a number"), BadRequest),
        (Response(403, (), b"<html>blocked</html>"), BlockedByEdge),
        (refused(404, "Cannot GET /v2/bookings"), VersionMismatch),
    ],
)
def test_a_failed_first_look_up_prevents_the_create(
    received: Any, error: type[CalcomError]
) -> None:
    with pytest.raises(error) as caught:
        play([(LOOK, received)], policy=NO_RETRY)
    assert type(caught.value) is error
    assert caught.value.attempts == 1
    assert not caught.value.may_have_happened


def test_the_first_look_up_is_retried_as_usual() -> None:
    script = [
        (LOOK, refused(503, "busy")),
        (Sleep(1, jitter=1), None),
        (LOOK, LOST),
        (Sleep(2, jitter=1), None),
        (LOOK, listed(OTHERS)),
        (CREATE, created(booking())),
    ]
    assert play(script) == bk(booking())


def test_hidden_attendees_do_not_prevent_the_create() -> None:
    new_booking = seated(seat_uid="seat-1")
    assert play([(LOOK, listed(seated())), (CREATE, created(new_booking))]) == bk(new_booking)


UNSURE = [LOST, refused(500, "Internal server error"), Response(504, (), b"<html>")]


@pytest.mark.parametrize("received", UNSURE)
def test_a_booking_whose_response_is_lost_is_looked_up(received: Any) -> None:
    assert play([NONE, (CREATE, received), (LOOK, listed(OTHERS, booking()))]) == bk(booking())


def test_a_booking_still_in_creation_is_looked_up_again() -> None:
    script = [
        NONE,
        (CREATE, LOST),
        (LOOK, listed(OTHERS)),
        ONE,
        (LOOK, listed(LATER)),
        TWO,
        (LOOK, listed(booking(), LATER)),
    ]
    assert play(script) == bk(booking())


def test_a_booking_not_found_is_an_unknown_outcome_and_not_created_again() -> None:
    script = [NONE, (CREATE, LOST), (LOOK, listed()), ONE, (LOOK, listed()), TWO, (LOOK, listed())]
    error = unknown(script)
    assert (error.cause, error.cause.args) == (error.__cause__, LOST.args)
    assert (error.found, error.attempts) == ((), 1)
    assert error.verify == CREATE.verify
    assert str(error) == (
        "bookings.create (POST /v2/bookings): it may have happened: cut short; "
        "a look-up has not found it yet; before you repeat it, run error.verify "
        "(after 1 attempt: a retry might execute it twice)"
    )


def test_a_policy_with_one_attempt_looks_up_once() -> None:
    assert unknown([NONE, (CREATE, LOST), (LOOK, listed())], policy=NO_RETRY).attempts == 1


def test_the_look_up_ends_with_the_deadline() -> None:
    script = [
        (Clock(), 100.0),
        NONE,
        (CREATE, LOST),
        (Clock(), 155.0),
        (LOOK, listed()),
        (Clock(), 158.5),
        ONE,
        (LOOK, listed()),
        (Clock(), 159.6),
    ]
    unknown(script)
    unknown(
        [
            (Clock(), 100.0),
            NONE,
            (CREATE, LOST),
            (Clock(), 101.0),
            (LOOK, listed()),
            (Clock(), 159.0),
        ]
    )
    late = [(Clock(), 100.0), NONE, (CREATE, LOST), (Clock(), 155.0), (LOOK, refused(503, "busy"))]
    error = unknown([*late, (Clock(), 159.5), (Clock(), 159.5)])
    assert "; a look-up failed: the response was 503 busy; before" in str(error)


def test_a_booking_at_the_maximum_datetime_can_be_looked_up() -> None:
    data = {**NEW, "start": "9999-12-31T23:59:59Z"}
    found = booking(start="9999-12-31T23:59:59.000Z")
    assert play([(("GET", "/v2/bookings"), listed(found))], data=data) == bk(found)


def test_a_refused_look_up_is_not_retried() -> None:
    error = unknown([NONE, (CREATE, LOST), (LOOK, NO_KEY)])
    assert isinstance(error.__cause__, Unauthenticated)


@pytest.mark.parametrize(
    "received",
    [
        TAKEN,
        refused(409, "already_signed_up_for_this_booking_error"),
        refused(409, "booking_conflict_error"),
        refused(401, "booking_limit_reached", None),
        refused(401, "duration_limit_reached", None),
        refused(400, "Attendee can't book because the maximum number of active bookings"),
        refused(400, "Missing payment credentials", None),
        refused(400, "missing_payment_credential_error", None),
        refused(409, "payment_not_created_error", None),
        refused(422, "a text of a rule that is new"),
        Response(201, (), b'{"status": "error", "error": {"code": "X", "message": "busy"}}'),
        Response(201, (), b'{"status": "success", "data": {"startTime": "x"}}'),
    ],
)
def test_a_conflict_may_be_our_own_earlier_booking(received: Response) -> None:
    assert play([NONE, (CREATE, received), (LOOK, listed(booking()))]) == bk(booking())


@pytest.mark.parametrize(
    ("received", "error"),
    [
        (refused(404, "Event type with id 1 not found."), NotFound),
        (refused(403, "no"), PermissionDenied),
        (refused(401, "HTTP Error 401", None), PermissionDenied),
        (refused(400, "email_verification_required", None), ValidationFailed),
        (refused(498, "ACCESS_METADATA_KEY_IS_EXPIRED"), TokenExpired),
    ],
)
def test_a_refusal_unrelated_to_bookings_is_not_looked_up(
    received: Response, error: type[CalcomError]
) -> None:
    with pytest.raises(error) as caught:
        play([NONE, (CREATE, received)])
    assert caught.value.attempts == 1


def test_a_failed_payment_may_have_created_the_booking() -> None:
    with pytest.raises(BookingConflict) as caught:
        play([NONE, (CREATE, refused(409, "payment_not_created_error", None)), (LOOK, NO_KEY)])
    assert caught.value.may_have_happened
    assert "the booking of this key may exist: a look-up failed" in caught.value.stop_reason


def test_a_conflict_with_another_booking_or_without_a_look_up_is_an_error() -> None:
    for look in (listed(OTHERS), NO_KEY):
        with pytest.raises(SlotUnavailable) as caught:
            play([NONE, (CREATE, TAKEN), (LOOK, look)])
        assert (caught.value.reason, caught.value.attempts) == ("taken", 1)


def test_an_unreadable_response_is_looked_up_too() -> None:
    garbled = Response(201, (), b'{"status":"succ')
    assert play([NONE, (CREATE, garbled), (LOOK, listed(booking()))]) == bk(booking())
    with pytest.raises(DecodingError) as caught:
        play([NONE, (CREATE, garbled), (LOOK, listed())])
    assert caught.value.may_have_happened


SERIES: dict[str, Any] = {"recurringBookingUid": "series-1"}
FIRST, SECOND, THIRD = (booking(f"r{number}", **SERIES) for number in (1, 2, 3))
STRANGE = booking("strange", "order-2", **SERIES)
GET_SERIES = bookings.get_series("series-1")
COUNTED = {**NEW, "recurrence_count": 2}
CREATE_COUNTED = bookings.create({**COUNTED, "metadata": {METADATA_KEY: "order-1"}})


def test_an_earlier_series_is_returned_if_its_length_is_known() -> None:
    cancelled = booking("r1", status="cancelled", **SERIES)
    series = [(LOOK, listed(cancelled, SECOND)), (GET_SERIES, success([cancelled, SECOND]))]
    assert play(series, data=COUNTED) == (bk(cancelled), bk(SECOND))


def test_an_earlier_series_that_may_be_incomplete_is_not_created_again() -> None:
    error = unknown([(LOOK, listed(FIRST)), (GET_SERIES, success([FIRST]))], data=COUNTED)
    assert (error.found, error.attempts) == ((bk(FIRST),), 0)
    assert str(error) == (
        "bookings.create (POST /v2/bookings): it may have happened: an earlier run "
        "booked, but 1 of the bookings of a series exist, and its length is 2; before you repeat "
        "it, run error.verify"
    )
    hidden = [(LOOK, listed(FIRST)), (GET_SERIES, success([STRANGE]))]
    assert unknown(hidden, data=COUNTED).found == (bk(FIRST),)


def test_a_fully_cancelled_series_is_created_again() -> None:
    cancelled = [booking(uid, status="cancelled", **SERIES) for uid in ("r1", "r2")]
    script = [
        (LOOK, listed(*cancelled)),
        (GET_SERIES, success([*cancelled, STRANGE])),
        (CREATE_COUNTED, created([FIRST, SECOND])),
    ]
    assert play(script, data=COUNTED) == (bk(FIRST), bk(SECOND))


def test_a_rescheduled_booking_of_a_series_counts_at_its_new_time() -> None:
    old = booking("r1", status="cancelled", **SERIES)
    new = booking("r3", rescheduledFromUid="r1", **SERIES)
    series = [(LOOK, listed(old)), (GET_SERIES, success([old, SECOND, new]))]
    assert play(series, data=COUNTED) == (bk(SECOND), bk(new))
    unknown([(LOOK, listed(old)), (GET_SERIES, success([old, new]))], data=COUNTED)


def test_a_successful_series_sends_one_request() -> None:
    assert play([NONE, (CREATE, created([FIRST, SECOND]))]) == (bk(FIRST), bk(SECOND))
    assert play([NONE, (CREATE, created([FIRST, STRANGE]))]) == (bk(FIRST), bk(STRANGE))
    assert play([NONE, (CREATE, created([]))]) == ()  # as in a round robin
    with pytest.raises(ExistingBookingReturned):
        play([NONE, (CREATE, created([STRANGE, STRANGE]))])


def test_a_series_whose_response_is_lost_is_complete_if_its_length_is_known() -> None:
    script = [
        NONE,
        (CREATE_COUNTED, LOST),
        (LOOK, listed(OTHERS, FIRST)),
        (GET_SERIES, success([FIRST, SECOND])),
    ]
    assert play(script, data=COUNTED) == (bk(FIRST), bk(SECOND))


def test_a_series_still_in_creation_is_looked_up_again() -> None:
    script = [
        NONE,
        (CREATE_COUNTED, LOST),
        (LOOK, listed(FIRST)),
        (GET_SERIES, success([FIRST])),
        ONE,
        (LOOK, listed(FIRST)),
        (GET_SERIES, success([FIRST, SECOND])),
    ]
    assert play(script, data=COUNTED) == (bk(FIRST), bk(SECOND))


def test_an_incomplete_series_is_an_unknown_outcome() -> None:
    look = [(LOOK, listed(FIRST)), (GET_SERIES, success([FIRST, STRANGE]))]
    error = unknown([NONE, (CREATE_COUNTED, LOST), *look, ONE, *look, TWO, *look], data=COUNTED)
    assert error.found == (bk(FIRST),)
    assert "; 1 of the bookings of a series exist, and its length is 2;" in str(error)


def test_a_series_of_unknown_length_is_never_complete() -> None:
    look = [(LOOK, listed(FIRST)), (GET_SERIES, success([FIRST, SECOND]))]
    error = unknown([NONE, (CREATE, LOST), *look, ONE, *look, TWO, *look])
    assert error.found == (bk(FIRST), bk(SECOND))
    assert "; 2 of the bookings of a series exist, and its length is unknown;" in str(error)


def test_an_unreadable_created_series_is_an_unknown_outcome_with_its_bookings() -> None:
    not_found = refused(404, "gone", "NotFoundException")
    error = unknown([NONE, (CREATE, LOST), (LOOK, listed(FIRST)), (GET_SERIES, not_found)])
    assert error.found == (bk(FIRST),)
    nameless = booking(recurringBookingUid="")
    error = unknown(
        [
            NONE,
            (CREATE, LOST),
            (LOOK, listed(nameless)),
            ONE,
            (LOOK, listed(nameless)),
            TWO,
            (LOOK, listed(nameless)),
        ]
    )
    assert error.found == (bk(nameless),)


def test_an_interrupted_series_raises_the_error_of_the_server() -> None:
    script = [
        NONE,
        (CREATE_COUNTED, refused(409, "booking_conflict_error")),
        (LOOK, listed(FIRST)),
        (GET_SERIES, success([FIRST])),
    ]
    with pytest.raises(BookingConflict) as caught:
        play(script, data=COUNTED)
    assert caught.value.may_have_happened


def test_a_seat_has_its_key_in_its_attendee() -> None:
    new_booking = seated("order-2", "order-1", seat_uid="seat-1")
    assert play([NONE, (CREATE, created(new_booking))]) == bk(new_booking)
    found = seated("order-2", "order-1")
    assert play([NONE, (CREATE, LOST), (LOOK, listed(found))]) == bk(found)
    with pytest.raises(ExistingBookingReturned):
        play([NONE, (CREATE, created(seated("order-2", seat_uid="seat-2")))])


def test_a_created_seat_is_ours_despite_hidden_attendees() -> None:
    hidden = seated(seat_uid="seat-1")
    assert play([NONE, (CREATE, created(hidden))]) == bk(hidden)


def test_a_seat_among_hidden_attendees_is_not_missing() -> None:
    look = (LOOK, listed(OTHERS, seated()))
    error = unknown([NONE, (CREATE, LOST), look, ONE, look, TWO, look])
    assert "; the attendees of seats are hidden from these credentials;" in str(error)


def without_metadata(**more: Any) -> dict[str, Any]:
    return {key: item for key, item in booking(**more).items() if key != "metadata"}


def test_a_created_booking_without_metadata_is_not_an_older_one() -> None:
    assert play([NONE, (CREATE, created(without_metadata()))]) == bk(without_metadata())


def test_a_listed_booking_without_metadata_may_be_ours() -> None:
    look = (LOOK, listed(OTHERS, without_metadata()))
    error = unknown([NONE, (CREATE, LOST), look, ONE, look, TWO, look])
    assert "; a booking with this start does not show its metadata;" in str(error)


@pytest.mark.parametrize(
    "empty",
    [
        without_metadata(status="cancelled"),
        without_metadata(status="rejected"),
        seated(status="cancelled"),
        seated(start="2027-04-05T09:00:01.000Z"),
    ],
)
def test_cancelled_or_later_bookings_do_not_hide_ours(empty: Any) -> None:
    script = [NONE, (CREATE, LOST), (LOOK, listed(OTHERS, empty))]
    error = unknown(script, policy=NO_RETRY)
    assert "; a look-up has not found it yet;" in str(error)


UNREADABLE = {"id": 5}
UNREADABLE_OURS = {"id": 5, "attendees": [{"metadata": {METADATA_KEY: "order-1"}}]}


def test_an_unreadable_booking_with_the_key_is_ours() -> None:
    with pytest.raises(DecodingError) as caught:
        play([(LOOK, listed(UNREADABLE_OURS, LATER))])
    assert caught.value.unreadable == (UNREADABLE_OURS,)
    error = unknown([NONE, (CREATE, LOST), (LOOK, listed(UNREADABLE_OURS))], policy=NO_RETRY)
    assert isinstance(error.__cause__, DecodingError)
    assert play([(LOOK, listed(UNREADABLE_OURS, booking()))]) == bk(booking())


def test_another_unreadable_booking_does_not_prevent_the_create() -> None:
    assert play([(LOOK, listed(UNREADABLE, booking()))]) == bk(booking())
    assert play([(LOOK, listed(UNREADABLE, LATER)), (CREATE, created(booking()))]) == bk(booking())


def test_an_unreadable_list_prevents_the_create() -> None:
    unreadable = Response(200, (), b"<html>")
    endless = Response(200, (), b'{"status":"success","data":[]}')
    for received in (unreadable, endless):
        with pytest.raises(DecodingError):
            play([(LOOK, received)])
    script = [NONE, (CREATE, LOST), (LOOK, unreadable), ONE, (LOOK, listed(booking()))]
    assert play(script) == bk(booking())


def test_pages_are_read_while_their_bookings_have_one_start() -> None:
    page = listed(*[OTHERS] * 100, more=True)
    script = [NONE, (CREATE, LOST), (LOOK, page), (NEXT_LOOK, listed(booking(), skip=100))]
    assert play(script) == bk(booking())
    script = [
        NONE,
        (CREATE, LOST),
        (LOOK, page),
        (NEXT_LOOK, listed(OTHERS, LATER, more=True, skip=100)),
        ONE,
        (LOOK, listed(LATER, more=True)),
        TWO,
        (LOOK, listed(OTHERS, booking(), more=True)),
        (NEXT_LOOK, listed(LATER, more=True, skip=100)),
    ]
    assert play(script) == bk(booking())


def test_a_look_up_reads_ten_pages_of_bookings_with_one_start() -> None:
    look = ("GET", "/v2/bookings")
    pages = [(look, listed(*[OTHERS] * 100, more=True, skip=skip)) for skip in range(10)]
    error = unknown([*pages, (CREATE, LOST), *pages], policy=NO_RETRY)
    assert "; a look-up does not read all bookings with this start;" in str(error)


def test_a_cursor_list_is_read_too() -> None:
    def by_cursor(*data: Any, cursor: str | None = None) -> Response:
        pagination = {"nextCursor": cursor, "hasMore": cursor is not None}
        return success(data, pagination=pagination)

    look = ("GET", "/v2/bookings")
    script = [NONE, (CREATE, LOST), (look, by_cursor(booking()))]
    assert play(script) == bk(booking())
    assert play([(look, by_cursor()), (CREATE, created(booking()))]) == bk(booking())


def test_no_page_of_a_look_up_is_requested_after_the_deadline() -> None:
    script = [
        (Clock(), 100.0),
        NONE,
        (CREATE, LOST),
        (Clock(), 150.0),
        (LOOK, listed(*[OTHERS] * 100, more=True)),
        (Clock(), 160.0),
        (Clock(), 160.0),
    ]
    assert "; a look-up does not read all bookings with this start;" in str(unknown(script))


def test_pages_are_requested_until_the_deadline() -> None:
    script = [
        (Clock(), 100.0),
        NONE,
        (CREATE, LOST),
        (Clock(), 150.0),
        (LOOK, listed(*[OTHERS] * 100, more=True)),
        (Clock(), 159.9),
        (NEXT_LOOK, listed(booking(), skip=100)),
    ]
    assert play(script) == bk(booking())


def test_a_policy_with_many_attempts_costs_nothing() -> None:
    patient = RetryPolicy(10**12, 1, 1, deadline=2.5)
    script = [NONE, (CREATE, LOST), (LOOK, listed()), ONE, (LOOK, listed()), ONE, (LOOK, listed())]
    assert unknown(script, policy=patient).attempts == 1


def test_a_refusal_states_what_the_look_up_left_open() -> None:
    with pytest.raises(SlotUnavailable) as caught:
        play([NONE, (CREATE, TAKEN), (LOOK, NO_KEY)])
    assert isinstance(caught.value.__cause__, Unauthenticated)
    assert caught.value.stop_reason == (
        "a retry would not help; the booking of this key may exist: "
        "a look-up failed: the response was 401 no credentials"
    )
    broken = [(LOOK, listed(FIRST)), (GET_SERIES, success([FIRST]))]
    with pytest.raises(BookingConflict) as conflict:
        play([NONE, (CREATE, refused(409, "booking_conflict_error")), *broken])
    assert conflict.value.stop_reason.endswith(
        ": 1 of the bookings of a series exist, and its length is unknown; pass recurrence_count"
    )


def test_a_booking_by_event_type_slug_is_looked_up_by_its_time() -> None:
    data = {"start": "2027-04-05T11:00:00.75+02:00", "event_type_slug": "chat", "username": "rosa"}
    look = bookings.list(status=ALL, after_start="2027-04-05T09:00:00Z", sort_start="asc", take=100)
    script = [(look, listed()), (("POST", "/v2/bookings"), LOST), (look, listed(booking()))]
    assert play(script, data={**data, "attendee": PERSON}) == bk(booking())


def test_the_version_of_the_create_may_be_pinned() -> None:
    data = {**NEW, "metadata": {METADATA_KEY: "order-1"}}
    pinned = bookings.create(data, cal_api_version="2026-02-25")
    script = [NONE, (pinned, LOST), (LOOK, listed(booking()))]
    assert play(script, cal_api_version="2026-02-25") == bk(booking())


def test_the_look_up_uses_the_version_of_every_server() -> None:
    program = create_once(Api(Anonymous(), versions=HOSTED), NEW, "order-1")
    next(program)
    look = program.send(0.0)
    assert isinstance(look, Send)
    assert look.request.headers.get("cal-api-version") == "2024-08-13"
    program.close()


def test_a_replay_without_a_match_is_not_an_unknown_outcome() -> None:
    for script in (
        [NONE, (CREATE, ReplayError("x"))],
        [NONE, (CREATE, LOST), (LOOK, ReplayError("x"))],
    ):
        with pytest.raises(ReplayError):
            play(script)


FULL = {f"k{number}": "v" for number in range(50)}


@pytest.mark.parametrize(
    ("changes", "key", "field", "problem"),
    [
        ({}, "", "key", "must be a string that is not blank and contains no NUL"),
        ({}, " \t", "key", "must be a string that is not blank and contains no NUL"),
        ({}, "a\x00b", "key", "must be a string that is not blank and contains no NUL"),
        ({}, None, "key", "must be a string that is not blank and contains no NUL"),
        ({}, 17, "key", "must be a string that is not blank and contains no NUL"),
        ({}, "x" * 501, "key", "is longer than 500 characters"),
        ({}, "\U0001f600" * 251, "key", "is longer than 500 characters"),
        ({"metadata": FULL}, "k", "key", "metadata has 51 keys; the server accepts 50"),
        (
            {"metadata": {METADATA_KEY: "x"}},
            "k",
            "booking.metadata['create_once_key']",
            "is reserved for the key; remove it",
        ),
        (
            {"instant": True},
            "k",
            "booking.instant",
            "starts at once, so a look-up cannot find it; call bookings.create_instant",
        ),
        ({"start": "2027-04-05"}, "k", "booking.start", None),
        ({"typo": 1}, "k", "booking['typo']", None),
    ],
)
def test_an_unsupported_create_once_is_refused_before_anything_is_sent(
    changes: Any, key: Any, field: str, problem: str | None
) -> None:
    with pytest.raises(InvalidInput) as caught:
        create_once(API, {**NEW, **changes}, key)
    assert caught.value.field == field
    assert problem is None or caught.value.problem == problem


def test_an_invalid_policy_is_refused_at_once() -> None:
    with pytest.raises(InvalidInput, match=r"^policy: must be a RetryPolicy, not int$"):
        create_once(API, NEW, "order-1", policy=4)  # type: ignore[arg-type]


def test_a_key_with_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(InvalidInput) as caught:
        create_once(API, NEW, "a\ud800")
    assert caught.value.field == "key"
