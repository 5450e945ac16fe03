"""What a run that has grown goes on from: documents, places, and topics before they are edited."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from localtopics.corpus import Corpus
from localtopics.embedding.passages import Passages
from localtopics.errors import UserError
from localtopics.files import PRIVATE_FOLDER, replacing
from localtopics.run.results import to_corpus, write_parquet
from localtopics.run.texts import text_columns
from localtopics.topics.clustering import Clustering
from localtopics.topics.hierarchy import Hierarchy
from localtopics.topics.umap import Layouts


@dataclass(frozen=True)
class GrownState:
    """A run between its growing and the next stage."""

    corpus: Corpus
    """All documents, those that were there before first."""
    passages: Passages
    """Of these documents, m."""
    vectors: np.ndarray
    """Their embeddings, float32 [m, d] of unit length, in half precision."""
    layouts: Layouts
    """Their places."""
    clustering: Clustering
    """Their topics."""
    former: np.ndarray
    """The topics of the documents that were there before, as they were, int64 [n]."""


def write_state(path: Path, state: GrownState) -> None:
    """Write a state to ``path``, a .npz file, and the documents to a .parquet file beside it."""
    path.parent.mkdir(PRIVATE_FOLDER, exist_ok=True)
    corpus, clustering, passages = state.corpus, state.clustering, state.passages
    columns: dict[str, object] = {**text_columns(corpus), "id": corpus.ids}
    parts = {"title": corpus.titles, "time": corpus.times, "group": corpus.groups}
    columns |= {name: values for name, values in parts.items() if values is not None}
    write_parquet(pd.DataFrame(columns | dict(corpus.columns)), path.with_suffix(".parquet"))
    hierarchy = clustering.hierarchy
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(
            file,
            reduced=state.layouts.reduced,
            map=state.layouts.map,
            originals=state.layouts.originals,
            topics=clustering.topics,
            strengths=clustering.strengths,
            levels=_pairs(hierarchy.levels),
            parents=_pairs(hierarchy.parents),
            given=_pairs(clustering.given),
            vectors=state.vectors.astype(np.float16),
            document=passages.document,
            start=passages.start,
            end=passages.end,
            tokens=passages.tokens,
            former=state.former,
        )


def read_state(path: Path, source: str) -> GrownState:
    """The state in ``path``.

    Args:
        path: where `write_state` wrote it.
        source: where the corpus says that it comes from.

    Raises:
        UserError: it is missing or damaged.
    """
    try:
        table = pd.read_parquet(path.with_suffix(".parquet"))
        corpus = to_corpus(table, source)
        with np.load(path) as file:
            content = {name: file[name] for name in file.files}
        layouts = Layouts(content["reduced"], content["map"], content["originals"])
        maps = {name: dict(content[name].tolist()) for name in ("levels", "parents", "given")}
        clustering = Clustering(
            content["topics"],
            content["strengths"],
            content["originals"],
            Hierarchy(maps["levels"], maps["parents"]),
            maps["given"],
        )
        document, start, end = content["document"], content["start"], content["end"]
        texts = [
            corpus.documents[row][a:b]
            for row, a, b in zip(document.tolist(), start.tolist(), end.tolist(), strict=True)
        ]
        vectors = content["vectors"].astype(np.float32)
        if not len(vectors) == len(layouts.map) == len(clustering.topics) == len(texts):
            raise ValueError("its parts are of different lengths")
        passages = Passages(texts, document, start, end, content["tokens"])
        return GrownState(corpus, passages, vectors, layouts, clustering, content["former"])
    except (OSError, ValueError, KeyError, TypeError, IndexError, EOFError, zipfile.BadZipFile) as error:
        raise UserError(
            f"{path} is missing or damaged ({' '.join(str(error).split())[:200]}): make the run anew in "
            "another folder.",
            arguments=["out"],
        ) from None


def _pairs(numbers: object) -> np.ndarray:
    """A mapping of numbers as int64 [k, 2]."""
    return np.array(sorted(dict(numbers).items()), np.int64).reshape(-1, 2)  # type: ignore[call-overload]
