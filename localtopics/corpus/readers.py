"""Which reader reads a source: a new format of files is a function like these and a line in `READERS`."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from localtopics.corpus.columns import Blocks, ColumnRequest, Columns, even, joined
from localtopics.corpus.databases import read_database
from localtopics.corpus.dataset import read_dataset
from localtopics.corpus.decoding import COMPRESSIONS, one_sentence
from localtopics.corpus.delimited import read_csv, read_tsv
from localtopics.corpus.folders import (
    MAILBOX,
    holds_texts,
    read_archive,
    read_document,
    read_folder,
    read_mailbox,
)
from localtopics.corpus.objects import read_json, read_jsonl
from localtopics.corpus.places import located, reachable
from localtopics.corpus.plain import read_lines
from localtopics.corpus.records import parquet_files, read_parquet, read_parquet_files
from localtopics.corpus.references import is_medline, read_bibtex, read_medline, read_ris
from localtopics.corpus.workbooks import read_workbook
from localtopics.errors import UserError
from localtopics.formats.formats import FORMATS

Reader = Callable[[Path, ColumnRequest, int | None], Blocks]
"""Reads the columns that a file is asked for, in blocks of about so many rows, or None: in one. The file is
there and not empty. Values stay as they stand in the file, None where there is none. A fault of the file is
a `UserError`, or an OSError or ValueError that `one_sentence` turns into one."""

READERS: dict[str, Reader] = {
    ".csv": read_csv,
    ".tsv": read_tsv,
    ".jsonl": read_jsonl,
    ".json": read_json,
    ".parquet": read_parquet,
    ".txt": read_lines,
    ".xlsx": read_workbook,
    ".xls": read_workbook,
    ".ods": read_workbook,
    ".sqlite": read_database,
    ".db": read_database,
    ".duckdb": read_database,
    ".bib": read_bibtex,
    ".ris": read_ris,
    ".nbib": read_medline,
    MAILBOX: read_mailbox,
    ".zip": read_archive,
    ".tar": read_archive,
    **dict.fromkeys(FORMATS, read_document),
}
"""Ending of a file's name, in small letters, to what reads such files."""
_WORKBOOKS = (".xlsx", ".xls", ".ods")
_DATABASES = (".sqlite", ".db", ".duckdb")
_READINGS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_WORKBOOKS, ("sheet",)),
    **dict.fromkeys(_DATABASES, ("table", "query")),
    ".csv": ("encoding", "delimiter", "on_bad_row"),
    ".tsv": ("encoding", "delimiter", "on_bad_row"),
    ".jsonl": ("encoding",),
    ".json": ("encoding", "table"),
    ".txt": ("encoding",),
    **dict.fromkeys((".bib", ".ris", ".nbib", ".zip", ".tar"), ("encoding",)),
}
"""The fields of `Reading` that say something of files with an ending."""
_ALIASES = {
    ".ndjson": ".jsonl",
    ".tgz": ".tar",
    ".xlsm": ".xlsx",
    ".xlsb": ".xlsx",
    ".sqlite3": ".sqlite",
    ".ddb": ".duckdb",
}
_NEVER_PACKED = (".parquet", ".zip", *_WORKBOOKS, *_DATABASES)  # `decoding.open_text` unpacks the others


def read_columns(request: ColumnRequest) -> Columns:
    """Read the columns that hold documents and, where there are any, titles, times, groups and ids.

    Raises:
        UserError: the source is not there or cannot be read, or a column is missing.
    """
    return joined(_read(request, None))


def read_column_blocks(request: ColumnRequest, rows: int) -> Blocks:
    """The same columns in blocks of ``rows`` rows, the last with what is left.

    Of tables and folders of Parquet files no more is held at a time; documents that are files of their own
    and datasets are read whole.

    Raises:
        UserError: as `read_columns`, some of it only when the block comes.
    """
    return even(_read(request, rows), rows)


def source_files(source: str | os.PathLike[str]) -> list[Path]:
    """The file that a source is, or the Parquet files in the folder that it is; none of other sources."""
    path = located(os.fspath(source))
    return parquet_files(path) if path.is_dir() else [path] * path.is_file()


def tables_of(source: str) -> list[Path] | None:
    """The files of a source that is a Parquet file or a folder of them; None where it is something else.

    Raises:
        UserError: there is nothing of that name, or it cannot be reached.
    """
    if source.startswith("hf:"):
        return None
    path = located(source)
    with reachable(source):
        if not path.exists():
            raise UserError(f"There is no file or folder {path}.")
        if path.is_dir():
            return None if holds_texts(path) else source_files(source) or None
        sound = path.suffix.lower() == ".parquet" and path.is_file() and path.stat().st_size
        return [path] if sound else None


def _read(request: ColumnRequest, rows: int | None) -> Blocks:
    source = request.source
    if source.startswith("hf:"):
        request.reading.require(source, "split")
        yield read_dataset(request)
        return
    path = located(source)
    with reachable(source), one_sentence(path):
        yield from _read_folder(path, request, rows) if path.is_dir() else _read_file(path, request, rows)


def _read_folder(path: Path, request: ColumnRequest, rows: int | None) -> Blocks:
    """A folder of Parquet files as one table, any other as texts."""
    files = tables_of(str(path))
    request.reading.require(request.source, *(["encoding"] if files is None else []))
    return read_folder(path, request) if files is None else read_parquet_files(files, request, rows)


def _read_file(path: Path, request: ColumnRequest, rows: int | None) -> Blocks:
    if not path.exists():
        raise UserError(f"There is no file or folder {path}.")
    if not path.is_file():
        raise UserError(f"{path} is neither a file nor a folder.")
    if path.stat().st_size == 0:
        raise UserError(f"{path} is empty.")
    suffixes = [suffix.lower() for suffix in path.suffixes]
    packed = bool(suffixes) and suffixes[-1] in COMPRESSIONS
    suffix = ((suffixes[-2:-1] if packed else suffixes[-1:]) or [""])[0]
    suffix = _ALIASES.get(suffix, suffix)
    if suffix not in READERS or (packed and suffix in _NEVER_PACKED):
        raise UserError(
            f"{path} is none of the files that can be read: {', '.join(READERS)} (those that are text also "
            "with .gz, .zst or .bz2 behind) or a folder of texts."
        )
    if suffix == ".txt" and is_medline(path):  # as PubMed names it
        suffix = ".nbib"
    request.reading.require(request.source, *_READINGS.get(suffix, ()))
    return READERS[suffix](path, request, rows)
