"""Every recorded refusal becomes its error."""

from typing import Any

import pytest
from attrs import Factory, frozen
from core_recorded import NAMES, RECORDED, operation_of, response_of

from calcom_core import (
    AlreadyDone,
    ApiError,
    BadRequest,
    BookingConflict,
    BookingFieldError,
    NotFound,
    PermissionDenied,
    RateLimited,
    ServerError,
    SlotUnavailable,
    TokenExpired,
    Unauthenticated,
    ValidationFailed,
)
from calcom_core.rate_limits import RateLimit


@frozen
class Refusal:
    name: str
    error: type[ApiError]
    code: str | None
    message: str
    may_have_happened: bool = False
    attributes: dict[str, Any] = Factory(dict)


def invalid(*fields: str) -> dict[str, Any]:
    """Return the attributes of an error that names fields without a reason."""
    return {"fields": dict.fromkeys(fields, ())}


TAKEN = "User either already has booking at this time or is not available"
NO_CREDENTIALS = (
    "PermissionsGuard - no authentication provided. Provide either authorization "
    "bearer token containing managed user access token or oAuth client id in "
    "'x-cal-client-id' header."
)
TOO_MANY = "CustomThrottlerGuard - Too many requests. Please try again later."
METADATA_WRONG = (
    "metadata property is wrong,Metadata must have at most 50 keys, each key up to "
    "40 characters, and string values up to 500 characters."
)
NOTHING_GIVEN = (
    "start property is wrong,start must be a valid ISO 8601 date string , attendee "
    "property is wrong,attendee should not be null or undefined , eventTypeId or "
    "eventTypeSlug + username property is wrong,Either eventTypeId or "
    "eventTypeSlug + username or eventTypeSlug + teamSlug must be provided"
)
START_WRONG = "start property is wrong,start must be a valid ISO 8601 date string"
SOMETHING_WRONG = "Bad Request Exception"
CONFLICT = "booking_conflict_error"
NOT_IN_CAL_VIDEO = "No Cal Video reference found with booking uid 8q36zVzjeFHywNswG41LH7"
DATABASE_DOWN = "There was an error, please try again later."

