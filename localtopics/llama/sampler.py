"""Drawing tokens from logits: the likeliest, or by temperature and nucleus."""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

LIKELY = 20.0
"""Tokens e^20 times less likely than the likeliest are left out: all together they come to nothing."""
FEW = 2048
"""The most of the remaining tokens that are sorted: sorting more is slow."""
COLUMNS = 256
"""Where more remain, the vocabulary is first summed up to so many columns: a running sum over all is slow."""


@dataclass(frozen=True)
class Sampling:
    """How the candidates after the first are drawn; the first is always the greedy one."""

    temperature: float = 0.8
    """What logits are divided by."""
    top_p: float = 0.95
    """The share of the probability that the nucleus holds."""
    seed: int = 42
    min_p: float = 0.0
    """Above 0 it stands in for the nucleus: tokens are drawn that are at least so likely, before the
    temperature, in comparison with the likeliest."""

    @property
    def greedy(self) -> bool:
        """Whether nothing is left to chance."""
        return self.temperature <= 0 or self.top_p <= 0

    @property
    def margin(self) -> float:
        """How far below the highest logit a token may lie to be drawn at all."""
        return -math.log(self.min_p) if self.min_p else LIKELY * self.temperature

    def generators(self, prompt: Sequence[int], count: int) -> list[random.Random]:
        """Random numbers of so many candidates; they depend on the prompt, not on its place among others."""
        key = hashlib.sha256(repr((self.seed, tuple(prompt))).encode()).hexdigest()
        return [random.Random(f"{key} {candidate}") for candidate in range(count)]


def greedy(logits: npt.NDArray[np.float32]) -> int:
    """The likeliest token of logits [vocabulary]."""
    return int(logits.argmax())


class Sampler:
    """Draws tokens of many rows at once. It serves one run, as its draws write over memory that it keeps.

    It takes one thread: numpy's calls are so short here that threads would wait for each other.
    """

    def __init__(self, sampling: Sampling) -> None:
        self._sampling = sampling
        self._memory: npt.NDArray[np.float32] | None = None

    def draw(
        self, logits: npt.NDArray[np.float32], draws: Sequence[tuple[int, random.Random | None]]
    ) -> list[int]:
        """A token for each (row of ``logits`` [rows, vocabulary], generator); None takes the likeliest.

        With a generator a token is drawn by temperature from the nucleus: the fewest of the likeliest tokens
        whose probabilities reach ``top_p`` (Holtzman et al., "The Curious Case of Neural Text Degeneration",
        2020); or, where ``min_p`` is above 0, from all that are at least so likely beside the likeliest
        (Nguyen et al., "Turning Up the Heat: Min-p Sampling", 2024).
        """
        tokens = [0] * len(draws)
        chance: dict[int, list[tuple[int, random.Random]]] = {}
        for place, (row, generator) in enumerate(draws):
            if generator is None or self._sampling.greedy:
                tokens[place] = greedy(logits[row])
            else:
                chance.setdefault(row, []).append((place, generator))
        flat: list[tuple[int, int, random.Random]] = []
        for row, drawn in chance.items():
            likely = logits[row] >= logits[row].max() - self._sampling.margin
            count = np.count_nonzero(likely)
            if not count or (count > FEW and not self._sampling.min_p):
                flat += [(place, row, generator) for place, generator in drawn]
                continue
            places, generators = zip(*drawn, strict=True)
            found = self._sorted(logits[row], np.flatnonzero(likely), generators)
            for place, token in zip(places, found, strict=True):
                tokens[place] = token
        if flat:
            places, rows, generators = zip(*flat, strict=True)
            for place, token in zip(places, self._nucleus(logits, rows, generators), strict=True):
                tokens[place] = token
        return tokens

    def _sorted(
        self,
        logits: npt.NDArray[np.float32],
        likely: npt.NDArray[np.intp],
        generators: Sequence[random.Random],
    ) -> list[int]:
        """A token for each generator, from the nucleus of the few that are ``likely``."""
        order = likely[logits[likely].argsort()[::-1]]
        scaled = (logits[order] - logits[order[0]]) / np.float32(self._sampling.temperature)
        sums = np.exp(scaled, dtype=np.float64).cumsum()
        share = 1.0 if self._sampling.min_p else self._sampling.top_p
        inside = sums[: sums.searchsorted(share * sums[-1]) + 1]
        wanted = inside[-1] * np.array([generator.random() for generator in generators])
        places = inside.searchsorted(wanted, side="right")
        # rounding may lift what is wanted to the whole
        return [int(token) for token in order[np.minimum(places, len(inside) - 1)]]

    def _nucleus(
        self, logits: npt.NDArray[np.float32], rows: Sequence[int], generators: Sequence[random.Random]
    ) -> list[int]:
        """A token of each row, from its nucleus, where many are likely.

        Instead of sorting the vocabulary, a token is drawn from all of it until one lies in the nucleus:
        once, as a rule. The vocabulary stands in lines of `COLUMNS` tokens; first a column is drawn.
        """
        size, top_p = logits.shape[1], self._sampling.top_p
        distinct, which = np.unique(rows, return_inverse=True)
        scratch = self._scratch(len(distinct) + 1, size)
        weights, likelier = scratch[:-1], scratch[-1]
        lines = weights.reshape(len(distinct), -1, COLUMNS)
        ends = np.empty((len(distinct), COLUMNS), np.float64)
        scale = np.float32(1 / self._sampling.temperature)
        for place, row in enumerate(distinct):  # one by one: a row stays in the core's cache
            inside = weights[place, :size]
            np.multiply(logits[row], scale, out=inside)
            np.subtract(inside, inside.max(), out=inside)
            np.exp(inside, out=inside)
            lines[place].sum(axis=0).cumsum(dtype=np.float64, out=ends[place])
        tokens = np.zeros(len(rows), np.intp)
        left = np.arange(len(rows))
        while len(left):
            row = which[left]
            total = ends[row, -1]
            wanted = total * [generators[number].random() for number in left.tolist()]
            column = np.minimum((ends[row] <= wanted[:, None]).sum(axis=1), COLUMNS - 1)
            wanted -= np.where(column > 0, ends[row, column - 1], 0.0)
            sums = lines[row, :, column].cumsum(axis=1, dtype=np.float64)
            line = np.minimum((sums <= wanted[:, None]).sum(axis=1), sums.shape[1] - 1)
            tokens[left] = np.minimum(line * COLUMNS + column, size - 1)
            weight = weights[row, tokens[left]]
            # the likeliest token weighs 1; beside one of a share of 1 - top_p there cannot be top_p
            unsure = np.flatnonzero((weight < 1) & (weight <= (1 - top_p) * total))
            outside = np.zeros(len(left), bool)
            for index in unsure.tolist():
                np.greater(weights[row[index]], weight[index], out=likelier)
                outside[index] = weights[row[index]] @ likelier >= top_p * total[index]
            left = left[outside]
        return [int(token) for token in tokens]

    def _scratch(self, rows: int, size: int) -> npt.NDArray[np.float32]:
        """Rows to write weights into, zeros past the vocabulary; the same memory again and again."""
        if self._memory is None or len(self._memory) < rows:
            self._memory = np.zeros((rows, -(-size // COLUMNS) * COLUMNS), np.float32)
        return self._memory[:rows]
