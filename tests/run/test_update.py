"""Documents that came later: old ones stay where they are, and topics what they were."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from localtopics.corpus import Corpus
from localtopics.errors import UserError
from localtopics.run.growth import Growth
from localtopics.run.run import Run
from tests.run.samples import LATER, MORE, THEMES, later, module_of, old
from tests.run.test_edits import rows, topic_of


@dataclass(frozen=True)
class Updated:
    """A run before and after documents came."""

    before: Run
    after: Run
    growth: Growth
    split: int
    """A topic that was split before that."""


@pytest.fixture(scope="module")
def updated(levelled: Path, tmp_path_factory: pytest.TempPathFactory) -> Updated:
    folder = tmp_path_factory.mktemp("update")
    run = Run.open(shutil.copytree(levelled, folder / "docs.topics"))
    split = topic_of(run, "statistics")
    run.edit.rename(topic_of(run, "os"), "Processes")
    run.edit.split(split, 2)
    before = Run.open(shutil.copytree(run.folder, folder / "before.topics"))
    documents, embeddings = later()
    known, known_embeddings = old()
    both = Corpus.from_documents(
        known.documents[:5] + documents.documents,
        ids=known.ids[:5] + documents.ids,
        groups=(known.groups or [])[:5] + (documents.groups or []),
    )
    vectors = np.concatenate([known_embeddings[:5], embeddings])
    growth = run.update(both, embeddings=vectors)
    return Updated(before, Run.open(run.folder), growth, split)


def test_old_documents_stay_as_they_are(updated: Updated) -> None:
    count = len(updated.before.documents)
    pd.testing.assert_frame_equal(
        updated.after.documents[:count].drop(columns="probability"),
        updated.before.documents.drop(columns="probability"),
        check_dtype=False,
    )
    assert updated.growth.kept == 1


def test_new_documents_join_their_like_or_make_a_topic(updated: Updated) -> None:
    new = updated.after.documents[len(updated.before.documents) :]
    assert len(new) == updated.growth.added == MORE * 12 + 12
    for theme in THEMES[:3]:
        for module in theme:
            own = new["topic"][new["id"].map(module_of) == module]
            known = updated.before.documents["id"].map(module_of) == module
            assert set(own) <= set(updated.before.documents["topic"][known])
    own = new["topic"][new["id"].map(module_of) == LATER]
    assert set(own) == {13}, "the number follows that of the split topic's second part"
    assert np.isfinite(updated.after.layout).all()


def test_topics_keep_names_words_and_colours(updated: Updated) -> None:
    before, after = rows(updated.before), rows(updated.after)
    assert after.keys() - before.keys() == {13}
    for topic in set(range(13)):
        for column in ("label", "keywords", "keybert", "mmr", "parent"):
            assert after[topic][column] == before[topic][column], (topic, column)
    colors = [run.record["colors"] for run in (updated.before, updated.after)]
    assert colors[0].items() <= colors[1].items()
    assert colors[1]["13"] not in colors[0].values()


def test_what_changed_is_said(updated: Updated) -> None:
    growth = updated.growth
    assert growth.known == 5
    table = growth.topics.set_index("topic")
    assert table["change"][13] == "new"
    assert table["before"][13] == 0
    assert table["after"][13] == 12
    assert set(table["change"].drop(13)) <= {"same", "grown"}
    assert not table["renamed"].any()
    assert table["after"].sum() == len(updated.after.documents)
    assert table["label"][topic_of(updated.after, "os")] == "Processes"


def test_a_split_is_done_again_on_more_documents(updated: Updated) -> None:
    numbers = {updated.split, 12}
    for run in (updated.before, updated.after):
        assert set(run.documents["topic"][run.documents["id"].map(module_of) == "statistics"]) == numbers
    assert [edit.edit for edit in updated.after.edit] == ["rename", "split"]
    assert updated.after.edits_are_done()


def test_columns_of_all_documents_stay(updated: Updated) -> None:
    table = updated.after.documents
    assert table["group"].tolist() == table["id"].map(module_of).tolist()
    assert (table["title"][len(updated.before.documents) :] == "").all()
    assert table["id"].is_unique


def test_again_and_with_all_laid_out_anew(updated: Updated, tmp_path: Path) -> None:
    run = Run.open(shutil.copytree(updated.after.folder, tmp_path / "docs.topics"))
    documents, embeddings = later()
    texts = [f"{text} And more of it." for text in documents.documents[-3:]]
    more = Corpus.from_documents(texts, ids=["x", "y", "z"])
    growth = run.update(more, embeddings=embeddings[-3:], refit=True)
    assert growth.added == 3
    assert growth.kept > 0.9
    assert run.record["growth"]["number"] == 2
    assert sorted(path.name for path in (run.folder / "stages").iterdir()) == [
        "grown-2.npz",
        "grown-2.parquet",
        "layouts.npz",
    ]
    before, after = updated.after.documents, run.documents[: len(updated.after.documents)]
    assert (before["topic"] == after["topic"].to_numpy()).mean() > 0.9
    assert run.labels[topic_of(run, "os")] == "Processes"
    old_places, new_places = updated.after.layout, run.layout[: len(before)]
    assert not (old_places == new_places).all(), "laid out anew"
    shares = [np.corrcoef(old_places[:, axis], new_places[:, axis])[0, 1] for axis in (0, 1)]
    assert min(shares) > 0, "turned onto the old map"


def test_what_does_not_fit_is_a_sentence(levelled: Path) -> None:
    run = Run.open(levelled)
    documents, embeddings = later()
    record = (levelled / "run.json").read_bytes()
    with pytest.raises(UserError, match="made from ready embeddings") as refused:
        run.update(documents)
    assert refused.value.arguments == ("embeddings",)
    with pytest.raises(UserError, match="have 5 dimensions, the run's own 32"):
        run.update(documents, embeddings=embeddings[:, :5])
    known, vectors = old()
    with pytest.raises(UserError, match="are in the run already"):
        run.update(known, embeddings=vectors)
    with pytest.raises(UserError, match="has another text than in the run"):
        run.update(["Other."], ids=["os-0"], embeddings=embeddings[:1])
    assert (levelled / "run.json").read_bytes() == record
    assert "growth" not in json.loads(record)


def test_a_folder_of_an_earlier_release_grows(folder: Path) -> None:
    """Its documents stay together; topics of the same size may exchange numbers."""
    run = Run.open(folder)
    before = run.documents
    text = "The baker proofs the sourdough loaf in the oven with flour from the mill."
    growth = run.update([text], ids=["bread-new"])
    assert growth.added == 1
    after = Run.open(folder).documents
    pairs = set(zip(before["topic"], after["topic"][: len(before)], strict=True))
    assert len(pairs) == before["topic"].nunique() == after["topic"].nunique()
    bread = after["topic"][after["id"].str.startswith("bread-1")].mode()[0]
    assert after.iloc[-1][["id", "topic"]].tolist() == ["bread-new", bread]
    assert (after[["x", "y"]][: len(before)] == before[["x", "y"]]).all(axis=None)
