"""The map as a page: one file that shows, searches and zooms in any browser, with no network."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
from numpy.typing import NDArray

from localtopics.files import replacing
from localtopics.report.palette import OUTLIER_COLOR, OUTLIER_COLOR_ON_DARK
from localtopics.report.scene import Scene, compose
from localtopics.text import one_line
from localtopics.topics.topic import OUTLIER

SCRIPTS = ("data.js", "camera.js", "dots.js", "labels.js", "panel.js", "main.js", "hands.js")
HEADLINE = 140  # characters of a document's headline; what makes most of the file's size


def write_page(
    path: Path,
    layout: NDArray[np.floating],
    assignments: NDArray[np.integer],
    labels: Mapping[int, str],
    keywords: Mapping[int, Sequence[str]],
    headlines: Sequence[str],
    title: str,
    order: Sequence[int] | None = None,
) -> None:
    """Write the map to ``path`` as one HTML file; the same input gives the same bytes.

    ``layout`` is [n, 2], ``assignments`` [n] with -1 for outliers, ``headlines`` n texts; a topic missing in
    ``labels`` is called by its number. ``order`` holds the n rows as lists of documents show them. Documents
    without a finite place are left out. The page fetches nothing and runs no script but its own, whatever the
    texts hold: its Content-Security-Policy says so. Raises ValueError where the shapes do not fit each other.
    """
    if len(headlines) != len(layout):
        raise ValueError(f"{len(layout)} documents have {len(headlines)} headlines")
    data = page_data(compose(layout, assignments, labels), keywords, headlines, title, order)
    web = files("localtopics.report.html") / "web"
    style = (web / "page.css").read_text(encoding="utf-8")
    script = "\n".join((web / name).read_text(encoding="utf-8") for name in SCRIPTS)
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; "
        f"script-src {_digest(script)}; style-src {_digest(style)}"
    )
    page = Template((web / "page.html").read_text(encoding="utf-8")).substitute(
        policy=policy, title=html.escape(data["title"]), style=style, script=script, data=_as_json(data)
    )
    with replacing(path) as temporary:
        temporary.write_bytes(page.encode("utf-8", errors="replace"))  # a lone surrogate is no character


def page_data(
    scene: Scene,
    keywords: Mapping[int, Sequence[str]],
    headlines: Sequence[str],
    title: str,
    order: Sequence[int] | None = None,
) -> dict[str, Any]:
    """What the page's script reads; `web/data.js` says what the fields mean."""
    documents = [row for row in (range(len(scene.drawn)) if order is None else order) if scene.drawn[row]]
    points = scene.points[documents].astype(np.float64)
    middle = (points.max(axis=0) + points.min(axis=0)) / 2
    half = float((points.max(axis=0) - points.min(axis=0)).max()) / 2 or 1.0
    points = (points - middle) / half
    row_of = {OUTLIER: 0} | {mark.topic: row for row, mark in enumerate(scene.topics, start=1)}
    rows = [row_of[topic] for topic in scene.assignments[documents].tolist()]
    topics: list[dict[str, Any]] = [
        {
            "topic": OUTLIER,
            "label": "Outliers",
            "size": rows.count(0),
            "keywords": ["documents that belong to no topic"],
            "light": OUTLIER_COLOR.hex(),
            "dark": OUTLIER_COLOR_ON_DARK.hex(),
        }
    ]
    for mark in scene.topics:
        x, y = (np.array(mark.center) - middle) / half
        topics.append(
            {
                "topic": mark.topic,
                "label": mark.label,
                "size": mark.size,
                "keywords": [one_line(word) for word in keywords.get(mark.topic, ())],
                "x": round(float(x), 5),
                "y": round(float(y), 5),
                "core": round(mark.core / half, 5),
                "light": mark.color.hex(),
                "dark": mark.color.on_dark().hex(),
                "ink": mark.color.ink().hex(),
                "inkDark": mark.color.ink_on_dark().hex(),
            }
        )
    return {
        "title": one_line(title) or "Topics",
        "reach": dict(zip("xy", np.maximum(np.abs(points).max(axis=0), 0.05).round(5).tolist(), strict=True)),
        "points": base64.b64encode(points.astype("<f4").tobytes()).decode(),
        "rows": base64.b64encode(np.array(rows, dtype="<u4").tobytes()).decode(),
        "topics": topics,
        "headlines": [_shorten(one_line(headlines[document])) for document in documents],
    }


def _shorten(text: str) -> str:
    return text if len(text) <= HEADLINE else text[: HEADLINE - 1].rstrip() + "…"


def _as_json(data: object) -> str:
    """JSON that a script element can hold: nothing in it can end the element or begin a comment."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _digest(text: str) -> str:
    """The source expression of the Content-Security-Policy that allows this very text and no other."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
