"""When to retry: the decision as a table of literals, and the program that follows it."""

import math
import pickle
import re
from collections.abc import Sequence
from typing import Any

import pytest
from core_operations import OPERATIONS
from core_recorded import A_BOOKING, response_of
from core_responses import refused
from hypothesis import given
from hypothesis import strategies as st

from calcom_core import (
    DEFAULT_RETRY,
    HOSTED,
    NO_RETRY,
    AccessToken,
    Anonymous,
    Api,
    ApiKey,
    Auth,
    CalcomError,
    DecodingError,
    InvalidInput,
    NoAnswer,
    NotFound,
    NotSent,
    OAuthClient,
    Operation,
    OutcomeUnknown,
    RateLimited,
    Response,
    RetryPolicy,
    ServerError,
    TransportError,
    Unauthenticated,
    VersionMismatch,
    bookings,
    retrying,
    run_script,
    slots,
)
from calcom_core.effects import Clock, Send, Sleep
from calcom_core.retry import GiveUp, Retry, decide, exchange_with_retries
from calcom_core.routes import ROUTES

API = Api(Anonymous())
READ = bookings.get_one("bk7")
WRITE = bookings.create(A_BOOKING)
POLICY = RetryPolicy(attempts=4, base=1, cap=3, deadline=60, wait_budget=20)
GOOD = response_of("29-get-normal")
CREATED = response_of("21-create-normal-noauth")
DATE = ("Date", "Sun, 22 Nov 2026 16:00:00 GMT")


def refusal(status: int, *headers: tuple[str, str], code: str = "X", text: str = "no") -> Response:
    return refused(status, text, code, headers)


def failure(received: Response | type[TransportError], idempotent: bool) -> CalcomError:
    """Return the error of a response, or of its absence, for a read or a write."""
    op: Operation[Any] = READ if idempotent else WRITE
    if not isinstance(received, Response):
        return received("no luck", reason="closed", operation=op)
    with pytest.raises(CalcomError) as caught:
        op.read(received)
    return caught.value


NO_MORE = GiveUp("the policy allows no more")
SAME = (GiveUp("a retry would not help"),) * 4
UNKNOWN = (GiveUp("a retry might execute it twice", True),) * 4
BACKOFF = (Retry(1, 1), Retry(2, 1), Retry(3, 1), NO_MORE)
IN_TWO_SECONDS = (Retry(3, 1 / 3), Retry(4, 0.5), Retry(5, 0.6), NO_MORE)
AT_THE_BUDGET = (Retry(21, 1 / 21), Retry(22, 2 / 22), Retry(23, 3 / 23), NO_MORE)
Cells = tuple[Retry | GiveUp, ...]


def too_long(seconds: str) -> Cells:
    refused = GiveUp(f"the server states a wait of {seconds} s, above the budget of 20 s")
    return (refused, refused, refused, NO_MORE)


