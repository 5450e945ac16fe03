"""Chat formats: what a model was trained to read around the turns of a dialog.

Llama 2's is written here, as Meta's reference makes it (llama/generation.py, ``chat_completion``); every
other family's comes from the Jinja template in the GGUF's own metadata, rendered as ``apply_chat_template``
of transformers does. A base model, which has no template and was never taught to answer, is given a plain
text to continue.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from localtopics.errors import UserError
from localtopics.llama.template import render

ChatFormat = Literal["auto", "llama-2", "plain", "template"]
"""How a model is asked; "auto" leaves it to the metadata of the model."""

BRACKETS = "[]<>〈〉"
"""Each control token of every chat family known holds one of these."""

ANSWER = "Answer:"
"""What stands before each answer in a plain text."""

THOUGHT = "<think>"
"""What opens a thought in the turns of Qwen3, DeepSeek-R1 and most other models that reason."""
THOUGHT_END = "</think>"
"""What closes it."""
NO_THOUGHT = f"{THOUGHT}\n\n{THOUGHT_END}\n\n"
"""A thought without words, as Qwen3's template writes it to switch thinking off: the answer comes at once."""

_SLOT = f"slot{secrets.token_hex(16)}"
"""No template or text can hold this."""


class Tokenizer(Protocol):
    """A model's vocabulary, as prompts need it; `localtopics.llama.vocabulary.Vocabulary` is one."""

    @property
    def bos(self) -> int | None:
        """The token that opens a text, if the vocabulary has one."""
        ...

    @property
    def eos(self) -> int | None:
        """The token that closes a text, if the vocabulary has one."""
        ...

    @property
    def opens(self) -> bool:
        """Whether the model expects that token at the start of every text."""
        ...

    @property
    def architecture(self) -> str:
        """The model's family as GGUF's ``general.architecture`` names it, such as "llama" or "gemma3"."""
        ...

    @property
    def family(self) -> str:
        """The tokenizer's kind, GGUF's ``tokenizer.ggml.model``: "llama" is SentencePiece, "gpt2" is BPE."""
        ...

    @property
    def chat_template(self) -> str | None:
        """The Jinja chat template in the GGUF's metadata."""
        ...

    @property
    def granularity(self) -> int:
        """How many of its tokens count as one where lengths are set in tokens: 1, but for bytes."""
        ...

    def encode(self, text: str, *, special: bool) -> list[int]:
        """The tokens of ``text``, without BOS and EOS; ``special``: control tokens are known by name."""
        ...

    def decode(self, tokens: Sequence[int], *, special: bool = False) -> str:
        """About the text of ``tokens``; control tokens are left out, or written by name where ``special``."""
        ...

    def piece(self, token: int) -> bytes:
        """What one token adds to a text, in UTF-8; nothing for a control token."""
        ...


class Message(NamedTuple):
    """One turn of a dialog; ``role`` is "system", "user" or "assistant"."""

    role: str
    content: str


@dataclass(frozen=True)
class Arrangement:
    """A dialog in a model's chat format."""

    pieces: tuple[int | str, ...]
    """Control tokens, and texts that are encoded each by itself, with special tokens on."""
    marks: tuple[str, ...]
    """Words by which the format marks roles without any bracket, such as "USER:" or "###"."""


def chosen_format(tokenizer: Tokenizer, asked: ChatFormat = "auto") -> ChatFormat:
    """The format in which the tokenizer's model is asked: "auto" leaves the choice to its metadata.

    Raises:
        UserError: "template" is asked for where the model has none.
    """
    template = tokenizer.chat_template
    if asked == "template" and template is None:
        raise UserError(
            "The model's GGUF has no chat template: choose llama-2 or plain as its chat format.",
            arguments=["chat_format"],
        )
    if asked != "auto":
        return asked
    if template is not None:
        return "llama-2" if "[INST]" in template and "<<SYS>>" in template else "template"
    return "llama-2" if tokenizer.architecture == tokenizer.family == "llama" else "plain"


