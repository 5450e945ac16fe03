#!/usr/bin/env python3
"""How well and how fast nearest neighbours are found, beside the libraries that find them.

    python scripts/bench_neighbors.py embeddings.npy --size 30000 --size 100000

Each way runs in a process of its own: seconds, the share of the 15 nearest (by cosine) of 2,000 documents
that is found, and how much more memory was held at the peak than before. ``pynndescent`` has the parameters
that UMAP gives it; faiss, usearch and evoc are measured where they are installed:

    pip install faiss-cpu usearch evoc
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from localtopics.topics.neighbors import directions, nearest, within_cells

NEIGHBORS = 15
QUERIES = 2000
SEED = 42


def exact(vectors: np.ndarray) -> np.ndarray:
    """Every pair of documents compared."""
    return nearest(vectors, vectors, NEIGHBORS)[0]


def ours(vectors: np.ndarray) -> np.ndarray:
    """What runs past `EXACT_LIMIT` use."""
    return within_cells(vectors, NEIGHBORS, SEED)[0]


def fewer_probes(vectors: np.ndarray) -> np.ndarray:
    """The same with half of the cells."""
    return within_cells(vectors, NEIGHBORS, SEED, probes=12)[0]


def pynndescent(vectors: np.ndarray) -> np.ndarray:
    """NN-descent (Dong et al. 2011)."""
    from pynndescent import NNDescent

    found: np.ndarray = NNDescent(
        vectors,
        metric="cosine",
        n_neighbors=NEIGHBORS,
        n_trees=min(64, 5 + round(len(vectors) ** 0.5 / 20)),
        n_iters=max(5, round(math.log2(len(vectors)))),
        max_candidates=60,
        random_state=SEED,
        compressed=False,
    ).neighbor_graph[0]
    return found


def faiss_ivf(vectors: np.ndarray) -> np.ndarray:
    """An inverted file with cells and probes as ours."""
    import faiss

    quantizer: Any = faiss.IndexFlatIP(vectors.shape[1])
    index = faiss.IndexIVFFlat(
        quantizer, vectors.shape[1], max(1, len(vectors) // 400), faiss.METRIC_INNER_PRODUCT
    )
    index.cp.niter, index.cp.max_points_per_centroid, index.cp.seed = 6, 64, SEED
    index.train(vectors)
    index.add(vectors)
    index.nprobe = 24
    return np.asarray(index.search(vectors, NEIGHBORS)[1])


def faiss_hnsw(vectors: np.ndarray) -> np.ndarray:
    """A navigable small-world graph; built by several threads it differs from run to run."""
    import faiss

    index = faiss.IndexHNSWFlat(vectors.shape[1], 16, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = index.hnsw.efSearch = 48
    index.add(vectors)
    return np.asarray(index.search(vectors, NEIGHBORS)[1])


def usearch(vectors: np.ndarray) -> np.ndarray:
    """The same by another library, in half precision."""
    from usearch.index import Index

    index = Index(
        ndim=vectors.shape[1],
        metric="cos",
        dtype="f16",
        connectivity=16,
        expansion_add=64,
        expansion_search=64,
    )
    index.add(np.arange(len(vectors)), vectors)
    return np.asarray(index.search(vectors, NEIGHBORS).keys)


def evoc(vectors: np.ndarray) -> np.ndarray:
    """NN-descent on quantised vectors."""
    from evoc.knn_graph import knn_graph

    found = knn_graph(vectors, n_neighbors=NEIGHBORS, random_state=np.random.RandomState(SEED))[0]
    return np.asarray(found)


WAYS: dict[str, tuple[str, Callable[[np.ndarray], np.ndarray]]] = {
    "exact": ("numpy", exact),
    "localtopics": ("numpy", ours),
    "localtopics, 12 probes": ("numpy", fewer_probes),
    "pynndescent": ("pynndescent", pynndescent),
    "faiss IVF": ("faiss", faiss_ivf),
    "faiss HNSW": ("faiss", faiss_hnsw),
    "usearch HNSW": ("usearch", usearch),
    "evoc": ("evoc", evoc),
}
"""Name to the package that it needs, and how it finds neighbours."""


def measure(way: str, path: Path, size: int) -> None:
    """Print a row of the table."""
    vectors = directions(np.ascontiguousarray(np.load(path)[:size].astype(np.float32)))
    asked = np.random.default_rng(7).choice(len(vectors), min(QUERIES, len(vectors)), replace=False)
    truth, _ = nearest(vectors[asked], vectors, NEIGHBORS)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.monotonic()
    found = WAYS[way][1](vectors)
    seconds = time.monotonic() - started
    more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    recall = np.mean([np.isin(row, own).mean() for row, own in zip(truth, found[asked], strict=True)])
    print(
        f"{way:24} {len(vectors):>9,} {seconds:8.1f} s   recall {recall:.4f} {more / 1024:8.0f} MB",
        flush=True,
    )


def main() -> None:
    """Measure all ways at all sizes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("embeddings", type=Path, help="a .npy file, [n, d]")
    parser.add_argument("--size", type=int, action="append", help="so many of them [default: all]")
    parser.add_argument("--way", choices=list(WAYS), action="append", help="[default: all]")
    options = parser.parse_args()
    if options.way and len(options.way) == 1 and options.size and len(options.size) == 1:
        measure(options.way[0], options.embeddings, options.size[0])
        return
    for size in options.size or [len(np.load(options.embeddings, mmap_mode="r"))]:
        for way in options.way or WAYS:
            if importlib.util.find_spec(WAYS[way][0]) is None:
                print(f"{way:24} is not installed")
                continue
            arguments = [str(options.embeddings), "--size", str(size), "--way", way]
            subprocess.run([sys.executable, __file__, *arguments], check=True)


if __name__ == "__main__":
    main()
