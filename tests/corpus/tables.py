"""Tables in every format that has columns, and how a source is refused."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from localtopics.corpus import read_corpus
from localtopics.errors import UserError

ROWS = {
    "Abstract": [
        "On maps",
        "Über Brücken 🌉",
        'A "quoted", comma-ed\nsecond line',
        "None",
        "nul\0byte \x1b[31m",
    ],
    "title": ["Maps", "Brücken", "Quotes", "An answer", "Control"],
    "year": [2001, 2002, 2003, 2004, 2005],
    "key": ["a", "b", "c", "d", "e"],
}


def write_sqlite(frame: pd.DataFrame, path: Path) -> None:
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        frame.to_sql("rows", connection, index=False)


WRITERS: dict[str, Callable[[pd.DataFrame, Path], object]] = {
    "rows.csv": lambda frame, path: frame.to_csv(path, index=False),
    "rows.csv.gz": lambda frame, path: frame.to_csv(path, index=False),
    "rows.tsv": lambda frame, path: frame.to_csv(path, index=False, sep="\t"),
    "rows.tsv.bz2": lambda frame, path: frame.to_csv(path, index=False, sep="\t"),
    "rows.jsonl": lambda frame, path: frame.to_json(path, orient="records", lines=True),
    "rows.ndjson.zst": lambda frame, path: frame.to_json(path, orient="records", lines=True),
    "rows.json": lambda frame, path: frame.to_json(path, orient="records"),
    "rows.json.gz": lambda frame, path: frame.to_json(path, orient="records"),
    "rows.sqlite": write_sqlite,
    "ROWS.PARQUET": lambda frame, path: frame.to_parquet(path),
}


def refusal(source: Path | str, **columns: Any) -> str:
    """The one sentence with which a source is refused."""
    with pytest.raises(UserError) as caught:
        read_corpus(str(source), **columns)
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence
