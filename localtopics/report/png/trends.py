"""Topics over time as small pictures side by side, one a topic."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from localtopics.report.palette import Color
from localtopics.report.png.fonts import Fonts
from localtopics.report.png.labels import wrap
from localtopics.report.png.resolution import DPI
from localtopics.report.png.style import CAPTION_COLOR, TITLE_COLOR, save
from localtopics.text import one_line
from localtopics.trends.trends import FALLING, NO_TIME, RISING, UNCLEAR, Trends

MOST_TOPICS = 30
COLUMNS = 5
WIDTH, PANEL, HEADER, FOOTER, MARGIN = 13.0, 1.75, 0.5, 0.62, 0.35
"""Inches: of the picture, of a row of it, above, below and beside the rows."""
COLORS = {
    RISING: Color(0.52, 0.16, 250).hex(),
    FALLING: Color(0.60, 0.16, 45).hex(),
    UNCLEAR: Color(0.55, 0.01, 260).hex(),
}
"""Blue and orange, which colour-blind people tell apart, and grey."""
ARROWS = {RISING: "▲", FALLING: "▼", UNCLEAR: ""}


def draw_over_time(path: Path, trends: Trends, *, title: str = "") -> None:
    """Draw topics over time to ``path``; see `plot_over_time`.

    Raises:
        OSError: the file cannot be written.
    """
    save(path, lambda: plot_over_time(trends, title=title))


def plot_over_time(trends: Trends, *, title: str = "") -> Figure:
    """Return a figure with axes for each of up to `MOST_TOPICS` topics.

    They are those that rise or fall most surely, and the largest others where there is room.

    Args:
        trends: with the table ``over_time``.
        title: what the documents are called.
    """
    assert trends.over_time is not None
    assert trends.changes is not None
    shown = strongest(trends.changes)
    columns = min(COLUMNS, max(1, len(shown)))
    rows = -(-len(shown) // columns) or 1
    height = HEADER + rows * PANEL + FOOTER
    figure = Figure((WIDTH, height), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    fonts = Fonts([*shown["label"], title, *ARROWS.values()])
    write = partial(figure.text, MARGIN / WIDTH, family=fonts.families, parse_math=False)
    heading = (
        f"Topics over time: {title}" if (title := fonts.drawable(one_line(title))) else "Topics over time"
    )
    write(1 - 0.22 / height, heading, va="top", fontsize=15, weight="bold", color=TITLE_COLOR)
    write(0.14 / height, _caption(trends, len(shown)), va="bottom", fontsize=8, color=CAPTION_COLOR)
    lines: dict[Any, pd.DataFrame] = dict(
        iter(trends.over_time[trends.over_time["bin"] != NO_TIME].groupby("topic"))
    )
    width = (WIDTH - 2 * MARGIN) / columns
    for number, change in enumerate(shown.to_dict("records")):
        row, column = divmod(number, columns)
        bottom = height - HEADER - (row + 1) * PANEL
        box = (
            (MARGIN + column * width + 0.3) / WIDTH,
            (bottom + 0.28) / height,
            (width - 0.42) / WIDTH,
            (PANEL - 0.85) / height,
        )
        below = number + columns >= len(shown)
        _panel(figure.add_axes(box), lines[change["topic"]], change, fonts, below)
    return figure


def strongest(changes: pd.DataFrame) -> pd.DataFrame:
    """The topics that are drawn, in the order of the table: the surest, and the largest of the others."""
    sure = changes["z"].abs().where(changes["trend"] != UNCLEAR, -1.0)
    order = changes.assign(sure=sure.fillna(-1.0)).sort_values(["sure", "documents"], ascending=False)
    return changes.loc[sorted(order.index[:MOST_TOPICS])]


def _panel(axes: Axes, line: pd.DataFrame, change: Mapping[Any, Any], fonts: Fonts, below: bool) -> None:
    """One topic: dots for the shares, thin bars for their intervals, a line for the smoothed share."""
    color, places = COLORS[change["trend"]], range(len(line))
    axes.vlines(places, 100 * line["low"], 100 * line["high"], color=color, lw=0.7, alpha=0.3)
    axes.plot(places, 100 * line["share"], "o", ms=2, color=color, alpha=0.55, mew=0)
    axes.plot(places, 100 * line["smoothed"], color=color, lw=1.6, solid_capstyle="round")
    top = 100 * max(line["smoothed"].max(), line["share"].quantile(0.9)) * 1.25 or 1.0
    axes.set(xlim=(-0.6, len(line) - 0.4), ylim=(0, top))
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set(color=CAPTION_COLOR, linewidth=0.6)
    axes.yaxis.set_major_locator(_few_ticks())
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g} %")
    axes.set_xticks(_ends(len(line)), [_short(line["bin"].iloc[place]) for place in _ends(len(line))])
    axes.tick_params(labelsize=6.5, colors=CAPTION_COLOR, width=0.6, length=2, labelbottom=below)
    for text in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        text.set(family=fonts.families, parse_math=False)
    if below:
        first, *others = axes.get_xticklabels()
        first.set_horizontalalignment("left" if others else "center")
        for other in others:
            other.set_horizontalalignment("right")
    write = partial(axes.text, transform=axes.transAxes, family=fonts.families, parse_math=False)
    label = wrap(fonts.drawable(one_line(change["label"])) or f"Topic {change['topic']}", 34, 2)
    write(0, 1.27, label, va="center", fontsize=7.5, weight="bold", color=TITLE_COLOR, linespacing=1.05)
    write(1, 1.0, _said(change), ha="right", va="bottom", fontsize=6.5, color=color)


def _few_ticks() -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(2, steps=[1, 2, 2.5, 5, 10])


def _ends(bins: int) -> list[int]:
    return [0, bins - 1] if bins > 1 else [0]


def _short(label: str) -> str:
    return label.replace("up to ", "–").replace(" on", "–")


def _said(change: Mapping[Any, Any]) -> str:
    """How many documents, and the growth where it is sure."""
    growth = f"{ARROWS[change['trend']]} {percent(change['growth'])}   " * (change["trend"] != UNCLEAR)
    return f"{growth}{change['documents']:,} documents"


def percent(growth: float) -> str:
    """A factor as growth, such as "+27 %" or "-4.2 %"."""
    value = 100 * (growth - 1)
    return f"{value:+,.1f} %" if abs(value) < 10 else f"{value:+,.0f} %"


def _caption(trends: Trends, shown: int) -> str:
    assert trends.changes is not None
    topics, sure = len(trends.changes), int((trends.changes["trend"] != UNCLEAR).sum())
    which = (
        f"{shown} of {topics:,} topics, those that rise or fall most surely"
        + (", then the largest" if sure < shown else "")
        if shown < topics
        else f"All {topics:,} topics"
    )
    return (
        f"{which}. {sure:,} rise (blue) or fall (orange) surely: quasi-binomial regression, false discovery "
        f"rate 5 %; in per cent: how the odds grow in a {trends.unit}.\n"
        f"Dots: share of the documents of each {trends.unit}, outliers counted; bars: 95 % intervals "
        "(Jeffreys); lines: smoothed (Gaussian kernel on counts). Each picture has its own scale."
    )
