"""Reading documents: every format gives back what was written, and every fault one clear sentence."""

import bz2
import gzip
import logging
import lzma
import math
import os
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from pydoc_data.topics import topics

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import zstandard
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from localtopics.corpus import Corpus, Dropped, read_corpus
from localtopics.corpus.delimited import MISSING
from localtopics.errors import UserError

ROWS = {
    "Abstract": [
        "On maps",
        "Über Brücken 🌉",
        'A "quoted", comma-ed\nsecond line',
        "None",
        "nul\0byte \x1b[31m",
    ],
    "title": ["Maps", "Brücken", "Quotes", "An answer", "Control"],
    "year": [2001, 2002, 2003, 2004, 2005],
    "key": ["a", "b", "c", "d", "e"],
}

WRITERS: dict[str, Callable[[pd.DataFrame, Path], object]] = {
    "rows.csv": lambda frame, path: frame.to_csv(path, index=False),
    "rows.csv.gz": lambda frame, path: frame.to_csv(path, index=False),
    "rows.tsv": lambda frame, path: frame.to_csv(path, index=False, sep="\t"),
    "rows.tsv.bz2": lambda frame, path: frame.to_csv(path, index=False, sep="\t"),
    "rows.jsonl": lambda frame, path: frame.to_json(path, orient="records", lines=True),
    "rows.ndjson.zst": lambda frame, path: frame.to_json(path, orient="records", lines=True),
    "ROWS.PARQUET": lambda frame, path: frame.to_parquet(path),
}


def refusal(source: Path | str, **columns: str) -> str:
    """The one sentence with which a source is refused."""
    with pytest.raises(UserError) as caught:
        read_corpus(str(source), **columns)
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


# -- what is written is what is read ------------------------------------------------------------------


