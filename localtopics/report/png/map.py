"""The map as a picture: documents as dots coloured by topic, each topic named where it lies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from localtopics.files import replacing
from localtopics.report.palette import OUTLIER_COLOR
from localtopics.report.png.fonts import Fonts, quietly
from localtopics.report.scene import Scene, TopicMark, compose
from localtopics.text import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    from localtopics.report.png.placement import Sign

DPI = 200
POINT = DPI / 72  # pixels
AREA = 120.0  # square inches that the dots get, whatever the layout's proportions
HEAD, FOOT, SIDE = 0.8, 0.5, 0.3  # inches
INK, MUTED = "#1d2330", "#6b7280"
LINE = 24  # characters of a label before it is wrapped
LINES = 3


def draw_map(
    path: Path,
    layout: NDArray[np.floating],
    assignments: NDArray[np.integer],
    labels: Mapping[int, str],
    title: str | None = None,
) -> None:
    """Draw the map to ``path`` as a PNG; the same input gives the same bytes.

    ``layout`` is [n, 2], ``assignments`` [n] with -1 for outliers; a topic missing in ``labels`` is called by
    its number. Raises ValueError where the shapes do not fit each other.
    """
    with _house_style(), replacing(path) as temporary:
        figure = plot_map(compose(layout, assignments, labels), title)
        figure.savefig(temporary, format="png", metadata={"Software": None})


def plot_map(scene: Scene, title: str | None = None) -> Figure:
    """The map as a figure of one axes, whose ``texts`` are the topics' labels, no two of which overlap.

    Where the picture has no room for all labels some topics stay unnamed, and the caption says how many.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with _house_style():
        width, height = _proportions(scene)
        figure = Figure((width + 2 * SIDE, height + HEAD + FOOT), dpi=DPI, facecolor="white")
        FigureCanvasAgg(figure)
        across, up = figure.get_size_inches()
        axes = figure.add_axes((SIDE / across, FOOT / up, width / across, height / up))
        axes.set_axis_off()
        _frame(axes, scene, width / height)
        _draw_points(axes, scene)
        fonts = Fonts([topic.label for topic in scene.topics] + [title or ""])
        caption = _caption(scene, unnamed=_draw_labels(axes, scene, fonts))
        heading = fonts.drawable(one_line(title or "")) or "Topics"
        write = partial(figure.text, SIDE / across, family=fonts.families, parse_math=False)
        write(1 - 0.3 / up, heading, va="top", fontsize=17, weight="bold", color=INK)
        write(0.16 / up, caption, va="bottom", fontsize=9.5, color=MUTED)
    return figure


@contextmanager
def _house_style() -> Iterator[None]:
    """The same look whatever the user's matplotlibrc says."""
    import matplotlib.style

    with quietly(), matplotlib.style.context("default", after_reset=True):
        yield


