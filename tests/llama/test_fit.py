"""Which models fit a machine, and which is suggested for it."""

from dataclasses import replace
from pathlib import Path

import pytest

from localtopics.gguf import read_info
from localtopics.llama import fit as module
from localtopics.llama.devices import Device
from localtopics.llama.fit import FreeMemory, best_that_fits, fit, free_memory, memory_needed
from localtopics.llama.offload import MARGIN, kv_cell_bytes
from localtopics.models import KNOWN_MODELS, KnownModel, known_model
from tests.gguf.files import tiny_model

GIB = 1024**3


def known(name: str) -> KnownModel:
    found = known_model(name)
    assert found is not None
    return found


def test_llama_2_needs_what_its_cache_takes() -> None:
    llama = known("llama-2-13b-chat")
    assert kv_cell_bytes(llama) * llama.layers == pytest.approx(0.78 * 1024**2, rel=0.01)  # docs/design.md
    assert 10 * GIB < memory_needed(llama) < 12 * GIB


def test_a_known_model_needs_what_its_file_does(tmp_path: Path) -> None:
    info = read_info(tiny_model(tmp_path / "tiny.gguf"))
    same = replace(
        KNOWN_MODELS[0],
        bytes=info.file_bytes,
        layers=info.layers,
        kv_heads=info.kv_heads,
        head_length=info.key_length,
    )
    assert memory_needed(same) == memory_needed(info)


@pytest.mark.parametrize(
    ("ram", "gpus", "says"),
    [
        (64, 24, "fits"),
        (64, 8, "fits in part"),
        (8, 8, "fits in part"),
        (16, 0, "fits, on the CPU"),
        (8, 0, "too large"),
        (4, 4, "too large"),
    ],
)
def test_how_ten_gib_fit(ram: int, gpus: int, says: str) -> None:
    assert fit(10 * GIB, FreeMemory(ram * GIB, gpus * GIB)) == says


@pytest.mark.parametrize(
    ("ram", "gpus", "best"),
    [
        (64, 80, "ministral-3-14b-instruct"),
        (64, 8, "granite-4.1-8b"),
        (64, 4, "qwen3-4b-instruct-2507"),
        (64, 0, "qwen3-4b-instruct-2507"),  # the CPU holds larger ones, but slowly
        (3, 0, "ministral-3-3b-instruct"),
        (2, 0, "qwen2.5-1.5b-instruct"),
        (1, 0, None),
    ],
)
def test_the_best_that_fits(ram: int, gpus: int, best: str | None) -> None:
    found = best_that_fits(FreeMemory(ram * GIB, gpus * GIB))
    assert (found and found.name) == best


def test_only_open_licences_are_suggested() -> None:
    llamas = [model for model in KNOWN_MODELS if not model.is_open]
    assert llamas
    assert best_that_fits(FreeMemory(64 * GIB, 80 * GIB), llamas) is None


def test_what_is_free_is_left_a_margin(monkeypatch: pytest.MonkeyPatch) -> None:
    cards = tuple(Device(f"CUDA{i}", "", free, 1 << 40, "") for i, free in enumerate((4 * GIB, 1, 2 * GIB)))
    monkeypatch.setattr(module, "devices", lambda: cards)
    monkeypatch.setattr(module, "available_ram", lambda: 7)
    assert free_memory() == FreeMemory(7, 6 * GIB - 2 * MARGIN)
