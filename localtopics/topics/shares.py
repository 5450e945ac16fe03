"""The topics of documents by those of their passages."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from localtopics.embedding.passages import Passages
from localtopics.topics.topic import OUTLIER


@dataclass(frozen=True)
class DocumentTopics:
    """What n documents are about."""

    topics: np.ndarray
    """Each document's topic, int64 [n]; `OUTLIER` where it has none."""
    probabilities: np.ndarray
    """How strong its passages' membership in this topic is in the mean, float32 [n]."""
    passages: np.ndarray
    """The passage that stands for it, int64 [n]: of those of its topic the one nearest to their mean."""
    shares: list[list[tuple[int, float]]]
    """Its topics and which share of its tokens each has, the largest first; they add up to 1."""


def document_topics(
    passages: Passages, topics: np.ndarray, probabilities: np.ndarray, vectors: np.ndarray
) -> DocumentTopics:
    """Give each document the topic that has the largest share of it.

    What is in no topic does not count; only a document that is in none with all its passages is an outlier.

    Args:
        passages: m of them.
        topics: int64 [m], theirs.
        probabilities: float32 [m], how strong their memberships are.
        vectors: float [m, d], their embeddings.
    """
    shares, mains, means, chosen = [], [], [], []
    bounds = np.searchsorted(passages.document, np.arange(passages.document.max() + 2))
    for start, end in pairwise(bounds.tolist()):
        own, weights = topics[start:end], passages.tokens[start:end] / passages.tokens[start:end].sum()
        numbers, places = np.unique(own, return_inverse=True)
        sizes = np.bincount(places, weights=weights)
        ordered = np.argsort(-sizes, kind="stable")
        found = [(int(numbers[place]), float(sizes[place])) for place in ordered]
        main = next((topic for topic, _ in found if topic != OUTLIER), OUTLIER)
        rows = start + np.flatnonzero(own == main)
        shares.append(found)
        mains.append(main)
        means.append(np.average(probabilities[rows], weights=weights[rows - start]))
        chosen.append(rows[(vectors[rows] @ (weights[rows - start] @ vectors[rows])).argmax()])
    return DocumentTopics(
        np.array(mains, np.int64), np.array(means, np.float32), np.array(chosen, np.int64), shares
    )
