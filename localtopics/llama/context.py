"""A llama_context: a KV cache of a schedule's size, and the steps of a scheduler run in it."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from localtopics.llama.api import Interrupt, clear_log, llama, reason
from localtopics.llama.batching import Copy, Scheduler, Step
from localtopics.llama.schedule import Schedule

KV_TYPES = {"f16": 1, "q8_0": 8}
"""ggml's numbers of the types that a KV cache may have here."""


def context_parameters(schedule: Schedule, kv_type: str, flash_attention: bool | None = None) -> Any:
    """llama_context_params for a schedule; llama.cpp decides about flash attention where that is None."""
    parameters = llama().llama_context_default_params()
    parameters.n_ctx = schedule.total_cells
    parameters.n_batch = schedule.batch
    parameters.n_ubatch = schedule.ubatch
    parameters.n_seq_max = schedule.sequences
    # a row a sequence: else the compute buffer would hold logits of every token
    parameters.n_outputs_max = schedule.sequences
    parameters.kv_unified = schedule.unified
    parameters.flash_attn_type = -1 if flash_attention is None else int(flash_attention)
    parameters.type_k = parameters.type_v = KV_TYPES[kv_type]
    return parameters


class Context:
    """Runs the steps of a scheduler on a loaded model.

    Args:
        model: The llama_model.
        schedule: What the context is made for.
        kv_type: The KV cache's type, one of `KV_TYPES`.
        flash_attention: Whether to use it; None: where it is supported.
        threads: CPU threads.
        vocabulary: The model's number of tokens.

    Raises:
        MemoryError: there is not enough memory, on a GPU or here.
    """

    def __init__(
        self,
        model: Any,
        schedule: Schedule,
        *,
        kv_type: str = "f16",
        flash_attention: bool | None = None,
        threads: int,
        vocabulary: int,
    ) -> None:
        lib = llama()
        self.schedule = schedule
        self._vocabulary = vocabulary
        self._run = 0
        self._interrupt = Interrupt()
        self._abort = lib.ggml_abort_callback(
            lambda _: self._interrupt.struck
        )  # llama.cpp keeps no reference
        parameters = context_parameters(schedule, kv_type, flash_attention)
        parameters.n_threads = parameters.n_threads_batch = threads
        parameters.abort_callback = self._abort
        clear_log()
        self._context = lib.llama_init_from_model(model, parameters)
        if not self._context:
            raise MemoryError(reason())
        self._memory = lib.llama_get_memory(self._context)
        rows = schedule.batch
        self._tokens = np.zeros(rows, np.int32)
        self._positions = np.zeros(rows, np.int32)
        self._counts = np.ones(rows, np.int32)
        self._ids = np.arange(schedule.sequences, dtype=np.int32)
        self._id_pointers = np.zeros(rows, np.uintp)
        self._outputs = np.zeros(rows, np.int8)
        self._batch = lib.llama_batch(
            token=_pointer(self._tokens, ctypes.c_int32),
            pos=_pointer(self._positions, ctypes.c_int32),
            n_seq_id=_pointer(self._counts, ctypes.c_int32),
            seq_id=_pointer(self._id_pointers, ctypes.POINTER(ctypes.c_int32)),
            logits=_pointer(self._outputs, ctypes.c_int8),
        )

    def close(self) -> None:
        """Free the KV cache and the compute buffers."""
        self._run += 1
        if self._context:
            llama().llama_free(self._context)
            self._context = None

    def run(self, work: Scheduler) -> Iterator[tuple[Step, npt.NDArray[np.float32]]]:
        """Decode a scheduler's steps, each with its logits, float32 [output rows, vocabulary].

        The logits are a view that the next step overwrites. ``work.accept`` is the caller's to call.

        Raises:
            RuntimeError: another run has begun since, or the context was closed.
            KeyboardInterrupt: Ctrl-C; at once while the CPU computes, else after the decode call.
        """

        lib = llama()
        self._run += 1
        this_run = self._run
        lib.llama_memory_clear(self._memory, False)
        nothing = np.empty((0, self._vocabulary), np.float32)
        while (step := work.step()) is not None:
            if this_run != self._run:
                raise RuntimeError("the engine has been closed or given other prompts meanwhile")
            self._operate(step)
            self._decode(step)
            if step.output_rows:
                pointer = lib.llama_get_logits(self._context)
                yield step, np.ctypeslib.as_array(pointer, (step.output_rows, self._vocabulary))
            else:
                yield step, nothing

    def _operate(self, step: Step) -> None:
        """Copy and remove cells."""
        lib = llama()
        for operation in step.operations:
            if isinstance(operation, Copy):
                # with split KV a copy of anything but a whole sequence aborts the process
                start = operation.start if self.schedule.unified else -1
                lib.llama_memory_seq_cp(self._memory, operation.source, operation.target, start, -1)
            elif not lib.llama_memory_seq_rm(self._memory, operation.sequence, operation.start, -1):
                raise RuntimeError(f"llama.cpp refused {operation}")

    def _decode(self, step: Step) -> None:
        rows = self._batch.n_tokens = len(step.tokens)
        if rows > self.schedule.batch:  # llama.cpp would abort the process
            raise RuntimeError(f"a batch of {rows} rows where {self.schedule.batch} fit")
        self._tokens[:rows] = step.tokens
        self._positions[:rows] = step.positions
        self._id_pointers[:rows] = np.asarray(step.sequences, np.uintp) * 4 + self._ids.ctypes.data
        self._outputs[:rows] = step.outputs
        self._counts[:rows] = 1
        shared = {row: np.array([step.sequences[row], *more], np.int32) for row, more in step.beside.items()}
        for row, sequences in shared.items():
            self._counts[row] = len(sequences)
            self._id_pointers[row] = sequences.ctypes.data
        clear_log()
        with self._interrupt:
            code = llama().llama_decode(self._context, self._batch)
        if code == 2:
            raise KeyboardInterrupt
        if code:
            raise RuntimeError(f"llama_decode ended with {code}: {reason()}")


def _pointer(array: npt.NDArray[Any], kind: Any) -> Any:
    return array.ctypes.data_as(ctypes.POINTER(kind))
