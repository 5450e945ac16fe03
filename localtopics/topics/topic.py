"""A topic: what its documents are about, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from bertopic import BERTopic

OUTLIER = -1
"""The number that stands for no topic, in documents and in tables of topics."""
OUTLIER_LABEL = "Outliers"
"""What the documents of no topic are called together."""
KEYWORDS = "Keywords"
"""The aspect of a BERTopic model that holds `Topic.keywords`."""


@dataclass(frozen=True, repr=False)
class Topic:
    """What the documents of one topic are about; `OUTLIER` is the number of those that belong to none."""

    topic: int
    """Its number: 0 is the largest topic."""
    size: int
    """How many documents it has."""
    keywords: tuple[str, ...]
    """The words of the highest c-TF-IDF, highest first."""
    keybert: tuple[str, ...]
    """Keywords by KeyBERT."""
    mmr: tuple[str, ...]
    """Keywords by maximal marginal relevance."""
    representative: tuple[str, ...]
    """Typical documents that differ from each other: the most typical first, then what is most unlike those
    before it."""
    label: str | None = None
    """Its name; None before it has one."""
    fidelity: float | None = None
    """How surely the name finds this topic among the others, from 0 to 1; None where nobody measured it."""
    given: bool = False
    """Whether somebody gave it, with its name, instead of its being found."""

    def __repr__(self) -> str:
        name = ", ".join(self.keywords[:3]) if self.label is None else self.label
        return f"<Topic {self.topic}: {name}, {self.size:,} document{'s' * (self.size != 1)}>"

    def _repr_html_(self) -> str:
        """The topic as notebooks show it; what its documents hold is text there, whatever it looks like."""
        words = [("keywords", self.keywords), ("KeyBERT", self.keybert), ("MMR", self.mmr)]
        rows = "".join(
            f"<tr><th>{name}</th><td style='text-align:left'><bdi>{escape(', '.join(found))}</bdi></td></tr>"
            for name, found in words
            if found
        )
        documents = "".join(f"<li><bdi>{escape(_start(text))}</bdi></li>" for text in self.representative[:3])
        return f"<b><bdi>{escape(repr(self)[1:-1])}</bdi></b><table>{rows}</table><ol>{documents}</ol>"


def _start(text: str, characters: int = 300) -> str:
    """The beginning of a long text."""
    return text if len(text) <= characters else text[:characters].rstrip() + " …"


@dataclass(frozen=True)
class TopicModel:
    """Topics and the documents in them."""

    model: BERTopic
    """The fitted model."""
    topics: list[Topic]
    """The topics by number, outliers first where there are any."""
    assignments: np.ndarray
    """Each document's topic, int64 [n]; `OUTLIER` where it has none."""
    probabilities: np.ndarray
    """How strong each document's membership in its topic is (HDBSCAN): float32 [n], 0 to 1, 0 in outliers."""
    pull: np.ndarray | None = None
    """Where outliers were let into topics: as `localtopics.topics.outliers.Joined.pull`, float32 [n]."""
    given: Mapping[int, int] = field(default_factory=dict)
    """Topic number to the place among the given topics, of those that were given."""
