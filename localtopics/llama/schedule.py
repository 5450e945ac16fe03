"""Which schedule answers a set of prompts fastest where it is to run."""

from __future__ import annotations

import math
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace

MOST_SEQUENCES = 256
"""llama.cpp's LLAMA_MAX_SEQ."""
MOST_CANDIDATES = 64
"""The most answers to one prompt."""
ANSWER_LENGTH = 8
"""Tokens of an ordinary answer, with which times are estimated; memory is set aside for the longest."""
KV_PAD = 256
"""llama.cpp rounds the cells of a context, and of each sequence of a split one, up to this."""


@dataclass(frozen=True)
class Task:
    """Prompts that are to be answered."""

    prompts: Sequence[Sequence[int]]
    """The tokens of each prompt."""
    prefix: int
    """How many leading tokens all prompts have in common; each has at least one more."""
    max_tokens: int
    """The most tokens of an answer."""
    candidates: int = 1
    """Answers to each prompt."""
    skip: Container[int] = ()
    """Indices of prompts whose answers are not wanted."""
    shared_rows: bool = True
    """Whether candidates share what they have in common; without, each is a branch of its own."""

    @property
    def own(self) -> list[int]:
        """How many tokens each prompt has beyond the prefix."""
        return [len(prompt) - self.prefix for prompt in self.prompts]


@dataclass(frozen=True, kw_only=True)
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
    """The number of decode rows is filled up to a multiple of this."""
    fewest: int = 1
    """Rows beyond the last multiple from which on filling up begins; fewer are decoded without fillers."""
    gap: int = 24
    """Split KV: the most ended sequences in a row that get filler rows, to compute both sides at once."""

    @property
    def total_cells(self) -> int:
        """KV cells of the whole context (llama.cpp's n_ctx)."""
        return self.cells if self.unified else self.cells * self.sequences

    def missing(self, rows: int) -> int:
        """Filler rows for so many decode rows."""
        return _missing(rows, self.rows, self.fewest)


@dataclass(frozen=True, kw_only=True)
class CostModel:
    """What the time of a schedule depends on. The unit of time is one more token in a large batch."""

    cells: int
    """KV cells for which there is memory."""
    ubatch: int
    """The most tokens computed at once."""
    step: float
    """What a call costs beside its rows: reading the weights."""
    rows: int
    """Decode rows are cheap in multiples of this number."""
    fewest: int
    """Rows beyond the last multiple from which on it is worth filling up to the next."""
    slow_step: float
    """What a call of fewer rows than one multiple costs beside them."""
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


def choose_schedule(task: Task, costs: CostModel) -> Schedule:
    """The schedule of the least estimated time; of those within 0.5 %, the one of the fewest sequences."""
    count = len(task.prompts)
    shares = {-(-count // waves) for waves in range(1, count + 1)}
    shares |= {min(_padded(share, costs.rows), count) for share in shares}
    lengths = _Lengths(task.own, task.prefix, task.max_tokens, task.candidates)
    options: list[tuple[float, Schedule]] = []
    for prompts in sorted(shares):
        options.append(_continuous(lengths, costs, prompts))
        if costs.read is not None:
            options.append(_waves(lengths, costs, prompts))
    fitting = [
        (time, schedule)
        for time, schedule in options
        if schedule.total_cells <= costs.cells and schedule.sequences <= MOST_SEQUENCES
    ]
    if not fitting:  # one prompt at a time, even if that is more than was planned for
        longest = replace(lengths, own=[max(lengths.own, default=1)])
        return _continuous(longest, costs, 1)[1]
    least = min(time for time, _ in fitting)
    return min(
        (s for time, s in fitting if time <= 1.005 * least), key=lambda s: (s.sequences, s.total_cells)
    )


@dataclass(frozen=True)
class _Lengths:
    """What of a task its time depends on: tokens beyond the prefix, and those of prefix and answers."""

    own: Sequence[int]
    prefix: int
    max_tokens: int
    candidates: int

    @property
    def mean(self) -> float:
        """Tokens of a prompt beyond the prefix."""
        return sum(self.own) / len(self.own)

    @property
    def answer(self) -> float:
        """Decode rows of a prompt: the first token comes with the prefill."""
        return _branches(self.candidates) * (min(ANSWER_LENGTH, self.max_tokens) - 1)


def _continuous(lengths: _Lengths, costs: CostModel, prompts: int) -> tuple[float, Schedule]:
    """Time a prompt, and the schedule, of ``prompts`` prompts at a time in unified KV."""
    candidates, mean, answer = lengths.candidates, lengths.mean, lengths.answer
    filler = costs.rows > 1 and (candidates > 1 or prompts % costs.rows > 0)
    sequences = prompts * candidates + filler
    rows = round(prompts * _branches(candidates))
    longest = sum(sorted(lengths.own)[-prompts:])
    answers = prompts * candidates * (lengths.max_tokens - 1)
    cells = _padded(lengths.prefix + longest + answers + costs.rows, KV_PAD)
    seen = lengths.prefix + (prompts + 1) * mean / 2
    prefill = mean * (1 + costs.attend * seen + costs.step / costs.ubatch)
    filled = lengths.prefix + prompts * (mean + answer / 2)
    decode = answer * _row(rows, 1 + costs.attend * filled, costs)
    batch = max(min(costs.ubatch, cells), sequences)
    schedule = Schedule(
        sequences=sequences,
        cells=cells,
        unified=True,
        batch=batch,
        ubatch=batch,
        block=4 * prompts,
        rows=costs.rows,
        fewest=costs.fewest,
    )
    return prefill + decode, schedule


def _waves(lengths: _Lengths, costs: CostModel, prompts: int) -> tuple[float, Schedule]:
    """Time a prompt, and the schedule, of waves of ``prompts`` prompts in split KV."""
    mean, answer = lengths.mean, lengths.answer
    sequences = prompts + _missing(prompts, costs.rows, costs.fewest)
    cells = _padded(lengths.prefix + max(lengths.own) + lengths.max_tokens - 1, KV_PAD)
    prefill = mean * (1 + costs.attend * (lengths.prefix + mean) + costs.step / costs.ubatch)
    decode = answer * _row(prompts, 1 + (costs.read or 0.0) * cells, costs)
    batch = max(min(costs.ubatch, cells * sequences), sequences)
    gap = max(int(costs.step / 2), costs.rows // 2)
    schedule = Schedule(
        sequences=sequences,
        cells=cells,
        unified=False,
        batch=batch,
        ubatch=batch,
        block=prompts,
        rows=costs.rows,
        fewest=costs.fewest,
        gap=gap,
    )
    return prefill + decode, schedule


def _branches(candidates: int) -> float:
    """Rows a token of so many candidates, some of them alike: 2.3 for 5, 4.5 for 16 (the bundled model)."""
    return math.sqrt(candidates)


def _row(rows: int, cost: float, costs: CostModel) -> float:
    """Time of a decode row among ``rows``, each of which costs ``cost`` in a large batch."""
    missing = _missing(rows, costs.rows, costs.fewest)
    slow = 0 if missing else rows % costs.rows
    step = costs.slow_step if slow == rows else costs.step
    return (step + cost * (rows + missing - slow) + costs.slow_row * slow) / rows


def _missing(rows: int, multiple: int, fewest: int) -> int:
    return -rows % multiple if rows % multiple >= fewest else 0


def _padded(number: int, multiple: int) -> int:
    return -(-number // multiple) * multiple
