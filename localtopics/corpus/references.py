"""Reads bibliographies: BibTeX, RIS, and MEDLINE as PubMed writes it.

All give records with the names of BibTeX's fields, in which texts, titles, times and ids are found by
themselves.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from localtopics.corpus.bibtex import read_entries
from localtopics.corpus.columns import Blocks, ColumnRequest, in_blocks
from localtopics.corpus.decoding import open_text
from localtopics.errors import UserError

log = logging.getLogger(__name__)

_USUAL = {"documents": ("abstract", "title"), "titles": ("title",), "times": ("date",), "ids": ("id",)}
"""Where no record has an abstract, the titles are the texts."""

Record = dict[str, str]


def read_bibtex(path: Path, request: ColumnRequest, rows: int | None = None) -> Blocks:
    """Read the entries of a BibTeX or BibLaTeX file; the citation key is the id.

    Raises:
        UserError: there are none, or a column is missing.
    """
    with request.open_text(path) as file:
        yield from _tabulated(path, read_entries(path, file.read()), request, rows)


def read_ris(path: Path, request: ColumnRequest, rows: int | None = None) -> Blocks:
    """Read the records of a RIS file, as Zotero, EndNote, Scopus and others write them.

    Raises:
        UserError: there are none, or a column is missing.
    """
    with request.open_text(path) as file:
        yield from _tabulated(path, map(_of_ris, _tagged(file, _RIS_LINE, "TY")), request, rows)


def read_medline(path: Path, request: ColumnRequest, rows: int | None = None) -> Blocks:
    """Read the records of a MEDLINE file, PubMed's .nbib or its text; the PMID is the id.

    Raises:
        UserError: there are none, or a column is missing.
    """
    with request.open_text(path) as file:
        yield from _tabulated(path, map(_of_medline, _tagged(file, _MEDLINE_LINE, "PMID")), request, rows)


def is_medline(path: Path) -> bool:
    """Whether a text begins as PubMed's does, whatever its name ends in."""
    try:
        with open_text(path) as file:
            return file.read(100).lstrip().startswith("PMID- ")
    except (OSError, ValueError, UserError):
        return False


def _tabulated(path: Path, records: Iterable[Record], request: ColumnRequest, rows: int | None) -> Blocks:
    """Records as columns; ids only where all have one of their own."""
    found = [{**record, **_dated(record)} for record in records]
    if not found:
        raise UserError(f"{path} holds no references, or is of another kind than its ending says.")
    columns = list(dict.fromkeys(key for record in found for key, value in record.items() if value))
    ids = [record.get("id", "") for record in found]
    usual: Mapping[str, Sequence[str]] = _USUAL
    if "" in ids or len(set(ids)) < len(ids):
        usual = {role: names for role, names in _USUAL.items() if role != "ids"}
        if any(ids):
            log.info("References of %s are numbered, since their ids are not all there or not unlike", path)
    names = request.resolve(columns, usual=usual)
    if names["documents"] == "title" and request.named["documents"] is None:
        log.info("No reference of %s has an abstract: their titles are the texts", path)
    names = request.kept(names, columns)
    cells = ([record.get(column) or None for column in names.values()] for record in found)
    yield from in_blocks(cells, {role: place for place, role in enumerate(names)}, rows)


# -- times ----------------------------------------------------------------------------------------------

_DATE = re.compile(r"(\d{4})(?:[\s/.-]+(\d{1,2}|[A-Za-z]{3,})\b(?:[\s/.-]+(\d{1,2})\b)?)?")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def _dated(record: Record) -> Record:
    """The date of a record as ISO 8601 has it, with what is known of year, month and day, and the year."""
    year, month = record.get("year", ""), record.get("month", "")
    written = [text.strip(" /") for text in (record.get("date", ""), f"{year} {month}")]
    match = next(filter(None, map(_DATE.match, written)), None)
    if match is None:
        return {"date": next(filter(None, written), "")}
    parts = [match[1]]
    month = (match[2] or "")[:3].casefold()
    number = _MONTHS.index(month) + 1 if month in _MONTHS else int(month) if month.isdecimal() else 0
    if 1 <= number <= 12:
        parts.append(f"{number:02}")
        if match[3] and 1 <= int(match[3]) <= 31:
            parts.append(f"{int(match[3]):02}")
    return {"date": "-".join(parts), "year": match[1]}


# -- tags -----------------------------------------------------------------------------------------------

_RIS_LINE = re.compile(r"([A-Z][A-Z0-9])  ?-(?: (.*))?")
_MEDLINE_LINE = re.compile(r"([A-Z][A-Z0-9 ]{3})- (.*)")


def _tagged(lines: TextIO, line: re.Pattern[str], first: str) -> Iterator[dict[str, list[str]]]:
    """Records of tagged lines, of which the one with the tag ``first`` begins each: tag to values.

    A line without a tag goes on with the value before it.
    """
    record: dict[str, list[str]] = {}
    tag = ""
    for text in lines:
        match = line.fullmatch(text.strip("\ufeff\r\n"))
        if match is None:
            if tag in record and text.strip():
                record[tag][-1] = f"{record[tag][-1]} {text.strip()}".strip()
            continue
        tag = match[1].strip()
        if tag == first:
            if record:
                yield record
            record = {}
        if record or tag == first:
            record.setdefault(tag, []).append((match[2] or "").strip())
    if record:
        yield record


def _first(tags: Mapping[str, Sequence[str]], *names: str) -> str:
    """The value of the first tag that has one."""
    return next((value for name in names for value in tags.get(name, ()) if value), "")


def _all(tags: Mapping[str, Sequence[str]], *names: str) -> str:
    """All values of the first tag that has any."""
    return next((joined for name in names if (joined := "; ".join(filter(None, tags.get(name, ()))))), "")


def _of_ris(tags: Mapping[str, Sequence[str]]) -> Record:
    return {
        "id": _first(tags, "ID"),
        "type": _first(tags, "TY"),
        "title": _first(tags, "TI", "T1", "CT", "BT"),
        "abstract": _first(tags, "AB", "N2"),
        "date": _first(tags, "DA"),
        "year": _first(tags, "PY", "Y1"),
        "author": _all(tags, "AU", "A1"),
        "journal": _first(tags, "JO", "JF", "T2", "JA", "J2"),
        "keywords": _all(tags, "KW"),
        "publisher": _first(tags, "PB"),
        "language": _first(tags, "LA"),
        "doi": _first(tags, "DO"),
        "url": _first(tags, "UR"),
    }


def _of_medline(tags: Mapping[str, Sequence[str]]) -> Record:
    dois = (value for name in ("LID", "AID") for value in tags.get(name, ()) if value.endswith("[doi]"))
    return {
        "id": _first(tags, "PMID"),
        "type": _all(tags, "PT"),
        "title": _first(tags, "TI", "BTI", "TT"),
        "abstract": _first(tags, "AB"),
        "date": _first(tags, "DP", "DEP"),
        "author": _all(tags, "FAU", "AU"),
        "journal": _first(tags, "JT", "TA"),
        "keywords": _all(tags, "OT"),
        "mesh": _all(tags, "MH"),
        "language": _first(tags, "LA"),
        "doi": next(dois, "").removesuffix("[doi]").strip(),
    }
