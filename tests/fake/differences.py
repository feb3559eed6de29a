"""The recordings that the fake does not answer as the server did, each with its reason.

This list may only shrink: a test fails for a new difference, and for one that is gone.
"""

RACE = "two requests raced, and the fake answers one after the other"
LEGACY = "the fake has no list and no slots of the legacy API"
ORGANIZATION = "the fake has no organisations, and so no roles in their teams"
VIDEO = "the fake has no Cal Video"
PLATFORM = "the fake has neither managed users nor OAuth clients"
DATABASE = "the database of the server was down"

DIFFERENCES = {
    "19-slots-old-version-2024-04-15": LEGACY,
    "32-get-calendar-links": "the calendar file has a random uid that is no uid of the state",
    "273-version-missing-list": LEGACY,
    "274-version-bogus-list": LEGACY,
    "275-version-2024-04-15-list": LEGACY,
    "442-get-normal-if-none-match-304": "the fake sends no ETag, and so no 304",
    "481-database-down-create": DATABASE,
    "482-database-down-get-noauth": DATABASE,
    "live-11-create-managed-user": PLATFORM,
    "live-12-get-managed-user": PLATFORM,
    "live-13-create-oauth-client": PLATFORM,
    "live-14-list-oauth-client": PLATFORM,
    "live-15-list-oauth-client-wrong-secret": PLATFORM,
    "live-17-list-expired-access-token": PLATFORM,
    "live-18-create-expired-access-token": PLATFORM,
    "live-26-cancel-seat-alone-404-though-removed": RACE,
    "live-31-ee-create-by-slug-in-organization-noauth": ORGANIZATION,
    "live-32-ee-create-team-slug-in-organization-noauth": ORGANIZATION,
    "live-33-ee-organization-bookings": ORGANIZATION,
    "live-34-ee-organization-bookings-of-user": ORGANIZATION,
    "live-36-ee-organization-bookings-stranger": ORGANIZATION,
    "live-37-ee-organization-bookings-none": ORGANIZATION,
    "live-38-ee-organization-team-bookings": ORGANIZATION,
    "live-39-ee-organization-team-bookings-member": ORGANIZATION,
    "live-40-ee-organization-team-bookings-other-team": ORGANIZATION,
    "live-42-ee-organization-user-bookings-not-in-it": ORGANIZATION,
    "live-43-ee-organization-team-references": ORGANIZATION,
    "live-44-ee-organization-team-references-member": ORGANIZATION,
    "live-45-ee-team-bookings": ORGANIZATION,
    "live-46-ee-team-bookings-member": ORGANIZATION,
    "live-57-ee-create-instant": "the fake has no instant bookings",
    "live-58-ee-get-instant": "the fake has no instant bookings",
    "live-69-ee-create-cal-video": VIDEO,
    "live-70-ee-cal-video-references": VIDEO,
    "live-72-ee-cal-video-transcripts": VIDEO,
    "live-73-ee-cal-video-conferencing-sessions": VIDEO,
    "zz-cancel-seat-race-404-but-seat-removed": RACE,
    "zz-concurrent-identical-1": RACE,
    "zz-concurrent-identical-2": RACE,
    "zz-concurrent-same-slot-1": RACE,
    "zz-concurrent-same-slot-2": RACE,
    "zz-concurrent-same-slot-3": RACE,
}
