"""Sentences that stand word for word in many documents, as disclaimers and footers do."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence

SHARE = 0.05
"""Of the documents in which a sentence must stand."""
FEWEST = 20
"""Documents in which it must stand too."""
_SHORTEST = 20
"""Characters of a sentence: shorter ones, such as greetings, say little and cost little."""
_LONGEST = 1000
_LOOKED_AT = 20_000
"""Documents in which sentences are looked for; those that are found are counted in all."""
_END = re.compile(r"(?:[^\n.!?]+|[.!?]+(?=[^\s.!?]))*(?:[.!?]+|\n|$)\s*")


def repeated_sentences(documents: Sequence[str]) -> list[tuple[str, int]]:
    """The sentences and lines that stand in at least `SHARE` of the documents and in `FEWEST`.

    Documents that are the same word for word count once.

    Returns:
        Each with the number of documents, the most frequent first.
    """
    unlike = list(dict.fromkeys(documents))
    needed = max(FEWEST, SHARE * len(unlike))
    if len(unlike) < needed:
        return []
    sample = unlike[:: -(-len(unlike) // _LOOKED_AT)]
    seen = Counter(sentence for text in sample for sentence in {one for one, _ in _sentences(text)})
    likely = {one for one, count in seen.items() if count >= 0.8 * needed * len(sample) / len(unlike)}
    if len(sample) < len(unlike) and likely:
        seen = Counter(one for text in unlike for one in {own for own, _ in _sentences(text)} & likely)
    found = [(one, seen[one]) for one in likely if seen[one] >= needed]
    return sorted(found, key=lambda one: (-one[1], one[0]))


def without_sentences(text: str, sentences: Collection[str]) -> str:
    """The text without these sentences."""
    if not sentences:
        return text
    known = sentences if isinstance(sentences, frozenset) else frozenset(sentences)
    found = "".join(span for sentence, span in _sentences(text, short=True) if sentence not in known)
    return text if found == text else found.strip()


def _sentences(text: str, short: bool = False) -> Iterator[tuple[str, str]]:
    """Each sentence or line, spaces made one, and all of it as it stands; without ``short`` those alone that
    are of a usual length."""
    for match in _END.finditer(text):
        sentence = " ".join(match[0].split())
        if match[0] and (short or _SHORTEST <= len(sentence) <= _LONGEST):
            yield sentence, match[0]
