"""Levels of topics: near topics are put together, every topic has its place, and nothing is lost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from localtopics.topics.hierarchy import MOST_LEVELS, Hierarchy, find_hierarchy, join_nearest
from localtopics.topics.neighbors import directions
from localtopics.topics.topic import OUTLIER


def world(fields: int, each: int, documents: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Documents of topics that lie about the middles of a few fields; topic t is of field t // each."""
    draw = np.random.default_rng(5)
    middles = 4 * draw.standard_normal((fields, 32))
    topics = np.repeat(middles, each, axis=0) + draw.standard_normal((fields * each, 32))
    vectors = np.repeat(topics, documents, axis=0) + 0.1 * draw.standard_normal(
        (fields * each * documents, 32)
    )
    return directions(vectors), np.repeat(np.arange(fields * each), documents)


def test_fields_hold_their_topics() -> None:
    vectors, topics = world(fields=5, each=4)
    found = find_hierarchy(vectors, topics)
    holders = [found.ancestor(topic, 1) for topic in range(20)]
    assert sorted(set(holders)) == [1000, 1001, 1002, 1003, 1004]
    assert all(holders[topic] == holders[topic // 4 * 4] for topic in range(20))
    assert (found.of(np.append(topics, OUTLIER), 1) == [holders[topic] for topic in topics] + [OUTLIER]).all()


@pytest.mark.parametrize("count", range(8))
def test_few_topics_have_one_level(count: int) -> None:
    vectors, topics = world(fields=max(1, count), each=1)
    topics = topics if count else np.full(len(topics), OUTLIER)
    assert find_hierarchy(vectors, topics) == Hierarchy()


@pytest.mark.parametrize("levels", [1, 2, 3, 5, None])
def test_no_more_levels_than_asked_for(levels: int | None) -> None:
    found = find_hierarchy(*world(fields=40, each=8, documents=3), levels)
    assert found.depth == (3 if levels is None else min(levels, 4) - 1)


@settings(max_examples=40, deadline=None)
@given(count=some.integers(8, 80), seed=some.integers(0, 99), gap=some.integers(1, 30))
def test_a_hierarchy_is_a_tree_of_all_topics(count: int, seed: int, gap: int) -> None:
    draw = np.random.default_rng(seed)
    numbers = gap * np.arange(count)  # numbers of topics may have gaps
    topics = np.append(np.repeat(numbers, draw.integers(1, 5, count)), OUTLIER)
    vectors = directions(draw.standard_normal((len(topics), 8)))
    found = find_hierarchy(vectors, topics)
    assert set(found.parents) <= set(numbers) | set(found.levels)
    assert set(found.parents.values()) == set(found.levels)
    assert 1 <= found.depth < MOST_LEVELS
    for topic, holder in found.parents.items():
        assert found.levels[holder] > found.levels.get(topic, 0)
    for holder in found.levels:
        assert holder > numbers.max()
        assert sum(parent == holder for parent in found.parents.values()) > 1
    for level in range(1, found.depth + 1):
        sizes = np.unique(found.of(topics, level), return_counts=True)
        inside = {number: size for number, size in zip(*sizes, strict=True) if number != OUTLIER}
        assert list(inside.values()) == sorted(inside.values(), reverse=True), "the largest comes first"


def test_the_nearest_topics_are_joined() -> None:
    vectors, topics = world(fields=5, each=4)
    joined = join_nearest(vectors, topics, 5)
    assert [len(set(joined[topics // 4 == field])) for field in range(5)] == [1] * 5
    assert sorted(set(joined)) == [0, 1, 2, 3, 4]
    assert join_nearest(vectors, topics, 20) is topics


def test_joined_topics_are_numbered_by_size_and_outliers_stay() -> None:
    vectors, topics = world(fields=3, each=2)
    topics[:70] = OUTLIER  # all of topics 0 to 2 and half of 3: the second field is small, the first is gone
    joined = join_nearest(vectors, topics, 2)
    assert (joined[:70] == OUTLIER).all()
    assert (joined[topics == 3] == 1).all()
    assert (joined[topics >= 4] == 0).all()
