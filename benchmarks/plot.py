"""Draws the table: how many times as long as ours each peer takes, and each floor."""

from collections.abc import Iterable
from pathlib import Path

from benchmarks.table import Row, shown


def bars_of(rows: Iterable[Row]) -> list[tuple[str, float, float | None, bool | None]]:
    """Return label, ratio, wanted ratio and whether it is met, of each peer and each floor."""
    bars: dict[str, tuple[str, float, float | None, bool | None]] = {}
    for row in rows:
        line = row.line
        if row.ratio is not None:
            label = f"{line.title} ({line.measure})\n{shown(str(line.peer))}"
            met = None if line.least is None else row.ratio >= line.least
            bars[label] = (label, row.ratio, line.least, met)
        if row.of_floor is not None:
            limit = line.most_of_floor
            label = f"{line.title} ({line.measure})\nfloor: {shown(str(line.floor))}"
            met = None if limit is None else row.of_floor <= limit
            bars[label] = (label, 1 / row.of_floor, None if limit is None else 1 / limit, met)
    return list(bars.values())


def draw(rows: Iterable[Row], path: Path) -> None:
    """Write the plot: a bar for each comparison, a mark for what is wanted; ours is 1."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    colours = {True: "tab:green", False: "tab:red", None: "tab:gray"}
    bars = bars_of(rows)[::-1]
    figure, axes = plt.subplots(figsize=(10, 1 + 0.42 * len(bars)), layout="constrained")
    places = range(len(bars))
    axes.barh(places, [bar[1] for bar in bars], color=[colours[bar[3]] for bar in bars])
    for place, (_, ratio, wanted, _) in zip(places, bars, strict=True):
        axes.annotate(f" {ratio:.2f}", (ratio, place), va="center", fontsize=7)
        if wanted is not None:
            axes.plot([wanted, wanted], [place - 0.45, place + 0.45], color="black")
    axes.axvline(1, color="tab:blue", linestyle=":")
    axes.set_xscale("log")
    axes.set_yticks(places, [bar[0] for bar in bars], fontsize=7)
    axes.set_xlabel("times ours; black: what is wanted; a floor is met to the right of it")
    figure.savefig(path, dpi=120)
    plt.close(figure)