def wrap(label: str, line: int = LINE, lines: int = LINES) -> str:
    """The label on lines of about equal length, none longer than ``line`` characters, cut after ``lines``."""
    import textwrap

    wrapped = textwrap.wrap(label, line)
    if len(wrapped) > lines:
        return "\n".join(textwrap.wrap(label, line, max_lines=lines, placeholder="…"))
    longest = max(map(len, label.split()), default=1)  # no word is broken that fits a line
    for narrower in range(max(6, longest, len(label) // max(1, len(wrapped))), line):
        balanced = textwrap.wrap(label, narrower)
        if len(balanced) <= len(wrapped):
            return "\n".join(balanced)
    return "\n".join(wrapped)


def _proportions(scene: Scene) -> tuple[float, float]:
    """Width and height in inches for the dots: the layout's proportions, as far as they suit a page."""
    span = _span(scene)
    aspect = min(1.75, max(1.15, span[0] / span[1]))
    return (AREA * aspect) ** 0.5, (AREA / aspect) ** 0.5


def _span(scene: Scene) -> tuple[float, float]:
    width, height = map(float, np.ptp(scene.points[scene.drawn], axis=0))
    least = (max(width, height) or 1.0) / 100  # points on a line, or all in one place
    return max(width, least), max(height, least)


def _frame(axes: Axes, scene: Scene, aspect: float) -> None:
    """Set the limits so that all dots lie inside, with some room for labels, and both axes have one scale."""
    points = scene.points[scene.drawn].astype(float)
    middle = (points.max(axis=0) + points.min(axis=0)) / 2
    width, height = _span(scene)
    tall = 1.05 * max(height, width / aspect)
    axes.set_xlim(middle[0] - tall * aspect / 2, middle[0] + tall * aspect / 2)
    axes.set_ylim(middle[1] - tall / 2, middle[1] + tall / 2)


def _dot_area(count: int) -> float:
    """Square points that a dot covers among so many."""
    return float(min(90.0, max(0.8, 2200 / count**0.62)))


def _draw_points(axes: Axes, scene: Scene) -> None:
    from matplotlib.colors import to_rgba_array

    count = int(scene.drawn.sum())
    area = _dot_area(count)
    outliers = scene.points[scene.drawn & (scene.assignments == -1)]
    axes.scatter(
        outliers[:, 0], outliers[:, 1], s=area, c=OUTLIER_COLOR.hex(), alpha=0.7, linewidths=0, zorder=1
    )
    members = np.flatnonzero(scene.drawn & (scene.assignments != -1))
    members = np.random.default_rng(0).permutation(members)  # so that no topic lies over another as a whole
    row_of = {mark.topic: row for row, mark in enumerate(scene.topics)}
    palette = to_rgba_array([mark.color.hex() for mark in scene.topics])
    colors = palette[[row_of[int(topic)] for topic in scene.assignments[members]]]
    alpha = min(0.9, max(0.6, 1.2 - 0.11 * float(np.log10(count))))
    axes.scatter(
        scene.points[members, 0],
        scene.points[members, 1],
        s=area,
        c=colors,
        alpha=alpha,
        linewidths=0,
        zorder=2,
    )


def _draw_labels(axes: Axes, scene: Scene, fonts: Fonts) -> int:
    """Write the labels, with a line to its topic where one had to move; return how many found no room."""
    from localtopics.report.png.placement import Picture, edge_towards, place

    if not scene.topics:
        return 0
    texts = [_label(axes, mark, fonts) for mark in scene.topics]
    anchors = axes.transData.transform([mark.center for mark in scene.topics])
    for scale in (1.0, 0.8):  # smaller where they would have to move far
        for text, size in zip(texts, _font_sizes(scene.topics, scale), strict=True):
            text.set_fontsize(size)
        signs = _signs(axes, scene, texts)
        centers = place(signs, Picture(np.array(axes.bbox.min), np.array(axes.bbox.size), _ink(axes, scene)))
        sizes = np.array([sign.size for sign in signs])
        edges = edge_towards(centers, sizes / 2, anchors)
        ways = np.linalg.norm(edges - anchors, axis=1)
        if np.isfinite(ways).all() and ways.mean() < 0.5 * sizes[:, 1].mean():
            break
    to_data = axes.transData.inverted().transform
    for mark, sign, text, center, ends in zip(
        scene.topics, signs, texts, centers, np.stack([edges, anchors], axis=1), strict=True
    ):
        if not np.isfinite(center[0]):
            text.remove()
            continue
        text.set_position(tuple(to_data(center)))
        if _apart(sign, center) > 8 * POINT:
            _draw_leader(axes, to_data(ends), mark.color.ink().hex())
    return int((~np.isfinite(ways)).sum())


def _label(axes: Axes, mark: TopicMark, fonts: Fonts) -> Text:
    from matplotlib.patheffects import withStroke

    return axes.text(
        *mark.center,
        wrap(fonts.drawable(mark.label) or f"Topic {mark.topic}"),
        color=mark.color.ink().hex(),
        family=fonts.families,
        weight="bold",
        linespacing=1.12,
        ha="center",
        va="center",
        parse_math=False,
        zorder=5,
        path_effects=[withStroke(linewidth=2.6, foreground="white", alpha=0.85)],
    )


def _signs(axes: Axes, scene: Scene, texts: Sequence[Text]) -> list[Sign]:
    """The labels as boxes in pixels, a little air around them included."""
    from localtopics.report.png.placement import Sign

    pixels = axes.transData.transform
    boxes = [text.get_window_extent() for text in texts]
    return [
        Sign(
            anchor=np.array(pixels(mark.center)),
            size=np.array([box.width + 6 * POINT, box.height + 3 * POINT]),
            dots=np.array(pixels(scene.sample(mark.topic, 200))),
        )
        for mark, box in zip(scene.topics, boxes, strict=True)
    ]


def _apart(sign: Sign, center: NDArray[np.float64]) -> float:
    """Pixels between a label's box and the nearest dot that it names."""
    ways = np.maximum(np.abs(sign.dots - center) - sign.size / 2, 0)
    return float(np.linalg.norm(ways, axis=1).min())


def _draw_leader(axes: Axes, ends: NDArray[np.float64], color: str) -> None:
    (x0, y0), (x1, y1) = ends
    axes.plot([x0, x1], [y0, y1], color="white", lw=2.2, alpha=0.8, zorder=3, solid_capstyle="round")
    axes.plot([x0, x1], [y0, y1], color=color, lw=0.8, zorder=4)
    axes.plot([x1], [y1], "o", ms=2.8, color=color, mec="white", mew=0.6, zorder=4)


def _font_sizes(topics: Sequence[TopicMark], scale: float) -> list[float]:
    """Points: larger for larger topics, smaller where there are many."""
    from math import log

    least = max(5.5, scale * min(13.5, 14.5 - 1.65 * log(len(topics))))
    return [least * (1 + 0.5 * (mark.size / topics[0].size) ** 0.75) for mark in topics]


def _ink(axes: Axes, scene: Scene) -> NDArray[np.float64]:
    """How much of each cell of the axes is covered by dots, 0 to 1, from the bottom left."""
    from scipy.ndimage import uniform_filter

    points = scene.points[scene.drawn]
    columns, rows = (int(side / (4 * POINT)) for side in axes.bbox.size)
    counts, _, _ = np.histogram2d(
        points[:, 1], points[:, 0], bins=(rows, columns), range=(axes.get_ylim(), axes.get_xlim())
    )
    covered = counts * _dot_area(len(points)) / 4**2
    ink: NDArray[np.float64] = uniform_filter(np.minimum(1.0, covered), 3)
    return ink


def _caption(scene: Scene, unnamed: int) -> str:
    count = len(scene.assignments)
    topics = len(scene.topics)
    parts = [f"{count:,} document" + "s" * (count != 1), f"{topics:,} topic" + "s" * (topics != 1)]
    if scene.outliers:
        parts.append(f"{scene.outliers / count:.0%} outliers (grey)")
    if unnamed:
        parts.append(f"{unnamed:,} topic{'s' * (unnamed != 1)} unnamed for want of room")
    return "   ·   ".join(parts)
