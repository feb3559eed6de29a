"""Plays the steps of a trial with a transport, blocking or in whatever runs async functions."""

import asyncio
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Generator, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack
from functools import partial
from inspect import isawaitable
from typing import Any, TypeAlias

from attrs import frozen

from calcom_core.http import Request, Timeout
from calcom_transports.conformance.server import PATIENCE


@frozen
class Sending:
    """A step of a trial: requests that are sent, at once if there are several."""

    requests: tuple[tuple[Request, Timeout | None], ...]


@frozen
class Waiting:
    """A step of a trial: wait until it is so, and at least as long as *settling*."""

    condition: Callable[[], bool]
    settling: float = 0.0


Steps: TypeAlias = Generator[Sending | Waiting, Any, None]


def play(steps: Steps, make: Callable[[], Any]) -> None:
    """Play the steps with a blocking transport, and leave it."""
    with ExitStack() as stack:
        transport = make()
        if hasattr(transport, "__enter__"):
            transport = stack.enter_context(transport)
        elif hasattr(transport, "close"):
            stack.callback(transport.close)
        result: Any = None
        while (step := _next(steps, result)) is not None:
            if isinstance(step, Waiting):
                result = _wait(step)
            else:
                sends = [partial(_send, transport, *request) for request in step.requests]
                result = _together(sends)


def _next(steps: Steps, result: Any) -> Sending | Waiting | None:
    try:
        return steps.send(result)
    except StopIteration:
        return None


def _send(transport: Any, request: Request, timeout: Timeout | None) -> Any:
    try:
        return transport.send(request, timeout)
    except Exception as error:
        return error


def _wait(step: Waiting) -> bool:
    time.sleep(step.settling)
    for pause in _pauses():
        if step.condition():
            return True
        time.sleep(pause)
    return False


def _pauses() -> Iterator[float]:
    until, pause = time.monotonic() + PATIENCE, 0.001
    while time.monotonic() < until:
        yield pause
        pause = min(2 * pause, 0.02)


def _together(sends: Sequence[Callable[[], Any]]) -> list[Any]:
    outcomes: list[Any] = [None] * len(sends)

    def one(number: int) -> None:
        outcomes[number] = sends[number]()

    # Not an executor's threads, which the interpreter waits for even if they hang.
    threads = [threading.Thread(target=one, args=(n,), daemon=True) for n in range(1, len(sends))]
    for thread in threads:
        thread.start()
    one(0)
    for thread in threads:
        thread.join()
    return outcomes


async def play_async(steps: Steps, make: Callable[[], Any]) -> None:
    """Play the steps with an async transport, and leave it."""
    async with AsyncExitStack() as stack:
        transport = make()
        if hasattr(transport, "__aenter__"):
            transport = await stack.enter_async_context(transport)
        elif hasattr(transport, "__enter__"):
            transport = stack.enter_context(transport)
        else:
            stack.push_async_callback(_close, transport)
        result: Any = None
        while (step := _next(steps, result)) is not None:
            if isinstance(step, Waiting):
                result = await _wait_async(step)
            else:
                sends = [partial(_send_async, transport, *request) for request in step.requests]
                result = await _together_async(sends)


async def _close(transport: Any) -> None:
    close = getattr(transport, "aclose", None) or getattr(transport, "close", None)
    closing = close() if close else None
    if isawaitable(closing):
        await closing


async def _send_async(transport: Any, request: Request, timeout: Timeout | None) -> Any:
    try:
        return await transport.send(request, timeout)
    except Exception as error:
        return error


async def _wait_async(step: Waiting) -> bool:
    await _pause(step.settling)
    for pause in _pauses():
        if step.condition():
            return True
        await _pause(pause)
    return False


def _trio() -> Any:
    """Return trio, which is loaded wherever it runs, or None under asyncio."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return sys.modules["trio"]
    return None


async def _pause(seconds: float) -> None:
    trio = _trio()
    await (trio.sleep(seconds) if trio else asyncio.sleep(seconds))


async def _together_async(sends: Sequence[Callable[[], Awaitable[Any]]]) -> list[Any]:
    if (trio := _trio()) is None:
        return await asyncio.gather(*(send() for send in sends))
    outcomes: list[Any] = [None] * len(sends)

    async def one(number: int) -> None:
        outcomes[number] = await sends[number]()

    async with trio.open_nursery() as nursery:
        for number in range(len(sends)):
            nursery.start_soon(one, number)
    return outcomes
