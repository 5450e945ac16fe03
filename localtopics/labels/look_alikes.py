"""Topics whose names are taken for each other, and what tells each apart from those that it is taken for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from localtopics.labels.cleaning import stems
from localtopics.labels.scoring import LabelScorer
from localtopics.topics.topic import Topic

_ALIKE = 0.9
"""The cosine from which two names are taken for each other: "Virtual environments", "Virtual environment"."""
_MOST = 3
"""Topics from which one is told apart at once."""
_TELLING = 5
"""Keywords by which the model knows each of those."""


@dataclass(frozen=True)
class Evidence:
    """What a model is shown of a topic and of those that it is taken for."""

    documents: tuple[str, ...]
    """The topic's representative documents, those first that are least like the others' documents."""
    keywords: tuple[str, ...]
    """Its keywords, those first that the others lack."""
    others: tuple[str, ...]
    """A line for each of the others: its name, and keywords that the topic lacks."""


def look_alikes(names: Mapping[int, str], scorer: LabelScorer | None) -> dict[int, tuple[int, ...]]:
    """For each topic whose name is like others', those others, the most alike first, at most three.

    Names are alike that have the same words but for case, order and plural, or that lie as near to each other
    as words of the same meaning do.

    Args:
        names: by the topics' numbers.
        scorer: what embeds names; None: only the words count.
    """
    numbers = sorted(names)
    if len(numbers) < 2:
        return {}
    likeness = np.zeros((len(numbers), len(numbers)), np.float32)
    if scorer is not None:
        vectors = scorer.vectors([names[number] for number in numbers])
        likeness = np.round(vectors @ vectors.T, 3)
    same: defaultdict[frozenset[str], list[int]] = defaultdict(list)
    for place, number in enumerate(numbers):
        same[frozenset(stems(names[number]))].append(place)
    for places in same.values():
        likeness[np.ix_(places, places)] = 2
    np.fill_diagonal(likeness, -1)
    nearest = np.argsort(-likeness, axis=1, kind="stable")[:, :_MOST]
    found = {
        numbers[place]: tuple(numbers[other] for other in row if likeness[place, other] >= _ALIKE)
        for place, row in enumerate(nearest)
    }
    return {number: others for number, others in found.items() if others}


def evidence(
    topic: Topic, others: Sequence[Topic], names: Mapping[int, str], scorer: LabelScorer | None
) -> Evidence:
    """What sets ``topic`` apart from ``others``.

    Args:
        topic: the topic.
        others: those that it is taken for, at least one.
        names: what all of them are called.
        scorer: what knows the topics' documents; None: their keywords alone tell.
    """

    def share(word: str, of: Topic) -> float:
        if scorer is not None:
            return scorer.share(of.topic, word)
        return float(any(stems(word) <= stems(keyword) for keyword in of.keywords))

    def lacking(one: Topic, beside: Sequence[Topic]) -> list[str]:
        lead = {word: share(word, one) - max(share(word, other) for other in beside) for word in one.keywords}
        return sorted(lead, key=lambda word: -lead[word])  # stable: the strongest keyword first

    documents = topic.representative
    if scorer is not None:
        documents = scorer.telling(documents, topic.topic, [other.topic for other in others])
    return Evidence(
        documents=documents,
        keywords=tuple(lacking(topic, others)),
        others=tuple(
            f"{names[other.topic]} ({', '.join(lacking(other, [topic])[:_TELLING])})" for other in others
        ),
    )
