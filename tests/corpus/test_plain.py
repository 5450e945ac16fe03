"""Plain text: a document a line, or a document a file."""

import logging
import os
from pathlib import Path

import pytest

from localtopics.corpus import Dropped, read_corpus
from tests.corpus.tables import refusal


def test_text_file_is_a_document_a_line(tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_bytes("\ufefffirst\r\n\n  \nsecond\u2028still second\x0b\nlast".encode())
    corpus = read_corpus(str(path))
    assert corpus.documents == ["first", "second\u2028still second\x0b", "last"]
    assert corpus.ids == ["0", "3", "4"]
    assert corpus.dropped == Dropped(empty=2)


def test_folder_is_a_document_a_file(tmp_path: Path) -> None:
    files = {"b.txt": "two\nlines\n", "a/deep/z.MD": "deep", "a/10": "no ending", "a/empty.txt": ""}
    others = {".hidden.txt": "no", ".git/config": "no", "picture.png": "no"}
    for name, text in (files | others).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    corpus = read_corpus(str(tmp_path))
    assert corpus.ids == ["a/10", "a/deep/z.MD", "b.txt"]
    assert corpus.documents == ["no ending", "deep", "two\nlines\n"]
    assert corpus.dropped == Dropped(empty=1)


def test_what_a_folder_holds_beside_texts_is_passed_over_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "localtopics")
    for name in ("good.txt", "a.pdf", "b.PNG", "deep/c.pdf", ".git/d.pdf", ".e.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("good")
    (tmp_path / "deep" / "bad.txt").write_bytes(b"caf\xe9")
    (tmp_path / "binary").write_bytes(b"\x7fELF" + bytes(60))
    (tmp_path / "link.txt").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe.txt")
    assert read_corpus(str(tmp_path)).ids == ["good.txt"]
    others, unreadable = caplog.messages
    caplog.clear()
    assert others == f"Passed over 3 files with other endings in {tmp_path}: .PNG, .pdf"
    assert unreadable.startswith(f"Passed over 4 files in {tmp_path}: ")
    assert f"{tmp_path / 'binary'} is a binary file" in unreadable
    assert "link.txt is no file" in unreadable
    (tmp_path / "binary").unlink()
    assert read_corpus(tmp_path).ids == ["good.txt"]
    assert "bad.txt is not UTF-8 (line 1, byte 4: 0xE9)" in caplog.messages[-1]
    for name in ("good.txt", "link.txt", "pipe.txt"):
        (tmp_path / name).unlink()
    assert "There are no text files" in refusal(tmp_path)
    assert "bad.txt is not UTF-8" in refusal(tmp_path)


def test_a_folder_with_many_unreadable_files_names_the_first(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "good.txt").write_text("good")
    for number in range(30):
        (tmp_path / f"{number}.txt").write_bytes(b"\xff")
    assert len(read_corpus(str(tmp_path))) == 1
    (note,) = caplog.messages
    assert note.startswith(f"Passed over 30 files in {tmp_path}: ")
    assert note.count("is not UTF-8") == 3


def test_files_whose_names_are_not_utf8_have_ids_of_their_own(tmp_path: Path) -> None:
    for name in (b"caf\xe9.txt", b"caf\xe8.txt", "café.txt".encode(), b"d\xff/x.txt"):
        path = tmp_path / os.fsdecode(name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(name.hex().encode())
    corpus = read_corpus(str(tmp_path))
    assert corpus.ids == ["café.txt", r"caf\udce8.txt", r"caf\udce9.txt", r"d\udcff/x.txt"]
    assert corpus.documents[2] == b"caf\xe9.txt".hex()
    assert "".join(corpus.ids).encode()
    assert corpus.digest == read_corpus(str(tmp_path)).digest
