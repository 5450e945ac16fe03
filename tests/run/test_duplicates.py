"""Documents that are nearly the same as others, in a run."""

import logging
from pathlib import Path
from typing import Any

import pytest

import localtopics
from localtopics.run.run import Run
from tests.topics.samples import docstrings

GIVEN: dict[str, Any] = {"model": "none", "min_cluster_size": 8, "embedding_model": "all-MiniLM-L6-v2"}
UNLIKE = docstrings()[0][:80]
SENT = [f"Note {number}: {UNLIKE[3].lower()}" for number in range(9)]
DOCUMENTS = [*UNLIKE, UNLIKE[0], *SENT]
IDS = [*map(str, range(80)), "copy", *(f"sent-{number}" for number in range(9))]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return localtopics.fit(DOCUMENTS, ids=IDS, out=tmp_path_factory.mktemp("run") / "a", **GIVEN)


def test_near_duplicates_name_the_first_of_their_like(run: Run) -> None:
    documents = Run.open(run.folder).documents
    of = dict(zip(documents["id"], documents["duplicate_of"], strict=True))
    assert of["copy"] == "0"
    assert {of[f"sent-{number}"] for number in range(9)} == {"3"}
    assert documents["duplicate_of"].notna().sum() == 10
    assert run.record["duplicates"] == {"documents": 10, "exact": 1, "originals": 2}
    topics = dict(zip(documents["id"], documents["topic"], strict=True))
    assert {topics[f"sent-{number}"] for number in range(9)} == {topics["3"]}


def test_no_topic_is_made_of_duplicates_unless_asked(
    run: Run, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def alone(found: Run) -> bool:
        """Whether a topic holds nothing but the text that was sent again."""
        own = set(found.documents["topic"][found.documents["id"] == "sent-0"])
        return set(found.documents["text"][found.documents["topic"].isin(own)]) == {UNLIKE[3], *SENT}

    assert not alone(run)
    with caplog.at_level(logging.INFO):
        each = localtopics.fit(DOCUMENTS, ids=IDS, out=tmp_path / "each", duplicates="each", **GIVEN)
    assert alone(each)
    assert "10 of 90 documents are duplicates of another, 1 of them word for word: each counts" in caplog.text


def test_other_seeds_know_the_duplicates(run: Run) -> None:
    assert Run.open(run.folder).evaluate(seeds=1).stability is not None


def test_a_run_without_duplicates_says_nothing_of_them(tmp_path: Path) -> None:
    run = localtopics.fit(UNLIKE, out=tmp_path / "a", **GIVEN)
    assert "duplicate_of" not in run.documents
    assert run.record["duplicates"]["documents"] == 0
