"""The documents of a run that no model was shown: some to choose labels by, others to measure them on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from localtopics.labels.fidelity import embedded_centres, fidelity
from localtopics.progress import Progress, silent
from localtopics.run.folder import RunFolder
from localtopics.topics.topic import OUTLIER, Topic

_ENOUGH = 20
"""Documents that stand for a topic: more of them move its centre little, and each may have to be embedded."""


class HeldOutTopics:
    """The topics of a run as directions: those of documents that played no part in naming them.

    A topic all of whose documents are representative ones is measured on these. Documents whose embeddings
    are in the cache are not embedded again.
    """

    directions: NDArray[np.float32]
    """Float32 [topics, d], of unit length."""

    def __init__(self, run: RunFolder, topics: Sequence[Topic], progress: Progress = silent) -> None:
        self._embed = run.embedder.embed
        members = [_aside(run, topic)[0] for topic in topics]
        self.directions = embedded_centres(lambda texts: self._embed(texts, progress), members)

    def vectors(self, labels: Sequence[str]) -> np.ndarray:
        """Labels, one a topic, as they are compared: float32 [k, d]."""
        return self._embed(labels)

    def reciprocal_ranks(self, labels: Sequence[str]) -> list[float]:
        """The expected reciprocal of each topic's rank among 99 others, or all there are, for its label."""
        ranks = fidelity(self.vectors(labels), self.directions).reciprocal_rank
        return [round(float(rank), 6) for rank in ranks]  # a half is a half, and no doubt

    def cosines(self, labels: Sequence[str]) -> np.ndarray:
        """Each label's cosine to each topic: float32 [labels, topics]."""
        found: np.ndarray = self.vectors(labels) @ self.directions.T
        return found


def scoring_documents(run: RunFolder, topic: Topic) -> list[str]:
    """The documents by which a label is chosen among candidates: none that its fidelity is measured on."""
    return [*topic.representative, *_aside(run, topic)[1]]


def label_fidelity(
    run: RunFolder, labels: Mapping[int, str], progress: Progress = silent
) -> dict[int, float]:
    """Each topic's fidelity, see `HeldOutTopics`; nothing where a run has no two topics to compare."""
    topics = named_topics(run)
    if len(topics) < 2:
        return {}
    found = HeldOutTopics(run, topics, progress).reciprocal_ranks([labels[topic.topic] for topic in topics])
    return {topic.topic: value for topic, value in zip(topics, found, strict=True)}


def named_topics(run: RunFolder) -> list[Topic]:
    """The topics that have names of their own: all but the outliers."""
    return [topic for topic in run.topics if topic.topic != OUTLIER]


def _aside(run: RunFolder, topic: Topic) -> tuple[list[str], list[str]]:
    """Documents of a topic that are no representative ones: some to measure by, others to choose by."""
    passages = run.passages
    unlike = passages["original"] == passages.index
    texts = passages["text"][(passages["topic"] == topic.topic) & unlike].drop_duplicates()
    others = texts[~texts.isin(topic.representative)].tolist()
    measuring, choosing = (half[:: -(-len(half) // _ENOUGH) or 1] for half in (others[::2], others[1::2]))
    return measuring or list(topic.representative), choosing
