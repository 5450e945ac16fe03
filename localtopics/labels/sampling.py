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

    def generator(self, prompt: Sequence[int], candidate: int) -> random.Random:
        """The random numbers of one candidate; they depend on the prompt, not on its place among others."""
        key = repr((self.seed, candidate, tuple(prompt))).encode()
        return random.Random(hashlib.sha256(key).digest())


def greedy(logits: npt.NDArray[np.float32]) -> int:
    """The likeliest token of logits [vocabulary]."""
    return int(logits.argmax())


def nucleus(
    logits: npt.NDArray[np.float32],
    sampling: Sampling,
    generator: random.Random,
    room: npt.NDArray[np.float32] | None = None,
) -> int:
    """A token of logits [vocabulary], drawn by temperature from the nucleus.

    The nucleus is the fewest of the likeliest tokens whose probabilities reach ``top_p`` (Holtzman et al.,
    "The Curious Case of Neural Text Degeneration", 2020). Instead of sorting the vocabulary, a token is drawn
    from all of it until one lies in the nucleus: once, as a rule. ``room`` [2, vocabulary] is written over.
    """
    import numpy as np

    if sampling.temperature <= 0 or sampling.top_p <= 0:
        return greedy(logits)
    weights, likelier = np.empty((2, len(logits)), np.float32) if room is None else room
    np.subtract(logits, logits.max(), out=weights)
    np.multiply(weights, np.float32(1 / sampling.temperature), out=weights)
    np.exp(weights, out=weights)
    ends = np.add.reduceat(weights, np.arange(0, len(weights), BLOCK)).cumsum(dtype=np.float64)
    total = float(ends[-1])
    while True:
        wanted = generator.random() * total
        block = min(int(ends.searchsorted(wanted, side="right")), len(ends) - 1)
        start = block * BLOCK
        inside = weights[start : start + BLOCK].cumsum(dtype=np.float64)
        before = float(ends[block - 1]) if block else 0.0
        token = start + min(int(inside.searchsorted(wanted - before, side="right")), len(inside) - 1)
        np.greater(weights, weights[token], out=likelier)
        if float(np.dot(weights, likelier)) < sampling.top_p * total:
            return token


class Drawer:
    """Draws many tokens at once, on several threads where that pays: numpy computes without the GIL."""

    FEW = 8
    """Draws that a thread takes at least."""

    def __init__(self, threads: int) -> None:
        self._threads = min(threads, 8)
        self._pool = ThreadPoolExecutor(self._threads, "draw")
        self._rooms: list[npt.NDArray[np.float32]] = []

    def draw(
        self,
        logits: npt.NDArray[np.float32],
        draws: Sequence[tuple[int, random.Random | None]],
        sampling: Sampling,
    ) -> list[int]:
        """A token for each (row of ``logits`` [rows, vocabulary], generator); None takes the likeliest."""
        import numpy as np

        if not self._rooms and len(logits):  # fresh memory for every draw would take longer than the draw
            self._rooms = [np.empty((2, logits.shape[1]), np.float32) for _ in range(self._threads)]

        def some(part: int) -> list[int]:
            return [
                greedy(logits[row])
                if generator is None
                else nucleus(logits[row], sampling, generator, self._rooms[part])
                for row, generator in draws[part * share : (part + 1) * share]
            ]

        share = max(self.FEW, -(-len(draws) // self._threads))
        parts = range(-(-len(draws) // share))
        if len(parts) < 2:
            return [token for part in parts for token in some(part)]
        return [token for tokens in self._pool.map(some, parts) for token in tokens]

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()
