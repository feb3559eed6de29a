"""Programs as workflows of DBOS on SQLite: killed at any point, they book once and store no key."""

import importlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import Any

import pytest
from attrs import define, field
from core_recorded import RECORDED
from server import Peer, Server

pytest.importorskip("dbos")
pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # of DBOS and SQLAlchemy
    pytest.mark.skipif(
        sys.version_info >= (3, 12) and sqlite3.sqlite_version_info < (3, 42),
        reason="on Python 3.12 and newer DBOS needs SQLite 3.42",
    ),
]

from dbos import DBOS  # noqa: E402

from calcom_core import (  # noqa: E402
    Api,
    ApiKey,
    BadRequest,
    InvalidInput,
    NotSent,
    OutcomeUnknown,
    Program,
    Request,
    Response,
    Timeout,
    bookings,
    responses,
    retrying,
)
from calcom_core.effects import clock, emit, gather, send, sleep  # noqa: E402
from calcom_transports.durable import run_durable  # noqa: E402

APP = Path(__file__).with_name("durable_app.py")
NAMES = [f"order-{number}" for number in range(30)]
KEY = b"cal_live_s3cr3ts3cr3ts3cr3t"
LIKE = RECORDED["29-get-normal"]["response"]["body"]["data"]


@define
class Cal:
    """Books each POST and lists the bookings; with *kills* it responds to no POST.

    It kills that process as soon as every workflow has booked.
    """

    booked: list[dict[str, Any]] = field(factory=list)
    kills: subprocess.Popen[str] | None = None
    lock: Any = field(factory=Lock)

    def serve(self, peer: Peer) -> None:
        while request := peer.request():
            if request.startswith(b"POST"):
                sent = json.loads(request.partition(b"\r\n\r\n")[2])
                with self.lock:
                    number = len(self.booked)
                    changes = {"metadata": sent["metadata"], "start": "2027-12-16T09:00:00.000Z"}
                    self.booked.append({**LIKE, "uid": f"booked{number}", **changes})
                body: dict[str, Any] = {"data": self.booked[number]}
                if self.kills is not None:
                    if number == len(NAMES) - 1:
                        self.kills.send_signal(signal.SIGKILL)
                    peer.stall()
                    return
            else:
                body = {"data": self.booked, "pagination": pagination(len(self.booked))}
            content = json.dumps({"status": "success", **body}).encode()
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(content)}\r\n\r\n"
            peer.send(head.encode() + content)


def pagination(count: int) -> dict[str, Any]:
    return {
        "totalItems": count,
        "itemsPerPage": 100,
        "returnedItems": count,
        "remainingItems": 0,
        "totalPages": 1,
        "currentPage": 1,
        "hasNextPage": False,
        "hasPreviousPage": False,
    }


def start(url: str, database: Path, when: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", str(APP), url, str(database), when],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(APP.parent.parent.parent)},
    )


@pytest.mark.exhaustive
@pytest.mark.parametrize("when", ["before", "within", "after"])
def test_30_programs_killed_around_their_post_book_once(when: str, tmp_path: Path) -> None:
    cal = Cal()
    database = tmp_path / "durable.sqlite"
    with Server(cal.serve) as server:
        first = start(server.url, database, when)
        cal.kills = first if when == "within" else None
        _, err = first.communicate(timeout=60)
        assert first.returncode == -signal.SIGKILL, err
        assert len(cal.booked) == (0 if when == "before" else len(NAMES))
        cal.kills = None

        second = start(server.url, database, "recover")
        out, err = second.communicate(timeout=120)

    uids = {booking["metadata"]["create_once_key"]: booking["uid"] for booking in cal.booked}
    assert out.split() == [uids[name] for name in NAMES], err
    assert len(cal.booked) == len(NAMES)
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert len(stored) > 1000
    assert KEY not in stored


# In one process.


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    database = tmp_path_factory.mktemp("dbos") / "dbos.sqlite"
    DBOS(
        config={
            "name": "calcom-test",
            "system_database_url": f"sqlite:///{database}",
            "run_admin_server": False,
            "log_level": "CRITICAL",
        }  # type: ignore[typeddict-unknown-key]
    )
    DBOS.launch()
    yield database
    DBOS.destroy(destroy_registry=True)


