"""Levels of topics in a run folder: what holds what, in every table, and runs that have none."""

import json
from pathlib import Path

import pandas as pd
import pytest

import localtopics
from localtopics.labels.cleaning import folded
from localtopics.run.run import Run
from tests.run.samples import SETTINGS, THEMES, module_of, old


@pytest.fixture
def opened(levelled: Path) -> Run:
    """The run that no test changes."""
    return Run.open(levelled)


def test_modules_of_a_theme_are_held_together(opened: Run) -> None:
    assert [len(level) for level in opened.levels] == [12, 3]
    holders = opened.documents["topic"].map(lambda topic: opened[topic].parent)
    modules = opened.documents["id"].map(module_of)
    themes = {frozenset(modules[holders == holder]) for holder in (1000, 1001, 1002)}
    assert themes == {frozenset(theme) for theme in THEMES[:3]}


def test_sizes_of_a_level_add_up(opened: Run) -> None:
    for level in opened.levels:
        assert sum(topic.size for topic in level) == len(opened.documents)
    for holder in opened.levels[1]:
        assert holder.size == sum(topic.size for topic in opened.topics if topic.parent == holder.topic)
        assert set(opened.members(holder)) <= set(opened.documents["text"])


def test_tables_say_what_holds_what(opened: Run) -> None:
    csv, parquet = (read(opened.folder / f"topics.{end}") for read, end in READERS)
    for table in (csv, parquet):
        assert table.columns.tolist()[:3] == ["topic", "level", "parent"]
        assert table["topic"].tolist() == [*range(12), 1000, 1001, 1002]
        assert table["level"].tolist() == [0] * 12 + [1] * 3
        assert set(table["parent"][:12]) == {1000, 1001, 1002}
        assert table["parent"][12:].isna().all()
    assert csv["label"].tolist() == parquet["label"].tolist()


READERS = ((pd.read_csv, "csv"), (pd.read_parquet, "parquet"))


def test_each_has_a_name_of_its_own_and_its_fidelity(opened: Run) -> None:
    for level in opened.levels:
        assert len({folded(topic.label or "") for topic in level}) == len(level)
    for topic in opened.topics:
        assert topic.parent is not None
        assert folded(opened.labels[topic.topic]) != folded(opened.labels[topic.parent])
    assert opened.fidelity.keys() == opened.labels.keys()


def test_the_saved_model_has_the_finest(opened: Run) -> None:
    model = opened.bertopic()
    assert sorted(model.get_topics()) == list(range(12))
    assert [model.get_topic(topic)[0][0] for topic in range(12)] == [opened.labels[t] for t in range(12)]


def test_a_folder_from_before_levels_has_one(folder: Path) -> None:
    run = Run.open(folder)
    assert len(run.levels) == 1
    assert run.hierarchy.depth == 0
    assert {topic.parent for topic in run} == {None}
    run.relabel(model="none")
    again = Run.open(folder)
    assert again.topic_table["level"].tolist() == [0] * len(run)
    assert again.topic_table["parent"].isna().all()


def test_so_many_topics_and_no_levels(tmp_path: Path) -> None:
    documents, embeddings = old()
    run = localtopics.fit(
        documents, embeddings=embeddings, out=tmp_path / "five", topics=5, levels=1, **SETTINGS
    )
    assert [len(level) for level in run.levels] == [5]
    assert json.loads((run.folder / "run.json").read_text())["settings"]["topics"]["levels"] == 1
    modules = run.documents["id"].map(module_of)
    assert (run.documents["topic"].groupby(modules).nunique() == 1).all(), "modules were joined whole"
