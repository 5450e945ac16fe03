"""Stage 9: the labeller learns from labels of its own, by how well they do.

For each prompt several labels are drawn. A label's reward is its cosine to the heading that people gave plus
half of its reciprocal rank: how soon it finds the documents of its group that the prompt does not show, among
those of 99 other groups; less where it is named after a person or firm of few of the documents. Labels that
are better than the others of their prompt become likelier, worse ones less so (policy gradient with group-
relative advantages: Shao et al., "DeepSeekMath", 2024); what `clean` refuses counts as the worst. The human
heading stays among the examples, so that labels go on sounding like headings.
"""

import argparse
import hashlib
import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from learn_labels import mean
from packing import branched
from prompts import SHARES, Background, Maker, tokenizer
from quality import LONGEST, Groups, Quality, embedder, texts
from recipe import GROUPS, SEED, SETTINGS, Shape, results
from rewards import Names, advantages, rewards
from rollout import draw
from surgery import load
from training import Batch, Log, Plan, Trainer, device, keep, weights

from localtopics.embedding.embedder import Embed
from localtopics.files import replacing
from localtopics.labels.cleaning import clean
from localtopics.machine import usable_cpus

PROMPTS = 384
"""A step."""
LABELS = 8
"""Drawn for each prompt."""
LEAST = SETTINGS.documents + 2
"""Documents of a group, so that two are not shown."""
HEADING = 0.3
"""What the human heading counts as an example beside the labels drawn."""
ROWS = 32
"""Rows of a batch come in multiples of this, and so many are on the device together."""
EVALUATE = 20
"""Steps between two looks at the development groups; a stage that was stopped goes on from the last."""
AVERAGED = 0.7
"""Of the steps, from which on each look leaves a snapshot for the average."""


def chosen(groups: pd.DataFrame) -> pd.DataFrame:
    """The groups that teach here: of each source its share, by a hash that knows nothing of other rows."""

    def share(documents: Sequence[str]) -> float:
        return int(hashlib.sha256(documents[0].encode()).hexdigest()[:8], 16) / 16**8

    keep = [
        len(documents) >= LEAST and share(documents) < SHARES.get(source, 1.0)
        for documents, source in zip(groups.docs, groups.source, strict=True)
    ]
    return groups[keep].reset_index(drop=True)


@dataclass(frozen=True)
class Lesson:
    """Groups that teach, in the order in which they do, and what is asked about them."""

    groups: Groups
    order: list[int]
    """The group of every prompt."""
    prompts: list[np.ndarray]
    unseen: list[list[int]]
    """The group's documents that a prompt does not show."""


maker: Maker


def ask(epoch: int, index: int) -> tuple[np.ndarray, list[int]]:
    """`Maker.ask` of the one maker that all processes share."""
    return maker.ask(epoch, index)


