"""Finds topics: clusters of documents, described by BERTopic with c-TF-IDF, KeyBERT and MMR keywords."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

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
from localtopics.topics.clusters import DocumentClusters, document_clusters
from localtopics.topics.given import NearTopics
from localtopics.topics.keywords import representations, vectorizer
from localtopics.topics.neighbors import directions
from localtopics.topics.outliers import join_outliers
from localtopics.topics.settings import TopicSettings, check_size
from localtopics.topics.topic import OUTLIER, Topic, TopicModel
from localtopics.topics.umap import Layouts

log = logging.getLogger(__name__)

_REPRESENTATIVE = 10
"""Representative documents kept for a topic."""


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
    unlike = layouts.originals == np.arange(len(documents))
    with progress("Finding topics", 3) as advance:
        own, numbers = _given_clusters(given, layouts.originals)
        clusters, strengths = document_clusters(layouts.originals, layouts.reduced, settings, own)
        if given is not None:
            strengths = np.where(own == OUTLIER, strengths, given.strengths[layouts.originals])
        pull = None
        if settings.outlier_share is not None:
            clusters, strengths, pull = _joined(
                vectors[layouts.originals], clusters, strengths, settings.outlier_share
            )
        advance(1)
        counted = unlike if settings.duplicates == "once" else np.ones(len(documents), bool)
        model = _describe(documents, vectors, clusters, counted, settings, embed)
        advance(1)
        assignments = np.asarray(model.topics_, np.int64)
        model.probabilities_ = strengths
        model.representative_docs_ = {
            topic: representative_documents(
                documents, vectors, np.flatnonzero((assignments == topic) & unlike), strengths
            )
            for topic in sorted(model.topic_sizes_)
        }
        advance(1)
    places = {}  # BERTopic has numbered the topics anew
    for cluster, place in enumerate(numbers):
        places[int(assignments[np.flatnonzero(own == cluster)[0]])] = place
    return TopicModel(model, _topics(model), assignments, strengths, pull, places)


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


def _joined(
    vectors: np.ndarray, clusters: np.ndarray, strengths: np.ndarray, share: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Clusters and strengths of membership after outliers joined, and `Joined.pull`."""
    joined = join_outliers(vectors, clusters, share)
    joins = joined.clusters != clusters
    log.info(
        "%s outliers joined their nearest topic, and %s of %s documents stay out",
        f"{joins.sum():,}",
        f"{(joined.clusters == OUTLIER).sum():,}",
        f"{len(clusters):,}",
    )
    return joined.clusters, np.where(joins, joined.pull, strengths), joined.pull


def _describe(
    documents: Sequence[str],
    vectors: np.ndarray,
    clusters: np.ndarray,
    counted: np.ndarray,
    settings: TopicSettings,
    embed: Embed,
) -> BERTopic:
    """BERTopic fitted to the clusters: their words, from the documents that count, and its aspects."""
    texts = [document if counts else "" for document, counts in zip(documents, counted, strict=True)]
    words = vectorizer([documents[int(row)] for row in np.flatnonzero(counted)], clusters[counted], settings)
    model = new_model(settings, DocumentClusters(), words, embed)
    model.fit(texts, vectors, y=clusters)
    # BERTopic numbers the topics anew, by size; from here on its numbers count.
    model.hdbscan_model.labels_ = model.topics_
    model.topic_mapper_ = type(model.topic_mapper_)(model.topics_)
    model.topic_representations_ = _rounded(model.topic_representations_)
    model.topic_aspects_ = {name: _rounded(found) for name, found in model.topic_aspects_.items()}
    return model


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


def _topics(model: BERTopic) -> list[Topic]:
    def words(representation: Mapping[int, Sequence[tuple[str, float]]], topic: int) -> tuple[str, ...]:
        return tuple(word for word, _ in representation[topic] if word)

    return [
        Topic(
            topic=topic,
            size=model.topic_sizes_[topic],
            keywords=words(model.topic_representations_, topic),
            keybert=words(model.topic_aspects_["KeyBERT"], topic),
            mmr=words(model.topic_aspects_["MMR"], topic),
            representative=tuple(model.representative_docs_[topic]),
        )
        for topic in sorted(model.topic_sizes_)
    ]
