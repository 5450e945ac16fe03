"""Clusters, and the clusters that new documents belong to."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from localtopics.topics.clusters import DocumentClusters, find_clusters
from tests.topics.samples import Sample


def test_copies_count_towards_the_size_of_a_cluster() -> None:
    random = np.random.default_rng(0)
    points = np.repeat([[0.0, 0], [50, 0], [0, 50]], [5, 30, 5], axis=0) + random.normal(size=(40, 2))
    copies = np.array([4] * 5 + [1] * 35)
    clusters, strengths = find_clusters(points, 10, 2, copies)
    assert clusters[:5].tolist() == [1] * 5  # 20 documents
    assert (clusters[5:35] == 0).mean() > 0.9
    assert clusters[35:].tolist() == [-1] * 5
    assert np.isfinite(strengths).all()
    assert (strengths[:5] > 0).all()


def test_clusters_are_numbered_by_size() -> None:
    random = np.random.default_rng(0)
    points = np.repeat([[0.0, 0], [50, 0], [0, 50]], [20, 60, 40], axis=0) + random.normal(size=(120, 2))
    clusters, strengths = find_clusters(np.vstack([points, [[500, 500]]]), 10, 5)
    assert np.bincount(clusters + 1).tolist() == [1, 60, 40, 20]
    assert clusters[-1] == -1
    assert strengths[-1] == 0


@pytest.mark.parametrize(
    ("apart", "sizes"),
    [
        pytest.param(5, [30, 29, 28, 27], id="has parts"),
        pytest.param(2, [90, 30], id="is one"),
    ],
)
def test_a_cluster_of_more_than_half_is_taken_apart_if_it_has_parts(apart: float, sizes: list[int]) -> None:
    places = np.repeat([[0, 0], [0, apart], [apart, 0], [30, 0]], 30, axis=0)
    points = places + np.random.default_rng(0).normal(size=(120, 2))
    clusters, _ = find_clusters(points, 10, 2)
    assert np.bincount(clusters + 1)[1:].tolist() == sizes


MANY = """
import numpy as np
from localtopics.topics import clusters
random = np.random.default_rng(0)
points = np.repeat([[0.0, 0], [50, 0], [0, 50]], [30, 120, 50], axis=0) + random.normal(size=(200, 2))
few = clusters.find_clusters(points, 10, 2)
clusters.MANY = 0
many = clusters.find_clusters(points, 10, 2)
assert np.bincount(few[0] + 1).tolist() == np.bincount(many[0] + 1).tolist()
assert few[0].max() > 2, "the largest has parts"
assert (few[0] == many[0]).all()
assert np.abs(few[1] - many[1]).max() < 0.05
assert many[1].dtype == np.float32
"""


def test_many_documents_have_the_clusters_that_few_have() -> None:
    """What is compiled for a minute is run here as plain Python."""
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    subprocess.run([sys.executable, "-c", MANY], check=True, env=environment, timeout=120)


def test_new_documents_go_where_they_would_have_gone(sample: Sample) -> None:
    """Of documents held out of a model, most get the topic that they have when they are in it."""
    topics = sample.found.assignments
    new = np.arange(len(topics)) % 5 == 0
    clusters = DocumentClusters().fit(sample.embeddings[~new], topics[~new].tolist())
    placed, _ = clusters.place(sample.embeddings[new])
    both = (placed >= 0) & (topics[new] >= 0)
    numbers = range(topics.max() + 1)
    centroids = np.array([sample.embeddings[~new & (topics == number)].mean(axis=0) for number in numbers])
    nearest = (sample.embeddings[new] @ centroids.T).argmax(axis=1)
    assert both.mean() > 0.5
    assert (placed == topics[new])[both].mean() > 0.85
    assert (placed == topics[new])[both].mean() >= (nearest == topics[new])[both].mean() - 0.02
