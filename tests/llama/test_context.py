"""The steps of a batcher, run on a real small model."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from localtopics.llama.api import LlamaModel
from localtopics.llama.batching import batcher
from localtopics.llama.context import Context
from localtopics.llama.schedule import Schedule, Task

UNIFIED = Schedule(4, 256, True, 32, 32)
WAVES = Schedule(4, 256, False, 32, 32, block=4)
PROMPTS = [[1, 403, 407, 261, 378 + i] for i in range(6)]


@pytest.fixture(scope="module")
def model(story: Path) -> Iterator[LlamaModel]:
    model = LlamaModel(story)
    yield model
    model.close()


def answers(context: Context, task: Task) -> list[list[int]]:
    """The likeliest tokens after each prompt."""
    work = batcher(task, context.schedule)
    found: list[list[int]] = [[] for _ in task.prompts]
    for step, logits in context.run(work):
        assert logits.shape == (step.output_rows, 512)
        assert logits.dtype == np.float32
        tokens = [int(logits[draw.row].argmax()) for draw in step.draws]
        for draw, token in zip(step.draws, tokens, strict=True):
            found[draw.prompt].append(token)
        work.accept(tokens)
    return found


@pytest.mark.parametrize("schedule", [UNIFIED, WAVES], ids=["unified", "waves"])
def test_prompts_beside_each_other_are_answered_as_alone(model: LlamaModel, schedule: Schedule) -> None:
    context = Context(model, schedule, threads=1)
    together = answers(context, Task(PROMPTS, 4, 6))
    alone = [answers(context, Task([prompt], 0, 6))[0] for prompt in PROMPTS]
    context.close()
    assert together == alone
    assert len({tuple(answer) for answer in alone}) > 2


def test_a_run_that_another_overtook_says_so(model: LlamaModel) -> None:
    context = Context(model, UNIFIED, threads=1)
    first = context.run(batcher(Task(PROMPTS, 4, 6), UNIFIED))
    next(first)
    assert answers(context, Task(PROMPTS[:1], 0, 2))
    with pytest.raises(RuntimeError, match="other prompts"):
        next(first)
    last = context.run(batcher(Task(PROMPTS, 4, 6), UNIFIED))
    next(last)
    context.close()
    with pytest.raises(RuntimeError, match="closed"):
        next(last)
