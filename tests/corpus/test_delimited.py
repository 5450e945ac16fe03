"""Delimited files: their separator is found out, what stands for no value is none, one column stays one."""

import csv
import gzip
import io
import logging
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from localtopics.corpus import Dropped, read_corpus
from localtopics.corpus.delimited import MISSING
from localtopics.errors import UserError

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
TEXTS = st.text("ab ,;|\t\"'\n", min_size=1).filter(str.strip)
any_table = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def written(rows: list[list[str]], separator: str, quoted: bool = False, end: str = "\r\n") -> bytes:
    file = io.StringIO(newline="")
    quoting: Literal[0, 1] = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    csv.writer(file, delimiter=separator, quoting=quoting, lineterminator=end).writerows(rows)
    return file.getvalue().encode()


# -- separators ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["rows.csv", "rows.tsv", "rows.csv.gz"])
@pytest.mark.parametrize("separator", SEPARATORS)
def test_the_separator_is_found_out_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, separator: str
) -> None:
    caplog.set_level(logging.INFO, "localtopics")
    content = written(
        [["id", "text", "lang"], ["1", "Bonjour, ça va ?", "fr"], ["2", "a; b|c", "en"]], separator
    )
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    assert read_corpus(str(path)).documents == ["Bonjour, ça va ?", "a; b|c"]
    usual = separator == ("\t" if name == "rows.tsv" else ",")
    said = [f"The columns of {path} are separated by {SEPARATORS[separator]}"]
    assert caplog.messages == ([] if usual else said)


@any_table
@given(
    texts=st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=8),
    name=st.sampled_from(["rows.csv", "rows.tsv"]),
    separator=st.sampled_from(sorted(SEPARATORS)),
    quoted=st.booleans(),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_a_table_is_read_as_it_was_written_whatever_separates_it(
    tmp_path: Path, texts: list[tuple[str, str]], name: str, separator: str, quoted: bool, end: str
) -> None:
    rows = [["no", "text", "title"], *([str(number), *row] for number, row in enumerate(texts))]
    (tmp_path / name).write_bytes(written(rows, separator, quoted, end))
    corpus = read_corpus(str(tmp_path / name), id="no")
    assert corpus.documents == [text for text, _ in texts]
    assert corpus.titles == [title for _, title in texts]
    assert corpus.ids == [str(number) for number in range(len(texts))]


@any_table
@given(
    texts=st.lists(TEXTS, min_size=1, max_size=8),
    name=st.sampled_from(["rows.csv", "rows.tsv"]),
    header=st.sampled_from(["text", "Text", "abstract"]),
)
@example(texts=["one; two", "three; four"], name="rows.csv", header="text")
@example(texts=["one|two", "three, four"], name="rows.csv", header="text")
def test_one_column_stays_one(tmp_path: Path, texts: list[str], name: str, header: str) -> None:
    usual = "," if name == "rows.csv" else "\t"
    (tmp_path / name).write_bytes(written([[header], *([text] for text in texts)], usual))
    assert read_corpus(str(tmp_path / name)).documents == texts


def test_one_column_whose_name_holds_a_separator_stays_one(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("Comment; anything\nfirst\nsecond; with one\n\nthird\n")
    corpus = read_corpus(str(path), text="comment; anything")
    assert corpus.documents == ["first", "second; with one", "third"]


@pytest.mark.parametrize(
    ("content", "documents"),
    [
        ("id;text;score\n1;Well, well;0,5\n2;No;1,25\n", ["Well, well", "No"]),
        ("id;text;town, country\n1;Here;Paris, France\n2;There;Rome, Italy\n", ["Here", "There"]),
        ('id,text,"yes|no"\n1,a;b,yes|no\n2,c;d,no|yes\n', ["a;b", "c;d"]),
        ("id,text,a|b\n1,x,y|z\n", ["x"]),
        ("sep=;\nid;text\n1;x\n", ["x"]),
        ("sep=,\r\nid,text\r\n1,x;y\r\n", ["x;y"]),
        ("id;text\n1;x\n2;y;z\n3;w\n", None),
        ('id;text\n1;"x\n', None),
    ],
)
def test_separators_in_names_and_texts(tmp_path: Path, content: str, documents: list[str] | None) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(content, newline="")
    if documents is not None:
        assert read_corpus(str(path)).documents == documents
    else:
        with pytest.raises(UserError, match=r"line 3 has 3 fields, the header 2|not well-formed near line 2"):
            read_corpus(str(path))


def test_a_separator_that_cannot_be_told_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("a;b|c\n1;2|3\n")
    with pytest.raises(UserError, match=r"cannot be told .* by semicolons or vertical bars: put .* quotes"):
        read_corpus(str(path))


# -- missing values -----------------------------------------------------------------------------------

WORDS = ["None", "none", "Nan", "na", "nil", "nothing", "N.A.", "nulls", "-"]


@pytest.mark.parametrize(("name", "separator"), [("rows.csv", ","), ("rows.csv", ";"), ("rows.tsv", "\t")])
def test_what_programs_write_for_a_missing_value_is_missing_in_delimited_files(
    tmp_path: Path, name: str, separator: str
) -> None:
    texts = ["a document", *sorted(MISSING), *WORDS, " NA "]
    rows = [["text", "title", "id"], *([text, text, text] for text in texts)]
    (tmp_path / name).write_bytes(written(rows, separator))
    corpus = read_corpus(str(tmp_path / name), id="id")
    assert corpus.documents == corpus.titles == corpus.ids == ["a document", *WORDS]
    assert corpus.dropped == Dropped(missing=len(MISSING) + 1)


def test_a_missing_title_is_none_and_an_id_is_what_it_says(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("text,title,time,country\na,nan,NaT,NA\nb,T,2020,FR\n")
    corpus = read_corpus(str(path), time="time", id="country")
    assert (corpus.titles, corpus.times, corpus.ids) == (["", "T"], ["", "2020"], ["NA", "FR"])


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.parquet", "rows.txt"])
def test_words_are_words_where_there_are_real_nulls(tmp_path: Path, name: str) -> None:
    texts = sorted(MISSING)
    frame = pd.DataFrame({"text": texts})
    if name == "rows.txt":
        (tmp_path / name).write_text("\n".join(texts))
    elif name == "rows.jsonl":
        frame.to_json(tmp_path / name, orient="records", lines=True)
    else:
        frame.to_parquet(tmp_path / name)
    assert read_corpus(str(tmp_path / name)).documents == texts


# -- headers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [{}, {"text": "abstract"}, {"id": "SECRET" * 20}])
def test_a_document_in_the_header_s_place_is_not_printed_whole(
    tmp_path: Path, columns: dict[str, Any]
) -> None:
    path = tmp_path / "rows.csv"
    private = "I have told nobody, but since March the head of my department has been paid twice."
    path.write_bytes(written([["1", private], ["2", "Another."]], ","))
    with pytest.raises(UserError, match=r"the first row must be a header") as caught:
        read_corpus(str(path), **columns)
    assert private[:40] in str(caught.value)
    assert private[:42] not in str(caught.value)


def test_a_document_that_is_an_id_twice_is_not_printed_whole(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("text\n" + 2 * ("secret " * 20 + "\n"))
    with pytest.raises(UserError, match="occurs twice") as caught:
        read_corpus(str(path), text="text", id="text")
    assert "secret " * 7 not in str(caught.value)
