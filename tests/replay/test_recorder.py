"""Recording: its modes, its file, and the protection of an existing file."""

import json
import os
import re
import subprocess
import sys
import threading
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import trio
import trio.testing
from attrs import evolve
from replay_helpers import KEY, URL, fetch, get, raises_cassette_error
from server import Server, responding

from calcom_core import (
    Anonymous,
    InvalidInput,
    NoAnswer,
    NotSent,
    Request,
    Response,
    Timeout,
    bookings,
)
from calcom_core.effects import Program, clock, gather, send, sleep
from calcom_transports import (
    AsyncClient,
    Client,
    Recorder,
    Redaction,
    Replay,
    interpreter,
    run,
    use_cassette,
)
from calcom_transports.cassette import (
    Cancelled,
    Cassette,
    Failure,
    Outcome,
    RecordedExchange,
    Run,
    dumps,
    load,
)
from calcom_transports.cassette_file import save
from calcom_transports.pseudonyms import People
from calcom_transports.replay_errors import CassetteError, NoMatch
from calcom_transports.trio import run_trio

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: b\r\n\r\n{}"
ONE = Cassette((Run((RecordedExchange((), Request("GET", f"{URL}/a"), Response(200)),)),), "one")


@pytest.fixture(autouse=True)
def no_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unset CI, which forbids recording, and is set if these tests run in CI."""
    monkeypatch.delenv("CI", raising=False)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cassettes" / "test_x" / "test_y.json"


class StubTransport:
    """A transport that returns the result of a function, or raises it."""

    def __init__(self, outcome: Callable[[Request], Any] = lambda request: Response(200)) -> None:
        self.outcome = outcome
        self.closed = 0

    def send(self, request: Request, timeout: Timeout | None) -> Response:
        outcome = self.outcome(request)
        if isinstance(outcome, BaseException):
            raise outcome
        assert isinstance(outcome, Response)
        return outcome

    def __exit__(self, *of: object) -> None:
        self.closed += 1


class AsyncStubTransport:
    """The same for trio."""

    def __init__(self, outcome: Callable[[Request], Any] = lambda request: Response(200)) -> None:
        self.stub = StubTransport(outcome)

    async def send(self, request: Request, timeout: Timeout | None) -> Response:
        await trio.lowlevel.checkpoint()
        return self.stub.send(request, timeout)

    async def __aexit__(self, *of: object) -> None:
        self.stub.closed += 1


def failing() -> Program[float]:
    yield from fetch("b")
    return 1 / 0


def recorded(path: Path) -> list[list[tuple[tuple[int, ...], str, Outcome]]]:
    return [
        [(item.branch, item.request.url.removeprefix(f"{URL}/"), item.outcome) for item in run]
        for run in (run.exchanges for run in load(path).runs)
    ]


def files(path: Path) -> list[str]:
    return sorted(file.name for file in path.parent.iterdir())


def test_a_recording_over_a_socket_replays_without_a_server_or_a_key(path: Path) -> None:
    body = {"status": "success", "data": {"id": 1, "status": "accepted"}}
    content = json.dumps(body, separators=(",", ":")).encode()
    wire = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(content) + content
    raw = bookings.get("a").map(lambda result: result)
    outcomes: list[Any] = []

    with Server(responding(wire)) as server:
        with Client(KEY, base_url=server.url, transport=Recorder(path)) as client:
            outcomes.append(response_of(client, raw))

        async def record() -> None:
            async with AsyncClient(KEY, base_url=server.url, transport=Recorder(other)) as client:
                outcomes.append(await response_under_trio(client, raw))

        other = path.with_name("other.json")
        trio.run(record)

    async def replay() -> None:
        async with AsyncClient(base_url=server.url, transport=Replay(path)) as client:
            outcomes.append(await response_under_trio(client, raw))

    with Client(base_url=server.url, transport=use_cassette(other)) as client:
        outcomes.append(response_of(client, raw))
    trio.run(replay)

    assert outcomes == [Response(200, {"Content-Length": str(len(content))}, content)] * 4
    assert path.read_bytes() == other.read_bytes()
    assert KEY.encode() not in path.read_bytes()
    assert files(path) == ["other.json", "test_y.json"]


def response_of(client: Client, op: Any) -> Response:
    return client.run(send(client.api.request(op), op))


async def response_under_trio(client: AsyncClient, op: Any) -> Response:
    return await client.run(send(client.api.request(op), op))


def test_the_file_is_deterministic_and_people_can_read_it(path: Path) -> None:
    request = Request(
        "POST",
        f"{URL}?b=2&a=1",
        [("Authorization", f"Bearer {KEY}"), ("cal-api-version", "2024-08-13")],
        '{"z": "é", "a": [1.50]}'.encode(),
    )
    with Recorder(
        path, StubTransport(lambda _: Response(201, {"X-A": "b"}, b'{"status":"success"}'))
    ) as it:
        run(send(request), it)

    assert (
        path.read_text()
        == """{
 "format": "calcom-bookings cassette",
 "version": 1,
 "runs": [
  {
   "exchanges": [
    {
     "branch": [],
     "summary": "POST /v2/bookings?b=2&a=1 201",
     "request": {
      "method": "POST",
      "url": "https://api.cal.com/v2/bookings?b=2&a=1",
      "headers": [
       ["Authorization", "[redacted]"],
       ["cal-api-version", "2024-08-13"]
      ],
      "body": {
       "z": "é",
       "a": [
        1.5
       ]
      }
     },
     "response": {
      "status": 201,
      "headers": [
       ["X-A", "b"]
      ],
      "body": {
       "status": "success"
      }
     }
    }
   ]
  }
 ]
}
"""
    )


def test_a_recording_with_extra_headers_holds_no_secret_and_replays_without_them(
    path: Path,
) -> None:
    secret = "test-secret-of-the-proxy"
    extra = {
        "CF-Access-Client-Id": "shop.access",
        "CF-Access-Client-Secret": secret,
        "traceparent": "00-4bf92f3577b34da6",
        "X-Caller": "cal_test_0123456789abcdef",
    }
    body = json.dumps({"status": "success", "echo": f"of {secret}"}).encode()
    stub = StubTransport(lambda _: Response(200, {"X-Echo": secret}, body))
    op = bookings.cancel("a", {"cancellation_reason": "ill"})
    with Client(KEY, transport=Recorder(path, stub), headers=extra) as client:
        assert response_of(client, op).body == body

    (exchange,) = load(path).runs[0].exchanges
    assert exchange.request.headers.pairs == (
        ("Accept", "application/json"),
        ("User-Agent", "calcom-bookings/0.2.0"),
        ("cal-api-version", "2024-08-13"),
        ("Authorization", "[redacted]"),
        ("Content-Type", "application/json"),
        ("CF-Access-Client-Id", "shop.access"),
        ("CF-Access-Client-Secret", "[redacted]"),
        ("traceparent", "00-4bf92f3577b34da6"),
        ("X-Caller", "[redacted]"),
    )
    outcome = Response(
        200, {"X-Echo": "[redacted]"}, b'{"status":"success","echo":"of [redacted]"}'
    )
    assert exchange.outcome == outcome
    assert secret.encode() not in path.read_bytes()
    with Client(transport=Replay(path)) as client:
        assert response_of(client, op) == outcome


def test_a_request_with_a_short_secret_header_is_not_sent(path: Path) -> None:
    stub = StubTransport()
    with (
        Client(KEY, transport=Recorder(path, stub), headers={"X-Token": "short"}) as client,
        raises_cassette_error(
            "credential-left", match="nothing was sent: a credential of fewer than 8"
        ),
    ):
        response_of(client, bookings.get("a"))


def branching() -> Program[Any]:
    yield from fetch("first")

    def branch(name: str, seconds: float) -> Program[list[int]]:
        yield from sleep(seconds)
        return (yield from fetch(name, "common"))

    return (yield from gather([branch("b", 0.02), branch("a", 0), branch("c", 0.01)], limit=3))


def test_branches_are_recorded_in_order_over_both_transports(path: Path) -> None:
    other = path.with_name("other.json")
    with Recorder(path, StubTransport()) as recorder:
        run(branching(), recorder)
    with Recorder(other, AsyncStubTransport()) as recorder:
        trio.run(run_trio, branching(), recorder)

    assert recorded(path) == [
        [
            ((), "first", Response(200)),
            ((0,), "b", Response(200)),
            ((0,), "common", Response(200)),
            ((1,), "a", Response(200)),
            ((1,), "common", Response(200)),
            ((2,), "c", Response(200)),
            ((2,), "common", Response(200)),
        ]
    ]
    assert path.read_bytes() == other.read_bytes()
    with Replay(path) as replay:
        assert run(branching(), replay) == ([200, 200],) * 3


FAILURES: list[tuple[Any, Outcome]] = [
    (NotSent("no way", reason="connect"), Failure(NotSent, "no way", "connect")),
    (NoAnswer(f"lost {KEY}", reason="closed"), Failure(NoAnswer, "lost [redacted]", "closed")),
    (ZeroDivisionError(), Cancelled()),
]


@pytest.mark.parametrize(("error", "outcome"), FAILURES)
def test_a_failure_is_recorded_and_replayed(path: Path, error: Any, outcome: Outcome) -> None:
    def program() -> Program[str]:
        try:
            yield from fetch("a")
        except type(error) as caught:
            return type(caught).__name__
        return "nothing"  # pragma: no cover

    other = path.with_name("other.json")
    with Recorder(path, StubTransport(lambda _: error)) as recorder:
        assert run(program(), recorder) == type(error).__name__
    with Recorder(other, AsyncStubTransport(lambda _: error)) as recorder:
        assert trio.run(run_trio, program(), recorder) == type(error).__name__

    assert recorded(path) == [[((), "a", outcome)]]
    assert path.read_bytes() == other.read_bytes()
    if isinstance(outcome, Failure):
        with Replay(path) as replay:
            assert run(program(), replay) == type(error).__name__


def test_an_unfinished_exchange_is_recorded_as_cancelled(path: Path) -> None:
    async def main() -> None:
        with trio.move_on_after(0) as scope:
            await run_trio(fetch("a"), recorder)
        assert scope.cancelled_caught

    with Recorder(path, AsyncStubTransport()) as recorder:
        trio.run(main)

    assert recorded(path) == [[((), "a", Cancelled())]]


def test_a_run_without_requests_is_not_recorded(path: Path) -> None:
    with Recorder(path, StubTransport()) as recorder:
        run(sleep(0), recorder)

    assert recorded(path) == []


def test_a_request_without_a_program_is_recorded_as_a_run_of_its_own(path: Path) -> None:
    with Recorder(path, StubTransport()) as recorder:
        for name in ("a", "b"):
            assert recorder.sync_transport().send(get(name), None) == Response(200)

    assert recorded(path) == [[((), "a", Response(200))], [((), "b", Response(200))]]


def test_the_remaining_time_shortens_the_timeout_of_the_recorded_transport(
    path: Path,
) -> None:
    timeouts: list[Timeout | None] = []

    class Spy(StubTransport):
        timeout = Timeout(7, 7, 7)

        def send(self, request: Request, timeout: Timeout | None) -> Response:
            timeouts.append(timeout)
            return super().send(request, timeout)

    with Recorder(path, Spy()) as recorder:
        run(send(get("a"), remaining=2), recorder)

    assert timeouts == [Timeout(2, 2, 2)]


def test_a_recording_runs_in_real_time_and_a_replay_in_virtual_time(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interpreter, "random", SimpleNamespace(random=lambda: 1.0))

    def program() -> Program[float]:
        began = yield from clock()
        yield from sleep(3600, jitter=0.5)
        yield from fetch("a")
        return (yield from clock()) - began

    mock = trio.testing.MockClock(autojump_threshold=0)
    with Recorder(path, AsyncStubTransport()) as recorder:
        assert trio.run(run_trio, program(), recorder, clock=mock) == 1800.0
    with Replay(path) as replay:
        assert run(program(), replay) == 3600.0


MODES: list[tuple[str, bool, str]] = [
    ("none", True, "Replay"),
    ("none", False, "missing"),
    ("once", True, "Replay"),
    ("once", False, "Recorder"),
    ("rewrite", True, "Recorder"),
    ("rewrite", False, "Recorder"),
]
IN_CI = {"Recorder": "recording-forbidden"}


@pytest.mark.parametrize("ci", [None, "", "true", "1", "false"])
@pytest.mark.parametrize(("mode", "exists", "opens"), MODES)
def test_each_mode_replays_or_records_and_none_records_in_ci(
    mode: Any, exists: bool, opens: str, ci: str | None, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if ci is not None:
        monkeypatch.setenv("CI", ci)
    if exists:
        save(ONE, path)
    before = path.read_bytes() if exists else None
    try:
        opened = use_cassette(path, mode, transport=StubTransport())
    except CassetteError as error:
        found = error.reason
    else:
        found = type(opened).__name__
        if isinstance(opened, Recorder):
            opened.discard()

    assert found == (IN_CI.get(opens, opens) if ci else opens)
    assert (path.read_bytes() if path.exists() else None) == before
    assert not path.parent.exists() or files(path) == (["test_y.json"] if exists else [])


def test_the_errors_of_use_cassette_name_the_way_out(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with raises_cassette_error("missing") as missing:
        use_cassette(path)
    monkeypatch.setenv("CI", "true")
    with raises_cassette_error("recording-forbidden") as forbidden:
        use_cassette(path, "once")
    with pytest.raises(InvalidInput) as unknown:
        use_cassette(path, "all")  # type: ignore[arg-type]

    assert str(missing.value) == (
        f"there is no cassette at {path}; record it (mode once; with pytest --calcom-record=once), "
        "or fix the path"
    )
    assert str(forbidden.value) == (
        f"{path} is not recorded, since the environment variable CI is set; "
        "record it on your own machine, or unset CI"
    )
    assert str(unknown.value) == "mode: must be one of none, once, rewrite"


def test_a_cassette_that_another_process_just_wrote_is_replayed_and_not_replaced(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(ONE, path)
    monkeypatch.setattr("calcom_transports.recorder.os.path.lexists", lambda path: False)

    assert isinstance(use_cassette(path, "once"), Replay)
    assert files(path) == ["test_y.json"]


def test_nothing_is_written_after_an_exception(path: Path) -> None:
    stub = StubTransport()
    with pytest.raises(ZeroDivisionError), Recorder(path, stub) as recorder:
        run(failing(), recorder)
    with pytest.raises(ZeroDivisionError), Client(KEY, transport=Recorder(path, stub)) as client:
        client.run(failing())

    async def main() -> None:
        async with AsyncClient(KEY, transport=Recorder(path, AsyncStubTransport())) as client:
            await client.run(failing())

    with pytest.raises(ZeroDivisionError):
        trio.run(main)

    assert files(path) == []
    assert stub.closed == 2


def test_an_existing_cassette_stays_after_an_exception(path: Path) -> None:
    save(ONE, path)
    before = path.read_bytes()

    with pytest.raises(ZeroDivisionError), Recorder(path, StubTransport()) as recorder:
        run(failing(), recorder)

    assert path.read_bytes() == before
    assert files(path) == ["test_y.json"]


def test_a_rewritten_cassette_holds_only_new_exchanges(path: Path) -> None:
    save(ONE, path)
    path.chmod(0o640)

    with use_cassette(path, "rewrite", transport=StubTransport()) as recorder:
        run(fetch("b"), recorder)

    assert recorded(path) == [[((), "b", Response(200))]]
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_request_after_close_is_sent_but_not_recorded(path: Path) -> None:
    recorder = Recorder(path, StubTransport())
    run(fetch("a"), recorder)
    recorder.close()
    recorder.close()

    assert run(fetch("b"), recorder) == [200]
    recorder.close()
    assert recorded(path) == [[((), "a", Response(200))]]


def test_a_recorder_that_is_never_closed_leaves_no_file(path: Path) -> None:
    recorder = Recorder(path, StubTransport())
    assert files(path) == [".test_y.json.recording"]

    del recorder

    assert files(path) == []


def test_a_client_with_a_recorder_needs_credentials(path: Path) -> None:
    with Recorder(path, StubTransport()) as recorder:
        with pytest.raises(InvalidInput, match="api_key: is missing"):
            Client(transport=recorder)
        assert Client(auth=Anonymous(), transport=recorder).api.auth == Anonymous()
        assert repr(recorder) == f"<Recorder of {path}>"


def test_a_transport_for_the_other_client_is_refused(path: Path) -> None:
    async def main() -> None:
        async with Recorder(path, StubTransport()) as recorder:
            await run_trio(fetch("a"), recorder)

    with pytest.raises(InvalidInput, match=r"transport: of the recorder is for Client"):
        trio.run(main)
    with (
        pytest.raises(InvalidInput, match=r"transport: of the recorder is for AsyncClient"),
        Recorder(path, AsyncStubTransport()) as recorder,
    ):
        run(fetch("a"), recorder)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"not ours", b'{"format": "x"}'])
@pytest.mark.parametrize("newer", [False, True])
def test_a_file_that_is_not_a_cassette_is_never_overwritten(
    path: Path, content: bytes, newer: bool
) -> None:
    if newer:
        content = dumps(ONE).replace(b'"version": 1', b'"version": 2')
    path.parent.mkdir(parents=True)
    path.write_bytes(content)

    for attempt in (
        lambda: use_cassette(path, "rewrite"),
        lambda: use_cassette(path, "once"),
        lambda: Recorder(path),
        lambda: save(ONE, path),
    ):
        with raises_cassette_error("unreadable"):
            attempt()

    assert path.read_bytes() == content
    assert files(path) == ["test_y.json"]


def test_two_recorders_cannot_record_the_same_cassette_at_once(path: Path) -> None:
    with Recorder(path, StubTransport()) as first:
        run(fetch("a"), first)
        with raises_cassette_error("in-use") as caught:
            Recorder(path, StubTransport())

    assert str(caught.value) == (
        f"another recording of {path} is running, or was interrupted; if it was, delete "
        f"{path.parent}/.test_y.json.recording"
    )
    assert recorded(path) == [[((), "a", Response(200))]]


ROOT = Path(__file__).parents[2]


def run_python(program: str, argument: Path, **options: Any) -> str:
    command = [sys.executable, "-c", program, str(argument)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, **options)
    return done.stdout


PROCESS = """
import sys
from calcom_core import Request, Response
from calcom_core.effects import send
from calcom_transports import CassetteError, Recorder, run

