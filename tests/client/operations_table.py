"""Builds the table of operations of calcom_core/README.md; run this file to update it."""

import re
from pathlib import Path

from calcom_core import EVERYWHERE, HOSTED, InvalidInput, Versions
from calcom_core.routes import ROUTES

README = Path(__file__).parent.parent.parent / "calcom_core" / "README.md"
MARKED = re.compile(r"(?<=<!-- operations -->\n).*?(?=\n<!-- /operations -->)", re.DOTALL)


def version(table: Versions, name: str) -> str:
    try:
        return table.of(name)
    except InvalidInput:
        return "–"


def operations_table() -> str:
    rows = [
        "| call | method | path | `EVERYWHERE` | `HOSTED` | credentials | idempotent |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, route in ROUTES.items():
        cells = (
            f"`{name}`",
            route.method,
            f"`{route.path}`",
            version(EVERYWHERE, name),
            version(HOSTED, name),
            "optional" if route.public else "needed",
            "yes" if route.idempotent else "no",
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


if __name__ == "__main__":
    written = MARKED.sub(lambda _: operations_table(), README.read_text(encoding="utf-8"))
    README.write_text(written, encoding="utf-8")
