"""Whether documents are in the one language that a model was taught."""

from __future__ import annotations

import re
from collections.abc import Sequence

_READ = 400
"""Characters of a document that tell its language."""
_FEWEST = 200
"""Letters by which a language is told; fewer, such as a list of names, are taken for English."""
_SMALL = "and are be by for from has have how it not of that the this to what which with you your"
_ENGLISH = frozenset(_SMALL.split())
"""Small words that no other language has many of."""
_SHARE = 0.12
"""Of these words, from which a text is English, whatever else it looks like."""
_WORD = re.compile(r"[^\W\d_]+")


def is_english(documents: Sequence[str]) -> bool:
    """Whether documents, taken together, may be English.

    Formulas, names and code confuse a language identifier (py3langid, after Lui and Baldwin, "langid.py",
    2012), so it is believed only where the small words of English are rare too.
    """
    text = " ".join(document[:_READ] for document in documents)
    words = _WORD.findall(text.lower())
    if sum(map(len, words)) < _FEWEST or sum(word in _ENGLISH for word in words) >= _SHARE * len(words):
        return True
    from py3langid import classify  # whoever asks no such model does not wait for it

    return bool(classify(text)[0] == "en")
