"""Files as real programs write them: each is read right or refused in one sentence, damaged or not."""

import gzip
import random
from pathlib import Path

import pytest

from localtopics.corpus import Corpus, read_corpus
from localtopics.errors import UserError
from tests.conftest import ROOT

FOLDER = ROOT / "tests" / "data" / "csv"
TEXTS = [
    "Die Brücke über den Fluß ist gesperrt; es fährt kein Bus, sagt die „Zeitung“.",
    "Le café de la gare a fermé ses portes.\nOù ira-t-on déjeuner, maintenant ?",
    'She said "no", and then: it\'s a 5" pipe, back\\slash and all.',
    "A\ttab, a semicolon; a bar | and a comma, all in one.",
    "Señor Núñez llegó mañana: ¿quién lo vio? – Nadie…",
]
TITLES = ["Über Brücken", "Café à Genève", "Quoted", "Tab", ""]
ON_ONE_LINE = [" ".join(text.split()) for text in TEXTS]
DOS = [
    TEXTS[0].replace("„", '"').replace("“", '"'),
    *TEXTS[1:4],
    TEXTS[4].replace("–", "-").replace("…", "?"),
]

AS_WRITTEN: dict[str, dict[str, str]] = {
    "duplicate_header.csv": {"columns_renamed": "'score_2'"},
    "duplicate_text_same.csv": {"columns_renamed": "'text_2'"},
    "excel_sep_line.csv": {"delimiter": ";", "encoding": "windows-1252"},
    "excel_titles.csv": {"delimiter": ";", "encoding": "windows-1252", "lines_above_header": "3"},
    "excel_utf8_bom.csv": {"delimiter": ";"},
    "lo_default.csv": {},
    "lo_mac_roman.csv": {"delimiter": ";", "encoding": "macroman"},
    "lo_semicolon_cp1252.csv": {"delimiter": ";", "encoding": "windows-1252"},
    "lo_single_quotes.csv": {"quoting": "single"},
    "lo_tab_utf16.csv": {"delimiter": "\t", "encoding": "utf-16"},
    "mariadb_batch.tsv": {"quoting": "none"},
    "mariadb_outfile.csv": {"quoting": "backslash"},
    "mariadb_outfile.tsv": {"quoting": "none"},
    "nuls.csv": {"nuls": "2"},
    "packed_cp1252.csv.gz": {"delimiter": ";", "encoding": "windows-1252"},
    "psql_command.csv": {},
    "psql_csv.csv": {},
    "psql_escape.csv": {"quoting": "backslash"},
    "psql_latin1.csv": {"encoding": "windows-1252"},
    "psql_semicolon.csv": {"delimiter": ";"},
    "psql_text.tsv": {"quoting": "none"},
    "r_latin1.csv": {"encoding": "windows-1252"},
    "r_utf16.csv": {"encoding": "utf-16-le"},
    "r_write_csv.csv": {},
    "r_write_csv2.csv": {"delimiter": ";"},
    "r_write_table.tsv": {"quoting": "backslash", "surplus_field": "first"},
    "r_write_table_escape.csv": {"quoting": "backslash"},
    "sqlite_csv.csv": {},
    "sqlite_quote.csv": {"quoting": "single"},
    "trailing_separators.csv": {"surplus_field": "last"},
}
"""What is read as `TEXTS`, and what is decided of it."""

OTHERS: dict[str, tuple[list[str], str]] = {
    "excel_mac.csv": ([text.replace("\n", "\r") for text in TEXTS], "macroman"),
    "excel_unicode_text.txt": (ON_ONE_LINE, "utf-16"),
    "japanese_cp932.csv": (
        ["川にかかる橋が通行止めになりました。", "駅前の喫茶店が閉店した。", "昼ご飯はどこで食べますか。"],
        "cp932",
    ),
    "lo_cp850.csv": (DOS, "cp437"),  # which has the same letters
    "polish_cp1250.csv": (
        [
            "Most nad rzeką jest zamknięty, autobusy nie jeżdżą.",
            "Kawiarnia koło dworca została zamknięta.",
            "Gdzie teraz zjeść obiad? Źle się dzieje.",
        ],
        "windows-1250",
    ),
    "russian_cp1251.csv": (
        [
            "Мост через реку закрыт, автобусы не ходят.",
            "Кафе у вокзала больше не работает.",
            "Где теперь обедать?",
        ],
        "windows-1251",
    ),
}

REFUSED = {
    "duplicate_text.csv": "has 2 columns called 'text', which differ in the row that ends in line 2",
    "one_accent.csv": "line 2, byte 3: 0xEF.*cannot be told what it is.*“naïve”",
    "one_broken_byte.csv": "is UTF-8 but for some bytes, the first in line 7, byte 12: 0xFA",
    "ragged.csv": "ends in line 8 has 3 fields, the header 5 .“6 too few”.; 2 rows are at fault in all",
    "sqlite_list.csv": "ends in line 3 has 3 fields, the header 5",
    "sqlite_tabs.tsv": "ends in line 3 has 3 fields, the header 5",
}


