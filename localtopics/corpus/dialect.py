"""How a delimited file is written: what separates, quotes and escapes, by what splits most rows alike."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from localtopics.corpus.columns import ColumnRequest
from localtopics.errors import UserError

if TYPE_CHECKING:
    from _csv import Reader

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
"""What separates fields where nobody says what does."""
_NAMES = {"tab": "\t", r"\t": "\t"}
_SAID = re.compile(r"sep=([,;\t|])\r?\n?")  # a first line that Excel writes and reads
_ROWS = 1000  # that are looked at
_TITLES = 10
"""Lines above the header, at the most."""

Quoting = Literal["doubled", "backslash", "single", "none"]
"""How a field that holds a separator is written: in double quotes, with those inside it doubled or behind a
backslash; in single quotes; or bare, with a backslash before what is not meant."""
Surplus = Literal["", "first", "last"]
"""The numbers that R writes before each row, or nothing behind a separator at each row's end."""
WORDS = {
    "backslash": 'a backslash before a double quote, as in \\"',
    "single": "single quotes around fields",
    "none": "no quotes, and escapes such as \\t and \\n",
}
"""What is said of a way of quoting that is not the usual one."""

_ESCAPED = re.compile(r'\\(["\\]|\r?\n)')
_BARE_FIELD = re.compile(r"(?:[^\t\\]|\\.|\\$)*", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_MEANT = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "0": "", "Z": "\x1a"}
_PAIR = re.compile(r"""\\([\\ntrb0Z"'\t]?)""")


@dataclass(frozen=True)
class Dialect:
    """How a delimited file is written."""

    separator: str
    quoting: Quoting = "doubled"
    titles: int = 0
    """Lines above the header."""
    surplus: Surplus = ""
    """Which field of a row has no name in the header."""

    def rows(self, lines: Iterable[str]) -> Rows:
        """The rows of a file's lines, header and blank ones included."""
        return Rows(self, lines)


class Rows:
    """Rows of fields, and the line at which the last one ended; a fault raises csv.Error."""

    def __init__(self, dialect: Dialect, lines: Iterable[str]) -> None:
        self._dialect, self._line, self._width = dialect, 0, 0
        lines = islice(lines, dialect.titles, None)
        self._reader: Reader | None = None
        if dialect.quoting == "none":
            self._rows = self._bare(lines)
        else:
            quote = "'" if dialect.quoting == "single" else '"'
            if dialect.quoting == "backslash":
                lines = map(_doubled, lines)
            self._reader = csv.reader(lines, delimiter=dialect.separator, quotechar=quote, strict=True)
            self._rows = self._reader

    def __iter__(self) -> Iterator[list[str]]:
        return self if self._dialect.surplus else self._rows

    def __next__(self) -> list[str]:
        row = next(self._rows)
        if self._dialect.surplus and row:
            if self._width == 0:
                self._width = len(row)
            elif len(row) == self._width + 1:
                return row[1:] if self._dialect.surplus == "first" else row[:-1] if row[-1] == "" else row
        return row

    @property
    def line(self) -> int:
        """The line of the file at which the last row ended, counted from 1."""
        return self._dialect.titles + (self._line if self._reader is None else self._reader.line_num)

    def _bare(self, lines: Iterable[str]) -> Iterator[list[str]]:
        held = ""
        for line in lines:
            self._line += 1
            held += line
            text = held.rstrip("\r\n")
            if (len(text) - len(text.rstrip("\\"))) % 2 and text != held:
                continue  # a backslash before the line's end: it is part of the field
            held = ""
            yield [_meant(field) for field in _bare_fields(text)] if text else []


def _doubled(line: str) -> str:
    """A line with the quotes behind a backslash doubled instead."""
    return _ESCAPED.sub(lambda match: '""' if match[1] == '"' else match[1], line) if "\\" in line else line


def _bare_fields(text: str) -> Iterator[str]:
    """The fields of a row that tabs separate, but for those behind a backslash."""
    place = 0
    while place <= len(text):
        field = _BARE_FIELD.match(text, place)
        assert field is not None  # it matches nothing too
        yield field[0]
        place = field.end() + 1


def _meant(field: str) -> str:
    r"""What a bare field means; ``\N``, which stands for nothing, stays."""
    if "\\" not in field or field == r"\N":
        return field
    return _ESCAPE.sub(lambda match: _MEANT.get(match[1], match[1]), field)


def dialect_of(path: Path, lines: Sequence[str], whole: bool, request: ColumnRequest, usual: str) -> Dialect:
    """How a file is written, by its first lines.

    Args:
        path: the file, for error messages.
        lines: its first lines.
        whole: whether these are all.
        request: what its columns are to be; its reading may say what separates them.
        usual: what separates fields in such files.

    Raises:
        UserError: it cannot be told what separates the fields.
    """
    sample = _Sample(lines, whole, request)
    said = _SAID.fullmatch(lines[0]) if lines else None
    given = request.reading.delimiter
    if given is not None or said is not None:
        separator = _NAMES.get(given, given) if given is not None else str(said and said[1])
        found = replace(sample.best([separator])[0], titles=int(said is not None))
        return replace(found, surplus=sample.surplus(replace(found, titles=0)))
    sound = sample.best([usual, *(sign for sign in SEPARATORS if sign != usual)])
    if len(sound) > 1:
        kinds = " or ".join(SEPARATORS[dialect.separator] for dialect in sound)
        raise UserError(
            f"It cannot be told whether the columns of {path} are separated by {kinds}: put names and texts "
            "that hold one of them in double quotes, or say which.",
            arguments=["delimiter"],
        )
    return sample.below_titles(replace(sound[0], surplus=sample.surplus(sound[0])))


