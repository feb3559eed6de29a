"""The table of errors: which refusal of the server means which error, and the way out.

The text decides before the status: a taken slot is 400, 409 or 422; a 401 may mean a limit of the
event type, a missing permission or wrong credentials; a 403 may mean that credentials are missing.
The first row of `ERROR_RULES` that matches counts; without one, the status does.
`calcom_core.error_mapping` applies the table.
"""

import re
from functools import cache

from attrs import frozen

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


@cache  # at the first error, since importing them would take as long as all else of this module
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)


@frozen(kw_only=True)
class ErrorRule(LazyMethods):
    """A row of the table: what must match, and the error that it means.

    *bare* matches only bodies without the API's envelope, which its booking service sends.
    *text* may name the fields at fault by groups called `field`; *names* are further ones.
    *reason* is the reason of a `SlotUnavailable` or a `VersionMismatch`.
    *acted* marks responses that come although, or after, the server acted.
    *hint* is the way out, if it differs from that of the class.
    """

    error: type[CalcomError]
    status: tuple[int, ...]
    code: str | None = None
    bare: bool = False
    text: str | None = None
    operation: str = ""
    reason: str = ""
    names: tuple[str, ...] = ()
    executed: bool = False
    hint: str = ""

    def is_about(self, operation: str, status: int) -> bool:
        """Whether this row is about answers of that status to the operation of that name."""
        return status in self.status and operation.startswith(self.operation)

    @property
    def pattern(self) -> re.Pattern[str]:
        """What the text must fit; any text does where the row says nothing of it."""
        return _pattern(self.text or "")


_REFUSED = (400, 409, 422)
_NOT_UNIQUE = r"(?i)^emails.must.be.unique"
_FLAT = r"(?:^|, ?)(?P<field>[^,]+?) property is wrong(?=,)"


def _slot(reason: str, text: str, hint: str = "") -> ErrorRule:
    return ErrorRule(error=SlotUnavailable, status=_REFUSED, text=text, reason=reason, hint=hint)


def _invalid(text: str, *names: str) -> ErrorRule:
    return ErrorRule(error=ValidationFailed, status=_REFUSED, text=text, names=names)


def _unpaid(status: int, text: str) -> ErrorRule:
    # The server handles the payment after it has saved the booking.
    return ErrorRule(
        error=BookingConflict,
        status=(status,),
        text=text,
        operation="bookings.",
        executed=True,
        hint="the payment failed, and the booking may exist without it: look, then cancel it",
    )


def _booking_field(text: str) -> ErrorRule:
    return ErrorRule(error=BookingFieldError, status=_REFUSED, text=text)


_WRONG_VERSION = (
    "the server has no such route in this version of its API: "
    "it is older, or the base URL is not that of its API"
)
LEGACY_RESPONSE = (
    "the legacy API (2024-04-15) answered, as it does when the server does not know the "
    "cal-api-version sent: it is older than the version, or something removed the header; "
    "where versions=HOSTED was chosen, EVERYWHERE is what every server knows"
)

