"""create_once against a server that loses, delays and repeats: 10,000 schedules.

The server executes every create, as one with many hosts does, so only the program prevents a second
booking. The default run takes a sample of the schedules.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from random import Random
from typing import Any

import pytest
from attrs import define, field, frozen
from core_recorded import RECORDED
from core_responses import refused, success

from calcom_core import (
    Anonymous,
    Api,
    CalcomError,
    NoAnswer,
    NotSent,
    OutcomeUnknown,
    Response,
    RetryPolicy,
    bookings,
    create_once,
)
from calcom_core.effects import Clock, Program, Send, Sleep, send, sleep

API = Api(Anonymous())
NEW: dict[str, Any] = {
    "start": "2027-04-05T09:00:00Z",
    "event_type_id": 1,
    "attendee": {"name": "Ann", "email": "ann@example.net", "time_zone": "Europe/Rome"},
}
POLICY = RetryPolicy(attempts=3, base=0.5, cap=2, deadline=60, wait_budget=20)
MAX_DELAY = 30.0
"""The longest delay in seconds before the server executes a create."""

BOOKING_DATA = RECORDED["29-get-normal"]["response"]["body"]["data"]

CREATE_FATES = (
    "responded",
    "not sent",
    "request lost",
    "response lost",
    "crashed before",
    "crashed after",
    "executed late, response lost",
    "executed late, gateway gave up",
    "executed late, responded late",
    "response to the next request",
    "limited",
    "limited from within",
)
LOOK_UP_FATES = (
    "responded",
    "responded",
    "responded",
    "response lost",
    "crashed before",
    "not sent",
    "limited",
)


@cache
def booked(number: int) -> dict[str, Any]:
    start = "2027-04-05T09:00:00.000Z"
    return {
        **BOOKING_DATA,
        "uid": f"b{number}",
        "start": start,
        "metadata": {"create_once_key": "order-1"},
    }


@cache
def created(number: int) -> Response:
    return success(booked(number), 201)


@cache
def listed(numbers: tuple[int, ...]) -> Response:
    pagination = {
        "totalItems": len(numbers),
        "itemsPerPage": 100,
        "returnedItems": len(numbers),
        "remainingItems": 0,
        "totalPages": 1,
        "currentPage": 1,
        "hasNextPage": False,
        "hasPreviousPage": False,
    }
    data = [booked(number) for number in numbers]
    return success(data, pagination=pagination)


def rejected(status: int, code: str = "X") -> Response:
    return refused(status, code=code, headers={"X-RateLimit-Reset-Default": "2"})


@frozen
class LookUp:
    """A look-up: whether it got a response, and whether a booking existed."""

    succeeded: bool
    booking_exists: bool


@define
class Simulated:
    """A server with a clock; *random* draws the fate of each request."""

    random: Random
    time: float = 0.0
    due: list[float] = field(factory=list)
    bookings_made: list[float] = field(factory=list)
    fates: list[str] = field(factory=list)
    look_ups: list[LookUp] = field(factory=list)
    stray: Response | None = None

    def execute(self, until: float) -> None:
        """Execute the delayed creates that are due."""
        for moment in sorted(self.due):
            if moment <= until:
                self.due.remove(moment)
                self.bookings_made.append(moment)

    def wait(self, most: float) -> None:
        self.time += self.random.uniform(0, most)

    def respond(self, request: Send) -> Response:
        """Respond to a request, or raise its failure."""
        self.execute(self.time)
        stray, self.stray = self.stray, None
        if request.request.method == "POST":
            return self._create(stray)
        return self._list(stray)

    def _create(self, stray: Response | None) -> Response:
        fate = self.random.choice(CREATE_FATES)
        self.fates.append(fate)
        match fate:
            case "not sent":
                raise NotSent("refused", reason="refused")
            case "limited":
                return rejected(429)
            case "limited from within":
                if self.random.random() < 0.5:
                    self.bookings_made.append(self.time)
                return rejected(429, "TRPCError")
            case "crashed before":
                return rejected(500)
            case "crashed after":
                self.bookings_made.append(self.time)
                return rejected(500)
            case "request lost":
                self.wait(60)
                raise NoAnswer("cut short", reason="timeout")
            case "response lost":
                self.bookings_made.append(self.time)
                self.wait(60)
                raise NoAnswer("cut short", reason="timeout")
            case "executed late, response lost" | "executed late, gateway gave up":
                self.due.append(self.time + self.random.uniform(0, MAX_DELAY))
                self.wait(60)
                if "gateway" in fate:
                    return rejected(504)
                raise NoAnswer("cut short", reason="timeout")
            case "response to the next request":
                self.bookings_made.append(self.time)
                self.stray = created(len(self.bookings_made))
                self.wait(60)
                raise NoAnswer("cut short", reason="timeout")
            case "executed late, responded late":
                self.time += self.random.uniform(0, MAX_DELAY)
        self.bookings_made.append(self.time)
        return stray or created(len(self.bookings_made))

    def _list(self, stray: Response | None) -> Response:
        fate = self.random.choice(LOOK_UP_FATES)
        succeeded = fate == "responded" and stray is None
        self.look_ups.append(LookUp(succeeded, booking_exists=bool(self.bookings_made)))
        if stray is not None:
            return stray
        match fate:
            case "not sent":
                raise NotSent("refused", reason="refused")
            case "limited":
                return rejected(429)
            case "crashed before":
                return rejected(503)
            case "response lost":
                self.wait(30)
                raise NoAnswer("cut short", reason="timeout")
        return listed(tuple(range(1, len(self.bookings_made) + 1)))

    def run(self, program: Program[Any]) -> Any:
        """Run a program to its end; then execute the delayed creates."""
        result: Any = None
        thrown: Exception | None = None
        try:
            while True:
                effect = program.send(result) if thrown is None else program.throw(thrown)
                result, thrown = None, None
                match effect:
                    case Clock():
                        result = self.time
                    case Sleep(seconds=seconds, jitter=jitter):
                        self.time += seconds * (1 - jitter * self.random.random())
                    case Send():
                        try:
                            result = self.respond(effect)
                        except (NotSent, NoAnswer) as error:
                            thrown = error
        except StopIteration as stop:
            return stop.value
        finally:
            self.execute(float("inf"))


def once() -> Program[Any]:
    return create_once(API, NEW, "order-1", policy=POLICY)


@pytest.fixture
def seeds(sample: Callable[..., Any]) -> Sequence[int]:
    """Return the seed of each schedule."""
    chosen: Sequence[int] = sample(range(10_000), 400)
    return chosen


def outcome(server: Simulated, program: Program[Any]) -> tuple[Any, CalcomError | None]:
    """Run a program; returns its result and its error, one of which is None."""
    try:
        return server.run(program), None
    except CalcomError as error:
        return None, error


def check(server: Simulated, result: Any, error: CalcomError | None) -> str:
    """Check the result of a first run against the server; returns how the run ended."""
    assert len(server.bookings_made) <= 1
    if error is None:
        assert len(server.bookings_made) == 1
        assert result.uid == "b1"
        return "booked"
    if isinstance(error, OutcomeUnknown):
        last = server.look_ups[-1]
        assert not last.booking_exists or not last.succeeded, "the look-up had shown it"
        return "unknown"
    assert server.bookings_made == []
    return type(error).__name__


def test_no_schedule_of_one_run_books_twice(seeds: Sequence[int]) -> None:
    ends: Counter[str] = Counter()
    fates: set[str] = set()
    retried = 0
    for seed in seeds:
        server = Simulated(Random(seed))
        result, error = outcome(server, once())
        ends[check(server, result, error)] += 1
        # A create is retried only where it was certainly not executed.
        assert set(server.fates[:-1]) <= {"not sent", "limited"}
        fates.update(server.fates)
        retried += len(server.fates) > 1
    assert fates == set(CREATE_FATES)
    assert retried > len(seeds) // 10
    failed = {"NotSent", "RateLimited", "ServerError", "NoAnswer"}
    assert ends.keys() == {"booked", "unknown", *failed}
    assert ends["booked"] > ends["unknown"]


def test_no_schedule_of_later_runs_with_the_same_key_books_twice(seeds: Sequence[int]) -> None:
    found = later_bookings = 0
    for seed in seeds:
        server = Simulated(Random(seed))
        outcome(server, once())
        for _ in range(2):
            bookings_made, creates = len(server.bookings_made), len(server.fates)
            result, error = outcome(server, once())
            assert len(server.bookings_made) <= 1
            if bookings_made:
                assert len(server.fates) == creates, "a create was sent though the booking exists"
                assert error is not None or result.uid == "b1"
                found += error is None
            later_bookings += len(server.bookings_made) - bookings_made
    assert found > len(seeds)
    assert later_bookings > len(seeds) // 20


def test_a_run_before_the_first_booking_is_visible_may_book_twice() -> None:
    def twice(seed: int) -> bool:
        server = Simulated(Random(seed))
        server.due.append(MAX_DELAY)  # the create of another run, which the server still executes
        outcome(server, once())
        return len(server.bookings_made) > 1

    assert any(twice(seed) for seed in range(100))


def naive() -> Program[Any]:
    """Retry after any failure."""
    op = bookings.create({**NEW, "metadata": {"create_once_key": "order-1"}})
    for attempt in range(3):
        try:
            response = yield from send(API.request(op), op)
            return op.read(response)
        except CalcomError:
            yield from sleep(0.5 * 2**attempt)
    return None


def test_naive_retries_book_twice_in_the_same_schedules(seeds: Sequence[int]) -> None:
    twice = 0
    for seed in seeds:
        server = Simulated(Random(seed))
        outcome(server, naive())
        twice += len(server.bookings_made) > 1
    assert twice > len(seeds) // 10
