"""How well a label fits its topic: the one place that scores labels, and chooses the best for a topic.

A candidate's score is a sum; `score` adds it up. Higher is better, and a good label has about 1.

=========  ======  ===========================================================================================
term       weight  what it is
=========  ======  ===========================================================================================
cosine       1     The label's cosine to its topic, which is the mean direction of the topic's documents.
consensus    0.1   Its cosine to the mean of the model's answers, so its mean cosine to them: the utility of
                   minimum Bayes risk decoding (Eikema and Aziz 2020).
coverage     0.3   The share of the topic's documents that hold all words of the label, less the mean share of
                   other topics' documents that do. An embedding likes a narrow name of a few typical
                   documents; this speaks for what most of them have in common. 0 where a short name is
                   wanted, as of a topic that holds others.
foreign     -0.12  1 for a label that the model did not write itself, such as a phrase of the documents.
nearness    -0.5   The share of the other topics that lie nearer to the label than its own.
apart        1     Where the topic is told apart from others of like names: how much nearer the label lies to
                   it than to the nearest of them, at most 0.1.
agreement    0.1   The share of the model's answers that say the same, but for case: the vote of
                   self-consistency (Wang et al. 2023). 1 where a short name is wanted: a name for many
                   things lies far from each of them, so the model knows better than the embeddings.
borrowed    -0.1   How far the label is a proper noun that few of the topic's documents hold.
length      -0.03  The label's words past three; where a short one is wanted, twice those past two.
chatter     -0.02  1 where the model said more than the label.
=========  ======  ===========================================================================================

The first six and ``borrowed`` need embeddings and documents, which a `LabelScorer` holds; without one they
are 0. The weights were tuned on the development groups of ``scripts/train_labeller``, whose README has the
figures. Fitted anew to two models' candidates for 700 headed groups, weights came out within chance of these;
the model's own log-probability of a name got none.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import fsum

import numpy as np
from numpy.typing import NDArray

from localtopics.embedding.embedder import Embed
from localtopics.labels.cleaning import clean, folded, stems
from localtopics.labels.fidelity import embedded_centres
from localtopics.labels.label import Candidate
from localtopics.labels.phrases import READ
from localtopics.labels.proper import CapitalLetters, borrowed

_CONSENSUS = 0.1
_COVERAGE = 0.3
_FOREIGN = 0.12
_NEARNESS = 0.5
_AGREEMENT, _AGREEMENT_ON_BRIEF = 0.1, 1.0
_BORROWED = 0.1
_LENGTH = 0.03
_CHATTER = 0.02
_APART_ENOUGH = 0.1


@dataclass(frozen=True)
class Fit:
    """How well k labels fit a topic by its documents: arrays [k], or 0 where nobody knows."""

    cosine: NDArray[np.float32] | float = 0.0
    consensus: NDArray[np.float32] | float = 0.0
    coverage: NDArray[np.float64] | float = 0.0
    foreign: NDArray[np.bool_] | float = 0.0
    nearness: NDArray[np.float64] | float = 0.0
    apart: NDArray[np.float32] | float = 0.0
    borrowed: NDArray[np.float64] | float = 0.0


@dataclass(frozen=True)
class Wording:
    """How k labels were said: arrays [k]."""

    votes: NDArray[np.int64]
    """How many of the model's answers say the same."""
    answers: int
    """How many answers there are."""
    brief: bool
    """Whether short labels are wanted."""
    length: NDArray[np.int64]
    """Words past three, or twice those past two."""
    chatter: NDArray[np.bool_]


def score(fit: Fit, wording: Wording) -> list[float]:
    """The score of each of k candidates, to four digits."""
    total = (
        fit.cosine
        + _CONSENSUS * fit.consensus
        + _COVERAGE * fit.coverage
        - _FOREIGN * fit.foreign
        - _NEARNESS * fit.nearness
        + fit.apart
        + (_AGREEMENT_ON_BRIEF if wording.brief else _AGREEMENT) * wording.votes / wording.answers
        - _BORROWED * fit.borrowed
        - _LENGTH * wording.length
        - _CHATTER * wording.chatter
    )
    return [round(float(value), 4) for value in total]


