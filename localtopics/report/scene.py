"""What both drawings of the map share: where each topic lies, how large it is, its name and its colour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from localtopics.report.palette import Color, choose_colors
from localtopics.text import one_line
from localtopics.topics.topic import OUTLIER


@dataclass(frozen=True)
class TopicMark:
    """A topic on the map: within ``core`` of ``center`` lies a third of it, the densest part."""

    topic: int
    label: str
    size: int
    center: tuple[float, float]
    core: float
    color: Color


@dataclass(frozen=True)
class Scene:
    """A map without its medium.

    ``points`` float32 [n, 2]; ``assignments`` int64 [n], -1 for outliers; ``drawn`` bool [n], False where a
    document has no place (UMAP gives NaN to a point without neighbours); ``topics`` largest first, without
    the outliers.
    """

    points: NDArray[np.float32]
    assignments: NDArray[np.int64]
    drawn: NDArray[np.bool_]
    topics: tuple[TopicMark, ...]

    @property
    def outliers(self) -> int:
        """How many documents belong to no topic."""
        return int((self.assignments == OUTLIER).sum())

    def sample(self, topic: int, limit: int) -> NDArray[np.float32]:
        """An even sample [m, 2] of at most ``limit`` points of a topic."""
        members: NDArray[np.float32] = self.points[self.drawn & (self.assignments == topic)]
        return members[:: max(1, -(-len(members) // limit))]


def compose(
    layout: NDArray[np.floating], assignments: NDArray[np.integer], labels: Mapping[int, str]
) -> Scene:
    """Arrange a layout [n, 2] and the topic of each document [n]; a topic without a label shows its number.

    Raises ValueError where the shapes do not fit each other or no document has a place.
    """
    points = np.asarray(layout, dtype=np.float32)
    topic_of = np.asarray(assignments, dtype=np.int64)
    if points.ndim != 2 or points.shape[1] != 2 or topic_of.shape != points.shape[:1] or not len(points):
        raise ValueError(f"a map needs points [n, 2] and topics [n], not {points.shape} and {topic_of.shape}")
    drawn = np.asarray(np.isfinite(points).all(axis=1))
    if not drawn.any():
        raise ValueError("no document of this layout has a place on the map")
    numbers, sizes = np.unique(topic_of[topic_of != OUTLIER], return_counts=True)
    order = np.lexsort((numbers, -sizes))
    placed = [
        (int(numbers[i]), int(sizes[i]), points[drawn & (topic_of == numbers[i])])
        for i in order
        if (drawn & (topic_of == numbers[i])).any()
    ]
    circles = [densest(members) for _, _, members in placed]
    centers = [(x, y) for x, y, _ in circles]
    nearness = _nearness(points[drawn], topic_of[drawn], [topic for topic, _, _ in placed], np.array(centers))
    return Scene(
        points=points,
        assignments=topic_of,
        drawn=drawn,
        topics=tuple(
            TopicMark(topic, one_line(labels.get(topic, "")) or f"Topic {topic}", size, (x, y), core, color)
            for (topic, size, _), (x, y, core), color in zip(
                placed, circles, choose_colors(nearness), strict=True
            )
        ),
    )


def densest(points: NDArray[np.float32]) -> tuple[float, float, float]:
    """The smallest circle about one of the ``points`` [n, 2] that holds a third of them: x, y, radius.

    Unlike the mean it lies inside a topic that is bent or in two parts. An even sample stands for many.
    """
    from scipy.spatial.distance import cdist

    sample = points[:: -(-len(points) // 600)].astype(np.float64)
    inside = max(1, len(sample) // 3)
    distances = cdist(sample, sample)
    radii = np.partition(distances, inside - 1, axis=1)[:, inside - 1]
    best = int(np.argmin(radii))
    x, y = sample[best]
    return float(x), float(y), float(radii[best])


def _nearness(
    points: NDArray[np.float32],
    assignments: NDArray[np.int64],
    topics: list[int],
    centers: NDArray[np.float64],
) -> NDArray[np.float64]:
    """How much each two topics touch [t, t]: the share of neighbouring points that one has in the other."""
    from scipy.spatial import cKDTree

    count = len(topics)
    if count < 2:
        return np.zeros((count, count))
    row_of = {topic: row for row, topic in enumerate(topics)}
    rows = np.array([row_of.get(int(topic), -1) for topic in assignments])
    within = np.flatnonzero(rows >= 0)
    within = within[:: -(-len(within) // 30_000)]
    members, rows = points[within], rows[within]
    _, neighbours = cKDTree(members).query(members, k=min(15, len(members)))
    touches = np.zeros((count, count))
    np.add.at(touches, (np.repeat(rows, neighbours.shape[1]), rows[neighbours].ravel()), 1.0)
    share = touches / np.maximum(touches.sum(axis=1, keepdims=True), 1.0)
    # topics that touch nowhere still compare: the nearer their centres, the more
    gaps = np.linalg.norm(centers[:, None] - centers[None], axis=2)
    typical = np.median(np.partition(gaps, 1, axis=1)[:, 1]) or 1.0
    nearness: NDArray[np.float64] = share + share.T + np.exp(-gaps / (2 * typical)) + 0.02
    return nearness
