"""Which documents do given topics get? Precision and recall against the categories of papers.

    python scripts/bench_given.py --corpus FILE.parquet --documents 5000

Eight categories of arXiv are given by their name and a sentence, among papers of all categories. The best
threshold is the one whose F1 is highest by the categories themselves, which nobody knows beforehand.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from localtopics.embedding import Embedder, choose_model
from localtopics.topics import given as given_topics
from localtopics.topics.given import GivenTopic, near_topics, topic_vectors

GIVEN = {
    "cs.CL": GivenTopic(
        "Computation and language",
        "Natural language processing: parsing, translation, dialogue and text generation by computers.",
    ),
    "cs.CR": GivenTopic(
        "Cryptography and security", "Encryption, attacks on computer systems, privacy and authentication."
    ),
    "cs.NI": GivenTopic(
        "Networking and internet architecture",
        "Wireless networks, routing, protocols and traffic of the internet.",
    ),
    "math.GR": GivenTopic(
        "Group theory", "Finite and infinite groups, their subgroups, actions and representations."
    ),
    "physics.flu-dyn": GivenTopic(
        "Fluid dynamics",
        "Flows of liquids and gases: turbulence, waves, instabilities and their simulation.",
    ),
    "physics.plasm-ph": GivenTopic(
        "Plasma physics", "Plasmas in tokamaks, lasers and space: confinement, waves and instabilities."
    ),
    "cond-mat.quant-gas": GivenTopic(
        "Quantum gases", "Ultracold atoms, Bose-Einstein condensates and degenerate Fermi gases."
    ),
    "stat.ME": GivenTopic(
        "Statistical methodology",
        "Methods of statistics: estimation, testing, regression, design of studies.",
    ),
}


def scores(chosen: np.ndarray, own: np.ndarray) -> tuple[float, float, float]:
    """Precision, recall and F1."""
    right = (chosen & own).sum()
    precision, recall = right / max(1, chosen.sum()), right / own.sum()
    return precision, recall, 2 * precision * recall / max(1e-9, precision + recall)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="parquet with abstract and primary_cat")
    parser.add_argument("--documents", type=int, default=5000)
    parser.add_argument("--examples", type=int, default=0, help="papers of each category given as examples")
    parser.add_argument("--embedding-model", default="all-MiniLM-L6-v2")
    parser.add_argument("--rate", type=float, nargs="*", default=[0.0001, 0.001, 0.01, 0.05])
    given = parser.parse_args()

    papers = pd.read_parquet(given.corpus).drop_duplicates("abstract").head(given.documents)
    categories = papers["primary_cat"].to_numpy()
    embedder = Embedder(choose_model(given.embedding_model))
    vectors = embedder.embed(papers["abstract"].tolist())
    topics, counted = [], np.ones(len(papers), bool)
    for name, topic in GIVEN.items():
        own = np.flatnonzero(categories == name)[: given.examples]
        counted[own] = False  # no document counts that was given
        examples = tuple(papers["abstract"].iloc[own])
        topics.append(GivenTopic(topic.name, topic.description, examples))
    directions = topic_vectors(topics, embedder.embed)
    cosines = vectors @ directions.T
    nearest = cosines.argmax(axis=1)
    print(f"{len(papers):,} papers of {len(set(categories))} categories, {given.examples} examples a topic")

    rows_of: dict[str, list[tuple[tuple[float, float, float], float]]] = {}
    for rate in given.rate:
        given_topics.FALSE_DISCOVERIES = rate
        found = near_topics(vectors, directions)
        rows_of[f"false discoveries {rate:g}"] = [
            (scores((found.topics == place)[counted], (categories == name)[counted]), found.thresholds[place])
            for place, name in enumerate(GIVEN)
        ]

    def at(place: int, name: str, least: float) -> tuple[tuple[float, float, float], float]:
        chosen = (nearest == place) & (cosines[:, place] >= least)
        return scores(chosen[counted], (categories == name)[counted]), least

    for least in (0.3, 0.7):
        rows_of[f"{least} for all"] = [at(place, name, least) for place, name in enumerate(GIVEN)]
    rows_of["the best of each"] = [
        max((at(place, name, least) for least in np.linspace(0.1, 0.7, 61)), key=lambda one: one[0][2])
        for place, name in enumerate(GIVEN)
    ]
    for name, rows in rows_of.items():
        mean = np.mean([row for row, _ in rows], axis=0)
        print(f"\n{name:26} precision {mean[0]:.2f}  recall {mean[1]:.2f}  F1 {mean[2]:.2f}")
        for category, ((precision, recall, _), least) in zip(GIVEN, rows, strict=True):
            print(f"  {category:20} from {least:.2f}   {precision:.2f}   {recall:.2f}")


if __name__ == "__main__":
    main()
