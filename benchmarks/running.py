"""Runs the subjects in turns, each in its own process, and takes the medians.

Processes start anew several times in a run, since the layout of memory affects their speed.
The subjects take turns, so a noisy machine slows all of them alike.
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
"""The required speed of the server, relative to the fastest subject."""


@frozen
class Plan:
    """How often processes start, and how many turns each takes."""

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
    """The process of a subject."""

    orders: IO[str]
    reports: IO[str]

    def turn(self, calls: int) -> Measures:
        """Run a turn of *calls* calls, and return the measures of one."""
        self.orders.write(f"{calls}\n")
        self.orders.flush()
        report = self.reports.readline()
        if not report:
            raise RuntimeError("a subject has ended before its turn was over; it says why above")
        measures: dict[str, float] = json.loads(report)
        return measures


@contextmanager
def process(module: str, subject: str, url: str) -> Iterator[Process]:
    """Start the process of a subject; at the end, wait for it."""
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
    """Warm up a subject, and return how many calls it makes in *seconds*, at least one."""
    subject.turn(1)  # warm up
    calls, elapsed = 1, 0.0
    while elapsed < seconds / 2:
        calls = min(calls * 10, max(calls + 1, round(calls * seconds / elapsed))) if elapsed else 1
        elapsed = subject.turn(calls)["wall"] * calls
    return max(1, round(calls * seconds / elapsed)) if elapsed else 1


@contextmanager
def one_cpu() -> Iterator[None]:
    """Keep this process and its new children on one CPU.

    Otherwise the scheduler decides whether sending wakes another CPU, which takes longer than all
    other work of the fastest subjects.
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
class Measurements:
    """The measurements of a family: each turn of each subject, and its server."""

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
        """Return the quartiles, which show the noise of the machine."""
        return {
            name: {
                measure: quantiles([each[measure] for each in turns], n=4)
                for measure in turns[0]
                if len(turns) > 1
            }
            for name, turns in self.turns.items()
        }


def run(family: Family, plan: Plan) -> Measurements:
    """Run the subjects of a family in turns, as planned."""
    measurements = Measurements()
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
            take_turns(subjects, turns, family.seconds, measurements)
            if family.watched:
                counts = statistics(url)
                measurements.server_requests += counts["requests"]
                measurements.server_cpu += counts["cpu"]
    return measurements


def rotated(names: Sequence[str], by: int) -> list[str]:
    """Return the names rotated by a number."""
    first = by % len(names)
    return [*names[first:], *names[:first]]


def take_turns(
    subjects: dict[str, Process], turns: int, seconds: float, measurements: Measurements
) -> None:
    calls = {name: calls_for(subject, seconds) for name, subject in subjects.items()}
    for _ in range(turns):
        for name, subject in subjects.items():
            measurements.turns.setdefault(name, []).append(subject.turn(calls[name]))


def rows(family: Family, measurements: Measurements) -> list[Row]:
    """Return the rows of a family, with those of its server."""
    measured = measurements.measured()
    found = [row_of(line, measured) for line in family.lines]
    return found + (watch(family, measured, measurements) if family.watched else [])


def watch(family: Family, measured: dict[str, Measures], measurements: Measurements) -> list[Row]:
    """Compare the server's time for a request with that of the fastest subject."""
    others = [name for name in measured if name != BARE]
    fastest = min(others, key=lambda name: measured[name]["wall"])
    busy = Line(f"server of {family.name}, kept busy", "wall", BARE, fastest, least=MUCH_FASTER)
    own = Line(
        f"server of {family.name}, by its count", "cpu", "server", fastest, least=MUCH_FASTER
    )
    per_request = measurements.server_cpu / measurements.server_requests
    return [row_of(busy, measured), Row(own, per_request, measured[fastest]["cpu"])]