RESET, AFTER = "X-RateLimit-Reset-Default", "Retry-After"
# The response, then the decision after the 1st to the 4th attempt, for a read and for a write.
DECISIONS: dict[str, tuple[Response | type[TransportError], Cells, Cells]] = {
    "NotSent": (NotSent, BACKOFF, BACKOFF),
    "NoAnswer": (NoAnswer, BACKOFF, UNKNOWN),
    "a TransportError without a message": (TransportError, BACKOFF, UNKNOWN),
    "429": (refusal(429), BACKOFF, BACKOFF),
    "429, reset 0": (refusal(429, (RESET, "0")), BACKOFF, BACKOFF),
    "429, reset 2": (refusal(429, (RESET, "2")), IN_TWO_SECONDS, IN_TWO_SECONDS),
    "429, reset 2, of an endpoint": (
        refusal(429, ("x-ratelimit-reset-Booking_guests_add", "2")),
        IN_TWO_SECONDS,
        IN_TWO_SECONDS,
    ),
    "429, reset 2, without a name": (
        refusal(429, ("X-RateLimit-Reset", "2")),
        IN_TWO_SECONDS,
        IN_TWO_SECONDS,
    ),
    "429, the one used up resets in 2": (
        refusal(
            429,
            ("X-RateLimit-Remaining-Short", "0"),
            ("X-RateLimit-Reset-Short", "2"),
            ("X-RateLimit-Remaining-Long", "5"),
            ("X-RateLimit-Reset-Long", "900"),
        ),
        IN_TWO_SECONDS,
        IN_TWO_SECONDS,
    ),
    "429, two used up, the later in 2": (
        refusal(
            429,
            ("X-RateLimit-Remaining-Short", "0"),
            ("X-RateLimit-Reset-Short", "1"),
            ("X-RateLimit-Remaining-Long", "0"),
            ("X-RateLimit-Reset-Long", "2"),
        ),
        IN_TWO_SECONDS,
        IN_TWO_SECONDS,
    ),
    "429, Retry-After 2 beside a reset of 0": (
        refusal(429, (AFTER, "2"), (RESET, "0")),
        IN_TWO_SECONDS,
        IN_TWO_SECONDS,
    ),
    "429, Retry-After 60 beside a reset of 5": (
        refusal(429, (AFTER, "60"), (RESET, "5")),
        too_long("60"),
        too_long("60"),
    ),
    "429, requests left, the later reset in 2": (
        refusal(429, ("X-RateLimit-Reset-A", "1"), ("X-RateLimit-Reset-B", "2")),
        IN_TWO_SECONDS,
        IN_TWO_SECONDS,
    ),
    "429, reset 20": (refusal(429, (RESET, "20")), AT_THE_BUDGET, AT_THE_BUDGET),
    "429, reset 20.5": (refusal(429, (RESET, "20.5")), too_long("20.5"), too_long("20.5")),
    "429, reset in a day": (
        refusal(429, (RESET, "86400")),
        too_long("86400"),
        too_long("86400"),
    ),
    "429, reset in milliseconds": (
        refusal(429, (RESET, "86401")),
        too_long("86.401"),
        too_long("86.401"),
    ),
    "429, reset in ten years": (refusal(429, (RESET, "315360000")), BACKOFF, BACKOFF),
    "429, Retry-After in milliseconds": (
        refusal(429, (AFTER, "90000")),
        too_long("90"),
        too_long("90"),
    ),
    "429, Retry-After as a date in a year": (
        refusal(429, DATE, (AFTER, "Mon, 22 Nov 2027 16:00:00 GMT")),
        BACKOFF,
        BACKOFF,
    ),
    "429, Retry-After as a Unix time": (
        refusal(429, DATE, (AFTER, "1795363202")),
        IN_TWO_SECONDS,
        IN_TWO_SECONDS,
    ),
    "429, reset as a Unix time in milliseconds": (
        refusal(429, DATE, (RESET, "1795363202000")),
        IN_TWO_SECONDS,
        IN_TWO_SECONDS,
    ),
    "429, reset as a Unix time of last year": (
        refusal(429, DATE, (RESET, "1763827200")),
        BACKOFF,
        BACKOFF,
    ),
    "429, reset as a Unix time": (
        refusal(429, DATE, (RESET, "1795363202")),  # 2 s after the date
        IN_TWO_SECONDS,
        IN_TWO_SECONDS,
    ),
    "429, reset as a Unix time gone by": (
        refusal(429, DATE, (RESET, "1795363100")),
        BACKOFF,
        BACKOFF,
    ),
    "429, reset as a Unix time, no date": (
        refusal(429, (RESET, "1795363202")),
        BACKOFF,
        BACKOFF,
    ),
    "429, reset 10^12": (refusal(429, DATE, (RESET, "1000000000000")), BACKOFF, BACKOFF),
    "429, reset 10^15": (refusal(429, DATE, (RESET, "1000000000000000")), BACKOFF, BACKOFF),
    "429, reset -2": (refusal(429, (RESET, "-2")), BACKOFF, BACKOFF),
    "429, reset NaN": (refusal(429, (RESET, "NaN")), BACKOFF, BACKOFF),
    "429, reset inf": (refusal(429, (RESET, "inf")), BACKOFF, BACKOFF),
    "429, reset soon": (refusal(429, (RESET, "soon")), BACKOFF, BACKOFF),
    "429, Retry-After 2": (refusal(429, (AFTER, "2")), IN_TWO_SECONDS, IN_TWO_SECONDS),
    "429, Retry-After as a date": (
        refusal(429, DATE, (AFTER, "Sun, 22 Nov 2026 16:00:02 GMT")),
        IN_TWO_SECONDS,
        IN_TWO_SECONDS,
    ),
    "429, Retry-After as a date gone by": (
        refusal(429, DATE, (AFTER, "Sun, 22 Nov 2026 15:00:00 GMT")),
        BACKOFF,
        BACKOFF,
    ),
    "429, Retry-After as a date, no date": (
        refusal(429, (AFTER, "Sun, 22 Nov 2026 16:00:02 GMT")),
        BACKOFF,
        BACKOFF,
    ),
    "429, Retry-After -2": (refusal(429, (AFTER, "-2")), BACKOFF, BACKOFF),
    "429, Retry-After NaN": (refusal(429, (AFTER, "nan")), BACKOFF, BACKOFF),
    "429 from within": (refusal(429, (RESET, "2"), code="TRPCError"), IN_TWO_SECONDS, UNKNOWN),
    "500": (refusal(500), BACKOFF, UNKNOWN),
    "502": (refusal(502), BACKOFF, UNKNOWN),
    "503": (refusal(503), BACKOFF, UNKNOWN),
    "503, Retry-After 2": (refusal(503, (AFTER, "2")), IN_TWO_SECONDS, UNKNOWN),
    "503, Retry-After 30": (refusal(503, (AFTER, "30")), too_long("30"), UNKNOWN),
    "503, reset 30": (refusal(503, (RESET, "30")), BACKOFF, UNKNOWN),  # in every response
    "504": (refusal(504), BACKOFF, UNKNOWN),
    "501": (refusal(501), SAME, UNKNOWN),
    "505": (refusal(505), SAME, UNKNOWN),
    "519": (refusal(519), SAME, UNKNOWN),
    "520": (refusal(520), BACKOFF, UNKNOWN),
    "521": (refusal(521), BACKOFF, UNKNOWN),
    "522": (refusal(522), BACKOFF, UNKNOWN),
    "523": (refusal(523), BACKOFF, UNKNOWN),
    "524": (refusal(524), BACKOFF, UNKNOWN),
    "525": (refusal(525), SAME, UNKNOWN),
    "599": (refusal(599), SAME, UNKNOWN),
    "302": (refusal(302), SAME, SAME),
    "400": (refusal(400), SAME, SAME),
    "401": (refusal(401), SAME, SAME),
    "403": (refusal(403), SAME, SAME),
    "403 of HTML": (Response(403, {"Content-Type": "text/html"}, b"<html>"), SAME, SAME),
    "404": (refusal(404), SAME, SAME),
    "404, no such route": (refusal(404, text="Cannot GET /v2/bookings"), SAME, SAME),
    "408": (refusal(408), SAME, SAME),
    "409": (refusal(409), SAME, SAME),
    "409 after a part of a series": (refusal(409, text="booking_conflict_error"), SAME, SAME),
    "422": (refusal(422), SAME, SAME),
    "425": (refusal(425), SAME, SAME),
    "498": (refusal(498), SAME, SAME),
    "a 200 that is not JSON": (Response(200, (), b"<html>"), SAME, SAME),
    "a 200 of another shape": (Response(200, (), b'{"status":"success","data":5}'), SAME, SAME),
    "a 200 of the legacy API": (
        Response(200, (), b'{"status":"success","data":{"startTime":"x"}}'),
        SAME,
        SAME,
    ),
}