class StubTransport:
    def send(self, request, timeout):
        print("recording", flush=True)
        sys.stdin.readline()
        return Response(200)

try:
    with Recorder(sys.argv[1], StubTransport()) as recorder:
        run(send(Request("GET", sys.argv[2])), recorder)
except CassetteError as error:
    print(error.reason, flush=True)
"""


def test_two_processes_cannot_record_the_same_cassette_at_once(path: Path) -> None:
    def start(name: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-c", PROCESS, str(path), f"{URL}/{name}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )

    with start("a") as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "recording\n"
        with start("b") as second:
            output, _ = second.communicate("\n")
        first.communicate("\n")

    assert (output, first.returncode, second.returncode) == ("in-use\n", 0, 0)
    assert recorded(path) == [[((), "a", Response(200))]]
    assert files(path) == ["test_y.json"]


@pytest.mark.parametrize("exists", [False, True])
def test_a_file_that_another_program_changed_is_not_overwritten(path: Path, exists: bool) -> None:
    if exists:
        save(ONE, path)
    other = dumps(ONE)[:-1] + b"\n\n"

    recorder = Recorder(path, StubTransport())
    run(fetch("a"), recorder)
    path.write_bytes(other)
    with raises_cassette_error("in-use") as caught:
        recorder.close()

    assert str(caught.value) == (
        f"another program changed {path} while it was recorded; the file was left unchanged, "
        "record again"
    )
    assert path.read_bytes() == other
    assert files(path) == ["test_y.json"]


def test_a_read_only_directory_is_refused_before_any_request(tmp_path: Path) -> None:
    program = """
