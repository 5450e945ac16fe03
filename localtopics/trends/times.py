"""When documents are from: texts as times, where no day or month has to be guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

EXACT = ("year", "month", "day")
"""How exactly a time may be known, coarse to fine."""


@dataclass(frozen=True)
class Times:
    """When each document is from.

    Attributes:
        at: datetime64[s] [n], in UTC; NaT where there is no time. A time without a zone is taken for UTC.
        exact: int64 [n], how exactly each is known, as a place in `EXACT`; -1 where there is no time.
        unread: the texts, different ones, that could not be read.
    """

    at: NDArray[np.datetime64]
    exact: NDArray[np.int64]
    unread: tuple[str, ...] = ()


def read_times(texts: Sequence[str]) -> Times:
    """Read times as they are commonly written.

    These are ISO 8601 in all its parts, years and months alone, dates with the month's English name (RFC 2822
    among them), year, month and day in this order whatever stands between, and numbers: seconds, milli-,
    micro- or nanoseconds since 1970, told apart by their size. Dates such as 3/4/2011 are read where
    others show which number is the day, since it is above 12.

    Args:
        texts: one a document, "" where it has none.
    """
    different = dict.fromkeys(text.strip() for text in texts)
    different.pop("", None)
    day_first = _day_first(different)
    found = {text: _read(text.removesuffix(".0"), day_first) for text in different}  # years as floats
    missing = (np.datetime64("NaT", "s"), -1)
    read = [found.get(text.strip()) or missing for text in texts]
    return Times(
        at=np.array([at for at, _ in read], dtype="datetime64[s]"),
        exact=np.array([exact for _, exact in read], dtype=np.int64),
        unread=tuple(text for text, time in found.items() if time is None),
    )


_Read = tuple[np.datetime64, int] | None
_ISO = re.compile(r"(\d{4})(?:[-/.](\d{1,2}))?(?:[-/.](\d{1,2})(?:[T ].*)?)?")
_SLASHED = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?:[T ,]+(\d{1,2}:\d{2}.*))?")
_NUMBER = re.compile(r"\d{9,19}(?:\.\d*)?")
_NAMED = ("%d %b %Y", "%d-%b-%Y", "%d %B %Y", "%b %d, %Y", "%b %d %Y", "%B %d, %Y", "%B %d %Y")
_NAMED_MONTH = ("%b %Y", "%B %Y", "%Y %b", "%Y %B")
_EPOCH = datetime(1970, 1, 1)


def _read(text: str, day_first: bool | None) -> _Read:
    """One time with how exactly it is known, or None where it cannot be read."""
    readers: tuple[Callable[[str], _Read], ...] = (_iso, _since_1970, _with_named_month)
    for reader in readers:
        try:
            if (found := reader(text)) is not None:
                return found
        except (ValueError, OverflowError):
            continue
    match = _SLASHED.fullmatch(text)
    if match is None or day_first is None:
        return None
    first, _, second, year, clock = match.groups()
    day, month = (first, second) if day_first else (second, first)
    return _read(f"{year}-{int(month):02}-{int(day):02}" + (f" {clock}" if clock else ""), None)


def _iso(text: str) -> _Read:
    if (match := _ISO.fullmatch(text)) is not None:
        year, month, day = match.groups()
        if day is None:
            return _utc(datetime(int(year), int(month or 1), 1)), EXACT.index("month" if month else "year")
        date = f"{year}-{int(month):02}-{int(day):02}"
        text = date + text[match.end(3) :]
    return _utc(datetime.fromisoformat(text)), EXACT.index("day")


def _since_1970(text: str) -> _Read:
    if _NUMBER.fullmatch(text) is None:
        return None
    seconds = float(text)
    while seconds > 1e11:  # the year 5138
        seconds /= 1000
    return _utc(_EPOCH + timedelta(seconds=seconds)), EXACT.index("day")


def _with_named_month(text: str) -> _Read:
    from email.utils import parsedate_to_datetime

    if re.search(r"[A-Za-z]{3}", text) is None:
        return None
    for formats, exact in ((_NAMED, "day"), (_NAMED_MONTH, "month")):
        for form in formats:
            try:
                return _utc(datetime.strptime(text, form)), EXACT.index(exact)
            except ValueError:
                continue
    return _utc(parsedate_to_datetime(text)), EXACT.index("day")


def _utc(time: datetime) -> np.datetime64:
    if time.tzinfo is not None:
        time = time.astimezone(UTC).replace(tzinfo=None)
    return np.datetime64(time, "s")


def _day_first(texts: Sequence[str] | dict[str, None]) -> bool | None:
    """Which number of 3/4/2011 is the day, as dates whose day is above 12 show; None where none does."""
    matches = [match for text in texts if (match := _SLASHED.fullmatch(text)) is not None]
    first = any(int(match[1]) > 12 for match in matches)
    second = any(int(match[3]) > 12 for match in matches)
    return first if first != second else None
