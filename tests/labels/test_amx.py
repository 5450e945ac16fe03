"""The trial of llama.cpp's AMX code, and what becomes of a build whose code crashes."""

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from localtopics.labels import amx, engine
from localtopics.labels.amx import WITHOUT_AMX, amx_crashes
from localtopics.labels.engine import Engine
from localtopics.labels.llama import system_features
from localtopics.labels.namer import Namer
from localtopics.topics import Topic

DIES = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"


@pytest.fixture
def trial(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A build with AMX code, not tried before."""
    monkeypatch.setattr(amx, "system_features", lambda: {"CPU": ["AVX2", "AMX_INT8"]})
    amx_crashes.cache_clear()
    yield
    amx_crashes.cache_clear()


@pytest.mark.skipif(
    "AMX_INT8" not in system_features().get("CPU", ()),
    reason="no AMX in this processor, or in this build for it",
)
def test_the_build_that_is_installed_passes_its_trial(trial):
    assert not amx_crashes(), "scripts/install is meant to compile llama.cpp soundly"


def test_a_trial_that_dies_is_a_crash(trial, monkeypatch):
    run = subprocess.run
    monkeypatch.setattr(amx.subprocess, "run", lambda _, **how: run([sys.executable, "-c", DIES], **how))
    assert amx_crashes()


def test_a_build_without_amx_is_not_tried(trial, monkeypatch):
    monkeypatch.setattr(amx, "system_features", lambda: {"CPU": ["AVX2"]})
    monkeypatch.setattr(amx.subprocess, "run", lambda *_, **__: pytest.fail("a process was started"))
    assert not amx_crashes()


def test_where_it_crashes_labels_come_without_it_and_the_user_is_told(monkeypatch, caplog):
    monkeypatch.setattr(engine, "amx_crashes", lambda: True)
    topic = Topic(0, 2, ("graph", "edge"), (), (), ("Shortest paths in a graph.", "Edges of a graph."))
    with caplog.at_level(logging.WARNING), Namer() as namer:
        (label,) = namer.label([topic])
    assert label.text
    assert not label.fallback
    assert [record.message for record in caplog.records] == [WITHOUT_AMX]


def test_without_amx_the_weights_lie_as_they_are_in_the_file(monkeypatch):
    from localtopics.labels.llama import recording
    from localtopics.models import bundled_model

    path = bundled_model()
    assert isinstance(path, Path)
    monkeypatch.setattr(engine, "amx_crashes", lambda: True)
    with recording() as lines, Engine(path, threads=1, context=256):
        pass
    buffers = [line for line in lines if "model buffer size" in line]
    assert buffers
    assert not any("AMX" in line or "REPACK" in line for line in buffers)


def test_a_model_that_lies_on_gpus_needs_no_trial(monkeypatch):
    from localtopics.labels.offload import OffloadPlan
    from localtopics.models import bundled_model

    path = bundled_model()
    assert isinstance(path, Path)
    monkeypatch.setattr(OffloadPlan, "place", "gpu")
    monkeypatch.setattr(engine, "amx_crashes", lambda: pytest.fail("it was tried"))
    with Engine(path, threads=1, context=256) as loaded:
        assert WITHOUT_AMX not in loaded.plan.notes
