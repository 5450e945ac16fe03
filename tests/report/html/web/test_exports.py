"""The lasso, and what leaves the page: documents, tables and pictures."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from localtopics.report.html.content import Coded
from localtopics.report.html.page import write_page
from localtopics.report.scene import compose
from localtopics.run.tables import _FORMULA
from tests.report.browsing import box_of, settle
from tests.report.conftest import Visit
from tests.report.html.conftest import small_content
from tests.report.html.test_page import HOSTILE
from tests.report.samples import grid_of_islands

FORMULAS = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\tx",
    "＝1",
    "-5",
    "plain",
    '"quoted", text\nline',
]


def saved(page: Page, button: str, tmp_path: Path) -> Path:
    """The file that a button gives."""
    with page.expect_download() as download:
        page.locator(button).first.click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    return path


def circle(page: Page, share: float, *, shift: bool) -> None:
    """Draw a lasso about the left upper share of the map."""
    stage = box_of(page, "#map")
    right, bottom = stage["x"] + share * stage["width"], stage["y"] + share * stage["height"]
    left, top = stage["x"] + 3, stage["y"] + 70
    if shift:
        page.keyboard.down("Shift")
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in [(right, top), (right, bottom), (left, bottom)]:
        page.mouse.move(x, y, steps=3)
    page.mouse.up()
    if shift:
        page.keyboard.up("Shift")


@pytest.mark.parametrize("shift", [True, False])
def test_a_lasso_lists_what_it_went_round(visit: Visit, small: Path, tmp_path: Path, shift: bool) -> None:
    with visit(small) as page:
        page.locator("#time-to").focus()
        page.keyboard.press("ArrowLeft")  # what the slider hides is not chosen
        assert page.evaluate("page.state.period") == [0, 3]
        if not shift:
            page.keyboard.press("Escape")
            page.locator("#labels").focus()
            page.keyboard.press("l")
            assert page.locator("[data-action=lasso]").get_attribute("aria-pressed") == "true"
        circle(page, 0.5, shift=shift)
        middle = page.evaluate("[page.view.camera.width / 2, page.view.camera.height / 2]")
        inside = page.evaluate(
            """([right, bottom]) => [...page.data.rows.keys()].filter((i) => {
                 const [x, y] = page.view.camera.screen(...page.data.place(i));
                 return x > 3 && x < right && y > 70 && y < bottom && page.data.times.of[i] < 4; })""",
            middle,
        )
        assert len(inside) > 20
        assert page.locator("#chosen h2").inner_text() == f"{len(inside)} documents chosen"
        assert page.locator("[data-action=lasso]").get_attribute("aria-pressed") == "false"
        path = saved(page, "#chosen .downloads button:has-text('JSON')", tmp_path)
        rows = json.loads(path.read_text(encoding="utf-8"))
        assert path.name == "A-small-plain-map-chosen.json"
        assert {row["id"] for row in rows} == set(
            page.evaluate("(all) => all.map((i) => page.data.ids[i])", inside)
        )
        assert rows[0].keys() == {"id", "headline", "topic", "label", "time", "group", "probability", "pull"}
        page.locator("#chosen .documents button").first.click()
        assert page.locator("#chosen").is_visible()  # the list stays
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        assert page.locator("#lists").is_visible()
        assert page.evaluate("page.state.chosen") is None


def test_cells_are_harmless(visit: Visit, tmp_path: Path) -> None:
    headlines = [FORMULAS[i % len(FORMULAS)] for i in range(40)]
    content = replace(
        small_content(),
        scene=compose(*grid_of_islands(40, 1), {0: "=Label"}),
        headlines=headlines,
        ids=None,
        times=None,
        probability=None,
        pull=None,
        groups=Coded(FORMULAS, np.arange(40) % len(FORMULAS)),
    )
    write_page(tmp_path / "map.html", content)
    with visit(tmp_path / "map.html") as page:
        page.locator(".topic > button").first.click()
        path = saved(page, "#topic .downloads button:has-text('CSV')", tmp_path)
        rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
        assert len(rows) == 36
        for row in rows:
            clean = " ".join(headlines[int(row["id"])].split())  # as lists show it, on one line
            assert row["headline"] == ("'" if _FORMULA.match(clean) else "") + clean
            assert row["label"] == "'=Label"
            assert row["group"].removeprefix("'") == clean
        assert {row["headline"] for row in rows} >= {"'=1+1", "-5", "plain", "'-2+3"}


def test_tables_are_copied(visit: Visit, small: Path) -> None:
    with visit(small) as page:
        page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
        page.locator("#topics-title .copy").click()
        rows = list(csv.DictReader(io.StringIO(page.evaluate("copied"))))
        assert [int(row["documents"]) for row in rows] == page.evaluate("page.data.topics.map((t) => t.size)")
        assert {row["topic"]: row["fidelity"] for row in rows}["3"] == "1"
        page.locator(".topic > button").first.click()
        page.locator("#topic figure:has(.bars) .copy").click()
        page.wait_for_selector("text=Copied")
        rows = list(csv.DictReader(io.StringIO(page.evaluate("copied"))))
        assert [row["group"] for row in rows] == ["cs.CL", "cs.LG", "'=math", "stat"]


def test_the_view_is_saved_as_it_is_seen(visit: Visit, small: Path, tmp_path: Path) -> None:
    with visit(small) as page:
        page.locator("#coloring select").select_option("group")
        settle(page)
        seen = np.asarray(Image.open(io.BytesIO(page.locator("#map").screenshot())).convert("RGB")).astype(
            int
        )
        png = np.asarray(Image.open(saved(page, "[data-action=save-png]", tmp_path)).convert("RGB")).astype(
            int
        )
        assert png.shape == seen.shape
        middle = np.s_[120:-120, 200:-120]  # without what stands over the map
        assert np.abs(seen - png)[middle].mean() < 0.5
        svg = saved(page, "[data-action=save-svg]", tmp_path)
        assert page.context.browser is not None
        page_of_svg = page.context.browser.new_page(viewport=page.viewport_size)
        page_of_svg.goto(svg.as_uri())
        drawn = Image.open(io.BytesIO(page_of_svg.screenshot())).convert("RGB")
        height, width, _ = seen.shape
        other = np.asarray(drawn).astype(int)[:height, :width]
        assert np.abs(seen[: other.shape[0], : other.shape[1]] - other)[middle].mean() < 4
        assert "</svg>" in svg.read_text(encoding="utf-8")
        page_of_svg.close()


def test_a_drawing_with_hostile_names_is_whole(visit: Visit, tmp_path: Path) -> None:
    scene = compose(*grid_of_islands(50, 5), dict(enumerate(HOSTILE)))
    groups = Coded(HOSTILE, np.arange(50) % 5)
    without: dict[str, Any] = dict.fromkeys(("ids", "times", "probability", "pull"))
    content = replace(small_content(), scene=scene, headlines=["x"] * 50, groups=groups, **without)
    write_page(tmp_path / "map.html", replace(content, title=HOSTILE[0] + "\x01"))
    with visit(tmp_path / "map.html") as page:
        page.locator("#coloring select").select_option("group")
        svg = saved(page, "[data-action=save-svg]", tmp_path)
    root = ElementTree.fromstring(svg.read_bytes())
    tags = {re.sub("{.*}", "", element.tag) for element in root.iter()}
    assert tags == {"svg", "title", "rect", "g", "path", "text"}
    assert any("<!--<script>" in (element.text or "") for element in root.iter())
