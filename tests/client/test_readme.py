"""The READMEs are true: their code runs, and their tables and links match the code."""

import json
import logging
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from functools import partial
from inspect import signature
from io import BytesIO
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest
from core_recorded import response_of
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from operations_table import MARKED, operations_table
from server import Peer, Server
from starlette.testclient import TestClient

from calcom_core import (
    NoAnswer,
    Operation,
    Request,
    Response,
    RetryPolicy,
    Timeout,
    bookings,
    responses,
)
from calcom_core.routes import ROUTES
from calcom_core.webhooks import sign
from calcom_transports import Client

ROOT = Path(__file__).parent.parent.parent
PAGES = {
    page: (ROOT / page).read_text(encoding="utf-8")
    for page in (
        "README.md",
        "calcom_core/README.md",
        "calcom_transports/README.md",
        "tests/README.md",
        "benchmarks/README.md",
        ".github/CONTRIBUTING.md",
        ".github/SECURITY.md",
    )
}
BLOCKS = {
    f"{page}, {number}": block
    for page, text in PAGES.items()
    for number, block in enumerate(
        re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    )
}
UPCOMING = (
    "2026-12-12 09:00:00+00:00 Normal between Alice Host and Ann Attendee{}\n"
    "2026-12-14 09:00:00+00:00 Recurring between Alice Host and Ann Attendee{}\n"
    "2026-12-15 09:00:00+00:00 Seated between Alice Host and Ann Attendee{}\n"
)
NORMAL = "Normal between Alice Host and Ann Attendee\n"
TWO_TITLES = (
    "['Normal between Alice Host and Ann Attendee', "
    "'Recurring between Alice Host and Ann Attendee']\n"
)
# The output of each block; blocks of tests and the webhook receiver also run further below.
OUTPUT = {
    "README.md, 0": UPCOMING.format("", "", "") + "first accepted\n",
    "README.md, 1": TWO_TITLES,
    "README.md, 2": NORMAL,
    "README.md, 3": "",
    "README.md, 4": "first\n",
    "calcom_core/README.md, 0": UPCOMING.format(" single", " recurring", " seated"),
    "calcom_core/README.md, 1": "working hours\n",
    "calcom_core/README.md, 2": "accepted\n",
    "calcom_core/README.md, 3": "['Normal between Alice Host and Ann Attendee', "
    "'Seated between Alice Host and Ann Attendee']\n",
    "calcom_core/README.md, 4": "",
    "calcom_core/README.md, 5": "",
    "calcom_core/README.md, 6": "first 2 1\nsecond 2 1\nthird 2 1\n",
    "calcom_core/README.md, 7": "False\nTrue\nTrue\n",
    "calcom_transports/README.md, 0": NORMAL,
    "calcom_transports/README.md, 1": "",
    "calcom_transports/README.md, 2": TWO_TITLES,
    "calcom_transports/README.md, 3": "",
    "calcom_transports/README.md, 4": "",
    "calcom_transports/README.md, 5": "",
    "calcom_transports/README.md, 6": "",
    "calcom_transports/README.md, 7": NORMAL
    + "Credentials are replaced by [redacted]; the file still holds them: revoke them, "
    "and record with filter_headers.\n",
    "calcom_transports/README.md, 8": NORMAL,
    "calcom_transports/README.md, 9": "first\n",
    "calcom_transports/README.md, 10": "[3, 3]\n",
    "calcom_transports/README.md, 11": NORMAL,
}


def block_with(found: str) -> str:
    """Return the one block that contains *found*."""
    [block] = [block for block in BLOCKS.values() if found in block]
    return block


def item(uid: str, title: str, start: str, **more: Any) -> dict[str, Any]:
    base = json.loads(response_of("29-get-normal").body)["data"]
    return {**base, "uid": uid, "title": f"{title} between Alice Host and Ann Attendee"} | {
        "start": start,
        **more,
    }


ITEMS = [
    item("first", "Normal", "2026-12-12T09:00:00.000Z"),
    item("second", "Recurring", "2026-12-14T09:00:00.000Z", recurringBookingUid="series"),
    item("third", "Seated", "2026-12-15T09:00:00.000Z", bookingFieldsResponses=None),
]


def found(uid: str) -> dict[str, Any]:
    return next(booking for booking in ITEMS if booking["uid"] == uid)


