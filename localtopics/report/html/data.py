"""What the page knows about the map, as the JSON that its script reads; `web/data.js` unpacks it."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from localtopics.report.palette import OUTLIER_COLOR, OUTLIER_COLOR_ON_DARK
from localtopics.report.scene import Scene, TopicMark
from localtopics.text import one_line
from localtopics.topics.topic import OUTLIER, OUTLIER_LABEL

HEADLINE_LENGTH = 140
"""Characters of a document's headline; headlines make most of the file's size."""


def page_data(
    scene: Scene,
    *,
    keywords: Mapping[int, Sequence[str]],
    headlines: Sequence[str],
    title: str,
    order: Sequence[int] | None = None,
) -> dict[str, object]:
    """Return the fields of the page's JSON; the arguments are those of `write_page`.

    Documents without a place are left out. Places are scaled so that the map's longer side reaches from -1
    to 1. ``rows`` holds the topic of each document as an index into ``topics``, of which the first are the
    outliers.
    """
    documents = [row for row in (range(len(scene.drawn)) if order is None else order) if scene.drawn[row]]
    points = scene.points[documents].astype(np.float64)
    middle = (points.max(axis=0) + points.min(axis=0)) / 2
    half = float((points.max(axis=0) - points.min(axis=0)).max()) / 2 or 1.0
    points = (points - middle) / half
    row_of = {OUTLIER: 0} | {mark.topic: row for row, mark in enumerate(scene.topics, start=1)}
    rows = [row_of[topic] for topic in scene.assignments[documents].tolist()]
    bounds = np.maximum(np.abs(points).max(axis=0), 0.05).round(5).tolist()
    return {
        "title": title,
        "bounds": dict(zip("xy", bounds, strict=True)),
        "points": base64.b64encode(points.astype("<f4").tobytes()).decode(),
        "rows": base64.b64encode(np.array(rows, dtype="<u4").tobytes()).decode(),
        "topics": [
            _outliers(rows.count(0)),
            *(_topic(mark, keywords.get(mark.topic, ()), middle, half) for mark in scene.topics),
        ],
        "headlines": [_shorten(one_line(headlines[document])) for document in documents],
    }


def to_json(data: object) -> str:
    """Return JSON that a script element can hold: nothing in it can end the element or begin a comment."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _outliers(count: int) -> dict[str, object]:
    return {
        "topic": OUTLIER,
        "label": OUTLIER_LABEL,
        "size": count,
        "keywords": ["documents that belong to no topic"],
        "color": OUTLIER_COLOR.hex(),
        "colorOnDark": OUTLIER_COLOR_ON_DARK.hex(),
    }


def _topic(
    mark: TopicMark, keywords: Sequence[str], middle: NDArray[np.float64], half: float
) -> dict[str, object]:
    x, y = (np.array(mark.center) - middle) / half
    return {
        "topic": mark.topic,
        "label": mark.label,
        "size": mark.size,
        "keywords": [one_line(word) for word in keywords],
        "x": round(float(x), 5),
        "y": round(float(y), 5),
        "coreRadius": round(mark.core_radius / half, 5),
        "color": mark.color.hex(),
        "colorOnDark": mark.color.on_dark().hex(),
        "textColor": mark.color.for_text().hex(),
        "textColorOnDark": mark.color.for_text_on_dark().hex(),
    }


def _shorten(text: str) -> str:
    return text if len(text) <= HEADLINE_LENGTH else text[: HEADLINE_LENGTH - 1].rstrip() + "…"
