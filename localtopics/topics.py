"""Clusters -> topics: BERTopic with c-TF-IDF, KeyBERT and MMR keywords, and the model that it saves."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from localtopics import layout
from localtopics.checked import setting
from localtopics.clusters import DocumentClusters, find_clusters
from localtopics.errors import UserError
from localtopics.files import replacing
from localtopics.layout import Layouts, LayoutSettings, directions, require_documents
from localtopics.progress import Progress, silent

if TYPE_CHECKING:
    import numpy as np
    from bertopic import BERTopic
    from bertopic.backend import BaseEmbedder
    from sklearn.feature_extraction.text import CountVectorizer

__all__ = [
    "Embed",
    "Layouts",
    "Topic",
    "TopicModel",
    "TopicSettings",
    "assign",
    "check_size",
    "find_topics",
    "lay_out",
    "open_model",
    "save_model",
    "set_labels",
]

Embed = Callable[[Sequence[str]], "np.ndarray"]
"""Texts to float32 [n, d] of unit length."""

LABELS = "Llama"
"""The aspect of a BERTopic model that holds the topics' names."""
_MIN_SAMPLES = 2
_REPRESENTATIVE = 10
"""Representative documents kept for a topic."""
_EMBEDDINGS = "document_embeddings.safetensors"
_WORD = r"(?u)(?<![\\\w])(?=\w*[^\W\d_])\w\w+"
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
        """The fewest documents of a topic among so many: 150 at 117,000, growing slower than they."""
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


def lay_out(embeddings: np.ndarray, settings: TopicSettings, progress: Progress = silent) -> Layouts:
    """`layout.lay_out`, which see; BERTopic, slow to import, is imported while UMAP works."""
    return layout.lay_out(embeddings, settings, progress, meanwhile=lambda: import_module("bertopic"))


def find_topics(
    documents: Sequence[str],
    embeddings: np.ndarray,
    layouts: Layouts,
    settings: TopicSettings,
    embed: Embed,
    progress: Progress = silent,
) -> TopicModel:
    """Cluster the documents and describe each cluster in words.

    That all documents are outliers, or all in one topic, is a result like any other.

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
        clusters, strengths = find_clusters(layouts.reduced, *settings.density(len(documents)))
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
    from bertopic.representation import KeyBERTInspired, MaximalMarginalRelevance
    from bertopic.vectorizers import ClassTfidfTransformer

    words = settings.top_n_words
    model = BERTopic(
        top_n_words=words,
        embedding_model=_backend(embed),
        umap_model=BaseDimensionalityReduction(),
        hdbscan_model=DocumentClusters(),
        vectorizer_model=_vectorizer(documents, clusters, settings),
        ctfidf_model=ClassTfidfTransformer(reduce_frequent_words=True),  # fewer of "data, model, based"
        representation_model={
            "KeyBERT": KeyBERTInspired(top_n_words=words),
            "MMR": MaximalMarginalRelevance(diversity=settings.diversity, top_n_words=words),
        },
    )
    model.fit(documents, vectors, y=clusters)
    # BERTopic numbers the topics anew, by size; from here on its numbers count.
    model.hdbscan_model.labels_ = model.topics_
    model.topic_mapper_ = type(model.topic_mapper_)(model.topics_)
    return model


def _backend(embed: Embed) -> BaseEmbedder:
    from bertopic.backend import BaseEmbedder

    class Backend(BaseEmbedder):  # type: ignore[misc]
        def embed(self, documents: Sequence[str], verbose: bool = False) -> np.ndarray:
            # BERTopic asks in the order of a set of words, which differs from process to process
            # and in low precision would change the last digits; "" stands for a word that is lacking.
            import numpy as np

            texts = sorted(set(documents))
            embedded = np.asarray(embed([text or "-" for text in texts]))
            row = {text: number for number, text in enumerate(texts)}
            return np.asarray(embedded[[row[text] for text in documents]])

    return Backend()


def _vectorizer(documents: Sequence[str], clusters: np.ndarray, settings: TopicSettings) -> CountVectorizer:
    """The vectoriser for BERTopic, with its vocabulary.

    The vocabulary is found here because BERTopic joins each topic's documents to one, so that its own
    min_df would count topics.
    """
    import numpy as np
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer

    stop_words = (
        sorted(ENGLISH_STOP_WORDS.union(_CONTRACTED.split())) if settings.stop_words == "english" else None
    )
    usual: dict[str, Any] = {
        "ngram_range": (1, settings.ngrams),
        "stop_words": stop_words,
        "token_pattern": _WORD,
    }
    rare = min(10, max(1, len(documents) // 2000))
    topics = np.unique(clusters).size
    for options, fewest in ((usual, rare), (usual, 1), ({"token_pattern": r"\S+"}, 1)):
        counter = CountVectorizer(min_df=fewest, **options)
        try:
            counts = counter.fit_transform(documents)
        except ValueError:  # no word is left
            continue
        if np.unique(clusters[counts.getnnz(axis=1) > 0]).size == topics:  # every topic has words
            break
    vocabulary = counter.get_feature_names_out().tolist()
    if len(vocabulary) == 1:
        vocabulary.append("-")  # no document has it; BERTopic's c-TF-IDF fails on a single word
    return CountVectorizer(vocabulary=vocabulary, **options)


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


def set_labels(model: BERTopic, labels: Mapping[int, str]) -> None:
    """Make the labels the model's aspect "Llama" and its custom labels; a topic without keeps its name."""
    names = {topic: labels.get(topic) or name for topic, name in model.topic_labels_.items()}
    model.topic_aspects_[LABELS] = {topic: [(name, 1.0)] for topic, name in names.items()}
    model.set_topic_labels(names)


