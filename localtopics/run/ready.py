"""Ready embeddings that are given to a run, wherever they lie."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from localtopics.corpus import Corpus
from localtopics.embedding import checked_embeddings, load_embeddings
from localtopics.embedding.parts import read_embedded
from localtopics.errors import UserError


def ready_embeddings(
    embeddings: ArrayLike | str | os.PathLike[str] | None, corpus: Corpus
) -> np.ndarray | None:
    """Ready embeddings, checked, a row for each document that was kept."""
    if embeddings is None:
        return None
    if not isinstance(embeddings, str | os.PathLike):
        return corpus.align(checked_embeddings(embeddings, "The argument embeddings"))
    path = Path(embeddings).expanduser()
    if not path.is_dir():
        return corpus.align(load_embeddings(path))
    found, rows = read_embedded(path)
    if rows != len(corpus) + corpus.dropped.total or len(found) != len(corpus):
        raise UserError(
            f"{path} holds embeddings of {len(found):,} documents in {rows:,} rows, and {corpus.source} has "
            f"{len(corpus):,} in {len(corpus) + corpus.dropped.total:,}: embed it whole first.",
            command=f"embed {corpus.source} --out {path}",
        )
    return found
