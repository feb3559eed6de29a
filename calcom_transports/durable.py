"""Programs that outlive their process: each effect is a step of a DBOS workflow.

`run_durable` runs a program inside a workflow of DBOS, which stores the outcome of each step in a
database, SQLite by default. When a process is killed, DBOS runs the workflow again: steps that are
stored return what they returned, and the program goes on where it stood.

A write takes two steps: the first one stores who sends it, the second one sends it. Where another
run of the workflow had begun it and nothing is stored of its outcome, it may have happened: it is
not sent, and the program gets `NoAnswer` with the reason `interrupted`. So `create_once` looks for
its booking, and no write is ever sent twice.

Outcomes are stored as `calcom_core.json_values` writes them, without a credential. What the
workflow itself takes and returns is stored too: give it no key, but read that where it runs.
"""

import json
import time
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import uuid4

try:
    from dbos import DBOS
except ImportError as error:
    raise ImportError(
        "durable programs need DBOS: pip install 'calcom-bookings[durable]'"
    ) from error

from attrs import evolve, field, frozen

from calcom_core.effects import (
    Clock,
    Effect,
    Gather,
    Program,
    Send,
    Sleep,
    check_program,
    no_effect,
)
from calcom_core.errors import InvalidInput, NoAnswer, TransportError
from calcom_core.execution import Execution
from calcom_core.http import Response, Timeout, to_timeout
from calcom_core.json_values import from_json, to_json
from calcom_transports.interpreter import Transport, check_response, draw_seconds, timeout_for

T = TypeVar("T")

_READS = ("GET", "HEAD")


def run_durable(
    program: Program[T], transport: Transport, timeout: Timeout | float | None = None
) -> T:
    """Run a program within a workflow of DBOS, and return its result.

    The branches of a `Gather` run one after another, since a workflow must take the same steps in
    the same order each time. For the same reason its code must not depend on the time or on chance.

    Args:
        program: the program; its `Api` may hold a credential, which is not stored.
        transport: sends the requests; it blocks.
        timeout: for each `Send` that has none of its own.

    Raises:
        InvalidInput: outside a workflow, and for a stream.
        Exception: whatever the program raises; the program is closed in any case.
    """
    check_program(program)
    if DBOS.workflow_id is None:
        program.close()
        raise InvalidInput("program", "must run within a function with @DBOS.workflow()")
    execution: Execution[T] = Execution(program)
    performer = _Performer(execution, transport, to_timeout(timeout))
    return execution.finish(performer.perform, "client.iterate()")


def _step(name: str, function: Callable[..., Any], *args: object) -> Any:
    return DBOS.run_step({"name": f"calcom {name}"}, function, *args)


@frozen(eq=False)
class _Performer:
    """Performs the effects of one execution as steps; *run* identifies this run of the workflow."""

    execution: Execution[Any]
    transport: Transport
    timeout: Timeout | None
    run: str = field(factory=lambda: uuid4().hex)

    def perform(self, effect: Effect) -> object:
        """Perform one effect."""
        match effect:
            case Send():
                return self._sent(effect)
            case Sleep():
                DBOS.sleep(draw_seconds(effect))
                return None
            case Clock():
                # Of the day, since the clocks of two processes share no other.
                return _step("clock", time.time)
            case Gather():
                return self._gather(effect)
        raise no_effect(effect)

    def _sent(self, effect: Send) -> Response:
        operation = effect.operation
        is_read = operation.idempotent if operation else effect.request.method in _READS
        begun_by = self.run if is_read else _step("begin", lambda: self.run)
        stored = json.loads(_step("send", self._exchange, effect, begun_by))
        if stored["type"] == "failure":
            raise from_json(TransportError, stored)
        return from_json(Response, stored)

    def _exchange(self, effect: Send, begun_by: str) -> str:
        """Send a request, and return the JSON of its outcome."""
        try:
            if begun_by != self.run:
                raise NoAnswer(
                    "an earlier run of the workflow began to send this, and ended before it stored "
                    "the outcome",
                    reason="interrupted",
                )
            timeout = timeout_for(effect, self.timeout, self.transport)
            outcome = to_json(check_response(self.transport.send(effect.request, timeout)))
        except TransportError as error:
            outcome = to_json(error)
        return json.dumps(outcome)

    def _gather(self, effect: Gather) -> tuple[object, ...]:
        try:
            return tuple(
                [
                    branch.finish(evolve(self, execution=branch).perform)
                    for branch in self.execution.branches(effect)
                ]
            )
        finally:
            for program in effect.programs:  # those after one that failed
                program.close()
