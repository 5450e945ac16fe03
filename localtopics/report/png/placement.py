"""Where labels go: near their anchors and never over each other.

This is greedy point-feature label placement: each label takes the cheapest free place on a grid about its
anchor, and may move in later rounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.intp]

GRID_STEPS = 37
"""Places tried across and as many up: fine at hand, coarse far away."""
NEAR_REACH, FAR_REACH = 1.6, 10.0
"""How far the fine and the coarse part of the grid reach, in widths and heights of the label."""
MAX_CANDIDATES = 200
"""Free places that are compared closely."""
BATCH_SIZE = 24
"""Places whose leader lines are looked at together."""
MAX_ROUNDS = 4
MAX_COST = 30.0
"""A label that would cost more is left out; a cost of 1 is one line of text of distance."""


@dataclass(frozen=True)
class Canvas:
    """The area that labels are laid over, in pixels, y upwards.

    Attributes:
        origin: [2], the corner at the bottom left.
        size: [2], width and height.
        coverage: [rows, columns] from the origin on: how much of each cell is drawn on, 0 to 1.
    """

    origin: Floats
    size: Floats
    coverage: Floats


@dataclass(frozen=True)
class LabelBox:
    """A label to place, in pixels.

    Attributes:
        anchor: [2], the point that it names.
        size: [2], width and height of its box.
        dots: [m, 2], the dots that it names and had better not hide.
    """

    anchor: Floats
    size: Floats
    dots: Floats


def place(labels: Sequence[LabelBox], canvas: Canvas) -> Floats:
    """Return the centre of each label's box in pixels, float64 [t, 2]; NaN where it finds no room in reach.

    No two boxes overlap and none leaves the canvas. A place costs its distance from the anchor, what it
    hides (its own dots, other anchors, whatever else is drawn), and the labels and leader lines that its own
    leader line would cross.

    Args:
        labels: in order of importance: the first choose first.
        canvas: what they are laid over.
    """
    centers = np.full((len(labels), 2), np.nan)
    anchors = np.array([label.anchor for label in labels]).reshape(-1, 2)
    halves = np.array([label.size for label in labels]).reshape(-1, 2) / 2
    line_height = 2 * halves[:, 1].min(initial=np.inf)
    coverage_sums = np.pad(canvas.coverage.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    for _ in range(MAX_ROUNDS):
        before = centers.copy()
        for number, label in enumerate(labels):
            others = np.isfinite(centers[:, 0])
            others[number] = False
            candidates, cost = _free_places(
                label, line_height, centers[others], halves[others], canvas, coverage_sums
            )
            foreign = np.delete(anchors, number, axis=0)
            cost += 1.5 * _hidden_share(candidates, halves[number], label.dots)
            cost += 1.2 * len(foreign) * _hidden_share(candidates, halves[number], foreign)
            centers[number] = _cheapest(
                label, candidates, cost, centers[others], halves[others], anchors[others]
            )
        if np.array_equal(before, centers, equal_nan=True):
            break
    return centers


def edge_towards(centers: Floats, halves: Floats, targets: Floats) -> Floats:
    """Return where the line from each box' centre to its target leaves the box, [t, 2].

    Where the target lies inside the box it is the target itself.

    Args:
        centers: [t, 2], the boxes' centres.
        halves: [t, 2] or [2], half their widths and heights.
        targets: [t, 2] or [2].
    """
    way = targets - centers
    share = np.min(halves / np.maximum(np.abs(way), 1e-9), axis=-1, keepdims=True)
    edges: Floats = centers + way * np.minimum(1.0, share)
    return edges


def _cheapest(
    label: LabelBox, candidates: Floats, cost: Floats, centers: Floats, halves: Floats, anchors: Floats
) -> Floats:
    """Return the candidate [2] of the least cost, leader lines included; NaN where all cost too much.

    Args:
        label: the label to place.
        candidates: [p, 2], free places for its centre.
        cost: [p], what each costs without its leader line.
        centers, halves, anchors: [o, 2] each, the boxes that are placed already and what they name.
    """
    order = np.argsort(cost, kind="stable")
    edges = edge_towards(centers, halves, anchors)
    least, best = MAX_COST, np.full(2, np.nan)
    for first in range(0, len(order), BATCH_SIZE):
        batch = order[first : first + BATCH_SIZE]
        if cost[batch[0]] >= least:  # leader lines only add to the cost
            break
        starts = edge_towards(candidates[batch], label.size / 2, label.anchor)
        total = cost[batch] + 3.0 * _boxes_hit(starts, label.anchor, centers, halves)
        total += 4.0 * _lines_crossed(starts, label.anchor, edges, anchors)
        if total.min() < least:
            least, best = total.min(), candidates[batch[int(np.argmin(total))]]
    return best


def _free_places(
    label: LabelBox,
    line_height: float,
    centers: Floats,
    halves: Floats,
    canvas: Canvas,
    coverage_sums: Floats,
) -> tuple[Floats, Floats]:
    """Return the cheapest places [p, 2] where the label lies over no other box, and their costs [p].

    Args:
        label: the label to place.
        line_height: pixels, the unit of distance.
        centers, halves: [o, 2] each, the boxes that are placed already.
        canvas: what the label must stay within.
        coverage_sums: the summed-area table of the canvas' coverage.
    """
    half = label.size / 2
    steps = np.linspace(-1, 1, GRID_STEPS)
    steps = NEAR_REACH * steps + (FAR_REACH - NEAR_REACH) * steps * np.abs(steps) ** 2.5
    places = label.anchor + label.size * np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    low, high = canvas.origin + half, canvas.origin + canvas.size - half
    if (low > high).any():
        return places[:0], places[:0, 0]
    places = np.clip(places, low, high)
    gap = np.linalg.norm(np.maximum(np.abs(places - label.anchor) - half, 0), axis=1)
    shift = np.linalg.norm((places - label.anchor) / label.size, axis=1)
    cost = gap / line_height + 0.5 * shift + 4 * _mean_coverage(places, half, canvas, coverage_sums)
    order = np.argsort(cost, kind="stable")
    places, cost = places[order], cost[order]
    free: list[Counts] = []
    for start in range(0, len(places), 2 * MAX_CANDIDATES):  # most often the first batch has enough
        batch = places[start : start + 2 * MAX_CANDIDATES]
        apart = np.abs(batch[:, None, 0] - centers[:, 0]) >= half[0] + halves[:, 0]
        apart |= np.abs(batch[:, None, 1] - centers[:, 1]) >= half[1] + halves[:, 1]
        free.append(start + np.flatnonzero(apart.all(axis=1)))
        if sum(map(len, free)) >= MAX_CANDIDATES:
            break
    chosen = np.concatenate(free)
    return places[chosen], cost[chosen]


def _mean_coverage(places: Floats, half: Floats, canvas: Canvas, coverage_sums: Floats) -> Floats:
    """Return the mean coverage [p] under a box about each place, from the summed-area table (Crow, 1984)."""
    cells = np.array(canvas.coverage.shape[::-1])
    scale = cells / canvas.size
    low = np.clip(np.floor((places - half - canvas.origin) * scale).astype(int), 0, cells - 1)
    high = np.clip(np.ceil((places + half - canvas.origin) * scale).astype(int), low + 1, cells)
    (x0, y0), (x1, y1) = low.T, high.T
    total = coverage_sums[y1, x1] - coverage_sums[y0, x1] - coverage_sums[y1, x0] + coverage_sums[y0, x0]
    mean: Floats = total / ((x1 - x0) * (y1 - y0))
    return mean


def _hidden_share(places: Floats, half: Floats, dots: Floats) -> Floats:
    """Return the share of the dots [m, 2] that a box about each place hides, [p]."""
    inside = np.abs(places[:, None, 0] - dots[:, 0]) < half[0]
    inside &= np.abs(places[:, None, 1] - dots[:, 1]) < half[1]
    share: Floats = inside.sum(axis=1) / max(1, len(dots))
    return share


def _boxes_hit(starts: Floats, end: Floats, centers: Floats, halves: Floats) -> Counts:
    """Return how many boxes each line from ``starts`` [p, 2] to ``end`` [2] passes through (slab method)."""
    way = (end - starts)[:, None, :]
    way = np.where(np.abs(way) < 1e-9, 1e-9, way)
    one = (centers - halves - starts[:, None]) / way
    two = (centers + halves - starts[:, None]) / way
    enter, leave = np.minimum(one, two).max(axis=2), np.maximum(one, two).min(axis=2)
    hits: Counts = ((enter < leave) & (leave > 0) & (enter < 1)).sum(axis=1)
    return hits


def _lines_crossed(starts: Floats, end: Floats, a: Floats, b: Floats) -> Counts:
    """Return how many lines ``a`` to ``b`` [o, 2] each line from ``starts`` [p, 2] to ``end`` crosses."""

    def side(p: Floats, q: Floats, r: Floats) -> Floats:
        turn: Floats = (q - p)[..., 0] * (r - p)[..., 1] - (q - p)[..., 1] * (r - p)[..., 0]
        return turn

    s = starts[:, None]
    crossed = (side(s, end, a) * side(s, end, b) < 0) & (side(a, b, s) * side(a, b, end) < 0)
    count: Counts = crossed.sum(axis=1)
    return count
