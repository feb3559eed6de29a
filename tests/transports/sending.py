"""Requests through any network transport, and their outcomes."""

import asyncio
import gc
import os
import subprocess
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest
import trio
import trio.testing
from server import OK as OK
from server import OK_RESPONSE as OK_RESPONSE
from server import Server

from calcom_core.errors import TransportError
from calcom_core.http import Request, Response, Timeout
from calcom_transports.asyncio import AsyncioTransport
from calcom_transports.trio import TrioTransport
from calcom_transports.urllib3 import Urllib3Transport

UNTOUCHED = "nothing was sent, a retry is safe"
NOTHING_SENT = "nothing was sent"
UNKNOWN = "it may have been executed, look before repeating a write"

each_transport = pytest.mark.parametrize("kind", ["urllib3", "trio", "asyncio"])
encrypted_or_not = pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "tls"])

T = TypeVar("T")
Step = Request | Callable[[], object]


def exchange(
    kind: str, *steps: Step, within: Timeout | None = None, **options: Any
) -> list[Response]:
    """Send the requests through one transport, and make the calls between them."""
    responses = []
    if kind == "urllib3":
        with Urllib3Transport(**options) as transport:
            for step in steps:
                if isinstance(step, Request):
                    responses.append(transport.send(step, within))
                else:
                    step()
        return responses

    async def run_steps() -> None:
        async with ASYNC[kind](**options) as transport:
            for step in steps:
                if isinstance(step, Request):
                    responses.append(await transport.send(step, within))
                else:
                    step()

    under(kind, run_steps)
    return responses


ASYNC: dict[str, Any] = {
    "trio": TrioTransport,
    "asyncio": AsyncioTransport,
    "uvloop": AsyncioTransport,
}
uvloop = pytest.param("uvloop", marks=pytest.mark.exhaustive)
each_async_transport = pytest.mark.parametrize("kind", ["trio", "asyncio", uvloop])


def under(
    kind: str,
    main: Callable[..., Coroutine[Any, Any, T]],
    *arguments: Any,
    clock: trio.testing.MockClock | None = None,
) -> T:
    """Run an async function under that library, the blocking transport's tests under trio.

    asyncio is in its debug mode, which finds mistakes; what no task retrieved is an error.
    With a *clock*, `time.monotonic` must be that of the clock, too.
    """
    if kind in ("urllib3", "trio"):
        return trio.run(main, *arguments, clock=clock)
    reported: list[dict[str, Any]] = []

    async def checked() -> T:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, told: reported.append(told))
        loop.slow_callback_duration = 60  # no test depends on the speed of the machine
        result = await main(*arguments)
        gc.collect()  # which makes asyncio report an error that no task retrieved
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return result

    with asyncio.Runner(loop_factory=LOOPS[kind], debug=True) as runner:
        result = runner.run(checked())
    assert reported == []
    return result


def _uvloop() -> asyncio.AbstractEventLoop:
    return pytest.importorskip("uvloop").new_event_loop()  # type: ignore[no-any-return]


LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": _uvloop}


async def settled() -> None:
    """Wait until every task is blocked."""
    if trio.lowlevel.in_trio_run():
        await trio.testing.wait_all_tasks_blocked()
        return
    for _ in range(20):  # more steps than any task makes between two waits
        await asyncio.sleep(0)


def tasks_living() -> int:
    """Return how many tasks the event loop has."""
    if trio.lowlevel.in_trio_run():
        return trio.lowlevel.current_statistics().tasks_living
    return len(asyncio.all_tasks())


def failure(kind: str, *steps: Step, **options: Any) -> tuple[type[TransportError], str, str]:
    """Return the class, the reason and the message of the error of the last request."""
    with pytest.raises(TransportError) as caught:
        exchange(kind, *steps, **options)
    return type(caught.value), caught.value.reason, str(caught.value)


def get(server: Server, target: str = "/v2/x?q=1", **headers: str) -> Request:
    return Request("GET", server.url + target, headers)


def post(server: Server, body: bytes = b"{}") -> Request:
    return Request("POST", f"{server.url}/v2/x?q=1", (), body)


class AfterStep(trio.abc.Instrument):
    """Makes a call once the task that made it has run for that many steps."""

    def __init__(self, number: int, call: Callable[[], None]) -> None:
        self.left = number
        self.call = call
        self.task = trio.lowlevel.current_task()

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        if task is self.task:
            self.left -= 1
            if self.left == 0:
                self.call()

    def __enter__(self) -> "AfterStep":
        trio.lowlevel.add_instrument(self)
        return self

    def __exit__(self, *error: object) -> None:
        trio.lowlevel.remove_instrument(self)


def run_python(source: str, *arguments: str, cwd: Path | None = None) -> Any:
    """Run a program in another interpreter, with the default warnings."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    environment.pop("PYTHONWARNINGS", None)
    return subprocess.run(
        [sys.executable, "-c", source, *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
