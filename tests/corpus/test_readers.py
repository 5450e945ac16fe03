"""Every format gives back what was written, and every fault is one clear sentence."""

import gzip
import lzma
import os
import time
from pathlib import Path
from pydoc_data.topics import topics
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from localtopics.corpus import Dropped, read_corpus
from localtopics.corpus.columns import MOST_OTHERS
from localtopics.corpus.delimited import MISSING
from localtopics.errors import UserError
from tests.corpus.tables import ROWS, WRITERS, refusal


def without_nuls(name: str, text: str) -> str:
    """A text as it is read: a NUL that stands as a byte in a file of text is left out."""
    return text.replace("\0", "") if name.startswith(("rows.csv", "rows.tsv")) else text


TWICE = gzip.compress(gzip.compress(b"text\nx\n", mtime=0), mtime=0)


@pytest.mark.parametrize("name", WRITERS)
def test_every_table_format_gives_back_its_rows(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    WRITERS[name](pd.DataFrame(ROWS), path)
    corpus = read_corpus(str(path), time="year", id="key")
    assert corpus.documents == [without_nuls(name, text) for text in pd.DataFrame(ROWS)["Abstract"]]
    assert corpus.titles == ROWS["title"]
    assert corpus.times == ["2001", "2002", "2003", "2004", "2005"]
    assert corpus.ids == ROWS["key"]
    assert corpus.dropped == Dropped()
    assert corpus.rows is None
    assert corpus.source == str(path)


# What a csv writer leaves unquoted, a lone carriage return, ends a row for every reader.
TEXTS = st.lists(st.text(st.characters(exclude_characters="\r", exclude_categories=["Cs"])), min_size=1)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=TEXTS, name=st.sampled_from(sorted(WRITERS)))
@example(texts=["x", "", " \t", "​", "\0" * 3, '"', "a\tb", "\ufeff,"], name="rows.csv")
@example(texts=["\u2028x", "\x85y\x0b\x1c"], name="rows.jsonl")
@example(texts=["NA", r" \N", "nan", "None"], name="rows.tsv")
def test_round_trip(tmp_path: Path, texts: list[str], name: str) -> None:
    texts = ["a visible document", *texts]
    numbers = list(range(len(texts)))
    frame = pd.DataFrame({"text": texts, "title": [f"t{n}" for n in numbers], "time": numbers, "id": numbers})
    WRITERS[name](frame, tmp_path / name)
    corpus = read_corpus(str(tmp_path / name), time="time", id="id")
    kept = [int(id) for id in corpus.ids]
    assert corpus.documents == [without_nuls(name, texts[row]) for row in kept]
    assert corpus.titles == [f"t{row}" for row in kept]
    assert corpus.times == corpus.ids
    left = [without_nuls(name, texts[row]).strip() for row in set(numbers) - set(kept)]
    missing = sum(text in MISSING for text in left)
    assert not missing or name.startswith(("rows.csv", "rows.tsv"))
    assert corpus.dropped == Dropped(empty=len(left) - missing, missing=missing)
    assert all(text in MISSING or not text.isprintable() for text in left if text)
    assert corpus.rows == (kept if corpus.dropped.total else None)
    assert all(corpus.headline(row).isprintable() and corpus.headline(row) for row in range(len(corpus)))


@pytest.mark.parametrize("name", [*WRITERS, "rows.txt"])
def test_a_file_whose_name_is_not_utf8_is_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9-" + name.encode())
    if name == "rows.txt":
        (tmp_path / name).write_text("a document\n")
    else:
        WRITERS[name](pd.DataFrame({"text": ["a document"]}), tmp_path / name)
    (tmp_path / name).rename(path)
    corpus = read_corpus(str(path))
    assert corpus.documents == ["a document"]
    assert corpus.source == str(tmp_path / rf"caf\udce9-{name}")


def test_ids_keep_their_differences_where_they_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(
        '{"text": "a", "id": "\\ud83d"}\n{"text": "b", "id": "\\ud83e"}\n', "utf-8"
    )
    assert read_corpus(str(tmp_path / "a.jsonl"), id="id").ids == [r"\ud83d", r"\ud83e"]


def test_a_name_that_begins_with_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("~notes.txt").write_text("a document")
    assert read_corpus("~notes.txt").documents == ["a document"]
    assert "There is no file or folder ~no one/x.txt" in refusal("~no one/x.txt")


