"""The cache of embeddings: nothing damaged comes out of it, nobody else reads it, a run does without it."""

import hashlib
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from localtopics.embedding.cache import EmbeddingCache


def entries(count: int, width: int = 8) -> tuple[list[bytes], np.ndarray]:
    keys = [hashlib.sha256(str(row).encode()).digest() for row in range(count)]
    return keys, np.random.default_rng(0).normal(size=(count, width)).astype(np.float32)


def test_cache_is_fast(tmp_path: Path) -> None:
    keys, vectors = entries(100_000, 64)
    cache = EmbeddingCache(tmp_path / "new" / "cache.sqlite")
    cache.put(keys, vectors)
    start = time.process_time()
    found = cache.get(keys)
    assert time.process_time() - start < 5  # about 0.5 s on an idle core
    np.testing.assert_array_equal(np.stack([found[key] for key in keys]), vectors)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_is_noticed(tmp_path: Path, data: st.DataObject) -> None:
    keys, vectors = entries(60)
    path = tmp_path / "cache.sqlite"
    path.unlink(missing_ok=True)
    cache = EmbeddingCache(path)
    cache.put(keys, vectors)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        if data.draw(st.booleans()):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
        else:
            start = data.draw(st.integers(0, len(content) - 1))
            content[start : start + 64] = data.draw(st.binary(max_size=64)).ljust(64, b"\0")
    path.write_bytes(content[: data.draw(st.integers(0, len(content))) or None])
    for key, vector in cache.get(keys).items():
        np.testing.assert_array_equal(vector, vectors[keys.index(key)])
    cache.put(keys, vectors)
    assert set(cache.get(keys)) <= set(keys)


def test_damage_that_looks_like_a_lack_of_rights(tmp_path: Path) -> None:
    keys, vectors = entries(5)
    cache = EmbeddingCache(tmp_path / "cache.sqlite")
    cache.put(keys, vectors)
    content = bytearray(cache.path.read_bytes())
    content[18] = 3  # the version of the format that is needed to write the file
    cache.path.write_bytes(content)
    cache.put(keys, vectors)
    assert set(cache.get(keys)) == set(keys)


@pytest.mark.parametrize("fault", ["locked", "full"])
def test_a_cache_that_others_lock_or_that_finds_no_room_is_done_without(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    keys, vectors = entries(2000)
    cache = EmbeddingCache(tmp_path / "cache.sqlite")
    cache.put(keys[:3], vectors[:3])
    monkeypatch.setattr("localtopics.embedding.cache._PATIENCE", 0.1)
    with closing(sqlite3.connect(cache.path)) as other:
        if fault == "locked":
            other.execute("BEGIN EXCLUSIVE")
        else:
            pages = other.execute("PRAGMA page_count").fetchone()[0]
            connect = sqlite3.connect

            def on_a_full_disk(*arguments: Any, **options: Any) -> sqlite3.Connection:
                connection: sqlite3.Connection = connect(*arguments, **options)
                connection.execute(f"PRAGMA max_page_count = {pages}")
                return connection

            monkeypatch.setattr(sqlite3, "connect", on_a_full_disk)
        cache.put(keys, vectors)
        assert cache.get(keys) == {}
    (warning,) = caplog.messages
    assert "cannot be used" in warning
    assert set(EmbeddingCache(cache.path).get(keys)) == set(keys[:3]), "what was there stays"


@pytest.fixture
def user_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the caches where the caller names none."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    return tmp_path / "user" / "localtopics" / "embeddings"


@pytest.fixture(params=[0o000, 0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def permissions(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_the_cache_is_its_owners_alone(umask: None, user_cache: Path) -> None:
    keys, vectors = entries(50)
    cache = EmbeddingCache(user_cache / "cache.sqlite")
    journals: list[int] = []

    def look(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM embeddings")
        journals.append(permissions(user_cache / "cache.sqlite-journal"))

    cache.put(keys, vectors)
    cache._do(look)
    assert journals == [0o600]
    assert permissions(user_cache) == 0o700
    assert {permissions(file) for file in user_cache.iterdir()} == {0o600}


def test_an_open_cache_is_closed_to_others(user_cache: Path) -> None:
    keys, vectors = entries(5)
    EmbeddingCache(user_cache / "cache.sqlite").put(keys, vectors)
    (user_cache / "other.sqlite").touch()
    user_cache.chmod(0o755)
    for file in user_cache.iterdir():
        file.chmod(0o644)
    assert len(EmbeddingCache(user_cache / "cache.sqlite").get(keys)) == 5
    assert permissions(user_cache) == 0o700
    assert [permissions(file) for file in user_cache.iterdir()] == [0o600, 0o600]


def test_a_folder_that_the_caller_chose_stays_open(user_cache: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "thesis.tex").touch(0o644)
    before = permissions(tmp_path / "thesis.tex")
    EmbeddingCache(tmp_path / "cache.sqlite").get([b"key"])
    assert permissions(tmp_path) == 0o755
    assert permissions(tmp_path / "thesis.tex") == before
    assert permissions(tmp_path / "cache.sqlite") == 0o600
