"""The refusals of the server: status, code and text of each, taken from the recordings.

`REFUSALS` names for each one the recording it was taken from, and a test holds the two together.
No wording is invented: a case without a recording raises `NotRecorded`, which becomes a response
501 that names the recording the fake would need.
"""

from collections.abc import Mapping
from typing import Any, NoReturn

from attrs import frozen


@frozen
class Refusal:
    """A row of the table; *text* has placeholders for values of the request.

    Without a *code* the body is the bare one of the framework: `{"statusCode": …, "message": …}`.
    """

    status: int
    code: str
    text: str
    recording: str

    def body(self, text: str, timestamp: str, path: str) -> dict[str, Any]:
        """Return the JSON of the refusal with its text filled in."""
        if not self.code:
            return {"statusCode": self.status, "message": text}
        error: dict[str, Any] = {"code": self.code, "message": text}
        if self.code in _PHRASES:
            phrase = _PHRASES[self.code]
            error["details"] = {"message": text, "error": phrase, "statusCode": self.status}
        elif self.code in _REPEATED:
            error["details"] = text
        return {"status": "error", "timestamp": timestamp, "path": path, "error": error}


_PHRASES = {
    "BadRequestException": "Bad Request",
    "UnauthorizedException": "Unauthorized",
    "ForbiddenException": "Forbidden",
    "NotFoundException": "Not Found",
    "ConflictException": "Conflict",
    "UnprocessableEntityException": "Unprocessable Entity",
}
"""The exceptions of the server whose details repeat the text, with the phrase of their status."""

_REPEATED = frozenset({"ThrottlerException", "TokenExpiredException"})
"""The exceptions of the server whose details are the text alone."""


class Refused(Exception):
    """The server refuses a request: a row of the table, and the values for its text."""

    def __init__(self, name: str, values: Mapping[str, object]) -> None:
        super().__init__(name)
        self.refusal = REFUSALS[name]
        self.text = self.refusal.text.format_map(values)


