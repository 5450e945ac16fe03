"""From a model's answers to a topic's label: the best of its candidates, unlike every other topic's."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from localtopics.labels.cleaning import MAX_WORDS, clean, stems
from localtopics.topics.topic import OUTLIER

__all__ = ["MAX_WORDS", "Candidate", "Choice", "Label", "choose", "clean", "distinguish", "keyword_label"]

Scorer = Callable[[Sequence[str]], Sequence[float]]
"""Gives each of several labels a number."""

_AGREEMENT = 0.1
_NEARNESS = 0.5
_LONG = 0.03
_CHATTER = 0.02
_LESS = 0.25
"""How much less than a topic's best label another may score that takes its place, because a topic that it
fits better has the same."""


@dataclass(frozen=True)
class Candidate:
    """One answer of the model for a topic."""

    text: str
    """As the model wrote it."""
    score: float | None = None
    """What `choose` gave the label in it, higher is better; None where there is no usable label in it."""


@dataclass(frozen=True)
class Label:
    """A topic's name and how it came about."""

    topic: int
    text: str
    fallback: bool
    """Whether the text is the topic's keywords, because no usable one came from a model."""
    candidates: tuple[Candidate, ...]
    prompt_sha256: str
    """Of all that decides the model's answer: the prompt's tokens, the model, how candidates are drawn. Empty
    where no model was asked."""
    seconds: float


@dataclass(frozen=True)
class Choice:
    """The best label among candidates, None where none is usable, and what each candidate scored."""

    text: str | None
    candidates: tuple[Candidate, ...]


def choose(
    answers: Sequence[str],
    faithful: Scorer | None = None,
    near: Scorer | None = None,
    others: Sequence[str] = (),
) -> Choice:
    """Take the best label from a model's answers for one topic, and from others that compete with them.

    A score is the label's faithfulness to its topic, minus half of its nearness to other topics, plus a tenth
    of the share of answers that agree on it, minus a little for each word past three and for chatter around
    it. Of equals the earlier wins; so a single usable answer is simply taken.

    Args:
        answers: as the model wrote them, the greedy one first.
        faithful: how well each label fits the topic's documents, about 0 to 1, such as a cosine.
        near: how near each label lies to other topics, 0 to 1.
        others: labels that the model did not write; they have no vote. As candidates they come last.
    """
    texts = [*answers, *others]
    labels = [clean(text) for text in texts]
    votes = Counter(_key(label) for label in labels[: len(answers)] if label is not None)
    usable = [label for label in labels if label is not None]
    fits = list(faithful(usable)) if faithful and usable else [0.0] * len(usable)
    nears = list(near(usable)) if near and usable else [0.0] * len(usable)
    scores = {
        label: fit
        - _NEARNESS * nearness
        + _AGREEMENT * votes[_key(label)] / max(1, len(answers))
        - _LONG * max(0, len(label.split()) - 3)
        for label, fit, nearness in zip(usable, fits, nears, strict=True)
    }
    candidates = tuple(
        Candidate(text, None if label is None else round(scores[label] - _CHATTER * _talks(text, label), 4))
        for text, label in zip(texts, labels, strict=True)
    )
    best = max(
        (index for index, label in enumerate(labels) if label is not None),
        key=lambda index: candidates[index].score or 0.0,
        default=None,
    )
    return Choice(None if best is None else labels[best], candidates)


def keyword_label(keywords: Sequence[str]) -> str:
    """A topic's name without a model: its first three keywords that add something, at most 8 words."""
    chosen: list[str] = []
    for keyword in keywords:
        seen = stems(" ".join(chosen))
        words = " ".join([*chosen, keyword]).split()
        if not stems(keyword) <= seen and len(words) <= MAX_WORDS:
            chosen.append(" ".join(keyword.split()))
        if len(chosen) == 3:
            break
    return ", ".join(chosen) or "Unnamed topic"


def distinguish(labels: Mapping[int, Label], keywords: Mapping[int, Sequence[str]]) -> dict[int, str]:
    """The labels' texts so that no two are the same but for case. The outliers keep their name.

    Of topics with the same label, but for case, order and plural, the one that it fits best keeps it, and the
    others take their best candidate that no topic has, where that scores little less. Labels that are still
    the same get a keyword in brackets: one that the label does not hold yet, and if possible one that no
    namesake has. The result does not depend on the order of ``labels``.
    """
    result = _yielding(labels)
    namesakes: dict[str, list[int]] = defaultdict(list)
    for topic, label in result.items():
        namesakes[_key(label)].append(topic)
    taken = {key for key, topics in namesakes.items() if len(topics) == 1 or OUTLIER in topics}
    for topic in sorted(labels):
        group = namesakes[_key(result[topic])]
        if len(group) > 1 and topic != OUTLIER:
            others = {word for other in group if other != topic for word in keywords.get(other, ())}
            options = _told_apart(topic, result[topic], keywords.get(topic, ()), others)
            result[topic] = next(text for text in options if _key(text) not in taken)
            taken.add(_key(result[topic]))
    return result


def _yielding(labels: Mapping[int, Label]) -> dict[int, str]:
    """The labels' texts, all but the best of namesakes exchanged for another candidate where there is one."""
    best = {
        topic: max((c.score for c in label.candidates if c.score is not None), default=0.0)
        for topic, label in labels.items()
    }
    result = {topic: label.text for topic, label in labels.items()}
    taken: set[frozenset[str]] = set()
    clashing = []
    for topic in sorted(labels, key=lambda topic: (topic != OUTLIER, -best[topic], topic)):
        words = frozenset(stems(labels[topic].text))
        if words in taken:
            clashing.append(topic)
        taken.add(words)
    for topic in clashing:
        scored = [(c.score, c.text) for c in labels[topic].candidates if c.score is not None]
        near = [pair for pair in scored if pair[0] > best[topic] - _LESS]
        for _, answer in sorted(near, key=lambda pair: -pair[0]):
            text = clean(answer)
            if text and (words := frozenset(stems(text))) not in taken:
                result[topic] = text
                taken.add(words)
                break
    return result


def _told_apart(topic: int, label: str, keywords: Sequence[str], others: set[str]) -> Iterator[str]:
    """Ways to tell a topic from its namesakes, best first, each at most 8 words; the last is always free."""
    words = [word for word in keywords if not stems(word) <= stems(label)]
    for word in sorted(words, key=lambda word: word in others):  # stable: the strongest keyword first
        if len(f"{label} {word}".split()) <= MAX_WORDS:
            yield f"{label} ({word})"
    yield keyword_label(keywords)
    if len(label.split()) < MAX_WORDS:
        yield f"{label} ({topic})"
    yield f"Topic {topic}"


def _key(label: str) -> str:
    return " ".join(label.casefold().split())


def _talks(text: str, label: str) -> bool:
    """Whether there was more around the label than quotation marks."""
    return len(text.strip()) > len(label) + 4
