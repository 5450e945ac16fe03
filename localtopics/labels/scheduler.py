"""Works prompts off through one KV cache, step by step: plain bookkeeping, no llama.cpp.

The shared prefix is prefilled once, in sequence 0, and copied to every other sequence. Then prompts are let
in, prefilled beyond the prefix and decoded together.

- Unified KV, continuous: prompts are let in as others end; decode rows ride along in the prefill's batches.
  A prompt's candidates are decoded side by side, in sequences that share the prompt's cells.
- Split KV, in waves: a wave of prompts is prefilled in rectangles, then decoded together. (llama.cpp computes
  sequences side by side only for equally many tokens each, so shorter prompts are padded, and the padding is
  dropped again.) A prompt's candidates are decoded one after the other, from where the prompt ends.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Collection, Container, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from localtopics.labels.schedule import Schedule

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

    Entry i of the four lists is row i of the batch; ``outputs`` says whether its logits are wanted.
    """

    operations: list[Remove | Copy] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    sequences: list[int] = field(default_factory=list)
    outputs: list[bool] = field(default_factory=list)
    draws: list[Draw] = field(default_factory=list)
    output_rows: int = 0

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


@dataclass(eq=False)
class _Candidate:
    """One answer in the making; ``token`` is drawn but not yet decoded."""

    prompt: int
    number: int
    position: int
    token: int = FILLER
    drawn: int = 0
    ended: bool = False


@dataclass(eq=False)
class _Lane:
    """A sequence at work for a prompt, whose ``candidates`` are decoded in it one after the other."""

    prompt: int
    sequence: int
    position: int
    """The next token to prefill; afterwards where the prompt ends."""
    beside: Sequence[int] = ()
    """Unified KV: the sequences of the prompt's other candidates, which share its cells."""
    candidates: deque[_Candidate] = field(default_factory=deque)


