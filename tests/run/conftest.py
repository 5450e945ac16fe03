"""What tests of run folders begin with."""

import shutil
from pathlib import Path

import pytest

from localtopics.corpus import Corpus, read_corpus
from localtopics.embedding import EmbeddingModel, choose_model
from tests.run.folders import NOTES, OLD


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A finished run folder, as 0.1.0 left it."""
    return Path(shutil.copytree(OLD, tmp_path / "notes.topics"))


@pytest.fixture(scope="session")
def model() -> EmbeddingModel:
    return choose_model("all-MiniLM-L6-v2")


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    return read_corpus(str(NOTES), title="title", id="id")
