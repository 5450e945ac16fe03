"""Colours by group, time and strength, and the slider of time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.report.browsing import box_of, colored, lonely, picture, place_of, settle
from tests.report.conftest import Visit
from tests.report.html.conftest import GROUPS, YEARS


def rgb(color: str) -> list[int]:
    return [int(color[start : start + 2], 16) for start in (1, 3, 5)]


@pytest.mark.parametrize("dots", ["webgl", "canvas"])
@pytest.mark.parametrize("way", ["group", "time", "probability"])
def test_dots_have_the_colours_of_the_legend(visit: Visit, small: Path, way: str, dots: str) -> None:
    with visit(small, query=f"?dots={dots}") as page:
        page.locator("#coloring select").select_option(way)
        settle(page)
        document = lonely(page, 2)
        left, top = (round(value) for value in place_of(page, document))
        stage = page.locator("#map").bounding_box()
        assert stage is not None
        seen = picture(page)[top - round(stage["y"]), left - round(stage["x"])]
        expected = rgb(page.evaluate("(i) => page.view.colorOf(i)", document))
        assert np.abs(seen - expected).max() < 75  # dots are a little transparent
        assert page.locator("#legend").is_visible()
        if way == "group":
            assert page.locator("#legend li").all_inner_texts() == GROUPS
        if way == "time":
            assert page.locator("#legend .scale").inner_text().split("\n")[0] == YEARS[0]


def test_strength_is_of_topics_and_pull_of_outliers(visit: Visit, small: Path) -> None:
    with visit(small) as page:
        grey = page.evaluate("page.theme.dotColors[0]")
        outlier, other = lonely(page, -1), lonely(page, 2)
        for way, document in (("probability", outlier), ("pull", other)):
            page.evaluate("(way) => page.colorBy(way)", way)
            assert page.evaluate("(i) => page.view.colorOf(i)", document) == grey
        assert page.evaluate("(i) => page.view.colorOf(i)", outlier) != grey


def test_the_slider_leaves_the_documents_of_its_time(visit: Visit, small: Path) -> None:
    with visit(small) as page:
        before = colored(page)
        page.locator("#time-from").focus()
        for _ in range(2):
            page.keyboard.press("ArrowRight")
        page.locator("#time-to").focus()
        page.keyboard.press("ArrowLeft")
        settle(page)
        assert page.evaluate("page.state.period") == [2, 3]
        shown = page.evaluate("page.state.presence.filter((presence) => presence).length")
        assert page.locator("#timeline output").inner_text() == f"2017 – 2018 · {shown} documents"
        assert shown == sum(i % 5 in (2, 3) and i % 16 != 5 for i in range(400))
        assert page.locator("#time-from").get_attribute("aria-valuetext") == "2017"
        assert 0 < colored(page) < 0.7 * before
        assert (
            page.evaluate("page.state.presence.findIndex((p, i) => !p && page.view.isShown(i, PALE))") == -1
        )
        sizes = [int(size) for size in page.locator(".topic data").all_inner_texts()]
        assert sum(sizes) == shown
        for _ in range(5):
            page.keyboard.press("ArrowLeft")  # the handles do not pass each other
        assert page.evaluate("page.state.period") == [2, 2]
        page.evaluate("page.showPeriod([4, 4])")
        box = box_of(page, "#time-to")
        right = box["x"] + box["width"] - 8
        page.mouse.move(right, box["y"] + 8)
        page.mouse.down()
        page.mouse.move(right - box["width"] / 2, box["y"] + 8, steps=3)
        page.mouse.up()
        assert page.evaluate("page.state.period") == [2, 4]  # one can move away
        page.get_by_role("button", name="All times").click()
        settle(page)
        assert colored(page) == before
