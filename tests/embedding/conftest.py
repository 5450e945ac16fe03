"""The built-in embedding model, which every machine has."""

import pytest

from localtopics.embedding import BUILT_IN_MODEL, Embedder, EmbeddingModel, choose_model


@pytest.fixture(scope="session")
def model() -> EmbeddingModel:
    return choose_model(BUILT_IN_MODEL)


@pytest.fixture(scope="session")
def embedder(model: EmbeddingModel, tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    """One loaded model for the tests that look at vectors only."""
    return Embedder(model, tmp_path_factory.mktemp("cache"))
