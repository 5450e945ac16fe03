#!/usr/bin/env python3
"""What does Ray cost on one machine?

A run of a few documents is made; then ``localtopics assign RUN FILE --out FOLDER`` is timed without Ray and
with ``--ray auto``, alternately, each in a process of its own, its start included. Both must write the same
files. The rows are sentences of the corpus, over and over with a number before each.
"""

from __future__ import annotations

import argparse
import filecmp
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from bench_assign import write_rows

import localtopics


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, required=True, help="a parquet file with abstracts")
    parser.add_argument("--known", type=int, default=2000, help="documents of the run")
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--characters", type=int, default=60, help="of each row, at most")
    parser.add_argument("--times", type=int, default=1, help="how often each is timed")
    options = parser.parse_args()
    texts = pd.read_parquet(options.corpus, columns=["abstract"])["abstract"].tolist()
    sentences = [part[: options.characters] for text in texts for part in text.split(". ") if len(part) > 30]
    with TemporaryDirectory() as name:
        folder = Path(name)
        localtopics.fit(texts[: options.known], model="none", out=folder / "run")
        write_rows(folder / "rows.parquet", sentences, options.rows)
        for turn in range(options.times):
            command = ["assign", folder / "run", folder / "rows.parquet", "--out"]
            here = _seconds(*command, folder / f"here{turn}")
            ray = _seconds(*command, folder / f"ray{turn}", "--ray", "auto")
            same = _same(folder / f"here{turn}", folder / f"ray{turn}")
            print(
                f"{options.rows:,} rows: {here:.1f} s here, {ray:.1f} s by Ray, {ray / here:.2f} times; "
                f"{'the same files' if same else 'OTHER FILES'}",
                flush=True,
            )


def _seconds(*arguments: object) -> float:
    started = time.monotonic()
    command = [sys.executable, "-m", "localtopics", "--quiet", *map(str, arguments)]
    # Ray lets its workers give way to all else; both are to have the same right to the processors
    subprocess.run(
        command, check=True, env=os.environ | {"RAY_worker_niceness": "0"}, stdout=subprocess.DEVNULL
    )
    return time.monotonic() - started


def _same(one: Path, other: Path) -> bool:
    names = sorted(path.name for path in one.iterdir())
    if names != sorted(path.name for path in other.iterdir()):
        return False
    return filecmp.cmpfiles(one, other, names, shallow=False)[0] == names


if __name__ == "__main__":
    main()
