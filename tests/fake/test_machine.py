"""Clients do random things on the fake, and the fake keeps what a calendar promises.

With `CALCOM_LIVE_URL` and `CALCOM_LIVE_KEY` in the environment, the same machine does everything on
a real server, too, and both must do the same. The user of the key needs event types with the slugs
and the settings of `EVENT_TYPES`, as far as they are not a team's, a schedule from 9 to 12 UTC on
each day, and nothing booked in the next year; the machine cancels what it has booked.
"""

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import combinations, count
from operator import attrgetter
from typing import Any, ClassVar

import trio
from attrs import define, evolve, field
from fake.loopback import serve
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from server import Server as Loopback

from calcom_core import ApiError, OutcomeUnknown, RetryPolicy, bookings
from calcom_core.model.booking import Booking as Shown
from calcom_core.model.page import Page
from calcom_core.model.slot import Slot, Slots
from calcom_transports import AsyncClient, Client
from calcom_transports.fake import Booking, EventType, FakeCalcom, Location, User
from calcom_transports.fake.server import Server

NINE_TO_TWELVE = dict.fromkeys(range(7), (9 * 60, 12 * 60))
HOSTS = tuple(
    User(
        number,
        f"Host {number}",
        f"host{number}",
        f"host{number}@example.com",
        time_zone=time_zone,
        key=f"cal_{number}",
        hours=NINE_TO_TWELVE,
    )
    for number, time_zone in ((1, "UTC"), (2, "Europe/London"))
)
LINK = (Location("link", "https://meet.example.com"),)
EVENT_TYPES = (
    EventType(1, "plain", "Plain", locations=LINK),
    EventType(2, "approval", "Approval", requires_confirmation=True, locations=LINK),
    EventType(3, "weekly", "Weekly", occurrences=2, locations=LINK),
    EventType(4, "seated", "Seated", seats=3, locations=LINK),
    EventType(5, "long", "Long", length=60, buffer_before=15, locations=LINK),
    EventType(6, "rr", "RR", host_ids=(1, 2), scheduling="round_robin", locations=LINK),
    EventType(7, "all", "All", host_ids=(1, 2), scheduling="collective", locations=LINK),
)
ONE_TRY = RetryPolicy(attempts=1)
SLOTS = st.integers(0, 20)
NUMBERS = st.integers(0, 30)


def attempt(call: Callable[..., Any], *args: Any, **options: Any) -> tuple[Any, int]:
    """Return the result of a call and 0, or nothing and the status that refuses it."""
    try:
        return call(*args, **options), 0
    except ApiError as error:
        return None, error.status
    except OutcomeUnknown as error:
        cause = error.__cause__
        return None, cause.status if isinstance(cause, ApiError) else -1


def slots_of(days: Slots) -> list[Slot]:
    return [slot for slots in days.values() for slot in slots]


@define
class Beside:
    """A server that does what the fake does; *names* has its uids and ids by those of the fake."""

    client: Client
    names: dict[Any, Any] = field(factory=dict)

    def do(self, call: str, args: Any, options: Any, result: Any, status: int) -> None:
        """Do the same, and compare the outcome."""
        own_args, own_options = self.named(args), self.named(options)
        own, own_status = attempt(attrgetter(call)(self.client), *own_args, **own_options)
        assert (own_status, call, args) == (status, call, args)
        self.compare(result, own)

    def named(self, value: Any) -> Any:
        """Return an argument with the uids and ids of this server."""
        match value:
            case str():
                return self.names.get(value, value)
            case tuple():
                return tuple(self.named(item) for item in value)
            case Mapping():
                return {
                    key: self.names[item] if key == "event_type_id" else self.named(item)
                    for key, item in value.items()
                }
        return value

    def compare(self, result: Any, own: Any) -> None:
        """Compare two results, and learn the names of the second one."""
        match result:
            case Shown():
                facts = attrgetter("status", "start", "end", "cancellation_reason")
                assert facts(own) == facts(result)
                people = [(person.name, person.email, person.absent) for person in own.attendees]
                assert people == [(p.name, p.email, p.absent) for p in result.attendees]
                self.learn(result.uid, own.uid)
                self.learn(result.seat_uid, own.seat_uid)
                for person, other in zip(result.attendees, own.attendees, strict=True):
                    self.learn(person.seat_uid, other.seat_uid)
            case Page():
                self.compare(result.items, own.items)
            case tuple():
                for item, other in zip(result, own, strict=True):
                    self.compare(item, other)
            case Slots():
                seats = attrgetter("start", "seats_booked", "seats_remaining")
                assert [*map(seats, slots_of(own))] == [*map(seats, slots_of(result))]

    def learn(self, name: str | None, own: str | None) -> None:
        if name:
            assert self.names.setdefault(name, own) == own


