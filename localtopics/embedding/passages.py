"""Long documents as passages, each of which the embedding model reads whole."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import TYPE_CHECKING

import numpy as np

from localtopics.embedding.batches import blocks
from localtopics.progress import Progress, silent

if TYPE_CHECKING:
    from tokenizers import Tokenizer

MOST_PASSAGES = 1000
"""Of one document; of a longer one so many are read, evenly from its beginning to its end."""
_BLOCK = 2**20
"""Characters that are tokenised together."""
_PIECE = 2**16
"""Characters of a longer text that are tokenised at a time."""
_PARAGRAPH = re.compile(r"\n[^\S\n]*\n\s*")
_SENTENCE = re.compile(r"[.!?…][\"'”’»)\]]*\s+|[。！？]\s*")
_PARAGRAPHS = 3
"""How well a text can be split where a paragraph begins."""
_SPACE = re.compile(r"\s")


@dataclass(frozen=True)
class Window:
    """What a model reads of a text."""

    tokenizer: Tokenizer
    """Without truncation."""
    tokens: int
    """The most that it reads, without those that it puts around a text itself."""


@dataclass(frozen=True)
class Passages:
    """The passages of documents, in the order of the documents and of their places in them."""

    texts: list[str]
    """What is embedded, m texts."""
    document: np.ndarray
    """Which document each is of, int64 [m]."""
    start: np.ndarray
    """Where it begins there, in characters, int64 [m]."""
    end: np.ndarray
    """Where it ends, int64 [m]."""
    tokens: np.ndarray
    """How many tokens it has, int64 [m]; 1 where nobody counted."""

    @classmethod
    def whole(cls, documents: Sequence[str]) -> Passages:
        """Each document as one passage."""
        lengths = np.array([len(document) for document in documents], np.int64)
        count = len(documents)
        return cls(list(documents), np.arange(count), np.zeros(count, np.int64), lengths, np.ones(count, int))

    def followed_by(self, others: Passages) -> Passages:
        """These and the passages of documents that come behind theirs."""
        first = int(self.document.max(initial=-1)) + 1
        return Passages(
            self.texts + others.texts,
            np.append(self.document, others.document + first),
            np.append(self.start, others.start),
            np.append(self.end, others.end),
            np.append(self.tokens, others.tokens),
        )

    @property
    def split(self) -> np.ndarray:
        """The documents that have several passages, rows int64."""
        documents, counts = np.unique(self.document, return_counts=True)
        return documents[counts > 1]

    def of(self, document: int) -> slice:
        """The passages of one document."""
        first, last = np.searchsorted(self.document, [document, document + 1])
        return slice(int(first), int(last))


def split(documents: Sequence[str], window: Window, progress: Progress = silent) -> Passages:
    """Split the documents that are longer than a model reads; the others stay whole.

    Each paragraph is a passage, short ones together; one that is too long is split between sentences, else
    between words, into passages of about one length. None is longer than the window, and none shorter than a
    quarter of it. Of a document of more than `MOST_PASSAGES` so many are taken, evenly from its beginning to
    its end.
    """
    spans: list[list[tuple[int, int, int]]] = []
    with progress("Splitting documents", len(documents)) as advance:
        for block in blocks([len(document) for document in documents], _BLOCK):
            own = documents[block]
            long = [
                row for row, text in enumerate(own) if len(text) > window.tokens
            ]  # a token is a character
            found = dict(zip(long, _spans([own[row] for row in long], window), strict=True))
            spans += [found.get(row, [(0, len(text), 1)]) for row, text in enumerate(own)]
            advance(len(own))
    document = np.repeat(np.arange(len(documents)), [len(found) for found in spans])
    start, end, tokens = np.array([span for found in spans for span in found], np.int64).reshape(-1, 3).T
    texts = [documents[row][a:b] for row, a, b in zip(document.tolist(), start, end, strict=True)]
    return Passages(texts, document, start, end, tokens)


def _spans(texts: Sequence[str], window: Window) -> Iterator[list[tuple[int, int, int]]]:
    """The passages of each text: where they begin and end, and how many tokens they have."""
    small = [row for row, text in enumerate(texts) if len(text) <= _BLOCK]
    encoded = window.tokenizer.encode_batch([texts[row] for row in small], add_special_tokens=False)
    offsets = dict(zip(small, (found.offsets for found in encoded), strict=True))
    for row, text in enumerate(texts):
        places = np.array(offsets[row] if row in offsets else _offsets(text, window), np.int64).reshape(-1, 2)
        if len(places) <= window.tokens:
            yield [(0, len(text), max(1, len(places)))]
            continue
        starts, ends = places.T
        cuts = np.array([*_cuts(_strengths(text, starts, ends), window.tokens), len(places)])
        spans = np.stack([starts[cuts[:-1]], ends[cuts[1:] - 1], np.diff(cuts)], axis=1)
        if len(spans) > MOST_PASSAGES:
            spans = spans[np.linspace(0, len(spans) - 1, MOST_PASSAGES).round().astype(int)]
        yield [(int(a), int(b), int(tokens)) for a, b, tokens in spans]


def _offsets(text: str, window: Window) -> np.ndarray:
    """Where the tokens of a text of any length begin and end, int64 [tokens, 2]."""
    bounds = [0]
    while bounds[-1] < len(text):
        end = bounds[-1] + _PIECE
        spaces = [match.start() for match in _SPACE.finditer(text, end - _PIECE // 2, end)]
        bounds.append(spaces[-1] if spaces and end < len(text) else min(end, len(text)))
    found = []
    for pieces in _batched(pairwise(bounds), _BLOCK // _PIECE):
        encoded = window.tokenizer.encode_batch([text[a:b] for a, b in pieces], add_special_tokens=False)
        for (start, _), own in zip(pieces, encoded, strict=True):
            found.append(np.array(own.offsets, np.int64).reshape(-1, 2) + start)
    return np.concatenate(found)


def _batched(pairs: Iterable[tuple[int, int]], size: int) -> Iterator[list[tuple[int, int]]]:
    """So many pairs at a time; itertools has it from Python 3.12 on."""
    left = iter(pairs)
    while batch := list(islice(left, size)):
        yield batch


def _strengths(text: str, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """What begins with each token, int8 [tokens]: 3 a paragraph, 2 a sentence, 1 a word, 0 none of them."""
    strengths = np.zeros(len(starts) + 1, np.int8)
    strengths[1:-1] = starts[1:] > ends[:-1]
    for strength, pattern in ((2, _SENTENCE), (_PARAGRAPHS, _PARAGRAPH)):
        places = np.array([match.end() for match in pattern.finditer(text)], np.int64)
        strengths[np.searchsorted(starts, places)] = strength
    return strengths[:-1]


def _cuts(strengths: np.ndarray, window: int) -> list[int]:
    """The first token of each passage.

    Each paragraph is one, short ones together; what is too long for the window is cut at the best places in
    reach, and of these at those nearest to equal lengths.
    """
    tokens, least = len(strengths), max(1, window // 4)
    cuts = [0]
    while True:
        left = tokens - cuts[-1]
        low, high = cuts[-1] + least, min(cuts[-1] + window, tokens - least)
        reach = strengths[low : high + 1]
        best = low + np.flatnonzero(reach == reach.max(initial=0))
        if len(best) and strengths[best[0]] == _PARAGRAPHS:
            cuts.append(int(best[0]))
        elif left > window:
            equal = cuts[-1] + left / -(-left // window)
            cuts.append(int(best[np.abs(best - equal).argmin()]))
        else:
            return cuts
