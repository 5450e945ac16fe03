#!/usr/bin/env python3
"""How seconds and memory grow from a hundred thousand short texts to a million.

    python scripts/bench_scale.py --corpus FILE.parquet --write-texts t.parquet  # to be embedded elsewhere
    python scripts/bench_scale.py --corpus FILE.parquet --embeddings t.npy

The texts are the sentences of the corpus' abstracts, the long ones cut in two near their middle, in an order
that a seed decides; the first so many are taken for each size. A run without a model for names is measured
on each size, in a process of its own: each step's seconds, its peak of memory (that of all processes
together, pages that several share counted once), and the exponent by which its seconds grow. With
``--bertopic`` plain BERTopic does the smallest size, too.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from localtopics.progress import Advance, Progress

Steps = Mapping[str, tuple[float, float]]
"""Each step's seconds and GiB at its peak, in order; the whole under "all"."""

_LONG, _SHORT = 120, 25
"""Characters from which a sentence is cut, and from which a piece is a text."""
_SENTENCE = re.compile(r'(?<=[.!?])\s+(?=[A-Z0-9"(\[$\\])')
_SAMPLED = 0.5
"""Seconds between two looks at the memory."""
_SECONDS, _GIB, _EXPONENT = 3600, 10.0, 1.15  # the bars, at the largest size
_BERTOPIC_SECONDS, _BERTOPIC_MEMORY = 0.25, 0.35  # and beside plain BERTopic, at the smallest


def main() -> None:
    """Measure and print; 1 where a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, required=True, help="a Parquet file with abstracts")
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 300_000, 1_000_000])
    parser.add_argument("--embeddings", type=Path, help="of the texts, a .npy file [n, d] in any precision")
    parser.add_argument("--write-texts", type=Path, help="write the texts there and end")
    parser.add_argument("--bertopic", action="store_true", help="plain BERTopic at the smallest size, too")
    parser.add_argument("--keep", type=Path, help="leave files and runs in this folder")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("options", nargs="*", help="of the run, as NAME=VALUE, such as min_cluster_size=30")
    options = parser.parse_args()
    if options.child:
        kind, source, log = options.child
        _child(kind, source, log, dict(option.split("=", 1) for option in options.options))
        return
    texts = pieces(options.corpus, max(options.sizes))
    if options.write_texts:
        texts.to_parquet(options.write_texts, compression="zstd")
        return
    with TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        found = {}
        for size in sorted(options.sizes):
            _prepare(folder, texts, options.embeddings, size)
            found[size] = _measured(options, "localtopics", folder, size)
            _print(found)
        plain = None
        if options.bertopic:
            size = min(options.sizes)
            plain = _measured(options, "bertopic", folder, size)
            _print({size: plain})
    sys.exit(not _bars(found, plain))


def pieces(corpus: Path, count: int) -> pd.DataFrame:
    """So many short texts, with the title, date and category of the paper that each is from."""
    columns = ["arxiv_id", "abstract", "title", "created", "primary_cat"]
    rows = []
    papers = pd.read_parquet(corpus, columns=columns)
    for paper, abstract, *known in papers[columns].itertuples(index=False):
        sentences = _SENTENCE.split(" ".join(abstract.split()))
        texts = [text for sentence in sentences for text in _cut(sentence) if len(text) >= _SHORT]
        rows += [(f"{paper}.{place}", text, *known) for place, text in enumerate(texts)]
    if len(rows) < count:
        sys.exit(f"{corpus} holds {len(rows):,} short texts, and {count:,} are asked for")
    table = pd.DataFrame(rows, columns=["id", "text", *columns[2:]])
    return table.sample(max(count, min(1_000_000, len(rows))), random_state=0).reset_index(drop=True)


def _cut(sentence: str) -> list[str]:
    """A sentence, or its parts where it is long: cut at a comma near its middle, or between two words."""
    if len(sentence) <= _LONG:
        return [sentence]
    middle = len(sentence) // 2
    commas = [found.end() for found in re.finditer(r"[,;:] ", sentence)]
    places = [place for place in commas if abs(place - middle) <= len(sentence) // 4]
    places = places or [found.end() for found in re.finditer(" ", sentence)]
    if not places:
        return [sentence]
    place = min(places, key=lambda place: abs(place - middle))
    return [*_cut(sentence[:place].rstrip()), *_cut(sentence[place:])]


def _prepare(folder: Path, texts: pd.DataFrame, embeddings: Path | None, size: int) -> None:
    """The texts and embeddings of one size, as files."""
    texts[:size].to_parquet(folder / f"{size}.parquet")
    if embeddings is not None:
        ready = np.load(embeddings, mmap_mode="r")
        if len(ready) < size:
            sys.exit(f"{embeddings} has {len(ready):,} rows, and {size:,} are asked for")
        np.save(folder / f"{size}.npy", ready[:size])


def _measured(options: argparse.Namespace, kind: str, folder: Path, size: int) -> Steps:
    """Do it in a process of its own."""
    log = folder / f"{kind}-{size}.jsonl"
    command = [sys.executable, __file__, "--corpus", str(options.corpus)]
    command += ["--child", kind, str(folder / str(size)), str(log), *options.options]
    begun = time.time()
    samples = []
    process = subprocess.Popen(command)
    while process.poll() is None:
        samples.append((time.time(), _memory(process.pid)))
        time.sleep(_SAMPLED)
    if process.returncode:
        sys.exit(f"{kind} failed on {size:,} texts")
    ended = time.time()
    steps = [json.loads(line) for line in log.read_text().splitlines()]
    steps.append({"name": "all", "begun": begun, "ended": ended})
    found: dict[str, tuple[float, float]] = {}
    for step in steps:
        first, last = step["begun"], step["ended"]
        peak = max((used for at, used in samples if first <= at <= last + _SAMPLED), default=0.0)
        before = found.get(step["name"], (0.0, 0.0))  # a step may be done more than once
        found[step["name"]] = (before[0] + last - first, max(before[1], peak))
    found["between these"] = (2 * found["all"][0] - sum(seconds for seconds, _ in found.values()), 0.0)
    return found


def _memory(root: int) -> float:
    """GiB of a process and its descendants, pages that several share counted once."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(path.parent.name)] = int(fields[1])
    family, grew = {root}, True
    while grew:
        more = {child for child, parent in parents.items() if parent in family} - family
        family |= more
        grew = bool(more)
    total = 0
    for process in family:
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        sizes = {line.split(":")[0]: int(line.split()[1]) for line in lines if line.endswith("kB")}
        total += sizes.get("Pss_Anon", 0) + sizes.get("Pss_Shmem", 0)  # what no file can give back
    return total / 2**20


