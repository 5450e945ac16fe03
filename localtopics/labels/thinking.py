"""Lets a model that reasons think before it answers, within a budget."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from localtopics.labels.settings import THOUGHT_FRAME
from localtopics.llama.answers import Answers
from localtopics.llama.chat import THOUGHT, THOUGHT_END, Tokenizer
from localtopics.llama.sampler import Sampling

_TEMPERATURE, _TOP_P = 0.6, 0.95
"""How thoughts are drawn, as the cards of Qwen3 and DeepSeek-R1 advise."""


def with_thoughts(
    engine: Answers, vocabulary: Tokenizer, prompts: Sequence[Sequence[int]], budget: int, seed: int
) -> Iterator[tuple[tuple[int, ...], float]]:
    """Each prompt with the thought that the model had about it, closed, and the seconds that it took.

    A thought longer than the budget is cut there. A model that does not begin to think gets its prompt back
    as it was. What a thought quotes of the documents is text, whatever it looks like.

    Args:
        engine: the loaded model.
        vocabulary: its tokenizer.
        prompts: tokens; each ends where the model answers, or where its template has opened the thought.
        budget: the most tokens of a thought.
        seed: of the sampling.
    """
    sampling = Sampling(_TEMPERATURE, _TOP_P, seed)
    found = {
        generation.prompt: (generation.texts[0], generation.seconds)
        for generation in engine.generate(prompts, budget, 1, sampling, thoughts=True)
    }
    for number, prompt in enumerate(prompts):
        text, seconds = found[number]
        opened = vocabulary.decode(prompt[-THOUGHT_FRAME:], special=True).rstrip().endswith(THOUGHT)
        yield (*prompt, *_closed(text, opened, vocabulary)), seconds


def _closed(text: str, opened: bool, vocabulary: Tokenizer) -> list[int]:
    """The tokens of a thought up to where the answer begins; none where the model did not think."""
    if not opened and not text.startswith(THOUGHT):
        return []
    thought = text.removeprefix(THOUGHT).partition(THOUGHT_END)[0].strip()
    head = "" if opened else f"{THOUGHT}\n"
    return [
        *vocabulary.encode(head, special=True),
        *vocabulary.encode(thought, special=False),
        *vocabulary.encode(f"\n{THOUGHT_END}\n\n", special=True),
    ]
