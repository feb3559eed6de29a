"""Create the error for a response outside 2xx.

The first rule of `calcom_core.error_rules` that matches status, code and text selects the class.
Without a match, the status does.
Tokens are removed from the response first, because errors are logged.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from calcom_core.error_body import ErrorBody, read_error_body, validation_errors
from calcom_core.error_rules import (
    CREDENTIALS_HINTS,
    ERROR_OF_STATUS,
    ERROR_OF_STATUS_CLASS,
    ERROR_RULES,
    LEGACY_RESPONSE,
    REMEDIES,
    ErrorRule,
)
from calcom_core.errors import (
    ApiError,
    BlockedByEdge,
    BookingFieldError,
    CalcomError,
    RateLimited,
    SlotUnavailable,
    Unauthenticated,
    ValidationFailed,
    VersionMismatch,
)
from calcom_core.http import Response
from calcom_core.rate_limits import parse_rate_limits, wait_seconds
from calcom_core.redaction import redact_response

if TYPE_CHECKING:
    from calcom_core.operation import Operation


def describe(operation: "Operation[Any]") -> str:
    """Return the name, method and path of a call; its query and body may be personal data."""
    return f"{operation.name} ({operation.method} {operation.path})"


def parse_error(
    operation: "Operation[Any]", response: Response, credentials: str = ""
) -> CalcomError:
    """Return the error for a response outside 2xx; never raises.

    *credentials* is the class name of the credentials sent, or empty if it is unknown.
    """
    response = redact_response(response)
    body = read_error_body(response)
    status = response.status
    if _is_legacy_create(operation, body):
        return _version_mismatch(operation, response, LEGACY_RESPONSE, may_have_happened=False)
    rule = _find_rule(operation, status, body)
    if rule.error is VersionMismatch:
        return _version_mismatch(operation, response, rule.reason, may_have_happened=False)
    executed = (status >= 500 or rule.executed) and not operation.idempotent
    return _api_error(operation, response, body, rule, credentials, may_have_happened=executed)


@lru_cache  # there are few operations and statuses
def _rules_for(operation: str, status: int) -> tuple[tuple[ErrorRule, re.Pattern[str]], ...]:
    return tuple(
        [(rule, rule.pattern) for rule in ERROR_RULES if rule.applies_to(operation, status)]
    )


def _find_rule(operation: "Operation[Any]", status: int, body: ErrorBody) -> ErrorRule:
    if body.is_html and 400 <= status < 500 and status != 429:
        return ErrorRule(BlockedByEdge, status)
    for rule, pattern in _rules_for(operation.name, status):
        if (
            rule.code in (None, body.code)
            and rule.bare <= body.is_bare
            and pattern.search(body.message)
        ):
            return rule
    error = ERROR_OF_STATUS.get(status) or ERROR_OF_STATUS_CLASS.get(status // 100, ApiError)
    return ErrorRule(error, status)


def _api_error(
    operation: "Operation[Any]",
    response: Response,
    body: ErrorBody,
    rule: ErrorRule,
    credentials: str,
    *,
    may_have_happened: bool,
) -> ApiError:
    cls: Any = rule.error
    fields = (
        _refused_fields(body, rule)
        if issubclass(cls, (ValidationFailed, BookingFieldError))
        else {}
    )
    limits = parse_rate_limits(response.headers) if cls is RateLimited else ()
    wait = wait_seconds(response.headers, limits)
    hint = (rule.hint or REMEDIES[cls]).format(
        fields=", ".join(fields)[:200] or "the input as the server's text requires",
        wait="retry later" if wait is None else f"retry after {wait:g} s",
        credentials=CREDENTIALS_HINTS.get(credentials, CREDENTIALS_HINTS[""]),
    )
    if may_have_happened:
        hint = f"it may have happened; {hint}"
    reasons = "; ".join(f"{name}: {', '.join(texts)}" for name, texts in fields.items() if texts)
    text = ": ".join(part[:500] for part in (body.code, body.message, reasons) if part)
    error: ApiError = cls(
        f"{describe(operation)}: {response.status} {text}".rstrip() + f" ({hint})",
        operation=operation,
        response=response,
        code=body.code,
        server_message=body.message,
        details=body.details,
        may_have_happened=may_have_happened,
    )
    if isinstance(error, (ValidationFailed, BookingFieldError)):
        error.fields = fields
    elif isinstance(error, SlotUnavailable):
        error.reason = rule.reason
    elif isinstance(error, RateLimited):
        error.reset, error.limits = wait, limits
    elif isinstance(error, Unauthenticated):
        error.credentials = credentials
    return error


def _version_mismatch(
    operation: "Operation[Any]", response: Response, why: str, *, may_have_happened: bool
) -> VersionMismatch:
    warning = "; it may have executed the call" if may_have_happened else ""
    return VersionMismatch(
        f"{describe(operation)}: {response.status}: {why}{warning}",
        operation=operation,
        response=response,
        may_have_happened=may_have_happened,
    )


def legacy_response_error(
    operation: "Operation[Any]", response: Response, data: object
) -> VersionMismatch | None:
    """Return the error for a 2xx of the legacy API, recognised by its keys, or None."""
    if not isinstance(data, Mapping):
        return None
    keys = data.keys()
    if not (
        "bookings" in keys
        or ("slots" in keys and operation.name == "slots.list")
        or {"bookingUid", "onlyRemovedAttendee"} <= keys
        or ("startTime" in keys and "start" not in keys)
    ):
        return None
    may_have_happened = not operation.idempotent
    return _version_mismatch(
        operation, response, LEGACY_RESPONSE, may_have_happened=may_have_happened
    )


def _is_legacy_create(operation: "Operation[Any]", body: ErrorBody) -> bool:
    # Only the legacy create requires these fields at the top of the body.
    return operation.name.startswith("bookings.create") and {"timeZone", "language"} <= (
        validation_errors(body.details).keys()
    )


def _refused_fields(body: ErrorBody, rule: ErrorRule) -> dict[str, tuple[str, ...]]:
    found = validation_errors(body.details) | dict.fromkeys(rule.names, ())
    if "field" in rule.pattern.groupindex:
        found.update({match["field"]: () for match in rule.pattern.finditer(body.message)})
    return found
