"""The documents of a run with their titles, times, groups and ids."""

from __future__ import annotations

import hashlib
import logging
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from localtopics.corpus.columns import OTHER, ColumnRequest, listed, short
from localtopics.corpus.readers import read_columns
from localtopics.corpus.values import as_string, encodable, is_missing, typed
from localtopics.errors import UserError
from localtopics.progress import Progress, silent
from localtopics.text import one_line

log = logging.getLogger(__name__)

_HEADLINE = 80  # characters
_INVISIBLE = re.compile(r"[\s\x00-\x20\x7f-\xa0\xad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]*")


@dataclass(frozen=True)
class Dropped:
    """How many documents were left out, by reason."""

    empty: int = 0
    """Documents with nothing visible in them."""
    missing: int = 0
    """Documents that are None, NaN or pandas' own values for nothing."""
    not_text: int = 0
    """Documents that are a number, a list, bytes: anything but a string."""
    cleaned: int = 0
    """Documents of which cleaning left nothing."""

    @property
    def total(self) -> int:
        """How many documents were left out."""
        return self.empty + self.missing + self.not_text + self.cleaned


@dataclass(frozen=True)
class Corpus:
    """Documents and what is known of them; all lists have one entry a document.

    Every string can be encoded as UTF-8: lone surrogates become "?", and in ids and the source, where they
    are bytes of a file's name that are not UTF-8, ``\\udce9`` and the like, so that different names stay so.
    Apart from that documents are as they were written, control characters included.
    """

    documents: list[str]
    ids: list[str]
    """No two are the same."""
    titles: list[str] | None = None
    """None where no document has one; "" where this document has none."""
    times: list[str] | None = None
    """None and "" as in `titles`; datetimes are in ISO 8601, other values as they were written."""
    groups: list[str] | None = None
    """None and "" as in `titles`."""
    columns: dict[str, pd.Series] = field(default_factory=dict, compare=False)
    """The other columns of the source by their names, as `typed` makes them; no part of `digest`."""
    dropped: Dropped = field(default_factory=Dropped)
    source: str = "documents"
    """Where the documents come from, for messages and the maps' title."""
    redacted: dict[str, int] = field(default_factory=dict, compare=False)
    """How often each kind of private data was taken out, where that was asked for; no part of `digest`."""
    rows: list[int] | None = None
    """Each document's row in the source, counted from 0; None where every row was kept."""
    read_as: dict[str, str] = field(default_factory=dict, compare=False)
    """What was decided about the source as it was read, such as its encoding; no part of `digest`."""
    originals: list[str] | None = field(default=None, compare=False)
    """The documents as they were before they were cleaned; None where they were not. No part of `digest`."""
    boilerplate: tuple[str, ...] = field(default=(), compare=False)
    """The sentences that were taken out of all documents."""

    @classmethod
    def from_documents(
        cls,
        documents: Iterable[object],
        titles: Iterable[object] | None = None,
        times: Iterable[object] | None = None,
        ids: Iterable[object] | None = None,
        source: str = "documents",
        groups: Iterable[object] | None = None,
        columns: Mapping[str, Iterable[object]] | None = None,
    ) -> Corpus:
        """Keep the documents that are text and count the others; all else keeps its rows.

        Args:
            documents: strings, in whatever gives them one after the other: a list, a generator, a pandas
                series, a 1-D array; empty, missing and non-string ones are dropped and counted.
            titles, times, ids: one for each of ``documents``. Without ids the row number, from 0, is the id.
            source: where they come from, for messages.
            groups: one for each of ``documents``.
            columns: whatever else is known of them, by name, a value for each; a note says of binary
                data that it is left out.

        Raises:
            UserError: something else than a list was given, such as a table, the lengths differ, an id is
                missing or occurs twice, or no document is left.
        """
        source = encodable(source, "backslashreplace")
        documents = _listed("documents", documents)
        given = {
            name: _listed(name, values)
            for name, values in (("titles", titles), ("times", times), ("groups", groups), ("ids", ids))
            if values is not None
        }
        others = {name: _listed(f"column {short(name)}", values) for name, values in (columns or {}).items()}
        for name, values in {**given, **others}.items():
            if len(values) != len(documents):
                raise UserError(f"There are {len(values):,} {name} for {len(documents):,} documents.")
        faults = [_fault(document) for document in documents]
        rows = [row for row, fault in enumerate(faults) if not fault]
        texts = [encodable(str(documents[row])) for row in rows]
        dropped = Dropped(**Counter(filter(None, faults)))
        if not texts:
            raise UserError(
                f"{source} holds no documents: all {dropped.total:,} are empty, missing or not text."
                if dropped.total
                else f"{source} is empty: it holds no documents."
            )
        return cls(
            documents=texts,
            ids=_unique([given["ids"][row] for row in rows] if "ids" in given else rows, source),
            titles=_strings(given.get("titles"), rows),
            times=_strings(given.get("times"), rows),
            groups=_strings(given.get("groups"), rows),
            columns=_typed(others, rows, source),
            dropped=dropped,
            source=source,
            rows=rows if dropped.total else None,
        )

    def __len__(self) -> int:
        return len(self.documents)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over documents, ids, titles, times and, where there are any, groups."""
        sha256 = hashlib.sha256()
        groups = [] if self.groups is None else [self.groups]
        for values in (self.documents, self.ids, self.titles or [], self.times or [], *groups):
            sha256.update(len(values).to_bytes(8, "little"))
            for value in values:
                data = value.encode()
                sha256.update(len(data).to_bytes(8, "little") + data)
        return sha256.hexdigest()

    def cleaned(self, texts: Sequence[str]) -> Corpus:
        """The same documents with other texts, beside which they keep their own.

        Args:
            texts: one for each document; where nothing is to be seen in one, its document is dropped.

        Raises:
            UserError: no document is left.
        """
        kept = [row for row, text in enumerate(texts) if is_text(text)]
        if not kept:
            raise UserError(f"Cleaning leaves nothing of any document of {self.source}.", arguments=["clean"])
        gone = len(self) - len(kept)
        titles, times, groups = (
            None if values is None else [values[row] for row in kept]
            for values in (self.titles, self.times, self.groups)
        )
        rows = self.rows or range(len(self))
        return replace(
            self,
            documents=[texts[row] for row in kept],
            ids=[self.ids[row] for row in kept],
            titles=titles,
            times=times,
            groups=groups,
            columns={
                name: column.iloc[kept].reset_index(drop=True) if gone else column
                for name, column in self.columns.items()
            },
            dropped=replace(self.dropped, cleaned=gone),
            rows=[rows[row] for row in kept] if gone else self.rows,
            originals=[self.documents[row] for row in kept],
        )

    def align(self, embeddings: np.ndarray) -> np.ndarray:
        """The rows of ready embeddings that belong to the documents.

        Args:
            embeddings: [n, d], a row for each document or for each row of the source, dropped ones included.

        Raises:
            UserError: there are neither as many rows as documents nor as many as in the source.
        """
        if len(embeddings) == len(self):
            return embeddings
        if self.rows is not None and len(embeddings) == len(self) + self.dropped.total:
            return embeddings[self.rows]
        dropped = f" (and {self.dropped.total:,} that were dropped)" if self.dropped.total else ""
        raise UserError(
            f"There are {len(embeddings):,} embeddings for the {len(self):,} documents{dropped} of "
            f"{self.source}: there must be one for each."
        )

    def headline(self, index: int) -> str:
        """The document's title, or else its beginning (about 80 characters), on one line and printable."""
        if self.titles and (title := one_line(self.titles[index])):
            return title
        line = one_line(self.documents[index][: 8 * _HEADLINE]) or self.ids[index]
        return line if len(line) <= _HEADLINE else line[:_HEADLINE].rsplit(" ", 1)[0] + "…"


