"""The stages of a run, one after the other, each going on from what the run folder holds."""

from __future__ import annotations

import logging
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from localtopics.corpus import Corpus
from localtopics.errors import UserError
from localtopics.labels.distinct import final_names
from localtopics.labels.scoring import LabelScorer
from localtopics.progress import Progress, silent
from localtopics.run.folder import RunFolder
from localtopics.run.held_out import label_fidelity, named_topics, scoring_documents
from localtopics.run.label_log import append_label, read_labels
from localtopics.run.page import page_content
from localtopics.run.results import read_layouts, write_layouts
from localtopics.run.trends import write_trends
from localtopics.topics.load import assign as assign_to_topics
from localtopics.topics.save import save_labels, save_model
from localtopics.topics.topic import OUTLIER_LABEL
from localtopics.topics.umap import Layouts, lay_out

if TYPE_CHECKING:
    from localtopics.labels.namer import Namer

log = logging.getLogger(__name__)


def find(
    run: RunFolder,
    corpus: Corpus,
    embeddings: np.ndarray | None,
    progress: Progress = silent,
    keep_labels: bool = False,
) -> None:
    """Embed the documents, lay them out and cluster them, as far as the run has not.

    Args:
        run: begun for this corpus.
        corpus: its documents.
        embeddings: float32 [n, d], where they are ready; None: the documents are embedded.
        progress: told of each stage.
        keep_labels: as for `RunFolder.write_topics`.
    """
    if run.done("topics"):
        return
    embedder = run.embedder
    if embeddings is None:
        log.info("Embedding with %s in %s", embedder.model.name, embedder.model.precision)
        embeddings = embedder.embed(corpus.documents, progress)
    layouts = _layouts(run, corpus, embeddings, progress)
    from localtopics.topics.bertopic import find_topics  # takes seconds, which passed meanwhile

    with run.stage("topics"):
        settings = run.settings.topics
        found = find_topics(corpus.documents, embeddings, layouts, settings, embedder.embed, progress)
        save_model(found.model, run.model_folder, embedder.model.location if run.embeds_documents else None)
        run.write_topics(corpus, layouts, found, keep_labels)


def _layouts(run: RunFolder, corpus: Corpus, embeddings: np.ndarray, progress: Progress) -> Layouts:
    """The layouts that the run has, or new ones."""
    settings = run.settings.topics
    if run.done("layouts"):
        kept = read_layouts(run.layouts_file, len(corpus.documents), settings.components)
        if kept is not None:
            return kept
    with run.stage("layouts"):
        layouts = lay_out(
            corpus.documents,
            embeddings,
            settings,
            progress,
            meanwhile=lambda: import_module("localtopics.topics.bertopic"),
        )
        write_layouts(layouts, run.layouts_file)
    return layouts


def name(run: RunFolder, namer: Namer, progress: Progress = silent) -> None:
    """Name the topics, as far as they have no names yet."""
    if run.done("labels"):
        return
    with run.stage("labels"), namer:
        run.note("label_model", namer.model_record)
        labels = read_labels(run.labels_file)
        named = named_topics(run)
        scorer = None
        if namer.chooses and named:
            shown = {topic.topic: scoring_documents(run, topic) for topic in named}
            scorer = LabelScorer(run.embedder.embed, shown)
        for label in namer.label(run.topics, labels, progress, scorer):
            append_label(run.labels_file, label)
            labels[label.topic] = label
        names = final_names(run.topics, labels, run.settings.labels.label_case)
        final = {number: replace(labels[number], text=text) for number, text in names.items()}
        run.write_labels(final, label_fidelity(run, names, progress))
        save_labels(run.model_folder, names)


def draw(run: RunFolder, progress: Progress = silent) -> None:
    """Draw both maps and write topics over time and by group, if that is not done yet."""
    if run.done("maps"):
        return
    from localtopics.report.html.page import write_page
    from localtopics.report.png.map import draw_map
    from localtopics.report.scene import compose

    with run.stage("maps"), progress("Drawing maps", 3) as advance:
        trends = write_trends(run)
        advance(1)
        scene = compose(run.layout, run.documents["topic"].to_numpy(), run.labels)
        draw_map(run.folder / "map.png", scene, title=run.title)
        advance(1)
        write_page(run.folder / "map.html", page_content(run, scene, trends, progress))
        advance(1)


def assign(
    run: RunFolder, corpus: Corpus, embeddings: np.ndarray | None, progress: Progress = silent
) -> pd.DataFrame:
    """Give documents that came later the topics of a labelled run.

    Args:
        run: a labelled run.
        corpus: the new documents.
        embeddings: float32 [m, d], theirs, where they are ready; needed where the run itself was given its
            embeddings and names no embedding model.
        progress: told of the embedding.

    Returns:
        One row a document: id, title, time and group (if any), topic, label and probability.

    Raises:
        UserError: the embeddings are missing or do not fit the run's.
    """
    labels = run.labels
    if embeddings is None:
        if not run.embeds_documents:
            raise UserError(
                f"{run.folder} was made from ready embeddings: give the new documents' too.",
                arguments=["embeddings"],
            )
        embeddings = run.embedder.embed(corpus.documents, progress)
    topics, probabilities = assign_to_topics(run.model_folder, corpus.documents, embeddings)
    columns: dict[str, object] = {"id": corpus.ids}
    if corpus.titles is not None:
        columns["title"] = corpus.titles
    if corpus.times is not None:
        columns["time"] = corpus.times
    if corpus.groups is not None:
        columns["group"] = corpus.groups
    columns |= {
        "topic": topics,
        "label": [labels.get(int(topic), OUTLIER_LABEL) for topic in topics],
        "probability": probabilities,
    }
    return pd.DataFrame(columns)
