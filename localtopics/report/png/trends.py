"""Topics over time as small pictures side by side, one a topic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from localtopics.report.palette import Color
from localtopics.report.png.fonts import Fonts
from localtopics.report.png.panels import Topic, draw_panels, finish, strongest, which_topics
from localtopics.report.png.style import save
from localtopics.trends.trends import FALLING, NO_TIME, RISING, UNCLEAR, Trends

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
    lines: dict[Any, pd.DataFrame] = dict(
        iter(trends.over_time[trends.over_time["bin"] != NO_TIME].groupby("topic"))
    )

    def draw(axes: Axes, topic: Topic, fonts: Fonts, below: bool) -> None:
        _panel(axes, lines[topic["topic"]], topic, fonts, below)

    figure, _ = draw_panels(
        strongest(trends.changes),
        draw,
        heading="Topics over time",
        title=title,
        caption=_caption(trends),
        words=list(ARROWS.values()),
    )
    return figure


def _panel(axes: Axes, line: pd.DataFrame, topic: Topic, fonts: Fonts, below: bool) -> None:
    """One topic: dots for the shares, thin bars for their intervals, a line for the smoothed share."""
    color, places = COLORS[topic["trend"]], range(len(line))
    axes.vlines(places, 100 * line["low"], 100 * line["high"], color=color, lw=0.7, alpha=0.3)
    axes.plot(places, 100 * line["share"], "o", ms=2, color=color, alpha=0.55, mew=0)
    axes.plot(places, 100 * line["smoothed"], color=color, lw=1.6, solid_capstyle="round")
    top = 100 * max(line["smoothed"].max(), line["share"].quantile(0.9)) * 1.25 or 1.0
    write = finish(axes, topic, fonts, line["bin"].tolist(), top, below=below)
    write(1, 1.0, _said(topic), ha="right", color=color)


def _said(topic: Topic) -> str:
    """How many documents, and the growth where it is sure."""
    growth = f"{ARROWS[topic['trend']]} {percent(topic['growth'])}   " * (topic["trend"] != UNCLEAR)
    return f"{growth}{topic['documents']:,} documents"


def percent(growth: float) -> str:
    """A factor as growth, such as "+27 %" or "-4.2 %"."""
    value = 100 * (growth - 1)
    return f"{value:+,.1f} %" if abs(value) < 10 else f"{value:+,.0f} %"


def _caption(trends: Trends) -> str:
    assert trends.changes is not None
    sure = int((trends.changes["trend"] != UNCLEAR).sum())
    return (
        f"{which_topics(trends.changes)}. {sure:,} rise (blue) or fall (orange) surely: quasi-binomial "
        f"regression, false discovery rate 5 %; in per cent: how the odds grow in a {trends.unit}.\n"
        f"Dots: share of the documents of each {trends.unit}, outliers counted; bars: 95 % intervals "
        "(Jeffreys); lines: smoothed (Gaussian kernel on counts). Each picture has its own scale."
    )
