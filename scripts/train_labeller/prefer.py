"""Stage 7: the model learns from labels of its own, by how well they do.

For each prompt several labels are drawn. A label's reward is its cosine to the heading that people gave plus
half of its reciprocal rank: how soon it finds the documents of its group that the prompt does not show, among
those of 99 other groups. Labels that are better than the others of their prompt become likelier, worse ones
less so (policy gradient with group-relative advantages: Shao et al., "DeepSeekMath", 2024); what `clean`
refuses counts as the worst. The human heading stays among the examples, so that labels go on sounding like
headings.
"""

import argparse
import hashlib
from collections.abc import Sequence
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from learn_labels import mean
from model import Llama
from prompts import SHARES, Background, Maker, tokenizer
from recipe import DEVELOPMENT, FULL, GROUPS, SEED, SETTINGS, SMALLEST, TOY, WORK
from rollout import draw
from sentence_transformers import SentenceTransformer
from training import Batch, Log, Plan, Trainer, device

from localtopics.embedding import BUILT_IN_MODEL, choose_model
from localtopics.embedding.embedder import Embed
from localtopics.files import replacing
from localtopics.labels.cleaning import clean
from localtopics.labels.fidelity import centres, fidelity
from localtopics.machine import usable_cpus

PROMPTS = 384
"""A step."""
LABELS = 8
"""Drawn for each prompt."""
LONGEST = 16
"""Tokens of a label."""
LEAST = SETTINGS.documents + 2
"""Documents of a group, so that two are not shown."""
RANK = 0.5
"""What the reciprocal rank counts beside the cosine to the human heading."""
HEADING = 0.3
"""What the human heading counts as an example beside the labels drawn."""
REFUSED = 0.0
"""The reward of what is no label."""
ROWS = 32
"""Rows of a batch come in multiples of this, so that few shapes are compiled."""
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


def embedder(model: str | None) -> Embed:
    """Texts to float32 [n, d] of unit length, each distinct text once; kept is none, most come but once."""
    encoder = SentenceTransformer(model or choose_model(BUILT_IN_MODEL).location, device=str(device()))
    if device().type == "cuda":
        encoder.half()

    def embed(texts: Sequence[str]) -> np.ndarray:
        unique = {text: number for number, text in enumerate(dict.fromkeys(texts))}
        vectors = encoder.encode(
            list(unique), batch_size=512, normalize_embeddings=True, show_progress_bar=False
        )
        return np.asarray(vectors, np.float32)[[unique[text] for text in texts]]

    return embed


class Groups:
    """Groups with the embeddings of their headings and documents."""

    def __init__(self, groups: pd.DataFrame, embed: Embed) -> None:
        self.labels = list(groups.label)
        self.headings = embed(self.labels)
        self._starts = np.cumsum([0, *groups.docs.map(len)])
        self._documents = embed([document for documents in groups.docs for document in documents])

    def centres(self, groups: Sequence[int], unseen: Sequence[Sequence[int]]) -> np.ndarray:
        """The `centres` of some documents of some groups."""
        members = [self._starts[g] + np.array(rows, int) for g, rows in zip(groups, unseen, strict=True)]
        return centres(self._documents, members)


def texts(answers: np.ndarray) -> list[str]:
    """What answers say; int [n, tokens], filled up with the end."""
    return [tokenizer.decode(row[row != tokenizer.eos].tolist()) for row in answers]


def rewards(labels: list[str | None], headings: np.ndarray, found: np.ndarray, embed: Embed) -> np.ndarray:
    """Each label's reward, float32 [groups, labels of each].

    Args:
        labels: The labels of all groups; None is no label.
        headings: float32 [groups, d].
        found: float32 [groups, d], the centres of what labels should find.
        embed: The embedding of all these.
    """
    each = len(labels) // len(headings)
    vectors = embed([label or "" for label in labels]).reshape(len(headings), each, -1)
    cosines = np.einsum("gld,gd->gl", vectors, headings)
    near = np.einsum("gld,hd->glh", vectors, found)
    own = np.einsum("gld,gd->gl", vectors, found)[:, :, None]
    rivals = (near > own).mean(axis=2) * 99
    refused = np.array([label is None for label in labels]).reshape(cosines.shape)
    return np.where(refused, REFUSED, cosines + RANK / (1 + rivals)).astype(np.float32)


