"""Layouts like those of real runs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Layout = NDArray[np.float32]
Assignments = NDArray[np.int64]

WORDS = [
    "graph",
    "neural",
    "network",
    "quantum",
    "field",
    "learning",
    "protein",
    "inference",
    "image",
    "language",
]


def grid_of_islands(documents: int, topics: int) -> tuple[Layout, Assignments]:
    """Topics on a grid of islands, each document's topic known, every tenth document an outlier."""
    rng = np.random.default_rng(0)
    assignments = np.arange(documents) % topics
    columns = int(np.ceil(np.sqrt(topics)))
    layout = np.stack([assignments % columns, assignments // columns], axis=1) * 4.0
    layout += rng.normal(size=(documents, 2)) * 0.4
    assignments = np.where(np.arange(documents) % 10 == 9, -1, assignments)
    return layout.astype(np.float32), assignments


def scattered_islands(
    documents: int, topics: int, seed: int = 0
) -> tuple[Layout, Assignments, dict[int, str]]:
    """A layout as UMAP leaves it: islands of all sizes, not too near each other, a fifth of it outliers."""
    rng = np.random.default_rng(seed)
    centers: list[NDArray[np.float64]] = []
    while len(centers) < topics:
        center = rng.uniform(-1, 1, 2) * (1.3, 1)
        if all(np.hypot(*(center - other)) > 1.1 / np.sqrt(topics) for other in centers):
            centers.append(center)
    share = rng.pareto(1.5, topics) + 0.3
    assignments = rng.choice(topics, documents, p=share / share.sum())
    layout = np.array(centers)[assignments] + rng.normal(size=(documents, 2)) * 0.2 / np.sqrt(topics)
    outliers = rng.random(documents) < 0.2
    layout[outliers] += rng.normal(size=(outliers.sum(), 2)) * 0.1
    assignments[outliers] = -1
    labels = {
        t: " ".join(rng.choice(WORDS, rng.integers(2, 6), replace=False)).title() for t in range(topics)
    }
    return layout.astype(np.float32), assignments, labels


def overlaps(rectangles: NDArray[np.float64]) -> int:
    """How many pairs of rectangles [t, 4], each left, top, right, bottom, lie over each other."""
    left, top, right, bottom = rectangles.T
    both = (
        (left[:, None] < right) & (left < right[:, None]) & (top[:, None] < bottom) & (top < bottom[:, None])
    )
    return int(np.triu(both, 1).sum())
