"""A KV cache of a schedule's size, in which the steps of a batcher are run."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from localtopics.llama.api import ContextParameters, KVType, LlamaContext, LlamaModel
from localtopics.llama.batching import Batcher
from localtopics.llama.schedule import Schedule
from localtopics.llama.steps import Copy, Step


def context_parameters(
    schedule: Schedule,
    kv_type: KVType = "f16",
    flash_attention: bool | None = None,
    threads: int | None = None,
) -> ContextParameters:
    """The parameters of a context in which prompts go through by a schedule."""
    return ContextParameters(
        cells=schedule.total_cells,
        batch=schedule.batch,
        ubatch=schedule.ubatch,
        sequences=schedule.sequences,
        unified=schedule.unified,
        kv_type=kv_type,
        flash_attention=flash_attention,
        threads=threads,
    )


class Context:
    """Runs the steps of a batcher on a loaded model.

    Args:
        model: The model.
        schedule: What the context is made for.
        kv_type: The KV cache's type.
        flash_attention: Whether to use it; None: where it is supported.
        threads: CPU threads.

    Raises:
        MemoryError: there is not enough memory, on a GPU or here.
    """

    def __init__(
        self,
        model: LlamaModel,
        schedule: Schedule,
        *,
        kv_type: KVType = "f16",
        flash_attention: bool | None = None,
        threads: int,
    ) -> None:
        self.schedule = schedule
        self._context = LlamaContext(model, context_parameters(schedule, kv_type, flash_attention, threads))
        self._run = 0

    def close(self) -> None:
        """Free the KV cache and the compute buffers."""
        self._run += 1
        self._context.close()

    def run(self, work: Batcher) -> Iterator[tuple[Step, npt.NDArray[np.float32]]]:
        """Decode a batcher's steps, each with its logits, float32 [output rows, vocabulary].

        The logits are a view that the next step overwrites. ``work.accept`` is the caller's to call.

        Raises:
            RuntimeError: another run has begun since, or the context was closed.
            KeyboardInterrupt: Ctrl-C; at once while the CPU computes, else after the decode call.
        """
        self._run += 1
        this_run = self._run
        self._context.clear()
        while (step := work.step()) is not None:
            if this_run != self._run:
                raise RuntimeError("the engine has been closed or given other prompts meanwhile")
            self._operate(step)
            self._context.decode(
                step.tokens,
                positions=step.positions,
                sequences=step.sequences,
                outputs=step.outputs,
                beside=step.beside,
            )
            yield step, self._context.logits(step.output_rows)

    def _operate(self, step: Step) -> None:
        """Copy and remove cells."""
        for operation in step.operations:
            if isinstance(operation, Copy):
                self._context.copy(operation.source, operation.target, operation.start)
            else:
                self._context.remove(operation.sequence, operation.start)
