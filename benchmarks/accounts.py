"""A sync of 1,000 accounts with 500 bookings each: `.venv/bin/python -m benchmarks.accounts`.

The server takes 30 ms for a page of 100, and allows 120 requests a minute and key. Three ways read
all changes: tasks of trio, threads, and two workers of Dask, each in processes of their own.
Each is shown with its bounds: the latency of its requests at its concurrency, and the limit of each
key. `--quick` reads 20 accounts.
"""

import argparse
import resource
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from time import process_time

from attrs import frozen

from benchmarks.accounts_server import LATENCY, LIMIT, PERIOD, TAKE, counts, server
from benchmarks.running import process
from benchmarks.table import Measures
from benchmarks.turns import Subject, Turns
from calcom_core.sync import changes
from calcom_transports import AsyncClient, Client
from calcom_transports.urllib3 import Urllib3Transport

ACCOUNTS, QUICK = 1_000, 20
BOOKINGS = 500
TASKS, THREADS, WORKERS = 100, 32, 2
AT_ONCE = {"trio": TASKS, "threads": THREADS, "dask": THREADS}
"""How many accounts each way reads at once."""


def key_of(account: int) -> str:
    return f"cal_test_account{account:06}"


def usage() -> tuple[float, float]:
    """Return the CPU time of this process so far, in seconds, and its largest size, in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return process_time(), float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)


def measured(
    turns: Turns,
    url: str,
    sync: Callable[[str, range], int],
    processes: Callable[[], Iterable[tuple[float, float]]] = lambda: [usage()],
) -> None:
    """Sync as many accounts as a turn has calls; *processes* returns the usage of each process."""
    for turn in turns:
        before = sum(cpu for cpu, _ in processes())
        with turn:
            found = sync(url, range(turn.calls))
        assert found == turn.calls * BOOKINGS, found
        after, peak = map(sum, zip(*processes(), strict=True))
        turn.report(cpu=(after - before) / turn.calls, peak=peak)


def over_trio(url: str, accounts: range) -> int:
    import trio

    from calcom_transports.trio import TrioTransport

    left, found = iter(accounts), 0

    async def work(transport: TrioTransport) -> None:
        nonlocal found
        for account in left:
            client = AsyncClient(key_of(account), base_url=url, transport=transport)
            async for page in client.iterate(changes(client.api, take=TAKE)):
                found += len(page.bookings)

    async def run() -> None:
        transport = TrioTransport(max_connections=TASKS)
        async with transport, trio.open_nursery() as nursery:
            for _ in range(TASKS):
                nursery.start_soon(work, transport)

    trio.run(run)
    return found


@cache
def shared_transport() -> Urllib3Transport:
    """Return the transport that all threads of a process share."""
    return Urllib3Transport(max_connections=THREADS)


def sync_one(account: int, url: str) -> int:
    client = Client(key_of(account), base_url=url, transport=shared_transport())
    return sum(len(page.bookings) for page in client.iterate(changes(client.api, take=TAKE)))


def over_threads(url: str, accounts: range) -> int:
    with ThreadPoolExecutor(THREADS) as threads:
        return sum(threads.map(partial(sync_one, url=url), accounts))


def over_dask(turns: Turns, url: str) -> None:
    from distributed import Client as Dask
    from distributed import LocalCluster

    cluster = LocalCluster(
        n_workers=WORKERS,
        threads_per_worker=THREADS // WORKERS,
        dashboard_address="127.0.0.1:0",
    )
    with cluster, Dask(cluster) as workers:
        workers.wait_for_workers(WORKERS)

        def sync(url: str, accounts: range) -> int:
            return sum(workers.gather(workers.map(sync_one, accounts, url=url, pure=False)))

        measured(turns, url, sync, lambda: workers.run(usage).values())


SUBJECTS: dict[str, Subject] = {
    "trio": partial(measured, sync=over_trio),
    "threads": partial(measured, sync=over_threads),
    "dask": over_dask,
}


@frozen
class Row:
    """The outcome of one way."""

    subject: str
    accounts: int
    measures: Measures
    requests: int
    refused: int

    @property
    def cells(self) -> tuple[str, ...]:
        """The cells of the table, without units."""
        at_once = AT_ONCE[self.subject]
        latency = self.requests * LATENCY / min(at_once, self.accounts)
        windows = -(-self.requests // self.accounts // LIMIT)
        return (
            self.subject,
            f"{at_once}",
            f"{self.measures['wall'] * self.accounts:.1f} s",
            f"{self.measures['cpu'] * self.accounts:.1f} s",
            f"{self.requests:,}",
            f"{self.refused}",
            f"{self.measures['peak'] / 1e6:.0f} MB",
            f"{latency:.1f} s",
            f"{(windows - 1) * PERIOD:.0f} s",
        )


COLUMNS = (
    "over",
    "at once",
    "time",
    "CPU",
    "requests",
    "429",
    "memory",
    "by latency",
    "by limit",
)


def run(subject: str, accounts: int) -> Row:
    with server(BOOKINGS) as url, process("accounts", subject, url) as started:
        measures = started.turn(accounts)
        return Row(subject, accounts, measures, *counts(url))


def text(rows: Iterable[Row]) -> str:
    """Return the table."""
    lines = [COLUMNS, *[row.cells for row in rows]]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        for line in lines
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accounts", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few accounts: to check that it runs")
    accounts = QUICK if parser.parse_args().quick else ACCOUNTS
    print(f"{accounts:,} accounts with {BOOKINGS} bookings each, {TAKE} a page")
    print(text([run(subject, accounts) for subject in SUBJECTS]))


if __name__ == "__main__":
    main()
