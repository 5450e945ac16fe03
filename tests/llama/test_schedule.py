"""The choice of a schedule: that it fits, and that it suits where it is to run."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from localtopics.llama.batching import batcher
from localtopics.llama.schedule import (
    MOST_SEQUENCES,
    CostModel,
    Schedule,
    Task,
    choose_schedule,
    shared_prefix,
)

GPU = CostModel(
    cells=131072,
    ubatch=4096,
    step=50.0,
    rows=1,
    fewest=1,
    slow_step=50.0,
    slow_row=1.0,
    attend=7e-5,
    read=1e-3,
)
CPU = CostModel(
    cells=65536, ubatch=512, step=1.5, rows=16, fewest=9, slow_step=0.6, slow_row=2.0, attend=1e-4, read=0.0
)


def task(own: Sequence[int], prefix: int, most: int, candidates: int = 1) -> Task:
    """Prompts of so many tokens each beyond a prefix."""
    return Task([[1] * (prefix + length) for length in own], prefix, most, candidates)


@settings(max_examples=300)
@given(
    st.lists(st.integers(1, 2000), min_size=1, max_size=60),
    st.integers(0, 500),
    st.integers(1, 64),
    st.integers(1, 8),
    st.sampled_from([GPU, CPU, replace(GPU, read=None, rows=32, fewest=8, slow_row=150.0)]),
    st.integers(8, 18),
)
def test_the_chosen_schedule_holds_every_prompt_in_the_memory_there_is(
    own: list[int], prefix: int, most: int, candidates: int, costs: CostModel, power: int
) -> None:
    costs = replace(costs, cells=1 << power)
    work = task(own, prefix, most, candidates)
    schedule = choose_schedule(work, costs)
    batcher(work, schedule)
    alone = prefix + max(own) + candidates * (most - 1) + 2 * 256
    assert schedule.total_cells <= max(costs.cells, alone)
    assert schedule.sequences <= min(MOST_SEQUENCES, schedule.batch)
    assert schedule.batch <= schedule.total_cells


def test_the_schedule_suits_where_it_is_to_run() -> None:
    def chosen(unique: int, costs: CostModel, candidates: int = 1) -> Schedule:
        return choose_schedule(task([unique] * 96, 287, 8, candidates), costs)

    for unique in (93, 253, 853):
        assert not chosen(unique, GPU).unified, "on a large GPU every sequence has cells of its own"
        assert chosen(unique, CPU).sequences % 16 == 0, "on a CPU rows come in groups"
    assert chosen(93, replace(GPU, cells=4096)).unified, "on a small one short prompts share them"
    assert not chosen(93, GPU, 5).unified, "candidates that are alike take no more cells"
    assert chosen(93, GPU).sequences > chosen(93, replace(GPU, cells=16384)).sequences


@given(st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=8), min_size=1, max_size=8))
def test_shared_prefix_is_the_longest_that_leaves_each_prompt_a_token(prompts: list[list[int]]) -> None:
    length = shared_prefix(prompts)
    assert all(prompt[:length] == prompts[0][:length] and len(prompt) > length for prompt in prompts)
    longer = length + 1
    assert any(prompt[:longer] != prompts[0][:longer] or len(prompt) <= longer for prompt in prompts)


def test_no_prompts_share_nothing() -> None:
    assert shared_prefix([]) == 0
