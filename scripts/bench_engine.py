"""Measure the label engine: seconds per topic against what else there is, planned against measured memory.

    python scripts/bench_engine.py --vocabulary VOCABULARY.gguf [--shape 13b] [--sections speed candidates …]

Writes a Llama-shaped model with random weights (or takes --model) and prints tables. A topic is a prompt of
--shared tokens that all topics share and --unique tokens of its own, answered with --tokens tokens. Sections:

speed       this engine; llama-cpp-python one by one, its prefix reused; BERTopic's LlamaCPP if bertopic is
            installed; and the floor: unique tokens at llama-bench's prompt rate plus answers at
            llama-batched-bench's decode rate for 16 sequences, if these tools are on PATH
candidates  5 candidates a topic against 1. Candidates that begin alike share what they have in common, so the
            less random they are drawn (--temperatures), the fewer rows are decoded for them. Random weights
            leave nothing alike at 0.8, and at 0.06 about as much as a trained model does at 0.8.
offload     for some numbers of layers on the GPU: memory planned and measured (8192 cells), seconds
vram        the same for some limits of GPU memory
"""

import argparse
import csv
import gc
import io
import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # it need not be installed

from random_gguf import SHAPES, write

from localtopics.gguf import read_info
from localtopics.llama.devices import devices
from localtopics.llama.engine import Engine, Sampling
from localtopics.llama.offload import OffloadPlan, plan_offload, simulate
from localtopics.llama.schedule import Schedule, Task, choose_schedule, shared_prefix

GIB = 1024**3
RESULTS: list[dict[str, Any]] = []


def report(section: str, **values: Any) -> None:
    """Print a row as it is measured, and keep it."""
    RESULTS.append({"section": section, **values})
    shown = (
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in values.items()
    )
    print(f"{section:10} " + "  ".join(shown), flush=True)


def topics(unique: int, options: argparse.Namespace) -> list[list[int]]:
    """Random prompts; the tokens are ordinary words' pieces."""
    draw = random.Random(unique)
    shared = [1] + [draw.randrange(1000, options.words) for _ in range(options.shared - 1)]
    return [
        shared + [draw.randrange(1000, options.words) for _ in range(unique)] for _ in range(options.topics)
    ]


