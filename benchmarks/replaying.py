"""Replaying recorded operations, by our client and by urllib3 under VCR.py.

Both build the request from the operation, find its answer in the cassette, decode the JSON and read
the typed booking; the floor only builds and reads.
What counts is a short cassette, as of one test (`replay.py` shows why, and longer ones).
Loading it is not counted, which VCR.py's YAML would lose most by.
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
"""How many exchanges the cassette has whose speed counts."""

API = Api(Anonymous())
RECORDED_GET = RECORDED / "29-get-normal.json"


@frozen
class Taken:
    """Seconds of one pass: wall time with loading, without it, and CPU time of both."""

    whole: float
    replay: float
    whole_cpu: float
    replay_cpu: float


Play = Callable[[Path, list[str]], tuple[Taken, list[Booking]]]


def uids(count: int) -> list[str]:
    return [f"replay{number:016}" for number in range(count)]


def exchanges(count: int) -> list[tuple[Request, Response]]:
    """Make so many exchanges of the recorded one, each with a uid of its own."""
    recorded = json.loads(RECORDED_GET.read_text(encoding="utf-8"))["response"]
    headers = [tuple(pair) for pair in recorded["headers"]]
    made = []
    for uid in uids(count):
        body = {**recorded["body"], "data": {**recorded["body"]["data"], "uid": uid}}
        content = json.dumps(body, separators=(",", ":")).encode()
        made.append((API.request(bookings.get_one(uid)), Response(200, headers, content)))
    return made


def write_ours(path: Path, count: int) -> None:
    from calcom_transports.cassette import Cassette, RecordedExchange, Run, dumps

    runs = [Run((RecordedExchange((), asked, answer),)) for asked, answer in exchanges(count)]
    path.write_bytes(dumps(Cassette(tuple(runs))))


def write_vcr(path: Path, count: int) -> None:
    """Write the cassette of VCR.py in the form that the file's suffix names."""
    from vcr.request import Request as VcrRequest
    from vcr.serialize import serialize
    from vcr.serializers import jsonserializer, yamlserializer

    requests, responses = [], []
    for asked, answer in exchanges(count):
        requests.append(VcrRequest(asked.method, asked.url, None, dict(asked.headers)))
        responses.append(
            {
                "status": {"code": 200, "message": "OK"},
                "headers": {name: [value] for name, value in answer.headers},
                "body": {"string": answer.body},
            }
        )
    serializer = {".yaml": yamlserializer, ".json": jsonserializer}[path.suffix]
    tape = serialize({"requests": requests, "responses": responses}, serializer)
    path.write_text(tape, encoding="utf-8")


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
    from calcom_transports import Client, Replay

    watch = Watch()
    with Client(transport=Replay(path)) as client:
        watch.mark()
        found = [client.bookings.get_one(uid) for uid in asked]
        watch.mark()
    return watch.taken(), found


def play_vcr(path: Path, asked: list[str]) -> tuple[Taken, list[Booking]]:
    import urllib3
    import vcr

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


def alone(path: Path, asked: list[str]) -> tuple[Taken, list[Booking]]:
    """Do what all have to do for an exchange: build, and read."""
    watch = Watch()
    answers = [answer for _, answer in exchanges(len(asked))]
    watch.mark()
    found = []
    for uid, answer in zip(asked, answers, strict=True):
        operation = bookings.get_one(uid)
        API.request(operation)
        found.append(operation.read(answer))
    watch.mark()
    return watch.taken(), found


def replaying(turns: Turns, _: str, play: Play, to: str) -> None:
    """Replay the cassette again and again; a call is an operation, not a cassette."""
    asked = uids(HEADLINE)
    with TemporaryDirectory() as folder:
        path = Path(folder) / to
        WRITERS[path.suffix](path, HEADLINE)
        for turn in turns:
            passes = [play(path, asked) for _ in range(-(-turn.calls // HEADLINE))]
            assert all([each.uid for each in found] == asked for _, found in passes)
            turn.calls = len(passes) * HEADLINE
            turn.report(
                wall=sum(taken.replay for taken, _ in passes) / turn.calls,
                cpu=sum(taken.replay_cpu for taken, _ in passes) / turn.calls,
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
    "ours": partial(replaying, play=play_ours, to="tape.ours"),
    "VCR.py, YAML": partial(replaying, play=play_vcr, to="tape.yaml"),
    "VCR.py, JSON": partial(replaying, play=play_vcr, to="tape.json"),
    "building, reading": partial(replaying, play=alone, to="tape.none"),
}
