"""Which topics of one division are which of another."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from localtopics.topics.matching import (
    LEAST_F1,
    Link,
    best_pairs,
    fates,
    links_by_centres,
    links_by_documents,
    overlaps,
)

PAIRS = st.lists(st.tuples(st.integers(-1, 5), st.integers(-1, 5)), min_size=1, max_size=60)


def linked(first: list[int], second: list[int]) -> dict[tuple[int, int], str]:
    return {
        (link.first, link.second): link.kind for link in links_by_documents(np.array(first), np.array(second))
    }


def test_the_same_topics_match_under_other_numbers() -> None:
    (link,) = links_by_documents(np.array([0] * 8 + [-1]), np.array([3] * 7 + [-1] * 2))
    assert link == Link(0, 3, "match", 7, 14 / 15)


def test_a_part_is_split_off_or_merged() -> None:
    whole, parts = [0] * 10, [0] * 6 + [1] * 4
    assert linked(whole, parts) == {(0, 0): "match", (0, 1): "split"}
    assert linked(parts, whole) == {(0, 0): "match", (1, 0): "merge"}


def test_a_topic_in_many_parts_has_no_match() -> None:
    parts = [number // 2 for number in range(10)]
    assert linked([0] * 10, parts) == {(0, part): "split" for part in range(5)}
    found = fates(links_by_documents(np.zeros(10, int), np.array(parts)), [0], range(5))
    assert found.first == {0: "split"}
    assert set(found.second.values()) == {"split"}


def test_what_outliers_took_has_vanished_and_what_they_gave_is_new() -> None:
    first, second = np.array([0] * 6 + [-1] * 6), np.array([-1] * 6 + [0] * 6)
    assert links_by_documents(first, second) == []
    found = fates([], [0], [0])
    assert (found.first, found.second) == ({0: "vanished"}, {0: "new"})


def test_the_assignment_is_the_best_in_sum_and_not_greedy() -> None:
    scores = {(0, 0): 0.9, (0, 1): 0.8, (1, 0): 0.8}
    assert best_pairs(scores, [0, 1], [0, 1]) == [(0, 1), (1, 0)]
    assert best_pairs({}, [], [0]) == []


@given(PAIRS)
def test_links_hold_together_and_mirror(pairs: list[tuple[int, int]]) -> None:
    first, second = np.array(pairs).T
    links = links_by_documents(first, second)
    shared = overlaps(first, second)
    assert sum(shared.values()) == len(pairs)
    matches = [link for link in links if link.kind == "match"]
    assert len({link.first for link in matches}) == len({link.second for link in matches}) == len(matches)
    for link in links:
        assert -1 not in (link.first, link.second)
        assert link.documents == shared[link.first, link.second] > 0
        assert (link.kind != "match") or link.similarity >= LEAST_F1
    back = links_by_documents(second, first)
    assert sum(link.similarity for link in back if link.kind == "match") == pytest.approx(
        sum(link.similarity for link in matches)
    )
    topics = [sorted(set(side.tolist()) - {-1}) for side in (first, second)]
    found = fates(links, *topics)
    assert sorted(found.first) == topics[0]
    assert sorted(found.second) == topics[1]
    assert sum(fate == "matched" for fate in found.first.values()) == len(matches)


def test_a_centre_without_a_match_belongs_to_the_nearest_if_that_is_near() -> None:
    first = np.eye(4, 8)
    beside = (first[0] + 0.2 * np.eye(8)[5]) / np.sqrt(1.04)
    second = np.stack([first[0], first[1], first[2], beside, np.eye(8)[6]])
    there = links_by_centres(range(4), first, range(5), second)[0]
    kinds = {(link.first, link.second): link.kind for link in there}
    assert kinds == {(0, 0): "match", (1, 1): "match", (2, 2): "match", (0, 3): "split"}
    back = links_by_centres(range(5), second, range(4), first)[0]
    assert {(link.first, link.second) for link in back if link.kind == "merge"} == {(3, 0)}


def test_centres_match_where_they_are_nearer_than_topics_of_one_run() -> None:
    random = np.random.default_rng(0)
    first = random.normal(size=(12, 64))
    second = np.concatenate([first[::-1][:8] + random.normal(0, 0.3, (8, 64)), random.normal(size=(3, 64))])
    unit = [side / np.linalg.norm(side, axis=1, keepdims=True) for side in (first, second)]
    links, least = links_by_centres(range(12), unit[0], range(11), unit[1])
    matches = {(link.first, link.second) for link in links if link.kind == "match"}
    assert matches == {(11 - number, number) for number in range(8)}
    assert 0 < least < 0.6
    assert all(link.similarity >= least for link in links)
    alone, least = links_by_centres([0], unit[0][:1], [5], unit[0][:1])
    assert [(link.first, link.second) for link in alone] == [(0, 5)]
    assert links_by_centres([], unit[0][:0], [5], unit[0][:1])[0] == []
