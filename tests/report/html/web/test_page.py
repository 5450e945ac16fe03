"""What is selected, searched for and shown."""

from __future__ import annotations

import re
from pathlib import Path

from tests.report.browsing import (
    box_of,
    colored,
    lonely,
    picture,
    place_of,
    settle,
    until,
)
from tests.report.conftest import Visit
from tests.report.html.conftest import NAMES


def test_a_topic_is_selected_flown_to_and_cleared(visit: Visit, small: Path) -> None:
    with visit(small) as page:
        before, zoom = colored(page), page.evaluate("page.view.camera.zoom")
        button = page.locator(".topic > button", has_text=NAMES[1])
        button.click()
        settle(page)
        assert page.evaluate("page.view.camera.zoom") > zoom
        assert page.locator("#topic h2").inner_text() == NAMES[1]
        assert not button.is_visible()
        center = page.evaluate(
            """(() => { const { x, y } = page.data.topics[page.state.selectedTopic];
                 return page.view.camera.screen(x, y); })()"""
        )
        assert abs(center[0] - page.evaluate("page.view.camera.width") / 2) < 200
        assert page.locator("#topic .documents button").count() == 9  # 8 and "more"
        page.locator("#topic .documents .note").click()
        assert page.locator("#topic .documents button").count() in {80, 100}
        page.locator("[data-action=show-all]").click()
        settle(page)
        assert 0 < colored(page) < 0.6 * before  # the others have faded
        page.get_by_role("button", name="All topics").click()
        settle(page)
        assert page.evaluate("page.state.selectedTopic") is None
        assert colored(page) == before
        button.click()
        page.keyboard.press("Escape")
        assert button.is_visible()


def test_a_document_shows_its_headline_and_leads_to_its_topic(visit: Visit, small: Path) -> None:
    with visit(small) as page:
        document = lonely(page, 2)
        row = page.evaluate("(i) => page.data.rows[i]", document)
        page.mouse.move(*place_of(page, document))
        settle(page)
        assert page.locator("#tooltip p").inner_text() == page.evaluate(
            "(i) => page.data.headlines[i]", document
        )
        topic = page.evaluate("(r) => page.data.topics[r].label", row)
        assert re.fullmatch(rf"{topic} · [a-z=.A-Z]+( · 20\d\d)?", page.locator("#tooltip span").inner_text())
        page.mouse.down()
        page.mouse.up()
        assert page.evaluate("page.state.selectedTopic") == row
        assert page.locator("#topic h2").inner_text() == topic
        page.mouse.move(250, 790)
        settle(page)
        assert page.locator("#tooltip").is_visible()  # it stays with the chosen document
        page.keyboard.press("Escape")
        settle(page)
        assert not page.locator("#tooltip").is_visible()


def test_search_finds_topics_and_documents(visit: Visit, small: Path) -> None:
    with visit(small) as page:
        page.keyboard.press("/")
        page.keyboard.type("POINCARE paper")
        page.wait_for_selector("#documents button")
        assert page.locator("#documents-title b").inner_text() == "100"
        assert page.locator(".topic:visible").count() == 0  # no topic holds "paper"
        page.locator("#search input").fill("poincare")
        until(page, "page.state.query === 'poincare'")
        assert page.locator(".topic:visible strong").all_inner_texts() == [NAMES[2]]
        page.locator("#documents button").nth(1).click()
        assert page.evaluate("page.state.selectedDocument") == 6  # the second of them
        assert page.locator("#documents button").count() == 100  # what was found stays
        page.locator("#search input").fill("no such thing")
        page.wait_for_selector("text=No document found")
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        assert page.locator("#search input").input_value() == ""
        assert page.locator(".topic:visible").count() == 5


def test_outliers_can_be_hidden(visit: Visit, small: Path) -> None:
    with visit(small) as page:
        document = lonely(page, -1)
        left, top = (round(value) for value in place_of(page, document))
        stage = box_of(page, "#map")
        spot = (top - round(stage["y"]), left - round(stage["x"]))
        assert picture(page)[spot].max() < 240
        page.locator("#outliers").click()
        settle(page)
        assert picture(page)[spot].min() == 255
        page.mouse.move(*place_of(page, document))
        settle(page)
        assert not page.locator("#tooltip").is_visible()


def test_search_finds_topics_near_in_meaning(visit: Visit, small: Path) -> None:
    with visit(small) as page:
        page.locator("#search input").fill("Phonetics")
        until(page, "page.state.query === 'Phonetics'")
        assert page.locator(".topic.near strong").all_inner_texts() == [NAMES[0], NAMES[3]]
        assert page.locator(".topic:visible").count() == 2
        assert page.locator("#topics-title b").inner_text() == "0"  # none holds the word
        page.locator(".topic.near button").first.click()
        assert page.locator("#topic h2").inner_text() == NAMES[0]
        page.get_by_role("button", name="Back to the search").click()
        assert page.locator(".topic.near").count() == 2


def test_a_search_leaves_a_topics_page_and_a_lasso_comes_back_after_it(visit: Visit, small: Path) -> None:
    with visit(small) as page:
        page.locator(".topic > button").first.click()
        page.locator("#search input").fill("robot")
        until(page, "page.state.query === 'robot'")
        assert page.locator("#lists").is_visible()
        assert page.evaluate("page.state.selectedTopic") is None
        page.get_by_role("button", name="Clear the search").click()
        page.evaluate("page.choose([1, 2, 3])")
        page.locator("#search input").fill("paper 2")
        until(page, "page.state.query === 'paper 2'")
        page.get_by_role("button", name="Clear the search").click()
        assert page.locator("#chosen h2").inner_text() == "3 documents chosen"
