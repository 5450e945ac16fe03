"""UMAP and HDBSCAN on a GPU, by cuML, where it and a GPU are there (``pip install 'localtopics[gpu]'``)."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec

import numpy as np

from localtopics.topics.neighbors import NeighborGraph
from localtopics.topics.settings import LayoutSettings


@lru_cache(maxsize=1)
def available() -> bool:
    """Whether cuML is installed and PyTorch finds a GPU of its kind."""
    if find_spec("cuml") is None:
        return False
    import torch

    return torch.cuda.is_available()


def lay_out(
    vectors: np.ndarray, graph: NeighborGraph, settings: LayoutSettings, dimension: int, epochs: int
) -> np.ndarray:
    """The layout that UMAP makes of a neighbour graph, float32 [n, dimension].

    Args:
        vectors: float32 [n, d], of which only the number counts.
        graph: of n documents.
        settings: UMAP's parameters.
        dimension: of the layout.
        epochs: how many.
    """
    from cuml.manifold import UMAP

    model = UMAP(
        n_neighbors=graph.indices.shape[1],
        n_components=dimension,
        min_dist=settings.min_dist,
        metric="cosine",
        n_epochs=epochs,
        random_state=settings.seed,
        precomputed_knn=(graph.indices, graph.distances),
        output_type="numpy",
    )
    return np.asarray(model.fit_transform(np.ascontiguousarray(vectors, np.float32)), np.float32)


def cluster(
    reduced: np.ndarray, min_cluster_size: int, min_samples: int, max_cluster_size: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """HDBSCAN's clusters int64 [n], -1 for outliers, and strengths float32 [n] of places float32 [n, d]."""
    from cuml.cluster import HDBSCAN

    found = HDBSCAN(
        min_cluster_size=min_cluster_size,
        min_samples=min_samples,
        max_cluster_size=max_cluster_size,
        metric="euclidean",
        cluster_selection_method="eom",
        output_type="numpy",
    ).fit(reduced)
    return np.asarray(found.labels_, np.int64), np.asarray(found.probabilities_, np.float32)
