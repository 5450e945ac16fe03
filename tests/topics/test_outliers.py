"""Outliers join the topics of their nearest neighbours, the surest first."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from localtopics.topics.neighbors import directions
from localtopics.topics.outliers import join_outliers
from localtopics.topics.topic import OUTLIER


def angles(*degrees: float) -> np.ndarray:
    turned = np.radians(degrees)
    return directions(np.stack([np.cos(turned), np.sin(turned)], axis=1))


NEAR = angles(0, 1, 2, 88, 89, 90, 10, 70, 45)
FOUND = np.array([0, 0, 0, 1, 1, 1, -1, -1, -1])


def test_the_surest_join_first_and_the_nearest_topic() -> None:
    joined = join_outliers(NEAR, FOUND, 2 / 9)
    assert joined.clusters.tolist() == [0, 0, 0, 1, 1, 1, 0, OUTLIER, OUTLIER]
    assert join_outliers(NEAR, FOUND, 1 / 9).clusters.tolist()[6:] == [0, 1, OUTLIER]
    assert OUTLIER not in join_outliers(NEAR, FOUND, 0).clusters


def test_who_may_stay_stays_and_its_pull_is_known() -> None:
    joined = join_outliers(NEAR, FOUND, 1)
    assert joined.clusters.tolist() == FOUND.tolist()
    assert np.isnan(joined.pull[:6]).all()
    assert joined.pull[6] > joined.pull[7] > joined.pull[8] > 0


def test_copies_join_together() -> None:
    vectors, clusters = np.vstack([NEAR, NEAR[7:8], NEAR[7:8]]), np.append(FOUND, [-1, -1])
    joined = join_outliers(vectors, clusters, 3 / 11).clusters
    assert joined.tolist()[6:] == [0, 1, OUTLIER, 1, 1]


@pytest.mark.parametrize("clusters", [np.full(9, OUTLIER), np.zeros(9, np.int64)])
def test_without_topics_or_without_outliers_all_stays(clusters: np.ndarray) -> None:
    joined = join_outliers(NEAR, clusters, 0)
    assert joined.clusters.tolist() == clusters.tolist()
    assert np.isnan(joined.pull).all()


@given(st.integers(0, 2**32 - 1), st.integers(2, 60), st.floats(0, 1))
def test_at_most_the_share_stays_and_no_topic_loses_a_document(seed: int, count: int, share: float) -> None:
    draw = np.random.default_rng(seed)
    vectors = directions(draw.normal(size=(count, 3)))
    clusters = draw.integers(OUTLIER, 3, count)
    clusters[0] = 0
    joined = join_outliers(vectors, clusters, share)
    inside = clusters != OUTLIER
    assert (joined.clusters[inside] == clusters[inside]).all()
    left = joined.clusters == OUTLIER
    assert left.sum() <= share * count
    if left.any() and (gone := ~left & ~inside).any():
        assert joined.pull[gone].min() > joined.pull[left].max()