def advantages(values: np.ndarray) -> np.ndarray:
    """How much each reward [groups, labels] exceeds its group's mean, in standard deviations of the batch."""
    centred = values - values.mean(axis=1, keepdims=True)
    scaled: np.ndarray = centred / max(float(centred.std()), 1e-6)
    return scaled


def pack(
    prompts: Sequence[np.ndarray],
    answers: np.ndarray,
    weights: np.ndarray,
    headings: Sequence[str],
    multiple: int,
    context: int,
) -> Batch:
    """Each prompt once, and behind it as branches its labels, which do not see each other, and the heading.

    A branch repeats the prompt's last token, which its first one follows.
    """
    segments: list[np.ndarray] = []
    for prompt, drawn, own, heading in zip(prompts, answers, weights, headings, strict=True):
        human = np.array([*tokenizer.encode(heading, special=False), tokenizer.eos])
        branches = [(human, HEADING)]
        for row, weight in zip(drawn, own, strict=True):
            branches.append((row[: (row != tokenizer.eos).sum() + 1], float(weight)))
        trunk = np.arange(len(prompt) - 1)
        parts = [np.stack([prompt[:-1], trunk, 0 * trunk, 0 * trunk]).astype(np.float64)]
        for number, (tokens, weight) in enumerate(branches, start=1):
            positions = len(trunk) + np.arange(len(tokens) + 1)
            tokens = np.array([prompt[-1], *tokens])
            counted = np.full(len(tokens), weight)
            counted[0] = 0
            parts.append(np.stack([tokens, positions, np.full(len(tokens), number), counted]))
        segments.append(np.concatenate(parts, axis=1))
    rows: list[list[np.ndarray]] = [[]]
    for segment in segments:
        if sum(part.shape[1] for part in rows[-1]) + segment.shape[1] > context + 1:
            rows.append([])
        rows[-1].append(segment)
    batch = Batch.empty(-(-len(rows) // multiple) * multiple, context)
    for number, parts in enumerate(rows):
        column = 0
        for place, part in enumerate(parts, start=1):
            span = slice(column, column + part.shape[1])
            batch.tokens[number, span], batch.positions[number, span], batch.branches[number, span] = part[:3]
            batch.weights[number, span] = part[3]
            batch.segments[number, span] = place
            column = span.stop
    return batch


def evaluate(
    model: Llama, prompts: Sequence[np.ndarray], groups: Groups, found: np.ndarray, embed: Embed
) -> dict[str, float]:
    """How the likeliest labels of the development groups do."""
    answers = [
        draw(model, prompts[start : start + 512], 1, LONGEST, tokenizer.eos)[:, 0]
        for start in range(0, len(prompts), 512)
    ]
    labels = [clean(text) for text in texts(np.concatenate(answers))]
    vectors = embed([label or "" for label in labels])
    large = found.any(axis=1)
    rank = fidelity(
        vectors[large], found[large], [label.casefold() for label in np.array(groups.labels)[large]]
    )
    return {
        "cosine": float((vectors * groups.headings).sum(axis=1).mean()),
        "first": float(rank.first.mean()),
        "mrr": float(rank.reciprocal_rank.mean()),
        "refused": float(np.mean([label is None for label in labels])),
    }


def start(path: Path, model: Llama) -> None:
    """Load a checkpoint, or a GGUF that the export wrote."""
    if path.suffix == ".gguf":
        import gguf

        tensors = gguf.GGUFReader(path).tensors
        state = {t.name: torch.tensor(gguf.quants.dequantize(t.data, t.tensor_type)) for t in tensors}
    else:
        state = torch.load(path, map_location="cpu")["model"]
    model.load_state_dict(state)


maker: Maker


def ask(epoch: int, index: int) -> tuple[np.ndarray, list[int]]:
    """`Maker.ask` of the one maker that all processes share."""
    return maker.ask(epoch, index)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--start", type=Path, default=WORK / "labelled.pt", help="a checkpoint or a GGUF")
    parser.add_argument("--steps", type=int, default=160)
    parser.add_argument("--rate", type=float, default=2e-4, help="of Muon; of AdamW half of it")
    parser.add_argument("--embedding-model", help="the folder of a sentence-transformers model")
    parser.add_argument("--out", type=Path, default=WORK / "preferred.pt")
    parser.add_argument("--toy", action="store_true", help="a tiny model and few groups, to try the chain")
    arguments = parser.parse_args()
    shape, count, rows, context = (TOY, 16, 1, 2048) if arguments.toy else (FULL, PROMPTS, ROWS, FULL.context)

    everything, development = pd.read_parquet(GROUPS), pd.read_parquet(DEVELOPMENT)
    teaching = chosen(everything)
    if arguments.toy:
        everything, teaching, development = everything[:2000], teaching[:200], development[:50]
    background = Background.of(everything)
    global maker
    maker = Maker(teaching, background)
    order = [
        (epoch, int(index))
        for epoch in range(1, arguments.steps * count // len(teaching) + 2)
        for index in np.random.default_rng((SEED, epoch)).permutation(len(teaching))
    ][: arguments.steps * count]
    with Pool(usable_cpus()) as pool:
        tasks = pool.starmap(ask, order, chunksize=500)
    held = Maker(development, background)
    asked = (held.as_asked(index) for index in range(len(development)))
    questions = [tokens[: len(tokens) - answer] for tokens, answer in asked]
    print(f"{len(teaching):,} groups teach, {len(tasks):,} prompts", flush=True)

    embed = embedder(arguments.embedding_model)
    groups, tests = Groups(teaching, embed), Groups(development, embed)
    beyond = [
        range(SETTINGS.documents, len(documents) if len(documents) >= SMALLEST else 0)
        for documents in development.docs
    ]
    found = tests.centres(range(len(development)), beyond)
    print("embedded", flush=True)

    torch.manual_seed(SEED)
    model = Llama(shape)
    if not arguments.toy:
        start(arguments.start, model)
    plan = Plan(arguments.steps, arguments.rate, arguments.rate / 2, warmup=10, decay=1.0)
    trainer = Trainer(model, plan, device())
    half_way = arguments.out.with_stem(f"{arguments.out.stem}-half-way")
    snapshot = str(arguments.out.with_name("snapshots") / f"{arguments.out.stem}-{{}}.pt")
    trainer.resume(half_way)
    log = Log(arguments.out.with_suffix(".jsonl"))
    if trainer.step == 0:
        log.write(step=0, **evaluate(model, questions, tests, found, embed))
    looks = range(EVALUATE, arguments.steps + 1, EVALUATE)
    averaged = [step for step in looks if step >= arguments.steps * AVERAGED]
    while trainer.step < arguments.steps:
        generator = torch.Generator(device()).manual_seed(SEED + trainer.step)
        here = slice(trainer.step * count, (trainer.step + 1) * count)
        numbers, (prompts, unseen) = [index for _, index in order[here]], zip(*tasks[here], strict=True)
        answers = draw(model, prompts, LABELS, LONGEST, tokenizer.eos, generator)
        labels = [clean(text) for text in texts(answers.reshape(-1, LONGEST))]
        values = rewards(labels, groups.headings[numbers], groups.centres(numbers, unseen), embed)
        headings = [groups.labels[number] for number in numbers]
        trainer.learn(pack(prompts, answers, advantages(values), headings, rows, context))
        if trainer.step % 5 == 0:
            distinct = np.mean([len(set(labels[i : i + LABELS])) for i in range(0, len(labels), LABELS)])
            log.write(
                step=trainer.step,
                reward=float(values.mean()),
                best=float(values.max(1).mean()),
                distinct=float(distinct),
            )
        if trainer.step % EVALUATE == 0:
            log.write(step=trainer.step, **evaluate(model, questions, tests, found, embed))
            if trainer.step in averaged:
                with replacing(Path(snapshot.format(trainer.step))) as part:
                    torch.save(model.state_dict(), part)
            trainer.save(half_way)
    states = [torch.load(snapshot.format(step), map_location="cpu") for step in averaged]
    model.load_state_dict(mean(states))
    log.write(step=trainer.step, average=len(states), **evaluate(model, questions, tests, found, embed))
    with replacing(arguments.out) as part:
        torch.save({"model": model.state_dict()}, part)


if __name__ == "__main__":
    main()