class Clock:
    """Seconds inside llama.cpp's decode calls, waiting for their results included, and the rows decoded."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.rows = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        import llama_cpp

        names = ("llama_decode", "llama_get_logits", "llama_init_from_model")
        plain = {name: getattr(llama_cpp, name) for name in names}

        def timed(call: Any) -> Any:
            def wrapper(*arguments: Any) -> Any:
                start = time.perf_counter()
                result = call(*arguments)
                self.seconds += time.perf_counter() - start
                if call is plain["llama_decode"]:
                    self.rows += arguments[1].n_tokens
                return result

            return wrapper

        for name in names:
            setattr(llama_cpp, name, timed(plain[name]))
        try:
            yield
        finally:
            for name in names:
                setattr(llama_cpp, name, plain[name])


@dataclass(frozen=True)
class Run:
    """What came of naming some topics."""

    seconds: float
    """Per topic."""
    outside: float
    """The share of the seconds outside llama.cpp."""
    rows: float
    """Decoded per topic, beside its own tokens."""
    answers: list[Any]


def run(engine: Engine, prompts: list[list[int]], tokens: int, **how: Any) -> Run:
    clock = Clock()
    with clock.running():
        start = time.perf_counter()
        answers = list(engine.generate(prompts, tokens, **how))
        seconds = time.perf_counter() - start
    prefix = shared_prefix(prompts)
    own = sum(len(prompt) - prefix for prompt in prompts)
    return Run(
        seconds / len(prompts),
        1 - clock.seconds / seconds,
        (clock.rows - prefix - own) / len(prompts),
        sorted(answers, key=lambda answer: answer.prompt),
    )


def speed(model: Path, options: argparse.Namespace) -> None:
    prompt_rate, decode_rate = rates(model, options)
    ours: dict[int, float] = {}
    with Engine(model, threads=options.threads, context=4096) as engine:
        print(f"plan: {engine.plan}", flush=True)
        for unique in options.unique:
            prompts = topics(unique, options)
            first = run(engine, prompts, options.tokens)
            second = run(engine, prompts, options.tokens)
            ours[unique] = second.seconds
            report(
                "engine",
                unique=unique,
                seconds=second.seconds,
                outside_llama=second.outside,
                cold=first.seconds,
                same_twice=[a.texts for a in first.answers] == [b.texts for b in second.answers],
                schedule=engine.schedule,
            )
    for name, other in (("one by one", one_by_one), ("LlamaCPP", llama_cpp_of_bertopic)):
        try:
            times = other(model, options)
        except ImportError as error:
            print(f"{name}: left out, {error}", flush=True)
            continue
        for unique, seconds in times.items():
            report(name, unique=unique, seconds=seconds, engine_is_faster=seconds / ours[unique])
    if prompt_rate:
        for unique, seconds in ours.items():
            floor = unique / prompt_rate + options.tokens / decode_rate
            report("floor", unique=unique, seconds=floor, engine_reaches=floor / seconds)


def rates(model: Path, options: argparse.Namespace) -> tuple[float, float]:
    """Prompt tokens a second of llama-bench, and generated ones of llama-batched-bench, at their best."""
    if not (shutil.which("llama-bench") and shutil.which("llama-batched-bench")):
        print("floor: left out, llama-bench and llama-batched-bench are not on PATH", flush=True)
        return 0.0, 0.0
    common = ["-m", str(model), "-b", "2048"]
    settings = "-p 512,2048 -n 0 -ub 512,2048 -fa 1 -r 3 -o csv"
    command = ["llama-bench", *common, *settings.split()]
    bench = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    prompt_rate = max(float(row["avg_ts"]) for row in csv.DictReader(io.StringIO(bench)))
    length = options.shared + max(options.unique)
    settings = "-ub 2048 -fa on -ngl 99 -ntg 16 -npl 16"
    command = ["llama-batched-bench", *common, *settings.split()]
    decode_rate = 0.0
    for cells in (length, options.shared + min(options.unique)):  # its best, again
        arguments = ["-npp", str(cells), "-c", str(16 * (cells + 16))]
        batched = subprocess.run([*command, *arguments], capture_output=True, text=True, check=True).stdout
        rows = [
            [cell.strip() for cell in line.split("|")]
            for line in batched.splitlines()
            if re.match(r"\|\s+\d", line)
        ]
        decode_rate = max(decode_rate, float(rows[-1][8]))
    report("tools", prompt_tokens_per_second=prompt_rate, decode_tokens_per_second=decode_rate)
    return prompt_rate, decode_rate


def open_llama(model: Path, options: argparse.Namespace, **more: Any) -> Any:
    """llama-cpp-python's own `Llama`, set up as well as it can be."""
    from llama_cpp import Llama

    return Llama(
        str(model),
        n_gpu_layers=-1,
        n_ctx=4096,
        flash_attn=True,
        n_threads=options.threads,
        n_threads_batch=options.threads,
        verbose=False,
        **more,
    )


def one_by_one(model: Path, options: argparse.Namespace) -> dict[int, float]:
    """llama-cpp-python's `Llama`, which keeps the prefix that a prompt shares with the one before."""
    llm = open_llama(model, options)
    times = {}
    for unique in options.unique:
        prompts = topics(unique, options)[: options.few]
        start = 0.0
        for number, prompt in enumerate([prompts[-1], *prompts]):
            if number == 1:  # the one before warms up
                start = time.perf_counter()
            answer = llm.generate(prompt, temp=0.0, top_k=1)
            for _ in range(options.tokens):
                next(answer)
        times[unique] = (time.perf_counter() - start) / len(prompts)
    llm.close()
    return times


def llama_cpp_of_bertopic(model: Path, options: argparse.Namespace) -> dict[int, float]:
    """BERTopic's LlamaCPP with a `Llama` object, on texts of about as many tokens."""
    from bertopic.representation import LlamaCPP

    llm = open_llama(model, options, chat_format="llama-2")
    times = {}
    for unique in options.unique:
        prompts = topics(unique, options)[: options.few]
        system = llm.detokenize(prompts[0][1 : options.shared - 20]).decode("utf-8", "replace")
        documents = {
            number: [llm.detokenize(prompt[options.shared :]).decode("utf-8", "replace")]
            for number, prompt in enumerate(prompts)
        }
        bertopic = SimpleNamespace(
            verbose=False, _extract_representative_docs=lambda *_, found=documents: (found, None, None, None)
        )
        settings = {"max_tokens": options.tokens, "temperature": 0.0}
        representation = LlamaCPP(llm, prompt="[DOCUMENTS]", system_prompt=system, pipeline_kwargs=settings)
        keywords = {number: [("word", 1.0)] for number in documents}
        start = time.perf_counter()
        representation.extract_topics(bertopic, None, None, keywords)
        times[unique] = (time.perf_counter() - start) / len(documents)
    llm.close()
    return times


