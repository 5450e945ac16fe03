"""In which languages documents are: of a corpus by a sample, of a document where there are several."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import pandas as pd

from localtopics.corpus.corpus import Corpus
from localtopics.languages import ENGLISH, NAMES
from localtopics.progress import Progress, silent

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

LANGUAGE = "language"
"""The column of the documents' languages, by their codes."""
_SAMPLE = 1000
"""Documents that tell a corpus' languages."""
_TOGETHER = 50
"""Of these, that are read as one text."""
_READ = 400
"""Characters of a document that tell its language."""
_FEWEST = 200
"""Letters by which a language is told; fewer, such as a list of names, are taken for English."""
_SMALL = "and are be by for from has have how it not of that the this to what which with you your"
_ENGLISH_WORDS = frozenset(_SMALL.split())
"""Small words that no other language has many of."""
_SMALL_SHARE = 0.12
"""Of these words, from which a text is English, whatever else it looks like."""
_SURE = 0.7
"""From which confidence a document counts: of descriptions of 50 characters in 20 languages, 73 % have it,
and of these 99.8 % are in the language that was told (`scripts/bench_language.py`)."""
_OF_MANY = 0.05
"""The share of documents from which a language is one of the corpus."""
_NO_LANGUAGE = "zxx"
"""What the identifier says of code and numbers."""
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class Languages:
    """The languages of a corpus."""

    shares: dict[str, float] = field(default_factory=lambda: {ENGLISH: 1.0})
    """ISO 639-1 code to the share of the documents that were read, the most common first."""
    read: int = 0
    """How many documents were read."""

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes, the most common language's first."""
        return tuple(self.shares)


def find_languages(documents: Sequence[str]) -> Languages:
    """The languages that at least one in twenty documents is in, by a thousand of them, evenly spaced.

    English is known by its small words, other languages by a language identifier (py3langid, after Lui and
    Baldwin, "langid.py", 2012) where it is sure: documents that are too short to tell do not count. Where
    none can be told, or little is written, the language is English.
    """
    texts = [text[:_READ] for text in _some(documents, _SAMPLE)]
    unknown = [text for text in texts if not _is_plainly_english(text)]
    if len(unknown) < _OF_MANY * len(texts) or is_english(_some(unknown, _TOGETHER)):
        return Languages(read=len(texts))
    found = Counter({ENGLISH: len(texts) - len(unknown)})
    for text in unknown:
        language, confidence = _identifier((*NAMES, _NO_LANGUAGE)).classify(text)
        if confidence >= _SURE and language != _NO_LANGUAGE:
            found[language] += 1
    many = {language: count for language, count in found.most_common() if count >= _OF_MANY * found.total()}
    total = sum(many.values())
    if not total:
        return Languages(read=len(texts))
    return Languages({language: round(count / total, 4) for language, count in many.items()}, len(texts))


def document_languages(
    documents: Sequence[str], languages: Sequence[str], progress: Progress = silent
) -> list[str]:
    """The language of each document, among those of its corpus.

    A million take five minutes of one processor.

    Args:
        documents: n texts.
        languages: the codes that it may be, the corpus' main language first.
        progress: told of the documents.
    """
    identifier = _identifier(tuple(languages))
    found = []
    with progress("Finding languages", len(documents)) as advance:
        for document in documents:
            text = document[:_READ]
            if ENGLISH in languages and _is_plainly_english(text):
                found.append(ENGLISH)
            else:
                found.append(str(identifier.classify(text)[0]))
            advance(1)
    return found


def with_languages(corpus: Corpus, languages: Sequence[str], progress: Progress = silent) -> Corpus:
    """The corpus with the column `LANGUAGE`, unless its source has one of that name.

    Args:
        corpus: the documents.
        languages: as for `document_languages`.
        progress: told of the documents.
    """
    if LANGUAGE in corpus.columns:
        return corpus
    column = pd.Series(document_languages(corpus.documents, languages, progress), dtype="string")
    return replace(corpus, columns={**corpus.columns, LANGUAGE: column})


def is_english(documents: Sequence[str]) -> bool:
    """Whether documents, taken together, may be English.

    Formulas, names and code confuse a language identifier, so it is believed only where the small words of
    English are rare too.
    """
    text = " ".join(document[:_READ] for document in documents)
    words = _WORD.findall(text.lower())
    if sum(map(len, words)) < _FEWEST or _small_words(words) >= _SMALL_SHARE * len(words):
        return True
    return bool(_identifier(None).classify(text)[0] == ENGLISH)


def _some(documents: Sequence[str], most: int) -> Sequence[str]:
    """At most so many of the documents, evenly spaced."""
    return documents[:: max(1, -(-len(documents) // most))]


def _is_plainly_english(text: str) -> bool:
    """Whether a text has more small words of English than another language's would."""
    words = _WORD.findall(text.lower())
    return _small_words(words) >= max(3, _SMALL_SHARE * len(words))


def _small_words(words: Sequence[str]) -> int:
    return sum(word in _ENGLISH_WORDS for word in words)


@lru_cache(maxsize=4)
def _identifier(languages: tuple[str, ...] | None) -> LanguageIdentifier:
    """What tells these languages from each other; None: all that it knows."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # who needs none does not wait for it

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    if languages is not None:
        known = set(identifier.labels)
        identifier.set_languages([language for language in languages if language in known])
    return identifier
