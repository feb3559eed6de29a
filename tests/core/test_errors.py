"""The errors: attributes, messages and pickling, and each row of the error table."""

import copy
import json
import pickle
import traceback
from typing import Any

import pytest
from core_recorded import NAMES, RECORDED, operation_of, response_of, response_with_data
from core_responses import refused

import calcom_core.errors
from calcom_core import (
    AlreadyDone,
    Api,
    ApiError,
    ApiKey,
    BadRequest,
    BlockedByEdge,
    BookingConflict,
    BookingFieldError,
    CalcomError,
    DecodingError,
    ExistingBookingReturned,
    InvalidInput,
    NoAnswer,
    NotFound,
    NotSent,
    Operation,
    OutcomeUnknown,
    PermissionDenied,
    RateLimited,
    ReplayError,
    Response,
    ServerError,
    SlotUnavailable,
    TokenExpired,
    TransportError,
    Unauthenticated,
    ValidationFailed,
    VersionMismatch,
    bookings,
    slots,
)
from calcom_core.error_body import read_error_body
from calcom_core.error_rules import ERROR_RULES, ErrorRule
from calcom_core.errors import (
    DeliveryTooLarge,
    DeliveryTooOld,
    DeliveryUnreadable,
    ResponseError,
    SignatureError,
    SignatureMalformed,
    SignatureMismatch,
    SignatureMissing,
    WebhookError,
    WebhookWithoutSecret,
)
from calcom_core.rate_limits import RateLimit

CREATE = bookings.create(
    {
        "start": "2027-04-05T09:00:00Z",
        "event_type_id": 1,
        "attendee": {"name": "Ann", "email": "ann@example.net", "time_zone": "UTC"},
    }
)
GET = bookings.get("bk7")


def refusal(operation: Operation[Any], status: int, message: str, code: str | None = None) -> Any:
    """Return the error of a refusal of either shape."""
    return error_of(operation, refused(status, message, code))


def error_of(operation: Operation[Any], response: Response) -> Any:
    with pytest.raises(CalcomError) as caught:
        operation.read(response)
    return caught.value


