"""Beside stage 1: a chat model names the clusters that nobody has named, and its names teach.

Kept are names that find their own cluster among all others, hold no comma, and are no proper noun of a few of
its passages.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from prompts import Background
from recipe import CLUSTERS, added

from localtopics.embedding import BUILT_IN_MODEL, Embedder, choose_model
from localtopics.labels.fidelity import embedded_centres, fidelity
from localtopics.labels.namer import Namer
from localtopics.labels.proper import CapitalLetters, borrowed
from localtopics.labels.scoring import LabelScorer
from localtopics.labels.settings import LabelSettings
from localtopics.labels.style import in_style
from localtopics.topics.topic import Topic

LEAST = 0.5
"""The fidelity (accuracy at 1) of a name that is kept."""
NEAR = 0.38
"""Its cosine to its cluster, at least."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("model", type=Path, help="a chat model, such as scripts/test_models.py fetches")
    model = parser.parse_args().model
    clusters = pd.read_parquet(CLUSTERS)
    groups, background = [list(documents) for documents in clusters.docs], Background.of(clusters)
    topics = [
        Topic(number, len(documents), tuple(background.keywords(documents)[:10]), (), (), tuple(documents))
        for number, documents in enumerate(groups)
    ]
    embed = Embedder(choose_model(BUILT_IN_MODEL)).embed
    centres = embedded_centres(embed, groups)
    scorer = LabelScorer(embed, dict(enumerate(groups)), dict(enumerate(centres)))
    with Namer(model, LabelSettings(candidates=8)) as namer:
        labels = {label.topic: label for label in namer.label(topics, scorer=scorer)}
    names = [in_style(labels[number], documents, "title").text for number, documents in enumerate(groups)]
    vectors = embed(names)
    sure = fidelity(vectors, centres).first >= LEAST
    near = (vectors * centres).sum(axis=1) >= NEAR
    own = [borrowed(name, CapitalLetters(docs)) < 0.5 for name, docs in zip(names, groups, strict=True)]
    plain = [not labels[number].fallback and "," not in name for number, name in enumerate(names)]
    kept = np.flatnonzero(sure & near & own & plain)
    rows = [{"label": names[number], "docs": groups[number], "source": "taught"} for number in kept]
    pd.DataFrame(rows).to_parquet(added("taught")[1], index=False, compression="zstd")
    print(f"{len(kept):,} of {len(groups):,} clusters have a name that finds them")


if __name__ == "__main__":
    main()
