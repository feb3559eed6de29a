"""Listing 2,000 bookings, 50 a page, from a server that takes 50 ms for a page.

Ours asks for 8 pages at once, and the peer for one after another, as its user would write it.
The floor is the latency of all pages, divided by how many are asked for at once; no walk reaches
it, since the first page comes alone and says how many there are.
Memory is the peak of a walk, without the uids that a walk keeps to show each booking once;
while it is measured the server does not wait.
"""

from functools import partial

from benchmarks import paging
from benchmarks.getting import HEADERS
from benchmarks.table import named
from benchmarks.turns import Subject, Turns, repeat

PAGES = paging.BOOKINGS // paging.TAKE


def ours(turns: Turns, url: str, walk: paging.Walk) -> None:
    walk(f"{url}/0/{paging.BOOKINGS}", paging.AT_ONCE)  # whatever is built once is built here
    where = f"{url}/{paging.DELAY}/{paging.BOOKINGS}"
    repeat(lambda: paging.seconds(walk, where, paging.AT_ONCE))(turns, url)


def httpx2_pydantic(turns: Turns, url: str) -> None:
    import httpx2

    from benchmarks.peer_models import GetBookingsOutput

    def walk(delay: int) -> None:
        counted, more = 0, True
        where = f"{url}/{delay}/{paging.BOOKINGS}/v2/bookings"
        with httpx2.Client(headers=HEADERS) as client:
            while more:
                query = {"status": "past", "take": paging.TAKE, "skip": counted}
                answer = client.get(where, params=query).raise_for_status()
                page = GetBookingsOutput.model_validate(answer.json())
                counted += len(page.data)
                more = page.pagination.has_next_page
        assert counted == paging.BOOKINGS, counted

    walk(0)
    repeat(partial(walk, paging.DELAY))(turns, url)


def latency(turns: Turns, _: str) -> None:
    for turn in turns:
        turn.report(wall=paging.DELAY / 1_000 * PAGES / paging.AT_ONCE)


def peak(turns: Turns, url: str, walk: paging.Walk, held: int) -> None:
    walk(f"{url}/0/{paging.BOOKINGS}", paging.AT_ONCE)
    for turn in turns:
        most = paging.peak(walk, url, paging.AT_ONCE, held)
        turn.report(rest=float(most - paging.size_of_uids(held)))


SUBJECTS: dict[str, Subject] = {
    **{named("ours", name): partial(ours, walk=walk) for name, walk in paging.CLIENTS.items()},
    "httpx2, in turn": httpx2_pydantic,
    "latency": latency,
    **{
        named(f"{held:,}", name): partial(peak, walk=walk, held=held)
        for name, walk in paging.CLIENTS.items()
        for held in (paging.BOOKINGS, paging.MANY_BOOKINGS)
    },
}
