"""``localtopics assign`` with a folder of parts: what it prints, and mistakes of one line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from localtopics.cli import cli
from tests.run.conftest import folder
from tests.run.folders import NOTES

__all__ = ["folder"]


def localtopics(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["--quiet", *map(str, arguments)])


def test_a_name_without_an_ending_is_a_folder_of_parts(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "assigned"
    done = localtopics("assign", folder, NOTES, "--id", "id", "--out", out, "--limit", 30)
    assert done.exit_code == 0, done.output
    assert "30 documents, 3 topics" in done.stdout
    assert "rows a second" in done.stdout
    again = localtopics("assign", folder, NOTES, "--id", "id", "--out", out, "--json")
    told = json.loads(again.stdout)
    assert (told["documents"], told["file"]) == (72, str(out))
    assert sum(topic["documents"] for topic in told["counts"]) == len(pd.read_parquet(out)) == 72


def test_a_table_of_the_first_rows(folder: Path, tmp_path: Path) -> None:
    done = localtopics("assign", folder, NOTES, "--out", tmp_path / "few.csv", "--limit", 5)
    assert done.exit_code == 0, done.output
    assert len(pd.read_csv(tmp_path / "few.csv")) == 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--limit", "0"], "is not in the range x>=1"),
        (["--text", "nothing"], "has no column 'nothing'"),
        (["--embeddings", "new.npy"], "not taken with a folder of parts"),
    ],
)
def test_a_mistake_is_a_sentence(
    folder: Path, tmp_path: Path, arguments: list[str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("new.npy", np.ones((72, 384)))
    done = localtopics("assign", folder, NOTES, "--out", "parts", *arguments)
    assert done.exit_code == 2
    assert message in " ".join(done.output.split())
    assert "Traceback" not in done.output
