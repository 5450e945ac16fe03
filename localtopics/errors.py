"""The one exception for mistakes that a user can mend, and which of the system's errors are such."""

from __future__ import annotations

import errno
import os
import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path

from localtopics.files import TEMPORARY


class UserError(Exception):
    """A mistake that the user can mend.

    The command line prints the sentence without a traceback, with the options and the command that mend it,
    and exits with code 2. Every other exception is a fault of ours and keeps its traceback.

    Args:
        sentence: what is wrong, and what to do.
        arguments: the arguments and settings that mend it, by their names in Python, such as "out".
        command: the command that mends it, as the ``localtopics`` program is given it.
    """

    def __init__(self, sentence: str, *, arguments: Sequence[str] = (), command: str = "") -> None:
        super().__init__(sentence)
        self.arguments = tuple(arguments)
        self.command = command


def _numbers(*names: str) -> frozenset[int]:
    return frozenset(getattr(errno, name) for name in names if hasattr(errno, name))


_FULL = _numbers("ENOSPC", "EDQUOT", "EFBIG")
_DISK = _FULL | _numbers("EACCES", "EPERM", "EROFS", "EIO")
"""What a disk refuses: no program's fault, even where no name is told."""
_PLACE = _DISK | _numbers(
    *("ENOENT", "ENOTDIR", "EISDIR", "EEXIST", "ENOTEMPTY", "ENAMETOOLONG", "ELOOP", "EINVAL", "EILSEQ"),
    *("ENODEV", "ENXIO", "EBUSY", "ETXTBSY", "EXDEV", "ENOTSUP", "EOPNOTSUPP", "ESTALE", "EMLINK"),
)
"""What may be wrong with a place that somebody named."""


def explained(error: OSError) -> str | None:
    """The sentence for an error of the system that a user can mend; None where it is a fault of ours.

    The place must be one that the user named: a file of this package or of Python that is not there is ours.
    """
    named = isinstance(error.filename, str | bytes | os.PathLike)
    path = Path(os.fsdecode(error.filename)) if named else None
    reason = error.strerror or str(error)
    no_temporary = error.errno == errno.ENOENT and "temporary directory" in reason  # of all that exist
    if error.errno not in (_PLACE if path else _DISK) and not no_temporary:
        return None
    if path and error.errno not in _DISK and _is_installed(path):
        return None
    where = f" ({path})" if path else ""
    room = "make room or " if error.errno in _FULL or no_temporary else ""
    place = "another folder by TMPDIR" if no_temporary or (path and _is_temporary(path)) else "another place"
    return f"{reason}{where}: {room}name {place}, and run the command again."


def _is_temporary(path: Path) -> bool:
    return path.name.startswith(TEMPORARY) and path.parent == Path(tempfile.gettempdir())


def _is_installed(path: Path) -> bool:
    paths = sysconfig.get_paths()
    folders = (Path(__file__).parent, *(Path(paths[name]) for name in ("stdlib", "purelib", "platlib")))
    return any(path.absolute().is_relative_to(folder) for folder in folders)
