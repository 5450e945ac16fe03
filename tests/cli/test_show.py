"""``localtopics show --open`` and the browser."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from localtopics.cli import cli
from tests.run.conftest import folder

__all__ = ["folder"]


def show(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["show", str(folder), "--open", *arguments])


def test_the_page_opens_in_the_browser(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def browse(url: str) -> bool:
        opened.append(url)
        return True

    monkeypatch.setattr(webbrowser, "open", browse)
    page = (folder / "map.html").resolve()
    assert show(folder).output == f"{page}\n"
    assert show(folder, "--topic", "1").exit_code == 0
    assert opened == [page.as_uri(), f"{page.as_uri()}#topic=1"]


def test_what_cannot_be_opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda url: False)
    none = show(folder)
    assert none.exit_code == 2
    assert "No browser is found on this machine" in none.output
    assert show(folder, "--topic", "99").exit_code == 2
    (folder / "map.html").unlink()
    gone = show(folder)
    assert gone.exit_code == 2
    assert f"localtopics map {folder}" in gone.output
