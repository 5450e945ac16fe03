"""SHA-256 of model files, computed, and recorded beside the files."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from localtopics.files import replacing
from localtopics.progress import Bytes, Progress, silent

_CHUNK = 1 << 20


def sha256(path: Path, progress: Progress = silent, shown_as: str | None = None) -> str:
    """The SHA-256 of a file, in hexadecimal digits.

    Args:
        path: the file.
        progress: told how many bytes have been read.
        shown_as: the file's name in the progress; None is its own.
    """
    digest = hashlib.sha256()
    with (
        progress(f"Checking {shown_as or path.name}", Bytes(path.stat().st_size)) as advance,
        path.open("rb") as file,
    ):
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            advance(len(chunk))
    return digest.hexdigest()


def record_sha256(path: Path, digest: str) -> None:
    """Write a file's hash beside it, as sha256sum writes it (``sha256sum -c`` reads it)."""
    with replacing(_record(path)) as temporary:
        temporary.write_text(f"{digest}  {path.name}\n", encoding="utf-8")


def recorded_sha256(path: Path) -> str | None:
    """The hash that was written beside a file, or None."""
    try:
        text = _record(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    match = re.match("[0-9a-f]{64}(?= )", text)
    return match[0] if match else None


def forget_sha256(path: Path) -> None:
    """Remove what was written beside a file."""
    _record(path).unlink(missing_ok=True)


def _record(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")
