"""Stage 5: pre-training on text, titles from abstracts and groups' documents, at last with labels."""

import argparse
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch
from model import Llama
from ragged import Ragged
from recipe import FULL, SEED, TOY, WORK
from training import Batch, Log, Plan, Trainer, device

ROWS = 64
"""Of 2,048 tokens: 131,072 tokens a step."""
LABELLED = 0.25
"""The share of the steps, at the end, in which groups are seen as prompts with their labels."""


def stream(steps: int, start: int, rows: int, context: int) -> Iterator[np.ndarray]:
    """Batches int [rows, context + 1] from step `start` on; a step's batch does not depend on `start`."""
    plain, titled, lists = (Ragged.load(WORK / f"{name}.npz") for name in ("plain", "titled", "lists"))
    size, step, left, number = rows * context, 0, np.empty(0, np.uint16), 0
    while step < steps:
        random = np.random.default_rng((SEED, number))
        groups = Ragged.load(WORK / "labels-0.npz") if step >= steps * (1 - LABELLED) else lists
        as_title = (titled.answers > 0) & (random.random(len(titled)) < 0.5)
        pieces = [(titled if as_title[i] else plain)[i] for i in range(len(plain))]
        pieces += [groups[i] for i in range(len(groups))]
        left = np.concatenate([left, *(pieces[i] for i in random.permutation(len(pieces)))])
        number += 1
        while len(left) > size and step < steps:
            if step >= start:
                # each row reads one token into the next, its last target
                index = np.arange(rows)[:, None] * context + np.arange(context + 1)
                yield left[index]
            left, step = left[size:], step + 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=3700)
    parser.add_argument("--toy", action="store_true", help="a tiny model on short rows, to try the chain")
    arguments = parser.parse_args()
    shape, rows, context = (TOY, 8, 256) if arguments.toy else (FULL, ROWS, FULL.context)

    torch.manual_seed(SEED)
    plan = Plan(arguments.steps, matrix_rate=4e-3, embedding_rate=3e-3, warmup=100, decay=0.6)
    trainer = Trainer(Llama(shape), plan, device())
    trainer.resume(WORK / "pretrained.pt")
    log = Log(WORK / "pretraining.jsonl")
    for tokens in stream(arguments.steps, trainer.step, rows, context):
        batch = replace(Batch.empty(rows, context), tokens=tokens, weights=np.ones(tokens.shape, np.float32))
        loss = trainer.learn(batch)
        if trainer.step % 25 == 0:
            log.write(step=trainer.step, loss=float(loss), tokens=trainer.step * rows * context)
        if trainer.step % 500 == 0 or trainer.step == arguments.steps:
            trainer.save(WORK / "pretrained.pt")


if __name__ == "__main__":
    main()
