"""What a run keeps of long documents: ``passages.parquet``, and what documents are by their passages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from localtopics.corpus import Corpus
from localtopics.embedding.passages import Passages
from localtopics.errors import UserError
from localtopics.files import remove
from localtopics.run.results import documents_table, originals_of, read_passage_table, write_parquet
from localtopics.run.texts import texts_of
from localtopics.topics.clustering import TopicModel
from localtopics.topics.shares import document_topics
from localtopics.topics.topic import Topic
from localtopics.topics.umap import Layouts

PASSAGES = "passages.parquet"
"""The file of a run folder; there only where a document was split."""


def write_documents(
    folder: Path, documents: str, corpus: Corpus, passages: Passages, layouts: Layouts, found: TopicModel
) -> list[list[Topic]]:
    """Write the table of documents and, where any is split, that of passages.

    Args:
        folder: the run folder.
        documents: the name of the file of documents.
        corpus: n documents.
        passages: of these, m.
        layouts: of the passages.
        found: the passages' topics.

    Returns:
        The topics of each level, the size of each being the number of documents whose topic it is; 0 where it
        is a part of documents only.
    """
    if not len(passages.split):
        remove(folder / PASSAGES)
        write_parquet(documents_table(corpus, layouts, found), folder / documents)
        return found.levels
    write_parquet(_passages_table(corpus, passages, layouts, found), folder / PASSAGES)
    vectors = found.model.hdbscan_model.vectors
    own = document_topics(passages, found.assignments, found.probabilities, vectors)
    levels = [
        [
            replace(topic, size=int((own_topics == topic.topic).sum()))
            for own_topics in [found.clustering.hierarchy.of(own.topics, level)]
            for topic in topics
        ]
        for level, topics in enumerate(found.levels)
    ]
    pull = found.clustering.pull
    clustering = replace(
        found.clustering,
        topics=own.topics,
        strengths=own.probabilities,
        pull=None if pull is None else pull[own.passages],
    )
    whole = replace(found, levels=levels, clustering=clustering)
    places = Layouts(
        layouts.reduced[own.passages],
        layouts.map[own.passages],
        document_originals(passages, layouts.originals),
    )
    shares = [[{"topic": topic, "share": share} for topic, share in found] for found in own.shares]
    write_parquet(documents_table(corpus, places, whole, shares), folder / documents)
    return levels


def document_originals(passages: Passages, originals: np.ndarray) -> np.ndarray:
    """The first of the documents that are nearly the same as each, in all their passages: int64 [n].

    Args:
        passages: of n documents, m.
        originals: int64 [m], as in `Layouts`, of the passages.
    """
    first, bounds = passages.document[originals], np.unique(passages.document, return_index=True)[1]
    same = np.minimum.reduceat(first, bounds) == np.maximum.reduceat(first, bounds)
    return np.where(same, first[bounds], np.arange(len(bounds)))


def _passages_table(corpus: Corpus, passages: Passages, layouts: Layouts, found: TopicModel) -> pd.DataFrame:
    """One row a passage: the document's id, start and end in characters, tokens, topic, probability, pull (as
    documents have it) and the row of the first passage that is nearly the same, most often itself."""
    columns = {
        "document": np.array(corpus.ids, object)[passages.document],
        "start": passages.start,
        "end": passages.end,
        "tokens": passages.tokens,
        "topic": found.assignments,
        "probability": found.probabilities,
        "original": layouts.originals,
    }
    return pd.DataFrame(columns | ({} if found.clustering.pull is None else {"pull": found.clustering.pull}))


def read_passages(path: Path, documents: pd.DataFrame) -> pd.DataFrame:
    """One row a passage: `_passages_table`, with the text and the row of its document.

    Where no document was split, each is a passage.

    Raises:
        UserError: the file is missing though a document was split, or damaged, or not of these documents.
    """
    if "shares" not in documents:
        return pd.DataFrame(
            {
                "document": documents["id"],
                "row": np.arange(len(documents)),
                "text": texts_of(documents),
                "topic": documents["topic"],
                "probability": documents["probability"],
                "original": originals_of(documents),
            }
        )
    table = read_passage_table(path)
    rows = pd.Series(range(len(documents)), documents["id"]).reindex(table["document"]).to_numpy(float)
    if not (np.unique(rows) == np.arange(len(documents))).all() or (np.diff(rows) < 0).any():
        raise _foreign(path)
    table.insert(1, "row", rows.astype(int))
    texts = texts_of(documents).tolist()
    spans = zip(table["row"].tolist(), table["start"].tolist(), table["end"].tolist(), strict=True)
    table["text"] = [texts[row][start:end] for row, start, end in spans]
    return table


def _foreign(path: Path) -> UserError:
    return UserError(f"{path} is damaged (it is of other documents): do the run again, which makes it anew.")


def kept_passages(path: Path, documents: Sequence[str]) -> Passages:
    """The passages into which a run split its documents, to find topics again; whole documents without any.

    Raises:
        UserError: the file is damaged.
    """
    if not path.is_file():
        return Passages.whole(documents)
    table = read_passage_table(path)
    row = (table["document"] != table["document"].shift()).cumsum().to_numpy() - 1
    if row[-1] + 1 != len(documents):
        raise _foreign(path)
    start, end = table["start"].to_numpy(), table["end"].to_numpy()
    texts = [documents[at][a:b] for at, a, b in zip(row.tolist(), start, end, strict=True)]
    return Passages(texts, row, start, end, table["tokens"].to_numpy())
