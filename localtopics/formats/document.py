"""What a file of one document holds, and why it cannot be read."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple


class Document(NamedTuple):
    """A document with what its file says of it."""

    text: str
    title: str = ""
    """"" where the file gives it none."""
    time: str = ""
    """ISO 8601, or "" where the file does not say when it is from."""
    attachments: int = 0
    """How many files hang on a mail, which are no part of the text."""


Read = Callable[[bytes], Document]
"""Reads the content of a file. Whatever it raises says that the file is damaged, but for `Unreadable`, and
ImportError where a package of the extra "documents" is missing."""


class Unreadable(Exception):  # noqa: N818  (it says something of a file)
    """Why a sound file cannot be read, as a clause about the file, such as "is locked by a password"."""


_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\ufffe\uffff]")  # \xad: where words may be parted
_MANY_LINES = re.compile(r"\n[^\S\n]*\n\s*\n")
_FILE_NAME = re.compile(r"\.(docx?|odt|rtf|pptx?|xlsx?|pdf|tex|dvi|ps|indd|qxd|pages|txt|html?)$", re.I)
_PROGRAM = re.compile(
    r"(microsoft (word|powerpoint) - |(untitled|slide|document) ?\d*$|no ?title$|powerpoint presentation$)",
    re.I,
)


def tidy(text: str) -> str:
    """The text with "\\n" at the ends of lines, one empty line between paragraphs and nothing invisible."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0b", "\n").replace("\x0c", "\n\n")
    return _MANY_LINES.sub("\n\n", _CONTROL.sub("", lines)).strip()


def own_title(title: str | None) -> str:
    """A title that somebody gave; "" for what programs put there, such as a file's name."""
    line = " ".join((title or "").split())
    made = _FILE_NAME.search(line) or _PROGRAM.match(line) or not any(letter.isalpha() for letter in line)
    return "" if made else line
