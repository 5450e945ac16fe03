"""Small pictures side by side, one a topic, with time from left to right."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from localtopics.report.png.fonts import Fonts
from localtopics.report.png.labels import wrap
from localtopics.report.png.resolution import DPI
from localtopics.report.png.style import CAPTION_COLOR, TITLE_COLOR
from localtopics.text import one_line
from localtopics.trends.trends import UNCLEAR

MOST_TOPICS = 30
COLUMNS = 5
WIDTH, PANEL, HEADER, FOOTER, MARGIN = 13.0, 1.75, 0.5, 0.62, 0.35
"""Inches: of the picture, of a row of it, above, below and beside the rows."""

Topic = Mapping[Any, Any]
"""A row of the table ``changes`` of `Trends`."""


def draw_panels(
    shown: pd.DataFrame,
    draw: Callable[[Axes, Topic, Fonts, bool], None],
    *,
    heading: str,
    title: str,
    caption: str,
    words: Sequence[str] = (),
) -> tuple[Figure, Fonts]:
    """Return a figure with axes for each topic, and the fonts that it is written in.

    Args:
        shown: the topics, rows of the table ``changes`` of `Trends`.
        draw: draws one topic; told whether it is the lowest of its column.
        heading: what the pictures show.
        title: what the documents are called.
        caption: what stands below, of two lines.
        words: what else will be written.
    """
    columns = min(COLUMNS, max(1, len(shown)))
    rows = -(-len(shown) // columns) or 1
    height = HEADER + rows * PANEL + FOOTER
    figure = Figure((WIDTH, height), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    fonts = Fonts([*shown["label"], title, *words])
    write = partial(figure.text, MARGIN / WIDTH, family=fonts.families, parse_math=False)
    name = fonts.drawable(one_line(title))
    whole = f"{heading}: {name}" if name else heading
    write(1 - 0.22 / height, whole, va="top", fontsize=15, weight="bold", color=TITLE_COLOR)
    write(0.14 / height, caption, va="bottom", fontsize=8, color=CAPTION_COLOR)
    width = (WIDTH - 2 * MARGIN) / columns
    for number, topic in enumerate(shown.to_dict("records")):
        row, column = divmod(number, columns)
        bottom = height - HEADER - (row + 1) * PANEL
        box = (
            (MARGIN + column * width + 0.3) / WIDTH,
            (bottom + 0.28) / height,
            (width - 0.42) / WIDTH,
            (PANEL - 0.85) / height,
        )
        draw(figure.add_axes(box), topic, fonts, number + columns >= len(shown))
    return figure, fonts


def strongest(changes: pd.DataFrame) -> pd.DataFrame:
    """The topics that are drawn, in the order of the table: the surest, and the largest of the others."""
    sure = changes["z"].abs().where(changes["trend"] != UNCLEAR, -1.0)
    order = changes.assign(sure=sure.fillna(-1.0)).sort_values(["sure", "documents"], ascending=False)
    return changes.loc[sorted(order.index[:MOST_TOPICS])]


def finish(
    axes: Axes, topic: Topic, fonts: Fonts, bins: Sequence[str], top: float, *, below: bool
) -> Callable[..., Any]:
    """Scale one topic's axes and write its label above; returns what writes more in it.

    Args:
        axes: whose y is in per cent.
        topic: a row of the table ``changes``.
        fonts: what it is written in.
        bins: all of them, by name.
        top: where y ends.
        below: whether the bins are written.
    """
    axes.set(xlim=(-0.6, len(bins) - 0.4), ylim=(0, top))
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set(color=CAPTION_COLOR, linewidth=0.6)
    axes.yaxis.set_major_locator(_few_ticks())
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g} %")
    ends = [0, len(bins) - 1] if len(bins) > 1 else [0]
    axes.set_xticks(ends, [_short(bins[place]) for place in ends])
    axes.tick_params(labelsize=6.5, colors=CAPTION_COLOR, width=0.6, length=2, labelbottom=below)
    for text in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        text.set(family=fonts.families, parse_math=False)
    if below:
        first, *others = axes.get_xticklabels()
        first.set_horizontalalignment("left" if others else "center")
        for other in others:
            other.set_horizontalalignment("right")
    write = partial(axes.text, transform=axes.transAxes, family=fonts.families, parse_math=False)
    label = wrap(fonts.drawable(one_line(topic["label"])) or f"Topic {topic['topic']}", 34, 2)
    write(0, 1.27, label, va="center", fontsize=7.5, weight="bold", color=TITLE_COLOR, linespacing=1.05)
    return partial(write, va="bottom", fontsize=6.5)


def which_topics(changes: pd.DataFrame) -> str:
    """Which topics `strongest` takes, in words."""
    topics, shown = len(changes), min(MOST_TOPICS, len(changes))
    if shown == topics:
        return f"All {topics:,} topics"
    sure = int((changes["trend"] != UNCLEAR).sum())
    largest = ", then the largest" if sure < shown else ""
    return f"{shown} of {topics:,} topics, those that rise or fall most surely{largest}"


def _few_ticks() -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(2, steps=[1, 2, 2.5, 5, 10])


def _short(label: str) -> str:
    return label.replace("up to ", "–").replace(" on", "–")
