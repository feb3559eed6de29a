"""The core runs within the workflow sandbox of Temporal, which imports it anew; no engine runs."""

import asyncio
import json
from base64 import b64encode
from typing import Any

from attrs import define, field
from temporal_workflow import Book
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from calcom_core import Response, responses
from calcom_core.json_values import to_json


def payloads(*values: object) -> dict[str, Any]:
    """Return values as Temporal stores them."""
    encoding = b64encode(b"json/plain").decode()
    return {
        "payloads": [
            {
                "metadata": {"encoding": encoding},
                "data": b64encode(json.dumps(value).encode()).decode(),
            }
            for value in values
        ]
    }


@define
class History:
    """The events of a workflow, as an engine would store them."""

    events: list[dict[str, Any]] = field(factory=list)

    def add(self, kind: str, **attributes: object) -> str:
        """Append an event and return its id."""
        number = len(self.events) + 1
        first, *others = kind.lower().split("_")
        name = first + "".join(map(str.title, others)) + "EventAttributes"
        self.events.append(
            {
                "eventId": str(number),
                "eventTime": f"2026-11-27T10:00:{number:02d}Z",
                "eventType": f"EVENT_TYPE_{kind}",
                name: attributes,
            }
        )
        return str(number)

    def task(self) -> str:
        """Append a workflow task that is complete, and return the id of its end."""
        queue = {"name": "calcom"}
        scheduled = self.add("WORKFLOW_TASK_SCHEDULED", taskQueue=queue, attempt=1)
        started = self.add("WORKFLOW_TASK_STARTED", scheduledEventId=scheduled, requestId="1")
        ids = {"scheduledEventId": scheduled, "startedEventId": started}
        return self.add("WORKFLOW_TASK_COMPLETED", **ids)

    def exchange(self, number: int, response: Response) -> None:
        """Append an activity with the response to a request."""
        scheduled = self.add(
            "ACTIVITY_TASK_SCHEDULED",
            activityId=str(number),
            activityType={"name": "exchange"},
            taskQueue={"name": "calcom"},
            startToCloseTimeout="60s",
            workflowTaskCompletedEventId=self.task(),
        )
        started = self.add("ACTIVITY_TASK_STARTED", scheduledEventId=scheduled)
        ids = {"scheduledEventId": scheduled, "startedEventId": started}
        self.add("ACTIVITY_TASK_COMPLETED", **ids, result=payloads(to_json(response)))

    def timer(self, number: int, seconds: float) -> None:
        """Append a sleep."""
        started = self.add(
            "TIMER_STARTED",
            timerId=str(number),
            startToFireTimeout=f"{seconds}s",
            workflowTaskCompletedEventId=self.task(),
        )
        self.add("TIMER_FIRED", timerId=str(number), startedEventId=started)


def history(expected: str) -> History:
    """Return the history of a workflow that books, is refused once, and reads the booking."""
    made = History()
    made.add(
        "WORKFLOW_EXECUTION_STARTED",
        workflowType={"name": "Book"},
        taskQueue={"name": "calcom"},
        input=payloads("ann@example.net", expected),
        originalExecutionRunId="run-1",
        firstExecutionRunId="run-1",
        attempt=1,
        workflowTaskTimeout="10s",
    )
    booked = responses.booking(uid="bk7", start="2027-12-16T09:00:00Z")
    made.exchange(1, booked)
    made.exchange(2, responses.error(503, "busy"))
    made.timer(1, 0.5)
    made.exchange(3, booked)
    made.add(
        "WORKFLOW_EXECUTION_COMPLETED",
        workflowTaskCompletedEventId=made.task(),
        result=payloads(expected),
    )
    return made


def replayed(made: History) -> Exception | None:
    """Replay a history in the sandbox, which passes no module of this project through."""
    restrictions = SandboxRestrictions.default
    assert not {name for name in restrictions.passthrough_modules if "calcom" in name}
    runner = SandboxedWorkflowRunner(restrictions=restrictions)

    async def run() -> Exception | None:
        replayer = Replayer(workflows=[Book], workflow_runner=runner)
        stored = WorkflowHistory.from_json("book 1", {"events": made.events})
        done = await replayer.replay_workflow(stored, raise_on_replay_failure=False)
        return done.replay_failure

    return asyncio.run(run())


def test_a_program_of_the_core_is_replayed_within_the_sandbox() -> None:
    assert replayed(history("bk7 09:00")) is None


def test_a_replay_in_the_sandbox_runs_the_program_to_its_end() -> None:
    assert "bk7 09:00 instead of bk8 10:00" in str(replayed(history("bk8 10:00")))
