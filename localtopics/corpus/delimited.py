"""Reads delimited text, .csv and .tsv, whichever character separates the fields."""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TextIO

from localtopics.corpus.columns import Blocks, ColumnRequest, short
from localtopics.corpus.decisions import Decisions
from localtopics.corpus.decoding import is_wide, open_text, plain_encoding
from localtopics.corpus.dialect import SEPARATORS, WORDS, Dialect, Rows, dialect_of
from localtopics.corpus.encodings import Encoding
from localtopics.errors import UserError
from localtopics.text import one_line

MISSING = frozenset(["NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NaT", "NULL", "null", r"\N"])
"""What R, pandas, Excel and databases write for a missing value. Spelled exactly so, a cell is missing; other
spellings, and "None", which people answer, are text."""

_LINES, _CHARACTERS = 2000, 1 << 22
"""How much of a file is looked at to find out how it is written."""
_SHOWN = 60  # characters of a row at fault
_HINT = " (the first row must be a header)"


def read_csv(path: Path, request: ColumnRequest, rows: int | None = None) -> Blocks:
    """Read rows of fields that commas separate, or plainly something else; see `_read_delimited`."""
    return _read_delimited(path, request, rows, ",")


def read_tsv(path: Path, request: ColumnRequest, rows: int | None = None) -> Blocks:
    """Read rows of fields that tabs separate, or plainly something else; see `_read_delimited`."""
    return _read_delimited(path, request, rows, "\t")


def is_unicode_text(path: Path, request: ColumnRequest) -> bool:
    """Whether a file is a table in UTF-16 whose fields tabs separate, with the columns that are asked for."""
    if not is_wide(path):
        return False
    with open_text(path, encoding=request.reading.encoding) as file:
        lines = list(islice(file, _LINES))
    header, *rows = [line.rstrip("\n").split("\t") for line in lines if line.strip()] or [[]]
    return len(header) > 1 <= len(rows) and request.resolves(header) and '"' not in "".join(header)


def _read_delimited(path: Path, request: ColumnRequest, rows: int | None, usual: str) -> Blocks:
    """Read a header, then rows of as many fields, quoted as RFC 4180 has it; values are strings or None.

    Fields are separated by ``usual``, or by what plainly does so instead, and quoted otherwise where that
    alone reads the file: see `dialect_of`. A value that is one of `MISSING` is None, except in a column of
    ids.

    Raises:
        UserError: the file is not well-formed, a column is missing, or it cannot be told what separates them.
    """
    encoding = request.reading.encoding or plain_encoding(path, request.decided)
    dialect = _dialect(path, request, usual, encoding)
    with _opened(path, encoding, request.decided) as file:
        reader = dialect.rows(file)
        try:
            yield from _read_rows(path, reader, request, rows)
        except csv.Error as error:
            raise UserError(
                f"{path} is not well-formed near line {reader.line:,} ({error}): a quoted field must "
                "be closed and a double quote inside it doubled."
            ) from None


@contextmanager
def _opened(path: Path, encoding: str | Encoding, decided: Decisions | None = None) -> Iterator[TextIO]:
    limit = csv.field_size_limit(2**31 - 1)  # the default refuses documents past 128 KiB
    try:
        with open_text(path, newline="", encoding=encoding, decided=decided) as file:
            yield file
    finally:
        csv.field_size_limit(limit)


def _dialect(path: Path, request: ColumnRequest, usual: str, encoding: str | Encoding) -> Dialect:
    """How the file is written, which is said where it is not the usual way."""
    with _opened(path, encoding) as file:
        lines: list[str] = []
        characters = 0
        for line in islice(file, _LINES):
            lines.append(line)
            if (characters := characters + len(line)) > _CHARACTERS:
                break
        found = dialect_of(path, lines, not file.read(1), request, usual)
    if found.separator != usual:
        kind = SEPARATORS.get(found.separator, repr(found.separator))
        request.decided.note(
            "delimiter", found.separator, "The columns of %s are separated by %s", path, kind
        )
    if found.quoting != "doubled":
        said = "The fields of %s are written with %s"
        request.decided.note("quoting", found.quoting, said, path, WORDS[found.quoting])
    if found.surplus:
        said = "Each row of %s has one field more than its header: the %s is left out"
        request.decided.note("surplus_field", found.surplus, said, path, found.surplus)
    if found.titles and not lines[0].startswith("sep="):
        said = "The header of %s is the first row from line %d on; what stands above it is left out"
        request.decided.note("lines_above_header", str(found.titles), said, path, found.titles + 1)
    return found


