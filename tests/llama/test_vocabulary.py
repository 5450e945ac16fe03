"""Tokens of texts and texts of tokens, as llama.cpp makes them."""

from pathlib import Path

import pytest
from sentencepiece import SentencePieceProcessor

from localtopics.errors import UserError
from localtopics.llama.engine import Engine, Vocabulary
from tests.varied import varied


def test_vocabulary_encodes_llama_2s_chat_format(metas_vocabulary: Path) -> None:
    vocabulary = Vocabulary.open(metas_vocabulary)
    assert (vocabulary.bos, vocabulary.eos, vocabulary.family, vocabulary.size) == (1, 2, "llama", 32000)
    tokens = vocabulary.encode("[INST] <<SYS>>\nYou are a helpful", special=True)
    assert tokens == [518, 25580, 29962, 3532, 14816, 29903, 6778, 13, 3492, 526, 263, 8444]
    assert vocabulary.encode("</s>", special=True) == [2]
    assert 2 not in vocabulary.encode("</s>", special=False)
    assert vocabulary.decode(vocabulary.encode("naïve 🙂 text", special=False)).strip() == "naïve 🙂 text"
    assert vocabulary.decode([1, 518, 2]).strip() == "["
    assert vocabulary.decode([1, 518, 2], special=True) == "<s> [</s>"
    assert vocabulary.is_end(2)
    assert not vocabulary.is_end(518)
    assert vocabulary.piece(2) == b""
    assert vocabulary.encode("", special=False) == []
    assert vocabulary.encode("\udc80 lone surrogate", special=False)
    vocabulary.close()


def test_llama_cpp_tokenises_as_sentencepiece_does(sentencepiece: Path) -> None:
    vocabulary = Vocabulary.open(sentencepiece)
    processor = SentencePieceProcessor(model_file=str(sentencepiece.with_suffix(".model")))
    strings = varied(1000)
    differing = [s for s in strings if vocabulary.encode(s, special=False) != processor.encode(s)]
    assert len(set(strings)) > 950
    assert differing == []


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + bytes(100))
    for load in (Engine, Vocabulary.open):
        with pytest.raises(UserError, match=r"broken\.gguf"):
            load(broken)


def test_what_is_longer_than_expected_comes_whole(story: Path) -> None:
    vocabulary = Vocabulary.open(story)
    text = "Once upon a time 数 " * 400
    tokens = vocabulary.encode(text, special=False)
    assert vocabulary.decode(tokens).strip() == text.strip()
    assert b"".join(map(vocabulary.piece, tokens)).decode().strip() == text.strip()


def test_a_vocabulary_that_was_closed_says_so(story: Path) -> None:
    vocabulary = Vocabulary.open(story)
    assert vocabulary.is_end(2)
    vocabulary.close()
    vocabulary.close()
    assert vocabulary.closed
    for use in (
        lambda: vocabulary.encode("a", special=False),
        lambda: vocabulary.decode([5]),
        lambda: vocabulary.is_end(2),
    ):
        with pytest.raises(RuntimeError, match="the model has been closed"):
            use()
