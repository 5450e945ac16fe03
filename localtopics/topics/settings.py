"""What can be chosen about topics."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from localtopics.checked import Checked, setting
from localtopics.errors import UserError
from localtopics.languages import ENGLISH, NAMES

FEWEST_DOCUMENTS = 10
"""With fewer than this, neighbours and clusters mean nothing."""
_MIN_SAMPLES = 2
_CODE = f"(?:{'|'.join(NAMES)})"
_LANGUAGES = re.compile(rf"{_CODE}(?:\s*,\s*{_CODE})*")
_SHARE = re.compile(r"\s*(100|\d{1,2}(\.\d+)?)\s*%\s*", re.ASCII)


@dataclass(frozen=True)
class LayoutSettings(Checked):
    """What shapes the layouts: UMAP's parameters of the same names; the metric is cosine.

    Raises:
        UserError: a value is out of its range, or of the wrong type.
    """

    neighbors: int = setting(15, "UMAP neighbours", low=2)
    components: int = setting(5, "UMAP dimensions for clustering", low=2)
    min_dist: float = setting(0.0, "UMAP min_dist", low=0, high=1)
    seed: int = setting(42, "same input, same seed, same machine: same topics", low=0, high=2**32 - 1)


@dataclass(frozen=True)
class TopicSettings(LayoutSettings):
    """How topics are found: the layouts' settings and these.

    Raises:
        UserError: a value is out of its range, or of the wrong type.
    """

    min_cluster_size: int | None = setting(
        None, "fewest documents of a topic", low=2, unset="by the corpus' size"
    )
    """None lets `cluster_size` decide."""
    min_samples: int | None = setting(None, "HDBSCAN: higher leaves more outliers", low=1, unset=_MIN_SAMPLES)
    """HDBSCAN's own default, min_cluster_size, lumps small corpora together into two or three topics."""
    topics: int | None = setting(None, "about so many topics", low=2, unset="as many as there are")
    """Of the finest level; see `localtopics.topics.clusters`."""
    levels: int | None = setting(
        None, "most levels of topics, 1 for no topics of topics", low=1, high=5, unset="as many as are of use"
    )
    outliers: str | None = setting(
        None,
        "most documents left without a topic, such as 5%; the others join their nearest topic",
        form=_SHARE,
        example='a share such as "5%"',
        unset="as HDBSCAN leaves",
    )
    topics_file: str | None = setting(
        None, "topics that are given: a TOML file or a table with name, description, examples"
    )
    long_documents: Literal["split", "cut"] = setting(
        "split", "documents longer than the embedding model reads are split, or cut off there"
    )
    duplicates: Literal["once", "each"] = setting(
        "once", "near-duplicates count once, or each, so that enough of them are a topic"
    )
    top_n_words: int = setting(10, "keywords a topic", low=1, high=50)
    diversity: float = setting(0.3, "diversity of the MMR keywords", low=0, high=1)
    """How different the MMR keywords are from each other: 0 not at all, 1 as much as can be."""
    language: str | None = setting(
        None,
        "language of the documents by its code, or several, such as de,en, the main one first",
        form=_LANGUAGES,
        example='a code of a language such as "de", or several such as "de,en"',
        unset="as found",
    )
    """None in a run that was made: English."""
    stop_words: Literal["auto", "english", "none"] = setting(
        "auto", "words that are no keywords: auto takes small words of the documents' language"
    )
    ngrams: int = setting(1, "most words in a keyword", low=1, high=5)

    @property
    def languages(self) -> tuple[str, ...]:
        """The codes of the documents' languages, the main one first."""
        return tuple(code.strip() for code in (self.language or ENGLISH).split(","))

    @property
    def outlier_share(self) -> float | None:
        """The share of documents that may stay outliers, from 0 to 1; None: all that are."""
        return None if self.outliers is None else float(self.outliers.strip().rstrip("% ")) / 100

    def cluster_size(self, documents: int) -> int:
        """The fewest documents of a topic among so many unlike ones.

        Where the settings do not say, it is 150 of 117,000 and grows more slowly than the corpus.
        """
        return self.min_cluster_size or max(5, round(150 * (documents / 117_000) ** 0.45))

    def density(self, documents: int) -> tuple[int, int]:
        """HDBSCAN's min_cluster_size and min_samples for so many unlike documents."""
        size = self.cluster_size(documents)
        return size, self.min_samples or _MIN_SAMPLES


def require_documents(documents: int, fewest: int = FEWEST_DOCUMENTS) -> None:
    """Raise `UserError` where there are fewer documents than topics can be found in."""
    if documents < fewest:
        there = "is only 1" if documents == 1 else f"are only {documents:,}"
        raise UserError(f"Finding topics takes at least {fewest:,} documents, and there {there}.")


def check_size(documents: int, settings: TopicSettings) -> None:
    """Raise `UserError` where so few documents cannot be clustered with these settings."""
    require_documents(documents)
    require_documents(documents, 2 * settings.cluster_size(documents))
