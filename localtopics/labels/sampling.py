"""Drawing tokens from logits: the likeliest, or by temperature and nucleus."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


BLOCK = 256
"""Tokens whose probabilities are summed up at a time: a running sum over the whole vocabulary is slow."""


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


class Room:
    """Memory that draws write over: fresh memory for each would take longer than the draw."""

    def __init__(self) -> None:
        self._arrays: dict[str, npt.NDArray[np.float32]] = {}

    def take(self, name: str, rows: int, columns: int) -> npt.NDArray[np.float32]:
        """An array [rows, columns]; zeros where nothing was written yet."""
        import numpy as np

        found = self._arrays.get(name)
        if found is None or len(found) < rows or found.shape[1] != columns:
            found = self._arrays[name] = np.zeros((rows, columns), np.float32)
        return found[:rows]


def nucleus(
    logits: npt.NDArray[np.float32],
    draws: Sequence[tuple[int, random.Random]],
    sampling: Sampling,
    room: Room,
) -> list[int]:
    """A token for each (row of ``logits`` [rows, vocabulary], generator), by temperature from the nucleus.

    The nucleus is the fewest of the likeliest tokens whose probabilities reach ``top_p`` (Holtzman et al.,
    "The Curious Case of Neural Text Degeneration", 2020). Instead of sorting the vocabulary, a token is drawn
    from all of it until one lies in the nucleus: once, as a rule.
    """
    import numpy as np

    size = logits.shape[1]
    generators = [generator for _, generator in draws]
    rows, which = np.unique([row for row, _ in draws], return_inverse=True)
    weights = room.take("weights", len(rows), -(-size // BLOCK) * BLOCK)
    inside = weights[:, :size]
    if inside.flags.c_contiguous:
        np.take(logits, rows, axis=0, out=inside, mode="clip")  # the other modes would copy once more
    else:
        inside[:] = logits[rows]
    inside -= inside.max(axis=1, keepdims=True)
    inside *= np.float32(1 / sampling.temperature)
    np.exp(inside, out=inside)
    blocks = weights.reshape(len(rows), -1, BLOCK)
    ends = blocks.sum(axis=2).cumsum(axis=1, dtype=np.float64)
    tokens = np.zeros(len(draws), np.intp)
    left = np.arange(len(draws))
    while len(left):
        row = which[left]
        total = ends[row, -1]
        wanted = total * [generators[draw].random() for draw in left]
        block = np.minimum((ends[row] <= wanted[:, None]).sum(axis=1), ends.shape[1] - 1)
        wanted -= np.where(block > 0, ends[row, block - 1], 0.0)
        sums = blocks[row, block].cumsum(axis=1, dtype=np.float64)
        drawn = block * BLOCK + np.minimum((sums <= wanted[:, None]).sum(axis=1), BLOCK - 1)
        tokens[left] = np.minimum(drawn, size - 1)
        weight = weights[row, tokens[left]]
        # the likeliest token weighs 1; beside one of a share of 1 - top_p there cannot be top_p
        unsure = np.flatnonzero((weight < 1) & (weight <= (1 - sampling.top_p) * total))
        (likelier,) = room.take("likelier", 1, weights.shape[1])
        outside = np.zeros(len(left), bool)
        for index in unsure:
            np.greater(weights[row[index]], weight[index], out=likelier)
            outside[index] = weights[row[index]] @ likelier >= sampling.top_p * total[index]
        left = left[outside]
    return [int(token) for token in tokens]


class Drawer:
    """Draws many tokens at once, on several threads where that pays: numpy computes without the GIL."""

    FEW = 8
    """Draws that a thread takes at least."""

    def __init__(self, threads: int) -> None:
        self._threads = min(threads, 2)  # more of them spend their time waiting for the GIL
        self._pool = ThreadPoolExecutor(self._threads, "draw")
        self._rooms = [Room() for _ in range(self._threads)]

    def draw(
        self,
        logits: npt.NDArray[np.float32],
        draws: Sequence[tuple[int, random.Random | None]],
        sampling: Sampling,
    ) -> list[int]:
        """A token for each (row of ``logits`` [rows, vocabulary], generator); None takes the likeliest."""

        def some(part: int) -> list[int]:
            mine = draws[part * share : (part + 1) * share]
            by_chance = [(row, by) for row, by in mine if by is not None and not sampling.greedy]
            drawn = iter(nucleus(logits, by_chance, sampling, self._rooms[part]) if by_chance else ())
            return [
                greedy(logits[row]) if generator is None or sampling.greedy else next(drawn)
                for row, generator in mine
            ]

        share = max(self.FEW, -(-len(draws) // self._threads))
        parts = range(-(-len(draws) // share))
        if len(parts) < 2:
            return [token for part in parts for token in some(part)]
        return [token for tokens in self._pool.map(some, parts) for token in tokens]

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()
