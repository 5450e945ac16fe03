"""``localtopics run --dry-run``: what it prints, and that it does nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from localtopics.cli import cli
from localtopics.embedding import BUILT_IN_MODEL
from tests.run.folders import NOTES


def dry_run(*arguments: object) -> Result:
    call = ["--quiet", "run", NOTES, "--embedding-model", BUILT_IN_MODEL, "--model", "none", "--dry-run"]
    return CliRunner().invoke(cli, [*map(str, call), *map(str, arguments)])


def test_a_dry_run_tells_and_does_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    told = dry_run()
    assert told.exit_code == 0, told.output
    assert all(name in told.stdout for name in ("embeddings", "layouts", "topics", "labels", "maps", "all"))
    assert "72 documents" in told.stdout
    found = json.loads(dry_run("--json").stdout)
    assert found["documents"] == 72
    assert found["seconds"] > 0
    assert [stage["name"] for stage in found["stages"]] == [
        "embeddings",
        "layouts",
        "topics",
        "labels",
        "maps",
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_finds_the_mistakes_of_a_run(tmp_path: Path) -> None:
    missing = dry_run("--text", "nothing")
    assert missing.exit_code == 2
    assert "no column" in missing.stderr