# The rules that no recording matches.
# operation, status, code, message; then class, may_have_happened and attributes.
NOT_RECORDED: list[tuple[Operation[Any], int, str | None, str, type, bool, dict[str, Any]]] = [
    (
        CREATE,
        429,
        "TRPCError",
        "TOO_MANY_REQUESTS",
        RateLimited,
        True,
        {"reset": None, "limits": ()},
    ),
    (GET, 429, "TRPCError", "too many", RateLimited, False, {"reset": None, "limits": ()}),
    (GET, 498, "TokenExpiredException", "ACCESS_TOKEN_IS_EXPIRED", TokenExpired, False, {}),
    (
        bookings.cancel("bk7"),
        401,
        None,
        "User is not a host of this event type.",
        PermissionDenied,
        False,
        {},
    ),
    (
        bookings.list(),
        400,
        "BadRequestException",
        "Booking with uid bk7 does not belong to user",
        PermissionDenied,
        False,
        {},
    ),
    (
        CREATE,
        422,
        "UnprocessableEntityException",
        "Can't reserve a slot if the event is already booked.",
        SlotUnavailable,
        False,
        {"reason": "taken"},
    ),
    (
        CREATE,
        409,
        None,
        "no_available_users_found_error",
        SlotUnavailable,
        False,
        {"reason": "taken"},
    ),
    (
        CREATE,
        400,
        None,
        "fixed_hosts_unavailable_for_booking",
        SlotUnavailable,
        False,
        {"reason": "taken"},
    ),
    (
        CREATE,
        422,
        "UnprocessableEntityException",
        "This time slot is already reserved by another user. Choose another.",
        SlotUnavailable,
        False,
        {"reason": "reserved"},
    ),
    (
        bookings.reassign("bk7"),
        400,
        "BadRequestException",
        "Can't reassign the booking because no other host is available at that time.",
        SlotUnavailable,
        False,
        {"reason": "no_host"},
    ),
    (CREATE, 409, None, "already_signed_up_for_this_booking_error", AlreadyDone, False, {}),
    (GET, 400, None, "cannot_remove_primary_attendee", BookingConflict, False, {}),
    (
        bookings.cancel("bk7", {"cancel_subsequent_bookings": True}),
        400,
        "BadRequestException",
        "Cannot cancel subsequent bookings, since bk7 is not part of a recurring booking.",
        BookingConflict,
        True,
        {},
    ),
    (
        bookings.cancel("bk7", {"cancel_subsequent_bookings": True}),
        400,
        "BadRequestException",
        "Cannot cancel subsequent bookings for recurring event bk7.",
        ValidationFailed,
        False,
        {"fields": {"cancelSubsequentBookings": ()}},
    ),
    (
        CREATE,
        400,
        "BadRequestException",
        "Invalid option 'huge' for a field. Allowed are small, big.",
        BookingFieldError,
        False,
        {"fields": {}},
    ),
    (
        CREATE,
        400,
        "BAD_REQUEST",
        "responses - {notes}error_required_field, responses - {topic}error_required_field, ",
        BookingFieldError,
        False,
        {"fields": {"notes": (), "topic": ()}},
    ),
    (
        CREATE,
        400,
        "BAD_REQUEST",
        "metadata.k - Expected string, received number, start - Required, ",
        ValidationFailed,
        False,
        {"fields": {"metadata.k": (), "start": ()}},
    ),
    (
        CREATE,
        400,
        "BadRequestException",
        "recurrenceCount of 9 is more than the event type's 4.",
        ValidationFailed,
        False,
        {"fields": {"recurrenceCount": ()}},
    ),
    (
        CREATE,
        400,
        "BadRequestException",
        "This event type needs a phone: pass attendee.phoneNumber.",
        ValidationFailed,
        False,
        {"fields": {"attendee.phoneNumber": ()}},
    ),
    (
        bookings.reschedule("bk7", {"start": "2027-04-05T09:00:00Z"}),
        400,
        "BadRequestException",
        "Booking with uid=bk7 has seats; pass seatUid in the body.",
        ValidationFailed,
        False,
        {"fields": {"seatUid": ()}},
    ),
    (
        bookings.reassign_to_user("bk7", 5),
        400,
        "BadRequestException",
        "User with id=5 is not a valid Round Robin host of the event type.",
        ValidationFailed,
        False,
        {"fields": {"userId": ()}},
    ),
    (
        CREATE,
        400,
        None,
        "invalid_verification_code",
        ValidationFailed,
        False,
        {"fields": {"emailVerificationCode": ()}},
    ),
    (
        bookings.attendees.add("bk7", name="Ann", email="ann@example.net", time_zone="UTC"),
        400,
        "bad_request_error",
        "Emails must be unique and valid",
        ValidationFailed,
        False,
        {"fields": {"email": ()}},
    ),
    (
        bookings.guests.add("bk7", [{"email": "eva@example.net"}]),
        400,
        "BadRequestException",
        "Cannot add 3 guests. Maximum total guests allowed is 30",
        ValidationFailed,
        False,
        {"fields": {"guests": ()}},
    ),
    (
        slots.reserve(event_type_id=1, slot_start="2027-04-05T09:00:00Z"),
        422,
        "UnprocessableEntityException",
        "?",
        SlotUnavailable,
        False,
        {"reason": "taken"},
    ),
    (
        GET,
        400,
        "TRPCError",
        "emails_must_be_unique_valid",
        ValidationFailed,
        False,
        {"fields": {"guests": ()}},
    ),
    (
        GET,
        400,
        "BadRequestException",
        "Invalid time range given - check the 'start' and 'end' query parameters.",
        ValidationFailed,
        False,
        {"fields": {"start": (), "end": ()}},
    ),
    (
        bookings.reassign_to_user("bk7", 5),
        400,
        "BadRequestException",
        "Validation failed (numeric string is expected)",
        ValidationFailed,
        False,
        {"fields": {}},
    ),
    (
        CREATE,
        400,
        "BadRequestException",
        "Body should be an object",
        ValidationFailed,
        False,
        {"fields": {}},
    ),
    (
        CREATE,
        409,
        "CONFLICT",
        "Invalid Input: Trying to create a record that already exists.",
        BookingConflict,
        True,
        {},
    ),
    # A rule of the event type, in the status of wrong credentials.
    (CREATE, 401, None, "duration_limit_reached", SlotUnavailable, False, {"reason": "limit"}),
    (
        bookings.reschedule("bk7", {"start": "2027-04-05T09:00:00Z"}),
        401,
        None,
        "booking_limit_reached",
        SlotUnavailable,
        False,
        {"reason": "limit"},
    ),
    # A missing right, without the envelope that wrong credentials are reported in.
    (
        bookings.reschedule_seat("bk7", "seat", "2027-04-05T09:00:00Z"),
        401,
        None,
        "HTTP Error 401",
        PermissionDenied,
        False,
        {},
    ),
    # The payment failed after the booking was saved.
    (CREATE, 400, None, "Missing payment credentials", BookingConflict, True, {}),
    (CREATE, 400, None, "missing_payment_credential_error", BookingConflict, True, {}),
    (CREATE, 409, None, "payment_not_created_error", BookingConflict, True, {}),
    # The seat may be removed.
    (
        bookings.attendees.remove("bk7", 5),
        404,
        "NOT_FOUND",
        "Invalid Query: The requested record was not found.",
        NotFound,
        True,
        {},
    ),
    # By status alone.
    (CREATE, 401, "UnauthorizedException", "?", Unauthenticated, False, {}),
    (CREATE, 401, None, "Unauthorized", Unauthenticated, False, {}),
    (CREATE, 403, None, "?", PermissionDenied, False, {}),
    (CREATE, 404, None, "?", NotFound, False, {}),
    (CREATE, 409, None, "?", BookingConflict, False, {}),
    (CREATE, 422, None, "?", BadRequest, False, {}),
    (CREATE, 503, None, "?", ServerError, True, {}),
    (GET, 503, None, "?", ServerError, False, {}),
    (CREATE, 307, None, "?", ApiError, False, {}),
    # The same text with another operation or another status.
    (
        bookings.reschedule("bk7", {"start": "2027-04-05T09:00:00Z"}),
        409,
        None,
        "booking_conflict_error",
        BookingConflict,
        False,
        {},
    ),
    (CREATE, 500, None, "no_available_users_found_error", ServerError, True, {}),
]


