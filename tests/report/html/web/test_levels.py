"""Coarse topics far out and fine ones close by, and the tree of them."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

from tests.report.browsing import boxes, settle
from tests.report.conftest import Visit
from tests.report.samples import overlaps


def zoom(page: Page, factor: float) -> set[str]:
    """The kinds of names that are seen at a zoom."""
    page.evaluate(
        "(factor) => { page.view.camera.scale = factor * page.view.camera.fitScale; page.view.redraw(); }",
        factor,
    )
    settle(page)
    assert overlaps(boxes(page)) == 0
    names = page.evaluate("page.view.labels.items.filter((s) => s.box).map((s) => s.topic.label)")
    return {name.split()[0] for name in names}


def test_names_are_of_the_level_that_has_room(visit: Visit, leveled: Path) -> None:
    with visit(leveled, width=800, height=520) as page:
        fine, middle, _ = page.evaluate(
            "page.view.labels.levels.spacings.map((spacing) => ROOM / spacing / page.view.camera.fitScale)"
        )
        assert zoom(page, 1.2 * middle) - {"Twig"} == {"Branch"}
        assert zoom(page, 0.8 * middle) == {"Limb", "Twig"}  # a twig that lies in no branch is always seen
        names = page.evaluate("page.view.labels.items.filter((s) => s.box).map((s) => s.topic.label)")
        assert [name for name in names if name.startswith("Twig")] == ["Twig 63"]
        assert zoom(page, 1.2 * fine) == {"Twig"}
        levels = []
        for wobble in (1.02, 0.98, 1.03, 0.97):  # about the zoom where the levels change nothing flickers
            zoom(page, wobble * fine)
            levels.append(page.evaluate("page.view.labels.levels.level"))
        assert levels == [0] * 4


def test_a_branch_is_selected_with_all_that_lies_in_it(visit: Visit, leveled: Path) -> None:
    with visit(leveled) as page:
        page.evaluate("page.selectTopic(page.data.rowOf(80))")
        settle(page)
        within = page.locator("#topic figure").first
        assert within.locator("h3 span").inner_text() == "Topics within"
        assert all(name.startswith("Branch") for name in within.locator("li span").all_inner_texts())
        size = page.evaluate("page.data.topics[page.state.selectedTopic].size")
        assert page.evaluate("page.data.documentsOf(page.state.selectedTopic).length") == size
        assert "fidelity 0.75" in page.locator("#topic .facts").inner_text()
        within.locator("li button").first.click()
        assert page.locator("#topic .path span").all_inner_texts() == ["Limb 80"]
        page.locator("#topic .documents button").first.click()
        assert page.locator("#topic h2").inner_text().startswith("Branch")  # who reads a branch stays with it
        assert page.evaluate("page.data.topics[page.data.rows[page.state.selectedDocument]].level") == 0


def test_the_tree_is_worked_by_keys(visit: Visit, leveled: Path) -> None:
    with visit(leveled) as page:
        focused = "document.activeElement.querySelector('span').textContent"
        assert page.locator("[role=tree] > [role=treeitem]").count() == 5
        assert page.locator("#topics .topic:visible strong").all_inner_texts() == ["Outliers"]
        page.locator("[role=treeitem][tabindex='0']").focus()
        first = page.evaluate(focused)
        page.keyboard.press("ArrowRight")
        assert page.evaluate("document.activeElement.ariaExpanded") == "true"
        page.keyboard.press("ArrowRight")
        assert page.evaluate(focused).startswith("Branch")
        assert page.evaluate("document.activeElement.ariaLevel") == "2"
        page.keyboard.press("ArrowLeft")
        assert page.evaluate(focused) == first
        page.keyboard.press("ArrowLeft")
        assert page.locator("[role=treeitem]:visible").count() == 5
        page.keyboard.press("End")
        assert page.evaluate(focused) == "Twig 63"
        page.keyboard.press("Home")
        page.keyboard.press("Enter")
        assert page.locator("#topic h2").inner_text() == first
        page.keyboard.press("Escape")
        assert page.evaluate(focused) == first
        page.get_by_role("button", name="Tree").click()
        assert page.locator("#topics .topic:visible").count() == 65
        assert not page.locator("#tree").is_visible()


def test_a_search_finds_branches_too(visit: Visit, leveled: Path) -> None:
    with visit(leveled) as page:
        page.locator("#search input").fill("branch 64")
        page.wait_for_selector(".topic:visible strong:has-text('Branch 64')")
        assert not page.locator("#tree").is_visible()
        assert page.locator(".topic:visible strong").all_inner_texts() == ["Branch 64"]


def test_without_branches_there_is_no_tree(visit: Visit, small: Path) -> None:
    with visit(small) as page:
        assert not page.locator("#tree").is_visible()
        assert not page.locator("#toggle-tree").is_visible()
