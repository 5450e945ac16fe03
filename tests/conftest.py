"""Fixtures that every part of the suite uses."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of corpora and small models beside the repository; not every machine has it."""
    folder = ROOT.parent / "shared"
    if not (folder / "models" / "llama2-vocab.gguf").is_file():
        pytest.skip("needs the folder ../shared of corpora and small models, which is not here")
    return folder
