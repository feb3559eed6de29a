"""What was not recorded is answered with 501 and its name, and is never guessed."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve
from fake.worlds import KEYS, community

from calcom_core import Request, Response

SLOTS = "2024-09-04"
ANN = {"name": "Ann", "email": "ann@example.net", "timeZone": "Europe/Rome"}
BEN = {**ANN, "name": "Ben", "email": "ben@example.net"}
NINE, TEN, ELEVEN = (f"2026-12-14T{hour:02}:00:00Z" for hour in (9, 10, 11))


class Caller:
    """Sends requests to the community server, as Alice unless it says who else."""

    def __init__(self) -> None:
        self.fake = community()

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        user: str | None = "alice",
        version: str | None = "2024-08-13",
        kind: str = "application/json",
    ) -> Response:
        headers = {"Content-Type": kind}
        if version is not None:
            headers["cal-api-version"] = version
        if user is not None:
            headers["Authorization"] = f"Bearer {KEYS.get(user, user)}"
        text = body if isinstance(body, str) else "" if body is None else json.dumps(body)
        url = f"https://api.cal.com/v2/{path}"
        return self.fake.respond(Request(method, url, headers, text.encode()))

    def post(self, path: str, body: Any = None, **how: Any) -> Response:
        return self("POST", path, body, **how)

    def get(self, path: str, **how: Any) -> Response:
        return self("GET", path, **how)

    def create(
        self, event_type: int, start: str = NINE, person: Any = ANN, **more: Any
    ) -> Response:
        body = {"start": start, "eventTypeId": event_type, "attendee": person, **more}
        return self.post("bookings", body)

    def booked(self, *args: Any, **more: Any) -> Any:
        response = self.create(*args, **more)
        assert response.status == 201, response.body
        return json.loads(response.body)["data"]

    def uid(self, *args: Any, **more: Any) -> str:
        return str(self.booked(*args, **more)["uid"])

    def act(self, uid: str, action: str, body: Any = None, **how: Any) -> Response:
        return self.post(f"bookings/{uid}/{action}", {} if body is None else body, **how)

    def cancelled(self, uid: str) -> str:
        assert self.act(uid, "cancel", {"cancellationReason": "x"}).status == 200
        return uid

    def seats(self, start: str = NINE) -> tuple[str, list[str]]:
        booked = [self.booked(4, start, person) for person in (ANN, BEN)]
        return booked[0]["uid"], [each["seatUid"] for each in booked]

    def past(self, uid: str) -> str:
        self.fake.advance(40 * 86_400)
        return uid


Case = Callable[[Caller], Response]


def declined(call: Caller) -> str:
    uid = call.uid(2)
    assert call.act(uid, "decline").status == 200
    return uid


def seat_moved(call: Caller, start: str) -> Response:
    uid, [seat, _] = call.seats()
    return call.act(uid, "reschedule", {"start": start, "seatUid": seat})


def moved(call: Caller, event_type: int, start: str, **how: Any) -> Response:
    return call.act(call.uid(event_type), "reschedule", {"start": start}, **how)


def all_seats_to_seats(call: Caller) -> Response:
    call.seats(TEN)
    return call.act(call.seats()[0], "reschedule", {"start": TEN})


def seat_to_seats(call: Caller) -> Response:
    call.seats(TEN)
    return seat_moved(call, TEN)


def lone_seat(call: Caller) -> Response:
    booked = call.booked(4)
    body = {"start": TEN, "seatUid": booked["seatUid"]}
    return call.act(booked["uid"], "reschedule", body)


def lone_seat_cancelled(call: Caller) -> Response:
    booked = call.booked(4)
    body = {"seatUid": booked["seatUid"], "cancellationReason": "x"}
    return call.act(booked["uid"], "cancel", body)


def seat_of_another(call: Caller) -> Response:
    _, [seat, _] = call.seats(TEN)
    return call.act(call.seats()[0], "reschedule", {"start": ELEVEN, "seatUid": seat})


def confirm_taken(call: Caller) -> Response:
    uid = call.cancelled(call.uid(1))
    call.uid(1)
    return call.act(uid, "confirm")


def reassign_busy(call: Caller) -> Response:
    uid = call.uid(13)
    call.uid(13, NINE, BEN)
    return call.act(uid, "reassign/2")


def later_time_overlaps(call: Caller) -> Response:
    call.uid(7, "2026-12-21T09:00:00Z", lengthInMinutes=60)
    return call.create(3, NINE)


def later_time_closed(call: Caller) -> Response:
    # Daylight saving time moves the later times to 10:30, when the host is not there.
    users = call.fake.state.users
    users[1] = evolve(users[1], hours={1: (9 * 60, 10 * 60)}, time_zone="UTC")
    return call.create(3, "2027-10-26T09:30:00Z")


def second_seat(call: Caller) -> Response:
    call.booked(4)
    return call.create(4)


def series_onto_seats(call: Caller) -> Response:
    call.booked(6)
    booked = next(iter(call.fake.state.bookings.values()))
    call.fake.state.save(evolve(booked, series_uid=None))
    return call.create(6, NINE, BEN)


def changed(call: Caller, event_type: int, **settings: Any) -> Response:
    types = call.fake.state.event_types
    types[event_type] = evolve(types[event_type], **settings)
    return call.create(event_type)


def pending(call: Caller) -> Response:
    call.uid(2)
    return call.create(1, NINE, BEN)


def repeated(call: Caller) -> Response:
    call.uid(13)
    return call.create(13)


def series(call: Caller) -> str:
    return str(call.booked(3)[0]["recurringBookingUid"])


def closed(call: Caller) -> Response:
    call.booked(1)
    return call.post("slots/reservations", {"eventTypeId": 1, "slotStart": NINE}, version=SLOTS)


def reserve(call: Caller, user: str | None = "alice", **body: Any) -> Response:
    return call.post("slots/reservations", body, user=user, version=SLOTS)


def slots(call: Caller, query: str) -> Response:
    return call.get(f"slots?{query}", version=SLOTS)


RANGE = "start=2026-12-14&end=2026-12-14"
GUESTS = [{"email": f"g{number}@example.net"} for number in range(10)]


def too_many_guests(call: Caller) -> Response:
    uid = call.uid(1)
    for batch in range(3):
        more = [{"email": f"{batch}{guest['email']}"} for guest in GUESTS]
        response = call.act(uid, "guests", {"guests": more})
    return response


LOCATION = {"type": "address", "address": "Street 2"}
LEGACY_CREATE = {"timeZone": "Europe/Rome", "language": "en", "metadata": {}}
CASES: dict[str, Case] = {
    "bookings.reschedule of a declined booking": lambda call: call.act(
        declined(call), "reschedule", {"start": TEN}
    ),
    "with a seat of another booking": seat_of_another,
    "bookings.reschedule of all seats by somebody": lambda call: moved(
        call, 4, TEN, user="stranger"
    ),
    "bookings.reschedule of all seats to a time that has seats": all_seats_to_seats,
    "bookings.reschedule with a time that is no start": lambda call: moved(
        call, 1, "2026-12-14T10:10:00Z"
    ),
    "bookings.reschedule of a round_robin": lambda call: moved(call, 13, TEN),
    "bookings.reschedule_seat to a time that has seats": seat_to_seats,
    "bookings.reschedule_seat of the only seat": lone_seat,
    "bookings.confirm of a booking with seats": lambda call: call.act(
        call.cancelled(call.uid(4)), "confirm"
    ),
    "bookings.decline of a series": lambda call: call.act(
        call.cancelled(call.booked(3)[0]["uid"]), "decline"
    ),
    "declined already": lambda call: call.act(declined(call), "decline"),
    "bookings.confirm of a booking whose time is taken": confirm_taken,
    "bookings.mark_absent of a booking with seats": lambda call: call.act(
        call.past(call.uid(4)), "mark-absent", {"host": True}
    ),
    "to a host who is busy": reassign_busy,
    "bookings.reassign of a cancelled": lambda call: call.act(
        call.cancelled(call.uid(13)), "reassign"
    ),
    "legacy API, with a body of that API": lambda call: call.post(
        "bookings", LEGACY_CREATE, version=None
    ),
    "an unknown slug": lambda call: call.post(
        "bookings", {"start": NINE, "eventTypeSlug": "x", "username": "alice", "attendee": ANN}
    ),
    "a length that the event type": lambda call: call.create(7, lengthInMinutes=45),
    "the location that attendeePhone needs": lambda call: call.create(9),
    "a location as text that is no URL": lambda call: call.create(1, location="at home"),
    "a location of the type attendeePhone": lambda call: call.create(
        9, location={"type": "attendeePhone"}
    ),
    "outside the options": lambda call: call.create(
        8, bookingFieldsResponses={"topic": "x", "size": "huge"}
    ),
    "a series or seats of a team's": lambda call: changed(call, 4, requires_confirmation=True),
    "a team's event type with confirmation": lambda call: changed(
        call, 13, requires_confirmation=True
    ),
    "of a seat with guests": lambda call: call.create(4, guests=["g@example.net"]),
    "a response to no field": lambda call: call.create(1, bookingFieldsResponses={"x": "y"}),
    "once more for the same attendee": repeated,
    "bookings.create with a time that is no start": lambda call: call.create(
        1, "2026-12-14T10:10:00Z"
    ),
    "waits for confirmation": pending,
    "a later time that overlaps": later_time_overlaps,
    "a later time outside the hours": later_time_closed,
    "seats of a series at the time of a single": series_onto_seats,
    "bookings.cancel of all seats by somebody": lambda call: call.act(
        call.uid(4), "cancel", {"cancellationReason": "x"}, user="stranger"
    ),
    "after one that is no series": lambda call: call.act(
        call.uid(1), "cancel", {"cancelSubsequentBookings": True, "cancellationReason": "x"}
    ),
    "a series by its uid with a seat": lambda call: call.act(
        series(call), "cancel", {"cancelSubsequentBookings": True}
    ),
    "who must give a reason": lambda call: call.act(call.uid(21), "cancel", user=None),
    "the legacy API with a booking that is unknown": lambda call: call.act(
        "nobody", "cancel", version=None
    ),
    "legacy API with a booking that is unknown, recurring": lambda call: call.get(
        f"bookings/{call.uid(4)}", version=None
    ),
    "the legacy API with a booking that is cancelled": lambda call: call.act(
        call.cancelled(call.uid(1)), "cancel", {"cancellationReason": "x"}, version="2024-06-11"
    ),
    "bookings.list of the legacy API": lambda call: call.get("bookings", version=None),
    "take above 250": lambda call: call.get("bookings?take=251"),
    "sortEnd that is no order": lambda call: call.get("bookings?sortEnd=up"),
    "teamId that is no number": lambda call: call.get("bookings?teamId=x"),
    "slots.list of an unknown user": lambda call: slots(
        call, f"eventTypeSlug=normal&username=nobody&{RANGE}"
    ),
    "skip that is no number": lambda call: call.get("bookings?skip=x"),
    "eventTypeIds that is no number": lambda call: call.get("bookings?eventTypeIds=1,x"),
    "beforeEnd that is no date": lambda call: call.get("bookings?beforeEnd=x"),
    "bookings.guests.add of a booking with seats": lambda call: call.act(
        call.uid(4), "guests", {"guests": GUESTS}
    ),
    "whose id is no number": lambda call: call.get(f"bookings/{call.uid(1)}/attendees/x"),
    "bookings.attendees.list of a cancelled booking with seats": lambda call: call.get(
        f"bookings/{call.cancelled(call.uid(4))}/attendees"
    ),
    "an invalid attendee": lambda call: call.act(call.uid(1), "attendees", {"name": "x"}),
    "guests.add to an unknown booking": lambda call: call.act(
        "nobody", "guests", {"guests": GUESTS}
    ),
    "beyond 30 guests": too_many_guests,
    "guests.add without a list": lambda call: call.act(call.uid(1), "guests", {"guests": "x"}),
    "more than 10 guests": lambda call: call.act(
        call.uid(1), "guests", {"guests": [*GUESTS, *GUESTS]}
    ),
    "without a location": lambda call: call("PATCH", f"bookings/{call.uid(1)}/location", {}),
    "or of seats": lambda call: call(
        "PATCH", f"bookings/{call.uid(4)}/location", {"location": LOCATION}
    ),
    "update_location without address": lambda call: call(
        "PATCH", f"bookings/{call.uid(1)}/location", {"location": {"type": "address"}}
    ),
    "bookings.conferencing_sessions": lambda call: call.get(
        f"bookings/{call.uid(1)}/conferencing-sessions"
    ),
    "bookings.request_reschedule": lambda call: call.act(call.uid(1), "request-reschedule"),
    "a duration that the event type": lambda call: slots(call, f"eventTypeId=1&{RANGE}&duration=7"),
    "of several users": lambda call: slots(call, f"usernames=a,b&organizationSlug=o&{RANGE}"),
    "a slug without username": lambda call: slots(call, f"eventTypeSlug=normal&{RANGE}"),
    "without a start and an end": lambda call: slots(call, "eventTypeId=1&start=2026-12-14"),
    "a time of one's own without": lambda call: reserve(
        call, None, eventTypeId=1, slotStart=NINE, reservationDuration=9
    ),
    "a reservation of an unknown event type": lambda call: reserve(
        call, eventTypeId=99, slotStart=NINE
    ),
    "that is no number of minutes": lambda call: reserve(
        call, eventTypeId=1, slotStart=NINE, reservationDuration="x"
    ),
    "or of a seat": lambda call: reserve(call, eventTypeId=4, slotStart=NINE),
    "a slot that is not free": closed,
    "an unknown reservation": lambda call: call("PATCH", "slots/reservations/x", {}, version=SLOTS),
    "an unknown access token": lambda call: call.get("bookings/x", user="token"),
    "bookings.get in version 2026-05-01": lambda call: call.get("bookings/x", version="2026-05-01"),
    "by cursor with several statuses": lambda call: call.get(
        "bookings?status=past,cancelled", version="2026-05-01"
    ),
    "a limit above 100": lambda call: call.get("bookings?limit=101", version="2026-05-01"),
    "a cursor that the server did not send": lambda call: call.get(
        "bookings?cursor=x", version="2026-05-01"
    ),
    "event_types.list without version": lambda call: call.get("event-types"),
    "event_types.get of an event type": lambda call: call.get(
        "event-types/99", version="2024-06-14"
    ),
    "than username and eventSlug": lambda call: call.get(
        "event-types?orgSlug=x", version="2024-06-14"
    ),
    "without credentials and without username": lambda call: call.get(
        "event-types", user=None, version="2024-06-14"
    ),
    "event_types.list of an unknown user": lambda call: call.get(
        "event-types?username=x", version="2024-06-14"
    ),
    "a body that is no JSON": lambda call: call.post("bookings", "{x}"),
    "a body that is no text": lambda call: call.fake.respond(
        Request(
            "POST",
            "https://api.cal.com/v2/bookings",
            {"cal-api-version": "2024-08-13", "Content-Type": "application/json"},
            b"\xff\xfe\xff",
        )
    ),
    "or too deep": lambda call: call.post("bookings", "[" * 100_000),
    "no JSON object": lambda call: call.post("bookings", "[1]"),
    "attendee is no object": lambda call: call.create(1, person="Ann"),
    "a request with an invalid lengthInMinutes": lambda call: call.create(7, lengthInMinutes="x"),
    "a request with allowConflicts": lambda call: call.create(1, allowConflicts=True),
    "attendees of another form": lambda call: call.act(
        call.past(call.uid(1)), "mark-absent", {"attendees": [{"email": "x"}]}
    ),
    "teams.bookings": lambda call: call.get("teams/1/bookings"),
}


@pytest.mark.exhaustive(sample=100)  # they take 0.1 s together, and cover much of the fake
@pytest.mark.parametrize("what", CASES)
def test_a_case_without_a_recording_is_a_501_that_names_it(what: str) -> None:
    call = Caller()
    response = CASES[what](call)
    body = json.loads(response.body)

    assert response.status == 501, body
    assert body["error"]["code"] == "NotRecorded"
    assert what in body["error"]["message"]
    assert body["error"]["message"].endswith(
        "; nothing was changed; use fake.fail(…) or Replay.of for this case"
    )


def test_a_501_changes_nothing() -> None:
    call = Caller()
    assert later_time_overlaps(call).status == 501
    assert [booking.event_type_id for booking in call.fake.state.bookings.values()] == [7]
    assert len(call.fake.deliveries) == 1


ACCEPTED: dict[str, tuple[int, Case]] = {
    "an unknown event type": (404, lambda call: call.create(99)),
    "a second seat for the same address": (409, second_seat),
    "a cancel of an unknown booking": (404, lambda call: call.act("nobody", "cancel")),
    "the last seat": (200, lone_seat_cancelled),
    "attendees in a version without them": (
        404,
        lambda call: call.get(f"bookings/{call.uid(1)}/attendees", version="2026-02-25"),
    ),
    "slots in a version of bookings": (
        404,
        lambda call: call.get(f"slots?eventTypeId=1&{RANGE}", version="2026-02-25"),
    ),
    "a taken time for a seat": (400, lambda call: (call.uid(1, TEN), seat_moved(call, TEN))[1]),
    "an attendee twice": (400, lambda call: call.act(call.uid(1), "attendees", ANN)),
    "a phone number": (
        201,
        lambda call: call.act(call.uid(1), "attendees", {**BEN, "phoneNumber": "+4915112345678"}),
    ),
    "an optional field left out": (
        201,
        lambda call: call.create(8, bookingFieldsResponses={"topic": "x"}),
    ),
    "a length in the list of slots": (
        200,
        lambda call: slots(call, f"eventTypeId=7&{RANGE}&duration=60"),
    ),
    "an event type by its slug": (
        200,
        lambda call: call.get("event-types?username=alice&eventSlug=normal", version="2024-06-14"),
    ),
    "a collective host who is busy": (
        400,
        lambda call: (call.uid(13), call.uid(13, NINE, BEN), call.create(14))[2],
    ),
    "no host left": (
        400,
        lambda call: (call.uid(14), call.create(13, NINE, BEN))[1],
    ),
}


@pytest.mark.parametrize("what", ACCEPTED)
def test_a_case_beside_the_recordings_follows_from_them(what: str) -> None:
    status, case = ACCEPTED[what]
    response = case(Caller())

    assert response.status == status, response.body
