"""Pages to visit, written once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from localtopics.report.html.content import Coded, PageContent, TopicFacts
from localtopics.report.html.page import write_page
from localtopics.report.scene import Branch, compose
from tests.report.samples import grid_of_islands

NAMES = ["Speech recognition", "Graph neural networks", "Poincaré maps & chaos", "Robot motion planning"]
NOTE = "Two subjects? <b>Ask</b> Poincaré"
YEARS = ["2015", "2016", "2017", "2018", "2019"]
GROUPS = ["cs.CL", "cs.LG", "=math", "stat"]


def small_content() -> PageContent:
    """400 documents in four topics, of five years (and some of none) and four groups."""
    rows = np.arange(400)
    scene = compose(*grid_of_islands(400, 4), dict(enumerate(NAMES)))
    return PageContent(
        scene=scene,
        topics={
            topic: TopicFacts(
                keywords=name.lower().split(),
                keybert=["bert", name.lower()],
                mmr=["diverse"],
                fidelity=0.25 * (topic + 1),
                nearest=[(topic + 1) % 4, (topic + 2) % 4],
                change="rising: the odds change by a factor of 1.2 each year" if topic == 1 else "",
                note=NOTE if topic == 1 else "",
            )
            for topic, name in enumerate(NAMES)
        },
        headlines=[f"Paper {i} on {NAMES[i % 4].lower()}" for i in range(400)],
        title="A <small> & plain map",
        ids=[f"id{i}" for i in range(400)],
        times=Coded(YEARS, np.where(rows % 16 == 5, -1, rows % 5)),
        groups=Coded(GROUPS, rows // 4 % 4),
        probability=np.where(scene.assignments < 0, 0.0, (rows % 11) / 10),
        pull=np.where(scene.assignments < 0, 0.5, np.nan),
        words={"phonetics": [0, 3]},
    )


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of `small_content`."""
    path = tmp_path_factory.mktemp("small") / "map.html"
    write_page(path, small_content())
    return path


@pytest.fixture(scope="session")
def leveled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of 64 topics in 16 branches, and these in four; the last topic lies in none."""
    path = tmp_path_factory.mktemp("leveled") / "map.html"
    layout, assignments = grid_of_islands(3200, 64)
    blocks = {topic: 64 + topic % 8 // 2 + 4 * (topic // 16) for topic in range(63)}
    above = {branch: 80 + (branch - 64) % 4 // 2 + 2 * ((branch - 64) // 8) for branch in range(64, 80)}
    size = {branch: 45 * sum(parent == branch for parent in blocks.values()) for branch in above}
    coarse = {top: sum(size[branch] for branch in above if above[branch] == top) for top in range(80, 84)}
    branches = [Branch(b, 1, above[b], f"Branch {b}", size[b], ["wood"], 0.5) for b in above]
    branches += [Branch(top, 2, None, f"Limb {top}", coarse[top], ["tree"], 0.75) for top in coarse]
    write_page(
        path,
        PageContent(
            scene=compose(layout, assignments, {topic: f"Twig {topic}" for topic in range(64)}),
            headlines=[f"Paper {i}" for i in range(3200)],
            branches=branches,
            parents=blocks,
        ),
    )
    return path


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of 100,000 documents in 120 topics, with headlines as long as those of papers."""
    path = tmp_path_factory.mktemp("large") / "map.html"
    labels = {topic: f"Topic about the matter number {topic}" for topic in range(120)}
    rows = np.arange(100_000)
    write_page(
        path,
        PageContent(
            scene=compose(*grid_of_islands(100_000, 120), labels),
            topics=dict.fromkeys(range(120), TopicFacts(keywords=["word"] * 10)),
            headlines=[f"Paper {i}: " + "a headline of the usual length " * 3 for i in range(100_000)],
            title="Large",
            times=Coded(YEARS, rows % 5),
            groups=Coded(GROUPS, rows % 4),
            probability=(rows % 100) / 100,
        ),
    )
    return path
