"""Reads workbooks, .xlsx, .xls and .ods: a sheet with a header, then a document a row."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from localtopics.corpus.columns import Blocks, ColumnRequest, in_blocks, listed, short
from localtopics.corpus.sheets import SheetError, Workbook, opened
from localtopics.corpus.values import as_string
from localtopics.errors import UserError
from localtopics.machine import free_memory
from localtopics.text import one_line

log = logging.getLogger(__name__)

_ZIP, _OFFICE = b"PK", b"\xd0\xcf\x11\xe0"
_EXACT = 2**53  # past it, a number of a workbook is no whole number for sure
_MEMORY, _TIMES = 2**30, 100  # bytes that any workbook may take, and each of its own


def read_workbook(path: Path, request: ColumnRequest, rows: int | None = None) -> Blocks:
    """Read the sheet that is asked for, or the first that has the columns.

    The header is the first row that has the columns, or else the first that is not empty. Numbers, dates and
    booleans are what they are; empty cells, and those that hold an error such as #N/A, are None. Rows without
    any value are no rows.

    Raises:
        UserError: the file is damaged, locked or no workbook, there is no such sheet, or a column is missing.
    """
    with _opened(path) as workbook:
        sheet, columns, below = _chosen(path, workbook, request)
        names = request.kept(request.resolve(columns, f" (of the sheet {short(sheet)})"), columns)
        places = {role: columns.index(column) for role, column in names.items()}
        for block in in_blocks(below, places, rows):
            yield {role: _alike(values) for role, values in block.items()}


@contextmanager
def _opened(path: Path) -> Iterator[Workbook]:
    with path.open("rb") as file:
        content = file.read()
    if not content.startswith((_ZIP, _OFFICE)):
        raise UserError(_other_kind(path, content))
    here = str(path) if isinstance(path, Path) else None  # elsewhere: see `located`
    free, most = free_memory(), _MEMORY + _TIMES * len(content)
    try:
        with opened(content, here, most if free is None else min(most, max(free, _MEMORY))) as workbook:
            yield workbook
    except SheetError as error:
        raise UserError(f"{path} {one_line(str(error))[:300]}.") from None


def _other_kind(path: Path, content: bytes) -> str:
    """What a file is that has the ending of a workbook alone."""
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return (
            f"{path} is HTML or XML, as some programs export tables, and no workbook: open it with a "
            "spreadsheet program and save it as .xlsx or .csv."
        )
    if b"\0" not in content[:4096]:
        return f"{path} is text and no workbook: give it the ending of what it is, such as .csv or .tsv."
    return f"{path} is not a workbook, or damaged at its beginning."


def _chosen(
    path: Path, workbook: Workbook, request: ColumnRequest
) -> tuple[str, list[str], Iterator[Sequence[object]]]:
    """The sheet to read: its name, its columns and the rows below, without empty ones.

    Raises:
        UserError: there is no such sheet, or nothing in any.
    """
    every, wanted = [sheet.name for sheet in workbook.sheets], request.reading.sheet
    visible = [sheet.name for sheet in workbook.sheets if sheet.visible]
    sheets = [_named(path, wanted, every)] if wanted is not None else visible or every
    chosen: tuple[str, list[Sequence[object]], int] | None = None
    for name in sheets:
        first = workbook.first(name)
        fits = [place for place, row in enumerate(first) if request.resolves(_texts(row))]
        if first and (fits or chosen is None):
            chosen = name, first, fits[0] if fits else 0
        if fits:
            break
    if chosen is None:
        where = "" if wanted is None else f"The sheet {short(wanted)} of "
        raise UserError(f"{where}{path} is empty: it has no header row that names its columns.")
    sheet, first, place = chosen
    if sheet != name:
        workbook.first(sheet)  # once more, for the rows that follow
    if len(every) > 1 and wanted is None:
        log.info("Of %s the sheet %s is read; its sheets are %s", path, short(sheet), listed(every))
    if place:
        log.info(
            "Rows above the header of the sheet %s of %s, which are passed over: %d",
            short(sheet),
            path,
            place,
        )
    return sheet, _texts(first[place]), chain(first[place + 1 :], workbook.rest())


def _texts(row: Sequence[object]) -> list[str]:
    return [as_string(cell).strip() for cell in row]


def _named(path: Path, wanted: str, sheets: Sequence[str]) -> str:
    """The sheet of a name, or of a number from 1."""
    folded = {name.strip().casefold(): name for name in reversed(sheets)}
    if wanted in sheets:
        return wanted
    if (found := folded.get(wanted.strip().casefold())) is not None:
        return found
    if wanted.isdecimal() and 0 < int(wanted) <= len(sheets):
        return sheets[int(wanted) - 1]
    raise UserError(
        f"{path} has no sheet {short(wanted)}; its sheets are {listed(sheets, 30)}.", arguments=["sheet"]
    )


def _alike(values: Sequence[object]) -> Sequence[object]:
    """Cells as values: whole numbers as such, which a workbook lacks, and days among times as midnights."""
    times = any(isinstance(value, datetime.datetime) for value in values)

    def plain(value: object) -> object:
        if value == "":
            return None
        if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
            return int(value)
        if times and isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
            return datetime.datetime(value.year, value.month, value.day)
        return value

    return [plain(value) for value in values]
