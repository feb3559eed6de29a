"""The process of one subject, which takes its turns as the parent says.

A subject is a function of the turns and of the URL of a server, which may be empty.
It makes ready what it needs, then makes `turn.calls` calls within `with turn:`, for each turn.
It imports what it needs by itself, so that no process holds the libraries of another subject.
The cyclic garbage collector is as it always is.
"""

import json
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from time import perf_counter, process_time
from types import TracebackType
from typing import Self, TextIO


class Turn:
    """So many calls, and what one of them took: wall time, and CPU time of all threads."""

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
        """Say what a call took, where that is not the time of the block."""
        self.measures.update(measures)


Turns = Iterator[Turn]
Subject = Callable[[Turns, str], None]


def repeat(function: Callable[[], object]) -> Subject:
    """Return the subject that only calls a function."""

    def subject(turns: Turns, url: str) -> None:
        for turn in turns:
            with turn:
                for _ in range(turn.calls):
                    function()

    return subject


def turns_of(orders: TextIO, reports: TextIO) -> Turns:
    """Yield a turn for each line, which is a number of calls, and answer it with its measures."""
    for order in orders:
        turn = Turn(int(order))
        yield turn
        print(json.dumps(turn.measures), file=reports, flush=True)


def main(module: str, name: str, url: str) -> None:
    reports, sys.stdout = sys.stdout, sys.stderr  # whatever a library prints is no report
    subject: Subject = import_module(f"benchmarks.{module}").SUBJECTS[name]
    subject(turns_of(sys.stdin, reports), url)


if __name__ == "__main__":
    main(*sys.argv[1:])
