#!/usr/bin/env python3
"""What many documents' layouts cost, and how good the topics are that are found in them.

    python scripts/bench_layouts.py EMBEDDINGS.npy CORPUS.parquet --seeds 42 43 44

Each way lays the documents out in five dimensions on one processor, and topics are found there. *start* is
UMAP's own ("spectral") or that of principal components ("pca"). A *sample* is laid out and clustered alone,
as a run of so many documents is, and the others get their topics by the vote of their neighbours in it; where
``even`` stands behind, sparse places give it more than their share. Printed: seconds of the
layout (of a sample, of all that is done), adjusted mutual information with the column of classes, of all
documents and of those in topics; topics; outliers; and beside the first way of the same seed its AMI, of all
and of documents in topics both ways, and how many of the first way's topics of under 100 documents are kept,
which means that half of one's documents lie in one topic.
"""

from __future__ import annotations

import argparse
import io
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from localtopics.topics.agreement import ami
from localtopics.topics.clusters import DocumentClusters, find_clusters
from localtopics.topics.neighbors import NeighborGraph, directions, neighbor_graph
from localtopics.topics.settings import LayoutSettings, TopicSettings
from localtopics.topics.topic import OUTLIER
from localtopics.topics.umap import _keep_compiled, _umap, start_places

_WAYS = ("spectral 200", "pca 200", "pca 100", "pca 50", "sample 0.2", "sample 0.5", "sample 0.2 even")
_SMALL = 100
_DIMENSIONS = 5

Found = tuple[float, np.ndarray]
"""Seconds, and each document's topic."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("embeddings", type=Path, help="a .npy file [n, d]")
    parser.add_argument("corpus", type=Path, help="a Parquet file, a row for each")
    parser.add_argument("--classes", default="primary_cat", help="its column of classes")
    parser.add_argument("--seeds", type=int, nargs="+", default=[42])
    parser.add_argument(
        "--min-cluster-size", type=int, help="of all documents; a sample's is its share of it"
    )
    parser.add_argument("--ways", nargs="+", default=_WAYS)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    _keep_compiled()
    vectors = directions(np.load(options.embeddings).astype(np.float32))
    classes = pd.read_parquet(options.corpus, columns=[options.classes])[options.classes].to_numpy(str)
    for seed in options.seeds:
        graph = neighbor_graph(vectors, seed=seed)
        first = None
        for way in options.ways:
            kind, *more = way.split()
            find = _sampled if kind == "sample" else _laid_out
            seconds, topics = find(vectors, graph, seed, kind, more, options.min_cluster_size)
            first = topics if first is None else first
            print(f"{way:16} seed {seed}  {seconds:6.1f} s  {_quality(topics, classes)}", flush=True)
            print(f"{'':24}{_beside(topics, first)}", flush=True)


def _laid_out(
    vectors: np.ndarray, graph: NeighborGraph, seed: int, start: str, more: list[str], size: int | None
) -> Found:
    """All documents laid out, from a start in so many epochs."""
    from umap import UMAP

    begun = time.perf_counter()
    places = "spectral" if start == "spectral" else start_places(vectors, _DIMENSIONS, seed)
    model = UMAP(
        n_neighbors=graph.indices.shape[1],
        n_components=_DIMENSIONS,
        min_dist=0.0,
        metric="cosine",
        init=places,
        n_epochs=int(more[0]),
        random_state=seed,
        n_jobs=1,
        precomputed_knn=(graph.indices, graph.distances),
    )
    reduced = model.fit_transform(vectors)
    seconds = time.perf_counter() - begun
    return seconds, _clusters(reduced, size)


def _sampled(
    vectors: np.ndarray, graph: NeighborGraph, seed: int, kind: str, more: list[str], size: int | None
) -> Found:
    """A share of the documents laid out and clustered, and the others given its topics."""
    begun = time.perf_counter()
    weights = graph.distances[:, -1].astype(np.float64) if more[1:] else np.ones(len(vectors))
    random = np.random.default_rng(seed)
    chosen = random.choice(len(vectors), int(float(more[0]) * len(vectors)), False, weights / weights.sum())
    rows = np.sort(chosen)
    settings = LayoutSettings(seed=seed)
    own = neighbor_graph(vectors[rows], seed=seed)
    reduced = _umap(vectors[rows], own, settings, _DIMENSIONS, io.StringIO())
    topics = np.full(len(vectors), OUTLIER)
    topics[rows] = _clusters(reduced, None if size is None else max(5, round(size * float(more[0]))))
    known = DocumentClusters().fit(vectors[rows], y=topics[rows].tolist())
    rest = np.setdiff1d(np.arange(len(vectors)), rows)
    for part in np.array_split(rest, max(1, len(rest) // 5000)):
        topics[part] = known.place(vectors[part])[0]
    return time.perf_counter() - begun, topics


def _clusters(reduced: np.ndarray, size: int | None) -> np.ndarray:
    """Each document's topic, as a run finds them."""
    settings = TopicSettings(min_cluster_size=size)
    return find_clusters(reduced, *settings.density(len(reduced)))[0]


def _quality(topics: np.ndarray, classes: np.ndarray) -> str:
    inside = topics != OUTLIER
    agreement = f"AMI {ami(classes, topics):.3f}, in topics {ami(classes[inside], topics[inside]):.3f}"
    return f"{agreement}, {topics.max() + 1:4} topics, {1 - inside.mean():.0%} outliers"


def _beside(topics: np.ndarray, first: np.ndarray) -> str:
    both = (topics != OUTLIER) & (first != OUTLIER)
    sizes = np.bincount(first[first != OUTLIER])
    small = np.flatnonzero(sizes < _SMALL)
    kept = [np.bincount(topics[(first == one) & both], minlength=1).max() * 2 >= sizes[one] for one in small]
    share = f"{np.mean(kept):.0%} of {len(small)}" if kept else "none"
    return (
        f"beside the first {ami(first, topics):.3f}, {ami(first[both], topics[both]):.3f}, small kept {share}"
    )


if __name__ == "__main__":
    main()
