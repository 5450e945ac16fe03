#!/usr/bin/env python3
"""What does Ray cost on one machine?

A run of a few documents is made; then ``localtopics assign RUN FILE --out FOLDER`` is timed without Ray and
with ``--ray auto``, alternately, each in a process of its own, its start included. Both must write the same
files. The rows are sentences of the corpus, over and over with a number before each.
"""

from __future__ import annotations

import filecmp
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from bench_assign import parser_of, texts_of, write_rows

import localtopics


def main() -> None:
    """Measure and print."""
    parser = parser_of(__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--times", type=int, default=1, help="how often each is timed")
    options = parser.parse_args()
    texts, sentences = texts_of(options)
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
