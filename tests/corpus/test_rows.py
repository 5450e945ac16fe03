"""A block of a Parquet source can be read by itself, from anywhere, and is what reading in turn gives."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from localtopics.corpus.blocks import NumberedBlocks, read_blocks
from localtopics.errors import UserError

TEXTS = ["a text", "Über\nzwei Zeilen", "", None, "another"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    heights=st.lists(st.integers(0, 9), min_size=1, max_size=4),
    rows=st.integers(1, 7),
    group=st.integers(1, 4),
    limit=st.none() | st.integers(1, 40),
    data=st.data(),
)
def test_any_block_is_what_reading_in_turn_gives(
    tmp_path: Path, heights: list[int], rows: int, group: int, limit: int | None, data: st.DataObject
) -> None:
    folder = tmp_path / "tables"
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    first = 0
    for number, height in enumerate(heights):
        texts = [TEXTS[(first + row) % len(TEXTS)] for row in range(height)]
        frame = pd.DataFrame({"text": texts, "title": range(first, first + height)})
        frame["text"] = frame["text"].astype(object)
        frame.to_parquet(folder / f"{number}.parquet", row_group_size=group)
        first += height
    blocks = NumberedBlocks(folder, rows, limit=limit)
    expected = list(read_blocks(folder, rows, limit=limit))
    assert len(blocks) == len(expected)
    assert blocks.total == sum(block.rows for block in expected)
    assert [blocks.bounds(number) for number in range(len(blocks))] == [
        (block.first, block.rows) for block in expected
    ]
    order = data.draw(st.permutations(range(len(blocks)))) + list(range(len(blocks)))
    for number in order:
        assert blocks.read(number) == expected[number]


def test_a_column_of_some_files_is_a_field_of_all_blocks(tmp_path: Path) -> None:
    pd.DataFrame({"text": ["one", "two"]}).to_parquet(tmp_path / "a.parquet")
    pd.DataFrame({"text": ["three"], "title": ["Three"]}).to_parquet(tmp_path / "b.parquet")
    blocks = NumberedBlocks(tmp_path, 1)
    found = [blocks.read(number) for number in (2, 0, 1)]
    assert all(block.fields == {"documents", "titles"} for block in found)
    assert [block.corpus.titles for block in found if block.corpus] == [["Three"], None, None]


def test_what_is_no_parquet_has_no_numbered_blocks(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "one.txt").write_text("A text.")
    (tmp_path / "notes.csv").write_text("text\nOne.\n")
    (tmp_path / "damaged.parquet").write_bytes(b"PAR1 and no more")
    for source in ("notes", "notes.csv"):
        with pytest.raises(UserError, match="no Parquet file"):
            NumberedBlocks(tmp_path / source, 5)
    with pytest.raises(UserError, match="There is no file"):
        NumberedBlocks(tmp_path / "gone.parquet", 5)
    with pytest.raises(UserError, match="not a sound Parquet file"):
        NumberedBlocks(tmp_path / "damaged.parquet", 5)
