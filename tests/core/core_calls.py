"""Each recorded request: the call that sends it, the field that is refused, or why it has none."""

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from calcom_core import Operation, bookings, event_types, me, slots, teams

Call = Callable[[], Operation[Any]]

ANN = {
    "name": "Ann Attendee",
    "email": "ann@example.net",
    "time_zone": "Europe/Rome",
    "language": "en",
}
FIRST = "8q36zVzjeFHywNswG41LH7"
MISSING = "rp4rFJFqZV4kKE8R5WtTzj"
STRANGERS = "hRnkTSq4NXDS9KvHDBjFLD"
FULL = "xBpMpHmFG7ZR2Vj46oAdxD"
RESERVED = "285e5553-c159-48d8-9caa-24ffa48fac76"


def att(number: int) -> Mapping[str, str]:
    return {
        "name": f"Att {number}",
        "email": f"att{number}@example.net",
        "time_zone": "America/New_York",
    }


def create(
    start: object, event_type: object, attendee: object = ANN, **more: Any
) -> Operation[Any]:
    data = {"start": start, "event_type_id": event_type, "attendee": attendee, **more}
    return bookings.create(data)


def day(**more: Any) -> Operation[Any]:
    return slots.list(start="2026-12-12", end="2026-12-12", **more)


def in_zone(operation: Operation[Any], zone: str) -> Operation[Any]:
    """Add a time zone to a request for dates, as was recorded; `slots.list` refuses it."""
    return attrs.evolve(operation, query=(*operation.query, ("timeZone", zone)))


