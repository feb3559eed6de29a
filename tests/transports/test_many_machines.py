"""The example of many machines in the README: workers that are killed miss and repeat nothing."""

import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Lock
from typing import Any

import pyarrow
import pytest
from attrs import define, field
from changing_server import ChangingServer, many
from distributed import Client as Dask
from distributed import LocalCluster
from pyarrow import parquet
from server import Peer, Server

from calcom_core import Request

README = Path(__file__).parents[2] / "calcom_transports" / "README.md"
ACCOUNTS = ["A", "B", "C", "D", "E", "F"]


@define
class Platform:
    """Serves the bookings of each account, by its key; may kill the workers within a page."""

    accounts: dict[str, ChangingServer] = field(factory=dict)
    kills: list[int] = field(factory=list)
    lock: Any = field(factory=Lock)

    def serve(self, peer: Peer) -> None:
        while request := peer.request().decode():
            _, path, _ = request.partition("\r\n")[0].split(" ")
            [account] = re.findall(r"\r\nauthorization: Bearer cal_test_(\w)", request, re.I)
            with self.lock:
                server = self.accounts[account]
                response = server.respond(Request("GET", f"{peer.server.url}{path}"))
                if account == "B" and len(server.requests) == 2:
                    while self.kills:
                        os.kill(self.kills.pop(), signal.SIGKILL)
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(response.body)}\r\n"
            fields = [f"{name}: {value}\r\n" for name, value in response.headers]
            peer.send((head + "".join(fields) + "\r\n").encode() + response.body)


@pytest.fixture
def sync(tmp_path: Path) -> Callable[[str], int]:
    """Return the function of the README."""
    [block] = re.findall(
        r"^```python\n([^`]*from distributed.*?)^```$", README.read_text(), re.M | re.S
    )
    names: dict[str, Any] = {"__name__": "readme"}
    exec(compile(block, "README.md", "exec"), names)
    names["FOLDER"] = tmp_path
    found: Callable[[str], int] = names["sync"]
    return found


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    platform = Platform({account: many(250) for account in ACCOUNTS})
    with Server(platform.serve) as server:
        monkeypatch.setenv("CALCOM_BASE_URL", server.url)
        for account in ACCOUNTS:
            monkeypatch.setenv(f"CALCOM_API_KEY_{account}", f"cal_test_{account}")
        yield platform


def table(folder: Path) -> Any:
    """Return the rows of an account."""
    files = sorted(folder.glob("*.parquet"))
    tables = [parquet.read_table(file) for file in files]
    return pyarrow.concat_tables(tables, promote_options="default")


@pytest.mark.exhaustive
def test_workers_that_are_killed_go_on_where_the_sync_stood(
    sync: Callable[[str], int], platform: Platform, tmp_path: Path
) -> None:
    with (
        LocalCluster(n_workers=2, threads_per_worker=2, dashboard_address="127.0.0.1:0") as cluster,
        Dask(cluster) as workers,
    ):
        platform.kills = list(workers.run(os.getpid).values())
        assert len(platform.kills) == 2
        workers.gather(workers.map(sync, ACCOUNTS, pure=False))
        assert platform.kills == []
        platform.accounts["C"].write("b7", "cancelled")
        platform.accounts["C"].pass_time(1)
        again = workers.gather(workers.map(sync, ACCOUNTS, pure=False))

    assert again == [0, 0, 1, 0, 0, 0]
    for account in ACCOUNTS:
        found = table(tmp_path / account).column("uid").to_pylist()
        assert found == [f"b{number}" for number in range(250)] + ["b7"] * (account == "C")
    # B was killed within its second page: it goes on a minute before the end of its first.
    first = [each.get("afterUpdatedAt") for each in platform.accounts["B"].requests[:3]]
    assert first == [None, "2026-11-27T09:01:39Z", "2026-11-27T09:00:39Z"]
