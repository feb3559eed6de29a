"""The table that maps an error response to an error class and a remedy.

A rule matches status, code and text, because the status alone is ambiguous: a taken slot is 400,
409 or 422, and a 401 may mean a limit of the event type, a missing permission or wrong credentials.
The first matching rule of `ERROR_RULES` applies; without one, the status selects the class.
`calcom_core.error_mapping` applies the table.
"""

import re

from attrs import field, frozen

from calcom_core._lazy_methods import LazyMethods
from calcom_core.errors import (
    AlreadyDone,
    ApiError,
    BadRequest,
    BlockedByEdge,
    BookingConflict,
    BookingFieldError,
    CalcomError,
    NotFound,
    PermissionDenied,
    RateLimited,
    ServerError,
    SlotUnavailable,
    TokenExpired,
    Unauthenticated,
    ValidationFailed,
    VersionMismatch,
)


def _statuses(given: int | tuple[int, ...]) -> tuple[int, ...]:
    return (given,) if isinstance(given, int) else given


@frozen
class ErrorRule(LazyMethods):
    """A rule of the table: the conditions, and the error that they select.

    *status*, *code*, *text* (a pattern) and *operation* (a prefix of its name) must match.
    *bare* matches only bodies without the API's envelope, as the booking service sends them.
    Groups called `field` in *text* capture the names of refused fields; *names* adds others.
    *reason* is the reason of a `SlotUnavailable` or a `VersionMismatch`.
    *executed* means that the server sends the error after it executed the call.
    *hint* is the remedy, if it differs from that of the class.
    """

    error: type[CalcomError]
    status: tuple[int, ...] = field(converter=_statuses)
    text: str = ""
    code: str | None = field(default=None, kw_only=True)
    bare: bool = False
    operation: str = ""
    reason: str = ""
    names: tuple[str, ...] = ()
    executed: bool = False
    hint: str = ""

    def applies_to(self, operation: str, status: int) -> bool:
        """Return whether the rule covers this status of an operation."""
        return status in self.status and operation.startswith(self.operation)

    @property
    def pattern(self) -> re.Pattern[str]:
        """The pattern for the text; without *text* it matches any."""
        # Compiled at the first error, because compiling would double the import time.
        return re.compile(self.text)


_REFUSED = (400, 409, 422)
_NOT_UNIQUE = r"(?i)^emails.must.be.unique"
_FLAT = r"(?:^|, ?)(?P<field>[^,]+?) property is wrong(?=,)"


def _slot(reason: str, text: str, hint: str = "") -> ErrorRule:
    return ErrorRule(SlotUnavailable, _REFUSED, text, reason=reason, hint=hint)


def _invalid(text: str, *names: str) -> ErrorRule:
    return ErrorRule(ValidationFailed, _REFUSED, text, names=names)


def _unpaid(status: int, text: str) -> ErrorRule:
    # The server charges the payment after it saves the booking.
    return ErrorRule(
        BookingConflict,
        status,
        text,
        operation="bookings.",
        executed=True,
        hint="the payment failed, and the booking may exist without it: "
        "list bookings, then cancel it",
    )


_WRONG_VERSION = (
    "the server lacks this route or version: it is older, or the base URL is not that of the API"
)
LEGACY_RESPONSE = (
    "the legacy API (2024-04-15) responded, because the server does not know the "
    "cal-api-version sent, or a proxy removed the header; "
    "every server knows the versions of EVERYWHERE"
)

