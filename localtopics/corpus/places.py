"""Where a source lies: on this machine, or wherever fsspec has a file system for, such as ``s3://``."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from localtopics.errors import UserError
from localtopics.text import one_line

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)


def is_remote(source: str) -> bool:
    """Whether a source is named by a scheme, as in ``s3://BUCKET/FILE.parquet``."""
    return _SCHEME.match(source) is not None


def located(source: str) -> Path:
    """The file or folder that a source names, which need not be there.

    One with a scheme is what universal_pathlib makes of it, which has the methods of a path.

    Raises:
        UserError: it has a scheme, and the packages for it are not installed.
    """
    if not is_remote(source):
        return Path(os.path.expanduser(source))  # noqa: PTH111, since pathlib's raises for a file called ~x
    try:
        from upath import UPath
    except ImportError:
        raise UserError(
            f"Reading {source} takes packages that are not installed: pip install 'localtopics[remote]'."
        ) from None
    with reachable(source):
        path = UPath(source)
        path.exists()  # which loads what its scheme takes
    return cast("Path", path)


@contextmanager
def reachable(source: str) -> Iterator[None]:
    """Say in one sentence why a source with a scheme cannot be read; its faults are of any class."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        if not is_remote(source):
            raise
        reason = one_line(str(error)) or type(error).__name__
        raise UserError(f"{source} cannot be read: {reason[:300].rstrip('.')}.") from None