ERROR_RULES: tuple[ErrorRule, ...] = (
    ErrorRule(error=RateLimited, status=(429,), code="TRPCError", executed=True),
    ErrorRule(error=RateLimited, status=(429,)),
    ErrorRule(error=TokenExpired, status=(498,)),
    ErrorRule(
        error=VersionMismatch,
        status=(404,),
        text=r"^Cannot (?:GET|POST|PUT|PATCH|DELETE) /",
        reason=_WRONG_VERSION,
    ),
    ErrorRule(
        error=VersionMismatch,
        status=(404,),
        text=r"^Booking with UID=.* does not exist",
        reason=LEGACY_RESPONSE,
    ),
    # A rule of the event type, in the status of wrong credentials.
    ErrorRule(
        error=SlotUnavailable,
        status=(401,),
        bare=True,
        text=r"^(?:booking|duration)_limit_reached",
        reason="limit",
        hint="a limit of the event type is reached for that period; take a slot of another one",
    ),
    # Who may.
    ErrorRule(
        error=Unauthenticated,
        status=(403,),
        text=r"^PermissionsGuard - no (?:authentication|oAuth client)",
    ),
    ErrorRule(error=PermissionDenied, status=(401,), code="TRPCError"),
    ErrorRule(error=PermissionDenied, status=(401,), text=r"(?i)not a host|not authorized to"),
    # Wrong credentials are reported within the envelope.
    ErrorRule(error=PermissionDenied, status=(401,), bare=True, text=r"^(?!Unauthorized$)"),
    ErrorRule(error=Unauthenticated, status=(401,)),
    ErrorRule(error=PermissionDenied, status=(400,), text=r"does not belong to user$"),
    # When.
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
    ErrorRule(error=SlotUnavailable, status=(422,), operation="slots.", reason="taken"),
    # Done before, or not possible now.
    ErrorRule(
        error=BookingConflict,
        status=(400,),
        text=r"^Booking already confirmed",
        operation="bookings.decline",
    ),
    ErrorRule(error=AlreadyDone, status=(400,), text=r"^Booking already confirmed"),
    # Of a series the server looks at any one occurrence, and a rescheduled booking goes on under
    # another uid.
    ErrorRule(
        error=BookingConflict,
        status=(400,),
        text=r"because it has been cancelled already",
        hint="another occurrence of the series, or the booking that it was rescheduled to, may "
        "still be accepted: get the booking, then cancel those by their own uids",
    ),
    ErrorRule(
        error=BookingConflict,
        status=(400,),
        text=r"cancelled and rescheduled already",
        hint="it was rescheduled before, perhaps to another time: get the booking and follow its "
        "rescheduled_to_uid",
    ),
    ErrorRule(error=AlreadyDone, status=(409,), text=r"^already_signed_up_for_this_booking"),
    ErrorRule(error=NotFound, status=(400,), text=r"^Invalid seatUid"),
    ErrorRule(error=BookingConflict, status=(400,), text=r"because it has been cancelled\."),
    ErrorRule(error=BookingConflict, status=(400,), text=r"that has already ended"),
    ErrorRule(error=BookingConflict, status=(400,), text=r"does not allow cancellations"),
    ErrorRule(error=BookingConflict, status=(403,), text=r"within the minimum notice period"),
    ErrorRule(error=BookingConflict, status=(400,), text=r"marked as absent after their scheduled"),
    ErrorRule(error=BookingConflict, status=(400,), text=r"^cannot_remove_primary_attendee"),
    # Raised after the booking was cancelled.
    ErrorRule(
        error=BookingConflict,
        status=(400,),
        text=r"is not part of a recurring booking",
        executed=True,
    ),
    # A series is booked one by one: those before the one that clashed stay booked.
    ErrorRule(
        error=BookingConflict,
        status=(409,),
        text=r"^booking_conflict_error",
        operation="bookings.create",
        executed=True,
    ),
    ErrorRule(
        error=BookingConflict,
        status=(409,),
        code="CONFLICT",
        operation="bookings.create",
        executed=True,
    ),
    # The payment failed after the booking was saved.
    _unpaid(400, r"(?i)^missing.payment.credential"),
    _unpaid(409, r"^payment_not_created"),
    # One delete of the server takes the row of the next: the seat is removed all the same.
    ErrorRule(
        error=BookingConflict,
        status=(404,),
        code="NOT_FOUND",
        operation="bookings.cancel",
        executed=True,
        hint="the server often removes a seat and then says so: get the booking to see whether "
        "the seat is left",
    ),
    ErrorRule(error=NotFound, status=(404,), code="NOT_FOUND", executed=True),
    # What was wrong with the input.
    _booking_field(r"(?:^|, )responses - \{(?P<field>[^}]+)\}"),
    _booking_field(r"^Missing required booking field response: (?P<field>\S+)"),
    _booking_field(r"booking field '(?P<field>[^']+)'"),
    _booking_field(r"^Invalid option"),
    _invalid(_FLAT),
    _invalid(r"^Bad Request Exception$"),
    ErrorRule(
        error=ValidationFailed, status=(400,), code="BAD_REQUEST", text=r"(?P<field>\S+) - [^,]*, ?"
    ),
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
    ErrorRule(
        error=ValidationFailed,
        status=(400,),
        text=_NOT_UNIQUE,
        operation="bookings.attendees",
        names=("email",),
    ),
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
ERROR_OF_HUNDRED: dict[int, type[ApiError]] = {4: BadRequest, 5: ServerError}

WAYS_OUT: dict[type[CalcomError], str] = {
    AlreadyDone: "nothing was changed now; get the booking to see how it stands",
    BadRequest: "the server's text says what to change",
    BlockedByEdge: "something in front of the API refused; check the base URL and your network",
    BookingConflict: "get the booking, and the rules of its event type, to see why",
    BookingFieldError: "give {fields} the value that the event type requires",
    NotFound: "check the uid, and that these credentials may see it",
    PermissionDenied: "these credentials do not allow it",
    RateLimited: "{wait}",
    ServerError: "retry a read; before you repeat a write, look whether it happened",
    SlotUnavailable: "list the free slots, and take another",
    TokenExpired: "refresh the access token, then retry",
    Unauthenticated: "{credentials}",
    ValidationFailed: "change {fields}",
    ApiError: "not a response of the API, and redirects are not followed; check the base URL",
}

CREDENTIALS_HINTS: dict[str, str] = {
    "": "give valid credentials, such as auth=ApiKey(…)",
    "AccessToken": "the access token was refused: refresh it, or check which server issued it",
    "Anonymous": "no credentials were sent: give some, such as auth=ApiKey(…)",
    "ApiKey": "the API key was refused: check that it is complete, not expired, and of this server",
    "OAuthClient": "the OAuth client was refused: check its id and its secret",
}
