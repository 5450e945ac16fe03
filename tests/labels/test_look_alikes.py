"""Which names are taken for each other, and what is said to tell their topics apart."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from localtopics.labels.look_alikes import evidence, look_alikes
from localtopics.labels.scoring import LabelScorer, choose
from localtopics.topics.topic import Topic

PLACES = {
    "bus": [1.0, 0.0, 0.0],
    "coach": [0.95, 0.3122, 0.0],
    "night bus": [0.9, 0.0, 0.4359],
    "tram": [0.0, 1.0, 0.0],
    "a bus by day": [0.8, 0.6, 0.0],
    "the bus at night": [0.8, 0.0, 0.6],
    "transport": [1.0, 0.0, 0.05],  # nearer to the night, and nearly as near to the day
    "nightlife": [0.55, 0.267, 0.567],
}
DAY = Topic(0, 9, ("bus", "fares", "day"), (), (), ("the bus at night", "a bus by day"))
NIGHT = Topic(1, 9, ("bus", "night", "fares"), (), (), ("a bus by day", "the bus at night"))
TEXTS = {0: ["A bus with fares by day"] * 2, 1: ["The bus fares at night", "Night bus"]}


def embed(texts: Sequence[str]) -> NDArray[np.float32]:
    return np.array([PLACES[text.lower()] for text in texts], dtype=np.float32)


def scorer() -> LabelScorer:
    axes = np.array([[0.8, 0.6, 0.0], [0.8, 0.0, 0.6]], np.float32)
    return LabelScorer(embed, TEXTS, dict(enumerate(axes)))


def test_the_same_words_are_taken_for_each_other() -> None:
    names = {0: "Bus fares", 1: "fares, BUS", 2: "Tram fares", 3: "Buses fare", 7: "bus fare"}
    assert look_alikes(names, None) == {0: (1, 7), 1: (0, 7), 7: (0, 1)}
    assert look_alikes({}, None) == look_alikes({3: "Bus"}, None) == {}


def test_near_words_are_taken_for_each_other_where_they_can_be_embedded() -> None:
    names = {0: "Bus", 1: "Tram", 2: "Coach", 3: "Night bus"}
    assert look_alikes(names, None) == {}
    assert look_alikes(names, scorer()) == {0: (2, 3), 2: (0,), 3: (0,)}


def test_three_others_at_most_the_nearest_first() -> None:
    names = dict.fromkeys(range(6), "Bus") | {6: "Coach"}
    found = look_alikes(names, scorer())
    assert found[0] == (1, 2, 3)
    assert found[6] == (0, 1, 2)


def test_what_the_others_lack_comes_first() -> None:
    names = {0: "Bus", 1: "Bus"}
    shown = evidence(NIGHT, [DAY], names, scorer())
    assert shown.documents == ("the bus at night", "a bus by day")
    assert shown.keywords == ("night", "bus", "fares")
    assert shown.others == ("Bus (day, fares, bus)",)


def test_without_embeddings_keywords_tell() -> None:
    shown = evidence(DAY, [NIGHT], {0: "Bus", 1: "Bus"}, None)
    assert shown.documents == DAY.representative
    assert shown.keywords == ("day", "bus", "fares")
    assert shown.others == ("Bus (night, bus, fares)",)


def test_a_label_that_tells_its_topic_apart_wins() -> None:
    answers = ["Transport", "Nightlife"]
    assert choose(1, answers, (), scorer()).text == "Transport"
    assert choose(1, answers, (), scorer(), rivals=[0]).text == "Nightlife"
