"""A workflow of Temporal that runs a program of the core; its sandbox imports this module."""

from datetime import timedelta
from typing import TypeVar, cast

from temporalio import workflow

from calcom_core import Anonymous, Api, Program, bookings, retrying
from calcom_core.effects import Clock, Send, Sleep
from calcom_core.execution import Execution, Returned
from calcom_core.http import Response
from calcom_core.json_values import from_json, to_json

T = TypeVar("T")


def book(api: Api, email: str) -> Program[str]:
    """Create a booking and read it."""
    attendee = {"name": "Ann", "email": email, "time_zone": "Europe/Rome"}
    new = {"event_type_id": 13, "start": "2027-12-16T09:00:00Z", "attendee": attendee}
    booking = yield from retrying(api, bookings.create_one(new))  # type: ignore[arg-type]
    read = yield from retrying(api, bookings.get_one(booking.uid))
    return f"{read.uid} {read.start:%H:%M}"


async def run_program(program: Program[T]) -> T:
    """Run a program: a request is an activity, sleeps and the clock are those of the workflow."""
    execution = Execution(program)
    outcome: object = None
    while not isinstance(step := execution.resume(outcome), Returned):
        match step:
            case Send():
                stored = await workflow.execute_activity(
                    "exchange",
                    to_json(step.request),
                    start_to_close_timeout=timedelta(seconds=60),
                    result_type=dict,
                )
                outcome = from_json(Response, stored)
            case Sleep():
                outcome = await workflow.sleep(step.seconds)
            case Clock():
                outcome = workflow.time()
            case _:
                raise AssertionError(step)
    return cast(T, step.value)


@workflow.defn(name="Book")
class Book:
    """Books; a replay does not compare results, so the workflow compares its own."""

    @workflow.run
    async def run(self, email: str, expected: str) -> str:
        found = await run_program(book(Api(Anonymous()), email))
        if found != expected:
            raise AssertionError(f"{found} instead of {expected}")
        return found
