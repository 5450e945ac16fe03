"""Which column holds what."""

from pathlib import Path

import pandas as pd
import pytest

from localtopics.corpus import read_corpus
from tests.corpus.tables import WRITERS, refusal


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
