"""Decide when to retry, in one pure function; `retrying` is the program that follows it.

Which failures are retried:

- A 429 was not executed: every request is retried after the wait that the server states.
  The exception is a 429 with code `TRPCError`, which comes from inside the application: a write
  may have happened.
  A stated wait above the policy's budget raises the error at once; it states the wait.
- `NotSent` means that no byte of the request reached the server: every request is retried.
  The exceptions are failures that a retry cannot change, such as a certificate that is not
  trusted (`PERMANENT`).
- After `NoAnswer`, 500, 502, 503, 504 or 520 to 524 the outcome is unknown: only idempotent
  operations are retried.
  A write raises `OutcomeUnknown` instead, as it does after any other 5xx.
- Any other response is final.

The sleep is the stated wait (`X-RateLimit-Reset-…` or `Retry-After`) plus a back-off that doubles
with each attempt.
The back-off is random (full jitter), because requests that were refused together must not return
together.
At most `attempts` attempts are sent, and no sleep or later attempt outlasts `deadline`.
The timeout of the call alone limits the first attempt.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from attrs import Factory, field, frozen

from calcom_core._lazy_methods import LazyMethods
from calcom_core.api import Api
from calcom_core.checks import seconds
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


_SECONDS = seconds(86_400, may_be_zero=True)


def _seconds(policy: "RetryPolicy", name: str) -> float:
    return _SECONDS(getattr(policy, name), name)


@frozen
class RetryPolicy(LazyMethods):
    """How often to retry, and how long to wait between attempts.

    The defaults suit the API's rate limits, whose windows are 60 s long.

    Attributes:
        attempts: the largest number of attempts, the first included; at least 1.
        base: the largest back-off before the second attempt, in seconds.
        cap: the limit to which the back-off doubles, in seconds; by default 8, or a larger *base*.
        deadline: seconds from the start that no sleep and no later attempt outlasts.
        wait_budget: the longest wait that a server may state, in seconds; by default 90, or a
            smaller *deadline*.

    Raises `InvalidInput` for times outside 0 to 86,400 seconds, for a cap below the base, and for a
    base or a budget beyond the deadline.
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
                "base", f"is beyond the deadline of {self.deadline:g} s; pass a smaller one"
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
"""Up to 4 attempts within 180 s; stated waits of up to 90 s."""

NO_RETRY = RetryPolicy(attempts=1)
"""One attempt; its program reads no clock."""


@frozen
class Retry(LazyMethods):
    """Retry after a random time from *after* x (1 - *jitter*) to *after* seconds."""

    after: float
    jitter: float


@frozen
class GiveUp(LazyMethods):
    """Do not retry; *reason* is part of the error's message.

    *outcome_unknown* is true if a write may have happened.
    """

    reason: str
    outcome_unknown: bool = False


@frozen
class _Rule(LazyMethods):
    """A transient failure, by class and status, and the wait that the server states in seconds.

    Without *statuses* it covers every status.
    """

    failure: type[CalcomError]
    statuses: frozenset[int] = frozenset()
    stated: Callable[[Any], float] = lambda failure: 0.0

    def matches(self, failure: CalcomError) -> bool:
        return isinstance(failure, self.failure) and (
            not self.statuses or getattr(failure, "status", None) in self.statuses
        )


