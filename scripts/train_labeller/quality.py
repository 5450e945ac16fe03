"""How good a model's likeliest labels of development groups are, and the embeddings that say so."""

from collections.abc import Sequence
from typing import Self

import numpy as np
import pandas as pd
from bytepairs import BytePairs
from model import Qwen2
from ragged import Ragged
from recipe import DEVELOPMENT, SETTINGS, SMALLEST, TOKENIZER, WORK
from rollout import draw
from sentence_transformers import SentenceTransformer
from training import device

from localtopics.embedding import BUILT_IN_MODEL, choose_model
from localtopics.embedding.embedder import Embed
from localtopics.labels.cleaning import clean
from localtopics.labels.fidelity import centres, fidelity

LONGEST = 16
"""Tokens of a label."""
MOST = 1300
"""Groups that are looked at."""
SHOWN = 16
"""Labels that are printed."""
AT_ONCE = 256
MINILM = WORK / "minilm"
"""The folder of the embedding model, where it is not installed as a package."""

tokenizer = BytePairs(TOKENIZER)


def embedder() -> Embed:
    """Texts to float32 [n, d] of unit length, each distinct text once; kept is none, most come but once."""
    place = str(MINILM) if MINILM.is_dir() else choose_model(BUILT_IN_MODEL).location
    encoder = SentenceTransformer(place, device=str(device()))
    if device().type == "cuda":
        encoder.half()

    def embed(texts: Sequence[str]) -> np.ndarray:
        unique = {text: number for number, text in enumerate(dict.fromkeys(texts))}
        vectors = encoder.encode(
            list(unique), batch_size=512, normalize_embeddings=True, show_progress_bar=False
        )
        return np.asarray(vectors, np.float32)[[unique[text] for text in texts]]

    return embed


def texts(answers: np.ndarray) -> list[str]:
    """What answers say; int [n, tokens], filled up with the end."""
    return [tokenizer.decode(row[row != tokenizer.eos].tolist()) for row in answers]


class Groups:
    """Groups with the embeddings of their headings and documents."""

    def __init__(self, groups: pd.DataFrame, embed: Embed) -> None:
        self.labels = list(groups.label)
        self.documents = [list(documents) for documents in groups.docs]
        self.headings = embed(self.labels)
        self._starts = np.cumsum([0, *map(len, self.documents)])
        self._embedded = embed([text for documents in self.documents for text in documents])

    def centres(self, groups: Sequence[int], unseen: Sequence[Sequence[int]]) -> np.ndarray:
        """The `centres` of some documents of some groups."""
        members = [self._starts[g] + np.array(rows, int) for g, rows in zip(groups, unseen, strict=True)]
        return centres(self._embedded, members)


class Quality:
    """Development groups as the model will be asked about them."""

    def __init__(self, development: pd.DataFrame, questions: Sequence[np.ndarray], embed: Embed) -> None:
        self.questions, self._embed = questions, embed
        self._groups, self._sources = Groups(development, embed), list(development.source)
        beyond = [
            range(SETTINGS.documents, len(documents) if len(documents) >= SMALLEST else 0)
            for documents in development.docs
        ]
        self._found = self._groups.centres(range(len(development)), beyond)

    @classmethod
    def of(cls, toy: bool, embed: Embed | None = None) -> Self:
        """Of the development groups, or some of them."""
        development, asked = pd.read_parquet(DEVELOPMENT), Ragged.load(WORK / "development.npz")
        count = min(len(development), 50 if toy else MOST)
        rows = np.sort(np.random.default_rng(1).permutation(len(development))[:count])
        questions = [asked[row][: len(asked[row]) - asked.answers[row]] for row in rows]
        return cls(development.iloc[rows].reset_index(drop=True), questions, embed or embedder())

    def measure(self, model: Qwen2) -> dict[str, float]:
        """Cosine to the headings, and fidelity to the documents that are not shown; prints some labels."""
        answers = [
            draw(model, self.questions[start : start + AT_ONCE], 1, LONGEST, tokenizer.eos)[:, 0]
            for start in range(0, len(self.questions), AT_ONCE)
        ]
        labels = [clean(text) for text in texts(np.concatenate(answers))]
        vectors = self._embed([label or "" for label in labels])
        cosines = (vectors * self._groups.headings).sum(axis=1)
        large = self._found.any(axis=1)
        kinds = [label.casefold() for label in np.array(self._groups.labels)[large]]
        rank = fidelity(vectors[large], self._found[large], kinds)
        by_source = pd.Series(cosines).groupby(self._sources).mean().round(3)
        print(*(f"{source} {cosine:g}" for source, cosine in by_source.items()), sep=", ")
        for row in np.linspace(0, len(labels) - 1, SHOWN, dtype=int):
            print(f"  {self._sources[row]}: {self._groups.labels[row]} <- {labels[row]}", flush=True)
        others = np.array([not source.startswith("arxiv") for source in self._sources])
        return {
            "cosine": float(cosines.mean()),
            "others": float(cosines[others].mean()),
            "first": float(rank.first.mean()),
            "mrr": float(rank.reciprocal_rank.mean()),
            "refused": float(np.mean([label is None for label in labels])),
        }
