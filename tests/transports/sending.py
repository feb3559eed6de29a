"""Requests sent through either network transport, and what came of them."""

from collections.abc import Callable
from typing import Any

import pytest
import trio
from server import OK as OK
from server import OK_RESPONSE as OK_RESPONSE
from server import Server

from calcom_core.errors import TransportError
from calcom_core.http import Request, Response, Timeout
from calcom_transports.trio import TrioTransport
from calcom_transports.urllib3 import Urllib3Transport

UNTOUCHED = "nothing was sent, a retry is safe"
NOTHING_SENT = "nothing was sent"
UNKNOWN = "it may have been executed, look before repeating a write"

both = pytest.mark.parametrize("kind", ["urllib3", "trio"])

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

    async def run() -> None:
        async with TrioTransport(**options) as transport:
            for step in steps:
                if isinstance(step, Request):
                    responses.append(await transport.send(step, within))
                else:
                    step()

    trio.run(run)
    return responses


def failure(kind: str, *steps: Step, **options: Any) -> tuple[type[TransportError], str, str]:
    """Return the class, the reason and the message of the error that the last request ends in."""
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
