"""What the page knows about the map, as the JSON that its script reads; `web/data.js` unpacks it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from localtopics.report.html.content import Coded, PageContent, TopicFacts
from localtopics.report.html.headlines import packed_headlines
from localtopics.report.html.packing import Packed, packed, packed_texts, to_json
from localtopics.report.palette import HUES, OUTLIER_COLOR, OUTLIER_COLOR_ON_DARK, PALETTE
from localtopics.report.scene import Branch, TopicMark, place_branches
from localtopics.text import one_line, shortened
from localtopics.topics.editing import evenly
from localtopics.topics.topic import OUTLIER, OUTLIER_LABEL

HEADLINE_LENGTH = 140
"""Characters of a document's headline; headlines make most of the file's size."""
ROOM = 59_500_000
"""Bytes that the page, its script left out, takes before headlines are left out: they keep it below 60 MB."""
STEPS = 1 << 20
"""Steps of a place from 0 to 1: at the closest zoom one is less than a pixel."""
STRENGTHS = 254
"""Steps in which strengths between 0 and 1 are told; the byte after them says that there is none."""
GROUP_COLORS = [PALETTE[5 * step % HUES] for step in range(HUES)]
"""Those of the largest groups: clear ones, each far from the one before."""

_Place = Callable[[tuple[float, float]], dict[str, float]]


def page_data(content: PageContent, room: int = ROOM) -> dict[str, object]:
    """Return the fields of the page's JSON.

    Documents without a place are left out. Places are scaled so that the map's longer side reaches from -1
    to 1. ``sample`` are some documents by which a topic is known again. ``rows`` holds the topic of each
    document as an index into ``topics``, of which the first are the outliers; ``branches`` count on after
    them. Columns are packed, see `packed`, and places are told in `STEPS` from -1 on. ``titled`` says how
    many ``headlines`` there are, which come topic after topic, see `packed_headlines`.

    Args:
        content: what the page shows.
        room: bytes that the JSON may take before headlines are left out; a tenth of it is for headlines at
            any rate.
    """
    scene = content.scene
    order = np.arange(len(scene.drawn)) if content.order is None else np.asarray(content.order)
    documents = order[scene.drawn[order]]
    points = scene.points[documents].astype(np.float64)
    middle = (points.max(axis=0) + points.min(axis=0)) / 2
    half = float((points.max(axis=0) - points.min(axis=0)).max()) / 2 or 1.0
    points = (points - middle) / half
    bounds = np.maximum(np.abs(points).max(axis=0), 0.05).round(5).tolist()

    def place(center: tuple[float, float]) -> dict[str, float]:
        return dict(zip("xy", ((np.array(center) - middle) / half).round(5).tolist(), strict=True))

    places = place_branches(scene.topics, content.branches, content.parents)
    branches = sorted((b for b in content.branches if b.topic in places), key=lambda b: (b.level, b.topic))
    numbers = [OUTLIER, *(mark.topic for mark in scene.topics), *(branch.topic for branch in branches)]
    row_of = {number: row for row, number in enumerate(numbers)}
    found, places_of = np.unique(scene.assignments[documents], return_inverse=True)
    rows = np.array([row_of[topic] for topic in found.tolist()])[places_of]

    def parent(number: int | None) -> dict[str, int]:
        return {} if number is None else {"parent": row_of[number]}

    def near(facts: TopicFacts) -> dict[str, object]:
        return {"nearest": [row_of[number] for number in facts.nearest if number in row_of]}

    above = {branch.topic: branch.parent for branch in branches} | dict(content.parents)
    samples = _samples(scene.assignments[documents], documents, above)

    def sample(number: int) -> dict[str, object]:
        return {"sample": samples[number]} if number in samples else {}

    def facts_of(number: int) -> TopicFacts:
        return content.topics.get(number, TopicFacts())

    data: dict[str, object] = {
        "title": content.title,
        "bounds": dict(zip("xy", bounds, strict=True)),
        "points": packed(((points + 1) * STEPS).round().clip(0).ravel()),
        "rows": packed(rows),
        "topics": [
            _outliers(int((rows == 0).sum()), facts_of(OUTLIER)),
            *(
                _topic(mark, facts_of(mark.topic), place, half)
                | near(facts_of(mark.topic))
                | parent(content.parents.get(mark.topic))
                | sample(mark.topic)
                for mark in scene.topics
            ),
        ],
        "branches": [
            _branch(branch) | place(places[branch.topic]) | parent(branch.parent) | sample(branch.topic)
            for branch in branches
        ],
        "ids": _ids(content.ids, documents),
        "times": _coded(content.times, documents),
        "groups": _coded(content.groups, documents),
        "groupColors": [[color.hex(), color.on_dark().hex()] for color in GROUP_COLORS],
        "probability": _strengths(content.probability, documents),
        "pull": _strengths(content.pull, documents),
        "words": {
            one_line(word): [row_of[number] for number in near_to if number in row_of]
            for word, near_to in content.words.items()
        },
    }
    headlines = [
        shortened(one_line(content.headlines[document]), HEADLINE_LENGTH) for document in documents.tolist()
    ]
    taken = len(to_json(data).encode(errors="replace"))
    left = None if content.all_titles else max(room // 10, room - taken)
    data["headlines"], data["titled"] = packed_headlines(headlines, rows, left)
    return data


def _samples(
    topics: NDArray[np.integer], documents: NDArray[np.integer], above: Mapping[int, int | None]
) -> dict[int, list[int]]:
    """Some documents of each topic and branch, spread among its own in the corpus' order as in `reference`.

    Args:
        topics: int [n], the topic of each document of the page.
        documents: int [n], the row of each in the corpus.
        above: the branch of each topic or branch that has one.
    """
    own: dict[int, list[int]] = {}
    for place in np.argsort(documents).tolist():
        number: int | None = int(topics[place])
        while number is not None and number != OUTLIER:
            own.setdefault(number, []).append(place)
            number = above.get(number)
    return {number: [places[at] for at in evenly(len(places))] for number, places in own.items()}


def _coded(column: Coded | None, documents: NDArray[np.integer]) -> dict[str, object] | None:
    """A column's labels and codes; the code after the last label stands for none."""
    if column is None:
        return None
    codes = np.asarray(column.of)[documents]
    codes = np.where(codes < 0, len(column.labels), codes)
    return {"labels": [one_line(label) for label in column.labels], "of": packed(codes)}


