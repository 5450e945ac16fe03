"""LlamaLabels: a BERTopic representation model that names topics with a local chat model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from bertopic.representation import BaseRepresentation
from numpy.typing import NDArray

from localtopics.labels.distinct import final_names
from localtopics.labels.namer import Namer
from localtopics.labels.scoring import LabelScorer
from localtopics.progress import Advance, silent
from localtopics.topics.topic import OUTLIER, Topic

if TYPE_CHECKING:
    from bertopic import BERTopic
    from scipy.sparse import csr_matrix

_CANDIDATE_DOCUMENTS = 500
"""Documents of a topic among which BERTopic looks for representative ones; its own default."""


class LlamaLabels(Namer, BaseRepresentation):  # type: ignore[misc]  # BERTopic has no types
    """A BERTopic representation model: ``BERTopic(representation_model={"Llama": LlamaLabels()})``.

    Each topic gets one label, in place of its keywords, from its representative documents and the keywords
    that the representation before it found. The arguments are those of `Namer`.
    """

    def extract_topics(
        self,
        topic_model: BERTopic,
        documents: pd.DataFrame,
        c_tf_idf: csr_matrix,
        topics: Mapping[int, Sequence[tuple[str, float]]],
    ) -> dict[int, list[tuple[str, float]]]:
        """BERTopic's hook: name the topics while it fits.

        Args:
            topic_model: the model that is being fitted.
            documents: one row a document, with columns Document and Topic.
            c_tf_idf: [topics, words], as BERTopic computed it.
            topics: each topic's keywords with their weights, best first.

        Returns:
            For each topic its label with weight 1, then empty words up to BERTopic's ``top_n_words``.

        Raises:
            UserError: as `Namer.label`.
        """
        shown, *_ = topic_model._extract_representative_docs(
            c_tf_idf, documents, topics, _CANDIDATE_DOCUMENTS, self._defaults.documents
        )
        sizes = documents["Topic"].value_counts()
        found = [
            Topic(
                topic=int(topic),
                size=int(sizes.get(topic, 0)),
                keywords=tuple(word for word, _ in words if word),
                keybert=(),
                mmr=(),
                representative=tuple(shown[topic]),
            )
            for topic, words in topics.items()
        ]
        with self:
            progress = _tqdm if topic_model.verbose else silent
            scorer = _scorer(topic_model, found) if self.chooses else None
            labels = {label.topic: label for label in self.label(found, progress=progress, scorer=scorer)}
        named = final_names(found, labels, self._settings.written_case)
        padding = [("", 0.0)] * (topic_model.top_n_words - 1)
        return {topic: [(named[int(topic)], 1.0), *padding] for topic in topics}


def _scorer(topic_model: BERTopic, topics: Sequence[Topic]) -> LabelScorer | None:
    """Scores candidates by the topic model's own embeddings; None where it was given ready ones."""
    from bertopic.backend import BaseEmbedder

    typical = {topic.topic: topic.representative for topic in topics if topic.topic != OUTLIER}
    # a bare BaseEmbedder is what ``BERTopic.load`` gives a model that names none
    if (
        topic_model.embedding_model is None
        or type(topic_model.embedding_model) is BaseEmbedder
        or not typical
    ):
        return None

    def embed(texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = topic_model._extract_embeddings(list(texts), method="document", verbose=False)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        found: NDArray[np.float32] = np.divide(
            vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0
        )
        return found

    return LabelScorer(embed, typical)


@contextmanager
def _tqdm(description: str, total: int | None = None) -> Iterator[Advance]:
    """The bar that BERTopic's own representation models show."""
    from tqdm import tqdm  # type: ignore[import-untyped]

    with tqdm(total=total, desc=description) as bar:
        yield bar.update
