"""Files are read by another process, within limits."""

import io
import os
import signal
import sys
import zipfile
from pathlib import Path

import pytest

from localtopics.formats import archive
from localtopics.formats.document import Document, Unreadable
from localtopics.formats.process import Reader
from tests.formats.test_formats import DOCUMENTS

PAGE = b"<title>Trams</title><p>Trams are back."


def refused(reader: Reader, ending: str, content: bytes) -> str:
    """The clause with which a file is refused."""
    with pytest.raises(Unreadable) as caught:
        reader.read(ending, content)
    return str(caught.value)


def test_a_file_that_takes_too_long_costs_its_time_and_no_more() -> None:
    with Reader(seconds=0.3) as reader:
        assert refused(reader, ".html", b"<p>word" * 10**6).startswith("takes more than 0.3 seconds or ")
        assert reader.read(".html", PAGE) == Document("Trams are back.", "Trams")


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux keeps a process to its memory.")
def test_a_file_that_takes_too_much_memory_is_refused() -> None:
    entities = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 12))
    bomb = f'<!DOCTYPE x [<!ENTITY e0 "{"lol" * 10}">{entities}]><x>&e11;</x>'
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w") as file:
        file.writestr("META-INF/container.xml", bomb)
    with Reader() as reader:
        assert "damaged" in refused(reader, ".epub", book.getvalue())
        assert reader.read(".html", PAGE).title == "Trams"


def test_a_crash_is_that_of_one_file() -> None:
    with Reader() as reader:
        reader.read(".html", PAGE)
        assert reader._process is not None
        os.kill(reader._process.pid, signal.SIGKILL)
        assert refused(reader, ".html", PAGE) == "is damaged: it crashes the program that reads it"
        assert reader.read(".html", PAGE).title == "Trams"


def test_nothing_is_left_running() -> None:
    with Reader() as reader:
        reader.read(".html", PAGE)
        process = reader._process
    assert process is not None
    assert process.returncode == 0


def test_a_file_beyond_the_limits_is_refused() -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w") as file:
        file.writestr("word/document.xml", "a little")
        file.filelist[0].file_size = 10**9
    with Reader() as reader:
        assert refused(reader, ".docx", bomb.getvalue()) == archive.BOMB
        assert refused(reader, ".html", b"") == "is empty"
        assert refused(reader, ".pdf", bytes(archive.MOST_BYTES + 1)).startswith("is larger than 200 MB")


def test_what_is_no_file_of_its_ending_is_refused() -> None:
    pdf = (DOCUMENTS / "groff.pdf").read_bytes()
    with Reader() as reader:
        assert refused(reader, ".docx", pdf).startswith("is damaged, or no docx file (")
        assert refused(reader, ".pdf", PAGE).startswith("is damaged, or no pdf file (")
        assert (
            refused(reader, ".docx", (DOCUMENTS / "libreoffice.pptx").read_bytes()) == "is no Word document"
        )
        assert refused(reader, ".pptx", (DOCUMENTS / "pandoc.docx").read_bytes()) == "is no PowerPoint file"
        assert refused(reader, ".docx", b"\xd0\xcf\x11\xe0" + bytes(600)).startswith(
            "is locked by a password, or"
        )
        assert refused(reader, ".vtt", PAGE).startswith("holds no subtitles")
        assert refused(reader, ".srt", "Müller".encode("latin-1")).startswith("is not UTF-8")
        assert refused(reader, ".eml", PAGE).startswith("is no mail")


@pytest.mark.parametrize(
    ("name", "part", "word"),
    [
        ("pandoc.docx", "word/document.xml", "Closed"),
        ("libreoffice.pptx", "ppt/slides/slide1.xml", "Bees"),
        ("pandoc.epub", "EPUB/content.opf", "Ruhr"),
    ],
)
def test_no_file_that_a_document_names_is_opened(name: str, part: str, word: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("private")
    entity = f'<!DOCTYPE x [<!ENTITY leak SYSTEM "{(tmp_path / "secret").as_uri()}">]>'
    changed = io.BytesIO()
    with zipfile.ZipFile(DOCUMENTS / name) as old, zipfile.ZipFile(changed, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename == part:
                head, mark, rest = content.decode().partition("?>")
                assert word in rest
                content = f"{head}{mark}{entity}{rest.replace(word, '&leak;')}".encode()
            new.writestr(entry, content)
    with Reader() as reader:
        try:
            said = str(reader.read(Path(name).suffix, changed.getvalue()))
        except Unreadable as reason:
            said = str(reason)
    assert "private" not in said


def test_packages_that_are_missing_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['pypdfium2'] = None")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    with Reader() as reader:
        assert refused(reader, ".pdf", (DOCUMENTS / "groff.pdf").read_bytes()) == (
            "takes packages that are not installed: pip install 'localtopics[documents]'"
        )
