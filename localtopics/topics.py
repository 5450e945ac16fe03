"""Clusters -> topics: BERTopic with c-TF-IDF, KeyBERT and MMR keywords."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from localtopics import layout
from localtopics.checked import setting
from localtopics.clusters import DocumentClusters, find_clusters
from localtopics.layout import FEWEST_DOCUMENTS, Layouts, LayoutSettings, directions, require_documents
from localtopics.progress import Progress, silent

if TYPE_CHECKING:
    import numpy as np
    from bertopic import BERTopic
    from sklearn.feature_extraction.text import CountVectorizer

__all__ = [
    "Embed",
    "Layouts",
    "Topic",
    "TopicModel",
    "TopicSettings",
    "check_size",
    "find_topics",
    "lay_out",
]

log = logging.getLogger(__name__)

Embed = Callable[[Sequence[str]], "np.ndarray"]
"""Texts to float32 [n, d] of unit length."""

KEYWORDS = "Keywords"
"""The aspect of a BERTopic model that holds the words of the highest c-TF-IDF."""
_MIN_SAMPLES = 2
_REPRESENTATIVE = 10
"""Representative documents kept for a topic."""
_WORD = r"(?<![\\\w])(?=\w*[^\W\d_])\w\w+"
"""Words of two characters and more with a letter in them; no LaTeX commands, no bare numbers."""
_CONTRACTED = "aren couldn didn doesn don hadn hasn haven isn ll shouldn ve wasn weren won wouldn"
"""What that pattern leaves of "don't" and "they'll", which scikit-learn's stop words do not know."""


@dataclass(frozen=True)
class TopicSettings(LayoutSettings):
    """How topics are found: the layouts' settings and these.

    Raises:
        UserError: a value is out of its range, or of the wrong type.
    """

    min_cluster_size: int | None = setting(
        None, "fewest documents of a topic", low=2, unset="by the corpus' size"
    )
    """See `cluster_size`."""
    min_samples: int | None = setting(None, "HDBSCAN: higher leaves more outliers", low=1, unset=_MIN_SAMPLES)
    """Its own default, min_cluster_size, lumps small corpora together into two or three topics."""
    top_n_words: int = setting(10, "keywords a topic", low=1, high=50)
    diversity: float = setting(0.3, "diversity of the MMR keywords", low=0, high=1)
    """How different they are from each other."""
    stop_words: Literal["english", "none"] = setting("english", "words that are no keywords")
    ngrams: int = setting(1, "most words in a keyword", low=1, high=5)

    def cluster_size(self, documents: int) -> int:
        """The fewest documents of a topic among so many unlike ones: 150 at 117,000, growing slower."""
        return self.min_cluster_size or max(5, round(150 * (documents / 117_000) ** 0.45))

    def density(self, documents: int) -> tuple[int, int]:
        """HDBSCAN's min_cluster_size and min_samples for so many documents."""
        size = self.cluster_size(documents)
        return size, self.min_samples or _MIN_SAMPLES


@dataclass(frozen=True)
class Topic:
    """A topic before it has a name; number -1 is the documents that belong to none."""

    topic: int
    size: int
    keywords: tuple[str, ...]
    """The words of the highest c-TF-IDF, highest first."""
    keybert: tuple[str, ...]
    mmr: tuple[str, ...]
    representative: tuple[str, ...]
    """Typical documents that differ from each other: the most typical first, then what is most unlike those
    before it."""


@dataclass
class TopicModel:
    """Topics and the documents in them: ``assignments`` int64 [n], ``probabilities`` float32 [n].

    A probability is HDBSCAN's strength of the document's membership in its topic; 0 in outliers.
    """

    model: BERTopic
    topics: list[Topic]
    assignments: np.ndarray
    probabilities: np.ndarray


def check_size(documents: int, settings: TopicSettings) -> None:
    """Raise `UserError` where so few documents cannot be clustered with these settings."""
    require_documents(documents)
    require_documents(documents, 2 * settings.cluster_size(documents))


