"""A topic's own page, and the address that leads to it."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

from tests.report.browsing import settle, until
from tests.report.conftest import Visit
from tests.report.html.conftest import NAMES, NOTE


def text(page: Page) -> str:
    return str(page.locator("#topic").inner_text())


def test_it_says_all_that_is_known_of_a_topic(visit: Visit, small: Path) -> None:
    with visit(small) as page:
        page.locator(".topic > button", has_text=NAMES[1]).click()
        shown = text(page)
        assert "Topic 1 · 80 documents · fidelity 0.50" in shown
        assert page.locator("#topic dt").all_inner_texts() == ["Keywords", "KeyBERT", "MMR"]
        assert page.locator("#topic dd").first.inner_text() == "graph, neural, networks"
        assert page.locator("#topic .links span").all_inner_texts() == [NAMES[2], NAMES[3]]
        assert "Over all rising: the odds change by a factor of 1.2 each year." in shown
        assert page.locator("#topic .columns rect").count() == 5
        counts = page.evaluate("page.data.counts('times', page.data.documentsOf(page.state.selectedTopic))")
        assert f"{counts[-1]} without a time" in shown
        bars = page.locator("#topic .bars li").all_inner_texts()
        assert [bar.split("\n")[0] for bar in bars] == ["cs.CL", "cs.LG", "=math", "stat"]
        assert sum(int(bar.split("\n")[1]) for bar in bars) == 80
        assert page.locator("#topic .remark").inner_text() == NOTE
        page.locator("#topic .tools button", has_text="Note").click()
        assert page.locator("#topic form input").input_value() == NOTE, "what is noted is not written anew"
        page.locator("#topic .links button").first.click()
        assert page.locator("#topic h2").inner_text() == NAMES[2]
        assert page.locator("#topic .remark").count() == 0


def test_what_is_not_known_is_not_shown(visit: Visit, leveled: Path) -> None:
    with visit(leveled) as page:
        assert not page.locator("#timeline, #coloring").first.is_visible()
        page.evaluate("page.selectTopic(page.data.rowOf(63))")
        assert page.locator("#topic figure").count() == 1  # the documents
        assert "fidelity" not in text(page)


def test_a_link_leads_to_a_topic_and_back_goes_back(visit: Visit, small: Path) -> None:
    with visit(small) as page:
        page.locator(".topic > button", has_text=NAMES[2]).click()
        assert page.url.endswith("#topic=2")
        assert page.title() == f"{NAMES[2]} · A <small> & plain map"
        page.locator("#topic .links button").first.click()
        assert page.url.endswith("#topic=3")
        page.go_back()
        until(page, "page.data.topics[page.state.selectedTopic]?.topic === 2")
        assert page.locator("#topic h2").inner_text() == NAMES[2]
        page.go_back()
        until(page, "page.state.selectedTopic === null")
        assert page.locator("#lists").is_visible()
        page.go_forward()
        until(page, "page.data.topics[page.state.selectedTopic]?.topic === 2")


def test_a_link_holds_all_that_is_seen(visit: Visit, small: Path) -> None:
    seen = "#topic=1&document=id5&color=group&time=1-3"
    with visit(small) as page:
        page.evaluate("(hash) => { location.hash = hash; }", seen)
        until(page, "page.state.selectedDocument >= 0")
        assert page.evaluate("page.data.ids[page.state.selectedDocument]") == "id5"
        assert page.evaluate("[page.state.colorBy, ...page.state.period]") == ["group", 1, 3]
        assert page.evaluate("location.hash") == seen
        page.evaluate("page.clearSelection()")
        page.evaluate("location.hash = '#search=pap%3Cer%203'")
        until(page, "page.state.query === 'pap<er 3'")
        assert page.locator("#search input").input_value() == "pap<er 3"


def test_a_wrong_link_does_no_harm(visit: Visit, small: Path) -> None:
    with visit(small) as page:
        page.evaluate("location.hash = '#topic=77&document=x&color=constructor&time=3-1&%=%'")
        settle(page)
        until(page, "page.link.following === false")
        assert page.evaluate("[page.state.selectedTopic, page.state.period, page.state.colorBy]") == [
            None,
            None,
            "topic",
        ]
        assert page.locator("#lists").is_visible()
