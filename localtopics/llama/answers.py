"""What answers prompts: asked with tokens, it gives one line of text a candidate."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from localtopics.llama.chat import NO_THOUGHT
from localtopics.llama.sampler import Sampling


@dataclass(frozen=True)
class Generation:
    """The answers to one prompt."""

    prompt: int
    """The prompt's index."""
    texts: tuple[str, ...]
    """One text a candidate, the greedy one first."""
    seconds: float
    """The prompt's share of the computing time; over all prompts these add up to the whole."""


class Answers(Protocol):
    """A model that answers prompts: `localtopics.llama.engine.Engine` here, or one behind a server."""

    def generate(
        self,
        prompts: Sequence[Sequence[int]],
        max_tokens: int = 32,
        candidates: int = 1,
        sampling: Sampling | None = None,
        skip: Collection[int] = (),
        *,
        thoughts: bool = False,
    ) -> Iterator[Generation]:
        """Answer every prompt that is not in ``skip``, yielding each when it is finished, in no given order.

        An answer is a line. What comes out for a prompt does not depend on the order of the prompts, nor on
        ``skip``.

        Args:
            prompts: tokens of the model's own vocabulary.
            max_tokens: the most tokens of an answer.
            candidates: answers a prompt: the greedy one, and others that are drawn.
            sampling: how the others are drawn.
            skip: indices of prompts whose answers are not wanted.
            thoughts: thoughts are wanted instead of answers.

        Raises:
            UserError: a prompt does not fit, or the model cannot answer.
        """
        ...

    def stream(self, prompt: Sequence[int], max_tokens: int = 512) -> Iterator[str]:
        """The greedy answer to one prompt, piece by piece; it may have several lines.

        Raises:
            UserError: as `generate`.
        """
        ...

    def close(self) -> None:
        """Give back what it holds; it cannot be used afterwards."""
        ...


def first_line(text: str) -> tuple[str, bool]:
    """An answer up to its first line that does more than open it, and whether that line has ended."""
    lines = text.split("\n")
    end = next((number for number, line in enumerate(lines) if not _only_opens(line)), len(lines) - 1)
    return "\n".join(lines[: end + 1]).strip(), end + 1 < len(lines)


def _only_opens(line: str) -> bool:
    """Whether what is said comes in a later line: after a fence, a bracket of JSON, an announcement."""
    line = line.strip(" \t\r*_")
    return (
        not any(map(str.isalnum, line))
        or line.startswith("```")
        or line.endswith((":", "{", "["))
        or line in NO_THOUGHT.split()
    )
