"""Works prompts off through one KV cache, step by step: plain bookkeeping, no llama.cpp.

The shared prefix is prefilled once, in sequence 0, and copied to every other sequence. Then prompts are let
in, prefilled beyond the prefix and decoded together.

A prompt's candidates that are alike so far are one branch: one row and one cell a token serve them all, until
different tokens are drawn from that row's logits. So a prompt's answers grow as a tree.

- Unified KV, continuous: prompts are let in as others end; decode rows ride along in the prefill's batches.
  A prompt's branches are decoded side by side; every candidate has a sequence, which shares the cells of the
  prompt and of its branch.
- Split KV, in waves: a wave of prompts is prefilled in rectangles, then decoded together. (llama.cpp computes
  sequences side by side only for equally many tokens each, so shorter prompts are padded, and the padding is
  dropped again.) A prompt's branches are decoded one after the other, from where each left the last.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import insort
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from localtopics.llama.schedule import Schedule, Task
from localtopics.llama.steps import FILLER, Copy, Draw, Remove, Step


@dataclass(eq=False)
class _Prefill:
    """A prompt on its way into a sequence; ``position`` is its next token's."""

    prompt: int
    sequence: int
    position: int


@dataclass(eq=False)
class _Branch:
    """Candidates of a prompt that are alike so far; ``token`` is drawn but not yet decoded."""

    prompt: int
    candidates: list[int]
    position: int
    token: int = FILLER


class Batcher(ABC):
    """Works prompts off: ``step()``, decode, draw, ``accept(tokens)``, until ``step()`` is None.

    Every sequence's positions are contiguous, the cells in use never exceed the schedule's, no step has more
    rows than ``schedule.batch``. A block of prompts that are all to be skipped is left out; the others come
    out as if it had not been. Make one with `batcher`.
    """

    def __init__(self, task: Task, schedule: Schedule) -> None:
        prompts, prefix, candidates = task.prompts, task.prefix, task.candidates
        self._prompts = prompts
        self._prefix = prefix
        self._schedule = schedule
        self._max_tokens = task.max_tokens
        self._candidates = candidates
        self._shared_rows = task.shared_rows
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
        self._blocks = deque(block for block in blocks if any(prompt not in task.skip for prompt in block))
        self._waiting: deque[int] = deque()
        self._prefills: deque[_Prefill] = deque()
        self._drawing: list[_Branch] = []  # in the order of the last step's draws
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
        if not (self._waiting or self._prefills or self._decoding()):
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
        if len(tokens) != sum(len(branch.candidates) for branch in self._drawing):
            raise ValueError(f"{len(tokens)} tokens are not one for each draw")
        answered = []
        drawn = iter(tokens)
        for branch in self._drawing:
            last = branch.position - len(self._prompts[branch.prompt]) + 1 == self._max_tokens
            grown: dict[tuple[int, int], _Branch] = {}
            ended = []
            for candidate in branch.candidates:
                token = next(drawn)
                if token is None or last:
                    ended.append(candidate)
                else:
                    key = (token, 0 if self._shared_rows else candidate)
                    new = grown.setdefault(key, _Branch(branch.prompt, [], branch.position, token))
                    new.candidates.append(candidate)
            self._open[branch.prompt] -= len(ended)
            self._grow(branch, list(grown.values()), ended)
            if not self._open[branch.prompt]:
                answered.append(branch.prompt)
        return answered

    @abstractmethod
    def _need(self, prompt: int) -> int:
        """KV cells beyond the prefix that a prompt may come to use; the last token drawn is never decoded."""

    @abstractmethod
    def _fill(self, step: Step) -> None:
        """Add the rows and draws of the next step."""

    @abstractmethod
    def _grow(self, branch: _Branch, grown: list[_Branch], ended: Collection[int]) -> None:
        """A branch has become these, and these of its candidates have ended."""

    @abstractmethod
    def _decoding(self) -> bool:
        """Whether any branch is left."""

    def _prefill_prefix(self, step: Step) -> None:
        start, end = self._prefix_done, min(self._prefix, self._prefix_done + self._schedule.batch)
        step.append(self._prompts[0][start:end], start, 0)
        self._prefix_done = end
        if end == self._prefix:
            self._copies = [Copy(0, sequence, 0) for sequence in range(1, self._schedule.sequences)]

    def _prefill_part(self, step: Step, prefill: _Prefill, most: int) -> bool:
        """At most ``most`` further tokens of a prompt; whether these were its last."""
        part = self._prompts[prefill.prompt][prefill.position : prefill.position + most]
        step.append(part, prefill.position, prefill.sequence)
        prefill.position += len(part)
        return prefill.position == len(self._prompts[prefill.prompt])

    def _draw(self, step: Step, branch: _Branch) -> None:
        """Draw every candidate's next token from the step's last row."""
        row = step.want(len(step.tokens) - 1)
        step.draws += [Draw(row, branch.prompt, candidate) for candidate in branch.candidates]
        self._drawing.append(branch)

    def _draw_first(self, step: Step, prompt: int) -> None:
        self._draw(step, _Branch(prompt, list(range(self._candidates)), len(self._prompts[prompt])))

    def _decode_row(self, step: Step, branch: _Branch, sequences: list[int]) -> None:
        if len(sequences) > 1:
            step.beside[len(step.tokens)] = sequences[1:]
        step.append([branch.token], branch.position, sequences[0])
        branch.position += 1
        self._draw(step, branch)

    def _pad(self, step: Step, sequence: int, rows: int = 1) -> None:
        """Filler rows in a free sequence."""
        step.append([FILLER] * rows, self._prefix, sequence)
        self._drop[sequence] = self._prefix


