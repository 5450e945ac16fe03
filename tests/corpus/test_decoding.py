"""Packed files are unpacked."""

import bz2
import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from localtopics.corpus import read_corpus


@pytest.mark.parametrize("name", ["rows.csv", "rows.tsv", "rows.jsonl", "rows.txt"])
@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, zstandard.compress])
def test_packed_files_are_unpacked_whatever_their_name(
    tmp_path: Path, name: str, pack: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / name
    path.write_text('{"text": "a document"}\n' if name == "rows.jsonl" else "text\na document\n")
    plain = read_corpus(str(path))
    path.write_bytes(pack(path.read_bytes()))
    assert read_corpus(str(path)) == plain
