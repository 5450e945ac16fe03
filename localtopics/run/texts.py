"""The texts in a table of documents: as they were read and, where they were cleaned, as they are now."""

from __future__ import annotations

import pandas as pd

from localtopics.corpus import Corpus

CLEANED = "cleaned"
"""The column of the cleaned texts, where there are some."""


def text_columns(corpus: Corpus) -> dict[str, list[str]]:
    """The texts as columns of a table: as they were read and, behind them, as cleaning has left them."""
    if corpus.originals is None:
        return {"text": corpus.documents}
    return {"text": corpus.originals, CLEANED: corpus.documents}


def texts_of(table: pd.DataFrame) -> pd.Series:
    """The texts that were embedded and described, of a table of documents."""
    found: pd.Series = table[CLEANED if is_cleaned(table) else "text"]
    return found


def is_cleaned(table: pd.DataFrame) -> bool:
    """Whether the column is ours, which stands behind the texts; a source's own stands behind all of ours."""
    names = [str(name) for name in table]
    return names[names.index("text") + 1 :][:1] == [CLEANED]
