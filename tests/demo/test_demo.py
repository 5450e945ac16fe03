"""The demo says how long it will take, and keeps what it measured."""

import logging
from pathlib import Path

import pytest

from localtopics.demo import demo_corpus, run_demo
from localtopics.demo.demo import in_words
from localtopics.embedding import BUILT_IN_MODEL
from localtopics.run.settings import RunSettings


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "10 seconds"),
        (12, "10 seconds"),
        (54, "50 seconds"),
        (56, "1 minute"),
        (89, "1 minute"),
        (144, "2 minutes"),
    ],
)
def test_times_are_said_in_round_numbers(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


def test_the_demo_says_at_its_start_how_long_it_will_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("localtopics.demo.docstrings.PACKAGES", ("PIL", "networkx"))
    caplog.set_level(logging.INFO, "localtopics")
    settings = RunSettings().with_given({"embedding_model": BUILT_IN_MODEL, "model": "none"})
    run = run_demo(100, settings, tmp_path / "run")
    assert run.corpus.digest == demo_corpus(100).digest
    first = caplog.messages[0]
    assert first.startswith("100 docstrings; embedding them takes about 10 seconds here, the rest about ")
    caplog.clear()
    run_demo(100, settings, tmp_path / "run")
    assert caplog.messages[0].startswith("100 docstrings, embedded before; the rest takes about ")
