"""Which installed fonts draw a text, so that no name of a topic turns into a row of empty boxes."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Set
from contextlib import AbstractContextManager
from functools import cache

from matplotlib import font_manager

from localtopics.logs import silenced

FALLBACK = "DejaVu Sans"
"""The font that matplotlib brings with it, so that it is always there."""
PREFERRED = (
    "Inter",
    "Source Sans 3",
    "Open Sans",
    "Noto Sans",
    "Segoe UI",
    "Helvetica Neue",
    "Arial",
    "Liberation Sans",
    FALLBACK,
)
"""Clearer fonts than the fallback, the first that the machine has."""


class Fonts:
    """The installed fonts that together draw ``texts``.

    Attributes:
        families: their names in order of preference, as matplotlib's ``family`` takes them.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        known = _families()
        first = next(name for name in PREFERRED if name in known)
        self.families = list(dict.fromkeys([first, FALLBACK]))
        drawn = [_characters(known[name]) for name in self.families]
        written = {c for c in "".join(texts) if not c.isspace()}
        self._missing = written.difference(*drawn)
        ending = _ending(written)
        others = (
            name
            for name in sorted(known, key=lambda name: (not name.endswith(ending), name))
            if name not in self.families
        )
        while self._missing and (name := next(others, None)):
            if found := self._missing & _characters(known[name]):
                self._missing -= found
                self.families.append(name)

    @property
    def lacking(self) -> list[str]:
        """The scripts of letters that no font here draws, as Unicode calls them, such as "CJK"."""
        letters = (c for c in self._missing if c.isalpha())
        return sorted({unicodedata.name(c, "other").split("-")[0].split()[0] for c in letters})

    def drawable(self, text: str) -> str:
        """Return the text without what no font can draw; empty where that leaves less than half of it."""
        kept = "".join(c for c in text if c not in self._missing)
        return " ".join(kept.split()) if 2 * len(kept) >= len(text) else ""


def _ending(characters: Set[str]) -> str:
    """How the names of fonts end that write Chinese characters as is usual where these texts are written."""
    if any("\u3040" <= c <= "\u30ff" for c in characters):
        return " JP"
    return " KR" if any("\uac00" <= c <= "\ud7a3" for c in characters) else " SC"


def font_log_silenced() -> AbstractContextManager[None]:
    """Keep matplotlib from logging a line for each font that comes in one weight only."""
    return silenced("matplotlib.font_manager")


def _families() -> dict[str, str]:
    """Return a file for each upright family, without the one that has a box for every character there is."""
    upright = [font for font in font_manager.fontManager.ttflist if font.style == "normal"]
    return {font.name: font.fname for font in upright if not font.name.startswith("Last Resort")}


@cache
def _characters(file: str) -> frozenset[str]:
    """Return the characters that a font file can draw."""
    return frozenset(map(chr, font_manager.get_font(file).get_charmap()))