def offset_page(query: dict[str, str]) -> dict[str, Any]:
    skip, take = int(query.get("skip", 0)), int(query.get("take", 100))
    pagination = {
        "totalItems": 3,
        "itemsPerPage": take,
        "returnedItems": len(ITEMS[skip : skip + take]),
        "remainingItems": max(3 - skip - take, 0),
        "totalPages": 2,
        "currentPage": skip // take + 1,
        "hasNextPage": skip + take < 3,
        "hasPreviousPage": skip > 0,
    }
    return {"data": ITEMS[skip : skip + take], "pagination": pagination}


def looked_up(query: dict[str, str], booked: list[str]) -> dict[str, Any]:
    """Return the bookings of event type 8, including one whose create got no response."""
    marked = {**ITEMS[0], "start": query["afterStart"]}
    marked["metadata"] = {"create_once_key": "order 1001"}
    page = offset_page({"take": query["take"]})
    return {**page, "data": [marked for _ in booked]}


def replied(request: bytes, booked: list[str]) -> tuple[int, Any] | None:
    """Return the response, from three bookings and those *booked* of event type 8.

    None stands for no response.
    """
    method, target, _ = request.partition(b"\r\n")[0].decode().split(" ")
    url = urlsplit(target)
    match method, url.path.split("/")[2:]:
        case "POST", ["bookings"] if b'"eventTypeId":7' in request:
            return 201, {"data": found("first")}
        case ("POST", ["bookings"]) if b'"eventTypeId":8' in request:
            booked.append(target)
            return None
        case "POST", ["bookings", uid, "confirm"]:
            return None
        case "GET", ["bookings"]:
            query = dict(parse_qsl(url.query))
            if query.get("eventTypeId") == "8":
                return 200, looked_up(query, booked)
            return 200, offset_page(query)
        case "GET", ["bookings", uid]:
            return 200, {"data": found(uid)}
        case "GET", ["schedules"]:
            return 200, {"data": [{"name": "working hours"}]}
    raise AssertionError(target)


def serve(peer: Peer, booked: list[str]) -> None:
    while request := peer.request():
        response = replied(request, booked)
        if response is None:
            return
        status, data = response
        body = json.dumps({"status": "success", **data}).encode()
        peer.send(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body)


def run_block(block: str) -> None:
    """Run a block and its tests without fixtures."""
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(block, "README.md", "exec"), names)
    tests = [value for name, value in names.items() if name.startswith("test_")]
    assert bool(tests) == ("def test_" in block)
    for test in tests:
        if not signature(test).parameters:
            test()


@contextmanager
def workers() -> Iterator[None]:
    """Run workers of Dask within this process, which are faster to start."""
    import dask
    from distributed import LocalCluster

    with (
        LocalCluster(n_workers=1, processes=False, dashboard_address="127.0.0.1:0") as cluster,
        dask.config.set({"scheduler-address": cluster.scheduler_address}),
    ):
        yield


def cassette_of_vcr(url: str) -> str:
    """Return a call as VCR.py records it, in JSON."""
    request = {
        "method": "GET",
        "uri": f"{url}/v2/bookings/first",
        "body": None,
        "headers": {"Authorization": ["Bearer cal_test_readme"], "cal-api-version": ["2024-08-13"]},
    }
    response = {
        "status": {"code": 200, "message": "OK"},
        "headers": {},
        "body": {"string": json.dumps({"status": "success", "data": found("first")})},
    }
    interactions = [{"request": request, "response": response}]
    return json.dumps({"version": 1, "interactions": interactions}, indent=4)


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Change to a directory with the files, key and server that the README assumes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delenv("CI", raising=False)
    with Server(partial(serve, booked=[])) as server:
        for name in ("", "_ANN", "_BOB"):
            monkeypatch.setenv(f"CALCOM_API_KEY{name}", "cal_test_readme")
        monkeypatch.setenv("CALCOM_BASE_URL", server.url)
        monkeypatch.setenv("CALCOM_WEBHOOK_SECRETS", "whsec_test_new whsec_test_old")
        (tmp_path / "cassettes").mkdir()
        (tmp_path / "cassettes" / "vcr.json").write_text(cassette_of_vcr(server.url))
        yield tmp_path
    logging.getLogger("dbos").handlers.clear()  # they write to what pytest captured