_TRANSIENT = (
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
NOT_TRANSIENT = "a retry would not help"
MAY_HAVE_HAPPENED = "a retry might execute it twice"


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
        outcome: the error of the attempt: from `Operation.read`, or a `NotSent` or `NoAnswer`.
        elapsed: seconds since the first attempt began.

    Returns:
        `Retry` with the time to sleep, or `GiveUp` with the reason.

    Raises:
        InvalidInput: for an argument of another type, above all for *idempotent*.
    """
    check_policy(policy)
    if not isinstance(idempotent, bool):
        raise InvalidInput("idempotent", "must be a bool, as operation.idempotent is")
    if isinstance(attempt, bool) or not isinstance(attempt, int) or attempt < 1:
        raise InvalidInput("attempt", "must be an integer of at least 1; the first attempt is 1")
    if not isinstance(outcome, CalcomError):
        kind = type(outcome).__name__
        raise InvalidInput("outcome", f"must be a CalcomError, such as NoAnswer, not {kind}")
    if not isinstance(elapsed, (int, float)) or not 0 <= elapsed < 1e300:
        raise InvalidInput("elapsed", "must be a finite number of seconds, at least 0")
    unsure = isinstance(outcome, (RateLimited, TransportError, ServerError))
    if unsure and outcome.may_have_happened and not idempotent:
        return GiveUp(MAY_HAVE_HAPPENED, outcome_unknown=True)
    rule = next((rule for rule in _TRANSIENT if rule.matches(outcome)), None)
    if rule is None or (isinstance(outcome, NotSent) and outcome.reason in PERMANENT):
        return GiveUp(NOT_TRANSIENT)
    if attempt >= policy.attempts:
        return GiveUp(NO_MORE)
    stated = rule.stated(outcome)
    if stated > policy.wait_budget:
        return GiveUp(
            f"the server states a wait of {stated:g} s, "
            f"above the budget of {policy.wait_budget:g} s"
        )
    backoff = max_backoff(policy, attempt)
    after = stated + backoff
    if elapsed + after >= policy.deadline:
        return GiveUp(_too_late(policy))
    return Retry(after, jitter=backoff / after if after else 0.0)


def max_backoff(policy: RetryPolicy, attempt: int) -> float:
    """Return the largest back-off after an attempt, in seconds."""
    return min(policy.cap, policy.base * 2.0 ** min(attempt - 1, 64))


def _too_late(policy: RetryPolicy) -> str:
    return f"another attempt would outlast the deadline of {policy.deadline:g} s"


@frozen
class Exchange(LazyMethods, Generic[T]):
    """A request, its response and the decoded value.

    *attempts* counts the attempts, the last included.
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
    """Run one operation with retries; the result is the last exchange.

    Args:
        api: where to send it.
        op: the operation.
        policy: when to retry.
        timeout: the timeout of each attempt.
        since: when the policy's deadline began, by the program's clock; by default now.

    Raises:
        ApiError, DecodingError, VersionMismatch: as `Operation.read` does.
        NotSent, NoAnswer: if no complete response arrived; they hold the operation.
        OutcomeUnknown: for a write that may have happened.
    """
    request = api.request(op)
    check_policy(policy)
    timed = policy.attempts > 1
    started = since
    if started is None:
        started = (yield Clock()) if timed else 0.0
    remaining: float | None = None
    waited, attempt = 0.0, 0
    while True:
        attempt += 1
        try:
            response: Response = yield Send(request, op, timeout, remaining, attempt, waited)
        except TransportError as error:
            failure: CalcomError = error
            error.operation = op.plain
        else:
            try:
                decoded = _decode(api, op, request, response)
            except (ApiError, DecodingError, VersionMismatch) as error:
                failure = error
                del response  # it may repeat a credential, which a traceback with locals would show
            else:
                return Exchange(request, response, op.apply_transforms(decoded), attempt)
        # Never negative: *since* may be of another clock, which must not hide the failure.
        elapsed = max((yield Clock()) - started, 0.0) if timed else 0.0
        decision = decide(policy, op.idempotent, attempt, failure, elapsed)
        if isinstance(decision, Retry):
            yield Sleep(decision.after, decision.jitter)
            resumed = max((yield Clock()) - started, 0.0)
            if resumed < policy.deadline:
                remaining, waited = policy.deadline - resumed, max(resumed - elapsed, 0.0)
                continue
            decision = GiveUp(_too_late(policy))  # the sleep took too long
        failure.attempts, failure.stop_reason = attempt, decision.reason
        if decision.outcome_unknown:
            raise outcome_unknown(op, failure) from failure
        raise failure


def _decode(api: Api, op: Operation[Any], request: Request, response: Response) -> Any:
    """Decode a response; an error is raised without the credentials of the request.

    A server may repeat them in any encoding, and errors are logged.
    """
    try:
        return op.decode(response, api.auth.kind)
    except (ApiError, DecodingError, VersionMismatch):
        received, response = response, Redactor(collect_credentials(request)).response(response)
        if response == received:
            raise
        del received
    return op.decode(response, api.auth.kind)


def describe_failure(error: CalcomError) -> str:
    """Describe an error in short, for the message of another error."""
    if isinstance(error, ApiError):
        return f"the response was {error.status} {error.message[:200]}".rstrip()
    return str(error.args[0])


def outcome_unknown(
    op: Operation[Any], cause: CalcomError, why: str = "", found: tuple[Any, ...] = ()
) -> OutcomeUnknown:
    """Return the error for a write that may have happened, because of *cause*."""
    check = "run error.verify" if op.verify else "check whether it happened"
    unknown = OutcomeUnknown(
        f"{describe(op)}: it may have happened: {describe_failure(cause)}{why}; "
        f"before you repeat it, {check}",
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
    """Run one operation with retries; the result is its decoded value.

    Arguments and errors are those of `exchange_with_retries`.
    """
    exchange: Exchange[Any] = yield from exchange_with_retries(api, op, policy, timeout, since)
    value: T = exchange.value
    return value