@dataclass(frozen=True)
class Choice:
    """The best label among a topic's candidates, None where none is usable, and all their scores."""

    text: str | None
    candidates: tuple[Candidate, ...]


def choose(
    topic: int,
    answers: Sequence[str],
    others: Sequence[str] = (),
    scorer: LabelScorer | None = None,
    rivals: Sequence[int] = (),
    *,
    brief: bool = False,
) -> Choice:
    """Take the best label from a model's answers for one topic, and from others that compete with them.

    Of equals the earlier wins, so a single usable answer is simply taken.

    Args:
        topic: the topic's number, by which ``scorer`` knows it.
        answers: as the model wrote them, the greedy one first.
        others: labels that the model did not write; they have no vote. As candidates they come last, and only
            where there is a usable answer.
        scorer: what knows the topics' documents; None leaves the choice to the votes and the wording.
        rivals: topics of like names, from which the label is to tell this one apart.
        brief: whether a short label is wanted.
    """
    texts = [*answers, *others]
    labels = [clean(text) for text in texts]
    written = [label for label in labels[: len(answers)] if label is not None]
    if not written:
        return Choice(None, tuple(Candidate(text) for text in answers))
    usable = [(text, label) for text, label in zip(texts, labels, strict=True) if label is not None]
    found = [label for _, label in usable]
    fit = scorer.fit(topic, found, written, rivals) if scorer else Fit()
    if brief:  # few documents hold the words of a name for all
        fit = replace(fit, coverage=0.0)
    scores = score(fit, _wording(usable, written, len(answers), brief))
    best = max(range(len(found)), key=scores.__getitem__)
    left = iter(scores)
    candidates = tuple(
        Candidate(text, None if label is None else next(left))
        for text, label in zip(texts, labels, strict=True)
    )
    return Choice(found[best], candidates)


def _wording(usable: Sequence[tuple[str, str]], written: Sequence[str], answers: int, brief: bool) -> Wording:
    """How labels were said, given the text around each, and the labels in the model's ``answers``."""
    votes = Counter(map(folded, written))
    return Wording(
        votes=np.array([votes[folded(label)] for _, label in usable]),
        answers=answers,
        brief=brief,
        length=np.array([_surplus(label, brief) for _, label in usable]),
        # quotation marks and a full stop are no chatter
        chatter=np.array([len(text.strip()) > len(label) + 4 for text, label in usable]),
    )


def _surplus(label: str, brief: bool) -> int:
    """How many words too long a label is."""
    words = len(label.split())
    return max(0, 2 * (words - 2) if brief else words - 3)


