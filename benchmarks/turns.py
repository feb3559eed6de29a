"""The process of one subject, which takes turns on command of the parent.

A subject is a function of the turns and of the URL of a server, which may be empty.
It sets up, then makes `turn.calls` calls within `with turn:`, for each turn.
It imports its own libraries, so no process holds those of another subject.
The cyclic garbage collector keeps its defaults.
"""

import json
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from time import perf_counter, process_time
from types import TracebackType
from typing import Self, TextIO


class Turn:
    """A number of calls and the time of one: wall time, and CPU time of all threads."""

    def __init__(self, calls: int) -> None:
        self.calls = calls
        self.measures: dict[str, float] = {}
        self._began = (0.0, 0.0)

    def __enter__(self) -> Self:
        self._began = perf_counter(), process_time()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        ended = perf_counter(), process_time()
        wall, cpu = (end - begin for begin, end in zip(self._began, ended, strict=True))
        self.report(wall=wall / self.calls, cpu=cpu / self.calls)

    def report(self, **measures: float) -> None:
        """Report the measures of a call, where they differ from the time of the block."""
        self.measures.update(measures)


Turns = Iterator[Turn]
Subject = Callable[[Turns, str], None]


def repeat(function: Callable[[], object]) -> Subject:
    """Return a subject that only calls a function."""

    def subject(turns: Turns, url: str) -> None:
        for turn in turns:
            with turn:
                for _ in range(turn.calls):
                    function()

    return subject


def turns_of(orders: TextIO, reports: TextIO) -> Turns:
    """Yield a turn for each line, a number of calls, and print its measures."""
    for order in orders:
        turn = Turn(int(order))
        yield turn
        print(json.dumps(turn.measures), file=reports, flush=True)


def main(module: str, name: str, url: str) -> None:
    reports, sys.stdout = sys.stdout, sys.stderr  # keep the output of libraries out of the reports
    subject: Subject = import_module(f"benchmarks.{module}").SUBJECTS[name]
    subject(turns_of(sys.stdin, reports), url)


if __name__ == "__main__":
    main(*sys.argv[1:])
