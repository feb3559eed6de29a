"""The results as rows: ours beside a peer and a floor, the target, and whether it is met."""

import json
from collections.abc import Iterable, Mapping
from operator import ge, le
from typing import Any

from attrs import frozen

Measures = Mapping[str, float]
"""The measures of one call of a subject: `cpu` and `wall` in seconds, `traced`, … in bytes."""

BYTES = ("traced", "resident", "rest")
"""The measures in bytes; the others are in seconds."""

COLUMNS = ("subject", "by", "ours", "peer", "ratio", "floor", "to floor", "target", "met")
_LEFT = frozenset({"subject", "by", "peer", "floor", "target", "met"})


def named(name: str, kind: object) -> str:
    """Return the name of a subject with the kind of its work."""
    return f"{name}/{kind}"


@frozen
class Line:
    """A comparison of ours with a peer and a floor by one measure, with its targets.

    *least* is the required ratio of the peer to ours; *most_of_floor* is the allowed ratio of ours
    to the floor; *most* is the allowed value of ours.
    """

    title: str
    measure: str
    ours: str
    peer: str | None = None
    floor: str | None = None
    least: float | None = None
    most_of_floor: float | None = None
    most: float | None = None


@frozen
class Row:
    """A line with its measurements."""

    line: Line
    ours: float
    peer: float | None = None
    floor: float | None = None

    @property
    def ratio(self) -> float | None:
        """The ratio of the peer to ours."""
        return None if self.peer is None else self.peer / self.ours

    @property
    def of_floor(self) -> float | None:
        """The ratio of ours to the floor."""
        return None if self.floor is None else self.ours / self.floor

    @property
    def met(self) -> bool | None:
        """Whether all targets are met; None without a target."""
        line = self.line
        if line.least is line.most_of_floor is line.most is None:
            return None
        return not self.missed

    @property
    def missed(self) -> tuple[str, ...]:
        """The missed targets: `floor`, `peer` or `limit`."""
        line = self.line
        wanted = (
            ("floor", line.most_of_floor, self.of_floor, le),
            ("peer", line.least, self.ratio, ge),
            ("limit", line.most, self.ours, le),
        )
        return tuple(
            name
            for name, limit, value, keeps in wanted
            if limit is not None and (value is None or not keeps(value, limit))
        )


def row_of(line: Line, measured: Mapping[str, Measures]) -> Row:
    """Fill a line with the medians of its subjects."""
    ours, peer, floor = (
        None if name is None else measured[name][line.measure]
        for name in (line.ours, line.peer, line.floor)
    )
    assert ours is not None
    return Row(line, ours, peer, floor)


def shown(name: str) -> str:
    """Return the name of a subject without the kind of its work."""
    return name.partition("/")[0]


def amount(value: float, measure: str) -> str:
    """Format seconds or bytes with about three digits, in a suitable unit."""
    units = {"MB": 1e6, "kB": 1e3} if measure in BYTES else {"s": 1.0, "ms": 1e-3}
    for unit, size in units.items():
        if value >= size:
            return f"{_digits(value / size)} {unit}"
    return f"{value:.0f} B" if measure in BYTES else f"{_digits(value * 1e6)} µs"


def _digits(value: float) -> str:
    return f"{value:,.{2 if value < 10 else 1 if value < 100 else 0}f}"


def target(line: Line) -> str:
    """Format the targets of a line."""
    wanted = (
        (line.most_of_floor, 1, "≤ {:g} × floor"),
        (line.least, 1, "≥ {:g} × peer"),
        (line.most, 1e6, "≤ {:g} µs"),
    )
    targets = [form.format(limit * scale) for limit, scale, form in wanted if limit is not None]
    return ", ".join(targets) or "–"


def cells(row: Row) -> tuple[str, ...]:
    """Return the texts of a row, one for each of `COLUMNS`."""
    line = row.line
    verdicts = {True: "met", False: f"missed: {', '.join(row.missed)}", None: "–"}

    def beside(name: str | None, value: float | None) -> str:
        return (
            "–"
            if name is None or value is None
            else f"{shown(name)}: {amount(value, line.measure)}"
        )

    def times(value: float | None) -> str:
        return "–" if value is None else f"{value:.2f}"

    return (
        line.title,
        line.measure,
        amount(row.ours, line.measure),
        beside(line.peer, row.peer),
        times(row.ratio),
        beside(line.floor, row.floor),
        times(row.of_floor),
        target(line),
        verdicts[row.met],
    )


def text(rows: Iterable[Row]) -> str:
    """Return the table, with a header line, in aligned columns."""
    lines = [COLUMNS, *map(cells, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    aligned = [str.ljust if name in _LEFT else str.rjust for name in COLUMNS]
    return "\n".join(
        "  ".join(
            align(cell, width) for align, cell, width in zip(aligned, line, widths, strict=True)
        ).rstrip()
        for line in lines
    )


def as_json(rows: Iterable[Row], **about: Any) -> str:
    """Return the rows and the facts of the run as JSON, in seconds and bytes."""
    listed = [
        {
            "subject": row.line.title,
            "by": row.line.measure,
            "ours": {"name": row.line.ours, "value": row.ours},
            "peer": {"name": row.line.peer, "value": row.peer},
            "ratio": row.ratio,
            "floor": {"name": row.line.floor, "value": row.floor},
            "ratio_to_floor": row.of_floor,
            "target": target(row.line),
            "met": row.met,
            "missed": row.missed,
        }
        for row in rows
    ]
    return json.dumps({**about, "rows": listed}, indent=1, ensure_ascii=False) + "\n"
