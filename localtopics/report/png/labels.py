"""The topics' names over the dots: wrapped, sized, placed, and joined to their topics by leader lines."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Sequence
from math import log

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from numpy.typing import NDArray

from localtopics.report.png.dots import coverage
from localtopics.report.png.fonts import Fonts
from localtopics.report.png.placement import Canvas, LabelBox, edge_towards, place
from localtopics.report.png.resolution import PIXELS_PER_POINT
from localtopics.report.scene import Scene, TopicMark

LINE_LENGTH = 24
"""Characters on a line of a label."""
MAX_LINES = 3
LEADER_GAP = 8
"""Points between a label and its topic's nearest dot from which on a leader line joins the two."""


def draw_labels(axes: Axes, scene: Scene, fonts: Fonts) -> int:
    """Write the topics' names, none over another, and return how many found no room."""
    if not scene.topics:
        return 0
    texts = [_add_text(axes, mark, fonts) for mark in scene.topics]
    anchors = axes.transData.transform([mark.center for mark in scene.topics])
    for scale in (1.0, 0.8):  # smaller where they would have to move far
        for text, size in zip(texts, _font_sizes(scene.topics, scale), strict=True):
            text.set_fontsize(size)
        boxes = _label_boxes(axes, scene, texts)
        canvas = Canvas(np.array(axes.bbox.min), np.array(axes.bbox.size), coverage(axes, scene))
        centers = place(boxes, canvas)
        sizes = np.array([box.size for box in boxes])
        edges = edge_towards(centers, sizes / 2, anchors)
        distances = np.linalg.norm(edges - anchors, axis=1)
        if np.isfinite(distances).all() and distances.mean() < 0.5 * sizes[:, 1].mean():
            break
    to_data = axes.transData.inverted().transform
    for mark, box, text, center, ends in zip(
        scene.topics, boxes, texts, centers, np.stack([edges, anchors], axis=1), strict=True
    ):
        if not np.isfinite(center[0]):
            text.remove()
            continue
        text.set_position(tuple(to_data(center)))
        if _gap(box, center) > LEADER_GAP * PIXELS_PER_POINT:
            _draw_leader(axes, to_data(ends), mark.color.for_text().hex())
    return int((~np.isfinite(distances)).sum())


def wrap(label: str, line_length: int = LINE_LENGTH, max_lines: int = MAX_LINES) -> str:
    """Return the label on lines of about equal length, cut with an ellipsis where it needs more lines.

    Args:
        label: words with single spaces between them.
        line_length: the most characters on a line.
        max_lines: the most lines.
    """
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in label)
    if 2 * wide > len(label):  # such characters take twice the room
        line_length //= 2
    wrapped = textwrap.wrap(label, line_length)
    if len(wrapped) > max_lines:
        return "\n".join(textwrap.wrap(label, line_length, max_lines=max_lines, placeholder="…"))
    longest = max(map(len, label.split()), default=1)  # no word is broken that fits a line
    for narrower in range(max(6, longest, len(label) // max(1, len(wrapped))), line_length):
        balanced = textwrap.wrap(label, narrower)
        if len(balanced) <= len(wrapped):
            return "\n".join(balanced)
    return "\n".join(wrapped)


def _add_text(axes: Axes, mark: TopicMark, fonts: Fonts) -> Text:
    return axes.text(
        *mark.center,
        wrap(fonts.drawable(mark.label) or f"Topic {mark.topic}"),
        color=mark.color.for_text().hex(),
        family=fonts.families,
        weight="bold",
        linespacing=1.12,
        ha="center",
        va="center",
        parse_math=False,
        zorder=5,
        path_effects=[withStroke(linewidth=2.6, foreground="white", alpha=0.85)],
    )


def _font_sizes(topics: Sequence[TopicMark], scale: float) -> list[float]:
    """Return a size in points for each label: larger for larger topics, smaller where there are many."""
    least = max(5.5, scale * min(13.5, 14.5 - 1.65 * log(len(topics))))
    return [least * (1 + 0.5 * (mark.size / topics[0].size) ** 0.75) for mark in topics]


def _label_boxes(axes: Axes, scene: Scene, texts: Sequence[Text]) -> list[LabelBox]:
    """Return the labels' boxes in pixels, with some padding."""
    to_pixels = axes.transData.transform
    extents = [text.get_window_extent() for text in texts]
    return [
        LabelBox(
            anchor=np.array(to_pixels(mark.center)),
            size=np.array([extent.width + 6 * PIXELS_PER_POINT, extent.height + 3 * PIXELS_PER_POINT]),
            dots=np.array(to_pixels(scene.sample(mark.topic, 200))),
        )
        for mark, extent in zip(scene.topics, extents, strict=True)
    ]


def _gap(box: LabelBox, center: NDArray[np.float64]) -> float:
    """Return the pixels between a label's box and the nearest dot of its topic."""
    outside = np.maximum(np.abs(box.dots - center) - box.size / 2, 0)
    return float(np.linalg.norm(outside, axis=1).min())


def _draw_leader(axes: Axes, ends: NDArray[np.float64], color: str) -> None:
    """Draw a line between ``ends`` [2, 2], in units of the layout: from the label to its topic's middle."""
    (x0, y0), (x1, y1) = ends
    axes.plot([x0, x1], [y0, y1], color="white", lw=2.2, alpha=0.8, zorder=3, solid_capstyle="round")
    axes.plot([x0, x1], [y0, y1], color=color, lw=0.8, zorder=4)
    axes.plot([x1], [y1], "o", ms=2.8, color=color, mec="white", mew=0.6, zorder=4)
