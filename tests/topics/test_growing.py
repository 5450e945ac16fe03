"""A grown corpus: old documents stay, new ones join the like, and what fits nowhere makes a topic."""

from __future__ import annotations

import numpy as np
import pytest

from localtopics.topics.clustering import Clustering
from localtopics.topics.growing import grow, register, renumber
from localtopics.topics.hierarchy import Hierarchy
from localtopics.topics.neighbors import directions
from localtopics.topics.settings import TopicSettings
from localtopics.topics.topic import OUTLIER
from localtopics.topics.umap import Layouts

SETTINGS = TopicSettings(min_cluster_size=20)
DRAW = np.random.default_rng(3)
MIDDLES = 3 * DRAW.standard_normal((4, 24))
"""Of three old topics and of one that comes later."""
OLD = np.repeat([0, 5, 2, OUTLIER], [60, 50, 40, 20])
COUNT = len(OLD)


def documents_of(place: int, count: int) -> np.ndarray:
    return np.asarray(MIDDLES[place] + DRAW.standard_normal((count, 24)))


OLD_VECTORS = directions(
    np.concatenate(
        [documents_of(0, 60), documents_of(1, 50), documents_of(2, 40), 3 * DRAW.standard_normal((20, 24))]
    )
)
OLD_PLACES = Layouts(
    np.ascontiguousarray(OLD_VECTORS[:, :5]), np.ascontiguousarray(OLD_VECTORS[:, :2]), np.arange(COUNT)
)
BEFORE = Clustering(
    OLD, np.ones(COUNT, np.float32), np.arange(COUNT), Hierarchy({1000: 1}, {0: 1000, 5: 1000})
)


def grown(*parts: np.ndarray, taken: tuple[int, ...] = ()) -> tuple[Clustering, Layouts]:
    vectors = np.concatenate([OLD_VECTORS, directions(np.concatenate(parts))])
    texts = [f"text {row} of words {row * 7} and {row * 11}" for row in range(len(vectors))]
    return grow(BEFORE, OLD_PLACES, texts, vectors, SETTINGS, taken=taken)


def test_new_documents_join_their_like_and_old_ones_stay() -> None:
    found, places = grown(documents_of(0, 5), documents_of(1, 5))
    assert (found.topics[:COUNT] == OLD).all()
    assert found.topics[COUNT:].tolist() == [0] * 5 + [5] * 5
    assert (places.map[:COUNT] == OLD_PLACES.map).all()
    own = places.map[COUNT : COUNT + 5]
    assert (own >= OLD_PLACES.map[OLD == 0].min(axis=0)).all()
    assert (own <= OLD_PLACES.map[OLD == 0].max(axis=0)).all()
    assert found.hierarchy == BEFORE.hierarchy


def test_what_fits_nowhere_makes_a_topic_of_its_own() -> None:
    found, places = grown(documents_of(3, 45), documents_of(2, 6))
    assert (found.topics[:150] == OLD[:150]).all()
    new = found.topics[COUNT : COUNT + 45]
    assert (new == 6).mean() > 0.9, "the number follows the highest"
    assert found.topics[COUNT + 45 :].tolist() == [2] * 6
    assert np.isfinite(places.map).all()
    other, _ = grown(documents_of(3, 45), taken=(6, 7, 1000))
    assert 8 in other.topics, "numbers that edits gave are taken"


def test_a_handful_makes_no_topic() -> None:
    found, _ = grown(documents_of(3, 6))
    assert set(found.topics.tolist()) == set(OLD.tolist())


def test_a_copy_has_topic_and_place_of_what_it_copies() -> None:
    vectors = np.concatenate([OLD_VECTORS, OLD_VECTORS[[3, 160]]])
    texts = [f"text {row} of words {row * 7} and {row * 11}" for row in range(COUNT)]
    found, places = grow(BEFORE, OLD_PLACES, [*texts, texts[3], texts[160]], vectors, SETTINGS)
    assert found.originals[COUNT:].tolist() == [3, 160]
    assert found.topics[COUNT:].tolist() == [0, OUTLIER]
    assert (places.map[COUNT:] == OLD_PLACES.map[[3, 160]]).all()


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_new_map_is_turned_onto_the_old_one(mirrored: bool) -> None:
    turn = np.array([[0.6, -0.8], [0.8, 0.6]]) @ np.diag([1, -1 if mirrored else 1])
    moved = (OLD_PLACES.map @ turn * 7 + [100, -3]).astype(np.float32)
    new = Layouts(OLD_PLACES.reduced, np.concatenate([moved, moved[:2]]), np.arange(COUNT + 2))
    found = register(OLD_PLACES, new).map
    assert np.allclose(found[:COUNT], OLD_PLACES.map, atol=1e-4)
    assert np.allclose(found[COUNT:], OLD_PLACES.map[:2], atol=1e-4)


def test_matching_topics_keep_their_numbers_at_every_level() -> None:
    names = {0: 2, 5: 0, 2: 1, OUTLIER: OUTLIER}
    topics = np.append([names[topic] for topic in OLD.tolist()], [3] * 9)
    tree = Hierarchy({1000: 1, 1001: 1}, {2: 1001, 0: 1001, 1: 1000, 3: 1000})
    found = renumber(BEFORE, Clustering(topics, np.ones(len(topics)), np.arange(len(topics)), tree))
    assert (found.topics[:COUNT] == OLD).all()
    assert set(found.topics[COUNT:].tolist()) == {6}
    new = Clustering(topics, np.ones(len(topics)), np.arange(len(topics)), tree)
    assert set(renumber(BEFORE, new, taken=(6, 7)).topics[COUNT:].tolist()) == {8}
    assert found.hierarchy == Hierarchy({1000: 1, 1001: 1}, {0: 1000, 5: 1000, 2: 1001, 6: 1001})
