"""Workbooks: which sheet and which header, and faults that would take this process with them."""

from datetime import date, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest

from localtopics.corpus import read_corpus
from localtopics.corpus.blocks import read_blocks
from tests.corpus.tables import refusal
from tests.corpus.test_samples import SAMPLES


def written(path: Path, **sheets: list[list[object]]) -> Path:
    """A workbook with these rows."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.worksheets[0])
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(row)
    workbook.save(path)
    return path


def test_a_sheet_is_chosen(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    about: list[list[object]] = [["name", "value"], ["made by", "hand"]]
    path = written(
        tmp_path / "a.xlsx", About=about, First=[["text"], ["one"]], Second=[["text"], ["two"]], None_=[]
    )
    assert read_corpus(path).documents == ["one"]
    assert "the sheet 'First' is read; its sheets are 'About', 'First', 'Second', 'None_'" in caplog.text
    for sheet in ("Second", "second ", "3"):
        assert read_corpus(path, sheet=sheet).documents == ["two"]
    assert read_corpus(path, text="value").documents == ["hand"]
    assert "no sheet 'third'; its sheets are 'About', 'First'" in refusal(path, sheet="third")
    assert "no sheet '0'" in refusal(path, sheet="0")
    assert "its columns are 'name', 'value' (of the sheet 'About')" in refusal(path, text="story")
    assert "The sheet 'None_' of" in refusal(path, sheet="None_")
    assert "has no sheets, which only workbooks" in refusal(tmp_path, sheet="1")


def test_a_number_that_names_a_sheet_is_its_name(tmp_path: Path) -> None:
    sheets: dict[str, list[list[object]]] = {"2": [["text"], ["named"]], "other": [["text"], ["second"]]}
    path = written(tmp_path / "a.xlsx", **sheets)
    assert read_corpus(path, sheet="2").documents == ["named"]


def test_cells_are_what_they_are(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        [],
        ["Text", 2019, "day", "at", "share", "lasted", "flag"],
        ["a", 1, date(2020, 1, 2), datetime(2020, 1, 2, 3, 4), 0.5, timedelta(hours=30), True],
        [],
        ["b", None, None, datetime(2020, 1, 3), 1, None, None],
        [5, "NA", None, None, None, None, None],
    ]
    corpus = read_corpus(written(tmp_path / "a.xlsx", only=rows), time="at", group="2019")
    assert corpus.documents == ["a", "b"]
    assert corpus.dropped.not_text == 1
    assert corpus.times == ["2020-01-02T03:04:00", "2020-01-03T00:00:00"]
    assert corpus.groups == ["1", ""]
    assert corpus.columns["share"].tolist() == [0.5, 1.0]
    assert corpus.columns["day"].iloc[0] == date(2020, 1, 2)
    assert corpus.columns["lasted"].iloc[0] == "1 day, 6:00:00"
    assert corpus.columns["flag"].iloc[0]


def test_blocks_of_rows(tmp_path: Path) -> None:
    rows: list[list[object]] = [["text"], *(list[object]([f"text {row}"]) for row in range(2500))]
    path = written(tmp_path / "a.xlsx", only=rows)
    blocks = list(read_blocks(path, 1000))
    assert [block.rows for block in blocks] == [1000, 1000, 500]
    assert [block.rows for block in read_blocks(path, 1000, limit=10)] == [10]
    assert blocks[2].corpus is not None
    assert blocks[2].corpus.documents[-1] == "text 2499"


def test_what_is_no_workbook_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"text;n\nx;1\n")
    assert "is text and no workbook: give it the ending of what it is" in refusal(path)
    path.write_bytes(b"\xef\xbb\xbf\n<table><tr><td>text</td></tr></table>")
    assert "is HTML or XML" in refusal(path)
    path.write_bytes((SAMPLES / "papers.sqlite").read_bytes())
    assert "is not a workbook" in refusal(path)
    path.write_bytes(b"PK\x03\x04 and no more")
    assert "is not a sound workbook" in refusal(path)


def test_a_chain_of_sectors_that_never_ends(tmp_path: Path) -> None:
    """One bit of this file makes the reader take memory without end."""
    content = bytearray((SAMPLES / "papers.xls").read_bytes())
    content[560] = 12
    path = tmp_path / "a.xls"
    path.write_bytes(content)
    assert "is damaged, or does not fit into this machine's memory" in refusal(path)


def test_cells_far_apart_take_no_more_memory_than_may_be(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    workbook = openpyxl.Workbook()
    workbook.worksheets[0]["A1"] = "text"
    workbook.worksheets[0]["XFD1048576"] = "far away"
    workbook.save(path)
    assert "is damaged, or does not fit into this machine's memory" in refusal(path)
