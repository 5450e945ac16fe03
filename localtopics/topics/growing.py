"""Topics of documents of which some came later: old ones stay, new ones join them or make their own."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from localtopics.progress import Progress, silent
from localtopics.topics.clustering import Clustering
from localtopics.topics.clusters import DocumentClusters, find_clusters
from localtopics.topics.duplicates import first_copies, near_duplicates
from localtopics.topics.editing import free_numbers
from localtopics.topics.hierarchy import Hierarchy, topic_centres
from localtopics.topics.matching import links_by_documents
from localtopics.topics.neighbors import NeighborGraph, nearest
from localtopics.topics.settings import FEWEST_DOCUMENTS, TopicSettings
from localtopics.topics.topic import OUTLIER
from localtopics.topics.umap import Layouts, lay_out

_BESIDE = 500
"""Old documents, or as many as are looked at, beside which new topics are looked for."""
_NEW, _MORE = 1 / 3, 1.5
"""The least share of new documents in a new topic; so many times their share in what fits nowhere."""
_NEIGHBORS = 15
"""The documents about one that say where it lies and whether others like it were there before."""


def grow(
    old: Clustering,
    places: Layouts,
    texts: Sequence[str],
    vectors: np.ndarray,
    settings: TopicSettings,
    progress: Progress = silent,
    taken: Collection[int] = (),
) -> tuple[Clustering, Layouts]:
    """Give new documents the topics and places of the old ones about them.

    Those that fit nowhere, together with old outliers, are laid out and clustered beside some of the others;
    a cluster of them in which new documents are many becomes a new topic. Apart from that no old document
    changes.

    Args:
        old: the topics of the first n documents.
        places: theirs.
        texts: all m documents, the old ones first.
        vectors: float32 [m, d] of unit length, their embeddings.
        settings: by which the topics were found.
        progress: told of the steps.
        taken: numbers that no new topic may have.

    Returns:
        The topics and places of all.
    """
    count = len(old.topics)
    voted, sure = DocumentClusters().fit(vectors[:count], old.topics.tolist()).place(vectors[count:])
    topics, strengths = np.append(old.topics, voted), np.append(old.strengths, sure).astype(np.float32)
    rows, cosines = nearest(vectors[count:], vectors, min(_NEIGHBORS + 1, len(vectors)))
    originals = _originals(old.originals, texts, rows, cosines, progress)
    layouts = _placed(places, topics, vectors, originals)
    copied = originals < count
    topics = np.where(copied, topics[originals], topics)
    strengths = np.where(copied, strengths[originals], strengths)
    after = Clustering(topics, strengths, originals, old.hierarchy, old.given)
    return _with_new_topics(after, layouts, texts, vectors, _crowded(rows, count), settings, progress, taken)


def register(old: Layouts, new: Layouts) -> Layouts:
    """Turn, mirror, stretch and move a new map so that old documents lie as near to their places as can be.

    It is the similarity of least squares (Umeyama 1991); the layout for clustering stays.

    Args:
        old: the places of n documents.
        new: those of the same n documents and others behind them.
    """
    from scipy.linalg import orthogonal_procrustes

    known = new.map[: len(old.map)].astype(np.float64)
    wanted = old.map.astype(np.float64)
    middle, aim = known.mean(axis=0), wanted.mean(axis=0)
    turn, spread = orthogonal_procrustes(known - middle, wanted - aim)
    scale = spread / max(((known - middle) ** 2).sum(), 1e-12)
    return replace(new, map=((new.map - middle) @ turn * scale + aim).astype(np.float32))


def renumber(old: Clustering, new: Clustering, taken: Collection[int] = ()) -> Clustering:
    """Give topics that were found anew the numbers of the old ones that they match, at every level.

    Args:
        old: the topics of n documents.
        new: those of the same documents and others behind them; ones without a forebear get new numbers.
        taken: numbers that no new topic may have.
    """
    count = len(old.topics)
    numbers: dict[int, int] = {}
    unfree = {*old.hierarchy.levels, *old.topics.tolist(), *taken}
    for level in range(new.hierarchy.depth + 1):
        before, after = old.hierarchy.of(old.topics, level), new.hierarchy.of(new.topics, level)
        links = links_by_documents(before, after[:count])
        numbers |= {link.second: link.first for link in links if link.kind == "match"}
        own = np.unique(after[after != OUTLIER]).tolist()
        first = max([int(before.max()), min(own, default=0) - 1]) + 1
        free = (number for number in range(first, 10**9) if number not in unfree)
        for topic in own:
            if topic not in numbers:
                numbers[topic] = next(free)
    parents = {numbers[topic]: numbers[holder] for topic, holder in new.hierarchy.parents.items()}
    levels = {numbers[holder]: level for holder, level in new.hierarchy.levels.items()}
    names, places = np.unique(new.topics, return_inverse=True)
    topics = np.array([OUTLIER if name == OUTLIER else numbers[name] for name in names.tolist()])[places]
    given = {numbers[topic]: place for topic, place in new.given.items() if topic in numbers}
    return replace(new, topics=topics, hierarchy=Hierarchy(levels, parents), given=given)


def _originals(
    old: np.ndarray,
    texts: Sequence[str],
    rows: np.ndarray,
    cosines: np.ndarray,
    progress: Progress,
) -> np.ndarray:
    """As `Layouts.originals`, of all documents: new ones may be nearly the same as any before them."""
    count, width = len(old), rows.shape[1]
    alone = np.repeat(np.arange(count)[:, None], width, axis=1)
    graph = NeighborGraph(
        np.concatenate([alone, rows]).astype(np.int32),
        np.concatenate([np.ones((count, width)), 1 - cosines]).astype(np.float32),
    )
    near, copies = near_duplicates(texts, graph, progress), first_copies(texts)
    found = np.append(old, np.arange(count, len(texts)))
    for row in range(count, len(texts)):
        first = min(int(near[row]), int(copies[row]))
        found[row] = found[first] if first < row else row
    return found


def _placed(old: Layouts, topics: np.ndarray, vectors: np.ndarray, originals: np.ndarray) -> Layouts:
    """The places of all: a new document lies amid the old ones of its topic that are nearest to it."""
    count = len(old.map)
    reduced = np.concatenate([old.reduced, np.zeros((len(topics) - count, old.reduced.shape[1]), np.float32)])
    drawn = np.concatenate([old.map, np.zeros((len(topics) - count, 2), np.float32)])
    for topic in np.unique(topics[count:]).tolist():
        new = count + np.flatnonzero(topics[count:] == topic)
        about = np.flatnonzero(topics[:count] == topic)
        if not len(about):  # outliers where there were none
            about = np.arange(count)
        rows, cosines = nearest(vectors[new], vectors[about], min(_NEIGHBORS, len(about)))
        weights = 1 / (1 - cosines + 1e-3).clip(1e-3)
        weights = (weights / weights.sum(axis=1, keepdims=True))[:, :, None].astype(np.float32)
        reduced[new] = (old.reduced[about[rows]] * weights).sum(axis=1)
        drawn[new] = (old.map[about[rows]] * weights).sum(axis=1)
    return Layouts(reduced[originals], drawn[originals], originals)


def _crowded(rows: np.ndarray, count: int) -> np.ndarray:
    """Whether the nearest of each new document are new, far more than chance has it: bool [m - n]."""
    others = rows[:, 1:]
    share = len(rows) / (len(rows) + count)
    return np.asarray((others >= count).mean(axis=1) > (1 + share) / 2)


def _with_new_topics(
    grown: Clustering,
    layouts: Layouts,
    texts: Sequence[str],
    vectors: np.ndarray,
    crowded: np.ndarray,
    settings: TopicSettings,
    progress: Progress,
    taken: Collection[int],
) -> tuple[Clustering, Layouts]:
    """New topics among what fits nowhere."""
    unlike = grown.originals == np.arange(len(texts))
    count = len(texts) - len(crowded)
    free = grown.topics == OUTLIER
    free[count:] |= crowded
    size, samples = settings.density(int(unlike.sum()))
    wanted = np.flatnonzero(free & unlike)
    if (wanted >= count).sum() < size / 2:
        return grown, layouts
    others = np.flatnonzero(~free & unlike)  # beside which they are seen to be different
    others = others[:: max(1, len(others) // max(len(wanted), _BESIDE))]
    rows = np.concatenate([wanted, others])
    if len(rows) < max(2 * size, FEWEST_DOCUMENTS):
        return grown, layouts
    found = lay_out([texts[row] for row in rows.tolist()], vectors[rows], settings, progress)
    clusters, sure = find_clusters(found.reduced, size, samples)
    own = free[rows]
    clusters[~own] = np.where(clusters[~own] == OUTLIER, OUTLIER, -2 - clusters[~own])
    new = _new_clusters(clusters, rows >= count, size)
    topics, strengths, drawn = grown.topics.copy(), grown.strengths.copy(), layouts.map.copy()
    parents = dict(grown.hierarchy.parents)
    spread = _spread(layouts.map, grown.topics)
    for cluster, number in zip(new, free_numbers(grown, len(new), taken), strict=True):
        own = rows[clusters == cluster]
        topics[own], strengths[own] = number, sure[clusters == cluster]
        inner = found.map[clusters == cluster]
        scale = spread / max(float(inner.std(axis=0).mean()), 1e-6)
        drawn[own] = np.median(layouts.map[own], axis=0) + scale * (inner - inner.mean(axis=0))
        holder = _nearest_holder(vectors, grown, own)
        if holder is not None:
            parents[number] = holder
    originals = grown.originals
    hierarchy = replace(grown.hierarchy, parents=parents)
    after = replace(grown, topics=topics[originals], strengths=strengths[originals], hierarchy=hierarchy)
    return after, replace(layouts, map=drawn[originals].astype(np.float32))


def _new_clusters(clusters: np.ndarray, new: np.ndarray, size: int) -> list[int]:
    """The clusters that are there because documents came.

    Of what fits nowhere far more than chance has it are new documents, and enough of them; and there are more
    of it than of documents that have topics.

    Args:
        clusters: int64 [n]; those of documents that have topics as -2 less their number.
        new: bool [n], which documents came.
        size: the fewest documents of a topic.
    """
    free = clusters >= OUTLIER
    chance = float(new[free].mean()) if free.any() else 1.0
    least = min(max(_NEW, _MORE * chance), 1 - _NEW)
    found = []
    for cluster in range(int(clusters.max()) + 1):
        own = new[clusters == cluster]
        beside = int((clusters == -2 - cluster).sum())
        if own.sum() >= size / 2 and own.mean() >= least and len(own) > beside:
            found.append(cluster)
    return found


def _spread(places: np.ndarray, topics: np.ndarray) -> float:
    """How far the documents of a topic of middling width lie apart."""
    numbers = np.unique(topics[topics != OUTLIER])
    widths = [places[topics == number].std(axis=0).mean() for number in numbers]
    return float(np.median(widths)) if widths else 1.0


def _nearest_holder(vectors: np.ndarray, grown: Clustering, rows: np.ndarray) -> int | None:
    """What holds the topic that is nearest to some documents."""
    numbers = np.unique(grown.topics[grown.topics != OUTLIER])
    if not len(numbers):
        return None
    centres = topic_centres(vectors, grown.topics, numbers)
    nearest_one = int(numbers[(centres @ vectors[rows].mean(axis=0)).argmax()])
    return grown.hierarchy.parents.get(nearest_one)
