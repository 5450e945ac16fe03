"""Files that real programs wrote are read right, and damaged ones are read or refused in one sentence."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from localtopics.corpus import read_corpus
from localtopics.corpus.columns import MOST_OTHERS
from localtopics.errors import UserError
from tests.conftest import ROOT

SAMPLES = ROOT / "tests" / "data" / "tables"


@dataclass
class Expected:
    """What a sample holds."""

    documents: list[str]
    titles: list[str]
    ids: list[str]
    times: list[str] | None = None
    columns: dict[str, list[Any]] = field(default_factory=dict)
    """Some of the other columns."""
    asked: dict[str, Any] = field(default_factory=dict)


PAPERS = [
    "Über Flüsse: maps show where water goes.",
    "Trams carry “many” people; they need no petrol.",
    "Bread rises 🍞\nwhile yeast works.",
]
TITLES = ["Rivers", "Trams", "Bread"]
DAYS = ["2019-05-03", "2020-01-10", "2021-12-31"]
TABLE = Expected(
    PAPERS, TITLES, ["a1", "a2", "a4"], DAYS, {"cited": [12, 3, 0]}, {"id": "key", "time": "day"}
)
WORKBOOK = Expected(
    PAPERS, TITLES, TABLE.ids, DAYS, {"cited": [12, 3, 0], "open": [True, False, True]}, TABLE.asked
)
NESTED = {"text": "paper.abstract", "title": "paper.title", "id": "key"}
PUBMED = Expected(
    [
        "BACKGROUND: Maps show where water goes. METHODS: We walked along rivers and wrote down what we saw. "
        "CONCLUSIONS: Über Flüsse lässt sich viel sagen.",
        "Trams carry many people.",
    ],
    ["Rivers: maps that show where water goes, and what they leave out for want of room.", "Trams."],
    ["31111111", "31111112"],
    ["2019-05-03", "2019-11"],
    {"journal": ["Journal of towns"] * 2, "mesh": ["Humans; *Rivers", None], "year": ["2019", "2019"]},
)
KEYS = ["mueller2019", "doe2020", "bread"]
BREAD = "Bread rises while yeast works. It takes an hour."
WRITTEN = ["Über Flüsse: Rivers", "Trams", "Bread"]
EXPECTED = {
    "papers.xlsx": WORKBOOK,
    "papers.xls": WORKBOOK,
    "papers.ods": WORKBOOK,
    "gnumeric.xlsx": WORKBOOK,
    "papers.sqlite": TABLE,
    "papers.duckdb": TABLE,
    "tables.db": Expected(PAPERS, TITLES, TABLE.ids, DAYS, asked=TABLE.asked | {"table": "papers"}),
    "list.json": TABLE,
    "inside.json": TABLE,
    "columns.json": TABLE,
    "nested.jsonl": Expected(
        PAPERS, TITLES, TABLE.ids, DAYS, asked=NESTED | {"time": "paper.day", "group": "paper.authors.0.name"}
    ),
    "one_by_one.json": Expected(PAPERS, TITLES, TABLE.ids, asked=NESTED),
    "papers.bib": Expected(
        [
            r"Maps show where 5% of the water goes — naïvely, $\alpha > 0$ of it.",
            "Trams carry “many” people & need no petrol.",
            BREAD,
        ],
        WRITTEN,
        KEYS,
        ["2019-05", "2020", "in press"],
        {"journal": ["Journal of Towns and Rivers", None, None]}
        | {"author": ["Müller, Jörg and O'Neill, Jane", "Doe, Jane", None]},
    ),
    "bibutils.bib": Expected(
        [
            r"Maps show where 5% of the water goes — naïvely, $\alpha$ > 0 of it.",
            r"Trams carry “many” people & need no petrol \backslashcitemueller2019.",
            BREAD,
        ],
        WRITTEN,
        KEYS,
        ["2019-05", "2020", "in press"],
    ),
    "bibutils.ris": Expected(
        [
            "Maps show where 5% of the water goes — naïvely, α > 0 of it.",
            r"Trams carry “many” people & need no petrol \citemueller2019.",
            BREAD,
        ],
        WRITTEN,
        KEYS,
        ["2019-05", "2020", "in press"],
    ),
    "zotero.ris": Expected(
        ["Maps show where the water goes.", "Trams carry many people. They need no petrol."],
        ["Über Flüsse: Rivers", "Trams"],
        ["0", "1"],
        ["2019-05-03", "2020-01"],
        {"keywords": ["maps; rivers", None], "author": ["Müller, Jörg; O'Neill, Jane", "Doe, Jane"]},
    ),
    "pubmed.nbib": PUBMED,
    "zotero.csv": Expected(
        ['Maps show where "the" water goes.', "Trams carry many people."],
        ["Rivers", "Trams"],
        ["A1B2C3D4", "I9J0K1L2"],
        ["2019-05-03", "2020-01"],
        asked={"id": "Key", "time": "Date"},
    ),
}
REFUSED = {
    "locked.xlsx": "locked by a password",
    "locked.xls": "locked by a password",
    "locked.ods": "locked by a password",
    "html.xls": "is HTML or XML",
}


def test_every_sample_is_expected() -> None:
    made = {*EXPECTED, *REFUSED, "papers.fods", "papers.sql", "README.md"}
    assert {path.name for path in SAMPLES.iterdir()} == made


@pytest.mark.parametrize("name", EXPECTED)
def test_a_sample_is_read(name: str) -> None:
    _require(name)
    expected = EXPECTED[name]
    corpus = read_corpus(SAMPLES / name, **expected.asked)
    assert corpus.documents == expected.documents
    assert corpus.titles == expected.titles
    assert corpus.ids == expected.ids
    assert corpus.times == expected.times
    assert corpus.dropped.total == 1
    for column, values in expected.columns.items():
        found = corpus.columns[column]
        assert [None if gap else value for value, gap in zip(found, found.isna(), strict=True)] == values


@pytest.mark.parametrize("name", REFUSED)
def test_a_sample_is_refused(name: str) -> None:
    with pytest.raises(UserError, match=REFUSED[name]):
        read_corpus(SAMPLES / name)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_damaged_sample_is_read_or_refused(
    tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    _require(name)
    path, asked = tmp_path / name, EXPECTED[name].asked
    for content in _damaged((SAMPLES / name).read_bytes(), random.Random(name)):
        path.write_bytes(content)
        said = ""
        try:
            corpus = read_corpus(path, **asked)
            assert len(corpus.documents) == len(set(corpus.ids)) > 0
            assert len(corpus.columns) <= MOST_OTHERS
        except UserError as error:
            said = str(error)
        assert "\n" not in said
        assert list(tmp_path.iterdir()) == [path]  # nothing is written beside it
    assert capfd.readouterr() == ("", "")


def _damaged(whole: bytes, chance: random.Random) -> Iterator[bytes]:
    """Twenty contents: cut off, with bits flipped, with bytes replaced, in another encoding."""
    for _ in range(5):
        yield whole[: chance.randrange(1, len(whole))]
    for _ in range(5):
        changed = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            changed[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        yield bytes(changed)
    for _ in range(5):
        start = chance.randrange(len(whole))
        yield whole[:start] + chance.randbytes(chance.randint(1, 64)) + whole[start + chance.randint(0, 64) :]
    for encoding in ("utf-8", "utf-16", "utf-16-le", "utf-32"):
        yield whole.decode("latin-1").encode(encoding)
    yield whole.decode("utf-8", "replace").encode("cp1252", "replace")


def _require(name: str) -> None:
    if name.endswith(".duckdb"):
        pytest.importorskip("duckdb")