REFUSALS = [
    Refusal(
        "106-create-recurring-conflict-on-second",
        BookingConflict,
        None,
        CONFLICT,
        may_have_happened=True,
    ),
    Refusal(
        "111-create-seated-full",
        SlotUnavailable,
        "ConflictException",
        "No more seats left at this seated booking.",
        attributes={"reason": "full"},
    ),
    Refusal(
        "118-cancel-seat-twice",
        NotFound,
        "BadRequestException",
        "Invalid seatUid: this seat does not exist or has already been cancelled.",
    ),
    Refusal(
        "123-cancel-seat-wrong-booking",
        NotFound,
        "BadRequestException",
        "Invalid seatUid: this seat does not belong to this booking.",
    ),
    Refusal(
        "141-reassign-to-missing-user",
        NotFound,
        "NotFoundException",
        "User with id=99999 was not found in the database",
    ),
    Refusal(
        "142-reassign-to-nan-user",
        ServerError,
        "INTERNAL_SERVER_ERROR",
        DATABASE_DOWN,
        may_have_happened=True,
    ),
    Refusal(
        "143-reassign-by-stranger",
        PermissionDenied,
        "ForbiddenException",
        "You do not have permission to reassign this booking",
    ),
    Refusal(
        "147-mark-absent-future",
        BookingConflict,
        "BadRequestException",
        (
            "Bookings can only be marked as absent after their scheduled start time. "
            "Current time in UTC+0: 2026-11-22T16:03:13.915Z, Booking start time in UTC+0: "
            "2026-12-12T18:30:00.000Z"
        ),
    ),
    Refusal(
        "153-mark-absent-empty-attendees",
        ValidationFailed,
        "BadRequestException",
        SOMETHING_WRONG,
        attributes={"fields": {"attendees": ("attendees must contain at least 1 elements",)}},
    ),
    Refusal(
        "163-list-take0",
        ValidationFailed,
        "BadRequestException",
        SOMETHING_WRONG,
        attributes={"fields": {"take": ("take must not be less than 1",)}},
    ),
    Refusal(
        "165-list-take-negative",
        ValidationFailed,
        "BadRequestException",
        SOMETHING_WRONG,
        attributes={"fields": {"take": ("take must not be less than 1",)}},
    ),
    Refusal(
        "166-list-skip-negative",
        ValidationFailed,
        "BadRequestException",
        SOMETHING_WRONG,
        attributes={"fields": {"skip": ("skip must not be less than 0",)}},
    ),
    Refusal(
        "167-list-take-abc",
        ValidationFailed,
        "BadRequestException",
        SOMETHING_WRONG,
        attributes={
            "fields": {
                "take": (
                    "take must not be greater than 250",
                    "take must not be less than 1",
                    "take must be a number conforming to the specified constraints",
                )
            }
        },
    ),
    Refusal(
        "173-list-status-empty",
        ValidationFailed,
        "BadRequestException",
        SOMETHING_WRONG,
        attributes={
            "fields": {
                "status": (
                    "Invalid status. Allowed are upcoming, recurring, past, cancelled, unconfirmed",
                )
            }
        },
    ),
    Refusal(
        "181-list-after-start-bad",
        ValidationFailed,
        "BadRequestException",
        SOMETHING_WRONG,
        attributes={"fields": {"afterStart": ("fromDate must be a valid ISO 8601 date.",)}},
    ),
    Refusal(
        "183-list-sort-bad",
        ValidationFailed,
        "BadRequestException",
        SOMETHING_WRONG,
        attributes={"fields": {"sortStart": ('SortStart must be either "asc" or "desc".',)}},
    ),
    Refusal(
        "186-list-event-type-nan",
        ValidationFailed,
        "BadRequestException",
        SOMETHING_WRONG,
        attributes={"fields": {"eventTypeId": ("eventTypeId must be an integer number",)}},
    ),
    Refusal("190-list-noauth", Unauthenticated, "ForbiddenException", NO_CREDENTIALS),
    Refusal(
        "191-get-bad-uid",
        NotFound,
        "NotFoundException",
        "Booking with uid=does-not-exist was not found in the database",
    ),
    Refusal(
        "193-reschedule-bad-uid",
        NotFound,
        "NotFoundException",
        "Booking with uid=does-not-exist was not found in the database",
    ),
    Refusal(
        "194-confirm-bad-uid",
        NotFound,
        "NotFoundException",
        "Booking with uid=does-not-exist was not found in the database",
    ),
    Refusal(
        "195-mark-absent-bad-uid",
        NotFound,
        "NotFoundException",
        "Booking with uid=does-not-exist not found.",
    ),
    Refusal(
        "198-list-bogus-key",
        Unauthenticated,
        "UnauthorizedException",
        "CustomThrottlerGuard - Invalid API Key",
    ),
    Refusal(
        "199-list-garbage-token",
        Unauthenticated,
        "ForbiddenException",
        "PermissionsGuard - no oAuth client found for access token=[redacted]",
    ),
    Refusal(
        "201-create-bogus-key",
        Unauthenticated,
        "UnauthorizedException",
        "CustomThrottlerGuard - Invalid API Key",
    ),
    Refusal(
        "203-create-slot-taken-same-attendee",
        SlotUnavailable,
        "BadRequestException",
        TAKEN,
        attributes={"reason": "taken"},
    ),
    Refusal(
        "205-create-slot-taken-overlap",
        SlotUnavailable,
        "BadRequestException",
        TAKEN,
        attributes={"reason": "taken"},
    ),
    Refusal(
        "209-create-outside-availability",
        SlotUnavailable,
        "BadRequestException",
        TAKEN,
        attributes={"reason": "taken"},
    ),
    Refusal(
        "210-create-past",
        SlotUnavailable,
        "BadRequestException",
        "Attempting to book a meeting in the past.",
        attributes={"reason": "past"},
    ),
    Refusal(
        "211-create-within-min-notice",
        SlotUnavailable,
        "BadRequestException",
        (
            'The event type can\'t be booked at the "start" time provided. This could be '
            "because it's too soon (violating the minimum booking notice) or too far in "
            "the future (outside the event's scheduling window). Try fetching available "
            "slots first using the GET /v2/slots endpoint and then make a booking with "
            '"start" time equal to one of the available slots.'
        ),
        attributes={"reason": "outside_window"},
    ),
    Refusal(
        "213-create-missing-attendee",
        ValidationFailed,
        "BadRequestException",
        "attendee property is wrong,attendee should not be null or undefined",
        attributes=invalid("attendee"),
    ),
    Refusal(
        "214-create-missing-start",
        ValidationFailed,
        "BadRequestException",
        START_WRONG,
        attributes=invalid("start"),
    ),
    Refusal(
        "215-create-missing-event-type",
        ValidationFailed,
        "BadRequestException",
        (
            "eventTypeId or eventTypeSlug + username property is wrong,Either eventTypeId "
            "or eventTypeSlug + username or eventTypeSlug + teamSlug must be provided"
        ),
        attributes=invalid("eventTypeId or eventTypeSlug + username"),
    ),
    Refusal(
        "217-create-bad-email",
        BookingFieldError,
        "BAD_REQUEST",
        "responses - {email}email_validation_error,",
        attributes=invalid("email"),
    ),
    Refusal(
        "218-create-bad-timezone",
        ValidationFailed,
        "BadRequestException",
        (
            "attendee property is wrong, timeZone property is wrong,timeZone must be a "
            "valid IANA time-zone"
        ),
        attributes=invalid("attendee", "timeZone"),
    ),
    Refusal(
        "219-create-missing-name",
        ValidationFailed,
        "BadRequestException",
        "attendee property is wrong, name property is wrong,name must be a string",
        attributes=invalid("attendee", "name"),
    ),
    Refusal(
        "221-create-no-contact",
        ValidationFailed,
        "BadRequestException",
        (
            "attendee property is wrong, attendee email or phone property is "
            "wrong,Attendee must have at least one contact method (email or phone number)"
        ),
        attributes=invalid("attendee", "attendee email or phone"),
    ),
    Refusal(
        "223-create-bad-language",
        ValidationFailed,
        "BadRequestException",
        (
            "attendee property is wrong, language property is wrong,language must be one "
            "of the following values: ar, ca, de, es, eu, he, id, ja, lv, pl, ro, sr, th, "
            "vi, az, cs, el, es-419, fi, hr, it, km, nl, pt, ru, sv, tr, zh-CN, bg, da, "
            "en, et, fr, hu, iw, ko, no, pt-BR, sk, ta, uk, zh-TW, bn"
        ),
        attributes=invalid("attendee", "language"),
    ),
    Refusal(
        "225-create-unknown-property",
        ValidationFailed,
        "BadRequestException",
        "foo property is wrong,property foo should not exist",
        attributes=invalid("foo"),
    ),
    Refusal(
        "226-create-metadata-too-many-keys",
        ValidationFailed,
        "BadRequestException",
        METADATA_WRONG,
        attributes=invalid("metadata"),
    ),
    Refusal(
        "227-create-metadata-key-too-long",
        ValidationFailed,
        "BadRequestException",
        METADATA_WRONG,
        attributes=invalid("metadata"),
    ),
    Refusal(
        "229-create-metadata-nonstring-value",
        ValidationFailed,
        "BAD_REQUEST",
        "metadata.k - Expected string, received number,",
        attributes=invalid("metadata.k"),
    ),
    Refusal(
        "230-create-metadata-null",
        ValidationFailed,
        "BadRequestException",
        METADATA_WRONG,
        attributes=invalid("metadata"),
    ),
    Refusal(
        "231-create-event-type-string",
        ValidationFailed,
        "BadRequestException",
        "eventTypeId property is wrong,eventTypeId must be an integer number",
        attributes=invalid("eventTypeId"),
    ),
    Refusal(
        "233-create-guests-bad",
        BookingFieldError,
        "BAD_REQUEST",
        "responses - {guests}email_validation_error,",
        attributes=invalid("guests"),
    ),
    Refusal(
        "234-create-guests-not-array",
        ValidationFailed,
        "BadRequestException",
        "guests property is wrong,guests must be an array",
        attributes=invalid("guests"),
    ),
    Refusal(
        "235-create-length-invalid",
        ValidationFailed,
        "BadRequestException",
        (
            "Can't specify 'lengthInMinutes' because event type does not have multiple "
            "possible lengths. Please, remove the 'lengthInMinutes' field from the request."
        ),
        attributes=invalid("lengthInMinutes"),
    ),
    Refusal(
        "237-create-location-not-configured",
        ValidationFailed,
        "BadRequestException",
        (
            "Booking location with type attendeePhone not valid for event type with id=1. "
            "The event type has following location types: link, and only these types are "
            "allowed for booking location."
        ),
        attributes=invalid("location"),
    ),
    Refusal(
        "241-create-username-unknown",
        NotFound,
        "NotFoundException",
        "User with username nobody not found",
    ),
    Refusal(
        "242-create-team-unknown", NotFound, "NotFoundException", "Team with slug nobody not found"
    ),
    Refusal(
        "243-create-missing-required-field",
        BookingFieldError,
        "BadRequestException",
        (
            "Missing required booking field response: topic - it is required by the event "
            "type booking fields, but missing in the bookingFieldsResponses. You can fetch "
            "the event type with ID 8 to see the required fields."
        ),
        attributes=invalid("topic"),
    ),
    Refusal(
        "245-create-wrong-type-field",
        BookingFieldError,
        "BadRequestException",
        (
            "Invalid type for booking field 'topic'. Expected type string (compatible with "
            "field type 'text'), but received number."
        ),
        attributes=invalid("topic"),
    ),
    Refusal(
        "246-create-empty-body",
        ValidationFailed,
        "BadRequestException",
        NOTHING_GIVEN,
        attributes=invalid("start", "attendee", "eventTypeId or eventTypeSlug + username"),
    ),
    Refusal(
        "247-create-no-body",
        ValidationFailed,
        "BadRequestException",
        NOTHING_GIVEN,
        attributes=invalid("start", "attendee", "eventTypeId or eventTypeSlug + username"),
    ),
    Refusal(
        "249-create-malformed-json",
        BadRequest,
        "BadRequestException",
        "Unexpected end of JSON input",
    ),
    Refusal(
        "250-create-text-plain",
        ValidationFailed,
        "BadRequestException",
        NOTHING_GIVEN,
        attributes=invalid("start", "attendee", "eventTypeId or eventTypeSlug + username"),
    ),
    Refusal(
        "251-create-form-encoded",
        ValidationFailed,
        "BadRequestException",
        NOTHING_GIVEN,
        attributes=invalid("start", "attendee", "eventTypeId or eventTypeSlug + username"),
    ),
    Refusal(
        "253-reschedule-missing-start",
        ValidationFailed,
        "BadRequestException",
        START_WRONG,
        attributes=invalid("start"),
    ),
    Refusal(
        "254-reschedule-bad-start",
        ValidationFailed,
        "BadRequestException",
        START_WRONG,
        attributes=invalid("start"),
    ),
    Refusal(
        "255-reschedule-past-start",
        SlotUnavailable,
        "BadRequestException",
        "Attempting to book a meeting in the past.",
        attributes={"reason": "past"},
    ),
    Refusal(
        "257-reschedule-to-taken",
        SlotUnavailable,
        "BadRequestException",
        TAKEN,
        attributes={"reason": "taken"},
    ),
    Refusal(
        "258-reschedule-unknown-prop",
        ValidationFailed,
        "BadRequestException",
        "foo property is wrong,property foo should not exist",
        attributes=invalid("foo"),
    ),
    Refusal(
        "259-cancel-unknown-prop",
        ValidationFailed,
        "BadRequestException",
        "foo property is wrong,property foo should not exist",
        attributes=invalid("foo"),
    ),
    Refusal(
        "297-ratelimit-4",
        RateLimited,
        "ThrottlerException",
        TOO_MANY,
        attributes={"reset": 60.0, "limits": (RateLimit("Default", 2, 0, 60.0),)},
    ),
    Refusal(
        "298-ratelimit-5-post",
        RateLimited,
        "ThrottlerException",
        TOO_MANY,
        attributes={"reset": 60.0, "limits": (RateLimit("Default", 2, 0, 60.0),)},
    ),
    Refusal("405-confirm-never-pending", AlreadyDone, "TRPCError", "Booking already confirmed"),
    Refusal("406-decline-accepted", BookingConflict, "TRPCError", "Booking already confirmed"),
    Refusal("407-decline-no-body", BookingConflict, "TRPCError", "Booking already confirmed"),
    Refusal(
        "414-mark-absent-attendees-by-stranger",
        ServerError,
        None,
        "Failed to update no-show status",
        may_have_happened=True,
    ),
    Refusal(
        "417-mark-absent-host-string",
        ValidationFailed,
        "BadRequestException",
        SOMETHING_WRONG,
        attributes={"fields": {"host": ("host must be a boolean value",)}},
    ),
    Refusal("418-mark-absent-noauth", Unauthenticated, "ForbiddenException", NO_CREDENTIALS),
    Refusal(
        "423-cancel-seat-host-no-reason",
        ValidationFailed,
        None,
        "Cancellation reason is required",
        attributes=invalid("cancellationReason"),
    ),
    Refusal(
        "425-reschedule-seated-noauth-whole",
        ServerError,
        None,
        "Internal server error",
        may_have_happened=True,
    ),
    Refusal(
        "426-reschedule-seat-bad-seatuid",
        NotFound,
        "NotFoundException",
        "Seat with uid=nope does not exist.",
    ),
    Refusal(
        "434-confirm-recurring-uid",
        NotFound,
        "NotFoundException",
        ("Booking with uid=4d6e525a-bdfc-455c-b779-06ac9d3ded6e was not found in the database"),
    ),
    Refusal(
        "435-reschedule-recurring-uid",
        NotFound,
        "NotFoundException",
        ("Booking with uid=4d6e525a-bdfc-455c-b779-06ac9d3ded6e was not found in the database"),
    ),
    Refusal(
        "437-cancel-recurring-twice-b",
        BookingConflict,
        "BadRequestException",
        (
            "Can't cancel booking with uid=4d6e525a-bdfc-455c-b779-06ac9d3ded6e because it "
            "has been cancelled already. Please provide uid of a booking that is not "
            "cancelled."
        ),
    ),
    Refusal(
        "438-cancel-subsequent-on-normal",
        BookingConflict,
        None,
        "Cannot cancel a booking that has already ended",
    ),
    Refusal("442-get-normal-if-none-match-304", ApiError, None, ""),
    Refusal(
        "445-uid-weird-encoded",
        NotFound,
        "NotFoundException",
        "Booking with uid=a/b c was not found in the database",
    ),
    Refusal(
        "446-bad-percent-encoding",
        BadRequest,
        "BadRequestException",
        "Failed to decode param 'v2/bookings/%E0%A4%A'",
    ),
    Refusal("447-uid-nul", ServerError, None, "Internal server error"),
    Refusal(
        "466-ratelimit-two-limits-5",
        RateLimited,
        "ThrottlerException",
        TOO_MANY,
        attributes={
            "reset": 60.0,
            "limits": (RateLimit("Short", 2, 0, 20.0), RateLimit("Long", 4, 0, 60.0)),
        },
    ),
    Refusal(
        "467-ratelimit-two-limits-6",
        RateLimited,
        "ThrottlerException",
        TOO_MANY,
        attributes={
            "reset": 60.0,
            "limits": (RateLimit("Short", 2, 0, 20.0), RateLimit("Long", 4, 0, 60.0)),
        },
    ),
    Refusal(
        "47-reschedule-already-rescheduled",
        BookingConflict,
        "BadRequestException",
        (
            "Can't reschedule booking with uid=8q36zVzjeFHywNswG41LH7 because it has been "
            "cancelled and rescheduled already to booking with uid=n4j4252XEhZWhJZpxXK4ht. "
            "You probably want to reschedule n4j4252XEhZWhJZpxXK4ht instead by passing it "
            "within the request URL."
        ),
    ),
    Refusal(
        "481-database-down-create",
        ServerError,
        "INTERNAL_SERVER_ERROR",
        DATABASE_DOWN,
        may_have_happened=True,
    ),
    Refusal("482-database-down-get-noauth", ServerError, "INTERNAL_SERVER_ERROR", DATABASE_DOWN),
    Refusal(
        "50-cancel-host-without-reason",
        ValidationFailed,
        None,
        "Cancellation reason is required",
        attributes=invalid("cancellationReason"),
    ),
    Refusal(
        "53-cancel-twice",
        BookingConflict,
        "BadRequestException",
        (
            "Can't cancel booking with uid=p8KGiLRbZ9BJBToT6McV4Q because it has been "
            "cancelled already. Please provide uid of a booking that is not cancelled."
        ),
    ),
    Refusal(
        "54-reschedule-cancelled",
        BookingConflict,
        "BadRequestException",
        (
            "Can't reschedule booking with uid=p8KGiLRbZ9BJBToT6McV4Q because it has been "
            "cancelled. Please provide uid of a booking that is not cancelled."
        ),
    ),
    Refusal(
        "65-cancel-host-without-required-reason",
        ValidationFailed,
        None,
        "Cancellation reason is required",
        attributes=invalid("cancellationReason"),
    ),
    Refusal(
        "67-cancel-disabled", BookingConflict, None, "This event type does not allow cancellations"
    ),
    Refusal(
        "71-reschedule-disabled-noauth",
        BookingConflict,
        "BadRequestException",
        (
            "Can't reschedule booking with uid=uw5jYiv6fQb2WY6XASZ2r7 because it has been "
            "cancelled and rescheduled already to booking with uid=vR2o1r1mr5LxxN4rXH8JDj. "
            "You probably want to reschedule vR2o1r1mr5LxxN4rXH8JDj instead by passing it "
            "within the request URL."
        ),
    ),
    Refusal(
        "73-reschedule-notice-violated-noauth",
        BookingConflict,
        None,
        "Rescheduling is not allowed within the minimum notice period before the event",
    ),
    Refusal(
        "75-create-auth-required-noauth",
        Unauthenticated,
        "UnauthorizedException",
        (
            "checkBookingRequiresAuthentication - request must be authenticated by passing "
            "credentials belonging to event type owner, host or team or org admin or owner."
        ),
    ),
    Refusal(
        "79-create-max-active-second",
        SlotUnavailable,
        "BadRequestException",
        (
            "Attendee with this email can't book because the maximum number of active "
            "bookings has been reached."
        ),
        attributes={"reason": "booker_limit"},
    ),
    Refusal(
        "82-confirm-other-user",
        PermissionDenied,
        "TRPCError",
        "User is not authorized to confirm this booking",
    ),
    Refusal("83-confirm-noauth", Unauthenticated, "ForbiddenException", NO_CREDENTIALS),
    Refusal("85-confirm-twice", AlreadyDone, "TRPCError", "Booking already confirmed"),
    Refusal(
        "story-03-create-taken",
        SlotUnavailable,
        "BadRequestException",
        TAKEN,
        attributes={"reason": "taken"},
    ),
    Refusal(
        "story-26-get-missing",
        NotFound,
        "NotFoundException",
        "Booking with uid=no-such-booking was not found in the database",
    ),
    Refusal(
        "story-28-wrong-key",
        Unauthenticated,
        "UnauthorizedException",
        "CustomThrottlerGuard - Invalid API Key",
    ),
    Refusal("story-29-no-key", Unauthenticated, "ForbiddenException", NO_CREDENTIALS),
    Refusal(
        "story-32-limited-3",
        RateLimited,
        "ThrottlerException",
        TOO_MANY,
        attributes={"reset": 60.0, "limits": (RateLimit("Default", 2, 0, 60.0),)},
    ),
    Refusal(
        "live-01-create-booking-limit-per-day",
        SlotUnavailable,
        None,
        "booking_limit_reached",
        attributes={"reason": "limit"},
    ),
    Refusal(
        "live-02-create-booking-limit-per-day-noauth",
        SlotUnavailable,
        None,
        "booking_limit_reached",
        attributes={"reason": "limit"},
    ),
    Refusal(
        "live-04-create-email-verification-required-noauth",
        ValidationFailed,
        None,
        "email_verification_required",
        attributes=invalid("emailVerificationCode"),
    ),
    Refusal(
        "live-05-create-email-verification-wrong-code-noauth",
        ValidationFailed,
        None,
        "invalid_verification_code",
        attributes=invalid("emailVerificationCode"),
    ),
    Refusal(
        "live-06-create-auth-required-stranger",
        PermissionDenied,
        "ForbiddenException",
        "checkBookingRequiresAuthentication - user is not authorized to access this event type."
        " User has to be either event type owner, host, team admin or owner or org admin or "
        "owner.",
    ),
    Refusal(
        "live-07-create-recurring-count-too-high",
        ValidationFailed,
        "BadRequestException",
        "Provided recurrence count is higher than the event type's recurring event count.",
        attributes=invalid("recurrenceCount"),
    ),
    Refusal(
        "live-09-create-max-active-second-offers-reschedule",
        SlotUnavailable,
        "BadRequestException",
        "Attendee with this email can't book because the maximum number of active bookings has "
        "been reached. You can reschedule your existing booking (6hfDwPMLsJsuH8cyqvGSFt) to a "
        "new timeslot instead.",
        attributes={"reason": "booker_limit"},
    ),
    Refusal(
        "live-15-list-oauth-client-wrong-secret",
        Unauthenticated,
        "UnauthorizedException",
        "ApiAuthStrategy - oAuth client - Invalid client secret",
    ),
    Refusal(
        "live-17-list-expired-access-token",
        TokenExpired,
        "TokenExpiredException",
        "ACCESS_TOKEN_IS_EXPIRED",
    ),
    Refusal(
        "live-18-create-expired-access-token",
        TokenExpired,
        "TokenExpiredException",
        "ACCESS_TOKEN_IS_EXPIRED",
    ),
    Refusal(
        "live-21-location-integration-not-connected",
        ValidationFailed,
        "BadRequestException",
        'Video integration "zoom" is not connected. Please connect the integration in your '
        "settings first.",
        attributes=invalid("location"),
    ),
    Refusal(
        "live-22-cancel-old-uid-of-rescheduled",
        BookingConflict,
        "BadRequestException",
        "Can't cancel booking with uid=gE89h4mooSPKTtvCWEUhwD because it has been cancelled "
        "already. Please provide uid of a booking that is not cancelled.",
    ),
    Refusal(
        "live-24-series-2-cancel-series-refused",
        BookingConflict,
        "BadRequestException",
        "Can't cancel booking with uid=dc6da333-fcf2-423f-9fea-a97ebe1f3b32 because it has been"
        " cancelled already. Please provide uid of a booking that is not cancelled.",
    ),
    Refusal(
        "live-26-cancel-seat-alone-404-though-removed",
        BookingConflict,
        "NOT_FOUND",
        "Invalid Query: The requested record was not found.",
        may_have_happened=True,
    ),
    Refusal(
        "live-27-cancel-seat-alone-get-by-seat-after",
        NotFound,
        "NotFoundException",
        "Booking with seatUid=18d3a1b5-0393-490a-bdee-6bd569bc132b was not found in the database",
    ),
    Refusal(
        "live-29-create-duplicate-guests",
        BookingFieldError,
        "BAD_REQUEST",
        "responses - {guests}duplicate_email,",
        attributes=invalid("guests"),
    ),
    Refusal(
        "live-36-ee-organization-bookings-stranger",
        PermissionDenied,
        "ForbiddenException",
        "RolesGuard - User is not a member of the organization with id=3.",
    ),
    Refusal(
        "live-37-ee-organization-bookings-none",
        PermissionDenied,
        "ForbiddenException",
        "IsOrgGuard - provided organization id=999 does not represent any existing organization.",
    ),
    Refusal(
        "live-39-ee-organization-team-bookings-member",
        PermissionDenied,
        "ForbiddenException",
        "RolesGuard - user with id=10 does not have the minimum required role=TEAM_ADMIN within"
        " organization with id=3 team with id=4.",
    ),
    Refusal(
        "live-40-ee-organization-team-bookings-other-team",
        NotFound,
        "NotFoundException",
        "IsTeamInOrg - Team (2) not found.",
    ),
    Refusal(
        "live-42-ee-organization-user-bookings-not-in-it",
        PermissionDenied,
        "ForbiddenException",
        "IsUserInOrg - user with id=5 is not part of the organization with id=3.",
    ),
    Refusal(
        "live-44-ee-organization-team-references-member",
        PermissionDenied,
        "ForbiddenException",
        "RolesGuard - user with id=10 does not have the minimum required role=TEAM_ADMIN within"
        " organization with id=3 team with id=4.",
    ),
    Refusal(
        "live-46-ee-team-bookings-member",
        PermissionDenied,
        "ForbiddenException",
        "RolesGuard - user with id=6 does not have the minimum required role=TEAM_ADMIN within "
        "team with id=2.",
    ),
    Refusal(
        "live-52-ee-reassign-to-user-not-a-host",
        ValidationFailed,
        "BadRequestException",
        "User with id=8 is not a valid Round Robin host - the user to which you reassign this "
        "booking must be one of the booking hosts. Fetch the booking using following endpoint "
        "and select id of one of the hosts: https://cal.com/docs/api-reference/v2/bookings/get-"
        "a-booking",
        attributes=invalid("userId"),
    ),
    Refusal(
        "live-54-ee-reassign-stranger",
        PermissionDenied,
        "ForbiddenException",
        "You do not have permission to reassign this booking",
    ),
    Refusal(
        "live-56-ee-reassign-collective",
        SlotUnavailable,
        "BadRequestException",
        "Can't reassign the booking because no other host is available at that time.",
        attributes={"reason": "no_host"},
    ),
    Refusal(
        "live-60-ee-recordings-stranger",
        PermissionDenied,
        "ForbiddenException",
        "BookingPbacGuard - user with id=8 does not have access to booking with "
        "uid=7s3RzwypGL2CY1oUTWDmvc",
    ),
    Refusal(
        "live-61-ee-transcripts-stranger",
        PermissionDenied,
        "ForbiddenException",
        "BookingPbacGuard - user with id=8 does not have access to booking with "
        "uid=7s3RzwypGL2CY1oUTWDmvc",
    ),
    Refusal(
        "live-62-ee-conferencing-sessions-stranger",
        PermissionDenied,
        "ForbiddenException",
        "BookingPbacGuard - user with id=8 does not have access to booking with "
        "uid=7s3RzwypGL2CY1oUTWDmvc",
    ),
    Refusal(
        "live-63-ee-references-stranger",
        PermissionDenied,
        "BadRequestException",
        "Booking with uid 7s3RzwypGL2CY1oUTWDmvc does not belong to user",
    ),
    Refusal(
        "live-64-ee-confirm-stranger",
        PermissionDenied,
        "TRPCError",
        "User is not authorized to confirm this booking",
    ),
    Refusal(
        "live-66-ee-guests-add-stranger",
        PermissionDenied,
        "TRPCError",
        "you_do_not_have_permission",
    ),
    Refusal(
        "live-67-ee-location-stranger",
        PermissionDenied,
        "ForbiddenException",
        "User is not authorized to update this booking location. User must be the event type "
        "owner, host, team admin or owner, or org admin or owner.",
    ),
    Refusal(
        "live-68-ee-location-link-not-a-url",
        ValidationFailed,
        "BadRequestException",
        "Bad Request Exception",
        attributes={
            "fields": {
                "location": (
                    "UpdateBookingInputLocationValidator_2024_08_13 - Validation failed for link "
                    "location: link must be a URL address",
                )
            }
        },
    ),
    Refusal(
        "zz-cancel-seat-race-404-but-seat-removed",
        BookingConflict,
        "NOT_FOUND",
        "Invalid Query: The requested record was not found.",
        may_have_happened=True,
    ),
    Refusal("09-slots-bad-eventtype", NotFound, "NotFoundException", "Event Type not found"),
    Refusal(
        "10-slots-bad-timezone",
        ValidationFailed,
        "BadRequestException",
        "timeZone property is wrong,timeZone must be a valid IANA time-zone",
        attributes=invalid("timeZone"),
    ),
    Refusal(
        "11-slots-no-identification",
        ValidationFailed,
        "BadRequestException",
        "usernames property is wrong,each value in usernames must be a string, The array must "
        "contain at least 2 elements., usernames must be an array , organizationSlug property is "
        "wrong,organizationSlug must be a string",
        attributes=invalid("usernames", "organizationSlug"),
    ),
    Refusal(
        "15-slot-reserve-taken",
        SlotUnavailable,
        "UnprocessableEntityException",
        "This time slot is already reserved by another user. Please choose a different time.",
        attributes={"reason": "reserved"},
    ),
    Refusal(
        "115-get-by-seat-missing",
        NotFound,
        "NotFoundException",
        "Booking with seatUid=nope was not found in the database",
    ),
    Refusal(
        "197-calendar-links-bad-uid",
        NotFound,
        "NotFoundException",
        "Booking with uid does-not-exist not found",
    ),
    Refusal(
        "261-guests-bad-email",
        ValidationFailed,
        "BadRequestException",
        SOMETHING_WRONG,
        attributes={"fields": {"guests.0.email": ("email must be an email",)}},
    ),
    Refusal(
        "262-guests-empty",
        ValidationFailed,
        "BadRequestException",
        SOMETHING_WRONG,
        attributes={"fields": {"guests": ("guests must contain at least 1 elements",)}},
    ),
    Refusal(
        "263-guests-duplicate",
        ValidationFailed,
        "TRPCError",
        "emails_must_be_unique_valid",
        attributes=invalid("guests"),
    ),
    Refusal("34-get-recordings", NotFound, "NotFoundException", NOT_IN_CAL_VIDEO),
    Refusal("35-get-transcripts", NotFound, "NotFoundException", NOT_IN_CAL_VIDEO),
    Refusal(
        "450-attendee-get-missing",
        NotFound,
        "NotFoundException",
        "Attendee with id 999999 not found in booking rp4rFJFqZV4kKE8R5WtTzj",
    ),
    Refusal("451-attendees-list-noauth", Unauthenticated, "ForbiddenException", NO_CREDENTIALS),
    Refusal("453-attendee-remove-missing", NotFound, "NotFoundException", "attendee_not_found"),
    Refusal("455-guests-stranger", PermissionDenied, "TRPCError", "you_do_not_have_permission"),
    Refusal(
        "457-location-stranger",
        PermissionDenied,
        "ForbiddenException",
        "User is not authorized to update this booking location. User must be the event type "
        "owner, host, team admin or owner, or org admin or owner.",
    ),
    Refusal(
        "458-attendee-remove-primary",
        BookingConflict,
        "BadRequestException",
        "cannot_remove_primary_attendee",
    ),
    Refusal(
        "459-references-stranger",
        PermissionDenied,
        "BadRequestException",
        "Booking with uid hRnkTSq4NXDS9KvHDBjFLD does not belong to user",
    ),
    Refusal(
        "461-recordings-stranger",
        PermissionDenied,
        "ForbiddenException",
        "BookingPbacGuard - user with id=3 does not have access to booking with "
        "uid=hRnkTSq4NXDS9KvHDBjFLD",
    ),
    Refusal("zz-concurrent-identical-1", BookingConflict, None, CONFLICT, may_have_happened=True),
    Refusal("zz-concurrent-identical-2", BookingConflict, None, CONFLICT, may_have_happened=True),
    Refusal("zz-concurrent-same-slot-1", BookingConflict, None, CONFLICT, may_have_happened=True),
    Refusal("zz-concurrent-same-slot-2", BookingConflict, None, CONFLICT, may_have_happened=True),
    Refusal("zz-concurrent-same-slot-3", BookingConflict, None, CONFLICT, may_have_happened=True),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.name)
