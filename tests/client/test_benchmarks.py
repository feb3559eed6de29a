"""The benchmarks' table and harness, without the libraries that they compare with."""

import json
import ssl
import subprocess
import sys
from collections.abc import Mapping
from http.client import HTTPSConnection
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import pytest
from attrs import define, evolve

from benchmarks import accounts, accounts_server, certificate, data, running, server, table, turns
from benchmarks.families import BARE, FAMILIES, Family
from benchmarks.plot import bars_of
from benchmarks.table import Line, Row, row_of

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "benchmarks"
BY_NAME = {family.name: family for family in FAMILIES}
PEERS = ("aiohttp", "httpcore2", "httpx2", "matplotlib", "pydantic", "requests", "vcr")

BOTH = Line("read", "cpu", "ours", "peer", "floor", least=2.5, most_of_floor=2.0)


def lines(name: str, measure: str) -> dict[tuple[str, str | None], str]:
    return {
        (line.title, None if line.peer is None else table.shown(line.peer)): table.target(line)
        for line in BY_NAME[name].lines
        if line.measure == measure
    }


def test_each_subject_of_the_table_is_in_its_module() -> None:
    assert len(BY_NAME) == len(FAMILIES)
    for family in FAMILIES:
        subjects = import_module(f"benchmarks.{family.module}").SUBJECTS
        assert set(family.subjects) <= set(subjects), family.name


def test_the_table_has_every_subject() -> None:
    shown: dict[str, set[str]] = {}
    for family in FAMILIES:
        shown.setdefault(family.module, set()).update(family.subjects)

    for module, names in shown.items():
        assert names == set(import_module(f"benchmarks.{module}").SUBJECTS), module


def test_the_targets_of_calls_over_a_socket() -> None:
    assert lines("get", "cpu") == {
        ("get one booking, blocking", "httpx2 + pydantic"): "≤ 1.35 × floor, ≥ 1.1 × peer",
        ("get one booking, blocking", "requests + dict"): "≤ 1.35 × floor, ≥ 1.4 × peer",
    }
    assert lines("get-trio", "cpu") == {
        ("get one booking, trio, 1 at once", "httpx2 + pydantic, trio"): "≥ 1.6 × peer",
        ("get one booking, trio, 1 at once", "httpcore2 + ours"): "≥ 1 × peer",
    }
    assert lines("get-trio-50", "cpu") == {
        ("get one booking, trio, 50 at once", "httpx2 + pydantic, trio"): "≥ 1.9 × peer",
        ("get one booking, trio, 50 at once", "httpcore2 + ours"): "≥ 1 × peer",
    }
    for name, number in (("get-asyncio", 1), ("get-asyncio-50", 50)):
        title = f"get one booking, asyncio, {number} at once"
        assert lines(name, "cpu") == {
            (title, "aiohttp + ours"): "≥ 0.87 × peer",
            (title, "httpx2 + pydantic, asyncio"): "≥ 2 × peer",
        }


def test_the_targets_of_the_core() -> None:
    assert lines("read", "cpu") == {
        ("read a page of 100 bookings", "pydantic"): "≤ 3.8 × floor, ≥ 1.5 × peer",
        ("read one booking", "pydantic"): "–",
        ("read a page of 100, single", "pydantic"): "≤ 4.5 × floor",
        ("read a page of 100, recurring", "pydantic"): "≤ 4.5 × floor",
        ("read a page of 100, seated", "pydantic"): "≤ 4.5 × floor",
        ("read a page of 100, recurring-seated", "pydantic"): "≤ 4.5 × floor",
        ("read 8 errors", None): "≤ 3 × floor",
        ("read 28 deliveries of webhooks", None): "≤ 4 × floor",
        ("verify and read 28 deliveries", None): "–",
    }
    assert lines("build", "cpu") == {
        ("build a request, get", None): "≤ 15 µs",
        ("build a request, create", None): "–",
        ("build a request, full create", None): "≤ 50 µs",
    }
    assert lines("import", "cpu") == {
        ("import calcom_core", "httpx2, pydantic"): "≤ 2.5 × floor, ≥ 2 × peer",
        ("import both clients", "httpx2, pydantic"): "–",
    }


