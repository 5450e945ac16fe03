"""Whether a model's file is sound, and who says so."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from localtopics.errors import UserError
from localtopics.models import DEFAULT_MODEL, KNOWN_MODELS, registry, verify
from localtopics.models.checksum import sha256
from localtopics.progress import Advance


def test_verify_without_a_stated_hash(home: Path, model: bytes, tmp_path: Path) -> None:
    path = tmp_path / "own.gguf"
    path.write_bytes(model)
    verified = verify(path)
    assert verified.files[0].sha256 == hashlib.sha256(model).hexdigest()
    assert verified.files[0].stated_by is None
    assert verified.info.name == "tiny"
    path.write_bytes(model[:1000])
    with pytest.raises(UserError, match="is damaged or unfinished"):
        verify(path)


def test_known_file_dropped_by_hand_is_checked(
    home: Path, model: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    default = next(known for known in KNOWN_MODELS if known.name == DEFAULT_MODEL)
    known = replace(default, bytes=len(model), sha256=hashlib.sha256(model).hexdigest())
    monkeypatch.setattr(registry, "KNOWN_MODELS", (known,))
    path = Path.cwd() / "models" / known.file.path
    path.parent.mkdir()
    path.write_bytes(model)
    assert verify(path).files[0].stated_by == "the list of known models for llama-2-13b-chat"
    path.write_bytes(model[:-1] + b"x")
    with pytest.raises(UserError, match="the list of known models for llama-2-13b-chat says"):
        verify(path)


def test_progress_of_a_check(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 3_000_000)
    seen: list[tuple[str, int | None, int]] = []

    @contextmanager
    def progress(description: str, total: int | None = None) -> Iterator[Advance]:
        done: list[int] = []
        yield done.append
        seen.append((description, total, sum(done)))

    assert sha256(path, progress) == hashlib.sha256(b"x" * 3_000_000).hexdigest()
    assert seen == [("Checking file", 3_000_000, 3_000_000)]
