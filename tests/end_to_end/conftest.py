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
from tests.conftest import STRICT
from tests.topics.samples import quick_demo_corpus

DATA = Path(__file__).resolve().parents[1] / "data"
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's home of this session: caches and data folder, so that no test sees another user's."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def environment(home: Path, shared: Path) -> dict[str, str]:
    """What every command of these tests runs under."""
    return os.environ | {
        "HOME": str(home),
        "XDG_CACHE_HOME": str(shared / "cache"),
        "XDG_DATA_HOME": str(home / "data"),
        "HF_HOME": str(home / "huggingface"),
        "HF_HUB_OFFLINE": "1",
        "NO_COLOR": "1",
        "PYTHONWARNINGS": ",".join(STRICT),
    }


@pytest.fixture(scope="session")
def localtopics(environment: dict[str, str], warm_python: str) -> Command:
    """Run ``localtopics ARGS`` as a user does; returns its exit code and what it printed.

    Commands with variables that packages read at their import get a process that imports them, and so does
    the demo: one whole run begins as a user's does.
    """

    def command(*arguments: object, cwd: Path | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        cold = "demo" in arguments or any(name.startswith("HF_") for name in more)
        return subprocess.run(
            [sys.executable if cold else warm_python, "-m", "localtopics", *map(str, arguments)],
            capture_output=True,
            encoding=more.get("PYTHONIOENCODING", "utf-8"),
            cwd=cwd,
            env=environment | more,
            timeout=280,
            stdin=subprocess.DEVNULL,
        )

    return command


@pytest.fixture(scope="session")
def papers(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A csv of 400 real texts with titles: docstrings, which every machine has."""
    corpus = quick_demo_corpus(400, shared)
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
