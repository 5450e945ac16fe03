"""Which columns of a table hold documents, titles, times, groups and ids, and which others are kept."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from localtopics.corpus.decisions import Decisions
from localtopics.corpus.decoding import open_text
from localtopics.corpus.settings import Reading
from localtopics.errors import UserError
from localtopics.progress import Progress, silent

log = logging.getLogger(__name__)

USUAL_COLUMNS = {
    "documents": ("text", "abstract", "document", "body", "content", "abstract note"),
    "titles": ("title", "headline", "article title"),
}
"""Names by which a column is found that the user did not name, whatever their case; the first one wins.
"Abstract Note" is Zotero's, "Article Title" Web of Science's."""

Columns = dict[str, Sequence[object]]
"""Field of a corpus ("documents", "titles", "times", "groups", "ids"), or `OTHER` and the name of a column
that is kept beside them, to its values, all equally many."""

Blocks = Iterator[Columns]
"""The rows of a source in their order, some at a time; at least one block, which may have no rows."""

OTHER = "other column: "
MOST_OTHERS = 50
"""Columns that are kept beside those that a corpus needs."""

_LISTED = 5  # names in a note
_LONGEST = 40  # characters of a name that are shown: what stands for a name may be a private document


@dataclass(frozen=True)
class ColumnRequest:
    """The columns that a reader is asked for, named or to be found."""

    source: str
    """What is read, for error messages."""
    named: Mapping[str, str | None]
    """Field of a corpus to the column that the user named, or None to find it by `USUAL_COLUMNS`."""
    others: bool = False
    """Whether the other columns are wanted too."""
    progress: Progress = silent
    """What shows how far a source of many files is read."""
    reading: Reading = field(default_factory=Reading)
    """How the source is read."""
    decided: Decisions = field(default_factory=Decisions, compare=False)
    """What readers decide about it."""

    @classmethod
    def of(
        cls,
        source: str,
        *,
        text: str | None = None,
        title: str | None = None,
        time: str | None = None,
        group: str | None = None,
        id: str | None = None,
        **reading: str | None,
    ) -> ColumnRequest:
        """What `localtopics.corpus.read_corpus` is asked for."""
        named = {"documents": text, "titles": title, "times": time, "groups": group, "ids": id}
        given: dict[str, Any] = {name: value for name, value in reading.items() if value is not None}
        return cls(source, named, reading=Reading(**given))

    def open_text(self, path: Path) -> TextIO:
        """The text of a file of the source, in the encoding that was asked for or that it plainly is in."""
        return open_text(path, encoding=self.reading.encoding, decided=self.decided)

    def resolve(
        self,
        columns: Sequence[str],
        hint: str = "",
        usual: Mapping[str, Sequence[str]] = USUAL_COLUMNS,
    ) -> dict[str, str]:
        """The columns to read, of those that a source has.

        Args:
            columns: the names of the source's columns.
            hint: what the error sentence adds where the names themselves may be the fault.
            usual: field of a corpus to the names by which its column is found.

        Returns:
            Field of a corpus to the name of its column; fields without a column are left out.

        Raises:
            UserError: a column is missing, or its name occurs twice.
        """
        listed = ", ".join(map(short, columns[:30])) + (", …" if len(columns) > 30 else "") + hint
        folded = {column.strip().casefold(): column for column in reversed(columns)}
        names: dict[str, str] = {}
        for role, name in self.named.items():
            if name is not None:
                column = name if name in columns else folded.get(name.strip().casefold())
                if column is None:
                    raise UserError(f"{self.source} has no column {name!r}; its columns are {listed}.")
                names[role] = column
        for role, known in usual.items():
            found = (folded[name] for name in known if name in folded and folded[name] not in names.values())
            if role not in names and (column := next(found, None)) is not None:
                names[role] = column
        if "documents" not in names:
            raise UserError(
                f"Name the column of {self.source} that holds the documents: {listed}.", arguments=["text"]
            )
        for column in names.values():
            if columns.count(column) > 1:
                raise UserError(
                    f"{self.source} has {columns.count(column)} columns called {short(column)}: rename one."
                )
        return names

    def kept(
        self, names: Mapping[str, str], columns: Sequence[str], unfit: Collection[str] = ()
    ) -> dict[str, str]:
        """The columns to read, with those that are kept beside the fields of a corpus, if they are wanted.

        A note says what is left out: columns past `MOST_OTHERS`, without a name of their own, and ``unfit``
        ones.

        Args:
            names: field of a corpus to the name of its column.
            columns: the names of the source's columns.
            unfit: those of them whose values cannot be kept.
        """
        if not self.others:
            return dict(names)
        others = [column for column in dict.fromkeys(columns) if column not in names.values()]
        fit = [column for column in others if _names_one(column, columns) and column not in unfit]
        left_out = [column for column in others if column not in fit[:MOST_OTHERS]]
        if left_out:
            log.info("Columns of %s that are not kept: %s", self.source, listed(left_out))
        return {**names, **{OTHER + column: column for column in fit[:MOST_OTHERS]}}

    def resolves(self, columns: Sequence[str]) -> bool:
        """Whether a source with these columns has all that are asked for."""
        try:
            return bool(self.resolve(columns))
        except UserError:
            return False


def in_blocks(rows: Iterable[Sequence[object]], places: Mapping[str, int], size: int | None) -> Blocks:
    """Rows of cells as blocks of ``size`` rows, or as one.

    Args:
        rows: the cells of each row.
        places: field of a corpus to the place of its cell in each row.
        size: of a block; None: all rows are one.
    """
    remaining, first = iter(rows), True
    while (block := list(islice(remaining, size))) or first:
        yield {role: [row[place] for row in block] for role, place in places.items()}
        first = False


def joined(blocks: Iterable[Columns]) -> Columns:
    """Blocks of rows as one; a column that a block lacks is None in its rows."""
    first, *more = blocks
    if not more:
        return first
    values: dict[str, list[object]] = {}
    rows = 0
    for block in (first, *more):
        height = len(block["documents"])
        for name in block:
            values.setdefault(name, [None] * rows)
        for name, column in values.items():
            column.extend(block.get(name, [None] * height))
        rows += height
    return dict(values)


def even(blocks: Iterable[Columns], rows: int) -> Blocks:
    """The same rows in blocks of ``rows``, the last with what is left."""
    rest: Columns | None = None
    for block in blocks:
        whole = block if rest is None else joined([rest, block])
        height = len(whole["documents"])
        full = height - height % rows
        for start in range(0, full, rows):
            yield _rows_of(whole, start, start + rows)
        rest = _rows_of(whole, full, height)
    if rest is not None and len(rest["documents"]):
        yield rest


def _rows_of(block: Columns, start: int, end: int) -> Columns:
    return {name: column[start:end] for name, column in block.items()}


def _names_one(column: str, columns: Sequence[str]) -> bool:
    """Whether a name is one, of one column, and none that pandas gives the rows' numbers."""
    index = column.startswith(("__index_level_", "Unnamed: "))
    return bool(column.strip()) and columns.count(column) == 1 and not index


def listed(names: Sequence[str], most: int = _LISTED) -> str:
    """Names in quotes, the first few of many."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(map(short, names[:most])) + more


def short(name: str) -> str:
    """A name in quotes, cut off where it is long."""
    return repr(name if len(name) <= _LONGEST else name[:_LONGEST] + "…")
