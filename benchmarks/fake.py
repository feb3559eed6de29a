"""How fast the fake Cal.com is under the blocking client: `.venv/bin/python benchmarks/fake.py`.

A story of ten operations runs again and again, each time on a fresh fake: bookings are created,
read, listed, moved, cancelled and confirmed. The time is that of the whole client with it: building
requests, encoding and decoding JSON and reading typed bookings.
Beside it stands the time of the fake alone, for the same requests.
The script ends with status 1 if fewer than 5,000 operations run in a second on one core.
"""

import gc
import sys
from pathlib import Path
from statistics import median
from time import process_time

if not __package__:  # as a script, which is in the package's folder and not beside it
    sys.path[0] = str(Path(__file__).parent.parent)

from calcom_core import Request
from calcom_transports import Client
from calcom_transports.fake import FakeCalcom

TARGET = 5_000
STORIES = 50
ROUNDS = 15


def booked(client: Client, start: str, event_type_id: int = 1, **more: object) -> str:
    attendee = {"name": "Ann", "email": "ann@example.net", "time_zone": "Europe/Rome"}
    new = {"start": start, "event_type_id": event_type_id, "attendee": attendee, **more}
    return client.bookings.create_one(new).uid  # type: ignore[arg-type]


def story(client: Client) -> int:
    """Run the story and return how many operations it has."""
    first = booked(client, "2027-03-02T09:00:00Z", metadata={"order": "A-1"})
    client.bookings.get_one(first)
    later = {"start": "2027-03-02T10:00:00Z", "rescheduling_reason": "later"}
    moved = client.bookings.reschedule(first, later)  # type: ignore[arg-type]
    client.bookings.get_one(first)
    waiting = booked(client, "2027-03-03T09:00:00Z", 2)
    client.bookings.confirm(waiting)
    booked(client, "2027-03-04T09:00:00Z", 4)
    client.bookings.list(status="upcoming", take=3)
    client.bookings.cancel_one(moved.uid, {"cancellation_reason": "ill"})
    client.bookings.get_one(moved.uid)
    return 10


def with_client() -> float:
    """Return the seconds of an operation, with the client."""
    gc.collect()
    count, began = 0, process_time()
    for seed in range(STORIES):
        fake = FakeCalcom(seed=seed)
        with Client(fake.key, transport=fake) as client:
            count += story(client)
    return (process_time() - began) / count


def recorded() -> list[list[Request]]:
    """Return the requests of each story."""
    requests = []
    for seed in range(STORIES):
        fake = FakeCalcom(seed=seed)
        with Client(fake.key, transport=fake) as client:
            story(client)
        requests.append(fake.requests)
    return requests


def alone(requests: list[list[Request]]) -> float:
    """Return the seconds of an operation, of the fake alone."""
    gc.collect()
    count, began = 0, process_time()
    for seed, sent in enumerate(requests):
        fake = FakeCalcom(seed=seed)
        for request in sent:
            fake.respond(request)
        count += len(sent)
    return (process_time() - began) / count


def main() -> None:
    requests = recorded()
    both, ours = [], []
    for _ in range(ROUNDS):  # in turns, so that a noisy machine slows both alike
        both.append(with_client())
        ours.append(alone(requests))
    print(f"{'operations a second, CPU time':34}{'median':>9}{'best':>9}")
    for name, times in (("client and fake", both), ("fake alone", ours)):
        print(f"{name:34}{1 / median(times):9,.0f}{1 / min(times):9,.0f}")
    if 1 / median(both) < TARGET:
        sys.exit(f"{1 / median(both):,.0f} operations a second; at least {TARGET:,} are wanted")


if __name__ == "__main__":
    main()
