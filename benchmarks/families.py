"""The table of comparisons and their targets.

Time is CPU time where nothing waits by itself: over a socket all subjects wait equally for the
server. Lists with a latency are measured by wall time.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from attrs import frozen

from benchmarks import paging, server
from benchmarks.data import SHAPES
from benchmarks.table import Line, named

BARE = "bare sockets"


def nowhere() -> AbstractContextManager[str]:
    """Stand in for a server."""
    return nullcontext("")


@frozen
class Family:
    """Subjects that take turns, and their lines of the table.

    *seconds* is the length of a turn, 0 for one call; *turns* is the most turns of a subject.
    """

    name: str
    module: str
    lines: tuple[Line, ...]
    server: Callable[[], AbstractContextManager[str]] = nowhere
    seconds: float = 0.1
    turns: int = 1_000

    @property
    def watched(self) -> bool:
        """Whether the speed of its server is checked."""
        return self.server is server.server

    @property
    def subjects(self) -> tuple[str, ...]:
        """The names of all its subjects, and of the one that checks the server."""
        names = [name for line in self.lines for name in (line.ours, line.peer, line.floor)]
        return tuple(dict.fromkeys([*filter(None, names), *([BARE] if self.watched else [])]))


def getting(
    title: str,
    ours: str,
    peers: dict[str, float],
    floor: str | None = None,
    most_of_floor: float | None = None,
) -> tuple[Line, ...]:
    """Return a line for each peer, with how many times its CPU time must be ours."""
    return tuple(
        Line(title, "cpu", ours, peer, floor, least=least, most_of_floor=most_of_floor)
        for peer, least in peers.items()
    )


def getting_trio(at_once: int) -> tuple[Line, ...]:
    peers = {"httpx2 + pydantic, trio": 1.9 if at_once > 1 else 1.6, "httpcore2 + ours": 1.0}
    return getting(
        f"get one booking, trio, {at_once} at once",
        named("ours, trio", at_once),
        {named(name, at_once): least for name, least in peers.items()},
        named("trio streams", at_once),
    )


def getting_asyncio(at_once: int) -> tuple[Line, ...]:
    peers = {"aiohttp + ours": 0.87, "httpx2 + pydantic, asyncio": 2.0}
    return getting(
        f"get one booking, asyncio, {at_once} at once",
        named("ours, asyncio", at_once),
        {named(name, at_once): least for name, least in peers.items()},
    )


READING = (
    Line(
        "read a page of 100 bookings",
        "cpu",
        "ours/all shapes",
        "pydantic/all shapes",
        "json.loads/all shapes",
        least=1.5,
        most_of_floor=3.8,
    ),
    Line("read one booking", "cpu", "ours/one", "pydantic/one", "json.loads/one"),
    *(
        Line(
            f"read a page of 100, {shape}",
            "cpu",
            named("ours", shape),
            named("pydantic", shape),
            named("json.loads", shape),
            most_of_floor=4.5,
        )
        for shape in SHAPES
    ),
    Line("read 8 errors", "cpu", "ours/errors", floor="json.loads/errors", most_of_floor=3.0),
    Line(
        "read 28 deliveries of webhooks",
        "cpu",
        "ours/deliveries",
        floor="json.loads/deliveries",
        most_of_floor=4.0,
    ),
    Line(
        "verify and read 28 deliveries",
        "cpu",
        "ours/deliveries verified",
        floor="json.loads/deliveries",
    ),
)

BUILDING = (
    Line("build a request, get", "cpu", "get", most=15e-6),
    Line("build a request, create", "cpu", "create"),
    Line("build a request, full create", "cpu", "create, full", most=50e-6),
)

IMPORTING = (
    Line(
        "import calcom_core",
        "cpu",
        "calcom_core",
        "httpx2, pydantic",
        "attrs, cattrs",
        least=2.0,
        most_of_floor=2.5,
    ),
    Line(
        "import both clients",
        "cpu",
        "both clients",
        "httpx2, pydantic",
        "urllib3, trio, h11",
    ),
)

HOLDING = (
    Line("hold 10,000 bookings", "traced", "ours", "pydantic", "dicts", least=2.0),
    Line("hold 10,000 bookings", "traced", "ours", "pydantic of text"),
    Line("hold 10,000 bookings", "resident", "ours", "pydantic", "dicts"),
)

LISTING = tuple(
    Line(
        f"list 2,000 bookings, 50 ms a page, over {name}",
        "wall",
        named("ours", name),
        "httpx2, in turn",
        "latency",
        least=5.0,
    )
    for name in ("urllib3", "trio")
)

LIST_MEMORY = tuple(
    Line(
        f"memory of a list of 8,000 bookings, over {name}",
        "rest",
        named("8,000", name),
        floor=named("2,000", name),
        most_of_floor=1.1,
    )
    for name in ("urllib3", "trio")
)

REPLAYING = tuple(
    Line("replay an operation, of 10 recorded", "cpu", "ours", peer, "building, reading", least=10)
    for peer in ("VCR.py, JSON", "VCR.py, YAML")
)


FAMILIES = (
    Family(
        "get",
        "getting",
        getting(
            "get one booking, blocking",
            "ours",
            {"httpx2 + pydantic": 1.1, "requests + dict": 1.4},
            "urllib3 + json.loads",
            most_of_floor=1.35,
        ),
        server=server.server,
    ),
    Family("get-trio", "getting_async", getting_trio(1), server=server.server),
    Family("get-trio-50", "getting_async", getting_trio(50), server=server.server),
    Family("get-asyncio", "getting_async", getting_asyncio(1), server=server.server),
    Family("get-asyncio-50", "getting_async", getting_asyncio(50), server=server.server),
    Family("read", "reading", READING),
    Family("build", "building", BUILDING),
    Family("import", "importing", IMPORTING, seconds=0),
    Family("list", "pagination", LISTING, server=paging.server, seconds=0, turns=6),
    Family("list-memory", "pagination", LIST_MEMORY, server=paging.server, seconds=0, turns=4),
    Family("memory", "holding", HOLDING, seconds=0, turns=2),
    Family("replay", "replaying", REPLAYING),
)
