"""A pytest plugin: clients whose tests replay cassettes, and record them where that is asked for.

The fixtures `calcom_client` and `calcom_async_client` open the cassette
`cassettes/<module>/<test>.json` beside the file of the test, one for both; the marker `calcom` sets
what differs from that, and `--calcom-record` is all that decides whether anything is recorded.
What a test leaves unplayed is an error of it, and a recording is written once all of it has passed.
pytest loads this in every run: nothing else is imported before a test asks for a client.
"""

import os
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import pytest

if TYPE_CHECKING:
    from calcom_core.secret import Secret
    from calcom_transports.client import AsyncClient, Client
    from calcom_transports.fake import FakeCalcom
    from calcom_transports.recorder import Mode, Recorder
    from calcom_transports.replay import Replay

_FIXTURES = frozenset({"calcom_client", "calcom_async_client"})
_OF_CLIENTS = ("versions", "retry", "concurrency")
_OPTIONS = ("cassette", "match", "redaction", "before_record", "base_url", *_OF_CLIENTS)

# What some file system does not take in a name, or takes for something else.
_UNSAFE = re.compile(r"""[<>?%*:|"'/\\\x00-\x1f\x7f]|^\.+""")
_LONGEST = 120  # bytes, where names of files end at 255

# Plugins that repeat a test add a parameter: how its name begins, and its part of the test's name.
# All repeats of a test have the same cassette.
_REPEATS = (
    ("__pytest_repeat_step_number", re.compile(r"(?:^|-)\d+-\d+$")),  # pytest-repeat
    ("__flakefinder_", re.compile(r"^\d+(?:-|$)")),  # pytest-flakefinder
)

AnyClient = TypeVar("AnyClient", "Client", "AsyncClient")


@pytest.fixture
def calcom_client(request: pytest.FixtureRequest) -> "Client":
    """Return the blocking client of this test, which replays or records the test's cassette.

    To close it, as its context does, ends neither: that is done when the test is over.
    The marker's `base_url`, `versions`, `retry` and `concurrency` are the client's.
    A replay needs no key, and asks the server that was recorded, unless `base_url` says another.
    A recording takes the key from CALCOM_API_KEY, and the server, unless `base_url` says one, from
    CALCOM_BASE_URL.
    Fails for options of the marker that are none, for a recording without a key, and with what
    `calcom_transports.use_cassette` and `Client` raise.
    """
    from calcom_transports.client import Client

    return _client(request.node, Client)


@pytest.fixture
def calcom_async_client(request: pytest.FixtureRequest) -> "AsyncClient":
    """Return the trio client of this test; all that `calcom_client` says holds for it.

    It needs no plugin for trio: `trio.run(main, calcom_async_client)` is enough.
    """
    from calcom_transports.client import AsyncClient

    return _client(request.node, AsyncClient)


