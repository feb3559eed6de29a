"""Importing in a fresh interpreter; its own start is excluded."""

import json
import subprocess
import sys

from benchmarks.server import ROOT
from benchmarks.turns import Subject, Turns

PROGRAM = """
from json import dumps
from time import perf_counter, process_time
wall, cpu = perf_counter(), process_time()
import {names}
print(dumps({{"wall": perf_counter() - wall, "cpu": process_time() - cpu}}))
"""


def importing(names: str) -> Subject:
    """Return a subject that imports in a fresh interpreter for each call."""
    command = [sys.executable, "-c", PROGRAM.format(names=names)]

    def subject(turns: Turns, url: str) -> None:
        for turn in turns:
            for _ in range(turn.calls):
                done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
                turn.report(**json.loads(done.stdout))

    return subject


SUBJECTS: dict[str, Subject] = {
    "calcom_core": importing("calcom_core"),
    "httpx2, pydantic": importing("httpx2, benchmarks.peer_models"),
    "attrs, cattrs": importing("attrs, cattrs"),
    "both clients": importing(
        "calcom_core, calcom_transports.client, calcom_transports.urllib3, calcom_transports.trio"
    ),
    "urllib3, trio, h11": importing("attrs, cattrs, urllib3, trio, h11, truststore"),
}
