"""Finds topics: clusters of documents, described by BERTopic with c-TF-IDF, KeyBERT and MMR keywords."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain, zip_longest
from typing import Any

import numpy as np
from bertopic import BERTopic
from bertopic.backend import BaseEmbedder
from bertopic.dimensionality import BaseDimensionalityReduction
from bertopic.representation import BaseRepresentation
from bertopic.vectorizers import ClassTfidfTransformer
from sklearn.feature_extraction.text import CountVectorizer

from localtopics.embedding.embedder import Embed
from localtopics.progress import Progress, silent
from localtopics.topics.backend import Backend
from localtopics.topics.clustering import Clustering, TopicModel, cluster, with_outliers
from localtopics.topics.clusters import DocumentClusters
from localtopics.topics.given import NearTopics
from localtopics.topics.hierarchy import Hierarchy
from localtopics.topics.keywords import representations, vectorizer
from localtopics.topics.neighbors import directions
from localtopics.topics.settings import TopicSettings, check_size
from localtopics.topics.topic import OUTLIER, Topic
from localtopics.topics.umap import Layouts

log = logging.getLogger(__name__)

_REPRESENTATIVE = 10
"""Representative documents kept for a topic."""
_READ_AGAIN = 20_000
"""The most documents that are read once more for the words of each level above the finest."""


def find_topics(
    documents: Sequence[str],
    embeddings: np.ndarray,
    layouts: Layouts,
    settings: TopicSettings,
    embed: Embed,
    progress: Progress = silent,
    given: NearTopics | None = None,
) -> TopicModel:
    """Cluster the documents and describe each cluster in words.

    Near-duplicates share a topic, and count once for its words where they do for clusters. That all documents
    are outliers, or all in one topic, is a result like any other.

    Args:
        documents: n texts.
        embeddings: float [n, d].
        layouts: of these embeddings, by `lay_out`.
        embed: for the words that KeyBERT and MMR compare; the same model's as the embeddings, if possible.
        progress: told of the three steps.
        given: the documents that have topics already; the others are clustered.

    Raises:
        UserError: there are too few documents.
    """
    check_size(len(documents), settings)
    vectors = directions(embeddings)
    with progress("Finding topics", 1) as advance:
        clustering = cluster(vectors, layouts, settings, given)
        clustering = with_outliers(clustering, vectors, settings.outlier_share)
        advance(1)
    return describe_topics(documents, vectors, clustering, settings, embed, progress)


def describe_topics(
    documents: Sequence[str],
    vectors: np.ndarray,
    clustering: Clustering,
    settings: TopicSettings,
    embed: Embed,
    progress: Progress = silent,
    before: Iterable[Topic] = (),
    growth: float = 1,
) -> TopicModel:
    """Describe topics in words, and the topics that hold them; their numbers stay.

    Args:
        documents: n texts.
        vectors: float32 [n, d] of unit length, their embeddings.
        clustering: their topics.
        settings: which words are wanted.
        embed: as for `find_topics`.
        progress: told of each level.
        before: topics as they were described before. Those that have the same documents still keep their
            words, which otherwise depend on what other topics there are.
        growth: so do those that have at most so many times as many; 1: no others do.
    """
    known = {topic.topic: topic for topic in before if topic.members}
    hierarchy, assignments = clustering.hierarchy, clustering.topics
    unlike = clustering.originals == np.arange(len(documents))
    counted = unlike if settings.duplicates == "once" else np.ones(len(documents), bool)
    with progress("Describing topics", 1 + hierarchy.depth) as advance:
        model = _fitted(documents, vectors, assignments, counted, settings, embed)
        model.probabilities_ = clustering.strengths
        own = np.asarray(model.topics_)
        model.representative_docs_ = {
            topic: representative_documents(
                documents, vectors, np.flatnonzero((own == topic) & unlike), clustering.strengths
            )
            for topic in sorted(model.topic_sizes_)
        }
        levels = [_known(_topics(model, assignments, hierarchy), known, growth)]
        advance(1)
        some = np.arange(len(documents))[:: -(-len(documents) // _READ_AGAIN)]
        for level in range(1, hierarchy.depth + 1):
            holders = hierarchy.of(assignments, level)
            rows = np.union1d(some, np.unique(holders, return_index=True)[1])  # each holder has a document
            texts = [documents[row] for row in rows.tolist()]
            found = _fitted(texts, vectors[rows], holders[rows], counted[rows], settings, embed)
            described = _holders(found, holders, level, hierarchy, list(chain(*levels)))
            levels.append(_known(described, known, growth))
            advance(1)
    return TopicModel(model, levels, clustering)


def new_model(
    settings: TopicSettings,
    clusters: DocumentClusters,
    vectorizer: CountVectorizer,
    embed: Embed | None,
    naming: BaseRepresentation | None = None,
) -> BERTopic:
    """BERTopic over ready embeddings and clusters ("manual topic modeling"), not fitted yet.

    Args:
        settings: by which topics are found.
        clusters: the cluster model, fitted or not.
        vectorizer: counts the words of topics.
        embed: embeds documents and words; None: there are no aspects of embedded words, and ``transform``
            needs embeddings.
        naming: what represents topics; None: their keywords do.
    """
    main = {} if naming is None else {"Main": naming}
    return BERTopic(
        top_n_words=settings.top_n_words,
        embedding_model=BaseEmbedder() if embed is None else Backend(embed),
        umap_model=BaseDimensionalityReduction(),
        hdbscan_model=clusters,
        vectorizer_model=vectorizer,
        ctfidf_model=ClassTfidfTransformer(reduce_frequent_words=True),  # fewer of "data, model, based"
        representation_model=main | representations(settings, embedded=embed is not None),
    )


def _fitted(
    documents: Sequence[str],
    vectors: np.ndarray,
    topics: np.ndarray,
    counted: np.ndarray,
    settings: TopicSettings,
    embed: Embed,
) -> BERTopic:
    """BERTopic fitted to topics: their words, from the documents that count, and its aspects.

    Its numbers have no gaps; they are in the order of ours.
    """
    texts = [document if counts else "" for document, counts in zip(documents, counted, strict=True)]
    words = vectorizer([documents[int(row)] for row in np.flatnonzero(counted)], topics[counted], settings)
    model = new_model(settings, DocumentClusters(), words, embed)
    model.fit(texts, vectors, y=topics)
    _put_in_order(model, topics)
    model.hdbscan_model.labels_ = model.topics_
    model.topic_mapper_ = type(model.topic_mapper_)(model.topics_)
    model.topic_representations_ = _rounded(model.topic_representations_)
    model.topic_aspects_ = {name: _rounded(found) for name, found in model.topic_aspects_.items()}
    return model


def _put_in_order(model: BERTopic, topics: np.ndarray) -> None:
    """Give a fitted model's topics the order of ours, since BERTopic numbers them by size."""
    numbers, places = np.unique(topics, return_inverse=True)
    first = int(numbers[0] == OUTLIER)
    ranks = places - first
    new = {int(old): int(rank) for old, rank in zip(model.topics_, ranks, strict=True)}
    old = {rank: number for number, rank in new.items()}
    rows = [old[rank] + first for rank in sorted(old)]
    model.topics_ = ranks.tolist()
    model.topic_sizes_ = Counter(model.topics_)
    model.c_tf_idf_, model.topic_embeddings_ = model.c_tf_idf_[rows], model.topic_embeddings_[rows]
    model.topic_representations_ = _moved(model.topic_representations_, old)
    model.topic_aspects_ = {name: _moved(found, old) for name, found in model.topic_aspects_.items()}