@pytest.fixture
def calcom_fake() -> "FakeCalcom":
    """Return a Cal.com in memory, fresh for this test: a transport for either client."""
    from calcom_transports.fake import FakeCalcom

    return FakeCalcom()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that says whether to record."""
    parser.getgroup("calcom", "cassettes of Cal.com").addoption(
        "--calcom-record",
        choices=("none", "once", "rewrite"),
        default="none",
        help="none: only replay (the default); once: record where there is no cassette; "
        "rewrite: record, and replace what is there. Nothing is recorded where CI is set.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers",
        f"calcom({', '.join(f'{name}=…' for name in _OPTIONS)}): what the clients of "
        "calcom_client and calcom_async_client, and their cassette, are made with.",
    )
    config.stash[_SEEN] = _Seen()


class _BorrowedCassette:
    """A cassette as the clients see it: to close a client does not end it."""

    def __init__(self, cassette: "Replay | Recorder") -> None:
        from calcom_transports.recorder import Recorder

        if isinstance(cassette, Recorder):
            self.sync_transport = cassette.sync_transport
            self.async_transport = cassette.async_transport
        else:
            self.begin = cassette.begin


class _Use:
    """The cassette of one test, open until all of the test is over."""

    def __init__(self, item: pytest.Item) -> None:
        from calcom_core.api import HOSTED_URL
        from calcom_transports import environment
        from calcom_transports.matching import STRICT
        from calcom_transports.recorder import Recorder, use_cassette

        options = _options(item)
        self._seen = item.config.stash[_SEEN]
        self._path = path = _path(item)
        self._seen.opened.add(path)
        mode: Mode = item.config.option.calcom_record
        if path in self._seen.recorded:
            mode = "once"  # by another test of this run, which would be left without it
        self._key: Secret | None = None
        if mode == "rewrite" or (mode == "once" and not os.path.lexists(path)):
            self._key = _key(path)
        self._cassette = use_cassette(
            path,
            mode,
            match=options.pop("match", STRICT),
            redaction=options.pop("redaction", None),
            before_record=options.pop("before_record", None),
        )
        if isinstance(self._cassette, Recorder):
            self._recorder: Recorder | None = self._cassette
            usual = environment.base_url()
        else:
            self._recorder = None
            usual = self._cassette.base_url
        self._lent = _BorrowedCassette(self._cassette)
        self._options = {"base_url": usual or HOSTED_URL, **options}

    def client(self, kind: type[AnyClient]) -> AnyClient:
        """Return a client of that kind, which asks this cassette."""
        return kind(self._key, transport=self._lent, **self._options)

    def finish(self) -> None:
        """Write what was recorded, or check that all was played."""
        self._cassette.close()
        if self._recorder is not None:
            self._seen.recorded.add(self._path)

    def discard(self) -> None:
        """Write nothing, unless it is written already."""
        if self._recorder is not None:
            self._recorder.discard()


class _Seen:
    """What was collected and opened, and so which cassettes nothing opens any more."""

    def __init__(self) -> None:
        self.opened: set[Path] = set()
        self.recorded: set[Path] = set()
        self.passed: dict[str, bool | None] = {}
        """By node id, whether a test was called and did not fail or skip, as far as it went."""
        self._tests: dict[Path, list[pytest.Item]] = {}  # by the directory of their cassettes
        self._uncollected: set[pytest.Collector] = set()

    def ended(self, report: pytest.TestReport) -> None:
        """Note the outcome of a phase of a test, or of a subtest."""
        test = report.nodeid
        if report.when == "setup":
            self.passed.pop(test, None)  # it may run again
        if report.failed:
            self.passed[test] = False
        elif report.when == "call" and self.passed.get(test) is not False:
            self.passed[test] = report.passed or None  # the last report is that of the test itself

    def collected(self, collector: pytest.Collector, report: pytest.CollectReport) -> None:
        """Note what a file, or a class in it, is made of."""
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
        """Yield the cassettes that no test opens, of the modules that are known as a whole.

        Then the directories of modules that are gone; *modules* are the patterns of their names.
        """
        unknown = {_directory(collector) for collector in self._uncollected}
        for directory in sorted(self._tests.keys() - unknown):
            left = _cassettes(directory, "*.json") - self.opened
            if left:
                yield from sorted(
                    left - {_path(test) for test in self._tests[directory] if self._may_open(test)}
                )
        for cassettes in sorted({directory.parent for directory in self._tests}):
            for directory in sorted({file.parent for file in _cassettes(cassettes, "*/*.json")}):
                name = f"{directory.name}.py"
                if any(fnmatch(name, pattern) for pattern in modules) and not (
                    directory in self._tests or (cassettes.parent / name).exists()
                ):
                    yield directory

    def _may_open(self, test: pytest.Item) -> bool:
        # One that has not passed might still have asked for a client while it runs.
        asked = getattr(test, "fixturenames", ())
        return not self.passed.get(test.nodeid) or not _FIXTURES.isdisjoint(asked)


_USE = pytest.StashKey[_Use]()
_SEEN = pytest.StashKey[_Seen]()


def _client(item: pytest.Item, kind: type[AnyClient]) -> AnyClient:
    with _failing():
        if _USE not in item.stash:
            item.stash[_USE] = _Use(item)
        return item.stash[_USE].client(kind)


@contextmanager
def _failing() -> Iterator[None]:
    """Say what is wrong with a cassette in a line, not by the frames of the library."""
    from calcom_core.errors import CalcomError

    try:
        yield
    except CalcomError as error:
        problem = f"{type(error).__name__}: {error}"
        raise pytest.fail.Exception(problem, pytrace=False) from None


def _key(path: Path) -> "Secret | None":
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
            f"to record {path}, the environment variable {environment.API_KEY} must hold the key "
            f"of an account: it {problem}; set it, or replay without --calcom-record"
        )
    return key


def _options(item: pytest.Item) -> dict[str, Any]:
    """Return what the markers say, of several the closest, without the name of the cassette."""
    from calcom_transports.matching import Match
    from calcom_transports.redaction import Redaction

    options: dict[str, Any] = {}
    for marker in item.iter_markers("calcom"):
        unknown = [repr(name) for name in marker.kwargs if name not in _OPTIONS]
        if marker.args or unknown:
            given = ", ".join(unknown) or "options without a name"
            _fail(f"the marker calcom takes {', '.join(_OPTIONS)}, each by its name, not {given}")
        options = {**marker.kwargs, **options}
    for name, kind in (("match", Match), ("redaction", Redaction)):
        if name in options and not isinstance(options[name], kind):
            _fail(f"{name} of the marker calcom must be a {kind.__name__}")
    cassette = options.pop("cassette", "as usual")
    if not isinstance(cassette, str) or _safe(cassette) != cassette:
        _fail("cassette of the marker calcom must be the name of a file, without directories")
    return options


def _fail(problem: str) -> NoReturn:
    pytest.fail(problem, pytrace=False)


def _directory(node: pytest.Item | pytest.Collector) -> Path:
    return node.path.parent / "cassettes" / node.path.stem


def _path(item: pytest.Item) -> Path:
    chosen = (
        mark.kwargs["cassette"] for mark in item.iter_markers("calcom") if "cassette" in mark.kwargs
    )
    nodes = [node for node in item.listchain() if isinstance(node, pytest.Class | pytest.Item)]
    chain = [_without_repeat(node) for node in nodes]
    return _directory(item) / f"{next(chosen, None) or _safe('.'.join(chain))}.json"


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


def _safe(name: str) -> str:
    """Return the name, or where it is none for a file, another that only this one has."""
    safe = _UNSAFE.sub("-", name).encode(errors="ignore")[:_LONGEST].decode(errors="ignore")
    if safe == name != "":
        return name
    return f"{safe}-{sha256(name.encode(errors='surrogatepass')).hexdigest()[:8]}"


def _cassettes(directory: Path, pattern: str) -> set[Path]:
    # One whose name begins with a dot is a recording under way.
    return {file for file in directory.glob(pattern) if not file.name.startswith(".")}


# Innermost, before others take out what is not to run.
@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Note what there is, also where only some of it is chosen to run."""
    report = yield
    collector.config.stash[_SEEN].collected(collector, report)
    return report


# Outermost, since others turn the report of a failure that was expected.
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note whether a test has passed so far, its subtests included."""
    report = yield
    item.config.stash[_SEEN].ended(report)
    return report


# Outermost, so that everything that could fail the test's teardown has been done.
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Write or check the cassette of a test that passed, with all of its fixtures."""
    try:
        result = yield
        if _USE in item.stash and item.config.stash[_SEEN].passed.get(item.nodeid):
            with _failing():
                item.stash[_USE].finish()
        return result
    finally:
        _discard(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Give up the recording of a test that was interrupted, and so is not torn down."""
    try:
        return (yield)
    finally:
        _discard(item)


def _discard(item: pytest.Item) -> None:
    if _USE in item.stash:
        item.stash[_USE].discard()
        del item.stash[_USE]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Report the cassettes that no test uses; with `--lf` too little is known of that."""
    if config.getoption("lf", default=False):
        return
    unused = list(config.stash[_SEEN].unused(config.getini("python_files")))
    if unused:
        terminalreporter.ensure_newline()
        terminalreporter.section("cassettes that no test uses")
        for path in unused:
            terminalreporter.write_line(os.path.relpath(path, config.invocation_params.dir))
