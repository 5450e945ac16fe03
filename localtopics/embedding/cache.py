"""Embeddings on disk, so that no text is embedded twice."""

from __future__ import annotations

import logging
import os
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, suppress
from pathlib import Path

import numpy as np

from localtopics.files import PRIVATE, PRIVATE_FOLDER

log = logging.getLogger(__name__)
_LOOKUPS = 5000  # keys in one query; SQLite takes up to 32,766
_PATIENCE = 60.0  # seconds to wait for another process's write
_NOT_ITS_FAULT = frozenset(  # what goes wrong around a sound file: locks, rights, the disk
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM,
    }
)


def default_folder() -> Path:
    """Where the caches lie, in the user's cache directory."""
    from platformdirs import user_cache_path

    return user_cache_path("localtopics") / "embeddings"


class EmbeddingCache:
    """Vectors by key, in one SQLite file; several processes may use it at once.

    A process killed at any instant leaves the file as after its last finished `put`. A damaged file is thrown
    away with a warning and a damaged vector is not found, so that both are made again. A file that cannot be
    used (a folder that may not be written, a full disk, another program's lock) is done without, with one
    warning. The file is its owner's alone.
    """

    def __init__(self, path: Path) -> None:
        """Use the file ``path``, which is made at the first call."""
        self.path = path
        self._usable = True

    def get(self, keys: Sequence[bytes]) -> dict[bytes, np.ndarray]:
        """The float32 [d] vectors of those keys that are there and whole."""
        found: dict[bytes, np.ndarray] = {}

        def look_up(connection: sqlite3.Connection) -> None:
            for start in range(0, len(keys), _LOOKUPS):
                part = keys[start : start + _LOOKUPS]
                marks = ",".join("?" * len(part))
                query = f"SELECT key, vector FROM embeddings WHERE key IN ({marks})"
                for key, packed in connection.execute(query, part):
                    if (vector := _unpack(key, packed)) is not None:
                        found[key] = np.frombuffer(vector, dtype="<f4")

        self._do(look_up)
        return found

    def put(self, keys: Iterable[bytes], vectors: np.ndarray) -> None:
        """Keep float32 [n, d] vectors: all of them, or none where the process is killed meanwhile."""
        rows = [(key, _pack(key, vector)) for key, vector in zip(keys, vectors, strict=True)]

        def insert(connection: sqlite3.Connection) -> None:
            with connection:
                connection.executemany("INSERT OR REPLACE INTO embeddings VALUES (?, ?)", rows)

        self._do(insert)

    def _do(self, work: Callable[[sqlite3.Connection], None]) -> None:
        if not self._usable:
            return
        try:
            try:
                self._connect_and(work)
            except (sqlite3.Error, UnicodeDecodeError) as error:  # sqlite's message quotes what is damaged
                if not self._damaged(error):
                    raise
                log.warning("The embedding cache %s is damaged (%s); it is begun anew", self.path, error)
                for file in (self.path, self._journal):
                    file.unlink(missing_ok=True)
                self._connect_and(work)
        except (OSError, sqlite3.Error) as error:
            self._usable = False
            log.warning(
                "The embedding cache %s cannot be used (%s): what is embedded now is not kept for later runs",
                self.path,
                getattr(error, "strerror", None) or error,
            )

    def _damaged(self, error: Exception) -> bool:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
        if code == sqlite3.SQLITE_READONLY:  # a damaged header may say so of a file that can be written
            return os.access(self.path, os.W_OK) and os.access(self.path.parent, os.W_OK)
        return code not in _NOT_ITS_FAULT

    def _connect_and(self, work: Callable[[sqlite3.Connection], None]) -> None:
        self._make()
        with closing(sqlite3.connect(self.path, timeout=_PATIENCE)) as connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS embeddings (key BLOB PRIMARY KEY, vector BLOB NOT NULL)"
            )
            work(connection)

    @property
    def _journal(self) -> Path:
        return Path(f"{self.path}-journal")

    def _make(self) -> None:
        """The folder and an empty file, where there are none; neither they nor older ones open to others."""
        folder = self.path.parent
        if folder == default_folder():
            folder.parent.mkdir(PRIVATE_FOLDER, parents=True, exist_ok=True)
        folder.mkdir(PRIVATE_FOLDER, parents=True, exist_ok=True)
        os.close(os.open(self.path, os.O_RDONLY | os.O_CREAT, PRIVATE))  # SQLite's journal takes its mode
        # A folder that somebody else chose may hold other things, and stays as open as it is.
        kept = [folder, *folder.iterdir()] if folder == default_folder() else [self.path, self._journal]
        for path in kept:
            with suppress(OSError):  # it is not there, or not ours
                if (mode := path.stat().st_mode) & 0o077:
                    path.chmod(mode & 0o700)


def _pack(key: bytes, vector: np.ndarray) -> bytes:
    """The vector behind a checksum, which SQLite itself does not keep."""
    data = vector.astype("<f4").tobytes()
    return zlib.crc32(key + data).to_bytes(4, "little") + data


def _unpack(key: object, packed: object) -> bytes | None:
    """The vector, or None where it is damaged."""
    if not isinstance(key, bytes) or not isinstance(packed, bytes):
        return None
    data = packed[4:]
    return data if zlib.crc32(key + data).to_bytes(4, "little") == packed[:4] else None
