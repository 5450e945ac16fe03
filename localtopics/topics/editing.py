"""What people change about topics, replayed on topics as they were found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from localtopics.topics.clustering import Clustering
from localtopics.topics.clusters import find_clusters
from localtopics.topics.hierarchy import Hierarchy, join_nearest
from localtopics.topics.neighbors import directions
from localtopics.topics.outliers import join_outliers
from localtopics.topics.settings import TopicSettings
from localtopics.topics.topic import OUTLIER

Kind = Literal["rename", "merge", "split", "drop", "move", "note"]
SAMPLE = 20
"""Documents by which a topic is known again."""
_SEED = 0
_HIGHEST = 10**6
"""No topic's number is as high."""


@dataclass(frozen=True)
class Reference:
    """A topic, by what it holds: numbers and names may change."""

    documents: tuple[str, ...]
    """The ids of some of its documents; empty for the outliers."""
    label: str = ""
    """What it was called, for who reads the edit."""
    number: int | None = None
    """What number it had, likewise."""
    level: int = 0
    """As `localtopics.topics.topic.Topic.level`."""


@dataclass(frozen=True)
class Edit:
    """One change."""

    edit: Kind
    topics: tuple[Reference, ...]
    """The topic that is changed. Where topics are merged all of them, that first which the others join; where
    documents are moved, where to."""
    documents: tuple[str, ...] = ()
    """The ids of those that are moved."""
    text: str = ""
    """The new name, or the note."""
    parts: int | None = None
    """Into how many topics one is split; None: as many as are found in it."""
    into: tuple[Reference, ...] = ()
    """Of a topic that was split, its parts, the largest first: its documents go to the nearest of them, and
    they keep their numbers where no other topic has these."""


@dataclass(frozen=True)
class Edited:
    """Topics after edits."""

    clustering: Clustering
    names: Mapping[int, str] = field(default_factory=dict)
    """The names that topics were given, by their numbers."""
    notes: Mapping[int, str] = field(default_factory=dict)
    """What was noted of topics."""
    left: tuple[int, ...] = ()
    """The places of edits that do not apply, since the topic or the documents are not there any more."""


@dataclass(frozen=True)
class Places:
    """What is known of the n passages whose topics are edited."""

    documents: np.ndarray
    """The id of the document of each, object [n]."""
    vectors: np.ndarray
    """Their embeddings, float32 [n, d] of unit length."""
    reduced: np.ndarray
    """The layout in which they were clustered, float32 [n, components]."""


def replay(edits: Iterable[Edit], clustering: Clustering, places: Places, settings: TopicSettings) -> Edited:
    """Do edits in their order; the same ones on the same topics always give the same.

    A topic keeps its number unless another takes it in or it is dropped. New numbers are above all others of
    the finest level.
    """
    done = Edited(clustering)
    for place, edit in enumerate(edits):
        after = _done(edit, done, places, settings)
        done = replace(done, left=(*done.left, place)) if after is None else after
    return done


def find(reference: Reference, clustering: Clustering, documents: np.ndarray) -> int | None:
    """The topic that holds most of a reference's documents, and at least half of those that are there.

    Args:
        reference: says which level, too; without documents it is the outliers.
        clustering: the topics of n passages.
        documents: object [n], the id of the document of each.
    """
    if not reference.documents:
        return OUTLIER
    rows = np.flatnonzero(np.isin(documents, np.array(reference.documents, object)))
    topics = clustering.hierarchy.of(clustering.topics[rows], reference.level)
    there = len(set(documents[rows].tolist()))
    pairs = {(topic, document) for topic, document in zip(topics.tolist(), documents[rows], strict=True)}
    numbers, counts = np.unique([topic for topic, _ in pairs if topic != OUTLIER], return_counts=True)
    if not len(numbers) or counts.max() < there / 2:
        return None
    return int(numbers[counts.argmax()])


def reference(topic: int, clustering: Clustering, documents: np.ndarray, label: str) -> Reference:
    """What `find` finds ``topic`` by: ids of documents that are evenly spread among its own."""
    if topic == OUTLIER:
        return Reference((), label, topic)
    level = clustering.hierarchy.levels.get(topic, 0)
    own = list(dict.fromkeys(documents[clustering.hierarchy.of(clustering.topics, level) == topic].tolist()))
    return Reference(tuple(own[place] for place in evenly(len(own))), label, topic, level)


def evenly(count: int) -> list[int]:
    """Places among so many documents by which they are known again: at most `SAMPLE`, evenly spread."""
    places: list[int] = np.linspace(0, count - 1, min(SAMPLE, count)).round().astype(int).tolist()
    return places


def _done(edit: Edit, before: Edited, places: Places, settings: TopicSettings) -> Edited | None:
    """The topics after one edit; None where it does not apply."""
    clustering = before.clustering
    found = [find(one, clustering, places.documents) for one in edit.topics]
    numbers = [number for number in found if number is not None]
    if not numbers or len(numbers) < len(found):
        return None
    first = numbers[0]
    if edit.edit in ("rename", "note"):
        if first == OUTLIER:
            return None
        if edit.edit == "note":
            return replace(before, notes={**before.notes, first: edit.text})
        return replace(before, names={**before.names, first: edit.text})
    if edit.edit == "move":
        rows = np.isin(places.documents, np.array(edit.documents, object))
        return _changed(before, np.where(rows, first, clustering.topics), ()) if rows.any() else None
    if OUTLIER in numbers:
        return None
    if edit.edit == "drop":
        topics = np.where(np.isin(clustering.topics, numbers), OUTLIER, clustering.topics)
        return _changed(before, topics, numbers)
    if edit.edit == "merge":
        if len(set(numbers)) < 2:
            return None
        others = [number for number in numbers if number != first]
        return _changed(
            before, np.where(np.isin(clustering.topics, others), first, clustering.topics), others
        )
    return _split(before, first, edit, places, settings)


