"""Runs that read the beginning of each text: which way is kept with the run."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import localtopics
from localtopics.embedding import Embedder, choose_model
from localtopics.embedding.packing import PackedEmbedder
from localtopics.embedding.parts import embed_parts
from localtopics.errors import UserError
from localtopics.run.record import STAGES
from localtopics.run.run import Run
from localtopics.run.settings import FAST_TOKENS, RunSettings
from localtopics.topics.load import document_embeddings
from tests.run.test_long_documents import mixed
from tests.run.test_stages import NOTES

GIVEN: dict[str, Any] = {"model": "none", "min_cluster_size": 8, "embedding_model": "all-MiniLM-L6-v2"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    documents, ids = mixed()
    out = tmp_path_factory.mktemp("fast") / "fast.topics"
    return localtopics.fit(documents, ids=ids, out=out, embedding="fast", **GIVEN)


def test_the_beginning_of_each_passage_is_embedded(run: Run) -> None:
    fast = Embedder(choose_model("all-MiniLM-L6-v2", FAST_TOKENS))
    passages = run.passages["text"].tolist()
    assert len(passages) > len(run.documents)
    vectors, full = fast.embed(passages), Embedder(choose_model("all-MiniLM-L6-v2")).embed(passages)
    kept = document_embeddings(run.model_folder)
    assert (kept * vectors).sum(axis=1).min() > 0.999 > (kept * full).sum(axis=1).min()


def test_the_run_keeps_how_it_was_embedded(run: Run) -> None:
    assert run.record["settings"]["embedding"]["speed"] == "fast"
    assert run.record["embedding"]["tokens"] == FAST_TOKENS
    again = Run.open(run.folder)
    assert again.embedder.model == choose_model("all-MiniLM-L6-v2", FAST_TOKENS)
    table = again.assign(run.documents["text"].tolist()[: len(NOTES)])
    assert table["topic"].tolist() == run.documents["topic"].tolist()[: len(NOTES)]


def test_a_run_that_goes_on_reads_no_more_than_before(run: Run) -> None:
    documents, ids = mixed()
    before = run.documents
    record = json.loads((run.folder / "run.json").read_text())
    record["stages"] = {"layouts": record["stages"]["layouts"]}
    (run.folder / "run.json").write_text(json.dumps(record))
    again = localtopics.fit(documents, ids=ids, out=run.folder, embedding="fast", **GIVEN)
    assert all(map(again.done, STAGES))
    assert again.documents["topic"].tolist() == before["topic"].tolist()
    with pytest.raises(UserError, match="speed was 'fast' and is now 'full'"):
        localtopics.fit(documents, ids=ids, out=run.folder, **GIVEN)


def test_settings_say_how_much_is_read() -> None:
    assert RunSettings.of(embedding="fast").embedding.tokens == FAST_TOKENS
    assert RunSettings().embedding.tokens is None
    assert RunSettings.of(embedding="fast").asked() != RunSettings().asked()


def test_a_run_of_before_read_all(folder: Path) -> None:
    run = Run.open(folder)
    assert "speed" not in json.loads((folder / "run.json").read_text())["settings"]["embedding"]
    assert run.record["embedding"]["tokens"] is None
    assert run.settings.embedding.speed == "full"


def test_another_number_of_tokens_is_another_model(run: Run) -> None:
    other = Run.open(run.folder)
    other.record["embedding"] |= {"tokens": FAST_TOKENS // 2}
    with pytest.raises(UserError, match="was embedded with another model"):
        _ = other.embedder


def test_a_run_with_embeddings_that_were_made_fast_embeds_the_rest_likewise(tmp_path: Path) -> None:
    documents, ids = mixed()
    pd.DataFrame({"text": documents, "id": ids}).to_parquet(tmp_path / "rows.parquet")
    fast = Embedder(choose_model("all-MiniLM-L6-v2", FAST_TOKENS))
    embed_parts(tmp_path / "rows.parquet", tmp_path / "fast", fast)
    run = localtopics.fit(documents, ids=ids, embeddings=tmp_path / "fast", **GIVEN)
    assert run.settings.embedding.speed == "fast"
    assert run.embedder.model == fast.model
    assert PackedEmbedder.of(fast).unpacked().model.tokens == FAST_TOKENS
    with pytest.raises(UserError, match="nothing to embed faster"):
        localtopics.fit(documents, ids=ids, embeddings=tmp_path / "fast", embedding="fast", **GIVEN)


def test_ready_embeddings_are_not_made_faster() -> None:
    documents, ids = mixed()
    ready = np.random.default_rng(0).normal(size=(len(documents), 8)).astype(np.float32)
    with pytest.raises(UserError, match="nothing to embed faster"):
        localtopics.fit(documents, ids=ids, embeddings=ready, embedding="fast", **GIVEN)
