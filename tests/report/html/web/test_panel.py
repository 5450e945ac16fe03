"""The lists beside the map."""

from __future__ import annotations

from pathlib import Path

from localtopics.report.html.content import PageContent
from localtopics.report.html.page import write_page
from localtopics.report.scene import compose
from tests.report.browsing import settle, until
from tests.report.conftest import Visit
from tests.report.samples import grid_of_islands


def test_lists_of_documents_keep_the_order_given(visit: Visit, tmp_path: Path) -> None:
    layout, assignments = grid_of_islands(40, 2)
    headlines = [f"Paper {i}" for i in range(40)]
    order = list(range(39, -1, -1))
    scene = compose(layout, assignments, {})
    write_page(tmp_path / "map.html", PageContent(scene=scene, headlines=headlines, order=order))
    with visit(tmp_path / "map.html") as page:
        page.locator("#topics button").first.click()
        topic = int(page.locator("#topics strong").first.inner_text().split()[-1])
        expected = [headlines[row] for row in order if assignments[row] == topic]
        page.locator("#topic .documents .note").click()
        assert page.locator("#topic .documents span").all_inner_texts() == expected


def test_the_button_in_the_search_field_ends_the_search(visit: Visit, small: Path) -> None:
    with visit(small) as page:
        page.locator("#search input").fill("poincare")
        until(page, "page.state.query === 'poincare'")
        page.get_by_role("button", name="Clear the search").click()
        assert page.evaluate("page.state.query") == ""
        assert page.locator("#search input").input_value() == ""
        assert page.evaluate("document.activeElement.type") == "search"
        assert page.locator(".topic:visible").count() == 5
        assert not page.get_by_role("button", name="Clear the search").is_visible()


def test_what_a_search_finds_first_is_seen(visit: Visit, small: Path) -> None:
    with visit(small, width=390, height=844, phone=True) as page:
        page.evaluate("document.querySelector('#lists').scrollTop = 60")
        page.locator("#search input").fill("speech")
        until(page, "page.state.query === 'speech'")
        settle(page)
        assert page.evaluate("document.querySelector('#lists').scrollTop") == 0
