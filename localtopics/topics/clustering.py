"""Which topic each document has, and what holds these topics, before there are words for them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from localtopics.topics.clusters import document_clusters
from localtopics.topics.given import NearTopics
from localtopics.topics.hierarchy import Hierarchy, find_hierarchy, join_nearest
from localtopics.topics.outliers import join_outliers
from localtopics.topics.settings import TopicSettings
from localtopics.topics.topic import OUTLIER, Topic
from localtopics.topics.umap import Layouts

if TYPE_CHECKING:
    from bertopic import BERTopic

log = logging.getLogger(__name__)

_SMALLEST = 3
"""Documents of a topic where as many topics are wanted as can be had."""
_SMALLER = 0.8
"""How much smaller clusters are looked for at a time."""


@dataclass(frozen=True)
class Clustering:
    """The topics of n documents."""

    topics: np.ndarray
    """Each document's topic, int64 [n]; `OUTLIER` where it has none."""
    strengths: np.ndarray
    """How strong each document's membership in its topic is, float32 [n], from 0 to 1; 0 in outliers."""
    originals: np.ndarray
    """The first of the documents that are nearly the same as each, int64 [n]: see `Layouts`."""
    hierarchy: Hierarchy = field(default_factory=Hierarchy)
    """The topics that hold these."""
    given: Mapping[int, int] = field(default_factory=dict)
    """Topic number to the place among the given topics, of those that were given."""
    pull: np.ndarray | None = None
    """As `localtopics.topics.outliers.Joined.pull`; None where no outliers were let into topics."""


@dataclass(frozen=True)
class TopicModel:
    """Topics and the documents in them."""

    model: BERTopic
    """The fitted model."""
    levels: list[list[Topic]]
    """The topics of each level by number, the finest level first and in it the outliers, if there are any."""
    clustering: Clustering
    """Which topic each document has, and how surely."""

    @property
    def assignments(self) -> np.ndarray:
        """Each document's topic, int64 [n]; `OUTLIER` where it has none."""
        return self.clustering.topics

    @property
    def probabilities(self) -> np.ndarray:
        """How strong each document's membership in its topic is: float32 [n], 0 to 1, 0 in outliers."""
        return self.clustering.strengths

    @property
    def topics(self) -> list[Topic]:
        """The topics that documents have."""
        return self.levels[0]


def cluster(
    vectors: np.ndarray, layouts: Layouts, settings: TopicSettings, given: NearTopics | None = None
) -> Clustering:
    """Find the topics of documents, those given first and then the largest, and the levels above them.

    Args:
        vectors: float32 [n, d] of unit length, their embeddings.
        layouts: of these.
        settings: which topics are wanted.
        given: the documents that have a given topic; the others are clustered.
    """
    originals = layouts.originals
    own, places = _given_clusters(given, originals)
    topics, strengths = find_finest(vectors, originals, layouts.reduced, settings, own)
    if given is not None:
        strengths = np.where(own == OUTLIER, strengths, given.strengths[originals])
    hierarchy = find_hierarchy(vectors, topics, settings.levels)
    return Clustering(topics, strengths, originals, hierarchy, dict(enumerate(places)))


def with_outliers(clustering: Clustering, vectors: np.ndarray, share: float | None) -> Clustering:
    """Let outliers join their nearest topics, as `join_outliers` does, where a share is given."""
    if share is None:
        return clustering
    joined = join_outliers(vectors[clustering.originals], clustering.topics, share)
    joins = joined.clusters != clustering.topics
    log.info(
        "%s outliers joined their nearest topic, and %s of %s documents stay out",
        f"{joins.sum():,}",
        f"{(joined.clusters == OUTLIER).sum():,}",
        f"{len(joins):,}",
    )
    strengths = np.where(joins, joined.pull, clustering.strengths)
    return replace(clustering, topics=joined.clusters, strengths=strengths, pull=joined.pull)


def _given_clusters(given: NearTopics | None, originals: np.ndarray) -> tuple[np.ndarray, list[int]]:
    """The cluster of each document that has a given topic, int64 [n], and which topic each cluster is.

    Near-duplicates have that of the first of them.
    """
    if given is None:
        return np.full(len(originals), OUTLIER), []
    places = given.topics[originals]
    numbers = np.unique(places[places != OUTLIER])
    found = np.searchsorted(numbers, places)
    return np.where(places == OUTLIER, OUTLIER, found).astype(np.int64), numbers.tolist()


def find_finest(
    vectors: np.ndarray,
    originals: np.ndarray,
    reduced: np.ndarray,
    settings: TopicSettings,
    given: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """The topics of documents, those given first and then the largest; about as many as the settings ask for.

    Where clusters are too few, smaller ones are looked for, if nobody said how small they may be. Where they
    are too many, those nearest to each other are put together, as `join_nearest` does; given topics stay.

    Args:
        vectors: float32 [n, d] of unit length, the documents' embeddings.
        originals: int64 [n], as in `Layouts`.
        reduced: float32 [n, components], the layout to cluster.
        settings: which topics are wanted.
        given: int64 [n], the topics that documents have already, without gaps from 0; `OUTLIER` for none.

    Returns:
        int64 [n] and float32 [n], as in `Clustering`.
    """
    topics, strengths = document_clusters(originals, reduced, settings, given)
    if settings.topics is None:
        return topics, strengths
    size = settings.cluster_size(len(np.unique(originals)))
    while settings.min_cluster_size is None and topics.max() + 1 < settings.topics and size > _SMALLEST:
        size = max(_SMALLEST, int(size * _SMALLER))
        topics, strengths = document_clusters(
            originals, reduced, replace(settings, min_cluster_size=size), given
        )
    first = int(given.max()) + 1
    found = np.where(topics >= first, topics - first, OUTLIER)
    joined = join_nearest(vectors, found, max(1, settings.topics - first))
    return np.where(joined == OUTLIER, topics, joined + first), strengths
