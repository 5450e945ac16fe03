"""Documents that are longer than the embedding model reads, in a run."""

import json
import logging
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import localtopics
from localtopics.errors import UserError
from localtopics.run.run import Run
from tests.embedding.test_embedder import TEXTS
from tests.run.test_stages import NOTES

THEMES = [id.partition("-")[0] for id in NOTES.ids]
LONG = 12


def mixed() -> tuple[list[str], list[str]]:
    """Notes, and documents each of which holds many notes of two themes and a few of the third."""
    names = sorted(set(THEMES))
    of: dict[str, list[str]] = {name: [] for name in names}
    for text, theme in zip(NOTES.documents, THEMES, strict=True):
        of[theme].append(text)
    long = []
    for number in range(LONG):
        first, second, third = names[number % 3], names[(number + 1) % 3], names[(number + 2) % 3]
        parts = [" ".join(of[first][:20]), " ".join(of[second][5:14]), " ".join(of[third][: number % 4])]
        long.append("\n\n".join(filter(None, parts)))
    return [*NOTES.documents, *long], [*NOTES.ids, *(f"long-{number}" for number in range(LONG))]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    documents, ids = mixed()
    out = tmp_path_factory.mktemp("run") / "long.topics"
    return localtopics.fit(documents, ids=ids, out=out, min_cluster_size=8, model="none")


def test_a_long_document_has_shares_of_topics(run: Run) -> None:
    documents, passages = Run.open(run.folder).documents, Run.open(run.folder).passages
    assert len(passages) > len(documents)
    for row, shares in enumerate(documents["shares"]):
        assert sum(one["share"] for one in shares) == pytest.approx(1)
        own = passages[passages["row"] == row]
        assert {one["topic"] for one in shares} == set(own["topic"])
        assert documents["topic"][row] in set(own["topic"])
    several = documents[documents["id"].str.startswith("long-")]
    assert (several["shares"].map(len) > 1).mean() > 0.5
    assert (several["shares"].map(lambda shares: shares[0]["share"]) < 1).mean() > 0.5


def test_sizes_add_up_to_the_documents(run: Run) -> None:
    assert run.topic_table["size"].sum() == len(run.documents) == len(NOTES) + LONG
    assert run.record["passages"] == {"documents": LONG, "passages": len(run.passages)}


def test_passages_say_where_they_stand(run: Run) -> None:
    table = pd.read_parquet(run.folder / "passages.parquet")
    texts = dict(zip(run.documents["id"], run.documents["text"], strict=True))
    spans = zip(table["document"], table["start"], table["end"], strict=True)
    assert [texts[id][start:end] for id, start, end in spans] == run.passages["text"].tolist()


def test_a_document_lies_where_a_passage_of_its_topic_does(run: Run) -> None:
    from localtopics.run.results import read_layouts

    layouts = read_layouts(run.layouts_file, run.passages["text"].tolist(), 5)
    assert layouts is not None
    for row, (topic, place) in enumerate(zip(run.documents["topic"], run.layout, strict=True)):
        own = (run.passages["row"] == row) & (run.passages["topic"] == topic)
        assert (layouts.map[own.to_numpy()] == place).all(axis=1).any()


def test_what_comes_later_is_split_too(run: Run, tmp_path: Path) -> None:
    from localtopics.run.tables import write_table

    documents, _ = mixed()
    table = run.assign([documents[-1], documents[0]])
    assert len(table["shares"][0]) > 1
    assert table["topic"].tolist() == run.documents["topic"].iloc[[-1, 0]].tolist()
    assert "shares" not in run.assign(documents[:3])
    write_table(table, tmp_path / "assigned.csv")
    read = pd.read_csv(tmp_path / "assigned.csv")["shares"]
    assert json.loads(read[0])[0].keys() == {"topic", "share"}


def test_names_outliers_and_figures_are_of_passages(run: Run, tmp_path: Path) -> None:
    again = Run.open(shutil.copytree(run.folder, tmp_path / "again.topics"))
    spans = again.passages[["start", "end"]].to_numpy().tolist()
    again.reduce_outliers("2%")
    assert again.passages[["start", "end"]].to_numpy().tolist() == spans
    assert again.topic_table["size"].sum() == len(again.documents)
    assert again.evaluate(seeds=1).stability is not None
    again.reduce_outliers("100%")
    assert again.documents["topic"].tolist() == run.documents["topic"].tolist()
    assert again.compare(run).ami == 1
    topics, _ = again.bertopic().transform(again.passages["text"].tolist())
    assert topics == again.passages["topic"].tolist()


def test_a_run_that_lost_its_passages_makes_them_anew(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    (run.folder / "passages.parquet").unlink()
    with pytest.raises(UserError, match=r"passages\.parquet is missing"):
        _ = Run.open(run.folder).passages
    documents, ids = mixed()
    with caplog.at_level(logging.INFO):
        again = localtopics.fit(documents, ids=ids, out=run.folder, min_cluster_size=8, model="none")
    assert f"{LONG} of {len(documents)} documents are longer than all-MiniLM-L6-v2 reads" in caplog.text
    assert again.documents["topic"].tolist() == run.documents["topic"].tolist()


def test_cut_off_documents_and_ready_embeddings_are_whole(tmp_path: Path) -> None:
    documents, ids = mixed()
    ready = np.random.default_rng(0).normal(size=(len(documents), 8)).astype(np.float32)
    for given in ({"long_documents": "cut"}, {"embeddings": ready}):
        run = localtopics.fit(documents, ids=ids, out=tmp_path / next(iter(given)), model="none", **given)
        assert "shares" not in run.documents
        assert not (run.folder / "passages.parquet").exists()
        assert len(run.passages) == len(documents)


def test_a_few_long_documents_are_enough(tmp_path: Path) -> None:
    texts = ["\n\n".join(TEXTS[start::3]) for start in range(3)]
    run = localtopics.fit(texts, out=tmp_path / "books", model="none", min_cluster_size=2)
    assert len(run.documents) == 3
    with pytest.raises(UserError, match="there are only 3"):
        localtopics.fit([text[:200] for text in texts], out=tmp_path / "notes", model="none")
    assert not (tmp_path / "notes").exists()