class ContinuousBatcher(Batcher):
    """Unified KV: prompts are let in as others end."""

    def __init__(self, task: Task, schedule: Schedule) -> None:
        super().__init__(task, schedule)
        if self._candidates > self._schedule.sequences:
            raise ValueError(f"{self._candidates} candidates in {self._schedule.sequences} sequences")
        self._free = list(range(self._schedule.sequences))
        self._sequences: dict[int, list[int]] = {}  # of a prompt's candidates
        self._running: list[_Branch] = []
        self._spare = self._schedule.cells - self._prefix  # cells not yet spoken for

    def _need(self, prompt: int) -> int:
        return len(self._prompts[prompt]) - self._prefix + self._candidates * (self._max_tokens - 1)

    def _grow(self, branch: _Branch, grown: list[_Branch], ended: Collection[int]) -> None:
        self._running += grown
        for candidate in ended:
            sequence = self._sequences[branch.prompt][candidate]
            self._drop[sequence] = self._prefix
            insort(self._free, sequence)
        if not self._open[branch.prompt]:
            self._spare += self._need(branch.prompt)

    def _decoding(self) -> bool:
        return bool(self._running)

    def _fill(self, step: Step) -> None:
        """Decode rows of everything that runs, the rest of the batch filled with prompts."""
        for branch in self._running:
            sequences = self._sequences[branch.prompt]
            self._decode_row(step, branch, [sequences[candidate] for candidate in branch.candidates])
        self._running = []
        decoding = len(step.tokens)
        while (room := self._schedule.batch - len(step.tokens)) and (self._prefills or self._admit()):
            prefill = self._prefills[0]
            if self._prefill_part(step, prefill, room):
                self._prefills.popleft()
                self._draw_first(step, prefill.prompt)
                beside = self._sequences[prefill.prompt][1:]
                self._copies += [Copy(prefill.sequence, sequence, self._prefix) for sequence in beside]
        if len(step.tokens) == decoding and self._free:
            rows = min(self._schedule.missing(decoding), self._schedule.batch - decoding, self._spare)
            if rows:
                self._pad(step, self._free[0], rows)

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
        self._sequences[prompt], self._free = self._free[: self._candidates], self._free[self._candidates :]
        self._prefills.append(_Prefill(prompt, self._sequences[prompt][0], self._prefix))
        return True


