"""Where labels go: near their anchors, never over each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    Floats = NDArray[np.float64]

STEPS = 37  # places tried across and up: fine at hand, coarse far away
NEAR, FAR = 1.6, 10.0  # how far they reach, in widths and heights of the label
SHORTLIST = 200  # free places that are compared closely
LOT = 24  # places whose lines are looked at together
ROUNDS = 4
WORTH = 30.0  # a label that would cost more is left out; a cost of 1 is one line of distance


@dataclass(frozen=True)
class Picture:
    """What the labels are laid over, in pixels: its ``corner`` [2] at the bottom left, its ``size`` [2], and
    ``ink`` [rows, columns] from there: how much of each cell is drawn on, 0 to 1."""

    corner: Floats
    size: Floats
    ink: Floats


@dataclass(frozen=True)
class Sign:
    """A label to place, in pixels: ``anchor`` [2], ``size`` [2] of its box, ``dots`` [m, 2] that it names."""

    anchor: Floats
    size: Floats
    dots: Floats


def place(signs: Sequence[Sign], picture: Picture) -> Floats:
    """Centres [t, 2] of the signs' boxes, in pixels; NaN for a sign that finds no room within its reach.

    No two boxes overlap and none leaves the picture. Signs come in order of importance: each in turn takes
    the cheapest free place, then, in a few more rounds, each may move to a cheaper one. A place costs its
    distance from the anchor, what it hides (its own dots, other anchors, the picture), and the labels and
    lines that its line to the anchor would cross.
    """
    centers = np.full((len(signs), 2), np.nan)
    anchors = np.array([sign.anchor for sign in signs]).reshape(-1, 2)
    halves = np.array([sign.size for sign in signs]).reshape(-1, 2) / 2
    line = 2 * halves[:, 1].min(initial=np.inf)
    sums = np.pad(picture.ink.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    for _ in range(ROUNDS):
        before = centers.copy()
        for number, sign in enumerate(signs):
            others = np.isfinite(centers[:, 0])
            others[number] = False
            half, foreign = halves[number], np.delete(anchors, number, axis=0)
            places, cost = _free_places(sign, line, centers[others], halves[others], picture, sums)
            cost += 1.5 * _hidden(places, half, sign.dots) + 1.2 * len(foreign) * _hidden(
                places, half, foreign
            )
            order = np.argsort(cost, kind="stable")
            ends = edge_towards(centers[others], halves[others], anchors[others])
            best, centers[number] = WORTH, np.nan
            for first in range(0, len(order), LOT):
                lot = order[first : first + LOT]
                if cost[lot[0]] >= best:  # lines only add to the cost
                    break
                starts = edge_towards(places[lot], half, sign.anchor)
                total = cost[lot] + 3.0 * _hits(starts, sign.anchor, centers[others], halves[others])
                total += 4.0 * _crossings(starts, sign.anchor, ends, anchors[others])
                if total.min() < best:
                    best, centers[number] = total.min(), places[lot[int(np.argmin(total))]]
        if np.array_equal(before, centers, equal_nan=True):
            break
    return centers


def edge_towards(centers: Floats, halves: Floats, targets: Floats) -> Floats:
    """Where the line from each box' centre to its target leaves the box; the target where it lies inside."""
    way = targets - centers
    share = np.min(halves / np.maximum(np.abs(way), 1e-9), axis=-1, keepdims=True)
    edges: Floats = centers + way * np.minimum(1.0, share)
    return edges


def _free_places(
    sign: Sign, line: float, centers: Floats, halves: Floats, picture: Picture, sums: Floats
) -> tuple[Floats, Floats]:
    """The cheapest places [p, 2] over no box at ``centers``, and what they cost [p] by themselves."""
    half = sign.size / 2
    steps = np.linspace(-1, 1, STEPS)
    steps = NEAR * steps + (FAR - NEAR) * steps * np.abs(steps) ** 2.5
    places = sign.anchor + sign.size * np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    low, high = picture.corner + half, picture.corner + picture.size - half
    if (low > high).any():
        return places[:0], places[:0, 0]
    places = np.clip(places, low, high)
    gap = np.linalg.norm(np.maximum(np.abs(places - sign.anchor) - half, 0), axis=1)
    shift = np.linalg.norm((places - sign.anchor) / sign.size, axis=1)
    cost = gap / line + 0.5 * shift + 4 * _ink_under(places, half, picture, sums)
    order = np.argsort(cost, kind="stable")
    places, cost = places[order], cost[order]
    chosen: list[NDArray[np.intp]] = []
    for start in range(0, len(places), 2 * SHORTLIST):  # most often the first lot has enough
        lot = places[start : start + 2 * SHORTLIST]
        apart = np.abs(lot[:, None, 0] - centers[:, 0]) >= half[0] + halves[:, 0]
        apart |= np.abs(lot[:, None, 1] - centers[:, 1]) >= half[1] + halves[:, 1]
        chosen.append(start + np.flatnonzero(apart.all(axis=1)))
        if sum(map(len, chosen)) >= SHORTLIST:
            break
    free = np.concatenate(chosen)
    return places[free], cost[free]


def _ink_under(places: Floats, half: Floats, picture: Picture, sums: Floats) -> Floats:
    """Mean ink under a box about each place, from the table of sums."""
    cells = np.array(picture.ink.shape[::-1])
    scale = cells / picture.size
    low = np.clip(np.floor((places - half - picture.corner) * scale).astype(int), 0, cells - 1)
    high = np.clip(np.ceil((places + half - picture.corner) * scale).astype(int), low + 1, cells)
    (x0, y0), (x1, y1) = low.T, high.T
    ink: Floats = (sums[y1, x1] - sums[y0, x1] - sums[y1, x0] + sums[y0, x0]) / ((x1 - x0) * (y1 - y0))
    return ink


def _hidden(places: Floats, half: Floats, dots: Floats) -> Floats:
    """The share of the dots that a box about each place hides [p]."""
    inside = np.abs(places[:, None, 0] - dots[:, 0]) < half[0]
    inside &= np.abs(places[:, None, 1] - dots[:, 1]) < half[1]
    share: Floats = inside.sum(axis=1) / max(1, len(dots))
    return share


def _hits(starts: Floats, end: Floats, centers: Floats, halves: Floats) -> NDArray[np.intp]:
    """How many of the boxes each segment [p] from ``starts`` to ``end`` passes through (slab method)."""
    way = (end - starts)[:, None, :]
    way = np.where(np.abs(way) < 1e-9, 1e-9, way)
    one = (centers - halves - starts[:, None]) / way
    two = (centers + halves - starts[:, None]) / way
    enter, leave = np.minimum(one, two).max(axis=2), np.maximum(one, two).min(axis=2)
    hits: NDArray[np.intp] = ((enter < leave) & (leave > 0) & (enter < 1)).sum(axis=1)
    return hits


def _crossings(starts: Floats, end: Floats, a: Floats, b: Floats) -> NDArray[np.intp]:
    """How many of the segments from ``a`` to ``b`` each segment [p] from ``starts`` to ``end`` crosses."""

    def side(p: Floats, q: Floats, r: Floats) -> Floats:
        turn: Floats = (q - p)[..., 0] * (r - p)[..., 1] - (q - p)[..., 1] * (r - p)[..., 0]
        return turn

    s = starts[:, None]
    crossed = (side(s, end, a) * side(s, end, b) < 0) & (side(a, b, s) * side(a, b, end) < 0)
    count: NDArray[np.intp] = crossed.sum(axis=1)
    return count
