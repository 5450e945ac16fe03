"""What a user gets wrong is one sentence, exit code 2, no traceback, and nothing left behind."""

import sqlite3
from pathlib import Path

import pandas as pd
import pytest

from localtopics.run.run import Run
from tests.end_to_end.conftest import Command


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
def test_run(localtopics: Command, inputs: Path, arguments: list[str], said: str) -> None:
    done = localtopics("run", *arguments, "--out", inputs / "out.topics", cwd=inputs)
    assert done.returncode == 2, done.stderr
    message = " ".join(done.stderr.split())
    assert said in message
    assert message.startswith("Error: ")
    assert "Traceback" not in done.stderr
    assert not (inputs / "out.topics").exists()


@pytest.mark.parametrize("command", [["show"], ["map"], ["label"], ["prompt"], ["assign", "x.csv"]])
def test_a_folder_that_is_no_run(localtopics: Command, tmp_path: Path, command: list[str]) -> None:
    done = localtopics(command[0], tmp_path, *command[1:])
    assert done.returncode == 2
    assert "is not a run folder" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("out", ["good.csv/sub", "dangling", "x" * 300, "/proc/none", "loop/sub"])
def test_a_place_where_no_run_folder_can_be(localtopics: Command, inputs: Path, out: str) -> None:
    (inputs / "dangling").symlink_to("nowhere")
    (inputs / "loop").symlink_to("loop")
    before = sorted(inputs.iterdir())
    done = localtopics("run", "good.csv", "--min-cluster-size", 8, "--out", out, cwd=inputs)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    said = " ".join(done.stderr.split())
    assert said.startswith("Error: ")
    assert "name another" in said
    assert out.removesuffix("/sub") in said
    assert sorted(inputs.iterdir()) == before


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("kept", "kept is there already and holds something else"),
        ("kept.csv", "kept.csv is a folder: name a file in it"),
        ("new.xls", "new.xls is none of the files that can be written: .csv, .tsv, .jsonl"),
        ("old.csv/new.csv", "old.csv is no folder"),
        ("old.csv", "old.csv exists already"),
    ],
)
def test_a_place_where_no_table_can_be_is_refused_before_the_work(
    localtopics: Command, made_by_0_1_0: Run, tmp_path: Path, out: str, said: str
) -> None:
    for name in ("kept", "kept.csv"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "thesis.tex").write_text("years of work")
    (tmp_path / "old.csv").write_text("text\nold\n")
    for force in ([], ["--force"])[: 1 if out == "old.csv" else 2]:
        done = localtopics("assign", made_by_0_1_0.folder, "missing.csv", "--out", out, *force, cwd=tmp_path)
        assert done.returncode == 2
        assert said in " ".join(done.stderr.split())
    assert (tmp_path / "kept" / "thesis.tex").read_text() == "years of work"
    assert (tmp_path / "kept.csv" / "thesis.tex").read_text() == "years of work"
    assert (tmp_path / "old.csv").read_text() == "text\nold\n"
    assert not (tmp_path / "new.xls").exists()


@pytest.mark.parametrize("command", ["show", "map", "label", "prompt", "evaluate"])
def test_a_file_is_no_run_folder(localtopics: Command, inputs: Path, command: str) -> None:
    done = localtopics(command, "good.csv", cwd=inputs)
    assert done.returncode == 2
    said = " ".join(done.stderr.split())
    assert said.startswith("Error: good.csv is ")
    assert "run folder" in said
    assert "--force" not in said
    assert "cannot be read" not in said
