"""The pytest plugin: the cassette of a test, recording it, and the report of unused ones."""

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from core_recorded import response_of
from server import Server, responding

from calcom_core import Api, ApiKey, Response, bookings
from calcom_transports import AsyncClient, Client
from calcom_transports.cassette import Cassette, RecordedExchange, Run, dumps, load
from calcom_transports.recorder import Recorder
from calcom_transports.trio import TrioTransport
from calcom_transports.urllib3 import Urllib3Transport

# Imported here, since each run inside this process would import them again.
IMPORTED = (AsyncClient, Client, Recorder, TrioTransport, Urllib3Transport)

KEY = "cal_test_0123456789abcdef"
HOSTED = "https://api.cal.com"
BODY = response_of("29-get-normal").body
UID = json.loads(BODY)["data"]["uid"]
WIRE_RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
HAS_SUBTESTS = pytest.mark.skipif(not hasattr(pytest, "Subtests"), reason="since pytest 9")
UNUSED = "*cassettes that no test uses*"

EMPTY = "def test_x(calcom_client): pass\n"
FIRST = "def test_x(calcom_client): calcom_client.bookings.get('first')\n"
UNDER_TRIO = """
import trio

async def get(client):
    async with client:
        await client.bookings.get("second")

def test_x(calcom_async_client):
    trio.run(get, calcom_async_client)
"""
BOTH = """
import trio

async def get(client):
    async with client:
        await client.bookings.get("second")

def test_x(calcom_client, calcom_async_client):
    trio.run(get, calcom_async_client)
    with calcom_client:
        calcom_client.bookings.get("first")
    trio.run(get, calcom_async_client)
    calcom_client.bookings.get("third")
    assert calcom_client.api.base_url == calcom_async_client.api.base_url
"""


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unset the variables of the machine, and set a key."""
    for name in ("CI", "CALCOM_BASE_URL", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CALCOM_API_KEY", KEY)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with Server(responding(WIRE_RESPONSE)) as server:
        monkeypatch.setenv("CALCOM_BASE_URL", server.url)
        yield server


def run(pytester: pytest.Pytester, *args: str, **options: bool) -> pytest.RunResult:
    """Run pytest inside this process, with this plugin alone; any warning is an error."""
    plugins = ("-p", "calcom_transports.pytest_plugin")
    if "--lf" not in args:
        plugins += ("-p", "no:cacheprovider")
    strict = ("-W", "error", "--strict-markers", "--strict-config")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # loading them takes half of the time
        return pytester.runpytest_inprocess(*plugins, *strict, *args, **options)


def record(pytester: pytest.Pytester, *args: str) -> pytest.RunResult:
    return run(pytester, "--calcom-record=once", *args)


def write(pytester: pytest.Pytester, text: str, name: str = "test_a.py") -> None:
    path = pytester.path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def cassette(
    pytester: pytest.Pytester, *uids: str, name: str = "test_a/test_x", url: str = HOSTED
) -> Path:
    """Write a cassette in which each call gets one of these bookings."""
    api = Api(ApiKey(KEY), base_url=url)
    runs = [Run((RecordedExchange((), api.request(bookings.get(uid)), RESPONSE),)) for uid in uids]
    path = pytester.path / "cassettes" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(dumps(Cassette(tuple(runs))))
    return path


RESPONSE = Response(200, [("Content-Type", "application/json")], BODY)


def files(pytester: pytest.Pytester) -> list[str]:
    """Return the files of cassettes and of running recordings."""
    found = pytester.path.rglob("*.json*")
    return sorted(path.relative_to(pytester.path).as_posix() for path in found)


def recorded_urls(pytester: pytest.Pytester, name: str = "test_a/test_x") -> list[str]:
    """Return the URLs of a cassette, in order."""
    path = pytester.path / "cassettes" / f"{name}.json"
    return [item.request.url for run in load(path).runs for item in run.exchanges]


def unused(result: pytest.RunResult) -> list[str]:
    """Return the lines of the report of unused cassettes."""
    lines = iter(result.outlines)
    for line in lines:
        if "cassettes that no test uses" in line:
            break
    found = []
    for line in lines:
        if line.startswith("="):
            break
        found.append(line)
    return found


# Replaying


def test_both_clients_replay_one_cassette_without_a_key(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CALCOM_API_KEY")
    write(pytester, BOTH)
    cassette(pytester, "second", "first", "second", "third")

    run(pytester).assert_outcomes(passed=1)


def test_a_client_that_is_requested_during_the_test_replays(
    pytester: pytest.Pytester,
) -> None:
    write(
        pytester,
        "def test_x(request): request.getfixturevalue('calcom_client').bookings.get('first')",
    )
    cassette(pytester, "first")

    result = run(pytester)

    result.assert_outcomes(passed=1)
    assert unused(result) == []


def test_a_doctest_replays(pytester: pytest.Pytester) -> None:
    text = f">>> getfixture('calcom_client').bookings.get('first').uid\n'{UID}'\n"
    write(pytester, text, "test_a.txt")
    cassette(pytester, "first", name="test_a/test_a.txt")
    cassette(pytester, name="test_a/test_gone")

    result = run(pytester)

    result.assert_outcomes(passed=1)
    assert unused(result) == ["cassettes/test_a/test_gone.json"]


def test_a_missing_cassette_is_an_error_with_the_way_out(pytester: pytest.Pytester) -> None:
    write(pytester, FIRST)

    result = run(pytester)

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["CassetteError: there is no cassette at *cassettes/test_a/test_x.json; *"]
    )
    result.stdout.no_fnmatch_line("*exception*")
    assert files(pytester) == []


def test_an_unplayed_exchange_is_an_error_of_the_test(pytester: pytest.Pytester) -> None:
    write(pytester, FIRST + "def test_y(): pass")
    cassette(pytester, "first", "second")

    result = run(pytester)

    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at teardown of test_x*",
            "Unplayed: 1 of the 2 exchanges of *test_x.json were not requested, first *; *",
        ]
    )


def test_an_unplayed_exchange_stops_a_run_that_stops_at_errors(pytester: pytest.Pytester) -> None:
    write(pytester, FIRST + "def test_y(): pass")
    cassette(pytester, "first", "second")

    run(pytester, "-x").assert_outcomes(passed=1, errors=1)


FAULTS = """
def test_x(calcom_fake):
    calcom_fake.lose_response(on='bookings.create')
    calcom_fake.fail(503, at=2)
