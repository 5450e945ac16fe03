"""How good are the labels of a run, on documents that no model was shown, and how good are its topics?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from localtopics.corpus.columns import ColumnRequest
from localtopics.corpus.readers import read_columns
from localtopics.errors import UserError
from localtopics.labels.distinct import keyword_label
from localtopics.labels.fidelity import fidelity
from localtopics.progress import Progress, silent
from localtopics.run.figures import TopicFigures, seed_stability, topic_figures
from localtopics.run.folder import RunFolder
from localtopics.run.gold import GoldFigures, gold_figures
from localtopics.run.held_out import HeldOutTopics, named_topics
from localtopics.topics.agreement import Stability


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
    figures: TopicFigures
    """The topics, whatever they are called."""
    gold: GoldFigures | None = None
    """Against classes of documents; None where none were given."""
    stability: Stability | None = None
    """Against other seeds; None where none were asked for."""


def evaluate(
    run: RunFolder,
    headings: Mapping[int, str] | None = None,
    progress: Progress = silent,
    *,
    gold: Mapping[str, str] | None = None,
    seeds: int = 0,
) -> Evaluation:
    """Measure the labels and the topics of a run.

    Args:
        run: a labelled run.
        headings: names that people gave to some or all of its topics. Topics of the same heading are no
            rivals.
        progress: told of the embedding, the measuring and the other seeds.
        gold: document id to the class that people gave to it; some documents may have none.
        seeds: with how many other seeds topics are found again, to see how far they agree.

    Raises:
        UserError: the run has no labels yet or fewer than two topics, a heading is of no topic, or no
            document has a class.
    """
    topics, labels, headings = named_topics(run), run.labels, headings or {}
    if len(topics) < 2:
        raise UserError(f"{run.folder} has fewer than two topics: there is nothing to tell apart.")
    numbers = [topic.topic for topic in topics]
    strange = sorted(set(headings) - set(numbers))
    if strange:
        raise UserError(
            f"A heading is given for topic {strange[0]}; the topics are {numbers[0]} to {numbers[-1]}."
        )
    classes = None if gold is None else gold_figures(run, gold)  # a mistake in them shows now
    held_out = HeldOutTopics(run, topics, progress)
    ours = [labels[number] for number in numbers]
    ways = {"labels": ours, "top 3 keywords": [keyword_label(topic.keywords) for topic in topics]}
    if len(headings) == len(topics):
        ways["human headings"] = [headings[number] for number in numbers]
    kinds = [headings.get(number, f"topic {number}").casefold() for number in numbers]
    placed = {place: headings[number] for place, number in enumerate(numbers) if number in headings}
    ranks, nearest = held_out.reciprocal_ranks(ours), held_out.cosines(ours).argmax(axis=1)
    doubts = [
        Doubt(number, rank, numbers[other])
        for number, rank, other in zip(numbers, ranks, nearest, strict=True)
        if numbers[other] != number
    ]
    return Evaluation(
        len(topics),
        len(headings),
        {name: _score(held_out, texts, kinds, placed) for name, texts in ways.items()},
        sorted(doubts, key=lambda doubt: doubt.fidelity),
        figures=topic_figures(run, progress),
        gold=classes,
        stability=seed_stability(run, seeds, progress) if seeds else None,
    )


def read_headings(path: Path) -> dict[int, str]:
    """Topic number to heading, from a table with the columns topic and heading; empty headings are left out.

    Raises:
        UserError: the file cannot be read, or a topic is no number.
    """
    table = read_columns(ColumnRequest(str(path), {"ids": "topic", "documents": "heading"}))
    headings: dict[int, str] = {}
    for topic, heading in zip(table["ids"], table["documents"], strict=True):
        if not isinstance(heading, str) or not heading.strip():
            continue
        try:
            headings[int(str(topic))] = heading.strip()
        except ValueError:
            raise UserError(f"{path} has a heading for {topic!r}, which is no topic's number.") from None
    return headings


def _score(
    held_out: HeldOutTopics, labels: Sequence[str], kinds: Sequence[str] | None, headings: Mapping[int, str]
) -> Score:
    """Figures of labels, one a topic; ``headings`` are those of some topics by their place."""
    vectors = held_out.vectors(labels)
    found = fidelity(vectors, held_out.directions, kinds)
    score = Score(first=float(found.first.mean()), reciprocal_rank=float(found.reciprocal_rank.mean()))
    if not headings:
        return score
    places = list(headings)
    cosine = (vectors[places] * held_out.vectors(list(headings.values()))).sum(axis=1).mean()
    same = [labels[place].casefold() == heading.casefold() for place, heading in headings.items()]
    return replace(score, cosine=float(cosine), exact=sum(same) / len(same))
