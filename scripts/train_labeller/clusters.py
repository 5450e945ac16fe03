"""Beside stage 1: groups of everyday passages that no person has named, for a chat model to name.

Speeches, textbooks and link lists of the shared data, in their permissive rows, are cut into passages,
embedded and clustered twice: into narrow clusters, of which the passages nearest to the centre are taken, and
into wide ones, of which any. Here they have no labels.
"""

import random
import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd
from data import held_out, sentences, write
from recipe import CLUSTERS, DATA, SEED
from sklearn.cluster import MiniBatchKMeans

from localtopics.embedding import BUILT_IN_MODEL, Embedder, choose_model

SHORTEST, LONGEST = 120, 400
"""Characters of a passage of running text."""
SHORTEST_ITEM = 40
"""Characters of a link list's item."""
PASSAGES = {
    "un_general_debate": 14_000,
    "us_presidential_addresses": 3_000,
    "openstax": 6_000,
    "awesome_items": 5_000,
}
"""How many of each source are clustered."""
NARROW, WIDE = 22, 90
"""Passages of a cluster on average."""
FEWEST, MOST = 8, 14
"""Passages of a group."""
LEAST_ALIKE = {NARROW: 0.55, WIDE: 0.42}
"""Mean cosine of a group's passages to their centre; below it they have little in common."""
TOO_ALIKE = 0.93
"""Cosine of passages of which one is enough."""


def passages(text: str) -> Iterator[str]:
    """Running text in pieces of whole sentences."""
    piece = ""
    for sentence in re.split(r"(?<=[.?!])\s+|\n+", text):
        if len(piece) + len(sentence) > LONGEST:
            if len(piece) >= SHORTEST:
                yield piece
            piece = ""
        if len(sentence) <= LONGEST:
            piece = f"{piece} {sentence}".strip()
    if len(piece) >= SHORTEST:
        yield piece


def items(text: str) -> Iterator[str]:
    """A link list's lines, as far as they describe something in English."""
    for line in text.split("\n")[1:]:
        if SHORTEST_ITEM <= len(line) <= LONGEST and line.isascii() and " - " in line:
            yield line.strip()


def pool(rows: pd.DataFrame, family: str, told: set[str]) -> list[str]:
    """Different passages of a family of sources that share no sentence with held-out documents."""
    cut = items if family == "awesome_items" else passages
    found = dict.fromkeys(piece for text in rows.text for piece in cut(text))
    kept = [piece for piece in found if told.isdisjoint(sentences(piece))]
    return random.Random(SEED).sample(kept, min(PASSAGES[family], len(kept)))


def different(vectors: np.ndarray, order: Iterable[int]) -> list[int]:
    """Of rows in their order those that repeat none before, ``MOST`` at most."""
    kept: list[int] = []
    for row in order:
        if not kept or float((vectors[kept] @ vectors[row]).max()) < TOO_ALIKE:
            kept.append(row)
        if len(kept) == MOST:
            break
    return kept


def clusters(texts: Sequence[str], vectors: np.ndarray, size: int) -> Iterator[list[str]]:
    """Groups of passages that lie together, of about ``size`` each before they are thinned out."""
    model = MiniBatchKMeans(len(texts) // size, random_state=SEED, n_init=3, batch_size=4096)
    assigned = model.fit_predict(vectors)
    chance = np.random.default_rng(SEED)
    for number in range(model.n_clusters):
        inside = np.flatnonzero(assigned == number)
        if len(inside) < FEWEST:
            continue
        centre = vectors[inside].mean(axis=0)
        near = vectors[inside] @ (centre / np.linalg.norm(centre))
        nearest = inside[np.argsort(-near)]
        order = nearest if size == NARROW else chance.permutation(nearest[: 2 * len(nearest) // 3])
        chosen = different(vectors, order)
        alike = float(near[np.isin(inside, chosen)].mean())
        if len(chosen) >= FEWEST and alike >= LEAST_ALIKE[size]:
            kept = chance.permutation(chosen[: chance.integers(FEWEST, MOST + 1)])
            yield [texts[row] for row in kept]


def main() -> None:
    text = pd.read_parquet(DATA / "pretrain.parquet")
    text = text[text.permissive]
    family = text.source.str.partition(":")[0]
    embedder = Embedder(choose_model(BUILT_IN_MODEL))
    told = held_out()
    found: list[dict[str, object]] = []
    for name in PASSAGES:
        pieces = pool(text[family == name], name, told)
        vectors = embedder.embed(pieces)
        for size in (NARROW, WIDE):
            made = list(clusters(pieces, vectors, size))
            found += [{"docs": docs, "source": f"{name}_cluster"} for docs in made]
            print(f"{name}: {len(made):,} groups of {len(pieces):,} passages", flush=True)
    frame = pd.DataFrame(found).sample(frac=1, random_state=SEED)
    write(frame, CLUSTERS)
    print(f"{len(frame):,} groups, {CLUSTERS.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
