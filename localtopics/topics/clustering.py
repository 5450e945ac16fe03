"""Which topic each document has, and what holds these topics, before there are words for them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from localtopics.topics.clusters import document_clusters
from localtopics.topics.hierarchy import Hierarchy, find_hierarchy
from localtopics.topics.outliers import join_outliers
from localtopics.topics.settings import TopicSettings
from localtopics.topics.topic import OUTLIER

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Clustering:
    """The topics of n documents."""

    topics: np.ndarray
    """Each document's topic, int64 [n]; `OUTLIER` where it has none."""
    strengths: np.ndarray
    """How strong each document's membership in its topic is, float32 [n], from 0 to 1; 0 in outliers."""
    hierarchy: Hierarchy = field(default_factory=Hierarchy)
    """The topics that hold these."""
    pull: np.ndarray | None = None
    """As `localtopics.topics.outliers.Joined.pull`; None where no outliers were let into topics."""


def cluster(
    documents: Sequence[str], vectors: np.ndarray, reduced: np.ndarray, settings: TopicSettings
) -> Clustering:
    """Find the topics of documents, the largest first, and the levels above them.

    Args:
        documents: n texts.
        vectors: float32 [n, d] of unit length, their embeddings.
        reduced: float32 [n, components], their layout.
        settings: which topics are wanted.
    """
    topics, strengths = document_clusters(documents, reduced, settings)
    return Clustering(topics, strengths, find_hierarchy(vectors, topics, settings.levels))


def with_outliers(clustering: Clustering, vectors: np.ndarray, share: float | None) -> Clustering:
    """Let outliers join their nearest topics, as `join_outliers` does, where a share is given."""
    if share is None:
        return clustering
    joined = join_outliers(vectors, clustering.topics, share)
    joins = joined.clusters != clustering.topics
    log.info(
        "%s outliers joined their nearest topic, and %s of %s documents stay out",
        f"{joins.sum():,}",
        f"{(joined.clusters == OUTLIER).sum():,}",
        f"{len(joins):,}",
    )
    strengths = np.where(joins, joined.pull, clustering.strengths)
    return replace(clustering, topics=joined.clusters, strengths=strengths, pull=joined.pull)
