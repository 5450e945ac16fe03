"""Pages to visit, written once."""

from __future__ import annotations

from pathlib import Path

import pytest

from localtopics.report.html.page import write_page
from localtopics.report.scene import compose
from tests.report.samples import grid_of_islands

NAMES = ["Speech recognition", "Graph neural networks", "Poincaré maps & chaos", "Robot motion planning"]


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of 400 documents in four topics."""
    path = tmp_path_factory.mktemp("small") / "map.html"
    write_page(
        path,
        compose(*grid_of_islands(400, 4), dict(enumerate(NAMES))),
        keywords={topic: name.lower().split() for topic, name in enumerate(NAMES)},
        headlines=[f"Paper {i} on {NAMES[i % 4].lower()}" for i in range(400)],
        title="A <small> & plain map",
    )
    return path


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of 100,000 documents in 120 topics, with headlines as long as those of papers."""
    path = tmp_path_factory.mktemp("large") / "map.html"
    labels = {topic: f"Topic about the matter number {topic}" for topic in range(120)}
    write_page(
        path,
        compose(*grid_of_islands(100_000, 120), labels),
        keywords=dict.fromkeys(range(120), ["word"] * 10),
        headlines=[f"Paper {i}: " + "a headline of the usual length " * 3 for i in range(100_000)],
        title="Large",
    )
    return path
