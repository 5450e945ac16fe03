"""JSON: where the objects are, names inside of objects, and files that are never held as a whole."""

import io
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localtopics.corpus import json_stream, read_corpus
from localtopics.corpus.blocks import read_blocks
from localtopics.corpus.json_stream import JsonStream
from localtopics.corpus.objects import value_at
from tests.corpus.tables import refusal

ROWS: list[dict[str, Any]] = [
    {"text": "one", "n": float("nan"), "x": {"y": "deep", "z": [{"k": "listed"}]}},
    {"text": "two", "x.y": "dotted"},
]
TABLE = pd.DataFrame({"text": ["one", "two"], "n": [1, 2]})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.json"


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(ROWS),
        "\ufeff \n" + json.dumps(ROWS, indent=2),
        json.dumps({"meta": {"n": [1, 2]}, "data": ROWS}),
        json.dumps({"authors": [{"name": "Doe"}], "data": ROWS}),
        json.dumps({"response": {"found": 2, "docs": ROWS}}),
        "\n".join(map(json.dumps, ROWS)),
        "\n".join(json.dumps(row, indent=2) for row in ROWS),
        json.dumps({"a": ROWS[0], "b": ROWS[1]}),
        json.dumps(["one", "two"]),
        json.dumps({"text": ["one", "two"], "n": [1, 2]}),
        *(TABLE.to_json(orient=orient) for orient in ("columns", "index", "split", "records", "table")),
    ],
)
def test_objects_are_found(path: Path, content: str) -> None:
    path.write_text(content, encoding="utf-8")
    assert read_corpus(path).documents == ["one", "two"]
    assert [block.rows for block in read_blocks(path, 1)] == [1, 1]


def test_a_list_is_chosen(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    path.write_text(json.dumps({"a": ROWS, "in": {"b": ROWS[1:]}, "c": [{"name": "x"}], "d": [1]}))
    assert refusal(path).endswith("holds the documents: 'a', 'in.b'.")
    assert read_corpus(path, table="in.b").documents == ["two"]
    assert "no list of objects 'd'; its lists are 'a', 'in.b', 'c'" in refusal(path, table="d")
    path.write_text(json.dumps({"c": [{"name": "x"}], "a": ROWS}))
    assert read_corpus(path).documents == ["one", "two"]
    assert "are its list 'a'" in caplog.text
    path.write_text(json.dumps(ROWS))
    assert "is itself a list" in refusal(path, table="a")


@pytest.mark.parametrize("ending", ["json", "jsonl"])
def test_names_inside_of_objects(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    path.write_text(json.dumps(ROWS) if ending == "json" else "\n".join(map(json.dumps, ROWS)))
    assert read_corpus(path, text="x.y", title="text").documents == ["deep", "dotted"]
    assert read_corpus(path, text="X.Y").documents == ["deep", "dotted"]
    assert read_corpus(path, group="x.z.0.k").groups == ["listed", ""]
    assert "no column 'x.q'; its columns are 'text', 'n', 'x', 'x.y', 'x.z'." in refusal(path, text="x.q")
    assert read_corpus(path).columns["x.y"].tolist()[1] == "dotted"


def test_what_stands_under_a_name() -> None:
    value = {"a.b": {"c": 1}, "a": {"b": {"c": 2, "d": 3}, "l": [[4], {"m": 5}]}, "n": None}
    assert value_at(value, "a.b.c") == 1
    assert value_at(value, "a.b.d") == 3
    assert value_at(value, "a.l.0.0") == 4
    assert value_at(value, "a.l.1.m") == 5
    assert [value_at(value, name) for name in ("n", "n.x", "a.l.9", "a.l.-1", "", ".", "a..b")] == [None] * 7


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("[]", "is empty: it holds no documents"),
        ("{}", "is empty: it holds no documents"),
        ('"text"', "is not a JSON object, and no list of such objects"),
        ("[1, 2]", "Element 1 of .* is not a JSON object"),
        ('[{"text": "a"}', r"not JSON near line 1 \(Expecting ',' or '\]'\)"),
        ('[{"text": "a"},\n]', r"not JSON near line 2 \(Expecting value\)"),
        ('[\n{"text": "a"}\n{"text": "b"}]', r"near line 3 \(Expecting"),
        ('[{"text": "a"}]\n[]', "something follows its end"),
        ('{"text": "a"} and more', r"Expecting value"),
        ('{"a": [{"text": "a"}], b: 1}', "Expecting value"),
        ("[" * 100_000, "too deep"),
        ('{"a": ' * 100_000, "too deep"),
        ("[" + "1" * 5000 + "]", "cannot be read: Exceeds the limit"),
    ],
)
def test_faulty_files(path: Path, content: str, sentence: str) -> None:
    path.write_text(content)
    with pytest.raises(Exception, match=sentence):
        read_corpus(path)
    assert refusal(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=40, deadline=None)
@given(values=st.lists(JSON, max_size=5), chunk=st.integers(1, 30), indent=st.sampled_from([None, 1]))
def test_pieces_are_the_whole(values: list[Any], chunk: int, indent: int | None) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_stream, "_CHUNK", chunk)
        file = io.StringIO(json.dumps(values, indent=indent, ensure_ascii=chunk % 2 == 0))
        stream = JsonStream(file, Path("a.json"))
        assert list(stream.elements()) == values
        stream.end()
