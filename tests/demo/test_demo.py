"""The demo says how long it will take, and keeps what it measured."""

import logging
import re
from pathlib import Path

import pytest

from localtopics.demo import demo_corpus, run_demo
from localtopics.embedding import BUILT_IN_MODEL, Embedder, choose_model
from localtopics.errors import UserError
from localtopics.run.settings import RunSettings


def test_the_demo_says_before_anything_else_how_long_it_will_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The whole demo is run by the tests of the commands."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("localtopics.demo.docstrings.PACKAGES", ("PIL", "networkx"))
    caplog.set_level(logging.INFO, "localtopics")
    settings = RunSettings().with_given({"embedding_model": BUILT_IN_MODEL, "model": "none"})
    no_folder = tmp_path / "file"
    no_folder.write_text("in the way")
    time = r"about \d+ (seconds|minutes?)"
    with pytest.raises(UserError):
        run_demo(50, settings, no_folder)
    (line,) = caplog.messages
    assert re.fullmatch(
        f"50 docstrings; embedding them takes {time} here, the rest {time}; fewer take less time", line
    )

    Embedder(choose_model(BUILT_IN_MODEL)).embed(demo_corpus(50).documents)
    caplog.clear()
    with pytest.raises(UserError):
        run_demo(50, settings, no_folder)
    (line,) = caplog.messages
    assert re.fullmatch(f"50 docstrings, embedded before; the rest takes {time}", line)
