"""Changes to topics last, touch nothing else, and what cannot be done is one sentence."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as run_settings
from hypothesis import strategies as some

import localtopics
from localtopics.errors import UserError
from localtopics.run.edits import read_edits, write_edits
from localtopics.run.run import Run
from localtopics.topics.editing import Edit, Reference
from tests.run.samples import SETTINGS, module_of, old

UNTOUCHED = ["fidelity", "note"]
"""Columns that depend on other topics, or that a note brings."""


def rows(run: Run) -> dict[int, dict[str, Any]]:
    """The rows of topics.parquet as they are compared."""
    table = pd.read_parquet(run.folder / "topics.parquet").drop(columns=UNTOUCHED, errors="ignore")
    records = json.loads(table.to_json(orient="records"))
    return {record["topic"]: record for record in records}


def files(run: Run) -> dict[str, bytes]:
    names = ["documents.parquet", "topics.parquet", "topics.csv", "edits.jsonl", "map.html"]
    return {name: (run.folder / name).read_bytes() for name in names}


def topic_of(run: Run, module: str) -> int:
    """The topic that all documents of a module have."""
    (topic,) = set(run.documents["topic"][run.documents["id"].map(module_of) == module])
    return int(topic)


def test_only_what_changes_is_described_and_named_anew(run: Run) -> None:
    before, places = rows(run), run.layout
    first, second = topic_of(run, "email.message"), topic_of(run, "os")
    run.edit.merge([first, second])
    after = rows(Run.open(run.folder))
    holders = {before[first]["parent"], before[second]["parent"]}
    changed = {first, second, *holders}
    assert before.keys() - after.keys() == {second}
    assert {topic for topic in after if after[topic] != before[topic]} == changed - {second}
    assert after[first]["size"] == 20
    assert (run.layout == places).all()
    run.edit.undo()
    assert rows(Run.open(run.folder)) == before


def test_all_kinds_of_changes_and_the_same_again(run: Run, levelled: Path, tmp_path: Path) -> None:
    """From a file all changes are done at once, and whatever was before they leave the same bytes."""
    holder = int(run[topic_of(run, "logging")].parent or 0)
    run.edit.rename(topic_of(run, "logging"), "  Log\nfiles ")
    run.edit.rename(holder, "Whatever Python tests")
    run.edit.note(topic_of(run, "logging"), "look again")
    run.edit.drop(topic_of(run, "difflib"))
    run.edit.move(["os-0", "difflib-0"], topic_of(run, "shutil"))
    run.edit.split(topic_of(run, "statistics"), 2)
    logging = topic_of(run, "logging")
    assert (run.labels[logging], run[logging].note, run.labels[holder]) == (
        "Log files",
        "look again",
        "Whatever Python tests",
    )
    documents = run.documents.set_index("id")["topic"]
    assert documents["os-0"] == documents["difflib-0"] == topic_of(run, "shutil")
    assert (documents[[f"difflib-{row}" for row in range(1, 10)]] == -1).all()
    assert documents[[f"statistics-{row}" for row in range(10)]].nunique() == 2
    table = pd.read_csv(run.folder / "topics.csv").set_index("topic")
    assert table["note"][logging] == "look again"
    assert '"note":"look again"' in (run.folder / "map.html").read_text(encoding="utf-8")
    kept = run.folder.parent / "kept.jsonl"
    kept.write_bytes((run.folder / "edits.jsonl").read_bytes())
    assert [edit.edit for edit in run.edit] == ["rename", "rename", "note", "drop", "move", "split"]
    run.edit.undo(len(run.edit))
    assert len(run.edit) == 0
    run.edit.apply(kept)
    assert (run.documents.set_index("id")["topic"] == documents).all()
    fresh = Run.open(shutil.copytree(levelled, tmp_path / "fresh" / "docs.topics"))
    fresh.edit.apply(kept)
    assert files(fresh) == files(run)


def test_changes_outlive_new_names_and_another_run_of_the_documents(run: Run) -> None:
    first, second = topic_of(run, "smtplib"), topic_of(run, "shutil")
    holder = int(run[topic_of(run, "os")].parent or 0)
    run.edit.merge([first, second])
    run.edit.rename(first, "Mail and files")
    run.edit.rename(holder, "The third")
    run.relabel(model="none", label_case="sentence")
    assert run.labels[first] == "Mail and files"
    assert "The third" in run.labels.values()
    documents, embeddings = old()
    settings = SETTINGS | {"min_cluster_size": 5}
    again = localtopics.fit(documents, embeddings=embeddings, out=run.folder, force=True, **settings)
    assert again.labels[topic_of(again, "smtplib")] == "Mail and files"
    assert topic_of(again, "smtplib") == topic_of(again, "shutil")
    assert len(again.topics) == 11
    assert again.labels[int(again[topic_of(again, "os")].parent or 0)] == "The third"


def test_what_a_page_writes_is_applied(run: Run, tmp_path: Path) -> None:
    known = {"documents": ["os-1", "os-2", "gone"], "label": "whatever"}
    lines = [{"edit": "rename", "topics": [known], "text": "Processes"}, {"edit": "note", "topics": [known]}]
    (tmp_path / "page.jsonl").write_text("\ufeff" + "\r\n\r\n".join(map(json.dumps, lines)), encoding="utf-8")
    run.edit.apply(tmp_path / "page.jsonl")
    assert run.labels[topic_of(run, "os")] == "Processes"


def test_a_topic_that_is_not_there_any_more_is_said(run: Run, tmp_path: Path, caplog: Any) -> None:
    gone = Reference(("of", "another", "run"), "Of another run")
    write_edits([Edit("rename", (gone,), text="Mine"), Edit("drop", (gone,))], tmp_path / "other.jsonl")
    before = rows(run)
    run.edit.apply(tmp_path / "other.jsonl")
    assert caplog.text.count("is left out") == 2
    assert "drop of Of another run" in caplog.text
    assert rows(run) == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda run: run.edit.rename(99, "x"), "has no topic 99; its topics are 0, 1, 2"),
        (lambda run: run.edit.rename(-1, "x"), "outliers, which are no topic"),
        (lambda run: run.edit.rename(0, " \n"), "the new name is empty"),
        (lambda run: run.edit.merge([3]), "two topics and more are merged"),
        (lambda run: run.edit.merge([3, 3]), "two topics and more are merged"),
        (lambda run: run.edit.drop(1000), "can be renamed and noted of, and nothing else"),
        (lambda run: run.edit.split(1000), "can be renamed and noted of, and nothing else"),
        (lambda run: run.edit.split(0, 1), "from 2 to 100"),
        (lambda run: run.edit.split(0, 50), "too small to be split"),
        (lambda run: run.edit.move(["os-0", "nobody"], 1), "has no document 'nobody'"),
        (lambda run: run.edit.move([], 1), "no documents are named"),
        (lambda run: run.edit.undo(), "no 1 can go"),
        (lambda run: run.edit.apply("gone.jsonl"), "gone.jsonl holds no changes, or is not there"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    levelled: Path, change: Callable[[Run], None], message: str
) -> None:
    with pytest.raises(UserError, match=message) as refused:
        change(Run.open(levelled))
    assert "\n" not in str(refused.value)
    assert not (levelled / "edits.jsonl").exists()


def test_a_damaged_file_is_a_sentence(run: Run) -> None:
    run.edit.rename(3, "Mine")
    path = run.folder / "edits.jsonl"
    path.write_text(path.read_text(encoding="utf-8") + '{"edit": "rename"}\n', encoding="utf-8")
    before = files(run)
    documents, embeddings = old()
    for change in (
        lambda: Run.open(run.folder).edit.rename(3, "Yours"),
        lambda: localtopics.fit(documents, embeddings=embeddings, out=run.folder, **SETTINGS),
    ):
        with pytest.raises(UserError, match=r"Line 2 of .* holds no change to topics: it lacks 'topics'"):
            change()
        assert files(run) == before


def test_the_file_is_guarded_like_the_others(run: Run, tmp_path: Path) -> None:
    left = [run.folder / ".edits.jsonl.part", run.folder / "stages" / ".grown-1.npz.part"]
    for path in left:
        path.write_text("half-writ")
    run.edit.note(3, "look again")
    assert not any(path.exists() for path in left)
    (run.folder / "edits.jsonl").rename(tmp_path / "elsewhere.jsonl")
    (run.folder / "edits.jsonl").symlink_to(tmp_path / "elsewhere.jsonl")
    with pytest.raises(UserError, match=r"edits\.jsonl is a link"):
        Run.open(run.folder).edit.note(3, "or not")
    assert len(read_edits(tmp_path / "elsewhere.jsonl")) == 1


JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=5),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
TOPIC = some.fixed_dictionaries(
    {},
    optional={
        "documents": some.lists(some.text(max_size=4), max_size=2) | JSON,
        "label": some.text(max_size=4) | JSON,
        "number": some.integers() | JSON,
        "level": some.integers(0, 2) | JSON,
    },
)
LINE = some.fixed_dictionaries(
    {"edit": some.sampled_from(["rename", "merge", "split", "drop", "move", "note"]) | JSON},
    optional={
        "topics": some.lists(TOPIC | JSON, max_size=3) | JSON,
        "documents": some.lists(some.text(max_size=4), max_size=2) | JSON,
        "text": some.text(max_size=4) | JSON,
        "parts": some.integers(0, 101) | JSON,
        "into": some.lists(TOPIC | JSON, max_size=2) | JSON,
    },
)


@run_settings(max_examples=150, deadline=None)
@given(LINE | JSON)
def test_any_json_is_a_change_or_a_sentence(tmp_path_factory: Any, content: Any) -> None:
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    path.write_text(json.dumps(content), encoding="utf-8")
    try:
        edits = read_edits(path)
    except UserError:
        return
    write_edits(edits, path)
    assert read_edits(path) == edits, "what was read is written so that it is read again"


@pytest.mark.parametrize(
    "line", [b"{", b"[" * 100_000, b'{"edit": NaN}', b"\xff\xfe", b'{"edit": "drop", "topics": [1]}']
)
def test_what_is_no_json_is_a_sentence(tmp_path: Path, line: bytes) -> None:
    (tmp_path / "edits.jsonl").write_bytes(line)
    with pytest.raises(UserError):
        read_edits(tmp_path / "edits.jsonl")
