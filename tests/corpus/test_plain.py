"""Plain text: a document a line."""

from pathlib import Path

from localtopics.corpus import Dropped, read_corpus


def test_text_file_is_a_document_a_line(tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_bytes("\ufefffirst\r\n\n  \nsecond\u2028still second\x0b\nlast".encode())
    corpus = read_corpus(str(path))
    assert corpus.documents == ["first", "second\u2028still second\x0b", "last"]
    assert corpus.ids == ["0", "3", "4"]
    assert corpus.dropped == Dropped(empty=2)