@pytest.mark.parametrize("name", WRITERS)
def test_every_table_format_gives_back_its_rows(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    WRITERS[name](pd.DataFrame(ROWS), path)
    corpus = read_corpus(str(path), time="year", id="key")
    assert corpus.documents == ROWS["Abstract"]
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
    assert corpus.documents == [texts[row] for row in kept]
    assert corpus.titles == [f"t{row}" for row in kept]
    assert corpus.times == corpus.ids
    left = [texts[row].strip() for row in set(numbers) - set(kept)]
    missing = sum(text in MISSING for text in left)
    assert not missing or name.startswith(("rows.csv", "rows.tsv"))
    assert corpus.dropped == Dropped(empty=len(left) - missing, missing=missing)
    assert all(text in MISSING or not text.isprintable() for text in left if text)
    assert corpus.rows == (kept if corpus.dropped.total else None)
    assert all(corpus.headline(row).isprintable() and corpus.headline(row) for row in range(len(corpus)))


def test_text_file_is_a_document_a_line(tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_bytes("\ufefffirst\r\n\n  \nsecond\u2028still second\x0b\nlast".encode())
    corpus = read_corpus(str(path))
    assert corpus.documents == ["first", "second\u2028still second\x0b", "last"]
    assert corpus.ids == ["0", "3", "4"]
    assert corpus.dropped == Dropped(empty=2)


def test_folder_is_a_document_a_file(tmp_path: Path) -> None:
    files = {"b.txt": "two\nlines\n", "a/deep/z.MD": "deep", "a/10": "no ending", "a/empty.txt": ""}
    others = {".hidden.txt": "no", ".git/config": "no", "picture.png": "no"}
    for name, text in (files | others).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    corpus = read_corpus(str(tmp_path))
    assert corpus.ids == ["a/10", "a/deep/z.MD", "b.txt"]
    assert corpus.documents == ["no ending", "deep", "two\nlines\n"]
    assert corpus.dropped == Dropped(empty=1)


def test_what_a_folder_holds_beside_texts_is_passed_over_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "localtopics")
    for name in ("good.txt", "a.pdf", "b.PNG", "deep/c.pdf", ".git/d.pdf", ".e.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("good")
    (tmp_path / "deep" / "bad.txt").write_bytes(b"caf\xe9")
    (tmp_path / "binary").write_bytes(b"\x7fELF" + bytes(60))
    (tmp_path / "link.txt").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe.txt")
    assert read_corpus(str(tmp_path)).ids == ["good.txt"]
    others, unreadable = caplog.messages
    caplog.clear()
    assert others == f"Passed over 3 files with other endings in {tmp_path}: .PNG, .pdf"
    assert unreadable.startswith(f"Passed over 4 files in {tmp_path}: ")
    assert f"{tmp_path / 'binary'} is a binary file" in unreadable
    assert "link.txt is no file" in unreadable
    (tmp_path / "binary").unlink()
    assert read_corpus(tmp_path).ids == ["good.txt"]
    assert "bad.txt is not UTF-8 (line 1, byte 4: 0xE9)" in caplog.messages[-1]
    for name in ("good.txt", "link.txt", "pipe.txt"):
        (tmp_path / name).unlink()
    assert "There are no text files" in refusal(tmp_path)
    assert "bad.txt is not UTF-8" in refusal(tmp_path)


def test_a_folder_with_many_unreadable_files_names_the_first(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "good.txt").write_text("good")
    for number in range(30):
        (tmp_path / f"{number}.txt").write_bytes(b"\xff")
    assert len(read_corpus(str(tmp_path))) == 1
    (note,) = caplog.messages
    assert note.startswith(f"Passed over 30 files in {tmp_path}: ")
    assert note.count("is not UTF-8") == 3


# -- names that are not UTF-8 -------------------------------------------------------------------------


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


def test_files_whose_names_are_not_utf8_have_ids_of_their_own(tmp_path: Path) -> None:
    for name in (b"caf\xe9.txt", b"caf\xe8.txt", "café.txt".encode(), b"d\xff/x.txt"):
        path = tmp_path / os.fsdecode(name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(name.hex().encode())
    corpus = read_corpus(str(tmp_path))
    assert corpus.ids == ["café.txt", r"caf\udce8.txt", r"caf\udce9.txt", r"d\udcff/x.txt"]
    assert corpus.documents[2] == b"caf\xe9.txt".hex()
    assert "".join(corpus.ids).encode()
    assert corpus.digest == read_corpus(str(tmp_path)).digest


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


def test_datasets(tmp_path: Path) -> None:
    import datasets

    frame = pd.DataFrame(ROWS)
    rows = datasets.Dataset.from_pandas(frame)
    rows.select([4, 0]).save_to_disk(tmp_path / "saved")
    datasets.DatasetDict({"train": rows, "test": rows.select([1])}).save_to_disk(tmp_path / "splits")
    (tmp_path / "files").mkdir()
    frame.to_parquet(tmp_path / "files" / "train.parquet")
    frame.head(2).to_parquet(tmp_path / "files" / "test.parquet")

    assert read_corpus(f"hf:{tmp_path / 'saved'}").titles == ["Control", "Maps"]
    assert read_corpus(f"hf:{tmp_path / 'splits'}", split="test", id="key").ids == ["b"]
    assert read_corpus(f"hf:{tmp_path / 'files'}", split="train").documents == ROWS["Abstract"]
    assert len(read_corpus(f"hf:{tmp_path / 'files'}", split="train+test")) == 7
    for folder in ("splits", "files"):
        assert "train, test" in refusal(f"hf:{tmp_path / folder}")
        assert "valid" in refusal(f"hf:{tmp_path / folder}", split="valid") or folder == "splits"
    assert "no column 'body'; its columns are 'Abstract', " in refusal(
        f"hf:{tmp_path / 'saved'}", text="body"
    )


def test_unreachable_dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    start = time.monotonic()
    assert "nothing cannot be read: it is not here, and the hub does not" in refusal("hf:nobody/nothing")
    assert time.monotonic() - start < 15, "the client would try six times"
    assert not datasets.config.HF_HUB_OFFLINE, "other datasets may be reached again"
    assert "cannot be read" in refusal(f"hf:{tmp_path / 'nowhere'}")


# -- columns ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", ["text", "ABSTRACT", " Document", "Body", "content"])
def test_obvious_columns_are_found(tmp_path: Path, column: str) -> None:
    path = tmp_path / "rows.csv"
    pd.DataFrame({"id": [7], "Headline": ["News"], column: ["hello"]}).to_csv(path, index=False)
    corpus = read_corpus(str(path))
    assert (corpus.documents, corpus.titles, corpus.times, corpus.ids) == (["hello"], ["News"], None, ["0"])


def test_named_columns_win(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    pd.DataFrame({"text": ["a"], "title": ["b"], "other": ["c"]}).to_csv(path, index=False)
    assert read_corpus(str(path), text="Other").documents == ["c"]
    assert read_corpus(str(path), text="title").titles is None
    assert read_corpus(str(path), title="text", text="other").titles == ["a"]


@pytest.mark.parametrize("name", WRITERS)
def test_missing_columns_list_those_there_are(tmp_path: Path, name: str) -> None:
    WRITERS[name](pd.DataFrame({"story": ["x"], "year": [1]}), tmp_path / name)
    assert "'story', 'year'" in refusal(tmp_path / name)
    assert "no column 'abstract'; its columns are 'story', 'year'" in refusal(
        tmp_path / name, text="abstract"
    )
    assert "no column 'when'" in refusal(tmp_path / name, text="story", time="when")


def test_doubled_column(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("text,text\na,b\n")
    assert "2 columns called 'text'" in refusal(tmp_path / "rows.csv")


# -- values -------------------------------------------------------------------------------------------


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


def test_documents_from_python() -> None:
    frame = pd.DataFrame({"text": ["a", None, "b", "c"], "when": pd.to_datetime(["2020-01-01"] * 3 + [None])})
    frame = frame.iloc[::-1]  # its labels run backwards
    corpus = Corpus.from_documents(frame["text"], times=frame["when"], titles=[1.0, 2.0, 3.0, math.nan])
    assert corpus.documents == ["c", "b", "a"]
    assert corpus.times == ["", "2020-01-01T00:00:00", "2020-01-01T00:00:00"]
    assert corpus.titles == ["1", "2", ""]
    assert corpus.rows == [0, 1, 3]
    array = Corpus.from_documents(np.array(["x", "y"]), times=[datetime(2021, 5, 6), pd.NaT])
    assert type(array.documents[0]) is str
    assert array.times == ["2021-05-06T00:00:00", ""]


@pytest.mark.parametrize(
    "documents",
    [
        ("a", "b"),
        (letter for letter in "ab"),
        {"x": "a", "y": "b"}.values(),
        pd.Index(["a", "b"]),
        pa.chunked_array([["a"], ["b"]]),
    ],
    ids=lambda documents: type(documents).__name__,
)
def test_whatever_gives_texts_one_after_the_other_is_a_list(documents: Iterable[str]) -> None:
    assert Corpus.from_documents(documents).documents == ["a", "b"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"documents": "text"}, "One string"),
        ({"documents": b"text"}, "Bytes were given"),
        ({"documents": None}, "A NoneType was given where a list of documents is needed"),
        ({"documents": Path("x.csv")}, "A PosixPath was given where a list of documents"),
        ({"documents": {"a": "text"}}, r"A dict was given .*list\(it.values\(\)\)"),
        ({"documents": {"text"}}, "A set was given, which has no order"),
        ({"documents": pd.DataFrame({"text": ["a"]})}, "A DataFrame was given .* pass one column"),
        ({"documents": pa.table({"text": ["a"]})}, "A Table was given .* pass one column"),
        ({"documents": np.array([["a", "b"]])}, "A ndarray was given .* pass one column"),
        ({"documents": ["a"], "titles": "T"}, "One string was given where a list of titles"),
        ({"documents": ["a"], "ids": pd.DataFrame({"id": ["a"]})}, "where a list of ids is needed"),
        ({"documents": []}, "it holds no documents"),
        ({"documents": ["", None]}, "all 2 are empty"),
        ({"documents": ["a"], "titles": []}, "0 titles for 1 documents"),
        ({"documents": ["a", "b"], "ids": ["x", "x"]}, "The id 'x' occurs twice"),
        ({"documents": ["a", "b"], "ids": ["x", None]}, "has no id"),
    ],
)
def test_unusable_documents(arguments: dict[str, list[str]], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        Corpus.from_documents(**arguments)


def test_ids_of_dropped_documents_do_not_matter() -> None:
    assert Corpus.from_documents(["a", "", "b"], ids=[1, 1, 2]).ids == ["1", "2"]


def test_embeddings_keep_to_their_documents() -> None:
    corpus = Corpus.from_documents(["a", "", "b", None, "c"])
    rows = np.arange(10.0).reshape(5, 2)
    np.testing.assert_array_equal(corpus.align(rows), rows[[0, 2, 4]])
    np.testing.assert_array_equal(corpus.align(rows[:3]), rows[:3])
    with pytest.raises(UserError, match=r"4 embeddings for the 3 documents \(and 2 that were dropped\)"):
        corpus.align(rows[:4])


def test_digest_tells_corpora_apart() -> None:
    corpora = [
        Corpus.from_documents(["ab", "c"]),
        Corpus.from_documents(["a", "bc"]),
        Corpus.from_documents(["ab", "c"], ids=["0", "2"]),
        Corpus.from_documents(["ab", "c"], titles=["x", "y"]),
        Corpus.from_documents(["ab", "c"], times=["x", "y"]),
        Corpus.from_documents(["c", "ab"]),
    ]
    assert len({corpus.digest for corpus in corpora}) == len(corpora)
    assert corpora[0].digest == Corpus.from_documents(["ab", "c"], source="elsewhere").digest


def test_headline() -> None:
    long = "word " * 100
    corpus = Corpus.from_documents(
        [long, "x\ny\0\x1b[31m z", "a", "b" * 300], titles=["", None, "A\ntitle", ""]
    )
    assert corpus.headline(0) == ("word " * 16).strip() + "…"
    assert corpus.headline(1) == "x y [31m z"
    assert corpus.headline(2) == "A title"
    assert corpus.headline(3) == "b" * 80 + "…"


# -- faults -------------------------------------------------------------------------------------------


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
        ("a.csv", "text\nna\xefve\n".encode("latin-1"), "line 2, byte 3: 0xEF.*iconv -f WINDOWS-1252"),
        ("a.csv", "text\nx\n".encode("utf-16"), "UTF-16: convert it with `iconv -f UTF-16"),
        ("a.csv", "text\nx\n".encode("utf-32"), "UTF-32: convert it with `iconv -f UTF-32"),
        ("a.csv", b"\0\0\xfe\xff" + "text".encode("utf-32-be"), "is UTF-32"),
        ("a.csv", gzip.compress("text\nx\n".encode("utf-16"), mtime=0), r"`zcat \S+ \| iconv -f UTF-16"),
        ("a.csv", b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0\xee\x9dh", "is a ZIP archive, as .xlsx and .docx"),
        ("a.txt", lzma.compress(b"text"), "is packed by xz"),
        ("a.csv.gz", gzip.compress(gzip.compress(b"text\nx\n"), mtime=0), "packed by gzip a second time"),
        ("a.jsonl", b"PAR1\x15\x04\x15\xff", "is a Parquet file, and not text"),
        ("a.txt", "hello there".encode("utf-16-le"), "binary file or UTF-16"),
        ("a.txt", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "binary file"),
        ("a.txt", b"GIF89a\xf0\xff\x01", "is not UTF-8"),
        ("a.txt", b"\n \n", "all 2 are empty"),
        ("a.jsonl", b'{"text": "x"}\n{"text": \n', "Line 2 of .* is not JSON"),
        ("a.jsonl", b"[" * 100_000, "Line 1 of .* is not JSON"),
        ("a.jsonl", b'["x"]\n', "is not a JSON object"),
        ("a.jsonl", b"\n", "is empty"),
        ("a.parquet", b"PAR1 not at all", "not a sound Parquet file"),
        ("a.csv.gz", b"text\nx\n", "cannot be read"),
        ("a.docx", b"PK", "none of the files that can be read"),
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


@pytest.mark.parametrize("name", ["rows.csv", "rows.tsv", "rows.jsonl", "rows.txt"])
@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, zstandard.compress])
def test_packed_files_are_unpacked_whatever_their_name(
    tmp_path: Path, name: str, pack: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / name
    path.write_text('{"text": "a document"}\n' if name == "rows.jsonl" else "text\na document\n")
    plain = read_corpus(str(path))
    path.write_bytes(pack(path.read_bytes()))
    assert read_corpus(str(path)) == plain


def test_faulty_sources(tmp_path: Path) -> None:
    assert "There is no file or folder" in refusal(tmp_path / "nowhere.csv")
    assert "There are no text files" in refusal(tmp_path)
    (tmp_path / "a.txt").write_text("x")
    assert "no column 'title'" in refusal(tmp_path / "a.txt", title="title")
    assert "no column 'id'" in refusal(tmp_path, id="id")
    assert "--split is for datasets" in refusal(tmp_path / "a.txt", split="train")


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
    columns = {"text": "text"} if data.draw(st.booleans()) else {}
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
    start = time.perf_counter()
    corpus = read_corpus(str(path), time="year", id="key")
    assert len(corpus) == 100_000
    assert corpus.digest
    assert time.perf_counter() - start < 10  # about 1 s on an idle core
