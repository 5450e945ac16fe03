"""The page: one HTML file that shows, searches and zooms the map in any browser, with no network."""

from __future__ import annotations

import base64
import hashlib
import html
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from string import Template

from localtopics.files import replacing
from localtopics.report.html.content import PageContent
from localtopics.report.html.data import ROOM, page_data
from localtopics.report.html.packing import to_json
from localtopics.text import one_line

SCRIPTS = (
    "packing.js",
    "data.js",
    "elements.js",
    "theme.js",
    "coloring.js",
    "camera.js",
    "grid.js",
    "tiles.js",
    "dots.js",
    "levels.js",
    "labels.js",
    "tooltip.js",
    "view.js",
    "exports.js",
    "edits.js",
    "editing.js",
    "documents.js",
    "charts.js",
    "tree.js",
    "panel.js",
    "topic.js",
    "chosen.js",
    "legend.js",
    "timeline.js",
    "link.js",
    "paper.js",
    "page.js",
    "actions.js",
    "input.js",
    "main.js",
)
"""The page's script, file after file; the last one starts it."""


def write_page(path: Path, content: PageContent, room: int = ROOM) -> None:
    """Write the page to ``path`` as one HTML file; the same content gives the same bytes.

    The page fetches nothing and runs no script but its own, whatever the texts hold: its
    Content-Security-Policy says so. The file appears whole or not at all, and whatever was there before is
    replaced.

    Args:
        path: the file to write.
        content: what it shows.
        room: bytes that it may take, its script left out, before headlines are left out.

    Raises:
        OSError: the file cannot be written.
    """
    title = one_line(content.title) or "Topics"
    data = to_json(page_data(replace(content, title=title), room))
    web = files("localtopics.report.html") / "web"
    style = (web / "page.css").read_text(encoding="utf-8")
    script = "\n".join((web / name).read_text(encoding="utf-8") for name in SCRIPTS)
    before, _, after = (web / "page.html").read_text(encoding="utf-8").partition("$data")
    parts = {
        "policy": content_policy(script, style),
        "title": html.escape(title),
        "style": style,
        "script": script,
    }
    with replacing(path) as temporary, temporary.open("wb") as file:
        for text in (Template(before).substitute(parts), data, Template(after).substitute(parts)):
            file.write(text.encode("utf-8", errors="replace"))  # a lone surrogate is no character


def content_policy(script: str, style: str) -> str:
    """The Content-Security-Policy of a page that fetches nothing and has one script and one style."""
    return (
        "default-src 'none'; base-uri 'none'; form-action 'none'; "
        f"script-src {_digest(script)}; style-src {_digest(style)}"
    )


def _digest(text: str) -> str:
    """Return the source expression of the Content-Security-Policy that allows this very text and no other."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
