"""Whether a model fits this machine, as far as it can be said before the model is here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from localtopics.gguf import ModelInfo
from localtopics.llama.devices import devices
from localtopics.llama.offload import MARGIN, MIB, RUNTIME, available_ram, kv_cell_bytes
from localtopics.models import KNOWN_MODELS, KnownModel

CELLS = 4096
"""KV cells that are counted: a batch of prompts goes through even where memory is short."""
_COMPUTE = 400 * MIB
"""What llama.cpp computes in: by its own simulation 69 MiB for 512 tokens at once of Qwen2.5-1.5B, and four
times that for 2,048; it grows with the width of the layers, which is double in models of 14 billion."""
_CPU_PARAMETERS = 4_000_000_000
"""Larger models are not suggested where no GPU holds them: on few cores a name would take minutes."""

Fit = Literal["fits", "fits in part", "fits, on the CPU", "too large"]
"""All on GPUs, some layers on GPUs, all in RAM, or more than there is."""


@dataclass(frozen=True)
class FreeMemory:
    """What this machine has free for a model, in bytes."""

    ram: int
    gpus: int
    """Of all GPUs together, less what is left to other programs; 0 where there is none."""


def free_memory() -> FreeMemory:
    """What is free at this moment."""
    return FreeMemory(available_ram(), sum(max(device.free - MARGIN, 0) for device in devices()))


def memory_needed(model: KnownModel | ModelInfo) -> int:
    """Bytes that a model takes: its weights, a KV cache of `CELLS` tokens, and what llama.cpp computes in.

    A plan (`plan_offload`) is exact where the model is here, and takes a larger cache where there is room.
    """
    weights = model.bytes if isinstance(model, KnownModel) else model.file_bytes
    return weights + int(kv_cell_bytes(model) * model.layers * CELLS) + _COMPUTE + RUNTIME


def fit(needed: int, free: FreeMemory) -> Fit:
    """How a model that needs so many bytes would lie in the memory that is free."""
    if needed <= free.gpus:
        return "fits"
    if needed > free.gpus + free.ram:
        return "too large"
    return "fits in part" if free.gpus else "fits, on the CPU"


def best_that_fits(free: FreeMemory, models: Iterable[KnownModel] = KNOWN_MODELS) -> KnownModel | None:
    """The first of the models under an open licence that GPUs hold whole; else one that is small enough.

    Small enough for the CPU are 4 billion parameters. None where there is no such model.
    """
    choice = [model for model in models if model.is_open]
    how = {model: fit(memory_needed(model), free) for model in choice}
    whole = (model for model in choice if how[model] == "fits")
    small = (m for m in choice if how[m] != "too large" and m.parameters <= _CPU_PARAMETERS)
    return next(whole, None) or next(small, None)
