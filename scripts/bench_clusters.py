#!/usr/bin/env python3
"""Clusters of a run's layout by hdbscan on one processor and by fast_hdbscan on all.

    python scripts/bench_clusters.py RUN.topics
    python scripts/bench_clusters.py RUN.topics --times 3   # its places thrice over, a little apart

Seconds of both, the compiled code of the second ready, the first seconds with compiling apart; how many
clusters and outliers there are, and how far both agree (adjusted mutual information, outliers counted).
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from sklearn.metrics import adjusted_mutual_info_score

from localtopics.topics import clusters
from localtopics.topics.settings import TopicSettings


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path)
    parser.add_argument("--times", type=int, default=1, help="how often each place is taken")
    options = parser.parse_args()
    places = _places(options.run, options.times)
    size, samples = TopicSettings().density(len(places))
    few = places[:: max(1, len(places) // 5000)]
    found, seconds = {}, {}
    for name, least, documents in (
        ("compiling", 0, few),
        ("fast_hdbscan", 0, places),
        ("hdbscan", len(places) + 1, places),
    ):
        clusters.MANY = least
        begun = time.monotonic()
        labels, _ = clusters.find_clusters(documents, min(size, len(documents) // 20), samples)
        seconds[name], found[name] = time.monotonic() - begun, labels
        kinds = f"{labels.max() + 1:5} clusters {(labels < 0).mean():5.1%} outliers"
        print(f"{name:14}{len(documents):10,} documents {seconds[name]:8.1f} s {kinds}", flush=True)
    agreement = adjusted_mutual_info_score(found["hdbscan"], found["fast_hdbscan"])
    print(f"AMI {agreement:.3f}, {seconds['fast_hdbscan'] / seconds['hdbscan']:.2f} of the seconds")


def _places(run: Path, times: int) -> np.ndarray:
    """The places in which a run's documents were clustered, so many times, float32."""
    with np.load(run / "stages" / "layouts.npz") as layouts:
        places = layouts["reduced"][np.unique(layouts["originals"])]
    random = np.random.default_rng(0)
    more = [places + random.normal(scale=0.02, size=places.shape) for _ in range(times - 1)]
    return np.concatenate([places, *more]).astype(np.float32)


if __name__ == "__main__":
    main()
