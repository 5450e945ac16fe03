#!/usr/bin/env python3
"""Does the memory of an assignment in parts grow with the number of documents?

A run of a few documents is made, then ``localtopics assign RUN FILE --out FOLDER`` is measured on few rows
and on many, each in a process of its own: the peak of its memory, its rows a second, and the difference. The
rows are sentences of the corpus, over and over with a number before each.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import localtopics

_BLOCK = 50_000


def main() -> None:
    """Measure and print."""
    parser = parser_of(__doc__)
    parser.add_argument("--few", type=int, default=10_000)
    parser.add_argument("--many", type=int, default=1_000_000)
    options = parser.parse_args()
    texts, sentences = texts_of(options)
    with TemporaryDirectory() as name:
        folder = Path(name)
        localtopics.fit(texts[: options.known], model="none", out=folder / "run")
        peaks = []
        for rows in (options.few, options.many):
            source = folder / f"{rows}.parquet"
            write_rows(source, sentences, rows)
            peak, seconds = _measured(folder / "run", source, folder / f"out{rows}")
            peaks.append(peak)
            print(f"{rows:>12,} rows  {peak:7.0f} MB at the peak  {rows / seconds:7.0f} rows a second")
    print(f"difference {peaks[1] - peaks[0]:.0f} MB")


def parser_of(description: str | None) -> argparse.ArgumentParser:
    """What reads the arguments: of which documents the run is, and what is assigned."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, required=True, help="a parquet file with abstracts")
    parser.add_argument("--known", type=int, default=2000, help="documents of the run")
    parser.add_argument("--characters", type=int, default=60, help="of each row, at most")
    return parser


def texts_of(options: argparse.Namespace) -> tuple[list[str], list[str]]:
    """The abstracts of the corpus, and the beginnings of their sentences."""
    texts = pd.read_parquet(options.corpus, columns=["abstract"])["abstract"].tolist()
    length = options.characters
    return texts, [part[:length] for text in texts for part in text.split(". ") if len(part) > 30]


def write_rows(path: Path, sentences: list[str], rows: int) -> None:
    """Write a Parquet file of so many sentences, each with its number."""
    schema = pa.schema([("text", pa.string())])
    with pq.ParquetWriter(path, schema) as writer:
        for start in range(0, rows, _BLOCK):
            block = range(start, min(rows, start + _BLOCK))
            writer.write_table(
                pa.table({"text": [f"{row} {sentences[row % len(sentences)]}" for row in block]}, schema)
            )


def _measured(run: Path, source: Path, out: Path) -> tuple[float, float]:
    """The peak of the resident memory in MB, and seconds."""
    started = time.monotonic()
    command = [sys.executable, "-m", "localtopics", "assign", str(run), str(source), "--out", str(out)]
    process = subprocess.Popen(command)
    _, code, usage = os.wait4(process.pid, 0)
    if code:
        sys.exit(f"the assignment of {source.name} failed")
    return usage.ru_maxrss / 1024, time.monotonic() - started


if __name__ == "__main__":
    main()
