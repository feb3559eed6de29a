"""The requests that were recorded of two running servers, as calls."""

from collections.abc import Callable
from typing import Any

from calcom_core import Operation, bookings, teams

Call = Callable[[], Operation[Any]]

ANN = {
    "name": "Ann Attendee",
    "email": "ann@example.net",
    "time_zone": "Europe/Rome",
    "language": "en",
}

LIVE_CALLS: dict[str, Call] = {
    "live-01-create-booking-limit-per-day": lambda: bookings.create(
        {"start": "2040-01-02T11:00:00Z", "event_type_id": 16, "attendee": ANN}
    ),
    "live-02-create-booking-limit-per-day-noauth": lambda: bookings.create(
        {"start": "2040-01-02T11:00:00Z", "event_type_id": 16, "attendee": ANN}
    ),
    "live-04-create-email-verification-required-noauth": lambda: bookings.create(
        {"start": "2040-01-04T09:00:00Z", "event_type_id": 16, "attendee": ANN}
    ),
    "live-05-create-email-verification-wrong-code-noauth": lambda: bookings.create(
        {
            "start": "2040-01-04T09:00:00Z",
            "event_type_id": 16,
            "email_verification_code": "123456",
            "attendee": ANN,
        }
    ),
    "live-06-create-auth-required-stranger": lambda: bookings.create(
        {"start": "2040-01-05T09:00:00Z", "event_type_id": 21, "attendee": ANN}
    ),
    "live-07-create-recurring-count-too-high": lambda: bookings.create(
        {
            "start": "2040-01-06T09:00:00Z",
            "event_type_id": 3,
            "recurrence_count": 9,
            "attendee": ANN,
        }
    ),
    "live-09-create-max-active-second-offers-reschedule": lambda: bookings.create(
        {
            "start": "2040-01-08T11:00:00Z",
            "event_type_id": 18,
            "attendee": {**ANN, "email": "maxact@example.net"},
        }
    ),
    "live-11-create-managed-user": lambda: bookings.create(
        {"start": "2040-01-10T09:00:00Z", "event_type_id": 26, "attendee": ANN}
    ),
    "live-12-get-managed-user": lambda: bookings.get("q9VGTAL5yXokSuHY5A67JY"),
    "live-13-create-oauth-client": lambda: bookings.create(
        {"start": "2040-01-10T11:00:00Z", "event_type_id": 26, "attendee": ANN}
    ),
    "live-14-list-oauth-client": lambda: bookings.list(take=2),
    "live-15-list-oauth-client-wrong-secret": lambda: bookings.list(),
    "live-17-list-expired-access-token": lambda: bookings.list(),
    "live-18-create-expired-access-token": lambda: bookings.create(
        {"start": "2040-01-11T09:00:00Z", "event_type_id": 26, "attendee": ANN}
    ),
    "live-19-list-after-created-total-ignores-filter": lambda: bookings.list(
        event_type_id=15, after_created_at="2026-11-27T12:09:23.172Z", take=5
    ),
    "live-20-list-before-created-empty-but-total": lambda: bookings.list(
        event_type_id=15, before_created_at="2026-01-01T00:00:00Z", take=5
    ),
    "live-21-location-integration-not-connected": lambda: bookings.update_location(
        "gE89h4mooSPKTtvCWEUhwD", {"type": "integration", "integration": "zoom"}
    ),
    "live-22-cancel-old-uid-of-rescheduled": lambda: bookings.cancel(
        "gE89h4mooSPKTtvCWEUhwD", {"cancellation_reason": "x"}
    ),
    "live-23-series-1-cancel-first": lambda: bookings.cancel(
        "kE4iaZDhMpXK75EULo8giQ", {"cancellation_reason": "one"}
    ),
    "live-24-series-2-cancel-series-refused": lambda: bookings.cancel(
        "dc6da333-fcf2-423f-9fea-a97ebe1f3b32", {"cancellation_reason": "all"}
    ),
    "live-25-series-3-get-two-still-accepted": lambda: bookings.get(
        "dc6da333-fcf2-423f-9fea-a97ebe1f3b32"
    ),
    "live-26-cancel-seat-alone-404-though-removed": lambda: bookings.cancel(
        "fgeBZHxJXaRJpkNoYzJEHR",
        {"seat_uid": "18d3a1b5-0393-490a-bdee-6bd569bc132b", "cancellation_reason": "ill"},
    ),
    "live-27-cancel-seat-alone-get-by-seat-after": lambda: bookings.get_by_seat(
        "18d3a1b5-0393-490a-bdee-6bd569bc132b"
    ),
    "live-29-create-duplicate-guests": lambda: bookings.create(
        {
            "start": "2045-01-02T09:00:00Z",
            "event_type_id": 1,
            "guests": ["d@example.net", "d@example.net"],
            "attendee": ANN,
        }
    ),
    "live-31-ee-create-by-slug-in-organization-noauth": lambda: bookings.create(
        {
            "start": "2050-01-03T09:00:00Z",
            "event_type_slug": "otto-30",
            "username": "otto",
            "organization_slug": "org-one",
            "attendee": ANN,
        }
    ),
    "live-32-ee-create-team-slug-in-organization-noauth": lambda: bookings.create(
        {
            "start": "2050-01-03T10:00:00Z",
            "event_type_slug": "org-rr",
            "team_slug": "org-team",
            "organization_slug": "org-one",
            "attendee": ANN,
        }
    ),
    "live-33-ee-organization-bookings": lambda: teams.organization_bookings(
        3, sort_start="desc", take=2
    ),
    "live-34-ee-organization-bookings-of-user": lambda: teams.organization_bookings(
        3, status="upcoming", take=2, user_ids=[10]
    ),
    "live-36-ee-organization-bookings-stranger": lambda: teams.organization_bookings(3),
    "live-37-ee-organization-bookings-none": lambda: teams.organization_bookings(999),
    "live-38-ee-organization-team-bookings": lambda: teams.organization_team_bookings(3, 4, take=2),
    "live-39-ee-organization-team-bookings-member": lambda: teams.organization_team_bookings(3, 4),
    "live-40-ee-organization-team-bookings-other-team": lambda: teams.organization_team_bookings(
        3, 2
    ),
    "live-42-ee-organization-user-bookings-not-in-it": lambda: teams.organization_user_bookings(
        3, 5
    ),
    "live-43-ee-organization-team-references": lambda: teams.references(
        3, 4, "hiMFrZ5SfQZjwDnFrXn8Ng"
    ),
    "live-44-ee-organization-team-references-member": lambda: teams.references(
        3, 4, "hiMFrZ5SfQZjwDnFrXn8Ng"
    ),
    "live-45-ee-team-bookings": lambda: teams.bookings(2, status="upcoming", take=2),
    "live-46-ee-team-bookings-member": lambda: teams.bookings(2),
    "live-48-ee-create-round-robin": lambda: bookings.create(
        {"start": "2050-01-04T09:00:00Z", "event_type_id": 47, "attendee": ANN}
    ),
    "live-49-ee-reassign-auto": lambda: bookings.reassign("rshDAbDRtmhx4Ja4jFh1iH"),
    "live-50-ee-reassign-to-user": lambda: bookings.reassign_to_user(
        "rshDAbDRtmhx4Ja4jFh1iH", 6, reason="better"
    ),
    "live-51-ee-get-after-reassign": lambda: bookings.get("rshDAbDRtmhx4Ja4jFh1iH"),
    "live-52-ee-reassign-to-user-not-a-host": lambda: bookings.reassign_to_user(
        "rshDAbDRtmhx4Ja4jFh1iH", 8
    ),
    "live-54-ee-reassign-stranger": lambda: bookings.reassign("rshDAbDRtmhx4Ja4jFh1iH"),
    "live-55-ee-create-collective": lambda: bookings.create(
        {"start": "2050-01-04T11:00:00Z", "event_type_id": 48, "attendee": ANN}
    ),
    "live-56-ee-reassign-collective": lambda: bookings.reassign("iN5nuycVSyma2uTFvREfzz"),
    "live-57-ee-create-instant": lambda: bookings.create_instant(
        {"start": "2050-01-05T09:00:00Z", "event_type_id": 50, "attendee": ANN}
    ),
    "live-58-ee-get-instant": lambda: bookings.get("bRV5mVvhtfQdWoCbp2UJru"),
    "live-60-ee-recordings-stranger": lambda: bookings.recordings("7s3RzwypGL2CY1oUTWDmvc"),
    "live-61-ee-transcripts-stranger": lambda: bookings.transcripts("7s3RzwypGL2CY1oUTWDmvc"),
    "live-62-ee-conferencing-sessions-stranger": lambda: bookings.conferencing_sessions(
        "7s3RzwypGL2CY1oUTWDmvc"
    ),
    "live-63-ee-references-stranger": lambda: bookings.references("7s3RzwypGL2CY1oUTWDmvc"),
    "live-64-ee-confirm-stranger": lambda: bookings.confirm("7s3RzwypGL2CY1oUTWDmvc"),
    "live-66-ee-guests-add-stranger": lambda: bookings.guests.add(
        "7s3RzwypGL2CY1oUTWDmvc", [{"email": "q@example.net"}]
    ),
    "live-67-ee-location-stranger": lambda: bookings.update_location(
        "7s3RzwypGL2CY1oUTWDmvc", {"type": "link", "link": "https://example.com/a"}
    ),
    "live-68-ee-location-link-not-a-url": lambda: bookings.update_location(
        "7s3RzwypGL2CY1oUTWDmvc", {"type": "link", "link": "https://x.y"}
    ),
    "live-69-ee-create-cal-video": lambda: bookings.create(
        {"start": "2054-03-03T09:00:00Z", "event_type_id": 24, "attendee": ANN}
    ),
    "live-70-ee-cal-video-references": lambda: bookings.references("q2P946bn6SERbA88SyavRf"),
    "live-72-ee-cal-video-transcripts": lambda: bookings.transcripts("q2P946bn6SERbA88SyavRf"),
    "live-73-ee-cal-video-conferencing-sessions": lambda: bookings.conferencing_sessions(
        "q2P946bn6SERbA88SyavRf"
    ),
}
