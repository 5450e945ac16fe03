"""The stages of a run, one after the other, each going on from what the run folder holds."""

from __future__ import annotations

import hashlib
import logging
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from localtopics.corpus import Corpus, read_corpus
from localtopics.embedding import EmbeddingModel, checked_embeddings, choose_model, load_embeddings
from localtopics.errors import UserError
from localtopics.files import TEMPORARY
from localtopics.labels.namer import Namer
from localtopics.labels.scoring import LabelScorer
from localtopics.labels.selection import distinguish
from localtopics.labels.settings import LabelSettings
from localtopics.progress import Progress, silent
from localtopics.run.evaluate import judging_documents, label_fidelity
from localtopics.run.run import Run
from localtopics.run.settings import RunSettings
from localtopics.topics.saved import assign as assign_to_topics
from localtopics.topics.saved import save_labels, save_model
from localtopics.topics.settings import check_size
from localtopics.topics.topic import OUTLIER, OUTLIER_LABEL
from localtopics.topics.umap import lay_out

log = logging.getLogger(__name__)


def fit(
    documents: Iterable[str],
    *,
    titles: Iterable[str] | None = None,
    times: Iterable[str] | None = None,
    ids: Iterable[str] | None = None,
    embeddings: ArrayLike | None = None,
    settings: RunSettings | None = None,
    out: Path | str | None = None,
    force: bool = False,
    progress: Progress = silent,
) -> Run:
    """Find and name the topics of documents, as ``localtopics run`` does.

    Args:
        documents: the texts.
        titles, times, ids: one for each document, where there are any.
        embeddings: float [n, d], a row for each of ``documents``, where they are ready: an array, lists, a
            tensor or a table; otherwise the documents are embedded.
        settings: what to do differently from the defaults.
        out: the run folder; None makes a new temporary one.
        force: replace what an earlier run with other settings left in ``out``.

    Raises:
        UserError: the documents or the settings cannot give topics; the sentence says why.
    """
    corpus = Corpus.from_documents(documents, titles=titles, times=times, ids=ids)
    ready = None if embeddings is None else checked_embeddings(embeddings, "The argument embeddings")
    return run_corpus(
        corpus, settings or RunSettings(), out, embeddings=ready, force=force, progress=progress
    )


def run_file(settings: RunSettings, out: Path, *, force: bool = False, progress: Progress = silent) -> Run:
    """Read the documents that ``settings.input`` names and do the whole run.

    Raises:
        UserError: as `fit`; nothing is left behind when the input is at fault.
    """
    asked = settings.input
    if asked.source is None:
        raise UserError("No documents named: give a file, a folder or hf:OWNER/NAME.", command="demo")
    with progress("Reading documents") as advance:
        corpus = read_corpus(
            asked.source, text=asked.text, title=asked.title, time=asked.time, id=asked.id, split=asked.split
        )
        advance(1)
    return run_corpus(corpus, settings, out, force=force, progress=progress)


def run_corpus(
    corpus: Corpus,
    settings: RunSettings,
    out: Path | str | None,
    *,
    embeddings: np.ndarray | None = None,
    force: bool = False,
    progress: Progress = silent,
) -> Run:
    """Do every stage of a run that ``out`` does not hold yet; None is a new temporary folder."""
    if corpus.dropped.total:
        log.warning("Dropped %s", _describe_dropped(corpus))
    check_size(len(corpus.documents), settings.topics)
    if settings.embedding.embeddings is not None:
        embeddings = load_embeddings(Path(settings.embedding.embeddings))
    if embeddings is not None:
        embeddings = corpus.align(embeddings)
    namer = Namer(settings=settings.labels)
    namer.check()  # a wrong model or prompt shows now, not after an hour
    model = choose_model(settings.embedding.model)
    digest = None if embeddings is None else hashlib.sha256(embeddings.tobytes()).hexdigest()
    folder = out if out is not None else tempfile.mkdtemp(prefix=TEMPORARY)
    with Run.start(folder, settings, corpus, model, embeddings_digest=digest, force=force) as run:
        _find(run, corpus, settings, model, embeddings, progress)
        _label(run, namer, progress)
        _draw(run, progress)
    return run


def relabel(run: Run, settings: LabelSettings, progress: Progress = silent) -> None:
    """Name the topics of a finished run anew and redraw its maps; nothing else is computed again.

    Raises:
        UserError: the run has no topics yet, or the model or the prompt file cannot be used.
    """
    namer = Namer(settings=settings)
    namer.check()
    with run.locked():
        named = sum(topic.topic != OUTLIER for topic in run.topics)
        run.reopen("labels", replace(run.settings, labels=settings))
        log.info("Naming %d topics anew", named)
        _label(run, namer, progress)
        _draw(run, progress)


def redraw(run: Run, progress: Progress = silent) -> None:
    """Draw ``map.png`` and ``map.html`` of a labelled run anew.

    Raises:
        UserError: the run has no labels yet.
    """
    with run.locked():
        _ = run.labels  # what cannot be drawn is not undone
        run.reopen("maps")
        _draw(run, progress)


@dataclass(frozen=True)
class Assigned:
    """New documents and their topics: ``table`` has id, title (if any), topic, label, probability."""

    corpus: Corpus
    table: pd.DataFrame


