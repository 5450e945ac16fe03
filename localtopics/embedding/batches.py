"""Which texts are embedded together: those of one length, so that little is computed for padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

STEP = 8
"""Tokens: every text is padded to a multiple, so that its own length alone decides how far."""


@dataclass(frozen=True)
class Batch:
    """Texts that are as long as each other when padded."""

    places: list[int]
    """Where the texts stand among all."""
    rows: int
    """How many texts of this length fill a batch."""


def batches(tokens: Sequence[int], budget: int, most: int) -> list[Batch]:
    """All texts in batches, short texts first.

    Args:
        tokens: each text's number of tokens.
        budget: how many tokens a full batch has at most, padding included; a single text may have more.
        most: how many texts a full batch has at most.
    """
    padded = [-(-count // STEP) * STEP for count in tokens]
    by_length = sorted(range(len(tokens)), key=padded.__getitem__)
    found: list[Batch] = []
    for length, group in groupby(by_length, key=padded.__getitem__):
        rows = min(most, max(1, budget // max(length, 1)))
        alike = list(group)
        found += [Batch(alike[start : start + rows], rows) for start in range(0, len(alike), rows)]
    return found


def blocks(sizes: Sequence[int], budget: int) -> Iterator[slice]:
    """Consecutive texts whose sizes add up to at most ``budget`` (or a single text)."""
    start = total = 0
    for place, size in enumerate(sizes):
        if total + size > budget and place > start:
            yield slice(start, place)
            start, total = place, 0
        total += size
    yield slice(start, len(sizes))