def can_think(tokenizer: Tokenizer, chat_format: ChatFormat = "auto") -> bool:
    """Whether the tokenizer's model is asked by a chat template that knows of thoughts."""
    asked = chosen_format(tokenizer, chat_format) == "template"
    return asked and THOUGHT_END in (tokenizer.chat_template or "")


def arrange(
    dialog: Sequence[Message],
    tokenizer: Tokenizer,
    chat_format: ChatFormat = "auto",
    thinking: bool = False,
) -> Arrangement:
    """Put ``dialog`` into a chat format of the tokenizer's model, ready for the assistant's next answer.

    Args:
        dialog: a system message or none, then user and assistant in turn, user last.
        thinking: whether the model may think before it answers; of no use where it cannot.

    Raises:
        UserError: as `chosen_format`, or the chat template fails or does not show the whole dialog.
    """
    dialog = [Message(role, content.strip()) for role, content in dialog]
    chosen = chosen_format(tokenizer, chat_format)
    return _FORMATS[chosen](dialog, tokenizer, thinking)


def _plain(dialog: Sequence[Message], tokenizer: Tokenizer, thinking: bool) -> Arrangement:
    """A text that the assistant's answer continues."""
    heads = {"system": "", "user": "", "assistant": f"{ANSWER} "}
    ends = {"system": "\n\n", "user": "\n", "assistant": "\n\n"}
    text = "".join(heads[role] + content + ends[role] for role, content in dialog)
    bos = [tokenizer.bos] if tokenizer.opens and tokenizer.bos is not None else []
    return Arrangement((*bos, text + ANSWER), (ANSWER,))


def _llama2(dialog: Sequence[Message], tokenizer: Tokenizer, thinking: bool) -> Arrangement:
    """BOS opens each turn and EOS closes each finished one; all marks between them are ordinary text."""
    if dialog[0].role == "system":
        (_, system), (_, user), *rest = dialog
        dialog = [Message("user", f"<<SYS>>\n{system}\n<</SYS>>\n\n{user}"), *rest]
    pieces: list[int | str | None] = []
    for question, answer in zip(dialog[:-1:2], dialog[1::2], strict=True):
        pieces += [tokenizer.bos, f"[INST] {question.content} [/INST] {answer.content} ", tokenizer.eos]
    pieces += [tokenizer.bos, f"[INST] {dialog[-1].content} [/INST]"]
    return Arrangement(tuple(piece for piece in pieces if piece is not None), marks=())


def _templated(dialog: Sequence[Message], tokenizer: Tokenizer, thinking: bool) -> Arrangement:
    """What the model's own chat template makes of the dialog, each fault of it a `UserError`."""
    template = tokenizer.chat_template or ""
    bos, eos = (
        "" if token is None else tokenizer.decode([token], special=True)
        for token in (tokenizer.bos, tokenizer.eos)
    )
    forms = [dialog, _without_system(dialog)] if dialog[0].role == "system" else [dialog]
    reason = ""
    renderings = render(template, tuple(map(tuple, forms)), bos, eos, thinking)
    for form, (text, fault) in zip(forms, renderings, strict=True):
        frame = None if text is None else _frame(text, form)
        if text is None or frame is None:
            reason = reason or fault or "it leaves out a part of the dialog"
            continue
        # SentencePiece models expect it
        opened = tokenizer.family == "llama" or (bos and text.startswith(bos))
        head = (tokenizer.bos,) if opened and tokenizer.bos is not None else ()
        words = set(re.split(rf"[\s{re.escape(BRACKETS)}]+", frame))
        marks = {word for word in words if len(word) > 1 and re.fullmatch(r"\W+|.*:", word)}
        text = text.removeprefix(bos)
        return Arrangement((*head, text if thinking else _without_thought(text)), tuple(sorted(marks)))
    raise UserError(
        f"The chat template in the model's GGUF does not work ({reason}): "
        "choose another model, or plain as the chat format of this one.",
        arguments=["model", "chat_format"],
    )


_FORMATS: dict[ChatFormat, Callable[[Sequence[Message], Tokenizer, bool], Arrangement]] = {
    "llama-2": _llama2,
    "plain": _plain,
    "template": _templated,
}
"""Chat format to what arranges a dialog in it."""