def read_corpus(
    source: str | os.PathLike[str],
    text: str | None = None,
    title: str | None = None,
    time: str | None = None,
    id: str | None = None,
    split: str | None = None,
    group: str | None = None,
    *,
    progress: Progress = silent,
    **reading: str | None,
) -> Corpus:
    """Read documents from a file, a folder of files or a dataset.

    Args:
        source: a .csv or .tsv file (in which those of `MISSING` are no values), a .jsonl
            (.ndjson), .json or .parquet file; a .txt file (one document a line); a workbook (.xlsx, .xls,
            .ods); an SQLite or DuckDB database; a bibliography (.bib, .ris, .nbib); a mailbox (.mbox); those
            that are text also packed as .gz, .zst or .bz2; a folder of Parquet files as one table; any other
            folder (each text, web page, mail, PDF and the like below it one document, its id the relative
            path; what cannot be read is passed over with a warning); a .zip or .tar archive of what a folder
            may hold; ``hf:OWNER/NAME``, ``hf:OWNER/NAME:CONFIG`` or ``hf:LOCAL/PATH`` for what `datasets`
            reads.
        text: column of the documents; without it the first there is of text, abstract, document, body and
            content, whatever its case.
        title: column of the titles; without it the title or headline column, if there is one.
        time: column of the times.
        id: column of the ids, which must all differ; without it ids are row numbers, counted from 0.
        split: which split of a dataset that has several, as in "train" or "train+test".
        group: column of the groups.
        progress: shows how far it is where there are many files.
        reading: how the source is read, by the names of the fields of `localtopics.corpus.settings.Reading`.

    The other columns of a table are kept as they are: see `Corpus.columns`.

    Raises:
        UserError: the source is not there, cannot be read, or holds no documents; the sentence says which.
    """
    source = os.fspath(source)
    columns = {"text": text, "title": title, "time": time, "group": group, "id": id, "split": split}
    request = replace(ColumnRequest.of(source, **columns, **reading), others=True, progress=progress)
    read = read_columns(request)
    fields: dict[str, Any] = {name: values for name, values in read.items() if name in request.named}
    others = {name.removeprefix(OTHER): values for name, values in read.items() if name not in fields}
    corpus = Corpus.from_documents(**fields, columns=others, source=source)
    return replace(corpus, read_as=dict(request.decided))