"""
NO_REQUEST = (
    "calcom_fake.lose_response(on='bookings.create'), calcom_fake.fail(503, at=2); "
    "send one, or discard all faults with calcom_fake.faults.clear()"
)


def test_a_fault_that_no_request_triggers_is_an_error_of_the_test(
    pytester: pytest.Pytester,
) -> None:
    write(pytester, FAULTS + "def test_y(calcom_fake): assert calcom_fake.faults.untriggered == []")

    result = run(pytester)

    result.assert_outcomes(passed=2, errors=1)
    found = result.outlines.index("no request triggered " + NO_REQUEST)
    assert "ERROR at teardown of test_x" in result.outlines[found - 1]


@pytest.mark.parametrize(
    ("rest", "outcomes"),
    [
        ("    assert False", {"failed": 1}),
        ("    __import__('pytest').skip()", {"skipped": 1}),
        ("    calcom_fake.faults.clear()", {"passed": 1}),
        (
            "    from calcom_transports import Client\n"
            "    client = Client(calcom_fake.key, transport=calcom_fake)\n"
            "    try: client.bookings.create({'event_type_id': 1, 'start': '2027-03-02T09:00:00Z', "
            "'attendee': {'name': 'A', 'email': 'a@example.com', 'time_zone': 'UTC'}})\n"
            "    except Exception: client.me.get()",
            {"passed": 1},
        ),
    ],
    ids=["failed", "skipped", "discarded", "triggered"],
)
def test_no_other_test_fails_for_a_fault(
    pytester: pytest.Pytester, rest: str, outcomes: dict[str, int]
) -> None:
    write(pytester, FAULTS + rest)

    run(pytester).assert_outcomes(**outcomes)


def test_an_unrecorded_request_fails_the_test_but_not_its_teardown(
    pytester: pytest.Pytester,
) -> None:
    write(pytester, FIRST)
    cassette(pytester, "second")

    result = run(pytester)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*NoMatch: *"])


# Base URLs


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/own/v2/prefix", "https://calcom.example"])
def test_a_replay_requests_the_recorded_server(pytester: pytest.Pytester, url: str) -> None:
    write(pytester, FIRST)
    cassette(pytester, "first", url=url)

    run(pytester).assert_outcomes(passed=1)


def test_a_path_in_a_query_is_not_part_of_the_base_url(pytester: pytest.Pytester) -> None:
    write(
        pytester,
        "import pytest\n"
        "from calcom_transports import Match\n"
        "@pytest.mark.calcom(match=Match(ignore=['query']))\n" + FIRST,
    )
    path = cassette(pytester, "first")
    path.write_text(path.read_text().replace('/first"', '/first?next=/v2/bookings"'))

    run(pytester).assert_outcomes(passed=1)


def test_an_empty_replay_requests_the_hosted_server(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALCOM_BASE_URL", "http://127.0.0.1:1")
    write(pytester, f"def test_x(calcom_client): assert calcom_client.api.base_url == '{HOSTED}'")
    cassette(pytester)

    run(pytester).assert_outcomes(passed=1)


def test_a_recording_requests_the_hosted_server_by_default(
    pytester: pytest.Pytester,
) -> None:
    write(pytester, f"def test_x(calcom_client): assert calcom_client.api.base_url == '{HOSTED}'")

    record(pytester).assert_outcomes(passed=1)


@pytest.mark.parametrize("mode", ["none", "rewrite"])
def test_the_base_url_of_the_marker_overrides_all_others(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setenv("CALCOM_BASE_URL", "http://127.0.0.1:1")
    write(
        pytester,
        "import pytest\n"
        "@pytest.mark.calcom(base_url='https://calcom.example')\n"
        "def test_x(calcom_client):\n"
        "    assert calcom_client.api.base_url == 'https://calcom.example'",
    )
    cassette(pytester)

    run(pytester, f"--calcom-record={mode}").assert_outcomes(passed=1)


@pytest.mark.parametrize(("mode", "sends"), [("none", False), ("rewrite", True)])
def test_only_a_recording_sends(
    pytester: pytest.Pytester, server: Server, mode: str, sends: bool
) -> None:
    write(pytester, FIRST)
    cassette(pytester, "first")

    run(pytester, f"--calcom-record={mode}").assert_outcomes(passed=1)

    assert bool(server.requests) is sends


# Recording


@pytest.mark.parametrize(
    ("test", "uids"),
    [
        (FIRST, ["first"]),
        (UNDER_TRIO, ["second"]),
        (BOTH, ["second", "first", "second", "third"]),
    ],
)
def test_a_recording_replays_without_a_key_or_a_server(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, test: str, uids: list[str]
) -> None:
    write(pytester, test)

    with Server(responding(WIRE_RESPONSE)) as server:
        monkeypatch.setenv("CALCOM_BASE_URL", server.url)
        record(pytester).assert_outcomes(passed=1)
    monkeypatch.delenv("CALCOM_BASE_URL")
    monkeypatch.delenv("CALCOM_API_KEY")

    assert recorded_urls(pytester) == [f"{server.url}/v2/bookings/{uid}" for uid in uids]
    assert files(pytester) == ["cassettes/test_a/test_x.json"]
    assert KEY not in (pytester.path / "cassettes/test_a/test_x.json").read_text()
    assert all(f"authorization: bearer {KEY}".encode() in r.lower() for r in server.requests)
    run(pytester).assert_outcomes(passed=1)
    record(pytester).assert_outcomes(passed=1)
    assert len(server.requests) == len(uids)


def test_rewrite_replaces_an_existing_cassette(pytester: pytest.Pytester, server: Server) -> None:
    write(pytester, FIRST)
    cassette(pytester, "before", "and", "more")

    run(pytester, "--calcom-record=rewrite").assert_outcomes(passed=1)

    assert recorded_urls(pytester) == [f"{server.url}/v2/bookings/first"]


def test_a_cassette_of_two_tests_is_rewritten_by_the_first_and_replayed_by_the_second(
    pytester: pytest.Pytester, server: Server
) -> None:
    shared = "import pytest\npytestmark = pytest.mark.calcom(cassette='shared')\n"
    write(pytester, shared + FIRST + FIRST.replace("test_x", "test_y"))
    cassette(pytester, "before", name="test_a/shared")

    run(pytester, "--calcom-record=rewrite").assert_outcomes(passed=2)

    assert len(server.requests) == 1
    assert recorded_urls(pytester, "test_a/shared") == [f"{server.url}/v2/bookings/first"]


def test_only_the_option_decides_whether_to_record(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALCOM_RECORD", "rewrite")
    write(pytester, EMPTY)

    recording = ("-p", "pytest_recording.plugin", "--record-mode=rewrite")
    imported = ("-W", "ignore:Module already imported")  # VCR.py, by an earlier test
    run(pytester, *recording, *imported).assert_outcomes(errors=1)
    assert files(pytester) == []

    result = run(pytester, "--calcom-record=all")

    assert result.ret is pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--calcom-record: invalid choice: 'all'*"])


@pytest.mark.parametrize("key", [None, KEY])
@pytest.mark.parametrize("mode", ["once", "rewrite"])
def test_nothing_is_recorded_if_ci_is_set(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, mode: str, key: str | None
) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("CALCOM_API_KEY", key or "")
    write(pytester, EMPTY)

    result = run(pytester, f"--calcom-record={mode}")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["CassetteError: *variable CI is set*"])
    assert not (pytester.path / "cassettes").exists()


def test_an_existing_cassette_is_replayed_if_ci_is_set(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    write(pytester, FIRST)
    cassette(pytester, "first")

    record(pytester).assert_outcomes(passed=1)


@pytest.mark.exhaustive(sample=2)
@pytest.mark.parametrize(
    ("key", "problem"),
    [(None, "is not set"), ("", "is set and blank"), (f"{KEY}\n", "contains a space")],
)
@pytest.mark.parametrize("mode", ["once", "rewrite"])
def test_a_recording_without_a_key_fails_and_creates_no_file(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
    key: str | None,
    problem: str,
) -> None:
    monkeypatch.delenv("CALCOM_API_KEY")
    if key is not None:
        monkeypatch.setenv("CALCOM_API_KEY", key)
    write(pytester, EMPTY)

    result = run(pytester, f"--calcom-record={mode}")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*the environment variable CALCOM_API_KEY must *: it {problem}*"])
    assert not (pytester.path / "cassettes").exists()


@pytest.mark.exhaustive(sample=3)
@pytest.mark.parametrize(
    ("test", "outcome"),
    [
        ("def test_x(calcom_client):\n    with calcom_client: pass\n    assert False", "failed"),
        ("def test_x(calcom_client): pytest.skip()", "skipped"),
        ("@pytest.mark.xfail\ndef test_x(calcom_client): assert False", "xfailed"),
        ("@pytest.mark.xfail(strict=True)\ndef test_x(calcom_client): pass", "failed"),
        ("def test_x(calcom_client, breaks): pass", "errors"),
        ("def test_x(calcom_client, breaks_later): pass", "passed errors"),
        ("def test_x(breaks_later, calcom_client): pass", "passed errors"),
        (
            "def test_x(calcom_client): pass\ndef teardown_module(): raise RuntimeError",
            "passed errors",
        ),
        pytest.param(
            "def test_x(calcom_client, subtests):\n"
            "    with subtests.test(): assert False\n"
            "    with subtests.test(): pass",
            "failed subtest",
            marks=HAS_SUBTESTS,
        ),
    ],
)
@pytest.mark.parametrize("mode", ["none", "once", "rewrite"])
def test_a_cassette_is_checked_or_written_only_if_the_whole_test_passed(
    pytester: pytest.Pytester, test: str, outcome: str, mode: str
) -> None:
    write(
        pytester,
        "import pytest\n"
        "@pytest.fixture\n"
        "def breaks(): raise RuntimeError\n"
        "@pytest.fixture\n"
        "def breaks_later():\n"
        "    yield\n"
        "    raise RuntimeError\n" + test,
    )
    path = pytester.path / "cassettes" / "test_a" / "test_x.json"
    if mode != "once":
        cassette(pytester, "never requested")
    before = files(pytester)
    content = path.read_bytes() if before else b""

    result = run(pytester, f"--calcom-record={mode}")

    count = 2 if "subtest" in outcome else 1
    assert result.parseoutcomes() == dict.fromkeys(outcome.removesuffix(" subtest").split(), count)
    result.stdout.no_fnmatch_line("*Unplayed*")
    assert files(pytester) == before
    assert not before or path.read_bytes() == content


@pytest.mark.parametrize(
    ("hook", "outcome"),
    [
        ("teardown(item):\n    yield\n    raise RuntimeError", {"passed": 1, "errors": 1}),
        (
            "makereport(item, call):\n"
            "    report = yield\n"
            "    report.outcome = 'failed' if call.when == 'call' else report.outcome\n"
            "    return report",
            {"failed": 1},
        ),
    ],
)
def test_nothing_is_written_if_another_plugin_fails_the_test(
    pytester: pytest.Pytester, hook: str, outcome: dict[str, int]
) -> None:
    pytester.makeconftest(
        f"import pytest\n@pytest.hookimpl(wrapper=True)\ndef pytest_runtest_{hook}"
    )
    write(pytester, EMPTY)

    record(pytester).assert_outcomes(**outcome)

    assert files(pytester) == []


@HAS_SUBTESTS
def test_a_test_with_a_skipped_subtest_is_recorded(pytester: pytest.Pytester) -> None:
    write(
        pytester,
        "import pytest\n"
        "def test_x(calcom_client, subtests):\n"
        "    with subtests.test(): pytest.skip()",
    )

    record(pytester).assert_outcomes(passed=1)

    assert files(pytester) == ["cassettes/test_a/test_x.json"]


@pytest.mark.exhaustive(sample=1)
@pytest.mark.parametrize("end", ["pytest.exit('enough')", "raise KeyboardInterrupt"])
def test_an_interrupted_recording_leaves_no_file(pytester: pytest.Pytester, end: str) -> None:
    write(pytester, f"import pytest\ndef test_x(calcom_client): {end}")

    result = run(pytester, "--calcom-record=once", no_reraise_ctrlc=True)

    assert result.ret is pytest.ExitCode.INTERRUPTED
    assert files(pytester) == []


@pytest.mark.parametrize("option", ["--setup-only", "--setup-plan", "--collect-only"])
def test_a_test_that_is_not_called_is_neither_recorded_nor_checked(
    pytester: pytest.Pytester, option: str
) -> None:
    write(pytester, EMPTY + EMPTY.replace("test_x", "test_y"))
    cassette(pytester, "never requested")

    result = record(pytester, option)

    assert result.ret is pytest.ExitCode.OK
    assert files(pytester) == ["cassettes/test_a/test_x.json"]
    assert unused(result) == []


def test_a_test_that_runs_again_starts_its_cassette_again(
    pytester: pytest.Pytester, server: Server
) -> None:
    pytester.makeconftest(
        "from _pytest.runner import runtestprotocol\n"
        "def pytest_runtest_protocol(item, nextitem):\n"
        "    runtestprotocol(item, nextitem=nextitem, log=False)\n"
        "    item._initrequest()\n"
        "    runtestprotocol(item, nextitem=nextitem)\n"
        "    return True\n"
    )
    write(
        pytester,
        "times = []\n"
        "def test_x(calcom_client):\n"
        "    calcom_client.bookings.get('first')\n"
        "    times.append(1)\n"
        "    assert len(times) == 2",
    )

    record(pytester).assert_outcomes(passed=1)

    assert recorded_urls(pytester) == [f"{server.url}/v2/bookings/first"]


def test_a_recording_that_cannot_be_written_is_an_error_of_the_test(
    pytester: pytest.Pytester,
) -> None:
    write(
        pytester,
        "from pathlib import Path\n"
        "def test_x(calcom_client):\n"
        "    Path('cassettes/test_a/test_x.json').write_text('another')",
    )

    result = record(pytester)

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*ERROR at teardown of test_x*", "CassetteError: *; restore it"])
    assert files(pytester) == ["cassettes/test_a/test_x.json"]


@pytest.mark.exhaustive(sample=1)
@pytest.mark.parametrize(("missing", "test"), [(["urllib3"], UNDER_TRIO), (["trio"], FIRST)])
@pytest.mark.parametrize("mode", ["once", "none"])
def test_each_client_works_without_the_library_of_the_other(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    server: Server,
    missing: list[str],
    test: str,
    mode: str,
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makeconftest(f"import sys\nsys.modules.update(dict.fromkeys({missing}))")
    write(pytester, test)
    if mode == "none":
        cassette(pytester, "first" if test is FIRST else "second")

    result = pytester.runpytest_subprocess(
        "-p", "calcom_transports.pytest_plugin", "-W", "error", f"--calcom-record={mode}"
    )

    result.assert_outcomes(passed=1)


# Names of cassettes


def hashed_name(safe: str, name: str) -> str:
    return f"cassettes/test_a/{safe}-{sha256(name.encode()).hexdigest()[:8]}.json"


def test_a_cassette_is_named_after_its_test_beside_the_file(pytester: pytest.Pytester) -> None:
    write(
        pytester,
        "import pytest\n"
        "class TestA:\n"
        "    class TestB:\n"
        "        @pytest.mark.parametrize('one', ['a'])\n"
        "        @pytest.mark.parametrize('other', ['b'])\n"
        "        def test_x(self, calcom_client, one, other): pass\n"
        "    def test_x(self, calcom_client): pass\n"
        "@pytest.mark.parametrize('value', ['b', 'c d', 'é'])\n"
        "def test_x(calcom_client, value): pass\n",
        "deep/test_a.py",
    )

    record(pytester).assert_outcomes(passed=5)

    folder = "deep/cassettes/test_a"
    escaped = sha256(rb"test_x[\xe9]").hexdigest()[:8]
    assert files(pytester) == sorted(
        [
            f"{folder}/TestA.TestB.test_x[b-a].json",
            f"{folder}/TestA.test_x.json",
            f"{folder}/test_x[b].json",
            f"{folder}/test_x[c d].json",
            f"{folder}/test_x[-xe9]-{escaped}.json",
        ]
    )


def test_an_invalid_file_name_gets_a_unique_replacement(
    pytester: pytest.Pytester,
) -> None:
    write(
        pytester,
        "import pytest\n"
        "values = [*'<>?%*:|\"/', \"'\", 'a/../b', 'x' * 300, 'x' * 301]\n"
        "@pytest.mark.parametrize('value', values, ids=values)\n"
        "def test_x(calcom_client, value): pass\n",
    )

    record(pytester).assert_outcomes(passed=13)

    replaced = [hashed_name("test_x[-]", f"test_x[{value}]") for value in "<>?%*:|\"/'"]
    assert files(pytester) == sorted(
        [
            *replaced,
            hashed_name("test_x[a-..-b]", "test_x[a/../b]"),
            hashed_name("test_x[" + "x" * 113, f"test_x[{'x' * 300}]"),
            hashed_name("test_x[" + "x" * 113, f"test_x[{'x' * 301}]"),
        ]
    )
    run(pytester).assert_outcomes(passed=13)


def test_a_file_whose_name_begins_with_dots_has_visible_cassettes(
    pytester: pytest.Pytester,
) -> None:
    write(pytester, ">>> _ = getfixture('calcom_client')", "..test_a.txt")

    record(pytester, "..test_a.txt").assert_outcomes(passed=1)

    (name,) = files(pytester)
    assert name == f"cassettes/..test_a/-test_a.txt-{sha256(b'..test_a.txt').hexdigest()[:8]}.json"


def test_a_name_that_cannot_be_encoded_gets_a_replacement(pytester: pytest.Pytester) -> None:
    escaping = "disable_test_id_escaping_and_forfeit_all_rights_to_community_support=true"
    write(
        pytester,
        "import pytest\n"
        "@pytest.mark.parametrize('value', ['\\udc80'])\n"
        "def test_x(calcom_client, value): pass",
    )

    record(pytester, "-o", escaping).assert_outcomes(passed=1)

    digest = sha256(b"test_x[\xed\xb2\x80]").hexdigest()[:8]
    assert files(pytester) == [f"cassettes/test_a/test_x[]-{digest}.json"]


def test_a_long_name_is_cut_between_two_letters(pytester: pytest.Pytester) -> None:
    name = "test_" + "é" * 60  # 125 bytes
    write(pytester, f"def {name}(calcom_client): pass")

    record(pytester).assert_outcomes(passed=1)

    assert files(pytester) == [hashed_name("test_" + "é" * 57, name)]


# Like pytest-repeat and pytest-flakefinder.
REPEATING = {
    "repeat": """
