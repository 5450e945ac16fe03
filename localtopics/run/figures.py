"""How good are the topics of a run, whatever they are called? By their words, places, and other seeds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from localtopics.errors import UserError
from localtopics.progress import Progress, silent
from localtopics.run.folder import RunFolder
from localtopics.run.held_out import named_topics
from localtopics.run.results import read_layouts
from localtopics.topics.agreement import Stability, stability
from localtopics.topics.clustering import find_finest
from localtopics.topics.load import document_embeddings
from localtopics.topics.quality import coherence, dbcv, diversity, silhouette
from localtopics.topics.topic import OUTLIER
from localtopics.topics.umap import lay_out_again


@dataclass(frozen=True)
class TopicFigures:
    """What can be measured on the run alone, outliers not counted as a topic; more is better but for them."""

    diversity: float
    """See `localtopics.topics.quality.diversity`."""
    coherence: float | None
    """See `localtopics.topics.quality.coherence`."""
    outliers: float
    """The share of documents in no topic."""
    silhouette: float | None
    """See `localtopics.topics.quality.silhouette`; None where the run has no layouts, too."""
    dbcv: float | None
    """See `localtopics.topics.quality.dbcv`; None where the run has no layouts, too."""


def topic_figures(run: RunFolder, progress: Progress = silent) -> TopicFigures:
    """Measure the topics of a run by what is in its folder.

    Raises:
        UserError: the run has no topics yet, or has only outliers.
    """
    passages, settings = run.passages, run.settings.topics
    texts, topics = passages["text"].tolist(), passages["topic"].to_numpy()
    keywords = [topic.keywords for topic in named_topics(run)]
    if not keywords:
        raise UserError(f"{run.folder} has no topics: there is nothing to measure.")
    layouts = read_layouts(run.layouts_file, texts, settings.components)
    with progress("Measuring topics", 3) as advance:
        words = coherence(texts, topics, keywords, settings)
        advance(1)
        nearness = None if layouts is None else silhouette(layouts.reduced, topics)
        advance(1)
        density = None if layouts is None else dbcv(layouts.reduced, topics)
        advance(1)
    return TopicFigures(
        diversity=diversity(keywords),
        coherence=words,
        outliers=float((run.documents["topic"] == OUTLIER).mean()),
        silhouette=nearness,
        dbcv=density,
    )


def seed_stability(run: RunFolder, seeds: int, progress: Progress = silent) -> Stability:
    """Find the topics of a run again with so many other seeds of UMAP, and see how far all agree.

    The embeddings that the run keeps are laid out and clustered with its own settings; the run folder stays
    as it is.

    Raises:
        UserError: the run has no topics yet, or its saved model is damaged or not of its documents.
    """
    passages, settings = run.passages, run.settings.topics
    originals, own = passages["original"].to_numpy(), passages["topic"].to_numpy()
    embeddings = document_embeddings(run.model_folder)
    if len(embeddings) != len(own):
        raise UserError(f"{run.folder} is damaged (its model is of other documents): do the run again.")
    others = [(settings.seed + number) % 2**32 for number in range(1, seeds + 1)]
    layouts = lay_out_again(originals, embeddings, settings, others, progress)
    numbers = [topic.topic for topic in run.topics if topic.given]
    places = np.searchsorted(numbers, own)
    given = np.where(np.isin(own, numbers), places, OUTLIER)  # those that were given stay
    found = [find_finest(embeddings, originals, reduced, settings, given)[0] for reduced in layouts]
    return stability([settings.seed, *others], [own, *found])
