"""What this machine can run, and how fast: plain data for ``localtopics doctor``."""

from __future__ import annotations

import platform
import random
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from localtopics.llama.api import Device, devices, llama, system_features, why_no_gpu
from localtopics.llama.offload import available_ram
from localtopics.llama.schedule import ANSWER, Schedule
from localtopics.machine import usable_cpus
from localtopics.progress import Progress, silent

if TYPE_CHECKING:
    from localtopics.llama.engine import Engine

TOPIC = 350
"""Tokens of an ordinary topic beyond the prefix that all topics share."""


@dataclass(frozen=True)
class MachineReport:
    """The machine as llama.cpp sees it."""

    cpu: str
    cpu_features: tuple[str, ...]
    """What llama.cpp uses of the processor, such as AVX512."""
    threads: int
    free_ram: int
    """Bytes."""
    llama_cpp: str
    """Versions of llama-cpp-python and llama.cpp."""
    backends: tuple[str, ...]
    """What llama.cpp was built for, such as CPU and CUDA."""
    gpus: tuple[Device, ...]
    gpu_note: str | None
    """Why there is no GPU although the machine has a card, and the command that mends it."""


def inspect_machine() -> MachineReport:
    """Look at the processor, the memory, the cards, and the llama.cpp that is installed."""
    lib = llama()
    features = system_features()
    return MachineReport(
        cpu=_processor(),
        cpu_features=tuple(features.get("CPU", ())),
        threads=usable_cpus(),
        free_ram=available_ram(),
        llama_cpp=f"llama-cpp-python {lib.__version__}, llama.cpp {lib.llama_version().decode()}",
        backends=tuple(features),
        gpus=devices(),
        gpu_note=why_no_gpu(),
    )


@dataclass(frozen=True)
class Probe:
    """How fast a loaded model is here, by a short trial."""

    prompt_tokens_per_second: float
    answer_tokens_per_second: float
    """Of several answers decoded together."""
    seconds_per_topic: float
    """For a topic of `TOPIC` tokens and an ordinary answer."""


def probe(engine: Engine, seconds: float = 10.0, progress: Progress = silent) -> Probe:
    """Time a prompt and a few answers, in about ``seconds`` where the machine is not very slow."""
    draw = random.Random(0)

    def words(count: int) -> list[int]:
        return [draw.randrange(3, engine.tokenizer.size) for _ in range(count)]

    def timed(prompts: list[list[int]], tokens: int) -> float:
        start = time.perf_counter()
        for _ in engine.generate(prompts, tokens, schedule=schedule):
            pass
        return time.perf_counter() - start

    rows = 16
    schedule = Schedule(rows, 1024, True, 512, 512, block=rows)
    with progress("Probing", 4) as advance:
        timed([words(8)], 1)  # opens the context
        advance(1)
        length = 32
        prompt = timed([words(length)], 1)
        advance(1)
        if prompt < seconds / 32:
            length = 512
            prompt = timed([words(length)], 1)
        advance(1)
        heads = [words(2) for _ in range(rows)]
        steps = 4
        answers = max(timed(heads, 1 + steps) - timed(heads, 1), 1e-6)
        advance(1)
    rate, answer_rate = length / prompt, rows * steps / answers
    return Probe(rate, answer_rate, TOPIC / rate + (ANSWER - 1) / answer_rate)


def _processor() -> str:
    """The processor's name."""
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()
