"""What a run tells its page: `PageContent`, from the tables of its folder."""

from __future__ import annotations

from itertools import chain

import numpy as np
from numpy.typing import NDArray

from localtopics.errors import UserError
from localtopics.progress import Progress, silent
from localtopics.report.html.content import Coded, PageContent, TopicFacts
from localtopics.report.scene import Branch, Scene
from localtopics.run.folder import RunFolder
from localtopics.run.words import near_topics
from localtopics.topics.hierarchy import topic_centres
from localtopics.topics.load import document_embeddings
from localtopics.topics.topic import OUTLIER
from localtopics.trends.trends import FALLING, NO_GROUP, RISING, Groups, Trends

_NEAREST = 6
"""Topics that are named as the nearest of one."""


def page_content(run: RunFolder, scene: Scene, trends: Trends, progress: Progress = silent) -> PageContent:
    """Gather what the page shows of a labelled run.

    Args:
        run: a labelled run.
        scene: its map.
        trends: what `compute_trends` gives for it.
        progress: told of the embedding of words.
    """
    documents, corpus = run.documents, run.corpus
    headlines = [corpus.headline(row) for row in range(len(corpus.documents))]
    numbers, centres = _centres(run)
    changes, words = _changes(trends), near_topics(run, headlines, centres, numbers, progress)
    nearest = _nearest_topics(numbers, centres)
    facts = {
        topic.topic: TopicFacts(
            keywords=topic.keywords,
            keybert=topic.keybert,
            mmr=topic.mmr,
            fidelity=topic.fidelity,
            nearest=nearest.get(topic.topic, ()),
            change=changes.get(topic.topic, ""),
            note=topic.note,
        )
        for topic in run.topics
    }
    bins, groups = trends.bins, trends.groups
    return PageContent(
        scene=scene,
        headlines=headlines,
        title=run.title,
        order=_typical_first(run),
        topics=facts,
        ids=documents["id"].astype(str).tolist(),
        times=None if bins is None else Coded(bins.labels, bins.of),
        groups=None if groups is None else _coded(groups),
        probability=documents["probability"].to_numpy(np.float32),
        pull=documents["pull"].to_numpy(np.float32) if "pull" in documents else None,
        words=words,
        branches=_branches(run),
        parents={topic.topic: topic.parent for topic in run.topics if topic.parent is not None},
        all_titles=run.settings.page.titles == "all",
    )


def _coded(groups: Groups) -> Coded:
    """The groups; documents without one have none."""
    labels = [str(label) for label in groups.labels]
    if labels and labels[-1] == NO_GROUP:
        labels.pop()
    return Coded(labels, np.where(groups.of < len(labels), groups.of, -1))


def _typical_first(run: RunFolder) -> list[int]:
    """The documents' rows: each topic's representative ones first, then by their probability."""
    documents, passages = run.documents, run.passages
    ranks = {
        (topic.topic, text): rank for topic in run.topics for rank, text in enumerate(topic.representative)
    }
    own = np.full(len(documents), len(ranks))
    keys = zip(passages["topic"], passages["text"], strict=True)
    np.minimum.at(own, passages["row"].to_numpy(), [ranks.get(key, len(ranks)) for key in keys])
    rows: list[int] = np.lexsort((-documents["probability"].to_numpy(), own)).tolist()
    return rows


def _branches(run: RunFolder) -> list[Branch]:
    """The topics above the finest."""
    labels = run.labels
    return [
        Branch(
            topic=topic.topic,
            level=topic.level,
            parent=topic.parent,
            label=labels[topic.topic],
            size=topic.size,
            keywords=topic.keywords,
            fidelity=topic.fidelity,
            note=topic.note,
        )
        for topic in chain(*run.levels[1:])
    ]


def _centres(run: RunFolder) -> tuple[list[int], NDArray[np.float32]]:
    """The topics' numbers and mean embeddings; none where the saved model does not tell the latter."""
    assignments = run.passages["topic"].to_numpy(np.int64)
    numbers = np.unique(assignments[assignments != OUTLIER])
    try:
        if len(numbers) >= 2:
            vectors = document_embeddings(run.model_folder)
            return numbers.tolist(), topic_centres(vectors, assignments, numbers)
    except UserError:  # a folder of an early release may lack them: it is drawn without
        pass
    return [], np.empty((0, 0), np.float32)


def _nearest_topics(numbers: list[int], centres: NDArray[np.float32]) -> dict[int, list[int]]:
    """Each topic's nearest topics by the cosine of their mean embeddings, nearest first."""
    if not numbers:
        return {}
    similar = centres @ centres.T
    np.fill_diagonal(similar, -np.inf)
    order = np.argsort(-similar, axis=1, kind="stable")[:, : min(_NEAREST, len(numbers) - 1)]
    return dict(zip(numbers, np.array(numbers)[order].tolist(), strict=True))


def _changes(trends: Trends) -> dict[int, str]:
    """What is sure of topics over time, in words; topics of which nothing is are left out."""
    if trends.changes is None or trends.unit is None:
        return {}
    table = trends.changes
    sure = table[table["trend"].isin([RISING, FALLING])]
    return {
        int(topic): f"{trend}: the odds change by a factor of {growth:.3g} each {trends.unit}"
        for topic, trend, growth in zip(sure["topic"], sure["trend"], sure["growth"], strict=True)
    }
