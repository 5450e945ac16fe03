"""Stage 6: label training on packed prompts, each blind to the others; the best snapshots are averaged."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from model import Llama
from ragged import Ragged
from recipe import FULL, SEED, TOY, WORK
from training import Batch, Log, Plan, Trainer, device

from localtopics.files import replacing

ROWS = 32
PROMPT_WEIGHT = 0.02
"""Of a prompt's token against a label's 1: half of the loss, so that the model does not forget to read."""
EVALUATIONS = 4
"""Of the development groups, each epoch; every one leaves a snapshot."""


def pack(
    examples: Ragged, order: np.ndarray, rows: int, context: int, prompt_weight: float
) -> Iterator[Batch]:
    """Whole examples, one after the other, in rows of context + 1 tokens; a longer example is left out."""
    batch, row, column = Batch.empty(rows, context), 0, 0
    for index in order:
        tokens, answer = examples[index], examples.answers[index]
        if len(tokens) > context + 1:
            continue
        if column + len(tokens) > context + 1:
            row, column = row + 1, 0
        if row == rows:
            yield batch
            batch, row = Batch.empty(rows, context), 0
        place = slice(column, column + len(tokens))
        batch.tokens[row, place] = tokens
        batch.segments[row, place] = index + 1
        batch.weights[row, place] = prompt_weight
        batch.weights[row, place.stop - answer : place.stop] = 1
        column += len(tokens)
    yield batch


def schedule(epochs: int, rows: int, context: int) -> Iterator[tuple[int, Batch]]:
    """(epoch, batch) over all epochs, in an order fixed by the seed."""
    for epoch in range(1, epochs + 1):
        examples = Ragged.load(WORK / f"labels-{epoch}.npz")
        order = np.random.default_rng((SEED, epoch)).permutation(len(examples))
        for batch in pack(examples, order, rows, context, PROMPT_WEIGHT):
            yield epoch, batch


def average(trainer: Trainer, snapshots: list[tuple[float, Path]], batches: list[Batch]) -> float:
    """Leave the greedy soup of the snapshots in the model (Wortsman et al. 2022); returns its loss."""
    chosen: list[dict[str, torch.Tensor]] = []
    best = float("inf")
    for _, path in sorted(snapshots):
        candidate = [*chosen, torch.load(path, map_location=trainer.device)]
        trainer.model.load_state_dict(mean(candidate))
        loss = trainer.evaluate(batches)
        if loss < best:
            chosen, best = candidate, loss
    trainer.model.load_state_dict(mean(chosen))
    print(f"average of {len(chosen)} of {len(snapshots)} snapshots: {best:.4f}")
    return best


def mean(states: list[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """The average of several models' weights."""
    return {name: torch.stack([state[name] for state in states]).mean(0) for name in states[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--toy", action="store_true", help="a tiny model, to try the chain")
    arguments = parser.parse_args()
    shape, rows, context = (TOY, 4, 512) if arguments.toy else (FULL, ROWS, FULL.context)

    held = Ragged.load(WORK / "development.npz")
    development = list(pack(held, np.arange(len(held)), rows, context, prompt_weight=0))
    steps = sum(1 for _ in schedule(arguments.epochs, rows, context))
    evaluate_at = {
        round(steps * n / (EVALUATIONS * arguments.epochs))
        for n in range(1, EVALUATIONS * arguments.epochs + 1)
    }

    model = Llama(shape)
    model.load_state_dict(torch.load(WORK / "pretrained.pt", map_location="cpu")["model"])
    plan = Plan(steps, matrix_rate=4e-4, embedding_rate=2e-4, warmup=20, decay=1.0)
    trainer = Trainer(model, plan, device())
    trainer.resume(WORK / "learning.pt")
    log = Log(WORK / "label-training.jsonl")
    for step, (epoch, batch) in enumerate(schedule(arguments.epochs, rows, context)):
        if step < trainer.step:
            continue
        loss = trainer.learn(batch)
        if trainer.step % 10 == 0:
            log.write(step=trainer.step, epoch=epoch, loss=float(loss))
        if trainer.step in evaluate_at:
            log.write(step=trainer.step, epoch=epoch, development=trainer.evaluate(development))
            with replacing(WORK / "snapshots" / f"{trainer.step}.pt") as part:
                torch.save(model.state_dict(), part)
            trainer.save(WORK / "learning.pt")

    lines = map(json.loads, (WORK / "label-training.jsonl").read_text().splitlines())
    losses = {line["step"]: line["development"] for line in lines if "development" in line}
    snapshots = [(loss, WORK / "snapshots" / f"{step}.pt") for step, loss in losses.items()]
    log.write(step=trainer.step, average=average(trainer, snapshots, development))
    with replacing(WORK / "labelled.pt") as part:
        torch.save({"model": model.state_dict()}, part)


if __name__ == "__main__":
    main()
