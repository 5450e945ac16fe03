"""The files in zip and tar archives, in memory: nothing is unpacked to a disk, so no name leads anywhere."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, cast

from localtopics.corpus.decoding import open_bytes
from localtopics.errors import UserError
from localtopics.formats.archive import BOMB, MOST_BYTES, check, is_locked, most_unpacked
from localtopics.formats.document import Unreadable
from localtopics.text import one_line

HIDDEN = (".", "~$")
"""How names of files begin that nobody means: hidden ones, and what Office leaves beside an open one."""
_ENDS = 10
"""How often a tar archive may be read on at its end before it counts as cut off."""


class Member(PurePosixPath):
    """A file in an archive, with what reading takes of a path's methods; its name is for messages."""

    content = b""

    def open(self, mode: str = "rb") -> IO[bytes]:
        """Its content."""
        return io.BytesIO(self.content)

    def is_file(self) -> bool:
        """Links and devices are none of these."""
        return True


def members(path: Path, endings: Collection[str], unreadable: list[str]) -> Iterator[tuple[str, Path]]:
    """The files of an archive with their paths in it, but for hidden ones.

    Of an archive that is damaged what comes before the damage is read.

    Args:
        endings: of the files that are wanted, in small letters; others come without their content.
        unreadable: where it is noted what cannot be read.

    Raises:
        UserError: it unpacks to far more than any documents, or is damaged.
    """
    name = ""
    read = _zipped if path.suffix.lower() == ".zip" else _tarred
    found = read(path, endings, unreadable)
    try:
        for name, content in found:
            member = Member(str(path), name)
            member.content = content
            yield name, cast("Path", member)
    except (UserError, MemoryError):
        raise
    except Exception as error:  # of any class
        if not name:
            raise UserError(f"{path} is damaged, or no archive ({_said(error)}).") from None
        unreadable.append(f"{path} is damaged behind {name} ({_said(error)}).")


def _zipped(path: Path, endings: Collection[str], unreadable: list[str]) -> Iterator[tuple[str, bytes]]:
    with path.open("rb") as file, zipfile.ZipFile(file) as archive:
        try:
            check(archive, path.stat().st_size)
        except Unreadable as reason:
            raise UserError(f"{path} {reason}.") from None
        for entry in archive.infolist():
            name = _shown(entry.filename)
            if entry.is_dir() or not name:
                continue
            if _ending(name) not in endings:
                yield name, b""
                continue
            fault = (
                "is locked by a password: unpack the archive first"
                if is_locked(entry)
                else _too_large(entry.file_size)
            )
            if not fault:
                try:
                    content = archive.read(entry)
                except Exception as error:  # of any class
                    fault = f"is damaged ({_said(error)})"
                else:
                    yield name, content
                    continue
            unreadable.append(f"{path}/{name} {fault}.")


def _tarred(path: Path, endings: Collection[str], unreadable: list[str]) -> Iterator[tuple[str, bytes]]:
    with open_bytes(path) as file:
        limited = _Limited(file, path)
        with tarfile.open(fileobj=cast("IO[bytes]", limited), mode="r|") as archive:
            for entry in archive:
                name = _shown(entry.name)
                if not entry.isfile() or not name:
                    continue
                if _ending(name) not in endings:
                    yield name, b""
                elif fault := _too_large(entry.size):
                    unreadable.append(f"{path}/{name} {fault}.")
                elif (member := archive.extractfile(entry)) is not None:
                    yield name, member.read()


class _Limited:
    """A packed file that is read, until it is more than any documents would be."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file, self._path = file, path
        self._left = most_unpacked(path.stat().st_size)
        self._ends = 0

    def read(self, size: int) -> bytes:
        if size > self._left:
            raise UserError(f"{self._path} {BOMB}.")
        content = self._file.read(size)
        self._left -= len(content)
        self._ends += not content
        if self._ends > _ENDS:  # tarfile reads on and on to where an entry says that the next one is
            raise EOFError("it ends too early")
        return content


def _shown(name: str) -> str:
    """A path in an archive without what leads out of it; "" for what is hidden."""
    parts = [part for part in PurePosixPath(name.replace("\\", "/")).parts if part not in ("/", "..")]
    hidden = any(part.startswith(HIDDEN) or part == "__MACOSX" for part in parts)
    return "" if hidden else "/".join(parts)


def _ending(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _said(error: Exception) -> str:
    return one_line(str(error))[:200].rstrip(". ") or type(error).__name__


def _too_large(size: int) -> str:
    return f"is larger than {MOST_BYTES // 10**6} MB, too large for one document" if size > MOST_BYTES else ""