import pytest

@pytest.fixture
def __pytest_repeat_step_number(request):
    return request.param

@pytest.hookimpl(trylast=True)
def pytest_generate_tests(metafunc):
    metafunc.fixturenames.append("__pytest_repeat_step_number")
    metafunc.parametrize(
        "__pytest_repeat_step_number",
        range(2),
        indirect=True,
        ids=lambda number: f"{number + 1}-2",
    )
""",
    "flakefinder": """
import pytest

@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc):
    name = f"__flakefinder_{metafunc.function.__name__}"
    metafunc.fixturenames.append(name)
    metafunc.parametrize(argnames=name, argvalues=[0, 1])
""",
}
SHUFFLED = """
def pytest_collection_modifyitems(items):
    items.reverse()
"""
REPEATED = """
import pytest

def test_x(calcom_client):
    calcom_client.bookings.get("first")

class TestA:
    @pytest.mark.parametrize("uid", ["1", "a-1-1", "2-2"])
    def test_x(self, calcom_client, uid):
        calcom_client.bookings.get(uid)
"""


@pytest.mark.exhaustive(sample=2)
@pytest.mark.parametrize("shuffled", ["", SHUFFLED])
@pytest.mark.parametrize("plugin", REPEATING)
@pytest.mark.parametrize("mode", ["once", "rewrite"])
def test_all_repeats_of_a_test_share_its_cassette(
    pytester: pytest.Pytester, server: Server, mode: str, plugin: str, shuffled: str
) -> None:
    write(pytester, REPEATED)
    pytester.makeconftest(REPEATING[plugin] + shuffled)

    run(pytester, f"--calcom-record={mode}").assert_outcomes(passed=8)
    replayed = run(pytester)
    (pytester.path / "conftest.py").unlink()
    once = run(pytester)

    replayed.assert_outcomes(passed=8)
    once.assert_outcomes(passed=4)
    assert len(server.requests) == 4
    assert files(pytester) == [
        "cassettes/test_a/TestA.test_x[1].json",
        "cassettes/test_a/TestA.test_x[2-2].json",
        "cassettes/test_a/TestA.test_x[a-1-1].json",
        "cassettes/test_a/test_x.json",
    ]
    assert unused(replayed) == unused(once) == []


def test_a_group_of_xdist_is_not_part_of_the_name(pytester: pytest.Pytester) -> None:
    write(pytester, EMPTY)
    cassette(pytester)
    pytester.makeconftest(
        "def pytest_collection_modifyitems(items):\n"
        "    for item in items:\n"
        "        item._nodeid = f'{item.nodeid}@group'\n"
    )

    result = run(pytester)

    result.assert_outcomes(passed=1)
    assert unused(result) == []


# The marker


def test_the_closest_marker_decides_each_option(pytester: pytest.Pytester) -> None:
    write(
        pytester,
        "import pytest\n"
        "from calcom_core import EVERYWHERE, HOSTED, NO_RETRY\n"
        "pytestmark = pytest.mark.calcom(cassette='of_module', versions=HOSTED, concurrency=3)\n"
        "@pytest.mark.calcom(cassette='of_class', retry=NO_RETRY)\n"
        "class TestA:\n"
        "    @pytest.mark.calcom(concurrency=2)\n"
        "    def test_x(self, calcom_client, calcom_async_client):\n"
        "        for client in (calcom_client, calcom_async_client):\n"
        "            assert client.concurrency == 2\n"
        "            assert client.retry == NO_RETRY\n"
        "            assert client.api.versions == HOSTED\n"
        "def test_x(calcom_client):\n"
        "    assert calcom_client.concurrency == 3\n"
        "@pytest.mark.calcom(cassette='own', versions=EVERYWHERE)\n"
        "def test_y(calcom_client):\n"
        "    assert calcom_client.api.versions == EVERYWHERE\n",
    )

    record(pytester).assert_outcomes(passed=3)

    names = ["of_class", "of_module", "own"]
    assert files(pytester) == [f"cassettes/test_a/{name}.json" for name in names]


def test_the_marker_sets_the_match_of_a_replay(pytester: pytest.Pytester) -> None:
    write(
        pytester,
        "import pytest\n"
        "from calcom_transports import Match\n"
        "@pytest.mark.calcom(match=Match(ignore=['path']))\n" + FIRST,
    )
    cassette(pytester, "second")

    run(pytester).assert_outcomes(passed=1)


def test_the_marker_sets_the_redaction_of_a_recording(
    pytester: pytest.Pytester, server: Server
) -> None:
    write(
        pytester,
        "import pytest\n"
        "from calcom_transports import Redaction\n"
        "@pytest.mark.calcom(redaction=Redaction(personal=True, key='a key'))\n" + FIRST,
    )

    record(pytester).assert_outcomes(passed=1)
    run(pytester).assert_outcomes(passed=1)

    text = (pytester.path / "cassettes/test_a/test_x.json").read_text(encoding="utf-8")
    assert json.loads(text)["personal"] == "keyed"
    assert "ann@" in BODY.decode()
    assert "ann@" not in text


def test_the_marker_sets_before_record(pytester: pytest.Pytester, server: Server) -> None:
    write(
        pytester,
        "import pytest\n"
        "from attrs import evolve\n"
        "def change(exchange):\n"
        "    return evolve(exchange, outcome=evolve(exchange.outcome, headers={'X-Seen': 'yes'}))\n"
        "@pytest.mark.calcom(before_record=change)\n" + FIRST,
    )

    record(pytester).assert_outcomes(passed=1)
    run(pytester).assert_outcomes(passed=1)

    text = (pytester.path / "cassettes/test_a/test_x.json").read_text(encoding="utf-8")
    assert json.loads(text)["runs"][0]["exchanges"][0]["response"]["headers"] == [["X-Seen", "yes"]]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ("'shared'", "*takes cassette, match, *, not positional arguments"),
        ("casette='shared', timeout=1", "*takes cassette, * as keywords, not 'casette', 'timeout'"),
        ("match='host'", "InvalidInput: match: must be a Match(…), not str"),
        ("redaction=True", "InvalidInput: redaction: must be a Redaction(…), not bool"),
        ("before_record=5", "InvalidInput: before_record: must be a function, not int"),
        ("cassette=''", "cassette of the marker calcom must be the name of a file*"),
        ("cassette=1", "cassette of the marker calcom must be the name of a file*"),
        ("cassette='../elsewhere'", "cassette of the marker calcom must be the name of a file*"),
        (r"cassette='sub\\shared'", "cassette of the marker calcom must be the name of a file*"),
        ("concurrency=0", "InvalidInput: concurrency: *"),
    ],
)
def test_an_invalid_option_of_the_marker_is_an_error(
    pytester: pytest.Pytester, options: str, problem: str
) -> None:
    write(pytester, f"import pytest\n@pytest.mark.calcom({options})\n{EMPTY}")

    result = record(pytester)

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"{problem}"])
    assert files(pytester) == []


# Unused cassettes


PROJECT = """
import pytest

