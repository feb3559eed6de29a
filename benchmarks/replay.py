"""The speed of a replay, beside VCR.py with urllib3: `.venv/bin/python benchmarks/replay.py`.

Both do the same work for each exchange: build the request from the operation, find its response in
the cassette, decode the JSON and read the typed booking.
Ours is the unchanged client, which matches method, URL, query, version and body, and may retry.
The peer is urllib3's pool under VCR.py, which matches method and URL by default.
The subjects take turns, so a noisy machine slows all of them alike; medians are compared.

Every exchange has its own URL and is requested in the order of the file. VCR.py searches the
exchanges already played, so it gets slower with longer cassettes; a short cassette counts.
The script ends with status 1 if replaying is less than 10 times as fast as with VCR.py.
Opening and loading the file is measured separately.
"""

import gc
import socket
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

if not __package__:  # as a script, which is in the package's folder and not beside it
    sys.path[0] = str(Path(__file__).parent.parent)

from benchmarks.replaying import (
    HEADLINE,
    WRITERS,
    PassTimes,
    Play,
    alone,
    play_ours,
    play_vcr,
    uids,
)

SIZES = {10: 90, 100: 15, 300: 7}
"""The exchanges of a cassette, and the measured rounds."""
TARGET = 10.0

OURS, YAML, JSON = "ours", "VCR.py, YAML", "VCR.py, JSON"
SUBJECTS: dict[str, tuple[str, Play]] = {
    OURS: (".ours", play_ours),
    YAML: (".yaml", play_vcr),
    JSON: (".json", play_vcr),
}


def measured(folder: Path, count: int, rounds: int) -> dict[str, PassTimes]:
    """Return the median times of each subject; all must return the same bookings."""
    wanted = uids(count)
    taken: dict[str, list[PassTimes]] = {name: [] for name in SUBJECTS}
    for warm in (False, *[True] * rounds):  # the first round warms up
        bookings_of = {}
        for name, (suffix, play) in SUBJECTS.items():
            gc.collect()
            times, bookings_of[name] = play(folder / f"{count}{suffix}", wanted)
            if warm:
                taken[name].append(times)
        assert bookings_of[OURS] == bookings_of[YAML] == bookings_of[JSON]
        assert [booking.uid for booking in bookings_of[OURS]] == wanted
    return {name: middle(times) for name, times in taken.items()}


def shared() -> float:
    """Return the median seconds of the shared work for an exchange: to build and to read."""
    wanted = uids(max(SIZES))
    return median(alone(Path(), wanted)[0].replay / len(wanted) for _ in range(10))


def middle(times: list[PassTimes]) -> PassTimes:
    return PassTimes(
        median(each.whole for each in times),
        median(each.replay for each in times),
        median(each.whole_cpu for each in times),
        median(each.replay_cpu for each in times),
    )


def report(count: int, times: dict[str, PassTimes]) -> float:
    """Print a row for each measure; return the speed-up of a replay."""
    rows = {
        "loading included": lambda each: (each.whole, each.whole_cpu),
        "replay only": lambda each: (each.replay, each.replay_cpu),
    }
    for title, part in rows.items():
        wall, cpu = zip(*(part(times[name]) for name in SUBJECTS), strict=True)
        for clock, seconds in (("wall", wall), ("CPU", cpu)):
            rates = "".join(f"{count / each:14,.0f}" for each in seconds)
            ratios = "".join(f"{each / seconds[0]:8.1f}" for each in seconds[1:])
            print(f"{count:10} {title:18}{clock:5}{rates}{ratios}")
    return min(times[YAML].replay, times[JSON].replay) / times[OURS].replay


def no_network(*_: object) -> None:
    raise AssertionError("a replay touches the network")


def main() -> None:
    socket.socket.connect = no_network  # type: ignore[method-assign]
    print("operations a second, and how many times as fast as VCR.py with YAML and with JSON")
    names = "".join(f"{name:>14}" for name in SUBJECTS)
    print(f"{'exchanges':10} {'measure':18}{'':5}{names}{'YAML':>8}{'JSON':>8}")
    ratios = {}
    with TemporaryDirectory() as folder:
        for count, rounds in SIZES.items():
            for suffix, _ in SUBJECTS.values():
                WRITERS[suffix](Path(folder) / f"{count}{suffix}", count)
            ratios[count] = report(count, measured(Path(folder), count, rounds))
    print(f"building and reading alone, the shared work: {1 / shared():,.0f} a second")
    if ratios[HEADLINE] < TARGET:
        sys.exit(
            f"{ratios[HEADLINE]:.1f} times as fast as VCR.py with {HEADLINE} exchanges; "
            f"the target is {TARGET}"
        )


if __name__ == "__main__":
    main()
