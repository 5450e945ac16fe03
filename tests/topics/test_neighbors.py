"""Neighbour graphs, on generated vectors."""

from __future__ import annotations

import numpy as np
import pytest

from localtopics.topics import neighbors as neighbors_module
from localtopics.topics.neighbors import (
    directions,
    elected,
    left_over,
    nearest,
    nearest_of_many,
    neighbor_graph,
    within_cells,
)
from tests.topics.vectors import groups


def test_exact_neighbours_are_the_nearest_whatever_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = groups(150, 90, 60, spread=0.3)
    whole = neighbor_graph(vectors, 15)
    cosines = vectors @ vectors.T
    assert np.allclose(whole.distances, 1 - np.sort(cosines, axis=1)[:, ::-1][:, :15], atol=1e-5)
    assert np.allclose(np.take_along_axis(cosines, whole.indices, 1), 1 - whole.distances, atol=1e-5)
    assert (whole.indices[:, 0] == np.arange(300)).all()
    assert [whole.indices.dtype, whole.distances.dtype] == [np.dtype(np.int32), np.dtype(np.float32)]
    monkeypatch.setattr(neighbors_module, "_BLOCK_VALUES", 7 * 300)
    blocks = neighbor_graph(vectors, 15)
    assert (blocks.indices == whole.indices).mean() > 0.999


def test_only_directions_count() -> None:
    vectors = groups(60, spread=0.3)
    longer = vectors * np.random.default_rng(1).uniform(0.1, 9, size=(60, 1))
    assert (neighbor_graph(longer, 10).indices == neighbor_graph(vectors, 10).indices).all()
    assert directions(vectors) is vectors


def test_approximate_neighbours_beyond_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = groups(*[100] * 12, spread=0.3)
    exact = neighbor_graph(vectors, 15)
    monkeypatch.setattr(neighbors_module, "EXACT_LIMIT", 1000)
    monkeypatch.setattr(neighbors_module, "_CELL", 20)
    monkeypatch.setattr(neighbors_module, "_ROWS", 100)
    graph = neighbor_graph(vectors, 15)
    found = [len(np.intersect1d(*rows)) / 15 for rows in zip(graph.indices, exact.indices, strict=True)]
    assert np.mean(found) > 0.9
    assert (graph.indices[:, 0] == np.arange(1200)).all()
    assert (np.diff(graph.distances) >= 0).all(), "nearest first"
    cosines = vectors @ vectors.T
    assert np.allclose(np.take_along_axis(cosines, graph.indices, 1), 1 - graph.distances, atol=1e-5)
    assert [graph.indices.dtype, graph.distances.dtype] == [np.dtype(np.int32), np.dtype(np.float32)]
    assert (graph.indices == neighbor_graph(vectors, 15).indices).all()  # the seed decides


def test_more_probes_find_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbors_module, "_CELL", 20)
    vectors = directions(np.random.default_rng(0).normal(size=(1000, 24)))  # no groups: the hardest case
    exact, _ = nearest(vectors, vectors, 10)
    recalls = []
    for probes in (1, 4, 16, 50):
        told: list[int] = []
        found, _ = within_cells(vectors, 10, 0, told.append, probes)
        assert sum(told) == 1000
        assert all(len(set(row)) == 10 for row in found.tolist())
        recalls.append(np.mean([len(np.intersect1d(*rows)) / 10 for rows in zip(found, exact, strict=True)]))
    assert recalls == sorted(recalls)
    assert recalls[0] < 0.7
    assert recalls[-1] == 1


def test_cells_too_small_for_all_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbors_module, "_CELL", 4)
    vectors = groups(100, 60, 3, spread=0.5)
    found, cosines = within_cells(vectors, 15, 0, probes=2)
    assert (found >= 0).all()
    assert np.isfinite(cosines).all()
    assert all(len(set(row)) == 15 for row in found.tolist())


@pytest.mark.parametrize("left", [250, 12])
def test_what_is_left_over_of_a_graph_is_the_graph_of_what_is_left(left: int) -> None:
    vectors = groups(150, 90, 60, spread=0.3)
    kept = np.sort(np.random.default_rng(0).choice(300, left, replace=False))
    graph = left_over(neighbor_graph(vectors, 15), vectors, kept)
    fresh = neighbor_graph(vectors[kept], 15)
    assert (graph.indices == fresh.indices).mean() > 0.999
    assert np.allclose(graph.distances, fresh.distances, atol=1e-5)
    assert [graph.indices.dtype, graph.distances.dtype] == [np.dtype(np.int32), np.dtype(np.float32)]


def test_nearest_finds_the_vectors_most_like_a_query() -> None:
    vectors, queries = groups(80, spread=0.5), groups(7, spread=0.5, seed=1)
    told: list[int] = []
    rows, cosines = nearest(queries, vectors, 5, told.append)
    assert (rows == np.argsort(-(queries @ vectors.T), axis=1)[:, :5]).all()
    assert (np.diff(cosines, axis=1) <= 0).all()
    assert sum(told) == 7


def test_other_queries_find_their_nearest_within_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbors_module, "_CELL", 20)
    monkeypatch.setattr(neighbors_module, "EXACT_LIMIT", 50)
    vectors, queries = groups(*[40] * 30, spread=0.3), groups(*[4] * 30, spread=0.3, seed=1)
    rows, cosines = nearest_of_many(queries, vectors, 5)
    exact, _ = nearest(queries, vectors, 5)
    assert (
        np.mean([len(np.intersect1d(*pair)) / 5 for pair in zip(rows, exact, strict=True)]) > 0.8
    )  # they lie between groups
    assert np.allclose(np.take_along_axis(queries @ vectors.T, rows, 1), cosines, atol=1e-5)


def test_what_is_left_over_of_many_is_found_within_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbors_module, "_CELL", 20)
    monkeypatch.setattr(neighbors_module, "EXACT_LIMIT", 100)
    vectors = groups(*[40] * 20, spread=0.3)
    kept = np.sort(np.random.default_rng(0).choice(800, 500, replace=False))
    graph = left_over(neighbor_graph(vectors, 15), vectors, kept)
    exact, _ = nearest(vectors[kept], vectors[kept], 15)
    found = [len(np.intersect1d(*rows)) / 15 for rows in zip(graph.indices, exact, strict=True)]
    assert np.mean(found) > 0.9


def test_the_greatest_weight_is_elected_and_of_equals_the_least_choice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(neighbors_module, "_ROWS", 7)
    random = np.random.default_rng(0)
    choices, weights = random.integers(0, 6, (100, 15)), random.random((100, 15), np.float32)
    votes = np.zeros((100, 6))
    np.add.at(votes, (np.arange(100)[:, None], choices), weights)
    won, weight = elected(choices, weights)
    assert (won == votes.argmax(axis=1)).all()
    assert np.allclose(weight, votes.max(axis=1))
    assert elected(np.array([[4, 2, 4, 2]]), np.ones((1, 4)))[0].tolist() == [2]
