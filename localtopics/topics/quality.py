"""How good topics are, whatever they are called: by their words, and by how their documents lie."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from localtopics.topics.settings import TopicSettings
from localtopics.topics.topic import OUTLIER

SAMPLE = 10_000
"""Places by which silhouette and DBCV are measured, which are quadratic: a random sample of more."""


def diversity(keywords: Sequence[Sequence[str]]) -> float:
    """Topic diversity (Dieng et al. 2020): the share of unlike words among the top words of all topics.

    Args:
        keywords: the top words of each topic; Dieng et al. took 25. There is at least one.
    """
    words = [word for found in keywords for word in found]
    return len(set(words)) / len(words)


def coherence(
    documents: Sequence[str], topics: np.ndarray, keywords: Sequence[Sequence[str]], settings: TopicSettings
) -> float | None:
    """NPMI coherence (Lau et al. 2014): do a topic's top words stand in the same documents?

    The mean over topics of the mean normalised pointwise mutual information (Bouma 2009) of each two of a
    topic's top words. Words are counted in the run's own documents, whole documents and no sliding windows:
    1 for two words that are always together, 0 for words without any bond, -1 for words that never meet.

    Args:
        documents: n texts.
        topics: int [n], the topic of each.
        keywords: the top words of each topic.
        settings: which words count, as the topics were found.

    Returns:
        The coherence, from -1 to 1; None where no topic has two words.
    """
    from localtopics.topics.keywords import vectorizer  # takes seconds

    words = sorted({word for found in keywords for word in found})
    counter = vectorizer(documents, topics, settings).set_params(vocabulary=words, binary=True)
    occurs = counter.fit_transform(documents).tocsc()
    column = {word: number for number, word in enumerate(words)}
    means = []
    for found in keywords:
        if len(found) < 2:
            continue
        own = occurs[:, [column[word] for word in found]].astype(np.float64)
        means.append(_npmi((own.T @ own).toarray() / len(documents)))
    return float(np.mean(means)) if means else None


def _npmi(together: np.ndarray) -> float:
    """The mean NPMI of each two words: ``together`` [k, k] is how often they meet, once each its own."""
    first, second = np.triu_indices(len(together), 1)
    joint, alone = together[first, second], np.diagonal(together)
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.log(joint / (alone[first] * alone[second])) / -np.log(joint)
    values[joint == 0] = -1
    values[joint == 1] = 1
    return float(values.mean())


def silhouette(reduced: np.ndarray, topics: np.ndarray) -> float | None:
    """The silhouette (Rousseeuw 1987): is a document nearer to its own topic than to the next one?

    Outliers are left out. It favours round topics, which HDBSCAN's need not be: see `dbcv`.

    Args:
        reduced: float32 [n, components], where the documents were clustered.
        topics: int [n].

    Returns:
        The mean over documents, from -1 to 1; None where there are no two topics.
    """
    from sklearn.metrics import silhouette_score

    inside = topics != OUTLIER
    places, own = _sample(reduced[inside], topics[inside])
    if not 2 <= len(np.unique(own)) < len(own):
        return None
    return float(silhouette_score(places, own, metric="euclidean"))


def dbcv(reduced: np.ndarray, topics: np.ndarray) -> float | None:
    """Density-based clustering validation (Moulavi et al. 2014): are topics dense, with sparse gaps between?

    As `hdbscan.validity` computes it. Outliers count as documents for which there is nothing.

    Args:
        reduced: float32 [n, components], where the documents were clustered.
        topics: int [n].

    Returns:
        From -1 to 1; None where there are no two topics, or their places are too few to tell.
    """
    from hdbscan.validity import validity_index

    places, own = _sample(reduced, topics)
    sizes = np.bincount(own + 1)[1:]
    large = np.flatnonzero(sizes > 2)  # a spanning tree needs places
    if len(large) < 2:
        return None
    number = np.full(len(sizes) + 1, OUTLIER)
    number[large] = np.arange(len(large))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        found = float(validity_index(places, number[own], metric="euclidean", d=places.shape[1]))
    return found if np.isfinite(found) else None


def _sample(reduced: np.ndarray, topics: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Unlike places and their topics, drawn where there are more than `SAMPLE`; the same ones each time."""
    rows = np.unique(reduced, axis=0, return_index=True)[1]
    if len(rows) > SAMPLE:
        rows = np.random.default_rng(0).choice(rows, SAMPLE, replace=False)
    rows.sort()
    return reduced[rows].astype(np.float64), topics[rows].astype(np.int64)
