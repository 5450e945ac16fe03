"""Tables as Excel workbooks."""

from __future__ import annotations

import logging
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localtopics.errors import UserError
from localtopics.run import workbook
from localtopics.run.tables import write_table, write_workbook

FORMULAS = [
    "=1+1",
    "+1",
    "-cmd|' /C calc'!A0",
    "@SUM(A1)",
    '=HYPERLINK("https://x.org")',
    "https://x.org",
    "1e5",
    "#N/A",
]


def read(path: Path) -> list[list[object]]:
    """The cells below the header, as they stand in the file."""
    sheet = openpyxl.load_workbook(path).worksheets[0]
    return [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]


def test_texts_stay_texts_and_numbers_numbers(tmp_path: Path) -> None:
    table = pd.DataFrame({"text": FORMULAS, "topic": range(len(FORMULAS)), "share": 0.5, "named": True})
    path = tmp_path / "a.xlsx"
    write_table(table, path)
    sheet = openpyxl.load_workbook(path).worksheets[0]
    assert [cell.value for cell in sheet[1]] == list(table)
    assert sheet.freeze_panes == "A2"
    assert sheet.column_dimensions["A"].width > 10
    for row, text in enumerate(FORMULAS, start=2):
        cell = sheet.cell(row, 1)
        assert (cell.value, cell.data_type, cell.quotePrefix, cell.hyperlink) == (text, "s", True, None)
        assert [sheet.cell(row, column).data_type for column in (2, 3, 4)] == ["n", "n", "b"]
    with zipfile.ZipFile(path) as packed:
        for name in packed.namelist():
            assert b"<f>" not in packed.read(name)
            assert b"TargetMode" not in packed.read(name)


def test_what_is_no_plain_value(tmp_path: Path) -> None:
    values = [
        None,
        np.nan,
        pd.NA,
        pd.NaT,
        np.inf,
        np.int64(3),
        ("a", "b"),
        pd.Timestamp("2020-01-02T03:04Z"),
        np.bool_(True),
    ]
    write_table(pd.DataFrame({"value": pd.Series(values, dtype=object)}), tmp_path / "a.xlsx")
    found = [row[0] for row in read(tmp_path / "a.xlsx")]
    assert found == [None, None, None, None, "inf", 3, "a, b", "2020-01-02T03:04:00+00:00", True]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(st.characters(), max_size=20), min_size=1, max_size=5))
def test_any_text_makes_a_sound_file(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    path = tmp_path_factory.mktemp("any") / "a.xlsx"
    write_table(pd.DataFrame({"text": pd.Series(texts, dtype=object)}), path)
    with zipfile.ZipFile(path) as packed:
        for name in packed.namelist():
            ElementTree.fromstring(packed.read(name))
    shown = [row[0] or "" for row in read(path)]
    for before, after in zip(texts, shown, strict=False):
        assert len(str(after)) <= len(before)
        if before.isprintable():
            assert after == before


def test_long_texts_are_cut_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    texts = ["a" * 32_767, "b" * 32_768, "\U0001f600" * 20_000]
    with caplog.at_level(logging.WARNING):
        write_table(pd.DataFrame({"text": texts}), tmp_path / "a.xlsx")
    assert "2 texts are longer than the 32,767 characters" in caplog.text
    found = [str(row[0]) for row in read(tmp_path / "a.xlsx")]
    assert found[0] == texts[0]
    assert found[1] == "b" * 32_766 + "…"
    assert found[2] == "\U0001f600" * 16_383 + "…"
    assert all(len(text.encode("utf-16-le")) // 2 <= 32_767 for text in found)


def test_more_rows_than_a_sheet_takes_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MOST_ROWS", 4)
    table = pd.DataFrame({"text": list("abcd")})
    with pytest.raises(UserError, match="cannot hold 4 rows: a sheet of Excel takes 3"):
        write_table(table, tmp_path / "a.xlsx")
    with pytest.raises(UserError, match="cannot hold 4 documents"):
        write_workbook({"topics": table[:2], "documents": table}, tmp_path / "a.xlsx")
    assert list(tmp_path.iterdir()) == []
    write_table(table[:3], tmp_path / "a.xlsx")
    assert len(read(tmp_path / "a.xlsx")) == 3


def test_a_workbook_has_its_sheets_and_is_its_owners_alone(tmp_path: Path) -> None:
    sheets = {"topics": pd.DataFrame({"topic": [0]}), "documents": pd.DataFrame({"id": ["a", "b"]})}
    write_workbook(sheets, tmp_path / "a.xlsx")
    assert openpyxl.load_workbook(tmp_path / "a.xlsx").sheetnames == ["topics", "documents"]
    assert (tmp_path / "a.xlsx").stat().st_mode & 0o077 == 0
    with pytest.raises(UserError, match="no Excel workbook"):
        write_workbook(sheets, tmp_path / "a.csv")
