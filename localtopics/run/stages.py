"""The stages of a run, one after the other, each going on from what the run folder holds."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np

from localtopics.corpus import Corpus
from localtopics.embedding.passages import MOST_PASSAGES, Passages
from localtopics.labels.distinct import final_names
from localtopics.labels.label import Label
from localtopics.labels.scoring import LabelScorer
from localtopics.progress import Progress, silent
from localtopics.run.edits import read_edits
from localtopics.run.folder import RunFolder
from localtopics.run.held_out import label_fidelity, named_topics, scoring_documents
from localtopics.run.label_log import append_label, read_labels
from localtopics.run.page import page_content
from localtopics.run.passages import PASSAGES, document_originals, kept_passages
from localtopics.run.record import given_topics
from localtopics.run.results import read_layouts, write_layouts
from localtopics.run.settings import RunSettings
from localtopics.run.trends import write_trends
from localtopics.topics.clustering import Clustering, TopicModel, cluster, with_outliers
from localtopics.topics.editing import Edited, Places, replay
from localtopics.topics.given import NearTopics, near_topics, topic_vectors
from localtopics.topics.neighbors import in_half_precision
from localtopics.topics.save import save_labels, save_model
from localtopics.topics.settings import TopicSettings, check_size
from localtopics.topics.topic import Topic
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
    passages: Passages | None = None,
    growth: float = 1,
) -> None:
    """Split and embed the documents, lay them out and cluster them, as far as the run has not.

    Args:
        run: begun for this corpus.
        corpus: its documents.
        embeddings: float32, a row a passage, where they are ready; None: the passages are embedded.
        progress: told of each stage.
        keep_labels: as for `RunFolder.write_topics`.
        passages: of the documents, where they are split already; None: they are split, or where embeddings
            are ready each is one.
        growth: as for `describe_topics`.
    """
    if run.done("topics"):
        return
    embedder = run.embedder
    if passages is None:
        passages = _split(run, corpus, embeddings is not None, progress)
    if embeddings is None:
        model = embedder.model
        read = "" if model.tokens is None else f", the first {model.tokens} tokens of each text"
        log.info("Embedding with %s in %s%s", model.name, model.precision, read)
        embeddings = embedder.embed(passages.texts, progress)
    layouts = _layouts(run, passages.texts, embeddings, progress)
    from localtopics.topics.bertopic import describe_topics  # takes seconds, which passed meanwhile

    with run.stage("topics"):
        settings = run.settings.topics
        check_size(len(passages.texts), settings)
        vectors = in_half_precision(embeddings)
        del embeddings
        near = near_given(run, vectors)
        with progress("Finding topics", 1) as advance:
            clustering = base_clustering(run, vectors, layouts, near)
            clustering = with_outliers(clustering, vectors, settings.outlier_share)
            edited = _edited(run, corpus, passages, clustering, vectors, layouts)
            advance(1)
        described = describe_topics(
            passages.texts,
            vectors,
            edited.clustering,
            settings,
            embedder.embed,
            progress,
            before=run.topics_before(),
            growth=growth,
        )
        found = _with_given(run, described, near)
        save_model(found.model, run.model_folder, embedder.model.location if run.embeds_documents else None)
        run.write_topics(corpus, passages, layouts, found, keep_labels)
        run.record |= {
            "passages": {"documents": len(passages.split), "passages": len(passages.texts)},
            "duplicates": _duplicates(corpus, document_originals(passages, layouts.originals), settings),
            "min_cluster_size": settings.cluster_size(len(np.unique(layouts.originals))),
        }


def base_clustering(
    run: RunFolder, vectors: np.ndarray, layouts: Layouts, near: NearTopics | None = None
) -> Clustering:
    """The topics before outliers join them and edits are done: as the run has grown, or as they are found."""
    if "growth" in run.record:
        return run.grown_state().clustering
    return cluster(vectors, layouts, run.settings.topics, near or near_given(run, vectors))


def _edited(
    run: RunFolder,
    corpus: Corpus,
    passages: Passages,
    clustering: Clustering,
    vectors: np.ndarray,
    layouts: Layouts,
) -> Edited:
    """The topics after what people changed about them; the names and notes that they gave are noted."""
    edits = read_edits(run.edits_file)
    ids = np.array(corpus.ids, object)[passages.document]
    done = replay(edits, clustering, Places(ids, vectors, layouts.reduced), run.settings.topics)
    for place in done.left:
        log.warning(
            "Change %d (%s of %s) is left out: its topic or documents are not there",
            place + 1,
            edits[place].edit,
            ", ".join(topic.label or "a topic" for topic in edits[place].topics),
        )
    run.note_edits(edits, done.names, done.notes)
    return done


def near_given(run: RunFolder, vectors: np.ndarray) -> NearTopics | None:
    """The passages that are near topics that were given; None where none were."""
    given = given_topics(run.record)
    return near_topics(vectors, topic_vectors(given, run.embedder.embed)) if given else None


def _with_given(run: RunFolder, found: TopicModel, near: NearTopics | None) -> TopicModel:
    """The topics with those named that were given; what became of these is said and noted."""
    given = given_topics(run.record)
    if near is None:
        return found
    numbers = {place: number for number, place in found.clustering.given.items()}
    run.record["given_thresholds"] = [
        {"topic": numbers.get(place), "name": topic.name, "cosine": round(float(near.thresholds[place]), 4)}
        for place, topic in enumerate(given)
        if place in numbers
    ]
    log.info(
        "Given topics, and the cosine from which a text is near: %s",
        "; ".join(f"{one['name']} {one['cosine']:.2f}" for one in run.record["given_thresholds"]) or "none",
    )
    if left := [topic.name for place, topic in enumerate(given) if place not in numbers]:
        log.warning("No document is near the given topics that are left out: %s", ", ".join(left))
    topics = [
        replace(topic, given=True, label=given[found.clustering.given[topic.topic]].name)
        if topic.topic in found.clustering.given
        else topic
        for topic in found.topics
    ]
    return replace(found, levels=[topics, *found.levels[1:]])


def _split(run: RunFolder, corpus: Corpus, ready: bool, progress: Progress) -> Passages:
    """The passages of the documents, and what there is to say of them."""
    if ready or run.settings.topics.long_documents == "cut":
        if ready:
            log.info("Embeddings are ready, one a document: no long document is split")
        return Passages.whole(corpus.documents)
    passages = run.embedder.split(corpus.documents, progress)
    if len(passages.split):
        counts = np.bincount(passages.document)
        thinned = int((counts == MOST_PASSAGES).sum())
        log.info(
            "%s of %s documents are longer than %s reads, and were split into %s passages%s",
            f"{len(passages.split):,}",
            f"{len(corpus.documents):,}",
            run.embedder.model.name,
            f"{counts[passages.split].sum():,}",
            f"; of the {thinned:,} longest {MOST_PASSAGES:,} are read, evenly spaced" if thinned else "",
        )
    return passages


def _duplicates(corpus: Corpus, originals: np.ndarray, settings: TopicSettings) -> dict[str, int]:
    """How many documents are duplicates of one before them, how many word for word, and of how many."""
    later = originals != np.arange(len(originals))
    found = {
        "documents": int(later.sum()),
        "exact": len(originals) - len(set(corpus.documents)),
        "originals": len(np.unique(originals[later])),
    }
    if later.any():
        log.info(
            "%s of %s documents are duplicates of another, %s of them word for word: %s",
            f"{found['documents']:,}",
            f"{len(originals):,}",
            f"{found['exact']:,}",
            "they count once" if settings.duplicates == "once" else "each counts",
        )
    return found


def _layouts(run: RunFolder, documents: Sequence[str], embeddings: np.ndarray, progress: Progress) -> Layouts:
    """The layouts that the run has, or new ones."""
    settings = run.settings.topics
    if run.done("layouts"):
        kept = read_layouts(run.layouts_file, documents, settings.components)
        if kept is not None:
            return kept
    with run.stage("layouts"):
        layouts = lay_out(
            documents,
            embeddings,
            settings,
            progress,
            meanwhile=lambda: import_module("localtopics.topics.bertopic"),
        )
        write_layouts(layouts, run.layouts_file)
    return layouts


def find_again(run: RunFolder, asked: RunSettings, progress: Progress = silent) -> None:
    """Find the topics of a run again from the layouts and embeddings that it keeps, with other settings."""
    corpus = run.corpus
    passages = kept_passages(run.folder / PASSAGES, corpus.documents)
    vectors = run.kept_vectors(passages.texts, progress)
    run.reopen("topics", asked)
    find(run, corpus, vectors, progress, keep_labels=True, passages=passages)


def name(run: RunFolder, namer: Namer, progress: Progress = silent) -> None:
    """Name the topics, as far as they have no names yet."""
    if run.done("labels"):
        return
    with run.stage("labels"), namer:
        run.note("label_model", namer.model_record)
        labels = read_labels(run.labels_file)
        names: dict[int, str] = {}
        final: dict[int, Label] = {}
        fidelity: dict[int, float] = {}
        for level, topics in enumerate(run.levels):
            named = named_topics(run, level)
            held = {topic.topic: _held(run, topic, names) for topic in named} if level else None
            scorer = None
            if namer.chooses and named:
                shown = {topic.topic: scoring_documents(run, topic) for topic in named}
                scorer = LabelScorer(run.embedder.embed, shown)
            fixed = _fixed_labels(topics, run.edited_names)
            asked = [topic for topic in topics if topic.topic not in fixed]
            for label in namer.label(asked, labels, progress, scorer, held):
                append_label(run.labels_file, label)
                labels[label.topic] = label
            own = labels | fixed
            within = {topic.topic: _within(run, topic, names) for topic in named} if level else None
            names |= final_names(topics, own, run.settings.labels.written_case, within, fixed.keys())
            final |= {topic.topic: replace(own[topic.topic], text=names[topic.topic]) for topic in topics}
            fidelity |= label_fidelity(run, named, names, progress)
        run.write_labels(final, fidelity)
        numbers = run.model_numbers
        save_labels(run.model_folder, {numbers[topic.topic]: names[topic.topic] for topic in run.topics})


def _held(run: RunFolder, topic: Topic, names: Mapping[int, str]) -> list[str]:
    """The names of the topics that a topic holds, the largest first."""
    below = [held for level in run.levels[: topic.level] for held in level if held.parent == topic.topic]
    return [names[held.topic] for held in sorted(below, key=lambda held: (-held.size, held.topic))]


def _within(run: RunFolder, topic: Topic, names: Mapping[int, str]) -> list[str]:
    """The names of all topics below a topic, none of which is to be its own, those just below it first."""
    hierarchy = run.hierarchy
    below = [names[number] for number in names if hierarchy.ancestor(number, topic.level) == topic.topic]
    return list(dict.fromkeys([*_held(run, topic, names), *below]))


def _fixed_labels(topics: Sequence[Topic], names: Mapping[int, str]) -> dict[int, Label]:
    """The names that people gave to topics, with the topic or later, by the topics' numbers."""
    given = {topic.topic: topic.label or "" for topic in topics if topic.given}
    given |= {topic.topic: names[topic.topic] for topic in topics if topic.topic in names}
    return {number: Label(number, text, False, (), "", 0.0) for number, text in given.items()}


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
        colors = {int(topic): color for topic, color in run.record.get("colors", {}).items()}
        scene = compose(run.layout, run.documents["topic"].to_numpy(), run.labels, colors)
        run.record["colors"] = {str(mark.topic): mark.color.hex() for mark in scene.topics}
        draw_map(run.folder / "map.png", scene, title=run.title)
        advance(1)
        write_page(run.folder / "map.html", page_content(run, scene, trends, progress))
        advance(1)
