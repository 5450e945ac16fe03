"""Tables as files of the kind that their names say."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO, cast

import numpy as np
import pandas as pd
import pyarrow as pa

from localtopics.corpus.decoding import COMPRESSIONS
from localtopics.errors import UserError
from localtopics.files import PRIVATE, replacing
from localtopics.run.workbook import check_rows, write_sheets

_SEPARATORS = {".csv": ",", ".tsv": "\t"}
_TEXTS = (*_SEPARATORS, ".jsonl", ".ndjson")
_WHOLE = (".parquet", ".xlsx")
"""What is compressed within."""
_FORMULA = re.compile(r"[=@\t\r\n＝＠＋－]|[+-](?![\d.,]+\Z)")
"""How a cell begins that a spreadsheet would run (OWASP, "CSV Injection"); "-5" is a number to it."""


def check_target(path: Path) -> None:
    """See whether `write_table` could write ``path``, before the work whose result goes there.

    Raises:
        UserError: as `check_place`, or the name has no ending that says what to write.
    """
    check_place(path)
    _kind(path)


def check_place(path: Path) -> None:
    """See whether a file could be written, before the work whose result goes there.

    Raises:
        UserError: a folder is there or no folder can be.
    """
    if path.is_dir():
        raise UserError(f"{path} is a folder: name a file in it.")
    folder = next(folder for folder in path.absolute().parents if os.path.lexists(folder))
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        raise UserError(f"{path} cannot be written, as {folder} is no folder that may be written to.")


def write_table(table: pd.DataFrame, path: Path, *, raw_cells: bool = False, mode: int = PRIVATE) -> None:
    """Write a table as its name ends: .csv, .tsv, .jsonl (.ndjson), .parquet or .xlsx, whatever their case.

    All but .parquet and .xlsx are compressed where .gz, .zst or .bz2 stands behind.

    Args:
        table: one column a field; its index is not written.
        path: replaced if it exists.
        raw_cells: leave the cells of .csv and .tsv as they are, see `harmless_cells`.
        mode: the file's rights, less what the umask forbids.

    Raises:
        UserError: the name has another ending, or there are more rows than a sheet takes.
    """
    kind, compression = _kind(path)
    if kind == ".xlsx":
        check_rows({"rows": table}, path)
    with replacing(path, mode) as temporary:
        if kind == ".parquet":
            table.to_parquet(temporary, index=False, compression="zstd")
            return
        if kind == ".xlsx":
            write_sheets({"table": table}, temporary)
            return
        with _text(temporary, compression) as file:
            if kind in _SEPARATORS:
                table = _with_lists_as_json(table)
                cells = table if raw_cells else harmless_cells(table)
                # texts are quoted: Python before 3.13 leaves a bare \r, a line's end to most readers
                cells.to_csv(file, index=False, sep=_SEPARATORS[kind], quoting=csv.QUOTE_NONNUMERIC)
            else:
                table.to_json(file, orient="records", lines=True, force_ascii=False)


def _with_lists_as_json(table: pd.DataFrame) -> pd.DataFrame:
    """The table with each list of things that have names, such as shares of topics, as a line of JSON."""

    def flat(cell: Any) -> Any:
        listed = isinstance(cell, list | np.ndarray) and len(cell) > 0 and isinstance(cell[0], dict)
        return json.dumps(list(cell)) if listed else cell

    nested = [name for name in table if table[name].dtype == object]
    return table.assign(**{str(name): table[name].map(flat) for name in nested})


def write_workbook(sheets: Mapping[str, pd.DataFrame], path: Path) -> None:
    """Write tables as the sheets of an Excel workbook, see `write_sheets`; it is its owner's alone.

    Raises:
        UserError: the name does not end in .xlsx, or a table has more rows than a sheet takes.
    """
    if _kind(path)[0] != ".xlsx":
        raise UserError(f"{path} is no Excel workbook: name a file that ends in .xlsx.")
    check_rows(sheets, path)
    with replacing(path) as temporary:
        write_sheets(sheets, temporary)


def harmless_cells(table: pd.DataFrame) -> pd.DataFrame:
    """The table with an apostrophe before each text that a spreadsheet would take for a formula.

    A document decides how its cell begins, and a formula may start programs or send cells away.
    """

    def harmless(cell: Any) -> Any:
        return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell

    def harmless_column(column: pd.Series) -> pd.Series:
        return column if pd.api.types.is_numeric_dtype(column) else column.map(harmless)

    return table.apply(harmless_column)


def _kind(path: Path) -> tuple[str, str | None]:
    """The file's ending in small letters, and how what it holds is compressed."""
    *_, before, last = ["", "", *(suffix.lower() for suffix in path.suffixes)]
    compression = COMPRESSIONS.get(last)
    kind = before if compression else last
    if kind in _TEXTS or (kind in _WHOLE and compression is None):
        return kind, compression
    raise UserError(
        f"{path} is none of the files that can be written: .csv, .tsv, .jsonl (all of them also with .gz, "
        ".zst or .bz2 behind), .parquet or .xlsx."
    )


@contextmanager
def _text(path: Path, compression: str | None) -> Iterator[TextIO]:
    """The file, open for text in UTF-8."""
    with (
        pa.output_stream(str(path), compression=compression) as stream,
        io.TextIOWrapper(cast("io.BytesIO", stream), encoding="utf-8", newline="") as file,
    ):
        yield file
