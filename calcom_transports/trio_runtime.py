"""The interpreter of programs for trio: `run_trio` and `iterate_trio`.

Sleeps and the clock are trio's, so they obey `trio.testing.MockClock`.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

try:
    import trio
except ImportError as error:
    raise ImportError("trio is missing: pip install 'calcom-bookings[trio]'") from error

from calcom_core.effects import Program, Stream
from calcom_core.errors import InvalidInput
from calcom_core.http import Timeout
from calcom_transports.async_interpreter import AnyAsyncTransport, AsyncItems, run_async

T = TypeVar("T")


def require_trio() -> None:
    """Raise `InvalidInput` outside `trio.run`."""
    if not trio.lowlevel.in_trio_run():
        raise InvalidInput(
            "trio",
            "this works under trio.run only; under asyncio use run_asyncio and AsyncioTransport",
        )


def first_of(error: BaseException) -> BaseException:
    """Return the first error in a group of a nursery, or *error* itself if it is no group."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


class _Trio:
    """The primitives of trio."""

    iterate_name = "iterate_trio()"

    def require(self) -> None:
        require_trio()

    def clock(self) -> float:
        return trio.current_time()

    async def sleep(self, seconds: float) -> None:
        await trio.sleep(seconds)

    async def checkpoint(self) -> None:
        await trio.lowlevel.checkpoint()

    async def run_workers(self, work: Callable[[], Awaitable[None]], count: int) -> None:
        failures: list[BaseException] = []

        async def worker(scope: trio.CancelScope) -> None:
            try:
                await work()
            except trio.Cancelled:
                raise
            except BaseException as error:  # raised alone below, never in a group
                failures.append(error)
                scope.cancel()

        try:
            async with trio.open_nursery() as nursery:
                for _ in range(count):
                    nursery.start_soon(worker, nursery.cancel_scope)
        except BaseExceptionGroup as group:
            # Every other error was caught above; these are one cancellation from outside.
            raise first_of(group) from None
        if failures:
            raise failures[0]


TRIO = _Trio()


async def run_trio(
    program: Program[T], transport: AnyAsyncTransport, timeout: Timeout | None = None
) -> T:
    """Run *program* and return its result.

    *timeout* is for each `Send` that has none of its own.
    Raises whatever the program raises; closes it in any case, also when cancelled.
    """
    return await run_async(program, transport, timeout, TRIO)


def iterate_trio(
    stream: Stream[T], transport: AnyAsyncTransport, timeout: Timeout | None = None
) -> AsyncItems[T]:
    """Run a streaming program under trio; return an async iterator of the items it emits.

    *timeout* is for each `Send` that has none of its own.
    Nothing is in flight while the caller has an item.
    """
    return AsyncItems(stream, transport, timeout, TRIO)