@pytest.mark.parametrize("idempotent", [True, False], ids=["read", "write"])
@pytest.mark.parametrize("name", DECISIONS)
def test_each_failure_has_the_decision_of_the_table(name: str, idempotent: bool) -> None:
    received, for_a_read, for_a_write = DECISIONS[name]
    wanted = for_a_read if idempotent else for_a_write
    outcome = failure(received, idempotent)
    assert tuple(decide(POLICY, idempotent, attempt, outcome) for attempt in (1, 2, 3, 4)) == wanted


@pytest.mark.parametrize("idempotent", [True, False], ids=["read", "write"])
@pytest.mark.parametrize("reason", ["host", "proxy", "tls", "transport-closed"])
def test_a_request_that_can_never_be_sent_is_not_retried(reason: str, idempotent: bool) -> None:
    outcome = NotSent("no luck", reason=reason, operation=READ if idempotent else WRITE)
    assert decide(POLICY, idempotent, 1, outcome) == SAME[0]


@pytest.mark.parametrize("reason", ["closed", "connect", "pool", "refused", "timeout"])
def test_a_request_that_was_not_sent_is_retried(reason: str) -> None:
    outcome = NotSent("no luck", reason=reason, operation=WRITE)
    assert decide(POLICY, False, 1, outcome) == Retry(1, 1)


def test_a_read_whose_response_is_cut_within_tls_is_retried() -> None:
    outcome = NoAnswer("cut short", reason="tls", operation=READ)
    assert decide(POLICY, True, 1, outcome) == Retry(1, 1)


@pytest.mark.parametrize("op", [READ, WRITE], ids=["read", "write"])
def test_the_default_policy_outlasts_the_rate_limit_of_the_api(op: Any) -> None:
    limited = response_of("297-ratelimit-4")  # 60 s, as the API states it
    script = [
        (op, limited),
        (Sleep(60.5, jitter=0.5 / 60.5), None),
        (op, limited),
        (Sleep(61, jitter=1 / 61), None),
        (op, CREATED),
    ]
    assert run_script(retrying(API, op), script) == op.read(CREATED)


