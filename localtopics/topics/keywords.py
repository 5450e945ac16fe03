"""The words that describe a topic: which words count, and BERTopic's ways to choose among them."""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Mapping, Sequence, Set
from functools import cache
from typing import Any

import numpy as np
from bertopic.representation import KeyBERTInspired, MaximalMarginalRelevance
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer

from localtopics.languages import ENGLISH, language_name
from localtopics.topics.segmentation import segmenter
from localtopics.topics.settings import TopicSettings
from localtopics.topics.topic import KEYWORDS

log = logging.getLogger(__name__)

_WORD = r"(?<![\\\w])(?=\w*[^\W\d_])\w\w+"
"""Words of two characters and more with a letter in them; no LaTeX commands, no bare numbers."""
_CONTRACTED = "aren couldn didn doesn don hadn hasn haven isn ll shouldn ve wasn weren won wouldn"
"""What that pattern leaves of "don't" and "they'll", which scikit-learn's stop words do not know."""

_TIED = re.compile(r"['’-]")


def word_pattern(languages: Sequence[str]) -> str:
    """What is a word in these languages; Python's own letters leave the vowels of Hindi or Thai out."""
    return _WORD if tuple(languages) == (ENGLISH,) else _WORD.replace(r"\w", f"[{_word_characters()}]")


def stop_words_of(settings: TopicSettings) -> set[str]:
    """The words that are no keywords, in small letters.

    English ones are scikit-learn's, those of 57 other languages of the collection "stopwords-iso". What an
    apostrophe or a hyphen ties together, such as "aujourd'hui", counts as its parts, too.
    """
    if settings.stop_words == "none":
        return set()
    languages = (ENGLISH,) if settings.stop_words == "english" else settings.languages
    return set().union(*map(_small_words, languages))


@cache
def _small_words(language: str) -> frozenset[str]:
    """The stop words of one language; that there are none is said once."""
    if language == ENGLISH:
        return frozenset([*ENGLISH_STOP_WORDS, *_CONTRACTED.split()])
    from stopwordsiso import has_lang, stopwords

    if not has_lang(language):
        name = language_name(language)
        log.warning("No list of small words is known for %s: they may be among the keywords", name)
        return frozenset()
    entries = {entry.lower() for entry in stopwords(language)}
    if (segment := segmenter((language,))) is not None:  # what is cut into several is no word of a document
        return frozenset(entry for entry in entries if len(segment(entry).split()) == 1)
    word = re.compile(word_pattern((language,)))
    parts = {part for entry in entries if _TIED.search(entry) for part in word.findall(entry)}
    return frozenset(entries | parts)


@cache
def _word_characters() -> str:
    """The inside of a pattern's brackets: letters, digits, and the marks that belong to letters."""
    marks = [code for code in range(0x300, 0x11000) if unicodedata.category(chr(code)) in ("Mn", "Mc")]
    starts = [code for code in marks if code - 1 not in (known := set(marks))]
    ends = [code for code in marks if code + 1 not in known]
    ranges = "".join(f"{chr(start)}-{chr(end)}" for start, end in zip(starts, ends, strict=True))
    return rf"\w\u200c\u200d{ranges}"


def representations(settings: TopicSettings, embedded: bool = True) -> dict[str, Any]:
    """BERTopic's aspects of a topic: keywords and, where words can be embedded, those by KeyBERT and MMR."""
    words = settings.top_n_words
    found: dict[str, Any] = {KEYWORDS: []}  # without a model BERTopic gives the words of the highest c-TF-IDF
    if embedded:
        found["KeyBERT"] = KeyBERTInspired(top_n_words=words)
        found["MMR"] = MaximalMarginalRelevance(diversity=settings.diversity, top_n_words=words)
    return found


def vectorizer(documents: Sequence[str], clusters: np.ndarray, settings: TopicSettings) -> CountVectorizer:
    """What counts words for BERTopic's c-TF-IDF, with its vocabulary.

    Every cluster has words in it: where a cluster's documents have no ordinary ones, what stands between
    spaces counts. The vocabulary is found here because BERTopic joins each topic's documents to one, so that
    its own min_df would count topics.

    Args:
        documents: n texts.
        clusters: int64 [n], the cluster of each.
        settings: which words count.
    """
    word = word_pattern(settings.languages)
    stop_words = sorted(stop_words_of(settings)) or None
    options: dict[str, Any] = {
        "ngram_range": (1, settings.ngrams),
        "stop_words": stop_words,
        "token_pattern": word,
        "preprocessor": segmenter(settings.languages),
    }
    vocabulary, wordless = _vocabulary(documents, clusters, options, min(10, max(1, len(documents) // 2000)))
    if wordless:
        vocabulary, wordless = _vocabulary(documents, clusters, options)
    if own := _own_words(documents, clusters, wordless):
        options["stop_words"] = [word for word in stop_words or () if word not in own] or None
        options["token_pattern"] = rf"(?<!\S)(?:{'|'.join(map(re.escape, own))})(?!\S)|{word}"
        vocabulary, wordless = _vocabulary(documents, clusters, options)
    if wordless:
        options = {"token_pattern": r"\S+"}
        vocabulary, _ = _vocabulary(documents, clusters, options)
    if len(vocabulary) == 1:
        vocabulary.append("-")  # no document has it; BERTopic's c-TF-IDF fails on a single word
    return CountVectorizer(vocabulary=vocabulary, **options)


def _vocabulary(
    documents: Sequence[str], clusters: np.ndarray, options: Mapping[str, Any], fewest: int = 1
) -> tuple[list[str], set[int]]:
    """The words that so many documents have, and the clusters whose documents have none of them."""
    counter = CountVectorizer(min_df=fewest, **options)
    try:
        counts = counter.fit_transform(documents)
    except ValueError:  # no word is left
        return [], set(clusters.tolist())
    worded = clusters[counts.getnnz(axis=1) > 0]
    return counter.get_feature_names_out().tolist(), set(clusters.tolist()) - set(worded.tolist())


def _own_words(documents: Sequence[str], clusters: np.ndarray, wordless: Set[int]) -> list[str]:
    """What stands between spaces in these clusters, if each is one text, such as "N/A", again and again."""
    texts = {
        (int(cluster), text) for cluster, text in zip(clusters, documents, strict=True) if cluster in wordless
    }
    if len(texts) > len(wordless):
        return []
    return sorted({word for _, text in texts for word in text.lower().split()})
