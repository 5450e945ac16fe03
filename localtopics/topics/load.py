"""Opens a saved BERTopic model, to go on with it or to place new documents; what its files say is checked."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from localtopics.embedding.embedder import Embed
from localtopics.errors import UserError
from localtopics.languages import ENGLISH
from localtopics.text import one_line
from localtopics.topics.clusters import DocumentClusters
from localtopics.topics.segmentation import segmenter
from localtopics.topics.settings import TopicSettings
from localtopics.topics.topic import KEYWORDS, OUTLIER, Topic

if TYPE_CHECKING:
    from bertopic import BERTopic
    from bertopic.representation import BaseRepresentation
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import CountVectorizer

TOPICS = "topics.json"
"""The file of a saved model that holds its topics, in BERTopic's own form."""
EMBEDDINGS = "document_embeddings.safetensors"
"""The file of a saved model that holds its documents' embeddings, float16 [n, d]."""


def open_model(
    folder: Path,
    topics: Sequence[Topic],
    names: Mapping[int, str],
    settings: TopicSettings,
    naming: BaseRepresentation,
    embed: Embed | None,
) -> BERTopic:
    """The saved model with all that ``BERTopic.load`` leaves out, on which BERTopic's methods go on.

    No file says what is opened beside it: neither an embedding model nor anything else.

    Args:
        folder: a saved model.
        topics: its topics, for their representative documents.
        names: topic number to name.
        settings: by which the topics were found.
        naming: what names topics that change.
        embed: what embedded the documents; None where they came with ready embeddings. Then ``transform``
            needs embeddings too, and there are no aspects of embedded words.

    Raises:
        UserError: the folder holds no model of ours, or a damaged one.
    """
    from bertopic._bertopic import TopicMapper

    from localtopics.topics.bertopic import new_model

    content = read_topics(folder)
    clusters = _open_clusters(folder, content)
    vectorizer, weights, idf = _read_weights(folder, len(content["topic_sizes"]), settings.languages)
    model = new_model(settings, clusters, vectorizer, embed, naming)
    aspects = {KEYWORDS: content["topic_representations"]} | content["topic_aspects"]
    model.topics_ = content["topics"]
    model.topic_sizes_ = Counter(model.topics_)
    model.topic_mapper_ = TopicMapper(model.topics_)
    model.topic_representations_ = {topic: [(names[topic], 1.0)] for topic in sorted(model.topic_sizes_)}
    model.topic_aspects_ = {
        name: {
            int(topic): [(word, weight) for word, weight in words] for topic, words in aspects[name].items()
        }
        for name in model.representation_model
        if name in aspects
    }
    model.topic_embeddings_ = clusters.centres()
    model.representative_docs_ = {topic.topic: list(topic.representative) for topic in topics}
    model.c_tf_idf_, model.ctfidf_model._idf_diag = weights, idf
    return model


def check_model(folder: Path) -> None:
    """Raise `UserError` where the folder does not hold a whole model of ours."""
    content = read_topics(folder)
    _read_weights(folder, len(content["topic_sizes"]))
    _open_clusters(folder, content)


def open_clusters(folder: Path) -> DocumentClusters:
    """The embeddings of a saved model's documents with their topics, which new documents join.

    Raises:
        UserError: the folder holds no model of ours, or a damaged one.
    """
    return _open_clusters(folder, read_topics(folder))


def document_embeddings(folder: Path) -> np.ndarray:
    """The embeddings of the saved model's documents, in their order: float32 [n, d] of unit length.

    They are kept in half precision.

    Raises:
        UserError: the folder holds no model of ours, or a damaged one.
    """
    return open_clusters(folder).vectors


