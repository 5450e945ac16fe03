"""Finds clusters in a layout by HDBSCAN, and the clusters that new documents belong to."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from localtopics.errors import UserError
from localtopics.topics import gpu
from localtopics.topics.neighbors import directions, elected, nearest
from localtopics.topics.settings import TopicSettings
from localtopics.topics.topic import OUTLIER

_VOTERS = 15
"""The known documents that decide where a new one belongs."""
_SAME = 1 - 1e-4
"""The cosine from which two documents are the same; embeddings are kept in half precision."""
MANY = 200_000
"""Documents from which clusters are found on all processors, which is first compiled for a minute."""


def document_clusters(
    originals: np.ndarray,
    reduced: np.ndarray,
    settings: TopicSettings,
    given: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Cluster documents as the settings say; near-duplicates share a cluster.

    Args:
        originals: int64 [n], as in `Layouts`.
        reduced: float32 [n, components], the layout to cluster.
        settings: whether near-duplicates count once or each, among others.
        given: int64 [n], the clusters that documents have already, without gaps from 0; -1: it has none, and
            is clustered with its like. None: no document has one.

    Returns:
        clusters int64 [n] and strengths float32 [n], as `find_clusters` gives them, those given first.
    """
    clusters = np.full(len(originals), OUTLIER) if given is None else given.copy()
    strengths = np.ones(len(originals), np.float32)
    free = clusters == OUTLIER
    rows, group = np.unique(originals[free], return_inverse=True)
    size, samples = settings.density(len(rows))
    copies = np.bincount(group) if settings.duplicates == "each" else None
    found, sure = find_clusters(reduced[rows], size, samples, copies)
    first = clusters.max(initial=OUTLIER) + 1
    clusters[free], strengths[free] = np.where(found == OUTLIER, found, found + first)[group], sure[group]
    return clusters, strengths


