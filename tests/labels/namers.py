"""Topics to name, and what names them: a scripted model that is asked by a short prompt."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from localtopics.labels.label import Label
from localtopics.labels.namer import Namer
from localtopics.labels.settings import LabelSettings
from localtopics.topics.topic import Topic

USABLE = {"]": "▁Urban", "▁Urban": "▁buses"}
SHORT = 'system = ""\nexample = ""\nanswer = ""\nrequest = "Name:\\n[DOCUMENTS]\\nby [KEYWORDS]"\n'


def topic(number: int, **changes: Any) -> Topic:
    documents = tuple(f"Text {letter} of topic {number} rides the bus." for letter in "abcdef")
    keywords = (f"bus{number}", "bus", "tram", "fares")
    return replace(Topic(number, 9, keywords, (), (), documents), **changes)


ASKED = LabelSettings(prompt="short.toml", candidates=1)
TOPICS = [topic(-1), *map(topic, range(4))]


def names(namer: Namer, done: Mapping[int, Label] | None = None) -> dict[int, Label]:
    with namer:
        labels = list(namer.label(TOPICS, done))
    rounds = [
        [label.topic for label in labels if bool(label.again_sha256) is again] for again in (False, True)
    ]
    assert all(len(set(topics)) == len(topics) for topics in rounds)
    return {label.topic: replace(label, seconds=0.0) for label in labels}
