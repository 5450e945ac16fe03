"""Tables as an Excel workbook of text and numbers: nothing in it runs, whatever documents hold."""

from __future__ import annotations

import json
import logging
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from localtopics.errors import UserError

if TYPE_CHECKING:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

log = logging.getLogger(__name__)

MOST_ROWS = 1_048_576
"""Rows of a sheet in Excel, the header's among them."""
MOST_CHARACTERS = 32_767
"""Characters of a cell in Excel, counted as UTF-16 does."""
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_WIDTHS = 8, 60
"""The least and the most letters that a column is wide."""
_LOOKED_AT = 200
"""Rows by which a column's width is chosen."""


def check_rows(sheets: Mapping[str, pd.DataFrame], path: Path) -> None:
    """Raise `UserError` where a table has more rows than a sheet takes."""
    for name, table in sheets.items():
        if len(table) >= MOST_ROWS:
            raise UserError(
                f"{path} cannot hold {len(table):,} {name}: a sheet of Excel takes {MOST_ROWS - 1:,}. Name a "
                ".csv or .parquet file instead."
            )


def write_sheets(sheets: Mapping[str, pd.DataFrame], path: Path) -> None:
    """Write tables to ``path``, each as a sheet with a frozen header.

    A text is a cell of the type text, so that a spreadsheet neither runs a formula in it nor makes a link or
    a date of it, and marked so that it stays text when it is edited. What XML cannot hold becomes U+FFFD. A
    text longer than a cell takes is cut there, with a warning that counts them.

    Args:
        sheets: the sheets' names, up to 31 letters, and their tables; the tables' indices are not written.
            `check_rows` has seen them.
        path: an empty file.
    """
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    book.properties.creator = "localtopics"
    cut = 0
    for name, table in sheets.items():
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "A2"
        for number, column in enumerate(table.columns, start=1):
            sheet.column_dimensions[_letters(number)].width = _width(str(column), table[column])
        for row in _rows(sheet, table):
            sheet.append(row)
        for column in table.columns:
            if not pd.api.types.is_numeric_dtype(table[column]):
                cut += int(table[column].map(_is_long).sum())
    book.save(path)
    if cut:
        log.warning(
            "%s texts are longer than the %s characters that a cell of Excel takes, and are cut there",
            f"{cut:,}",
            f"{MOST_CHARACTERS:,}",
        )


def _rows(sheet: WriteOnlyWorksheet, table: pd.DataFrame) -> Iterator[list[WriteOnlyCell | float | None]]:
    """The header, then a table's rows."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    def text(value: str) -> WriteOnlyCell:
        cell = WriteOnlyCell(sheet)
        cell.value = _shortened(_NOT_IN_XML.sub("\ufffd", value))
        cell.data_type = "s"  # openpyxl takes what begins with = for a formula
        cell.quotePrefix = True
        return cell

    header = [text(str(column)) for column in table.columns]
    for cell in header:
        cell.font = Font(bold=True)
    yield header
    for row in table.itertuples(index=False, name=None):
        values = [_plain(value) for value in row]
        yield [text(value) if isinstance(value, str) else value for value in values]


def _plain(value: Any) -> str | float | bool | None:
    """A cell's value as a number, a truth value, a text, or None for what is missing."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return None if math.isnan(value) else value if math.isfinite(value) else str(value)
    if isinstance(value, list | tuple | np.ndarray):
        return ", ".join(json.dumps(one) if isinstance(one, dict) else str(one) for one in value)
    isoformat = getattr(value, "isoformat", None)
    return str(value if isoformat is None else isoformat())


def _is_long(value: Any) -> bool:
    return isinstance(value, str) and _units(value) > MOST_CHARACTERS


def _shortened(text: str) -> str:
    if _units(text) <= MOST_CHARACTERS:
        return text
    head = text.encode("utf-16-le", errors="replace")[: 2 * (MOST_CHARACTERS - 1)]
    return head.decode("utf-16-le", errors="ignore") + "…"


def _units(text: str) -> int:
    """Characters as UTF-16 counts them, exactly only where these may be too many."""
    few = 2 * len(text) <= MOST_CHARACTERS
    return len(text) if few else len(text.encode("utf-16-le", errors="replace")) // 2


def _width(name: str, column: pd.Series) -> float:
    """Letters that show most of a column's cells."""
    lengths = [len(name), *(len(str(value)) for value in column.head(_LOOKED_AT))]
    least, most = _WIDTHS
    return min(most, max(least, *lengths)) + 2


def _letters(number: int) -> str:
    from openpyxl.utils import get_column_letter

    return str(get_column_letter(number))
