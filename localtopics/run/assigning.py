"""Gives documents that came later the topics of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from copy import copy
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from localtopics.corpus import Corpus
from localtopics.corpus.redaction import Redaction
from localtopics.embedding import Embedder
from localtopics.embedding.packing import PackedEmbedder
from localtopics.embedding.passages import Passages
from localtopics.errors import UserError
from localtopics.progress import Progress, silent
from localtopics.run.folder import RunFolder
from localtopics.topics.load import open_clusters
from localtopics.topics.shares import DocumentTopics, document_topics
from localtopics.topics.topic import OUTLIER, OUTLIER_LABEL


class Assigner:
    """The topics of a labelled run, opened once for any number of documents.

    Raises:
        UserError: the run has no labels yet, or no sound model.
    """

    def __init__(self, run: RunFolder) -> None:
        self._folder, self._embeds = run.folder, run.embeds_documents
        self._splits = run.settings.topics.long_documents == "split"
        self._clean = run.cleaning
        self._labels = run.labels
        self._redaction = Redaction.of(run.settings.input.redact)
        self._clusters = open_clusters(run.model_folder)
        self._number_of = {own: number for number, own in run.model_numbers.items()}
        self._embedder: Callable[[], Embedder] = lambda: run.embedder

    def packed(self) -> Callable[[], Assigner]:
        """What gives the same topics on other machines, when it is called there; it can be pickled.

        Raises:
            UserError: the run's embedding model cannot be opened.
        """
        carried = copy(self)
        self._clusters.ready()
        del carried._embedder
        return partial(_unpacked, carried, PackedEmbedder.of(self._embedder()))

    def topics(
        self,
        documents: Sequence[str],
        embeddings: np.ndarray | None = None,
        progress: Progress = silent,
        *,
        keep: bool = True,
    ) -> tuple[DocumentTopics, list[str], np.ndarray]:
        """What new documents are about, read without what the run's settings take out of texts.

        Args:
            documents: m texts, which are cleaned as the run's own were; one of which nothing is left has
                no topic.
            embeddings: float32 [m, d], theirs, where they are ready.
            progress: told of the embedding.
            keep: whether new embeddings go into the cache.

        Returns:
            Their topics, the labels of these, and which documents were split: rows int64.

        Raises:
            UserError: the embeddings are missing or do not fit the run's.
        """
        if self._redaction is not None:
            documents = [self._redaction.text(text, Counter()) for text in documents]
        empty = np.zeros(len(documents), bool)
        passages = Passages.whole(documents)
        if embeddings is None:
            if not self._embeds:
                raise UserError(
                    f"{self._folder} was made from ready embeddings: give the new documents' too.",
                    arguments=["embeddings"],
                )
            embedder = self._embedder()
            clean = [self._clean(text) for text in documents]
            empty = np.array([not text for text in clean], bool)
            documents = [own or text for own, text in zip(clean, documents, strict=True)]
            passages = Passages.whole(documents)
            if self._splits:
                passages = embedder.split(documents, progress)
            embeddings = embedder.embed(passages.texts, progress, keep=keep)
        found, probabilities = self._clusters.place(embeddings)
        topics = np.array([self._number_of[topic] for topic in found.tolist()], np.int64)
        topics[empty[passages.document]] = OUTLIER
        own = document_topics(passages, topics, probabilities, embeddings)
        own.probabilities[empty] = 0
        labels = [self._labels.get(int(topic), OUTLIER_LABEL) for topic in own.topics]
        return own, labels, passages.split


def _unpacked(assigner: Assigner, packed: PackedEmbedder) -> Assigner:
    """An assigner that came to another machine."""
    embedder = packed.unpacked()
    assigner._embedder = lambda: embedder
    return assigner


def assign(
    run: RunFolder, corpus: Corpus, embeddings: np.ndarray | None, progress: Progress = silent
) -> pd.DataFrame:
    """Give documents that came later the topics of a labelled run.

    Args:
        run: a labelled run.
        corpus: the new documents.
        embeddings: float32 [m, d], theirs, where they are ready; needed where the run itself was given its
            embeddings and names no embedding model.
        progress: told of the embedding.

    Returns:
        One row a document: id, title, time and group (if any), topic, label and probability; and where one
        was split, each document's topics with their shares.

    Raises:
        UserError: as `Assigner`, or the embeddings are missing or do not fit the run's.
    """
    own, labels, split = Assigner(run).topics(corpus.documents, embeddings, progress)
    known = {"title": corpus.titles, "time": corpus.times, "group": corpus.groups}
    columns: dict[str, object] = {"id": corpus.ids}
    columns |= {name: values for name, values in known.items() if values is not None}
    columns |= {"topic": own.topics, "label": labels, "probability": own.probabilities}
    if len(split):
        columns["shares"] = shares_column(own)
    return pd.DataFrame(columns)


def shares_column(own: DocumentTopics) -> list[Any]:
    """Each document's topics with their shares, the largest first."""
    return [[{"topic": topic, "share": share} for topic, share in one] for one in own.shares]
