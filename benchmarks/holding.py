"""The memory of 10,000 different bookings, without the rest of their responses.

`traced` is the memory that Python allocates. `resident` is the growth of the process, where the
system reports it; it also includes other allocations of a library, and is measured first.
"""

import gc
import json
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path

from benchmarks.data import pages_of_many
from benchmarks.turns import Subject, Turns

STATM = Path("/proc/self/statm")


def resident() -> int:
    """Return the resident bytes of this process, or 0 where the system does not report them."""
    if not STATM.exists():
        return 0
    return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def traced(read: Callable[[bytes], object], pages: list[bytes]) -> int:
    gc.collect()
    tracemalloc.start()
    held = [read(page) for page in pages]
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held
    return size


def grown(read: Callable[[bytes], object], pages: list[bytes]) -> int:
    gc.collect()
    before = resident()
    held = [read(page) for page in pages]
    gc.collect()
    size = resident() - before
    assert held
    return size


def holding(reader: Callable[[], Callable[[bytes], object]]) -> Subject:
    """Return a subject that measures once, since only the first time is in a fresh process."""

    def subject(turns: Turns, _: str) -> None:
        read, pages = reader(), pages_of_many()
        read(pages[0])  # warm up
        sizes = {"resident": grown(read, pages), "traced": traced(read, pages)}
        for turn in turns:
            turn.report(**sizes)

    return subject


def by_ours() -> Callable[[bytes], object]:
    from calcom_core import Response, bookings

    operation = bookings.list(take=100)
    return lambda page: operation.read(Response(200, (), page)).items


def by_pydantic() -> Callable[[bytes], object]:
    from benchmarks.peer_models import GetBookingsOutput

    return lambda page: GetBookingsOutput.model_validate(json.loads(page)).data


def by_pydantic_of_text() -> Callable[[bytes], object]:
    from benchmarks.peer_models import GetBookingsOutput

    return lambda page: GetBookingsOutput.model_validate_json(page).data


def by_json() -> Callable[[bytes], object]:
    return lambda page: json.loads(page)["data"]


SUBJECTS: dict[str, Subject] = {
    "ours": holding(by_ours),
    "pydantic": holding(by_pydantic),
    "pydantic of text": holding(by_pydantic_of_text),
    "dicts": holding(by_json),
}