def _strengths(values: NDArray[np.floating] | None, documents: NDArray[np.integer]) -> Packed | None:
    if values is None:
        return None
    own = np.asarray(values, dtype=np.float64)[documents]
    steps = np.nan_to_num(own * STRENGTHS, nan=0).round().clip(0, STRENGTHS)
    return packed(np.where(np.isnan(own), STRENGTHS + 1, steps))


def _ids(ids: Sequence[str] | None, documents: NDArray[np.integer]) -> Packed:
    """The documents' ids, as numbers where they are those of the rows."""
    if ids is None or all(text == str(row) for row, text in enumerate(ids)):
        return packed(documents)
    return packed_texts([ids[document] for document in documents.tolist()])


def _words(facts: TopicFacts) -> dict[str, object]:
    aspects = {"keywords": facts.keywords, "keybert": facts.keybert, "mmr": facts.mmr}
    return {name: [one_line(word) for word in words] for name, words in aspects.items()}


def _outliers(count: int, facts: TopicFacts) -> dict[str, object]:
    return _words(facts) | {
        "topic": OUTLIER,
        "label": OUTLIER_LABEL,
        "size": count,
        "color": OUTLIER_COLOR.hex(),
        "colorOnDark": OUTLIER_COLOR_ON_DARK.hex(),
    }


def _topic(mark: TopicMark, facts: TopicFacts, place: _Place, half: float) -> dict[str, object]:
    return {
        **_words(facts),
        **place(mark.center),
        "topic": mark.topic,
        "label": mark.label,
        "size": mark.size,
        "fidelity": _rounded(facts.fidelity),
        "change": facts.change,
        "note": one_line(facts.note),
        "coreRadius": round(mark.core_radius / half, 5),
        "color": mark.color.hex(),
        "colorOnDark": mark.color.on_dark().hex(),
        "textColor": mark.color.for_text().hex(),
        "textColorOnDark": mark.color.for_text_on_dark().hex(),
    }


def _branch(branch: Branch) -> dict[str, object]:
    return {
        **_words(TopicFacts(keywords=branch.keywords)),
        "topic": branch.topic,
        "level": branch.level,
        "label": one_line(branch.label) or f"Topic {branch.topic}",
        "size": branch.size,
        "fidelity": _rounded(branch.fidelity),
        "note": one_line(branch.note),
    }


def _rounded(fidelity: float | None) -> float | None:
    return None if fidelity is None else round(fidelity, 3)
