"""The training loop that pre-training and label training share."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from model import Llama, causal_within
from torch import Tensor, nn

from localtopics.files import replacing


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


@dataclass(frozen=True)
class Plan:
    """How long and how fast: rates rise over `warmup` steps and fall to zero over the last `decay` share."""

    steps: int
    matrix_rate: float
    embedding_rate: float
    warmup: int = 50
    decay: float = 0.5

    def rate(self, step: int) -> float:
        """The share of the full rate that a step uses."""
        left = (self.steps - step) / (self.steps * self.decay)
        return min(1.0, (step + 1) / self.warmup, left)


class Trainer:
    """A model and its optimisers: Muon (Jordan et al. 2024) for the blocks' matrices, AdamW for the rest."""

    def __init__(self, model: Llama, plan: Plan, device: torch.device) -> None:
        self.model, self.plan, self.device = model.to(device), plan, device
        matrices = [p for p in model.blk.parameters() if p.ndim == 2]
        others = [p for p in model.parameters() if not any(p is m for m in matrices)]
        self.optimizers: list[torch.optim.Optimizer] = [
            torch.optim.Muon(matrices, lr=plan.matrix_rate, weight_decay=0.1, adjust_lr_fn="match_rms_adamw"),
            torch.optim.AdamW(others, lr=plan.embedding_rate, betas=(0.9, 0.95), weight_decay=0.0),
        ]
        self.step = 0
        self._loss: Callable[..., Tensor] = model.losses
        self._mask: Callable[..., object] = causal_within
        if device.type == "cuda":
            torch.set_float32_matmul_precision("high")
            self._loss, self._mask = torch.compile(model.losses), torch.compile(causal_within)

    def losses(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """The loss and the weight of every token, float32 [rows, tokens]; no weight across two segments."""
        tokens, segments, branches, positions = (
            self._to_device(array, np.int64)
            for array in (batch.tokens, batch.segments, batch.branches, batch.positions)
        )
        follows = (segments[:, 1:] == segments[:, :-1]) & (branches[:, 1:] == branches[:, :-1])
        weights = self._to_device(batch.weights, np.float32)[:, 1:] * follows
        inputs, targets = tokens[:, :-1].contiguous(), tokens[:, 1:].contiguous()
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
            mask = self._mask(segments[:, :-1].contiguous(), branches[:, :-1].contiguous())
            losses = self._loss(inputs, targets, mask, positions[:, :-1].contiguous())
        return losses, weights

    def learn(self, batch: Batch) -> Tensor:
        """One step; returns the batch's weighted mean loss, still on the device. Weights may be negative."""
        losses, weights = self.losses(batch)
        loss = (losses * weights).sum() / weights.abs().sum()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer, full in zip(
            self.optimizers, (self.plan.matrix_rate, self.plan.embedding_rate), strict=True
        ):
            for group in optimizer.param_groups:
                group["lr"] = full * self.plan.rate(self.step)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.step += 1
        return loss.detach()

    @torch.no_grad()
    def evaluate(self, batches: list[Batch]) -> float:
        """The mean loss over all weighted tokens."""
        sums = torch.zeros(2, device=self.device)
        for batch in batches:
            losses, weights = self.losses(batch)
            sums += torch.stack(((losses * weights).sum(), weights.sum()))
        return float(sums[0] / sums[1])

    def save(self, path: Path) -> None:
        """Write everything that going on needs."""
        state = {
            "step": self.step,
            "model": self.model.state_dict(),
            "optimizers": [o.state_dict() for o in self.optimizers],
        }
        with replacing(path) as part:
            torch.save(state, part)

    def resume(self, path: Path) -> None:
        """Go on where `save` left off, if it did."""
        if path.is_file():
            state = torch.load(path, map_location=self.device)
            self.step = state["step"]
            self.model.load_state_dict(state["model"])
            for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
                optimizer.load_state_dict(saved)

    def _to_device(self, array: np.ndarray, kind: type) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array, kind)).to(self.device, non_blocking=True)


class Log:
    """One JSON line for each measurement, and the same on the screen."""

    def __init__(self, path: Path) -> None:
        self._path, self._start = path, time.perf_counter()
        path.parent.mkdir(parents=True, exist_ok=True)

    def write(self, **values: float) -> None:
        """Add a line with the seconds since the start."""
        line = {key: round(value, 4) for key, value in values.items()}
        line["seconds"] = round(time.perf_counter() - self._start, 1)
        with self._path.open("a") as file:
            file.write(json.dumps(line) + "\n")
        print(*(f"{key} {value:g}" for key, value in line.items()), flush=True)


def device() -> torch.device:
    """The GPU if there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
