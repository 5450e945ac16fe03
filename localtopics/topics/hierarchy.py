"""Levels of topics: the finest hold documents, those of each level above hold topics of the levels below."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage

from localtopics.topics.neighbors import directions
from localtopics.topics.topic import OUTLIER

MOST_LEVELS = 5
"""The finest counted."""
_FEWEST = 3
"""Topics of a level."""
_NARROWEST, _WIDEST = 2.5, 6.0
"""How many topics of the level below a topic holds on the average."""
_NUMBERS = 1000
"""Numbers of each level begin with a multiple of this, or of a higher power of ten where topics are more."""


@dataclass(frozen=True)
class Hierarchy:
    """The topics above the finest; without any there is one level."""

    levels: Mapping[int, int] = field(default_factory=dict)
    """The level of each of them, from 1."""
    parents: Mapping[int, int] = field(default_factory=dict)
    """For each topic, the finest too, the one that holds it, of the next level or a higher one; topics at the
    top are not there."""

    @property
    def depth(self) -> int:
        """How many levels there are above the finest."""
        return max(self.levels.values(), default=0)

    def ancestor(self, topic: int, level: int) -> int:
        """The topic of a level that holds ``topic``, or is it; `OUTLIER` where there is none."""
        holder: int | None = topic
        while holder is not None and self.levels.get(holder, 0) < level:
            holder = self.parents.get(holder)
        return holder if holder is not None and self.levels.get(holder, 0) == level else OUTLIER

    def kept(self, topics: Collection[int]) -> Hierarchy:
        """The same for some of the finest topics, less what then holds no two topics."""
        levels, parents = dict(self.levels), dict(self.parents)
        for topic in self.parents.keys() - self.levels.keys() - set(topics):
            del parents[topic]
        for holder in sorted(self.levels, key=lambda number: (self.levels[number], number)):
            held = [topic for topic, parent in parents.items() if parent == holder]
            if len(held) < 2:  # what it holds goes to what holds it
                above = parents.pop(holder, None)
                del levels[holder]
                for topic in held:
                    del parents[topic]
                    if above is not None:
                        parents[topic] = above
        return Hierarchy(levels, parents)

    def of(self, topics: np.ndarray, level: int) -> np.ndarray:
        """The topic of a level for each of n documents, int64 [n], `OUTLIER` for none.

        Args:
            topics: int [n], the finest topics of the documents, `OUTLIER` for none.
        """
        numbers, places = np.unique(topics, return_inverse=True)
        found = [OUTLIER if number == OUTLIER else self.ancestor(int(number), level) for number in numbers]
        return np.array(found, np.int64)[places]


def find_hierarchy(vectors: np.ndarray, topics: np.ndarray, levels: int | None = None) -> Hierarchy:
    """Put topics together that lie near to each other, level upon level.

    Each level is a cut of one tree (Ward 1963, on the directions of the topics): of the numbers of topics
    that it may have, which follow from the level below, the one before the widest gap of the tree. A topic
    that stays alone at a level has no holder there. On 20,000 arXiv papers other trees, of the layout, of
    sizes or of shared neighbours, agree with arXiv's archives as well as this one, within chance.

    Args:
        vectors: float32 [n, d] of unit length, the documents' embeddings.
        topics: int64 [n], their topics from 0, `OUTLIER` for none.
        levels: how many there are at most, from 1 to `MOST_LEVELS`; None: as many as there is use for.
    """
    numbers, sizes = np.unique(topics[topics != OUTLIER], return_counts=True)
    if len(numbers) < _FEWEST * _NARROWEST:
        return Hierarchy()
    tree = _tree(vectors, topics, numbers)
    base = max(_NUMBERS, 10 ** len(str(int(numbers.max()))))
    found: dict[int, int] = {}
    parents: dict[int, int] = {}
    tops = {int(number): int(number) for number in numbers}  # each finest topic's holder so far
    count = len(numbers)
    for level in range(1, levels or MOST_LEVELS):
        if count < _FEWEST * _NARROWEST:
            break
        count = _cut(tree, count)
        groups = fcluster(tree, count, "maxclust")
        held = {group: [int(number) for number in numbers[groups == group]] for group in set(groups.tolist())}
        several = [members for members in held.values() if len({tops[member] for member in members}) > 1]
        several.sort(key=lambda members: (-sizes[np.isin(numbers, members)].sum(), members))
        for place, members in enumerate(several):
            number = base * level + place
            found[number] = level
            parents |= {tops[member]: number for member in members}
            tops |= dict.fromkeys(members, number)
    return Hierarchy(found, parents)


def join_nearest(vectors: np.ndarray, topics: np.ndarray, count: int) -> np.ndarray:
    """Put topics together that lie near to each other until there are so many, the largest first.

    Args:
        vectors: float32 [n, d] of unit length, the documents' embeddings.
        topics: int64 [n], their topics from 0, `OUTLIER` for none.
        count: how many topics are wanted; where there are no more, all stay.

    Returns:
        int64 [n], the topics after that.
    """
    numbers = np.unique(topics[topics != OUTLIER])
    if len(numbers) <= count:
        return topics
    groups = fcluster(_tree(vectors, topics, numbers), count, "maxclust")
    joined = np.full(numbers.max() + 2, OUTLIER)  # its last stands for outliers
    joined[numbers] = groups
    found = joined[topics]
    names, sizes = np.unique(found[found != OUTLIER], return_counts=True)
    ranks = np.full(names.max() + 2, OUTLIER)
    ranks[names[np.argsort(-sizes, kind="stable")]] = np.arange(len(names))
    ranked: np.ndarray = ranks[found]
    return ranked


def topic_centres(vectors: np.ndarray, topics: np.ndarray, numbers: Iterable[int]) -> np.ndarray:
    """The direction of the mean embedding of each topic, float32 [t, d] of unit length.

    Args:
        vectors: [n, d], the documents' embeddings.
        topics: [n], their topics.
        numbers: the t topics that are asked for; each has documents.
    """
    return directions(np.stack([vectors[topics == number].mean(axis=0) for number in numbers]))


def _tree(vectors: np.ndarray, topics: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """How topics join one after the other, as scipy's linkage says it (Ward 1963, on their directions)."""
    tree: np.ndarray = linkage(topic_centres(vectors, topics, numbers), "ward")
    return tree


def _cut(tree: np.ndarray, below: int) -> int:
    """How many topics a level has above one of so many: those before the tree's widest relative gap."""
    least, most = max(_FEWEST, round(below / _WIDEST)), int(below / _NARROWEST)
    heights = tree[::-1, 2]  # the k-th of these leaves k topics
    gaps = {count: heights[count - 2] / max(heights[count - 1], 1e-9) for count in range(least, most + 1)}
    return max(gaps, key=lambda count: gaps[count])