def _read_rows(path: Path, reader: Rows, request: ColumnRequest, rows: int | None) -> Blocks:
    header = next((row for row in reader if row), [])
    if not header:
        raise UserError(f"{path} is empty: it has no header line that names its columns.")
    columns = _unlike(path, header, request)
    names = request.kept(request.resolve(columns, _HINT), columns)
    positions = {role: columns.index(column) for role, column in names.items()}
    twins = _twins(header, [place for role, place in positions.items() if role in request.named])
    values: dict[str, list[object]] = {role: [] for role in positions}
    bad = _BadRows(path, len(header), request)
    for row in reader:
        if len(row) == len(header):
            for place, others in twins.items():
                if any(row[place] != row[other] for other in others):
                    raise UserError(
                        f"{path} has {len(others) + 1} columns called {short(header[place])}, which differ "
                        f"in the row that ends in line {reader.line:,}: rename one."
                    )
            for role, position in positions.items():
                value = row[position]
                values[role].append(None if role != "ids" and value.strip() in MISSING else value)
            if len(values["documents"]) == rows:
                yield dict(values)
                values = {role: [] for role in positions}
        elif row:  # blank lines are no rows
            bad.add(row, reader.line)
    bad.tell()
    yield dict(values)


class _BadRows:
    """Rows of more or fewer fields than the header: counted, and the first of them shown."""

    def __init__(self, path: Path, width: int, request: ColumnRequest) -> None:
        self._path, self._width, self._request = path, width, request
        self._count, self._first = 0, ""

    def add(self, row: Sequence[str], line: int) -> None:
        self._count += 1
        if self._count == 1:
            beginning = one_line(" ".join(row))[:_SHOWN]
            self._first = (
                f"ends in line {line:,} has {len(row)} fields, the header {self._width} (“{beginning}”)"
            )

    def tell(self) -> None:
        """Say how many there are.

        Raises:
            UserError: there are some, and nobody said that they are to be left out.
        """
        if not self._count:
            return
        more = f"; {self._count:,} rows are at fault in all" if self._count > 1 else ""
        if self._request.reading.on_bad_row == "error":
            raise UserError(
                f"The row of {self._path} that {self._first}{more}: put fields that hold a separator in "
                "double quotes, or have such rows left out.",
                arguments=["on_bad_row"],
            )
        self._request.decided.note(
            "bad_rows",
            f"{self._count:,}",
            "Left out %s of %s with more or fewer fields than its header; the first %s",
            f"{self._count:,} row{'s' * (self._count != 1)}",
            self._path,
            self._first,
            level=logging.WARNING,
        )


def _unlike(path: Path, header: Sequence[str], request: ColumnRequest) -> list[str]:
    """The names of the columns, of which a second one of a name is ``name_2`` and so on."""
    names: list[str] = []
    for name in header:
        own, number = name, 1
        while own in names or (number > 1 and own in header):
            number += 1
            own = f"{name}_{number}"
        names.append(own if name.strip() else name)
    if again := [own for own, name in zip(names, header, strict=True) if own != name]:
        kept = ", ".join(map(short, again[:5]))
        said = "Columns of %s whose name another has already are called %s"
        request.decided.note("columns_renamed", kept, said, path, kept)
    return names


def _twins(header: Sequence[str], places: Sequence[int]) -> dict[int, list[int]]:
    """The columns of a name that was asked for and occurs again, by the first of them."""
    found = {place: [other for other, name in enumerate(header) if name == header[place]] for place in places}
    return {place: others[1:] for place, others in found.items() if len(others) > 1 and others[0] == place}
