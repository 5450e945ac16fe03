"""Fidelity figures against rank counting and simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from localtopics.labels.fidelity import centres, fidelity


def directions(random: np.random.Generator, count: int, size: int = 8) -> NDArray[np.float32]:
    vectors = random.standard_normal((count, size)).astype(np.float32)
    unit: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def test_a_label_that_is_its_topic_finds_it() -> None:
    topics = directions(np.random.default_rng(0), 30)
    found = fidelity(topics, topics)
    assert found.first == pytest.approx(np.ones(30))
    assert found.reciprocal_rank == pytest.approx(np.ones(30))


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 40), st.integers(0, 10_000))
def test_with_all_others_as_rivals_it_is_the_plain_rank(count: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    labels, topics = directions(random, count), directions(random, count)
    cosines = labels @ topics.T
    ranks = 1 + (cosines > np.diagonal(cosines)[:, None]).sum(axis=1)
    found = fidelity(labels, topics, rivals=99)
    assert found.first == pytest.approx((ranks == 1).astype(float))
    assert found.reciprocal_rank == pytest.approx(1 / ranks)


def test_the_expectation_is_that_of_drawing_rivals() -> None:
    random = np.random.default_rng(1)
    labels, topics = directions(random, 60), directions(random, 60)
    found = fidelity(labels, topics, rivals=10)
    cosines = labels @ topics.T
    for topic in (0, 17, 42):
        others = np.delete(cosines[topic], topic)
        nearer = [
            int((random.choice(others, 10, replace=False) > cosines[topic, topic]).sum()) for _ in range(4000)
        ]
        assert found.first[topic] == pytest.approx(np.mean([n == 0 for n in nearer]), abs=0.03)
        assert found.reciprocal_rank[topic] == pytest.approx(np.mean([1 / (n + 1) for n in nearer]), abs=0.03)


def test_topics_of_the_same_kind_are_no_rivals() -> None:
    topics = np.eye(3, dtype=np.float32)
    labels = topics[[1, 1, 2]]  # the first label lies at the second topic
    assert fidelity(labels, topics).first.tolist() == [0.0, 1.0, 1.0]
    assert fidelity(labels, topics, kinds=["a", "a", "b"]).first.tolist() == [1.0, 1.0, 1.0]
    alone = fidelity(labels, topics, kinds=["a", "a", "a"])
    assert alone.first.tolist() == alone.reciprocal_rank.tolist() == [1.0, 1.0, 1.0]


def test_a_label_without_meaning_is_no_better_than_chance() -> None:
    topics = directions(np.random.default_rng(2), 100)
    found = fidelity(np.zeros_like(topics), topics)
    assert found.first == pytest.approx(np.zeros(100))
    assert found.reciprocal_rank == pytest.approx(np.full(100, 1 / 50))


def test_centres_are_unit_directions_and_zero_without_documents() -> None:
    embeddings = np.array([[1, 0], [0, 1], [0, 1]], dtype=np.float32)
    found = centres(embeddings, [np.array([0, 1]), np.array([1, 2]), np.array([], dtype=int)])
    assert found == pytest.approx(np.array([[0.5**0.5, 0.5**0.5], [0, 1], [0, 0]]))