def _print(found: Mapping[int, Steps]) -> None:
    """A row a step: seconds and GiB at each size, and the exponent of growth."""
    names = list(dict.fromkeys(name for steps in found.values() for name in steps))
    names = [name for name in names if name != "all"] + ["all"]
    print("\n" + " ".join([f"{'':32}", *(f"{size:>20,}" for size in found), f"{'exponent':>10}"]))
    for name in names:
        cells = [
            f"{steps[name][0]:10.1f} s {steps[name][1]:5.1f} GiB" if name in steps else " " * 20
            for steps in found.values()
        ]
        print(" ".join([f"{name:32}", *cells, f"{_exponent(found, name):10.2f}"]), flush=True)


def _exponent(found: Mapping[int, Steps], name: str) -> float:
    """By least squares of the logarithms, from the smallest size to the largest."""
    seconds = {size: max(0.1, steps[name][0]) for size, steps in found.items() if name in steps}
    if len(seconds) < 2:
        return math.nan
    return float(np.polyfit(np.log([*seconds]), np.log([*seconds.values()]), 1)[0])


def _bars(found: Mapping[int, Steps], plain: Steps | None) -> bool:
    """Say which bars are met."""
    seconds, memory = found[max(found)]["all"]
    said = {f"seconds at most {_SECONDS:,}": seconds <= _SECONDS, f"GiB at most {_GIB}": memory <= _GIB}
    for name in found[max(found)]:
        if len(found) > 1 and found[max(found)][name][0] > 10:
            said[f"exponent of {name} at most {_EXPONENT}"] = _exponent(found, name) <= _EXPONENT
    if plain is not None:
        ours = found[min(found)]["all"]
        ratios = [own / other for own, other in zip(ours, plain["all"], strict=True)]
        print(f"beside plain BERTopic: {ratios[0]:.2f} of its seconds, {ratios[1]:.2f} of its memory")
        said["seconds beside BERTopic"] = ratios[0] <= _BERTOPIC_SECONDS
        said["memory beside BERTopic"] = ratios[1] <= _BERTOPIC_MEMORY
    for bar, met in said.items():
        print(f"{'met   ' if met else 'MISSED'} {bar}")
    return all(said.values())


def _child(kind: str, source: str, log: str, given: dict[str, str]) -> None:
    """What a process of its own does."""
    with Path(log).open("w") as file:

        @contextmanager
        def step(description: str, total: int | None = None) -> Iterator[Advance]:
            begun = time.time()
            yield lambda steps: None
            line = {"name": description, "begun": begun, "ended": time.time()}
            file.write(json.dumps(line) + "\n")
            file.flush()

        (_run if kind == "localtopics" else _bertopic)(source, step, given)


def _run(source: str, step: Progress, given: dict[str, str]) -> None:
    from localtopics.run.fit import fit_source
    from localtopics.run.settings import RunSettings

    ready = Path(f"{source}.npy")
    sections = {
        "input": {
            "source": f"{source}.parquet",
            "text": "text",
            "title": "title",
            "time": "created",
            "group": "primary_cat",
        },
        "embedding": {"embeddings": str(ready)} if ready.exists() else {},
    }
    values = {name: json.loads(value) for name, value in given.items()}
    settings = RunSettings().updated(sections, "The script").with_given({"model": "none"} | values)
    fit_source(settings, Path(f"{source}.topics"), force=True, progress=step)


def _bertopic(source: str, step: Progress, given: dict[str, str]) -> None:
    from bertopic import BERTopic

    texts = pd.read_parquet(f"{source}.parquet", columns=["text"])["text"].tolist()
    embeddings = np.load(f"{source}.npy").astype(np.float32)
    with step("fit_transform"):
        BERTopic().fit_transform(texts, embeddings)


if __name__ == "__main__":
    main()
