"""Topics by group as a grid of dots."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from localtopics.report.png.fonts import Fonts
from localtopics.report.png.resolution import DPI
from localtopics.report.png.style import CAPTION_COLOR, TITLE_COLOR, save
from localtopics.report.png.trends import COLORS
from localtopics.text import one_line, shortened
from localtopics.topics.topic import OUTLIER
from localtopics.trends.trends import FALLING, RISING, UNCLEAR, Trends

MOST_TOPICS, MOST_GROUPS = 40, 24
ROW, COLUMN, LABELS, NAMES, HEADER, FOOTER, MARGIN = 0.24, 0.34, 3.3, 1.1, 0.75, 0.6, 0.35
"""Inches: of a row and a column, beside the rows, above the columns, above, below and beside it all."""
LARGEST = 210.0
"""Square points of the largest dot."""
_LINE = 46
"""Characters of a topic's label."""
_NAME = 22
_COLORS = {"over": COLORS[RISING], "under": COLORS[FALLING], UNCLEAR: "#c9cdd4"}


def draw_by_group(path: Path, trends: Trends, *, title: str = "") -> None:
    """Draw topics by group to ``path``; see `plot_by_group`.

    Raises:
        OSError: the file cannot be written.
    """
    save(path, lambda: plot_by_group(trends, title=title))


def plot_by_group(trends: Trends, *, title: str = "") -> Figure:
    """Return a figure of one axes: a dot where a topic meets a group, as large as its share of the group.

    Its columns are the largest groups, up to `MOST_GROUPS`, its rows the topics with the most documents in
    these, up to `MOST_TOPICS`. Topics stand beside those that the same group has more than others.

    Args:
        trends: with the table ``by_group``.
        title: what the documents are called.
    """
    assert trends.by_group is not None
    table = trends.by_group[trends.by_group["topic"] != OUTLIER]
    grid = _Grid(table)
    height = HEADER + NAMES + ROW * len(grid.topics) + FOOTER
    width = max(9.5, 2 * MARGIN + LABELS + COLUMN * len(grid.groups) + 0.5)
    figure = Figure((width, height), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    labels = dict(zip(table["topic"], table["label"], strict=True))
    fonts = Fonts([*labels.values(), *grid.groups, title])
    write = partial(figure.text, MARGIN / width, family=fonts.families, parse_math=False)
    heading = f"Topics by group: {title}" if (title := fonts.drawable(one_line(title))) else "Topics by group"
    write(1 - 0.22 / height, heading, va="top", fontsize=15, weight="bold", color=TITLE_COLOR)
    write(0.14 / height, grid.caption(), va="bottom", fontsize=8, color=CAPTION_COLOR)
    box = (
        (MARGIN + LABELS) / width,
        FOOTER / height,
        COLUMN * len(grid.groups) / width,
        ROW * len(grid.topics) / height,
    )
    axes = figure.add_axes(box)
    _dots(axes, grid)
    names = [
        shortened(fonts.drawable(one_line(labels[topic])) or f"Topic {topic}", _LINE) for topic in grid.topics
    ]
    groups = [shortened(fonts.drawable(one_line(group)) or "…", _NAME) for group in grid.groups]
    axes.set_yticks(range(len(names)), names)
    axes.set_xticks(range(len(groups)), groups, rotation=50, ha="left", rotation_mode="anchor")
    for text in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        text.set(family=fonts.families, parse_math=False, fontsize=7.5, color=TITLE_COLOR)
    return figure


class _Grid:
    """The topics and groups that are drawn, and their cells [topics, groups]."""

    def __init__(self, table: pd.DataFrame) -> None:
        self.groups = list(dict.fromkeys(table["group"]))[:MOST_GROUPS]
        inside = table[table["group"].isin(self.groups)]
        sizes = inside.groupby("topic")["documents"].sum().sort_values(ascending=False, kind="stable")
        self.of = (len(sizes), table["group"].nunique())
        topics = sizes.index[:MOST_TOPICS].tolist()
        cells = table[table["topic"].isin(topics)].set_index(["topic", "group"])
        ratios = cells["log2_low"].unstack()[self.groups]
        most = dict(zip(ratios.index, ratios.to_numpy().argmax(axis=1), strict=True))
        self.topics = sorted(topics, key=lambda topic: most[topic])  # within a group the largest first
        self.shares = cells["share"].unstack().loc[self.topics, self.groups].to_numpy()
        self.representation = cells["representation"].unstack().loc[self.topics, self.groups].to_numpy()

    def caption(self) -> str:
        """What is drawn, and what is not."""
        parts = []
        for shown, (all_of, name) in zip(
            (len(self.topics), len(self.groups)), zip(self.of, ("topics", "groups"), strict=True), strict=True
        ):
            parts.append(f"the largest {shown} of {all_of:,} {name}" if shown < all_of else f"all {name}")
        said = " and ".join(parts)
        largest = f"{np.nanmax(self.shares):.0%}" if self.shares.size else "0 %"
        return (
            f"{said[:1].upper()}{said[1:]}. Dots: the topic's share of the group's documents, the largest "
            f"{largest}.\nBlue: a group has surely more of the topic than the others, orange: less (Fisher's "
            "exact test, false discovery rate 5 %), grey: unclear."
        )


def _dots(axes: Axes, grid: _Grid) -> None:
    rows, columns = np.nonzero(grid.shares > 0)
    shares = grid.shares[rows, columns]
    colors = [_COLORS[kind] for kind in grid.representation[rows, columns]]
    axes.grid(color="#eceef1", lw=0.6)
    axes.set_axisbelow(True)
    if len(shares):
        axes.scatter(
            columns, rows, s=np.maximum(2.0, LARGEST * shares / shares.max()), c=colors, linewidths=0
        )
    axes.set(xlim=(-0.6, len(grid.groups) - 0.4), ylim=(max(1, len(grid.topics)) - 0.4, -0.6))
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
