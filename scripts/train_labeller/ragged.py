"""Many token lists in two flat arrays."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from localtopics.files import replacing


@dataclass(frozen=True)
class Ragged:
    """Token lists: `tokens` uint16, all of them joined, and `ends` int64, where each one ends.

    `answers` int64 says how many tokens at the end of each list answer those before them.
    """

    tokens: np.ndarray
    ends: np.ndarray
    answers: np.ndarray

    @classmethod
    def of(cls, lists: Iterable[tuple[ArrayLike, int]]) -> "Ragged":
        """From (tokens, answer length) pairs."""
        parts, answers = [], []
        for tokens, answer in lists:
            parts.append(np.asarray(tokens, np.uint16))
            answers.append(answer)
        return cls(np.concatenate(parts), np.cumsum([len(p) for p in parts]), np.asarray(answers))

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, index: int) -> np.ndarray:
        return self.tokens[self.ends[index - 1] if index else 0 : self.ends[index]]

    def save(self, path: Path) -> None:
        """Write an .npz file."""
        with replacing(path) as part, part.open("wb") as file:
            np.savez(file, tokens=self.tokens, ends=self.ends, answers=self.answers)

    @classmethod
    def load(cls, path: Path) -> "Ragged":
        """Read what `save` wrote."""
        with np.load(path) as arrays:
            return cls(arrays["tokens"], arrays["ends"], arrays["answers"])
