"""Labels of keywords, and that no two topics share a label."""

import random
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localtopics.labels.cleaning import MAX_WORDS
from localtopics.labels.distinct import distinguish, keyword_label
from localtopics.labels.label import Candidate, Label


@pytest.mark.parametrize(
    ("keywords", "label"),
    [
        (["bus", "tram", "fares", "city"], "bus, tram, fares"),
        (["network", "networks", "neural networks", "deep"], "network, neural networks, deep"),
        (["neural networks", "neural", "training"], "neural networks, training"),
        (
            ["one two three four", "five six seven", "eight nine", "ten"],
            "one two three four, five six seven, ten",
        ),
        (["bus"], "bus"),
        ([], "Unnamed topic"),
        (["", " "], "Unnamed topic"),
    ],
)
def test_keywords_make_a_label(keywords: Sequence[str], label: str) -> None:
    assert keyword_label(keywords) == label


def labelled(
    texts: Mapping[int, str], candidates: Mapping[int, Sequence[tuple[str, float | None]]] = {}
) -> dict[int, Label]:
    """Labels of these texts, each with the candidates that it was chosen from."""
    return {
        topic: Label(topic, text, False, tuple(Candidate(*c) for c in candidates.get(topic, ())), "", 0.0)
        for topic, text in texts.items()
    }


def test_of_namesakes_the_best_keeps_the_label_and_the_others_take_their_next_one() -> None:
    texts = {0: "DataFrame", 1: "Dataframes", 2: "DataFrame", 3: "Missing values"}
    candidates: dict[int, list[tuple[str, float | None]]] = {
        0: [("DataFrame", 0.7), ("Files", 0.6)],
        1: [("Dataframes", 0.8), ("Joins", 0.7)],
        2: [
            ("???", None),
            ("dataframes", 0.65),
            ("missing value", 0.6),
            ("Null cells", 0.5),
            ("Nothing", 0.3),
        ],
    }
    named = distinguish(labelled(texts, candidates), {})
    assert named == {0: "Files", 1: "Dataframes", 2: "Null cells", 3: "Missing values"}


def test_a_namesake_takes_nothing_that_fits_much_less() -> None:
    candidates: dict[int, list[tuple[str, float | None]]] = {
        0: [("Robots", 0.9), ("Arms", 0.8)],
        1: [("Robots", 0.8), ("Arms", 0.3)],
    }
    named = distinguish(labelled({0: "Robots", 1: "Robots"}, candidates), {0: ["arm"], 1: ["leg"]})
    assert named == {0: "Robots (arm)", 1: "Robots (leg)"}


def test_namesakes_get_a_keyword_that_tells_them_apart() -> None:
    labels = {-1: "Outliers", 0: "Neural networks", 1: "neural  Networks", 2: "Robots"}
    keywords = {
        0: ["neural", "network", "image", "training"],
        1: ["networks", "image", "speech"],
        2: ["robot"],
    }
    assert distinguish(labelled(labels), keywords) == {
        -1: "Outliers",
        0: "Neural networks (training)",
        1: "neural  Networks (speech)",
        2: "Robots",
    }


def test_namesakes_with_the_same_keywords_still_differ() -> None:
    labels = dict.fromkeys(range(4), "Robots")
    named = distinguish(labelled(labels), dict.fromkeys(range(4), ("robot", "arm")))
    assert len({label.casefold() for label in named.values()}) == 4


def test_a_distinguishing_word_makes_no_new_namesake() -> None:
    labels = {0: "Robots", 1: "Robots", 2: "Robots (arm)"}
    named = distinguish(labelled(labels), {0: ["arm", "hand"], 1: ["leg"]})
    assert named == {0: "Robots (hand)", 1: "Robots (leg)", 2: "Robots (arm)"}


def test_the_outliers_keep_their_name() -> None:
    named = distinguish(labelled({-1: "Outliers", 4: "outliers"}), {4: ["fraud"]})
    assert named == {-1: "Outliers", 4: "outliers (fraud)"}


words = st.sampled_from(
    ["robots", "Robots", "arm", "hand", "deep learning", "of", "x", "one two three four five six"]
)
texts = (
    st.lists(words, min_size=1, max_size=3)
    .map(" ".join)
    .filter(lambda label: len(label.split()) <= MAX_WORDS)
)
scored = st.lists(st.tuples(texts, st.none() | st.floats(-1, 1)), max_size=3)


@given(
    st.dictionaries(st.integers(0, 30), texts),
    st.dictionaries(st.integers(0, 30), scored),
    st.dictionaries(st.integers(0, 30), st.lists(words)),
    st.randoms(use_true_random=False),
)
def test_no_two_labels_are_ever_the_same(
    labels: dict[int, str],
    candidates: dict[int, list[tuple[str, float | None]]],
    keywords: dict[int, list[str]],
    order: random.Random,
) -> None:
    named = distinguish(labelled(labels, candidates), keywords)
    assert named.keys() == labels.keys()
    assert len({" ".join(label.casefold().split()) for label in named.values()}) == len(named)
    assert all(len(label.split()) <= MAX_WORDS for label in named.values())
    assert distinguish(labelled(named), keywords) == named
    topics = list(labels)
    order.shuffle(topics)
    assert distinguish(labelled({topic: labels[topic] for topic in topics}, candidates), keywords) == named
