"""Drawing tokens from logits: the likeliest, or by temperature and nucleus."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


BLOCK = 256
"""Tokens whose probabilities are summed up at a time: a running sum over the whole vocabulary is slow."""
TOGETHER = 8
"""Draws made at a time: so many rows of a vocabulary stay in a core's cache. Threads gain nothing: numpy's
calls are so short here that they wait for each other."""


@dataclass(frozen=True)
class Sampling:
    """How the candidates after the first are drawn; the first is always the greedy one."""

    temperature: float = 0.8
    top_p: float = 0.95
    seed: int = 42

    @property
    def greedy(self) -> bool:
        """Whether nothing is left to chance."""
        return self.temperature <= 0 or self.top_p <= 0

    def generator(self, prompt: Sequence[int], candidate: int) -> random.Random:
        """The random numbers of one candidate; they depend on the prompt, not on its place among others."""
        key = repr((self.seed, candidate, tuple(prompt))).encode()
        return random.Random(hashlib.sha256(key).digest())


def greedy(logits: npt.NDArray[np.float32]) -> int:
    """The likeliest token of logits [vocabulary]."""
    return int(logits.argmax())


def draw(
    logits: npt.NDArray[np.float32], draws: Sequence[tuple[int, random.Random | None]], sampling: Sampling
) -> list[int]:
    """A token for each (row of ``logits`` [rows, vocabulary], generator); None takes the likeliest.

    With a generator a token is drawn by temperature from the nucleus: the fewest of the likeliest tokens
    whose probabilities reach ``top_p`` (Holtzman et al., "The Curious Case of Neural Text Degeneration",
    2020).
    """
    import numpy as np

    tokens = [0] * len(draws)
    by_chance: list[tuple[int, int, random.Random]] = []
    for place, (row, generator) in enumerate(draws):
        if generator is None or sampling.greedy:
            tokens[place] = greedy(logits[row])
        else:
            by_chance.append((place, row, generator))
    # memory that all write over: fresh memory for each would take longer than the draws
    scratch = np.zeros((min(TOGETHER, len(by_chance)) + 1, -(-logits.shape[1] // BLOCK) * BLOCK), np.float32)
    for start in range(0, len(by_chance), TOGETHER):
        places, rows, generators = zip(*by_chance[start : start + TOGETHER], strict=True)
        for place, token in zip(places, _nucleus(logits, rows, generators, sampling, scratch), strict=True):
            tokens[place] = token
    return tokens


def _nucleus(
    logits: npt.NDArray[np.float32],
    rows: Sequence[int],
    generators: Sequence[random.Random],
    sampling: Sampling,
    scratch: npt.NDArray[np.float32],
) -> list[int]:
    """A token of each row, from its nucleus.

    Instead of sorting the vocabulary, a token is drawn from all of it until one lies in the nucleus: once, as
    a rule. ``scratch`` has a row more than there are draws; past the vocabulary it holds zeros.
    """
    import numpy as np

    size = logits.shape[1]
    scale = np.float32(1 / sampling.temperature)
    distinct, which = np.unique(rows, return_inverse=True)
    weights, likelier = scratch[: len(distinct)], scratch[-1]
    inside = weights[:, :size]
    for row, scaled in zip(distinct, inside, strict=True):
        np.multiply(logits[row], scale, out=scaled)
    inside -= inside.max(axis=1, keepdims=True)
    np.exp(inside, out=inside)
    blocks = weights.reshape(len(distinct), -1, BLOCK)
    ends = blocks.sum(axis=2).cumsum(axis=1, dtype=np.float64)
    tokens = np.zeros(len(rows), np.intp)
    left = np.arange(len(rows))
    while len(left):
        row = which[left]
        total = ends[row, -1]
        wanted = total * [generators[number].random() for number in left.tolist()]
        block = np.minimum((ends[row] <= wanted[:, None]).sum(axis=1), ends.shape[1] - 1)
        wanted -= np.where(block > 0, ends[row, block - 1], 0.0)
        sums = blocks[row, block].cumsum(axis=1, dtype=np.float64)
        drawn = block * BLOCK + np.minimum((sums <= wanted[:, None]).sum(axis=1), BLOCK - 1)
        tokens[left] = np.minimum(drawn, size - 1)
        weight = weights[row, tokens[left]]
        # the likeliest token weighs 1; beside one of a share of 1 - top_p there cannot be top_p
        unsure = np.flatnonzero((weight < 1) & (weight <= (1 - sampling.top_p) * total))
        outside = np.zeros(len(left), bool)
        for index in unsure:
            np.greater(weights[row[index]], weight[index], out=likelier)
            outside[index] = weights[row[index]] @ likelier >= sampling.top_p * total[index]
        left = left[outside]
    return [int(token) for token in tokens]