def test_the_targets_of_pagination_memory_and_replays() -> None:
    assert set(lines("list", "wall").values()) == {"≥ 5 × peer"}
    assert set(lines("list-memory", "rest").values()) == {"≤ 1.1 × floor"}
    assert lines("memory", "traced") == {
        ("hold 10,000 bookings", "pydantic"): "≥ 2 × peer",
        ("hold 10,000 bookings", "pydantic of text"): "–",
    }
    assert set(lines("replay", "cpu").values()) == {"≥ 10 × peer"}


def test_the_titles_describe_the_data() -> None:
    assert len(data.ERRORS) == 8
    assert len(data.deliveries()) == 28
    assert all(data.recorded_response(name)["status"] >= 400 for name in data.ERRORS)
    assert tuple(data.pages_of_shapes()) == data.SHAPES
    for shape, page in data.pages_of_shapes().items():
        items = json.loads(page)["data"]
        assert len(items) == 100
        assert {data.shape_of(item) for item in items} == {shape}


def test_no_two_bookings_held_are_equal() -> None:
    items = [item for page in data.pages_of_many(2_000) for item in json.loads(page)["data"]]

    assert len({item["uid"] for item in items}) == len({item["start"] for item in items}) == 2_000


def test_nothing_imports_a_peer_before_its_subject_runs() -> None:
    modules = sorted({f"benchmarks.{family.module}" for family in FAMILIES})
    program = (
        f"import sys, benchmarks.__main__, {', '.join(modules)}\n"
        f"print([name for name in {PEERS} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )

    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("ours", "missed"),
    [(2.0, ()), (2.01, ("floor",)), (4.0, ("floor", "peer")), (1.0, ())],
)
def test_a_row_is_met_if_all_its_targets_are(ours: float, missed: tuple[str, ...]) -> None:
    row = Row(BOTH, ours, peer=5.1, floor=1.0)

    assert row.ratio == 5.1 / ours
    assert row.of_floor == ours
    assert row.missed == missed
    assert row.met is not bool(missed)


def test_a_limit_is_inclusive_and_a_row_without_one_has_no_verdict() -> None:
    line = Line("build", "cpu", "ours", most=15e-6)

    assert Row(line, 15e-6).met is True
    assert Row(line, 15.1e-6).missed == ("limit",)
    assert Row(evolve(line, most=None), 1.0).met is None
    assert Row(evolve(line, least=1.0), 1e-6).missed == ("peer",)  # no measurement


def test_the_table_is_in_columns_with_units() -> None:
    build = Line("build", "cpu", "ours", most=15e-6)
    held = Line("hold", "traced", "ours", "peer/of 3", least=2)
    rows = [
        Row(BOTH, 1.24e-3, 3.56e-3, 656e-6),
        Row(build, 61.5e-6),
        Row(held, 29.7e6, 83e6),
        Row(evolve(held, least=None), 512, 1_500),
    ]

    assert table.text(rows) == (
        "subject  by         ours  peer           ratio  floor          to floor"
        "  target                     met\n"
        "read     cpu     1.24 ms  peer: 3.56 ms   2.87  floor: 656 µs      1.89"
        "  ≤ 2 × floor, ≥ 2.5 × peer  met\n"
        "build    cpu     61.5 µs  –                  –  –                     –"
        "  ≤ 15 µs                    missed: limit\n"
        "hold     traced  29.7 MB  peer: 83.0 MB   2.79  –                     –"
        "  ≥ 2 × peer                 met\n"
        "hold     traced    512 B  peer: 1.50 kB   2.93  –                     –"
        "  –                          –"
    )


@pytest.mark.parametrize(
    ("value", "measure", "shown"),
    [
        (2.175, "wall", "2.17 s"),
        (0.25, "wall", "250 ms"),
        (999.4e-6, "cpu", "999 µs"),
        (6.254e-6, "cpu", "6.25 µs"),
        (1_234.5e6, "resident", "1,234 MB"),
    ],
)
def test_an_amount_is_shown_in_the_unit_that_suits_it(
    value: float, measure: str, shown: str
) -> None:
    assert table.amount(value, measure) == shown


