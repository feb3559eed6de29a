"""The table of what is compared with what, and of what is wanted.

Time is CPU time where it is not said otherwise: a call over a socket also waits for the server,
which is the same for all and says nothing of a client.
Wall time stands beside it; nothing is wanted of it except where the wait itself is what counts.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from attrs import frozen

from benchmarks import server
from benchmarks.table import Line

BARE = "bare sockets"


def nowhere() -> AbstractContextManager[str]:
    """Stand in for a server where none is needed."""
    return nullcontext("")


@frozen
class Family:
    """Subjects that take turns, and the lines of the table that come of them.

    *seconds* is how long a turn should take; *turns* how many each subject takes at most in a run.
    """

    name: str
    module: str
    lines: tuple[Line, ...]
    server: Callable[[], AbstractContextManager[str]] = nowhere
    seconds: float = 0.1
    turns: int = 1_000

    @property
    def watched(self) -> bool:
        """Whether its server is watched, lest it be what is waited for."""
        return self.server is server.server

    @property
    def subjects(self) -> tuple[str, ...]:
        """The names of all subjects of its lines, each once, and of what watches the server."""
        names = [name for line in self.lines for name in (line.ours, line.peer, line.floor)]
        return tuple(dict.fromkeys([*filter(None, names), *([BARE] if self.watched else [])]))


def in_both_times(
    title: str,
    ours: str,
    floor: str,
    peers: dict[str, float],
    most_of_floor: float | None = None,
) -> tuple[Line, ...]:
    """Return the lines of CPU time, and those of wall time, of which nothing is wanted."""
    cpu = [
        Line(title, "cpu", ours, peer, floor, least=least, most_of_floor=most_of_floor)
        for peer, least in peers.items()
    ]
    return (*cpu, *(Line(title, "wall", ours, peer, floor) for peer in peers))


def getting_async(at_once: int) -> tuple[Line, ...]:
    peers = {"httpx + pydantic": 4.0, "httpcore2 + ours": 2.0, "aiohttp + ours": 1.0}
    suffix = f", {at_once} at once"
    return in_both_times(
        f"get one booking, async{suffix}",
        f"ours{suffix}",
        f"trio streams{suffix}",
        {f"{name}{suffix}": least for name, least in peers.items()},
    )


FAMILIES = (
    Family(
        "get",
        "getting",
        in_both_times(
            "get one booking, blocking",
            "ours",
            "urllib3 + json.loads",
            {"httpx + pydantic": 1.0, "requests + dict": 1.0},
            most_of_floor=1.3,
        ),
        server=server.server,
    ),
    Family("get-async", "getting_async", getting_async(1), server=server.server),
    Family("get-async-50", "getting_async", getting_async(50), server=server.server),
)
