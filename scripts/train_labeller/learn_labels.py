"""Stages 7 and 8: label training on packed prompts, each blind to the others.

First the whole model learns (`--whole`), which is large and so learns much from few headings; then the
labeller, from the headings and from what the whole model has become. Of the labeller the best snapshots are
averaged.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from packing import whole
from quality import Quality
from ragged import Ragged
from recipe import SEED, WHOLE, WORK, Shape, results
from surgery import load
from training import Batch, Log, Plan, Trainer, device, keep, weights

ROWS, ROWS_OF_WHOLE = 32, 16
"""On the device together; a step has 32."""
PROMPT_WEIGHT = 0.02
"""Of a prompt's token against a label's 1: half of the loss, so that the model does not forget to read."""
EVALUATIONS = 4
"""Of the development groups, each epoch; every one leaves a snapshot of the labeller."""
SHARE = 0.5
"""What the whole model's distribution counts beside the heading."""


def schedule(epochs: int, rows: int, context: int) -> Iterator[tuple[int, Batch]]:
    """(epoch, batch) over all epochs, in an order fixed by the seed."""
    for epoch in range(1, epochs + 1):
        examples = Ragged.load(WORK / f"labels-{epoch}.npz")
        order = np.random.default_rng((SEED, epoch)).permutation(len(examples))
        for batch in whole(examples, order, rows, context, PROMPT_WEIGHT):
            yield epoch, batch


def average(trainer: Trainer, snapshots: list[tuple[float, Path]], batches: list[Batch]) -> float:
    """Leave the greedy soup of the snapshots in the model (Wortsman et al. 2022); returns its loss."""
    chosen: list[dict[str, torch.Tensor]] = []
    best = float("inf")
    for _, path in sorted(snapshots):
        candidate = [*chosen, weights(path, trainer.device)]
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


def train(trainer: Trainer, epochs: int, rows: int, context: int, name: str, place: Path, most: int) -> None:
    """Go through the epochs, with looks at the development groups; the labeller leaves snapshots."""
    held = Ragged.load(WORK / "development.npz")
    development = list(whole(held, np.arange(min(most, len(held))), rows, context, prompt_weight=0))
    trainer.resume(place / f"{name}-half-way.pt")
    log = Log(place / f"{name}.jsonl")
    keeps = name == "labelled"
    for step, (epoch, batch) in enumerate(schedule(epochs, rows, context)):
        if step < trainer.step:
            continue
        if step == trainer.plan.steps:
            break
        found = trainer.learn(batch)
        if trainer.step % 10 == 0:
            log.write(step=trainer.step, of=trainer.plan.steps, epoch=epoch, **found)
        every = max(1, trainer.plan.steps // (EVALUATIONS * epochs))
        if trainer.step % every == 0 or trainer.step == trainer.plan.steps:
            log.write(step=trainer.step, epoch=epoch, development=trainer.evaluate(development))
            if keeps:
                keep(trainer.model, place / "snapshots" / f"{trainer.step}.pt")
                trainer.save(place / f"{name}-half-way.pt")
    if keeps:
        lines = map(json.loads, (place / f"{name}.jsonl").read_text().splitlines())
        losses = {line["step"]: line["development"] for line in lines if "development" in line}
        paths = {place / "snapshots" / f"{step}.pt": loss for step, loss in losses.items()}
        snapshots = [(loss, path) for path, loss in paths.items() if path.exists()]
        log.write(step=trainer.step, average=average(trainer, snapshots, development))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--whole", action="store_true", help="the whole model, for one epoch")
    parser.add_argument("--epochs", type=int, default=2, help="of the labeller")
    parser.add_argument("--minutes", type=float, help="fewer steps, if they would take longer")
    parser.add_argument("--rate", type=float, help="of Muon; of AdamW a fifth of it")
    parser.add_argument("--toy", action="store_true", help="a tiny model, to try the chain")
    arguments = parser.parse_args()
    place = results(arguments.toy)
    rows, context = (1, 512) if arguments.toy else (ROWS, Shape.context)
    epochs = 1 if arguments.whole else arguments.epochs
    steps = sum(1 for _ in schedule(epochs, rows, context))
    if arguments.toy:
        steps = min(steps, 4)

    torch.manual_seed(SEED)
    if arguments.whole:
        model, teacher = load(place / "whole.pt" if arguments.toy else WHOLE), None
        name, rate = "teacher", arguments.rate or 2e-4
    else:
        model, teacher = load(place / "distilled.pt"), load(place / "teacher.pt")
        name, rate = "labelled", arguments.rate or 4e-4
        teacher.halve()
    at_once = ROWS_OF_WHOLE if arguments.whole else ROWS
    plan = Plan(steps, rate, rate / 5, warmup=20, decay=1.0, rows=at_once, minutes=arguments.minutes)
    trainer = Trainer(model, plan, device(), teacher, SHARE)
    train(trainer, epochs, rows, context, name, place, most=20 if arguments.toy else 10_000)
    keep(model, place / f"{name}.pt")
    Log(place / f"{name}.jsonl").write(**Quality.of(arguments.toy).measure(model))


if __name__ == "__main__":
    main()
