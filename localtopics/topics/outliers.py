"""Lets outliers join the topics of their nearest neighbours, the surest first, until few enough are left."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from localtopics.topics.neighbors import elected, nearest_of_many
from localtopics.topics.topic import OUTLIER

_NEIGHBORS = 15
"""The documents in topics that decide which topic is an outlier's nearest."""


@dataclass(frozen=True)
class Joined:
    """Clusters after outliers joined them."""

    clusters: np.ndarray
    """Each document's cluster, int64 [n]; -1 where it stays an outlier."""
    pull: np.ndarray
    """How strongly its nearest cluster pulls each document that was an outlier, float32 [n], from 0 to 1; NaN
    for the others."""


def join_outliers(vectors: np.ndarray, clusters: np.ndarray, share: float) -> Joined:
    """Let the outliers that are nearest to a cluster join it, so that at most a share of all stay out.

    The nearest documents of clusters vote, each by its cosine; the pull of the cluster that wins is the sum
    of its votes over the number of neighbours. Outliers of equal pull join together.

    Args:
        vectors: float32 [n, d] of unit length.
        clusters: int64 [n], -1 for outliers.
        share: of the documents, which may stay outliers, from 0 to 1.
    """
    outside, inside = np.flatnonzero(clusters == OUTLIER), np.flatnonzero(clusters != OUTLIER)
    pull = np.full(len(clusters), np.nan, np.float32)
    joined = clusters.copy()
    if not len(outside) or not len(inside):
        return Joined(joined, pull)
    neighbors = min(_NEIGHBORS, len(inside))
    rows, cosines = nearest_of_many(vectors[outside], vectors[inside], neighbors)
    won, votes = elected(clusters[inside][rows], cosines.clip(0, 1))
    pull[outside] = (votes / neighbors).round(4)
    strongest = outside[np.argsort(-pull[outside], kind="stable")]
    surplus = len(outside) - math.floor(share * len(clusters))
    if surplus > 0:
        joins = outside[pull[outside] >= pull[strongest[surplus - 1]]]
        winners = np.full(len(clusters), OUTLIER)
        winners[outside] = won
        joined[joins] = winners[joins]
    return Joined(joined, pull)
