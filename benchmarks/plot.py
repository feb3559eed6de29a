"""Draws the table: the time of each peer and each floor, relative to ours."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from attrs import frozen

from benchmarks.table import Row, amount, shown


@frozen
class Bar:
    """A comparison: its ratio to ours, and the target, if any."""

    label: str
    ratio: float
    wanted: float | None

    @property
    def met(self) -> bool | None:
        """Whether it meets the target."""
        return None if self.wanted is None else self.ratio >= self.wanted


def bars_of(rows: Iterable[Row]) -> list[Bar]:
    """Return the bars of all rows; a shared floor is drawn once."""
    return list(dict.fromkeys(bar for row in rows for bar in _bars(row)))


def _bars(row: Row) -> Iterator[Bar]:
    line = row.line
    title = f"{line.title} ({line.measure})"
    if row.of_floor is not None:
        most = line.most_of_floor
        label = f"{title}\nfloor: {shown(str(line.floor))}"
        yield Bar(label, 1 / row.of_floor, None if most is None else 1 / most)
    if row.ratio is not None:
        yield Bar(f"{title}\n{shown(str(line.peer))}", row.ratio, line.least)
    if line.most is not None:
        yield Bar(f"{title}\nlimit: {amount(line.most, line.measure)}", line.most / row.ours, 1)


def draw(rows: Iterable[Row], path: Path) -> None:
    """Write the plot: a bar for each comparison, a mark for its target; ours is 1."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    looks = {True: ("tab:green", ""), False: ("tab:red", " missed"), None: ("tab:gray", "")}
    bars = bars_of(rows)[::-1]
    figure, axes = plt.subplots(figsize=(10, 1 + 0.42 * len(bars)), layout="constrained")
    for place, bar in enumerate(bars):
        colour, verdict = looks[bar.met]
        axes.barh(place, bar.ratio - 1, left=1, color=colour)
        axes.annotate(
            f" {bar.ratio:.2f}{verdict}",
            (max(bar.ratio, bar.wanted or 1, 1), place),
            va="center",
            fontsize=7,
        )
        if bar.wanted is not None:
            axes.plot([bar.wanted] * 2, [place - 0.45, place + 0.45], color="black")
    axes.set_xscale("log")
    axes.set_yticks(range(len(bars)), [bar.label for bar in bars], fontsize=7)
    axes.set_ylim(-0.7, len(bars) - 0.3)
    axes.set_xlabel("times ours; to the right ours is better; black: the target")
    figure.savefig(path, dpi=120)
    plt.close(figure)
