"""How fast a replay is, beside VCR.py with urllib3: `.venv/bin/python benchmarks/replay.py`.

Both do the same work for each exchange: build the request from the operation, find its answer in
the cassette, decode the JSON and read the typed booking.
Here that is the client as it is, which matches method, URL, query, version and body, and may
repeat; there it is urllib3's pool under VCR.py, which matches method and URL, as is its default.
The subjects take turns, so that a noisy machine slows all of them alike; medians are compared.

Every exchange has a URL of its own, and is asked for in the order of the file: VCR.py looks through
the exchanges that were played before, so that it is the slower the longer a cassette is.
Therefore what counts is a short cassette, as of one test.
The script ends with status 1 if its exchanges are replayed less than 10 times as fast as by VCR.py.
Opening and loading the file is measured too, and shown beside.
"""

import gc
import json
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

import urllib3
import vcr
from attrs import frozen
from vcr.request import Request as VcrRequest
from vcr.serialize import serialize
from vcr.serializers import jsonserializer, yamlserializer

from calcom_core import Api, Response, bookings
from calcom_core.api import Anonymous
from calcom_core.model.booking import Booking
from calcom_transports import Client, Replay
from calcom_transports.cassette import Cassette, Recorded, Run, dumps, load

RECORDED = Path(__file__).parent.parent / "tests" / "recorded" / "29-get-normal.json"
SIZES = {10: 90, 100: 15, 300: 7}
"""How many exchanges a cassette has, and how many rounds are measured."""
HEADLINE = 10
TARGET = 10.0
SERIALIZERS = {"yaml": yamlserializer, "json": jsonserializer}
API = Api(Anonymous())

OURS, YAML, JSON = "ours", "VCR.py, YAML", "VCR.py, JSON"


@frozen
class Taken:
    """Seconds of one pass: wall time with loading, without it, and CPU time of both."""

    whole: float
    replay: float
    whole_cpu: float
    replay_cpu: float


Subject = Callable[[Path, list[str]], tuple[Taken, list[Booking]]]


def uids(count: int) -> list[str]:
    return [f"replay{number:016}" for number in range(count)]


def write(folder: Path, count: int) -> None:
    """Write the same exchanges as a cassette of ours, and of VCR.py in both forms."""
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))["response"]
    headers = [tuple(pair) for pair in recorded["headers"]]
    runs, requests, responses = [], [], []
    for uid in uids(count):
        body = {**recorded["body"], "data": {**recorded["body"]["data"], "uid": uid}}
        content = json.dumps(body, separators=(",", ":")).encode()
        asked = API.request(bookings.get_one(uid))
        runs.append(Run((Recorded((), asked, Response(200, headers, content)),)))
        requests.append(VcrRequest(asked.method, asked.url, None, dict(asked.headers)))
        responses.append(
            {
                "status": {"code": 200, "message": "OK"},
                "headers": {name: [value] for name, value in headers},
                "body": {"string": content},
            }
        )
    (folder / f"{count}.ours").write_bytes(dumps(Cassette(tuple(runs))))
    for suffix, serializer in SERIALIZERS.items():
        tape = serialize({"requests": requests, "responses": list(responses)}, serializer)
        (folder / f"{count}.{suffix}").write_text(tape, encoding="utf-8")


class Watch:
    """Wall and CPU time, read together."""

    def __init__(self) -> None:
        self.marks: list[tuple[float, float]] = []
        self.mark()

    def mark(self) -> None:
        self.marks.append((perf_counter(), process_time()))

    def taken(self) -> Taken:
        (begun, begun_cpu), (loaded, loaded_cpu), (done, done_cpu) = self.marks
        return Taken(done - begun, done - loaded, done_cpu - begun_cpu, done_cpu - loaded_cpu)


def play_ours(path: Path, asked: list[str]) -> tuple[Taken, list[Booking]]:
    watch = Watch()
    with Client(transport=Replay(path)) as client:
        watch.mark()
        found = [client.bookings.get_one(uid) for uid in asked]
        watch.mark()
    return watch.taken(), found


def play_vcr(path: Path, asked: list[str]) -> tuple[Taken, list[Booking]]:
    watch = Watch()
    form = path.suffix[1:]
    with (
        vcr.use_cassette(str(path), record_mode="none", serializer=form),
        urllib3.PoolManager() as pool,
    ):
        watch.mark()
        found = []
        for uid in asked:
            operation = bookings.get_one(uid)
            request = API.request(operation)
            came = pool.request(request.method, request.url, headers=dict(request.headers))
            found.append(operation.read(Response(came.status, came.headers.items(), came.data)))
        watch.mark()
    return watch.taken(), found


SUBJECTS: dict[str, tuple[str, Subject]] = {
    OURS: ("ours", play_ours),
    YAML: ("yaml", play_vcr),
    JSON: ("json", play_vcr),
}


def measured(folder: Path, count: int, rounds: int) -> dict[str, Taken]:
    """Return the median times of each subject; all of them must come to the same bookings."""
    asked = uids(count)
    taken: dict[str, list[Taken]] = {name: [] for name in SUBJECTS}
    for warm in (False, *[True] * rounds):  # whatever is built once is built before
        bookings_of = {}
        for name, (suffix, play) in SUBJECTS.items():
            gc.collect()
            times, bookings_of[name] = play(folder / f"{count}.{suffix}", asked)
            if warm:
                taken[name].append(times)
        assert bookings_of[OURS] == bookings_of[YAML] == bookings_of[JSON]
        assert [booking.uid for booking in bookings_of[OURS]] == asked
    return {name: middle(times) for name, times in taken.items()}


def shared(folder: Path) -> float:
    """Return the median seconds of what all have to do for an exchange: to build and to read."""
    count = max(SIZES)
    asked = uids(count)
    answers = [run.exchanges[0].outcome for run in load(folder / f"{count}.ours").runs]
    taken = []
    for _ in range(10):
        began = perf_counter()
        for uid, answer in zip(asked, answers, strict=True):
            operation = bookings.get_one(uid)
            API.request(operation)
            assert isinstance(answer, Response)
            operation.read(answer)
        taken.append((perf_counter() - began) / len(asked))
    return median(taken)


def middle(times: list[Taken]) -> Taken:
    return Taken(
        median(each.whole for each in times),
        median(each.replay for each in times),
        median(each.whole_cpu for each in times),
        median(each.replay_cpu for each in times),
    )


def report(count: int, times: dict[str, Taken]) -> float:
    """Print a row for each measure; return how many times as fast replaying is."""
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
            write(Path(folder), count)
            ratios[count] = report(count, measured(Path(folder), count, rounds))
        alone = 1 / shared(Path(folder))
    print(f"building and reading alone, which all of them do: {alone:,.0f} a second")
    if ratios[HEADLINE] < TARGET:
        sys.exit(
            f"{ratios[HEADLINE]:.1f} times as fast as VCR.py with {HEADLINE} exchanges; "
            f"at least {TARGET} are wanted"
        )


if __name__ == "__main__":
    main()