def test_the_default_policy_retries_a_429_without_headers_after_its_backoff() -> None:
    script = [
        (WRITE, refusal(429)),
        (Sleep(0.5, jitter=1), None),
        (WRITE, refusal(429)),
        (Sleep(1, jitter=1), None),
        (WRITE, refusal(429)),
        (Sleep(2, jitter=1), None),
        (WRITE, refusal(429)),
    ]
    with pytest.raises(RateLimited) as caught:
        run_script(retrying(API, WRITE), script)
    assert caught.value.reset is None
    assert str(caught.value) == (
        "bookings.create (POST /v2/bookings): 429 X: no (retry later) "
        "(after 4 attempts: the policy allows no more)"
    )


PASSING = {500, 502, 503, 504, 520, 521, 522, 523, 524}


@pytest.mark.parametrize("status", [s for s in range(300, 600) if s != 429])
def test_each_status_is_retried_or_not(status: int) -> None:
    read, write = (failure(refusal(status), idempotent) for idempotent in (True, False))
    assert isinstance(decide(POLICY, True, 1, read), Retry) is (status in PASSING)
    assert decide(POLICY, False, 1, write) == (UNKNOWN[0] if status >= 500 else SAME[0])


LATE = GiveUp("another attempt would outlast the deadline of 60 s")


@pytest.mark.parametrize(
    ("received", "attempt", "elapsed", "wanted"),
    [
        (NoAnswer, 1, 0.0, Retry(1, 1)),
        (NoAnswer, 1, 58.9, Retry(1, 1)),
        (NoAnswer, 1, 59.0, LATE),
        (NoAnswer, 2, 57.9, Retry(2, 1)),
        (NoAnswer, 2, 58.0, LATE),
        (NoAnswer, 1, 60.0, LATE),
        (NoAnswer, 1, 3600.0, LATE),
        (NoAnswer, 4, 59.0, NO_MORE),
        (refusal(429, (RESET, "20")), 1, 38.9, Retry(21, 1 / 21)),
        (refusal(429, (RESET, "20")), 1, 39.0, LATE),
        (refusal(404), 1, 60.0, SAME[0]),
    ],
)
def test_no_attempt_starts_after_the_deadline(
    received: Response | type[TransportError], attempt: int, elapsed: float, wanted: Retry | GiveUp
) -> None:
    assert decide(POLICY, True, attempt, failure(received, True), elapsed) == wanted


def test_no_time_passes_unless_the_script_states_it() -> None:
    policy = RetryPolicy(2, 1, 1, deadline=1.5)
    assert decide(policy, True, 1, failure(NoAnswer, True)) == Retry(1, 1)


