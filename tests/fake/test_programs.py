"""Whole programs on the fake: both clients, faults, limits, time, webhooks and equal runs."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import trio
from attrs import evolve

from calcom_core import (
    Anonymous,
    InvalidInput,
    NoAnswer,
    NotFound,
    NotSent,
    Operation,
    OutcomeUnknown,
    PermissionDenied,
    RateLimited,
    RetryPolicy,
    ServerError,
    SignatureMismatch,
    SlotUnavailable,
    Unauthenticated,
    VersionMismatch,
    bookings,
    create_once,
    me,
    webhooks,
)
from calcom_core.api import Api, ApiKey
from calcom_core.effects import Program, gather, sleep
from calcom_core.pacing import NO_PACE, Pace
from calcom_core.retry import retrying
from calcom_transports import AsyncClient, Client
from calcom_transports.fake import EventType, FakeCalcom, RateLimit, User

START = datetime(2027, 3, 2, 9, tzinfo=UTC)
PERSON = {"name": "Ann", "email": "ann@example.net", "time_zone": "Europe/Rome"}
NEVER = RetryPolicy(attempts=1)


def new(event_type_id: int = 1, start: datetime = START, **more: Any) -> Any:
    return {"start": start, "event_type_id": event_type_id, "attendee": PERSON, **more}


def person(number: int) -> dict[str, str]:
    return {**PERSON, "name": f"P{number}", "email": f"p{number}@example.net"}


@pytest.fixture
def fake() -> FakeCalcom:
    return FakeCalcom()


@pytest.fixture
def client(fake: FakeCalcom) -> Client:
    return Client(fake.key, transport=fake)


def test_a_booking_is_made_moved_and_cancelled(fake: FakeCalcom, client: Client) -> None:
    booked = client.bookings.create_one(new())
    later = START + timedelta(hours=1)
    moved = client.bookings.reschedule(booked.uid, {"start": later})
    cancelled = client.bookings.cancel_one(moved.uid, {"cancellation_reason": "ill"})

    old = client.bookings.get_one(booked.uid)
    assert (old.status, old.rescheduled_to_uid) == ("cancelled", moved.uid)
    assert moved.rescheduled_from_uid == booked.uid
    assert (cancelled.status, cancelled.cancellation_reason) == ("cancelled", "ill")
    assert [item.status for item in fake.state.bookings.values()] == ["cancelled", "cancelled"]
    assert client.bookings.create_one(new(start=later)).status == "accepted"


def test_a_slot_that_is_taken_is_refused_and_no_longer_offered(client: Client) -> None:
    client.bookings.create_one(new())

    with pytest.raises(SlotUnavailable):
        client.bookings.create_one(new())
    offered = client.slots.list(event_type_id=1, start="2027-03-02", end="2027-03-02")
    starts = [slot.start for day in offered.values() for slot in day]
    assert START not in starts
    assert START + timedelta(minutes=30) in starts


def test_seats_fill_up_and_one_is_given_back(client: Client) -> None:
    seats = [client.bookings.create_one(new(4) | {"attendee": person(n)}) for n in range(3)]
    with pytest.raises(SlotUnavailable):
        client.bookings.create_one(new(4) | {"attendee": person(3)})

    [uid] = {booking.uid for booking in seats}
    seat = seats[1].seat_uid
    assert seat is not None
    left = client.bookings.cancel_seat(uid, seat, reason="ill")
    assert [attendee.name for attendee in left.attendees] == ["P0", "P2"]
    assert client.bookings.create_one(new(4) | {"attendee": person(3)}).uid == uid


def run_asyncio(main: Any) -> Any:
    return asyncio.run(main())


@pytest.mark.parametrize("run", [trio.run, run_asyncio], ids=["trio", "asyncio"])
def test_the_same_runs_with_the_async_client(fake: FakeCalcom, run: Any) -> None:
    async def main() -> tuple[str, str]:
        async with AsyncClient(fake.key, transport=fake) as client:
            booked = await client.bookings.create_one(new())
            return booked.uid, (await client.bookings.get_one(booked.uid)).status

    uid, status = run(main)
    assert status == "accepted"
    assert list(fake.state.bookings) == [uid]


def test_equal_runs_are_equal_byte_for_byte_under_threads_trio_and_asyncio() -> None:
    operations = [
        bookings.create(new()),
        bookings.create(new(3, START + timedelta(days=1))),
        bookings.create(new(4, START + timedelta(days=2))),
        bookings.list(take=3, sort_start="desc"),
    ]
    bodies = []
    for _ in range(2):
        fake = FakeCalcom(seed=7)
        with Client(fake.key, transport=fake) as client:
            bodies.append([client.exchange(operation).response for operation in operations])

    async def main() -> list[Any]:
        fake = FakeCalcom(seed=7)
        client = AsyncClient(fake.key, transport=fake)
        return [(await client.exchange(operation)).response for operation in operations]

    bodies += [trio.run(main), run_asyncio(main)]
    assert bodies == [bodies[0]] * 4
    other = FakeCalcom(seed=8)
    changed = Client(other.key, transport=other).exchange(operations[0]).response
    assert changed.body != bodies[0][0].body


# Faults


def test_a_lost_response_of_a_create_is_an_unknown_outcome(
    fake: FakeCalcom, client: Client
) -> None:
    fake.lose_response(on="bookings.create")

    with pytest.raises(OutcomeUnknown):
        client.bookings.create(new())
    assert len(fake.state.bookings) == 1


def test_create_once_finds_the_booking_whose_response_was_lost(
    fake: FakeCalcom, client: Client
) -> None:
    fake.lose_response(on="bookings.create")

    booked = client.run(create_once(client.api, new(), "order 7"))
    assert [booked.uid] == list(fake.state.bookings)  # type: ignore[union-attr]


def test_a_refused_connection_is_tried_again_in_virtual_time(
    fake: FakeCalcom, client: Client
) -> None:
    before = fake.now
    fake.refuse_connections(times=2)

    assert client.bookings.create_one(new()).status == "accepted"
    assert len(fake.requests) == 1
    assert fake.now > before
    fake.refuse_connections()
    with pytest.raises(NotSent):
        client.with_options(retry=NEVER).me.get()


def test_a_response_may_be_slow_or_too_slow(fake: FakeCalcom, client: Client) -> None:
    before = fake.now
    fake.delay(3)
    fake.delay(100, on="me.get", at=2)

    assert client.me.get().name == "Hanna Host"
    assert fake.now - before == timedelta(seconds=3)
    with pytest.raises(NoAnswer):
        client.with_options(retry=NEVER, timeout=20).me.get()
    assert fake.now - before == timedelta(seconds=23)


def test_a_gateway_fails_before_or_after_the_server(fake: FakeCalcom, client: Client) -> None:
    fake.fail(503, "busy", on="bookings.get_one", at=2)
    fake.fail(502, "bad gateway", on="bookings.create_one", executes=True)

    with pytest.raises(OutcomeUnknown):
        client.bookings.create_one(new())
    [uid] = fake.state.bookings
    for _ in range(2):
        client.bookings.get_one(uid)
    assert len(fake.requests) == 3  # one of four was answered by the gateway
    fake.fail(500)
    fake.faults.clear()
    assert client.bookings.get_one(uid).uid == uid


def test_limits_block_a_key_and_a_program_waits_in_virtual_time() -> None:
    fake = FakeCalcom(limits=[RateLimit(3)])
    client = Client(fake.key, transport=fake, pace=NO_PACE)
    before = fake.now
    for _ in range(4):
        client.me.get()
    assert fake.now - before >= timedelta(seconds=60)

    impatient = client.with_options(retry=NEVER)
    for _ in range(2):
        impatient.me.get()
    with pytest.raises(RateLimited) as caught:
        impatient.me.get()
    assert caught.value.reset == 60
    fake.advance(60)
    assert impatient.me.get().id == 1


def test_a_paced_client_is_never_refused_and_waits_in_virtual_time() -> None:
    fake = FakeCalcom(limits=[RateLimit(3)])
    client = Client(fake.key, transport=fake, retry=NEVER, pace=Pace(burst=1))
    other = Client(fake.key, transport=fake, retry=NEVER)
    before = fake.now
    for _ in range(3):
        client.me.get()
    assert fake.now == before

    assert other.me.get().id == 1
    assert fake.now - before == timedelta(seconds=60)
    fake.advance(30)
    client.me.get()
    assert fake.now - before == timedelta(seconds=90)


def test_branches_share_the_pace_of_their_client() -> None:
    fake = FakeCalcom(limits=[RateLimit(3)])
    client = Client(fake.key, transport=fake, retry=NEVER, pace=Pace(burst=1))
    branches = [retrying(client.api, me.get(), NEVER) for _ in range(7)]

    assert [user.id for user in client.run(gather(branches, limit=4))] == [1] * 7
    assert [request.url for request in fake.requests] == ["https://api.cal.com/v2/me"] * 7


def test_an_operation_may_have_a_limit_of_its_own() -> None:
    fake = FakeCalcom(limits=[RateLimit(100)])
    client = Client(fake.key, transport=fake, retry=NEVER, pace=NO_PACE)
    uid = client.bookings.create_one(new()).uid
    for number in range(5):
        client.bookings.guests.add(uid, [{"email": f"g{number}@example.net"}])
    with pytest.raises(RateLimited):
        client.bookings.guests.add(uid, [{"email": "g9@example.net"}])
    assert len(client.bookings.get_one(uid).attendees) == 6


def test_branches_of_a_program_see_one_server(fake: FakeCalcom) -> None:
    api = Api(ApiKey(fake.key))

    def branch(number: int) -> Program[str]:
        yield from sleep(number)
        start = START + timedelta(hours=number)
        booked: Any = yield from retrying(api, bookings.create(new(start=start)))
        return str(booked.uid)

    def program() -> Program[tuple[str, ...]]:
        return (yield from gather([branch(n) for n in range(3)], limit=2))

    before = fake.now
    assert list(Client(fake.key, transport=fake).run(program())) == list(fake.state.bookings)
    assert fake.now - before == timedelta(seconds=2)


def test_the_fixture_is_a_fresh_fake(calcom_fake: FakeCalcom) -> None:
    assert calcom_fake.state.bookings == {}
    assert calcom_fake.key == "cal_test_hanna"


def test_an_operation_that_the_fake_does_not_know_is_a_501(client: Client) -> None:
    with pytest.raises(ServerError) as caught:
        client.call(Operation("schedules.list", "GET", "/v2/schedules"))

    assert caught.value.status == 501
    assert "not recorded, so the fake cannot respond: GET /v2/schedules" in caught.value.message


def test_a_fake_is_checked_when_it_is_made() -> None:
    with pytest.raises(InvalidInput, match="event_types: has the id 7 twice"):
        FakeCalcom(event_types=[EventType(7, "s", "S"), EventType(7, "t", "T")])
    keyless = FakeCalcom(hosts=[User(1, "Hanna", "hanna", "hanna@example.com")])
    with pytest.raises(InvalidInput, match="have no key"):
        _ = keyless.key
    with pytest.raises(InvalidInput, match="is a naive time"):
        FakeCalcom(now=datetime(2027, 1, 1))
    with pytest.raises(InvalidInput, match=r"must be ids of hosts, not \[7\]"):
        FakeCalcom(event_types=[EventType(1, "x", "X", host_ids=(1, 7))])
    with pytest.raises(InvalidInput, match="5 is no team"):
        FakeCalcom(event_types=[EventType(1, "x", "X", team_id=5)])


# Who may do what


def test_callers_are_hosts_strangers_or_nobody() -> None:
    host = User(1, "Hanna", "hanna", "hanna@example.com", key="cal_hanna")
    stranger = User(2, "Sam", "sam", "sam@example.com", key="cal_sam")
    fake = FakeCalcom(hosts=[host, stranger])
    anonymous = Client(auth=Anonymous(), transport=fake)
    uid = anonymous.bookings.create_one(new(2)).uid

    assert anonymous.bookings.get_one(uid).status == "pending"
    for client in (anonymous, Client("cal_sam", transport=fake)):
        with pytest.raises((PermissionDenied, Unauthenticated)):
            client.bookings.confirm(uid)
    assert Client("cal_hanna", transport=fake).bookings.confirm(uid).status == "accepted"
    with pytest.raises(Unauthenticated):
        Client("cal_unknown", transport=fake).me.get()


def test_hidden_attendees_are_shown_to_the_host_alone(fake: FakeCalcom, client: Client) -> None:
    types = fake.state.event_types
    types[4] = evolve(types[4], shows_attendees=False)
    booked = client.bookings.create_one(new(4))
    assert len(booked.attendees) == 1

    anonymous = Client(auth=Anonymous(), transport=fake)
    assert anonymous.bookings.get_one(booked.uid).attendees == ()
    assert anonymous.bookings.create_one(new(4) | {"attendee": person(2)}).attendees == ()
    assert len(client.bookings.get_one(booked.uid).attendees) == 2
    assert booked.seat_uid is not None
    shown = anonymous.bookings.get_by_seat(booked.seat_uid).attendees
    assert [attendee.seat_uid for attendee in shown] == [booked.seat_uid]


# Time, state and versions


def test_time_moves_by_hand_and_a_test_may_change_the_state(
    fake: FakeCalcom, client: Client
) -> None:
    uid = client.bookings.create_one(new()).uid
    fake.advance(2 * 86_400)
    marked = client.bookings.mark_absent(uid, host=True)
    assert marked.absent_host is True
    assert [item.uid for item in client.bookings.list(status="past").items] == [uid]

    fake.state.bookings[uid] = evolve(fake.state.bookings[uid], status="cancelled")
    assert client.bookings.get_one(uid).status == "cancelled"


def test_a_series_keeps_its_hour_where_the_clocks_change(client: Client) -> None:
    start = datetime(2027, 3, 15, 9, tzinfo=UTC)  # daylight saving time begins on 28 March
    series = client.bookings.create_recurring(new(3, start))
    assert [item.start.hour for item in series] == [9, 9, 8, 8]


def test_a_missing_version_is_the_legacy_api(fake: FakeCalcom, client: Client) -> None:
    request = client.api.request(bookings.create(new()))
    legacy = evolve(
        request,
        headers=[pair for pair in request.headers if pair[0] != "cal-api-version"],
    )
    with pytest.raises(VersionMismatch):
        bookings.create(new()).read(fake.respond(legacy))


def test_what_was_not_recorded_is_a_501_that_says_what(fake: FakeCalcom, client: Client) -> None:
    with pytest.raises(ServerError, match=r"bookings.calendar_links with the event") as caught:
        client.bookings.calendar_links(client.bookings.create_one(new()).uid)
    assert caught.value.status == 501
    unknown = (
        "bookings.create_one (POST /v2/bookings): it may have happened: the response was 501 "
        "not recorded, so the fake cannot respond: bookings.create of a seat with guests; "
        "nothing was changed; use fake.fail(…) or Replay.of for this case; before you repeat it, "
        "run error.verify (after 1 attempt: a retry might execute it twice)"
    )
    with pytest.raises(OutcomeUnknown, match=f"^{re.escape(unknown)}$"):
        client.bookings.create_one(new(4, guests=["g@example.net"]))
    with pytest.raises(NotFound):
        client.bookings.get_one("nobody")
    assert repr(fake) == "<FakeCalcom at 2027-03-01 08:00:00: 1 bookings>"


# Webhooks


def test_each_transition_is_a_delivery_that_can_be_received(
    fake: FakeCalcom, client: Client
) -> None:
    booked = client.bookings.create_one(new(2))
    client.bookings.confirm(booked.uid)
    moved = client.bookings.reschedule(booked.uid, {"start": START + timedelta(hours=1)})
    declined = client.bookings.create_one(new(2, START + timedelta(days=1)))
    client.bookings.decline(declined.uid, reason="busy")
    seats = [
        client.bookings.create_one(new(4, START + timedelta(days=2)) | {"attendee": person(n)})
        for n in range(2)
    ]
    client.bookings.cancel_seat(seats[0].uid, str(seats[0].seat_uid), reason="ill")
    fake.advance(3600 * 27)
    client.bookings.mark_absent(moved.uid, attendees=[{"email": "ann@example.net", "absent": True}])
    past = client.bookings.create_one(new(1, START + timedelta(days=3)))
    client.bookings.cancel(past.uid, {"cancellation_reason": "off"})

    events = [
        webhooks.receive(item.headers, item.body, "whsec_fake", max_age=3600 * 48, now=fake.now)
        for item in fake.deliveries
    ]
    assert [event.delivery.trigger for event in events] == [
        "BOOKING_REQUESTED",
        "BOOKING_CREATED",
        "BOOKING_RESCHEDULED",
        "BOOKING_REQUESTED",
        "BOOKING_REJECTED",
        "BOOKING_CREATED",
        "BOOKING_CREATED",
        "BOOKING_CANCELLED",
        "BOOKING_NO_SHOW_UPDATED",
        "BOOKING_CREATED",
        "BOOKING_CANCELLED",
    ]
    rescheduled: Any = events[2]
    assert isinstance(rescheduled, webhooks.BookingRescheduled)
    assert (rescheduled.new_uid, rescheduled.old_uid) == (moved.uid, booked.uid)
    assert rescheduled.new_start == moved.start
    seat: Any = events[7]
    assert [attendee.name for attendee in seat.attendees] == ["P0"]
    with pytest.raises(SignatureMismatch):
        webhooks.receive(fake.deliveries[0].headers, fake.deliveries[0].body, "whsec_other")


def test_a_team_shares_its_bookings() -> None:
    hosts = [
        User(
            number, f"Host {number}", f"host{number}", f"h{number}@example.com", key=f"cal_{number}"
        )
        for number in (1, 2)
    ]
    event_type = EventType(1, "rr", "Round", host_ids=(1, 2), scheduling="round_robin")
    fake = FakeCalcom(hosts=hosts, event_types=[event_type])
    client = Client("cal_1", transport=fake)
    booked = [client.bookings.create_one(new() | {"attendee": person(n)}) for n in range(2)]
    assert [booking.hosts[0].id for booking in booked] == [1, 2]
    with pytest.raises(SlotUnavailable):
        client.bookings.create_one(new() | {"attendee": person(3)})

    client.bookings.cancel(booked[1].uid, {"cancellation_reason": "x"})
    assert client.bookings.reassign(booked[0].uid).reassigned_to.id == 2
    assert client.bookings.get_one(booked[0].uid).title == "Round between Host 2 and P0"
