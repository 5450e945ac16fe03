"""A source of any length, some rows at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from localtopics.corpus.columns import ColumnRequest, Columns
from localtopics.corpus.corpus import Corpus, Dropped, count_dropped, is_text
from localtopics.corpus.places import reachable
from localtopics.corpus.readers import read_column_blocks, tables_of
from localtopics.corpus.rows import ParquetRows
from localtopics.errors import UserError


@dataclass(frozen=True)
class Block:
    """Rows of a source that follow each other."""

    first: int
    """The row of the source that comes first, counted from 0."""
    rows: int
    """How many rows there are, those that hold no document included."""
    corpus: Corpus | None
    """Its documents; None where no row holds one. Ids are unlike within a block alone."""
    dropped: Dropped
    """How many of its rows hold no document."""
    fields: frozenset[str]
    """The fields of a corpus that the source has a column for, "documents" among them."""


def read_blocks(
    source: str | os.PathLike[str],
    rows: int,
    *,
    limit: int | None = None,
    **columns: str | None,
) -> Iterator[Block]:
    """Read documents in blocks of ``rows`` rows, the last with what is left.

    Only one block is held at a time, but for folders of texts and datasets, which are read whole. Other
    columns than those of a corpus are not read.

    Args:
        source: as in `read_corpus`.
        rows: of a block, at least 1.
        limit: after how many rows to end.
        columns: text, title, time, id, group and how the source is read, as there.

    Raises:
        UserError: the source is not there, cannot be read, or lacks a column; some of it only when the block
            comes.
    """
    source, first = os.fspath(source), 0
    for fields in read_column_blocks(ColumnRequest.of(source, **columns), rows):
        if limit is not None:
            fields = {name: values[: limit - first] for name, values in fields.items()}
        block = _block(fields, first, source)
        yield block
        first += block.rows
        if first == limit:
            return


class NumberedBlocks:
    """The blocks of a Parquet file, or of a folder of them, each of which can be read by itself.

    Those of `read_blocks`, but for a column that only some files have: it is a field of all blocks.
    """

    def __init__(
        self,
        source: str | os.PathLike[str],
        rows: int,
        *,
        limit: int | None = None,
        **columns: str | None,
    ) -> None:
        """Look at the source, as `read_blocks` does.

        Args:
            source, rows, limit, columns: as there.

        Raises:
            UserError: it is no Parquet file or folder of them, or damaged, or it lacks a column.
        """
        self._source, self._rows = os.fspath(source), rows
        request = ColumnRequest.of(self._source, **columns)
        request.reading.require(self._source)
        if (files := tables_of(self._source)) is None:
            raise UserError(f"{self._source} is no Parquet file, and no folder of Parquet files.")
        with reachable(self._source):
            self._table = ParquetRows(files, request)
        self.total = self._table.total if limit is None else min(limit, self._table.total)
        """How many rows there are."""

    def __len__(self) -> int:
        return -(-self.total // self._rows)

    def bounds(self, number: int) -> tuple[int, int]:
        """The first row of a block, and how many it has."""
        first = number * self._rows
        return first, min(self._rows, self.total - first)

    def read(self, number: int) -> Block:
        """A block; those that come after the last one that was read cost the least.

        Raises:
            UserError: the source is damaged.
        """
        first, rows = self.bounds(number)
        with reachable(self._source):
            columns = self._table.read(first, rows)
        return _block(columns, first, self._source)


def _block(fields: Columns, first: int, source: str) -> Block:
    documents = fields["documents"]
    given: dict[str, Any] = {"ids": range(first, first + len(documents)), **fields}
    corpus = Corpus.from_documents(**given, source=source) if any(map(is_text, documents)) else None
    dropped = count_dropped(documents) if corpus is None else corpus.dropped
    return Block(first, len(documents), corpus, dropped, frozenset(fields))


def first_rows(source: str | os.PathLike[str], rows: int, **columns: str | None) -> Corpus:
    """The documents in the first rows of a source, see `read_blocks`.

    Raises:
        UserError: none of them holds a document, or as `read_blocks`.
    """
    first = next(read_blocks(source, rows, limit=rows, **columns), None)
    if first is None or first.corpus is None:
        raise UserError(f"The first {rows:,} rows of {source} hold no document.", arguments=["limit"])
    return first.corpus
