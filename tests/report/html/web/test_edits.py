"""Changes of topics that the page notes are those that the command line does."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from playwright.sync_api import Page

from localtopics.report.html.page import write_page
from localtopics.report.scene import compose
from localtopics.run.edits import read_edits
from localtopics.topics.clustering import Clustering
from localtopics.topics.editing import Edit, Edited, Places, reference, replay
from localtopics.topics.hierarchy import Hierarchy
from localtopics.topics.settings import TopicSettings
from localtopics.topics.topic import OUTLIER
from tests.report.conftest import Visit
from tests.report.html.conftest import NAMES, small_content
from tests.report.html.test_page import HOSTILE
from tests.report.html.web.test_access import nameless
from tests.report.html.web.test_exports import circle, saved
from tests.report.samples import grid_of_islands

_, TOPICS = grid_of_islands(400, 4)
IDS = np.array([f"id{row}" for row in range(400)], object)
FOUND = Clustering(TOPICS, np.ones(400, np.float32), np.arange(400), Hierarchy())


def replayed(edits: list[Edit], ids: np.ndarray = IDS) -> Edited:
    vectors = np.random.default_rng(0).standard_normal((400, 8)).astype(np.float32)
    return replay(edits, FOUND, Places(ids, vectors, vectors), TopicSettings())


def asked(page: Page, topic: int, verb: str, text: str) -> None:
    """Open a topic, press one of its buttons and answer what it asks."""
    page.evaluate("(n) => { page.clearSelection(); page.selectTopic(page.data.rowOf(n)); }", topic)
    page.locator("#topic .tools button:visible", has_text=verb).first.click()
    page.keyboard.type(text)
    page.keyboard.press("Enter")
    assert page.locator("#panel form").count() == 0


def downloaded(page: Page, tmp_path: Path) -> list[Edit]:
    path = saved(page, "[data-action=save-edits]", tmp_path)
    assert path.name == "edits.jsonl"
    return read_edits(path)


def test_changes_are_downloaded_as_the_command_line_takes_them(
    visit: Visit, small: Path, tmp_path: Path
) -> None:
    with visit(small) as page:
        assert not page.locator("#changes").is_visible()
        asked(page, 0, "Rename", "Speech/voice")  # a slash is a letter here
        asked(page, 0, "Rename", "Voices  of people")  # in place of the name before
        asked(page, 2, "Note", "look again")
        asked(page, 2, "Merge", "neural")
        asked(page, 3, "Drop", "")
        page.evaluate("page.clearSelection()")
        circle(page, 0.5, shift=True)
        chosen = page.evaluate("[...page.state.chosen.keys()].filter((i) => page.state.chosen[i])")
        page.locator("#chosen .tools button").first.click()
        page.keyboard.type("-1")
        page.keyboard.press("Enter")
        page.locator("#chosen .documents button").first.click()
        page.locator("#chosen .tools button:visible").last.click()
        page.keyboard.type("1")
        page.keyboard.press("Enter")
        assert page.locator("#changes li").count() == 6
        assert page.locator("#changes summary").inner_text() == "6 changes, not done yet"
        edits = downloaded(page, tmp_path)
        one = page.evaluate("page.data.ids[page.state.selectedDocument]")
        moved = page.evaluate("(all) => all.map((i) => page.data.ids[i])", chosen)
    assert [edit.edit for edit in edits] == ["rename", "note", "merge", "drop", "move", "move"]
    assert edits[0].topics == (reference(0, FOUND, IDS, NAMES[0]),)
    assert edits[2].topics == tuple(reference(topic, FOUND, IDS, NAMES[topic]) for topic in (1, 2))
    done = replayed(edits)
    assert done.left == ()
    assert done.names == {0: "Voices of people"}
    expected = np.where(TOPICS == 2, 1, np.where(TOPICS == 3, OUTLIER, TOPICS))
    expected[np.isin(IDS, moved)] = OUTLIER
    expected[np.isin(IDS, [one])] = 1
    assert len(moved) > 20
    assert (done.clustering.topics == expected).all()


def test_what_is_wrong_is_said_and_nothing_noted(visit: Visit, small: Path, tmp_path: Path) -> None:
    with visit(small) as page:
        page.locator(".topic > button", has_text=NAMES[1]).click()
        for verb, text, wrong in [
            ("Merge", "no such", "This is not one topic"),
            ("Merge", "e", "This is not one topic"),
            ("Merge", "1", "This is the same topic"),
            ("Merge", "-1", "The outliers are no topic"),
            ("Rename", "\u200b ", "This is empty"),
            ("Split", "41", ""),  # the browser says itself that it is too many
        ]:
            page.locator("#topic .tools button", has_text=verb).click()
            page.locator("#panel form input").fill(text)
            page.keyboard.press("Enter")
            assert page.locator("form input").evaluate("(field) => field.validationMessage").startswith(wrong)
            assert not page.locator("form input").evaluate("(field) => field.checkValidity()")
            page.keyboard.press("Escape")
            assert page.evaluate("document.activeElement.textContent").startswith(verb)
        assert page.evaluate(
            "[page.state.changes.length, page.state.selectedTopic === page.data.rowOf(1)]"
        ) == [0, True]
        asked(page, 1, "Split", "3")
        assert page.locator("#topic .tools button:visible").count() == 0  # what comes next waits
        assert page.locator("#topic .editor li").inner_text().startswith("Not done yet: Split 1 · Graph")
        page.evaluate("page.selectTopic(page.data.rowOf(2))")
        page.locator("#topic .tools button", has_text="Merge").click()
        page.keyboard.type("1")
        page.keyboard.press("Enter")
        assert nameless(page) == []
        said = page.locator("form input").evaluate("(field) => field.validationMessage")
        assert said == "Topic 1 is to be split. Do that first, or take it back."
        page.keyboard.press("Escape")
        edits = downloaded(page, tmp_path)
        assert [(edit.edit, edit.parts, edit.into) for edit in edits] == [("split", 3, ())]
        assert set(replayed(edits).clustering.topics[TOPICS == 1]) == {1, 4, 5}
        page.locator("#changes li button").click()
        assert not page.locator("#changes").is_visible()
        assert page.evaluate("page.state.changes.length") == 0
        assert (
            page.locator("[role=status]").inner_text() == "Taken back: Split 1 · Graph neural networks in 3"
        )


def test_a_topic_is_known_by_what_stays_in_it(visit: Visit, small: Path, tmp_path: Path) -> None:
    with visit(small) as page:
        page.evaluate("page.choose(page.data.topics[1].sample.slice(0, 15))")
        page.locator("#chosen .tools button").first.click()
        page.keyboard.type(NAMES[3])
        page.keyboard.press("Enter")
        asked(page, 0, "Rename", "Still here")
        edits = downloaded(page, tmp_path)
    assert len(edits[1].topics[0].documents) == 5
    assert replayed(edits).names == {0: "Still here"}


def test_hostile_names_and_ids_survive(visit: Visit, tmp_path: Path) -> None:
    names = [*HOSTILE[:3], "\" ' & \u2028 \\u003c é"]
    ids = np.array([f"{HOSTILE[row % 4]}\r\n\u2028\"'\\{row}" for row in range(400)], object)
    content = replace(small_content(), scene=compose(*grid_of_islands(400, 4), dict(enumerate(names))))
    write_page(tmp_path / "map.html", replace(content, ids=ids.tolist()))
    with visit(tmp_path / "map.html") as page:
        page.evaluate("page.selectTopic(page.data.rowOf(0))")
        for verb, text in [("Rename", "</script> \u2028\"x'\\ \ud83d\ude00"), ("Merge", names[1])]:
            page.locator("#topic .tools button", has_text=verb).click()
            page.locator("#panel form input").fill(text)
            page.keyboard.press("Enter")
        page.evaluate("page.choose([7, 8])")
        page.locator("#chosen .tools button").first.click()
        page.keyboard.type("3")
        page.keyboard.press("Enter")
        moved = page.evaluate("[page.data.ids[7], page.data.ids[8]]")
        edits = downloaded(page, tmp_path)
        assert page.evaluate("window.hacked") is None
    assert edits[0].text == "</script> \"x'\\ 😀"
    assert [topic.label for topic in edits[1].topics] == [" ".join(name.split()) for name in names[1::-1]]
    done = replayed(edits, ids)
    assert done.left == ()
    expected = np.where(TOPICS == 0, 1, TOPICS)
    expected[np.isin(ids, moved)] = 3
    assert (done.clustering.topics == expected).all()


def test_branches_are_renamed_and_nothing_else(visit: Visit, leveled: Path, tmp_path: Path) -> None:
    with visit(leveled) as page:
        asked(page, 81, "Rename", "All of this")
        assert page.locator("#topic .tools button:visible").all_inner_texts() == ["Rename", "Note"]
        line = json.loads(saved(page, "[data-action=save-edits]", tmp_path).read_text(encoding="utf-8"))
        held = page.evaluate(
            "page.data.documentsOf(page.data.rowOf(81)).map((i) => String(page.data.ids[i]))"
        )
    assert (line["topics"][0]["level"], line["topics"][0]["label"]) == (2, "Limb 81")
    own = sorted(held, key=int)
    spread = np.linspace(0, len(own) - 1, 20).round().astype(int)
    assert line["topics"][0]["documents"] == [own[place] for place in spread]


def test_who_leaves_with_changes_is_asked(visit: Visit, small: Path, tmp_path: Path) -> None:
    leaves = "() => dispatchEvent(new Event('beforeunload', { cancelable: true }))"
    with visit(small, phone=True, width=390, height=780) as page:
        assert page.evaluate(leaves)
        asked(page, 1, "Rename", "Nets")
        assert not page.evaluate(leaves)
        assert page.locator("#changes ol").is_hidden()  # there is little room
        page.locator("#changes summary").click()
        assert nameless(page) == []
        assert "Not done yet: Rename" in page.locator("#topic").inner_text()
        downloaded(page, tmp_path)
        assert page.evaluate(leaves)
        asked(page, 1, "Note", "more")
        assert not page.evaluate(leaves)
