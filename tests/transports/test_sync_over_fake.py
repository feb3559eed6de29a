"""Following changes of the stateful fake, through a client."""

from datetime import timedelta

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