def _moved(words: Mapping[int, Any], old: Mapping[int, int]) -> dict[int, Any]:
    """What stood at each topic, at the topic's new number."""
    return {new: words[old[new]] for new in sorted(old)}


def _rounded(words: Mapping[int, Sequence[tuple[str, float]]]) -> dict[int, list[tuple[str, float]]]:
    """Words with as much of their weights as is the same in every process."""
    return {
        topic: [(word, round(float(weight), 6)) for word, weight in found] for topic, found in words.items()
    }


def representative_documents(
    documents: Sequence[str], vectors: np.ndarray, rows: np.ndarray, strengths: np.ndarray
) -> list[str]:
    """Documents near the topic's centre that differ from each other.

    Chosen by maximal marginal relevance (Carbonell & Goldstein 1998) among the most typical, and kept in that
    order: a model that is shown the first few sees how wide the topic is.
    """
    weights = strengths[rows] if strengths[rows].any() else np.ones(len(rows), np.float32)
    typical = vectors[rows] @ directions((weights @ vectors[rows])[None])[0]
    ranked = {documents[rows[row]]: row for row in reversed(np.argsort(-typical, kind="stable"))}
    pool = np.array(list(ranked.values()))[::-1][: 5 * _REPRESENTATIVE]
    alike = vectors[rows[pool]] @ vectors[rows[pool]].T
    chosen = [0]
    while len(chosen) < min(_REPRESENTATIVE, len(pool)):
        merit = 0.7 * typical[pool] - 0.3 * alike[chosen].max(axis=0)
        merit[chosen] = -np.inf
        chosen.append(int(merit.argmax()))
    return [documents[rows[row]] for row in pool[chosen]]