def test_what_is_not_text_is_dropped_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(
        '{"text": "a", "title": 1.5}\n{"text": ""}\n\n{"text": null}\n{"text": 3}\n{"title": "x"}\n'
        '{"text": ["b"]}\n{"text": NaN}\n{"text": "\\ud83d c", "title": "T"}\n'
    )
    corpus = read_corpus(str(path))
    assert corpus.documents == ["a", "? c"]
    assert corpus.titles == ["1.5", "T"]
    assert corpus.ids == ["0", "7"]
    assert corpus.rows == [0, 7]
    assert corpus.dropped == Dropped(empty=1, missing=3, not_text=2)
    assert corpus.dropped.total == 6


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"\n\n", "no header line"),
        ("a.csv", b"text\n", "holds no documents"),
        ("a.csv", b"text,n\nx,1\ny\n", "ends in line 3 has 1 fields, the header 2"),
        ("a.csv", b"text,n\nx,1\n\ny,2,3\n", "ends in line 4 has 3 fields"),
        ("a.csv", b'text\n"x\ny\n', "near line 3"),
        ("a.csv", b'text\n"x"y\n', "near line 2"),
        ("a.csv", "text\nna\xefve\n".encode("latin-1"), "line 2, byte 3: 0xEF.*cannot be told.*“naïve”"),
        ("a.csv", "text\nx\n".encode("utf-16")[:-1], "is not utf-16 from end to end"),
        ("a.csv", b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0\xee\x9dh", "is a ZIP archive, as .xlsx and .docx"),
        ("a.txt", lzma.compress(b"text"), "is packed by xz"),
        ("a.csv.gz", TWICE, "packed by gzip a second time"),
        ("a.jsonl", b"PAR1\x15\x04\x15\xff", "is a Parquet file, and not text"),
        ("a.txt", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "binary file"),
        ("a.txt", b"GIF89a\xf0\xff\x01", "binary file"),
        ("a.txt", b"\n \n", "all 2 are empty"),
        ("a.jsonl", b'{"text": "x"}\n{"text": \n', "Line 2 of .* is not JSON"),
        ("a.jsonl", b"[" * 100_000, "Line 1 of .* is not JSON"),
        ("a.jsonl", b'["x"]\n', "is not a JSON object"),
        ("a.jsonl", b"\n", "is empty"),
        ("a.parquet", b"PAR1 not at all", "not a sound Parquet file"),
        ("a.csv.gz", b"text\nx\n", "cannot be read"),
        ("a.csv.gz", gzip.compress(b"text\ncaf\xe9\n", mtime=0), r"is not UTF-8 \(line 2, byte 4: 0xE9\)"),
        ("a.docx", b"PK", "is damaged, or no docx file"),
        ("a.odt", b"PK", "none of the files that can be read"),
        ("a", b"text", "none of the files that can be read"),
        ("a.parquet.gz", b"x", "none of the files that can be read"),
    ],
)
def test_faulty_files(tmp_path: Path, name: str, content: bytes, sentence: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UserError, match=sentence):
        read_corpus(str(path))
    assert str(path) in refusal(path)


def test_faulty_sources(tmp_path: Path) -> None:
    assert "There is no file or folder" in refusal(tmp_path / "nowhere.csv")
    assert "There are no documents" in refusal(tmp_path)
    (tmp_path / "a.txt").write_text("x")
    assert "no column 'title'" in refusal(tmp_path / "a.txt", title="title")
    assert "no column 'id'" in refusal(tmp_path, id="id")
    assert "a.txt has no splits, which only datasets" in refusal(tmp_path / "a.txt", split="train")


@pytest.mark.parametrize("name", ["rows.csv.gz", "rows.tsv.bz2", "rows.ndjson.zst", "ROWS.PARQUET"])
def test_a_file_cut_off_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    WRITERS[name](pd.DataFrame({"text": np.random.default_rng(0).bytes(9000).hex().split("0")}), path)
    whole = path.read_bytes()
    for share in (0.2, 0.5, 0.9):
        path.write_bytes(whole[: int(len(whole) * share)])
        refusal(path)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_nothing_but_a_user_error_comes_of_any_bytes(tmp_path: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([*WRITERS, "rows.txt"]))
    path = tmp_path / name
    content = data.draw(st.binary())
    if name in WRITERS and data.draw(st.booleans()):  # a real file with bytes changed
        WRITERS[name](pd.DataFrame(ROWS), path)
        whole = path.read_bytes()
        start = data.draw(st.integers(0, len(whole)))
        content = whole[:start] + content + whole[start + data.draw(st.integers(0, 8)) :]
    path.write_bytes(content)
    columns: dict[str, Any] = {"text": "text"} if data.draw(st.booleans()) else {}
    try:
        corpus = read_corpus(str(path), **columns)
    except UserError:
        refusal(path, **columns)
    else:
        assert len(corpus.documents) == len(corpus.ids) == len(set(corpus.ids)) > 0


def test_large_files_are_read_in_seconds(tmp_path: Path) -> None:
    manual = "".join(topics.values())  # Python's language reference, over 400 kB
    texts = [f"{row} {manual[4 * row : 4 * row + 1000]}" for row in range(100_000)]
    path = tmp_path / "large.parquet"
    pd.DataFrame({"text": texts, "key": range(100_000), "year": 2001}).to_parquet(path)
    start = time.process_time()
    corpus = read_corpus(str(path), time="year", id="key")
    assert len(corpus) == 100_000
    assert corpus.digest
    assert time.process_time() - start < 10  # about 1 s on an idle core


@pytest.mark.parametrize("name", WRITERS)
def test_other_columns_of_a_table_are_kept(tmp_path: Path, name: str) -> None:
    WRITERS[name](pd.DataFrame(ROWS), tmp_path / name)
    corpus = read_corpus(tmp_path / name, group="key")
    assert corpus.groups == ROWS["key"]
    assert list(corpus.columns) == ["year"]
    years = corpus.columns["year"].tolist()
    untyped = ".csv" in name or ".tsv" in name
    assert years == ([str(year) for year in range(2001, 2006)] if untyped else ROWS["year"])


def test_what_is_not_kept_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    many = {f"n{number}": [number] for number in range(MOST_OTHERS)}
    odd = {"vector": [[0.5, 1.0]], "image": [{"bytes": b"x"}], "name": ["b"], "tags": [["c", "d"]]}
    pd.DataFrame({"text": ["a"], **odd, **many}).to_parquet(tmp_path / "a.parquet")
    corpus = read_corpus(tmp_path / "a.parquet")
    assert list(corpus.columns) == ["name", "tags", *list(many)[:-2]]
    assert corpus.columns["tags"].tolist() == ['["c", "d"]']
    assert "not kept: 'vector', 'image', 'n48', 'n49'" in caplog.text
    (tmp_path / "a.csv").write_text("text,,a,a,Unnamed: 0,b\nx,1,2,3,4,5\n")
    assert list(read_corpus(tmp_path / "a.csv").columns) == ["a", "a_2", "b"]
