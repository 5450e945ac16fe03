"""From documents to a run folder, in this process."""

import json
import tempfile
from pathlib import Path

import numpy as np
import pytest

import localtopics
from localtopics.corpus import Corpus, read_corpus
from localtopics.errors import UserError
from localtopics.run.run import Run
from localtopics.run.settings import RunSettings
from tests.conftest import ROOT

NOTES = read_corpus(str(ROOT / "tests" / "data" / "notes.csv"), id="id")
SETTINGS = RunSettings().updated({"topics": {"min_cluster_size": 8}, "labels": {"model": "none"}}, "test")


@pytest.fixture(scope="module")
def ready() -> np.ndarray:
    """Vectors of no embedding model that is here, of as many dimensions as one has."""
    themes = [id.partition("-")[0] for id in NOTES.ids]
    draw = np.random.default_rng(0)
    directions = {theme: draw.normal(size=384) for theme in sorted(set(themes))}
    return np.stack([directions[theme] + draw.normal(size=384) for theme in themes]).astype(np.float32)


@pytest.fixture(scope="module")
def run(ready: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run with ready embeddings."""
    out = tmp_path_factory.mktemp("run") / "ready.topics"
    return localtopics.fit(NOTES.documents, ids=NOTES.ids, embeddings=ready, settings=SETTINGS, out=out)


def test_ready_embeddings_make_the_topics(run: Run) -> None:
    themes = [id.partition("-")[0] for id in run.documents["id"]]
    assert len(set(zip(themes, run.documents["topic"], strict=True))) == len(set(themes)) == 3


def test_new_documents_of_ready_embeddings_need_theirs(run: Run, ready: np.ndarray, tmp_path: Path) -> None:
    new = Corpus.from_documents(NOTES.documents[:20])
    assert not run.embeds_documents
    for opened in (run, Run.open(run.folder)):
        with pytest.raises(UserError, match=r"made from ready embeddings") as refused:
            opened.assign(new)
        assert refused.value.arguments == ("embeddings",)
    np.save(tmp_path / "new.npy", ready[:20])
    for embeddings in (ready[:20], tmp_path / "new.npy"):
        table = run.assign(new, embeddings=embeddings)
        assert table["topic"].tolist() == run.documents["topic"].tolist()[:20]


def test_the_model_of_ready_embeddings_names_no_other_model(run: Run) -> None:
    assert "embedding_model" not in json.loads((run.model_folder / "config.json").read_text())


def test_whoever_names_the_model_of_ready_embeddings_is_believed(ready: np.ndarray, tmp_path: Path) -> None:
    from localtopics.embedding import Embedder, choose_model

    vectors = Embedder(choose_model("all-MiniLM-L6-v2")).embed(NOTES.documents)
    settings = SETTINGS.updated({"embedding": {"model": "all-MiniLM-L6-v2"}}, "test")
    run = localtopics.fit(NOTES.documents, embeddings=vectors, settings=settings, out=tmp_path / "a")
    assert run.embeds_documents
    table = Run.open(run.folder).assign(NOTES)
    assert table["topic"].tolist() == run.documents["topic"].tolist()


def test_names_anew_with_ready_embeddings(run: Run) -> None:
    again = Run.open(run.folder)
    again.relabel(model="localtopics-labeller-129m-q5_0", candidates=2, threads=1)
    assert not again.topic_table["fallback"].any()


@pytest.mark.parametrize("documents", [["too", "few"], NOTES.documents])
def test_a_run_that_cannot_begin_leaves_no_folder(
    documents: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(UserError):
        localtopics.fit(documents, settings=SETTINGS.updated({"labels": {"model": "gone.gguf"}}, "test"))
    assert list(tmp_path.iterdir()) == []