ERROR_RULES: tuple[ErrorRule, ...] = (
    ErrorRule(RateLimited, 429, code="TRPCError", executed=True),
    ErrorRule(RateLimited, 429),
    ErrorRule(TokenExpired, 498),
    ErrorRule(
        VersionMismatch, 404, r"^Cannot (?:GET|POST|PUT|PATCH|DELETE) /", reason=_WRONG_VERSION
    ),
    ErrorRule(VersionMismatch, 404, r"^Booking with UID=.* does not exist", reason=LEGACY_RESPONSE),
    # A rule of the event type, in the status of wrong credentials.
    ErrorRule(
        SlotUnavailable,
        401,
        r"^(?:booking|duration)_limit_reached",
        bare=True,
        reason="limit",
        hint="a limit of the event type is reached for that period; choose a slot in another one",
    ),
    # Authentication and permissions.
    ErrorRule(Unauthenticated, 403, r"^PermissionsGuard - no (?:authentication|oAuth client)"),
    ErrorRule(PermissionDenied, 401, code="TRPCError"),
    ErrorRule(PermissionDenied, 401, r"(?i)not a host|not authorized to"),
    # The server reports wrong credentials in the envelope, so a bare 401 is about permissions.
    ErrorRule(PermissionDenied, 401, r"^(?!Unauthorized$)", bare=True),
    ErrorRule(Unauthenticated, 401),
    ErrorRule(PermissionDenied, 400, r"does not belong to user$"),
    # Times and slots.
    _slot("taken", r"already has booking at this time or is not available"),
    _slot("taken", r"no_available_users_found_error|hosts?_unavailable_for_booking"),
    _slot("taken", r"^Can't reserve a slot if the event is already booked"),
    _slot("reserved", r"already reserved by another user"),
    _slot("full", r"(?i)no (?:more )?seats left"),
    _slot("past", r"^Attempting to book a meeting in the past"),
    _slot("outside_window", r"can't be booked at the \"start\" time provided"),
    _slot(
        "booker_limit",
        r"maximum number of active bookings",
        hint="this attendee has as many active bookings as the event type allows: "
        "reschedule or cancel one of them",
    ),
    _slot(
        "no_host",
        r"no other host is available",
        hint="no other host is free at that time: reschedule the booking, or keep its host",
    ),
    ErrorRule(SlotUnavailable, 422, operation="slots.", reason="taken"),
    # Repeated calls, and calls that the state of the booking excludes.
    ErrorRule(BookingConflict, 400, r"^Booking already confirmed", operation="bookings.decline"),
    ErrorRule(AlreadyDone, 400, r"^Booking already confirmed"),
    # The server checks any one occurrence of a series. A rescheduled booking has another uid.
    ErrorRule(
        BookingConflict,
        400,
        r"because it has been cancelled already",
        hint="another occurrence of the series, or its rescheduled booking, may "
        "still be accepted: get the booking, then cancel those by their uids",
    ),
    ErrorRule(
        BookingConflict,
        400,
        r"cancelled and rescheduled already",
        hint="it was rescheduled before: get the booking, then use the uid in its "
        "rescheduled_to_uid",
    ),
    ErrorRule(AlreadyDone, 409, r"^already_signed_up_for_this_booking"),
    ErrorRule(NotFound, 400, r"^Invalid seatUid"),
    ErrorRule(BookingConflict, 400, r"because it has been cancelled\."),
    ErrorRule(BookingConflict, 400, r"that has already ended"),
    ErrorRule(BookingConflict, 400, r"does not allow cancellations"),
    ErrorRule(BookingConflict, 403, r"within the minimum notice period"),
    ErrorRule(BookingConflict, 400, r"marked as absent after their scheduled"),
    ErrorRule(BookingConflict, 400, r"^cannot_remove_primary_attendee"),
    # The server sends this after it cancelled the booking.
    ErrorRule(BookingConflict, 400, r"is not part of a recurring booking", executed=True),
    # The server books a series one by one, and keeps the bookings before the conflict.
    ErrorRule(
        BookingConflict, 409, r"^booking_conflict_error", operation="bookings.create", executed=True
    ),
    ErrorRule(BookingConflict, 409, code="CONFLICT", operation="bookings.create", executed=True),
    _unpaid(400, r"(?i)^missing.payment.credential"),
    _unpaid(409, r"^payment_not_created"),
    # The server deletes the seat twice, and the second delete fails: the seat is removed.
    ErrorRule(
        BookingConflict,
        404,
        code="NOT_FOUND",
        operation="bookings.cancel",
        executed=True,
        hint="the server often returns this after it removed a seat: "
        "get the booking to see whether the seat remains",
    ),
    ErrorRule(NotFound, 404, code="NOT_FOUND", executed=True),
    # Invalid input.
    ErrorRule(BookingFieldError, _REFUSED, r"(?:^|, )responses - \{(?P<field>[^}]+)\}"),
    ErrorRule(
        BookingFieldError, _REFUSED, r"^Missing required booking field response: (?P<field>\S+)"
    ),
    ErrorRule(BookingFieldError, _REFUSED, r"booking field '(?P<field>[^']+)'"),
    ErrorRule(BookingFieldError, _REFUSED, r"^Invalid option"),
    _invalid(_FLAT),
    _invalid(r"^Bad Request Exception$"),
    ErrorRule(ValidationFailed, 400, r"(?P<field>\S+) - [^,]*, ?", code="BAD_REQUEST"),
    _invalid(r"^Cancellation reason is required", "cancellationReason"),
    _invalid(r"^Can(?:no|')t cancel subsequent bookings", "cancelSubsequentBookings"),
    _invalid(r"lengthInMinutes", "lengthInMinutes"),
    _invalid(r"^Booking location with", "location"),
    _invalid(r"^Video integration .* is not connected", "location"),
    _invalid(r"recurrenceCount|^Provided recurrence count", "recurrenceCount"),
    _invalid(r"attendee\.phoneNumber", "attendee.phoneNumber"),
    _invalid(r"seatUid", "seatUid"),
    _invalid(r"not a valid Round Robin host", "userId"),
    _invalid(
        r"^(?:email_verification_required|invalid_verification_code)", "emailVerificationCode"
    ),
    ErrorRule(ValidationFailed, 400, _NOT_UNIQUE, operation="bookings.attendees", names=("email",)),
    _invalid(_NOT_UNIQUE, "guests"),
    _invalid(r"^Cannot add \d+ guests", "guests"),
    _invalid(r"^Invalid time range given", "start", "end"),
    _invalid(r"^Validation failed \(numeric string is expected\)"),
    _invalid(r"^Body (?:is required|should be an object)"),
)

