"""The settings and prompts that stand in the pages are files that localtopics takes."""

from pathlib import Path

import pytest

from localtopics import RunSettings
from localtopics.labels.prompt import read_prompt
from tests.docs.pages import ROOT, blocks


def only_toml(page: str) -> str:
    """The one piece of TOML on a page in docs."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    (found,) = (code for language, code in blocks(text) if language == "toml")
    return found


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "page.toml"


def test_the_settings_file_is_one(file: Path) -> None:
    file.write_text(only_toml("settings.md"), encoding="utf-8")
    settings = RunSettings.read(file)
    assert settings.topics.min_cluster_size == 30
    assert settings.labels.documents == 8


def test_the_prompt_is_one(file: Path) -> None:
    file.write_text(only_toml("notebook.md"), encoding="utf-8")
    assert read_prompt(file).answer == "Compression of neural networks"
