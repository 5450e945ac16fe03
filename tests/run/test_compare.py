"""Two runs side by side."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from localtopics.errors import UserError
from localtopics.run.compare import draw_comparison, summary
from localtopics.run.run import Run
from tests.run.folders import changed
from tests.run.test_evaluate import FAIR, labelled


def other_texts(folder: Path) -> Path:
    """A copy of the run whose documents read otherwise."""
    copy = Path(shutil.copytree(folder, folder.with_name("other.topics")))
    documents = pd.read_parquet(copy / "documents.parquet")
    documents["text"] = "Indeed: " + documents["text"]
    documents.to_parquet(copy / "documents.parquet", index=False)
    return copy


def split(folder: Path) -> Path:
    """A copy of the run in which topic 0 gave five documents to a new topic 3."""
    copy = Path(shutil.copytree(folder, folder.with_name("split.topics")))
    documents, topics = (pd.read_parquet(copy / f"{name}.parquet") for name in ("documents", "topics"))
    rows = documents.index[documents["topic"] == 0][:5]
    documents.loc[rows, "topic"] = 3
    topics.loc[topics["topic"] == 0, "size"] -= 5
    added = topics[topics["topic"] == 0].assign(topic=3, size=5, label="Fresh")
    documents.to_parquet(copy / "documents.parquet", index=False)
    pd.concat([topics, added]).to_parquet(copy / "topics.parquet", index=False)
    return copy


def test_a_run_is_like_itself(folder: Path) -> None:
    run = Run.open(folder)
    found = run.compare(run)
    assert (found.by, found.shared, found.documents) == ("documents", 72, (72, 72))
    assert found.ami == pytest.approx(1.0)
    assert [(link.first, link.second, link.similarity) for link in found.links] == [
        (n, n, 1.0) for n in range(3)
    ]
    assert {one.fate for one in [*found.first, *found.second]} == {"matched"}
    assert summary(found).startswith(
        "Of 3 topics 3 matched; of the other run's 3, 0 new. 72 documents are in both"
    )


def test_a_part_that_has_left_is_split_off(folder: Path, tmp_path: Path) -> None:
    found = Run.open(folder).compare(Run.open(split(folder)))
    assert [one.fate for one in found.second] == ["matched", "matched", "matched", "split"]
    table = found.table()
    assert table["change"].tolist() == ["shrunk", "split", "match", "match"]
    assert table.loc[1, "second_label"] == "Fresh"
    assert table.loc[1, "documents"] == 5
    back = Run.open(folder.with_name("split.topics")).compare(Run.open(folder))
    assert [one.fate for one in back.first][3] == "merged"
    draw_comparison(found, tmp_path / "compare.html", ("a", "b"))
    assert "Fresh" in (tmp_path / "compare.html").read_text(encoding="utf-8")


def test_what_vanished_and_what_is_new_has_a_row_of_its_own(tmp_path: Path) -> None:
    first = labelled(tmp_path / "a.topics", FAIR)
    second = Path(shutil.copytree(first.folder, tmp_path / "b.topics"))
    documents, topics = (pd.read_parquet(second / f"{name}.parquet") for name in ("documents", "topics"))
    documents["topic"] = documents["topic"].replace({2: -1})
    topics = topics[topics["topic"] != 2]
    topics.loc[topics["topic"] == -1, "size"] = 15
    documents.to_parquet(second / "documents.parquet", index=False)
    topics.to_parquet(second / "topics.parquet", index=False)
    found = first.compare(Run.open(second))
    assert [one.fate for one in found.first] == ["matched", "matched", "vanished"]
    gone = found.table().iloc[-1]
    assert (gone["change"], gone["first_label"]) == ("vanished", "Classical music")
    assert pd.isna(gone["second_topic"])
    assert Run.open(second).compare(first).table()["change"].tolist()[-1] == "new"
    assert found.ami_without_outliers == pytest.approx(1.0)
    assert found.ami is not None
    assert found.ami < 1


def test_other_documents_are_compared_by_their_embeddings(folder: Path, tmp_path: Path) -> None:
    found = Run.open(folder).compare(Run.open(other_texts(folder)))
    assert (found.by, found.shared, found.ami, found.overlap) == ("embeddings", 0, None, [])
    assert [(link.first, link.second, link.documents) for link in found.links] == [
        (n, n, 0) for n in range(3)
    ]
    assert all(link.similarity == pytest.approx(1.0) for link in found.links)
    assert found.least_cosine is not None
    assert "from a cosine of" in summary(found)
    draw_comparison(found, tmp_path / "compare.html", ("a", "b"))
    assert (tmp_path / "compare.html").read_text(encoding="utf-8").count("<path") == 3


def test_other_documents_of_another_model_cannot_be_compared(folder: Path) -> None:
    other = other_texts(folder)
    for path, value, said in (
        (("embedding",), {"name": "mine", "precision": "fp32", "digest": "1"}, "different models"),
        (("corpus", "embeddings_digest"), "0" * 64, "ready embeddings"),
    ):
        changed(path, value)(other)
        with pytest.raises(UserError, match=said):
            Run.open(folder).compare(Run.open(other))
    assert json.loads((other / "run.json").read_text())["embedding"]["name"] == "mine"
