"""A GGUF's tokenizer."""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from localtopics.gguf import read_info
from localtopics.llama.api import llama, load_model


class Vocabulary:
    """The tokenizer of a loaded llama_model. ``Vocabulary.open(path)`` loads nothing else of the file."""

    def __init__(self, model: Any) -> None:
        lib = llama()
        self._handle = lib.llama_model_get_vocab(model)
        bos, eos = lib.llama_vocab_bos(self._handle), lib.llama_vocab_eos(self._handle)
        self.bos: int | None = None if bos < 0 else bos
        self.eos: int | None = None if eos < 0 else eos
        self.opens: bool = lib.llama_vocab_get_add_bos(self._handle)
        """Whether the model expects BOS at the start of every text."""
        self.size: int = lib.llama_vocab_n_tokens(self._handle)
        template = lib.llama_model_chat_template(model, None)
        self.chat_template: str | None = template.decode("utf-8", "replace") if template else None
        self.architecture = _metadata(model, b"general.architecture")
        self.family = _metadata(model, b"tokenizer.ggml.model")
        """The kind of tokenizer as GGUF names it: "llama" (SentencePiece), "gpt2" (byte-level BPE), …"""
        self._pieces: dict[int, bytes] = {}
        self.close = weakref.finalize(self, lib.llama_model_free, model)
        """Free the model."""

    @property
    def _vocab(self) -> Any:
        if not self.close.alive:
            raise RuntimeError("the model has been closed")
        return self._handle

    @classmethod
    def open(cls, path: Path) -> Self:
        """The tokenizer of a GGUF, without its weights.

        Raises:
            UserError: the file is no GGUF that llama.cpp can read.
        """
        read_info(path, vocabulary_only=True)
        return cls(load_model(path, vocabulary_only=True))

    def encode(self, text: str, *, special: bool) -> list[int]:
        """Tokens of a text, never with BOS or EOS around it.

        With ``special``, names of special tokens in the text become those tokens; without, they stay text.
        """
        lib = llama()
        data = text.encode("utf-8", "replace")
        room = len(data) + 8
        tokens = (ctypes.c_int32 * room)()
        count = lib.llama_tokenize(self._vocab, data, len(data), tokens, room, False, special)
        if count < 0:
            tokens = (ctypes.c_int32 * -count)()
            count = lib.llama_tokenize(self._vocab, data, len(data), tokens, -count, False, special)
        return list(tokens[:count])

    def decode(self, tokens: Sequence[int], *, special: bool = False) -> str:
        """The text of tokens; special tokens are left out, or with ``special`` written by name."""
        lib = llama()
        array = (ctypes.c_int32 * len(tokens))(*tokens)
        room = 16 * len(tokens) + 16
        buffer = ctypes.create_string_buffer(room)
        size = lib.llama_detokenize(self._vocab, array, len(tokens), buffer, room, False, special)
        if size < 0:
            buffer = ctypes.create_string_buffer(-size)
            size = lib.llama_detokenize(self._vocab, array, len(tokens), buffer, -size, False, special)
        return buffer.raw[:size].decode("utf-8", "replace")

    def piece(self, token: int) -> bytes:
        """The bytes that a generated token adds to a text; none for special tokens."""
        if token not in self._pieces:
            lib = llama()
            buffer = ctypes.create_string_buffer(64)
            size = lib.llama_token_to_piece(self._vocab, token, buffer, len(buffer), 0, False)
            if size < 0:
                buffer = ctypes.create_string_buffer(-size)
                size = lib.llama_token_to_piece(self._vocab, token, buffer, len(buffer), 0, False)
            self._pieces[token] = buffer.raw[:size]
        return self._pieces[token]

    def is_end(self, token: int) -> bool:
        """Whether the token ends a turn (end of sequence, end of turn)."""
        return bool(llama().llama_vocab_is_eog(self._vocab, token))


def _metadata(model: Any, key: bytes) -> str:
    buffer = ctypes.create_string_buffer(64)
    llama().llama_model_meta_val_str(model, key, buffer, len(buffer))
    return buffer.value.decode("utf-8", "replace")
