"""Run a program step by step; an interpreter performs its effects.

`Execution` resumes a program with the outcome of its last effect, and numbers its branches.
An asynchronous interpreter calls `resume` in its own loop.
A synchronous one passes a function that performs one effect to `finish` or `items`.
`Play` runs programs in virtual time on one thread, for replays and scripts.
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
"""The position of a branch in a program: its number in each enclosing `Gather`, outermost first.

The branches of all `Gather`s of a program are numbered consecutively.
"""

Perform: TypeAlias = Callable[[Effect], object]
"""Performs one effect and returns its outcome; an `Exception` is raised in the program."""


class CancelledInRecording(BaseException):
    """Ends a branch that was cancelled during the recording; a program must not catch it."""


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
            except Exception as error:  # raised in the program, which may handle it
                failure = error
        return step

    def finish(self, perform: Perform, instead: str = "iterate()") -> T:
        """Run a program to its end, close it, and return its value.

        *instead* is the function that the error for a stream recommends.
        """
        try:
            return value_of(self.advance(perform), instead)
        finally:
            self.program.close()

    def items(self, perform: Perform) -> Generator[T, None, None]:
        """Run a stream and yield the items it emits; close it at the end or at an early exit."""
        try:
            while (item := item_of(self.advance(perform))) is not None:
                yield item.item
        finally:
            self.program.close()


@define(eq=False)
class Play(Execution[T]):
    """An execution in virtual time, which only sleeps advance; subclasses perform requests.

    The branches of a `Gather` run one after another, but all start at the same virtual time.
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
        """Run branches one after another; if one fails, close the rest."""
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
    """Return the value of a finished program.

    Raises `InvalidInput` if it emitted an item; the message recommends *instead*.
    """
    if isinstance(step, Returned):
        return step.value
    raise InvalidInput("program", f"emitted an item, so it is a stream; pass it to {instead}")


def item_of(step: Emit[Any] | Returned[Any]) -> Emit[Any] | None:
    """Return the emitted item of a stream, or None at its end.

    Raises `InvalidInput` if it returned a value.
    """
    if isinstance(step, Emit):
        return step
    if step.value is None:
        return None
    kind = type(step.value).__name__
    raise InvalidInput("stream", f"returned {kind}, so it is a program; pass it to run()")
