"""PDF files: their text as it was written, before it was broken into lines and pages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import accumulate, pairwise
from statistics import median
from typing import Any, NamedTuple

from localtopics.formats.document import Document, Unreadable, own_title

_DATE = re.compile(r"(?:D:)?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?\s*(?:([-+])(\d\d)'?(\d\d)?|Z)?")
_LINE = re.compile(r"[^\r\n\ufffe\x02]*[^\s\ufffe\x02][^\r\n\ufffe\x02]*[\ufffe\x02]?")
_BROKEN = re.compile(r"(?<=[^\W\d_])[-\u2010\xad\x02\ufffe]$")
"""A hyphen at a line's end behind a letter; PDFium puts U+FFFE or U+0002 where it takes one for a break."""
_UNSPACED = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]")
"""Chinese and Japanese, which have no spaces between words."""
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_SENTENCE_ENDS = re.compile(r"[.!?:…。！？][\"'”’»)\]]*$")

_SHORT = 0.8
"""Of a full line's length: a shorter one that ends a sentence ends a paragraph."""
_HEADING = 0.6
"""Of a full line's length: a shorter one ends a paragraph unless the next line begins with a small letter."""
_APART = 1.25
"""Of the usual distance of lines: what lies farther below begins a paragraph."""
_INDENT = (4.0, 45.0)
"""How far, in points, the first line of a paragraph may lie to the right of those around it."""

_BULLETS = frozenset("•◦▪●■‣")


class Line(NamedTuple):
    """A line of a page, and where its first letter stands, in points from the left and from below."""

    text: str
    left: float = 0.0
    bottom: float = 0.0


def read_pdf(content: bytes) -> Document:
    """Read a PDF file: its text in paragraphs, its title, and when it was made.

    Raises:
        Unreadable: it is locked by a password, or holds no text.
    """
    import pypdfium2

    try:
        file = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise Unreadable("is locked by a password: save it without one") from None
        raise
    lines: list[Line] = []
    pictures = False
    for page in file:
        lines += _lines(page.get_textpage())
        if not lines and not pictures:
            picture = page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE])
            pictures = next(picture, None) is not None
        page.close()
    if not lines:
        why = (
            "pictures of pages and no text: run OCR (for instance ocrmypdf) first" if pictures else "no text"
        )
        raise Unreadable(f"holds {why}")
    told = file.get_metadata_dict()
    return Document(joined(lines), own_title(told.get("Title")), _time(told.get("CreationDate", "")))


def joined(lines: Sequence[Line]) -> str:
    """Lines as paragraphs, words that were broken at a line's end made whole.

    A paragraph begins where there is more room above a line than usual, where a line is indented or has a
    bullet, and behind a short line that ends a sentence or looks like a heading. On the next page or in the
    next column a sentence goes on.
    """
    words = set(_WORD.findall("\n".join(line.text for line in lines)))
    paragraphs: list[str] = []
    begins = _beginnings(lines)
    for line, new in zip(lines, begins, strict=True):
        text = line.text.strip(" ")
        if new:
            paragraphs.append(text)
        else:
            paragraphs[-1] = _whole(paragraphs[-1], text, words)
    return "\n\n".join(paragraphs)


def _lines(page: Any) -> Iterator[Line]:
    text = page.get_text_range()
    placed = len(text) == page.count_chars()  # not so where letters take two UTF-16 units
    for found in _LINE.finditer(text):
        line = found[0]
        first = found.start() + len(line) - len(line.lstrip())
        left, bottom = page.get_charbox(first, loose=True)[:2] if placed else (0.0, 0.0)
        yield Line(line, left, bottom)


def _beginnings(lines: Sequence[Line]) -> list[bool]:
    """Whether each line begins a paragraph."""
    lengths = sorted((len(line.text) for line in lines), reverse=True)
    part = sum(lengths) / 3  # of the text stands in lines at least as long as a full one
    full = next((each for each, total in zip(lengths, accumulate(lengths), strict=True) if total >= part), 0)
    distances = [above.bottom - line.bottom for above, line in pairwise(lines)]
    usual = median(below) if (below := [distance for distance in distances if distance > 1]) else 0.0

    def begins(place: int) -> bool:
        above, line = lines[place - 1], lines[place]
        if _BROKEN.search(above.text):
            return False
        if line.text.lstrip()[:1] in _BULLETS or (usual and distances[place - 1] > _APART * usual):
            return True
        goes_on = line.text.lstrip()[:1].islower()
        below = lines[place + 1] if place + 1 < len(lines) else line
        least, most = _INDENT
        if not goes_on and all(least < line.left - other.left < most for other in (above, below)):
            return True
        if len(above.text) < _SHORT * full and _SENTENCE_ENDS.search(above.text.rstrip()):
            return True
        return len(above.text) < _HEADING * full and not goes_on

    return [True, *map(begins, range(1, len(lines)))]


def _whole(text: str, line: str, words: set[str]) -> str:
    """A text and the line that follows it: "exam-" and "ple" are "example", "A-" and "B" stay "A-B".

    "well-" and "known" are "well-known" where the text has that elsewhere, and not "wellknown".
    """
    if not _BROKEN.search(text):
        unspaced = _UNSPACED.match(text[-1:]) and _UNSPACED.match(line)
        return f"{text}{line}" if unspaced else f"{text} {line}"
    before = _WORD.findall(text[:-1])[-1]
    after = (_WORD.match(line) or [""])[0]
    parted = f"{before}-{after}" in words and before + after not in words
    return text[:-1] + ("-" if parted or not line[:1].islower() else "") + line


def _time(date: str) -> str:
    """A PDF file's date, as in "D:20240229120000+01'00'", in ISO 8601."""
    found = _DATE.match(date.strip())
    if found is None:
        return ""
    year, month, day, hour, minute, second, sign, hours, minutes = found.groups()
    zone = f"{sign}{hours}:{minutes or '00'}" if sign else "+00:00" if "Z" in date else ""
    time = f"{year}-{month or '01'}-{day or '01'}T{hour or '00'}:{minute or '00'}:{second or '00'}{zone}"
    with suppress(ValueError):
        return datetime.fromisoformat(time).isoformat()
    return ""