@pytest.mark.parametrize(
    "row", NOT_RECORDED, ids=[f"{row[1]} {row[3][:40]}" for row in NOT_RECORDED]
)
def test_a_refusal_becomes_this_error(row: tuple[Any, ...]) -> None:
    operation, status, code, message, cls, may_have_happened, attributes = row
    error = refusal(operation, status, message, code)
    assert type(error) is cls
    assert (error.status, error.code, error.message) == (status, code, message.strip())
    assert error.may_have_happened is may_have_happened
    names = ("fields", "reason", "reset", "limits")
    assert {n: getattr(error, n) for n in names if hasattr(error, n)} == attributes
    assert error.request_id is None


LEGACY = (GET, 404, "NotFoundException", "Booking with UID=bk7 does not exist.")


def test_a_not_found_of_the_legacy_api_is_a_version_mismatch() -> None:
    operation, status, code, message = LEGACY
    body = json.dumps({"error": {"code": code, "message": message}}).encode()
    error = error_of(operation, Response(status, (), body))
    assert isinstance(error, VersionMismatch)
    assert error.may_have_happened is False
    assert str(error).startswith(
        "bookings.get (GET /v2/bookings/bk7): 404: the legacy API (2024-04-15) responded, "
    )


def first_match(operation: Operation[Any], response: Response) -> ErrorRule | None:
    """Return the first rule of the table that a response matches."""
    status, body = response.status, read_error_body(response)
    for rule in ERROR_RULES:
        if (
            rule.applies_to(operation.name, status)
            and rule.code in (None, body.code)
            and rule.bare <= body.is_bare
            and rule.pattern.search(body.message)
        ):
            return rule
    return None


def test_every_error_rule_matches_a_recording_or_a_row_here() -> None:
    responses = [
        (operation_of(name), response_of(name))
        for name in NAMES
        if RECORDED[name]["response"]["status"] >= 300
    ]
    for operation, status, code, message, *_ in [*NOT_RECORDED, LEGACY]:
        responses.append((operation, refused(status, message, code)))
    matched = {first_match(operation, response) for operation, response in responses}
    assert matched >= set(ERROR_RULES)
    assert len(set(ERROR_RULES)) == len(ERROR_RULES)


def test_a_tree_of_constraints_is_read_with_dotted_names() -> None:
    errors = [
        {
            "property": "attendees",
            "constraints": {},
            "children": [
                {
                    "property": "0",
                    "children": [
                        {"property": "email", "constraints": {"isEmail": "no e-mail", "odd": 5}}
                    ],
                }
            ],
        },
        {"property": "attendees", "constraints": {"max": "too many"}},
        {"property": "attendees", "constraints": {"min": "too few"}},
        {"property": "nothing", "constraints": {}},
        {"property": "words", "constraints": "x", "children": "x"},
        {"property": 7, "constraints": {"x": "y"}},
        "no node",
    ]
    body = {"error": {"message": "Bad Request Exception", "details": {"errors": errors}}}
    error = error_of(GET, Response(400, (), json.dumps(body).encode()))
    assert type(error) is ValidationFailed
    assert error.fields == {
        "attendees": ("too many", "too few"),
        "attendees.0.email": ("no e-mail",),
    }


@pytest.mark.parametrize("errors", ["x", {"property": "x"}, None, 5])
def test_details_that_are_not_a_tree_name_no_fields(errors: object) -> None:
    body = {"error": {"message": "Bad Request Exception", "details": {"errors": errors}}}
    error = error_of(GET, Response(400, (), json.dumps(body).encode()))
    assert (type(error), error.fields) == (ValidationFailed, {})