class WaveBatcher(Batcher):
    """Split KV: prompts are let in when all sequences are free."""

    def __init__(self, task: Task, schedule: Schedule) -> None:
        super().__init__(task, schedule)
        self._sequences: dict[int, int] = {}  # of a prompt
        self._branches: dict[int, list[_Branch]] = {}  # of a sequence, the next one last

    def _need(self, prompt: int) -> int:
        return len(self._prompts[prompt]) - self._prefix + self._max_tokens - 1

    def _grow(self, branch: _Branch, grown: list[_Branch], ended: Collection[int]) -> None:
        sequence = self._sequences[branch.prompt]
        waiting = self._branches.setdefault(sequence, [])
        waiting += reversed(grown)
        if not grown:
            self._drop[sequence] = waiting[-1].position if waiting else self._prefix
        if not waiting:
            del self._branches[sequence]

    def _decoding(self) -> bool:
        return bool(self._branches)

    def _fill(self, step: Step) -> None:
        if not (self._prefills or self._branches):
            self._admit()
        if self._prefills:
            self._rectangle(step)
        else:
            self._decode(step)

    def _admit(self) -> None:
        """Let in as many prompts as there are sequences, the longest first."""
        wave = [self._waiting.popleft() for _ in range(min(len(self._waiting), self._schedule.sequences))]
        wave.sort(key=lambda prompt: -len(self._prompts[prompt]))
        self._sequences = {prompt: sequence for sequence, prompt in enumerate(wave)}
        self._prefills.extend(_Prefill(prompt, i, self._prefix) for i, prompt in enumerate(wave))

    def _rectangle(self, step: Step) -> None:
        """The next prompts of the wave side by side, padded to the first's length, which is the longest."""
        first, most = self._prefills[0], min(self._schedule.batch, self._schedule.ubatch)
        width = len(self._prompts[first.prompt]) - first.position
        if width > most:
            self._prefill_part(step, first, most)
            return
        height = most // width if first.position == self._prefix else 1
        for _ in range(min(height, len(self._prefills))):
            prefill = self._prefills.popleft()
            end = len(step.tokens) + width
            self._prefill_part(step, prefill, width)
            self._draw_first(step, prefill.prompt)
            if padding := end - len(step.tokens):
                step.append([FILLER] * padding, prefill.position, prefill.sequence)
                self._drop[prefill.sequence] = prefill.position

    def _decode(self, step: Step) -> None:
        """Decode rows, and filler rows where computing them too takes less time."""
        self._close_ranks(step)
        rows: list[int] = []
        for sequence in sorted(self._branches):
            gap = range(rows[-1] + 1, sequence) if rows else range(0)
            if len(gap) <= self._schedule.gap:
                rows += gap
            rows.append(sequence)
        missing = self._schedule.missing(len(rows))
        after = range(rows[-1] + 1, min(rows[-1] + 1 + missing, self._schedule.sequences))
        before = range(max(0, rows[0] - missing + len(after)), rows[0])
        for sequence in [*before, *rows, *after]:
            if sequence in self._branches:
                self._decode_row(step, self._branches[sequence].pop(), [sequence])
            else:
                self._pad(step, sequence)

    def _close_ranks(self, step: Step) -> None:
        """Where half of the sequences have ended, move the last of the others to the first free places."""
        running = sorted(self._branches)
        if 2 * len(running) > running[-1] + 1:
            return
        free = [sequence for sequence in range(len(running)) if sequence not in self._branches]
        for source, target in zip(running[-len(free) :], free, strict=True):
            step.operations += [Copy(source, target, self._prefix), Remove(source, self._prefix)]
            self._branches[target] = self._branches.pop(source)
            self._sequences[self._branches[target][0].prompt] = target


def batcher(task: Task, schedule: Schedule) -> Batcher:
    """The batcher that works a task off by a schedule.

    Raises:
        ValueError: a prompt does not fit the schedule, or is empty beyond the prefix.
    """
    return ContinuousBatcher(task, schedule) if schedule.unified else WaveBatcher(task, schedule)
