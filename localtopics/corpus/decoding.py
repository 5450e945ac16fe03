"""The bytes of a file as text, unpacked where they are packed, or one sentence why they are none."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, TextIO, cast

import pyarrow as pa

from localtopics.corpus.decisions import Decisions
from localtopics.corpus.encodings import Encoding, encoding_of, is_encoding, readings, wide
from localtopics.errors import UserError
from localtopics.text import one_line

COMPRESSIONS = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}
"""Ending of a packed file to how it is packed."""

_BUFFER = 1 << 16
_PACKED = {
    "gzip": re.compile(rb"\x1f\x8b"),
    "zstd": re.compile(rb"\x28\xb5\x2f\xfd"),
    "bz2": re.compile(rb"BZh[1-9]1AY&SY"),
}
_OTHER_KINDS = {
    b"PK\x03\x04": "a ZIP archive, as .xlsx and .docx files are",
    b"\xd0\xcf\x11\xe0": "an old Office file, as .xls and .doc files are",
    b"PAR1": "a Parquet file",
    b"%PDF": "a PDF file",
    b"SQLite format 3\0": "an SQLite database",
    b"\xfd7zXZ\0": "packed by xz",
    b"\x1f\x8b": "packed by gzip a second time",
}


class _Broken:
    """Puts U+FFFD where bytes are not of the encoding that was asked for, and counts."""

    count = 0

    def __call__(self, error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeDecodeError):
            raise error
        self.count += 1
        return "\ufffd", error.end


_BROKEN = _Broken()
codecs.register_error("localtopics", _BROKEN)


class _WithoutNuls(io.RawIOBase):
    """Bytes without those that are zero, which no text has and which programs leave in some by mistake."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.left_out = file, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while data := self._file.read(len(buffer)):
            if nuls := data.count(0):
                self.left_out += nuls
                data = data.replace(b"\0", b"")
            if data:
                buffer[: len(data)] = data
                return len(data)
        return 0

    def close(self) -> None:
        self._file.close()
        super().close()


def open_text(
    path: Path,
    newline: str | None = None,
    encoding: str | Encoding | None = None,
    decided: Decisions | None = None,
) -> TextIO:
    """The file's text, without what NUL bytes are in it.

    Args:
        path: a file, packed or not.
        newline: as for `open`.
        encoding: what somebody says that it is in, and a byte that is not becomes U+FFFD; or what
            `plain_encoding` has found. None: that is found out here.
        decided: is told of an encoding other than UTF-8 and, when the text is closed, of what was left out.

    Raises:
        UserError: it is no text, it cannot be told in which encoding it is, or there is none of that name.
    """
    decided = Decisions(quiet=True) if decided is None else decided
    if isinstance(encoding, str):
        name, errors = _named(encoding), "localtopics"
    else:
        name, errors = str((encoding or plain_encoding(path, decided)).name), "strict"
    file, nuls = open_bytes(path), None
    if not wide(name):
        nuls = _WithoutNuls(file)
        file = cast("IO[bytes]", io.BufferedReader(nuls, _BUFFER))
    return _Text(path, file, nuls, name, errors, newline, decided)


class _Text(io.TextIOWrapper):
    """Text that tells, when it is closed, what was left out of it."""

    def __init__(
        self,
        path: Path,
        file: IO[bytes],
        nuls: _WithoutNuls | None,
        encoding: str,
        errors: str,
        newline: str | None,
        decided: Decisions,
    ) -> None:
        super().__init__(file, encoding=encoding, errors=errors, newline=newline)
        self._path, self._nuls, self._decided, self._broken = path, nuls, decided, _BROKEN.count

    def close(self) -> None:
        if not self.closed:
            if self._nuls is not None and (count := self._nuls.left_out):
                self._decided.note(
                    "nuls", f"{count:,}", "Left out %s NUL bytes of %s", f"{count:,}", self._path
                )
            if count := _BROKEN.count - self._broken:
                said = "%s bytes of %s are not %s: \ufffd stands for each"
                self._decided.note("broken", f"{count:,}", said, f"{count:,}", self._path, self.encoding)
        super().close()


def _named(encoding: str) -> str:
    """The encoding that was asked for."""
    if not is_encoding(encoding):
        raise UserError(
            f"There is no encoding {encoding!r}: name one such as utf-8, windows-1252 or utf-16.",
            arguments=["encoding"],
        )
    return "utf-8-sig" if codecs.lookup(encoding).name == "utf-8" else encoding


