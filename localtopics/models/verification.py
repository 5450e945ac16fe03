"""Whether a model on this machine is sound: its header, and its SHA-256 where one is known."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from localtopics.errors import UserError
from localtopics.gguf import ModelInfo, read_info
from localtopics.models.checksum import recorded_sha256, sha256
from localtopics.models.registry import find_model, known_file
from localtopics.progress import Progress, silent


@dataclass(frozen=True)
class VerifiedFile:
    """A file of a model whose hash is not wrong."""

    path: Path
    sha256: str
    """In hexadecimal digits."""
    stated_by: str | None
    """Who states that it must have that hash; None where nobody does."""


@dataclass(frozen=True)
class Verification:
    """What `verify` found: a header without faults, and no hash that is wrong."""

    info: ModelInfo
    """What the header says."""
    files: tuple[VerifiedFile, ...]
    """All parts of the model."""


def verify(name: str | Path, progress: Progress = silent) -> Verification:
    """Check a model's header, and its SHA-256 where one is known.

    Args:
        name: as `find_model` takes it.
        progress: told how much of each file has been read.

    Raises:
        UserError: the model is not here, or is damaged.
    """
    path = find_model(name)
    assert path is not None  # only without a name
    info = read_info(path, vocabulary_only=True)
    files = []
    for part in info.parts:
        digest, stated, by = sha256(part, progress), *_stated_sha256(part)
        if stated not in (None, digest):
            raise UserError(
                f"The model file {part} is damaged: its SHA-256 is {digest[:16]}… where {by} says "
                f"{stated[:16]}…; delete it and fetch it again.",
                command="models pull NAME",
            )
        files.append(VerifiedFile(part, digest, by))
    return Verification(info, tuple(files))


def _stated_sha256(path: Path) -> tuple[str | None, str | None]:
    """The hash that a file must have and who says so; (None, None) where nobody does."""
    if recorded := recorded_sha256(path):
        return recorded, "the record of its download"
    blob = path.resolve()
    if blob.parent.name == "blobs" and re.fullmatch("[0-9a-f]{64}", blob.name):
        return blob.name, "the hub cache"
    if known := known_file(path):
        return known.sha256, f"the list of known models for {known.name}"
    return None, None