def test_the_json_has_numbers_names_and_verdicts() -> None:
    written = table.as_json([Row(BOTH, 4.0, 5.0, 2.0)], quick=True)

    assert json.loads(written) == {
        "quick": True,
        "rows": [
            {
                "subject": "read",
                "by": "cpu",
                "ours": {"name": "ours", "value": 4.0},
                "peer": {"name": "peer", "value": 5.0},
                "ratio": 1.25,
                "floor": {"name": "floor", "value": 2.0},
                "ratio_to_floor": 2.0,
                "target": "≤ 2 × floor, ≥ 2.5 × peer",
                "met": False,
                "missed": ["peer"],
            }
        ],
    }


def test_the_plot_has_a_bar_for_each_comparison_and_the_shared_floor_once() -> None:
    rows = [
        Row(BOTH, 1.0, 3.0, 0.8),
        Row(evolve(BOTH, peer="other", least=None), 1.0, 0.5, 0.8),
        Row(Line("build", "cpu", "ours", most=15e-6), 30e-6),
    ]

    assert [(bar.label, bar.ratio, bar.wanted, bar.met) for bar in bars_of(rows)] == [
        ("read (cpu)\nfloor: floor", 0.8, 0.5, True),
        ("read (cpu)\npeer", 3.0, 2.5, True),
        ("read (cpu)\nother", 0.5, None, None),
        ("build (cpu)\nlimit: 15.0 µs", 0.5, 1, False),
    ]


def test_a_row_has_the_medians_of_its_subjects() -> None:
    measurements = running.Measurements(
        {name: [{"cpu": n} for n in each] for name, each in TURNS.items()}
    )

    assert row_of(BOTH, measurements.measured()) == Row(BOTH, 2, 6, 1)
    assert measurements.quartiles()["ours"] == {"cpu": [1, 2, 30]}


TURNS: Mapping[str, tuple[float, ...]] = {
    "ours": (30, 1, 2),
    "peer": (6, 5, 7),
    "floor": (1, 1, 1),
}


def test_a_turn_returns_the_time_of_one_call() -> None:
    reports, calls = StringIO(), []

    turns.repeat(lambda: calls.append(1))(turns.turns_of(StringIO("2\n40\n"), reports), "")

    assert len(calls) == 42
    reported = [json.loads(line) for line in reports.getvalue().splitlines()]
    assert [sorted(each) for each in reported] == [["cpu", "wall"], ["cpu", "wall"]]
    assert all(0 <= each["wall"] < 1 for each in reported)


def test_subjects_start_in_another_order_each_time() -> None:
    assert [running.rotated("abc", start) for start in range(4)] == [
        ["a", "b", "c"],
        ["b", "c", "a"],
        ["c", "a", "b"],
        ["a", "b", "c"],
    ]


@define
class Slow:
    """A subject whose first call takes as long as 20,000 later ones."""

    calls: int = 0

    def turn(self, calls: int) -> Mapping[str, float]:
        built = 0.0 if self.calls else 0.2
        self.calls += calls
        return {"wall": 10e-6 + built / calls}


def test_the_first_call_is_not_used_to_size_a_turn() -> None:
    assert running.calls_for(cast(running.Process, Slow()), 0.1) == 10_000
    assert running.calls_for(cast(running.Process, Slow()), 0) == 1


def test_a_family_runs_in_separate_processes() -> None:
    family = evolve(BY_NAME["build"], seconds=0)

    rows = running.rows(family, running.run(family, running.Plan(starts=1, turns=2)))

    assert [row.line for row in rows] == list(family.lines)
    assert all(0 < row.ours < 1 for row in rows)


def test_a_subject_that_fails_ends_the_run(capfd: pytest.CaptureFixture[str]) -> None:
    family = Family("none", "building", (Line("none", "cpu", "nobody"),))

    with pytest.raises(RuntimeError, match="has ended before its turn"):
        running.run(family, running.QUICK)
    assert "KeyError: 'nobody'" in capfd.readouterr().err


