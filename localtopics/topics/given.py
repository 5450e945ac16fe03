"""Topics that somebody gives: their names, and which documents are near enough to have them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from localtopics.corpus.columns import OTHER, ColumnRequest
from localtopics.corpus.readers import read_columns
from localtopics.embedding.embedder import Embed
from localtopics.errors import UserError
from localtopics.topics.neighbors import directions
from localtopics.topics.topic import OUTLIER

FALSE_DISCOVERIES = 0.001
"""The share of a topic's documents that may be near it by chance. So few, since documents of like topics are
nearer than chance has them; scripts/bench_given.py measures what it gives."""
_LOW = 0.1587
"""The quantile that lies one standard deviation below the median of a normal distribution."""


@dataclass(frozen=True)
class GivenTopic:
    """A topic that documents near it get."""

    name: str
    description: str = ""
    """What it is about, in a sentence."""
    examples: tuple[str, ...] = ()
    """Texts that are about it."""

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> GivenTopic:
        """The topic that ``fields`` describe, as a file or a record holds them.

        Raises:
            ValueError: there is no name, another field, or one of the wrong type.
        """
        if strange := fields.keys() - {"name", "description", "examples"}:
            raise ValueError(f"a topic has a name, a description and examples, and no {min(strange)!r}")
        name, description = (fields.get(field) or "" for field in ("name", "description"))
        examples = fields.get("examples")
        examples = [examples] if isinstance(examples, str) else list(examples or ())
        if not isinstance(name, str) or not name.strip():
            raise ValueError("a topic has no name")
        if not all(isinstance(text, str) for text in (description, *examples)):
            raise ValueError(f"the description or an example of {name!r} is no text")
        return cls(" ".join(name.split()), description.strip(), tuple(filter(None, map(str.strip, examples))))


@dataclass(frozen=True)
class NearTopics:
    """Which of k given topics n documents are near."""

    topics: np.ndarray
    """The place of each document's topic among those given, int64 [n]; `OUTLIER` where it is near none."""
    strengths: np.ndarray
    """Its cosine to the topic as a share of the highest that a document has, float32 [n]; 0 where none."""
    thresholds: np.ndarray
    """The cosine from which a document is near each topic, float64 [k]; above 1 where none is."""


def read_given_topics(path: Path) -> list[GivenTopic]:
    """The topics in a file.

    It is TOML with a table ``[[topic]]`` for each, or a table with the columns name and, if wanted,
    description and examples (in jsonl a list).

    Raises:
        UserError: the file cannot be read, holds no topics or one without a name, or a name twice.
    """
    try:
        found = [GivenTopic.of(fields) for fields in _fields(path)]
    except ValueError as error:
        raise UserError(f"{path} holds no topics that can be given: {error}.") from None
    names = [topic.name.casefold() for topic in found]
    if twice := next((topic.name for topic in found if names.count(topic.name.casefold()) > 1), None):
        raise UserError(f"{path} gives the topic {twice!r} twice: give each a name of its own.")
    if not found:
        raise UserError(f"{path} gives no topics.")
    return found


def _fields(path: Path) -> list[Mapping[str, Any]]:
    """What the file says of each topic.

    Raises:
        ValueError: it is no TOML of topics.
        UserError: the file cannot be read.
    """
    import tomllib

    if path.suffix.lower() != ".toml":
        table = read_columns(ColumnRequest(str(path), {"documents": "name"}, others=True))
        names = table.pop("documents")
        columns = {"name": names} | {name.removeprefix(OTHER): values for name, values in table.items()}
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        return [{name: value for name, value in row.items() if name in _COLUMNS} for row in rows]
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UserError(f"Cannot read the file of topics {path}: {error.strerror}.") from None
    topics = content.get("topic")
    if content.keys() != {"topic"} or not isinstance(topics, list) or not all(map(_is_table, topics)):
        raise ValueError("it must have a table [[topic]] for each, and nothing else")
    return topics


_COLUMNS = ("name", "description", "examples")


def _is_table(value: object) -> bool:
    return isinstance(value, dict)


def topic_vectors(topics: Sequence[GivenTopic], embed: Embed) -> np.ndarray:
    """The direction of each topic, float32 [k, d] of unit length: the mean of those of its texts.

    Args:
        topics: k of them.
        embed: what embedded the documents.
    """
    texts = [[". ".join(filter(None, [topic.name, topic.description])), *topic.examples] for topic in topics]
    vectors = embed([text for own in texts for text in own])
    ends = np.cumsum([len(own) for own in texts])
    return directions(np.stack([own.mean(axis=0) for own in np.split(vectors, ends[:-1])]))


def near_topics(vectors: np.ndarray, topics: np.ndarray) -> NearTopics:
    """Find the documents that are near given topics: nearer than by chance.

    Most documents are not about a topic, and their cosines to it are normal: the distribution is fitted to
    the half below the median (Efron 2004, the empirical null). Documents are near where of so many no more
    than `FALSE_DISCOVERIES` would be by chance (Benjamini & Hochberg 1995). So each topic has a threshold of
    its own. A document near several has the nearest. Then each topic moves half of the way to the mean of
    its documents (Rocchio 1971), since these are written unlike a description, and all is done once more.

    Args:
        vectors: float32 [n, d] of unit length, the documents.
        topics: float32 [k, d] of unit length.
    """
    found = _near(vectors, topics)
    return _near(vectors, _moved(topics, vectors, found.topics))


def _moved(topics: np.ndarray, vectors: np.ndarray, found: np.ndarray) -> np.ndarray:
    """The topics half of the way to their documents, float32 [k, d] of unit length."""
    own = [vectors[found == place].sum(axis=0) for place in range(len(topics))]
    return directions(topics + directions(np.stack(own)))


def _near(vectors: np.ndarray, topics: np.ndarray) -> NearTopics:
    """The documents that are near topics where these are."""
    cosines = vectors @ topics.T
    thresholds = np.array([_threshold(own) for own in cosines.T])
    near = np.where(cosines >= thresholds, cosines, -np.inf)
    best = near.argmax(axis=1)
    highest = near.max(axis=1)
    found = np.isfinite(highest)
    top = np.where(near.max(axis=0) > 0, near.max(axis=0), 1)
    strengths = np.where(found, highest.clip(0), 0) / top[best]
    return NearTopics(np.where(found, best, OUTLIER), strengths.astype(np.float32), thresholds)


def _threshold(cosines: np.ndarray) -> float:
    """The least cosine that is not by chance; 2 where there is none."""
    from scipy.stats import norm

    middle = np.median(cosines)
    spread = middle - np.quantile(cosines, _LOW)
    if spread <= 0:
        return 2.0
    highest = np.sort(cosines)[::-1]
    chances = norm.sf((highest - middle) / spread)
    passing = np.flatnonzero(chances <= FALSE_DISCOVERIES * np.arange(1, len(highest) + 1) / len(highest))
    return float(highest[passing[-1]]) if len(passing) else 2.0


def as_fields(topics: Sequence[GivenTopic]) -> list[dict[str, Any]]:
    """The topics as a record holds them, from which `GivenTopic.of` makes them."""
    fields: list[dict[str, Any]] = json.loads(json.dumps([vars(topic) for topic in topics]))
    return fields
