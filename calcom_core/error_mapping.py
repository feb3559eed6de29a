"""The error that a response outside 2xx means.

`calcom_core.error_rules` has the table; here it is applied to a response.
A response that no row matches gets the class of its status.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from calcom_core.error_body import ErrorBody, constraints, read_error_body
from calcom_core.error_rules import (
    CREDENTIALS_HINTS,
    ERROR_OF_HUNDRED,
    ERROR_OF_STATUS,
    ERROR_RULES,
    LEGACY_RESPONSE,
    WAYS_OUT,
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
from calcom_core.redaction import without_credentials

if TYPE_CHECKING:
    from calcom_core.operation import Operation


def describe(operation: "Operation[Any]") -> str:
    """Return the name and the target of a call, without query and body, which may be personal."""
    return f"{operation.name} ({operation.method} {operation.path})"


def parse_error(
    operation: "Operation[Any]", response: Response, credentials: str = ""
) -> CalcomError:
    """Return the error that a response outside 2xx means; never raises.

    *credentials* is the class name of the credentials that were sent, if it is known.
    """
    response = without_credentials(response)
    body = read_error_body(response)
    status = response.status
    if _is_legacy_create(operation, body):
        return _mismatch(operation, response, LEGACY_RESPONSE, may_have_happened=False)
    row = _meaning(operation, status, body)
    if row.error is VersionMismatch:
        return _mismatch(operation, response, row.reason, may_have_happened=False)
    executed = (status >= 500 or row.executed) and not operation.idempotent
    return _api_error(operation, response, body, row, credentials, may_have_happened=executed)


@lru_cache  # of the few statuses that there are
def _rows_of(operation: str, status: int) -> tuple[tuple[ErrorRule, re.Pattern[str]], ...]:
    return tuple([(row, row.pattern) for row in ERROR_RULES if row.is_about(operation, status)])


def _meaning(operation: "Operation[Any]", status: int, body: ErrorBody) -> ErrorRule:
    if body.is_html and 400 <= status < 500 and status != 429:
        return ErrorRule(error=BlockedByEdge, status=(status,))
    for row, pattern in _rows_of(operation.name, status):
        if (
            row.code in (None, body.code)
            and row.bare <= body.is_bare
            and pattern.search(body.message)
        ):
            return row
    error = ERROR_OF_STATUS.get(status) or ERROR_OF_HUNDRED.get(status // 100, ApiError)
    return ErrorRule(error=error, status=(status,))


def _api_error(
    operation: "Operation[Any]",
    response: Response,
    body: ErrorBody,
    row: ErrorRule,
    credentials: str,
    *,
    may_have_happened: bool,
) -> ApiError:
    cls: Any = row.error
    fields = _fields(body, row) if issubclass(cls, (ValidationFailed, BookingFieldError)) else {}
    limits = parse_rate_limits(response.headers) if cls is RateLimited else ()
    wait = wait_seconds(response.headers, limits)
    hint = (row.hint or WAYS_OUT[cls]).format(
        fields=", ".join(fields)[:200] or "the input as the server says",
        wait="retry later" if wait is None else f"retry after {wait:g} s",
        credentials=CREDENTIALS_HINTS.get(credentials, CREDENTIALS_HINTS[""]),
    )
    if may_have_happened:
        hint = f"it may have happened all the same; {hint}"
    reasons = "; ".join(f"{name}: {', '.join(texts)}" for name, texts in fields.items() if texts)
    said = ": ".join(part[:500] for part in (body.code, body.message, reasons) if part)
    error: ApiError = cls(
        f"{describe(operation)}: {response.status} {said}".rstrip() + f" ({hint})",
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
        error.reason = row.reason
    elif isinstance(error, RateLimited):
        error.reset, error.limits = wait, limits
    elif isinstance(error, Unauthenticated):
        error.credentials = credentials
    return error


def _mismatch(
    operation: "Operation[Any]", response: Response, why: str, *, may_have_happened: bool
) -> VersionMismatch:
    warning = "; it may really have done what was asked" if may_have_happened else ""
    return VersionMismatch(
        f"{describe(operation)}: {response.status}: {why}{warning}",
        operation=operation,
        response=response,
        may_have_happened=may_have_happened,
    )


def legacy_response_error(
    operation: "Operation[Any]", response: Response, data: object
) -> VersionMismatch | None:
    """Return the error for a 2xx of the legacy API, known by its keys, or None."""
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
    return _mismatch(operation, response, LEGACY_RESPONSE, may_have_happened=may_have_happened)


def _is_legacy_create(operation: "Operation[Any]", body: ErrorBody) -> bool:
    # Only the legacy create wants these at the top of the body.
    return operation.name.startswith("bookings.create") and {"timeZone", "language"} <= {
        name for name, _ in constraints(body.details)
    }


def _fields(body: ErrorBody, row: ErrorRule) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, texts in constraints(body.details):
        found[name] = found.get(name, ()) + texts
    found.update(dict.fromkeys(row.names, ()))
    if "field" in row.pattern.groupindex:
        found.update({match["field"]: () for match in row.pattern.finditer(body.message)})
    return found
