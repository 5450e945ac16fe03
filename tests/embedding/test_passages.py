"""Long documents in passages, by the tokenizer of the built-in model."""

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from localtopics.embedding import Embedder, EmbeddingModel, choose_model
from localtopics.embedding.embedder import _window
from localtopics.embedding.passages import MOST_PASSAGES, Passages, _cuts
from tests.embedding.test_embedder import TEXTS

LONG = "\n\n".join(TEXTS)


def test_fewer_tokens_make_no_more_passages(
    embedder: Embedder, model: EmbeddingModel, tmp_path: Path
) -> None:
    fast = Embedder(choose_model(model.name, 64), tmp_path)
    assert fast.split([LONG, "Short."]).texts == embedder.split([LONG, "Short."]).texts


def tokens(model: EmbeddingModel, text: str) -> int:
    window = _window(model)
    assert window is not None
    return len(window.tokenizer.encode(text, add_special_tokens=False).ids)


def test_the_window_is_what_the_model_reads(model: EmbeddingModel) -> None:
    window = _window(model)
    assert window is not None
    assert window.tokens == 254  # and two that it puts around


def test_passages_hold_the_whole_text_and_fit_the_model(embedder: Embedder, model: EmbeddingModel) -> None:
    found = embedder.split(["Three words here.", LONG, "Last."])
    assert found.split.tolist() == [1]
    assert [found.texts[0], found.texts[-1]] == ["Three words here.", "Last."]
    own = found.texts[found.of(1)]
    assert " ".join(own).split() == LONG.split()
    counts = [tokens(model, text) for text in own]
    assert counts == found.tokens[found.of(1)].tolist()
    assert max(counts) <= 254
    assert min(counts) >= 254 // 4
    assert [LONG[a:b] for a, b in zip(found.start[found.of(1)], found.end[found.of(1)], strict=True)] == own


def test_what_fits_is_not_touched(embedder: Embedder, model: EmbeddingModel) -> None:
    fits = "word " * 254 + " \n"
    found = embedder.split([fits, fits + "word"])
    assert found.texts[0] == fits
    assert found.split.tolist() == [1]
    assert found.tokens.tolist()[0] == 254
    assert sum(found.tokens.tolist()[1:]) == 255


def test_paragraphs_go_before_sentences_and_these_before_words(embedder: Embedder) -> None:
    sentences = [f"This is sentence number {number} of a long text." for number in range(60)]
    (first, *_), own = ends(embedder, " ".join(sentences))
    assert first.endswith("text.")
    assert all(text.endswith("text.") for text in own)
    text = "\n\n".join(" ".join(sentences[start : start + 20]) for start in range(0, 60, 20))
    (first, *_), own = ends(embedder, text)
    assert first == " ".join(sentences[:20])
    assert len(own) == 3
    _, own = ends(embedder, " ".join(f"word{number}" for number in range(500)))
    assert all(re.fullmatch(r"word\d+( word\d+)*", text) for text in own)


def ends(embedder: Embedder, text: str) -> tuple[list[str], list[str]]:
    own = embedder.split([text]).texts
    return own[:1], own


def test_texts_without_spaces_are_split_too(embedder: Embedder) -> None:
    found = embedder.split(["音声認識の研究です。" * 100, "x" * 1_000_000, "音" * 1000])
    assert "".join(found.texts[found.of(0)]) == "音声認識の研究です。" * 100
    assert all(text.endswith("。") for text in found.texts[found.of(0)])
    assert len(found.texts[found.of(1)]) == 1  # one word, which the model does not know
    assert "".join(found.texts[found.of(2)]) == "音" * 1000


def test_of_a_very_long_document_so_many_passages_are_taken_evenly(embedder: Embedder) -> None:
    text = " ".join(f"Sentence {number} says something." for number in range(50_000))
    found = embedder.split([text])
    assert len(found.texts) == MOST_PASSAGES
    gaps = np.diff(found.start)
    assert (gaps > 0).all()
    assert gaps.max() < 2.5 * np.median(gaps)
    assert found.end[-1] == len(text)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=400), st.integers(1, 50))
def test_cuts_leave_no_passage_too_long_or_too_short(strengths: list[int], window: int) -> None:
    bounds = [*_cuts(np.array(strengths), window), len(strengths)]
    lengths = [end - start for start, end in pairwise(bounds)]
    assert sum(lengths) == len(strengths)
    assert max(lengths) <= window
    assert len(lengths) == 1 or min(lengths) >= max(1, window // 4)


def test_whole_documents_are_passages() -> None:
    found = Passages.whole(["one", "", "three"])
    assert found.split.tolist() == []
    assert found.end.tolist() == [3, 0, 5]
