"""Which encoding bytes of text are in, by marks, by what they can be, and by the words that come of it."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import IO

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CANDIDATES = (
    *("windows-1252", "windows-1250", "windows-1251", "windows-1253", "windows-1254", "windows-1255"),
    *("windows-1256", "windows-1257", "iso8859-2", "iso8859-7", "iso8859-15", "mac-roman", "mac-cyrillic"),
    *("cp437", "cp850", "cp852", "cp866", "koi8-r", "koi8-u"),
    *("cp932", "euc-jp", "gb18030", "big5", "cp949"),
)
"""What programs of the last forty years have written where it was not UTF-8."""
_HEAD = 4096
_CHUNK = 1 << 20
_ENOUGH = 1 << 15
"""Bytes of lines that are not ASCII, by which an encoding is told."""
_JUDGED = 400
"""Characters beyond ASCII of which it is seen where they stand."""
_FEW, _MANY = 5, 30
"""Bytes that are not ASCII: up to `_FEW` of them a candidate is hardly known by."""
_SHORT = 8
"""Bytes, by so few of which no language shows."""
_MOST_ODD = 0.1
_CONTROLS = bytes([*range(1, 9), *range(14, 27), *range(28, 32), 127])
_CONTROL = re.compile(r"[\x80-\x9f]")
_STRANGE = re.compile(r"[^\x00-\x7f]")
_JOINERS = frozenset("\xa0\xad\xb7\u2010\u2011\u2013\u2014\u2018\u2019\u2026\u200c\u200d")
"""Signs that stand between letters."""


@dataclass(frozen=True)
class Encoding:
    """What the bytes of a text are in."""

    name: str | None
    """As Python names it; None where it cannot be told."""
    candidates: tuple[str, ...] = ()
    """Where it cannot be told: what it may be, the likeliest first."""
    sample: bytes = b""
    """Lines with bytes that are not ASCII."""


def is_encoding(name: str) -> bool:
    """Whether Python knows an encoding of text by this name."""
    try:
        return bool(codecs.lookup(name)._is_text_encoding)
    except (LookupError, ValueError):
        return False


def wide(name: str) -> bool:
    """Whether characters of an encoding are of two or four bytes."""
    return codecs.lookup(name).name.startswith(("utf-16", "utf-32"))


def encoding_of(file: IO[bytes]) -> Encoding | None:
    """The encoding of text; None where the bytes are plainly none.

    A mark at the beginning says it, zeros in every second byte do, and so does a text that is UTF-8. Else it
    is what chardet finds in the lines that are not ASCII, where it leads by enough and no words come of it
    that mix alphabets, or have capitals or signs within.

    Args:
        file: at its beginning; it is read until 32 KiB of lines are found that are not ASCII, or to its end.
    """
    head = file.read(_HEAD)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return Encoding(name)
    if (found := _by_zeros(head)) is not None:
        return Encoding(found)
    if head.count(0) > len(head) // 8:
        return None
    lines = list(_strange_lines(head, file))
    broken = [line for line in lines if not _is(line, "utf-8")]
    if not broken:
        return Encoding("utf-8")
    sample = b"\n".join(lines)
    if _is_mixed(sample):
        return Encoding(None, ("utf-8",), b"\n".join(broken))
    if sum(sample.count(byte) for byte in _CONTROLS) > len(sample) / 100:
        return None
    return _by_language(sample)


def _by_zeros(head: bytes) -> str | None:
    """The encoding of two or four bytes a character that has its zeros where ASCII would have them."""
    for width, names in ((4, ("utf-32-le", "utf-32-be")), (2, ("utf-16-le", "utf-16-be"))):
        whole = head[: len(head) // width * width]
        zeros = [whole[place::width].count(0) / max(1, len(whole) // width) for place in range(width)]
        for name, (low, *high) in zip(names, (zeros, zeros[::-1]), strict=True):
            if len(whole) > width and low < 0.02 and min(high) > 0.5 and _is(whole, name, cut=True):
                return name
    return None


def _strange_lines(head: bytes, file: IO[bytes]) -> Iterator[bytes]:
    """The lines that are not ASCII, until there are enough of them."""
    found, rest, chunk = 0, b"", head + file.read(_CHUNK)
    while chunk:
        if not chunk.isascii() or (rest and not rest.isascii()):
            *lines, rest = re.split(rb"[\r\n]", rest + chunk)
            if len(rest) > _ENOUGH:  # a line without end, cut between two characters
                lines, rest = [*lines, *rest.split(b" ")], b""
            for line in lines:
                if not line.isascii():
                    yield line
                    if (found := found + len(line)) >= _ENOUGH:
                        return
        else:
            rest = re.split(rb"[\r\n]", chunk[-_ENOUGH:])[-1]
        chunk = file.read(_CHUNK)
    if not rest.isascii():
        yield rest


def _is(data: bytes, name: str, *, cut: bool = False) -> bool:
    """Whether bytes are text in an encoding; ``cut``: the last character may be cut off."""
    try:
        codecs.getincrementaldecoder(name)().decode(data, final=not cut)
    except UnicodeError:
        return False
    return True


def _is_mixed(line: bytes) -> bool:
    """Whether some of the bytes are characters of UTF-8, which other encodings have no words for."""
    text = line.decode("utf-8", "replace")
    sound = sum(char > "\x7f" and char != "\ufffd" for char in text)
    return 2 * sound > text.count("\ufffd")


def _by_language(sample: bytes) -> Encoding:
    """What chardet takes a text for, where that is plainly more likely than another reading of it."""
    from chardet import detect_all

    found: dict[str, tuple[float, str]] = {}
    for one in detect_all(sample, ignore_threshold=True, include_encodings=_CANDIDATES):
        name = str(one["encoding"]).lower()
        if is_encoding(name) and _is(sample, name):
            text = sample.decode(name)
            if text not in found and not _CONTROL.search(text) and _oddity(text) <= _MOST_ODD:
                found[text] = (float(one["confidence"]), name)
    ranked = sorted(found.values(), key=lambda one: -one[0])
    names = tuple(name for _, name in ranked)
    (first, best), (second, _) = (*ranked, (0.0, ""), (0.0, ""))[:2]
    strange = len(sample.translate(None, bytes(range(128))))
    lead = 0.3 if strange <= _FEW else 0.1 if strange < _MANY else 0.02
    if strange >= _MANY and best.startswith("windows"):
        lead = 0.0  # there are many more such files than those of another program that look so alike
    known = 0.05 if strange > _FEW else 0.1 if len(sample) > _SHORT else 1.0
    if first >= known and first - second >= lead * first:
        return Encoding(best, names, sample)
    return Encoding(None, names[:3], sample)


def _oddity(text: str) -> float:
    """The share of the characters beyond ASCII that stand where no writer would put them."""
    padded = f" {text} "
    places = [match.start() for match in islice(_STRANGE.finditer(padded), _JUDGED)]
    return sum(_is_odd(*padded[place - 1 : place + 2]) for place in places) / max(1, len(places))


def _is_odd(before: str, char: str, after: str) -> bool:
    if "\u2500" <= char <= "\u25ff" or "\ue000" <= char <= "\uf8ff":
        return True  # parts of boxes, and what no standard names
    if not char.isalpha():
        within = before.isalpha() and after.isalpha()
        return within and char not in _JOINERS and unicodedata.category(char)[0] != "M"
    scripts = {_script(one) for one in (before, char, after) if one.isalpha()}
    return len(scripts - {"East Asian"}) > 1 or char.isupper() > (not before.islower())


@lru_cache(4096)
def _script(letter: str) -> str:
    word = unicodedata.name(letter, "?").split()[0].split("-")[0]
    return (
        "East Asian" if word in ("CJK", "KATAKANA", "HIRAGANA", "HANGUL", "HALFWIDTH", "FULLWIDTH") else word
    )


def readings(sample: bytes, names: Sequence[str]) -> list[str]:
    """The first word that two encodings read differently, as each of them reads it."""
    for word in re.split(rb"[\s\x00-\x26\x28-\x2f\x3a-\x40]+", sample):
        if not word.isascii():
            texts = [word.decode(name, "replace")[:20] for name in names]
            if len(set(texts)) > 1 or len(names) == 1:
                return texts
    return ["" for _ in names]
