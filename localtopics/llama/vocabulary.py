"""A GGUF's tokenizer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

from localtopics.gguf import read_info
from localtopics.llama.api import LlamaModel


class Vocabulary:
    """The tokenizer of a loaded model. ``Vocabulary.open(path)`` loads nothing else of the file."""

    granularity = 1

    def __init__(self, model: LlamaModel) -> None:
        self._model = model
        self._pieces: dict[int, bytes] = {}
        self.bos = model.bos
        """The token that opens a text, if the vocabulary has one."""
        self.eos = model.eos
        """The token that closes a text, if the vocabulary has one."""
        self.opens = model.adds_bos
        """Whether the model expects BOS at the start of every text."""
        self.size = model.size
        """The number of tokens."""
        self.chat_template = model.chat_template
        """The Jinja chat template in the GGUF's metadata."""
        self.architecture = model.metadata("general.architecture")
        """The model's family, such as "llama" or "gemma3"."""
        self.family = model.metadata("tokenizer.ggml.model")
        """The kind of tokenizer as GGUF names it: "llama" (SentencePiece), "gpt2" (byte-level BPE), …"""

    @classmethod
    def open(cls, path: Path) -> Self:
        """The tokenizer of a GGUF, without its weights.

        Raises:
            UserError: the file is no GGUF that llama.cpp can read.
        """
        read_info(path, vocabulary_only=True)
        return cls(LlamaModel(path, vocabulary_only=True))

    @property
    def closed(self) -> bool:
        """Whether the model has been freed."""
        return self._model.closed

    def close(self) -> None:
        """Free the model; encoding and decoding then raise RuntimeError."""
        self._model.close()

    def encode(self, text: str, *, special: bool) -> list[int]:
        """Tokens of a text, never with BOS or EOS around it.

        With ``special``, names of special tokens in the text become those tokens; without, they stay text.
        """
        return self._model.tokenize(text.encode("utf-8", "replace"), special=special)

    def decode(self, tokens: Sequence[int], *, special: bool = False) -> str:
        """The text of tokens; special tokens are left out, or with ``special`` written by name."""
        return self._model.detokenize(tokens, special=special).decode("utf-8", "replace")

    def piece(self, token: int) -> bytes:
        """The bytes that a generated token adds to a text; none for special tokens."""
        if token not in self._pieces:
            self._pieces[token] = self._model.piece(token)
        return self._pieces[token]

    def is_end(self, token: int) -> bool:
        """Whether the token ends a turn (end of sequence, end of turn)."""
        return self._model.is_end(token)
