"""A corpus and documents that came later: what is new, and what each is called."""

import pandas as pd
import pytest

from localtopics.corpus import Corpus
from localtopics.corpus.growing import grown
from localtopics.errors import UserError

OLD = ["one", "two", "three"]


def test_numbers_go_on_where_there_are_no_ids() -> None:
    joined = grown(Corpus.from_documents(OLD), Corpus.from_documents(["four", "five"]))
    assert joined.corpus.ids == ["0", "1", "2", "3", "4"]
    assert joined.corpus.documents == [*OLD, "four", "five"]
    assert joined.added.tolist() == [0, 1]


def test_a_file_that_grew_gives_its_new_lines() -> None:
    joined = grown(Corpus.from_documents(OLD), Corpus.from_documents([*OLD, "four"]))
    assert joined.corpus.ids == ["0", "1", "2", "3"]
    assert joined.added.tolist() == [3]


def test_known_documents_are_left_out() -> None:
    old = Corpus.from_documents(OLD, ids=["a", "b", "c"])
    joined = grown(old, Corpus.from_documents(["three", "four"], ids=["c", "d"]))
    assert joined.corpus.ids == ["a", "b", "c", "d"]
    assert joined.added.tolist() == [1]
    with pytest.raises(UserError, match=r"All 2 documents of .* are in the run already"):
        grown(old, Corpus.from_documents(["two", "one"], ids=["b", "a"]))


@pytest.mark.parametrize("numbers", [False, True])
def test_an_id_of_another_text_is_a_sentence(numbers: bool) -> None:
    """Numbers in a column of ids are ids, and no row numbers."""
    ids = ["7", "8", "9"] if numbers else ["a", "b", "c"]
    old, later = Corpus.from_documents(OLD, ids=ids), Corpus.from_documents(["four"], ids=[ids[1]])
    with pytest.raises(UserError, match=f"The document '{ids[1]}' of .* has another text than in the run"):
        grown(old, later)


def test_columns_are_those_of_both() -> None:
    old = Corpus.from_documents(OLD, ids=["a", "b", "c"], times=["2020", "2021", "2022"])
    old.columns["only old"] = pd.Series([1, 2, 3])
    later = Corpus.from_documents(["four"], ids=["d"], titles=["Four"])
    later.columns["only new"] = pd.Series(["x"])
    corpus = grown(old, later).corpus
    assert corpus.times == ["2020", "2021", "2022", ""]
    assert corpus.titles == ["", "", "", "Four"]
    assert corpus.groups is None
    assert corpus.columns["only old"].tolist()[:3] == [1, 2, 3]
    assert corpus.columns["only old"].isna().tolist() == [False, False, False, True]
    assert corpus.columns["only new"].isna().tolist() == [True, True, True, False]
