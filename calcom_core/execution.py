"""Runs a program step by step, without I/O of its own.

`Execution` resumes a program with the outcome of its last effect, and numbers its branches.
An interpreter that awaits calls `resume` in a loop of its own; the others pass `finish` or `items`
a function that performs one effect.
`Play` performs effects without a clock and without threads, for replays and scripts.
"""

from collections.abc import Callable, Generator, Sequence
from typing import Any, Generic, Self, TypeAlias, TypeVar

from attrs import define, evolve, field, frozen

from calcom_core.effects import (
    Clock,
    Effect,
    Emit,
    Gather,
    Program,
    Sleep,
    Stream,
    no_effect,
)
from calcom_core.errors import InvalidInput

T = TypeVar("T")

Branch: TypeAlias = tuple[int, ...]
"""The place of a branch in a program: its number in each `Gather` around it, outermost first.

A program numbers the branches of all its `Gather`s consecutively.
"""

Perform: TypeAlias = Callable[[Effect], object]
"""Performs one effect and returns its outcome; an `Exception` is raised in the program."""


class CancelledInRecording(BaseException):
    """Ends a branch that was cancelled while it was recorded; the program never sees this."""


@frozen(eq=False)
class Returned(Generic[T]):
    """The end of a program, with the value it returned."""

    value: T


@define(eq=False)
class Execution(Generic[T]):
    """A program that is running, or one branch of it."""

    program: Program[T] | Stream[T]
    branch: Branch = ()
    run_id: object = field(factory=object)
    """Identifies the run of the program; its branches share it."""
    branch_count: int = field(default=0, init=False)
    """How many branches this program has started so far."""

    def resume(
        self, outcome: object = None, failure: Exception | None = None
    ) -> Effect | Emit[Any] | Returned[T]:
        """Return the next effect, after the last one had *outcome* or raised *failure*."""
        try:
            if failure is None:
                return self.program.send(outcome)
            return self.program.throw(failure)
        except StopIteration as stop:
            return Returned(stop.value)

    def branches(self, effect: Gather) -> list[Self]:
        """Return an execution of each program of a `Gather`, under the next branch numbers."""
        first, self.branch_count = self.branch_count, self.branch_count + len(effect.programs)
        return [
            evolve(self, program=program, branch=(*self.branch, number))
            for number, program in enumerate(effect.programs, first)
        ]

    def advance(self, perform: Perform) -> Emit[Any] | Returned[T]:
        """Run until the program emits or returns."""
        outcome: object = None
        failure: Exception | None = None
        while not isinstance(step := self.resume(outcome, failure), (Emit, Returned)):
            outcome = failure = None
            try:
                outcome = perform(step)
            except Exception as error:  # the program decides what it means
                failure = error
        return step

    def finish(self, perform: Perform, instead: str = "iterate()") -> T:
        """Run a program that emits nothing, close it and return its value.

        *instead* names the function for a stream, which the error for one mentions.
        """
        try:
            return value_of(self.advance(perform), instead)
        finally:
            self.program.close()

    def items(self, perform: Perform) -> Generator[T, None, None]:
        """Run a stream and yield the items it emits; close it at the end or when left early."""
        try:
            while (item := item_of(self.advance(perform))) is not None:
                yield item.item
        finally:
            self.program.close()


@define(eq=False)
class Play(Execution[T]):
    """An execution in virtual time, which only its sleeps move; a subclass performs requests.

    The branches of a `Gather` run one after another, each from the time at which it began.
    """

    elapsed: float = 0.0
    """The time in this branch, in seconds since the program began."""

    def perform(self, effect: Effect) -> object:
        """Perform one effect."""
        match effect:
            case Sleep():
                self.elapsed += effect.seconds
                return None
            case Clock():
                return self.elapsed
            case Gather():
                return self.gather(self.branches(effect))
        raise no_effect(effect)

    def gather(self, branches: Sequence["Play[Any]"]) -> tuple[object, ...]:
        """Play branches to their end; once one fails, close those after it."""
        results: list[object] = []
        cancelled: list[CancelledInRecording] = []
        try:
            for play in branches:
                try:
                    results.append(play.finish(play.perform))
                except CancelledInRecording as error:
                    cancelled.append(error)
        finally:
            self.elapsed = max([self.elapsed, *(play.elapsed for play in branches)])
            for play in branches:
                play.program.close()
        if cancelled:
            raise cancelled[0]
        return tuple(results)


def value_of(step: Emit[Any] | Returned[T], instead: str) -> T:
    """Return the value of a program that has returned; *instead* names the call for a stream."""
    if isinstance(step, Returned):
        return step.value
    raise InvalidInput("program", f"emits, as only a stream may: give it to {instead}")


def item_of(step: Emit[Any] | Returned[Any]) -> Emit[Any] | None:
    """Return what a stream emitted, or None at its end, where it must return nothing."""
    if isinstance(step, Emit):
        return step
    if step.value is None:
        return None
    kind = type(step.value).__name__
    raise InvalidInput("stream", f"returned {kind}, as only a program may: give it to run()")
