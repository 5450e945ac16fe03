"""``localtopics embed`` and ``--ray``: what they print, who takes the embeddings, mistakes of one line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from localtopics.cli import cli
from localtopics.corpus import parts
from tests.run.conftest import folder, notes

__all__ = ["folder", "notes"]
MODEL = ("--embedding-model", "all-MiniLM-L6-v2")


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "ROWS", 30)


def localtopics(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["--quiet", *map(str, arguments)])


def test_a_run_takes_what_embed_made(notes: Path, tmp_path: Path) -> None:
    out = tmp_path / "vectors"
    done = localtopics("embed", notes, *MODEL, "--id", "id", "--embedding", "full", "--out", out)
    assert done.exit_code == 0, done.output
    assert "70 documents (2 rows hold none), by all-MiniLM-L6-v2" in done.stdout
    assert "rows a second" in done.stdout
    again = localtopics("embed", notes, *MODEL, "--id", "id", "--out", out, "--json")
    assert json.loads(again.stdout) == {"folder": str(out), "documents": 70, "dropped": 2}
    run = tmp_path / "notes.topics"
    few = ("--model", "none", "--min-cluster-size", 5)
    done = localtopics("run", notes, "--id", "id", "--embeddings", out, *few, "--out", run)
    assert done.exit_code == 0, done.output
    assert len(pd.read_parquet(run / "documents.parquet")) == 70
    done = localtopics("assign", run, notes, "--id", "id", "--embeddings", out, "--out", tmp_path / "a.csv")
    assert done.exit_code == 0, done.output
    topics = tmp_path / "given.csv"
    topics.write_text("name,description\nFood,bread and meals\n")
    dry = localtopics("run", notes, "--embeddings", out, *few, "--topics-file", topics, "--dry-run")
    assert dry.exit_code == 0, "a dry run knows it, too"
    again = localtopics("assign", run, notes, "--id", "id", "--out", tmp_path / "b.csv")
    assert again.exit_code == 0, "which model embeds is known"
    given, embedded = pd.read_csv(tmp_path / "a.csv"), pd.read_csv(tmp_path / "b.csv")
    assert len(given) == 70
    assert given["topic"].tolist() == embedded["topic"].tolist()


def test_embeddings_of_other_rows_are_refused(notes: Path, tmp_path: Path) -> None:
    out = tmp_path / "vectors"
    assert localtopics("embed", notes, *MODEL, "--out", out, "--limit", 40).exit_code == 0
    done = localtopics("run", notes, "--embeddings", out, "--model", "none", "--out", tmp_path / "run")
    assert done.exit_code == 2
    assert "holds embeddings of 39 documents in 40 rows" in " ".join(done.output.split())
    assert "70 in 72" in " ".join(done.output.split())
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("embed", "gone.csv"), "There is no file or folder gone.csv"),
        (("embed", "notes.csv", "--text", "nothing"), "has no column 'nothing'"),
        (("embed", "notes.csv", "--ray", "auto"), "is no Parquet file"),
        (("embed", "notes.parquet", "--ray", "nowhere"), "'nowhere' is no address of a Ray cluster"),
        (("assign", "RUN", "notes.parquet", "--ray", "auto"), "Ray writes a folder of parts"),
        (("embed", "notes.csv", "--out", "taken"), "holds something else"),
        (("run", "notes.csv", "--embeddings", "taken"), "is no folder of embeddings"),
    ],
)
def test_a_mistake_is_a_sentence(
    folder: Path,
    notes: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    pd.read_csv(notes).to_parquet("notes.parquet")
    (tmp_path / "taken").mkdir()
    np.save(tmp_path / "taken" / "mine.npy", np.ones(3))
    if "embed" in arguments:
        arguments = (*arguments, *MODEL)
    done = localtopics(*(folder if word == "RUN" else word for word in arguments))
    assert done.exit_code == 2, done.output
    assert message in " ".join(done.output.split())
    assert "Traceback" not in done.output
    assert [path.name for path in (tmp_path / "taken").iterdir()] == ["mine.npy"]
    assert not list(tmp_path.glob("*.embedded")), "nothing half-written"


def test_without_ray_it_is_said_how_to_get_it(
    tmp_path: Path, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("localtopics.cluster.find_spec", lambda name: None)
    pd.read_csv(notes).to_parquet(tmp_path / "notes.parquet")
    out = tmp_path / "vectors"
    done = localtopics("embed", tmp_path / "notes.parquet", *MODEL, "--out", out, "--ray", "auto")
    assert done.exit_code == 2
    assert "pip install 'localtopics[ray]'" in done.output
    assert not out.exists()
