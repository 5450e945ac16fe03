"""Stage 4: label prompts as tokens, just as `LlamaLabels` builds them, with the labels for answers."""

import argparse
import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing import Pool

import numpy as np
import pandas as pd
from bytepairs import BytePairs
from ragged import Ragged
from recipe import DEVELOPMENT, GROUPS, PROMPT, SEED, SETTINGS, TOKENIZER, WORK, Shape
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from localtopics.labels.prompt import PromptBuilder
from localtopics.machine import usable_cpus

LENGTHS = (120, 180, 240, 240, 300)
"""Characters of each document, drawn for every example; the model ships with `SETTINGS.characters`."""
SHARES = {
    "arxiv_phrase": 0.3,
    "arxiv_category": 0.5,
    "software_manual": 0.7,
    "software_class": 0.7,
    "acl_workshop": 1.5,
    "awesome_list": 1.5,
    "conference_session": 1.5,
    "dictionary_field": 2.0,
    "dictionary_names": 2.0,
    "factbook": 2.0,
    "industry": 2.0,
    "openstax_chapter": 3.0,
    "openstax_module": 3.0,
    "openstax_section": 3.0,
    "word_list": 2.0,
}
"""Of a source's groups that one epoch of label training shows; of the others all, once. Over 1 a group is
shown several times, each time by other documents: everyday English is rare among groups that people named."""


tokenizer = BytePairs(TOKENIZER)
builders = {n: PromptBuilder(PROMPT, tokenizer, Shape.context, characters=n) for n in LENGTHS}


def words(document: str) -> list[str]:
    """Lower-case words without stop words."""
    return [w for w in re.findall(r"\b\w\w+\b", document.lower()) if w not in ENGLISH_STOP_WORDS]


def count(groups: Sequence[Sequence[str]]) -> Counter[str]:
    """How often each word occurs in all groups together."""
    return Counter(word for group in groups for document in group for word in words(document))


@dataclass(frozen=True)
class Background:
    """What BERTopic's c-TF-IDF weighs a topic's words against; each group is a topic."""

    total: Counter[str]
    average: float

    @classmethod
    def of(cls, groups: pd.DataFrame) -> "Background":
        """Count the words of all groups' documents."""
        with Pool(usable_cpus()) as pool:
            parts = (groups.docs[start : start + 2000].tolist() for start in range(0, len(groups), 2000))
            total = sum(pool.imap(count, parts), Counter())
        return cls(total, total.total() / len(groups))

    def keywords(self, documents: Sequence[str]) -> list[str]:
        """The words of `documents`, the most telling first."""
        weight = {
            word: n * math.log(1 + self.average / max(self.total[word], 1))
            for word, n in count([documents]).items()
        }
        return sorted(weight, key=lambda word: -weight[word])


def tokenise(
    documents: Sequence[str], keywords: Sequence[str], characters: int, label: str
) -> tuple[np.ndarray, int]:
    """The prompt and its answer, and the answer's length."""
    prompt = builders[characters].build(documents, keywords).tokens
    answer = [*tokenizer.encode(label, special=False), tokenizer.eos]
    return np.array([*prompt, *answer], np.uint16), len(answer)


class Maker:
    """Makes examples of groups."""

    def __init__(self, groups: pd.DataFrame, background: Background) -> None:
        self._labels, self._documents, self._sources = (list(groups[c]) for c in ("label", "docs", "source"))
        self._background = background

    def draws(self, epoch: int, index: int) -> list[tuple[np.ndarray, int]]:
        """What an epoch makes of a group: an example, several, or none where it sits out."""
        share = (
            SHARES.get(self._sources[index], 1.0) if epoch else 1.0
        )  # epoch 0, for pre-training, shows all
        more = np.random.default_rng((SEED, epoch, index)).random() < share % 1
        return [self.draw(epoch, index, number) for number in range(int(share) + more)]

    def draw(self, epoch: int, index: int, number: int = 0) -> tuple[np.ndarray, int]:
        """One of a group's examples in an epoch: random documents, lengths and keywords."""
        random = np.random.default_rng((SEED, epoch, index, number))
        label, documents = self._labels[index], self._documents[index]
        order = random.permutation(len(documents))
        shown = [documents[i] for i in order[: random.integers(3, 8)]]
        # a real topic's keywords come from all of its documents, of which the model is shown a few
        keywords = self._background.keywords(shown if random.random() < 0.5 else documents)
        if random.random() < 0.2:  # so that the model does not live on copying
            keywords = [word for word in keywords if word[:5] not in label.lower()]
        limit = 0 if random.random() < 0.1 else random.integers(5, SETTINGS.keywords + 1)
        return tokenise(shown, keywords[:limit], int(random.choice(LENGTHS)), label)

    def ask(self, epoch: int, index: int) -> tuple[np.ndarray, list[int]]:
        """A prompt about random documents of a group, as the model will be asked, and which are not shown."""
        random = np.random.default_rng((SEED, epoch, index))
        documents = self._documents[index]
        order = [int(i) for i in random.permutation(len(documents))]
        shown = [documents[i] for i in order[: SETTINGS.documents]]
        keywords = self._background.keywords(shown if random.random() < 0.5 else documents)
        prompt = builders[SETTINGS.characters].build(shown, keywords[: SETTINGS.keywords])
        return np.array(prompt.tokens, np.uint16), order[SETTINGS.documents :]

    def as_asked(self, index: int) -> tuple[np.ndarray, int]:
        """A group as the model will be asked: its first documents, keywords from these alone."""
        shown = self._documents[index][: SETTINGS.documents]
        keywords = self._background.keywords(shown)[: SETTINGS.keywords]
        return tokenise(shown, keywords, SETTINGS.characters, self._labels[index])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=2, help="of label training")
    arguments = parser.parse_args()
    groups, development = pd.read_parquet(GROUPS), pd.read_parquet(DEVELOPMENT)
    background = Background.of(groups)
    held = Maker(development, background)
    save("development", map(held.as_asked, range(len(development))))
    global maker
    maker = Maker(groups, background)
    with Pool(usable_cpus()) as pool:  # a new one, whose processes inherit the maker
        for epoch in range(arguments.epochs + 1):
            made = pool.imap(partial(draw, epoch), range(len(groups)), chunksize=500)
            save(f"labels-{epoch}", (example for examples in made for example in examples))


maker: Maker


def draw(epoch: int, index: int) -> list[tuple[np.ndarray, int]]:
    """`Maker.draws` of the one maker that all processes share."""
    return maker.draws(epoch, index)


def save(name: str, made: Iterable[tuple[np.ndarray, int]]) -> None:
    """Write a file of examples, if it is not there yet."""
    path = WORK / f"{name}.npz"
    if path.exists():
        return
    examples = Ragged.of(made)
    examples.save(path)
    print(f"{name}: {len(examples):,} prompts, {len(examples.tokens) / 1e6:.1f} M tokens", flush=True)


if __name__ == "__main__":
    main()