def is_wide(path: Path) -> bool:
    """Whether a file is plainly in UTF-16 or UTF-32."""
    found = encoding_of(io.BytesIO(_head(path)))
    return found is not None and found.name is not None and wide(found.name)


def plain_encoding(path: Path, decided: Decisions) -> Encoding:
    """The encoding that a file is plainly in, see `encoding_of`.

    Raises:
        UserError: it is no text, or that cannot be told.
    """
    with open_bytes(path) as file:
        found = encoding_of(file)
    if found is None or (found.name is None and _other_kind(path, _head(path))):
        raise UserError(_other_kind(path, _head(path)) or f"{path} is a binary file, and not text.")
    if found.name is None:
        raise UserError(_undecided(path, found), arguments=["encoding"])
    if found.name not in ("utf-8", "utf-8-sig"):
        decided.note("encoding", found.name, "%s is read as %s", path, found.name)
    return Encoding("utf-8-sig") if found.name == "utf-8" else found


def _undecided(path: Path, found: Encoding) -> str:
    """Why it cannot be told in which encoding a file is."""
    where = _where(path, "utf-8")
    if found.candidates == ("utf-8",):
        return f"{path} is UTF-8 but for some bytes, the first in {where}: mend it, or name its encoding."
    words = readings(found.sample, found.candidates)
    listed = " or ".join(
        f"{name} (“{one_line(word)}”)" for name, word in zip(found.candidates, words, strict=True)
    )
    may_be = f": it may be {listed}" if listed else ""
    return f"{path} is not UTF-8 ({where}), and it cannot be told what it is{may_be}: name its encoding."


@contextmanager
def one_sentence(path: Path) -> Iterator[None]:
    """Say in one sentence why a file cannot be read."""
    try:
        yield
    except UnicodeDecodeError:
        raise UserError(_undecodable(path), arguments=["encoding"]) from None
    except MemoryError:
        raise UserError(f"{path} does not fit into this machine's memory.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or one_line(str(error))
        raise UserError(f"{path} cannot be read: {reason}.") from None


def open_bytes(path: Path) -> IO[bytes]:
    """The file's content, unpacked where it is packed."""
    compression = _compression(path)
    if compression is None:
        return path.open("rb")

    # Unlike zstandard.open, Arrow reads every frame and notices when the last one was cut off.
    # It reads no lines by itself, which a buffer does.
    stream = pa.input_stream(path.open("rb"), compression=compression)
    return io.BufferedReader(cast("io.RawIOBase", stream))


def _compression(path: Path) -> str | None:
    """How a file is packed: as its ending says, or else its first bytes."""
    if (named := COMPRESSIONS.get(path.suffix.lower())) is not None:
        return named
    with path.open("rb") as file:
        head = file.read(16)
    return next((name for name, magic in _PACKED.items() if magic.match(head)), None)


def _head(path: Path) -> bytes:
    with open_bytes(path) as file:
        return file.read(4096)


def _undecodable(path: Path) -> str:
    """Where the first byte stands that is not of the encoding which the beginning is in."""
    if (kind := _other_kind(path, _head(path))) is not None:
        return kind
    with open_bytes(path) as file:
        found = encoding_of(file)
    name = (found.name if found else None) or "utf-8"
    where = f", as its beginning is ({_where(path, name)})" if not wide(name) else " from end to end"
    return f"{path} is not {name}{where}: mend it, or name its encoding."


def _where(path: Path, encoding: str) -> str:
    """The line and byte of the first byte that is not in an encoding."""
    with suppress(OSError), open_bytes(path) as file:  # what is packed may be damaged behind that byte
        for number, line in enumerate(file, 1):
            try:
                line.decode(encoding)
            except UnicodeDecodeError as error:
                return f"line {number:,}, byte {error.start + 1:,}: 0x{line[error.start]:02X}"
    return "at its end"


def _other_kind(path: Path, head: bytes) -> str | None:
    """What a file is that is no text, where its first bytes tell."""
    for magic, kind in _OTHER_KINDS.items():
        if head.startswith(magic):
            return f"{path} is {kind}, and not text: save it as text, or give it the ending of what it is."
    return None
