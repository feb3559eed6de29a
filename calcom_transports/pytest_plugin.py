"""A pytest plugin: clients that replay a cassette for each test, or record it with an option.

The fixtures `calcom_client` and `calcom_async_client` share the cassette
`cassettes/<module>/<test>.json` beside the test's file. The marker `calcom` changes its name and
the options of the client. Only `--calcom-record` decides whether a test records.
A test fails if it leaves an exchange unplayed, or a fault of `calcom_fake` untriggered.
A recording is written once the test has passed, with its teardown, so a failed test never replaces
a cassette.
pytest loads this module in every run, so it imports the library only for a test with a client.
"""

import os
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import pytest

if TYPE_CHECKING:
    from calcom_core.secret import Secret
    from calcom_transports.client import AsyncClient, Client
    from calcom_transports.fake import FakeCalcom
    from calcom_transports.recorder import Mode

_FIXTURES = frozenset({"calcom_client", "calcom_async_client"})
_CLIENT_OPTIONS = ("versions", "retry", "concurrency")
_CASSETTE_OPTIONS = ("match", "redaction", "before_record")
_OPTIONS = ("cassette", *_CASSETTE_OPTIONS, "base_url", *_CLIENT_OPTIONS)

# Characters that a file system refuses in a name, or interprets.
_UNSAFE = re.compile(r"""[<>?%*:|"'/\\\x00-\x1f\x7f]|^\.+""")
_MAX_NAME = 120  # bytes; file systems allow 255

# Plugins that repeat a test add a parameter to it: the prefix of the parameter's name, and the
# pattern of its value in the test's name. All repeats of a test share a cassette.
_REPEATS = (
    ("__pytest_repeat_step_number", re.compile(r"(?:^|-)\d+-\d+$")),  # pytest-repeat
    ("__flakefinder_", re.compile(r"^\d+(?:-|$)")),  # pytest-flakefinder
)

AnyClient = TypeVar("AnyClient", "Client", "AsyncClient")


@pytest.fixture
def calcom_client(request: pytest.FixtureRequest) -> "Client":
    """Return the blocking client of this test, which replays or records the test's cassette.

    Closing the client does not end the cassette; the plugin does, after the test.
    The client gets `base_url`, `versions`, `retry` and `concurrency` of the marker.
    A replay needs no key, and by default requests the recorded server. A recording needs the key in
    CALCOM_API_KEY, and by default requests the server in CALCOM_BASE_URL.
    The test fails for an unknown option of the marker, for a recording without a key, and for any
    error of `calcom_transports.use_cassette` and `Client`.
    """
    from calcom_transports.client import Client

    return _client(request.node, Client)


@pytest.fixture
def calcom_async_client(request: pytest.FixtureRequest) -> "AsyncClient":
    """Return the async client of this test, with the same cassette and options as `calcom_client`.

    Tests of pytest-asyncio, anyio and pytest-trio await its methods. It needs no plugin:
    `asyncio.run(main(calcom_async_client))` is enough.
    """
    from calcom_transports.client import AsyncClient

    return _client(request.node, AsyncClient)


