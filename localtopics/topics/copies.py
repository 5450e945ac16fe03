"""Documents of the same text, which share a topic and a place on the map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def distinct(documents: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Which documents are the same text.

    Args:
        documents: n texts, of which k differ.

    Returns:
        The first document of each text, rows int64 [k]; and which of these texts each document is, int64 [n].
    """
    places: dict[str, int] = {}
    text = np.array([places.setdefault(document, len(places)) for document in documents], np.int64)
    return np.unique(text, return_index=True)[1], text
