"""Topics of real texts."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bertopic import BERTopic

from localtopics.embedding import Embedder, choose_model
from localtopics.errors import UserError
from localtopics.topics import bertopic as bertopic_module
from localtopics.topics import clustering
from localtopics.topics.bertopic import find_topics
from localtopics.topics.clustering import TopicModel
from localtopics.topics.load import open_clusters
from localtopics.topics.save import save_labels, save_model
from localtopics.topics.settings import TopicSettings
from localtopics.topics.topic import Topic
from tests.topics.samples import Sample, layouts_of


def test_topics_fit_the_kinds_of_the_documents(sample: Sample) -> None:
    from sklearn.metrics import adjusted_mutual_info_score

    numbers = sorted({*sample.found.assignments.tolist()} - {-1})
    assert numbers == list(range(len(numbers)))
    assert 5 <= len(numbers) <= 30
    assert (sample.found.assignments == -1).mean() < 0.4
    assert adjusted_mutual_info_score(sample.kinds, sample.found.assignments) > 0.2


def test_topics_come_by_number_which_is_by_size(sample: Sample) -> None:
    found = sample.found
    assert [topic.topic for topic in found.topics] == sorted({*found.assignments.tolist()})
    assert {topic.topic: topic.size for topic in found.topics} == {
        int(number): int(count)
        for number, count in zip(*np.unique(found.assignments, return_counts=True), strict=True)
    }
    sizes = [topic.size for topic in found.topics if topic.topic != -1]
    assert sizes == sorted(sizes, reverse=True)
    assert min(sizes) >= TopicSettings().cluster_size(400)


def test_probabilities_are_strengths_of_membership(sample: Sample) -> None:
    found = sample.found
    outliers = found.assignments == -1
    assert [found.assignments.dtype, found.probabilities.dtype] == [np.dtype(np.int64), np.dtype(np.float32)]
    assert (found.probabilities[outliers] == 0).all()
    assert (found.probabilities[~outliers] > 0).all()
    assert found.probabilities.max() == 1
    assert (found.model.probabilities_ == found.probabilities).all()


def test_keywords_are_words_of_the_topics_documents(sample: Sample) -> None:
    for topic in sample.found.topics:
        own = sample.found.assignments == topic.topic
        text = " ".join(np.array(sample.documents, object)[own]).lower()
        for words in (topic.keywords, topic.keybert, topic.mmr):
            assert 5 <= len(words) <= 10
            assert len(set(words)) == len(words)
            for word in words:
                assert re.search(r"[^\W\d_]", word), "a bare number"
                assert word in text
                assert word not in {"the", "of", "and", "don", "is", "we"}
    assert len({topic.keywords for topic in sample.found.topics}) == len(sample.found.topics)


def test_representative_documents_are_typical_and_the_first_ones_unlike(sample: Sample) -> None:
    row = {text: number for number, text in enumerate(sample.documents)}
    likeness = []
    unlike = sample.layouts.originals == np.arange(len(sample.documents))
    for topic in sample.found.topics:
        own = (sample.found.assignments == topic.topic) & unlike
        rows = [row[text] for text in topic.representative]
        assert len(rows) == len(set(rows)) == min(10, own.sum())
        assert own[rows].all()
        weights = np.where(own, sample.found.probabilities if topic.topic != -1 else 1, 0)
        centre = weights @ sample.embeddings
        typical = sample.embeddings @ centre / np.linalg.norm(centre)
        nearest = np.flatnonzero(own)[np.argsort(-typical[own])]
        likeness.append([_alike(sample.embeddings[four]) for four in (rows[:4], nearest[:4])])
        assert typical[rows].mean() > typical[own].mean() or topic.size <= 10
        assert row[topic.representative[0]] == np.flatnonzero(own)[typical[own].argmax()]
    first, nearest_ones = np.mean(likeness, axis=0)
    assert first < nearest_ones - 0.02


def _alike(vectors: np.ndarray) -> float:
    cosines = vectors @ vectors.T
    return float(cosines[np.triu_indices(len(vectors), 1)].mean())


def test_copies_of_a_document_represent_a_topic_once(
    few: tuple[list[str], np.ndarray], embedder: Embedder
) -> None:
    documents, embeddings = (
        [few[0][0]] * 20 + few[0][:20] + few[0][40:],
        np.vstack([few[1][[0] * 20], few[1][:20], few[1][40:]]),
    )
    reduced = np.repeat([[0.0, 0, 0], [9, 9, 9]], [40, 20], axis=0) + np.random.default_rng(0).normal(
        size=(60, 3)
    )
    found = find_topics(documents, embeddings, layouts_of(reduced), TopicSettings(), embedder.embed)
    for topic in found.topics:
        assert len(set(topic.representative)) == len(topic.representative)


def test_the_same_again_is_the_same(sample: Sample, embedder: Embedder) -> None:
    again = find_topics(sample.documents, sample.embeddings, sample.layouts, TopicSettings(), embedder.embed)
    assert again.topics == sample.found.topics
    assert (again.assignments == sample.found.assignments).all()


def test_settings_reach_the_models(few: tuple[list[str], np.ndarray], embedder: Embedder) -> None:
    documents, embeddings = few
    settings = TopicSettings(top_n_words=4, ngrams=2, stop_words="none", min_cluster_size=12, min_samples=2)
    reduced = np.repeat(np.eye(3) * 50, 20, axis=0) + np.random.default_rng(0).normal(size=(60, 3))
    found = find_topics(documents, embeddings, layouts_of(reduced), settings, embedder.embed)
    assert [topic.size for topic in found.topics if topic.topic >= 0] == [20, 20, 20]
    words = {word for topic in found.topics for word in topic.keywords}
    assert all(len(topic.keywords) == len(topic.keybert) == len(topic.mmr) == 4 for topic in found.topics)
    assert words & {"the", "is", "of", "to"}
    vocabulary = found.model.vectorizer_model.get_feature_names_out()
    assert any(" " in word for word in vocabulary)


def test_all_outliers_is_a_result(
    few: tuple[list[str], np.ndarray], embedder: Embedder, tmp_path: Path
) -> None:
    documents, embeddings = few
    even = np.linspace(0, 1, 60)[:, None] * np.ones(3)
    found = find_topics(
        documents, embeddings, layouts_of(even), TopicSettings(min_cluster_size=30), embedder.embed
    )
    assert [(topic.topic, topic.size) for topic in found.topics] == [(-1, 60)]
    assert found.topics[0].keywords
    assert found.topics[0].representative
    check_saved(found, documents, embeddings, tmp_path)


def test_one_topic_is_a_result(
    few: tuple[list[str], np.ndarray], embedder: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents, embeddings = few
    one = (np.zeros(60, np.int64), np.ones(60, np.float32))
    monkeypatch.setattr(clustering, "document_clusters", lambda *_: one)
    found = find_topics(documents, embeddings, layouts_of(embeddings), TopicSettings(), embedder.embed)
    assert [(topic.topic, topic.size) for topic in found.topics] == [(0, 60)]
    check_saved(found, documents, embeddings, tmp_path)


def check_saved(found: TopicModel, documents: list[str], embeddings: np.ndarray, tmp_path: Path) -> None:
    """The model can be saved, labelled, opened plainly and given new documents."""

    save_model(found.model, tmp_path / "model", choose_model("all-MiniLM-L6-v2").location)
    save_labels(tmp_path / "model", {topic.topic: f"Label {topic.topic}" for topic in found.topics})
    opened = BERTopic.load(tmp_path / "model")
    assert opened.topic_labels_ == {
        topic.topic: f"{topic.topic}_Label {topic.topic}" for topic in found.topics
    }
    assert opened.get_topic_info()["Count"].tolist() == [topic.size for topic in found.topics]
    assert opened.transform("a text")[0] == [found.topics[0].topic]
    assert (open_clusters(tmp_path / "model").place(embeddings)[0] == found.assignments).all()


def test_ten_documents_are_enough_and_nine_are_not(
    few: tuple[list[str], np.ndarray], embedder: Embedder
) -> None:
    documents, embeddings = few[0][:10], few[1][:10]
    reduced = np.repeat([[0.0, 0], [9, 9]], 5, axis=0) + np.random.default_rng(0).normal(size=(10, 2)) / 9
    found = find_topics(documents, embeddings, layouts_of(reduced), TopicSettings(), embedder.embed)
    assert [topic.size for topic in found.topics] == [5, 5]
    with pytest.raises(UserError, match="at least 10 documents, and there are only 9"):
        find_topics(documents[:9], embeddings[:9], layouts_of(reduced[:9]), TopicSettings(), embedder.embed)


def test_importing_costs_nothing() -> None:
    program = "import sys, localtopics.topics; print(*sys.modules)"
    imported = subprocess.check_output([sys.executable, "-c", program], text=True).split()
    assert not {*imported} & {"numpy", "torch", "bertopic", "umap", "hdbscan", "sklearn", "pandas"}


@pytest.mark.parametrize(
    ("members", "growth", "kept"),
    [("20:a", 1, True), ("20:b", 1, False), ("29:b", 1.5, True), ("30:b", 1.5, False), ("13:b", 1.5, False)],
)
def test_words_stay_while_a_topic_grows_little(members: str, growth: float, kept: bool) -> None:
    """What counts are passages, also where the sizes of topics before count documents."""
    old = Topic(0, 7, ("old",), (), (), ("text",), members="20:a")
    new = Topic(0, 29, ("new",), (), (), ("text",), members=members)
    (found,) = bertopic_module._known([new], {0: old}, growth)
    assert found.keywords == (("old",) if kept else ("new",))
    assert found.size == 29
    assert bertopic_module._known([new], {0: replace(old, members="x" * 16)}, 9) == [new]
