"""The saved BERTopic model: what ``BERTopic.load`` opens, names included; new documents find their topics."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from localtopics.clusters import DocumentClusters
from localtopics.errors import UserError
from localtopics.files import replacing, replacing_folder, temporary_folder
from localtopics.topics import KEYWORDS, Embed, backend

if TYPE_CHECKING:
    import numpy as np
    from bertopic import BERTopic

_EMBEDDINGS = "document_embeddings.safetensors"


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
        with replacing_folder(folder) as temporary:
            model.save(
                temporary,
                serialization="safetensors",
                save_ctfidf=True,
                save_embedding_model=embedding_location or False,
            )
            vectors = model.hdbscan_model.vectors.astype(np.float16)
            save_file({"embeddings": vectors}, temporary / _EMBEDDINGS)
    finally:
        model.topic_aspects_ = aspects


def save_labels(folder: Path, names: Mapping[int, str]) -> None:
    """Make the names the topics' representations in a saved model; a topic without a name keeps its keywords.

    So ``get_topic`` gives them, and ``topic_labels_`` and ``get_topic_info`` show them. Whenever BERTopic
    numbers topics anew it moves their representations along or computes them anew, so that a name never
    stands at another topic; aspects and custom labels it may leave where they were. The keywords are an
    aspect.

    Args:
        folder: a saved model. One file of it is replaced, whole or not at all.
        names: topic number to name.

    Raises:
        UserError: the folder holds no model of ours.
    """
    path = folder / "topics.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    aspects = content["topic_aspects"]
    aspects.pop("Llama", None)  # where names stood once, as in the custom labels
    content["custom_labels"] = None
    keywords = aspects.setdefault(KEYWORDS, content["topic_representations"])
    words: dict[str, list[tuple[str, float]]] = {
        topic: [(names[int(topic)], 1.0)] if names.get(int(topic)) else keywords[topic] for topic in keywords
    }
    content["topic_representations"] = words
    content["topic_labels"] = {
        topic: "_".join([topic, *(word for word, _ in found[:4])]) for topic, found in words.items()
    }
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2), encoding="utf-8")


def open_model(folder: Path, embed: Embed | None = None) -> BERTopic:
    """Open a saved model, without loading the embedding model that ``BERTopic.load`` would load.

    Its ``transform`` needs the new documents' embeddings, unless ``embed`` is given.

    Raises:
        UserError: the folder holds no model of ours.
    """
    from bertopic import BERTopic
    from bertopic.backend import BaseEmbedder

    clusters = _open_clusters(folder)
    with temporary_folder() as temporary:
        copy = shutil.copytree(folder, temporary / "model", ignore=shutil.ignore_patterns(_EMBEDDINGS))
        config = json.loads((copy / "config.json").read_text())
        config.pop("embedding_model", None)
        (copy / "config.json").write_text(json.dumps(config))
        model = BERTopic.load(copy, embedding_model=BaseEmbedder() if embed is None else backend(embed))
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