def _split(before: Edited, topic: int, edit: Edit, places: Places, settings: TopicSettings) -> Edited | None:
    """A topic in parts: the first keeps the number, each other gets one of its own."""
    clustering = before.clustering
    rows = np.flatnonzero(clustering.topics == topic)
    own = _nearest_part(rows, edit.into, places)
    if own is None:
        own = _parts(places.vectors[rows], places.reduced[rows], edit.parts, settings)
    if not own.any():
        return None
    numbers = np.array([topic, *_part_numbers(clustering, edit.into, int(own.max()))])
    topics = clustering.topics.copy()
    topics[rows] = numbers[own]
    parents = dict(clustering.hierarchy.parents)
    if topic in parents:
        parents |= dict.fromkeys(numbers.tolist(), parents[topic])
    hierarchy = replace(clustering.hierarchy, parents=parents)
    divided = replace(before, clustering=replace(clustering, hierarchy=hierarchy))
    return _changed(divided, topics, nameless=[topic])


def parts_of(
    topic: int, clustering: Clustering, places: Places, parts: int | None, settings: TopicSettings
) -> tuple[Reference, ...]:
    """The parts of a topic, each by some of its documents, the largest first; none where it has no parts."""
    rows = np.flatnonzero(clustering.topics == topic)
    own = _parts(places.vectors[rows], places.reduced[rows], parts, settings)
    if not own.any():
        return ()
    whole = replace(clustering, topics=np.full(len(clustering.topics), OUTLIER), hierarchy=Hierarchy())
    whole.topics[rows] = own
    numbers = [topic, *free_numbers(clustering, int(own.max()))]
    return tuple(
        replace(reference(part, whole, places.documents, ""), number=number)
        for part, number in enumerate(numbers)
    )


def _nearest_part(rows: np.ndarray, parts: Sequence[Reference], places: Places) -> np.ndarray | None:
    """Which part of a topic its passages are nearest to, int64 [n]; None where fewer than two are there.

    Args:
        rows: the topic's passages.
        parts: each by some of its documents.
        places: of all passages.
    """
    documents = places.documents[rows]
    known = [np.isin(documents, np.array(part.documents, object)) for part in parts]
    if sum(own.any() for own in known) < 2:
        return None
    vectors = places.vectors[rows]
    centres = [vectors[own].mean(axis=0) if own.any() else -vectors.mean(axis=0) for own in known]
    return np.asarray((vectors @ directions(np.stack(centres)).T).argmax(axis=1), np.int64)


def _parts(
    vectors: np.ndarray, reduced: np.ndarray, parts: int | None, settings: TopicSettings
) -> np.ndarray:
    """The part of each of n passages of a topic, int64 [n], the largest first; all 0 where it has none.

    HDBSCAN finds the parts where it can; what it leaves out joins the nearest. Where it finds too few, or
    none, k-means divides the embeddings.
    """
    if len(vectors) < 2 * (parts or 2):
        return np.zeros(len(vectors), np.int64)
    size, samples = replace(settings, min_cluster_size=None).density(len(vectors))
    found, _ = find_clusters(reduced, size, samples)
    wanted = parts or 2
    if found.max() + 1 >= wanted:
        own = join_outliers(vectors, found, 0.0).clusters
        return own if parts is None else join_nearest(vectors, own, parts)
    from sklearn.cluster import KMeans

    labels = KMeans(wanted, n_init=10, random_state=_SEED).fit_predict(vectors.astype(np.float64))
    ranks = np.argsort(np.argsort(-np.bincount(labels, minlength=wanted), kind="stable"))
    return np.asarray(ranks[labels], np.int64)


def free_numbers(clustering: Clustering, count: int, taken: Iterable[int] = ()) -> list[int]:
    """Numbers of new topics, above all others of the finest level, none of which is ``taken`` already."""
    unfree = {*clustering.hierarchy.levels, *taken}
    numbers = (number for number in range(int(clustering.topics.max()) + 1, 10**9) if number not in unfree)
    return [next(numbers) for _ in range(count)]


def _part_numbers(clustering: Clustering, into: Sequence[Reference], count: int) -> list[int]:
    """The numbers of the parts of a topic after the first: those that they had where these are free."""
    had = [part.number for part in into[1 : count + 1]]
    taken = {*clustering.hierarchy.levels, *np.unique(clustering.topics).tolist()}
    free = iter(free_numbers(clustering, count, {number for number in had if number is not None}))
    numbers: list[int] = []
    for place in range(count):
        own = had[place] if place < len(had) else None
        known = own is not None and 0 <= own < _HIGHEST and own not in {*taken, *numbers}
        numbers.append(own if known and own is not None else next(free))
    return numbers


def _changed(
    before: Edited, topics: np.ndarray, gone: Sequence[int] = (), nameless: Sequence[int] = ()
) -> Edited:
    """The topics where each passage has a new one, int64 [n]; what is gone loses its name and its note."""
    clustering = before.clustering
    moved = topics != clustering.topics
    strengths = np.where(moved & (clustering.topics == OUTLIER), np.float32(1), clustering.strengths)
    strengths = np.where(topics == OUTLIER, np.float32(0), strengths).astype(np.float32)
    there = set(np.unique(topics).tolist())
    hierarchy = clustering.hierarchy.kept(there)
    there |= set(hierarchy.levels)
    lost = {*gone, *nameless}
    return replace(
        before,
        clustering=replace(clustering, topics=topics, strengths=strengths, hierarchy=hierarchy),
        names={number: name for number, name in before.names.items() if number in there - lost},
        notes={number: note for number, note in before.notes.items() if number in there - set(gone)},
    )
