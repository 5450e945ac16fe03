"""``localtopics edit`` and ``show --tree``: what they print, and mistakes of one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from localtopics.cli import cli
from tests.run.conftest import levelled, run

__all__ = ["levelled", "run"]


def localtopics(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["--quiet", *map(str, arguments)])


def test_topics_are_changed_and_changes_shown(levelled: Path, run: object, tmp_path: Path) -> None:
    folder = tmp_path / "docs.topics"
    assert "No changes were made" in localtopics("edit", folder).output
    done = localtopics("edit", folder, "rename", 3, "Mail")
    assert done.exit_code == 0, done.output
    assert "Mail" in done.stdout
    assert localtopics("edit", folder, "merge", 0, 2).exit_code == 0
    assert localtopics("edit", folder, "note", 1000, "of many kinds").exit_code == 0
    shown = localtopics("edit", folder)
    assert shown.exit_code == 0
    for word in ("rename", "Mail", "merge", "note", "of many kinds"):
        assert word in shown.stdout
    lines = [json.loads(line) for line in localtopics("edit", "--json", folder).stdout.splitlines()]
    assert [line["edit"] for line in lines] == ["rename", "merge", "note"]
    assert localtopics("edit", folder, "undo", 2).exit_code == 0
    assert len(localtopics("edit", "--json", folder).stdout.splitlines()) == 1
    assert "12 topics in 120 documents" in localtopics("show", folder).stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rename", 99, "x"], "has no topic 99"),
        (["merge", 1], "two topics and more are merged"),
        (["split", 0, "--parts", 1], "1 is not in the range 2<=x<=100"),
        (["move", "nobody", "--to", 1], "has no document 'nobody'"),
        (["move", "os-0"], "Missing option '--to'"),
        (["undo"], "no 1 can go"),
        (["apply", "gone.jsonl"], "holds no changes, or is not there"),
    ],
)
def test_a_mistake_is_a_sentence(levelled: Path, arguments: list[object], message: str) -> None:
    done = localtopics("edit", levelled, *arguments)
    assert done.exit_code == 2
    assert message in " ".join(done.output.split())
    assert "Traceback" not in done.output


def test_help_needs_no_run() -> None:
    done = localtopics("edit", "gone.topics", "merge", "--help")
    assert done.exit_code == 0
    assert "Make one topic of TOPICS" in done.stdout
    assert localtopics("edit", "gone.topics", "merge", 1, 2).exit_code == 2


def test_a_tree_shows_what_holds_what(levelled: Path) -> None:
    done = localtopics("show", levelled, "--tree")
    assert done.exit_code == 0
    title, *lines = done.stdout.splitlines()
    assert title
    assert len(lines) == 15
    holders = [place for place, line in enumerate(lines) if "#100" in line]
    assert holders == [0, 5, 10], "each holds the four below it"
    assert all("  10  #" in line for place, line in enumerate(lines) if place not in holders)


def test_json_has_levels(levelled: Path) -> None:
    topics = [json.loads(line) for line in localtopics("show", levelled, "--json").stdout.splitlines()]
    assert [topic["level"] for topic in topics] == [0] * 12 + [1] * 3
    assert {topic["parent"] for topic in topics} == {1000, 1001, 1002, None}
