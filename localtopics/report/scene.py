"""The scene that both maps draw: where each document lies, and each topic's place, size, name and colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from localtopics.report.palette import PALETTE, Color, choose_colors
from localtopics.text import one_line
from localtopics.topics.topic import OUTLIER

DENSITY_SAMPLE = 600
"""The most points of one topic among which its densest place is looked for."""
NEIGHBOR_SAMPLE = 30_000
"""The most points among which neighbours are counted to find out which topics touch."""
NEIGHBORS = 15


@dataclass(frozen=True)
class TopicMark:
    """A topic on the map.

    Attributes:
        topic: the topic's number.
        label: its name, on one line and never empty.
        size: the number of its documents.
        center: x and y, in the units of the layout, of the document about which the topic is densest.
        core_radius: the radius, in the same units, of the circle about ``center`` that holds a third of it.
        color: the colour of its dots.
    """

    topic: int
    label: str
    size: int
    center: tuple[float, float]
    core_radius: float
    color: Color


@dataclass(frozen=True)
class Branch:
    """A coarser topic, which holds finer ones.

    Attributes:
        topic: its number, which no finest topic has.
        level: 1 just above the finest topics, which are level 0; larger the coarser.
        parent: the number of the branch that holds it; None at the top.
        label: its name.
        size: the number of its documents.
        keywords: its words, the weightiest first.
        fidelity: how surely its name finds it among those of its level, 0 to 1; None where not measured.
        note: what somebody noted of it.
    """

    topic: int
    level: int
    parent: int | None
    label: str
    size: int
    keywords: Sequence[str] = ()
    fidelity: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Scene:
    """A map before it is drawn in any format.

    Attributes:
        points: float32 [n, 2], the place of each document in the units of the layout, y upwards.
        assignments: int64 [n], the topic of each document; `OUTLIER` where it has none.
        drawn: bool [n], False for a document without a finite place (UMAP gives NaN to a point that has no
            neighbours).
        topics: the topics that have a place, the largest first; outliers are none of them.
    """

    points: NDArray[np.float32]
    assignments: NDArray[np.int64]
    drawn: NDArray[np.bool_]
    topics: tuple[TopicMark, ...]

    @property
    def outlier_count(self) -> int:
        """How many documents belong to no topic, whether they are drawn or not."""
        return int((self.assignments == OUTLIER).sum())

    def sample(self, topic: int, limit: int) -> NDArray[np.float32]:
        """Return an even sample, float32 [m, 2], of at most ``limit`` drawn points of a topic."""
        members: NDArray[np.float32] = self.points[self.drawn & (self.assignments == topic)]
        return members[:: max(1, -(-len(members) // limit))]


def compose(
    layout: NDArray[np.floating],
    assignments: NDArray[np.integer],
    labels: Mapping[int, str],
    colors: Mapping[int, str] | None = None,
) -> Scene:
    """Arrange the scene; compose it once and draw it in as many formats as are wanted.

    Args:
        layout: [n, 2], the place of each document; rows that are not finite are not drawn.
        assignments: [n], the topic of each document, `OUTLIER` for none.
        labels: the names of topics; a topic without one is called by its number.
        colors: the colours that topics had on an earlier map, as ``Color.hex`` gives them, which they keep.

    Raises:
        ValueError: the shapes do not fit each other, or no document has a finite place.
    """
    points = np.asarray(layout, dtype=np.float32)
    topic_of = np.asarray(assignments, dtype=np.int64)
    if points.ndim != 2 or points.shape[1] != 2 or topic_of.shape != points.shape[:1] or not len(points):
        raise ValueError(f"a map needs points [n, 2] and topics [n], not {points.shape} and {topic_of.shape}")
    drawn = np.asarray(np.isfinite(points).all(axis=1))
    if not drawn.any():
        raise ValueError("no document of this layout has a place on the map")
    numbers, sizes = np.unique(topic_of[topic_of != OUTLIER], return_counts=True)
    largest_first = np.lexsort((numbers, -sizes))
    members = {int(topic): points[drawn & (topic_of == topic)] for topic in numbers[largest_first]}
    size_of = dict(zip(numbers.tolist(), sizes.tolist(), strict=True))
    topics = [topic for topic, own in members.items() if len(own)]
    circles = [densest_circle(members[topic]) for topic in topics]
    centers = np.array([(x, y) for x, y, _ in circles])
    of_hex = {color.hex(): color for color in PALETTE}
    known = {
        place: of_hex[hex]
        for place, topic in enumerate(topics)
        if (hex := (colors or {}).get(topic)) in of_hex
    }
    chosen = choose_colors(_affinity(points[drawn], topic_of[drawn], topics, centers), known)
    marks = tuple(
        TopicMark(
            topic=topic,
            label=one_line(labels.get(topic, "")) or f"Topic {topic}",
            size=size_of[topic],
            center=(x, y),
            core_radius=radius,
            color=color,
        )
        for topic, (x, y, radius), color in zip(topics, circles, chosen, strict=True)
    )
    return Scene(points=points, assignments=topic_of, drawn=drawn, topics=marks)


def place_branches(
    topics: Sequence[TopicMark], branches: Sequence[Branch], parents: Mapping[int, int]
) -> dict[int, tuple[float, float]]:
    """Return x and y of each branch that has a topic on the map: the middle of its topic nearest to all.

    That is the medoid of its finest topics, by distances weighted by size: unlike a mean it lies on the map
    where documents are.

    Args:
        topics: the finest topics.
        branches: the coarser ones.
        parents: the branch of each finest topic that has one.
    """
    above = {branch.topic: branch.parent for branch in branches}
    within: dict[int, list[TopicMark]] = {branch.topic: [] for branch in branches}
    for mark in topics:
        branch = parents.get(mark.topic)
        while branch is not None:
            within[branch].append(mark)
            branch = above[branch]
    places = {}
    for branch, marks in within.items():
        if marks:
            centers = np.array([mark.center for mark in marks])
            sizes = np.array([mark.size for mark in marks], dtype=float)
            x, y = centers[int(np.argmin(cdist(centers, centers) @ sizes))]
            places[branch] = (float(x), float(y))
    return places


def densest_circle(points: NDArray[np.float32]) -> tuple[float, float, float]:
    """Return x, y and radius of the smallest circle about one of the points that holds a third of them.

    Unlike the mean, its middle lies inside a topic that is bent or in two parts. Where there are many points
    an even sample stands for them.

    Args:
        points: [m, 2], at least one.
    """
    sample = points[:: -(-len(points) // DENSITY_SAMPLE)].astype(np.float64)
    inside = max(1, len(sample) // 3)
    distances = cdist(sample, sample)
    radii = np.partition(distances, inside - 1, axis=1)[:, inside - 1]
    best = int(np.argmin(radii))
    x, y = sample[best]
    return float(x), float(y), float(radii[best])


def _affinity(
    points: NDArray[np.float32],
    assignments: NDArray[np.int64],
    topics: Sequence[int],
    centers: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return how much each two topics touch, float64 [t, t].

    It is the share of neighbouring points that one has in the other, and something for centres that are near.
    """
    count = len(topics)
    if count < 2:
        return np.zeros((count, count))
    index_of = {topic: index for index, topic in enumerate(topics)}
    indices = np.array([index_of.get(int(topic), -1) for topic in assignments])
    within = np.flatnonzero(indices >= 0)
    within = within[:: -(-len(within) // NEIGHBOR_SAMPLE)]
    members, indices = points[within], indices[within]
    _, neighbors = cKDTree(members).query(members, k=min(NEIGHBORS, len(members)))
    touches = np.zeros((count, count))
    np.add.at(touches, (np.repeat(indices, neighbors.shape[1]), indices[neighbors].ravel()), 1.0)
    share = touches / np.maximum(touches.sum(axis=1, keepdims=True), 1.0)
    # topics that touch nowhere still compare: the nearer their centres, the more
    gaps = np.linalg.norm(centers[:, None] - centers[None], axis=2)
    typical = np.median(np.partition(gaps, 1, axis=1)[:, 1]) or 1.0
    affinity: NDArray[np.float64] = share + share.T + np.exp(-gaps / (2 * typical)) + 0.02
    return affinity
