"""Which topics of one division of documents are which of another: matched, split, merged, vanished or new.

Pure functions on two assignments of the same documents or, where these differ, on the topics' centres.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from localtopics.topics.topic import OUTLIER

LEAST_F1 = 0.5
"""Two topics are matched from this F1 of their documents on."""
MOST = 0.5
"""A topic with this share of its documents in one other is a part of that: split off, or merged into it."""
GROWN = 1.25
"""A matched topic has grown from so many times its size on, and shrunk where the other has grown."""

Kind = Literal["match", "split", "merge"]
Fate = Literal["matched", "split", "merged", "vanished", "new"]


@dataclass(frozen=True)
class Link:
    """A topic of the first division and one of the second that have to do with each other."""

    first: int
    second: int
    kind: Kind
    """match: one is the other; split: the second is a part of the first; merge: the first of the second."""
    documents: int
    """Documents in both; 0 where they were compared by their centres."""
    similarity: float
    """F1 of the documents, from 0 to 1, or the cosine of the centres."""


@dataclass(frozen=True)
class Fates:
    """What became of the topics of the first division, and where those of the second come from."""

    first: dict[int, Fate]
    """Topic to matched, split, merged or vanished."""
    second: dict[int, Fate]
    """Topic to matched, split, merged or new."""


def overlaps(first: np.ndarray, second: np.ndarray) -> dict[tuple[int, int], int]:
    """How many documents each two topics share, outliers too: (topic of first, of second) to a count above 0.

    Args:
        first, second: int [n], the topics of the same n documents.
    """
    pairs, counts = np.unique(np.stack([first, second]), axis=1, return_counts=True)
    return {(int(a), int(b)): int(count) for a, b, count in zip(*pairs, counts, strict=True)}


def links_by_documents(first: np.ndarray, second: np.ndarray) -> list[Link]:
    """Link the topics of two divisions of the same documents.

    Matches are the pairs of the assignment whose F1 is highest in sum (Kuhn 1955), as far as each reaches
    `LEAST_F1`. A topic without a match is a part of another where that has at least `MOST` of its documents.
    In spirit this is MONIC (Spiliopoulou et al. 2006), whose survival is our match and whose absorption our
    merge.

    Args:
        first, second: int [n], the topics of the same n documents; outliers are no topic, but count as
            documents that a topic has lost or gained.
    """
    shared = overlaps(first, second)
    sizes = sizes_of(first), sizes_of(second)
    f1 = {
        (a, b): 2 * count / (sizes[0][a] + sizes[1][b])
        for (a, b), count in shared.items()
        if OUTLIER not in (a, b)
    }
    matches = [pair for pair in best_pairs(f1, list(sizes[0]), list(sizes[1])) if f1[pair] >= LEAST_F1]
    matched = [{pair[side] for pair in matches} for side in (0, 1)]
    found: list[tuple[int, int, Kind]] = [(a, b, "match") for a, b in matches]
    for a, b in f1:
        if a not in matched[0] and shared[a, b] >= MOST * sizes[0][a]:
            found.append((a, b, "merge"))
        elif b not in matched[1] and shared[a, b] >= MOST * sizes[1][b]:
            found.append((a, b, "split"))
    return [Link(a, b, kind, shared[a, b], f1[a, b]) for a, b, kind in sorted(found)]


def links_by_centres(
    first: Sequence[int], first_centres: np.ndarray, second: Sequence[int], second_centres: np.ndarray
) -> tuple[list[Link], float]:
    """Match the topics of different documents by the cosines of their centres.

    What a high cosine is depends on the embedding model and the documents, so it is measured on them: topics
    have to do with each other where they are nearer than 9 of 10 topics are to the next one of their own
    division. Of these the best pairs match, and one without a match belongs to the nearest of the others.

    Args:
        first, second: the topics' numbers.
        first_centres, second_centres: float32 [k, d] of unit length, by the same embedding model.

    Returns:
        The links, and the least cosine of one.
    """
    nearest = np.concatenate([_nearest_others(first_centres), _nearest_others(second_centres)])
    least = float(np.quantile(nearest, 0.9)) if len(nearest) else 0.0
    cosines = first_centres @ second_centres.T
    scores = {(a, b): float(cosines[i, j]) for i, a in enumerate(first) for j, b in enumerate(second)}
    matches = [pair for pair in best_pairs(scores, first, second) if scores[pair] >= least]
    matched = [{pair[side] for pair in matches} for side in (0, 1)]
    found: list[tuple[int, int, Kind]] = [(a, b, "match") for a, b in matches]
    if matches:
        found += [
            (a, second[cosines[i].argmax()], "merge") for i, a in enumerate(first) if a not in matched[0]
        ]
        found += [
            (first[cosines[:, j].argmax()], b, "split") for j, b in enumerate(second) if b not in matched[1]
        ]
    kept = [(a, b, kind) for a, b, kind in sorted(found) if scores[a, b] >= least]
    return [Link(a, b, kind, 0, scores[a, b]) for a, b, kind in kept], least


def best_pairs(
    scores: dict[tuple[int, int], float], first: Sequence[int], second: Sequence[int]
) -> list[tuple[int, int]]:
    """The one-to-one assignment of the highest sum of scores (Kuhn 1955), without pairs that have none."""
    from scipy.optimize import linear_sum_assignment

    rows, columns = ({topic: place for place, topic in enumerate(side)} for side in (first, second))
    table = np.zeros((len(rows), len(columns)))
    for (a, b), score in scores.items():
        table[rows[a], columns[b]] = score
    chosen = zip(*linear_sum_assignment(table, maximize=True), strict=True)
    pairs = [(first[row], second[column]) for row, column in chosen]
    return [pair for pair in pairs if scores.get(pair, 0) > 0]


def fates(links: Sequence[Link], first: Sequence[int], second: Sequence[int]) -> Fates:
    """What the links make of each topic; a match comes before all else.

    Args:
        links: from `links_by_documents` or `links_by_centres`.
        first, second: all topics' numbers.
    """

    def of(topics: Sequence[int], side: Literal["first", "second"], otherwise: Fate) -> dict[int, Fate]:
        kinds: dict[int, set[str]] = {topic: set() for topic in topics}
        for link in links:
            kinds[getattr(link, side)].add(link.kind)
        words: tuple[tuple[Kind, Fate], ...] = (("match", "matched"), ("split", "split"), ("merge", "merged"))
        return {
            topic: next((fate for kind, fate in words if kind in found), otherwise)
            for topic, found in kinds.items()
        }

    return Fates(of(first, "first", "vanished"), of(second, "second", "new"))


def sizes_of(topics: np.ndarray) -> dict[int, int]:
    """Topic to its number of documents, outliers left out."""
    numbers, counts = np.unique(topics[topics != OUTLIER], return_counts=True)
    return dict(zip(numbers.tolist(), counts.tolist(), strict=True))


def _nearest_others(centres: np.ndarray) -> np.ndarray:
    """For each of two or more centres the cosine to the nearest other; else nothing."""
    if len(centres) < 2:
        return np.zeros(0)
    cosines = centres @ centres.T
    np.fill_diagonal(cosines, -np.inf)
    nearest: np.ndarray = cosines.max(axis=1)
    return nearest
