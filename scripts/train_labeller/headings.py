"""Which titles of a manual's sections say what stands under them, as headings."""

import re
from pathlib import Path

from localtopics.labels.cleaning import clean
from localtopics.labels.style import styled

MOST_WORDS = 6
"""What is longer is a sentence."""
HOLLOW = frozenset(Path(__file__).with_name("hollow.txt").read_text().splitlines())
"""Headings that say nothing of what stands under them."""
_LEADING = re.compile(
    r"^(working with|using|understanding|an? introduction to|introduction to|overview of|about|more on|"
    r"notes on|the|an?|(utility |helper )?"
    r"(functions|classes|utilities|methods|routines|tools|module|code|api) (for|to|of|related to)|"
    r"support for|creating|defining|customizing|controlling|configuring|specifying|implementation of) ",
    re.I,
)
_TRAILING = re.compile(r" (api|reference|module|package|classes)( (documentation|reference))?$", re.I)
_NO_NAME = re.compile(
    r"(provides?|defines?|contains?|implements?|creates?|stores?|returns?|gets?|adds?|makes?|runs?|writes?|"
    r"reads?|loads?|changing|adding|getting|making|running|writing|reading|loading|learn|build|convert|"
    r"generates?|computes?|handles?|is|are|has|have|enables?|represents?|performs?|describes?|don't|do|be|use|"
    r"see|contribute|hacked|various|miscellaneous|selected|other|internal|removes?|save|saving|find|install|"
    r"calculates?|apply|try|setting|wraps?|holds?|call|base|abstract) .*",
    re.I,
)


def heading(title: str) -> str | None:
    """A title as a heading of documents; None where it says nothing of them."""
    title = re.sub(r":[\w:+-]+:`[~!]?\.?([^`<]*?)(?: *<[^`]*>)?`", r"\1", title)
    title = re.sub(r"\s*\([^)]*\)\s*$", "", re.sub(r"[`*]", "", title)).strip(" .:#")
    title = re.sub(r"^\d[\d.)]*\s+|^(Step|Part|Chapter|Appendix) \w+[:.]? ", "", title)
    label = clean(_TRAILING.sub("", _LEADING.sub("", _LEADING.sub("", title))))
    label = label and label[:1].upper() + label[1:]
    if (
        label is None
        or _NO_NAME.fullmatch(label)
        or label.casefold() in HOLLOW
        or len(label.split()) > MOST_WORDS
        or not re.fullmatch(r"[A-Z][A-Za-z0-9 '/+,&-]*", label)
        or sum(map(str.isdigit, label)) > 2
        or re.search(r"\b(version|release|changelog|v\d|this|your|you|we|i|how|what|why|when)\b", label, re.I)
    ):
        return None
    return styled(label)
