#!/usr/bin/env python3
"""How well levels of topics agree with classes that people gave, and whether their names say so.

For a run whose documents have arXiv's categories as groups (``localtopics run ... --group primary_cat``):
each level's AMI with arXiv's archives beside that of single-level clusters of the same layout, of about as
many topics; the names' fidelity among the topics of their level, their length, and their cosine to the name
of the archive that most of their documents are of, by the run's embedding model and by another
(``--second-opinion all-mpnet-base-v2``), which had no part in choosing the names.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

import numpy as np

from localtopics.embedding import Embedder, choose_model
from localtopics.run.results import read_layouts
from localtopics.run.run import Run
from localtopics.topics.agreement import ami
from localtopics.topics.clusters import find_clusters
from localtopics.topics.topic import OUTLIER

ARCHIVES = {
    "astro-ph": "Astrophysics",
    "cond-mat": "Condensed Matter",
    "cs": "Computer Science",
    "econ": "Economics",
    "eess": "Electrical Engineering and Systems Science",
    "gr-qc": "General Relativity and Quantum Cosmology",
    "hep-ex": "High Energy Physics - Experiment",
    "hep-lat": "High Energy Physics - Lattice",
    "hep-ph": "High Energy Physics - Phenomenology",
    "hep-th": "High Energy Physics - Theory",
    "math": "Mathematics",
    "math-ph": "Mathematical Physics",
    "nlin": "Nonlinear Sciences",
    "nucl-ex": "Nuclear Experiment",
    "nucl-th": "Nuclear Theory",
    "physics": "Physics",
    "q-bio": "Quantitative Biology",
    "q-fin": "Quantitative Finance",
    "quant-ph": "Quantum Physics",
    "stat": "Statistics",
}
"""Of arXiv's category taxonomy."""
SIZES = np.unique(np.geomspace(10, 2000, 60).round().astype(int))


def main() -> None:
    """Print a row for each level."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path)
    parser.add_argument("--second-opinion", metavar="MODEL", help="an embedding model: its name or folder")
    options = parser.parse_args()
    run = Run.open(options.run)
    judges = [run.embedder]
    if options.second_opinion:
        judges.append(Embedder(choose_model(options.second_opinion)))
    documents, labels, hierarchy = run.documents, run.labels, run.hierarchy
    archives = documents["group"].str.split(".").str[0].to_numpy(str)
    finest = documents["topic"].to_numpy(np.int64)
    inside = finest != OUTLIER
    layouts = read_layouts(run.layouts_file, run.passages["text"].tolist(), run.settings.topics.components)
    first = np.unique(run.passages["row"], return_index=True)[1]  # what stands for a document that was split
    flat = {} if layouts is None else _flat(layouts.reduced[first])
    print("level  topics  AMI   AMI of single-level clusters (topics)  fidelity  words  cosine  names")
    for level, topics in enumerate(run.levels):
        named = [topic for topic in topics if topic.topic != OUTLIER]
        shown = [
            number if (number := hierarchy.ancestor(topic, level)) != OUTLIER else topic for topic in finest
        ]
        own = np.array(shown)[inside]
        count = len(set(own.tolist()))
        nearest = min(flat, key=lambda number: (abs(number - count), number), default=0)
        beside = f"{ami(archives[inside], flat[nearest][inside]):.3f} ({nearest})" if flat else "-"
        names = [labels[topic.topic] for topic in named]
        print(
            f"{level:5}  {count:6}  {ami(archives[inside], own):.3f}  {beside:>38}  "
            f"{np.mean([topic.fidelity or 0 for topic in named]):8.3f}  "
            f"{np.mean([len(name.split()) for name in names]):5.1f}  "
            f"{' '.join(f'{_cosine(run, judge, archives, finest, level):.3f}' for judge in judges)}  "
            f"{'; '.join(names[:6])}"
        )


def _flat(reduced: np.ndarray) -> dict[int, np.ndarray]:
    """Number of topics to single-level clusters of a layout, of those with the fewest outliers."""
    found: dict[int, np.ndarray] = {}
    for size in SIZES.tolist():
        clusters = find_clusters(reduced, size, 2)[0]
        count = int(clusters.max()) + 1
        if count not in found or (clusters == OUTLIER).sum() < (found[count] == OUTLIER).sum():
            found[count] = clusters
    return found


def _cosine(run: Run, judge: Embedder, archives: np.ndarray, finest: np.ndarray, level: int) -> float:
    """The mean cosine of a level's names to the names of the archives that most of their documents are of."""
    own = run.hierarchy.of(finest, level) if level else finest
    names, wanted = [], []
    for topic in run.levels[level]:
        if topic.topic != OUTLIER and (own == topic.topic).any():
            names.append(run.labels[topic.topic])
            wanted.append(ARCHIVES.get(Counter(archives[own == topic.topic]).most_common(1)[0][0], ""))
    found, aims = judge.embed(names), judge.embed(wanted)
    return float((found * aims).sum(axis=1).mean())


if __name__ == "__main__":
    main()
