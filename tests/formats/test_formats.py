"""Real files of every format: what is read in them, and that damage makes no more than a sentence."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from localtopics.formats.document import Document, Unreadable, tidy
from localtopics.formats.formats import FORMATS
from localtopics.formats.process import Reader
from tests.conftest import ROOT

DOCUMENTS = ROOT / "tests" / "data" / "documents"
FILES = sorted(path for path in DOCUMENTS.iterdir() if path.suffix in FORMATS)

BRIDGES = (
    "Bridges of the Ruhr",
    "2024-02-29",
    "How bridges age",
    "Steel bridges that were built before 1970 carry more lorries than anybody expected. The measurement of "
    "their deflection under moving loads takes a week, and characterisation of the welds another.",
    "Café owners nearby complain about noise: “never a quiet morning”.",
    "Bridge Built\nKettwig 1967\nWerden 1966",
    "Closed to lorries\nRenewed in summer",
    "Welds were counted twice.",
)
RUHR = "Bridges of the Ruhr"
TEXT = "\n\n".join(BRIDGES)
AS_PAGE = (
    TEXT.replace("another.", "another.1")
    .replace("Built\nKettwig 1967\nWerden", "Built\n\nKettwig 1967\n\nWerden")
    .replace("Closed to lorries\nRenewed", "• Closed to lorries\n\n• Renewed")
    .replace("Welds", "1 Welds")
    + "\n\n1"
)
EXPECTED: dict[str, Document | str] = {
    "both.eml": Document("The canteen is closed.", "Lunch on Friday", "2024-03-01T09:30:00+00:00", 1),
    "groff.pdf": Document(
        "Interdisciplinary characterisation of instrumentation necessitates extraordinarily comprehensive "
        "understanding of environmental temperature fluctuations, considerably complicating straightforward "
        "interpretation.\n\nA second paragraph follows, with North-South relations.",
        time="made",
    ),
    "html.eml": Document("Only HTML – sorry.", "News", "2024-03-02T09:30:00+00:00"),
    "latin1.html": Document("Crème < brûlée", "Cafés"),
    "libreoffice.docx": Document(TEXT, RUHR, "made"),
    "libreoffice.html": Document(
        TEXT.replace("\nRenewed", "\n\nRenewed") + "\n\n1", RUHR, "2024-02-29T00:00:00"
    ),
    "libreoffice.pdf": Document(AS_PAGE, RUHR, "made"),
    "libreoffice.pptx": Document(
        "Bees in cities\n\nWhy bees come\nGardens flower all summer\nFew poisons are sprayed\n"
        "Say how many hives there are.\n\nWhere they live\nPlace Hives\nRoofs 12",
        "Bees in cities",
        "made",
    ),
    "locked.pdf": "is locked by a password: save it without one",
    "pandoc.docx": Document(TEXT, RUHR, "made"),
    "pandoc.epub": Document(TEXT, RUHR, "2024-02-29T00:00:00"),
    "pandoc.html": Document(TEXT, RUHR, "2024-02-29T00:00:00"),
    "plain.eml": Document(
        "Wer stellt die Räder in den Flur?\n\nFrom today on: nobody.",
        "Fahrräder im Büro",
        "2024-02-29T12:00:00+01:00",
    ),
    "scanned.pdf": "holds pictures of pages and no text: run OCR (for instance ocrmypdf) first",
    "talk.srt": Document(
        "Welcome to the town hall. Tonight we speak of trams, and of their fares. Who begins?"
    ),
    "talk.vtt": Document(
        "Ms Abel: Welcome to the town hall. Tonight we speak of trams & fares.\n\nMr Baum: Who begins?"
    ),
}
"""File to its document, or why it cannot be read; the time is "made" where it is that of making the file."""


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader() as reader:
        yield reader


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_what_is_read_in_a_file(path: Path, reader: Reader) -> None:
    expected = EXPECTED[path.name]
    if isinstance(expected, str):
        with pytest.raises(Unreadable) as caught:
            reader.read(path.suffix, path.read_bytes())
        assert str(caught.value) == expected
        return
    document = reader.read(path.suffix, path.read_bytes())
    if expected.time == "made":
        assert document.time >= "2026-"
        document = document._replace(time="made")
    assert document == expected


def mutated(content: bytes, seed: int) -> bytes:
    """The content cut, with bytes flipped, taken out or put in, or as if it were text in another encoding."""
    chance = random.Random(seed)
    place = chance.randrange(len(content))
    kind = seed % 5
    if kind == 0:
        return content[:place]
    if kind == 1:
        flipped = bytearray(content)
        for _ in range(1 + len(content) // 200):
            flipped[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        return bytes(flipped)
    if kind == 2:
        return content[:place] + content[place + chance.randrange(1, 50) :]
    if kind == 3:
        return content[:place] + chance.randbytes(chance.randrange(1, 50)) + content[place:]
    return content.decode("latin-1").encode(("utf-8", "utf-16", "utf-32", "utf-8-sig")[seed // 5 % 4])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_damaged_file_is_read_or_refused_in_one_sentence(path: Path, reader: Reader) -> None:
    content = path.read_bytes()
    for seed in range(20):
        try:
            document = reader.read(path.suffix, mutated(content, seed))
        except Unreadable as reason:
            sentence = str(reason)
            assert len(sentence) < 300
            assert "\n" not in sentence
            assert "Traceback" not in sentence
            assert "takes more than" not in sentence
        else:
            assert document.title.isprintable()
            assert document.text == tidy(document.text)
