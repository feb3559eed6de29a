"""The speed of the core, as ratios within one run: `python benchmarks/core.py`.

The subjects take turns, so a noisy machine slows all of them alike; medians are compared.
Reading is compared with `json.loads` of the same bytes.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

if not __package__:  # as a script, which is in the package's folder and not beside it
    sys.path[0] = str(Path(__file__).parent.parent)

from benchmarks.data import API_KEY, NEW, UID, compact, page_of_100, recorded
from calcom_core import Api, ApiKey, Response, bookings

ROUNDS = 300


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
    api = Api(ApiKey(API_KEY))
    one, page = compact(recorded("29-get-normal")), page_of_100()
    get, pages = bookings.get_one(UID), bookings.list(take=100)
    small = timed(
        {
            "json.loads, 1 booking": lambda: json.loads(one),
            "read 1 booking": lambda: get.read(Response(200, (), one)),
            "build get": lambda: api.request(bookings.get_one(UID)),
            "build create": lambda: api.request(bookings.create(NEW)),
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
