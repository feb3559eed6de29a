"""A demo on recorded exchanges, or with a key the list of your own upcoming bookings.

`python -m calcom_transports [--cassette FILE]` needs no account: it replays a cassette,
blocking, under asyncio and under trio, and prints each call with its result.
"""

import argparse
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from attrs import frozen

from calcom_core import bookings, slots
from calcom_core.api import Anonymous, Api
from calcom_core.effects import Stream, emit
from calcom_core.errors import ApiError, CalcomError
from calcom_core.model.booking import Booking, NewHost
from calcom_core.model.inputs import NewAttendee, NewBooking
from calcom_core.model.page import OffsetPagination
from calcom_core.model.slot import Slots
from calcom_core.operation import Operation, Page
from calcom_core.retry import NO_RETRY, retrying
from calcom_transports import environment
from calcom_transports.cassette import load
from calcom_transports.client import Client
from calcom_transports.interpreter import iterate
from calcom_transports.replay import Replay

DEMO_CASSETTE = Path(__file__).with_name("cassettes") / "demo.json"


@frozen
class Step:
    """A step of the demo: its title, its operation, and whether an error is expected.

    Without an operation, it requests the page after the last result.
    """

    title: str
    operation: Operation[Any] | None
    expects_error: bool = False


def _new(start: str, event_type_id: int, name: str, **more: Any) -> NewBooking:
    email = f"{name.partition(' ')[0].lower()}@example.com"
    attendee = NewAttendee(name=name, email=email, time_zone="Europe/Rome", language="en")
    return NewBooking(start=start, event_type_id=event_type_id, attendee=attendee, **more)


_SEATS = "bbAtPsDZCjj2urZUam1Ajs"
_ROUND_ROBIN = "r3kusHBjUmkz7hpL6Bj24B"

STEPS = (
    Step(
        "look for free slots",
        slots.list(
            event_type_id=1,
            start="2027-04-05T00:00:00Z",
            end="2027-04-07T00:00:00Z",
            time_zone="Europe/Rome",
        ),
    ),
    Step(
        "book",
        bookings.create(
            _new(
                "2027-04-05T09:00:00Z",
                1,
                "John Doe",
                guests=["grace@example.com"],
                metadata={"order": "A-1001"},
            )
        ),
    ),
    Step("get it", bookings.get("9dfkso7iDs9uZtHquD1zR1")),
    Step(
        "reschedule it",
        bookings.reschedule(
            "9dfkso7iDs9uZtHquD1zR1",
            {
                "start": "2027-04-05T10:00:00Z",
                "rescheduling_reason": "Client needs a later hour",
            },
        ),
    ),
    Step("request a booking", bookings.create(_new("2027-04-06T09:00:00Z", 2, "Jane Roe"))),
    Step("confirm it", bookings.confirm("kE4T8SRpf2vfMVk29awzEh")),
    Step("request another", bookings.create(_new("2027-04-06T11:00:00Z", 2, "Jim Poe"))),
    Step(
        "decline that one",
        bookings.decline("ngMNiXMW8z6bkTpcfyrv9h", reason="Host has to take another call"),
    ),
    Step("take a seat", bookings.create(_new("2027-04-07T09:00:00Z", 4, "Ann"))),
    Step("take a second seat", bookings.create(_new("2027-04-07T09:00:00Z", 4, "Ben"))),
    Step("get the seated booking", bookings.get(_SEATS)),
    Step(
        "cancel one seat of it",
        bookings.cancel_seat(_SEATS, "4188400b-45b0-41a7-8f54-9a613749c5da", reason="Ben is ill"),
    ),
    Step("see who is left", bookings.get(_SEATS)),
    Step("book a series", bookings.create(_new("2027-04-08T09:00:00Z", 3, "Rita"))),
    Step("get the series", bookings.get("25deb8d1-16be-464e-9bf2-69a7b0a82c34")),
    Step("book a team", bookings.create(_new("2027-04-09T09:00:00Z", 13, "Rob"))),
    Step("reassign it", bookings.reassign(_ROUND_ROBIN)),
    Step(
        "reassign it to a user",
        bookings.reassign_to_user(_ROUND_ROBIN, 1, reason="Host has to take another call"),
    ),
    Step(
        "mark an attendee absent",
        bookings.mark_absent(
            "93y9xEmWi7p3YMne43o9Xe", attendees=[{"email": "john@example.com", "absent": True}]
        ),
    ),
    Step("list a page", bookings.list(status="upcoming", take=3, skip=0, sort_start="asc")),
    Step("list the next page", None),
    Step(
        "book a taken slot",
        bookings.create(_new("2027-04-05T09:00:00Z", 1, "Late Comer")),
        expects_error=True,
    ),
    Step("get a missing booking", bookings.get("no-such-booking"), expects_error=True),
)


