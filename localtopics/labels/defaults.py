"""How a model is asked, where the user does not say otherwise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from localtopics.gguf import ModelInfo
from localtopics.labels.prompt import DEFAULT, PromptText, read_prompt
from localtopics.labels.settings import DOCUMENT_TOKENS, THOUGHT_FRAME, LabelSettings
from localtopics.languages import is_called_english, language_name

_WHOLE = ("documents", "characters", "document_tokens", "keywords", "candidates", "phrases")
_FRACTIONS = ("temperature", "top_p", "min_p")
_TEXTS = ("system", "example", "answer", "request", "again", "broader")
_METADATA = "localtopics.prompt."


@dataclass(frozen=True)
class LabelDefaults:
    """How a model is asked, where the user does not say otherwise.

    A GGUF may hold how it was trained to be asked, as metadata: ``localtopics.prompt.`` and the name of one
    of these numbers, or of a part of `PromptText`.
    """

    documents: int = 8
    """Documents that the model is shown."""
    characters: int | None = None
    """The most characters of one document, beside the most tokens."""
    document_tokens: int = DOCUMENT_TOKENS
    """The most tokens of one document."""
    keywords: int = 10
    """Keywords that the model is shown."""
    candidates: int = 6
    """Answers of the model for each topic: the greedy one, the others sampled."""
    phrases: int = 0
    """Phrases of the documents that compete with the model's answers for being the label."""
    temperature: float = 1.3
    """The temperature at which all answers but the greedy one are sampled."""
    top_p: float = 0.95
    """The share of the probability, counted from the likeliest token, from which tokens are sampled."""
    min_p: float = 0.1
    """Above 0 it stands in for that share: how likely a token must be beside the likeliest one."""
    english: bool = False
    """Whether the model writes English and nothing else."""
    context: int = 2048
    """The most tokens of a prompt and its answer."""
    text: PromptText = DEFAULT
    """What the prompt says around the documents and keywords."""

    @classmethod
    def resolve(cls, settings: LabelSettings, info: ModelInfo | None) -> Self:
        """What the user asked for, else what the model was trained with, else the built-in values.

        Args:
            settings: what the user asked for.
            info: what the model's file says; None without a model.

        Raises:
            UserError: the prompt file cannot be read, or makes no `PromptText`.
        """
        trained = {
            name: info.metadata.get(_METADATA + name) if info else None
            for name in (*_WHOLE, *_FRACTIONS, *_TEXTS)
        }
        asked: dict[str, Any] = {}
        for name in _WHOLE:
            value = getattr(settings, name, None) or trained[name]
            if isinstance(value, int) and value > 0:
                asked[name] = value
        for name in _FRACTIONS:
            value = trained[name]
            if isinstance(value, float) and value > 0:
                asked[name] = value
        if "top_p" in asked:  # what was trained to be sampled by its nucleus is
            asked.setdefault("min_p", 0.0)
        if settings.prompt is not None:
            asked["text"] = read_prompt(Path(settings.prompt))
        elif trained["request"]:
            asked["text"] = PromptText(**{name: str(trained[name] or "") for name in _TEXTS})
        if settings.label_language is not None and not is_called_english(settings.label_language):
            asked["text"] = in_language(asked.get("text", DEFAULT), settings.label_language)
        english = bool(info and info.metadata.get(f"{_METADATA}language") == "en")
        thinking = settings.thinking and settings.thinking + THOUGHT_FRAME
        context = settings.context or cls.context + thinking
        return cls(**asked, english=english, context=min(context, info.context_length) if info else context)


def in_language(text: PromptText, language: str) -> PromptText:
    """A prompt with a sentence that asks for names in a language, where its parts are the built-in ones.

    What somebody wrote asks for itself. The worked example stays English, and says so.

    Args:
        text: the prompt.
        language: its code or English name.
    """
    languages = dict.fromkeys(("request", "again", "broader"), language_name(language)) | {
        "example": "English"
    }
    asked = {
        part: f"{getattr(DEFAULT, part)} Write the name in {named}."
        for part, named in languages.items()
        if getattr(text, part) == getattr(DEFAULT, part)
    }
    return replace(text, **asked)
