"""Files of one document each: in folders, archives and mailboxes, and alone."""

import gzip
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from localtopics.corpus import Corpus, Dropped, read_corpus
from localtopics.progress import Advance
from tests.conftest import ROOT
from tests.corpus.tables import refusal

DOCUMENTS = ROOT / "tests" / "data" / "documents"
SCANNED = (
    f"{DOCUMENTS}/scanned.pdf holds pictures of pages and no text: run OCR (for instance ocrmypdf) first."
)


@pytest.fixture(scope="module")
def read() -> tuple[Corpus, list[str], list[str]]:
    """The folder of documents in all formats, notes of what was passed over, and bars with their steps."""
    notes: list[str] = []
    bars: list[str] = []

    @contextmanager
    def progress(description: str, total: int | None = None) -> Iterator[Advance]:
        steps: list[int] = []
        yield steps.append
        bars.append(f"{description}: {sum(steps)} of {total}")

    class Notes(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            notes.append(record.getMessage())

    handler = Notes()
    log = logging.getLogger("localtopics")
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        return read_corpus(DOCUMENTS, progress=progress), notes, bars
    finally:
        log.removeHandler(handler)
        log.setLevel(level)


def test_a_folder_of_documents_in_all_formats(read: tuple[Corpus, list[str], list[str]]) -> None:
    corpus, _, bars = read
    assert corpus.titles is not None
    assert corpus.times is not None
    titles = dict(zip(corpus.ids, corpus.titles, strict=True))
    times = dict(zip(corpus.ids, corpus.times, strict=True))
    assert titles["inbox.mbox/0"] == titles["plain.eml"] == "Fahrräder im Büro"
    assert titles["libreoffice.pdf"] == titles["pandoc.docx"] == "Bridges of the Ruhr"
    assert titles["talk.srt"] == titles["README.md"] == ""
    assert times["both.eml"] == "2024-03-01T09:30:00+00:00"
    assert times["talk.srt"] == ""
    assert len(corpus) == 18
    assert bars == ["Reading files: 21 of 21"]


def test_what_cannot_be_read_is_named_and_the_others_are_read(
    read: tuple[Corpus, list[str], list[str]],
) -> None:
    others, attached, unreadable = read[1]
    assert others == f"Passed over 3 files with other endings in {DOCUMENTS}: .gz, .zip"
    assert attached == f"Passed over 2 files attached to mails in {DOCUMENTS}"
    assert unreadable == (
        f"Passed over 2 files in {DOCUMENTS}: {DOCUMENTS}/locked.pdf is locked by a password: save it "
        f"without one. {SCANNED}"
    )


@pytest.mark.parametrize("name", ["all.zip", "all.tar.gz"])
def test_an_archive_is_read_as_the_folder_that_it_holds(
    name: str, read: tuple[Corpus, list[str], list[str]]
) -> None:
    whole = dict(zip(read[0].ids, read[0].documents, strict=True))
    corpus = read_corpus(DOCUMENTS / name)
    assert corpus.ids == ["latin1.html", "libreoffice.docx", "plain.eml", "talk.vtt"]
    assert corpus.documents == [whole[id] for id in corpus.ids]
    assert corpus.titles == ["Cafés", "Bridges of the Ruhr", "Fahrräder im Büro", ""]
    assert corpus.times is None  # most documents have none
    assert read_corpus(DOCUMENTS / name, time="time").times is not None


def test_a_mailbox_is_a_document_a_mail(tmp_path: Path) -> None:
    corpus = read_corpus(DOCUMENTS / "inbox.mbox")
    assert corpus.ids == ["0", "1", "2"]
    assert corpus.titles == ["Fahrräder im Büro", "Lunch on Friday", "News"]
    assert corpus.documents[0] == "Wer stellt die Räder in den Flur?\n\nFrom today on: nobody."
    packed = tmp_path / "inbox.mbox.gz"
    packed.write_bytes(gzip.compress((DOCUMENTS / "inbox.mbox").read_bytes()))
    assert read_corpus(packed).documents == corpus.documents
    (tmp_path / "no.mbox").write_text("Dear all")
    assert refusal(tmp_path / "no.mbox").endswith(
        'no.mbox is no mailbox (mbox): it does not begin with "From ".'
    )


def test_a_file_of_one_document_alone() -> None:
    corpus = read_corpus(DOCUMENTS / "groff.pdf")
    assert corpus.ids == ["0"]
    assert corpus.times is not None
    assert refusal(DOCUMENTS / "scanned.pdf") == SCANNED
    asked = refusal(DOCUMENTS, title="author")
    assert "has no column 'author'; its columns are 'text', 'title', 'time'" in asked


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
    for name in ("good.txt", "a.doc", "b.PNG", "deep/c.doc", ".git/d.doc", ".e.txt", "~$a.docx"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("good")
    (tmp_path / "deep" / "bad.txt").write_bytes(b"caf\xe9")
    (tmp_path / "binary").write_bytes(b"\x7fELF" + bytes(60))
    (tmp_path / "link.txt").symlink_to("nowhere")
    for name in ("pipe.txt", "pipe.mbox", "pipe.pdf"):
        os.mkfifo(tmp_path / name)
    assert read_corpus(str(tmp_path)).ids == ["good.txt"]
    others, unreadable = caplog.messages
    caplog.clear()
    assert others == f"Passed over 3 files with other endings in {tmp_path}: .PNG, .doc"
    assert unreadable.startswith(f"Passed over 6 files in {tmp_path}: ")
    assert f"{tmp_path / 'binary'} is a binary file" in unreadable
    assert "link.txt is no file" in unreadable
    for name in ("binary", "pipe.mbox", "pipe.pdf"):
        (tmp_path / name).unlink()
    assert read_corpus(tmp_path).ids == ["good.txt"]
    assert "bad.txt is not UTF-8 (line 1, byte 4: 0xE9)" in caplog.messages[-1]
    for name in ("good.txt", "link.txt", "pipe.txt"):
        (tmp_path / name).unlink()
    assert refusal(tmp_path).startswith(f"The only document in {tmp_path} can be read: ")
    assert "bad.txt is not UTF-8" in refusal(tmp_path)
    (tmp_path / "deep" / "bad.txt").unlink()
    assert refusal(tmp_path).startswith("There are no documents (.txt, ")
    assert refusal(tmp_path).endswith(f" in {tmp_path}; it holds .PNG, .doc.")


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