class _Sample:
    """The first lines of a file, read in different ways."""

    def __init__(self, lines: Sequence[str], whole: bool, request: ColumnRequest) -> None:
        said = bool(lines) and _SAID.fullmatch(lines[0]) is not None
        self._lines, self._whole, self._request = lines[said:], whole, request

    def best(self, separators: Sequence[str]) -> list[Dialect]:
        """What splits the header, and most rows into as many fields; several where it cannot be told.

        Where nothing splits most rows so, the file has one column, or rows that the reader refuses.
        """
        usual, headers = separators[0], {}
        for separator in separators:
            dialect = Dialect(separator, self._quoting(separator))
            if len(header := self._header(dialect)) > 1:
                headers[dialect] = header
        if not headers:
            return [Dialect(usual, self._quoting(usual))]
        shares = {dialect: self._share(dialect, len(header)) for dialect, header in headers.items()}
        best = [dialect for dialect, share in shares.items() if share == max(0.5, *shares.values())]
        if len(best) > 1:  # the one that separates the columns that are wanted
            best = [one for one in best if self._request.resolves(headers[one])] or best
        only = [dialect for dialect in headers if dialect.separator == usual]
        if len(headers) == 1 and only:
            return only
        return best or only or [Dialect(usual, self._quoting(usual))]

    def surplus(self, dialect: Dialect) -> Surplus:
        """Which field has no name, where every row has one more than the header."""
        header, *rows = self._rows(dialect, _ROWS) or [[]]
        if not rows or any(len(row) != len(header) + 1 for row in rows):
            return ""
        if all(row[-1] == "" for row in rows):
            return "last"
        numbered = [row[0] for row in rows] == [str(number) for number in range(1, len(rows) + 1)]
        return "first" if numbered else ""

    def below_titles(self, dialect: Dialect) -> Dialect:
        """The same, or where the first lines are no header: one that passes over them.

        That is certain where the first row has none of the columns that are asked for, one below it has, no
        line between has more than one field, and all rows that follow have as many as it.
        """
        first = self._header(dialect)
        if self._request.resolves(first):
            return dialect
        for titles in range(1, min(_TITLES + 1, len(self._lines))):
            for separator in (dialect.separator, *SEPARATORS):
                below = Dialect(separator, dialect.quoting, titles)
                rows = self._rows(below, _ROWS)
                if not rows or len(rows[0]) < 2 or not self._request.resolves(rows[0]):
                    continue
                above = [row for row in map(_filled, self._rows(replace(below, titles=0), titles)) if row]
                if all(len(row) == 1 for row in above) and len({len(row) for row in rows}) == 1 < len(rows):
                    return below
        return dialect

    def _quoting(self, separator: str) -> Quoting:
        """The usual quoting where it reads the file, or else one that reads all of it."""
        usual = Dialect(separator)
        rows = self._rows(usual, _ROWS)
        header = self._header(usual)
        if header and all(len(name) > 2 and name[0] == name[-1] == "'" for name in header):
            return "single" if self._reads(replace(usual, quoting="single")) else "doubled"
        if separator == "\t" and self._is_bare(rows):
            return "none"
        if not self._reads(usual):
            for quoting in ("backslash", "single"):
                text = "".join(self._lines)
                needed = '\\"' in text if quoting == "backslash" else re.search(r"(^|\W)'", text) is not None
                if needed and self._reads(other := replace(usual, quoting=quoting)):
                    return other.quoting
        return "doubled"

    def _reads(self, dialect: Dialect) -> bool:
        """Whether a dialect splits all rows into as many fields, of which there are several."""
        header, *rows = self._rows(dialect, _ROWS) or [[]]
        widths = {len(header) + bool(self.surplus(dialect))}
        return len(header) > 1 and {len(row) for row in rows} <= widths

    def _is_bare(self, rows: Sequence[Sequence[str]]) -> bool:
        r"""Whether backslashes are escapes in fields without quotes: all of them are of known ones, and some
        are of those that nothing else has, ``\N`` as a field or a backslash before another."""
        text = "".join(self._lines)
        if "\\" not in text or re.search(r'(?m)(^|\t)"', text):
            return False
        nothing = any(field == r"\N" for row in rows for field in row)
        pairs = _PAIR.findall(re.sub(r"(?m)(^|\t)\\N(?=\t|\r?$)", r"\1", text))
        ends = len(re.findall(r"\\\r?\n", text))
        return (nothing or "\\" in pairs) and pairs.count("") == ends

    def _rows(self, dialect: Dialect, most: int) -> list[list[str]]:
        """The first rows that are not blank, up to a fault; a row that the sample cuts off is no fault."""
        found: list[list[str]] = []
        reader = dialect.rows(self._lines)
        try:
            found.extend(islice((row for row in reader if row), most))
        except csv.Error:
            if self._whole or reader.line < len(self._lines):
                found.append([])  # of another width than any row
            return found
        return found if self._whole or len(found) == most else found[:-1]

    def _header(self, dialect: Dialect) -> list[str]:
        return next(iter(self._rows(dialect, 1)), [])

    def _share(self, dialect: Dialect, width: int) -> float:
        """The part of the first rows that have ``width`` fields; 1 where there are no rows."""
        rows = self._rows(dialect, _ROWS)
        width += bool(self.surplus(dialect))
        fits = [0.5 if not row else float(len(row) == width) for row in rows[1:]]
        return sum(fits) / len(fits) if fits else 1.0


def _filled(row: list[str]) -> list[str]:
    """A row without the empty fields at its end, with which spreadsheets fill up the lines of a title."""
    return row[: max((place + 1 for place, field in enumerate(row) if field.strip()), default=0)]
