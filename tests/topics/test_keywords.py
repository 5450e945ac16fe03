"""Which words describe topics, also where texts have no ordinary ones."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from localtopics.embedding import Embedder
from localtopics.topics.bertopic import find_topics
from localtopics.topics.keywords import _WORD
from localtopics.topics.save import save_model
from localtopics.topics.settings import TopicSettings
from tests.topics.samples import layouts_of


@pytest.mark.parametrize(
    "documents",
    [
        pytest.param([f"{number} {number * 7}" for number in range(20)], id="numbers alone"),
        pytest.param(["the of and"] * 10 + ["of the and"] * 10, id="stop words alone"),
        pytest.param(["hello"] * 10 + ["Hello"] * 10, id="a single word"),
        pytest.param(["hello 1"] * 10 + ["hello 2"] * 10, id="a single word that is not a number"),
        pytest.param(sorted(["?!", "…", "--", "§ 5"] * 5), id="no words"),
        pytest.param(["音声認識の研究です"] * 10 + ["言語モデルを学習する"] * 10, id="no spaces"),
        pytest.param(["Ein schöner Tag\n\tim Süden"] * 10 + ["Über den Wolken"] * 10, id="German"),
        pytest.param([*["ordinary words here"] * 10, *["42"] * 10], id="one topic without words"),
    ],
)
def test_texts_without_ordinary_words(documents: list[str], embedder: Embedder, tmp_path: Path) -> None:
    embeddings = embedder.embed(documents)
    half = len(documents) // 2
    reduced = np.repeat([[0.0, 0], [9, 9]], [half, len(documents) - half], axis=0)
    reduced += np.random.default_rng(0).normal(size=reduced.shape) / 9
    settings = TopicSettings(min_cluster_size=8)
    found = find_topics(documents, embeddings, layouts_of(reduced), settings, embedder.embed)
    assert [topic.topic for topic in found.topics if topic.topic >= 0] == [0, 1]
    assert all(topic.keywords and all(topic.keywords) for topic in found.topics)
    save_model(found.model, tmp_path / "model", None)


def test_a_topic_without_ordinary_words_leaves_the_others_theirs(
    few: tuple[list[str], np.ndarray], embedder: Embedder
) -> None:
    documents = [*few[0][:40], *["N/A"] * 20]
    embeddings = embedder.embed(documents)
    reduced = np.repeat([[0.0, 0], [9, 9], [5, 5]], 20, axis=0)
    reduced += np.random.default_rng(0).normal(size=reduced.shape) / 9
    found = find_topics(documents, embeddings, layouts_of(reduced), TopicSettings(), embedder.embed)
    assert [topic.size for topic in found.topics] == [20, 20, 20]
    assert [topic.keywords for topic in found.topics if "N/A" in topic.representative] == [("n/a",)]
    others = {word for topic in found.topics for word in topic.keywords} - {"n/a"}
    assert all(re.fullmatch(_WORD, word) for word in others)
    assert not others & {"the", "of", "to", "is"}


def test_latex_commands_and_bare_numbers_are_no_words() -> None:
    text = r"In 2019 the \mathcal{H} of $\frac{1}{2}$ word2vec, 3d and GPT2 cost 1e5 \textit{dollars} x_1"
    found = re.findall(_WORD, text)
    assert found == ["In", "the", "of", "word2vec", "3d", "and", "GPT2", "cost", "1e5", "dollars", "x_1"]
