"""What two runs have in common: which topics match, split, merged, vanished or are new."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from localtopics.errors import UserError
from localtopics.labels.fidelity import centres
from localtopics.progress import Progress, silent
from localtopics.report.html.comparison import Flow, Row, write_comparison
from localtopics.run.folder import RunFolder
from localtopics.run.held_out import named_topics
from localtopics.run.record import embedded_with
from localtopics.topics.agreement import ami, ami_without_outliers
from localtopics.topics.load import document_embeddings
from localtopics.topics.matching import (
    GROWN,
    Fate,
    Link,
    fates,
    links_by_centres,
    links_by_documents,
    overlaps,
)
from localtopics.topics.topic import OUTLIER, OUTLIER_LABEL

ENOUGH = 0.5
"""The share of the smaller run's texts that both must have for topics to be compared by their documents."""


@dataclass(frozen=True)
class ComparedTopic:
    """A topic of one of the runs, or what became of it."""

    topic: int
    label: str
    size: int
    """Documents in its run."""
    fate: Fate
    """Of the first run: matched, split, merged or vanished; of the second: matched, split, merged or new."""


@dataclass(frozen=True)
class Comparison:
    """Two runs side by side."""

    by: Literal["documents", "embeddings"]
    """By what topics were compared: the documents of both, or where these are few their centres."""
    documents: tuple[int, int]
    """Documents of each run."""
    shared: int
    """Texts that both runs have; copies count once."""
    ami: float | None
    """Adjusted mutual information over the shared texts, outliers a topic too; None where few are shared."""
    ami_without_outliers: float | None
    """The same over the texts that are outliers in neither run."""
    least_cosine: float | None
    """What a match by embeddings had to reach; None by documents."""
    first: list[ComparedTopic]
    second: list[ComparedTopic]
    links: list[Link]
    overlap: list[tuple[int, int, int]]
    """Topic of the first run, topic of the second, texts in both: -1 are outliers. Empty by embeddings."""

    def table(self) -> pd.DataFrame:
        """One row a link, and one a topic without any: what became of it, both topics, how alike they are."""
        sizes = _sizes(self.overlap)
        topics = {
            "first": {one.topic: one for one in self.first},
            "second": {one.topic: one for one in self.second},
        }
        rows = [
            (
                _changed(link, sizes) or link.kind,
                topics["first"][link.first],
                topics["second"][link.second],
                link.documents,
                link.similarity,
            )
            for link in self.links
        ]
        alone = [(one.fate, one, None, 0, None) for one in self.first if one.fate == "vanished"]
        added = [(one.fate, None, one, 0, None) for one in self.second if one.fate == "new"]

        def column(side: int, field: str) -> list[Any]:
            return [getattr(row[side], field) if row[side] else None for row in (*rows, *alone, *added)]

        found = [*rows, *alone, *added]
        return pd.DataFrame(
            {
                "change": [row[0] for row in found],
                "first_topic": pd.array(column(1, "topic"), dtype="Int64"),
                "first_label": pd.array(column(1, "label"), dtype="string"),
                "first_size": pd.array(column(1, "size"), dtype="Int64"),
                "second_topic": pd.array(column(2, "topic"), dtype="Int64"),
                "second_label": pd.array(column(2, "label"), dtype="string"),
                "second_size": pd.array(column(2, "size"), dtype="Int64"),
                "documents": [row[3] for row in found],
                "similarity": pd.array([row[4] for row in found], dtype="Float64"),
            }
        )


def compare(first: RunFolder, second: RunFolder, progress: Progress = silent) -> Comparison:
    """Compare the topics of two labelled runs.

    Texts that are the same are the same document, whatever their ids. Where both runs have at least half of
    the smaller one's texts, topics are compared by these (`links_by_documents`), else by the centres of their
    documents' embeddings (`links_by_centres`).

    Raises:
        UserError: a run has no labels yet; or they share few documents and were not embedded by one model.
    """
    runs = first, second
    with progress("Comparing topics", 2) as advance:
        texts = [run.documents.drop_duplicates("text").set_index("text")["topic"] for run in runs]
        both = texts[0].index.intersection(texts[1].index, sort=False)
        topics = [found[both].to_numpy() for found in texts]
        numbers = [[topic.topic for topic in named_topics(run)] for run in runs]
        by_documents = len(both) >= ENOUGH * min(map(len, texts))
        least = None
        advance(1)
        if by_documents:
            links = links_by_documents(*topics)
        else:
            _require_one_model(first, second)
            links, least = links_by_centres(numbers[0], _centres(first), numbers[1], _centres(second))
        advance(1)
    became = fates(links, *numbers)
    return Comparison(
        by="documents" if by_documents else "embeddings",
        documents=(len(first.documents), len(second.documents)),
        shared=len(both),
        ami=ami(*topics) if by_documents else None,
        ami_without_outliers=ami_without_outliers(*topics) if by_documents else None,
        least_cosine=least,
        first=_compared(first, became.first),
        second=_compared(second, became.second),
        links=links,
        overlap=[(a, b, count) for (a, b), count in overlaps(*topics).items()] if by_documents else [],
    )


