"""Any number of documents get their topics part by part: the same ones, whatever happens meanwhile."""

import os
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from localtopics.corpus import parts, read_corpus
from localtopics.corpus.parts import part_name
from localtopics.errors import UserError
from localtopics.run.parts import MANIFEST
from localtopics.run.run import Run
from tests.run.folders import NOTES

COLUMNS: dict[str, Any] = {"title": "title", "id": "id"}


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "ROWS", 20)


def whole(folder: Path) -> pd.DataFrame:
    """The parts as one table."""
    return pd.concat([pd.read_parquet(path) for path in sorted(folder.glob("*.parquet"))], ignore_index=True)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.usefixtures("few")
def test_parts_are_what_assign_gives(folder: Path, notes: Path, tmp_path: Path) -> None:
    run = Run.open(folder)
    found = run.assign_parts(notes, tmp_path / "out", **COLUMNS)
    assert sorted(contents(tmp_path / "out")) == [MANIFEST, *map(part_name, range(4))]
    expected = run.assign(read_corpus(notes, **COLUMNS))
    table = whole(tmp_path / "out")
    pd.testing.assert_frame_equal(table[expected.columns.tolist()], expected, check_dtype=False)
    assert (found.documents, found.dropped, found.made) == (70, 2, 72)
    assert {(topic, count) for topic, _, count in found.counts} == set(
        expected["topic"].value_counts().items()
    )
    schemas = {str(pq.read_schema(path).remove_metadata()) for path in (tmp_path / "out").glob("*.parquet")}
    assert len(schemas) == 1, "the parts can be read as one table"


@pytest.mark.usefixtures("few")
def test_what_is_there_is_not_done_again(folder: Path, notes: Path, tmp_path: Path) -> None:
    run, out = Run.open(folder), tmp_path / "out"
    assert run.assign_parts(notes, out, limit=30, **COLUMNS).documents == 29
    assert sorted(contents(out)) == [MANIFEST, part_name(0), part_name(1)]
    kept = (out / part_name(0)).stat().st_mtime_ns
    found = run.assign_parts(notes, out, **COLUMNS)
    assert (found.made, found.documents) == (52, 70)
    assert (out / part_name(0)).stat().st_mtime_ns == kept
    before = contents(out)
    (out / part_name(2)).write_bytes(b"damaged")
    (out / part_name(3)).unlink()
    (out / f".{part_name(3)}.part").write_bytes(b"half-writ")
    assert run.assign_parts(notes, out, **COLUMNS).made == 32
    assert contents(out) == before
    assert run.assign_parts(notes, out, **COLUMNS).made == 0


@pytest.mark.usefixtures("few")
def test_parts_of_something_else_are_left_alone_without_force(
    folder: Path, notes: Path, tmp_path: Path
) -> None:
    run, out = Run.open(folder), tmp_path / "out"
    run.assign_parts(notes, out, **COLUMNS)
    before = contents(out)
    with notes.open("a") as file:
        file.write("new,A new note,The baker sells bread.\n")
    columns: dict[str, Any]
    for columns in (COLUMNS, {"title": "title"}):
        with pytest.raises(UserError, match="another state of the source"):
            run.assign_parts(notes, out, **columns)
    assert contents(out) == before
    pd.read_csv(NOTES).head(10).to_csv(notes, index=False)
    assert run.assign_parts(notes, out, force=True, **COLUMNS).documents == 10
    assert len(whole(out)) == 10
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "thesis.tex").write_text("years of work")
    for place in (tmp_path / "thesis", notes):
        with pytest.raises(UserError, match="holds something else"):
            run.assign_parts(notes, place, force=True, **COLUMNS)
    assert [path.name for path in (tmp_path / "thesis").iterdir()] == ["thesis.tex"]


@pytest.mark.usefixtures("few")
def test_a_part_without_documents_and_columns_without_values(folder: Path, tmp_path: Path) -> None:
    rows = [{"text": "The baker sells bread.", "title": "Bread"}, *[{"text": None, "title": None}] * 25]
    pd.DataFrame(rows).to_parquet(tmp_path / "rows.parquet")
    found = Run.open(folder).assign_parts(tmp_path / "rows.parquet", tmp_path / "out")
    assert (found.documents, found.dropped) == (1, 25)
    assert whole(tmp_path / "out")["title"].tolist() == ["Bread"]


CHILD = """
import sys
from pathlib import Path
from typing import Any
from localtopics.corpus import parts
from localtopics.run.run import Run

parts.ROWS = 3
write = parts._write

def told(*arguments):
    print("begun", flush=True)
    return write(*arguments)

parts._write = told
Run.open(sys.argv[1]).assign_parts(sys.argv[2], sys.argv[3], title="title", id="id")
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system kills no process so")
def test_killed_again_and_again_it_ends_the_same(
    folder: Path, notes: Path, warm_python: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "ROWS", 3)
    Run.open(folder).assign_parts(notes, tmp_path / "undisturbed", **COLUMNS)
    command = [warm_python, "-c", CHILD, str(folder), str(notes), str(tmp_path / "out")]
    draw, begun = random.Random(5), 0
    for _ in range(5):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            seen = [line for line, _ in zip(process.stdout, range(draw.randint(1, 4)), strict=False)]
            time.sleep(draw.random() / 20)
            os.kill(process.pid, signal.SIGKILL)
            begun += len(seen) + len(process.stdout.read().splitlines())
    last = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    begun += len(last.stdout.splitlines())
    undisturbed = contents(tmp_path / "undisturbed")
    assert contents(tmp_path / "out") == undisturbed
    assert begun <= len(undisturbed) - 1 + 5, "none is done twice but the one at which it was killed"
