"""Finds each document's nearest others by their embeddings."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from localtopics.progress import Advance, Progress, silent
from localtopics.topics.settings import require_documents

EXACT_LIMIT = 60_000
"""Up to this many documents the exact neighbours take no longer than the approximate ones."""
_BLOCK_VALUES = 2**26
"""Similarities held at a time while exact neighbours are found: 256 MiB."""


@dataclass(frozen=True)
class NeighborGraph:
    """Each document's nearest documents, itself among them, nearest first."""

    indices: np.ndarray
    """Which documents they are, int32 [n, k]."""
    distances: np.ndarray
    """How far they are, by cosine distance, float32 [n, k], from 0 to 2."""


def neighbor_graph(
    embeddings: np.ndarray, neighbors: int = 15, seed: int = 42, progress: Progress = silent
) -> NeighborGraph:
    """Find each document's nearest ones: exactly up to `EXACT_LIMIT` documents, else by NN-descent.

    Args:
        embeddings: float [n, d]; only their directions count.
        neighbors: how many to find, the document itself among them; at most n - 1 are found.
        seed: starts NN-descent.

    Raises:
        UserError: there are too few documents.
    """
    documents = len(embeddings)
    require_documents(documents)
    neighbors = min(neighbors, documents - 1)  # UMAP refuses as many neighbours as documents
    vectors = directions(embeddings)
    with progress("Finding neighbours", documents) as advance:
        if documents > EXACT_LIMIT:
            indices, distances = _descend(vectors, neighbors, seed)
            advance(documents)
        else:
            indices, similarities = nearest(vectors, vectors, neighbors, advance)
            distances = 1 - similarities
    return NeighborGraph(indices.astype(np.int32), distances.astype(np.float32).clip(0, 2))


def left_over(
    graph: NeighborGraph, embeddings: np.ndarray, kept: np.ndarray, seed: int = 42
) -> NeighborGraph:
    """The graph of some of its documents: those that lost a neighbour get their next nearest instead.

    Args:
        graph: of n documents.
        embeddings: float [n, d], theirs.
        kept: which documents stay, rows int64 [k] in ascending order.
        seed: starts NN-descent, where most of many neighbours have to be found anew.
    """
    columns = graph.indices.shape[1]
    neighbors = min(columns, len(kept) - 1)
    places = np.full(len(embeddings), -1, np.int32)
    places[kept] = np.arange(len(kept))
    indices, distances = places[graph.indices[kept]], graph.distances[kept]
    lost = (indices < 0).any(axis=1) | (neighbors < columns)
    if lost.sum() > EXACT_LIMIT:
        return neighbor_graph(embeddings[kept], neighbors, seed)
    vectors = directions(embeddings)[kept]
    indices, distances = indices[:, :neighbors].copy(), distances[:, :neighbors].copy()
    found, cosines = nearest(vectors[lost], vectors, neighbors)
    indices[lost], distances[lost] = found, (1 - cosines).clip(0, 2)
    return NeighborGraph(indices, distances)


def directions(embeddings: np.ndarray) -> np.ndarray:
    """The embeddings as float32 of unit length; nothing is copied where they are that already."""
    vectors = np.ascontiguousarray(embeddings, dtype=np.float32)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if np.allclose(lengths, 1, atol=1e-4):
        return vectors
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1))


def nearest(
    queries: np.ndarray, vectors: np.ndarray, count: int, advance: Advance = lambda steps: None
) -> tuple[np.ndarray, np.ndarray]:
    """For each query the ``count`` most similar vectors, most similar first, and their cosines.

    Args:
        queries: float32 [m, d] of unit length.
        vectors: float32 [n, d] of unit length.
        count: how many to find, at most n.
        advance: told of every block of queries that is done.

    Returns:
        indices int64 [m, count] and cosines float32 [m, count].
    """
    import torch

    indices = np.empty((len(queries), count), np.int64)
    cosines = np.empty((len(queries), count), np.float32)
    columns = torch.from_numpy(vectors).T
    block = max(1, _BLOCK_VALUES // len(vectors))
    for start in range(0, len(queries), block):
        found = (torch.from_numpy(queries[start : start + block]) @ columns).topk(count)
        indices[start : start + block] = found.indices.numpy()
        cosines[start : start + block] = found.values.numpy()
        advance(len(found.values))
    return indices, cosines


def _descend(vectors: np.ndarray, neighbors: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """NN-descent (Dong et al. 2011) with the parameters that UMAP itself would give it."""
    from pynndescent import NNDescent

    graph: tuple[np.ndarray, np.ndarray] = NNDescent(
        vectors,
        metric="cosine",
        n_neighbors=neighbors,
        n_trees=min(64, 5 + round(len(vectors) ** 0.5 / 20)),
        n_iters=max(5, round(math.log2(len(vectors)))),
        max_candidates=60,
        random_state=seed,
        compressed=False,
    ).neighbor_graph
    return graph