def draw_comparison(found: Comparison, path: Path, names: tuple[str, str]) -> None:
    """Draw two runs side by side, as one page: see `write_comparison`.

    Args:
        names: what the runs are called.
    """
    sizes = [{one.topic: one.size for one in side} for side in (found.first, found.second)]
    flows = [Flow(a, b, count, f"{count:,} documents") for a, b, count in found.overlap] or [
        Flow(
            link.first,
            link.second,
            min(sizes[0][link.first], sizes[1][link.second]),  # the whole of the smaller
            f"cosine {link.similarity:.2f}",
        )
        for link in found.links
    ]
    write_comparison(
        path,
        names=names,
        summary=summary(found),
        first=_rows(found.first, found.documents[0]),
        second=_rows(found.second, found.documents[1]),
        flows=flows,
    )


def summary(found: Comparison) -> str:
    """The comparison in a few sentences."""
    topics = (
        f"Of {len(found.first):,} topics {_counted(found.first, 'matched', 'split', 'merged', 'vanished')}"
    )
    others = f"of the other run's {len(found.second):,}, {_counted(found.second, 'split', 'merged', 'new')}"
    if found.ami is None:
        return (
            f"{topics}; {others}. Few documents are in both ({found.shared:,}): topics were compared by "
            f"their embeddings, from a cosine of {found.least_cosine:.2f} on."
        )
    inside = found.ami_without_outliers
    without = f", {inside:.2f} without outliers" if inside is not None else ""
    return f"{topics}; {others}. {found.shared:,} documents are in both; AMI {found.ami:.2f}{without}."


def _counted(topics: list[ComparedTopic], *fates: Fate) -> str:
    """How many topics met each fate, as a part of a sentence; the last is said where there are none."""
    counts = Counter(one.fate for one in topics)
    said = [fate for fate in fates if counts[fate]] or [fates[-1]]
    return ", ".join(f"{counts[fate]:,} {fate}" for fate in said)


def _sizes(overlap: list[tuple[int, int, int]]) -> tuple[Counter[int], Counter[int]]:
    """How many of the shared texts each topic has, of the first run and of the second."""
    sizes: tuple[Counter[int], Counter[int]] = Counter(), Counter()
    for first, second, documents in overlap:
        sizes[0][first] += documents
        sizes[1][second] += documents
    return sizes


def _changed(link: Link, sizes: tuple[Counter[int], Counter[int]]) -> Literal["grown", "shrunk", ""]:
    """Whether the topics of a match differ in size, over the shared texts."""
    before, after = sizes[0][link.first], sizes[1][link.second]
    if link.kind != "match" or not before:
        return ""
    return "grown" if after >= GROWN * before else "shrunk" if before >= GROWN * after else ""


def _require_one_model(first: RunFolder, second: RunFolder) -> None:
    embedding = [run.record["embedding"] for run in (first, second)]
    named = [found["digest"] or found["name"] for found in embedding]
    if not all(run.embeds_documents for run in (first, second)):
        raise UserError(
            f"{first.folder} and {second.folder} share few documents and have ready embeddings, so that "
            "nothing says whether one model made them: their topics cannot be compared."
        )
    if named[0] != named[1]:
        raise UserError(
            f"{first.folder} and {second.folder} share few documents and were embedded by different models "
            f"({', '.join(map(embedded_with, embedding))}): make one anew with the model of the other."
        )


def _centres(run: RunFolder) -> np.ndarray:
    """The centres of the topics' embeddings: float32 [topics, d] of unit length."""
    topics = run.passages["topic"].to_numpy()
    embeddings = document_embeddings(run.model_folder)
    if len(embeddings) != len(topics):
        raise UserError(f"{run.folder} is damaged (its model is of other documents): do the run again.")
    return centres(embeddings, [np.flatnonzero(topics == topic.topic) for topic in named_topics(run)])


def _compared(run: RunFolder, became: dict[int, Fate]) -> list[ComparedTopic]:
    labels = run.labels
    return [
        ComparedTopic(topic.topic, labels[topic.topic], topic.size, became[topic.topic])
        for topic in named_topics(run)
    ]


def _rows(topics: list[ComparedTopic], documents: int) -> list[Row]:
    """The topics as the page shows them, the outliers last."""
    rows = [Row(one.topic, one.label, one.size, "" if one.fate == "matched" else one.fate) for one in topics]
    outliers = documents - sum(one.size for one in topics)
    return rows + ([Row(OUTLIER, OUTLIER_LABEL, outliers)] if outliers else [])
