"""The picture: documents as dots coloured by topic, each topic named where it lies."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from localtopics.report.png.dots import draw_dots
from localtopics.report.png.fonts import Fonts
from localtopics.report.png.labels import draw_labels
from localtopics.report.png.resolution import DPI
from localtopics.report.png.style import CAPTION_COLOR, TITLE_COLOR, default_style, save
from localtopics.report.scene import Scene
from localtopics.text import one_line

log = logging.getLogger(__name__)

MAP_AREA = 120.0
"""Square inches that the dots get, whatever the proportions of the layout."""
HEADER, FOOTER, MARGIN = 0.8, 0.5, 0.3
"""Inches above, below and beside the dots."""


def draw_map(path: Path, scene: Scene, *, title: str = "") -> None:
    """Draw the scene to ``path``; see `save`.

    Args:
        path: the file to write.
        scene: what `compose` arranged.
        title: the heading; "Topics" where it is empty or no installed font can draw it.

    Raises:
        OSError: the file cannot be written.
    """
    save(path, lambda: plot_map(scene, title=title))


def plot_map(scene: Scene, *, title: str = "") -> Figure:
    """Return the map as a figure of one axes, whose ``texts`` are the labels, no two of which overlap.

    Where the picture has no room for all labels some topics stay unnamed, and the caption says how many.
    """
    with default_style():
        width, height = _map_size(scene)
        figure = Figure((width + 2 * MARGIN, height + HEADER + FOOTER), dpi=DPI, facecolor="white")
        FigureCanvasAgg(figure)
        figure_width, figure_height = figure.get_size_inches()
        left = MARGIN / figure_width
        axes = figure.add_axes((left, FOOTER / figure_height, width / figure_width, height / figure_height))
        axes.set_axis_off()
        _set_limits(axes, scene, width / height)
        draw_dots(axes, scene)
        fonts = Fonts([topic.label for topic in scene.topics] + [title])
        _note_fonts(fonts, [topic.label for topic in scene.topics])
        caption = _caption(scene, unnamed=draw_labels(axes, scene, fonts))
        heading = fonts.drawable(one_line(title)) or "Topics"
        write = partial(figure.text, left, family=fonts.families, parse_math=False)
        write(1 - 0.3 / figure_height, heading, va="top", fontsize=17, weight="bold", color=TITLE_COLOR)
        write(0.16 / figure_height, caption, va="bottom", fontsize=9.5, color=CAPTION_COLOR)
    return figure


def _note_fonts(fonts: Fonts, labels: Sequence[str]) -> None:
    """Say which names the picture cannot show as they are written."""
    if fonts.lacking:
        log.warning(
            "No font here draws %s, so what is written in it is left out of the picture: install one, "
            "such as Noto (Debian, Ubuntu: fonts-noto-core, fonts-noto-cjk), and draw the maps again",
            " and ".join(fonts.lacking),
        )
    leftwards = any(unicodedata.bidirectional(c) in ("R", "AL") for label in labels for c in label)
    if leftwards and matplotlib.__version_info__ < (3, 11):
        log.warning(
            "matplotlib %s does not join Arabic letters, nor write from right to left: the picture's names "
            "are right from 3.11 on (`pip install --upgrade matplotlib`), and on the page",
            matplotlib.__version__,
        )


def _map_size(scene: Scene) -> tuple[float, float]:
    """Return width and height in inches for the dots, in the layout's proportions if they suit a page."""
    width, height = _span(scene)
    aspect = min(1.75, max(1.15, width / height))
    return (MAP_AREA * aspect) ** 0.5, (MAP_AREA / aspect) ** 0.5


def _span(scene: Scene) -> tuple[float, float]:
    """Return width and height of the layout in its own units, both above 0."""
    width, height = map(float, np.ptp(scene.points[scene.drawn], axis=0))
    least = (max(width, height) or 1.0) / 100  # points on a line, or all in one place
    return max(width, least), max(height, least)


def _set_limits(axes: Axes, scene: Scene, aspect: float) -> None:
    """Set the limits so that all dots lie inside, with some room for labels, and both axes have one scale."""
    points = scene.points[scene.drawn].astype(float)
    middle = (points.max(axis=0) + points.min(axis=0)) / 2
    width, height = _span(scene)
    tall = 1.05 * max(height, width / aspect)
    axes.set_xlim(middle[0] - tall * aspect / 2, middle[0] + tall * aspect / 2)
    axes.set_ylim(middle[1] - tall / 2, middle[1] + tall / 2)


def _caption(scene: Scene, unnamed: int) -> str:
    """Return the line below the map: how many documents, topics, outliers, and topics without a name."""
    count = len(scene.assignments)
    topics = len(scene.topics)
    parts = [f"{count:,} document" + "s" * (count != 1), f"{topics:,} topic" + "s" * (topics != 1)]
    if scene.outlier_count:
        parts.append(f"{scene.outlier_count / count:.0%} outliers (grey)")
    if unnamed:
        parts.append(f"{unnamed:,} topic{'s' * (unnamed != 1)} unnamed for want of room")
    return "   ·   ".join(parts)
