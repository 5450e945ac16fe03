"""A run whose documents are cleaned: topics are of the cleaned texts, and the originals stay."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import localtopics
from localtopics.errors import UserError
from localtopics.run.results import to_corpus
from localtopics.run.run import Run
from localtopics.run.settings import RunSettings
from localtopics.run.texts import texts_of
from tests.run.test_stages import NOTES

LINK = "<b>https://example.org/notes</b> "
SIGNED = " This was written on a small telephone."


def dressed(texts: list[str]) -> list[str]:
    return [f"{LINK}{text}{SIGNED}" for text in texts]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    out = tmp_path_factory.mktemp("run") / "clean.topics"
    texts = [*dressed(NOTES.documents), LINK]
    corpus = localtopics.Corpus.from_documents(texts, ids=[*NOTES.ids, "gone"], columns={"cleaned": texts})
    return localtopics.fit(corpus, out=out, model="none", min_cluster_size=8, clean="html,urls,boilerplate")


def test_topics_are_of_the_cleaned_texts_and_the_originals_stay(run: Run) -> None:
    run = Run.open(run.folder)
    assert run.documents["text"].tolist() == dressed(NOTES.documents)
    assert run.documents["cleaned"].tolist() == run.passages["text"].tolist() == NOTES.documents
    assert run.documents.columns.tolist()[:3] == ["id", "text", "cleaned"]
    assert run.record["corpus"]["dropped"]["cleaned"] == 1
    assert run.record["corpus"]["boilerplate"] == [SIGNED.strip()]
    assert run.record["corpus"]["read_as"]["cleaned html"] == f"{len(NOTES) + 1:,}"
    shown = [text for topic in run.topics for text in topic.representative]
    assert set(shown) <= set(NOTES.documents)
    assert not {"example", "telephone"} & {word for topic in run.topics for word in topic.keywords}
    corpus = run.corpus
    assert (corpus.documents, corpus.originals) == (NOTES.documents, dressed(NOTES.documents))
    assert list(corpus.columns) == ["cleaned_"]


def test_the_same_run_goes_on_and_another_cleaning_is_another_run(run: Run) -> None:
    before = (run.folder / "topics.parquet").read_bytes()
    texts, ids = [*dressed(NOTES.documents), LINK], [*NOTES.ids, "gone"]
    same: dict[str, Any] = {"ids": ids, "out": run.folder, "model": "none", "min_cluster_size": 8}
    localtopics.fit(texts, **same, clean="urls,boilerplate,html")
    assert (run.folder / "topics.parquet").read_bytes() == before
    with pytest.raises(UserError, match="the documents are not the same"):
        localtopics.fit(texts, **same)


def test_later_documents_go_through_the_same(run: Run, tmp_path: Path) -> None:
    run = Run.open(run.folder)
    texts = dressed(NOTES.documents[::7])
    found = run.assign([*texts, LINK])
    plain = run.assign(NOTES.documents[::7])
    assert found["topic"].tolist() == [*plain["topic"], -1]
    assert found["probability"].iloc[-1] == 0
    pd.DataFrame({"text": [*texts, LINK]}).to_parquet(tmp_path / "later.parquet")
    parts = run.assign_parts(tmp_path / "later.parquet", tmp_path / "parts")
    assert pd.read_parquet(parts.folder)["topic"].tolist() == found["topic"].tolist()


def test_a_cleaned_run_grows_and_is_edited(run: Run, tmp_path: Path) -> None:

    run = Run.open(shutil.copytree(run.folder, tmp_path / "copy.topics"))
    later = [f"{LINK}{text} Again.{SIGNED}" for text in NOTES.documents[:3]]
    growth = run.update([*later, LINK], ids=["l1", "l2", "l3", "l4"])
    assert growth.added == 3
    run = Run.open(run.folder)
    assert run.documents["text"].tolist() == [*dressed(NOTES.documents), *later]
    assert run.documents["cleaned"].tolist()[-3:] == [f"{text} Again." for text in NOTES.documents[:3]]
    run.edit.rename(0, "A name")
    assert np.isin("A name", list(Run.open(run.folder).labels.values()))


def test_a_column_of_the_source_that_has_our_name_stays_one(run: Run) -> None:
    assert run.documents["cleaned_"].tolist() == dressed(NOTES.documents)
    before = pd.DataFrame({"id": ["a"], "text": ["b"], "topic": [0], "x": [0.0], "cleaned": ["c"]})
    assert texts_of(before).tolist() == ["b"]
    assert list(to_corpus(before, "source").columns) == ["cleaned"]


@pytest.mark.parametrize("clean", ["", "tags", "html urls", "html,,urls"])
def test_a_kind_that_there_is_not_is_refused(clean: str) -> None:
    with pytest.raises(UserError, match="it takes email, html, latex, urls, quotes or boilerplate"):
        RunSettings.of(clean=clean)