@pytest.fixture
def calcom_fake(request: pytest.FixtureRequest) -> "FakeCalcom":
    """Return a Cal.com in memory, fresh for this test: a transport for either client.

    The test fails if it sets a fault that no request triggers.
    """
    from calcom_transports.fake import FakeCalcom

    fake = FakeCalcom()
    request.node.stash[_FAKE] = fake
    return fake


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option `--calcom-record`."""
    parser.getgroup("calcom", "cassettes of Cal.com").addoption(
        "--calcom-record",
        choices=("none", "once", "rewrite"),
        default="none",
        help="none: only replay (the default); once: record if the cassette is missing; "
        "rewrite: record, and replace the cassette. If CI is set, nothing is recorded.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers",
        f"calcom({', '.join(f'{name}=…' for name in _OPTIONS)}): options of the "
        "fixtures calcom_client and calcom_async_client, and of their cassette.",
    )
    config.stash[_SESSION] = _Session()


class _TestCassette:
    """The cassette of one test, open until the test and its teardown are over."""

    def __init__(self, item: pytest.Item) -> None:
        from calcom_core.api import HOSTED_URL
        from calcom_transports import environment
        from calcom_transports.recorder import Recorder, use_cassette

        options = _options(item)
        self._session = item.config.stash[_SESSION]
        self._path = path = _cassette_path(item)
        self._session.opened.add(path)
        mode: Mode = item.config.option.calcom_record
        if path in self._session.recorded:
            mode = "once"  # another test of this run recorded it; do not replace it
        self._api_key: Secret | None = None
        if mode == "rewrite" or (mode == "once" and not os.path.lexists(path)):
            self._api_key = _api_key(path)
        given = {name: options.pop(name) for name in _CASSETTE_OPTIONS if name in options}
        self._cassette = use_cassette(path, mode, **given)
        if isinstance(self._cassette, Recorder):
            self._recorder: Recorder | None = self._cassette
            base_url = environment.base_url()
        else:
            self._recorder = None
            base_url = self._cassette.base_url
        # Without the methods that end a cassette: closing the client must not end it.
        methods = ("begin", "sync_transport", "async_transport")
        found = {name: getattr(self._cassette, name, None) for name in methods}
        self._borrowed: Any = SimpleNamespace(**{k: v for k, v in found.items() if v is not None})
        self._options = {"base_url": base_url or HOSTED_URL, **options}

    def client(self, kind: type[AnyClient]) -> AnyClient:
        """Return a client of that class over this cassette."""
        return kind(self._api_key, transport=self._borrowed, **self._options)

    def finish(self) -> None:
        """Write a recording, or check that a replay is complete."""
        self._cassette.close()
        if self._recorder is not None:
            self._session.recorded.add(self._path)

    def discard(self) -> None:
        """Discard a recording that is not written yet."""
        if self._recorder is not None:
            self._recorder.discard()


class _Session:
    """The tests and cassettes of this run, to find cassettes that no test uses."""

    def __init__(self) -> None:
        self.opened: set[Path] = set()
        self.recorded: set[Path] = set()
        self.passed: dict[str, bool | None] = {}
        """By node id: False after a failure, True after a passed call, None after a skipped one."""
        self._tests: dict[Path, list[pytest.Item]] = {}  # by cassette directory
        self._uncollected: set[pytest.Collector] = set()

    def phase_ended(self, report: pytest.TestReport) -> None:
        """Note the outcome of a phase of a test, or of a subtest."""
        test = report.nodeid
        if report.when == "setup":
            self.passed.pop(test, None)  # it may run again
        if report.failed:
            self.passed[test] = False
        elif report.when == "call" and self.passed.get(test) is not False:
            self.passed[test] = report.passed or None  # subtests report before their test

    def collected(self, collector: pytest.Collector, report: pytest.CollectReport) -> None:
        """Note the tests of a file, or of a class in it."""
        if not any(isinstance(node, pytest.File) for node in collector.listchain()):
            return
        tests = self._tests.setdefault(_directory(collector), [])
        self._uncollected.discard(collector)
        if not report.passed:
            self._uncollected.add(collector)
            return
        for child in report.result:
            if isinstance(child, pytest.Item):
                tests.append(child)
            else:
                self._uncollected.add(child)

    def unused(self, modules: list[str]) -> Iterator[Path]:
        """Yield the cassettes that no test opens, and the directories of modules that were deleted.

        Modules that were not collected completely are left out.
        *modules* are the patterns of the names of test modules.
        """
        incomplete = {_directory(collector) for collector in self._uncollected}
        for directory in sorted(self._tests.keys() - incomplete):
            if unopened := _cassettes(directory, "*.json") - self.opened:
                tests = filter(self._may_open, self._tests[directory])
                yield from sorted(unopened - set(map(_cassette_path, tests)))
        for cassettes in sorted({directory.parent for directory in self._tests}):
            for directory in sorted({file.parent for file in _cassettes(cassettes, "*/*.json")}):
                name = f"{directory.name}.py"
                if any(fnmatch(name, pattern) for pattern in modules) and not (
                    directory in self._tests or (cassettes.parent / name).exists()
                ):
                    yield directory

    def _may_open(self, test: pytest.Item) -> bool:
        # A test can request a fixture while it runs; only a passed test is known not to.
        names = getattr(test, "fixturenames", ())
        return not self.passed.get(test.nodeid) or not _FIXTURES.isdisjoint(names)


_CASSETTE = pytest.StashKey[_TestCassette]()
_FAKE = pytest.StashKey["FakeCalcom"]()
_SESSION = pytest.StashKey[_Session]()


def _client(item: pytest.Item, kind: type[AnyClient]) -> AnyClient:
    with _failing_test():
        if _CASSETTE not in item.stash:
            item.stash[_CASSETTE] = _TestCassette(item)
        return item.stash[_CASSETTE].client(kind)


@contextmanager
def _failing_test() -> Iterator[None]:
    """Fail the test with the message of an error, without the frames of the library."""
    from calcom_core.errors import CalcomError

    try:
        yield
    except CalcomError as error:
        problem = f"{type(error).__name__}: {error}"
        raise pytest.fail.Exception(problem, pytrace=False) from None


def _api_key(path: Path) -> "Secret | None":
    from calcom_core.errors import InvalidInput
    from calcom_transports import environment

    if os.environ.get("CI"):
        return None  # nothing will be recorded
    problem = "is not set"
    try:
        key = environment.api_key()
    except InvalidInput as error:
        key, problem = None, error.problem
    if key is None:
        _fail(
            f"to record {path}, the environment variable {environment.API_KEY} must hold the API "
            f"key of an account: it {problem}; set it, or replay without --calcom-record"
        )
    return key


def _options(item: pytest.Item) -> dict[str, Any]:
    """Return the options of the markers except `cassette`; the closest marker wins."""
    options: dict[str, Any] = {}
    for marker in item.iter_markers("calcom"):
        unknown = [repr(name) for name in marker.kwargs if name not in _OPTIONS]
        if marker.args or unknown:
            wrong = ", ".join(unknown) or "positional arguments"
            _fail(f"the marker calcom takes {', '.join(_OPTIONS)} as keywords, not {wrong}")
        options = {**marker.kwargs, **options}
    cassette = options.pop("cassette", "default")
    if not isinstance(cassette, str) or _safe_name(cassette) != cassette:
        _fail("cassette of the marker calcom must be the name of a file, without directories")
    return options


def _fail(problem: str) -> NoReturn:
    pytest.fail(problem, pytrace=False)


def _directory(node: pytest.Item | pytest.Collector) -> Path:
    return node.path.parent / "cassettes" / node.path.stem


def _cassette_path(item: pytest.Item) -> Path:
    named = (
        mark.kwargs["cassette"] for mark in item.iter_markers("calcom") if "cassette" in mark.kwargs
    )
    nodes = [node for node in item.listchain() if isinstance(node, pytest.Class | pytest.Item)]
    chain = [_without_repeat(node) for node in nodes]
    return _directory(item) / f"{next(named, None) or _safe_name('.'.join(chain))}.json"


def _without_repeat(node: pytest.Class | pytest.Item) -> str:
    """Return the name of a test or a class without the number of a repeat."""
    parameters = getattr(getattr(node, "callspec", None), "params", ())
    test, _, values = node.name.partition("[")
    values = values.removesuffix("]")
    for beginning, part in _REPEATS:
        if any(name.startswith(beginning) for name in parameters):
            values = part.sub("", values)
            return f"{test}[{values}]" if values else test
    return node.name


def _safe_name(name: str) -> str:
    """Return a valid name for a file: the name itself, or one with a hash of it."""
    safe = _UNSAFE.sub("-", name).encode(errors="ignore")[:_MAX_NAME].decode(errors="ignore")
    if safe == name != "":
        return name
    return f"{safe}-{sha256(name.encode(errors='surrogatepass')).hexdigest()[:8]}"


def _cassettes(directory: Path, pattern: str) -> set[Path]:
    # Hidden files are recordings that are running.
    return {file for file in directory.glob(pattern) if not file.name.startswith(".")}


# Innermost: other plugins remove tests that are not selected.
@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Note all tests, including those that are not selected."""
    report = yield
    collector.config.stash[_SESSION].collected(collector, report)
    return report


