"""Which headlines the page holds: all, or where these take too much room a share of each topic's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from localtopics.report.html.packing import Packed, packed_texts, size

MOST_TYPICAL = 20
"""Documents of each topic, the first in lists, that always have their headline."""
_LEAST_SHARE = 1e-4
"""Below it the most typical documents alone are left."""


def packed_headlines(
    headlines: Sequence[str], rows: NDArray[np.integer], room: int | None
) -> tuple[Packed, int]:
    """Return headlines topic after topic, "" where one is left out, and how many there are.

    Headlines of a topic share their words, and so they are deflated to less than in the order of documents.

    Args:
        headlines: n texts, in the order in which lists show the documents.
        rows: int [n], the row of each document's topic.
        room: bytes of the page that they may take, but for those of the most typical documents; None for
            all headlines.
    """
    order = np.argsort(rows, kind="stable").tolist()
    column = packed_texts([headlines[document] for document in order])
    if room is None or size(column) <= room:
        return column, len(headlines)
    share = 1.0
    while size(column) > room and share > _LEAST_SHARE:
        share *= min(0.98, room / size(column))
        chosen = even_share(rows, share).tolist()
        column = packed_texts([headlines[document] if chosen[document] else "" for document in order])
    return column, sum(chosen)


def even_share(rows: NDArray[np.integer], share: float) -> NDArray[np.bool_]:
    """Return which documents have a headline, bool [n]: of each topic the first, and evenly of the others.

    Args:
        rows: int [n], the row of each document's topic, in the order in which lists show the documents.
        share: of each topic's documents, 0 to 1.
    """
    order = np.argsort(rows, kind="stable")
    within = rows[order]
    places = np.arange(len(rows)) - np.searchsorted(within, within)  # each document's among its topic's
    chosen = np.empty(len(rows), bool)
    chosen[order] = (places < MOST_TYPICAL) | (np.floor((places + 1) * share) > np.floor(places * share))
    return chosen
