"""Tiny models of random weights."""

from pathlib import Path

import pytest

from tests.gguf.files import tiny_model


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama model with a SentencePiece tokenizer."""
    return tiny_model(tmp_path_factory.mktemp("models") / "tiny.gguf")


@pytest.fixture(scope="session")
def tiny_bpe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama model with a byte-level BPE tokenizer."""
    return tiny_model(tmp_path_factory.mktemp("models") / "tiny.gguf", "llama", "gpt2")
