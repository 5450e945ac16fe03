"""Finds each document's nearest others by their embeddings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from localtopics.progress import Advance, Progress, silent
from localtopics.topics.settings import require_documents

if TYPE_CHECKING:
    from torch import Tensor

EXACT_LIMIT = 60_000
"""Up to this many documents the exact neighbours take no longer than the approximate ones."""
_BLOCK_VALUES = 2**26
"""Similarities held at a time while exact neighbours are found: 256 MiB."""
_CELL, _PROBES = 400, 24
"""Documents of a cell on average, and cells that each is compared with."""
_SAMPLE, _ROUNDS = 64, 6
"""Documents for each cell from which centres are found, and how often these are moved."""
_ROWS = 2**13
"""Documents compared at a time."""


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
    """Find each document's nearest ones: exactly up to `EXACT_LIMIT` documents, else by `within_cells`.

    Args:
        embeddings: float [n, d]; only their directions count.
        neighbors: how many to find, the document itself among them; at most n - 1 are found.
        seed: see `within_cells`.

    Raises:
        UserError: there are too few documents.
    """
    documents = len(embeddings)
    require_documents(documents)
    neighbors = min(neighbors, documents - 1)  # UMAP refuses as many neighbours as documents
    vectors = directions(embeddings)
    with progress("Finding neighbours", documents) as advance:
        if documents > EXACT_LIMIT:
            indices, similarities = within_cells(vectors, neighbors, seed, advance)
        else:
            indices, similarities = nearest(vectors, vectors, neighbors, advance)
    return NeighborGraph(indices.astype(np.int32), (1 - similarities).astype(np.float32).clip(0, 2))


def left_over(
    graph: NeighborGraph, embeddings: np.ndarray, kept: np.ndarray, seed: int = 42
) -> NeighborGraph:
    """The graph of some of its documents: those that lost a neighbour get their next nearest instead.

    Args:
        graph: of n documents.
        embeddings: float [n, d], theirs.
        kept: which documents stay, rows int64 [k] in ascending order.
        seed: see `within_cells`, where the neighbours of many have to be found anew.
    """
    columns = graph.indices.shape[1]
    neighbors = min(columns, len(kept) - 1)
    places = np.full(len(embeddings), -1, np.int32)
    places[kept] = np.arange(len(kept))
    indices, distances = places[graph.indices[kept]], graph.distances[kept]
    lost = (indices < 0).any(axis=1) | (neighbors < columns)
    vectors = directions(embeddings)[kept]
    indices, distances = indices[:, :neighbors].copy(), distances[:, :neighbors].copy()
    found, cosines = nearest_of_many(vectors[lost], vectors, neighbors, seed)
    indices[lost], distances[lost] = found, (1 - cosines).clip(0, 2)
    return NeighborGraph(indices, distances)


def directions(embeddings: np.ndarray) -> np.ndarray:
    """The embeddings as float32 of unit length; nothing is copied where they are that already."""
    vectors = np.ascontiguousarray(embeddings, dtype=np.float32)
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]  # without a second copy
    if np.allclose(lengths, 1, atol=1e-4):
        return vectors
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1))


def in_half_precision(vectors: np.ndarray) -> np.ndarray:
    """The directions of float32 [n, d] when each number is one that float16 can hold, as models keep them."""
    for start in range(0, len(vectors), _ROWS):  # in its place: many take gigabytes
        rows = vectors[start : start + _ROWS]
        rows[:] = rows.astype(np.float16)
    return directions(vectors)


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


def nearest_of_many(
    queries: np.ndarray, vectors: np.ndarray, count: int, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """As `nearest`, but where comparing all with all would take long nearly always so, by `within_cells`."""
    if len(queries) * len(vectors) <= EXACT_LIMIT**2:
        return nearest(queries, vectors, count)
    return within_cells(vectors, count, seed, queries=queries)


def elected(choices: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What each row votes for: the choice of the greatest weight in all, of several the least one.

    Args:
        choices: int [n, k], what each of k voters chooses; 0 or more.
        weights: float [n, k], how much each vote weighs, 0 or more.

    Returns:
        the choices int64 [n] and their weights float64 [n].
    """
    won, weight = np.empty(len(choices), np.int64), np.empty(len(choices))
    for start in range(0, len(choices), _ROWS):  # no votes by choices: both may be many
        own, votes = choices[start : start + _ROWS], weights[start : start + _ROWS].astype(np.float64)
        sums = ((own[:, :, None] == own[:, None, :]) * votes[:, None, :]).sum(axis=2)
        most = sums.max(axis=1, keepdims=True)
        best = np.where(sums >= most * (1 - 1e-12), own, np.iinfo(np.int64).max)
        won[start : start + _ROWS], weight[start : start + _ROWS] = best.min(axis=1), most[:, 0]
    return won, weight


