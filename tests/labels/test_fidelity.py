"""Fidelity figures against rank counting and simulation; the judge on made-up embeddings."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localtopics.labels.fidelity import centres, fidelity
from localtopics.labels.scoring import LabelScorer
from localtopics.labels.selection import choose


def directions(random: np.random.Generator, count: int, size: int = 8) -> np.ndarray:
    vectors = random.standard_normal((count, size)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


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


WORDS = {"cats": [1.0, 0.0, 0.0], "dogs": [0.6, 0.8, 0.0], "birds": [0.0, 1.0, 0.0], "pets": [0.8, 0.6, 0.0]}


def embed(texts: list[str]) -> np.ndarray:
    return np.array([WORDS[text.lower()] for text in texts], dtype=np.float32)


TEXTS = {0: ["A cat sat.", "Cats purr; dogs bark."], 1: ["The birds sing."], 2: ["Fish", "Fish and birds"]}


def judge(texts: dict[int, list[str]] = TEXTS) -> LabelScorer:
    axes = np.eye(3, dtype=np.float32)
    return LabelScorer(embed, texts, dict(zip(texts, axes, strict=False)))


def test_the_faithful_label_wins() -> None:
    answers = ["Birds", "Dogs", "Cats"]
    assert choose(answers).text == "Birds"
    chosen = choose(answers, judge().faithful(0, answers), judge().near(0))
    assert chosen.text == "Cats"
    assert choose(answers, judge().faithful(1, answers), judge().near(1)).text == "Birds"


def test_near_is_the_share_of_other_topics_that_lie_nearer() -> None:
    assert judge().near(0)(["Cats", "Dogs", "Birds"]) == [0.0, 0.5, 0.5]
    alone = judge({7: ["Birds"]})
    assert alone.near(7)(["Birds"]) == [0.0]


def test_consensus_coverage_and_authorship_count() -> None:
    score = judge().faithful(0, ["Cats", "Pets"])
    cats, pets = score(["Cats", "Pets"])
    assert cats == pytest.approx(1.0 + 0.1 * 0.9 + 0.3)
    assert pets == pytest.approx(0.8 + 0.1 * 0.9)
    (foreign,) = judge().faithful(0, ["Pets"])(["Cats"])
    assert foreign == pytest.approx(1.0 + 0.1 * 0.8 + 0.3 - 0.12)


def test_coverage_is_what_the_documents_hold_more_often_than_other_topics() -> None:
    found = judge()
    assert found.coverage(0, "Cats") == 1
    assert found.coverage(0, "Dog") == found.coverage(0, "Dogs, cats") == 0.5
    assert found.coverage(1, "birds") == 1 - 0.5 / 2
    assert found.coverage(0, "Birds") == -(1 + 0.5) / 2
    assert found.coverage(2, "Whales") == found.coverage(2, "") == 0
    assert judge({7: ["Birds"]}).coverage(7, "Birds") == 1


def test_centres_come_from_the_documents_where_they_are_not_given() -> None:
    found = LabelScorer(embed, {3: ["Cats", "Birds"], 5: ["Dogs"]})
    assert found.near(5)(["Dogs", "Pets"]) == [0.0, 1.0]


def test_nothing_is_embedded_twice() -> None:
    asked: list[str] = []

    def counting(texts: list[str]) -> np.ndarray:
        asked.extend(texts)
        return embed(texts)

    axes = np.eye(3, dtype=np.float32)
    counted = LabelScorer(counting, {0: ["Cats"], 1: ["Birds"]}, {0: axes[0], 1: axes[1]})
    choose(["Cats", "Dogs", "Cats"], counted.faithful(0, ["Cats", "Dogs"]), counted.near(0))
    assert sorted(asked) == ["Cats", "Dogs"]
    counted.read(['"Birds".', "Label: Dogs", ""])
    assert asked[2:] == ["Birds"]
    counted.near(1)(["Birds", "Dogs"])
    assert len(asked) == 3