def test_every_file_is_known() -> None:
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(
        [*AS_WRITTEN, *OTHERS, *REFUSED, "README.md"]
    )


@pytest.mark.parametrize("name", AS_WRITTEN)
def test_a_file_of_a_real_program_is_read_as_it_was_written(name: str) -> None:
    corpus = read_corpus(FOLDER / name)
    assert corpus.documents == TEXTS
    assert corpus.titles == TITLES
    assert corpus.read_as == AS_WRITTEN[name]


@pytest.mark.parametrize("name", OTHERS)
def test_a_file_of_another_language_or_system_is_read(name: str) -> None:
    documents, encoding = OTHERS[name]
    corpus = read_corpus(FOLDER / name)
    assert (corpus.documents, corpus.read_as["encoding"]) == (documents, encoding)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_certain_is_one_sentence(name: str) -> None:
    with pytest.raises(UserError, match=REFUSED[name]) as caught:
        read_corpus(FOLDER / name)
    assert "\n" not in str(caught.value)


def test_what_is_not_certain_is_read_as_it_is_told(caplog: pytest.LogCaptureFixture) -> None:
    assert read_corpus(FOLDER / "one_accent.csv", encoding="latin-1").documents == ["naïve"]
    broken = read_corpus(FOLDER / "one_broken_byte.csv", encoding="utf-8")
    assert broken.documents[4] == TEXTS[4].replace("Núñez", "N\ufffd\ufffdez")
    assert broken.read_as["broken"] == "2"
    ragged = read_corpus(FOLDER / "ragged.csv", on_bad_row="skip")
    assert (ragged.documents, ragged.read_as["bad_rows"]) == (TEXTS, "2")
    assert "Left out 2 rows of" in caplog.text
    with pytest.raises(UserError, match="no encoding 'none at all'") as caught:
        read_corpus(FOLDER / "one_accent.csv", encoding="none at all")
    assert caught.value.arguments == ("encoding",)


def test_what_is_not_certain_is_so_where_it_is_packed(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv.gz"
    path.write_bytes(gzip.compress((FOLDER / "one_accent.csv").read_bytes()))
    with pytest.raises(UserError, match=REFUSED["one_accent.csv"]):
        read_corpus(path)


@pytest.mark.parametrize(("given", "sign"), [("tab", "\t"), ("\\t", "\t"), ("~", "~"), (":", ":")])
def test_a_delimiter_is_what_it_is_told_to_be(tmp_path: Path, given: str, sign: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(f"id{sign}text\n1{sign}a; b, c\n")
    assert read_corpus(path, delimiter=given).documents == ["a; b, c"]


@pytest.mark.parametrize("given", ["", "ab", '"', "\n"])
def test_what_cannot_separate_is_refused(tmp_path: Path, given: str) -> None:
    with pytest.raises(UserError, match='it takes one sign such as ";", or "tab"'):
        read_corpus(tmp_path / "rows.csv", delimiter=given)


def test_an_encoding_shows_wherever_it_does(tmp_path: Path) -> None:
    """A file may be ASCII for megabytes, and then not."""
    path = tmp_path / "rows.csv"
    texts = ["plain " * 400] * 1000 + [text.replace("\n", " ") for text in TEXTS[:2] * 300]
    path.write_bytes("\r\n".join(["text", *(f'"{text}"' for text in texts)]).encode("cp1252"))
    assert read_corpus(path).documents == texts
    path.write_bytes(path.read_bytes() + b"\r\nx\x81")
    with pytest.raises(
        UserError, match=r"not windows-1252, as its beginning is \(line 1,602, byte 2: 0x81\)"
    ):
        read_corpus(path)


# -- damage -------------------------------------------------------------------------------------------


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def _flipped(data: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(data))
    return data[:place] + bytes([data[place] ^ 1 << chance.randrange(8)]) + data[place + 1 :]


def _put_in(data: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(data))
    return data[:place] + chance.choice([b'"', b"\0", b"\xff", b"\\", b"\n", b";", b"'"]) + data[place:]


def _encoded_again(data: bytes, chance: random.Random) -> bytes:
    text = data.decode(chance.choice(["utf-8", "cp1252", "utf-16"]), "replace")
    return text.encode(
        chance.choice(["utf-8", "cp1252", "utf-16", "utf-32", "mac-roman", "gb18030"]), "replace"
    )


@pytest.mark.parametrize("name", [*AS_WRITTEN, *OTHERS, *REFUSED])
def test_a_damaged_file_is_read_or_refused_in_one_sentence(name: str, tmp_path: Path) -> None:
    chance = random.Random(name)
    data = (FOLDER / name).read_bytes()
    for number in range(20):
        damaged = chance.choice([_cut, _flipped, _put_in, _encoded_again])(data, chance)
        path = tmp_path / f"{number}-{name}"
        path.write_bytes(damaged)
        try:
            assert isinstance(read_corpus(path), Corpus)
        except UserError as error:
            assert "\n" not in str(error)  # noqa: PT017