def assign(run: Run, corpus: Corpus, embeddings: Path | None = None, progress: Progress = silent) -> Assigned:
    """Give documents that came later the topics of a finished run.

    Args:
        run: a labelled run.
        corpus: the new documents.
        embeddings: their ready embeddings; needed where the run itself was given its embeddings in a file
            and names no embedding model.

    Raises:
        UserError: the embeddings are missing or do not fit the run's.
    """
    labels = run.labels
    if embeddings is not None:
        vectors = corpus.align(load_embeddings(embeddings))
    elif not run.embeds_documents:
        raise UserError(
            f"{run.folder} was made from ready embeddings: give the new documents' too.",
            arguments=["embeddings"],
        )
    else:
        vectors = run.embedder.embed(corpus.documents, progress)
    topics, probabilities = assign_to_topics(run.model_folder, corpus.documents, vectors)
    columns: dict[str, object] = {"id": corpus.ids}
    if corpus.titles is not None:
        columns["title"] = corpus.titles
    columns |= {
        "topic": topics,
        "label": [labels.get(int(topic), OUTLIER_LABEL) for topic in topics],
        "probability": probabilities,
    }
    return Assigned(corpus, pd.DataFrame(columns))


def _find(
    run: Run,
    corpus: Corpus,
    settings: RunSettings,
    model: EmbeddingModel,
    embeddings: np.ndarray | None,
    progress: Progress,
) -> None:
    """Embed, lay out and cluster, as far as the run has not."""
    if run.done("topics"):
        return
    embedder = run.embedder
    if embeddings is None:
        log.info("Embedding with %s in %s", model.name, model.precision)
        embeddings = embedder.embed(corpus.documents, progress)
    layouts = run.read_layouts() if run.done("layouts") else None
    if layouts is None:
        with run.stage("layouts"):
            layouts = lay_out(
                corpus.documents,
                embeddings,
                settings.topics,
                progress,
                meanwhile=lambda: import_module("bertopic"),  # takes seconds
            )
            run.write_layouts(layouts)
    from localtopics.topics.bertopic import find_topics

    with run.stage("topics"):
        found = find_topics(corpus.documents, embeddings, layouts, settings.topics, embedder.embed, progress)
        save_model(found.model, run.model_folder, model.location if run.embeds_documents else None)
        run.write_topics(corpus, layouts, found)


def _label(run: Run, namer: Namer, progress: Progress) -> None:
    """Name the topics, as far as they have no names yet."""
    if run.done("labels"):
        return
    with run.stage("labels"), namer:
        run.note("label_model", namer.model_record)
        labels = run.read_labels()
        named = [topic for topic in run.topics if topic.topic != OUTLIER]
        judge = None
        if namer.chooses and named:
            judging = {topic.topic: judging_documents(run, topic) for topic in named}
            judge = LabelScorer(run.embedder.embed, judging)
        for label in namer.label(run.topics, labels, progress, judge):
            run.append_label(label)
            labels[label.topic] = label
        names = distinguish(
            {topic.topic: labels[topic.topic] for topic in run.topics},
            {topic.topic: topic.keywords for topic in run.topics},
        )
        final = {number: replace(labels[number], text=name) for number, name in names.items()}
        run.write_labels(final, label_fidelity(run, names, progress))
        save_labels(run.model_folder, names)


def _draw(run: Run, progress: Progress) -> None:
    """Draw both maps, if they are not drawn yet."""
    if run.done("maps"):
        return
    from localtopics.report.html.page import write_page
    from localtopics.report.png.map import draw_map
    from localtopics.report.scene import compose

    with run.stage("maps"), progress("Drawing maps", 2) as advance:
        documents, labels, title = run.documents, run.labels, run.title
        scene = compose(run.layout, documents["topic"].to_numpy(), labels)
        draw_map(run.folder / "map.png", scene, title=title)
        advance(1)
        keywords = {topic.topic: topic.keywords for topic in run.topics}
        corpus = run.corpus
        headlines = [corpus.headline(row) for row in range(len(corpus.documents))]
        order, page = _typical_first(run), run.folder / "map.html"
        write_page(page, scene, keywords=keywords, headlines=headlines, title=title, order=order)
        advance(1)


def _typical_first(run: Run) -> list[int]:
    """The documents' rows: each topic's representative ones first, then by their probability."""
    documents = run.documents
    ranks = {
        (topic.topic, text): rank for topic in run.topics for rank, text in enumerate(topic.representative)
    }
    keys = zip(documents["topic"], documents["text"], strict=True)
    own = np.array([ranks.get(key, len(ranks)) for key in keys])
    rows: list[int] = np.lexsort((-documents["probability"].to_numpy(), own)).tolist()
    return rows


def _describe_dropped(corpus: Corpus) -> str:
    dropped = corpus.dropped
    kinds = [
        f"{count:,} {name}"
        for count, name in (
            (dropped.empty, "empty"),
            (dropped.missing, "missing"),
            (dropped.not_text, "not text"),
        )
        if count
    ]
    return f"{dropped.total:,} documents of {corpus.source} ({', '.join(kinds)})"