ERROR_OF_STATUS: dict[int, type[ApiError]] = {
    403: PermissionDenied,
    404: NotFound,
    409: BookingConflict,
}
ERROR_OF_STATUS_CLASS: dict[int, type[ApiError]] = {4: BadRequest, 5: ServerError}

REMEDIES: dict[type[CalcomError], str] = {
    AlreadyDone: "nothing was changed; get the booking to see its state",
    BadRequest: "change the input as the server's text requires",
    BlockedByEdge: "a proxy or firewall refused the request; check the base URL and your network",
    BookingConflict: "check the booking and the rules of its event type",
    BookingFieldError: "set {fields} to a value that the event type accepts",
    NotFound: "check the uid, and whether these credentials may see it",
    PermissionDenied: "these credentials do not permit it",
    RateLimited: "{wait}",
    ServerError: "retry a read; before you repeat a write, check whether it happened",
    SlotUnavailable: "list the free slots, and choose another",
    TokenExpired: "refresh the access token, then retry",
    Unauthenticated: "{credentials}",
    ValidationFailed: "correct {fields}",
    ApiError: "not a response of the API; redirects are not followed; check the base URL",
}

CREDENTIALS_HINTS: dict[str, str] = {
    "": "pass valid credentials, such as auth=ApiKey(…)",
    "AccessToken": "the access token was refused: refresh it, or check which server issued it",
    "Anonymous": "no credentials were sent: pass some, such as auth=ApiKey(…)",
    "ApiKey": "the API key was refused: check that it is complete, not expired, and of this server",
    "OAuthClient": "the OAuth client was refused: check its id and its secret",
}
