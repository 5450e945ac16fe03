"""The page of two runs side by side, in a browser."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from localtopics.report.html.comparison import Flow, Row, write_comparison
from tests.report.browsing import box_of
from tests.report.conftest import Visit
from tests.report.html.test_page import HOSTILE

READY = "document.querySelectorAll('li').length > 0"
FIRST = [
    Row(0, "Buses", 60, "split"),
    Row(1, "Hens", 30),
    Row(2, "Old", 10, "vanished"),
    Row(-1, "Outliers", 41),
]
SECOND = [
    Row(0, "Hens", 31),
    Row(1, "City buses", 33),
    Row(2, "Coaches", 27, "split"),
    Row(-1, "Outliers", 50),
]
FLOWS = [
    Flow(0, 1, 33, "33 documents"),
    Flow(0, 2, 27, "27"),
    Flow(1, 0, 30),
    Flow(2, -1, 10),
    Flow(-1, -1, 40),
    Flow(-1, 0, 1),
]


@pytest.fixture
def page_file(tmp_path: Path) -> Path:
    path = tmp_path / "compare.html"
    write_comparison(
        path, names=("old.topics", "new.topics"), summary="Two.", first=FIRST, second=SECOND, flows=FLOWS
    )
    return path


def test_it_fetches_nothing_and_is_the_same_each_time(page_file: Path) -> None:
    text = page_file.read_text(encoding="utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; ")
    assert "unsafe" not in policy[1]
    assert not re.search(r"https?://|@import|url\(|<link|<iframe|style=", text)
    again = page_file.with_name("again.html")
    write_comparison(
        again, names=("old.topics", "new.topics"), summary="Two.", first=FIRST, second=SECOND, flows=FLOWS
    )
    assert again.read_bytes() == page_file.read_bytes()


@pytest.mark.parametrize("dark", [False, True])
def test_topics_stand_in_two_columns_with_ribbons_between(visit: Visit, page_file: Path, dark: bool) -> None:
    with visit(page_file, ready=READY, dark=dark) as page:
        assert page.locator("#first li p").all_inner_texts() == ["0 Buses", "1 Hens", "2 Old", "Outliers"]
        # in the order of what they come from, the outliers last
        names = [text.split(" ", 1)[-1] for text in page.locator("#second li p").all_inner_texts()]
        assert names == ["City buses", "Coaches", "Hens", "Outliers"]
        assert page.locator("path").count() == 4  # not those among outliers alone, and no thin one
        left, right = box_of(page, "#first0"), box_of(page, "#second1")
        ribbon = box_of(page, 'path[data-first="0"][data-second="1"]')
        assert left["x"] + left["width"] == pytest.approx(ribbon["x"], abs=1)
        assert ribbon["x"] + ribbon["width"] == pytest.approx(right["x"], abs=1)
        assert ribbon["height"] < left["height"]
        assert "old" not in page.locator("#first1 small").inner_text()
        assert "vanished" in page.locator("#first2").inner_text()


def test_what_is_pointed_at_comes_forward_with_the_other_ends(visit: Visit, page_file: Path) -> None:
    with visit(page_file, ready=READY) as page:
        page.hover("#first0")
        assert page.locator("path.on").count() == 2
        on = page.locator("li.on").evaluate_all("items => items.map(item => item.id)")
        assert on == ["first0", "second1", "second2"]
        page.mouse.move(2, 2)
        assert page.locator(".on").count() == 0
        page.locator("#second0").focus()
        assert page.locator("#first1.on").count() == 1


def test_no_label_becomes_markup(visit: Visit, tmp_path: Path) -> None:
    rows = [Row(number, text, 5) for number, text in enumerate(HOSTILE)]
    flows = [Flow(number, number, 5, HOSTILE[0]) for number in range(len(rows))]
    path = tmp_path / "compare.html"
    write_comparison(
        path, names=(HOSTILE[0], HOSTILE[3]), summary=HOSTILE[1], first=rows, second=rows, flows=flows
    )
    with visit(path, ready=READY) as page:
        assert page.evaluate("window.hacked") is None
        assert page.locator("script, style, img, iframe").count() == 2  # the page's own
        assert HOSTILE[0] in page.locator("#first0").inner_text()
        assert page.locator("body").is_visible()


def test_a_hundred_and_fifty_topics_do_not_lie_on_each_other(visit: Visit, tmp_path: Path) -> None:
    rows = [
        Row(number, f"A topic of a rather long name, number {number}", 900 // (number + 1) + 8)
        for number in range(150)
    ]
    flows = [Flow(number, (7 * number) % 150, rows[number].size // 2) for number in range(150)]
    path = tmp_path / "compare.html"
    write_comparison(path, names=("a", "b"), summary="", first=rows, second=rows, flows=flows)
    edges = "(({top, bottom}) => [top, bottom])(item.getBoundingClientRect())"
    for phone in (False, True):
        with visit(path, ready=READY, width=390 if phone else 1200, phone=phone) as page:
            boxes = page.locator("#second li").evaluate_all(f"items => items.map(item => {edges})")
            assert all(above[1] <= below[0] for above, below in pairwise(boxes))
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
            whole = "item.scrollHeight <= item.clientHeight"
            assert page.locator("#first li").evaluate_all(f"items => items.every(item => {whole})")