def test_a_recorded_refusal_becomes_its_error(refusal: Refusal) -> None:
    operation, response = operation_of(refusal.name), response_of(refusal.name)
    with pytest.raises(ApiError) as caught:
        operation.read(response)
    error = caught.value
    assert type(error) is refusal.error
    assert error.code == refusal.code
    assert error.message == refusal.message
    assert error.may_have_happened is refusal.may_have_happened
    names = ("fields", "reason", "reset", "limits")
    given = {name: getattr(error, name) for name in names if hasattr(error, name)}
    assert given == refusal.attributes
    assert error.operation == operation
    assert error.status == response.status
    recorded = RECORDED[refusal.name]["response"]
    assert error.request_id == dict(recorded["headers"]).get("X-Request-Id")
    assert error.details == _details(recorded["body"])


def _details(body: object) -> object:
    error = body.get("error") if isinstance(body, dict) else None
    details = error.get("details") if isinstance(error, dict) else None
    if isinstance(details, dict) and "access token=" in str(details.get("message")):
        return {**details, "message": details["message"].replace("garbage-token", "[redacted]")}
    return details


def test_each_recorded_refusal_has_its_row_and_each_row_its_recording() -> None:
    refused = [name for name in NAMES if not 200 <= RECORDED[name]["response"]["status"] < 300]
    assert sorted(row.name for row in REFUSALS) == sorted(
        {*refused}
        - {
            "277-version-missing-create",
            "281-version-missing-confirm",
            "266-unknown-booking-subroute",
            "267-method-not-allowed-delete",
            "282-version-missing-slots",
            "283-version-2024-08-13-slots",
        }
    )
