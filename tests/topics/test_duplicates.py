"""Documents that are nearly the same as another: they share a topic, and are not in the way of the rest."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from localtopics.embedding import Embedder
from localtopics.topics.bertopic import find_topics
from localtopics.topics.duplicates import near_duplicates, resemblance, sketch
from localtopics.topics.neighbors import neighbor_graph
from localtopics.topics.settings import TopicSettings
from localtopics.topics.umap import lay_out
from tests.topics.samples import Sample, layouts_of, sample_of

COPIED = ("No comment.", "N/A", "none")


@pytest.fixture(scope="module")
def copied(library: Sample, embedder: Embedder) -> Sample:
    """Documents most of which are the same as others: one text is more than half of them."""
    return sample_of(*with_copies(library), embedder)


def with_copies(library: Sample) -> tuple[list[str], list[str]]:
    more = [COPIED[0]] * 700 + [COPIED[1]] * 60 + library.documents[:100] + [COPIED[2]] * 4
    random = np.random.default_rng(0)
    rows = random.permutation(len(library.documents) + len(more))
    documents = np.array([*library.documents, *more], object)[rows].tolist()
    kinds = np.array([*library.kinds, *more], object)[rows].tolist()
    return documents, kinds


def test_the_same_text_has_one_topic_and_one_place(copied: Sample) -> None:
    topics: dict[str, set[object]] = {}
    places = copied.layouts.map.tolist()
    for text, topic, place in zip(copied.documents, copied.found.assignments, places, strict=True):
        topics.setdefault(text, set()).add((int(topic), *place))
    assert {text: found for text, found in topics.items() if len(found) > 1} == {}


def test_copies_are_no_topic_of_their_own(copied: Sample) -> None:
    assert not any(set(topic.representative) <= set(COPIED) for topic in copied.found.topics)


def test_copies_count_once_for_the_words_of_a_topic(copied: Sample) -> None:
    (own,) = {copied.found.assignments[row] for row, text in enumerate(copied.documents) if text == COPIED[0]}
    keywords = next(topic.keywords for topic in copied.found.topics if topic.topic == own)
    assert keywords[0] != "comment"


def test_where_each_counts_a_text_with_enough_copies_is_a_topic(copied: Sample, embedder: Embedder) -> None:
    settings = TopicSettings(duplicates="each")
    found = find_topics(copied.documents, copied.embeddings, copied.layouts, settings, embedder.embed)
    sizes = {topic.representative: topic.size for topic in found.topics}
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


def test_the_text_decides_what_is_the_same_whatever_the_embeddings(
    few: tuple[list[str], np.ndarray], embedder: Embedder
) -> None:
    documents = [*few[0][:40], *few[0][:20]]
    places = np.repeat([[0.0, 0], [50, 50], [0, 50]], 20, axis=0)
    reduced = places + np.random.default_rng(0).normal(size=places.shape)
    settings = TopicSettings(min_cluster_size=18)
    found = find_topics(documents, few[1], layouts_of(reduced, documents), settings, embedder.embed)
    assert [topic.size for topic in found.topics if topic.topic >= 0] == [40, 20]
    assert (found.assignments[:20] == found.assignments[40:]).all()


@pytest.mark.parametrize("texts", [1, 3, 9, 10])
def test_a_corpus_of_a_few_texts_again_and_again(texts: int, embedder: Embedder) -> None:
    documents = [f"Answer {'abcdefghij'[row % texts]}." for row in range(60)]
    embeddings = embedder.embed(documents)
    settings = TopicSettings(duplicates="each")
    layouts = lay_out(documents, embeddings, settings)
    found = find_topics(documents, embeddings, layouts, settings, embedder.embed)
    assert np.unique(layouts.reduced, axis=0).shape[0] == texts
    assert [topic.topic for topic in found.topics] == list(range(texts))
    once = find_topics(documents, embeddings, layouts, TopicSettings(), embedder.embed)
    assert len(once.topics) <= 2
    assert sum(topic.size for topic in once.topics) == 60


def edited(text: str, number: int) -> str:
    """The text in other words here and there, as mails are sent again with other names and dates."""
    return f"Reminder {number}: {text.lower()} Sent on day {number}."


def test_near_duplicates_are_found_by_way_of_neighbours_and_words(
    few: tuple[list[str], np.ndarray], embedder: Embedder
) -> None:
    documents = [*few[0], *(edited(few[0][7], number) for number in range(30)), few[0][7]]
    layouts = lay_out(documents, embedder.embed(documents), TopicSettings())
    own = layouts.originals == np.arange(len(documents))
    assert layouts.originals[60:].tolist() == [7] * 31  # more than any has neighbours
    assert np.flatnonzero(own).tolist() == list(range(60))
    assert (layouts.map[60:] == layouts.map[7]).all()


def test_the_same_place_in_other_words_is_no_duplicate(few: tuple[list[str], np.ndarray]) -> None:
    graph = neighbor_graph(np.ones((60, 4), np.float32), 15)
    assert (near_duplicates(few[0], graph) == np.arange(60)).all()
    assert set(near_duplicates([f"One text, {'whatever' * row}" for row in [3] * 60], graph)) == {0}


@given(st.lists(st.sampled_from("abcdef"), max_size=30), st.lists(st.sampled_from("abcdef"), max_size=30))
def test_resemblance_is_the_share_of_shingles_that_both_texts_have(one: list[str], other: list[str]) -> None:
    def shingles(words: list[str]) -> set[tuple[str, ...]]:
        size = min(3, len(words))
        return {tuple(words[row : row + size]) for row in range(len(words) - size + 1)} - {()}

    found = resemblance(sketch(" ".join(one)), sketch(", ".join(other).upper()))
    every = shingles(one) | shingles(other)
    assert found == pytest.approx(len(shingles(one) & shingles(other)) / max(1, len(every)))


def test_the_resemblance_of_long_texts_is_estimated() -> None:
    words = [str(number) for number in range(20_000)]
    assert 0.45 < resemblance(sketch(" ".join(words)), sketch(" ".join(words[:10_000]))) < 0.55
    assert len(sketch(" ".join(words))) == 400
