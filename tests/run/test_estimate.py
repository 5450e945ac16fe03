"""What a run takes, told beforehand."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from localtopics.corpus import Corpus
from localtopics.embedding import BUILT_IN_MODEL, choose_model
from localtopics.errors import UserError
from localtopics.machine import free_memory
from localtopics.run import estimate as module
from localtopics.run import fit as fitting
from localtopics.run.estimate import estimate
from localtopics.run.fit import fit
from localtopics.run.settings import RunSettings


@pytest.fixture
def ready() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(1000, 384)).astype(np.float32)


def corpus(count: int) -> Corpus:
    return Corpus.from_documents([f"text {row} of some words" for row in range(count)])


def test_more_documents_take_more_of_all(ready: np.ndarray) -> None:
    model = choose_model(BUILT_IN_MODEL)
    few, many = (estimate(corpus(n), RunSettings(), model, ready[:n]) for n in (100, 1000))
    assert many.seconds > 0
    assert many.memory > few.memory
    assert many.disk > 5 * few.disk
    assert many.temporary == 10 * few.temporary
    assert [stage.name for stage in many.stages] == ["layouts", "topics", "labels", "maps"]
    assert many.cache == 0


def test_documents_that_are_not_embedded_yet_take_time_and_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    found = estimate(corpus(300), RunSettings(), choose_model(BUILT_IN_MODEL))
    assert found.stages[0].name == "embeddings"
    assert (found.stages[0].seconds or 0) > 0
    assert found.cache > 300 * 384 * 4


def test_what_the_machine_cannot_hold_is_one_sentence(
    ready: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = estimate(corpus(1000), RunSettings(), choose_model(BUILT_IN_MODEL), ready)
    found.check(tmp_path / "not" / "there")
    monkeypatch.setattr(module, "free_memory", lambda: 1_000_000)
    with pytest.raises(UserError, match=r"1,000 documents take about .* of memory, and 1 MB are free"):
        found.check(tmp_path)
    monkeypatch.setattr(module, "free_memory", lambda: None)
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=10_000))
    with pytest.raises(
        UserError, match=r"The run folder and temporary files.*on the disk of .*, and 1 MB are free"
    ):
        found.check(tmp_path)


def test_a_long_run_is_refused_before_it_begins(
    ready: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "LONG", 500)
    monkeypatch.setattr(module, "free_memory", lambda: 1_000_000)
    with pytest.raises(UserError, match="of memory"):
        fit(corpus(1000), embeddings=ready, model="none", out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_free_memory_is_what_the_system_tells() -> None:
    free = free_memory()
    assert free is None or 10_000_000 < free < 10**14
