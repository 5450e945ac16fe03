"""Qwen2's byte-level byte-pair tokenizer, whole or with a part of its pieces."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from recipe import CLOSE, END, OPEN, TEMPLATE
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers

SPECIAL = (CLOSE, OPEN, END)
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""What llama.cpp calls the pre-tokenizer "qwen2"."""
_PRINTABLE = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
BYTES = {chr(byte): byte for byte in _PRINTABLE} | {
    chr(256 + number): byte for number, byte in enumerate(sorted({*range(256)} - {*_PRINTABLE}))
}
"""The character that stands for a byte in pieces, to the byte."""


def tokenizer(pieces: Sequence[str], merges: Sequence[tuple[str, str]]) -> Tokenizer:
    """A tokenizer of pieces, in the order of their ids and the special ones among them, and of merges.

    Nothing is normalised, since llama.cpp does not.
    """
    ids = {piece: number for number, piece in enumerate(pieces)}
    made = Tokenizer(models.BPE(vocab=ids, merges=list(merges)))
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens(list(SPECIAL))
    return made


@dataclass(frozen=True)
class BytePairs:
    """A tokenizer as prompts need it, before there is a GGUF to open."""

    path: Path
    opens: bool = False
    granularity: int = 1
    architecture: str = "qwen2"
    family: str = "gpt2"
    chat_template: str = TEMPLATE

    @cached_property
    def special(self) -> Tokenizer:
        """Knows special tokens by their names in a text."""
        return Tokenizer.from_file(str(self.path))

    @cached_property
    def plain(self) -> Tokenizer:
        """Takes every name of a special token for text."""
        made = Tokenizer.from_file(str(self.path))
        made.encode_special_tokens = True
        return made

    @cached_property
    def bos(self) -> int:
        """The whole model has a token of this name, and no text begins with it."""
        return self.id(CLOSE)

    @cached_property
    def eos(self) -> int:
        """What ends an answer."""
        return self.id(END)

    @cached_property
    def close(self) -> int:
        """What ends a text."""
        return self.id(CLOSE)

    def id(self, piece: str) -> int:
        """The token of a piece."""
        found = self.plain.token_to_id(piece)
        assert found is not None, piece
        return int(found)

    def __len__(self) -> int:
        return int(self.plain.get_vocab_size())

    def encode(self, text: str, *, special: bool) -> list[int]:
        """The tokens of `text`."""
        tokens: list[int] = (self.special if special else self.plain).encode(text).ids
        return tokens

    def decode(self, tokens: Sequence[int], *, special: bool = False) -> str:
        """The text of `tokens`."""
        text: str = self.plain.decode(list(tokens), skip_special_tokens=not special)
        return text

    def piece(self, token: int) -> bytes:
        """What one token adds to a text."""
        piece = self.plain.id_to_token(token)
        return b"" if piece is None or piece in SPECIAL else bytes(BYTES[character] for character in piece)
