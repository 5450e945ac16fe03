"""Documents, commands and a language model for whole runs."""

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from localtopics.run.run import Run

DATA = Path(__file__).resolve().parents[1] / "data"
Command = Callable[..., subprocess.CompletedProcess[str]]

ROOT = Path(__file__).resolve().parents[2]
FILES = (path.relative_to(ROOT).with_suffix("") for path in ROOT.glob("localtopics/**/*.py"))
OURS = [".".join(path.parts).removesuffix(".__init__") for path in FILES]
STRICT = [f"error::{kind}:{name}" for kind in ("DeprecationWarning", "FutureWarning") for name in OURS]
"""As pytest's filters in pyproject.toml, for commands: a deprecated call of ours is an error."""


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's home of this session: caches and data folder, so that no test sees another user's."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def environment(home: Path) -> dict[str, str]:
    """What every command of these tests runs under."""
    return os.environ | {
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_DATA_HOME": str(home / "data"),
        "HF_HOME": str(home / "huggingface"),
        "HF_HUB_OFFLINE": "1",
        "NO_COLOR": "1",
        "PYTHONWARNINGS": ",".join(STRICT),
    }


@pytest.fixture(scope="session")
def localtopics(environment: dict[str, str]) -> Command:
    """Run ``localtopics ARGS`` as a user does; returns its exit code and what it printed."""

    def command(*arguments: object, cwd: Path | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "localtopics", *map(str, arguments)],
            capture_output=True,
            encoding=more.get("PYTHONIOENCODING", "utf-8"),
            cwd=cwd,
            env=environment | more,
            timeout=280,
            stdin=subprocess.DEVNULL,
        )

    return command


@pytest.fixture(scope="session")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A csv of 400 real texts with titles: docstrings, which every machine has."""
    from localtopics.demo import demo_corpus

    corpus = demo_corpus(400)
    assert corpus.titles is not None
    path = tmp_path_factory.mktemp("input") / "papers.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["name", "title", "abstract"])
        rows.writerows(zip(corpus.ids, corpus.titles, corpus.documents, strict=True))
    return path


@pytest.fixture
def made_by_0_1_0(tmp_path: Path) -> Run:
    """A finished run of 72 notes in three topics, which a test may change."""
    return Run.open(shutil.copytree(DATA / "run-0.1.0", tmp_path / "notes.topics"))