# -- the files ------------------------------------------------------------------------------------------


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Let all that a damaged or foreign file makes its readers raise be one sentence."""
    again = "do the run again, which makes it anew"
    try:
        yield
    except FileNotFoundError:
        raise UserError(
            f"{path.parent} holds no topic model that localtopics saved, for {path.name} is missing: {again}."
        ) from None
    except Exception as error:
        reason = f"it lacks {error}" if isinstance(error, KeyError) else one_line(str(error))[:200]
        raise UserError(f"{path} is damaged or of another program ({reason}): {again}.") from None


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValueError(otherwise)


def read_topics(folder: Path) -> dict[str, Any]:
    """What `TOPICS` of a saved model holds; its topics, sizes, representations and aspects are checked.

    Raises:
        UserError: the folder holds no model of ours, or a damaged one.
    """
    with _reading(folder / TOPICS):
        content: dict[str, Any] = json.loads((folder / TOPICS).read_text(encoding="utf-8"))
        _require(isinstance(content, dict), "it holds no object")
        topics = content["topics"]
        _require(
            isinstance(topics, list) and all(type(topic) is int for topic in topics), "topics are no numbers"
        )
        sizes = Counter(topics)
        numbers = sorted(sizes.keys() - {OUTLIER})
        _require(len(topics) > 1 and numbers == list(range(len(numbers))), "the topics' numbers have gaps")
        keys = {str(topic): size for topic, size in sizes.items()}
        _require(content["topic_sizes"] == keys, "the topics' sizes are not those of its topics")
        _require(isinstance(content["topic_aspects"], dict), "aspects are no object")
        for words in (content["topic_representations"], *content["topic_aspects"].values()):
            _require(_are_words(words, keys), "a topic's words are none")
    return content


def _are_words(found: object, topics: Mapping[str, int]) -> bool:
    """Whether something read is a list of words and their weights for each topic."""
    return (
        isinstance(found, dict)
        and found.keys() == topics.keys()
        and all(isinstance(words, list) and words and all(map(_is_word, words)) for words in found.values())
    )


def _is_word(found: object) -> bool:
    return (
        isinstance(found, list)
        and [type(part) for part in found] in ([str, float], [str, int])
        and math.isfinite(found[1])
    )


def _open_clusters(folder: Path, content: Mapping[str, Any]) -> DocumentClusters:
    """The embeddings of the model's documents with their topics, which ``content`` holds."""
    from safetensors import safe_open

    topics = content["topics"]
    with _reading(folder / EMBEDDINGS), safe_open(folder / EMBEDDINGS, framework="numpy") as file:
        stored = file.get_slice("embeddings")
        shape, kind = stored.get_shape(), stored.get_dtype()
        _require(kind in ("F16", "F32") and len(shape) == 2 and 0 not in shape, f"it holds {kind} {shape}")
        _require(shape[0] == len(topics), f"it has {shape[0]:,} rows for {len(topics):,} documents")
        vectors = file.get_tensor("embeddings").astype(np.float32)
        _require(np.isfinite(vectors).all(), "it holds NaN or infinity")
    return DocumentClusters().fit(vectors, topics)


def _read_weights(
    folder: Path, topics: int, languages: Sequence[str] = (ENGLISH,)
) -> tuple[CountVectorizer, csr_matrix, csr_matrix]:
    """The words that BERTopic counts, their c-TF-IDF [topics, words] and their idf as a diagonal."""
    from safetensors.numpy import load_file
    from scipy.sparse import csr_matrix, diags
    from sklearn.feature_extraction.text import CountVectorizer

    with _reading(folder / "ctfidf_config.json"):
        content = json.loads((folder / "ctfidf_config.json").read_text(encoding="utf-8"))
        saved = content["vectorizer_model"]["params"]
        options = {name: saved[name] for name in ("vocabulary", "stop_words", "token_pattern", "ngram_range")}
        words, (shortest, longest) = options["vocabulary"], options["ngram_range"]
        _require(all(type(word) is str for word in [*words, *(options["stop_words"] or ())]), "no words")
        _require(type(shortest) is type(longest) is int and 1 <= shortest <= longest, "no range of words")
        re.compile(options["token_pattern"])
        options |= {"ngram_range": (shortest, longest), "preprocessor": segmenter(languages)}
        vectorizer = CountVectorizer(**options).fit(words)
    with _reading(folder / "ctfidf.safetensors"):
        tensors = load_file(folder / "ctfidf.safetensors")
        parts = [tensors[name] for name in ("data", "indices", "indptr")]
        _require([part.dtype.kind for part in parts] == ["f", "i", "i"], "numbers of the wrong kind")
        weights = csr_matrix(tuple(parts), shape=(topics, len(words)))
        weights.check_format(full_check=True)
        idf = tensors["diag"]
        _require(idf.dtype.kind == "f" and idf.shape == (len(words),), "idf does not fit its words")
        _require(np.isfinite(idf).all() and np.isfinite(weights.data).all(), "it holds NaN or infinity")
    return vectorizer, weights, diags(idf, format="csr")
