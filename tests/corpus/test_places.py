"""Sources that lie elsewhere, read through fsspec's own file system in memory."""

from __future__ import annotations

import gzip
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from localtopics.corpus import read_corpus
from localtopics.corpus.blocks import NumberedBlocks, read_blocks
from localtopics.corpus.places import is_remote, located
from localtopics.errors import UserError

fsspec = pytest.importorskip("fsspec")
pytest.importorskip("upath", reason="universal_pathlib is not installed")

Bucket = tuple[str, Callable[[str, bytes], str]]
TABLE = pd.DataFrame({"text": ["rain falls", "snow lies", "wind blows"], "title": ["a", "b", "c"]})


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    """A new folder in memory: its name, and what writes bytes to a path in it."""
    system, name = fsspec.filesystem("memory"), uuid.uuid4().hex

    def write(path: str, content: bytes) -> str:
        with system.open(f"/{name}/{path}", "wb") as file:
            file.write(content)
        return f"memory://{name}/{path}"

    yield f"memory://{name}", write
    system.rm(f"/{name}", recursive=True)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.parquet", TABLE.to_parquet()),
        ("x.csv", TABLE.to_csv(index=False).encode()),
        ("x.jsonl", TABLE.to_json(orient="records", lines=True).encode()),
    ],
)
def test_a_file_elsewhere_is_read_like_one_here(
    tmp_path: Path, bucket: Bucket, name: str, content: bytes
) -> None:
    here = tmp_path / name
    here.write_bytes(content)
    there = read_corpus(bucket[1](name, content))
    assert there.digest == read_corpus(here).digest
    assert there.titles == ["a", "b", "c"]


def test_a_packed_file_elsewhere_is_unpacked(bucket: Bucket) -> None:
    assert read_corpus(bucket[1]("x.txt.gz", gzip.compress(b"one\ntwo\n"))).documents == ["one", "two"]


def test_a_folder_of_parquet_elsewhere_is_one_table(bucket: Bucket) -> None:
    bucket[1]("part-1.parquet", TABLE[:2].to_parquet())
    bucket[1]("deep/part-2.parquet", TABLE[2:].to_parquet())
    bucket[1]("_log/other.parquet", TABLE.to_parquet())
    assert sorted(read_corpus(bucket[0]).documents) == sorted(TABLE["text"])
    assert NumberedBlocks(bucket[0], 2).total == 3
    blocks = list(read_blocks(bucket[0], 2))
    assert [block.rows for block in blocks] == [2, 1]


def test_a_folder_of_texts_elsewhere_is_a_document_a_file(bucket: Bucket) -> None:
    bucket[1]("b.txt", b"second")
    bucket[1]("deep/a.md", b"third")
    bucket[1](".hidden/c.txt", b"never")
    found = read_corpus(bucket[0])
    assert dict(zip(found.ids, found.documents, strict=True)) == {"b.txt": "second", "deep/a.md": "third"}


def test_what_is_missing_or_damaged_elsewhere_is_one_sentence(bucket: Bucket) -> None:
    with pytest.raises(UserError, match="no file or folder"):
        read_corpus(f"{bucket[0]}/x.csv")
    with pytest.raises(UserError, match="not a sound Parquet file"):
        read_corpus(bucket[1]("x.parquet", b"PAR1 nothing"))


def test_a_scheme_that_nothing_reads_is_one_sentence() -> None:
    with pytest.raises(UserError, match="cannot be read: Unsupported"):
        read_corpus("nowhere://x/y.csv")


def test_packages_that_are_missing_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "upath", None)
    with pytest.raises(UserError, match=r"pip install 'localtopics\[remote\]'"):
        located("s3://bucket/x.parquet")


@pytest.mark.parametrize("source", ["x.csv", "/tmp/x.csv", "hf:owner/name", "C://x.csv", "~/x.csv"])
def test_other_names_are_no_schemes(source: str) -> None:
    assert not is_remote(source)


def test_a_home_folder_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert located("~/x.csv") == tmp_path / "x.csv"
