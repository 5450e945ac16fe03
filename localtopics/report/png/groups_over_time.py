"""Topics by group over time as small pictures side by side, one a topic, with a line for each group."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D

from localtopics.report.palette import Color
from localtopics.report.png.fonts import Fonts
from localtopics.report.png.panels import (
    HEADER,
    MARGIN,
    WIDTH,
    Topic,
    draw_panels,
    finish,
    strongest,
    which_topics,
)
from localtopics.report.png.style import CAPTION_COLOR, TITLE_COLOR, save
from localtopics.text import one_line, shortened
from localtopics.trends.shares import smoothed
from localtopics.trends.trends import NO_GROUP, NO_TIME, OTHER_GROUPS, Trends

MOST_GROUPS = 6
"""Lines that a picture of this size has room for."""
_COLORS = tuple(
    Color(lightness, chroma, hue).hex()
    for lightness, chroma, hue in (
        (0.52, 0.16, 250),
        (0.66, 0.17, 50),
        (0.55, 0.13, 155),
        (0.55, 0.20, 350),
        (0.70, 0.12, 215),
        (0.45, 0.14, 300),
    )
)
_STYLES = ("-", "-", "-", "--", "--", "--")
"""With dashes too, so that no two lines differ by colour alone where colours are near."""
_NAME = 20


def draw_groups_over_time(path: Path, trends: Trends, *, title: str = "") -> None:
    """Draw topics by group over time to ``path``; see `plot_groups_over_time`.

    Raises:
        OSError: the file cannot be written.
    """
    save(path, lambda: plot_groups_over_time(trends, title=title))


def plot_groups_over_time(trends: Trends, *, title: str = "") -> Figure:
    """Return a figure with axes for each of the topics that `plot_over_time` shows.

    A line is a topic's smoothed share of the documents of one group, of the largest up to `MOST_GROUPS`; the
    grey line is its share of all documents. A line has gaps where its group has no documents near.

    Args:
        trends: with the tables ``over_time`` and ``by_group_over_time``.
        title: what the documents are called.
    """
    assert trends.changes is not None
    assert trends.groups is not None
    shares = _Shares(trends)

    def draw(axes: Axes, topic: Topic, fonts: Fonts, below: bool) -> None:
        everyone, lines = shares.of(topic["topic"])
        axes.plot(100 * everyone, color=CAPTION_COLOR, lw=2.4, alpha=0.3, solid_capstyle="round")
        for line, color, style in zip(lines, _COLORS, _STYLES, strict=False):
            axes.plot(100 * line, style, color=color, lw=1.2)
        top = 100 * float(np.nan_to_num(np.vstack([everyone, lines])).max()) * 1.15 or 1.0
        write = finish(axes, topic, fonts, shares.bins, top, below=below)
        write(1, 1.0, f"{topic['documents']:,} documents", ha="right", color=CAPTION_COLOR)

    figure, fonts = draw_panels(
        strongest(trends.changes),
        draw,
        heading="Topics by group over time",
        title=title,
        caption=_caption(trends, len(shares.groups)),
        words=shares.groups,
    )
    _legend(figure, shares.groups, fonts)
    return figure


class _Shares:
    """The smoothed shares of topics, of all documents and of those of each group that is drawn."""

    def __init__(self, trends: Trends) -> None:
        assert trends.over_time is not None
        assert trends.by_group_over_time is not None
        dated = trends.over_time[trends.over_time["bin"] != NO_TIME]
        self.bins: list[str] = list(dict.fromkeys(dated["bin"]))
        self._all = dict(iter(dated.groupby("topic")["smoothed"]))
        table = trends.by_group_over_time
        table = table[table["bin"] != NO_TIME]
        sizes = table.groupby("group", sort=False)["documents"].sum()
        sizes = sizes[[name not in (NO_GROUP, OTHER_GROUPS) for name in sizes.index]]
        self.groups: list[str] = (
            sizes.sort_values(ascending=False, kind="stable").index[:MOST_GROUPS].tolist()
        )
        self._counts = table.pivot_table(
            index=["topic", "group"], columns="bin", values="documents", aggfunc="sum", fill_value=0
        ).reindex(columns=self.bins, fill_value=0)
        self._totals = self._counts.groupby("group").sum().loc[self.groups].to_numpy()
        near = smoothed((self._totals > 0).astype(int), np.ones_like(self._totals))
        self._known = near > 0.1

    def of(self, topic: int) -> tuple[np.ndarray, np.ndarray]:
        """A topic's share of all documents, float64 [bins], and of each group's, float64 [groups, bins]."""
        cells = self._counts[self._counts.index.get_level_values("topic") == topic].droplevel("topic")
        lines = smoothed(cells.reindex(self.groups, fill_value=0).to_numpy(), self._totals)
        return self._all[topic].to_numpy(), np.where(self._known, lines, np.nan)


def _legend(figure: Figure, groups: list[str], fonts: Fonts) -> None:
    """The groups' lines, below the heading."""
    height = figure.get_size_inches()[1]
    names = [shortened(fonts.drawable(one_line(group)) or "…", _NAME) for group in groups]
    lines = [Line2D([], [], color=CAPTION_COLOR, lw=2.4, alpha=0.3)]
    lines += [Line2D([], [], color=c, ls=s, lw=1.6) for c, s, _ in zip(_COLORS, _STYLES, names, strict=False)]
    legend = figure.legend(
        lines,
        ["all documents", *names],
        loc="upper left",
        bbox_to_anchor=(MARGIN / WIDTH, 1 - (HEADER + 0.02) / height),
        ncols=len(lines),
        frameon=False,
        borderpad=0,
        borderaxespad=0,
        handlelength=1.8,
        columnspacing=1.2,
        prop=FontProperties(family=fonts.families, size=8),
        labelcolor=TITLE_COLOR,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)


def _caption(trends: Trends, shown: int) -> str:
    assert trends.changes is not None
    assert trends.groups is not None
    groups = len(trends.groups.labels)
    which = f"the {shown} largest of {groups:,} groups" if shown < groups else "all groups"
    return (
        f"{which_topics(trends.changes)}; {which}.\n"
        f"Lines: share of the group's documents of each {trends.unit}, outliers counted, smoothed (Gaussian "
        "kernel on counts). Each picture has its own scale."
    )
