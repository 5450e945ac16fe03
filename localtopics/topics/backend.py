"""An embedding model as BERTopic takes one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from bertopic.backend import BaseEmbedder

from localtopics.embedding.embedder import Embed


class Backend(BaseEmbedder):  # type: ignore[misc]  # BERTopic has no types
    """Embeds BERTopic's documents and words, the same ones always in the same order."""

    def __init__(self, embed: Embed) -> None:
        super().__init__()
        self._embed = embed

    def embed(self, documents: Sequence[str], verbose: bool = False) -> np.ndarray:
        """Embed texts, float64 [n, d].

        BERTopic asks in the order of a set of words, which differs from process to process and in low
        precision would change the last digits; "" stands for a word that is lacking.
        """
        texts = sorted(set(documents))
        embedded = np.asarray(self._embed([text or "-" for text in texts]))
        row = {text: number for number, text in enumerate(texts)}
        # in float64 no place in that order shows in a similarity's first digits
        return np.asarray(embedded[[row[text] for text in documents]], np.float64)
