"""Making a booking once: what is sent, looked up and returned, step by step."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from core_recorded import RECORDED

from calcom_core import (
    HOSTED,
    NO_RETRY,
    Anonymous,
    Api,
    Booking,
    BookingConflict,
    CalcomError,
    DecodingError,
    InvalidInput,
    NewBooking,
    NoAnswer,
    NotBooked,
    NotFound,
    NotSent,
    OlderBooking,
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
    bookings,
    create_once,
    run_script,
)
from calcom_core.effects import Clock, Send, Sleep

API = Api(Anonymous())
PERSON = {"name": "Ann", "email": "ann@example.net", "time_zone": "Europe/Rome"}
NEW: dict[str, Any] = {"start": "2027-04-05T09:00:00Z", "event_type_id": 1, "attendee": PERSON}
POLICY = RetryPolicy(attempts=3, base=1, cap=2, deadline=60, wait_budget=20)
LIKE = RECORDED["29-get-normal"]["response"]["body"]["data"]
SEATED_LIKE = RECORDED["419-create-seated"]["response"]["body"]["data"]
LOST = NoAnswer("cut short", reason="closed")
TOKEN = "create_once_key"


def booking(uid: str = "bk7", key: str | None = "order-1", **changes: Any) -> dict[str, Any]:
    token = {} if key is None else {TOKEN: key}
    return {**LIKE, "uid": uid, "start": "2027-04-05T09:00:00.000Z", "metadata": token, **changes}


def seated(*keys: str, seat_uid: str | None = None, **changes: Any) -> dict[str, Any]:
    """Return a seated booking with an attendee for each key."""
    attendees = [{**SEATED_LIKE["attendees"][0], "metadata": {TOKEN: key}} for key in keys]
    like = {name: value for name, value in SEATED_LIKE.items() if name != "seatUid"}
    seat = {} if seat_uid is None else {"seatUid": seat_uid}
    start = "2027-04-05T09:00:00.000Z"
    return {**like, "start": start, "attendees": attendees, **seat, **changes}


def success(data: Any, status: int = 200) -> Response:
    return Response(status, (), json.dumps({"status": "success", "data": data}).encode())


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
    body = {"status": "success", "data": data, "pagination": pagination}
    return Response(200, (), json.dumps(body).encode())


def refused(status: int, text: str, code: str = "BadRequestException") -> Response:
    body = {"status": "error", "error": {"code": code, "message": text}}
    return Response(status, (), json.dumps(body).encode())


def bare(status: int, text: str) -> Response:
    return Response(status, (), json.dumps({"statusCode": status, "message": text}).encode())


TAKEN = refused(400, "User either already has booking at this time or is not available")
NO_KEY = refused(401, "no credentials", "UnauthorizedException")


def bk(data: dict[str, Any]) -> Booking:
    made = bookings.get_one("x").read(success(data))
    assert isinstance(made, Booking)
    return made


CREATE = bookings.create({**NEW, "metadata": {TOKEN: "order-1"}})
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
OTHERS = booking("other", key="order-2")
LATER = booking("later", key=None, start="2027-04-05T09:00:01.000Z")
ONE, TWO, TEN = (Sleep(1), None), (Sleep(2), None), (Sleep(10), None)


def play(script: Sequence[Any], **options: Any) -> Any:
    data = options.pop("data", NEW)
    program = create_once(API, data, "order-1", **{"policy": POLICY, **options})
    return run_script(program, script)


def unknown(script: Sequence[Any], **options: Any) -> OutcomeUnknown:
    with pytest.raises(OutcomeUnknown) as caught:
        play(script, **options)
    assert caught.value.operation == CREATE or "data" in options
    return caught.value


def test_a_booking_that_is_answered_is_made_with_one_request() -> None:
    made = booking()
    assert play([(CREATE, created(made))]) == bk(made)


def test_the_key_is_kept_beside_the_metadata_that_was_given() -> None:
    data = NewBooking(**{**NEW, "metadata": {"order": "A-1"}})
    op = bookings.create({**NEW, "metadata": {"order": "A-1", TOKEN: "order-1"}})
    made = booking(metadata={"order": "A-1", TOKEN: "order-1"})
    assert play([(op, created(made))], data=data) == bk(made)
    assert data.metadata == {"order": "A-1"}


def test_a_request_that_was_not_sent_or_not_carried_out_is_repeated_as_ever() -> None:
    limited = Response(429, {"X-RateLimit-Reset-Default": "3"}, b"")
    script = [
        (CREATE, NotSent("refused", reason="refused")),
        (Sleep(1, jitter=1), None),
        (CREATE, limited),
        (Sleep(5, jitter=0.4), None),
        (CREATE, created(booking())),
    ]
    assert play(script) == bk(booking())
    with pytest.raises(NotSent) as caught:
        play([(CREATE, NotSent("refused", reason="refused"))], policy=NO_RETRY)
    assert caught.value.attempts == 1
    with pytest.raises(RateLimited):
        play([(CREATE, limited)], policy=NO_RETRY)


def test_an_older_booking_in_answer_is_an_error_that_carries_it() -> None:
    for key in (None, "order-2"):
        older = booking("older", key)
        with pytest.raises(OlderBooking) as caught:
            play([(CREATE, created(older))])
        error = caught.value
        assert (error.booking, error.operation) == (bk(older), CREATE)
        assert not error.may_have_happened
        assert str(error) == (
            "bookings.create (POST /v2/bookings): the server answered with a booking that has not "
            "the key of this call, an older one, and made none; it is error.booking "
            "(after 1 attempt: a retry would end the same)"
        )


UNSURE = [LOST, refused(500, "Internal server error"), Response(504, (), b"<html>")]


@pytest.mark.parametrize("came", UNSURE)
def test_a_booking_whose_answer_is_lost_is_looked_up(came: Any) -> None:
    assert play([(CREATE, came), (LOOK, listed(OTHERS, booking()))]) == bk(booking())


def test_it_is_looked_up_again_while_the_server_may_be_making_it() -> None:
    script = [
        (CREATE, LOST),
        (LOOK, listed(OTHERS)),
        ONE,
        (LOOK, listed(LATER)),
        TWO,
        (LOOK, listed(booking(), LATER)),
    ]
    assert play(script) == bk(booking())


def test_one_that_is_not_found_is_an_unknown_outcome_and_is_not_made_again() -> None:
    script = [(CREATE, LOST), (LOOK, listed()), ONE, (LOOK, listed()), TWO, (LOOK, listed())]
    error = unknown(script)
    assert (error.cause, error.cause.args) == (error.__cause__, LOST.args)
    assert (error.found, error.attempts) == ((), 1)
    assert error.verify == CREATE.verify
    assert str(error) == (
        "bookings.create (POST /v2/bookings): whether it happened is not known: cut short; "
        "a look-up does not find it so far; before you repeat it, ask what error.verify asks "
        "(after 1 attempt: it may have happened, and a second time would do it twice)"
    )


def test_a_policy_of_one_attempt_looks_once() -> None:
    assert unknown([(CREATE, LOST), (LOOK, listed())], policy=NO_RETRY).attempts == 1


def test_looking_ends_with_the_deadline() -> None:
    script = [
        (Clock(), 100.0),
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
        [(Clock(), 100.0), (CREATE, LOST), (Clock(), 101.0), (LOOK, listed()), (Clock(), 159.0)]
    )
    late = [(Clock(), 100.0), (CREATE, LOST), (Clock(), 155.0), (LOOK, refused(503, "busy"))]
    error = unknown([*late, (Clock(), 159.5), (Clock(), 159.5)])
    assert "; a look-up failed: the answer was 503 busy; before" in str(error)


def test_after_the_time_that_is_said_one_that_is_not_found_is_made_again() -> None:
    script = [
        (CREATE, LOST),
        (LOOK, listed()),
        TEN,
        (LOOK, listed()),
        (CREATE, created(booking("second"))),
    ]
    assert play(script, recreate_after=10) == bk(booking("second"))


def test_one_that_turns_up_in_that_time_is_not_made_again() -> None:
    script = [(CREATE, LOST), (LOOK, listed()), TEN, (LOOK, listed(booking()))]
    assert play(script, recreate_after=10) == bk(booking())
    assert play([(CREATE, LOST), (LOOK, listed(booking()))], recreate_after=10) == bk(booking())


def test_a_server_that_is_never_late_is_asked_again_at_once() -> None:
    twice = [(LOOK, listed()), (Sleep(0), None), (LOOK, listed())]
    script = [(CREATE, LOST), *twice, (CREATE, created(booking()))]
    assert play(script, recreate_after=0) == bk(booking())


def test_one_that_is_lost_each_time_was_not_booked() -> None:
    lost = [(CREATE, LOST), (LOOK, listed()), TEN, (LOOK, listed())]
    with pytest.raises(NotBooked) as caught:
        play([*lost, *lost, *lost], recreate_after=10)
    error = caught.value
    assert (error.attempts, error.cause, error.cause.args) == (3, error.__cause__, LOST.args)
    assert not error.may_have_happened
    assert str(error) == (
        "bookings.create (POST /v2/bookings): a look-up shows that nothing was booked; of the last "
        "of the creates: cut short (after 3 attempts: the policy allows no more)"
    )


def test_attempts_are_counted_over_all_creates() -> None:
    lost = [(CREATE, LOST), (LOOK, listed()), TEN, (LOOK, listed())]
    busy = Response(429, {"X-RateLimit-Reset-Default": "60"}, b"")
    with pytest.raises(RateLimited) as limited:
        play([*lost, *lost, (CREATE, busy)], recreate_after=10)
    assert limited.value.attempts == 3
    with pytest.raises(OlderBooking) as older:
        play([*lost, (CREATE, created(OTHERS))], recreate_after=10)
    assert older.value.attempts == 2


def test_the_last_second_of_all_can_be_looked_up() -> None:
    data = {**NEW, "start": "9999-12-31T23:59:59Z"}
    found = booking(start="9999-12-31T23:59:59.000Z")
    script = [(("POST", "/v2/bookings"), LOST), (("GET", "/v2/bookings"), listed(found))]
    assert play(script, data=data) == bk(found)


def test_the_wait_may_be_longer_than_the_deadline_which_then_begins_anew() -> None:
    script = [
        (CREATE, LOST),
        (LOOK, listed()),
        (Sleep(3600), None),
        (LOOK, refused(503, "busy")),
        (Sleep(1, jitter=1), None),
        (LOOK, listed()),
        (CREATE, NotSent("refused", reason="refused")),
        (Sleep(1, jitter=1), None),
        (CREATE, created(booking())),
    ]
    assert play(script, recreate_after=3600) == bk(booking())


def test_without_an_answer_to_the_look_up_nothing_is_made_again() -> None:
    lost = refused(503, "busy")
    patient = [(LOOK, lost), (Sleep(1, jitter=1), None), (LOOK, lost), (Sleep(2, jitter=1), None)]
    error = unknown(
        [(CREATE, LOST), *patient, (LOOK, lost), TEN, *patient, (LOOK, lost)], recreate_after=10
    )
    assert error.cause.args == LOST.args
    assert isinstance(error.__cause__, ServerError)
    assert "cut short; a look-up failed: the answer was 503 busy; before you" in str(error)


def test_a_look_up_that_is_refused_is_not_repeated() -> None:
    for options in ({}, {"recreate_after": 10}):
        error = unknown([(CREATE, LOST), (LOOK, NO_KEY)], **options)
        assert isinstance(error.__cause__, Unauthenticated)


@pytest.mark.parametrize(
    "came",
    [
        TAKEN,
        refused(409, "already_signed_up_for_this_booking_error"),
        refused(409, "booking_conflict_error"),
        bare(401, "booking_limit_reached"),
        bare(401, "duration_limit_reached"),
        refused(400, "Attendee can't book because the maximum number of active bookings"),
        bare(400, "Missing payment credentials"),
        bare(400, "missing_payment_credential_error"),
        bare(409, "payment_not_created_error"),
        refused(422, "a text of a rule that is new"),
        Response(201, (), b'{"status": "error", "error": {"code": "X", "message": "busy"}}'),
        Response(201, (), b'{"status": "success", "data": {"startTime": "x"}}'),
    ],
)
def test_what_is_in_the_way_may_be_our_own_booking_of_an_earlier_run(came: Response) -> None:
    assert play([(CREATE, came), (LOOK, listed(booking()))]) == bk(booking())


@pytest.mark.parametrize(
    ("came", "error"),
    [
        (refused(404, "Event type with id 1 not found."), NotFound),
        (refused(403, "no"), PermissionDenied),
        (bare(401, "HTTP Error 401"), PermissionDenied),
        (bare(400, "email_verification_required"), ValidationFailed),
        (refused(498, "ACCESS_TOKEN_IS_EXPIRED"), TokenExpired),
    ],
)
def test_a_refusal_that_no_booking_can_cause_is_not_looked_up(
    came: Response, error: type[CalcomError]
) -> None:
    with pytest.raises(error) as caught:
        play([(CREATE, came)])
    assert caught.value.attempts == 1


def test_a_payment_that_failed_leaves_open_whether_the_booking_exists() -> None:
    with pytest.raises(BookingConflict) as caught:
        play([(CREATE, bare(409, "payment_not_created_error")), (LOOK, NO_KEY)])
    assert caught.value.may_have_happened
    assert "whether it is our own is not known: a look-up failed" in caught.value.gave_up


def test_what_is_in_the_way_is_an_error_if_it_is_not_ours_or_cannot_be_looked_up() -> None:
    for look in (listed(OTHERS), NO_KEY):
        with pytest.raises(SlotUnavailable) as caught:
            play([(CREATE, TAKEN), (LOOK, look)])
        assert (caught.value.reason, caught.value.attempts) == ("taken", 1)


def test_what_is_in_the_way_of_a_second_create_may_be_the_first() -> None:
    lost = [(CREATE, LOST), (LOOK, listed()), TEN, (LOOK, listed()), (CREATE, TAKEN)]
    again = {"recreate_after": 10}
    assert play([*lost, (LOOK, listed(booking()))], **again) == bk(booking())
    with pytest.raises(SlotUnavailable) as caught:
        play([*lost, (LOOK, listed(OTHERS))], **again)
    assert caught.value.attempts == 2
    error = unknown([*lost, (LOOK, NO_KEY)], **again)
    assert isinstance(error.cause, SlotUnavailable)
    assert error.attempts == 2


def test_an_answer_that_cannot_be_read_is_looked_up_too() -> None:
    garbled = Response(201, (), b'{"status":"succ')
    assert play([(CREATE, garbled), (LOOK, listed(booking()))]) == bk(booking())
    with pytest.raises(DecodingError) as caught:
        play([(CREATE, garbled), (LOOK, listed())], recreate_after=10)
    assert caught.value.may_have_happened


SERIES: dict[str, Any] = {"recurringBookingUid": "series-1"}
FIRST, SECOND, THIRD = (booking(f"r{number}", **SERIES) for number in (1, 2, 3))
STRANGE = booking("strange", "order-2", **SERIES)
GET_SERIES = bookings.get_series("series-1")
COUNTED = {**NEW, "recurrence_count": 2}
CREATE_COUNTED = bookings.create({**COUNTED, "metadata": {TOKEN: "order-1"}})


def test_a_series_that_is_answered_is_made_with_one_request() -> None:
    assert play([(CREATE, created([FIRST, SECOND]))]) == (bk(FIRST), bk(SECOND))
    assert play([(CREATE, created([FIRST, STRANGE]))]) == (bk(FIRST), bk(STRANGE))
    assert play([(CREATE, created([]))]) == ()  # as of a round robin, which may lack the first one
    with pytest.raises(OlderBooking):
        play([(CREATE, created([STRANGE, STRANGE]))])


def test_a_series_whose_answer_is_lost_is_complete_if_its_length_is_known() -> None:
    script = [
        (CREATE_COUNTED, LOST),
        (LOOK, listed(OTHERS, FIRST)),
        (GET_SERIES, success([FIRST, SECOND])),
    ]
    assert play(script, data=COUNTED) == (bk(FIRST), bk(SECOND))


def test_a_series_that_the_server_is_still_making_is_looked_up_again() -> None:
    script = [
        (CREATE_COUNTED, LOST),
        (LOOK, listed(FIRST)),
        (GET_SERIES, success([FIRST])),
        ONE,
        (LOOK, listed(FIRST)),
        (GET_SERIES, success([FIRST, SECOND])),
    ]
    assert play(script, data=COUNTED) == (bk(FIRST), bk(SECOND))


def test_a_series_that_stays_incomplete_is_an_unknown_outcome_and_is_never_made_again() -> None:
    look = [(LOOK, listed(FIRST)), (GET_SERIES, success([FIRST, STRANGE]))]
    error = unknown([(CREATE_COUNTED, LOST), *look, TEN, *look], data=COUNTED, recreate_after=10)
    assert error.found == (bk(FIRST),)
    assert "; 1 of a series are booked, and it is to be 2;" in str(error)


def test_a_series_of_a_length_that_nobody_said_cannot_be_told_to_be_complete() -> None:
    look = [(LOOK, listed(FIRST)), (GET_SERIES, success([FIRST, SECOND]))]
    error = unknown([(CREATE, LOST), *look, ONE, *look, TWO, *look])
    assert error.found == (bk(FIRST), bk(SECOND))
    assert "; 2 of a series are booked, and nobody said how long it is;" in str(error)


def test_a_series_that_cannot_be_read_is_an_unknown_outcome_with_what_was_found() -> None:
    gone = refused(404, "gone", "NotFoundException")
    error = unknown([(CREATE, LOST), (LOOK, listed(FIRST)), (GET_SERIES, gone)])
    assert error.found == (bk(FIRST),)
    nameless = booking(recurringBookingUid="")
    error = unknown(
        [
            (CREATE, LOST),
            (LOOK, listed(nameless)),
            ONE,
            (LOOK, listed(nameless)),
            TWO,
            (LOOK, listed(nameless)),
        ]
    )
    assert error.found == (bk(nameless),)


def test_a_series_that_broke_off_is_the_error_that_the_server_gave() -> None:
    script = [
        (CREATE_COUNTED, refused(409, "booking_conflict_error")),
        (LOOK, listed(FIRST)),
        (GET_SERIES, success([FIRST])),
    ]
    with pytest.raises(BookingConflict) as caught:
        play(script, data=COUNTED)
    assert caught.value.may_have_happened


def test_a_seat_shows_its_key_in_its_attendee() -> None:
    made = seated("order-2", "order-1", seat_uid="seat-1")
    assert play([(CREATE, created(made))]) == bk(made)
    found = seated("order-2", "order-1")
    assert play([(CREATE, LOST), (LOOK, listed(found))]) == bk(found)
    with pytest.raises(OlderBooking):
        play([(CREATE, created(seated("order-2", seat_uid="seat-2")))])


def test_a_seat_that_is_answered_is_ours_though_its_attendees_are_hidden() -> None:
    hidden = seated(seat_uid="seat-1")
    assert play([(CREATE, created(hidden))]) == bk(hidden)


def test_a_seat_among_hidden_attendees_cannot_be_told_to_be_missing() -> None:
    look = (LOOK, listed(OTHERS, seated()))
    error = unknown([(CREATE, LOST), look, TEN, look], recreate_after=10)
    assert "; the attendees of seats are hidden from these credentials;" in str(error)


def without_metadata(**more: Any) -> dict[str, Any]:
    return {key: item for key, item in booking(**more).items() if key != "metadata"}


def test_a_booking_that_is_answered_without_metadata_is_no_older_one() -> None:
    assert play([(CREATE, created(without_metadata()))]) == bk(without_metadata())


def test_a_booking_of_the_list_without_metadata_may_be_ours() -> None:
    look = (LOOK, listed(OTHERS, without_metadata()))
    error = unknown([(CREATE, LOST), look, TEN, look], recreate_after=10)
    assert "; a booking that starts then does not show its metadata;" in str(error)
    gone = (LOOK, listed(OTHERS, without_metadata(status="cancelled")))
    script = [(CREATE, LOST), gone, TEN, gone, (CREATE, created(booking()))]
    assert play(script, recreate_after=10) == bk(booking())


@pytest.mark.parametrize(
    "empty", [seated(status="cancelled"), seated(start="2027-04-05T09:00:01.000Z")]
)
def test_seats_that_are_no_longer_held_or_begin_later_hide_nothing(empty: Any) -> None:
    look = (LOOK, listed(OTHERS, empty))
    script = [(CREATE, LOST), look, TEN, look, (CREATE, created(booking()))]
    assert play(script, recreate_after=10) == bk(booking())


def test_an_odd_booking_in_the_list_may_be_ours() -> None:
    odd = {"id": 5}
    assert play([(CREATE, LOST), (LOOK, listed(odd, booking()))]) == bk(booking())
    look = (LOOK, listed(odd, LATER))
    error = unknown([(CREATE, LOST), look, TEN, look], recreate_after=10)
    assert isinstance(error.__cause__, DecodingError)
    unreadable = (LOOK, Response(200, (), b"<html>"))
    error = unknown([(CREATE, LOST), unreadable, TEN, unreadable], recreate_after=10)
    assert error.found == ()
    script = [(CREATE, LOST), unreadable, TEN, (LOOK, listed(booking()))]
    assert play(script, recreate_after=10) == bk(booking())


def test_pages_are_read_as_long_as_their_bookings_start_together() -> None:
    page = listed(*[OTHERS] * 100, more=True)
    script = [(CREATE, LOST), (LOOK, page), (NEXT_LOOK, listed(booking(), skip=100))]
    assert play(script) == bk(booking())
    script = [
        (CREATE, LOST),
        (LOOK, page),
        (NEXT_LOOK, listed(OTHERS, LATER, more=True, skip=100)),
        TEN,
        (LOOK, listed(LATER, more=True)),
        (CREATE, created(booking())),
    ]
    assert play(script, recreate_after=10) == bk(booking())


def test_more_bookings_at_once_than_are_searched_leave_it_unknown() -> None:
    look = ("GET", "/v2/bookings")
    pages = [(look, listed(*[OTHERS] * 100, more=True, skip=skip)) for skip in range(10)]
    error = unknown([(CREATE, LOST), *pages, TEN, *pages], recreate_after=10)
    assert "; more bookings start then than one page shows;" in str(error)


EARLIER = booking("earlier", key=None, start="2027-04-05T08:59:59.000Z")
MUCH_LATER = booking("much later", key=None, start="2027-04-06T09:00:00.000Z")
SHORT = json.loads(listed(OTHERS).body)
SHORT["pagination"]["totalItems"] = 2
EMPTY = json.loads(listed().body)
EMPTY["pagination"] |= {"totalItems": 5, "hasNextPage": True}

# Lists that do not show our booking, and why that proves nothing.
DOUBTS: dict[str, tuple[list[Any], str]] = {
    "two pages": (
        [
            (LOOK, listed(*[OTHERS] * 100, more=True)),
            (NEXT_LOOK, listed(OTHERS, LATER, skip=100)),
        ],
        "more bookings start then than one page shows",
    ),
    "not sorted": (
        [(LOOK, listed(MUCH_LATER, LATER, more=True))],
        "the list is not in the order that was asked for",
    ),
    "not filtered": (
        [(LOOK, listed(EARLIER, LATER, more=True))],
        "the list is not in the order that was asked for",
    ),
    "fewer than there are": (
        [(LOOK, Response(200, (), json.dumps(SHORT).encode()))],
        "the list is shorter than it says",
    ),
    "none of those that there are": (
        [(LOOK, Response(200, (), json.dumps(EMPTY).encode()))],
        "the list is shorter than it says",
    ),
}


@pytest.mark.parametrize("name", DOUBTS)
def test_a_list_that_may_have_left_it_out_proves_nothing(name: str) -> None:
    look, why = DOUBTS[name]
    error = unknown([(CREATE, LOST), *look, TEN, *look], recreate_after=10)
    assert f"; {why};" in str(error)


def test_a_list_by_cursor_proves_what_it_shows() -> None:
    def by_cursor(*data: Any, cursor: str | None = None) -> Response:
        pagination = {"nextCursor": cursor, "hasMore": cursor is not None}
        body = {"status": "success", "data": data, "pagination": pagination}
        return Response(200, (), json.dumps(body).encode())

    look = ("GET", "/v2/bookings")
    script = [(CREATE, LOST), (look, by_cursor(booking()))]
    assert play(script) == bk(booking())
    empty = (look, by_cursor())
    script = [(CREATE, LOST), empty, TEN, empty, (CREATE, created(booking()))]
    assert play(script, recreate_after=10) == bk(booking())


def test_no_page_of_a_look_up_is_asked_for_after_the_deadline() -> None:
    script = [
        (Clock(), 100.0),
        (CREATE, LOST),
        (Clock(), 150.0),
        (LOOK, listed(*[OTHERS] * 100, more=True)),
        (Clock(), 160.0),
        (Clock(), 160.0),
    ]
    assert "; more bookings start then than one page shows;" in str(unknown(script))


def test_pages_are_asked_for_as_long_as_the_deadline_is_not_over() -> None:
    script = [
        (Clock(), 100.0),
        (CREATE, LOST),
        (Clock(), 150.0),
        (LOOK, listed(*[OTHERS] * 100, more=True)),
        (Clock(), 159.9),
        (NEXT_LOOK, listed(booking(), skip=100)),
    ]
    assert play(script) == bk(booking())


def test_a_patient_policy_costs_nothing() -> None:
    patient = RetryPolicy(10**12, 1, 1, deadline=2.5)
    script = [(CREATE, LOST), (LOOK, listed()), ONE, (LOOK, listed()), ONE, (LOOK, listed())]
    assert unknown(script, policy=patient).attempts == 1


def test_a_refusal_says_what_a_look_up_could_not_tell() -> None:
    with pytest.raises(SlotUnavailable) as caught:
        play([(CREATE, TAKEN), (LOOK, NO_KEY)])
    assert isinstance(caught.value.__cause__, Unauthenticated)
    assert caught.value.gave_up == (
        "a retry would end the same; whether it is our own is not known: "
        "a look-up failed: the answer was 401 no credentials"
    )
    broken = [(LOOK, listed(FIRST)), (GET_SERIES, success([FIRST]))]
    with pytest.raises(BookingConflict) as conflict:
        play([(CREATE, refused(409, "booking_conflict_error")), *broken])
    assert conflict.value.gave_up.endswith(
        ": 1 of a series are booked, and nobody said how long it is"
    )


def test_a_replay_that_ends_within_a_second_create_counts_nothing() -> None:
    lost = [(CREATE, LOST), (LOOK, listed()), TEN, (LOOK, listed())]
    with pytest.raises(ReplayError) as caught:
        play([*lost, (CREATE, ReplayError("nothing recorded"))], recreate_after=10)
    assert str(caught.value) == "nothing recorded"


def test_an_event_type_named_by_its_slug_is_looked_up_by_its_time() -> None:
    data = {"start": "2027-04-05T11:00:00.75+02:00", "event_type_slug": "chat", "username": "rosa"}
    look = bookings.list(status=ALL, after_start="2027-04-05T09:00:00Z", sort_start="asc", take=100)
    script = [(("POST", "/v2/bookings"), LOST), (look, listed(booking()))]
    assert play(script, data={**data, "attendee": PERSON}) == bk(booking())


def test_the_version_of_the_create_may_be_pinned() -> None:
    pinned = bookings.create({**NEW, "metadata": {TOKEN: "order-1"}}, cal_api_version="2026-02-25")
    script = [(pinned, LOST), (LOOK, listed(booking()))]
    assert play(script, cal_api_version="2026-02-25") == bk(booking())


def test_the_look_up_speaks_what_every_server_knows() -> None:
    program = create_once(Api(Anonymous(), versions=HOSTED), NEW, "order-1")
    next(program)
    program.send(0.0)
    program.throw(LOST)
    look = program.send(0.0)
    assert isinstance(look, Send)
    assert look.request.headers.get("cal-api-version") == "2024-08-13"
    program.close()


def test_a_replay_that_cannot_go_on_is_no_unknown_outcome() -> None:
    for script in ([(CREATE, ReplayError("x"))], [(CREATE, LOST), (LOOK, ReplayError("x"))]):
        with pytest.raises(ReplayError):
            play(script)


FULL = {f"k{number}": "v" for number in range(50)}


@pytest.mark.parametrize(
    ("changes", "key", "options", "field", "problem"),
    [
        ({}, "", {}, "key", "must be a string that is not blank, without NUL"),
        ({}, " \t", {}, "key", "must be a string that is not blank, without NUL"),
        ({}, "a\x00b", {}, "key", "must be a string that is not blank, without NUL"),
        ({}, None, {}, "key", "must be a string that is not blank, without NUL"),
        ({}, 17, {}, "key", "must be a string that is not blank, without NUL"),
        ({}, "x" * 501, {}, "key", "is longer than 500 characters"),
        ({}, "\U0001f600" * 251, {}, "key", "is longer than 500 characters"),
        ({"metadata": FULL}, "k", {}, "key", "metadata has 51 keys; the server takes 50"),
        (
            {"metadata": {TOKEN: "x"}},
            "k",
            {},
            "booking.metadata['create_once_key']",
            "is where the key is kept; leave it out",
        ),
        (
            {"instant": True},
            "k",
            {},
            "booking.instant",
            "starts at once, where no look-up would find it; use bookings.create_instant",
        ),
        ({"start": "2027-04-05"}, "k", {}, "booking.start", None),
        ({"typo": 1}, "k", {}, "booking['typo']", None),
        *(
            (
                {},
                "k",
                {"recreate_after": seconds},
                "recreate_after",
                "must be a number of seconds, from 0 to 86,400",
            )
            for seconds in (-1, float("nan"), float("inf"), 86_401, "10", True)
        ),
    ],
)
def test_what_cannot_be_made_once_is_refused_before_anything_is_sent(
    changes: Any, key: Any, options: Any, field: str, problem: str | None
) -> None:
    with pytest.raises(InvalidInput) as caught:
        create_once(API, {**NEW, **changes}, key, **options)
    assert caught.value.field == field
    assert problem is None or caught.value.problem == problem


def test_an_invalid_policy_is_refused_at_once() -> None:
    with pytest.raises(InvalidInput, match=r"^policy: must be a RetryPolicy, not int$"):
        create_once(API, NEW, "order-1", policy=4)  # type: ignore[arg-type]


def test_a_key_of_half_a_character_is_refused() -> None:
    with pytest.raises(InvalidInput) as caught:
        create_once(API, NEW, "a\ud800")
    assert caught.value.field == "key"
