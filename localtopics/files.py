"""Files that are whole or not there, and their owner's alone where they hold private text."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

PRIVATE = 0o600
"""The rights of a file that holds somebody's texts; the folder around it gets `PRIVATE_FOLDER`."""
PRIVATE_FOLDER = 0o700
TEMPORARY = "localtopics-"
"""How the names of our folders among the system's temporary ones begin."""
_LONGEST = 50
"""Characters of a name that its temporary name repeats, which must fit a file system's 255 bytes."""


@contextmanager
def replacing(path: Path, mode: int = PRIVATE, *, among_others: bool = False) -> Iterator[Path]:
    """Yield an empty temporary file beside ``path``, and rename it to ``path`` when the block ends well.

    The block writes the file. A reader sees the old content or the new, never a part, also after the power
    failed; after an exception the old content stays and the temporary is gone. A process killed inside the
    block leaves the temporary behind, and the next call for the same ``path`` takes it away. A link at
    ``path`` is replaced, not followed.

    Args:
        path: a file, or nothing yet.
        mode: the file's rights, less what the umask forbids.
        among_others: whether other processes, on other machines too, may write the same ``path`` meanwhile.
            Then the temporary file has a name that no other has, and whoever was killed leaves it there.

    Raises:
        OSError: the file cannot be written, or a folder stands there; ``filename`` is ``path``.
    """
    temporary = temporary_name(path, uuid4().hex[:16] if among_others else "")
    with naming(path, temporary):
        if path.is_dir() and not path.is_symlink():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode))
        try:
            yield temporary
            _sync(temporary)
            temporary.replace(path)
            _sync(path.parent)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Yield a new folder beside ``path``, and rename it to ``path`` when the block ends well.

    A folder that is there already is removed first, so a process killed at that instant leaves none, and the
    disk is not waited for: only for what is checked, and made anew where it is missing or damaged. All that
    the block made is its owner's alone.

    Raises:
        OSError: the folder cannot be written, or a file or link stands there; ``filename`` is ``path``.
    """
    temporary = temporary_name(path)
    with naming(path):
        if path.is_symlink() or (path.exists() and not path.is_dir()):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
        remove(temporary)
        temporary.mkdir(PRIVATE_FOLDER, parents=True)
        try:
            yield temporary
            for inside in temporary.rglob("*"):
                inside.chmod(PRIVATE_FOLDER if inside.is_dir() else PRIVATE)
            remove(path)
            temporary.rename(path)
        except BaseException:
            remove(temporary)
            raise


def temporary_name(path: Path, own: str = "") -> Path:
    """Where `replacing` and `replacing_folder` write what becomes ``path``; ``own`` tells it from others'."""
    name = f"{path.name}.{own}" if own else path.name
    if len(name) > _LONGEST:
        name = f"{name[:_LONGEST]}.{hashlib.sha256(os.fsencode(name)).hexdigest()[:8]}"
    return path.with_name(f".{name}.part")


def remove(path: Path) -> None:
    """Take away a file, a link or a folder with all that it holds, if there is one."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Yield a folder among the system's temporary ones, which is gone when the block ends.

    Raises:
        OSError: there is no room for it or in it; ``filename`` is the folder.
    """
    with tempfile.TemporaryDirectory(prefix=TEMPORARY) as name, naming(Path(name)):
        yield Path(name)


@contextmanager
def naming(path: Path, temporary: Path | None = None) -> Iterator[None]:
    """Let each fault of the disk be an OSError that names ``path`` or another file, whoever met it.

    ``temporary`` is what becomes ``path``; without it what `temporary_name` gives.

    Raises:
        OSError: with ``errno``, ``strerror`` and ``filename``.
    """
    try:
        yield
    except Exception as error:
        number = _disk_fault(error)
        named = getattr(error, "filename", None)
        if number is None or named not in (None, str(temporary or temporary_name(path))):
            raise
        raise OSError(number, os.strerror(number), str(path)) from error


def _disk_fault(error: Exception) -> int | None:
    """The errno of what the disk refused; None where the error is of another kind."""
    if isinstance(error, shutil.Error):  # an OSError whose argument is a list of (from, to, why)
        return next((number for number in map(_written_errno, error.args) if number), errno.EIO)
    if isinstance(error, OSError):
        # numpy's sentence of a short write, "1024 requested and 0 written", has no number
        short = errno.ENOSPC if "requested and" in str(error) else None
        return error.errno or _written_errno(error) or short
    return _written_errno(error) if type(error).__name__ == "SafetensorError" else None


def _written_errno(error: object) -> int | None:
    found = re.search(r"(?:os error|[Ee]rrno) (\d+)", str(error))
    return int(found[1]) if found else None


def _sync(path: Path) -> None:
    """Have the disk hold what was written, as far as the system lets it be asked."""
    if os.name == "nt" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)  # Windows syncs what it may write
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # a file system that knows no such thing
            raise
    finally:
        os.close(descriptor)
