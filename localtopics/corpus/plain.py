"""Reads plain text: a file of one document a line, and a folder of one document a file."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from localtopics.corpus.columns import Blocks, ColumnRequest
from localtopics.corpus.decisions import Decisions
from localtopics.corpus.decoding import one_sentence, open_text
from localtopics.corpus.delimited import is_unicode_text, read_tsv
from localtopics.errors import UserError

log = logging.getLogger(__name__)

FOLDER_SUFFIXES = ("", ".txt", ".text", ".md", ".rst")
"""Endings of the files that a folder of documents is made of; others in it are passed over."""

_NAMED = 3  # of the files that are passed over


def read_lines(path: Path, request: ColumnRequest, rows: int | None = None) -> Blocks:
    """Read a document a line; of what spreadsheets call Unicode text, UTF-16 with a header and tabs, a row.

    Raises:
        UserError: another column than "text" is asked for.
    """
    if is_unicode_text(path, request):
        yield from read_tsv(path, request, rows)
        return
    request.resolve(["text"])
    with open_text(path, encoding=request.reading.encoding, decided=request.decided) as file:
        yield {"documents": [line.rstrip("\n") for line in islice(file, rows)]}
        while lines := [line.rstrip("\n") for line in islice(file, rows)]:
            yield {"documents": lines}


def read_folder(path: Path, request: ColumnRequest) -> Blocks:
    """Read a document a file, in the order of their relative paths, which are the ids.

    Hidden files are passed over. What else is passed over is counted in a note: files with other endings than
    `FOLDER_SUFFIXES`, and those that cannot be read.

    Raises:
        UserError: no file can be read, or another column than "text" is asked for.
    """
    request.resolve(["text"])
    documents: dict[str, object] = {}
    others: list[Path] = []
    unreadable: list[str] = []
    encodings: Counter[str] = Counter()
    for file in _files_below(path, unreadable):
        if file.suffix.lower() not in FOLDER_SUFFIXES:
            others.append(file)
            continue
        try:
            with one_sentence(file):
                documents[file.relative_to(path).as_posix()] = _read_whole(file, request, encodings)
        except UserError as error:
            unreadable.append(str(error))
    if not documents:
        endings = ", ".join(suffix for suffix in FOLDER_SUFFIXES if suffix)
        why = f": {unreadable[0]}" if unreadable else "."
        raise UserError(
            f"There are no text files ({endings} or without an ending) in the folder {path} that can be read"
            f"{why}"
        )
    if others:
        endings = ", ".join(sorted({file.suffix for file in others}))
        log.info("Passed over %s with other endings in %s: %s", _files(len(others)), path, endings)
    if unreadable:
        named = " ".join(unreadable[:_NAMED]) + (" …" if len(unreadable) > _NAMED else "")
        log.warning("Passed over %s in %s: %s", _files(len(unreadable)), path, named)
    for name, count in encodings.items():
        request.decided.note(
            f"encoding {name}", _files(count), "Read %s of %s as %s", _files(count), path, name
        )
    ids = sorted(documents)
    yield {"documents": [documents[id] for id in ids], "ids": ids}


def holds_texts(path: Path) -> bool:
    """Whether a folder has files that `read_folder` reads, but for those whose names begin with "_"."""
    return any(
        file.suffix.lower() in FOLDER_SUFFIXES and not file.name.startswith("_")
        for file in _files_below(path, [])
    )


def _read_whole(file: Path, request: ColumnRequest, encodings: Counter[str]) -> str:
    """The text of a file; in which encoding it is, if not UTF-8, is counted."""
    if not file.is_file():  # a pipe, or a link to nothing
        raise UserError(f"{file} is no file.")
    decided = Decisions(quiet=True)
    with open_text(file, encoding=request.reading.encoding, decided=decided) as text:
        content = text.read()
    encodings.update([decided["encoding"]] if "encoding" in decided else [])
    return content


def _files_below(path: Path, unreadable: list[str]) -> Iterator[Path]:
    """What a folder and those below it hold, but for what is hidden; what cannot be listed is noted."""
    with one_sentence(path):
        next(path.iterdir(), None)

    def note(error: OSError) -> None:
        unreadable.append(f"{error.filename} cannot be read: {error.strerror}.")

    if not isinstance(path, Path):  # elsewhere: see `located`
        found = (file.relative_to(path).parts for file in path.rglob("*") if file.is_file())
        yield from (path.joinpath(*parts) for parts in found if not any(part[0] == "." for part in parts))
        return
    for folder, below, names in os.walk(path, onerror=note):
        below[:] = [name for name in below if not name.startswith(".")]
        yield from (Path(folder, name) for name in names if not name.startswith("."))


def _files(count: int) -> str:
    return f"{count:,} file{'s' * (count != 1)}"
