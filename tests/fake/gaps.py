"""What happened on the recorded server and was not recorded, inferred from what came later.

The numbered recordings leave out every fourth exchange, and a few bookings were moved in the
database. `GAPS` has what the state needs of these, by the recording before which it happened.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol

from attrs import evolve, frozen

from calcom_transports.fake import FakeCalcom, RateLimit


@frozen
class Gap:
    """A request that was not recorded; *uid* and *seat* are how later ones name its result."""

    path: str
    body: dict[str, Any] | None = None
    uid: str | None = None
    seat: str | None = None
    method: str = "POST"
    anonymous: bool = False


class Tape(Protocol):
    """What a change of the state works on."""

    fake: FakeCalcom
    bijection: Any

    def fill(self, gap: "Gap") -> None: ...


Edit = Callable[[Tape], None]
"""A change of the state."""

ANN = {
    "name": "Ann Attendee",
    "email": "ann@example.net",
    "timeZone": "Europe/Rome",
    "language": "en",
}


def att(number: int) -> dict[str, str]:
    return {
        "name": f"Att {number}",
        "email": f"att{number}@example.net",
        "timeZone": "America/New_York",
    }


def booked(
    start: str,
    event_type: int,
    uid: str | None = None,
    seat: str | None = None,
    person: dict[str, str] = ANN,
    **more: Any,
) -> Gap:
    body = {"start": start, "eventTypeId": event_type, "attendee": person, **more}
    return Gap("/v2/bookings", body, uid, seat)


def rescheduled(old: str, start: str, uid: str | None = None, **more: Any) -> Gap:
    return Gap(f"/v2/bookings/{old}/reschedule", {"start": start, **more}, uid)


def cancelled(uid: str) -> Gap:
    return Gap(f"/v2/bookings/{uid}/cancel", {"cancellationReason": "x"})


def moved(uid: str, start: str, minutes: int = 30) -> Edit:
    def edit(tape: Tape) -> None:
        bookings = tape.fake.state.bookings
        booking = bookings[tape.bijection.uid(uid)]
        at = datetime.fromisoformat(start)
        end = at + timedelta(minutes=minutes)
        bookings[booking.uid] = evolve(booking, start=at, end=end)

    return edit


def limited(*limits: RateLimit) -> Edit:
    def edit(tape: Tape) -> None:
        tape.fake.server.limits = limits
        tape.fake.server.counters.clear()

    return edit


def limited_earlier(limit: RateLimit, count: int, seconds: float) -> Edit:
    """Count requests of anonymous callers in a window that began earlier."""

    def edit(tape: Tape) -> None:
        limited(limit)(tape)
        began = tape.fake.now - timedelta(seconds=seconds)
        for _ in range(count):
            tape.fake.server.counters.count("", (limit,), began)

    return edit


def first_attendee(uid: str, attendee_id: int) -> Edit:
    """Bind the id of the first attendee of a booking, which its JSON does not show."""

    def edit(tape: Tape) -> None:
        booking = tape.fake.state.bookings[tape.bijection.uid(uid)]
        own = booking.attendees[0].id
        assert tape.bijection.bind(f"attendee {attendee_id}", f"attendee {own}")

    return edit


def setting(number: int, **settings: Any) -> Edit:
    """Change an event type."""

    def edit(tape: Tape) -> None:
        event_types = tape.fake.state.event_types
        event_types[number] = evolve(event_types[number], **settings)

    return edit


def long_list(tape: Tape) -> None:
    """Book 340 times, of which three were created after the others."""
    state = tape.fake.state
    tape.fill(booked("2028-06-21T11:15:00Z", 15, "long"))
    [first] = [booking for booking in state.bookings.values() if booking.event_type_id == 15]
    state.bookings.pop(first.uid)
    late = datetime.fromisoformat("2026-11-27T12:09:23.172Z")
    for number in range(340):
        name, email = f"P {number}", f"p{number}@example.net"
        start = first.start + timedelta(minutes=15 * (number - 337))
        uid = state.new_uid()
        state.save(
            evolve(
                first,
                id=state.new_booking_id(),
                uid=uid,
                ics_uid=f"{uid}@Cal.com",
                title=f"Long List between Alice Host and {name}",
                start=start,
                end=start + timedelta(minutes=15),
                created_at=late - timedelta(minutes=number < 337),
                attendees=(evolve(first.attendees[0], name=name, email=email),),
                responses={"name": name, "email": email},
                metadata={"i": str(number)},
            )
        )


LISTED = Gap("/v2/bookings?take=1", method="GET")
GAPS: dict[str, tuple[Gap | Edit, ...]] = {
    "21": (
        booked(
            "2026-12-12T09:00:00Z",
            1,
            "8q36zVzjeFHywNswG41LH7",
            guests=["guest1@example.net"],
            metadata={"ref": "order-42"},
        ),
    ),
    "25": (booked("2026-12-12T11:30:00Z", 10),),
    "29": (booked("2026-12-12T14:00:00Z", 1),),
    "45": (
        rescheduled(
            "8q36zVzjeFHywNswG41LH7",
            "2026-12-12T15:00:00Z",
            "n4j4252XEhZWhJZpxXK4ht",
            reschedulingReason="Conflict",
            rescheduledBy="alice@example.com",
        ),
    ),
    "49": (
        rescheduled(
            "n4j4252XEhZWhJZpxXK4ht",
            "2026-12-12T16:00:00Z",
            "fQ9kBhGMbnma4CqguEJN2f",
            rescheduledBy="ann@example.net",
        ),
    ),
    "57": (
        Gap(
            "/v2/bookings/rmzZtw/cancel",
            {"cancellationReason": "attendee cannot"},
            anonymous=True,
        ),
    ),
    "61": (Gap("/v2/bookings/tbmcq5/cancel", {}, anonymous=True),),
    "73": (booked("2026-12-12T06:00:00Z", 20, "jxNoSBreLY1mMJm1hQ1X6p"),),
    "81": (booked("2026-12-13T09:00:00Z", 2, "vpqVfPMGMEeQ7EyZ2bZyY6"),),
    "85": (Gap("/v2/bookings/vpqVfPMGMEeQ7EyZ2bZyY6/confirm"),),
    "93": (booked("2026-12-13T11:00:00Z", 2, "iNrxuKp7MwHTwb6c48T4fY"),),
    "97": (booked("2026-12-14T09:00:00Z", 3, "wUayWWZwN2yXongb2Rtuq7"),),
    "101": (Gap("/v2/bookings/rN3wHT/cancel", {"cancellationReason": "one"}),),
    "109": (booked("2026-12-15T09:00:00Z", 4, person=att(1)),),
    "117": (
        Gap(
            "/v2/bookings/hzoAMUeVwQWpvDxaP6baGi/reschedule",
            {"start": "2026-12-15T10:00:00Z", "seatUid": "bf33a2e1-8caa-494b-8742-e54312cb55e3"},
        ),
    ),
    "125": (
        booked(
            "2026-12-15T12:00:00Z", 5, None, "ea023aa8-5559-41fe-b675-525edd5ee7f9", person=att(5)
        ),
    ),
    "137": (booked("2026-12-16T10:00:00Z", 13),),
    "147": (
        booked("2026-12-16T14:00:00Z", 1, person=att(20)),
        booked("2026-12-16T15:00:00Z", 1),
    ),
    "149": (
        booked("2026-12-12T19:00:00Z", 1, "e87zWPk8ksrHWej1YkhFER"),
        moved("e87zWPk8ksrHWej1YkhFER", "2026-11-21T16:03:14.107Z"),
    ),
    "158": (moved("8ECCnpSoWFkxBBi4R5cshR", "2026-11-20T16:03:14.601Z"),),
    # Lists count one booking more than was recorded until then.
    "222": (booked("2026-12-18T05:00:00Z", 1),),
    "257": (booked("2026-12-18T11:00:00Z", 1, "cB5X2mYKz99FfVPWXh6aGC"),),
    "294": (limited(RateLimit(2)),),
    # At 296 and 464 the same request was sent once more.
    "297": (LISTED,),
    "299": (limited_earlier(RateLimit(120), 20, 19.5),),
    "401": (limited(),),
    "405": (booked("2027-06-10T13:00:00Z", 1, "3Z6ww3J6cezway5DoKdZLr"),),
    "414": (moved("oDaQmR3hocwWCzWewLdJE6", "2026-11-19T16:03:20.146Z"),),
    "421": (booked("2027-06-10T09:00:00Z", 4, person=att(2)),),
    "437": (cancelled("4d6e525a-bdfc-455c-b779-06ac9d3ded6e"),),
    "441": (cancelled("rp4rFJFqZV4kKE8R5WtTzj"),),
    "462": (limited(RateLimit(2, 10, 20, "Short"), RateLimit(4, 60, 60, "Long")),),
    "458": (first_attendee("hRnkTSq4NXDS9KvHDBjFLD", 98),),
    "465": (LISTED,),
    "483": (limited(),),
    # As above: three bookings more, which were over by then.
    "story-01": (
        booked("2027-06-20T09:00:00Z", 1, "first of three"),
        cancelled("first of three"),
        booked("2027-06-20T10:00:00Z", 1, "second of three"),
        cancelled("second of three"),
        booked("2027-06-20T11:00:00Z", 1, "third of three"),
        cancelled("third of three"),
    ),
    "story-22": (moved("93y9xEmWi7p3YMne43o9Xe", "2026-11-21T16:34:59.226Z", 60),),
    "story-30": (limited(RateLimit(2)),),
    "live-01": (booked("2040-01-02T09:00:00Z", 16),),
    "live-04": (setting(16, bookings_per_day=None, verifies_email=True),),
    "live-09": (
        booked(
            "2040-01-08T09:00:00Z",
            18,
            "6hfDwPMLsJsuH8cyqvGSFt",
            person={**ANN, "email": "maxact@example.net"},
        ),
    ),
    "live-19": (long_list,),
    "live-21": (booked("2040-01-12T09:00:00Z", 1, "gE89h4mooSPKTtvCWEUhwD"),),
    "live-22": (rescheduled("gE89h4mooSPKTtvCWEUhwD", "2040-01-12T10:00:00Z"),),
    "live-23": (booked("2040-07-17T15:00:00Z", 3, "kE4iaZDhMpXK75EULo8giQ", recurrenceCount=3),),
    # An earlier booking, after which it was the other host's turn.
    "live-48": (booked("2050-01-03T09:00:00Z", 47),),
    "live-60": (booked("2050-01-06T09:00:00Z", 24, "7s3RzwypGL2CY1oUTWDmvc"),),
}
