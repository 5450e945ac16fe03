"""Does a label find its own topic among the others?

A label is embedded like a document. It is faithful if it lies nearer to its own topic's documents than to
those of other topics. As in retrieval, labels are queries, topics are what they should find, and the figures
are accuracy at 1 and reciprocal rank among 100 topics: the label's own and 99 others.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import TYPE_CHECKING

from localtopics.labels.cleaning import clean, stems
from localtopics.labels.phrases import READ

if TYPE_CHECKING:
    import numpy as np

Embed = Callable[[Sequence[str]], "np.ndarray"]
"""Texts to float32 [n, d] of unit length, the same embedding that the documents have."""
Scores = Callable[[Sequence[str]], list[float]]
"""Gives each of several labels a number."""

RIVALS = 99
"""Other topics among which a label must find its own."""
LOW = 0.5
"""A topic's fidelity below this marks its label as doubtful: two or more other topics lie nearer to it."""

_CONSENSUS = 0.1
_COVERAGE = 0.3
_FOREIGN = 0.12


@dataclass(frozen=True)
class Fidelity:
    """How well each of k labels finds its topic: two float64 arrays [k] of values from 0 to 1."""

    first: np.ndarray
    """The probability that no rival lies nearer; its mean is the accuracy at 1."""
    reciprocal_rank: np.ndarray
    """The expected reciprocal of the own topic's rank; its mean is the MRR."""


def centres(embeddings: np.ndarray, members: Sequence[np.ndarray]) -> np.ndarray:
    """The direction of each group of documents: float32 [k, d] of unit length.

    Args:
        embeddings: float32 [n, d], unit length.
        members: for each of the k groups the rows in it; a group without any gives zeros.
    """
    import numpy as np

    sums = np.stack([embeddings[rows].sum(axis=0) for rows in members])
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    directions: np.ndarray = np.divide(sums, lengths, out=np.zeros_like(sums), where=lengths > 0)
    return directions


def embedded_centres(embed: Embed, groups: Sequence[Sequence[str]]) -> np.ndarray:
    """The `centres` of k groups of documents, which are embedded together: float32 [k, d]."""
    import numpy as np

    ends = np.cumsum([len(documents) for documents in groups])
    embedded = embed([document for documents in groups for document in documents])
    return centres(embedded, np.split(np.arange(len(embedded)), ends[:-1]))


def fidelity(
    labels: np.ndarray, topics: np.ndarray, kinds: Sequence[Hashable] | None = None, rivals: int = RIVALS
) -> Fidelity:
    """How well labels find their topics among random others.

    The rivals are not drawn: how many of ``rivals`` drawn ones lie nearer to a label follows a hypergeometric
    distribution, and the figures are its exact expectations.

    Args:
        labels: float32 [k, d], unit length, the label of each topic.
        topics: float32 [k, d], unit length, the `centres` of their documents.
        kinds: topics of the same kind are no rivals, such as two that people gave the same heading.
        rivals: how many of the others compete; all of them where there are no more. Without any, both
            figures are 1.
    """
    import numpy as np
    from scipy.stats import hypergeom

    names = range(len(topics)) if kinds is None else [repr(kind) for kind in kinds]
    kind = np.unique(list(names), return_inverse=True)[1]
    cosines = labels @ topics.T
    others = kind[:, None] != kind[None, :]
    possible = others.sum(axis=1)
    # of equals half count as nearer, so that a label without any meaning is no better than chance
    own = np.diagonal(cosines)[:, None]
    nearer = ((cosines > own) & others).sum(axis=1) + ((cosines == own) & others).sum(axis=1) // 2
    drawn = np.minimum(rivals, possible)
    ranks = np.arange(rivals + 1)
    # a lone topic gets a made-up rival that lies farther away: the distribution knows no empty crowd
    chances = hypergeom.pmf(ranks, np.maximum(possible, 1)[:, None], nearer[:, None], drawn[:, None])
    return Fidelity(chances[:, 0], (chances / (ranks + 1)).sum(axis=1))


class Judge:
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
        import numpy as np

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
        import numpy as np

        self._embed_new(texts)
        return np.stack([self._embedded[text] for text in texts])

    def _embed_new(self, texts: Sequence[str]) -> None:
        new = [text for text in dict.fromkeys(texts) if text not in self._embedded]
        if new:
            self._embedded.update(zip(new, self._embed(new), strict=True))