class LabelScorer:
    """What the scores of labels need to know of the topics: embeddings, and some documents of each.

    Args:
        embed: what the topics' documents were embedded with.
        documents: some of each topic's, at least one topic and one document of each.
        topics: the `centres` of these documents, a float32 [d] for each topic; None: they are embedded.
    """

    def __init__(
        self,
        embed: Embed,
        documents: Mapping[int, Sequence[str]],
        topics: Mapping[int, NDArray[np.float32]] | None = None,
    ) -> None:
        self._embed = embed
        self._embedded: dict[str, NDArray[np.float32]] = {}
        self._topics = topics or dict(
            zip(documents, embedded_centres(embed, list(documents.values())), strict=True)
        )
        self._sizes = {topic: len(texts) for topic, texts in documents.items()}
        self._capitals = {topic: CapitalLetters(texts) for topic, texts in documents.items()}
        self._holders: defaultdict[str, set[tuple[int, int]]] = defaultdict(set)
        for topic, texts in documents.items():
            for number, text in enumerate(texts):
                for stem in stems(text[:READ]):
                    self._holders[stem].add((topic, number))

    def read(self, answers: Sequence[str]) -> None:
        """Embed the labels in some answers that will be scored: together is faster than one by one."""
        self._embed_new([label for label in map(clean, answers) if label is not None])

    def fit(
        self, topic: int, labels: Sequence[str], answers: Sequence[str], rivals: Sequence[int] = ()
    ) -> Fit:
        """How well k labels fit ``topic``, and what a model says of it.

        Args:
            topic: the topic's number.
            labels: the k labels.
            answers: the labels that the model wrote, at least one.
            rivals: topics of like names.
        """
        vectors = self.vectors(labels)
        cosine = vectors @ self._topics[topic]
        consensus = vectors @ self.vectors(answers).mean(axis=0)
        nearness = (vectors @ self._others(topic).T > cosine[:, None]).mean(axis=1)
        apart = np.zeros(len(labels), np.float32)
        if rivals:
            apart = np.minimum(self._lead(vectors, topic, rivals), _APART_ENOUGH)
        # a product's last bits depend on the row: a repeated label has the figures of one row
        said = set(map(folded, answers))
        row = {label: number for number, label in enumerate(labels)}
        rows = [row[label] for label in labels]
        return Fit(
            cosine=cosine[rows],
            consensus=consensus[rows],
            coverage=np.array([self.coverage(topic, label) for label in labels]),
            foreign=np.array([folded(label) not in said for label in labels]),
            nearness=nearness[rows],
            apart=apart[rows],
            borrowed=np.array([borrowed(label, self._capitals[topic]) for label in labels]),
        )

    def coverage(self, topic: int, label: str) -> float:
        """The share of the topic's documents that hold all words of the label, less the other topics' share.

        It lies between -1 and 1.
        """
        shares = self._shares(label)
        own = shares.pop(topic, 0.0)
        return own - fsum(shares.values()) / max(1, len(self._sizes) - 1)

    def share(self, topic: int, words: str) -> float:
        """The share of the topic's documents that hold all of some words, but for case and plural."""
        return self._shares(words).get(topic, 0.0)

    def telling(self, documents: Sequence[str], topic: int, rivals: Sequence[int]) -> tuple[str, ...]:
        """Documents of a topic, those first that lie nearest to it beside topics of like names."""
        lead = self._lead(self._embed(documents), topic, rivals) if documents else np.zeros(0)
        return tuple(documents[place] for place in np.argsort(-lead, kind="stable"))

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embeddings of labels, float32 [k, d]; they are kept."""
        self._embed_new(texts)
        return np.stack([self._embedded[text] for text in texts])

    def _lead(self, vectors: NDArray[np.float32], topic: int, rivals: Sequence[int]) -> NDArray[np.float32]:
        """How much nearer k vectors lie to a topic than to the nearest of its rivals: float32 [k]."""
        others = np.stack([self._topics[rival] for rival in rivals])
        lead: NDArray[np.float32] = vectors @ self._topics[topic] - (vectors @ others.T).max(axis=1)
        return lead

    def _shares(self, words: str) -> dict[int, float]:
        """The share of each topic's documents that hold all the words, where it is more than 0."""
        stemmed = stems(words)
        holders = set.intersection(*(self._holders.get(s, set()) for s in stemmed)) if stemmed else set()
        return {
            number: count / self._sizes[number] for number, count in Counter(t for t, _ in holders).items()
        }

    def _others(self, topic: int) -> NDArray[np.float32]:
        """The other topics, float32 [others, d]; a lone topic is its own rival, which never lies nearer."""
        others = [centre for number, centre in self._topics.items() if number != topic]
        return np.stack(others or [self._topics[topic]])

    def _embed_new(self, texts: Sequence[str]) -> None:
        new = [text for text in dict.fromkeys(texts) if text not in self._embedded]
        if new:
            self._embedded.update(zip(new, self._embed(new), strict=True))