def find_clusters(
    reduced: np.ndarray, min_cluster_size: int, min_samples: int, copies: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Cluster unlike documents by density (Campello et al. 2013; euclidean, excess of mass).

    A document with as many copies as a cluster takes is a cluster of its own, as places of infinite density
    are. A cluster of more than half of the other documents says nothing: where it has parts they are taken
    instead.

    Args:
        reduced: float32 [n, components], the layout to cluster.
        min_cluster_size: the fewest documents of a cluster, copies counted.
        min_samples: how many near documents a place takes to be dense.
        copies: int64 [n], as how many documents each counts; None: as one.

    Returns:
        clusters int64 [n], largest first, -1 for outliers; and how strong each document's membership in its
        cluster is, float32 [n], from 0 to 1, 0 for outliers.
    """
    copies = np.ones(len(reduced), np.int64) if copies is None else copies
    alone = copies >= min_cluster_size
    points = np.repeat(np.arange(len(reduced)), np.where(alone, 0, copies))
    labels, strengths = np.full(len(reduced), OUTLIER), np.zeros(len(reduced), np.float32)
    if len(points) >= min_cluster_size:
        labels[points], strengths[points] = _dense(reduced[points], min_cluster_size, min_samples)
    labels[alone] = labels.max(initial=OUTLIER) + 1 + np.arange(alone.sum())
    strengths[alone] = 1
    sizes = np.bincount(labels + 1, weights=copies, minlength=1)[1:]
    numbers = np.empty(len(sizes) + 1, np.int64)
    numbers[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    numbers[-1] = OUTLIER
    return numbers[labels], strengths


def _dense(reduced: np.ndarray, min_cluster_size: int, min_samples: int) -> tuple[np.ndarray, np.ndarray]:
    """The clusters of HDBSCAN, by which none has more than half of the documents if it has parts."""
    half = len(reduced) // 2
    labels, strengths = _hdbscan(reduced, min_cluster_size, min_samples)
    if _largest(labels) > half:
        parts = _hdbscan(reduced, min_cluster_size, min_samples, max_cluster_size=half)
        if (parts[0] == OUTLIER).sum() <= half:
            return parts
    return labels, strengths


def _hdbscan(
    reduced: np.ndarray, min_cluster_size: int, min_samples: int, max_cluster_size: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    if gpu.available():
        return gpu.cluster(reduced, min_cluster_size, min_samples, max_cluster_size)

    if len(reduced) >= MANY:
        return _parallel(reduced, min_cluster_size, min_samples, max_cluster_size)

    from hdbscan import HDBSCAN

    found = HDBSCAN(
        min_cluster_size=min_cluster_size,
        min_samples=min_samples,
        max_cluster_size=max_cluster_size,  # 0: of any size
        metric="euclidean",
        cluster_selection_method="eom",
        core_dist_n_jobs=1,  # in so few dimensions quicker than starting processes
    ).fit(reduced)
    return found.labels_, found.probabilities_


def _parallel(
    reduced: np.ndarray, min_cluster_size: int, min_samples: int, max_cluster_size: int
) -> tuple[np.ndarray, np.ndarray]:
    """HDBSCAN on all processors, the same however many there are (McInnes' fast_hdbscan)."""
    from fast_hdbscan import HDBSCAN

    found = HDBSCAN(
        min_cluster_size=min_cluster_size,
        min_samples=min_samples,
        max_cluster_size=max_cluster_size or np.inf,
        cluster_selection_method="eom",
    ).fit(reduced)
    return found.labels_, np.asarray(found.probabilities_, np.float32)


def _largest(labels: np.ndarray) -> int:
    return int(np.bincount(labels + 1)[1:].max(initial=0))


class DocumentClusters:
    """Ready clusters, in the form of a BERTopic cluster model; new documents join them by vote.

    After `fit`, ``vectors`` are the known documents' embeddings, float32 [n, d] of length 1, and ``labels_``
    their clusters.
    """

    def fit(self, vectors: np.ndarray, y: Sequence[int] | None = None) -> DocumentClusters:
        """Take the documents' embeddings, float [n, d], and their clusters.

        Raises:
            UserError: the clusters are not given.
        """
        if y is None:
            raise UserError(
                "This model takes ready topics: give fit a topic for each document as y, or find topics with "
                "localtopics.fit."
            )
        self.__dict__.pop("_least_alike", None)
        self.vectors = directions(vectors)
        self.labels_ = y
        return self

    def centres(self) -> np.ndarray:
        """The mean of each cluster's embeddings, in order of their numbers: float32 [clusters, d]."""
        labels = np.asarray(self.labels_)
        return np.stack([self.vectors[labels == label].mean(axis=0) for label in np.unique(labels)])

    def predict(self, vectors: np.ndarray) -> list[int]:
        """The clusters of new documents, as BERTopic's ``transform`` asks for them."""
        clusters: list[int] = self.place(vectors)[0].tolist()
        return clusters

    def place(self, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The clusters of new documents, and the shares of the votes that they got.

        The nearest documents vote, weighed by nearness, so that a document seen before keeps its cluster.
        A new one that is less like its neighbours than almost all known documents are is an outlier.
        It agrees with UMAP's transform and HDBSCAN's approximate_predict on 99 of 100 documents that both
        give a topic, needs neither, and is quicker.

        Args:
            vectors: float [m, d], the new documents' embeddings.

        Returns:
            clusters int64 [m], -1 for outliers; and shares float32 [m], from 0 to 1, 0 for outliers.

        Raises:
            UserError: the vectors are not of as many dimensions as the known documents'.
        """
        known = self.vectors.shape[1]
        if vectors.ndim != 2 or vectors.shape[1] != known:
            raise UserError(
                f"The new documents' embeddings have {vectors.shape[-1]} dimensions and the topic model's "
                f"{known}: use the embedding model of the run."
            )
        labels = np.asarray(self.labels_, np.int64)
        voters = min(_VOTERS, len(labels) - 1)
        rows, cosines = nearest(directions(vectors), self.vectors, voters)
        weights = 1 / (1 - cosines + 1e-6).clip(1e-6)
        won, votes = elected(labels[rows] + 1, weights)
        clusters = won - 1
        new = cosines[:, 0] < _SAME
        clusters[new & (cosines.mean(axis=1) < self._least_alike)] = OUTLIER
        shares = np.where(clusters == OUTLIER, 0, np.minimum(1, votes / weights.sum(axis=1)))
        return clusters.astype(np.int64), shares.astype(np.float32)

    def ready(self) -> None:
        """Compute now what `place` computes at its first call."""
        _ = self._least_alike

    @cached_property
    def _least_alike(self) -> float:
        """The mean cosine to their neighbours that all but one in a thousand known documents exceed."""
        known, voters = len(self.vectors), min(_VOTERS, len(self.labels_) - 1)
        sample = np.random.default_rng(0).choice(known, min(known, 1000), replace=False)
        cosines = nearest(self.vectors[sample], self.vectors, voters + 1)[1][:, 1:]
        return float(np.quantile(cosines.mean(axis=1), 0.001))