@define
class Scripted:
    """Returns its outcomes in order, and records the requests."""

    outcomes: list[Response | Exception]
    sent: list[str] = field(factory=list)

    def send(self, request: Request, timeout: Timeout | None) -> Response:
        self.sent.append(f"{request.method} {request.url}")
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


API = Api(ApiKey(KEY.decode()))
GOOD = responses.booking()


def in_workflow(name: str, program: Any, transport: Any) -> Any:
    @DBOS.workflow(name=name)
    def work() -> Any:
        return run_durable(program(), transport)

    return work()


def steps() -> list[str]:
    [*_, last] = DBOS.list_workflows()
    return [step["function_name"] for step in DBOS.list_workflow_steps(last.workflow_id)]


def test_each_effect_is_a_step(engine: Path) -> None:
    transport = Scripted([GOOD, NotSent("down", reason="refused"), GOOD])

    def program() -> Program[list[str]]:
        began = yield from clock()
        assert began > 1e9
        found = yield from gather(
            [retrying(API, bookings.get_one("a")), retrying(API, bookings.confirm("b"))], limit=2
        )
        yield from sleep(0.0)
        return [booking.uid for booking in found]

    assert in_workflow("each", program, transport) == ["booking1", "booking1"]
    assert transport.sent == [
        "GET https://api.cal.com/v2/bookings/a",
        "POST https://api.cal.com/v2/bookings/b/confirm",
        "POST https://api.cal.com/v2/bookings/b/confirm",
    ]
    names = steps()
    assert names.count("calcom send") == 3
    assert names.count("calcom begin") == 2
    assert KEY not in b"".join(path.read_bytes() for path in engine.parent.iterdir())


def test_requests_without_an_operation_are_distinguished_by_their_method(engine: Path) -> None:
    transport = Scripted([GOOD, GOOD])
    headers = {"cal-api-version": "2024-08-13"}

    def program() -> Program[int]:
        for method in ("GET", "DELETE"):
            response = yield from send(Request(method, "https://api.cal.com/v2/x", headers))
        return response.status

    assert in_workflow("methods", program, transport) == 200
    assert steps().count("calcom begin") == 1


def test_a_write_that_an_earlier_run_began_is_not_sent(
    engine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = DBOS.run_step

    def step(options: Any, *args: Any) -> Any:
        found = real(options, *args)
        return "an earlier run" if options["name"] == "calcom begin" else found

    monkeypatch.setattr(DBOS, "run_step", step)
    transport = Scripted([])

    def program() -> Program[str]:
        try:
            yield from retrying(API, bookings.confirm("b"))
        except OutcomeUnknown as error:
            return f"{type(error.cause).__name__} {error.cause.reason}"
        raise AssertionError

    assert in_workflow("earlier", program, transport) == "NoAnswer interrupted"
    assert transport.sent == []


def test_errors_of_branches_close_the_others(engine: Path) -> None:
    transport = Scripted([responses.error(400, message="nonsense")])
    left = retrying(API, bookings.get_one("b"))

    def program() -> Program[str]:
        try:
            yield from gather([retrying(API, bookings.get_one("a")), left], limit=1)
        except BadRequest as error:
            return str(error.status)
        raise AssertionError

    assert in_workflow("branches", program, transport) == "400"
    assert left.gi_frame is None


def test_a_program_that_cannot_be_durable_is_refused(engine: Path) -> None:
    def program() -> Program[str]:
        yield from clock()
        return "x"

    with pytest.raises(InvalidInput, match="must run within a function with @DBOS"):
        run_durable(program(), Scripted([]))
    with pytest.raises(InvalidInput, match="emitted an item, so it is a stream"):
        in_workflow("stream", lambda: emit(5), Scripted([]))

    def invalid() -> Any:
        yield 5

    with pytest.raises(InvalidInput, match="yielded int, which is not an effect"):
        in_workflow("invalid", invalid, Scripted([]))


def test_the_error_for_a_missing_dbos_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "calcom_transports.durable")
    monkeypatch.setitem(sys.modules, "dbos", None)

    with pytest.raises(ImportError) as caught:
        importlib.import_module("calcom_transports.durable")

    message = "durable programs need DBOS: pip install 'calcom-bookings[durable]'"
    assert str(caught.value) == message