import os, sys
from calcom_transports import CassetteError, Recorder
if os.geteuid() == 0:
    os.setuid(65534)  # root can write anywhere
for name in ("there.json", "new.json", "sub/new.json"):
    try:
        Recorder(os.path.join(sys.argv[1], name))
    except CassetteError as error:
        print(error)
"""
    folder = tmp_path / "readonly"
    folder.mkdir()
    save(ONE, folder / "there.json")
    for above in [tmp_path, *tmp_path.parents]:
        if above.stat().st_uid == os.geteuid() and above != Path("/"):
            above.chmod(above.stat().st_mode | 0o055)
    folder.chmod(0o555)
    output = run_python(program, folder, env={"PATH": os.environ["PATH"]})
    folder.chmod(0o755)

    assert output.splitlines() == [
        f"{folder}/{name} cannot be recorded: Permission denied; choose a writable place"
        for name in ("there.json", "new.json", "sub/new.json")
    ]
    assert [file.name for file in folder.iterdir()] == ["there.json"]
    assert (folder / "there.json").read_bytes() == dumps(ONE)


def test_an_invalid_place_is_refused_before_any_request(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    for place in (tmp_path / "file" / "x.json", tmp_path / "a\0b.json", tmp_path / ("x" * 250)):
        with raises_cassette_error("unwritable", match="choose a writable place"):
            Recorder(place)
    with raises_cassette_error("unreadable"):
        Recorder(tmp_path)


def test_a_disk_that_fails_at_the_end_leaves_the_old_cassette(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    save(ONE, path)
    before = path.read_bytes()
    stub = StubTransport()

    monkeypatch.setattr("calcom_transports.cassette_file.os.fsync", full)
    with (
        raises_cassette_error("unwritable", match="No space left on device"),
        Recorder(path, stub) as recorder,
    ):
        run(fetch("b"), recorder)

    assert path.read_bytes() == before
    assert files(path) == ["test_y.json"]
    assert stub.closed == 1


def twice_encoded(_: Request) -> Response:
    return Response(
        200, (), json.dumps({"a": b64encode(b64encode(KEY.encode())).decode()}).encode()
    )


def test_a_recording_that_still_holds_a_credential_is_refused(path: Path) -> None:
    save(ONE, path)
    before = path.read_bytes()

    with (
        raises_cassette_error("credential-left") as caught,
        Recorder(path, StubTransport(twice_encoded)) as recorder,
    ):
        run(fetch("a"), recorder)

    assert str(caught.value) == (
        f"{path} was not written: runs[0].exchanges[0].response still holds a credential, "
        "in an encoding that cannot be redacted; do not send it there"
    )
    assert path.read_bytes() == before
    assert files(path) == ["test_y.json"]


def test_a_short_credential_is_refused_before_any_request(path: Path) -> None:
    sent: list[Request] = []
    request = Request("GET", f"{URL}/a", {"Authorization": "Bearer k"})

    def outcome(request: Request) -> Response:
        sent.append(request)
        return Response(200)

    with (
        raises_cassette_error(
            "credential-left", match=r"^nothing was sent: .* fewer than 8 characters"
        ),
        Recorder(path, StubTransport(outcome)) as recorder,
    ):
        run(send(request), recorder)
    with raises_cassette_error(
        "credential-left", match=r"was not written: .* fewer than 8 characters"
    ):
        save(Cassette((Run((RecordedExchange((), request, Response(200)),)),), "short"), path)

    assert sent == []
    assert files(path) == []


@pytest.mark.parametrize("redaction", [True, "personal", {"personal": True}])
def test_an_option_of_another_type_is_refused_before_any_request(
    path: Path, redaction: Any
) -> None:
    with pytest.raises(InvalidInput, match="redaction: must be a Redaction"):
        Recorder(path, redaction=redaction)
    with pytest.raises(InvalidInput, match="redaction: must be a Redaction"):
        save(ONE, path, redaction=redaction)
    with pytest.raises(InvalidInput, match="redaction: must be a Redaction"):
        use_cassette(path, "once", redaction=redaction)

    assert not path.parent.exists()


class BytesPath:
    def __fspath__(self) -> bytes:
        return b"cassette.json"


@pytest.mark.parametrize("ci", ["", "true"])
@pytest.mark.parametrize("wrong", [None, 5, b"cassette.json", BytesPath(), ["a"]])
def test_an_argument_that_is_not_a_path_is_refused(
    wrong: Any, ci: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.chdir(tmp_path)

    for attempt in (
        lambda: Recorder(wrong),
        lambda: use_cassette(wrong),
        lambda: use_cassette(wrong, "once"),
        lambda: save(ONE, wrong),
    ):
        with pytest.raises(InvalidInput) as caught:
            attempt()
        assert str(caught.value) == f"path: must be a path, not {type(wrong).__name__}"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("transport", [5, StubTransport, "urllib3", Replay.of()])
def test_an_argument_that_is_not_a_transport_is_refused_before_any_request(
    path: Path, transport: Any
) -> None:
    for attempt in (
        lambda: Recorder(path, transport),
        lambda: use_cassette(path, transport=transport),
        lambda: use_cassette(path, "rewrite", transport=transport),
    ):
        with pytest.raises(InvalidInput, match=r"^transport: must have send\(request, timeout\)$"):
            attempt()

    assert not path.parent.exists()


@pytest.mark.parametrize("mode", ["none", "once", "rewrite"])
def test_a_match_of_another_type_is_refused_in_every_mode(path: Path, mode: Any) -> None:
    with pytest.raises(InvalidInput, match="match: must be a Match"):
        use_cassette(path, mode, match=("body",))  # type: ignore[arg-type]
    assert not path.parent.exists()


@pytest.mark.parametrize("mode", ["often", None, 5, ["once"]])
def test_an_unknown_mode_is_refused(path: Path, mode: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        use_cassette(path, mode)
    assert str(caught.value) == "mode: must be one of none, once, rewrite"


@pytest.mark.parametrize("wrong", [5, None, b"{}", ONE.runs])
def test_only_a_cassette_can_be_saved(path: Path, wrong: Any) -> None:
    with pytest.raises(InvalidInput, match="cassette: must be a Cassette, not "):
        save(wrong, path)
    assert not path.parent.exists()


@pytest.mark.parametrize("place", ["/", "//", "/.."])
def test_the_root_directory_cannot_be_a_cassette(place: str) -> None:
    for attempt in (lambda: save(ONE, place), lambda: Recorder(place)):
        with raises_cassette_error("unwritable", match="choose a writable place"):
            attempt()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
def test_a_response_in_another_encoding_is_replayed_to_the_byte(path: Path, encoding: str) -> None:
    body = '{"status": "success", "data": "é€"}'.encode(encoding)
    with Recorder(path, StubTransport(lambda request: Response(200, (), body))) as recorder:
        live = run(send(get("a")), recorder)

    assert run(send(get("a")), Replay(path)) == live == Response(200, (), body)


def test_a_password_in_a_url_is_redacted_and_the_request_still_matches(path: Path) -> None:
    request = Request("GET", "https://ann:hunter2@api.cal.com/v2?refresh_token=a&x=1")
    with Recorder(path, StubTransport()) as recorder:
        run(send(request), recorder)

    assert load(path).runs[0].exchanges[0].request.url == (
        "https://api.cal.com/v2?refresh_token=[redacted]&x=1"
    )
    assert run(send(request), Replay(path)) == Response(200)


SECRETS = {
    "clientSecret": 'a"b\\',
    "pwd": "hunter2",
    "secretKey": "s",
    "x-cal-secret-key": "t",
    "inner": json.dumps({"clientSecret": "hunter2", "inner": json.dumps({"refresh_token": "u"})}),
    "text": "Authorization: Basic dTpw, id_token=v https://ann:hunter2@h.test/ client_secret=w",
    "cal_source_id": "the bearer Ann",
}
REDACTED = {
    "clientSecret": "[redacted]",
    "pwd": "[redacted]",
    "secretKey": "[redacted]",
    "x-cal-secret-key": "[redacted]",
    "inner": json.dumps(
        {"clientSecret": "[redacted]", "inner": json.dumps({"refresh_token": "[redacted]"})}
    ),
    "text": "Authorization: Basic [redacted], id_token=[redacted] https://[redacted]@h.test/ "
    "client_secret=[redacted]",
    "cal_source_id": "the bearer Ann",
}


@pytest.mark.parametrize("key", [None, KEY])
def test_text_with_the_shape_of_a_credential_is_redacted_and_still_matches(
    path: Path, key: str | None
) -> None:
    names = ("X-Access-Token", "X-Auth-Token", "X-Api-Key")
    headers = [(name, f"{name}-0123456789") for name in names]
    headers += [] if key is None else [("Authorization", f"Bearer {key}")]
    body = json.dumps({**SECRETS, "key": key or ""}).encode()
    request = Request("POST", f"{URL}?page=2&cursor=eyJ2IjoxfQ", headers, body)
    response = Response(200, [*headers, ("X-Echo", headers[2][1])], body)
    with Recorder(path, StubTransport(lambda request: response)) as recorder:
        run(send(request), recorder)

    recorded = load(path).runs[0].exchanges[0]
    assert recorded.request.url == f"{URL}?page=2&cursor=eyJ2IjoxfQ"
    assert {value for _, value in recorded.request.headers} == {"[redacted]"}
    assert json.loads(recorded.request.body) == {**REDACTED, "key": "[redacted]" if key else ""}
    assert isinstance(recorded.outcome, Response)
    assert {value for _, value in recorded.outcome.headers} == {"[redacted]"}
    assert recorded.outcome.body == recorded.request.body
    assert "hunter2" not in path.read_text()
    for sent in (request, recorded.request):
        assert run(send(sent), Replay(path)) == recorded.outcome


def test_a_child_process_does_not_end_the_recording_of_its_parent(path: Path) -> None:
    program = """
