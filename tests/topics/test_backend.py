"""An embedding model as BERTopic takes one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from localtopics.topics.backend import Backend


def test_words_are_embedded_in_the_same_order_in_every_process() -> None:
    asked: list[list[str]] = []

    def embed(texts: Sequence[str]) -> NDArray[np.float32]:
        asked.append(list(texts))
        return np.arange(len(texts), dtype=np.float32)[:, None]

    backend = Backend(embed)
    assert backend.embed(["b", "a", "", "b"])[:, 0].tolist() == [2, 1, 0, 2]
    assert backend.embed(["a", "b", ""])[:, 0].tolist() == [1, 2, 0]
    assert asked == [["-", "a", "b"]] * 2
