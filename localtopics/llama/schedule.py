"""Which schedule answers a set of prompts fastest on a given machine."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

MOST_SEQUENCES = 256
"""llama.cpp's LLAMA_MAX_SEQ."""
MOST_CANDIDATES = 64
"""Answers that can be drawn for a prompt."""
ANSWER = 8
"""Tokens of an ordinary label: what estimates count with. Memory is set aside for the most there can be."""
KV_PAD = 256
"""llama.cpp rounds the cells of a context, and of each sequence of a split one, up to this."""


@dataclass(frozen=True)
class Schedule:
    """How prompts go through the KV cache. The same schedule gives the same results."""

    sequences: int
    """KV sequences, which are decoded together."""
    cells: int
    """KV cells: of all sequences together when unified, of each sequence when split."""
    unified: bool
    """Whether all sequences share one set of cells. Then the prefix is stored once, but every token attends
    over all cells; split, every sequence has cells and a copy of the prefix of its own."""
    batch: int
    """The most tokens of one decode call (llama.cpp's n_batch; more would abort the process)."""
    ubatch: int
    """The most tokens that are computed at once (llama.cpp's n_ubatch)."""
    block: int = 64
    """Prompts worked off together: a block's results depend on nothing outside it but the prefix."""
    rows: int = 1
    """Decode rows are filled up to a multiple of this …"""
    fewest: int = 1
    """… if at least so many are there beyond the last multiple."""
    gap: int = 24
    """Split KV: the most ended sequences in a row that get filler rows, to compute both sides at once."""

    @property
    def total_cells(self) -> int:
        """KV cells of the whole context (llama.cpp's n_ctx)."""
        return self.cells if self.unified else self.cells * self.sequences

    def missing(self, rows: int) -> int:
        """Filler rows for so many decode rows."""
        return _missing(rows, self.rows, self.fewest)


@dataclass(frozen=True)
class Machine:
    """What the time of a schedule depends on. The unit of time is one more token in a large batch."""

    cells: int
    """KV cells for which there is memory."""
    ubatch: int
    """The most tokens computed at once."""
    step: float
    """What a call costs beside its rows: reading the weights."""
    rows: int
    """Decode rows are cheap in multiples of this …"""
    fewest: int
    """… and worth filling up to one from this number on."""
    slow_step: float
    """What a call of fewer rows costs beside them."""
    slow_row: float
    """What a decode row beyond the last multiple costs."""
    attend: float
    """What it costs that a token attends over one more cell, even a masked one; 0 where those are skipped."""
    read: float | None
    """Split KV: what it costs that a decode row reads one more cell; None rules split KV out."""


def shared_prefix(prompts: Sequence[Sequence[int]]) -> int:
    """How many leading tokens all prompts have in common, leaving each at least one of its own."""
    if not prompts:
        return 0
    low, high = min(prompts, key=tuple), max(prompts, key=tuple)
    most = max(min(len(prompt) for prompt in prompts) - 1, 0)
    return next((i for i in range(most) if low[i] != high[i]), most)


def choose_schedule(
    own: Sequence[int], prefix: int, max_tokens: int, candidates: int, machine: Machine
) -> Schedule:
    """The schedule of the least estimated time; of those within 0.5 %, the one of the fewest sequences.

    Args:
        own: Each prompt's tokens beyond the prefix.
        prefix: Tokens that all prompts share.
        max_tokens: The most tokens of an answer.
        candidates: Answers a prompt.
        machine: Where it is to run.
    """
    widest = max(own, default=1)
    shares = {-(-len(own) // waves) for waves in range(1, len(own) + 1)}
    shares |= {min(_padded(share, machine.rows), len(own)) for share in shares}
    options: list[tuple[float, Schedule]] = []
    for prompts in sorted(shares):
        fixed = (own, prefix, max_tokens, candidates, machine, prompts)
        options.append(_continuous(*fixed))
        if machine.read is not None:
            options.append(_waves(*fixed))
    fitting = [
        (time, schedule)
        for time, schedule in options
        if schedule.total_cells <= machine.cells and schedule.sequences <= MOST_SEQUENCES
    ]
    if not fitting:  # one prompt at a time, even if that is more than was planned for
        return _continuous([widest], prefix, max_tokens, candidates, machine, 1)[1]
    least = min(time for time, _ in fitting)
    return min(
        (s for time, s in fitting if time <= 1.005 * least), key=lambda s: (s.sequences, s.total_cells)
    )


def _continuous(
    own: Sequence[int], prefix: int, max_tokens: int, candidates: int, machine: Machine, prompts: int
) -> tuple[float, Schedule]:
    """Time a prompt, and the schedule, of ``prompts`` prompts at a time in unified KV."""
    filler = machine.rows > 1 and (candidates > 1 or prompts % machine.rows > 0)
    sequences = prompts * candidates + filler
    rows = round(prompts * _branches(candidates))
    longest = sum(sorted(own)[-prompts:])
    cells = _padded(prefix + longest + prompts * candidates * (max_tokens - 1) + machine.rows, KV_PAD)
    mean, answer = sum(own) / len(own), _branches(candidates) * (min(ANSWER, max_tokens) - 1)
    prefill = mean * (
        1 + machine.attend * (prefix + (prompts + 1) * mean / 2) + machine.step / machine.ubatch
    )
    filled = prefix + prompts * (mean + answer / 2)
    decode = answer * _row(rows, 1 + machine.attend * filled, machine)
    batch = max(min(machine.ubatch, cells), sequences)
    block = 4 * prompts
    return prefill + decode, Schedule(
        sequences, cells, True, batch, batch, block, machine.rows, machine.fewest
    )


def _waves(
    own: Sequence[int], prefix: int, max_tokens: int, candidates: int, machine: Machine, prompts: int
) -> tuple[float, Schedule]:
    """Time a prompt, and the schedule, of waves of ``prompts`` prompts in split KV."""
    sequences = prompts + _missing(prompts, machine.rows, machine.fewest)
    cells = _padded(prefix + max(own) + max_tokens - 1, KV_PAD)
    mean, answer = sum(own) / len(own), _branches(candidates) * (min(ANSWER, max_tokens) - 1)
    prefill = mean * (1 + machine.attend * (prefix + mean) + machine.step / machine.ubatch)
    decode = answer * _row(prompts, 1 + (machine.read or 0.0) * cells, machine)
    batch = max(min(machine.ubatch, cells * sequences), sequences)
    gap = max(int(machine.step / 2), machine.rows // 2)
    schedule = Schedule(sequences, cells, False, batch, batch, prompts, machine.rows, machine.fewest, gap)
    return prefill + decode, schedule


def _branches(candidates: int) -> float:
    """Rows a token of so many candidates, some of them alike: 2.3 for 5, 4.5 for 16 (our small model)."""
    return math.sqrt(candidates)


def _row(rows: int, cost: float, machine: Machine) -> float:
    """Time of a decode row among ``rows``, each of which costs ``cost`` in a large batch."""
    missing = _missing(rows, machine.rows, machine.fewest)
    slow = 0 if missing else rows % machine.rows
    step = machine.slow_step if slow == rows else machine.step
    return (step + cost * (rows + missing - slow) + machine.slow_row * slow) / rows


def _missing(rows: int, multiple: int, fewest: int) -> int:
    return -rows % multiple if rows % multiple >= fewest else 0


def _padded(number: int, multiple: int) -> int:
    return -(-number // multiple) * multiple