def unlike(documents: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The first document of each text, rows int64 [k]; and which of these each document is, int64 [n]."""
    import numpy as np

    places: dict[str, int] = {}
    text = np.array([places.setdefault(document, len(places)) for document in documents], np.int64)
    return np.unique(text, return_index=True)[1], text


def lay_out(
    documents: Sequence[str], embeddings: np.ndarray, settings: TopicSettings, progress: Progress = silent
) -> Layouts:
    """`layout.lay_out` of unlike documents; copies share a place.

    BERTopic, slow to import, is imported while UMAP works.
    """
    import numpy as np

    rows, places = unlike(documents)
    if len(rows) < FEWEST_DOCUMENTS:  # too few to be laid out without their copies
        rows, places = np.arange(len(documents)), rows[places]
    vectors = embeddings if len(rows) == len(documents) else embeddings[rows]
    layouts = layout.lay_out(vectors, settings, progress, meanwhile=lambda: import_module("bertopic"))
    return Layouts(layouts.reduced[places], layouts.map[places])


def find_topics(
    documents: Sequence[str],
    embeddings: np.ndarray,
    layouts: Layouts,
    settings: TopicSettings,
    embed: Embed,
    progress: Progress = silent,
) -> TopicModel:
    """Cluster the documents and describe each cluster in words.

    Documents of the same text share a topic. That all documents are outliers, or all in one topic, is a
    result like any other.

    Args:
        documents: n texts.
        embeddings: float [n, d].
        layouts: of these embeddings, by `lay_out`.
        embed: for the words that KeyBERT and MMR compare; the same model's as the embeddings, if possible.

    Raises:
        UserError: there are too few documents.
    """
    import numpy as np

    check_size(len(documents), settings)
    vectors = directions(embeddings)
    with progress("Finding topics", 3) as advance:
        clusters, strengths = _clusters(documents, layouts.reduced, settings)
        advance(1)
        model = _describe(list(documents), vectors, clusters, settings, embed)
        advance(1)
        assignments = np.asarray(model.topics_, np.int64)
        model.probabilities_ = strengths
        model.representative_docs_ = {
            topic: _representative(documents, vectors, np.flatnonzero(assignments == topic), strengths)
            for topic in sorted(model.topic_sizes_)
        }
        advance(1)
    return TopicModel(model, _topics(model), assignments, strengths)


def _clusters(
    documents: Sequence[str], reduced: np.ndarray, settings: TopicSettings
) -> tuple[np.ndarray, np.ndarray]:
    """The clusters of all documents, found among unlike ones, and the strengths of membership."""
    import numpy as np

    rows, text = unlike(documents)
    if same := len(documents) - len(rows):
        log.info(
            "%s of %s documents are the same as another: each text has one topic",
            f"{same:,}",
            f"{len(text):,}",
        )
    size, samples = settings.density(len(rows))
    clusters, strengths = find_clusters(reduced[rows], size, samples, np.bincount(text))
    return clusters[text], strengths[text]


def _describe(
    documents: list[str],
    vectors: np.ndarray,
    clusters: np.ndarray,
    settings: TopicSettings,
    embed: Embed,
) -> BERTopic:
    """BERTopic with ready embeddings and clusters ("manual topic modeling"), its aspects and its words."""
    from bertopic import BERTopic
    from bertopic.dimensionality import BaseDimensionalityReduction
    from bertopic.vectorizers import ClassTfidfTransformer

    from localtopics.backend import Backend

    model = BERTopic(
        top_n_words=settings.top_n_words,
        embedding_model=Backend(embed),
        umap_model=BaseDimensionalityReduction(),
        hdbscan_model=DocumentClusters(),
        vectorizer_model=_vectorizer(documents, clusters, settings),
        ctfidf_model=ClassTfidfTransformer(reduce_frequent_words=True),  # fewer of "data, model, based"
        representation_model=representations(settings),
    )
    model.fit(documents, vectors, y=clusters)
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


def representations(settings: TopicSettings, embedded: bool = True) -> dict[str, Any]:
    """BERTopic's aspects of a topic, those of embedded words only if they can be embedded."""
    from bertopic.representation import KeyBERTInspired, MaximalMarginalRelevance

    words = settings.top_n_words
    found: dict[str, Any] = {KEYWORDS: []}  # without a model BERTopic gives the words of the highest c-TF-IDF
    if embedded:
        found["KeyBERT"] = KeyBERTInspired(top_n_words=words)
        found["MMR"] = MaximalMarginalRelevance(diversity=settings.diversity, top_n_words=words)
    return found


def _vectorizer(documents: Sequence[str], clusters: np.ndarray, settings: TopicSettings) -> CountVectorizer:
    """The vectoriser for BERTopic, with its vocabulary.

    The vocabulary is found here because BERTopic joins each topic's documents to one, so that its own
    min_df would count topics.
    """
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer

    stop_words = (
        sorted(ENGLISH_STOP_WORDS.union(_CONTRACTED.split())) if settings.stop_words == "english" else None
    )
    options: dict[str, Any] = {
        "ngram_range": (1, settings.ngrams),
        "stop_words": stop_words,
        "token_pattern": _WORD,
    }
    vocabulary, wordless = _vocabulary(documents, clusters, options, min(10, max(1, len(documents) // 2000)))
    if wordless:
        vocabulary, wordless = _vocabulary(documents, clusters, options)
    if own := _own_words(documents, clusters, wordless):
        options["stop_words"] = [word for word in stop_words or () if word not in own] or None
        options["token_pattern"] = rf"(?<!\S)(?:{'|'.join(map(re.escape, own))})(?!\S)|{_WORD}"
        vocabulary, wordless = _vocabulary(documents, clusters, options)
    if wordless:
        options = {"token_pattern": r"\S+"}
        vocabulary, _ = _vocabulary(documents, clusters, options)
    if len(vocabulary) == 1:
        vocabulary.append("-")  # no document has it; BERTopic's c-TF-IDF fails on a single word
    return CountVectorizer(vocabulary=vocabulary, **options)


def _vocabulary(
    documents: Sequence[str], clusters: np.ndarray, options: Mapping[str, Any], fewest: int = 1
) -> tuple[list[str], set[int]]:
    """The words that so many documents have, and the clusters whose documents have none of them."""
    from sklearn.feature_extraction.text import CountVectorizer

    counter = CountVectorizer(min_df=fewest, **options)
    try:
        counts = counter.fit_transform(documents)
    except ValueError:  # no word is left
        return [], set(clusters.tolist())
    worded = clusters[counts.getnnz(axis=1) > 0]
    return counter.get_feature_names_out().tolist(), set(clusters.tolist()) - set(worded.tolist())


def _own_words(documents: Sequence[str], clusters: np.ndarray, wordless: Set[int]) -> list[str]:
    """What stands between spaces in these clusters, if each is one text, such as "N/A", again and again."""
    texts = {
        (int(cluster), text) for cluster, text in zip(clusters, documents, strict=True) if cluster in wordless
    }
    if len(texts) > len(wordless):
        return []
    return sorted({word for _, text in texts for word in text.lower().split()})


def _representative(
    documents: Sequence[str], vectors: np.ndarray, rows: np.ndarray, strengths: np.ndarray
) -> list[str]:
    """Documents near the topic's centre that differ from each other.

    Chosen by maximal marginal relevance (Carbonell & Goldstein 1998) among the most typical, and kept in that
    order: a model that is shown the first few sees how wide the topic is.
    """
    import numpy as np

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