def describe(value: Any) -> Iterable[str]:
    """Yield lines about the result of a call."""
    match value:
        case Booking():
            who = ", ".join(
                (attendee.name or attendee.email or "somebody")
                + (" (absent)" if attendee.absent else "")
                for attendee in value.attendees
            )
            yield (
                f"{value.start:%Y-%m-%d %H:%M} {value.status:9} {value.title} "
                f"[{value.shape.value}; {who or 'nobody'}]"
            )
        case tuple():
            yield f"{len(value)} bookings"
            for item in value:
                yield from describe(item)
        case Page():
            pagination, summary = value.pagination, f"a page of {len(value.items)} bookings"
            if isinstance(pagination, OffsetPagination):
                summary = f"page {pagination.current_page} of {pagination.total_pages}"
                summary = f"{summary}, {pagination.total_items} bookings"
            yield f"{summary}, {'there is a next page' if value.next else 'the last page'}"
            for item in value.items:
                yield from describe(item)
        case Slots():
            free = value.in_order
            yield f"{len(free)} slots on {len(value)} days"
            for slot in free[:1]:
                yield f"{slot.start:%Y-%m-%d %H:%M %z} is the first"
        case _:  # a Reassignment, the only other result of the steps
            host = value.reassigned_to or NewHost()
            yield f"now with {host.name} (user {host.id})"


def _printable(line: str) -> str:
    """Replace control characters, which could control the terminal: anyone may write a title."""
    return "".join(character if character.isprintable() else "\ufffd" for character in line)


class DemoFailed(CalcomError):
    """A step of the demo had another result than recorded."""


def demo(api: Api) -> Stream[str]:
    """Run the steps; emits a line for each call, and lines for its result.

    Like every program, it runs blocking, under asyncio and under trio, on a replay or a network.
    """
    result: Any = None
    for number, step in enumerate(STEPS, 1):
        operation = step.operation or result.next
        if operation is None:
            raise DemoFailed(f"step {number} ({step.title}): the page before is the last one")
        yield from emit(
            f"{number:2}. {step.title}: {operation.name}  {operation.method} {operation.path}"
        )
        try:
            result = yield from retrying(api, operation, NO_RETRY)  # as recorded
        except CalcomError as error:
            if not step.expects_error or not isinstance(error, ApiError):
                raise DemoFailed(f"step {number} ({step.title}): {error}") from error
            yield from emit(f"      {type(error).__name__}: {error.status} {error.message}")
        else:
            for line in describe(result):
                yield from emit(f"      {_printable(line)}")


def play(cassette: Path) -> None:
    """Play the demo from a cassette: blocking, under asyncio and under trio."""
    import asyncio

    import trio

    from calcom_transports.asyncio_runtime import iterate_asyncio
    from calcom_transports.trio_runtime import iterate_trio

    recorded = load(cassette)
    api = Api(Anonymous())
    print(
        f"{len(STEPS)} calls, played from {cassette.name}: recorded responses of a real "
        "Cal.com server.\nWith CALCOM_API_KEY set, this lists your own upcoming "
        "bookings instead.\n\nBlocking:"
    )
    blocking: list[str] = []
    with Replay(recorded) as replay:
        for line in iterate(demo(api), replay):
            print(line)
            blocking.append(line)

    async def under_asyncio() -> list[str]:
        with Replay(recorded) as replay:
            return [line async for line in iterate_asyncio(demo(api), replay)]

    async def under_trio() -> list[str]:
        with Replay(recorded) as replay:
            return [line async for line in iterate_trio(demo(api), replay)]

    print()
    lines = {"asyncio": asyncio.run(under_asyncio()), "trio": trio.run(under_trio)}
    for library, found in lines.items():
        same = "the same" if found == blocking else "NOT the same"
        print(f"Under {library}: the same program gave {same} {len(blocking)} lines.")


def list_upcoming() -> None:
    """List the upcoming bookings of the account whose key is in the environment."""
    with Client() as client:
        page = client.bookings.list(status="upcoming", sort_start="asc", take=20)
    for line in describe(page):
        print(_printable(line))


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m calcom_transports", description=__doc__)
    parser.add_argument(
        "--cassette", type=Path, metavar="FILE", help="play this cassette, even if a key is set"
    )
    options = parser.parse_args(arguments)
    # A title may hold characters that the encoding of the terminal lacks.
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]  # pyright: ignore[reportAttributeAccessIssue]
    sys.stderr.reconfigure(errors="replace")  # type: ignore[union-attr]  # pyright: ignore[reportAttributeAccessIssue]
    try:
        if options.cassette is None and environment.api_key() is not None:
            list_upcoming()
        else:
            play(options.cassette or DEMO_CASSETTE)
    except CalcomError as error:
        print(f"calcom_transports: {error}", file=sys.stderr)
        return 1
    except ImportError as error:
        needs = "this needs pip install 'calcom-bookings[all]'"
        print(f"calcom_transports: {needs} ({error})", file=sys.stderr)
        return 1
    except BrokenPipeError:  # pragma: no cover - tested in a process of its own
        # As by `| head`; flushing the rest of the buffer at exit must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
