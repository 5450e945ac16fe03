"""What is drawn on the map, and where it can be drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.report.browsing import (
    boxes,
    colored,
    picture,
    settle,
    until,
)
from tests.report.conftest import Visit
from tests.report.html.conftest import NAMES
from tests.report.samples import overlaps


def test_it_lists_the_topics_and_draws_the_documents(visit: Visit, small: Path) -> None:
    with visit(small) as page:
        assert page.title() == "A <small> & plain map"
        assert page.locator("h1").inner_text() == "A <small> & plain map"
        assert page.locator("#summary").inner_text() == "400 documents · 4 topics"
        rows = page.locator(".topic > button").all_inner_texts()
        assert sorted(row.split("\n")[0] for row in rows[:4]) == sorted(NAMES)
        assert rows[4].startswith("Outliers")
        assert page.locator(".topic data").first.inner_text() in {"80", "100"}
        assert "speech, recognition" in page.locator(".topic", has_text="Speech").inner_text()
        assert colored(page) > 2_000
        assert set(page.evaluate("page.view.labels.items.map((s) => s.lines.join(' '))")) == set(NAMES)


def test_names_never_overlap_and_closer_there_are_more(visit: Visit, large: Path) -> None:
    with visit(large) as page:
        far = boxes(page)
        assert 20 < len(far) < 120
        assert overlaps(far) == 0
        seen = set()
        for x in np.linspace(-0.9, 0.9, 5):
            for y in np.linspace(-0.9, 0.9, 5):
                page.evaluate(
                    """([x, y]) => { const { camera } = page.view;
                       Object.assign(camera, { x, y, scale: 6 * camera.fitScale }); page.view.redraw(); }""",
                    [x, y],
                )
                settle(page)
                assert overlaps(boxes(page)) == 0
                seen |= set(page.evaluate("page.view.labels.items.filter((s) => s.box).map((s) => s.row)"))
        assert len(seen) > 100 > len(far)


def test_it_follows_dark_and_light(visit: Visit, small: Path) -> None:
    with visit(small, dark=True) as page:
        assert np.median(picture(page)) < 40
        dark = page.evaluate("page.view.theme.dotColors[1]")
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        settle(page)
        assert np.median(picture(page)) > 240
        assert page.evaluate("page.view.theme.dotColors[1]") != dark


def test_webgl_and_canvas_draw_the_same_map(visit: Visit, small: Path) -> None:
    with visit(small, query="?dots=webgl") as page:
        assert page.evaluate("page.view.dots.constructor.name") == "WebGlDots"
        with_webgl = picture(page)
    with visit(small, "--disable-3d-apis") as page:
        assert page.evaluate("page.view.dots.constructor.name") == "CanvasDots"
        without = picture(page)
        assert np.abs(with_webgl - without).mean() < 2
        assert np.abs(with_webgl - 255).mean() > 2  # of something, not of an empty sheet
        page.locator(".topic > button").first.click()
        page.locator("[data-action=show-all]").click()
        settle(page)
        assert np.abs(without - picture(page)).mean() > 1


def test_where_webgl_is_computed_by_the_processor_the_canvas_draws(visit: Visit, small: Path) -> None:
    switches = ("--disable-gpu", "--enable-unsafe-swiftshader")
    for query, drawn_by in (("", "CanvasDots"), ("?dots=webgl", "WebGlDots"), ("?dots=canvas", "CanvasDots")):
        with visit(small, *switches, query=query) as page:
            assert page.evaluate("page.view.dots.constructor.name") == drawn_by


def test_a_lost_graphics_context_comes_back(visit: Visit, small: Path) -> None:
    with visit(small, query="?dots=webgl") as page:
        before = colored(page)
        page.evaluate(
            "window.lose = page.view.dots.gl.getExtension('WEBGL_lose_context'); lose.loseContext()"
        )
        until(page, "page.view.dots.gl.isContextLost()")
        page.evaluate("lose.restoreContext()")
        until(page, "!page.view.dots.gl.isContextLost()")
        settle(page)
        assert colored(page) == before


def test_a_hundred_thousand_documents_stay_small_and_smooth(visit: Visit, large: Path) -> None:
    assert large.stat().st_size < 20e6
    with visit(large) as page:
        work = page.evaluate(
            """async () => {
              const times = [];
              for (let i = 0; i < 30; i++) {
                page.view.zoomAt(500, 300, i < 15 ? 1.1 : 1 / 1.1);
                page.hover(page.view.documentAt(20 * i, 15 * i, 9));
                page.view.redraw();
                const start = await new Promise(requestAnimationFrame);
                times.push(performance.now() - start);
              }
              return times.sort((a, b) => a - b)[15];
            }"""
        )
        assert work < 30  # milliseconds of the page's own work in a frame, on any processor
        search = "const start = performance.now(); page.search('paper 77'); return performance.now() - start"
        assert page.evaluate(f"() => {{ {search} }}") < 2000
        assert page.locator("#documents-title b").inner_text() != "0"