def is_text(document: object) -> bool:
    """Whether a value is a string in which something is to be seen."""
    return isinstance(document, str) and not _INVISIBLE.fullmatch(document)


def count_dropped(documents: Iterable[object]) -> Dropped:
    """How many of some values are no documents."""
    return Dropped(**Counter(filter(None, map(_fault, documents))))


def _typed(columns: Mapping[str, Sequence[object]], rows: Sequence[int], source: str) -> dict[str, pd.Series]:
    found = {encodable(name): typed([values[row] for row in rows]) for name, values in columns.items()}
    if binary := [name for name, column in found.items() if column is None]:
        log.info("Columns of %s that are not kept, since they are binary: %s", source, listed(binary))
    return {name: column for name, column in found.items() if column is not None}


def _listed(name: str, values: Iterable[object]) -> list[object]:
    """What was given as documents, titles, times, groups or ids, as a list."""
    given, needed = f"A {type(values).__name__} was given", f"where a list of {name} is needed"
    if isinstance(values, str):
        raise UserError(f"One string was given {needed}.")
    if isinstance(values, (bytes, bytearray)):
        raise UserError(f"Bytes were given {needed}: decode them to strings.")
    if isinstance(values, Mapping):
        raise UserError(f"{given} {needed}: pass list(it.values()), and its keys as ids.")
    if isinstance(values, (set, frozenset)):
        raise UserError(f"{given}, which has no order, {needed}.")
    if getattr(values, "ndim", 1) > 1 or hasattr(values, "columns") or hasattr(values, "column_names"):
        raise UserError(f'{given} {needed}: pass one column of it, as in table["text"].')
    if (to_pylist := getattr(values, "to_pylist", None)) is not None:  # Arrow's items are of its own kind
        values = to_pylist()
    try:
        items = iter(values)
    except TypeError:
        raise UserError(f"{given} {needed}.") from None
    return list(items)  # of a series, not what its labels name


def _fault(document: object) -> str:
    """The field of `Dropped` under which a value counts; "" for a document."""
    if is_text(document):
        return ""
    if is_missing(document):
        return "missing"
    return "empty" if isinstance(document, str) else "not_text"


def _strings(values: Sequence[object] | None, rows: Sequence[int]) -> list[str] | None:
    """One string for each row, or None where there is nothing in any of them."""
    strings = [as_string(values[row]) for row in rows] if values is not None else []
    return strings if any(strings) else None


def _unique(values: Sequence[object], source: str) -> list[str]:
    ids = [as_string(value, "backslashreplace") for value in values]
    seen: set[str] = set()
    for id in ids:
        if not id or id in seen:
            problem = (
                f"The id {short(id)} occurs twice in {source}" if id else f"A document of {source} has no id"
            )
            raise UserError(f"{problem}: name a column of unique ids, or none to number the documents.")
        seen.add(id)
    return ids
