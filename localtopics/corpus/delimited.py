"""Reads delimited text, .csv and .tsv, whichever character separates the fields."""

from __future__ import annotations

import csv
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from localtopics.corpus.columns import Blocks, ColumnRequest
from localtopics.corpus.decoding import open_text
from localtopics.errors import UserError

if TYPE_CHECKING:
    from _csv import Reader

log = logging.getLogger(__name__)

MISSING = frozenset(["NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NaT", "NULL", "null", r"\N"])
"""What R, pandas, Excel and databases write for a missing value. Spelled exactly so, a cell is missing; other
spellings, and "None", which people answer, are text."""

_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_SAID = re.compile(r"sep=([,;\t|])\r?\n?")  # a first line that Excel writes and reads
_ROWS = 1000  # that are looked at to find out the separator
_HINT = " (the first row must be a header)"


def read_csv(path: Path, request: ColumnRequest, rows: int | None = None) -> Blocks:
    """Read rows of fields that commas separate, or plainly something else; see `_read_delimited`."""
    return _read_delimited(path, request, rows, ",")


def read_tsv(path: Path, request: ColumnRequest, rows: int | None = None) -> Blocks:
    """Read rows of fields that tabs separate, or plainly something else; see `_read_delimited`."""
    return _read_delimited(path, request, rows, "\t")


def _read_delimited(path: Path, request: ColumnRequest, rows: int | None, usual: str) -> Blocks:
    """Read a header, then rows of as many fields, quoted as RFC 4180 has it; every value is a string or None.

    Fields are separated by ``usual``, or by what `_SEPARATORS` has that plainly does so instead. A value that
    is one of `MISSING` is None, except in a column of ids.

    Raises:
        UserError: the file is not well-formed, a column is missing, or it cannot be told what separates them.
    """
    separator = _separator(path, request, usual)
    if separator != usual:
        log.info("The columns of %s are separated by %s", path, _SEPARATORS[separator])
    with _rows(path, separator) as reader:
        try:
            yield from _read_rows(path, reader, request, rows)
        except csv.Error as error:
            raise UserError(
                f"{path} is not well-formed near line {reader.line_num:,} ({error}): a quoted field must "
                "be closed and a double quote inside it doubled."
            ) from None


@contextmanager
def _rows(path: Path, separator: str) -> Iterator[Reader]:
    limit = csv.field_size_limit(2**31 - 1)  # the default refuses documents past 128 KiB
    try:
        with open_text(path, newline="") as file:
            first = file.readline()
            lines = chain(["\n" if _SAID.fullmatch(first) else first], file)
            yield csv.reader(lines, delimiter=separator, strict=True)
    finally:
        csv.field_size_limit(limit)


def _read_rows(path: Path, reader: Reader, request: ColumnRequest, rows: int | None) -> Blocks:
    header: list[str] = next((row for row in reader if row), [])
    if not header:
        raise UserError(f"{path} is empty: it has no header line that names its columns.")
    names = request.kept(request.resolve(header, _HINT), header)
    positions = {role: header.index(column) for role, column in names.items()}
    values: dict[str, list[object]] = {role: [] for role in positions}
    for row in reader:
        if len(row) == len(header):
            for role, position in positions.items():
                value = row[position]
                values[role].append(None if role != "ids" and value.strip() in MISSING else value)
            if len(values["documents"]) == rows:
                yield dict(values)
                values = {role: [] for role in positions}
        elif row:  # blank lines are no rows
            raise UserError(
                f"The row of {path} that ends in line {reader.line_num:,} has {len(row)} fields, the header "
                f"{len(header)}: put fields that hold a separator in double quotes."
            )
    yield dict(values)


# -- the separator ------------------------------------------------------------------------------------


def _separator(path: Path, request: ColumnRequest, usual: str) -> str:
    """What separates the fields: what the first line says, or else, of all that split the header, what
    splits most rows into as many fields.

    Where nothing splits most rows so, the file has one column, or rows that the reader refuses.
    """
    with open_text(path, newline="") as file:
        if (said := _SAID.fullmatch(file.readline())) is not None:
            return said[1]
    headers = {separator: header for separator in _SEPARATORS if (header := _header(path, separator))}
    if list(headers) in ([], [usual]):
        return usual
    shares = {separator: _share(path, separator, len(header)) for separator, header in headers.items()}
    best = [separator for separator, share in shares.items() if share == max(0.5, *shares.values())]
    if len(best) > 1:  # the one that separates the columns that are wanted
        best = [separator for separator in best if request.resolves(headers[separator])] or best
    if len(best) > 1:
        kinds = " or ".join(_SEPARATORS[separator] for separator in best)
        raise UserError(
            f"It cannot be told whether the columns of {path} are separated by {kinds}: put names and texts "
            "that hold one of them in double quotes."
        )
    return best[0] if best else usual


def _header(path: Path, separator: str) -> list[str] | None:
    """The first row, where the separator splits it."""
    with _rows(path, separator) as reader:
        try:
            header: list[str] = next((row for row in reader if row), [])
        except csv.Error:
            return None
        return header if len(header) > 1 else None


def _share(path: Path, separator: str, width: int) -> float:
    """The part of the first rows that have ``width`` fields; 1 where there are no rows."""
    fits: list[float] = []
    with _rows(path, separator) as reader:
        try:
            fits.extend(len(row) == width for row in islice(filter(None, reader), 1, _ROWS))
        except csv.Error:
            fits.append(0.5)  # a quote at fault says little of the separator
    return sum(fits) / len(fits) if fits else 1.0
