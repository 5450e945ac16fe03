"""Phrases that a topic's documents share: candidates for its label beside a model's answers."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

LONGEST = 4
"""Words of a phrase."""
READ = 1000
"""Characters of a document among which phrases are looked for."""

_HOLLOW = (
    "achieve achieves additional allow allows applicable based called compute computed computes "
    "consider considered considers contain contains define defines demonstrate demonstrates described "
    "different ensure ensures existing give given gives help helps implement implemented implements "
    "indicate indicates inherits introduce introduces involve involves like make makes new novel obtain "
    "obtained occur occurs outperforms perform performs present presented presents propose proposed "
    "proposes provide provides raised require required requires return returned returns several show "
    "shown shows support supported supports take takes towards treat treated used uses using various "
    "via"
)
"""Words that open or close many phrases and name none."""
_BREAK = re.compile(r"[^\w\s'+#./-]|\.(?=\s|$)|\n")
_LETTERS = re.compile(r"[^\W\d_]{3}")
_WORD = re.compile(r"(?=.*[^\W\d_])[^\W_](?:[^\W_]|[+#/-])*")
"""A word as it stands in headings: no number, no possessive, no dotted or underscored name of code."""


def phrases(documents: Sequence[str], keywords: Sequence[str], count: int) -> list[str]:
    """Up to ``count`` phrases of one to four words that hold a keyword, as they are mostly written.

    Those of most documents and with most keywords come first. A phrase holds no stop word, no number and no
    name from a program, and crosses no punctuation mark.
    """
    if not count:
        return []
    known = {keyword.lower() for keyword in keywords}
    found: Counter[str] = Counter()
    written: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for document in documents:
        here = list(_runs(document[:READ]))
        found.update({phrase.lower() for phrase in here})
        for phrase in here:
            written[phrase.lower()][phrase] += 1
    weights = {
        phrase: documents_with * sum(word in known for word in re.findall(r"\w+", phrase))
        for phrase, documents_with in found.items()
        if _LETTERS.search(phrase)
    }
    best = sorted((phrase for phrase in weights if weights[phrase]), key=lambda p: (-weights[p], p))
    return [written[phrase].most_common(1)[0][0] for phrase in best[:count]]


def _runs(document: str) -> Iterator[str]:
    """All runs of up to four words of a document without a stop word in them."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    stops = ENGLISH_STOP_WORDS.union(_HOLLOW.split())
    for part in _BREAK.split(document):
        words = part.split()
        for start in range(len(words)):
            for end in range(start + 1, min(start + LONGEST, len(words)) + 1):
                if words[end - 1].lower() in stops or not _WORD.fullmatch(words[end - 1]):
                    break
                yield " ".join(words[start:end])