def within_cells(
    vectors: np.ndarray,
    count: int,
    seed: int,
    advance: Advance = lambda steps: None,
    probes: int = _PROBES,
    queries: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """For each query nearly always the ``count`` most similar vectors, and their cosines.

    Vectors are divided into cells about centres, and each is compared with those of the cells whose centres
    are nearest to it: an inverted file (Jégou et al. 2011), gone through cell by cell, so that a cell is
    compared with all that ask for it in one matrix product. Time grows as n, but for finding the cells.

    Args:
        vectors: float32 [n, d] of unit length.
        count: how many to find, at most n.
        seed: chooses where the search for centres begins.
        advance: told of vectors, n in all.
        probes: how many cells each is compared with.
        queries: float32 [m, d] of unit length; None: the vectors, each of which finds itself first.

    Returns:
        indices int64 [m, count] and cosines float32 [m, count], as `nearest`.
    """
    import torch

    every = torch.from_numpy(vectors)
    asking = every if queries is None else torch.from_numpy(queries)
    centres = _centres(every, max(1, len(vectors) // _CELL), seed)
    probes = min(probes, len(centres))
    asked = torch.cat([(part @ centres.T).topk(probes).indices for part in _parts(asking)])
    homes = asked[:, 0] if queries is None else _homes(every, centres)
    members, ends = _grouped(homes, len(centres))
    askers, asker_ends = _grouped(asked.reshape(-1), len(centres))
    cosines = torch.full((len(asking), count), -torch.inf)
    indices = torch.full((len(asking), count), -1)
    for cell in range(len(centres)):
        own = members[ends[cell] : ends[cell + 1]]
        inside = every[own].T
        for rows in _parts(askers[asker_ends[cell] : asker_ends[cell + 1]] // probes):
            found = (asking[rows] @ inside).topk(min(count, len(own)))
            candidates = torch.cat([cosines[rows], found.values], dim=1)
            best = candidates.topk(count)
            both = torch.cat([indices[rows], own[found.indices]], dim=1)
            cosines[rows], indices[rows] = best.values, both.gather(1, best.indices)
        advance(len(own))
    lost = (indices < 0).any(dim=1).numpy()  # their cells hold too few
    found_indices, found_cosines = indices.numpy(), cosines.numpy()
    if lost.any():
        found_indices[lost], found_cosines[lost] = nearest(asking.numpy()[lost], vectors, count)
    return found_indices, found_cosines


def _centres(vectors: Tensor, cells: int, seed: int) -> Tensor:
    """Directions about which vectors gather: spherical k-means (Dhillon and Modha 2001) on some of them.

    Args:
        vectors: float32 [n, d] of unit length.
        cells: how many directions.
        seed: chooses the vectors.
    """
    import torch

    random = np.random.default_rng(seed)
    chosen = random.choice(len(vectors), min(len(vectors), _SAMPLE * cells), replace=False)
    sample = vectors[torch.from_numpy(np.sort(chosen))]
    centres = sample[torch.from_numpy(random.choice(len(sample), cells, replace=False))]
    for _ in range(_ROUNDS):
        nearest_of = _homes(sample, centres)
        sums = torch.zeros_like(centres).index_add_(0, nearest_of, sample)
        filled = torch.bincount(nearest_of, minlength=cells) > 0
        centres = torch.where(filled[:, None], torch.nn.functional.normalize(sums), centres)
    return centres


def _homes(vectors: Tensor, centres: Tensor) -> Tensor:
    """The nearest centre of each vector, int64 [n]."""
    import torch

    return torch.cat([(part @ centres.T).argmax(dim=1) for part in _parts(vectors)])


def _grouped(cells: Tensor, count: int) -> tuple[Tensor, list[int]]:
    """The places of each cell's entries, cell by cell, and where each cell begins; int64 [n]."""
    import torch

    order = torch.argsort(cells, stable=True)
    ends = torch.cumsum(torch.bincount(cells, minlength=count), 0)
    return order, [0, *ends.tolist()]


def _parts(rows: Tensor) -> Iterator[Tensor]:
    return (rows[start : start + _ROWS] for start in range(0, len(rows), _ROWS))
