"""A source read some rows at a time gives what it gives as a whole."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from localtopics.corpus import read_corpus
from localtopics.corpus.blocks import Block, NumberedBlocks, first_rows, read_blocks
from localtopics.corpus.readers import tables_of
from localtopics.errors import UserError
from tests.corpus.tables import WRITERS

VALUES = st.lists(st.sampled_from(["a text", "Über\nzwei Zeilen", "", " ", "other, text"]), min_size=1)


def blocks_of(path: Path, rows: int, **options: int | str) -> list[Block]:
    found = list(read_blocks(path, rows, **options))  # type: ignore[arg-type]
    assert [block.first for block in found] == [rows * number for number in range(len(found))]
    assert all(block.rows == rows for block in found[:-1])
    assert all(block.rows <= rows for block in found)
    return found


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=VALUES, rows=st.integers(1, 7), name=st.sampled_from(sorted(WRITERS)), ids=st.booleans())
def test_blocks_are_the_whole(tmp_path: Path, texts: list[str], rows: int, name: str, ids: bool) -> None:
    texts = [*texts, "the last one"]
    numbers = [f"n{number}" for number in range(len(texts))]
    frame = pd.DataFrame({"text": texts, "title": texts[::-1], "key": numbers})
    WRITERS[name](frame, tmp_path / name)
    columns: dict[str, Any] = {"id": "key"} if ids else {}
    whole = read_corpus(tmp_path / name, **columns)
    blocks = blocks_of(tmp_path / name, rows, **columns)
    assert sum(block.rows for block in blocks) == len(texts)
    own = [block.corpus for block in blocks if block.corpus is not None]
    assert [text for corpus in own for text in corpus.documents] == whole.documents
    assert [one for corpus in own for one in corpus.ids] == whole.ids
    titles = [title for corpus in own for title in corpus.titles or [""] * len(corpus)]
    assert titles == (whole.titles or [""] * len(whole))
    assert sum(block.dropped.total for block in blocks) == whole.dropped.total
    assert all("titles" in block.fields for block in blocks)


def test_no_more_rows_than_the_limit_are_read(tmp_path: Path) -> None:
    lines = "".join(f"{number}\n" for number in range(10)) + "no more"
    (tmp_path / "a.txt").write_text(lines)
    assert [block.rows for block in blocks_of(tmp_path / "a.txt", 4, limit=6)] == [4, 2]
    assert [block.rows for block in blocks_of(tmp_path / "a.txt", 4, limit=8)] == [4, 4]
    assert [block.rows for block in blocks_of(tmp_path / "a.txt", 4, limit=99)] == [4, 4, 3]
    assert first_rows(tmp_path / "a.txt", 3).documents == ["0", "1", "2"]
    (tmp_path / "b.txt").write_text("\n\nlate\n")
    with pytest.raises(UserError, match=r"The first 2 rows of .* hold no document"):
        first_rows(tmp_path / "b.txt", 2)


def test_a_block_without_documents_is_one(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one\n\n\n\ntwo\n")
    first, second, third = blocks_of(tmp_path / "a.txt", 2)
    assert first.corpus is not None
    assert (second.corpus, second.rows, second.dropped.empty) == (None, 2, 2)
    assert third.corpus is not None
    assert third.corpus.ids == ["4"]


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """A folder of Parquet files as Spark leaves it."""
    folder = tmp_path / "tables"
    (folder / "year=2001").mkdir(parents=True)
    for number, place in enumerate(("part-0.parquet", "part-1.parquet", "year=2001/part-0.PARQUET")):
        texts = [f"document {number}.{row}" for row in range(3)]
        pd.DataFrame({"text": texts, "title": texts}).to_parquet(folder / place)
    (folder / "_SUCCESS").write_text("")
    (folder / "_temporary").mkdir()
    (folder / "_temporary" / "half.parquet").write_text("half-written")
    (folder / ".part-0.parquet.crc").write_text("sum")
    return folder


def test_a_folder_of_parquet_files_is_one_table(tables: Path) -> None:
    corpus = read_corpus(tables)
    expected = [f"document {number}.{row}" for number in range(3) for row in range(3)]
    assert corpus.documents == corpus.titles == expected
    assert [block.rows for block in blocks_of(tables, 4)] == [4, 4, 1]
    assert NumberedBlocks(tables, 4).total == 9
    (tables / "notes.md").write_text("a text of its own")
    assert read_corpus(tables).ids == ["_SUCCESS", "notes.md"][1:], "a folder of texts stays one"


def test_columns_that_only_some_files_have_are_empty_elsewhere(tables: Path) -> None:
    pd.DataFrame({"text": ["more"], "field": ["x"]}).to_parquet(tables / "part-2.parquet")
    corpus = read_corpus(tables)
    assert corpus.columns["field"].dropna().tolist() == ["x"]
    assert corpus.documents[6] == "more"
    assert corpus.titles is not None
    assert corpus.titles[6] == ""


def test_a_damaged_file_is_named(tables: Path) -> None:
    (tables / "part-1.parquet").write_text("no table")
    with pytest.raises(UserError, match=r"part-1\.parquet is not a sound Parquet file"):
        read_corpus(tables)
    with pytest.raises(UserError, match=r"part-1\.parquet is not a sound Parquet file"):
        blocks_of(tables, 2)
    with pytest.raises(UserError, match=r"part-1\.parquet is not a sound Parquet file"):
        NumberedBlocks(tables, 2)


def test_rows_are_counted_where_that_costs_nothing(tmp_path: Path) -> None:
    pd.DataFrame({"text": ["a", "b"]}).to_parquet(tmp_path / "a.parquet")
    (tmp_path / "a.txt").write_text("a\nb\n")
    assert NumberedBlocks(tmp_path / "a.parquet", 4).total == 2
    assert tables_of(str(tmp_path / "a.txt")) is None
    with pytest.raises(UserError, match="no file or folder"):
        NumberedBlocks(tmp_path / "gone.parquet", 4)
