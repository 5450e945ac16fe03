"""What a user gets wrong is one sentence, exit code 2, no traceback, and nothing left behind."""

import sqlite3
from pathlib import Path

import pandas as pd
import pytest


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """A folder of files that cannot be run."""
    folder = tmp_path / "inputs"
    folder.mkdir()
    (folder / "empty.csv").touch()
    (folder / "header.csv").write_text("text\n")
    (folder / "few.csv").write_text("text\n" + "a document of some words\n" * 3)
    (folder / "other.csv").write_text("name,year\nfirst,2001\n")
    (folder / "latin.csv").write_bytes("text\nd\xe9j\xe0 vu\n".encode("latin-1"))
    (folder / "broken.jsonl").write_text('{"text": "whole"}\n{"text": "cut sho')
    (folder / "broken.parquet").write_bytes(b"PAR1 and nothing more")
    (folder / "numbers.csv").write_text("text\n1\n2\n3\n")
    pd.DataFrame({"text": [f"document number {n} about something" for n in range(40)]}).to_csv(
        folder / "good.csv", index=False
    )
    sqlite3.connect(folder / "papers.db").close()
    (folder / "no_model.gguf").write_bytes(b"GGUF" + b"\xff" * 64)
    (folder / "no_slots.toml").write_text('request = "What is this about?"\n')
    return folder


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["missing.csv"], "missing.csv"),
        (["empty.csv"], "empty"),
        (["header.csv"], "header.csv"),
        (["few.csv"], "3"),
        (["other.csv"], "'name', 'year'"),
        (["good.csv", "--text", "abstract"], "abstract"),
        (["good.csv", "--title", "headline"], "headline"),
        (["latin.csv"], "UTF-8"),
        (["broken.jsonl"], "broken.jsonl"),
        (["broken.parquet"], "broken.parquet"),
        (["papers.db"], "papers.db"),
        (["good.csv", "--model", "missing.gguf"], "missing.gguf"),
        (["good.csv", "--model", "few.csv"], "GGUF"),
        (["good.csv", "--model", "no_model.gguf"], "no_model.gguf"),
        (["good.csv", "--prompt", "missing.toml"], "missing.toml"),
        (["good.csv", "--prompt", "no_slots.toml"], "[DOCUMENTS]"),
        (["good.csv", "--gpu-layers", "many"], "many"),
        (["good.csv", "--embedding-model", "missing-model"], "missing-model"),
        (["good.csv", "--embeddings", "missing.npy"], "missing.npy"),
        (["good.csv", "--embeddings", "few.csv"], "few.csv"),
        (["good.csv", "--config", "missing.toml"], "missing.toml"),
        ([], "No documents named"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_run(localtopics, inputs: Path, arguments: list[str], said: str) -> None:
    done = localtopics("run", *arguments, "--out", inputs / "out.topics", cwd=inputs)
    assert done.returncode == 2, done.stderr
    message = " ".join(done.stderr.split())
    assert said in message
    assert message.startswith("Error: ")
    assert "Traceback" not in done.stderr
    assert not (inputs / "out.topics").exists()


@pytest.mark.parametrize("command", [["show"], ["map"], ["label"], ["prompt"], ["assign", "x.csv"]])
def test_a_folder_that_is_no_run(localtopics, tmp_path: Path, command: list[str]) -> None:
    done = localtopics(command[0], tmp_path, *command[1:])
    assert done.returncode == 2
    assert "is not a run folder" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
