"""The same topics by cuML on a GPU as by umap-learn and hdbscan; it runs only where both are there."""

from __future__ import annotations

import io

import numpy as np
import pytest

from localtopics.topics import clusters, gpu, umap
from localtopics.topics.agreement import ami
from localtopics.topics.neighbors import neighbor_graph
from localtopics.topics.settings import LayoutSettings
from tests.topics.vectors import groups

needed = pytest.mark.skipif(not gpu.available(), reason="cuML and a GPU are not here")


def test_without_cuml_the_processor_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "find_spec", lambda name: None)
    gpu.available.cache_clear()
    assert not gpu.available()
    gpu.available.cache_clear()


@needed
def test_a_gpu_finds_the_same_topics(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = groups(*[150] * 20, spread=0.3)
    graph = neighbor_graph(vectors)
    found = []
    for available in (True, False):
        monkeypatch.setattr(gpu, "available", lambda available=available: available)
        places = umap._umap(vectors, graph, LayoutSettings(), 5, io.StringIO())
        assert places.shape == (3000, 5)
        assert np.isfinite(places).all()
        found.append(clusters.find_clusters(places, 20, 2)[0])
    assert ami(*found) > 0.9
