"""Input as it really comes: odd names, other separators, a home that nobody may write, other paths."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from localtopics.run.run import Run
from tests.end_to_end.conftest import Command

ARGUMENTS = ("--title", "title", "--min-cluster-size", "5", "--model", "none", "--embeddings", "../emb.npy")
NO_HOME = {"XDG_CACHE_HOME": "/proc/nowhere"}


@pytest.fixture(scope="module")
def odd(localtopics: Command, papers: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A run of a file with semicolons and gaps whose name is no UTF-8, and what it said."""
    folder = tmp_path_factory.mktemp("odd") / "here"
    folder.mkdir()
    table = pd.read_csv(papers).head(80)
    table.loc[[3, 7], "abstract"] = "NULL"
    table.to_csv(folder / os.fsdecode(b"caf\xe9.csv"), sep=";", index=False)
    np.save(folder.parent / "emb.npy", np.random.default_rng(0).normal(size=(80, 16)))
    done = localtopics("run", os.fsdecode(b"caf\xe9.csv"), *ARGUMENTS, cwd=folder, **NO_HOME)
    assert done.returncode == 0, done.stderr
    return folder, done.stderr


def test_a_file_is_read_whatever_its_name_and_its_separator(odd: tuple[Path, str]) -> None:
    folder, said = odd
    run = Run.open(folder / r"caf\udce9.topics")
    assert len(run.documents) == 78
    assert run.title == r"caf\udce9.csv"
    assert run.settings.input.source == os.fsdecode(b"caf\xe9.csv")
    assert "are separated by semicolons" in said
    assert r"Dropped 2 documents of caf\udce9.csv (2 missing)" in said
    json.loads((run.folder / "run.json").read_text(encoding="utf-8"))


def test_a_home_that_cannot_be_written_costs_one_warning(odd: tuple[Path, str]) -> None:
    _, said = odd
    assert said.count("The embedding cache /proc/nowhere") == 1
    assert "Traceback" not in said


def test_the_same_files_by_other_names_are_the_same_run(localtopics: Command, odd: tuple[Path, str]) -> None:
    folder, _ = odd
    before = (folder / r"caf\udce9.topics" / "topics.parquet").stat().st_mtime_ns
    arguments = [*ARGUMENTS[:-1], folder.parent / "emb.npy"]
    source = "./" + os.fsdecode(b"caf\xe9.csv")
    again = localtopics("run", source, *arguments, cwd=folder, **NO_HOME)
    assert again.returncode == 0, again.stderr
    assert (folder / r"caf\udce9.topics" / "topics.parquet").stat().st_mtime_ns == before
    np.save(folder.parent / "emb.npy", np.ones((80, 16)))
    other = localtopics("run", source, *arguments, cwd=folder, **NO_HOME)
    assert other.returncode == 2
    assert "the embeddings are not the same" in " ".join(other.stderr.split())


def test_ready_embeddings_from_python_are_checked_before_anything_is_made(tmp_path: Path) -> None:
    import localtopics

    embeddings = [[1.0, 2.0]] * 30 + [[0.0, 0.0]]
    with pytest.raises(localtopics.UserError, match="Row 30 of The argument embeddings"):
        localtopics.fit(["a text"] * 31, embeddings=embeddings, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()
