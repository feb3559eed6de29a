"""Clients do random things on the fake, and the fake keeps what a calendar promises."""

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import trio
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from calcom_core import ApiError, OutcomeUnknown, RetryPolicy, bookings
from calcom_transports import AsyncClient, Client
from calcom_transports.fake import Booking, EventType, FakeCalcom, Location, User
from calcom_transports.fake.server import Server

DAY = datetime(2027, 3, 2, tzinfo=UTC)
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


def attempt(call: Callable[..., Any], *args: Any) -> tuple[Any, int]:
    """Return the result of a call and 0, or nothing and the status that refuses it."""
    try:
        return call(*args), 0
    except ApiError as error:
        return None, error.status
    except OutcomeUnknown as error:
        cause = error.__cause__
        return None, cause.status if isinstance(cause, ApiError) else -1


class Calendar(RuleBasedStateMachine):
    """Two clients of two hosts book, move and cancel; what the fake does not know is a 501."""

    uids = Bundle("uids")

    def __init__(self) -> None:
        super().__init__()
        self.fake = FakeCalcom(hosts=HOSTS, event_types=EVENT_TYPES)
        self.clients = [Client(user.key, transport=self.fake, retry=ONE_TRY) for user in HOSTS]
        self.seats: set[str] = set()
        self.people = 0

    @property
    def client(self) -> Client:
        return self.clients[0]

    def offered(self, event_type_id: int) -> list[datetime]:
        days = self.client.slots.list(
            event_type_id=event_type_id, start=DAY, end=DAY + timedelta(days=1)
        )
        return [slot.start for slots in days.values() for slot in slots]

    def new(self, event_type_id: int, start: datetime) -> Any:
        self.people += 1
        name = f"p{self.people}"
        attendee = {"name": name, "email": f"{name}@example.net", "time_zone": "UTC"}
        return {"start": start, "event_type_id": event_type_id, "attendee": attendee}

    @rule(target=uids, number=st.sampled_from(EVENT_TYPES), slot=SLOTS)
    def book_what_is_offered(self, number: EventType, slot: int) -> Any:
        starts = self.offered(number.id)
        if not starts:
            return multiple()
        wish = self.new(number.id, starts[slot % len(starts)])
        booked, status = attempt(self.client.bookings.create, wish)
        if status:  # only a later time of a series may be taken
            assert number.occurrences is not None
            assert status in {409, 501}
            # Those before it stay booked.
            return multiple()
        found = booked if isinstance(booked, tuple) else (booked,)
        self.seats |= {booking.seat_uid for booking in found if booking.seat_uid}
        return multiple(*(booking.uid for booking in found))

    @rule(number=st.sampled_from(EVENT_TYPES), minutes=st.integers(0, 24 * 2))
    def what_is_not_offered_is_refused(self, number: EventType, minutes: int) -> None:
        start = DAY + timedelta(minutes=30 * minutes)
        if start in self.offered(number.id):
            return
        before = dict(self.fake.state.bookings)
        _, status = attempt(self.client.bookings.create, self.new(number.id, start))
        assert status in {400, 409, 501}
        assert self.fake.state.bookings == before

    @rule(target=uids, uid=uids, slot=SLOTS)
    def move(self, uid: str, slot: int) -> Any:
        booking = self.fake.state.bookings[uid]
        starts = self.offered(booking.event_type_id)
        if not starts:
            return multiple()
        wish = {"start": starts[slot % len(starts)]}
        moved, status = attempt(self.client.bookings.reschedule, uid, wish)
        assert status in {0, 501} or not booking.is_active
        return multiple() if moved is None else moved.uid

    @rule(target=uids, uid=uids, slot=SLOTS, number=NUMBERS)
    def move_a_seat(self, uid: str, slot: int, number: int) -> Any:
        booking, starts = self.fake.state.bookings[uid], self.offered(4)
        if not booking.seated or not booking.attendees or not starts:
            return multiple()
        seat = str(booking.attendees[number % len(booking.attendees)].seat_uid)
        start = starts[slot % len(starts)]
        moved, status = attempt(self.client.bookings.reschedule_seat, uid, seat, start)
        assert status in {0, 501} or not booking.is_active
        if moved is None:
            return multiple()
        self.seats = (self.seats - {seat}) | {str(moved.seat_uid)}
        return moved.uid

    @rule(uid=uids, number=NUMBERS)
    def cancel_a_seat(self, uid: str, number: int) -> None:
        booking = self.fake.state.bookings[uid]
        if len(booking.attendees) < 2 or not booking.seated:
            return
        seat = str(booking.attendees[number % len(booking.attendees)].seat_uid)
        left = self.client.bookings.cancel_seat(uid, seat, reason="ill")
        assert seat not in {attendee.seat_uid for attendee in left.attendees}
        assert booking.start in self.offered(booking.event_type_id)
        self.seats.discard(seat)

    @rule(uid=consumes(uids))
    def cancel(self, uid: str) -> None:
        booking = self.fake.state.bookings[uid]
        _, status = attempt(self.client.bookings.cancel, uid, {"cancellation_reason": "off"})
        assert (status == 400) is (booking.status == "cancelled")
        if status:
            return
        self.seats -= {str(attendee.seat_uid) for attendee in booking.attendees}

    @rule(uid=uids, accepts=st.booleans())
    def decide(self, uid: str, accepts: bool) -> None:
        booking = self.fake.state.bookings[uid]
        decide = self.client.bookings.confirm if accepts else self.client.bookings.decline
        decided, status = attempt(decide, uid)
        if status:
            assert booking.status == "accepted" or status == 501
            return
        assert decided.status == ("accepted" if accepts else "rejected")

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

    @rule(hours=st.integers(1, 5))
    def let_time_pass(self, hours: int) -> None:
        if self.fake.now < DAY:
            self.fake.advance(3600 * hours)

    def active(self) -> list[Booking]:
        return [booking for booking in self.fake.state.bookings.values() if booking.is_active]

    @invariant()
    def no_host_is_booked_twice(self) -> None:
        for one, other in combinations(self.active(), 2):
            together = one.start < other.end and other.start < one.end
            assert not (together and set(one.host_ids) & set(other.host_ids)), (one, other)

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
        self.every_uid_is_found()
        self.both_clients_list_the_same()
        self.the_list_is_the_state_in_pages_of_any_size()
        self.the_first_slot_that_is_offered_can_be_booked()

    def every_uid_is_found(self) -> None:
        for booking in self.fake.state.bookings.values():
            shown = self.client.bookings.get_one(booking.uid)
            assert (shown.status, shown.start) == (booking.status, booking.start)
            for person in booking.attendees:
                if person.seat_uid is not None:
                    assert self.client.bookings.get_by_seat(person.seat_uid).uid == booking.uid
        assert attempt(self.client.bookings.get_one, "nobody") == (None, 404)

    def both_clients_list_the_same(self) -> None:
        async def listed() -> list[str]:
            async with AsyncClient(self.fake.key, transport=self.fake) as client:
                return [item.uid async for item in client.items(bookings.list(take=3))]

        assert trio.run(listed) == [b.uid for b in self.client.items(bookings.list(take=3))]

    def the_list_is_the_state_in_pages_of_any_size(self) -> None:
        for client, host in zip(self.clients, HOSTS, strict=True):
            own = {
                uid
                for uid, booking in self.fake.state.bookings.items()
                if host.id in booking.host_ids
            }
            for take in (2, 250):
                listed = list(client.items(bookings.list(take=take)))
                assert len(listed) == len(own)
                assert {booking.uid for booking in listed} == own
                assert [b.start for b in listed] == sorted(b.start for b in listed)

    def the_first_slot_that_is_offered_can_be_booked(self) -> None:
        for event_type in EVENT_TYPES:
            if event_type.occurrences is not None:
                continue
            for start in self.offered(event_type.id)[:1]:
                state = deepcopy(self.fake.state)
                request = self.client.api.request(bookings.create(self.new(event_type.id, start)))
                assert Server(state).respond(request).status == 201


TestCalendar = Calendar.TestCase
TestCalendar.settings = settings(stateful_step_count=10)
