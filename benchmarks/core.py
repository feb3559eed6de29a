"""How fast the core is, as ratios within one run: `python benchmarks/core.py`.

The subjects take turns, so that a noisy machine slows all of them alike; medians are compared.
Reading is measured against `json.loads` of the same bytes, which nothing that parses can beat.
"""

import json
from collections.abc import Callable
from itertools import chain, cycle, islice
from pathlib import Path
from statistics import median
from time import perf_counter

from calcom_core import Api, ApiKey, Response, bookings

RECORDED = Path(__file__).parent.parent / "tests" / "recorded"
ROUNDS = 300


def recorded(name: str) -> dict[str, object]:
    exchange = json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))
    body: dict[str, object] = exchange["response"]["body"]
    return body


def compact(body: object) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()


def page_of_100() -> bytes:
    """Make a page of 100 bookings of all shapes, from the recorded lists."""
    lists = [recorded(name) for name in ("159-list-default", "177-list-event-types")]
    items = islice(cycle(chain.from_iterable(page["data"] for page in lists)), 100)  # type: ignore[misc]
    pagination = {
        "totalItems": 100,
        "itemsPerPage": 100,
        "returnedItems": 100,
        "remainingItems": 0,
        "totalPages": 1,
        "currentPage": 1,
        "hasNextPage": False,
        "hasPreviousPage": False,
    }
    return compact({"status": "success", "data": list(items), "pagination": pagination})


def timed(subjects: dict[str, Callable[[], object]], repeat: int) -> dict[str, float]:
    """Return the median microseconds of one call of each subject."""
    taken: dict[str, list[float]] = {name: [] for name in subjects}
    for _ in range(ROUNDS):
        for name, subject in subjects.items():
            began = perf_counter()
            for _ in range(repeat):
                subject()
            taken[name].append((perf_counter() - began) / repeat * 1e6)
    return {name: median(times) for name, times in taken.items()}


def main() -> None:
    api = Api(ApiKey("cal_test_benchmark"))
    one, page = compact(recorded("29-get-normal")), page_of_100()
    get, pages = bookings.get_one("8q36zVzjeFHywNswG41LH7"), bookings.list(take=100)
    attendee = {"name": "Ann", "email": "ann@example.net", "time_zone": "Europe/Rome"}
    new = {
        "start": "2027-04-05T09:00:00Z",
        "event_type_id": 1,
        "attendee": attendee,
        "guests": ["grace@example.com"],
        "metadata": {"order": "A-1001"},
        "location": {"type": "link"},
    }
    small = timed(
        {
            "json.loads, 1 booking": lambda: json.loads(one),
            "read 1 booking": lambda: get.read(Response(200, (), one)),
            "build get": lambda: api.request(bookings.get_one("8q36zVzjeFHywNswG41LH7")),
            "build create": lambda: api.request(bookings.create(new)),
        },
        repeat=20,
    )
    large = timed(
        {
            "json.loads, 100 bookings": lambda: json.loads(page),
            "read 100 bookings": lambda: pages.read(Response(200, (), page)),
        },
        repeat=1,
    )
    for name, taken in {**small, **large}.items():
        print(f"{name:26}{taken:10.1f} µs")
    print(f"{len(page):,} bytes a page, {ROUNDS} rounds")
    for count, times in ((1, small), (100, large)):
        noun = "booking" if count == 1 else "bookings"
        ratio = times[f"read {count} {noun}"] / times[f"json.loads, {count} {noun}"]
        print(f"reading {count:3} {noun:9} {ratio:5.2f} x json.loads")


if __name__ == "__main__":
    main()
