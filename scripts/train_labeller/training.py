"""The training loop that all stages share."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import torch
from matching import Teacher, matching
from model import Qwen2, causal_within
from torch import Tensor, nn

from localtopics.files import replacing

WARM, MEASURED = 15, 45
"""Steps after which a stage's speed is measured: compilation is over by the first."""


@dataclass(frozen=True)
class Batch:
    """Rows of packed tokens: int [rows, tokens + 1] each, the weight of a token's own loss as float32."""

    tokens: np.ndarray
    segments: np.ndarray
    weights: np.ndarray
    branches: np.ndarray
    """Of a segment's tokens, those of branch 0 are seen by all, those of another by itself."""
    positions: np.ndarray

    @classmethod
    def empty(cls, rows: int, context: int) -> "Batch":
        """Of `context` + 1 columns, all zeros, with plain positions."""
        shape = (rows, context + 1)
        tokens, segments, branches = (np.zeros(shape, np.int64) for _ in range(3))
        positions = np.broadcast_to(np.arange(context + 1), shape).copy()
        return cls(tokens, segments, np.zeros(shape, np.float32), branches, positions)

    def parts(self, rows: int) -> Iterator["Batch"]:
        """The batch in parts of so many rows."""
        for start in range(0, len(self.tokens), rows):
            here = slice(start, start + rows)
            yield Batch(**{field.name: getattr(self, field.name)[here] for field in fields(self)})

    def counted(self) -> np.ndarray:
        """The weight of every target, float32 [rows, tokens]: none across two segments or branches."""
        follows = (self.segments[:, 1:] == self.segments[:, :-1]) & (
            self.branches[:, 1:] == self.branches[:, :-1]
        )
        counted: np.ndarray = self.weights[:, 1:] * follows
        return counted.astype(np.float32)


@dataclass(frozen=True)
class Plan:
    """How long and how fast: rates rise over `warmup` steps and fall to zero over the last `decay` share."""

    steps: int
    matrix_rate: float
    embedding_rate: float
    warmup: int = 50
    decay: float = 0.5
    rows: int = 32
    """Rows that are on the device together; a larger batch is learnt from in parts."""
    minutes: float | None = None
    """If the steps would take longer, there are fewer."""

    def rate(self, step: int) -> float:
        """The share of the full rate that a step uses."""
        left = (self.steps - step) / (self.steps * self.decay)
        return max(0.0, min(1.0, (step + 1) / self.warmup, left))


class Pace:
    """How many steps a plan's minutes allow, by the speed of its first ones."""

    def __init__(self, minutes: float | None) -> None:
        self._minutes, self._began = minutes, time.perf_counter()
        self._steps, self._warm = 0, 0.0
        self.each = 0.0
        """Seconds a step."""

    def possible(self, device: torch.device) -> int | None:
        """To be called after each step: how many more there may be, once, when that is known."""
        self._steps += 1
        if self._minutes is None or self._steps not in (WARM, MEASURED):
            return None
        if device.type == "cuda":
            torch.cuda.synchronize()
        now = time.perf_counter()
        if self._steps == WARM:
            self._warm = now
            return None
        self.each = (now - self._warm) / (MEASURED - WARM)
        return max(1, int((self._minutes * 60 - (now - self._began)) / self.each))


