"""Runs all benchmarks and prints one table: `.venv/bin/python -m benchmarks`."""

import argparse
import platform
import sys
from collections.abc import Iterable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from benchmarks.families import FAMILIES
from benchmarks.plot import draw
from benchmarks.running import FULL, QUICK, rows, run
from benchmarks.table import Row, as_json, text

RESULTS = Path(__file__).parent / "results"
PEERS = ("aiohttp", "httpcore2", "httpx2", "matplotlib", "pydantic", "requests", "trustme", "vcrpy")
LIBRARIES = ("attrs", "cattrs", "urllib3", "trio", "h11", *PEERS)
MODULES = tuple({"vcrpy": "vcr"}.get(name, name) for name in LIBRARIES)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = [family.name for family in FAMILIES]
    parser.add_argument("--quick", action="store_true", help="few turns: to check that it runs")
    parser.add_argument("--only", choices=names, action="append", help="one subject; may repeat")
    parser.add_argument("--out", type=Path, default=RESULTS, help="the folder of the results")
    given = parser.parse_args()
    try:  # before anything is measured, which takes minutes
        given.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parser.error(f"argument --out: {error}")
    return given


def require(modules: Iterable[str]) -> None:
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        sys.exit(f"missing: {', '.join(missing)}; .venv/bin/pip install --editable '.[bench]'")


def summary(found: Iterable[Row]) -> str:
    verdicts = [row.met for row in found]
    return f"{verdicts.count(True)} targets met, {verdicts.count(False)} missed"


def main() -> None:
    given = arguments()
    require(MODULES)
    plan = QUICK if given.quick else FULL
    found, quartiles = [], {}
    for family in FAMILIES:
        if given.only is None or family.name in given.only:
            print(f"{family.name} …", file=sys.stderr, flush=True)
            taken = run(family, plan)
            found += rows(family, taken)
            quartiles[family.name] = taken.quartiles()
    print(text(found), summary(found), sep="\n\n")
    about = {
        "python": platform.python_version(),
        "machine": platform.platform(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "quick": given.quick,
        "quartiles": quartiles,
    }
    (given.out / "benchmarks.json").write_text(as_json(found, **about), encoding="utf-8")
    draw(found, given.out / "benchmarks.png")
    print(f"written: {given.out}/benchmarks.json and benchmarks.png", file=sys.stderr)


if __name__ == "__main__":
    main()
