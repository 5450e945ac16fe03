"""How far two divisions of the same documents agree: topics with topics, or with classes that people gave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from localtopics.topics.topic import OUTLIER


@dataclass(frozen=True)
class Agreement:
    """Figures of topics against classes; 1 is the best of each.

    Sources: AMI is Vinh et al. 2010, ARI Hubert & Arabie 1985, homogeneity and completeness Rosenberg &
    Hirschberg 2007; all four as scikit-learn computes them. Purity is as in Manning et al. 2008, chapter 16.
    """

    documents: int
    """How many documents were compared."""
    ami: float
    """Adjusted mutual information: 0 is what chance gives."""
    ari: float
    """Adjusted Rand index: 0 is what chance gives."""
    purity: float
    """The share of documents in their topic's commonest class; it grows with the number of topics."""
    homogeneity: float
    """Whether each topic is of one class."""
    completeness: float
    """Whether each class is in one topic."""


@dataclass(frozen=True)
class Stability:
    """How far topics found with different seeds agree: means over all pairs."""

    seeds: list[int]
    """The seeds, the run's own first."""
    topics: list[int]
    """How many topics each found, outliers not counted."""
    ami: float
    """Mean AMI, the outliers of each a class like any other."""
    ami_without_outliers: float | None
    """Mean AMI over the documents that are outliers in neither of the two; None where there are none."""


def agreement(topics: np.ndarray, classes: Sequence[object] | np.ndarray) -> Agreement:
    """Measure topics against classes.

    Args:
        topics: int [n]; the outliers are a topic like any other.
        classes: n classes, told apart as text; n is at least 1.
    """
    from sklearn.metrics import adjusted_rand_score, homogeneity_completeness_v_measure
    from sklearn.metrics.cluster import contingency_matrix

    named = np.array([str(value) for value in classes])
    counts = contingency_matrix(named, topics, sparse=True).tocsc()
    homogeneity, completeness, _ = homogeneity_completeness_v_measure(named, topics)
    return Agreement(
        documents=len(topics),
        ami=ami(named, topics),
        ari=float(adjusted_rand_score(named, topics)),
        purity=float(counts.max(axis=0).sum() / len(topics)),
        homogeneity=float(homogeneity),
        completeness=float(completeness),
    )


def ami(first: np.ndarray, second: np.ndarray) -> float:
    """The adjusted mutual information of two assignments [n] (Vinh et al. 2010, arithmetic mean)."""
    from sklearn.metrics import adjusted_mutual_info_score

    return float(adjusted_mutual_info_score(first, second))


def ami_without_outliers(first: np.ndarray, second: np.ndarray) -> float | None:
    """The same over the documents that are outliers in neither; None where there are none."""
    both = (first != OUTLIER) & (second != OUTLIER)
    return ami(first[both], second[both]) if both.any() else None


def stability(seeds: Sequence[int], assignments: Sequence[np.ndarray]) -> Stability:
    """How far the topics of different seeds agree.

    Args:
        seeds: two or more.
        assignments: for each the documents' topics, int [n].
    """
    pairs = list(combinations(assignments, 2))
    without = [value for pair in pairs if (value := ami_without_outliers(*pair)) is not None]
    return Stability(
        seeds=list(seeds),
        topics=[len(set(found.tolist()) - {OUTLIER}) for found in assignments],
        ami=float(np.mean([ami(*pair) for pair in pairs])),
        ami_without_outliers=float(np.mean(without)) if without else None,
    )
