"""What a screen reader is told."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page

from tests.report.browsing import until
from tests.report.conftest import Visit
from tests.report.html.conftest import NAMES

NAMELESS = re.compile(
    r"- (button|slider|combobox|searchbox|switch|treeitem|tree|complementary|main|region)(:|$)"
)


def nameless(page: Page) -> list[str]:
    """The controls and parts of the page that have no name."""
    told = page.locator("body").aria_snapshot()
    assert "button" in told
    return [line for line in told.splitlines() if NAMELESS.search(line)]


def test_every_control_has_a_name(visit: Visit, small: Path, leveled: Path) -> None:
    with visit(small) as page:
        assert nameless(page) == []
        page.locator(".topic > button").first.click()
        assert nameless(page) == []
        told = page.locator("body").aria_snapshot()
        for control in ('slider "From"', 'combobox "Colour by"', 'button "Copy as CSV: By group"'):
            assert control in told
        page.evaluate("page.choose([1, 2, 3])")
        assert nameless(page) == []
    with visit(leveled) as page:
        page.evaluate("page.panel.tree.fold(page.data.roots[0], false)")
        assert nameless(page) == []
        assert re.search(r'treeitem "Limb \d+, \d+ documents"', page.locator("body").aria_snapshot())


def test_what_happens_is_said(visit: Visit, small: Path) -> None:
    with visit(small) as page:
        said = page.locator("[role=status]")
        page.evaluate("page.selectTopic(page.data.rowOf(1))")
        assert said.inner_text() == f"{NAMES[1]}, 80 documents"
        page.evaluate("page.choose([1, 2, 3])")
        assert said.inner_text() == "3 documents chosen"
        page.locator("#search input").fill("speech")
        until(page, "page.state.query === 'speech'")
        assert said.inner_text() == "1 topic and 100 documents found"
        page.locator("#labels").focus()
        page.keyboard.press("l")
        assert said.inner_text().startswith("Draw round documents")
        page.locator("#documents button").first.click()
        assert said.inner_text().startswith("Paper ")
