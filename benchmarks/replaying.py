"""Replaying recorded operations, with our client, and with urllib3 under VCR.py.

Both build the request from the operation, find its response in the cassette, decode the JSON and
read the typed booking; the floor only builds and reads.
A short cassette counts, as of one test; `replay.py` explains why and measures longer ones.
Loading is excluded, which would cost VCR.py's YAML most.
"""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from attrs import frozen

from benchmarks.data import RECORDED
from benchmarks.turns import Subject, Turns
from calcom_core import Api, Request, Response, bookings
from calcom_core.api import Anonymous
from calcom_core.model.booking import Booking

HEADLINE = 10
"""The number of exchanges in the cassette."""

API = Api(Anonymous())
RECORDED_GET = RECORDED / "29-get-normal.json"


@frozen
class PassTimes:
    """Seconds of one pass: wall time with loading, without it, and CPU time of both."""

    whole: float
    replay: float
    whole_cpu: float
    replay_cpu: float


Play = Callable[[Path, list[str]], tuple[PassTimes, list[Booking]]]


def uids(count: int) -> list[str]:
    return [f"replay{number:016}" for number in range(count)]


def exchanges(count: int) -> list[tuple[Request, Response]]:
    """Return copies of the recorded exchange, each with its own uid."""
    recorded = json.loads(RECORDED_GET.read_text(encoding="utf-8"))["response"]
    headers = [tuple(pair) for pair in recorded["headers"]]
    pairs = []
    for uid in uids(count):
        body = {**recorded["body"], "data": {**recorded["body"]["data"], "uid": uid}}
        content = json.dumps(body, separators=(",", ":")).encode()
        pairs.append((API.request(bookings.get_one(uid)), Response(200, headers, content)))
    return pairs


def write_ours(path: Path, count: int) -> None:
    from calcom_transports.cassette import Cassette, RecordedExchange, Run, dumps

    runs = [
        Run((RecordedExchange((), request, response),)) for request, response in exchanges(count)
    ]
    path.write_bytes(dumps(Cassette(tuple(runs))))


def write_vcr(path: Path, count: int) -> None:
    """Write a cassette of VCR.py in the format of the file's suffix."""
    from vcr.request import Request as VcrRequest
    from vcr.serialize import serialize
    from vcr.serializers import jsonserializer, yamlserializer

    requests, responses = [], []
    for request, response in exchanges(count):
        requests.append(VcrRequest(request.method, request.url, None, dict(request.headers)))
        responses.append(
            {
                "status": {"code": 200, "message": "OK"},
                "headers": {name: [value] for name, value in response.headers},
                "body": {"string": response.body},
            }
        )
    serializer = {".yaml": yamlserializer, ".json": jsonserializer}[path.suffix]
    cassette = serialize({"requests": requests, "responses": responses}, serializer)
    path.write_text(cassette, encoding="utf-8")


class Stopwatch:
    """Wall and CPU time, read together."""

    def __init__(self) -> None:
        self.marks: list[tuple[float, float]] = []
        self.mark()

    def mark(self) -> None:
        self.marks.append((perf_counter(), process_time()))

    def times(self) -> PassTimes:
        (begun, begun_cpu), (loaded, loaded_cpu), (done, done_cpu) = self.marks
        return PassTimes(done - begun, done - loaded, done_cpu - begun_cpu, done_cpu - loaded_cpu)


def play_ours(path: Path, wanted: list[str]) -> tuple[PassTimes, list[Booking]]:
    from calcom_transports import Client, Replay

    stopwatch = Stopwatch()
    with Client(transport=Replay(path)) as client:
        stopwatch.mark()
        found = [client.bookings.get_one(uid) for uid in wanted]
        stopwatch.mark()
    return stopwatch.times(), found


def play_vcr(path: Path, wanted: list[str]) -> tuple[PassTimes, list[Booking]]:
    import urllib3
    import vcr

    stopwatch = Stopwatch()
    form = path.suffix[1:]
    with (
        vcr.use_cassette(str(path), record_mode="none", serializer=form),
        urllib3.PoolManager() as pool,
    ):
        stopwatch.mark()
        found = []
        for uid in wanted:
            operation = bookings.get_one(uid)
            request = API.request(operation)
            reply = pool.request(request.method, request.url, headers=dict(request.headers))
            found.append(operation.read(Response(reply.status, reply.headers.items(), reply.data)))
        stopwatch.mark()
    return stopwatch.times(), found


def alone(path: Path, wanted: list[str]) -> tuple[PassTimes, list[Booking]]:
    """Do only the shared work of an exchange: build and read."""
    stopwatch = Stopwatch()
    responses = [response for _, response in exchanges(len(wanted))]
    stopwatch.mark()
    found = []
    for uid, response in zip(wanted, responses, strict=True):
        operation = bookings.get_one(uid)
        API.request(operation)
        found.append(operation.read(response))
    stopwatch.mark()
    return stopwatch.times(), found


def replaying(turns: Turns, _: str, play: Play, to: str) -> None:
    """Replay the cassette repeatedly; a call is one operation, not one cassette."""
    wanted = uids(HEADLINE)
    with TemporaryDirectory() as folder:
        path = Path(folder) / to
        WRITERS[path.suffix](path, HEADLINE)
        for turn in turns:
            passes = [play(path, wanted) for _ in range(-(-turn.calls // HEADLINE))]
            assert all([each.uid for each in found] == wanted for _, found in passes)
            turn.calls = len(passes) * HEADLINE
            turn.report(
                wall=sum(times.replay for times, _ in passes) / turn.calls,
                cpu=sum(times.replay_cpu for times, _ in passes) / turn.calls,
            )


def write_nothing(path: Path, count: int) -> None:
    """Write no cassette."""


WRITERS: dict[str, Callable[[Path, int], None]] = {
    ".ours": write_ours,
    ".yaml": write_vcr,
    ".json": write_vcr,
    ".none": write_nothing,
}

SUBJECTS: dict[str, Subject] = {
    "ours": partial(replaying, play=play_ours, to="cassette.ours"),
    "VCR.py, YAML": partial(replaying, play=play_vcr, to="cassette.yaml"),
    "VCR.py, JSON": partial(replaying, play=play_vcr, to="cassette.json"),
    "building, reading": partial(replaying, play=alone, to="cassette.none"),
}