def save_model(model: BERTopic, folder: Path, embedding_location: str | None) -> None:
    """Save the model as safetensors, so that ``BERTopic.load(folder)`` opens it whole or finds the old one.

    Args:
        model: from `find_topics` or `open_model`.
        folder: replaced if it exists.
        embedding_location: hub id or folder of what embeds new documents; None where nothing does.
    """
    import numpy as np
    from safetensors.numpy import save_file

    aspects = model.topic_aspects_
    if 0 not in model.topic_sizes_:  # BERTopic's save looks at topic 0 of every aspect
        model.topic_aspects_ = {}
    try:
        with replacing(folder) as temporary:
            model.save(
                temporary,
                serialization="safetensors",
                save_ctfidf=True,
                save_embedding_model=embedding_location or False,
            )
            vectors = model.hdbscan_model.vectors.astype(np.float16)
            save_file({"embeddings": vectors}, temporary / _EMBEDDINGS)
            usual = (temporary / "topics.json").stat().st_mode
            for file in temporary.glob("*.safetensors"):  # which are made for their owner alone
                file.chmod(usual)
    finally:
        model.topic_aspects_ = aspects


def open_model(folder: Path, embed: Embed | None = None) -> BERTopic:
    """Open a saved model, without loading the embedding model that ``BERTopic.load`` would load.

    Its ``transform`` needs the new documents' embeddings, unless ``embed`` is given.

    Raises:
        UserError: the folder holds no model of ours.
    """
    from bertopic import BERTopic
    from bertopic.backend import BaseEmbedder

    clusters = _open_clusters(folder)
    with tempfile.TemporaryDirectory(prefix="localtopics-") as name:
        copy = shutil.copytree(folder, Path(name) / "model", ignore=shutil.ignore_patterns(_EMBEDDINGS))
        config = json.loads((copy / "config.json").read_text())
        config.pop("embedding_model", None)
        (copy / "config.json").write_text(json.dumps(config))
        model = BERTopic.load(copy, embedding_model=BaseEmbedder() if embed is None else _backend(embed))
    model.hdbscan_model = clusters
    return model


def assign(folder: Path, documents: Sequence[str], embeddings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The topics of new documents: those of the documents nearest to them.

    Args:
        folder: a saved model.
        documents: m texts.
        embeddings: float [m, d], by the model that embedded the documents of the run.

    Returns:
        topics int64 [m], -1 for outliers; and how sure they are, float32 [m], from 0 to 1, 0 for outliers.

    Raises:
        UserError: the folder holds no model of ours, or the embeddings do not fit it or the documents.
    """
    clusters = _open_clusters(folder)
    if len(documents) != len(embeddings):
        raise UserError(f"There are {len(documents):,} new documents, but {len(embeddings):,} embeddings.")
    if embeddings.shape[1] != clusters.vectors.shape[1]:
        raise UserError(
            f"The new documents' embeddings have {embeddings.shape[1]} dimensions and the topic model's "
            f"{clusters.vectors.shape[1]}: use the embedding model of the run."
        )
    return clusters.place(embeddings)


def _open_clusters(folder: Path) -> DocumentClusters:
    import numpy as np
    from safetensors.numpy import load_file

    try:
        topics = json.loads((folder / "topics.json").read_text(encoding="utf-8"))["topics"]
        vectors = load_file(folder / _EMBEDDINGS)["embeddings"]
    except FileNotFoundError:
        raise UserError(f"{folder} holds no topic model that localtopics saved.") from None
    return DocumentClusters().fit(vectors.astype(np.float32), topics)
