"""A topic: what its documents are about, in words."""

from __future__ import annotations

from dataclasses import dataclass

OUTLIER = -1
"""The number that stands for no topic, in documents and in tables of topics."""
OUTLIER_LABEL = "Outliers"
"""What the documents of no topic are called together."""


@dataclass(frozen=True)
class Topic:
    """A topic before it has a name; number -1 is the documents that belong to none."""

    topic: int
    size: int
    keywords: tuple[str, ...]
    """The words of the highest c-TF-IDF, highest first."""
    keybert: tuple[str, ...]
    mmr: tuple[str, ...]
    representative: tuple[str, ...]
    """Typical documents that differ from each other: the most typical first, then what is most unlike those
    before it."""
