"""What the page shows: the scene, and what is known of its documents and topics beside their places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Sized
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from localtopics.report.scene import Branch, Scene


@dataclass(frozen=True)
class TopicFacts:
    """What a topic's page says beside its name and size.

    Attributes:
        keywords: its words, the weightiest first; shown beneath its name too.
        keybert: keywords by KeyBERT.
        mmr: keywords by maximal marginal relevance.
        fidelity: how surely its name finds it among the others, 0 to 1; None where nobody measured it.
        nearest: the numbers of the topics most like it, the nearest first.
        change: what is sure of it over time, in words; "" where nothing is.
        note: what somebody noted of it.
    """

    keywords: Sequence[str] = ()
    keybert: Sequence[str] = ()
    mmr: Sequence[str] = ()
    fidelity: float | None = None
    nearest: Sequence[int] = ()
    change: str = ""
    note: str = ""


@dataclass(frozen=True)
class Coded:
    """A column of few different values: bins of time, or groups.

    Attributes:
        labels: the values, in the order in which they are shown.
        of: int [n], each document's value as a place in ``labels``; -1 where it has none.
    """

    labels: Sequence[str]
    of: NDArray[np.integer]


@dataclass(frozen=True)
class PageContent:
    """All that the page shows of n documents; what is left out is not shown.

    Attributes:
        scene: what `compose` arranged; documents without a finite place are left out.
        headlines: n texts, each standing for its document in lists and in the tooltip.
        title: the heading; "Topics" where it is empty.
        order: the rows 0 to n - 1 in the order in which lists show the documents; None keeps theirs.
        topics: topic number to what is known of it.
        ids: n texts that tell the documents from each other; None: their rows.
        times: the bin of time of each document, bins in order of time.
        groups: the group of each document, the largest groups first.
        probability: float [n], how strong each document's membership in its topic is, 0 to 1.
        pull: float [n], how strongly its nearest topic pulls each outlier, 0 to 1; NaN for other documents.
        branches: coarser topics, whose numbers follow those of the finest.
        parents: the branch of each finest topic that has one.
        words: a word in small letters to the numbers of the topics that are nearest to it in meaning.
        all_titles: whether the headlines of all documents go into the page, however large they make it.
    """

    scene: Scene
    headlines: Sequence[str]
    title: str = ""
    order: Sequence[int] | None = None
    topics: Mapping[int, TopicFacts] = field(default_factory=dict)
    ids: Sequence[str] | None = None
    times: Coded | None = None
    groups: Coded | None = None
    probability: NDArray[np.floating] | None = None
    pull: NDArray[np.floating] | None = None
    branches: Sequence[Branch] = ()
    parents: Mapping[int, int] = field(default_factory=dict)
    words: Mapping[str, Sequence[int]] = field(default_factory=dict)
    all_titles: bool = False

    def __post_init__(self) -> None:
        """Refuse what does not fit together.

        Raises:
            ValueError: a column has not a value a document, or a parent is no branch of a level above.
        """
        documents = len(self.scene.points)
        columns: dict[str, Sized | None] = {
            "headlines": self.headlines,
            "ids": self.ids,
            "times": None if self.times is None else self.times.of,
            "groups": None if self.groups is None else self.groups.of,
            "probabilities": self.probability,
            "pulls": self.pull,
        }
        for name, column in columns.items():
            if column is not None and len(column) != documents:
                raise ValueError(f"{documents} documents have {len(column)} {name}")
        levels = {mark.topic: 0 for mark in self.scene.topics}
        levels |= {branch.topic: branch.level for branch in self.branches}
        above = {**self.parents, **{b.topic: b.parent for b in self.branches if b.parent is not None}}
        for topic, parent in above.items():
            if levels.get(parent, 0) <= levels.get(topic, 0):
                raise ValueError(f"topic {topic} lies within {parent}, which is no branch above it")
