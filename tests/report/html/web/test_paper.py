"""What is printed."""

from __future__ import annotations

from pathlib import Path

from tests.report.browsing import box_of, settle
from tests.report.conftest import Visit
from tests.report.html.conftest import NAMES

PAPER = """() => { const sheet = document.querySelector("#paper");
  const { data } = sheet.getContext("2d").getImageData(0, 0, sheet.width, sheet.height);
  let white = 0, colored = 0;
  for (let i = 0; i < data.length; i += 4) {
    const channels = data.slice(i, i + 3), least = Math.min(...channels), most = Math.max(...channels);
    white += least === 255;
    colored += most - least > 60;
  }
  return [white / sheet.width / sheet.height, colored]; }"""
"""How much of the sheet is white, and how many pixels have a strong colour of their own."""


def test_the_map_is_printed_in_light_colours_with_what_the_panel_shows(visit: Visit, small: Path) -> None:
    with visit(small, dark=True) as page:
        page.locator(".topic > button", has_text=NAMES[1]).click()
        settle(page)
        dark = page.evaluate("page.theme.background")
        page.emulate_media(media="print", color_scheme="dark", reduced_motion="reduce")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        white, colored = page.evaluate(PAPER)
        assert white > 0.5
        assert colored > 1_000  # dots are there
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        sheet, title = box_of(page, "#paper"), box_of(page, "h1")
        assert title["y"] < sheet["y"] < box_of(page, "#topic h2")["y"]
        assert page.locator("button:visible").count() == page.locator("li button:visible").count() > 0
        for hidden in ("#search", "#timeline", "#map-tools", "#dots", ".copy"):
            assert not page.locator(hidden).first.is_visible(), hidden
        page.emulate_media(media="screen", color_scheme="dark", reduced_motion="reduce")
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        settle(page)
        assert page.evaluate("page.theme.background") == dark


def test_print_makes_a_whole_document(visit: Visit, small: Path) -> None:
    with visit(small) as page:
        assert len(page.pdf()) > 20_000
