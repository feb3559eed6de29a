"""Every recorded success is read as its shape, and nothing of it is lost."""

import pytest
from core_lossless import assert_lossless, shape_of
from core_recorded import NAMES, RECORDED, operation_of, response_of

from calcom_core import Page, VersionMismatch

# Recorded with another `cal-api-version`, or without it; the legacy API responded.
VERSION_RECORDINGS = {
    "273-version-missing-list": False,
    "274-version-bogus-list": False,
    "275-version-2024-04-15-list": False,
    "277-version-missing-create": False,
    "278-version-missing-get": False,
    "279-version-missing-cancel": True,
    "281-version-missing-confirm": False,
    # Not a route of this API in that version.
    "19-slots-old-version-2024-04-15": False,
    "266-unknown-booking-subroute": False,
    "267-method-not-allowed-delete": False,
    "282-version-missing-slots": False,
    "283-version-2024-08-13-slots": False,
}


def page(shapes: str) -> list[str]:
    return shapes.split()


SHAPES: dict[str, str | tuple[str, ...] | list[str] | dict[str, int] | None] = {
    "01-slots-by-id": {"2026-12-12": 47},
    "02-slots-range-format-tz": {"2026-12-12": 45, "2026-12-13": 2},
    "03-slots-by-slug-username-noauth": {"2026-12-12": 47},
    "05-slots-team-round-robin": {"2026-12-12": 47},
    "06-slots-seated": {"2026-12-12": 47},
    "07-slots-past-range-empty": {},
    "story-01-slots": {"2027-04-05": 43, "2027-04-06": 47, "2027-04-07": 4},
    "13-slot-reserve": "Reservation",
    "14-slot-reservation-get": "Reservation",
    "16-slot-reservation-update": "Reservation",
    "17-slot-reservation-delete": None,
    "18-slot-reservation-get-missing": None,
    "114-get-by-seat": "seated",
    "127-get-by-seat-hidden-noauth": "seated",
    "269-api-v2-prefix": page("single"),
    "32-get-calendar-links": ("CalendarLink",) * 4,
    "33-get-references": (),
    "37-attendees-list": ("BookingAttendee",) * 2,
    "38-attendee-add": "BookingAttendee",
    "39-attendee-get": "BookingAttendee",
    "40-attendee-remove": "RemovedAttendee",
    "41-guests-add": "single",
    "42-location-update-address": "single",
    "43-location-update-link": "single",
    "101-cancel-recurring-subsequent": ("recurring",) * 5,
    "102-create-recurring-count-2": ("recurring",) * 2,
    "103-cancel-recurring-all": ("recurring",) * 2,
    "105-create-recurring-for-conflict-a": "single",
    "107-recurring-count-on-normal": "single",
    "109-create-seated-second": "seated",
    "110-create-seated-noauth-third": "seated",
    "113-get-seated-noauth": "seated",
    "117-cancel-seat": "seated",
    "119-create-seated-dup-email-a": "seated",
    "121-reschedule-seated-as-host": "seated",
    "122-cancel-seated-as-host": "seated",
    "125-create-seated-hidden-noauth": "seated",
    "126-get-seated-hidden-noauth": "seated",
    "129-create-recurring-seated": ("recurring-seated",) * 4,
    "130-create-recurring-seated-second": ("recurring-seated",) * 4,
    "131-get-recurring-seated-one": "recurring-seated",
    "133-reschedule-recurring-seat": "seated",
    "134-cancel-recurring-seat": "recurring-seated",
    "135-create-round-robin": "single",
    "137-reassign-auto": "Reassignment",
    "138-reassign-to-user": "Reassignment",
    "139-reassign-to-user-no-body": "Reassignment",
    "145-get-round-robin": "single",
    "146-create-collective": "single",
    "149-mark-absent-attendee": "single",
    "150-mark-absent-host": "single",
    "151-mark-absent-unknown-attendee": "single",
    "154-mark-absent-other-user": "single",
    "155-get-past-absent": "single",
    "157-create-then-moved-to-past-2": "single",
    "158-reschedule-past": "single",
    "159-list-default": page(
        "single single single single single single single single single single single "
        "single single single single single single single single single single single "
        "single single single single single single single single single single "
        "recurring recurring recurring single seated seated seated seated "
        "recurring-seated seated single single single recurring recurring recurring "
        "single recurring-seated recurring recurring-seated recurring recurring-seated"
    ),
    "161-list-take2-skip2": page("single single"),
    "162-list-skip-beyond": page(""),
    "169-list-status-multi": page("single single single"),
    "170-list-status-unconfirmed": page(""),
    "171-list-status-recurring": page("recurring recurring-seated recurring-seated"),
    "174-list-attendee-email": page("seated seated seated"),
    "175-list-attendee-name": page("single"),
    "177-list-event-types": page("recurring recurring recurring"),
    "178-list-booking-uid": page("single"),
    "179-list-team": page("single"),
    "182-list-sort-start-desc": page("recurring-seated recurring"),
    "185-list-event-type-foreign": page(""),
    "187-list-after-updated": page("single single"),
    "189-list-empty-user": page(""),
    "202-create-slot-to-be-taken": "single",
    "206-create-round-robin-a": "single",
    "207-create-round-robin-b": "single",
    "21-create-normal-noauth": "single",
    "22-create-by-slug-username": "single",
    "222-create-bad-phone": "single",
    "23-create-phone-only-attendee": "single",
    "238-create-location-string-legacy": "single",
    "239-create-meeting-url-legacy": "single",
    "25-create-multi-length-60": "single",
    "26-create-with-booking-fields": "single",
    "27-create-link-location-override": "single",
    "284-me": "Me",
    "285-event-types-list": ("EventType",) * 18,
    "287-event-type-get": "EventType",
    "286-event-types-by-username": ("EventType",) * 18,
    "29-get-normal": "single",
    "294-ratelimit-1-ok": page("single"),
    "295-ratelimit-2-ok": page("single"),
    "299-ratelimit-no-key-ip": "single",
    "30-get-normal-noauth": "single",
    "31-get-normal-other-user": "single",
    "401-create-phone-only-attendee": "single",
    "402-create-no-reschedule": "single",
    "403-reschedule-disabled-noauth": "single",
    "409-create-normal-2": "single",
    "410-cancel-normal": "single",
    "411-confirm-cancelled": "single",
    "413-create-normal-3": "single",
    "415-mark-absent-unmark": "single",
    "419-create-seated": "seated",
    "421-create-seated-3": "seated",
    "422-cancel-seat-noauth": "seated",
    "427-cancel-last-seat": "seated",
    "429-create-pending": "single",
    "430-list-unconfirmed-nonempty": page("single"),
    "431-reschedule-pending-noauth": "single",
    "433-create-recurring": ("recurring",) * 4,
    "439-create-normal-4": "single",
    "441-get-normal-etag": "single",
    "443-trailing-slash": "single",
    "449-authorization-no-bearer-prefix": page("single"),
    "45-get-rescheduled-original": "single",
    "454-create-normal-5": "single",
    "46-get-rescheduled-new": "single",
    "462-ratelimit-two-limits-1": page("single"),
    "463-ratelimit-two-limits-2": page("single"),
    "465-ratelimit-two-limits-4": page("single"),
    "483-after-database-restart-list": page("single"),
    "49-reschedule-same-time": "single",
    "51-cancel-normal": "single",
    "55-create-for-noauth-cancel": "single",
    "57-create-for-nobody-cancel": "single",
    "58-cancel-noauth-empty-body": "single",
    "59-create-for-nobody-cancel2": "single",
    "61-create-for-other-user-cancel": "single",
    "62-cancel-by-unrelated-user": "single",
    "63-create-reason-always": "single",
    "66-create-no-cancel": "single",
    "69-create-no-reschedule": "single",
    "70-reschedule-disabled": "single",
    "74-reschedule-notice-violated-host": "single",
    "77-create-auth-required-owner": "single",
    "78-create-max-active-first": "single",
    "81-get-pending": "single",
    "86-create-needs-confirmation-2": "single",
    "87-decline": "single",
    "89-confirm-declined": "single",
    "90-cancel-declined": "single",
    "91-confirm-normal-accepted": "single",
    "93-reschedule-pending": "single",
    "94-create-needs-confirmation-4": "single",
    "95-cancel-pending": "single",
    "97-get-recurring-one": "recurring",
    "98-get-recurring-all": ("recurring",) * 4,
    "99-reschedule-recurring-one": "recurring",
    "live-11-create-managed-user": "single",
    "live-12-get-managed-user": "single",
    "live-13-create-oauth-client": "single",
    "live-14-list-oauth-client": page("single single"),
    "live-19-list-after-created-total-ignores-filter": page("single single single"),
    "live-20-list-before-created-empty-but-total": page(""),
    "live-23-series-1-cancel-first": "recurring",
    "live-25-series-3-get-two-still-accepted": ("recurring",) * 3,
    "live-31-ee-create-by-slug-in-organization-noauth": "single",
    "live-32-ee-create-team-slug-in-organization-noauth": "single",
    "live-33-ee-organization-bookings": page("single single"),
    "live-34-ee-organization-bookings-of-user": page("single single"),
    "live-38-ee-organization-team-bookings": page("single single"),
    "live-43-ee-organization-team-references": (),
    "live-45-ee-team-bookings": page("single single"),
    "live-48-ee-create-round-robin": "single",
    "live-49-ee-reassign-auto": "Reassignment",
    "live-50-ee-reassign-to-user": "Reassignment",
    "live-51-ee-get-after-reassign": "single",
    "live-55-ee-create-collective": "single",
    "live-57-ee-create-instant": "single",
    "live-58-ee-get-instant": "single",
    "live-69-ee-create-cal-video": "single",
    "live-70-ee-cal-video-references": ("BookingReference",),
    "live-72-ee-cal-video-transcripts": ("str",) * 2,
    "live-73-ee-cal-video-conferencing-sessions": ("ConferencingSession",),
    "story-02-create": "single",
    "story-04-get": "single",
    "story-05-reschedule": "single",
    "story-06-get-the-old-one": "single",
    "story-07-get-the-new-one": "single",
    "story-08-create-pending": "single",
    "story-09-confirm": "single",
    "story-10-create-pending-2": "single",
    "story-11-decline": "single",
    "story-12-create-seat-1": "seated",
    "story-13-create-seat-2": "seated",
    "story-14-get-seated": "seated",
    "story-15-cancel-one-seat": "seated",
    "story-16-get-seated-after": "seated",
    "story-17-create-recurring": ("recurring",) * 4,
    "story-18-get-series": ("recurring",) * 4,
    "story-19-create-round-robin": "single",
    "story-20-reassign": "Reassignment",
    "story-21-reassign-to-user": "Reassignment",
    "story-22-mark-absent": "single",
    "story-23-mark-absent-host": "single",
    "story-24-list-page-1": page("single single single"),
    "story-25-list-page-2": page("single single single"),
    "story-27-cancel": "seated",
    "story-30-limited-1": page("single"),
    "story-31-limited-2": page("single"),
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_recorded_success_has_its_shape(name: str) -> None:
    assert shape_of(operation_of(name).read(response_of(name))) == SHAPES[name]


@pytest.mark.parametrize("name", SHAPES)
def test_nothing_of_a_recorded_success_is_lost(name: str) -> None:
    value = operation_of(name).read(response_of(name))
    assert_lossless(RECORDED[name]["response"]["body"], value)
    if isinstance(value, Page):
        assert value.response == response_of(name)


@pytest.mark.parametrize("name", VERSION_RECORDINGS)
def test_a_response_of_the_legacy_api_is_a_version_mismatch(name: str) -> None:
    operation = operation_of(name)
    with pytest.raises(VersionMismatch) as caught:
        operation.read(response_of(name))
    assert caught.value.may_have_happened is VERSION_RECORDINGS[name]
    assert caught.value.operation == operation
    assert caught.value.response.status == RECORDED[name]["response"]["status"]


def test_each_recorded_success_has_its_row_and_each_row_its_recording() -> None:
    successes = {name for name in NAMES if 200 <= RECORDED[name]["response"]["status"] < 300}
    assert successes == SHAPES.keys() | {
        "273-version-missing-list",
        "274-version-bogus-list",
        "275-version-2024-04-15-list",
        "278-version-missing-get",
        "279-version-missing-cancel",
        "19-slots-old-version-2024-04-15",
    }
