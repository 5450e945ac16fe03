"""The batcher against a model of llama.cpp's KV cache that refuses what would fail or crash there."""

import itertools
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localtopics.llama.batching import batcher
from localtopics.llama.schedule import Schedule, Task, shared_prefix
from localtopics.llama.steps import Copy, Remove, Step

END = 0

Case = tuple[list[list[int]], Schedule, int, int, int]
"""Prompts, their schedule, the most tokens of an answer, the candidates, and the life of an answer."""


def next_token(seen: Sequence[int], candidate: int, life: int) -> int:
    """A made-up language model: the next token follows from all that was seen; about 1 in ``life`` ends.

    After one in three texts the candidates draw different tokens, after the others all the same.
    """
    fork = hash(tuple(seen)) % 3 == 0
    value = hash((tuple(seen), candidate if fork else 0))
    return END if value % life == 0 else 1 + value % 97


def one_by_one(prompt: Sequence[int], candidate: int, most: int, life: int) -> list[int]:
    answer: list[int] = []
    while len(answer) < most and (not answer or answer[-1] != END):
        answer.append(next_token([*prompt, *answer], candidate, life))
    return answer


class Cache:
    """Cells as llama.cpp keeps them: unified, a cell may belong to many sequences; split, to one."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.content: list[list[int]] = [[] for _ in range(schedule.sequences)]
        self.cells: list[list[int]] = [[] for _ in range(schedule.sequences)]
        self.fresh = 0

    def apply(self, step: Step) -> list[list[int]]:
        """Run a step; for every output row, what its sequence holds up to that row."""
        for operation in step.operations:
            if isinstance(operation, Remove):
                assert operation.start <= len(self.content[operation.sequence])
                del self.content[operation.sequence][operation.start :]
                del self.cells[operation.sequence][operation.start :]
            else:
                assert isinstance(operation, Copy)
                start = operation.start if self.schedule.unified else 0
                assert len(self.content[operation.target]) in (
                    {start} if self.schedule.unified else {0, operation.start}
                )
                for store in (self.content, self.cells):
                    store[operation.target][start:] = store[operation.source][start:]
        assert 0 < len(step.tokens) <= self.schedule.batch
        assert len(step.tokens) == len(step.positions) == len(step.sequences) == len(step.outputs)
        seen = []
        for row, (token, position, sequence, output) in enumerate(
            zip(step.tokens, step.positions, step.sequences, step.outputs, strict=True)
        ):
            self.fresh += 1
            beside = step.beside.get(row, [])
            assert not beside or self.schedule.unified
            content = self.content[sequence].copy()
            for each in (sequence, *beside):
                assert position == len(self.content[each]), "llama_decode would answer -1"
                assert self.content[each] == content, "a row sees its first sequence's cells"
                self.content[each].append(token)
                self.cells[each].append(self.fresh)
            if output:
                seen.append(list(self.content[sequence]))
        if self.schedule.unified:
            assert len({cell for cells in self.cells for cell in cells}) <= self.schedule.cells
        else:
            assert max(map(len, self.content)) <= self.schedule.cells
            self.check_side_by_side(step)
        assert len(seen) == step.output_rows <= self.schedule.sequences, "more outputs than n_outputs_max"
        return seen

    def check_side_by_side(self, step: Step) -> None:
        """llama.cpp computes sequences side by side if they are consecutive, ascending and equally long."""
        rows = list(dict.fromkeys(step.sequences))
        assert rows == sorted(rows)
        assert all(
            after - before - 1 == 0 or after - before - 1 > self.schedule.gap
            for before, after in itertools.pairwise(rows)
        )
        assert len({step.sequences.count(sequence) for sequence in rows}) == 1


def run(
    prompts: Sequence[Sequence[int]],
    schedule: Schedule,
    most: int,
    candidates: int,
    life: int,
    skip: Sequence[int] = (),
    shared_rows: bool = True,
) -> tuple[dict[int, list[list[int]]], int]:
    """All answers, each given exactly once, and the number of decode calls."""
    task = Task(prompts, shared_prefix(prompts), most, candidates, skip, shared_rows)
    work = batcher(task, schedule)
    cache = Cache(schedule)
    answers: dict[int, list[list[int]]] = {i: [[] for _ in range(candidates)] for i in range(len(prompts))}
    answered: list[int] = []
    calls = 0
    while (step := work.step()) is not None:
        seen = cache.apply(step)
        calls += 1
        tokens: list[int | None] = []
        for draw in step.draws:
            token = next_token(seen[draw.row], draw.candidate, life)
            answers[draw.prompt][draw.candidate].append(token)
            tokens.append(None if token == END else token)
        answered += work.accept(tokens)
    assert len(answered) == len(set(answered))
    return {i: answers[i] for i in answered}, calls


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Prompts of any mix of lengths with a schedule that just about holds them."""
    common = draw(st.lists(st.integers(1, 5), max_size=20))
    rest = draw(st.lists(st.lists(st.integers(1, 5), min_size=1, max_size=40), min_size=1, max_size=25))
    prompts = [common + own for own in rest]
    candidates, most = draw(st.integers(1, 4)), draw(st.integers(1, 10))
    unified = draw(st.booleans())
    sequences = draw(st.integers(candidates if unified else 1, 12 if unified else 60))
    own = max(map(len, prompts)) - shared_prefix(prompts) + (most - 1) * (candidates if unified else 1)
    cells = shared_prefix(prompts) + own + draw(st.integers(0, 60))
    batch = draw(st.integers(sequences, 100))
    schedule = Schedule(
        sequences,
        cells,
        unified,
        batch,
        ubatch=draw(st.integers(1, batch)),
        block=draw(st.integers(1, 30)),
        rows=draw(st.integers(1, 16)),
        fewest=draw(st.integers(1, 16)),
        gap=draw(st.integers(0, 20)),
    )
    return prompts, schedule, most, candidates, draw(st.sampled_from([1, 3, 8, 10**9]))


