"""How many subjects of a long document are found, by its passages and by its beginning alone?

    python scripts/bench_long.py --corpus FILE.parquet --documents 2000

Each document is five abstracts of different arXiv categories, one after the other, of which a model for 256
tokens reads about one. A topic's category is the commonest among what the model read of it: the passages in
the topic, or where documents are cut off their first abstracts. A part of a document is found where its
category is that of one of the document's topics. Chance is the same with topics dealt
out anew among passages. What the embeddings know at best is told by a classifier that, unlike topics, was
shown the categories: each abstract, embedded by itself, gets the commonest of its fifteen nearest others'.

``--by archive`` takes arXiv's archives, such as hep-th or math, instead of their categories: the parts of a
document are then of different sciences, and not, say, of cs.LG and stat.ML.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

import localtopics
from localtopics.embedding import Embedder, choose_model
from localtopics.topics.neighbors import directions, nearest
from localtopics.topics.topic import OUTLIER

PARTS = 5
BETWEEN = "\n\n"


def long_documents(
    papers: pd.DataFrame, documents: int, categories: int, seed: int
) -> tuple[list[str], list[list[str]], list[np.ndarray]]:
    """Documents, the categories of their parts, and where each part begins."""
    random = np.random.default_rng(seed)
    chosen = papers["kind"].value_counts().index[:categories]
    stock = {
        name: random.permutation(papers.loc[papers["kind"] == name, "abstract"]).tolist() for name in chosen
    }
    texts, kinds, starts = [], [], []
    for _ in range(documents):
        weights = np.array([len(left) for left in stock.values()], float)
        if (weights > 0).sum() < PARTS:
            break
        names = random.choice(list(stock), PARTS, replace=False, p=weights / weights.sum()).tolist()
        parts = [stock[name].pop() for name in names]
        texts.append(BETWEEN.join(parts))
        kinds.append(names)
        starts.append(np.cumsum([0, *(len(part) + len(BETWEEN) for part in parts[:-1])]))
    return texts, kinds, starts


def part_of(starts: np.ndarray, start: int, end: int) -> int:
    """The part in which most of a passage lies."""
    bounds = np.append(starts, np.inf)
    return int((np.minimum(bounds[1:], end) - np.maximum(bounds[:-1], start)).argmax())


def classified(texts: list[str], kinds: list[list[str]], starts: list[np.ndarray], model: str) -> np.ndarray:
    """How many parts of each document a classifier by nearest neighbours knows, int64 [documents]."""
    parts = [
        text[start:end].strip()
        for text, own in zip(texts, starts, strict=True)
        for start, end in zip(own, [*own[1:], len(text)], strict=True)
    ]
    vectors = directions(Embedder(choose_model(model)).embed(parts))
    rows, _ = nearest(vectors, vectors, 16)
    right = np.array([kind for own in kinds for kind in own])
    guessed = [
        Counter(right[near[near != row]].tolist()).most_common(1)[0][0] for row, near in enumerate(rows)
    ]
    return np.asarray((np.array(guessed) == right).reshape(-1, PARTS).sum(axis=1))


def report(name: str, topics: list[set[int]], of_topic: dict[int, str], kinds: list[list[str]]) -> None:
    named = [{of_topic[topic] for topic in own if topic != OUTLIER} for own in topics]
    found = np.array([sum(kind in own for kind in parts) for own, parts in zip(named, kinds, strict=True)])
    right = [
        of_topic[topic] in parts
        for own, parts in zip(topics, kinds, strict=True)
        for topic in own
        if topic != OUTLIER
    ]
    print(
        f"{name:34} {found.mean():6.2f} {np.median(found):8.0f} {(found >= 4).mean():10.0%}"
        f" {np.mean([len(own - {OUTLIER}) for own in topics]):8.2f} {np.mean(right):10.0%}"
    )


def _summary(topics: np.ndarray) -> str:
    return f"{topics.max() + 1} topics, {(topics == OUTLIER).mean():.0%} outliers"


def commonest(topics: np.ndarray, kinds: list[str]) -> dict[int, str]:
    """Each topic's commonest category."""
    counts: dict[int, Counter[str]] = {}
    for topic, kind in zip(topics.tolist(), kinds, strict=True):
        counts.setdefault(topic, Counter())[kind] += 1
    return {topic: found.most_common(1)[0][0] for topic, found in counts.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="parquet with abstract and primary_cat")
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--by", choices=["category", "archive"], default="category")
    parser.add_argument("--categories", type=int, default=20, help="the commonest, of which papers are taken")
    parser.add_argument("--embedding-model", default="all-MiniLM-L6-v2")
    parser.add_argument("--min-cluster-size", type=int)
    parser.add_argument("--outliers", metavar="SHARE")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()

    papers = pd.read_parquet(given.corpus, columns=["abstract", "primary_cat"])
    archive = papers["primary_cat"].str.partition(".")[0]
    papers["kind"] = archive if given.by == "archive" else papers["primary_cat"]
    texts, kinds, starts = long_documents(papers, given.documents, given.categories, given.seed)
    names = ("embedding_model", "min_cluster_size", "outliers")
    settings = {"model": "none"} | {name: getattr(given, name) for name in names}
    began = time.monotonic()
    run = localtopics.fit(texts, **settings)
    seconds = time.monotonic() - began
    passages = run.passages
    spans = zip(passages["row"], passages["start"], passages["end"], strict=True)
    parts = [kinds[row][part_of(starts[row], start, end)] for row, start, end in spans]
    own = passages["topic"].to_numpy()
    rows = passages["row"].to_numpy()
    by_shares = [{one["topic"] for one in shares} for shares in run.documents["shares"]]
    began = time.monotonic()
    cut = localtopics.fit(texts, long_documents="cut", **settings)
    first = cut.documents["topic"].to_numpy()
    count = len({kind for own in kinds for kind in own})
    print(f"{len(texts):,} documents of {PARTS} abstracts, of {count} kinds")
    print(f"split: {len(passages):,} passages, {_summary(own)}, {seconds:.0f} s")
    print(f"cut off: {_summary(first)}, {time.monotonic() - began:.0f} s")
    print(f"{'found of 5 parts':34}   mean   median  4 or more   topics  precision")
    report("shares, by passages", by_shares, commonest(own, parts), kinds)
    first_kinds = [names[0] for names in kinds]
    report("one topic, by the beginning", [{int(one)} for one in first], commonest(first, first_kinds), kinds)
    dealt = np.random.default_rng(1).permutation(own)
    by_chance = [set(dealt[rows == row].tolist()) for row in range(len(texts))]
    known = classified(texts, kinds, starts, given.embedding_model)
    print(
        f"{'a classifier shown the categories':34} {known.mean():6.2f} {np.median(known):8.0f} "
        f"{(known >= 4).mean():10.0%}"
    )
    report("chance, topics dealt out anew", by_chance, commonest(own, parts), kinds)


if __name__ == "__main__":
    main()
