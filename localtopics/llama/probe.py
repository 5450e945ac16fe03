"""What this computer can run, and how fast."""

from __future__ import annotations

import platform
import random
import re
import time
from dataclasses import dataclass
from pathlib import Path

from localtopics.llama.api import versions
from localtopics.llama.build import system_features, why_no_gpu
from localtopics.llama.devices import Device, devices
from localtopics.llama.engine import Engine
from localtopics.llama.offload import available_ram
from localtopics.llama.schedule import ANSWER_LENGTH, Schedule
from localtopics.machine import usable_cpus
from localtopics.progress import Progress, silent

PROMPT = 350
"""Tokens of an ordinary prompt, which names a topic, beyond the prefix that all prompts share."""


@dataclass(frozen=True)
class SystemReport:
    """The computer as llama.cpp sees it."""

    cpu: str
    """The processor's name."""
    cpu_features: tuple[str, ...]
    """What llama.cpp uses of the processor, such as AVX512."""
    threads: int
    """Processors that this program may run on."""
    free_ram: int
    """Bytes of RAM that are free for a program."""
    llama_cpp: str
    """Versions of llama-cpp-python and llama.cpp."""
    backends: tuple[str, ...]
    """What llama.cpp was built for, such as CPU and CUDA."""
    gpus: tuple[Device, ...]
    gpu_note: str | None
    """Why llama.cpp sees none of the GPUs that there are, with the command that mends it."""


def inspect_system() -> SystemReport:
    """Look at the processor, the memory, the GPUs, and the llama.cpp that is installed."""
    features = system_features()
    return SystemReport(
        cpu=_processor(),
        cpu_features=tuple(features.get("CPU", ())),
        threads=usable_cpus(),
        free_ram=available_ram(),
        llama_cpp=versions(),
        backends=tuple(features),
        gpus=devices(),
        gpu_note=why_no_gpu(),
    )


@dataclass(frozen=True)
class Probe:
    """How fast a loaded model is here, by a short trial."""

    prompt_tokens_per_second: float
    answer_tokens_per_second: float
    """Tokens of several answers that are decoded together."""
    seconds_per_prompt: float
    """For a prompt of `PROMPT` tokens beyond the shared prefix, and an ordinary answer."""


def probe(engine: Engine, seconds: float = 10.0, progress: Progress = silent) -> Probe:
    """Time a prompt and a few answers, in about ``seconds`` where the computer is not very slow."""
    draw = random.Random(0)

    def words(count: int) -> list[int]:
        return [draw.randrange(3, engine.tokenizer.size) for _ in range(count)]

    def timed(prompts: list[list[int]], tokens: int) -> float:
        start = time.perf_counter()
        for _ in engine.generate(prompts, tokens, schedule=schedule):
            pass
        return time.perf_counter() - start

    rows = 16
    schedule = Schedule(sequences=rows, cells=1024, unified=True, batch=512, ubatch=512, block=rows)
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
    return Probe(rate, answer_rate, PROMPT / rate + (ANSWER_LENGTH - 1) / answer_rate)


def _processor() -> str:
    """The processor's name."""
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()
