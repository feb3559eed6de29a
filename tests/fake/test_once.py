"""Booking once on the fake, over 10,000 schedules of faults; a naive retrier books twice.

The naive retrier takes the first free slot, and after any failure it tries once more: the slot that
it has booked without knowing is no longer free, and so it takes the next one.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from calcom_core import CalcomError, OutcomeUnknown, RetryPolicy, create_once
from calcom_transports import Client
from calcom_transports.fake import FakeCalcom

POLICY = RetryPolicy(attempts=3, base=0.5, cap=2, deadline=60, wait_budget=20)
START = datetime(2027, 3, 2, 9, tzinfo=UTC)
NEW: Any = {
    "event_type_id": 1,
    "attendee": {"name": "Ann", "email": "ann@example.net", "time_zone": "Europe/Rome"},
}
CREATES = ("none", "refuse", "lose", "delay", "busy", "crashed after", "limited")
LOOKS = ("none", "none", "none", "refuse", "lose", "busy")


def add(fake: FakeCalcom, kind: str, on: str, at: int) -> None:
    match kind:
        case "refuse":
            fake.refuse_connections(on=on, at=at)
        case "lose":
            fake.lose_response(on=on, at=at)
        case "delay":
            fake.delay(90, on=on, at=at)
        case "busy":
            fake.fail(503, "busy", on=on, at=at)
        case "crashed after":
            fake.fail(502, "bad gateway", on=on, at=at, executes=True)
        case "limited":
            fake.fail(429, "slow", on=on, at=at, headers={"X-RateLimit-Reset-Default": "2"})


def schedule(seed: int) -> FakeCalcom:
    """Return a fake with faults of the first creates and look-ups."""
    draw, fake = Random(seed), FakeCalcom(seed=seed)
    for at in range(1, 5):
        add(fake, draw.choice(CREATES), "bookings.create", at)
        add(fake, draw.choice(LOOKS), "bookings.list", at)
    return fake


def outcome(run: Callable[[], Any]) -> tuple[Any, CalcomError | None]:
    try:
        return run(), None
    except CalcomError as error:
        return None, error


@pytest.fixture
def seeds(sample: Callable[..., Any]) -> Sequence[int]:
    chosen: Sequence[int] = sample(range(10_000), 90)
    return chosen


def test_no_schedule_books_twice_for_a_key(
    seeds: Sequence[int], capsys: pytest.CaptureFixture[str]
) -> None:
    ends = Counter[str]()
    for seed in seeds:
        fake = schedule(seed)
        client = Client(fake.key, transport=fake, retry=POLICY)
        once: Any = {**NEW, "start": START}
        for _ in range(2):  # a later run with the same key books no second time, either
            booked, error = outcome(lambda: client.run(create_once(client.api, once, "order 7")))  # noqa: B023
            made = list(fake.state.bookings)
            assert len(made) <= 1, seed
            if booked is not None:
                assert [booked.uid] == made, seed
            elif not isinstance(error, OutcomeUnknown):
                assert made == [] or error.may_have_happened is not True, (seed, error)
            ends[type(error).__name__ if error else "booked"] += 1
    with capsys.disabled():
        print(f" [{len(seeds)} schedules, run twice: {dict(ends)}] ", end="")
    assert {"booked", "OutcomeUnknown"} <= ends.keys()


def naive(client: Client) -> None:
    """Book the first free slot, and after a failure do it again."""
    for _ in range(4):
        try:
            days = client.slots.list(event_type_id=1, start=START, end=START + timedelta(hours=3))
            start = next(slot.start for slots in days.values() for slot in slots)
            client.bookings.create({**NEW, "start": start})
        except CalcomError:
            continue
        return


def test_a_naive_retrier_books_twice_in_the_same_schedules(
    seeds: Sequence[int], capsys: pytest.CaptureFixture[str]
) -> None:
    twice, some = 0, seeds[:500]  # enough for a fraction
    for seed in some:
        fake = schedule(seed)
        naive(Client(fake.key, transport=fake, retry=POLICY))
        twice += len(fake.state.bookings) > 1
    with capsys.disabled():
        print(f" [a naive retrier books twice in {twice} of {len(some)} schedules] ", end="")
    assert twice > len(some) / 4