def candidates(model: Path, options: argparse.Namespace) -> None:
    with Engine(model, threads=options.threads, context=4096) as engine:
        for unique in options.unique:
            prompts = topics(unique, options)
            one = 0.0
            for count, temperature in [(1, 0.0), *((5, temperature) for temperature in options.temperatures)]:
                how = {"candidates": count, "sampling": Sampling(temperature)}
                schedule = chosen(engine, prompts, options.tokens, count)
                run(engine, prompts, 1, schedule=schedule, **how)
                found = run(engine, prompts, options.tokens, **how)
                one = one or found.seconds
                report(
                    "candidates",
                    unique=unique,
                    candidates=count,
                    temperature=temperature,
                    seconds=found.seconds,
                    against_one=found.seconds / one,
                    rows=found.rows,
                    outside_llama=found.outside,
                    schedule=engine.schedule,
                )


def chosen(engine: Engine, prompts: list[list[int]], tokens: int, count: int) -> Schedule:
    """The schedule that the engine will choose, to open its context beforehand."""
    return choose_schedule(Task(prompts, shared_prefix(prompts), tokens, count), engine.costs)


def measured(model: Path, plan: OffloadPlan, options: argparse.Namespace) -> dict[str, Any]:
    """Device memory that a plan takes, with all its KV cells in use, and seconds a topic."""
    free = [device.free for device in devices()]
    prompts = topics(253, options)[: options.few]
    with Engine(model, plan, threads=options.threads, context=4096) as engine:
        full = Schedule(sequences=16, cells=plan.cells, unified=True, batch=plan.ubatch, ubatch=plan.ubatch)
        run(engine, prompts[:16], 2, schedule=full)
        taken = [before - device.free for before, device in zip(free, devices(), strict=True)]
        run(engine, prompts, 1, schedule=chosen(engine, prompts, options.tokens, 1))
        seconds = run(engine, prompts, options.tokens).seconds
        schedule, in_use = engine.schedule, used()
    gc.collect()
    values: dict[str, Any] = {
        "layers": plan.layers,
        "cells": plan.cells,
        "ubatch": plan.ubatch,
        "kv": plan.kv_type,
    }
    for predicted, took in zip(plan.predicted, taken, strict=True):
        values |= {"predicted_mib": predicted >> 20, "measured_mib": took >> 20, "ratio": predicted / took}
    return values | {"seconds": seconds, "in_use_mib": in_use, "schedule": schedule}


def used() -> int:
    """MiB in use on the first GPU, by nvidia-smi."""
    command = ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits"]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[0])


def offload(model: Path, options: argparse.Namespace) -> None:
    info = read_info(model)
    for layers in options.layers:
        plan = simulate(info, replace(plan_offload(info, layers, 4096), cells=8192))
        report("offload", **measured(model, plan, options))


def vram(model: Path, options: argparse.Namespace) -> None:
    info = read_info(model)
    for gib in options.vram:
        report(
            "vram",
            asked_mib=gib * 1024,
            **measured(model, plan_offload(info, "auto", 4096, gib * GIB), options),
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--vocabulary", type=Path, help="a GGUF that holds the tokenizer of the model to write"
    )
    parser.add_argument("--shape", choices=SHAPES, default="13b")
    parser.add_argument("--model", type=Path, help="a model that is there already")
    parser.add_argument(
        "--sections", nargs="+", default=["speed"], choices=["speed", "candidates", "offload", "vram"]
    )
    parser.add_argument("--unique", nargs="+", type=int, default=[93, 253, 853])
    parser.add_argument("--shared", type=int, default=287)
    parser.add_argument("--tokens", type=int, default=8)
    parser.add_argument("--topics", type=int, default=96)
    parser.add_argument(
        "--few", type=int, default=32, help="topics for what is slow: one by one, partial offload"
    )
    parser.add_argument("--temperatures", nargs="+", type=float, default=[0.8, 0.06], help="of candidates")
    parser.add_argument("--layers", nargs="+", type=int, default=[0, 10, 20, 30, 40])
    parser.add_argument("--vram", nargs="+", type=int, default=[4, 6, 8, 12], help="GiB")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--out", type=Path, help="write all figures to this JSON file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = options.model or Path(folder) / f"{options.shape}.gguf"
        if not model.exists():
            if not options.vocabulary:
                parser.error("--vocabulary or --model is needed")
            write(model, SHAPES[options.shape], options.vocabulary)
        options.words = min(read_info(model).vocabulary, 30000)
        for section in options.sections:
            {"speed": speed, "candidates": candidates, "offload": offload, "vram": vram}[section](
                model, options
            )
    if options.out:
        options.out.write_text(json.dumps(RESULTS, indent=1, default=str))


if __name__ == "__main__":
    main()
