"""What tests of run folders begin with."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from localtopics.corpus import Corpus, read_corpus
from localtopics.embedding import EmbeddingModel, choose_model
from localtopics.run.run import Run
from tests.run.folders import NOTES, OLD
from tests.run.samples import finished


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A finished run folder, as 0.1.0 left it."""
    return Path(shutil.copytree(OLD, tmp_path / "notes.topics"))


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """72 notes, two of them empty."""
    table = pd.read_csv(NOTES)
    table.loc[[3, 40], "text"] = ""
    table.to_csv(tmp_path / "notes.csv", index=False)
    return tmp_path / "notes.csv"


@pytest.fixture(scope="session")
def model() -> EmbeddingModel:
    return choose_model("all-MiniLM-L6-v2")


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    return read_corpus(str(NOTES), title="title", id="id")


@pytest.fixture(scope="session")
def levelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run with twelve topics in three, which no test changes."""
    return finished(tmp_path_factory.getbasetemp())


@pytest.fixture
def run(levelled: Path, tmp_path: Path) -> Run:
    """That run, in a folder that a test may change."""
    return Run.open(shutil.copytree(levelled, tmp_path / "docs.topics"))