import os, sys
from calcom_transports import Recorder
recorder = Recorder(sys.argv[1])
child = os.fork()
if not child:
    sys.exit()
os.waitpid(child, 0)
print(os.listdir(os.path.dirname(sys.argv[1])))
"""
    assert run_python(program, path) == "['.test_y.json.recording']\n"
    assert files(path) == []


def test_personal_data_is_replaced_if_requested_and_still_matches(
    path: Path,
) -> None:
    operation = bookings.list(attendee_email="ann@corp.example", attendee_name="Ann Lee")
    page = {
        "status": "success",
        "data": [{"attendees": [{"name": "Ann Lee", "email": "ann@corp.example"}]}],
    }
    outcome = lambda _: Response(200, (), json.dumps(page).encode())  # noqa: E731

    for redaction in (Redaction(personal=True), Redaction(personal=True, key="of ours")):
        with Client(
            KEY,
            transport=use_cassette(
                path, "rewrite", transport=StubTransport(outcome), redaction=redaction
            ),
        ) as client:
            client.run(send(client.api.request(operation)))
        content = path.read_text()
        with Client(transport=use_cassette(path, redaction=redaction)) as client:
            replayed = client.run(send(client.api.request(operation)))
        with pytest.raises(NoMatch), Client(transport=Replay(path, redaction=redaction)) as client:
            client.run(send(client.api.request(bookings.list(attendee_email="ben@corp.example"))))

        assert "corp.example" not in content
        assert "Ann" not in content
        assert f'"personal": "{redaction.personal_data}"' in content
        assert b"person-" in replayed.body

    with pytest.raises(
        InvalidInput, match=r"redaction: is missing: the pseudonyms of .* depend on a key"
    ):
        Replay(path)
    with (
        pytest.raises(NoMatch),
        Client(transport=Replay(path, redaction=Redaction(personal=True, key="another"))) as client,
    ):
        client.run(send(client.api.request(operation)))


def test_before_record_gets_each_redacted_exchange_and_changes_it(
    path: Path,
) -> None:
    seen: list[RecordedExchange] = []

    def before_record(exchange: RecordedExchange) -> RecordedExchange:
        seen.append(exchange)
        assert isinstance(exchange.outcome, Response)
        note = exchange.outcome.body.replace(b"a private note", b"a note")
        return evolve(exchange, outcome=evolve(exchange.outcome, body=note))

    body = json.dumps({"note": f"a private note for ann@corp.example by {KEY}"}).encode()
    stub = StubTransport(lambda request: Response(200, (), body))
    redaction = Redaction(personal=True)
    with Recorder(path, stub, redaction=redaction, before_record=before_record) as recorder:
        run(fetch("a", "b"), recorder)
        assert seen == []

    ann = People("").address("ann@corp.example")
    redacted = f'{{"note":"a private note for {ann} by [redacted]"}}'.encode()
    written = f'{{"note":"a note for {ann} by [redacted]"}}'.encode()
    hidden = {"Authorization": "[redacted]"}
    assert seen == [
        RecordedExchange((), Request("GET", f"{URL}/{name}", hidden), Response(200, (), redacted))
        for name in ("a", "b")
    ]
    assert load(path).runs == (
        Run(tuple(evolve(one, outcome=Response(200, (), written)) for one in seen)),
    )


@pytest.mark.parametrize("kind", ["blocking", "trio"])
def test_a_replay_lacks_an_exchange_that_before_record_leaves_out(path: Path, kind: str) -> None:
    def only_b(exchange: RecordedExchange) -> RecordedExchange | None:
        return exchange if exchange.request.url.endswith("/b") else None

    if kind == "blocking":
        with use_cassette(
            path, "once", transport=StubTransport(), before_record=only_b
        ) as recorder:
            run(fetch("a", "b"), recorder)
            run(fetch("a"), recorder)
    else:

        async def main() -> None:
            async with Recorder(path, AsyncStubTransport(), before_record=only_b) as recorder:
                await run_trio(fetch("a", "b"), recorder)
                await run_trio(fetch("a"), recorder)

        trio.run(main)

    assert recorded(path) == [[((), "b", Response(200))]]
    with use_cassette(path, "once", before_record=only_b) as replay:
        assert run(fetch("b"), replay) == [200]
    with pytest.raises(NoMatch), Replay(path) as replay:
        run(fetch("a", "b"), replay)


def test_before_record_gets_failures_and_cancelled_exchanges(path: Path) -> None:
    seen: list[Outcome] = []
    outcomes: list[Outcome] = [Failure(NoAnswer, f"no, {KEY}", "closed"), Cancelled()]
    request = get("a")
    given = Cassette((Run(tuple(RecordedExchange((), request, each) for each in outcomes)),))

    def before_record(exchange: RecordedExchange) -> RecordedExchange:
        seen.append(exchange.outcome)
        return exchange

    content = dumps(given, before_record=before_record)

    assert seen == [Failure(NoAnswer, "no, [redacted]", "closed"), Cancelled()]
    assert content == dumps(given)


def test_an_exception_in_before_record_fails_the_recording(path: Path) -> None:
    def failing(exchange: RecordedExchange) -> RecordedExchange:
        raise LookupError("not this one")

    with Recorder(path, StubTransport()) as recorder:
        run(fetch("a"), recorder)
    before = path.read_bytes()

    stub = StubTransport()
    with (
        pytest.raises(LookupError, match="not this one"),
        Recorder(path, stub, before_record=failing) as recorder,
    ):
        run(fetch("b"), recorder)

    assert path.read_bytes() == before
    assert files(path) == [path.name]
    assert stub.closed == 1


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        (Response(200), "before_record: must return an exchange or None, not Response"),
        (True, "before_record: must return an exchange or None, not bool"),
        (
            RecordedExchange((1,), get("a"), Response(200)),
            "before_record: must keep the branch of the exchange",
        ),
    ],
)
def test_an_invalid_result_of_before_record_fails_the_recording(
    path: Path, changed: Any, problem: str
) -> None:
    with (
        pytest.raises(InvalidInput) as caught,
        Recorder(path, StubTransport(), before_record=lambda exchange: changed) as recorder,
    ):
        run(fetch("a"), recorder)

    assert str(caught.value) == problem
    assert files(path) == []


def test_a_credential_that_before_record_restores_is_refused(path: Path) -> None:
    def back(exchange: RecordedExchange) -> RecordedExchange:
        return evolve(exchange, request=get("a"))

    with (
        raises_cassette_error("credential-left", r"runs\[0\]\.exchanges\[0\]\.request still holds"),
        Recorder(path, StubTransport(), before_record=back) as recorder,
    ):
        run(fetch("a"), recorder)

    assert files(path) == []


@pytest.mark.parametrize("mode", ["none", "once"])
def test_a_before_record_that_is_not_a_function_is_refused(path: Path, mode: Any) -> None:
    problem = "before_record: must be a function, not int"
    with pytest.raises(InvalidInput, match=problem):
        Recorder(path, before_record=5)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match=problem):
        use_cassette(path, mode, before_record=5)  # type: ignore[arg-type]
    assert not path.parent.exists()


def test_a_cassette_that_is_saved_again_stays_marked_as_replaced(path: Path) -> None:
    with Recorder(path, StubTransport(), redaction=Redaction(personal=True)) as recorder:
        run(fetch("a"), recorder)
    before = path.read_bytes()

    save(load(path), path)

    assert path.read_bytes() == before
    assert load(path).personal == "replaced"


def test_calls_from_many_threads_are_runs_of_their_own(path: Path) -> None:
    names = [f"b{number}" for number in range(16)]
    with Recorder(path, StubTransport()) as recorder:
        threads = [
            threading.Thread(target=run, args=(fetch(name, name), recorder)) for name in names
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert sorted(recorded(path)) == [
        [((), name, Response(200)), ((), name, Response(200))] for name in sorted(names)
    ]
    with Replay(path) as replay:
        for name in names:
            assert run(fetch(name, name), replay) == [200, 200]


def test_a_secret_of_the_redaction_is_redacted_and_still_matches(path: Path) -> None:
    redaction = Redaction(secrets=["hook-secret-1"])
    request = Request("POST", URL, (), b'{"note":"of hook-secret-1"}')
    with use_cassette(path, "once", transport=StubTransport(), redaction=redaction) as recorder:
        run(send(request), recorder)

    with use_cassette(path, redaction=redaction) as replay:
        assert run(send(request), replay) == Response(200)
    with pytest.raises(NoMatch), Replay(path) as replay:
        run(send(request), replay)
    assert b"of [redacted]" in path.read_bytes()


def test_a_recording_writes_through_a_link_after_a_change_of_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link.json").symlink_to(tmp_path / "real" / "x.json")
    (tmp_path / "loop.json").symlink_to(tmp_path / "loop.json")
    monkeypatch.chdir(tmp_path)
    with Recorder("link.json", StubTransport()) as recorder:
        run(fetch("a"), recorder)
        monkeypatch.chdir("/")

    assert recorded(tmp_path / "real" / "x.json") == [[((), "a", Response(200))]]
    assert (tmp_path / "link.json").is_symlink()
    with pytest.raises(
        CassetteError, check=lambda error: error.reason in ("unwritable", "unreadable")
    ):
        Recorder(tmp_path / "loop.json")


def test_one_recorder_serves_both_clients_and_several_runs_of_trio(path: Path) -> None:
    async def main(client: AsyncClient) -> int:
        return (await client.run(send(client.api.request(bookings.get("a"))))).status

    with Server(responding(OK)) as server, Recorder(path) as recorder:
        awaited = AsyncClient(KEY, base_url=server.url, transport=recorder)
        blocking = Client(KEY, base_url=server.url, transport=recorder)
        assert [trio.run(main, awaited), trio.run(main, awaited)] == [200, 200]
        assert blocking.run(send(blocking.api.request(bookings.get("b")))).status == 200

    assert [len(run) for run in recorded(path)] == [1, 1, 1]


def test_branches_run_concurrently_while_they_are_recorded(path: Path) -> None:
    together = threading.Barrier(3)

    def meet(request: Request) -> Response:
        together.wait(timeout=5)  # passes once all three have arrived
        return Response(200)

    with Recorder(path, StubTransport(meet)) as recorder:
        assert run(gather([fetch("a"), fetch("b"), fetch("c")], 3), recorder) == ([200],) * 3


def two_gathers(second: list[str]) -> Program[Any]:
    """Gather three branches, of which one fails, and then the branches of *second*."""
    seen: list[Any] = []
    for names in (["a", "fails", "c"], second):
        try:
            seen.append((yield from gather([fetch(name) for name in names], limit=1)))
        except NotSent as error:
            seen.append(str(error))
    return [*seen, (yield from fetch("last"))]


def test_a_replay_may_skip_branches_that_a_failure_ended_but_no_later_ones(path: Path) -> None:
    def outcome(request: Request) -> Any:
        if request.url.endswith("fails"):
            return NotSent("no way", reason="connect")
        return Response(200)

    other = path.with_name("other.json")
    names = ["d", "e", "f"]
    expected = ["no way", ([200],) * 3, [200]]
    with Recorder(path, StubTransport(outcome)) as recorder:
        assert run(two_gathers(names), recorder) == expected
    with Recorder(other, AsyncStubTransport(outcome)) as recorder:
        assert trio.run(run_trio, two_gathers(names), recorder) == expected

    assert [(branch, name) for branch, name, _ in recorded(path)[0]] == [
        ((), "last"),
        ((0,), "a"),
        ((1,), "fails"),
        ((3,), "d"),
        ((4,), "e"),
        ((5,), "f"),
    ]
    assert path.read_bytes() == other.read_bytes()
    with Replay(path) as replay:
        assert run(two_gathers(names), replay) == expected
    with Replay(path) as replay:
        assert trio.run(run_trio, two_gathers(names), replay) == expected
    with pytest.raises(NoMatch), Replay(path) as replay:
        run(two_gathers(["d", "e", "x"]), replay)


def test_another_process_does_not_release_a_reservation(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder(path, StubTransport())
    with monkeypatch.context() as in_a_child:
        in_a_child.setattr("calcom_transports.cassette_file.os.getpid", lambda: 0)
        recorder.discard()

    assert files(path) == [".test_y.json.recording"]


def test_people_are_replaced_in_failures(path: Path) -> None:
    stub = StubTransport(lambda _: NotSent("refused to ann@corp.example", reason="refused"))
    with (
        Recorder(path, stub, redaction=Redaction(personal=True)) as recorder,
        pytest.raises(NotSent),
    ):
        run(fetch("a"), recorder)

    [[(_, _, outcome)]] = recorded(path)
    assert isinstance(outcome, Failure)
    assert re.fullmatch(r"refused to person-[0-9a-f]{12}@example\.com", outcome.message)


def test_a_later_request_may_repeat_a_name_from_a_response(path: Path) -> None:
    """The program sees the name while it records, and the pseudonym in a replay."""
    redaction = Redaction(personal=True)

    def program(name: str = "") -> Program[str]:
        response = yield from send(get("a"))
        found = json.loads(response.body)["attendee"]
        body = {"reason": f"{name or found['name']} is ill, write to {found['email']}"}
        yield from send(Request("POST", URL, (), json.dumps(body).encode()))
        return str(found["name"])

    stub = StubTransport(
        lambda _: Response(200, (), b'{"attendee": {"name": "Ann Lee", "email": "ann@b.example"}}')
    )
    with Recorder(path, stub, redaction=redaction) as recorder:
        assert run(program(), recorder) == "Ann Lee"

    assert "Ann" not in path.read_text()
    with Replay(path) as replay:
        assert re.fullmatch(r"Person [0-9a-f]{12}", run(program(), replay))
    with Replay(path) as replay:
        run(program("Ann Lee"), replay)
    with pytest.raises(NoMatch), Replay(path) as replay:
        run(program("Ben Lee"), replay)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "utf-32-le"])
def test_a_replayed_response_in_another_encoding_reads_as_the_live_one(
    path: Path, encoding: str
) -> None:
    data = {"uid": "bk7", "status": "accepted", "title": "Kaffe ☕"}
    data |= {"start": "2027-04-05T09:00:00.000Z", "end": "2027-04-05T09:30:00.000Z"}
    text = json.dumps({"status": "success", "data": {**data, "token": KEY}}, ensure_ascii=False)
    with Recorder(
        path, StubTransport(lambda _: Response(200, (), text.encode(encoding)))
    ) as recorder:
        live = Client(KEY, transport=recorder).bookings.get_one("bk7")
    with Replay(path) as replay:
        replayed = Client(KEY, transport=replay).bookings.get_one("bk7")

    assert (live.title, live.extra) == ("Kaffe ☕", {"token": KEY})
    assert (replayed.title, replayed.extra) == ("Kaffe ☕", {"token": "[redacted]"})
    assert KEY not in path.read_text("utf-8")
