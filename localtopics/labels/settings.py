"""What can be chosen about labelling."""

import re
from dataclasses import dataclass
from typing import Literal

from localtopics.checked import Checked, setting
from localtopics.languages import is_called_english
from localtopics.llama.chat import ChatFormat
from localtopics.llama.schedule import MOST_CANDIDATES

LabelCase = Literal["title", "sentence", "keep"]
"""Which words of a name begin with a capital; "keep": those that the model wrote so."""
NO_MODEL = "none"
"""As a model's name: keywords name the topics."""
DOCUMENT_TOKENS = 45
"""The most tokens of one document that a model is shown that does not say otherwise."""
ANSWER_TOKENS = 32
"""The most tokens of an answer; eight words of English take about sixteen."""
THOUGHT_FRAME = 16
"""Tokens that may stand around a thought."""
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(I?)B?\s*", re.IGNORECASE | re.ASCII)
_LANGUAGE = re.compile(r"[^\W\d_]+(?:[ -][^\W\d_]+){0,4}")


@dataclass(frozen=True)
class LabelSettings(Checked):
    """How topics are named; None leaves the choice to the model's own metadata or to this machine.

    The second group changes neither topics nor names, so a run may go on with other values.

    Raises:
        UserError: a value is out of its range, or of the wrong type.
    """

    model: str | None = setting(
        None, "a GGUF file, the name of a model that is here, the address of a server, or none"
    )
    """None takes the best on this machine; "none" is for keywords."""
    prompt: str | None = setting(None, "a prompt file with [DOCUMENTS] and [KEYWORDS]")
    """It replaces the built-in prompt."""
    chat_format: ChatFormat = setting(  # noqa: RUF009
        "auto", "how the model is asked; plain is a text to continue, as for a base model"
    )
    documents: int | None = setting(None, "documents shown to the model, a topic", low=1, high=50)
    document_tokens: int | None = setting(None, "most tokens of one document", low=8, unset=DOCUMENT_TOKENS)
    candidates: int | None = setting(
        None,
        "labels drawn a topic, the best is kept; 1 switches this off",
        low=1,
        high=MOST_CANDIDATES,
    )
    thinking: int = setting(
        0, "most tokens that a model which reasons may think before each answer", low=0, high=8192
    )
    label_case: LabelCase = setting(  # noqa: RUF009
        "title", "which words of a name have a capital; keep: as the model wrote it"
    )
    label_language: str | None = setting(
        None,
        "language of the names, as a code or in English: de or German",
        form=_LANGUAGE,
        example='a language such as "de" or "German"',
        unset="the documents'",
    )
    seed: int = setting(
        42, "of the answers after the first: the same seed, the same names", low=0, high=2**32 - 1
    )

    gpu_layers: int | Literal["auto", "all"] = setting("auto", "layers of the model on the GPU", low=0)
    threads: int | None = setting(None, "CPU threads of the model", low=1, high=512, unset="all cores")
    """llama.cpp takes no more than 512."""
    context: int | None = setting(None, "longest prompt with its answer, in tokens", low=256)
    vram: str | None = setting(
        None,
        "use no more GPU memory than this, such as 6GiB",
        form=_SIZE,
        example='a size such as "6GiB" or "500MB"',
    )
    allow_remote: bool = setting(
        False, "let the server be another machine, to which texts of documents then go"
    )
    raw_cells: bool = setting(
        False, "leave cells of the CSV that begin like a formula (=, +, -, @) without an apostrophe"
    )

    @property
    def written_case(self) -> LabelCase:
        """The style of the names; that of titles is English, so names in other languages stay as written."""
        foreign = self.label_case == "title" and not is_called_english(self.label_language)
        return "keep" if foreign else self.label_case

    NOT_IN_RESULT = ("gpu_layers", "threads", "context", "vram", "allow_remote", "raw_cells")


def size_in_bytes(size: str) -> int:
    """Bytes in a size such as "6GiB", "6G" or "500 MB"."""
    match = _SIZE.fullmatch(size)
    assert match is not None  # `LabelSettings` takes no other
    unit = 1000 if match[2] and not match[3] else 1024
    return int(float(match[1]) * unit ** " KMGT".index(match[2].upper() or " "))
