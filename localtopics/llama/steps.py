"""One decode call: what happens in the KV cache before it, its rows, and the tokens drawn after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

FILLER = 0
"""The token of padding rows: computed, never looked at, dropped from the KV cache before the next step."""


@dataclass(frozen=True)
class Remove:
    """Drop the cells of ``sequence`` from position ``start`` on."""

    sequence: int
    start: int


@dataclass(frozen=True)
class Copy:
    """Let ``target`` share the cells of ``source`` from position ``start`` on; split KV: copy them all."""

    source: int
    target: int
    start: int


@dataclass(frozen=True)
class Draw:
    """One token to draw: from output row ``row`` of a step, for one candidate of one prompt."""

    row: int
    prompt: int
    candidate: int


@dataclass
class Step:
    """What happens next: KV operations in order, then one decode call, then the draws.

    Entry i of ``tokens``, ``positions``, ``sequences`` and ``outputs`` is row i of the batch.
    """

    operations: list[Remove | Copy] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    """The positions of the rows' tokens in their sequences."""
    sequences: list[int] = field(default_factory=list)
    outputs: list[bool] = field(default_factory=list)
    """Whose logits are wanted."""
    beside: dict[int, list[int]] = field(default_factory=dict)
    """The further sequences that share a row, by the row's number."""
    draws: list[Draw] = field(default_factory=list)
    output_rows: int = 0
    """How many rows' logits are wanted."""

    def append(self, tokens: Sequence[int], start: int, sequence: int) -> None:
        """Add rows of one sequence from position ``start`` on, without logits."""
        self.tokens.extend(tokens)
        self.positions.extend(range(start, start + len(tokens)))
        self.sequences.extend([sequence] * len(tokens))
        self.outputs.extend([False] * len(tokens))

    def want(self, row: int) -> int:
        """Ask for the logits of a row beyond those asked for so far; the number of its output row."""
        self.outputs[row] = True
        self.output_rows += 1
        return self.output_rows - 1
