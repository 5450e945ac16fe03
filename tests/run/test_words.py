"""Words and the topics nearest to them in meaning."""

from pathlib import Path

import numpy as np
import pytest

from localtopics.run.folder import RunFolder
from localtopics.run.words import MOST_WORDS, near_topics, vocabulary
from tests.run.conftest import folder

__all__ = ["folder"]


def test_keywords_come_first_and_then_the_commonest_words_that_tell_something() -> None:
    headlines = ["The tram stops", "The tram and the bus", "A bus"] + ["The bread"] * 3 + ["The"] * 94
    words = vocabulary(["Deep learning", "r2d2"], headlines)
    assert words == ["deep", "learning", "bread", "bus", "tram"]
    assert len(vocabulary(["aaa" + chr(0x4E00 + i) for i in range(9000)], [])) == MOST_WORDS


def test_words_are_near_to_topics_of_their_meaning(folder: Path) -> None:
    run = RunFolder.open(folder)
    centres = run.embedder.embed(["A tram stops at every stop of its line", "Bake the bread in a hot oven"])
    near = near_topics(run, ["railway flour", "railway flour", *"xyz" * 10], centres, [5, 2])
    assert near["railway"] == [5, 2]
    assert near["flour"] == [2, 5]


def test_without_its_model_a_run_has_no_words(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = RunFolder.open(folder)
    assert run.topics  # read before the record says otherwise
    run.record["embedding"]["name"] = "somebody/model"
    assert near_topics(run, ["railway"] * 2, np.eye(2), [0, 1]) == {}
