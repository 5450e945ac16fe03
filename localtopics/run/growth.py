"""``update``: a run takes in documents that came later, and what that changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from localtopics.corpus import Corpus
from localtopics.corpus.growing import Grown, grown
from localtopics.corpus.language import with_languages
from localtopics.embedding.passages import Passages
from localtopics.errors import UserError
from localtopics.progress import Progress, silent
from localtopics.run import stages
from localtopics.run.folder import RunFolder
from localtopics.run.passages import PASSAGES, kept_passages
from localtopics.run.results import read_layouts
from localtopics.run.state import GrownState, write_state
from localtopics.topics.clustering import cluster
from localtopics.topics.growing import grow, register, renumber
from localtopics.topics.matching import GROWN, fates, links_by_documents, sizes_of
from localtopics.topics.neighbors import in_half_precision
from localtopics.topics.topic import OUTLIER
from localtopics.topics.umap import lay_out

_GROWTH = 1.5
"""By how much a topic may grow and keep its words, and so its name."""


@dataclass(frozen=True)
class Growth:
    """What documents that came later made of the topics."""

    added: int
    """How many documents are new."""
    known: int
    """How many of those that came were there already."""
    topics: pd.DataFrame
    """One row a topic of before or after: topic, label, before and after (its sizes, 0 where it was not),
    change (new, grown, same, smaller, split, merged or gone) and renamed (what it was called, or "")."""
    kept: float
    """The share of the old documents in topics that have the same topic still."""


def update(
    run: RunFolder,
    later: Corpus,
    embeddings: np.ndarray | None = None,
    *,
    refit: bool = False,
    progress: Progress = silent,
    labels: Mapping[str, Any] | None = None,
) -> Growth:
    """Take documents into a run; stopped or killed, the same call goes on.

    Args:
        run: a labelled run.
        later: the new documents.
        embeddings: float32 [m, d], theirs, where they are ready; needed where the run's own were.
        refit: lay out and cluster all documents anew, and give topics the numbers of those that they match;
            False: old documents stay where they are.
        progress: told of each stage.
        labels: settings of `LabelSettings` that are to change; with another model all topics are named anew.

    Raises:
        UserError: the run has no labels yet, all documents are in it already, or embeddings are missing.
    """
    from localtopics.labels.namer import Namer  # loads llama.cpp

    asked = replace(run.settings, labels=run.asked_labels(labels or {}))
    namer = Namer(settings=asked.labels)
    namer.check()
    with run.locked():
        begun = run.record.get("growth", {})
        if begun.get("digest") != later.digest:
            _begin(run, later, embeddings, refit, progress)
        state = run.grown_state()
        stages.find(
            run,
            state.corpus,
            state.vectors,
            progress,
            keep_labels=True,
            passages=state.passages,
            growth=_GROWTH,
        )
        if not run.done("labels"):
            run.reopen("labels", asked)
        stages.name(run, namer, progress)
        stages.draw(run, progress)
        return _report(run)


def _begin(
    run: RunFolder, later: Corpus, embeddings: np.ndarray | None, refit: bool, progress: Progress
) -> None:
    """Find places and topics for the new documents, and note them all at once."""
    if not run.edits_are_done():
        raise UserError(f"Changes to {run.folder} were stopped: finish them.", command=f"edit {run.folder}")
    before, labels, settings = run.corpus, run.labels, run.settings.topics
    if len(settings.languages) > 1:
        later = with_languages(later, settings.languages, progress)
    joined = grown(before, later)
    passages, vectors = _vectors(run, before, joined, later, embeddings, progress)
    count = int((passages.document < len(before)).sum())
    texts = passages.texts[:count]
    layouts = read_layouts(run.layouts_file, texts, settings.components)
    if layouts is None:
        raise UserError(f"{run.layouts_file} is damaged: do the run again, which makes it anew.")
    old = stages.base_clustering(run, vectors[:count], layouts)
    if refit:
        places = register(layouts, lay_out(passages.texts, vectors, settings, progress))
        found = cluster(vectors, places, settings, stages.near_given(run, vectors))
        clustering = renumber(old, found, labels)
    else:
        clustering, places = grow(old, layouts, passages.texts, vectors, settings, progress, labels)
    former = run.documents["topic"].to_numpy(np.int64)
    number = int(run.record.get("growth", {}).get("number", 0)) + 1
    write_state(
        run.state_file(number), GrownState(joined.corpus, passages, vectors, places, clustering, former)
    )
    run.grow(
        {
            "number": number,
            "digest": later.digest,
            "source": later.source,
            "added": len(joined.added),
            "known": len(later) - len(joined.added),
            "labels": {str(topic): label for topic, label in labels.items()},
        },
        joined.corpus,
    )


def _vectors(
    run: RunFolder,
    before: Corpus,
    joined: Grown,
    later: Corpus,
    embeddings: np.ndarray | None,
    progress: Progress,
) -> tuple[Passages, np.ndarray]:
    """The passages of all documents, the old ones first, and their embeddings as the run keeps them."""
    old = kept_passages(run.folder / PASSAGES, before.documents)
    known = run.kept_vectors(old.texts, progress)
    texts = [later.documents[row] for row in joined.added]
    new = Passages.whole(texts)
    if embeddings is not None:
        vectors = embeddings[joined.added]
    elif not run.embeds_documents:
        raise UserError(
            f"{run.folder} was made from ready embeddings: give the new documents' too.",
            arguments=["embeddings"],
        )
    else:
        if run.settings.topics.long_documents == "split":
            new = run.embedder.split(texts, progress)
        vectors = run.embedder.embed(new.texts, progress)
    if vectors.shape[1] != known.shape[1]:
        raise UserError(
            f"The new embeddings have {vectors.shape[1]:,} dimensions, the run's own {known.shape[1]:,}."
        )
    return old.followed_by(new), np.concatenate([known, in_half_precision(vectors)])


def _report(run: RunFolder) -> Growth:
    """What the last growth changed."""
    growth, former = run.record["growth"], run.grown_state().former
    labels_before = {int(topic): label for topic, label in growth["labels"].items()}
    after = run.documents["topic"].to_numpy(np.int64)
    sizes = [sizes_of(former), sizes_of(after)]
    now = after[: len(former)]
    became = fates(links_by_documents(former, now), list(sizes[0]), list(sizes_of(now)))
    rows = []
    for topic in sorted(sizes[0].keys() | sizes[1].keys()):
        was, has = sizes[0].get(topic, 0), sizes[1].get(topic, 0)
        if not has:
            change = {"merged": "merged", "split": "split"}.get(became.first.get(topic, ""), "gone")
        elif not was:
            change = "split" if became.second.get(topic) == "split" else "new"
        else:
            change = "grown" if has >= GROWN * was else "smaller" if has * GROWN <= was else "same"
        old, new = labels_before.get(topic, ""), run.labels.get(topic, labels_before.get(topic, ""))
        renamed = old if was and has and old != new else ""
        rows.append((topic, new, was, has, change, renamed))
    inside = former != OUTLIER
    return Growth(
        added=growth["added"],
        known=growth["known"],
        topics=pd.DataFrame(rows, columns=["topic", "label", "before", "after", "change", "renamed"]),
        kept=float((now == former)[inside].mean()) if inside.any() else 1.0,
    )
