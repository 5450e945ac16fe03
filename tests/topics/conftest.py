"""Samples of real texts: docstrings of the standard library, and of the installed scientific packages."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from localtopics.embedding import Embedder, choose_model
from localtopics.topics.save import save_model
from tests.topics.samples import Sample, docstrings, quick_demo_corpus, sample_of


@pytest.fixture(scope="session")
def embedder(shared: Path) -> Embedder:
    return Embedder(choose_model("all-MiniLM-L6-v2"), shared / "embeddings")


@pytest.fixture(scope="session")
def library(embedder: Embedder) -> Sample:
    return sample_of(*docstrings(), embedder)


@pytest.fixture(scope="session")
def science(embedder: Embedder, shared: Path) -> Sample:
    corpus = quick_demo_corpus(400, shared)
    return sample_of(corpus.documents, [name.partition(".")[0] for name in corpus.ids], embedder)


@pytest.fixture(scope="session", params=["library", "science"])
def sample(request: pytest.FixtureRequest) -> Sample:
    found: Sample = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="session")
def folder(sample: Sample, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The saved model of a sample."""
    return saved(sample, tmp_path_factory)


@pytest.fixture(scope="session")
def library_folder(library: Sample, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(library, tmp_path_factory)


def saved(sample: Sample, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved") / "model"
    save_model(sample.found.model, folder, choose_model("all-MiniLM-L6-v2").location)
    return folder


@pytest.fixture(scope="session")
def few(embedder: Embedder) -> tuple[list[str], np.ndarray]:
    """60 documents and their embeddings, for corpora out of the ordinary."""
    documents = docstrings()[0][:60]
    return documents, embedder.embed(documents)
