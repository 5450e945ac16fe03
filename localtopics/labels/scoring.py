"""How well a label fits its topic, for the choice among candidates."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from math import fsum

import numpy as np

from localtopics.embedding.embedder import Embed
from localtopics.labels.cleaning import clean, stems
from localtopics.labels.fidelity import embedded_centres
from localtopics.labels.phrases import READ

Scores = Callable[[Sequence[str]], list[float]]
"""Gives each of several labels a number."""

_CONSENSUS = 0.1
_COVERAGE = 0.3
_FOREIGN = 0.12


class LabelScorer:
    """Scores labels of topics by documents of theirs, for `localtopics.labels.selection.choose`.

    Args:
        embed: what the topics' documents were embedded with.
        documents: some of each topic's, at least one topic and one document of each.
        topics: the `centres` of these documents, a float32 [d] for each topic; None: they are embedded.
    """

    def __init__(
        self,
        embed: Embed,
        documents: Mapping[int, Sequence[str]],
        topics: Mapping[int, np.ndarray] | None = None,
    ) -> None:
        self._embed = embed
        self._embedded: dict[str, np.ndarray] = {}
        self._topics = topics or dict(
            zip(documents, embedded_centres(embed, list(documents.values())), strict=True)
        )
        self._sizes = {topic: len(texts) for topic, texts in documents.items()}
        self._holders: defaultdict[str, set[tuple[int, int]]] = defaultdict(set)
        for topic, texts in documents.items():
            for number, text in enumerate(texts):
                for stem in stems(text[:READ]):
                    self._holders[stem].add((topic, number))

    def read(self, answers: Sequence[str]) -> None:
        """Embed the labels in some answers that will be scored: together is faster than one by one."""
        self._embed_new([label for label in map(clean, answers) if label is not None])

    def faithful(self, topic: int, answers: Sequence[str]) -> Scores:
        """How well labels fit ``topic`` and what a model says of it.

        A score is the label's cosine to the topic's documents plus 0.1 times its mean cosine to the model's
        ``answers``, their consensus as in minimum Bayes risk decoding (Eikema and Aziz 2020), plus 0.3 times
        its `coverage`. Labels that the model did not write itself, such as phrases of the documents, lose
        0.12.
        """

        def scores(labels: Sequence[str]) -> list[float]:
            vectors, consensus = self._vectors(labels), self._vectors(answers).mean(axis=0)
            fits = vectors @ self._topics[topic] + _CONSENSUS * (vectors @ consensus)
            words = (_COVERAGE * self.coverage(topic, label) for label in labels)
            foreign = (_FOREIGN * (label not in answers) for label in labels)
            return [float(fit) + more - less for fit, more, less in zip(fits, words, foreign, strict=True)]

        return scores

    def near(self, topic: int) -> Scores:
        """Which share of the other topics lies nearer to a label than ``topic``."""

        own = self._topics[topic]
        others = np.stack([centre for number, centre in self._topics.items() if number != topic] or [own])

        def scores(labels: Sequence[str]) -> list[float]:
            vectors = self._vectors(labels)
            return [float(share) for share in (vectors @ others.T > (vectors @ own)[:, None]).mean(axis=1)]

        return scores

    def coverage(self, topic: int, label: str) -> float:
        """The share of the topic's documents that hold all words of the label, less the other topics' share.

        An embedding likes a narrow name of a few typical documents; this speaks for what most have in common.
        """
        words = stems(label)
        holders = set.intersection(*(self._holders.get(word, set()) for word in words)) if words else set()
        shares = {
            number: count / self._sizes[number] for number, count in Counter(t for t, _ in holders).items()
        }
        own = shares.pop(topic, 0.0)
        return own - fsum(shares.values()) / max(1, len(self._sizes) - 1)

    def _vectors(self, texts: Sequence[str]) -> np.ndarray:
        self._embed_new(texts)
        return np.stack([self._embedded[text] for text in texts])

    def _embed_new(self, texts: Sequence[str]) -> None:
        new = [text for text in dict.fromkeys(texts) if text not in self._embedded]
        if new:
            self._embedded.update(zip(new, self._embed(new), strict=True))
