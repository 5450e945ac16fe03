"""``localtopics update``: what it prints, and mistakes of one line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from localtopics.cli import cli
from localtopics.run.run import Run
from tests.run.conftest import levelled, run
from tests.run.samples import later

__all__ = ["levelled", "run"]


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Documents that come later, and the option that names their embeddings."""
    corpus, embeddings = later()
    table = pd.DataFrame({"id": corpus.ids, "text": corpus.documents})
    table.to_csv(tmp_path / "later.csv", index=False)
    np.save(tmp_path / "later.npy", embeddings)
    return [str(tmp_path / "later.csv"), "--id", "id", "--embeddings", str(tmp_path / "later.npy")]


def update(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["--quiet", "update", str(folder), *arguments])


def test_it_says_what_changed(run: Run, files: list[str]) -> None:
    done = update(run.folder, *files)
    assert done.exit_code == 0, done.output
    assert "36 documents are new." in done.stdout
    assert "12 same, 1 new; 100.0% of the old documents in topics keep theirs." in done.stdout
    assert done.stdout.splitlines()[-1] == str(run.folder / "map.html")
    again = update(run.folder, *files, "--json")
    assert json.loads(again.stdout)["added"] == 36, "given again the command is done already"
    assert len(Run.open(run.folder).documents) == 156


def test_the_same_as_json(run: Run, files: list[str]) -> None:
    done = update(run.folder, *files, "--refit", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert (found["added"], found["known"]) == (36, 0)
    assert found["kept"] > 0.9
    assert len(found["topics"]) >= 12


def test_a_mistake_is_a_sentence(levelled: Path, files: list[str], tmp_path: Path) -> None:
    without = update(levelled, *files[:3])
    assert without.exit_code == 2
    assert "was made from ready embeddings" in without.output
    assert "--embeddings" in without.output
    assert update(levelled, str(tmp_path / "gone.csv")).exit_code == 2
    assert update(tmp_path, *files).exit_code == 2
