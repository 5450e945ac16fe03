"""A corpus and documents that came later, as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from localtopics.corpus.corpus import Corpus
from localtopics.errors import UserError


@dataclass(frozen=True)
class Grown:
    """A corpus that has grown."""

    corpus: Corpus
    """The old documents in their order, then the new ones."""
    added: np.ndarray
    """Which of the documents that came are new, int64 [m]; the others were there already."""


def grown(old: Corpus, later: Corpus) -> Grown:
    """Put documents that came later behind those of a corpus.

    One with the id and the text of an old one is that. Where both number their documents for want of ids, new
    ones get the numbers that follow.

    Raises:
        UserError: an id stands for another text than before, or nothing is new.
    """
    texts = dict(zip(old.ids, old.documents, strict=True))
    pairs = list(zip(later.ids, later.documents, strict=True))
    added = np.array([row for row, (own, text) in enumerate(pairs) if texts.get(own) != text], np.int64)
    if not len(added):
        raise UserError(f"All {len(later):,} documents of {later.source} are in the run already.")
    ids = [later.ids[row] for row in added]
    strange = [own for own in ids if own in texts]
    if strange and _numbered(later) and all(own.isascii() and own.isdecimal() for own in old.ids):
        first = max(map(int, old.ids)) + 1
        ids = [str(first + place) for place in range(len(added))]
    elif strange:
        raise UserError(
            f"The document {strange[0]!r} of {later.source} has another text than in the run: give documents "
            "that changed ids of their own."
        )
    corpus = Corpus(
        documents=old.documents + [later.documents[row] for row in added],
        ids=old.ids + ids,
        titles=_joined(old.titles, later.titles, len(old), added),
        times=_joined(old.times, later.times, len(old), added),
        groups=_joined(old.groups, later.groups, len(old), added),
        columns={
            name: pd.concat(
                [
                    part.columns[name].iloc[rows] if name in part.columns else pd.Series([None] * len(rows))
                    for part, rows in ((old, np.arange(len(old))), (later, added))
                ],
                ignore_index=True,
            )
            for name in {**old.columns, **later.columns}
        },
        dropped=later.dropped,
        originals=_joined(_originals(old, later), _originals(later, old), len(old), added),
        source=old.source,
    )
    return Grown(corpus, added)


def _numbered(corpus: Corpus) -> bool:
    """Whether documents have their rows' numbers as ids, for want of any."""
    return corpus.ids == [str(row) for row in corpus.rows or range(len(corpus))]


def _originals(corpus: Corpus, other: Corpus) -> Sequence[str] | None:
    """The documents before they were cleaned, where they or others were."""
    cleaned = corpus.originals is not None or other.originals is not None
    return (corpus.originals or corpus.documents) if cleaned else None


def _joined(
    old: Sequence[str] | None, later: Sequence[str] | None, count: int, added: np.ndarray
) -> list[str] | None:
    """The values of both, "" where there are none; None where neither has any."""
    if old is None and later is None:
        return None
    new = [""] * len(added) if later is None else [later[row] for row in added]
    return [*([""] * count if old is None else old), *new]