def test_a_server_too_slow_for_the_fastest_subject_is_reported() -> None:
    family = BY_NAME["get"]
    measured = {
        name: {"wall": 100e-6, "cpu": 80e-6} for name in family.subjects if name != BARE
    } | {BARE: {"wall": 40e-6, "cpu": 20e-6}}
    measurements = running.Measurements(server_requests=1_000, server_cpu=0.041)

    busy, own = running.watch(family, measured, measurements)

    assert (busy.ratio, busy.met) == (pytest.approx(2.5), True)
    assert (own.ours, own.met) == (pytest.approx(41e-6), False)
    assert running.watch(family, {**measured, BARE: {"wall": 51e-6}}, measurements)[0].met is False


def test_the_server_requires_key_and_version_and_counts() -> None:
    trusting = ssl.create_default_context(cafile=certificate.folder() / "authority.pem")
    with server.server() as url:
        connection = HTTPSConnection(urlsplit(url).netloc, context=trusting)
        headers = {"authorization": f"Bearer {data.API_KEY}", "cal-api-version": "2024-08-13"}
        responses = []
        for given in (headers, headers, {**headers, "authorization": "Bearer other"}, {}, headers):
            connection.request("GET", server.PATH, headers=given)
            response = connection.getresponse()
            responses.append((response.status, len(response.read())))
        connection.close()
        reported = server.statistics(url)

    assert [status for status, _ in responses] == [200, 200, 400, 400, 200]
    assert responses[0][1] == len(server.BOOKING.partition(b"\r\n\r\n")[2])
    assert reported["requests"] == 5
    assert reported["cpu"] > 0


def test_the_bare_socket_request_has_our_length_and_is_accepted() -> None:
    request = server.request_of("127.0.0.1:1")

    assert all(needed.search(request) for needed in server.NEEDED)


@pytest.mark.exhaustive
def test_each_way_syncs_every_account() -> None:
    rows = [accounts.run(subject, 2) for subject in accounts.SUBJECTS]

    assert [(row.subject, row.requests, row.refused) for row in rows] == [
        ("trio", 14, 0),
        ("threads", 14, 0),
        ("dask", 14, 0),
    ]


def test_the_time_of_accounts_is_beside_its_bounds() -> None:
    measures = {"wall": 0.05, "cpu": 0.04, "peak": 80e6}

    assert accounts.text(
        [
            accounts.Row("threads", 1_000, measures, 7_000, 0),
            accounts.Row("trio", 1, measures, 500, 3),
        ]
    ) == (
        "   over  at once    time     CPU  requests  429  memory  by latency  by limit\n"
        "threads       32  50.0 s  40.0 s     7,000    0   80 MB       6.6 s       0 s\n"
        "   trio      100   0.1 s   0.0 s       500    3   80 MB      15.0 s     240 s"
    )


def test_the_server_of_accounts_begins_a_page_at_a_time_and_has_a_limit() -> None:
    platform = accounts_server.Platform(500)
    head = b"GET /v2/bookings?take=100%b HTTP/1.1\r\nAuthorization: Bearer cal_test_x\r\n\r\n"
    after = b"&afterUpdatedAt=2024-01-12T12:31:00.000Z"  # that of number 99
    responses = [platform.respond(head % query) for query in [b"", after, *[b""] * 119]]

    bodies = [response.partition(b"\r\n\r\n")[2] for response in responses]
    uids = [[item["uid"] for item in json.loads(body)["data"]] for body in bodies[:2]]
    assert [(len(page), page[0][-3:]) for page in uids] == [(100, "000"), (100, "099")]
    assert [response[9:12] for response in responses] == [b"200"] * 120 + [b"429"]
    assert (platform.requests, platform.refused) == (121, 1)


@pytest.mark.parametrize("script", ["core", "paging", "replay"])
def test_a_script_finds_the_modules_it_imports(script: str) -> None:
    program = "import runpy, sys; runpy.run_path(sys.argv[1], run_name='imported')"
    subprocess.run([sys.executable, "-I", "-c", program, str(FOLDER / f"{script}.py")], check=True)