class RefusedByForm(Exception):
    """The server refuses the form of an input, with a list of errors."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__("invalid input")
        self.errors = errors

    def body(self, timestamp: str, path: str) -> dict[str, Any]:
        """Return the JSON of the refusal."""
        details = {"errors": self.errors}
        error = {"code": "BadRequestException", "message": FORM_MESSAGE, "details": details}
        return {"status": "error", "timestamp": timestamp, "path": path, "error": error}


FORM_MESSAGE = "Bad Request Exception"


class NotRecorded(Exception):
    """No recording shows the response of the server here."""


def refuse(name: str, **values: object) -> NoReturn:
    """Refuse the request by the row *name*."""
    raise Refused(name, values)


def _bad(text: str, recording: str) -> Refusal:
    return Refusal(400, "BadRequestException", text, recording)


def _missing(text: str, recording: str) -> Refusal:
    return Refusal(404, "NotFoundException", text, recording)


def _forbidden(text: str, recording: str) -> Refusal:
    return Refusal(403, "ForbiddenException", text, recording)


_GONE = "because it has been cancelled"
_TOO_SOON = (
    "The event type can't be booked at the \"start\" time provided. This could be because it's "
    "too soon (violating the minimum booking notice) or too far in the future (outside the "
    "event's scheduling window). Try fetching available slots first using the GET /v2/slots "
    'endpoint and then make a booking with "start" time equal to one of the available slots.'
)
_RESERVED = "This time slot is already reserved by another user. Please choose a different time."
_MAX_ACTIVE = (
    "Attendee with this email can't book because the maximum number of active bookings has been "
    "reached."
)

REFUSALS: Mapping[str, Refusal] = {
    # Before an operation.
    "no-route": _missing("Cannot {method} {path}", "266-unknown-booking-subroute"),
    "unknown-key": Refusal(
        401,
        "UnauthorizedException",
        "CustomThrottlerGuard - Invalid API Key",
        "198-list-bogus-key",
    ),
    "unknown-token": _forbidden(
        "PermissionsGuard - no oAuth client found for access token={token}",
        "199-list-garbage-token",
    ),
    "no-credentials": _forbidden(
        "PermissionsGuard - no authentication provided. Provide either authorization bearer token "
        "containing managed user access token or oAuth client id in 'x-cal-client-id' header.",
        "190-list-noauth",
    ),
    "rate-limit": Refusal(
        429,
        "ThrottlerException",
        "CustomThrottlerGuard - Too many requests. Please try again later.",
        "297-ratelimit-4",
    ),
    "no-access": _forbidden(
        "BookingPbacGuard - user with id={user_id} does not have access to booking with uid={uid}",
        "461-recordings-stranger",
    ),
    "truncated-json": _bad("Unexpected end of JSON input", "249-create-malformed-json"),
    "bad-path": _bad("Failed to decode param '{path}'", "446-bad-percent-encoding"),
    "nul": Refusal(500, "", "Internal server error", "447-uid-nul"),
    "invalid": _bad("{errors}", "246-create-empty-body"),
    # Bookings that are not there.
    "no-booking": _missing(
        "Booking with uid={uid} was not found in the database", "191-get-bad-uid"
    ),
    "no-booking-to-mark": _missing("Booking with uid={uid} not found.", "195-mark-absent-bad-uid"),
    "no-booking-of-links": _missing(
        "Booking with uid {uid} not found", "197-calendar-links-bad-uid"
    ),
    "no-booking-of-seat": _missing(
        "Booking with seatUid={seat_uid} was not found in the database", "115-get-by-seat-missing"
    ),
    # Create.
    "no-user": _missing("User with username {username} not found", "241-create-username-unknown"),
    "no-team": _missing("Team with slug {slug} not found", "242-create-team-unknown"),
    "needs-credentials": Refusal(
        401,
        "UnauthorizedException",
        "checkBookingRequiresAuthentication - request must be authenticated by passing credentials "
        "belonging to event type owner, host or team or org admin or owner.",
        "75-create-auth-required-noauth",
    ),
    "needs-host": _forbidden(
        "checkBookingRequiresAuthentication - user is not authorized to access this event type. "
        "User has to be either event type owner, host, team admin or owner or org admin or owner.",
        "live-06-create-auth-required-stranger",
    ),
    "one-length": _bad(
        "Can't specify 'lengthInMinutes' because event type does not have multiple possible "
        "lengths. Please, remove the 'lengthInMinutes' field from the request.",
        "235-create-length-invalid",
    ),
    "wrong-location": _bad(
        "Booking location with type {type} not valid for event type with id={id}. The event type "
        "has following location types: {types}, and only these types are allowed for booking "
        "location.",
        "237-create-location-not-configured",
    ),
    "too-many-occurrences": _bad(
        "Provided recurrence count is higher than the event type's recurring event count.",
        "live-07-create-recurring-count-too-high",
    ),
    "field-missing": _bad(
        "Missing required booking field response: {slug} - it is required by the event type "
        "booking fields, but missing in the bookingFieldsResponses. You can fetch the event type "
        "with ID {id} to see the required fields.",
        "243-create-missing-required-field",
    ),
    "field-type": _bad(
        "Invalid type for booking field '{slug}'. Expected type string (compatible with field "
        "type 'text'), but received {received}.",
        "245-create-wrong-type-field",
    ),
    "past": _bad("Attempting to book a meeting in the past.", "210-create-past"),
    "too-soon": _bad(_TOO_SOON, "211-create-within-min-notice"),
    "max-active": _bad(_MAX_ACTIVE, "79-create-max-active-second"),
    "max-active-reschedule": _bad(
        f"{_MAX_ACTIVE} You can reschedule your existing booking ({{uid}}) to a new timeslot "
        "instead.",
        "live-09-create-max-active-second-offers-reschedule",
    ),
    "day-is-full": Refusal(
        401, "", "booking_limit_reached", "live-01-create-booking-limit-per-day"
    ),
    "unverified": Refusal(
        400,
        "",
        "email_verification_required",
        "live-04-create-email-verification-required-noauth",
    ),
    "wrong-code": Refusal(
        400,
        "",
        "invalid_verification_code",
        "live-05-create-email-verification-wrong-code-noauth",
    ),
    "zod": Refusal(400, "BAD_REQUEST", "{path} - {problem}, ", "217-create-bad-email"),
    "taken": _bad(
        "User either already has booking at this time or is not available",
        "203-create-slot-taken-same-attendee",
    ),
    "conflict": Refusal(
        409, "", "booking_conflict_error", "106-create-recurring-conflict-on-second"
    ),
    "no-seats": Refusal(
        409,
        "ConflictException",
        "No more seats left at this seated booking.",
        "111-create-seated-full",
    ),
    # Reschedule.
    "reschedule-cancelled": _bad(
        f"Can't reschedule booking with uid={{uid}} {_GONE}. Please provide uid of a booking that "
        "is not cancelled.",
        "54-reschedule-cancelled",
    ),
    "rescheduled-already": _bad(
        f"Can't reschedule booking with uid={{uid}} {_GONE} and rescheduled already to booking "
        "with uid={new_uid}. You probably want to reschedule {new_uid} instead by passing it "
        "within the request URL.",
        "47-reschedule-already-rescheduled",
    ),
    "reschedule-notice": Refusal(
        403,
        "",
        "Rescheduling is not allowed within the minimum notice period before the event",
        "73-reschedule-notice-violated-noauth",
    ),
    "reschedule-seats-anonymously": Refusal(
        500, "", "Internal server error", "425-reschedule-seated-noauth-whole"
    ),
    "no-seat": _missing(
        "Seat with uid={seat_uid} does not exist.", "426-reschedule-seat-bad-seatuid"
    ),
    # Cancel.
    "cancelled-already": _bad(
        f"Can't cancel booking with uid={{uid}} {_GONE} already. Please provide uid of a booking "
        "that is not cancelled.",
        "53-cancel-twice",
    ),
    "reason-required": Refusal(
        400, "", "Cancellation reason is required", "50-cancel-host-without-reason"
    ),
    "no-cancelling": Refusal(
        400, "", "This event type does not allow cancellations", "67-cancel-disabled"
    ),
    "ended": Refusal(
        400, "", "Cannot cancel a booking that has already ended", "438-cancel-subsequent-on-normal"
    ),
    "seat-gone": _bad(
        "Invalid seatUid: this seat does not exist or has already been cancelled.",
        "118-cancel-seat-twice",
    ),
    "seat-of-another": _bad(
        "Invalid seatUid: this seat does not belong to this booking.",
        "123-cancel-seat-wrong-booking",
    ),
    # Confirm, decline, mark absent, reassign.
    "not-your-booking": Refusal(
        401,
        "TRPCError",
        "User is not authorized to confirm this booking",
        "82-confirm-other-user",
    ),
    "confirmed-already": Refusal(400, "TRPCError", "Booking already confirmed", "85-confirm-twice"),
    "too-early": _bad(
        "Bookings can only be marked as absent after their scheduled start time. Current time in "
        "UTC+0: {now}, Booking start time in UTC+0: {start}",
        "147-mark-absent-future",
    ),
    "not-marked": Refusal(
        500, "", "Failed to update no-show status", "414-mark-absent-attendees-by-stranger"
    ),
    "no-reassigning": _forbidden(
        "You do not have permission to reassign this booking", "143-reassign-by-stranger"
    ),
    "no-other-host": _bad(
        "Can't reassign the booking because no other host is available at that time.",
        "live-56-ee-reassign-collective",
    ),
    "no-user-id": _missing(
        "User with id={user_id} was not found in the database", "141-reassign-to-missing-user"
    ),
    "not-a-host": _bad(
        "User with id={user_id} is not a valid Round Robin host - the user to which you reassign "
        "this booking must be one of the booking hosts. Fetch the booking using following endpoint "
        "and select id of one of the hosts: "
        "https://cal.com/docs/api-reference/v2/bookings/get-a-booking",
        "live-52-ee-reassign-to-user-not-a-host",
    ),
    "not-a-number": Refusal(
        500,
        "INTERNAL_SERVER_ERROR",
        "There was an error, please try again later.",
        "142-reassign-to-nan-user",
    ),
    # What belongs to a booking.
    "no-attendee": _missing(
        "Attendee with id {attendee_id} not found in booking {uid}", "450-attendee-get-missing"
    ),
    "attendee-gone": _missing("attendee_not_found", "453-attendee-remove-missing"),
    "first-attendee": _bad("cannot_remove_primary_attendee", "458-attendee-remove-primary"),
    "guest-twice": Refusal(400, "TRPCError", "emails_must_be_unique_valid", "263-guests-duplicate"),
    "no-permission": Refusal(403, "TRPCError", "you_do_not_have_permission", "455-guests-stranger"),
    "no-moving": _forbidden(
        "User is not authorized to update this booking location. User must be the event type "
        "owner, host, team admin or owner, or org admin or owner.",
        "457-location-stranger",
    ),
    "not-connected": _bad(
        'Video integration "{integration}" is not connected. Please connect the integration in '
        "your settings first.",
        "live-21-location-integration-not-connected",
    ),
    "not-your-references": _bad(
        "Booking with uid {uid} does not belong to user", "459-references-stranger"
    ),
    "no-video": _missing(
        "No Cal Video reference found with booking uid {uid}", "34-get-recordings"
    ),
    # Slots.
    "no-event-type-of-slots": _missing("Event Type not found", "09-slots-bad-eventtype"),
    "reserved": Refusal(422, "UnprocessableEntityException", _RESERVED, "15-slot-reserve-taken"),
}
"""Every refusal by its name here."""
