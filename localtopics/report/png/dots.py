"""The documents as dots, and how much of the picture they cover."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba_array
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from localtopics.report.palette import OUTLIER_COLOR
from localtopics.report.png.resolution import PIXELS_PER_POINT
from localtopics.report.scene import Scene
from localtopics.topics.topic import OUTLIER

CELL = 4
"""Points along the side of a cell in which coverage is measured."""


def draw_dots(axes: Axes, scene: Scene) -> None:
    """Draw a dot for each document that has a place, the outliers beneath all others."""
    count = int(scene.drawn.sum())
    area = dot_area(count)
    outliers = scene.points[scene.drawn & (scene.assignments == OUTLIER)]
    axes.scatter(
        outliers[:, 0], outliers[:, 1], s=area, c=OUTLIER_COLOR.hex(), alpha=0.7, linewidths=0, zorder=1
    )
    members = np.flatnonzero(scene.drawn & (scene.assignments != OUTLIER))
    members = np.random.default_rng(0).permutation(members)  # so that no topic lies over another as a whole
    index_of = {mark.topic: index for index, mark in enumerate(scene.topics)}
    palette = to_rgba_array([mark.color.hex() for mark in scene.topics])
    colors = palette[[index_of[int(topic)] for topic in scene.assignments[members]]]
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


def dot_area(count: int) -> float:
    """Return the area of one dot among ``count``, in square points."""
    return float(min(90.0, max(0.8, 2200 / count**0.62)))


def coverage(axes: Axes, scene: Scene) -> NDArray[np.float64]:
    """Return how much of each cell of the axes is covered by dots, 0 to 1, float64 [rows, columns].

    The first row is the lowest and the first column the leftmost.
    """
    points = scene.points[scene.drawn]
    columns, rows = (int(side / (CELL * PIXELS_PER_POINT)) for side in axes.bbox.size)
    counts, _, _ = np.histogram2d(
        points[:, 1], points[:, 0], bins=(rows, columns), range=(axes.get_ylim(), axes.get_xlim())
    )
    covered = counts * dot_area(len(points)) / CELL**2
    smoothed: NDArray[np.float64] = uniform_filter(np.minimum(1.0, covered), 3)
    return smoothed
