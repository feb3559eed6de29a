"""The two tiers of the suite, and an environment without the developer's own variables.

By default, large matrices run a sample that depends only on the test's name: two runs are equal.
`--exhaustive` runs everything, and so does naming a test with `::`.
"""

import gc
from collections.abc import Callable, Generator, Iterator, Sequence
from hashlib import sha256
from random import Random
from typing import TypeVar

import pytest
from hypothesis import settings

T = TypeVar("T")
Sample = Callable[[Sequence[T], int], Sequence[T]]

# No deadline, no database on the disk, and the same examples each time.
same = settings(deadline=None, database=None, derandomize=True)
settings.register_profile("exhaustive", same, max_examples=100)
settings.register_profile("sample", same, max_examples=12)

MOST_CASES = 20
"""How many cases of a parametrised test the default run keeps, unless a marker says otherwise."""

LEFT_OUT = pytest.StashKey[int]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--exhaustive",
        action="store_true",
        help="run every test with all of its cases instead of a sample of the large matrices",
    )


def runs_everything(config: pytest.Config) -> bool:
    return bool(config.getoption("exhaustive")) or any("::" in arg for arg in config.args)


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("exhaustive" if runs_everything(config) else "sample")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep a number of items of each test, the marked one or the usual one.

    The hash of their names chooses them.
    """
    if runs_everything(config):
        return
    matrices: dict[tuple[str, int], list[str]] = {}
    for item in items:
        marker = item.get_closest_marker("exhaustive")
        size = marker.kwargs.get("sample", 0) if marker else MOST_CASES
        name = item.nodeid.partition("[")[0]
        matrices.setdefault((name, size), []).append(item.nodeid)
    left_out: set[str] = set()
    for (_, size), nodeids in matrices.items():
        left_out.update(sorted(nodeids, key=lambda text: sha256(text.encode()).digest())[size:])
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid in left_out])
    items[:] = [item for item in items if item.nodeid not in left_out]
    config.stash[LEFT_OUT] = len(left_out)


def pytest_collection_finish() -> None:
    """Exclude the collected tests from garbage collection.

    Many tests collect garbage to find leaks.
    """
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None]:
    """Report at the end how many tests the default run left out."""
    yield
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and (count := session.config.stash.get(LEFT_OUT, 0)):
        reporter.write_line(
            f"{count:,} tests were left out; run them too with: python -m pytest --exhaustive"
        )


@pytest.fixture
def sample(request: pytest.FixtureRequest) -> Sample[object]:
    """Return a function that samples items for a loop, in order; with `--exhaustive`, all."""

    def choose(items: Sequence[T], size: int) -> Sequence[T]:
        if runs_everything(request.config) or len(items) <= size:
            return items
        chosen = Random(request.node.nodeid).sample(range(len(items)), size)
        return [items[index] for index in sorted(chosen)]

    return choose


@pytest.fixture(scope="session", autouse=True)
def unset_client_variables() -> Iterator[None]:
    """Unset the variables that a client reads."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CALCOM_API_KEY", "CALCOM_BASE_URL"):
            patch.delenv(name, raising=False)
        yield
