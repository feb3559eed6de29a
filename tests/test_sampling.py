"""The default run keeps a stable sample of a large matrix, and `--exhaustive` runs everything."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

MATRIX = """
import pytest
from hypothesis import settings

@pytest.mark.exhaustive(sample=3)
@pytest.mark.parametrize("number", range(20))
def test_matrix(number):
    pass

@pytest.mark.exhaustive
def test_that_takes_long():
    pass

@pytest.mark.parametrize(
    "kind", ["plain", pytest.param("rare", marks=pytest.mark.exhaustive)]
)
def test_kind(kind):
    pass

def test_loop(sample):
    print(f"loop over {list(sample(range(100), 4))}, {settings().max_examples} examples")
"""
ALL = f"{list(range(100))}, 100 examples"
LINE = "19 tests were left out; run them too with: python -m pytest --exhaustive"


@pytest.fixture(autouse=True)
def project(pytester: pytest.Pytester) -> Iterator[None]:
    """Write a project with the same hooks, which load Hypothesis profiles in this process."""
    pytester.makeconftest((Path(__file__).parent / "conftest.py").read_text("utf-8"))
    pytester.makeini("[pytest]\nmarkers = exhaustive\nstrict_markers = true")
    pytester.makepyfile(test_toy=MATRIX)
    profile = settings.get_current_profile_name()
    yield
    settings.load_profile(profile)


def run(pytester: pytest.Pytester, *args: str) -> tuple[list[str], str, str]:
    """Return the names of the tests that ran, the loop's sample, and the last line."""
    result = pytester.runpytest_inprocess(
        "-v", "-s", "-p", "no:cacheprovider", "-p", "no:asyncio", *args
    )
    assert result.ret is pytest.ExitCode.OK
    ran = [line.split(" ")[0] for line in result.outlines if line.startswith("test_toy.py::")]
    loops = [line.partition("loop over ")[2] for line in result.outlines if "loop over" in line]
    last = [line for line in result.outlines if line][-1]
    return [name.removeprefix("test_toy.py::") for name in ran], "".join(loops), last


def test_the_default_run_keeps_the_same_sample_twice(pytester: pytest.Pytester) -> None:
    first = run(pytester)

    assert first == (
        [
            "test_matrix[5]",
            "test_matrix[6]",
            "test_matrix[9]",
            "test_kind[plain]",
            "test_loop",
        ],
        "[11, 37, 62, 87], 12 examples",
        LINE,
    )
    assert run(pytester) == first


def test_the_default_run_keeps_20_cases_of_a_test_without_a_marker(
    pytester: pytest.Pytester,
) -> None:
    wide = MATRIX.replace("@pytest.mark.exhaustive(sample=3)", "").replace("20", "25")
    pytester.makepyfile(test_toy=wide)

    assert len(run(pytester, "-k", "test_matrix")[0]) == 20
    assert len(run(pytester, "--exhaustive", "-k", "test_matrix")[0]) == 25


def test_the_sample_is_the_same_within_a_selection(pytester: pytest.Pytester) -> None:
    assert run(pytester, "-k", "test_matrix")[0] == [
        "test_matrix[5]",
        "test_matrix[6]",
        "test_matrix[9]",
    ]


def test_the_exhaustive_run_is_complete(pytester: pytest.Pytester) -> None:
    ran, loop, last = run(pytester, "--exhaustive")

    assert ran == [
        *(f"test_matrix[{number}]" for number in range(20)),
        "test_that_takes_long",
        "test_kind[plain]",
        "test_kind[rare]",
        "test_loop",
    ]
    assert loop == ALL
    assert "left out" not in last


def test_a_named_test_runs_whole(pytester: pytest.Pytester) -> None:
    assert run(pytester, "test_toy.py::test_matrix[7]")[0] == ["test_matrix[7]"]
    assert run(pytester, "test_toy.py::test_loop")[1] == ALL


def test_a_new_case_changes_at_most_one_case_of_the_sample(pytester: pytest.Pytester) -> None:
    before = set(run(pytester)[0])

    for number in range(21, 25):
        pytester.makepyfile(test_toy=MATRIX.replace("range(20)", f"range({number})"))
        after = set(run(pytester)[0])
        assert len(before - after) == len(after - before) <= 1
        before = after
