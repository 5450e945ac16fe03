import bz2
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from localtopics.corpus import read_corpus
from localtopics.errors import UserError
from localtopics.run.tables import check_target, harmless_cells, write_table

UNPACK: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.decompress,
    ".bz2": bz2.decompress,
    ".zst": lambda data: zstandard.ZstdDecompressor().stream_reader(data).read(),
}
TABLE = pd.DataFrame(
    {
        "id": ["first", "=1+2", "7"],
        "text": ['naïve, "quoted"', "two\nlines\tand a tab", "＝full width"],
        "topic": [-1, 0, 12],
        "probability": [0.0, 0.25, 1.0],
    }
)


@pytest.mark.parametrize("packed", ["", ".gz", ".zst", ".bz2", ".GZ"])
@pytest.mark.parametrize("ending", [".csv", ".tsv", ".jsonl", ".ndjson", ".JSONL", ".parquet", ".Parquet"])
def test_a_file_holds_what_its_name_says(tmp_path: Path, ending: str, packed: str) -> None:
    path = tmp_path / f"a.table{ending}{packed}"
    if ending.lower() == ".parquet" and packed:
        with pytest.raises(UserError, match=r"none of the files that can be written: \.csv"):
            write_table(TABLE, path)
        return
    write_table(TABLE, path, raw_cells=True)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    data = UNPACK.get(packed.lower(), bytes)(path.read_bytes())
    if ending.lower() == ".parquet":
        pd.testing.assert_frame_equal(pd.read_parquet(path), TABLE)
    elif ending in (".csv", ".tsv"):
        header = data.splitlines()[0].decode()
        assert header.split("," if ending == ".csv" else "\t") == [f'"{name}"' for name in TABLE]
    else:
        assert [json.loads(line) for line in data.splitlines()] == TABLE.to_dict("records")
    corpus = read_corpus(str(path), id="id")  # what was written can be read as documents
    assert corpus.documents == TABLE["text"].tolist()
    assert corpus.ids == TABLE["id"].tolist()


@pytest.mark.parametrize(
    "name", ["a.xls", "a.xlsx.gz", "a", "csv", "a.csv.zip", "a.parquet.gz", "a.gz", "a.csv.gz.gz", ".csv"]
)
def test_other_names_are_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    for refuse in (check_target, lambda path: write_table(TABLE, path)):
        with pytest.raises(UserError, match=r"none of the files that can be written: \.csv"):
            refuse(tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", [".csv", ".tsv"])
def test_no_cell_of_a_spreadsheet_is_a_formula(tmp_path: Path, ending: str) -> None:
    starts = ["=cmd", "+1+1", "-2+3", "@SUM", "\tx", "\rx", "\nx", "＝1", "＋1", "－1", "＠x", "-", "-1;=2"]
    table = pd.DataFrame({"text": [*starts, "-5", "+3.2", "plain = text"], "topic": -1})
    write_table(table, tmp_path / f"a{ending}")
    write_table(table, tmp_path / f"raw{ending}", raw_cells=True)
    separator = {".csv": ",", ".tsv": "\t"}[ending]
    read = pd.read_csv(tmp_path / f"a{ending}", sep=separator, dtype={"text": str})
    assert read["text"].tolist() == [f"'{start}" for start in starts] + ["-5", "+3.2", "plain = text"]
    assert read["topic"].tolist() == [-1] * len(table)
    assert read_corpus(str(tmp_path / f"raw{ending}")).documents == table["text"].tolist()


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=5), min_size=1))
def test_harmless_cells_changes_only_the_first_letter_of_dangerous_texts(cells: list[str]) -> None:
    found = harmless_cells(pd.DataFrame({"text": cells, "size": range(len(cells))}))
    for before, after in zip(cells, found["text"], strict=True):
        assert after in (before, f"'{before}")
        assert not after.startswith(("=", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))
        if after.startswith(("+", "-")):
            assert set(after[1:]) <= set("0123456789.,")
    assert found["size"].tolist() == list(range(len(cells)))


def test_a_place_where_no_file_can_be_is_refused_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "dangling").symlink_to("nowhere")
    for name, reason in (
        ("folder.csv", "is a folder"),
        ("file/new.csv", "file is no folder"),
        ("dangling/new.csv", "dangling is no folder"),
    ):
        with pytest.raises(UserError, match=reason):
            check_target(tmp_path / name)
    check_target(tmp_path / "new" / "folders" / "a.csv")
    assert not (tmp_path / "new").exists()