RECORDED_CALLS: dict[str, Call] = {
    "101-cancel-recurring-subsequent": lambda: bookings.cancel(
        "wUayWWZwN2yXongb2Rtuq7",
        {"cancellation_reason": "rest", "cancel_subsequent_bookings": True},
    ),
    "102-create-recurring-count-2": lambda: create("2026-12-14T10:00:00Z", 3, recurrence_count=2),
    "103-cancel-recurring-all": lambda: bookings.cancel(
        "1303784b-cdae-43d8-a049-d67273899043", {"cancellation_reason": "all"}
    ),
    "105-create-recurring-for-conflict-a": lambda: create("2026-12-21T12:00:00Z", 1),
    "106-create-recurring-conflict-on-second": lambda: create(
        "2026-12-14T12:00:00Z", 3, recurrence_count=2
    ),
    "107-recurring-count-on-normal": lambda: create("2026-12-14T13:00:00Z", 1, recurrence_count=2),
    "109-create-seated-second": lambda: create("2026-12-15T09:00:00Z", 4, att(2)),
    "110-create-seated-noauth-third": lambda: create("2026-12-15T09:00:00Z", 4, att(3)),
    "111-create-seated-full": lambda: create("2026-12-15T09:00:00Z", 4, att(4)),
    "113-get-seated-noauth": lambda: bookings.get("hzoAMUeVwQWpvDxaP6baGi"),
    "117-cancel-seat": lambda: bookings.cancel(
        "hzoAMUeVwQWpvDxaP6baGi",
        {"seat_uid": "d9ae34c0-38ab-40e1-866a-31eb1eef6595", "cancellation_reason": "seat"},
    ),
    "118-cancel-seat-twice": lambda: bookings.cancel(
        "hzoAMUeVwQWpvDxaP6baGi", {"seat_uid": "d9ae34c0-38ab-40e1-866a-31eb1eef6595"}
    ),
    "119-create-seated-dup-email-a": lambda: create("2026-12-15T11:00:00Z", 4, att(1)),
    "121-reschedule-seated-as-host": lambda: bookings.reschedule(
        "jDsYVEWUdsxvV1A6gwA9jg", {"start": "2026-12-15T11:30:00Z"}
    ),
    "122-cancel-seated-as-host": lambda: bookings.cancel(
        "hzoAMUeVwQWpvDxaP6baGi", {"cancellation_reason": "host cancels all"}
    ),
    "123-cancel-seat-wrong-booking": lambda: bookings.cancel(
        "hzoAMUeVwQWpvDxaP6baGi", {"seat_uid": "218a71ff-71d1-4a12-965e-15217dd631cf"}
    ),
    "125-create-seated-hidden-noauth": lambda: create("2026-12-15T12:00:00Z", 5, att(6)),
    "126-get-seated-hidden-noauth": lambda: bookings.get("177cq9wwkUCbH4c6zkSERq"),
    "129-create-recurring-seated": lambda: create("2026-12-15T14:00:00Z", 6, att(1)),
    "130-create-recurring-seated-second": lambda: create("2026-12-15T14:00:00Z", 6, att(2)),
    "131-get-recurring-seated-one": lambda: bookings.get("onK5ku3FQUFdX4HQQotXia"),
    "133-reschedule-recurring-seat": lambda: bookings.reschedule(
        "onK5ku3FQUFdX4HQQotXia",
        {"start": "2026-12-15T15:00:00Z", "seat_uid": "e1efc71f-5f37-47b6-b42d-4e93627bd165"},
    ),
    "134-cancel-recurring-seat": lambda: bookings.cancel(
        "ucw5ZUb7fBntBqR9PXvdq2",
        {"seat_uid": "d083ea4d-e61b-4fe8-bce1-a6e3ba852611", "cancellation_reason": "seat"},
    ),
    "135-create-round-robin": lambda: create("2026-12-16T09:00:00Z", 13),
    "137-reassign-auto": lambda: bookings.reassign("vKHus4bDHVjVAMDELMT2sM"),
    "138-reassign-to-user": lambda: bookings.reassign_to_user(
        "vKHus4bDHVjVAMDELMT2sM", 1, reason="Better fit"
    ),
    "139-reassign-to-user-no-body": lambda: bookings.reassign_to_user("vKHus4bDHVjVAMDELMT2sM", 2),
    "141-reassign-to-missing-user": lambda: bookings.reassign_to_user(
        "vKHus4bDHVjVAMDELMT2sM", 99999
    ),
    "143-reassign-by-stranger": lambda: bookings.reassign("vKHus4bDHVjVAMDELMT2sM"),
    "145-get-round-robin": lambda: bookings.get("vKHus4bDHVjVAMDELMT2sM"),
    "146-create-collective": lambda: create("2026-12-16T11:00:00Z", 14),
    "147-mark-absent-future": lambda: bookings.mark_absent("3xAxXhHz2KovSRfhyBvDDF", host=True),
    "149-mark-absent-attendee": lambda: bookings.mark_absent(
        "e87zWPk8ksrHWej1YkhFER", attendees=[{"email": "ann@example.net", "absent": True}]
    ),
    "150-mark-absent-host": lambda: bookings.mark_absent("e87zWPk8ksrHWej1YkhFER", host=True),
    "151-mark-absent-unknown-attendee": lambda: bookings.mark_absent(
        "e87zWPk8ksrHWej1YkhFER", attendees=[{"email": "nobody@example.net", "absent": True}]
    ),
    "154-mark-absent-other-user": lambda: bookings.mark_absent("e87zWPk8ksrHWej1YkhFER", host=True),
    "155-get-past-absent": lambda: bookings.get("e87zWPk8ksrHWej1YkhFER"),
    "157-create-then-moved-to-past-2": lambda: create("2026-12-12T19:30:00Z", 1),
    "158-reschedule-past": lambda: bookings.reschedule(
        "8ECCnpSoWFkxBBi4R5cshR", {"start": "2026-12-12T19:30:00Z"}
    ),
    "159-list-default": lambda: bookings.list(),
    "161-list-take2-skip2": lambda: bookings.list(take=2, skip=2),
    "162-list-skip-beyond": lambda: bookings.list(take=5, skip=5000),
    "169-list-status-multi": lambda: bookings.list(status=["past", "cancelled"], take=3),
    "170-list-status-unconfirmed": lambda: bookings.list(status="unconfirmed"),
    "171-list-status-recurring": lambda: bookings.list(status="recurring", take=3),
    "174-list-attendee-email": lambda: bookings.list(attendee_email="att1@example.net", take=3),
    "175-list-attendee-name": lambda: bookings.list(attendee_name="Phone Person"),
    "177-list-event-types": lambda: bookings.list(event_type_ids=[4, 3], take=3),
    "178-list-booking-uid": lambda: bookings.list(booking_uid="8q36zVzjeFHywNswG41LH7"),
    "179-list-team": lambda: bookings.list(team_id=1, take=3),
    "182-list-sort-start-desc": lambda: bookings.list(sort_start="desc", take=2),
    "185-list-event-type-foreign": lambda: bookings.list(event_type_id=12),
    "187-list-after-updated": lambda: bookings.list(
        after_updated_at="2026-11-22T00:00:00Z", sort_updated_at="desc", take=2
    ),
    "189-list-empty-user": lambda: bookings.list(),
    "190-list-noauth": lambda: bookings.list(),
    "191-get-bad-uid": lambda: bookings.get("does-not-exist"),
    "193-reschedule-bad-uid": lambda: bookings.reschedule(
        "does-not-exist", {"start": "2026-12-12T20:00:00Z"}
    ),
    "194-confirm-bad-uid": lambda: bookings.confirm("does-not-exist"),
    "195-mark-absent-bad-uid": lambda: bookings.mark_absent("does-not-exist", host=True),
    "198-list-bogus-key": lambda: bookings.list(),
    "199-list-garbage-token": lambda: bookings.list(),
    "201-create-bogus-key": lambda: create("2026-12-12T21:00:00Z", 1),
    "202-create-slot-to-be-taken": lambda: create("2026-12-17T21:00:00Z", 1),
    "203-create-slot-taken-same-attendee": lambda: create("2026-12-17T21:00:00Z", 1),
    "205-create-slot-taken-overlap": lambda: create("2026-12-17T21:15:00Z", 1, att(7)),
    "206-create-round-robin-a": lambda: create("2026-12-17T22:00:00Z", 13),
    "207-create-round-robin-b": lambda: create("2026-12-17T22:00:00Z", 13, att(8)),
    "209-create-outside-availability": lambda: create("2026-12-17T22:50:00Z", 1, att(7)),
    "21-create-normal-noauth": lambda: create("2026-12-12T10:00:00Z", 1),
    "210-create-past": lambda: create("2024-01-01T09:00:00Z", 1),
    "211-create-within-min-notice": lambda: create("2026-11-23T22:00:00Z", 11),
    "218-create-bad-timezone": lambda: create(
        "2026-12-18T06:00:00Z",
        1,
        {
            "name": "Ann Attendee",
            "email": "ann@example.net",
            "time_zone": "Mars/Olympus",
            "language": "en",
        },
    ),
    "22-create-by-slug-username": lambda: bookings.create(
        {
            "start": "2026-12-12T10:30:00Z",
            "event_type_slug": "normal",
            "username": "alice",
            "attendee": ANN,
        }
    ),
    "223-create-bad-language": lambda: create(
        "2026-12-18T06:00:00Z",
        1,
        {
            "name": "Ann Attendee",
            "email": "ann@example.net",
            "time_zone": "Europe/Rome",
            "language": "xx",
        },
    ),
    "23-create-phone-only-attendee": lambda: create(
        "2026-12-12T11:00:00Z",
        9,
        {"name": "Phone Person", "phone_number": "+4915112345678", "time_zone": "Europe/Berlin"},
        location={"type": "attendeePhone", "phone": "+4915112345678"},
    ),
    "235-create-length-invalid": lambda: create("2026-12-18T06:00:00Z", 1, length_in_minutes=45),
    "237-create-location-not-configured": lambda: create(
        "2026-12-18T07:30:00Z", 1, location={"type": "attendeePhone", "phone": "+4915112345678"}
    ),
    "241-create-username-unknown": lambda: bookings.create(
        {
            "start": "2026-12-18T09:00:00Z",
            "event_type_slug": "normal",
            "username": "nobody",
            "attendee": ANN,
        }
    ),
    "242-create-team-unknown": lambda: bookings.create(
        {
            "start": "2026-12-18T09:00:00Z",
            "event_type_slug": "normal",
            "team_slug": "nobody",
            "attendee": ANN,
        }
    ),
    "243-create-missing-required-field": lambda: create("2026-12-18T09:30:00Z", 8),
    "245-create-wrong-type-field": lambda: create(
        "2026-12-18T09:30:00Z", 8, booking_fields_responses={"topic": 5}
    ),
    "25-create-multi-length-60": lambda: create("2026-12-12T12:00:00Z", 7, length_in_minutes=60),
    "255-reschedule-past-start": lambda: bookings.reschedule(
        "xBpMpHmFG7ZR2Vj46oAdxD", {"start": "2024-01-01T09:00:00Z"}
    ),
    "257-reschedule-to-taken": lambda: bookings.reschedule(
        "cB5X2mYKz99FfVPWXh6aGC", {"start": "2026-12-17T21:00:00Z"}
    ),
    "26-create-with-booking-fields": lambda: create(
        "2026-12-12T13:00:00Z", 8, booking_fields_responses={"topic": "hello", "size": "big"}
    ),
    "27-create-link-location-override": lambda: create(
        "2026-12-12T13:30:00Z", 1, location={"type": "link"}
    ),
    "29-get-normal": lambda: bookings.get("8q36zVzjeFHywNswG41LH7"),
    "294-ratelimit-1-ok": lambda: bookings.list(take=1),
    "295-ratelimit-2-ok": lambda: bookings.list(take=1),
    "297-ratelimit-4": lambda: bookings.list(take=1),
    "298-ratelimit-5-post": lambda: create("2026-12-19T13:00:00Z", 1),
    "299-ratelimit-no-key-ip": lambda: bookings.get("xBpMpHmFG7ZR2Vj46oAdxD"),
    "30-get-normal-noauth": lambda: bookings.get("8q36zVzjeFHywNswG41LH7"),
    "31-get-normal-other-user": lambda: bookings.get("8q36zVzjeFHywNswG41LH7"),
    "401-create-phone-only-attendee": lambda: create(
        "2027-06-10T11:00:00Z",
        9,
        {"name": "Phone Person", "phone_number": "+4915112345678", "time_zone": "Europe/Berlin"},
        location={"type": "attendeePhone", "phone": "+4915112345678"},
    ),
    "402-create-no-reschedule": lambda: create("2027-06-10T12:00:00Z", 17),
    "403-reschedule-disabled-noauth": lambda: bookings.reschedule(
        "c2agZKZJLLrG9i5AEoZ6By", {"start": "2027-06-10T12:30:00Z"}
    ),
    "405-confirm-never-pending": lambda: bookings.confirm("3Z6ww3J6cezway5DoKdZLr"),
    "406-decline-accepted": lambda: bookings.decline("3Z6ww3J6cezway5DoKdZLr", reason="nope"),
    "409-create-normal-2": lambda: create("2027-06-10T14:00:00Z", 1),
    "410-cancel-normal": lambda: bookings.cancel(
        "t5abvX1cz9BWqKfeJZ8QMg", {"cancellation_reason": "x"}
    ),
    "411-confirm-cancelled": lambda: bookings.confirm("t5abvX1cz9BWqKfeJZ8QMg"),
    "413-create-normal-3": lambda: create("2027-06-10T15:00:00Z", 1),
    "414-mark-absent-attendees-by-stranger": lambda: bookings.mark_absent(
        "oDaQmR3hocwWCzWewLdJE6", attendees=[{"email": "ann@example.net", "absent": True}]
    ),
    "415-mark-absent-unmark": lambda: bookings.mark_absent(
        "oDaQmR3hocwWCzWewLdJE6", attendees=[{"email": "ann@example.net", "absent": False}]
    ),
    "418-mark-absent-noauth": lambda: bookings.mark_absent("oDaQmR3hocwWCzWewLdJE6", host=True),
    "419-create-seated": lambda: create("2027-06-10T09:00:00Z", 4, att(1)),
    "421-create-seated-3": lambda: create("2027-06-10T09:00:00Z", 4, att(3)),
    "422-cancel-seat-noauth": lambda: bookings.cancel(
        "fKd7E7UgPyXHzRNoAuWLMP", {"seat_uid": "7e2da6fe-2765-4e6f-a009-1408dd211393"}
    ),
    "423-cancel-seat-host-no-reason": lambda: bookings.cancel(
        "fKd7E7UgPyXHzRNoAuWLMP", {"seat_uid": "3594776b-e893-4f3f-a0cc-3186d97ad60f"}
    ),
    "425-reschedule-seated-noauth-whole": lambda: bookings.reschedule(
        "fKd7E7UgPyXHzRNoAuWLMP", {"start": "2027-06-10T09:30:00Z"}
    ),
    "426-reschedule-seat-bad-seatuid": lambda: bookings.reschedule(
        "fKd7E7UgPyXHzRNoAuWLMP", {"start": "2027-06-10T09:30:00Z", "seat_uid": "nope"}
    ),
    "427-cancel-last-seat": lambda: bookings.cancel(
        "fKd7E7UgPyXHzRNoAuWLMP",
        {"seat_uid": "28028db1-453a-4f2a-a2d5-e910343e8e7e", "cancellation_reason": "x"},
    ),
    "429-create-pending": lambda: create("2027-06-10T16:00:00Z", 2),
    "430-list-unconfirmed-nonempty": lambda: bookings.list(status="unconfirmed"),
    "431-reschedule-pending-noauth": lambda: bookings.reschedule(
        "afY2ywdeeohpL1N8ekaQR5",
        {"start": "2027-06-10T16:30:00Z", "rescheduled_by": "ann@example.net"},
    ),
    "433-create-recurring": lambda: create("2027-06-10T17:00:00Z", 3),
    "434-confirm-recurring-uid": lambda: bookings.confirm("4d6e525a-bdfc-455c-b779-06ac9d3ded6e"),
    "435-reschedule-recurring-uid": lambda: bookings.reschedule(
        "4d6e525a-bdfc-455c-b779-06ac9d3ded6e", {"start": "2027-06-10T18:00:00Z"}
    ),
    "437-cancel-recurring-twice-b": lambda: bookings.cancel(
        "4d6e525a-bdfc-455c-b779-06ac9d3ded6e", {"cancellation_reason": "x"}
    ),
    "438-cancel-subsequent-on-normal": lambda: bookings.cancel(
        "oDaQmR3hocwWCzWewLdJE6", {"cancellation_reason": "x", "cancel_subsequent_bookings": True}
    ),
    "439-create-normal-4": lambda: create("2027-06-10T19:00:00Z", 1),
    "441-get-normal-etag": lambda: bookings.get("rp4rFJFqZV4kKE8R5WtTzj"),
    "445-uid-weird-encoded": lambda: bookings.get("a/b c"),
    "45-get-rescheduled-original": lambda: bookings.get("8q36zVzjeFHywNswG41LH7"),
    "454-create-normal-5": lambda: create("2027-06-10T20:00:00Z", 1),
    "46-get-rescheduled-new": lambda: bookings.get("n4j4252XEhZWhJZpxXK4ht"),
    "462-ratelimit-two-limits-1": lambda: bookings.list(take=1),
    "463-ratelimit-two-limits-2": lambda: bookings.list(take=1),
    "465-ratelimit-two-limits-4": lambda: bookings.list(take=1),
    "466-ratelimit-two-limits-5": lambda: bookings.list(take=1),
    "467-ratelimit-two-limits-6": lambda: bookings.list(take=1),
    "47-reschedule-already-rescheduled": lambda: bookings.reschedule(
        "8q36zVzjeFHywNswG41LH7", {"start": "2026-12-12T15:30:00Z"}
    ),
    "481-database-down-create": lambda: create("2027-06-20T09:00:00Z", 1),
    "482-database-down-get-noauth": lambda: bookings.get("xyz"),
    "483-after-database-restart-list": lambda: bookings.list(take=1),
    "49-reschedule-same-time": lambda: bookings.reschedule(
        "fQ9kBhGMbnma4CqguEJN2f", {"start": "2026-12-12T16:00:00Z"}
    ),
    "50-cancel-host-without-reason": lambda: bookings.cancel("p8KGiLRbZ9BJBToT6McV4Q", {}),
    "51-cancel-normal": lambda: bookings.cancel(
        "p8KGiLRbZ9BJBToT6McV4Q", {"cancellation_reason": "Will travel"}
    ),
    "53-cancel-twice": lambda: bookings.cancel(
        "p8KGiLRbZ9BJBToT6McV4Q", {"cancellation_reason": "again"}
    ),
    "54-reschedule-cancelled": lambda: bookings.reschedule(
        "p8KGiLRbZ9BJBToT6McV4Q", {"start": "2026-12-12T17:00:00Z"}
    ),
    "55-create-for-noauth-cancel": lambda: create("2026-12-12T17:00:00Z", 1),
    "57-create-for-nobody-cancel": lambda: create("2026-12-12T17:30:00Z", 1),
    "58-cancel-noauth-empty-body": lambda: bookings.cancel("7TT2PqQ4FNdzXdfzuHq7sH", {}),
    "59-create-for-nobody-cancel2": lambda: create("2026-12-12T18:00:00Z", 1),
    "61-create-for-other-user-cancel": lambda: create("2026-12-12T18:30:00Z", 1),
    "62-cancel-by-unrelated-user": lambda: bookings.cancel(
        "3xAxXhHz2KovSRfhyBvDDF", {"cancellation_reason": "stranger"}
    ),
    "63-create-reason-always": lambda: create("2026-12-12T20:30:00Z", 21),
    "65-cancel-host-without-required-reason": lambda: bookings.cancel("2YniSn8jd4jxhBUUJj2PYM", {}),
    "66-create-no-cancel": lambda: create("2026-12-12T21:00:00Z", 16),
    "67-cancel-disabled": lambda: bookings.cancel(
        "uL6czkshzXn8vtp6kWwtCe", {"cancellation_reason": "x"}
    ),
    "69-create-no-reschedule": lambda: create("2026-12-12T21:30:00Z", 17),
    "70-reschedule-disabled": lambda: bookings.reschedule(
        "uw5jYiv6fQb2WY6XASZ2r7", {"start": "2026-12-12T22:00:00Z"}
    ),
    "71-reschedule-disabled-noauth": lambda: bookings.reschedule(
        "uw5jYiv6fQb2WY6XASZ2r7", {"start": "2026-12-12T22:00:00Z"}
    ),
    "73-reschedule-notice-violated-noauth": lambda: bookings.reschedule(
        "jxNoSBreLY1mMJm1hQ1X6p", {"start": "2026-12-12T06:30:00Z"}
    ),
    "74-reschedule-notice-violated-host": lambda: bookings.reschedule(
        "jxNoSBreLY1mMJm1hQ1X6p", {"start": "2026-12-12T06:30:00Z"}
    ),
    "75-create-auth-required-noauth": lambda: create("2026-12-12T07:00:00Z", 18),
    "77-create-auth-required-owner": lambda: create("2026-12-12T07:00:00Z", 18),
    "78-create-max-active-first": lambda: create(
        "2026-12-12T07:30:00Z", 19, {"name": "M", "email": "max20@example.net", "time_zone": "UTC"}
    ),
    "79-create-max-active-second": lambda: create(
        "2026-12-12T08:00:00Z", 19, {"name": "M", "email": "max20@example.net", "time_zone": "UTC"}
    ),
    "81-get-pending": lambda: bookings.get("vpqVfPMGMEeQ7EyZ2bZyY6"),
    "82-confirm-other-user": lambda: bookings.confirm("vpqVfPMGMEeQ7EyZ2bZyY6"),
    "83-confirm-noauth": lambda: bookings.confirm("vpqVfPMGMEeQ7EyZ2bZyY6"),
    "85-confirm-twice": lambda: bookings.confirm("vpqVfPMGMEeQ7EyZ2bZyY6"),
    "86-create-needs-confirmation-2": lambda: create("2026-12-13T10:00:00Z", 2),
    "87-decline": lambda: bookings.decline("3nQ5UMjCXb5UtmxXQEBp9i", reason="Busy"),
    "89-confirm-declined": lambda: bookings.confirm("3nQ5UMjCXb5UtmxXQEBp9i"),
    "90-cancel-declined": lambda: bookings.cancel(
        "3nQ5UMjCXb5UtmxXQEBp9i", {"cancellation_reason": "x"}
    ),
    "91-confirm-normal-accepted": lambda: bookings.confirm("3xAxXhHz2KovSRfhyBvDDF"),
    "93-reschedule-pending": lambda: bookings.reschedule(
        "iNrxuKp7MwHTwb6c48T4fY", {"start": "2026-12-13T11:30:00Z"}
    ),
    "94-create-needs-confirmation-4": lambda: create("2026-12-13T12:00:00Z", 2),
    "95-cancel-pending": lambda: bookings.cancel(
        "6whBWQF1Am5pbkD7eHCvRK", {"cancellation_reason": "x"}
    ),
    "97-get-recurring-one": lambda: bookings.get("wUayWWZwN2yXongb2Rtuq7"),
    "98-get-recurring-all": lambda: bookings.get("7c54a3f7-8eff-4a9c-856a-45d8238b5779"),
    "99-reschedule-recurring-one": lambda: bookings.reschedule(
        "ocS3WdDMJTNC37mn8KB6sw", {"start": "2026-12-21T11:00:00Z"}
    ),
    "story-02-create": lambda: create(
        "2027-04-05T09:00:00Z",
        1,
        {
            "name": "John Doe",
            "email": "john@example.com",
            "time_zone": "Europe/Rome",
            "language": "en",
        },
        guests=["grace@example.com"],
        metadata={"order": "A-1001"},
    ),
    "story-03-create-taken": lambda: create(
        "2027-04-05T09:00:00Z",
        1,
        {
            "name": "Late Comer",
            "email": "late@example.com",
            "time_zone": "Europe/Rome",
            "language": "en",
        },
    ),
    "story-04-get": lambda: bookings.get("9dfkso7iDs9uZtHquD1zR1"),
    "story-05-reschedule": lambda: bookings.reschedule(
        "9dfkso7iDs9uZtHquD1zR1",
        {"start": "2027-04-05T10:00:00Z", "rescheduling_reason": "Client asked for a later hour"},
    ),
    "story-06-get-the-old-one": lambda: bookings.get("9dfkso7iDs9uZtHquD1zR1"),
    "story-07-get-the-new-one": lambda: bookings.get("93y9xEmWi7p3YMne43o9Xe"),
    "story-08-create-pending": lambda: create(
        "2027-04-06T09:00:00Z",
        2,
        {
            "name": "Jane Roe",
            "email": "jane@example.com",
            "time_zone": "Europe/Rome",
            "language": "en",
        },
    ),
    "story-09-confirm": lambda: bookings.confirm("kE4T8SRpf2vfMVk29awzEh"),
    "story-10-create-pending-2": lambda: create(
        "2027-04-06T11:00:00Z",
        2,
        {
            "name": "Jim Poe",
            "email": "jim@example.com",
            "time_zone": "Europe/Rome",
            "language": "en",
        },
    ),
    "story-11-decline": lambda: bookings.decline(
        "ngMNiXMW8z6bkTpcfyrv9h", reason="Host has to take another call"
    ),
    "story-12-create-seat-1": lambda: create(
        "2027-04-07T09:00:00Z",
        4,
        {"name": "Ann", "email": "ann@example.com", "time_zone": "Europe/Rome", "language": "en"},
    ),
    "story-13-create-seat-2": lambda: create(
        "2027-04-07T09:00:00Z",
        4,
        {"name": "Ben", "email": "ben@example.com", "time_zone": "Europe/Rome", "language": "en"},
    ),
    "story-14-get-seated": lambda: bookings.get("bbAtPsDZCjj2urZUam1Ajs"),
    "story-15-cancel-one-seat": lambda: bookings.cancel(
        "bbAtPsDZCjj2urZUam1Ajs",
        {"seat_uid": "4188400b-45b0-41a7-8f54-9a613749c5da", "cancellation_reason": "Ben is ill"},
    ),
    "story-16-get-seated-after": lambda: bookings.get("bbAtPsDZCjj2urZUam1Ajs"),
    "story-17-create-recurring": lambda: create(
        "2027-04-08T09:00:00Z",
        3,
        {"name": "Rita", "email": "rita@example.com", "time_zone": "Europe/Rome", "language": "en"},
    ),
    "story-18-get-series": lambda: bookings.get("25deb8d1-16be-464e-9bf2-69a7b0a82c34"),
    "story-19-create-round-robin": lambda: create(
        "2027-04-09T09:00:00Z",
        13,
        {"name": "Rob", "email": "rob@example.com", "time_zone": "Europe/Rome", "language": "en"},
    ),
    "story-20-reassign": lambda: bookings.reassign("r3kusHBjUmkz7hpL6Bj24B"),
    "story-21-reassign-to-user": lambda: bookings.reassign_to_user(
        "r3kusHBjUmkz7hpL6Bj24B", 1, reason="Host has to take another call"
    ),
    "story-22-mark-absent": lambda: bookings.mark_absent(
        "93y9xEmWi7p3YMne43o9Xe", attendees=[{"email": "john@example.com", "absent": True}]
    ),
    "story-23-mark-absent-host": lambda: bookings.mark_absent("93y9xEmWi7p3YMne43o9Xe", host=True),
    "story-24-list-page-1": lambda: bookings.list(
        status="upcoming", take=3, skip=0, sort_start="asc"
    ),
    "story-25-list-page-2": lambda: bookings.list(
        status="upcoming", take=3, skip=3, sort_start="asc"
    ),
    "story-26-get-missing": lambda: bookings.get("no-such-booking"),
    "story-27-cancel": lambda: bookings.cancel(
        "bbAtPsDZCjj2urZUam1Ajs", {"cancellation_reason": "Event is off"}
    ),
    "story-28-wrong-key": lambda: bookings.list(take=1),
    "story-29-no-key": lambda: bookings.list(take=1),
    "story-30-limited-1": lambda: bookings.list(take=1),
    "story-31-limited-2": lambda: bookings.list(take=1),
    "story-32-limited-3": lambda: bookings.list(take=1),
    "zz-cancel-seat-race-404-but-seat-removed": lambda: bookings.cancel(
        "jYHH2HgtEtsTUWAVfNcp26",
        {"seat_uid": "68f28d8c-8461-444c-aac8-ae54498e5077", "cancellation_reason": "seat"},
    ),
    "zz-concurrent-identical-1": lambda: create("2026-12-16T15:00:00Z", 1),
    "zz-concurrent-identical-2": lambda: create("2026-12-16T15:00:00Z", 1),
    "zz-concurrent-same-slot-1": lambda: create("2026-12-16T14:00:00Z", 1, att(21)),
    "zz-concurrent-same-slot-2": lambda: create("2026-12-16T14:00:00Z", 1, att(22)),
    "zz-concurrent-same-slot-3": lambda: create("2026-12-16T14:00:00Z", 1, att(23)),
    "live-01-create-booking-limit-per-day": lambda: create("2040-01-02T11:00:00Z", 16),
    "live-02-create-booking-limit-per-day-noauth": lambda: create("2040-01-02T11:00:00Z", 16),
    "live-04-create-email-verification-required-noauth": lambda: create("2040-01-04T09:00:00Z", 16),
    "live-05-create-email-verification-wrong-code-noauth": lambda: create(
        "2040-01-04T09:00:00Z", 16, email_verification_code="123456"
    ),
    "live-06-create-auth-required-stranger": lambda: create("2040-01-05T09:00:00Z", 21),
    "live-07-create-recurring-count-too-high": lambda: create(
        "2040-01-06T09:00:00Z", 3, recurrence_count=9
    ),
    "live-09-create-max-active-second-offers-reschedule": lambda: create(
        "2040-01-08T11:00:00Z", 18, {**ANN, "email": "maxact@example.net"}
    ),
    "live-11-create-managed-user": lambda: create("2040-01-10T09:00:00Z", 26),
    "live-12-get-managed-user": lambda: bookings.get("q9VGTAL5yXokSuHY5A67JY"),
    "live-13-create-oauth-client": lambda: create("2040-01-10T11:00:00Z", 26),
    "live-14-list-oauth-client": lambda: bookings.list(take=2),
    "live-15-list-oauth-client-wrong-secret": lambda: bookings.list(),
    "live-17-list-expired-access-token": lambda: bookings.list(),
    "live-18-create-expired-access-token": lambda: create("2040-01-11T09:00:00Z", 26),
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
    "live-29-create-duplicate-guests": lambda: create(
        "2045-01-02T09:00:00Z", 1, guests=["d@example.net", "d@example.net"]
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
    "live-48-ee-create-round-robin": lambda: create("2050-01-04T09:00:00Z", 47),
    "live-49-ee-reassign-auto": lambda: bookings.reassign("rshDAbDRtmhx4Ja4jFh1iH"),
    "live-50-ee-reassign-to-user": lambda: bookings.reassign_to_user(
        "rshDAbDRtmhx4Ja4jFh1iH", 6, reason="better"
    ),
    "live-51-ee-get-after-reassign": lambda: bookings.get("rshDAbDRtmhx4Ja4jFh1iH"),
    "live-52-ee-reassign-to-user-not-a-host": lambda: bookings.reassign_to_user(
        "rshDAbDRtmhx4Ja4jFh1iH", 8
    ),
    "live-54-ee-reassign-stranger": lambda: bookings.reassign("rshDAbDRtmhx4Ja4jFh1iH"),
    "live-55-ee-create-collective": lambda: create("2050-01-04T11:00:00Z", 48),
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
    "live-69-ee-create-cal-video": lambda: create("2054-03-03T09:00:00Z", 24),
    "live-70-ee-cal-video-references": lambda: bookings.references("q2P946bn6SERbA88SyavRf"),
    "live-72-ee-cal-video-transcripts": lambda: bookings.transcripts("q2P946bn6SERbA88SyavRf"),
    "live-73-ee-cal-video-conferencing-sessions": lambda: bookings.conferencing_sessions(
        "q2P946bn6SERbA88SyavRf"
    ),
    "01-slots-by-id": lambda: day(event_type_id=1),
    "02-slots-range-format-tz": lambda: in_zone(
        day(event_type_id=1, format="range"), "Europe/Rome"
    ),
    "03-slots-by-slug-username-noauth": lambda: day(event_type_slug="normal", username="alice"),
    "05-slots-team-round-robin": lambda: day(event_type_slug="round-robin", team_slug="rocket"),
    "06-slots-seated": lambda: day(event_type_id=4),
    "07-slots-past-range-empty": lambda: slots.list(
        event_type_id=1, start="2020-01-01", end="2020-01-02"
    ),
    "09-slots-bad-eventtype": lambda: day(event_type_id=999999),
    "10-slots-bad-timezone": lambda: in_zone(day(event_type_id=1), "Mars/Olympus"),
    "story-01-slots": lambda: in_zone(
        slots.list(event_type_id=1, start="2027-04-05", end="2027-04-06"), "Europe/Rome"
    ),
    "13-slot-reserve": lambda: slots.reserve(
        event_type_id=1, slot_start="2026-12-12T20:00:00Z", reservation_duration=5
    ),
    "14-slot-reservation-get": lambda: slots.get_reservation(RESERVED),
    "15-slot-reserve-taken": lambda: slots.reserve(
        event_type_id=1, slot_start="2026-12-12T20:00:00Z"
    ),
    "16-slot-reservation-update": lambda: slots.update_reservation(
        RESERVED, event_type_id=1, slot_start="2026-12-12T21:00:00Z"
    ),
    "17-slot-reservation-delete": lambda: slots.delete_reservation(RESERVED),
    "18-slot-reservation-get-missing": lambda: slots.get_reservation(RESERVED),
    "114-get-by-seat": lambda: bookings.get_by_seat("d9ae34c0-38ab-40e1-866a-31eb1eef6595"),
    "115-get-by-seat-missing": lambda: bookings.get_by_seat("nope"),
    "127-get-by-seat-hidden-noauth": lambda: bookings.get_by_seat(
        "ea023aa8-5559-41fe-b675-525edd5ee7f9"
    ),
    "197-calendar-links-bad-uid": lambda: bookings.calendar_links("does-not-exist"),
    "263-guests-duplicate": lambda: bookings.guests.add(FULL, [{"email": "ann@example.net"}]),
    "284-me": me.get,
    "285-event-types-list": event_types.list,
    "287-event-type-get": lambda: event_types.get(1),
    "286-event-types-by-username": lambda: event_types.list(username="alice"),
    "32-get-calendar-links": lambda: bookings.calendar_links(FIRST),
    "33-get-references": lambda: bookings.references(FIRST),
    "34-get-recordings": lambda: bookings.recordings(FIRST),
    "35-get-transcripts": lambda: bookings.transcripts(FIRST),
    "37-attendees-list": lambda: bookings.attendees.list(FIRST),
    "38-attendee-add": lambda: bookings.attendees.add(
        FIRST, name="Extra", email="extra@example.net", time_zone="Europe/Rome"
    ),
    "39-attendee-get": lambda: bookings.attendees.get(FIRST, 11),
    "40-attendee-remove": lambda: bookings.attendees.remove(FIRST, 11),
    "41-guests-add": lambda: bookings.guests.add(
        FIRST, [{"email": "guest2@example.net", "name": "Guest Two"}]
    ),
    "42-location-update-address": lambda: bookings.update_location(
        FIRST, {"type": "address", "address": "New St 2"}
    ),
    "43-location-update-link": lambda: bookings.update_location(
        FIRST, {"type": "link", "link": "https://zoom.example.com/j/1"}
    ),
    "450-attendee-get-missing": lambda: bookings.attendees.get(MISSING, 999999),
    "451-attendees-list-noauth": lambda: bookings.attendees.list(MISSING),
    "453-attendee-remove-missing": lambda: bookings.attendees.remove(MISSING, 999999),
    "455-guests-stranger": lambda: bookings.guests.add(STRANGERS, [{"email": "z@example.net"}]),
    "457-location-stranger": lambda: bookings.update_location(
        STRANGERS, {"type": "address", "address": "X"}
    ),
    "458-attendee-remove-primary": lambda: bookings.attendees.remove(STRANGERS, 98),
    "459-references-stranger": lambda: bookings.references(STRANGERS),
    "461-recordings-stranger": lambda: bookings.recordings(STRANGERS),
}

REFUSED_CALLS: dict[str, tuple[Call, str]] = {
    "142-reassign-to-nan-user": (
        lambda: bookings.reassign_to_user("vKHus4bDHVjVAMDELMT2sM", "abc"),
        "user_id",
    ),
    "153-mark-absent-empty-attendees": (
        lambda: bookings.mark_absent("e87zWPk8ksrHWej1YkhFER", attendees=[]),
        "attendees",
    ),
    "163-list-take0": (lambda: bookings.list(take=0), "take"),
    "165-list-take-negative": (lambda: bookings.list(take=-1), "take"),
    "166-list-skip-negative": (lambda: bookings.list(skip=-1), "skip"),
    "167-list-take-abc": (lambda: bookings.list(take="abc"), "take"),
    "173-list-status-empty": (lambda: bookings.list(status=""), "status"),
    "181-list-after-start-bad": (lambda: bookings.list(after_start="yesterday"), "after_start"),
    "183-list-sort-bad": (lambda: bookings.list(sort_start="up"), "sort_start"),
    "186-list-event-type-nan": (lambda: bookings.list(event_type_id="abc"), "event_type_id"),
    "213-create-missing-attendee": (
        lambda: bookings.create({"start": "2026-12-18T06:00:00Z", "event_type_id": 1}),
        "data.attendee",
    ),
    "214-create-missing-start": (
        lambda: bookings.create({"event_type_id": 1, "attendee": ANN}),
        "data.start",
    ),
    "215-create-missing-event-type": (
        lambda: bookings.create({"start": "2026-12-18T06:00:00Z", "attendee": ANN}),
        "data.event_type_id",
    ),
    "217-create-bad-email": (
        lambda: create(
            "2026-12-18T06:00:00Z",
            1,
            {"name": "Ann Attendee", "email": "nope", "time_zone": "Europe/Rome", "language": "en"},
        ),
        "data.attendee.email",
    ),
    "219-create-missing-name": (
        lambda: create(
            "2026-12-18T06:00:00Z", 1, {"email": "a@example.net", "time_zone": "Europe/Rome"}
        ),
        "data.attendee.name",
    ),
    "221-create-no-contact": (
        lambda: create("2026-12-18T06:00:00Z", 1, {"name": "a", "time_zone": "Europe/Rome"}),
        "data.attendee.email",
    ),
    "222-create-bad-phone": (
        lambda: create(
            "2026-12-18T06:00:00Z",
            1,
            {
                "name": "Ann Attendee",
                "email": "ann@example.net",
                "time_zone": "Europe/Rome",
                "language": "en",
                "phone_number": "123",
            },
        ),
        "data.attendee.phone_number",
    ),
    "225-create-unknown-property": (
        lambda: create("2026-12-18T06:00:00Z", 1, foo="bar"),
        "data['foo']",
    ),
    "226-create-metadata-too-many-keys": (
        lambda: create(
            "2026-12-18T06:00:00Z", 1, metadata={f"k{number}": "v" for number in range(51)}
        ),
        "data.metadata",
    ),
    "227-create-metadata-key-too-long": (
        lambda: create(
            "2026-12-18T06:00:00Z", 1, metadata={"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk": "v"}
        ),
        "data.metadata",
    ),
    "229-create-metadata-nonstring-value": (
        lambda: create("2026-12-18T06:30:00Z", 1, metadata={"k": 1}),
        "data.metadata['k']",
    ),
    "230-create-metadata-null": (
        lambda: create("2026-12-18T08:30:00Z", 1, metadata={"k": None}),
        "data.metadata['k']",
    ),
    "231-create-event-type-string": (
        lambda: create("2026-12-18T06:00:00Z", "1"),
        "data.event_type_id",
    ),
    "233-create-guests-bad": (
        lambda: create("2026-12-18T07:00:00Z", 1, guests=["not-an-email"]),
        "data.guests[0]",
    ),
    "234-create-guests-not-array": (
        lambda: create("2026-12-18T06:00:00Z", 1, guests="a@example.net"),
        "data.guests",
    ),
    "238-create-location-string-legacy": (
        lambda: create("2026-12-18T08:00:00Z", 1, location="https://x.example.com/m"),
        "data.location",
    ),
    "239-create-meeting-url-legacy": (
        lambda: create("2026-12-18T09:00:00Z", 1, meeting_url="https://y.example.com/m"),
        "data['meeting_url']",
    ),
    "246-create-empty-body": (lambda: bookings.create({}), "data.start"),
    "247-create-no-body": (lambda: bookings.create(None), "data"),
    "253-reschedule-missing-start": (
        lambda: bookings.reschedule("xBpMpHmFG7ZR2Vj46oAdxD", {}),
        "data.start",
    ),
    "254-reschedule-bad-start": (
        lambda: bookings.reschedule("xBpMpHmFG7ZR2Vj46oAdxD", {"start": "soon"}),
        "data.start",
    ),
    "258-reschedule-unknown-prop": (
        lambda: bookings.reschedule(
            "xBpMpHmFG7ZR2Vj46oAdxD", {"start": "2026-12-18T12:00:00Z", "foo": 1}
        ),
        "data['foo']",
    ),
    "259-cancel-unknown-prop": (
        lambda: bookings.cancel("xBpMpHmFG7ZR2Vj46oAdxD", {"foo": 1}),
        "data['foo']",
    ),
    "417-mark-absent-host-string": (
        lambda: bookings.mark_absent("oDaQmR3hocwWCzWewLdJE6", host="yes"),
        "host",
    ),
    "447-uid-nul": (lambda: bookings.get("a\x00b"), "booking_uid"),
    "11-slots-no-identification": (day, "event_type_id"),
    "261-guests-bad-email": (
        lambda: bookings.guests.add(FULL, [{"email": "nope"}]),
        "guests[0].email",
    ),
    "262-guests-empty": (lambda: bookings.guests.add(FULL, []), "guests"),
}

NOT_EXPRESSIBLE: dict[str, str] = {
    "249-create-malformed-json": "its body is not JSON",
    "250-create-text-plain": "its body is not sent as JSON",
    "251-create-form-encoded": "its body is not JSON",
    "273-version-missing-list": "its cal-api-version is missing or unsupported",
    "274-version-bogus-list": "its cal-api-version is missing or unsupported",
    "275-version-2024-04-15-list": "its cal-api-version is missing or unsupported",
    "277-version-missing-create": "its cal-api-version is missing or unsupported",
    "278-version-missing-get": "its cal-api-version is missing or unsupported",
    "279-version-missing-cancel": "its cal-api-version is missing or unsupported",
    "281-version-missing-confirm": "its cal-api-version is missing or unsupported",
    "407-decline-no-body": "a decline always has a body",
    "442-get-normal-if-none-match-304": "the library sends no conditional header",
    "443-trailing-slash": "no path ends in a slash",
    "446-bad-percent-encoding": "every percent sign of a uid is encoded",
    "449-authorization-no-bearer-prefix": "the key is always sent after the word Bearer",
    "19-slots-old-version-2024-04-15": "it is a route of the legacy API",
    "266-unknown-booking-subroute": "there is no such operation",
    "267-method-not-allowed-delete": "there is no such operation",
    "269-api-v2-prefix": "a prefix is part of the base URL",
    "282-version-missing-slots": "its cal-api-version is missing or unsupported",
    "283-version-2024-08-13-slots": "its cal-api-version is missing or unsupported",
}
