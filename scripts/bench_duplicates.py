"""At which cosine and resemblance is a document a near-duplicate? Measured on papers and edits of them.

    python scripts/bench_duplicates.py --corpus FILE.parquet --documents 5000

Prints how many pairs of different papers, neighbours of each other, pass each threshold, and how many edited
copies of papers do.
"""

from __future__ import annotations

import argparse
import random
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from localtopics.embedding import Embedder, choose_model
from localtopics.topics.duplicates import resemblance, sketch
from localtopics.topics.neighbors import neighbor_graph

COSINES = (0.8, 0.85, 0.9, 0.95, 0.98)
RESEMBLANCES = (0.0, 0.2, 0.3, 0.4, 0.5)
HEADER = "The following text was sent by our office on Monday to all members of the mailing list. "


def sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.!?])\s+", text)


def words_changed(text: str, share: float, random: random.Random) -> str:
    words = text.split()
    return " ".join(random.choice(words) if random.random() < share else word for word in words)


EDITS: dict[str, Callable[[str, random.Random], str]] = {
    "other case, no punctuation": lambda text, _: re.sub(r"[^\w\s]", "", text).lower(),
    "other numbers": lambda text, random: re.sub(r"\d", lambda _: str(random.randint(0, 9)), text),
    "a line put before": lambda text, _: HEADER + text,
    "last sentence left out": lambda text, _: " ".join(sentences(text)[:-1]) or text,
    "5 % of the words changed": lambda text, random: words_changed(text, 0.05, random),
    "10 % of the words changed": lambda text, random: words_changed(text, 0.1, random),
    "20 % of the words changed": lambda text, random: words_changed(text, 0.2, random),
    "first half alone": lambda text, _: " ".join(text.split()[: len(text.split()) // 2]),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="parquet with a column abstract")
    parser.add_argument("--documents", type=int, default=5000)
    parser.add_argument("--edited", type=int, default=300, help="documents that are edited in each way")
    parser.add_argument("--embedding-model", default="all-MiniLM-L6-v2")
    given = parser.parse_args()

    texts = pd.read_parquet(given.corpus)["abstract"].drop_duplicates().head(given.documents).tolist()
    embedder = Embedder(choose_model(given.embedding_model))
    vectors = embedder.embed(texts)
    graph = neighbor_graph(vectors, 15)
    near = {
        tuple(sorted((row, int(other)))): 1 - float(distance)
        for row in range(len(texts))
        for other, distance in zip(graph.indices[row], graph.distances[row], strict=True)
        if other != row and distance <= 1 - COSINES[0]
    }
    sketches = {row: sketch(texts[row]) for pair in near for row in pair}
    measured = [
        (cosine, resemblance(sketches[one], sketches[other]), one, other)
        for (one, other), cosine in near.items()
    ]
    print(f"{len(texts):,} papers; pairs of neighbours that reach a cosine (down), a resemblance (across):")
    print("        " + "".join(f"{least:>8}" for least in RESEMBLANCES))
    for least in COSINES:
        counts = [
            sum(cosine >= least and alike >= resembling for cosine, alike, *_ in measured)
            for resembling in RESEMBLANCES
        ]
        print(f"{least:>8}" + "".join(f"{count:>8,}" for count in counts))
    print("\nThe most alike of different papers, by resemblance:")
    for cosine, alike, one, other in sorted(measured, key=lambda pair: -pair[1])[:12]:
        print(f"  {cosine:.3f} {alike:.2f}  {texts[one][:90]!r}\n              {texts[other][:90]!r}")

    chosen = random.Random(0)
    rows = chosen.sample(range(len(texts)), given.edited)
    print("\nEdited copies: quantiles (5, 50 %) of cosine and resemblance, and the share that reaches both")
    print(f"{'':30}  cosine       resemblance " + "".join(f"{f'{c}/{r}':>10}" for c, r in _BOTH))
    for name, edit in EDITS.items():
        copies = [edit(texts[row], chosen) for row in rows]
        cosines = (embedder.embed(copies) * vectors[rows]).sum(axis=1)
        pairs = zip(rows, copies, strict=True)
        resembling = np.array([resemblance(sketch(texts[row]), sketch(copy)) for row, copy in pairs])
        low, middle = np.quantile(cosines, [0.05, 0.5]), np.quantile(resembling, [0.05, 0.5])
        shares = [((cosines >= c) & (resembling >= r)).mean() for c, r in _BOTH]
        print(
            f"{name:30}  {low[0]:.2f} {low[1]:.2f}    {middle[0]:.2f} {middle[1]:.2f}    "
            + "".join(f"{share:>10.2f}" for share in shares)
        )


_BOTH = ((0.85, 0.3), (0.85, 0.4), (0.9, 0.4), (0.9, 0.5), (0.95, 0.5))

if __name__ == "__main__":
    main()
