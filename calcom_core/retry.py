"""When to retry, as one pure function; and the program that runs one operation.

What is retried, and what never is:

- A 429 was not executed: every request is retried, writes too, after the wait that the server
  states; without a stated wait, after the back-off alone.
  The exception is a 429 of code `TRPCError`, which comes from inside the application.
  A write that gets it may have happened.
  A wait beyond the policy's budget is not started: the error comes at once and says how long.
- `NotSent` means that no byte of the request can have arrived: every request is retried.
  The exceptions are failures that a retry cannot change, such as a certificate that is not
  trusted or a proxy that refuses (`PERMANENT`).
- `NoAnswer`, and a 500, 502, 503, 504 or 520 to 524, leave open what happened: only idempotent
  operations are retried.
  A write raises `OutcomeUnknown` instead, as it does after any other 5xx.
- Every other response would come again and is not retried.

The wait is the one that the server states, in `X-RateLimit-Reset-…` or `Retry-After`, plus a
back-off that doubles with each attempt.
A random part of the back-off is slept (full jitter), because requests that were refused together
must not come back together.
There are up to `attempts` attempts; no sleep and no attempt outlasts `deadline`.
The first attempt has the timeout of its call; later ones end with the deadline at the latest.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from attrs import Factory, field, frozen

from calcom_core._lazy_methods import LazyMethods
from calcom_core.api import Api
from calcom_core.effects import Clock, Program, Send, Sleep
from calcom_core.error_mapping import describe
from calcom_core.errors import (
    ApiError,
    CalcomError,
    DecodingError,
    InvalidInput,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    ServerError,
    TransportError,
    VersionMismatch,
)
from calcom_core.http import Request, Response, Timeout
from calcom_core.operation import Operation
from calcom_core.rate_limits import retry_after
from calcom_core.redaction import Redactor, collect_credentials

T = TypeVar("T")


def _seconds(policy: "RetryPolicy", name: str) -> float:
    value: float = getattr(policy, name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 86_400:
        raise InvalidInput(name, "must be a number of seconds, from 0 to 86,400")
    return value


@frozen
class RetryPolicy(LazyMethods):
    """How often to retry, and how long to wait in between; all times are in seconds.

    *attempts* includes the first one.
    The back-off before the second is a random time up to *base*, and doubles up to *cap*.
    Neither a sleep nor a second attempt outlasts *deadline*, counted from the start.
    *wait_budget* is the longest single wait that a server may state.
    The defaults survive the API's own limits, whose windows are 60 s long.
    *cap* defaults to 8, or to a larger *base*; *wait_budget* to 90, or to a smaller *deadline*.

    Raises `InvalidInput` for a number out of bounds (at least 1 attempt, 0 to 86,400 seconds),
    for a cap below the base, and for a base or a budget beyond the deadline.
    """

    attempts: int = 4
    base: float = 0.5
    cap: float = Factory(lambda policy: max(8.0, _seconds(policy, "base")), takes_self=True)
    deadline: float = 180.0
    wait_budget: float = Factory(
        lambda policy: min(90.0, _seconds(policy, "deadline")), takes_self=True
    )

    def __attrs_post_init__(self) -> None:
        attempts = self.attempts
        if isinstance(attempts, bool) or not isinstance(attempts, int) or attempts < 1:
            raise InvalidInput(
                "attempts", "must be an integer of at least 1, the first one included"
            )
        for name in ("base", "cap", "deadline", "wait_budget"):
            _seconds(self, name)
        if self.base > self.deadline:
            raise InvalidInput(
                "base", f"is beyond the deadline of {self.deadline:g} s; give a smaller one"
            )
        if self.cap < self.base:
            raise InvalidInput("cap", f"is below the base of {self.base:g} s")
        if self.wait_budget > self.deadline:
            raise InvalidInput("wait_budget", f"is beyond the deadline of {self.deadline:g} s")


def check_policy(value: object, field: str = "policy") -> RetryPolicy:
    """Check that a value is a policy."""
    if not isinstance(value, RetryPolicy):
        raise InvalidInput(field, f"must be a RetryPolicy, not {type(value).__name__}")
    return value


DEFAULT_RETRY = RetryPolicy()
"""Up to four attempts within 3 minutes, and waits of up to 90 s where the server states them."""

NO_RETRY = RetryPolicy(attempts=1)
"""One attempt, and no clock."""


@frozen
class Retry(LazyMethods):
    """Retry after a random time from *after* x (1 - *jitter*) to *after*, in seconds."""

    after: float
    jitter: float


@frozen
class GiveUp(LazyMethods):
    """Do not retry, for a *reason* in words.

    *outcome_unknown* says that a write may have happened, and that the response does not tell.
    """

    reason: str
    outcome_unknown: bool = False


@frozen
class _Rule(LazyMethods):
    """A row of the table: a failure that passes, and the wait in seconds that the server states.

    A row with statuses is about these alone.
    """

    failure: type[CalcomError]
    statuses: frozenset[int] = frozenset()
    stated: Callable[[Any], float] = lambda failure: 0.0

    def fits(self, failure: CalcomError) -> bool:
        return isinstance(failure, self.failure) and (
            not self.statuses or getattr(failure, "status", None) in self.statuses
        )


_PASSES = (
    _Rule(RateLimited, stated=lambda failure: failure.reset or 0.0),
    _Rule(TransportError),
    _Rule(
        ServerError,
        statuses=frozenset({500, 502, 503, 504, *range(520, 525)}),
        stated=lambda failure: retry_after(failure.response.headers) or 0.0,
    ),
)

PERMANENT = frozenset({"host", "proxy", "tls", "transport-closed"})
"""The reasons of a `NotSent` that a retry cannot change."""

NO_MORE = "the policy allows no more"
SAME_AGAIN = "a retry would end the same"
MAY_HAVE_HAPPENED = "it may have happened, and a second time would do it twice"


def decide(
    policy: RetryPolicy,
    idempotent: bool,
    attempt: int,
    outcome: CalcomError,
    elapsed: float = 0.0,
) -> Retry | GiveUp:
    """Decide whether to retry, by the rules at the top of this module.

    Args:
        policy: how often, and how long.
        idempotent: whether the operation is idempotent, as `Operation.idempotent` says.
        attempt: the number of the attempt that failed, from 1 on.
        outcome: how it failed: the error that `Operation.read` raised, or `NotSent` or `NoAnswer`.
        elapsed: seconds since the first attempt began.

    Returns:
        `Retry` with the time to sleep before, or `GiveUp` with the reason.

    Raises:
        InvalidInput: for arguments of another type, above all an *idempotent* that is no bool.
    """
    check_policy(policy)
    if not isinstance(idempotent, bool):
        raise InvalidInput("idempotent", "must be a bool, as operation.idempotent is")
    if isinstance(attempt, bool) or not isinstance(attempt, int) or attempt < 1:
        raise InvalidInput("attempt", "must be an integer of at least 1, which is the first")
    if not isinstance(outcome, CalcomError):
        kind = type(outcome).__name__
        raise InvalidInput("outcome", f"must be a CalcomError, such as NoAnswer, not {kind}")
    if not isinstance(elapsed, (int, float)) or not 0 <= elapsed < 1e300:
        raise InvalidInput("elapsed", "must be a finite number of seconds, at least 0")
    unsure = isinstance(outcome, (RateLimited, TransportError, ServerError))
    if unsure and outcome.may_have_happened and not idempotent:
        return GiveUp(MAY_HAVE_HAPPENED, outcome_unknown=True)
    rule = next((rule for rule in _PASSES if rule.fits(outcome)), None)
    if rule is None or (isinstance(outcome, NotSent) and outcome.reason in PERMANENT):
        return GiveUp(SAME_AGAIN)
    if attempt >= policy.attempts:
        return GiveUp(NO_MORE)
    stated = rule.stated(outcome)
    if stated > policy.wait_budget:
        return GiveUp(
            f"the server states a wait of {stated:g} s, and the policy waits {policy.wait_budget:g}"
        )
    backoff = max_backoff(policy, attempt)
    after = stated + backoff
    if elapsed + after >= policy.deadline:
        return GiveUp(_too_late(policy))
    return Retry(after, jitter=backoff / after if after else 0.0)


def max_backoff(policy: RetryPolicy, attempt: int) -> float:
    """Return the longest back-off after that attempt, in seconds."""
    return min(policy.cap, policy.base * 2.0 ** min(attempt - 1, 64))


def _too_late(policy: RetryPolicy) -> str:
    return f"another one would outlast the deadline of {policy.deadline:g} s"


@frozen
class Exchange(LazyMethods, Generic[T]):
    """One call seen whole: what was sent, what came back, and what it was read as.

    *attempts* counts how often it was sent.
    """

    request: Request
    response: Response
    value: T = field(repr=False)
    attempts: int = 1


def exchange_with_retries(
    api: Api,
    op: Operation[T],
    policy: RetryPolicy = DEFAULT_RETRY,
    timeout: Timeout | None = None,
    since: float | None = None,
) -> Program[Exchange[T]]:
    """Carry out one operation, as often as the policy allows; the result is the last exchange.

    *timeout* is that of each attempt; *since* is when the policy's deadline began, by the program's
    clock, where this is but a part of what it is for.

    Raises what `Operation.read` raises, and `NotSent` or `NoAnswer` carrying the operation;
    for a write that may have happened, and of which the answer does not tell, `OutcomeUnknown`.
    Each says how many attempts were made, and why no more.
    """
    request = api.request(op)
    check_policy(policy)
    timed = policy.attempts > 1
    begun = since
    if begun is None:
        begun = (yield Clock()) if timed else 0.0
    remaining: float | None = None
    attempt = 0
    while True:
        attempt += 1
        try:
            response: Response = yield Send(request, op, timeout, remaining, attempt)
        except TransportError as error:
            failure: CalcomError = error
            error.operation = op.plain
        else:
            read = _read(api, op, request, response)
            if not isinstance(read, CalcomError):
                return Exchange(request, response, op.mapped(read), attempt)
            failure = read
            del response  # a traceback must not show a credential that the response repeats
        # Never negative, though *since* may be of another clock: that must not hide the failure.
        elapsed = max((yield Clock()) - begun, 0.0) if timed else 0.0
        decision = decide(policy, op.idempotent, attempt, failure, elapsed)
        if isinstance(decision, Retry):
            yield Sleep(decision.after, decision.jitter)
            left: float = policy.deadline - max((yield Clock()) - begun, 0.0)
            if left > 0:
                remaining = left
                continue
            decision = GiveUp(_too_late(policy))  # the sleep took longer than it was asked to
        failure.attempts, failure.stop_reason = attempt, decision.reason
        if decision.outcome_unknown:
            raise outcome_unknown(op, failure) from failure
        raise failure


def _read(api: Api, op: Operation[Any], request: Request, response: Response) -> Any:
    """Return the result that a response holds, or the error that it means.

    A response may repeat the credentials of its request, in any form; its error does not.
    """
    failure = _read_or_failure(api, op, response)
    if not isinstance(failure, CalcomError):
        return failure
    credentials = collect_credentials(request)
    clean = Redactor(credentials).response(response) if credentials else response
    return failure if clean == response else _read_or_failure(api, op, clean)


def _read_or_failure(api: Api, op: Operation[Any], response: Response) -> Any:
    try:
        return op.plain.read(response, credentials=api.auth.kind)
    except (ApiError, DecodingError, VersionMismatch) as error:
        return error


def describe_failure(error: CalcomError) -> str:
    """Return in short what came of a call, for the message of another error."""
    if isinstance(error, ApiError):
        return f"the answer was {error.status} {error.message[:200]}".rstrip()
    return str(error.args[0])


def outcome_unknown(
    op: Operation[Any], cause: CalcomError, why: str = "", found: tuple[Any, ...] = ()
) -> OutcomeUnknown:
    """Return the error for a write that may have happened, and that *cause* left open."""
    look = "ask what error.verify asks" if op.verify else "find out whether it happened"
    unknown = OutcomeUnknown(
        f"{describe(op)}: whether it happened is not known: {describe_failure(cause)}{why}; "
        f"before you repeat it, {look}",
        operation=op.plain,
        cause=cause,
        found=found,
    )
    unknown.attempts, unknown.stop_reason = cause.attempts, cause.stop_reason
    return unknown


def retrying(
    api: Api,
    op: Operation[T],
    policy: RetryPolicy = DEFAULT_RETRY,
    timeout: Timeout | None = None,
    since: float | None = None,
) -> Program[T]:
    """Carry out one operation, as often as the policy allows; the result is what it reads.

    As `exchange_with_retries`, of which it is the value.
    """
    exchange: Exchange[Any] = yield from exchange_with_retries(api, op, policy, timeout, since)
    value: T = exchange.value
    return value
