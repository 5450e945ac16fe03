"""Phrases of documents as label candidates."""

import time

from hypothesis import given
from hypothesis import strategies as st

from localtopics.labels.phrases import LONGEST, phrases

DOCUMENTS = [
    "We study kernel ridge regression with random features.",
    "Kernel ridge regression: fast rates, and a bound for deep networks",
    "On the eigenvalues of kernel matrices.",
]


def test_the_shared_phrase_comes_first() -> None:
    assert phrases(DOCUMENTS, ["kernel", "ridge", "regression"], 3)[0] == "kernel ridge regression"


def test_phrases_hold_a_keyword_and_no_stop_word() -> None:
    found = phrases(DOCUMENTS, ["kernel", "networks"], 50)
    assert "deep networks" in found
    assert all({"kernel", "networks"} & set(phrase.lower().split()) for phrase in found)
    assert not any({"for", "the", "of", "with"} & set(phrase.lower().split()) for phrase in found)


def test_phrases_do_not_cross_punctuation() -> None:
    assert "regression fast rates" not in phrases(DOCUMENTS, ["regression"], 50)
    assert phrases(["jazz, C++ and e.g. Rust"], ["c", "jazz", "rust"], 9) == ["jazz", "Rust"]


def test_numbers_possessives_and_names_of_code_are_no_phrases() -> None:
    text = "np.mean of the DataFrame's axis 29 axis 'axis' fit_axis 3-D axis"
    assert phrases([text], ["axis", "dataframe", "mean"], 9) == ["3-D axis", "axis"]


def test_words_keep_their_capitals() -> None:
    assert phrases(["the OFDM systems of BERTopic"], ["ofdm", "bertopic"], 9) == [
        "BERTopic",
        "OFDM",
        "OFDM systems",
    ]


@given(st.lists(st.text(max_size=80), max_size=4), st.integers(0, 5))
def test_any_text_gives_at_most_so_many_short_lines(documents: list[str], count: int) -> None:
    keywords = [word for document in documents for word in document.split()]
    found = phrases(documents, keywords, count)
    assert len(found) <= count
    assert all(0 < len(phrase.split()) <= LONGEST and "\n" not in phrase for phrase in found)


def test_a_huge_document_takes_no_longer() -> None:
    start = time.perf_counter()
    phrases(["kernel " * 2_000_000], ["kernel"], 16)
    assert time.perf_counter() - start < 1
