"""Has the subjects take turns, each in a process of its own, and takes the medians.

Processes are started afresh several times in a run, since how fast one is depends a little on where
its memory happens to lie.
Among them the turns go round, so that a noisy machine slows all subjects alike.
"""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from statistics import median, quantiles
from subprocess import PIPE, Popen
from typing import IO

from attrs import define, field, frozen

from benchmarks import certificate
from benchmarks.families import BARE, Family
from benchmarks.server import ROOT, statistics
from benchmarks.table import Line, Measures, Row, row_of

MUCH_FASTER = 2.0
"""How many times as fast as the fastest subject the server must be able to answer."""


@frozen
class Plan:
    """How often processes are started, and how many turns each takes then."""

    starts: int
    turns: int


FULL, QUICK = Plan(starts=4, turns=8), Plan(starts=1, turns=3)


def environment(url: str) -> dict[str, str]:
    """Return the environment of a subject: without proxies; over TLS it trusts our authority."""
    unwanted = ("PYTHONDONTWRITEBYTECODE", "PYTHONPROFILEIMPORTTIME")
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in unwanted and not name.lower().endswith("_proxy")
    }
    return kept | (certificate.trusting() if url.startswith("https:") else {})


@frozen
class Process:
    """A subject that waits for its turn."""

    orders: IO[str]
    reports: IO[str]

    def turn(self, calls: int) -> Measures:
        """Have it make so many calls, and return what one of them took."""
        self.orders.write(f"{calls}\n")
        self.orders.flush()
        report = self.reports.readline()
        if not report:
            raise RuntimeError("a subject has ended before its turn was over; it says why above")
        measures: dict[str, float] = json.loads(report)
        return measures


@contextmanager
def process(module: str, subject: str, url: str) -> Iterator[Process]:
    """Start a subject; at the end its turns end, and it is waited for."""
    command = [sys.executable, "-m", "benchmarks.turns", module, subject, url]
    with Popen(
        command,
        stdin=PIPE,
        stdout=PIPE,
        text=True,
        cwd=ROOT,
        env=environment(url),
    ) as started:
        assert started.stdin
        assert started.stdout
        yield Process(started.stdin, started.stdout)


def calls_for(subject: Process, seconds: float) -> int:
    """Warm a subject up, and return how many calls it makes in so many seconds, at least one."""
    subject.turn(1)  # whatever is built once is built here
    calls, taken = 1, 0.0
    while taken < seconds / 2:
        calls = min(calls * 10, max(calls + 1, round(calls * seconds / taken))) if taken else 1
        taken = subject.turn(calls)["wall"] * calls
    return max(1, round(calls * seconds / taken)) if taken else 1


@contextmanager
def one_cpu() -> Iterator[None]:
    """Keep this process, and those that it starts meanwhile, on one CPU.

    Else it would be up to the scheduler, and differ from one subject to the next, whether what it
    sends wakes another CPU, which takes longer than what the fastest do besides.
    """
    if not hasattr(os, "sched_setaffinity"):  # as on macOS
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


@define
class Taken:
    """What was measured of a family: each turn of each subject, and of its server."""

    turns: dict[str, list[Measures]] = field(factory=dict)
    server_requests: float = 0
    server_cpu: float = 0

    def measured(self) -> dict[str, Measures]:
        """Return the medians of each subject."""
        return {
            name: {measure: median(each[measure] for each in turns) for measure in turns[0]}
            for name, turns in self.turns.items()
        }

    def quartiles(self) -> dict[str, dict[str, list[float]]]:
        """Return the quartiles, which tell how noisy the machine was."""
        return {
            name: {
                measure: quantiles([each[measure] for each in turns], n=4)
                for measure in turns[0]
                if len(turns) > 1
            }
            for name, turns in self.turns.items()
        }


def run(family: Family, plan: Plan) -> Taken:
    """Start the subjects of a family as often as planned, and have them take their turns."""
    taken = Taken()
    turns = min(plan.turns, max(1, family.turns // plan.starts))
    for start in range(min(plan.starts, family.turns)):
        with ExitStack() as stack:
            if family.watched:
                stack.enter_context(one_cpu())
            url = stack.enter_context(family.server())
            subjects = {
                name: stack.enter_context(process(family.module, name, url))
                for name in rotated(family.subjects, start)
            }
            take_turns(subjects, turns, family.seconds, taken)
            if family.watched:
                told = statistics(url)
                taken.server_requests += told["requests"]
                taken.server_cpu += told["cpu"]
    return taken


def rotated(names: Sequence[str], by: int) -> list[str]:
    """Return the names in turn, beginning with another one each time."""
    first = by % len(names)
    return [*names[first:], *names[:first]]


def take_turns(subjects: dict[str, Process], turns: int, seconds: float, taken: Taken) -> None:
    calls = {name: calls_for(subject, seconds) for name, subject in subjects.items()}
    for _ in range(turns):
        for name, subject in subjects.items():
            taken.turns.setdefault(name, []).append(subject.turn(calls[name]))


def rows(family: Family, taken: Taken) -> list[Row]:
    """Return the rows of a family, with those that watch its server."""
    measured = taken.measured()
    found = [row_of(line, measured) for line in family.lines]
    return found + (watch(family, measured, taken) if family.watched else [])


def watch(family: Family, measured: dict[str, Measures], taken: Taken) -> list[Row]:
    """Compare the time of the server for a request with that of the fastest subject."""
    others = [name for name in measured if name != BARE]
    fastest = min(others, key=lambda name: measured[name]["wall"])
    busy = Line(f"server of {family.name}, kept busy", "wall", BARE, fastest, least=MUCH_FASTER)
    own = Line(
        f"server of {family.name}, by its count", "cpu", "server", fastest, least=MUCH_FASTER
    )
    per_request = taken.server_cpu / taken.server_requests
    return [row_of(busy, measured), Row(own, per_request, measured[fastest]["cpu"])]
