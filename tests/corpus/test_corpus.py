"""Documents from Python: what is kept, what is dropped, what is refused."""

import math
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from localtopics.corpus import Corpus
from localtopics.errors import UserError


def test_documents_from_python() -> None:
    when = pd.to_datetime(pd.Series(["2020-01-01"] * 3 + [None]))
    frame = pd.DataFrame({"text": ["a", None, "b", "c"], "when": when})
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
def test_unusable_documents(arguments: dict[str, Any], sentence: str) -> None:
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
        Corpus.from_documents(["ab", "c"], groups=["x", "y"]),
        Corpus.from_documents(["c", "ab"]),
    ]
    assert len({corpus.digest for corpus in corpora}) == len(corpora)
    assert corpora[0].digest == Corpus.from_documents(["ab", "c"], source="elsewhere").digest


def test_other_columns_are_no_part_of_the_digest_and_groups_only_where_there_are_any() -> None:
    plain = Corpus.from_documents(["ab", "c"], times=["x", "y"])
    assert plain.digest == Corpus.from_documents(["ab", "c"], times=["x", "y"], columns={"n": [1, 2]}).digest
    assert plain.digest == Corpus.from_documents(["ab", "c"], times=["x", "y"], groups=["", None]).digest
    before = "c9468eeee6b869d9cdd1c054"
    assert plain.digest.startswith(before)  # what 0.1.0 gave it


def test_groups_and_other_columns_keep_to_their_documents(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    corpus = Corpus.from_documents(
        ["a", "", "b"],
        groups=["x", "y", None],
        columns={
            "number": [1, 2, None],
            "share": np.array([0.5, 1, math.nan]),
            "yes": [True, False, None],
            "when": [datetime(2020, 1, 2), None, datetime(2021, 1, 2)],
            "mixed": [1, "b", "c"],
            "nested": [{"a": [1, "ü"]}, None, [None]],
            "large": [2**70, 1, 2],
            "bytes": [b"x", b"y", None],
            "half \ud800": ["\ud800", "", ""],
        },
    )
    assert corpus.groups == ["x", ""]
    kept = {name: (str(column.dtype), column.tolist()) for name, column in corpus.columns.items()}
    assert kept == {
        "number": ("Int64", [1, pd.NA]),
        "share": ("Float64", [0.5, pd.NA]),
        "yes": ("boolean", [True, pd.NA]),
        "when": ("datetime64[us]", [pd.Timestamp(2020, 1, 2), pd.Timestamp(2021, 1, 2)]),
        "mixed": ("string", ["1", "c"]),
        "nested": ("string", ['{"a": [1, "ü"]}', "[null]"]),
        "large": ("string", [str(2**70), "2"]),
        "half ?": ("string", ["?", ""]),
    }
    assert "not kept, since they are binary: 'bytes'" in caplog.text


def test_headline() -> None:
    long = "word " * 100
    corpus = Corpus.from_documents(
        [long, "x\ny\0\x1b[31m z", "a", "b" * 300], titles=["", None, "A\ntitle", ""]
    )
    assert corpus.headline(0) == ("word " * 16).strip() + "…"
    assert corpus.headline(1) == "x y [31m z"
    assert corpus.headline(2) == "A title"
    assert corpus.headline(3) == "b" * 80 + "…"
