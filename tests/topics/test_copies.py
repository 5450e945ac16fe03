"""Documents that are the same as another: they share a topic, and are not in the way of the rest."""

from __future__ import annotations

import numpy as np
import pytest

from localtopics.embedding import Embedder
from localtopics.topics.bertopic import find_topics
from localtopics.topics.settings import TopicSettings
from localtopics.topics.umap import lay_out
from tests.topics.samples import Sample, layouts_of, sample_of

COPIED = ("No comment.", "N/A", "none")


@pytest.fixture(scope="module")
def copied(library: Sample, embedder: Embedder) -> Sample:
    """Documents most of which are the same as others: one text is more than half of them."""
    more = [COPIED[0]] * 700 + [COPIED[1]] * 60 + library.documents[:100] + [COPIED[2]] * 4
    random = np.random.default_rng(0)
    rows = random.permutation(len(library.documents) + len(more))
    documents = np.array([*library.documents, *more], object)[rows].tolist()
    kinds = np.array([*library.kinds, *more], object)[rows].tolist()
    return sample_of(documents, kinds, embedder)


def test_the_same_text_has_one_topic_and_one_place(copied: Sample) -> None:
    topics: dict[str, set[object]] = {}
    places = copied.layouts.map.tolist()
    for text, topic, place in zip(copied.documents, copied.found.assignments, places, strict=True):
        topics.setdefault(text, set()).add((int(topic), *place))
    assert {text: found for text, found in topics.items() if len(found) > 1} == {}


def test_a_text_with_as_many_copies_as_a_topic_takes_is_a_topic(copied: Sample) -> None:
    sizes = {topic.representative: topic.size for topic in copied.found.topics}
    assert sizes[("No comment.",)] == 700
    assert sizes[("N/A",)] == 60
    assert ("none",) not in sizes


def test_copies_are_not_in_the_way_of_the_other_topics(copied: Sample, library: Sample) -> None:
    from sklearn.metrics import adjusted_mutual_info_score

    rows = [copied.documents.index(text) for text in library.documents]
    topics = copied.found.assignments[rows]
    assert len(set(topics.tolist()) - {-1}) >= len(library.found.topics) - 5
    assert (topics == -1).mean() < 0.4
    alike = adjusted_mutual_info_score(library.found.assignments, topics)
    assert alike > 0.6


def test_how_many_documents_are_the_same_is_said(
    few: tuple[list[str], np.ndarray], embedder: Embedder, caplog: pytest.LogCaptureFixture
) -> None:
    documents, embeddings = [*few[0], *few[0][:3], few[0][0]], np.vstack([few[1], few[1][:3], few[1][:1]])
    reduced = np.vstack([embeddings[:, :2]])
    with caplog.at_level("INFO"):
        find_topics(few[0], few[1], layouts_of(few[1]), TopicSettings(), embedder.embed)
        assert not caplog.records
        found = find_topics(documents, embeddings, layouts_of(reduced), TopicSettings(), embedder.embed)
    assert "4 of 64 documents are the same as another" in caplog.text
    assert found.assignments[0] == found.assignments[60] == found.assignments[63]


def test_the_text_decides_what_is_the_same_whatever_the_embeddings(
    few: tuple[list[str], np.ndarray], embedder: Embedder
) -> None:
    documents = [*few[0][:40], *few[0][:20]]
    places = np.repeat([[0.0, 0], [50, 50], [0, 50]], 20, axis=0)
    reduced = places + np.random.default_rng(0).normal(size=places.shape)
    settings = TopicSettings(min_cluster_size=18)
    found = find_topics(documents, few[1], layouts_of(reduced), settings, embedder.embed)
    assert [topic.size for topic in found.topics if topic.topic >= 0] == [40, 20]
    assert (found.assignments[:20] == found.assignments[40:]).all()


@pytest.mark.parametrize("texts", [1, 3, 9, 10])
def test_a_corpus_of_a_few_texts_again_and_again(texts: int, embedder: Embedder) -> None:
    documents = [f"Answer {'abcdefghij'[row % texts]}." for row in range(60)]
    embeddings = embedder.embed(documents)
    layouts = lay_out(documents, embeddings, TopicSettings())
    found = find_topics(documents, embeddings, layouts, TopicSettings(), embedder.embed)
    assert np.unique(layouts.reduced, axis=0).shape[0] == texts
    assert [topic.topic for topic in found.topics] == list(range(texts))
