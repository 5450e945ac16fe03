"""Documents that are the same as another, or say the same in almost the same words."""

from __future__ import annotations

import heapq
import re
from collections.abc import Sequence
from functools import cache
from itertools import islice
from zlib import crc32

import numpy as np

from localtopics.progress import Progress, silent
from localtopics.topics.neighbors import NeighborGraph

COSINE = 0.85
"""The cosine from which neighbours are compared word by word; scripts/bench_duplicates.py measures it."""
RESEMBLANCE = 0.4
"""The share of their shingles that near-duplicates have in common; likewise."""
_SHINGLE = 3
"""Words of a shingle."""
_SKETCH = 400
"""Shingles by which long texts are compared: the estimate's standard error is 0.025 at most."""
_WORD = re.compile(r"\w+")


def first_copies(documents: Sequence[str]) -> np.ndarray:
    """The first document that has the text of each, int64 [n]."""
    rows: dict[str, int] = {}
    return np.array([rows.setdefault(document, row) for row, document in enumerate(documents)], np.int64)


def near_duplicates(
    documents: Sequence[str], graph: NeighborGraph, progress: Progress = silent
) -> np.ndarray:
    """Which documents are nearly the same, directly or by way of others.

    Two are if they are neighbours with a cosine of at least `COSINE` and their texts resemble each other by
    at least `RESEMBLANCE` (Broder 1997): two short papers on one thing are near each other, but in other
    words.

    Args:
        documents: n texts.
        graph: their neighbours.
        progress: told of the neighbours that are compared.

    Returns:
        The first document of the group to which each belongs, int64 [n]; itself where it is like no other.
    """
    near = np.argwhere(graph.distances <= 1 - COSINE + 1e-6)
    pairs = np.stack([near[:, 0], graph.indices[near[:, 0], near[:, 1]]], axis=1)
    pairs = np.unique(np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1), axis=0)
    before = np.arange(len(documents)).tolist()  # a document of the same group that is no later

    def first(row: int) -> int:
        while before[row] != row:
            before[row] = row = before[before[row]]
        return row

    @cache
    def sketched(row: int) -> frozenset[int]:
        return sketch(documents[row])

    with progress("Comparing neighbours", len(pairs)) as advance:
        for one, other in pairs.tolist():
            ends = sorted((first(one), first(other)))
            if ends[0] < ends[1] and resemblance(sketched(one), sketched(other)) >= RESEMBLANCE:
                before[ends[1]] = ends[0]
            advance(1)
    return np.array([first(row) for row in range(len(documents))], np.int64)


def sketch(text: str) -> frozenset[int]:
    """Hashes of a text's shingles, of a long text the smallest: Broder's sketch.

    A shingle is so many words one after the other, whatever their case and what stands between them; a text
    of fewer words is one shingle.
    """
    words = [word.group() for word in _WORD.finditer(text.casefold())]
    rows = zip(*(islice(words, start, None) for start in range(min(_SHINGLE, len(words)))), strict=False)
    return frozenset(heapq.nsmallest(_SKETCH, {crc32(" ".join(row).encode()) for row in rows}))


def resemblance(one: frozenset[int], other: frozenset[int]) -> float:
    """The share of all shingles of two texts that both have, from 0 to 1, estimated from their sketches."""
    smallest = heapq.nsmallest(_SKETCH, one | other)
    return sum(shingle in one and shingle in other for shingle in smallest) / max(1, len(smallest))
