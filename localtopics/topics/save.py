"""Saves a BERTopic model so that ``BERTopic.load`` opens it, names included."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from localtopics.files import replacing, replacing_folder
from localtopics.logs import silenced
from localtopics.topics.load import EMBEDDINGS, TOPICS, read_topics
from localtopics.topics.topic import KEYWORDS

if TYPE_CHECKING:
    from bertopic import BERTopic


def save_model(model: BERTopic, folder: Path, embedding_location: str | None) -> None:
    """Save the model as safetensors, so that ``BERTopic.load(folder)`` opens it whole or finds the old one.

    Args:
        model: from `find_topics`.
        folder: replaced if it exists.
        embedding_location: hub id or folder of what embeds new documents; None where nothing does.
    """
    from safetensors.numpy import save_file

    aspects = model.topic_aspects_
    if 0 not in model.topic_sizes_:  # BERTopic's save looks at topic 0 of every aspect
        model.topic_aspects_ = {}
    try:
        with replacing_folder(folder) as temporary:
            with silenced("BERTopic"):  # it advises to name an embedding model, where there is none to name
                model.save(
                    temporary,
                    serialization="safetensors",
                    save_ctfidf=True,
                    save_embedding_model=embedding_location or False,
                )
            vectors = model.hdbscan_model.vectors.astype(np.float16)
            save_file({"embeddings": vectors}, temporary / EMBEDDINGS)
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
        UserError: the folder holds no model of ours, or a damaged one.
    """
    content = read_topics(folder)
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
    with replacing(folder / TOPICS) as temporary:
        temporary.write_text(json.dumps(content, indent=2), encoding="utf-8")
