"""How good are the labels of a run? Measured on documents that no model was shown for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from localtopics.corpus.readers import read_columns
from localtopics.errors import UserError
from localtopics.labels.distinct import keyword_label
from localtopics.labels.fidelity import embedded_centres, fidelity
from localtopics.progress import Progress, silent
from localtopics.topics.topic import OUTLIER

if TYPE_CHECKING:
    from localtopics.run.folder import RunFolder
    from localtopics.topics.topic import Topic

_ENOUGH = 20
"""Documents that stand for a topic: more of them move its centre little, and each may have to be embedded."""


@dataclass(frozen=True)
class Score:
    """What one way of naming the topics reaches, each figure a mean over the topics from 0 to 1."""

    first: float
    """acc@1: how often no other topic's documents lie nearer to the label."""
    reciprocal_rank: float
    """MRR."""
    cosine: float | None = None
    """To the human heading, over the topics that have one; None without headings."""
    exact: float | None = None
    """How often it is the human heading, but for case."""


@dataclass(frozen=True)
class Doubt:
    """A label to which other topics lie nearer than its own."""

    topic: int
    fidelity: float
    """The reciprocal of the own topic's rank among the topics."""
    nearest: int
    """The topic that lies nearest."""


@dataclass(frozen=True)
class Evaluation:
    """The labels of a run beside the topics' top keywords and, where there are any, human headings."""

    topics: int
    headings: int
    """How many of the topics have a human heading."""
    scores: dict[str, Score]
    """For "labels", "top 3 keywords" and "human headings"."""
    doubts: list[Doubt]
    """The labels that do not find their topic first, worst first."""


class HeldOutTopics:
    """The topics of a run as directions: those of documents that played no part in naming them.

    A topic all of whose documents are representative ones is measured on these. Documents whose embeddings
    are in the cache are not embedded again.
    """

    def __init__(self, run: RunFolder, topics: Sequence[Topic], progress: Progress = silent) -> None:
        self._embed = run.embedder.embed
        members = [_aside(run, topic)[0] for topic in topics]
        self._topics = embedded_centres(lambda texts: self._embed(texts, progress), members)

    def vectors(self, labels: Sequence[str]) -> np.ndarray:
        """Labels, one a topic, as they are compared: float32 [k, d]."""
        return self._embed(labels)

    def fidelity(self, labels: Sequence[str]) -> list[float]:
        """The expected reciprocal of each topic's rank among 99 others, or all there are, for its label."""
        ranks = fidelity(self.vectors(labels), self._topics).reciprocal_rank
        return [round(float(rank), 6) for rank in ranks]  # a half is a half, and no doubt

    def score(self, labels: Sequence[str], kinds: Sequence[str] | None, headings: Mapping[int, str]) -> Score:
        """Figures of labels, one a topic; ``headings`` are those of some topics by their place."""
        vectors = self.vectors(labels)
        found = fidelity(vectors, self._topics, kinds)
        first, rank = float(found.first.mean()), float(found.reciprocal_rank.mean())
        if not headings:
            return Score(first, rank)
        places = list(headings)
        cosine = (vectors[places] * self.vectors(list(headings.values()))).sum(axis=1).mean()
        same = [labels[place].casefold() == heading.casefold() for place, heading in headings.items()]
        return Score(first, rank, float(cosine), sum(same) / len(same))

    def cosines(self, labels: Sequence[str]) -> np.ndarray:
        """Each label's cosine to each topic: float32 [labels, topics]."""
        found: np.ndarray = self.vectors(labels) @ self._topics.T
        return found


def scoring_documents(run: RunFolder, topic: Topic) -> list[str]:
    """The documents by which a label is chosen among candidates: none that its fidelity is measured on."""
    return [*topic.representative, *_aside(run, topic)[1]]


def label_fidelity(
    run: RunFolder, labels: Mapping[int, str], progress: Progress = silent
) -> dict[int, float]:
    """Each topic's fidelity, see `HeldOutTopics`; nothing where a run has no two topics to compare."""
    topics = _named(run)
    if len(topics) < 2:
        return {}
    found = HeldOutTopics(run, topics, progress).fidelity([labels[topic.topic] for topic in topics])
    return {topic.topic: value for topic, value in zip(topics, found, strict=True)}


def evaluate(
    run: RunFolder, headings: Mapping[int, str] | None = None, progress: Progress = silent
) -> Evaluation:
    """Measure the labels of a run.

    Args:
        run: a labelled run.
        headings: names that people gave to some or all of its topics. Topics of the same heading are no
            rivals.

    Raises:
        UserError: the run has no labels yet or fewer than two topics, or a heading is of no topic.
    """
    topics, labels, headings = _named(run), run.labels, headings or {}
    if len(topics) < 2:
        raise UserError(f"{run.folder} has fewer than two topics: there is nothing to tell apart.")
    numbers = [topic.topic for topic in topics]
    strange = sorted(set(headings) - set(numbers))
    if strange:
        raise UserError(
            f"A heading is given for topic {strange[0]}; the topics are {numbers[0]} to {numbers[-1]}."
        )
    held_out = HeldOutTopics(run, topics, progress)
    ours = [labels[number] for number in numbers]
    ways = {"labels": ours, "top 3 keywords": [keyword_label(topic.keywords) for topic in topics]}
    if len(headings) == len(topics):
        ways["human headings"] = [headings[number] for number in numbers]
    kinds = [headings.get(number, f"topic {number}").casefold() for number in numbers]
    placed = {place: headings[number] for place, number in enumerate(numbers) if number in headings}
    ranks, nearest = held_out.fidelity(ours), held_out.cosines(ours).argmax(axis=1)
    doubts = [
        Doubt(number, rank, numbers[other])
        for number, rank, other in zip(numbers, ranks, nearest, strict=True)
        if numbers[other] != number
    ]
    return Evaluation(
        len(topics),
        len(headings),
        {name: held_out.score(texts, kinds, placed) for name, texts in ways.items()},
        sorted(doubts, key=lambda doubt: doubt.fidelity),
    )


def read_headings(path: Path) -> dict[int, str]:
    """Topic number to heading, from a table with the columns topic and heading; empty headings are left out.

    Raises:
        UserError: the file cannot be read, or a topic is no number.
    """
    table = read_columns(str(path), {"ids": "topic", "documents": "heading"})
    headings: dict[int, str] = {}
    for topic, heading in zip(table["ids"], table["documents"], strict=True):
        if not isinstance(heading, str) or not heading.strip():
            continue
        try:
            headings[int(str(topic))] = heading.strip()
        except ValueError:
            raise UserError(f"{path} has a heading for {topic!r}, which is no topic's number.") from None
    return headings


def _named(run: RunFolder) -> list[Topic]:
    return [topic for topic in run.topics if topic.topic != OUTLIER]


def _aside(run: RunFolder, topic: Topic) -> tuple[list[str], list[str]]:
    """Documents of a topic that are no representative ones: some to measure by, others to choose by."""
    documents = run.documents
    texts = documents["text"][documents["topic"] == topic.topic].drop_duplicates()
    others = texts[~texts.isin(topic.representative)].tolist()
    measuring, choosing = (half[:: -(-len(half) // _ENOUGH) or 1] for half in (others[::2], others[1::2]))
    return measuring or list(topic.representative), choosing