class Scheduler(ABC):
    """Works prompts off: ``step()``, decode, draw, ``accept(tokens)``, until ``step()`` is None.

    Every sequence's positions are contiguous, the cells in use never exceed the schedule's, no step has more
    rows than ``schedule.batch``. A block of prompts that all lie in ``skip`` is left out; the others come out
    as if it had not been. Make one with `scheduler`.
    """

    def __init__(
        self,
        prompts: Sequence[Sequence[int]],
        prefix: int,
        schedule: Schedule,
        max_tokens: int,
        candidates: int,
        skip: Container[int],
    ) -> None:
        self._prompts = prompts
        self._prefix = prefix
        self._schedule = schedule
        self._max_tokens = max_tokens
        self._candidates = candidates
        if candidates < 1 or not 1 <= schedule.sequences <= schedule.batch:
            raise ValueError(
                f"{candidates} candidates, {schedule.sequences} sequences, batch {schedule.batch}"
            )
        if any(len(prompt) <= prefix for prompt in prompts):
            raise ValueError("a prompt has nothing beyond the prefix")
        if prompts and prefix + max(map(self._need, range(len(prompts)))) > schedule.cells:
            raise ValueError("a prompt does not fit the KV cache")
        starts = range(0, len(prompts), schedule.block)
        blocks = [range(start, min(start + schedule.block, len(prompts))) for start in starts]
        self._blocks = deque(block for block in blocks if any(prompt not in skip for prompt in block))
        self._waiting: deque[int] = deque()
        self._prefills: deque[_Lane] = deque()
        self._running: list[_Lane] = []
        self._drawing: list[_Candidate] = []  # in the order of the last step's draws
        self._open = [candidates] * len(prompts)  # candidates not yet ended
        self._prefix_done = 0
        self._copies: list[Copy] = []  # both for the next step, copies first
        self._drop: dict[int, int] = {}  # sequence -> first position to remove

    def step(self) -> Step | None:
        """What to do next, or None when every prompt is answered."""
        step = Step()
        step.operations += self._copies
        step.operations += [Remove(sequence, start) for sequence, start in sorted(self._drop.items())]
        self._copies, self._drop, self._drawing = [], {}, []
        if not (self._waiting or self._prefills or self._running):
            if not self._blocks:
                return None
            self._waiting.extend(self._blocks.popleft())
        if self._prefix_done < self._prefix:
            self._prefill_prefix(step)
        else:
            self._fill(step)
        return step

    def accept(self, tokens: Sequence[int | None]) -> list[int]:
        """Take the tokens drawn for the last step's draws, None where a candidate has ended.

        Returns:
            The prompts whose last candidate has ended with this step.
        """
        answered = []
        for candidate, token in zip(self._drawing, tokens, strict=True):
            candidate.drawn += 1
            if token is not None and candidate.drawn < self._max_tokens:
                candidate.token = token
                continue
            candidate.ended = True
            self._open[candidate.prompt] -= 1
            if not self._open[candidate.prompt]:
                answered.append(candidate.prompt)
        for lane in self._running:
            if lane.candidates[0].ended:
                while lane.candidates and lane.candidates[0].ended:
                    lane.candidates.popleft()
                self._drop[lane.sequence] = lane.position if lane.candidates else self._prefix
        ended = {lane.sequence for lane in self._running if not lane.candidates}
        self._running = [lane for lane in self._running if lane.candidates]
        self._release(ended, answered)
        return answered

    @abstractmethod
    def _need(self, prompt: int) -> int:
        """KV cells beyond the prefix that a prompt may come to use; the last token drawn is never decoded."""

    @abstractmethod
    def _fill(self, step: Step) -> None:
        """Add the rows and draws of the next step."""

    @abstractmethod
    def _release(self, sequences: Collection[int], answered: Sequence[int]) -> None:
        """Take note of sequences that are free again and prompts that are answered."""

    def _prefill_prefix(self, step: Step) -> None:
        start, end = self._prefix_done, min(self._prefix, self._prefix_done + self._schedule.batch)
        step.append(self._prompts[0][start:end], start, 0)
        self._prefix_done = end
        if end == self._prefix:
            self._copies = [Copy(0, sequence, 0) for sequence in range(1, self._schedule.sequences)]

    def _prefill_part(self, step: Step, lane: _Lane, most: int) -> bool:
        """At most ``most`` further tokens of a prompt; whether these were its last."""
        part = self._prompts[lane.prompt][lane.position : lane.position + most]
        step.append(part, lane.position, lane.sequence)
        lane.position += len(part)
        return lane.position == len(self._prompts[lane.prompt])

    def _draw_first(self, step: Step, row: int, lane: _Lane, numbers: Iterable[int]) -> None:
        """Draw the first token of a lane's candidates from the output row ``row``."""
        for number in numbers:
            candidate = _Candidate(lane.prompt, number, lane.position)
            lane.candidates.append(candidate)
            step.draws.append(Draw(row, lane.prompt, number))
            self._drawing.append(candidate)
        self._running.append(lane)

    def _pad(self, step: Step, sequences: Iterable[int]) -> None:
        """A filler row in each of these free sequences."""
        for sequence in sequences:
            step.append([FILLER], self._prefix, sequence)
            self._drop[sequence] = self._prefix

    def _decode_row(self, step: Step, lane: _Lane) -> None:
        candidate = lane.candidates[0]
        step.append([candidate.token], candidate.position, lane.sequence)
        candidate.position += 1
        step.draws.append(Draw(step.want(len(step.tokens) - 1), lane.prompt, candidate.number))
        self._drawing.append(candidate)