class Trainer:
    """A model and its optimisers: Muon (Jordan et al. 2024) for the blocks' matrices, AdamW for the rest.

    Args:
        model: what learns; its parameters are float32.
        plan: how long and how fast.
        device: where.
        teacher: a model to learn from beside the tokens; its parameters may be bfloat16.
        share: what the teacher counts, from 0 to 1.
    """

    def __init__(
        self,
        model: Qwen2,
        plan: Plan,
        device: torch.device,
        teacher: Qwen2 | None = None,
        share: float = 0.5,
    ) -> None:
        self.model, self.plan, self.device = model.to(device), plan, device
        self._teacher = None if teacher is None else teacher.to(device).eval()
        self._share = share
        matrices = [p for p in model.blk.parameters() if p.ndim == 2]
        others = [p for p in model.parameters() if not any(p is m for m in matrices)]
        cuda = device.type == "cuda"
        self.optimizers: list[torch.optim.Optimizer] = [
            torch.optim.Muon(
                matrices, lr=plan.matrix_rate, weight_decay=0.01, adjust_lr_fn="match_rms_adamw"
            ),
            torch.optim.AdamW(
                others, lr=plan.embedding_rate, betas=(0.9, 0.95), weight_decay=0.0, fused=cuda
            ),
        ]
        self.step = 0
        self._pace = Pace(plan.minutes)
        self._mask: Callable[..., object] = causal_within
        if cuda:
            torch.set_float32_matmul_precision("high")
            self._mask = torch.compile(causal_within)
            for each in (model, self._teacher):
                if each is not None:
                    each.compile_blocks()

    def losses(self, batch: Batch, total: float) -> tuple[Tensor, Tensor, Tensor]:
        """The mean loss, to be differentiated, and the sums of all tokens' own losses and divergences.

        Args:
            batch: what fits the device.
            total: what the weights are divided by.
        """
        tokens, segments, branches, positions = (
            torch.from_numpy(np.ascontiguousarray(array, np.int64)).to(self.device, non_blocking=True)
            for array in (batch.tokens, batch.segments, batch.branches, batch.positions)
        )
        weights = torch.from_numpy(batch.counted() / np.float32(total)).to(self.device).flatten()
        inputs, targets = tokens[:, :-1].contiguous(), tokens[:, 1:].flatten()
        mask = self._mask(segments[:, :-1].contiguous(), branches[:, :-1].contiguous())
        asked = inputs, mask, positions[:, :-1].contiguous()
        teacher = None
        if self._teacher is not None and torch.is_grad_enabled():
            with torch.no_grad():
                taught = self._teacher(*asked).flatten(0, 1)
                embedding = self._teacher.token_embd.weight.detach().to(taught.dtype)
            teacher = Teacher(taught, embedding, self._share)
        hidden = self.model(*asked).flatten(0, 1)
        loss, own, divergence = matching(hidden, self.model.token_embd.weight, targets, weights, teacher)
        return loss, (own * weights).sum(), (divergence * weights).sum()

    def learn(self, batch: Batch) -> dict[str, Tensor]:
        """One step; returns the batch's weighted mean loss and divergence, still on the device.

        Weights may be negative.
        """
        total = float(np.abs(batch.counted()).sum()) or 1.0
        sums = torch.zeros(2, device=self.device)
        for part in batch.parts(self.plan.rows):
            loss, own, divergence = self.losses(part, total)
            torch.autograd.backward(loss)
            sums += torch.stack((own, divergence))
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), 1.0, foreach=True)
        for parameter in self.model.parameters():
            if parameter.grad is not None:  # an overflow must cost a step, not the model
                torch.nan_to_num_(parameter.grad, 0.0, 0.0, 0.0)
        for optimizer, full in zip(
            self.optimizers, (self.plan.matrix_rate, self.plan.embedding_rate), strict=True
        ):
            for group in optimizer.param_groups:
                group["lr"] = full * self.plan.rate(self.step)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.step += 1
        if possible := self._pace.possible(self.device):
            self.plan = replace(self.plan, steps=min(self.plan.steps, self.step + possible))
            print(f"{self._pace.each:.3f} s a step: {self.plan.steps:,} steps", flush=True)
        return {"loss": sums[0], "divergence": sums[1], "norm": norm.detach()}

    @torch.no_grad()
    def evaluate(self, batches: list[Batch]) -> float:
        """The mean loss over all weighted tokens."""
        total = sum(float(batch.counted().sum()) for batch in batches)
        parts = (part for batch in batches for part in batch.parts(self.plan.rows))
        return float(
            sum((self.losses(part, total)[1] for part in parts), torch.zeros((), device=self.device))
        )

    def save(self, path: Path) -> None:
        """Write everything that going on needs."""
        state = checkpoint(self.model) | {
            "step": self.step,
            "steps": self.plan.steps,
            "optimizers": [o.state_dict() for o in self.optimizers],
        }
        with replacing(path) as part:
            torch.save(state, part)

    def resume(self, path: Path) -> None:
        """Go on where `save` left off, if it did."""
        if path.is_file():
            state = torch.load(path, map_location=self.device)
            self.step = state["step"]
            self.plan, self._pace = replace(self.plan, steps=state["steps"]), Pace(None)
            self.model.load_state_dict(state["model"])
            for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
                optimizer.load_state_dict(saved)


def checkpoint(model: Qwen2) -> dict[str, object]:
    """A model's shape and weights."""
    return {"shape": model.shape.__dict__, "model": model.state_dict()}


def keep(model: Qwen2, path: Path) -> None:
    """Write a model's checkpoint, all of it or nothing."""
    with replacing(path) as part:
        torch.save(checkpoint(model), part)


def weights(path: Path, device: torch.device | None = None) -> dict[str, Tensor]:
    """The weights of a checkpoint, without its shape."""
    state: dict[str, Tensor] = torch.load(path, map_location=device or "cpu")["model"]
    return state


class Log:
    """One JSON line for each measurement, and the same on the screen."""

    def __init__(self, path: Path) -> None:
        self._path, self._start = path, time.perf_counter()
        path.parent.mkdir(parents=True, exist_ok=True)

    def write(self, **values: float | Tensor) -> None:
        """Add a line with the seconds since the start."""
        line: dict[str, float] = {
            key: value if isinstance(value, int) else round(float(value), 4) for key, value in values.items()
        }
        line["seconds"] = round(time.perf_counter() - self._start, 1)
        with self._path.open("a") as file:
            file.write(json.dumps(line) + "\n")
        print(*(f"{key} {value:g}" for key, value in line.items()), flush=True)


def device() -> torch.device:
    """The GPU if there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
