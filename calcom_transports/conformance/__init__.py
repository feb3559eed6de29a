"""What every transport must do, as cases that any transport can be run against.

A transport is an object with `send(request, timeout)`, blocking or async: see
`calcom_transports.Transport`. Its tests, with pytest:

    from calcom_transports.conformance import CASES, Case, check

    @pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
    def test_it_conforms(case: Case) -> None:
        check(case, MyTransport)

    @pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
    def test_it_conforms_under_tls(case: Case) -> None:
        check(case, lambda: MyTransport(trusting), tls=certified, untrusted=self_signed)

For an async one say in what it runs: `check(case, MyTransport, run=trio.run)`, or
`run=lambda function: asyncio.run(function())`.

A case is made of cells, up to some hundreds: each has a server of its own on the loopback
interface, a new transport, requests, and literally what must come of them.
In every cell a failure is `NotSent` or `NoAnswer`, `NotSent` only where the server saw nothing of
the request, no request is seen twice, and the connection of a failed one is closed.
"""

import ssl
import time
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

from attrs import field, frozen

from calcom_transports.conformance import asking, breaking, keeping, odd, reading
from calcom_transports.conformance.cells import Cell, Run, Trial, is_possible

__all__ = ["CASES", "Case", "NotConforming", "check"]

_AT_ONCE = 24
_GRACE = 2.0


@frozen
class Case:
    """One thing that a transport must do, and the cells that show whether it does."""

    name: str
    requirement: str
    cells: tuple[Cell, ...] = field(repr=False)


class NotConforming(AssertionError):
    """A transport does something else than it must; the message says where, what, and why."""


CASES = (
    Case(
        "requests",
        "A request leaves once, byte for byte as it was given, with Host and its length and "
        "nothing else that matters: what is changed is another request.",
        asking.REQUESTS,
    ),
    Case(
        "statuses",
        "An answer of any status is returned: what it means, and whether to ask again, is for "
        "others to decide.",
        asking.STATUSES,
    ),
    Case(
        "redirects",
        "No redirect is followed: credentials would go to where the answer says, and a write "
        "would be sent again.",
        asking.REDIRECTS,
    ),
    Case(
        "framings",
        "Every way to say where an answer ends is understood, so that no answer is cut, "
        "lengthened or waited for in vain.",
        reading.FRAMINGS,
    ),
    Case(
        "leftovers",
        "What comes after an answer never becomes the answer to another request: somebody would "
        "be told of what others did.",
        reading.LEFTOVERS,
    ),
    Case(
        "not-http",
        "What is not a complete answer of HTTP/1.1 is NoAnswer: a guess at what was meant may "
        "take a part for the whole.",
        odd.NOT_HTTP,
    ),
    Case(
        "bounds",
        "An answer without end, or of more than 64 MiB, also after decoding, is NoAnswer: it "
        "would fill the memory.",
        odd.BOUNDS,
    ),
    Case(
        "gzip",
        "A transport that asks for gzip decodes every member, and ignores other bytes after the "
        "last; a body that cannot be decoded is NoAnswer: no body is better than a wrong one.",
        reading.GZIP,
    ),
    Case(
        "broken-answers",
        "An answer that breaks off anywhere is NoAnswer: a part taken for the whole loses what "
        "is missing, and a second request may do twice what was done.",
        breaking.BROKEN_ANSWERS,
    ),
    Case(
        "broken-requests",
        "A request that breaks off once a byte of it may have left is NoAnswer, and is not sent "
        "again: it may have been carried out.",
        breaking.BROKEN_REQUESTS,
    ),
    Case(
        "time-limits",
        "Timeout.connect, read and total end what takes too long, however slowly it goes on: "
        "somebody is waiting.",
        breaking.TIME_LIMITS,
    ),
    Case(
        "not-sent",
        "What certainly did not leave is NotSent, and nothing is sent to a server that cannot be "
        "trusted: only then is it safe to send it again.",
        breaking.UNSENT,
    ),
    Case(
        "kept-connections",
        "A connection may be kept, but not beyond its end, nor is a request sent again that "
        "found it gone: it may have been carried out.",
        keeping.KEPT,
    ),
    Case(
        "early-answers",
        "An answer that comes before the whole request was read is an answer: it says why the "
        "rest is not wanted.",
        keeping.EARLY,
    ),
    Case(
        "at-once",
        "Requests made at once each get their own answer.",
        keeping.TOGETHER,
    ),
)
"""All cases; `check` runs one of them."""


def check(
    case: Case,
    make: Callable[[], Any],
    *,
    run: Run | None = None,
    tls: ssl.SSLContext | None = None,
    untrusted: ssl.SSLContext | None = None,
) -> int:
    """Run a case against a transport, and return the number of its cells.

    Args:
        case: one of `CASES`.
        make: makes a transport; called for each cell, and within *run* if there is one.
            What it makes is left by its context manager, or else by `aclose` or `close`, if it
            has any of these.
        run: runs an async function to its end, for a transport whose `send` is async: `trio.run`,
            or `lambda function: asyncio.run(function())`.
        tls: what a server on `localhost` speaks TLS with; then *make* makes transports that trust
            it, and everything is asked by `https://localhost`.
        untrusted: what a server on `localhost` speaks TLS with that no transport should trust, such
            as one with a certificate that it has signed itself. Without it nobody looks whether a
            transport verifies whom it sends to.

    Raises:
        NotConforming: the transport does something else than it must in a cell.
    """
    trials = [
        Trial(cell, make, run, tls, untrusted)
        for cell in case.cells
        if is_possible(cell, tls, untrusted)
    ]
    waiting = deque(trials)
    going: list[Trial] = []
    failed: list[Trial] = []
    over: SimpleQueue[Trial] = SimpleQueue()
    while going or (waiting and not failed):
        while waiting and not failed and len(going) < _AT_ONCE:
            going.append(waiting.popleft())
            going[-1].start(over.put)
        try:
            ended = [over.get(timeout=0.1)]
        except Empty:
            ended = _overdue(going)
        going = [trial for trial in going if trial not in ended]
        failed += [trial for trial in ended if trial.problem or trial.raised]
    if not failed:
        return len(trials)
    first = min(failed, key=trials.index)
    if first.raised and not first.problem:
        raise first.raised
    raise NotConforming(
        f"{case.name}: {first.cell.name}: expected {first.problem}. {case.requirement}"
    )


def _overdue(going: list[Trial]) -> list[Trial]:
    """End the connections of trials that take too long, and return those that hang even so."""
    now = time.monotonic()
    hanging = []
    for trial in going:
        if now > trial.due:
            if trial.given_up:
                hanging.append(trial)
            else:
                trial.give_up()
                trial.due = now + _GRACE
    return hanging
