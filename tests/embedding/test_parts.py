"""Embeddings of any number of documents, in parts: the same ones, whatever happens meanwhile."""

import os
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from localtopics.corpus import parts, read_corpus
from localtopics.corpus.parts import part_name
from localtopics.embedding import Embedder
from localtopics.embedding.packing import PackedEmbedder
from localtopics.embedding.parts import MANIFEST, embed_parts, read_embedded
from localtopics.errors import UserError

SUBJECTS = ("The bus carries passengers", "Hens lay eggs", "The choir sings", "Maps show rivers")


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "ROWS", 10)


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """33 rows, three without a document, in row groups that are no parts."""
    texts: list[str | None] = [f"{SUBJECTS[row % 4]}, number {row}." for row in range(33)]
    texts[2] = texts[20] = None
    texts[21] = " "
    frame = pd.DataFrame({"text": texts, "key": [f"k{row}" for row in range(33)]})
    frame.to_parquet(tmp_path / "rows.parquet", row_group_size=7)
    return tmp_path / "rows.parquet"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_embeddings_of_a_folder_are_those_of_the_documents(
    embedder: Embedder, rows: Path, tmp_path: Path
) -> None:
    done = embed_parts(rows, tmp_path / "out", embedder, id="key")
    assert (done.documents, done.dropped, done.made, len(done.parts)) == (30, 3, 33, 4)
    assert sorted(contents(tmp_path / "out")) == [MANIFEST, *map(part_name, range(4))]
    corpus = read_corpus(rows, id="key")
    table = pd.read_parquet(tmp_path / "out")
    assert table["id"].tolist() == corpus.ids
    expected = embedder.embed(corpus.documents)
    found, source_rows = read_embedded(tmp_path / "out")
    assert found.dtype == np.float32
    assert (found.shape, source_rows) == ((30, 384), 33)
    assert np.einsum("nd,nd->n", found, expected).min() > 1 - 1e-6
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)


def test_a_folder_of_csv_rows_and_of_rows_without_documents(embedder: Embedder, tmp_path: Path) -> None:
    texts = [*[f"{SUBJECTS[0]}, number {row}." for row in range(10)], *[""] * 10, SUBJECTS[1]]
    pd.DataFrame({"text": texts, "key": range(21)}).to_csv(tmp_path / "rows.csv", index=False)
    assert embed_parts(tmp_path / "rows.csv", tmp_path / "out", embedder).documents == 11
    found, source_rows = read_embedded(tmp_path / "out")
    assert (len(found), source_rows) == (11, 21)


def test_what_is_there_is_not_done_again(embedder: Embedder, rows: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert embed_parts(rows, out, embedder, limit=15).documents == 14
    with_limit = contents(out)
    assert embed_parts(rows, out, embedder).made == 23, "all but the first ten"
    whole = contents(out)
    assert whole[part_name(0)] == with_limit[part_name(0)]
    (out / part_name(2)).unlink()
    (out / f".{part_name(2)}.part").write_bytes(b"half-writ")
    assert embed_parts(rows, out, embedder).made == 10
    assert contents(out) == whole
    with pytest.raises(UserError, match="another state"):
        embed_parts(rows, out, embedder, id="key")
    assert contents(out) == whole


def test_folders_that_are_not_whole_are_refused(embedder: Embedder, rows: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no folder of embeddings"):
        read_embedded(tmp_path)
    out = tmp_path / "out"
    embed_parts(rows, out, embedder)
    whole = contents(out)
    (out / part_name(1)).unlink()
    with pytest.raises(UserError, match=f"{part_name(1)} is missing"):
        read_embedded(out)
    (out / part_name(1)).write_bytes(whole[part_name(2)])
    with pytest.raises(UserError, match=f"{part_name(1)} is missing, damaged or of other rows"):
        read_embedded(out)
    (out / part_name(1)).write_bytes(whole[part_name(1)][:-50])
    with pytest.raises(UserError, match=f"{part_name(1)} is missing, damaged or of other rows"):
        read_embedded(out)


def test_a_packed_model_gives_the_same_vectors(embedder: Embedder) -> None:
    packed = PackedEmbedder.of(embedder)
    assert not any(name.endswith(".py") for name in packed.files)
    unpacked = packed.unpacked()
    assert not Path(unpacked.model.location).exists(), "the files are gone when it is loaded"
    texts = [*SUBJECTS, "A long text. " * 200]
    assert (unpacked.embed(texts, keep=False) == embedder.embed(texts, keep=False)).all()
    assert len(unpacked.split(texts).texts) > len(texts)


CHILD = """
import sys
from pathlib import Path
from localtopics.corpus import parts
from localtopics.embedding import Embedder, choose_model
from localtopics.embedding.parts import embed_parts

parts.ROWS = 2
write = parts._write

def told(*arguments):
    print("begun", flush=True)
    return write(*arguments)

parts._write = told
embed_parts(sys.argv[1], sys.argv[2], Embedder(choose_model("all-MiniLM-L6-v2"), Path(sys.argv[3])))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system kills no process so")
def test_killed_again_and_again_it_ends_the_same(
    embedder: Embedder, rows: Path, warm_python: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "ROWS", 2)
    embed_parts(rows, tmp_path / "undisturbed", embedder)
    command = [warm_python, "-c", CHILD, *map(str, (rows, tmp_path / "out", tmp_path / "cache"))]
    draw, begun = random.Random(5), 0
    for _ in range(2):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            seen = [line for line, _ in zip(process.stdout, range(draw.randint(2, 5)), strict=False)]
            time.sleep(draw.random() / 50)
            os.kill(process.pid, signal.SIGKILL)
            begun += len(seen) + len(process.stdout.read().splitlines())
    last: Any = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    begun += len(last.stdout.splitlines())
    undisturbed = contents(tmp_path / "undisturbed")
    assert contents(tmp_path / "out") == undisturbed
    assert begun <= len(undisturbed) - 1 + 2, "none is done twice but the one at which it was killed"