def test_x(calcom_client): pass

class TestA:
    def test_x(self, calcom_async_client): pass

class TestB:
    @pytest.mark.calcom(cassette="own")
    @pytest.mark.parametrize("value", "ab")
    def test_x(self, calcom_client, value): pass

def test_by_name(request): request.getfixturevalue("calcom_client")

def test_without(): pass
"""
NAMES = ["TestA.test_gone", "TestA.test_x", "own", "test_by_name", "test_x"]


def project(pytester: pytest.Pytester) -> None:
    """Write two modules, each with used and unused cassettes."""
    write(pytester, PROJECT)
    write(pytester, EMPTY, "test_b.py")
    for name in NAMES:
        cassette(pytester, name=f"test_a/{name}")
    for name in ("test_x", "test_gone", "TestGone.test_x"):
        cassette(pytester, name=f"test_b/{name}")


GONE_OF_A = ["cassettes/test_a/TestA.test_gone.json"]
GONE_OF_B = ["cassettes/test_b/TestGone.test_x.json", "cassettes/test_b/test_gone.json"]


@pytest.mark.exhaustive(sample=2)
@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ([], GONE_OF_A + GONE_OF_B),
        (["-k", "nothing"], GONE_OF_A + GONE_OF_B),
        (["-k", "not by_name"], GONE_OF_A + GONE_OF_B),
        (["-m", "calcom"], GONE_OF_A + GONE_OF_B),
        (["--deselect", "test_a.py::test_by_name"], GONE_OF_A + GONE_OF_B),
        (["--ignore", "test_b.py"], GONE_OF_A),
        (["test_a.py"], GONE_OF_A),
        (["test_b.py"], GONE_OF_B),
        (["test_b.py::test_x"], GONE_OF_B),
        (["test_a.py::test_x"], []),
        (["test_a.py::TestA"], []),
        (["test_a.py::TestA::test_x"], []),
        (["test_a.py::TestA", "test_a.py::TestB::test_x"], GONE_OF_A),
        (["test_a.py::TestA::test_x", "test_b.py::test_x"], GONE_OF_B),
        (["--collect-only"], GONE_OF_A + GONE_OF_B),
    ],
)
def test_cassettes_that_no_test_uses_are_reported_at_the_end(
    pytester: pytest.Pytester, args: list[str], expected: list[str]
) -> None:
    project(pytester)

    result = run(pytester, *args)

    assert unused(result) == expected
    assert (UNUSED.strip("*") in result.stdout.str()) is bool(expected)
    assert result.ret in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)


def test_no_cassette_is_reported_with_last_failed(pytester: pytest.Pytester) -> None:
    project(pytester)
    write(pytester, PROJECT.replace("request): request.", "request): assert not request."))

    first, second = run(pytester, "--lf"), run(pytester, "--lf")

    second.assert_outcomes(failed=1)
    assert unused(first) == unused(second) == []


def test_the_cassette_of_a_test_that_another_plugin_removes_is_not_reported(
    pytester: pytest.Pytester,
) -> None:
    project(pytester)
    write(
        pytester,
        "import pytest\n"
        "@pytest.hookimpl(wrapper=True)\n"
        "def pytest_make_collect_report(collector):\n"
        "    report = yield\n"
        "    report.result = [node for node in report.result if node.name != 'test_by_name']\n"
        "    return report",
        "removing.py",
    )
    pytester.syspathinsert()

    assert unused(run(pytester, "-p", "removing")) == GONE_OF_A + GONE_OF_B


def test_a_run_that_stops_early_reports_unused_cassettes(pytester: pytest.Pytester) -> None:
    project(pytester)
    write(pytester, "def test_a(): assert False\n" + PROJECT)

    result = run(pytester, "-x")

    result.assert_outcomes(failed=1)
    assert unused(result) == GONE_OF_A + GONE_OF_B


@pytest.mark.parametrize(
    "broken",
    [
        "import nothing_of_this_name",
        "import pytest\npytest.skip(allow_module_level=True)",
        PROJECT + "class TestC:\n    @pytest.mark.parametrize('x', 1)\n    def test_x(self): pass",
    ],
)
def test_no_cassette_of_an_uncollected_module_is_reported(
    pytester: pytest.Pytester, broken: str
) -> None:
    project(pytester)
    write(pytester, broken)
    cassette(pytester, name="test_a/test_gone")

    assert unused(run(pytester, "--continue-on-collection-errors")) == GONE_OF_B


def test_a_test_that_passed_without_its_client_leaves_its_cassette_unused(
    pytester: pytest.Pytester,
) -> None:
    write(pytester, "def test_x(): pass\ndef test_y(): raise RuntimeError\n")
    cassette(pytester)
    cassette(pytester, name="test_a/test_y")

    result = run(pytester)

    result.assert_outcomes(passed=1, failed=1)
    assert unused(result) == ["cassettes/test_a/test_x.json"]


def test_the_directory_of_a_deleted_module_is_reported(
    pytester: pytest.Pytester,
) -> None:
    write(pytester, EMPTY)
    write(pytester, EMPTY, "test_not_collected.py")
    for name in ("test_a/test_x", "test_b/test_x", "test_b/test_y", "test_not_collected/test_x"):
        cassette(pytester, name=name)
    cassette(pytester, name="of_something_else/test_x")
    (pytester.path / "cassettes/test_empty").mkdir()
    (pytester.path / "cassettes/test_vcr").mkdir()
    (pytester.path / "cassettes/test_vcr/test_x.yaml").touch()

    result = run(pytester, "test_a.py")

    result.assert_outcomes(passed=1)
    assert unused(result) == ["cassettes/test_b"]


def test_a_running_recording_is_not_reported(pytester: pytest.Pytester) -> None:
    write(pytester, EMPTY)
    cassette(pytester)
    for name in (".test_y.json.recording", ".test_z.json", "test_x.yaml"):
        (pytester.path / "cassettes/test_a" / name).touch()

    assert unused(run(pytester)) == []


# Beside other plugins


def test_the_plugin_works_beside_those_for_vcr_and_trio(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makeini("[pytest]\ntrio_mode = true")
    write(
        pytester,
        "import urllib.request\n"
        "import pytest\n"
        "@pytest.mark.vcr\n"
        "@pytest.mark.block_network\n"
        "def test_of_vcr():\n"
        "    with urllib.request.urlopen('http://127.0.0.1:1/') as response:\n"
        "        assert response.read() == b'recorded'\n"
        "async def test_of_trio(calcom_async_client):\n"
        "    await calcom_async_client.bookings.get('first')\n" + FIRST,
    )
    for name in ("test_of_trio", "test_x"):
        cassette(pytester, "first", name=f"test_a/{name}")
    (pytester.path / "cassettes/test_a/test_of_vcr.yaml").write_text(
        "version: 1\n"
        "interactions:\n"
        "- request: {method: GET, uri: 'http://127.0.0.1:1/', body: null, headers: {}}\n"
        "  response: {status: {code: 200, message: OK}, headers: {}, body: {string: recorded}}\n"
    )

    # Not in this process, where VCR.py may be imported already, and pytest warns of that.
    result = pytester.runpytest_subprocess(
        *("-p", "pytest_recording.plugin", "-p", "pytest_trio.plugin"),
        *("-p", "calcom_transports.pytest_plugin"),
        *("-W", "error", "--strict-markers", "--strict-config", "-v"),
    )

    result.assert_outcomes(passed=3)
    assert unused(result) == []


ASYNC_PLUGINS = {
    "pytest_trio.plugin": "trio_mode = true",
    "pytest_asyncio.plugin": "asyncio_mode = auto\nasyncio_default_fixture_loop_scope = function",
    "anyio.pytest_plugin": "anyio_mode = auto",
}


@pytest.mark.parametrize("plugin", ASYNC_PLUGINS)
def test_an_async_test_is_recorded_and_replayed_under_each_plugin_that_runs_it(
    plugin: str, pytester: pytest.Pytester, server: Server
) -> None:
    pytester.makeini(f"[pytest]\n{ASYNC_PLUGINS[plugin]}")
    write(
        pytester,
        "async def test_x(calcom_async_client):\n"
        "    async with calcom_async_client as client:\n"
        "        await client.bookings.get('first')\n",
    )
    # anyio runs each test under asyncio and under trio.
    names = ("test_x[[]asyncio[]]", "test_x[[]trio[]]") if "anyio" in plugin else ("test_x",)

    record(pytester, "-p", plugin).assert_outcomes(passed=len(names))
    assert len(server.requests) == len(names)
    run(pytester, "-p", plugin).assert_outcomes(passed=len(names))

    assert len(server.requests) == len(names)
    found = [path for name in names for path in pytester.path.rglob(f"{name}*.json")]
    assert len(found) == len(names)
    assert len({path.read_bytes() for path in found}) == 1


def test_the_plugin_loads_automatically_and_lists_its_options(
    pytester: pytest.Pytester,
) -> None:
    result = pytester.runpytest_inprocess("-p", "no:asyncio", "--markers")
    result.stdout.fnmatch_lines(["@pytest.mark.calcom(cassette=…, match=…, redaction=…, *"])

    run(pytester, "--help").stdout.fnmatch_lines(
        ["cassettes of Cal.com:", "*--calcom-record={none,once,rewrite}*"]
    )


def test_a_run_without_a_client_does_not_import_the_library(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    write(
        pytester,
        "import sys\n"
        "named = {'urllib3', 'trio', 'h11', 'truststore', 'attr', 'cattrs', 'calcom_core'}\n"
        "def test_x(): assert named.isdisjoint(sys.modules)",
    )

    result = pytester.runpytest_subprocess("-p", "calcom_transports.pytest_plugin")

    result.assert_outcomes(passed=1)


# Secrets


@pytest.mark.exhaustive(sample=1)
@pytest.mark.parametrize("mode", ["none", "once", "rewrite"])
def test_no_failure_shows_the_key(pytester: pytest.Pytester, server: Server, mode: str) -> None:
    write(
        pytester,
        "import pytest\n"
        "import trio\n"
        "@pytest.fixture\n"
        "def later(calcom_client):\n"
        "    yield\n"
        "    raise RuntimeError\n"
        "def test_fails(calcom_client, calcom_async_client, request):\n"
        "    calcom_client.bookings.get('first')\n"
        "    item = request.node\n"
        "    assert vars(calcom_client) == vars(calcom_async_client)\n"
        "def test_later(calcom_client, later): calcom_client.bookings.get('first')\n"
        "def test_changed(calcom_client, request):\n"
        "    request.path.with_name('cassettes').joinpath('test_a/test_changed.json').touch()\n"
        "def test_refused(calcom_client): calcom_client.bookings.get('')\n"
        "def test_async(calcom_async_client):\n"
        "    async def main(): await calcom_async_client.bookings.get('')\n"
        "    trio.run(main)\n"
        "@pytest.mark.calcom(concurrency=0)\n"
        "def test_none(calcom_client): pass\n"
        "@pytest.mark.calcom(base_url='http://calcom.example')\n"
        "def test_unsafe(calcom_client): calcom_client.bookings.get('first')\n"
        "@pytest.mark.calcom(casette='a')\n"
        "def test_unknown(calcom_client): pass\n",
    )
    for name in ("test_fails", "test_later", "test_refused") if mode == "none" else ():
        cassette(pytester, "first", name=f"test_a/{name}")

    result = run(pytester, "--showlocals", "--tb=long", "-vv", f"--calcom-record={mode}")

    assert result.ret is pytest.ExitCode.TESTS_FAILED
    output = result.stdout.str() + result.stderr.str()
    assert "calcom_client = Client(" in output
    assert KEY not in output
    assert KEY[9:] not in output
