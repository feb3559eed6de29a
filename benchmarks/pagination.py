"""Listing 2,000 bookings, 50 a page, from a server that takes 50 ms for a page.

Ours requests 8 pages concurrently; the peer requests one after another, as its user would write it.
The floor is the latency of all pages divided by the concurrency. No client reaches it, since the
first page is requested alone: it holds the total.
Memory is the peak of one iteration, without the uids it keeps to yield each booking once.
The server does not wait while memory is measured.
"""

from functools import partial

from benchmarks import paging
from benchmarks.getting import HEADERS
from benchmarks.table import named
from benchmarks.turns import Subject, Turns, repeat

PAGES = paging.BOOKINGS // paging.TAKE


def ours(turns: Turns, url: str, read_list: paging.ReadList) -> None:
    read_list(f"{url}/0/{paging.BOOKINGS}", paging.AT_ONCE)  # warm up
    where = f"{url}/{paging.DELAY}/{paging.BOOKINGS}"
    repeat(lambda: paging.seconds(read_list, where, paging.AT_ONCE))(turns, url)


def httpx2_pydantic(turns: Turns, url: str) -> None:
    import httpx2

    from benchmarks.peer_models import GetBookingsOutput

    def read_list(delay: int) -> None:
        counted, more = 0, True
        where = f"{url}/{delay}/{paging.BOOKINGS}/v2/bookings"
        with httpx2.Client(headers=HEADERS) as client:
            while more:
                query = {"status": "past", "take": paging.TAKE, "skip": counted}
                response = client.get(where, params=query).raise_for_status()
                page = GetBookingsOutput.model_validate(response.json())
                counted += len(page.data)
                more = page.pagination.has_next_page
        assert counted == paging.BOOKINGS, counted

    read_list(0)
    repeat(partial(read_list, paging.DELAY))(turns, url)


def latency(turns: Turns, _: str) -> None:
    for turn in turns:
        turn.report(wall=paging.DELAY / 1_000 * PAGES / paging.AT_ONCE)


def peak(turns: Turns, url: str, read_list: paging.ReadList, held: int) -> None:
    read_list(f"{url}/0/{paging.BOOKINGS}", paging.AT_ONCE)
    for turn in turns:
        most = paging.peak(read_list, url, paging.AT_ONCE, held)
        turn.report(rest=float(most - paging.size_of_uids(held)))


SUBJECTS: dict[str, Subject] = {
    **{
        named("ours", name): partial(ours, read_list=read_list)
        for name, read_list in paging.CLIENTS.items()
    },
    "httpx2, in turn": httpx2_pydantic,
    "latency": latency,
    **{
        named(f"{held:,}", name): partial(peak, read_list=read_list, held=held)
        for name, read_list in paging.CLIENTS.items()
        for held in (paging.BOOKINGS, paging.MANY_BOOKINGS)
    },
}
