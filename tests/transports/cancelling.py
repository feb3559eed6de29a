"""Calls that are cancelled: after a number of steps of their task, or after some time."""

import asyncio
import types
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest
import trio
from attrs import frozen
from sending import AfterStep

T = TypeVar("T")
NEVER = -1

# Under asyncio a cancellation in a step differs from one that comes between two steps.
ways = pytest.mark.parametrize(
    ("kind", "within_step"),
    [
        pytest.param("trio", False, id="trio"),
        pytest.param("asyncio", False, id="asyncio"),
        pytest.param("asyncio", True, id="asyncio, within a step"),
        pytest.param("uvloop", False, id="uvloop", marks=pytest.mark.exhaustive),
    ],
)


@frozen
class Ending:
    """How a call ended: whether it was cancelled, and how many steps it had left until then."""

    cancelled: bool
    left: int


@contextmanager
def only(kind: type[BaseException]) -> Iterator[None]:
    """Fail if a cancellation is raised as another exception, such as a group of cancellations."""
    try:
        yield
    except kind:
        raise
    except BaseException as error:
        raise AssertionError(f"something else than {kind.__name__} came out") from error


class Steps:
    """Counts the steps that a call makes in its task, and does something after one of them."""

    def __init__(self, number: int, then: Callable[[], object]) -> None:
        self.left = number
        self._then = then

    async def of(self, call: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Make the call; after no step at all means before it."""
        if self.left == 0:
            self._then()
        if not trio.lowlevel.in_trio_run():
            return await self._through(call())
        with AfterStep(self.left, self._then) as step:
            try:
                return await call()
            finally:
                self.left = step.left

    @types.coroutine
    def _through(self, coroutine: Coroutine[Any, Any, T]) -> Generator[Any, Any, T]:
        step: Callable[[Any], Any] = coroutine.send
        value: Any = None
        while True:
            try:
                waiting_for = step(value)
            except StopIteration as stop:
                return stop.value
            self.left -= 1
            if self.left == 0:
                self._then()
            try:
                step, value = coroutine.send, (yield waiting_for)
            except BaseException as error:
                step, value = coroutine.throw, error


async def cancelling(
    call: Callable[[], Coroutine[Any, Any, None]],
    steps: int = NEVER,
    seconds: float | None = None,
    *,
    within_step: bool = False,
) -> Ending:
    """Make a call, and cancel it after a number of steps, or of seconds."""
    if not trio.lowlevel.in_trio_run():
        return await _cancelling_asyncio(call, steps, seconds, within_step)
    deadline = float("inf") if seconds is None else trio.current_time() + seconds
    with trio.CancelScope(deadline=deadline) as scope, only(trio.Cancelled):
        counted = Steps(steps, scope.cancel)
        await counted.of(call)
    return Ending(scope.cancelled_caught, counted.left)


async def _cancelling_asyncio(
    call: Callable[[], Coroutine[Any, Any, None]],
    steps: int,
    seconds: float | None,
    within_step: bool,
) -> Ending:
    loop = asyncio.get_running_loop()
    task: asyncio.Task[None]

    async def limited() -> None:
        try:
            async with asyncio.timeout(seconds):
                with only(asyncio.CancelledError):
                    await counted.of(call)
        except TimeoutError:
            raise asyncio.CancelledError from None

    # Between two steps, or at the end of one.
    counted = Steps(steps, lambda: task.cancel() if within_step else loop.call_soon(task.cancel))
    task = loop.create_task(limited())
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()
    return Ending(task.cancelled(), counted.left)
