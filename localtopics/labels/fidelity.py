"""Does a label find its own topic among the others?

A label is embedded like a document. It is faithful if it lies nearer to its own topic's documents than to
those of other topics. As in retrieval, labels are queries, topics are what they should find, and the figures
are accuracy at 1 and reciprocal rank among 100 topics: the label's own and 99 others.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from localtopics.embedding.embedder import Embed

RIVALS = 99
"""Other topics among which a label must find its own."""
LOW = 0.5
"""A topic's fidelity below this marks its label as doubtful: two or more other topics lie nearer to it."""


@dataclass(frozen=True)
class Fidelity:
    """How well each of k labels finds its topic: two float64 arrays [k] of values from 0 to 1."""

    first: NDArray[np.float64]
    """The probability that no rival lies nearer; its mean is the accuracy at 1."""
    reciprocal_rank: NDArray[np.float64]
    """The expected reciprocal of the own topic's rank; its mean is the MRR."""


def centres(embeddings: NDArray[np.float32], members: Sequence[NDArray[np.int64]]) -> NDArray[np.float32]:
    """The direction of each group of documents: float32 [k, d] of unit length.

    Args:
        embeddings: float32 [n, d], unit length.
        members: for each of the k groups the rows in it; a group without any gives zeros.
    """
    sums = np.stack([embeddings[rows].sum(axis=0) for rows in members])
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    directions: NDArray[np.float32] = np.divide(sums, lengths, out=np.zeros_like(sums), where=lengths > 0)
    return directions


def embedded_centres(embed: Embed, groups: Sequence[Sequence[str]]) -> NDArray[np.float32]:
    """The `centres` of k groups of documents, which are embedded together: float32 [k, d]."""
    ends = np.cumsum([len(documents) for documents in groups])
    embedded = embed([document for documents in groups for document in documents])
    return centres(embedded, np.split(np.arange(len(embedded)), ends[:-1]))


def fidelity(
    labels: NDArray[np.float32],
    topics: NDArray[np.float32],
    kinds: Sequence[Hashable] | None = None,
    rivals: int = RIVALS,
) -> Fidelity:
    """How well labels find their topics among random others.

    The rivals are not drawn: how many of ``rivals`` drawn ones lie nearer to a label follows a hypergeometric
    distribution, and the figures are its exact expectations.

    Args:
        labels: float32 [k, d], unit length, the label of each topic.
        topics: float32 [k, d], unit length, the `centres` of their documents.
        kinds: topics of the same kind are no rivals, such as two that people gave the same heading.
        rivals: how many of the others compete; all of them where there are no more. Without any, both
            figures are 1.
    """
    from scipy.stats import hypergeom

    names = range(len(topics)) if kinds is None else [repr(kind) for kind in kinds]
    kind = np.unique(list(names), return_inverse=True)[1]
    cosines = labels @ topics.T
    others = kind[:, None] != kind[None, :]
    possible = others.sum(axis=1)
    # of equals half count as nearer, so that a label without any meaning is no better than chance
    own = np.diagonal(cosines)[:, None]
    nearer = ((cosines > own) & others).sum(axis=1) + ((cosines == own) & others).sum(axis=1) // 2
    drawn = np.minimum(rivals, possible)
    ranks = np.arange(rivals + 1)
    # a lone topic gets a made-up rival that lies farther away: the distribution knows no empty crowd
    chances = hypergeom.pmf(ranks, np.maximum(possible, 1)[:, None], nearer[:, None], drawn[:, None])
    return Fidelity(chances[:, 0], (chances / (ranks + 1)).sum(axis=1))
