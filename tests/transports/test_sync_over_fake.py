"""Following changes of the stateful fake, through a client."""

import json
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from calcom_core.rows import Rows, rows
from calcom_core.sync import SyncState, changes
from calcom_transports import Client
from calcom_transports.fake import FakeCalcom

ANN = {"name": "Ann", "email": "ann@example.net", "time_zone": "Europe/Rome"}


def test_a_later_run_emits_what_was_cancelled_since() -> None:
    fake = FakeCalcom()
    with Client(fake.key, transport=fake) as client:
        starts = [fake.now + timedelta(days=1, hours=hour) for hour in range(4)]
        made = [
            client.bookings.create_one({"event_type_id": 1, "start": start, "attendee": ANN}).uid
            for start in starts
        ]
        fake.advance(90)

        pages = list(client.iterate(changes(client.api, take=2)))

        assert [booking.uid for page in pages for booking in page.bookings] == made
        client.bookings.cancel(made[1], {"cancellation_reason": "ill"})
        fake.advance(5)
        state = SyncState.from_json(pages[-1].state.to_json())
        [page] = client.iterate(changes(client.api, state))
        assert [(each.uid, each.status) for each in page.bookings] == [(made[1], "cancelled")]


class Happening:
    """Somebody creates, moves and cancels bookings, at random."""

    def __init__(self, random: Random, fake: FakeCalcom) -> None:
        self.random = random
        self.fake = fake
        self.client = Client(fake.key, transport=fake)
        self.start = fake.now + timedelta(days=1)

    def change(self) -> None:
        self.fake.advance(self.random.randint(1, 2000) / 1000)
        bookings = self.client.bookings
        left = [uid for uid, each in self.fake.state.bookings.items() if each.status == "accepted"]
        kind = self.random.random()
        self.start += timedelta(hours=1)
        if kind < 0.5 or not left:
            bookings.create_one({"event_type_id": 1, "start": self.start, "attendee": ANN})
        elif kind < 0.75:
            bookings.reschedule(self.random.choice(left), {"start": self.start})
        else:
            bookings.cancel(self.random.choice(left), {"cancellation_reason": "ill"})

    def changes(self) -> None:
        for _ in range(self.random.choice([0, 1, 3, 12])):
            self.change()
        self.fake.advance(1)


@pytest.mark.exhaustive(sample=3)
@pytest.mark.parametrize("seed", range(200))
def test_200_syncs_with_changes_and_kills_in_between_have_the_rows_of_the_server(seed: int) -> None:
    random = Random(seed)
    fake = FakeCalcom(seed=seed)
    happening = Happening(random, fake)
    for _ in range(random.randint(0, 30)):
        happening.change()
    client = Client(fake.key, transport=fake)
    table: dict[str, Rows] = {}
    stored: Any = None

    def sync(kill: float, meanwhile: Any) -> None:
        """Run until the end, or until it is killed, before or after a page is stored."""
        nonlocal stored
        emitted: list[tuple[str, datetime | None]] = []
        state = None if stored is None else SyncState.from_json(json.loads(stored))
        for page in client.iterate(changes(client.api, state, take=7)):
            emitted += [(booking.uid, booking.updated_at) for booking in page.bookings]
            if random.random() < kill:
                break
            table.update({booking.uid: rows(booking) for booking in page.bookings})
            stored = json.dumps(page.state.to_json())
            if random.random() < kill:
                break
            meanwhile()
        assert len(set(emitted)) == len(emitted)

    for _ in range(5):
        sync(0.1, happening.changes)
        happening.changes()
    sync(0, lambda: None)

    everything = client.bookings.iterate(
        status=["upcoming", "recurring", "past", "cancelled", "unconfirmed"]
    )
    assert table == {booking.uid: rows(booking) for booking in everything}
    assert set(table) == set(fake.state.bookings)