# Outermost: other plugins change the report of an expected failure.
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note whether a test and its subtests have passed so far."""
    report = yield
    item.config.stash[_SESSION].phase_ended(report)
    return report


# Outermost: it runs after everything that can fail the teardown of the test.
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Write or check the cassette, and check the fake, of a test that passed with its fixtures."""
    try:
        result = yield
        if item.config.stash[_SESSION].passed.get(item.nodeid):
            if _CASSETTE in item.stash:
                with _failing_test():
                    item.stash[_CASSETTE].finish()
            if _FAKE in item.stash:
                _check_faults(item.stash[_FAKE])
        return result
    finally:
        _discard(item)


def _check_faults(fake: "FakeCalcom") -> None:
    if faults := [f"calcom_fake.{fault}" for fault in fake.faults.untriggered]:
        _fail(
            f"no request triggered {', '.join(faults)}; "
            "send one, or discard all faults with calcom_fake.faults.clear()"
        )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Discard the recording of an interrupted test, which has no teardown."""
    try:
        return (yield)
    finally:
        _discard(item)


def _discard(item: pytest.Item) -> None:
    if _FAKE in item.stash:
        del item.stash[_FAKE]
    if _CASSETTE in item.stash:
        item.stash[_CASSETTE].discard()
        del item.stash[_CASSETTE]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Report the cassettes that no test uses, except with `--lf`, which collects too few tests."""
    if config.getoption("lf", default=False):
        return
    unused = list(config.stash[_SESSION].unused(config.getini("python_files")))
    if unused:
        terminalreporter.ensure_newline()
        terminalreporter.section("cassettes that no test uses")
        for path in unused:
            terminalreporter.write_line(os.path.relpath(path, config.invocation_params.dir))