def _topics(model: BERTopic, assignments: np.ndarray, hierarchy: Hierarchy) -> list[Topic]:
    """The topics that documents have, by number; the model's are in the same order."""
    numbers = np.unique(assignments).tolist()
    return [
        Topic(
            topic=number,
            size=model.topic_sizes_[own],
            keywords=_words(model.topic_representations_[own]),
            keybert=_words(model.topic_aspects_["KeyBERT"][own]),
            mmr=_words(model.topic_aspects_["MMR"][own]),
            representative=tuple(model.representative_docs_[own]),
            parent=hierarchy.parents.get(number),
            members=_digest(assignments, number),
        )
        for number, own in zip(numbers, sorted(model.topic_sizes_), strict=True)
    ]


def _holders(
    model: BERTopic, holders: np.ndarray, level: int, hierarchy: Hierarchy, below: Sequence[Topic]
) -> list[Topic]:
    """The topics of a level above the finest, by number.

    Args:
        model: fitted to some documents of each.
        holders: each document's topic of the level.
        level: the level.
        hierarchy: what holds what.
        below: the topics of the lower levels.
    """
    own = dict(zip(np.unique(holders).tolist(), sorted(model.topic_sizes_), strict=True))
    found = []
    for number, place in own.items():
        if number == OUTLIER:
            continue
        held = [topic for topic in below if topic.parent == number]
        held.sort(key=lambda topic: (-topic.size, topic.topic))
        turns = zip_longest(*(topic.representative for topic in held))
        documents = dict.fromkeys(text for turn in turns for text in turn if text is not None)
        found.append(
            Topic(
                topic=number,
                size=int((holders == number).sum()),
                keywords=_words(model.topic_representations_[place]),
                keybert=_words(model.topic_aspects_["KeyBERT"][place]),
                mmr=_words(model.topic_aspects_["MMR"][place]),
                representative=tuple(documents)[:_REPRESENTATIVE],
                level=level,
                parent=hierarchy.parents.get(number),
                members=_digest(holders, number),
            )
        )
    return found


def _known(topics: Iterable[Topic], known: Mapping[int, Topic], growth: float) -> list[Topic]:
    """The topics, with the words that they had where they are the same, or grew by no more than that."""

    def described(topic: Topic) -> Topic:
        old = known.get(topic.topic)
        if old is None:
            return topic
        grown = _count(topic.members) / max(_count(old.members), 1)
        if topic.members != old.members and not 1 / growth <= grown < growth:
            return topic
        return replace(
            topic,
            keywords=old.keywords,
            keybert=old.keybert,
            mmr=old.mmr,
            representative=old.representative,
        )

    return [described(topic) for topic in topics]


def _digest(assignments: np.ndarray, topic: int) -> str:
    """How many documents have a topic, and a hash of which."""
    rows = np.flatnonzero(assignments == topic)
    return f"{len(rows)}:{hashlib.sha256(rows.astype('<i8').tobytes()).hexdigest()[:16]}"


def _count(members: str) -> int:
    """How many documents `_digest` says that there are: of passages, where sizes count whole documents."""
    count = members.partition(":")[0]
    return int(count) if count.isascii() and count.isdecimal() and len(count) < 10 else 0


def _words(weighted: Sequence[tuple[str, float]]) -> tuple[str, ...]:
    return tuple(word for word, _ in weighted if word)