@settings(max_examples=400)
@given(cases(), st.booleans())
def test_every_prompt_is_answered_once_as_if_alone(case: Case, shared_rows: bool) -> None:
    prompts, schedule, most, candidates, life = case
    answers, _ = run(prompts, schedule, most, candidates, life, shared_rows=shared_rows)
    assert answers == {
        i: [one_by_one(prompt, candidate, most, life) for candidate in range(candidates)]
        for i, prompt in enumerate(prompts)
    }


@given(cases(), st.sets(st.integers(0, 24)))
def test_skipped_blocks_cost_nothing_and_change_nothing(case: Case, skip: set[int]) -> None:
    prompts, schedule, most, candidates, life = case
    answers, calls = run(prompts, schedule, most, candidates, life)
    rest, fewer = run(prompts, schedule, most, candidates, life, sorted(skip))
    assert set(range(len(prompts))) - skip <= set(rest)
    assert all(rest[i] == answers[i] for i in rest)
    assert fewer <= calls
    if skip >= set(range(len(prompts))):
        assert fewer == 0


def test_no_prompts_need_nothing() -> None:
    assert batcher(Task([], 0, 4), Schedule(1, 8, True, 8, 8)).step() is None


@pytest.mark.parametrize(
    ("prompts", "prefix", "sequences", "candidates", "unified"),
    [
        ([[1] * 6], 0, 1, 1, True),
        ([[1] * 6], 0, 1, 1, False),
        ([[1, 2]], 2, 1, 1, False),
        ([[1]], 0, 2, 3, True),
        ([[1]], 0, 9, 1, True),
    ],
    ids=[
        "too long",
        "too long",
        "nothing beyond the prefix",
        "too few sequences",
        "more sequences than rows",
    ],
)
def test_what_cannot_fit_is_refused_before_anything_happens(
    prompts: list[list[int]], prefix: int, sequences: int, candidates: int, unified: bool
) -> None:
    with pytest.raises(ValueError, match=r"fit|beyond|candidates"):
        batcher(Task(prompts, prefix, 4, candidates), Schedule(sequences, 8, unified, 8, 8))


def test_decode_rows_ride_along_with_the_next_prompts() -> None:
    prompts = [[i, *range(1, 20)] for i in range(1, 65)]
    _, calls = run(prompts, Schedule(32, 32 * 30, True, 64, 64, block=64), 8, 1, 10**9)
    tokens = 64 * (20 + 7)
    assert calls <= tokens // 64 + 8, "full batches but for the last prompts' decoding"


def test_filler_rows_take_no_cells_that_are_spoken_for() -> None:
    prompts = [[i, 1, 2, 3] for i in range(1, 9)]
    cells = 8 * (4 + 9)
    answers, _ = run(prompts, Schedule(16, cells, True, 64, 64, rows=16, fewest=2), 10, 1, 10**9)
    assert len(answers) == 8


@settings(max_examples=200)
@given(cases())
def test_a_beginning_that_candidates_have_in_common_is_decoded_once(case: Case) -> None:
    prompts, schedule, most, candidates, life = case
    schedule = replace(schedule, rows=1)  # no filler rows
    work = batcher(Task(prompts, shared_prefix(prompts), most, candidates), schedule)
    cache = Cache(schedule)
    decoded: list[tuple[int, ...]] = []
    while (step := work.step()) is not None:
        seen = cache.apply(step)
        drawn = {(draw.prompt, tuple(seen[draw.row])) for draw in step.draws}
        assert len(drawn) == len(seen), "all candidates of a row draw from it"
        decoded += [(prompt, *text) for prompt, text in drawn]
        tokens = [next_token(seen[draw.row], draw.candidate, life) for draw in step.draws]
        work.accept([None if token == END else token for token in tokens])
    beginnings = set()
    for i, prompt in enumerate(prompts):
        for candidate in range(candidates):
            answer = [*prompt, *one_by_one(prompt, candidate, most, life)]
            beginnings |= {(i, *answer[:end]) for end in range(len(prompt), len(answer))}
    assert sorted(decoded) == sorted(beginnings)


def test_the_last_of_a_wave_move_together() -> None:
    """Two of three prompts are answered at once; the rest move side by side and need no filler rows."""
    prompts = [[i, 1, 2] for i in range(1, 13)]
    schedule = Schedule(12, 16, False, 64, 64, block=12, gap=20)
    work, cache = batcher(Task(prompts, 0, 5), schedule), Cache(schedule)
    rows: list[list[int] | None] = []
    while (step := work.step()) is not None:
        cache.apply(step)
        rows.append(step.sequences if len(step.tokens) == len(step.draws) else None)
        work.accept([None if draw.prompt % 3 else 7 for draw in step.draws])
    assert rows == [None] + [list(range(4))] * 4


def test_as_many_tokens_as_draws_are_taken() -> None:
    work = batcher(Task([[1, 2]], 0, 4, candidates=2), Schedule(2, 8, True, 8, 8))
    step = work.step()
    assert step is not None
    assert len(step.draws) == 2
    with pytest.raises(ValueError, match="3 tokens"):
        work.accept([5, 6, 7])


def test_a_wave_is_prefilled_in_full_batches() -> None:
    prompts = [[i, *range(1, 16)] for i in range(1, 17)]
    work = batcher(Task(prompts, 0, 4), Schedule(16, 32, False, 128, 64, block=16))
    rows = []
    while (step := work.step()) is not None:
        rows.append(len(step.tokens))
        work.accept([7] * len(step.draws))
    assert rows == [64] * 4 + [16] * 3
