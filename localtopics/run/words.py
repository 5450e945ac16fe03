"""Which topics are nearest to a word in meaning: a small table, so that a page can search without a model."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from localtopics.embedding import Embedder
from localtopics.embedding.model import BUILT_IN_MODEL, cached_folder
from localtopics.errors import UserError
from localtopics.progress import Progress, silent
from localtopics.run.folder import RunFolder
from localtopics.topics.neighbors import directions

MOST_WORDS = 2000
"""Words of the table: keywords of topics first, then the commonest of headlines."""
_NEAREST = 3
"""Topics named for each word."""
_TOO_MANY = 0.1
"""Part of the headlines that hold a word, above which it says nothing."""
_WORD = re.compile(r"[^\W\d_]{3,30}")


def near_topics(
    run: RunFolder,
    headlines: Sequence[str],
    centres: NDArray[np.floating],
    numbers: Sequence[int],
    progress: Progress = silent,
) -> dict[str, list[int]]:
    """The topics nearest to the commonest words of a run, by its embedding model.

    Nearness is the cosine of the word's embedding to a topic's mean embedding, both less the mean of their
    kind: else topics near the middle of all would be near to every word.

    Args:
        run: a run with topics.
        headlines: texts whose words may be searched for.
        centres: [t, d], the topics' mean embeddings.
        numbers: the topics' numbers.
        progress: told of the embedding.

    Returns:
        word in small letters to topic numbers, the nearest first; empty where the run's embedding model is
        not on this machine or must be named to be trusted, or there are fewer than two topics.
    """
    keywords = (word for topic in run.topics for word in (*topic.keywords, *topic.keybert, *topic.mmr))
    words = vocabulary(keywords, headlines)
    embedder = _embedder(run)
    if embedder is None or len(numbers) < 2 or not words:
        return {}
    try:
        vectors = embedder.embed(words, progress)
    except UserError:
        return {}
    if vectors.shape[1] != centres.shape[1]:
        return {}
    cosines = directions(vectors - vectors.mean(axis=0)) @ directions(centres - centres.mean(axis=0)).T
    order = np.argsort(-cosines, axis=1, kind="stable")[:, :_NEAREST]
    return {word: [numbers[row] for row in rows] for word, rows in zip(words, order.tolist(), strict=True)}


def vocabulary(keywords: Iterable[str], headlines: Sequence[str]) -> list[str]:
    """At most `MOST_WORDS` words in small letters: all of keywords, then the commonest of headlines.

    Left out of these are words of one headline, and those of so many that they say nothing.
    """
    first = [word for text in keywords for word in _WORD.findall(text.lower())]
    counts = Counter(word for text in headlines for word in set(_WORD.findall(text.lower())))
    telling = [word for word, count in counts.items() if 1 < count <= _TOO_MANY * len(headlines)]
    common = sorted(telling, key=lambda word: (-counts[word], word))
    return list(dict.fromkeys([*first, *common]))[:MOST_WORDS]


def _embedder(run: RunFolder) -> Embedder | None:
    """What embedded the run, where it is on this machine: a map is not worth a download."""
    name = run.embedding_model or run.record["embedding"]["name"]
    if not run.embeds_documents:
        return None
    try:
        there = "embedder" in run.__dict__ or name == BUILT_IN_MODEL or cached_folder(name) is not None
        return run.embedder if there else None
    except UserError:
        return None
