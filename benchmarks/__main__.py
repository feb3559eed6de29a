"""Runs all benchmarks and prints one table: `.venv/bin/python -m benchmarks`."""

import argparse
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.families import FAMILIES
from benchmarks.plot import draw
from benchmarks.running import FULL, QUICK, rows, run
from benchmarks.table import as_json, text

RESULTS = Path(__file__).parent / "results"
LIBRARIES = (
    *("attrs", "cattrs", "urllib3", "trio", "h11"),
    *("aiohttp", "httpcore2", "httpx", "pydantic", "requests", "vcrpy"),
)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = [family.name for family in FAMILIES]
    parser.add_argument("--quick", action="store_true", help="few turns: to see that all runs")
    parser.add_argument("--only", choices=names, action="append", help="one subject; may repeat")
    parser.add_argument("--out", type=Path, default=RESULTS, help="the folder of what is written")
    return parser.parse_args()


def versions() -> dict[str, str]:
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def main() -> None:
    given = arguments()
    plan = QUICK if given.quick else FULL
    found, quartiles = [], {}
    for family in FAMILIES:
        if given.only is None or family.name in given.only:
            print(f"{family.name} …", file=sys.stderr, flush=True)
            taken = run(family, plan)
            found += rows(family, taken)
            quartiles[family.name] = taken.quartiles()
    print(text(found))
    about = {
        "python": platform.python_version(),
        "machine": platform.platform(),
        "libraries": versions(),
        "quick": given.quick,
        "quartiles": quartiles,
    }
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "benchmarks.json").write_text(as_json(found, **about), encoding="utf-8")
    draw(found, given.out / "benchmarks.png")
    print(f"written: {given.out}/benchmarks.json and benchmarks.png", file=sys.stderr)


if __name__ == "__main__":
    main()