class Calendar(RuleBasedStateMachine):
    """Two clients of two hosts book, move and cancel; what the fake does not know is a 501."""

    uids = Bundle("uids")
    live: ClassVar[tuple[str, str] | None] = None
    """The URL and the key of a server that does the same."""
    days: ClassVar[Any] = count(2)
    """Days from now that no run on that server has used."""

    def __init__(self) -> None:
        super().__init__()
        self.beside: Beside | None = None
        types, now = EVENT_TYPES, datetime(2027, 3, 1, 8, tzinfo=UTC)
        self.day = datetime(2027, 3, 2, tzinfo=UTC)
        if self.live is not None:
            url, key = self.live
            client = Client(key, base_url=url, retry=ONE_TRY)
            own = {item.slug: item.id for item in client.event_types.list()}
            types = tuple(item for item in EVENT_TYPES if item.slug in own)
            self.beside = Beside(client, {item.id: own[item.slug] for item in types})
            now = datetime.now(UTC)
            day = now.replace(hour=0, minute=0, second=0, microsecond=0)
            self.day = day + timedelta(days=next(self.days))
        self.types = {item.id: item for item in types}
        self.fake = FakeCalcom(now=now, hosts=HOSTS, event_types=types)
        self.clients = [Client(user.key, transport=self.fake, retry=ONE_TRY) for user in HOSTS]
        self.seats: set[str] = set()
        self.people = 0

    @property
    def client(self) -> Client:
        return self.clients[0]

    def do(self, call: str, *args: Any, **options: Any) -> tuple[Any, int]:
        """Call an operation of the client by its name, and on the server beside the fake."""
        result, status = attempt(attrgetter(call)(self.client), *args, **options)
        if self.beside is not None and status != 501:
            self.beside.do(call, args, options, result, status)
        return result, status

    def offered(self, event_type_id: int) -> list[datetime]:
        until = self.day + timedelta(days=1)
        query = {"event_type_id": event_type_id, "start": self.day, "end": until}
        days, _ = self.do("slots.list", **query)
        return [slot.start for slot in slots_of(days)]

    def new(self, event_type_id: int, start: datetime) -> Any:
        self.people += 1
        name = f"p{self.people}"
        email = f"{name}.{self.day:%Y%m%d}@example.net"  # of this run alone
        attendee = {"name": name, "email": email, "time_zone": "UTC"}
        return {"start": start, "event_type_id": event_type_id, "attendee": attendee}

    @rule(target=uids, number=NUMBERS, slot=SLOTS)
    def book_what_is_offered(self, number: int, slot: int) -> Any:
        event_type = self.chosen(number)
        starts = self.offered(event_type.id)
        if not starts:
            return multiple()
        wish = self.new(event_type.id, starts[slot % len(starts)])
        booked, status = self.do("bookings.create", wish)
        if status:  # only a later time of a series may be taken
            assert event_type.occurrences is not None
            assert status in {409, 501}
            # Those before it stay booked, and no response names them.
            self.do("bookings.list", attendee_email=wish["attendee"]["email"])
            return multiple()
        found = booked if isinstance(booked, tuple) else (booked,)
        self.seats |= {booking.seat_uid for booking in found if booking.seat_uid}
        return multiple(*(booking.uid for booking in found))

    def chosen(self, number: int) -> EventType:
        return list(self.types.values())[number % len(self.types)]

    @rule(number=NUMBERS, minutes=st.integers(0, 24 * 2))
    def what_is_not_offered_is_refused(self, number: int, minutes: int) -> None:
        event_type, start = self.chosen(number), self.day + timedelta(minutes=30 * minutes)
        if start in self.offered(event_type.id):
            return
        before = dict(self.fake.state.bookings)
        _, status = self.do("bookings.create", self.new(event_type.id, start))
        assert status in {400, 409, 501}
        assert self.fake.state.bookings == before

    @rule(uid=uids, number=NUMBERS)
    def nobody_holds_two_seats(self, uid: str, number: int) -> None:
        booking = self.fake.state.bookings[uid]
        if not booking.seated or not booking.is_active or len(booking.attendees) == 3:
            return
        person = booking.attendees[number % len(booking.attendees)]
        wish = self.new(booking.event_type_id, booking.start)
        wish["attendee"]["email"] = person.email
        assert self.do("bookings.create", wish) == (None, 409)

    @rule(target=uids, uid=uids, slot=SLOTS)
    def move(self, uid: str, slot: int) -> Any:
        booking = self.fake.state.bookings[uid]
        starts = self.offered(booking.event_type_id)
        if not starts:
            return multiple()
        wish = {"start": starts[slot % len(starts)]}
        moved, status = self.do("bookings.reschedule", uid, wish)
        assert status in {0, 501} or not booking.is_active
        return multiple() if moved is None else moved.uid

    @rule(target=uids, uid=uids, slot=SLOTS, number=NUMBERS)
    def move_a_seat(self, uid: str, slot: int, number: int) -> Any:
        booking = self.fake.state.bookings[uid]
        starts = self.offered(booking.event_type_id) if booking.seated else []
        if not booking.is_active or not starts:
            return multiple()
        seat = str(booking.attendees[number % len(booking.attendees)].seat_uid)
        start = starts[slot % len(starts)]
        moved, status = self.do("bookings.reschedule_seat", uid, seat, start)
        assert status in {0, 501}
        if moved is None:
            return multiple()
        self.seats = (self.seats - {seat}) | {str(moved.seat_uid)}
        return moved.uid

    @rule(uid=uids, number=NUMBERS)
    def cancel_a_seat(self, uid: str, number: int) -> None:
        booking = self.fake.state.bookings[uid]
        if not booking.seated or not booking.is_active:
            return
        seat = str(booking.attendees[number % len(booking.attendees)].seat_uid)
        left, status = self.do("bookings.cancel_seat", uid, seat, reason="ill")
        assert status == 0
        assert seat not in {attendee.seat_uid for attendee in left.attendees}
        assert left.status == ("accepted" if len(booking.attendees) > 1 else "cancelled")
        assert booking.start in self.offered(booking.event_type_id)
        assert self.do("bookings.cancel_seat", uid, seat, reason="ill") == (None, 400)
        self.seats.discard(seat)

    @rule(uid=consumes(uids))
    def cancel(self, uid: str) -> None:
        booking = self.fake.state.bookings[uid]
        _, status = self.do("bookings.cancel", uid, {"cancellation_reason": "off"})
        assert (status == 400) is (booking.status == "cancelled")
        if status == 0 and booking.seated:
            self.seats -= {str(attendee.seat_uid) for attendee in booking.attendees}
            assert booking.start in self.offered(booking.event_type_id)

    @rule(uid=uids, accepts=st.booleans())
    def decide(self, uid: str, accepts: bool) -> None:
        booking = self.fake.state.bookings[uid]
        decided, status = self.do(f"bookings.{'confirm' if accepts else 'decline'}", uid)
        if status:
            assert booking.status == "accepted" or status == 501
            return
        assert decided.status == ("accepted" if accepts else "rejected")

    @precondition(lambda self: self.beside is None)  # a real server's time does not jump
    @rule(slot=SLOTS, cancels=st.booleans())
    def reserve(self, slot: int, cancels: bool) -> None:
        starts = self.offered(1)
        if not starts:
            return
        start = starts[slot % len(starts)]
        reserved = self.client.slots.reserve(event_type_id=1, slot_start=start)
        assert start not in self.offered(1)
        if cancels:
            self.client.slots.delete_reservation(reserved.reservation_uid)
        else:
            self.fake.advance(5 * 60)
        assert start in self.offered(1)

    @precondition(lambda self: self.beside is None)
    @rule(hours=st.integers(1, 5))
    def let_time_pass(self, hours: int) -> None:
        if self.fake.now < self.day:
            self.fake.advance(3600 * hours)

    def active(self) -> list[Booking]:
        return list(self.fake.state.active())

    @invariant()
    def no_host_is_booked_twice(self) -> None:
        for one, other in combinations(self.active(), 2):
            assert not (one.overlaps(other) and set(one.host_ids) & set(other.host_ids)), one

    @invariant()
    def no_seat_is_lost_or_doubled(self) -> None:
        seats = [
            str(person.seat_uid)
            for booking in self.active()
            if booking.seated
            for person in booking.attendees
        ]
        assert sorted(seats) == sorted(self.seats)
        assert all(len(booking.attendees) <= 3 for booking in self.active() if booking.seated)

    def teardown(self) -> None:
        try:
            self.check_everything()
        finally:
            if self.beside is not None:
                self.beside.client.close()

    def check_everything(self) -> None:
        self.every_uid_is_found()
        self.both_clients_list_the_same()
        for client, host in zip(self.clients, HOSTS, strict=True):
            self.the_list_is_the_state_by_offset(client, host)
            self.the_list_is_the_state_by_cursor(client, host)
        self.every_slot_that_is_offered_can_be_booked()
        if self.beside is not None:
            for uid in [booking.uid for booking in self.active()]:
                self.do("bookings.cancel", uid, {"cancellation_reason": "the test is over"})

    def every_uid_is_found(self) -> None:
        for booking in self.fake.state.bookings.values():
            shown, _ = self.do("bookings.get_one", booking.uid)
            assert (shown.status, shown.start) == (booking.status, booking.start)
            for person in booking.attendees if booking.seated and booking.is_active else ():
                found, _ = self.do("bookings.get_by_seat", str(person.seat_uid))
                assert found.uid == booking.uid
        assert self.do("bookings.get_one", "nobody") == (None, 404)

    def both_clients_list_the_same(self) -> None:
        async def listed() -> list[str]:
            async with AsyncClient(self.fake.key, transport=self.fake) as client:
                return [item.uid async for item in client.items(bookings.list(take=3))]

        assert trio.run(listed) == [b.uid for b in self.client.items(bookings.list(take=3))]

    def own(self, host: User) -> set[str]:
        items = self.fake.state.bookings.items()
        return {uid for uid, booking in items if host.id in booking.host_ids}

    def the_list_is_the_state_by_offset(self, client: Client, host: User) -> None:
        for take in (2, 250):
            listed = list(client.items(bookings.list(take=take)))
            assert len(listed) == len(self.own(host))
            assert {booking.uid for booking in listed} == self.own(host)
            assert [b.start for b in listed] == sorted(b.start for b in listed)

    def the_list_is_the_state_by_cursor(self, client: Client, host: User) -> None:
        for limit in (2, 100):
            newest_first = bookings.list(limit=limit, cal_api_version="2026-05-01")
            listed = list(client.items(newest_first))
            assert len(listed) == len(self.own(host))
            assert {booking.uid for booking in listed} == self.own(host)
            assert [b.start for b in listed] == sorted((b.start for b in listed), reverse=True)

    def every_slot_that_is_offered_can_be_booked(self) -> None:
        for event_type in self.types.values():
            if event_type.occurrences is not None:
                continue
            for start in self.offered(event_type.id):
                copy = evolve(self.fake.state, bookings=dict(self.fake.state.bookings), seed=1)
                request = self.client.api.request(bookings.create(self.new(event_type.id, start)))
                assert Server(copy).respond(request).status == 201


if url := os.environ.get("CALCOM_LIVE_URL"):
    Calendar.live = (url, os.environ["CALCOM_LIVE_KEY"])

TestCalendar = Calendar.TestCase
TestCalendar.settings = settings(stateful_step_count=10)


def test_the_same_machine_runs_beside_a_server() -> None:
    """Put another fake in the place of a real server, with other ids and uids."""
    types = [evolve(item, id=item.id + 40) for item in EVENT_TYPES if item.scheduling is None]
    other = FakeCalcom(now=datetime.now(UTC), hosts=HOSTS[:1], event_types=types, seed=9)
    with Loopback(serve(other)) as server:

        class Twice(Calendar):
            live = (server.url, other.key)

        run_state_machine_as_test(Twice, settings=settings(max_examples=5, stateful_step_count=10))
    assert other.state.bookings
    assert not list(other.state.active())
