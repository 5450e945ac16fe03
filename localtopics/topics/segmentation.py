"""Words of languages that are written without spaces: Chinese, Japanese and Thai."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from localtopics.languages import language_name

log = logging.getLogger(__name__)

_HAN = "\u3005\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_KANA = "\u3040-\u30ff"
_RUNS = {
    "ja": re.compile(f"[{_HAN}{_KANA}]+"),
    "zh": re.compile(f"[{_HAN}]+"),
    "th": re.compile("[\u0e00-\u0e7f]+"),
}
"""What is written without spaces, by language."""
_PACKAGES = {"ja": "tinysegmenter3", "zh": "rjieba", "th": "budoux"}

Segment = Callable[[str], Iterable[str]]


@dataclass(frozen=True)
class Segmenter:
    """Puts spaces between the words of a text, and capitals in small letters: a vectoriser's preprocessor.

    It can be pickled.
    """

    languages: tuple[str, ...]
    """Those of `_RUNS` that are in the documents; one alone may have Chinese characters."""

    def __call__(self, text: str) -> str:
        text = text.lower()
        for language in self.languages:
            segment = _segment(language)
            text = _RUNS[language].sub(lambda run, cut=segment: f" {' '.join(cut(run[0]))} ", text)  # type: ignore[misc]
        return text


def segmenter(languages: Sequence[str]) -> Segmenter | None:
    """What tells words of these languages apart; None where spaces do.

    Chinese is cut by rjieba, Japanese by TinySegmenter, Thai by BudouX, which the extra "languages" installs.
    Without them pairs of neighbouring characters stand for words, of which a warning says.
    """
    written = [language for language in _RUNS if language in languages]
    if "ja" in written and "zh" in written:
        written.remove("zh" if languages.index("ja") < languages.index("zh") else "ja")
    return Segmenter(tuple(written)) if written else None


@lru_cache(maxsize=len(_RUNS))
def _segment(language: str) -> Segment:
    """What cuts a text of a language that has no spaces; said once where its package is missing."""
    try:
        return _CUTTERS[language]()
    except ImportError:
        log.warning(
            "Words of %s are told apart by the package %s, which is not here, so that pairs of characters "
            "stand for words: `pip install %s`, or localtopics with its extra `languages`.",
            language_name(language),
            _PACKAGES[language],
            _PACKAGES[language],
        )
        return _pairs


def _pairs(text: str) -> list[str]:
    return ["".join(pair) for pair in pairwise(text)] or [text]


def _chinese() -> Segment:
    from rjieba import cut

    return cut


def _japanese() -> Segment:
    from tinysegmenter import tokenize

    return tokenize  # type: ignore[no-any-return]


def _thai() -> Segment:
    from budoux import load_default_thai_parser

    return load_default_thai_parser().parse


_CUTTERS = {"ja": _japanese, "zh": _chinese, "th": _thai}
