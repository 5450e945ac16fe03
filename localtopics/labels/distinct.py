"""Names that tell topics apart: of their keywords, and no name given twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from itertools import chain

from localtopics.labels.cleaning import MAX_WORDS, clean, folded, stems
from localtopics.labels.label import Label
from localtopics.labels.settings import LabelCase
from localtopics.labels.style import in_style
from localtopics.topics.topic import OUTLIER, Topic

_LESS = 0.25
"""How much less than a topic's best label another may score that takes its place, because a topic that it
fits better has the same."""


def keyword_label(keywords: Sequence[str], brief: bool = False) -> str:
    """A topic's name without a model: its first three (or two) keywords that add some, at most 8 words."""
    chosen: list[str] = []
    for keyword in keywords:
        seen = stems(" ".join(chosen))
        words = " ".join([*chosen, keyword]).split()
        if not stems(keyword) <= seen and len(words) <= MAX_WORDS:
            chosen.append(" ".join(keyword.split()))
        if len(chosen) == (2 if brief else 3):
            break
    return ", ".join(chosen) or "Unnamed topic"


def distinguish(
    labels: Mapping[int, Label],
    keywords: Mapping[int, Sequence[str]],
    fixed: Set[int] = frozenset({OUTLIER}),
    held: Mapping[int, Sequence[str]] | None = None,
) -> dict[int, str]:
    """The labels' texts so that no two are the same but for case.

    Of topics with the same label, but for case, order and plural, the one that it fits best keeps it, and the
    others take their best candidate that no topic has, where that scores little less. A label that is still
    that of a topic within is followed by the name of the next topic within. Labels that are still
    the same get a keyword in brackets: one that the label does not hold yet, and if possible one that no
    namesake has. The result does not depend on the order of ``labels``.

    Args:
        labels: each topic's label.
        keywords: each topic's keywords, best first; a topic may be missing.
        fixed: the topics that keep their names.
        held: the names of the topics that a topic holds, none of which becomes its own, the most important
            first.
    """
    held = held or {}
    result = _without_namesakes(labels, fixed, held)
    namesakes: dict[str, list[int]] = defaultdict(list)
    for topic, label in result.items():
        namesakes[folded(label)].append(topic)
    taken = {name for name, topics in namesakes.items() if len(topics) == 1 or fixed & {*topics}}
    for topic in sorted(labels):
        group = namesakes[folded(result[topic])]
        holds_namesake = folded(result[topic]) in map(folded, held.get(topic, ()))
        if topic not in fixed and (len(group) > 1 or holds_namesake):
            others = {word for other in group if other != topic for word in keywords.get(other, ())}
            joined = _with_another(result[topic], held.get(topic, ())) if holds_namesake else ()
            options = chain(joined, _told_apart(topic, result[topic], keywords.get(topic, ()), others))
            unfree = taken | set(map(folded, held.get(topic, ())))
            result[topic] = next(text for text in options if folded(text) not in unfree)
            taken.add(folded(result[topic]))
    return result


def final_names(
    topics: Sequence[Topic],
    labels: Mapping[int, Label],
    case: LabelCase,
    held: Mapping[int, Sequence[str]] | None = None,
    fixed: Collection[int] = (),
) -> dict[int, str]:
    """What each topic of a level is called in the end: its label in one style, told apart from the others'.

    ``held`` is as for `distinguish`; the topics in ``fixed`` have names that somebody gave, and keep them.
    """
    styled = {
        topic.topic: labels[topic.topic]
        if topic.topic in fixed
        else in_style(labels[topic.topic], topic.representative, case)
        for topic in topics
    }
    return distinguish(styled, {topic.topic: topic.keywords for topic in topics}, {OUTLIER, *fixed}, held)


def _without_namesakes(
    labels: Mapping[int, Label], fixed: Set[int], held: Mapping[int, Sequence[str]]
) -> dict[int, str]:
    """The labels' texts, all but the best of namesakes exchanged for another candidate where there is one.

    So is one that a topic shares with a topic that it holds.
    """
    below = {topic: {frozenset(stems(name)) for name in names} for topic, names in held.items()}
    best = {
        topic: max((c.score for c in label.again or label.candidates if c.score is not None), default=0.0)
        for topic, label in labels.items()
    }
    result = {topic: label.text for topic, label in labels.items()}
    taken: set[frozenset[str]] = set()
    clashing = []
    for topic in sorted(labels, key=lambda topic: (topic not in fixed, -best[topic], topic)):
        words = frozenset(stems(labels[topic].text))
        if (words in taken or words in below.get(topic, ())) and topic not in fixed:
            clashing.append(topic)
        taken.add(words)
    for topic in clashing:
        for text in _next_best(labels[topic], best[topic] - _LESS):
            words = frozenset(stems(text))
            if words not in taken and words not in below.get(topic, ()):
                result[topic] = text
                taken.add(words)
                break
    return result


def _next_best(label: Label, least: float) -> Iterator[str]:
    """The labels in a topic's candidates that score more than ``least``, best first."""
    candidates = label.again or label.candidates
    scored = [(c.score, c.text) for c in candidates if c.score is not None and c.score > least]
    for _, answer in sorted(scored, key=lambda pair: -pair[0]):
        if text := clean(answer):
            yield text


def _with_another(label: str, held: Sequence[str]) -> Iterator[str]:
    """The label with the name of another topic within, at most 8 words."""
    own = stems(label)
    for name in held:
        other = stems(name)
        if not (other <= own or own <= other) and len(f"{label} {name}".split()) <= MAX_WORDS:
            yield f"{label}, {name}"


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
