"""Reads files of one document each: one alone, those in a folder, in an archive, the mails of a mailbox."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from localtopics.corpus.archives import HIDDEN, members
from localtopics.corpus.columns import Blocks, ColumnRequest, Columns
from localtopics.corpus.decisions import Decisions
from localtopics.corpus.decoding import one_sentence, open_bytes, open_text
from localtopics.errors import UserError
from localtopics.formats.archive import MOST_BYTES
from localtopics.formats.document import Document, Unreadable
from localtopics.formats.formats import FORMATS
from localtopics.formats.mail import mails
from localtopics.formats.process import Reader
from localtopics.progress import Advance, Bytes

log = logging.getLogger(__name__)

TEXTS = ("", ".txt", ".text", ".md", ".rst")
"""Endings of files that are a document as they are."""
MAILBOX = ".mbox"
FOLDER_SUFFIXES = (*TEXTS, *FORMATS, MAILBOX)
"""Endings of the files that a folder of documents is made of; others in it are passed over."""
COLUMNS = ("text", "title", "time")
"""What is known of a document that is a file, by the names that people may ask for it with."""

_NAMED = 3  # of the files that are passed over


@dataclass
class _Found:
    """What was read so far."""

    documents: dict[tuple[str, int], Document] = field(default_factory=dict)
    """By the path of the file, and the place in a mailbox or -1; what an archive holds twice counts once."""
    others: list[str] = field(default_factory=list)
    """The endings of files that are not read."""
    unreadable: list[str] = field(default_factory=list)
    """Why files could not be read."""
    encodings: Counter[str] = field(default_factory=Counter)
    """Of texts that are not UTF-8, how many are in which."""


def read_folder(path: Path, request: ColumnRequest) -> Blocks:
    """Read a document a file, in the order of their relative paths, which are the ids.

    A mailbox is a document a mail; its ids are the path and the place in it, as in "inbox.mbox/17". Hidden
    files are passed over. What else is passed over is counted in a note: files with other endings than
    `FOLDER_SUFFIXES`, and those that cannot be read.

    Raises:
        UserError: no file can be read, or another column than `COLUMNS` is asked for.
    """
    request.resolve(COLUMNS)
    found = _Found()
    files = [(file.relative_to(path).as_posix(), file) for file in _files_below(path, found.unreadable)]
    with request.progress("Reading files", len(files)) as advance:
        _read_all(sorted(files), found, request, advance)
    yield _columns(found, str(path), request)


def read_archive(path: Path, request: ColumnRequest, rows: int | None = None) -> Blocks:
    """Read the files in a zip or tar archive as those in a folder.

    Raises:
        UserError: as `read_folder`, or it is damaged, locked or a bomb.
    """
    request.resolve(COLUMNS)
    found = _Found()
    with request.progress("Reading files") as advance:
        _read_all(members(path, FOLDER_SUFFIXES, found.unreadable), found, request, advance)
    yield _columns(found, str(path), request)


def read_document(path: Path, request: ColumnRequest, rows: int | None = None) -> Blocks:
    """Read a file that is one document, in one of `FORMATS`.

    Raises:
        UserError: it cannot be read, or another column than `COLUMNS` is asked for.
    """
    request.resolve(COLUMNS)
    packed = path.suffix.lower() not in FORMATS
    ending = Path(path.stem).suffix.lower() if packed else path.suffix.lower()
    with Reader() as reader:
        document = _document(reader, path, ending)
    yield {"documents": [document.text], "titles": [document.title], "times": [document.time]}


def read_mailbox(path: Path, request: ColumnRequest, rows: int | None = None) -> Blocks:
    """Read a mailbox (mbox), a document a mail.

    Raises:
        UserError: it is none, or another column than `COLUMNS` is asked for.
    """
    request.resolve(COLUMNS)
    found = _Found()
    with request.progress("Reading mails", Bytes(path.stat().st_size)) as advance, Reader() as reader:
        _read_mails(reader, path.name, path, found, advance)
    yield {name: values for name, values in _columns(found, str(path), request).items() if name != "ids"}


def holds_texts(path: Path) -> bool:
    """Whether a folder has files that `read_folder` reads, but for those whose names begin with "_"."""
    return any(
        file.suffix.lower() in FOLDER_SUFFIXES and not file.name.startswith("_")
        for file in _files_below(path, [])
    )


def _read_all(
    files: Iterable[tuple[str, Path]], found: _Found, request: ColumnRequest, advance: Advance
) -> None:
    with Reader() as reader:
        for name, file in files:
            ending = file.suffix.lower()
            try:
                with one_sentence(file):
                    if ending in TEXTS:
                        found.documents[name, -1] = Document(_text(file, request, found))
                    elif ending == MAILBOX:
                        _read_mails(reader, name, file, found)
                    elif ending in FORMATS:
                        found.documents[name, -1] = _document(reader, file, ending)
                    else:
                        found.others.append(file.suffix)
            except UserError as error:
                found.unreadable.append(str(error))
            advance(1)


def _read_mails(
    reader: Reader, name: str, file: Path, found: _Found, advance: Advance = lambda steps: None
) -> None:
    _check_is_file(file)
    with open_bytes(file) as mailbox:
        try:
            for number, mail in enumerate(mails(mailbox)):
                try:
                    found.documents[name, number] = reader.read(".eml", mail)
                except Unreadable as reason:
                    found.unreadable.append(f"Mail {number:,} of {file} {reason}.")
                advance(len(mail))
        except Unreadable as reason:
            raise UserError(f"{file} {reason}.") from None


def _document(reader: Reader, file: Path, ending: str) -> Document:
    _check_is_file(file)
    with open_bytes(file) as content:
        try:
            return reader.read(ending, content.read(MOST_BYTES + 1))
        except Unreadable as reason:
            raise UserError(f"{file} {reason}.") from None


def _text(file: Path, request: ColumnRequest, found: _Found) -> str:
    """The text of a file; in which encoding it is, if not UTF-8, is counted."""
    _check_is_file(file)
    decided = Decisions(quiet=True)
    with open_text(file, encoding=request.reading.encoding, decided=decided) as text:
        content = text.read()
    found.encodings.update([decided["encoding"]] if "encoding" in decided else [])
    return content


def _check_is_file(file: Path) -> None:
    if not file.is_file():  # a pipe, or a link to nothing
        raise UserError(f"{file} is no file.")


def _columns(found: _Found, where: str, request: ColumnRequest) -> Columns:
    """What was found as columns, with notes of what was passed over.

    Times that are not asked for are left out where most documents have none.

    Raises:
        UserError: nothing was found.
    """
    if not found.documents:
        raise UserError(_nothing(found, where))
    _note(found, where)
    for name, count in found.encodings.items():
        said = "Read %s of %s as %s"
        request.decided.note(f"encoding {name}", _files(count), said, _files(count), where, name)
    rows = sorted(found.documents)
    documents = [found.documents[row] for row in rows]
    columns: Columns = {
        "documents": [document.text for document in documents],
        "ids": [name if number < 0 else f"{name}/{number}" for name, number in rows],
    }
    if any(document.title for document in documents):
        columns["titles"] = [document.title for document in documents]
    times = [document.time for document in documents]
    if request.named.get("times") or sum(map(bool, times)) > len(times) / 2:
        columns["times"] = times
    return columns


def _nothing(found: _Found, where: str) -> str:
    if found.unreadable:
        count = len(found.unreadable)
        whole = "The only document" if count == 1 else f"None of the {count:,} documents"
        return f"{whole} in {where} can be read: {found.unreadable[0]}"
    endings = ", ".join(suffix for suffix in FOLDER_SUFFIXES if suffix)
    others = f"; it holds {', '.join(sorted(set(found.others)))}" if found.others else ""
    return f"There are no documents ({endings} or without an ending) in {where}{others}."


def _note(found: _Found, where: str) -> None:
    if found.others:
        endings = ", ".join(sorted(set(found.others)))
        log.info("Passed over %s with other endings in %s: %s", _files(len(found.others)), where, endings)
    if attachments := sum(document.attachments for document in found.documents.values()):
        log.info("Passed over %s attached to mails in %s", _files(attachments), where)
    if found.unreadable:
        named = " ".join(found.unreadable[:_NAMED]) + (" …" if len(found.unreadable) > _NAMED else "")
        log.warning("Passed over %s in %s: %s", _files(len(found.unreadable)), where, named)


def _files_below(path: Path, unreadable: list[str]) -> Iterator[Path]:
    """What a folder and those below it hold, but for what is hidden; what cannot be listed is noted."""
    with one_sentence(path):
        next(path.iterdir(), None)

    def note(error: OSError) -> None:
        unreadable.append(f"{error.filename} cannot be read: {error.strerror}.")

    if not isinstance(path, Path):  # elsewhere: see `located`
        found = (file.relative_to(path).parts for file in path.rglob("*") if file.is_file())
        yield from (
            path.joinpath(*parts) for parts in found if not any(part.startswith(HIDDEN) for part in parts)
        )
        return
    for folder, below, names in os.walk(path, onerror=note):
        below[:] = [name for name in below if not name.startswith(HIDDEN)]
        yield from (Path(folder, name) for name in names if not name.startswith(HIDDEN))


def _files(count: int) -> str:
    return f"{count:,} file{'s' * (count != 1)}"
