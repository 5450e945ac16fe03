"""A topic, which says in words what its documents are about; and all topics that were found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bertopic import BERTopic

OUTLIER = -1
"""The number that stands for no topic, in documents and in tables of topics."""
OUTLIER_LABEL = "Outliers"
"""What the documents of no topic are called together."""
KEYWORDS = "Keywords"
"""The aspect of a BERTopic model that holds `Topic.keywords`."""


@dataclass(frozen=True)
class Topic:
    """A topic before it has a name; number `OUTLIER` is the documents that belong to none."""

    topic: int
    """The topic's number: 0 is the largest topic."""
    size: int
    """How many documents it has."""
    keywords: tuple[str, ...]
    """The words of the highest c-TF-IDF (Grootendorst 2022), highest first."""
    keybert: tuple[str, ...]
    """Words most like its typical documents (BERTopic's KeyBERTInspired), most alike first."""
    mmr: tuple[str, ...]
    """Keywords that differ from each other (BERTopic's MaximalMarginalRelevance)."""
    representative: tuple[str, ...]
    """Typical documents that differ from each other: the most typical first, then what is most unlike those
    before it."""


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
    """How strong each document's membership in its topic is, by HDBSCAN: float32 [n], 0 to 1, 0 in outliers."""
