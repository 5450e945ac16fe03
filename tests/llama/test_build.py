"""What the build of llama.cpp can use: GPUs where it can, AMX where its library says that it is sound."""

import ctypes
import logging
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import llama_cpp
import pytest

from localtopics.gguf import read_info
from localtopics.labels.namer import Namer
from localtopics.llama import build, engine
from localtopics.llama.api import supports_gpus
from localtopics.llama.build import REBUILD, WITHOUT_AMX, amx_is_safe, system_features, why_no_gpu
from localtopics.llama.engine import Engine
from localtopics.llama.log import recording
from localtopics.llama.offload import OffloadPlan, plan_offload
from localtopics.llama.probe import inspect_system
from localtopics.topics.topic import Topic
from tests.conftest import ROOT

HEADER = ROOT / "scripts" / "amx_tiles.h"
TURNS = """
import torch
from localtopics.llama.engine import Engine
from localtopics.models import bundled_model

numbers = torch.ones(256, 256, dtype=torch.bfloat16)
torch.set_num_threads(1)
with Engine(bundled_model(), threads=1, context=256) as engine:
    for _ in range(3):
        numbers @ numbers
        assert list(engine.generate([[5] * 40], 2))
"""

needs_amx = pytest.mark.skipif(
    "AMX_INT8" not in system_features()["CPU"], reason="no AMX in this processor, or in this build for it"
)


def compiled(folder: Path, *flags: str) -> ctypes.CDLL:
    """A library whose only source is empty, compiled as llama.cpp's are by scripts/install."""
    if platform.machine() != "x86_64" or platform.system() != "Linux" or not shutil.which("g++"):
        pytest.skip("no AMX: the header is for GCC on x86")
    source, library = folder / "empty.cpp", folder / "library.so"
    source.touch()
    options = ["-O3", "-fPIC", "-shared", "-fvisibility=hidden", "-include", str(HEADER), *flags]
    subprocess.run(["g++", *options, str(source), "-o", str(library)], check=True)
    return ctypes.CDLL(str(library))


def with_amx(monkeypatch: pytest.MonkeyPatch, library: ctypes.CDLL | None = None) -> None:
    """Pretend that llama.cpp's library is another, and has AMX code."""
    monkeypatch.setattr(build, "system_features", lambda: {"CPU": ["AVX2", "AMX_INT8"]})
    monkeypatch.setattr(llama_cpp.llama_cpp, "_lib", library)


def test_amx_code_that_scripts_install_compiles_says_that_it_is_sound(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with_amx(monkeypatch, compiled(tmp_path, "-mamx-tile"))
    assert amx_is_safe()


def test_amx_code_that_says_nothing_is_not_trusted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with_amx(monkeypatch, compiled(tmp_path))
    assert not amx_is_safe()


def test_a_build_without_amx_code_needs_no_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    with_amx(monkeypatch)
    monkeypatch.setattr(build, "system_features", lambda: {"CPU": ["AVX2"]})
    assert amx_is_safe()


def test_a_build_that_describes_itself_in_other_words_is_not_taken_for_one_without_amx(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(llama_cpp, "llama_print_system_info", lambda: b"amx: yes; avx2: yes")
    with pytest.raises(RuntimeError, match=r"llama-cpp-python 0\.3\.\d+ .*features[^$]*amx: yes"):
        system_features()


@needs_amx
def test_the_build_that_is_installed_says_that_it_is_sound() -> None:
    assert amx_is_safe(), "scripts/install is meant to compile llama.cpp soundly"


@needs_amx
def test_a_build_that_says_that_it_is_sound_takes_turns_with_pytorch() -> None:
    if not amx_is_safe():
        pytest.skip("no sound AMX code in this build")
    turns = subprocess.run([sys.executable, "-c", TURNS], capture_output=True, check=False)
    assert turns.returncode == 0, turns.stderr.decode()


def test_where_it_is_not_trusted_labels_come_without_it_and_the_user_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(engine, "amx_is_safe", lambda: False)
    topic = Topic(0, 2, ("graph", "edge"), (), (), ("Shortest paths in a graph.", "Edges of a graph."))
    with caplog.at_level(logging.WARNING), Namer() as namer:
        (label,) = namer.label([topic])
    assert label.text
    assert not label.fallback
    assert [record.message for record in caplog.records] == [WITHOUT_AMX]


def test_without_amx_the_weights_lie_as_they_are_in_the_file(
    monkeypatch: pytest.MonkeyPatch, labeller: Path
) -> None:
    monkeypatch.setattr(engine, "amx_is_safe", lambda: False)
    with recording() as lines, Engine(labeller, threads=1, context=256):
        pass
    buffers = [line for line in lines if "model buffer size" in line]
    assert buffers
    assert not any("AMX" in line or "REPACK" in line for line in buffers)


def test_a_model_that_lies_on_gpus_needs_no_amx(monkeypatch: pytest.MonkeyPatch, labeller: Path) -> None:
    monkeypatch.setattr(OffloadPlan, "place", "gpu")
    monkeypatch.setattr(engine, "amx_is_safe", lambda: False)
    with Engine(labeller, threads=1, context=256) as loaded:
        assert WITHOUT_AMX not in loaded.plan.notes


def test_a_build_without_cuda_beside_an_nvidia_gpu_is_said_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, story: Path
) -> None:
    if supports_gpus():
        pytest.skip("this llama.cpp can use GPUs")
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    assert REBUILD in str(why_no_gpu())
    assert REBUILD in plan_offload(read_info(story)).notes[0]
    assert REBUILD in str(inspect_system().gpu_note)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    if not Path("/proc/driver/nvidia/version").exists():
        assert why_no_gpu() is None
