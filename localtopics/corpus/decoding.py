"""The bytes of a file as text, unpacked where they are packed, or one sentence why they are none."""

from __future__ import annotations

import io
import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TextIO, cast

import pyarrow as pa

from localtopics.errors import UserError
from localtopics.text import one_line

COMPRESSIONS = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}
"""Ending of a packed file to how it is packed."""

_UNPACK = {"gzip": "zcat", "zstd": "zstdcat", "bz2": "bzcat"}
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


def open_text(path: Path, newline: str | None = None) -> TextIO:
    """The file's text, UTF-8 with or without byte order mark; refuses what is plainly something else."""
    head = _head(path)
    for encoding, marks in (
        ("UTF-32", (b"\xff\xfe\0\0", b"\0\0\xfe\xff")),
        ("UTF-16", (b"\xff\xfe", b"\xfe\xff")),
    ):
        if head.startswith(marks):
            raise UserError(f"{path} is {encoding}: convert it with `{_iconv(path, encoding)}`.")
    if head.count(0) > len(head) // 8:
        raise UserError(
            _other_kind(path, head)
            or f"{path} is a binary file or UTF-16 (or UTF-32), not UTF-8 text: convert it to text first."
        )
    return io.TextIOWrapper(open_bytes(path), encoding="utf-8-sig", newline=newline)


@contextmanager
def one_sentence(path: Path) -> Iterator[None]:
    """Say in one sentence why a file cannot be read."""
    try:
        yield
    except UnicodeDecodeError:
        raise UserError(_undecodable(path)) from None
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
    """Where the first byte stands that is not UTF-8, and what to do."""
    if (kind := _other_kind(path, _head(path))) is not None:
        return kind
    with suppress(OSError), open_bytes(path) as file:  # what is packed may be damaged behind that byte
        for number, line in enumerate(file, 1):
            try:
                line.decode()
            except UnicodeDecodeError as error:
                position, byte = error.start, line[error.start]
                return (
                    f"{path} is not UTF-8 (line {number:,}, byte {position + 1:,}: 0x{byte:02X}): if it is "
                    f"text in another encoding, convert it, as in `{_iconv(path, 'WINDOWS-1252')}`."
                )
    return f"{path} is not UTF-8."


def _other_kind(path: Path, head: bytes) -> str | None:
    """What a file is that is no text, where its first bytes tell."""
    for magic, kind in _OTHER_KINDS.items():
        if head.startswith(magic):
            return f"{path} is {kind}, and not text: save it as text, or give it the ending of what it is."
    return None


def _iconv(path: Path, encoding: str) -> str:
    """The shell command that makes UTF-8 of a file."""
    compression, quoted = _compression(path), shlex.quote(str(path))
    converted = Path(path.stem if path.suffix.lower() in COMPRESSIONS else path.name)
    converted = path.with_name(f"{converted.stem}.utf8{converted.suffix}")
    before = f"{_UNPACK[compression]} {quoted} | " if compression else ""
    name = "" if compression else f" {quoted}"
    return f"{before}iconv -f {encoding} -t UTF-8{name} > {shlex.quote(str(converted))}"