def prepared(path: Path, count: int, toy: bool) -> Lesson:
    """So many prompts, from a file if they were made before."""
    if path.exists():
        lesson: Lesson = pickle.loads(path.read_bytes())
        return lesson
    everything = pd.read_parquet(GROUPS)
    teaching = chosen(everything)
    if toy:
        everything, teaching = everything[:2000], teaching[:200]
    again = np.repeat(np.arange(len(teaching)), [max(1, round(SHARES.get(s, 1.0))) for s in teaching.source])
    order = [
        (epoch, int(index))
        for epoch in range(1, count // len(again) + 2)
        for index in np.random.default_rng((SEED, epoch)).permutation(again)
    ][:count]
    background = Background.of(everything)
    global maker
    maker = Maker(teaching, background)
    with Pool(usable_cpus()) as pool:
        # the place in the order stands for the epoch, so that a group is asked about differently each time
        asked = pool.starmap(ask, [(place, index) for place, (_, index) in enumerate(order)], chunksize=500)
    prompts, unseen = zip(*asked, strict=True)
    lesson = Lesson(Groups(teaching, embedder()), [index for _, index in order], list(prompts), list(unseen))
    with replacing(path) as part:
        part.write_bytes(pickle.dumps(lesson))
    print(f"{len(teaching):,} groups teach, {len(order):,} prompts", flush=True)
    return lesson


class Lecture:
    """One step's prompts, labels and rewards after the other."""

    def __init__(
        self, lesson: Lesson, trainer: Trainer, count: int, rows: int, context: int, embed: Embed
    ) -> None:
        self._lesson, self._trainer, self._count, self._embed = lesson, trainer, count, embed
        self._rows, self._context = rows, context

    def step(self, number: int) -> tuple[Batch, dict[str, float]]:
        """What a step learns from, and how its labels did."""
        here = slice(number * self._count, (number + 1) * self._count)
        lesson, generator = self._lesson, torch.Generator(device()).manual_seed(SEED + number)
        groups, prompts = lesson.order[here], lesson.prompts[here]
        answers = draw(self._trainer.model, prompts, LABELS, LONGEST, tokenizer.eos, generator)
        labels = [clean(text) for text in texts(answers.reshape(-1, LONGEST))]
        headings = [lesson.groups.labels[group] for group in groups]
        names = [Names(lesson.groups.documents[g], h) for g, h in zip(groups, headings, strict=True)]
        found = lesson.groups.centres(groups, lesson.unseen[here])
        values = rewards(labels, lesson.groups.headings[groups], found, names, self._embed)
        human = [np.array([*tokenizer.encode(h, special=False), tokenizer.eos]) for h in headings]
        batch = branched(
            prompts,
            answers,
            advantages(values),
            human,
            heading_weight=HEADING,
            end=tokenizer.eos,
            multiple=self._rows,
            context=self._context,
        )
        distinct = [len(set(labels[i : i + LABELS])) for i in range(0, len(labels), LABELS)]
        narrow = [label is not None and names[i // LABELS].narrow(label) for i, label in enumerate(labels)]
        return batch, {
            "reward": float(values.mean()),
            "best": float(values.max(1).mean()),
            "distinct": float(np.mean(distinct)),
            "narrow": float(np.mean(narrow)),
        }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--start", type=Path, help="a checkpoint or a GGUF")
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--minutes", type=float, help="fewer steps, if they would take longer")
    parser.add_argument("--rate", type=float, default=2e-4, help="of Muon; of AdamW a fifth of it")
    parser.add_argument("--prepare", action="store_true", help="only make prompts and embeddings")
    parser.add_argument("--toy", action="store_true", help="a tiny model and few groups, to try the chain")
    arguments = parser.parse_args()
    place = results(arguments.toy)
    count, rows, context = (4, 1, 1024) if arguments.toy else (PROMPTS, ROWS, Shape.context)
    lesson = prepared(place / "lesson.pickle", arguments.steps * count, arguments.toy)
    if arguments.prepare:
        return
    embed = embedder()
    quality = Quality.of(arguments.toy, embed)

    torch.manual_seed(SEED)
    model = load(arguments.start or place / "labelled.pt")
    plan = Plan(
        min(arguments.steps, len(lesson.order) // count),
        arguments.rate,
        arguments.rate / 5,
        warmup=10,
        decay=1.0,
        rows=rows,
        minutes=arguments.minutes,
    )
    trainer = Trainer(model, plan, device())
    half_way, snapshots = place / "preferred-half-way.pt", place / "snapshots"
    trainer.resume(half_way)
    log = Log(place / "preferred.jsonl")
    if trainer.step == 0:
        log.write(step=0, **quality.measure(model))
    lecture = Lecture(lesson, trainer, count, rows, context, embed)
    while trainer.step < trainer.plan.steps:
        batch, found = lecture.step(trainer.step)
        learnt = trainer.learn(batch)
        if trainer.step % 5 == 0:
            log.write(step=trainer.step, of=trainer.plan.steps, norm=learnt["norm"], **found)
        if trainer.step % EVALUATE == 0 or trainer.step == trainer.plan.steps:
            log.write(step=trainer.step, **quality.measure(model))
            keep(model, snapshots / f"preferred-{trainer.step}.pt")
            trainer.save(half_way)
    looks = {*range(EVALUATE, trainer.plan.steps, EVALUATE), trainer.plan.steps}
    averaged = sorted(step for step in looks if step >= trainer.plan.steps * AVERAGED)
    states = [weights(snapshots / f"preferred-{step}.pt") for step in averaged]
    model.load_state_dict(mean(states))
    log.write(step=trainer.step, average=len(states), **quality.measure(model))
    keep(model, place / "preferred.pt")


if __name__ == "__main__":
    main()
