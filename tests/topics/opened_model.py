"""A saved model as `Run.bertopic` opens it, named so that a name at a wrong topic shows."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from bertopic import BERTopic
from bertopic.representation import BaseRepresentation

from localtopics.embedding import Embedder
from localtopics.topics.load import open_model
from localtopics.topics.settings import TopicSettings
from tests.topics.samples import Sample


class Naming(BaseRepresentation):  # type: ignore[misc]
    """Names topics by how many documents they have and which come first, so that a wrong name shows."""

    def extract_topics(self, topic_model, documents, c_tf_idf, topics):  # type: ignore[no-untyped-def]
        return {topic: [(name_of(documents, topic), 1.0)] for topic in topics}


def name_of(documents: pd.DataFrame, topic: int) -> str:
    own = documents.loc[documents["Topic"] == topic, "ID"]
    return f"{len(own)} from {own.min()}"


def opened(folder: Path, sample: Sample, embedder: Embedder | None) -> BERTopic:
    """The model as `Run.bertopic` opens it, with names that tell which documents they are of."""
    table = pd.DataFrame({"Topic": sample.found.assignments, "ID": range(len(sample.documents))})
    topics = sample.found.topics
    names = {topic.topic: name_of(table, topic.topic) for topic in topics}
    embed = embedder.embed if embedder else None
    return open_model(folder, topics, names, TopicSettings(), Naming(), embed)
