"""Proper nouns: names of a person, a firm, a place or an Act, which documents write with a capital letter.

As the name of a topic such a noun is right only where the topic's documents share it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from localtopics.labels.cleaning import stem, stems
from localtopics.labels.phrases import READ
from localtopics.labels.style import SMALL

_SENTENCE = re.compile(r"(?<=[.!?:;])\s+|\n+")
_WORD = re.compile(r"[^\W\d_][\w'’-]*")


class CapitalLetters:
    """How some documents write their words: in small letters, or with a capital within a sentence.

    The first word of a sentence says nothing, and neither does a sentence whose words all have capitals, as
    in a title.

    Args:
        documents: at least one.
    """

    def __init__(self, documents: Sequence[str]) -> None:
        self._small: Counter[str] = Counter()
        self._capital: Counter[str] = Counter()
        self._stems = [stems(document[:READ]) for document in documents]
        for document in documents:
            for word in _telling_words(document[:READ]):
                (self._small if word[0].islower() else self._capital)[stem(word)] += 1

    def is_proper(self, word: str) -> bool:
        """Whether the documents write a word with a capital wherever its place says something."""
        plain = stem(word)
        return self._capital[plain] > 0 == self._small[plain]

    def share_of(self, words: Sequence[str]) -> float:
        """The share of the documents that hold all of the words."""
        wanted = stems(" ".join(words))
        return sum(wanted <= held for held in self._stems) / len(self._stems)


def borrowed(label: str, capitals: CapitalLetters) -> float:
    """How far a label is a proper noun of a few of a topic's documents, from 0 (not at all) to 1.

    A label counts as a proper noun where the last word of its first part does, as in "Greek Athletics
    Federation" or "Bank of England", but not in "Bayesian Inference": there the documents write the last
    word in small letters. It is then the share of the documents that do not hold its proper nouns.
    """
    words = _WORD.findall(label)
    ends = [place for place, word in enumerate(words) if place and word.lower() in SMALL]
    first = words[: ends[0]] if ends else words
    if not first or not capitals.is_proper(first[-1]):
        return 0.0
    proper = [word for word in words if word.lower() not in SMALL and capitals.is_proper(word)]
    return 1.0 - capitals.share_of(proper)


def _telling_words(document: str) -> Iterator[str]:
    """The words within sentences, but the first of each."""
    for sentence in _SENTENCE.split(document):
        words = _WORD.findall(sentence)
        small = sum(word[0].islower() for word in words if len(word) > 3)
        if small and 2 * small >= sum(len(word) > 3 for word in words):
            yield from words[1:]