def test_two_attempts_share_a_deadline() -> None:
    script = [(Clock(), 100.0), (READ, refusal(503)), (Clock(), 160.0)]
    with pytest.raises(ServerError) as caught:
        run_script(retrying(API, READ, RetryPolicy(2, 1, 3, 60)), script)
    assert caught.value.stop_reason == LATE.reason


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((None, True, 1, failure(NoAnswer, True)), "policy: must be a RetryPolicy, not NoneType"),
        ((POLICY, WRITE, 1, failure(NoAnswer, False)), "idempotent: must be a bool, as operation."),
        ((POLICY, 1, 1, failure(NoAnswer, False)), "idempotent: must be a bool, as operation."),
        ((POLICY, True, 0, failure(NoAnswer, True)), "attempt: must be an integer of at least 1;"),
        ((POLICY, True, 1.0, failure(NoAnswer, True)), "attempt: must be an integer of at least"),
        ((POLICY, True, True, failure(NoAnswer, True)), "attempt: must be an integer of at least"),
        ((POLICY, True, 1, OSError()), "outcome: must be a CalcomError, such as NoAnswer, not OS"),
        ((POLICY, True, 1, refusal(503)), "outcome: must be a CalcomError, such as NoAnswer, not"),
        (
            (POLICY, True, 1, failure(NoAnswer, True), -1),
            "elapsed: must be a finite",
        ),
        ((POLICY, True, 1, failure(NoAnswer, True), "3"), "elapsed: must be a finite"),
        ((POLICY, True, 1, failure(NoAnswer, True), math.nan), "elapsed: must be a finite"),
    ],
)
def test_an_ambiguous_expectation_is_refused(arguments: Any, problem: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        decide(*arguments)
    assert str(caught.value).startswith(problem)


def test_an_invalid_policy_is_refused_before_anything_is_sent() -> None:
    for program in (retrying(API, READ, None), exchange_with_retries(API, READ, 3)):  # type: ignore[arg-type]
        with pytest.raises(InvalidInput, match=r"^policy: must be a RetryPolicy, not "):
            next(program)


def test_the_backoff_doubles_up_to_its_cap_and_zero_stays_zero() -> None:
    outcome = failure(NoAnswer, True)

    def waits(policy: RetryPolicy, attempts: Sequence[int]) -> list[Retry | GiveUp]:
        return [decide(policy, True, attempt, outcome) for attempt in attempts]

    patient = RetryPolicy(10_000, 0.25, 4, deadline=86_400)
    assert waits(patient, (1, 2, 3, 4, 5, 6, 9_999)) == [
        Retry(after, 1) for after in (0.25, 0.5, 1, 2, 4, 4, 4)
    ]
    assert waits(RetryPolicy(3, 0, 0), (1, 2)) == [Retry(0, 0), Retry(0, 0)]


def test_a_policys_repr_has_its_fields() -> None:
    assert repr(RetryPolicy()) == (
        "RetryPolicy(attempts=4, base=0.5, cap=8.0, deadline=180.0, wait_budget=90.0)"
    )
    assert RetryPolicy() == DEFAULT_RETRY
    assert RetryPolicy(1) == NO_RETRY
    assert RetryPolicy(base=30) == RetryPolicy(4, 30, 30, 180, 90)
    assert RetryPolicy(deadline=5) == RetryPolicy(4, 0.5, 8, 5, 5)


AT_LEAST_1 = "must be an integer of at least 1, the first one included"
SECONDS_OF_A_DAY = "must be a number of seconds, from 0 to 86,400"


@pytest.mark.parametrize(
    ("given", "field", "problem"),
    [
        ({"attempts": 0}, "attempts", AT_LEAST_1),
        ({"attempts": -1}, "attempts", AT_LEAST_1),
        ({"attempts": 2.0}, "attempts", AT_LEAST_1),
        (
            {"attempts": True},
            "attempts",
            "must be an integer of at least 1, the first one included",
        ),
        ({"base": -0.1}, "base", SECONDS_OF_A_DAY),
        ({"base": math.nan}, "base", SECONDS_OF_A_DAY),
        ({"base": True}, "base", f"{SECONDS_OF_A_DAY}, not a boolean"),
        ({"base": "1"}, "base", f"{SECONDS_OF_A_DAY}, not a string"),
        ({"cap": math.inf}, "cap", SECONDS_OF_A_DAY),
        ({"deadline": -1}, "deadline", SECONDS_OF_A_DAY),
        ({"deadline": 86_401}, "deadline", SECONDS_OF_A_DAY),
        ({"wait_budget": -1}, "wait_budget", SECONDS_OF_A_DAY),
        ({"wait_budget": None}, "wait_budget", f"{SECONDS_OF_A_DAY}, not null"),
        ({"cap": 0.4}, "cap", "is below the base of 0.5 s"),
        ({"wait_budget": 181}, "wait_budget", "is beyond the deadline of 180 s"),
        ({"base": 181}, "base", "is beyond the deadline of 180 s; pass a smaller one"),
        ({"deadline": 0}, "base", "is beyond the deadline of 0 s; pass a smaller one"),
    ],
)
def test_a_contradictory_policy_is_refused(given: Any, field: str, problem: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        RetryPolicy(**given)
    assert (caught.value.field, caught.value.problem) == (field, problem)


def test_a_read_is_retried_until_it_succeeds() -> None:
    script = [
        (READ, refusal(503)),
        (Sleep(1, jitter=1), None),
        (READ, NoAnswer("cut short", reason="closed")),
        (Sleep(2, jitter=1), None),
        (READ, refusal(429, (RESET, "5"))),
        (Sleep(8, jitter=3 / 8), None),
        (READ, GOOD),
    ]
    assert run_script(retrying(API, READ, POLICY), script) == READ.read(GOOD)


def test_a_write_is_retried_while_it_certainly_did_not_happen() -> None:
    script = [
        (WRITE, NotSent("refused", reason="refused")),
        (Sleep(1, jitter=1), None),
        (WRITE, refusal(429, (RESET, "5"))),
        (Sleep(7, jitter=2 / 7), None),
        (WRITE, CREATED),
    ]
    exchange = run_script(exchange_with_retries(API, WRITE, POLICY), script)
    assert (exchange.request, exchange.response) == (API.request(WRITE), CREATED)
    assert exchange.value == WRITE.read(CREATED)


NO_RESPONSE = (
    "bookings.create (POST /v2/bookings): it may have happened: cut short; "
    "before you repeat it, run error.verify "
    "(after 1 attempt: a retry might execute it twice)"
)


def test_a_write_without_a_response_is_an_unknown_outcome() -> None:
    lost = NoAnswer("cut short", reason="closed")
    with pytest.raises(OutcomeUnknown) as caught:
        run_script(retrying(API, WRITE, POLICY), [(WRITE, lost)])
    error = caught.value
    assert str(error) == NO_RESPONSE
    assert error.cause is error.__cause__
    assert (type(error.cause), str(error.cause.args[0]), error.found) == (NoAnswer, "cut short", ())
    assert (error.operation, error.verify) == (WRITE, WRITE.verify)
    assert (error.attempts, error.stop_reason) == (1, UNKNOWN[0].reason)
    assert error.may_have_happened
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.attempts, again.cause.args) == (NO_RESPONSE, 1, lost.args)


def test_a_write_that_crashed_is_an_unknown_outcome_with_the_response_in_its_cause() -> None:
    script = [
        (WRITE, NotSent("refused", reason="refused")),
        (Sleep(1, jitter=1), None),
        (WRITE, refusal(500, text="Internal server error")),
    ]
    with pytest.raises(OutcomeUnknown) as caught:
        run_script(retrying(API, WRITE, POLICY), script)
    cause = caught.value.cause
    assert isinstance(cause, ServerError)
    assert (cause.status, cause.message, cause.attempts) == (500, "Internal server error", 2)
    assert str(caught.value) == NO_RESPONSE.replace(
        "cut short", "the response was 500 Internal server error"
    ).replace("1 attempt", "2 attempts")


WRITES = {
    f"{name}, {case}": sent
    for name, cases in OPERATIONS.items()
    for case, sent in cases.items()
    if sent.verify is not None
}


@pytest.mark.parametrize("policy", [POLICY, NO_RETRY], ids=["patient", "once"])
@pytest.mark.parametrize("name", WRITES)
def test_the_error_of_each_write_that_may_have_happened_has_its_verify(
    name: str, policy: RetryPolicy
) -> None:
    api = Api(Anonymous(), versions=HOSTED)
    op, verify = WRITES[name].call(), WRITES[name].verify
    assert verify is not None
    for received in (NoAnswer("cut short", reason="closed"), refusal(500), refusal(524)):
        with pytest.raises(OutcomeUnknown) as caught:
            run_script(retrying(api, op, policy), [(op, received)])
        assert caught.value.verify == verify()
        assert caught.value.verify.idempotent


def test_every_write_has_a_verify() -> None:
    written = {name for name, route in ROUTES.items() if not route.idempotent}
    assert {name.partition(",")[0] for name in WRITES} == written
    assert len(written) == 23


class _Renewed(AccessToken):
    """Custom credentials."""


@pytest.mark.parametrize(
    ("auth", "kind"),
    [
        (ApiKey("cal_test_0123456789abcdef"), "ApiKey"),
        (AccessToken("cal_test_managed"), "AccessToken"),
        (_Renewed("cal_test_managed"), "AccessToken"),
        (OAuthClient("client", "cal_test_hush"), "OAuthClient"),
        (Anonymous(), "Anonymous"),
    ],
)
def test_unauthenticated_names_the_credentials_of_the_program(auth: Auth, kind: str) -> None:
    with pytest.raises(Unauthenticated) as caught:
        run_script(retrying(Api(auth), READ), [(READ, refusal(401, text="Invalid API Key"))])
    assert caught.value.credentials == kind


def test_an_error_repeats_no_secret_of_an_extra_header() -> None:
    api = Api(Anonymous(), headers={"CF-Access-Client-Secret": "test-secret-of-the-proxy"})
    text = "denied to test-secret-of-the-proxy"
    with pytest.raises(Unauthenticated) as caught:
        run_script(retrying(api, READ), [(READ, refusal(401, text=text))])
    assert caught.value.message == "denied to [redacted]"
    assert b"test-secret" not in pickle.dumps(caught.value)


def test_deleting_a_reservation_is_retried_like_a_read() -> None:
    op = slots.delete_reservation("r7")
    script = [
        (op, refusal(502)),
        (Sleep(1, jitter=1), None),
        (op, response_of("17-slot-reservation-delete")),
    ]
    assert run_script(retrying(API, op, POLICY), script) is None


@pytest.mark.parametrize("op", [READ, WRITE], ids=["read", "write"])
def test_an_always_busy_server_is_an_error_within_the_deadline(op: Any) -> None:
    busy = refusal(429, (RESET, "15"))
    script = [
        (op, busy),
        (Sleep(16, jitter=1 / 16), None),
        (op, busy),
        (Sleep(17, jitter=2 / 17), None),
        (op, busy),
        (Sleep(18, jitter=3 / 18), None),
        (op, busy),
    ]
    patient = RetryPolicy(attempts=100, base=1, cap=3, deadline=60, wait_budget=20)
    with pytest.raises(RateLimited) as caught:
        run_script(retrying(API, op, patient), script)
    assert (caught.value.attempts, caught.value.stop_reason) == (4, LATE.reason)


def test_a_reset_beyond_the_budget_is_an_immediate_error_with_the_delay() -> None:
    with pytest.raises(RateLimited) as caught:
        run_script(retrying(API, WRITE), [(WRITE, refusal(429, (RESET, "3600")))])
    error = caught.value
    assert error.reset == 3600
    assert str(error) == (
        "bookings.create (POST /v2/bookings): 429 X: no (retry after 3600 s) "
        "(after 1 attempt: the server states a wait of 3600 s, above the budget of 90 s)"
    )


@pytest.mark.parametrize(
    ("received", "error"),
    [
        (refusal(404), NotFound),
        (Response(200, (), b"[]"), DecodingError),
        (refusal(404, text="Cannot GET /v2/bookings/bk7"), VersionMismatch),
    ],
)
def test_a_lasting_refusal_is_not_retried(received: Response, error: type[CalcomError]) -> None:
    with pytest.raises(error) as caught:
        run_script(retrying(API, READ), [(READ, received)])
    assert (caught.value.attempts, caught.value.stop_reason) == (1, SAME[0].reason)
    assert str(caught.value).endswith("(after 1 attempt: a retry would not help)")


def test_an_error_raised_outside_a_program_has_no_attempts() -> None:
    with pytest.raises(NotFound) as caught:
        READ.read(refusal(404))
    assert (caught.value.attempts, caught.value.stop_reason) == (0, "")
    assert str(caught.value) == caught.value.args[0]


def test_a_sleep_past_the_deadline_ends_the_program_before_anything_is_sent() -> None:
    script = [
        (Clock(), 100.0),
        (READ, refusal(503)),
        (Clock(), 101.0),
        (Sleep(1, jitter=1), None),
        (Clock(), 160.0),  # a machine that was suspended
    ]
    with pytest.raises(ServerError) as caught:
        run_script(retrying(API, READ, POLICY), script)
    assert (caught.value.attempts, caught.value.stop_reason) == (1, LATE.reason)


def test_each_later_attempt_has_the_rest_of_the_deadline() -> None:
    program = retrying(API, READ, POLICY, timeout=None)
    effects: list[Any] = [next(program)]
    for result in (100.0, refusal(503), 110.0, None, 112.0, refusal(503), 120.0, None, 125.0):
        effects.append(program.send(result))
    program.close()
    assert [effect.remaining for effect in effects if isinstance(effect, Send)] == [
        None,
        48.0,
        35.0,
    ]


def test_a_deadline_may_start_before_the_program() -> None:
    script = [(READ, refusal(503)), (Clock(), 159.5)]
    with pytest.raises(ServerError) as caught:
        run_script(retrying(API, READ, POLICY, since=100.0), script)
    assert caught.value.stop_reason == LATE.reason


def test_without_a_policy_the_clock_is_not_read() -> None:
    program = retrying(API, READ, NO_RETRY)
    assert next(program) == Send(API.request(READ), READ)
    with pytest.raises(ServerError) as caught:
        program.send(refusal(503))
    assert (caught.value.attempts, caught.value.stop_reason) == (1, NO_MORE.reason)


def test_a_failing_caller_function_is_not_called_again() -> None:
    def broken(booking: object) -> object:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_script(retrying(API, READ.map(broken), POLICY), [(READ, GOOD)])


@pytest.mark.parametrize("op", [READ, WRITE], ids=["read", "write"])
def test_an_exception_of_the_callers_function_does_not_fail_the_call(op: Operation[Any]) -> None:
    for nested in (NotSent("x", reason="tls"), failure(refusal(429), True)):

        def failing(booking: object, raised: CalcomError = nested) -> object:
            raise raised

        with pytest.raises(type(nested)) as caught:
            run_script(retrying(API, op.map(failing), POLICY), [(op, CREATED)])
        assert caught.value is nested
        assert (nested.attempts, getattr(nested, "operation", None)) in ((0, None), (0, READ))


@pytest.mark.parametrize("since", [1e12, 1e400])
def test_a_since_of_another_clock_hides_no_outcome(since: float) -> None:
    script = [(WRITE, NoAnswer("cut short", reason="closed"))]
    with pytest.raises(OutcomeUnknown):
        run_script(retrying(API, WRITE, POLICY, since=since), script)
    sleeping = [(READ, refusal(503)), (Sleep(1, jitter=1), None), (READ, GOOD)]
    assert run_script(retrying(API, READ, POLICY, since=since), sleeping) == READ.read(GOOD)


@pytest.mark.parametrize("reset", ["1_0", "1e3", "+5", "٣", " 5", "0x5", "5s", "."])
def test_a_number_in_a_header_is_digits(reset: str) -> None:
    outcome = failure(refusal(429, (RESET, reset)), True)
    assert isinstance(outcome, RateLimited)
    assert outcome.reset is None


class SimulatedRun:
    """Runs a program with responses in turn and a simulated clock, and records its requests."""

    def __init__(self) -> None:
        self.sent: list[Response | TransportError] = []
        self.slept = 0.0
        self.time = 0.0

    def run(
        self,
        program: Any,
        responses: Sequence[tuple[Response | type[TransportError], float]],
        shares: Sequence[float],
    ) -> Any:
        """Run *program*: each response takes some time, each sleep a share of its range."""
        result: Any = None
        thrown: TransportError | None = None
        while True:
            try:
                effect = program.send(result) if thrown is None else program.throw(thrown)
            except StopIteration as stop:
                return stop.value
            result, thrown = None, None
            match effect:
                case Clock():
                    result = self.time
                case Sleep(seconds=seconds, jitter=jitter):
                    share = shares[len(self.sent) % len(shares)]
                    slept = seconds * (1 - jitter * share)
                    self.slept += slept
                    self.time += slept
                case Send(remaining=remaining):
                    received, took = responses[len(self.sent) % len(responses)]
                    assert remaining is None or remaining > 0
                    self.time += took if remaining is None else min(took, remaining)
                    if isinstance(received, Response):
                        result = received
                        self.sent.append(received)
                    else:
                        thrown = received("no luck", reason="closed")
                        self.sent.append(thrown)
                case _:
                    raise AssertionError(effect)


def certainly_not_done(received: Response | TransportError) -> bool:
    """Whether a write was certainly not executed, independently of the code under test."""
    if isinstance(received, Response):
        return received.status == 429 and b"TRPC" not in received.body
    return type(received) is NotSent


SECONDS = st.one_of(st.integers(0, 100), st.floats(0, 100))
RESPONSES = st.one_of(
    st.sampled_from([NotSent, NoAnswer]),
    st.builds(refusal, st.sampled_from([400, 404, 429, 500, 502, 503, 520, 599])),
    st.builds(lambda seconds: refusal(429, (RESET, str(seconds))), SECONDS),
    st.builds(lambda seconds: refusal(429, (AFTER, str(seconds))), SECONDS),
    st.just(refusal(429, (RESET, "0"), code="TRPCError")),
    st.builds(lambda seconds: refusal(503, (AFTER, str(seconds))), SECONDS),
    st.just(CREATED),
    st.builds(Response, st.integers(100, 599), st.just(()), st.binary(max_size=20)),
)


@st.composite
def policies(draw: st.DrawFn) -> RetryPolicy:
    deadline = draw(st.floats(0, 500))
    base = draw(st.floats(0, min(deadline, 30)))
    return RetryPolicy(
        draw(st.integers(1, 12)),
        base,
        base + draw(st.floats(0, 60)),
        deadline,
        draw(st.floats(0, deadline)),
    )


@given(
    policies(),
    st.booleans(),
    st.lists(st.tuples(RESPONSES, st.floats(0, 90)), min_size=1, max_size=12),
    st.lists(st.floats(0, 1), min_size=1, max_size=4),
)
def test_any_program_ends_in_time_and_repeats_no_write_that_may_have_happened(
    policy: RetryPolicy,
    reads: bool,
    responses: list[tuple[Response | type[TransportError], float]],
    shares: list[float],
) -> None:
    run = SimulatedRun()
    op: Operation[Any] = READ if reads else WRITE
    error: CalcomError | None = None
    try:
        run.run(retrying(API, op, policy), responses, shares)
    except CalcomError as raised:
        error = raised

    assert 1 <= len(run.sent) <= policy.attempts
    assert run.slept <= policy.deadline
    # Only the first attempt has its own timeout, here at most 90 s.
    assert run.time <= max(policy.deadline, 90.0) + 1e-6
    if not reads:
        assert all(certainly_not_done(received) for received in run.sent[:-1])
    if error is not None:
        assert error.attempts == len(run.sent)
        assert re.search(rf"\(after {error.attempts} attempts?: .+\)$", str(error))
    if isinstance(error, OutcomeUnknown):
        assert not certainly_not_done(run.sent[-1])
