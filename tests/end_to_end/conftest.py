"""Documents, commands and a language model for whole runs."""

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from localtopics.run.run import Run
from tests.topics.samples import quick_demo_corpus

DATA = Path(__file__).resolve().parents[1] / "data"
Command = Callable[..., subprocess.CompletedProcess[str]]

ROOT = Path(__file__).resolve().parents[2]
FILES = (path.relative_to(ROOT).with_suffix("") for path in ROOT.glob("localtopics/**/*.py"))
OURS = [".".join(path.parts).removesuffix(".__init__") for path in FILES]
STRICT = [f"error::{kind}:{name}" for kind in ("DeprecationWarning", "FutureWarning") for name in OURS]
"""As pytest's filters in pyproject.toml, for commands: a deprecated call of ours is an error."""


_READ_LATE = {"XDG_CACHE_HOME", "XDG_DATA_HOME"}
"""Variables that localtopics reads when it needs them, and no package at its import."""


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


class WarmCommands:
    """Runs commands in forks of a process that has imported the large packages already (warm.py)."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self._folder = folder
        self._server = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("warm.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            env=environment,
        )

    def run(
        self, arguments: list[str], cwd: Path, changes: dict[str, str]
    ) -> subprocess.CompletedProcess[str]:
        """What a process of its own would have returned."""
        files = {name: self._folder / name for name in ("stdout", "stderr")}
        for file in files.values():
            file.write_bytes(b"")
        paths = {name: str(file) for name, file in files.items()}
        asked = {"arguments": arguments, "cwd": str(cwd), "environment": changes, **paths}
        assert self._server.stdin
        assert self._server.stdout
        self._server.stdin.write(json.dumps(asked) + "\n")
        self._server.stdin.flush()
        code = int(self._server.stdout.readline())
        printed = {name: file.read_text(encoding="utf-8") for name, file in files.items()}
        return subprocess.CompletedProcess(arguments, code, **printed)

    def close(self) -> None:
        """End the process."""
        assert self._server.stdin
        self._server.stdin.close()
        self._server.wait()


@pytest.fixture(scope="session")
def warm(
    environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WarmCommands | None]:
    """Commands without the seconds of importing; None where a process cannot simply fork."""
    if sys.platform != "linux":
        yield None
        return
    commands = WarmCommands(environment, tmp_path_factory.mktemp("warm"))
    yield commands
    commands.close()


@pytest.fixture(scope="session")
def localtopics(environment: dict[str, str], warm: WarmCommands | None) -> Command:
    """Run ``localtopics ARGS`` as a user does; returns its exit code and what it printed.

    Commands with an environment of their own get a process of their own.
    """

    def command(*arguments: object, cwd: Path | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        words = [str(argument) for argument in arguments]
        if warm is not None and set(more) <= _READ_LATE and not any(word == "demo" for word in words):
            return warm.run(words, cwd or Path.cwd(), more)
        return subprocess.run(
            [sys.executable, "-m", "localtopics", *words],
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
    corpus = quick_demo_corpus(400)
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
