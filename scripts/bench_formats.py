"""What does reading a file of each format cost, against JSON lines of the same rows?

    python scripts/bench_formats.py --corpus FILE.parquet --documents 100000

Prints for each format the file's size, the processor's seconds and the peak of memory beyond that of reading
a file of one row, read whole and in blocks of 10,000 rows. Each is read by a process of its own, on Linux.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pandas as pd

READER = """
import os, resource, sys, threading, time
from contextlib import suppress
from pathlib import Path
from localtopics.corpus import read_corpus
from localtopics.corpus.blocks import read_blocks

def peak(process):  # getrusage counts what the process before exec held
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))

def watch():  # what opens a workbook
    while True:
        with suppress(OSError, StopIteration):
            for child in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
                most.append(peak(child))
        time.sleep(0.02)

most = [0]
threading.Thread(target=watch, daemon=True).start()
start = time.process_time()
if sys.argv[2] == "whole":
    read_corpus(sys.argv[1])
else:
    for block in read_blocks(sys.argv[1], 10_000):
        pass
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(time.process_time() - start + used.ru_utime + used.ru_stime, peak("self") + max(most))
"""


def write_sqlite(frame: pd.DataFrame, path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        frame.to_sql("papers", connection, index=False)


def write_duckdb(frame: pd.DataFrame, path: Path) -> None:
    import duckdb

    with closing(duckdb.connect(str(path))) as connection:
        connection.register("frame", frame)
        connection.execute("CREATE TABLE papers AS SELECT * FROM frame")


def write_workbook(frame: pd.DataFrame, path: Path) -> None:
    import openpyxl

    workbook = openpyxl.Workbook(write_only=True)
    sheet = workbook.create_sheet()
    sheet.append(list(frame))
    for row in frame.itertuples(index=False):
        sheet.append(list(row))
    workbook.save(path)


def write_bibtex(frame: pd.DataFrame, path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        for number, row in enumerate(frame.to_dict("records")):
            fields = (
                f"  {name} = {{{str(value).replace('{', '').replace('}', '')}}}"
                for name, value in row.items()
            )
            file.write(f"@article{{key{number},\n" + ",\n".join(map(str, fields)) + "\n}\n")


def write_inside(frame: pd.DataFrame, path: Path) -> None:
    path.write_text(json.dumps({"found": len(frame), "data": json.loads(frame.to_json(orient="records"))}))


WRITERS: dict[str, Callable[[pd.DataFrame, Path], object]] = {
    "rows.jsonl": lambda frame, path: frame.to_json(path, orient="records", lines=True),
    "rows.json": lambda frame, path: frame.to_json(path, orient="records"),
    "inside.json": write_inside,
    "rows.sqlite": write_sqlite,
    "rows.duckdb": write_duckdb,
    "rows.xlsx": write_workbook,
    "rows.bib": write_bibtex,
}


def measured(path: Path, how: str) -> tuple[float, float]:
    """The processor's seconds and bytes of memory that reading a file takes."""
    child = subprocess.run(
        [sys.executable, "-c", READER, str(path), how],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ,
    )
    seconds, memory = map(float, child.stdout.split())
    return seconds, memory


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="parquet with a column abstract")
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--formats", nargs="*", default=list(WRITERS), choices=list(WRITERS))
    given = parser.parse_args()

    frame = pd.read_parquet(given.corpus).head(given.documents)
    frame = frame.astype(str)
    print("| file | MB | seconds whole | MB whole | MB / file | seconds in blocks | MB in blocks |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        for name in given.formats:
            one, path = Path(folder, f"one-{name}"), Path(folder, name)
            WRITERS[name](frame.head(1), one)
            WRITERS[name](frame, path)
            size = path.stat().st_size
            least = measured(one, "whole")[1]
            figures = [measured(path, how) for how in ("whole", "blocks")]
            (whole, held), (parts, part) = ((seconds, memory - least) for seconds, memory in figures)
            print(
                f"| `{name}` | {size / 1e6:.0f} | {whole:.1f} | {held / 1e6:.0f} | {held / size:.1f} "
                f"| {parts:.1f} | {part / 1e6:.0f} |",
                flush=True,
            )
            path.unlink()


if __name__ == "__main__":
    main()