def _without_system(dialog: Sequence[Message]) -> list[Message]:
    """The same for a model that knows no system role."""
    (_, system), (role, user), *rest = dialog
    return [Message(role, f"{system}\n\n{user}"), *rest]


def _without_thought(text: str) -> str:
    """``text`` with the thought closed that a template opens although it was told not to."""
    opened = text.rstrip()
    return opened.removesuffix(THOUGHT) + NO_THOUGHT if opened.endswith(THOUGHT) else text


def _frame(text: str, dialog: Sequence[Message]) -> str | None:
    """``text`` without the dialog's own words; None where a message is not there, or not in its place."""
    frame = ""
    for _, content in dialog:
        before, found, text = text.partition(content)
        if not found:
            return None
        frame += before + "\n"
    return frame + text


class Frame:
    """The tokens of a chat format and of all words that are the same in every prompt, with slots in between.

    They are tokenised with special tokens on. What fills a slot is tokenised by itself (`follow`) and spliced
    in, so the frame's tokens are the same whatever that is. For plain text the result equals tokenising the
    whole at once, but where a tokenizer joins characters across a slot's end, as Llama 3's does with ".\\n".

    Args:
        dialog: the turns; the last holds each of ``slots`` once.
        slots: what stands where something goes in, such as "[DOCUMENTS]".
        chat_format: the format around the turns.
        thinking: as for `arrange`.

    Raises:
        UserError: as `arrange`.
    """

    def __init__(
        self,
        dialog: Sequence[Message],
        slots: Sequence[str],
        tokenizer: Tokenizer,
        chat_format: ChatFormat = "auto",
        thinking: bool = False,
    ) -> None:
        names = {f"{_SLOT}{number}": slot for number, slot in enumerate(slots)}
        *turns, (role, content) = dialog
        for name, slot in names.items():
            content = content.replace(slot, name)
        arrangement = arrange([*turns, Message(role, content)], tokenizer, chat_format, thinking)
        self.marks = arrangement.marks
        self.leads: dict[str, str] = {}
        """For each slot the space before it, or "": it belongs to the first token of what fills the slot."""
        self._parts: list[list[int] | str] = []
        for piece in arrangement.pieces:
            if isinstance(piece, int):
                self._parts.append([piece])
                continue
            first, *rest = re.split(f"( ?)({'|'.join(names)})", piece)
            self._parts.append(tokenizer.encode(first, special=True))
            for lead, name, text in zip(rest[::3], rest[1::3], rest[2::3], strict=True):
                self.leads[names[name]] = lead
                self._parts += [names[name], follow(text, tokenizer, special=True)]
        if sum(isinstance(part, str) for part in self._parts) != len(slots):
            raise UserError("The chat template in the model's GGUF repeats the dialog: choose another model.")
        self.length = len(self.filled({slot: [] for slot in slots}))

    def filled(self, content: Mapping[str, Sequence[int]]) -> tuple[int, ...]:
        """The whole prompt's tokens with those of ``content`` in the slots."""
        tokens: list[int] = []
        for part in self._parts:
            tokens += content[part] if isinstance(part, str) else part
        return tuple(tokens)


def follow(text: str, tokenizer: Tokenizer, *, special: bool) -> list[int]:
    """The tokens of ``text`` where it stands behind other text: SentencePiece adds a space to what begins."""
    for anchor in ("\n", "x"):
        head = tokenizer.encode(anchor, special=False)
        whole = tokenizer.encode(anchor + text, special=special)
        if whole[: len(head)] == head:
            return whole[len(head) :]
    return tokenizer.encode(text, special=special)


def spell(tokens: Sequence[int], tokenizer: Tokenizer) -> str:
    """The exact text of ``tokens``, with control tokens by name; decoding would tidy up its spaces."""
    pieces = (tokenizer.piece(token) or tokenizer.decode([token], special=True).encode() for token in tokens)
    return b"".join(pieces).decode("utf-8", "replace")
