"""A source of any length, some rows at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from localtopics.corpus.corpus import Corpus, Dropped, count_dropped, is_text
from localtopics.corpus.places import located
from localtopics.corpus.readers import read_column_blocks
from localtopics.corpus.records import parquet_files
from localtopics.errors import UserError


@dataclass(frozen=True)
class Block:
    """Rows of a source that follow each other."""

    first: int
    """The row of the source that comes first, counted from 0."""
    rows: int
    """How many rows there are, those that hold no document included."""
    corpus: Corpus | None
    """Its documents; None where no row holds one. Ids are unlike within a block alone."""
    dropped: Dropped
    """How many of its rows hold no document."""
    fields: frozenset[str]
    """The fields of a corpus that the source has a column for, "documents" among them."""


def read_blocks(
    source: str | os.PathLike[str],
    rows: int,
    *,
    limit: int | None = None,
    split: str | None = None,
    text: str | None = None,
    title: str | None = None,
    time: str | None = None,
    id: str | None = None,
    group: str | None = None,
) -> Iterator[Block]:
    """Read documents in blocks of ``rows`` rows, the last with what is left.

    Only one block is held at a time, but for folders of texts and datasets, which are read whole. Other
    columns than those of a corpus are not read.

    Args:
        source: as in `read_corpus`, as is all that is not said here.
        rows: of a block, at least 1.
        limit: after how many rows to end.

    Raises:
        UserError: the source is not there, cannot be read, or lacks a column; some of it only when the block
            comes.
    """
    named = {"documents": text, "titles": title, "times": time, "groups": group, "ids": id}
    source, first = os.fspath(source), 0
    for columns in read_column_blocks(source, named, rows, split):
        fields: dict[str, Any] = {name: values for name, values in columns.items() if name in named}
        if limit is not None:
            fields = {name: values[: limit - first] for name, values in fields.items()}
        documents = fields["documents"]
        names = frozenset(fields)
        fields.setdefault("ids", range(first, first + len(documents)))
        found = any(map(is_text, documents))
        corpus = Corpus.from_documents(**fields, source=source) if found else None
        dropped = count_dropped(documents) if corpus is None else corpus.dropped
        yield Block(first, len(documents), corpus, dropped, names)
        first += len(documents)
        if first == limit:
            return


def first_rows(source: str | os.PathLike[str], rows: int, **columns: str | None) -> Corpus:
    """The documents in the first rows of a source, see `read_blocks`.

    Raises:
        UserError: none of them holds a document, or as `read_blocks`.
    """
    first = next(read_blocks(source, rows, limit=rows, **columns), None)
    if first is None or first.corpus is None:
        raise UserError(f"The first {rows:,} rows of {source} hold no document.", arguments=["limit"])
    return first.corpus


def row_count(source: str | os.PathLike[str]) -> int | None:
    """How many rows a Parquet file, or a folder of them, has; None of other sources, which would be read."""
    try:
        files = source_files(source)
        if not files or any(file.suffix.lower() != ".parquet" for file in files):
            return None
        return sum(map(_rows, files))
    except (UserError, OSError, ValueError, pa.ArrowException):  # reading it says what is wrong
        return None


def source_files(source: str | os.PathLike[str]) -> list[Path]:
    """The file that a source is, or the Parquet files in the folder that it is; none of other sources."""
    path = located(os.fspath(source))
    return parquet_files(path) if path.is_dir() else [path] * path.is_file()


def _rows(path: Path) -> int:
    with path.open("rb") as opened, pq.ParquetFile(opened) as file:
        return int(file.metadata.num_rows)