@pytest.mark.parametrize("name", BLOCKS)
def test_each_code_block_runs_and_prints_its_output(
    name: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    is_old = sys.version_info >= (3, 12) and sqlite3.sqlite_version_info < (3, 42)
    if is_old and "from dbos import" in BLOCKS[name]:
        pytest.skip("on Python 3.12 and newer DBOS needs SQLite 3.42")
    with workers() if "from distributed import" in BLOCKS[name] else nullcontext():
        run_block(BLOCKS[name])

    assert capsys.readouterr().out == OUTPUT[name]


def test_the_async_block_runs_under_trio_when_its_last_line_says_so(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    block = block_with("# under trio: trio.run(main)")
    head, _, last = block.rstrip().rpartition("\n")
    run_block(f"import trio\n{head}\n{last.partition('# under trio: ')[2]}\n")

    assert capsys.readouterr().out == OUTPUT["README.md, 1"]


def test_the_spans_of_opentelemetry_have_the_template_of_each_path(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr("opentelemetry.trace.get_tracer", provider.get_tracer)
    names: dict[str, Any] = {}
    exec(compile(block_with("start_as_current_span"), "README.md", "exec"), names)
    outcomes: list[Any] = [
        responses.error(429, "slow down"),
        responses.booking(),
        NoAnswer("no response came", reason="closed"),
        responses.json({"status": "success"}),
    ]

    class InTurn:
        def send(self, request: Request, timeout: Timeout | None) -> Response:
            outcome = outcomes.pop(0)
            if isinstance(outcome, Exception):
                raise outcome
            assert isinstance(outcome, Response)
            return outcome

    retry = RetryPolicy(base=0, cap=0)
    with Client("cal_test_x", transport=InTurn(), retry=retry, on_exchange=names["span"]) as client:
        client.call(bookings.decline("bk7"))
        client.call(Operation[Any]("webhooks.get", "GET", "/v2/webhooks/7"))
    provider.shutdown()

    one, declined = "/v2/bookings/{booking_uid}", "/v2/bookings/{booking_uid}/decline"
    names_of = ("http.request.resend_count", "url.template", "http.response.status_code")
    spans = [
        (span.name, *[(span.attributes or {}).get(name) for name in names_of], span.status.is_ok)
        for span in exporter.get_finished_spans()
    ]
    assert spans == [
        (f"GET {one}", 0, one, 200, True),
        (f"POST {declined}", 0, declined, 429, True),
        (f"POST {declined}", 1, declined, 200, True),
        ("GET webhooks.get", 0, None, None, False),
        ("GET webhooks.get", 1, None, 200, True),
    ]


def test_a_recording_replays_without_key_and_server(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    block = block_with("use_cassette(")
    run_block(block)
    with monkeypatch.context() as elsewhere:
        elsewhere.delenv("CALCOM_API_KEY")
        elsewhere.setenv("CI", "true")
        elsewhere.setattr("socket.socket.connect", None)
        run_block(block)

    first, second = capsys.readouterr().out.splitlines()
    assert first == second
    assert b"cal_test" not in (project / "cassettes" / "upcoming.json").read_bytes()


def paste(found: str, directory: Path) -> None:
    """Write the block that contains *found* to a test file."""
    block = block_with(found)
    (directory / "test_pasted.py").write_text(block)


# The plugins that the pages name, because loading all installed ones takes longer.
PLUGINS = ["-pcalcom_transports.pytest_plugin", "-ppytest_trio.plugin", "-ppytest_asyncio.plugin"]


def pytest_run(directory: Path, *options: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *PLUGINS, *options],
        cwd=directory,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )
    return done.stdout


def test_the_cassette_tests_record_and_then_replay(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paste("calcom_async_client", project)

    assert "2 passed" in pytest_run(project, "--calcom-record=once")
    monkeypatch.delenv("CALCOM_API_KEY")
    monkeypatch.delenv("CALCOM_BASE_URL")
    monkeypatch.setenv("CI", "true")
    assert "2 passed" in pytest_run(project)
    assert sorted(path.name for path in (project / "cassettes" / "test_pasted").iterdir()) == [
        "test_every_upcoming_booking_has_a_title.json",
        "test_the_next_booking_is_accepted.json",
    ]


def test_the_tests_with_the_fake_pass_without_key_and_server(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paste("calcom_fake", project)
    monkeypatch.delenv("CALCOM_API_KEY")
    monkeypatch.delenv("CALCOM_BASE_URL")

    assert "3 passed" in pytest_run(project)


@pytest.fixture
def delivered(project: Path) -> Callable[..., str]:
    """Return a function that delivers to the README's receiver and returns the status."""
    names: dict[str, Any] = {}
    exec(
        compile(block_with("def application("), "README.md", "exec"),
        names,
    )

    def deliver(
        trigger: str,
        secret: str = "whsec_test_new",
        created: datetime | None = None,
        **payload: Any,
    ) -> str:
        created_at = (created or datetime.now(UTC)).isoformat()
        root = {"triggerEvent": trigger, "createdAt": created_at, "payload": payload}
        return post(json.dumps(root).encode(), secret)

    def post(
        body: bytes, secret: str, length: str | None = None, given: BytesIO | None = None
    ) -> str:
        environ: dict[str, Any] = {
            "REQUEST_METHOD": "POST",
            "QUERY_STRING": "",
            "CONTENT_LENGTH": str(len(body)) if length is None else length,
            "wsgi.input": given or BytesIO(body),
            "HTTP_X_CAL_SIGNATURE_256": sign(body, secret) if given is None else "0" * 64,
            "HTTP_X_CAL_WEBHOOK_VERSION": "2021-10-20",
        }
        setup_testing_defaults(environ)
        statuses: list[str] = []

        def start_response(status: str, headers: list[tuple[str, str]]) -> Callable[..., None]:
            statuses.append(status)
            return lambda data: None

        application = names["application"]
        checked = validator(application) if given is None else application
        result = checked(environ, start_response)
        assert list(result) == []
        if given is None:
            result.close()
        return statuses[0]

    deliver.post = post  # type: ignore[attr-defined]
    return deliver


def test_the_webhook_receiver_acts_once_on_a_signed_fresh_delivery(
    delivered: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    now, start = datetime.now(UTC), "2031-03-04T09:00:00Z"
    for secret in ("whsec_test_new", "whsec_test_new", "whsec_test_old"):
        status = delivered("BOOKING_CREATED", secret, now, uid="bk7", startTime=start)
        assert status == "200 OK"
    assert capsys.readouterr().out == "booked bk7 2031-03-04 09:00:00+00:00\n"

    assert delivered("BOOKING_CREATED", "whsec_test_wrong", uid="bk7") == "401 Unauthorized"
    old = now - timedelta(days=3, seconds=1)
    assert delivered("BOOKING_CREATED", created=old, uid="bk7") == "200 OK"
    assert capsys.readouterr().out == ""

    assert delivered("BOOKING_CREATED", created=old + timedelta(hours=1), uid="bk7")
    assert capsys.readouterr().out == "booked bk7 None\n"


def test_the_webhook_receiver_refuses_a_meeting_long_after_its_end(
    delivered: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    def meeting(end: datetime) -> bytes:
        root = {"triggerEvent": "MEETING_ENDED", "uid": "bk7", "endTime": end.isoformat()}
        return json.dumps(root).encode()

    end = datetime.now(UTC) - timedelta(hours=1)
    for body in (meeting(end), meeting(end), meeting(end - timedelta(days=3))):
        assert delivered.post(body, "whsec_test_new") == "200 OK"
    assert capsys.readouterr().out == f"MEETING_ENDED of {bookings.get_one('bk7')}\n"


def test_the_webhook_receiver_reads_no_more_than_needed(delivered: Any) -> None:
    for length, read in (("-1", 0), ("", 0), ("5", 5), (str(2**30), 2**20 + 1)):
        given = BytesIO(b"x" * (2**20 + 9))
        status = delivered.post(b"", "whsec_test_new", length=length, given=given)
        assert (status, given.tell()) == ("401 Unauthorized", read)


def test_the_webhook_receiver_distinguishes_events(
    delivered: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    moved = {"startTime": "2031-03-05T09:00:00Z", "rescheduleStartTime": "2031-03-04T09:00:00Z"}
    delivered("BOOKING_RESCHEDULED", uid="new", rescheduleUid="old", **moved)
    delivered("BOOKING_CANCELLED", uid="bk7", seatsPerTimeSlot=None)
    delivered("BOOKING_CANCELLED", uid="bk7", seatsPerTimeSlot=3)
    delivered("PING")
    delivered("SOMETHING_NEW")
    delivered("BOOKING_CREATED", uid="bk7", attendeeSeatId="s1")
    delivered("BOOKING_RESCHEDULED", uid="bk8", rescheduleUid="bk7", attendeeSeatId="s1")
    delivered("FORM_SUBMITTED")
    assert delivered("BOOKING_CANCELLED", uid=5) == "400 Bad Request"
    assert delivered.post(b" " * (2**20 + 1), "whsec_test_new") == "401 Unauthorized"
    assert capsys.readouterr().out.splitlines() == [
        "rescheduled old to new 2031-03-05 09:00:00+00:00",
        "cancelled bk7",
        f"BOOKING_CANCELLED of {bookings.get_one('bk7')}",
        "PING of None",
        "SOMETHING_NEW of None",
        f"BOOKING_CREATED of {bookings.get_one('bk7')}",
        f"BOOKING_RESCHEDULED of {bookings.get_one('bk8')}",
        "FORM_SUBMITTED of None",
        "a delivery with an integer at $.payload.uid instead of a string; "
        "error.event holds the JSON",
    ]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_receiver_of_starlette_gets_the_booking_of_what_is_signed(
    backend: Literal["asyncio", "trio"], project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names: dict[str, Any] = {"__name__": "receiver"}
    exec(compile(block_with("app = Starlette("), "README.md", "exec"), names)

    def body(**payload: Any) -> bytes:
        created_at = datetime.now(UTC).isoformat()
        root = {"triggerEvent": "BOOKING_CREATED", "createdAt": created_at, "payload": payload}
        return json.dumps(root).encode()

    def deliver(body: bytes, secret: str = "whsec_test_new") -> int:
        headers = {
            "X-Cal-Signature-256": sign(body, secret),
            "X-Cal-Webhook-Version": "2021-10-20",
        }
        return client.post("/calcom", content=body, headers=headers).status_code

    with TestClient(names["app"], backend=backend) as client:
        assert [deliver(body(uid="first")), deliver(body(uid="second"))] == [200, 200]
        assert deliver(body(uid="first"), "whsec_test_wrong") == 401
        assert deliver(body(uid=5)) == 400
        assert deliver(b" " * (2**20 + 1)) == 413
    assert capsys.readouterr().out == (
        "BOOKING_CREATED Normal between Alice Host and Ann Attendee\n"
        "BOOKING_CREATED Recurring between Alice Host and Ann Attendee\n"
    )


def test_every_block_of_code_is_tested() -> None:
    assert list(BLOCKS) == list(OUTPUT)


def test_the_readme_is_short() -> None:
    assert len(PAGES["README.md"].splitlines()) <= 200
    assert PAGES["README.md"].partition("with Client() as client")[0].count("\n") < 40


def test_the_table_of_operations_matches_the_code() -> None:
    match = MARKED.search(PAGES["calcom_core/README.md"])

    assert match is not None
    assert match[0] == operations_table(), "run tests/client/operations_table.py"


def test_the_readme_names_every_operation() -> None:
    operations = PAGES["README.md"].partition("## Operations")[2].partition("\n## ")[0]
    for name in ROUTES:
        assert f"`{name.rpartition('.')[2]}`" in operations or name in ATTENDEES, name


ATTENDEES = {
    "bookings.guests.add",
    *(f"bookings.attendees.{name}" for name in ("list", "get", "add", "remove")),
    *(name for name in ROUTES if name.startswith("teams.")),
}


@pytest.mark.parametrize("page", PAGES)
def test_each_link_leads_to_a_file_and_each_named_test_is_there(page: str) -> None:
    folder = (ROOT / page).parent
    for text, target in re.findall(r"\[([^\]]+)\]\(([^)]+?)\)", PAGES[page]):
        if target.startswith("https://"):
            continue
        file, _, anchor = target.partition("#")
        path = (folder / file).resolve() if file else ROOT / page
        assert path.exists(), target
        source = path.read_text(encoding="utf-8")
        if path.suffix == ".py" and path.is_relative_to(ROOT / "tests"):
            assert f"def {text.strip('`')}(" in source, text
        if anchor:
            titles = re.findall(r"^#+ (.*)$", source, re.MULTILINE)
            assert anchor in {title.lower().replace(" ", "-") for title in titles}, target


def test_each_guarantee_names_its_test() -> None:
    assert PAGES["tests/README.md"].count("](core/") > 30