MESSAGES: dict[str, str] = {
    "106-create-recurring-conflict-on-second": (
        "bookings.create (POST /v2/bookings): 409 booking_conflict_error (it may have "
        "happened; check the booking and the rules of its event type)"
    ),
    "live-01-create-booking-limit-per-day": (
        "bookings.create (POST /v2/bookings): 401 booking_limit_reached (a limit of the event "
        "type is reached for that period; choose a slot in another one)"
    ),
    "live-09-create-max-active-second-offers-reschedule": (
        "bookings.create (POST /v2/bookings): 400 BadRequestException: Attendee with this email "
        "can't book because the maximum number of active bookings has been reached. You can "
        "reschedule your existing booking (6hfDwPMLsJsuH8cyqvGSFt) to a new timeslot instead. "
        "(this attendee has as many active bookings as the event type allows: reschedule or "
        "cancel one of them)"
    ),
    "live-56-ee-reassign-collective": (
        "bookings.reassign (POST /v2/bookings/iN5nuycVSyma2uTFvREfzz/reassign): 400 "
        "BadRequestException: Can't reassign the booking because no other host is available at "
        "that time. (no other host is free at that time: reschedule the booking, or keep its host)"
    ),
    "live-07-create-recurring-count-too-high": (
        "bookings.create (POST /v2/bookings): 400 BadRequestException: Provided recurrence count "
        "is higher than the event type's recurring event count. (correct recurrenceCount)"
    ),
    "live-24-series-2-cancel-series-refused": (
        "bookings.cancel (POST /v2/bookings/dc6da333-fcf2-423f-9fea-a97ebe1f3b32/cancel): 400 "
        "BadRequestException: Can't cancel booking with uid=dc6da333-fcf2-423f-9fea-a97ebe1f3b32 "
        "because it has been cancelled already. Please provide uid of a booking that is not "
        "cancelled. (another occurrence of the series, or its rescheduled booking, "
        "may still be accepted: get the booking, then cancel those by their uids)"
    ),
    "live-26-cancel-seat-alone-404-though-removed": (
        "bookings.cancel_seat (POST /v2/bookings/fgeBZHxJXaRJpkNoYzJEHR/cancel): 404 NOT_FOUND: "
        "Invalid Query: The requested record was not found. (it may have happened; "
        "the server often returns this after it removed a seat: get the booking to see whether "
        "the seat remains)"
    ),
    "live-68-ee-location-link-not-a-url": (
        "bookings.update_location (PATCH /v2/bookings/7s3RzwypGL2CY1oUTWDmvc/location): 400 "
        "BadRequestException: Bad Request Exception: location: "
        "UpdateBookingInputLocationValidator_2024_08_13 - Validation failed for link location: "
        "link must be a URL address (correct location)"
    ),
    "217-create-bad-email": (
        "bookings.create (POST /v2/bookings): 400 BAD_REQUEST: responses - "
        "{email}email_validation_error, (set email to a value that the event type accepts)"
    ),
    "47-reschedule-already-rescheduled": (
        "bookings.reschedule (POST /v2/bookings/8q36zVzjeFHywNswG41LH7/reschedule): 400 "
        "BadRequestException: Can't reschedule booking with uid=8q36zVzjeFHywNswG41LH7 because it "
        "has been cancelled and rescheduled already to booking with uid=n4j4252XEhZWhJZpxXK4ht. "
        "You probably want to reschedule n4j4252XEhZWhJZpxXK4ht instead by passing it within the "
        "request URL. (it was rescheduled before: get the booking, then use the uid in "
        "its rescheduled_to_uid)"
    ),
    "story-26-get-missing": (
        "bookings.get (GET /v2/bookings/no-such-booking): 404 NotFoundException: Booking with "
        "uid=no-such-booking was not found in the database (check the uid, and whether these "
        "credentials may see it)"
    ),
    "442-get-normal-if-none-match-304": (
        "bookings.get (GET /v2/bookings/rp4rFJFqZV4kKE8R5WtTzj): 304 (not a response of the "
        "API; redirects are not followed; check the base URL)"
    ),
    "279-version-missing-cancel": (
        "bookings.cancel (POST /v2/bookings/xBpMpHmFG7ZR2Vj46oAdxD/cancel): 201: the legacy API "
        "(2024-04-15) responded, because the server does not know the cal-api-version "
        "sent, or a proxy removed the header; "
        "every server knows the versions of EVERYWHERE; "
        "it may have executed the call"
    ),
    "281-version-missing-confirm": (
        "bookings.confirm (POST /v2/bookings/xBpMpHmFG7ZR2Vj46oAdxD/confirm): 404: the server "
        "lacks this route or version: it is older, or the base URL is not that "
        "of the API"
    ),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_states_the_request_the_response_and_a_remedy(name: str) -> None:
    assert str(error_of(operation_of(name), response_of(name))) == MESSAGES[name]


def test_every_response_error_prints_operation_method_path_and_status() -> None:
    for name in NAMES:
        status = RECORDED[name]["response"]["status"]
        if status >= 300:
            operation = operation_of(name)
            prefix = f"{operation.name} ({operation.method} {operation.path}): {status}"
            assert str(error_of(operation, response_of(name))).startswith(prefix), name


SLOT_HELPS = {"taken", "full", "past", "outside_window", "reserved"}


def test_only_a_message_about_slots_suggests_another_slot() -> None:
    rows = [row for row in ERROR_RULES if row.error is SlotUnavailable]
    assert {row.reason for row in rows if not row.hint} == SLOT_HELPS
    assert {row.reason for row in rows if row.hint} == {"limit", "booker_limit", "no_host"}
    for row in rows:
        assert ("choose " in row.hint) is (row.reason == "limit")


def test_a_validation_error_names_each_field_and_its_reason() -> None:
    for name in NAMES:
        if RECORDED[name]["response"]["status"] < 300:
            continue
        error = error_of(operation_of(name), response_of(name))
        if isinstance(error, ValidationFailed):
            message = str(error)
            for field, texts in error.fields.items():
                assert field in message, name
                assert all(text in message for text in texts), name


def test_a_validation_error_without_fields_refers_to_the_message() -> None:
    error = refusal(CREATE, 400, "Body should be an object", "BadRequestException")
    assert str(error) == (
        "bookings.create (POST /v2/bookings): 400 BadRequestException: Body should be an object "
        "(correct the input as the server's text requires)"
    )


CREDENTIALS = {
    "ApiKey": "the API key was refused: check that it is complete, not expired, and of this server",
    "AccessToken": "the access token was refused: refresh it, or check which server issued it",
    "OAuthClient": "the OAuth client was refused: check its id and its secret",
    "Anonymous": "no credentials were sent: pass some, such as auth=ApiKey(…)",
    "": "pass valid credentials, such as auth=ApiKey(…)",
    "Custom": "pass valid credentials, such as auth=ApiKey(…)",
}


@pytest.mark.parametrize("kind", CREDENTIALS)
def test_unauthenticated_names_the_kind_of_credentials_sent(kind: str) -> None:
    with pytest.raises(Unauthenticated) as caught:
        GET.read(response_of("198-list-bogus-key"), credentials=kind)
    assert caught.value.credentials == kind
    assert str(caught.value) == (
        "bookings.get (GET /v2/bookings/bk7): 401 UnauthorizedException: CustomThrottlerGuard - "
        f"Invalid API Key ({CREDENTIALS[kind]})"
    )


UNUSUAL_TEXTS = {
    "an escape sequence": ("\x1b[2Jgone", "\\x1b[2Jgone"),
    "half a surrogate pair": ("half \ud83d", "half \\ud83d"),
    "text that runs backwards": ("a\u202eb", "a\\u202eb"),
    "lines": ("one\r\n\ttwo", "one two"),
    "letters of any script": ("Grüße, 予約", "Grüße, 予約"),
}


@pytest.mark.parametrize("name", UNUSUAL_TEXTS)
def test_text_of_the_server_is_printable_in_an_error(name: str) -> None:
    text, shown = UNUSUAL_TEXTS[name]
    errors = [{"property": text, "constraints": {"x": text}}]
    body = {"error": {"code": text, "message": text, "details": {"errors": errors}}}
    error = error_of(CREATE, Response(400, (), json.dumps(body).encode()))
    str(error).encode()
    assert error.message == shown
    assert str(error).startswith("bookings.create (POST /v2/bookings): 400 ")
    assert str(error).replace(shown, "").isprintable()
    assert str(error).isprintable()


def test_a_long_server_message_is_cut_in_an_error() -> None:
    errors = [{"property": "x" * 9_000, "constraints": {"x": "y" * 9_000}}]
    body = {
        "error": {
            "code": "c" * 9_000,
            "message": "Bad Request Exception",
            "details": {"errors": errors},
        }
    }
    error = error_of(CREATE, Response(400, (), json.dumps(body).encode()))
    assert isinstance(error, ValidationFailed)
    assert len(str(error)) < 1_400


def test_a_message_contains_neither_query_nor_body() -> None:
    operation = bookings.list(attendee_email="per@guest.example")
    error = refusal(operation, 500, "no")
    assert "per@guest.example" not in str(error) + repr(error)
    error = refusal(bookings.cancel("bk7", {"cancellation_reason": "hush"}), 500, "no")
    assert "hush" not in str(error) + repr(error)


def transport_error(cls: type[TransportError]) -> TransportError:
    return cls("connection closed", reason="closed", operation=GET)


INSTANCES: dict[str, CalcomError] = {
    "CalcomError": CalcomError("x"),
    "InvalidInput": InvalidInput("data.start", "is missing"),
    "ApiError": refusal(GET, 302, "x"),
    "ValidationFailed": error_of(operation_of("163-list-take0"), response_of("163-list-take0")),
    "BookingFieldError": refusal(CREATE, 400, "responses - {notes}error_required_field, ", "X"),
    "SlotUnavailable": error_of(CREATE, response_of("111-create-seated-full")),
    "BookingConflict": refusal(CREATE, 409, "booking_conflict_error"),
    "AlreadyDone": error_of(operation_of("85-confirm-twice"), response_of("85-confirm-twice")),
    "Unauthenticated": error_of(GET, response_of("198-list-bogus-key")),
    "TokenExpired": refusal(GET, 498, "ACCESS_TOKEN_IS_EXPIRED", "TokenExpiredException"),
    "PermissionDenied": refusal(GET, 403, "x"),
    "BlockedByEdge": error_of(GET, Response(403, (), b"<html>")),
    "NotFound": error_of(GET, response_of("191-get-bad-uid")),
    "RateLimited": error_of(bookings.list(), response_of("466-ratelimit-two-limits-5")),
    "BadRequest": refusal(GET, 418, "x"),
    "ServerError": refusal(CREATE, 500, "x"),
    "ResponseError": ResponseError(
        "a message",
        operation=bookings.get("bk7"),
        response=Response(500),
        may_have_happened=False,
    ),
    "VersionMismatch": error_of(
        operation_of("279-version-missing-cancel"), response_of("279-version-missing-cancel")
    ),
    "DecodingError": error_of(
        bookings.list(),
        response_with_data(
            "story-24-list-page-1",
            [RECORDED["story-24-list-page-1"]["response"]["body"]["data"][0], {"id": 5}],
        ),
    ),
    "PagingError": error_of(
        bookings.list(limit=1, cursor="c"),
        Response(
            200,
            (),
            b'{"status":"success","data":[],"pagination":{"nextCursor":"c","hasMore":true}}',
        ),
    ),
    "SeriesReturned": error_of(bookings.get_one("bk7"), response_of("98-get-recurring-all")),
    "OutcomeUnknown": OutcomeUnknown(
        "it may have happened", operation=CREATE, cause=transport_error(NoAnswer), found=("one",)
    ),
    "ExistingBookingReturned": ExistingBookingReturned(
        "an existing one", operation=CREATE, booking=("one",)
    ),
    "TransportError": transport_error(TransportError),
    "NotSent": transport_error(NotSent),
    "NoAnswer": transport_error(NoAnswer),
    "WebhookError": WebhookError("x"),
    "SignatureError": SignatureError("x"),
    "SignatureMissing": SignatureMissing("x"),
    "WebhookWithoutSecret": WebhookWithoutSecret("x"),
    "SignatureMalformed": SignatureMalformed("x"),
    "SignatureMismatch": SignatureMismatch("x"),
    "DeliveryTooLarge": DeliveryTooLarge("x"),
    "DeliveryTooOld": DeliveryTooOld("x", event={"id": 5}, age=301.0),
    "DeliveryUnreadable": DeliveryUnreadable("x", path="$", found="nothing", event={"id": 5}),
    "ReplayError": ReplayError("x"),
}


def test_every_error_class_has_an_instance() -> None:
    classes = {
        name
        for name, value in vars(calcom_core.errors).items()
        if isinstance(value, type) and issubclass(value, CalcomError)
    }
    assert INSTANCES.keys() == classes
    assert {name: type(error).__name__ for name, error in INSTANCES.items()} == {
        name: name for name in classes
    }


def attributes_of(error: CalcomError) -> dict[str, Any]:
    """Return the attributes of an error, with nested errors as class and attributes."""
    return {
        name: (type(value), value.args, attributes_of(value))
        if isinstance(value, CalcomError)
        else value
        for name, value in vars(error).items()
    }


@pytest.mark.parametrize("name", INSTANCES)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_an_error_pickles_with_all_its_attributes(name: str, protocol: int) -> None:
    error = INSTANCES[name]
    again = pickle.loads(pickle.dumps(error, protocol))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert again.args == error.args
    assert attributes_of(again) == attributes_of(error)


@pytest.mark.parametrize("name", INSTANCES)
def test_an_error_is_copied_with_all_its_attributes(name: str) -> None:
    error = INSTANCES[name]
    again = copy.copy(error)
    assert again is not error
    assert (type(again), again.args, vars(again)) == (type(error), error.args, vars(error))


@pytest.mark.parametrize("name", INSTANCES)
def test_an_error_keeps_its_cause_and_its_notes(name: str) -> None:
    error = copy.copy(INSTANCES[name])
    cause = OSError("the cause")
    with pytest.raises(CalcomError) as caught:
        raise error from cause
    assert caught.value.__cause__ is cause
    error.add_note("a note")
    assert pickle.loads(pickle.dumps(error)).__notes__ == ["a note"]


def test_a_decoding_error_names_its_cause() -> None:
    error = error_of(GET, Response(200, (), b"\xff"))
    assert type(error.__cause__).__name__ == "InvalidJson"
    error = error_of(GET, response_of("137-reassign-auto"))
    assert type(error.__cause__).__name__ == "UnexpectedValue"


def test_the_error_classes_form_this_tree() -> None:
    tree = {
        name: cls.__base__.__name__
        for name, cls in vars(calcom_core.errors).items()
        if isinstance(cls, type) and issubclass(cls, CalcomError) and cls.__base__ is not None
    }
    assert tree == {
        "CalcomError": "Exception",
        "InvalidInput": "CalcomError",
        "ResponseError": "CalcomError",
        "ApiError": "ResponseError",
        **dict.fromkeys(
            [
                "ValidationFailed",
                "BookingFieldError",
                "SlotUnavailable",
                "BookingConflict",
                "AlreadyDone",
                "Unauthenticated",
                "PermissionDenied",
                "BlockedByEdge",
                "NotFound",
                "RateLimited",
                "BadRequest",
                "ServerError",
            ],
            "ApiError",
        ),
        "TokenExpired": "Unauthenticated",
        "VersionMismatch": "ResponseError",
        "DecodingError": "ResponseError",
        "PagingError": "DecodingError",
        "SeriesReturned": "DecodingError",
        "OutcomeUnknown": "CalcomError",
        "ExistingBookingReturned": "CalcomError",
        "WebhookError": "CalcomError",
        "SignatureError": "WebhookError",
        **dict.fromkeys(
            ["SignatureMissing", "WebhookWithoutSecret", "SignatureMalformed", "SignatureMismatch"],
            "SignatureError",
        ),
        "DeliveryTooLarge": "WebhookError",
        "DeliveryTooOld": "WebhookError",
        "DeliveryUnreadable": "WebhookError",
        "TransportError": "CalcomError",
        "NotSent": "TransportError",
        "NoAnswer": "TransportError",
        "ReplayError": "CalcomError",
    }
    assert issubclass(InvalidInput, ValueError)


def test_an_unknown_outcome_has_the_verify() -> None:
    error = OutcomeUnknown(
        "x", operation=bookings.confirm("bk7"), cause=NoAnswer("y", reason="closed")
    )
    assert error.verify == bookings.get("bk7")


TOKENS: dict[str, tuple[str, str, str]] = {
    # The text of the server, its token, and the redacted text.
    "an access token": (
        "no oAuth client found for access token=garbage-token",
        "garbage-token",
        "no oAuth client found for access token=[redacted]",
    ),
    "an access token in JSON": (
        'got {"accessToken": "s3cr3t/+=", "x": 1}',
        "s3cr3t/+=",
        'got {"accessToken": "[redacted]", "x": 1}',
    ),
    "the token of a recording": (
        '{"shareToken":"s3cr3t"}',
        "s3cr3t",
        '{"shareToken":"[redacted]"}',
    ),
    "the signature of a link": (
        "no file at https://s3.example/x?X-Amz-Date=1&X-Amz-Signature=s3cr3t+",
        "s3cr3t",
        "no file at https://s3.example/x?X-Amz-Date=1&X-Amz-Signature=[redacted]",
    ),
    "an underlined access token": ("access_token: s3cr3t.", "s3cr3t", "access_token: [redacted]"),
    "a bearer": ("header Bearer s3cr3t, sorry", "s3cr3t", "header Bearer [redacted], sorry"),
    "an API key": (
        "key cal_test_0123456789abcdef is gone",
        "cal_test_0123456789abcdef",
        "key [redacted] is gone",
    ),
    "a JSON web token": (
        "bad eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
        "bad [redacted]",
    ),
}


@pytest.mark.parametrize("status", [302, 403, 404, 500])
@pytest.mark.parametrize("name", TOKENS)
def test_a_token_in_a_response_is_nowhere_in_the_error(name: str, status: int) -> None:
    message, token, shown = TOKENS[name]
    details = {"message": message, "error": "Forbidden"}
    body = {"status": "error", "error": {"code": "X", "message": message, "details": details}}
    response = Response(status, (), json.dumps(body).encode())
    error = error_of(GET, response)
    assert error.message == shown
    assert error.details == {"message": shown, "error": "Forbidden"}
    assert error.response.status == status
    assert_nowhere(token, error)


def assert_nowhere(token: str, error: ApiError) -> None:
    assert token not in "".join(traceback.format_exception(error))
    assert token not in repr(error)
    assert token not in error.message
    assert token not in json.dumps(error.details)
    assert token.encode() not in error.response.body
    assert token.encode() not in pickle.dumps(error)


def test_a_token_in_an_unreadable_success_is_not_kept_either() -> None:
    with pytest.raises(DecodingError) as caught:
        GET.read(Response(200, (), b'{"status":"success","data":"Bearer cal_test_echoed"}'))
    assert b"cal_test_echoed" not in pickle.dumps(caught.value)


TOKEN = "abcdefghijklmnopqrstuvwxyz0123456789"


def test_a_token_in_an_unreadable_item_is_in_no_part_of_the_error() -> None:
    recorded = RECORDED["161-list-take2-skip2"]["response"]["body"]
    items = [recorded["data"][0], {"odd": f"access token={TOKEN}"}]
    pagination = {**recorded["pagination"], "by": f"access token={TOKEN}"}
    body = json.dumps({**recorded, "data": items, "pagination": pagination}).encode()
    with pytest.raises(DecodingError) as caught:
        bookings.list().read(Response(200, {"Location": f"/?access_token={TOKEN}"}, body))
    error = caught.value
    assert len(error.page.items) == 1
    assert error.unreadable == ({"odd": "access token=[redacted]"},)
    assert error.page.pagination.extra == {"by": "access token=[redacted]"}
    assert TOKEN.encode() not in pickle.dumps(error)
    assert TOKEN not in "".join(traceback.format_exception(error)) + repr(error.response)


def test_a_token_in_text_that_is_not_json_is_in_no_cause_of_the_error() -> None:
    with pytest.raises(DecodingError) as caught:
        GET.read(Response(200, (), f"access token={TOKEN}".encode()))
    cause: BaseException | None = caught.value
    while cause is not None:
        assert TOKEN not in repr(vars(cause))
        cause = cause.__cause__


def test_an_error_keeps_no_cookie_and_no_token_of_a_header() -> None:
    headers = {"Set-Cookie": "session=1234", "Location": f"https://x.test/?access_token={TOKEN}"}
    error = error_of(GET, Response(302, headers))
    assert list(error.response.headers) == [
        ("Set-Cookie", "[redacted]"),
        ("Location", "https://x.test/?access_token=[redacted]"),
    ]


def test_details_nested_too_deeply_to_be_pickled_are_left_out() -> None:
    details = "[" * 600 + "]" * 600
    body = f'{{"error": {{"code": "X", "message": "m", "details": {details}}}}}'.encode()
    error = error_of(GET, Response(400, (), body))
    assert (error.code, error.message, error.details) == ("X", "m", None)
    pickle.dumps(error)


def test_the_token_of_a_recorded_response_is_nowhere_in_the_error() -> None:
    response = response_of("199-list-garbage-token")
    assert b"garbage-token" in response.body
    error = error_of(bookings.list(), response)
    assert type(error) is Unauthenticated
    assert error.response.body.count(b"access token=[redacted]") == 2
    assert_nowhere("garbage-token", error)


def test_words_about_tokens_are_kept() -> None:
    error = error_of(bookings.list(), response_of("story-29-no-key"))
    assert error.message == (
        "PermissionsGuard - no authentication provided. Provide either authorization bearer "
        "token containing managed user access token or oAuth client id in 'x-cal-client-id' "
        "header."
    )


@pytest.mark.exhaustive(sample=1)
@pytest.mark.parametrize(
    "half",
    [b"eyJ", b"-eyJ", b"eyJ-", b" eyJ", b"?sig", b"&signature", b"accessToken ", b"bearer ", b"a."],
)
def test_a_large_body_of_partial_tokens_is_redacted_quickly(half: bytes) -> None:
    error = error_of(GET, Response(500, (), half * 300_000 + b" eyJhbGciOi.eyJzdWIiOi.c2ln"))
    assert type(error) is ServerError
    assert error.response.body.endswith(b"[redacted]")


def test_no_error_of_a_call_holds_its_key() -> None:
    api = Api(ApiKey("cal_test_0123456789abcdef"))
    api.request(GET)
    error = refusal(GET, 401, "Invalid API Key")
    assert b"cal_test_0123456789abcdef" not in pickle.dumps(error)
    assert isinstance(error.operation, Operation)


DATE = "Sun, 22 Nov 2026 16:03:00 GMT"

# The headers of a 429, and the longest wait in them, in seconds.
WAITS: dict[str, tuple[dict[str, str], float | None]] = {
    "nothing": ({}, None),
    "one limit": ({"X-RateLimit-Reset-Default": "42"}, 42.0),
    "a fraction": ({"X-RateLimit-Reset-Default": "0.5"}, 0.5),
    "the latest of those used up": (
        {
            "X-RateLimit-Remaining-Short": "0",
            "X-RateLimit-Reset-Short": "20",
            "X-RateLimit-Remaining-Long": "0",
            "X-RateLimit-Reset-Long": "60",
            "X-RateLimit-Remaining-Other": "3",
            "X-RateLimit-Reset-Other": "90",
        },
        60.0,
    ),
    "the latest of limits with requests left": (
        {
            "x-ratelimit-remaining-a": "1",
            "x-ratelimit-reset-a": "20",
            "x-ratelimit-reset-b": "60",
        },
        60.0,
    ),
    "a Unix time": ({"X-RateLimit-Reset-Default": "1795363410", "Date": DATE}, 30.0),
    "a Unix time that is over": ({"X-RateLimit-Reset-Default": "1795363370", "Date": DATE}, 0.0),
    "a Unix time without a date": ({"X-RateLimit-Reset-Default": "1795363410"}, None),
    "retry after seconds": ({"Retry-After": "7"}, 7.0),
    "retry after a date": ({"Retry-After": "Sun, 22 Nov 2026 16:04:30 GMT", "Date": DATE}, 90.0),
    "retry after a date that is over": (
        {"Retry-After": "Sun, 22 Nov 2026 16:02:00 GMT", "Date": DATE},
        0.0,
    ),
    "retry after a date, without a date": ({"Retry-After": "Sun, 22 Nov 2026 16:04:30 GMT"}, None),
    "retry after an invalid month": (
        {"Retry-After": "Sun, 22 Nox 2026 16:04:30 GMT", "Date": DATE},
        None,
    ),
    "retry after an invalid day": (
        {"Retry-After": "Sun, 32 Nov 2026 16:04:30 GMT", "Date": DATE},
        None,
    ),
    "retry after garbage": ({"Retry-After": "soon"}, None),
    "retry after NaN": ({"Retry-After": "nan"}, None),
    "retry after a negative number": ({"Retry-After": "-5"}, None),
    "a limit that is garbage": ({"X-RateLimit-Reset-Default": "soon", "Retry-After": "7"}, 7.0),
    "a limit that is negative": ({"X-RateLimit-Reset-Default": "-1"}, None),
    "a limit that is NaN": ({"X-RateLimit-Reset-Default": "NaN"}, None),
    "a limit that is infinite": ({"X-RateLimit-Reset-Default": "inf"}, None),
    "a limit without a name": ({"X-RateLimit-Reset": "42"}, 42.0),
    "a limit that is longer than retry after": (
        {"X-RateLimit-Reset-Default": "42", "Retry-After": "7"},
        42.0,
    ),
    "retry after that is longer than a limit": (
        {"X-RateLimit-Reset-Default": "5", "Retry-After": "60"},
        60.0,
    ),
    "retry after beside a reset of 0": (
        {"X-RateLimit-Reset-Default": "0", "Retry-After": "17"},
        17.0,
    ),
}


@pytest.mark.parametrize("name", WAITS)
def test_a_429_error_has_its_retry_delay(name: str) -> None:
    headers, seconds = WAITS[name]
    error = error_of(CREATE, Response(429, headers))
    assert type(error) is RateLimited
    assert error.reset == seconds
    assert error.may_have_happened is False


def test_a_429_message_states_its_retry_delay() -> None:
    text = str(error_of(GET, Response(429, {"Retry-After": "12.5"})))
    assert text == "bookings.get (GET /v2/bookings/bk7): 429 (retry after 12.5 s)"


def test_a_429_error_has_every_limit_of_its_headers() -> None:
    headers = {
        "X-RateLimit-Limit-Booking_guests_add": "5",
        "x-ratelimit-remaining-booking_guests_add": "0",
        "X-RATELIMIT-RESET-Booking_guests_add": "12",
        "X-RateLimit-Reset-Bare": "3",
        "X-RateLimit-Limit-Odd": "many",
        "X-RateLimit-Reset-Odd": "9",
        "X-RateLimit-Reset-Broken": "?",
    }
    error = error_of(CREATE, Response(429, headers))
    assert error.limits == (
        RateLimit("Booking_guests_add", 5, 0, 12.0),
        RateLimit("Bare", None, None, 3.0),
        RateLimit("Odd", None, None, 9.0),
    )


def test_blocked_by_edge_and_version_mismatch_have_their_attributes() -> None:
    blocked = INSTANCES["BlockedByEdge"]
    assert isinstance(blocked, BlockedByEdge)
    assert str(blocked) == (
        "bookings.get (GET /v2/bookings/bk7): 403 a page of HTML (a proxy or firewall refused "
        "the request; check the base URL and your network)"
    )
    mismatch = INSTANCES["VersionMismatch"]
    assert isinstance(mismatch, VersionMismatch)
    assert not isinstance(mismatch, ApiError)
    decoding = INSTANCES["DecodingError"]
    assert isinstance(decoding, DecodingError)
    assert decoding.unreadable == ({"id": 5},)


def test_a_limit_without_a_suffix_counts_and_a_longer_name_does_not() -> None:
    headers = {"X-RateLimit-Limit": "5", "X-RateLimit-Reset": "30", "X-RateLimit-Resets": "9"}
    error = error_of(GET, Response(429, headers))
    assert isinstance(error, RateLimited)
    assert (error.reset, error.limits) == (30.0, (RateLimit("", 5, None, 30.0),))
