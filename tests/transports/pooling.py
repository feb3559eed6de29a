"""What the tests of the pools share: a deadline, one way to use both transports, what is open."""

import functools
import gc
import socket
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, ParamSpec, TypeVar

import trio
from server import PATIENCE

from calcom_core.errors import TransportError
from calcom_core.http import Request, Response, Timeout
from calcom_transports.trio import TrioTransport
from calcom_transports.urllib3 import Urllib3Transport

DEADLINE = 20.0
"""How many seconds a case may take before it has failed; those that take most need five."""

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
Transport = Urllib3Transport | TrioTransport


def on_time(case: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Fail a case that does not end, where it would hang: it runs in a thread of its own."""

    @functools.wraps(case)
    def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        outcome: list[tuple[Result | None, BaseException | None]] = []

        def body() -> None:
            try:
                outcome.append((case(*args, **kwargs), None))
            except BaseException as error:
                outcome.append((None, error))

        thread = threading.Thread(target=body, daemon=True, name=case.__name__)
        thread.start()
        thread.join(DEADLINE)
        assert outcome, f"{case.__name__} does not end"
        result, error = outcome[0]
        if error is not None:
            raise error
        return result  # type: ignore[return-value]

    return run


@asynccontextmanager
async def opened(kind: str, **options: Any) -> AsyncIterator[Transport]:
    """Make a transport for the length of a block."""
    if kind == "urllib3":
        with Urllib3Transport(**options) as blocking:
            yield blocking
    else:
        async with TrioTransport(**options) as transport:
            yield transport


Outcome = Response | tuple[type[TransportError], str]
"""An answer, or the class and the reason of an error."""


def said(transport: Urllib3Transport, request: Request, within: Timeout | None = None) -> Outcome:
    """Send a request through the blocking transport."""
    try:
        return transport.send(request, within)
    except TransportError as error:
        return type(error), error.reason


async def sent(transport: Transport, request: Request, within: Timeout | None = None) -> Outcome:
    """Send a request through either transport, which may block."""
    if isinstance(transport, Urllib3Transport):
        return said(transport, request, within)
    try:
        return await transport.send(request, within)
    except TransportError as error:
        return type(error), error.reason


async def sent_aside(
    transport: Transport, request: Request, within: Timeout | None = None
) -> Outcome:
    """Send a request while others run: in a thread, if the transport blocks."""
    if isinstance(transport, Urllib3Transport):
        return await trio.to_thread.run_sync(said, transport, request, within)
    return await sent(transport, request, within)


def open_sockets() -> int:
    """Return how many sockets this process has open, those of servers included."""
    gc.collect()
    return sum(
        issubclass(type(found), socket.socket) and found.fileno() != -1
        for found in gc.get_objects()
    )


class Ended:
    """Counts what begins and ends, and waits until all has ended."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self.now = 0
        self.ever = 0

    def __enter__(self) -> None:
        with self._condition:
            self.now += 1
            self.ever += 1

    def __exit__(self, *error: object) -> None:
        with self._condition:
            self.now -= 1
            self._condition.notify_all()

    def wait(self) -> bool:
        with self._condition:
            return self._condition.wait_for(lambda: self.now == 0, PATIENCE)
