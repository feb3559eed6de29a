"""The interpreter of programs for asyncio: `run_asyncio` and `iterate_asyncio`.

Sleeps and the clock are the event loop's, so a loop with a virtual clock moves them.
It works with every event loop, uvloop included; it needs nothing but the standard library.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import TypeVar

from calcom_core.effects import Program, Stream
from calcom_core.errors import InvalidInput
from calcom_core.http import Timeout
from calcom_transports.async_interpreter import AnyAsyncTransport, AsyncItems, run_async

T = TypeVar("T")


def require_asyncio() -> asyncio.AbstractEventLoop:
    """Return the running event loop; raise `InvalidInput` where none runs."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        raise InvalidInput(
            "asyncio",
            "this works in a running event loop of asyncio only, such as that of asyncio.run; "
            "under trio use run_trio and TrioTransport",
        ) from None


class _Asyncio:
    """The primitives of asyncio."""

    iterate_name = "iterate_asyncio()"

    def require(self) -> None:
        require_asyncio()

    def clock(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def checkpoint(self) -> None:
        await asyncio.sleep(0)

    async def run_workers(self, work: Callable[[], Awaitable[None]], count: int) -> None:
        # Not a TaskGroup: it raises groups, and with an error at hand it swallows a cancellation.
        tasks: list[asyncio.Task[None]] = []
        failures: list[BaseException] = []

        async def worker() -> None:
            if failures:  # an eager task fails before the next one is created
                return
            try:
                await work()
            except BaseException as error:  # raised alone below, never in a group
                failures.append(error)
                for task in tasks:
                    if task is not asyncio.current_task():
                        task.cancel()

        for _ in range(count):
            tasks.append(asyncio.create_task(worker()))
        await all_ended(tasks)
        if failures:
            raise failures[0]
        if any(task.cancelled() for task in tasks):  # by other code, before they began
            raise asyncio.CancelledError


async def all_ended(tasks: Collection[asyncio.Task[None]]) -> None:
    """Wait until *tasks* have ended; cancel them when the waiting task is cancelled.

    A cancellation is raised only after the end of the last task, so none is left behind.
    """
    cancelled: asyncio.CancelledError | None = None
    while running := [task for task in tasks if not task.done()]:
        try:
            await asyncio.wait(running)
        except asyncio.CancelledError as error:
            cancelled = cancelled or error
            for task in running:
                task.cancel()
    if cancelled is not None:
        raise cancelled


ASYNCIO = _Asyncio()


async def run_asyncio(
    program: Program[T], transport: AnyAsyncTransport, timeout: Timeout | None = None
) -> T:
    """Run *program* and return its result.

    *timeout* is for each `Send` that has none of its own.
    Raises whatever the program raises; closes it in any case, also when cancelled.
    """
    return await run_async(program, transport, timeout, ASYNCIO)


def iterate_asyncio(
    stream: Stream[T], transport: AnyAsyncTransport, timeout: Timeout | None = None
) -> AsyncItems[T]:
    """Run a streaming program under asyncio; return an async iterator of the items it emits.

    *timeout* is for each `Send` that has none of its own.
    Nothing is in flight while the caller has an item.
    """
    return AsyncItems(stream, transport, timeout, ASYNCIO)
