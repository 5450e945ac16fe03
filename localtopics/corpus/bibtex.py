"""The entries of a BibTeX file, and their TeX as text."""

from __future__ import annotations

import codecs
import logging
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from localtopics.text import one_line

log = logging.getLogger(__name__)

_NO_ENTRIES = ("comment", "preamble", "string")
_AS_WRITTEN = ("doi", "eprint", "file", "url")


def read_entries(path: Path, text: str) -> Iterator[dict[str, str]]:
    """The entries of a BibTeX file: their fields in small letters, ``id`` and ``type``.

    What follows a fault in an entry is passed over up to the next one, with a warning.

    Args:
        path: the file, for the warning.
        text: what it holds.
    """
    from pybtex.database.input.bibtex import LowLevelParser

    faults: list[Exception] = []
    for kind, body in LowLevelParser(text, handle_error=faults.append):
        if kind.lower() in _NO_ENTRIES:
            continue
        key, values = body
        fields = {name.lower(): _text(name.lower(), "".join(parts)) for name, parts in reversed(values)}
        if "journaltitle" in fields:  # BibLaTeX's name for it
            fields.setdefault("journal", fields.pop("journaltitle"))
        yield {"id": key or "", "type": kind.lower(), **dict(reversed(fields.items()))}
    if faults:
        log.warning(
            "%s is not sound BibTeX in %d places, which were passed over; the first: %s",
            path,
            len(faults),
            one_line(str(faults[0]))[:200],
        )


def _text(name: str, value: str) -> str:
    return value.strip() if name in _AS_WRITTEN else plain(value)


_FORMULA = re.compile(r"(?<!\\)(\$(?:[^$\\]|\\.)*\$)", re.DOTALL)
_CITED = re.compile(r"\s?\\cite[a-z]*\*?(?:\[[^\]]*\])*\{[^{}]*\}")
_COMMAND = re.compile(r"\\[A-Za-z]{2,}\*?\s*(?=\{[^}])")  # on what stands in braces
_PIECE = re.compile(
    r"""\\["'`^~=.] \s* (?: \{\\?[A-Za-z]?\} | \\[ij](?![A-Za-z])\s? | [A-Za-z] )  # accents that are signs
      | \\[bcdHkrtuv] (?: \s* \{\\?[A-Za-z]+\} | \s+ \\?[A-Za-z](?![A-Za-z]) )     # and that are letters
      | \\[A-Za-z]+ \s?                                                            # signs by name
    """,
    re.VERBOSE,
)
_BRACES = re.compile(r"(?<!\\)[{}]")
_ESCAPED = re.compile(r"\\([&%$#_{}])")
_TYPED = {"---": "—", "--": "–", "``": "“", "''": "”", "~": " "}


def plain(value: str) -> str:
    r"""TeX as text: accents and signs as letters, without braces, citations and commands such as ``\emph``.

    Formulas stay as they are written, and so do commands that stand for no letter.
    """
    parts = _FORMULA.split(value)
    parts[::2] = map(_words, parts[::2])
    return " ".join("".join(parts).split())


def _words(value: str) -> str:
    for typed, sign in _TYPED.items():
        if typed in value:
            value = re.sub(rf"(?<!\\){typed}", sign, value)
    if "\\" in value or "{" in value:
        value = _COMMAND.sub("", _CITED.sub("", value))
        value = _PIECE.sub(lambda match: _letter(match[0]), value)
        value = _ESCAPED.sub(r"\1", _BRACES.sub("", value))
    return value


@lru_cache(4096)
def _letter(piece: str) -> str:
    """What a command and its letter stand for; latexcodec takes milliseconds for a text, few differ."""
    import latexcodec  # noqa: F401, which is known as a codec from then on

    for written in (piece, _BRACES.sub("", piece)):
        with suppress(ValueError):
            letter: str = codecs.decode(written, "ulatex")  # type: ignore[call-overload]
            if "\\" not in letter:
                return letter.strip("{}")
    return piece
