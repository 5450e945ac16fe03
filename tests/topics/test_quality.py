"""How good topics are by their words and by how their documents lie."""

import numpy as np
import pytest

from localtopics.topics import quality
from localtopics.topics.quality import coherence, dbcv, diversity, silhouette
from localtopics.topics.settings import TopicSettings

PLAIN = TopicSettings(stop_words="none")


def test_diversity_is_the_share_of_unlike_words() -> None:
    assert diversity([["bus", "tram"], ["hen", "egg"]]) == 1.0
    assert diversity([["bus", "tram"], ["bus", "egg"]]) == 0.75


def of(documents: list[str], keywords: list[list[str]]) -> float | None:
    return coherence(documents, np.zeros(len(documents), np.int64), keywords, PLAIN)


def test_coherence_knows_its_ends() -> None:
    documents = ["bus tram", "bus tram", "hen egg", "hen hay"]
    assert of(documents, [["bus", "tram"]]) == pytest.approx(1.0)
    assert of(documents, [["bus", "hen"]]) == -1.0
    assert of(["bus tram", "bus", "tram", "neither"], [["bus", "tram"]]) == pytest.approx(0.0)
    assert of(["bus tram"] * 3, [["bus", "tram"]]) == 1.0  # in every document: no logarithm to divide by
    assert of(documents, [["bus"], ["tram"]]) is None


def test_coherence_is_a_mean_over_topics_of_means_over_pairs() -> None:
    documents = ["bus tram", "bus tram rail", "hen egg", "hen hay"]
    p = np.log(0.25 / (0.5 * 0.25)) / -np.log(0.25)  # rail with either of the others
    first = (1 + 2 * p) / 3
    found = of(documents, [["bus", "tram", "rail"], ["bus", "hen"]])
    assert found == pytest.approx((first - 1) / 2)


def test_words_of_several_words_are_counted_as_the_topics_count_them() -> None:
    documents = ["the state of the art", "state of art", "a heart of stone"]
    settings = TopicSettings(ngrams=2)
    found = coherence(documents, np.array([0, 0, 1]), [["state art", "state"]], settings)
    assert found == pytest.approx(1.0)


def blobs(spread: float) -> tuple[np.ndarray, np.ndarray]:
    topics = np.repeat([0, 1, 2, -1], [40, 40, 40, 10])
    centres = np.array([[0, 0], [10, 0], [0, 10], [5, 5]], float)
    places = centres[topics] + np.random.default_rng(0).normal(0, spread, (len(topics), 2))
    return places.astype(np.float32), topics


@pytest.mark.parametrize("figure", [silhouette, dbcv])
def test_topics_that_lie_apart_are_better(figure: object, monkeypatch: pytest.MonkeyPatch) -> None:
    assert callable(figure)
    apart, close = figure(*blobs(0.3)), figure(*blobs(4))
    assert 1 >= apart > 0.6 > 0.3 > close >= -1
    places, topics = blobs(0.3)
    same = np.repeat(places, 3, axis=0), np.repeat(topics, 3)  # copies share a place, and count once
    assert figure(*same) == pytest.approx(apart)
    assert figure(places, np.where(topics == 0, 0, -1)) is None
    assert figure(places[:2], np.array([0, 1])) is None
    assert figure(np.zeros_like(places), topics) is None
    monkeypatch.setattr(quality, "SAMPLE", 60)
    sampled = figure(places, topics)
    assert sampled == figure(places, topics)
    assert sampled == pytest.approx(apart, abs=0.2)