class _Continuous(Scheduler):
    """Unified KV: prompts are let in as others end."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        if self._candidates > self._schedule.sequences:
            raise ValueError(f"{self._candidates} candidates in {self._schedule.sequences} sequences")
        self._free = list(range(self._schedule.sequences))
        self._spare = self._schedule.cells - self._prefix  # cells not yet spoken for

    def _need(self, prompt: int) -> int:
        return len(self._prompts[prompt]) - self._prefix + self._candidates * (self._max_tokens - 1)

    def _release(self, sequences: Collection[int], answered: Sequence[int]) -> None:
        self._free = sorted([*self._free, *sequences])
        self._spare += sum(map(self._need, answered))

    def _fill(self, step: Step) -> None:
        """Decode rows of everything that runs, the rest of the batch filled with prompts."""
        for lane in self._running:
            self._decode_row(step, lane)
        decoding = len(step.tokens)
        while (room := self._schedule.batch - len(step.tokens)) and (self._prefills or self._admit()):
            lane = self._prefills[0]
            if self._prefill_part(step, lane, room):
                self._prefills.popleft()
                self._begin(step, lane)
        if len(step.tokens) == decoding:
            missing = self._schedule.missing(decoding)
            self._pad(step, self._free[: min(missing, self._spare)])

    def _admit(self) -> bool:
        """Let the next prompt in if there are sequences and cells for it."""
        if (
            not self._waiting
            or len(self._free) < self._candidates
            or self._need(self._waiting[0]) > self._spare
        ):
            return False
        prompt = self._waiting.popleft()
        self._spare -= self._need(prompt)
        taken, self._free = self._free[: self._candidates], self._free[self._candidates :]
        self._prefills.append(_Lane(prompt, taken[0], self._prefix, taken[1:]))
        return True

    def _begin(self, step: Step, lane: _Lane) -> None:
        row = step.want(len(step.tokens) - 1)
        self._draw_first(step, row, lane, [0])
        for number, sequence in enumerate(lane.beside, start=1):
            self._copies.append(Copy(lane.sequence, sequence, self._prefix))
            self._draw_first(step, row, _Lane(lane.prompt, sequence, lane.position), [number])


class _Waves(Scheduler):
    """Split KV: prompts are let in when all sequences are free."""

    def _need(self, prompt: int) -> int:
        return len(self._prompts[prompt]) - self._prefix + self._max_tokens - 1

    def _release(self, sequences: Collection[int], answered: Sequence[int]) -> None:
        pass

    def _fill(self, step: Step) -> None:
        if not (self._prefills or self._running):
            self._admit()
        if self._prefills:
            self._rectangle(step)
        else:
            self._decode(step)

    def _admit(self) -> None:
        """Let in as many prompts as there are sequences, the longest first."""
        wave = [self._waiting.popleft() for _ in range(min(len(self._waiting), self._schedule.sequences))]
        wave.sort(key=lambda prompt: -len(self._prompts[prompt]))
        self._prefills.extend(_Lane(prompt, i, self._prefix) for i, prompt in enumerate(wave))

    def _rectangle(self, step: Step) -> None:
        """The next prompts of the wave side by side, padded to the first's length, which is the longest."""
        first, most = self._prefills[0], min(self._schedule.batch, self._schedule.ubatch)
        width = len(self._prompts[first.prompt]) - first.position
        if width > most:
            self._prefill_part(step, first, most)
            return
        height = most // width if first.position == self._prefix else 1
        for _ in range(min(height, len(self._prefills))):
            lane = self._prefills.popleft()
            end = len(step.tokens) + width
            self._prefill_part(step, lane, width)
            row = step.want(len(step.tokens) - 1)
            if padding := end - len(step.tokens):
                step.append([FILLER] * padding, lane.position, lane.sequence)
                self._drop[lane.sequence] = lane.position
            self._draw_first(step, row, lane, range(self._candidates))

    def _decode(self, step: Step) -> None:
        """Decode rows, and filler rows where computing them too takes less time."""
        lanes = {lane.sequence: lane for lane in self._running}
        rows: list[int] = []
        for sequence in lanes:
            gap = range(rows[-1] + 1, sequence) if rows else range(0)
            if len(gap) <= self._schedule.gap:
                rows += gap
            rows.append(sequence)
        missing = self._schedule.missing(len(rows))
        after = range(rows[-1] + 1, min(rows[-1] + 1 + missing, self._schedule.sequences))
        before = range(max(0, rows[0] - missing + len(after)), rows[0])
        rows = [*before, *rows, *after]
        for sequence in rows:
            if sequence in lanes:
                self._decode_row(step, lanes[sequence])
            else:
                self._pad(step, [sequence])


def scheduler(
    prompts: Sequence[Sequence[int]],
    prefix: int,
    schedule: Schedule,
    max_tokens: int,
    candidates: int = 1,
    skip: Container[int] = (),
) -> Scheduler:
    """The scheduler for a schedule; each of ``prompts`` begins with the same ``prefix`` tokens.

    Raises:
        ValueError: a prompt does not fit the schedule, or is empty beyond the prefix.
    """
    manner = _Continuous if schedule.unified else _Waves
    return manner(prompts, prefix, schedule, max_tokens, candidates, skip)
