"""Pointers, wheel, keys, buttons and fingers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.report.browsing import (
    box_of,
    boxes,
    lonely,
    pinch,
    place_of,
    settle,
    until,
)
from tests.report.conftest import Visit


def test_a_name_on_the_map_selects_its_topic(visit: Visit, small: Path) -> None:
    with visit(small) as page:
        left, top, right, bottom = boxes(page)[0]
        stage = box_of(page, "#map")
        spots = [
            (x, y)
            for x in np.linspace(left + 2, right - 2, 12)
            for y in np.linspace(top + 2, bottom - 2, 5)
            if page.evaluate("([x, y]) => page.view.documentAt(x, y, 5)", [x, y]) < 0
        ]
        page.mouse.click(stage["x"] + spots[0][0], stage["y"] + spots[0][1])
        assert page.evaluate("page.state.selectedTopic") == page.evaluate(
            "page.view.labels.items.find((s) => s.box).row"
        )


def test_the_map_moves_by_wheel_drag_buttons_and_keys(visit: Visit, small: Path) -> None:
    with visit(small) as page:
        stage = box_of(page, "#map")
        x, y = round(stage["x"] + stage["width"] / 3), round(stage["y"] + stage["height"] / 3)
        world = "([x, y]) => page.view.camera.world(x, y)"
        under = [x - stage["x"], y - stage["y"]]
        page.mouse.move(x, y)
        before = page.evaluate(world, under)
        page.mouse.wheel(0, -300)
        until(page, "page.view.camera.zoom > 1.2")
        assert page.evaluate(world, under) == pytest.approx(
            before, abs=1e-6
        )  # what lies under the pointer stays
        page.mouse.down()
        page.mouse.move(x + 120, y + 60, steps=4)
        page.mouse.up()
        moved = page.evaluate(world, [under[0] + 120, under[1] + 60])
        assert moved == pytest.approx(before, abs=0.01)
        assert page.evaluate("page.state.selectedTopic") is None  # a drag is no click
        zoom = page.evaluate("page.view.camera.zoom")
        page.get_by_role("button", name="Zoom out").click()
        assert page.evaluate("page.view.camera.zoom") < zoom
        page.locator("#labels").focus()
        page.keyboard.press("+")
        page.keyboard.press("ArrowRight")
        assert page.evaluate("page.view.camera.zoom") == pytest.approx(zoom)
        page.keyboard.press("0")
        assert page.evaluate("page.view.camera.zoom") == pytest.approx(1)
        edges = "[-1, 1].flatMap((side) => page.view.camera.screen(0, side * page.data.bounds.y)[1])"
        highest, lowest = sorted(page.evaluate(edges))
        assert box_of(page, "#map-tools")["y"] + 38 < highest + stage["y"]  # nothing stands over the map
        assert lowest + stage["y"] < box_of(page, "#timeline")["y"]


def test_the_list_is_worked_by_keys(visit: Visit, small: Path) -> None:
    with visit(small) as page:
        page.locator("#search input").focus()
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        assert page.evaluate("page.state.outliersShown") is False
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        assert page.evaluate("page.state.selectedTopic") == 2
        label = page.evaluate("page.data.topics[2].label")
        assert page.evaluate("document.activeElement.textContent") == label  # a screen reader reads on there
        assert page.locator("[role=status]").inner_text().startswith(label)
        page.keyboard.press("Escape")
        assert page.evaluate("document.activeElement.textContent").startswith(label)


def test_it_fits_a_phone_and_takes_fingers(visit: Visit, small: Path) -> None:
    with visit(small, width=390, height=844, phone=True) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        stage = box_of(page, "#map")
        assert stage["width"] == 390
        assert stage["height"] > 400
        document = lonely(page, 0)
        page.touchscreen.tap(*place_of(page, document))
        settle(page)
        assert page.evaluate("page.state.selectedDocument") == document
        assert page.locator("#tooltip").is_visible()
        pinch(page, (195, 200), 40, 160)
        assert page.evaluate("page.view.camera.zoom") == pytest.approx(4, rel=0.1)
        page.locator("#toggle-lists").tap()
        settle(page)
        assert box_of(page, "#map")["height"] > stage["height"] + 150
        buttons = page.locator("button:visible").evaluate_all("(all) => all.map((b) => b.offsetHeight)")
        assert min(buttons) >= 38  # a finger's width


def test_every_button_with_an_action_does_something(visit: Visit, small: Path) -> None:
    with visit(small) as page:
        asked = "[...document.querySelectorAll('[data-action]')].map((button) => button.dataset.action)"
        assert len(page.evaluate(asked)) >= 5
        assert sorted(page.evaluate(asked)) == sorted(page.evaluate("Object.keys(ACTIONS)"))
        assert set(page.evaluate("Object.values(KEYS)")) <= set(page.evaluate(asked))
