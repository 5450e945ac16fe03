"""Prompts in, texts out: a local GGUF run by llama.cpp, one shared prefix, many prompts at once."""

from __future__ import annotations

import codecs
import re
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Self

from localtopics.errors import UserError
from localtopics.gguf import read_info
from localtopics.llama.answers import Generation, first_line
from localtopics.llama.api import LlamaModel
from localtopics.llama.batching import batcher
from localtopics.llama.build import WITHOUT_AMX, amx_is_safe
from localtopics.llama.chat import THOUGHT_END
from localtopics.llama.context import Context
from localtopics.llama.costs import cost_model
from localtopics.llama.offload import OffloadPlan, plan_offload, replan
from localtopics.llama.sampler import Sampler, Sampling, greedy
from localtopics.llama.schedule import MOST_CANDIDATES, Schedule, Task, choose_schedule, shared_prefix
from localtopics.llama.vocabulary import Vocabulary
from localtopics.machine import usable_cpus
from localtopics.progress import Progress, silent

__all__ = ["Engine", "Generation", "Sampling", "Vocabulary"]


class Engine:
    """A loaded model that answers prompts, used by one thread. Close it, or use it as a context manager.

    Args:
        model: A GGUF.
        plan: What of it goes on GPUs; None: as much as fits.
        threads: CPU threads; None: as many as there are processors.
        context: The most tokens of one prompt and its answer.
        progress: Told of the loading.

    Raises:
        UserError: the file is no usable GGUF, or there is not enough memory.
    """

    def __init__(
        self,
        model: Path,
        plan: OffloadPlan | None = None,
        threads: int | None = None,
        context: int = 2048,
        progress: Progress = silent,
    ) -> None:
        self.info = read_info(model)
        """What the model's header says."""
        self.threads = threads or usable_cpus()
        self.plan = plan or plan_offload(self.info, context=context)
        """What was loaded; its notes say where that is less than was planned."""
        self._limit = context
        self._model = self._load(progress)
        self.tokenizer = Vocabulary(self._model)
        self._context: Context | None = None
        self.costs = cost_model(self.info, self.plan)
        """What the choice of a schedule counts with."""
        if self._model.stateful:  # a state can neither be cut back to a prefix's end nor shared row by row
            self.costs = replace(self.costs, read=None, rows=1, fewest=1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give RAM and VRAM back; the engine cannot be used afterwards."""
        if self._context is not None:
            self._context.close()
            self._context = None
        self.tokenizer.close()

    @property
    def schedule(self) -> Schedule | None:
        """The schedule of the last prompts."""
        return self._context.schedule if self._context else None

    def generate(
        self,
        prompts: Sequence[Sequence[int]],
        max_tokens: int = 32,
        candidates: int = 1,
        sampling: Sampling | None = None,
        skip: Collection[int] = (),
        schedule: Schedule | None = None,
        thoughts: bool = False,
    ) -> Iterator[Generation]:
        """Answer every prompt that is not in ``skip``, yielding each when it is finished, in no given order.

        An answer ends with the model's turn, with the first line that does more than announce another or open
        JSON, where it begins to think, or after ``max_tokens``. What comes out for a prompt depends on the
        other prompts only through rounding, and not at all on their order or on ``skip``: to resume with the
        same results, pass all prompts again and the finished ones' indices as ``skip``.

        Args:
            prompts: Tokens.
            max_tokens: The most tokens of an answer.
            candidates: Answers a prompt: the greedy one, and others drawn from the same prefill.
            sampling: How the others are drawn.
            skip: Indices of prompts whose answers are not wanted.
            schedule: How the prompts go through the KV cache; None: as is fastest here. The same schedule
                gives the same results.
            thoughts: Thoughts are wanted instead of answers. They go over many lines, and all of them are
                drawn: likeliest words of a thought go round in circles.

        Raises:
            UserError: a prompt does not fit the context, before anything is decoded; or memory is short.
        """
        if not 1 <= candidates <= MOST_CANDIDATES:
            raise UserError(f"{candidates} candidates a prompt: ask for 1 to {MOST_CANDIDATES}.")
        same: dict[tuple[int, ...], list[int]] = {}
        for index, prompt in enumerate(prompts):
            self._check(index, prompt, max_tokens)
            same.setdefault(tuple(prompt), []).append(index)
        unique = sorted(same, key=lambda prompt: (-len(prompt), prompt))
        done = {i for i, prompt in enumerate(unique) if all(index in skip for index in same[prompt])}
        if len(done) == len(unique):
            return iter(())
        sampling = sampling or Sampling()
        kind = _Thought if thoughts else _Answer
        answers = [kind(prompt, candidates, sampling) for prompt in unique]
        generations = self._generate(unique, done, max_tokens, answers, sampling, schedule)
        return (
            Generation(index, texts, seconds / len(same[unique[i]]))
            for i, texts, seconds in generations
            for index in same[unique[i]]
            if index not in skip
        )

    def stream(self, prompt: Sequence[int], max_tokens: int = 512) -> Iterator[str]:
        """The greedy answer to one prompt, piece by piece; it may have several lines.

        Raises:
            UserError: the prompt does not fit the context.
        """
        max_tokens = min(max_tokens, self._limit - len(prompt))
        self._check(0, prompt, max_tokens)
        return self._stream(prompt, max_tokens)

    def _generate(
        self,
        prompts: Sequence[Sequence[int]],
        done: Collection[int],
        max_tokens: int,
        answers: Sequence[_Answer],
        sampling: Sampling,
        schedule: Schedule | None,
    ) -> Iterator[tuple[int, tuple[str, ...], float]]:
        """Index, texts and seconds of every prompt not in ``done``, as they are finished."""
        candidates = len(answers[0].generators)
        since = time.perf_counter()
        stateful = self._model.stateful
        prefix = 0 if stateful else shared_prefix(prompts)
        task = Task(prompts, prefix, max_tokens, candidates, skip=done, shared_rows=not stateful)
        context = self._open(task, schedule)
        work = batcher(task, context.schedule)
        sampler = Sampler(sampling)
        for step, logits in context.run(work):
            draws = [(draw.row, answers[draw.prompt].generators[draw.candidate]) for draw in step.draws]
            tokens = sampler.draw(logits, draws)
            finished = work.accept(
                [
                    token if answers[draw.prompt].add(draw.candidate, token, self.tokenizer) else None
                    for draw, token in zip(step.draws, tokens, strict=True)
                ]
            )
            if finished:
                seconds = (time.perf_counter() - since) / len(finished)
                for i in finished:
                    yield i, answers[i].texts(), seconds
                since = time.perf_counter()

    def _stream(self, prompt: Sequence[int], max_tokens: int) -> Iterator[str]:
        task = Task([prompt], 0, max_tokens)
        context = self._open(task)
        work = batcher(task, context.schedule)
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        begun = False
        for _, logits in context.run(work):
            for row in logits:
                token = greedy(row)
                end = self.tokenizer.is_end(token)
                text = decoder.decode(b"" if end else self.tokenizer.piece(token), final=end)
                text = text if begun else text.lstrip()
                begun = begun or bool(text)
                work.accept([None if end else token])
                if text:
                    yield text

    def _check(self, index: int, prompt: Sequence[int], max_tokens: int) -> None:
        if not prompt:
            raise UserError(f"Prompt {index} is empty: give it at least one token.")
        if max_tokens < 1 or len(prompt) + max_tokens > self._limit:
            raise UserError(
                f"Prompt {index} of {len(prompt)} tokens and its answer of {max_tokens} exceed a context of "
                f"{self._limit} tokens: raise the context or show the model less text."
            )
        if min(prompt) < 0 or max(prompt) >= self.tokenizer.size:
            raise UserError(
                f"Prompt {index} has tokens that the model does not: encode it with the model's own."
            )

    def _load(self, progress: Progress) -> LlamaModel:
        """The model as planned, or with fewer layers on the GPU where that fails for memory."""
        while True:
            relaid = self.plan.place == "gpu" or amx_is_safe()
            if not relaid and WITHOUT_AMX not in self.plan.notes:
                self.plan = self.plan.noting(WITHOUT_AMX)
            plan = self.plan
            try:
                with progress("Loading the model", 100) as advance:
                    return LlamaModel(
                        self.info.path, layers=plan.layers, split=plan.split, relaid=relaid, advance=advance
                    )
            except MemoryError as error:
                smaller = replan(self.info, plan, self._limit)
                if smaller is None:
                    raise UserError(
                        f"There is not enough memory to load {self.info.path}: {error}."
                    ) from None
                self.plan = smaller

    def _open(self, task: Task, schedule: Schedule | None = None) -> Context:
        """A context for a task (the last if it is of the same schedule), smaller where memory fails."""
        if self._model.closed:
            raise RuntimeError("the engine has been closed")
        tried = None
        while True:
            wanted = schedule or choose_schedule(task, self.costs)
            if self._context is not None:
                if self._context.schedule == wanted:
                    return self._context
                self._context.close()
                self._context = None
            try:
                self._context = Context(
                    self._model,
                    wanted,
                    kv_type=self.plan.kv_type,
                    flash_attention=self.plan.flash_attention,
                    threads=self.threads,
                )
                return self._context
            except MemoryError as error:
                if schedule or wanted == tried:
                    raise UserError(
                        f"Memory is too short to run {self.info.path.name} ({error}): put fewer layers on "
                        "the GPU, or show the model less text.",
                        arguments=["gpu_layers"],
                    ) from None
                tried = wanted
                self.costs = replace(self.costs, cells=wanted.total_cells // 2)
                self.plan = self.plan.noting(
                    f"A KV cache of {wanted.total_cells} cells did not fit: a smaller one is used."
                )


class _Answer:
    """The candidates of one prompt as they grow; the first is greedy, the others have random numbers."""

    def __init__(self, prompt: Sequence[int], candidates: int, sampling: Sampling) -> None:
        self._texts = [b""] * candidates
        self.generators: list[Random | None] = [None, *sampling.generators(prompt, candidates - 1)]

    def add(self, candidate: int, token: int, vocabulary: Vocabulary) -> bool:
        """Add a token; whether the answer goes on. It ends with the turn, or with its first line of text.

        It ends with a thought's first word as well: a thought is longer than any answer wanted here.
        """
        if vocabulary.is_end(token):
            return False
        self._texts[candidate] += vocabulary.piece(token)
        return not self._has_ended(self._texts[candidate])

    def texts(self) -> tuple[str, ...]:
        """Every candidate up to its end, without blanks around it."""
        return tuple(self._whole(text) for text in self._texts)

    def _has_ended(self, text: bytes) -> bool:
        if _THINKS.match(text):
            return True
        return b"\n" in text and first_line(text.decode("utf-8", "replace"))[1]

    def _whole(self, text: bytes) -> str:
        return first_line(text.decode("utf-8", "replace"))[0]


class _Thought(_Answer):
    """What goes through the model's head before its answer; it ends where the model closes it."""

    def __init__(self, prompt: Sequence[int], candidates: int, sampling: Sampling) -> None:
        super().__init__(prompt, candidates, sampling)
        self.generators = [*sampling.generators(prompt, candidates)]

    def _has_ended(self, text: bytes) -> bool:
        return THOUGHT_END.encode() in text

    def _whole(self, text: bytes) -> str:
        return text.decode("utf-8", "replace").strip()


_THINKS = re.compile(rb"\s*<think>\s*[^\s<]")
