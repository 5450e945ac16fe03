"""The page, opened from the disk by a real browser that can reach no network."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from localtopics.report.html.page import write_page
from tests.report.browsing import boxes, colored, lonely, overlaps, picture, pinch, place_of, settle, until
from tests.report.conftest import Visit

NAMES = ["Speech recognition", "Graph neural networks", "Poincaré maps & chaos", "Robot motion planning"]
HOSTILE = [
    "</script><script>window.hacked = 1</script>",
    "<img src=x onerror='window.hacked = 1'>",
    "<!--<script>",
    "</title><style>body{display:none}</style>${alert(1)} $data {{script}}",
    "quotes \" ' & &amp; \u2028 \x00 \ud800 \\u003c",
]


def islands(documents: int, topics: int) -> tuple[np.ndarray, np.ndarray]:
    """Topics on a grid of islands, each document's topic known, every tenth document an outlier."""
    rng = np.random.default_rng(0)
    assignments = np.arange(documents) % topics
    columns = int(np.ceil(np.sqrt(topics)))
    layout = np.stack([assignments % columns, assignments // columns], axis=1) * 4.0
    layout += rng.normal(size=(documents, 2)) * 0.4
    assignments = np.where(np.arange(documents) % 10 == 9, -1, assignments)
    return layout.astype(np.float32), assignments


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of 400 documents in four topics."""
    path = tmp_path_factory.mktemp("small") / "map.html"
    layout, assignments = islands(400, 4)
    keywords = {topic: name.lower().split() for topic, name in enumerate(NAMES)}
    headlines = [f"Paper {i} on {NAMES[i % 4].lower()}" for i in range(400)]
    write_page(
        path, layout, assignments, dict(enumerate(NAMES)), keywords, headlines, "A <small> & plain map"
    )
    return path


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of 100,000 documents in 120 topics, with headlines as long as those of papers."""
    path = tmp_path_factory.mktemp("large") / "map.html"
    layout, assignments = islands(100_000, 120)
    labels = {topic: f"Topic about the matter number {topic}" for topic in range(120)}
    headlines = [f"Paper {i}: " + "a headline of the usual length " * 3 for i in range(100_000)]
    write_page(
        path, layout, assignments, labels, dict.fromkeys(range(120), ["word"] * 10), headlines, "Large"
    )
    return path


# What it shows


def test_it_lists_the_topics_and_draws_the_documents(visit: Visit, small: Path) -> None:
    with visit(small) as page:
        assert page.title() == "A <small> & plain map"
        assert page.locator("h1").inner_text() == "A <small> & plain map"
        assert page.locator("#summary").inner_text() == "400 documents · 4 topics"
        rows = page.locator(".topic > button").all_inner_texts()
        assert sorted(row.split("\n")[0] for row in rows[:4]) == sorted(NAMES)
        assert rows[4].startswith("Outliers")
        assert page.locator(".topic data").first.inner_text() in {"80", "100"}
        assert "speech, recognition" in page.locator(".topic", has_text="Speech").inner_text()
        assert colored(page) > 2_000
        assert set(page.evaluate("page.labels.signs.map((s) => s.lines.join(' '))")) == set(NAMES)


def test_it_fetches_nothing_and_says_so(small: Path) -> None:
    text = small.read_text(encoding="utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    assert policy[1].startswith(
        "default-src 'none'; base-uri 'none'; form-action 'none'; script-src 'sha256-"
    )
    assert "unsafe" not in policy[1]
    assert not re.search(r"https?://|@import|url\(|<link|<iframe", text)


def test_no_text_of_a_document_becomes_markup(visit: Visit, tmp_path: Path) -> None:
    path = tmp_path / "map.html"
    layout, assignments = islands(20, 2)
    labels = {0: HOSTILE[0], 1: HOSTILE[1]}
    headlines = [HOSTILE[i % len(HOSTILE)] + str(i) for i in range(20)]
    write_page(path, layout, assignments, labels, {0: HOSTILE, 1: HOSTILE}, headlines, HOSTILE[3])
    with visit(path) as page:
        assert page.title() == HOSTILE[3]
        page.locator(".topic > button").first.click()
        page.keyboard.press("Escape")
        page.locator("#search input").fill("hacked")
        page.wait_for_selector("#documents li")
        page.mouse.move(*place_of(page, 3))
        settle(page)
        shown = page.locator("#lists").inner_text()
        assert HOSTILE[0] in shown
        assert HOSTILE[1] in shown
        assert page.locator("script, style, img, iframe").count() == 3  # the page's own
        assert page.evaluate("window.hacked") is None
        assert page.locator("body").is_visible()


def test_the_policy_stops_what_would_slip_through(visit: Visit, small: Path) -> None:
    slip = """() => {
      const element = document.createElement("script");
      element.textContent = "window.hacked = 1";
      document.body.append(element);
      return fetch("https://example.org").then(() => "reached", (error) => error.name);
    }"""
    with visit(small, errors=3) as page:
        assert page.evaluate(slip) == "TypeError"
        assert page.evaluate("window.hacked") is None


# What it does


def test_a_topic_is_lit_flown_to_and_cleared(visit: Visit, small: Path) -> None:
    with visit(small) as page:
        before, zoom = colored(page), page.evaluate("page.camera.zoom")
        button = page.locator(".topic > button", has_text=NAMES[1])
        button.click()
        settle(page)
        assert page.evaluate("page.camera.zoom") > zoom
        assert button.get_attribute("aria-pressed") == "true"
        center = page.evaluate(
            "(() => { const t = page.corpus.topics[page.state.lit]; return page.camera.screen(t.x, t.y); })()"
        )
        assert abs(center[0] - page.evaluate("page.camera.width") / 2) < 200
        assert page.locator(".topic.lit .documents button").count() == 26  # 25 and "more"
        page.locator(".topic.lit .note").click()
        assert page.locator(".topic.lit .documents button").count() in {80, 100}
        page.locator("[data-zoom=all]").click()
        settle(page)
        assert 0 < colored(page) < 0.6 * before  # the others have faded
        button.click()
        settle(page)
        assert page.evaluate("page.state.lit") is None
        assert colored(page) == before
        button.click()
        page.keyboard.press("Escape")
        assert page.locator(".topic.lit").count() == 0


def test_a_document_shows_its_headline_and_leads_to_its_topic(visit: Visit, small: Path) -> None:
    with visit(small) as page:
        document = lonely(page, 2)
        row = page.evaluate("(i) => page.corpus.rows[i]", document)
        page.mouse.move(*place_of(page, document))
        settle(page)
        assert page.locator("#card p").inner_text() == page.evaluate(
            "(i) => page.corpus.headlines[i]", document
        )
        assert page.locator("#card span").inner_text() == page.evaluate(
            "(r) => page.corpus.topics[r].label", row
        )
        page.mouse.down()
        page.mouse.up()
        assert page.evaluate("page.state.lit") == row
        assert page.locator(".topic.lit").count() == 1
        page.mouse.move(250, 790)
        settle(page)
        assert page.locator("#card").is_visible()  # it stays with the chosen document
        page.keyboard.press("Escape")
        settle(page)
        assert not page.locator("#card").is_visible()


def test_a_name_on_the_map_lights_its_topic(visit: Visit, small: Path) -> None:
    with visit(small) as page:
        left, top, right, bottom = boxes(page)[0]
        stage = page.locator("#stage").bounding_box()
        spots = [
            (x, y)
            for x in np.linspace(left + 2, right - 2, 12)
            for y in np.linspace(top + 2, bottom - 2, 5)
            if page.evaluate("([x, y]) => page.documentAt(x, y, 5)", [x, y]) < 0
        ]
        page.mouse.click(stage["x"] + spots[0][0], stage["y"] + spots[0][1])
        assert page.evaluate("page.state.lit") == page.evaluate("page.labels.signs.find((s) => s.box).row")


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
        assert page.evaluate("page.state.chosen") == 6  # the second of them
        assert page.locator("#documents button").count() == 100  # what was found stays
        page.locator("#search input").fill("no such thing")
        page.wait_for_selector("text=No document found")
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        assert page.locator("#search input").input_value() == ""
        assert page.locator(".topic:visible").count() == 5


def test_the_map_moves_by_wheel_drag_buttons_and_keys(visit: Visit, small: Path) -> None:
    with visit(small) as page:
        stage = page.locator("#stage").bounding_box()
        x, y = round(stage["x"] + stage["width"] / 3), round(stage["y"] + stage["height"] / 3)
        world = "([x, y]) => page.camera.world(x, y)"
        under = [x - stage["x"], y - stage["y"]]
        page.mouse.move(x, y)
        before = page.evaluate(world, under)
        page.mouse.wheel(0, -300)
        until(page, "page.camera.zoom > 1.2")
        assert page.evaluate(world, under) == pytest.approx(
            before, abs=1e-6
        )  # what lies under the pointer stays
        page.mouse.down()
        page.mouse.move(x + 120, y + 60, steps=4)
        page.mouse.up()
        moved = page.evaluate(world, [under[0] + 120, under[1] + 60])
        assert moved == pytest.approx(before, abs=0.01)
        assert page.evaluate("page.state.lit") is None  # a drag is no click
        zoom = page.evaluate("page.camera.zoom")
        page.get_by_role("button", name="Zoom out").click()
        assert page.evaluate("page.camera.zoom") < zoom
        page.locator("#labels").focus()
        page.keyboard.press("+")
        page.keyboard.press("ArrowRight")
        assert page.evaluate("page.camera.zoom") == pytest.approx(zoom)
        page.keyboard.press("0")
        assert page.evaluate("[page.camera.x, page.camera.y, page.camera.zoom]") == pytest.approx([0, 0, 1])


def test_the_list_is_worked_by_keys(visit: Visit, small: Path) -> None:
    with visit(small) as page:
        page.locator("#search input").focus()
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        assert page.evaluate("page.state.outliers") is False
        page.keyboard.press("Tab")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        assert page.evaluate("page.state.lit") == 2
        assert page.evaluate("document.activeElement.getAttribute('aria-pressed')") == "true"


def test_outliers_can_be_hidden(visit: Visit, small: Path) -> None:
    with visit(small) as page:
        document = lonely(page, -1)
        left, top = (round(value) for value in place_of(page, document))
        stage = page.locator("#stage").bounding_box()
        spot = (top - round(stage["y"]), left - round(stage["x"]))
        assert picture(page)[spot].max() < 240
        page.locator("#outliers").click()
        settle(page)
        assert picture(page)[spot].min() == 255
        page.mouse.move(*place_of(page, document))
        settle(page)
        assert not page.locator("#card").is_visible()


def test_names_never_overlap_and_closer_there_are_more(visit: Visit, large: Path) -> None:
    with visit(large) as page:
        far = boxes(page)
        assert 20 < len(far) < 120
        assert overlaps(far) == 0
        seen = set()
        for x in np.linspace(-0.9, 0.9, 5):
            for y in np.linspace(-0.9, 0.9, 5):
                view = "([x, y]) => Object.assign(page.camera, { x, y, scale: 6 * page.camera.least })"
                page.evaluate(f"(place) => {{ ({view})(place); page.redraw(); }}", [x, y])
                settle(page)
                assert overlaps(boxes(page)) == 0
                seen |= set(page.evaluate("page.labels.signs.filter((s) => s.box).map((s) => s.row)"))
        assert len(seen) > 100 > len(far)


# Where it runs


def test_it_follows_dark_and_light(visit: Visit, small: Path) -> None:
    with visit(small, color_scheme="dark") as page:
        assert np.median(picture(page)) < 40
        dark = page.evaluate("page.colors[1]")
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        settle(page)
        assert np.median(picture(page)) > 240
        assert page.evaluate("page.colors[1]") != dark


def test_it_fits_a_phone_and_takes_fingers(visit: Visit, small: Path) -> None:
    with visit(small, width=390, height=844, has_touch=True, is_mobile=True, device_scale_factor=2) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        stage = page.locator("#stage").bounding_box()
        assert stage["width"] == 390
        assert stage["height"] > 400
        document = lonely(page, 0)
        page.touchscreen.tap(*place_of(page, document))
        settle(page)
        assert page.evaluate("page.state.chosen") == document
        assert page.locator("#card").is_visible()
        pinch(page, (195, 200), 40, 160)
        assert page.evaluate("page.camera.zoom") == pytest.approx(4, rel=0.1)
        page.locator("#fold").tap()
        settle(page)
        assert page.locator("#stage").bounding_box()["height"] > stage["height"] + 150
        buttons = page.locator("button:visible").evaluate_all("(all) => all.map((b) => b.offsetHeight)")
        assert min(buttons) >= 38  # a finger's width


def test_without_webgl_it_draws_the_same_map(visit: Visit, small: Path) -> None:
    with visit(small) as page:
        assert page.evaluate("page.dots.constructor.name") == "GlDots"
        with_webgl = picture(page)
    with visit(small, "--disable-3d-apis") as page:
        assert page.evaluate("page.dots.constructor.name") == "CanvasDots"
        without = picture(page)
        assert np.abs(with_webgl - without).mean() < 2
        assert np.abs(with_webgl - 255).mean() > 2  # of something, not of an empty sheet
        page.locator(".topic > button").first.click()
        page.locator("[data-zoom=all]").click()
        settle(page)
        assert np.abs(without - picture(page)).mean() > 1


def test_a_lost_graphics_context_comes_back(visit: Visit, small: Path) -> None:
    with visit(small) as page:
        before = colored(page)
        page.evaluate("window.lose = page.dots.gl.getExtension('WEBGL_lose_context'); lose.loseContext()")
        until(page, "page.dots.gl.isContextLost()")
        page.evaluate("lose.restoreContext()")
        until(page, "!page.dots.gl.isContextLost()")
        settle(page)
        assert colored(page) == before


def test_a_hundred_thousand_documents_stay_small_and_smooth(visit: Visit, large: Path) -> None:
    assert large.stat().st_size < 20e6
    with visit(large) as page:
        work = page.evaluate(
            """async () => {
              const times = [];
              for (let i = 0; i < 30; i++) {
                page.camera.zoomAt(500, 300, i < 15 ? 1.1 : 1 / 1.1);
                page.hover(page.documentAt(20 * i, 15 * i, 9));
                page.redraw();
                const start = await new Promise(requestAnimationFrame);
                times.push(performance.now() - start);
              }
              return times.sort((a, b) => a - b)[15];
            }"""
        )
        assert work < 30  # milliseconds of the page's own work in a frame, on any processor
        search = "const start = performance.now(); page.search('paper 77'); return performance.now() - start"
        assert page.evaluate(f"() => {{ {search} }}") < 2000
        assert page.locator("#documents-title b").inner_text() != "0"


@pytest.mark.parametrize("assignments", [np.full(20, -1), np.zeros(20, int)], ids=["no topic", "one topic"])
@pytest.mark.parametrize("value", [1.0, np.nan], ids=["one place", "few have a place"])
def test_odd_maps(visit: Visit, tmp_path: Path, value: float, assignments: np.ndarray) -> None:
    path = tmp_path / "map.html"
    layout = np.full((20, 2), value)
    layout[3:6] = 1
    write_page(path, layout, assignments, {}, {}, [f"Document {i}" for i in range(20)], "")
    shown = int(np.isfinite(layout).all(axis=1).sum())
    with visit(path) as page:
        assert page.locator("h1").inner_text() == "Topics"
        assert page.locator("#summary").inner_text().startswith(f"{shown} documents")
        page.locator(".topic > button").first.click()
        settle(page)
        assert page.locator(".topic.lit li").count() == shown
        assert page.evaluate("page.documentAt(page.camera.width / 2, page.camera.height / 2, 5)") >= 0


# What is written


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    layout, assignments = islands(50, 3)
    for name in ("one.html", "two.html"):
        write_page(tmp_path / name, layout, assignments, {}, {}, ["x"] * 50, "T")
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()
    assert len(list(tmp_path.iterdir())) == 2


def test_lists_of_documents_keep_the_order_given(visit: Visit, tmp_path: Path) -> None:
    layout, assignments = islands(40, 2)
    headlines = [f"Paper {i}" for i in range(40)]
    order = list(range(39, -1, -1))
    write_page(tmp_path / "map.html", layout, assignments, {}, {}, headlines, "T", order)
    with visit(tmp_path / "map.html") as page:
        page.locator("#topics button").first.click()
        topic = int(page.locator("#topics strong").first.inner_text().split()[-1])
        expected = [headlines[row] for row in order if assignments[row] == topic]
        assert page.locator(".documents span").all_inner_texts() == expected


def test_headlines_are_cut_and_must_be_as_many_as_the_documents(tmp_path: Path) -> None:
    layout, assignments = islands(5, 1)
    with pytest.raises(ValueError, match="5 documents have 4 headlines"):
        write_page(tmp_path / "map.html", layout, assignments, {}, {}, ["x"] * 4, "T")
    assert list(tmp_path.iterdir()) == []
    write_page(tmp_path / "map.html", layout, assignments, {}, {}, ["long " * 1000] * 5, "T")
    text = (tmp_path / "map.html").read_text(encoding="utf-8")
    data = json.loads(text.split('id="data">')[1].split("</script>")[0])
    assert all(len(headline) <= 140 and headline.endswith("…") for headline in data["headlines"])
