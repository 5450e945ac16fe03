"""The page as a file, and that no text of a document does anything in it."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from localtopics.report.html.content import Coded, PageContent, TopicFacts
from localtopics.report.html.page import SCRIPTS, write_page
from localtopics.report.scene import Branch, compose
from tests.report.browsing import place_of, settle
from tests.report.conftest import Visit
from tests.report.samples import grid_of_islands

HOSTILE = [
    "</script><script>window.hacked = 1</script>",
    "<img src=x onerror='window.hacked = 1'>",
    "<!--<script>",
    "</title><style>body{display:none}</style>${alert(1)} $data {{script}}",
    "quotes \" ' & &amp; \u2028 \x00 \ud800 \\u003c",
]


def test_it_fetches_nothing_and_says_so(small: Path) -> None:
    text = small.read_text(encoding="utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    assert policy[1].startswith(
        "default-src 'none'; base-uri 'none'; form-action 'none'; script-src 'sha256-"
    )
    assert "unsafe" not in policy[1]
    assert not re.search(r"https?://|@import|url\(|<link|<iframe", text)


def test_no_text_of_a_document_becomes_markup(visit: Visit, tmp_path: Path) -> None:
    path = tmp_path / "map.html"
    headlines = [HOSTILE[i % len(HOSTILE)] + str(i) for i in range(20)]
    scene = compose(*grid_of_islands(20, 2), {0: HOSTILE[0], 1: HOSTILE[1]})
    facts = TopicFacts(keywords=HOSTILE, keybert=HOSTILE, mmr=HOSTILE, nearest=[0, 1], change=HOSTILE[0])
    hostile = Coded(HOSTILE, np.arange(20) % len(HOSTILE))
    content = PageContent(
        scene=scene,
        headlines=headlines,
        title=HOSTILE[3],
        topics={0: facts, 1: facts},
        ids=headlines,
        times=hostile,
        groups=hostile,
        branches=[Branch(2, 1, None, HOSTILE[0], 18, HOSTILE)],
        parents={0: 2, 1: 2},
        words={word: [0] for word in HOSTILE},
    )
    write_page(path, content)
    with visit(path) as page:
        assert page.title() == HOSTILE[3]
        page.locator("#coloring select").select_option("group")
        page.locator("[role=treeitem]").first.click()
        page.locator("#topic .links button").first.click()
        assert HOSTILE[0] in page.locator("#topic").inner_text()
        page.keyboard.press("Escape")
        page.locator("#search input").fill("hacked")
        page.wait_for_selector("#documents button")
        page.mouse.move(*place_of(page, 3))
        settle(page)
        shown = page.locator("body").inner_text()
        assert HOSTILE[0] in shown
        assert HOSTILE[1] in shown
        assert page.locator("script, style, img, iframe").count() == 3  # the page's own
        assert page.evaluate("window.hacked") is None
        assert page.locator("body").is_visible()


def test_the_policy_stops_what_would_slip_through(visit: Visit, small: Path) -> None:
    slip = """() => {
      const element = document.createElement("script");
      element.textContent = "window.hacked = 1";
      document.body.append(element);
      return fetch("https://example.org").then(() => "reached", (error) => error.name);
    }"""
    with visit(small, errors=3) as page:
        assert page.evaluate(slip) == "TypeError"
        assert page.evaluate("window.hacked") is None


@pytest.mark.parametrize("assignments", [np.full(20, -1), np.zeros(20, int)], ids=["no topic", "one topic"])
@pytest.mark.parametrize("value", [1.0, np.nan], ids=["one place", "few have a place"])
def test_odd_maps(visit: Visit, tmp_path: Path, value: float, assignments: NDArray[np.int64]) -> None:
    path = tmp_path / "map.html"
    layout = np.full((20, 2), value)
    layout[3:6] = 1
    scene = compose(layout, assignments, {})
    write_page(path, PageContent(scene=scene, headlines=[f"Document {i}" for i in range(20)]))
    shown = int(np.isfinite(layout).all(axis=1).sum())
    with visit(path) as page:
        assert page.locator("h1").inner_text() == "Topics"
        assert page.locator("#summary").inner_text().startswith(f"{shown} documents")
        page.locator(".topic > button").first.click()
        settle(page)
        assert page.evaluate("page.data.documentsOf(page.state.selectedTopic).length") == shown
        left, top = page.evaluate("page.view.camera.screen(0, 0)")
        width, height = page.evaluate("[page.view.camera.width, page.view.camera.height]")
        assert abs(left - width / 2) < 1
        assert abs(top - height / 2) < 40  # in the middle of what nothing stands over
        assert page.evaluate("([x, y]) => page.view.documentAt(x, y, 5)", [left, top]) >= 0


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.html", "two.html"):
        scene = compose(*grid_of_islands(50, 3), {})
        write_page(tmp_path / name, PageContent(scene=scene, headlines=["x"] * 50, title="T"))
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()
    assert len(list(tmp_path.iterdir())) == 2


def test_every_script_of_the_folder_is_on_the_page() -> None:
    web = files("localtopics.report.html") / "web"
    scripts = [file.name for file in web.iterdir() if file.name.endswith(".js")]
    assert sorted(SCRIPTS) == sorted(scripts)
