"""Stage 6: what was cut learns from the whole model to predict text and label prompts again."""

import argparse

import torch
from packing import running
from quality import Quality
from ragged import Ragged
from recipe import SEED, WHOLE, WORK, Shape, results
from surgery import load
from training import Log, Plan, Trainer, device, keep

ROWS = 32
SHARE = 0.7
"""What the whole model's distribution counts beside the token that did follow."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=1800, help="of 65,536 tokens")
    parser.add_argument("--minutes", type=float, help="fewer steps, if they would take longer")
    parser.add_argument("--rate", type=float, default=1e-3, help="of Muon; of AdamW a fifth of it")
    parser.add_argument("--toy", action="store_true", help="a tiny model on short rows, to try the chain")
    arguments = parser.parse_args()
    place = results(arguments.toy)
    rows, context = (2, 128) if arguments.toy else (ROWS, Shape.context)

    torch.manual_seed(SEED)
    teacher = load(place / "whole.pt" if arguments.toy else WHOLE)
    plan = Plan(
        arguments.steps,
        arguments.rate,
        arguments.rate / 5,
        warmup=60,
        decay=0.7,
        rows=ROWS,
        minutes=arguments.minutes,
    )
    trainer = Trainer(load(place / "cut.pt"), plan, device(), teacher.halve(), SHARE)
    trainer.resume(place / "distilling.pt")
    log = Log(place / "distilling.jsonl")
    parts = [Ragged.load(WORK / f"{name}.npz") for name in ("plain", "labels-0")]
    for batch in running(parts, trainer.step, rows, context, lambda step: step < trainer.plan.steps):
        found = trainer.learn(batch)
        if trainer.step % 20 == 0:
            log.write(step=trainer.step, of=trainer.plan.steps, tokens=trainer.step * rows * context, **found)
        if trainer.step % 500 == 0:
            trainer.save(place / "distilling.pt")
    keep(trainer.model, place / "distilled.pt")
    log.write(step=trainer.step, **Quality.of(arguments.toy).measure(trainer.model))


if __name__ == "__main__":
    main()
