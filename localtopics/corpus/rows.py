"""Rows of Parquet files from anywhere in them, as one table."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from localtopics.corpus.columns import ColumnRequest, Columns
from localtopics.corpus.decoding import one_sentence
from localtopics.corpus.records import wanted
from localtopics.errors import UserError
from localtopics.text import one_line


@dataclass(frozen=True)
class _Group:
    """A row group of a file: what can be read by itself."""

    file: int
    number: int
    first: int
    """Its first row in the table."""


class ParquetRows:
    """Parquet files one after the other as a table whose rows can be read from anywhere.

    Reading on from where the last reading ended costs nothing more; anywhere else the row group is read from
    its beginning. A column that one of the files lacks is None in its rows.
    """

    def __init__(self, files: Sequence[Path], request: ColumnRequest) -> None:
        """Look at the files' footers.

        Raises:
            UserError: a file is damaged or of another kind, or a column is missing.
        """
        self._files = list(files)
        self._columns: list[dict[str, str]] = []
        self._groups: list[_Group] = []
        self.total = 0
        """The rows of all files."""
        for number, path in enumerate(self._files):
            with _opened(path) as file:
                self._columns.append(wanted(request, file.schema_arrow))
                for group in range(file.num_row_groups):
                    self._groups.append(_Group(number, group, self.total))
                    self.total += file.metadata.row_group(group).num_rows
        self._roles = list(dict.fromkeys(role for names in self._columns for role in names))
        self._starts = [group.first for group in self._groups]
        self._at = 0
        """The row at which `_rest` begins."""
        self._rest: _Piece | None = None
        self._pieces: Iterator[_Piece] | None = None

    def read(self, first: int, rows: int) -> Columns:
        """The rows from ``first`` on, so many or as many as there are.

        Raises:
            UserError: a file is damaged.
        """
        end = min(first + rows, self.total)
        found: Columns = {role: [] for role in self._roles}
        if first >= end:
            return found
        values: dict[str, list[object]] = {role: [] for role in self._roles}
        group = bisect_right(self._starts, first) - 1
        if self._pieces is None or not self._starts[group] <= self._at <= first:
            self._pieces, self._at, self._rest = self._read_from(group, rows), self._starts[group], None
        while self._at < end:
            piece = self._rest or next(self._pieces)
            skipped, height = max(0, first - self._at), piece.rows
            taken = min(height, end - self._at)
            for role in self._roles if skipped < taken else ():
                values[role] += piece.values(role, skipped, taken)
            self._at += taken
            self._rest = piece.behind(taken) if taken < height else None
        return dict(values)

    def _read_from(self, group: int, rows: int) -> Iterator[_Piece]:
        """All that comes from a row group on, at most so many rows at a time."""
        start = self._groups[group]
        for number in range(start.file, len(self._files)):
            names = self._columns[number]
            with _opened(self._files[number]) as file:
                first = start.number if number == start.file else 0
                groups = list(range(first, file.num_row_groups))
                if groups:
                    for batch in file.iter_batches(rows, row_groups=groups, columns=list(names.values())):
                        yield _Piece(batch, names)


@dataclass(frozen=True)
class _Piece:
    """Rows of one file that follow each other."""

    batch: pa.RecordBatch
    names: dict[str, str]

    @property
    def rows(self) -> int:
        return int(self.batch.num_rows)

    def values(self, role: str, start: int, end: int) -> list[object]:
        if role not in self.names:
            return [None] * (end - start)
        values: list[object] = self.batch.column(self.names[role]).slice(start, end - start).to_pylist()
        return values

    def behind(self, start: int) -> _Piece:
        return _Piece(self.batch.slice(start), self.names)


@contextmanager
def _opened(path: Path) -> Iterator[pq.ParquetFile]:
    with one_sentence(path):
        try:
            with path.open("rb") as opened, pq.ParquetFile(opened) as file:  # Arrow knows no names but UTF-8
                yield file
        except (pa.ArrowException, ValueError, KeyError, OverflowError) as error:
            raise UserError(f"{path} is not a sound Parquet file ({one_line(str(error))}).") from None
