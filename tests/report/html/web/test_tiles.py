"""Large maps: many dots as tiles, which look like the dots, and dots one by one where fewer are seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page

import localtopics.report.html.page as page_of
from localtopics.report.html.content import Coded, PageContent, TopicFacts
from localtopics.report.html.page import write_page
from localtopics.report.scene import compose
from tests.report.browsing import picture, settle, until
from tests.report.conftest import Visit
from tests.report.html.conftest import GROUPS, YEARS
from tests.report.samples import grid_of_islands

WEB = Path(page_of.__file__).parent / "web"
CANVAS = ("--disable-gpu",)
MOST = 2000
"""Dots that are drawn one by one."""
LOOKS = {
    "all": "null",
    "one topic": "page.selectTopic(3)",
    "a search": "page.search('paper 7')",
    "nothing found": "page.search('nowhere')",
    "a time": "page.showPeriod([1, 2])",
    "by group": "page.colorBy('group')",
    "by time": "page.colorBy('time')",
    "by strength": "page.colorBy('probability')",
    "without outliers": "page.showOutliers(false)",
    "a lasso": "page.choose([...page.data.rows.keys()].filter((i) => page.data.points[2 * i] < 0))",
}
"""What changes how dots look."""


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of 20,000 documents in 12 topics."""
    path = tmp_path_factory.mktemp("many") / "map.html"
    rows = np.arange(20_000)
    scene = compose(*grid_of_islands(20_000, 12), {topic: f"Topic {topic}" for topic in range(12)})
    write_page(
        path,
        PageContent(
            scene=scene,
            topics=dict.fromkeys(range(12), TopicFacts(keywords=["word"])),
            headlines=[f"Paper {i}" for i in rows],
            times=Coded(YEARS, rows % 5),
            groups=Coded(GROUPS, rows // 12 % 4),
            probability=(rows % 100) / 100,
        ),
    )
    return path


def rest(page: Page) -> None:
    """Wait until all is drawn as it should be."""
    settle(page)
    until(page, "page.view.frame === null && page.view.dotsDrawn !== null")


def tiled(page: Page, most: float = MOST) -> bool:
    """Draw at most so many dots one by one, and say whether the others are tiles."""
    page.evaluate(
        "(most) => { page.view.dots.limit(most); page.view.dotsDrawn = null; page.view.redraw() }", most
    )
    rest(page)
    return bool(page.evaluate("page.view.dots.tiled"))


def both(page: Page) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The map by tiles, and dot by dot."""
    assert tiled(page)
    with_tiles = picture(page)
    assert not tiled(page, 1e9)
    return with_tiles, picture(page)


def has(pixels: NDArray[np.int64], color: str, within: int = 30) -> bool:
    """Whether a picture has an area of a colour."""
    rgb = [int(color[start : start + 2], 16) for start in (1, 3, 5)]
    return int((np.abs(pixels - rgb).max(axis=2) < within).sum()) > 50


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_tiles_show_what_dots_do(visit: Visit, many: Path, dark: bool) -> None:
    with visit(many, *CANVAS, dark=dark) as page:
        bare, _ = both(page)
        for name, change in LOOKS.items():
            page.evaluate(change)
            page.evaluate("page.view.showAll()")
            with_tiles, dot_by_dot = both(page)
            assert np.abs(with_tiles - dot_by_dot).mean() < 4, name
            assert name in ("all", "nothing found") or np.abs(with_tiles - bare).mean() > 0.1, name
            page.evaluate(
                "page.clearSearch(); page.choose(null); page.showPeriod(null); page.showOutliers(true)"
            )
            page.evaluate("page.colorBy('topic')")


def test_tiles_have_the_colours_of_the_topics(visit: Visit, many: Path) -> None:
    with visit(many, *CANVAS) as page:
        assert tiled(page)
        pixels = picture(page)
        colors = page.evaluate("page.theme.dotColors")
        assert all(has(pixels, color) for color in colors)
        page.evaluate("page.selectTopic(4); page.view.showAll()")
        rest(page)
        assert page.evaluate("page.view.dots.tiled")
        pixels = picture(page)
        assert has(pixels, colors[4])
        assert sum(has(pixels, color) for color in colors) < 6, "the others are pale, or hardly"


def test_near_there_are_dots(visit: Visit, many: Path) -> None:
    with visit(many, *CANVAS) as page:
        assert tiled(page)
        page.evaluate(
            """() => { const { camera } = page.view, [x, y] = page.data.place(7);
               Object.assign(camera, { x, y, scale: 12 * camera.fitScale }); page.view.redraw(); }"""
        )
        rest(page)
        assert not page.evaluate("page.view.dots.tiled")
        near = picture(page)
        page.evaluate("page.view.dots.limit(1)")  # and tiles of the same place show the same
        page.evaluate("page.view.dotsDrawn = null; page.view.redraw()")
        rest(page)
        assert page.evaluate("page.view.dots.tiled")
        assert np.abs(near - picture(page)).mean() < 4
        color = page.evaluate("page.view.colorOf(7)")
        assert has(near, color, within=90)


def test_while_it_moves_others_stand_in_for_tiles_that_are_not_there(visit: Visit, many: Path) -> None:
    move = """async (factor) => {
      const { view } = page, drawn = [], pixels = view.dotCanvas.getContext("2d");
      for (let i = 0; i < 20; i++) {
        view.zoomAt(500, 400, factor);
        await new Promise(requestAnimationFrame);
        const { data } = pixels.getImageData(0, 0, view.dotCanvas.width, view.dotCanvas.height);
        let covered = 0;
        for (let at = 3; at < data.length; at += 4) covered += data[at] > 0;
        drawn.push(covered / (data.length / 4));
      }
      return drawn;
    }"""
    with visit(many, *CANVAS) as page:
        assert tiled(page)
        first = picture(page)
        for factor in (1.04, 1 / 1.04):
            covered = page.evaluate(move, factor)
            assert min(covered) > 0.5 * max(covered), "no frame lacks a part"
        until(page, "!page.view.moving")
        page.evaluate("page.view.showAll()")
        rest(page)
        assert np.abs(first - picture(page)).mean() < 1


def test_only_large_maps_have_tiles_unless_each_dot_is_asked_for(visit: Visit, many: Path) -> None:
    kind = """(size) => { const data = { ...page.data, size };
      return createDots(make("canvas"), data, page.view.grid).tiles?.constructor.name ?? "none"; }"""
    for query, of_large in (("", "DotTiles"), ("?dots=canvas", "none")):
        with visit(many, *CANVAS, query=query) as page:
            assert page.evaluate("page.view.dots.tiles") is None
            assert [page.evaluate(kind, size) for size in (200_000, 200_001)] == ["none", of_large]


def test_a_headline_that_is_left_out_is_told_by_its_id(visit: Visit, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    words = [" ".join(map(str, rng.integers(10**6, 10**7, 8))) for _ in range(3000)]
    content = PageContent(
        scene=compose(*grid_of_islands(3000, 4), {}),
        headlines=[f"Paper {text}" for text in words],
        ids=[f"id{i}" for i in range(3000)],
    )
    path = tmp_path / "map.html"
    write_page(path, content, room=70_000)
    script = sum(len(file.read_bytes()) for file in WEB.iterdir())
    assert path.stat().st_size < 70_000 + script
    with visit(path) as page:
        note = page.locator("#titled").inner_text()
        count = page.evaluate("page.data.titled")
        assert 100 < count < 1500
        assert note.startswith(f"The titles of {count:,} of 3,000 documents are in this page")
        assert "--titles all" in note
        without = page.evaluate("page.data.headlines.findLastIndex((text) => !text)")
        name = f"Document id{page.evaluate('(i) => page.data.ids[i]', without)[2:]}"
        page.evaluate("(i) => page.selectDocument(i)", without)
        settle(page)
        assert page.locator("#tooltip p").inner_text() == name
        page.evaluate("page.search('paper')")
        assert page.locator("#documents-title b").inner_text() == f"{count:,}"
        page.evaluate("page.search('id1')")
        assert page.locator("#documents-title b").inner_text() == "0"
        assert page.evaluate("(i) => describe(page.data, [i])[0].headline", without) is None
        for row in range(5):  # of each topic the first
            assert page.evaluate("(row) => page.data.headlines[page.data.members[row][0]] !== ''", row)


@pytest.mark.parametrize("all_titles", [True, False], ids=["asked for", "they fit"])
def test_where_all_headlines_are_there_nothing_is_said(
    visit: Visit, tmp_path: Path, all_titles: bool
) -> None:
    content = PageContent(
        scene=compose(*grid_of_islands(300, 4), {}),
        headlines=[f"Paper {i}" for i in range(300)],
        all_titles=all_titles,
    )
    path = tmp_path / "map.html"
    write_page(path, content, **({"room": 0} if all_titles else {}))
    with visit(path) as page:
        assert page.locator("#titled").is_hidden()
        assert page.evaluate("page.data.headlines") == [f"Paper {i}" for i in range(300)]
        page.evaluate("page.search('paper 7')")
        assert page.locator("#documents-title b").inner_text() == str(sum("7" in str(i) for i in range(300)))
