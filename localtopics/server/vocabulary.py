"""How prompts for a server are counted and kept: as bytes, since nobody here knows its tokens."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from localtopics.llama.chat import Message

_ROLES = ("system", "user", "assistant")
_NAMES = {f"<|{role}|>": 256 + place for place, role in enumerate(_ROLES)}
"""What opens a turn, by name."""
BYTES_A_TOKEN = 4
"""Of UTF-8: about what most vocabularies take for a token of English, and more than they take for others."""


class ServerVocabulary:
    """A `localtopics.llama.chat.Tokenizer` whose tokens are bytes, and a mark before each turn.

    The server puts the turns into its model's chat format.
    """

    bos = eos = None
    opens = False
    architecture = family = "server"
    chat_template = (
        "{% for message in messages %}<|{{ message.role }}|>{{ message.content }}{% endfor %}<|assistant|>"
    )
    granularity = BYTES_A_TOKEN

    def encode(self, text: str, *, special: bool) -> list[int]:
        """The bytes of a text; with ``special`` the names of marks in it become these."""
        if not special:
            return list(text.encode("utf-8", "replace"))
        tokens: list[int] = []
        while found := [(text.find(name), name) for name in _NAMES if name in text]:
            place, name = min(found)
            tokens += [*text[:place].encode("utf-8", "replace"), _NAMES[name]]
            text = text[place + len(name) :]
        return [*tokens, *text.encode("utf-8", "replace")]

    def decode(self, tokens: Sequence[int], *, special: bool = False) -> str:
        """The text of tokens; marks are left out, or with ``special`` written by name."""
        names = {mark: name.encode() for name, mark in _NAMES.items()} if special else {}
        return b"".join(names.get(token) or self.piece(token) for token in tokens).decode("utf-8", "replace")

    def piece(self, token: int) -> bytes:
        """The byte; nothing for a mark."""
        return bytes([token]) if token < 256 else b""

    def messages(self, tokens: Sequence[int]) -> list[Message]:
        """The turns of a prompt, without what is begun of the answer."""
        starts = [place for place, token in enumerate(tokens) if token >= 256]
        return [
            Message(_ROLES[tokens[start] - 256], self.decode(tokens[start:end]))
            for start, end in pairwise(starts)
        ]
